// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "checklist/checklist.h"

#include "checklist/stagedevidence.h"
#include "run/decisions.h"
#include "run/turnback.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using Phase = ChecklistItem::Phase;
using State = ChecklistItem::State;

/** How a standard item is ticked. */
enum class Rule { Gate, ///< It was open when the run began; sources: its name.
                  Before, ///< Checks before the change; sources: ids, or beginnings that end with ":".
                  After, ///< The same after it.
                  ReleaseProven, ///< What names the source under "proves", and was told of the version that is to be installed: here or in staging.
                  SystemProven, ///< What names it and ran after the change.
                  Steps, ///< Steps of these kinds are done.
                  Started,
                  WayBack, ///< The plan says how it goes back.
                  Measured, ///< There are figures of before to compare with.
                  Rehearsal, ///< The staging system has gone back lately.
                  UpAndDown, ///< There the plan's migrations went up, and down again.
                  DatabaseBack, ///< There a database went back.
                  BackChecked, ///< There the system was checked after it had gone back.
                  WentBack,
                  Restored,
                  Person };

struct StandardItem {
    const char *id;
    Phase phase;
    Rule rule;
    const char *text;
    const char *sources = ""; ///< Separated by spaces.
    const char *none = "checklist.none"; ///< Where nothing of its kind is set up; what begins with "checklist.unneeded" means that it isn't needed.
};

// In the order in which people go through it.
constexpr StandardItem standardItems[]{
    {"unit-tests", Phase::Before, Rule::ReleaseProven, "checklist.unit_tests", "unit", "checklist.none_proof"},
    {"integration-tests", Phase::Before, Rule::ReleaseProven, "checklist.integration_tests", "integration", "checklist.none_proof"},
    {"frontend-build", Phase::Before, Rule::ReleaseProven, "checklist.frontend_build", "frontend", "checklist.none_proof"},
    {"no-vulnerabilities", Phase::Before, Rule::ReleaseProven, "checklist.no_vulnerabilities", "audit", "checklist.none_proof"},
    {"load-test", Phase::Before, Rule::ReleaseProven, "checklist.load_test", "load", "checklist.none_proof"},
    {"migrations", Phase::Before, Rule::Before, "checklist.migrations", "migrations: alembic:", "checklist.unneeded_migrations"},
    {"migrations-up-down", Phase::Before, Rule::UpAndDown, "checklist.migrations_up_down", "", "checklist.none_staging"},
    {"images", Phase::Before, Rule::Before, "checklist.images", "docker compose", "checklist.unneeded_images"},
    {"staging", Phase::Before, Rule::Gate, "checklist.staging", "staging", "checklist.none_staging"},
    {"rehearsal", Phase::Before, Rule::Rehearsal, "checklist.rehearsal", "", "checklist.none_staging"},
    {"database-rollback", Phase::Before, Rule::DatabaseBack, "checklist.database_rollback", "", "checklist.none_staging"},
    {"works-after-rollback", Phase::Before, Rule::BackChecked, "checklist.works_after_rollback", "", "checklist.none_staging"},
    {"way-back", Phase::Before, Rule::WayBack, "checklist.way_back"},
    {"approval", Phase::Before, Rule::Gate, "checklist.approval", "approval", "checklist.unneeded_approval"},
    {"window", Phase::Before, Rule::Gate, "checklist.window", "blackout", "checklist.unneeded_window"},
    {"monitoring", Phase::Before, Rule::Measured, "checklist.monitoring"},
    {"team-told", Phase::Before, Rule::Person, "checklist.team_told"},
    {"started", Phase::During, Rule::Started, "checklist.started"},
    {"backup", Phase::During, Rule::Steps, "checklist.backup", "backup", "checklist.unneeded_step"},
    {"backup-proven", Phase::During, Rule::Steps, "checklist.backup_proven", "verify_backup", "checklist.unneeded_step"},
    {"placed", Phase::During, Rule::Steps, "checklist.placed", "unpack fetch", "checklist.unneeded_step"},
    {"migrated", Phase::During, Rule::Steps, "checklist.migrated", "migrate downgrade", "checklist.unneeded_step"},
    {"deployed", Phase::During, Rule::Steps, "checklist.deployed", "switch_release", "checklist.unneeded_step"},
    {"images-built", Phase::During, Rule::Steps, "checklist.images_built", "fetch", "checklist.unneeded_images"},
    {"restarted", Phase::During, Rule::Steps, "checklist.restarted", "deploy_instance recreate_service switch_colour", "checklist.unneeded_step"},
    {"services", Phase::During, Rule::After, "checklist.services", "health:"},
    {"databases", Phase::During, Rule::After, "checklist.databases", "database:", "checklist.unneeded_databases"},
    {"redis", Phase::During, Rule::After, "checklist.redis", "redis:", "checklist.unneeded_redis"},
    {"external", Phase::During, Rule::After, "checklist.external", "external:", "checklist.unneeded_external"},
    {"version", Phase::After, Rule::After, "checklist.version", "version"},
    {"endpoints", Phase::After, Rule::SystemProven, "checklist.endpoints", "endpoints", "checklist.none_probes"},
    {"authentication", Phase::After, Rule::SystemProven, "checklist.authentication", "authentication", "checklist.none_proof_after"},
    {"order-placement", Phase::After, Rule::SystemProven, "checklist.order_placement", "orders", "checklist.none_proof_after"},
    {"streaming", Phase::After, Rule::SystemProven, "checklist.streaming", "streaming", "checklist.none_proof_after"},
    {"web-sockets", Phase::After, Rule::SystemProven, "checklist.web_sockets", "websocket", "checklist.none_proof_after"},
    {"compatibility", Phase::After, Rule::After, "checklist.compatibility", "compatibility:", "checklist.none_compatibility"},
    {"features", Phase::After, Rule::SystemProven, "checklist.features", "features", "checklist.none_proof_after"},
    {"log", Phase::After, Rule::After, "checklist.log", "log", "checklist.none_log"},
    {"performance", Phase::After, Rule::After, "checklist.performance", "latency", "checklist.none_latency"},
    {"error-rate", Phase::After, Rule::Steps, "checklist.error_rate", "watch", "checklist.none_watch"},
    {"user-reports", Phase::After, Rule::Person, "checklist.user_reports"},
    {"documentation", Phase::After, Rule::Person, "checklist.documentation"},
    {"team-told-end", Phase::After, Rule::Person, "checklist.team_told_end"},
    {"issues-noted", Phase::Rollback, Rule::Person, "checklist.issues_noted"},
    {"went-back", Phase::Rollback, Rule::WentBack, "checklist.went_back"},
    {"restored", Phase::Rollback, Rule::Restored, "checklist.restored"},
    {"cause", Phase::Rollback, Rule::Person, "checklist.cause"},
};

