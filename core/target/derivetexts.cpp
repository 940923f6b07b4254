// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"derive.exists", QT_TRANSLATE_NOOP("catalogue", "There is a target already: %{file}."), QT_TRANSLATE_NOOP("catalogue", "Name a folder without one; nothing is overwritten.")},
    {"derive.form", QT_TRANSLATE_NOOP("catalogue", "“%{field}” has to become another, but is written in a form that can't be changed in place."),
     QT_TRANSLATE_NOOP("catalogue", "Write it on one line, plain or in quotes.")},
    {"derive.port", QT_TRANSLATE_NOOP("catalogue", "Port %{port} and %{offset} make more than %{highest}."), QT_TRANSLATE_NOOP("catalogue", "Give a smaller --port-offset.")},
    {"derive.no_target", QT_TRANSLATE_NOOP("catalogue", "What is derived would be no target: %{cause}"), QT_TRANSLATE_NOOP("catalogue", "Mend the file that it is derived from, then try again.")},
    {"derive.shared", QT_TRANSLATE_NOOP("catalogue", "A staging target may share nothing with “%{target}”, but %{what}"),
     QT_TRANSLATE_NOOP("catalogue", "Write that field out in target.yaml, or give another folder or --port-offset; nothing was written.")},
    {"derive.left_database", QT_TRANSLATE_NOOP("catalogue", "Make the database “%{database}” on the server.")},
    {"derive.left_service", QT_TRANSLATE_NOOP("catalogue", "Add the section [%{database}] to pg_service.conf, with a database of its own.")},
    {"derive.left_file", QT_TRANSLATE_NOOP("catalogue", "Put a database for “%{database}” into %{file}: an empty one, or a copy.")},
    {"derive.left_redis", QT_TRANSLATE_NOOP("catalogue", "Start the Redis server “%{redis}” at %{place}, with data of its own.")},
    {"derive.left_host", QT_TRANSLATE_NOOP("catalogue", "Name another machine for the host “%{host}” in %{file}: its programs would run on %{address}, where those of this target run.")},
    {"derive.left_address", QT_TRANSLATE_NOOP("catalogue", "Look at %{key} in %{file}: it names %{what}, which was left as it is.")},
    {"derive.left_external", QT_TRANSLATE_NOOP("catalogue", "Give %{key} in %{file} the address of a test system, if %{what} has one: it is not ours and was left as it is.")},
    {"derive.left_own", QT_TRANSLATE_NOOP("catalogue", "Give %{key} in %{file} an address of the staging system: in %{old} it points at this target's own database.")},
    {"derive.left_variable", QT_TRANSLATE_NOOP("catalogue", "Look at %{key} in %{file}: in %{old} it says where a server is that this target doesn't name.")},
    {"derive.left_unread", QT_TRANSLATE_NOOP("catalogue", "Look through %{file} for addresses of databases: what it is made after can't be read here. %{cause}")},
    {"derive.left_configuration", QT_TRANSLATE_NOOP("catalogue", "Write %{file}, with secrets of its own: it is not copied.")},
    {"derive.left_release", QT_TRANSLATE_NOOP("catalogue", "Install the release that is to be updated below %{folder}, and what the services' commands need beside it.")},
};

} // namespace cutover
