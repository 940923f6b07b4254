// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/sessionsmodel.h"

#include "common/times.h"
#include "system/jsonvalues.h"

namespace cutover {

using namespace Qt::StringLiterals;

QString DatabaseSession::name() const
{
    return application.isEmpty() ? SessionsModel::tr("pid %1").arg(pid) : SessionsModel::tr("%1 (pid %2)").arg(application).arg(pid);
}

DatabaseSession DatabaseSession::fromJson(const QJsonObject &json)
{
    return {.database = json[u"database"].toString(),
            .session = json[u"session"].toString(),
            .pid = json[u"pid"].toInteger(),
            .application = json[u"application"].toString(),
            .user = json[u"user"].toString(),
            .client = json[u"client"].toString(),
            .state = json[u"state"].toString(),
            .since = json::toTime(json[u"since"]),
            .blocks = json[u"blocks"].toBool()};
}

QVariant SessionsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) {
        return orientation == Qt::Horizontal && role == Qt::TextAlignmentRole ? QVariant::fromValue(Qt::Alignment(Qt::AlignLeft | Qt::AlignVCenter)) : QVariant();
    }
    switch (section) {
    case SessionColumn:
        return tr("Session");
    case UserColumn:
        return tr("User");
    case DatabaseColumn:
        return tr("Database");
    case StateColumn:
        return tr("State");
    case OpenColumn:
        return tr("Transaction began");
    default:
        return {};
    }
}

QVariant SessionsModel::cell(const DatabaseSession &row, int column, int role) const
{
    if (role == Qt::ToolTipRole && column == OpenColumn && row.since.isValid()) {
        return exactTime(row.since);
    }
    if (role == Qt::AccessibleTextRole) {
        return cell(row, column, Qt::DisplayRole);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (column) {
    case SessionColumn:
        return row.name();
    case UserColumn:
        return row.client.isEmpty() ? row.user : tr("%1 from %2").arg(row.user, row.client);
    case DatabaseColumn:
        return row.database;
    case StateColumn:
        return row.blocks ? tr("%1; others wait for it").arg(row.state) : row.state;
    case OpenColumn:
        return row.since.isValid() ? relativeTime(row.since) : row.session.isEmpty() ? tr("hidden")
                                                                                     : tr("none is open");
    default:
        return {};
    }
}

} // namespace cutover
