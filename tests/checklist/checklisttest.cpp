// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "checklist/checklist.h"
#include "plan/loss.h"
#include "run/decisions.h"
#include "target/checkreader.h"

#include <QJsonArray>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

using State = ChecklistItem::State;

/** How each kind of item is ticked, and that none is without its evidence. */
class ChecklistTest : public QObject
{
    Q_OBJECT

    const QDateTime m_now = QDateTime(QDate(2026, 3, 2), QTime(12, 0), QTimeZone::UTC);

    static ChecklistItem item(const QList<ChecklistItem> &items, const QString &id)
    {
        const auto found = std::ranges::find(items, id, &ChecklistItem::id);
        if (found == items.end()) {
            QTest::qFail(qPrintable(id), __FILE__, __LINE__);
            return {};
        }
        return *found;
    }
    static CheckResult check(const QString &id, CheckResult::Status status, const QString &reason = u"it is slow"_s, const QString &version = u"1.0.0"_s)
    {
        CheckResult result;
        result.id = id;
        result.status = status;
        result.title = {u"check.log"_s, {}};
        result.finding = {u"checklist.own"_s, {{u"text"_s, QString(u"finding of "_s + id)}, {u"version"_s, version}}};
        if (status >= CheckResult::Status::Warning) {
            result.error = {u"file.write"_s, {{u"path"_s, u"/x"_s}, {u"reason"_s, reason}}};
        }
        return result;
    }
    static CheckResult proof(const QString &id, const QStringList &proves, CheckResult::Status status = CheckResult::Status::Passed, const QString &version = u"1.1.0"_s)
    {
        CheckResult result = check(id, status, u"it is slow"_s, version);
        result.proves = proves;
        return result;
    }
    static QJsonArray told(const QList<CheckResult> &results)
    {
        QJsonArray array;
        for (const CheckResult &result : results) {
            array.append(result.toJson());
        }
        return array;
    }
    static StepSpec spec(const QString &id, const QString &kind, bool changes = true)
    {
        StepSpec spec;
        spec.id = id;
        spec.kind = kind;
        spec.changesState = changes;
        return spec;
    }

    ChecklistInput input() const
    {
        ChecklistInput input;
        input.plan.kind = u"update"_s;
        input.plan.from = u"1.0.0"_s;
        input.plan.to = u"1.1.0"_s;
        input.plan.policy = {{u"rollbackMs"_s, 40000}};
        input.plan.steps = {spec(u"precheck"_s, u"precheck"_s, false), spec(u"backup"_s, u"backup"_s), spec(u"verify_backup"_s, u"verify_backup"_s, false),
                            spec(u"migrate:1"_s, u"migrate"_s), spec(u"deploy:a"_s, u"deploy_instance"_s), spec(u"health"_s, u"health"_s, false), spec(u"watch"_s, u"watch"_s, false)};
        return input;
    }
    /// What an input may have, made where it has none.
    template<typename T>
    static T &ensured(std::optional<T> &value)
    {
        return value ? *value : value.emplace();
    }
    /// As far as step reached, exclusive; the one there is at work.
    ChecklistInput running(int reached, RunState state = RunState::Running) const
    {
        ChecklistInput in = input();
        in.run.emplace();
        in.run->id = u"r1"_s;
        in.run->plan = in.plan;
        in.run->state = state;
        in.run->started = m_now;
        in.run->startedBy = u"kim@desk"_s;
        in.run->ended = isFinal(state) ? m_now.addSecs(600) : QDateTime();
        in.events = {{1, u"r1"_s, {}, m_now, {u"run.started"_s, {}}}};
        for (int i = 0; i < in.plan.steps.size(); ++i) {
            StepRecord record;
            record.index = i;
            record.id = in.plan.steps[i].id;
            if (i < reached) {
                record.state = StepState::Done;
                record.ended = m_now.addSecs(10LL * (i + 1));
                record.results.insert(stepresult::prepared, true);
            }
            in.steps.append(record);
        }
        return in;
    }
    static void setChecks(ChecklistInput &in, int step, const QList<CheckResult> &results) { in.steps[step].results.insert(u"checks"_s, told(results)); }

    // --- what staging tells

