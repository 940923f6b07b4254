// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/jsonlines.h"

#include <QJsonArray>
#include <QRandomGenerator>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class JsonLinesTest : public QObject
{
    Q_OBJECT

    /// Everything that comes out: objects as compact JSON, errors as their code.
    static QStringList all(JsonLines &lines)
    {
        QStringList out;
        while (const auto line = lines.next()) {
            out.append(*line ? QString::fromUtf8(JsonLines::line(**line).trimmed()) : line->error().code);
        }
        return out;
    }

private Q_SLOTS:
    void cutsAtAnyByte()
    {
        const QByteArray bytes = "{\"a\":1}\n\r\n  \n{\"b\":\"\\n\"}\r\n{\"c\":\"\xc3\xa9\"}\n";
        const QStringList wanted{u"{\"a\":1}"_s, u"{\"b\":\"\\n\"}"_s, u"{\"c\":\"é\"}"_s};
        for (qsizetype cut = 0; cut <= bytes.size(); ++cut) {
            JsonLines lines;
            lines.feed(bytes.first(cut));
            QStringList got = all(lines);
            lines.feed(bytes.sliced(cut));
            got += all(lines);
            QCOMPARE(got, wanted);
        }
    }

    void isTheInverseOfLine()
    {
        const QJsonObject object{{u"text"_s, u"two\nlines and “quotes” \\"_s}, {u"list"_s, QJsonArray{1, QJsonValue(), true}}};
        JsonLines lines;
        lines.feed(JsonLines::line(object));
        const auto back = lines.next();
        QVERIFY(back && *back);
        QCOMPARE(**back, object);
        QVERIFY(!lines.next());
    }

    void refusesWhatIsNoObject_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::newRow("text") << QByteArray("Welcome to this machine!");
        QTest::newRow("array") << QByteArray("[1]");
        QTest::newRow("number") << QByteArray("1");
        QTest::newRow("null") << QByteArray("null");
        QTest::newRow("cut off") << QByteArray("{\"a\":");
        QTest::newRow("two") << QByteArray("{}{}");
        QTest::newRow("no UTF-8") << QByteArray("{\"a\":\"\xff\xfe\"}");
        QTest::newRow("NUL") << QByteArray("\0", 1);
        QTest::newRow("deep") << QByteArray(100000, '[');
        QTest::newRow("deep object") << QByteArray("{\"a\":").repeated(100000);
    }
    void refusesWhatIsNoObject()
    {
        QFETCH(QByteArray, line);
        JsonLines lines;
        lines.feed(line + "\n{\"after\":1}\n");
        QCOMPARE(all(lines), QStringList({u"serve.bad_line"_s, u"{\"after\":1}"_s}));
    }

    void limitsALine_data()
    {
        QTest::addColumn<int>("chunk");
        QTest::newRow("byte by byte") << 1;
        QTest::newRow("in pieces") << 37;
        QTest::newRow("at once") << 100000;
    }
    void limitsALine()
    {
        QFETCH(int, chunk);
        const QByteArray fits = "{\"a\":\"" + QByteArray(92, 'x') + "\"}"; // 100 bytes
        QCOMPARE(fits.size(), 100);
        const QByteArray bytes = fits + '\n' + QByteArray(101, 'y') + '\n' + QByteArray(5000, '{') + "\n{}\n";
        JsonLines lines(100);
        QStringList got;
        for (qsizetype i = 0; i < bytes.size(); i += chunk) {
            lines.feed(bytes.sliced(i, std::min<qsizetype>(chunk, bytes.size() - i)));
            got += all(lines);
        }
        QCOMPARE(got, QStringList({QString::fromLatin1(fits), u"serve.line_too_long"_s, u"serve.line_too_long"_s, u"{}"_s}));
    }

    /// Whatever comes: no crash, no endless loop, and what follows a line's end is read again.
    void survivesNoise()
    {
        QRandomGenerator random(7);
        const QByteArray alphabet("{}[]\":,\\ntrue01e+-. \t\r\n\0\xff\xc3", 28);
        JsonLines lines(500);
        for (int i = 0; i < 20000; ++i) {
            QByteArray piece(random.bounded(60), Qt::Uninitialized);
            for (char &c : piece) {
                c = alphabet[random.bounded(int(alphabet.size()))];
            }
            lines.feed(piece);
            all(lines);
        }
        lines.feed("\n{\"end\":true}\n");
        QCOMPARE(all(lines).last(), u"{\"end\":true}"_s);
    }
};

QTEST_GUILESS_MAIN(JsonLinesTest)
#include "jsonlinestest.moc"
