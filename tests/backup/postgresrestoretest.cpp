// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/restorepoints.h"
#include "database/postgresdatabase.h"
#include "plan/facts.h"
#include "plan/loss.h"
#include "plan/planners.h"
#include "plan/rollbackplan.h"
#include "plan/step.h"
#include "run/decisions.h"
#include "run/orchestrator.h"
#include "run/runlock.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "system/random.h"
#include "tests/support/formerdatabases.h"
#include "tests/support/postgresserver.h"
#include "tests/support/skip.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QJsonArray>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <cstdio>
#include <libpq-fe.h>
#include <sys/mount.h>
#include <thread>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::PostgresServer;
using cutover::testing::TestContext;

namespace {

/// --run TARGET RUN: the runner, as a process of its own that can be killed.
Async<RunState> runAlone(Target target, QString run)
{
    CO_TRY(const auto lock, co_await RunLock::acquire(target.stateDirectory, run, {}));
    CO_TRY(const auto journal, Journal::open(target.stateDirectory));
    Orchestrator orchestrator(target, journal.get(), run, lock->descriptor());
    co_return co_await orchestrator.run(true);
}

} // namespace

/** A small system whose database is a real PostgreSQL one: backed up, changed, restored by whole runs that are killed. */
class PostgresRestoreTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = m_server.missing(); !why.isEmpty()) {
            QSKIP(qPrintable(why));
        }
        const QString why = m_server.create();
        QVERIFY2(why.isEmpty(), qPrintable(why));
    }

    /// 1.2.0 was backed up, then 1.3.0 brought other rows.
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        sql(u"postgres"_s, u"DROP DATABASE IF EXISTS trading WITH (FORCE); CREATE DATABASE trading OWNER owner"_s);
        sql(u"trading"_s, u"GRANT ALL ON SCHEMA public TO owner; SET ROLE owner; CREATE TABLE orders (id serial PRIMARY KEY, amount bigint); "
                          "INSERT INTO orders (amount) SELECT 0 FROM generate_series(1, 1000)"_s);
        const QByteArray yaml = "schema: 1\nname: small\nproduct: small\nenvironment: staging\nstate: state\nreleases: releases\n"
                                "repository: {url: \"file:///nowhere\", keys: [key.pub]}\n"
                                "databases:\n  - {name: main, driver: postgresql, host: 127.0.0.1, port: "
            + QByteArray::number(m_server.port()) + ", database: trading, user: owner, password: \"file:" + m_server.passwordFile().toUtf8()
            + "\"}\n"
              "services:\n  - {name: backend, managed: false, instances: [{name: backend-1, port: 1}], command: [backend], health: {command: [/bin/true]}}\n";
        QVERIFY(files::replace(path("target.yaml"), yaml));
        const auto target = Target::load(path("target.yaml"));
        QVERIFY2(target, qPrintable(target ? QString() : target.error().text()));
        m_target = *target;
        for (const QString &folder : {m_target.stateDirectory, m_target.releaseDirectory(u"1.2.0"_s), m_target.releaseDirectory(u"1.3.0"_s)}) {
            QVERIFY(QDir().mkpath(folder));
        }
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        const auto steps = await(planBackup({m_target, {}, u"1.2.0"_s}, release));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        TestContext context(m_target);
        auto backup = *StepRegistry::create(steps->first());
        const auto made = await(backup->apply(context, *await(backup->prepare(context, {})), {}));
        QVERIFY2(made, qPrintable(made ? QString() : made.error().text()));
        m_point = *await(readRestorePoint(m_target.stateDirectory, context.result({}, u"restorePoint"_s).toString()));
        change();
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.3.0"_s));
    }

    void cleanup()
    {
        QVERIFY(cutover::testing::dropFormer(m_target.databases.first()));
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'trading_%'"_s), QString());
    }

    void restoreCountsTheLossAndEndsOldOrNewWhereverItIsKilled()
    {
        const auto first = plan();
        QVERIFY(!first.steps.isEmpty());
        QCOMPARE(first.loss, (QJsonObject{{u"orders"_s, 25}}));
        // Planning builds nothing.
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname LIKE 'trading_%'"_s), u"0"_s);
        const QString whole = add(first);
        const Ended ended = go(whole, {});
        QCOMPARE(ended.state, u"succeeded"_s);
        QCOMPARE(content(), u"1000 0"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        Loss counted;
        const auto steps = (*journal)->steps(whole);
        QVERIFY(steps);
        for (const StepRecord &step : *steps) {
            counted = step.results[u"lost"_s].isObject() ? lossFromJson(step.results[u"lost"_s]) : counted;
        }
        QCOMPARE(counted, (Loss{{u"orders"_s, 25}}));
        QVERIFY(ended.points > 50);

        // From the count on, where the database is built, compared and swapped.
        for (const double part : {0.55, 0.85, 0.95}) {
            QVERIFY(files::switchLink(m_target.currentLink(), u"1.3.0"_s));
            change();
            const QString id = add(plan());
            const QByteArray point = QByteArray::number(int(double(ended.points) * part));
            const Ended killed = go(id, "kill@" + point);
            const QString between = content();
            QVERIFY2(between == u"1000 0"_s || between == u"1020 25"_s, qPrintable(QString::fromUtf8(point) + u": "_s + between));
            const Ended resumed = go(id, {});
            const QString after = content();
            qInfo("killed at %s of %lld: %s, then %s (%s), then %s (%s)", point.constData(), ended.points, qPrintable(killed.state), qPrintable(between),
                  between == u"1000 0"_s ? "new" : "old", qPrintable(resumed.state), qPrintable(after));
            QVERIFY2(resumed.state != u"succeeded"_s || after == u"1000 0"_s, qPrintable(after));
            QVERIFY2(resumed.state != u"rolledBack"_s || after == u"1020 25"_s, qPrintable(after));
            QVERIFY2(QStringList({u"succeeded"_s, u"rolledBack"_s}).contains(resumed.state), qPrintable(resumed.state));
            QVERIFY(cutover::testing::dropFormer(m_target.databases.first()));
        }
    }

    /// A service that Cutover does not manage writes all the time: what is lost of it is counted to the row, and in the last backup.
    void aWriterThatNoPlanStopsIsShutOutWhileItsRowsAreCounted()
    {
        const auto made = plan();
        std::atomic<qint64> acknowledged = 0;
        Ended ended;
        {
            const std::jthread writer([&](const std::stop_token &stop) {
                while (!stop.stop_requested()) {
                    write(stop, acknowledged);
                    QThread::msleep(5);
                }
            });
            while (acknowledged == 0) {
                QThread::msleep(5);
            }
            ended = go(add(made), {});
        }
        QCOMPARE(ended.state, u"succeeded"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        const auto runs = (*journal)->runs();
        QVERIFY(runs && !runs->isEmpty());
        const auto steps = (*journal)->steps(runs->first().id);
        QVERIFY(steps);
        Loss counted;
        QString last;
        for (const StepRecord &step : *steps) {
            counted = step.id == u"count_loss_fenced"_s ? lossFromJson(step.results[u"lost"_s]) : counted;
            last = step.id == u"backup_fenced"_s ? step.results[u"restorePoint"_s].toString() : last;
        }
        const QString former = m_server.value(u"postgres"_s, u"SELECT datname FROM pg_database WHERE datname LIKE 'trading_before_%'"_s);
        QVERIFY(!former.isEmpty());
        sql(u"postgres"_s, u"ALTER DATABASE %1 ALLOW_CONNECTIONS true"_s.arg(former));
        const qint64 gone = m_server.value(former, u"SELECT count(*) FROM orders WHERE amount = 9"_s).toLongLong();
        const qint64 all = m_server.value(former, u"SELECT count(*) FROM orders"_s).toLongLong();
        sql(u"postgres"_s, u"ALTER DATABASE %1 ALLOW_CONNECTIONS false"_s.arg(former));
        const qint64 since = m_server.value(u"trading"_s, u"SELECT count(*) FROM orders WHERE amount = 9"_s).toLongLong();
        qInfo("%lld acknowledged, %lld of them given up, %lld written since", (long long)acknowledged, (long long)gone, (long long)since);
        QVERIFY(gone > 0);
        // Nothing that was acknowledged is anywhere but here or there; one more when the session was ended between commit and answer.
        QVERIFY(gone + since >= acknowledged);
        QCOMPARE(counted, (Loss{{u"orders"_s, 25 + gone}}));
        const auto point = await(readRestorePoint(m_target.stateDirectory, last));
        QVERIFY(point);
        QCOMPARE(backupInfoFromJson(point->members[databaseMember(u"main"_s)].toObject()).rows[u"orders"_s], all);
    }

    /// What is given up is in the former database and in its last backup; nobody has proven that yet.
    void aCleanUpDropsTheFormerDatabaseOnlyOnceItsBackupIsProven()
    {
        const QString id = add(plan());
        QCOMPARE(go(id, {}).state, u"succeeded"_s);
        const QString former = m_server.value(u"postgres"_s, u"SELECT datname FROM pg_database WHERE datname LIKE 'trading_before_%'"_s);
        QVERIFY(!former.isEmpty());
        const auto points = await(readRestorePoints(m_target.stateDirectory));
        QVERIFY(points);
        const RestorePoint last = points->first();
        QCOMPARE(last.reason.code, u"backup.reason.rollback_fenced"_s);
        QVERIFY(!last.proven.isValid());
        // A newer one, and no more are to be kept.
        backUp();
        const QString table = backupInfoFromJson(last.members[databaseMember(u"main"_s)].toObject()).file + u"/dump/toc.dat"_s;
        const QByteArray whole = *files::read(table);
        QByteArray altered = whole;
        altered[altered.size() / 2] = char(altered[altered.size() / 2] + 1);
        QVERIFY(files::replace(table, altered, files::privateFile));
        TestContext damaged(m_target);
        cleanUp(damaged);
        QVERIFY(exists(former));
        const Message kept = Message::fromJson(damaged.result({}, stepresult::remarks)[0].toObject());
        QCOMPARE(kept.code, u"backup.clean_up.unproven_former"_s);
        QVERIFY2(kept.text().contains(former) && kept.text().contains(u"main"_s), qPrintable(kept.text()));
        QVERIFY(await(readRestorePoint(m_target.stateDirectory, last.id))->available);

        // Without room for the proof it is not begun.
        QVERIFY(files::replace(table, whole, files::privateFile));
        Target narrow = m_target;
        narrow.databases[0].postgres.dataFolder = m_server.path(u"data"_s);
        narrow.databases[0].postgres.minimumFreeBytes = 1LL << 60;
        TestContext full(narrow);
        cleanUp(full);
        QVERIFY(exists(former));
        QVERIFY2(Message::fromJson(full.result({}, stepresult::remarks)[0].toObject()).text().contains(u"must stay free"_s), qPrintable(former));

        TestContext proven(m_target);
        cleanUp(proven);
        QVERIFY(!exists(former));
        QVERIFY(proven.result({}, stepresult::remarks).isUndefined());
        // The backup outlives it until the next one.
        QVERIFY(await(readRestorePoint(m_target.stateDirectory, last.id))->available);
        TestContext later(m_target);
        cleanUp(later);
        QVERIFY(!await(readRestorePoint(m_target.stateDirectory, last.id))->available);
    }

    /// The last backup is gone: nothing else holds the rows that were given up.
    void aFormerDatabaseWhoseBackupIsGoneStays()
    {
        QCOMPARE(go(add(plan()), {}).state, u"succeeded"_s);
        RestorePoint last = await(readRestorePoints(m_target.stateDirectory))->first();
        last.available = false;
        QVERIFY(await(saveRestorePoint(m_target.stateDirectory, last)));
        TestContext context(m_target);
        cleanUp(context);
        const Message kept = Message::fromJson(context.result({}, stepresult::remarks)[0].toObject());
        QCOMPARE(kept.code, u"backup.clean_up.unproven_former"_s);
        QVERIFY2(kept.text().contains(u"drop it by hand"_s), qPrintable(kept.text()));
        QCOMPARE(cutover::testing::formerNames(m_target.databases.first())->size(), 1);
    }

    /// A copy of everything would fill the disk of a server that serves.
    void withoutRoomForCopiesItIsRefusedAndHeldButNeverBehindTheFence()
    {
        if (!cutover::testing::mayMount()) {
            SKIP_WITHOUT_ROOT("a disk that is nearly full has to be mounted");
        }
        // Not measured: the owner may not ask for the folder. That is part of what is approved.
        const auto unmeasured = plan();
        const auto verify = std::ranges::find(unmeasured.steps, u"verify_backup"_s, &StepSpec::kind);
        QVERIFY(verify != unmeasured.steps.end());
        QCOMPARE(verify->intent.code, u"backup.verify.intent_unmeasured"_s);
        QVERIFY2(verify->intent.text().contains(u"role owner may not ask"_s), qPrintable(verify->intent.text()));

        const QByteArray disk = path("disk").toUtf8();
        QVERIFY(QDir().mkpath(path("disk")));
        QByteArray yaml = *files::read(m_target.path);
        yaml.replace("user: owner,", QByteArray("user: owner, minimum_free: 32 MiB, data_folder: \"" + disk + "\","));
        QVERIFY(files::replace(m_target.path, yaml));
        m_target = *Target::load(m_target.path);
        const auto made = plan();
        QCOMPARE(std::ranges::find(made.steps, u"verify_backup"_s, &StepSpec::kind)->intent.code, u"backup.verify.intent"_s);
        QCOMPARE(::mount("tmpfs", disk.constData(), "tmpfs", 0, "size=4M"), 0);
        const auto away = qScopeGuard([&disk] { ::umount(disk.constData()); });
        const auto refused = await(planRollback({m_target, {}, u"1.3.0"_s}, m_point, u"restore"_s));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"check.postgres_space"_s);
        QVERIFY2(refused.error().text().contains(path("disk")) && refused.error().text().contains(u"main"_s), qPrintable(refused.error().text()));
        // The ways back that only prove a backup.
        QList<StepSpec> proof = made.steps.first(2);
        QCOMPARE(await(lookForProof(m_target, &proof)).error().code, u"check.postgres_space"_s);
        // Planned while there was room.
        const QString id = add(made);
        QCOMPARE(go(id, {}).state, u"held"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY2((*journal)->run(id)->reason.text().contains(u"Only "_s), qPrintable((*journal)->run(id)->reason.text()));
        QCOMPARE((*journal)->steps(id)->first().state, StepState::Pending);
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname LIKE 'trading_%'"_s), u"0"_s);
        decide(id, u"rollback"_s);
        QCOMPARE(go(id, {}).state, u"rolledBack"_s);
        // Where it has closed the database already, it goes on.
        Plan fenced = made;
        fenced.steps.removeIf([](const StepSpec &step) { return QStringList({u"backup"_s, u"verify_backup"_s, u"count_loss"_s}).contains(step.id); });
        QCOMPARE(fenced.steps.first().kind, u"close_databases"_s);
        QCOMPARE(go(add(fenced), {}).state, u"succeeded"_s);
        QCOMPARE(content(), u"1000 0"_s);
    }

    void killedWhileClosedItIsOpenedAgainOnTheWayBack()
    {
        const QString id = heldWhileClosed();
        // A plan made meanwhile would be of nothing that can serve.
        const auto other = await(planRollback({m_target, {}, u"1.3.0"_s}, m_point, u"restore"_s));
        QVERIFY(!other);
        QCOMPARE(other.error().code, u"database.left_closed"_s);
        decide(id, u"rollback"_s);
        for (int point = 1; point < 400; ++point) {
            const Ended ended = go(id, "kill@" + QByteArray::number(point));
            QCOMPARE(content(), u"1020 25"_s);
            if (!ended.state.isEmpty()) {
                QCOMPARE(ended.state, u"rolledBack"_s);
                break;
            }
            // Only some, as each takes its time.
            point += 6;
        }
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'trading%'"_s), u"trading"_s);
    }

    /// Whoever leaves it as it is must know that nobody gets in, before and afterwards, and by what it opens.
    void abandonedWhileClosedItSaysSoAndHowToOpenIt()
    {
        const QString id = heldWhileClosed();
        const QString statement = u"ALTER DATABASE \"trading_cutover_closed\" RENAME TO \"trading\""_s;
        QProcess ask;
        ask.start(qEnvironmentVariable("CUTOVER_BIN") + u"/cutoverctl"_s, {u"abandon"_s, u"--dry-run"_s, u"--target"_s, m_target.path});
        QVERIFY(ask.waitForFinished(60000));
        const QString answer = QString::fromUtf8(ask.readAllStandardOutput());
        QVERIFY2(answer.contains(statement) && answer.contains(u"main"_s) && answer.contains(u"To roll back opens it"_s), qPrintable(answer));

        decide(id, u"abandon"_s, m_target.name);
        QCOMPARE(go(id, {}).state, u"abandoned"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        const auto run = (*journal)->run(id);
        QVERIFY(run);
        QVERIFY2(run->reason.text().contains(statement), qPrintable(run->reason.text()));
        QVERIFY2(run->reason.text().contains(u"not opened again"_s) && run->reason.text().contains(u"test abandoned the run"_s), qPrintable(run->reason.text()));
        // It is as it says.
        sql(u"postgres"_s, statement);
        QCOMPARE(content(), u"1020 25"_s);
    }

    void whatIsOpenAgainIsNotSaidToBeClosed()
    {
        const auto made = plan();
        const QString id = add(made);
        QCOMPARE(go(id, {}).state, u"succeeded"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        QList<StepRecord> steps = *(*journal)->steps(id);
        QVERIFY(leftClosed(made, steps).isEmpty());
        // The steps in between, of a run that went no further, or back.
        const auto at = [&made](const QString &kind) { return std::ranges::find(made.steps, kind, &StepSpec::kind) - made.steps.begin(); };
        const auto close = at(u"close_databases"_s);
        const auto restore = at(u"restore_database"_s);
        QVERIFY(restore < made.steps.size() && close < restore);
        steps[restore].state = StepState::Failed;
        QCOMPARE(leftClosed(made, steps).code, u"run.may_be_closed"_s);
        steps[restore].state = StepState::Reverted;
        QCOMPARE(leftClosed(made, steps).code, u"run.left_closed"_s);
        steps[close].state = StepState::Reverting;
        QCOMPARE(leftClosed(made, steps).code, u"run.may_be_closed"_s);
        steps[close].state = StepState::Reverted;
        QVERIFY(leftClosed(made, steps).isEmpty());
    }

    /// Or a pg_restore that outlives a killed runner would work on beside the next one.
    void everyProgramKeepsTheRunsLock()
    {
        QVERIFY(QDir().mkpath(path("tools")));
        const QStringList programs{u"pg_dump"_s, u"pg_dumpall"_s, u"pg_restore"_s};
        for (const QString &program : programs) {
            const QString wrapper = path("tools/") + program;
            const QString script = u"#!/bin/sh\nheld=no\nfor fd in /proc/$$/fd/*; do [ \"$(readlink \"$fd\")\" = \"%1\" ] && held=yes; done\n"
                                   "echo \"%2 $held\" >> \"%3\"\nexec \"%4/%2\" \"$@\"\n"_s
                                       .arg(QDir(m_target.stateDirectory).canonicalPath() + u"/lock"_s, program, path("programs"), m_server.programs());
            QVERIFY(files::replace(wrapper, script.toUtf8()));
            QVERIFY(QFile::setPermissions(wrapper, QFile::ReadOwner | QFile::ExeOwner));
        }
        QByteArray yaml = *files::read(m_target.path);
        yaml.replace("user: owner,", QByteArray("user: owner, tools: " + path("tools").toUtf8() + ","));
        QVERIFY(files::replace(m_target.path, yaml));
        m_target = *Target::load(m_target.path);
        const auto allKeepIt = [this](const QStringList &programs) {
            const QList<QByteArray> lines = files::read(path("programs"))->trimmed().split('\n');
            for (const QString &program : programs) {
                QVERIFY2(lines.contains(program.toUtf8() + " yes") && !lines.contains(program.toUtf8() + " no"), lines.join(", ").constData());
            }
        };
        QCOMPARE(go(add(plan()), {}).state, u"succeeded"_s);
        allKeepIt(programs);
        // A clone reads what a run's clean up would remove.
        QVERIFY(QFile::remove(path("programs")));
        const auto lock = await(RunLock::acquire(m_target.stateDirectory, u"clone"_s, {}));
        QVERIFY(lock);
        const BackupInfo info = backupInfoFromJson(m_point.members[databaseMember(u"main"_s)].toObject());
        const auto cloned = await(clonePostgres(m_target.databases.first(), info, u"rehearsal"_s, {}, {}, {(*lock)->descriptor()}));
        QVERIFY2(cloned, qPrintable(cloned ? QString() : cloned.error().text()));
        sql(u"postgres"_s, u"DROP DATABASE rehearsal"_s);
        allKeepIt({u"pg_restore"_s});
    }

    void aKilledProofIsTakenAwayOnTheWayBack()
    {
        const QString proof = u"SELECT count(*) FROM pg_database WHERE datname = 'trading_cutover_proof'"_s;
        // One place after the other, until one leaves a copy.
        QString id;
        bool left = false;
        for (int point = 30; point < 190 && !left; point += 8) {
            id = add(plan());
            QCOMPARE(go(id, "kill@" + QByteArray::number(point)).state, QString());
            left = m_server.value(u"postgres"_s, proof) == u"1"_s;
            if (!left) {
                decide(id, u"abort"_s);
                QCOMPARE(go(id, {}).state, u"rolledBack"_s);
            }
        }
        QVERIFY(left);
        decide(id, u"abort"_s);
        QCOMPARE(go(id, {}).state, u"rolledBack"_s);
        QCOMPARE(m_server.value(u"postgres"_s, proof), u"0"_s);
        QCOMPARE(content(), u"1020 25"_s);
    }

    void declinedItLeavesNothingBeside()
    {
        // More than was approved: it asks, and nobody answers but to go back.
        const auto made = plan();
        sql(u"trading"_s, u"INSERT INTO orders (amount) SELECT 7 FROM generate_series(1, 100000)"_s);
        const QString id = add(made);
        QCOMPARE(go(id, {}).state, u"held"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        const auto run = (*journal)->run(id);
        QVERIFY2(run->reason.text().contains(u"100,025 rows of orders"_s), qPrintable(run->reason.text()));
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname = 'trading_cutover_new'"_s), u"0"_s);
        decide(id, u"rollback"_s);
        QCOMPARE(go(id, {}).state, u"rolledBack"_s);
        QCOMPARE(m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname LIKE 'trading_%'"_s), u"0"_s);
        QCOMPARE(content(), u"101020 100025"_s);
    }

    void aDroppedDatabaseIsBuiltAnew()
    {
        QVERIFY(await(FactSource::collect(m_target)));
        sql(u"postgres"_s, u"DROP DATABASE trading WITH (FORCE)"_s);
        const auto facts = await(FactSource::collect(m_target));
        QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().text()));
        QVERIFY(facts->contains(u"database.unreadable:main"_s));
        const auto made = plan();
        QCOMPARE(unknownLoss(made).keys(), QStringList{u"main"_s});
        QCOMPARE(go(add(made), {}).state, u"succeeded"_s);
        QCOMPARE(content(), u"1000 0"_s);
    }

private:
    struct Ended {
        QString state; ///< Empty: it was killed.
        qint64 points = 0;
    };

    QString path(const char *name) const { return m_directory->filePath(QString::fromLatin1(name)); }
    void sql(const QString &database, const QString &statement)
    {
        const auto done = m_server.sql(database, statement);
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
    }
    bool exists(const QString &database) const { return m_server.value(u"postgres"_s, u"SELECT count(*) FROM pg_database WHERE datname = '%1'"_s.arg(database)) == u"1"_s; }

    /// What the clean up at the end of an update does, which keeps one restore point.
    static void cleanUp(TestContext &context)
    {
        StepSpec spec;
        spec.id = u"clean_up"_s;
        spec.kind = u"clean_up"_s;
        spec.params = {{u"keep"_s, 1}, {u"versions"_s, QJsonArray{u"1.2.0"_s, u"1.3.0"_s}}};
        const auto step = *StepRegistry::create(spec);
        QVERIFY_RESULT(await(step->apply(context, {}, {})));
    }

    void backUp()
    {
        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        const auto steps = await(planBackup({m_target, {}, u"1.2.0"_s}, release));
        QVERIFY_RESULT(steps);
        TestContext context(m_target);
        for (const StepSpec &spec : *steps) {
            const auto step = *StepRegistry::create(spec);
            context.step = spec.id;
            QVERIFY_RESULT(await(step->apply(context, *await(step->prepare(context, {})), {})));
        }
    }

    QString content() const { return m_server.value(u"trading"_s, u"SELECT count(*) || ' ' || count(*) FILTER (WHERE amount = 7) FROM orders"_s); }

    /// The id of a run that has closed the database and asks, as more would be lost than was approved.
    QString heldWhileClosed()
    {
        auto made = plan();
        for (StepSpec &step : made.steps) {
            if (step.kind == u"count_loss"_s) {
                step.params[u"accepted"_s] = QJsonObject{{u"orders"_s, step.id == u"count_loss"_s ? 100 : 1}};
                step.params[u"before"_s] = QString();
                step.params[u"allowance"_s] = QJsonObject();
            }
        }
        const QString id = add(made);
        [this, id] {
            QCOMPARE(go(id, {}).state, u"held"_s);
            QCOMPARE(m_server.value(u"postgres"_s, u"SELECT datname FROM pg_database WHERE datname IN ('trading', 'trading_cutover_closed')"_s), u"trading_cutover_closed"_s);
        }();
        return id;
    }

    /// name: of the target, where the decision needs it.
    void decide(const QString &run, const QString &verb, const QString &name = {})
    {
        CommandRecord command;
        command.id = Random::system().id();
        command.runId = run;
        command.verb = verb;
        command.by = u"test"_s;
        if (!name.isEmpty()) {
            command.args = {{u"name"_s, name}};
        }
        command.created = QDateTime::currentDateTimeUtc();
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY((*journal)->addCommand(command));
    }

    /// Row by row, by a connection that knows nothing of us, until that is ended.
    void write(const std::stop_token &stop, std::atomic<qint64> &acknowledged) const
    {
        const QByteArray port = QByteArray::number(m_server.port());
        const char *const keys[]{"host", "port", "dbname", "user", "password", nullptr};
        const char *const values[]{"127.0.0.1", port.constData(), "trading", "owner", PostgresServer::password().constData(), nullptr};
        PGconn *connection = PQconnectdbParams(keys, values, 0);
        for (bool goes = PQstatus(connection) == CONNECTION_OK; goes && !stop.stop_requested();) {
            PGresult *result = PQexec(connection, "INSERT INTO orders (amount) VALUES (9)");
            goes = PQresultStatus(result) == PGRES_COMMAND_OK;
            acknowledged += goes;
            PQclear(result);
            QThread::msleep(2);
        }
        PQfinish(connection);
    }

    /// 1020 rows, 25 of them are not in the backup or have other values.
    void change() { sql(u"trading"_s, u"UPDATE orders SET amount = 7 WHERE id <= 5; INSERT INTO orders (amount) SELECT 7 FROM generate_series(1, 20)"_s); }

    Plan plan()
    {
        const auto made = await(planRollback({m_target, {}, u"1.3.0"_s}, m_point, u"restore"_s));
        if (!made) {
            qWarning("%s", qPrintable(made.error().text()));
            return {};
        }
        Plan plan = *made;
        // Nothing runs here that could be stopped, started or asked.
        plan.steps.removeIf([](const StepSpec &step) { return QStringList({u"stop_services"_s, u"start_services"_s, u"health"_s}).contains(step.kind); });
        return plan;
    }

    QString add(const Plan &plan)
    {
        RunRecord run;
        run.id = Random::system().id();
        run.plan = plan;
        run.planDigest = plan.digest();
        run.startedBy = u"test"_s;
        run.created = QDateTime::currentDateTimeUtc();
        const auto journal = Journal::open(m_target.stateDirectory);
        const auto added = (*journal)->addRun(run);
        if (!added) {
            qWarning("%s", qPrintable(added.error().text()));
        }
        return run.id;
    }

    Ended go(const QString &run, const QByteArray &fault)
    {
        QProcess child;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        if (!fault.isEmpty()) {
            environment.insert(u"CUTOVER_FAULT"_s, QString::fromUtf8(fault));
        }
        child.setProcessEnvironment(environment);
        child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        child.start(QCoreApplication::applicationFilePath(), {u"--run"_s, m_target.path, run});
        if (!child.waitForFinished(120000)) {
            child.kill();
            child.waitForFinished();
            return {u"hung"_s, 0};
        }
        const QList<QByteArray> words = child.readAllStandardOutput().trimmed().split(' ');
        return {QString::fromUtf8(words.value(0)), words.value(1).toLongLong()};
    }

    PostgresServer m_server;
    std::unique_ptr<QTemporaryDir> m_directory;
    Target m_target;
    RestorePoint m_point;
};

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == u"--run") {
        const auto target = Target::load(arguments.value(2));
        const auto state = target ? await(runAlone(*target, arguments.value(3))) : Result<RunState>(fail(target.error()));
        std::printf("%s %llu\n", qPrintable(state ? stateName(*state) : state.error().text()), (unsigned long long)faultpoints::count());
        return state ? 0 : 1;
    }
    PostgresRestoreTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "postgresrestoretest.moc"
