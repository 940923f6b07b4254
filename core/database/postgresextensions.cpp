// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresextensions.h"

#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

struct Extension {
    QString name, version, schema;
    QStringList needs; ///< Others, by name.
};

Result<QList<Extension>> extensionsOf(Session &fresh, const QJsonObject &description)
{
    QList<Extension> all;
    for (const auto &value : description["extensions"_L1].toArray()) {
        Extension extension{value["name"_L1].toString(), value["version"_L1].toString(), value["schema"_L1].toString(), {}};
        TRY(const QList<Row> needs,
            fresh.rows(u"SELECT unnest(requires)::text FROM pg_available_extension_versions WHERE name = $1 AND version = $2"_s, {extension.name, extension.version}));
        for (const Row &row : needs) {
            extension.needs.append(row[0].toString());
        }
        all.append(extension);
    }
    return all;
}

} // namespace

bool hasExtension(const QJsonObject &description, QLatin1StringView name)
{
    const QJsonArray extensions = description["extensions"_L1].toArray();
    return std::ranges::any_of(extensions, [name](const QJsonValue &extension) { return extension["name"_L1].toString() == name; });
}

Result<bool> haveToBeMade(Session &fresh, const QJsonObject &description)
{
    if (hasExtension(description, "timescaledb"_L1)) {
        return true; // It is told of the restore before that begins.
    }
    for (const auto &extension : description["extensions"_L1].toArray()) {
        TRY(const QVariant newest, fresh.value(u"SELECT default_version FROM pg_available_extensions WHERE name = $1"_s, {extension["name"_L1].toString()}));
        if (newest.toString() != extension["version"_L1].toString()) {
            return true;
        }
    }
    return false;
}

Result<> makeExtensions(Session &fresh, const QJsonObject &description)
{
    TRY(QList<Extension> left, extensionsOf(fresh, description));
    while (!left.isEmpty()) {
        // CASCADE would make those that it needs in their newest version, and in its own schema.
        const auto isNext = [&left](const Extension &extension) {
            return std::ranges::none_of(left, [&extension](const Extension &other) { return extension.needs.contains(other.name); });
        };
        QList<Extension> waiting;
        for (const Extension &extension : std::as_const(left)) {
            TRY(const QVariant schema, fresh.value(u"SELECT 1 FROM pg_namespace WHERE nspname = $1"_s, {extension.schema}));
            // One may lie in the schema of another one, which that makes.
            if (!isNext(extension) || schema.isNull()) {
                waiting.append(extension);
                continue;
            }
            CHECK(fresh.change(u"CREATE EXTENSION IF NOT EXISTS %1 SCHEMA %2 VERSION %3"_s.arg(quoted(extension.name), quoted(extension.schema), literal(extension.version))));
        }
        if (waiting.size() == left.size()) {
            // Its own schema is what it makes itself.
            const auto own = std::ranges::find_if(left, isNext);
            const qsizetype next = own == left.end() ? 0 : own - left.begin();
            CHECK(fresh.change(u"CREATE EXTENSION IF NOT EXISTS %1 VERSION %2"_s.arg(quoted(left[next].name), literal(left[next].version))));
            waiting.removeAt(next);
        }
        left = waiting;
    }
    return {};
}

Entries partedEntries(const QByteArray &list)
{
    // "6; 2615 16385 SCHEMA - extensions owner"; what begins with a semicolon is a remark.
    static const QRegularExpression schema(u"\\A([0-9]+); [0-9]+ [0-9]+ SCHEMA - "_s);
    Entries entries;
    const QList<QByteArray> lines = list.split('\n');
    for (const QByteArray &line : lines) {
        const qsizetype end = line.indexOf(';');
        if (end > 0) {
            QByteArray &of = schema.match(QString::fromUtf8(line)).hasMatch() ? entries.schemas : entries.others;
            of += line.first(end) + ";\n";
        }
    }
    return entries;
}

} // namespace cutover::postgres
