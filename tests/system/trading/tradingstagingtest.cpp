// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/runtime.h"
#include "target/target.h"
#include "tests/support/dockerd.h"
#include "tests/support/postgresserver.h"
#include "tradingcase.h"

#include <QCoroTask>
#include <QDir>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QTcpServer>

using namespace cutover;

/**
 * Production that asks for proof from staging, and a staging system derived from it: beside it on the same machine, with a
 * database, Redis, load balancer and Compose project of its own, brought up by what the derivation says is left to do.
 */
class TradingStagingTest : public TradingCase
{
    Q_OBJECT

    static constexpr int GateShut = 7;
    static constexpr int PatienceMs = 400000;
    QTemporaryDir m_staging{u"/tmp/cutover-staging-XXXXXX"_s};
    QProcess m_redis;
    QString m_troubles;
    int m_offset = 0;

    [[nodiscard]] QString staged(const QString &name) const { return m_staging.path() + u'/' + name; }
    [[nodiscard]] TradingSystem::Outcome stagingCtl(const QStringList &arguments) const
    {
        const auto process = m_system->startCtl(arguments, staged(u"target.yaml"_s));
        return TradingSystem::outcomeOf(*process, PatienceMs);
    }
    [[nodiscard]] TradingSystem::Outcome update(const QString &version) const
    {
        return m_system->ctl({u"update"_s, version, u"--yes"_s, u"--confirm"_s, u"trading"_s}, PatienceMs);
    }
    /// Nothing listens on any of production's ports and so many.
    [[nodiscard]] int freeOffset() const
    {
        const QList<int> ports = m_system->ports();
        for (int offset = 1; offset < 700; ++offset) {
            if (std::ranges::all_of(ports, [&](int port) { return QTcpServer().listen(QHostAddress::LocalHost, quint16(port + offset)); })) {
                return offset;
            }
        }
        return 0;
    }
    /// A file of production with every port of it moved.
    [[nodiscard]] QByteArray moved(const QString &name) const
    {
        QString text = QString::fromUtf8(read(path(name)));
        const QList<int> ports = m_system->ports();
        static const QRegularExpression number(u"\\b[0-9]{5}\\b"_s);
        qsizetype at = 0;
        for (auto match = number.match(text); match.hasMatch(); match = number.match(text, at)) {
            const int port = match.captured().toInt();
            const QString other = QString::number(ports.contains(port) ? port + m_offset : port);
            text.replace(match.capturedStart(), match.capturedLength(), other);
            at = match.capturedStart() + other.size();
        }
        return text.replace(m_system->folder(), m_staging.path()).toUtf8();
    }
    [[nodiscard]] QStringList ofStaging(const QString &sql) const { return {m_system->postgres().value(u"trading_staging"_s, sql)}; }

private Q_SLOTS:
    void initTestCase()
    {
        begin({.rate = 20, .environment = u"production"_s});
        if (m_system) {
            m_troubles = m_system->balancerTroubles();
        }
    }
    void cleanupTestCase()
    {
        if (QFileInfo::exists(staged(u"target.yaml"_s))) {
            TradingSystem::shutDown(staged(u"target.yaml"_s));
        }
        m_redis.terminate();
        m_redis.waitForFinished(10000);
        m_system.reset();
    }

    void isDerived()
    {
        m_offset = freeOffset();
        QVERIFY(m_offset > 0);
        const auto derived = m_system->ctl({u"target"_s, u"derive"_s, u"--staging"_s, m_staging.path(), u"--port-offset"_s, QString::number(m_offset)});
        QVERIFY2(derived.exitCode == 0, derived.errors);
        const QString left = QString::fromUtf8(QJsonDocument(derived.json[u"left"].toArray()).toJson());
        for (const QString &what : {u"trading_staging"_s, u"quotes"_s, u"\"REDIS\""_s, u"DATABASE_URL"_s, u"checks.external[0].http"_s, staged(u".env"_s), staged(u"releases"_s)}) {
            QVERIFY2(left.contains(what), qPrintable(what + u" is not told of: "_s + left));
        }
        const QByteArray text = read(staged(u"target.yaml"_s));
        QVERIFY2(!text.contains(QByteArray(m_system->folder().toUtf8() + "/data")) && !text.contains("production"), text.constData());
    }

    void gateIsShutBefore()
    {
        QVERIFY(publishRevision(u"1.2.2"_s, "    op.create_table(\"variants\", sa.Column(\"id\", sa.BigInteger, primary_key=True))"));
        QFile target(path(u"target.yaml"_s));
        QVERIFY(target.open(QIODevice::Append) && target.write("\nstaging: {target: " + staged(u"target.yaml"_s).toUtf8() + "}\n") > 0);
        target.close();
        const auto refused = update(u"1.2.2"_s);
        QVERIFY2(refused.exitCode == GateShut, told(refused));
        QCOMPARE(refused.json[u"error"][u"code"].toString(), u"staging.no_journal"_s);
        isAsBefore();
    }

