// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLocale>
#include <QMutex>

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Texts {
    QMutex mutex;
    QHash<QString, Catalogue::Entry> entries;
};

// Registrations are file-scope objects of any order, so the table is made at first use.
Texts &texts()
{
    static Texts instance;
    return instance;
}

QString translated(const char *text)
{
    return QCoreApplication::translate("catalogue", text);
}

QString plain(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::Bool:
        return value.toBool() ? QCoreApplication::translate("catalogue", "yes") : QCoreApplication::translate("catalogue", "no");
    case QJsonValue::Double:
        // Not grouped: many of these are ports, pids and versions.
        if (const qint64 integer = value.toInteger(0); integer == value.toInteger(1)) {
            return QString::number(integer);
        }
        return QLocale().toString(value.toDouble(), 'g', 6);
    case QJsonValue::String:
        return value.toString();
    case QJsonValue::Array: {
        QStringList parts;
        const QJsonArray array = value.toArray();
        for (const auto &part : array) {
            parts.append(plain(part));
        }
        return parts.join(u", "_s);
    }
    case QJsonValue::Object:
        // A message or an error inside another: the sentence of the cause.
        if (value[u"code"_s].isString()) {
            return Catalogue::text(value[u"code"_s].toString(), value[u"args"_s].toObject());
        }
        return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
    case QJsonValue::Null:
    case QJsonValue::Undefined:
        break;
    }
    return QCoreApplication::translate("catalogue", "unknown");
}

QString percent(double part)
{
    const double value = part * 100;
    const int decimals = value == std::floor(value) || std::abs(value) >= 100 ? 0 : std::abs(value) < 1 ? 2
                                                                                                        : 1;
    return QCoreApplication::translate("catalogue", "%1 %").arg(QLocale().toString(value, 'f', decimals));
}

/// What to do about an error: the hint of the cause that lies deepest.
QString adviceFor(const QJsonObject &error)
{
    const QJsonObject args = error["args"_L1].toObject();
    const QString deeper = args["cause"_L1].isObject() ? adviceFor(args["cause"_L1].toObject()) : QString();
    return deeper.isEmpty() ? Catalogue::hint(error["code"_L1].toString(), args) : deeper;
}

QString placeholder(QStringView inner, const QJsonObject &args)
{
    if (const auto words = inner.split(u'|'); words.size() == 3) {
        return (args.value(words[0]).toInteger() == 1 ? words[1] : words[2]).toString();
    }
    const qsizetype colon = inner.indexOf(u':');
    const QJsonValue value = args.value(colon < 0 ? inner : inner.first(colon));
    const QStringView format = colon < 0 ? QStringView() : inner.sliced(colon + 1);
    if (value.isDouble()) {
        if (format == "bytes"_L1) {
            return sizeText(qint64(value.toDouble()));
        }
        if (format == "duration"_L1) {
            return durationText(qint64(value.toDouble()));
        }
        if (format == "percent"_L1) {
            return percent(value.toDouble());
        }
        if (format == "number"_L1) {
            return QLocale().toString(value.toInteger());
        }
    }
    if (format == "time"_L1) {
        const QDateTime time = QDateTime::fromString(value.toString(), Qt::ISODate);
        return time.isValid() ? time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : plain(value);
    }
    if (format == "hint"_L1) {
        return adviceFor(value.toObject());
    }
    return plain(value);
}

// One pass, so that an argument's own text is never taken for a placeholder.
QString filled(const QString &pattern, const QJsonObject &args)
{
    QString result;
    qsizetype at = 0;
    while (true) {
        const qsizetype begin = pattern.indexOf("%{"_L1, at);
        const qsizetype end = begin < 0 ? -1 : pattern.indexOf(u'}', begin);
        if (end < 0) {
            return result.append(QStringView(pattern).sliced(at));
        }
        result.append(QStringView(pattern).sliced(at, begin - at));
        const QString text = placeholder(QStringView(pattern).sliced(begin + 2, end - begin - 2), args);
        if (text.isEmpty() && result.endsWith(u' ')) {
            result.chop(1); // No two spaces around nothing.
        }
        result.append(text);
        at = end + 1;
    }
}

std::optional<Catalogue::Entry> find(const QString &code)
{
    Texts &all = texts();
    const QMutexLocker lock(&all.mutex);
    const auto it = all.entries.constFind(code);
    return it == all.entries.cend() ? std::nullopt : std::optional(*it);
}

} // namespace

QString Message::text() const
{
    return Catalogue::text(code, args);
}

QJsonObject Message::toJson() const
{
    QJsonObject json{{u"code"_s, code}};
    if (!args.isEmpty()) {
        json.insert(u"args"_s, args);
    }
    return json;
}

Message Message::fromJson(const QJsonObject &json)
{
    return {json.value("code"_L1).toString(), json.value("args"_L1).toObject()};
}

Catalogue::Registration::Registration(std::initializer_list<Entry> entries)
{
    Texts &all = texts();
    const QMutexLocker lock(&all.mutex);
    for (const Entry &entry : entries) {
        all.entries.insert(QString::fromLatin1(entry.code), entry);
    }
}

QString Catalogue::text(const QString &code, const QJsonObject &args)
{
    if (code.isEmpty()) {
        return {};
    }
    if (const auto entry = find(code)) {
        return filled(translated(entry->text), args);
    }
    if (args.isEmpty()) {
        return code;
    }
    return QString(code + u' ' + QString::fromUtf8(QJsonDocument(args).toJson(QJsonDocument::Compact)));
}

QString Catalogue::hint(const QString &code, const QJsonObject &args)
{
    const auto entry = find(code);
    return entry && entry->hint ? filled(translated(entry->hint), args) : QString();
}

bool Catalogue::contains(const QString &code)
{
    return find(code).has_value();
}

QString durationText(qint64 milliseconds)
{
    if (milliseconds < 0) {
        return QString(u"−"_s + durationText(-milliseconds));
    }
    const auto pair = [](qint64 large, const char *largeText, qint64 small, const char *smallText) {
        QString text = translated(largeText).arg(large);
        if (small > 0) {
            text += u' ' + translated(smallText).arg(small);
        }
        return text;
    };
    static constexpr auto day = QT_TRANSLATE_NOOP("catalogue", "%1 d");
    static constexpr auto hour = QT_TRANSLATE_NOOP("catalogue", "%1 h");
    static constexpr auto minute = QT_TRANSLATE_NOOP("catalogue", "%1 min");
    static constexpr auto second = QT_TRANSLATE_NOOP("catalogue", "%1 s");
    if (milliseconds < 1000) {
        return QCoreApplication::translate("catalogue", "%1 ms").arg(milliseconds);
    }
    if (milliseconds < 10'000 && milliseconds % 1000 >= 100) {
        return translated(second).arg(QLocale().toString(double(milliseconds / 100) / 10, 'f', 1));
    }
    const qint64 seconds = milliseconds / 1000;
    if (seconds < 60) {
        return translated(second).arg(seconds);
    }
    if (seconds < 3600) {
        return pair(seconds / 60, minute, seconds % 60, second);
    }
    if (seconds < 86400) {
        return pair(seconds / 3600, hour, seconds / 60 % 60, minute);
    }
    return pair(seconds / 86400, day, seconds / 3600 % 24, hour);
}

QString sizeText(qint64 bytes)
{
    return QLocale().formattedDataSize(bytes, 1, QLocale::DataSizeSIFormat);
}

} // namespace cutover
