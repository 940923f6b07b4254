// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/targetmask.h"
#include "plan/keyeddigest.h"
#include "plan/loss.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "run/leftrunning.h"
#include "system/jsonvalues.h"
#include "target/sshprocesses.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 planningLimitMs = 30000; ///< For a preview while somebody waits for the plan.
constexpr qint64 longestPreview = 64 << 10;

/// One part of a command step ready to be run. run: what {run} stands for.
ProcessSpec processOf(const Target &target, const QJsonObject &params, const QString &part, const QString &run)
{
    QStringList arguments = json::toStrings(params[part]);
    const QString to = params["to"_L1].toString();
    for (QString &argument : arguments) {
        argument.replace(u"{from}"_s, params["from"_L1].toString());
        argument.replace(u"{to}"_s, to);
        argument.replace(u"{run}"_s, run);
        argument.replace(u"{release}"_s, target.releaseDirectory(to));
    }
    ProcessSpec process;
    process.program = arguments.isEmpty() ? QString() : arguments.takeFirst();
    process.arguments = arguments;
    // Elsewhere it is the account's home folder: that of the target need not be there.
    if (params["host"_L1].toString().isEmpty()) {
        process.workingDirectory = QFileInfo(target.path).absolutePath();
    }
    process.timeoutMs = params["timeoutMs"_L1].toInteger();
    if (part == "preview"_L1) {
        process.maxOutput = longestPreview;
    }
    return process;
}

/// A preview is no part of a run yet when it is approved, so it is called the same way each time.
QString runOfPreview()
{
    return u"preview"_s;
}

Result<> judged(const QString &name, const QString &part, const ProcessResult &result)
{
    if (result.exitCode == 0) {
        return {};
    }
    const QByteArray said = result.errorOutput.trimmed().isEmpty() ? result.output : result.errorOutput;
    return fail(u"command.failed"_s,
                {{u"name"_s, name}, {u"part"_s, part}, {u"exit"_s, result.exitCode}, {u"last"_s, QString::fromUtf8(said.trimmed()).section(u'\n', -1)}});
}

/// Keyed, as the output may hold a secret; of all of it, though not all is kept.
Result<QString> previewDigest(const Target &target, const ProcessResult &result)
{
    return keyedDigest(target.stateDirectory, result.output + '\n' + QByteArray::number(result.droppedBytes));
}

/**
 * "command": the operator's own programs as a step.
 * {name, host, preview, apply, revert, inspect: argument lists, timeoutMs, from, to, previewDigest, previewMayDiffer}
 */
class CommandStep : public Step
{
public:
    using Step::Step;

    // Where it works is all that is known of it, also where it can't be taken back.
    bool needsHost(const Target &, const QString &host) const override { return spec().params["host"_L1] == host; }

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        if (!has(u"preview"_s)) {
            co_return {};
        }
        CO_TRY(const ProcessResult result, co_await run(u"preview"_s, &context, stop));
        CO_CHECK(judged(name(), u"preview"_s, result));
        if (spec().params["previewMayDiffer"_L1].toBool()) {
            co_return {};
        }
        CO_TRY(const QString digest, previewDigest(context.target(), result));
        if (digest != spec().params["previewDigest"_L1].toString()) {
            // Neither right nor wrong: a person has approved something else, and decides.
            co_return fail(u"command.preview_differs"_s, {{u"name"_s, name()}}, {}, Error::Kind::Unknown);
        }
        co_return {};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const ProcessResult result, co_await run(u"apply"_s, &context, stop));
        co_return judged(name(), u"apply"_s, result);
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        if (!has(u"inspect"_s)) {
            co_return Inspection::Unknown;
        }
        CO_TRY(const ProcessResult result, co_await run(u"inspect"_s, &context, {}));
        switch (result.exitCode) {
        case 0:
            co_return Inspection::Done;
        case 1:
            co_return Inspection::NotStarted;
        case 2:
            co_return Inspection::Partial;
        default:
            co_return Inspection::Unknown;
        }
    }

    /// What an operator's program has done the operator may know better than the program tells.
    bool takesAWord() const override { return true; }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        if (!has(u"revert"_s)) {
            co_return fail(u"command.no_revert"_s, {{u"name"_s, name()}});
        }
        CO_TRY(const ProcessResult result, co_await run(u"revert"_s, &context, stop));
        co_return judged(name(), u"revert"_s, result);
    }

