// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/semver.h"

#include <QJsonObject>

namespace cutover {

struct Target;

/**
 * Versions of commits that no tag names. One bears the newest version before it and the commit as build metadata,
 * "1.2.1+g0123456789ab": folders, facts, restore points and histories tell it from the release, while ranges and
 * precedence take it for that release, so that the next update finds its way from there as from 1.2.1.
 */
[[nodiscard]] Version commitVersion(Version base, const QString &commit);
[[nodiscard]] bool isCommitVersion(const Version &version);

/// Whether an update may lead from installed to release: a newer one, or the release itself from a commit that bears its version.
[[nodiscard]] bool isAhead(const Version &release, const Version &installed);
/// As updateType(); from a commit to the release itself is a hotfix.
[[nodiscard]] UpdateType typeOfUpdate(const Version &installed, const Version &release);

/// Both are the same commit; either may be abbreviated, as git does.
[[nodiscard]] bool isSameCommit(const QString &one, const QString &other);
/// The commit that an instance tells beside its version; empty: none.
[[nodiscard]] QString commitToldBy(const QJsonObject &told);

/**
 * Whether an instance that tells this ({version, commit}) runs that release, by its folder's name. The code of a commit
 * does not know the version that it bears: it tells the commit, or the version of the manifest in its
 * folder, or of the release before it. Reads a small file; any thread.
 */
[[nodiscard]] bool tellsRelease(const Target &target, const QString &release, const QJsonObject &told);

} // namespace cutover
