// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>

#include <span>

namespace cutover::fuzz {

/**
 * A parser under attack. run() takes any bytes; it aborts when what the parser promises does not
 * hold for them. Returns whether they were good. The seeds are in corpus/NAME.
 */
struct FuzzTarget {
    const char *name;
    bool (*run)(const QByteArray &input);
    bool refusesAll = false; ///< No input may be good.
};

[[nodiscard]] std::span<const FuzzTarget> fuzzTargets();

} // namespace cutover::fuzz
