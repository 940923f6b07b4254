// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "codeof.h"

#include "run/journal.h"
#include "run/journalschema.h"
#include "run/spacereserve.h"
#include "system/clock.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "system/worker.h"
#include "tests/support/skip.h"

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>

#include <sys/mount.h>

using namespace Qt::StringLiterals;
using namespace cutover;

class JournalTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_dir;
    [[nodiscard]] QString state() const { return m_dir->filePath(u"state"_s); }

    static RunRecord someRun(const QString &id, RunState state = RunState::Running)
    {
        RunRecord run{.id = id, .planDigest = u"digest"_s, .state = state, .approvedBy = u"kim"_s};
        run.plan.kind = u"update"_s;
        run.plan.from = u"1.2.0"_s;
        run.plan.to = u"1.3.0"_s;
        run.plan.steps = {{.id = u"backup"_s, .kind = u"backup"_s}, {.id = u"deploy:a"_s, .kind = u"deploy"_s}};
        run.created = QDateTime::fromMSecsSinceEpoch(1'700'000'000'123, QTimeZone::UTC);
        return run;
    }

    /// Another program that changes the journal behind its back.
    void tamper(const QStringList &statements) const
    {
        {
            auto database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"tamper"_s);
            database.setDatabaseName(QString(state() + u"/journal.db"_s));
            QVERIFY(database.open());
            for (const QString &statement : statements) {
                QVERIFY2(QSqlQuery(database).exec(statement), qPrintable(statement));
            }
        }
        QSqlDatabase::removeDatabase(u"tamper"_s);
    }

