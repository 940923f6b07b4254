// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/stagedflags.h"
#include "history/runmodel.h"
#include "history/stepmodel.h"
#include "ui/sampledata.h"

#include <QAbstractItemModelTester>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class ModelsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void runs()
    {
        ScriptedEngine engine;
        sample::fillFull(&engine, 40);
        QList<RunRecord> all;
        for (const RunView &view : std::as_const(engine.runViews)) {
            all.append(view.run);
        }
        RunModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QRandomGenerator random(7);
        for (int turn = 0; turn < 60; ++turn) {
            QList<RunRecord> some;
            for (const RunRecord &run : std::as_const(all)) {
                if (random.bounded(3) != 0) {
                    some.append(run);
                }
            }
            std::shuffle(some.begin(), some.end(), random);
            model.setRows(some);
            QCOMPARE(model.rowCount(), some.size());
            for (int i = 0; i < some.size(); ++i) {
                QCOMPARE(model.rowAt(i).id, some[i].id);
            }
        }
    }

    void freshRowsKeepThePlaceOfOthers()
    {
        ScriptedEngine engine;
        sample::fillFull(&engine, 10);
        QList<RunRecord> rows;
        for (const RunView &view : std::as_const(engine.runViews)) {
            rows.append(view.run);
        }
        RunModel model;
        model.setRows(rows.mid(1));
        const QPersistentModelIndex kept = model.index(4, 0);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        model.setRows(rows);
        QCOMPARE(reset.count(), 0);
        QCOMPARE(kept.row(), 5);
    }

    void whatWaitsAtTheEndIsNotRun()
    {
        StepView step;
        step.spec.id = u"watch"_s;
        StepModel steps;
        steps.setRows({step});
        const auto word = [&] { return steps.index(0, StepModel::StateColumn).data().toString(); };
        QCOMPARE(word(), u"Waiting"_s);
        QSignalSpy changed(&steps, &QAbstractItemModel::dataChanged);
        steps.setEnded(true);
        QCOMPARE(word(), u"Not run"_s);
        QCOMPARE(changed.count(), 1);
    }

    void stepsAndEvents()
    {
        ScriptedEngine engine;
        sample::fillFull(&engine, 3);
        StepModel steps;
        EventModel events;
        QAbstractItemModelTester first(&steps, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QAbstractItemModelTester second(&events, QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (const RunView &view : std::as_const(engine.runViews)) {
            steps.setRows(view.steps);
            events.setRows(engine.eventLists.value(view.run.id));
            QCOMPARE(steps.rowCount(), view.steps.size());
            QVERIFY(!events.index(0, EventModel::MessageColumn).data().toString().isEmpty());
        }
        steps.setRows({});
    }

    void stagingIsNotApplying()
    {
        ScriptedEngine engine;
        sample::fillFull(&engine, 1);
        StagedFlags model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setFlags(engine.flags);
        QVERIFY(model.changes().isEmpty());
        model.stageRollout(u"ai_predictions"_s, 40.004);
        QCOMPARE(model.changes().size(), 1);
        QCOMPARE(model.changes().first().fromRollout, 25.0);
        QCOMPARE(model.changes().first().toRollout, 40.0);
        QCOMPARE(StagedFlags::changeText(model.rowAt(0)), u"25 % → 40 %"_s);
        QCOMPARE(model.rowAt(0).flag.rollout, 25.0);
        model.stageRollout(u"ai_predictions"_s, 25);
        QVERIFY(model.changes().isEmpty());
        model.stageRollout(u"ai_predictions"_s, 1000);
        QCOMPARE(model.changes().first().toRollout, 100.0);

        // Somebody else changes it: what is staged stays, against what was seen.
        engine.flags[0].rollout = 30;
        model.setFlags(engine.flags);
        QVERIFY(model.rowAt(0).changedMeanwhile());
        QCOMPARE(model.changes().first().fromRollout, 25.0);
        model.unstage();
        QVERIFY(model.changes().isEmpty());
        QCOMPARE(model.rowAt(0).rollout, 30.0);
        model.setFlags({});
        QCOMPARE(model.rowCount(), 0);
    }

    void audience()
    {
        QCOMPARE(StagedFlags::audienceText(true, 40), u"about 40 of 100 users"_s);
        QCOMPARE(StagedFlags::audienceText(false, 40), u"nobody gets it"_s);
        QCOMPARE(StagedFlags::audienceText(true, 100), u"every user gets it"_s);
        QCOMPARE(StagedFlags::audienceText(true, 0.2), u"fewer than 1 of 100 users"_s);
        QCOMPARE(StagedFlags::audienceText(true, 99.9), u"about 99 of 100 users"_s);
    }
};

QTEST_MAIN(ModelsTest)
#include "modelstest.moc"
