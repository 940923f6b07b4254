// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/jsonshape.h"

#include "plan/keyeddigest.h"
#include "system/json.h"

#include <QJsonDocument>
#include <QMap>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::jsonshape {

namespace {

constexpr qsizetype shortDigest = 16;

QString typeOf(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::Null:
        return u"null"_s;
    case QJsonValue::Bool:
        return u"boolean"_s;
    case QJsonValue::Double:
        return u"number"_s;
    case QJsonValue::String:
        return u"text"_s;
    case QJsonValue::Array:
        return u"list"_s;
    case QJsonValue::Object:
        return u"object"_s;
    case QJsonValue::Undefined:
        break;
    }
    return {};
}

QString escaped(QString name)
{
    return name.replace(u'~', "~0"_L1).replace(u'/', "~1"_L1);
}

struct Seen {
    QStringList types;
    qsizetype count = 0; ///< How often it is there.
    qsizetype objects = 0; ///< How often as an object, which members could be missing from.
};

/** Walks through a document once. */
class Walk
{
public:
    Walk(const QString &stateDirectory, bool withValues)
        : m_stateDirectory(stateDirectory)
        , m_withValues(withValues)
    {
    }

    /// shape: with "*" for items; exact: with their index.
    Result<> go(const QJsonValue &value, const QString &shape, const QString &exact)
    {
        Seen &seen = m_members[shape];
        const QString type = typeOf(value);
        ++seen.count;
        seen.objects += value.isObject();
        if (!seen.types.contains(type)) {
            seen.types.append(type);
        }
        if (m_members.size() > maxPaths) {
            return fail(u"check.shape_large"_s, {{u"count"_s, m_members.size()}, {u"limit"_s, maxPaths}});
        }
        if (value.isObject()) {
            const QJsonObject object = value.toObject();
            for (auto it = object.begin(); it != object.end(); ++it) {
                const QString name = u'/' + escaped(it.key());
                CHECK(go(it.value(), shape + name, exact + name));
            }
            return {};
        }
        if (!value.isArray()) {
            return keep(value, exact);
        }
        const QJsonArray array = value.toArray();
        // How many there are is a value, too.
        CHECK(keep(array.size(), exact));
        for (qsizetype i = 0; i < array.size(); ++i) {
            CHECK(go(array[i], shape + u"/*"_s, exact + u'/' + QString::number(i)));
        }
        return {};
    }

    [[nodiscard]] QJsonObject result() const
    {
        QJsonObject members;
        for (const auto &[pointer, seen] : m_members.asKeyValueRange()) {
            members.insert(pointer, QJsonObject{{u"types"_s, QJsonArray::fromStringList(seen.types)}, {u"count"_s, seen.count}, {u"objects"_s, seen.objects}});
        }
        QJsonObject shape{{u"members"_s, members}};
        if (m_withValues) {
            shape.insert(u"values"_s, m_values);
        }
        return shape;
    }

private:
    Result<> keep(const QJsonValue &value, const QString &exact)
    {
        if (!m_withValues) {
            return {};
        }
        if (m_values.size() >= maxValues) {
            return fail(u"check.shape_large"_s, {{u"count"_s, m_values.size() + 1}, {u"limit"_s, maxValues}});
        }
        TRY(const QString digest, keyedDigest(m_stateDirectory, QJsonDocument(QJsonArray{exact, value}).toJson(QJsonDocument::Compact)));
        m_values.insert(exact, digest.left(shortDigest));
        return {};
    }

    QString m_stateDirectory;
    bool m_withValues;
    QMap<QString, Seen> m_members;
    QJsonObject m_values;
};

bool fits(const QString &pointer, const QString &pattern)
{
    if (pattern.isEmpty()) {
        return true; // The document itself: all of it.
    }
    const QStringList parts = pointer.split(u'/');
    const QStringList wanted = pattern.split(u'/');
    // A member that is named stands for all below it.
    if (parts.size() < wanted.size()) {
        return false;
    }
    for (qsizetype i = 0; i < wanted.size(); ++i) {
        if (wanted[i] != "*"_L1 && wanted[i] != parts[i]) {
            return false;
        }
    }
    return true;
}

QString parentOf(const QString &pointer)
{
    return pointer.left(pointer.lastIndexOf(u'/'));
}

