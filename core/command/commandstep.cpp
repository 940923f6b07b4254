// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "config/secrets.h"
#include "plan/planners.h"
#include "plan/step.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QStringList strings(const QJsonValue &value)
{
    QStringList list;
    const QJsonArray array = value.toArray();
    for (const QJsonValue &item : array) {
        list.append(item.toString());
    }
    return list;
}

/**
 * "command": the operator's own programs as a step.
 * {name, preview, apply, revert, inspect: argument lists, timeoutMs, from, to}
 */
class CommandStep : public Step
{
public:
    using Step::Step;

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        if (argumentsOf(u"preview"_s).isEmpty()) {
            co_return {};
        }
        CO_TRY(const ProcessResult result, co_await run(u"preview"_s, &context, stop));
        co_return judged(u"preview"_s, result);
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const ProcessResult result, co_await run(u"apply"_s, &context, stop));
        co_return judged(u"apply"_s, result);
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        if (argumentsOf(u"inspect"_s).isEmpty()) {
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

    Async<> revert(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        if (argumentsOf(u"revert"_s).isEmpty()) {
            co_return fail(u"command.no_revert"_s, {{u"name"_s, name()}});
        }
        CO_TRY(const ProcessResult result, co_await run(u"revert"_s, &context, stop));
        co_return judged(u"revert"_s, result);
    }

private:
    QString name() const { return spec().params["name"_L1].toString(); }
    QStringList argumentsOf(const QString &part) const { return strings(spec().params[part]); }

    Result<> judged(const QString &part, const ProcessResult &result) const
    {
        if (result.exitCode == 0) {
            return {};
        }
        const SecretMask mask;
        const QString last = QString::fromUtf8((result.errorOutput.trimmed().isEmpty() ? result.output : result.errorOutput).trimmed()).section(u'\n', -1);
        return fail(u"command.failed"_s,
                    {{u"name"_s, name()}, {u"part"_s, part}, {u"exit"_s, result.exitCode}, {u"last"_s, mask.masked(last)}});
    }

    // The context by pointer: a coroutine's parameters are copied.
    Async<ProcessResult> run(QString part, StepContext *context, std::stop_token stop)
    {
        QStringList arguments = argumentsOf(part);
        const QString to = spec().params["to"_L1].toString();
        for (QString &argument : arguments) {
            argument.replace(u"{from}"_s, spec().params["from"_L1].toString());
            argument.replace(u"{to}"_s, to);
            argument.replace(u"{run}"_s, context->runId());
            argument.replace(u"{release}"_s, context->target().releaseDirectory(to));
        }
        ProcessSpec process;
        process.program = arguments.takeFirst();
        process.arguments = arguments;
        process.workingDirectory = QFileInfo(context->target().path).absolutePath();
        process.timeoutMs = spec().params["timeoutMs"_L1].toInteger();
        if (context->lockDescriptor() >= 0) {
            process.inherit = {context->lockDescriptor()};
        }
        process.onLine = [context, source = name()](const QByteArray &line, bool) {
            context->logLine(source, SecretMask().masked(QString::fromUtf8(line)));
        };
        co_return co_await context->processes().run(process, stop);
    }
};

const StepRegistry::Registration registration(u"command"_s, 1, [](StepSpec spec) {
    return std::make_unique<CommandStep>(std::move(spec));
});

const Catalogue::Registration texts{
    {"command.title", QT_TRANSLATE_NOOP("catalogue", "%{name}"), nullptr},
    {"command.intent", QT_TRANSLATE_NOOP("catalogue", "Run the target's own step “%{name}”"), nullptr},
    {"command.failed",
     QT_TRANSLATE_NOOP("catalogue", "The program for “%{part}” of “%{name}” ended with %{exit}; expected 0. Its last line: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "Look at its lines in the log, mend the cause and retry.")},
    {"command.no_revert",
     QT_TRANSLATE_NOOP("catalogue", "“%{name}” can't be undone: target.yaml names no program for it."),
     QT_TRANSLATE_NOOP("catalogue", "Undo by hand what it did and retry, or add “revert” to the step.")},
    {"command.no_anchor",
     QT_TRANSLATE_NOOP("catalogue", "The step “%{name}” is to follow “%{after}”, but the plan has no step of that kind or id; it has %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Correct “after” of the command in target.yaml.")},
};

} // namespace

Result<QList<StepSpec>> withCommandSteps(const Target &target, QList<StepSpec> steps)
{
    QString from, to;
    for (const StepSpec &step : std::as_const(steps)) {
        if (step.kind == "switch_release"_L1) {
            from = from.isEmpty() ? step.params["from"_L1].toString() : from;
            to = step.params["to"_L1].toString();
        }
    }
    for (const CommandStepSpec &command : target.commands) {
        // Behind the last one, so that a kind with a step per instance is finished as a whole.
        qsizetype at = -1;
        QStringList known;
        for (qsizetype i = 0; i < steps.size(); ++i) {
            if (steps[i].kind == command.after || steps[i].id == command.after || steps[i].id == QString(u"command:"_s + command.after)) {
                at = i;
            }
            if (!known.contains(steps[i].kind)) {
                known.append(steps[i].kind);
            }
        }
        if (at < 0) {
            StepSpec anchor;
            anchor.kind = command.after;
            if (StepRegistry::create(anchor)) {
                // This release has no such step, so there is nothing to follow it.
                continue;
            }
            return fail(u"command.no_anchor"_s,
                        {{u"name"_s, command.name}, {u"after"_s, command.after}, {u"known"_s, QJsonArray::fromStringList(known)}}, target.path);
        }
        StepSpec step;
        step.id = u"command:"_s + command.name;
        step.kind = u"command"_s;
        step.params = {{u"name"_s, command.name},
                       {u"preview"_s, QJsonArray::fromStringList(command.preview)},
                       {u"apply"_s, QJsonArray::fromStringList(command.apply)},
                       {u"revert"_s, QJsonArray::fromStringList(command.revert)},
                       {u"inspect"_s, QJsonArray::fromStringList(command.inspect)},
                       {u"timeoutMs"_s, command.timeoutMs},
                       {u"from"_s, from},
                       {u"to"_s, to}};
        // What can't be taken back is not rolled back over by itself.
        step.pointOfNoReturn = command.revert.isEmpty();
        step.title = {u"command.title"_s, {{u"name"_s, command.name}}};
        step.intent = {u"command.intent"_s, {{u"name"_s, command.name}}};
        // What the program itself says that it will do is asked for just before; the plan shows what will run.
        step.previews = {{u"command"_s, command.name, command.apply.join(u'\n')}};
        steps.insert(at + 1, step);
    }
    return steps;
}

} // namespace cutover
