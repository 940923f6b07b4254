// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/session.h"

#include "system/files.h"
#include "system/random.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QStandardPaths>

#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 longestSession = 200;

QString readSession(const QString &path)
{
    const auto content = files::read(path, longestSession);
    return content ? QString::fromUtf8(*content).trimmed() : QString();
}

/// Puts a file of that content there, unless there is one already: by then it is whole. Nothing is
/// waited for, and not even synced: a session that a power cut took is made anew.
void offer(const QString &path, const QByteArray &content, const QString &unique)
{
    const QByteArray temporary = QFile::encodeName(QString(path + u'.' + unique));
    const int fd = ::open(temporary.constData(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    const bool whole = ::write(fd, content.constData(), size_t(content.size())) == content.size();
    ::close(fd);
    if (whole) {
        [[maybe_unused]] const int linked = ::link(temporary.constData(), QFile::encodeName(path).constData());
    }
    ::unlink(temporary.constData());
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
    if (!QDir().mkpath(folder)) {
        return made;
    }
    // Two consoles may be started at once: the other one's is whole from its first moment. A file
    // that is there and says nothing was damaged.
    if (QFileInfo::exists(path)) {
        if (const QString known = readSession(path); !known.isEmpty()) {
            return known;
        }
        QFile::remove(path);
    }
    offer(path, made.toLatin1() + '\n', made);
    // When it can't be kept, this console has it all the same.
    const QString kept = readSession(path);
    return kept.isEmpty() ? made : kept;
}

} // namespace cutover