QStringList typesOf(const QJsonObject &member)
{
    QStringList types;
    const QJsonArray array = member["types"_L1].toArray();
    for (const auto &type : array) {
        if (const QString name = type.toString(); name != "null"_L1) {
            types.append(name);
        }
    }
    return types;
}

QString shown(const QString &pointer)
{
    return pointer.isEmpty() ? u"/"_s : pointer;
}

} // namespace

Result<QJsonObject> of(const QString &stateDirectory, const QJsonValue &document, bool withValues)
{
    Walk walk(stateDirectory, withValues);
    CHECK(walk.go(document, {}, {}));
    return walk.result();
}

QJsonArray differences(const QJsonObject &earlier, const QJsonObject &later, const QStringList &ignore)
{
    QJsonArray found;
    const auto differs = [&found](const QString &code, const QString &pointer, const QJsonObject &more = {}) {
        QJsonObject args = more;
        args.insert(u"pointer"_s, shown(pointer));
        found.append(Message{code, args}.toJson());
    };
    const QJsonObject before = earlier["members"_L1].toObject();
    const QJsonObject after = later["members"_L1].toObject();
    QStringList gone; // What is below it is not told again.
    for (auto it = before.begin(); it != before.end(); ++it) {
        const QString pointer = it.key();
        const QString parent = parentOf(pointer);
        const QJsonObject was = it.value().toObject();
        const QJsonObject is = after[pointer].toObject();
        const bool below = std::ranges::any_of(gone, [&pointer](const QString &other) { return pointer.startsWith(other + u'/'); });
        // Of a list that is empty now nobody can tell.
        const bool isItem = pointer.endsWith("/*"_L1);
        if (below || (isItem && is.isEmpty())) {
            gone += isItem && is.isEmpty() ? QStringList{pointer} : QStringList();
            continue;
        }
        if (!pointer.isEmpty() && !isItem) {
            const bool always = was["count"_L1].toInteger() >= before[parent]["objects"_L1].toInteger();
            const qint64 places = after[parent]["objects"_L1].toInteger();
            const qint64 there = is["count"_L1].toInteger();
            if (always && there < places) {
                differs(there == 0 ? u"check.shape_vanished"_s : u"check.shape_vanished_partly"_s, pointer, {{u"there"_s, there}, {u"places"_s, places}});
                gone.append(pointer);
                continue;
            }
            if (there == 0) {
                gone.append(pointer);
                continue;
            }
        }
        const QStringList old = typesOf(was);
        QStringList other = typesOf(is);
        other.removeIf([&old](const QString &type) { return old.contains(type); });
        if (!old.isEmpty() && !other.isEmpty()) {
            differs(u"check.shape_type"_s, pointer, {{u"before"_s, QJsonArray::fromStringList(old)}, {u"after"_s, QJsonArray::fromStringList(other)}});
            gone.append(pointer);
        }
    }

    const QJsonObject oldValues = earlier["values"_L1].toObject();
    const QJsonObject newValues = later["values"_L1].toObject();
    for (auto it = oldValues.begin(); it != oldValues.end(); ++it) {
        const QString pointer = it.key();
        const bool ignored = std::ranges::any_of(ignore, [&pointer](const QString &pattern) { return fits(pointer, pattern); });
        if (!ignored && newValues.contains(pointer) && newValues[pointer] != it.value()) {
            differs(u"check.shape_value"_s, pointer);
        }
    }
    return found;
}

static const Catalogue::Registration texts{
    {"check.shape_vanished", QT_TRANSLATE_NOOP("catalogue", "%{pointer} vanished")},
    {"check.shape_vanished_partly", QT_TRANSLATE_NOOP("catalogue", "%{pointer} is missing in %{places} places but for %{there}")},
    {"check.shape_type", QT_TRANSLATE_NOOP("catalogue", "%{pointer} was %{before:list}, is %{after:list}")},
    {"check.shape_value", QT_TRANSLATE_NOOP("catalogue", "%{pointer} has another value")},
    {"check.shape_large",
     QT_TRANSLATE_NOOP("catalogue", "The answer has %{count} members or more to compare, the limit is %{limit}."),
     QT_TRANSLATE_NOOP("catalogue", "Declare a request with a smaller answer.")},
};

} // namespace cutover::jsonshape
