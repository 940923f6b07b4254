// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/backupowner.h"

#include "system/files.h"
#include "system/json.h"
#include "target/claim.h"

#include <QDir>
#include <QDirIterator>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QSysInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxOwnerSize = 64 << 10;

QString ownerIn(const QString &folder)
{
    return folder + u"/owner.json"_s;
}

/// What tells this target from every other one: no two have one state folder.
Result<QJsonObject> identityOf(const Target &target)
{
    TRY(const QString machine, machineDigest());
    const QString state = QFileInfo(target.stateDirectory).canonicalFilePath();
    return QJsonObject{{u"machine"_s, machine}, {u"state"_s, state.isEmpty() ? QFileInfo(target.stateDirectory).absoluteFilePath() : state}};
}

QDateTime lastChange(const QString &folder)
{
    QDateTime last = QFileInfo(folder).lastModified();
    QDirIterator entries(folder, QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    while (entries.hasNext()) {
        last = std::max(last, entries.nextFileInfo().lastModified());
    }
    return last;
}

/// Nothing of another target's: also not where its owner can't be read.
bool isAbandoned(const QString &folder, const QJsonObject &own, const QDateTime &now)
{
    const auto content = files::read(ownerIn(folder), maxOwnerSize);
    if (!content) {
        return content.error().code == "file.not_found"_L1 && lastChange(folder).msecsTo(now) > strayAfterMs;
    }
    const QJsonObject owner = QJsonDocument::fromJson(*content).object();
    return owner["machine"_L1] == own["machine"_L1] && owner["state"_L1] == own["state"_L1];
}

} // namespace

Result<> writeBackupOwner(const Target &target, const QString &folder)
{
    TRY(QJsonObject owner, identityOf(target));
    owner.insert(u"target"_s, target.name);
    owner.insert(u"path"_s, target.path);
    owner.insert(u"host"_s, QSysInfo::machineHostName());
    return files::replace(ownerIn(folder), json::canonical(owner), files::privateFile);
}

Result<QStringList> strayBackups(const Target &target, const QList<RestorePoint> &points, const QDateTime &now)
{
    static const QRegularExpression id(u"^[0-9A-HJKMNP-TV-Z]{26}$"_s);
    TRY(const QJsonObject own, identityOf(target));
    QStringList known;
    QStringList removed;
    for (const RestorePoint &point : points) {
        (point.available ? known : removed).append(point.id);
    }
    QStringList stray;
    const QStringList names = QDir(target.backup.directory).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        const QString folder = target.backup.directory + u'/' + name;
        // A whole one that the journal does not know may be older than it.
        const bool begun = !QFileInfo::exists(folder + u"/manifest.json"_s) && isAbandoned(folder, own, now);
        if (id.match(name).hasMatch() && !known.contains(name) && (removed.contains(name) || begun)) {
            stray.append(folder);
        }
    }
    return stray;
}

} // namespace cutover
