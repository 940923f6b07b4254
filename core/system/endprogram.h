// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

namespace cutover {

/**
 * Ends the program with what it has written so far, once it has nothing more to do: main()'s last statement. Tasks that only look
 * (a probe, a query) may still be under way then, and threads of theirs, as QNetworkAccessManager's, would run on while exit()
 * takes away below them what is static; now and then that ended in a crash, and with it went the exit code. Any thread.
 */
[[noreturn]] void endProgram(int exitCode);

} // namespace cutover
