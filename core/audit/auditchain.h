// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"

namespace cutover {

/// The hash of a row: SHA-256 over the previous row's hash (empty for the first) and the row's own
/// fields in canonical form. A row that is changed, removed or put in breaks every hash after it.
/// Any thread. Source of the method: Haber and Stornetta, "How to time-stamp a digital document", 1991.
[[nodiscard]] QString auditHash(const QString &previous, const AuditRecord &record);

/** Checks rows one after another, oldest first. */
class AuditChain
{
public:
    /// Error "audit.chain_broken" {sequence, who, time}: this row, or one before it, is not as it was written.
    [[nodiscard]] Result<> add(const AuditRecord &record);
    /// After the last row. lastSequence: the highest that was ever given; more rows than found means
    /// that rows are missing at the end.
    [[nodiscard]] Result<> finish(qint64 lastSequence) const;

private:
    QString m_previous;
    qint64 m_sequence = 0;
};

} // namespace cutover
