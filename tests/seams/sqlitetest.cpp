// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/faultpoints.h"
#include "system/sqlitevfs.h"

#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>

#include <sqlite3.h>

using namespace Qt::StringLiterals;
using namespace cutover;

class SqliteTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_dir;
    int m_number = 0;

    QSqlDatabase open(const QString &mode)
    {
        auto database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"test"_s + QString::number(++m_number));
        database.setDatabaseName(m_dir.filePath(u"db"_s + QString::number(m_number)));
        if (!database.open()) {
            qFatal("open");
        }
        QSqlQuery query(database);
        if (!query.exec(QString(u"PRAGMA journal_mode="_s + mode)) || !query.exec(u"PRAGMA synchronous=FULL"_s)
            || !query.exec(u"CREATE TABLE t(x)"_s)) {
            qFatal("setup");
        }
        return database;
    }

    static qint64 count(const QSqlDatabase &database)
    {
        QSqlQuery query(u"SELECT count(*) FROM t"_s, database);
        return query.next() ? query.value(0).toLongLong() : -1;
    }

private Q_SLOTS:
    void initTestCase()
    {
        installSqliteVfs();
        installSqliteVfs();
    }
    void cleanup() { faultpoints::arm({}); }

    void qtGoesThroughOurLayer()
    {
        const auto database = open(u"WAL"_s);
        sqlite3 *handle = sqliteHandle(database);
        QVERIFY(handle);
        char *name = nullptr;
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_VFSNAME, &name);
        sqlite3_free(name);
        QCOMPARE(QByteArray(sqlite3_vfs_find(nullptr)->zName), "cutover"_ba);
        faultpoints::arm({});
        QVERIFY(QSqlQuery(database).exec(u"INSERT INTO t VALUES(1)"_s));
        QCOMPARE(faultpoints::count(), 2u); // WAL: first write, sync.
        QCOMPARE(sqliteHandle(QSqlDatabase()), nullptr);
    }

    /// Each point of a commit fails in turn: the row is there exactly when the commit was acknowledged.
    void everyFailedPoint_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<QByteArray>("action");
        QTest::addColumn<QString>("native");
        QTest::newRow("wal full") << u"WAL"_s << "enospc"_ba << QString::number(SQLITE_FULL);
        QTest::newRow("wal failing") << u"WAL"_s << "eio"_ba << QString::number(SQLITE_IOERR);
        QTest::newRow("journal full") << u"DELETE"_s << "enospc"_ba << QString::number(SQLITE_FULL);
        QTest::newRow("journal failing") << u"DELETE"_s << "eio"_ba << QString::number(SQLITE_IOERR);
    }
    void everyFailedPoint()
    {
        QFETCH(QString, mode);
        QFETCH(QByteArray, action);
        QFETCH(QString, native);
        auto database = open(mode);
        int failures = 0;
        for (int n = 1;; ++n) {
            const qint64 before = count(database);
            faultpoints::arm(action + '@' + QByteArray::number(n));
            QSqlQuery query(database);
            const bool done = query.exec(u"INSERT INTO t VALUES(1)"_s);
            const bool reached = faultpoints::count() >= quint64(n);
            faultpoints::arm({});
            if (!done) {
                // The primary code is in the lowest byte of an extended one.
                QCOMPARE(query.lastError().nativeErrorCode().toInt() & 0xff, native.toInt());
                ++failures;
            }
            QCOMPARE(count(database), before + done);
            QSqlQuery check(u"PRAGMA integrity_check"_s, database);
            QVERIFY(check.next());
            QCOMPARE(check.value(0).toString(), u"ok"_s);
            if (!reached) {
                QVERIFY(done);
                break;
            }
        }
        QCOMPARE_GE(failures, 2);
    }
};

QTEST_GUILESS_MAIN(SqliteTest)
#include "sqlitetest.moc"
