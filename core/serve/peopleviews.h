// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "checklist/checklist.h"

namespace cutover {

/** How it stands with the approval of a plan, for whoever starts it. */
struct ApprovalView {
    bool required = false;
    bool valid = false;
    QString approver; ///< valid: who; otherwise of the approval that counts no more, where there was one.
    QDateTime signedAt, expires;
    Error error; ///< Why none counts; empty code: one does, or none is needed.
    QStringList approvers; ///< Who may give one.
    qint64 validMs = 0;
    QString requestedBy; ///< Empty: it was not asked for.
    QDateTime requestedAt;
    QList<Message> warnings; ///< Approvers whose keys don't count, and why.
    QList<Message> changes; ///< Since the plan that was approved before this one.
    QByteArray request; ///< What is signed.
    QString fileName; ///< For that.
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static ApprovalView fromJson(const QJsonObject &json);
};

/** What stands in the way of a run of a plan now, and the approval in full. */
struct GatesView {
    QList<GateFinding> gates;
    ApprovalView approval;
    [[nodiscard]] Error firstShut() const { return cutover::firstShut(gates); }
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static GatesView fromJson(const QJsonObject &json);
};

/** A checklist, and what keeps its run from being closed. */
struct ChecklistView {
    QList<ChecklistItem> items;
    QString run; ///< Empty: of a plan that was not run.
    QStringList open; ///< Required items of an ended run that nobody has signed.
    [[nodiscard]] QStringList openTexts() const; ///< What those say, for people.
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static ChecklistView fromJson(const QJsonObject &json);
};

} // namespace cutover
