// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/controlhost.h"
#include "serve/engineclient.h"

namespace cutover {

/**
 * A console's link to 'cutoverctl serve --stdio', started as a child (locally, or through ssh).
 * Connects again with back-off (0.25 s to 5 s, to another machine 30 s) whenever it is lost; what was
 * asked over a lost link fails, and its jobs are told as failed. A server that speaks another protocol, and
 * what a person has to mend first (an unknown host key, a refused login), is not tried again by itself. What a control
 * host's shell prints before the server's first answer is passed over.
 */
class ServeClient : public EngineClient
{
    Q_OBJECT
public:
    /// command: program and arguments that speak the protocol on standard input and output.
    explicit ServeClient(const QStringList &command, QObject *parent = nullptr);
    /// On a control host, through ssh; program: of this machine, for a local one. targetFile: a path over there.
    ServeClient(const ControlHost &host, const QString &program, const QString &targetFile, QObject *parent = nullptr);
    ~ServeClient() override;
    void start();
    [[nodiscard]] Async<QJsonObject> call(QString method, QJsonObject params = {}) override;
    [[nodiscard]] bool isConnected() const override;
    [[nodiscard]] LinkState link() const override;
    void tryAgain() override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
