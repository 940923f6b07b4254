// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/restorepoints.h"

#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

Async<QList<RestorePoint>> readRestorePoints(QString stateDirectory)
{
    Worker worker;
    co_return co_await worker.run([stateDirectory]() -> Result<QList<RestorePoint>> {
        TRY(const auto journal, Journal::open(stateDirectory));
        return journal->restorePoints();
    });
}

Async<RestorePoint> readRestorePoint(QString stateDirectory, QString id)
{
    CO_TRY(const QList<RestorePoint> points, co_await readRestorePoints(stateDirectory));
    for (const RestorePoint &point : points) {
        if (point.id == id) {
            co_return point;
        }
    }
    co_return fail(u"backup.unknown_point"_s, {{u"id"_s, id}});
}

Async<> saveRestorePoint(QString stateDirectory, RestorePoint point)
{
    Worker worker;
    co_return co_await worker.run([stateDirectory, point]() -> Result<> {
        TRY(const auto journal, Journal::open(stateDirectory));
        return journal->addRestorePoint(point);
    });
}

QString databaseMember(const QString &database)
{
    return u"database:"_s + database;
}

QString configurationMember(const QString &file)
{
    return u"configuration:"_s + file;
}

} // namespace cutover
