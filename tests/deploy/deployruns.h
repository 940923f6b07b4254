// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploysystem.h"
#include "plan/facts.h"
#include "run/journal.h"
#include "run/orchestrator.h"
#include "run/runlock.h"
#include "system/clock.h"
#include "system/random.h"

#include <QProcess>
#include <QTcpSocket>
#include <QTextStream>
#include <QThread>

#include <atomic>

// Real runs of deployment steps, and somebody who asks the system meanwhile.
namespace cutover::testing {

using namespace Qt::StringLiterals;

inline Async<RunState> runToEnd(Target target, QString run)
{
    CO_TRY(const auto lock, co_await RunLock::acquire(target.stateDirectory, run, {}));
    CO_TRY(const auto journal, Journal::open(target.stateDirectory));
    Orchestrator orchestrator(target, journal.get(), run, lock->descriptor());
    co_return co_await orchestrator.run(true);
}

/// A plan without steps, from what is so now.
inline Plan planOf(const Target &target, const QString &kind, const QString &from, const QString &to)
{
    Plan plan;
    plan.kind = kind;
    plan.targetName = target.name;
    plan.environment = target.environment;
    plan.from = from;
    plan.to = to;
    plan.path = {to};
    plan.facts = VALUE(QCoro::waitFor(FactSource::collect(target)));
    plan.policy = {{u"automaticRollback"_s, true}};
    plan.engineVersion = QStringLiteral(CUTOVER_VERSION);
    return plan;
}

/// A run that waits for its runner; its id.
inline QString addRun(const Target &target, const Plan &plan)
{
    RunRecord run;
    run.id = Random::system().id();
    run.plan = plan;
    run.planDigest = plan.digest();
    run.startedBy = u"test@here"_s;
    run.state = RunState::Planned;
    run.created = Clock::system().now();
    const auto journal = VALUE(Journal::open(target.stateDirectory));
    if (const auto added = journal->addRun(run); !added) {
        qFatal("%s", qPrintable(added.error().text()));
    }
    return run.id;
}

/// All that a run told: why, where it is not as wanted.
inline QString storyOf(const Target &target, const QString &run)
{
    const auto journal = VALUE(Journal::open(target.stateDirectory));
    QStringList lines;
    const auto events = VALUE(journal->events(run));
    for (const EventRecord &event : events) {
        lines.append(event.message.text());
    }
    return lines.join(u'\n');
}

/// This program as a process of its own that leads the run; needs DEPLOY_RUNS_TEST_MAIN.
inline void startRunnerOf(const Target &target, QProcess &runner, const QString &run)
{
    runner.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    runner.start(QCoreApplication::applicationFilePath(), {u"run"_s, target.path, run});
    QVERIFY(runner.waitForStarted());
}

/// The part of that process; -1: there is none for these arguments.
inline int leadRun(const QStringList &arguments)
{
    if (arguments.value(1) != u"run") {
        return -1;
    }
    const auto target = Target::load(arguments.value(2));
    const auto state = target ? QCoro::waitFor(runToEnd(*target, arguments.value(3))) : Result<RunState>(std::unexpected(target.error()));
    QTextStream(stdout) << (state ? stateName(*state) : state.error().text()) << Qt::endl;
    return state ? 0 : 1;
}

inline QByteArray ask(quint16 port, const QByteArray &path)
{
    QTcpSocket socket;
    socket.connectToHost(u"127.0.0.1"_s, port);
    socket.write("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    QByteArray answer;
    while (socket.waitForReadyRead(10000)) {
        answer += socket.readAll();
    }
    return answer;
}

/// Asks the front over and over, and counts what is not an answer of a backend.
class User
{
public:
    explicit User(quint16 port)
        : m_thread(QThread::create([this, port] { askAll(port); }))
    {
        m_thread->start();
    }
    ~User() { end(); }
    Q_DISABLE_COPY_MOVE(User)
    void end()
    {
        m_asking = false;
        m_thread->wait();
    }
    std::atomic<int> asked = 0;
    std::atomic<int> failed = 0;
    QByteArray firstFailure; ///< To be read after end().

private:
    void askAll(quint16 port)
    {
        while (m_asking) {
            const QByteArray answer = ask(port, "/version");
            ++asked;
            if (!answer.startsWith("HTTP/1.1 200") || !answer.contains("\"version\"")) {
                if (failed++ == 0) {
                    firstFailure = answer;
                }
            }
            QThread::msleep(5);
        }
    }

    std::atomic<bool> m_asking = true;
    std::unique_ptr<QThread> m_thread;
};

/// Ends it; a test fails where it was refused once.
inline void noneFailed(User &user)
{
    // A way back may be over before anybody could ask often.
    const bool hasAsked = QTest::qWaitFor([&user] { return user.asked > 20; }, 10000);
    user.end();
    QVERIFY2(user.failed == 0, user.firstFailure.left(500).constData());
    QVERIFY(hasAsked);
}

} // namespace cutover::testing

/// QTest main that is its own 'cutoverctl supervise', and whatever Class::runAlone() does, as leadRun().
#define DEPLOY_RUNS_TEST_MAIN(Class)                                            \
    int main(int argc, char *argv[])                                            \
    {                                                                           \
        QCoreApplication application(argc, argv);                               \
        const QStringList arguments = application.arguments();                  \
        if (arguments.value(1) == QLatin1String("supervise")) {                 \
            return cutover::superviseMain(arguments.value(3));                  \
        }                                                                       \
        if (const int done = Class::runAlone(arguments); done >= 0) {           \
            return done;                                                        \
        }                                                                       \
        qputenv("CUTOVERCTL", application.applicationFilePath().toLocal8Bit()); \
        Class test;                                                             \
        return QTest::qExec(&test, argc, argv);                                 \
    }