Phase phaseFrom(const QString &name)
{
    return name == "during"_L1 ? Phase::During : name == "after"_L1 ? Phase::After
        : name == "rollback"_L1                                     ? Phase::Rollback
                                                                    : Phase::Before;
}

constexpr std::pair<State, QLatin1StringView> stateNames[]{
    {State::Open, "open"_L1}, {State::Ticked, "ticked"_L1}, {State::Failed, "failed"_L1}, {State::NotOurs, "notOurs"_L1}, {State::NotNeeded, "notNeeded"_L1}};

QString iso(const QDateTime &time)
{
    return time.toUTC().toString(Qt::ISODateWithMs);
}

/** Fills in one list. */
class Filler
{
public:
    explicit Filler(const ChecklistInput &input)
        : m_input(input)
        , m_back(input.run && (wentBack(input.run->state) || turnOf(input.events)))
        , m_isRollback(input.plan.kind == "rollback"_L1)
        , m_before(resultsOf("precheck"_L1))
        , m_after(resultsOf("health"_L1))
        , m_atStart(resultsOf("precheck"_L1, true))
    {
        if (!input.run) {
            m_before = input.checks;
        }
    }

    QList<ChecklistItem> fill()
    {
        QList<ChecklistItem> items;
        QStringList taken;
        for (const StandardItem &standard : standardItems) {
            ChecklistItem item;
            item.id = QString::fromLatin1(standard.id);
            item.phase = standard.phase;
            item.text = {QString::fromLatin1(standard.text), {}};
            item.manual = standard.rule == Rule::Person;
            if (item.manual) {
                // The target may say it in words of its own, and demand it.
                const auto own = std::ranges::find(m_input.target.manualItems, item.id, &ManualItemSpec::name);
                if (own != m_input.target.manualItems.end()) {
                    taken.append(item.id);
                    describe(item, *own);
                }
                sign(item);
            } else {
                apply(item, standard);
            }
            items.append(item);
        }
        items.append(unnamedProofs());
        for (const ManualItemSpec &spec : m_input.target.manualItems) {
            if (!taken.contains(spec.name)) {
                ChecklistItem item;
                item.id = spec.name;
                item.manual = true;
                describe(item, spec);
                sign(item);
                items.append(item);
            }
        }
        std::ranges::stable_sort(items, {}, &ChecklistItem::phase);
        return items;
    }

private:
    static void describe(ChecklistItem &item, const ManualItemSpec &spec)
    {
        item.phase = phaseFrom(spec.when);
        item.text = {u"checklist.own"_s, {{u"text"_s, spec.text}}};
        item.required = spec.required;
    }

