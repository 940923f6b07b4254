// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration connectionTexts{
    {"database.unreachable",
     QT_TRANSLATE_NOOP("catalogue", "The PostgreSQL server of “%{database}” at %{address} can't be reached: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it runs and that host and port in target.yaml are right; then try again.")},
    {"database.connection_settings",
     QT_TRANSLATE_NOOP("catalogue", "No connection to “%{database}” at %{address} can be tried: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Correct the place of this database in target.yaml, or the service in pg_service.conf.")},
    {"database.refused",
     QT_TRANSLATE_NOOP("catalogue", "The PostgreSQL server refuses us at %{address}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check user, password reference and sslmode in target.yaml, and the server's pg_hba.conf.")},
    {"database.too_many_connections",
     QT_TRANSLATE_NOOP("catalogue", "The PostgreSQL server at %{address} has no connection left for us: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "End sessions that nobody needs, or raise max_connections; then try again.")},
    {"database.absent",
     QT_TRANSLATE_NOOP("catalogue", "The PostgreSQL server has no database at %{address}."),
     QT_TRANSLATE_NOOP("catalogue", "Correct its name in target.yaml, or create or restore it.")},
    {"database.fenced",
     QT_TRANSLATE_NOOP("catalogue", "The database at %{address} takes no connections (ALLOW_CONNECTIONS is off)."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody has closed it. Find out why before opening it by ALTER DATABASE … ALLOW_CONNECTIONS true.")},
    {"database.connection_lost",
     QT_TRANSLATE_NOOP("catalogue", "The connection to “%{database}” at %{address} was lost: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check whether the server was restarted or the session was ended; then try again.")},
    {"database.busy",
     QT_TRANSLATE_NOOP("catalogue", "The PostgreSQL server at %{address} could not do it now: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Try again when it has less to do.")},
    {"database.no_right",
     QT_TRANSLATE_NOOP("catalogue", "Our role may not do that at %{address}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Grant the right; making backups and restoring need the owner of the database with CREATEDB.")},
    {"database.server_disk_full",
     QT_TRANSLATE_NOOP("catalogue", "The disk of the PostgreSQL server at %{address} is full: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Free space for its data and WAL (an inactive replication slot keeps WAL), then try again.")},
    {"database.in_use",
     QT_TRANSLATE_NOOP("catalogue", "The database at %{address} is still used by %{who}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "End these sessions, and prepared transactions if there are any; then try again.")},
    {"database.session_gone",
     QT_TRANSLATE_NOOP("catalogue", "The session with pid %{pid} in “%{database}” has ended, or another one has its pid now."),
     QT_TRANSLATE_NOOP("catalogue", "Nothing was ended. Look at the sessions again.")},
    {"database.no_driver",
     QT_TRANSLATE_NOOP("catalogue", "Qt's driver %{driver} for the database “%{database}” is not installed."),
     QT_TRANSLATE_NOOP("catalogue", "Install it; on Debian it is libqt6sql6-psql.")},
};

static const Catalogue::Registration toolTexts{
    {"database.no_tool",
     QT_TRANSLATE_NOOP("catalogue", "The program %{program} of PostgreSQL %{version} or newer was not found; “%{database}” needs it."),
     QT_TRANSLATE_NOOP("catalogue", "Install PostgreSQL's client programs, or name their folder by “tools” in target.yaml.")},
    {"database.tool_version",
     QT_TRANSLATE_NOOP("catalogue", "%{program} does not fit the server of “%{database}”: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Install client programs of the server's version, or name their folder by “tools” in target.yaml.")},
    {"database.tool_failed",
     QT_TRANSLATE_NOOP("catalogue", "%{program} failed at %{address} (exit code %{code}): %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Remove the cause that it names, then try again.")},
    {"database.dump_space",
     QT_TRANSLATE_NOOP("catalogue", "The disk became full while “%{database}” was backed up into “%{path}”; what was written is removed."),
     QT_TRANSLATE_NOOP("catalogue", "Free space there, or set “backup.directory” to a larger disk.")},
    {"database.roles_missing",
     QT_TRANSLATE_NOOP("catalogue", "The server does not have the roles that this backup needs: %{roles:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Create them first; how they were is in %{file}.")},
    {"database.extension_missing",
     QT_TRANSLATE_NOOP("catalogue", "The server does not have the extension %{extension} in version %{version}, which this backup needs."),
     QT_TRANSLATE_NOOP("catalogue", "Install that version of the extension's package on the server.")},
    {"database.clone_name",
     QT_TRANSLATE_NOOP("catalogue", "“%{name}” can't be the name of a clone of “%{database}”: it is the database itself, the maintenance database, or a name that restores use."),
     QT_TRANSLATE_NOOP("catalogue", "Choose another name.")},
    {"database.clone_exists", QT_TRANSLATE_NOOP("catalogue", "There is a database “%{name}” already, and it stays as it is."),
     QT_TRANSLATE_NOOP("catalogue", "Choose another name, or drop that one yourself.")},
};

} // namespace cutover
