// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/minisign.h"
#include "run/peoplerecords.h"
#include "target/target.h"

namespace cutover {

/**
 * Approval of a plan by a second person: a minisign signature over a small file that names the plan by its digest, the
 * target by its identity, and how long a signature counts. The file follows from the plan alone, so that whoever has the
 * plan can check a signature; minisign itself can sign it as well. Blocking, any thread. Codes "approval.*".
 */

/** Whose signature counts for a plan, and for how long. Value type. */
struct ApprovalRules {
    struct Key {
        QString approver;
        minisign::PublicKey key;
    };
    QList<Key> keys;
    QList<Key> late; ///< Of approvers who were not, or with another key, when the plan was made; theirs don't count for it.
    QStringList approvers; ///< All whom the target names.
    QList<Message> passedOver; ///< Whose key does not count, and why.
    qint64 validMs = 0; ///< The shorter one of what the plan and the target say.
};

/// As the plan's policy pins it: how long a signature counts, and each approver with the key as it is now. A key that can't be
/// read is left out; the gate tells. Blocking, small.
[[nodiscard]] QJsonObject approvalPolicy(const ApprovalSpec &spec);
/// What counts now: keys that the plan pins and that the target still has. A file that can't be read is passed over and named.
[[nodiscard]] qint64 approvalValidMs(const ApprovalSpec &spec, const Plan &plan);
[[nodiscard]] ApprovalRules approvalRules(const ApprovalSpec &spec, const Plan &plan);

/// What is signed: canonical JSON and a line feed.
[[nodiscard]] QByteArray approvalRequest(const Plan &plan, const QString &digest);
/// "approval-1a2b3c4d5e6f.json"
[[nodiscard]] QString approvalFileName(const QString &digest);
/// The content of the signature's file. now: of the signer; goes into the signed comment.
[[nodiscard]] Result<QByteArray> signApproval(const Plan &plan, const QString &digest, const QString &secretKeyFile, const QByteArray &password, const QDateTime &now);

/// A signature that was brought, taken apart and checked: by a key that counts for the plan, over this plan, of a time that has
/// been. "approval.not_pinned": by an approver who wasn't one, or had another key, when the plan was made. Whether it still counts is for approvalFor() to say. importedBy: who brings it.
[[nodiscard]] Result<ApprovalRecord> checkApproval(const ApprovalSpec &spec, const Plan &plan, const QString &digest, const QByteArray &signature, const QString &importedBy,
                                                   const QDateTime &now);
/// The one that counts now for a run of startedBy. Errors, the nearest miss first: "approval.expired", "approval.same_person",
/// "approval.damaged", "approval.other_plan" (a plan before this one was approved), "approval.no_keys" (nobody's key counts),
/// "approval.none".
[[nodiscard]] Result<ApprovalRecord> approvalFor(const ApprovalRules &rules, const Plan &plan, const QString &digest, const QList<ApprovalRecord> &records,
                                                 const QString &startedBy, const QDateTime &now);
[[nodiscard]] QDateTime expiryOf(const ApprovalRules &rules, const ApprovalRecord &record);

/// Whether an approver and whoever starts a run are one. who: as the conn names people, "kim@desk", "kim (ops@desk)",
/// "kim@desk as ops@host", "ann@host (as root)"; each name in it counts, in whatever case, with or without its host.
[[nodiscard]] bool isSamePerson(const QString &approver, const QString &who);

/// What differs between an approved plan and the one that there is now, as messages.
[[nodiscard]] QList<Message> planDifferences(const Plan &approved, const Plan &now);

} // namespace cutover
