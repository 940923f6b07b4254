// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QByteArray>
#include <QString>

namespace cutover {

/** Randomness as a seam. Any thread. */
class Random
{
public:
    virtual ~Random() = default;
    [[nodiscard]] virtual QByteArray bytes(qsizetype count) = 0;
    /// A sortable id: time in milliseconds and 80 random bits, 26 characters of Crockford's base 32 (ULID).
    [[nodiscard]] QString id();

    /// The kernel's generator; with CUTOVER_SEED set, a reproducible one.
    [[nodiscard]] static Random &system();
};

} // namespace cutover
