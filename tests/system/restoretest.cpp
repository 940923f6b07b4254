// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include "run/journal.h"
#include "target/target.h"

#include <QEventLoop>
#include <QJsonArray>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTest>

using namespace Qt::StringLiterals;

namespace {

const QString Columns = u"symbol || '|' || side || '|' || quantity || '|' || price || '|' || user || '|' || client_id || '|' || created_at"_s;

struct Answer {
    int status = 0;
    QByteArray body;
};

Answer ask(const QUrl &url)
{
    QNetworkAccessManager network;
    QNetworkRequest request(url);
    request.setTransferTimeout(20000);
    const std::unique_ptr<QNetworkReply> reply(network.get(request));
    QEventLoop loop;
    QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    return {reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt(), reply->readAll()};
}

QStringList rowsOf(const QString &file, const QString &sql)
{
    QStringList rows;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"backup"_s);
        database.setDatabaseName(file);
        database.setConnectOptions(u"QSQLITE_OPEN_READONLY"_s);
        if (database.open()) {
            QSqlQuery query(sql, database);
            while (query.next()) {
                rows.append(query.value(0).toString());
            }
        }
    }
    QSqlDatabase::removeDatabase(u"backup"_s);
    return rows;
}

/// As somebody who works on the database by hand.
void write(const QString &file, const QString &sql)
{
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"hand"_s);
        database.setDatabaseName(file);
        database.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=10000"_s);
        QVERIFY2(database.open(), qPrintable(database.lastError().text()));
        QSqlQuery query(database);
        QVERIFY2(query.exec(sql), qPrintable(query.lastError().text()));
    }
    QSqlDatabase::removeDatabase(u"hand"_s);
}

const QStringList Restore{u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"restore"_s, u"--yes"_s};

constexpr int Refused = 3;
constexpr int Held = 4;
constexpr int WentBack = 5;

} // namespace

/** Two releases at once, and back to the very rows that were there before. */
class RestoreTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void overTwoReleasesAndBack();

private:
    /// More is lost than was approved: it asks, first while services serve, then while they are stopped.
    void asksBeforeItLosesMore();
    QJsonObject member(const QString &version, const QString &reason) const;

    FaultDemo m_demo;
};

/// The database in the newest restore point of a version whose reason begins so.
QJsonObject RestoreTest::member(const QString &version, const QString &reason) const
{
    const QJsonArray points = m_demo.ctl({u"backup"_s, u"list"_s}).json[u"points"].toArray();
    for (const auto &view : points) {
        const QJsonObject point = view[u"point"].toObject();
        if (point[u"version"].toString() == version && cutover::Message::fromJson(point[u"reason"].toObject()).text().startsWith(reason)) {
            return point[u"members"].toObject()[u"database:trading"].toObject();
        }
    }
    return {};
}

