// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether there is a backup that was proven lately, and whether the configuration is as the last
// update left it. Both are told by the journal.

#include "check/checklist.h"
#include "plan/keyeddigest.h"
#include "run/journal.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 recentMs = 7LL * 24 * 3600 * 1000;

Finding lookAtBackups(const QString &stateDirectory)
{
    const auto journal = Journal::open(stateDirectory, Journal::Mode::ReadOnly);
    const auto points = journal ? (*journal)->restorePoints() : Result<QList<RestorePoint>>(fail(journal.error()));
    if (!points) {
        return wrong(u"check.no_proven_backup"_s);
    }
    QDateTime newest;
    for (const RestorePoint &point : *points) {
        if (point.available && point.proven.isValid() && (!newest.isValid() || point.created > newest)) {
            newest = point.created;
        }
    }
    if (!newest.isValid()) {
        return wrong(u"check.no_proven_backup"_s);
    }
    const qint64 age = newest.msecsTo(Clock::system().now());
    const QJsonObject args{{u"age"_s, age}, {u"limit"_s, recentMs}};
    return age > recentMs ? wrong(u"check.old_backup"_s, args) : passed(u"check.backup_ok"_s, args);
}

/// Digests that the last successful run ended with; empty when there was none.
Facts lastFacts(const QString &stateDirectory)
{
    const auto journal = Journal::open(stateDirectory, Journal::Mode::ReadOnly);
    const auto runs = journal ? (*journal)->runs() : Result<QList<RunRecord>>(fail(journal.error()));
    for (const RunRecord &run : runs.value_or(QList<RunRecord>())) {
        if (run.state == RunState::Succeeded) {
            return run.plan.factsBefore(run.plan.steps.size());
        }
    }
    return {};
}

Finding lookAtConfiguration(const Target &target)
{
    const Facts last = lastFacts(target.stateDirectory);
    int compared = 0;
    for (const ConfigurationSpec &spec : target.configuration) {
        const auto content = files::read(spec.file);
        if (!content) {
            return wrong(content.error());
        }
        const QJsonValue before = last[configurationFact(spec.file)];
        const auto digest = keyedDigest(target.stateDirectory, *content);
        if (!digest) {
            return wrong(digest.error());
        }
        if (before.isString() && before.toString() != *digest) {
            return wrong(u"check.configuration_drift"_s, {{u"file"_s, spec.file}}, spec.file);
        }
        compared += before.isString();
    }
    return passed(compared ? u"check.configuration_ok"_s : u"check.configuration_first"_s, {{u"count"_s, target.configuration.size()}});
}

QCoro::Task<Finding> runBackup(CheckScope scope, std::stop_token)
{
    Worker worker;
    co_return co_await worker.run([state = scope.target.stateDirectory] { return lookAtBackups(state); });
}

QCoro::Task<Finding> runConfiguration(CheckScope scope, std::stop_token)
{
    Worker worker;
    co_return co_await worker.run([target = scope.target] { return lookAtConfiguration(target); });
}

const CheckKind backup(50, [](const CheckScope &scope) {
    return scope.afterUpdate || scope.target.databases.isEmpty()
        ? QList<CheckItem>()
        : QList<CheckItem>{{u"backup"_s, {u"check.backup"_s, {}}, false, runBackup}};
});

const CheckKind configuration(60, [](const CheckScope &scope) {
    return scope.afterUpdate || scope.target.configuration.isEmpty()
        ? QList<CheckItem>()
        : QList<CheckItem>{{u"configuration"_s, {u"check.configuration"_s, {}}, false, runConfiguration}};
});

} // namespace

} // namespace cutover
