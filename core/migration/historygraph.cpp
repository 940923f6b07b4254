// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/historygraph.h"

#include <QHash>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

/// Each behind all that follow it; else from the end of the list on, where the newest stands.
QList<const Revision *> newestFirst(const QList<Revision> &revisions)
{
    QHash<QString, int> followers;
    for (const Revision &revision : revisions) {
        for (const QString &down : revision.downRevisions) {
            ++followers[down];
        }
    }
    QList<const Revision *> open;
    for (const Revision &revision : revisions) {
        open.prepend(&revision);
    }
    QList<const Revision *> sorted;
    while (!open.isEmpty()) {
        const auto next = std::ranges::find_if(open, [&followers](const Revision *revision) { return followers.value(revision->revision) <= 0; });
        // A circle, which Alembic refuses, is drawn somehow.
        const Revision *revision = open.takeAt(next == open.end() ? 0 : next - open.begin());
        sorted.append(revision);
        for (const QString &down : revision->downRevisions) {
            --followers[down];
        }
    }
    return sorted;
}

/**
 * The lines that lead down side by side: each waits for the revision that it leads to. A lane is two characters wide; what
 * moves from one lane to another does so between two rows, where the odd columns are.
 */
class Lanes
{
public:
    QList<GraphLine> lines;

    void draw(const Revision &revision)
    {
        qsizetype lane = m_waiting.indexOf(revision.revision);
        if (lane < 0) {
            lane = m_waiting.size();
            m_waiting.append(revision.revision);
        }
        QString row = straight();
        row[2 * lane] = u'*';
        lines.append({row, revision.revision});
        if (revision.downRevisions.isEmpty()) {
            end(lane);
            return;
        }
        m_waiting[lane] = revision.downRevisions.first();
        for (const QString &down : revision.downRevisions.sliced(1)) {
            fork(lane, down);
        }
        joinEqual();
    }

private:
    QString straight() const
    {
        QString row;
        for (qsizetype i = 0; i < m_waiting.size(); ++i) {
            row += i == 0 ? u"|"_s : u" |"_s;
        }
        return row;
    }

    void between(QString row)
    {
        while (row.endsWith(u' ')) {
            row.chop(1);
        }
        lines.append({row, {}});
    }

    /// Lanes from there on go one to the left or to the right, out of the way.
    void move(QString &row, qsizetype from, QChar way) const
    {
        for (qsizetype i = from; i < m_waiting.size(); ++i) {
            row[2 * i] = u' ';
            row[way == u'/' ? 2 * i - 1 : 2 * i + 1] = way;
        }
    }

    void end(qsizetype lane)
    {
        if (lane + 1 < m_waiting.size()) {
            QString row = straight();
            row[2 * lane] = u' ';
            move(row, lane + 1, u'/');
            between(row);
        }
        m_waiting.removeAt(lane);
    }

    /// A merge: another lane beside the one of its first parent.
    void fork(qsizetype lane, const QString &down)
    {
        QString row = straight() + u' ';
        move(row, lane + 1, u'\\');
        row[2 * lane + 1] = u'\\';
        between(row);
        m_waiting.insert(lane + 1, down);
    }

    /// Where branches part, as seen from above: two lanes that wait for the same go on as one.
    void joinEqual()
    {
        for (qsizetype right = m_waiting.size() - 1; right > 0; --right) {
            const qsizetype left = m_waiting.indexOf(m_waiting[right]);
            if (left == right) {
                continue;
            }
            QString row = straight();
            move(row, right, u'/');
            // Below those between.
            for (qsizetype i = left; i < right - 1; ++i) {
                row[2 * i + 1] = u'_';
            }
            between(row);
            m_waiting.removeAt(right);
        }
    }

    QStringList m_waiting;
};

} // namespace

QList<GraphLine> graphOf(const QList<Revision> &revisions)
{
    Lanes lanes;
    const auto sorted = newestFirst(revisions);
    for (const Revision *revision : sorted) {
        lanes.draw(*revision);
    }
    return lanes.lines;
}

} // namespace cutover::alembic
