// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "freeport.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QHash>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpSocket>
#include <QTemporaryDir>

#include <csignal>
#include <memory>
#include <pwd.h>
#include <unistd.h>

namespace cutover::testing {

/** An sshd of the test's own on loopback, which lets this account in with the keys of its people. Gone with the test. */
class SshServer
{
public:
    ~SshServer() { stop(); }

    /// Empty: it can run here.
    [[nodiscard]] static QString missing()
    {
        if (!QFile::exists(program()) || QStandardPaths::findExecutable(QStringLiteral("ssh")).isEmpty()) {
            return QStringLiteral("openssh-server or openssh-client is not installed");
        }
        return {};
    }
    /// As root it separates rights with an account of its own, which a bound /etc/passwd may not have.
    [[nodiscard]] static bool needsMount() { return ::getuid() == 0 && ::getpwnam("sshd") == nullptr; }

    /// Empty: it listens.
    [[nodiscard]] QString start()
    {
        if (m_port == 0) {
            m_port = cutover::testing::freePort();
            makeKey(path(QStringLiteral("host_key")));
            write(path(QStringLiteral("authorized_keys")), {});
        }
        if (logins) {
            // It reads the keys as the account that comes in.
            QFile::setPermissions(path(QString()), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ExeOther);
            QFile::setPermissions(path(QStringLiteral("authorized_keys")), QFile::ReadOwner | QFile::WriteOwner | QFile::ReadOther);
        }
        // Shells over there read no startup files of whoever runs the tests.
        const QByteArray home = logins ? QByteArray() : " HOME=" + path(QString()).toLocal8Bit();
        write(path(QStringLiteral("sshd_config")),
              "Port " + QByteArray::number(m_port) + "\nListenAddress 127.0.0.1\nHostKey " + path(QStringLiteral("host_key")).toLocal8Bit() + "\nAuthorizedKeysFile "
                  + path(QStringLiteral("authorized_keys")).toLocal8Bit()
                  + "\nPidFile none\nStrictModes no\nUsePAM " + (logins ? "yes" : "no")
                  + "\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
                    "PerSourcePenalties no\nMaxStartups 100\nX11Forwarding no\nSetEnv LC_ALL=C.UTF-8"
                  + home + environment + "\n" + options);
        QStringList words{QStringLiteral("setpriv"), QStringLiteral("--pdeathsig=KILL")};
        if (::getuid() == 0) {
            QDir().mkpath(QStringLiteral("/run/sshd"));
        }
        if (needsMount()) {
            QFile accounts(QStringLiteral("/etc/passwd"));
            const bool known = accounts.open(QIODevice::ReadOnly);
            write(path(QStringLiteral("passwd")), (known ? accounts.readAll() : QByteArray()) + "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n");
            QFile::setPermissions(path(QStringLiteral("passwd")), QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther);
            words += {QStringLiteral("unshare"), QStringLiteral("--mount"), QStringLiteral("sh"), QStringLiteral("-c"),
                      QStringLiteral("mount --bind \"$1\" /etc/passwd && shift && exec \"$@\""), QStringLiteral("sh"), path(QStringLiteral("passwd"))};
        }
        words += {program(), QStringLiteral("-D"), QStringLiteral("-e"), QStringLiteral("-f"), path(QStringLiteral("sshd_config"))};
        m_server = std::make_unique<QProcess>();
        m_server->setProcessChannelMode(QProcess::MergedChannels);
        m_server->setStandardOutputFile(path(QStringLiteral("log")), QIODevice::Append);
        m_server->start(words.first(), words.sliced(1));
        m_server->waitForStarted();
        QElapsedTimer waited;
        waited.start();
        while (waited.elapsed() < 20000 && m_server->state() != QProcess::NotRunning) {
            QTcpSocket socket;
            socket.connectToHost(QHostAddress::LocalHost, quint16(m_port));
            if (socket.waitForConnected(200)) {
                return {};
            }
            m_server->waitForFinished(20);
        }
        return log();
    }

    /// The host is gone: nobody gets in, and who was in is out.
    void fail()
    {
        const QList<qint64> sessions = descendants();
        stop();
        endSessions(sessions);
    }
    /// Nobody new gets in; who is in stays.
    void stop()
    {
        if (m_server && m_server->state() != QProcess::NotRunning) {
            m_server->kill();
            m_server->waitForFinished();
        }
    }

