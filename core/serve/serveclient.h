// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

namespace cutover {

/** A console's link to 'cutoverctl serve --stdio', started as a child (locally, or through ssh). Reconnects with back-off. */
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
