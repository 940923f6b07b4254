// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/claim.h"

#include "system/clock.h"
#include "system/filelock.h"
#include "system/files.h"
#include "system/json.h"
#include "system/programs.h"
#include "system/random.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QStandardPaths>
#include <QSysInfo>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxMarkSize = 64 << 10;

QString canonical(const QString &path)
{
    const QString found = QFileInfo(path).canonicalFilePath();
    return found.isEmpty() ? QFileInfo(path).absoluteFilePath() : found;
}

QString markOf(const QString &databaseFile)
{
    return QString(databaseFile + u".cutover-owner"_s);
}

/// What this target would write; nothing where there is no file yet.
Result<std::optional<DatabaseClaim>> ownClaim(const Target &target, const DatabaseSpec &database)
{
    DatabaseClaim claim;
    TRY(claim.identity, fileIdentity(database.file));
    if (database.driver != u"sqlite" || claim.identity.isEmpty()) {
        return std::nullopt;
    }
    TRY(claim.machine, machineDigest());
    claim.database = database.name;
    claim.file = canonical(database.file);
    claim.target = target.name;
    claim.path = canonical(target.path);
    claim.state = canonical(target.stateDirectory);
    claim.host = QSysInfo::machineHostName();
    claim.by = whoAmI();
    claim.since = Clock::system().now();
    return claim;
}

/// What stands beside the database; nothing when it is of another file that lay there, or that was copied.
Result<std::optional<DatabaseClaim>> readClaim(const DatabaseClaim &own)
{
    const QString mark = markOf(own.file);
    const auto content = files::read(mark, maxMarkSize);
    if (!content) {
        return content.error().code == u"file.not_found" ? Result<std::optional<DatabaseClaim>>(std::nullopt) : fail(content.error());
    }
    const QJsonObject json = QJsonDocument::fromJson(*content).object();
    DatabaseClaim claim{.database = own.database,
                        .file = own.file,
                        .target = json["target"_L1].toString(),
                        .path = json["path"_L1].toString(),
                        .state = json["state"_L1].toString(),
                        .machine = json["machine"_L1].toString(),
                        .host = json["host"_L1].toString(),
                        .identity = json["database"_L1].toString(),
                        .by = json["by"_L1].toString(),
                        .since = QDateTime::fromMSecsSinceEpoch(json["since"_L1].toInteger(), QTimeZone::UTC)};
    if (claim.target.isEmpty() || claim.identity.isEmpty()) {
        return fail(u"target.claim_unreadable"_s, {{u"database"_s, own.database}, {u"file"_s, mark}, {u"target"_s, own.target}}, mark);
    }
    return claim.identity == own.identity ? std::optional(claim) : std::nullopt;
}

bool isSame(const DatabaseClaim &a, const DatabaseClaim &b)
{
    return a.target == b.target && a.path == b.path && a.state == b.state && a.machine == b.machine;
}

Result<> write(const DatabaseClaim &claim)
{
    return files::replace(markOf(claim.file),
                          json::canonical(QJsonObject{{u"target"_s, claim.target},
                                                      {u"path"_s, claim.path},
                                                      {u"state"_s, claim.state},
                                                      {u"machine"_s, claim.machine},
                                                      {u"host"_s, claim.host},
                                                      {u"database"_s, claim.identity},
                                                      {u"by"_s, claim.by},
                                                      {u"since"_s, claim.since.toMSecsSinceEpoch()}}));
}

std::unexpected<Error> claimed(const DatabaseClaim &claim, const Target &target)
{
    return fail(u"target.claimed"_s,
                {{u"database"_s, claim.database},
                 {u"file"_s, claim.file},
                 {u"owner"_s, claim.target},
                 {u"ownerFile"_s, claim.path},
                 {u"host"_s, claim.host},
                 {u"target"_s, target.name},
                 {u"targetFile"_s, canonical(target.path)}},
                target.path);
}

} // namespace

