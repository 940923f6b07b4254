// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "answers.h"
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

#include <functional>
#include <memory>
#include <set>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace demo {

namespace {

/**
 * Users: a steady stream of requests through the balancer, one in five an order. What was
 * acknowledged and what failed is written down: DATA/acknowledged.log (durably; order id, client
 * id) and DATA/failures.log (time, method, path, reason). An answer that breaks off, does not come,
 * or is not to what was asked has failed.
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
    /// What an answer lacks of what its path promises; empty: it is whole and right.
    using Judge = std::function<QString(const QByteArray &body)>;
    struct Request {
        QByteArray method;
        QString path;
        QByteArray body;
        QString clientId; ///< Of an order.
        Judge judge;
        qint64 number = 0; ///< Of the user's requests; 0: asked before there were users.
    };

    void tick();
    void get(const QString &path, const Judge &judge);
    void send(Request request);
    void finished(QNetworkReply *reply, const Request &request);
    static QString failureOf(const QNetworkReply &reply, const QByteArray &body, const Judge &judge);
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
    qint64 m_sent = 0;
    qint64 m_failed = 0;
    qint64 m_acknowledged = 0;
    std::set<qint64> m_underWay; ///< Numbers of requests.
    qint64 m_lastOrder = 1;
    QString m_lastClientId; ///< Empty: it is none of ours.
};

void Traffic::tick()
{
    static const QStringList symbols{u"KIS"_s, u"ORB"_s, u"NOVA"_s, u"TERN"_s, u"LUX"_s};
    const quint64 n = m_tick++;
    if (!m_seenUp) {
        if (n % 5 == 0) {
            get(u"/api/version"_s, &wrongVersion);
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
        send({.method = "POST",
              .path = u"/api/orders"_s,
              .body = QJsonDocument(order).toJson(QJsonDocument::Compact),
              .clientId = clientId,
              .judge = [clientId](const QByteArray &answer) { return wrongReceipt(answer, clientId); }});
        return;
    }
    case 1:
        get(u"/api/features/check?feature=ai_predictions&user=%1"_s.arg(user), [user](const QByteArray &answer) { return wrongFeature(answer, u"ai_predictions"_s, user); });
        return;
    case 2:
        get(u"/api/orders/%1"_s.arg(m_lastOrder), [id = m_lastOrder, clientId = m_lastClientId](const QByteArray &answer) { return wrongOrder(answer, id, clientId); });
        return;
    case 3:
        if (m_options.pages) {
            get(u"/"_s, &wrongPage);
            return;
        }
        [[fallthrough]];
    default:
        get(u"/api/market/quote/%1"_s.arg(symbol), [symbol](const QByteArray &answer) { return wrongQuote(answer, symbol); });
    }
}

void Traffic::get(const QString &path, const Judge &judge)
{
    send({.method = "GET", .path = path, .body = {}, .clientId = {}, .judge = judge});
}

void Traffic::send(Request request)
{
    QNetworkRequest question(QUrl(m_options.frontend + request.path));
    question.setTransferTimeout(25s);
    question.setHeader(QNetworkRequest::ContentTypeHeader, u"application/json"_s);
    if (m_seenUp) {
        request.number = ++m_sent;
        m_underWay.insert(request.number);
    }
    auto busy = std::make_shared<GracefulServer::Busy>(&m_server);
    QNetworkReply *reply = request.method == "POST" ? m_network.post(question, request.body) : m_network.get(question);
    connect(reply, &QNetworkReply::finished, this, [this, reply, request = std::move(request), busy] {
        finished(reply, request);
        reply->deleteLater();
    });
}

/// Empty: users have got what they asked for.
QString Traffic::failureOf(const QNetworkReply &reply, const QByteArray &body, const Judge &judge)
{
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (status == 0) {
        return reply.errorString();
    }
    QString told = u"status "_s + QString::number(status);
    if (status < 200 || status >= 300) {
        return told;
    }
    if (reply.error() != QNetworkReply::NoError) {
        return told + u", but "_s + reply.errorString();
    }
    const QString wrong = judge(body);
    return wrong.isEmpty() ? QString() : QString(told + u", but "_s + wrong);
}

void Traffic::finished(QNetworkReply *reply, const Request &request)
{
    const QByteArray body = reply->readAll();
    const QString failure = failureOf(*reply, body, request.judge);
    if (request.number == 0) {
        m_seenUp = m_seenUp || failure.isEmpty();
        return;
    }
    m_underWay.erase(request.number);
    if (!failure.isEmpty()) {
        ++m_failed;
        m_failureLog.append(QString(QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs) + u' ' + QString::fromLatin1(request.method) + u' ' + request.path + u' ' + failure).toUtf8());
        return;
    }
    if (!request.clientId.isEmpty()) {
        m_lastOrder = QJsonDocument::fromJson(body).object()[u"id"_s].toInteger();
        m_lastClientId = request.clientId;
        ++m_acknowledged;
        m_acknowledgedLog.append(QByteArray::number(m_lastOrder) + ' ' + request.clientId.toUtf8(), true);
    }
}

QJsonObject Traffic::state() const
{
    // Up to that one all have been answered, or have failed and are written down.
    const qint64 settled = m_underWay.empty() ? m_sent : *m_underWay.begin() - 1;
    return {{u"run"_s, m_run}, {u"sent"_s, m_sent}, {u"settled"_s, settled}, {u"failed"_s, m_failed}, {u"acknowledged"_s, m_acknowledged}, {u"running"_s, m_running && m_seenUp}};
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
