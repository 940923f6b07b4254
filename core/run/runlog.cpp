// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/runlog.h"

using namespace Qt::StringLiterals;

namespace cutover {

RunLog::RunLog(const QString &path)
    : m_file(path)
{
}

void RunLog::write(const QDateTime &time, const QString &step, const QString &source, const QString &line)
{
    if (!m_file.isOpen() && !m_file.open(QIODevice::Append | QIODevice::Unbuffered, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup)) {
        return;
    }
    QString text = time.toUTC().toString(Qt::ISODateWithMs) + u' ' + step + u' ' + source + u' ' + line;
    for (QChar &character : text) {
        if (character.category() == QChar::Other_Control && character != u'\t') {
            character = u' ';
        }
    }
    m_file.write(text.append(u'\n').toUtf8());
}

} // namespace cutover
