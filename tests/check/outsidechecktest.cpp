// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallserver.h"

#include "check/checklist.h"
#include "system/files.h"

#include <QCoroTask>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QSslKey>
#include <QSslServer>
#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

/** Systems that are not ours, and certificates: against real servers and certificates that openssl makes. */
class OutsideCheckTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    CheckScope m_scope;
    QList<Message> m_told;

    Finding run(const QString &id, std::stop_token stop = {})
    {
        m_told.clear();
        m_scope.tell = [this](const Message &message) { m_told.append(message); };
        const QList<CheckItem> items = CheckKind::all(m_scope);
        for (const CheckItem &item : items) {
            if (item.id == id) {
                const Finding finding = QCoro::waitFor(item.run(m_scope, stop));
                if (!Catalogue::contains(finding.text.code) || finding.text.text().contains(u"%{") || !Catalogue::contains(item.title.code)) {
                    return wrong(u"no.text"_s, {{u"code"_s, finding.text.code}});
                }
                return finding;
            }
        }
        return wrong(u"no.such_item"_s);
    }

    /// The path of a PEM file with a certificate for hosts, valid from and to days from now.
    QString certificate(const QString &name, const QString &hosts, int from, int to, const QString &common)
    {
        const auto day = [](int days) { return QDateTime::currentDateTimeUtc().addDays(days).addSecs(3600).toString(u"yyyyMMddhhmmss'Z'"_s); };
        const QString file = m_folder.filePath(name + u".pem"_s);
        QProcess openssl;
        openssl.start(u"openssl"_s, {u"req"_s, u"-x509"_s, u"-newkey"_s, u"rsa:2048"_s, u"-nodes"_s, u"-keyout"_s, m_folder.filePath(name + u".key"_s), u"-out"_s, file, u"-subj"_s, u"/CN="_s + common, u"-addext"_s, u"subjectAltName="_s + hosts, u"-not_before"_s, day(from), u"-not_after"_s, day(to)});
        if (!openssl.waitForFinished() || openssl.exitCode() != 0) {
            qWarning() << openssl.errorString() << openssl.readAllStandardError();
            return {};
        }
        return file;
    }

    std::unique_ptr<QSslServer> serve(const QString &pem)
    {
        auto server = std::make_unique<QSslServer>();
        QSslConfiguration configuration;
        configuration.setLocalCertificateChain(QSslCertificate::fromPath(pem));
        QFile key(QString(pem).replace(u".pem"_s, u".key"_s));
        if (!key.open(QIODevice::ReadOnly)) {
            return {};
        }
        configuration.setPrivateKey(QSslKey(key.readAll(), QSsl::Rsa));
        server->setSslConfiguration(configuration);
        return server->listen(QHostAddress::LocalHost) ? std::move(server) : nullptr;
    }

    void certificateIs(const QString &file, const QString &server, int minimum)
    {
        CertificateSpec spec;
        spec.name = u"front"_s;
        spec.file = file;
        spec.server = server;
        spec.minimumDays = minimum;
        m_scope.target.check.certificates = {spec};
    }

