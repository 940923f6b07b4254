// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/report.h"

#include "check/check.h"
#include "plan/loss.h"
#include "run/words.h"

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

/** One column of a table. */
struct Column {
    int width; ///< In percent.
    QString header; ///< Where all are empty there are no headers: each row says by itself what it is.
    bool optional = false; ///< Left out where none of its cells has anything.
};

/// A long table goes on in a further one of the same widths, in a part of its own.
constexpr qsizetype RowsInPart = 12;

/// Fewer cells than columns: the last one takes the rest of the row.
QString row(const QStringList &cells, const QList<Column> &columns, bool first, QLatin1StringView element = "td"_L1)
{
    QString html = u"<tr>"_s;
    for (qsizetype i = 0; i < cells.size(); ++i) {
        // The first row tells the widths of all.
        const QString width = first ? u" width=\"%1%\""_s.arg(columns[i].width) : QString();
        const QString align = element == "th"_L1 ? u" align=\"left\""_s : QString();
        const qsizetype missing = i + 1 == cells.size() ? columns.size() - cells.size() : 0;
        const QString span = missing > 0 ? u" colspan=\"%1\""_s.arg(missing + 1) : QString();
        // Of a program's output the lines stay lines.
        html += u"<%1%2%3%4>%5</%1>"_s.arg(element, width, align, span, cells[i].toHtmlEscaped().replace(u'\n', "<br>"_L1));
    }
    return html + u"</tr>\n"_s;
}

/// Shares out what columns that were left out would have taken.
void fillWidth(QList<Column> *columns)
{
    int used = 0;
    for (const Column &column : std::as_const(*columns)) {
        used += column.width;
    }
    int left = 100;
    for (qsizetype i = 0; i < columns->size(); ++i) {
        Column &column = (*columns)[i];
        column.width = i + 1 < columns->size() ? column.width * 100 / used : left;
        left -= column.width;
    }
}

QString table(QList<Column> columns, QList<QStringList> rows)
{
    for (qsizetype c = columns.size() - 1; c >= 0; --c) {
        if (columns[c].optional && std::ranges::all_of(rows, [c](const QStringList &cells) { return c >= cells.size() || cells[c].isEmpty(); })) {
            columns.removeAt(c);
            for (QStringList &cells : rows) {
                if (c < cells.size()) {
                    cells.removeAt(c);
                }
            }
        }
    }
    fillWidth(&columns);
    QStringList headers;
    for (const Column &column : std::as_const(columns)) {
        headers.append(column.header);
    }
    const bool headed = !headers.join(QString()).isEmpty();
    const QString open = u"<table width=\"100%\" cellspacing=\"0\" cellpadding=\"4\">"_s;
    QString html = open + (headed ? row(headers, columns, true, "th"_L1) : QString());
    for (qsizetype i = 0; i < rows.size(); ++i) {
        const bool further = i > 0 && i % RowsInPart == 0;
        if (further) {
            html += u"</table>\n"_s + reportPart + u'\n' + open;
        }
        html += row(rows[i], columns, further || (i == 0 && !headed));
    }
    return html + u"</table>\n"_s;
}

/// Of what was not measured there is nothing to say.
QString knownDuration(qint64 milliseconds)
{
    // A number stays with its unit, however narrow the column is.
    return milliseconds > 0 ? durationText(milliseconds).replace(u' ', QChar::Nbsp) : u"–"_s;
}

QString heading(const QString &text)
{
    return reportPart + u"\n<h2>"_s + text.toHtmlEscaped() + u"</h2>\n"_s;
}

QString localTime(const QDateTime &time)
{
    return time.isValid() ? time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : u"–"_s;
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

QString stepsOf(const Plan &plan, const QList<StepRecord> &steps)
{
    QList<QStringList> rows;
    for (qsizetype i = 0; i < plan.steps.size(); ++i) {
        const StepRecord record = i < steps.size() ? steps[i] : StepRecord{};
        rows.append({QString::number(i + 1), plan.steps[i].title.text(), words::ofStep(record.state), knownDuration(record.durationMs),
                     knownDuration(plan.steps[i].expectedMs), record.attempt > 1 ? QString::number(record.attempt) : QString()});
        // Why, below the step: a column of it would leave too little for all others.
        if (!record.error.code.isEmpty()) {
            rows.append({QString(), record.error.text()});
        }
        for (auto result = record.results.begin(); result != record.results.end(); ++result) {
            if (result.key().startsWith(stepresult::sessions)) {
                rows.append({QString(), Message::fromJson(result.value().toObject()).text()});
            }
        }
        const QJsonArray remarks = record.results[stepresult::remarks].toArray();
        for (const auto &remark : remarks) {
            rows.append({QString(), Message::fromJson(remark.toObject()).text()});
        }
        if (plan.steps[i].pointOfNoReturn) {
            rows.append({QString(), tr("Point of no return")});
        }
    }
    return table({{6, tr("No.")}, {42, tr("Step")}, {18, tr("State")}, {13, tr("Took")}, {13, tr("Expected")}, {8, tr("Tries"), true}}, rows);
}

QString checksOf(const RunRecord &run, const QList<StepRecord> &steps)
{
    QString html;
    for (const StepRecord &step : steps) {
        const QJsonArray checks = step.results[u"checks"].toArray();
        if (checks.isEmpty() || step.index >= run.plan.steps.size()) {
            continue;
        }
        QList<QStringList> rows;
        for (const auto &value : checks) {
            const CheckResult check = CheckResult::fromJson(value.toObject());
            rows.append({checkWord(check.status), check.title.text(), check.error.code.isEmpty() ? check.finding.text() : check.error.text()});
        }
        html += heading(run.plan.steps[step.index].title.text()) + table({{15, tr("Result")}, {30, tr("Check")}, {55, tr("Finding")}}, rows);
    }
    return html;
}

/// By name: counted at planning, where the run would have held, and what was given up in the end.
QString lossOf(const Plan &plan, const QList<StepRecord> &steps)
{
    const Loss counted = lossFromJson(plan.loss);
    const Loss limit = lossFromJson(plan.policy[u"holdAbove"]);
    const Loss lost = lostBy(plan, steps);
    Loss all = counted;
    all.insert(lost);
    QList<QStringList> rows;
    for (const auto &[name, count] : std::as_const(all).asKeyValueRange()) {
        rows.append({name, QLocale().toString(counted.value(name)), limit.contains(name) ? QLocale().toString(limit[name]) : u"–"_s,
                     QLocale().toString(lost.value(name))});
    }
    QString html = rows.isEmpty() ? QString()
                                  : heading(tr("What was lost")) + table({{40, tr("Rows of a table, values of a column")}, {20, tr("Counted at planning")}, {20, tr("Held above")}, {20, tr("Lost")}}, rows);
    const QJsonArray unknown = unknownLossMessages(unknownLoss(plan));
    if (!unknown.isEmpty()) {
        html += heading(tr("What can't be counted"));
    }
    for (const auto &message : unknown) {
        html += u"<p>"_s + Message::fromJson(message.toObject()).text().toHtmlEscaped() + u"</p>\n"_s;
    }
    for (const StepRecord &step : steps) {
        if (const QString aside = step.results[stepresult::aside].toString(); !aside.isEmpty()) {
            html += u"<p>"_s + tr("The damaged database is kept as %1.").arg(aside).toHtmlEscaped() + u"</p>\n"_s;
        }
    }
    return html;
}

} // namespace

