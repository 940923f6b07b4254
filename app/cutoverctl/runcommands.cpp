// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"
#include "inputfiles.h"
#include "session.h"

#include "plan/loss.h"
#include "run/decisions.h"
#include "run/words.h"
#include "serve/runview.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/loginsession.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.not_confirmed", QT_TRANSLATE_NOOP("catalogue", "Nothing was changed: the plan was not confirmed."),
     QT_TRANSLATE_NOOP("catalogue", "Answer with the target's name, or give --yes.")},
    {"cli.bad_mode", QT_TRANSLATE_NOOP("catalogue", "There is no way of rolling back called “%{mode}”; there are code, downgrade and restore."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help rollback'.")},
    {"cli.bad_plan", QT_TRANSLATE_NOOP("catalogue", "The file is no plan: %{reason}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it with 'cutoverctl plan VERSION --output FILE'.")},
    {"cli.no_run", QT_TRANSLATE_NOOP("catalogue", "No run is under way."), QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl history'.")},
    {"cli.no_restore_point", QT_TRANSLATE_NOOP("catalogue", "There is no restore point “%{text}”."),
     QT_TRANSLATE_NOOP("catalogue", "Give an id of 'cutoverctl backup list', a version that one was made of, or seven digits or more of a commit's hash.")},
}};

/// A runner that has died is followed by another within seconds.
constexpr int DecisionTries = 300;
constexpr int DecisionEveryMs = 100;

void sayPlan(const Plan &plan, const QString &digest)
{
    say(Cli::tr("%1 %2 → %3, plan %4").arg(plan.targetName, plan.from, plan.to, digest.first(12)));
    say(Cli::tr("About %1, of these %2 without service; risk %3").arg(durationText(plan.expectedMs), durationText(plan.expectedDowntimeMs), words::ofRisk(plan.risk)));
    QList<QStringList> rows;
    for (qsizetype i = 0; i < plan.steps.size(); ++i) {
        const StepSpec &step = plan.steps[i];
        rows.append({QString::number(i + 1).rightJustified(3), step.intent.text()});
        if (step.pointOfNoReturn) {
            rows.append({u"   "_s, Cli::tr("— point of no return —")});
        }
    }
    sayTable(rows);
    for (const StepSpec &step : plan.steps) {
        for (const Preview &preview : step.previews) {
            say(u'\n' + step.title.text() + u": "_s + preview.title + u'\n' + (preview.type == "table"_L1 ? words::ofTable(preview.text) : preview.text));
        }
    }
    const Loss loss = lossFromJson(plan.loss);
    const Loss holdAbove = lossFromJson(plan.policy[u"holdAbove"]);
    for (const auto &[name, count] : loss.asKeyValueRange()) {
        const QString what = name.contains(u'.') ? Cli::tr("values") : Cli::tr("rows");
        say(holdAbove.contains(name) ? Cli::tr("Lost: about %1 %2 of %3; the run holds above %4").arg(count).arg(what, name).arg(holdAbove[name])
                                     : Cli::tr("Lost: up to %1 %2 of %3").arg(count).arg(what, name));
    }
    const QJsonArray unknownLosses = unknownLossMessages(unknownLoss(plan));
    for (const auto &unknown : unknownLosses) {
        say(Cli::tr("Lost: %1").arg(Message::fromJson(unknown.toObject()).text()));
    }
    for (const QString &owed : plan.owed) {
        say(Cli::tr("Owed to a later release: %1").arg(owed));
    }
}

void sayGates(const GatesView &view)
{
    for (const GateFinding &gate : view.gates) {
        say(gate.title.text() + u": "_s + (gate.isOpen() ? gate.finding.text() : gate.error.text()));
        for (const Message &warning : gate.warnings) {
            say(u"  "_s + warning.text());
        }
    }
    for (const Message &change : view.approval.changes) {
        say(u"  "_s + change.text());
    }
}

/// A reason that was given and is empty is none, and said so by the engine.
GlassWish glassOf(const Arguments &arguments)
{
    if (!arguments.has(u"break-glass"_s)) {
        return {};
    }
    const QString reason = arguments.value(u"break-glass"_s);
    QStringList gates = arguments.value(u"gates"_s).split(u',', Qt::SkipEmptyParts);
    for (QString &gate : gates) {
        gate = gate.trimmed();
    }
    return {reason.isEmpty() ? u" "_s : reason, gates};
}

Result<QString> confirm(const Arguments &arguments, const EngineService &engine, const Plan &plan)
{
    const QString name = engine.target().name;
    if (arguments.has(u"yes"_s)) {
        const bool byName = engine.target().isProduction() || !unknownLoss(plan).isEmpty();
        return byName ? arguments.value(u"confirm"_s) : name;
    }
    if (!::isatty(STDIN_FILENO)) {
        return fail(u"cli.not_confirmed"_s);
    }
    return typedName(name);
}

struct Planned {
    Plan plan;
    QString digest;
};

Result<Planned> planned(const Result<QJsonObject> &result)
{
    TRY(const QJsonObject json, result);
    TRY(Plan plan, Plan::fromJson(json[u"plan"].toObject()));
    return Planned{std::move(plan), json[u"digest"].toString()};
}

Result<Planned> updatePlan(EngineService &engine, const Arguments &arguments, const QString &version)
{
    QJsonObject params{{u"to"_s, version}};
    if (arguments.has(u"watch"_s)) {
        TRY(const qint64 milliseconds, durationArgument(arguments.value(u"watch"_s)));
        params.insert(u"watchMs"_s, milliseconds);
    }
    TRY(const QJsonObject started, QCoro::waitFor(engine.call(u"plan.update.start"_s, params)));
    return planned(waitForJob(engine, started[u"job"].toString()));
}

Result<int> start(EngineService &engine, const Arguments &arguments, const Planned &plan)
{
    sayPlan(plan.plan, plan.digest);
    TRY(const GatesView gates, QCoro::waitFor(engine.gates(plan.digest)));
    sayGates(gates);
    if (const auto warning = sessionWarning(loginSession())) {
        say(warning->text());
    }
    if (arguments.has(u"dry-run"_s)) {
        sayJson({{u"plan"_s, plan.plan.toJson()}, {u"digest"_s, plan.digest}, {u"gates"_s, gates.toJson().value(u"gates"_s)}, {u"applied"_s, false}});
        return ExitOk;
    }
    if (const Error shut = gates.firstShut(); !shut.code.isEmpty() && !arguments.has(u"break-glass"_s)) {
        // Before anybody is asked for anything.
        return fail(shut);
    }
    TRY(const QString confirmed, confirm(arguments, engine, plan.plan));
    const ConnGuard conn(engine);
    TRY(const QString run, QCoro::waitFor(engine.apply(plan.digest, confirmed, glassOf(arguments))));
    return followRun(engine, run);
}

Result<int> plan(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    TRY(const Planned made, updatePlan(*engine, arguments, arguments.positional(0)));
    const QJsonObject json{{u"plan"_s, made.plan.toJson()}, {u"digest"_s, made.digest}};
    if (const QString file = arguments.value(u"output"_s); !file.isEmpty()) {
        CHECK(writePrivately(file, QJsonDocument(json).toJson()));
    }
    sayPlan(made.plan, made.digest);
    TRY(const GatesView gates, QCoro::waitFor(engine->gates(made.digest)));
    sayGates(gates);
    sayJson(json);
    return ExitOk;
}

Result<int> apply(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    TRY(const QJsonObject json, readPlanFile(arguments.positional(0)));
    TRY(const Planned made, planned(QCoro::waitFor(engine->call(u"plan.adopt"_s, json))));
    return start(*engine, arguments, made);
}

Result<int> update(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    TRY(const Planned made, updatePlan(*engine, arguments, arguments.positional(0)));
    return start(*engine, arguments, made);
}

Result<int> rollback(const Arguments &arguments)
{
    const QString wanted = arguments.positional(0);
    const QString mode = arguments.value(u"mode"_s, u"code"_s);
    if (!QStringList{u"code"_s, u"downgrade"_s, u"restore"_s}.contains(mode)) {
        return fail(u"cli.bad_mode"_s, {{u"mode"_s, mode}});
    }
    TRY(const auto engine, openEngine(arguments));
    TRY(const auto points, QCoro::waitFor(engine->restorePoints()));
    QString id;
    for (const RestorePointView &view : points) {
        if (id.isEmpty() && view.point.available && (view.point.id == wanted || view.point.version == wanted)) {
            id = view.point.id;
        }
    }
    static const QRegularExpression hash(u"\\A[0-9a-fA-F]{7,64}\\z"_s);
    if (id.isEmpty() && !engine->target().repository.isGit() && !hash.match(wanted).hasMatch()) {
        return fail(u"cli.no_restore_point"_s, {{u"text"_s, wanted}});
    }
    TRY(const QString job, QCoro::waitFor(id.isEmpty() ? engine->startCommitPlan(wanted, mode) : engine->startRollbackPlan(id, mode)));
    TRY(const Planned made, planned(waitForJob(*engine, job)));
    return start(*engine, arguments, made);
}

Result<QString> runArgument(EngineService &engine, const Arguments &arguments)
{
    if (QString id = arguments.positional(0); !id.isEmpty()) {
        return id;
    }
    TRY(const auto records, QCoro::waitFor(engine.runs()));
    for (const RunRecord &record : records) {
        if (!isFinal(record.state)) {
            return record.id;
        }
    }
    return fail(u"cli.no_run"_s);
}

/// The target's name where the decision takes it: from --confirm, else from a person at the terminal.
/// Without either it is the engine that refuses.
Result<QString> nameFor(const QString &verb, const Arguments &arguments, const EngineService &engine)
{
    const bool needed = needsName(verb, engine.target().isProduction());
    if (!needed || arguments.has(u"confirm"_s) || jsonMode() || !::isatty(STDIN_FILENO)) {
        return arguments.value(u"confirm"_s);
    }
    return typedName(engine.target().name);
}

Result<int> decide(const Arguments &arguments, const QString &verb, bool follow)
{
    TRY(const auto engine, openEngine(arguments));
    TRY(const QString id, runArgument(*engine, arguments));
    TRY(const RunView view, QCoro::waitFor(engine->run(id)));
    // Before the name is typed.
    const QString closed = verb == "abandon"_L1 && !view.refusals.contains(verb) ? leftClosed(view).text() : QString();
    if (!closed.isEmpty()) {
        say(closed);
    }
    if (arguments.has(u"dry-run"_s)) {
        const bool offered = !view.refusals.contains(verb);
        say(offered ? Cli::tr("“%1” would be given to run %2 (%3).").arg(verb, id, words::ofRun(view.run.state)) : view.refusals.value(verb).text());
        say(view.ifAborted.text());
        sayJson({{u"run"_s, id}, {u"verb"_s, verb}, {u"offered"_s, offered}, {u"reason"_s, view.refusals.value(verb).text()}, {u"closed"_s, closed}});
        return offered ? ExitOk : ExitRefused;
    }
    TRY(const QString name, nameFor(verb, arguments, *engine));
    const ConnGuard conn(*engine);
    if (arguments.has(u"take-over"_s)) {
        CHECK(QCoro::waitFor(engine->takeConn(true, arguments.value(u"note"_s))));
    }
    TRY(const auto before, QCoro::waitFor(engine->events(id, 0)));
    const qint64 sequence = before.isEmpty() ? 0 : before.last().sequence;
    CHECK(QCoro::waitFor(engine->command(id, verb, stateName(view.run.state), name, {}, glassOf(arguments))));
    if (follow && !arguments.has(u"no-wait"_s)) {
        // The run says something, or leaves its state, only once its runner has taken the decision.
        for (int i = 0; i < DecisionTries; ++i) {
            TRY(const auto news, QCoro::waitFor(engine->events(id, sequence)));
            TRY(const RunView now, QCoro::waitFor(engine->run(id)));
            if (!news.isEmpty() || now.run.state != view.run.state) {
                break;
            }
            CHECK(QCoro::waitFor(Clock::system().sleep(DecisionEveryMs)));
        }
        return followRun(*engine, id, sequence);
    }
    sayJson({{u"run"_s, id}, {u"verb"_s, verb}, {u"given"_s, true}});
    return ExitOk;
}

Result<int> resume(const Arguments &arguments)
{
    return decide(arguments, u"resume"_s, true);
}
Result<int> hold(const Arguments &arguments)
{
    return decide(arguments, u"hold"_s, false);
}
Result<int> retry(const Arguments &arguments)
{
    return decide(arguments, u"retry"_s, true);
}
Result<int> accept(const Arguments &arguments)
{
    return decide(arguments, u"accept"_s, true);
}
Result<int> abortRun(const Arguments &arguments)
{
    return decide(arguments, u"abort"_s, true);
}
Result<int> revert(const Arguments &arguments)
{
    return decide(arguments, u"rollback"_s, true);
}
Result<int> abandon(const Arguments &arguments)
{
    return decide(arguments, u"abandon"_s, true);
}

Result<int> follow(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    TRY(const QString id, runArgument(*engine, arguments));
    return followRun(*engine, id);
}

Result<int> history(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    if (const QString id = arguments.positional(0); !id.isEmpty()) {
        TRY(const RunView view, QCoro::waitFor(engine->run(id)));
        TRY(const auto events, QCoro::waitFor(engine->events(id, 0)));
        sayJson(view.toJson());
        say(u"%1  %2 → %3  %4"_s.arg(view.run.id, view.run.plan.from, view.run.plan.to, words::ofRun(view.run.state)));
        if (!view.run.reason.isEmpty()) {
            say(view.run.reason.text());
        }
        QList<QStringList> rows;
        for (const StepView &step : view.steps) {
            rows.append({words::ofStep(step.record.state), durationText(step.record.durationMs), step.spec.title.text()});
        }
        sayTable(rows);
        for (const EventRecord &event : events) {
            say(event.time.toLocalTime().toString(u"HH:mm:ss"_s) + u"  "_s + event.message.text());
        }
        return ExitOk;
    }
    TRY(const auto records, QCoro::waitFor(engine->runs()));
    QJsonArray array;
    QList<QStringList> rows{{Cli::tr("Run"), Cli::tr("Kind"), Cli::tr("From"), Cli::tr("To"), Cli::tr("State"), Cli::tr("Started"), Cli::tr("Took"), Cli::tr("By")}};
    for (const RunRecord &record : records) {
        QJsonObject json = toJson(record);
        json.remove(u"plan");
        json.insert(u"kind"_s, record.plan.kind);
        json.insert(u"from"_s, record.plan.from);
        json.insert(u"to"_s, record.plan.to);
        array.append(json);
        rows.append({record.id, words::ofPlanKind(record.plan.kind), record.plan.from, record.plan.to, words::ofRun(record.state),
                     record.started.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s), durationText(record.activeMs), record.startedBy});
    }
    sayJson({{u"runs"_s, array}});
    sayTable(rows);
    return ExitOk;
}

