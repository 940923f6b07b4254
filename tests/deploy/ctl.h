// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <QProcess>
#include <QTest>

#include <csignal>

// The real cutoverctl, as somebody types it at a target.
namespace cutover::testing {

struct Told {
    int exitCode = -1;
    QByteArray output; ///< Both streams.
};

inline void startCtl(QProcess &process, const Target &target, const QStringList &words)
{
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.setStandardInputFile(QProcess::nullDevice());
    // As at a terminal, also where the tests run under nohup.
    process.setChildProcessModifier([] { ::signal(SIGHUP, SIG_DFL); });
    process.start(qEnvironmentVariable("CUTOVER_BIN") + QStringLiteral("/cutoverctl"), words + QStringList{QStringLiteral("--target"), target.path});
    QVERIFY(process.waitForStarted());
}

inline Told endOf(QProcess &process)
{
    constexpr int patienceMs = 180000;
    Told told;
    if (process.state() == QProcess::NotRunning || process.waitForFinished(patienceMs)) {
        told.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -process.exitCode();
    }
    told.output = process.readAll();
    return told;
}

inline Told ctl(const Target &target, const QStringList &words)
{
    QProcess process;
    startCtl(process, target, words);
    return endOf(process);
}

/// 'cutoverctl service restart SERVICE', cut by a signal as soon as its first instance is being stopped.
template<class IsStopping>
inline Told cutRestartOf(const Target &target, const QString &service, int signal, IsStopping isStopping)
{
    QProcess process;
    startCtl(process, target, {QStringLiteral("service"), QStringLiteral("restart"), service});
    const bool isCut = QTest::qWaitFor([&] { return process.state() == QProcess::NotRunning || isStopping(); }, 60000) && process.state() != QProcess::NotRunning;
    if (isCut) {
        ::kill(pid_t(process.processId()), signal);
    }
    Told told = endOf(process);
    told.output += isCut ? "" : "(it was not cut)";
    return told;
}

/// What status says of a restart that was cut; empty: nothing.
inline QByteArray cutRestartTold(const Target &target)
{
    const QByteArrayList lines = ctl(target, {QStringLiteral("status")}).output.split('\n');
    QByteArray told;
    for (const QByteArray &line : lines) {
        if (line.contains("was cut") || line.contains("service restart")) {
            told += line + '\n';
        }
    }
    return told;
}

} // namespace cutover::testing
