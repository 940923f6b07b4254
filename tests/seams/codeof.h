// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

namespace cutover {

/// The code of a failure, empty for a success: asking a success for its error is undefined.
template<class T>
QString codeOf(const Result<T> &result)
{
    return result ? QString() : result.error().code;
}

} // namespace cutover