    static void tell(ChecklistItem &item, State state, const QString &code, const QJsonObject &args = {}, const QDateTime &time = {})
    {
        item.state = state;
        item.evidence = {code, args};
        item.time = time;
    }

    static void take(ChecklistItem &item, const StagedVerdict &verdict) { tell(item, verdict.state, verdict.evidence.code, verdict.evidence.args, verdict.time); }

    void sign(ChecklistItem &item) const
    {
        const auto tick = std::ranges::find(m_input.ticks, item.id, &Tick::item);
        if (tick != m_input.ticks.end() && tick->done) {
            tell(item, State::Ticked, tick->note.isEmpty() ? u"checklist.signed"_s : u"checklist.signed_note"_s,
                 {{u"by"_s, tick->by}, {u"time"_s, iso(tick->time)}, {u"note"_s, tick->note}}, tick->time);
            item.by = tick->by;
            item.note = tick->note;
        } else if (item.phase == Phase::Rollback && !m_back && !m_isRollback) {
            tell(item, State::NotNeeded, u"checklist.unneeded_rollback"_s);
        } else if (tick != m_input.ticks.end()) {
            tell(item, State::Open, u"checklist.taken_back"_s, {{u"by"_s, tick->by}, {u"time"_s, iso(tick->time)}});
        } else {
            tell(item, State::Open, u"checklist.unsigned"_s);
        }
    }

    /// onlyFirst: of a way of several releases what was found before any of them.
    QList<CheckResult> resultsOf(QLatin1StringView kind, bool onlyFirst = false) const
    {
        QList<CheckResult> results;
        const QList<StepSpec> &specs = m_input.plan.steps;
        for (const StepRecord &record : m_input.steps) {
            if (record.index >= specs.size() || specs[record.index].kind != kind || (onlyFirst && specs[record.index].id != kind)) {
                continue;
            }
            const QJsonArray told = record.results[u"checks"].toArray();
            for (const auto &value : told) {
                // On a way of several releases the last word counts.
                const CheckResult result = CheckResult::fromJson(value.toObject());
                results.removeIf([&result](const CheckResult &known) { return known.id == result.id; });
                results.append(result);
            }
        }
        return results;
    }

    [[nodiscard]] static ResultPick ofSources(const QStringList &sources)
    {
        return [sources](const CheckResult &result) {
            return std::ranges::any_of(sources, [&result](const QString &source) { return source.endsWith(u':') ? result.id.startsWith(source) : result.id == source; });
        };
    }
    [[nodiscard]] static ResultPick proving(const QString &word)
    {
        return [word](const CheckResult &result) { return result.proves.contains(word); };
    }
    [[nodiscard]] static bool isProof(const QString &id) { return id.startsWith("evidence:"_L1) || id.startsWith("probe:"_L1); }

    /// Programs and probes that prove nothing that has an item here: each is one of its own.
    QList<ChecklistItem> unnamedProofs() const
    {
        QList<ChecklistItem> items;
        const auto add = [&](const QString &id, const Message &text, bool after) {
            ChecklistItem item;
            item.id = id;
            item.phase = after ? Phase::After : Phase::Before;
            item.text = text;
            const StandardItem standard{"", item.phase, Rule::After, ""};
            const ResultPick own = [id](const CheckResult &result) { return result.id == id; };
            after ? checks(item, standard, own, true) : ofRelease(item, standard, own);
            items.append(item);
        };
        QStringList known;
        for (const QList<CheckResult> *results : {&m_after, &m_before}) {
            for (const CheckResult &result : *results) {
                if (isProof(result.id) && !known.contains(result.id)) {
                    known.append(result.id);
                    if (result.proves.isEmpty()) {
                        add(result.id, result.title, results == &m_after || result.id.startsWith("probe:"_L1));
                    }
                }
            }
        }
        for (const EvidenceSpec &spec : m_input.target.check.evidence) {
            if (const QString id = u"evidence:"_s + spec.name; spec.proves.isEmpty() && !known.contains(id)) {
                add(id, {u"check.evidence"_s, {{u"name"_s, spec.name}}}, !spec.before);
            }
        }
        for (const ProbeSpec &spec : m_input.target.check.probes) {
            if (const QString id = u"probe:"_s + spec.name; spec.proves.isEmpty() && !known.contains(id)) {
                add(id, {u"check.probe"_s, {{u"name"_s, spec.name}}}, true);
            }
        }
        return items;
    }

