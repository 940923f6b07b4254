// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// How long certificates are valid, of files and of servers, and whether a server's is for the name that it is reached by.
// Whether anybody trusts them is not asked: a server is talked to only to see what it shows.

#include "check/checklist.h"
#include "system/awaitable.h"
#include "system/clock.h"
#include "system/files.h"

#include <QJsonArray>
#include <QNetworkProxy>
#include <QSslCertificate>
#include <QSslSocket>
#include <QTimer>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 dayMs = 24LL * 3600 * 1000;
constexpr qint64 answerMs = 10000;
constexpr qint64 maxFile = 1 << 20;

struct Shown {
    QList<QSslCertificate> chain; ///< The server's own first.
    bool otherHost = false;
};

QString nameOf(const QSslCertificate &certificate)
{
    const QString common = certificate.subjectInfo(QSslCertificate::CommonName).join(u", "_s);
    return common.isEmpty() ? certificate.subjectDisplayName() : common;
}

/// Hosts that it is for.
QJsonArray hostsOf(const QSslCertificate &certificate)
{
    const auto alternatives = certificate.subjectAlternativeNames();
    QStringList names = alternatives.values(QSsl::DnsEntry) + alternatives.values(QSsl::IpAddressEntry);
    if (names.isEmpty()) {
        names = certificate.subjectInfo(QSslCertificate::CommonName);
    }
    names.sort();
    return QJsonArray::fromStringList(names);
}

Async<Shown> ofServer(QString server, std::stop_token stop)
{
    if (!QSslSocket::supportsSsl()) {
        co_return fail(u"check.no_tls"_s);
    }
    const QUrl address(u"tls://"_s + server, QUrl::StrictMode);
    const QString url = u"tls://"_s + server;
    enum class Ended { ByPeer,
                       Timeout,
                       Cancelled } ended = Ended::ByPeer;
    OneShot done;
    Shown shown;
    QSslSocket socket;
    const auto end = [&ended, &done](Ended why) {
        if (!done.isSet()) {
            ended = why;
            done.set();
        }
    };
    QObject::connect(&socket, &QSslSocket::encrypted, &socket, [&end] { end(Ended::ByPeer); });
    QObject::connect(&socket, &QSslSocket::errorOccurred, &socket, [&end] { end(Ended::ByPeer); });
    QObject::connect(&socket, &QSslSocket::sslErrors, &socket, [&shown](const QList<QSslError> &errors) {
        for (const QSslError &error : errors) {
            shown.otherHost = shown.otherHost || error.error() == QSslError::HostNameMismatch;
        }
    });
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &socket, [&end] { end(Ended::Timeout); });
    timer.start(std::chrono::milliseconds(answerMs));
    const std::stop_callback onStop(stop, [&socket, &end] {
        QMetaObject::invokeMethod(&socket, [&end] { end(Ended::Cancelled); }, Qt::QueuedConnection);
    });
    socket.setProxy(QNetworkProxy::NoProxy);
    // Asks for the certificate, tells what it finds, and goes on whatever that is.
    socket.setPeerVerifyMode(QSslSocket::QueryPeer);
    socket.connectToHostEncrypted(address.host(), quint16(address.port()));
    co_await done.future();

    QObject::disconnect(&socket, nullptr, &socket, nullptr);
    if (ended == Ended::Cancelled) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    shown.chain = socket.peerCertificateChain();
    const QSslCertificate own = socket.peerCertificate();
    if (!own.isNull() && (shown.chain.isEmpty() || shown.chain.first() != own)) {
        shown.chain.prepend(own);
    }
    if (!shown.chain.isEmpty()) {
        socket.abort();
        co_return shown;
    }
    if (ended == Ended::Timeout) {
        co_return fail(u"probe.timeout"_s, {{u"url"_s, url}, {u"limit"_s, answerMs}}, url, Error::Kind::Transient);
    }
    switch (socket.error()) {
    case QAbstractSocket::ConnectionRefusedError:
        co_return fail(u"probe.refused"_s, {{u"url"_s, url}}, url, Error::Kind::Transient);
    case QAbstractSocket::HostNotFoundError:
        co_return fail(u"probe.dns"_s, {{u"url"_s, url}, {u"host"_s, address.host()}}, url, Error::Kind::Transient);
    default:
        co_return fail(u"probe.tls"_s, {{u"url"_s, url}, {u"reason"_s, socket.errorString()}}, url, Error::Kind::Transient);
    }
}

Async<Shown> ofFile(QString path)
{
    CO_TRY(const QByteArray content, files::read(path, maxFile));
    Shown shown;
    shown.chain = QSslCertificate::fromData(content, QSsl::Pem);
    if (shown.chain.isEmpty()) {
        co_return fail(u"check.certificate_none"_s, {{u"file"_s, path}}, path);
    }
    co_return shown;
}

