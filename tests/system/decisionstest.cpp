// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include "run/journal.h"
#include "target/target.h"

#include <QFile>
#include <QJsonArray>
#include <QTcpServer>
#include <QTest>

using namespace Qt::StringLiterals;

namespace {

constexpr int Done = 0;
constexpr int Refused = 3;
constexpr int Held = 4;
constexpr int WentBack = 5;

const QStringList Update{u"update"_s, u"1.2.1"_s, u"--yes"_s};

} // namespace

/** Decisions in the midst of a run, given by another cutoverctl than the one that started it. */
class DecisionsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init() { m_demo.restoreTarget(); }
    void connOfSomebodyElse();
    void holdThenAnotherUpdateThenAbort();
    void abortAtWork();
    void consoleKilledWhileRunGoesOn();
    void abandonTakesTheName();
    void heldWhileSomebodyElseIsDown();
    void whoIsDownAfterwardsMayBePassedOver();
    void holdThenResume();

private:
    QJsonObject activeRun() const;

    FaultDemo m_demo;
};

void DecisionsTest::initTestCase()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
}

QJsonObject DecisionsTest::activeRun() const
{
    return m_demo.ctl({u"history"_s}).json[u"runs"].toArray().first().toObject();
}

void DecisionsTest::connOfSomebodyElse()
{
    const auto target = cutover::Target::load(m_demo.targetFile());
    QVERIFY(target);
    const auto journal = cutover::Journal::open(target->stateDirectory);
    QVERIFY(journal);
    QVERIFY((*journal)->takeConn({u"kim@desk"_s, u"console:kim"_s, QDateTime::currentDateTimeUtc(), u"lunch at noon"_s}, false));

    QCOMPARE(FaultDemo::told(m_demo.ctl(Update), Refused, u"serve.conn_elsewhere"_s, {u"kim@desk has the conn"_s, u"take over"_s}), QString());
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"features"_s, u"set"_s, u"dark_charts"_s, u"50"_s}), Refused, u"serve.conn_elsewhere"_s, {u"kim@desk"_s}), QString());
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"conn"_s, u"take"_s}), Refused, u"journal.conn_held"_s, {u"kim@desk"_s}), QString());
    QCOMPARE(m_demo.ctl({u"status"_s}).json[u"connHolder"].toString(), u"kim@desk"_s);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());

    const auto taken = m_demo.ctl({u"conn"_s, u"take"_s, u"--take-over"_s, u"--note"_s, u"kim is out"_s});
    QVERIFY2(taken.exitCode == Done, taken.errors);
    const auto trail = (*journal)->auditTrail(5);
    QVERIFY(trail && std::ranges::any_of(*trail, [](const cutover::AuditRecord &record) { return record.what.contains(u"conn"); }));
    QCOMPARE(m_demo.ctl({u"conn"_s, u"release"_s}).exitCode, Done);
}

void DecisionsTest::holdThenAnotherUpdateThenAbort()
{
    QVERIFY(m_demo.putGate(u"deploy_instance"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QVERIFY2(m_demo.ctl({u"hold"_s}).exitCode == Done, "hold");
    m_demo.openGate();
    auto outcome = SystemDemo::outcomeOf(*update);
    // Both versions serve now, one step further nothing has begun.
    QCOMPARE(FaultDemo::told(outcome, Held, u"run.held_by"_s, {u"Resume, or roll back"_s}), QString());
    const QString run = activeRun()[u"id"].toString();
    QCOMPARE(activeRun()[u"state"].toString(), u"held"_s);

    QCOMPARE(FaultDemo::told(m_demo.ctl({u"update"_s, u"1.3.0"_s, u"--yes"_s}), Refused, u"journal.run_active"_s, {run, u"one run at a time"_s}), QString());
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"hold"_s}), Refused, u"serve.command_refused"_s), QString());
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"accept"_s}), Refused, u"serve.command_refused"_s), QString());

    outcome = m_demo.ctl({u"revert"_s});
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"run.rolled_back_by"_s, {u"goes back to 1.2.0"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
}

