// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/manifest.h"

#include <QJsonObject>

namespace cutover {

/** A release of the demo system: what its package says and holds beside the program. */
struct DemoRelease {
    Manifest manifest;
    QJsonObject behaviour; ///< release.json, read by cutover-demo-service.
    int migrations = 1; ///< The first so many of the chain.
};

/// 1.2.0, 1.2.1 (hotfix), 1.3.0 (minor), 1.3.1 (faulty) and 2.0.0 (major). faultRampSeconds: in
/// which the errors of 1.3.1 climb to 12 %.
[[nodiscard]] Result<QList<DemoRelease>> demoReleases(double faultRampSeconds);
/// Writes the release's folder as package::build() takes it. program: the demo service's executable.
[[nodiscard]] Result<> writeDemoRelease(const DemoRelease &release, const QString &program, const QString &folder);

} // namespace cutover
