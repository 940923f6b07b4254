// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QString>

namespace demo {

/** How this release behaves: release.json in its folder. */
struct ReleaseInfo {
    QString version;
    QString build;
    QString commit;
    int schema = 1; ///< Migration that it needs at least: 2 writes tags and events, 4 writes the notional.
    double errorProportion = 0; ///< Of user requests that fail, once the ramp is over.
    double quietSeconds = 0; ///< From its start, without failures: it passes its health checks.
    double rampSeconds = 0; ///< After that.

    /// An empty version when the file can't be read; says why on standard error.
    [[nodiscard]] static ReleaseInfo load(const QString &folder);
};

} // namespace demo
