// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

namespace cutover {

namespace {

// clang-format off
const Catalogue::Registration texts{{
    {"colour.blue", QT_TRANSLATE_NOOP("catalogue", "blue")},
    {"colour.green", QT_TRANSLATE_NOOP("catalogue", "green")},
    {"colour.title.start", QT_TRANSLATE_NOOP("catalogue", "Start %{service} (%{colour})")},
    {"colour.title.shift", QT_TRANSLATE_NOOP("catalogue", "%{percent} % of %{service} to %{colour}")},
    {"colour.title.watch", QT_TRANSLATE_NOOP("catalogue", "Watch %{colour} at %{percent} %")},
    {"colour.title.switch", QT_TRANSLATE_NOOP("catalogue", "Switch %{service} to %{colour}")},
    {"colour.title.retire", QT_TRANSLATE_NOOP("catalogue", "Stop %{service} (%{other})")},
    {"colour.intent.start",
     QT_TRANSLATE_NOOP("catalogue", "Start %{to} beside %{from} as %{instances:list}, and wait until it is ready; users stay with %{other}")},
    {"colour.intent.start_smoke",
     QT_TRANSLATE_NOOP("catalogue", "Start %{to} beside %{from} as %{instances:list}, wait until it is ready, and run %{smoke} smoke "
                                    "%{smoke|test|tests} on each; users stay with %{other}")},
    {"colour.intent.shift", QT_TRANSLATE_NOOP("catalogue", "Send %{percent} % of the requests to %{to} (%{colour}), the others still to %{from} (%{other})")},
    {"colour.intent.watch",
     QT_TRANSLATE_NOOP("catalogue", "Watch what %{to} answers for %{duration:duration}, and go back to %{from} where more than %{limit:percent} of it are errors")},
    {"colour.intent.switch",
     QT_TRANSLATE_NOOP("catalogue", "Send all requests to %{to} (%{colour}), let those under way at %{from} (%{other}) end, and send it none any more; %{left}")},
    {"colour.intent.retire", QT_TRANSLATE_NOOP("catalogue", "Stop %{from} as %{others:list}, which nobody uses any more; a way back starts it again")},
    {"colour.doing.smoke", QT_TRANSLATE_NOOP("catalogue", "Running %{count} smoke %{count|test|tests} on %{instance}")},
    {"colour.doing.let_in", QT_TRANSLATE_NOOP("catalogue", "Waiting until the load balancer finds %{colour} of %{service} healthy")},
    {"colour.doing.drain", QT_TRANSLATE_NOOP("catalogue", "Draining %{instance}: %{count} %{count|session|sessions} left, at most %{limit:duration}")},
    {"colour.log.smoke", QT_TRANSLATE_NOOP("catalogue", "The smoke test “%{test}” fails on %{instance} (%{version}), which is only a warning: %{cause}")},
    {"colour.log.forced", QT_TRANSLATE_NOOP("catalogue", "%{instance} is taken out with %{count} %{count|session|sessions} left")},
    {"colour.log.share", QT_TRANSLATE_NOOP("catalogue", "%{service}: %{share:percent} of the requests go to %{colour}")},
    {"colour.state", QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{colour}) %{runs} and is %{letIn}")},
    {"colour.runs", QT_TRANSLATE_NOOP("catalogue", "runs")},
    {"colour.stands", QT_TRANSLATE_NOOP("catalogue", "does not run")},
    {"colour.let_in", QT_TRANSLATE_NOOP("catalogue", "let in")},
    {"colour.out", QT_TRANSLATE_NOOP("catalogue", "out")},
    {"colour.unreadable",
     QT_TRANSLATE_NOOP("catalogue", "It can't be read which colour serves: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove the file, and take the idle colour's servers out at the load balancer: then what serves is found from what runs.")},
    {"colour.ambiguous",
     QT_TRANSLATE_NOOP("catalogue", "Which colour of %{service} serves can't be told, as nothing is noted yet and not exactly one of them runs and is let in at "
                                    "the load balancer: %{states:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Stop the instances of the idle colour, or take its servers out at the load balancer (HAProxy: “set server BACKEND/NAME state maint”).")},
    {"colour.none",
     QT_TRANSLATE_NOOP("catalogue", "The service %{service} has no instance that is %{colour}, or no load balancer."),
     QT_TRANSLATE_NOOP("catalogue", "Put target.yaml back as it was when the plan was made, or make a new plan.")},
    {"colour.serves",
     QT_TRANSLATE_NOOP("catalogue", "%{colour} of %{service} is what serves users, so it is not touched."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody switched meanwhile: make a new plan.")},
    {"colour.nobody_else",
     QT_TRANSLATE_NOOP("catalogue", "%{colour} of %{service} is meant to be idle, but takes requests, and no server of %{other} is up to take them over."),
     QT_TRANSLATE_NOOP("catalogue", "Bring %{other} up, then retry.")},
    {"colour.not_running",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{colour}) does not run %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its log, then retry the step or roll back.")},
    {"colour.unknown_release",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{colour}) served before the switch, but of which release it was nobody knows, and its process is gone."),
     QT_TRANSLATE_NOOP("catalogue", "Start it by hand as it was and retry, or stay with what serves now.")},
    {"colour.smoke_failed",
     QT_TRANSLATE_NOOP("catalogue", "The smoke test “%{test}” fails on %{instance} (%{version}): %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "No user was sent to it. Look at the release, and at the service's log.")},
    {"colour.let_in_early",
     QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|server|servers} of %{colour} of %{service} %{count|is|are} let in at the load balancer before the switch."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody else changes the load balancer. Find out who, then retry.")},
    {"colour.other_share",
     QT_TRANSLATE_NOOP("catalogue", "%{colour} of %{service} gets %{found:percent} of the requests by the servers' weights; expected %{expected:percent}."),
     QT_TRANSLATE_NOOP("catalogue", "A server is down, or somebody else changes the weights. Look at the load balancer, then retry.")},
    {"colour.no_weight",
     QT_TRANSLATE_NOOP("catalogue", "All servers of one colour of %{service} have the weight 0 at the load balancer, so no share of the requests can be given."),
     QT_TRANSLATE_NOOP("catalogue", "Give one server of each colour a weight, then retry.")},
    {"colour.not_serving",
     QT_TRANSLATE_NOOP("catalogue", "%{colour} of %{service} does not take all requests at the load balancer."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its servers there, then retry the step or roll back.")},
    {"colour.sessions_stay",
     QT_TRANSLATE_NOOP("catalogue", "%{other} of %{service} takes all new requests, and %{colour} still has %{count} %{count|session|sessions} after draining for %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Resume to go on without waiting: they are cut off when %{colour} is stopped. Or roll back: then they go on, and %{colour} serves again.")},
    {"colour.old_let_in",
     QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|server|servers} of %{colour} of %{service} %{count|is|are} still let in at the load balancer."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody else changes the load balancer. Find out who, then retry.")},
    {"colour.not_gone",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{colour}) runs again after it was stopped."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody else starts it. Find out who, then retry.")},
    {"colour.check", QT_TRANSLATE_NOOP("catalogue", "Idle instances at the load balancer")},
    {"colour.check_ok", QT_TRANSLATE_NOOP("catalogue", "%{count} idle %{count|server is|servers are} out")},
    {"colour.check_let_in",
     QT_TRANSLATE_NOOP("catalogue", "The load balancer lets idle instances in: %{servers:list}. Started, they would serve users before the switch."),
     QT_TRANSLATE_NOOP("catalogue", "Take them out (HAProxy: “set server BACKEND/NAME state maint”; nginx: “down”), then retry. HAProxy forgets it at its own restart: "
                                    "a run puts it right, and a “server-state-file” keeps it.")},
    {"colour.idle", QT_TRANSLATE_NOOP("catalogue", "Idle (%{colour}): users are not sent to it, so it is not asked")},
}};
// clang-format on

} // namespace

} // namespace cutover