    /// Ends every connection from the host's side, as a host that loses its network would; returns how many processes it were.
    int dropLinks() const { return endSessions(descendants()); }
    static int endSessions(const QList<qint64> &pids)
    {
        int count = 0;
        for (const qint64 pid : pids) {
            QFile file(QStringLiteral("/proc/%1/comm").arg(pid));
            if (file.open(QIODevice::ReadOnly) && file.readAll().startsWith("sshd")) {
                count += ::kill(pid_t(pid), SIGKILL) == 0 ? 1 : 0;
            }
        }
        return count;
    }
    /// All that its logins have started and that is still below it.
    [[nodiscard]] QList<qint64> descendants() const
    {
        if (!m_server || m_server->state() == QProcess::NotRunning) {
            return {};
        }
        QHash<qint64, QList<qint64>> children;
        const QStringList names = QDir(QStringLiteral("/proc")).entryList(QDir::Dirs);
        for (const QString &name : names) {
            QFile file(QStringLiteral("/proc/%1/stat").arg(name));
            if (name.toLongLong() > 0 && file.open(QIODevice::ReadOnly)) {
                const QByteArray stat = file.readAll();
                children[stat.sliced(stat.lastIndexOf(')') + 1).simplified().split(' ').value(1).toLongLong()].append(name.toLongLong());
            }
        }
        QList<qint64> found = children.value(m_server->processId());
        for (qsizetype i = 0; i < found.size(); ++i) {
            found += children.value(found[i]);
        }
        return found;
    }

    /// A home folder for a person who may come in and knows the host; returns ssh's configuration in it.
    QString addPerson(const QString &home, bool authorized = true)
    {
        const QString folder = home + QStringLiteral("/.ssh");
        QDir().mkpath(folder);
        const QString key = folder + QStringLiteral("/id_ed25519");
        makeKey(key);
        if (authorized) {
            QFile keys(path(QStringLiteral("authorized_keys")));
            if (!keys.open(QIODevice::Append) || keys.write(read(key + QStringLiteral(".pub"))) < 0) {
                qFatal("authorized_keys");
            }
        }
        knowHost(folder + QStringLiteral("/known_hosts"), path(QStringLiteral("host_key.pub")));
        const QByteArray at = folder.toLocal8Bit();
        write(folder + QStringLiteral("/config"),
              "Host *\n  UserKnownHostsFile " + at + "/known_hosts\n  GlobalKnownHostsFile /dev/null\n  IdentityFile " + at
                  + "/id_ed25519\n  IdentitiesOnly yes\n  IdentityAgent none\n  StrictHostKeyChecking no\n");
        return folder + QStringLiteral("/config");
    }
    /// Writes a known_hosts that has one key, of a .pub file; without: none.
    void knowHost(const QString &knownHosts, const QString &publicKey) const
    {
        write(knownHosts, publicKey.isEmpty() ? QByteArray() : "[127.0.0.1]:" + QByteArray::number(m_port) + ' ' + read(publicKey));
    }
    static void makeKey(const QString &file, const QString &type = QStringLiteral("ed25519"))
    {
        if (QProcess::execute(QStringLiteral("ssh-keygen"), {QStringLiteral("-q"), QStringLiteral("-t"), type, QStringLiteral("-N"), QString(), QStringLiteral("-f"), file}) != 0) {
            qFatal("ssh-keygen");
        }
    }

    [[nodiscard]] QString address() const { return QStringLiteral("127.0.0.1:%1").arg(m_port); }
    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString log() const { return QString::fromUtf8(read(path(QStringLiteral("log")))); }
    [[nodiscard]] static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(content) != content.size()) {
            qFatal("write");
        }
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    }

    QByteArray environment; ///< Of its sessions, as " NAME=VALUE"; from the next start().
    bool logins = false; ///< Of any account, and known to the machine (PAM); from the next start().
    QByteArray options; ///< More lines of its configuration, from the next start().

private:
    [[nodiscard]] static QString program() { return QStringLiteral("/usr/sbin/sshd"); }

    QTemporaryDir m_folder;
    std::unique_ptr<QProcess> m_server;
    int m_port = 0;
};

} // namespace cutover::testing

/// For a test that needs an sshd of its own.
#define NEEDS_SSHD                                                                                 \
    do {                                                                                           \
        if (const QString missing = cutover::testing::SshServer::missing(); !missing.isEmpty()) {  \
            SKIP_WITHOUT_ROOT("openssh-server is not installed");                                  \
        }                                                                                          \
        if (cutover::testing::SshServer::needsMount() && !cutover::testing::mayMount()) {          \
            QSKIP("NOT TESTED: root without the right to mount, and without an account for sshd"); \
        }                                                                                          \
    } while (false)
