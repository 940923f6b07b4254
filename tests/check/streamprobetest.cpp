// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallserver.h"

#include "check/probe.h"
#include "config/headervalue.h"
#include "config/targetmask.h"
#include "system/files.h"

#include <QCoroTask>
#include <QElapsedTimer>
#include <QHttpServer>
#include <QTemporaryDir>
#include <QTest>
#include <QWebSocket>
#include <QWebSocketServer>

using namespace cutover;
using namespace Qt::StringLiterals;

/** A stream of events that never ends, as market data are sent. */
class EventServer : public QTcpServer
{
public:
    explicit EventServer(int status = 200)
    {
        listen(QHostAddress::LocalHost);
        connect(this, &QTcpServer::newConnection, this, [this, status] {
            QTcpSocket *socket = nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [this, socket, status] {
                if (!socket->readAll().contains("\r\n\r\n")) {
                    return;
                }
                socket->write("HTTP/1.1 " + QByteArray::number(status) + " X\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n");
                auto *timer = new QTimer(socket);
                connect(timer, &QTimer::timeout, socket, [this, socket] {
                    if (!quiet) {
                        socket->write("data: {\"price\": 70100}\n\n");
                    }
                });
                timer->start(30);
            });
            connect(socket, &QTcpSocket::disconnected, socket, [this] { ++left; });
        });
    }
    [[nodiscard]] QString url() const { return u"http://127.0.0.1:%1/stream"_s.arg(serverPort()); }
    bool quiet = false;
    int left = 0; ///< Clients that went away.
};

/** A web socket server that says what it is told to. */
class SocketServer
{
public:
    SocketServer()
        : m_server(u"test"_s, QWebSocketServer::NonSecureMode)
    {
        m_server.listen(QHostAddress::LocalHost);
        QObject::connect(&m_server, &QWebSocketServer::newConnection, &m_server, [this] {
            QWebSocket *socket = m_server.nextPendingConnection();
            asked = socket->request();
            ++connections;
            QObject::connect(socket, &QWebSocket::disconnected, socket, [this, socket] {
                ++left;
                socket->deleteLater();
            });
            if (closes) {
                socket->close();
            }
            for (const QString &message : std::as_const(messages)) {
                socket->sendTextMessage(message);
            }
            if (!binary.isEmpty()) {
                socket->sendBinaryMessage(binary);
            }
        });
        QObject::connect(&m_server, &QWebSocketServer::originAuthenticationRequired, &m_server, [](QWebSocketCorsAuthenticator *) { });
    }
    [[nodiscard]] QString url() const { return u"ws://127.0.0.1:%1/stream"_s.arg(m_server.serverPort()); }

    QStringList messages;
    QByteArray binary;
    bool closes = false;
    int connections = 0;
    int left = 0;
    QNetworkRequest asked;

private:
    QWebSocketServer m_server;
};

class StreamProbeTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    static ProbeResult once(const ProbeSpec &spec, std::stop_token stop = {}) { return QCoro::waitFor(probeOnce(spec, stop)); }
    static ProbeSpec socketProbe(const QString &url)
    {
        ProbeSpec spec;
        spec.name = u"stream"_s;
        spec.http = url;
        spec.webSocket = true;
        spec.timeoutMs = 3000;
        return spec;
    }

