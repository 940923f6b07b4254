// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/metricstore.h"
#include "metrics/thinner.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace cutover;
using namespace Qt::StringLiterals;

class MetricStoreTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keepsPoints()
    {
        QTemporaryDir folder;
        const QString state = folder.filePath(u"state"_s);
        QVERIFY(!MetricStore::open(state, MetricStore::Mode::ReadOnly));
        auto writer = MetricStore::open(state, MetricStore::Mode::ReadWrite);
        QVERIFY2(writer, qPrintable(writer ? QString() : writer.error().text()));
        QVERIFY((*writer)->append({{u"errors"_s, {1000, 0.25}}, {u"up"_s, {1000, 2}}, {u"errors"_s, {2000, std::nan("")}}}));
        QVERIFY((*writer)->append({{u"errors"_s, {3000, 0.5}}, {u"raw:a:b"_s, {3000, 1e300}}}));

        auto reader = MetricStore::open(state, MetricStore::Mode::ReadOnly);
        QVERIFY2(reader, qPrintable(reader ? QString() : reader.error().text()));
        QCOMPARE(*(*reader)->names(), QStringList({u"errors"_s, u"raw:a:b"_s, u"up"_s}));
        const auto errors = (*reader)->series(u"errors"_s, 0, 9999);
        QVERIFY(errors);
        QCOMPARE(errors->size(), 2);
        QCOMPARE(errors->at(0).time, 1000);
        QCOMPARE(errors->at(1).value, 0.5);
        QCOMPARE((*reader)->series(u"errors"_s, 1001, 2999)->size(), 0);
        QCOMPARE((*reader)->series(u"none"_s, 0, 9999)->size(), 0);
        QVERIFY(!(*reader)->append({{u"errors"_s, {4000, 1}}}));

        // A reader sees what is written later; what is pruned is gone.
        QVERIFY((*writer)->append({{u"errors"_s, {5000, 1}}}));
        QVERIFY((*writer)->prune(3000));
        QCOMPARE((*reader)->series(u"errors"_s, 0, 9999)->size(), 2);
    }

    /// A day of samples, as a console asks for them.
    void aLongRangeIsThinnedOut()
    {
        constexpr qint64 begin = 1'700'000'000'000;
        constexpr int day = 86'400;
        constexpr qsizetype limit = 2000;
        QTemporaryDir folder;
        auto store = MetricStore::open(folder.path(), MetricStore::Mode::ReadWrite);
        QVERIFY2(store, qPrintable(store ? QString() : store.error().text()));
        QList<std::pair<QString, MetricPoint>> samples;
        for (int i = 0; i < day; ++i) {
            // One sample stands out above, another below.
            const double value = i == 54'321 ? 1 : i == 12'345 ? -1
                                                               : 0.01 + 0.001 * (i % 7);
            samples.append({u"errors"_s, {begin + i * 1000LL, value}});
        }
        QVERIFY((*store)->append(samples));

        const auto all = (*store)->series(u"errors"_s, begin, begin + day * 1000LL);
        QVERIFY(all);
        QCOMPARE(all->size(), day);
        const auto ask = [&all](qint64 from, qint64 to, qsizetype limit) {
            QList<MetricPoint> points;
            std::ranges::copy_if(*all, std::back_inserter(points), [from, to](const MetricPoint &point) { return point.time >= from && point.time <= to; });
            return thinned(points, from, to, limit);
        };
        const auto some = ask(begin, begin + day * 1000LL, limit);
        QVERIFY2(some.size() <= limit && some.size() > limit / 2, qPrintable(QString::number(some.size())));
        QVERIFY(std::ranges::is_sorted(some, {}, &MetricPoint::time));
        for (const qint64 time : {begin + 54'321'000LL, begin + 12'345'000LL}) {
            QVERIFY(std::ranges::contains(some, time, &MetricPoint::time));
        }
        QCOMPARE(std::ranges::max(some, {}, &MetricPoint::value).value, 1.0);
        QCOMPARE(std::ranges::min(some, {}, &MetricPoint::value).value, -1.0);
        // It reaches from end to end without a hole.
        qint64 last = begin;
        for (const MetricPoint &point : std::as_const(some)) {
            QVERIFY2(point.time - last <= 2 * day * 1000LL / (limit / 2 - 2) + 2000, qPrintable(QString::number(point.time - last)));
            last = point.time;
        }
        QVERIFY(last > begin + (day - 200) * 1000LL);

        // What fits is told as it is.
        QCOMPARE(ask(begin, begin + 1'799'000, limit).size(), 1800);

        // A range that moved on a little tells the same inside.
        const auto later = ask(begin + 5000, begin + day * 1000LL + 5000, limit);
        const auto inside = [](const MetricPoint &point) { return point.time > begin + 200'000 && point.time < begin + (day - 400) * 1000LL; };
        int differing = 0;
        for (const MetricPoint &point : std::as_const(some)) {
            differing += inside(point) && !std::ranges::contains(later, point.time, &MetricPoint::time);
        }
        QCOMPARE(differing, 0);

        // Whatever a peer asks for.
        for (const qsizetype few : {qsizetype(1), qsizetype(4), qsizetype(7)}) {
            const auto told = ask(std::numeric_limits<qint64>::min(), std::numeric_limits<qint64>::max(), few);
            QVERIFY2(!told.isEmpty() && told.size() <= 8, qPrintable(QString::number(told.size())));
        }
        QVERIFY(ask(begin + 10, begin, limit).isEmpty());
    }

    void brokenFileIsToldAbout()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(u"metrics.db"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(8192, 'x'));
        file.close();
        const auto store = MetricStore::open(folder.path(), MetricStore::Mode::ReadWrite);
        QVERIFY(!store);
        QCOMPARE(store.error().code, u"metrics.store"_s);
        QVERIFY(store.error().text().contains(file.fileName()));
    }
};

QTEST_GUILESS_MAIN(MetricStoreTest)
#include "metricstoretest.moc"
