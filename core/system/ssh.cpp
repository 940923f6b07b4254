// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/ssh.h"

#include "system/json.h"
#include "system/shellword.h"
#include "system/socketplace.h"

#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSaveFile>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int DefaultPort = 22;

/// What holds whatever the account's own configuration says.
const QStringList &rules()
{
    static const QStringList all{u"BatchMode=yes"_s, u"StrictHostKeyChecking=yes"_s, u"UpdateHostKeys=no"_s, u"NoHostAuthenticationForLocalhost=no"_s,
                                 u"ClearAllForwardings=yes"_s, u"ForwardAgent=no"_s, u"ForwardX11=no"_s, u"PermitLocalCommand=no"_s, u"RemoteCommand=none"_s, u"ConnectTimeout=10"_s,
                                 u"ServerAliveInterval=5"_s, u"ServerAliveCountMax=3"_s, u"LogLevel=INFO"_s};
    return all;
}

/// As ssh reads one word, and as a pattern that means this file alone.
QByteArray includeOf(const QString &file)
{
    QByteArray word;
    const QByteArray name = QFile::encodeName(file);
    for (const char c : name) {
        if (QByteArrayView("*?[]{}").contains(c)) {
            word += "\\\\";
        } else if (c == '"') {
            word += '\\';
        } else if (c == '\\') {
            word += "\\\\\\";
        }
        word += c;
    }
    return "    Include \"" + word + "\"\n";
}

/**
 * To a jump host (ProxyJump) goes another ssh, which is told none of the options here but the name of the configuration file: one
 * that has the rules first and then the account's own. Where it can't be written ssh finds none, and connects to nobody.
 */
QString configurationFile()
{
    QString named = qEnvironmentVariable("CUTOVER_SSH_CONFIG");
    if (!named.isEmpty() && !QFileInfo::exists(named)) {
        return named; // ssh says so.
    }
    QByteArray text = "# Of Cutover, for every ssh that it starts, also to jump hosts.\nHost *\n";
    for (const QString &rule : rules()) {
        text += "    " + rule.section(u'=', 0, 0).toLatin1() + ' ' + rule.section(u'=', 1).toLatin1() + '\n';
    }
    const QStringList own = named.isEmpty() ? QStringList{u"~/.ssh/config"_s, u"/etc/ssh/ssh_config"_s} : QStringList{QFileInfo(named).absoluteFilePath()};
    for (const QString &file : own) {
        text += includeOf(file);
    }
    const QString folder = ownTemporaryFolder();
    const QString file = folder + u"/ssh-"_s + json::sha256(text).first(16) + u".conf"_s;
    if (folder.isEmpty()) {
        return file;
    }
    if (QFile there(file); there.open(QIODevice::ReadOnly) && there.readAll() == text) {
        return file;
    }
    QSaveFile made(file);
    if (made.open(QIODevice::WriteOnly) && made.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) && made.write(text) == text.size()) {
        made.commit();
    }
    return file;
}

std::unexpected<Error> badHost(const QString &text, const QString &part)
{
    return fail(u"ssh.bad_host"_s, {{u"text"_s, text}, {u"part"_s, part}});
}

} // namespace

Result<SshHost> SshHost::parse(const QString &text)
{
    SshHost found;
    QString rest = text.trimmed();
    if (const qsizetype at = rest.lastIndexOf(u'@'); at >= 0) {
        // What ssh would take for an option, or for something else than a name.
        static const QRegularExpression user(u"^[^-\\s\\x00-\\x1f'\"`$\\\\;&<>|(){}][^\\s\\x00-\\x1f'\"`$\\\\;&<>|(){}]*$"_s);
        found.user = rest.first(at);
        rest = rest.sliced(at + 1);
        if (!user.match(found.user).hasMatch()) {
            return badHost(text, found.user);
        }
    }
    QString port;
    static const QRegularExpression bracketed(u"^\\[([^\\]]*)\\](?::(.*))?$"_s);
    if (const auto match = bracketed.match(rest); match.hasMatch()) {
        found.host = match.captured(1);
        port = match.captured(2);
        if (match.hasCaptured(2) && port.isEmpty()) {
            return badHost(text, rest);
        }
    } else if (rest.count(u':') == 1) {
        found.host = rest.section(u':', 0, 0);
        port = rest.section(u':', 1);
        if (port.isEmpty()) {
            return badHost(text, rest);
        }
    } else {
        found.host = rest;
    }
    static const QRegularExpression host(u"^[A-Za-z0-9_.:][A-Za-z0-9_.:%-]*$"_s);
    if (!host.match(found.host).hasMatch()) {
        return badHost(text, found.host);
    }
    if (!port.isEmpty()) {
        static const QRegularExpression digits(u"^[0-9]{1,5}$"_s);
        found.port = digits.match(port).hasMatch() ? port.toInt() : 0;
        if (found.port < 1 || found.port > 65535) {
            return badHost(text, port);
        }
    }
    return found;
}

QString SshHost::text() const
{
    const QString name = host.contains(u':') && port != 0 ? QString(u'[' + host + u']') : host;
    return (user.isEmpty() ? QString() : QString(user + u'@')) + name + (port == 0 ? QString() : QString(u':' + QString::number(port)));
}

QString SshHost::keyName() const
{
    return port == 0 || port == DefaultPort ? host : u"[%1]:%2"_s.arg(host).arg(port);
}

QStringList sshProgram(const QStringList &own)
{
    QStringList words{u"ssh"_s, u"-F"_s, configurationFile()};
    words += own;
    // What is given here goes before any file.
    for (const QString &rule : rules()) {
        words += {u"-o"_s, rule};
    }
    return words;
}

QStringList sshWords(const SshHost &host, const QStringList &own)
{
    QStringList words = sshProgram(own);
    if (host.port != 0) {
        words += {u"-p"_s, QString::number(host.port)};
    }
    if (!host.user.isEmpty()) {
        words += {u"-l"_s, host.user};
    }
    return words + QStringList{u"--"_s, host.host};
}

Result<QStringList> sshCommand(const SshHost &host, const QStringList &command, Terminal terminal)
{
    TRY(const QByteArray line, shellLine(command));
    // A shared connection would have the keepalive and the errors of whoever opened it.
    return sshWords(host, {terminal == Terminal::Passed ? u"-t"_s : u"-T"_s, u"-S"_s, u"none"_s}) + QStringList{QString::fromLocal8Bit(line)};
}

QString sshByHand(const SshHost &host)
{
    const QString file = qEnvironmentVariable("CUTOVER_SSH_CONFIG");
    return u"ssh "_s + (file.isEmpty() ? QString() : u"-F %1 "_s.arg(file)) + (host.port == 0 ? QString() : u"-p %1 "_s.arg(host.port))
        + (host.user.isEmpty() ? QString() : QString(host.user + u'@')) + host.host;
}

} // namespace cutover