Result<int> report(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const QString html, QCoro::waitFor(engine->report(arguments.positional(0))));
    if (const QString file = arguments.value(u"output"_s); !file.isEmpty()) {
        CHECK(files::replace(file, html.toUtf8()));
        say(file);
    } else {
        say(html);
    }
    sayJson({{u"html"_s, html}});
    return ExitOk;
}

} // namespace

QList<Command> runCommands()
{
    const QStringList decisionOptions{u"note"_s};
    const QStringList onwardOptions{u"note"_s, u"break-glass"_s, u"gates"_s};
    const QStringList confirmedOptions{u"note"_s, u"confirm"_s};
    const QStringList decisionSwitches{u"take-over"_s, u"dry-run"_s, u"no-wait"_s};
    return {
        {{u"plan"_s, u"VERSION"_s, 1, 1, {u"output"_s, u"watch"_s}, {}, QT_TRANSLATE_NOOP("cutoverctl", "build and show the plan of an update")}, run<plan>},
        {{u"apply"_s, u"PLAN-FILE"_s, 1, 1, {u"confirm"_s, u"break-glass"_s, u"gates"_s}, {u"yes"_s, u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "run a plan as it was shown")},
         run<apply>},
        {{u"update"_s, u"VERSION"_s, 1, 1, {u"watch"_s, u"confirm"_s, u"break-glass"_s, u"gates"_s}, {u"yes"_s, u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "plan and run an update")},
         run<update>},
        {{u"rollback"_s, u"POINT|VERSION|COMMIT"_s, 1, 1, {u"mode"_s, u"confirm"_s, u"break-glass"_s, u"gates"_s}, {u"yes"_s, u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "go back to a restore point, --mode code, downgrade or restore; or to the code of a commit")},
         run<rollback>},
        {{u"hold"_s, u"[RUN]"_s, 0, 1, decisionOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "stop the run after its current step")}, run<hold>},
        {{u"resume"_s, u"[RUN]"_s, 0, 1, onwardOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "let a held run go on")}, run<resume>},
        {{u"retry"_s, u"[RUN]"_s, 0, 1, onwardOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "try the failed step of a held run again")},
         run<retry>},
        {{u"accept"_s, u"[RUN]"_s, 0, 1, confirmedOptions + onwardOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "take the failed step as done, or as taken back, if it is")},
         run<accept>},
        {{u"abort"_s, u"[RUN]"_s, 0, 1, confirmedOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "stop the run and go back")}, run<abortRun>},
        {{u"revert"_s, u"[RUN]"_s, 0, 1, confirmedOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "roll a held run back")}, run<revert>},
        {{u"abandon"_s, u"[RUN]"_s, 0, 1, confirmedOptions, decisionSwitches, QT_TRANSLATE_NOOP("cutoverctl", "end a held run as it is; needs --confirm")}, run<abandon>},
        {{u"follow"_s, u"[RUN]"_s, 0, 1, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "follow a run until it ends or is held")}, run<follow>},
        {{u"history"_s, u"[RUN]"_s, 0, 1, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "all runs, or one in full")}, run<history>},
        {{u"report"_s, u"RUN"_s, 1, 1, {u"output"_s}, {}, QT_TRANSLATE_NOOP("cutoverctl", "the report of a run, HTML")}, run<report>},
    };
}

} // namespace cutover
