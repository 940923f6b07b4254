// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"

#include <QDateTime>
#include <QStringList>

namespace cutover {

/** A run begun although something stood in its way, and why. Value type. */
struct BreakGlass {
    QString by;
    QString reason;
    QStringList gates; ///< Those that were shut when it was given: "blackout", "approval", "staging", "checklist"; and "check:ID" of checks known to fail.
    QDateTime time; ///< UTC.
    [[nodiscard]] bool isEmpty() const { return reason.isEmpty(); }
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static BreakGlass fromJson(const QJsonObject &json);
};

/** A plan that somebody is asked to approve. */
struct ApprovalRequest {
    QString digest;
    Plan plan;
    QString by;
    QDateTime created;
};

/** A signature over an approval request, as it was brought. That it counts is found out anew each time (approval/approval.h). */
struct ApprovalRecord {
    QString digest; ///< Of the plan.
    QString approver; ///< Whose key it is, by the target's list when it was brought.
    QString keyId;
    QByteArray signature; ///< The .minisig file.
    QDateTime signedAt; ///< UTC, from the signed comment.
    QDateTime imported;
    QString importedBy;
};

/** A person's word on an item of a checklist; a later one takes the place of an earlier. */
struct Tick {
    QString digest; ///< Of the plan.
    QString run; ///< Empty: before there is a run of it.
    QString item;
    bool done = true; ///< false: taken back.
    QString by;
    QDateTime time;
    QString note;
};

} // namespace cutover
