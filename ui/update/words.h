// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "check/check.h"
#include "run/states.h"

#include <QMap>
#include <QString>

namespace cutover {

struct Plan;

// The words that the console uses for what the engine names; the same in every room.

[[nodiscard]] QString stateText(RunState state); ///< "Running", "Held", "Rolled back"
[[nodiscard]] QString stateText(StepState state);
[[nodiscard]] QString statusText(CheckResult::Status status); ///< "Passed"
[[nodiscard]] QString modeText(const QString &mode); ///< "code" → "Code only"
[[nodiscard]] QString downtimeText(qint64 milliseconds); ///< "none" for 0
[[nodiscard]] QString pathText(const QString &from, const QStringList &path); ///< "1.2.0 → 1.3.0 → 2.0.0"
/// "7,571 rows of orders lost", "no row lost" when nothing is; a name with a dot is a column, and has values.
[[nodiscard]] QString lossText(const QMap<QString, qint64> &loss);
/// The same for a plan, which holds above a limit by name: "about 231 rows of orders lost; the run
/// holds above 7,000". Without a limit as lossText().
[[nodiscard]] QString lossText(const QMap<QString, qint64> &loss, const QMap<QString, qint64> &holdAbove);
/// The same where part of it can't be counted: the messages that say why, and what could be counted.
[[nodiscard]] QString lossText(const QMap<QString, qint64> &loss, const QMap<QString, qint64> &holdAbove, const QJsonArray &unknown);
/// "7,571 rows of orders, 3 values of orders.note".
[[nodiscard]] QString countsText(const QMap<QString, qint64> &loss);
/// Of a rollback to a commit the first 12 digits of it; of any other plan nothing.
[[nodiscard]] QString shortCommit(const Plan &plan);
[[nodiscard]] QString shortDigest(const QString &digest); ///< The first 12 characters.

} // namespace cutover