    /// Nothing of its kind is set up.
    static void none(ChecklistItem &item, const StandardItem &standard)
    {
        const QString code = QString::fromLatin1(standard.none);
        tell(item, code.startsWith("checklist.unneeded"_L1) ? State::NotNeeded : State::Open, code, {{u"word"_s, QString::fromLatin1(standard.sources)}});
    }

    void checks(ChecklistItem &item, const StandardItem &standard, const ResultPick &pick, bool after) const
    {
        const QList<CheckResult> &all = after ? m_after : m_before;
        if (all.isEmpty()) {
            tell(item, State::Open, after ? u"checklist.waits_health"_s : u"checklist.waits_precheck"_s);
        } else if (after && m_back) {
            // What serves now is another.
            tell(item, State::Open, u"checklist.void_back"_s, {{u"to"_s, m_input.plan.to}});
        } else {
            judge(item, standard, from(all, pick), after, endOf(after ? "health"_L1 : "precheck"_L1));
        }
    }

    /// What was told of a release here counts for that version alone; the same package in staging is the same.
    void ofRelease(ChecklistItem &item, const StandardItem &standard, const ResultPick &pick) const
    {
        const QList<CheckResult> before = from(m_before, pick);
        const QList<CheckResult> after = from(m_after, pick);
        QList<CheckResult> mine;
        const CheckResult *other = nullptr;
        for (const QList<CheckResult> *results : {&before, &after}) {
            if (m_back && results == &after) {
                // What serves now is another.
                continue;
            }
            for (const CheckResult &result : *results) {
                const QString version = result.finding.args[u"version"].toString(results == &after ? m_input.plan.to : m_input.plan.from);
                // What fails is told, whatever it was run on.
                if (version == m_input.plan.to || result.status != CheckResult::Status::Passed) {
                    mine.append(result);
                } else {
                    other = &result;
                }
            }
        }
        const std::optional<StagedVerdict> staged = stagedResults(m_input, pick);
        if (!mine.isEmpty()) {
            judge(item, standard, mine, !after.isEmpty() && !m_back, endOf(after.isEmpty() ? "precheck"_L1 : "health"_L1));
        }
        if (staged && (mine.isEmpty() || (item.state == State::Ticked && staged->state == State::Failed))) {
            take(item, *staged);
        } else if (!mine.isEmpty()) {
            return;
        } else if (m_back && !after.isEmpty()) {
            tell(item, State::Open, u"checklist.void_back"_s, {{u"to"_s, m_input.plan.to}});
        } else if (other) {
            tell(item, State::Open, u"checklist.other_version"_s,
                 {{u"check"_s, other->title.toJson()}, {u"version"_s, other->finding.args[u"version"].toString(m_input.plan.from)}, {u"to"_s, m_input.plan.to}});
        } else if (m_before.isEmpty() && m_after.isEmpty()) {
            tell(item, State::Open, u"checklist.waits_precheck"_s);
        } else {
            none(item, standard);
        }
    }

    static QList<CheckResult> from(const QList<CheckResult> &all, const ResultPick &pick)
    {
        QList<CheckResult> mine;
        std::ranges::copy_if(all, std::back_inserter(mine), pick);
        return mine;
    }

    void judge(ChecklistItem &item, const StandardItem &standard, const QList<CheckResult> &mine, bool after, const QDateTime &time) const
    {
        if (mine.isEmpty()) {
            none(item, standard);
            return;
        }
        for (const CheckResult &result : mine) {
            if (result.status == CheckResult::Status::Passed) {
                continue;
            }
            const QJsonObject why{{u"check"_s, result.title.toJson()}, {u"cause"_s, result.error.toJson()}};
            // An earlier release of the same run is no "before" for a later one.
            const auto then = std::ranges::find(m_atStart, result.id, &CheckResult::id);
            if (result.status < CheckResult::Status::Passed) {
                tell(item, State::Open, u"checklist.check_unfinished"_s, {{u"check"_s, result.title.toJson()}});
            } else if (after && (result.error.code == "check.not_ours"_L1 || (then != m_atStart.end() && wasSoBefore(*then, result)))) {
                tell(item, State::NotOurs, u"checklist.not_ours"_s, why, time);
            } else {
                tell(item, State::Failed, u"checklist.check_failed"_s, why, time);
            }
            if (item.state != State::NotOurs) {
                return;
            }
        }
        if (item.state == State::NotOurs) {
            return;
        }
        if (mine.size() == 1) {
            tell(item, State::Ticked, u"checklist.check_passed"_s, {{u"check"_s, mine.first().title.toJson()}, {u"finding"_s, mine.first().finding.toJson()}}, time);
            return;
        }
        QStringList names;
        for (const CheckResult &result : mine) {
            names.append(result.id);
        }
        tell(item, State::Ticked, u"checklist.checks_passed"_s, {{u"count"_s, mine.size()}, {u"checks"_s, QJsonArray::fromStringList(names)}}, time);
    }

