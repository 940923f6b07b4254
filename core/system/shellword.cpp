// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/shellword.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"system.null_byte", QT_TRANSLATE_NOOP("catalogue", "The argument “%{argument}” contains a null byte, which no program can be given."),
     QT_TRANSLATE_NOOP("catalogue", "Take the null byte out of it.")},
}};

} // namespace

Result<QByteArray> shellWord(const QByteArray &word)
{
    if (word.contains('\0')) {
        return fail(u"system.null_byte"_s, {{u"argument"_s, QString::fromLocal8Bit(QByteArray(word).replace('\0', "\\0"))}});
    }
    // Between single quotes nothing means anything but the next single quote.
    return QByteArray('\'' + QByteArray(word).replace('\'', "'\\''") + '\'');
}

Result<QByteArray> shellLine(const QStringList &words)
{
    QByteArray line;
    for (const QString &word : words) {
        TRY(const QByteArray quoted, shellWord(word.toLocal8Bit()));
        line += line.isEmpty() ? quoted : QByteArray(' ' + quoted);
    }
    return line;
}

} // namespace cutover