void RestoreTest::asksBeforeItLosesMore()
{
    const auto target = cutover::Target::load(m_demo.targetFile());
    QVERIFY(target);
    const auto journal = cutover::Journal::open(target->stateDirectory);
    QVERIFY(journal);
    const auto hasBegun = [&journal] {
        const auto run = (*journal)->activeRun();
        return run && *run && (*run)->plan.kind == u"rollback";
    };
    const qint64 before = m_demo.query(u"SELECT count(*) FROM orders"_s).value(0).toLongLong();

    // A row where the plan counted none, before the loss is counted: nothing has been stopped.
    auto restore = m_demo.startCtl(Restore);
    QVERIFY(QTest::qWaitFor(hasBegun, 60000));
    write(m_demo.databaseFile(), u"INSERT INTO remarks (text) VALUES ('by hand')"_s);
    auto outcome = SystemDemo::outcomeOf(*restore);
    QCOMPARE(FaultDemo::told(outcome, Held, u"backup.loses_more"_s, {u"1 row of remarks"_s, u"Services go on"_s}), QString());
    QCOMPARE(m_demo.harm(u"2.0.0"_s), QString());
    outcome = m_demo.ctl({u"revert"_s});
    QCOMPARE(FaultDemo::told(outcome, Refused, u"run.rolled_back_by"_s), QString());
    QCOMPARE(m_demo.harm(u"2.0.0"_s), QString());

    // Many rows once services are stopped: it asks with the exact number, and they start again untouched.
    const QUrl front(u"http://127.0.0.1:%1/api/version"_s.arg(m_demo.portOfInstance(u"haproxy"_s)));
    restore = m_demo.startCtl(Restore);
    bool fenced = false;
    while (!fenced && restore->state() != QProcess::NotRunning) {
        fenced = ask(front).status == 503;
        QTest::qWait(10);
    }
    QVERIFY(fenced);
    write(m_demo.databaseFile(), u"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO remarks (text) SELECT 'late' FROM n"_s);
    outcome = SystemDemo::outcomeOf(*restore);
    QCOMPARE(FaultDemo::told(outcome, Held, u"backup.loses_more_fenced"_s, {u"5,001 rows of remarks"_s, u"services are stopped"_s}), QString());
    // Nobody is served: without an answer it goes back by itself.
    QVERIFY(!outcome.json[u"run"][u"heldUntil"].toString().isEmpty());
    outcome = m_demo.ctl({u"revert"_s});
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"run.rolled_back_by"_s), QString());
    QCOMPARE(m_demo.harm(u"2.0.0"_s, true), QString());
    QCOMPARE(m_demo.query(u"SELECT count(*) FROM remarks"_s), QStringList{u"5001"_s});
    QVERIFY(m_demo.query(u"SELECT count(*) FROM orders"_s).value(0).toLongLong() > before);
}

