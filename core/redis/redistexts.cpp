// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

namespace cutover {

namespace {

// clang-format off
const Catalogue::Registration texts{{
    {"redis.unreachable",
     QT_TRANSLATE_NOOP("catalogue", "Redis “%{name}” does not answer at %{address}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that it runs, and compare host, port or socket in target.yaml with its configuration.")},
    {"redis.memory",
     QT_TRANSLATE_NOOP("catalogue", "There is no memory for a connection to Redis: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "See what uses this machine's memory.")},
    {"redis.login",
     QT_TRANSLATE_NOOP("catalogue", "Redis “%{name}” does not let the user %{user} in: %{answer}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the secret that “password” in target.yaml refers to, and the user in Redis (“ACL LIST”).")},
    {"redis.loading",
     QT_TRANSLATE_NOOP("catalogue", "Redis “%{name}” is still loading what it had saved."),
     QT_TRANSLATE_NOOP("catalogue", "Wait until it is through; “INFO persistence” tells how far it is.")},
    {"redis.refused",
     QT_TRANSLATE_NOOP("catalogue", "Redis “%{name}” answered %{command} with: %{answer}."),
     QT_TRANSLATE_NOOP("catalogue", "Its user needs the commands PING and INFO, and for backups SYNC and REPLCONF (“ACL SETUSER … +ping +info +sync +replconf”). Where they can't be had, leave “backup” out.")},
    {"redis.broken_off",
     QT_TRANSLATE_NOOP("catalogue", "Redis “%{name}” broke its snapshot off after %{received:bytes} of %{total:bytes}."),
     QT_TRANSLATE_NOOP("catalogue", "Its log says why; often client-output-buffer-limit for replicas is too small.")},
    {"redis.snapshot_gone",
     QT_TRANSLATE_NOOP("catalogue", "The snapshot %{file} can't be read: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new backup.")},
    {"redis.damaged",
     QT_TRANSLATE_NOOP("catalogue", "The snapshot %{file} is damaged: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new backup.")},
    {"redis.damaged.header", QT_TRANSLATE_NOOP("catalogue", "it does not begin as an RDB file does")},
    {"redis.damaged.end", QT_TRANSLATE_NOOP("catalogue", "its end is missing")},
    {"redis.damaged.checksum", QT_TRANSLATE_NOOP("catalogue", "it does not add up to the checksum at its end")},
    {"redis.not_read_no_program",
     QT_TRANSLATE_NOOP("catalogue", "The snapshot %{file} is whole to its checksum, but nothing has read what is in it: redis-check-rdb is not on this host. Install Redis's tools here to have it read"),
     nullptr},
    {"redis.not_read_too_old",
     QT_TRANSLATE_NOOP("catalogue", "The snapshot %{file} is whole to its checksum, but nothing has read what is in it: redis-check-rdb on this host is older than the server (%{version}, "
                                    "format %{format}). Install the tools of the server's version to have it read"),
     nullptr},
    {"redis.check_failed",
     QT_TRANSLATE_NOOP("catalogue", "redis-check-rdb refuses the snapshot %{file}: %{answer}"),
     QT_TRANSLATE_NOOP("catalogue", "Make a new backup; if that is refused as well, see Redis's log.")},
}};
// clang-format on

} // namespace

} // namespace cutover
