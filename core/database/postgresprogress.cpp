// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresprogress.h"

#include "database/postgresschema.h"

#include <QRegularExpression>

#include <numeric>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

TableWatch::TableWatch(QMap<QString, qint64> rows, Database::ProgressFunction progress)
    : m_rows(std::move(rows))
    , m_total(qMax<qint64>(1, std::accumulate(m_rows.cbegin(), m_rows.cend(), qint64(0))))
    , m_progress(std::move(progress))
{
}

void TableWatch::hear(const QString &line)
{
    static const QRegularExpression begun(u"(?:dumping contents of|processing data for) table \"([^.]+)\\.(.+)\""_s);
    if (const auto match = begun.match(line); match.hasMatch()) {
        m_begun.insert(tableKey(match.captured(1), match.captured(2)));
    }
}

Result<QMap<QString, qint64>> TableWatch::underWay(Session &session)
{
    TRY(const QList<Row> rows,
        session.rows(u"SELECT n.nspname, c.relname, p.tuples_processed FROM pg_stat_progress_copy p JOIN pg_class c ON c.oid = p.relid "
                     "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.datname = current_database()"_s));
    QMap<QString, qint64> found;
    for (const Row &row : rows) {
        found.insert(tableKey(row[0].toString(), row[1].toString()), row[2].toLongLong());
    }
    return found;
}

void TableWatch::tell(const QMap<QString, qint64> &underWay)
{
    qint64 done = 0;
    // What was named since the last look may not have begun, and is no more under way than what has ended.
    for (const QString &table : std::as_const(m_known)) {
        done += underWay.contains(table) ? 0 : m_rows.value(table);
    }
    m_known = m_begun;
    for (const auto &[table, rows] : underWay.asKeyValueRange()) {
        done += qMin(rows, m_rows.value(table, rows));
    }
    // Estimates may be wrong; the end comes only when the program has ended.
    m_done = qMax(m_done, qMin(done, m_total - 1));
    if (m_progress) {
        m_progress(m_done, m_total);
    }
}

void TableWatch::tellDone()
{
    if (m_progress) {
        m_progress(m_total, m_total);
    }
}

} // namespace cutover::postgres
