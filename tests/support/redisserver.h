// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "freeport.h"
#include "redis/redisclient.h"

#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QThread>

#include <memory>

namespace cutover::testing {

/**
 * A redis-server of the test's own: on loopback and a Unix socket, with a password for the default user and one for the
 * user "cutover", who may do what Cutover needs and no more. Gone with the test.
 */
class RedisServer
{
public:
    ~RedisServer() { stop(); }

    /// Empty: it is there.
    [[nodiscard]] static QString missing()
    {
        return QStandardPaths::findExecutable(QStringLiteral("redis-server")).isEmpty() ? QStringLiteral("redis-server is not installed") : QString();
    }

    /// Empty: it answers.
    [[nodiscard]] QString start(const QStringList &more = {})
    {
        if (m_port == 0) {
            m_port = cutover::testing::freePort();
            write(passwordFile(), password() + '\n');
            write(userPasswordFile(), userPassword() + '\n');
            write(path(QStringLiteral("users.acl")),
                  "user default on >" + password() + " ~* &* +@all\nuser cutover on >" + userPassword() + " resetchannels -@all +ping +info +sync +replconf\n");
        }
        m_server = std::make_unique<QProcess>();
        m_server->setStandardOutputFile(path(QStringLiteral("log")), QIODevice::Append);
        m_server->setProcessChannelMode(QProcess::MergedChannels);
        m_server->setWorkingDirectory(m_folder.path());
        m_server->start(QStringLiteral("setpriv"),
                        QStringList{QStringLiteral("--pdeathsig=KILL"), QStringLiteral("redis-server"), QStringLiteral("--bind"), QStringLiteral("127.0.0.1"), QStringLiteral("--port"),
                                    QString::number(m_port), QStringLiteral("--unixsocket"), path(QStringLiteral("redis.sock")), QStringLiteral("--dir"), m_folder.path(),
                                    QStringLiteral("--aclfile"), path(QStringLiteral("users.acl")), QStringLiteral("--save"), QString()}
                            + more);
        m_server->waitForStarted();
        QElapsedTimer waited;
        waited.start();
        while (waited.elapsed() < 20000 && m_server->state() != QProcess::NotRunning) {
            const auto connection = redis::Connection::open(spec(), 1000);
            if (connection && (*connection)->ping()) {
                return {};
            }
            QThread::msleep(20);
        }
        QFile log(path(QStringLiteral("log")));
        return log.open(QIODevice::ReadOnly) ? QString::fromUtf8(log.readAll()) : QStringLiteral("no log");
    }

    void stop()
    {
        if (m_server && m_server->state() != QProcess::NotRunning) {
            m_server->kill();
            m_server->waitForFinished();
        }
    }

    [[nodiscard]] static QByteArray password() { return "s3cr3t:of\\redis"; }
    [[nodiscard]] static QByteArray userPassword() { return "0ther-s3cr3t"; }
    [[nodiscard]] QString passwordFile() const { return path(QStringLiteral("password")); }
    [[nodiscard]] QString userPasswordFile() const { return path(QStringLiteral("user-password")); }
    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] int port() const { return m_port; }

    /// As the default user.
    [[nodiscard]] RedisSpec spec() const
    {
        RedisSpec spec;
        spec.name = QStringLiteral("cache");
        spec.port = m_port;
        spec.password = QStringLiteral("file:") + passwordFile();
        return spec;
    }
    /// As the user with few rights.
    [[nodiscard]] RedisSpec userSpec() const
    {
        RedisSpec user = spec();
        user.user = QStringLiteral("cutover");
        user.password = QStringLiteral("file:") + userPasswordFile();
        return user;
    }
    /// The answer; the error's text when it fails.
    [[nodiscard]] QByteArray ask(const QList<QByteArray> &words) const
    {
        const auto connection = redis::Connection::open(spec());
        const auto answer = connection ? (*connection)->ask(words) : Result<QByteArray>(fail(connection.error()));
        return answer ? *answer : answer.error().text().toUtf8();
    }

private:
    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) {
            qFatal("write");
        }
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    }

    QTemporaryDir m_folder;
    std::unique_ptr<QProcess> m_server;
    int m_port = 0;
};

} // namespace cutover::testing
