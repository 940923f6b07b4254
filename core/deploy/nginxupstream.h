// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QList>
#include <QStringList>

namespace cutover {

/** One "server" line of an nginx upstream. */
struct NginxServer {
    QString name; ///< The first word of its comment, else its address.
    QString address; ///< As nginx knows it: "HOST:PORT", "[ADDRESS]:PORT", "unix:PATH".
    int weight = 1;
    bool down = false;
    QStringList others; ///< Parameters that are not ours to know: "max_fails=3".
    bool isAdded = false; ///< By Cutover, as "added" behind the name says.

    bool operator==(const NginxServer &) const = default;
};

/**
 * The file that an "upstream" block of nginx includes for its servers, one a line:
 *
 *     server 127.0.0.1:8101 weight=2 down max_fails=0; # backend-1
 *     server 127.0.0.1:8109 weight=2 max_fails=0 down; # backend-spare added
 *
 * Lines of comments stay as they are. Value type, pure.
 */
class NginxUpstream
{
public:
    /// Error "nginx.unreadable" {line, text} for whatever is neither comment nor server, "nginx.twice" {server, line}.
    [[nodiscard]] static Result<NginxUpstream> parse(const QByteArray &content, const QString &file);
    [[nodiscard]] QByteArray text() const;

    [[nodiscard]] const NginxServer *server(const QString &name) const;
    [[nodiscard]] NginxServer *server(const QString &name);
    [[nodiscard]] const QList<NginxServer> &servers() const { return m_servers; }
    /// A further one after the others, down, without an address, with what they have in common: parameters, and their mean weight.
    /// Those that are "backup" don't count beside others. Error "nginx.unlike" {server, parameters} where their parameters differ.
    [[nodiscard]] Result<> addLikeOthers(const QString &name, const QString &file);
    /// With its line where it was added, else it is down; none of that name: nothing.
    void remove(const QString &name);

private:
    struct Line {
        QString text;
        qsizetype server = -1; ///< Index in m_servers; -1: a comment or an empty line.
    };
    QList<Line> m_lines;
    QList<NginxServer> m_servers;
};

} // namespace cutover
