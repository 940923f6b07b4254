// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <cstdint>
#include <string_view>

namespace cutover {

/**
 * Which of 10,000 buckets a user falls into for a flag: murmur3_x86_32("FLAG:USER", 0) mod 10,000.
 * A user has a flag at P percent when bucket < P × 100, so raising P never takes it from anybody.
 * Source: MurmurHash3 by Austin Appleby (public domain); the form of the key follows Unleash.
 * No Qt, so that a service can use it as it is.
 */
[[nodiscard]] std::uint32_t murmur3(std::string_view key, std::uint32_t seed);
[[nodiscard]] std::uint32_t featureBucket(std::string_view flag, std::string_view user);

} // namespace cutover
