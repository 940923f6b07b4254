// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupowner.h"
#include "backup/redismember.h"
#include "backup/restorepoints.h"
#include "database/database.h"
#include "plan/keyeddigest.h"
#include "plan/loss.h"
#include "plan/sealing.h"
#include "plan/step.h"
#include "redis/snapshot.h"
#include "system/files.h"
#include "system/json.h"
#include "system/random.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString describedIn(const QString &directory)
{
    return directory + u"/manifest.json"_s;
}

/// The configuration files that exist, sealed into the folder; members by name.
Result<QJsonObject> sealConfiguration(const QString &stateDirectory, const QList<ConfigurationSpec> &specs, const QString &directory)
{
    QJsonObject members;
    for (const ConfigurationSpec &spec : specs) {
        if (!QFileInfo::exists(spec.file)) {
            continue;
        }
        TRY(const QByteArray content, files::read(spec.file));
        TRY(const QByteArray sealed, seal(stateDirectory, content));
        TRY(const QString digest, keyedDigest(stateDirectory, content));
        const QString file = u"%1/configuration-%2.sealed"_s.arg(directory).arg(members.size() + 1);
        CHECK(files::replace(file, sealed, files::privateFile));
        members.insert(configurationMember(spec.file),
                       QJsonObject{{u"file"_s, file}, {u"sha256"_s, json::sha256(sealed)}, {u"size"_s, sealed.size()}, {u"content"_s, digest}});
    }
    return members;
}

/// A private folder of the restore point, which says whose it is from then on.
Result<> makeFolder(const Target &target, const QString &directory)
{
    CHECK(files::makePath(directory));
    if (!QFile::setPermissions(directory, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner)) {
        return fail(u"backup.folder"_s, {{u"path"_s, directory}}, directory);
    }
    return writeBackupOwner(target, directory);
}

/// What the folder holds, for whoever has only the folder. Written last: with it the backup is whole.
Result<> describe(const RestorePoint &point)
{
    const QJsonObject content{{u"id"_s, point.id}, {u"run"_s, point.runId}, {u"created"_s, point.created.toString(Qt::ISODateWithMs)}, {u"version"_s, point.version}, {u"reason"_s, point.reason.toJson()}, {u"facts"_s, point.facts}, {u"members"_s, point.members}};
    return files::replace(describedIn(point.directory), QJsonDocument(content).toJson(), files::privateFile);
}

class BackupStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        co_return QJsonObject{{u"id"_s, Random::system().id()}, {u"created"_s, context.clock().now().toString(Qt::ISODateWithMs)}};
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        const Target target = context.target();
        RestorePoint point;
        point.id = undo["id"_L1].toString();
        point.runId = context.runId();
        point.created = QDateTime::fromString(undo["created"_L1].toString(), Qt::ISODateWithMs);
        point.version = spec().params["version"_L1].toString();
        point.reason = Message::fromJson(spec().params["reason"_L1].toObject());
        point.directory = target.backup.directory + u'/' + point.id;
        CO_CHECK(makeFolder(target, point.directory));
        CO_TRY(point.facts, co_await FactSource::collect(target));
        const QJsonArray without = spec().params["without"_L1].toArray();
        for (const DatabaseSpec &spec : target.databases) {
            if (without.contains(spec.name)) {
                continue;
            }
            CO_TRY(const auto database, Database::create(spec));
            database->setInherit({context.lockDescriptor()});
            const QJsonObject names{{u"database"_s, spec.name}};
            CO_TRY(const BackupInfo info,
                   co_await database->backup(
                       point.directory + u'/' + spec.name + database->suffix(),
                       [&context, names, unit = database->progressUnit()](qint64 done, qint64 total) {
                           context.progress({done, total, unit, {u"backup.doing"_s, names}});
                       },
                       stop));
            point.members.insert(databaseMember(spec.name), toJson(info));
            point.size += info.size;
        }
        CO_CHECK(co_await backUpServers(context, &point, stop));
        Worker worker;
        CO_TRY(const QJsonObject sealed, co_await worker.run([target, directory = point.directory] {
            return sealConfiguration(target.stateDirectory, target.configuration, directory);
        }));
        for (auto member = sealed.begin(); member != sealed.end(); ++member) {
            point.members.insert(member.key(), *member);
            point.size += (*member)["size"_L1].toInteger();
        }
        CO_CHECK(describe(point));
        CO_CHECK(co_await saveRestorePoint(target.stateDirectory, point));
        context.setResult(u"restorePoint"_s, point.id);
        context.setResult(u"size"_s, point.size);
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        const QString id = undo["id"_L1].toString();
        const QString directory = context.target().backup.directory + u'/' + id;
        if (id.isEmpty() || !QFileInfo::exists(directory)) {
            co_return Inspection::NotStarted;
        }
        CO_TRY(const QList<RestorePoint> points, co_await readRestorePoints(context.target().stateDirectory));
        for (const RestorePoint &point : points) {
            if (point.id == id && point.available && QFileInfo::exists(describedIn(directory))) {
                // Its result may not have been journaled any more.
                context.setResult(u"restorePoint"_s, id);
                co_return Inspection::Done;
            }
        }
        co_return Inspection::Partial;
    }

    /// A restore point stays. What did not become one takes up space that may be what was missing.
    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        const QString id = undo["id"_L1].toString();
        if (id.isEmpty()) {
            co_return {};
        }
        CO_TRY(const QList<RestorePoint> points, co_await readRestorePoints(context.target().stateDirectory));
        if (std::ranges::any_of(points, [&id](const RestorePoint &point) { return point.id == id && point.available; })) {
            co_return {};
        }
        const QString directory = context.target().backup.directory + u'/' + id;
        Worker worker;
        co_return co_await worker.run([directory] { return files::removeTree(directory); });
    }