    [[nodiscard]] QDateTime endOf(QLatin1StringView kind) const
    {
        QDateTime end;
        for (const StepRecord &record : m_input.steps) {
            if (record.index < m_input.plan.steps.size() && m_input.plan.steps[record.index].kind == kind && record.ended.isValid()) {
                end = record.ended;
            }
        }
        return end;
    }

    void steps(ChecklistItem &item, const StandardItem &standard, const QStringList &kinds) const
    {
        QStringList done;
        QDateTime time;
        bool any = false;
        bool waits = false;
        for (qsizetype i = 0; i < m_input.plan.steps.size(); ++i) {
            const StepSpec &spec = m_input.plan.steps[i];
            // A release of git is placed by a step of the same id.
            if (!kinds.contains(spec.kind) && !kinds.contains(spec.id.section(u'/', -1))) {
                continue;
            }
            any = true;
            const StepRecord record = i < m_input.steps.size() ? m_input.steps[i] : StepRecord{};
            const QJsonValue title = spec.title.isEmpty() ? QJsonValue(spec.id) : QJsonValue(spec.title.toJson());
            switch (record.state) {
            case StepState::Done:
            case StepState::Accepted:
                done.append(spec.id);
                time = std::max(time, record.ended);
                break;
            case StepState::Reverting:
            case StepState::Reverted:
                tell(item, State::Failed, u"checklist.step_taken_back"_s, {{u"step"_s, title}}, record.ended);
                return;
            case StepState::Failed:
                tell(item, State::Failed, u"checklist.step_failed"_s, {{u"step"_s, title}, {u"cause"_s, record.error.toJson()}});
                return;
            default:
                if (!record.error.code.isEmpty() && m_input.run && isFinal(m_input.run->state)) {
                    tell(item, State::Failed, u"checklist.step_failed"_s, {{u"step"_s, title}, {u"cause"_s, record.error.toJson()}});
                    return;
                }
                waits = true;
                break;
            }
        }
        if (!any) {
            none(item, standard);
        } else if (waits) {
            const bool over = m_input.run && isFinal(m_input.run->state);
            tell(item, State::Open, over ? u"checklist.step_never"_s : u"checklist.waits_step"_s);
        } else {
            tell(item, State::Ticked, u"checklist.steps_done"_s, {{u"count"_s, done.size()}, {u"steps"_s, QJsonArray::fromStringList(done)}}, time);
        }
    }

    void gate(ChecklistItem &item, const StandardItem &standard, const QString &name) const
    {
        if (m_input.run && m_input.run->started.isValid()) {
            // How it was when the run began; now it may be another. That it was passed over once, then or on the way, stays so.
            for (const EventRecord &event : m_input.events) {
                const QJsonObject &args = event.message.args;
                if (args[u"gate"].toString() != name) {
                    continue;
                }
                if (event.message.code == "run.gate_overridden"_L1) {
                    tell(item, State::Failed, u"checklist.gate_overridden"_s, {{u"error"_s, args[u"error"]}, {u"by"_s, args[u"by"]}, {u"reason"_s, args[u"reason"]}}, event.time);
                    return;
                }
                if (event.message.code == "run.gate_open"_L1) {
                    tell(item, State::Ticked, u"checklist.gate_open"_s, {{u"finding"_s, args[u"finding"]}}, event.time);
                }
            }
            if (item.state == State::Ticked) {
                return;
            }
            if (name == m_input.run->error.args[u"gate"].toString()) {
                tell(item, State::Failed, u"checklist.gate_shut"_s, {{u"error"_s, m_input.run->error.toJson()}});
                return;
            }
            none(item, standard);
            return;
        }
        const auto found = std::ranges::find(m_input.gates, name, &GateFinding::gate);
        if (found == m_input.gates.end()) {
            none(item, standard);
        } else if (found->isOpen()) {
            tell(item, State::Ticked, u"checklist.gate_open"_s, {{u"finding"_s, found->finding.toJson()}});
        } else {
            tell(item, name == "approval"_L1 ? State::Open : State::Failed, u"checklist.gate_shut"_s, {{u"error"_s, found->error.toJson()}});
        }
    }

