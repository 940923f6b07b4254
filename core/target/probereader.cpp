// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/probereader.h"

#include "config/headervalue.h"
#include "target/addressfields.h"
#include "target/hostreader.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

QMap<QString, QString> readHeaders(yaml::Map &map, const QDir &folder)
{
    QMap<QString, QString> headers;
    for (const auto &[name, value] : map.free(u"headers"_s)) {
        // Source: RFC 9110, 5.6.2, "token".
        static const QRegularExpression token(uR"(\A[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\z)"_s);
        if (!token.match(name).hasMatch()) {
            value.problem(u"expected_header"_s, {{u"expected"_s, u"header"_s}, {u"found"_s, name.left(60)}});
            continue;
        }
        const QString text = value.text();
        if (text.isEmpty()) {
            continue;
        }
        const HeaderValue header(text);
        if (!header.isReference() && HeaderValue::isSecretName(name)) {
            // Never shown: it may be the secret.
            value.problem(u"expected_secret_reference"_s, {{u"expected"_s, u"secret_reference"_s}, {u"found"_s, u"…"_s}});
            continue;
        }
        headers.insert(name, header.withPathsOf(folder));
    }
    return headers;
}

ProbeSpec readProbe(yaml::Map &map, const QString &name, const QStringList &known, const QDir &folder, const CommandReader &command)
{
    ProbeSpec probe;
    probe.name = name;
    QStringList given;
    for (const QString &kind : {u"http"_s, u"tcp"_s, u"command"_s, u"web_socket"_s}) {
        if (map.has(kind)) {
            given << kind;
        }
    }
    if (given.size() != 1) {
        map.problem(u"probe_kind"_s, {{u"found"_s, given.isEmpty() ? u"0"_s : given.join(u", "_s)}});
    }
    probe.http = urlField(map.optional(u"http"_s), known);
    if (const yaml::Value socket = map.optional(u"web_socket"_s); socket.exists()) {
        probe.http = urlField(socket, known, {u"ws"_s, u"wss"_s});
        probe.webSocket = true;
    }
    probe.tcp = hostAndPortField(map.optional(u"tcp"_s), known);
    probe.command = command.words(map.optional(u"command"_s));
    if (const yaml::Value host = map.optional(u"host"_s); host.exists() && given.size() == 1 && given.first() != "command"_L1) {
        host.problem(u"host_without_command"_s, {});
    } else {
        probe.host = namedHost(map, command.hosts);
    }
    probe.expectStatus = int(map.optional(u"expect_status"_s).integer(100, 599, probe.expectStatus));
    const yaml::Value body = map.optional(u"expect_body"_s);
    // Empty is not the same as absent: of a web socket any message is expected then.
    probe.expectBody = body.exists() ? QString(u""_s + body.anyText()) : QString();
    probe.headers = readHeaders(map, folder);
    probe.timeoutMs = map.optional(u"timeout"_s).duration(1, probe.timeoutMs);
    probe.intervalMs = map.optional(u"interval"_s).duration(1, probe.intervalMs);
    probe.readyWithinMs = map.optional(u"ready_within"_s).duration(1, probe.readyWithinMs);
    probe.critical = map.optional(u"critical"_s).boolean(probe.critical);
    return probe;
}

} // namespace cutover
