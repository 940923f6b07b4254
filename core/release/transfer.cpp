// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/transfer.h"

#include "system/awaitable.h"

#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QNetworkRequest>

#include <memory>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 pieceSize = 256 << 10;
constexpr qint64 bufferLimit = 4 << 20;

Result<> judge(int status, const QUrl &url)
{
    if (status >= 200 && status < 300) {
        return {};
    }
    const QJsonObject args{{u"status"_s, status}, {u"file"_s, url.fileName()}};
    if (status == 404 || status == 410) {
        return fail(u"repository.not_found"_s, args, url.toString());
    }
    const bool mayPass = status == 408 || status == 429 || status >= 500;
    return fail(u"repository.http_status"_s, args, url.toString(), mayPass ? Error::Kind::Transient : Error::Kind::Permanent);
}

} // namespace

Async<> runTransfer(Transfer transfer, std::stop_token stop)
{
    const auto cancelled = fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    if (stop.stop_requested()) {
        co_return cancelled;
    }
    QNetworkAccessManager manager;
    manager.setRedirectPolicy(QNetworkRequest::NoLessSafeRedirectPolicy);
    QNetworkRequest request(transfer.url);
    request.setRawHeader("User-Agent", "cutover/" CUTOVER_VERSION);
    // Sizes, ranges and digests are of the file as it lies there.
    request.setRawHeader("Accept-Encoding", "identity");
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    request.setTransferTimeout(std::chrono::milliseconds(transfer.stallLimitMs));
    for (const auto &[name, value] : std::as_const(transfer.headers)) {
        request.setRawHeader(name, value);
    }

    OneShot done;
    std::optional<Error> failure;
    bool hasHead = false;
    bool isStopped = false;
    const std::unique_ptr<QNetworkReply> reply(manager.get(request));
    reply->setReadBufferSize(bufferLimit);
    const auto accept = [&failure, &done](const Result<> &result) {
        if (!result) {
            failure = result.error();
            done.set();
        }
        return bool(result);
    };
    const auto take = [&] {
        if (failure || isStopped) {
            return;
        }
        if (!hasHead) {
            Transfer::Head head;
            head.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
            if (head.status == 0) {
                return;
            }
            hasHead = true;
            head.length = reply->hasRawHeader("Content-Length") ? reply->rawHeader("Content-Length").toLongLong() : -1;
            head.contentRange = reply->rawHeader("Content-Range");
            head.etag = reply->rawHeader("ETag");
            if (!accept(judge(head.status, transfer.url)) || (transfer.onHead && !accept(transfer.onHead(head)))) {
                return;
            }
        }
        while (reply->bytesAvailable() > 0) {
            if (!accept(transfer.onData(reply->read(pieceSize)))) {
                return;
            }
        }
    };
    QObject::connect(reply.get(), &QNetworkReply::readyRead, reply.get(), take);
    QObject::connect(reply.get(), &QNetworkReply::finished, reply.get(), [&done] { done.set(); });
    QObject context;
    const std::stop_callback onStop(stop, [&context, &isStopped, &done] {
        QMetaObject::invokeMethod(
            &context,
            [&isStopped, &done] {
                isStopped = true;
                done.set();
            },
            Qt::QueuedConnection);
    });
    co_await done.future();

    take();
    reply->disconnect();
    if (isStopped) {
        co_return cancelled;
    }
    if (failure) {
        co_return fail(*failure);
    }
    if (reply->error() != QNetworkReply::NoError || !hasHead) {
        // A certificate that is wrong now is wrong in a minute.
        const bool tls = reply->error() == QNetworkReply::SslHandshakeFailedError || reply->error() == QNetworkReply::ProtocolUnknownError;
        co_return fail(u"repository.unreachable"_s, {{u"reason"_s, reply->errorString()}}, transfer.url.toString(),
                       tls ? Error::Kind::Permanent : Error::Kind::Transient);
    }
    co_return Result<>();
}

} // namespace cutover
