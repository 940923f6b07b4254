// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gracefulserver.h"
#include "releaseinfo.h"
#include "roles.h"

#include <QCoreApplication>
#include <QHttpServerResponse>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace demo {

// The pages that a browser loads; what they show they ask the backend for.
int runFrontend(const Options &options)
{
    const ReleaseInfo release = ReleaseInfo::load(options.release);
    if (release.version.isEmpty()) {
        return 2;
    }
    const QByteArray page = uR"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trading %1</title></head>
<body><h1>Trading</h1><p>Version %1</p><p id="quote"></p>
<script>
fetch('/api/market/quote/KIS').then(r => r.json()).then(q => { document.getElementById('quote').textContent = q.symbol + ' ' + q.price; });
</script></body></html>
)"_s.arg(release.version)
                                .toUtf8();
    GracefulServer server;
    server.http().route(u"/"_s, [&page] { return QHttpServerResponse("text/html; charset=utf-8", page); });
    server.http().route(u"/version.json"_s, [&] {
        return QHttpServerResponse(QJsonObject{{u"version"_s, release.version},
                                               {u"build"_s, release.build},
                                               {u"commit"_s, release.commit},
                                               {u"environment"_s, options.environment},
                                               {u"instance"_s, options.name}});
    });
    if (!server.listen(options.port)) {
        return 3;
    }
    printf("%s %s serves on port %d\n", qPrintable(options.name), qPrintable(release.version), options.port);
    fflush(stdout);
    return QCoreApplication::exec();
}

} // namespace demo
