// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/report.h"

#include "check/check.h"
#include "plan/loss.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QLocale>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("report", text);
}

QString cell(const QString &text)
{
    return u"<td>"_s + text.toHtmlEscaped() + u"</td>"_s;
}

QString row(const QStringList &cells)
{
    QString html = u"<tr>"_s;
    for (const QString &each : cells) {
        html += cell(each);
    }
    return html + u"</tr>\n"_s;
}

/// Without headers where each row says by itself what it is.
QString table(const QStringList &headers, const QString &rows)
{
    QString html = u"<table cellspacing=\"0\" cellpadding=\"4\">"_s;
    if (!headers.isEmpty()) {
        html += u"<tr>"_s;
        for (const QString &header : headers) {
            html += u"<th align=\"left\">"_s + header.toHtmlEscaped() + u"</th>"_s;
        }
        html += u"</tr>\n"_s;
    }
    return html + rows + u"</table>\n"_s;
}

/// Of what was not measured there is nothing to say.
QString knownDuration(qint64 milliseconds)
{
    return milliseconds > 0 ? durationText(milliseconds) : u"–"_s;
}

QString heading(const QString &text)
{
    return u"<h2>"_s + text.toHtmlEscaped() + u"</h2>\n"_s;
}

QString localTime(const QDateTime &time)
{
    return time.isValid() ? time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"–"_s;
}

QString runWord(RunState state)
{
    switch (state) {
    case RunState::Planned:
        return tr("Planned");
    case RunState::Running:
        return tr("Running");
    case RunState::Held:
        return tr("Held");
    case RunState::Reverting:
        return tr("Rolling back");
    case RunState::Succeeded:
        return tr("Succeeded");
    case RunState::RolledBack:
        return tr("Rolled back");
    case RunState::Abandoned:
        return tr("Abandoned");
    }
    return {};
}

QString stepWord(StepState state)
{
    switch (state) {
    case StepState::Pending:
        return tr("Not started");
    case StepState::Done:
    case StepState::Verified:
        return tr("Passed");
    case StepState::Failed:
        return tr("Failed");
    case StepState::Accepted:
        return tr("Accepted as done");
    case StepState::Reverting:
        return tr("Rolling back");
    case StepState::Reverted:
        return tr("Rolled back");
    case StepState::Skipped:
        return tr("Skipped");
    case StepState::Preparing:
    case StepState::Prepared:
    case StepState::Applying:
    case StepState::Applied:
        return tr("Running");
    }
    return {};
}

QString checkWord(CheckResult::Status status)
{
    switch (status) {
    case CheckResult::Status::Passed:
        return tr("Passed");
    case CheckResult::Status::Warning:
        return tr("Warning");
    case CheckResult::Status::Failed:
        return tr("Failed");
    case CheckResult::Status::Waiting:
    case CheckResult::Status::Running:
        return tr("Not finished");
    }
    return {};
}

/// Tries and reasons are columns only where there are some.
QString stepsOf(const Plan &plan, const QList<StepRecord> &steps)
{
    const bool again = std::ranges::any_of(steps, [](const StepRecord &step) { return step.attempt > 1; });
    const bool failed = std::ranges::any_of(steps, [](const StepRecord &step) { return !step.error.code.isEmpty(); });
    const auto shown = [again, failed](QStringList cells) {
        if (!failed) {
            cells.removeAt(6);
        }
        if (!again) {
            cells.removeAt(5);
        }
        return cells;
    };
    QString rows;
    for (qsizetype i = 0; i < plan.steps.size(); ++i) {
        const StepRecord record = i < steps.size() ? steps[i] : StepRecord{};
        rows += row(shown({QString::number(i + 1), plan.steps[i].title.text(), stepWord(record.state), knownDuration(record.durationMs),
                           knownDuration(plan.steps[i].expectedMs), record.attempt > 1 ? QString::number(record.attempt) : QString(),
                           record.error.code.isEmpty() ? QString() : record.error.text()}));
        if (plan.steps[i].pointOfNoReturn) {
            rows += row(shown({QString(), tr("Point of no return"), {}, {}, {}, {}, {}}));
        }
    }
    return table(shown({tr("No."), tr("Step"), tr("State"), tr("Took"), tr("Expected"), tr("Tries"), tr("Reason")}), rows);
}

