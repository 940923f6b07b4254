// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

using cutover::Catalogue;

static const Catalogue::Registration texts{{
    {"serve.line_too_long", QT_TRANSLATE_NOOP("catalogue", "The other side sent a line of over %{limit:bytes}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that both sides run the same Cutover.")},
    {"serve.bad_line", QT_TRANSLATE_NOOP("catalogue", "The other side sent a line that is no JSON object (%{reason}): “%{line}”."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the command starts 'cutoverctl serve --stdio' and that no login script prints anything.")},
    {"serve.start_failed", QT_TRANSLATE_NOOP("catalogue", "“%{program}” can't be started: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Install cutoverctl on the control host, or check its path.")},
    {"serve.ended", QT_TRANSLATE_NOOP("catalogue", "The link to the control host ended (exit code %{exit})."),
     QT_TRANSLATE_NOOP("catalogue", "The console connects again by itself; runs go on without it.")},
    {"serve.ended_saying", QT_TRANSLATE_NOOP("catalogue", "The link to the control host ended (exit code %{exit}): %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "The console connects again by itself; runs go on without it.")},
    {"serve.no_hello", QT_TRANSLATE_NOOP("catalogue", "The control host did not answer for %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the link to it; the console tries again by itself.")},
    {"serve.not_connected", QT_TRANSLATE_NOOP("catalogue", "There is no link to the control host at the moment."),
     QT_TRANSLATE_NOOP("catalogue", "Wait until the console has connected again; runs go on without it.")},
    {"serve.protocol", QT_TRANSLATE_NOOP("catalogue", "The console speaks protocol %{console}, the control host protocol %{server}."),
     QT_TRANSLATE_NOOP("catalogue", "Install the same Cutover version on both.")},
    {"serve.not_greeted", QT_TRANSLATE_NOOP("catalogue", "The first request must be “hello” with a protocol number."),
     QT_TRANSLATE_NOOP("catalogue", "Use the same Cutover version on both sides.")},
    {"serve.unknown_method", QT_TRANSLATE_NOOP("catalogue", "The control host doesn't know the request “%{method}”."),
     QT_TRANSLATE_NOOP("catalogue", "Install the same Cutover version on both sides.")},
    {"serve.unknown_job", QT_TRANSLATE_NOOP("catalogue", "There is no work with the id “%{job}” under way."), nullptr},
    {"serve.unknown_plan", QT_TRANSLATE_NOOP("catalogue", "The plan %{digest} was not built in this session."),
     QT_TRANSLATE_NOOP("catalogue", "Build the plan again, look at it, and apply that one.")},
    {"serve.plan_edited", QT_TRANSLATE_NOOP("catalogue", "The plan was changed after it was made: its digest is %{found}, the approved one is %{given}."),
     QT_TRANSLATE_NOOP("catalogue", "Build the plan again and look at it.")},
    {"serve.plan_target", QT_TRANSLATE_NOOP("catalogue", "The plan is for the target “%{plan}”, this one is “%{target}”."),
     QT_TRANSLATE_NOOP("catalogue", "Name the right target.")},
    {"serve.conn_elsewhere", QT_TRANSLATE_NOOP("catalogue", "%{holder} has the conn."),
     QT_TRANSLATE_NOOP("catalogue", "Ask %{holder}, or take over by name.")},
    {"serve.confirm_name", QT_TRANSLATE_NOOP("catalogue", "“%{target}” is in production: its name has to be given to confirm, found “%{given}”."),
     QT_TRANSLATE_NOOP("catalogue", "Type the target's name exactly.")},
    {"serve.confirm_loss",
     QT_TRANSLATE_NOOP("catalogue", "What this would lose nobody can count, so a person has to agree to it with the target's name, found “%{given}”. %{loss:list}"),
     QT_TRANSLATE_NOOP("catalogue", "Look first whether the data can be rescued, also from a service that still has a deleted file open. Then type the target's name exactly: %{target}; for cutoverctl, --confirm NAME.")},
    {"serve.confirm_decision", QT_TRANSLATE_NOOP("catalogue", "“%{verb}” was not given: it takes the target's name to confirm, found “%{given}”."),
     QT_TRANSLATE_NOOP("catalogue", "Type the target's name exactly: %{target}; for cutoverctl, --confirm NAME.")},
    {"serve.command_state", QT_TRANSLATE_NOOP("catalogue", "The run is %{state} now, not %{expected}; “%{verb}” was not given."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the run again and decide anew.")},
    {"serve.command_refused", QT_TRANSLATE_NOOP("catalogue", "“%{verb}” was not given. %{reason}"), nullptr},
    {"serve.no_release", QT_TRANSLATE_NOOP("catalogue", "The repository has no release %{version}; it has %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the version, or publish the release first.")},
    {"serve.not_installed", QT_TRANSLATE_NOOP("catalogue", "No version is installed: “%{link}” does not point to a release."),
     QT_TRANSLATE_NOOP("catalogue", "Unpack a release into the releases folder and point “current” to it.")},
    {"plan.nothing_to_do", QT_TRANSLATE_NOOP("catalogue", "%{version} is installed already; there is nothing to do."), nullptr},
    {"serve.outcome_unrecorded",
     QT_TRANSLATE_NOOP("catalogue", "The change is made, but that could not be written into the audit trail: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "The trail has the intent. %{cause:hint}")},
    {"serve.abort.before", QT_TRANSLATE_NOOP("catalogue", "If you abort now: %{version} stays, nothing has been changed yet.")},
    {"serve.abort.back",
     QT_TRANSLATE_NOOP("catalogue", "If you abort now: back to %{version} in about %{time:duration}; no database has been changed.")},
    {"serve.abort.back_migrated",
     QT_TRANSLATE_NOOP("catalogue", "If you abort now: back to %{version} in about %{time:duration}; a migration is taken back only where that is "
                                    "counted to lose nothing, else it stays or the run asks.")},
    {"serve.abort.past",
     QT_TRANSLATE_NOOP("catalogue", "The point of no return has passed: aborting holds the run and asks how to go on.")},
    // Of a held run, where a person rolls back and nothing is aborted.
    {"serve.rollback.before", QT_TRANSLATE_NOOP("catalogue", "%{version} stays, nothing has been changed yet.")},
    {"serve.rollback.back", QT_TRANSLATE_NOOP("catalogue", "Back to %{version} in about %{time:duration}; no database has been changed.")},
    {"serve.rollback.back_migrated",
     QT_TRANSLATE_NOOP("catalogue", "Back to %{version} in about %{time:duration}; a migration is taken back only where that is counted to lose "
                                    "nothing, else it stays or the run asks.")},
    {"serve.rollback.past",
     QT_TRANSLATE_NOOP("catalogue", "Back to %{version}, over the point of no return: what can't be taken back without loss stays in the database "
                                    "or is asked about.")},
    {"serve.abort.reverting", QT_TRANSLATE_NOOP("catalogue", "The run is on its way back to %{version} already.")},
    {"serve.event.approved", QT_TRANSLATE_NOOP("catalogue", "%{by} approved plan %{digest} and started the run.")},
}};