private Q_SLOTS:
    void authenticatedEndpoint()
    {
        QHttpServer http;
        QTcpServer tcp;
        QVERIFY(tcp.listen(QHostAddress::LocalHost));
        http.route(u"/api/balance"_s, [](const QHttpServerRequest &request) {
            return request.headers().value("Authorization") == "Bearer s3cret-token-42" ? QHttpServerResponse(u"balance"_s)
                                                                                        : QHttpServerResponse(QHttpServerResponse::StatusCode::Unauthorized);
        });
        QVERIFY(http.bind(&tcp));
        ProbeSpec spec;
        spec.name = u"balance"_s;
        spec.http = u"http://127.0.0.1:%1/api/balance"_s.arg(tcp.serverPort());
        ProbeResult result = once(spec);
        QCOMPARE(result.error.what(), QString(spec.http + u" answered with status 401, expected 2xx."_s));

        const QString file = m_folder.filePath(u"token"_s);
        QVERIFY(files::replace(file, "s3cret-token-42\n"));
        spec.headers = {{u"Authorization"_s, u"Bearer file:"_s + file}, {u"Accept"_s, u"text/plain"_s}};
        result = once(spec);
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        QCOMPARE(result.body, "balance");

        qputenv("CHECK_TOKEN", "Bearer s3cret-token-42");
        spec.headers = {{u"Authorization"_s, u"env:CHECK_TOKEN"_s}};
        QVERIFY(once(spec).ok);
        // Named, never told.
        qunsetenv("CHECK_TOKEN");
        QCOMPARE(once(spec).error.code, u"config.secret_missing"_s);
        QVERIFY(once(spec).error.what().contains(u"env:CHECK_TOKEN"_s));
        QVERIFY(files::replace(file, "one\nX-Other: two\n"));
        spec.headers = {{u"Authorization"_s, u"Bearer file:"_s + file}};
        result = once(spec);
        QCOMPARE(result.error.code, u"config.secret_lines"_s);
        QVERIFY2(!result.error.text().contains(u"X-Other"_s), qPrintable(result.error.text()));
    }

    void whatHeadersReferToIsHidden()
    {
        const QString file = m_folder.filePath(u"masked"_s);
        QVERIFY(files::replace(file, "fir5t-key-of-all\n"));
        qputenv("CHECK_COOKIE", "session-8c1f77aa");
        Target target;
        target.path = m_folder.filePath(u"target.yaml"_s);
        ProbeSpec probe;
        probe.headers = {{u"X-Api-Key"_s, u"file:"_s + file}};
        target.check.external = {probe};
        CompatibilitySpec request;
        request.headers = {{u"Cookie"_s, u"env:CHECK_COOKIE"_s}};
        target.check.compatibility = {request};
        TargetMask mask(target);
        QCOMPARE(mask.masked(u"he said fir5t-key-of-all to session-8c1f77aa"_s), u"he said •••• to ••••"_s);
        // A new one counts at once, and the old one may still be told by somebody.
        QVERIFY(files::replace(file, "the-second-key-now\n"));
        QCOMPARE(mask.masked(u"fir5t-key-of-all, the-second-key-now"_s), u"••••, ••••"_s);
        qunsetenv("CHECK_COOKIE");
    }

    void headerValues()
    {
        QVERIFY(!HeaderValue(u"application/json"_s).isReference());
        QVERIFY(!HeaderValue(u"see file: x"_s).isReference());
        QCOMPARE(HeaderValue(u"Bearer env:TOKEN"_s).reference(), u"env:TOKEN"_s);
        QCOMPARE(HeaderValue(u"session=env:TOKEN"_s).reference(), u"env:TOKEN"_s);
        QCOMPARE(HeaderValue(u"Bearer file:keys/x"_s).withPathsOf(QDir(u"/etc/cutover"_s)), u"Bearer file:/etc/cutover/keys/x"_s);
        for (const QString &name : {u"Authorization"_s, u"Cookie"_s, u"X-Api-Key"_s, u"X-Auth"_s, u"X-Session-Token"_s}) {
            QVERIFY2(HeaderValue::isSecretName(name), qPrintable(name));
        }
        for (const QString &name : {u"Accept"_s, u"User-Agent"_s, u"X-Request-Id"_s, u"Origin"_s}) {
            QVERIFY2(!HeaderValue::isSecretName(name), qPrintable(name));
        }
    }

    void aStreamIsLeftOnceEnoughHasCome()
    {
        EventServer server;
        ProbeSpec spec;
        spec.http = server.url();
        spec.expectBody = u"data: "_s;
        spec.timeoutMs = 5000;
        QElapsedTimer clock;
        clock.start();
        ProbeResult result = once(spec);
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        QVERIFY2(clock.elapsed() < 3000, qPrintable(QString::number(clock.elapsed())));
        QTRY_COMPARE(server.left, 1);

        server.quiet = true;
        spec.timeoutMs = 1500;
        result = once(spec);
        QVERIFY(!result.ok);
        QCOMPARE(result.error.what(), QString(server.url() + u" answered, but “data: ” did not come within 1.5 s."_s));
        // Without a word to wait for a stream has no end.
        spec.expectBody.clear();
        QCOMPARE(once(spec).error.code, u"probe.timeout"_s);

        EventServer broken(500);
        spec.http = broken.url();
        spec.expectBody = u"data: "_s;
        spec.timeoutMs = 3000;
        QCOMPARE(once(spec).error.what(), QString(broken.url() + u" answered with status 500, expected 2xx."_s));
    }

    void webSocketOpens()
    {
        SocketServer server;
        const ProbeResult result = once(socketProbe(server.url()));
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        QTRY_COMPARE(server.left, 1);

        const ProbeSpec nobody = socketProbe(u"ws://127.0.0.1:%1/"_s.arg(freePort()));
        QCOMPARE(once(nobody).error.what(), QString(nobody.http + u" refused the connection."_s));
    }

    void webSocketHeaders()
    {
        SocketServer server;
        qputenv("CHECK_TOKEN", "abcdef0123456789");
        ProbeSpec spec = socketProbe(server.url());
        spec.headers = {{u"Authorization"_s, u"Bearer env:CHECK_TOKEN"_s}};
        QVERIFY(once(spec).ok);
        QTRY_COMPARE(server.connections, 1);
        QCOMPARE(server.asked.rawHeader("Authorization"), "Bearer abcdef0123456789");
        qunsetenv("CHECK_TOKEN");
    }

    void webSocketMessages()
    {
        SocketServer server;
        ProbeSpec spec = socketProbe(server.url());
        spec.timeoutMs = 1500;
        spec.expectBody = u""_s; // Any.
        QCOMPARE(once(spec).error.what(), QString(server.url() + u" is open, but no message came within 1.5 s."_s));
        server.messages = {u"hello"_s, u"{\"tick\": 1}"_s};
        spec.timeoutMs = 5000;
        ProbeResult result = once(spec);
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        QCOMPARE(result.body, "hello");
        spec.expectBody = u"tick"_s;
        result = once(spec);
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        QCOMPARE(result.body, "{\"tick\": 1}");
        spec.expectBody = u"order"_s;
        spec.timeoutMs = 1500;
        QCOMPARE(once(spec).error.what(), QString(server.url() + u" is open, but no message with “order” came within 1.5 s; 2 other messages came."_s));
        server.binary = "order 7";
        spec.timeoutMs = 5000;
        result = once(spec);
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        server.closes = true;
        server.messages.clear();
        server.binary.clear();
        QCOMPARE(once(spec).error.code, u"probe.closed"_s);
    }

    void webSocketThatIsNone()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{403, "no"}; });
        ProbeSpec spec = socketProbe(u"ws://127.0.0.1:%1/"_s.arg(server.serverPort()));
        ProbeResult result = once(spec);
        QCOMPARE(result.error.code, u"probe.web_socket"_s);
        QVERIFY2(result.error.what().contains(u"403"_s), qPrintable(result.error.what()));
        QVERIFY2(!result.error.what().contains(u"QWebSocketPrivate"_s), qPrintable(result.error.what()));
        server.setHandler([](const QByteArray &) { return SmallServer::Answer{200, {}, -1, true}; });
        spec.timeoutMs = 200;
        QCOMPARE(once(spec).error.what(), QString(spec.http + u" did not answer within 200 ms."_s));
    }

    void webSocketIsCancelled()
    {
        SocketServer server;
        ProbeSpec spec = socketProbe(server.url());
        spec.expectBody = u"never"_s;
        spec.timeoutMs = 60000;
        std::stop_source stop;
        QTimer::singleShot(100, this, [&stop] { stop.request_stop(); });
        QElapsedTimer clock;
        clock.start();
        QCOMPARE(once(spec, stop.get_token()).error.kind, Error::Kind::Cancelled);
        QVERIFY(clock.elapsed() < 5000);
    }
};

QTEST_GUILESS_MAIN(StreamProbeTest)
#include "streamprobetest.moc"
