// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "filelog.h"
#include "gracefulserver.h"
#include "httpmetrics.h"
#include "orderstore.h"
#include "releaseinfo.h"
#include "roles.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QHttpServerResponse>

#include <fcntl.h>
#include <sys/file.h>

#include <cstdio>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace demo {

// The strategy must never run twice: two would trade the same signal. It holds a lock while it
// runs and writes down when it starts, lives and stops, so that it can be proven afterwards.
int runStrategy(const Options &options)
{
    const ReleaseInfo release = ReleaseInfo::load(options.release);
    FileLog log;
    if (release.version.isEmpty() || !log.open(options.data + u"/strategy.log"_s)) {
        return 2;
    }
    const auto record = [&](const char *what) {
        log.append(QByteArray(what) + ' ' + QByteArray::number(QCoreApplication::applicationPid()) + ' ' + release.version.toUtf8() + ' '
                   + QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs).toUtf8());
    };
    const QByteArray lockFile = QString(options.data + u"/strategy.lock"_s).toLocal8Bit();
    const int lock = open(lockFile.constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
        record("overlap");
        fprintf(stderr, "another strategy runs\n");
        return 3;
    }
    OrderStore store(options.database, release.schema);
    if (const QString problem = store.problem(); !problem.isEmpty()) {
        fprintf(stderr, "%s\n", qPrintable(problem));
        return 4;
    }
    HttpMetrics metrics;
    GracefulServer server;
    server.http().route(u"/api/version"_s, [&] {
        return QHttpServerResponse(QJsonObject{{u"version"_s, release.version},
                                               {u"build"_s, release.build},
                                               {u"commit"_s, release.commit},
                                               {u"environment"_s, options.environment},
                                               {u"instance"_s, options.name}});
    });
    server.http().route(u"/api/health"_s, [] { return QHttpServerResponse(QJsonObject{{u"status"_s, u"ok"_s}}); });
    server.http().route(u"/metrics"_s, [&] { return QHttpServerResponse("text/plain; version=0.0.4", metrics.text()); });
    if (!server.listen(options.port)) {
        return 3;
    }
    record("start");
    QTimer beat;
    QObject::connect(&beat, &QTimer::timeout, [&] { record("beat"); });
    beat.start(500ms);
    QTimer trade;
    qint64 trades = 0;
    QObject::connect(&trade, &QTimer::timeout, [&] {
        Order order;
        order.symbol = trades % 2 == 0 ? u"KIS"_s : u"ORB"_s;
        order.side = trades % 2 == 0 ? u"buy"_s : u"sell"_s;
        order.quantity = 1;
        order.price = 100;
        order.user = u"strategy"_s;
        order.clientId = u"strategy-%1-%2-%3"_s.arg(QCoreApplication::applicationPid()).arg(QDateTime::currentMSecsSinceEpoch()).arg(++trades);
        (void)store.writer().run([&store, &metrics, order, busy = GracefulServer::Busy(&server)] {
            if (store.place(order).status == 201) {
                metrics.countOrder();
            }
        });
    });
    trade.start(2s);
    QObject::connect(&server, &GracefulServer::terminating, [&] { trade.stop(); });
    const int code = QCoreApplication::exec();
    record("stop");
    return code;
}

} // namespace demo
