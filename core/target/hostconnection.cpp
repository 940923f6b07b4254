// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/hostconnection.h"

#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "system/loginsession.h"
#include "system/socketplace.h"
#include "system/sshfailure.h"

#include <QFile>
#include <QRegularExpression>

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 openMs = 30000;
constexpr qint64 closeMs = 5000;
constexpr qint64 largestKeyFile = 4096;
/// How long it stays open without a program.
constexpr auto idle = "60s"_L1;

/// Another for another address or another configuration of ssh, so that nobody gets to a host of before.
Result<QString> socketOf(const HostSpec &host)
{
    const QString folder = host.stateDirectory + u"/ssh"_s;
    CHECK(files::makePath(host.stateDirectory));
    const QString mark = json::sha256((host.name + u'\n' + host.address.text() + u'\n' + qEnvironmentVariable("CUTOVER_SSH_CONFIG")).toUtf8()).first(16);
    QString socket = isPrivateFolder(folder) ? socketPlace(folder, mark) : QString();
    if (socket.isEmpty()) {
        return fail(u"host.no_private_folder"_s, {{u"folder"_s, folder}}, folder);
    }
    return socket;
}

/// Somebody listens; whether the link behind it still works only a program can tell.
bool answers(const QString &socket)
{
    sockaddr_un address{};
    const QByteArray path = QFile::encodeName(socket);
    if (path.size() >= qsizetype(sizeof address.sun_path)) {
        return false;
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.constData(), size_t(path.size()));
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected = fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

QString keyFileOf(const QString &socket)
{
    return socket + u".key"_s;
}

/// What only we wanted to know is left out.
QByteArray withoutDebugLines(const QByteArray &output)
{
    QByteArrayList lines = output.split('\n');
    lines.removeIf([](const QByteArray &line) { return line.startsWith("debug1:"); });
    return lines.join('\n');
}

/// The signatures that a key of that type makes. Of several keys of a host ssh would choose another, once it knows more of them.
QString algorithmsOf(const QString &key)
{
    const QString type = key.section(u' ', 0, 0);
    return type == "ssh-rsa"_L1 ? u"rsa-sha2-512,rsa-sha2-256"_s : type;
}

/// What ssh says of a connection that does not stay; empty where there is one now.
QCoro::Task<QByteArray> whyNot(HostSpec host, Processes *local, std::stop_token stop)
{
    ProcessSpec ssh;
    QStringList words = sshWords(host.address, {u"-T"_s, u"-S"_s, u"none"_s}) + QStringList{u"exit 0"_s};
    ssh.program = words.takeFirst();
    ssh.arguments = words;
    ssh.timeoutMs = openMs;
    ssh.graceMs = 1000;
    const auto ran = co_await local->run(ssh, stop);
    co_return ran && ran->exitCode != 0 ? ran->errorOutput : QByteArray();
}

Async<HostConnection> open(HostSpec host, QString socket, Processes *local, std::stop_token stop)
{
    CO_TRY(const QString pinned, pinnedHostKey(host));
    // In the background once it is there. The level makes it tell the key, and ends with what it says before that.
    QStringList own{u"-T"_s, u"-N"_s, u"-f"_s, u"-M"_s, u"-S"_s, socket, u"-o"_s, u"ControlPersist=%1"_s.arg(idle), u"-o"_s, u"LogLevel=DEBUG1"_s};
    if (!pinned.isEmpty()) {
        own += {u"-o"_s, QString(u"HostKeyAlgorithms="_s + algorithmsOf(pinned))};
    }
    ProcessSpec ssh;
    // Others share it: the end of the login that happened to be first must not take what they run there.
    QStringList words = outlivingLogin(sshWords(host.address, own), &ssh.environment);
    ssh.program = words.takeFirst();
    ssh.arguments = words;
    ssh.timeoutMs = openMs;
    ssh.graceMs = 1000;
    const auto ran = co_await local->run(ssh, stop);
    if (!ran) {
        if (ran.error().code == "process.timeout"_L1) {
            co_return fail(u"host.connect_slow"_s, {{u"host"_s, host.text()}, {u"limit"_s, openMs}, {u"command"_s, sshByHand(host.address)}}, host.address.text(), Error::Kind::Transient);
        }
        if (ran.error().code == "process.not_found"_L1) {
            co_return fail(u"ssh.no_client"_s, {{u"reason"_s, ran.error().what()}});
        }
        co_return fail(ran.error());
    }
    static const QRegularExpression others(u"no matching host key type found. Their offer: (.*)$"_s, QRegularExpression::MultilineOption);
    if (const auto offer = others.match(QString::fromUtf8(ran->errorOutput)); ran->exitCode != 0 && !pinned.isEmpty() && offer.hasMatch()) {
        const QString file = host.stateDirectory + u"/identity.json"_s;
        const QString member = u"host."_s + host.name + u".key"_s;
        co_return fail(u"target.identity_changed"_s, {{u"member"_s, member}, {u"pinned"_s, pinned}, {u"found"_s, offer.captured(1).trimmed()}, {u"file"_s, file}}, host.address.text());
    }
    if (ran->exitCode != 0) {
        // Of one that is to stay, ssh throws away what the one to its jump host says.
        const QByteArray behindJump = ran->errorOutput.contains("UNKNOWN port") ? co_await whyNot(host, local, stop) : QByteArray();
        co_return fail(hostFailure(host, behindJump.isEmpty() ? withoutDebugLines(ran->errorOutput) : behindJump));
    }
    HostConnection connection{.socket = socket, .fingerprint = {}};
    // The last one: those of hosts in between come before.
    static const QRegularExpression key(u"^debug1: Server host key: (\\S+ \\S+)"_s, QRegularExpression::MultilineOption);
    auto keys = key.globalMatch(QString::fromUtf8(ran->errorOutput));
    while (keys.hasNext()) {
        connection.fingerprint = keys.next().captured(1);
    }
    co_return connection;
}

Async<> close(HostSpec host, QString socket, Processes *local)
{
    ProcessSpec ssh;
    QStringList words = sshWords(host.address, {u"-S"_s, socket, u"-O"_s, u"exit"_s});
    ssh.program = words.takeFirst();
    ssh.arguments = words;
    ssh.timeoutMs = closeMs;
    CO_CHECK(co_await local->run(ssh));
    co_return {};
}

const Catalogue::Registration texts{{
    {"host.no_private_folder", QT_TRANSLATE_NOOP("catalogue", "The folder “%{folder}” for connections can't be used: it must belong to this account, and nobody else may enter it."),
     QT_TRANSLATE_NOOP("catalogue", "Remove it, or set its owner and mode 0700, then try again.")},
    {"host.no_key", QT_TRANSLATE_NOOP("catalogue", "%{host} shows no host key that could be pinned; it may have shown a certificate instead."),
     QT_TRANSLATE_NOOP("catalogue", "Add the host's own key to known_hosts, and have ssh ask for it: HostKeyAlgorithms with the key's type, such as ssh-ed25519, for this host in "
                                    "ssh's configuration.")},
    {"host.connect_slow", QT_TRANSLATE_NOOP("catalogue", "The connection to %{host} was not there within %{limit:duration}."),
     QT_TRANSLATE_NOOP("catalogue", "Check the host and the network between; '%{command}' must get in without a question.")},
}};

} // namespace

