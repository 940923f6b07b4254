// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "answers.h"

#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace demo {

namespace {

QString unless(bool isRight, const QString &asked, const QByteArray &body)
{
    return isRight ? QString() : QString(u"not "_s + asked + u": "_s + QString::fromUtf8(body.left(200).simplified()));
}

/// None when it is not whole.
QJsonObject objectIn(const QByteArray &body)
{
    return QJsonDocument::fromJson(body).object();
}

} // namespace

QString wrongVersion(const QByteArray &body)
{
    return unless(!objectIn(body)[u"version"_s].toString().isEmpty(), u"a version"_s, body);
}

QString wrongReceipt(const QByteArray &body, const QString &clientId)
{
    const QJsonObject receipt = objectIn(body);
    return unless(receipt[u"id"_s].toInteger() > 0 && receipt[u"client_id"_s].toString() == clientId, u"for order "_s + clientId, body);
}

QString wrongOrder(const QByteArray &body, qint64 id, const QString &clientId)
{
    const QJsonObject order = objectIn(body);
    const bool isIt = order[u"id"_s].toInteger() == id && !order[u"symbol"_s].toString().isEmpty();
    return unless(isIt && (clientId.isEmpty() || order[u"client_id"_s].toString() == clientId), u"the order %1 of %2"_s.arg(QString::number(id), clientId), body);
}

QString wrongFeature(const QByteArray &body, const QString &feature, const QString &user)
{
    const QJsonObject answer = objectIn(body);
    return unless(answer[u"feature"_s].toString() == feature && answer[u"user"_s].toString() == user && answer[u"enabled"_s].isBool(), u"of feature %1 for %2"_s.arg(feature, user), body);
}

QString wrongQuote(const QByteArray &body, const QString &symbol)
{
    const QJsonObject quote = objectIn(body);
    return unless(quote[u"symbol"_s].toString() == symbol && quote[u"price"_s].toDouble() > 0, u"a quote of "_s + symbol, body);
}

QString wrongPage(const QByteArray &body)
{
    return unless(body.contains("<h1>Trading</h1>") && body.trimmed().endsWith("</html>"), u"the page"_s, body);
}

} // namespace demo
