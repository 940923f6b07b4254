// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupplan.h"
#include "backup/restorepoints.h"
#include "database/sqlite.h"
#include "plan/sealing.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QDirIterator>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/stat.h>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::TestContext;
using sqlite::Connection;

class BackupStepsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_target = {};
        m_target.name = u"test"_s;
        m_target.product = u"test"_s;
        m_target.path = path("target.yaml");
        m_target.stateDirectory = path("state");
        m_target.releasesDirectory = path("releases");
        m_target.backup = {path("backups"), 2};
        m_target.databases = {{u"main"_s, u"sqlite"_s, path("main.db"), u"migrations"_s, {}}};
        m_target.configuration = {{path("app.env"), {u"*KEY*"_s}}};
        write(m_target.path, "name: test\n");
        write(path("app.env"), "API_KEY=hunter2\nMODE=fast\n");
        QVERIFY(QDir().mkpath(m_target.stateDirectory));
        for (const QString &version : {u"1.1.0"_s, u"1.2.0"_s, u"1.3.0"_s}) {
            QVERIFY(QDir().mkpath(m_target.releaseDirectory(version)));
        }
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        auto connection = Connection::open(path("main.db"), Connection::Mode::Create);
        QVERIFY(connection->execute(u"PRAGMA journal_mode = WAL"_s));
        QVERIFY(connection->execute(u"CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)"_s));
        QVERIFY(connection->execute(u"INSERT INTO orders (amount) VALUES (1), (2), (3)"_s));
    }

    void makesProvesAndRestores()
    {
        const RestorePoint point = makePoint();
        QCOMPARE(point.version, u"1.2.0"_s);
        QCOMPARE(point.reason.text(), u"before 1.3.0"_s);
        QVERIFY(!point.proven.isValid());
        QCOMPARE(point.facts["release.current"_L1].toString(), u"1.2.0"_s);
        QCOMPARE(point.members["database:main"_L1]["rows"_L1]["orders"_L1].toInt(), 3);

        TestContext context(m_target);
        context.results[{u"backup"_s, u"restorePoint"_s}] = point.id;
        auto verify = *StepRegistry::create(m_steps[1]);
        const auto proven = await(verify->apply(context, {}, {}));
        QVERIFY2(proven, qPrintable(proven ? QString() : proven.error().text()));
        QVERIFY(await(readRestorePoint(m_target.stateDirectory, point.id))->proven.isValid());

        write(path("app.env"), "API_KEY=other\n");
        auto connection = Connection::open(path("main.db"), Connection::Mode::Existing);
        QVERIFY(connection->execute(u"INSERT INTO orders (amount) VALUES (4)"_s));

        StepSpec spec;
        spec.kind = u"restore_configuration"_s;
        spec.params = {{u"file"_s, path("app.env")}, {u"backup"_s, point.members[configurationMember(path("app.env"))]}};
        auto configuration = *StepRegistry::create(spec);
        const auto undo = await(configuration->prepare(context, {}));
        QVERIFY2(undo, qPrintable(undo ? QString() : undo.error().text()));
        QCOMPARE(await(configuration->inspect(context, *undo)).value(), Inspection::NotStarted);
        QVERIFY(await(configuration->apply(context, *undo, {})));
        QVERIFY(await(configuration->verify(context, {})));
        QCOMPARE(await(configuration->inspect(context, *undo)).value(), Inspection::Done);
        QCOMPARE(read(path("app.env")), "API_KEY=hunter2\nMODE=fast\n");
        // What somebody mended by hand meanwhile is not thrown away.
        write(path("app.env"), "API_KEY=hunter2\nMODE=slow\n");
        QCOMPARE(await(configuration->revert(context, *undo, {})).error().code, u"config.edited"_s);
        QCOMPARE(read(path("app.env")), "API_KEY=hunter2\nMODE=slow\n");
        write(path("app.env"), "API_KEY=hunter2\nMODE=fast\n");
        QVERIFY(await(configuration->revert(context, *undo, {})));
        QCOMPARE(read(path("app.env")), "API_KEY=other\n");
        QVERIFY(await(configuration->finalize(context, *undo)));

        // A second point holds what is there now; what goes was counted by a step before.
        const RestorePoint now = makePoint();
        context.results[{u"last"_s, u"restorePoint"_s}] = now.id;
        context.results[{u"count"_s, u"lost"_s}] = QJsonObject{{u"orders"_s, 1}};
        spec.kind = u"restore_database"_s;
        spec.params = {{u"database"_s, u"main"_s},
                       {u"backup"_s, point.members[databaseMember(u"main"_s)]},
                       {u"counted"_s, u"count"_s},
                       {u"before"_s, u"last"_s}};
        auto database = *StepRegistry::create(spec);
        const auto counted = await(database->prepare(context, {}));
        QVERIFY2(counted, qPrintable(counted ? QString() : counted.error().text()));
        QCOMPARE((*counted)["lost"_L1]["orders"_L1].toInt(), 1);
        QVERIFY(await(database->observe(context, {})));
        // Nothing has been replaced yet, and that is proven.
        QCOMPARE(await(database->inspect(context, *counted)).value(), Inspection::NotStarted);
        QVERIFY(await(database->revert(context, *counted, {})));
        // A disk that is full before the first page leaves it so: the run may go back by itself.
        faultpoints::arm("enospc@1");
        const auto full = await(database->apply(context, *counted, {}));
        faultpoints::arm({});
        QVERIFY(!full);
        QCOMPARE(await(database->inspect(context, *counted)).value(), Inspection::NotStarted);
        QCOMPARE(connection->value(u"SELECT count(*) FROM orders"_s)->toInt(), 4);
        QVERIFY(await(database->apply(context, *counted, {})));
        QVERIFY(await(database->verify(context, {})));
        QCOMPARE(connection->value(u"SELECT count(*) FROM orders"_s)->toInt(), 3);
        QCOMPARE(await(database->inspect(context, *counted)).value(), Inspection::Partial);
        QCOMPARE(await(database->revert(context, *counted, {})).error().code, u"step.not_revertible"_s);
    }

    void countsTheLossAndAsks()
    {
        const RestorePoint point = makePoint();
        auto connection = Connection::open(path("main.db"), Connection::Mode::Existing);
        // As many rows as then, but one is another one and one has another value.
        QVERIFY(connection->execute(u"DELETE FROM orders WHERE id = 1"_s));
        QVERIFY(connection->execute(u"INSERT INTO orders (id, amount) VALUES (9, 9)"_s));
        QVERIFY(connection->execute(u"UPDATE orders SET amount = 20 WHERE id = 2"_s));

        StepSpec spec;
        spec.id = u"count_loss"_s;
        spec.kind = u"count_loss"_s;
        spec.params = {{u"backups"_s, QJsonObject{{u"main"_s, point.members[databaseMember(u"main"_s)]}}},
                       {u"accepted"_s, QJsonObject{{u"orders"_s, 1}}},
                       {u"allowance"_s, QJsonObject{{u"orders"_s, 1}}}};
        TestContext context(m_target);
        context.step = spec.id;
        const auto within = await((*StepRegistry::create(spec))->observe(context, {}));
        QVERIFY2(within, qPrintable(within ? QString() : within.error().text()));
        QCOMPARE(context.result(spec.id, u"lost"_s).toObject(), (QJsonObject{{u"orders"_s, 2}}));

        QVERIFY(connection->execute(u"INSERT INTO orders (amount) VALUES (10), (11)"_s));
        auto step = *StepRegistry::create(spec);
        const auto more = await(step->observe(context, {}));
        QCOMPARE(more.error().code, u"backup.loses_more"_s);
        for (const QString &word : {u"4 rows of orders"_s, u"counted 1 row of orders"_s, u"holds above 2 rows"_s, u"up to 5 rows"_s, u"Services go on"_s}) {
            QVERIFY2(more.error().text().contains(word), qPrintable(more.error().text()));
        }
        QCOMPARE(context.result(spec.id, u"asks"_s).toObject(), (QJsonObject{{u"orders"_s, 5}}));
        // Somebody resumed; the count behind the fence keeps to what was agreed to, and asks with the exact number.
        context.results[{spec.id, u"asked"_s}] = context.result(spec.id, u"asks"_s);
        QVERIFY(await(step->observe(context, {})));
        StepSpec fenced = spec;
        fenced.id = u"count_loss_fenced"_s;
        fenced.params[u"fenced"_s] = true;
        fenced.params[u"before"_s] = u"count_loss"_s;
        context.step = fenced.id;
        auto last = *StepRegistry::create(fenced);
        QVERIFY(await(last->observe(context, {})));
        QVERIFY(connection->execute(u"INSERT INTO orders (amount) VALUES (12), (13)"_s));
        const auto final = await(last->observe(context, {}));
        QCOMPARE(final.error().code, u"backup.loses_more_fenced"_s);
        QVERIFY2(final.error().text().contains(u"exactly 6 rows of orders"_s), qPrintable(final.error().text()));
        QCOMPARE(context.result(fenced.id, u"asks"_s).toObject(), (QJsonObject{{u"orders"_s, 6}}));
        context.results[{fenced.id, u"asked"_s}] = context.result(fenced.id, u"asks"_s);
        QVERIFY(await(last->observe(context, {})));
        QCOMPARE(context.result(fenced.id, u"lost"_s).toObject(), (QJsonObject{{u"orders"_s, 6}}));

        // A backup that is not what was written is found while services still serve.
        const QString file = point.members[databaseMember(u"main"_s)][u"file"_s].toString();
        QFile::resize(file, QFileInfo(file).size() - 1);
        QCOMPARE(await(step->observe(context, {})).error().code, u"database.backup_altered"_s);
    }

    void noSecretIsInTheClear()
    {
        const RestorePoint point = makePoint();
        int files = 0;
        for (const QString &root : {m_target.backup.directory, m_target.stateDirectory}) {
            QDirIterator it(root, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
            while (it.hasNext()) {
                const QString file = it.next();
                ++files;
                QVERIFY2(!read(file).contains("hunter2"), qPrintable(file));
                if (file.startsWith(m_target.backup.directory)) {
                    QVERIFY2(!(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther)),
                             qPrintable(file));
                }
            }
        }
        QVERIFY(files >= 4);
        QVERIFY(!(QFile::permissions(point.directory) & (QFile::ExeGroup | QFile::ExeOther)));
    }

    void anAlteredBackupIsNotProven()
    {
        const RestorePoint point = makePoint();
        TestContext context(m_target);
        context.results[{u"backup"_s, u"restorePoint"_s}] = point.id;
        auto verify = *StepRegistry::create(m_steps[1]);
        const QString sealedFile = point.members[configurationMember(path("app.env"))]["file"_L1].toString();
        const QByteArray sealedBytes = read(sealedFile);
        QByteArray altered = sealedBytes;
        altered[altered.size() - 1] = char(altered.back() ^ 1);
        write(sealedFile, altered);
        QCOMPARE(await(verify->apply(context, {}, {})).error().code, u"database.backup_altered"_s);
        QCOMPARE(unseal(m_target.stateDirectory, altered, sealedFile).error().code, u"backup.sealed"_s);
        QCOMPARE(*unseal(m_target.stateDirectory, sealedBytes, sealedFile), "API_KEY=hunter2\nMODE=fast\n");
        QCOMPARE(unseal(path("elsewhere"), sealedBytes, sealedFile).error().code, u"backup.sealed"_s);
        write(sealedFile, sealedBytes);
        const QString database = point.members["database:main"_L1]["file"_L1].toString();
        QFile::resize(database, QFileInfo(database).size() - 1);
        QCOMPARE(await(verify->apply(context, {}, {})).error().code, u"database.backup_altered"_s);
        QVERIFY(!await(readRestorePoint(m_target.stateDirectory, point.id))->proven.isValid());
    }

    void interruptedBackupIsRepeatedUnderItsId()
    {
        plan();
        TestContext context(m_target);
        auto step = *StepRegistry::create(m_steps[0]);
        const QJsonObject undo = *await(step->prepare(context, {}));
        QCOMPARE(await(step->inspect(context, undo)).value(), Inspection::NotStarted);
        QVERIFY(QDir().mkpath(m_target.backup.directory + u'/' + undo["id"_L1].toString()));
        QCOMPARE(await(step->inspect(context, undo)).value(), Inspection::Partial);
        QVERIFY(await(step->apply(context, undo, {})));
        QVERIFY(await(step->apply(context, undo, {})));
        QCOMPARE(await(step->inspect(context, undo)).value(), Inspection::Done);
        QCOMPARE(await(readRestorePoints(m_target.stateDirectory))->size(), 1);
    }

    void cleanUpKeepsWhatIsNeeded()
    {
        QList<RestorePoint> points;
        const auto add = [&](const QString &id, const QString &version, bool proven, const QString &run, bool available = true) {
            RestorePoint point;
            point.id = id;
            point.version = version;
            point.runId = run;
            point.available = available;
            if (proven) {
                point.proven = QDateTime::currentDateTimeUtc();
            }
            points.append(point);
        };
        add(u"new"_s, u"1.2.0"_s, false, u"A"_s);
        add(u"gone"_s, u"1.2.0"_s, true, u"B"_s, false);
        add(u"second"_s, u"1.2.0"_s, false, u"C"_s);
        add(u"third"_s, u"1.2.0"_s, false, u"D"_s);
        add(u"proven"_s, u"1.1.0"_s, true, u"E"_s);
        add(u"older proven"_s, u"1.1.0"_s, true, u"F"_s);
        add(u"mine"_s, u"1.0.0"_s, false, u"RUN1"_s);
        add(u"serving"_s, u"1.3.0"_s, false, u"G"_s);
        const CleanUpChoice choice = chooseForCleanUp(points, 2, u"RUN1"_s, {u"1.3.0"_s});
        QCOMPARE(choice.kept, (QStringList{u"new"_s, u"second"_s, u"proven"_s, u"mine"_s, u"serving"_s}));
        QCOMPARE(choice.remove.size(), 2);
        QCOMPARE(choice.remove[0].id, u"third"_s);
        QCOMPARE(choice.remove[1].id, u"older proven"_s);
    }

    /// Two targets keep their backups in one folder; one cleans up while the other's backup is under way.
    void cleanUpLeavesWhatIsAnothers()
    {
        Target other = m_target;
        other.name = u"other"_s;
        other.path = path("other.yaml");
        other.stateDirectory = path("other-state");
        QVERIFY(QDir().mkpath(other.stateDirectory));
        QStringList kept;
        QStringList gone;
        for (const Target &target : {other, m_target}) {
            // Everything is written but what is written last; and a kill just behind the folder.
            plan();
            TestContext context(target);
            auto step = *StepRegistry::create(m_steps[0]);
            const QJsonObject undo = await(step->prepare(context, {})).value_or(QJsonObject());
            const QString begun = target.backup.directory + u'/' + undo["id"_L1].toString();
            QVERIFY(QDir().mkpath(begun));
            // The database fails: what was written until then stays until it is taken back.
            QVERIFY(QFile::rename(path("main.db"), path("away.db")));
            QVERIFY(!await(step->apply(context, undo, {})));
            QVERIFY(QFile::rename(path("away.db"), path("main.db")));
            QVERIFY(!QDir(begun).isEmpty());
            QVERIFY(age(begun));
            (target.name == u"other" ? kept : gone).append(begun);
        }
        // Of a version that wrote no owner: one just begun, one left long ago, and one of which a file is being written.
        const QString fresh = m_target.backup.directory + u"/01ARZ3NDEKTSV4RRFFQ69G5FAV"_s;
        const QString old = m_target.backup.directory + u"/01ARZ3NDEKTSV4RRFFQ69G5FAW"_s;
        const QString written = m_target.backup.directory + u"/01ARZ3NDEKTSV4RRFFQ69G5FAX"_s;
        const QString damaged = m_target.backup.directory + u"/01ARZ3NDEKTSV4RRFFQ69G5FAY"_s;
        for (const QString &folder : {fresh, old, written, damaged}) {
            QVERIFY(QDir().mkpath(folder));
        }
        write(written + u"/main.dump"_s, "half");
        write(damaged + u"/owner.json"_s, "{");
        QVERIFY(age(damaged + u"/owner.json"_s));
        for (const QString &folder : {old, written, damaged}) {
            QVERIFY(age(folder));
        }
        kept += {fresh, written, damaged};
        gone += old;
        const auto steps = await(planCleanUp({m_target, {}, u"1.2.0"_s}, release()));
        TestContext context(m_target);
        const auto done = await((*StepRegistry::create(steps->first()))->apply(context, {}, {}));
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        for (const QString &folder : std::as_const(kept)) {
            QVERIFY2(QFile::exists(folder), qPrintable(folder));
        }
        for (const QString &folder : std::as_const(gone)) {
            QVERIFY2(!QFile::exists(folder), qPrintable(folder));
        }
    }

    void cleanUpRemovesFolders()
    {
        for (int i = 0; i < 4; ++i) {
            RestorePoint point = makePoint();
            point.runId = u"EARLIER"_s;
            point.version = u"1.0.0"_s;
            point.facts = {{u"instance:strategy"_s, u"0.9.0"_s}}; // Not restarted by 1.0.0.
            QVERIFY(await(saveRestorePoint(m_target.stateDirectory, point)));
            QTest::qWait(2);
        }
        const QString stray = m_target.backup.directory + u"/01ARZ3NDEKTSV4RRFFQ69G5FAV"_s;
        const QString foreign = m_target.backup.directory + u"/notes"_s;
        QVERIFY(QDir().mkpath(stray));
        QVERIFY(age(stray));
        QVERIFY(QDir().mkpath(foreign));
        QVERIFY(QDir().mkpath(m_target.releaseDirectory(u"0.9.0"_s)));
        const auto steps = await(planCleanUp({m_target, {}, u"1.2.0"_s}, release()));
        auto step = *StepRegistry::create(steps->first());
        TestContext context(m_target);
        const auto done = await(step->apply(context, {}, {}));
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        QVERIFY(!QFile::exists(stray));
        QVERIFY(QFile::exists(foreign));
        int available = 0;
        const auto points = *await(readRestorePoints(m_target.stateDirectory));
        for (const RestorePoint &point : points) {
            available += point.available;
            QCOMPARE(QFile::exists(point.directory), point.available);
        }
        QCOMPARE(available, 2);
        QVERIFY(!QFile::exists(m_target.releaseDirectory(u"1.1.0"_s)));
        QVERIFY(QFile::exists(m_target.releaseDirectory(u"0.9.0"_s)));
        QVERIFY(QFile::exists(m_target.releaseDirectory(u"1.2.0"_s)));
        QVERIFY(QFile::exists(m_target.releaseDirectory(u"1.3.0"_s)));
        QVERIFY(await(step->apply(context, {}, {})));
    }

