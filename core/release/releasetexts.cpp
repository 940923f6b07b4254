// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/message.h"

#include <QtGlobal>

namespace cutover {

static const Catalogue::Registration semverTexts{{
    {"semver.empty", QT_TRANSLATE_NOOP("catalogue", "A version is expected, but the text is empty."),
     QT_TRANSLATE_NOOP("catalogue", "Write a version such as 1.2.3 or 2.0.0-rc.1.")},
    {"semver.too_long", QT_TRANSLATE_NOOP("catalogue", "The version has %{length} characters; at most %{maximum} are allowed."),
     QT_TRANSLATE_NOOP("catalogue", "Write a version such as 1.2.3 or 2.0.0-rc.1.")},
    {"semver.number", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a version: a number is expected at column %{column}."),
     QT_TRANSLATE_NOOP("catalogue", "Write a version such as 1.2.3 or 2.0.0-rc.1.")},
    {"semver.leading_zero",
     QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a version: the number at column %{column} begins with a zero."),
     QT_TRANSLATE_NOOP("catalogue", "Write the number without leading zeros.")},
    {"semver.too_big",
     QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a version: the number at column %{column} is over 18446744073709551615."),
     QT_TRANSLATE_NOOP("catalogue", "Write a version such as 1.2.3 or 2.0.0-rc.1.")},
    {"semver.dot",
     QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a version: a “.” and another number are expected at column %{column}."),
     QT_TRANSLATE_NOOP("catalogue", "Write all three numbers, as in 1.2.0.")},
    {"semver.identifier",
     QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a version: a letter, a digit or “-” is expected at column %{column}."),
     QT_TRANSLATE_NOOP("catalogue", "After “-” and “+” come words of letters, digits and “-”, joined by dots.")},
    {"semver.trailing",
     QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a version: “%{found}” at column %{column} is not expected after it."),
     QT_TRANSLATE_NOOP("catalogue", "Write a version such as 1.2.3 or 2.0.0-rc.1.")},
    {"semver.range", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is not a range of versions: “%{found}” at column %{column} is not expected."),
     QT_TRANSLATE_NOOP("catalogue", "Write a range such as “^1.2”, “~1.2.3”, “1.2 - 1.4” or “>=1.2.0 <2.0.0 || 3.x”.")},
}};

} // namespace cutover
