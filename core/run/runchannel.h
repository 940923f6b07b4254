// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QJsonObject>
#include <QObject>

#include <memory>

namespace cutover {

/**
 * The runner's local socket, STATE/run.sock (shortened through /tmp where the path is too long for
 * one): wakes the runner and carries lossy progress. JSON lines; {"type":"alive"} each second.
 */
class RunChannelServer : public QObject
{
    Q_OBJECT
public:
    explicit RunChannelServer(const QString &stateDirectory, QObject *parent = nullptr);
    ~RunChannelServer() override;
    [[nodiscard]] bool listen();
    void send(const QJsonObject &what);
Q_SIGNALS:
    void woken();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/** A console's end of it: connects and reconnects by itself while a runner is there. */
class RunChannelClient : public QObject
{
    Q_OBJECT
public:
    explicit RunChannelClient(const QString &stateDirectory, QObject *parent = nullptr);
    ~RunChannelClient() override;
    void wake();
    /// Milliseconds since the runner's last sign of life; -1: never heard of.
    [[nodiscard]] qint64 silence() const;
Q_SIGNALS:
    void received(const QJsonObject &what);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