private Q_SLOTS:
    void init()
    {
        m_scope = CheckScope();
        m_scope.target.path = m_folder.filePath(u"target.yaml"_s);
        m_scope.target.stateDirectory = m_folder.filePath(u"state"_s);
    }

    void externalThatAnswers()
    {
        SmallServer server([](const QByteArray &) { return SmallServer::Answer{200, "up"}; });
        ProbeSpec probe;
        probe.name = u"kis"_s;
        probe.http = server.url(u"/status"_s);
        m_scope.target.check.external = {probe};
        for (const bool after : {false, true}) {
            m_scope.afterUpdate = after;
            const Finding finding = run(u"external:kis"_s);
            QVERIFY2(finding.error.code.isEmpty(), qPrintable(finding.error.text()));
            QCOMPARE(finding.text.code, u"check.answered"_s);
        }
        QCOMPARE(server.requests, 2);
    }

    void externalThatIsDownFails()
    {
        ProbeSpec probe;
        probe.name = u"kis"_s;
        probe.http = u"http://127.0.0.1:%1/status"_s.arg(freePort());
        m_scope.target.check.external = {probe};
        const Finding finding = run(u"external:kis"_s);
        QCOMPARE(finding.error.what(), QString(u"The external system “kis” is down: "_s + probe.http + u" refused the connection."_s));
        QVERIFY(!wantsHold(finding.error));
        QVERIFY(m_told.isEmpty());
    }

    void externalIsWaitedFor()
    {
        const quint16 port = freePort();
        ProbeSpec probe;
        probe.name = u"kis"_s;
        probe.http = u"http://127.0.0.1:%1/status"_s.arg(port);
        probe.intervalMs = 50;
        probe.whileDown = ProbeSpec::WhileDown::Wait;
        m_scope.target.check.external = {probe};
        m_scope.target.check.externalWaitMs = 20000;
        std::unique_ptr<SmallServer> server;
        QTimer::singleShot(600, this, [&server, port] {
            server = std::make_unique<SmallServer>([](const QByteArray &) { return SmallServer::Answer{200, "up"}; }, port);
        });
        const Finding back = run(u"external:kis"_s);
        QVERIFY2(back.error.code.isEmpty(), qPrintable(back.error.text()));
        QCOMPARE(back.text.code, u"check.external_back"_s);
        QVERIFY2(back.text.args[u"waited"_s].toInteger() >= 550, qPrintable(back.text.text()));
        QVERIFY(m_told.size() >= 3);
        QCOMPARE(m_told.first().code, u"check.external_waiting"_s);
        QVERIFY2(m_told.last().text().contains(u"of at most 20 s: "_s + probe.http + u" refused"_s), qPrintable(m_told.last().text()));

        // Its limit.
        server.reset();
        m_scope.target.check.externalWaitMs = 300;
        QElapsedTimer clock;
        clock.start();
        const Finding gone = run(u"external:kis"_s);
        QCOMPARE(gone.error.code, u"check.external_waited"_s);
        QVERIFY2(gone.error.what().contains(u"the limit is 300 ms"_s), qPrintable(gone.error.what()));
        QVERIFY2(clock.elapsed() >= 300 && clock.elapsed() < 5000, qPrintable(QString::number(clock.elapsed())));

        // Somebody does not want to wait.
        m_scope.target.check.externalWaitMs = 60000;
        std::stop_source stop;
        QTimer::singleShot(200, this, [&stop] { stop.request_stop(); });
        clock.restart();
        QCOMPARE(run(u"external:kis"_s, stop.get_token()).error.kind, Error::Kind::Cancelled);
        QVERIFY(clock.elapsed() < 5000);
    }

    void externalHolds()
    {
        ProbeSpec probe;
        probe.name = u"kis"_s;
        probe.tcp = u"127.0.0.1:%1"_s.arg(freePort());
        probe.whileDown = ProbeSpec::WhileDown::Hold;
        m_scope.target.check.external = {probe};
        QVERIFY(wantsHold(run(u"external:kis"_s).error));
        // What is a warning only holds nobody.
        m_scope.target.check.external[0].critical = false;
        QCOMPARE(run(u"external:kis"_s).error.code, u"check.external_down"_s);
    }

    void certificateFiles()
    {
        const QString good = certificate(u"good"_s, u"DNS:trading.example.org"_s, -1, 90, u"trading.example.org"_s);
        QVERIFY(!good.isEmpty());
        certificateIs(good, {}, 30);
        const Finding fine = run(u"certificate:front"_s);
        QVERIFY2(fine.error.code.isEmpty(), qPrintable(fine.error.text()));
        QCOMPARE(fine.text.args[u"days"_s].toInt(), 90);
        QVERIFY2(fine.text.text().startsWith(u"“trading.example.org” is valid until "_s) && fine.text.text().endsWith(u": 90 days left, at least 30 needed"_s), qPrintable(fine.text.text()));

        certificateIs(good, {}, 91);
        const Finding soon = run(u"certificate:front"_s);
        QCOMPARE(soon.error.code, u"check.certificate_ends"_s);
        QVERIFY2(soon.error.what().endsWith(u": 90 days left, at least 91 needed."_s), qPrintable(soon.error.what()));

        // The chain ends with the first of it that does.
        const QString chain = m_folder.filePath(u"chain.pem"_s);
        const QString shorter = certificate(u"shorter"_s, u"DNS:ca"_s, -1, 5, u"Our authority"_s);
        QVERIFY(files::replace(chain, *files::read(good) + *files::read(shorter)));
        certificateIs(chain, {}, 30);
        const Finding second = run(u"certificate:front"_s);
        QVERIFY2(second.error.what().contains(u"“Our authority” of "_s + chain), qPrintable(second.error.what()));
        QCOMPARE(second.error.args[u"days"_s].toInt(), 5);

        certificateIs(certificate(u"old"_s, u"DNS:x"_s, -30, -3, u"x"_s), {}, 14);
        const Finding old = run(u"certificate:front"_s);
        QCOMPARE(old.error.code, u"check.certificate_expired"_s);
        QVERIFY2(old.error.what().endsWith(u", 3 days ago; at least 14 left are needed."_s), qPrintable(old.error.what()));

        certificateIs(certificate(u"early"_s, u"DNS:x"_s, 2, 100, u"x"_s), {}, 14);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"check.certificate_early"_s);

        certificateIs(m_folder.filePath(u"good.key"_s), {}, 14);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"check.certificate_none"_s);
        certificateIs(m_folder.filePath(u"nothing.pem"_s), {}, 14);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"file.not_found"_s);
    }

    void certificatesOfServers()
    {
        const QString pem = certificate(u"server"_s, u"DNS:localhost,DNS:other.example.org"_s, -1, 40, u"localhost"_s);
        const auto server = serve(pem);
        QVERIFY(server);
        const QString port = QString::number(server->serverPort());
        // Signed by nobody whom this host trusts: that is not what is asked.
        certificateIs({}, u"localhost:"_s + port, 14);
        const Finding fine = run(u"certificate:front"_s);
        QVERIFY2(fine.error.code.isEmpty(), qPrintable(fine.error.text()));
        QCOMPARE(fine.text.args[u"days"_s].toInt(), 40);

        certificateIs({}, u"127.0.0.1:"_s + port, 14);
        const Finding other = run(u"certificate:front"_s);
        QCOMPARE(other.error.what(),
                 QString(u"The certificate that 127.0.0.1:"_s + port + u" shows is not for “127.0.0.1”, but for: localhost, other.example.org."_s));

        certificateIs({}, u"localhost:"_s + port, 60);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"check.certificate_ends"_s);
        const auto old = serve(certificate(u"oldserver"_s, u"DNS:localhost"_s, -30, -1, u"localhost"_s));
        QVERIFY(old);
        certificateIs({}, u"localhost:"_s + QString::number(old->serverPort()), 14);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"check.certificate_expired"_s);

        certificateIs({}, u"127.0.0.1:%1"_s.arg(freePort()), 14);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"probe.refused"_s);
        SmallServer plain([](const QByteArray &) { return SmallServer::Answer{200, "no TLS"}; });
        QTcpServer rude;
        QVERIFY(rude.listen(QHostAddress::LocalHost));
        connect(&rude, &QTcpServer::newConnection, &rude, [&rude] { rude.nextPendingConnection()->write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
        certificateIs({}, u"127.0.0.1:%1"_s.arg(rude.serverPort()), 14);
        QCOMPARE(run(u"certificate:front"_s).error.code, u"probe.tls"_s);
    }

    void onlyCriticalCertificatesBlock()
    {
        certificateIs(u"/nowhere.pem"_s, {}, 14);
        QCOMPARE(CheckKind::all(m_scope).first().id.isEmpty(), false);
        const auto required = [this] {
            const QList<CheckItem> items = CheckKind::all(m_scope);
            return std::ranges::find(items, u"certificate:front"_s, &CheckItem::id)->required;
        };
        QVERIFY(!required());
        m_scope.target.check.certificates[0].critical = true;
        QVERIFY(required());
    }
};

QTEST_GUILESS_MAIN(OutsideCheckTest)
#include "outsidechecktest.moc"
