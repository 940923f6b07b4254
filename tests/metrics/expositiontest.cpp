// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/exposition.h"

#include <QRandomGenerator>
#include <QTest>

#include <cmath>

using namespace cutover;
using namespace Qt::StringLiterals;

class ExpositionTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void page()
    {
        const QByteArray text = "# HELP http_requests_total Requests \\\\ answered.\n"
                                "# TYPE http_requests_total counter\n"
                                "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
                                "http_requests_total{method=\"post\",code=\"400\",}    3 -1395066363000\n"
                                "\n"
                                "# just a remark {\n"
                                "msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Can't:\\n\\\"FILE\\\"\"} 1.458255915e9\n"
                                "plain 12.47\n"
                                "\tspaced  { le = \"+Inf\" , x=\"\" }\t+Inf \n"
                                "odd:name NaN\n"
                                "minus -Inf -0\n"
                                "tiny 1.7560473e+07";
        const auto page = parseExposition(text, u"page"_s);
        QVERIFY2(page, qPrintable(page ? QString() : page.error().text()));
        QCOMPARE(page->samples.size(), 8);
        QCOMPARE(page->types.value("http_requests_total"), "counter");
        QVERIFY(!page->isOpenMetrics);
        QCOMPARE(page->samples[0].label("code"), "200");
        QCOMPARE(page->samples[0].timestamp, std::optional<qint64>(1395066363000));
        QCOMPARE(page->samples[1].timestamp, std::optional<qint64>(-1395066363000));
        QCOMPARE(page->sum("http_requests_total"), std::optional(1030.0));
        QVERIFY(!page->sum("absent"));
        QCOMPARE(page->samples[2].label("path"), "C:\\DIR\\FILE.TXT");
        QCOMPARE(page->samples[2].label("error"), "Can't:\n\"FILE\"");
        QVERIFY(page->samples[2].label("none").isNull());
        QVERIFY(!page->samples[3].timestamp);
        QVERIFY(std::isinf(page->samples[4].value));
        QCOMPARE(page->samples[4].label("le"), "+Inf");
        QVERIFY(std::isnan(page->samples[5].value));
        QCOMPARE(page->samples[6].value, -INFINITY);
        QCOMPARE(page->samples[7].value, 17560473.0);
    }

    void openMetrics()
    {
        const auto page = parseExposition("# TYPE a counter\n# UNIT a seconds\na_total{x=\"y\"} 17.0 1520879607.789 # {id=\"KOO\"} 0.67 1.5\n"
                                          "a_created 1 # {} 2\n# EOF\n");
        QVERIFY2(page, qPrintable(page ? QString() : page.error().text()));
        QVERIFY(page->isOpenMetrics);
        QCOMPARE(page->samples[0].timestamp, std::optional<qint64>(1520879607789));
        QCOMPARE(page->samples.size(), 2);
        // Without the end mark it is the old format, which has no exemplars.
        QVERIFY(!parseExposition("a_total 17 # {id=\"KOO\"} 0.67\n"));
    }

    void errors_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("where");
        const auto row = [](const char *text, const char *code, const char *where) {
            QTest::newRow(text) << QByteArray(text) << QString::fromLatin1(code) << QString::fromLatin1(where);
        };
        row("9lives 1", "exposition.name", "p:1:1");
        row("ok 1\n  -bad 1", "exposition.name", "p:2:3");
        row("a-b 1", "exposition.name", "p:1:2");
        row("a", "exposition.number", "p:1:2");
        row("a ", "exposition.number", "p:1:3");
        row("a one", "exposition.number", "p:1:3");
        row("a 1e", "exposition.number", "p:1:3");
        row("a +-1", "exposition.number", "p:1:3");
        row("a nan(x)", "exposition.number", "p:1:3");
        row("a 0x", "exposition.number", "p:1:3");
        row("a 1 2.5", "exposition.timestamp", "p:1:5");
        row("a 1 99999999999999999999", "exposition.timestamp", "p:1:5");
        row("a 1 2 3", "exposition.line_end", "p:1:7");
        row("a 1\r\nb 2", "exposition.number", "p:1:3");
        row("a{ 1", "exposition.label_name", "p:1:4");
        row("a{1=\"x\"} 1", "exposition.label_name", "p:1:3");
        row("a{x \"y\"} 1", "exposition.equals", "p:1:5");
        row("a{x=y} 1", "exposition.quote", "p:1:5");
        row("a{x=\"y} 1", "exposition.quote_end", "p:1:5");
        row("a{x=\"y\\", "exposition.escape", "p:1:7");
        row("a{x=\"\\t\"} 1", "exposition.escape", "p:1:6");
        row("a{x=\"y\" z=\"1\"} 1", "exposition.labels_end", "p:1:9");
        row("a{x=\"y\"", "exposition.labels_end", "p:1:8");
        row("a{x=\"y\",x=\"z\"} 1", "exposition.label_twice", "p:1:9");
        row("a{x=\"\xff\"} 1", "exposition.utf8", "p:1:5");
        row("# TYPE a sundial", "exposition.type", "p:1:10");
        row("# TYPE a", "exposition.type", "p:1:9");
        row("# TYPE a gauge\n# TYPE a counter", "exposition.type_twice", "p:2:8");
    }
    void errors()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, code);
        QFETCH(QString, where);
        const auto page = parseExposition(text, u"p"_s);
        QVERIFY(!page);
        QCOMPARE(page.error().code, code);
        QCOMPARE(page.error().where, where);
        QVERIFY(Catalogue::contains(code));
    }

    // Any change of a good page gives a page or an error, never anything else.
    void anyBytes()
    {
        const QByteArray good = "# TYPE h histogram\nh_bucket{le=\"0.1\",p=\"a\\\\b\\\"c\\n\"} 7 1\nh_bucket{le=\"+Inf\"} +Inf\n"
                                "h_sum NaN # {a=\"b\"} 1 2\n# EOF\n";
        QRandomGenerator random(7);
        const QByteArray alphabet = QByteArray("{}\"\\=,# \n\t\r+-.eENnIiaf019:_") + '\0' + '\xff';
        int accepted = 0;
        for (int i = 0; i < 60000; ++i) {
            QByteArray text = good.first(random.bounded(int(good.size()) + 1));
            for (int change = random.bounded(4); change > 0 && !text.isEmpty(); --change) {
                const int at = random.bounded(int(text.size()));
                const char c = alphabet[random.bounded(int(alphabet.size()))];
                random.bounded(2) ? text[at] = c : (text.insert(at, c), c);
            }
            accepted += parseExposition(text).has_value();
        }
        QVERIFY(accepted > 1000);
    }
};

QTEST_GUILESS_MAIN(ExpositionTest)
#include "expositiontest.moc"
