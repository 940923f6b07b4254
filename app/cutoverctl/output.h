// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QJsonObject>
#include <QStringList>

namespace cutover {

/// Documented in 'cutoverctl help exit-codes'.
enum ExitCode {
    ExitOk = 0,
    ExitFailed = 1,
    ExitUsage = 2,
    ExitRefused = 3, ///< A check failed, a signature is wrong, or somebody else has the conn: nothing was changed.
    ExitHeld = 4, ///< The run waits for a decision.
    ExitRolledBack = 5, ///< The run went back to the old version.
    ExitBlackout = 6, ///< Not now: blackout hours. Nothing was changed; the same command may be given again later.
    ExitGate = 7, ///< Approval, staging or checklist stands in the way: nothing was changed.
};

/** Where the program's own sentences are translated: Cli::tr("…"). */
class Cli
{
    Q_DECLARE_TR_FUNCTIONS(cutoverctl)
};

/// One line on standard output; in JSON mode nothing.
void say(const QString &line);
/// The result of a command: the object in JSON mode, nothing otherwise. Once a command.
void sayJson(const QJsonObject &object);
/// An error on standard error, or {"error": …} on standard output in JSON mode. Returns its exit code.
[[nodiscard]] int sayError(const Error &error);
/// The exit code that an error stands for.
[[nodiscard]] int exitCodeOf(const Error &error);
/// Of this machine, to the second; "-" where there is none.
[[nodiscard]] QString localTime(const QDateTime &time);
/// Aligned columns; the first row is the header.
void sayTable(const QList<QStringList> &rows);
/// Writes a file for its owner's eyes only, whatever the mode of an existing one was.
[[nodiscard]] Result<> writePrivately(const QString &path, const QByteArray &content);
void setJsonMode(bool on);
[[nodiscard]] bool jsonMode();

} // namespace cutover