private:
    QString name() const { return spec().params["name"_L1].toString(); }
    bool has(const QString &part) const { return !spec().params[part].toArray().isEmpty(); }

    // The context by pointer: a coroutine's parameters are copied.
    Async<ProcessResult> run(QString part, StepContext *context, std::stop_token stop)
    {
        const QString run = part == "preview"_L1 ? runOfPreview() : context->runId();
        ProcessSpec process = processOf(context->target(), spec().params, part, run);
        if (context->lockDescriptor() >= 0) {
            process.inherit = {context->lockDescriptor()};
        }
        process.onLine = [context, source = name()](const QByteArray &line, bool) { context->logLine(source, QString::fromUtf8(line)); };
        CO_TRY(const HostSpec host, context->target().host(spec().params["host"_L1].toString()));
        const QString state = context->target().stateDirectory;
        const int lock = context->lockDescriptor();
        CO_TRY(const QList<LockKeeper> before, co_await keepersNow(state, lock));
        const Result<ProcessResult> result = co_await runOn(host, process, stop, context->processes());
        tellLeftRunning(*context, name(), (co_await leftRunning(state, lock, before, stop)).value_or(QStringList()));
        co_return result;
    }
};

const StepRegistry::Registration registration(u"command"_s, 1, [](StepSpec spec) {
    return std::make_unique<CommandStep>(std::move(spec));
});

bool belongsTo(const StepSpec &step, const Hop &hop, const QList<Hop> &hops)
{
    if (!hop.prefix.isEmpty()) {
        return step.id.startsWith(hop.prefix);
    }
    return std::ranges::none_of(hops, [&step](const Hop &other) { return !other.prefix.isEmpty() && step.id.startsWith(other.prefix); });
}

/// Index of the last step of the hop that a command may mean by "after", so that a kind with a step per
/// instance is finished as a whole; -1: none.
qsizetype anchorOf(const QList<StepSpec> &steps, const QString &after, const Hop &hop, const QList<Hop> &hops)
{
    for (qsizetype i = steps.size() - 1; i >= 0; --i) {
        const StepSpec &step = steps[i];
        const bool named = step.kind == after || step.id == after || step.id == QString(hop.prefix + after)
            || step.id == QString(hop.prefix + u"command:"_s + after);
        if (named && belongsTo(step, hop, hops)) {
            return i;
        }
    }
    return -1;
}

/// Asks the program what it would do, puts the answer into the step for people and its digest for the run.
Async<StepSpec> withPreview(Target target, StepSpec step)
{
    const QString name = step.params["name"_L1].toString();
    ProcessSpec process = processOf(target, step.params, u"preview"_s, runOfPreview());
    process.timeoutMs = qMin(process.timeoutMs, planningLimitMs);
    CO_TRY(const HostSpec host, target.host(step.params["host"_L1].toString()));
    const auto result = co_await runOn(host, process);
    const Result<> done = result ? judged(name, u"preview"_s, *result) : Result<>(fail(result.error()));
    if (!done) {
        const Error error = TargetMask(target).masked(done.error());
        if (!step.params["previewMayDiffer"_L1].toBool()) {
            co_return fail(error);
        }
        // It may need what the steps before it bring about.
        step.intent = {host.isHere() ? u"command.intent_unpreviewed"_s : u"command.intent_unpreviewed_there"_s,
                       {{u"name"_s, name}, {u"host"_s, host.text()}, {u"error"_s, error.toJson()}}};
        co_return step;
    }
    CO_TRY(const QString digest, previewDigest(target, *result));
    step.params.insert(u"previewDigest"_s, digest);
    const QString title = host.isHere() ? name : QString(name + u" @ "_s + host.text());
    step.previews.prepend({u"text"_s, title, TargetMask(target).masked(QString::fromUtf8(result->output).trimmed())});
    co_return step;
}

/// What target.yaml itself has was refused when it was loaded; here is what its configuration and environment files have.
Result<> checkArguments(const Target &target, const CommandStepSpec &command)
{
    TargetMask mask(target);
    const std::pair<const char *, const QStringList &> parts[]{
        {"preview", command.preview}, {"apply", command.apply}, {"revert", command.revert}, {"inspect", command.inspect}};
    for (const auto &[part, arguments] : parts) {
        for (qsizetype i = 0; i < arguments.size(); ++i) {
            if (!mask.secretIn(arguments, i).isEmpty()) {
                return fail(u"command.secret_argument"_s, {{u"name"_s, command.name}, {u"part"_s, QString::fromLatin1(part)}, {u"number"_s, i}}, target.path);
            }
        }
    }
    return {};
}

