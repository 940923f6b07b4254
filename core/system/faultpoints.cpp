// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/faultpoints.h"

#include <QDateTime>
#include <QFile>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace cutover::faultpoints {

namespace {

struct State {
    std::atomic<quint64> count = 0;
    std::atomic<bool> watched = false; ///< Anything but counting to do.
    bool kill = false;
    int error = 0;
    quint64 at = 0;
    QByteArray atName; ///< Instead of the number.
    bool onwards = false;
    int log = -1;
    QByteArray switchFile;

    State()
    {
        if (const QByteArray role = qgetenv("CUTOVER_FAULT_ROLE"); !role.isEmpty() && role != firstArgument()) {
            return;
        }
        switchFile = qgetenv("CUTOVER_FAULT_SWITCH");
        arm(qgetenv("CUTOVER_FAULT"));
        if (const QByteArray file = qgetenv("CUTOVER_FAULT_LOG"); !file.isEmpty()) {
            log = ::open(file.constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        }
        watch();
        // Meant for this process: a child of ours is armed only by who passes it on explicitly.
        for (const char *variable : {"CUTOVER_FAULT", "CUTOVER_FAULT_LOG", "CUTOVER_FAULT_ROLE", "CUTOVER_FAULT_SWITCH"}) {
            qunsetenv(variable);
        }
    }

    // Before main() nobody has been given the arguments.
    static QByteArray firstArgument()
    {
        QFile file(QStringLiteral("/proc/self/cmdline"));
        return file.open(QIODevice::ReadOnly) ? file.readAll().split('\0').value(1) : QByteArray();
    }

    void arm(const QByteArray &spec)
    {
        const qsizetype sign = spec.indexOf('@');
        const QByteArray action = spec.first(qMax(sign, 0));
        kill = action == "kill";
        error = action == "enospc" ? ENOSPC : action == "eio" ? EIO
                                                              : 0;
        onwards = spec.endsWith('+');
        const QByteArray place = kill || error ? spec.sliced(sign + 1).chopped(onwards ? 1 : 0) : QByteArray();
        bool isNumber = false;
        at = place.toULongLong(&isNumber);
        atName = isNumber ? QByteArray() : place;
        watch();
    }

    void watch() { watched = at != 0 || !atName.isEmpty() || log >= 0; }

    [[nodiscard]] bool strikesAt(quint64 number, const QList<QByteArray> &names) const
    {
        return names.contains(atName) || (at != 0 && (number == at || (number > at && onwards)));
    }
};

thread_local QList<QByteArray> announced;

State &state()
{
    static State instance;
    return instance;
}

// The environment is read and cleaned before main() and before there are threads.
[[maybe_unused]] const bool atStart = (state(), true);

const char *name(Kind kind)
{
    switch (kind) {
    case Kind::FileCreate:
        return "file-create";
    case Kind::FileWrite:
        return "file-write";
    case Kind::FileSync:
        return "file-sync";
    case Kind::FileRename:
        return "file-rename";
    case Kind::FileUnlink:
        return "file-unlink";
    case Kind::FileLink:
        return "file-link";
    case Kind::DirectorySync:
        return "directory-sync";
    case Kind::DatabaseWrite:
        return "database-write";
    case Kind::DatabaseSync:
        return "database-sync";
    case Kind::DatabaseDelete:
        return "database-delete";
    case Kind::ProcessBefore:
        return "process-before";
    case Kind::ProcessDuring:
        return "process-during";
    case Kind::ProcessAfter:
        return "process-after";
    }
    Q_UNREACHABLE_RETURN("");
}

// A full disk shows only where something is to be stored; removing always works.
bool canBeFull(Kind kind)
{
    switch (kind) {
    case Kind::FileCreate:
    case Kind::FileWrite:
    case Kind::FileSync:
    case Kind::FileRename:
    case Kind::FileLink:
    case Kind::DatabaseWrite:
    case Kind::DatabaseSync:
        return true;
    default:
        return false;
    }
}

} // namespace

int hit(Kind kind, const QByteArray &what)
{
    State &s = state();
    if (!s.switchFile.isEmpty() && ::access(s.switchFile.constData(), F_OK) != 0) {
        return 0;
    }
    const quint64 number = s.count.fetch_add(1, std::memory_order_relaxed) + 1;
    const QList<QByteArray> names = kind == Kind::DatabaseSync ? std::exchange(announced, {}) : QList<QByteArray>();
    if (!s.watched.load(std::memory_order_relaxed)) [[likely]] {
        return 0;
    }
    if (s.log >= 0) {
        QByteArray line = QByteArray::number(number);
        line.append(' ').append(name(kind)).append(' ').append(what).append(' ').append(QByteArray::number(QDateTime::currentMSecsSinceEpoch()));
        if (!names.isEmpty()) {
            line.append(" for ").append(names.join(','));
        }
        line.append('\n');
        [[maybe_unused]] const auto written = ::write(s.log, line.constData(), size_t(line.size()));
    }
    if (!s.strikesAt(number, names)) {
        return 0;
    }
    if (!s.switchFile.isEmpty() && !s.onwards && !(s.error == ENOSPC && !canBeFull(kind))) {
        ::unlink(s.switchFile.constData());
    }
    if (s.kill) {
        ::kill(::getpid(), SIGKILL);
        ::pause(); // The signal may take another thread first.
    }
    return s.error == ENOSPC && !canBeFull(kind) ? 0 : s.error;
}

void announce(const QByteArray &name)
{
    announced.append(name);
}

void forget()
{
    announced.clear();
}

quint64 count()
{
    return state().count.load(std::memory_order_relaxed);
}

void arm(const QByteArray &spec)
{
    state().arm(spec);
    state().count = 0;
}

} // namespace cutover::faultpoints
