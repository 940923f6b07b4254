// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration titles{
    {"check.version", QT_TRANSLATE_NOOP("catalogue", "Versions")},
    {"check.health", QT_TRANSLATE_NOOP("catalogue", "Health of %{instance}")},
    {"check.balancer", QT_TRANSLATE_NOOP("catalogue", "Load balancer")},
    {"check.database", QT_TRANSLATE_NOOP("catalogue", "Database %{database}")},
    {"check.migrations", QT_TRANSLATE_NOOP("catalogue", "Migrations of %{database}")},
    {"check.ports", QT_TRANSLATE_NOOP("catalogue", "Ports")},
    {"check.disk", QT_TRANSLATE_NOOP("catalogue", "Free disk space")},
    {"check.backup", QT_TRANSLATE_NOOP("catalogue", "Proven backup")},
    {"check.configuration", QT_TRANSLATE_NOOP("catalogue", "Configuration")},
    {"check.repository", QT_TRANSLATE_NOOP("catalogue", "Release repository")},
    {"check.probe", QT_TRANSLATE_NOOP("catalogue", "Endpoint %{name}")},
    {"check.log", QT_TRANSLATE_NOOP("catalogue", "Errors in the log")},
    {"check.latency", QT_TRANSLATE_NOOP("catalogue", "Response times")},
};

static const Catalogue::Registration findings{
    {"check.version_ok", QT_TRANSLATE_NOOP("catalogue", "%{version} everywhere, %{count} %{count|instance|instances} asked")},
    {"check.answered", QT_TRANSLATE_NOOP("catalogue", "Answered in %{duration:duration}")},
    {"check.balancer_ok", QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|server|servers} up")},
    {"check.database_ok", QT_TRANSLATE_NOOP("catalogue", "%{size:bytes}, intact, locked by nobody")},
    {"check.migrations_ok", QT_TRANSLATE_NOOP("catalogue", "At %{head}, nothing pending")},
    {"check.ports_ok", QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|port|ports} held by our own processes, none by others")},
    {"check.disk_ok", QT_TRANSLATE_NOOP("catalogue", "%{free:bytes} free, %{needed:bytes} needed")},
    {"check.backup_ok", QT_TRANSLATE_NOOP("catalogue", "The newest proven backup is %{age:duration} old")},
    {"check.configuration_ok", QT_TRANSLATE_NOOP("catalogue", "As the last update left it")},
    {"check.configuration_first", QT_TRANSLATE_NOOP("catalogue", "Present; no earlier update to compare it with")},
    {"check.repository_ok", QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|release|releases} offered")},
    {"check.log_ok", QT_TRANSLATE_NOOP("catalogue", "%{errors} %{errors|error|errors} in the newest %{lines} lines, at most %{limit} expected")},
    {"check.latency_ok",
     QT_TRANSLATE_NOOP("catalogue", "%{count} requests, %{atOnce} at once: median %{p50} ms, 95 % within %{p95} ms, 99 % within %{p99} ms; "
                                    "the limit for 95 % is %{limit} ms")},
};

