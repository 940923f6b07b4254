// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "bearertoken.h"

#include <QCryptographicHash>
#include <QHttpHeaders>
#include <QHttpServer>
#include <QHttpServerResponse>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace demo {

namespace {

bool isLetIn(const QHttpServerRequest &request, const QByteArray &token)
{
    const QByteArray given = request.headers().value(QHttpHeaders::WellKnownHeader::Authorization).toByteArray();
    const auto digest = [](const QByteArray &text) { return QCryptographicHash::hash(text, QCryptographicHash::Sha256); };
    // Of digests, so that the time that it takes tells nothing of the token.
    return !token.isEmpty() && digest(given) == digest("Bearer " + token);
}

} // namespace

void routeAccount(QHttpServer &http, const QByteArray &token)
{
    http.route(u"/api/me"_s, QHttpServerRequest::Method::Get, [token](const QHttpServerRequest &request) {
        if (isLetIn(request, token)) {
            return QHttpServerResponse(QJsonObject{{u"account"_s, u"operations"_s}});
        }
        QHttpServerResponse refused(QJsonObject{{u"error"_s, u"a token is needed"_s}}, QHttpServerResponse::StatusCode::Unauthorized);
        QHttpHeaders headers = refused.headers();
        headers.append(QHttpHeaders::WellKnownHeader::WWWAuthenticate, "Bearer");
        refused.setHeaders(std::move(headers));
        return refused;
    });
}

} // namespace demo
