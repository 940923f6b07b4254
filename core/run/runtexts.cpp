// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    // Why a run is held, reverting or rolled back: what happened, then what to do.
    {"run.step_failed_held",
     QT_TRANSLATE_NOOP("catalogue", "“%{step}” failed: %{error} %{error:hint} The run is held. Mend the cause and retry, accept the step if it is done, or roll back."),
     nullptr},
    {"run.step_failed_no_return",
     QT_TRANSLATE_NOOP("catalogue",
                       "“%{step}” failed behind the point of no return: %{error} %{error:hint} The run is held, because going back could lose data. "
                       "Mend the cause and retry, or roll back knowingly."),
     nullptr},
    {"run.step_failed_reverting",
     QT_TRANSLATE_NOOP("catalogue", "“%{step}” failed: %{error} %{error:hint} The plan's policy is to roll back; look at the cause before the next try."), nullptr},
    {"run.step_unknown",
     QT_TRANSLATE_NOOP("catalogue",
                       "It is not known whether “%{step}” took effect: %{error} %{error:hint} The run is held. Look at the system, then retry, accept the step "
                       "if it is done, or roll back."),
     nullptr},
    {"run.step_interrupted",
     QT_TRANSLATE_NOOP("catalogue",
                       "“%{step}” was interrupted, and the system doesn't tell how far it came. The run is held. Look at the system, then retry, "
                       "accept the step if it is done, or roll back."),
     nullptr},
    {"run.world_changed",
     QT_TRANSLATE_NOOP("catalogue", "Held before “%{step}”: %{error} %{error:hint} Change it back and retry, or roll back."), nullptr},
    {"run.world_changed_end",
     QT_TRANSLATE_NOOP("catalogue", "All steps are done, but the system is not as planned: %{error} %{error:hint} Mend that and retry, or roll back."), nullptr},
    {"run.refused_to_start",
     QT_TRANSLATE_NOOP("catalogue", "The run did not start, and nothing was changed: %{error} %{error:hint} Make a new plan."), nullptr},
    {"run.not_back",
     QT_TRANSLATE_NOOP("catalogue", "Every step was taken back, but the system is not as before: %{error} %{error:hint} Mend that and retry, or abandon the run."),
     nullptr},
    {"run.revert_failed",
     QT_TRANSLATE_NOOP("catalogue", "Rolling back “%{step}” failed: %{error} %{error:hint} The run is held. Mend the cause and retry."), nullptr},
    {"run.other_target",
     QT_TRANSLATE_NOOP("catalogue", "Rolling back stopped before “%{step}”: %{error} %{error:hint} The run is held; nothing is changed on a system that may be another one. Mend it and retry."),
     nullptr},
    {"run.loop",
     QT_TRANSLATE_NOOP("catalogue",
                       "“%{step}” was started %{count} times without getting further; the limit is %{limit}. The run is held. Look at the log, "
                       "then retry or roll back."),
     nullptr},
    {"run.turn_back",
     QT_TRANSLATE_NOOP("catalogue", "Before “%{step}” it was %{now}; the time to turn back was %{limit}. The run is rolled back; plan a longer window."),
     nullptr},
    {"run.turn_back_held",
     QT_TRANSLATE_NOOP("catalogue",
                       "Before “%{step}” it was %{now}; the time to turn back was %{limit}, but the point of no return is passed. The run is held. "
                       "Resume past the window, or roll back knowingly."),
     nullptr},
    {"run.too_late",
     QT_TRANSLATE_NOOP("catalogue", "It was %{now}; the latest start is %{limit}. Nothing was changed; start again in the next window."), nullptr},
    {"run.held_by", QT_TRANSLATE_NOOP("catalogue", "%{by} held the run before “%{step}”. Resume, or roll back."), nullptr},
    {"run.held_by_end", QT_TRANSLATE_NOOP("catalogue", "%{by} held the run behind its last step. Resume, or roll back."), nullptr},
    {"run.aborted_by", QT_TRANSLATE_NOOP("catalogue", "%{by} aborted the run at “%{step}”; it goes back to %{from}."), nullptr},
    {"run.rolled_back_by", QT_TRANSLATE_NOOP("catalogue", "%{by} chose to roll back at “%{step}”; the run goes back to %{from}."), nullptr},
    {"run.abandoned_by", QT_TRANSLATE_NOOP("catalogue", "%{by} abandoned the run at “%{step}” and left the system as it was then."), nullptr},
    {"run.hold_expired",
     QT_TRANSLATE_NOOP("catalogue", "Nobody decided within %{limit:duration} of “%{step}” being held; the plan's default is to roll back."), nullptr},

    // Errors.
    {"run.plan_changed",
     QT_TRANSLATE_NOOP("catalogue", "The plan has the digest %{found}; approved was %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan and approve it.")},
    {"run.engine_version",
     QT_TRANSLATE_NOOP("catalogue", "The plan was made by Cutover %{expected}; this is %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Use the version that made the plan.")},
    {"run.no_transition",
     QT_TRANSLATE_NOOP("catalogue", "A run that is %{run}, at a step that is %{step}, can't go on after “%{outcome}”. This is a defect of Cutover."),
     QT_TRANSLATE_NOOP("catalogue", "Nothing was changed by this. Report it with the run's log.")},
    {"run.identity_changed",
     QT_TRANSLATE_NOOP("catalogue", "the target's identity is %{found}; the plan was made for %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that target.yaml points at the right system.")},

    // Events.
    {"run.started", QT_TRANSLATE_NOOP("catalogue", "%{by} started the run from %{from} to %{to}."), nullptr},
    {"run.resumed", QT_TRANSLATE_NOOP("catalogue", "The runner started again and goes on where the journal ends."), nullptr},
    {"run.step_started", QT_TRANSLATE_NOOP("catalogue", "“%{step}” begins."), nullptr},
    {"run.step_done", QT_TRANSLATE_NOOP("catalogue", "“%{step}” is done after %{duration:duration}."), nullptr},
    {"run.step_again",
     QT_TRANSLATE_NOOP("catalogue", "“%{step}” failed for the moment: %{error} Try %{try} of %{limit} in %{wait:duration}."), nullptr},
    {"run.step_inspected_notStarted", QT_TRANSLATE_NOOP("catalogue", "“%{step}” was interrupted before it changed anything; it begins again."), nullptr},
    {"run.step_inspected_partial", QT_TRANSLATE_NOOP("catalogue", "“%{step}” was interrupted in its midst; it is applied again."), nullptr},
    {"run.step_inspected_done", QT_TRANSLATE_NOOP("catalogue", "“%{step}” was interrupted after it had taken effect; it is verified."), nullptr},
    {"run.step_reverting", QT_TRANSLATE_NOOP("catalogue", "“%{step}” is being taken back."), nullptr},
    {"run.step_reverted", QT_TRANSLATE_NOOP("catalogue", "“%{step}” was taken back."), nullptr},
    {"run.step_retried", QT_TRANSLATE_NOOP("catalogue", "%{by} chose to retry “%{step}”."), nullptr},
    {"run.step_accepted", QT_TRANSLATE_NOOP("catalogue", "%{by} accepted “%{step}” as done; its inspection agrees."), nullptr},
    {"run.resumed_by", QT_TRANSLATE_NOOP("catalogue", "%{by} resumed the run at “%{step}”."), nullptr},
    {"run.succeeded", QT_TRANSLATE_NOOP("catalogue", "The run succeeded: %{to} is installed."), nullptr},
    {"run.rolled_back", QT_TRANSLATE_NOOP("catalogue", "The run is rolled back: %{from} is installed."), nullptr},
    {"run.finalize_failed", QT_TRANSLATE_NOOP("catalogue", "“%{step}” left something behind that is no longer needed: %{error}"), nullptr},
    {"run.clock_stepped", QT_TRANSLATE_NOOP("catalogue", "The clock of this machine was moved by %{by:duration}; durations are not affected."), nullptr},
    {"run.the_end", QT_TRANSLATE_NOOP("catalogue", "the end of the run"), nullptr},

    // What becomes of commands.
    {"run.command_taken", QT_TRANSLATE_NOOP("catalogue", "Done."), nullptr},
    {"run.refused_state",
     QT_TRANSLATE_NOOP("catalogue", "Not done: the command was given for a run that is %{expected}, but it is %{found} now."), nullptr},
    {"run.refused_step", QT_TRANSLATE_NOOP("catalogue", "Not done: the command was given for the step %{expected}, but the run is at %{found} now."), nullptr},
    {"run.refused_verb", QT_TRANSLATE_NOOP("catalogue", "Not done: a run knows no command “%{verb}”."), nullptr},
    {"run.refused_ended", QT_TRANSLATE_NOOP("catalogue", "The run has ended: it is %{state}."), nullptr},
    {"run.refused_finalizing", QT_TRANSLATE_NOOP("catalogue", "The run has succeeded and is clearing up."), nullptr},
    {"run.refused_held", QT_TRANSLATE_NOOP("catalogue", "The run is held already."), nullptr},
    {"run.refused_not_held", QT_TRANSLATE_NOOP("catalogue", "This is possible only while the run is held."), nullptr},
    {"run.refused_not_running", QT_TRANSLATE_NOOP("catalogue", "The run has not started yet."), nullptr},
    {"run.refused_reverting", QT_TRANSLATE_NOOP("catalogue", "The run is being rolled back; that can't be interrupted."), nullptr},
    {"run.refused_accept_none", QT_TRANSLATE_NOOP("catalogue", "No step has failed that could be accepted as done."), nullptr},
    {"run.refused_accept_unprepared",
     QT_TRANSLATE_NOOP("catalogue", "The step failed before it began, so nothing is known that would undo it. Retry it instead."), nullptr},
    {"run.refused_accept_not_done",
     QT_TRANSLATE_NOOP("catalogue", "“%{step}” is not accepted: its inspection doesn't find it done. Retry it, or roll back."), nullptr},
    {"run.refused_resume_failed",
     QT_TRANSLATE_NOOP("catalogue", "A step has failed: retry it, accept it as done, or roll back."), nullptr},
    {"run.refused_name", QT_TRANSLATE_NOOP("catalogue", "The name given is “%{found}”; the target is “%{expected}”."), nullptr},

    {"run.state_planned", QT_TRANSLATE_NOOP("catalogue", "planned"), nullptr},
    {"run.state_running", QT_TRANSLATE_NOOP("catalogue", "running"), nullptr},
    {"run.state_held", QT_TRANSLATE_NOOP("catalogue", "held"), nullptr},
    {"run.state_reverting", QT_TRANSLATE_NOOP("catalogue", "rolling back"), nullptr},
    {"run.state_succeeded", QT_TRANSLATE_NOOP("catalogue", "succeeded"), nullptr},
    {"run.state_rolledBack", QT_TRANSLATE_NOOP("catalogue", "rolled back"), nullptr},
    {"run.state_abandoned", QT_TRANSLATE_NOOP("catalogue", "abandoned"), nullptr},
};

} // namespace cutover
