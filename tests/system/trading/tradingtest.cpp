// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/lookout.h"
#include "tests/support/postgresserver.h"
#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

#include <algorithm>

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
    static QJsonValue entry(const QJsonArray &list, const QString &id)
    {
        const auto found = std::ranges::find_if(list, [&id](const QJsonValue &each) { return each[u"id"].toString() == id; });
        return found == list.end() ? QJsonValue() : QJsonValue(*found);
    }
    static QString stateOf(const TradingSystem::Outcome &checklist, const QString &id)
    {
        const QJsonValue item = entry(checklist.json[u"items"].toArray(), id);
        return item.isObject() ? item[u"state"].toString() : u"missing: "_s + QString::fromUtf8(checklist.errors);
    }
    /// What of the checklist is not ticked although the run proved it.
    static QStringList unproven(const TradingSystem::Outcome &checklist)
    {
        QStringList open;
        for (const QString &id : {u"unit-tests"_s, u"integration-tests"_s, u"redis"_s, u"databases"_s, u"external"_s, u"endpoints"_s, u"authentication"_s, u"order-placement"_s,
                                  u"streaming"_s, u"web-sockets"_s, u"compatibility"_s, u"features"_s, u"log"_s, u"performance"_s, u"no-vulnerabilities"_s, u"load-test"_s, u"frontend-build"_s}) {
            if (const QString state = stateOf(checklist, id); state != u"ticked") {
                open.append(id + u' ' + state + u' ' + QString::fromUtf8(QJsonDocument(entry(checklist.json[u"items"].toArray(), id)[u"evidence"].toObject()).toJson(QJsonDocument::Compact)));
            }
        }
        return open;
    }
    /// What the checks tell of one of them, now.
    QJsonValue check(const QString &id) const { return entry(m_system->ctl({u"check"_s}).json[u"checks"].toArray(), id); }
    /// Nobody who may not gets in, and whoever may not is found out by the probe that says so.
    void aWrongTokenIsFoundOut()
    {
        QFile file(m_system->path(u"secrets/api.token"_s));
        QVERIFY(file.open(QIODevice::ReadWrite));
        const QByteArray token = file.readAll();
        QVERIFY(file.resize(0) && file.seek(0) && file.write("wrong\n") == 6 && file.flush());
        const QJsonValue account = check(u"probe:account"_s);
        QCOMPARE(account[u"status"].toString(), u"failed"_s);
        QCOMPARE(account[u"error"][u"args"][u"status"].toInt(), 401);
        QVERIFY(file.resize(0) && file.seek(0) && file.write(token) == token.size() && file.flush());
        QCOMPARE(check(u"probe:account"_s)[u"status"].toString(), u"passed"_s);
    }
    /// Does what rolls the backend over, and looks whether as many as before took requests all the while: nothing of the old release has
    /// ended, and nobody was taken out, before the spare was in.
    void neverOneLess(const std::function<void()> &roll)
    {
        qint64 first = 0;
        QByteArray told;
        const bool isKnown = QTest::qWaitFor(
            [&] {
                const auto status = m_system->ctl({u"status"_s});
                told = QJsonDocument(status.json).toJson(QJsonDocument::Compact).left(3000) + status.errors.left(1000);
                const QJsonArray instances = status.json[u"instances"].toArray();
                for (const auto &each : instances) {
                    first = each.toObject()[u"name"].toString() == u"backend-1" ? each.toObject()[u"pid"].toInteger() : first;
                }
                return first > 0;
            },
            QDeadlineTimer(std::chrono::minutes(4)));
        QVERIFY2(isKnown, told);
        cutover::testing::Lookout lookout(m_system->path(u"haproxy.sock"_s), "backend", first);
        roll();
        lookout.end();
        QCOMPARE(lookout.fewest(), 2);
        QCOMPARE(lookout.most(), 3);
        QVERIFY(lookout.firstUp("backend-spare") < lookout.firstDown("backend-1"));
        QVERIFY(lookout.firstUp("backend-spare") < lookout.firstGone());
        QVERIFY(lookout.firstDown("backend-1") < lookout.looks() && lookout.firstGone() < lookout.looks());
    }
    /// The broker hangs up on the first check of an update, which waits for it.
    TradingSystem::Outcome updateWhileTheBrokerIsDown(const QString &version)
    {
        m_system->stopBroker();
        QTcpServer broken;
        const bool listens = broken.listen(QHostAddress::LocalHost, m_system->brokerPort());
        const auto update = m_system->startCtl({u"update"_s, version, u"--yes"_s});
        const bool isAsked = QTest::qWaitFor([&] { return broken.hasPendingConnections() || update->state() == QProcess::NotRunning; }, 240000) && broken.hasPendingConnections();
        while (QTcpSocket *socket = broken.nextPendingConnection()) {
            socket->abort();
        }
        broken.close();
        const bool isUp = m_system->startBroker();
        auto outcome = TradingSystem::outcomeOf(*update, 300000);
        const QJsonArray steps = m_system->ctl({u"history"_s, outcome.json[u"run"][u"id"].toString()}).json[u"steps"].toArray();
        const auto checked = std::ranges::find_if(steps, [](const QJsonValue &step) { return step[u"spec"][u"kind"].toString() == u"precheck"; });
        const QJsonValue broker = checked == steps.end() ? QJsonValue() : entry((*checked)[u"record"][u"results"][u"checks"].toArray(), u"external:broker"_s);
        if (!listens || !isAsked || !isUp || broker[u"finding"][u"code"].toString() != u"check.external_back") {
            outcome.exitCode = -1;
            outcome.errors = "It did not wait for the broker: " + QJsonDocument(broker.toObject()).toJson() + outcome.errors;
        }
        return outcome;
    }
    /// The restore point holds what Redis had, whole, as its own tool reads it.
    void redisIsBackedUp(const QString &version)
    {
        const QJsonArray points = m_system->ctl({u"backup"_s, u"list"_s}).json[u"points"].toArray();
        const auto point = std::ranges::find_if(points, [&version](const QJsonValue &each) { return each[u"point"][u"version"].toString() == version; });
        QVERIFY(point != points.end());
        const QJsonObject member = (*point)[u"point"][u"members"][u"redis:quotes"].toObject();
        QVERIFY(member[u"keys"].toInteger() > 0);
        QProcess tool;
        tool.start(u"redis-check-rdb"_s, {member[u"file"].toString()});
        QVERIFY(tool.waitForFinished(60000));
        const QByteArray told = tool.readAll();
        QVERIFY2(tool.exitCode() == 0 && told.contains("looks OK"), told.constData());
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
        TradingSystem::Options options;
        options.libraries = true;
        QVERIFY2(m_system->start(options), qPrintable(m_system->problem()));
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
            neverOneLess([&] {
                const auto update = stage.version == u"1.2.1" ? updateWhileTheBrokerIsDown(stage.version) : m_system->ctl({u"update"_s, stage.version, u"--yes"_s}, 300000);
                QVERIFY2(update.exitCode == 0, update.errors);
            });
            if (QTest::currentTestFailed()) {
                return;
            }
            QCOMPARE(m_system->harm(stage.version, stage.revision, m_troubles), QString());
            QCOMPARE(m_system->missingOf(before), QString());
            stage.schema = m_system->schema();
            // What the containers wrote was read, and only what is named is proven.
            const auto checklist = m_system->ctl({u"checklist"_s});
            QCOMPARE(unproven(checklist).join(u'\n'), QString());
            // Told of what was installed before, which says nothing of this.
            QCOMPARE(stateOf(checklist, u"evidence:installed-tests"_s), u"open"_s);
        }
        redisIsBackedUp(u"1.3.0"_s);
        aWrongTokenIsFoundOut();
        // A place to rehearse in, of what a restore point holds.
        const auto clone = m_system->ctl({u"database"_s, u"clone"_s, u"1.2.0"_s, u"rehearsal"_s});
        QVERIFY2(clone.exitCode == 0, clone.errors);
        QCOMPARE(m_system->postgres().value(u"rehearsal"_s, u"SELECT version_num FROM public.alembic_version"_s), u"2b"_s);
        const auto again = m_system->ctl({u"database"_s, u"clone"_s, u"1.2.0"_s, u"rehearsal"_s});
        QVERIFY2(again.exitCode != 0 && again.errors.contains("already"), again.errors);
        QCOMPARE(m_system->query(u"SELECT count(*) FROM orders WHERE notional IS DISTINCT FROM quantity * price"_s), QStringList{u"0"_s});
        for (qsizetype i = stages.size() - 2; i >= 0; --i) {
            const QString mode = stages[i].revision == stages[i + 1].revision ? u"code"_s : u"downgrade"_s;
            neverOneLess([&] {
                const auto back = m_system->ctl({u"rollback"_s, stages[i].version, u"--mode"_s, mode, u"--yes"_s});
                QVERIFY2(back.exitCode == 0, back.errors);
            });
            if (QTest::currentTestFailed()) {
                return;
            }
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
