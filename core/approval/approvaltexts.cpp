// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration texts{
    {"approval.valid", QT_TRANSLATE_NOOP("catalogue", "Approved by %{approver} at %{signed:time}, until %{until:time}.")},
    {"approval.none", QT_TRANSLATE_NOOP("catalogue", "Nobody has approved plan %{plan} yet."),
     QT_TRANSLATE_NOOP("catalogue", "Ask %{approvers:list} to sign it, in the window or by 'cutoverctl approve'.")},
    {"approval.other_plan", QT_TRANSLATE_NOOP("catalogue", "%{approver} has approved plan %{earlier}; this one is %{plan}, so that approval is void."),
     QT_TRANSLATE_NOOP("catalogue", "Look at what has changed since, and have this plan signed.")},
    {"approval.wrong_plan", QT_TRANSLATE_NOOP("catalogue", "The signature by %{approver} is for another plan (%{signed}); this one is %{plan}."),
     QT_TRANSLATE_NOOP("catalogue", "Have this plan signed; each plan needs a signature of its own.")},
    {"approval.damaged", QT_TRANSLATE_NOOP("catalogue", "The signature by %{approver} does not fit plan %{plan}: it was changed, or made over something else."),
     QT_TRANSLATE_NOOP("catalogue", "Have the plan signed again.")},
    {"approval.unreadable", QT_TRANSLATE_NOOP("catalogue", "The approval can't be checked: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Check the signature's file, and the keys under “approval” in target.yaml.")},
    {"approval.unknown_key", QT_TRANSLATE_NOOP("catalogue", "The signature is by key %{keyId}, which none of the approvers (%{approvers:list}) has."),
     QT_TRANSLATE_NOOP("catalogue", "Have it signed by one of them, or add the key under “approval” in target.yaml and plan again.")},
    {"approval.not_pinned", QT_TRANSLATE_NOOP("catalogue", "%{approver} may not approve plan %{plan}: the key %{keyId} was no approver's when the plan was made."),
     QT_TRANSLATE_NOOP("catalogue", "Plan again, and have the new plan signed; or let somebody sign who was an approver then.")},
    {"approval.no_keys", QT_TRANSLATE_NOOP("catalogue", "Nobody can approve plan %{plan}, as no approver's key counts: %{causes:list}"),
     QT_TRANSLATE_NOOP("catalogue", "Mend the key files under “approval” in target.yaml, then plan again.")},
    {"approval.key_passed_over", QT_TRANSLATE_NOOP("catalogue", "The key of %{approver} is passed over: %{cause}")},
    {"approval.key_late", QT_TRANSLATE_NOOP("catalogue", "The key %{keyId} of %{approver} does not count for this plan, which was made before it was there.")},
    {"approval.no_time", QT_TRANSLATE_NOOP("catalogue", "The signature by %{approver} doesn't say when it was made, so that nobody knows how long it counts."),
     QT_TRANSLATE_NOOP("catalogue", "Sign with 'cutoverctl approve', or with minisign without a comment of your own.")},
    {"approval.from_the_future", QT_TRANSLATE_NOOP("catalogue", "The signature by %{approver} was made at %{signed:time}, and it is only %{now:time}."),
     QT_TRANSLATE_NOOP("catalogue", "Set the clocks of both machines right, and sign again.")},
    {"approval.expired", QT_TRANSLATE_NOOP("catalogue", "The approval by %{approver} expired at %{until:time}; it counts for %{valid:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Have the plan approved again.")},
    {"approval.same_person", QT_TRANSLATE_NOOP("catalogue", "%{approver} approved the plan and would start it as %{who}; that needs two people."),
     QT_TRANSLATE_NOOP("catalogue", "Let somebody else start it, or somebody else approve it.")},
    {"approval.not_needed", QT_TRANSLATE_NOOP("catalogue", "The target “%{target}” needs no approval."),
     QT_TRANSLATE_NOOP("catalogue", "Add “approval” to target.yaml where it should.")},
    {"approval.unknown_plan", QT_TRANSLATE_NOOP("catalogue", "There is no plan “%{digest}” to approve."),
     QT_TRANSLATE_NOOP("catalogue", "Give the file that 'cutoverctl plan --output' wrote, a run, or the digest of a plan that was asked for.")},
    {"approval.requested", QT_TRANSLATE_NOOP("catalogue", "Asked for approval of plan %{digest} (%{from} → %{to}).")},
    {"approval.given", QT_TRANSLATE_NOOP("catalogue", "Brought the approval of plan %{digest} by %{approver}, signed at %{signed:time} with key %{key}.")},
    {"approval.way_differs", QT_TRANSLATE_NOOP("catalogue", "It went %{then}, and goes %{now} now.")},
    {"approval.facts_differ", QT_TRANSLATE_NOOP("catalogue", "The system has changed: %{facts:list}.")},
    {"approval.steps_added", QT_TRANSLATE_NOOP("catalogue", "New steps: %{steps:list}.")},
    {"approval.steps_gone", QT_TRANSLATE_NOOP("catalogue", "Steps that are gone: %{steps:list}.")},
    {"approval.steps_differ", QT_TRANSLATE_NOOP("catalogue", "Other steps than approved: %{steps:list}.")},
    {"approval.policy_differs", QT_TRANSLATE_NOOP("catalogue", "What happens on failure, or when it may run, is another.")},
    {"approval.loss_differs", QT_TRANSLATE_NOOP("catalogue", "What is lost was counted anew.")},
    {"approval.rest_differs", QT_TRANSLATE_NOOP("catalogue", "Expected times or the version of Cutover differ.")},
};

} // namespace cutover
