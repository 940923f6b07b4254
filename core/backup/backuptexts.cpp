// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"backup.step", QT_TRANSLATE_NOOP("catalogue", "Backup")},
    {"backup.step.intent",
     QT_TRANSLATE_NOOP("catalogue",
                       "Back up %{databases:list} (about %{size:bytes}) and %{files} configuration %{files|file|files} to %{directory}")},
    {"backup.verify", QT_TRANSLATE_NOOP("catalogue", "Backup verification")},
    {"backup.verify.intent", QT_TRANSLATE_NOOP("catalogue", "Restore %{databases:list} from the backup into a scratch file and compare")},
    {"backup.clean_up", QT_TRANSLATE_NOOP("catalogue", "Clean up")},
    {"backup.clean_up.intent",
     QT_TRANSLATE_NOOP("catalogue",
                       "Keep the newest %{keep} restore %{keep|point|points} and those still needed; remove releases nothing refers to")},
    {"backup.doing", QT_TRANSLATE_NOOP("catalogue", "Backing up %{database}")},
    {"backup.verifying", QT_TRANSLATE_NOOP("catalogue", "Verifying %{member}")},
    {"backup.restoring", QT_TRANSLATE_NOOP("catalogue", "Restoring %{database}")},
    {"backup.stopping", QT_TRANSLATE_NOOP("catalogue", "Stopping %{instance}")},
    {"backup.starting", QT_TRANSLATE_NOOP("catalogue", "Starting %{instance}")},
    {"backup.restore_database", QT_TRANSLATE_NOOP("catalogue", "Database restore")},
    {"backup.restore_database.intent",
     QT_TRANSLATE_NOOP("catalogue", "Put %{database} back as it was at %{created}; %{lost} %{lost|row is|rows are} lost")},
    {"backup.restore_configuration", QT_TRANSLATE_NOOP("catalogue", "Configuration restore")},
    {"backup.restore_configuration.intent", QT_TRANSLATE_NOOP("catalogue", "Put %{file} back as it was at %{created}")},
    {"backup.stop_services", QT_TRANSLATE_NOOP("catalogue", "Stop services")},
    {"backup.stop_services.intent", QT_TRANSLATE_NOOP("catalogue", "Stop %{instances:list}, so that nobody writes")},
    {"backup.start_services", QT_TRANSLATE_NOOP("catalogue", "Start services")},
    {"backup.start_services.intent", QT_TRANSLATE_NOOP("catalogue", "Start %{instances:list} from %{version} and wait until they are ready")},
    {"backup.folder",
     QT_TRANSLATE_NOOP("catalogue", "The folder “%{path}” could not be made private."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it belongs to the user running Cutover.")},
    {"backup.sealed",
     QT_TRANSLATE_NOOP("catalogue", "The sealed file “%{file}” can't be opened: it was altered, or sealed with another key."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk, and that secret.key in the state folder is the one of this control host.")},
    {"backup.unknown_point",
     QT_TRANSLATE_NOOP("catalogue", "There is no restore point “%{id}”."),
     QT_TRANSLATE_NOOP("catalogue", "List the restore points and choose one of them.")},
    {"backup.no_database",
     QT_TRANSLATE_NOOP("catalogue", "The target has no database for “%{member}” of the backup."),
     QT_TRANSLATE_NOOP("catalogue", "target.yaml has changed since the backup was made; bring its database entry back.")},
    {"backup.configuration_differs",
     QT_TRANSLATE_NOOP("catalogue", "“%{file}” is not what the backup holds after it was put back."),
     QT_TRANSLATE_NOOP("catalogue", "Find out what else writes this file, then try the step again.")},
    {"backup.still_running",
     QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|instance still runs|instances still run} after they were stopped."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the supervisor's log for what starts them again.")},
};

} // namespace cutover
