// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demoreleases.h"

#include "feature/flagtable.h"
#include "system/files.h"

#include <QCryptographicHash>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Script {
    QString name;
    QByteArray up;
    QByteArray down;
};

QList<Script> migrationChain()
{
    const QByteArray flags = featureSchema(FeatureStoreSpec()).join(u";\n"_s).toUtf8() + ";\n";
    return {
        {u"0001_initial"_s,
         "CREATE TABLE orders (\n"
         "    id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
         "    symbol TEXT NOT NULL,\n"
         "    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),\n"
         "    quantity REAL NOT NULL,\n"
         "    price REAL NOT NULL,\n"
         "    user TEXT NOT NULL,\n"
         "    client_id TEXT NOT NULL UNIQUE,\n"
         "    created_at TEXT NOT NULL\n"
         ");\n"
         "CREATE INDEX orders_user ON orders (user);\n"
             + flags,
         "-- cutover: loses=orders\n"
         "-- cutover: loses=feature_flags\n"
         "-- cutover: loses=feature_flag_audit\n"
         "DROP TABLE orders;\nDROP TABLE feature_flags;\nDROP TABLE feature_flag_audit;\n"},
        {u"0002_order_events"_s,
         "-- cutover: phase=expand\n"
         "-- Where an order came from, and what became of it. Old code goes on without both.\n"
         "ALTER TABLE orders ADD COLUMN client_tag TEXT NOT NULL DEFAULT '';\n"
         "CREATE TABLE order_events (\n"
         "    id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
         "    order_id INTEGER NOT NULL REFERENCES orders (id),\n"
         "    event TEXT NOT NULL,\n"
         "    created_at TEXT NOT NULL\n"
         ");\n"
         "CREATE INDEX orders_symbol ON orders (symbol, created_at);\n",
         "-- cutover: loses=order_events\n"
         "-- cutover: loses=orders.client_tag\n"
         "DROP INDEX orders_symbol;\n"
         "DROP TABLE order_events;\n"
         "ALTER TABLE orders DROP COLUMN client_tag;\n"},
        {u"0003_order_notional"_s,
         "-- cutover: phase=expand\n"
         "ALTER TABLE orders ADD COLUMN notional REAL;\n"
         "-- Old code goes on writing beside the data migration, and after it.\n"
         "CREATE TRIGGER orders_notional AFTER INSERT ON orders WHEN NEW.notional IS NULL\n"
         "BEGIN\n"
         "    UPDATE orders SET notional = quantity * price WHERE id = NEW.id;\n"
         "END;\n",
         "-- cutover: loses=orders.notional\n"
         "DROP TRIGGER orders_notional;\n"
         "ALTER TABLE orders DROP COLUMN notional;\n"},
        {u"0004_fill_notional"_s,
         "-- cutover: phase=data\n"
         "-- cutover: batch=orders key=id size=5000\n"
         "UPDATE orders SET notional = quantity * price WHERE id BETWEEN :from AND :to AND notional IS NULL;\n",
         "-- cutover: loses=orders.notional\n"
         "UPDATE orders SET notional = NULL WHERE notional IS NOT NULL;\n"},
    };
}

struct Outline {
    QString version;
    QString from;
    UpdateType type;
    QString risk;
    int migrations;
    qint64 downtimeMs;
    QMap<QString, QStringList> changes;
};

Result<DemoRelease> release(const Outline &outline)
{
    DemoRelease result;
    Manifest &manifest = result.manifest;
    manifest.product = u"trading"_s;
    TRY(manifest.version, Version::parse(outline.version));
    TRY(manifest.from, VersionRange::parse(outline.from));
    const QByteArray seed = QCryptographicHash::hash(outline.version.toUtf8(), QCryptographicHash::Sha1).toHex();
    manifest.build = QString::number(2000 + seed.left(2).toInt(nullptr, 16));
    manifest.commit = QString::fromLatin1(seed.left(12));
    manifest.type = outline.type;
    manifest.changes = outline.changes;
    manifest.restart = {u"all"_s};
    manifest.risk = outline.risk;
    manifest.expectedDowntimeMs = outline.downtimeMs;
    result.migrations = outline.migrations;
    result.behaviour = {{u"version"_s, outline.version}, {u"build"_s, manifest.build}, {u"commit"_s, manifest.commit}, {u"schema"_s, outline.migrations}};
    return result;
}

} // namespace

