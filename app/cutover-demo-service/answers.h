// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace demo {

// What an answer with a good status lacks of what was asked for, in one line; empty: it is whole and right. Any thread.

[[nodiscard]] QString wrongVersion(const QByteArray &body);
/// The acknowledgement of an order.
[[nodiscard]] QString wrongReceipt(const QByteArray &body, const QString &clientId);
/// clientId: who placed it; empty: whoever.
[[nodiscard]] QString wrongOrder(const QByteArray &body, qint64 id, const QString &clientId);
[[nodiscard]] QString wrongFeature(const QByteArray &body, const QString &feature, const QString &user);
[[nodiscard]] QString wrongQuote(const QByteArray &body, const QString &symbol);
/// The frontend's.
[[nodiscard]] QString wrongPage(const QByteArray &body);

} // namespace demo
