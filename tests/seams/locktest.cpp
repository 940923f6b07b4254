// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "codeof.h"

#include "run/runlock.h"
#include "run/spacereserve.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoroTask>
#include <QFile>
#include <QProcess>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

class LockTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_dir;

    [[nodiscard]] Result<std::unique_ptr<RunLock>> acquire(const QString &run, RunLock::Options options = {}) const
    {
        return QCoro::waitFor(RunLock::acquire(m_dir->path(), run, options));
    }

    /// Another process that takes the lock; returns once it has it.
    [[nodiscard]] std::unique_ptr<QProcess> other(const QString &run, const QStringList &child = {}) const
    {
        auto process = std::make_unique<QProcess>();
        process->start(QString(QCoreApplication::applicationDirPath() + u"/cutover-seams-helper"_s),
                       QStringList{u"lock"_s, m_dir->path(), run, u"0"_s} + child);
        return process->waitForReadyRead() ? std::move(process) : nullptr;
    }

private Q_SLOTS:
    void init() { m_dir = std::make_unique<QTemporaryDir>(); }

    void twoProcessesContend()
    {
        const auto holder = other(u"first"_s);
        QVERIFY(holder);
        QCOMPARE(holder->readAllStandardOutput(), "1\n"_ba);
        const auto refused = acquire(u"second"_s);
        QVERIFY(!refused);
        QCOMPARE(codeOf(refused), u"lock.held"_s);
        QCOMPARE(refused.error().args.value("run"_L1).toString(), u"first"_s);
        QCOMPARE(refused.error().args.value("pid"_L1).toInteger(), holder->processId());
        const LockOwner owner = RunLock::owner(m_dir->path()).value().value();
        QCOMPARE(owner.runId, u"first"_s);
        QCOMPARE(owner.pid, holder->processId());
        QVERIFY(owner.lives());
        const QList<LockKeeper> keepers = RunLock::keepers(m_dir->path());
        QCOMPARE(keepers.size(), 1);
        QCOMPARE(keepers[0].pid, holder->processId());
        QVERIFY(!keepers[0].inherited);

        // Waits, and has it as soon as the other ends in order.
        QTimer::singleShot(100, this, [&holder] { holder->closeWriteChannel(); });
        const auto second = acquire(u"second"_s, {.waitMs = 10'000});
        QVERIFY(second);
        QCOMPARE((*second)->epoch(), 2);
        QVERIFY((*second)->check());
        QCOMPARE(RunLock::owner(m_dir->path()).value()->runId, u"second"_s);
        holder->waitForFinished();
    }

    void killedHolderReleases()
    {
        const auto holder = other(u"first"_s);
        QVERIFY(holder);
        holder->kill();
        QVERIFY(holder->waitForFinished());
        QVERIFY(!RunLock::owner(m_dir->path()).value());
        QVERIFY(acquire(u"second"_s));
    }

    void releasedWithItsObject()
    {
        {
            const auto lock = acquire(u"first"_s);
            QVERIFY(lock);
            QCOMPARE(codeOf(acquire(u"again"_s)), u"lock.held"_s); // The same process is no exception.
        }
        QVERIFY(!RunLock::owner(m_dir->path()).value());
        QVERIFY(acquire(u"second"_s));
    }

    void leftoverChildIsWaitedFor()
    {
        // Ends when told, by the last writer closing: a time would be too short on a busy machine.
        const QByteArray fifo = QFile::encodeName(m_dir->filePath(u"fifo"_s));
        QCOMPARE(::mkfifo(fifo.constData(), 0600), 0);
        int writer = ::open(fifo.constData(), O_RDWR | O_CLOEXEC);
        QVERIFY(writer >= 0);
        const auto closer = qScopeGuard([&writer] {
            if (writer >= 0) {
                ::close(writer);
            }
        });
        const auto runner = other(u"first"_s, {u"cat"_s, QFile::decodeName(fifo)});
        QVERIFY(runner);
        QTRY_VERIFY(std::ranges::contains(RunLock::keepers(m_dir->path()), u"cat"_s, &LockKeeper::program));
        QCOMPARE(codeOf(acquire(u"second"_s)), u"lock.held"_s); // The runner lives.
        runner->kill();
        QVERIFY(runner->waitForFinished());
        const QList<LockKeeper> keepers = RunLock::keepers(m_dir->path());
        QCOMPARE(keepers.size(), 1);
        QCOMPARE(keepers[0].program, u"cat"_s);
        QVERIFY(keepers[0].inherited);
        const auto refused = acquire(u"second"_s, {.waitMs = 0, .endLeftovers = false});
        QCOMPARE(codeOf(refused), u"lock.leftovers"_s);
        QVERIFY(refused.error().what().contains("cat"_L1));
        QTimer::singleShot(100, this, [&writer] { ::close(std::exchange(writer, -1)); });
        const auto second = acquire(u"second"_s, {.waitMs = 30'000, .endLeftovers = false});
        QVERIFY(second);
        QCOMPARE(processStartTime(keepers[0].pid), 0u);
    }

    void leftoverChildIsEnded()
    {
        const auto runner = other(u"first"_s, {u"sh"_s, u"-c"_s, u"trap '' TERM; while :; do sleep 0.05; done"_s});
        QVERIFY(runner);
        QTRY_COMPARE_GE(RunLock::keepers(m_dir->path()).size(), 2);
        runner->kill();
        QVERIFY(runner->waitForFinished());
        const QList<LockKeeper> keepers = RunLock::keepers(m_dir->path());
        QVERIFY(!keepers.isEmpty());
        const auto second = acquire(u"second"_s, {.waitMs = 50, .graceMs = 200});
        QVERIFY(second);
        for (const LockKeeper &keeper : keepers) {
            QVERIFY(processStartTime(keeper.pid) != keeper.startTime);
        }
        QCOMPARE((*second)->epoch(), 2);
    }

    void laterEpochFencesTheEarlier()
    {
        const auto first = acquire(u"first"_s);
        QVERIFY(first);
        // Somebody "helped" by removing the lock file while its holder was thought dead.
        QVERIFY(QFile::remove(m_dir->filePath(u"lock"_s)));
        QCOMPARE(codeOf((*first)->check()), u"lock.lost"_s);
        const auto second = acquire(u"second"_s);
        QVERIFY(second);
        QVERIFY((*second)->check());
        QCOMPARE(codeOf((*first)->check()), u"lock.lost"_s);
        QCOMPARE(RunLock::currentEpoch(m_dir->path()).value(), 2);
    }

    void brokenEpochIsNotGuessed()
    {
        QVERIFY(files::replace(m_dir->filePath(u"epoch"_s), "seven"));
        QCOMPARE(codeOf(acquire(u"first"_s)), u"lock.epoch"_s);
        QVERIFY(!RunLock::owner(m_dir->path()).value());
    }

    void stopEndsTheWait()
    {
        const auto holder = acquire(u"first"_s);
        std::stop_source stop;
        QTimer::singleShot(50, this, [&stop] { stop.request_stop(); });
        const auto waited = QCoro::waitFor(RunLock::acquire(m_dir->path(), u"second"_s, {.waitMs = 60'000}, stop.get_token()));
        QCOMPARE(codeOf(waited), u"system.cancelled"_s);
    }
};

QTEST_GUILESS_MAIN(LockTest)
#include "locktest.moc"
