// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "target/claim.h"
#include "target/databaseidentity.h"
#include "target/hostconnection.h"
#include "target/ownaddresses.h"
#include "target/target.h"

#include <QFileInfo>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxIdentitySize = 1 << 20;

QString pinsOf(const Target &target)
{
    return target.stateDirectory + u"/identity.json"_s;
}

/// Member that pins a database's file.
QString inodeOf(const QString &database)
{
    return u"database."_s + database + u".inode"_s;
}

/// Member that pins a host's key.
QString hostKeyMember(const HostSpec &host)
{
    return u"host."_s + host.name + u".key"_s;
}

/// Empty where nothing has been pinned yet.
Result<QJsonObject> readPins(const QString &file)
{
    if (!QFileInfo::exists(file)) {
        return QJsonObject();
    }
    TRY(const QByteArray bytes, files::read(file, maxIdentitySize));
    const QJsonDocument document = QJsonDocument::fromJson(bytes);
    if (!document.isObject()) {
        return fail(u"target.identity_unreadable"_s, {}, file);
    }
    return document.object();
}

struct Pin {
    QJsonObject merged; ///< What was pinned, and what is found for the first time.
    bool isNew = false; ///< Something is.
};

/// "target.identity_changed" when what is found is not what was pinned.
Result<Pin> pinned(const QString &file, const QJsonObject &found, const QString &where)
{
    Pin pin;
    TRY(pin.merged, readPins(file));
    const QJsonObject before = pin.merged;
    for (auto member = found.constBegin(); member != found.constEnd(); ++member) {
        const auto known = before.constFind(member.key());
        if (known == before.constEnd()) {
            pin.merged[member.key()] = member.value();
            pin.isNew = true;
        } else if (known.value() != member.value()) {
            return fail(u"target.identity_changed"_s,
                        {{u"member"_s, member.key()}, {u"pinned"_s, known.value()}, {u"found"_s, member.value()}, {u"file"_s, file}}, where);
        }
    }
    return pin;
}

// Made at first use: registrations are file-scope objects of any order.
QMap<QString, DatabaseIdentity::Function> &sources()
{
    static QMap<QString, DatabaseIdentity::Function> instance;
    return instance;
}

} // namespace

DatabaseIdentity::DatabaseIdentity(const QString &driver, Function function)
{
    sources().insert(driver, function);
}

DatabaseIdentity::Function DatabaseIdentity::of(const QString &driver)
{
    return sources().value(driver, nullptr);
}

Result<> pinDatabaseFile(const Target &target, const QString &database, const QString &file)
{
    const QString pins = pinsOf(target);
    if (!QFileInfo::exists(pins)) {
        return {};
    }
    TRY(const FolderTurn turn, FolderTurn::take(target.stateDirectory));
    TRY(QJsonObject members, readPins(pins));
    TRY(const QString identity, fileIdentity(file));
    members[inodeOf(database)] = identity;
    return files::replace(pins, json::canonical(members), files::privateFile);
}

Result<QString> pinnedHostKey(const HostSpec &host)
{
    TRY(const QJsonObject pins, readPins(host.stateDirectory + u"/identity.json"_s));
    return pins[hostKeyMember(host)].toString();
}

Result<> pinHostKey(const HostSpec &host, const QString &fingerprint)
{
    const QString pins = host.stateDirectory + u"/identity.json"_s;
    const QJsonObject found{{hostKeyMember(host), fingerprint}};
    CHECK(files::makePath(host.stateDirectory));
    TRY(const FolderTurn turn, FolderTurn::take(host.stateDirectory));
    TRY(const Pin known, pinned(pins, found, host.address.text()));
    return known.isNew ? files::replace(pins, json::canonical(known.merged), files::privateFile) : Result<>();
}

Result<> checkDatabaseFolder(const Target &target, const DatabaseSpec &database)
{
    if (DatabaseIdentity::of(database.driver)) {
        return {}; // No file.
    }
    const QString folder = QFileInfo(database.file).absolutePath();
    TRY(const QString now, fileIdentity(folder));
    if (now.isEmpty()) {
        return fail(u"target.database_folder"_s, {{u"database"_s, database.name}, {u"folder"_s, folder}}, folder);
    }
    TRY(const QJsonObject pins, readPins(pinsOf(target)));
    const QString then = pins[inodeOf(database.name)].toString();
    if (!then.isEmpty() && then.section(u':', 0, 0) != now.section(u':', 0, 0)) {
        return fail(u"target.database_disk"_s, {{u"database"_s, database.name}, {u"folder"_s, folder}}, folder);
    }
    return {};
}

Result<QJsonObject> pinIdentity(const Target &target)
{
    // Flat, so that the member that differs has a name to show.
    QJsonObject found;
    TRY(const QString machine, machineDigest());
    found[u"machine"_s] = machine;
    const QString canonical = QFileInfo(target.path).canonicalFilePath();
    found[u"path"_s] = canonical.isEmpty() ? target.path : canonical;
    found[u"name"_s] = target.name;
    found[u"product"_s] = target.product;
    found[u"environment"_s] = target.environment;
    if (!target.balancer.socket.isEmpty()) {
        found[u"balancer.socket"_s] = target.balancer.socket;
    }
    if (!target.balancer.configurationFile.isEmpty()) {
        found[u"balancer.configuration"_s] = target.balancer.configurationFile;
    }
    if (!target.compose.project.isEmpty()) {
        found[u"docker.project"_s] = target.compose.project;
        found[u"docker.host"_s] = target.compose.host;
    }
    for (const HostSpec &host : target.hosts) {
        // Its key is pinned by who first connects to it.
        found[QString(u"host."_s + host.name + u".address"_s)] = host.address.text();
    }
    for (const RedisSpec &server : target.redis) {
        // Where it is: what it calls itself (run_id) is another thing after each restart.
        found[QString(u"redis."_s + server.name)] = addressOf(server);
    }
    for (const DatabaseSpec &database : target.databases) {
        const QString prefix = u"database."_s + database.name;
        if (const auto source = DatabaseIdentity::of(database.driver)) {
            TRY(const QJsonObject members, source(database));
            for (auto member = members.begin(); member != members.end(); ++member) {
                found[QString(prefix + u'.' + member.key())] = *member;
            }
            continue;
        }
        found[QString(prefix + u".file"_s)] = database.file;
        TRY(const QString identity, fileIdentity(database.file));
        // A file that isn't there has no identity to compare; that it is missing is for the checks to say.
        if (!identity.isEmpty()) {
            found[inodeOf(database.name)] = identity;
        }
    }

    const QString file = pinsOf(target);
    TRY(const Pin known, pinned(file, found, target.path));
    CHECK(files::makePath(target.stateDirectory));
    // Before it is pinned: a file that describes somebody else's database pins nothing.
    CHECK(claimDatabases(target));
    if (known.isNew) {
        TRY(const FolderTurn turn, FolderTurn::take(target.stateDirectory));
        // Somebody may have been faster.
        TRY(const Pin now, pinned(file, found, target.path));
        if (now.isNew) {
            CHECK(files::replace(file, json::canonical(now.merged), files::privateFile));
        }
    }
    return found;
}

} // namespace cutover
