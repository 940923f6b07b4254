// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/yamlreader.h"

#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class YamlTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refuses_data();
    void refuses();
    void hostileInputEnds_data();
    void hostileInputEnds();
    void anyBytesEnd();
    void values_data();
    void values();
    void nearest_data();
    void nearest();
    void quotedTextComesBack();
    void blockErrorsPointAtTheirKey();
};

void YamlTest::refuses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("where");
    QTest::newRow("syntax") << QByteArray("a: 1\nb: [1, 2\nc: }") << u"t.syntax"_s << QString();
    QTest::newRow("tab") << QByteArray("a:\n\tb: 1\n") << u"t.syntax"_s << QString();
    QTest::newRow("empty") << QByteArray() << u"t.expected_map"_s << u"f:1:1"_s;
    QTest::newRow("comment") << QByteArray("# nothing\n") << u"t.expected_map"_s << QString();
    QTest::newRow("list") << QByteArray("- a\n") << u"t.expected_map"_s << u"f:1:1"_s;
    QTest::newRow("alias") << QByteArray("a: &x 1\nb: *x\n") << u"t.alias"_s << QString();
    QTest::newRow("merge") << QByteArray("a: 1\n<<: *x\n") << u"t.syntax"_s << QString();
    QTest::newRow("tag") << QByteArray("a: !!binary aGk=\n") << u"t.tag"_s << QString();
    QTest::newRow("documents") << QByteArray("a: 1\n---\nb: 1\n") << u"t.document"_s << QString();
    QTest::newRow("duplicate") << QByteArray("a: 1\nb: 2\na: 3\n") << u"t.duplicate_key"_s << u"f:3:1"_s;
    QTest::newRow("key") << QByteArray("a: 1\n[b]: 2\n") << u"t.key"_s << u"f:2:1"_s;
    QTest::newRow("latin 1") << QByteArray("a: 1\nb: \xe4\n") << u"t.encoding"_s << u"f:2:1"_s;
    QTest::newRow("UTF-16") << QByteArray("\xff\xfe"
                                          "a\0:\0",
                                          6)
                            << u"t.encoding"_s << u"f:1:1"_s;
    QTest::newRow("NUL") << QByteArray("a: \0\n", 5) << u"t.encoding"_s << u"f:1:1"_s;
    QTest::newRow("deep") << QByteArray("a: ") + QByteArray(20, '[') + QByteArray(20, ']') << u"t.too_deep"_s << u"f:1:19"_s;
}

void YamlTest::refuses()
{
    QFETCH(const QByteArray, text);
    QFETCH(const QString, where);
    const auto result = yaml::parse(text, u"f"_s, u"t"_s);
    QVERIFY(!result);
    QTEST(result.error().code, "code");
    if (!where.isEmpty()) {
        QCOMPARE(result.error().where, where);
    }
}

void YamlTest::hostileInputEnds_data()
{
    QTest::addColumn<QByteArray>("text");
    constexpr qsizetype size = 1 << 20;
    for (const char *piece : {"[", "{", "- ", "? ", "a: [", "{a: ", "\"", "'", "&a ", "*a ", "!", "a:\n ", "---\n", ": ", "[?[", "- - ",
                              "a: b: "}) {
        QTest::newRow(piece) << QByteArray(piece).repeated(size / qsizetype(strlen(piece)));
    }
    QByteArray bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
    for (char c = 'b'; c < 'l'; ++c) {
        bomb += QByteArray(1, c) + ": &" + c + " [*" + QByteArray(8, char(c - 1)) + "]\n";
    }
    QTest::newRow("billion laughs") << bomb;
}

void YamlTest::hostileInputEnds()
{
    QFETCH(const QByteArray, text);
    QElapsedTimer timer;
    timer.start();
    const auto result = yaml::parse(text, u"f"_s, u"t"_s);
    QVERIFY(!result);
    QVERIFY2(timer.elapsed() < 20000, qPrintable(QString::number(timer.elapsed())));
}

void YamlTest::anyBytesEnd()
{
    QRandomGenerator random(1);
    const QByteArray alphabet = "ab:-[]{}#&*!|>'\"%@`,? \n\t0\\~";
    for (int i = 0; i < 5000; ++i) {
        QByteArray text;
        const int length = random.bounded(60);
        for (int j = 0; j < length; ++j) {
            text += alphabet.at(random.bounded(int(alphabet.size())));
        }
        const auto result = yaml::parse(text, u"f"_s, u"t"_s);
        QVERIFY(result || result.error().where.startsWith(u"f:"));
    }
}

/// What a reader of one value makes of a text; the code of the error if it is one.
template<class F>
static QVariant read(const QString &text, F function)
{
    const auto root = yaml::parse("a: " + text.toUtf8() + "\n", u"f"_s, u"t"_s);
    if (!root) {
        return root.error().code;
    }
    yaml::Report report(u"f"_s, u"t"_s);
    yaml::Map map(&*root, {}, &report);
    const QVariant value = function(map.optional(u"a"_s));
    return report.isEmpty() ? value : QVariant(report.error().code);
}