QString reportHtml(const RunRecord &run, const QList<StepRecord> &steps, const QList<EventRecord> &events, const QList<CommandRecord> &commands,
                   const QList<ReportSection> &sections)
{
    const Plan &plan = run.plan;
    const QString title = tr("%1: %2 → %3").arg(plan.targetName, plan.from, plan.to);
    // No element that only a browser knows: the window shows the same page.
    QString html = u"<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>%1</title>"
                   "<style>body { font-family: sans-serif; } table { table-layout: fixed; } "
                   "td, th { vertical-align: top; overflow-wrap: anywhere; border-bottom: 1px solid #888888; }"
                   "</style></head><body>\n<h1>%1</h1>\n"_s.arg(title.toHtmlEscaped());
    html += u"<p><b>"_s + words::ofRun(run.state).toHtmlEscaped() + u".</b> "_s + run.reason.text().toHtmlEscaped() + u"</p>\n"_s;

    QList<QStringList> facts;
    facts.append({tr("Run"), run.id});
    facts.append({tr("Plan"), run.planDigest});
    facts.append({tr("Environment"), plan.environment});
    facts.append({tr("Update type"), words::ofUpdateType(plan.updateType)});
    facts.append({tr("Risk"), words::ofRisk(plan.risk)});
    facts.append({tr("Started by"), run.startedBy});
    facts.append({tr("Approved by"), run.approvedBy.isEmpty() ? tr("nobody") : run.approvedBy});
    if (!run.breakGlass.isEmpty()) {
        facts.append({tr("Break-glass"), tr("%1, %2: %3").arg(run.breakGlass.by, localTime(run.breakGlass.time), run.breakGlass.reason)});
    }
    facts.append({tr("Started"), localTime(run.started)});
    facts.append({tr("Ended"), localTime(run.ended)});
    facts.append({tr("Took"), tr("%1, expected %2").arg(durationText(run.activeMs), knownDuration(plan.expectedMs))});
    facts.append({tr("Expected downtime"), plan.expectedDowntimeMs > 0 ? durationText(plan.expectedDowntimeMs) : tr("none")});
    html += table({{25, {}}, {75, {}}}, facts);

    html += heading(tr("Steps")) + stepsOf(plan, steps);
    html += checksOf(run, steps);
    for (const ReportSection &section : sections) {
        QList<Column> columns;
        for (const auto &[width, header] : section.columns) {
            columns.append({width, header});
        }
        html += heading(section.heading) + table(columns, section.rows);
    }

    html += lossOf(plan, steps);
    if (!plan.owed.isEmpty()) {
        html += heading(tr("Owed to a later release")) + u"<ul>"_s;
        for (const QString &owed : plan.owed) {
            html += u"<li>"_s + owed.toHtmlEscaped() + u"</li>"_s;
        }
        html += u"</ul>\n"_s;
    }
    if (!commands.isEmpty()) {
        QList<QStringList> decisions;
        for (const CommandRecord &command : commands) {
            decisions.append({localTime(command.created), command.by, words::ofVerb(command.verb), command.outcome.text()});
        }
        html += heading(tr("Decisions")) + table({{20, tr("Time")}, {20, tr("By")}, {15, tr("Decision")}, {45, tr("Outcome")}}, decisions);
    }
    QList<QStringList> told;
    for (const EventRecord &event : events) {
        told.append({localTime(event.time), event.message.text()});
    }
    html += heading(tr("Events")) + table({{22, tr("Time")}, {78, tr("Event")}}, told);
    return html + u"</body></html>\n"_s;
}

} // namespace cutover
