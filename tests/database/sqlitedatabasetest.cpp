// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/database.h"
#include "database/schema.h"
#include "plan/facts.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "tests/support/otherprocess.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QElapsedTimer>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::OtherProcess;
using sqlite::Connection;

class SqliteDatabaseTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_directory = std::make_unique<QTemporaryDir>();
        m_spec = {u"main"_s, u"sqlite"_s, m_directory->filePath(u"main.db"_s), {}, {}};
    }

    void cleanup() { faultpoints::arm({}); }

    void backupWhileWritersGoOn_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::newRow("write-ahead log") << u"WAL"_s;
        QTest::newRow("rollback journal") << u"DELETE"_s;
    }
    void backupWhileWritersGoOn()
    {
        QFETCH(QString, mode);
        make(mode, 20000);
        // Each transaction moves money from one account to the other: any consistent state sums to 0.
        const OtherProcess writer([this] {
            auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
            for (int i = 1;; ++i) {
                (void)connection->transaction([&]() -> Result<> {
                    CHECK(connection->execute(u"INSERT INTO orders (amount) VALUES (?)"_s, {i}));
                    return connection->execute(u"INSERT INTO orders (amount) VALUES (?)"_s, {-i});
                });
                ::usleep(200);
            }
        });
        QTRY_VERIFY(count() > 20100);
        auto database = *Database::create(m_spec);
        QList<qint64> progress;
        const auto info = await(database->backup(file(), [&](qint64 done, qint64) { progress.append(done); }, {}));
        QVERIFY2(info, qPrintable(info ? QString() : info.error().text()));
        const qint64 then = count();
        QTRY_VERIFY(count() > then);
        QVERIFY(info->rows[u"orders"_s] > 20000);
        QVERIFY(info->rows[u"orders"_s] <= then);
        QVERIFY(!progress.isEmpty());
        QVERIFY(std::ranges::is_sorted(progress) || mode == u"DELETE"_s);
        QVERIFY(await(database->verifyBackup(*info, {})));
        auto copy = Connection::open(file(), Connection::Mode::Existing);
        QCOMPARE(copy->value(u"SELECT sum(amount) FROM orders"_s)->toLongLong(), 0);
        // One private file and nothing beside it.
        QCOMPARE(QDir(m_directory->path()).entryList({u"*backup*"_s, u".*backup*"_s}, QDir::Files | QDir::Hidden), QStringList{u"backup.db"_s});
        QCOMPARE(QFile::permissions(file()) & ~(QFile::ReadUser | QFile::WriteUser), QFile::ReadOwner | QFile::WriteOwner);
    }

    void lossIsCountedByKey()
    {
        run({u"CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, note TEXT COLLATE NOCASE)"_s,
             u"INSERT INTO orders (amount, note) VALUES (1, 'a'), (2, 'b'), (3, NULL), (4, NULL)"_s,
             u"CREATE TABLE pairs (a TEXT, b TEXT, v, PRIMARY KEY (a, b)) WITHOUT ROWID"_s,
             u"INSERT INTO pairs VALUES ('x', '1', 1), ('x', '2', 2)"_s,
             u"CREATE TABLE log (line TEXT)"_s, u"INSERT INTO log VALUES ('same'), ('same'), ('other')"_s,
             u"CREATE TABLE quiet (id INTEGER PRIMARY KEY)"_s, u"INSERT INTO quiet VALUES (1)"_s});
        auto database = *Database::create(m_spec);
        const BackupInfo info = *await(database->backup(file(), {}, {}));
        QVERIFY(await(database->lossAgainst(info, {}, {}))->isEmpty());
        QVERIFY(*await(database->holdsTheSame(info, {})));

        // As many rows as before: deleted, added, and changed ones.
        run({u"DELETE FROM orders WHERE id = 1"_s, u"INSERT INTO orders (id, amount) VALUES (50, 9)"_s,
             u"UPDATE orders SET note = 'B' WHERE id = 2"_s, u"UPDATE orders SET note = 'x' WHERE id = 3"_s,
             u"UPDATE pairs SET v = 9 WHERE b = '2'"_s, u"INSERT INTO pairs VALUES ('y', '1', 1)"_s,
             u"DELETE FROM log WHERE line = 'other'"_s, u"INSERT INTO log VALUES ('same')"_s,
             u"CREATE TABLE late (id INTEGER PRIMARY KEY)"_s, u"INSERT INTO late VALUES (1), (2)"_s,
             u"DELETE FROM quiet"_s});
        QCOMPARE(*await(database->lossAgainst(info, {}, {})),
                 (QMap<QString, qint64>{{u"orders"_s, 3}, {u"pairs"_s, 2}, {u"log"_s, 1}, {u"late"_s, 2}}));
        QVERIFY(!*await(database->holdsTheSame(info, {})));

        // A column that came later: its values, in rows that the backup has.
        run({u"ALTER TABLE orders ADD COLUMN tag TEXT NOT NULL DEFAULT ''"_s, u"UPDATE orders SET tag = 't' WHERE id IN (4, 50)"_s});
        QCOMPARE(await(database->lossAgainst(info, {}, {}))->value(u"orders.tag"_s), 1);
        QVERIFY(await(database->restore(info, {}, {})));
        QVERIFY(await(database->lossAgainst(info, {}, {}))->isEmpty());
        QVERIFY(*await(database->holdsTheSame(info, {})));
        // Nothing to lose, but not the same: a row is missing.
        run({u"DELETE FROM orders WHERE id = 4"_s});
        QVERIFY(await(database->lossAgainst(info, {}, {}))->isEmpty());
        QVERIFY(!*await(database->holdsTheSame(info, {})));
        QFile::resize(file(), QFileInfo(file()).size() - 1);
        QCOMPARE(await(database->lossAgainst(info, {}, {})).error().code, u"database.backup_altered"_s);
    }

    void lossOfManyRowsIsCountedQuickly()
    {
        make(u"WAL"_s, 200000);
        auto database = *Database::create(m_spec);
        const BackupInfo info = *await(database->backup(file(), {}, {}));
        run({u"UPDATE orders SET amount = amount + 1 WHERE id % 1000 = 0"_s, u"INSERT INTO orders (amount) VALUES (1)"_s});
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(*await(database->lossAgainst(info, {}, {})), (QMap<QString, qint64>{{u"orders"_s, 201}}));
        // Each row is looked up by its key; without that this takes minutes.
        QVERIFY2(timer.elapsed() < 10000, qPrintable(QString::number(timer.elapsed())));
        qInfo("200,000 rows compared in %lld ms", timer.elapsed());
    }

    void restoreIsExactAndRepeatable()
    {
        make(u"WAL"_s, 1000);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        QVERIFY(info);
        const QString digest = *await(database->schemaDigest());
        run({u"ALTER TABLE orders ADD COLUMN note TEXT"_s, u"DELETE FROM orders WHERE id % 2"_s, u"CREATE TABLE extra (a)"_s});
        QVERIFY(await(database->schemaDigest()).value() != digest);
        for (int i = 0; i < 2; ++i) {
            const auto restored = await(database->restore(*info, {}, {}));
            QVERIFY2(restored, qPrintable(restored ? QString() : restored.error().text()));
            QCOMPARE(await(database->schemaDigest()).value(), digest);
            QCOMPARE(await(database->countRows()).value(), info->rows);
            QVERIFY(await(database->check()));
        }
        // A service that has the file open goes on with it, in the mode that it had.
        QCOMPARE(value(u"PRAGMA journal_mode"_s).toString(), u"wal"_s);
        QFile::remove(m_spec.file);
        QFile::remove(m_spec.file + "-wal"_L1);
        QFile::remove(m_spec.file + "-shm"_L1);
        QVERIFY(await((*Database::create(m_spec))->restore(*info, {}, {})));
        QCOMPARE(count(), 1000);
    }

    void restoreKilledAtEveryWriteLeavesOldOrNew()
    {
        make(u"WAL"_s, 1000);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        run({u"UPDATE orders SET amount = 7"_s, u"INSERT INTO orders (amount) VALUES (8)"_s});
        const QString live = m_directory->filePath(u"changed.db"_s);
        run({u"PRAGMA wal_checkpoint(TRUNCATE)"_s});
        database.reset();
        QVERIFY(QFile::copy(m_spec.file, live));
        int killed = 0;
        for (int point = 1; point < 200; ++point) {
            for (const auto suffix : {""_L1, "-wal"_L1, "-shm"_L1}) {
                QFile::remove(m_spec.file + suffix);
            }
            QVERIFY(QFile::copy(live, m_spec.file));
            OtherProcess child([&] {
                int none = 0;
                const QCoreApplication application(none, nullptr);
                faultpoints::arm("kill@" + QByteArray::number(point));
                if (!await((*Database::create(m_spec))->restore(*info, {}, {}))) {
                    ::_exit(1);
                }
            });
            const int status = child.wait();
            QVERIFY(await((*Database::create(m_spec))->check()));
            const qint64 rows = count();
            const qint64 sevens = value(u"SELECT count(*) FROM orders WHERE amount = 7"_s).toLongLong();
            QVERIFY2((rows == 1001 && sevens == 1000) || (rows == 1000 && sevens == 0), qPrintable(u"point %1"_s.arg(point)));
            if (!WIFSIGNALED(status)) {
                QCOMPARE(WEXITSTATUS(status), 0);
                QCOMPARE(rows, 1000);
                QVERIFY2(killed > 2, qPrintable(QString::number(killed)));
                return;
            }
            ++killed;
        }
        QFAIL("the restore never came to its end");
    }

    void missingFileComesBackAsItWas_data()
    {
        QTest::addColumn<bool>("rebuilt");
        QTest::addColumn<int>("mode");
        QTest::addColumn<bool>("known");
        for (const bool rebuilt : {true, false}) {
            const char *way = rebuilt ? "rebuilt" : "restored";
            QTest::addRow("%s, private", way) << rebuilt << 0600 << true;
            QTest::addRow("%s, for a group", way) << rebuilt << 0660 << true;
            QTest::addRow("%s, for all", way) << rebuilt << 0644 << true;
            QTest::addRow("%s, a backup that does not tell", way) << rebuilt << 0644 << false;
        }
    }
    void missingFileComesBackAsItWas()
    {
        QFETCH(bool, rebuilt);
        QFETCH(int, mode);
        QFETCH(bool, known);
        const auto before = ::umask(0);
        const auto restoreMask = qScopeGuard([before] { ::umask(before); });
        make(u"WAL"_s, 100);
        QCOMPARE(::chmod(QFile::encodeName(m_spec.file).constData(), mode_t(mode)), 0);
        const auto made = await((*Database::create(m_spec))->backup(file(), {}, {}));
        QVERIFY(made);
        QJsonObject told = toJson(*made);
        if (!known) {
            told.remove(u"access"_s); // As one of an older version.
        }
        removeLive();
        const auto database = *Database::create(m_spec);
        const BackupInfo info = backupInfoFromJson(told);
        QCOMPARE(info.access.has_value(), known);
        const auto done = rebuilt ? await(database->rebuild(info, m_spec.file + u".aside"_s, [](const QString &) { return Result<>(); }, {}, {}))
                                  : await(database->restore(info, {}, {}));
        QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        QCOMPARE(modeOf(m_spec.file), known ? mode : 0600);
        QCOMPARE(count(), 100);
    }

    /// Not even while it is built, and not where that ends halfway.
    void rebuiltFileIsNeverReadableByOthers()
    {
        const auto before = ::umask(0);
        const auto restoreMask = qScopeGuard([before] { ::umask(before); });
        make(u"WAL"_s, 1000);
        QCOMPARE(::chmod(QFile::encodeName(m_spec.file).constData(), 0600), 0);
        const auto info = await((*Database::create(m_spec))->backup(file(), {}, {}));
        QVERIFY(info);
        int killed = 0;
        for (int point = 1; point < 200; ++point) {
            removeLive();
            OtherProcess child([&] {
                int none = 0;
                const QCoreApplication application(none, nullptr);
                faultpoints::arm("kill@" + QByteArray::number(point));
                if (!await((*Database::create(m_spec))->rebuild(*info, m_spec.file + u".aside"_s, [](const QString &) { return Result<>(); }, {}, {}))) {
                    ::_exit(1);
                }
            });
            const int status = child.wait();
            const QFileInfoList files = QDir(m_directory->path()).entryInfoList({u"*main.db*"_s}, QDir::Files | QDir::Hidden);
            for (const QFileInfo &found : files) {
                QVERIFY2(found.size() == 0 || (modeOf(found.filePath()) & 077) == 0, qPrintable(u"%1 at point %2"_s.arg(found.fileName()).arg(point)));
            }
            if (!WIFSIGNALED(status)) {
                QCOMPARE(WEXITSTATUS(status), 0);
                QCOMPARE(count(), 1000);
                QVERIFY2(killed > 2, qPrintable(QString::number(killed)));
                return;
            }
            ++killed;
        }
        QFAIL("the rebuild never came to its end");
    }

    void fullDiskDuringBackupLeavesNothing()
    {
        make(u"WAL"_s, 1000);
        auto database = *Database::create(m_spec);
        int failed = 0;
        for (int point = 1; point < 100; ++point) {
            faultpoints::arm("enospc@" + QByteArray::number(point));
            const auto info = await(database->backup(file(), {}, {}));
            faultpoints::arm({});
            if (info) {
                QVERIFY(await(database->verifyBackup(*info, {})));
                QVERIFY(failed > 2);
                return;
            }
            ++failed;
            QVERIFY2(info.error().code == u"database.no_space"_s || info.error().code == u"file.no_space"_s, qPrintable(info.error().text()));
            QVERIFY2(QDir(m_directory->path()).entryList({u"*backup*"_s, u".*backup*"_s}, QDir::Files | QDir::Hidden).isEmpty()
                         || QFile::exists(file()),
                     qPrintable(QString::number(point)));
            QFile::remove(file());
            QVERIFY(await(database->check()));
            QCOMPARE(count(), 1000);
        }
        QFAIL("the backup never succeeded");
    }

    void alteredBackupIsRefusedBeforeItTouchesAnything()
    {
        make(u"WAL"_s, 1000);
        auto database = *Database::create(m_spec);
        const auto info = await(database->backup(file(), {}, {}));
        run({u"INSERT INTO orders (amount) VALUES (1)"_s});
        QFile backup(file());
        QVERIFY(backup.open(QIODevice::ReadWrite));
        backup.seek(backup.size() - 100);
        backup.write("Z");
        backup.close();
        QCOMPARE(await(database->verifyBackup(*info, {})).error().code, u"database.backup_altered"_s);
        QCOMPARE(await(database->restore(*info, {}, {})).error().code, u"database.backup_altered"_s);
        QCOMPARE(count(), 1001);

        // Damaged before its digest was taken, so that only restoring it shows.
        QVERIFY(backup.open(QIODevice::ReadWrite));
        backup.seek(2 * 4096);
        backup.write(QByteArray(4096, 'x'));
        backup.close();
        BackupInfo damaged = *info;
        damaged.sha256 = *files::sha256(file());
        const auto refused = await(database->verifyBackup(damaged, {}));
        QVERIFY(!refused);
        QVERIFY2(refused.error().code.startsWith(u"database."_s), qPrintable(refused.error().text()));
        QVERIFY(!QFile::exists(file() + ".proof"_L1));

        BackupInfo wrongRows = *await(database->backup(file(), {}, {}));
        QVERIFY(await(database->verifyBackup(wrongRows, {})));
        wrongRows.rows[u"orders"_s] += 1;
        const auto differs = await(database->verifyBackup(wrongRows, {}));
        QCOMPARE(differs.error().code, u"database.backup_differs"_s);
        QVERIFY2(differs.error().what().contains(u"1002"_s), qPrintable(differs.error().what()));
    }

    void lockIsTransientAndNamesItsHolder()
    {
        make(u"WAL"_s, 10);
        int ready[2];
        QVERIFY(::pipe(ready) == 0);
        OtherProcess holder([&] {
            auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
            (void)connection->execute(u"BEGIN IMMEDIATE"_s);
            (void)!::write(ready[1], "x", 1);
            ::pause();
        });
        char byte;
        QCOMPARE(::read(ready[0], &byte, 1), 1);
        auto connection = Connection::open(m_spec.file, Connection::Mode::Existing, {}, 100);
        const auto locked = connection->transaction([] { return Result<>(); });
        QVERIFY(!locked);
        QCOMPARE(locked.error().code, u"database.locked"_s);
        QCOMPARE(locked.error().kind, Error::Kind::Transient);
        QVERIFY2(locked.error().what().contains(QString::number(holder.pid())), qPrintable(locked.error().what()));
        holder.kill();
        QVERIFY(connection->transaction([] { return Result<>(); }));
    }

    void cancelKeepsTheOldBackup()
    {
        make(u"WAL"_s, 1000);
        auto database = *Database::create(m_spec);
        std::stop_source stop;
        stop.request_stop();
        const auto info = await(database->backup(file(), {}, stop.get_token()));
        QCOMPARE(info.error().kind, Error::Kind::Cancelled);
        QVERIFY(!QFile::exists(file()));
    }

    void missingAndReplacedFilesAreTold()
    {
        QCOMPARE(await((*Database::create(m_spec))->check()).error().code, u"database.missing"_s);
        QVERIFY(!QFile::exists(m_spec.file));
        make(u"DELETE"_s, 10);
        auto database = *Database::create(m_spec);
        QVERIFY(await(database->check()));
        const QString other = m_directory->filePath(u"other.db"_s);
        QVERIFY(QFile::copy(m_spec.file, other));
        QVERIFY(::rename(qPrintable(other), qPrintable(m_spec.file)) == 0);
        QCOMPARE(await(database->check()).error().code, u"database.replaced"_s);
        QFile text(m_spec.file);
        QVERIFY(text.open(QIODevice::WriteOnly));
        text.write(QByteArray(5000, 'x'));
        text.close();
        QCOMPARE(await((*Database::create(m_spec))->check()).error().code, u"database.corrupt"_s);
        m_spec.driver = u"oracle"_s;
        QCOMPARE(Database::create(m_spec).error().code, u"database.unknown_driver"_s);
    }

    void digestKnowsWhatMatters()
    {
        QCOMPARE(normalisedSql(u"CREATE TABLE  \"orders\"(\n id INTEGER, -- key\n s TEXT DEFAULT 'a  b' /* x */)"_s),
                 normalisedSql(u"CREATE TABLE orders (id INTEGER, s TEXT DEFAULT 'a  b')"_s));
        QVERIFY(normalisedSql(u"CREATE TABLE a (s DEFAULT 'a b')"_s) != normalisedSql(u"CREATE TABLE a (s DEFAULT 'a  b')"_s));
        QVERIFY(normalisedSql(u"CREATE TABLE \"a b\" (c)"_s) != normalisedSql(u"CREATE TABLE ab (c)"_s));
        make(u"WAL"_s, 10);
        auto database = *Database::create(m_spec);
        const QString before = *await(database->schemaDigest());
        run({u"ALTER TABLE orders ADD COLUMN note TEXT"_s, u"ALTER TABLE orders DROP COLUMN note"_s});
        QCOMPARE(*await(database->schemaDigest()), before);
        run({u"ALTER TABLE orders RENAME TO o2"_s, u"ALTER TABLE o2 RENAME TO orders"_s});
        QCOMPARE(*await(database->schemaDigest()), before);
        run({u"CREATE TABLE cutover_migrations (revision TEXT PRIMARY KEY, cursor TEXT)"_s});
        QCOMPARE(*await(database->schemaDigest()), before);
        run({u"CREATE INDEX amounts ON orders (amount)"_s});
        QVERIFY(*await(database->schemaDigest()) != before);
        m_spec.countTables = QStringList{u"orders"_s, u"none"_s};
        QCOMPARE(*await((*Database::create(m_spec))->countRows()), (QMap<QString, qint64>{{u"orders"_s, 10}}));
    }

