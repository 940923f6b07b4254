// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/yamlreader.h"

namespace cutover {

/// The placeholders of a service's texts: port, name, release.
[[nodiscard]] const QStringList &servicePlaceholders();

/// A value that is a URL of one of the schemes, without user and password. known: placeholders that may stand in it.
/// Problems go to the value's report, and the result is empty then.
[[nodiscard]] QString urlField(const yaml::Value &value, const QStringList &known,
                               const QStringList &schemes = {QStringLiteral("http"), QStringLiteral("https")});
/// "host:port", a bracketed IPv6 address too.
[[nodiscard]] QString hostAndPortField(const yaml::Value &value, const QStringList &known);

} // namespace cutover