    void stagingComesUp()
    {
        QVERIFY(m_system->postgres().sql(u"postgres"_s, u"CREATE DATABASE trading_staging OWNER trading"_s).has_value());
        QVERIFY(QDir().mkpath(staged(u"data"_s)) && QDir().mkpath(staged(u"redis"_s)));
        write(staged(u"haproxy.cfg"_s), moved(u"haproxy.cfg"_s).replace(staged(u"tls/"_s).toUtf8(), path(u"tls/"_s).toUtf8()));
        write(staged(u".env"_s), moved(u".env"_s).replace("/trading\n", "/trading_staging\n").replace("=production\n", "=staging\n"));
        write(staged(u"redis/redis.conf"_s), moved(u"redis/redis.conf"_s));
        m_redis.setStandardOutputFile(staged(u"redis/log"_s));
        m_redis.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, u"redis-server"_s, staged(u"redis/redis.conf"_s)});
        QVERIFY(m_redis.waitForStarted());
        QVERIFY2(m_system->bringUp(staged(u"target.yaml"_s), 100), qPrintable(m_system->problem()));
        // All four containers, in a project beside that of production.
        const auto target = Target::load(staged(u"target.yaml"_s));
        QVERIFY(target.has_value());
        const auto states = QCoro::waitFor((*RuntimeRegistry::create(u"compose"_s, *target))->states(60000));
        QVERIFY2(states, states ? "" : qPrintable(states.error().text()));
        QCOMPARE(states->size(), 4);
        for (const InstanceState &state : *states) {
            QCOMPARE(state.release, u"1.2.0"_s);
            QCOMPARE(state.state, InstanceState::State::Ready);
        }
        QTRY_VERIFY_WITH_TIMEOUT(ofStaging(u"SELECT count(*) FROM orders"_s).constFirst().toInt() > 120, 60000);
        // That it is there proves nothing yet.
        const auto refused = update(u"1.2.2"_s);
        QVERIFY2(refused.exitCode == GateShut, told(refused));
    }

    void stagingIsUpdatedAndProductionIsNot()
    {
        const auto before = m_system->tables();
        const auto updated = stagingCtl({u"update"_s, u"1.2.2"_s, u"--yes"_s});
        QVERIFY2(updated.exitCode == 0, told(updated));
        QCOMPARE(ofStaging(u"SELECT version_num FROM alembic_version"_s), QStringList{u"3x"_s});
        QCOMPARE(ofStaging(u"SELECT tablename FROM pg_tables WHERE tablename = 'variants'"_s), QStringList{u"variants"_s});
        QCOMPARE(read(staged(u"data/failures.log"_s)), QByteArray());
        // Gone back there, and forth again: what that proves production's checklist takes over.
        const auto back = stagingCtl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"downgrade"_s, u"--yes"_s});
        QVERIFY2(back.exitCode == 0, told(back));
        QCOMPARE(ofStaging(u"SELECT version_num FROM alembic_version"_s), QStringList{u"2b"_s});
        const auto again = stagingCtl({u"update"_s, u"1.2.2"_s, u"--yes"_s});
        QVERIFY2(again.exitCode == 0, told(again));
        QCOMPARE(read(staged(u"data/failures.log"_s)), QByteArray());
        // Of production no row has changed, and none has come from there.
        QCOMPARE(m_system->missingOf(before), QString());
        const QList<QByteArray> orders = read(staged(u"data/acknowledged.log"_s)).trimmed().split('\n');
        QVERIFY(orders.size() > 20);
        QStringList names;
        for (const QByteArray &line : orders) {
            names.append(u'\'' + QString::fromLatin1(line.split(' ').value(1)) + u'\'');
        }
        QCOMPARE(m_system->query(u"SELECT count(*) FROM orders WHERE client_id IN (%1)"_s.arg(names.join(u','))), QStringList{u"0"_s});
        QCOMPARE(ofStaging(u"SELECT count(*) FROM orders WHERE client_id IN (%1)"_s.arg(names.join(u','))), QStringList{QString::number(names.size())});
        QCOMPARE(m_system->harm(u"1.2.0"_s, u"2b"_s, m_troubles), QString());
    }

    void gateIsOpenAfter()
    {
        const auto before = m_system->tables();
        const auto updated = update(u"1.2.2"_s);
        QVERIFY2(updated.exitCode == 0, told(updated));
        QCOMPARE(m_system->harm(u"1.2.2"_s, u"3x"_s, m_troubles), QString());
        QCOMPARE(m_system->missingOf(before), QString());
        const QJsonArray items = m_system->ctl({u"checklist"_s}).json[u"items"].toArray();
        for (const QString &id : {u"staging"_s, u"rehearsal"_s, u"unit-tests"_s, u"migrations-up-down"_s, u"database-rollback"_s, u"works-after-rollback"_s}) {
            const auto found = std::ranges::find_if(items, [&id](const QJsonValue &item) { return item[u"id"].toString() == id; });
            QVERIFY2(found != items.end(), qPrintable(id));
            QVERIFY2((*found)[u"state"].toString() == u"ticked", qPrintable(id + u": "_s + QString::fromUtf8(QJsonDocument(found->toObject()).toJson())));
        }
        // What has been proven is that commit alone.
        QVERIFY(publishRevision(u"1.2.3"_s, "    op.create_table(\"variants\", sa.Column(\"id\", sa.BigInteger, primary_key=True))"));
        const auto refused = update(u"1.2.3"_s);
        QVERIFY2(refused.exitCode == GateShut, told(refused));
        QCOMPARE(refused.json[u"error"][u"code"].toString(), u"staging.never"_s);
    }
};

QTEST_GUILESS_MAIN(TradingStagingTest)
#include "tradingstagingtest.moc"
