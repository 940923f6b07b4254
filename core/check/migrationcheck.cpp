// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the databases are where the installed release expects them.

#include "check/checklist.h"
#include "migration/migrationtool.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(Target target, DatabaseSpec spec, std::stop_token stop)
{
    const auto tool = MigrationTool::named(spec.migrationTool.tool);
    if (!tool) {
        co_return wrong(tool.error());
    }
    const auto head = co_await (*tool)->check(target, spec, stop);
    co_return head ? passed(u"check.migrations_ok"_s, {{u"head"_s, *head}}) : wrong(head.error());
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
