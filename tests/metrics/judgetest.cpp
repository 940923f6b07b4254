// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/judge.h"

#include <QDateTime>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

/** One instance whose counters grow by given amounts a second, judged each second. */
class JudgeTest : public QObject
{
    Q_OBJECT

    MetricWindow m_window;
    double m_requests = 0;
    double m_errors = 0;
    qint64 m_now = 0;
    bool m_otherAnswers = false; ///< Instance "b" counts what "a" does.

    static WatchRequest requestOfTwo()
    {
        WatchRequest asked = request();
        asked.instances = {u"a"_s, u"b"_s};
        return asked;
    }
    static WatchRequest request()
    {
        WatchRequest request;
        request.run = u"run"_s;
        request.token = u"token"_s;
        request.sinceBoot = 100000;
        request.policy.windowMs = 10000;
        request.policy.durationMs = 20000;
        request.policy.minimumSamples = 50;
        request.policy.consecutiveBreaches = 3;
        return request;
    }
    Verdict run(Judge &judge, int seconds, double requests, double errors)
    {
        for (int i = 0; i < seconds; ++i) {
            m_now += 1000;
            m_requests += requests;
            m_errors += errors;
            Scrape scrape;
            scrape.time = m_now;
            scrape.requests = m_requests;
            scrape.errors = m_errors;
            m_window.add(u"a"_s, scrape);
            if (m_otherAnswers) {
                m_window.add(u"b"_s, scrape);
            }
            judge.evaluate(m_window, m_now, m_now);
        }
        return judge.verdict();
    }

private Q_SLOTS:
    void init()
    {
        m_window = {};
        m_requests = m_errors = 0;
        m_now = 100000;
        m_otherAnswers = false;
    }

    void good()
    {
        Judge judge(request());
        QCOMPARE(run(judge, 20, 50, 2).kind, Verdict::Kind::Pending);
        QCOMPARE(judge.verdict().watchedMs, 19000);
        const Verdict verdict = run(judge, 1, 50, 2);
        QCOMPARE(verdict.kind, Verdict::Kind::Good);
        QCOMPARE(verdict.samples, 500);
        QCOMPARE(verdict.value, 0.04);
        QCOMPARE(run(judge, 20, 50, 50).kind, Verdict::Kind::Good); // Decided is decided.
    }

    void badNeedsConsecutiveBreaches()
    {
        Judge judge(request());
        run(judge, 5, 50, 0);
        run(judge, 1, 50, 50); // 20 % of the window.
        QCOMPARE(run(judge, 1, 50, 0).kind, Verdict::Kind::Pending);
        const Verdict verdict = run(judge, 1, 50, 0);
        QCOMPARE(verdict.kind, Verdict::Kind::Bad);
        QCOMPARE(verdict.limit, 0.05);
        QVERIFY(verdict.value > 0.1);
        QCOMPARE(verdict.sentence.code, u"watch.errors_too_high"_s);
        const QString text = verdict.sentence.text();
        for (const QString &part : {u"14.3"_s, u"350"_s, u"5 %"_s, u"10 s"_s, u"http_errors_total"_s}) {
            QVERIFY2(text.contains(part), qPrintable(text));
        }
    }

    void breachesInterruptedStartAgain()
    {
        WatchRequest asked = request();
        asked.policy.windowMs = 1000;
        Judge judge(asked);
        for (int i = 0; i < 5; ++i) {
            run(judge, 2, 100, 20);
            QCOMPARE(run(judge, 1, 100, 0).kind, Verdict::Kind::Pending);
        }
    }

    void unconfirmedBreachIsNotGood()
    {
        WatchRequest asked = request();
        asked.policy.windowMs = 1000;
        Judge judge(asked);
        run(judge, 20, 100, 0);
        QCOMPARE(run(judge, 1, 100, 50).kind, Verdict::Kind::Pending);
        QCOMPARE(run(judge, 1, 100, 50).kind, Verdict::Kind::Pending);
        QCOMPARE(run(judge, 1, 100, 50).kind, Verdict::Kind::Bad);
    }

    // 100 % of four requests is no evidence.
    void lowTraffic()
    {
        Judge judge(request());
        const Verdict verdict = run(judge, 21, 4, 4);
        QCOMPARE(verdict.kind, Verdict::Kind::NotEnoughData);
        QCOMPARE(verdict.samples, 40);
        QCOMPARE(verdict.sentence.code, u"watch.not_enough_data"_s);
    }

    void silentMetrics()
    {
        Judge judge(request());
        QCOMPARE(run(judge, 21, 0, 0).kind, Verdict::Kind::NotEnoughData);
    }

