// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/runchannel.h"

#include "system/clock.h"
#include "system/socketplace.h"

#include <QFileInfo>
#include <QJsonDocument>
#include <QLocalServer>
#include <QLocalSocket>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 longestLine = 1 << 20;
constexpr qint64 longestQueue = 4 << 20; ///< What is told is lossy: who doesn't read loses lines.
constexpr int reconnectMs = 500;

/// Empty where no safe place can be found.
QString socketPath(const QString &stateDirectory)
{
    // Console and runner may be of two versions, and meet there.
    return socketPlace(stateDirectory, u"run.sock"_s, stateDirectory);
}

template<class Handler>
void readLines(QLocalSocket *socket, Handler handler)
{
    while (socket->canReadLine()) {
        const QJsonDocument line = QJsonDocument::fromJson(socket->readLine());
        if (line.isObject()) {
            handler(line.object());
        }
    }
    if (socket->bytesAvailable() > longestLine) {
        socket->abort();
    }
}

QByteArray line(const QJsonObject &what)
{
    return QJsonDocument(what).toJson(QJsonDocument::Compact).append('\n');
}

} // namespace

struct RunChannelServer::Private {
    QString path;
    QLocalServer server;
    QList<QLocalSocket *> clients;
};

RunChannelServer::RunChannelServer(const QString &stateDirectory, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    d->path = socketPath(stateDirectory);
    d->server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&d->server, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket *client = d->server.nextPendingConnection()) {
            d->clients.append(client);
            connect(client, &QLocalSocket::disconnected, this, [this, client] {
                d->clients.removeOne(client);
                client->deleteLater();
            });
            connect(client, &QLocalSocket::readyRead, this, [this, client] {
                readLines(client, [this](const QJsonObject &what) {
                    if (what["type"_L1] == "wake"_L1) {
                        Q_EMIT woken();
                    }
                });
            });
            client->write(line({{u"type"_s, u"alive"_s}}));
        }
    });
}

RunChannelServer::~RunChannelServer()
{
    for (QLocalSocket *client : std::as_const(d->clients)) {
        client->disconnect(this);
    }
}

bool RunChannelServer::listen()
{
    if (d->path.isEmpty()) {
        return false;
    }
    // The run lock is held, so whoever left the name behind is gone.
    QLocalServer::removeServer(d->path);
    return d->server.listen(d->path);
}

void RunChannelServer::send(const QJsonObject &what)
{
    const QByteArray bytes = line(what);
    for (QLocalSocket *client : std::as_const(d->clients)) {
        if (client->bytesToWrite() < longestQueue) {
            client->write(bytes);
        }
    }
}

struct RunChannelClient::Private {
    QString path;
    QLocalSocket socket;
    QTimer reconnect;
    qint64 heard = -1; ///< Monotonic.
    bool wakeLater = false;
};

RunChannelClient::RunChannelClient(const QString &stateDirectory, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    d->path = socketPath(stateDirectory);
    connect(&d->socket, &QLocalSocket::connected, this, [this] {
        if (std::exchange(d->wakeLater, false)) {
            wake();
        }
    });
    connect(&d->socket, &QLocalSocket::readyRead, this, [this] {
        readLines(&d->socket, [this](const QJsonObject &what) {
            d->heard = Clock::system().monotonic();
            Q_EMIT received(what);
        });
    });
    const auto attempt = [this] {
        if (d->socket.state() == QLocalSocket::UnconnectedState && QFileInfo::exists(d->path)) {
            d->socket.connectToServer(d->path);
        }
    };
    connect(&d->reconnect, &QTimer::timeout, this, attempt);
    d->reconnect.start(reconnectMs);
    attempt();
}

RunChannelClient::~RunChannelClient()
{
    d->socket.disconnect(this);
}

void RunChannelClient::wake()
{
    if (d->socket.state() != QLocalSocket::ConnectedState) {
        d->wakeLater = true;
        return;
    }
    d->socket.write(line({{u"type"_s, u"wake"_s}}));
    d->socket.flush();
}

qint64 RunChannelClient::silence() const
{
    return d->heard < 0 ? -1 : Clock::system().monotonic() - d->heard;
}

} // namespace cutover
