// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QDir>
#include <QFile>
#include <QImage>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>

using namespace Qt::StringLiterals;

/** "./dev demo trading" as a person uses it: it comes up, answers, and Ctrl+C leaves nothing behind. */
class TradingDemoTest : public QObject
{
    Q_OBJECT

    /// Of this process, ended ones collected.
    static QByteArray children()
    {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) { }
        QFile file(u"/proc/self/task/%1/children"_s.arg(::getpid()));
        return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray("unknown");
    }

private Q_SLOTS:
    void initTestCase()
    {
        // Whatever it starts and loses becomes a child of this process.
        QCOMPARE(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    }

    void comesUpAndEndsWhole()
    {
        if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("the trading system to try, which needs root and its servers");
        }
        QByteArray said;
        QProcess demo;
        demo.setProcessChannelMode(QProcess::MergedChannels);
        demo.start(LiveSystem::program(u"cutover-trading"_s), {u"--no-window"_s, u"--orders"_s, u"1000"_s});
        QVERIFY(demo.waitForStarted());
        static const QRegularExpression form(u"The trading system runs: (\\S+) and (\\S+)"_s);
        const auto running = [&] {
            said += demo.readAll();
            return form.match(QString::fromUtf8(said)).hasMatch();
        };
        QTRY_VERIFY2_WITH_TIMEOUT(running() || demo.state() == QProcess::NotRunning, said.constData(), 240000);
        const auto match = form.match(QString::fromUtf8(said));
        QVERIFY2(match.hasMatch(), said.constData());
        const QString target = match.captured(1);

        QProcess status;
        status.start(LiveSystem::program(u"cutoverctl"_s), {u"status"_s, u"--target"_s, target});
        QVERIFY(status.waitForFinished(60000));
        const QByteArray told = status.readAll();
        QVERIFY2(told.contains("trading") && told.contains("1.2.0"), told.constData());

        QCOMPARE(::kill(pid_t(demo.processId()), SIGINT), 0);
        QVERIFY2(demo.waitForFinished(120000), "it does not end");
        QCOMPARE(demo.exitStatus(), QProcess::NormalExit);
        QCOMPARE(demo.exitCode(), 0);
        QVERIFY(!QFileInfo::exists(QFileInfo(target).path()));
        QTRY_COMPARE_WITH_TIMEOUT(children(), QByteArray(), 30000);
    }

    /// With the console, which ends it all when it is closed: here after it has drawn itself.
    void endsWithItsWindow()
    {
        if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("the trading system to try, which needs root and its servers");
        }
        const QTemporaryDir folder;
        const QString picture = folder.filePath(u"console.png"_s);
        QProcess demo;
        demo.setProcessChannelMode(QProcess::MergedChannels);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
        demo.setProcessEnvironment(environment);
        demo.start(LiveSystem::program(u"cutover-trading"_s), {u"--orders"_s, u"1000"_s, u"--"_s, u"--screenshot"_s, picture});
        QVERIFY(demo.waitForFinished(300000));
        const QByteArray said = demo.readAll();
        QVERIFY2(demo.exitStatus() == QProcess::NormalExit && demo.exitCode() == 0, said.constData());
        QVERIFY2(!QImage(picture).isNull(), said.constData());
        QTRY_COMPARE_WITH_TIMEOUT(children(), QByteArray(), 30000);
    }
};

QTEST_GUILESS_MAIN(TradingDemoTest)
#include "tradingdemotest.moc"
