// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/manifest.h"

#include "system/json.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

static const QByteArray full =
    "schema: 1\n"
    "product: trading-demo\n"
    "version: 1.3.0\n"
    "from: \">=1.2.0 <1.3.0\"\n"
    "build: \"20260101\"\n"
    "commit: a1b2c3d\n"
    "update_type: minor\n"
    "changes: {added: [A strategy, \"Line: two\"], fixed: [x]}\n"
    "required_actions: {restart: [all], migration: true, data_migration: true, feature_flag: true}\n"
    "expected_downtime: 90s\n"
    "risk: medium\n"
    "migrations: sql/migrations\n"
    "flags: [{name: fast-path, description: \"Uses \\\"it\\\"\", rollout: 10 %}]\n"
    "configuration: {set: {MODE: \"a b\"}, remove: [OLD]}\n"
    "members: [{path: bin/a, size: 3, sha256: 0123456789012345678901234567890123456789012345678901234567890123, executable: true}]\n";

class ManifestTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsEveryField();
    void comesBackFromYaml();
    void comesBackFromJson();
    void missing_data();
    void missing();
    void wrong_data();
    void wrong();
};

void ManifestTest::readsEveryField()
{
    const auto parsed = Manifest::parse(full, u"m"_s);
    QVERIFY2(parsed, parsed ? "" : qPrintable(parsed.error().text()));
    QCOMPARE(parsed->product, u"trading-demo"_s);
    QCOMPARE(parsed->version.toString(), u"1.3.0"_s);
    QVERIFY(parsed->from.contains(*Version::parse(u"1.2.5"_s)));
    QCOMPARE(parsed->build, u"20260101"_s);
    QCOMPARE(parsed->commit, u"a1b2c3d"_s);
    QCOMPARE(parsed->type, UpdateType::Minor);
    QCOMPARE(parsed->changes[u"added"_s], (QStringList{u"A strategy"_s, u"Line: two"_s}));
    QCOMPARE(parsed->restart, QStringList{u"all"_s});
    QVERIFY(parsed->migration && parsed->dataMigration && parsed->featureFlag);
    QCOMPARE(parsed->expectedDowntimeMs, 90000);
    QCOMPARE(parsed->risk, u"medium"_s);
    QCOMPARE(parsed->migrationsDirectory, u"sql/migrations"_s);
    QCOMPARE(parsed->flags.size(), 1);
    QCOMPARE(parsed->flags[0].description, u"Uses \"it\""_s);
    QCOMPARE(parsed->flags[0].rollout, 10);
    QCOMPARE(parsed->configurationSet[u"MODE"_s], u"a b"_s);
    QCOMPARE(parsed->configurationRemove, QStringList{u"OLD"_s});
    QCOMPARE(parsed->members.size(), 1);
    QVERIFY(parsed->members[0].executable);
}

void ManifestTest::comesBackFromYaml()
{
    const auto first = Manifest::parse(full, u"m"_s);
    const auto second = Manifest::parse(first->toYaml(), u"m"_s);
    QVERIFY2(second, second ? "" : qPrintable(second.error().text()));
    QCOMPARE(json::canonical(second->toJson()), json::canonical(first->toJson()));
    QCOMPARE(second->toYaml(), first->toYaml());
    QCOMPARE(second->members.size(), 1);
    QCOMPARE(second->members[0].sha256, first->members[0].sha256);
}

void ManifestTest::comesBackFromJson()
{
    const auto first = Manifest::parse(full, u"m"_s);
    const Manifest second = Manifest::fromJson(first->toJson());
    QCOMPARE(json::canonical(second.toJson()), json::canonical(first->toJson()));
    QVERIFY(second.from.contains(*Version::parse(u"1.2.5"_s)));
    QVERIFY(!second.from.contains(*Version::parse(u"1.3.5"_s)));
    QVERIFY(second.members.isEmpty());
}

void ManifestTest::missing_data()
{
    QTest::addColumn<int>("line");
    const auto lines = full.trimmed().split('\n');
    for (int i = 0; i < lines.size(); ++i) {
        QTest::newRow(lines[i].left(lines[i].indexOf(':')).constData()) << i;
    }
}

void ManifestTest::missing()
{
    QFETCH(const int, line);
    auto lines = full.split('\n');
    const QByteArray key = lines[line].left(lines[line].indexOf(':'));
    lines.remove(line);
    const auto result = Manifest::parse(lines.join('\n'), u"m"_s);
    if (!QByteArrayList{"schema", "product", "version", "from", "update_type", "risk"}.contains(key)) {
        QVERIFY(result);
        return;
    }
    QVERIFY(!result);
    QCOMPARE(result.error().code, u"manifest.missing"_s);
    QCOMPARE(result.error().args[u"field"_s].toString(), QString::fromLatin1(key));
    QVERIFY(Catalogue::contains(result.error().code));
}

void ManifestTest::wrong_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("where");
    const auto row = [](const char *from, const char *to, const char *code, const char *where) {
        QTest::addRow("%s -> %s", from, to) << QByteArray(from) << QByteArray(to) << QString::fromLatin1(code) << QString::fromLatin1(where);
    };
    row("schema: 1", "schema: 9", "manifest.schema", "m:1:9");
    row("version: 1.3.0", "version: 1.3", "semver.dot", "m:3:10");
    row("\">=1.2.0 <1.3.0\"", "\">>1\"", "semver.number", "m:4:7");
    row("update_type: minor", "update_type: patch", "manifest.expected_choice", "m:7:14");
    row("risk: medium", "risk: some", "manifest.expected_choice", "m:11:7");
    row("rollout: 10 %", "rollout: 10", "manifest.expected_proportion", "m:13:64");
    row("migration: true", "migration: 1", "manifest.expected_boolean", "m:9:47");
    row("{MODE:", "{MO-DE:", "manifest.expected_variable", "m:14:30");
    row("path: bin/a", "path: ../a", "manifest.expected_relative_path", "m:15:18");
    row("path: bin/a", "path: /a", "manifest.expected_relative_path", "m:15:18");
    row("path: bin/a", "path: a//b", "manifest.expected_relative_path", "m:15:18");
    row("path: bin/a", "path: ./a", "manifest.expected_relative_path", "m:15:18");
    row("path: bin/a", "path: manifest.yaml", "manifest.expected_relative_path", "m:15:18");
    row("size: 3", "size: -3", "manifest.expected_integer", "m:15:31");
    row("0123, exec", "012, exec", "manifest.expected_digest", "m:15:42");
    row("commit:", "comit:", "manifest.unknown_key", "m:6:1");
    row("migrations: sql/migrations", "migrations: ../x", "manifest.expected_relative_path", "m:12:13");
}

void ManifestTest::wrong()
{
    QFETCH(const QByteArray, from);
    QFETCH(const QByteArray, to);
    QByteArray text = full;
    QVERIFY(text.contains(from));
    text.replace(from, to);
    const auto result = Manifest::parse(text, u"m"_s);
    QVERIFY(!result);
    QTEST(result.error().code, "code");
    QTEST(result.error().where, "where");
    QVERIFY(Catalogue::contains(result.error().code));
    QVERIFY(!result.error().what().contains(u"%{"));
}

QTEST_GUILESS_MAIN(ManifestTest)
#include "manifesttest.moc"
