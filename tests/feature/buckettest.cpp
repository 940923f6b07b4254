// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/bucket.h"

#include <QTest>

using namespace cutover;

class BucketTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hashIsMurmur3_data()
    {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<quint32>("seed");
        QTest::addColumn<quint32>("expected");
        // Published vectors of MurmurHash3_x86_32; every length of tail.
        QTest::newRow("empty") << QByteArray("") << 0u << 0u;
        QTest::newRow("empty, seed 1") << QByteArray("") << 1u << 0x514e28b7u;
        QTest::newRow("empty, seed -1") << QByteArray("") << 0xffffffffu << 0x81f16f39u;
        QTest::newRow("ff*4") << QByteArray("\xff\xff\xff\xff") << 0u << 0x76293b50u;
        QTest::newRow("21436587") << QByteArray("\x21\x43\x65\x87") << 0u << 0xf55b516bu;
        QTest::newRow("21436587 seeded") << QByteArray("\x21\x43\x65\x87") << 0x5082edeeu << 0x2362f9deu;
        QTest::newRow("214365") << QByteArray("\x21\x43\x65") << 0u << 0x7e4a8634u;
        QTest::newRow("2143") << QByteArray("\x21\x43") << 0u << 0xa0f7b07au;
        QTest::newRow("21") << QByteArray("\x21") << 0u << 0x72661cf4u;
        QTest::newRow("zero") << QByteArray(1, '\0') << 0u << 0x514e28b7u;
        // Hashes that flagd's own test bed is built on.
        QTest::newRow("lowest") << QByteArray("ejOoVL") << 0u << 0u;
        QTest::newRow("highest") << QByteArray("ceQdGm") << 0u << 0xffffffffu;
    }
    void hashIsMurmur3()
    {
        QFETCH(QByteArray, key);
        QFETCH(quint32, seed);
        QTEST(murmur3({key.constData(), size_t(key.size())}, seed), "expected");
    }

    void keyIsFlagAndUser()
    {
        // Unleash's published values for "GROUP:USER" in hundredths: hash mod 100 + 1.
        QCOMPARE(murmur3("gr1:123", 0) % 100 + 1, 73u);
        QCOMPARE(murmur3("groupX:999", 0) % 100 + 1, 25u);
        QCOMPARE(featureBucket("gr1", "123"), murmur3("gr1:123", 0) % 10000);
    }

    void oneInFourAtTwentyFivePercent()
    {
        int all = 0;
        for (const char *flag : {"advanced_orders", "price_alerts", "dark_pool", "new_charts", "risk_limits"}) {
            int at25 = 0;
            int lost = 0;
            for (int user = 1; user <= 10000; ++user) {
                const auto bucket = featureBucket(flag, std::to_string(user));
                const bool quarter = bucket < 2500;
                const bool half = bucket < 5000;
                at25 += quarter;
                lost += quarter && !half;
            }
            // Drawing 10,000 users spreads by 43 around 2,500; four times that happens by chance once in 16,000.
            QVERIFY2(at25 >= 2327 && at25 <= 2673, flag);
            QCOMPARE(lost, 0);
            all += at25;
        }
        QVERIFY2(all >= 12000 && all <= 13000, qPrintable(QString::number(all)));
    }

    void advancedOrdersIsWithinOnePercent()
    {
        int at25 = 0;
        for (int user = 1; user <= 10000; ++user) {
            at25 += featureBucket("advanced_orders", std::to_string(user)) < 2500;
        }
        QVERIFY2(at25 >= 2400 && at25 <= 2600, qPrintable(QString::number(at25)));
    }

    void flagsAreIndependent()
    {
        // A user early in one rollout is not early in all of them.
        int both = 0;
        for (int user = 1; user <= 10000; ++user) {
            both += featureBucket("advanced_orders", std::to_string(user)) < 2500
                && featureBucket("price_alerts", std::to_string(user)) < 2500;
        }
        QVERIFY2(both > 525 && both < 725, qPrintable(QString::number(both)));
    }
};

QTEST_APPLESS_MAIN(BucketTest)
#include "buckettest.moc"
