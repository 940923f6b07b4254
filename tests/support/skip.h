// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QFile>
#include <QTest>

#include <unistd.h>

namespace cutover::testing {

/// Whether this process has root's right to mount: root in a container often has not.
inline bool mayMount()
{
    constexpr int sysAdmin = 21; // capabilities(7)
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly)) {
        return false;
    }
    const QList<QByteArray> lines = status.readAll().split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith("CapEff:")) {
            return (line.mid(7).trimmed().toULongLong(nullptr, 16) >> sysAdmin & 1) != 0;
        }
    }
    return false;
}

} // namespace cutover::testing

/**
 * For a test that needs root: leaves it out where this user can't do what it needs, and ./dev test
 * says so at its end. In continuous integration (CI=true) as root with all of root's rights it is a
 * failure: there a test that doesn't run would hide what it looks for.
 */
#define SKIP_WITHOUT_ROOT(why)                                                                     \
    do {                                                                                           \
        if (cutover::testing::mayMount() && qEnvironmentVariable("CI") == QLatin1String("true")) { \
            QFAIL("must be tested here, as root in CI: " why);                                     \
        }                                                                                          \
        QSKIP("NOT TESTED: " why);                                                                 \
    } while (false)