private Q_SLOTS:
    void init() { m_dir = std::make_unique<QTemporaryDir>(); }
    void cleanup() { faultpoints::arm({}); }

    void runSurvivesWhole()
    {
        {
            const auto journal = Journal::open(state()).value();
            QVERIFY(!journal->activeRun().value());
            QVERIFY(journal->addRun(someRun(u"1"_s)));
            RunRecord run = journal->run(u"1"_s).value();
            run.state = RunState::Held;
            run.reason = {u"watch.bad"_s, {{u"value"_s, 0.12}}};
            run.error = Error{u"file.no_space"_s, {{u"path"_s, u"/x"_s}}, Error::Kind::Unknown, u"/x"_s};
            run.heldUntil = run.created.addSecs(60);
            run.activeMs = 4711;
            StepRecord step = journal->steps(u"1"_s).value().at(1);
            step.state = StepState::Failed;
            step.attempt = 2;
            step.undo = {{u"release"_s, u"1.2.0"_s}};
            step.error = run.error;
            QVERIFY(journal->updateRunAndStep(run, step, {u"step.failed"_s, {{u"n"_s, 1}}}));
        }
        const auto journal = Journal::open(state(), Journal::Mode::ReadOnly).value();
        const RunRecord run = journal->activeRun().value().value();
        QVERIFY(run.state == RunState::Held);
        QCOMPARE(run.reason, (Message{u"watch.bad"_s, {{u"value"_s, 0.12}}}));
        QCOMPARE(run.error.code, u"file.no_space"_s);
        QVERIFY(run.error.kind == Error::Kind::Unknown);
        QCOMPARE(run.created.toMSecsSinceEpoch(), 1'700'000'000'123);
        QCOMPARE(run.heldUntil, run.created.addSecs(60));
        QVERIFY(run.ended.isNull());
        QCOMPARE(run.activeMs, 4711);
        QCOMPARE(run.plan.digest(), someRun(u"1"_s).plan.digest());
        const QList<StepRecord> steps = journal->steps(u"1"_s).value();
        QCOMPARE(steps.size(), 2);
        QVERIFY(steps[0].state == StepState::Pending);
        QCOMPARE(steps[0].id, u"backup"_s);
        QVERIFY(steps[1].state == StepState::Failed);
        QCOMPARE(steps[1].attempt, 2);
        QCOMPARE(steps[1].undo, (QJsonObject{{u"release"_s, u"1.2.0"_s}}));
        const QList<EventRecord> events = journal->events(u"1"_s).value();
        QCOMPARE(events.size(), 1);
        QCOMPARE(events[0].stepId, u"deploy:a"_s);
        QCOMPARE(events[0].message.code, u"step.failed"_s);
        QVERIFY(journal->events(u"1"_s, events[0].sequence).value().isEmpty());
        QVERIFY(!journal->addEvent(u"1"_s, {}, {u"x"_s, {}})); // Opened for reading.
    }

    void unsetTextsAreEmptyNotRefused()
    {
        const auto journal = Journal::open(state()).value();
        QVERIFY(journal->addRun({.id = u"1"_s}));
        QVERIFY(journal->addCommand({.id = u"c"_s, .runId = u"1"_s}));
        QVERIFY(journal->audit({}, u"test"_s));
        QVERIFY(journal->verifyAudit());
        QVERIFY(journal->run(u"1"_s).value().ended.isNull());
    }

    void oneActiveRun()
    {
        const auto journal = Journal::open(state()).value();
        QVERIFY(journal->addRun(someRun(u"1"_s)));
        QCOMPARE(codeOf(journal->addRun(someRun(u"2"_s))), u"journal.run_active"_s);
        RunRecord first = journal->run(u"1"_s).value();
        first.state = RunState::RolledBack;
        QVERIFY(journal->updateRun(first));
        QVERIFY(journal->addRun(someRun(u"2"_s)));
        // Neither by calling the first one back.
        first.state = RunState::Running;
        QVERIFY(!journal->updateRun(first));
        QCOMPARE(journal->runs().value().size(), 2);
        QCOMPARE(journal->runs(1).value().at(0).id, u"2"_s);
        QCOMPARE(codeOf(journal->run(u"3"_s)), u"journal.no_run"_s);
        QCOMPARE(codeOf(journal->updateRun(someRun(u"3"_s, RunState::Succeeded))), u"journal.no_run"_s);
        StepRecord none{.runId = u"1"_s, .index = 7};
        QCOMPARE(codeOf(journal->updateStep(none)), u"journal.no_step"_s);
    }

    void commandIsTakenOnce()
    {
        const auto console = Journal::open(state()).value();
        const auto runner = Journal::open(state()).value();
        QVERIFY(console->addRun(someRun(u"1"_s)));
        const CommandRecord command{.id = u"c1"_s, .runId = u"1"_s, .verb = u"hold"_s, .expectedState = u"running"_s, .by = u"kim"_s};
        QVERIFY(console->addCommand(command));
        QVERIFY(console->addCommand(command)); // Sent again after a lost link.
        CommandRecord other = command;
        other.verb = u"abort"_s;
        QCOMPARE(codeOf(console->addCommand(other)), u"journal.command_id"_s);
        QCOMPARE(runner->pendingCommands(u"1"_s).value().size(), 1);
        QVERIFY(runner->finishCommand(u"c1"_s, {u"done"_s, {}}));
        QCOMPARE(codeOf(console->finishCommand(u"c1"_s, {u"done"_s, {}})), u"journal.command_taken"_s);
        QVERIFY(runner->pendingCommands(u"1"_s).value().isEmpty());
        const CommandRecord taken = console->commands(u"1"_s).value().at(0);
        QCOMPARE(taken.outcome.code, u"done"_s);
        QVERIFY(taken.taken.isValid() && taken.created.isValid());
        QCOMPARE(taken.expectedState, u"running"_s);
    }

    void connIsTakenOverByName()
    {
        const auto journal = Journal::open(state()).value();
        QVERIFY(!journal->conn().value());
        QVERIFY(journal->takeConn({.holder = u"kim@desk"_s, .session = u"a"_s}, false));
        QVERIFY(journal->takeConn({.holder = u"kim@desk"_s, .session = u"a"_s}, false));
        const auto refused = journal->takeConn({.holder = u"lee@home"_s, .session = u"b"_s}, false);
        QCOMPARE(codeOf(refused), u"journal.conn_held"_s);
        QVERIFY(refused.error().what().contains("kim@desk"_L1));
        // Meant for somebody who has it no more.
        const auto late = journal->takeConn({.holder = u"lee@home"_s, .session = u"b"_s, .note = u"you may go"_s}, true, u"ana@desk"_s);
        QCOMPARE(codeOf(late), u"journal.conn_held"_s);
        QVERIFY(late.error().what().contains("kim@desk"_L1));
        QVERIFY(journal->takeConn({.holder = u"lee@home"_s, .session = u"b"_s, .note = u"shift change"_s}, true, u"kim@desk"_s));
        QVERIFY(journal->releaseConn(u"a"_s));
        QCOMPARE(journal->conn().value()->holder, u"lee@home"_s);
        QVERIFY(journal->releaseConn(u"b"_s));
        QVERIFY(!journal->conn().value());
        const QList<AuditRecord> trail = journal->auditTrail().value();
        QCOMPARE(trail.size(), 3);
        QCOMPARE(trail[1].what, u"conn.taken_over"_s);
        QCOMPARE(trail[1].args.value("from"_L1).toString(), u"kim@desk"_s);
    }

    void restorePointsAreReplacedById()
    {
        const auto journal = Journal::open(state()).value();
        RestorePoint point{.id = u"p1"_s, .created = Clock::system().now(), .version = u"1.2.0"_s, .size = qint64(5) << 32};
        point.members = {{u"database:orders"_s, QJsonObject{{u"rows"_s, 200'000}}}};
        QVERIFY(journal->addRestorePoint(point));
        point.available = false;
        point.proven = point.created;
        QVERIFY(journal->addRestorePoint(point));
        const QList<RestorePoint> all = journal->restorePoints().value();
        QCOMPARE(all.size(), 1);
        QVERIFY(!all[0].available);
        QCOMPARE(all[0].proven, point.proven);
        QCOMPARE(all[0].members, point.members);
        QCOMPARE(all[0].size, point.size);
        QCOMPARE(codeOf(journal->restorePoint(u"p2"_s)), u"journal.no_restore_point"_s);
    }

    void dataVersionGrowsWithEverybodysWrites()
    {
        const auto one = Journal::open(state()).value();
        const auto two = Journal::open(state()).value();
        qint64 last = one->dataVersion();
        QCOMPARE(one->dataVersion(), last);
        for (Journal *writer : {one.get(), two.get(), two.get(), one.get()}) {
            QVERIFY(writer->audit(u"kim"_s, u"test"_s));
            const qint64 now = one->dataVersion();
            QVERIFY(now > last);
            last = now;
        }
    }

    void changedRowBreaksTheChain_data()
    {
        QTest::addColumn<QStringList>("statements");
        QTest::addColumn<QString>("code");
        QTest::newRow("untouched") << QStringList() << QString();
        QTest::newRow("who") << QStringList{u"UPDATE audit SET who = 'nobody' WHERE sequence = 2"_s} << u"audit.chain_broken"_s;
        QTest::newRow("args") << QStringList{u"UPDATE audit SET args = NULL WHERE sequence = 2"_s} << u"audit.chain_broken"_s;
        QTest::newRow("time") << QStringList{u"UPDATE audit SET time = time + 1 WHERE sequence = 1"_s} << u"audit.chain_broken"_s;
        QTest::newRow("removed first") << QStringList{u"DELETE FROM audit WHERE sequence = 1"_s} << u"audit.chain_broken"_s;
        QTest::newRow("removed last") << QStringList{u"DELETE FROM audit WHERE sequence = 4"_s} << u"audit.rows_missing"_s;
        QTest::newRow("removed all") << QStringList{u"DELETE FROM audit"_s} << u"audit.rows_missing"_s;
        QTest::newRow("swapped") << QStringList{u"UPDATE audit SET sequence = 9 WHERE sequence = 2"_s,
                                                u"UPDATE audit SET sequence = 2 WHERE sequence = 3"_s,
                                                u"UPDATE audit SET sequence = 3 WHERE sequence = 9"_s}
                                 << u"audit.chain_broken"_s;
    }
    void changedRowBreaksTheChain()
    {
        QFETCH(QStringList, statements);
        QFETCH(QString, code);
        const auto journal = Journal::open(state()).value();
        QVERIFY(journal->verifyAudit());
        for (int n = 1; n <= 4; ++n) {
            QVERIFY(journal->audit(u"kim"_s, u"test"_s, {{u"n"_s, n}}));
        }
        if (!statements.isEmpty()) {
            tamper(QStringList{u"DROP TRIGGER audit_no_update"_s, u"DROP TRIGGER audit_no_delete"_s} + statements);
        }
        const auto verified = journal->verifyAudit();
        QCOMPARE(verified ? QString() : verified.error().code, code);
        if (code == "audit.chain_broken"_L1 && QByteArray(QTest::currentDataTag()) == "who") {
            QCOMPARE(verified.error().args.value("sequence"_L1).toInt(), 2);
        }
    }

    void newerFormatIsRefused()
    {
        (void)Journal::open(state()).value();
        tamper({QString(u"PRAGMA user_version="_s + QString::number(journalMigrations().size() + 1))});
        QCOMPARE(codeOf(Journal::open(state())), u"journal.newer"_s);
        QCOMPARE(codeOf(Journal::open(state(), Journal::Mode::ReadOnly)), u"journal.newer"_s);
        QCOMPARE(codeOf(Journal::open(m_dir->filePath(u"none"_s), Journal::Mode::ReadOnly)), u"journal.absent"_s);
    }

    void manyOpenAndWriteAtOnce()
    {
        std::vector<std::unique_ptr<Worker>> workers;
        QList<QFuture<bool>> results;
        for (int n = 0; n < 6; ++n) {
            workers.push_back(std::make_unique<Worker>());
            results.append(workers.back()->run([path = state()] {
                const auto journal = Journal::open(path);
                for (int at = 0; journal && at < 10; ++at) {
                    if (!(*journal)->audit(u"kim"_s, u"test"_s, {{u"at"_s, at}})) {
                        return false;
                    }
                }
                return journal.has_value();
            }));
        }
        for (const QFuture<bool> &result : std::as_const(results)) {
            QVERIFY(result.result());
        }
        const auto journal = Journal::open(state()).value();
        QCOMPARE(journal->auditTrail().value().size(), 60);
        QVERIFY(journal->verifyAudit());
    }

    void faultStrikesTheStepsEndThatItNames()
    {
        const auto journal = Journal::open(state()).value();
        QVERIFY(journal->addRun(someRun(u"1"_s)));
        QList<StepRecord> steps = journal->steps(u"1"_s).value();
        faultpoints::arm("eio@step-1-done");
        steps[0].state = StepState::Done;
        QVERIFY(journal->updateStep(steps[0]));
        steps[1].state = StepState::Applying;
        QVERIFY(journal->updateStep(steps[1]));
        // What was announced and not written is not the next commit's.
        steps[1].state = StepState::Done;
        StepRecord none = steps[1];
        none.runId = u"2"_s;
        QCOMPARE(codeOf(journal->updateStep(none)), u"journal.no_step"_s);
        QVERIFY(journal->addEvent(u"1"_s, {}, {u"test"_s, {}}));
        QCOMPARE(codeOf(journal->updateRunAndStep(journal->run(u"1"_s).value(), steps[1])), u"journal.io"_s);
        QCOMPARE(journal->steps(u"1"_s).value().at(1).state, StepState::Applying);
    }

    void reserveLetsAFullDiskRecord()
    {
        const auto journal = Journal::open(state()).value();
        QVERIFY(journal->addRun(someRun(u"1"_s)));
        const QString reserve = QString(state() + u"/reserve"_s);
        QCOMPARE(QFileInfo(reserve).size(), reservedBytes);
        faultpoints::arm("enospc@1");
        QVERIFY(journal->addEvent(u"1"_s, {}, {u"test"_s, {}}));
        faultpoints::arm("enospc@1+");
        QVERIFY(!QFile::exists(reserve));
        QCOMPARE(codeOf(journal->addEvent(u"1"_s, {}, {u"test"_s, {}})), u"journal.no_space"_s);
        faultpoints::arm({});
        QCOMPARE(journal->events(u"1"_s).value().size(), 1);
        (void)Journal::open(state()).value();
        QVERIFY(QFile::exists(reserve)); // Taken again once there is space.
    }

    void reallyFullDisk()
    {
        const QString mount = m_dir->filePath(u"small"_s);
        QVERIFY(files::makePath(mount));
        if (::mount("tmpfs", QFile::encodeName(mount).constData(), "tmpfs", 0, "size=40m") != 0) {
            SKIP_WITHOUT_ROOT("a small file system cannot be mounted here (needs CAP_SYS_ADMIN).");
        }
        const auto unmount = qScopeGuard([&mount] { ::umount2(QFile::encodeName(mount).constData(), MNT_DETACH); });
        {
            const auto journal = Journal::open(mount).value();
            QVERIFY(journal->addRun(someRun(u"1"_s)));
            QVERIFY(QFile::exists(QString(mount + u"/reserve"_s)));
            QFile filler(QString(mount + u"/filler"_s));
            QVERIFY(filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
            while (filler.write(QByteArray(4096, 'x')) == 4096) {
            }
            QCOMPARE(files::freeBytes(mount).value(), 0);
            StepRecord step = journal->steps(u"1"_s).value().at(0);
            step.results = {{u"big"_s, QString(100'000, u'x')}};
            step.state = StepState::Reverted;
            QVERIFY(journal->updateStep(step, {u"test"_s, {}}));
            QVERIFY(!QFile::exists(QString(mount + u"/reserve"_s)));
            // Until that is used up too: then nothing is half recorded.
            int recorded = 1;
            while (recorded < 1000 && journal->updateStep(step, {u"test"_s, step.results})) {
                ++recorded;
            }
            QVERIFY(recorded > 10 && recorded < 1000);
            QCOMPARE(journal->events(u"1"_s).value().size(), recorded);
        }
        QVERIFY(QFile::remove(QString(mount + u"/filler"_s)));
        const auto journal = Journal::open(mount).value();
        QVERIFY(journal->steps(u"1"_s).value().at(0).state == StepState::Reverted);
        QVERIFY(journal->addEvent(u"1"_s, {}, {u"test"_s, {}}));
    }

    void opensOnAFullDisk()
    {
        const QString mount = m_dir->filePath(u"small"_s);
        QVERIFY(files::makePath(mount));
        if (::mount("tmpfs", QFile::encodeName(mount).constData(), "tmpfs", 0, "size=40m") != 0) {
            SKIP_WITHOUT_ROOT("a small file system cannot be mounted here (needs CAP_SYS_ADMIN).");
        }
        const auto unmount = qScopeGuard([&mount] { ::umount2(QFile::encodeName(mount).constData(), MNT_DETACH); });
        QVERIFY(Journal::open(mount).value()->addRun(someRun(u"1"_s)));
        QFile filler(QString(mount + u"/filler"_s));
        QVERIFY(filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
        while (filler.write(QByteArray(4096, 'x')) == 4096) {
        }
        const auto journal = Journal::open(mount);
        QVERIFY2(journal, journal ? "" : qPrintable(journal.error().text()));
        RunRecord run = (*journal)->run(u"1"_s).value();
        run.state = RunState::RolledBack;
        QVERIFY((*journal)->updateRun(run));
    }
};

QTEST_GUILESS_MAIN(JournalTest)
#include "journaltest.moc"
