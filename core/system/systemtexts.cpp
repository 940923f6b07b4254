// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"system.cancelled", QT_TRANSLATE_NOOP("catalogue", "Stopped on request."), nullptr},
    {"file.not_found",
     QT_TRANSLATE_NOOP("catalogue", "The file “%{path}” does not exist."),
     QT_TRANSLATE_NOOP("catalogue", "Check the path, or put the file there.")},
    {"file.read",
     QT_TRANSLATE_NOOP("catalogue", "The file “%{path}” could not be read: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it is a file, and that the user running Cutover may read it.")},
    {"file.too_big",
     QT_TRANSLATE_NOOP("catalogue", "The file “%{path}” is larger than the %{limit:bytes} expected at most."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it is the right file.")},
    {"file.shorter",
     QT_TRANSLATE_NOOP("catalogue", "The file “%{path}” holds %{size:bytes}, expected at least %{expected:bytes} to continue behind."),
     QT_TRANSLATE_NOOP("catalogue", "Start it again from the beginning.")},
    {"file.write",
     QT_TRANSLATE_NOOP("catalogue", "The file “%{path}” could not be written: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that its folder exists, and that the user running Cutover may write there.")},
    {"file.owner",
     QT_TRANSLATE_NOOP("catalogue", "The new content of “%{path}” could not be given the owner and mode of the old: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Run Cutover as the owner of the file, or give the file to the user running it.")},
    {"file.sync",
     QT_TRANSLATE_NOOP("catalogue", "“%{path}” could not be written through to the disk: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk (kernel log, SMART) before going on.")},
    {"file.no_space",
     QT_TRANSLATE_NOOP("catalogue", "There is no space left to write “%{path}”: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Free space on that file system, then try again.")},
    {"file.rename",
     QT_TRANSLATE_NOOP("catalogue", "“%{path}” could not be renamed to “%{to}”: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that both are on one file system, and that the user running Cutover may write there.")},
    {"file.remove",
     QT_TRANSLATE_NOOP("catalogue", "“%{path}” could not be removed: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check who uses it, and that the user running Cutover may write in its folder.")},
    {"file.make_path",
     QT_TRANSLATE_NOOP("catalogue", "The folder “%{path}” could not be made: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the user running Cutover may write in the folder above it.")},
    {"file.link",
     QT_TRANSLATE_NOOP("catalogue", "The link “%{path}” could not be pointed at “%{target}”: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that nothing but a link is there, and that the user running Cutover may write in its folder.")},
    {"process.not_found",
     QT_TRANSLATE_NOOP("catalogue", "The program “%{program}” was not found or may not be executed."),
     QT_TRANSLATE_NOOP("catalogue", "Install it, or correct its path.")},
    {"process.start_failed",
     QT_TRANSLATE_NOOP("catalogue", "The program “%{program}” could not be started: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it is a program for this machine and that its working folder exists.")},
    {"process.timeout",
     QT_TRANSLATE_NOOP("catalogue", "The program “%{program}” did not end within %{limit:duration} and was ended."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its last output; allow it more time if it was at work.")},
    {"process.lost",
     QT_TRANSLATE_NOOP("catalogue", "It is not known how the program “%{program}” ended: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at what it was to change before starting it again.")},
};

} // namespace cutover
