// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/bucket.h"

#include <bit>
#include <string>

namespace cutover {

std::uint32_t murmur3(std::string_view key, std::uint32_t seed)
{
    constexpr std::uint32_t c1 = 0xcc9e2d51;
    constexpr std::uint32_t c2 = 0x1b873593;
    const auto byte = [key](std::size_t at) { return std::uint32_t(static_cast<unsigned char>(key[at])); };
    const auto mixed = [](std::uint32_t k) { return std::rotl(k * c1, 15) * c2; };

    std::uint32_t h = seed;
    const std::size_t blocks = key.size() / 4;
    for (std::size_t i = 0; i < blocks * 4; i += 4) {
        // Little endian whatever the machine is, so that every service agrees.
        h ^= mixed(byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24);
        h = std::rotl(h, 13) * 5 + 0xe6546b64;
    }
    std::uint32_t tail = 0;
    for (std::size_t i = key.size(); i > blocks * 4; --i) {
        tail = tail << 8 | byte(i - 1);
    }
    h ^= mixed(tail); // mixed(0) is 0
    h ^= std::uint32_t(key.size());
    h = (h ^ h >> 16) * 0x85ebca6b;
    h = (h ^ h >> 13) * 0xc2b2ae35;
    return h ^ h >> 16;
}

std::uint32_t featureBucket(std::string_view flag, std::string_view user)
{
    std::string key;
    key.reserve(flag.size() + 1 + user.size());
    key.append(flag).append(1, ':').append(user);
    return murmur3(key, 0) % 10000;
}

} // namespace cutover
