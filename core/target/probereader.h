// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

#include <QDir>

#include <functional>

namespace cutover {

/** What reads programs that are to be run. */
struct CommandReader {
    std::function<QStringList(const yaml::Value &)> words; ///< With its arguments; sees to it that no secret is written out in them.
    QList<HostSpec> hosts; ///< Where "host" may say that it runs.
};

/**
 * A probe of target.yaml: one of http, tcp, command, web_socket, with expect_status, expect_body, headers, timeout,
 * interval, ready_within, critical; with command also host. Problems go to the map's report; the caller closes the map. known: placeholders
 * that may stand in its addresses. Relative paths of secrets are of folder.
 */
[[nodiscard]] ProbeSpec readProbe(yaml::Map &map, const QString &name, const QStringList &known, const QDir &folder, const CommandReader &command);

/// HTTP headers by name. What proves who asks ("Authorization", "Cookie", "X-Api-Key", …) may only be a reference, with
/// or without a word before it: "Bearer file:/path".
[[nodiscard]] QMap<QString, QString> readHeaders(yaml::Map &map, const QDir &folder);

} // namespace cutover