    StagedRun staged(const QString &id, const QString &kind, RunState state, const QList<StepSpec> &steps, const QDateTime &ended) const
    {
        StagedRun staged;
        staged.run.id = id;
        staged.run.state = state;
        staged.run.ended = ended;
        staged.run.plan.kind = kind;
        staged.run.plan.from = kind == u"update" ? u"1.0.0"_s : u"1.1.0"_s;
        staged.run.plan.to = kind == u"update" ? u"1.1.0"_s : u"1.0.0"_s;
        staged.run.plan.steps = steps;
        for (int i = 0; i < steps.size(); ++i) {
            StepRecord record;
            record.index = i;
            record.id = steps[i].id;
            record.state = state == RunState::RolledBack ? StepState::Reverted : StepState::Done;
            record.ended = ended.addSecs(-30);
            staged.steps.append(record);
            staged.done.append(record.id);
        }
        return staged;
    }
    static StepSpec migration(const QString &kind, const QString &revision)
    {
        StepSpec step = spec(kind + u':' + revision, kind);
        step.params = {{u"database"_s, u"trading"_s}, {u"revision"_s, revision}};
        return step;
    }
    ChecklistInput withStaging() const
    {
        ChecklistInput in = input();
        in.target.staging.target = u"/srv/staging/target.yaml"_s;
        in.plan.steps[3] = migration(u"migrate"_s, u"0007"_s);
        StagingProof proof;
        proof.target = u"trial"_s;
        proof.run = u"s1"_s;
        proof.ended = m_now.addSecs(-3600);
        proof.installs = {staged(u"s1"_s, u"update"_s, RunState::Succeeded, {spec(u"precheck"_s, u"precheck"_s), migration(u"migrate"_s, u"0007"_s), spec(u"health"_s, u"health"_s)}, proof.ended)};
        in.staging = proof;
        return in;
    }

private Q_SLOTS:
    void everySentenceIsThere()
    {
        const auto items = checklistOf(input());
        for (const ChecklistItem &each : items) {
            QVERIFY2(Catalogue::contains(each.text.code), qPrintable(each.text.code));
            QVERIFY2(Catalogue::contains(each.evidence.code), qPrintable(each.evidence.code));
            QVERIFY2(!each.evidence.text().contains(u"%{"), qPrintable(each.evidence.text()));
            const ChecklistItem back = ChecklistItem::fromJson(each.toJson());
            QCOMPARE(back.toJson(), each.toJson());
        }
    }

    /// Before a run only what the plan itself shows is ticked.
    void nothingIsTickedWithoutEvidence()
    {
        QStringList ticked;
        const QList<ChecklistItem> items = checklistOf(input());
        QVERIFY(items.size() > 25);
        for (const ChecklistItem &each : items) {
            if (each.state == State::Ticked) {
                ticked.append(each.id);
            }
        }
        QCOMPARE(ticked, QStringList{u"way-back"_s});
        // Not a sign of a plan, either.
        ChecklistInput none;
        const auto unticked = checklistOf(none);
        for (const ChecklistItem &each : unticked) {
            QVERIFY2(each.state != State::Ticked, qPrintable(each.id));
        }
    }

    void phasesComeInOrder()
    {
        ChecklistInput in = input();
        in.target.manualItems = {{u"last"_s, u"Last"_s, u"after"_s, true}, {u"first"_s, u"First"_s, u"before"_s, false}};
        const QList<ChecklistItem> items = checklistOf(in);
        QVERIFY(std::ranges::is_sorted(items, {}, &ChecklistItem::phase));
        QCOMPARE(item(items, u"last"_s).phase, ChecklistItem::Phase::After);
        QVERIFY(item(items, u"last"_s).required);
        QCOMPARE(item(items, u"first"_s).text.text(), u"First"_s);
    }

    void stepsTickThemselves()
    {
        ChecklistInput in = running(3);
        QCOMPARE(item(checklistOf(in), u"backup"_s).state, State::Ticked);
        QCOMPARE(item(checklistOf(in), u"backup-proven"_s).state, State::Ticked);
        QCOMPARE(item(checklistOf(in), u"backup-proven"_s).time, m_now.addSecs(30));
        QCOMPARE(item(checklistOf(in), u"migrated"_s).state, State::Open);
        QCOMPARE(item(checklistOf(in), u"started"_s).state, State::Ticked);
        QVERIFY(item(checklistOf(in), u"started"_s).evidence.text().contains(u"kim@desk"));
        // The plan has none.
        QCOMPARE(item(checklistOf(in), u"placed"_s).state, State::NotNeeded);

        in.steps[3].state = StepState::Failed;
        in.steps[3].error = {u"file.write"_s, {{u"path"_s, u"/x"_s}, {u"reason"_s, u"no room"_s}}};
        const ChecklistItem failed = item(checklistOf(in), u"migrated"_s);
        QCOMPARE(failed.state, State::Failed);
        QVERIFY2(failed.evidence.text().contains(u"no room"), qPrintable(failed.evidence.text()));

        in = running(7, RunState::Succeeded);
        for (const QString &id : {u"migrated"_s, u"restarted"_s, u"error-rate"_s}) {
            QCOMPARE(item(checklistOf(in), id).state, State::Ticked);
        }
    }

