// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/runlock.h"

#include "run/journal.h"
#include "run/leftrunning.h"
#include "run/spacereserve.h"
#include "system/clock.h"
#include "system/faultpoints.h"
#include "system/files.h"
#include "system/json.h"
#include "system/processes.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QScopeGuard>
#include <QSysInfo>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 pollMs = 25;

QString lockFile(const QString &stateDirectory)
{
    return QString(stateDirectory + u"/lock"_s);
}

QString epochFile(const QString &stateDirectory)
{
    return QString(stateDirectory + u"/epoch"_s);
}

QString userName()
{
    const passwd *entry = ::getpwuid(::geteuid());
    return entry ? QString::fromLocal8Bit(entry->pw_name) : QString::number(::geteuid());
}

LockOwner signedBy(const QString &stateDirectory)
{
    // Empty or half written when its owner was stopped while signing: then it says nothing.
    const auto content = files::read(lockFile(stateDirectory), 64LL * 1024);
    const QJsonObject json = QJsonDocument::fromJson(content.value_or(QByteArray())).object();
    LockOwner owner;
    owner.pid = json.value("pid"_L1).toInteger();
    owner.startTime = quint64(json.value("start"_L1).toInteger());
    owner.bootId = json.value("boot"_L1).toString();
    owner.host = json.value("host"_L1).toString();
    owner.user = json.value("user"_L1).toString();
    owner.runId = json.value("run"_L1).toString();
    owner.epoch = json.value("epoch"_L1).toInteger();
    if (json.contains("since"_L1)) {
        owner.since = QDateTime::fromMSecsSinceEpoch(json.value("since"_L1).toInteger(), QTimeZone::UTC);
    }
    return owner;
}

std::unexpected<Error> held(const QString &stateDirectory)
{
    const LockOwner owner = signedBy(stateDirectory);
    return fail(u"lock.held"_s,
                {{u"pid"_s, owner.pid},
                 {u"user"_s, owner.user},
                 {u"host"_s, owner.host},
                 {u"run"_s, owner.runId},
                 {u"since"_s, owner.since.toString(Qt::ISODate)}},
                lockFile(stateDirectory), Error::Kind::Transient);
}

/// Through a pidfd, so that the signal cannot reach another process that was given the same pid.
void signalKeeper(const LockKeeper &keeper, int signal)
{
    const int fd = int(::syscall(SYS_pidfd_open, keeper.pid, 0));
    if (fd < 0) {
        return;
    }
    if (processStartTime(keeper.pid) == keeper.startTime) {
        ::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0);
    }
    ::close(fd);
}

std::unexpected<Error> cancelled()
{
    return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
}

} // namespace

bool LockOwner::lives() const
{
    return pid > 0 && bootId == Clock::system().bootId() && startTime != 0 && processStartTime(pid) == startTime;
}

RunLock::RunLock(int fd, const QString &stateDirectory)
    : m_fd(fd)
    , m_directory(stateDirectory)
{
}

RunLock::~RunLock()
{
    ::close(m_fd);
}

