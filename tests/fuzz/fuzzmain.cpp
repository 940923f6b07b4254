// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "fuzztargets.h"

#include <cstring>

/// libFuzzer's entry; one program per target, named by CUTOVER_FUZZ_TARGET.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const cutover::fuzz::FuzzTarget &target = [] -> const cutover::fuzz::FuzzTarget & {
        for (const auto &each : cutover::fuzz::fuzzTargets()) {
            if (std::strcmp(each.name, CUTOVER_FUZZ_TARGET) == 0) {
                return each;
            }
        }
        qFatal("no fuzz target " CUTOVER_FUZZ_TARGET);
    }();
    target.run(QByteArray(reinterpret_cast<const char *>(data), qsizetype(size)));
    return 0;
}
