// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

#include <QMap>

namespace cutover {

/// What is given up: rows by "TABLE", values of a column by "TABLE.COLUMN"; where a target has
/// several databases, behind "DATABASE:".
using Loss = QMap<QString, qint64>;

/// "TABLE", or "DATABASE:TABLE" where the target has several databases.
[[nodiscard]] QString lossName(const Target &target, const QString &database, const QString &table);
[[nodiscard]] QJsonObject lossToJson(const Loss &loss);
[[nodiscard]] Loss lossFromJson(const QJsonValue &json);
/// "3 rows of orders", "1 value of orders.note", as messages to put into another; without the zeros.
[[nodiscard]] QJsonArray lossMessages(const Loss &loss);
/// The same, but for nothing the word "nothing".
[[nodiscard]] QJsonArray lossStated(const Loss &loss);

/// How long writers may go on between planning and the moment that a loss is counted for good, beside
/// the steps before it: reading and approving the plan.
constexpr qint64 approvalMs = 5LL * 60 * 1000;

/**
 * What may be lost before a run asks again: what was counted, and as much as writers are expected to
 * add, at the rate that they were seen to write at, until it is counted for good. All in the plan,
 * so that approval covers it.
 */
struct LossLimit {
    Loss counted; ///< At planning.
    Loss allowance;

    /// sinceMs: how long it took what was counted to come together; aheadMs: until it is counted again.
    void add(const QString &name, qint64 count, qint64 sinceMs, qint64 aheadMs);
    [[nodiscard]] Loss holdAbove() const;
    /// Into and out of a step's parameters.
    void write(QJsonObject &params) const;
    [[nodiscard]] static LossLimit read(const QJsonObject &params);
    /// A preview of what was counted, with the limit of each.
    [[nodiscard]] Preview table(const QString &title) const;
};
/// Adds up, name by name.
void add(Loss &sum, const Loss &more);
/// Where loss is above limit, all of it; empty: it isn't.
[[nodiscard]] Loss above(const Loss &loss, const Loss &limit);

/// What can't be counted, as the live database can't be read: database → why.
using UnknownLoss = QMap<QString, Error>;
[[nodiscard]] QJsonObject unknownLossToJson(const UnknownLoss &unknown);
[[nodiscard]] UnknownLoss unknownLossFromJson(const QJsonValue &json);
/// What the plan says of it; the worst is to be assumed, so that a person has to agree to it by name.
[[nodiscard]] UnknownLoss unknownLoss(const Plan &plan);
void setUnknownLoss(Plan &plan, const UnknownLoss &unknown);
/// "what main would lose is unknown: the database … is damaged", for each.
[[nodiscard]] QJsonArray unknownLossMessages(const UnknownLoss &unknown);

/// What steps in effect say that they gave up ("lost" among their results), over all of the run.
struct StepRecord;
[[nodiscard]] Loss lostBy(const Plan &plan, const QList<StepRecord> &steps);

/// Keys among a step's results that have to do with losses.
namespace stepresult {
constexpr QLatin1StringView lost("lost"); ///< Name → count: what the step gave up.
/// Set by a step that fails only because a person has to agree: name → count that "resume" agrees to.
constexpr QLatin1StringView asks("asks");
constexpr QLatin1StringView asked("asked"); ///< The same, once the run is held for it: whoever resumes agrees.
constexpr QLatin1StringView kept("kept"); ///< Of a step taken back: a message that names what stays, and why.
constexpr QLatin1StringView remarks("remarks"); ///< Messages that the report has below the step: what people should know although it succeeded.
constexpr QLatin1StringView aside("aside"); ///< Where the step keeps, for evidence, the damaged file that it replaced.
constexpr QLatin1StringView sessions("sessions:"); ///< With an instance's name behind it: a message, how many sessions were closed there at the drain limit.
constexpr QLatin1StringView irreversible("irreversible"); ///< It turned out that what the step did can't be taken back.
} // namespace stepresult

} // namespace cutover
