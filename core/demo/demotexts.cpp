// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

namespace cutover {

namespace {

// clang-format off
const Catalogue::Registration texts{{
    {"demo.making_releases", QT_TRANSLATE_NOOP("catalogue", "Building and signing the demo's releases")},
    {"demo.making_database", QT_TRANSLATE_NOOP("catalogue", "Making a database with %{count:number} orders")},
    {"demo.starting", QT_TRANSLATE_NOOP("catalogue", "Starting %{instance}")},
    {"demo.exists",
     QT_TRANSLATE_NOOP("catalogue", "There is a demo in %{folder} already."),
     QT_TRANSLATE_NOOP("catalogue", "Start it, or reset it to have it made anew.")},
    {"demo.not_empty",
     QT_TRANSLATE_NOOP("catalogue", "The folder %{folder} holds something that is not a demo."),
     QT_TRANSLATE_NOOP("catalogue", "Choose an empty folder.")},
    {"demo.no_port",
     QT_TRANSLATE_NOOP("catalogue", "No free port was found for the demo: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "End programs that listen on many ports of this machine.")},
    {"demo.no_wal",
     QT_TRANSLATE_NOOP("catalogue", "The database %{file} can't use write-ahead logging; its journal mode is %{mode}."),
     QT_TRANSLATE_NOOP("catalogue", "Choose a folder on a local disk.")},
}};
// clang-format on

} // namespace

} // namespace cutover