private:
    /// Snapshots of the Redis servers. Before a way back the backup does without one that can't be had: what goes back is more urgent.
    Async<> backUpServers(StepContext &context, RestorePoint *point, std::stop_token stop)
    {
        const QList<RedisSpec> servers = backedUpRedis(context.target());
        const bool mayMiss = spec().params["redisMayMiss"_L1].toBool();
        for (const RedisSpec &server : servers) {
            const QJsonObject names{{u"database"_s, server.name}};
            const auto progress = [&context, names](qint64 done, qint64 total) {
                context.progress({done, total, u"bytes"_s, {u"backup.doing"_s, names}});
            };
            const auto member = co_await backUpRedis(server, point->directory, progress, stop);
            if (!member && mayMiss && member.error().kind != Error::Kind::Cancelled) {
                context.log({u"backup.redis_missing"_s, {{u"name"_s, server.name}, {u"cause"_s, member.error().toJson()}}});
                continue;
            }
            CO_CHECK(member);
            point->members.insert(redisMember(server.name), *member);
            point->size += (*member)["size"_L1].toInteger();
        }
        co_return {};
    }
};

/// Digest and content of a sealed configuration file.
Result<> proveConfiguration(const QString &stateDirectory, const QJsonObject &member)
{
    const QString file = member["file"_L1].toString();
    TRY(const QByteArray sealed, files::read(file));
    if (const QString digest = json::sha256(sealed); digest != member["sha256"_L1].toString()) {
        return fail(u"database.backup_altered"_s, {{u"file"_s, file}, {u"expected"_s, member["sha256"_L1]}, {u"found"_s, digest}}, file);
    }
    TRY(const QByteArray content, unseal(stateDirectory, sealed, file));
    TRY(const QString digest, keyedDigest(stateDirectory, content));
    if (digest != member["content"_L1].toString()) {
        return fail(u"backup.sealed"_s, {{u"file"_s, file}}, file);
    }
    return {};
}

class VerifyBackupStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const Target target = context.target();
        const QString id = context.result(spec().params["backup"_L1].toString(), u"restorePoint"_s).toString();
        CO_TRY(RestorePoint point, co_await readRestorePoint(target.stateDirectory, id));
        qint64 done = 0;
        QJsonArray remarks;
        const QStringList names = point.members.keys();
        for (const QString &name : names) {
            const QJsonObject member = point.members[name].toObject();
            context.progress({done++, point.members.size(), u"files"_s, {u"backup.verifying"_s, {{u"member"_s, name.section(u':', 1)}}}});
            if (name.startsWith(u"configuration:"_s)) {
                CO_CHECK(proveConfiguration(target.stateDirectory, member));
                continue;
            }
            if (name.startsWith(redisMember({}))) {
                CO_TRY(const Message unread, co_await redis::proveSnapshot(redis::snapshotFromJson(member), &context.processes(), stop));
                QJsonObject told = member;
                told.remove(u"unread"_s); // Of an earlier proof.
                if (!unread.isEmpty()) {
                    context.log(unread);
                    remarks.append(unread.toJson());
                    told.insert(u"unread"_s, unread.toJson());
                }
                point.members.insert(name, told);
                continue;
            }
            const DatabaseSpec *database = target.database(name.section(u':', 1));
            if (!database) {
                co_return fail(u"backup.no_database"_s, {{u"member"_s, name}}, target.path);
            }
            CO_TRY(const auto driver, Database::create(*database));
            driver->setInherit({context.lockDescriptor()});
            CO_CHECK(co_await driver->verifyBackup(backupInfoFromJson(member), stop));
        }
        context.setResult(u"restorePoint"_s, point.id);
        if (!remarks.isEmpty()) {
            context.setResult(stepresult::remarks, remarks);
        }
        const bool whole = std::ranges::all_of(target.databases, [&](const DatabaseSpec &database) { return names.contains(databaseMember(database.name)); });
        if (!whole) {
            // A database could not be read: nobody may take this for a point that all can go back to.
            co_return Result<>();
        }
        point.proven = context.clock().now();
        CO_CHECK(co_await saveRestorePoint(target.stateDirectory, point));
        context.setResult(u"proven"_s, point.proven.toString(Qt::ISODateWithMs));
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override
    {
        // Only looks; doing it again is the surest answer.
        co_return Inspection::NotStarted;
    }

    /// A killed proof leaves a whole copy beside the database. Where it can't be dropped it only takes space, until the next clean up.
    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        const Target target = context.target();
        for (const DatabaseSpec &spec : target.databases) {
            CO_TRY(const auto database, Database::create(spec));
            if (const Result<> dropped = co_await database->dropProof(); !dropped) {
                context.log({u"backup.proof_stays"_s, {{u"database"_s, spec.name}, {u"error"_s, dropped.error().toJson()}}});
            }
        }
        co_return Result<>();
    }
};

const StepRegistry::Registration backup(u"backup"_s, 1, [](StepSpec spec) { return std::make_unique<BackupStep>(std::move(spec)); });
const StepRegistry::Registration verify(u"verify_backup"_s, 1,
                                        [](StepSpec spec) { return std::make_unique<VerifyBackupStep>(std::move(spec)); });

} // namespace

} // namespace cutover
