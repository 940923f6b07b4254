// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Start of the console, and the most memory that each process ever had. The peers: an empty window of
// the same toolkit, and a program that has only its core.

#include "bench.h"
#include "coldcopy.h"
#include "demosystem.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QMap>
#include <QProcess>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

/// Milliseconds from the start of a process to its first line of output, which it writes once it has painted.
Result<double> timeToLine(const QString &program, const QStringList &arguments, const QStringList &environment = {})
{
    QProcess process;
    process.setEnvironment(QProcess::systemEnvironment() + environment);
    QElapsedTimer timer;
    timer.start();
    process.start(program, arguments);
    const bool came = process.waitForReadyRead(60000);
    const double ms = double(timer.nsecsElapsed()) / 1e6;
    process.closeWriteChannel();
    if (!process.waitForFinished(20000)) {
        process.kill();
        process.waitForFinished();
    }
    if (!came) {
        return fail(u"bench.gone"_s, {{u"what"_s, QString(u"first painting of "_s + program)}});
    }
    return ms;
}

/// VmHWM in MB; 0 when the process is gone.
double peakMemory(const QString &pid)
{
    QFile status(u"/proc/%1/status"_s.arg(pid));
    if (!status.open(QFile::ReadOnly)) {
        return 0;
    }
    for (const QByteArray &line : status.readAll().split('\n')) {
        if (line.startsWith("VmHWM:")) {
            return line.mid(6).trimmed().split(' ').first().toDouble() / 1000;
        }
    }
    return 0;
}

/// The highest so far of each role of the demo: cutoverctl ROLE … TARGET.
void lookAtRoles(const QString &target, QMap<QString, double> &peaks)
{
    static const QStringList roles{u"serve"_s, u"runner"_s, u"watch"_s, u"supervise"_s};
    const QStringList pids = QDir(u"/proc"_s).entryList({u"[0-9]*"_s}, QDir::Dirs);
    for (const QString &pid : pids) {
        QFile file(u"/proc/%1/cmdline"_s.arg(pid));
        const QStringList words = file.open(QFile::ReadOnly) ? QString::fromLocal8Bit(file.readAll()).split(u'\0') : QStringList();
        if (!words.value(0).endsWith(u"/cutoverctl") || !words.contains(target)) {
            continue;
        }
        for (const QString &role : roles) {
            if (words.contains(role)) {
                peaks[role] = std::max(peaks[role], peakMemory(pid));
            }
        }
    }
}

/// Of a program that writes a line when it is up, and ends with its input.
Result<double> memoryOf(const QString &program)
{
    QProcess process;
    process.start(program, QStringList());
    const bool came = process.waitForReadyRead(60000);
    const double peak = peakMemory(QString::number(process.processId()));
    process.closeWriteChannel();
    process.waitForFinished(20000);
    if (!came) {
        return fail(u"bench.gone"_s, {{u"what"_s, program}});
    }
    return peak;
}

} // namespace

Result<bool> benchStart(const Options &options)
{
    TRY(const auto demo, DemoSystem::create(options, 1000, 1));
    const int rounds = options.rounds ? options.rounds : 7;
    const QString program = options.programs + u"/cutover"_s;
    const QStringList timed{u"--startup-time"_s, u"--target"_s, demo->target()};
    Samples ours{u"cutover, warm"_s, {}};
    Samples peer{u"an empty QWidget, warm"_s, {}};
    CHECK(alternate(
        rounds, ours, [&] { return timeToLine(program, timed); }, peer, [&] { return timeToLine(QStringLiteral(CUTOVER_EMPTY_WINDOW), {}); }));
    print(u"start of the process to first painted window, files in the system's cache"_s, u"ms"_s, ours, peer);

    TRY(const auto cold, ColdCopy::make(scratchTemplate(options), program, {u"--target"_s, demo->target()}, {options.programs + u"/cutoverctl"_s}));
    TRY(const auto coldPeer, ColdCopy::make(scratchTemplate(options), QStringLiteral(CUTOVER_EMPTY_WINDOW), {}));
    ColdCopy::Cached last, lastPeer;
    Samples coldOurs{u"cutover, cold"_s, {}};
    Samples coldEmpty{u"an empty QWidget, cold"_s, {}};
    CHECK(alternate(
        rounds, coldOurs, [&] {
            last = cold->drop();
            return timeToLine(cold->program(), timed, cold->environment()); },
        coldEmpty, [&] {
            lastPeer = coldPeer->drop();
            return timeToLine(coldPeer->program(), {}, coldPeer->environment()); }));
    print(u"the same, after program, libraries, plugins and fonts were dropped from that cache (POSIX_FADV_DONTNEED)"_s, u"ms"_s, coldOurs, coldEmpty);
    print(u"cold beside warm"_s, u"ms"_s, coldOurs, ours);
    note(u"still in the cache before the last cold start: %1 of %2 MB (cutover), %3 of %4 MB (empty); the kernel's own tables stay warm, and so may the disk's cache"_s.arg(last.left, 0, 'f', 1)
             .arg(last.total, 0, 'f', 1)
             .arg(lastPeer.left, 0, 'f', 1)
             .arg(lastPeer.total, 0, 'f', 1));
    return true;
}

Result<bool> benchMemory(const Options &options)
{
    TRY(const auto demo, DemoSystem::create(options, 20000, 50));
    QProcess window;
    window.setStandardOutputFile(QProcess::nullDevice());
    window.setStandardErrorFile(QProcess::nullDevice());
    window.start(options.programs + u"/cutover"_s, {u"--target"_s, demo->target()});
    if (!window.waitForStarted()) {
        return fail(u"bench.gone"_s, {{u"what"_s, u"the window"_s}});
    }
    QProcess update;
    update.setStandardOutputFile(QProcess::nullDevice());
    update.setStandardErrorFile(QProcess::nullDevice());
    update.start(demo->control(), demo->updateArguments(u"1.2.1"_s, u"5s"_s));
    QMap<QString, double> peaks;
    QElapsedTimer timer;
    timer.start();
    while (!update.waitForFinished(50) && timer.elapsed() < 180000) {
        lookAtRoles(demo->target(), peaks);
    }
    lookAtRoles(demo->target(), peaks);
    peaks[u"window"_s] = peakMemory(QString::number(window.processId()));
    window.terminate();
    if (!window.waitForFinished(10000)) {
        window.kill();
        window.waitForFinished();
    }
    if (update.state() != QProcess::NotRunning || update.exitCode() != 0) {
        update.kill();
        update.waitForFinished();
        return fail(u"bench.gone"_s, {{u"what"_s, u"the update"_s}});
    }
    TRY(const double emptyWindow, memoryOf(QStringLiteral(CUTOVER_EMPTY_WINDOW)));
    TRY(const double emptyCore, memoryOf(QStringLiteral(CUTOVER_EMPTY_CORE)));
    print(u"peak memory (VmHWM) while the demo is updated"_s, u"MB"_s, {u"window"_s, {peaks[u"window"_s]}}, {u"an empty QWidget"_s, {emptyWindow}});
    for (const QString &role : {u"serve"_s, u"runner"_s, u"watch"_s, u"supervise"_s}) {
        if (!peaks.contains(role)) {
            return fail(u"bench.gone"_s, {{u"what"_s, role}});
        }
        note(u"%1 %2 MB   ratio %3 to a program with only QCoreApplication (%4 MB)"_s.arg(role, -10)
                 .arg(peaks[role], 0, 'f', 1)
                 .arg(peaks[role] / emptyCore, 0, 'f', 2)
                 .arg(emptyCore, 0, 'f', 1));
    }
    return true;
}

} // namespace cutover::bench
