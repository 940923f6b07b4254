// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/logfile.h"

#include "system/clock.h"

#include <QByteArrayView>
#include <QFile>

namespace cutover {

namespace {

constexpr qint64 PollMs = 200;
constexpr qint64 PieceBytes = 64 << 10;

/// Where the last lines begin.
qint64 beginOf(QFile &file, int lines)
{
    qint64 at = file.size();
    int seen = 0;
    while (at > 0) {
        const qint64 begin = qMax<qint64>(0, at - PieceBytes);
        file.seek(begin);
        const QByteArray piece = file.read(at - begin);
        for (qsizetype i = piece.size() - 1; i >= 0; --i) {
            // What ends the file ends its last line, and begins none.
            if (piece[i] == '\n' && begin + i + 1 < file.size() && ++seen == lines) {
                return begin + i + 1;
            }
        }
        at = begin;
    }
    return 0;
}

} // namespace

Async<> readLogFile(QString name, int lines, bool follow, std::function<void(const QString &line)> told, std::stop_token stop)
{
    qint64 at = -1;
    QByteArray rest;
    while (true) {
        // Opened anew each time: it may be another file by now.
        if (QFile file(name); file.open(QIODevice::ReadOnly)) {
            if (at < 0) {
                at = lines < 0 ? 0 : lines == 0 ? file.size()
                                                : beginOf(file, lines);
            } else if (file.size() < at) {
                at = 0;
                rest.clear();
            }
            file.seek(at);
            QByteArray piece;
            while (!(piece = file.read(PieceBytes)).isEmpty()) {
                at += piece.size();
                rest += piece;
                qsizetype begin = 0;
                for (qsizetype end = 0; (end = rest.indexOf('\n', begin)) >= 0; begin = end + 1) {
                    told(QString::fromUtf8(QByteArrayView(rest).sliced(begin, end - begin)));
                }
                rest.remove(0, begin);
            }
        } else if (at < 0) {
            at = 0;
        }
        if (!follow) {
            // One that is being written just now.
            if (!rest.isEmpty()) {
                told(QString::fromUtf8(rest));
            }
            co_return {};
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
}

} // namespace cutover
