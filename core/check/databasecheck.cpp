// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether each SQLite database is there, whole, and not held by a long write.

#include "check/checklist.h"
#include "database/database.h"
#include "database/lockholders.h"
#include "system/clock.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int lockLooks = 8;
constexpr qint64 betweenLooksMs = 125;

QCoro::Task<Finding> run(DatabaseSpec spec, std::stop_token stop)
{
    if (!QFileInfo(spec.file).isFile()) {
        co_return wrong(u"check.no_database"_s, {{u"database"_s, spec.name}, {u"file"_s, spec.file}}, spec.file);
    }
    // Somebody writes now and then; only who is seen each time holds it.
    QStringList holders = lockHolders(spec.file);
    for (int look = 1; look < lockLooks && !holders.isEmpty(); ++look) {
        if (const auto slept = co_await Clock::system().sleep(betweenLooksMs, stop); !slept) {
            co_return wrong(slept.error());
        }
        const QStringList now = lockHolders(spec.file);
        holders.removeIf([&now](const QString &holder) { return !now.contains(holder); });
    }
    if (!holders.isEmpty()) {
        co_return wrong(u"check.database_held"_s,
                        {{u"database"_s, spec.name}, {u"holder"_s, holders.first()}, {u"duration"_s, (lockLooks - 1) * betweenLooksMs}}, spec.file);
    }
    const auto database = Database::create(spec);
    if (!database) {
        co_return wrong(database.error());
    }
    if (const auto whole = co_await (*database)->check(); !whole) {
        co_return wrong(whole.error());
    }
    const auto size = co_await (*database)->size();
    if (!size) {
        co_return wrong(size.error());
    }
    co_return passed(u"check.database_ok"_s, {{u"size"_s, *size}});
}

const CheckKind kind(30, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const DatabaseSpec &spec : scope.target.databases) {
        if (spec.driver != "sqlite"_L1) {
            continue;
        }
        items.append({u"database:"_s + spec.name, {u"check.database"_s, {{u"database"_s, spec.name}}}, true, [spec](CheckScope, std::stop_token stop) { return run(spec, stop); }});
    }
    return items;
});

} // namespace

} // namespace cutover
