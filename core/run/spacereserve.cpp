// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/spacereserve.h"

#include "system/files.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString reserveFile(const QString &stateDirectory)
{
    return QString(stateDirectory + u"/reserve"_s);
}

} // namespace

bool holdReserve(const QString &stateDirectory)
{
    const QString path = reserveFile(stateDirectory);
    if (!QFileInfo::exists(path)) {
        // Taking it back from the run that has just been given it would help nobody.
        const auto available = files::freeBytes(stateDirectory);
        if (!available || *available < 4 * reservedBytes) {
            return false;
        }
    }
    return files::reserve(path, reservedBytes).has_value();
}

bool releaseReserve(const QString &stateDirectory)
{
    const QString path = reserveFile(stateDirectory);
    if (!QFileInfo::exists(path)) {
        return false;
    }
    // The space is free once the name is gone, even where the folder cannot be synced.
    (void)files::remove(path);
    return !QFileInfo::exists(path);
}

} // namespace cutover
