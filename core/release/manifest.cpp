// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/manifest.h"

#include "target/yamlreader.h"

#include <QJsonArray>
#include <QRegularExpression>
#include <QSet>

#include <limits>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const QStringList risks{u"low"_s, u"medium"_s, u"high"_s};

UpdateType typeOf(const QString &name)
{
    for (auto type : {UpdateType::Hotfix, UpdateType::Minor, UpdateType::Major}) {
        if (updateTypeName(type) == name) {
            return type;
        }
    }
    return UpdateType::None;
}

/// Relative, clean, "/"-separated, of parts that every file system of ours can hold.
bool isCleanPath(const QString &path)
{
    if (path.isEmpty() || path.size() > 1024) {
        return false;
    }
    for (const QStringView part : QStringView(path).split(u'/')) {
        if (part.isEmpty() || part == u"." || part == u".." || part.toUtf8().size() > 255) {
            return false;
        }
    }
    return true;
}

void readChanges(yaml::Map &map, Manifest &manifest)
{
    for (const auto &[section, value] : map.free(u"changes"_s)) {
        QStringList lines;
        for (const yaml::Value &line : value.list()) {
            lines << line.anyText();
        }
        manifest.changes.insert(section, lines);
    }
}

void readActions(yaml::Map map, Manifest &manifest)
{
    for (const yaml::Value &service : map.optional(u"restart"_s).list()) {
        manifest.restart << service.name();
    }
    manifest.migration = map.optional(u"migration"_s).boolean();
    manifest.dataMigration = map.optional(u"data_migration"_s).boolean();
    manifest.featureFlag = map.optional(u"feature_flag"_s).boolean();
    map.close();
}

void readConfiguration(yaml::Map map, Manifest &manifest)
{
    static const QRegularExpression pattern(uR"(\A[A-Za-z_][A-Za-z0-9_]*\z)"_s);
    for (const auto &[key, value] : map.free(u"set"_s)) {
        if (!pattern.match(key).hasMatch()) {
            value.problem(u"expected_variable"_s, {{u"expected"_s, u"variable"_s}, {u"found"_s, key.left(60)}});
        }
        manifest.configurationSet.insert(key, value.anyText());
    }
    for (const yaml::Value &value : map.optional(u"remove"_s).list()) {
        const QString key = value.text();
        if (!key.isEmpty() && !pattern.match(key).hasMatch()) {
            value.problem(u"expected_variable"_s, {{u"expected"_s, u"variable"_s}, {u"found"_s, key.left(60)}});
        }
        manifest.configurationRemove << key;
    }
    map.close();
}

void readMembers(yaml::Map &map, Manifest &manifest)
{
    static const QRegularExpression digest(uR"(\A[0-9a-f]{64}\z)"_s);
    QSet<QString> seen;
    for (yaml::Map &entry : map.maps(u"members"_s)) {
        Manifest::Member member;
        const yaml::Value path = entry.required(u"path"_s, u"text"_s);
        member.path = path.text();
        if (!member.path.isEmpty() && (!isCleanPath(member.path) || member.path == u"manifest.yaml")) {
            path.expected(u"relative_path"_s);
        } else if (!member.path.isEmpty() && seen.contains(member.path)) {
            path.problem(u"duplicate"_s, {{u"value"_s, member.path}, {u"first"_s, u"members"_s}});
        }
        seen.insert(member.path);
        member.size = entry.required(u"size"_s, u"integer"_s).integer(0, std::numeric_limits<qint64>::max() / 2);
        const yaml::Value sha256 = entry.required(u"sha256"_s, u"digest"_s);
        member.sha256 = sha256.text();
        if (sha256.exists() && !digest.match(member.sha256).hasMatch()) {
            sha256.expected(u"digest"_s);
        }
        member.executable = entry.optional(u"executable"_s).boolean();
        entry.close();
        manifest.members << member;
    }
}

template<class T>
T parsed(const yaml::Value &value, Result<T> (*parse)(const QString &))
{
    const QString text = value.text();
    if (text.isEmpty()) {
        return {};
    }
    auto result = parse(text);
    if (!result) {
        value.problem(result.error());
        return {};
    }
    return std::move(*result);
}

QByteArray flowList(const QStringList &list)
{
    QByteArrayList words;
    for (const QString &word : list) {
        words << yaml::quoted(word);
    }
    return '[' + words.join(", ") + ']';
}

