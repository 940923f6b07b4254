// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

namespace cutover {

namespace {

// clang-format off
const Catalogue::Registration texts{{
    {"balancer.unknown_kind",
     QT_TRANSLATE_NOOP("catalogue", "There is no load balancer of the kind “%{kind}”."),
     QT_TRANSLATE_NOOP("catalogue", "Known are: %{known:list}.")},
    {"balancer.sessions_left",
     QT_TRANSLATE_NOOP("catalogue", "%{server} still had %{count} %{count|session|sessions} after draining for %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "End them, raise drain_limit of the service in target.yaml, or have them closed by “at_drain_limit: close”.")},
    {"balancer.not_out", QT_TRANSLATE_NOOP("catalogue", "%{balancer} lets %{server} in again each time that it is drained: it is %{status}."),
     QT_TRANSLATE_NOOP("catalogue", "Find out who changes its state beside Cutover, then try again.")},
    {"balancer.alone", QT_TRANSLATE_NOOP("catalogue", "%{balancer} was restarted while %{server} was being drained, and no other server took its requests within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "%{server} serves on. See that another server of its backend is up at the load balancer, then try again.")},
    {"balancer.not_up",
     QT_TRANSLATE_NOOP("catalogue", "%{balancer} did not find %{server} healthy within %{limit:duration}: it is %{status}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at the load balancer's health check of this server and at the service's log.")},
    {"balancer.unreachable",
     QT_TRANSLATE_NOOP("catalogue", "%{balancer} lets %{server} in, but nobody answered at %{address} within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Compare the server's address there with the instance's port in target.yaml, and look at the service's log.")},
    {"balancer.weight",
     QT_TRANSLATE_NOOP("catalogue", "%{server} can't have the weight %{weight}; expected 1 to %{maximum}."),
     QT_TRANSLATE_NOOP("catalogue", "Drain the server where it shall get no requests at all.")},
    {"balancer.kept_out",
     QT_TRANSLATE_NOOP("catalogue", "%{balancer} let %{out:list} in, which the last run had taken out: %{idle} of %{service} is idle. Taken out again.")},
    {"balancer.kept_stopped",
     QT_TRANSLATE_NOOP("catalogue", "%{balancer} let %{out:list} in, though %{service} is stopped. Taken out again.")},
    {"balancer.kept_in",
     QT_TRANSLATE_NOOP("catalogue", "%{balancer} had %{in:list} out, which the last run had let in for %{service}. Let in again.")},
    {"balancer.kept_share",
     QT_TRANSLATE_NOOP("catalogue", "%{balancer} had other weights for %{service} than the run has set. Set again: %{share:percent} of the requests go to %{idle}.")},
    {"nginx.not_running",
     QT_TRANSLATE_NOOP("catalogue", "nginx does not run: %{pidFile} names no master process of it."),
     QT_TRANSLATE_NOOP("catalogue", "Start nginx, and check that balancer.pid_file in target.yaml is the file of “pid” in its configuration.")},
    {"nginx.no_backend",
     QT_TRANSLATE_NOOP("catalogue", "There is no file %{file} with the servers of the upstream %{backend}."),
     QT_TRANSLATE_NOOP("catalogue", "Make it with a line “server ADDRESS:PORT; # INSTANCE” for each instance, and have the upstream include it instead of its own servers.")},
    {"nginx.no_server",
     QT_TRANSLATE_NOOP("catalogue", "%{file} has no server %{server} for the upstream %{backend}."),
     QT_TRANSLATE_NOOP("catalogue", "Each line must end with the name of an instance in target.yaml: “server ADDRESS:PORT; # %{server}”.")},
    {"nginx.unreadable",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line} of %{file} is no server: %{text}"),
     QT_TRANSLATE_NOOP("catalogue", "This file holds only comments and lines “server ADDRESS:PORT; # INSTANCE”. Move all else into the upstream that includes it.")},
    {"nginx.twice",
     QT_TRANSLATE_NOOP("catalogue", "Line %{line} of %{file} names %{server} a second time."),
     QT_TRANSLATE_NOOP("catalogue", "Keep one line for each instance.")},
    {"nginx.unlike",
     QT_TRANSLATE_NOOP("catalogue", "%{server} can't be added to %{file} like its others, which differ: “%{first}” and “%{other}”."),
     QT_TRANSLATE_NOOP("catalogue", "Write its line yourself: “server ADDRESS:PORT down; # %{server}”, with the parameters that it shall have; Cutover puts its address there.")},
    {"nginx.no_address",
     QT_TRANSLATE_NOOP("catalogue", "No address is known of the host %{host}, which nginx shall send requests to: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Have this host know that name, or give the servers' address instead of it.")},
    {"nginx.invalid",
     QT_TRANSLATE_NOOP("catalogue", "nginx refuses its configuration: %{reason} (%{place})."),
     QT_TRANSLATE_NOOP("catalogue", "It goes on serving by what it read last. Correct that place until “nginx -t -c %{configuration}” succeeds.")},
    {"nginx.not_included",
     QT_TRANSLATE_NOOP("catalogue", "The configuration %{configuration} does not include %{file}, so nginx does not serve by it."),
     QT_TRANSLATE_NOOP("catalogue", "Write into its “http” block: “upstream %{backend} { include %{file}; }”, without servers of its own, and have nginx reload it.")},
    {"nginx.other_configuration",
     QT_TRANSLATE_NOOP("catalogue", "nginx (pid %{pid}) works by %{found}, not by %{configuration}."),
     QT_TRANSLATE_NOOP("catalogue", "Name that file as balancer.configuration in target.yaml, or start nginx with “-c %{configuration}”.")},
    {"nginx.other_pid_file",
     QT_TRANSLATE_NOOP("catalogue", "By %{configuration} nginx writes its process id to %{found}, not to %{pidFile}."),
     QT_TRANSLATE_NOOP("catalogue", "Name that file as balancer.pid_file in target.yaml, or write “pid %{pidFile};” at the top of the configuration.")},
    {"nginx.not_writable",
     QT_TRANSLATE_NOOP("catalogue", "Files in %{folder} can't be replaced: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Give that folder to the account that Cutover works under; nginx only reads it.")},
    {"nginx.not_allowed",
     QT_TRANSLATE_NOOP("catalogue", "nginx (pid %{pid}) could not be asked to reload: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "This account may not signal nginx. Set balancer.program in target.yaml to a program that runs nginx with its arguments as one that may.")},
    {"nginx.reload_failed",
     QT_TRANSLATE_NOOP("catalogue", "nginx could not be asked to reload: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Try again.")},
    {"nginx.not_reloaded",
     QT_TRANSLATE_NOOP("catalogue", "nginx (pid %{pid}) has found its configuration valid, but does not serve by it %{limit:duration} after it was asked to reload."),
     QT_TRANSLATE_NOOP("catalogue", "Its error log says why; often another program has a port that it wants. It goes on serving by what it read last.")},
}};
// clang-format on

} // namespace

} // namespace cutover
