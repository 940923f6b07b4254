// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/metricstore.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

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
