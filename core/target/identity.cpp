// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "target/claim.h"
#include "target/databaseidentity.h"
#include "target/target.h"

#include <QFileInfo>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxIdentitySize = 1 << 20;

struct Pin {
    QJsonObject merged; ///< What was pinned, and what is found for the first time.
    bool isNew = false; ///< Something is.
};

/// "target.identity_changed" when what is found is not what was pinned.
Result<Pin> pinned(const QString &file, const QJsonObject &found, const QString &where)
{
    Pin pin;
    if (QFileInfo::exists(file)) {
        TRY(const QByteArray bytes, files::read(file, maxIdentitySize));
        const QJsonDocument document = QJsonDocument::fromJson(bytes);
        if (!document.isObject()) {
            return fail(u"target.identity_unreadable"_s, {}, file);
        }
        pin.merged = document.object();
    }
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
    if (!target.balancer.kind.isEmpty()) {
        found[u"balancer.socket"_s] = target.balancer.socket;
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
            found[QString(prefix + u".inode"_s)] = identity;
        }
    }

    const QString file = target.stateDirectory + u"/identity.json"_s;
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
