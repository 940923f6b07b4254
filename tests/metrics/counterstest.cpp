// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/counters.h"
#include "metrics/window.h"

#include <QTest>

#include <cmath>

using namespace cutover;
using namespace Qt::StringLiterals;

using Points = QList<MetricPoint>;
Q_DECLARE_METATYPE(Points)

class CountersTest : public QObject
{
    Q_OBJECT

    static Points every(qint64 stepMs, const QList<double> &values, qint64 first = 0)
    {
        Points points;
        for (qsizetype i = 0; i < values.size(); ++i) {
            points.append({first + i * stepMs, values[i]});
        }
        return points;
    }

private Q_SLOTS:
    // Expected values worked out by hand from the published algorithm.
    void increase_data()
    {
        QTest::addColumn<Points>("points");
        QTest::addColumn<qint64>("from");
        QTest::addColumn<qint64>("to");
        QTest::addColumn<double>("expected"); // NaN: none.
        const double none = std::nan("");
        // 0 10 … 100 every 5 min: a counter from zero, whole window.
        const Points line = every(300000, {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100});
        QTest::newRow("exact window") << line << 0LL << 3000000LL << 100.0;
        QTest::newRow("inner window") << line << 600000LL << 1200000LL << 20.0;
        QTest::newRow("extrapolated to both edges") << line << 500000LL << 1300000LL << 20.0 * 800 / 600;
        // Last sample 100 s before the edge, less than 1.1 intervals: extrapolated all the way.
        QTest::newRow("to the end") << line << 2400000LL << 3100000LL << 20.0 * 700 / 600;
        // The series ended 1000 s ago: half an interval only.
        QTest::newRow("ended inside") << line << 2400000LL << 4000000LL << 20.0 * (600 + 150) / 600;
        // It starts inside at zero: nothing is added in front.
        QTest::newRow("zero at the start") << line << -200000LL << 600000LL << 20.0;
        // It starts inside at 2, growing 10 in 60 s: at most 12 s before it was zero.
        QTest::newRow("no counter below zero") << every(60000, {2, 12}) << -50000LL << 60000LL << 10.0 * (60 + 12) / 60;
        QTest::newRow("reset") << every(60000, {100, 110, 5, 15}) << 0LL << 180000LL << 25.0;
        QTest::newRow("two resets") << every(60000, {10, 3, 1, 2}) << 0LL << 180000LL << 5.0;
        QTest::newRow("constant") << every(60000, {7, 7, 7}) << 0LL << 120000LL << 0.0;
        QTest::newRow("one sample") << every(60000, {7}) << 0LL << 120000LL << none;
        QTest::newRow("no sample") << Points() << 0LL << 120000LL << none;
        QTest::newRow("one in the window") << line << 100000LL << 400000LL << none;
        QTest::newRow("same time twice") << Points{{5, 1}, {5, 2}} << 0LL << 10LL << none;
    }
    void increase()
    {
        QFETCH(Points, points);
        QFETCH(qint64, from);
        QFETCH(qint64, to);
        QFETCH(double, expected);
        const auto found = counters::increase(points, from, to);
        QCOMPARE(found.has_value(), !std::isnan(expected));
        if (found) {
            QVERIFY2(std::abs(*found - expected) < 1e-9, qPrintable(QString::number(*found, 'g', 17)));
            QVERIFY(std::abs(*counters::rate(points, from, to) - expected * 1000 / double(to - from)) < 1e-9);
        }
    }

