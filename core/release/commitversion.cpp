// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/commitversion.h"

#include "release/manifest.h"
#include "target/target.h"

#include <QFile>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qsizetype hashLength = 12;
constexpr qsizetype shortestCommit = 7; ///< What git abbreviates to.
constexpr qint64 largestManifest = 1 << 20;

} // namespace

Version commitVersion(Version base, const QString &commit)
{
    base.build.append(u'g' + commit.left(hashLength));
    return base;
}

bool isCommitVersion(const Version &version)
{
    static const QRegularExpression pattern(u"\\Ag[0-9a-f]{%1}\\z"_s.arg(hashLength));
    return !version.build.isEmpty() && pattern.match(version.build.last()).hasMatch();
}

bool isAhead(const Version &release, const Version &installed)
{
    return release > installed || (release == installed && isCommitVersion(installed) && release.build != installed.build);
}

UpdateType typeOfUpdate(const Version &installed, const Version &release)
{
    const UpdateType type = updateType(installed, release);
    return type == UpdateType::None && isAhead(release, installed) ? UpdateType::Hotfix : type;
}

bool isSameCommit(const QString &one, const QString &other)
{
    const auto begins = [](const QString &whole, const QString &part) { return part.size() >= shortestCommit && whole.startsWith(part, Qt::CaseInsensitive); };
    return one.compare(other, Qt::CaseInsensitive) == 0 || begins(one, other) || begins(other, one);
}

QString commitToldBy(const QJsonObject &told)
{
    for (const QLatin1StringView name : {"commit"_L1, "commit_hash"_L1, "commitHash"_L1}) {
        if (const QString commit = told[name].toString(); !commit.isEmpty()) {
            return commit;
        }
    }
    return {};
}

bool tellsRelease(const Target &target, const QString &release, const QJsonObject &told)
{
    const QString version = told["version"_L1].toString();
    if (version == release) {
        return true;
    }
    auto bears = Version::parse(release);
    if (!bears || !isCommitVersion(*bears)) {
        return false;
    }
    const QString commit = bears->build.takeLast().sliced(1);
    // What it tells of its commit is sure; without that its version has to do.
    if (const QString tells = commitToldBy(told); !tells.isEmpty()) {
        return isSameCommit(tells, commit);
    }
    QFile file(target.releaseDirectory(release) + u'/' + target.repository.git.manifest);
    if (file.open(QIODevice::ReadOnly)) {
        const auto manifest = Manifest::parse(file.read(largestManifest), file.fileName());
        return manifest && version == manifest->version.toString();
    }
    return version == bears->toString();
}

} // namespace cutover
