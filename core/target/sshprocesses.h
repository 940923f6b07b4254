// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/processes.h"
#include "target/target.h"

namespace cutover {

/**
 * Runs programs on a host of the target, through its one shared connection. What the other side gets is exact: program,
 * arguments, working directory, input, and of the environment what differs from this process's own; all of it over the
 * connection, none of it in an argument list here or there but the program's own. Over there it needs sh, coreutils and setsid.
 * What ssh and the account's shell print before the program begins (startup files; up to 1 MiB) is no part of its output.
 *
 * A program lives as long as the connection: a stop, a time-out, the end of this process and a link that is cut or silent
 * for half a minute end it and its process group over there, by TERM and KILL. It has no terminal. What it leaves behind in
 * the background must have closed its output, else the end is waited for.
 *
 * Not more than eight run on a host at once; further ones wait for their turn, as long as their own time limit at most.
 *
 * As Processes, with the host named in errors. "host.gone" (transient): the link was lost while the program ran; the next
 * program waits until what is left of it over there has ended ("host.still_runs"). "host.busy" (transient): it had no turn, or
 * the host gave it no session; it has not run. "host.no_program", "host.no_folder",
 * "host.unsuitable", and those of connectTo(). One that keeps the run lock (ProcessSpec::inherit) begins only while this
 * process leads the target over there, and nobody else comes to lead while it runs: HostFence, with its errors. A time-out or a stop that could not be proven over there is of the kind
 * Unknown ("host.end_unknown"). ProcessSpec::inherit is kept here until the program over there has ended, and never by the
 * connection.
 */
class SshProcesses : public Processes
{
public:
    /// local: what runs ssh; outlives this.
    explicit SshProcesses(HostSpec host, Processes &local = Processes::system());
    [[nodiscard]] Async<ProcessResult> run(ProcessSpec spec, std::stop_token stop = {}) override;

private:
    HostSpec m_host;
    Processes &m_local;
};

/// Runs a program where it belongs: on the host, or here where that is the control host. local outlives the task.
[[nodiscard]] Async<ProcessResult> runOn(HostSpec host, ProcessSpec spec, std::stop_token stop = {}, Processes &local = Processes::system());

/// The same for a script of sh, which gets words as $1 and so on. how: its input, limits and what it keeps.
[[nodiscard]] Async<ProcessResult> runScript(HostSpec host, QString script, QStringList words, ProcessSpec how = {}, std::stop_token stop = {},
                                             Processes &local = Processes::system());

} // namespace cutover
