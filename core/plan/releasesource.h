// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"
#include "plan/step.h"

namespace cutover {

/**
 * Where a target's releases come from, and by which steps a run gets them: packages of a signed
 * index, or tags of a git repository. Event-loop thread; a task's source outlives it.
 */
class ReleaseSource
{
public:
    using ProgressFunction = std::function<void(const Progress &)>;

    /// That of the target.
    [[nodiscard]] static std::unique_ptr<ReleaseSource> of(const Target &target);
    virtual ~ReleaseSource() = default;

    /// Those of the target's product, newest first.
    [[nodiscard]] virtual Async<QList<ReleaseInfo>> releases(std::stop_token stop = {}) = 0;
    /// Of the last answer of releases(): what is offered there and can't be used, and why.
    [[nodiscard]] virtual QList<Error> unusable() const { return {}; }
    /// Brings a release into STATE, verifies it, and puts a copy below STATE/cache to look at. Changes
    /// nothing that serves; everything is found again by the next call.
    [[nodiscard]] virtual Async<StagedRelease> stage(ReleaseInfo release, std::stop_token stop, ProgressFunction progress) = 0;
    /// The same for any commit, by its hash or the beginning of it, else by the tag of a release, else by a branch that has been pushed: under a version of its own (release/commitversion.h), unless a tag
    /// names it. Error "git.no_commits" where releases are packages.
    [[nodiscard]] virtual Async<StagedRelease> stageCommit(QString commit, std::stop_token stop, ProgressFunction progress);
    /// The steps that bring and verify it once more, as planned.
    [[nodiscard]] virtual QList<StepSpec> acquireSteps(const StagedRelease &release) const = 0;
    /// The step that puts its folder beside the installed ones; its id is placeStep().
    [[nodiscard]] virtual StepSpec place(const StagedRelease &release) const = 0;
    [[nodiscard]] static QString placeStep() { return QStringLiteral("unpack"); }

protected:
    ReleaseSource() = default;
};

/// For the two of them: from the target, which it keeps a copy of.
[[nodiscard]] std::unique_ptr<ReleaseSource> makePackageSource(const Target &target);
[[nodiscard]] std::unique_ptr<ReleaseSource> makeGitSource(const Target &target);

} // namespace cutover
