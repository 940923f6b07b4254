// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/rowmodel.h"

#include <QDateTime>
#include <QJsonObject>

namespace cutover {

/** Somebody else's session in a database, as the engine tells it. Value type. */
struct DatabaseSession {
    QString database;
    QString session; ///< Names it for good; empty: the server hides from us what would.
    qint64 pid = 0;
    QString application, user, client, state;
    QDateTime since; ///< Begin of its transaction; invalid: none is open.
    bool blocks = false; ///< Others wait for it.

    /// "psql (pid 4711)".
    [[nodiscard]] QString name() const;
    [[nodiscard]] static DatabaseSession fromJson(const QJsonObject &json);
};

/** Sessions that stand in an update's way, as a table. */
class SessionsModel : public RowModel<DatabaseSession>
{
    Q_OBJECT
public:
    enum Column { SessionColumn,
                  UserColumn,
                  DatabaseColumn,
                  StateColumn,
                  OpenColumn,
                  ColumnCount };
    using RowModel::RowModel;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : ColumnCount; }
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

protected:
    [[nodiscard]] QString keyOf(const DatabaseSession &row) const override { return row.session.isEmpty() ? QString(row.database + u"/hidden-" + QString::number(row.pid)) : QString(row.database + u'/' + row.session); }
    [[nodiscard]] QVariant cell(const DatabaseSession &row, int column, int role) const override;
};

} // namespace cutover
