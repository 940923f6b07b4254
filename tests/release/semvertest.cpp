// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/semver.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class SemverTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepts_data();
    void accepts();
    void refuses_data();
    void refuses();
    void precedence();
    void buildDoesNotCount();
    void types_data();
    void types();
    void ranges_data();
    void ranges();
    void badRanges_data();
    void badRanges();
};

static Version version(const QString &text)
{
    auto result = Version::parse(text);
    if (!result) {
        qFatal("%s", qPrintable(text));
    }
    return *result;
}

void SemverTest::accepts_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text :
         {"0.0.4", "1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta", "1.1.2+meta-valid", "1.0.0-alpha", "1.0.0-beta",
          "1.0.0-alpha.beta", "1.0.0-alpha.beta.1", "1.0.0-alpha.1", "1.0.0-alpha0.valid", "1.0.0-alpha.0valid",
          "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay", "1.0.0-rc.1+build.1", "2.0.0-rc.1+build.123", "1.2.3-beta",
          "10.2.3-DEV-SNAPSHOT", "1.2.3-SNAPSHOT-123", "1.0.0", "2.0.0", "1.1.7", "2.0.0+build.1848", "2.0.1-alpha.1227",
          "1.0.0-alpha+beta", "1.2.3----RC-SNAPSHOT.12.9.1--.12+788", "1.2.3----R-S.12.9.1--.12+meta",
          "1.2.3----RC-SNAPSHOT.12.9.1--.12", "1.0.0+0.build.1-rc.10000aaa-kk-0.1", "18446744073709551615.0.0",
          "1.0.0-0A.is.legal", "1.0.0-99999999999999999999999.999999999999999999"}) {
        QTest::newRow(text) << QString::fromLatin1(text);
    }
}

void SemverTest::accepts()
{
    QFETCH(const QString, text);
    const auto result = Version::parse(text);
    QVERIFY(result);
    QCOMPARE(result->toString(), text);
    const auto prefixed = Version::parse(u'v' + text);
    QVERIFY(prefixed);
    QCOMPARE(prefixed->toString(), text);
}

void SemverTest::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("code");
    QTest::addColumn<int>("column");
    const auto row = [](const char *text, const char *code, int column) {
        QTest::newRow(text) << QString::fromUtf8(text) << QString::fromLatin1(code) << column;
    };
    row("", "semver.empty", 1);
    row("1", "semver.dot", 2);
    row("1.2", "semver.dot", 4);
    row("1.2.3-0123", "semver.leading_zero", 7);
    row("1.2.3-0123.0123", "semver.leading_zero", 7);
    row("1.1.2+.123", "semver.identifier", 7);
    row("+invalid", "semver.number", 1);
    row("-invalid", "semver.number", 1);
    row("-invalid+invalid", "semver.number", 1);
    row("alpha", "semver.number", 1);
    row("alpha.beta.1", "semver.number", 1);
    row("1.0.0-alpha_beta", "semver.trailing", 12);
    row("1.0.0-alpha..1", "semver.identifier", 13);
    row("1.0.0-alpha..", "semver.identifier", 13);
    row("01.1.1", "semver.leading_zero", 1);
    row("1.01.1", "semver.leading_zero", 3);
    row("1.1.01", "semver.leading_zero", 5);
    row("1.2.3.DEV", "semver.trailing", 6);
    row("1.2-SNAPSHOT", "semver.dot", 4);
    row("1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788", "semver.trailing", 7);
    row("-1.0.3-gamma+b7718", "semver.number", 1);
    row("9.8.7+meta+meta", "semver.trailing", 11);
    row("9.8.7-whatever+meta+meta", "semver.trailing", 20);
    row("1.2.3-", "semver.identifier", 7);
    row("1.2.3+", "semver.identifier", 7);
    row("1.2.3 ", "semver.trailing", 6);
    row(" 1.2.3", "semver.number", 1);
    row("1.2.3-ä", "semver.identifier", 7);
    row("1.2.٣", "semver.number", 5);
    row("18446744073709551616.0.0", "semver.too_big", 1);
    row("99999999999999999999999.999999999999999999.99999999999999999", "semver.too_big", 1);
    row("vv1.2.3", "semver.number", 2);
}

void SemverTest::refuses()
{
    QFETCH(const QString, text);
    const auto result = Version::parse(text);
    QVERIFY(!result);
    QTEST(result.error().code, "code");
    QTEST(result.error().args[u"column"_s].toInt(), "column");
    QVERIFY(Catalogue::contains(result.error().code));
    QCOMPARE(result.error().args[u"text"_s].toString(), text);
    QVERIFY(!Version::parse(QString(300, u'1')));
}

