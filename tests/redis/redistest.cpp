// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// A real redis-server with passwords: what it tells, what the checks make of it, and its snapshots in restore points.

#include "backup/backupplan.h"
#include "backup/redismember.h"
#include "backup/restorepoints.h"
#include "check/checklist.h"
#include "database/sqlite.h"
#include "plan/planners.h"
#include "redis/snapshot.h"
#include "serve/engineservice.h"
#include "serve/views.h"
#include "system/files.h"
#include "tests/support/redisserver.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QJsonDocument>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::RedisServer;
using cutover::testing::TestContext;

class RedisTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<RedisServer> m_server;
    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    static void write(const QString &file, const QByteArray &content)
    {
        QFile handle(file);
        QVERIFY(handle.open(QIODevice::WriteOnly) && handle.write(content) == content.size());
    }
    QMap<QString, CheckResult> checks(bool after = false)
    {
        CheckScope scope;
        scope.target = m_target;
        scope.afterUpdate = after;
        QMap<QString, CheckResult> found;
        const QList<CheckResult> results = await(runCheckList(scope, {}, {})).value_or(QList<CheckResult>());
        for (const CheckResult &result : results) {
            if (result.id.startsWith(u"redis")) {
                found.insert(result.id, result);
            }
        }
        return found;
    }
    /// Makes a restore point; its id is a result of "backup".
    Result<RestorePoint> makePoint(TestContext &context, QList<StepSpec> *steps, bool forRollback = false)
    {
        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        const PlanningContext planning{m_target, {}, u"1.2.0"_s};
        TRY(*steps, forRollback ? await(backupSteps(planning, {u"backup.reason.rollback"_s, {{u"version"_s, u"1.2.0"_s}}})) : await(planBackup(planning, release)));
        TRY(auto backup, StepRegistry::create(steps->first()));
        TRY(const QJsonObject undo, await(backup->prepare(context, {})));
        context.step = u"backup"_s;
        CHECK(await(backup->apply(context, undo, {})));
        return await(readRestorePoint(m_target.stateDirectory, undo[u"id"].toString()));
    }
    Result<> prove(TestContext &context, const StepSpec &spec)
    {
        TRY(auto verify, StepRegistry::create(spec));
        return await(verify->apply(context, {}, {}));
    }

