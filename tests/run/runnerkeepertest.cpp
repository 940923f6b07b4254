// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/runnerkeeper.h"
#include "run/activerun.h"
#include "run/decisions.h"
#include "run/runlock.h"
#include "system/clock.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fcntl.h>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

constexpr RunnerKeeper::Limits quick{.graceMs = 100, .beginMs = 400, .backOffMs = 50};

} // namespace

/** Runners that can't be started, or die: a program in place of cutoverctl that says so and ends. */
class RunnerKeeperTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Journal> m_journal;
    std::unique_ptr<RunnerKeeper> m_keeper;
    QByteArray m_programs;
    QByteArray m_path;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    QString state() const { return path(u"state"_s); }
    void install(const QByteArray &script)
    {
        QFile file(path(u"bin/cutoverctl"_s));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write("#!/bin/sh\necho \"$@\" >> " + path(u"starts"_s).toLocal8Bit() + "\n" + script + "\n");
        file.close();
        QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    }
    void write(const QString &name, const QByteArray &content)
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(content) == content.size());
    }
    qsizetype starts() const
    {
        QFile file(path(u"starts"_s));
        return file.open(QIODevice::ReadOnly) ? file.readAll().count('\n') : 0;
    }
    void add(RunState runState, StepState second = StepState::Pending)
    {
        RunRecord run;
        run.id = u"r1"_s;
        run.startedBy = u"kim@desk"_s;
        for (const QString &id : {u"one"_s, u"two"_s}) {
            StepSpec step;
            step.id = id;
            step.kind = u"command"_s;
            step.changesState = true;
            run.plan.steps.append(step);
        }
        run.plan.from = u"1.0.0"_s;
        run.plan.to = u"1.1.0"_s;
        run.planDigest = run.plan.digest();
        run.state = runState;
        run.created = Clock::system().now();
        QVERIFY(m_journal->addRun(run));
        if (runState != RunState::Planned) {
            StepRecord done = steps().at(0);
            done.state = StepState::Done;
            done.results.insert(stepresult::prepared, true);
            StepRecord at = steps().at(1);
            at.state = second;
            at.results.insert(stepresult::prepared, second != StepState::Pending);
            QVERIFY(m_journal->updateStep(done) && m_journal->updateStep(at));
        }
    }
    void look(qint64 milliseconds, RunnerKeeper *second = nullptr)
    {
        const qint64 until = Clock::system().monotonic() + milliseconds;
        while (Clock::system().monotonic() < until) {
            m_keeper->look();
            if (second) {
                second->look();
            }
            QTest::qWait(10);
        }
    }
    bool lookUntil(RunState wanted, RunnerKeeper *second = nullptr)
    {
        for (int i = 0; i < 400 && run().state != wanted; ++i) {
            look(20, second);
        }
        return run().state == wanted;
    }
    RunRecord run() { return m_journal->run(u"r1"_s).value(); }
    QList<StepRecord> steps() { return m_journal->steps(u"r1"_s).value(); }
    qsizetype events(const QString &code)
    {
        const auto all = m_journal->events(u"r1"_s).value();
        return std::ranges::count_if(all, [&code](const EventRecord &event) { return event.message.code == code; });
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_programs = qgetenv("CUTOVER_BIN");
        m_path = qgetenv("PATH");
    }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(QDir(m_folder->path()).mkpath(u"bin"_s) && QDir(m_folder->path()).mkpath(u"state"_s));
        write(u"target.yaml"_s, "schema: 1\nname: trading\nproduct: trading\nenvironment: staging\nstate: state\nreleases: releases\n"
                                "repository: {url: releases, keys: [release.pub]}\nservices:\n"
                                "  - {name: web, instances: [{name: web-1}], command: [web], health: {command: [/bin/true]}}\n"
                                "configuration:\n  - {file: app.env, secrets: [\"*_KEY\"]}\nbackup: {directory: backups}\n");
        write(u"app.env"_s, "BROKER_KEY=hunter2-hunter2\n");
        const auto target = Target::load(path(u"target.yaml"_s));
        QVERIFY2(target, target ? "" : qPrintable(target.error().text()));
        qputenv("CUTOVER_BIN", path(u"bin"_s).toLocal8Bit());
        m_journal = Journal::open(state()).value();
        m_keeper = std::make_unique<RunnerKeeper>(path(u"target.yaml"_s), state(), m_journal.get(), quick);
    }
    void cleanup()
    {
        QVERIFY(m_journal->verifyAudit());
        m_keeper.reset();
        m_journal.reset();
        qputenv("CUTOVER_BIN", m_programs);
        qputenv("PATH", m_path);
    }

    void refusesARunWhoseRunnerCantBeStarted()
    {
        qputenv("PATH", path(u"bin"_s).toLocal8Bit());
        add(RunState::Planned);
        const auto begun = m_keeper->begin(u"r1"_s);
        QVERIFY(!begun);
        QCOMPARE(begun.error().code, u"system.no_program"_s);
        QCOMPARE(run().state, RunState::RolledBack);
        QCOMPARE(run().reason.code, u"run.refused_to_start"_s);
        QVERIFY2(run().reason.text().contains(u"cutoverctl"), qPrintable(run().reason.text()));
        QVERIFY(run().ended.isValid());
        // Nobody starts it later, once the program is there.
        install("exit 0");
        look(800);
        QCOMPARE(starts(), 0);
    }

    void neverStartsWhatApplyDidNot()
    {
        install("exit 0");
        add(RunState::Planned);
        look(200);
        QCOMPARE(run().state, RunState::Planned);
        QVERIFY(lookUntil(RunState::RolledBack));
        QCOMPARE(starts(), 0);
        QCOMPARE(run().reason.code, u"run.refused_to_start"_s);
    }

    void refusesARunWhoseRunnerDiesBeforeItBegins()
    {
        install("echo 'cutoverctl: the disk is on fire' >&2; exit 1");
        add(RunState::Planned);
        QVERIFY(m_keeper->begin(u"r1"_s));
        QVERIFY(lookUntil(RunState::RolledBack));
        QCOMPARE(starts(), 1);
        QVERIFY2(run().reason.text().contains(u"the disk is on fire"), qPrintable(run().reason.text()));
    }

    void lastWordsTellNoSecret()
    {
        install("echo 'cutoverctl: refused with the key hunter2-hunter2' >&2; exit 1");
        add(RunState::Planned);
        QVERIFY(m_keeper->begin(u"r1"_s));
        QVERIFY(lookUntil(RunState::RolledBack));
        QVERIFY2(run().reason.text().contains(u"refused with the key"), qPrintable(run().reason.text()));
        QVERIFY(!QJsonDocument(run().reason.toJson()).toJson().contains("hunter2"));
        QVERIFY(!QJsonDocument(run().error.toJson()).toJson().contains("hunter2"));
    }

    void lastWordsThatNobodyCanMaskAreNotTold()
    {
        write(u"target.yaml"_s, "name: [");
        install("echo 'cutoverctl: hunter2-hunter2' >&2; exit 1");
        add(RunState::Planned);
        QVERIFY(m_keeper->begin(u"r1"_s));
        QVERIFY(lookUntil(RunState::RolledBack));
        QVERIFY2(run().reason.text().contains(u"said nothing about why"), qPrintable(run().reason.text()));
    }

    void restartsThreeTimesThenHolds_data()
    {
        QTest::addColumn<RunState>("state");
        QTest::addColumn<StepState>("step");
        QTest::addColumn<StepState>("stepHeld");
        QTest::addColumn<QString>("way");
        QTest::newRow("at work") << RunState::Running << StepState::Applying << StepState::Failed << u"retry"_s;
        QTest::newRow("between steps") << RunState::Running << StepState::Pending << StepState::Failed << u"retry"_s;
        QTest::newRow("at the end") << RunState::Running << StepState::Done << StepState::Done << u"resume"_s;
        QTest::newRow("on the way back") << RunState::Reverting << StepState::Reverting << StepState::Reverting << u"retry"_s;
        QTest::newRow("about to go back") << RunState::Reverting << StepState::Failed << StepState::Failed << u"rollback"_s;
    }
    void restartsThreeTimesThenHolds()
    {
        QFETCH(const RunState, state);
        QFETCH(const StepState, step);
        QFETCH(const StepState, stepHeld);
        QFETCH(const QString, way);
        install("echo 'cutoverctl: no memory' >&2; exit 1");
        add(state, step);
        QVERIFY(lookUntil(RunState::Held));
        QTRY_COMPARE(starts(), 3);
        QCOMPARE(events(u"run.runner_restarted"_s), 3);
        QCOMPARE(run().reason.code, u"run.runner_lost"_s);
        const QString text = run().reason.text();
        QVERIFY2(text.contains(u"no memory") && text.contains(u"4 times") && !text.contains(u"%{"), qPrintable(text));
        QVERIFY(!run().heldUntil.isValid());
        QCOMPARE(steps().at(1).state, stepHeld);
        // That is the end of it, until somebody decides.
        look(600);
        QCOMPARE(starts(), 3);
        QVERIFY2(offeredCommands(run(), steps()).contains(way), qPrintable(offeredCommands(run(), steps()).join(u' ')));

        CommandRecord command;
        command.id = u"c1"_s;
        command.runId = u"r1"_s;
        command.verb = way;
        command.by = u"kim@desk"_s;
        QVERIFY(m_journal->addCommand(command));
        for (int i = 0; i < 400 && !m_journal->pendingCommands(u"r1"_s)->isEmpty(); ++i) {
            look(20);
        }
        // Tried for that decision as often again, then it is told what became of it.
        QTRY_COMPARE(starts(), 6);
        QCOMPARE(m_journal->commands(u"r1"_s)->first().outcome.code, u"run.refused_runner_lost"_s);
        QCOMPARE(run().state, RunState::Held);
    }

    void progressCountsAnew()
    {
        install("exit 1");
        add(RunState::Running, StepState::Applying);
        for (int i = 0; i < 400 && events(u"run.runner_restarted"_s) < 2; ++i) {
            look(10);
        }
        StepRecord step = steps().at(1);
        step.state = StepState::Applied;
        QVERIFY(m_journal->updateStep(step));
        QVERIFY(lookUntil(RunState::Held));
        QTRY_COMPARE(starts(), 5);
    }

    void twoWhoLookCountADeathOnce()
    {
        install("exit 1");
        add(RunState::Running, StepState::Applying);
        const auto other = Journal::open(state());
        QVERIFY(other);
        RunnerKeeper second(path(u"target.yaml"_s), state(), other->get(), quick);
        QVERIFY(lookUntil(RunState::Held, &second));
        look(300, &second);
        QTRY_COMPARE(starts(), 3);
        QCOMPARE(events(u"run.runner_lost"_s), 1);
    }

    void leavesALivingRunnerAlone()
    {
        install("exit 1");
        add(RunState::Running, StepState::Applying);
        const auto lock = await(RunLock::acquire(state(), u"r1"_s, {}));
        QVERIFY(lock);
        look(600);
        QCOMPARE(starts(), 0);
        QCOMPARE(run().state, RunState::Running);
    }

    /// What a window that closes goes by.
    void tellsOfARunFromLockAndJournal()
    {
        QCOMPARE(hasRun(path(u"nowhere"_s)).value(), false);
        QVERIFY(!QFile::exists(path(u"nowhere"_s)));
        QCOMPARE(hasRun(state()).value(), false);
        {
            const auto lock = await(RunLock::acquire(state(), u"r1"_s, {}));
            QVERIFY(lock);
            QCOMPARE(hasRun(state()).value(), true);
        }
        QCOMPARE(hasRun(state()).value(), false);
        add(RunState::Held, StepState::Failed);
        QCOMPARE(hasRun(state()).value(), true);
        RunRecord ended = run();
        ended.state = RunState::Abandoned;
        QVERIFY(m_journal->updateRun(ended));
        QCOMPARE(hasRun(state()).value(), false);
        QVERIFY(QDir(m_folder->path()).mkpath(u"damaged"_s));
        QFile damaged(path(u"damaged/journal.db"_s));
        QVERIFY(damaged.open(QIODevice::WriteOnly) && damaged.write(QByteArray(8192, 'x')) > 0);
        damaged.close();
        // Not known is not "none".
        QVERIFY(!hasRun(path(u"damaged"_s)));
    }

    /// An operator's step of a run that has succeeded left a worker behind, which serves by now.
    void whatAnEndedRunLeftRunningIsNotEnded()
    {
        install("exit 1");
        add(RunState::Running, StepState::Applying);
        QProcess worker;
        {
            const auto lock = await(RunLock::acquire(state(), u"r1"_s, {}));
            QVERIFY(lock);
            const int descriptor = (*lock)->descriptor();
            worker.setChildProcessModifier([descriptor] { ::fcntl(descriptor, F_SETFD, 0); });
            worker.start(u"sleep"_s, {u"300"_s});
            QVERIFY(worker.waitForStarted());
            QTRY_VERIFY(std::ranges::contains(RunLock::keepers(state()), u"sleep"_s, &LockKeeper::program));
        }
        // As if by another process: the signature of this one would be that of a runner which lives.
        QFile lockFile(path(u"state/lock"_s));
        QVERIFY(lockFile.open(QIODevice::ReadWrite));
        QJsonObject signature = QJsonDocument::fromJson(lockFile.readAll()).object();
        signature[u"start"_s] = 1;
        const QByteArray content = QJsonDocument(signature).toJson(QJsonDocument::Compact);
        QVERIFY(lockFile.seek(0) && lockFile.resize(0) && lockFile.write(content) == content.size());
        lockFile.close();
        RunRecord ended = run();
        ended.state = RunState::Succeeded;
        QVERIFY(m_journal->updateRun(ended));

        const auto refused = await(RunLock::acquire(state(), u"r2"_s, {.waitMs = 0, .graceMs = 100}));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"lock.left_running"_s);
        QVERIFY2(refused.error().what().contains(u"sleep (%1)"_s.arg(worker.processId())), qPrintable(refused.error().what()));
        QCOMPARE(worker.state(), QProcess::Running);
        QVERIFY(!worker.waitForFinished(300));
        QCOMPARE(hasRun(state()).value(), false);

        // While the run is not at its end, it is unfinished work of it.
        ended.state = RunState::Running;
        QVERIFY(m_journal->updateRun(ended));
        QVERIFY(await(RunLock::acquire(state(), u"r1"_s, {.waitMs = 0, .graceMs = 2000})));
        QTRY_COMPARE(worker.state(), QProcess::NotRunning);
    }

    void heldRunNeedsNoRunnerUntilItIsDecided()
    {
        install("exit 1");
        add(RunState::Held, StepState::Failed);
        look(600);
        QCOMPARE(starts(), 0);
        RunRecord due = run();
        due.heldUntil = Clock::system().now().addMSecs(-1);
        QVERIFY(m_journal->updateRun(due));
        look(300);
        QTRY_VERIFY(starts() > 0);
    }
};

QTEST_GUILESS_MAIN(RunnerKeeperTest)
#include "runnerkeepertest.moc"