void DecisionsTest::abortAtWork()
{
    QVERIFY(m_demo.edit(u"duration: 1000ms"_s, u"duration: 60000ms"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtStep(*update, u"watch"_s));
    QCOMPARE(m_demo.servedVersion(), u"1.2.1"_s);
    const auto outcome = m_demo.ctl({u"abort"_s});
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"run.aborted_by"_s, {u"aborted the run"_s, u"goes back to 1.2.0"_s}), QString());
    // Whoever only followed is told the same.
    QCOMPARE(SystemDemo::outcomeOf(*update).exitCode, WentBack);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void DecisionsTest::consoleKilledWhileRunGoesOn()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    update->kill();
    QVERIFY(update->waitForFinished());
    m_demo.openGate();
    const auto followed = m_demo.ctl({u"follow"_s});
    QVERIFY2(followed.exitCode == Done, followed.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    QCOMPARE(m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--yes"_s}).exitCode, Done);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void DecisionsTest::abandonTakesTheName()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QCOMPARE(m_demo.ctl({u"hold"_s}).exitCode, Done);
    m_demo.openGate();
    QCOMPARE(SystemDemo::outcomeOf(*update).exitCode, Held);
    // Who asked for it is waited for, though the policy's default is to roll back.
    QCOMPARE(activeRun()[u"heldUntil"].toString(), QString());
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"abandon"_s}), Refused, u"serve.confirm_decision"_s, {u"target's name"_s, u"demo"_s}), QString());
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"abandon"_s, u"--confirm"_s, u"production"_s}), Refused, u"serve.confirm_decision"_s, {u"production"_s}), QString());
    QCOMPARE(activeRun()[u"state"].toString(), u"held"_s);
    QCOMPARE(m_demo.ctl({u"revert"_s}).exitCode, WentBack);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void DecisionsTest::holdThenResume()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QCOMPARE(m_demo.ctl({u"hold"_s}).exitCode, Done);
    m_demo.openGate();
    QCOMPARE(SystemDemo::outcomeOf(*update).exitCode, Held);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    const auto outcome = m_demo.ctl({u"resume"_s});
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    const auto nothing = m_demo.ctl({u"resume"_s});
    QCOMPARE(FaultDemo::told(nothing, Refused, u"cli.no_run"_s), QString());
}

/// A system that the target only asks: nothing begins while it is down, and nothing is undone either.
void DecisionsTest::heldWhileSomebodyElseIsDown()
{
    QTcpServer broker;
    QVERIFY(broker.listen(QHostAddress::LocalHost));
    const quint16 port = broker.serverPort();
    broker.close();
    QVERIFY(m_demo.edit(u"  probes:\n"_s, u"  external:\n    - {name: broker, tcp: \"127.0.0.1:%1\", while_down: hold}\n  probes:\n"_s.arg(port)));
    const auto held = m_demo.ctl(Update);
    QCOMPARE(FaultDemo::told(held, Held, u"check.held_before"_s, {u"broker"_s}), QString());
    QVERIFY(m_demo.servesOnly(u"1.2.0"_s));
    const auto still = m_demo.ctl({u"retry"_s});
    QCOMPARE(FaultDemo::told(still, Held, u"check.held_before"_s, {u"broker"_s}), QString());
    QVERIFY(broker.listen(QHostAddress::LocalHost, port));
    const auto went = m_demo.ctl({u"retry"_s});
    QVERIFY2(went.exitCode == Done, went.errors);
    QVERIFY(m_demo.servesOnly(u"1.2.1"_s));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    const auto back = m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(back.exitCode == Done, back.errors);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

/// Broken glass is either taken, and then it opens, or refused; never audited without effect.
void DecisionsTest::whoIsDownAfterwardsMayBePassedOver()
{
    QTcpServer broker;
    QVERIFY(broker.listen(QHostAddress::LocalHost));
    const quint16 port = broker.serverPort();
    QVERIFY(m_demo.edit(u"  probes:\n"_s, u"  external:\n    - {name: broker, tcp: \"127.0.0.1:%1\", while_down: hold}\n  probes:\n"_s.arg(port)));
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    broker.close();
    m_demo.openGate();
    QCOMPARE(FaultDemo::told(SystemDemo::outcomeOf(*update), Held, u"check.held_after"_s, {u"broker"_s, u"as check:external:broker"_s}), QString());
    const QStringList retry{u"retry"_s, u"--break-glass"_s, u"The broker is down for the day"_s, u"--gates"_s};
    QCOMPARE(FaultDemo::told(m_demo.ctl(retry + QStringList{u"blackout"_s}), Refused, u"gate.nothing_shut"_s), QString());
    const auto went = m_demo.ctl(retry + QStringList{u"check:external:broker"_s});
    QVERIFY2(went.exitCode == Done, went.errors);
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    QVERIFY(broker.listen(QHostAddress::LocalHost, port));
    const auto back = m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(back.exitCode == Done, back.errors);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

QTEST_GUILESS_MAIN(DecisionsTest)
#include "decisionstest.moc"