StepSpec stepOf(const Target &target, const CommandStepSpec &command, const Hop &hop)
{
    StepSpec step;
    step.id = QString(hop.prefix + u"command:"_s + command.name);
    step.kind = u"command"_s;
    step.params = {{u"name"_s, command.name},
                   {u"preview"_s, QJsonArray::fromStringList(command.preview)},
                   {u"apply"_s, QJsonArray::fromStringList(command.apply)},
                   {u"revert"_s, QJsonArray::fromStringList(command.revert)},
                   {u"inspect"_s, QJsonArray::fromStringList(command.inspect)},
                   {u"timeoutMs"_s, command.timeoutMs},
                   {u"from"_s, hop.from},
                   {u"to"_s, hop.to}};
    // Only where it is another one: plans of before stay what they were.
    const QString where = command.host.isEmpty() ? QString() : target.host(command.host).value_or(HostSpec{.name = command.host, .address = {}, .stateDirectory = {}}).text();
    if (!where.isEmpty()) {
        step.params.insert(u"host"_s, command.host);
    }
    if (command.previewMayDiffer) {
        step.params.insert(u"previewMayDiffer"_s, true);
    }
    // What can't be taken back is not rolled back over by itself.
    step.pointOfNoReturn = command.revert.isEmpty();
    step.title = {u"command.title"_s, {{u"name"_s, command.name}}};
    step.intent = {where.isEmpty() ? u"command.intent"_s : u"command.intent_there"_s, {{u"name"_s, command.name}, {u"host"_s, where}}};
    TargetMask mask(target);
    for (const QString &part : {u"preview"_s, u"apply"_s, u"revert"_s, u"inspect"_s}) {
        if (!json::toStrings(step.params[part]).isEmpty()) {
            const ProcessSpec process = processOf(target, step.params, part, u"{run}"_s);
            step.previews.append({u"command"_s, QString(command.name + u": "_s + part + (where.isEmpty() ? QString() : QString(u" @ "_s + where))),
                                  mask.masked(QString(process.program + u'\n' + process.arguments.join(u'\n')).trimmed())});
        }
    }
    return step;
}

const Catalogue::Registration texts{
    {"command.title", QT_TRANSLATE_NOOP("catalogue", "%{name}"), nullptr},
    {"command.intent", QT_TRANSLATE_NOOP("catalogue", "Run the target's own step “%{name}”"), nullptr},
    {"command.intent_there", QT_TRANSLATE_NOOP("catalogue", "Run the target's own step “%{name}” on %{host}"), nullptr},
    {"command.intent_unpreviewed_there",
     QT_TRANSLATE_NOOP("catalogue", "Run the target's own step “%{name}” on %{host}; what it will do can't be told before the run: %{error}"), nullptr},
    {"command.intent_unpreviewed",
     QT_TRANSLATE_NOOP("catalogue", "Run the target's own step “%{name}”; what it will do can't be told before the run: %{error}"), nullptr},
    {"command.preview_differs",
     QT_TRANSLATE_NOOP("catalogue", "The preview of “%{name}” now tells something else than the plan that was approved."),
     QT_TRANSLATE_NOOP("catalogue", "Compare the log's lines with the plan; set right what has changed, or roll back and make a new plan. "
                                    "“preview_may_differ: true” in target.yaml lets such a step go on.")},
    {"command.failed",
     QT_TRANSLATE_NOOP("catalogue", "The program for “%{part}” of “%{name}” ended with %{exit}; expected 0. Its last line: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Look at its lines in the log, mend the cause and retry.")},
    {"command.secret_argument",
     QT_TRANSLATE_NOOP("catalogue", "Argument %{number} of “%{part}” of the step “%{name}” has a secret of this target's files in it; everybody on the machine can read a program's arguments."),
     QT_TRANSLATE_NOOP("catalogue", "Let the program read it from its environment or from a file.")},
    {"command.no_revert",
     QT_TRANSLATE_NOOP("catalogue", "“%{name}” can't be undone: target.yaml names no program for it."),
     QT_TRANSLATE_NOOP("catalogue", "Undo by hand what it did, then accept the step as taken back.")},
    {"command.no_anchor",
     QT_TRANSLATE_NOOP("catalogue", "The step “%{name}” is to follow “%{after}”, but the plan has no step of that kind or id; it has %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Correct “after” of the command in target.yaml.")},
};

} // namespace

Async<QList<StepSpec>> withCommandSteps(Target target, QList<StepSpec> steps, QList<Hop> hops)
{
    QStringList earlier;
    for (const CommandStepSpec &command : std::as_const(target.commands)) {
        CO_CHECK(checkArguments(target, command));
        bool anchored = false;
        for (const Hop &hop : std::as_const(hops)) {
            const qsizetype at = anchorOf(steps, command.after, hop, hops);
            if (at < 0) {
                continue;
            }
            anchored = true;
            StepSpec step = stepOf(target, command, hop);
            if (!command.preview.isEmpty()) {
                CO_TRY(step, co_await withPreview(target, step));
            }
            steps.insert(at + 1, step);
        }
        StepSpec anchor;
        anchor.kind = command.after;
        // A kind that this way has no step of, or a command that was left out for that: nothing to follow.
        if (!anchored && !earlier.contains(command.after) && !StepRegistry::create(anchor)) {
            QStringList known;
            for (const StepSpec &step : std::as_const(steps)) {
                if (!known.contains(step.kind)) {
                    known.append(step.kind);
                }
            }
            co_return fail(u"command.no_anchor"_s,
                           {{u"name"_s, command.name}, {u"after"_s, command.after}, {u"known"_s, QJsonArray::fromStringList(known)}}, target.path);
        }
        earlier.append(command.name);
    }
    co_return steps;
}

} // namespace cutover