QString checksOf(const RunRecord &run, const QList<StepRecord> &steps)
{
    QString html;
    for (const StepRecord &step : steps) {
        const QJsonArray checks = step.results[u"checks"].toArray();
        if (checks.isEmpty() || step.index >= run.plan.steps.size()) {
            continue;
        }
        QString rows;
        for (const QJsonValue &value : checks) {
            const CheckResult check = CheckResult::fromJson(value.toObject());
            rows += row({checkWord(check.status), check.title.text(), check.error.code.isEmpty() ? check.finding.text() : check.error.text()});
        }
        html += heading(run.plan.steps[step.index].title.text()) + table({tr("Result"), tr("Check"), tr("Finding")}, rows);
    }
    return html;
}

/// By name: counted at planning, where the run would have held, and what was given up in the end.
QString lossOf(const Plan &plan, const QList<StepRecord> &steps)
{
    const Loss counted = lossFromJson(plan.loss);
    const Loss limit = lossFromJson(plan.policy[u"holdAbove"]);
    const Loss lost = lostBy(plan, steps);
    QStringList names = counted.keys() + lost.keys();
    names.removeDuplicates();
    names.sort();
    QString rows;
    for (const QString &name : std::as_const(names)) {
        rows += row({name, QLocale().toString(counted.value(name)), limit.contains(name) ? QLocale().toString(limit[name]) : u"–"_s,
                     QLocale().toString(lost.value(name))});
    }
    return rows.isEmpty() ? QString()
                          : heading(tr("What was lost")) + table({tr("Rows of a table, values of a column"), tr("Counted at planning"), tr("Held above"), tr("Lost")}, rows);
}

} // namespace

QString reportHtml(const RunRecord &run, const QList<StepRecord> &steps, const QList<EventRecord> &events, const QList<CommandRecord> &commands)
{
    const Plan &plan = run.plan;
    const QString title = tr("%1: %2 → %3").arg(plan.targetName, plan.from, plan.to);
    // No element that only a browser knows: the window shows the same page.
    QString html = u"<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>%1</title>"
                   "<style>body { font-family: sans-serif; } td, th { vertical-align: top; border-bottom: 1px solid #888888; }"
                   "</style></head><body>\n<h1>%1</h1>\n"_s.arg(title.toHtmlEscaped());
    html += u"<p><b>"_s + runWord(run.state).toHtmlEscaped() + u".</b> "_s + run.reason.text().toHtmlEscaped() + u"</p>\n"_s;

    QString facts;
    facts += row({tr("Run"), run.id});
    facts += row({tr("Plan"), run.planDigest});
    facts += row({tr("Environment"), plan.environment});
    facts += row({tr("Update type"), plan.updateType});
    facts += row({tr("Risk"), plan.risk});
    facts += row({tr("Approved by"), run.approvedBy});
    facts += row({tr("Started"), localTime(run.started)});
    facts += row({tr("Ended"), localTime(run.ended)});
    facts += row({tr("Took"), tr("%1, expected %2").arg(durationText(run.activeMs), knownDuration(plan.expectedMs))});
    facts += row({tr("Expected downtime"), plan.expectedDowntimeMs > 0 ? durationText(plan.expectedDowntimeMs) : tr("none")});
    html += table({}, facts);

    html += heading(tr("Steps")) + stepsOf(plan, steps);
    html += checksOf(run, steps);

    html += lossOf(plan, steps);
    if (!plan.owed.isEmpty()) {
        html += heading(tr("Owed to a later release")) + u"<ul>"_s;
        for (const QString &owed : plan.owed) {
            html += u"<li>"_s + owed.toHtmlEscaped() + u"</li>"_s;
        }
        html += u"</ul>\n"_s;
    }
    if (!commands.isEmpty()) {
        QString decisions;
        for (const CommandRecord &command : commands) {
            decisions += row({localTime(command.created), command.by, command.verb, command.outcome.text()});
        }
        html += heading(tr("Decisions")) + table({tr("Time"), tr("By"), tr("Decision"), tr("Outcome")}, decisions);
    }
    QString told;
    for (const EventRecord &event : events) {
        told += row({localTime(event.time), event.message.text()});
    }
    html += heading(tr("Events")) + table({tr("Time"), tr("Event")}, told);
    return html + u"</body></html>\n"_s;
}

} // namespace cutover
