// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QThread>

#include <csignal>
#include <sys/mount.h>
#include <unistd.h>

namespace cutover::testing {

/**
 * A real Docker daemon of its own: data, state and socket in a temporary folder, no bridge, no
 * firewall rules, so that its containers use the host's network. What it runs goes on while it is
 * stopped and started again. It ends with this object, and its containers with it.
 */
class Dockerd
{
public:
    Dockerd()
        : m_folder(QStringLiteral("/tmp/cutover-docker-XXXXXX"))
    {
    }
    ~Dockerd()
    {
        if (m_daemon.state() != QProcess::NotRunning) {
            const QStringList left = docker({QStringLiteral("ps"), QStringLiteral("-aq")}).split(u'\n', Qt::SkipEmptyParts);
            if (!left.isEmpty()) {
                docker(QStringList{QStringLiteral("rm"), QStringLiteral("-f")} + left);
            }
        }
        stop(SIGTERM);
        // It leaves mounts behind, which keep the folder from being removed.
        for (const auto *left : {"exec/netns/default", "data"}) {
            ::umount2(QFile::encodeName(path(QString::fromLatin1(left))).constData(), MNT_DETACH);
        }
    }
    Q_DISABLE_COPY_MOVE(Dockerd)

    /// Why there can be none here; empty when there can.
    [[nodiscard]] static QString missing()
    {
        for (const auto *program : {"dockerd", "docker", "docker-compose", "busybox"}) {
            if (QStandardPaths::findExecutable(QString::fromLatin1(program)).isEmpty()) {
                return QString::fromLatin1(program) + QStringLiteral(" is not installed");
            }
        }
        return ::geteuid() == 0 ? QString() : QStringLiteral("a Docker daemon needs root's rights");
    }

    /// What went wrong; empty: it answers.
    [[nodiscard]] QString start()
    {
        QStringList arguments{QStringLiteral("--pdeathsig=TERM"), QStringLiteral("dockerd"), QStringLiteral("--iptables=false"), QStringLiteral("--ip6tables=false"),
                              QStringLiteral("--bridge=none"), QStringLiteral("--storage-driver=vfs"), QStringLiteral("--live-restore"),
                              QStringLiteral("--data-root=") + path(QStringLiteral("data")), QStringLiteral("--exec-root=") + path(QStringLiteral("exec")),
                              QStringLiteral("--pidfile=") + path(QStringLiteral("pid")), QStringLiteral("--host=") + host()};
        m_daemon.setProcessChannelMode(QProcess::MergedChannels);
        m_daemon.setStandardOutputFile(path(QStringLiteral("log")), QIODevice::Append);
        // A terminal's Ctrl+C is for this program, which ends it in order.
        m_daemon.setUnixProcessParameters(QProcess::UnixProcessFlag::CreateNewSession);
        m_daemon.start(QStringLiteral("setpriv"), arguments);
        QElapsedTimer waited;
        waited.start();
        while (waited.elapsed() < 60000 && m_daemon.state() != QProcess::NotRunning) {
            if (!docker({QStringLiteral("version"), QStringLiteral("--format"), QStringLiteral("{{.Server.Version}}")}).isEmpty()) {
                return {};
            }
            m_daemon.waitForFinished(200);
        }
        QFile log(path(QStringLiteral("log")));
        return log.open(QIODevice::ReadOnly) ? QString::fromUtf8(log.readAll().right(3000)) : QStringLiteral("no log");
    }

    void stop(int signal)
    {
        if (m_daemon.state() == QProcess::NotRunning) {
            return;
        }
        ::kill(pid_t(m_daemon.processId()), signal);
        if (!m_daemon.waitForFinished(30000)) {
            m_daemon.kill();
            m_daemon.waitForFinished();
        }
    }

    [[nodiscard]] QString host() const { return QStringLiteral("unix://") + path(QStringLiteral("docker.sock")); }
    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }

    /// What the client said, without the space around it; empty where it failed.
    QString docker(const QStringList &arguments) const
    {
        QProcess client;
        client.start(QStringLiteral("docker"), QStringList{QStringLiteral("--host"), host()} + arguments);
        client.waitForFinished(60000);
        return client.exitStatus() == QProcess::NormalExit && client.exitCode() == 0 ? QString::fromUtf8(client.readAllStandardOutput()).trimmed() : QString();
    }

    /// An image of a static busybox and these files (path → content). Its id; empty where that failed.
    [[nodiscard]] QString makeImage(const QString &name, const QMap<QString, QByteArray> &files) const
    {
        const QTemporaryDir root;
        QDir(root.path()).mkpath(QStringLiteral("bin"));
        if (!QFile::copy(QStandardPaths::findExecutable(QStringLiteral("busybox")), root.filePath(QStringLiteral("bin/busybox")))) {
            return {};
        }
        QFile::link(QStringLiteral("busybox"), root.filePath(QStringLiteral("bin/sh")));
        for (const auto &[file, content] : files.asKeyValueRange()) {
            QDir().mkpath(QFileInfo(root.filePath(file)).path());
            QFile written(root.filePath(file));
            if (!written.open(QIODevice::WriteOnly) || written.write(content) != content.size()) {
                return {};
            }
        }
        const QString archive = path(QStringLiteral("image.tar"));
        QProcess tar;
        tar.start(QStringLiteral("tar"), {QStringLiteral("-C"), root.path(), QStringLiteral("-cf"), archive, QStringLiteral(".")});
        tar.waitForFinished();
        const QString id = docker({QStringLiteral("import"), archive, name});
        QFile::remove(archive);
        return id;
    }

private:
    QTemporaryDir m_folder;
    QProcess m_daemon;
};

} // namespace cutover::testing
