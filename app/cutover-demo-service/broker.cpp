// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gracefulserver.h"
#include "roles.h"

#include <QCoreApplication>
#include <QHttpServerResponse>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace demo {

// Somebody else's system that ours asks: it is up, or it is not.
int runBroker(const Options &options)
{
    GracefulServer server;
    server.http().route(u"/status"_s, [] { return QHttpServerResponse(QJsonObject{{u"market"_s, u"open"_s}}); });
    if (!server.listen(options.port)) {
        return 3;
    }
    return QCoreApplication::exec();
}

} // namespace demo
