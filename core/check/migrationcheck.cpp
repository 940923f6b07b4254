// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the databases are where the installed release expects them.

#include "check/checklist.h"
#include "migration/migrationchain.h"

#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(Target target, DatabaseSpec spec, std::stop_token)
{
    const auto wanted = readMigrations(target.currentLink() + u'/' + spec.migrations);
    if (!wanted) {
        co_return wrong(wanted.error());
    }
    const auto applied = co_await appliedMigrations(spec);
    if (!applied) {
        co_return wrong(applied.error());
    }
    const QJsonObject args{{u"database"_s, spec.name}};
    const auto with = [&args](const QString &revision) {
        QJsonObject more = args;
        more.insert(u"revision"_s, revision);
        return more;
    };
    for (const AppliedMigration &migration : *applied) {
        if (!migration.cursor.isEmpty()) {
            QJsonObject more = with(migration.revision);
            more.insert(u"cursor"_s, migration.cursor);
            co_return wrong(u"check.migration_unfinished"_s, more, spec.name);
        }
    }
    for (const Migration &migration : *wanted) {
        const auto found = std::ranges::find(*applied, migration.revision, &AppliedMigration::revision);
        if (found == applied->end()) {
            // Contracting belongs to a later update; until then it is owed, not missing.
            if (migration.phase != "contract"_L1) {
                co_return wrong(u"check.migration_pending"_s, with(migration.revision), spec.name);
            }
        } else if (found->sha256 != migration.upSha256) {
            co_return wrong(u"check.migration_changed"_s, with(migration.revision), spec.name);
        }
    }
    const QJsonValue head = applied->isEmpty() ? QJsonValue(u"0"_s) : QJsonValue(applied->last().revision);
    co_return passed(u"check.migrations_ok"_s, {{u"head"_s, head}});
}

const CheckKind kind(32, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const DatabaseSpec &spec : scope.target.databases) {
        if (!spec.migrations.isEmpty() && QFileInfo(scope.target.currentLink() + u'/' + spec.migrations).isDir()) {
            items.append({u"migrations:"_s + spec.name, {u"check.migrations"_s, {{u"database"_s, spec.name}}}, true, [target = scope.target, spec](CheckScope, std::stop_token stop) { return run(target, spec, stop); }});
        }
    }
    return items;
});

} // namespace

} // namespace cutover
