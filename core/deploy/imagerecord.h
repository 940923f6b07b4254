// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

namespace cutover {

// Which images a release has run from, by their ids: STATE/images.json. A name can mean another image tomorrow, and what a
// release builds itself comes out otherwise when it is built again.

/// Id of what an instance's service in the Compose file ran from at that version, in its colour or else in the other one; empty: not known. Blocking; quick.
[[nodiscard]] QString recordedImage(const Target &target, const QString &version, const QString &instance);
/// Ids of all that these versions ran from.
[[nodiscard]] QStringList recordedImages(const Target &target, const QStringList &versions);
/// Ids of all that any version noted there ran from.
[[nodiscard]] QStringList recordedImages(const Target &target);
/// Replaces it durably; releases of which no folder is left are forgotten. Only who holds the run's lock comes here.
[[nodiscard]] Result<> recordImage(const Target &target, const QString &version, const QString &instance, const QString &image);

} // namespace cutover
