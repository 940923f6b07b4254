// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gate/staging.h"

#include "run/decisions.h"
#include "run/journal.h"
#include "target/sharing.h"

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool installs(const RunRecord &run, const QString &digest)
{
    return run.plan.kind == "update"_L1 && std::ranges::contains(releaseDigests(run.plan), digest, &ReleaseDigest::digest);
}

/// The newest run that was to install it, however it stands with it.
const RunRecord *newest(const QList<RunRecord> &runs, const QString &digest)
{
    const auto run = std::ranges::find_if(runs, [&digest](const RunRecord &each) { return installs(each, digest) && !wasRefused(each); });
    return run == runs.cend() ? nullptr : &*run;
}

/// Whether a run left that package for what was before: an update of it that went back, or a rollback from where it was installed.
bool leaves(const QList<RunRecord> &runs, qsizetype index, const QString &digest)
{
    const RunRecord &run = runs[index];
    if (run.state == RunState::RolledBack) {
        return installs(run, digest) && !wasRefused(run);
    }
    if (run.plan.kind != "rollback"_L1 || run.state != RunState::Succeeded) {
        return false;
    }
    // What was installed then is known by the update before it; the version alone may be that of another package.
    for (qsizetype i = index + 1; i < runs.size(); ++i) {
        if (runs[i].state == RunState::Succeeded && runs[i].plan.to == run.plan.from) {
            return installs(runs[i], digest);
        }
    }
    return false;
}

Result<StagedRun> withSteps(Journal &journal, const RunRecord &run)
{
    StagedRun staged{run, {}, {}};
    TRY(staged.steps, journal.steps(run.id));
    TRY(const QList<EventRecord> events, journal.events(run.id, 0, 100000));
    for (const EventRecord &event : events) {
        if (event.message.code == "run.step_done"_L1 || event.message.code == "run.step_inspected_done"_L1) {
            staged.done.append(event.stepId);
        }
    }
    return staged;
}

} // namespace

QList<ReleaseDigest> releaseDigests(const Plan &plan)
{
    QList<ReleaseDigest> digests;
    for (const StepSpec &step : plan.steps) {
        const QString sha256 = step.params["sha256"_L1].toString();
        const QString digest = sha256.isEmpty() ? step.params["commit"_L1].toString() : sha256;
        const QString version = step.params["version"_L1].toString();
        // Fetched and verified by a step each; which of them is no matter.
        if (!digest.isEmpty() && !version.isEmpty() && !std::ranges::contains(digests, digest, &ReleaseDigest::digest)) {
            digests.append({version, digest});
        }
    }
    return digests;
}

Result<StagingProof> stagingProof(const Target &target, const QList<ReleaseDigest> &releases, const QDateTime &now)
{
    const StagingSpec &spec = target.staging;
    const auto other = Target::load(spec.target);
    if (!other) {
        return fail(u"staging.no_target"_s, {{u"file"_s, spec.target}, {u"cause"_s, other.error().toJson()}}, spec.target);
    }
    if (const auto shared = sharedBetween(target, *other)) {
        return fail(u"staging.shared"_s, {{u"target"_s, other->name}, {u"what"_s, shared->toJson()}}, spec.target);
    }
    const auto journal = Journal::open(other->stateDirectory, Journal::Mode::ReadOnly);
    const auto runs = journal ? (*journal)->runs() : Result<QList<RunRecord>>(fail(journal.error()));
    if (!runs) {
        return fail(runs.error().code == "journal.absent"_L1 ? u"staging.no_journal"_s : u"staging.unreadable"_s,
                    {{u"target"_s, other->name}, {u"cause"_s, runs.error().toJson()}}, other->stateDirectory);
    }
    if (releases.isEmpty()) {
        return fail(u"staging.no_digest"_s, {{u"target"_s, other->name}}, spec.target);
    }
    StagingProof proof{.target = other->name, .run = {}, .ended = {}, .by = {}, .rehearsal = {}, .rehearsed = {}, .installs = {}, .backs = {}};
    const auto unreadable = [&](const Error &cause) {
        return fail(u"staging.unreadable"_s, {{u"target"_s, other->name}, {u"cause"_s, cause.toJson()}}, other->stateDirectory);
    };
    for (const ReleaseDigest &release : releases) {
        const QJsonObject what{{u"target"_s, other->name}, {u"version"_s, release.version}, {u"digest"_s, release.digest.left(12)}};
        const RunRecord *run = newest(*runs, release.digest);
        if (!run || run->state != RunState::Succeeded) {
            QJsonObject args = what;
            if (run) {
                args.insert(u"run"_s, run->id);
                args.insert(u"state"_s, Message{u"run.state_"_s + stateName(run->state), {}}.toJson());
            }
            return fail(run ? u"staging.not_succeeded"_s : u"staging.never"_s, args, spec.target);
        }
        const qint64 age = run->ended.msecsTo(now);
        if (age > spec.validMs) {
            QJsonObject args = what;
            args.insert(u"run"_s, run->id);
            args.insert(u"age"_s, age);
            args.insert(u"limit"_s, spec.validMs);
            return fail(u"staging.old"_s, args, spec.target);
        }
        if (!proof.ended.isValid() || run->ended < proof.ended) {
            proof.run = run->id;
            proof.ended = run->ended;
            proof.by = run->startedBy;
        }
        if (std::ranges::none_of(proof.installs, [run](const StagedRun &known) { return known.run.id == run->id; })) {
            auto staged = withSteps(**journal, *run);
            if (!staged) {
                return unreadable(staged.error());
            }
            proof.installs.append(*std::move(staged));
        }
    }
    for (qsizetype i = 0; i < runs->size(); ++i) {
        const RunRecord &run = runs->at(i);
        const qint64 age = run.ended.isValid() ? run.ended.msecsTo(now) : -1;
        if (age >= 0 && age <= spec.validMs && leaves(*runs, i, releases.last().digest)) {
            auto staged = withSteps(**journal, run);
            if (!staged) {
                return unreadable(staged.error());
            }
            if (proof.backs.isEmpty()) {
                proof.rehearsal = run.id;
                proof.rehearsed = run.ended;
            }
            proof.backs.append(*std::move(staged));
        }
    }
    return proof;
}

} // namespace cutover
