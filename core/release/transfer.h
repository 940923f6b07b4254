// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QByteArray>
#include <QList>
#include <QUrl>

#include <functional>
#include <stop_token>

namespace cutover {

/** One GET request whose body is handed on piece by piece. Event-loop thread. */
struct Transfer {
    struct Head {
        int status = 0;
        qint64 length = -1; ///< Content-Length.
        QByteArray contentRange;
        QByteArray etag;
    };

    QUrl url;
    QList<std::pair<QByteArray, QByteArray>> headers;
    std::function<Result<>(const Head &)> onHead; ///< Before the first piece, for a status of 2xx.
    std::function<Result<>(const QByteArray &)> onData;
    qint64 stallLimitMs = 30000; ///< Longest time without a byte.
};

/// The functions' errors end it and are returned. A status other than 2xx is "repository.not_found" or
/// "repository.http_status"; whatever happens to the connection is a transient "repository.unreachable".
[[nodiscard]] Async<> runTransfer(Transfer transfer, std::stop_token stop);

} // namespace cutover
