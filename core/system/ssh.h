// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

namespace cutover {

/** A machine as ssh reaches it. Value type, any thread. */
struct SshHost {
    QString user; ///< Empty: as ssh is configured.
    QString host; ///< Name, address, or a Host of ssh's configuration; empty: this machine.
    int port = 0; ///< 0: as ssh is configured.

    /// "[user@]host[:port]", an IPv6 address with a port in brackets. Error "ssh.bad_host".
    [[nodiscard]] static Result<SshHost> parse(const QString &text);
    [[nodiscard]] bool isLocal() const { return host.isEmpty(); }
    /// As parse() reads it.
    [[nodiscard]] QString text() const;
    /// As known_hosts and 'ssh-keygen -R' name it.
    [[nodiscard]] QString keyName() const;
    bool operator==(const SshHost &) const = default;
};

enum class Terminal { None,
                      Passed }; ///< The other side gets a terminal, for questions.

/**
 * ssh with the options that hold for every connection, those to jump hosts (ProxyJump) too: host keys are always checked and never
 * learned, and nothing is ever asked, so that keys come from an agent or a file without a password. A link that does not answer for 15 s ends; nothing is forwarded.
 * CUTOVER_SSH_CONFIG names a configuration file for ssh to use instead of the account's. own: what goes before them,
 * as ssh takes the first value of an option. For a program that adds port, user and host by itself.
 */
[[nodiscard]] QStringList sshProgram(const QStringList &own);

/// The same with port, user, "--" and the host.
[[nodiscard]] QStringList sshWords(const SshHost &host, const QStringList &own);

/// The command here that runs a command there, over a connection of its own.
[[nodiscard]] Result<QStringList> sshCommand(const SshHost &host, const QStringList &command, Terminal terminal = Terminal::None);

/// What a person types to connect once by themselves, to see the host's key.
[[nodiscard]] QString sshByHand(const SshHost &host);

} // namespace cutover
