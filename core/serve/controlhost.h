// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

namespace cutover {

/** The machine where a target's journal, lock and runs live, as ssh reaches it. Value type, any thread. */
struct ControlHost {
    QString user; ///< Empty: as ssh is configured.
    QString host; ///< Name, address, or a Host of ssh's configuration; empty: this machine.
    int port = 0; ///< 0: as ssh is configured.
    QString program = QStringLiteral("cutoverctl"); ///< Where it lies over there.

    /// "[user@]host[:port]", an IPv6 address with a port in brackets. Error "ssh.bad_host".
    [[nodiscard]] static Result<ControlHost> parse(const QString &text);
    [[nodiscard]] bool isLocal() const { return host.isEmpty(); }
    /// As parse() reads it.
    [[nodiscard]] QString text() const;
    /// As known_hosts and 'ssh-keygen -R' name it.
    [[nodiscard]] QString keyName() const;
};

enum class Terminal { None,
                      Passed }; ///< The other side gets a terminal, for questions.

/**
 * The command here that runs a command there. Host keys are always checked, and nothing is ever asked:
 * keys come from an agent or a file without a password. A link that does not answer for 15 s ends. The
 * connection is one of its own, with nothing forwarded. CUTOVER_SSH_CONFIG names a configuration file for ssh
 * to use instead of the account's.
 */
[[nodiscard]] Result<QStringList> sshCommand(const ControlHost &host, const QStringList &command, Terminal terminal = Terminal::None);

/// What a person types to connect once by themselves, to see the host's key.
[[nodiscard]] QString sshByHand(const ControlHost &host);

} // namespace cutover
