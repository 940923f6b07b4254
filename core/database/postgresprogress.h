// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"
#include "database/postgressession.h"

#include <QSet>

namespace cutover::postgres {

/**
 * How many rows a dump or restore has done: the tables that its program says to have begun, and the
 * rows under way that the server counts (pg_stat_progress_copy). Event-loop thread but where said.
 */
class TableWatch
{
public:
    TableWatch(QMap<QString, qint64> rows, Database::ProgressFunction progress);
    Q_DISABLE_COPY_MOVE(TableWatch)

    /// A line of the program's --verbose output.
    void hear(const QString &line);
    /// Rows copied so far by table, for tables that are under way. Outside of any transaction, within which the server would give
    /// the same figures again and again; since version 14. On the worker.
    [[nodiscard]] static Result<QMap<QString, qint64>> underWay(Session &session);
    /// Tells, never going back.
    void tell(const QMap<QString, qint64> &underWay);
    void tellDone();

private:
    QMap<QString, qint64> m_rows;
    QSet<QString> m_begun;
    QSet<QString> m_known; ///< Those of them that were at the last look.
    qint64 m_total = 0;
    qint64 m_done = 0;
    Database::ProgressFunction m_progress;
};

} // namespace cutover::postgres
