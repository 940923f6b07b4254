// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QRandomGenerator>
#include <QTcpServer>

namespace cutover::testing {

/// A port of the loopback on which nothing listens: taken once and given back. Below those that the kernel gives to
/// outgoing connections, so that none of them has it by the time that its server starts.
inline quint16 freePort()
{
    QTcpServer server;
    for (int tries = 0; tries < 500; ++tries) {
        if (server.listen(QHostAddress::LocalHost, quint16(QRandomGenerator::global()->bounded(12000, 32000)))) {
            return server.serverPort();
        }
    }
    qFatal("no free port");
}

} // namespace cutover::testing
