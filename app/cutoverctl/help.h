// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "commands.h"

namespace cutover {

/// All commands, or those that begin with a word ("package").
void sayUsage(const QList<Command> &commands);
/// One command: what it does, its options, its exit codes.
void sayHelp(const Command &command);
void sayExitCodes();
/// Completion for bash, to be read by it: source <(cutoverctl completion)
void sayCompletion(const QList<Command> &commands);

} // namespace cutover