Async<std::unique_ptr<RunLock>> RunLock::acquire(QString stateDirectory, QString runId, Options options, std::stop_token stop)
{
    CO_CHECK(files::makePath(stateDirectory));
    Clock &clock = Clock::system();
    const qint64 begin = clock.monotonic();
    qint64 termAt = -1;
    int unseen = 0;
    while (true) {
        const QByteArray path = QFile::encodeName(lockFile(stateDirectory));
        const int fd = ::open(path.constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) {
            co_return failErrno(u"file.write"_s, errno, lockFile(stateDirectory));
        }
        std::unique_ptr<RunLock> lock(new RunLock(fd, stateDirectory));
        if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
            // Removed and made anew while we opened it? Then others lock another file.
            struct stat ours{};
            struct stat named{};
            if (::fstat(fd, &ours) != 0 || ::stat(path.constData(), &named) != 0 || ours.st_ino != named.st_ino) {
                continue;
            }
            auto signedOff = lock->sign(runId);
            if (!signedOff && signedOff.error().code == "file.no_space"_L1 && releaseReserve(stateDirectory)) {
                signedOff = lock->sign(runId);
            }
            CO_CHECK(signedOff);
            co_return lock;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            co_return failErrno(u"file.write"_s, errno, lockFile(stateDirectory));
        }
        lock.reset();

        const QList<LockKeeper> keepers = RunLock::keepers(stateDirectory);
        const bool leftovers = !keepers.isEmpty() && std::ranges::all_of(keepers, &LockKeeper::inherited);
        const qint64 waited = clock.monotonic() - begin;
        // Nobody to be seen: it has just become free, somebody only asked who holds it, or it is
        // another user's, which does not change by asking again.
        const bool again = keepers.isEmpty() && ++unseen < 5;
        if (waited >= options.waitMs && !again) {
            if (!leftovers) {
                co_return held(stateDirectory);
            }
            const QJsonArray programs = QJsonArray::fromStringList(textsOf(keepers));
            if (termAt < 0) {
                CO_TRY(const bool over, isOver(stateDirectory));
                if (over) {
                    co_return fail(u"lock.left_running"_s, {{u"run"_s, signedBy(stateDirectory).runId}, {u"programs"_s, programs}}, lockFile(stateDirectory));
                }
            }
            if (!options.endLeftovers) {
                co_return fail(u"lock.leftovers"_s, {{u"programs"_s, programs}}, lockFile(stateDirectory), Error::Kind::Transient);
            }
            // Each round again: a child may have started another in the meantime.
            termAt = termAt < 0 ? clock.monotonic() : termAt;
            const bool grace = clock.monotonic() - termAt < options.graceMs;
            for (const LockKeeper &keeper : keepers) {
                signalKeeper(keeper, grace ? SIGTERM : SIGKILL);
            }
        }
        if (stop.stop_requested()) {
            co_return cancelled();
        }
        CO_CHECK(co_await clock.sleep(pollMs, stop));
    }
}

Result<> RunLock::sign(const QString &runId)
{
    // Before the name is on the lock, so that a lower epoch is never seen with a newer owner.
    TRY(const qint64 last, currentEpoch(m_directory));
    CHECK(files::replace(epochFile(m_directory), QByteArray::number(last + 1)));
    m_epoch = last + 1;

    const QByteArray content = json::canonical(QJsonObject{
        {u"pid"_s, qint64(::getpid())},
        {u"start"_s, qint64(processStartTime(::getpid()))},
        {u"boot"_s, Clock::system().bootId()},
        {u"host"_s, QSysInfo::machineHostName()},
        {u"user"_s, userName()},
        {u"run"_s, runId},
        {u"epoch"_s, m_epoch},
        {u"since"_s, Clock::system().now().toMSecsSinceEpoch()},
    });
    // In place: replacing the file would replace the lock.
    const QString path = lockFile(m_directory);
    int error = faultpoints::hit(faultpoints::Kind::FileWrite, QFile::encodeName(path));
    if (!error && (::ftruncate(m_fd, 0) != 0 || ::pwrite(m_fd, content.constData(), size_t(content.size()), 0) != content.size())) {
        error = errno;
    }
    error = error ? error : faultpoints::hit(faultpoints::Kind::FileSync, QFile::encodeName(path));
    if (!error && ::fsync(m_fd) != 0) {
        error = errno;
    }
    if (error) {
        return failErrno(u"file.write"_s, error, path);
    }
    return {};
}

Result<> RunLock::check() const
{
    struct stat ours{};
    struct stat named{};
    const bool same = ::fstat(m_fd, &ours) == 0 && ::stat(QFile::encodeName(lockFile(m_directory)).constData(), &named) == 0
        && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
    TRY(const qint64 epoch, currentEpoch(m_directory));
    if (!same || epoch != m_epoch) {
        return fail(u"lock.lost"_s, {{u"epoch"_s, m_epoch}, {u"found"_s, epoch}}, lockFile(m_directory));
    }
    return {};
}

