// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/json.h"

#include <QCryptographicHash>
#include <QJsonArray>
#include <QLocale>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover::json {

namespace {

void appendString(QByteArray &out, const QString &string)
{
    static constexpr char digits[] = "0123456789abcdef";
    out.append('"');
    const QByteArray utf8 = string.toUtf8();
    for (const char c : utf8) {
        switch (c) {
        case '"':
            out.append("\\\"");
            break;
        case '\\':
            out.append("\\\\");
            break;
        case '\b':
            out.append("\\b");
            break;
        case '\f':
            out.append("\\f");
            break;
        case '\n':
            out.append("\\n");
            break;
        case '\r':
            out.append("\\r");
            break;
        case '\t':
            out.append("\\t");
            break;
        default:
            if (uchar(c) < 0x20) {
                out.append("\\u00").append(digits[uchar(c) >> 4]).append(digits[uchar(c) & 15]);
            } else {
                out.append(c);
            }
        }
    }
    out.append('"');
}

void appendValue(QByteArray &out, const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::Null:
    case QJsonValue::Undefined:
        out.append("null");
        break;
    case QJsonValue::Bool:
        out.append(value.toBool() ? "true" : "false");
        break;
    case QJsonValue::Double:
        if (const qint64 integer = value.toInteger(0); integer == value.toInteger(1)) {
            out.append(QByteArray::number(integer));
        } else if (const double number = value.toDouble(); std::isfinite(number)) {
            out.append(QByteArray::number(number, 'g', QLocale::FloatingPointShortest));
        } else {
            out.append("null");
        }
        break;
    case QJsonValue::String:
        appendString(out, value.toString());
        break;
    case QJsonValue::Array: {
        out.append('[');
        bool first = true;
        const QJsonArray array = value.toArray();
        for (const auto &item : array) {
            if (!std::exchange(first, false)) {
                out.append(',');
            }
            appendValue(out, item);
        }
        out.append(']');
        break;
    }
    case QJsonValue::Object: {
        const QJsonObject object = value.toObject();
        QStringList keys = object.keys();
        // The order of UTF-8 bytes is that of code points; QString compares UTF-16 units, which is not.
        std::ranges::sort(keys, {}, [](const QString &key) { return key.toUtf8(); });
        out.append('{');
        bool first = true;
        for (const QString &key : std::as_const(keys)) {
            if (!std::exchange(first, false)) {
                out.append(',');
            }
            appendString(out, key);
            out.append(':');
            appendValue(out, object.value(key));
        }
        out.append('}');
        break;
    }
    }
}

} // namespace

QByteArray canonical(const QJsonValue &value)
{
    QByteArray out;
    appendValue(out, value);
    return out;
}

QString digest(const QJsonValue &value)
{
    return sha256(canonical(value));
}

QString sha256(const QByteArray &bytes)
{
    return QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
}

} // namespace cutover::json
