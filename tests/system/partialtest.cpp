// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"
#include "faultpackages.h"

#include <QJsonArray>
#include <QTest>

using namespace Qt::StringLiterals;

/**
 * A hotfix that restarts only the backend, by cutoverctl under traffic: the strategy goes on as the
 * release before, through what comes after it, and back again.
 */
class PartialTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void hotfixOfOneService();
    void theNextOneOfTheOtherService();
    void updateOfAll();
    void backToTheMixture();
    void backToTheBeginning();
    void passingOverRestartsWhatWasPassedOver();
    void misspeltServiceIsRefused();

private:
    /// "", or what is not as it should be; backend and strategy: versions.
    QString problem(const QString &backend, const QString &strategy);
    QString publish(const QString &version, const QStringList &restart) const;
    qint64 strategyPid() const { return m_demo.pidOf(u"strategy"_s); }

    FaultDemo m_demo;
    qint64 m_strategy = 0; ///< Its process.
};

QString PartialTest::publish(const QString &version, const QStringList &restart) const
{
    const QString problem = faultpackages::writePartial(m_demo.folder(), version, restart);
    return problem.isEmpty() ? faultpackages::publish(m_demo.folder() + u"/repository"_s, version, m_demo.folder() + u"/keys/release.key"_s) : problem;
}

QString PartialTest::problem(const QString &backend, const QString &strategy)
{
    if (const QString harm = m_demo.harm(backend); !harm.isEmpty()) {
        return harm;
    }
    QStringList found;
    const QJsonArray instances = m_demo.ctl({u"status"_s}).json[u"instances"].toArray();
    for (const auto &each : instances) {
        if (each[u"service"].toString() == u"backend" || each[u"service"].toString() == u"strategy") {
            found.append(each[u"name"].toString() + u' ' + each[u"version"].toString() + u' ' + each[u"state"].toString());
        }
    }
    const QStringList expected{u"backend-1 %1 ready"_s.arg(backend), u"backend-2 %1 ready"_s.arg(backend), u"strategy %1 ready"_s.arg(strategy)};
    if (found != expected) {
        return found.join(u", "_s);
    }
    // What was recorded, what answers, and what is expected agree.
    const auto checked = m_demo.ctl({u"check"_s});
    return checked.exitCode == 0 ? QString() : QString::fromUtf8(checked.errors.left(2000));
}

void PartialTest::initTestCase()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
    QCOMPARE(publish(u"1.2.2"_s, {u"backend"_s}), QString());
    QCOMPARE(publish(u"1.2.3"_s, {u"strategy"_s}), QString());
    // Whoever passes over a release needs what it restarts: 1.2.1 restarts all.
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.2.1"_s, u"1.2.1"_s), QString());
    m_strategy = strategyPid();
    QVERIFY(m_strategy > 0);
}

void PartialTest::hotfixOfOneService()
{
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.2"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.2.2"_s, u"1.2.1"_s), QString());
    QCOMPARE(strategyPid(), m_strategy);
    QCOMPARE(m_demo.ctl({u"status"_s}).json[u"version"].toString(), u"1.2.2"_s);
}

void PartialTest::theNextOneOfTheOtherService()
{
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.3"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.2.2"_s, u"1.2.3"_s), QString());
    QCOMPARE(m_demo.ctl({u"status"_s}).json[u"version"].toString(), u"1.2.3"_s);

    const auto back = m_demo.ctl({u"rollback"_s, u"1.2.2"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(back.exitCode == 0, back.errors.left(2000));
    QCOMPARE(problem(u"1.2.2"_s, u"1.2.1"_s), QString());
}

void PartialTest::updateOfAll()
{
    const auto outcome = m_demo.ctl({u"update"_s, u"1.3.0"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.3.0"_s, u"1.3.0"_s), QString());
    // What it can go back to stays.
    for (const QString &version : {u"1.2.1"_s, u"1.2.2"_s}) {
        QVERIFY2(m_demo.releases().contains(version), qPrintable(version));
    }
}

void PartialTest::backToTheMixture()
{
    const auto outcome = m_demo.ctl({u"rollback"_s, u"1.2.2"_s, u"--mode"_s, u"downgrade"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.2.2"_s, u"1.2.1"_s), QString());
}

void PartialTest::backToTheBeginning()
{
    m_strategy = strategyPid();
    const auto outcome = m_demo.ctl({u"rollback"_s, u"1.2.1"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.2.1"_s, u"1.2.1"_s), QString());
    // Nothing to go back from.
    QCOMPARE(strategyPid(), m_strategy);
}

void PartialTest::passingOverRestartsWhatWasPassedOver()
{
    // One hop, though the backend was changed by 1.2.2, which 1.2.3 alone does not restart.
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.3"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QCOMPARE(problem(u"1.2.3"_s, u"1.2.3"_s), QString());
    const auto back = m_demo.ctl({u"rollback"_s, u"1.2.1"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(back.exitCode == 0, back.errors.left(2000));
    QCOMPARE(problem(u"1.2.1"_s, u"1.2.1"_s), QString());
}

void PartialTest::misspeltServiceIsRefused()
{
    QCOMPARE(publish(u"1.2.4"_s, {u"bakend"_s}), QString());
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.4"_s, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, 1, u"deploy.restart_misspelt"_s, {u"required_actions.restart"_s, u"“bakend”"_s, u"“backend” was probably meant"_s}), QString());
    QCOMPARE(problem(u"1.2.1"_s, u"1.2.1"_s), QString());
}

QTEST_GUILESS_MAIN(PartialTest)
#include "partialtest.moc"