void SemverTest::precedence()
{
    const QList<Version> ascending{
        version(u"0.9.9"_s), version(u"1.0.0-0"_s), version(u"1.0.0-1"_s), version(u"1.0.0-alpha"_s),
        version(u"1.0.0-alpha.1"_s), version(u"1.0.0-alpha.beta"_s), version(u"1.0.0-beta"_s), version(u"1.0.0-beta.2"_s),
        version(u"1.0.0-beta.11"_s), version(u"1.0.0-beta.99999999999999999999999"_s), version(u"1.0.0-beta.a"_s),
        version(u"1.0.0-rc.1"_s), version(u"1.0.0"_s), version(u"2.0.0"_s), version(u"2.1.0"_s),
        version(u"2.1.1"_s), version(u"2.1.10"_s)};
    for (qsizetype i = 0; i < ascending.size(); ++i) {
        for (qsizetype j = 0; j < ascending.size(); ++j) {
            QCOMPARE(ascending[i] <=> ascending[j], i <=> j);
        }
    }
    QVERIFY(version(u"1.0.0-B"_s) < version(u"1.0.0-a"_s));
}

void SemverTest::buildDoesNotCount()
{
    QVERIFY(version(u"1.0.0+a"_s) == version(u"1.0.0+b"_s));
    QVERIFY(version(u"1.0.0-x+a"_s) == version(u"1.0.0-x"_s));
}

void SemverTest::types_data()
{
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("to");
    QTest::addColumn<QString>("type");
    QTest::newRow("same") << u"1.2.3"_s << u"1.2.3+5"_s << u"none"_s;
    QTest::newRow("patch") << u"1.2.3"_s << u"1.2.4"_s << u"hotfix"_s;
    QTest::newRow("release of a candidate") << u"1.2.3-rc.1"_s << u"1.2.3"_s << u"hotfix"_s;
    QTest::newRow("minor") << u"1.2.3"_s << u"1.3.0"_s << u"minor"_s;
    QTest::newRow("major") << u"1.2.3"_s << u"2.0.0-rc.1"_s << u"major"_s;
    QTest::newRow("back") << u"1.3.0"_s << u"1.2.9"_s << u"downgrade"_s;
    QTest::newRow("back to a candidate") << u"1.3.0"_s << u"1.3.0-rc.1"_s << u"downgrade"_s;
}

void SemverTest::types()
{
    QFETCH(const QString, from);
    QFETCH(const QString, to);
    QTEST(updateTypeName(updateType(version(from), version(to))), "type");
}

