// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

namespace cutover {

/**
 * The engine in this process, answering the protocol's methods: 'cutoverctl serve' puts it behind
 * standard input and output, cutoverctl's commands call it directly. Owns a journal connection,
 * watches journal, runner and watcher, and tells what changed. Event-loop thread.
 */
class EngineService : public EngineClient
{
    Q_OBJECT
public:
    /// who: "kim@desk", for audit and conn.
    explicit EngineService(const QString &targetFile, const QString &who, QObject *parent = nullptr);
    ~EngineService() override;

    enum class Purpose { Working,
                         Looking }; ///< For one command. Makes nothing, not even a journal, and tells nothing by itself.
    [[nodiscard]] Result<> open(Purpose purpose = Purpose::Working);
    [[nodiscard]] const Target &target() const;
    /// From now on sees to it that the watcher runs while the target is up.
    void keepWatcher();
    [[nodiscard]] Async<QJsonObject> call(QString method, QJsonObject params = {}) override;
    [[nodiscard]] bool isConnected() const override { return true; }

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