QByteArray boolean(bool value)
{
    return value ? "true" : "false";
}

} // namespace

Result<Manifest> Manifest::parse(const QByteArray &yaml, const QString &name)
{
    TRY(const yaml::Node root, yaml::parse(yaml, name, u"manifest"_s));
    yaml::Report report(name, u"manifest"_s);
    yaml::Map map(&root, {}, &report);
    Manifest manifest;

    const yaml::Value schema = map.required(u"schema"_s, u"integer"_s);
    if (const qint64 found = schema.integer(0, 1'000'000, 1); found != 1) {
        schema.problem(u"schema"_s, {{u"found"_s, found}, {u"supported"_s, 1}});
    }
    manifest.product = map.required(u"product"_s, u"name"_s).name();
    manifest.version = parsed(map.required(u"version"_s, u"version"_s), &Version::parse);
    manifest.from = parsed(map.required(u"from"_s, u"range"_s), &VersionRange::parse);
    manifest.build = map.optional(u"build"_s).text();
    manifest.commit = map.optional(u"commit"_s).text();
    manifest.type = typeOf(map.required(u"update_type"_s, u"choice"_s).choice({u"hotfix"_s, u"minor"_s, u"major"_s}));
    readChanges(map, manifest);
    readActions(map.optionalMap(u"required_actions"_s), manifest);
    manifest.expectedDowntimeMs = map.optional(u"expected_downtime"_s).duration(0, 0);
    manifest.risk = map.required(u"risk"_s, u"choice"_s).choice(risks, u"high"_s);
    const yaml::Value migrations = map.optional(u"migrations"_s);
    manifest.migrationsDirectory = migrations.text(manifest.migrationsDirectory);
    if (migrations.exists() && !manifest.migrationsDirectory.isEmpty() && !isCleanPath(manifest.migrationsDirectory)) {
        migrations.expected(u"relative_path"_s);
    }
    for (yaml::Map &entry : map.maps(u"flags"_s)) {
        Flag flag;
        const yaml::Value flagName = entry.required(u"name"_s, u"name"_s);
        flag.name = flagName.name();
        for (const Flag &other : manifest.flags) {
            if (!flag.name.isEmpty() && other.name == flag.name) {
                flagName.problem(u"duplicate"_s, {{u"value"_s, flag.name}, {u"first"_s, u"flags"_s}});
            }
        }
        flag.description = entry.optional(u"description"_s).anyText();
        flag.rollout = entry.optional(u"rollout"_s).proportion(0) * 100;
        entry.close();
        manifest.flags << flag;
    }
    readConfiguration(map.optionalMap(u"configuration"_s), manifest);
    readMembers(map, manifest);
    map.close();
    if (!report.isEmpty()) {
        return fail(report.error());
    }
    return manifest;
}

QByteArray Manifest::toYaml() const
{
    QByteArray yaml = "schema: 1\n";
    const auto line = [&yaml](const char *key, const QByteArray &value) {
        yaml += key;
        yaml += ": " + value + '\n';
    };
    line("product", yaml::quoted(product));
    line("version", yaml::quoted(version.toString()));
    line("from", yaml::quoted(from.toString().isEmpty() ? u"*"_s : from.toString()));
    if (!build.isEmpty()) {
        line("build", yaml::quoted(build));
    }
    if (!commit.isEmpty()) {
        line("commit", yaml::quoted(commit));
    }
    line("update_type", updateTypeName(type).toUtf8());
    line("changes", changes.isEmpty() ? "{}" : "");
    for (auto section = changes.begin(); section != changes.end(); ++section) {
        yaml += "  " + yaml::quoted(section.key()) + ": " + flowList(section.value()) + '\n';
    }
    yaml += "required_actions:\n";
    line("  restart", flowList(restart));
    line("  migration", boolean(migration));
    line("  data_migration", boolean(dataMigration));
    line("  feature_flag", boolean(featureFlag));
    line("expected_downtime", QByteArray::number(expectedDowntimeMs) + "ms");
    line("risk", risk.toUtf8());
    line("migrations", yaml::quoted(migrationsDirectory));
    line("flags", flags.isEmpty() ? "[]" : "");
    for (const Flag &flag : flags) {
        yaml += "  - name: " + yaml::quoted(flag.name) + '\n';
        line("    description", yaml::quoted(flag.description));
        line("    rollout", QByteArray::number(flag.rollout, 'f', 6) + " %");
    }
    yaml += "configuration:\n";
    line("  set", configurationSet.isEmpty() ? "{}" : "");
    for (auto value = configurationSet.begin(); value != configurationSet.end(); ++value) {
        yaml += "    " + yaml::quoted(value.key()) + ": " + yaml::quoted(value.value()) + '\n';
    }
    line("  remove", flowList(configurationRemove));
    line("members", members.isEmpty() ? "[]" : "");
    for (const Member &member : members) {
        yaml += "  - path: " + yaml::quoted(member.path) + '\n';
        line("    size", QByteArray::number(member.size));
        line("    sha256", yaml::quoted(member.sha256));
        if (member.executable) {
            line("    executable", "true");
        }
    }
    return yaml;
}

