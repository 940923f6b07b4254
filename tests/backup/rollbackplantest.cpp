// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/restorepoints.h"
#include "database/sqlite.h"
#include "deploy/spares.h"
#include "migration/migrationplan.h"
#include "plan/loss.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "system/json.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::TestContext;
using sqlite::Connection;

class RollbackPlanTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    /// 1.2.0 was backed up, then 1.3.0 brought a column, a changed configuration and new orders.
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_target = {};
        m_target.name = u"test"_s;
        m_target.product = u"test"_s;
        m_target.path = path("target.yaml");
        m_target.stateDirectory = path("state");
        m_target.releasesDirectory = path("releases");
        m_target.backup = {path("backups"), 5};
        m_target.databases = {{u"main"_s, u"sqlite"_s, path("main.db"), u"migrations"_s, {}}};
        m_target.configuration = {{path("app.env"), {}}};
        ServiceSpec service;
        service.name = u"backend"_s;
        service.instances = {{u"backend-1"_s, 1}, {u"backend-2"_s, 2}};
        service.command = QStringList{u"bin/backend"_s};
        m_target.services = {service};
        write(m_target.path, "name: test\n");
        write(path("app.env"), "MODE=slow\n");
        QVERIFY(QDir().mkpath(m_target.stateDirectory));
        for (const QString &version : {u"1.2.0"_s, u"1.3.0"_s}) {
            QVERIFY(QDir().mkpath(m_target.releaseDirectory(version)));
        }
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        run({u"CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)"_s, u"INSERT INTO orders (amount) VALUES (1), (2), (3)"_s});

        StagedRelease release;
        release.info.manifest.version = {1, 3, 0, {}, {}};
        const auto steps = await(planBackup({m_target, {}, u"1.2.0"_s}, release));
        TestContext context(m_target);
        auto backup = *StepRegistry::create(steps->first());
        QVERIFY(await(backup->apply(context, *await(backup->prepare(context, {})), {})));
        m_point = *await(readRestorePoint(m_target.stateDirectory, context.result({}, u"restorePoint"_s).toString()));

        Migration migration;
        migration.revision = u"0001"_s;
        migration.name = u"note"_s;
        migration.up = u"ALTER TABLE orders ADD COLUMN note TEXT;"_s;
        migration.down = u"-- cutover: loses=orders.note\nALTER TABLE orders DROP COLUMN note;"_s;
        migration.upSha256 = json::sha256(migration.up.toUtf8());
        QVERIFY(await(upgrade(m_target.databases[0], migration, {}, {})));
        run({u"INSERT INTO orders (amount, note) VALUES (4, 'n'), (5, NULL)"_s});
        write(path("app.env"), "MODE=fast\n");
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.3.0"_s));
    }

    void codeAlone()
    {
        const auto plan = await(planRollback(context(), m_point, u"code"_s));
        QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
        QCOMPARE(plan->kind, u"rollback"_s);
        QCOMPARE(plan->from, u"1.3.0"_s);
        QCOMPARE(plan->to, u"1.2.0"_s);
        QCOMPARE(plan->restorePoint, m_point.id);
        QVERIFY(plan->loss.isEmpty());
        QCOMPARE(plan->policy["automaticRollback"_L1].toBool(true), false);
        const QStringList kinds = kindsOf(*plan);
        QVERIFY(kinds.contains(u"restore_configuration"_s));
        QVERIFY(kinds.contains(u"switch_release"_s));
        QCOMPARE(kinds.last(), u"health"_s);
        QVERIFY(!kinds.contains(u"unpack"_s));
        QVERIFY(!kinds.contains(u"downgrade"_s));
        // What it says will be is what was.
        const Facts after = plan->factsBefore(plan->steps.size());
        QCOMPARE(after["release.current"_L1].toString(), u"1.2.0"_s);
        QCOMPARE(after[u"configuration:"_s + path("app.env")], m_point.facts[u"configuration:"_s + path("app.env")]);
        QCOMPARE(after["migration.head:main"_L1].toString(), u"0001"_s);
    }

    /// What a run that was given up has left of a spare is ended, also where nothing else has to go back.
    void spareThatWasLeftIsEnded()
    {
        ServiceSpec &service = m_target.services[0];
        service.spare = InstanceSpec{u"backend-spare"_s, 3};
        QVERIFY(!kindsOf(*await(planRollback(context(), m_point, u"code"_s))).contains(u"retire_spare"_s));
        QVERIFY(noteSpare(m_target, service, true));
        const auto plan = await(planRollback(context(), m_point, u"code"_s));
        const auto end = std::ranges::find(plan->steps, u"retire_spare"_s, &StepSpec::kind);
        QVERIFY(end != plan->steps.end());
        QVERIFY(end->params["left"_L1].toBool());
        QCOMPARE(end->params["instance"_L1].toString(), u"backend-spare"_s);
        QVERIFY(kindsOf(*plan).indexOf(u"retire_spare"_s) > kindsOf(*plan).indexOf(u"switch_release"_s));

        write(path("app.env"), "MODE=slow\n");
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        PlanningContext there = context();
        there.installed = u"1.2.0"_s;
        const auto alone = await(planRollback(there, m_point, u"code"_s));
        QVERIFY2(alone, qPrintable(alone ? QString() : alone.error().text()));
        QCOMPARE(kindsOf(*alone), (QStringList{u"retire_spare"_s, u"health"_s}));

        // A restore stops all that could write.
        const auto restore = await(planRollback(there, m_point, u"restore"_s));
        const auto stop = std::ranges::find(restore->steps, u"stop_services"_s, &StepSpec::kind);
        QCOMPARE(stop->params["idle"_L1].toArray(), QJsonArray{u"backend-spare"_s});
        QVERIFY(!kindsOf(*restore).contains(u"retire_spare"_s));
    }

    void downgradeCountsItsLoss()
    {
        const auto plan = await(planRollback(context(), m_point, u"downgrade"_s));
        QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
        QCOMPARE(plan->loss, (QJsonObject{{u"orders.note"_s, 1}}));
        QVERIFY(plan->policy["holdAbove"_L1]["orders.note"_L1].toInt() > 1);
        const QStringList kinds = kindsOf(*plan);
        QCOMPARE(kinds.first(2), (QStringList{u"backup"_s, u"verify_backup"_s}));
        QVERIFY(kinds.indexOf(u"downgrade"_s) > kinds.indexOf(u"switch_release"_s));
        QCOMPARE(plan->factsBefore(plan->steps.size())["migration.head:main"_L1].toString(), QString());
    }

    void restoreKeepsAllThatItGivesUp()
    {
        const auto plan = await(planRollback(context(), m_point, u"restore"_s));
        QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
        QCOMPARE(plan->loss, (QJsonObject{{u"orders"_s, 2}}));
        QCOMPARE(kindsOf(*plan),
                 (QStringList{u"backup"_s, u"verify_backup"_s, u"count_loss"_s, u"stop_services"_s, u"backup"_s, u"count_loss"_s, u"restore_database"_s,
                              u"restore_configuration"_s, u"switch_release"_s, u"start_services"_s, u"health"_s}));
        // Nobody waits for the backup and its proof.
        QVERIFY(plan->expectedDowntimeMs > 0);
        for (qsizetype i = 0; i < plan->steps.size(); ++i) {
            const StepSpec &step = plan->steps[i];
            QCOMPARE(step.expectedDowntimeMs > 0, i >= 3 && i <= 9);
            QCOMPARE(step.pointOfNoReturn, step.kind == "restore_database"_L1);
        }
        // Until a database is replaced a failure starts the services again, and so does time.
        QVERIFY(plan->policy["automaticRollback"_L1].toBool());
        QCOMPARE(plan->policy["holdDefault"_L1].toString(), u"rollback"_s);
        for (int i = 0; i < 7; ++i) {
            QVERIFY(plan->steps[i].automaticRollback);
        }
        // About so many are lost, and the run holds above a limit: what writers add in the time to approve it.
        const qint64 limit = plan->policy["holdAbove"_L1]["orders"_L1].toInteger();
        QVERIFY(limit > 2);
        const QString asks = plan->steps[2].intent.text();
        QVERIFY2(asks.contains(u"2 rows of orders"_s) && asks.contains(u"above %1 rows"_s.arg(limit)), qPrintable(asks));
        QCOMPARE(plan->steps[6].previews.first().text.section(u'\n', 0, 0), u"@table\t@then\t@now\t@lost\t@holds_above"_s);
        QVERIFY2(plan->steps[6].previews.first().text.contains(u"orders\t3\t5\t2\t%1"_s.arg(limit)), qPrintable(plan->steps[6].previews.first().text));
        QCOMPARE(plan->factsBefore(plan->steps.size())["instance:backend-1"_L1].toString(), u"1.2.0"_s);
        // Planning changed nothing.
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 5);
        QCOMPARE(kindsOf(Plan::fromJson(plan->toJson()).value()), kindsOf(*plan));
    }

    /// Each service goes back to what it ran, not to what was installed: an earlier release did not restart it.
    void servicesGoBackToWhatTheyRan()
    {
        ServiceSpec other;
        other.name = u"strategy"_s;
        other.strategy = Strategy::Recreate;
        other.instances = {{u"strategy"_s, 3}};
        other.command = QStringList{u"bin/strategy"_s};
        m_target.services.append(other);
        for (const QString &instance : {u"backend-1"_s, u"backend-2"_s}) {
            m_point.facts[u"instance:"_s + instance] = u"1.2.0"_s;
        }
        m_point.facts[u"instance:strategy"_s] = u"1.1.0"_s;
        const auto record = [this](const QString &strategy) {
            QJsonObject instances;
            for (const auto &[instance, version] : {std::pair(u"backend-1"_s, u"1.3.0"_s), {u"backend-2"_s, u"1.3.0"_s}, {u"strategy"_s, strategy}}) {
                instances.insert(instance, QJsonObject{{u"desired"_s, u"running"_s}, {u"directory"_s, m_target.releaseDirectory(version)}});
            }
            QVERIFY(QDir().mkpath(path("state/supervisor")));
            write(path("state/supervisor/state.json"), QJsonDocument(QJsonObject{{u"instances"_s, instances}}).toJson());
        };
        record(u"1.3.0"_s);
        for (const QString &mode : {u"code"_s, u"downgrade"_s, u"restore"_s}) {
            QCOMPARE(await(planRollback(context(), m_point, mode)).error().code, u"rollback.release_gone"_s);
        }
        QVERIFY(QDir().mkpath(m_target.releaseDirectory(u"1.1.0"_s)));
        for (const QString &mode : {u"code"_s, u"downgrade"_s, u"restore"_s}) {
            const auto plan = await(planRollback(context(), m_point, mode));
            QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
            const Facts after = plan->factsBefore(plan->steps.size());
            QCOMPARE(after["release.current"_L1].toString(), u"1.2.0"_s);
            QCOMPARE(after["instance:backend-1"_L1].toString(), u"1.2.0"_s);
            QCOMPARE(after["instance:strategy"_L1].toString(), u"1.1.0"_s);
            for (const StepSpec &step : plan->steps) {
                if (step.kind == "recreate_service"_L1) {
                    QCOMPARE(step.params["fromRelease"_L1].toString(), u"1.3.0"_s);
                    QCOMPARE(step.params["toRelease"_L1].toString(), u"1.1.0"_s);
                } else if (step.kind == "start_services"_L1) {
                    QCOMPARE(step.params["otherReleases"_L1].toObject(), (QJsonObject{{u"strategy"_s, u"1.1.0"_s}}));
                }
            }
        }
        // Not restarted since: left alone, and started again as it was where it has to be stopped.
        record(u"1.1.0"_s);
        QVERIFY(!kindsOf(*await(planRollback(context(), m_point, u"code"_s))).contains(u"recreate_service"_s));
        const auto plan = await(planRollback(context(), m_point, u"restore"_s));
        const auto stop = std::ranges::find(plan->steps, u"stop_services"_s, &StepSpec::kind);
        QCOMPARE(stop->params["release"_L1].toString(), u"1.3.0"_s);
        QCOMPARE(stop->params["otherReleases"_L1].toObject(), (QJsonObject{{u"strategy"_s, u"1.1.0"_s}}));
    }

    void restoreCountsChangedAndReplacedRows()
    {
        // As many rows as now: only their keys and values tell.
        run({u"UPDATE orders SET amount = 10 WHERE id = 1"_s, u"DELETE FROM orders WHERE id = 2"_s, u"UPDATE orders SET note = 'x' WHERE id = 3"_s});
        const auto plan = await(planRollback(context(), m_point, u"restore"_s));
        QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
        QCOMPARE(plan->loss, (QJsonObject{{u"orders"_s, 3}, {u"orders.note"_s, 1}}));
    }

    void anUnreadableDatabaseIsRebuilt_data()
    {
        QTest::addColumn<bool>("missing");
        QTest::addColumn<int>("from"); // Bytes that are overwritten; -1: of the second half.
        QTest::newRow("its header overwritten") << false << 0;
        QTest::newRow("its pages overwritten") << false << -1;
        QTest::newRow("deleted") << true << 0;
    }
    /// Just when it is needed most: what is lost is unknown, the worst case, and said so; nothing is deleted.
    void anUnreadableDatabaseIsRebuilt()
    {
        QFETCH(const bool, missing);
        QFETCH(const int, from);
        run({u"CREATE TABLE filler (text TEXT)"_s, u"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO filler SELECT hex(randomblob(50)) FROM n"_s});
        const QByteArray damaged = missing ? QByteArray() : damage(from);
        if (missing) {
            QVERIFY(QFile::remove(path("main.db")));
        }

        // Only the restore is possible, and it says why it can't tell what it costs.
        const auto costs = await(rollbackCosts(context(), m_point));
        QVERIFY2(costs, qPrintable(costs ? QString() : costs.error().text()));
        const RollbackCost cost = costs->at(2);
        QVERIFY2(cost.unavailable.code.isEmpty(), qPrintable(cost.unavailable.text()));
        QCOMPARE(cost.unknownLoss.size(), 1);
        const QString why = Message::fromJson(cost.unknownLoss[0].toObject()).text();
        QVERIFY2(why.contains(u"unknown"_s) && why.contains(path("main.db")) && why.contains(missing ? u"does not exist"_s : from < 0 ? u"integrity"_s
                                                                                                                                      : u"damaged"_s),
                 qPrintable(why));

        const auto plan = await(planRollback(context(), m_point, u"restore"_s));
        QVERIFY2(plan, qPrintable(plan ? QString() : plan.error().text()));
        QCOMPARE(unknownLoss(*plan).keys(), QStringList{u"main"_s});
        QVERIFY(plan->loss.isEmpty());
        QCOMPARE(kindsOf(*plan),
                 (QStringList{u"backup"_s, u"verify_backup"_s, u"count_loss"_s, u"stop_services"_s, u"backup"_s, u"count_loss"_s, u"rebuild_database"_s,
                              u"restore_configuration"_s, u"switch_release"_s, u"start_services"_s, u"health"_s}));
        const StepSpec rebuild = plan->steps[6];
        QVERIFY(rebuild.pointOfNoReturn);
        // Interrupted between the move and the swap, the world is as the step leaves it, whatever could be read before.
        for (const QString &fact : {u"target.identity"_s, u"database.unreadable:main"_s, u"migration.head:main"_s}) {
            QVERIFY2(rebuild.changes.contains(fact), qPrintable(fact));
        }
        QVERIFY2(rebuild.previews.first().text.contains(u"orders\t3\t@unknown\t@unknown"_s), qPrintable(rebuild.previews.first().text));
        QVERIFY2(rebuild.intent.text().contains(u"unknown"_s), qPrintable(rebuild.intent.text()));
        QVERIFY2(plan->steps[0].intent.text().contains(u"main can't be read"_s), qPrintable(plan->steps[0].intent.text()));
        QCOMPARE(plan->factsBefore(plan->steps.size())["migration.head:main"_L1].toString(), QString());
        QVERIFY(!plan->factsBefore(plan->steps.size()).contains(u"database.unreadable:main"_s));

        TestContext context(m_target, *plan);
        // The safety backup has what can be read, and counts for no whole point.
        auto backup = *StepRegistry::create(plan->steps[0]);
        context.step = plan->steps[0].id;
        const auto kept = await(backup->apply(context, *await(backup->prepare(context, {})), {}));
        QVERIFY2(kept, qPrintable(kept ? QString() : kept.error().text()));
        auto verify = *StepRegistry::create(plan->steps[1]);
        context.step = plan->steps[1].id;
        QVERIFY(await(verify->apply(context, {}, {})));
        QVERIFY(!await(readRestorePoint(m_target.stateDirectory, context.result(u"backup"_s, u"restorePoint"_s).toString()))->proven.isValid());
        auto count = *StepRegistry::create(plan->steps[2]);
        context.step = plan->steps[2].id;
        const auto counted = await(count->observe(context, {}));
        QVERIFY2(counted, qPrintable(counted ? QString() : counted.error().text()));

        const QString aside = rebuild.params["aside"_L1].toString();
        auto step = *StepRegistry::create(rebuild);
        context.step = rebuild.id;
        QVERIFY(await(step->observe(context, {})));
        const auto undo = await(step->prepare(context, {}));
        QVERIFY(undo);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::NotStarted);
        // A disk that fails at each write in turn: nothing is lost, and it goes back to what was there or on.
        for (int at = 1;; ++at) {
            faultpoints::arm(QByteArray("eio@" + QByteArray::number(at)).constData());
            const auto done = await(step->apply(context, *undo, {}));
            faultpoints::arm({});
            if (done) {
                QVERIFY(at > 5);
                break;
            }
            QVERIFY(at < 200);
            if (!missing) {
                QCOMPARE(read(QFile::exists(aside) ? aside : path("main.db")), damaged);
            }
            if (await(step->inspect(context, *undo)).value() == Inspection::Partial && at % 2 == 0) {
                const auto back = await(step->revert(context, *undo, {}));
                QVERIFY(back || back.error().code == "step.not_revertible"_L1);
                if (back && !missing) {
                    QCOMPARE(read(path("main.db")), damaged);
                    QVERIFY(pinIdentity(m_target));
                }
            }
        }
        QVERIFY(await(step->verify(context, {})));
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 3);
        QCOMPARE(value(u"PRAGMA integrity_check"_s).toString(), u"ok"_s);
        QCOMPARE(QFile::exists(aside), !missing);
        if (!missing) {
            QCOMPARE(read(aside), damaged);
            QCOMPARE(context.result(rebuild.id, u"aside"_s).toString(), aside);
        }
        QVERIFY(QDir(m_directory->path()).entryList({u".*.cutover-tmp*"_s}, QDir::Files | QDir::Hidden).isEmpty());
        // It is this target's database, and what the step told is so.
        const auto now = await(FactSource::collect(m_target));
        QVERIFY2(now, qPrintable(now ? QString() : now.error().text()));
        QCOMPARE((*now)["target.identity"_L1], context.result(rebuild.id, u"facts"_s)["target.identity"_L1]);
        QCOMPARE(await(step->inspect(context, *undo)).value(), Inspection::Partial);
        QCOMPARE(await(step->revert(context, *undo, {})).error().code, u"step.not_revertible"_s);
        // Interrupted behind the swap: again, and the evidence stays what it was.
        QVERIFY(await(step->apply(context, *undo, {})));
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 3);
        // It can be read by now, so that a plan that says it can't is stopped before anything is.
        context.step = plan->steps[2].id;
        QCOMPARE(await(count->observe(context, {})).error().code, u"backup.readable_again"_s);
    }

    void notOntoAnotherDisk()
    {
        QVERIFY(pinIdentity(m_target));
        QVERIFY(QFile::remove(path("main.db")));
        const auto pins = QJsonDocument::fromJson(read(m_target.stateDirectory + u"/identity.json"_s)).object();
        QJsonObject other = pins;
        other[u"database.main.inode"_s] = u"abc:1"_s;
        write(m_target.stateDirectory + u"/identity.json"_s, QJsonDocument(other).toJson());
        QCOMPARE(await(planRollback(context(), m_point, u"restore"_s)).error().code, u"target.database_disk"_s);
        write(m_target.stateDirectory + u"/identity.json"_s, QJsonDocument(pins).toJson());
        QVERIFY(await(planRollback(context(), m_point, u"restore"_s)));
        RestorePoint without = m_point;
        without.members.remove(u"database:main"_s);
        QCOMPARE(await(planRollback(context(), without, u"restore"_s)).error().code, u"rollback.not_in_backup"_s);
    }

    void saysWhatIsNotPossible()
    {
        const auto costs = await(rollbackCosts(context(), m_point));
        QVERIFY(costs);
        QCOMPARE(costs->size(), 3);
        for (const RollbackCost &cost : *costs) {
            QVERIFY2(cost.unavailable.code.isEmpty(), qPrintable(cost.unavailable.text()));
            QVERIFY(cost.expectedMs > 0);
        }
        QCOMPARE(costs->at(2).loss, (QMap<QString, qint64>{{u"orders"_s, 2}}));
        QVERIFY(costs->at(2).holdAbove[u"orders"_s] > 2);
        QVERIFY(costs->at(0).holdAbove.isEmpty());

        RestorePoint gone = m_point;
        gone.available = false;
        QCOMPARE(await(planRollback(context(), gone, u"restore"_s)).error().code, u"rollback.backup_gone"_s);
        QCOMPARE(await(planRollback(context(), m_point, u"magic"_s)).error().code, u"rollback.unknown_mode"_s);
        run({u"UPDATE cutover_migrations SET phase = 'contract'"_s});
        QCOMPARE(await(planRollback(context(), m_point, u"code"_s)).error().code, u"rollback.contract"_s);
        run({u"UPDATE cutover_migrations SET down = ''"_s});
        QCOMPARE(await(planRollback(context(), m_point, u"downgrade"_s)).error().code, u"migration.irreversible"_s);
        QVERIFY(QDir(m_target.releaseDirectory(u"1.2.0"_s)).removeRecursively());
        QCOMPARE(await(planRollback(context(), m_point, u"restore"_s)).error().code, u"rollback.release_gone"_s);
        run({u"DELETE FROM cutover_migrations"_s});
        QCOMPARE(await(planRollback(context(), m_point, u"downgrade"_s)).error().code, u"rollback.nothing_to_downgrade"_s);
        QCOMPARE(await(planRollback(context(), m_point, u"code"_s)).error().code, u"rollback.release_gone"_s);
    }