Result<std::optional<LockOwner>> RunLock::owner(const QString &stateDirectory)
{
    const int fd = ::open(QFile::encodeName(lockFile(stateDirectory)).constData(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? Result<std::optional<LockOwner>>(std::nullopt)
                               : failErrno(u"file.read"_s, errno, lockFile(stateDirectory));
    }
    // Shared, so that two who ask do not take each other for a holder.
    const bool free = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
    ::close(fd);
    if (free) {
        return std::nullopt;
    }
    return signedBy(stateDirectory);
}

Result<bool> RunLock::isOver(const QString &stateDirectory)
{
    const QString run = signedBy(stateDirectory).runId;
    if (run.isEmpty() || !QFileInfo::exists(stateDirectory + u"/journal.db"_s)) {
        return false;
    }
    TRY(const auto journal, Journal::open(stateDirectory, Journal::Mode::ReadOnly));
    const auto record = journal->run(run);
    // Other work than runs takes the lock, too.
    if (!record && record.error().code == "journal.no_run"_L1) {
        return false;
    }
    CHECK(record);
    return isFinal(record->state);
}

// Source: proc(5), /proc/PID/fdinfo: a "lock:" line stands at each descriptor of the open file that
// holds the lock, with the pid that took it. Others that merely opened the file have no such line.
QList<LockKeeper> RunLock::keepers(const QString &stateDirectory)
{
    QList<LockKeeper> keepers;
    struct stat file{};
    if (::stat(QFile::encodeName(lockFile(stateDirectory)).constData(), &file) != 0) {
        return keepers;
    }
    QList<qint64> takers;
    const QStringList pids = QDir(u"/proc"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &pid : pids) {
        if (!pid[0].isDigit()) {
            continue;
        }
        const QString process = QString(u"/proc/"_s + pid);
        const QStringList descriptors = QDir(QString(process + u"/fd"_s)).entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot);
        for (const QString &descriptor : descriptors) {
            struct stat open{};
            if (::stat(QFile::encodeName(QString(process + u"/fd/"_s + descriptor)).constData(), &open) != 0 || open.st_ino != file.st_ino
                || open.st_dev != file.st_dev) {
                continue;
            }
            // "lock:\t1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"
            const QByteArray info = files::read(QString(process + u"/fdinfo/"_s + descriptor)).value_or(QByteArray());
            const qsizetype at = info.indexOf("FLOCK");
            const QList<QByteArray> fields = at < 0 ? QList<QByteArray>() : info.sliced(at).simplified().split(' ');
            if (fields.size() < 4 || fields[2] != "WRITE") {
                continue;
            }
            LockKeeper keeper;
            keeper.pid = pid.toLongLong();
            keeper.startTime = processStartTime(keeper.pid);
            keeper.program = QString::fromLocal8Bit(files::read(QString(process + u"/comm"_s)).value_or(QByteArray()).trimmed());
            takers.append(fields[3].toLongLong());
            if (keeper.startTime) {
                keepers.append(keeper);
            }
            break;
        }
    }
    // While the one who took it is among them, none of the others is left over.
    for (LockKeeper &keeper : keepers) {
        keeper.inherited = !takers.contains(keeper.pid);
    }
    return keepers;
}

Result<qint64> RunLock::currentEpoch(const QString &stateDirectory)
{
    const auto content = files::read(epochFile(stateDirectory), 64);
    if (!content) {
        return content.error().code == "file.not_found"_L1 ? Result<qint64>(0) : std::unexpected(content.error());
    }
    bool number = false;
    const qint64 epoch = content->trimmed().toLongLong(&number);
    if (!number) {
        return fail(u"lock.epoch"_s, {{u"content"_s, QString::fromUtf8(*content)}}, epochFile(stateDirectory));
    }
    return epoch;
}

} // namespace cutover
