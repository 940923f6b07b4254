// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"database.unknown_driver",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{database}” has the driver “%{driver}”; known are: %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Correct “driver” of this database in target.yaml.")},
    {"database.reshaped",
     QT_TRANSLATE_NOOP("catalogue", "In %{database} the columns of %{tables:list} are not those of the backup; rows there are compared by the columns that both have.")},
    {"database.subscriptions",
     QT_TRANSLATE_NOOP("catalogue",
                       "The restored %{database} does not subscribe to %{subscriptions:list}: nothing is received twice, and nothing new either until "
                       "somebody creates the subscription again. The replaced database keeps its own, which can't run there, and no clean up drops it before them.")},
    {"database.aside_taken",
     QT_TRANSLATE_NOOP("catalogue", "“%{file}” can't be kept as “%{aside}”: a file has that name already."),
     QT_TRANSLATE_NOOP("catalogue", "Move that file elsewhere, then try again.")},
    {"database.owner",
     QT_TRANSLATE_NOOP("catalogue", "The rebuilt database “%{path}” can't be given to the owner of the one before it: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Run Cutover as root or as the owner of the database's file, then try again.")},
    {"database.is_missing", QT_TRANSLATE_NOOP("catalogue", "its file is missing"), nullptr},
    {"database.is_absent", QT_TRANSLATE_NOOP("catalogue", "its server does not have it"), nullptr},
    {"database.is_damaged", QT_TRANSLATE_NOOP("catalogue", "it is damaged"), nullptr},
    {"database.missing",
     QT_TRANSLATE_NOOP("catalogue", "The database file “%{file}” does not exist."),
     QT_TRANSLATE_NOOP("catalogue", "Check “file” of this database in target.yaml, and that its disk is mounted.")},
    {"database.replaced",
     QT_TRANSLATE_NOOP("catalogue", "The file of the database “%{database}”, “%{file}”, has been replaced by another one."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who replaced it; services may still write to the old file. Then make a new plan.")},
    {"database.open",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{file}” could not be opened: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the user running Cutover may read and write the file and its folder.")},
    {"database.read_only",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{file}” can't be written: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the rights of the file and of its folder, and that its page size is that of the backup.")},
    {"database.locked",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{file}” is locked by %{who}; waited %{waited:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Let that program finish or end it, then try again.")},
    {"database.no_space",
     QT_TRANSLATE_NOOP("catalogue", "There is no space left to write to the database “%{file}”; the change was undone."),
     QT_TRANSLATE_NOOP("catalogue", "Free space on that file system, then try again.")},
    {"database.corrupt",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{file}” is damaged, or is no database: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk, then restore the newest proven restore point.")},
    {"database.integrity",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{file}” fails its integrity check: %{findings:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk, then restore the newest proven restore point.")},
    {"database.io",
     QT_TRANSLATE_NOOP("catalogue", "The disk failed while the database “%{file}” was read or written: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk (kernel log, SMART) before going on.")},
    {"database.sql",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{file}” refused a statement: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Compare the statement with the schema that the database has.")},
    {"database.backup_space",
     QT_TRANSLATE_NOOP("catalogue", "The backup needs %{needed:bytes} in “%{path}”, but only %{free:bytes} are free."),
     QT_TRANSLATE_NOOP("catalogue", "Free space there, or set “backup.directory” to a larger disk.")},
    {"database.backup_missing",
     QT_TRANSLATE_NOOP("catalogue", "The backup “%{file}” does not exist any more."),
     QT_TRANSLATE_NOOP("catalogue", "Choose another restore point.")},
    {"database.backup_altered",
     QT_TRANSLATE_NOOP("catalogue", "The backup “%{file}” is not the file that was written: expected SHA-256 %{expected}, found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Do not use it. Check the disk and choose another restore point.")},
    {"database.backup_differs",
     QT_TRANSLATE_NOOP("catalogue", "Restoring the backup “%{file}” gives another %{what}: expected %{expected}, found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Do not use it. Check the disk and make a new backup.")},
};

} // namespace cutover
