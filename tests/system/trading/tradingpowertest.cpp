// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tradingcase.h"

/**
 * The machine loses its power after each step of a deployment: runner, servers, daemon, containers, all at once. Compiled
 * for a backend that rolls, and for one of two colours.
 */
class TradingPowerTest : public TradingCase
{
    Q_OBJECT

    /// Of an update to 1.2.1: step's id and place.
    QList<std::pair<QString, qsizetype>> deploySteps() const
    {
        static const QStringList kinds{u"checkout_release"_s, u"fetch"_s, u"switch_release"_s, u"start_spare"_s, u"deploy_instance"_s, u"retire_spare"_s, u"recreate_service"_s, u"start_colour"_s, u"shift_colour"_s, u"switch_colour"_s, u"retire_colour"_s};
        const QJsonArray steps = m_system->ctl({u"plan"_s, u"1.2.1"_s}).json[u"plan"][u"steps"].toArray();
        QList<std::pair<QString, qsizetype>> found;
        for (qsizetype i = 0; i < steps.size(); ++i) {
            if (kinds.contains(steps[i][u"kind"].toString())) {
                found.append({steps[i][u"id"].toString(), i});
            }
        }
        return found;
    }
    void powerGoesAfter(const QString &step, qsizetype index)
    {
        // The runner goes first, at the very end of the step, and everything else right after it.
        const QString fuse = path(u"fuse"_s);
        write(fuse, "x");
        qputenv("CUTOVER_FAULT", QByteArray("kill@step-" + QByteArray::number(index) + "-done"));
        qputenv("CUTOVER_FAULT_ROLE", "runner");
        qputenv("CUTOVER_FAULT_SWITCH", QFile::encodeName(fuse));
        const auto update = m_system->startCtl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
        const bool started = update->waitForStarted();
        for (const char *variable : {"CUTOVER_FAULT", "CUTOVER_FAULT_ROLE", "CUTOVER_FAULT_SWITCH"}) {
            qunsetenv(variable);
        }
        QVERIFY(started);
        QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(fuse) || update->state() == QProcess::NotRunning, 240000);
        QVERIFY2(!QFile::exists(fuse), qPrintable(step));
        m_system->powerOff();
        QVERIFY2(m_system->powerOn(), qPrintable(m_system->problem()));
        // Whoever opens a console next has the run go on.
        auto resumed = m_system->ctl({u"follow"_s}, 300000);
        if (resumed.exitCode == Held) {
            resumed = decide(u"retry"_s);
        }
        QVERIFY2(resumed.exitCode == 0 || resumed.exitCode == RolledBack, QByteArray(step.toUtf8() + ": " + told(resumed)));
        nothingLost();
        if (resumed.exitCode == 0) {
            backFrom(u"1.2.1"_s);
        }
        isAsBefore();
    }

private Q_SLOTS:
    void initTestCase() { begin({.blueGreen = BLUE_GREEN}); }
    void cleanupTestCase() { m_system.reset(); }

    void poweredOffAfterEachDeployStep()
    {
        const auto steps = deploySteps();
        QVERIFY2(steps.size() >= 5, qPrintable(QString::number(steps.size())));
        for (const auto &[step, index] : steps) {
            powerGoesAfter(step, index);
            if (QTest::currentTestFailed()) {
                QFAIL(qPrintable(u"after "_s + step));
            }
        }
    }
};

QTEST_GUILESS_MAIN(TradingPowerTest)
#include "tradingpowertest.moc"
