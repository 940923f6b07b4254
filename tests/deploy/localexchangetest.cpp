// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/localexchange.h"

#include <QCoroTask>
#include <QLocalServer>
#include <QLocalSocket>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

/** Questions to local sockets of which the answer is late, cut off, or not wanted any more. */
class LocalExchangeTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        // What reads from a socket that is gone may read from anything that is gone.
        QTest::failOnWarning(QRegularExpression(u"."_s));
        m_server.setSocketOptions(QLocalServer::UserAccessOption);
        QVERIFY2(m_server.listen(m_folder.filePath(u"s"_s)), qPrintable(m_server.errorString()));
    }
    void cleanup() { m_server.close(); }

    void answers()
    {
        connect(&m_server, &QLocalServer::newConnection, this, [this] {
            QLocalSocket *socket = m_server.nextPendingConnection();
            connect(socket, &QLocalSocket::readyRead, socket, [socket] {
                socket->write("answer to " + socket->readAll());
                socket->disconnectFromServer();
            });
        });
        const auto answer = QCoro::waitFor(localExchange(m_server.fullServerName(), "question", 10000));
        QVERIFY(answer);
        QCOMPARE(*answer, QByteArray("answer to question"));
    }

    /// Also with half an answer there, and with the link still open when all of it goes away.
    void answersTooLate()
    {
        disconnect(&m_server, nullptr, this, nullptr);
        connect(&m_server, &QLocalServer::newConnection, this, [this] { m_server.nextPendingConnection()->write(QByteArray(5000, 'x')); });
        for (int i = 0; i < 50; ++i) {
            const auto late = QCoro::waitFor(localExchange(m_server.fullServerName(), "question", 5));
            QVERIFY(!late);
            QCOMPARE(late.error().code, u"deploy.socket_timeout"_s);
            QCOMPARE(late.error().kind, Error::Kind::Transient);
            QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        }
    }

    void isNotWantedAnyMore()
    {
        disconnect(&m_server, nullptr, this, nullptr);
        connect(&m_server, &QLocalServer::newConnection, this, [this] { (void)m_server.nextPendingConnection(); });
        std::stop_source stop;
        auto task = localExchange(m_server.fullServerName(), "question", 30000, stop.get_token());
        QTest::qWait(50);
        stop.request_stop();
        const auto cancelled = QCoro::waitFor(std::move(task));
        QVERIFY(!cancelled);
        QCOMPARE(cancelled.error().kind, Error::Kind::Cancelled);
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }

private:
    QTemporaryDir m_folder;
    QLocalServer m_server;
};

QTEST_GUILESS_MAIN(LocalExchangeTest)
#include "localexchangetest.moc"