Result<QList<DemoRelease>> demoReleases(double faultRampSeconds)
{
    TRY(DemoRelease installed, release({u"1.2.0"_s, u">=1.0.0 <1.2.0"_s, UpdateType::Minor, u"low"_s, 1, 0, {{u"added"_s, {u"Market quotes for five symbols"_s}}}}));
    installed.manifest.migration = true;

    TRY(DemoRelease hotfix, release({u"1.2.1"_s, u">=1.2.0 <1.3.0"_s, UpdateType::Hotfix, u"low"_s, 1, 0, {{u"fixed"_s, {u"Time-out of the quote feed is handled"_s}}, {u"security"_s, {u"Session tokens are compared in constant time"_s}}}}));

    TRY(DemoRelease minor, release({u"1.3.0"_s, u">=1.2.0 <1.3.0"_s, UpdateType::Minor, u"medium"_s, 2, 0, {{u"added"_s, {u"Price predictions, behind the flag ai_predictions"_s, u"Orders carry a client tag"_s}}, {u"changed"_s, {u"Every order keeps a history of events"_s}}}}));
    minor.manifest.migration = true;
    minor.manifest.featureFlag = true;
    minor.manifest.flags = {{u"ai_predictions"_s, u"Price predictions beside each quote"_s, 10}};
    minor.manifest.configurationSet = {{u"PREDICTION_MODEL"_s, u"baseline-7"_s}, {u"LOG_LEVEL"_s, u"info"_s}};

    TRY(DemoRelease faulty, release({u"1.3.1"_s, u">=1.2.0 <2.0.0"_s, UpdateType::Hotfix, u"high"_s, 2, 0, {{u"fixed"_s, {u"Order history is written in batches"_s}}}}));
    faulty.manifest.migration = true;
    faulty.behaviour[u"errorProportion"_s] = 0.12;
    faulty.behaviour[u"quietSeconds"_s] = 8;
    faulty.behaviour[u"rampSeconds"_s] = faultRampSeconds;

    TRY(DemoRelease major, release({u"2.0.0"_s, u">=1.3.0 <2.0.0"_s, UpdateType::Major, u"high"_s, 4, 0, {{u"added"_s, {u"Notional value of each order"_s}}, {u"removed"_s, {u"Setting LEGACY_QUOTES"_s}}}}));
    major.manifest.migration = true;
    major.manifest.dataMigration = true;
    major.manifest.configurationSet = {{u"API_VERSION"_s, u"2"_s}};
    major.manifest.configurationRemove = {u"LEGACY_QUOTES"_s};
    return QList{installed, hotfix, minor, faulty, major};
}

Result<> writeDemoRelease(const DemoRelease &release, const QString &program, const QString &folder)
{
    const QString migrations = folder + u'/' + release.manifest.migrationsDirectory;
    CHECK(files::makePath(migrations));
    CHECK(files::replace(folder + u"/manifest.yaml"_s, release.manifest.toYaml()));
    CHECK(files::replace(folder + u"/release.json"_s, QJsonDocument(release.behaviour).toJson()));
    CHECK(files::copy(program, folder + u"/cutover-demo-service"_s));
    const QList<Script> chain = migrationChain();
    for (const Script &script : chain.first(release.migrations)) {
        CHECK(files::replace(migrations + u'/' + script.name + u".up.sql"_s, script.up));
        CHECK(files::replace(migrations + u'/' + script.name + u".down.sql"_s, script.down));
    }
    return {};
}

} // namespace cutover
