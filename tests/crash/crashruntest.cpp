// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashdriver.h"
#include "descendants.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <vector>

using namespace Qt::StringLiterals;
using namespace cutover::testing;

/**
 * A sample of what ./dev crash does in full with whole runs: a kill at the end of every
 * step, and each kind of fault at points that CUTOVER_SEED chooses. Each share has systems of its
 * own, and mostly waits for them, so all go side by side. On a slow machine the samples get smaller,
 * not the ends of steps.
 */
class CrashRunTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyPointEndsNewOldOrHeld()
    {
        constexpr int limitMs = 240000;
        const QString program = qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/cutover-crash"_s;
        const QString seed = qEnvironmentVariable("CUTOVER_SEED", u"1"_s);
        // A share begins no more of its sample behind this.
        const QStringList common{u"--seed"_s, seed, u"--budget"_s, u"90"_s, u"--jobs"_s, u"1"_s, u"--sample"_s};
        const QList<QStringList> shares{
            {u"3"_s, u"--scenario"_s, u"update"_s, u"--kind"_s, u"kill"_s, u"--boundaries"_s},
            {u"4"_s, u"--scenario"_s, u"update"_s, u"--kind"_s, u"enospc"_s, u"--kind"_s, u"eio"_s},
            {u"3"_s, u"--scenario"_s, u"update"_s, u"--kind"_s, u"full"_s},
            {u"2"_s, u"--scenario"_s, u"faulty"_s},
            {u"2"_s, u"--scenario"_s, u"downgrade"_s, u"--kind"_s, u"kill"_s, u"--boundaries"_s},
            {u"2"_s, u"--scenario"_s, u"downgrade"_s, u"--kind"_s, u"enospc"_s, u"--kind"_s, u"eio"_s, u"--kind"_s, u"full"_s},
            {u"2"_s, u"--scenario"_s, u"update-supervise"_s},
            {u"1"_s, u"--scenario"_s, u"update-watch"_s},
        };
        // What a share leaves behind that is ended here goes with this.
        const QTemporaryDir base(systemsTemplate());
        qputenv("CUTOVER_CRASH_BASE", base.path().toLocal8Bit());
        const Descendants descendants;
        QElapsedTimer timer;
        timer.start();
        std::vector<std::unique_ptr<QProcess>> processes;
        for (const QStringList &words : shares) {
            auto &process = processes.emplace_back(std::make_unique<QProcess>());
            process->setProcessChannelMode(QProcess::MergedChannels);
            process->start(program, common + words);
        }
        for (const auto &process : processes) {
            const bool ends = process->arguments().contains(u"--boundaries"_s);
            const bool ended = process->waitForFinished(int(qMax<qint64>(1, limitMs - timer.elapsed())));
            const QByteArray output = process->readAll();
            QVERIFY2(ended, output.constData());
            QVERIFY2(process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0, output.constData());
            QVERIFY2(output.contains(" 0 failed"), output.constData());
            QVERIFY2(!ends || output.contains(" of them ends of steps"), output.constData());
            qInfo("%s", output.constData());
        }
    }
};

QTEST_GUILESS_MAIN(CrashRunTest)
#include "crashruntest.moc"