    void wayBack(ChecklistItem &item) const
    {
        const Plan &plan = m_input.plan;
        const auto point = std::ranges::find_if(plan.steps, [](const StepSpec &step) { return step.pointOfNoReturn || step.irreversible; });
        const qint64 time = plan.policy[u"rollbackMs"].toInteger();
        if (plan.steps.isEmpty()) {
            tell(item, State::Open, u"checklist.none"_s);
        } else if (point == plan.steps.end()) {
            tell(item, State::Ticked, u"checklist.way_back_whole"_s, {{u"from"_s, plan.from}, {u"time"_s, time}});
        } else {
            tell(item, State::Ticked, u"checklist.way_back_until"_s,
                 {{u"from"_s, plan.from}, {u"time"_s, time}, {u"step"_s, point->title.isEmpty() ? QJsonValue(point->id) : QJsonValue(point->title.toJson())}});
        }
    }

    void measured(ChecklistItem &item) const
    {
        if (std::ranges::none_of(m_input.target.services, [](const ServiceSpec &service) { return !service.metricsUrl.isEmpty(); })) {
            tell(item, State::Open, u"checklist.not_measured"_s);
            return;
        }
        for (const StepRecord &record : m_input.steps) {
            const QJsonObject figures = record.results[u"baseline"].toObject();
            if (figures.isEmpty()) {
                continue;
            }
            QStringList names = figures.keys();
            names.removeOne(u"time"_s);
            // The pre-checks end only with a watcher that is alive; one that they had to start has seen nothing yet.
            tell(item, State::Ticked, names.isEmpty() ? u"checklist.watched"_s : u"checklist.measured"_s, {{u"figures"_s, QJsonArray::fromStringList(names)}},
                 QDateTime::fromMSecsSinceEpoch(figures[u"time"].toInteger(), QTimeZone::UTC));
            return;
        }
        tell(item, State::Open, u"checklist.waits_precheck"_s);
    }

    void rehearsal(ChecklistItem &item, const StandardItem &standard) const
    {
        if (m_input.target.staging.target.isEmpty()) {
            none(item, standard);
        } else if (m_input.staging && !m_input.staging->rehearsal.isEmpty()) {
            tell(item, State::Ticked, u"checklist.rehearsed"_s,
                 {{u"target"_s, m_input.staging->target}, {u"run"_s, m_input.staging->rehearsal}, {u"time"_s, iso(m_input.staging->rehearsed)}}, m_input.staging->rehearsed);
        } else {
            tell(item, State::Open, u"checklist.not_rehearsed"_s, {{u"valid"_s, m_input.target.staging.validMs}});
        }
    }

    /// What only the staging system can tell. ofMigrations: only where the plan has some.
    void fromStaging(ChecklistItem &item, const StandardItem &standard, StagedVerdict (*judgement)(const ChecklistInput &input), bool ofMigrations) const
    {
        if (ofMigrations && !std::ranges::contains(m_input.plan.steps, u"migrate"_s, &StepSpec::kind)) {
            tell(item, State::NotNeeded, u"checklist.unneeded_step"_s);
        } else if (m_input.target.staging.target.isEmpty()) {
            none(item, standard);
        } else if (!m_input.staging) {
            tell(item, State::Open, u"checklist.not_staged"_s);
        } else {
            take(item, judgement(m_input));
        }
    }

