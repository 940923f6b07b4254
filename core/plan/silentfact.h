// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/facts.h"

#include <optional>

namespace cutover {

/// Why a fact is a silentFact(), for who asks one runtime alone; nothing where it is told.
[[nodiscard]] std::optional<Error> silentError(const QJsonValue &fact);

} // namespace cutover
