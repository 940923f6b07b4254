// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/releasesource.h"

namespace cutover {

std::unique_ptr<ReleaseSource> ReleaseSource::of(const Target &target)
{
    return target.repository.isGit() ? makeGitSource(target) : makePackageSource(target);
}

} // namespace cutover
