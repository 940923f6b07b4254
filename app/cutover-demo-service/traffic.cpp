// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "filelog.h"
#include "gracefulserver.h"
#include "roles.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QHttpServerResponse>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QRandomGenerator>

#include <memory>
#include <optional>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace demo {

namespace {

/**
 * Users: a steady stream of requests through the balancer, one in five an order. What was
 * acknowledged and what failed is written down: DATA/acknowledged.log (durably; order id, client
 * id) and DATA/failures.log (time, method, path, reason).
 */
class Traffic : public QObject
{
public:
    explicit Traffic(const Options &options)
        : m_options(options)
        , m_running(!options.paused)
        , m_run(QString::number(QDateTime::currentMSecsSinceEpoch(), 36))
    {
    }

    int run();

private:
    void tick();
    void send(const QByteArray &method, const QString &path, const QByteArray &body, const QString &clientId);
    void finished(QNetworkReply *reply, const QByteArray &method, const QString &path, const QString &clientId);
    QByteArray metrics() const;
    QJsonObject state() const;

    Options m_options;
    QNetworkAccessManager m_network;
    QTimer m_timer;
    FileLog m_acknowledgedLog;
    FileLog m_failureLog;
    GracefulServer m_server;
    bool m_running;
    bool m_seenUp = false; ///< Before the front has answered once, there are no users yet.
    QString m_run; ///< In client ids, so that a later start does not repeat them.
    quint64 m_tick = 0;
    quint64 m_sent = 0;
    quint64 m_failed = 0;
    quint64 m_acknowledged = 0;
    qint64 m_lastOrder = 1;
};

void Traffic::tick()
{
    static const QStringList symbols{u"KIS"_s, u"ORB"_s, u"NOVA"_s, u"TERN"_s, u"LUX"_s};
    const quint64 n = m_tick++;
    if (!m_seenUp) {
        if (n % 5 == 0) {
            send("GET", u"/api/version"_s, {}, {});
        }
        return;
    }
    if (!m_running) {
        return;
    }
    const QString user = u"user-%1"_s.arg(QRandomGenerator::global()->bounded(10000));
    const QString &symbol = symbols[n / 5 % symbols.size()];
    switch (n % 5) {
    case 0: {
        const QString clientId = u"traffic-%1-%2"_s.arg(m_run).arg(n);
        const QJsonObject order{{u"symbol"_s, symbol},
                                {u"side"_s, n % 2 == 0 ? u"buy"_s : u"sell"_s},
                                {u"quantity"_s, 1 + QRandomGenerator::global()->bounded(100)},
                                {u"price"_s, 20 + QRandomGenerator::global()->bounded(400)},
                                {u"user"_s, user},
                                {u"client_id"_s, clientId},
                                {u"client_tag"_s, u"traffic"_s}};
        send("POST", u"/api/orders"_s, QJsonDocument(order).toJson(QJsonDocument::Compact), clientId);
        return;
    }
    case 1:
        send("GET", u"/api/features/check?feature=ai_predictions&user=%1"_s.arg(user), {}, {});
        return;
    case 2:
        send("GET", u"/api/orders/%1"_s.arg(m_lastOrder), {}, {});
        return;
    case 3:
        if (m_options.pages) {
            send("GET", u"/"_s, {}, {});
            return;
        }
        [[fallthrough]];
    default:
        send("GET", u"/api/market/quote/%1"_s.arg(symbol), {}, {});
    }
}

void Traffic::send(const QByteArray &method, const QString &path, const QByteArray &body, const QString &clientId)
{
    QNetworkRequest request(QUrl(m_options.frontend + path));
    request.setTransferTimeout(25s);
    request.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
    if (m_seenUp) {
        ++m_sent;
    }
    auto busy = std::make_shared<GracefulServer::Busy>(&m_server);
    QNetworkReply *reply = method == "POST" ? m_network.post(request, body) : m_network.get(request);
    connect(reply, &QNetworkReply::finished, this, [this, reply, method, path, clientId, busy] {
        finished(reply, method, path, clientId);
        reply->deleteLater();
    });
}

void Traffic::finished(QNetworkReply *reply, const QByteArray &method, const QString &path, const QString &clientId)
{
    const int status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const bool ok = status >= 200 && status < 300;
    if (!std::exchange(m_seenUp, m_seenUp || ok)) {
        return;
    }
    if (!ok) {
        ++m_failed;
        const QString reason = status != 0 ? QString(u"status "_s + QString::number(status)) : reply->errorString();
        m_failureLog.append(
            QString(QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs) + u' ' + QString::fromLatin1(method) + u' ' + path + u' ' + reason)
                .toUtf8());
        return;
    }
    if (!clientId.isEmpty()) {
        const qint64 id = QJsonDocument::fromJson(reply->readAll()).object()[u"id"_s].toInteger();
        m_lastOrder = id;
        ++m_acknowledged;
        m_acknowledgedLog.append(QByteArray::number(id) + ' ' + clientId.toUtf8(), true);
    }
}

QJsonObject Traffic::state() const
{
    return {{u"sent"_s, qint64(m_sent)}, {u"failed"_s, qint64(m_failed)}, {u"acknowledged"_s, qint64(m_acknowledged)}, {u"running"_s, m_running && m_seenUp}};
}

QByteArray Traffic::metrics() const
{
    return "# TYPE traffic_requests_total counter\ntraffic_requests_total " + QByteArray::number(m_sent)
        + "\n# TYPE traffic_failures_total counter\ntraffic_failures_total " + QByteArray::number(m_failed)
        + "\n# TYPE traffic_orders_acknowledged_total counter\ntraffic_orders_acknowledged_total " + QByteArray::number(m_acknowledged) + '\n';
}

int Traffic::run()
{
    if (m_options.rate <= 0 || m_options.frontend.isEmpty() || !m_acknowledgedLog.open(m_options.data + u"/acknowledged.log"_s)
        || !m_failureLog.open(m_options.data + u"/failures.log"_s)) {
        fprintf(stderr, "--rate above 0, --frontend and --data are needed\n");
        return 2;
    }
    m_server.http().route(u"/metrics"_s, [this] { return QHttpServerResponse("text/plain; version=0.0.4", metrics()); });
    m_server.http().route(u"/api/health"_s, [] { return QHttpServerResponse(QJsonObject{{u"status"_s, u"ok"_s}}); });
    m_server.http().route(u"/api/traffic"_s, [this] { return QHttpServerResponse(state()); });
    m_server.http().route(u"/api/traffic/<arg>"_s, QHttpServerRequest::Method::Post, [this](const QString &verb) {
        if (verb != u"pause" && verb != u"resume") {
            return QHttpServerResponse(QHttpServerResponse::StatusCode::NotFound);
        }
        m_running = verb == u"resume";
        return QHttpServerResponse(state());
    });
    if (!m_server.listen(m_options.port)) {
        return 3;
    }
    connect(&m_timer, &QTimer::timeout, this, &Traffic::tick);
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.start(qMax(1, qRound(1000 / m_options.rate)));
    // Ends quietly: no new requests, and those under way are waited for.
    connect(&m_server, &GracefulServer::terminating, this, [this] { m_timer.stop(); });
    return QCoreApplication::exec();
}

} // namespace

int runTraffic(const Options &options)
{
    return Traffic(options).run();
}

} // namespace demo
