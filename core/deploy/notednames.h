// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QStringList>

namespace cutover {

/**
 * Names of instances in a file of the target's state folder: which are meant to be stopped, as neither Docker nor systemd tells
 * whether what ended was meant to; which spares serve. Only who holds the run's lock changes it. Blocking for a small file.
 */
class NotedNames
{
public:
    explicit NotedNames(const QString &file)
        : m_file(file)
    {
    }
    [[nodiscard]] Result<QStringList> names() const;
    [[nodiscard]] Result<> note(const QString &name, bool isSo) const;

private:
    QString m_file;
};

} // namespace cutover
