// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/commitversion.h"
#include "release/repository.h"
#include "target/target.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

/** What a commit that no tag names is called, and how it is told from the release that it came from. */
class CommitVersionTest : public QObject
{
    Q_OBJECT

    static constexpr QLatin1StringView commit{"0123456789abcdef0123456789abcdef01234567"};

    static Version version(const QString &text)
    {
        const auto parsed = Version::parse(text);
        if (!parsed) {
            qFatal("%s", qPrintable(parsed.error().text()));
        }
        return *parsed;
    }
    static ReleaseInfo release(const QString &text, const QString &from)
    {
        ReleaseInfo info;
        info.manifest.version = version(text);
        info.manifest.from = *VersionRange::parse(from);
        info.manifest.risk = u"low"_s;
        return info;
    }
    static QStringList path(const QString &installed, const QString &wanted)
    {
        const QList<ReleaseInfo> releases{release(u"1.2.0"_s, u"^1.1"_s), release(u"1.2.1"_s, u"1.2.0"_s), release(u"1.3.0"_s, u"^1.2"_s)};
        const auto found = updatePath(version(installed), version(wanted), releases);
        if (!found) {
            return {found.error().code};
        }
        QStringList names;
        for (const ReleaseInfo &each : *found) {
            names.append(each.manifest.version.toString());
        }
        return names;
    }

private Q_SLOTS:
    void bearsReleaseAndCommit()
    {
        const Version plain = commitVersion(version(u"1.2.1"_s), commit);
        QCOMPARE(plain.toString(), u"1.2.1+g0123456789ab"_s);
        QCOMPARE(commitVersion(version(u"2.0.0-rc.1+b7"_s), commit).toString(), u"2.0.0-rc.1+b7.g0123456789ab"_s);
        QCOMPARE(commitVersion({}, commit).toString(), u"0.0.0+g0123456789ab"_s);
        QVERIFY(isCommitVersion(plain));
        QVERIFY(isCommitVersion(version(u"2.0.0-rc.1+b7.g0123456789ab"_s)));
        for (const QString &other : {u"1.2.1"_s, u"1.2.1+g12"_s, u"1.2.1+0123456789ab"_s, u"1.2.1+g0123456789ab.1"_s, u"1.2.1-g0123456789ab"_s, u"1.2.1+g0123456789xy"_s}) {
            QVERIFY2(!isCommitVersion(version(other)), qPrintable(other));
        }
    }

    void leadsOnAsItsReleaseDoes()
    {
        const QString here = u"1.2.1+g0123456789ab"_s;
        QCOMPARE(path(here, u"1.3.0"_s), QStringList{u"1.3.0"_s});
        // The release itself is something else than the commit, whatever it says that it can be applied to.
        QCOMPARE(path(here, u"1.2.1"_s), QStringList{u"1.2.1"_s});
        QCOMPARE(path(u"1.2.1"_s, u"1.2.1"_s), QStringList());
        // Other build metadata than a commit's counts for nothing, as ever.
        QCOMPARE(path(u"1.2.1+b7"_s, u"1.2.1"_s), QStringList());
        QCOMPARE(path(here, u"1.2.0"_s), QStringList{u"path.downgrade"_s});
        QVERIFY(isAhead(version(u"1.2.1"_s), version(here)) && !isAhead(version(here), version(here)) && !isAhead(version(u"1.2.0"_s), version(here)));
        QCOMPARE(typeOfUpdate(version(here), version(u"1.2.1"_s)), UpdateType::Hotfix);
        QCOMPARE(typeOfUpdate(version(u"1.2.1"_s), version(u"1.2.1"_s)), UpdateType::None);
        QCOMPARE(typeOfUpdate(version(here), version(u"1.3.0"_s)), UpdateType::Minor);
    }

    void isKnownByWhatItTells()
    {
        const QTemporaryDir folder;
        Target target;
        target.releasesDirectory = folder.path();
        const QString here = u"1.2.1+g0123456789ab"_s;
        const auto tells = [&](const QString &release, const QJsonObject &told) { return tellsRelease(target, release, told); };
        QVERIFY(tells(here, {{u"version"_s, here}}));
        QVERIFY(tells(here, {{u"version"_s, u"1.2.1"_s}}));
        QVERIFY(!tells(here, {{u"version"_s, u"1.2.0"_s}}));
        // The commit is surer than any version, in both ways.
        QVERIFY(tells(here, {{u"version"_s, u"1.3.0-dev"_s}, {u"commit"_s, QString(commit)}}));
        QVERIFY(tells(here, {{u"version"_s, u"1.3.0-dev"_s}, {u"commit_hash"_s, u"0123456"_s}}));
        QVERIFY(!tells(here, {{u"version"_s, u"1.2.1"_s}, {u"commit"_s, u"abcdef0123456789"_s}}));
        QVERIFY(!tells(here, {{u"version"_s, u"1.2.1"_s}, {u"commit"_s, u"0123"_s}}));
        // A manifest in its folder says what its code calls itself.
        QVERIFY(QDir(folder.path()).mkpath(here));
        QFile manifest(folder.filePath(here + u"/manifest.yaml"_s));
        QVERIFY(manifest.open(QIODevice::WriteOnly));
        manifest.write("schema: 1\nproduct: trading\nversion: 1.3.0-dev\nfrom: \"*\"\nupdate_type: minor\nrisk: low\n");
        manifest.close();
        QVERIFY(tells(here, {{u"version"_s, u"1.3.0-dev"_s}}));
        QVERIFY(!tells(here, {{u"version"_s, u"1.2.1"_s}}));
        // A release is what it says, and nothing else.
        QVERIFY(tells(u"1.2.1"_s, {{u"version"_s, u"1.2.1"_s}}));
        QVERIFY(!tells(u"1.2.1"_s, {{u"version"_s, here}, {u"commit"_s, QString(commit)}}));
    }
};

QTEST_GUILESS_MAIN(CommitVersionTest)
#include "commitversiontest.moc"
