// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QTest>

#include <unistd.h>

/**
 * For a test that needs root: leaves it out where this user can't do what it needs, and ./dev test
 * says so at its end. In continuous integration (CI=true) as root it is a failure: there a test
 * that doesn't run would hide what it looks for.
 */
#define SKIP_WITHOUT_ROOT(why)                                                         \
    do {                                                                               \
        if (::geteuid() == 0 && qEnvironmentVariable("CI") == QLatin1String("true")) { \
            QFAIL("must be tested here, as root in CI: " why);                         \
        }                                                                              \
        QSKIP("NOT TESTED: " why);                                                     \
    } while (false)