private:
    QString file() const { return m_directory->filePath(u"backup.db"_s); }
    void removeLive() const
    {
        for (const auto suffix : {""_L1, "-wal"_L1, "-shm"_L1}) {
            QFile::remove(m_spec.file + suffix);
        }
    }
    static int modeOf(const QString &path)
    {
        struct stat info{};
        return ::stat(QFile::encodeName(path).constData(), &info) == 0 ? int(info.st_mode & 07777) : -1;
    }

    void make(const QString &mode, int rows)
    {
        auto connection = Connection::open(m_spec.file, Connection::Mode::Create);
        QVERIFY(connection);
        QVERIFY(connection->value(u"PRAGMA journal_mode = "_s + mode));
        QVERIFY(connection->execute(u"CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER, filler TEXT DEFAULT '"_s
                                    + QString(100, u'x') + u"')"_s));
        QVERIFY(connection->execute(u"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                                    "INSERT INTO orders (amount) SELECT 0 FROM n"_s,
                                    {rows}));
    }

    void run(const QStringList &statements)
    {
        auto connection = Connection::open(m_spec.file, Connection::Mode::Create);
        for (const QString &statement : statements) {
            const auto done = connection->execute(statement);
            QVERIFY2(done, qPrintable(done ? QString() : done.error().text()));
        }
    }

    QVariant value(const QString &sql)
    {
        auto connection = Connection::open(m_spec.file, Connection::Mode::Existing);
        return connection->value(sql).value_or(QVariant());
    }

    qint64 count() { return value(u"SELECT count(*) FROM orders"_s).toLongLong(); }

    std::unique_ptr<QTemporaryDir> m_directory;
    DatabaseSpec m_spec;
};

QTEST_GUILESS_MAIN(SqliteDatabaseTest)
#include "sqlitedatabasetest.moc"