void SemverTest::ranges_data()
{
    QTest::addColumn<QString>("range");
    QTest::addColumn<QStringList>("in");
    QTest::addColumn<QStringList>("out");
    const auto row = [](const char *range, const char *in, const char *out) {
        QTest::newRow(*range ? range : "(empty)") << QString::fromLatin1(range) << QString::fromLatin1(in).split(u' ', Qt::SkipEmptyParts)
                                                  << QString::fromLatin1(out).split(u' ', Qt::SkipEmptyParts);
    };
    row("1.2.3", "1.2.3 1.2.3+x v1.2.3", "1.2.4 1.2.2 1.2.3-a");
    row("=1.2.3", "1.2.3", "1.2.4");
    row("", "0.0.0 1.2.3", "1.2.3-a");
    row("*", "0.0.0 9.9.9", "1.0.0-rc");
    row("x", "0.0.0 9.9.9", "1.0.0-rc");
    row("1", "1.0.0 1.9.9", "0.9.9 2.0.0 2.0.0-0 1.0.0-a");
    row("1.2", "1.2.0 1.2.9", "1.1.9 1.3.0 1.3.0-0");
    row("1.2.x", "1.2.0 1.2.9", "1.1.9 1.3.0");
    row("1.X.3", "1.0.0 1.9.9", "2.0.0");
    row("=1.2", "1.2.5", "1.3.0");
    row("^1.2", "1.2.0 1.99.0", "1.1.9 2.0.0 2.0.0-rc.1");
    row("^1.2.3", "1.2.3 1.3.0", "1.2.2 2.0.0");
    row("^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2");
    row("^0.0.3", "0.0.3", "0.0.4 0.0.2");
    row("^0.0", "0.0.0 0.0.9", "0.1.0");
    row("^0", "0.0.0 0.9.9", "1.0.0");
    row("^0.x", "0.0.0 0.9.9", "1.0.0");
    row("^1.x", "1.0.0 1.9.9", "2.0.0 0.9.0");
    row("^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.4 1.2.3 1.9.0", "1.2.3-beta.1 1.2.4-beta.2 2.0.0-0");
    row("^0.0.3-beta", "0.0.3-beta 0.0.3-pr.2 0.0.3", "0.0.4 0.0.4-a");
    row("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2");
    row("~1.2", "1.2.0 1.2.9", "1.3.0");
    row("~1", "1.0.0 1.9.9", "2.0.0");
    row("~>1.2.3", "1.2.9", "1.3.0");
    row("~0.2.3", "0.2.3", "0.3.0");
    row("~1.2.3-beta.2", "1.2.3-beta.4 1.2.3 1.2.9", "1.2.4-beta.2 1.3.0");
    row("~*", "1.0.0", "1.0.0-a");
    row(">=1.2.0 <2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0 2.0.0-rc.1");
    row(">= 1.2.0   < 2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0");
    row(">1.2.3", "1.2.4", "1.2.3 1.2.4-a");
    row(">1.2", "1.3.0", "1.2.9 1.3.0-a");
    row(">1", "2.0.0", "1.9.9");
    row(">=1.2", "1.2.0", "1.1.9");
    row("<1.2", "1.1.9", "1.2.0 1.2.0-a");
    row("<=1.2", "1.2.9", "1.3.0");
    row("<=1.2.3", "1.2.3", "1.2.4");
    row("<1.2.3-beta", "1.2.3-alpha 1.2.2", "1.2.3-beta 1.2.2-alpha");
    row("<*", "", "0.0.0 1.0.0 0.0.0-0");
    row(">*", "", "0.0.0 1.0.0");
    row("<=*", "0.0.0 1.0.0", "");
    row("1.2 - 1.4", "1.2.0 1.4.9", "1.1.9 1.5.0 1.5.0-0");
    row("1.2.3 - 2.3.4", "1.2.3 2.3.4", "1.2.2 2.3.5");
    row("1.2.3 - 2", "2.9.9", "3.0.0");
    row("1.2.3 - *", "1.2.3 99.0.0", "1.2.2");
    row("* - 1.2.3", "0.0.1 1.2.3", "1.2.4");
    row("1.2.3-alpha - 1.2.3-rc", "1.2.3-beta", "1.2.3 1.2.3-zz");
    row("1.2.x || 2.x", "1.2.3 2.1.3", "1.3.0 3.0.0");
    row("1.2.x||2.x", "1.2.3 2.1.3", "1.3.0 3.0.0");
    row("1.2.3 - 1.2.5 || >=3.0.0 <3.1.0", "1.2.4 3.0.7", "1.2.6 3.1.0");
    row("||", "1.3.4", "1.3.4-a");
    row(">1.2.3-alpha.3", "1.2.3-alpha.7 3.4.5 1.2.3", "3.4.5-alpha.9 1.2.3-alpha.3");
    row(">=1.2.3-alpha <3.4.5-beta", "1.2.3-alpha 3.4.5-alpha 2.0.0", "2.0.0-a 3.4.5");
    row("^v1.2.3", "1.3.0", "2.0.0");
    row(">=1.0.0 <1.5.0 >1.2.0", "1.3.0", "1.1.0 1.5.0");
}

void SemverTest::ranges()
{
    QFETCH(const QString, range);
    QFETCH(const QStringList, in);
    QFETCH(const QStringList, out);
    const auto parsed = VersionRange::parse(range);
    QVERIFY2(parsed, parsed ? "" : qPrintable(parsed.error().code));
    QCOMPARE(parsed->toString(), range);
    for (const QString &text : in) {
        QVERIFY2(parsed->contains(version(text)), qPrintable(text));
    }
    for (const QString &text : out) {
        QVERIFY2(!parsed->contains(version(text)), qPrintable(text));
    }
}

void SemverTest::badRanges_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text : {"blerg", "1.2.3 - ", "1.2.3 -1.2.4", ">", "^", ">=1.2.3,<2", "1.2.3.4", "1.2-beta", "|", "1 | 2", "1.2.",
                             "01.2.3", "^18446744073709551615.0.0", "1.2.3 1.x y", "<<1", "1.2.3-", ">=1.2.0<2.0.0", "1.2.3 - 1.2.4x"}) {
        QTest::newRow(text) << QString::fromLatin1(text);
    }
}

void SemverTest::badRanges()
{
    QFETCH(const QString, text);
    const auto result = VersionRange::parse(text);
    QVERIFY(!result);
    QVERIFY(Catalogue::contains(result.error().code));
    QVERIFY(!VersionRange::parse(QString(5000, u'1')));
}

QTEST_GUILESS_MAIN(SemverTest)
#include "semvertest.moc"
