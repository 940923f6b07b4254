// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/secrets.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class EnvFileTest : public QObject
{
    Q_OBJECT
private:
    static EnvFile parsed(const QByteArray &content) { return EnvFile::parse(content, u".env"_s).value(); }

private Q_SLOTS:
    void keepsWhatIsNotChanged_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("comments and blanks") << QByteArray("# a\n\n  # b\n\t\nA=1\n");
        QTest::newRow("no last line end") << QByteArray("A=1\nB=2");
        QTest::newRow("windows") << QByteArray("A=1\r\n\r\nB='2'\r\n");
        QTest::newRow("byte order mark") << QByteArray("\xEF\xBB\xBF"
                                                       "A=1\n");
        QTest::newRow("export, blanks, comments") << QByteArray("  export  A = 'x y'  # why\nB=x # y\nC=#nothing\nD=a#b\n");
        QTest::newRow("lines in quotes") << QByteArray("KEY=\"-----BEGIN\nabc\n-----END\"\nB='1\n2'\n");
    }
    void keepsWhatIsNotChanged()
    {
        QFETCH(const QByteArray, content);
        QCOMPARE(parsed(content).toBytes(), content);
    }

    void readsValues()
    {
        const EnvFile file = parsed("A=1 # one\nB='a # b'\nC=\"x\\ty\\n\\\"\\$z\\q\"\nD=\nE=a b c  \nF=u#v\nexport G=7\r\nH=\"two\nlines\"\nI= #c\n");
        QCOMPARE(file.value(u"A"_s), u"1"_s);
        QCOMPARE(file.value(u"B"_s), u"a # b"_s);
        QCOMPARE(file.value(u"C"_s), u"x\ty\n\"$z\\q"_s);
        QCOMPARE(file.value(u"D"_s), u""_s);
        QCOMPARE(file.value(u"E"_s), u"a b c"_s);
        QCOMPARE(file.value(u"F"_s), u"u#v"_s);
        QCOMPARE(file.value(u"G"_s), u"7"_s);
        QCOMPARE(file.value(u"H"_s), u"two\nlines"_s);
        QCOMPARE(file.value(u"I"_s), u""_s);
        QVERIFY(!file.value(u"J"_s));
    }

    void changesOnlyTheValue()
    {
        EnvFile file = parsed("# head\n  export A = 'x'  # why\r\nB=\"y\"\nC=z # c\nD=1");
        file.set(u"A"_s, u"new"_s);
        file.set(u"B"_s, u"a\"b"_s);
        file.set(u"C"_s, u"with blank"_s);
        file.set(u"E"_s, u"5"_s);
        QVERIFY(file.remove(u"D"_s));
        QVERIFY(!file.remove(u"D"_s));
        QCOMPARE(file.toBytes(), QByteArray("# head\n  export A = 'new'  # why\r\nB=\"a\\\"b\"\nC=\"with blank\" # c\nE=5\n"));
    }

    void addsBehindALastLineWithoutEnd()
    {
        EnvFile file = parsed("A=1\r\nB=2");
        file.set(u"C"_s, u"3"_s);
        QCOMPARE(file.toBytes(), QByteArray("A=1\r\nB=2\r\nC=3\r\n"));
    }

    void whatIsSetIsReadBack()
    {
        const QStringList values{u""_s, u"#x"_s, u" a "_s, u"'"_s, u"\""_s, u"\\n"_s, u"a\nb\r\n"_s, u"$HOME `x`"_s, u"ü €"_s, u"a=b&c"_s};
        for (const QByteArray &start : {QByteArray(), QByteArray("K=1\n"), QByteArray("K='1'\n"), QByteArray("K=\"1\"\n")}) {
            for (const QString &value : values) {
                EnvFile file = parsed(start);
                file.set(u"K"_s, value);
                QCOMPARE(parsed(file.toBytes()).value(u"K"_s), value);
            }
        }
    }

    void errorsNameTheirPlace_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("where");
        QTest::newRow("no name") << QByteArray("A=1\n=2\n") << u"config.syntax"_s << u".env:2:1"_s;
        QTest::newRow("no equals sign") << QByteArray("A=1\nEXPORTED\n") << u"config.syntax"_s << u".env:2:9"_s;
        QTest::newRow("open quote") << QByteArray("A=1\n\nB='x\ny\n") << u"config.syntax"_s << u".env:3:3"_s;
        QTest::newRow("text behind a quote") << QByteArray("A='x'y\n") << u"config.syntax"_s << u".env:1:6"_s;
        QTest::newRow("twice") << QByteArray("A=1\nB=2\n  A=3\n") << u"config.duplicate_key"_s << u".env:3:3"_s;
        QTest::newRow("no text") << QByteArray("A=\xff\xfe\n") << u"config.not_text"_s << u".env"_s;
    }
    void errorsNameTheirPlace()
    {
        QFETCH(const QByteArray, content);
        QFETCH(const QString, code);
        QFETCH(const QString, where);
        const auto file = EnvFile::parse(content, u".env"_s);
        QVERIFY(!file);
        QCOMPARE(file.error().code, code);
        QCOMPARE(file.error().where, where);
        QVERIFY(!file.error().hint().isEmpty());
    }

    void diffShowsNoSecret()
    {
        const EnvFile before = parsed("A=1\nB=2\nC=3\nDB_PASSWORD=hunter2 # was hunter1\nURL=postgres://me:pw123@db/x\nOLD=1\n#API_TOKEN=old999\nLAST=0\n");
        EnvFile after = before;
        after.set(u"DB_PASSWORD"_s, u"correct"_s);
        after.set(u"LAST"_s, u"1"_s);
        after.remove(u"OLD"_s);
        after.set(u"HIDE_ME"_s, u"s3"_s);
        const QString diff = maskedDiff(before, after, u".env"_s, SecretMask({u"HIDE_*"_s}));
        for (const QString &secret : {u"hunter"_s, u"correct"_s, u"pw123"_s, u"old999"_s, u"s3"_s}) {
            QVERIFY2(!diff.contains(secret), qPrintable(diff));
        }
        QCOMPARE(diff,
                 u"--- .env\n+++ .env\n@@ -1,8 +1,8 @@\n A=1\n B=2\n C=3\n-DB_PASSWORD=••••\n+DB_PASSWORD=••••\n"
                 " URL=postgres://me:••••@db/x\n-OLD=1\n #API_TOKEN=••••\n-LAST=0\n+LAST=1\n+HIDE_ME=••••\n"_s);
        QVERIFY(maskedDiff(before, before, u".env"_s, SecretMask()).isEmpty());
    }

    void hidesSecretsByTheirLook_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("masked");
        const auto row = [](const char *name, const QString &text, const QString &masked) { QTest::newRow(name) << text << masked; };
        row("URL", u"see postgresql://user:pw@host/db"_s, u"see postgresql://user:••••@host/db"_s);
        row("URL, @ and / in it", u"redis://:p@s/s@host:1/0"_s, u"redis://:••••@host:1/0"_s);
        row("no password", u"ssh://git@host http://host:80/a?b=c"_s, u"ssh://git@host http://host:80/a?b=c"_s);
        row("query", u"https://h/x?a=1&password=abc&b=2&api_key=q#top"_s, u"https://h/x?a=1&password=••••&b=2&api_key=••••#top"_s);
        row("query of an address in a setting", u"URL=https://h/?token=abc&x=1"_s, u"URL=https://h/?token=••••&x=1"_s);
        row("header", u"curl -H 'Authorization: Bearer abc.def' https://h"_s, u"curl -H 'Authorization: Bearer ••••' https://h"_s);
        row("basic", u"authorization: Basic dXNlcjpwdw=="_s, u"authorization: Basic ••••"_s);
        row("bearer alone", u"sent Bearer abcdef123"_s, u"sent Bearer ••••"_s);
        row("header by another name", u"X-Api-Key: abc"_s, u"X-Api-Key: ••••"_s);
        row("behind another word and colon", u"error: PASSWORD=abc"_s, u"error: PASSWORD=••••"_s);
        row("JSON", u"{\"db_password\": \"a\\\"b\", \"user\": \"kim\"}"_s, u"{\"db_password\": ••••, \"user\": \"kim\"}"_s);
        row("option", u"tool --db-password hunter2 --verbose"_s, u"tool --db-password •••• --verbose"_s);
        row("custom", u"FOO_SESAME='a b' x=1"_s, u"FOO_SESAME=•••• x=1"_s);
        row("words", u"the password is asked for: no token given"_s, u"the password is asked for: no token given"_s);
        row("empty", u"PASSWORD=\nA=1"_s, u"PASSWORD=\nA=1"_s);
    }
    void hidesSecretsByTheirLook()
    {
        QFETCH(const QString, text);
        QFETCH(const QString, masked);
        const SecretMask mask({u"*SESAME*"_s});
        QCOMPARE(mask.masked(text), masked);
        QCOMPARE(mask.masked(masked), masked);
    }

    /// Where a match would take too much, everything behind it would be told.
    void hidesSecretsInLongLines_data()
    {
        QTest::addColumn<QString>("filling");
        QTest::newRow("letters") << QString(500'000, u'a');
        QTest::newRow("escapes") << u"\\\""_s.repeated(250'000);
        QTest::newRow("words") << u"ab "_s.repeated(150'000);
        QTest::newRow("addresses") << u"://a:"_s.repeated(50'000);
        QTest::newRow("assignments") << u"a=b,"_s.repeated(100'000);
    }
    void hidesSecretsInLongLines()
    {
        QFETCH(const QString, filling);
        const SecretMask mask;
        for (const QString &text : {QString(u"{\"password\": \""_s + filling + u"hunter2\"}"_s), QString(filling + u" PASSWORD=hunter2"_s),
                                    QString(filling + u" https://me:hunter2@h/"_s)}) {
            QVERIFY(!mask.masked(text).contains(u"hunter2"));
        }
    }

    void hidesLearnedValuesEverywhere()
    {
        SecretMask mask({u"*SESAME*"_s});
        mask.learn(u"FOO_SESAME"_s, u"open seed"_s);
        mask.learn(u"DATABASE_URL"_s, u"postgresql://kim:quiet%21pw@host/db?sslpassword=deep-well"_s);
        mask.learn(u"PRIVATE_KEY"_s, u"-----BEGIN\nMIIEvQIBADANBgkq\n-----END"_s);
        mask.learn(u"ENABLE_TOKEN_CHECK"_s, u"true"_s);
        mask.learn(u"SHORT_PASSWORD"_s, u"demo"_s);
        mask.learn(u"HARMLESS"_s, u"visible"_s);
        QCOMPARE(mask.masked(u"said open seed!"_s), u"said ••••!"_s);
        QCOMPARE(mask.masked(u"quiet%21pw, quiet!pw, deep-well"_s), u"••••, ••••, ••••"_s);
        QCOMPARE(mask.masked(u"line MIIEvQIBADANBgkq of it"_s), u"line •••• of it"_s);
        QCOMPARE(mask.masked(u"open%20seed"_s), u"••••"_s);
        QCOMPARE(mask.masked(u"true, visible"_s), u"true, visible"_s);
        // A short one is hidden where it stands alone, not within a word.
        QCOMPARE(mask.masked(u"demo demographic"_s), u"•••• demographic"_s);
        // Cut within the value, at either end of what somebody kept.
        QCOMPARE(mask.masked(QString(200, u'.') + u" open see"_s), QString(QString(200, u'.') + u" ••••"_s));
        QCOMPARE(mask.masked(u"n seed "_s + QString(200, u'.')), QString(u"•••• "_s + QString(200, u'.')));
    }

    void diffHasOneHunkPerPlace()
    {
        QByteArray content;
        for (int i = 1; i <= 30; ++i) {
            content += "K" + QByteArray::number(i) + "=0\n";
        }
        const EnvFile before = parsed(content);
        EnvFile after = before;
        after.set(u"K5"_s, u"1"_s);
        after.set(u"K25"_s, u"1"_s);
        const QString diff = maskedDiff(before, after, u".env"_s, SecretMask());
        QVERIFY2(diff.contains(u"@@ -2,7 +2,7 @@\n") && diff.contains(u"@@ -22,7 +22,7 @@\n"), qPrintable(diff));
        QCOMPARE(diff.count(u"@@ -"), 2);
    }
};

QTEST_GUILESS_MAIN(EnvFileTest)
#include "envfiletest.moc"