void YamlTest::values_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("text");
    QTest::addColumn<double>("value"); // Below 0: refused.
    const auto row = [](const char *kind, const char *text, double value) {
        QTest::addRow("%s %s", kind, text) << QString::fromLatin1(kind) << QString::fromLatin1(text) << value;
    };
    row("duration", "250ms", 250);
    row("duration", "30s", 30000);
    row("duration", "30 s", 30000);
    row("duration", "5m", 300000);
    row("duration", "5 min", 300000);
    row("duration", "1h30m", 5400000);
    row("duration", "1h 30m 5s", 5405000);
    row("duration", "1.5s", 1500);
    row("duration", "2d", 172800000);
    row("duration", "0", 0);
    row("duration", "0s", 0);
    for (const char *text : {"5", "-5s", "5s5m", "s", "5x", "999999999d", "9999999999999999999999s", "''", "[5s]", "~"}) {
        row("duration", text, -1);
    }
    row("size", "4 GB", 4e9);
    row("size", "4GiB", 4294967296.0);
    row("size", "1.5 MiB", 1572864);
    row("size", "512", 512);
    row("size", "0", 0);
    row("size", "10 kB", 10000);
    row("size", "3 TB", 3e12);
    for (const char *text : {"4 gb", "-1", "99999999 TB", "GB", "4 G", "{}"}) {
        row("size", text, -1);
    }
    row("proportion", "5 %", 0.05);
    row("proportion", "5%", 0.05);
    row("proportion", "0.5 %", 0.005);
    row("proportion", "100 %", 1);
    row("proportion", "0.05", 0.05);
    row("proportion", "0", 0);
    row("proportion", "1.0", 1);
    for (const char *text : {"1", "5", "1.1", "101 %", "-5 %", "nan", "[]"}) {
        row("proportion", text, -1);
    }
    row("time", "22:30", 1350);
    row("time", "\"00:00\"", 0);
    row("time", "23:59", 1439);
    for (const char *text : {"24:00", "12:60", "9:00", "2230", "~"}) {
        row("time", text, -1);
    }
    row("integer", "0", 0);
    row("integer", "100", 100);
    for (const char *text : {"101", "-1", "1.0", "\"1\"", "0x10", "1e1", "9223372036854775808", "true", "~"}) {
        row("integer", text, -1);
    }
    row("boolean", "true", 1);
    row("boolean", "false", 0);
    for (const char *text : {"yes", "1", "\"true\"", "True", "~"}) {
        row("boolean", text, -1);
    }
}

void YamlTest::values()
{
    QFETCH(const QString, kind);
    QFETCH(const QString, text);
    QFETCH(const double, value);
    const QVariant found = read(text, [&kind](const yaml::Value &v) -> QVariant {
        return kind == u"duration"  ? double(v.duration(0, 7))
            : kind == u"size"       ? double(v.size(7))
            : kind == u"proportion" ? v.proportion(0.7)
            : kind == u"time"       ? double(v.timeOfDay(7))
            : kind == u"integer"    ? double(v.integer(0, 100, 7))
                                    : double(v.boolean());
    });
    QCOMPARE(found, value < 0 ? QVariant(QString(u"t.expected_"_s + kind)) : QVariant(value));
}

void YamlTest::nearest_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<QString>("found");
    QTest::newRow("swapped") << u"naem"_s << u"name"_s;
    QTest::newRow("short") << u"strateg"_s << u"strategy"_s;
    QTest::newRow("case") << u"Drain_Limit"_s << u"drain_limit"_s;
    QTest::newRow("hyphen") << u"drain-limit"_s << u"drain_limit"_s;
    QTest::newRow("other") << u"zzzzzz"_s << QString();
    QTest::newRow("one letter") << u"x"_s << QString();
    QTest::newRow("empty") << QString() << QString();
}

void YamlTest::nearest()
{
    QFETCH(const QString, word);
    QTEST(yaml::nearest(word, {u"name"_s, u"strategy"_s, u"drain_limit"_s}), "found");
}

void YamlTest::quotedTextComesBack()
{
    for (const QString &text : {u"plain"_s, u"a \"b\" \\ 'c'"_s, u"line\nline\ttab\r"_s, u"ä € 😀"_s, QString(), u"# no: comment"_s, u" lead"_s,
                                QString(QChar(0x2028)), QString(QChar(0x85)), u"\u0001"_s}) {
        const QVariant value = read(QString::fromUtf8(yaml::quoted(text)), [](const yaml::Value &v) {
            return QVariant(v.anyText());
        });
        QCOMPARE(value.toString(), text);
    }
}

void YamlTest::blockErrorsPointAtTheirKey()
{
    const auto root = yaml::parse("one: 1\ntwo:\n  three: 3\nfour:\nfive:\n  - a\n", u"f"_s, u"t"_s);
    QVERIFY(root);
    QCOMPARE(root->members[0].value.line, 1);
    QCOMPARE(root->members[0].value.column, 6);
    QCOMPARE(root->members[1].value.line, 2);
    QCOMPARE(root->members[2].value.line, 4);
    QCOMPARE(root->members[3].value.line, 5);
}

QTEST_GUILESS_MAIN(YamlTest)
#include "yamltest.moc"
