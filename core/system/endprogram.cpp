// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/endprogram.h"

#include <cstdio>
#include <cstdlib>

namespace cutover {

void endProgram(int exitCode)
{
    std::fflush(nullptr);
    std::_Exit(exitCode);
}

} // namespace cutover