    void aRunThatEndedBeforeIsSaidSo()
    {
        const QList<ChecklistItem> items = checklistOf(running(2, RunState::Abandoned));
        QCOMPARE(item(items, u"restarted"_s).state, State::Open);
        QCOMPARE(item(items, u"restarted"_s).evidence.code, u"checklist.step_never"_s);
    }

    void checksTickTheirItems()
    {
        using enum CheckResult::Status;
        ChecklistInput in = running(7, RunState::Succeeded);
        CheckResult front = check(u"probe:front"_s, Failed, u"status 500"_s);
        front.proves = {u"endpoints"_s};
        setChecks(in, 0, {proof(u"evidence:unit"_s, {u"unit"_s}, Passed, u"1.0.0"_s), proof(u"evidence:load"_s, {u"load"_s}, Passed, u"1.0.0"_s), check(u"migrations:trading"_s, Passed), check(u"log"_s, Warning)});
        setChecks(in, 5, {check(u"version"_s, Passed), check(u"log"_s, Warning), check(u"latency"_s, Warning), check(u"database:trading"_s, Passed), front});
        const QList<ChecklistItem> items = checklistOf(in);
        // What ran on the old version is no evidence for the new one.
        QCOMPARE(item(items, u"load-test"_s).state, State::Open);
        QCOMPARE(item(items, u"load-test"_s).evidence.code, u"checklist.other_version"_s);
        QVERIFY2(item(items, u"load-test"_s).evidence.text().contains(u"1.0.0"), qPrintable(item(items, u"load-test"_s).evidence.text()));
        ChecklistInput tested = in;
        setChecks(tested, 5, {proof(u"evidence:load"_s, {u"load"_s})});
        QCOMPARE(item(checklistOf(tested), u"load-test"_s).state, State::Ticked);
        QVERIFY(item(checklistOf(tested), u"load-test"_s).evidence.text().contains(u"evidence:load"));
        QCOMPARE(item(checklistOf(tested), u"unit-tests"_s).state, State::Open);
        QCOMPARE(item(items, u"migrations"_s).state, State::Ticked);
        QCOMPARE(item(items, u"version"_s).state, State::Ticked);
        QVERIFY(item(items, u"version"_s).evidence.text().contains(u"finding of version"));
        // It was so before: not ours, and not ticked.
        QCOMPARE(item(items, u"log"_s).state, State::NotOurs);
        QVERIFY2(item(items, u"log"_s).evidence.text().contains(u"so before"), qPrintable(item(items, u"log"_s).evidence.text()));
        QCOMPARE(item(items, u"performance"_s).state, State::Failed);
        QVERIFY(item(items, u"performance"_s).evidence.text().contains(u"it is slow"));
        QCOMPARE(item(items, u"endpoints"_s).state, State::Failed);
        QVERIFY(item(items, u"endpoints"_s).evidence.text().contains(u"status 500"));
        QCOMPARE(item(items, u"databases"_s).state, State::Ticked);
        QCOMPARE(item(items, u"redis"_s).state, State::NotNeeded);
        // Of what nothing is set up it says how.
        QCOMPARE(item(items, u"features"_s).state, State::Open);
        QVERIFY2(item(items, u"features"_s).evidence.text().contains(u"proves: [features]"), qPrintable(item(items, u"features"_s).evidence.text()));
    }

