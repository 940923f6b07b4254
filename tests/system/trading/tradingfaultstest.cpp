// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "dumpcase.h"
#include "tests/support/dockerd.h"
#include "tests/support/postgresserver.h"

#include <QJsonDocument>

#include <algorithm>
#include <csignal>
#include <sys/mount.h>

using namespace Qt::StringLiterals;

/**
 * What goes wrong with the trading system in the middle of an update: each ends at the new
 * release, at the old one or held, and says why. One system for all; each begins at 1.2.0.
 */
class TradingFaultsTest : public DumpCase
{
    Q_OBJECT

    /// Where the database was away.
    static void saysWhy(const TradingSystem::Outcome &outcome)
    {
        const QString reason = outcome.json[u"reason"].toString();
        QVERIFY2(reason.contains(u"trading"_s) && reason.contains(u' '), told(outcome));
    }

private Q_SLOTS:
    void initTestCase() { begin(); }
    void cleanupTestCase() { m_system.reset(); }
    void cleanup()
    {
        // What failed in one test is not in the next one's way.
        if (m_system && QTest::currentTestFailed() && state() == u"held") {
            (void)decide(u"revert"_s);
        }
    }

    void revisionThatRaises()
    {
        const QStringList failed = failures();
        QVERIFY2(publishRevision(u"1.2.11"_s, "    op.create_table(\"variants\", sa.Column(\"id\", sa.Integer))\n    op.execute(\"SELECT 1 / (count(*) - count(*)) FROM orders\")"), qPrintable(m_system->problem()));
        const auto update = m_system->ctl({u"update"_s, u"1.2.11"_s, u"--yes"_s});
        QVERIFY2(update.exitCode == RolledBack, update.errors.left(3000));
        const QString reason = update.json[u"reason"].toString();
        QVERIFY2(reason.contains(u"3x"_s) && reason.contains(u"division by zero"_s), qPrintable(reason));
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    void tagSignedByNobodyKnown()
    {
        const QStringList failed = failures();
        // Who signs is asked once the target names its signers.
        QProcess keygen;
        for (const QString &who : {u"known"_s, u"stranger"_s}) {
            keygen.start(u"ssh-keygen"_s, {u"-q"_s, u"-t"_s, u"ed25519"_s, u"-N"_s, u""_s, u"-C"_s, who, u"-f"_s, path(u"secrets/"_s + who)});
            QVERIFY(keygen.waitForFinished() && keygen.exitCode() == 0);
        }
        write(path(u"secrets/signers"_s), "kim@example.org " + read(path(u"secrets/known.pub"_s)));
        QVERIFY2(m_system->publishVariant(u"1.2.12"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        QVERIFY2(m_system->git({u"-c"_s, u"gpg.format=ssh"_s, u"-c"_s, QString(u"user.signingKey="_s + path(u"secrets/stranger"_s)), u"tag"_s, u"-f"_s, u"-s"_s, u"v1.2.12"_s, u"-m"_s, u"Release 1.2.12"_s}), qPrintable(m_system->problem()));
        const QByteArray target = read(m_system->targetFile());
        write(m_system->targetFile(), QByteArray(target).replace("  build:\n", "  allowed_signers: secrets/signers\n  build:\n"));
        const auto update = m_system->ctl({u"update"_s, u"1.2.12"_s, u"--yes"_s});
        // Nor is a commit installed that none of them stands for.
        const QString hash = m_system->commitBehind(u"1.2.0"_s, [](const QString &folder) { write(folder + u"/NOTES"_s, "Tried by hand.\n"); });
        QVERIFY2(!hash.isEmpty(), qPrintable(m_system->problem()));
        const auto commit = m_system->ctl({u"rollback"_s, hash, u"--yes"_s});
        // What one of them has signed is.
        QVERIFY2(m_system->publishVariant(u"1.2.20"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        QVERIFY2(m_system->git({u"-c"_s, u"gpg.format=ssh"_s, u"-c"_s, QString(u"user.signingKey="_s + path(u"secrets/known"_s)), u"tag"_s, u"-f"_s, u"-s"_s, u"v1.2.20"_s, u"-m"_s, u"Release 1.2.20"_s}), qPrintable(m_system->problem()));
        const auto good = m_system->ctl({u"update"_s, u"1.2.20"_s, u"--yes"_s}, 300000);
        write(m_system->targetFile(), target);
        QVERIFY2(update.exitCode == Refused, QByteArray(QByteArray::number(update.exitCode) + ' ' + update.errors.left(3000)));
        QVERIFY2(update.errors.contains("v1.2.12"), update.errors.left(3000));
        QCOMPARE(commit.json[u"error"][u"code"].toString(), u"git.commit_unsigned"_s);
        QVERIFY2(commit.exitCode == Refused, told(commit));
        QVERIFY2(good.exitCode == 0, told(good));
        const QJsonArray steps = m_system->ctl({u"history"_s, good.json[u"run"][u"id"].toString()}).json[u"steps"].toArray();
        const auto verified = std::ranges::find_if(steps, [](const QJsonValue &step) { return step[u"spec"][u"kind"].toString() == u"verify_tag"; });
        QVERIFY(verified != steps.end());
        QVERIFY2((*verified)[u"spec"][u"params"][u"signer"].toString().contains(u"kim@example.org"_s), QJsonDocument((*verified)[u"spec"].toObject()).toJson());
        backFrom(u"1.2.20"_s);
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    void longTransactionInTheWay()
    {
        const QStringList failed = failures();
        QVERIFY2(publishRevision(u"1.2.13"_s, "    op.execute(\"LOCK TABLE orders IN ACCESS EXCLUSIVE MODE\")\n    op.create_table(\"variants\", sa.Column(\"id\", sa.Integer))"), qPrintable(m_system->problem()));
        // Somebody went to lunch within a transaction: a role of its own, which reads.
        const QString password = QString::fromLatin1(cutover::testing::PostgresServer::password());
        QVERIFY(m_system->postgres().sql(u"trading"_s, QString(u"CREATE ROLE analyst LOGIN PASSWORD "_s + cutover::postgres::literal(password) + u"; GRANT SELECT ON orders TO analyst"_s)).has_value());
        QProcess lunch;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"PGPASSWORD"_s, password);
        environment.insert(u"PGAPPNAME"_s, u"lunch"_s);
        lunch.setProcessEnvironment(environment);
        lunch.start(u"psql"_s, {u"-h"_s, u"127.0.0.1"_s, u"-p"_s, QString::number(m_system->postgres().port()), u"-U"_s, u"analyst"_s, u"trading"_s});
        lunch.write("BEGIN; SELECT count(*) FROM orders;\n");
        const QString atLunch = u"SELECT pid FROM pg_stat_activity WHERE application_name = 'lunch' AND state = 'idle in transaction'"_s;
        QTRY_COMPARE_WITH_TIMEOUT(m_system->query(atLunch).size(), 1, 10000);
        const QString pid = m_system->query(atLunch).first();
        const auto update = m_system->ctl({u"update"_s, u"1.2.13"_s, u"--yes"_s}, 300000);
        QVERIFY2(update.exitCode == RolledBack || update.exitCode == Held, told(update));
        QVERIFY2(update.json[u"reason"].toString().contains(u"lunch"_s), told(update));
        if (update.exitCode == Held) {
            goBack(u"1.2.13"_s);
        }
        isAsBefore();

        // Whoever is in the way is found and ended as an operator does it.
        const auto listed = m_system->ctl({u"database"_s, u"sessions"_s});
        QVERIFY2(listed.exitCode == 0, told(listed));
        const QJsonArray sessions = listed.json[u"sessions"].toArray();
        const auto found = std::ranges::find_if(sessions, [](const QJsonValue &each) { return each[u"application"].toString() == u"lunch"; });
        QVERIFY2(found != sessions.end(), QJsonDocument(listed.json).toJson());
        const QString session = (*found)[u"session"].toString();
        QCOMPARE((*found)[u"user"].toString(), u"analyst"_s);
        QCOMPARE((*found)[u"state"].toString(), u"idle in transaction"_s);
        QVERIFY2(session.startsWith(QString(pid + u'-')), qPrintable(session));
        const auto dry = m_system->ctl({u"database"_s, u"end-session"_s, session, u"--dry-run"_s});
        QVERIFY2(dry.exitCode == 0, told(dry));
        QCOMPARE(m_system->query(atLunch), QStringList{pid});
        const auto ended = m_system->ctl({u"database"_s, u"end-session"_s, session});
        QVERIFY2(ended.exitCode == 0 && ended.json[u"ended"].toBool(), told(ended));
        QTRY_COMPARE_WITH_TIMEOUT(m_system->query(atLunch), QStringList(), 10000);
        const auto again = m_system->ctl({u"database"_s, u"end-session"_s, session});
        QVERIFY2(again.exitCode != 0 && again.errors.contains(session.toUtf8()), told(again));
        // Who ended which one stays on the list.
        const auto audit = m_system->ctl({u"audit"_s});
        QVERIFY2(audit.json[u"intact"].toBool(), told(audit));
        const QJsonArray rows = audit.json[u"rows"].toArray();
        QCOMPARE(std::ranges::count_if(rows, [&](const QJsonValue &row) {
                     return row[u"what"] == u"database.session_ended"_s && row[u"args"][u"database"] == u"trading"_s && row[u"args"][u"pid"].toInteger() == pid.toLongLong() && !row[u"who"].toString().isEmpty();
                 }),
                 1);

        // And the same update goes through.
        const auto second = m_system->ctl({u"update"_s, u"1.2.13"_s, u"--yes"_s}, 300000);
        QVERIFY2(second.exitCode == 0, told(second));
        QCOMPARE(m_system->revision(), u"3x"_s);
        lunch.kill();
        lunch.waitForFinished();
        backFrom(u"1.2.13"_s, u"downgrade"_s);
        isAsBefore();
        // Requests waited behind it, and none failed.
        QCOMPARE(failures(), failed);
    }

    void databaseStoppedInTheMigration()
    {
        QVERIFY2(publishRevision(u"1.2.14"_s, "    op.create_table(\"variants\", sa.Column(\"id\", sa.Integer))\n    op.execute(\"SELECT pg_sleep(5)\")"), qPrintable(m_system->problem()));
        const auto update = m_system->startCtl({u"update"_s, u"1.2.14"_s, u"--yes"_s});
        QTRY_VERIFY_WITH_TIMEOUT(waiting(u"SELECT pg_sleep(5)"_s) > 0, 120000);
        m_system->postgres().stop(SIGQUIT);
        QTest::qWait(2000);
        const QString why = m_system->postgres().start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        const auto outcome = TradingSystem::outcomeOf(*update, 300000);
        if (outcome.exitCode == 0) {
            QCOMPARE(m_system->revision(), u"3x"_s);
            nothingLost();
            backFrom(u"1.2.14"_s, u"downgrade"_s);
        } else {
            QVERIFY2(outcome.exitCode == RolledBack || outcome.exitCode == Held, told(outcome));
            saysWhy(outcome);
            if (outcome.exitCode == Held) {
                goBack(u"1.2.14"_s);
            }
        }
        isAsBefore();
    }

    void databaseStoppedInTheDump()
    {
        const QStringList before = points();
        QVERIFY2(m_system->publishVariant(u"1.2.15"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        addBallast();
        const auto update = m_system->startCtl({u"update"_s, u"1.2.15"_s, u"--yes"_s});
        stopTheDump(*update);
        m_system->postgres().stop(SIGQUIT);
        letTheDumpGoOn();
        QTest::qWait(2000);
        const QString why = m_system->postgres().start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        const auto outcome = TradingSystem::outcomeOf(*update, 300000);
        QCOMPARE(partialDumps(), QStringList());
        if (outcome.exitCode == 0) {
            // It was tried again once the server was back, and that one is a restore point.
            QCOMPARE(points().size(), before.size() + 1);
            backFrom(u"1.2.15"_s);
        } else {
            QVERIFY2(outcome.exitCode == RolledBack || outcome.exitCode == Held, told(outcome));
            saysWhy(outcome);
            if (outcome.exitCode == Held) {
                goBack(u"1.2.15"_s);
            }
            // A part of a dump is no restore point.
            QCOMPARE(points(), before);
        }
        isTidy();
        dropBallast();
        isAsBefore();
    }

    void containerNeverHealthy()
    {
        const QStringList failed = failures();
        QVERIFY2(m_system->publishVariant(u"1.2.16"_s,
                                          [](const QString &folder) {
                                              const QString file = folder + u"/compose.yaml"_s;
                                              write(file, read(file).replace("/api/health", "/api/nowhere"));
                                          }),
                 qPrintable(m_system->problem()));
        const auto update = m_system->ctl({u"update"_s, u"1.2.16"_s, u"--yes"_s}, 300000);
        QVERIFY2(update.exitCode == RolledBack, told(update));
        QVERIFY2(update.json[u"reason"].toString().contains(u"unhealthy"_s), told(update));
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    /// Somebody cleans up, between the check and the start.
    void imageGoneMeanwhile()
    {
        const QStringList failed = failures();
        QVERIFY2(m_system->publishVariant(u"1.2.17"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        holdBehind(u"1.2.17"_s, u"fetch"_s);
        const QString image = u"trading/app:1.2.17"_s;
        QVERIFY(m_system->docker().docker({u"image"_s, u"ls"_s, u"--format"_s, u"{{.Repository}}:{{.Tag}}"_s}).contains(image));
        m_system->docker().docker({u"image"_s, u"rm"_s, u"-f"_s, image});
        const auto resumed = decide(u"resume"_s);
        QVERIFY2(resumed.exitCode == RolledBack || resumed.exitCode == Held, told(resumed));
        QVERIFY2(resumed.json[u"reason"].toString().contains(image), told(resumed));
        if (resumed.exitCode == Held) {
            goBack(u"1.2.17"_s);
        }
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    /// Longer than anybody waits for it: its containers run on, and what was begun is held.
    void dockerAwayForLong()
    {
        const QStringList failed = failures();
        QVERIFY2(m_system->publishVariant(u"1.2.18"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        const auto update = m_system->startCtl({u"update"_s, u"1.2.18"_s, u"--yes"_s});
        QVERIFY(waitUntilBegun(*update, u"deploy:backend-1"_s));
        m_system->docker().stop(SIGTERM);
        const auto outcome = TradingSystem::outcomeOf(*update, 300000);
        if (outcome.exitCode == Held) {
            servesWhileHeld(u"1.2.18"_s);
        }
        const QString why = m_system->docker().start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        QVERIFY2(outcome.exitCode == Held, told(outcome));
        const auto retried = decide(u"retry"_s);
        QVERIFY2(retried.exitCode == 0 || retried.exitCode == RolledBack, told(retried));
        if (retried.exitCode == 0) {
            backFrom(u"1.2.18"_s);
        }
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    /// What starts it again starts it as its configuration says.
    void balancerKilledMeanwhile()
    {
        QVERIFY2(m_system->publishVariant(u"1.2.19"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        const auto update = m_system->startCtl({u"update"_s, u"1.2.19"_s, u"--yes"_s});
        QVERIFY(waitUntilBegun(*update, u"deploy:backend-1"_s));
        QVERIFY(m_system->kill(u"haproxy"_s) > 0);
        auto outcome = TradingSystem::outcomeOf(*update, 300000);
        if (outcome.exitCode == Held) {
            servesWhileHeld(u"1.2.19"_s);
            outcome = decide(u"retry"_s);
        }
        QVERIFY2(outcome.exitCode == 0 || outcome.exitCode == RolledBack, told(outcome));
        if (outcome.exitCode == 0) {
            backFrom(u"1.2.19"_s);
        }
        isAsBefore();
    }
};

QTEST_GUILESS_MAIN(TradingFaultsTest)
#include "tradingfaultstest.moc"
