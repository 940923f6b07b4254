// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include <QCoreApplication>
#include <QProcess>
#include <QTest>

#include <memory>

using namespace Qt::StringLiterals;

/**
 * A sample of what ./dev crash does in full with a whole update: a kill at every boundary between
 * two steps, and each kind of fault at points that CUTOVER_SEED chooses. Each kind has a system of
 * its own, and mostly waits for it, so all go side by side.
 */
class CrashRunTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyPointEndsNewOldOrHeld()
    {
        constexpr int limitMs = 400000;
        const QString program = qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/cutover-crash"_s;
        const QString seed = qEnvironmentVariable("CUTOVER_SEED", u"1"_s);
        const QList<QStringList> shares{{u"kill"_s, u"--boundaries"_s, u"--sample"_s, u"12"_s},
                                        {u"enospc"_s, u"--sample"_s, u"25"_s},
                                        {u"eio"_s, u"--sample"_s, u"25"_s}};
        std::vector<std::unique_ptr<QProcess>> processes;
        for (const QStringList &share : shares) {
            auto &process = processes.emplace_back(std::make_unique<QProcess>());
            process->setProcessChannelMode(QProcess::MergedChannels);
            process->start(program, QStringList{u"--scenario"_s, u"update"_s, u"--seed"_s, seed, u"--kind"_s} + share);
        }
        for (const auto &process : processes) {
            QVERIFY2(process->waitForFinished(limitMs), qPrintable(process->errorString()));
            const QByteArray output = process->readAll();
            QVERIFY2(process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0, output.constData());
            QVERIFY2(output.contains(" 0 failed"), output.constData());
            qInfo("%s", output.constData());
        }
    }
};

QTEST_GUILESS_MAIN(CrashRunTest)
#include "crashruntest.moc"
