// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// A service of two colours, of processes behind a real HAProxy that asks nothing twice: real runs switch it forth and back
// while somebody asks all the time, and go wrong in every way that they can.

#include "bluegreensystem.h"

#include "deploy/canaryshares.h"
#include "deploy/haproxy.h"
#include "serve/serving.h"

#include <QJsonDocument>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

const QByteArray HaproxySection = "{kind: haproxy, socket: haproxy.sock}\n";

class BlueGreenTest : public BlueGreenSystem
{
    Q_OBJECT

    std::unique_ptr<QProcess> m_haproxy;
    std::vector<std::unique_ptr<QProcess>> m_replaced; ///< By a reload; each ends with its last session.

    void beginHaproxy(const QStringList &more = {})
    {
        m_haproxy = std::make_unique<QProcess>();
        m_haproxy->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_haproxy->start(u"setpriv"_s, QStringList{u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"haproxy.cfg"_s)} + more);
        QVERIFY(m_haproxy->waitForStarted());
    }
    void startHaproxy()
    {
        beginHaproxy();
        QTRY_VERIFY_WITH_TIMEOUT(QCoro::waitFor(balancer()->server(u"app"_s, u"blue-1"_s)).has_value(), 10000);
    }
    void stopHaproxy()
    {
        if (m_haproxy) {
            m_haproxy->kill();
            m_haproxy->waitForFinished();
        }
    }
    void setState(const QStringList &names, Balancer::State state)
    {
        for (const QString &name : names) {
            OK(QCoro::waitFor(balancer()->setState(u"app"_s, name, state)));
        }
    }
    /// Back to blue at 1.0.0, in whatever way.
    void backToTheBeginning()
    {
        if (servingNow() == u"green") {
            const QString run = newRun(u"1.0.0"_s, false);
            const RunState state = runNow(run);
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        } else if (installed() != u"1.0.0") {
            const QString there = newRun(u"1.0.0"_s, false);
            QCOMPARE(runNow(there), RunState::Succeeded);
            const QString again = newRun(u"1.0.0"_s, false);
            QCOMPARE(runNow(again), RunState::Succeeded);
        }
        serves(u"blue"_s, u"1.0.0"_s);
    }
    CheckResult checked(const QString &id)
    {
        CheckScope scope;
        scope.target = m_target;
        QList<CheckResult> results = VALUE(QCoro::waitFor(runCheckList(scope, {}, {})));
        results.removeIf([&id](const CheckResult &result) { return result.id != id; });
        return results.value(0);
    }
    /// HAProxy keeps what it is told in its memory alone.
    void restartHaproxy()
    {
        stopHaproxy();
        startHaproxy();
    }
    /// As 'systemctl reload' does: no request is lost, the process of before goes on with what it has begun, and the new one knows
    /// its configuration alone.
    void reloadHaproxy()
    {
        const QString before = QString::number(m_haproxy->processId());
        m_replaced.push_back(std::move(m_haproxy));
        beginHaproxy({u"-x"_s, path(u"haproxy.sock"_s), u"-sf"_s, before});
    }
    /// That colour is let in by the configuration, and the other one is out; in effect after a reload.
    void configureServing(const QString &colour)
    {
        QStringList lines = QString::fromUtf8(readFile(path(u"haproxy.cfg"_s))).split(u'\n');
        for (QString &line : lines) {
            if (line.startsWith(u"    server "_s)) {
                line = line.remove(u" disabled"_s) + (line.startsWith(u"    server "_s + colour) ? QString() : u" disabled"_s);
            }
        }
        writeFile(path(u"haproxy.cfg"_s), lines.join(u'\n').toUtf8());
    }
    void openSessions(std::vector<std::unique_ptr<LongSession>> *sessions)
    {
        for (int i = 0; i < 4; ++i) {
            sessions->push_back(std::make_unique<LongSession>(m_front, "/long"));
            QVERIFY(sessions->back()->hasBegun());
        }
    }
    void endSessions(std::vector<std::unique_ptr<LongSession>> *sessions)
    {
        for (const auto &session : *sessions) {
            session->end();
        }
        for (const auto &replaced : m_replaced) {
            QVERIFY(replaced->state() == QProcess::NotRunning || replaced->waitForFinished(10000));
        }
        m_replaced.clear();
    }
    QString balancerFactNow() { return VALUE(QCoro::waitFor(FactSource::collectFrom(u"balancer"_s, m_target))).value(u"balancer:backend"_s).toString(); }
    QString logOf(const QString &run) { return QString::fromUtf8(readFile(m_target.stateDirectory + u"/runs/"_s + run + u"/log.txt"_s)); }

    bool isDrained(const QString &name)
    {
        const auto found = QCoro::waitFor(balancer()->server(u"app"_s, name));
        return found && found->status.startsWith("DRAIN"_L1);
    }
    StepState stateOf(const QString &run, int step)
    {
        const auto journal = VALUE(Journal::open(m_target.stateDirectory));
        return VALUE(journal->steps(run)).at(step).state;
    }
    /// By a new runner, to where the run is over; a hold is decided.
    RunState finish(const QString &run)
    {
        RunState state = runNow(run);
        if (state == RunState::Held) {
            decide(run, u"rollback"_s);
            state = runNow(run);
        }
        return state;
    }