QStringList HostConnection::command(const HostSpec &host, const QByteArray &line) const
{
    // Where the connection has gone meanwhile, ssh would make one of its own, which nobody has looked at: not with this proxy.
    return sshWords(host.address, {u"-T"_s, u"-S"_s, socket, u"-o"_s, u"ControlMaster=no"_s, u"-o"_s, u"ProxyCommand=false"_s}) + QStringList{QString::fromLocal8Bit(line)};
}

Error hostFailure(const HostSpec &host, const QByteArray &output)
{
    Error error = sshLinkFailure(host.address, output);
    error.args.insert(u"host"_s, host.text());
    error.where = host.address.text();
    return error;
}

Async<HostConnection> connectTo(HostSpec host, Processes &local, std::stop_token stop)
{
    Processes *const processes = &local; // A coroutine's parameters are copied.
    CO_TRY(const QString socket, socketOf(host));
    const auto known = [&socket]() -> Result<HostConnection> {
        TRY(const QByteArray key, files::read(keyFileOf(socket), largestKeyFile));
        return HostConnection{.socket = socket, .fingerprint = QString::fromUtf8(key)};
    };
    if (answers(socket)) {
        if (auto found = known()) {
            co_return found;
        }
    }
    // Of two that open it at once, one would be left that nobody shares and that never ends.
    CO_TRY(const auto turn, co_await FileLock::acquire(socket + u".lock"_s, stop));
    if (answers(socket)) {
        if (auto found = known()) {
            co_return found;
        }
        CO_CHECK(co_await close(host, socket, processes));
    }
    // Of a connection of before: with it the next one would be taken by others before its key has been compared.
    CO_CHECK(files::remove(keyFileOf(socket)));
    CO_TRY(HostConnection connection, co_await open(host, socket, processes, stop));
    // ssh shows a certificate in another way, and what would be pinned is nothing.
    auto pinned = connection.fingerprint.isEmpty() ? Result<>(fail(u"host.no_key"_s, {{u"host"_s, host.text()}}, host.address.text())) : pinHostKey(host, connection.fingerprint);
    if (pinned) {
        pinned = files::replace(keyFileOf(socket), connection.fingerprint.toUtf8(), files::privateFile);
    }
    if (!pinned) {
        (void)co_await close(host, socket, processes);
        co_return fail(pinned.error());
    }
    co_return connection;
}

} // namespace cutover