static const Catalogue::Registration problems{
    {"check.version_link",
     QT_TRANSLATE_NOOP("catalogue", "The release link “%{link}” names %{found}, expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody changed it by hand, or an earlier update was left half-way. Look at the history first.")},
    {"check.version_instance",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} runs version %{found}, expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Restart the instance from the current release, or finish the update that was left half-way.")},
    {"check.no_release_link",
     QT_TRANSLATE_NOOP("catalogue", "There is no release link “%{link}”."),
     QT_TRANSLATE_NOOP("catalogue", "Check the releases folder named in target.yaml.")},
    {"check.no_version",
     QT_TRANSLATE_NOOP("catalogue", "%{url} does not tell a version."),
     QT_TRANSLATE_NOOP("catalogue", "It must answer with JSON that has a member “version”.")},
    {"check.server_down",
     QT_TRANSLATE_NOOP("catalogue", "The load balancer's server %{instance} of %{backend} is %{status}, expected UP."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the health check of that server; end a drain or maintenance that was left over.")},
    {"check.no_server",
     QT_TRANSLATE_NOOP("catalogue", "The load balancer's backend %{backend} has no server “%{instance}”."),
     QT_TRANSLATE_NOOP("catalogue", "Servers in the balancer's configuration must be named like the instances in target.yaml.")},
    {"check.no_database",
     QT_TRANSLATE_NOOP("catalogue", "The database “%{database}” is not there: %{file} does not exist."),
     QT_TRANSLATE_NOOP("catalogue", "Check the path in target.yaml, or restore the database first.")},
    {"check.database_held",
     QT_TRANSLATE_NOOP("catalogue", "%{holder} has held the database “%{database}” for writing for at least %{duration:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Wait for it to finish, or end it; migrations could not run.")},
    {"check.migration_pending",
     QT_TRANSLATE_NOOP("catalogue", "Migration %{revision} of the installed release has not been applied to “%{database}”."),
     QT_TRANSLATE_NOOP("catalogue", "An earlier update was left half-way. Finish it, or roll it back first.")},
    {"check.migration_unfinished",
     QT_TRANSLATE_NOOP("catalogue", "The data migration %{revision} of “%{database}” is unfinished, at %{cursor}."),
     QT_TRANSLATE_NOOP("catalogue", "Finish or roll back the update that it belongs to first.")},
    {"check.migration_changed",
     QT_TRANSLATE_NOOP("catalogue", "Migration %{revision} of “%{database}” was applied from another text than the installed release has."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who changed the file or the database before updating.")},
    {"check.port_taken",
     QT_TRANSLATE_NOOP("catalogue", "Port %{port} of %{instance} is held by a process that is not ours: %{program} (%{pid})."),
     QT_TRANSLATE_NOOP("catalogue", "End that program, or give the instance another port.")},
    {"check.disk_full",
     QT_TRANSLATE_NOOP("catalogue", "%{free:bytes} free at “%{path}”, %{needed:bytes} needed: %{update:bytes} for the update and "
                                    "%{minimum:bytes} that must stay free."),
     QT_TRANSLATE_NOOP("catalogue", "Free space there, for example by removing old releases and backups with clean up.")},
    {"check.no_proven_backup",
     QT_TRANSLATE_NOOP("catalogue", "There is no backup that was proven by restoring it."),
     QT_TRANSLATE_NOOP("catalogue", "The update makes and proves one of its own; one made before is a second net.")},
    {"check.old_backup",
     QT_TRANSLATE_NOOP("catalogue", "The newest proven backup is %{age:duration} old, expected at most %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "The update makes and proves one of its own; check why the regular one stopped.")},
    {"check.configuration_drift",
     QT_TRANSLATE_NOOP("catalogue", "“%{file}” was changed since the last update."),
     QT_TRANSLATE_NOOP("catalogue", "Make sure that the change is meant to stay; the update keeps it.")},
    {"check.log_errors",
     QT_TRANSLATE_NOOP("catalogue", "%{errors} errors in the newest %{lines} lines of “%{file}”, at most %{limit} expected. The newest: %{newest}"),
     QT_TRANSLATE_NOOP("catalogue", "Read the log; errors that were there before make it hard to see new ones.")},
    {"check.latency_high",
     QT_TRANSLATE_NOOP("catalogue", "95 % of %{count} requests to %{url} were answered within %{p95} ms, the limit is %{limit} ms (median %{p50} ms, 99 % %{p99} ms)."),
     QT_TRANSLATE_NOOP("catalogue", "Look for what loads the system; update at a quieter time.")},
    {"check.latency_failed",
     QT_TRANSLATE_NOOP("catalogue", "%{failed} of %{count} requests to %{url} failed. The first: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Look at the log of the service.")},
};

static const Catalogue::Registration stepTexts{
    {"check.title_precheck", QT_TRANSLATE_NOOP("catalogue", "Checks before the update")},
    {"check.title_health", QT_TRANSLATE_NOOP("catalogue", "Checks after the update")},
    {"check.intent_precheck",
     QT_TRANSLATE_NOOP("catalogue", "Run %{count} checks on version %{version}; one that fails ends the update before anything has changed")},
    {"check.intent_health",
     QT_TRANSLATE_NOOP("catalogue", "Run %{count} checks on version %{version}; what failed before does not count")},
    {"check.doing", QT_TRANSLATE_NOOP("catalogue", "Checking: %{check}")},
    {"check.told", QT_TRANSLATE_NOOP("catalogue", "%{check}: %{finding}")},
    {"check.told_bad", QT_TRANSLATE_NOOP("catalogue", "%{check} is not well: %{finding}")},
    {"check.not_ours", QT_TRANSLATE_NOOP("catalogue", "%{check} failed before the update too, so it is not its fault: %{cause}")},
    {"check.failed_before",
     QT_TRANSLATE_NOOP("catalogue", "The check “%{check}” failed before the update: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Nothing has been changed. Remove the cause, then start the update again.")},
    {"check.failed_after",
     QT_TRANSLATE_NOOP("catalogue", "The check “%{check}” fails after the update: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Roll back, then look at the log of the new version.")},
};

} // namespace cutover
