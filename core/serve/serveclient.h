// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

namespace cutover {

/**
 * A console's link to 'cutoverctl serve --stdio', started as a child (locally, or through ssh).
 * Connects again with back-off (0.25 s to 5 s) whenever it is lost; what was asked over a lost link
 * fails, and its jobs are told as failed. A server that speaks another protocol is not tried again.
 */
class ServeClient : public EngineClient
{
    Q_OBJECT
public:
    /// command: program and arguments that speak the protocol on standard input and output.
    explicit ServeClient(const QStringList &command, QObject *parent = nullptr);
    ~ServeClient() override;
    void start();
    [[nodiscard]] Async<QJsonObject> call(QString method, QJsonObject params = {}) override;
    [[nodiscard]] bool isConnected() const override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
