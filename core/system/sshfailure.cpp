// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/sshfailure.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"ssh.bad_host", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is no host: [user@]host[:port] was expected, found “%{part}”."),
     QT_TRANSLATE_NOOP("catalogue", "For example deploy@web-2.example.org:2222; an IPv6 address with a port stands in brackets.")},
    {"ssh.no_client", QT_TRANSLATE_NOOP("catalogue", "ssh can't be started here: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Install the package openssh-client on this machine.")},
    {"ssh.host_key_unknown", QT_TRANSLATE_NOOP("catalogue", "The host key of %{host} is not known to this account, so nothing was sent to it."),
     QT_TRANSLATE_NOOP("catalogue", "Ask whoever runs the host for its fingerprint (there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub). Connect once by "
                                    "hand with '%{command}', compare what it shows, and answer yes only where they are equal. Then try again.")},
    {"ssh.host_key_changed", QT_TRANSLATE_NOOP("catalogue", "%{host} shows another host key (%{fingerprint}) than the one that is known (%{known})."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody may stand between you and the host: don't go on before whoever runs it has confirmed the new fingerprint some other "
                                    "way. Only then take the old key out with 'ssh-keygen -R %{name}', connect once with '%{command}', and try again.")},
    {"ssh.host_key_revoked", QT_TRANSLATE_NOOP("catalogue", "The host key that %{host} shows was revoked (%{known})."),
     QT_TRANSLATE_NOOP("catalogue", "Don't connect to it; ask whoever runs the host.")},
    {"ssh.host_key_refused", QT_TRANSLATE_NOOP("catalogue", "The host key of %{host} could not be verified: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "Connect once by hand with '%{command}' to see why, and ask whoever runs the host.")},
    {"ssh.denied", QT_TRANSLATE_NOOP("catalogue", "%{host} lets nobody in with the keys that were offered (it takes: %{methods})."),
     QT_TRANSLATE_NOOP("catalogue", "A password is never asked for: load your key into an agent (ssh-add) or name it in ssh's configuration, and have it added to "
                                    "authorized_keys over there. '%{command}' must get in without a question.")},
    {"ssh.unknown_name", QT_TRANSLATE_NOOP("catalogue", "There is no host of the name %{host}: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "Check the name, and this machine's name service.")},
    {"ssh.unreachable", QT_TRANSLATE_NOOP("catalogue", "%{host} can't be reached: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "Check that the host is up, that sshd listens on that port, and the network between.")},
    {"ssh.link_lost", QT_TRANSLATE_NOOP("catalogue", "The connection to %{host} was lost: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "It is tried again by itself; runs go on without it.")},
    {"ssh.command_cut", QT_TRANSLATE_NOOP("catalogue", "The connection to %{host} was lost before the command had ended: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "What it had begun there may have gone on: 'cutoverctl --host %{host} status' tells. A run goes on without the connection, "
                                    "'follow' shows it; anything else is begun again by hand.")},
    {"ssh.configuration", QT_TRANSLATE_NOOP("catalogue", "ssh does not accept its configuration: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "Correct the file that it names; '%{command}' must get in without a question.")},
}};

QString firstMatch(const QString &text, const QString &pattern)
{
    return QRegularExpression(pattern, QRegularExpression::MultilineOption).match(text).captured(1);
}

} // namespace

Error sshLinkFailure(const SshHost &host, const QByteArray &output)
{
    const QString text = QString::fromUtf8(output).remove(u'\r').trimmed();
    const QString last = text.section(u'\n', -1).trimmed();
    const QJsonObject args{{u"host"_s, host.text()},
                           {u"name"_s, host.keyName()},
                           {u"command"_s, sshByHand(host)},
                           {u"output"_s, last.isEmpty() ? u"ssh %1"_s.arg(SshFailed) : last}};
    const auto because = [&args](const QString &code, Error::Kind kind, const QJsonObject &more = {}) {
        Error error{.code = code, .args = args, .kind = kind, .where = {}};
        for (auto it = more.begin(); it != more.end(); ++it) {
            error.args.insert(it.key(), it.value());
        }
        return error;
    };
    // ssh speaks one language. What it says last decides, as a banner of the host may stand before it.
    const QString known = firstMatch(text, u"^Offending .* key in (.+)$"_s);
    if (text.contains(u"Host key verification failed"_s) || text.contains(u"REMOTE HOST IDENTIFICATION HAS CHANGED"_s)) {
        if (text.contains(u"REVOKED HOST KEY DETECTED"_s) || text.contains(u"is marked as revoked"_s)) {
            return because(u"ssh.host_key_revoked"_s, Error::Kind::Permanent, {{u"known"_s, firstMatch(text, u"marked as revoked in (.+)$"_s)}});
        }
        if (text.contains(u"IDENTIFICATION HAS CHANGED"_s)) {
            return because(u"ssh.host_key_changed"_s, Error::Kind::Permanent,
                           {{u"fingerprint"_s, firstMatch(text, u"^(SHA256:[A-Za-z0-9+/=]+|MD5:[0-9a-f:]+)"_s)}, {u"known"_s, known}});
        }
        if (text.contains(u"host key is known for"_s)) {
            return because(u"ssh.host_key_unknown"_s, Error::Kind::Permanent);
        }
        return because(u"ssh.host_key_refused"_s, Error::Kind::Permanent, {{u"output"_s, text.section(u'\n', -2, -2)}});
    }
    if (last.contains(u"Permission denied ("_s) || text.contains(u"Too many authentication failures"_s)) {
        return because(u"ssh.denied"_s, Error::Kind::Permanent, {{u"methods"_s, firstMatch(text, u"Permission denied \\(([^)]*)\\)"_s)}});
    }
    if (text.contains(u"Bad configuration option"_s) || text.contains(u"bad configuration options"_s) || text.contains(u"Bad owner or permissions on"_s)
        || text.contains(u"Can't open user config file"_s)) {
        return because(u"ssh.configuration"_s, Error::Kind::Permanent);
    }
    if (last.contains(u"Could not resolve hostname"_s)) {
        return because(u"ssh.unknown_name"_s, Error::Kind::Transient);
    }
    static const QRegularExpression unreachable(u"connect to (host|address)|kex_exchange_identification|ssh_dispatch_run_fatal|banner exchange|Not allowed at this time"_s);
    return because(unreachable.match(last).hasMatch() || unreachable.match(text.section(u'\n', -2, -2)).hasMatch() ? u"ssh.unreachable"_s : u"ssh.link_lost"_s,
                   Error::Kind::Transient);
}

} // namespace cutover