private Q_SLOTS:
    void initTestCase()
    {
        makeColours();
        makeRelease(u"1.2.0"_s);
        makeRelease(u"1.1.1"_s, u"unwell"_s);
        makeRelease(u"1.1.2"_s, u"smokes"_s);
        makeRelease(u"1.1.3"_s, u"errs"_s);
        QByteArray configuration = "global\n    stats socket " + path(u"haproxy.sock"_s).toUtf8()
            + " mode 600 level admin expose-fd listeners\ndefaults\n    mode http\n    timeout connect 2s\n    timeout client 60s\n    timeout server 60s\n    timeout check 5s\n    retries 0\n"
              "frontend front\n    bind 127.0.0.1:"
            + QByteArray::number(m_front) + "\n    default_backend app\nbackend app\n    balance roundrobin\n    option httpchk GET /health\n    option abortonclose\n"
                                            "    default-server check inter 200ms fall 3 rise 1\n";
        int id = 0;
        for (const auto &[name, port] : m_own.asKeyValueRange()) {
            const QByteArray address = "127.0.0.1:" + QByteArray::number(port);
            configuration += "    http-response set-header X-Upstream " + address + " if { srv_id " + QByteArray::number(++id) + " }\n";
            configuration += "    server " + name.toUtf8() + ' ' + address + (name.startsWith(u"green") ? " disabled\n" : "\n");
        }
        writeFile(path(u"haproxy.cfg"_s), configuration);
        writeTarget(HaproxySection);
        startBlue();
        startHaproxy();
        for (const QString &name : blue) {
            OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 10000)));
        }
    }

    void cleanupTestCase()
    {
        stopHaproxy();
        m_haproxy.reset();
        stopColours();
    }

    void findsWhichServes()
    {
        QCOMPARE(servingNow(), QString());
        Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"colour:backend"_s].toString(), u"blue"_s);
        QCOMPARE(facts[u"instance:blue-1"_s].toString(), u"1.0.0"_s);
        QVERIFY(!facts.contains(u"instance:green-1"_s));
        for (const QString &id : {u"version"_s, u"balancer"_s, u"colours"_s, u"health:blue-1"_s, u"health:green-1"_s}) {
            const CheckResult result = checked(id);
            QVERIFY2(result.status == CheckResult::Status::Passed, qPrintable(id + u": "_s + result.finding.text()));
        }
        QCOMPARE(checked(u"health:green-1"_s).finding.code, u"colour.idle"_s);

        // The balancer has forgotten that green is out: whatever is started there would serve.
        setState(green, Balancer::State::Ready);
        for (const QString &id : {u"colours"_s, u"health:green-1"_s}) {
            const CheckResult result = checked(id);
            QCOMPARE(result.status, CheckResult::Status::Failed);
            QCOMPARE(result.error.code, u"colour.check_let_in"_s);
        }
        // Started by somebody it serves, too: which of the two is meant to, nobody can tell.
        SupervisorClient supervisor(m_target);
        OK(QCoro::waitFor(supervisor.start(u"green-1"_s, m_target.releaseDirectory(u"1.1.0"_s))));
        OK(QCoro::waitFor(supervisor.waitReady(u"green-1"_s, {})));
        const auto ambiguous = QCoro::waitFor(FactSource::collect(m_target));
        QVERIFY(!ambiguous);
        QCOMPARE(ambiguous.error().code, u"colour.ambiguous"_s);
        QVERIFY2(ambiguous.error().text().contains(u"green-1 (green) runs and is let in"_s), qPrintable(ambiguous.error().text()));
        setState(green, Balancer::State::Maintenance);
        facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"colour:backend"_s].toString(), u"blue"_s);
    }

    /// HAProxy tells what a health check was answered in quotes, where that has a comma: nothing behind it is shifted.
    void healthAnswerWithAComma()
    {
        const BalancerServer before = server(u"blue-1"_s);
        QCOMPARE(before.weight, 1);
        const QString file = release(u"1.0.0"_s) + u"/reason"_s;
        writeFile(file, "Cold, \"not ready\", wait");
        const Haproxy haproxy(path(u"haproxy.sock"_s));
        // HAProxy forgets it for as long as the next check takes.
        const auto isTold = [&] { return VALUE(QCoro::waitFor(haproxy.command(u"show stat"_s))).count("\"Cold, \"\"not ready\"\", wait\"") == blue.size(); };
        QVERIFY(QTest::qWaitFor(isTold, 10000));
        const BalancerServer now = server(u"blue-1"_s);
        QCOMPARE(now.weight, 1);
        QCOMPARE(now.address, before.address);
        QVERIFY(QFile::remove(file));
        for (const QString &name : blue) {
            OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 10000)));
        }
    }

    void switchesForthAndBack()
    {
        // Of a stranger in the idle colour nothing is left; green-1 still runs from the test before.
        const qint64 stranger = states().value(u"green-1"_s).pid;
        QVERIFY(stranger > 0);
        User user(m_front);
        QString run = newRun(u"1.1.0"_s);
        RunState state = runNow(run);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        QVERIFY(!alive(stranger));
        const Facts facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        QCOMPARE(facts[u"colour:backend"_s].toString(), u"green"_s);
        QCOMPARE(facts[u"instance:green-2"_s].toString(), u"1.1.0"_s);
        QVERIFY(!facts.contains(u"instance:blue-1"_s));
        for (const QString &id : {u"version"_s, u"balancer"_s, u"colours"_s, u"health:blue-1"_s, u"health:green-1"_s}) {
            const CheckResult result = checked(id);
            QVERIFY2(result.status == CheckResult::Status::Passed, qPrintable(id + u": "_s + result.finding.text()));
        }
        run = newRun(u"1.2.0"_s);
        state = runNow(run);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"blue"_s, u"1.2.0"_s);
        run = newRun(u"1.1.0"_s, false);
        state = runNow(run);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        backToTheBeginning();
        noneFailed(user);
    }

    void forgottenAtItsRestart()
    {
        // By its configuration blue serves: kept for the way back, it does, and nobody asked for it.
        writeTarget(HaproxySection, "    keep_old: true\n");
        QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s, true);
        restartHaproxy();
        QTRY_VERIFY_WITH_TIMEOUT(ask(m_front, "/version").contains("1.0.0"), 10000);
        QCOMPARE(balancerFactNow(), u"green"_s);
        run = newRun(u"1.2.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"HAProxy had green-1, green-2 out"_s) || story(run).contains(u"HAProxy had green-1 and green-2 out"_s), qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"Taken out again"_s), qPrintable(story(run)));
        serves(u"blue"_s, u"1.2.0"_s, true);
        const QString back = newRun(u"1.0.0"_s, false);
        QCOMPARE(runNow(back), RunState::Succeeded);
        writeTarget(HaproxySection);
        backToTheBeginning();
    }

    void forgottenDuringTheWatch()
    {
        writeTarget(HaproxySection, "    keep_old: true\n", "8s");
        const QString run = newRun(u"1.1.0"_s, true, Watch::Yes);
        QTimer look;
        bool restarted = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!restarted && stateOf(run, 3) == StepState::Applying) {
                restarted = true;
                restartHaproxy();
            }
        });
        look.start(20);
        User user(m_front);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(restarted);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY2(logOf(run).contains(u"Let in again"_s) && logOf(run).contains(u"Taken out again"_s), qPrintable(logOf(run)));
        serves(u"green"_s, u"1.1.0"_s, true);
        user.end();
        writeTarget(HaproxySection);
        backToTheBeginning();
    }

    void reloadedWhileItDrains_data()
    {
        QTest::addColumn<int>("step");
        QTest::addColumn<bool>("back");
        QTest::newRow("at the switch") << 2 << false;
        QTest::newRow("where the old one is retired") << 3 << false;
        QTest::newRow("on the way back") << 2 << true;
    }
    /// By its configuration the one that is being drained serves, and its successor is out.
    void reloadedWhileItDrains()
    {
        QFETCH(const int, step);
        QFETCH(const bool, back);
        if (back) {
            configureServing(u"green"_s);
        }
        std::vector<std::unique_ptr<LongSession>> sessions;
        if (!back) {
            openSessions(&sessions);
        }
        const QString flaw = release(u"1.1.0"_s) + u"/unwell-"_s + QString::number(m_own[u"green-1"_s]);
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s, true, back ? Watch::Yes : Watch::No);
        const auto isAt = [&] { return stateOf(run, step) == (back ? StepState::Reverting : StepState::Applying); };
        if (step == 3) {
            // Their sessions are waited for once more there.
            const RunState held = runNow(run);
            QVERIFY2(held == RunState::Held, qPrintable(story(run)));
            decide(run, u"resume"_s);
        }
        QTimer look;
        bool reloaded = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (back && sessions.empty() && servingNow() == u"green") {
                openSessions(&sessions);
                writeFile(flaw, {});
            }
            // The look lets the timer fire again. Where the old one is retired it was drained before.
            if (!reloaded && isAt() && (step == 3 || isDrained(back ? u"green-2"_s : u"blue-1"_s)) && !reloaded) {
                reloaded = true;
                QTimer::singleShot(step == 3 ? 600 : 0, this, [this] { reloadHaproxy(); });
            }
        });
        look.start(10);
        RunState state = runNow(run);
        look.stop();
        QVERIFY(reloaded);
        QCOMPARE(int(m_replaced.size()), 1);
        QVERIFY2(logOf(run).contains(u"Let in again"_s), qPrintable(logOf(run)));
        if (step == 2 && !back) {
            QVERIFY2(state == RunState::Held, qPrintable(story(run)));
            QVERIFY2(story(run).contains(u"green of backend takes all new requests, and blue still has 4 sessions"_s), qPrintable(story(run)));
            decide(run, u"resume"_s);
            state = runNow(run);
        }
        QVERIFY2(state == (back ? RunState::RolledBack : RunState::Succeeded), qPrintable(story(run)));
        serves(back ? u"blue"_s : u"green"_s, back ? u"1.0.0"_s : u"1.1.0"_s);
        QVERIFY(!back || QFile::remove(flaw));
        configureServing(u"blue"_s);
        endSessions(&sessions);
        backToTheBeginning();
        noneFailed(user);
    }

    /// Nobody can take over any more: who was being drained serves on, and the run goes back.
    void reloadedWithNobodyToTakeOver()
    {
        std::vector<std::unique_ptr<LongSession>> sessions;
        openSessions(&sessions);
        User user(m_front);
        const QString flaw = release(u"1.1.0"_s) + u"/unwell"_s;
        const QString run = newRun(u"1.1.0"_s);
        QTimer look;
        bool reloaded = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!reloaded && stateOf(run, 2) == StepState::Applying && isDrained(u"blue-1"_s) && !reloaded) {
                reloaded = true;
                writeFile(flaw, {});
                reloadHaproxy();
            }
        });
        look.start(10);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(QFile::remove(flaw));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        endSessions(&sessions);
        noneFailed(user);
    }

    /// What it forgets behind the switch back is put right before the next step, and at the end.
    void reloadedOnTheWayBack_data()
    {
        QTest::addColumn<int>("slowStep");
        QTest::newRow("before a step") << 1;
        QTest::newRow("before the end") << 0;
    }
    void reloadedOnTheWayBack()
    {
        QFETCH(const int, slowStep);
        configureServing(u"green"_s);
        const QString flaw = release(u"1.1.0"_s) + u"/unwell-"_s + QString::number(m_own[u"green-1"_s]);
        const QString run = newRun(u"1.1.0"_s, true, Watch::Yes, [&](Plan *plan) {
            StepSpec slow;
            slow.id = u"slow"_s;
            slow.kind = u"command"_s;
            slow.params = {{u"name"_s, u"slow"_s}, {u"apply"_s, QJsonArray{u"/bin/true"_s}}, {u"revert"_s, QJsonArray{u"/bin/sleep"_s, u"2"_s}}, {u"timeoutMs"_s, 30000}};
            plan->steps.insert(slowStep, slow);
        });
        QTimer look;
        bool reloaded = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (servingNow() == u"green" && !QFile::exists(flaw)) {
                writeFile(flaw, {});
            }
            if (!reloaded && stateOf(run, slowStep) == StepState::Reverting) {
                reloaded = true;
                QTimer::singleShot(300, this, [this] { reloadHaproxy(); });
            }
        });
        look.start(20);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(QFile::remove(flaw));
        QVERIFY(reloaded);
        QCOMPARE(int(m_replaced.size()), 1);
        QVERIFY2(story(run).contains(u"Let in again"_s), qPrintable(story(run)));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        configureServing(u"blue"_s);
        std::vector<std::unique_ptr<LongSession>> none;
        endSessions(&none);
    }

    void sharesForgottenDuringTheWatch()
    {
        writeTarget(HaproxySection, "    canary: {weights: [25], watch: 8s}\n", "3s", "6s");
        const QString run = newRun(u"1.1.0"_s);
        QTimer look;
        bool restarted = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!restarted && stateOf(run, 3) == StepState::Applying) {
                restarted = true;
                restartHaproxy();
            }
        });
        look.start(20);
        User user(m_front);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(restarted);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY2(logOf(run).contains(u"Set again: 25 % of the requests go to green"_s), qPrintable(logOf(run)));
        serves(u"green"_s, u"1.1.0"_s);
        user.end();
        writeTarget(HaproxySection);
        backToTheBeginning();
    }

    /// Between the stop and the start of a full restore it lets everybody in again, and may be away for a while.
    void forgottenWhileAllIsStopped_data()
    {
        QTest::addColumn<int>("awayMs");
        QTest::newRow("restarted") << 0;
        QTest::newRow("away for longer than a step") << 6000;
    }
    void forgottenWhileAllIsStopped()
    {
        QFETCH(const int, awayMs);
        Plan plan = planOf(m_target, u"rollback"_s, u"1.0.0"_s, u"1.0.0"_s);
        const auto step = [](const QString &id, const QString &kind, const QJsonObject &params) {
            StepSpec spec;
            spec.id = id;
            spec.kind = kind;
            spec.params = params;
            return spec;
        };
        const QJsonObject moved{{u"instances"_s, QJsonArray::fromStringList(blue)}, {u"idle"_s, QJsonArray::fromStringList(green)}, {u"release"_s, u"1.0.0"_s}};
        const QJsonObject slow{{u"name"_s, u"slow"_s}, {u"apply"_s, QJsonArray{u"/bin/sleep"_s, u"2"_s}}, {u"timeoutMs"_s, 30000}};
        plan.steps = {step(u"stop"_s, u"stop_services"_s, moved), step(u"slow-1"_s, u"command"_s, slow), step(u"slow-2"_s, u"command"_s, slow), step(u"start"_s, u"start_services"_s, moved)};
        // As the planner has it.
        for (const QString &name : blue) {
            plan.steps.first().changes.insert(instanceFact(name), QJsonValue::Null);
            plan.steps.last().changes.insert(instanceFact(name), u"1.0.0"_s);
        }
        plan.steps.first().changes.insert(u"balancer:backend"_s, u"none"_s);
        plan.steps.last().changes.insert(u"balancer:backend"_s, u"blue"_s);
        const QString run = addRun(m_target, plan);
        QTimer look;
        bool restarted = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!restarted && stateOf(run, 1) == StepState::Applying) {
                restarted = true;
                stopHaproxy();
                // By its configuration it lets them in; the run may have seen to that before we could look.
                QTimer::singleShot(awayMs, this, [this] { startHaproxy(); });
            }
        });
        look.start(20);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(restarted);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"though backend is stopped. Taken out again"_s), qPrintable(story(run)));
        QVERIFY2(!story(run).contains(u"held"_s), qPrintable(story(run)));
        for (const QString &name : blue) {
            OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 10000)));
        }
        serves(u"blue"_s, u"1.0.0"_s);
    }

    void otherwiseThanSetIsHeld()
    {
        // All of blue out, and green too: somebody's own decision, which nobody takes back.
        const QString run = newRun(u"1.1.0"_s);
        setState(blue, Balancer::State::Maintenance);
        QCOMPARE(balancerFactNow(), u"none"_s);
        const RunState state = runNow(run);
        QVERIFY2(state != RunState::Succeeded, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"“balancer:backend” has changed: the plan expects blue, found none"_s), qPrintable(story(run)));
        QVERIFY(server(u"blue-1"_s).out);
        setState(blue, Balancer::State::Ready);
        for (const QString &name : blue) {
            OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 10000)));
        }
        serves(u"blue"_s, u"1.0.0"_s);
    }

    void plansNoDowntime()
    {
        const QList<StepSpec> steps = stepsTo(u"1.1.0"_s);
        QStringList kinds;
        for (const StepSpec &step : steps) {
            kinds.append(step.kind);
            QCOMPARE(step.expectedDowntimeMs, 0);
            QVERIFY(!step.title.text().contains(u"colour."));
            QVERIFY(!step.intent.text().contains(u"%{"));
        }
        QCOMPARE(kinds, QStringList({u"switch_release"_s, u"start_colour"_s, u"switch_colour"_s}));
        QCOMPARE(steps[2].title.text(), u"Switch backend to green"_s);
        // The second hop goes on from where the first has led.
        PlanningContext next{m_target, {}, u"1.1.0"_s};
        for (const StepSpec &step : steps) {
            follow(next.running, step.changes);
            followColours(next.colours, step.changes);
        }
        const QList<StepSpec> second = deploySteps(next, u"1.2.0"_s, releasesAt(m_target, {}, u"1.2.0"_s), true);
        QCOMPARE(second[1].params[u"colour"].toString(), u"blue"_s);
        QCOMPARE(second[1].params[u"fromRelease"].toString(), u"1.1.0"_s);
    }

    void saysWhoServes()
    {
        ServicesLook look{.states = QCoro::waitFor(lookAtInstances(m_target, 5000)).states, .partly = {}};
        look.servers = VALUE(QCoro::waitFor(balancer()->allServers()));
        const Serving serving = servingOf(m_target, u"1.0.0"_s, look);
        QCOMPARE(serving.versions, u"1.0.0"_s);
        QCOMPARE(serving.silent, QStringList());
    }

    void goesBack_data()
    {
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("why");
        QTest::newRow("never ready") << u"1.1.1"_s << u"green-1"_s;
        QTest::newRow("smoke test") << u"1.1.2"_s << u"The smoke test “answers” fails on green-1 (1.1.2)"_s;
    }
    void goesBack()
    {
        QFETCH(const QString, to);
        QFETCH(const QString, why);
        User user(m_front);
        const QString run = newRun(to);
        const RunState state = runNow(run);
        QVERIFY2(story(run).contains(why), qPrintable(story(run)));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        noneFailed(user);
    }

    void unwellAfterTheSwitch()
    {
        // One answers, and says that it is not well: the balancer sends it nothing more, the watch finds it, and blue takes over again.
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s, true, Watch::Yes);
        const QString file = release(u"1.1.0"_s) + u"/unwell-"_s + QString::number(m_own[u"green-1"_s]);
        QTimer look;
        connect(&look, &QTimer::timeout, this, [&] {
            if (stateOf(run, 2) == StepState::Done && !QFile::exists(file)) {
                writeFile(file, {});
            }
        });
        look.start(20);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(QFile::remove(file));
        QVERIFY2(story(run).contains(u"“Watch” failed: green-1"_s), qPrintable(story(run)));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        noneFailed(user);
    }

    void diesAfterTheSwitch()
    {
        const QString run = newRun(u"1.1.0"_s, true, Watch::Yes);
        QTimer look;
        bool killed = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!killed && stateOf(run, 2) == StepState::Done) {
                const QJsonObject state = QJsonDocument::fromJson(readFile(m_target.stateDirectory + u"/supervisor/state.json"_s)).object();
                const qint64 pid = state[u"instances"][u"green-1"][u"pid"].toInteger();
                killed = pid > 0 && ::kill(pid_t(pid), SIGKILL) == 0;
            }
        });
        look.start(20);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY2(killed, "green-1 was not found");
        QVERIFY2(story(run).contains(u"“Watch” failed: green-1"_s), qPrintable(story(run)));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        User user(m_front);
        QTRY_VERIFY_WITH_TIMEOUT(user.asked > 20, 30000);
        noneFailed(user);
    }

    void sessionStays_data()
    {
        QTest::addColumn<bool>("goOn");
        QTest::newRow("on without them") << true;
        QTest::newRow("back") << false;
    }
    void sessionStays()
    {
        std::vector<std::unique_ptr<QTcpSocket>> sessions;
        for (int i = 0; i < 4; ++i) {
            auto socket = std::make_unique<QTcpSocket>();
            socket->connectToHost(u"127.0.0.1"_s, m_front);
            socket->write("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
            QVERIFY(socket->waitForReadyRead(5000));
            sessions.push_back(std::move(socket));
        }
        User user(m_front);
        QFETCH(const bool, goOn);
        const QString run = newRun(u"1.1.0"_s);
        RunState state = runNow(run);
        // Nobody is cut off unasked, nor is the update given up for them.
        QVERIFY2(state == RunState::Held, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"green of backend takes all new requests, and blue still has 4 sessions after draining for 2"_s), qPrintable(story(run)));
        for (int i = 0; i < 8; ++i) {
            QVERIFY(ask(m_front, "/version").contains("1.1.0"));
        }
        // So that health and the overview speak of who really serves.
        QCOMPARE(servingNow(), u"green"_s);
        for (const auto &session : sessions) {
            session->waitForReadyRead(1);
            QCOMPARE(session->state(), QAbstractSocket::ConnectedState);
        }
        decide(run, goOn ? u"resume"_s : u"rollback"_s);
        state = runNow(run);
        if (goOn) {
            QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
            serves(u"green"_s, u"1.1.0"_s);
            backToTheBeginning();
        } else {
            servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
            for (const auto &session : sessions) {
                session->waitForReadyRead(1);
                QCOMPARE(session->state(), QAbstractSocket::ConnectedState);
            }
        }
        noneFailed(user);
        for (const auto &session : sessions) {
            session->abort();
        }
        QTRY_COMPARE_WITH_TIMEOUT(server(u"blue-1"_s).sessions + server(u"blue-2"_s).sessions, 0, 10000);
    }

    void sessionIsClosed()
    {
        writeTarget(HaproxySection, "    at_drain_limit: close\n");
        std::vector<std::unique_ptr<LongSession>> streams;
        std::vector<std::unique_ptr<WebSocket>> sockets;
        for (int i = 0; i < 2; ++i) {
            streams.push_back(std::make_unique<LongSession>(m_front, "/long"));
            sockets.push_back(std::make_unique<WebSocket>(m_front));
            QVERIFY(streams.back()->hasBegun());
            QVERIFY(sockets.back()->isOpen());
        }
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s, true, Watch::Yes);
        const RunState state = runNow(run);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        QString told;
        const QJsonObject results = resultsOf(run, u"switch:backend"_s);
        for (const QString &name : blue) {
            told += Message::fromJson(results[QString(u"sessions:"_s + name)].toObject()).text() + u'\n';
        }
        // Two each, as they were shared out; closed by HAProxy at the switch, long before the old ones are stopped.
        QVERIFY2(told.contains(u"blue-1: 2 sessions were closed at the drain limit"_s) && told.contains(u"blue-2: 2 sessions were closed"_s), qPrintable(told));
        QVERIFY(!resultsOf(run, u"retire:backend"_s).contains(u"sessions:blue-1"_s));
        for (const auto &stream : streams) {
            QVERIFY(!stream->isOpen());
            QVERIFY(stream->wasClosed());
        }
        for (auto &socket : sockets) {
            QVERIFY(!socket->isOpen());
            // Who comes again gets the successor.
            socket = std::make_unique<WebSocket>(m_front);
            QVERIFY(socket->isOpen());
        }
        // The user's own requests may be under way as well.
        QVERIFY(QTest::qWaitFor([this] { return server(u"green-1"_s).sessions + server(u"green-2"_s).sessions >= 2; }, 20000));
        noneFailed(user);
        for (const auto &socket : sockets) {
            socket->close();
        }
        writeTarget(HaproxySection);
        backToTheBeginning();
    }

    /// Users are sent to processes that nobody can say the release of, as such that were started by hand.
    void switchedFromSomethingUnknown()
    {
        StepBench bench(m_target);
        const QList<StepSpec> steps = stepsTo(u"1.1.0"_s);
        StepSpec spec = steps.last();
        QCOMPARE(spec.kind, u"switch_colour"_s);
        // What the plan takes them for is not what they are.
        spec.params[u"fromRelease"_s] = u"1.2.0"_s;
        auto start = VALUE(StepRegistry::create(steps[1]));
        const QJsonObject before = VALUE(QCoro::waitFor(start->prepare(bench, {})));
        OK(QCoro::waitFor(start->apply(bench, before, {})));
        auto turn = VALUE(StepRegistry::create(spec));
        const auto ran = states();
        QJsonObject undo = VALUE(QCoro::waitFor(turn->prepare(bench, {})));
        QCOMPARE(undo[u"before"][u"blue-1"][u"release"].toString(), u"1.0.0"_s);
        OK(QCoro::waitFor(turn->apply(bench, undo, {})));
        User user(m_front);
        OK(QCoro::waitFor(turn->revert(bench, undo, {})));
        QCOMPARE(states().value(u"blue-1"_s).pid, ran[u"blue-1"_s].pid);
        QCOMPARE(VALUE(QCoro::waitFor(turn->inspect(bench, undo))), Inspection::NotStarted);
        // Of no release at all: known again by its process.
        QJsonObject all = undo[u"before"_s].toObject();
        for (const QString &name : blue) {
            QJsonObject own = all[name].toObject();
            own.insert(u"release"_s, QString());
            all.insert(name, own);
        }
        undo.insert(u"before"_s, all);
        OK(QCoro::waitFor(turn->apply(bench, undo, {})));
        OK(QCoro::waitFor(turn->revert(bench, undo, {})));
        QCOMPARE(states().value(u"blue-1"_s).pid, ran[u"blue-1"_s].pid);
        QCOMPARE(VALUE(QCoro::waitFor(turn->inspect(bench, undo))), Inspection::NotStarted);
        QJsonObject other = all[u"blue-1"_s].toObject();
        other.insert(u"process"_s, u"1@1"_s);
        all.insert(u"blue-1"_s, other);
        const auto refused = QCoro::waitFor(turn->revert(bench, {{u"letIn"_s, QJsonArray()}, {u"before"_s, all}}, {}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"colour.unknown_release"_s);
        OK(QCoro::waitFor(start->revert(bench, before, {})));
        serves(u"blue"_s, u"1.0.0"_s);
        noneFailed(user);
    }

    void keptForTheWayBack()
    {
        writeTarget(HaproxySection, "    keep_old: true\n");
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s, true);
        const auto before = states();
        QCOMPARE(before[u"blue-1"_s].release, u"1.0.0"_s);
        // Neither a fact nor a fault: it may stop, and nobody is alarmed.
        QVERIFY(!VALUE(QCoro::waitFor(FactSource::collect(m_target))).contains(u"instance:blue-1"_s));
        const QString back = newRun(u"1.0.0"_s, false);
        QVERIFY2(runNow(back) == RunState::Succeeded, qPrintable(story(back)));
        serves(u"blue"_s, u"1.0.0"_s);
        QCOMPARE(states().value(u"blue-1"_s).pid, before[u"blue-1"_s].pid);
        QCOMPARE(states().value(u"blue-2"_s).pid, before[u"blue-2"_s].pid);
        // Forth again it is started anew, for its configuration may be another one.
        const QString again = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(again) == RunState::Succeeded, qPrintable(story(again)));
        serves(u"green"_s, u"1.1.0"_s, true);
        QVERIFY(states().value(u"green-1"_s).pid != before[u"green-1"_s].pid);
        writeTarget(HaproxySection);
        backToTheBeginning();
        noneFailed(user);
    }

    void sharesOfACanary()
    {
        writeTarget(HaproxySection, "    canary: {weights: [5, 25, 50], watch: 2s}\n");
        keepsItsShares();
    }

    void weightsForShares()
    {
        for (const int percent : {1, 5, 10, 25, 33, 50, 75, 99}) {
            for (const auto &[fresh, old] : {std::pair(1, 1), std::pair(1, 4), std::pair(3, 2), std::pair(8, 4)}) {
                QMap<QString, int> ours, others;
                for (int i = 0; i < fresh; ++i) {
                    ours.insert(u"n%1"_s.arg(i), 1);
                }
                for (int i = 0; i < old; ++i) {
                    others.insert(u"o%1"_s.arg(i), i == 0 ? 2 : 1);
                }
                const CanaryShares shares = canaryShares(ours, others, percent);
                QVERIFY2(qAbs(shares.share - percent / 100.0) <= 0.01, qPrintable(u"%1 of %2: %3"_s.arg(fresh).arg(percent).arg(shares.share)));
                QCOMPARE(shares.weights.size(), fresh + old);
                for (const int weight : shares.weights) {
                    QVERIFY(weight >= 1 && weight <= Balancer::MaximumWeight);
                }
            }
        }
    }

    void weightsOfNobody()
    {
        const CanaryShares shares = canaryShares({{u"n1"_s, 1}, {u"n2"_s, 0}}, {{u"o1"_s, 1}, {u"o2"_s, 0}}, 25);
        QCOMPARE(shares.weights, (QMap<QString, int>{{u"n1"_s, 1}, {u"n2"_s, 0}, {u"o1"_s, 3}, {u"o2"_s, 0}}));
        QCOMPARE(shares.share, 0.25);
        QVERIFY(canaryShares({{u"n1"_s, 1}}, {{u"o1"_s, 0}}, 25).weights.isEmpty());
    }

    /// A server that somebody has given no requests gets none of a canary either, nor after it.
    void weightZeroIsKept()
    {
        writeTarget(HaproxySection, "    canary: {weights: [25], watch: 2s}\n");
        const Haproxy haproxy(path(u"haproxy.sock"_s));
        QVERIFY(VALUE(QCoro::waitFor(haproxy.command(u"set server app/blue-2 weight 0"_s))).trimmed().isEmpty());
        const QList<StepSpec> steps = stepsTo(u"1.1.0"_s);
        StepBench bench(m_target);
        std::vector<std::pair<std::unique_ptr<Step>, QJsonObject>> done;
        for (const StepSpec &spec : steps) {
            if (spec.kind == u"start_colour" || spec.kind == u"shift_colour") {
                auto step = VALUE(StepRegistry::create(spec));
                const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(bench, {})));
                OK(QCoro::waitFor(step->apply(bench, undo, {})));
                OK(QCoro::waitFor(step->verify(bench, {})));
                done.emplace_back(std::move(step), undo);
            }
        }
        QCOMPARE(server(u"blue-2"_s).weight, 0);
        int fresh = 0;
        for (int i = 0; i < 200; ++i) {
            const QByteArray answer = ask(m_front, "/version");
            QVERIFY(!isServedBy(answer, m_own[u"blue-2"_s]));
            fresh += answer.contains("1.1.0") ? 1 : 0;
        }
        QVERIFY2(qAbs(fresh - 50) <= 8, qPrintable(QString::number(fresh)));
        for (auto it = done.rbegin(); it != done.rend(); ++it) {
            OK(QCoro::waitFor(it->first->revert(bench, it->second, {})));
        }
        QCOMPARE(server(u"blue-2"_s).weight, 0);
        OK(QCoro::waitFor(balancer()->setWeight(u"app"_s, u"blue-2"_s, 1)));
        writeTarget(HaproxySection);
        serves(u"blue"_s, u"1.0.0"_s);
    }

    void canaryForth()
    {
        writeTarget(HaproxySection, "    canary: {weights: [20, 50], watch: 4s}\n");
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s, true, Watch::Yes);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        QVERIFY2(story(run).contains(u"“Watch green at 20 %” is done"_s), qPrintable(story(run)));
        QVERIFY2(readFile(m_target.stateDirectory + u"/runs/"_s + run + u"/log.txt"_s).contains("backend: 20 % of the requests go to green"), "not in the log");
        // The way back is not gone step by step.
        backToTheBeginning();
        noneFailed(user);
    }

    void canaryThatErrs()
    {
        // Of all requests only every twentieth fails, which the limit would let pass; of those to green every one does.
        writeTarget(HaproxySection, "    canary: {weights: [5, 50], watch: 20s}\n", "3s", "8s");
        User user(m_front);
        const QString run = newRun(u"1.1.3"_s, true, Watch::Yes);
        const RunState state = runNow(run);
        QVERIFY2(story(run).contains(u"“Watch green at 5 %” failed"_s), qPrintable(story(run)));
        QVERIFY2(!story(run).contains(u"50 %"_s), qPrintable(story(run)));
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        user.end();
        QVERIFY(user.failed > 0 && user.failed < user.asked / 5);
        writeTarget(HaproxySection);
    }

    void runnerKilledBetweenStates_data()
    {
        QTest::addColumn<QString>("fault");
        // Steps: the link, the start, the switch, the end of the old one.
        for (const char *name : {"step-1-applying", "step-1-applied", "step-1-done", "step-2-prepared", "step-2-applying", "step-2-applied", "step-2-done", "step-3-applying", "step-3-applied"}) {
            QTest::newRow(name) << QString::fromLatin1(name);
        }
    }
    void runnerKilledBetweenStates()
    {
        QFETCH(const QString, fault);
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s);
        QProcess runner;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"CUTOVER_FAULT"_s, u"kill@"_s + fault);
        environment.insert(u"CUTOVER_FAULT_ROLE"_s, u"run"_s);
        runner.setProcessEnvironment(environment);
        startRunner(runner, run);
        QVERIFY(runner.waitForFinished(30000));
        QVERIFY2(runner.exitStatus() == QProcess::CrashExit, "not killed");
        const RunState state = finish(run);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        backToTheBeginning();
        noneFailed(user);
    }

    void runnerKilledWithinAStep_data()
    {
        QTest::addColumn<int>("step");
        QTest::addColumn<int>("afterMs");
        QTest::addColumn<bool>("back");
        for (const int step : {1, 2, 3}) {
            for (const int after : {5, 40, 100}) {
                QTest::addRow("step %d after %d ms", step, after) << step << after << false;
            }
        }
        QTest::newRow("switch, and back then") << 2 << 30 << true;
    }
    void runnerKilledWithinAStep()
    {
        QFETCH(const int, step);
        QFETCH(const int, afterMs);
        QFETCH(const bool, back);
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s);
        QProcess runner;
        startRunner(runner, run);
        // It may be through before we see it: then there is nothing to end.
        QTRY_VERIFY_WITH_TIMEOUT(stateOf(run, step) != StepState::Pending, 30000);
        QTest::qWait(afterMs);
        runner.kill();
        QVERIFY(runner.state() == QProcess::NotRunning || runner.waitForFinished(30000));
        const auto now = [&] { return VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)).state; };
        RunState state = now();
        if (state != RunState::Succeeded) {
            if (back) {
                CommandRecord record;
                record.id = Random::system().id();
                record.runId = run;
                record.verb = u"abort"_s;
                record.expectedState = stateName(state);
                record.by = u"kim@desk"_s;
                record.created = QDateTime::currentDateTimeUtc();
                OK(VALUE(Journal::open(m_target.stateDirectory))->addCommand(record));
            }
            state = finish(run);
        }
        QVERIFY2(state == RunState::Succeeded || state == RunState::RolledBack, qPrintable(story(run)));
        if (state == RunState::Succeeded) {
            serves(u"green"_s, u"1.1.0"_s);
        }
        backToTheBeginning();
        noneFailed(user);
    }

    void balancerGoneMeanwhile()
    {
        const QString run = newRun(u"1.1.0"_s);
        QTimer look;
        bool gone = false;
        connect(&look, &QTimer::timeout, this, [&] {
            const QJsonObject state = QJsonDocument::fromJson(readFile(m_target.stateDirectory + u"/supervisor/state.json"_s)).object();
            if (!gone && state[u"instances"][u"green-1"][u"pid"].toInteger() > 0) {
                gone = true;
                stopHaproxy();
            }
        });
        look.start(5);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(gone);
        QVERIFY2(state == RunState::Held, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"HAProxy does not answer"_s), qPrintable(story(run)));
        QCOMPARE(servingNow(), u"blue"_s);
        startHaproxy();
        User user(m_front);
        const RunState after = finish(run);
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, after);
        noneFailed(user);
    }

    /// As somebody restarts it: longer than a moment.
    void balancerAwayForAWhile()
    {
        const QString run = newRun(u"1.1.0"_s);
        QTimer look;
        bool gone = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!gone && stateOf(run, 0) == StepState::Done) {
                gone = true;
                stopHaproxy();
                QTimer::singleShot(5000, this, [this] { startHaproxy(); });
            }
        });
        look.start(5);
        const RunState state = runNow(run);
        look.stop();
        QVERIFY(gone);
        QVERIFY2(state == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        backToTheBeginning();
    }

    /// Somebody let the idle colour in, and it runs what it ran: taken out before it is touched.
    void idleOneThatServes()
    {
        SupervisorClient supervisor(m_target);
        for (const QString &name : green) {
            OK(QCoro::waitFor(supervisor.start(name, m_target.releaseDirectory(u"1.2.0"_s))));
            OK(QCoro::waitFor(supervisor.waitReady(name, {})));
        }
        setState(green, Balancer::State::Ready);
        for (const QString &name : green) {
            OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 5000)));
        }
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        backToTheBeginning();
        noneFailed(user);
    }

    /// The last one: it removes releases.
    void cleanUpSparesWhatIsKept()
    {
        writeTarget(HaproxySection, "    keep_old: true\n");
        const QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s, true);
        StepSpec spec;
        spec.id = u"clean_up"_s;
        spec.kind = u"clean_up"_s;
        spec.params = {{u"versions"_s, QJsonArray{u"1.1.0"_s}}, {u"keep"_s, 5}};
        StepBench bench(m_target);
        OK(QCoro::waitFor(VALUE(StepRegistry::create(spec))->apply(bench, {}, {})));
        QVERIFY(QFileInfo(release(u"1.0.0"_s)).isDir());
        QVERIFY(!QFileInfo(release(u"1.2.0"_s)).isDir());
        backToTheBeginning();
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(BlueGreenTest)
#include "bluegreentest.moc"