private:
    QString path(const char *name) const { return m_directory->filePath(QString::fromLatin1(name)); }
    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
    }
    /// As if nothing had changed it for two days.
    static bool age(const QString &path)
    {
        const auto then = QDateTime::currentSecsSinceEpoch() - 2 * 24 * 60 * 60;
        const timespec times[2] = {{then, 0}, {then, 0}};
        return ::utimensat(AT_FDCWD, QFile::encodeName(path).constData(), times, 0) == 0;
    }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("unreadable");
    }
    static StagedRelease release()
    {
        StagedRelease staged;
        staged.info.manifest.version = {1, 3, 0, {}, {}};
        return staged;
    }
    void plan()
    {
        const auto steps = await(planBackup({m_target, {}, u"1.2.0"_s}, release()));
        QVERIFY2(steps, qPrintable(steps ? QString() : steps.error().text()));
        QCOMPARE(steps->size(), 2);
        m_steps = *steps;
    }
    RestorePoint makePoint()
    {
        plan();
        TestContext context(m_target);
        auto step = *StepRegistry::create(m_steps[0]);
        const QJsonObject undo = await(step->prepare(context, {})).value_or(QJsonObject());
        const auto done = await(step->apply(context, undo, {}));
        if (!done) {
            qWarning("%s", qPrintable(done.error().text()));
        }
        return await(readRestorePoint(m_target.stateDirectory, context.result({}, u"restorePoint"_s).toString())).value_or(RestorePoint());
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    Target m_target;
    QList<StepSpec> m_steps;
};

QTEST_GUILESS_MAIN(BackupStepsTest)
#include "backupstepstest.moc"
