// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/processes.h"
#include "target/target.h"

namespace cutover {

/** The one connection to a host that all programs run through, of every process that works on the target. */
struct HostConnection {
    QString socket; ///< Where ssh shares it; below STATE/ssh, a folder of this account alone.
    QString fingerprint; ///< Of the key that the host showed: "ssh-ed25519 SHA256:…".

    /// The command here that runs a line of the shell over there, through this connection and no other.
    [[nodiscard]] QStringList command(const HostSpec &host, const QByteArray &line) const;
};

/**
 * Opens the connection to a host, or finds the one that is open. It stays for a minute after its last program, and keeps
 * nothing of who opened it, the run's lock least of all. Its key is pinned at first use beside the target's identity; from
 * then on the host is asked for a key of that type, whatever others it has. Errors "ssh.*" (a key or a login that is refused
 * is permanent), "host.connect_slow" and others transient, "target.identity_changed" where the host shows another key than
 * it did, or has none of that type any more, "host.no_key" where it shows none that could be pinned. Event-loop thread.
 */
[[nodiscard]] Async<HostConnection> connectTo(HostSpec host, Processes &local, std::stop_token stop = {});

/// What ssh said, told of a host: names it as target.yaml does.
[[nodiscard]] Error hostFailure(const HostSpec &host, const QByteArray &output);

/// The key that is pinned of a host; empty: none yet. Error "target.identity_unreadable".
[[nodiscard]] Result<QString> pinnedHostKey(const HostSpec &host);

/// Pins the key that a host showed, at first use, in STATE/identity.json; afterwards "target.identity_changed" where it is another.
[[nodiscard]] Result<> pinHostKey(const HostSpec &host, const QString &fingerprint);

} // namespace cutover
