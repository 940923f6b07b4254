// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/addressfields.h"

#include <QJsonArray>
#include <QRegularExpression>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// text with its placeholders filled in for a look at the rest; reports unknown ones.
QString sample(const yaml::Value &value, QString text, const QStringList &known)
{
    static const QRegularExpression pattern(uR"(\{([^{}]*)\})"_s);
    for (const auto &match : pattern.globalMatch(text)) {
        if (!known.contains(match.captured(1))) {
            value.problem(u"placeholder"_s, {{u"found"_s, match.captured(0).left(60)}, {u"known"_s, QJsonArray::fromStringList(known)}, {u"nearest"_s, yaml::nearest(match.captured(1), known)}});
            return {};
        }
    }
    return text.replace(u"{port}"_s, u"1"_s).replace(u"{name}"_s, u"n"_s).replace(u"{release}"_s, u"r"_s);
}

} // namespace

const QStringList &servicePlaceholders()
{
    static const QStringList names{u"port"_s, u"name"_s, u"release"_s};
    return names;
}

QString urlField(const yaml::Value &value, const QStringList &known, const QStringList &schemes)
{
    const QString text = value.text();
    if (text.isEmpty()) {
        return {};
    }
    const QString filled = sample(value, text, known);
    if (filled.isEmpty()) {
        return {};
    }
    const QUrl url(filled, QUrl::StrictMode);
    if (!url.isValid() || !schemes.contains(url.scheme()) || url.host().isEmpty()) {
        value.expected(schemes.contains(u"ws"_s) ? u"web_socket_url"_s : u"url"_s);
        return {};
    }
    if (!url.userInfo().isEmpty()) {
        value.problem(u"secret_in_url"_s, {});
        return {};
    }
    return text;
}

QString hostAndPortField(const yaml::Value &value, const QStringList &known)
{
    const QString text = value.text();
    if (text.isEmpty()) {
        return {};
    }
    const QString filled = sample(value, text, known);
    if (filled.isEmpty()) {
        return {};
    }
    static const QRegularExpression pattern(uR"(\A(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*):([0-9]{1,5})\z)"_s);
    const auto match = pattern.match(filled);
    const int port = match.captured(2).toInt();
    if (!match.hasMatch() || port < 1 || port > 65535) {
        value.expected(u"host_port"_s);
        return {};
    }
    return text;
}

} // namespace cutover
