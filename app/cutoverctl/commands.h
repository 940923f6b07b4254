// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "arguments.h"
#include "output.h"

#include <functional>

namespace cutover {

/** A word of the command line and what it does. */
struct Command {
    CommandSyntax syntax;
    std::function<int(const Arguments &)> run;
    bool hidden = false; ///< A role that the program starts for itself.
};

/// A command's function, with its error told.
template<Result<int> (*Function)(const Arguments &)>
int run(const Arguments &arguments)
{
    const Result<int> result = Function(arguments);
    return result ? *result : sayError(result.error());
}

[[nodiscard]] QList<Command> versionCommands();
[[nodiscard]] QList<Command> packageCommands();
[[nodiscard]] QList<Command> targetCommands();
[[nodiscard]] QList<Command> databaseCommands();
[[nodiscard]] QList<Command> runCommands();
[[nodiscard]] QList<Command> roleCommands();
[[nodiscard]] QList<Command> demoCommands();
[[nodiscard]] QList<Command> migrationCommands();
[[nodiscard]] QList<Command> serviceCommands();
[[nodiscard]] QList<Command> peopleCommands();

/// --target, else CUTOVER_TARGET, else target.yaml in this folder. Error "cli.no_target".
[[nodiscard]] Result<QString> targetFile(const Arguments &arguments);

} // namespace cutover
