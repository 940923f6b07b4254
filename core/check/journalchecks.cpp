// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether there is a backup that was proven lately, and whether the configuration is as the last
// update left it. Both are told by the journal.

#include "check/checklist.h"
#include "check/configurationstate.h"
#include "plan/keyeddigest.h"
#include "run/journal.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>
#include <QJsonArray>

#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Finding lookAtBackups(const QString &stateDirectory, qint64 limit)
{
    const auto journal = Journal::open(stateDirectory, Journal::Mode::ReadOnly);
    const auto points = journal ? (*journal)->restorePoints() : Result<QList<RestorePoint>>(fail(journal.error()));
    if (!points && points.error().code != "journal.absent"_L1) {
        return wrong(points.error());
    }
    std::optional<RestorePoint> newest;
    QStringList gone;
    qsizetype unproven = 0;
    for (const RestorePoint &point : points.value_or(QList<RestorePoint>())) {
        if (!point.available) {
            continue;
        }
        // The journal knows what was made, and not what became of it.
        if (!QFileInfo(point.directory + u"/manifest.json"_s).isReadable()) {
            gone.append(point.directory);
        } else if (!point.proven.isValid()) {
            ++unproven;
        } else if (!newest || point.created > newest->created) {
            newest = point;
        }
    }
    if (!newest && unproven == 0 && !gone.isEmpty()) {
        return wrong(u"check.backup_gone"_s, {{u"count"_s, gone.size()}, {u"folder"_s, gone.constFirst()}}, gone.constFirst());
    }
    if (!newest) {
        return wrong(u"check.no_proven_backup"_s, {{u"unproven"_s, unproven}});
    }
    const qint64 age = newest->created.msecsTo(Clock::system().now());
    const QJsonObject args{{u"id"_s, newest->id},
                           {u"time"_s, newest->created.toUTC().toString(Qt::ISODate)},
                           {u"age"_s, age},
                           {u"size"_s, newest->size},
                           {u"proven"_s, newest->proven.toUTC().toString(Qt::ISODate)},
                           {u"version"_s, newest->version},
                           {u"limit"_s, limit}};
    if (limit > 0 && age > limit) {
        return wrong(u"check.old_backup"_s, args);
    }
    return passed(limit > 0 ? u"check.backup_ok"_s : u"check.backup_ok_any"_s, args);
}

/** How the last successful run left the configuration. */
struct LastConfiguration {
    Facts facts; ///< With the digests of whole files; empty: there was no such run.
    QJsonObject files; ///< As of configurationNow(); empty where that run did not write it down.
};

LastConfiguration lastConfiguration(const QString &stateDirectory)
{
    const auto journal = Journal::open(stateDirectory, Journal::Mode::ReadOnly);
    const auto runs = journal ? (*journal)->runs() : Result<QList<RunRecord>>(fail(journal.error()));
    for (const RunRecord &run : runs.value_or(QList<RunRecord>())) {
        if (run.state != RunState::Succeeded) {
            continue;
        }
        LastConfiguration last{run.plan.factsBefore(run.plan.steps.size()), {}};
        const QList<StepRecord> steps = (*journal)->steps(run.id).value_or(QList<StepRecord>());
        for (const StepRecord &step : steps) {
            if (const QJsonObject files = step.results["configuration"_L1].toObject(); !files.isEmpty()) {
                last.files = files;
            }
        }
        return last;
    }
    return {};
}

Finding lookAtConfiguration(const Target &target)
{
    const LastConfiguration last = lastConfiguration(target.stateDirectory);
    int compared = 0;
    QJsonArray drifted;
    QString firstFile;
    for (const ConfigurationSpec &spec : target.configuration) {
        const auto content = files::read(spec.file);
        if (!content) {
            return wrong(content.error());
        }
        const QJsonValue before = last.facts[configurationFact(spec.file)];
        const auto digest = keyedDigest(target.stateDirectory, *content);
        if (!digest) {
            return wrong(digest.error());
        }
        compared += before.isString();
        if (!before.isString() || before.toString() == *digest) {
            continue;
        }
        firstFile = firstFile.isEmpty() ? spec.file : firstFile;
        // Keys of another state of the file would name the wrong ones.
        const QJsonObject entry = last.files[spec.file].toObject();
        const QJsonArray keys = entry["digest"_L1] == before ? configurationDifferences(target.stateDirectory, spec.file, *content, entry) : QJsonArray();
        // Comments and order are changes, too, and the keys of what is no .env file are not known.
        drifted.append(Message{keys.isEmpty() ? u"check.drift_file"_s : u"check.drift_keys"_s, {{u"file"_s, spec.file}, {u"keys"_s, keys}}}.toJson());
    }
    if (!drifted.isEmpty()) {
        return wrong(u"check.configuration_drift"_s, {{u"files"_s, drifted}, {u"count"_s, drifted.size()}}, firstFile);
    }
    return passed(compared ? u"check.configuration_ok"_s : u"check.configuration_first"_s, {{u"count"_s, target.configuration.size()}});
}

QCoro::Task<Finding> runBackup(CheckScope scope, std::stop_token)
{
    Worker worker;
    co_return co_await worker.run([state = scope.target.stateDirectory, limit = scope.target.check.maxBackupAgeMs] { return lookAtBackups(state, limit); });
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
