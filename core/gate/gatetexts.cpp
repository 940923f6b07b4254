// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"gate.blackout", QT_TRANSLATE_NOOP("catalogue", "Blackout hours")},
    {"gate.approval", QT_TRANSLATE_NOOP("catalogue", "Approval by a second person")},
    {"gate.staging", QT_TRANSLATE_NOOP("catalogue", "Tested in staging")},
    {"gate.checklist", QT_TRANSLATE_NOOP("catalogue", "Checklist")},
    {"gate.check", QT_TRANSLATE_NOOP("catalogue", "Check “%{check}”, known to fail")},
    {"gate.blackout_none", QT_TRANSLATE_NOOP("catalogue", "No blackout within a week.")},
    {"gate.blackout_now", QT_TRANSLATE_NOOP("catalogue", "No update starts now: blackout until %{until:time} (%{reason})."),
     QT_TRANSLATE_NOOP("catalogue", "Start it in %{wait:duration}, or break the glass with a reason if it can't wait.")},
    {"gate.blackout_next", QT_TRANSLATE_NOOP("catalogue", "The next blackout begins at %{begin:time} and ends at %{until:time} (%{reason}).")},
    {"gate.blackout_reached",
     QT_TRANSLATE_NOOP("catalogue", "The run takes about %{expected:duration} and would still go on when the blackout begins at %{begin:time} (%{reason}).")},
    {"gate.overridden", QT_TRANSLATE_NOOP("catalogue", "%{cause} Overridden by break-glass: %{reason}")},
    {"gate.reason_missing", QT_TRANSLATE_NOOP("catalogue", "Break-glass needs a reason of at least %{minimum} letters; “%{given}” says nothing."),
     QT_TRANSLATE_NOOP("catalogue", "Say why it can't wait; it goes into the audit trail and the report.")},
    {"gate.not_named", QT_TRANSLATE_NOOP("catalogue", "The glass was to be broken without saying for which gates; shut are: %{gates:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Name those that the reason is for, with --gates %{option}; any other one stays shut.")},
    {"gate.nothing_shut", QT_TRANSLATE_NOOP("catalogue", "Nothing that this decision passes is shut for that reason; no glass was broken, and the decision was not taken."),
     QT_TRANSLATE_NOOP("catalogue", "Decide without --break-glass, or name with --gates what holds the run.")},
    {"gate.check_ours", QT_TRANSLATE_NOOP("catalogue", "What was well before the update is not passed over after it (%{gate}): %{cause}"), QT_TRANSLATE_NOOP("catalogue", "Mend it and retry, or roll back.")},
    {"run.refused_gate", QT_TRANSLATE_NOOP("catalogue", "%{error} %{error:hint} Going back is open at any time.")},
    {"run.gate_warned", QT_TRANSLATE_NOOP("catalogue", "%{warning}")},
    {"run.gate_open", QT_TRANSLATE_NOOP("catalogue", "%{finding}")},
    {"run.gate_shut", QT_TRANSLATE_NOOP("catalogue", "The run did not start, and nothing was changed: %{error} %{error:hint}")},
    {"run.gate_held", QT_TRANSLATE_NOOP("catalogue", "Held before “%{step}”, before anything was changed: %{error} %{error:hint} Then resume, or roll back.")},
    {"run.gate_overridden", QT_TRANSLATE_NOOP("catalogue", "%{by} broke the glass (%{reason}): %{error}")},
    {"run.break_glass", QT_TRANSLATE_NOOP("catalogue", "Broke the glass for run %{run} (%{gates:list}): %{reason}")},
    {"staging.proven", QT_TRANSLATE_NOOP("catalogue", "Installed on “%{target}” by run %{run}, which ended at %{ended:time} (%{by}).")},
    {"staging.no_target", QT_TRANSLATE_NOOP("catalogue", "The staging target can't be read from %{file}: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Mend “staging.target” in target.yaml, or the file that it names.")},
    {"staging.shared", QT_TRANSLATE_NOOP("catalogue", "The staging target “%{target}” is no other system: %{what}"),
     QT_TRANSLATE_NOOP("catalogue", "What is tested there would be changed here. Make one with 'cutoverctl target derive --staging FOLDER'.")},
    {"staging.no_journal", QT_TRANSLATE_NOOP("catalogue", "Nothing was ever installed on the staging target “%{target}”: it has no journal."),
     QT_TRANSLATE_NOOP("catalogue", "Run the update there first.")},
    {"staging.unreadable", QT_TRANSLATE_NOOP("catalogue", "The journal of the staging target “%{target}” can't be read: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Check the permissions of its state folder for the account that Cutover runs as.")},
    {"staging.no_digest", QT_TRANSLATE_NOOP("catalogue", "The plan doesn't say which package it installs, so that it can't be found on “%{target}”."),
     QT_TRANSLATE_NOOP("catalogue", "Make the plan anew.")},
    {"staging.never", QT_TRANSLATE_NOOP("catalogue", "Version %{version} (%{digest}) was not installed on the staging target “%{target}”."),
     QT_TRANSLATE_NOOP("catalogue", "Run the update there first; another package of the same version does not count.")},
    {"staging.not_succeeded", QT_TRANSLATE_NOOP("catalogue", "Version %{version} (%{digest}) has not succeeded on “%{target}”: its newest run there, %{run}, is “%{state}”."),
     QT_TRANSLATE_NOOP("catalogue", "Find out why, and bring it to success there first.")},
    {"staging.old",
     QT_TRANSLATE_NOOP("catalogue", "Version %{version} (%{digest}) succeeded on “%{target}” %{age:duration} ago (run %{run}); %{limit:duration} are the limit."),
     QT_TRANSLATE_NOOP("catalogue", "Run it there once more, or raise “staging.valid”.")},
    {"derive.same_file", QT_TRANSLATE_NOOP("catalogue", "both are the file %{value}.")},
    {"derive.same_state", QT_TRANSLATE_NOOP("catalogue", "both keep their state in %{value}.")},
    {"derive.same_releases", QT_TRANSLATE_NOOP("catalogue", "both install into %{value}.")},
    {"derive.same_backups", QT_TRANSLATE_NOOP("catalogue", "both keep their backups in %{value}.")},
    {"derive.same_database", QT_TRANSLATE_NOOP("catalogue", "both use the database %{value}.")},
    {"derive.same_redis", QT_TRANSLATE_NOOP("catalogue", "both use the Redis server %{value}.")},
    {"derive.same_configuration", QT_TRANSLATE_NOOP("catalogue", "both write the configuration %{value}.")},
    {"derive.same_port", QT_TRANSLATE_NOOP("catalogue", "both listen on port %{value}.")},
    {"derive.same_project", QT_TRANSLATE_NOOP("catalogue", "both are the Compose project %{value}.")},
    {"derive.same_unit", QT_TRANSLATE_NOOP("catalogue", "both run the unit %{value}.")},
    {"derive.same_balancer", QT_TRANSLATE_NOOP("catalogue", "both steer the load balancer by %{value}.")},
};

} // namespace cutover
