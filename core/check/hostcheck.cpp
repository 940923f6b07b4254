// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the target's further hosts let this account run programs, with the key that is known, and whether their clocks
// agree with this one.

#include "check/checklist.h"
#include "system/clock.h"
#include "target/hostconnection.h"
#include "target/sshprocesses.h"

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 limitMs = 20000;
/// Beyond this the order of what two logs tell can't be trusted.
constexpr qint64 clockLimitMs = 5000;
constexpr int looks = 3;

ProcessSpec small(const QString &program, const QStringList &arguments)
{
    ProcessSpec process;
    process.program = program;
    process.arguments = arguments;
    process.timeoutMs = limitMs;
    process.graceMs = 500;
    process.maxOutput = 4096;
    return process;
}

QCoro::Task<Finding> reached(HostSpec host, std::stop_token stop)
{
    const auto connection = co_await connectTo(host, Processes::system(), stop);
    if (!connection) {
        co_return wrong(connection.error());
    }
    const auto ran = co_await runOn(host, small(u"uname"_s, {u"-sr"_s}), stop);
    if (!ran) {
        co_return wrong(ran.error());
    }
    if (ran->exitCode != 0) {
        co_return wrong(u"check.host_uname"_s, {{u"host"_s, host.text()}, {u"exit"_s, ran->exitCode}, {u"last"_s, ran->lastWords()}}, host.address.text());
    }
    co_return passed(u"check.host_ok"_s,
                     {{u"system"_s, QString::fromUtf8(ran->output).trimmed()}, {u"duration"_s, ran->durationMs}, {u"key"_s, connection->fingerprint}, {u"address"_s, host.address.text()}});
}

/// How far its clock is ahead, by the quickest of some looks; the answer is taken to be of the middle of each.
QCoro::Task<Finding> clock(HostSpec host, std::stop_token stop)
{
    qint64 quickest = -1;
    qint64 ahead = 0;
    for (int look = 0; look < looks; ++look) {
        const qint64 begin = Clock::system().now().toMSecsSinceEpoch();
        const auto ran = co_await runOn(host, small(u"date"_s, {u"+%s.%N"_s}), stop);
        const qint64 end = Clock::system().now().toMSecsSinceEpoch();
        if (!ran) {
            co_return wrong(ran.error());
        }
        // Without its fraction where date knows none.
        const QByteArray told = ran->output.trimmed();
        bool isSeconds = false;
        const qint64 seconds = told.left(told.indexOf('.') < 0 ? told.size() : told.indexOf('.')).toLongLong(&isSeconds);
        if (ran->exitCode != 0 || !isSeconds) {
            co_return wrong(u"check.host_no_clock"_s, {{u"host"_s, host.text()}, {u"told"_s, ran->lastWords()}}, host.address.text());
        }
        const qint64 there = seconds * 1000 + (told.contains('.') ? told.mid(told.indexOf('.') + 1, 3).toLongLong() : 500);
        if (quickest < 0 || end - begin < quickest) {
            quickest = end - begin;
            ahead = there - (begin + end) / 2;
        }
    }
    const QJsonObject args{{u"host"_s, host.text()}, {u"difference"_s, std::abs(ahead)}, {u"within"_s, quickest / 2}, {u"limit"_s, clockLimitMs}};
    if (std::abs(ahead) > clockLimitMs) {
        co_return wrong(ahead > 0 ? u"check.host_clock_ahead"_s : u"check.host_clock_behind"_s, args, host.address.text());
    }
    co_return passed(u"check.host_clock_ok"_s, args);
}

// Early: others run on them.
const CheckKind kind(4, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const HostSpec &host : scope.target.hosts) {
        items.append({u"host:"_s + host.name, {u"check.host"_s, {{u"name"_s, host.name}}}, true, [host](CheckScope, std::stop_token stop) { return reached(host, stop); }});
        if (!scope.afterUpdate) {
            items.append({u"host_clock:"_s + host.name, {u"check.host_clock"_s, {{u"name"_s, host.name}}}, false, [host](CheckScope, std::stop_token stop) { return clock(host, stop); }});
        }
    }
    return items;
});

const Catalogue::Registration texts{
    {"check.host", QT_TRANSLATE_NOOP("catalogue", "Host %{name}")},
    {"check.host_ok", QT_TRANSLATE_NOOP("catalogue", "%{address} answers in %{duration:duration} (%{system}), with the known key %{key}")},
    {"check.host_uname", QT_TRANSLATE_NOOP("catalogue", "%{host} is reached, but “uname” ended with %{exit} there: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Log in by hand and see what keeps the account from running programs.")},
    {"check.host_clock", QT_TRANSLATE_NOOP("catalogue", "Clock of host %{name}")},
    {"check.host_clock_ok", QT_TRANSLATE_NOOP("catalogue", "%{difference:duration} apart from this one (measured to %{within:duration}, limit %{limit:duration})")},
    {"check.host_clock_ahead", QT_TRANSLATE_NOOP("catalogue", "The clock of %{host} is %{difference:duration} ahead of this one (limit %{limit:duration})."),
     QT_TRANSLATE_NOOP("catalogue", "Set it by time synchronisation (chrony, systemd-timesyncd) on both machines; logs and times of releases can't be compared until then.")},
    {"check.host_clock_behind", QT_TRANSLATE_NOOP("catalogue", "The clock of %{host} is %{difference:duration} behind this one (limit %{limit:duration})."),
     QT_TRANSLATE_NOOP("catalogue", "Set it by time synchronisation (chrony, systemd-timesyncd) on both machines; logs and times of releases can't be compared until then.")},
    {"check.host_no_clock", QT_TRANSLATE_NOOP("catalogue", "What “date” tells on %{host} is no time: %{told}"),
     QT_TRANSLATE_NOOP("catalogue", "The account's path over there should lead to the date of coreutils.")},
};

} // namespace

} // namespace cutover