Result<QString> fileIdentity(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    struct stat status{};
    struct statvfs system{};
    if (::stat(name.constData(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return QString();
        }
        return failErrno(u"target.identity_file"_s, errno, path);
    }
    if (::statvfs(name.constData(), &system) != 0) {
        return failErrno(u"target.identity_file"_s, errno, path);
    }
    const quint64 device = system.f_fsid != 0 ? quint64(system.f_fsid) : quint64(status.st_dev);
    return QString(QString::number(device, 16) + u':' + QString::number(quint64(status.st_ino)));
}

Result<QString> machineDigest(const QStringList &files, const QString &ownFile)
{
    for (const QString &file : files) {
        // Images of machines and containers come without one, or with an empty one until they are first started.
        const QByteArray machine = QFileInfo::exists(file) ? files::read(file, 4096).value_or(QByteArray()).trimmed() : QByteArray();
        if (!machine.isEmpty() && machine != "uninitialized") {
            return json::sha256("cutover" + machine);
        }
    }
    if (!QFileInfo::exists(ownFile)) {
        CHECK(files::makePath(QFileInfo(ownFile).absolutePath()));
        const QString made = ownFile + u'.' + Random::system().id();
        CHECK(files::replace(made, Random::system().id().toLatin1()));
        // Of two that make one at once, both use the one that was there first.
        const bool linked = ::link(QFile::encodeName(made).constData(), QFile::encodeName(ownFile).constData()) == 0 || errno == EEXIST;
        const int error = errno;
        CHECK(files::remove(made));
        if (!linked) {
            return failErrno(u"file.write"_s, error, ownFile);
        }
    }
    TRY(const QByteArray own, files::read(ownFile, 4096));
    return json::sha256("cutover" + own.trimmed());
}

Result<QString> machineDigest()
{
    return machineDigest({u"/etc/machine-id"_s, u"/var/lib/dbus/machine-id"_s},
                         QStandardPaths::writableLocation(QStandardPaths::GenericStateLocation) + u"/cutover/machine-id"_s);
}

Result<QList<DatabaseClaim>> foreignClaims(const Target &target)
{
    QList<DatabaseClaim> foreign;
    for (const DatabaseSpec &database : target.databases) {
        TRY(const auto own, ownClaim(target, database));
        if (!own) {
            continue;
        }
        TRY(const auto found, readClaim(*own));
        if (found && !isSame(*found, *own)) {
            foreign.append(*found);
        }
    }
    return foreign;
}

Result<> claimDatabases(const Target &target)
{
    TRY(const QList<DatabaseClaim> foreign, foreignClaims(target));
    if (!foreign.isEmpty()) {
        return claimed(foreign.first(), target);
    }
    for (const DatabaseSpec &database : target.databases) {
        TRY(const auto own, ownClaim(target, database));
        if (!own) {
            continue;
        }
        TRY(auto found, readClaim(*own));
        if (!found) {
            // Two that come first at once: the second one finds the claim of the first.
            TRY(const FolderTurn turn, FolderTurn::take(QFileInfo(own->file).absolutePath()));
            TRY(found, readClaim(*own));
            if (!found) {
                CHECK(write(*own));
            }
        }
        if (found && !isSame(*found, *own)) {
            return claimed(*found, target);
        }
    }
    return {};
}

Result<QList<DatabaseClaim>> adoptDatabases(const Target &target)
{
    QList<DatabaseClaim> adopted;
    for (const DatabaseSpec &database : target.databases) {
        TRY(const auto own, ownClaim(target, database));
        if (!own) {
            continue;
        }
        TRY(const FolderTurn turn, FolderTurn::take(QFileInfo(own->file).absolutePath()));
        const auto found = readClaim(*own);
        if (!found && found.error().code != u"target.claim_unreadable") {
            return fail(found.error());
        }
        if (found && *found && isSame(**found, *own)) {
            continue;
        }
        CHECK(write(*own));
        adopted.append(found && *found ? **found : DatabaseClaim{.database = own->database, .file = own->file});
    }
    return adopted;
}

} // namespace cutover
