// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/incident.h"

#include "common/status.h"
#include "update/words.h"

#include <QCoreApplication>
#include <QLocale>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

QString words(const char *text)
{
    return QCoreApplication::translate("incident", text);
}

QString line(const char *label, const QString &value)
{
    if (value.isEmpty()) {
        return {};
    }
    return words(label) + u": "_s + value + u'\n';
}

QString timeText(const QDateTime &time)
{
    return time.isValid() ? time.toUTC().toString(u"yyyy-MM-dd HH:mm:ss 'UTC'"_s) : QString();
}

} // namespace

QString reasonText(const RunView &view)
{
    if (!view.run.reason.isEmpty()) {
        return view.run.reason.text();
    }
    return view.run.error.code.isEmpty() ? QString() : view.run.error.what();
}

bool isTakingBack(const RunView &view)
{
    const StepView *step = view.currentStep();
    return step && step->record.state == StepState::Reverting;
}

QString servingSentence(const RunView &view)
{
    if (view.serving.isEmpty()) {
        return words("It is not known which version serves users now.");
    }
    if (view.serving == servedByNobody) {
        return words("Nobody is served now: no instance answers.");
    }
    return words("Serving users now: %1.").arg(view.serving);
}

QString silentSentence(const RunView &view)
{
    // Where nobody is served, no instance serves.
    return view.silent.isEmpty() || view.serving == servedByNobody ? QString() : words("Not serving: %1.").arg(view.silent.join(u", "_s));
}

QString incidentSummary(const RunView &view, const TargetView &target, const QString &lastLine)
{
    const Plan &plan = view.run.plan;
    QString text;
    text += line(QT_TRANSLATE_NOOP("incident", "Target"), u"%1 (%2), %3"_s.arg(plan.targetName, plan.environment, target.host));
    text += line(QT_TRANSLATE_NOOP("incident", "Run"), u"%1, %2 → %3, %4"_s.arg(view.run.id, plan.from, plan.to, stateText(view.run.state)));
    text += line(QT_TRANSLATE_NOOP("incident", "Started"), u"%1, %2"_s.arg(timeText(view.run.started), view.run.startedBy));
    text += line(QT_TRANSLATE_NOOP("incident", "Plan"), view.run.planDigest);
    text += line(QT_TRANSLATE_NOOP("incident", "Reason"), reasonText(view));
    if (!view.run.error.code.isEmpty()) {
        text += line(QT_TRANSLATE_NOOP("incident", "Error"), view.run.error.text());
    }
    for (const StepView &step : view.steps) {
        if (step.record.state == StepState::Failed) {
            text += line(QT_TRANSLATE_NOOP("incident", "Failed step"), u"%1 (%2)"_s.arg(step.spec.title.text(), step.spec.id));
        }
    }
    const QString serving = view.serving.isEmpty() ? words("not known")
        : view.serving == servedByNobody           ? words("nobody, no instance answers")
                                                   : view.serving;
    text += line(QT_TRANSLATE_NOOP("incident", "Serving users now"), serving);
    text += line(QT_TRANSLATE_NOOP("incident", "Not serving"), view.silent.join(u", "_s));
    for (const InstanceView &instance : target.instances) {
        text += line(QT_TRANSLATE_NOOP("incident", "Instance"), u"%1 %2 %3"_s.arg(instance.name, instance.version, instance.colour.isEmpty() ? instance.state : wordOfInstance(instance)).simplified());
    }
    for (auto [database, revision] : target.revisions.asKeyValueRange()) {
        text += line(QT_TRANSLATE_NOOP("incident", "Database"), u"%1 %2"_s.arg(database, revision));
    }
    if (view.run.heldUntil.isValid()) {
        text += line(QT_TRANSLATE_NOOP("incident", "Decision due"), timeText(view.run.heldUntil));
    }
    text += line(QT_TRANSLATE_NOOP("incident", "Last output"), lastLine);
    return text;
}

} // namespace cutover
