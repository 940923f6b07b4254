// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QJsonArray>
#include <QTest>

using namespace Qt::StringLiterals;

/** The trading system through its releases and back by cutoverctl, under traffic. */
class TradingTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<TradingSystem> m_system;
    QString m_troubles; ///< Of the balancer, when nothing had happened yet.

    static QString stateOf(const TradingSystem::Outcome &checklist, const QString &id)
    {
        const QJsonArray items = checklist.json[u"items"].toArray();
        for (const QJsonValue &item : items) {
            if (item[u"id"].toString() == id) {
                return item[u"state"].toString();
            }
        }
        return u"missing: "_s + QString::fromUtf8(checklist.errors);
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("the trading system under Compose, which needs root and its servers");
        }
    }
    void cleanup() { m_system.reset(); }

    void throughAllReleasesAndBack()
    {
        m_system = std::make_unique<TradingSystem>();
        QVERIFY2(m_system->start({}), qPrintable(m_system->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_system->requestsSent() > 100, 60000);
        m_troubles = m_system->balancerTroubles();
        QCOMPARE(m_system->harm(u"1.2.0"_s, u"2b"_s, m_troubles), QString());
        const auto before = m_system->tables();
        struct Stage {
            QString version;
            QString revision;
            QByteArray schema;
        };
        QList<Stage> stages{{u"1.2.0"_s, u"2b"_s, m_system->schema()}, {u"1.2.1"_s, u"2b"_s, {}}, {u"1.3.0"_s, u"4d"_s, {}}, {u"2.0.0"_s, u"6f"_s, {}}};
        QVERIFY(stages[0].schema.contains("CREATE TABLE public.orders"));
        for (Stage &stage : stages) {
            if (stage.version == u"1.2.0") {
                continue;
            }
            const auto update = m_system->ctl({u"update"_s, stage.version, u"--yes"_s});
            QVERIFY2(update.exitCode == 0, update.errors);
            QCOMPARE(m_system->harm(stage.version, stage.revision, m_troubles), QString());
            QCOMPARE(m_system->missingOf(before), QString());
            stage.schema = m_system->schema();
            // What the containers wrote was read, and only what is named is proven.
            const auto checklist = m_system->ctl({u"checklist"_s});
            QCOMPARE(stateOf(checklist, u"log"_s), u"ticked"_s);
            QCOMPARE(stateOf(checklist, u"endpoints"_s), u"ticked"_s);
            QCOMPARE(stateOf(checklist, u"features"_s), u"ticked"_s);
            QCOMPARE(stateOf(checklist, u"authentication"_s), u"open"_s);
            QCOMPARE(stateOf(checklist, u"unit-tests"_s), u"open"_s);
        }
        QCOMPARE(m_system->query(u"SELECT count(*) FROM orders WHERE notional IS DISTINCT FROM quantity * price"_s), QStringList{u"0"_s});
        for (qsizetype i = stages.size() - 2; i >= 0; --i) {
            const QString mode = stages[i].revision == stages[i + 1].revision ? u"code"_s : u"downgrade"_s;
            const auto back = m_system->ctl({u"rollback"_s, stages[i].version, u"--mode"_s, mode, u"--yes"_s});
            QVERIFY2(back.exitCode == 0, back.errors);
            QCOMPARE(m_system->harm(stages[i].version, stages[i].revision, m_troubles), QString());
            QCOMPARE(m_system->schema(), stages[i].schema);
            QCOMPARE(m_system->missingOf(before), QString());
        }
    }
};

QTEST_GUILESS_MAIN(TradingTest)
#include "tradingtest.moc"
