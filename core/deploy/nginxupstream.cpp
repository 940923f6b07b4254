// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/nginxupstream.h"

#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString textOf(const NginxServer &server)
{
    QStringList words{u"server"_s, server.address};
    if (server.weight != 1) {
        words << u"weight="_s + QString::number(server.weight);
    }
    words << server.others;
    if (server.down) {
        words << u"down"_s;
    }
    const QString line = words.join(u' ') + u';';
    return server.name == server.address ? line : QString(line + u" # "_s + server.name + (server.isAdded ? u" added"_s : QString()));
}

QStringList sorted(QStringList words)
{
    words.sort();
    return words;
}

} // namespace

Result<NginxUpstream> NginxUpstream::parse(const QByteArray &content, const QString &file)
{
    static const QRegularExpression pattern(uR"(\A\s*server\s+([^\s;#"'{}]+)((?:\s+[^\s;#"'{}]+)*)\s*;\s*(?:#\s*(\S+)(\s+added\b)?.*)?\z)"_s);
    NginxUpstream upstream;
    QStringList lines = QString::fromUtf8(content).split(u'\n');
    if (lines.last().isEmpty()) {
        lines.removeLast();
    }
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QString where = file + u':' + QString::number(i + 1);
        const QString text = lines[i].trimmed();
        if (text.isEmpty() || text.startsWith(u'#')) {
            upstream.m_lines.append({lines[i]});
            continue;
        }
        const auto match = pattern.match(lines[i]);
        if (!match.hasMatch()) {
            return fail(u"nginx.unreadable"_s, {{u"file"_s, file}, {u"line"_s, i + 1}, {u"text"_s, text.left(100)}}, where);
        }
        NginxServer server;
        server.address = match.captured(1);
        server.name = match.captured(3).isEmpty() ? server.address : match.captured(3);
        server.isAdded = match.hasCaptured(4);
        const QStringList words = match.captured(2).simplified().split(u' ', Qt::SkipEmptyParts);
        for (const QString &word : words) {
            bool isNumber = false;
            if (word == u"down") {
                server.down = true;
            } else if (const int weight = QStringView(word).mid(7).toInt(&isNumber); word.startsWith(u"weight=") && isNumber) {
                server.weight = weight;
            } else {
                server.others << word;
            }
        }
        if (upstream.server(server.name)) {
            return fail(u"nginx.twice"_s, {{u"file"_s, file}, {u"line"_s, i + 1}, {u"server"_s, server.name}}, where);
        }
        upstream.m_lines.append({lines[i], upstream.m_servers.size()});
        upstream.m_servers.append(server);
    }
    return upstream;
}

QByteArray NginxUpstream::text() const
{
    QString all;
    for (const Line &line : m_lines) {
        all += (line.server < 0 ? line.text : textOf(m_servers[line.server])) + u'\n';
    }
    return all.toUtf8();
}

Result<> NginxUpstream::addLikeOthers(const QString &name, const QString &file)
{
    QList<NginxServer> others = m_servers;
    const auto isBackup = [](const NginxServer &server) { return server.others.contains(u"backup"); };
    if (!std::ranges::all_of(others, isBackup)) {
        others.removeIf(isBackup);
    }
    NginxServer added;
    added.name = name;
    added.down = true;
    added.isAdded = true;
    int weights = 0;
    for (const NginxServer &other : std::as_const(others)) {
        if (sorted(other.others) != sorted(others.front().others)) {
            return fail(u"nginx.unlike"_s, {{u"file"_s, file}, {u"server"_s, name}, {u"first"_s, textOf(others.front())}, {u"other"_s, textOf(other)}}, file);
        }
        weights += other.weight;
    }
    if (!others.isEmpty()) {
        added.others = others.front().others;
        added.weight = qMax(1, qRound(double(weights) / double(others.size())));
    }
    // After the last server, not after comments that follow it.
    qsizetype at = m_lines.size();
    for (qsizetype i = 0; i < m_lines.size(); ++i) {
        at = m_lines[i].server >= 0 ? i + 1 : at;
    }
    m_lines.insert(at, {{}, m_servers.size()});
    m_servers.append(added);
    return {};
}

void NginxUpstream::remove(const QString &name)
{
    const auto found = std::ranges::find(m_servers, name, &NginxServer::name);
    if (found == m_servers.end()) {
        return;
    }
    if (!found->isAdded) {
        found->down = true;
        return;
    }
    const qsizetype index = found - m_servers.begin();
    m_servers.erase(found);
    m_lines.removeIf([index](const Line &line) { return line.server == index; });
    for (Line &line : m_lines) {
        line.server -= line.server > index ? 1 : 0;
    }
}

const NginxServer *NginxUpstream::server(const QString &name) const
{
    const auto found = std::ranges::find(m_servers, name, &NginxServer::name);
    return found == m_servers.end() ? nullptr : &*found;
}

NginxServer *NginxUpstream::server(const QString &name)
{
    const auto found = std::ranges::find(m_servers, name, &NginxServer::name);
    return found == m_servers.end() ? nullptr : &*found;
}

} // namespace cutover
