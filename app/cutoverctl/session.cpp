// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "session.h"

#include "commands.h"
#include "interruptible.h"
#include "output.h"

#include "run/decisions.h"
#include "serve/runview.h"
#include "system/programs.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QFile>
#include <QJsonArray>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int FollowMs = 200;

} // namespace

Result<std::unique_ptr<EngineService>> openEngine(const Arguments &arguments, EngineService::Purpose purpose)
{
    TRY(const QString file, targetFile(arguments));
    auto engine = std::make_unique<EngineService>(file, whoAmI());
    CHECK(engine->open(purpose));
    return engine;
}

Result<QString> typedName(const QString &name)
{
    std::fputs(qPrintable(Cli::tr("Type the target's name (%1) to go on: ").arg(name)), stderr);
    QFile input;
    if (!input.open(stdin, QIODevice::ReadOnly) || QString::fromLocal8Bit(input.readLine(1000)).trimmed() != name) {
        return fail(u"cli.not_confirmed"_s);
    }
    return name;
}

Result<> confirmInProduction(const Arguments &arguments, const Target &target, const QString &verb)
{
    if (!target.isProduction()) {
        return {};
    }
    QString name = arguments.value(u"confirm"_s);
    if (!arguments.has(u"confirm"_s) && !jsonMode() && ::isatty(STDIN_FILENO)) {
        TRY(name, typedName(target.name));
    }
    if (name != target.name) {
        return fail(u"serve.confirm_decision"_s, {{u"verb"_s, verb}, {u"target"_s, target.name}, {u"given"_s, name}}, target.path);
    }
    return {};
}

ConnGuard::ConnGuard(EngineService &engine)
    : m_engine(engine)
{
    const auto view = QCoro::waitFor(engine.call(u"conn"_s));
    m_keep = !view || (*view)[u"ours"].toBool();
}

ConnGuard::~ConnGuard()
{
    if (!m_keep) {
        // What it can't give back, somebody can take over.
        [[maybe_unused]] const auto given = QCoro::waitFor(m_engine.call(u"bye"_s));
    }
}

Result<QJsonObject> waitForJob(EngineService &engine, const QString &job, const std::function<void(const QJsonObject &)> &item)
{
    QEventLoop loop;
    Result<QJsonObject> result;
    QObject::connect(&engine, &EngineClient::jobTold, &loop, [&](const QString &id, const QString &state, const QJsonObject &what) {
        if (id != job) {
            return;
        }
        if (state == u"item" && item) {
            item(what[u"item"].toObject());
        } else if (state == u"done") {
            result = what;
            loop.quit();
        } else if (state == u"failed") {
            result = fail(Error::fromJson(what));
            loop.quit();
        }
    });
    const Interruptible interruptible([&engine, job] {
        [[maybe_unused]] const auto cancelled = engine.cancelJob(job);
    });
    loop.exec();
    return result;
}

Result<int> followRun(EngineService &engine, const QString &runId, qint64 after)
{
    bool stopped = false;
    const Interruptible interruptible([&stopped] {
        stopped = true;
    });
    qint64 sequence = after;
    for (;;) {
        TRY(const auto events, QCoro::waitFor(engine.events(runId, sequence)));
        for (const EventRecord &event : events) {
            sequence = event.sequence;
            say(event.time.toLocalTime().toString(u"HH:mm:ss"_s) + u"  "_s + event.message.text());
        }
        TRY(const RunView view, QCoro::waitFor(engine.run(runId)));
        const RunState state = view.run.state;
        if (events.isEmpty() && (isFinal(state) || state == RunState::Held)) {
            const Loss lost = lostBy(view);
            sayJson({{u"run"_s, toJson(view.run)}, {u"reason"_s, view.run.reason.text()}, {u"lost"_s, lossToJson(lost)}});
            const QJsonArray losses = lossMessages(lost);
            for (const auto &each : losses) {
                say(QCoreApplication::translate("cutoverctl", "Lost: %1").arg(Message::fromJson(each.toObject()).text()));
            }
            if (state == RunState::Succeeded) {
                say(Cli::tr("%1 is installed.").arg(view.run.plan.to));
                return ExitOk;
            }
            say(view.run.reason.text());
            if (state != RunState::RolledBack) {
                return state == RunState::Held ? ExitHeld : ExitFailed;
            }
            // Where no step that changes anything came to work, there was nothing to go back from.
            const bool changed = std::ranges::any_of(view.steps, [](const StepView &step) { return step.spec.changesState && isPrepared(step.record); });
            // A gate that shut between the command and the start is told by its own code.
            const int gate = exitCodeOf(view.run.error);
            return changed ? ExitRolledBack : gate == ExitBlackout || gate == ExitGate ? gate
                                                                                       : ExitRefused;
        }
        if (stopped) {
            sayJson({{u"run"_s, toJson(view.run)}, {u"reason"_s, view.run.reason.text()}, {u"following"_s, false}});
            say(Cli::tr("The run %1 goes on, and you keep the conn; see 'cutoverctl follow'.").arg(runId));
            return ExitOk;
        }
        QEventLoop loop;
        QTimer::singleShot(FollowMs, &loop, &QEventLoop::quit);
        loop.exec();
    }
}

} // namespace cutover
