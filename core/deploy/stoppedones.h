// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

namespace cutover {

/**
 * Which instances are meant to be stopped, in a file of the target's state folder: neither Docker nor systemd tells
 * whether what ended was meant to. Only who holds the run's lock changes it. Blocking for a small file.
 */
class StoppedOnes
{
public:
    explicit StoppedOnes(const QString &file)
        : m_file(file)
    {
    }
    [[nodiscard]] Result<QStringList> names() const;
    [[nodiscard]] Result<> mark(const QString &instance, bool isStopped) const;

private:
    QString m_file;
};

} // namespace cutover
