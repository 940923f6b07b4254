// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

namespace cutover {

/**
 * Puts an engine behind standard input and output: the other end of ServeClient. Ends the event
 * loop when its input ends, that is when the console is gone; runs go on without it.
 */
class StdioServer : public QObject
{
    Q_OBJECT
public:
    /// The engine outlives the server.
    explicit StdioServer(EngineClient *engine, QObject *parent = nullptr);
    ~StdioServer() override;
    void start();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace cutover
