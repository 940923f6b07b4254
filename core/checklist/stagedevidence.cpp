// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "checklist/stagedevidence.h"

#include "plan/loss.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using State = ChecklistItem::State;

/// "DATABASE: REVISION" of a step that moves a schema.
QString migrationOf(const StepSpec &spec)
{
    return spec.params["database"_L1].toString() + u": "_s + spec.params["revision"_L1].toString();
}

const StepSpec *specOf(const StagedRun &staged, const StepRecord &record)
{
    return record.index >= 0 && record.index < staged.run.plan.steps.size() ? &staged.run.plan.steps[record.index] : nullptr;
}

/// Those that a run took up for real.
QStringList wentUp(const StagedRun &staged)
{
    QStringList found;
    for (const StepRecord &record : staged.steps) {
        if (const StepSpec *spec = specOf(staged, record); spec && spec->kind == "migrate"_L1 && record.state == StepState::Done) {
            found.append(migrationOf(*spec));
        }
    }
    return found;
}

QStringList wentDown(const StagedRun &staged)
{
    QStringList found;
    for (const StepRecord &record : staged.steps) {
        const StepSpec *spec = specOf(staged, record);
        if (!spec) {
            continue;
        }
        // One that was taken back may have stayed in the database: then it says so.
        const bool takenBack = record.state == StepState::Reverted && staged.done.contains(spec->id) && !record.results.contains(stepresult::kept);
        if ((spec->kind == "downgrade"_L1 && record.state == StepState::Done) || (spec->kind == "migrate"_L1 && takenBack)) {
            found.append(migrationOf(*spec));
        }
    }
    return found;
}

/// What every verdict names.
QJsonObject argumentsOf(const ChecklistInput &input, const QString &run = {}, const QDateTime &time = {})
{
    QJsonObject args{{u"target"_s, input.staging->target}, {u"valid"_s, input.target.staging.validMs}};
    if (time.isValid()) {
        args.insert(u"run"_s, run);
        args.insert(u"time"_s, time.toUTC().toString(Qt::ISODateWithMs));
    }
    return args;
}

StagedVerdict failedBy(const CheckResult &result, QJsonObject args, const QDateTime &time)
{
    args.insert(u"check"_s, result.title.toJson());
    args.insert(u"cause"_s, result.error.toJson());
    return {State::Failed, {u"checklist.staging_failed"_s, args}, time};
}

} // namespace

std::optional<StagedVerdict> stagedResults(const ChecklistInput &input, const ResultPick &pick)
{
    if (!input.staging || input.staging->installs.isEmpty()) {
        return {};
    }
    const StagedRun &staged = input.staging->installs.last();
    QList<CheckResult> results;
    QDateTime time;
    for (const StepRecord &record : staged.steps) {
        const StepSpec *spec = specOf(staged, record);
        if (!spec || (spec->kind != "precheck"_L1 && spec->kind != "health"_L1)) {
            continue;
        }
        const QString served = spec->kind == "health"_L1 ? staged.run.plan.to : staged.run.plan.from;
        const QJsonArray told = record.results[u"checks"].toArray();
        for (const auto &value : told) {
            const CheckResult result = CheckResult::fromJson(value.toObject());
            // Before its update it may have been run on another version.
            const bool isOfRelease = result.finding.args[u"version"].toString(served) == input.plan.to;
            if (result.status < CheckResult::Status::Passed || !pick(result) || !isOfRelease) {
                continue;
            }
            results.removeIf([&result](const CheckResult &known) { return known.id == result.id; });
            results.append(result);
            time = record.ended.isValid() ? record.ended : staged.run.ended;
        }
    }
    if (results.isEmpty()) {
        return {};
    }
    QJsonObject args = argumentsOf(input, staged.run.id, time);
    QJsonArray names;
    for (const CheckResult &result : std::as_const(results)) {
        if (result.status != CheckResult::Status::Passed) {
            return failedBy(result, args, time);
        }
        names.append(result.id);
    }
    args.insert(u"checks"_s, names);
    return StagedVerdict{State::Ticked, {u"checklist.staging_passed"_s, args}, time};
}

StagedVerdict stagedUpAndDown(const ChecklistInput &input)
{
    QStringList up, down, runs;
    QDateTime time;
    const auto add = [&](const StagedRun &staged, QStringList &moved, const QStringList &found) {
        if (!found.isEmpty()) {
            moved += found;
            runs.append(staged.run.id);
            time = std::max(time, staged.run.ended);
        }
    };
    for (const StagedRun &staged : input.staging->installs) {
        add(staged, up, wentUp(staged));
    }
    for (const StagedRun &staged : input.staging->backs) {
        add(staged, down, wentDown(staged));
    }
    QJsonArray planned, neverUp, neverDown;
    for (const StepSpec &spec : input.plan.steps) {
        if (spec.kind == "migrate"_L1) {
            const QString migration = migrationOf(spec);
            planned.append(migration);
            if (!up.contains(migration)) {
                neverUp.append(migration);
            } else if (!down.contains(migration)) {
                neverDown.append(migration);
            }
        }
    }
    QJsonObject args = argumentsOf(input);
    for (const auto &[missing, code] : {std::pair{neverUp, u"checklist.never_up"_s}, std::pair{neverDown, u"checklist.never_down"_s}}) {
        if (!missing.isEmpty()) {
            args.insert(u"migrations"_s, missing);
            return {State::Open, {code, args}, {}};
        }
    }
    args = argumentsOf(input, runs.join(u", "_s), time);
    args.insert(u"migrations"_s, planned);
    return {State::Ticked, {u"checklist.up_and_down"_s, args}, time};
}

StagedVerdict stagedDatabaseBack(const ChecklistInput &input)
{
    for (const StagedRun &staged : input.staging->backs) {
        QStringList done = wentDown(staged);
        for (const StepRecord &record : staged.steps) {
            if (const StepSpec *spec = specOf(staged, record); spec && spec->kind == "restore_database"_L1 && record.state == StepState::Done) {
                done.append(spec->id);
            }
        }
        if (!done.isEmpty()) {
            QJsonObject args = argumentsOf(input, staged.run.id, staged.run.ended);
            args.insert(u"done"_s, QJsonArray::fromStringList(done));
            return {State::Ticked, {u"checklist.database_went_back"_s, args}, staged.run.ended};
        }
    }
    return {State::Open, {u"checklist.database_not_back"_s, argumentsOf(input)}, {}};
}

StagedVerdict stagedBackChecked(const ChecklistInput &input)
{
    for (const StagedRun &staged : input.staging->backs) {
        for (const StepRecord &record : staged.steps) {
            const StepSpec *spec = specOf(staged, record);
            const QJsonArray told = record.results[u"checks"].toArray();
            // An update that went back by itself had its checks before that.
            if (!spec || spec->kind != "health"_L1 || record.state != StepState::Done || told.isEmpty()) {
                continue;
            }
            QJsonObject args = argumentsOf(input, staged.run.id, record.ended);
            for (const auto &value : told) {
                if (const CheckResult result = CheckResult::fromJson(value.toObject()); result.status != CheckResult::Status::Passed) {
                    return failedBy(result, args, record.ended);
                }
            }
            args.insert(u"count"_s, told.size());
            return {State::Ticked, {u"checklist.back_checked"_s, args}, record.ended};
        }
    }
    return {State::Open, {u"checklist.back_not_checked"_s, argumentsOf(input)}, {}};
}

} // namespace cutover
