// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/error.h"

#include <cerrno>
#include <cstring>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr std::pair<Error::Kind, const char *> kinds[]{
    {Error::Kind::Permanent, "permanent"},
    {Error::Kind::Transient, "transient"},
    {Error::Kind::Unknown, "unknown"},
    {Error::Kind::Cancelled, "cancelled"},
};

} // namespace

QString Error::text() const
{
    QString text = where.isEmpty() ? what() : QString(where + u": "_s + what());
    if (const QString advice = hint(); !advice.isEmpty()) {
        text += u' ' + advice;
    }
    return text;
}

QJsonObject Error::toJson() const
{
    QJsonObject json{{u"code"_s, code}};
    if (!args.isEmpty()) {
        json.insert(u"args"_s, args);
    }
    if (!where.isEmpty()) {
        json.insert(u"where"_s, where);
    }
    for (const auto &[value, name] : kinds) {
        if (value == kind) {
            json.insert(u"kind"_s, QString::fromLatin1(name));
        }
    }
    return json;
}

Error Error::fromJson(const QJsonObject &json)
{
    // A kind that this version does not know must not be taken for "failed, nothing changed".
    Error error{json.value("code"_L1).toString(), json.value("args"_L1).toObject(), Kind::Unknown, json.value("where"_L1).toString()};
    const QString name = json.value("kind"_L1).toString(u"permanent"_s);
    for (const auto &[value, known] : kinds) {
        if (name == QLatin1StringView(known)) {
            error.kind = value;
        }
    }
    return error;
}

std::unexpected<Error> failErrno(const QString &code, int errnoValue, const QString &where, QJsonObject args)
{
    args.insert(u"reason"_s, QString::fromLocal8Bit(std::strerror(errnoValue)));
    args.insert(u"errno"_s, errnoValue);
    if (!where.isEmpty() && !args.contains("path"_L1)) {
        args.insert(u"path"_s, where);
    }
    Error::Kind kind = Error::Kind::Permanent;
    switch (errnoValue) {
    case EINTR:
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
    case ENFILE:
    case EMFILE:
    case ENOMEM:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
        kind = Error::Kind::Transient;
        break;
    default:
        break;
    }
    // A full disk has its own advice, whatever was being done; it does not empty itself, so no retry.
    const bool full = errnoValue == ENOSPC || errnoValue == EDQUOT;
    return fail(full && code.startsWith("file."_L1) ? u"file.no_space"_s : code, args, where, kind);
}

} // namespace cutover
