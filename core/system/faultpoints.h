// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>

/**
 * The one place through which every persisted write of this process passes, so that tests can
 * stop it at the 1st, 2nd, … n-th. Costs an atomic increment when not armed. The logs for people
 * (run/runlog, those of services) are left out: nothing is read from them, and a line is given up
 * where it can't be written.
 *
 * Armed by the environment, read once at start:
 *   CUTOVER_FAULT=kill@17     SIGKILL to this process at the 17th point
 *   CUTOVER_FAULT=enospc@17   the 17th point fails with ENOSPC (once); eio@17 likewise;
 *                             enospc@17+ fails from there on
 *   CUTOVER_FAULT=kill@NAME   at the first commit that was announced by this name, whatever its number
 *   CUTOVER_FAULT_LOG=FILE    appends "number kind what milliseconds" for each point, the last since the epoch,
 *                             and " for NAME,NAME" where it was announced
 *   CUTOVER_FAULT_ROLE=WORD   all of this is meant for the process whose first argument is WORD (a role
 *                             of cutoverctl); every other passes it on to its children unread
 *   CUTOVER_FAULT_SWITCH=FILE points count only while FILE exists; the fault removes it, and so
 *                             strikes once, however many processes are armed one after the other
 * ENOSPC passes by points that free space or start processes: no kernel answers it there.
 * The variables are removed from the environment once read, so that children are not armed too.
 * Any thread. Method: SQLite's test VFS, which fails the n-th operation for every n.
 */
namespace cutover::faultpoints {

enum class Kind {
    FileCreate,
    FileWrite,
    FileSync,
    FileRename,
    FileUnlink,
    FileLink,
    DirectorySync,
    DatabaseWrite, ///< First write to a database file since its last sync.
    DatabaseSync, ///< Commit of a database transaction (ours or the target's).
    DatabaseDelete,
    ProcessBefore, ///< A child is about to start.
    ProcessDuring, ///< It runs.
    ProcessAfter, ///< It ended; its result is not yet acted on.
};

/// Call just before the operation. Returns 0, or the errno value that the operation must fail with.
[[nodiscard]] int hit(Kind kind, const QByteArray &what);
/// Names what the next database commit of this thread is for, besides what was named since forget(); no
/// blank, comma or '@'. Other writes may come more or less often from run to run; what is named is found again.
void announce(const QByteArray &name);
/// Nothing is announced any more: a new transaction begins.
void forget();
/// Number of points hit so far.
[[nodiscard]] quint64 count();
/// Arms this process anew with a value as CUTOVER_FAULT has it, or disarms it when empty; counting
/// starts at 0. For tests that fault inside their own process; while no other thread hits points.
void arm(const QByteArray &spec);

} // namespace cutover::faultpoints
