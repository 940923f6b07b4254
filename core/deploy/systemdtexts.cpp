// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

namespace cutover {

namespace {

// clang-format off
const Catalogue::Registration texts{{
    {"systemd.no_program",
     QT_TRANSLATE_NOOP("catalogue", "The program “%{program}” is not installed."),
     QT_TRANSLATE_NOOP("catalogue", "The runtime systemd needs a control host that systemd runs; choose another runtime in target.yaml elsewhere.")},
    {"systemd.not_here",
     QT_TRANSLATE_NOOP("catalogue", "systemd does not run this machine."),
     QT_TRANSLATE_NOOP("catalogue", "The runtime systemd needs a control host that systemd runs; choose another runtime in target.yaml elsewhere.")},
    {"systemd.gone",
     QT_TRANSLATE_NOOP("catalogue", "systemd does not answer: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "See whether 'systemctl status' answers, then retry.")},
    {"systemd.gone_user",
     QT_TRANSLATE_NOOP("catalogue", "This user's systemd manager does not answer: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "It runs without anybody logged in once 'loginctl enable-linger USER' was run; then retry.")},
    {"systemd.silent",
     QT_TRANSLATE_NOOP("catalogue", "systemd did not finish within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "See whether 'systemctl status' answers; the machine may be overloaded.")},
    {"systemd.denied",
     QT_TRANSLATE_NOOP("catalogue", "The account %{account} may not stop and start %{unit}: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "As root, add this line to /etc/polkit-1/rules.d/50-cutover.rules on that machine (README.md, “Units of systemd”), then retry: %{rule} Or use “runtime: systemd_user”.")},
    {"systemd.reload_denied",
     QT_TRANSLATE_NOOP("catalogue", "The account %{account} may not have systemd read unit files again, without which no unit starts from another release: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "As root, add this line to /etc/polkit-1/rules.d/50-cutover.rules on that machine (README.md, “Units of systemd”), then retry: %{rule} Or use “runtime: systemd_user”.")},
    {"systemd.rights_unknown",
     QT_TRANSLATE_NOOP("catalogue", "Whether the account %{account} may stop and start %{unit} can't be told beforehand: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "An update tries all the same. That it can be told needs polkit with its program pkcheck; “Units of systemd” in README.md has the rule that is needed.")},
    {"systemd.check_rights", QT_TRANSLATE_NOOP("catalogue", "Right to change the units of systemd")},
    {"systemd.check_rights_host", QT_TRANSLATE_NOOP("catalogue", "Right to change the units of systemd on host %{name}")},
    {"systemd.rights_ok", QT_TRANSLATE_NOOP("catalogue", "%{account} may stop and start %{count} %{count|unit|units}, have unit files read again, and write which release they start from")},
    {"systemd.rights_root", QT_TRANSLATE_NOOP("catalogue", "root may all")},
    {"systemd.no_drop_in",
     QT_TRANSLATE_NOOP("catalogue", "The file that says which release %{unit} starts from can't be written into %{folder}: %{reason}"),
     QT_TRANSLATE_NOOP("catalogue", "Make that folder, owned by the user who runs Cutover, or use “runtime: systemd_user”.")},
    {"systemd.failed",
     QT_TRANSLATE_NOOP("catalogue", "“%{command}” ended with %{exit}: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Run it by hand to see all that it says.")},
    {"systemd.unknown_unit",
     QT_TRANSLATE_NOOP("catalogue", "systemd knows no unit %{unit}."),
     QT_TRANSLATE_NOOP("catalogue", "Install its unit file and run 'systemctl daemon-reload', or correct “unit” in target.yaml.")},
    {"systemd.masked",
     QT_TRANSLATE_NOOP("catalogue", "The unit %{unit} is masked, so that nobody can start it."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody has done that on purpose. When it is over, run 'systemctl unmask %{unit}'.")},
    {"systemd.bad_unit",
     QT_TRANSLATE_NOOP("catalogue", "systemd can't use the unit file of %{unit} (%{state})."),
     QT_TRANSLATE_NOOP("catalogue", "'systemctl status %{unit}' says why; correct the file and run 'systemctl daemon-reload'.")},
    {"systemd.oneshot",
     QT_TRANSLATE_NOOP("catalogue", "The unit %{unit} has the type oneshot: it ends by itself and so is no service that can be kept running."),
     QT_TRANSLATE_NOOP("catalogue", "Name the unit of a program that goes on, or run it as a step of its own under “commands”.")},
    {"systemd.unknown_instance",
     QT_TRANSLATE_NOOP("catalogue", "No service of the runtime systemd has an instance %{instance}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the services in target.yaml.")},
    {"systemd.runs_other",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) still runs %{running}; wanted is %{wanted}."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody else started it just now. Stop it, then retry the step.")},
    {"systemd.not_gone",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) is still %{state} after it was stopped and killed."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody may have started it again, or the kernel can't end it. Stop it by hand, then retry the step.")},
    {"systemd.is_stopped",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) does not run. Its last lines: %{lastLines:list}"),
     QT_TRANSLATE_NOOP("catalogue", "It ended by itself without an error, or somebody stopped it. Retry the step.")},
    {"systemd.died",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) ended with %{exit} while it was started. Its last lines: %{lastLines:list}"),
     QT_TRANSLATE_NOOP("catalogue", "Correct what it complains about in the release or the configuration, then retry or roll back.")},
    {"systemd.restarted",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) ended while it was started, and systemd has restarted it (%{restarts}). Its last lines: %{lastLines:list}"),
     QT_TRANSLATE_NOOP("catalogue", "Correct what it complains about in the release or the configuration, then retry or roll back.")},
    {"systemd.not_ready",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) is still “%{state}” after %{limit:duration}. Its last lines: %{lastLines:list}"),
     QT_TRANSLATE_NOOP("catalogue", "If it only needs longer, raise “ready_within” of the service in target.yaml.")},
    {"systemd.no_answer",
     QT_TRANSLATE_NOOP("catalogue", "%{instance} (%{unit}) runs, but is not ready after %{limit:duration}: %{cause} Its last lines: %{lastLines:list}"),
     QT_TRANSLATE_NOOP("catalogue", "Check its health address in target.yaml; if it only needs longer, raise “ready_within”.")},
}};
// clang-format on

} // namespace

} // namespace cutover
