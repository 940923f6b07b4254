// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/runview.h"

#include <QTest>
#include <QTimeZone>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

StepSpec step(const QString &id, bool changes, qint64 expectedMs, const Facts &facts = {}, bool noReturn = false)
{
    StepSpec spec;
    spec.id = id;
    spec.kind = id;
    spec.changesState = changes;
    spec.expectedMs = expectedMs;
    spec.changes = facts;
    spec.pointOfNoReturn = noReturn;
    return spec;
}

/// Check, migrate, two instances one after the other, a step without return, watch.
Plan examplePlan()
{
    Plan plan;
    plan.kind = u"update"_s;
    plan.from = u"1.2.0"_s;
    plan.to = u"1.3.0"_s;
    plan.facts = {{u"release.current"_s, u"1.2.0"_s}, {u"instance:a"_s, u"1.2.0"_s}, {u"instance:b"_s, u"1.2.0"_s}};
    plan.steps = {step(u"check"_s, false, 1000), step(u"migrate"_s, true, 10000),
                  step(u"a"_s, true, 5000, {{u"instance:a"_s, u"1.3.0"_s}}),
                  step(u"b"_s, true, 5000, {{u"instance:b"_s, u"1.3.0"_s}, {u"release.current"_s, u"1.3.0"_s}}),
                  step(u"contract"_s, true, 2000, {}, true), step(u"watch"_s, false, 60000)};
    return plan;
}

struct Scene {
    RunRecord run;
    QList<StepRecord> steps;
    Serving serving;
    QDateTime now = QDateTime::fromString(u"2026-03-10T12:00:00Z"_s, Qt::ISODate);

    explicit Scene(RunState state)
    {
        run.id = u"r"_s;
        run.plan = examplePlan();
        run.state = state;
        for (int i = 0; i < run.plan.steps.size(); ++i) {
            steps.append({.runId = run.id, .index = i, .id = run.plan.steps[i].id});
        }
        if (state != RunState::Planned) {
            run.started = now.addSecs(-60);
        }
    }
    Scene &done(int count)
    {
        for (int i = 0; i < count; ++i) {
            set(i, StepState::Done, 3000);
        }
        return *this;
    }
    Scene &set(int index, StepState state, qint64 durationMs = 0)
    {
        steps[index].state = state;
        steps[index].durationMs = durationMs;
        if (state != StepState::Pending) {
            steps[index].results.insert(u"_prepared"_s, state != StepState::Preparing);
        }
        return *this;
    }
    RunView view() const { return makeRunView(run, steps, serving, now); }
};

/// Sets the zone of this process for a test.
class Zone
{
public:
    explicit Zone(const char *name)
        : m_before(qgetenv("TZ"))
    {
        qputenv("TZ", name);
        tzset();
    }
    ~Zone()
    {
        qputenv("TZ", m_before);
        tzset();
    }

private:
    QByteArray m_before;
};

} // namespace

class RunViewTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void offers_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<int>("done");
        QTest::addColumn<QString>("current"); ///< State of the step after those.
        QTest::addColumn<QStringList>("offers");
        QTest::addColumn<QStringList>("refused");

        const QStringList none;
        QTest::newRow("planned") << u"planned"_s << 0 << u"pending"_s << QStringList{u"abort"_s}
                                 << QStringList{u"hold"_s, u"resume"_s, u"retry"_s, u"accept"_s, u"abandon"_s};
        QTest::newRow("running") << u"running"_s << 1 << u"applying"_s << QStringList{u"hold"_s, u"abort"_s}
                                 << QStringList{u"resume"_s, u"retry"_s, u"accept"_s, u"abandon"_s};
        QTest::newRow("held by a person") << u"held"_s << 2 << u"pending"_s << QStringList{u"resume"_s, u"rollback"_s, u"abandon"_s}
                                          << QStringList{u"hold"_s, u"accept"_s};
        QTest::newRow("held, step failed") << u"held"_s << 2 << u"failed"_s
                                           << QStringList{u"retry"_s, u"accept"_s, u"rollback"_s, u"abandon"_s}
                                           << QStringList{u"hold"_s, u"resume"_s};
        QTest::newRow("held on the way back") << u"held"_s << 2 << u"reverting"_s << QStringList{u"retry"_s, u"accept"_s, u"abandon"_s}
                                              << QStringList{u"hold"_s};
        QTest::newRow("going back") << u"reverting"_s << 2 << u"reverting"_s << none
                                    << QStringList{u"hold"_s, u"abort"_s, u"rollback"_s, u"resume"_s, u"retry"_s, u"accept"_s, u"abandon"_s};
        const QStringList every{u"hold"_s, u"abort"_s, u"resume"_s, u"retry"_s, u"accept"_s, u"rollback"_s, u"abandon"_s};
        QTest::newRow("succeeded") << u"succeeded"_s << 6 << QString() << none << every;
        QTest::newRow("rolled back") << u"rolledBack"_s << 0 << u"reverted"_s << none << every;
        QTest::newRow("abandoned") << u"abandoned"_s << 2 << u"failed"_s << none << every;
    }
    void offers()
    {
        QFETCH(QString, state);
        QFETCH(int, done);
        QFETCH(QString, current);
        QFETCH(QStringList, offers);
        QFETCH(QStringList, refused);
        Scene scene(runStateFromName(state));
        scene.done(done);
        if (!current.isEmpty()) {
            scene.set(done, stepStateFromName(current));
        }
        const RunView view = scene.view();
        QCOMPARE(view.offers, offers);
        for (const QString &verb : refused) {
            QVERIFY2(view.refusals.contains(verb), qPrintable(verb));
            QVERIFY2(Catalogue::contains(view.refusals[verb].code), qPrintable(view.refusals[verb].code));
            QVERIFY2(!offers.contains(verb), qPrintable(verb));
        }
        // What is offered is never refused as well.
        for (const QString &verb : offers) {
            QVERIFY2(!view.refusals.contains(verb), qPrintable(verb));
        }
        // It goes to a console whole.
        const RunView back = RunView::fromJson(view.toJson());
        QCOMPARE(back.toJson(), view.toJson());
        QCOMPARE(back.offers, offers);
    }

    /// Whatever the plan meant to do: a console is told what was seen.
    void servingIsWhatWasSeen()
    {
        Scene scene(RunState::Held);
        scene.done(2).set(2, StepState::Failed);
        scene.serving = {u"1.3.0"_s, {u"b"_s}};
        const RunView view = RunView::fromJson(scene.view().toJson());
        QCOMPARE(view.serving, u"1.3.0"_s);
        QCOMPARE(view.silent, QStringList{u"b"_s});
        scene.serving = {};
        QVERIFY(scene.view().serving.isEmpty());
    }

    void estimateCountsWhatIsLeft()
    {
        QCOMPARE(Scene(RunState::Planned).view().leftMs, 83000);
        Scene running = Scene(RunState::Running).done(2).set(2, StepState::Applying);
        running.steps[2].started = running.now.addMSecs(-2000);
        QCOMPARE(running.view().leftMs, 3000 + 5000 + 2000 + 60000);
        QCOMPARE(running.view().current, 2);
        // A step that takes longer than expected is not owed time.
        running.steps[2].started = running.now.addSecs(-3600);
        QCOMPARE(running.view().leftMs, 5000 + 2000 + 60000);
        QCOMPARE(Scene(RunState::Succeeded).done(6).view().leftMs, 0);
        QCOMPARE(Scene(RunState::Succeeded).done(6).view().current, -1);
    }

    void saysWhatAnAbortWouldDo()
    {
        QCOMPARE(Scene(RunState::Running).done(1).view().ifAborted.code, u"serve.abort.before"_s);
        Scene plain(RunState::Running);
        plain.run.plan.steps[1].kind = u"switch_release"_s;
        const Message back = plain.done(3).view().ifAborted;
        QCOMPARE(back.code, u"serve.abort.back"_s);
        // That no row is lost is not said of what was not counted.
        const Message counted = Scene(RunState::Running).done(3).view().ifAborted;
        QCOMPARE(counted.code, u"serve.abort.back_migrated"_s);
        for (const QString &text : {back.text(), counted.text()}) {
            QVERIFY2(!text.contains(u"no row lost"_s), qPrintable(text));
        }
        QCOMPARE(back.args[u"time"].toInteger(), 6000); // What the two changes took.
        QCOMPARE(back.args[u"version"].toString(), u"1.2.0"_s);
        QCOMPARE(Scene(RunState::Running).done(5).view().ifAborted.code, u"serve.abort.past"_s);
        QCOMPARE(Scene(RunState::Reverting).done(3).view().ifAborted.code, u"serve.abort.reverting"_s);
        QVERIFY(Scene(RunState::Succeeded).done(6).view().ifAborted.isEmpty());
        // Held, nothing can be aborted: what a roll back would do.
        for (const int done : {1, 3, 5}) {
            const QString text = Scene(RunState::Held).done(done).view().ifAborted.text();
            QVERIFY2(text.contains(u"1.2.0"_s) && !text.contains(u"abort"_s), qPrintable(text));
        }
    }

    void tellsWhatWasLost()
    {
        Scene scene(RunState::Succeeded);
        scene.done(6);
        QVERIFY(lostBy(scene.view()).isEmpty());
        scene.steps[0].results.insert(u"lost"_s, QJsonObject{{u"orders"_s, 9}}); // A check only counts.
        scene.steps[1].results.insert(u"lost"_s, QJsonObject{{u"orders"_s, 2}, {u"tags"_s, 0}});
        scene.steps[4].results.insert(u"lost"_s, QJsonObject{{u"orders"_s, 1}, {u"orders.note"_s, 4}});
        QCOMPARE(lostBy(scene.view()), (Loss{{u"orders"_s, 3}, {u"orders.note"_s, 4}}));
        scene.set(4, StepState::Reverted);
        QCOMPARE(lostBy(scene.view()), (Loss{{u"orders"_s, 2}}));
    }

    /// A journal that has fewer step rows than the plan has steps must not crash a console.
    void livesWithMissingSteps()
    {
        Scene scene(RunState::Planned);
        scene.steps.clear();
        const RunView view = scene.view();
        QCOMPARE(view.steps.size(), 6);
        QCOMPARE(view.steps[5].record.state, StepState::Pending);
    }

    void turnBack_data()
    {
        QTest::addColumn<QByteArray>("zone");
        QTest::addColumn<int>("endMinute");
        QTest::addColumn<qint64>("wayBackMs");
        QTest::addColumn<qint64>("marginMs");
        QTest::addColumn<QString>("from"); ///< UTC
        QTest::addColumn<QString>("expected"); ///< UTC
        constexpr qint64 minute = 60000;
        const auto row = [](const char *name, const char *zone, int hour, int minutes, qint64 back, qint64 margin, const QString &from,
                            const QString &expected) {
            QTest::newRow(name) << QByteArray(zone) << hour * 60 + minutes << back << margin << from << expected;
        };
        QTest::newRow("no window") << QByteArray("UTC") << -1 << qint64(0) << qint64(0) << u"2026-03-10T12:00:00Z"_s << QString();
        row("same day", "UTC", 18, 0, 10 * minute, 5 * minute, u"2026-03-10T12:00:00Z"_s, u"2026-03-10T17:45:00Z"_s);
        row("over midnight", "UTC", 2, 30, 0, 0, u"2026-03-10T23:00:00Z"_s, u"2026-03-11T02:30:00Z"_s);
        row("after midnight", "UTC", 2, 30, 0, 0, u"2026-03-11T00:10:00Z"_s, u"2026-03-11T02:30:00Z"_s);
        row("at its very end", "UTC", 2, 30, 0, 0, u"2026-03-11T02:30:00Z"_s, u"2026-03-12T02:30:00Z"_s);
        row("over too late already", "UTC", 12, 10, 30 * minute, 0, u"2026-03-10T12:00:00Z"_s, u"2026-03-10T11:40:00Z"_s);
        row("way back over midnight", "UTC", 0, 5, 10 * minute, 0, u"2026-03-10T23:00:00Z"_s, u"2026-03-10T23:55:00Z"_s);
        row("end of the month", "UTC", 1, 0, 0, 0, u"2026-02-28T22:00:00Z"_s, u"2026-03-01T01:00:00Z"_s);
        row("local time", "Asia/Seoul", 2, 0, 0, 0, u"2026-03-10T14:00:00Z"_s, u"2026-03-10T17:00:00Z"_s);
        // Clocks go from 02:00 to 03:00 on 29 March: the night has an hour less.
        row("spring forward", "Europe/Berlin", 4, 0, 0, 0, u"2026-03-28T22:00:00Z"_s, u"2026-03-29T02:00:00Z"_s);
        // From 03:00 back to 02:00 on 25 October: an hour more.
        row("fall back", "Europe/Berlin", 4, 0, 60 * minute, 0, u"2026-10-24T21:00:00Z"_s, u"2026-10-25T02:00:00Z"_s);
    }
    void turnBack()
    {
        QFETCH(QByteArray, zone);
        QFETCH(int, endMinute);
        QFETCH(qint64, wayBackMs);
        QFETCH(qint64, marginMs);
        QFETCH(QString, from);
        QFETCH(QString, expected);
        const Zone set(zone.constData());
        Scene scene(RunState::Running);
        scene.run.plan.policy = {{u"windowEndMinute"_s, endMinute}, {u"turnBackMarginMs"_s, marginMs}};
        const QDateTime begin = QDateTime::fromString(from, Qt::ISODate);
        const QDateTime at = turnBackTime(scene.run.plan, wayBackMs, begin);
        QCOMPARE(at.isValid() ? at.toUTC().toString(Qt::ISODate) : QString(), expected);

        // Of a run that has begun, a console shows what the runner goes by.
        scene.run.started = begin;
        scene.now = begin.addSecs(30);
        scene.set(1, StepState::Done, wayBackMs);
        const QDateTime shown = scene.view().turnBackBy;
        QCOMPARE(shown.isValid() ? shown.toUTC().toString(Qt::ISODate) : QString(), expected);
    }
};

QTEST_GUILESS_MAIN(RunViewTest)
#include "runviewtest.moc"
