// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "run/words.h"

#include "system/message.h"

#include <QStringList>

using namespace Qt::StringLiterals;

namespace cutover::words {

namespace {

const Catalogue::Registration texts{{
    {"word.run.planned", QT_TRANSLATE_NOOP("catalogue", "Planned")},
    {"word.run.running", QT_TRANSLATE_NOOP("catalogue", "Running")},
    {"word.run.held", QT_TRANSLATE_NOOP("catalogue", "Held")},
    {"word.run.reverting", QT_TRANSLATE_NOOP("catalogue", "Rolling back")},
    {"word.run.succeeded", QT_TRANSLATE_NOOP("catalogue", "Succeeded")},
    {"word.run.rolledBack", QT_TRANSLATE_NOOP("catalogue", "Rolled back")},
    {"word.run.abandoned", QT_TRANSLATE_NOOP("catalogue", "Abandoned")},
    {"word.step.pending", QT_TRANSLATE_NOOP("catalogue", "Not started")},
    {"word.step.preparing", QT_TRANSLATE_NOOP("catalogue", "Running")},
    {"word.step.prepared", QT_TRANSLATE_NOOP("catalogue", "Running")},
    {"word.step.applying", QT_TRANSLATE_NOOP("catalogue", "Running")},
    {"word.step.applied", QT_TRANSLATE_NOOP("catalogue", "Running")},
    {"word.step.verified", QT_TRANSLATE_NOOP("catalogue", "Passed")},
    {"word.step.done", QT_TRANSLATE_NOOP("catalogue", "Passed")},
    {"word.step.failed", QT_TRANSLATE_NOOP("catalogue", "Failed")},
    {"word.step.accepted", QT_TRANSLATE_NOOP("catalogue", "Accepted as done")},
    {"word.step.reverting", QT_TRANSLATE_NOOP("catalogue", "Rolling back")},
    {"word.step.reverted", QT_TRANSLATE_NOOP("catalogue", "Rolled back")},
    {"word.step.skipped", QT_TRANSLATE_NOOP("catalogue", "Skipped")},
    {"word.health.healthy", QT_TRANSLATE_NOOP("catalogue", "Healthy")},
    {"word.health.degraded", QT_TRANSLATE_NOOP("catalogue", "Degraded")},
    {"word.health.down", QT_TRANSLATE_NOOP("catalogue", "Down")},
    {"word.health.unknown", QT_TRANSLATE_NOOP("catalogue", "Unknown")},
    {"word.instance.stopped", QT_TRANSLATE_NOOP("catalogue", "Stopped")},
    {"word.instance.starting", QT_TRANSLATE_NOOP("catalogue", "Starting")},
    {"word.instance.ready", QT_TRANSLATE_NOOP("catalogue", "Ready")},
    {"word.instance.unready", QT_TRANSLATE_NOOP("catalogue", "Not ready")},
    {"word.instance.stopping", QT_TRANSLATE_NOOP("catalogue", "Stopping")},
    {"word.instance.failed", QT_TRANSLATE_NOOP("catalogue", "Failed")},
    {"word.instance.unknown", QT_TRANSLATE_NOOP("catalogue", "Unknown")},
    {"word.instance.idle", QT_TRANSLATE_NOOP("catalogue", "Idle")},
    {"word.coloured", QT_TRANSLATE_NOOP("catalogue", "%{word} (%{colour})")},
    {"word.type.hotfix", QT_TRANSLATE_NOOP("catalogue", "Hotfix")},
    {"word.type.minor", QT_TRANSLATE_NOOP("catalogue", "Minor")},
    {"word.type.major", QT_TRANSLATE_NOOP("catalogue", "Major")},
    {"word.type.none", QT_TRANSLATE_NOOP("catalogue", "Installed")},
    {"word.type.downgrade", QT_TRANSLATE_NOOP("catalogue", "Older")},
    {"word.type.rollback", QT_TRANSLATE_NOOP("catalogue", "Rollback")},
    {"word.risk.low", QT_TRANSLATE_NOOP("catalogue", "Low")},
    {"word.risk.medium", QT_TRANSLATE_NOOP("catalogue", "Medium")},
    {"word.risk.high", QT_TRANSLATE_NOOP("catalogue", "High")},
    {"word.kind.update", QT_TRANSLATE_NOOP("catalogue", "Update")},
    {"word.kind.rollback", QT_TRANSLATE_NOOP("catalogue", "Rollback")},
    {"word.verb.hold", QT_TRANSLATE_NOOP("catalogue", "Hold")},
    {"word.verb.resume", QT_TRANSLATE_NOOP("catalogue", "Resume")},
    {"word.verb.retry", QT_TRANSLATE_NOOP("catalogue", "Retry the step")},
    {"word.verb.accept", QT_TRANSLATE_NOOP("catalogue", "Accept as done")},
    {"word.verb.rollback", QT_TRANSLATE_NOOP("catalogue", "Roll back")},
    {"word.verb.abort", QT_TRANSLATE_NOOP("catalogue", "Abort")},
    {"word.verb.abandon", QT_TRANSLATE_NOOP("catalogue", "Abandon")},
    {"word.cell.table", QT_TRANSLATE_NOOP("catalogue", "Table")},
    {"word.cell.then", QT_TRANSLATE_NOOP("catalogue", "Then")},
    {"word.cell.now", QT_TRANSLATE_NOOP("catalogue", "Now")},
    {"word.cell.lost", QT_TRANSLATE_NOOP("catalogue", "Lost")},
    {"word.cell.counted", QT_TRANSLATE_NOOP("catalogue", "Counted")},
    {"word.cell.holds_above", QT_TRANSLATE_NOOP("catalogue", "Holds above")},
    {"word.cell.unknown", QT_TRANSLATE_NOOP("catalogue", "unknown")},
    {"word.cell.flag", QT_TRANSLATE_NOOP("catalogue", "Flag")},
    {"word.cell.from", QT_TRANSLATE_NOOP("catalogue", "From")},
    {"word.cell.to", QT_TRANSLATE_NOOP("catalogue", "To")},
}};

QString of(const QString &domain, const QString &word)
{
    const QString code = u"word."_s + domain + u'.' + word;
    return Catalogue::contains(code) ? Catalogue::text(code, {}) : word;
}

} // namespace

QString ofRun(RunState state)
{
    return of(u"run"_s, stateName(state));
}

QString ofStep(StepState state)
{
    return of(u"step"_s, stateName(state));
}

QString ofHealth(const QString &health)
{
    return of(u"health"_s, health);
}

QString ofInstance(const QString &state)
{
    return of(u"instance"_s, state);
}

QString ofInstance(const QString &state, const QString &colour, bool idle)
{
    // One that is being started, or fails to, says so, idle or not.
    const bool isAsMeant = idle && (state == u"stopped" || state == u"ready");
    const QString word = ofInstance(isAsMeant ? u"idle"_s : state);
    return colour.isEmpty() ? word : Message{u"word.coloured"_s, {{u"word"_s, word}, {u"colour"_s, Message{u"colour."_s + colour, {}}.toJson()}}}.text();
}

QString ofUpdateType(const QString &type)
{
    return of(u"type"_s, type);
}

QString ofRisk(const QString &risk)
{
    return of(u"risk"_s, risk);
}

QString ofPlanKind(const QString &kind)
{
    return of(u"kind"_s, kind);
}

QString ofVerb(const QString &verb)
{
    return of(u"verb"_s, verb);
}

QString ofTable(const QString &table)
{
    QStringList lines = table.split(u'\n');
    for (QString &line : lines) {
        QStringList cells = line.split(u'\t');
        for (QString &cell : cells) {
            if (cell.startsWith(u'@')) {
                cell = of(u"cell"_s, cell.sliced(1));
            }
        }
        line = cells.join(u'\t');
    }
    return lines.join(u'\n');
}

} // namespace cutover::words