QJsonObject Manifest::toJson() const
{
    QJsonObject sections;
    for (auto section = changes.begin(); section != changes.end(); ++section) {
        sections[section.key()] = QJsonArray::fromStringList(section.value());
    }
    QJsonArray flagList;
    for (const Flag &flag : flags) {
        flagList << QJsonObject{{u"name"_s, flag.name}, {u"description"_s, flag.description}, {u"rollout"_s, flag.rollout}};
    }
    QJsonObject set;
    for (auto value = configurationSet.begin(); value != configurationSet.end(); ++value) {
        set[value.key()] = value.value();
    }
    return {{u"product"_s, product},
            {u"version"_s, version.toString()},
            {u"from"_s, from.toString()},
            {u"build"_s, build},
            {u"commit"_s, commit},
            {u"updateType"_s, updateTypeName(type)},
            {u"changes"_s, sections},
            {u"restart"_s, QJsonArray::fromStringList(restart)},
            {u"migration"_s, migration},
            {u"dataMigration"_s, dataMigration},
            {u"featureFlag"_s, featureFlag},
            {u"expectedDowntimeMs"_s, expectedDowntimeMs},
            {u"risk"_s, risk},
            {u"migrations"_s, migrationsDirectory},
            {u"flags"_s, flagList},
            {u"configurationSet"_s, set},
            {u"configurationRemove"_s, QJsonArray::fromStringList(configurationRemove)}};
}

Manifest Manifest::fromJson(const QJsonObject &json)
{
    const auto strings = [](const QJsonValue &value) {
        QStringList list;
        for (const auto &entry : value.toArray()) {
            list << entry.toString();
        }
        return list;
    };
    Manifest manifest;
    manifest.product = json[u"product"_s].toString();
    manifest.version = Version::parse(json[u"version"_s].toString()).value_or(Version());
    manifest.from = VersionRange::parse(json[u"from"_s].toString()).value_or(VersionRange());
    manifest.build = json[u"build"_s].toString();
    manifest.commit = json[u"commit"_s].toString();
    manifest.type = typeOf(json[u"updateType"_s].toString());
    const QJsonObject sections = json[u"changes"_s].toObject();
    for (auto section = sections.begin(); section != sections.end(); ++section) {
        manifest.changes.insert(section.key(), strings(section.value()));
    }
    manifest.restart = strings(json[u"restart"_s]);
    manifest.migration = json[u"migration"_s].toBool();
    manifest.dataMigration = json[u"dataMigration"_s].toBool();
    manifest.featureFlag = json[u"featureFlag"_s].toBool();
    manifest.expectedDowntimeMs = json[u"expectedDowntimeMs"_s].toInteger();
    manifest.risk = json[u"risk"_s].toString();
    manifest.migrationsDirectory = json[u"migrations"_s].toString();
    for (const auto &entry : json[u"flags"_s].toArray()) {
        manifest.flags << Flag{entry[u"name"_s].toString(), entry[u"description"_s].toString(), entry[u"rollout"_s].toDouble()};
    }
    const QJsonObject set = json[u"configurationSet"_s].toObject();
    for (auto value = set.begin(); value != set.end(); ++value) {
        manifest.configurationSet.insert(value.key(), value.value().toString());
    }
    manifest.configurationRemove = strings(json[u"configurationRemove"_s]);
    return manifest;
}

} // namespace cutover
