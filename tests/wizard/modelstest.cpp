// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/codeview.h"
#include "migration/migrationpreview.h"
#include "rollback/restorepointmodel.h"
#include "update/checkmodel.h"
#include "update/planmodel.h"
#include "update/releasemodel.h"
#include "update/resultpage.h"
#include "update/steptimelinemodel.h"
#include "update/words.h"

#include <QAbstractItemModelTester>
#include <QJsonArray>
#include <QLabel>
#include <QSignalSpy>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

namespace {

const Catalogue::Registration texts{{{"modelstest.text", "%{text}", "%{hint}"}}};

Message text(const QString &words)
{
    return {u"modelstest.text"_s, {{u"text"_s, words}}};
}

Error error(const QString &words, const QString &hint)
{
    return {u"modelstest.text"_s, {{u"text"_s, words}, {u"hint"_s, hint}}, Error::Kind::Permanent, {}};
}

RunView runOf(int steps, int pointOfNoReturn)
{
    RunView view;
    view.run.id = u"r1"_s;
    for (int i = 0; i < steps; ++i) {
        StepView step;
        step.spec.id = u"step-%1"_s.arg(i);
        step.spec.title = text(u"Step %1"_s.arg(i));
        step.spec.intent = text(u"Does %1"_s.arg(i));
        step.spec.expectedMs = 1000 * (i + 1);
        step.spec.pointOfNoReturn = i == pointOfNoReturn;
        view.steps << step;
    }
    return view;
}

CheckResult check(const QString &id, CheckResult::Status status)
{
    CheckResult result;
    result.id = id;
    result.title = text(id);
    result.status = status;
    return result;
}

} // namespace

class ModelsTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void timelineShowsThePointOfNoReturn()
    {
        StepTimelineModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRun(runOf(4, 2));
        QCOMPARE(model.rowCount(), 5);
        QCOMPARE(model.index(2).data(StepTimelineModel::SeparatorRole).toBool(), true);
        QCOMPARE(model.index(3).data(StepTimelineModel::IdRole).toString(), u"step-2"_s);
        QCOMPARE(model.rowOfStep(1), 1);
        QCOMPARE(model.rowOfStep(2), 3);
        QVERIFY(!model.flags(model.index(2)).testFlag(Qt::ItemIsSelectable));
        QCOMPARE(model.index(0).data(StepTimelineModel::DurationTextRole).toString(), u"about 1 s"_s);
    }

    void timelineChangesRowsInPlace()
    {
        StepTimelineModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        RunView view = runOf(3, -1);
        model.setRun(view);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        view.steps[0].record.state = StepState::Done;
        view.steps[0].record.durationMs = 61'000;
        view.current = 1;
        model.setRun(view);
        QCOMPARE(reset.size(), 0);
        QCOMPARE(changed.size(), 2);
        QCOMPARE(model.index(0).data(StepTimelineModel::DurationTextRole).toString(), u"1 min 1 s"_s);
        QCOMPARE(model.currentRow(), 1);
        QCOMPARE(model.doneCount(), 1);
        QVERIFY(model.index(0).data(Qt::AccessibleTextRole).toString().startsWith(u"Step 0, "));
        model.setRun(view);
        QCOMPARE(changed.size(), 2);
        model.tick();
        QCOMPARE(changed.size(), 3);
        QCOMPARE(changed.last().at(0).toModelIndex().row(), 1);
    }

    void timelineTellsWhyAStepFailed()
    {
        StepTimelineModel model;
        RunView view = runOf(1, -1);
        view.steps[0].record.state = StepState::Failed;
        view.steps[0].record.error = error(u"It broke"_s, {});
        model.setRun(view);
        QCOMPARE(model.index(0).data(StepTimelineModel::DetailRole).toString(), u"It broke"_s);
    }

    void checksReplaceEachOtherById()
    {
        CheckModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.update(check(u"disk"_s, CheckResult::Status::Running));
        model.update(check(u"backup"_s, CheckResult::Status::Waiting));
        CheckResult failed = check(u"disk"_s, CheckResult::Status::Failed);
        failed.error = error(u"2 GB free, 4 GB needed"_s, u"Free some space"_s);
        model.update(failed);
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.count(CheckResult::Status::Failed), 1);
        const QModelIndex finding = model.index(0, CheckModel::FindingColumn);
        QCOMPARE(finding.data().toString(), u"2 GB free, 4 GB needed\nFree some space"_s);
        QCOMPARE(finding.data(CheckModel::RemedyRole).toString(), u"Free some space"_s);
        QCOMPARE(model.failureText(), u"“disk” failed."_s);
        model.update(check(u"backup"_s, CheckResult::Status::Failed));
        QCOMPARE(model.failureText(), u"2 checks failed: disk, backup."_s);
        model.clear();
        QCOMPARE(model.rowCount(), 0);
        QVERIFY(model.failureText().isEmpty());
    }

    void releasesComeNewestFirstAndSayWhyNot()
    {
        ReleaseModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QList<ReleaseView> releases(3);
        releases[0].manifest.version = *Version::parse(u"1.9.0"_s);
        releases[0].path = {u"1.9.0"_s};
        releases[1].manifest.version = *Version::parse(u"1.10.0"_s);
        releases[1].path = {u"1.9.0"_s, u"1.10.0"_s};
        releases[2].manifest.version = *Version::parse(u"2.0.0"_s);
        releases[2].blocked = error(u"Not from here"_s, {});
        model.setReleases(releases, u"1.8.0"_s);
        QCOMPARE(model.index(0, 0).data().toString(), u"2.0.0"_s);
        QCOMPARE(model.index(1, 0).data().toString(), u"1.10.0"_s);
        QCOMPARE(model.firstInstallable(), 1);
        QCOMPARE(model.index(1, ReleaseModel::PathColumn).data().toString(), u"1.8.0 → 1.9.0 → 1.10.0"_s);
        QCOMPARE(model.index(0, ReleaseModel::PathColumn).data().toString(), u"Not from here"_s);
        QCOMPARE(model.index(0, 0).data(ReleaseModel::InstallableRole).toBool(), false);
        QCOMPARE(model.rowOf(u"1.9.0"_s), 2);
        QCOMPARE(model.rowOf(u"7"_s), -1);
    }

    void changelogIsEscaped()
    {
        Manifest manifest;
        manifest.changes = {{u"added"_s, {u"a <b> tag"_s}}};
        const QString html = changelogHtml(manifest);
        QVERIFY(html.contains(u"<b>Added</b>"));
        QVERIFY(html.contains(u"a &lt;b&gt; tag"));
    }

    void planNumbersStepsAroundTheLine()
    {
        PlanModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        Plan plan;
        for (const StepView &step : runOf(3, 1).steps) {
            plan.steps << step.spec;
        }
        model.setPlan(plan);
        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(model.separatorRow(), 1);
        QCOMPARE(model.index(2, PlanModel::NumberColumn).data().toInt(), 2);
        QCOMPARE(model.index(2, PlanModel::TimeColumn).data().toString(), u"2 s"_s);
        QCOMPARE(model.index(0, PlanModel::DowntimeColumn).data().toString(), u"–"_s);
    }

    void restorePointsComeNewestFirst()
    {
        RestorePointModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QList<RestorePointView> points(2);
        points[0].point.id = u"old"_s;
        points[0].point.created = QDateTime::currentDateTimeUtc().addDays(-2);
        points[0].point.reason = {u"backup.reason.update"_s, {{u"version"_s, u"1.3.0"_s}}};
        points[0].point.available = false;
        points[1].point.id = u"new"_s;
        points[1].point.created = QDateTime::currentDateTimeUtc();
        points[1].point.proven = QDateTime::currentDateTimeUtc();
        model.setPoints(points);
        QCOMPARE(model.at(0).point.id, u"new"_s);
        QVERIFY(model.index(1, RestorePointModel::ReasonColumn).data().toString().contains(u"removed by clean up"));
        QCOMPARE(model.index(1, RestorePointModel::ProvenColumn).data().toString(), u"not yet"_s);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        model.setPoints(points);
        QCOMPARE(reset.size(), 0);
    }

    void timesAreComparedWithWhatWasExpected()
    {
        StepTimesModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        RunView view = runOf(2, -1);
        view.steps[0].record.durationMs = 3000;
        model.setRows(view.steps);
        QCOMPARE(model.index(0, StepTimesModel::DifferenceColumn).data().toString(), u"+ 2 s"_s);
        QCOMPARE(model.index(1, StepTimesModel::TimeColumn).data().toString(), u"–"_s);
    }

    void migrationsDescribeThemselves()
    {
        StepSpec step;
        step.previews = {{u"sql"_s, u"0002_risk.up.sql"_s, u"-- cutover: phase=expand\nALTER TABLE orders ADD risk REAL;"_s},
                         {u"sql"_s, u"0002_risk.down.sql"_s, u"-- cutover: loses=orders\nALTER TABLE orders DROP COLUMN risk;"_s}};
        MigrationDescription description = describeMigration(step);
        QCOMPARE(description.phase, u"expand"_s);
        QCOMPARE(description.loses, QStringList{u"orders"_s});
        QVERIFY(description.up.text.contains(u"ADD risk"));
        QVERIFY(description.down.text.contains(u"DROP COLUMN"));
        // Parameters of the step go before what its files say.
        step.params = {{u"phase"_s, u"data"_s}, {u"loses"_s, QJsonArray()}};
        description = describeMigration(step);
        QCOMPARE(description.phase, u"data"_s);
        QVERIFY(description.loses.isEmpty());
        step.previews.removeLast();
        QVERIFY(describeMigration(step).down.text.isEmpty());
        // A name is no direction.
        step.previews = {{u"sql"_s, u"0007_shutdown_flags.up.sql"_s, u"CREATE TABLE flags (id);"_s},
                         {u"sql"_s, u"0007_shutdown_flags.down.sql"_s, u"DROP TABLE flags;"_s}};
        description = describeMigration(step);
        QCOMPARE(description.up.text, u"CREATE TABLE flags (id);"_s);
        QCOMPARE(description.down.text, u"DROP TABLE flags;"_s);
        step.previews.removeLast();
        description = describeMigration(step);
        QCOMPARE(description.up.text, u"CREATE TABLE flags (id);"_s);
        QVERIFY(description.down.text.isEmpty());
        step.params[u"takesAway"_s] = QJsonObject{{u"orders.side"_s, 10}};
        QCOMPARE(describeMigration(step).takesAway, (QMap<QString, qint64>{{u"orders.side"_s, 10}}));
    }

    void revisionsOfAlembicDescribeThemselves()
    {
        const QString source = u"def upgrade():\n    for row in rows:\n        op.execute(row)\n"_s;
        StepSpec step;
        step.kind = u"migrate"_s;
        step.params = {{u"tool"_s, u"alembic"_s},
                       {u"phase"_s, u"expand"_s},
                       {u"wayBack"_s, u"counted"_s},
                       {u"loses"_s, QJsonArray{QJsonArray{u"public"_s, u"orders"_s, u"note"_s}, QJsonArray{u"audit"_s, u"trail"_s, QString()}}}};
        step.previews = {{u"sql"_s, u"5e_note.up.sql"_s, u"ALTER TABLE orders ADD note text;"_s}, {u"text"_s, u"5e_note.py"_s, source}};
        QVERIFY(isMigration(step));
        MigrationDescription description = describeMigration(step);
        QCOMPARE(description.loses, (QStringList{u"orders.note"_s, u"audit.trail"_s}));
        QCOMPARE(description.up, (MigrationDescription::Way{u"ALTER TABLE orders ADD note text;"_s, false}));
        // Only the way back has no SQL beforehand.
        QCOMPARE(description.down, (MigrationDescription::Way{source, true}));

        step.params[u"wayBack"_s] = u"none"_s;
        step.previews.removeFirst();
        description = describeMigration(step);
        QCOMPARE(description.up, (MigrationDescription::Way{source, true}));
        QVERIFY(description.down.text.isEmpty());

        step.params[u"wayBack"_s] = u"unknown"_s;
        step.params[u"loses"_s] = QJsonArray();
        step.previews.append({u"text"_s, u"6f_batches.commits"_s, u"COMMIT"_s});
        description = describeMigration(step);
        QCOMPARE(description.down, (MigrationDescription::Way{source, true}));
        QCOMPARE(description.commits, u"COMMIT"_s);
        QVERIFY(description.uncountedLoss);

        MigrationPreview view;
        view.setStep(step);
        const auto codes = view.findChildren<CodeView *>();
        QCOMPARE(codes.size(), 2);
        for (const CodeView *code : codes) {
            QVERIFY(!code->isHidden());
            QVERIFY(code->toPlainText().contains(u"for row in rows"));
        }
        const auto labels = view.findChildren<QLabel *>();
        QCOMPARE(std::ranges::count_if(labels, [](const QLabel *label) { return !label->isHidden() && label->text().contains(u"Its SQL can't be shown"); }), 2);
        // Told whatever is told of the way back.
        QCOMPARE(std::ranges::count_if(labels, [](const QLabel *label) { return !label->isHidden() && label->text().contains(u"Committed by themselves") && label->text().contains(u"COMMIT"); }), 1);
        QVERIFY(std::ranges::none_of(labels, [](const QLabel *label) { return !label->isHidden() && label->text().startsWith(u"There is no way back"); }));
    }

    void lossesAreSaidWithTheirLimits()
    {
        QCOMPARE(lossText({}), u"no row lost"_s);
        QCOMPARE(lossText({{u"orders"_s, 1}, {u"orders.note"_s, 1200}}), u"1 row of orders, 1,200 values of orders.note lost"_s);
        QCOMPARE(lossText({{u"orders"_s, 231}}, {{u"orders"_s, 7000}}), u"about 231 rows of orders lost; the run holds above 7,000"_s);
        QCOMPARE(lossText({{u"orders"_s, 231}}, {{u"orders"_s, 7000}, {u"tags"_s, 2}}),
                 u"about 231 rows of orders lost; the run holds above 7,000 rows of orders, 2 rows of tags"_s);
        QCOMPARE(lossText({{u"orders"_s, 231}}, {}), u"231 rows of orders lost"_s);
    }
};

QTEST_MAIN(ModelsTest)
#include "modelstest.moc"
