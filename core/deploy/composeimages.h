// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/runtime.h"

namespace cutover {

/**
 * Images that no release of these versions names or ran from and no container was made from, of the names that the target's
 * own services have in those releases, such as "backend:1.2.0"; but for the newest `keep` of each name, the oldest last. A
 * target without services in Compose has none. Another target on the same Docker may need them all the same: only production's
 * are removed. Changes nothing. Errors "compose.*", and "deploy.no_release" where a version's release is not there to tell.
 */
[[nodiscard]] Async<QStringList> leftoverImages(Target target, QStringList versions, int keep, std::stop_token stop = {});
/// Removes images by these names, never by force; those that are gone, or in use after all, are passed over. What was removed.
[[nodiscard]] Async<QStringList> removeComposeImages(Target target, QStringList images, RuntimeTools tools);

/// "registry:5000/backend:1.2.0@sha256:…" → "registry:5000/backend". Pure.
[[nodiscard]] QString imageRepository(const QString &image);
/// A name as the daemon lists it: without what it means by itself ("docker.io/library/"), and with the tag that it means without one. Pure.
[[nodiscard]] QString listedImageName(const QString &image);

/// The choice alone. named: as Docker lists them, the newest first, each "NAME:TAG" or "NAME@DIGEST" with its id. Pure.
[[nodiscard]] QStringList imagesToRemove(const QList<std::pair<QString, QString>> &named, const QStringList &needed, const QStringList &usedIds, int keep);

} // namespace cutover
