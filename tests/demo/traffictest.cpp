// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/freeport.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>
#include <QUrlQuery>

#include <functional>

using namespace Qt::StringLiterals;

/** What the traffic generator counts as a failed request: the real one, before a front that answers as the test wants. */
class TrafficTest : public QObject
{
    Q_OBJECT

    struct Question {
        QByteArray method;
        QUrl url;
        QJsonObject body;
    };
    struct Answer {
        int status = 200;
        QByteArray body;
        int cutOff = 0; ///< So many of its last bytes are not sent.
        bool comes = true;
    };

    QTemporaryDir m_folder;
    QTcpServer m_front;
    QProcess m_traffic;
    quint16 m_port = 0;
    qint64 m_orders = 0;
    QMap<qint64, QString> m_clients;
    std::function<Answer(const Question &question, Answer right)> m_twist; ///< What becomes of a right answer.

    Answer rightAnswer(const Question &question)
    {
        const QString path = question.url.path();
        const QString last = path.section(u'/', -1);
        QJsonObject told;
        if (question.method == "POST") {
            const QString clientId = question.body[u"client_id"_s].toString();
            m_clients.insert(++m_orders, clientId);
            told = {{u"id"_s, m_orders}, {u"client_id"_s, clientId}};
        } else if (path.startsWith(u"/api/orders/")) {
            told = {{u"id"_s, last.toLongLong()}, {u"symbol"_s, u"KIS"_s}, {u"client_id"_s, m_clients.value(last.toLongLong())}};
        } else if (path.startsWith(u"/api/market/quote/")) {
            told = {{u"symbol"_s, last}, {u"price"_s, 20.5}};
        } else if (path == u"/api/features/check") {
            const QUrlQuery query(question.url);
            told = {{u"feature"_s, query.queryItemValue(u"feature"_s)}, {u"user"_s, query.queryItemValue(u"user"_s)}, {u"enabled"_s, false}};
        } else if (path == u"/") {
            return {.body = "<!doctype html>\n<html><body><h1>Trading</h1></body></html>\n"};
        } else {
            told = {{u"version"_s, u"1.2.0"_s}};
        }
        return {.body = QJsonDocument(told).toJson(QJsonDocument::Compact)};
    }
    void answer(QTcpSocket *socket)
    {
        const QByteArray text = socket->peek(65536);
        const qsizetype head = text.indexOf("\r\n\r\n");
        const qsizetype at = text.toLower().indexOf("content-length: ");
        const qsizetype length = at < 0 ? 0 : text.sliced(at + 16, text.indexOf('\r', at) - at - 16).toLongLong();
        if (head < 0 || text.size() < head + 4 + length) {
            return;
        }
        (void)socket->readAll();
        const QList<QByteArray> line = text.first(text.indexOf('\r')).split(' ');
        const Question question{line[0], QUrl(QString::fromLatin1(line[1])), QJsonDocument::fromJson(text.sliced(head + 4)).object()};
        Answer reply = rightAnswer(question);
        if (m_twist) {
            reply = m_twist(question, reply);
        }
        if (!reply.comes) {
            return;
        }
        socket->write("HTTP/1.1 " + QByteArray::number(reply.status) + " x\r\nConnection: close\r\nContent-Length: " + QByteArray::number(reply.body.size()) + "\r\n\r\n" + reply.body.chopped(reply.cutOff));
        socket->disconnectFromHost();
    }
    QJsonObject traffic()
    {
        QNetworkAccessManager network;
        const std::unique_ptr<QNetworkReply> reply(network.get(QNetworkRequest(QUrl(u"http://127.0.0.1:%1/api/traffic"_s.arg(m_port)))));
        QSignalSpy(reply.get(), &QNetworkReply::finished).wait(20000);
        return QJsonDocument::fromJson(reply->readAll()).object();
    }
    QStringList lines(const QString &log) const
    {
        QFile file(m_folder.filePath(log));
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts) : QStringList{u"missing"_s};
    }
    /// What fails while answers to requests whose path begins so become others.
    QStringList failuresWhile(const QByteArray &method, const QString &path, const std::function<void(Answer &answer)> &twist)
    {
        const qsizetype before = lines(u"failures.log"_s).size();
        const qint64 counted = traffic()[u"failed"_s].toInteger();
        int twisted = 0;
        m_twist = [&](const Question &question, Answer right) {
            if (question.method == method && question.url.path().startsWith(path) && (path != u"/" || question.url.path() == path)) {
                twist(right);
                ++twisted;
            }
            return right;
        };
        const bool enough = QTest::qWaitFor([&] { return twisted >= 3; }, 20000);
        m_twist = {};
        const qint64 sent = traffic()[u"sent"_s].toInteger();
        const bool settled = QTest::qWaitFor([&] { return traffic()[u"settled"_s].toInteger() >= sent; }, 20000);
        QStringList failed = lines(u"failures.log"_s).sliced(before);
        if (!enough || !settled || failed.size() != twisted || traffic()[u"failed"_s].toInteger() != counted + twisted) {
            return {u"%1 answers were wrong, %2 failures are written down"_s.arg(twisted).arg(failed.size())};
        }
        return failed;
    }
    static bool all(const QStringList &failed, const QString &words)
    {
        return !failed.isEmpty() && std::ranges::all_of(failed, [&words](const QString &line) { return line.contains(words); });
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY(m_front.listen(QHostAddress::LocalHost));
        connect(&m_front, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *socket = m_front.nextPendingConnection()) {
                connect(socket, &QTcpSocket::readyRead, this, [this, socket] { answer(socket); });
                connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            }
        });
        m_port = quint16(cutover::testing::freePort());
        m_traffic.setProcessChannelMode(QProcess::ForwardedChannels);
        m_traffic.start(qEnvironmentVariable("CUTOVER_BIN") + u"/cutover-demo-service"_s,
                        {u"traffic"_s, u"--port"_s, QString::number(m_port), u"--frontend"_s, u"http://127.0.0.1:%1"_s.arg(m_front.serverPort()), u"--data"_s, m_folder.path(), u"--rate"_s, u"100"_s, u"--pages"_s});
        QVERIFY(m_traffic.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"acknowledged"_s].toInteger() > 5, 20000);
    }
    void cleanupTestCase()
    {
        m_traffic.terminate();
        // Its log would lack what it has not waited for.
        QVERIFY(QTest::qWaitFor([this] { return m_traffic.state() == QProcess::NotRunning; }, 30000));
        QCOMPARE(m_traffic.exitCode(), 0);
    }

    void rightAnswersAreNoFailures()
    {
        const qint64 sent = traffic()[u"sent"_s].toInteger();
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"settled"_s].toInteger() > sent + 50, 20000);
        QCOMPARE(lines(u"failures.log"_s), QStringList());
        const QStringList acknowledged = lines(u"acknowledged.log"_s);
        for (const QString &line : acknowledged) {
            QCOMPARE(line.section(u' ', 1), m_clients.value(line.section(u' ', 0, 0).toLongLong()));
        }
    }

    void wrongAnswersFail_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QString>("path");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("words");
        QTest::newRow("receipt") << QByteArray("POST") << u"/api/orders"_s << QByteArray(R"({"id":7,"client_id":"someone"})") << u"status 200, but not for order traffic-"_s;
        QTest::newRow("receipt without an id") << QByteArray("POST") << u"/api/orders"_s << QByteArray(R"({"status":"ok"})") << u"status 200, but not for order traffic-"_s;
        QTest::newRow("order") << QByteArray("GET") << u"/api/orders/"_s << QByteArray(R"({"id":0,"symbol":"KIS","client_id":"x"})") << u"status 200, but not the order "_s;
        QTest::newRow("quote") << QByteArray("GET") << u"/api/market/quote/"_s << QByteArray(R"({"symbol":"OTHER","price":1})") << u"status 200, but not a quote of "_s;
        QTest::newRow("page for a quote") << QByteArray("GET") << u"/api/market/quote/"_s << QByteArray("<html><h1>Trading</h1></html>") << u"status 200, but not a quote of "_s;
        QTest::newRow("feature") << QByteArray("GET") << u"/api/features/check"_s << QByteArray(R"({"feature":"ai_predictions","user":"x","enabled":true})") << u"status 200, but not of feature "_s;
        QTest::newRow("page") << QByteArray("GET") << u"/"_s << QByteArray("<html><h1>Trading</h1>") << u"status 200, but not the page"_s;
        QTest::newRow("nothing") << QByteArray("GET") << u"/"_s << QByteArray() << u"status 200, but not the page"_s;
    }
    void wrongAnswersFail()
    {
        QFETCH(QByteArray, method);
        QFETCH(QString, path);
        QFETCH(QByteArray, body);
        QFETCH(QString, words);
        const qsizetype acknowledged = lines(u"acknowledged.log"_s).size();
        const QStringList failed = failuresWhile(method, path, [&](Answer &answer) { answer.body = body; });
        QVERIFY2(all(failed, words), qPrintable(failed.join(u'\n')));
        // Orders go on meanwhile, unless it is they that fail.
        QVERIFY(method == "POST" || lines(u"acknowledged.log"_s).size() > acknowledged);
    }

    void anAnswerThatBreaksOffFails()
    {
        for (const auto &[method, path] : {std::pair("POST", u"/api/orders"_s), std::pair("GET", u"/api/market/quote/"_s)}) {
            const QStringList failed = failuresWhile(method, path, [](Answer &answer) { answer.cutOff = 1; });
            QVERIFY2(all(failed, u"status 200, but "_s), qPrintable(failed.join(u'\n')));
        }
    }

    /// As it always was, for whoever reads the log: the maintenance page of a full restore.
    void maintenanceIsToldByItsStatus()
    {
        const QStringList failed = failuresWhile("GET", u"/api/market/quote/"_s, [](Answer &answer) { answer = {.status = 503, .body = "maintenance"}; });
        QVERIFY2(std::ranges::all_of(failed, [](const QString &line) { return line.endsWith(u"status 503"); }), qPrintable(failed.join(u'\n')));
    }

    void whatHangsIsNotSettled()
    {
        const qsizetype before = lines(u"failures.log"_s).size();
        int hanging = 0;
        m_twist = [&hanging](const Question &question, Answer right) {
            right.comes = hanging > 0 || question.url.path() != u"/";
            hanging += right.comes ? 0 : 1;
            return right;
        };
        QTRY_VERIFY_WITH_TIMEOUT(hanging == 1, 20000);
        const QJsonObject then = traffic();
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"sent"_s].toInteger() > then[u"sent"_s].toInteger() + 20, 20000);
        const QJsonObject now = traffic();
        QVERIFY(now[u"settled"_s].toInteger() <= then[u"sent"_s].toInteger());
        QCOMPARE(lines(u"failures.log"_s).size(), before);
        // It is given up in the end.
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"settled"_s].toInteger() > now[u"sent"_s].toInteger(), 40000);
        QCOMPARE(lines(u"failures.log"_s).size(), before + 1);
        QCOMPARE(hanging, 1);
    }
};

QTEST_GUILESS_MAIN(TrafficTest)
#include "traffictest.moc"
