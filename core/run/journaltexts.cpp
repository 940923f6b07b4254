// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"journal.absent",
     QT_TRANSLATE_NOOP("catalogue", "There is no journal at “%{path}” yet."),
     QT_TRANSLATE_NOOP("catalogue", "Check the state folder of the target; the journal is made with the first update.")},
    {"journal.newer",
     QT_TRANSLATE_NOOP("catalogue", "The journal “%{path}” has format %{found}; this version of Cutover knows up to %{known}."),
     QT_TRANSLATE_NOOP("catalogue", "Use the version of Cutover that wrote it, or a newer one.")},
    {"journal.no_space",
     QT_TRANSLATE_NOOP("catalogue", "The disk is full: the journal “%{path}” could not be written, even with the space kept back for it."),
     QT_TRANSLATE_NOOP("catalogue", "Free space on that file system, then resume the run.")},
    {"journal.io",
     QT_TRANSLATE_NOOP("catalogue", "The journal “%{path}” could not be read or written: %{reason} (SQLite code %{code})."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk and the permissions of the state folder, then resume the run.")},
    {"journal.damaged",
     QT_TRANSLATE_NOOP("catalogue", "The journal “%{path}” is damaged: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Keep the file, restore it from a backup of the state folder, and compare with what serves now.")},
    {"journal.busy",
     QT_TRANSLATE_NOOP("catalogue", "The journal “%{path}” was in use by others for 10 s."),
     QT_TRANSLATE_NOOP("catalogue", "Look for a program that keeps it open, such as a backup or an SQLite shell, then try again.")},
    {"journal.failed",
     QT_TRANSLATE_NOOP("catalogue", "The journal “%{path}” refused a change: %{reason} (SQLite code %{code})."),
     QT_TRANSLATE_NOOP("catalogue", "Nothing was changed. Report this with the code.")},
    {"journal.run_active",
     QT_TRANSLATE_NOOP("catalogue", "Run %{run} is not at its end yet (%{state}); there is one run at a time."),
     QT_TRANSLATE_NOOP("catalogue", "Finish, roll back or abandon that run first.")},
    {"journal.no_run",
     QT_TRANSLATE_NOOP("catalogue", "There is no run %{run} in the journal."),
     QT_TRANSLATE_NOOP("catalogue", "See the history for the runs that there are.")},
    {"journal.no_step",
     QT_TRANSLATE_NOOP("catalogue", "Run %{run} has no step number %{step} in the journal."),
     QT_TRANSLATE_NOOP("catalogue", "Report this with the run's report.")},
    {"journal.command_id",
     QT_TRANSLATE_NOOP("catalogue", "The command id %{id} was already used for another command (%{verb})."),
     QT_TRANSLATE_NOOP("catalogue", "Give the command again.")},
    {"journal.command_taken",
     QT_TRANSLATE_NOOP("catalogue", "Command %{id} was already taken, or was never given."),
     QT_TRANSLATE_NOOP("catalogue", "See the run's events for what it led to.")},
    {"journal.no_restore_point",
     QT_TRANSLATE_NOOP("catalogue", "There is no restore point %{id}."),
     QT_TRANSLATE_NOOP("catalogue", "See the list of restore points for those that there are.")},
    {"journal.conn_held",
     QT_TRANSLATE_NOOP("catalogue", "%{holder} has had the conn since %{since}."),
     QT_TRANSLATE_NOOP("catalogue", "Ask %{holder} to give it back, or take over with a note.")},
    {"lock.held",
     QT_TRANSLATE_NOOP("catalogue", "Another runner holds the lock: process %{pid} of %{user} on %{host}, run %{run}, since %{since}."),
     QT_TRANSLATE_NOOP("catalogue", "Wait for that run to end, or attach to it.")},
    {"lock.leftovers",
     QT_TRANSLATE_NOOP("catalogue", "Programs of an earlier runner that has ended are still at work: %{programs:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Wait for them to end, or end them, then resume the run.")},
    {"command.left_running",
     QT_TRANSLATE_NOOP("catalogue", "“%{name}” has ended, but %{programs:list}, which it started, goes on and holds this run's lock: no other run can begin before it ends. "
                                    "Let it be started by something that passes nothing on, as a unit of systemd or by “systemd-run”"),
     nullptr},
    {"lock.left_running",
     QT_TRANSLATE_NOOP("catalogue", "%{programs:list} was left running by run %{run}, which has ended, and still holds its lock, so no other run can begin. It is not ended, as it may be what serves."),
     QT_TRANSLATE_NOOP("catalogue", "End it by its number if nobody needs it. Else start it anew by something that passes nothing on, as a unit of systemd or by “systemd-run”, and end this one; let the program that started it do so as well. Then start the run again.")},
    {"lock.lost",
     QT_TRANSLATE_NOOP("catalogue", "This runner no longer has the lock: its epoch is %{epoch}, the last one given is %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Another runner has taken over; look at its run. Never remove the lock file by hand.")},
    {"lock.epoch",
     QT_TRANSLATE_NOOP("catalogue", "The epoch file does not hold a number: “%{content}”."),
     QT_TRANSLATE_NOOP("catalogue", "Write into it the highest epoch that the lock file and the audit trail show.")},
};

} // namespace cutover
