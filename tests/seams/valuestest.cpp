// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/clock.h"
#include "system/error.h"
#include "system/json.h"
#include "system/random.h"

#include <QCoroTask>
#include <QJsonArray>
#include <QJsonDocument>
#include <QScopeGuard>
#include <QTest>
#include <QTimer>
#include <QTimeZone>

#include <thread>

using namespace Qt::StringLiterals;
using namespace cutover;

static const Catalogue::Registration texts{
    {"test.words", "%{count} %{count|order|orders} in %{time:duration}, %{size:bytes}, %{part:percent}, %{names:list}, %{gone}, %{count:number} at %{at:time}", "Look at %{names}."},
};

class ValuesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void messageFillsEveryPlaceholder()
    {
        const QJsonObject args{{u"count"_s, 8080},
                               {u"time"_s, 80'000},
                               {u"size"_s, 1'200'000'000},
                               {u"part"_s, 0.125},
                               {u"at"_s, u"2026-11-25T21:13:55Z"_s},
                               {u"names"_s, QJsonArray{u"a %{count}"_s, u"b"_s}}};
        const QString local = QDateTime(QDate(2026, 11, 25), QTime(21, 13, 55), QTimeZone::UTC).toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s);
        QCOMPARE((Message{u"test.words"_s, args}.text()), u"8080 orders in 1 min 20 s, 1.2 GB, 12.5 %, a %{count}, b, unknown, 8080 at %1"_s.arg(local));
        QCOMPARE(Catalogue::hint(u"test.words"_s, args), u"Look at a %{count}, b."_s);
        QVERIFY(Catalogue::text(u"test.words"_s, {{u"count"_s, 1}}).startsWith("1 order in "_L1));
        QVERIFY(Catalogue::text(u"test.words"_s, {{u"at"_s, u"yesterday"_s}}).endsWith(" at yesterday"_L1));
        {
            QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
            const auto back = qScopeGuard([] { QLocale::setDefault(QLocale::c()); });
            QVERIFY(Catalogue::text(u"test.words"_s, args).contains("8,080 at "_L1));
            QVERIFY(Catalogue::text(u"test.words"_s, args).startsWith("8080 orders"_L1));
        }
        QCOMPARE(Catalogue::text(u"test.none"_s, {{u"a"_s, 1}}), u"test.none {\"a\":1}"_s);
        QVERIFY(!Catalogue::contains(u"test.none"_s));
    }

    void durations_data()
    {
        QTest::addColumn<qint64>("milliseconds");
        QTest::addColumn<QString>("text");
        QTest::newRow("ms") << qint64(350) << u"350 ms"_s;
        QTest::newRow("s") << qint64(5000) << u"5 s"_s;
        QTest::newRow("parts of s") << qint64(1540) << u"1.5 s"_s;
        QTest::newRow("min") << qint64(80'000) << u"1 min 20 s"_s;
        QTest::newRow("whole min") << qint64(120'000) << u"2 min"_s;
        QTest::newRow("h") << qint64(7'500'000) << u"2 h 5 min"_s;
        QTest::newRow("d") << qint64(90'000'000) << u"1 d 1 h"_s;
        QTest::newRow("negative") << qint64(-350) << u"−350 ms"_s;
    }
    void durations()
    {
        QFETCH(qint64, milliseconds);
        QTEST(durationText(milliseconds), "text");
    }

    void errorSurvivesJson()
    {
        const Error error{u"file.no_space"_s, {{u"path"_s, u"/x"_s}}, Error::Kind::Unknown, u"/x"_s};
        const Error again = Error::fromJson(QJsonDocument::fromJson(QJsonDocument(error.toJson()).toJson()).object());
        QCOMPARE(again.code, error.code);
        QCOMPARE(again.args, error.args);
        QVERIFY(again.kind == error.kind);
        QCOMPARE(again.where, error.where);
        QVERIFY(Error::fromJson({{u"code"_s, u"x"_s}, {u"kind"_s, u"of-a-later-version"_s}}).kind == Error::Kind::Unknown);
    }

    void errnoGetsItsKind()
    {
        QVERIFY(failErrno(u"file.write"_s, EAGAIN, u"/x"_s).error().kind == Error::Kind::Transient);
        QVERIFY(failErrno(u"file.write"_s, EACCES, u"/x"_s).error().kind == Error::Kind::Permanent);
        QCOMPARE(failErrno(u"file.write"_s, ENOSPC, u"/x"_s).error().code, u"file.no_space"_s);
        QVERIFY(failErrno(u"file.write"_s, ENOSPC, u"/x"_s).error().text().contains("/x"_L1));
    }

    void canonicalJson()
    {
        // Sorted by code point: U+FFFD before U+1F600, although its UTF-16 units sort the other way.
        const QJsonObject object{{u"b"_s, QJsonArray{1, 2.5, true, QJsonValue::Null, -0.0, 1e15}},
                                 {u"a"_s, u"\"\\\n\u0001é"_s},
                                 {QString(QChar(0xfffd)), 1},
                                 {QString::fromUcs4(U"\U0001F600"), 2}};
        QCOMPARE(json::canonical(object),
                 "{\"a\":\"\\\"\\\\\\n\\u0001é\",\"b\":[1,2.5,true,null,0,1000000000000000],\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2}"_ba);
        QCOMPARE(json::canonical(QJsonDocument::fromJson(json::canonical(object)).object()), json::canonical(object));
        QCOMPARE(json::canonical(QJsonValue(qint64(9007199254740993))), "9007199254740993"_ba);
        QCOMPARE(json::sha256("abc"), u"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"_s);
        QCOMPARE(json::digest(QJsonObject{{u"x"_s, 1}}), json::sha256("{\"x\":1}"));
    }

    void idsSortByTimeAndDiffer()
    {
        const QString first = Random::system().id();
        QTest::qWait(3);
        const QString second = Random::system().id();
        QCOMPARE(first.size(), 26);
        QVERIFY(first < second);
        QVERIFY(Random::system().bytes(16) != Random::system().bytes(16));
        QCOMPARE(Random::system().bytes(7).size(), 7);
    }

    void clockSleepsAndCanBeWoken()
    {
        Clock &clock = Clock::system();
        QVERIFY(!clock.bootId().isEmpty());
        const qint64 begin = clock.monotonic();
        QVERIFY(QCoro::waitFor(clock.sleep(30)));
        QCOMPARE_GE(clock.monotonic() - begin, 30);

        std::stop_source stop;
        QTimer::singleShot(10, this, [&stop] {
            std::thread([&stop] { stop.request_stop(); }).join();
        });
        const auto woken = QCoro::waitFor(clock.sleep(60'000, stop.get_token()));
        QVERIFY(!woken);
        QVERIFY(woken.error().kind == Error::Kind::Cancelled);
        QCOMPARE_LT(clock.monotonic() - begin, 30'000);
        QVERIFY(!QCoro::waitFor(clock.sleep(0, stop.get_token())));
    }

    void manualClockMovesWhenTold()
    {
        ManualClock clock(QDateTime::fromMSecsSinceEpoch(0, QTimeZone::UTC));
        QVERIFY(QCoro::waitFor(clock.sleep(3'600'000)));
        clock.stepWall(-1000);
        QCOMPARE(clock.monotonic(), 3'600'000);
        QCOMPARE(clock.now().toMSecsSinceEpoch(), 3'599'000);
    }
};

QTEST_GUILESS_MAIN(ValuesTest)
#include "valuestest.moc"