QCoro::Task<Finding> run(CertificateSpec spec, std::stop_token stop)
{
    const QString place = spec.server.isEmpty() ? spec.file : spec.server;
    const auto shown = spec.server.isEmpty() ? co_await ofFile(spec.file) : co_await ofServer(spec.server, stop);
    if (!shown) {
        co_return wrong(shown.error());
    }
    // The chain is as good as the one of it that ends first.
    const QDateTime now = Clock::system().now();
    QSslCertificate worst = shown->chain.first();
    for (const QSslCertificate &certificate : shown->chain) {
        if (certificate.expiryDate() < worst.expiryDate()) {
            worst = certificate;
        }
    }
    const qint64 left = now.msecsTo(worst.expiryDate());
    // Rounded down: of a day that has begun nobody should count on all.
    const QJsonObject args{{u"place"_s, place},
                           {u"subject"_s, nameOf(worst)},
                           {u"until"_s, worst.expiryDate().toUTC().toString(Qt::ISODate)},
                           {u"days"_s, left >= 0 ? left / dayMs : -((dayMs - 1 - left) / dayMs)},
                           {u"ago"_s, (dayMs - 1 - left) / dayMs},
                           {u"minimum"_s, spec.minimumDays}};
    if (left < 0) {
        co_return wrong(u"check.certificate_expired"_s, args, place);
    }
    for (const QSslCertificate &certificate : shown->chain) {
        if (certificate.effectiveDate() > now) {
            co_return wrong(u"check.certificate_early"_s,
                            {{u"place"_s, place}, {u"subject"_s, nameOf(certificate)}, {u"from"_s, certificate.effectiveDate().toUTC().toString(Qt::ISODate)}}, place);
        }
    }
    if (shown->otherHost) {
        co_return wrong(u"check.certificate_host"_s,
                        {{u"place"_s, place}, {u"host"_s, QUrl(u"tls://"_s + spec.server).host()}, {u"names"_s, hostsOf(shown->chain.first())}}, place);
    }
    co_return left < spec.minimumDays *dayMs ? wrong(u"check.certificate_ends"_s, args, place) : passed(u"check.certificate_ok"_s, args);
}

const CheckKind kind(70, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const CertificateSpec &spec : scope.target.check.certificates) {
        items.append({u"certificate:"_s + spec.name, {u"check.certificate"_s, {{u"name"_s, spec.name}}}, spec.critical, [spec](CheckScope, std::stop_token stop) { return run(spec, stop); }, false, {}, true});
    }
    return items;
});

const Catalogue::Registration texts{
    {"check.certificate", QT_TRANSLATE_NOOP("catalogue", "Certificate %{name}")},
    {"check.certificate_ok",
     QT_TRANSLATE_NOOP("catalogue", "“%{subject}” is valid until %{until:time}: %{days} %{days|day|days} left, at least %{minimum} needed")},
    {"check.certificate_ends",
     QT_TRANSLATE_NOOP("catalogue", "The certificate “%{subject}” of %{place} is valid until %{until:time}: %{days} %{days|day|days} left, at least %{minimum} needed."),
     QT_TRANSLATE_NOOP("catalogue", "Renew it, and let the server load it.")},
    {"check.certificate_expired",
     QT_TRANSLATE_NOOP("catalogue", "The certificate “%{subject}” of %{place} ended %{until:time}, %{ago} %{ago|day|days} ago; at least %{minimum} left are needed."),
     QT_TRANSLATE_NOOP("catalogue", "Renew it, and let the server load it.")},
    {"check.certificate_early",
     QT_TRANSLATE_NOOP("catalogue", "The certificate “%{subject}” of %{place} is valid from %{from:time} on, not yet now."),
     QT_TRANSLATE_NOOP("catalogue", "Check the clocks of this host and of the one that made it.")},
    {"check.certificate_host",
     QT_TRANSLATE_NOOP("catalogue", "The certificate that %{place} shows is not for “%{host}”, but for: %{names:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Get one for that name, or reach the server by the name that it has.")},
    {"check.certificate_none",
     QT_TRANSLATE_NOOP("catalogue", "There is no certificate in “%{file}”; expected one in PEM."),
     QT_TRANSLATE_NOOP("catalogue", "Name the file that begins with BEGIN CERTIFICATE.")},
    {"check.no_tls",
     QT_TRANSLATE_NOOP("catalogue", "This host has no TLS for Qt, so no server's certificate can be seen."),
     QT_TRANSLATE_NOOP("catalogue", "Install Qt's TLS plug-in and OpenSSL.")},
};

} // namespace

} // namespace cutover
