// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "inputfiles.h"

#include "system/files.h"

#include <QFile>
#include <QJsonDocument>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace cutover {

Result<QByteArray> passwordFrom(const QString &file)
{
    QByteArray text;
    if (file == "-"_L1) {
        QFile input;
        text = input.open(stdin, QIODevice::ReadOnly) ? input.readLine(longestPassword) : QByteArray();
    } else {
        TRY(text, files::read(file, longestPassword));
    }
    return text.split('\n').first().trimmed();
}

Result<QJsonObject> readPlanFile(const QString &file)
{
    TRY(const QByteArray bytes, files::read(file));
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(bytes, &error);
    if (!document.isObject()) {
        return fail(u"cli.bad_plan"_s, {{u"reason"_s, error.errorString()}}, file);
    }
    return document.object();
}

} // namespace cutover
