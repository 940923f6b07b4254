// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/releasesource.h"

using namespace Qt::StringLiterals;

namespace cutover {

std::unique_ptr<ReleaseSource> ReleaseSource::of(const Target &target)
{
    return target.repository.isGit() ? makeGitSource(target) : makePackageSource(target);
}

Async<StagedRelease> ReleaseSource::stageCommit(QString commit, std::stop_token, ProgressFunction)
{
    co_return fail(u"git.no_commits"_s, {{u"commit"_s, commit}});
}

} // namespace cutover
