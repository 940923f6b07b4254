// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

namespace cutover {

namespace {

// clang-format off
const Catalogue::Registration texts{{
    {"deploy.socket_refused",
     QT_TRANSLATE_NOOP("catalogue", "Nobody answers on the socket %{socket}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the program behind it runs and that this user may reach the socket.")},
    {"deploy.socket_timeout",
     QT_TRANSLATE_NOOP("catalogue", "The program behind the socket %{socket} did not answer within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its log; it may hang or be overloaded.")},
    {"deploy.socket_folder",
     QT_TRANSLATE_NOOP("catalogue", "The folder %{folder} for sockets can't be used: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove it, or choose a state folder with a shorter path.")},
    {"supervisor.start_failed",
     QT_TRANSLATE_NOOP("catalogue", "%{program} could not be started: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check that the file exists, is executable and is built for this machine.")},
    {"supervisor.program_missing",
     QT_TRANSLATE_NOOP("catalogue", "The program of %{instance}, %{program}, does not exist or is not executable."),
     QT_TRANSLATE_NOOP("catalogue", "Check the service's command in target.yaml and the content of the release.")},
    {"supervisor.no_command",
     QT_TRANSLATE_NOOP("catalogue", "The service %{service} has no command."),
     QT_TRANSLATE_NOOP("catalogue", "Add a command to the service in target.yaml.")},
    {"supervisor.bad_state",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor's state file %{file} can't be read: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Stop the services, remove the file and start them again.")},
    {"supervisor.lock_failed",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor's lock %{file} can't be opened: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check owner and permissions of the state folder.")},
    {"supervisor.already_running",
     QT_TRANSLATE_NOOP("catalogue", "Another supervisor already owns %{state}."),
     QT_TRANSLATE_NOOP("catalogue", "Nothing needs to be done; there is one supervisor per state folder.")},
    {"supervisor.listen_failed",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor can't listen on %{socket}: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Check owner and permissions of the state folder.")},
    {"supervisor.state_moved",
     QT_TRANSLATE_NOOP("catalogue", "The state folder has changed from %{from} to %{to} while services run."),
     QT_TRANSLATE_NOOP("catalogue", "Put the state folder back, or stop all services first.")},
    {"supervisor.unknown_instance",
     QT_TRANSLATE_NOOP("catalogue", "There is no instance %{instance} in the target."),
     QT_TRANSLATE_NOOP("catalogue", "Check the instances of the services in target.yaml.")},
    {"supervisor.unknown_method",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor does not know the request “%{method}”."),
     QT_TRANSLATE_NOOP("catalogue", "The supervisor is of another version; stop the services and start them again.")},
    {"supervisor.port_taken",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} can't start: its port %{port} is taken by %{holder}."),
     QT_TRANSLATE_NOOP("catalogue", "End that process, or give the instance another port in target.yaml.")},
    {"supervisor.no_release",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} can't start: there is no release folder %{folder}."),
     QT_TRANSLATE_NOOP("catalogue", "Unpack the release first.")},
    {"supervisor.runs_other",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} runs %{running} and can't be started as %{wanted}."),
     QT_TRANSLATE_NOOP("catalogue", "Stop it first.")},
    {"supervisor.not_running",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor does not run: nobody answers on %{socket}."),
     QT_TRANSLATE_NOOP("catalogue", "Start it with “cutoverctl supervise --target FILE”; services that still run are taken over.")},
    {"supervisor.no_answer",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor ended before it answered “%{method}”."),
     QT_TRANSLATE_NOOP("catalogue", "See supervisor.log in the state folder; a new supervisor takes over what runs.")},
    {"supervisor.no_program",
     QT_TRANSLATE_NOOP("catalogue", "The program %{program} was not found."),
     QT_TRANSLATE_NOOP("catalogue", "Install it beside the console, or name it in the variable CUTOVERCTL.")},
    {"supervisor.start_timeout",
     QT_TRANSLATE_NOOP("catalogue", "The supervisor (pid %{pid}) did not answer within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "See %{log}.")},
    {"supervisor.died",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} ended right after its start with exit code %{exit}. Its last lines: %{lastLines:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its log in the state folder; the release or its configuration may be broken.")},
    {"supervisor.is_stopped",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} is stopped, so it can't become ready."),
     QT_TRANSLATE_NOOP("catalogue", "Start it first.")},
    {"supervisor.not_ready",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} was not ready within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Look at its log and its health address; raise ready_within where it needs longer.")},
    {"supervisor.not_gone",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} did not end."),
     QT_TRANSLATE_NOOP("catalogue", "End it by hand.")},
}};
// clang-format on

} // namespace

} // namespace cutover
