// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/words.h"

#include "common/status.h"
#include "plan/plan.h"
#include "system/message.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QLocale>

#include <algorithm>

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

QString countsText(const QMap<QString, qint64> &loss)
{
    QStringList parts;
    for (auto [name, count] : loss.asKeyValueRange()) {
        const QString number = QLocale().toString(count);
        if (count > 0 && name.contains(u'.')) {
            parts << (count == 1 ? words("1 value of %1").arg(name) : words("%1 values of %2").arg(number, name));
        } else if (count > 0) {
            parts << (count == 1 ? words("1 row of %1").arg(name) : words("%1 rows of %2").arg(number, name));
        }
    }
    return parts.join(u", "_s);
}

QString lossText(const QMap<QString, qint64> &loss)
{
    const QString counts = countsText(loss);
    return counts.isEmpty() ? words("no row lost") : words("%1 lost").arg(counts);
}

QString lossText(const QMap<QString, qint64> &loss, const QMap<QString, qint64> &holdAbove)
{
    const QString counts = countsText(loss);
    const QString limit = countsText(holdAbove);
    if (counts.isEmpty() || limit.isEmpty()) {
        return lossText(loss);
    }
    // One name needs to be said only once.
    const QString above = holdAbove.size() == 1 ? QLocale().toString(holdAbove.first()) : limit;
    return words("about %1 lost; the run holds above %2").arg(counts, above);
}

QString lossText(const QMap<QString, qint64> &loss, const QMap<QString, qint64> &holdAbove, const QJsonArray &unknown)
{
    if (unknown.isEmpty()) {
        return lossText(loss, holdAbove);
    }
    QStringList parts;
    for (const auto &message : unknown) {
        parts << Message::fromJson(message.toObject()).text();
    }
    if (!countsText(loss).isEmpty()) {
        parts << lossText(loss, holdAbove);
    }
    return parts.join(u' ');
}

QString shortCommit(const Plan &plan)
{
    if (plan.kind != u"rollback" || !plan.restorePoint.isEmpty()) {
        return {};
    }
    const auto checkout = std::ranges::find(plan.steps, u"checkout_release"_s, &StepSpec::kind);
    return checkout == plan.steps.end() ? QString() : checkout->params[u"commit"].toString().left(12);
}

QString shortDigest(const QString &digest)
{
    return digest.left(12);
}

} // namespace cutover