private Q_SLOTS:
    void init()
    {
        if (const QString why = RedisServer::missing(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: a real Redis: "_s + why));
        }
        m_server = std::make_unique<RedisServer>();
        const QString why = m_server->start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        m_folder = std::make_unique<QTemporaryDir>();
        m_target = {};
        m_target.name = u"test"_s;
        m_target.product = u"test"_s;
        m_target.path = path(u"target.yaml"_s);
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.backup = {path(u"backups"_s), 5};
        m_target.databases = {{u"main"_s, u"sqlite"_s, path(u"main.db"_s), {}, {}}};
        m_target.redis = {m_server->userSpec()};
        m_target.redis[0].backup = true;
        write(m_target.path, "name: test\n");
        QVERIFY(QDir().mkpath(m_target.stateDirectory));
        for (const QString &version : {u"1.2.0"_s, u"1.3.0"_s}) {
            QVERIFY(QDir().mkpath(m_target.releaseDirectory(version)));
        }
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        auto connection = sqlite::Connection::open(path(u"main.db"_s), sqlite::Connection::Mode::Create);
        QVERIFY(connection->execute(u"CREATE TABLE orders (id INTEGER PRIMARY KEY)"_s));
    }
    void cleanup()
    {
        m_server.reset();
        m_folder.reset();
    }

    void tellsOfItself()
    {
        QCOMPARE(m_server->ask({"SET", "a", "1"}), "OK");
        const auto connection = redis::Connection::open(m_server->userSpec());
        QVERIFY2(connection, qPrintable(connection ? QString() : connection.error().text()));
        QVERIFY((*connection)->ping());
        const auto facts = (*connection)->facts();
        QVERIFY2(facts, qPrintable(facts ? QString() : facts.error().text()));
        QVERIFY(facts->version.contains(u'.'));
        QCOMPARE(facts->runId.size(), 40);
        QCOMPARE(facts->role, u"master"_s);
        QCOMPARE(facts->keys, 1);
        QVERIFY(facts->usedMemory > 100000);
        QCOMPARE(facts->maxMemory, 0);
        QVERIFY(!facts->saveFails && !facts->appendFails && !facts->loading);

        // By its socket, too.
        RedisSpec bySocket = m_server->spec();
        bySocket.socket = m_server->path(u"redis.sock"_s);
        const auto local = redis::Connection::open(bySocket);
        QVERIFY2(local, qPrintable(local ? QString() : local.error().text()));
        QCOMPARE((*local)->facts()->runId, facts->runId);
    }

    void saysWhatIsWrongWithoutSecrets()
    {
        RedisSpec spec = m_server->spec();
        spec.password = u"file:"_s + m_server->userPasswordFile();
        auto wrong = redis::Connection::open(spec);
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().code, u"redis.login"_s);
        QVERIFY(!QJsonDocument(wrong.error().toJson()).toJson().contains(RedisServer::userPassword()));
        spec.password.clear();
        const auto open = redis::Connection::open(spec);
        QVERIFY(open);
        QCOMPARE((*open)->ping().error().code, u"redis.login"_s);
        spec.password = u"file:/nowhere/at/all"_s;
        QVERIFY(!redis::Connection::open(spec));
        // A right that the user has not.
        const auto user = redis::Connection::open(m_server->userSpec());
        const auto refused = (*user)->ask({"SET", "a", "1"});
        QCOMPARE(refused.error().code, u"redis.refused"_s);
        QVERIFY(refused.error().text().contains(u"SET"_s));
        m_server->stop();
        const auto gone = redis::Connection::open(m_server->spec());
        QCOMPARE(gone.error().code, u"redis.unreachable"_s);
        QCOMPARE(gone.error().kind, Error::Kind::Transient);
        QVERIFY(gone.error().text().contains(QString::number(m_server->port())));
    }

    void checksAnswerAndMemory()
    {
        for (const bool after : {false, true}) {
            const auto results = checks(after);
            QCOMPARE(results.size(), 2);
            QVERIFY2(results[u"redis:cache"_s].status == CheckResult::Status::Passed, qPrintable(results[u"redis:cache"_s].finding.text()));
            QCOMPARE(results[u"redis_memory:cache"_s].finding.code, u"check.redis_memory_unlimited"_s);
        }
        // So little that what it needs for itself is nearly all.
        const qint64 used = redis::Connection::open(m_server->spec()).value()->facts()->usedMemory;
        QCOMPARE(m_server->ask({"CONFIG", "SET", "maxmemory", QByteArray::number(used * 2)}), "OK");
        QCOMPARE(checks().value(u"redis_memory:cache"_s).status, CheckResult::Status::Passed);
        m_target.redis[0].maxMemoryProportion = 0.3;
        const CheckResult high = checks().value(u"redis_memory:cache"_s);
        QCOMPARE(high.status, CheckResult::Status::Warning);
        QCOMPARE(high.error.code, u"check.redis_memory_high"_s);
        QVERIFY2(high.error.text().contains(u"limit 30"_s), qPrintable(high.error.text()));
        // A save that fails.
        QCOMPARE(m_server->ask({"CONFIG", "SET", "maxmemory", "0"}), "OK");
        QVERIFY(QDir().mkpath(m_server->path(u"dump.rdb"_s)));
        QVERIFY(m_server->ask({"BGSAVE"}).contains("started"));
        QTRY_COMPARE_WITH_TIMEOUT(checks().value(u"redis:cache"_s).error.code, u"check.redis_save_fails"_s, 5000);
        QCOMPARE(checks().value(u"redis:cache"_s).status, CheckResult::Status::Failed);
        m_server->stop();
        QCOMPARE(checks().value(u"redis:cache"_s).status, CheckResult::Status::Failed);
        QCOMPARE(checks().value(u"redis:cache"_s).error.code, u"redis.unreachable"_s);
    }

    void checksumIsRedisOwn()
    {
        // The value that Redis's own source tests its function with.
        QCOMPARE(redis::crc64(0, "123456789"), 0xe9c6d914c4b8d9caULL);
        QCOMPARE(redis::crc64(redis::crc64(0, "12345"), "6789"), 0xe9c6d914c4b8d9caULL);
    }

    void isPartOfARestorePoint()
    {
        // Of all kinds, and more than one piece.
        for (int i = 0; i < 300; ++i) {
            QCOMPARE(m_server->ask({"SET", "text:" + QByteArray::number(i), QByteArray(5000, char('a' + i % 26)) + QByteArray::number(i * i)}), "OK");
        }
        QCOMPARE(m_server->ask({"LPUSH", "jobs", "one", "two"}), "2");
        QCOMPARE(m_server->ask({"XADD", "stream", "1-1", "field", "value"}), "1-1");
        TestContext context(m_target);
        QList<StepSpec> steps;
        const auto point = makePoint(context, &steps);
        QVERIFY2(point, qPrintable(point ? QString() : point.error().text()));
        QVERIFY2(steps[0].intent.text().contains(u"main, cache"_s), qPrintable(steps[0].intent.text()));
        const redis::SnapshotInfo info = redis::snapshotFromJson(point->members[redisMember(u"cache"_s)].toObject());
        QCOMPARE(info.keys, 302);
        QCOMPARE(info.size, QFileInfo(info.file).size());
        QCOMPARE(files::sha256(info.file).value(), info.sha256);
        QCOMPARE(QFileInfo(info.file).permissions() & ~(QFile::ReadUser | QFile::WriteUser), QFile::ReadOwner | QFile::WriteOwner);
        // What comes after it is not in it, and the server serves on.
        QCOMPARE(m_server->ask({"SET", "later", "1"}), "OK");
        context.results[{u"backup"_s, u"restorePoint"_s}] = point->id;
        const auto proven = prove(context, steps[1]);
        QVERIFY2(proven, qPrintable(proven ? QString() : proven.error().text()));
        QVERIFY(await(readRestorePoint(m_target.stateDirectory, point->id))->proven.isValid());

        // It is what a server starts from, as a person would do by hand.
        RedisServer other;
        QVERIFY(QFile::copy(info.file, other.path(u"dump.rdb"_s)));
        const QString why = other.start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QCOMPARE(other.ask({"DBSIZE"}), "302");
        QCOMPARE(other.ask({"LLEN", "jobs"}), "2");
        QCOMPARE(other.ask({"GET", "text:299"}), QByteArray(5000, char('a' + 299 % 26)) + QByteArray::number(299 * 299));
        QCOMPARE(other.ask({"EXISTS", "later"}), "0");
    }

    void noticesDamage()
    {
        QCOMPARE(m_server->ask({"SET", "a", QByteArray(3000, 'x') + "end"}), "OK");
        TestContext context(m_target);
        QList<StepSpec> steps;
        const auto point = makePoint(context, &steps);
        QVERIFY2(point, qPrintable(point ? QString() : point.error().text()));
        context.results[{u"backup"_s, u"restorePoint"_s}] = point->id;
        redis::SnapshotInfo info = redis::snapshotFromJson(point->members[redisMember(u"cache"_s)].toObject());
        const QByteArray whole = files::read(info.file).value();
        const auto spoilt = [&](const QByteArray &content) {
            write(info.file, content);
            return prove(context, steps[1]).error();
        };
        QByteArray flipped = whole;
        flipped[flipped.size() / 2] = char(flipped[flipped.size() / 2] ^ 1);
        QCOMPARE(spoilt(flipped).args[u"reason"][u"code"].toString(), u"redis.damaged.checksum"_s);
        QCOMPARE(spoilt(whole.chopped(20)).args[u"reason"][u"code"].toString(), u"redis.damaged.end"_s);
        QCOMPARE(spoilt("nonsense that is long enough").args[u"reason"][u"code"].toString(), u"redis.damaged.header"_s);
        // Whole, but another one than was written.
        QCOMPARE(m_server->ask({"SET", "b", "1"}), "OK");
        const auto second = redis::takeSnapshot(m_server->spec(), path(u"second.rdb"_s), {}, {});
        QVERIFY(second);
        QCOMPARE(spoilt(files::read(second->file).value()).code, u"database.backup_altered"_s);
        QVERIFY(QFile::remove(info.file));
        QCOMPARE(prove(context, steps[1]).error().code, u"redis.snapshot_gone"_s);
        // Adds up, but is no RDB: Redis's own program finds that.
        QByteArray odd = "REDIS0011";
        odd += QByteArray("\x17\x42\xff", 3);
        quint64 crc = redis::crc64(0, odd);
        for (int i = 0; i < 8; ++i, crc >>= 8) {
            odd += char(crc & 0xff);
        }
        write(path(u"odd.rdb"_s), odd);
        const redis::SnapshotInfo oddInfo{.file = path(u"odd.rdb"_s), .sha256 = files::sha256(path(u"odd.rdb"_s)).value()};
        QVERIFY(redis::checkSnapshot(oddInfo));
        QCOMPARE(await(redis::proveSnapshot(oddInfo, &Processes::system(), {})).error().code, u"redis.check_failed"_s);
    }

    /// What nothing has read is proven to its checksum only, and that is told: in the log, the report and the restore point.
    void whatNothingHasReadIsTold()
    {
        TestContext context(m_target);
        QList<StepSpec> steps;
        const auto point = makePoint(context, &steps);
        QVERIFY2(point, qPrintable(point ? QString() : point.error().text()));
        context.results[{u"backup"_s, u"restorePoint"_s}] = point->id;
        const auto unread = [&] { return await(readRestorePoint(m_target.stateDirectory, point->id))->members[redisMember(u"cache"_s)][u"unread"_s][u"code"_s].toString(); };
        QVERIFY(prove(context, steps[1]));
        QCOMPARE(unread(), QString());

        const QByteArray path = qgetenv("PATH");
        const auto restore = qScopeGuard([&path] { qputenv("PATH", path); });
        qputenv("PATH", QFile::encodeName(this->path(u"tools"_s)));
        QVERIFY(prove(context, steps[1]));
        QCOMPARE(unread(), u"redis.not_read_no_program"_s);
        QCOMPARE(context.logged.last().code, u"redis.not_read_no_program"_s);
        QCOMPARE(context.result(u"backup"_s, u"remarks"_s).toArray().size(), 1);

        // As an older one says it.
        QVERIFY(QDir().mkpath(this->path(u"tools"_s)));
        write(this->path(u"tools/redis-check-rdb"_s), "#!/bin/sh\necho '[offset 9] Can'\\''t handle RDB format version 12'\nexit 1\n");
        QVERIFY(QFile::setPermissions(this->path(u"tools/redis-check-rdb"_s), QFile::ReadOwner | QFile::ExeOwner));
        QVERIFY(prove(context, steps[1]));
        QCOMPARE(unread(), u"redis.not_read_too_old"_s);
    }

    void withoutItsSnapshotThereIsNoPoint()
    {
        // Not before an update; on a way back there is one all the same.
        m_server->stop();
        TestContext context(m_target);
        QList<StepSpec> steps;
        const auto none = makePoint(context, &steps);
        QVERIFY(!none);
        QCOMPARE(none.error().code, u"redis.unreachable"_s);
        QVERIFY(await(readRestorePoints(m_target.stateDirectory))->isEmpty());
        const auto point = makePoint(context, &steps, true);
        QVERIFY2(point, qPrintable(point ? QString() : point.error().text()));
        QVERIFY(!point->members.contains(redisMember(u"cache"_s)));
        QCOMPARE(context.logged.last().code, u"backup.redis_missing"_s);
        QVERIFY2(context.logged.last().text().contains(u"does not answer"_s), qPrintable(context.logged.last().text()));
    }

    void withoutTheRightToItItSaysSo()
    {
        QCOMPARE(m_server->ask({"ACL", "SETUSER", "cutover", "-sync"}), "OK");
        const auto none = redis::takeSnapshot(m_server->userSpec(), path(u"none.rdb"_s), {}, {});
        QVERIFY(!none);
        QCOMPARE(none.error().code, u"redis.refused"_s);
        QVERIFY2(none.error().text().contains(u"SYNC"_s) && none.error().text().contains(u"permission"_s), qPrintable(none.error().text()));
        QVERIFY(!QFile::exists(path(u"none.rdb"_s)));
    }

    void canBeStopped()
    {
        std::stop_source stop;
        stop.request_stop();
        const auto none = redis::takeSnapshot(m_server->userSpec(), path(u"none.rdb"_s), {}, stop.get_token());
        QCOMPARE(none.error().kind, Error::Kind::Cancelled);
        QVERIFY(QDir(m_folder->path()).entryList({u"*none*"_s}, QDir::Files | QDir::Hidden).isEmpty());
    }

    void aRestoreLeavesItAndSaysHow()
    {
        TestContext context(m_target);
        QList<StepSpec> steps;
        const auto point = makePoint(context, &steps);
        QVERIFY2(point, qPrintable(point ? QString() : point.error().text()));
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.3.0"_s));
        const auto plan = await(planRollback({m_target, {}, u"1.3.0"_s}, *point, u"restore"_s));
        QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
        const auto stays = std::ranges::find(plan->steps, u"redis_stays"_s, &StepSpec::kind);
        QVERIFY(stays != plan->steps.end());
        const QString text = stays->intent.text();
        QVERIFY2(text.contains(u"is not put back"_s) && text.contains(point->directory + u"/cache.rdb"_s) && text.contains(u"dump.rdb"_s), qPrintable(text));
        QVERIFY(!stays->changesState);
        // Between what comes back and the start of those who use it.
        const auto restored = std::ranges::find(plan->steps, u"restore_database"_s, &StepSpec::kind);
        const auto started = std::ranges::find(plan->steps, u"start_services"_s, &StepSpec::kind);
        QVERIFY(restored < stays && stays < started);
        auto step = StepRegistry::create(*stays);
        QVERIFY(step);
        QVERIFY(await((*step)->apply(context, {}, {})));
        QCOMPARE(context.logged.last().text(), text);
        QVERIFY(!std::ranges::contains(await(planRollback({m_target, {}, u"1.3.0"_s}, *point, u"code"_s))->steps, u"redis_stays"_s, &StepSpec::kind));
    }

    void isPinnedByItsPlace()
    {
        QVERIFY(pinIdentity(m_target));
        m_server->stop();
        const QString why = m_server->start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY(pinIdentity(m_target)); // Another process of it is no other system.
        m_target.redis[0].port += 1;
        const auto other = pinIdentity(m_target);
        QVERIFY(!other);
        QCOMPARE(other.error().code, u"target.identity_changed"_s);
        QCOMPARE(other.error().args[u"member"].toString(), u"redis.cache"_s);
    }

    void theEngineLooksAtItInTheBackground()
    {
        write(m_target.path, "schema: 1\nname: test\nproduct: test\nenvironment: staging\nstate: state\nreleases: releases\nrepository: {url: repository, keys: [k]}\n"
                             "redis: [{name: cache, port: "
                  + QByteArray::number(m_server->port()) + ", user: cutover, password: \"file:" + m_server->userPasswordFile().toUtf8() + "\"}]\nservices: [{name: a, managed: false, instances: [{name: a-1}], command: [a]}]\n");
        EngineService engine(m_target.path, u"kim@desk"_s);
        const auto opened = engine.open();
        QVERIFY2(opened, qPrintable(opened ? QString() : opened.error().text()));
        const auto look = [&engine] {
            const auto status = await(engine.call(u"status"_s));
            return status ? TargetView::fromJson(*status).redis.value(0) : RedisView{};
        };
        QCOMPARE(look().name, u"cache"_s);
        QTRY_VERIFY_WITH_TIMEOUT(look().usedMemory > 0, 10000);
        QVERIFY(look().version.contains(u'.'));
        QVERIFY(!look().high);
        m_server->stop();
        QTRY_COMPARE_WITH_TIMEOUT(look().problem.code, u"redis.unreachable"_s, 10000);
    }

    void viewsGoThereAndBack()
    {
        TargetView view;
        view.redis = {{.name = u"cache"_s, .version = u"8.0"_s, .usedMemory = 5, .maxMemory = 10, .high = true, .problem = {}}};
        const TargetView again = TargetView::fromJson(view.toJson());
        QCOMPARE(again.redis.size(), 1);
        QCOMPARE(again.redis[0].version, u"8.0"_s);
        QCOMPARE(again.redis[0].maxMemory, 10);
        QVERIFY(again.redis[0].high);
    }
};

QTEST_GUILESS_MAIN(RedisTest)
#include "redistest.moc"