    /// The other answers all requests without an error, with half the capacity.
    void anInstanceThatFallsSilentIsNotGood()
    {
        Judge judge(requestOfTwo());
        m_otherAnswers = true;
        run(judge, 5, 50, 0);
        m_otherAnswers = false;
        QCOMPARE(run(judge, 9, 50, 0).kind, Verdict::Kind::Pending);
        QCOMPARE(judge.verdict().sentence.code, u"watch.silent_so_far"_s);
        const Verdict verdict = run(judge, 1, 50, 0);
        QCOMPARE(verdict.kind, Verdict::Kind::NotEnoughData);
        const QString text = verdict.sentence.text();
        const QString since = QDateTime::fromMSecsSinceEpoch(105000).toString(u"HH:mm:ss"_s);
        QVERIFY2(text.contains(u"b has given no metrics"_s) && text.contains(u"for 10 s"_s) && text.contains(since), qPrintable(text));
    }

    void aShortSilenceIsWaitedFor()
    {
        Judge judge(requestOfTwo());
        m_otherAnswers = true;
        run(judge, 20, 50, 0);
        m_otherAnswers = false;
        QCOMPARE(run(judge, 5, 50, 0).kind, Verdict::Kind::Pending); // Past its end.
        m_otherAnswers = true;
        QCOMPARE(run(judge, 1, 50, 0).kind, Verdict::Kind::Good);
    }

    void silenceOfAnInstanceThatNeverAnswered()
    {
        Judge judge(requestOfTwo());
        QCOMPARE(run(judge, 10, 50, 0).kind, Verdict::Kind::Pending);
        QCOMPARE(run(judge, 1, 50, 0).kind, Verdict::Kind::NotEnoughData);
    }

    /// Nobody asked it meanwhile.
    void aPauseIsNoSilence()
    {
        Judge judge(requestOfTwo());
        m_otherAnswers = true;
        run(judge, 5, 50, 0);
        m_otherAnswers = false;
        m_now += 60000;
        QCOMPARE(run(judge, 1, 50, 0).kind, Verdict::Kind::Pending);
        m_otherAnswers = true;
        QCOMPARE(run(judge, 20, 50, 0).kind, Verdict::Kind::Good);
    }

    void silenceWaitsForTheEndWhereThePolicyGoesOn()
    {
        WatchRequest asked = requestOfTwo();
        asked.policy.noData = WatchSpec::NoData::Proceed;
        Judge judge(asked);
        QCOMPARE(run(judge, 20, 50, 0).kind, Verdict::Kind::Pending);
        QCOMPARE(run(judge, 1, 50, 0).kind, Verdict::Kind::NotEnoughData);
        QCOMPARE(judge.verdict().sentence.code, u"watch.instance_silent"_s);
    }

    void whatWasBeforeDoesNotCount()
    {
        WatchRequest asked = request();
        asked.sinceBoot = 110000;
        asked.baseline = 0.5;
        Judge early(asked);
        run(early, 10, 50, 25); // The old version, until now.
        Judge judge(asked);
        QCOMPARE(run(judge, 21, 50, 0).kind, Verdict::Kind::Good);
        QCOMPARE(judge.verdict().baseline, 0.5);
    }

    void aNewWatcherGoesOn()
    {
        Judge first(request());
        const Verdict soFar = run(first, 11, 50, 0);
        m_now += 60000; // Nobody watched.
        m_window = {};
        Judge second(request(), Verdict::fromJson(soFar.toJson()));
        QCOMPARE(run(second, 1, 50, 0).watchedMs, 10000);
        QCOMPARE(run(second, 9, 50, 0).kind, Verdict::Kind::Pending);
        QCOMPARE(run(second, 1, 50, 0).kind, Verdict::Kind::Good);
        WatchRequest again = request();
        again.token = u"other"_s;
        Judge third(again, soFar);
        QCOMPARE(third.verdict().watchedMs, 0);
    }

    void json()
    {
        Judge judge(request());
        run(judge, 8, 50, 9);
        const QJsonObject json = judge.verdict().toJson();
        QCOMPARE(json[u"kind"_s].toString(), u"bad"_s);
        QCOMPARE(Verdict::fromJson(json).toJson(), json);
        WatchRequest asked = request();
        asked.policy.noData = WatchSpec::NoData::Rollback;
        asked.policy.automaticRollback = false;
        asked.instances = {u"a"_s, u"b"_s};
        QCOMPARE(WatchRequest::fromJson(asked.toJson()).instances, asked.instances);
        QCOMPARE(WatchRequest::fromJson(asked.toJson()).toJson(), asked.toJson());
    }
};

QTEST_GUILESS_MAIN(JudgeTest)
#include "judgetest.moc"
