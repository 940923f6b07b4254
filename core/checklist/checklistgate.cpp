// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "checklist/checklistgate.h"

#include "run/decisions.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

bool isTicked(const QList<Tick> &ticks, const QString &item)
{
    return std::ranges::any_of(ticks, [&item](const Tick &tick) { return tick.item == item && tick.done; });
}

/// One that ended before its first change did nothing that had to be closed.
bool hasChanged(const Plan &plan, const QList<StepRecord> &steps)
{
    return std::ranges::any_of(steps, [&plan](const StepRecord &step) {
        const bool begun = isPrepared(step) && step.state != StepState::Preparing && step.state != StepState::Prepared;
        return begun && step.index < plan.steps.size() && plan.steps[step.index].changesState;
    });
}

/// What is missing is told by its text; by its name it is signed.
QJsonObject argumentsOf(const QList<OpenItem> &items)
{
    QStringList names, texts;
    for (const OpenItem &item : items) {
        names.append(item.name);
        texts.append(u'“' + item.text + u'”');
    }
    return {{u"items"_s, QJsonArray::fromStringList(texts)}, {u"names"_s, QJsonArray::fromStringList(names)}, {u"count"_s, items.size()}};
}

GateFinding shut(const QString &code, const QJsonObject &args)
{
    return {u"checklist"_s, gateTitle(u"checklist"_s), {code, args}, {code, args}};
}

} // namespace

Result<QList<OpenItem>> openItems(Journal &journal, const RunRecord &run)
{
    QList<OpenItem> open;
    const QJsonArray items = run.plan.policy[u"checklist"].toArray();
    if (items.isEmpty() || (run.state != RunState::Succeeded && run.state != RunState::RolledBack)) {
        return open;
    }
    TRY(const auto steps, journal.steps(run.id));
    if (!hasChanged(run.plan, steps)) {
        return open;
    }
    TRY(const QList<Tick> ticks, journal.ticks(run.planDigest, run.id));
    for (const auto &item : items) {
        const QString when = item[u"when"].toString();
        const QString name = item[u"name"].toString();
        // A way back that somebody chose ends like any run, and is one.
        const bool back = run.state == RunState::RolledBack || run.plan.kind == "rollback"_L1;
        const bool applies = when == "during"_L1 || (when == "after"_L1 && run.state == RunState::Succeeded) || (when == "rollback"_L1 && back);
        if (applies && !isTicked(ticks, name)) {
            open.append({name, item[u"text"].toString(name)});
        }
    }
    return open;
}

Result<std::optional<GateFinding>> checklistGate(Journal &journal, const GateScope &scope)
{
    // A way back doesn't wait for what an update has to wait for.
    if (scope.plan.kind == "rollback"_L1) {
        return std::nullopt;
    }
    TRY(const QList<RunRecord> runs, journal.runs());
    for (const RunRecord &run : runs) {
        if (run.id == scope.run || !isFinal(run.state)) {
            continue;
        }
        TRY(const auto steps, journal.steps(run.id));
        if (!hasChanged(run.plan, steps)) {
            continue;
        }
        TRY(const QList<OpenItem> open, openItems(journal, run));
        if (!open.isEmpty()) {
            QJsonObject args = argumentsOf(open);
            args.insert(u"run"_s, run.id);
            args.insert(u"from"_s, run.plan.from);
            args.insert(u"to"_s, run.plan.to);
            return shut(u"checklist.run_not_closed"_s, args);
        }
        break;
    }
    qsizetype needed = 0;
    QList<OpenItem> missing;
    TRY(const QList<Tick> ticks, journal.ticks(scope.digest, scope.run));
    for (const ManualItemSpec &item : scope.target.manualItems) {
        if (item.required && item.when == "before"_L1) {
            ++needed;
            if (!isTicked(ticks, item.name)) {
                missing.append({item.name, item.text});
            }
        }
    }
    if (needed == 0) {
        return std::nullopt;
    }
    if (!missing.isEmpty()) {
        return shut(u"checklist.open_before"_s, argumentsOf(missing));
    }
    return GateFinding{u"checklist"_s, gateTitle(u"checklist"_s), {u"checklist.all_signed"_s, {{u"count"_s, needed}}}, {}};
}

} // namespace cutover