    void apply(ChecklistItem &item, const StandardItem &standard) const
    {
        const QStringList sources = QString::fromLatin1(standard.sources).split(u' ', Qt::SkipEmptyParts);
        switch (standard.rule) {
        case Rule::Gate:
            gate(item, standard, sources.first());
            break;
        case Rule::Before:
            checks(item, standard, ofSources(sources), false);
            break;
        case Rule::After:
            checks(item, standard, ofSources(sources), true);
            break;
        case Rule::ReleaseProven:
            ofRelease(item, standard, proving(sources.first()));
            break;
        case Rule::SystemProven:
            checks(item, standard, proving(sources.first()), true);
            break;
        case Rule::Steps:
            steps(item, standard, sources);
            break;
        case Rule::Started: {
            const auto event = std::ranges::find_if(m_input.events, [](const EventRecord &each) { return each.message.code == "run.started"_L1; });
            if (event != m_input.events.end()) {
                tell(item, State::Ticked, u"checklist.started_at"_s, {{u"time"_s, iso(event->time)}, {u"by"_s, m_input.run ? m_input.run->startedBy : QString()}}, event->time);
            } else {
                tell(item, State::Open, u"checklist.waits_start"_s);
            }
            break;
        }
        case Rule::WayBack:
            wayBack(item);
            break;
        case Rule::Measured:
            measured(item);
            break;
        case Rule::Rehearsal:
            rehearsal(item, standard);
            break;
        case Rule::UpAndDown:
            fromStaging(item, standard, stagedUpAndDown, true);
            break;
        case Rule::DatabaseBack:
            fromStaging(item, standard, stagedDatabaseBack, true);
            break;
        case Rule::BackChecked:
            fromStaging(item, standard, stagedBackChecked, false);
            break;
        case Rule::WentBack:
            if (const auto turn = turnOf(m_input.events)) {
                tell(item, State::Ticked, u"checklist.turned"_s, {{u"why"_s, turn->message.toJson()}}, turn->time);
            } else if (m_isRollback && m_input.run && m_input.run->started.isValid()) {
                tell(item, State::Ticked, u"checklist.chosen_back"_s, {{u"by"_s, m_input.run->startedBy}, {u"to"_s, m_input.plan.to}}, m_input.run->started);
            } else if (m_isRollback) {
                tell(item, State::Open, u"checklist.waits_start"_s);
            } else {
                tell(item, State::NotNeeded, u"checklist.unneeded_rollback"_s);
            }
            break;
        case Rule::Restored:
            if (m_isRollback && !m_back && m_input.run && m_input.run->state == RunState::Succeeded) {
                tell(item, State::Ticked, u"checklist.restored_by_run"_s, {{u"version"_s, m_input.plan.to}}, m_input.run->ended);
            } else if (m_isRollback) {
                // One that turned back itself has brought nothing back.
                tell(item, m_back ? State::Failed : State::Open, m_back ? u"checklist.not_restored"_s : u"checklist.waits_end"_s, {{u"to"_s, m_input.plan.to}});
            } else if (m_back && m_input.run && m_input.run->state == RunState::RolledBack) {
                tell(item, State::Ticked, u"checklist.restored_to"_s, {{u"version"_s, m_input.plan.from}}, m_input.run->ended);
            } else if (m_back) {
                tell(item, State::Open, u"checklist.waits_back"_s);
            } else {
                tell(item, State::NotNeeded, u"checklist.unneeded_rollback"_s);
            }
            break;
        case Rule::Person:
            break;
        }
    }

    const ChecklistInput &m_input;
    bool m_back;
    bool m_isRollback; ///< The run is the way back that somebody chose.
    QList<CheckResult> m_before;
    QList<CheckResult> m_after;
    QList<CheckResult> m_atStart; ///< What is compared with; m_before is the last word.
};

QString tr(const char *text)
{
    return QCoreApplication::translate("checklist", text);
}

} // namespace

QJsonObject ChecklistItem::toJson() const
{
    QString stateWord;
    for (const auto &[value, name] : stateNames) {
        if (value == state) {
            stateWord = name;
        }
    }
    return {{u"id"_s, id},
            {u"phase"_s, phaseName(phase)},
            {u"text"_s, text.toJson()},
            {u"manual"_s, manual},
            {u"required"_s, required},
            {u"state"_s, stateWord},
            {u"evidence"_s, evidence.toJson()},
            {u"by"_s, by},
            {u"time"_s, time.isValid() ? QJsonValue(iso(time)) : QJsonValue()},
            {u"note"_s, note}};
}

ChecklistItem ChecklistItem::fromJson(const QJsonObject &json)
{
    ChecklistItem item;
    item.id = json[u"id"].toString();
    item.phase = phaseFrom(json[u"phase"].toString());
    item.text = Message::fromJson(json[u"text"].toObject());
    item.manual = json[u"manual"].toBool();
    item.required = json[u"required"].toBool();
    for (const auto &[value, name] : stateNames) {
        if (json[u"state"].toString() == name) {
            item.state = value;
        }
    }
    item.evidence = Message::fromJson(json[u"evidence"].toObject());
    item.by = json[u"by"].toString();
    item.time = QDateTime::fromString(json[u"time"].toString(), Qt::ISODateWithMs);
    item.note = json[u"note"].toString();
    return item;
}

QString phaseName(Phase phase)
{
    switch (phase) {
    case Phase::Before:
        return u"before"_s;
    case Phase::During:
        return u"during"_s;
    case Phase::After:
        return u"after"_s;
    case Phase::Rollback:
        return u"rollback"_s;
    }
    return {};
}

