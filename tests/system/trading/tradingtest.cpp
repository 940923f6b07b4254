// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/postgresserver.h"
#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QTest>

using namespace Qt::StringLiterals;

/** The trading system through its releases and back by cutoverctl, under traffic. */
class TradingTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<TradingSystem> m_system;
    QString m_troubles; ///< Of the balancer, when nothing had happened yet.

    /// From 1.2.0 to a commit behind it that no release ever was, by the beginning of its hash, and on to 1.2.1.
    void toACommitAndOn()
    {
        const auto note = [](const QString &folder) {
            QFile notes(folder + u"/NOTES"_s);
            QVERIFY(notes.open(QIODevice::WriteOnly) && notes.write("Tried by hand.\n") > 0);
        };
        // It would build an image by the name of the one that runs, and there would be no way back.
        const QString same = m_system->commitBehind(u"1.2.0"_s, note);
        QCOMPARE(m_system->ctl({u"rollback"_s, same, u"--yes"_s}).json[u"error"][u"code"].toString(), u"compose.same_image"_s);
        const QString hash = m_system->commitBehind(u"1.2.0"_s, [&note](const QString &folder) {
            note(folder);
            QFile compose(folder + u"/compose.yaml"_s);
            QVERIFY(compose.open(QIODevice::ReadWrite));
            const QByteArray own = compose.readAll().replace("trading/app:1.2.0", "trading/app:1.2.0-notes");
            QVERIFY(own.contains("trading/app:1.2.0-notes") && compose.resize(0) && compose.seek(0) && compose.write(own) == own.size());
        });
        QVERIFY2(!hash.isEmpty(), qPrintable(m_system->problem()));
        const QString version = u"1.2.0+g"_s + hash.left(12);
        const auto refused = m_system->ctl({u"rollback"_s, hash.left(9), u"--mode"_s, u"downgrade"_s, u"--yes"_s});
        QCOMPARE(refused.json[u"error"][u"code"].toString(), u"rollback.commit_mode"_s);
        const auto unknown = m_system->ctl({u"rollback"_s, u"0123456789abcdef"_s, u"--yes"_s});
        QCOMPARE(unknown.json[u"error"][u"code"].toString(), u"git.no_commit"_s);
        const auto back = m_system->ctl({u"rollback"_s, hash.left(9), u"--yes"_s});
        QVERIFY2(back.exitCode == 0, back.errors);
        QCOMPARE(m_system->harm(version, u"2b"_s, m_troubles, u"1.2.0"_s), QString());
        QCOMPARE(QFileInfo(m_system->path(u"releases/current"_s)).symLinkTarget(), m_system->path(u"releases/"_s + version));
        QVERIFY(QFileInfo::exists(m_system->path(u"releases/current/NOTES"_s)));
        QCOMPARE(m_system->ctl({u"status"_s}).json[u"version"].toString(), version);
        // The backends say which commit they are built of.
        QVERIFY2(m_system->get(u"/api/version"_s).contains(hash.toLatin1()), m_system->get(u"/api/version"_s));
        const auto again = m_system->ctl({u"rollback"_s, hash, u"--yes"_s});
        QCOMPARE(again.json[u"error"][u"code"].toString(), u"rollback.runs_already"_s);
        const auto on = m_system->ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
        QVERIFY2(on.exitCode == 0, on.errors);
        QCOMPARE(m_system->harm(u"1.2.1"_s, u"2b"_s, m_troubles), QString());
        // And back to the commit, of which the update has made a restore point.
        const auto point = m_system->ctl({u"rollback"_s, version, u"--yes"_s});
        QVERIFY2(point.exitCode == 0, point.errors);
        QCOMPARE(m_system->harm(version, u"2b"_s, m_troubles, u"1.2.0"_s), QString());
        // The release that the commit came from is another one than the commit.
        const auto itself = m_system->ctl({u"update"_s, u"1.2.0"_s, u"--yes"_s});
        QVERIFY2(itself.exitCode == 0, itself.errors);
        QCOMPARE(m_system->harm(u"1.2.0"_s, u"2b"_s, m_troubles), QString());
    }
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
        // A place to rehearse in, of what a restore point holds.
        const auto clone = m_system->ctl({u"database"_s, u"clone"_s, u"1.2.0"_s, u"rehearsal"_s});
        QVERIFY2(clone.exitCode == 0, clone.errors);
        QCOMPARE(m_system->postgres().value(u"rehearsal"_s, u"SELECT version_num FROM public.alembic_version"_s), u"2b"_s);
        const auto again = m_system->ctl({u"database"_s, u"clone"_s, u"1.2.0"_s, u"rehearsal"_s});
        QVERIFY2(again.exitCode != 0 && again.errors.contains("already"), again.errors);
        QCOMPARE(m_system->query(u"SELECT count(*) FROM orders WHERE notional IS DISTINCT FROM quantity * price"_s), QStringList{u"0"_s});
        for (qsizetype i = stages.size() - 2; i >= 0; --i) {
            const QString mode = stages[i].revision == stages[i + 1].revision ? u"code"_s : u"downgrade"_s;
            const auto back = m_system->ctl({u"rollback"_s, stages[i].version, u"--mode"_s, mode, u"--yes"_s});
            QVERIFY2(back.exitCode == 0, back.errors);
            QCOMPARE(m_system->harm(stages[i].version, stages[i].revision, m_troubles), QString());
            QCOMPARE(m_system->schema(), stages[i].schema);
            QCOMPARE(m_system->missingOf(before), QString());
        }
        toACommitAndOn();
        QCOMPARE(m_system->missingOf(before), QString());
    }
};

QTEST_GUILESS_MAIN(TradingTest)
#include "tradingtest.moc"
