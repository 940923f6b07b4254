// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

/**
 * The console's protocol: JSON, one object a line, UTF-8, over standard input and output of
 * 'cutoverctl serve --stdio' (locally or through ssh).
 *
 *   request       {"id": n, "method": "…", "params": {…}}
 *   response      {"id": n, "result": {…}} or {"id": n, "error": Error}
 *   notification  {"notify": "changed", "topics": […]}
 *                 {"notify": "job", "job": id, "state": "progress|item|done|failed", "what": {…}}
 *                 {"notify": "run", "what": {…}}
 *
 * The first request is "hello"; a server that speaks another protocol answers "serve.protocol" with
 * both numbers and its own version, and nothing else is served. session names the console for good (see session.h): who
 * comes back with it still has the conn. who is its operator, where that is another user than here.
 * The last request of a console that is closed is "bye"; one that was killed can't say it.
 *
 * method             params                                   result
 * hello              protocol, version, session, who?         protocol, version, who, host, warnings?: [Error], of the host itself
 * bye                                                         {}: gives the conn back unless a run is active
 * status                                                      TargetView
 * releases                                                    {"releases": [ReleaseView]}
 * runs                                                        {"runs": [RunRecord]}, their plans without previews
 * run                id                                       RunView
 * events             run, after                               {"events": [EventRecord]}
 * log                run, offset                              {"text", "next"}
 * report             run                                      {"html"}
 * restorePoints                                               {"points": [RestorePointView]}
 * restorePoint       id                                       RestorePointView
 * features                                                    {"flags": [FeatureFlag]}
 * features.apply     changes, reason                          {}
 * metrics            series, from, to, limit?                 {"points": [[time, value]]}, MetricPoints at most: where
 *                                                             there are more, the extremes of each span of time
 * apply              digest, confirm, breakGlass?, gates?     {"run": id}; breakGlass: why it is started although gates are shut,
 *                                                             gates: those that the reason is for, as its giver has seen them, and
 *                                                             "check:ID" of pre-checks that are known to fail
 * gates              digest | run                             GatesView: what stands in the way of a run now, and the approval
 * approval.plan      digest | run                             {"plan", "digest"}; the beginning of a digest will do
 * approval.request   digest                                   {"approval": ApprovalView}: others see that they are asked
 * approval.add       digest | run, signature, plan?           {"approval": ApprovalView, "approver", "expires"}
 * approval.list                                               {"requests": […]}: plans that were asked for and can still be run
 * checklist          digest | run                             ChecklistView
 * checklist.tick     digest | run, item, note, done?          ChecklistView
 * command            run, verb, expected, confirm?, hold?,    {"command": id}; confirm: the target's name, hold: id of a command;
 *                    breakGlass?, gates?                      as of apply, where a gate keeps a held run from going on
 * audit              limit?                                   {"rows": […], "intact": bool, "error"?: Error}
 * target.claims                                               {"claims": […]}: databases that belong to another target
 * target.adopt       confirm                                  {"adopted": […]}: they belong to this one from now on
 * database.sessions                                           {"sessions": […]}: of others, with a transaction open or in others' way
 * database.endSession database, session, confirm?                    {"database", "pid", "started"}: that one was ended
 * conn                                                        {"holder", "since", "note", "ours"}; no holder: free
 * conn.take          force, note, from?                       {}; from: the holder it is taken from
 * conn.release                                                {}
 * check.start        to                                       {"job": id}
 * plan.update.start  to, watchMs?                             {"job": id}
 * plan.adopt         plan, digest                             {"plan", "digest"}: a plan made earlier
 * plan.rollback.start point or commit, mode                   {"job": id}; commit: hash, tag or branch
 * service.logs       service, lines?, follow?                 {"job": id}; service: or an instance; items {"lines": [{"instance", "line"}]}
 * job.cancel         job                                      {}
 */
namespace cutover::protocol {

constexpr int Version = 1;
/// Of one answer: a console must read it without a stall.
constexpr int MetricPoints = 2000;

} // namespace cutover::protocol