QString phaseText(Phase phase)
{
    switch (phase) {
    case Phase::Before:
        return tr("Before");
    case Phase::During:
        return tr("During");
    case Phase::After:
        return tr("After");
    case Phase::Rollback:
        return tr("Rollback");
    }
    return {};
}

QString stateText(State state)
{
    switch (state) {
    case State::Open:
        return tr("Open");
    case State::Ticked:
        return tr("Ticked");
    case State::Failed:
        return tr("Failed");
    case State::NotOurs:
        return tr("Not ours");
    case State::NotNeeded:
        return tr("Not needed");
    }
    return {};
}

QList<ChecklistItem> checklistOf(const ChecklistInput &input)
{
    return Filler(input).fill();
}

Result<QList<ChecklistItem>> checklistFor(Journal &journal, const GateScope &scope, const QList<CheckResult> &checks)
{
    ChecklistInput input;
    input.target = scope.target;
    input.plan = scope.plan;
    input.checks = checks;
    if (scope.run.isEmpty()) {
        TRY(input.gates, lookAtGates(journal, scope));
    } else {
        TRY(input.run, journal.run(scope.run));
        // What the run's plan demands is signed for it, even if target.yaml does not name it any more.
        const QJsonArray demanded = scope.plan.policy[u"checklist"].toArray();
        for (const auto &item : demanded) {
            const QString name = item[u"name"].toString();
            if (!std::ranges::contains(input.target.manualItems, name, &ManualItemSpec::name)) {
                input.target.manualItems.append({name, item[u"text"].toString(name), item[u"when"].toString(), true});
            }
        }
        TRY(input.steps, journal.steps(scope.run));
        TRY(input.events, journal.events(scope.run, 0, 100000));
    }
    TRY(input.ticks, journal.ticks(scope.digest, scope.run));
    if (!scope.target.staging.target.isEmpty()) {
        // That it can't be looked at is told by the gate.
        const QDateTime when = input.run && input.run->started.isValid() ? input.run->started : scope.now;
        if (auto proof = stagingProof(scope.target, releaseDigests(scope.plan), when)) {
            input.staging = std::move(*proof);
        }
    }
    return checklistOf(input);
}

Result<> mayTick(const QList<ChecklistItem> &items, const QString &item, const QString &note, bool hasBegun)
{
    // A target's own item may have the name of one that ticks itself.
    auto found = std::ranges::find_if(items, [&item](const ChecklistItem &each) { return each.manual && each.id == item; });
    if (found == items.end()) {
        found = std::ranges::find(items, item, &ChecklistItem::id);
    }
    if (found == items.end()) {
        QJsonArray known;
        for (const ChecklistItem &each : items) {
            if (each.manual) {
                known.append(each.id);
            }
        }
        return fail(u"checklist.no_item"_s, {{u"item"_s, item}, {u"known"_s, known}});
    }
    if (!found->manual) {
        return fail(u"checklist.not_manual"_s, {{u"item"_s, item}, {u"evidence"_s, found->evidence.toJson()}});
    }
    if (note.simplified().isEmpty()) {
        return fail(u"checklist.no_note"_s, {{u"item"_s, item}});
    }
    if (!hasBegun && found->phase != Phase::Before) {
        return fail(u"checklist.too_early"_s, {{u"item"_s, item}, {u"phase"_s, phaseText(found->phase)}});
    }
    return {};
}

ReportSection checklistSection(const Error &why)
{
    return {tr("Checklist"), {{100, tr("Evidence")}}, {{tr("The checklist can't be shown: %1").arg(why.text())}}};
}

ReportSection checklistSection(const QList<ChecklistItem> &items)
{
    ReportSection section{tr("Checklist"), {{12, tr("State")}, {28, tr("Item")}, {32, tr("Evidence")}, {13, tr("By")}, {15, tr("When")}}, {}};
    Phase phase = Phase::Rollback;
    for (const ChecklistItem &item : items) {
        if (section.rows.isEmpty() || item.phase != phase) {
            phase = item.phase;
            section.rows.append({phaseText(phase)});
        }
        const QString when = item.time.isValid() ? item.time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : QString();
        const QString name = item.required ? tr("%1 (required)").arg(item.text.text()) : item.text.text();
        const bool isSigned = item.manual && item.state == State::Ticked;
        // Who has signed and when stands beside it.
        const QString evidence = isSigned && !item.note.isEmpty() ? item.note : item.evidence.text();
        section.rows.append({stateText(item.state), name, evidence, isSigned ? item.by : item.state == State::Ticked ? tr("by itself")
                                                                                                                     : QString(),
                             when});
    }
    return section;
}

} // namespace cutover
