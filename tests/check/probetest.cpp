// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallserver.h"

#include "check/probe.h"

#include <QCoroTask>
#include <QElapsedTimer>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

class ProbeTest : public QObject
{
    Q_OBJECT

    static ProbeSpec http(const QString &url)
    {
        ProbeSpec spec;
        spec.name = u"backend"_s;
        spec.http = url;
        spec.timeoutMs = 3000;
        spec.intervalMs = 20;
        spec.readyWithinMs = 300;
        return spec;
    }
    static ProbeResult once(const ProbeSpec &spec, std::stop_token stop = {}) { return QCoro::waitFor(probeOnce(spec, stop)); }

private Q_SLOTS:
    void httpAnswers_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("expectStatus");
        QTest::addColumn<QString>("expectBody");
        QTest::addColumn<QString>("code");
        QTest::newRow("ok") << 200 << QByteArray("fine") << 0 << QString() << QString();
        QTest::newRow("no content") << 204 << QByteArray() << 0 << QString() << QString();
        QTest::newRow("redirect is no success") << 302 << QByteArray() << 0 << QString() << u"probe.status"_s;
        QTest::newRow("server error") << 503 << QByteArray("no") << 0 << QString() << u"probe.status"_s;
        QTest::newRow("not found") << 404 << QByteArray("no") << 0 << QString() << u"probe.status"_s;
        QTest::newRow("expected status") << 503 << QByteArray() << 503 << QString() << QString();
        QTest::newRow("other than expected") << 200 << QByteArray() << 204 << QString() << u"probe.status"_s;
        QTest::newRow("body") << 200 << QByteArray("{\"status\":\"ok\"}") << 0 << u"\"ok\""_s << QString();
        QTest::newRow("other body") << 200 << QByteArray("{\"status\":\"bad\"}") << 0 << u"\"ok\""_s << u"probe.body"_s;
    }
    void httpAnswers()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        SmallServer server([&](const QByteArray &) { return SmallServer::Answer{status, body}; });
        QFETCH(int, expectStatus);
        QFETCH(QString, expectBody);
        QFETCH(QString, code);
        ProbeSpec spec = http(server.url(u"/api/health"_s));
        spec.expectStatus = expectStatus;
        spec.expectBody = expectBody;
        const ProbeResult result = once(spec);
        QCOMPARE(result.error.code, code);
        QCOMPARE(result.ok, code.isEmpty());
        QCOMPARE(server.requests, 1);
        if (result.ok) {
            QCOMPARE(result.body, body);
        } else if (code == u"probe.status") {
            QCOMPARE(result.error.args.value(u"status"_s).toInt(), status);
            QVERIFY(result.error.what().contains(QString::number(status)));
            QVERIFY(result.error.what().contains(spec.http));
        }
    }

    void httpFailures()
    {
        QCOMPARE(once(http(u"http://127.0.0.1:%1/"_s.arg(freePort()))).error.code, u"probe.refused"_s);
        QCOMPARE(once(http(u"http://no-such-host.invalid/"_s)).error.code, u"probe.dns"_s);
        QCOMPARE(once(http(u"gopher://127.0.0.1/"_s)).error.code, u"probe.url"_s);
        QCOMPARE(once(http(u"http://"_s)).error.code, u"probe.url"_s);
        QCOMPARE(once(ProbeSpec()).error.code, u"probe.empty"_s);

        SmallServer server([](const QByteArray &) { return SmallServer::Answer{200, "half", 1000}; });
        QCOMPARE(once(http(server.url())).error.code, u"probe.closed"_s);

        server.setHandler([](const QByteArray &) { return SmallServer::Answer{.body = {}, .silent = true}; });
        ProbeSpec spec = http(server.url());
        spec.timeoutMs = 150;
        const ProbeResult late = once(spec);
        QCOMPARE(late.error.code, u"probe.timeout"_s);
        QCOMPARE(late.error.kind, Error::Kind::Transient);
        QVERIFY2(late.durationMs >= 140 && late.durationMs < 2000, qPrintable(QString::number(late.durationMs)));
    }

    void bodyIsLimited()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{200, QByteArray(5 << 20, 'x')}; });
        const ProbeResult result = once(http(server.url()));
        QVERIFY2(result.ok, qPrintable(result.error.text()));
        QCOMPARE(result.body.size(), 64 << 10);
    }

    void cancelled()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{.body = {}, .silent = true}; });
        std::stop_source stop;
        QTimer::singleShot(50, this, [&stop] { stop.request_stop(); });
        const ProbeResult result = once(http(server.url()), stop.get_token());
        QCOMPARE(result.error.kind, Error::Kind::Cancelled);
        QVERIFY(result.durationMs < 2000);
        QCOMPARE(once(http(server.url()), stop.get_token()).error.kind, Error::Kind::Cancelled);
    }

    void tcp()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{}; });
        ProbeSpec spec;
        spec.tcp = u"127.0.0.1:%1"_s.arg(server.serverPort());
        QVERIFY(once(spec).ok);
        spec.tcp = u"127.0.0.1:%1"_s.arg(freePort());
        QCOMPARE(once(spec).error.code, u"probe.refused"_s);
        spec.tcp = u"no-such-host.invalid:1"_s;
        QCOMPARE(once(spec).error.code, u"probe.dns"_s);
        spec.tcp = u"127.0.0.1"_s;
        QCOMPARE(once(spec).error.code, u"probe.address"_s);
    }

    void command()
    {
        ProbeSpec spec;
        spec.command = {u"/bin/sh"_s, u"-c"_s, u"echo one; echo broken pipe fitting >&2; exit 3"_s};
        const ProbeResult failed = once(spec);
        QCOMPARE(failed.error.code, u"probe.exit"_s);
        QCOMPARE(failed.error.args.value(u"exit"_s).toInt(), 3);
        QCOMPARE(failed.error.args.value(u"lastLine"_s).toString(), u"broken pipe fitting"_s);
        spec.command = {u"/bin/true"_s};
        QVERIFY(once(spec).ok);
        spec.command = {u"/bin/sleep"_s, u"30"_s};
        spec.timeoutMs = 100;
        QCOMPARE(once(spec).error.code, u"probe.timeout"_s);
        spec.command = {u"/no/such/program"_s};
        QCOMPARE(once(spec).error.code, u"process.not_found"_s);
    }

    void readyAsSoonAsItAnswers()
    {
        SmallServer server([&server](const QByteArray &) { return SmallServer::Answer{server.requests < 4 ? 503 : 200, "x"}; });
        ProbeSpec spec = http(server.url());
        spec.readyWithinMs = 10000;
        const auto result = QCoro::waitFor(waitUntilOk(spec));
        QVERIFY2(result, qPrintable(result ? QString() : result.error().text()));
        QCOMPARE(server.requests, 4);
    }

    void neverReady()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{500, "x"}; });
        QElapsedTimer timer;
        timer.start();
        const auto result = QCoro::waitFor(waitUntilOk(http(server.url())));
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"probe.not_ready"_s);
        QCOMPARE(result.error().args.value(u"last"_s)[u"code"].toString(), u"probe.status"_s);
        QVERIFY(timer.elapsed() >= 250 && timer.elapsed() < 3000);
        QVERIFY2(result.error().what().contains(u"answered with status 500"_s), qPrintable(result.error().what()));
    }

    void waitingIsCancelled()
    {
        std::stop_source stop;
        QTimer::singleShot(60, this, [&stop] { stop.request_stop(); });
        ProbeSpec spec = http(u"http://127.0.0.1:%1/"_s.arg(freePort()));
        spec.readyWithinMs = 60000;
        const auto result = QCoro::waitFor(waitUntilOk(spec, stop.get_token()));
        QVERIFY(!result);
        QCOMPARE(result.error().kind, Error::Kind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(ProbeTest)
#include "probetest.moc"