    /// Each item has a word of its own, and nothing else ticks it.
    void onlyWhatNamesAnItemTicksIt_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<QString>("id");
        for (const auto &[word, id] : {std::pair{"unit", "unit-tests"}, {"integration", "integration-tests"}, {"frontend", "frontend-build"}, {"audit", "no-vulnerabilities"}, {"load", "load-test"}, {"endpoints", "endpoints"}, {"authentication", "authentication"}, {"orders", "order-placement"}, {"streaming", "streaming"}, {"websocket", "web-sockets"}, {"features", "features"}}) {
            QTest::newRow(word) << QString::fromLatin1(word) << QString::fromLatin1(id);
        }
        // A word that target.yaml takes and no item knows would be a promise of nothing.
        QCOMPARE(provenWords().size(), 11);
    }
    void onlyWhatNamesAnItemTicksIt()
    {
        QFETCH(QString, word);
        QFETCH(QString, id);
        QVERIFY(provenWords().contains(word));
        ChecklistInput in = running(7, RunState::Succeeded);
        setChecks(in, 0, {check(u"migrations:trading"_s, CheckResult::Status::Passed)});
        setChecks(in, 5, {proof(u"evidence:mine"_s, {word})});
        QStringList ticked;
        const QList<ChecklistItem> items = checklistOf(in);
        for (const ChecklistItem &each : items) {
            if (each.state == State::Ticked && each.evidence.code == u"checklist.check_passed" && each.id != u"migrations") {
                ticked.append(each.id);
            }
        }
        QCOMPARE(ticked, QStringList{id});
        // Failed, it says so and not that nothing tells it.
        setChecks(in, 5, {proof(u"evidence:mine"_s, {word}, CheckResult::Status::Failed)});
        QCOMPARE(item(checklistOf(in), id).state, State::Failed);
    }

    /// What names nothing ticks nothing, and is not lost.
    void unnamedEvidenceIsAnItemOfItsOwn()
    {
        using enum CheckResult::Status;
        ChecklistInput in = running(7, RunState::Succeeded);
        in.target.check.evidence = {{u"later"_s, {u"/bin/true"_s}, false}};
        setChecks(in, 0, {check(u"evidence:old"_s, Passed), check(u"probe:script"_s, Passed)});
        setChecks(in, 5, {check(u"evidence:new"_s, Passed, {}, u"1.1.0"_s), check(u"probe:script"_s, Failed, u"exit 3"_s)});
        const QList<ChecklistItem> items = checklistOf(in);
        for (const QString &id : {u"unit-tests"_s, u"no-vulnerabilities"_s, u"load-test"_s, u"features"_s, u"authentication"_s, u"endpoints"_s, u"order-placement"_s}) {
            QVERIFY2(item(items, id).state == State::Open, qPrintable(id));
        }
        QCOMPARE(item(items, u"evidence:new"_s).state, State::Ticked);
        QCOMPARE(item(items, u"evidence:new"_s).phase, ChecklistItem::Phase::After);
        QVERIFY(!item(items, u"evidence:new"_s).manual);
        QCOMPARE(item(items, u"probe:script"_s).state, State::Failed);
        // It ran on the version before.
        QCOMPARE(item(items, u"evidence:old"_s).phase, ChecklistItem::Phase::Before);
        QCOMPARE(item(items, u"evidence:old"_s).evidence.code, u"checklist.other_version"_s);
        QCOMPARE(item(items, u"evidence:later"_s).state, State::Open);
        QCOMPARE(item(checklistOf(input()), u"unit-tests"_s).evidence.code, u"checklist.waits_precheck"_s);
    }

    /// A target's own item may have the name of one that ticks itself: it can be signed all the same.
    void anOwnItemOfThatNameIsSigned()
    {
        ChecklistInput in = running(7, RunState::Succeeded);
        in.target.manualItems = {{u"authentication"_s, u"The desk has logged in"_s, u"after"_s, true}};
        QVERIFY(mayTick(checklistOf(in), u"authentication"_s, u"done"_s, true));
    }

    void migrationsWentUpAndDownInStaging()
    {
        ChecklistInput in = withStaging();
        // Up alone is half of it.
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).evidence.code, u"checklist.never_down"_s);
        QVERIFY(item(checklistOf(in), u"migrations-up-down"_s).evidence.text().contains(u"trading: 0007"));
        QCOMPARE(item(checklistOf(in), u"database-rollback"_s).state, State::Open);
        // A rollback of the code alone touches no schema.
        ensured(in.staging).backs = {staged(u"s2"_s, u"rollback"_s, RunState::Succeeded, {spec(u"deploy:a"_s, u"deploy_instance"_s)}, m_now.addSecs(-1800))};
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).state, State::Open);
        QCOMPARE(item(checklistOf(in), u"database-rollback"_s).state, State::Open);
        // Of another migration.
        ensured(in.staging).backs = {staged(u"s3"_s, u"rollback"_s, RunState::Succeeded, {migration(u"downgrade"_s, u"0006"_s)}, m_now.addSecs(-1700))};
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).state, State::Open);
        QCOMPARE(item(checklistOf(in), u"database-rollback"_s).state, State::Ticked);
        ensured(in.staging).backs.prepend(staged(u"s4"_s, u"rollback"_s, RunState::Succeeded, {migration(u"downgrade"_s, u"0007"_s)}, m_now.addSecs(-1600)));
        const ChecklistItem both = item(checklistOf(in), u"migrations-up-down"_s);
        QCOMPARE(both.state, State::Ticked);
        QCOMPARE(both.time, m_now.addSecs(-1600));
        for (const QString &word : {u"trial"_s, u"s1"_s, u"s4"_s, u"0007"_s}) {
            QVERIFY2(both.evidence.text().contains(word), qPrintable(both.evidence.text()));
        }
        // One more that staging did not have to do.
        in.plan.steps.insert(4, migration(u"migrate"_s, u"0008"_s));
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).evidence.code, u"checklist.never_up"_s);
    }

    /// An update that went back by itself took its migrations back, unless it says that they stayed, or never did them.
    void whatAnUpdateTookBackCounts()
    {
        ChecklistInput in = withStaging();
        ensured(in.staging).backs = {staged(u"s0"_s, u"update"_s, RunState::RolledBack, {migration(u"migrate"_s, u"0007"_s)}, m_now.addSecs(-7200))};
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).state, State::Ticked);
        QCOMPARE(item(checklistOf(in), u"database-rollback"_s).state, State::Ticked);
        // It had its checks before it went back.
        QCOMPARE(item(checklistOf(in), u"works-after-rollback"_s).state, State::Open);
        ChecklistInput stayed = in;
        ensured(stayed.staging).backs[0].steps[0].results.insert(stepresult::kept, QJsonObject{{u"code"_s, u"migration.kept_loss"_s}});
        QCOMPARE(item(checklistOf(stayed), u"migrations-up-down"_s).state, State::Open);
        QCOMPARE(item(checklistOf(stayed), u"database-rollback"_s).state, State::Open);
        ensured(in.staging).backs[0].done.clear();
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).state, State::Open);
    }

    void withoutStagingNothingIsRehearsed()
    {
        ChecklistInput in = withStaging();
        in.staging.reset();
        for (const QString &id : {u"migrations-up-down"_s, u"database-rollback"_s, u"works-after-rollback"_s}) {
            QCOMPARE(item(checklistOf(in), id).evidence.code, u"checklist.not_staged"_s);
        }
        in.target.staging.target.clear();
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).evidence.code, u"checklist.none_staging"_s);
        in.plan.steps.removeAt(3);
        QCOMPARE(item(checklistOf(in), u"migrations-up-down"_s).state, State::NotNeeded);
    }

    void whatStagingWasCheckedForAfterItsRollback()
    {
        ChecklistInput in = withStaging();
        ensured(in.staging).backs = {staged(u"s2"_s, u"rollback"_s, RunState::Succeeded, {spec(u"health"_s, u"health"_s)}, m_now.addSecs(-1800))};
        QCOMPARE(item(checklistOf(in), u"works-after-rollback"_s).state, State::Open);
        ensured(in.staging).backs[0].steps[0].results.insert(u"checks"_s, told({check(u"health:a"_s, CheckResult::Status::Passed)}));
        QCOMPARE(item(checklistOf(in), u"works-after-rollback"_s).state, State::Ticked);
        ensured(in.staging).backs[0].steps[0].results.insert(u"checks"_s, told({check(u"health:a"_s, CheckResult::Status::Warning)}));
        QCOMPARE(item(checklistOf(in), u"works-after-rollback"_s).state, State::Failed);
    }

    /// Before the deployment the same package's tests in staging are what there is; of the system here they say nothing.
    void evidenceOfStagingCountsBefore()
    {
        using enum CheckResult::Status;
        ChecklistInput in = withStaging();
        StagedRun &run = ensured(in.staging).installs[0];
        run.steps[0].results.insert(u"checks"_s, told({proof(u"evidence:audit"_s, {u"audit"_s}, Passed, u"1.0.0"_s), proof(u"evidence:vite"_s, {u"frontend"_s}, Warning, u"1.0.0"_s)}));
        run.steps[2].results.insert(u"checks"_s, told({proof(u"evidence:pytest"_s, {u"unit"_s, u"integration"_s, u"authentication"_s}), proof(u"evidence:locust"_s, {u"load"_s}, Warning)}));
        QList<ChecklistItem> items = checklistOf(in);
        const ChecklistItem unit = item(items, u"unit-tests"_s);
        QCOMPARE(unit.state, State::Ticked);
        QCOMPARE(unit.time, run.steps[2].ended);
        for (const QString &word : {u"trial"_s, u"s1"_s, u"evidence:pytest"_s}) {
            QVERIFY2(unit.evidence.text().contains(word), qPrintable(unit.evidence.text()));
        }
        QCOMPARE(item(items, u"integration-tests"_s).state, State::Ticked);
        QCOMPARE(item(items, u"load-test"_s).state, State::Failed);
        QVERIFY(item(items, u"load-test"_s).evidence.text().contains(u"it is slow"));
        // It was told of the version before.
        QCOMPARE(item(items, u"no-vulnerabilities"_s).state, State::Open);
        QCOMPARE(item(items, u"frontend-build"_s).state, State::Open);
        QCOMPARE(item(items, u"authentication"_s).state, State::Open);

        // Beside it what was told here: a failure is one, wherever.
        const std::optional<StagingProof> proven = in.staging;
        in = running(7, RunState::Succeeded);
        in.staging = proven;
        setChecks(in, 5, {proof(u"evidence:locust"_s, {u"load"_s}), proof(u"evidence:pytest"_s, {u"unit"_s}, Failed)});
        items = checklistOf(in);
        QCOMPARE(item(items, u"load-test"_s).state, State::Failed);
        QCOMPARE(item(items, u"unit-tests"_s).state, State::Failed);
        QCOMPARE(item(items, u"integration-tests"_s).state, State::Ticked);
    }

    /// How the old version answers is only noted before; the comparison comes after.
    void compatibilityIsToldByTheComparison()
    {
        using enum CheckResult::Status;
        ChecklistInput in = running(5);
        setChecks(in, 0, {check(u"compatibility:orders"_s, Passed)});
        QCOMPARE(item(checklistOf(in), u"compatibility"_s).state, State::Open);
        in = running(7, RunState::Succeeded);
        setChecks(in, 0, {check(u"compatibility:orders"_s, Passed)});
        setChecks(in, 5, {check(u"compatibility:orders"_s, Passed)});
        QCOMPARE(item(checklistOf(in), u"compatibility"_s).state, State::Ticked);
        setChecks(in, 5, {check(u"compatibility:orders"_s, Failed)});
        QCOMPARE(item(checklistOf(in), u"compatibility"_s).state, State::Failed);
    }

    /// What was healthy was the version that serves no more.
    void healthCountsNoMoreAfterTheWayBack()
    {
        using enum CheckResult::Status;
        ChecklistInput in = running(7, RunState::RolledBack);
        setChecks(in, 5, {check(u"health:a"_s, Passed), check(u"version"_s, Passed), check(u"latency"_s, Passed), proof(u"evidence:load"_s, {u"load"_s})});
        in.events.append({2, u"r1"_s, {}, m_now.addSecs(60), {u"run.turn_back"_s, {{u"step"_s, u"x"_s}, {u"now"_s, u"1"_s}, {u"limit"_s, u"2"_s}}}});
        for (const QString &id : {u"services"_s, u"version"_s, u"performance"_s, u"load-test"_s}) {
            const ChecklistItem told = item(checklistOf(in), id);
            QVERIFY2(told.state == State::Open, qPrintable(id));
            QVERIFY2(told.evidence.text().contains(u"went back") && told.evidence.text().contains(u"1.1.0"), qPrintable(told.evidence.text()));
        }
    }

    void oneOfSeveralThatFailsFailsTheItem()
    {
        using enum CheckResult::Status;
        ChecklistInput in = running(1);
        CheckResult audit = check(u"evidence:npm"_s, Failed, u"2 advisories"_s);
        audit.proves = {u"audit"_s};
        setChecks(in, 0, {proof(u"evidence:pip"_s, {u"audit"_s}), audit});
        QCOMPARE(item(checklistOf(in), u"no-vulnerabilities"_s).state, State::Failed);
        QVERIFY(item(checklistOf(in), u"no-vulnerabilities"_s).evidence.text().contains(u"2 advisories"));
    }

    void gatesOfThePlanAndOfTheRun()
    {
        ChecklistInput in = input();
        in.target.approval.required = true;
        in.gates = {{u"approval"_s, {u"gate.approval"_s, {}}, {}, {u"approval.none"_s, {{u"approvers"_s, QJsonArray{u"Lee"_s}}, {u"plan"_s, u"abc"_s}}}},
                    {u"blackout"_s, {u"gate.blackout"_s, {}}, {u"gate.blackout_none"_s, {}}, {}}};
        QCOMPARE(item(checklistOf(in), u"approval"_s).state, State::Open);
        QCOMPARE(item(checklistOf(in), u"window"_s).state, State::Ticked);
        QCOMPARE(item(checklistOf(in), u"staging"_s).state, State::Open);
        // What they are now is no matter for a run that has begun: its own events say how they were.
        ChecklistInput run = running(1);
        run.gates = in.gates;
        QCOMPARE(item(checklistOf(run), u"window"_s).state, State::NotNeeded);
        run.events.append({2, u"r1"_s, {}, m_now, {u"run.gate_open"_s, {{u"gate"_s, u"approval"_s}, {u"finding"_s, Message{u"checklist.own"_s, {{u"text"_s, u"by Lee"_s}}}.toJson()}}}});
        QCOMPARE(item(checklistOf(run), u"approval"_s).state, State::Ticked);
        QVERIFY(item(checklistOf(run), u"approval"_s).evidence.text().contains(u"by Lee"));
    }

    /// Passed over once it was passed over, whatever it was at another time.
    void aGateThatWasPassedOverOnTheWay()
    {
        ChecklistInput run = running(1);
        const auto event = [this](int number, const QString &code, const QJsonObject &args) {
            QJsonObject all = args;
            all.insert(u"gate"_s, u"blackout"_s);
            return EventRecord{number, u"r1"_s, {}, m_now, {code, all}};
        };
        run.events.append(event(2, u"run.gate_open"_s, {{u"finding"_s, Message{u"gate.blackout_none"_s, {}}.toJson()}}));
        QCOMPARE(item(checklistOf(run), u"window"_s).state, State::Ticked);
        run.events.append(event(3, u"run.gate_overridden"_s, {{u"error"_s, Error{u"gate.blackout_now"_s, {}}.toJson()}, {u"by"_s, u"kim@desk"_s}, {u"reason"_s, u"Prices are wrong"_s}}));
        QCOMPARE(item(checklistOf(run), u"window"_s).state, State::Failed);
    }

    /// On a way of several releases what an earlier one has broken was not so before.
    void whatAnEarlierReleaseBrokeIsOurs()
    {
        using enum CheckResult::Status;
        ChecklistInput in = running(7, RunState::Succeeded);
        in.plan.steps += {spec(u"2.0.0/precheck"_s, u"precheck"_s, false), spec(u"2.0.0/health"_s, u"health"_s, false)};
        for (const int index : {7, 8}) {
            StepRecord record = in.steps.last();
            record.index = index;
            record.id = in.plan.steps[index].id;
            in.steps.append(record);
        }
        setChecks(in, 0, {check(u"log"_s, Passed)});
        setChecks(in, 5, {check(u"log"_s, Warning)});
        setChecks(in, 7, {check(u"log"_s, Warning)});
        setChecks(in, 8, {check(u"log"_s, Warning)});
        QCOMPARE(item(checklistOf(in), u"log"_s).state, State::Failed);
        setChecks(in, 0, {check(u"log"_s, Warning)});
        QCOMPARE(item(checklistOf(in), u"log"_s).state, State::NotOurs);
    }

    void signaturesOfPeople()
    {
        ChecklistInput in = running(7, RunState::Succeeded);
        in.target.manualItems = {{u"team-told"_s, u"The desk and the broker know"_s, u"before"_s, true}};
        QCOMPARE(item(checklistOf(in), u"team-told"_s).state, State::Open);
        QVERIFY(item(checklistOf(in), u"team-told"_s).required);
        QCOMPARE(item(checklistOf(in), u"team-told"_s).text.text(), u"The desk and the broker know"_s);
        in.ticks = {{{}, u"r1"_s, u"team-told"_s, true, u"ann@desk"_s, m_now, u"by phone"_s}, {{}, u"r1"_s, u"documentation"_s, false, u"ann@desk"_s, m_now, u"wrong run"_s}};
        const QList<ChecklistItem> items = checklistOf(in);
        QCOMPARE(item(items, u"team-told"_s).state, State::Ticked);
        QCOMPARE(item(items, u"team-told"_s).by, u"ann@desk"_s);
        QVERIFY(item(items, u"team-told"_s).evidence.text().contains(u"by phone"));
        QCOMPARE(item(items, u"documentation"_s).state, State::Open);
        QVERIFY(item(items, u"documentation"_s).evidence.text().contains(u"took the signature back"));
        QCOMPARE(item(items, u"cause"_s).state, State::NotNeeded);
    }

    void whoMaySignWhat()
    {
        const QList<ChecklistItem> items = checklistOf(input());
        QVERIFY(mayTick(items, u"team-told"_s, u"by phone"_s, false));
        const auto unknown = mayTick(items, u"team"_s, u"x"_s, false);
        QCOMPARE(unknown.error().code, u"checklist.no_item"_s);
        QVERIFY(unknown.error().text().contains(u"team-told"));
        const auto automatic = mayTick(items, u"backup"_s, u"trust me"_s, false);
        QCOMPARE(automatic.error().code, u"checklist.not_manual"_s);
        QVERIFY(automatic.error().text().contains(u"nobody's word"));
        const auto mute = mayTick(items, u"team-told"_s, u"  "_s, false);
        QCOMPARE(mute.error().code, u"checklist.no_note"_s);
        QVERIFY(!mute.error().hint().isEmpty());
        const auto early = mayTick(items, u"documentation"_s, u"written"_s, false);
        QCOMPARE(early.error().code, u"checklist.too_early"_s);
        QVERIFY2(early.error().text().contains(u"documentation"), qPrintable(early.error().text()));
        QVERIFY(mayTick(items, u"documentation"_s, u"written"_s, true));
    }

    void whetherItIsMeasured()
    {
        ChecklistInput in = running(1);
        QCOMPARE(item(checklistOf(in), u"monitoring"_s).evidence.code, u"checklist.not_measured"_s);
        in.target.services = {ServiceSpec()};
        in.target.services[0].metricsUrl = u"http://127.0.0.1:1/metrics"_s;
        QCOMPARE(item(checklistOf(in), u"monitoring"_s).state, State::Open);
        in.steps[0].results.insert(u"baseline"_s, QJsonObject{{u"time"_s, m_now.toMSecsSinceEpoch()}});
        QCOMPARE(item(checklistOf(in), u"monitoring"_s).evidence.code, u"checklist.watched"_s);
        in.steps[0].results.insert(u"baseline"_s, QJsonObject{{u"time"_s, m_now.toMSecsSinceEpoch()}, {u"errors"_s, 0.01}});
        QCOMPARE(item(checklistOf(in), u"monitoring"_s).state, State::Ticked);
        QVERIFY(item(checklistOf(in), u"monitoring"_s).evidence.text().contains(u"errors"));
        QCOMPARE(item(checklistOf(in), u"monitoring"_s).time, m_now);
    }

    void aRunThatWentBack()
    {
        ChecklistInput in = running(4, RunState::RolledBack);
        for (int i = 1; i < 4; ++i) {
            in.steps[i].state = StepState::Reverted;
        }
        in.events.append({2, u"r1"_s, {}, m_now.addSecs(60), {u"run.turn_back"_s, {{u"step"_s, u"x"_s}, {u"now"_s, u"1"_s}, {u"limit"_s, u"2"_s}}}});
        const QList<ChecklistItem> items = checklistOf(in);
        QCOMPARE(item(items, u"went-back"_s).state, State::Ticked);
        QCOMPARE(item(items, u"went-back"_s).time, m_now.addSecs(60));
        QCOMPARE(item(items, u"restored"_s).state, State::Ticked);
        QVERIFY(item(items, u"restored"_s).evidence.text().contains(u"1.0.0"));
        QCOMPARE(item(items, u"cause"_s).state, State::Open);
        QCOMPARE(item(items, u"migrated"_s).state, State::Failed);
        QVERIFY(item(items, u"migrated"_s).evidence.text().contains(u"taken back"));
        // While it still goes back it is not restored.
        ensured(in.run).state = RunState::Reverting;
        QCOMPARE(item(checklistOf(in), u"restored"_s).state, State::Open);
    }

    /// Somebody chose to go back: that run is the rollback that the list asks about.
    void aRollbackThatWasChosen()
    {
        const auto chosen = [this](RunState state) {
            ChecklistInput in = running(7, state);
            in.plan.kind = u"rollback"_s;
            std::swap(in.plan.from, in.plan.to);
            in.run->plan = in.plan;
            return in;
        };
        const QList<ChecklistItem> done = checklistOf(chosen(RunState::Succeeded));
        QCOMPARE(item(done, u"went-back"_s).state, State::Ticked);
        QVERIFY2(item(done, u"went-back"_s).evidence.text().contains(u"kim@desk chose"), qPrintable(item(done, u"went-back"_s).evidence.text()));
        QCOMPARE(item(done, u"restored"_s).state, State::Ticked);
        QVERIFY(item(done, u"restored"_s).evidence.text().contains(u"1.0.0"));
        QCOMPARE(item(done, u"issues-noted"_s).state, State::Open);
        QCOMPARE(item(done, u"cause"_s).state, State::Open);
        QCOMPARE(item(checklistOf(chosen(RunState::Running)), u"restored"_s).state, State::Open);
        // Taken back itself it has restored nothing.
        QCOMPARE(item(checklistOf(chosen(RunState::RolledBack)), u"restored"_s).state, State::Failed);
        // An update that went through needed none.
        QCOMPARE(item(checklistOf(running(7, RunState::Succeeded)), u"restored"_s).state, State::NotNeeded);
        QCOMPARE(item(checklistOf(running(7, RunState::Succeeded)), u"cause"_s).state, State::NotNeeded);
    }

    void pointOfNoReturnIsNamed()
    {
        ChecklistInput in = input();
        in.plan.steps[3].pointOfNoReturn = true;
        const ChecklistItem back = item(checklistOf(in), u"way-back"_s);
        QVERIFY2(back.evidence.text().contains(u"migrate:1") && back.evidence.text().contains(u"40 s"), qPrintable(back.evidence.text()));
    }

    void standsInTheReport()
    {
        ChecklistInput in = running(7, RunState::Succeeded);
        in.ticks = {{{}, u"r1"_s, u"team-told"_s, true, u"ann@desk"_s, m_now, u"by <phone>"_s}};
        const QString html = reportHtml(ensured(in.run), in.steps, in.events, {}, {checklistSection(checklistOf(in))});
        QVERIFY(html.contains(u"<h2>Checklist</h2>"));
        QVERIFY(html.contains(u"by &lt;phone&gt;"));
        // Who and when have columns of their own.
        for (const QString &word : {u">By</th>"_s, u">When</th>"_s, u"<td>ann@desk</td>"_s, QString(u"<td>"_s + m_now.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) + u"</td>"_s)}) {
            QVERIFY2(html.contains(word), qPrintable(word));
        }
        QVERIFY(html.contains(u"Everybody concerned has been told"));
        QVERIFY(html.contains(u"Ticked"));
        QVERIFY(html.contains(u"Nobody has signed it"));
    }
};

QTEST_GUILESS_MAIN(ChecklistTest)
#include "checklisttest.moc"
