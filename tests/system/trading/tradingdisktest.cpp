// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "dumpcase.h"
#include "tests/support/postgresserver.h"

#include <QStorageInfo>

#include <csignal>
#include <sys/mount.h>

/**
 * Disks of the trading system that fill up while it is updated. PostgreSQL's write-ahead log and the
 * backups lie on small ones of their own.
 */
class TradingDiskTest : public DumpCase
{
    Q_OBJECT

    QStringList m_mounted;

    bool mountAt(const QString &folder, const char *options)
    {
        if (!QDir().mkpath(folder) || ::mount("none", QFile::encodeName(folder).constData(), "tmpfs", 0, options) != 0) {
            return false;
        }
        m_mounted.append(folder);
        return true;
    }
    static void fill(const QString &folder, qint64 leave)
    {
        QFile filler(folder + u"/filler"_s);
        QVERIFY(filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered));
        const QByteArray block(65536, 'x');
        for (qint64 left = QStorageInfo(folder).bytesAvailable() - leave; left > 0; left -= block.size()) {
            filler.write(block.left(left));
        }
    }
    static void empty(const QString &folder) { QVERIFY(QFile::remove(folder + u"/filler"_s)); }
    QString walDisk() const { return m_system->postgres().path(u"wal"_s); }
    /// Moves the write-ahead log onto a disk of its own, as large servers have it.
    void moveWal()
    {
        auto &postgres = m_system->postgres();
        postgres.stop(SIGINT);
        const QString wal = postgres.path(u"data/pg_wal"_s);
        QVERIFY(mountAt(walDisk(), "size=450m"));
        QCOMPARE(QProcess::execute(u"cp"_s, {u"-a"_s, QString(wal + u"/."_s), walDisk()}), 0);
        QVERIFY(QDir(wal).removeRecursively() && QFile::link(walDisk(), wal));
        const QString why = postgres.start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (!cutover::testing::mayMount()) {
            SKIP_WITHOUT_ROOT("full disks, as this user can't mount a tmpfs");
        }
        begin();
        if (!m_system || QTest::currentTestFailed()) {
            return;
        }
        moveWal();
        // Room for a backup of all that the migrations here write, should one of them go through.
        QVERIFY(mountAt(path(u"backups"_s), "size=2000m"));
        isAsBefore();
    }
    void cleanupTestCase()
    {
        if (m_system) {
            m_system->postgres().stop(SIGQUIT);
        }
        for (const QString &folder : std::as_const(m_mounted)) {
            ::umount2(QFile::encodeName(folder).constData(), MNT_DETACH);
        }
        m_system.reset();
    }

    void cleanup()
    {
        // What failed in one test is not in the next one's way.
        if (m_system && QTest::currentTestFailed() && state() == u"held") {
            (void)decide(u"revert"_s);
        }
    }

    void littleSpaceForWalHoldsTheRun()
    {
        const QStringList failed = failures();
        QVERIFY2(publishRevision(u"1.2.31"_s, "    op.create_table(\"variants\", sa.Column(\"id\", sa.Integer))"), qPrintable(m_system->problem()));
        holdBehind(u"1.2.31"_s, u"precheck"_s);
        // What the target wants free is 200 MB: below half of it nothing is begun.
        fill(walDisk(), 60 << 20);
        const auto emptied = qScopeGuard([this] { QFile::remove(walDisk() + u"/filler"_s); });
        for (const auto &verb : {u"resume"_s, u"retry"_s}) {
            const auto held = decide(verb);
            QVERIFY2(held.exitCode == Held, told(held));
            const QString reason = held.json[u"reason"].toString();
            QVERIFY2(reason.contains(u"pg_wal"_s) && reason.contains(u"free"_s), qPrintable(reason));
        }
        servesWhileHeld(u"1.2.31"_s);
        QCOMPARE(m_system->revision(), u"2b"_s);
        empty(walDisk());
        const auto ended = decide(u"retry"_s);
        QVERIFY2(ended.exitCode == 0, told(ended));
        QCOMPARE(m_system->revision(), u"3x"_s);
        backFrom(u"1.2.31"_s, u"downgrade"_s);
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    void walFullInTheMigration()
    {
        // One transaction that writes more than the disk holds: the server panics, and does not come up again by itself.
        QVERIFY2(publishRevision(u"1.2.32"_s, "    op.execute(\"CREATE TABLE variants AS SELECT i AS id, repeat(md5(i::text), 20) AS filler FROM generate_series(1, 100) i\")\n"
                                              "    op.execute(\"INSERT INTO variants SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 1000000) i\")"),
                 qPrintable(m_system->problem()));
        auto &postgres = m_system->postgres();
        const auto update = m_system->startCtl({u"update"_s, u"1.2.32"_s, u"--yes"_s});
        QTRY_VERIFY_WITH_TIMEOUT(!postgres.isRunning() || update->state() == QProcess::NotRunning, 240000);
        QVERIFY2(!postgres.isRunning(), "the update ended, and the server did not panic");
        // Whoever runs it gives it a larger disk.
        QCOMPARE(::mount("none", QFile::encodeName(walDisk()).constData(), "tmpfs", MS_REMOUNT, "size=2000m"), 0);
        const QString why = postgres.start();
        QVERIFY2(why.isEmpty(), qPrintable(why));
        const auto outcome = TradingSystem::outcomeOf(*update, 300000);
        if (outcome.exitCode == 0) {
            // It was tried again once the server was back.
            QCOMPARE(m_system->revision(), u"3x"_s);
            backFrom(u"1.2.32"_s, u"downgrade"_s);
        } else {
            QVERIFY2(outcome.exitCode == Held || outcome.exitCode == RolledBack, told(outcome));
            QVERIFY2(!outcome.json[u"reason"].toString().isEmpty(), told(outcome));
            if (outcome.exitCode == Held) {
                goBack(u"1.2.32"_s);
            }
        }
        isAsBefore();
    }

    /// Filled while the update asks how large its tables are: no dump is begun for which there is no space.
    void diskFullBeforeTheDump()
    {
        const QStringList failed = failures();
        const QString backups = path(u"backups"_s);
        const QStringList before = points();
        QVERIFY2(m_system->publishVariant(u"1.2.33"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        // Whoever asks for the size of this table waits. No user reads it.
        auto lock = cutover::postgres::Session::open(m_system->postgres().spec(u"trading"_s, u"postgres"_s));
        QVERIFY2(lock, qPrintable(lock ? QString() : lock.error().text()));
        QVERIFY((*lock)->execute(u"BEGIN"_s) && (*lock)->execute(u"LOCK TABLE public.users IN ACCESS EXCLUSIVE MODE"_s));
        const auto update = m_system->startCtl({u"update"_s, u"1.2.33"_s, u"--yes"_s});
        const auto waits = [this] { return m_system->query(u"SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted"_s).value(0).toInt() > 0; };
        QTRY_VERIFY_WITH_TIMEOUT(waits() || update->state() == QProcess::NotRunning, 120000);
        if (update->state() != QProcess::Running) {
            QFAIL(told(TradingSystem::outcomeOf(*update, 1000)).constData());
        }
        fill(backups, 0);
        const auto emptied = qScopeGuard([&backups] { QFile::remove(backups + u"/filler"_s); });
        QVERIFY((*lock)->execute(u"ROLLBACK"_s));
        const auto outcome = TradingSystem::outcomeOf(*update, 300000);
        QVERIFY2(outcome.exitCode == RolledBack || outcome.exitCode == Held, told(outcome));
        QVERIFY2(outcome.json[u"reason"].toString().contains(u"The backup needs"_s), told(outcome));
        empty(backups);
        if (outcome.exitCode == Held) {
            goBack(u"1.2.33"_s);
        }
        QCOMPARE(points(), before);
        isTidy();
        isAsBefore();
        QCOMPARE(failures(), failed);
    }

    void diskFullInTheDump()
    {
        const QStringList failed = failures();
        const QString backups = path(u"backups"_s);
        const QStringList before = points();
        QVERIFY2(m_system->publishVariant(u"1.2.34"_s, [](const QString &) { }), qPrintable(m_system->problem()));
        addBallast();
        const auto update = m_system->startCtl({u"update"_s, u"1.2.34"_s, u"--yes"_s});
        stopTheDump(*update);
        fill(backups, 0);
        const auto emptied = qScopeGuard([&backups] { QFile::remove(backups + u"/filler"_s); });
        letTheDumpGoOn();
        const auto outcome = TradingSystem::outcomeOf(*update, 300000);
        QVERIFY2(outcome.exitCode == RolledBack || outcome.exitCode == Held, told(outcome));
        QVERIFY2(outcome.json[u"reason"].toString().contains(u"became full while"_s), told(outcome));
        // Before the filler goes: what was written is removed for the space it takes.
        QCOMPARE(partialDumps(), QStringList());
        empty(backups);
        if (outcome.exitCode == Held) {
            goBack(u"1.2.34"_s);
        }
        // A part of a dump is no restore point.
        QCOMPARE(points(), before);
        isTidy();
        dropBallast();
        isAsBefore();
        QCOMPARE(failures(), failed);
    }
};

QTEST_GUILESS_MAIN(TradingDiskTest)
#include "tradingdisktest.moc"
