// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QFile>
#include <QTcpServer>
#include <QTcpSocket>
#include <QUrl>

/** A small HTTP server of a folder that can be told to behave badly. */
class FileServer : public QTcpServer
{
public:
    explicit FileServer(const QString &folder)
        : m_folder(folder)
    {
        connect(this, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *socket = nextPendingConnection()) {
                connect(socket, &QTcpSocket::readyRead, this, [this, socket] { answer(socket); });
                connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            }
        });
        listen(QHostAddress::LocalHost);
    }
    [[nodiscard]] QString url() const { return QStringLiteral("http://127.0.0.1:%1").arg(serverPort()); }

    qint64 truncateAt = -1; ///< Closes after that many bytes of a package's body.
    bool knowsRanges = true;
    bool lengthKnown = true;
    QByteArray etag = "\"one\"";
    int status = 0; ///< Answers everything with it.
    qint64 corruptAt = -1; ///< Changes the package's byte there.
    QByteArrayList requests; ///< "path range".
    qint64 bytesSent = 0; ///< Of packages.

private:
    void answer(QTcpSocket *socket)
    {
        QByteArray &request = m_requests[socket];
        request += socket->readAll();
        if (!request.contains("\r\n\r\n")) {
            return;
        }
        const QByteArrayList lines = request.split('\n');
        request.clear();
        const QByteArray path = lines.at(0).split(' ').value(1);
        QByteArray range;
        QByteArray ifRange;
        for (const QByteArray &line : lines) {
            if (line.toLower().startsWith("range: bytes=")) {
                range = line.trimmed().sliced(13);
            } else if (line.toLower().startsWith("if-range: ")) {
                ifRange = line.trimmed().sliced(10);
            }
        }
        requests << path + ' ' + range;
        const bool isPackage = path.endsWith(".cutover");
        QFile file(m_folder + QUrl::fromPercentEncoding(path));
        if (status || !file.open(QFile::ReadOnly)) {
            const QByteArray code = status ? QByteArray::number(status) : QByteArray("404");
            socket->write("HTTP/1.1 " + code + " No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            socket->disconnectFromHost();
            return;
        }
        QByteArray body = file.readAll();
        const qint64 total = body.size();
        if (isPackage && corruptAt >= 0 && corruptAt < total) {
            body[corruptAt] = char(body[corruptAt] ^ 1);
        }
        QByteArray head = "HTTP/1.1 200 OK\r\n";
        if (!range.isEmpty() && knowsRanges && (ifRange.isEmpty() || ifRange == etag)) {
            const qint64 begin = range.split('-').first().toLongLong();
            if (begin >= total) {
                socket->write("HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                socket->disconnectFromHost();
                return;
            }
            body = body.sliced(begin);
            head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + QByteArray::number(begin) + '-' + QByteArray::number(total - 1)
                + '/' + QByteArray::number(total) + "\r\n";
        }
        if (!etag.isEmpty()) {
            head += "ETag: " + etag + "\r\n";
        }
        if (lengthKnown) {
            head += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
        }
        if (isPackage && truncateAt >= 0) {
            body.truncate(truncateAt);
        }
        bytesSent += isPackage ? body.size() : 0;
        socket->write(head + "Connection: close\r\n\r\n" + body);
        socket->disconnectFromHost();
    }

    QString m_folder;
    QHash<QTcpSocket *, QByteArray> m_requests;
};
