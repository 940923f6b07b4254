// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/repository.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class UpdatePathTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void finds_data();
    void finds();
    void namesTheConstraint();
};

/// "version|from|risk;…"
static QList<ReleaseInfo> releases(const QString &text)
{
    QList<ReleaseInfo> list;
    for (const QString &entry : text.split(u';', Qt::SkipEmptyParts)) {
        const QStringList parts = entry.trimmed().split(u'|');
        ReleaseInfo release;
        release.manifest.version = Version::parse(parts[0]).value();
        release.manifest.from = VersionRange::parse(parts[1]).value();
        release.manifest.risk = parts[2];
        list << release;
    }
    return list;
}

void UpdatePathTest::finds_data()
{
    QTest::addColumn<QString>("installed");
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<QString>("all");
    QTest::addColumn<QString>("path"); // Or the error's code.
    const auto row = [](const char *name, const char *installed, const char *wanted, const char *all, const char *path) {
        QTest::newRow(name) << QString::fromLatin1(installed) << QString::fromLatin1(wanted) << QString::fromLatin1(all)
                            << QString::fromLatin1(path);
    };
    row("equal", "1.2.0", "1.2.0", "", "");
    row("equal but for the build", "1.2.0+a", "1.2.0+b", "", "");
    row("direct", "1.2.0", "1.2.1", "1.2.1|~1.2.0|low", "1.2.1");
    row("two hops", "1.2.0", "2.0.0", "2.0.0|^1.3|high;1.3.0|^1.2|medium;1.2.1|~1.2.0|low", "1.3.0 2.0.0");
    row("fewest hops before risk", "1.2.0", "1.4.0", "1.4.0|^1.2|high;1.3.0|^1.2|low", "1.4.0");
    row("least risk", "1.2.0", "2.0.0", "2.0.0|^1.3|high;1.3.0|^1.2|low;1.3.1|^1.2|high", "1.3.0 2.0.0");
    row("newest of equal risk", "1.2.0", "2.0.0", "2.0.0|^1.3|high;1.3.0|^1.2|low;1.3.1|^1.2|low", "1.3.1 2.0.0");
    row("risk of the whole way", "1.0.0", "4.0.0",
        "4.0.0|>=2.0.0|low;3.0.0|^1.0|medium;2.0.0|^1.0|low", "2.0.0 4.0.0");
    row("no unfinished stepping stone", "1.2.0", "2.0.0", "2.0.0|>=1.3.0-rc.1|low;1.3.0-rc.1|^1.2|low", "path.none");
    row("unfinished when wanted", "1.2.0", "1.3.0-rc.1", "1.3.0-rc.1|^1.2|low", "1.3.0-rc.1");
    row("downgrade", "1.3.0", "1.2.0", "1.2.0|*|low", "path.downgrade");
    row("unknown", "1.3.0", "1.4.0", "1.5.0|*|low", "path.unknown");
    row("none", "1.1.0", "2.0.0", "2.0.0|^1.3|low;1.3.0|^1.2|low", "path.none");
}

void UpdatePathTest::finds()
{
    QFETCH(const QString, installed);
    QFETCH(const QString, wanted);
    QFETCH(const QString, all);
    QFETCH(const QString, path);
    const auto result = updatePath(*Version::parse(installed), *Version::parse(wanted), releases(all));
    if (path.startsWith(u"path.")) {
        QVERIFY(!result);
        QCOMPARE(result.error().code, path);
        QVERIFY(Catalogue::contains(path));
        QVERIFY(!result.error().what().contains(u"%{"));
        return;
    }
    QVERIFY2(result, result ? "" : qPrintable(result.error().text()));
    QStringList versions;
    for (const ReleaseInfo &release : *result) {
        versions << release.manifest.version.toString();
    }
    QCOMPARE(versions.join(u' '), path);
}

void UpdatePathTest::namesTheConstraint()
{
    const auto all = releases(u"3.0.0|^2.5|low;2.5.0|^2.1|low;2.0.0|^1.3|low;1.3.0|^1.2|low"_s);
    const auto result = updatePath(*Version::parse(u"1.2.0"_s), *Version::parse(u"3.0.0"_s), all);
    QVERIFY(!result);
    // 3.0.0 could follow 2.5.0, but nothing leads to that: its range begins above all that is in reach.
    QCOMPARE(result.error().args[u"release"_s].toString(), u"2.5.0"_s);
    QCOMPARE(result.error().args[u"from"_s].toString(), u"^2.1"_s);
    QCOMPARE(result.error().args[u"reachable"_s].toString(), u"2.0.0"_s);
}

QTEST_GUILESS_MAIN(UpdatePathTest)
#include "updatepathtest.moc"
