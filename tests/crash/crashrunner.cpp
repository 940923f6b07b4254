// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The runner that the crash tests interrupt: crash-runner FOLDER RUN.

#include "run/orchestrator.h"
#include "run/runlock.h"
#include "smallscenario.h"

#include <QCoreApplication>
#include <QCoroTask>

#include <cstdio>

using namespace cutover;

namespace {

Async<RunState> go(Target target, QString run)
{
    CO_TRY(const auto lock, co_await RunLock::acquire(target.stateDirectory, run, {}));
    CO_TRY(const auto journal, Journal::open(target.stateDirectory));
    Orchestrator orchestrator(target, journal.get(), run, lock->descriptor());
    co_return co_await orchestrator.run(true);
}

} // namespace

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() != 3) {
        std::fprintf(stderr, "Usage: crash-runner FOLDER RUN\n");
        return 2;
    }
    const auto state = QCoro::waitFor(go(testing::SmallScenario::target(arguments[1]), arguments[2]));
    std::printf("%s\n", qPrintable(state ? stateName(*state) : state.error().text()));
    return state ? 0 : 1;
}