void RestoreTest::overTwoReleasesAndBack()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
    write(m_demo.databaseFile(), u"CREATE TABLE remarks (id INTEGER PRIMARY KEY, text TEXT)"_s);
    const QString schema = m_demo.schema();
    const qint64 last = m_demo.query(u"SELECT max(id) FROM orders"_s).value(0).toLongLong();
    const auto before = m_demo.orders(last, Columns);

    const auto update = m_demo.ctl({u"update"_s, u"2.0.0"_s, u"--yes"_s});
    QVERIFY2(update.exitCode == 0, update.errors.left(2000));
    QCOMPARE(update.json[u"run"].toObject()[u"plan"].toObject()[u"path"].toArray(), (QJsonArray{u"1.3.0"_s, u"2.0.0"_s}));
    QCOMPARE(m_demo.harm(u"2.0.0"_s), QString());
    QCOMPARE(m_demo.orders(last, Columns), before);
    // The data migration reached every order, those placed meanwhile too.
    QCOMPARE(m_demo.query(u"SELECT count(*) FROM orders WHERE notional IS NULL OR abs(notional - quantity * price) > 0.001"_s), QStringList{u"0"_s});
    QVERIFY(m_demo.query(u"SELECT name FROM feature_flags"_s).contains(u"ai_predictions"_s));
    QVERIFY(m_demo.schema() != schema);

    const QJsonObject point = member(u"1.2.0"_s, u"before 1.3.0"_s);
    QVERIFY(!point.isEmpty());
    const QString rows = u"SELECT id || '|' || %1 FROM orders ORDER BY id"_s.arg(Columns);
    const QStringList then = rowsOf(point[u"file"].toString(), rows);
    QVERIFY(then.size() >= before.size());

    asksBeforeItLosesMore();
    if (QTest::currentTestFailed()) {
        return;
    }

    const QString front = u"http://127.0.0.1:%1/api/version"_s.arg(m_demo.portOfInstance(u"haproxy"_s));
    auto restore = m_demo.startCtl(Restore);
    bool maintained = false;
    while (restore->state() != QProcess::NotRunning) {
        const Answer answer = ask(QUrl(front));
        // Served, or told that there is maintenance: never a refused or cut connection.
        QVERIFY2(answer.status == 200 || (answer.status == 503 && answer.body.contains("maintenance")),
                 qPrintable(QString::number(answer.status) + u' ' + QString::fromUtf8(answer.body)));
        maintained = maintained || answer.status == 503;
        QTest::qWait(20);
    }
    const auto outcome = SystemDemo::outcomeOf(*restore);
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QVERIFY(maintained);
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.servedVersion(), u"1.2.0"_s, 60000);
    // Told that there is maintenance, or asked for an order that the restore gave up, whose id may be another's since.
    const qint64 lastThen = then.last().section(u'|', 0, 0).toLongLong();
    const QStringList failed = m_demo.failures();
    for (const QString &line : failed) {
        static const QRegularExpression gone(u" GET /api/orders/([0-9]+) status (404$|200, but not the order )"_s);
        const auto match = gone.match(line);
        QVERIFY2(line.endsWith(u"status 503") || (match.hasMatch() && match.captured(1).toLongLong() > lastThen), qPrintable(line));
    }
    QCOMPARE(m_demo.strategyOverlap(), QString());

    // Exactly the rows of the restore point, and behind them only what came since.
    QCOMPARE(m_demo.schema(), schema);
    QCOMPARE(m_demo.query(u"SELECT id || '|' || %1 FROM orders WHERE id <= %2 ORDER BY id"_s.arg(Columns).arg(lastThen)), then);
    QCOMPARE(m_demo.query(u"PRAGMA integrity_check"_s), QStringList{u"ok"_s});
    QVERIFY(!m_demo.query(u"SELECT name FROM feature_flags"_s).contains(u"ai_predictions"_s));

    // The loss was counted once nobody wrote any more: it is the difference of the two backups.
    const QJsonObject safety = member(u"2.0.0"_s, u"before rolling back to 1.2.0, services stopped"_s);
    QVERIFY(!safety.isEmpty());
    const QStringList kept = rowsOf(safety[u"file"].toString(), rows);
    const qint64 lost = kept.size() - then.size();
    QVERIFY(lost > 0);
    // What came before their stop is in that backup, also what came while the first one was taken; what came since is in the database.
    const QSet<QString> acknowledged = m_demo.acknowledgedOrders();
    const QSet<QString> stored = m_demo.storedOrders();
    QSet<QString> keptOrders;
    for (const QString &row : kept) {
        keptOrders.insert(row.section(u'|', 0, 0) + u' ' + row.section(u'|', 6, 6));
    }
    for (const QString &order : acknowledged) {
        QVERIFY2(keptOrders.contains(order) || stored.contains(order), qPrintable(order));
    }
    const QString run = outcome.json[u"run"].toObject()[u"id"].toString();
    const QJsonArray steps = m_demo.ctl({u"history"_s, run}).json[u"steps"].toArray();
    qint64 counted = -1;
    for (const auto &step : steps) {
        if (step[u"spec"][u"kind"].toString() == u"restore_database") {
            counted = step[u"record"][u"results"][u"lost"][u"orders"].toInteger(-1);
        }
    }
    QCOMPARE(counted, lost);
    // Result and report say it, table by table.
    QCOMPARE(outcome.json[u"lost"][u"orders"].toInteger(), lost);
    QCOMPARE(outcome.json[u"lost"][u"remarks"].toInteger(), 5001);
    const QString report = m_demo.ctl({u"report"_s, run}).json[u"html"].toString();
    QVERIFY(report.contains(u"<td>%1</td></tr>"_s.arg(lost)) && report.contains(u"<td>remarks</td>"_s));

    const auto again = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY2(again.exitCode == 0, again.errors.left(2000));
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.servedVersion(), u"1.2.1"_s, 60000);
}

QTEST_GUILESS_MAIN(RestoreTest)
#include "restoretest.moc"
