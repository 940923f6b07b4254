// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "gate/gates.h"

#include <optional>

namespace cutover {

/// Whether what a person has to sign before a run is signed, and the run before this one is closed. none: the target demands
/// nothing. Blocking, small.
[[nodiscard]] Result<std::optional<GateFinding>> checklistGate(Journal &journal, const GateScope &scope);

/** A required item that nobody has signed. */
struct OpenItem {
    QString name;
    QString text; ///< For people.
};

/// The required items that keep an ended run from being closed, empty when it is closed. Only what its own plan demanded, and
/// nothing of a run that changed nothing.
[[nodiscard]] Result<QList<OpenItem>> openItems(Journal &journal, const RunRecord &run);

} // namespace cutover