private:
    QString path(const char *name) const { return m_directory->filePath(QString::fromLatin1(name)); }
    PlanningContext context() const { return {m_target, {}, u"1.3.0"_s}; }
    static QStringList kindsOf(const Plan &plan)
    {
        QStringList kinds;
        for (const StepSpec &step : plan.steps) {
            kinds.append(step.kind);
        }
        return kinds;
    }
    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
    }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    /// Overwrites bytes, as a failing disk does; what the file holds then.
    QByteArray damage(int from)
    {
        QFile file(path("main.db"));
        const qint64 at = from < 0 ? file.size() / 2 : from;
        if (!file.open(QIODevice::ReadWrite) || !file.seek(at)) {
            return {};
        }
        file.write(QByteArray(from < 0 ? int(file.size() - at) : 100, '\xa5'));
        file.close();
        return read(file.fileName());
    }
    void run(const QStringList &statements)
    {
        auto connection = Connection::open(path("main.db"), Connection::Mode::Create);
        for (const QString &statement : statements) {
            const auto done = connection->execute(statement);
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        }
    }
    QVariant value(const QString &sql)
    {
        auto connection = Connection::open(path("main.db"), Connection::Mode::Existing);
        return connection->value(sql).value_or(QVariant());
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    Target m_target;
    RestorePoint m_point;
};

QTEST_GUILESS_MAIN(RollbackPlanTest)
#include "rollbackplantest.moc"
