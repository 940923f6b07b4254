// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/words.h"

#include "common/status.h"
#include "system/message.h"

#include <QCoreApplication>
#include <QLocale>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

QString words(const char *text)
{
    return QCoreApplication::translate("words", text);
}

} // namespace

QString stateText(RunState state)
{
    return statusLook(statusOf(state)).word;
}

QString stateText(StepState state)
{
    return statusLook(statusOf(state)).word;
}

QString statusText(CheckResult::Status status)
{
    return statusLook(statusOf(status)).word;
}

QString riskText(const QString &risk)
{
    if (risk == u"low") {
        return words("Low");
    }
    if (risk == u"medium") {
        return words("Medium");
    }
    if (risk == u"high") {
        return words("High");
    }
    return words("Unknown");
}

QString modeText(const QString &mode)
{
    if (mode == u"code") {
        return words("Code only");
    }
    if (mode == u"downgrade") {
        return words("Code and downgrade");
    }
    if (mode == u"restore") {
        return words("Restore everything");
    }
    return mode;
}

QString downtimeText(qint64 milliseconds)
{
    return milliseconds <= 0 ? words("None") : durationText(milliseconds);
}

QString pathText(const QString &from, const QStringList &path)
{
    QStringList all = path;
    if (!from.isEmpty()) {
        all.prepend(from);
    }
    return all.join(u" → "_s);
}

QString lossText(const QMap<QString, qint64> &loss)
{
    QStringList parts;
    for (auto [table, rows] : loss.asKeyValueRange()) {
        if (rows > 0) {
            parts << (rows == 1 ? words("1 row of %1").arg(table) : words("%1 rows of %2").arg(QLocale().toString(rows), table));
        }
    }
    return parts.isEmpty() ? words("no row lost") : words("%1 lost").arg(parts.join(u", "_s));
}

QString shortDigest(const QString &digest)
{
    return digest.left(12);
}

} // namespace cutover
