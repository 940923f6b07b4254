// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "bearertoken.h"
#include "gracefulserver.h"
#include "httpmetrics.h"
#include "marketstream.h"
#include "orderstore.h"
#include "quotecache.h"
#include "releaseinfo.h"
#include "roles.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QHttpServerResponse>
#include <QJsonDocument>
#include <QRandomGenerator>
#include <QUrlQuery>

#include <cmath>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace demo {

namespace {

QHttpServerResponse toHttp(const Reply &reply)
{
    return QHttpServerResponse(reply.body, QHttpServerResponse::StatusCode(reply.status));
}

/** One backend: the user's requests are counted, those of probes and scrapers are not. */
class Backend
{
public:
    Backend(const Options &options, const ReleaseInfo &release)
        : m_options(options)
        , m_release(release)
        , m_cache(options.redis, qEnvironmentVariable("REDIS_PASSWORD"))
        , m_store(options.database, release.schema)
    {
        m_uptime.start();
    }

    int run();

private:
    QFuture<QHttpServerResponse> user(const QByteArray &path, cutover::Worker &worker, std::function<Reply()> work);
    bool fails() const;
    Reply quote(const QString &symbol);
    static double price(const QString &symbol);
    static QByteArray tick();
    Reply health();

    Options m_options;
    ReleaseInfo m_release;
    QElapsedTimer m_uptime;
    HttpMetrics m_metrics;
    // Before the store: its threads still use the server's counter while they end.
    GracefulServer m_server;
    QuoteCache m_cache; ///< Belongs to the reader's thread.
    OrderStore m_store;
};

bool Backend::fails() const
{
    if (m_release.errorProportion <= 0) {
        return false;
    }
    const double seconds = m_uptime.elapsed() / 1000.0 - m_release.quietSeconds;
    const double ramp = m_release.rampSeconds > 0 ? qBound(0.0, seconds / m_release.rampSeconds, 1.0) : 1.0;
    return QRandomGenerator::global()->generateDouble() < m_release.errorProportion * ramp;
}

QFuture<QHttpServerResponse> Backend::user(const QByteArray &path, cutover::Worker &worker, std::function<Reply()> work)
{
    QElapsedTimer timer;
    timer.start();
    return worker.run([this, path, timer, work = std::move(work), busy = GracefulServer::Busy(&m_server)] {
        const Reply reply = fails() ? Reply{500, {{u"error"_s, u"internal error"_s}}} : work();
        m_metrics.observe(path, reply.status, timer.nsecsElapsed() / 1e9);
        if (reply.status == 201) {
            m_metrics.countOrder();
        }
        return toHttp(reply);
    });
}

Reply Backend::health()
{
    Reply reply = m_store.health();
    if (!m_options.redis.isEmpty()) {
        const bool answers = m_cache.answers();
        reply.body.insert(u"redis"_s, answers ? u"ok"_s : u"does not answer"_s);
        reply.status = answers ? reply.status : 503;
    }
    return reply;
}

double Backend::price(const QString &symbol)
{
    // Moves slowly and is the same in every backend.
    const double base = 20 + qHash(symbol, 0) % 400;
    const double phase = QDateTime::currentMSecsSinceEpoch() / 60000.0 + qHash(symbol, 1) % 100;
    return std::round(base * (1 + 0.02 * std::sin(phase)) * 100) / 100;
}

QByteArray Backend::tick()
{
    const QString symbol = u"KIS"_s;
    return QJsonDocument(QJsonObject{{u"symbol"_s, symbol}, {u"price"_s, price(symbol)}}).toJson(QJsonDocument::Compact);
}

Reply Backend::quote(const QString &symbol)
{
    if (const auto kept = m_cache.price(symbol)) {
        return {200, {{u"symbol"_s, symbol}, {u"price"_s, *kept}}};
    }
    const double now = price(symbol);
    m_cache.keep(symbol, now, 1);
    return {200, {{u"symbol"_s, symbol}, {u"price"_s, now}}};
}

int Backend::run()
{
    if (const QString problem = m_store.problem(); !problem.isEmpty()) {
        fprintf(stderr, "%s\n", qPrintable(problem));
        return 4;
    }
    QHttpServer &http = m_server.http();
    http.route(u"/api/version"_s, QHttpServerRequest::Method::Get, [this] {
        return QHttpServerResponse(QJsonObject{{u"version"_s, m_release.version},
                                               {u"build"_s, m_release.build},
                                               {u"commit"_s, m_release.commit},
                                               {u"environment"_s, m_options.environment},
                                               {u"instance"_s, m_options.name}});
    });
    http.route(u"/api/health"_s, QHttpServerRequest::Method::Get, [this] {
        return m_store.reader().run([this] { return toHttp(health()); });
    });
    http.route(u"/metrics"_s, QHttpServerRequest::Method::Get, [this] {
        return QHttpServerResponse("text/plain; version=0.0.4", m_metrics.text());
    });
    http.route(u"/api/market/quote/<arg>"_s, QHttpServerRequest::Method::Get, [this](const QString &symbol) {
        return user("/api/market/quote", m_store.reader(), [this, symbol] { return quote(symbol); });
    });
    http.route(u"/api/orders"_s, QHttpServerRequest::Method::Post, [this](const QHttpServerRequest &request) {
        const QJsonObject json = QJsonDocument::fromJson(request.body()).object();
        Order order;
        order.symbol = json[u"symbol"_s].toString();
        order.side = json[u"side"_s].toString();
        order.quantity = json[u"quantity"_s].toDouble();
        order.price = json[u"price"_s].toDouble();
        order.user = json[u"user"_s].toString();
        order.clientId = json[u"client_id"_s].toString();
        // Clients of before 1.3.0 send none.
        order.clientTag = json[u"client_tag"_s].toString(u""_s);
        return user("/api/orders", m_store.writer(), [this, order] { return m_store.place(order); });
    });
    http.route(u"/api/orders/<arg>"_s, QHttpServerRequest::Method::Get, [this](qint64 id) {
        return user("/api/orders/ID", m_store.reader(), [this, id] { return m_store.order(id); });
    });
    http.route(u"/api/features/check"_s, QHttpServerRequest::Method::Get | QHttpServerRequest::Method::Post,
               [this](const QHttpServerRequest &request) {
                   const QUrlQuery query = request.query();
                   const QJsonObject json = QJsonDocument::fromJson(request.body()).object();
                   const auto value = [&](const QString &name) {
                       return query.hasQueryItem(name) ? query.queryItemValue(name, QUrl::FullyDecoded) : json[name].toString();
                   };
                   const QString feature = value(u"feature"_s);
                   const QString who = value(u"user"_s);
                   return user("/api/features/check", m_store.reader(),
                               [this, feature, who] { return m_store.feature(feature, who); });
               });
    routeAccount(http, qgetenv("API_TOKEN"));
    const MarketStream market(m_server, &Backend::tick);
    if (!m_server.listen(m_options.port)) {
        return 3;
    }
    printf("%s %s serves on port %d\n", qPrintable(m_options.name), qPrintable(m_release.version), m_options.port);
    fflush(stdout);
    return QCoreApplication::exec();
}

} // namespace

int runBackend(const Options &options)
{
    const ReleaseInfo release = ReleaseInfo::load(options.release);
    if (release.version.isEmpty()) {
        return 2;
    }
    return Backend(options, release).run();
}

} // namespace demo
