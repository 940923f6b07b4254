// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/processes.h"
#include "target/target.h"

#include <optional>

namespace cutover {

/** The epoch that this process holds on a host. */
struct HostEpoch {
    QString file; ///< Over there, without its ending: ".epoch" says who leads, ".lock" is held while somebody changes something.
    QString line; ///< What ".epoch" begins with as long as this epoch is the last one: its number and its own id.
};

/**
 * Who leads a target on its further hosts: a fencing epoch in HOST.releases/.cutover of each, raised by whoever holds the run
 * lock. While this object lives, every program of this process that keeps the lock (ProcessSpec::inherit) checks over there,
 * before it begins, that its epoch is still the last one, and no other is given while it runs. Whoever comes later, also from
 * another control host with the same target, so keeps the earlier one from changing anything more there.
 *
 * One for a target at a time in a process, with its state directory. Errors: "host.fenced" somebody else leads there;
 * "host.epoch_busy" (transient) a program of somebody else is still at work there; "host.no_epoch" it can't be kept there;
 * "host.epoch_unreadable"; and those of SshProcesses. Event-loop thread.
 */
class HostFence
{
public:
    enum class Take {
        Anyway, ///< Something new begins, as a person has decided.
        IfOurs, ///< What has begun goes on: only where no other control host has taken over meanwhile.
    };

    /// purpose: for people, such as the run's id.
    HostFence(const Target &target, const QString &purpose, Take take);
    ~HostFence(); ///< Programs of this process check no more.
    Q_DISABLE_COPY_MOVE(HostFence)

    /// On all hosts that services and commands of the target work on, at once. One that does not answer is left to the first
    /// program that changes something there. local outlives the task.
    [[nodiscard]] Async<> raise(Processes &local, std::stop_token stop = {});

    // For SshProcesses.
    /// What a program that changes something there has to find; raised first where it isn't yet. Nothing where no fence is up.
    [[nodiscard]] static Async<std::optional<HostEpoch>> epochOn(HostSpec host, Processes *local, std::stop_token stop);
    /// Its file has gone over there: the next one is asked for as for something that goes on.
    static void lose(const HostSpec &host);
    /// Who leads there now, as "host.fenced".
    [[nodiscard]] static QCoro::Task<Error> fencedBy(HostSpec host, HostEpoch own, Processes *local);

private:
    QStringList m_keys;
    QList<HostSpec> m_hosts;
    QString m_id;
};

} // namespace cutover
