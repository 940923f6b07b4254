// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gracefulserver.h"
#include "roles.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHttpServerResponse>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace demo {

namespace {

using Status = QHttpServerResponse::StatusCode;

/// The file, or the part of it from "Range: bytes=FIRST-[LAST]" on.
QHttpServerResponse fileResponse(const QString &folder, const QString &name, const QByteArray &range)
{
    const QString path = QDir::cleanPath(folder + u'/' + name);
    QFile file(path);
    if (!path.startsWith(QString(folder + u'/')) || !QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly)) {
        return QHttpServerResponse(Status::NotFound);
    }
    qint64 first = 0;
    qint64 last = file.size() - 1;
    Status status = Status::Ok;
    if (range.startsWith("bytes=") && range.contains('-')) {
        const QList<QByteArray> ends = range.sliced(6).split('-');
        first = ends[0].toLongLong();
        last = ends[1].isEmpty() ? last : qMin(last, ends[1].toLongLong());
        if (first > last) {
            QHttpServerResponse response(Status::RequestRangeNotSatisfiable);
            QHttpHeaders headers;
            headers.append("Content-Range", "bytes */" + QByteArray::number(file.size()));
            response.setHeaders(headers);
            return response;
        }
        status = Status::PartialContent;
    }
    file.seek(first);
    QHttpServerResponse response("application/octet-stream", file.read(last - first + 1), status);
    QHttpHeaders headers = response.headers();
    headers.append("Accept-Ranges", "bytes");
    if (status == Status::PartialContent) {
        headers.append("Content-Range",
                       "bytes " + QByteArray::number(first) + '-' + QByteArray::number(last) + '/' + QByteArray::number(file.size()));
    }
    response.setHeaders(headers);
    return response;
}

} // namespace

int runRepository(const Options &options)
{
    const QString folder = QDir::cleanPath(QFileInfo(options.folder).absoluteFilePath());
    if (options.folder.isEmpty() || !QFileInfo(folder).isDir()) {
        fprintf(stderr, "--folder %s is no folder\n", qPrintable(options.folder));
        return 2;
    }
    GracefulServer server;
    server.http().route(u"/<arg>"_s, QHttpServerRequest::Method::Get, [folder](const QUrl &path, const QHttpServerRequest &request) {
        return fileResponse(folder, path.path(QUrl::FullyDecoded), request.value("Range"));
    });
    if (!server.listen(options.port)) {
        return 3;
    }
    return QCoreApplication::exec();
}

} // namespace demo
