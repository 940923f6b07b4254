// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/session.h"

#include "system/files.h"
#include "system/random.h"

#include <QLockFile>
#include <QStandardPaths>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 longestSession = 200;
constexpr int lockWaitMs = 2000;

QString readSession(const QString &path)
{
    const auto content = files::read(path, longestSession);
    return content ? QString::fromUtf8(*content).trimmed() : QString();
}

} // namespace

QString consoleSession()
{
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation);
    const QString path = folder + u"/session"_s;
    if (const QString known = readSession(path); !known.isEmpty()) {
        return known;
    }
    const QString made = Random::system().id();
    if (!files::makePath(folder)) {
        return made;
    }
    // Two consoles may be started at once.
    QLockFile lock(path + u".lock"_s);
    if (!lock.tryLock(lockWaitMs)) {
        return made;
    }
    if (const QString known = readSession(path); !known.isEmpty()) {
        return known;
    }
    // When it can't be kept, this console has it all the same.
    (void)files::replace(path, made.toUtf8() + '\n', files::privateFile);
    return made;
}

} // namespace cutover
