// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

/**
 * Alembic's revisions as a graph, read from the words of "alembic history --verbose". Values, any thread.
 */
namespace cutover::alembic {

struct Revision {
    QString revision;
    QStringList downRevisions; ///< Several: a merge. None: a base.
    QStringList dependsOn;
    QStringList branchLabels;
    QString message; ///< First line of its description.
    QString file; ///< Absolute, as Alembic told it.
};

class History
{
public:
    History() = default;
    /// Newest first, as Alembic tells it. Error "alembic.output" when there is something else between.
    [[nodiscard]] static Result<History> parse(const QString &output);

    [[nodiscard]] const QList<Revision> &revisions() const { return m_revisions; } ///< Oldest first.
    [[nodiscard]] const Revision *find(const QString &revision) const;
    /// What no other revision follows.
    [[nodiscard]] QStringList heads() const;
    /// Revisions with more than one follower.
    [[nodiscard]] QStringList branchPoints() const;
    /// These and all that they need, by down_revision and depends_on.
    [[nodiscard]] QStringList withAncestors(const QStringList &revisions) const;
    /// What a database at present lacks to be at target, oldest first.
    [[nodiscard]] QList<Revision> pending(const QStringList &present, const QStringList &target) const;
    /// The heads that a database has once revision has run on top of present; and before it had.
    [[nodiscard]] QStringList after(const QStringList &present, const Revision &revision) const;
    [[nodiscard]] QStringList before(const QStringList &present, const Revision &revision) const;
    /// "1a2b (add notes), 3c4d (add tags)"; a revision without a message alone.
    [[nodiscard]] QStringList described(const QStringList &revisions) const;

private:
    QList<Revision> m_revisions;
};

/// As the fact "migration.head:DATABASE" has it: in order, comma separated.
[[nodiscard]] QString joined(QStringList heads);

} // namespace cutover::alembic
