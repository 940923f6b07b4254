// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>

class QHttpServer;

namespace demo {

/// GET /api/me: who asks, for those who bring the token as "Authorization: Bearer TOKEN"; 401 for all others. Without a token
/// nobody is let in.
void routeAccount(QHttpServer &http, const QByteArray &token);

} // namespace demo
