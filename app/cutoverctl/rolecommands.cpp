// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"

#include "deploy/supervisor.h"
#include "metrics/watcher.h"
#include "run/orchestrator.h"
#include "run/runchannel.h"
#include "run/runlock.h"
#include "serve/engineservice.h"
#include "serve/stdioserver.h"
#include "system/programs.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 LockWaitMs = 15000;

/** Where there is no engine: why, whatever is asked. */
class NoEngine : public EngineClient
{
public:
    explicit NoEngine(Error why)
        : m_why(std::move(why))
    {
    }
    Async<QJsonObject> call(QString, QJsonObject) override { co_return fail(m_why); }
    bool isConnected() const override { return true; }

private:
    Error m_why;
};

/// The runner: one run to its end. A run that another runner has is left to it.
Result<int> runnerRole(const Arguments &arguments)
{
    const QString runId = arguments.value(u"run"_s);
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    TRY(const auto lock, QCoro::waitFor(RunLock::acquire(target.stateDirectory, runId, {.waitMs = LockWaitMs})));
    TRY(const auto journal, Journal::open(target.stateDirectory));
    Orchestrator orchestrator(target, journal.get(), runId, lock->descriptor());
    orchestrator.setFence([&lock] {
        return lock->check();
    });
    RunChannelServer channel(target.stateDirectory);
    if (!channel.listen()) {
        // Progress is lossy: a run without lookers-on is still a run.
        qWarning("cutoverctl: the run's socket can't be opened; consoles read the journal only");
    }
    QObject::connect(&orchestrator, &Orchestrator::told, &channel, [&channel, runId](QJsonObject what) {
        what.insert(u"run"_s, runId);
        channel.send(what);
    });
    QObject::connect(&channel, &RunChannelServer::woken, &orchestrator, &Orchestrator::wake);
    TRY(const RunState state, QCoro::waitFor(orchestrator.run(arguments.has(u"leave-when-held"_s))));
    return state == RunState::Succeeded ? ExitOk : state == RunState::RolledBack ? ExitRolledBack
                                                                                 : ExitHeld;
}

Result<int> superviseRole(const Arguments &arguments)
{
    TRY(const QString file, targetFile(arguments));
    return superviseMain(file);
}

Result<int> watchRole(const Arguments &arguments)
{
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    Watcher watcher(target);
    // Nobody is left to end it when its system was removed.
    QObject::connect(&watcher, &Watcher::scraped, &watcher, [file] {
        if (!QFileInfo::exists(file)) {
            QCoreApplication::exit(0);
        }
    });
    QObject::connect(&watcher, &Watcher::silenced, &watcher, [](const Error &error) { (void)sayError(error); });
    CHECK(watcher.start());
    return QCoreApplication::exec();
}

Result<int> serveRole(const Arguments &arguments)
{
    TRY(const QString file, targetFile(arguments));
    EngineService engine(file, whoAmI());
    if (const auto opened = engine.open(); !opened) {
        // The console tells it as it is, in its own language, instead of this program's last words.
        NoEngine none(opened.error());
        StdioServer server(&none);
        server.start();
        QCoreApplication::exec();
        return fail(opened.error());
    }
    engine.keepWatcher();
    StdioServer server(&engine);
    server.start();
    return QCoreApplication::exec();
}

} // namespace

QList<Command> roleCommands()
{
    return {
        {{u"runner"_s, {}, 0, 0, {u"run"_s}, {u"leave-when-held"_s}, QT_TRANSLATE_NOOP("cutoverctl", "lead a run to its end")}, run<runnerRole>, true},
        {{u"supervise"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "own the services of the process runtime")}, run<superviseRole>, true},
        {{u"watch"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "scrape and judge the target's metrics")}, run<watchRole>, true},
        {{u"serve"_s, {}, 0, 0, {}, {u"stdio"_s}, QT_TRANSLATE_NOOP("cutoverctl", "be a console's counterpart on standard input and output")},
         run<serveRole>,
         true},
    };
}

} // namespace cutover
