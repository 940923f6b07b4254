// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include "target/target.h"

#include <QEventLoop>
#include <QJsonArray>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QSqlDatabase>
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
    request.setTransferTimeout(5000);
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

} // namespace

/** Two releases at once, and back to the very rows that were there before. */
class RestoreTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void overTwoReleasesAndBack();

private:
    QJsonObject member(const QString &version, const QString &reason) const;

    FaultDemo m_demo;
};

/// The database in the newest restore point of a version whose reason begins so.
QJsonObject RestoreTest::member(const QString &version, const QString &reason) const
{
    const QJsonArray points = m_demo.ctl({u"backup"_s, u"list"_s}).json[u"points"].toArray();
    for (const QJsonValue &view : points) {
        const QJsonObject point = view[u"point"].toObject();
        if (point[u"version"].toString() == version && point[u"reason"].toString().startsWith(reason)) {
            return point[u"members"].toObject()[u"database:trading"].toObject();
        }
    }
    return {};
}

void RestoreTest::overTwoReleasesAndBack()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
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

    const QString front = u"http://127.0.0.1:%1/api/version"_s.arg(m_demo.portOfInstance(u"haproxy"_s));
    auto restore = m_demo.startCtl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"restore"_s, u"--yes"_s});
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
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.servedVersion(), u"1.2.0"_s, 10000);
    const QStringList failed = m_demo.failures();
    for (const QString &line : failed) {
        QVERIFY2(line.endsWith(u"status 503"), qPrintable(line));
    }
    QCOMPARE(m_demo.strategyOverlap(), QString());

    // Exactly the rows of the restore point, and behind them only what came since.
    QCOMPARE(m_demo.schema(), schema);
    const qint64 lastThen = then.last().section(u'|', 0, 0).toLongLong();
    QCOMPARE(m_demo.query(u"SELECT id || '|' || %1 FROM orders WHERE id <= %2 ORDER BY id"_s.arg(Columns).arg(lastThen)), then);
    QCOMPARE(m_demo.query(u"PRAGMA integrity_check"_s), QStringList{u"ok"_s});
    QVERIFY(!m_demo.query(u"SELECT name FROM feature_flags"_s).contains(u"ai_predictions"_s));

    // The loss was counted once nobody wrote any more: it is the difference of the two backups.
    const QJsonObject safety = member(u"2.0.0"_s, u"before rolling back"_s);
    QVERIFY(!safety.isEmpty());
    const qint64 lost = rowsOf(safety[u"file"].toString(), rows).size() - then.size();
    QVERIFY(lost > 0);
    const QString run = outcome.json[u"run"].toObject()[u"id"].toString();
    const QJsonArray steps = m_demo.ctl({u"history"_s, run}).json[u"steps"].toArray();
    qint64 counted = -1;
    for (const QJsonValue &step : steps) {
        if (step[u"spec"][u"kind"].toString() == u"restore_database") {
            counted = step[u"record"][u"results"][u"lost"][u"orders"].toInteger(-1);
        }
    }
    QCOMPARE(counted, lost);

    const auto again = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY2(again.exitCode == 0, again.errors.left(2000));
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.servedVersion(), u"1.2.1"_s, 10000);
}

QTEST_GUILESS_MAIN(RestoreTest)
#include "restoretest.moc"