    void quantile_data()
    {
        QTest::addColumn<double>("quantile");
        QTest::addColumn<QMap<double, double>>("buckets");
        QTest::addColumn<double>("expected");
        const double inf = INFINITY;
        const double nan = std::nan("");
        const QMap<double, double> five{{0.1, 50}, {0.2, 90}, {0.5, 100}, {inf, 100}};
        QTest::newRow("median on a bound") << 0.5 << five << 0.1;
        QTest::newRow("first bucket from zero") << 0.25 << five << 0.05;
        QTest::newRow("inside") << 0.7 << five << 0.15;
        QTest::newRow("p95") << 0.95 << five << 0.35;
        QTest::newRow("all") << 1.0 << five << 0.5;
        QTest::newRow("none") << 0.0 << five << 0.0;
        QTest::newRow("below") << -0.1 << five << -inf;
        QTest::newRow("above") << 1.1 << five << inf;
        QTest::newRow("nan") << nan << five << nan;
        QTest::newRow("in the last") << 0.99 << QMap<double, double>{{1, 10}, {2, 20}, {inf, 100}} << 2.0;
        QTest::newRow("negative first bound") << 0.1 << QMap<double, double>{{-1, 10}, {2, 20}, {inf, 20}} << -1.0;
        QTest::newRow("no infinity") << 0.5 << QMap<double, double>{{1, 10}, {2, 20}} << nan;
        QTest::newRow("only infinity") << 0.5 << QMap<double, double>{{inf, 20}} << nan;
        QTest::newRow("nothing observed") << 0.5 << QMap<double, double>{{1, 0}, {inf, 0}} << nan;
        QTest::newRow("not monotone") << 0.5 << QMap<double, double>{{1, 10}, {2, 8}, {4, 20}, {inf, 20}} << 1.0;
    }
    void quantile()
    {
        QFETCH(double, quantile);
        using Buckets = QMap<double, double>;
        QFETCH(Buckets, buckets);
        QFETCH(double, expected);
        const double found = counters::histogramQuantile(quantile, buckets);
        if (std::isnan(expected)) {
            QVERIFY(std::isnan(found));
        } else {
            QVERIFY2(found == expected || std::abs(found - expected) < 1e-9, qPrintable(QString::number(found)));
        }
    }

    void counted()
    {
        using R = counters::Reading;
        QCOMPARE(counters::counted(R{0, 5}, R{1, 8}), 3.0);
        QCOMPARE(counters::counted(R{0, 5}, R{1, 2}), 2.0);
        QCOMPARE(counters::counted(R{0, 5, 100}, R{1, 9, 200}), 9.0); // Restarted and faster than before.
        QCOMPARE(counters::counted(R{0, 5, 0}, R{1, 9, 200}), 4.0);
        QCOMPARE(counters::counted(R{0, 5}, R{1, std::nan("")}), 0.0);
        const QList<R> readings{{0, 10}, {10, 20}, {20, 4}, {30, 6}};
        QCOMPARE(counters::counted(readings, 0, 30), 16.0);
        QCOMPARE(counters::counted(readings, 10, 20), 4.0);
        QCOMPARE(counters::counted(readings, 31, 90), 0.0);
    }

    void windowOverRestarts()
    {
        MetricWindow window;
        const auto add = [&window](const QString &instance, qint64 time, double requests, double errors, double epoch = 0) {
            Scrape scrape;
            scrape.time = time;
            scrape.requests = requests;
            scrape.errors = errors;
            scrape.epoch = epoch;
            window.add(instance, scrape);
        };
        add(u"a"_s, 0, 1000, 900);
        add(u"a"_s, 1000, 1100, 900);
        add(u"a"_s, 4000, 50, 2); // Was away, began anew.
        add(u"b"_s, 1000, 10, 0, 5);
        add(u"b"_s, 2000, 400, 40, 6); // So fast that only the start time tells.
        const auto counts = window.counts(0, 4000);
        QCOMPARE(counts.requests, 100.0 + 50 + 400);
        QCOMPARE(counts.errors, 0.0 + 2 + 40);
        QCOMPARE(counts.coveredMs, 4000);
        QCOMPARE(*counts.errorProportion(), 42.0 / 550);
        QVERIFY(!window.counts(3000, 4000).errorProportion());
        window.prune(1500, {u"b"_s});
        QCOMPARE(window.counts(0, 4000).requests, 0.0);
    }

    void scrapeOfAPage()
    {
        const auto page = parseExposition("http_requests_total{m=\"get\"} 5\nhttp_requests_total{m=\"post\"} 7\norders_total 3\n"
                                          "process_start_time_seconds 99.5\nhttp_errors_total NaN\n"
                                          "http_request_duration_seconds_bucket{le=\"0.1\"} 4\n"
                                          "http_request_duration_seconds_bucket{le=\"0.1\",m=\"post\"} 2\n"
                                          "http_request_duration_seconds_bucket{le=\"+Inf\"} 9\n"
                                          "http_request_duration_seconds_bucket{le=\"odd\"} 9\n");
        QVERIFY(page);
        const Scrape scrape = Scrape::from(*page, WatchSpec(), 77);
        QCOMPARE(scrape.time, 77);
        QCOMPARE(scrape.requests, 12.0);
        QCOMPARE(scrape.errors, 0.0);
        QCOMPARE(scrape.orders, 3.0);
        QVERIFY(scrape.hasOrders);
        QCOMPARE(scrape.epoch, 99.5);
        QCOMPARE(scrape.latency, (QMap<double, double>{{0.1, 6}, {INFINITY, 9}}));
    }
};

QTEST_GUILESS_MAIN(CountersTest)
#include "counterstest.moc"
