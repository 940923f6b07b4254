// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/package.h"
#include "target/target.h"

namespace cutover {

/** A release as the repository's index describes it. */
struct ReleaseInfo {
    Manifest manifest; ///< Without members.
    QString file; ///< Name in the repository.
    qint64 size = 0;
    QString sha256;
};

/**
 * Where releases come from: an index.json (list of {file, size, sha256, manifest}, signed as
 * index.json.minisig) beside the packages, over http(s) or in a folder. Event-loop thread. Codes "repository.*".
 */
class Repository
{
public:
    explicit Repository(const RepositorySpec &spec, const QString &product);
    /// Those of the product, newest first.
    [[nodiscard]] Async<QList<ReleaseInfo>> releases(std::stop_token stop = {});
    /// Downloads package and signature into directory, resuming an earlier part (HTTP ranges), the
    /// digest checked while streaming, free space checked first. Returns the package's path. A
    /// complete file with the right digest is not fetched again. One process at a time for each
    /// package and folder; others wait, and then find it there.
    [[nodiscard]] Async<QString> download(ReleaseInfo release, QString directory, std::stop_token stop = {},
                                          package::ProgressFunction progress = {});
    /// Removes what an unfinished download of that package has left beside it, unless somebody is
    /// downloading it now. Blocking, small.
    [[nodiscard]] static Result<> discardParts(const QString &packageFile);
    /// Writes index.json (+ .minisig) for all packages in a folder.
    [[nodiscard]] static Result<> writeIndex(const QString &folder, const QString &secretKeyFile);

private:
    RepositorySpec m_spec;
    QString m_product;
};

/// Releases to install one after the other to get from installed to wanted: fewest hops, then
/// least total risk (low 1, medium 2, high 4), then the newest. Empty when equal. Error
/// "path.none" names the constraint that breaks the way (args: release, from, reachable).
[[nodiscard]] Result<QList<ReleaseInfo>> updatePath(const Version &installed, const Version &wanted, const QList<ReleaseInfo> &releases);

} // namespace cutover
