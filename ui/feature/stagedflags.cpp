// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/stagedflags.h"

#include "common/times.h"

#include <QLocale>

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

QString percentText(double percent)
{
    QLocale locale;
    int decimals = 0;
    while (decimals < 2 && std::abs(percent * std::pow(10, decimals) - std::round(percent * std::pow(10, decimals))) > 1e-6) {
        ++decimals;
    }
    return StagedFlags::tr("%1 %").arg(locale.toString(percent, 'f', decimals));
}

void StagedFlags::setFlags(const QList<FeatureFlag> &flags)
{
    QList<StagedFlag> next;
    for (const FeatureFlag &flag : flags) {
        const int at = rowOf(flag.name);
        if (at >= 0 && rowAt(at).staged) {
            StagedFlag kept = rowAt(at);
            kept.flag = flag;
            // Somebody else has made it so already.
            kept.staged = flag.enabled != kept.enabled || std::abs(flag.rollout - kept.rollout) > 1e-9;
            next.append(kept);
        } else {
            next.append({flag, false, flag, flag.enabled, flag.rollout});
        }
    }
    setRows(next);
    Q_EMIT stagedChanged();
}

template<class F>
void StagedFlags::change(const QString &name, F edit)
{
    const int at = rowOf(name);
    if (at < 0) {
        return;
    }
    StagedFlag &row = mutableRows()[at];
    if (!row.staged) {
        row.seen = row.flag;
    }
    edit(row);
    row.staged = row.enabled != row.flag.enabled || std::abs(row.rollout - row.flag.rollout) > 1e-9;
    Q_EMIT dataChanged(index(at, 0), index(at, ColumnCount - 1));
    Q_EMIT stagedChanged();
}

void StagedFlags::stageEnabled(const QString &name, bool enabled)
{
    change(name, [enabled](StagedFlag &row) { row.enabled = enabled; });
}

void StagedFlags::stageRollout(const QString &name, double percent)
{
    const double rounded = std::round(std::clamp(percent, 0.0, 100.0) * 100) / 100;
    change(name, [rounded](StagedFlag &row) { row.rollout = rounded; });
}

void StagedFlags::unstage(const QString &name)
{
    const QList<StagedFlag> before = rows();
    for (const StagedFlag &row : before) {
        if (row.staged && (name.isEmpty() || row.flag.name == name)) {
            change(row.flag.name, [](StagedFlag &staged) {
                staged.enabled = staged.flag.enabled;
                staged.rollout = staged.flag.rollout;
            });
        }
    }
}

void StagedFlags::settle()
{
    const QList<StagedFlag> before = rows();
    for (const StagedFlag &row : before) {
        if (row.staged) {
            change(row.flag.name, [](StagedFlag &staged) {
                staged.flag.enabled = staged.enabled;
                staged.flag.rollout = staged.rollout;
            });
        }
    }
}

QList<FeatureChange> StagedFlags::changes() const
{
    QList<FeatureChange> changes;
    for (const StagedFlag &row : rows()) {
        if (row.staged) {
            changes.append({row.flag.name, row.seen.enabled, row.enabled, row.seen.rollout, row.rollout});
        }
    }
    return changes;
}

QString StagedFlags::changeText(const StagedFlag &row)
{
    if (!row.staged) {
        return {};
    }
    const FeatureFlag &from = row.seen;
    if (from.enabled && !row.enabled) {
        return tr("on at %1 → off").arg(percentText(from.rollout));
    }
    if (!from.enabled && row.enabled) {
        return tr("off → on at %1").arg(percentText(row.rollout));
    }
    const QString change = tr("%1 → %2").arg(percentText(from.rollout), percentText(row.rollout));
    return row.enabled ? change : tr("%1, stays off").arg(change);
}

QString StagedFlags::audienceText(bool enabled, double rollout)
{
    if (!enabled || rollout <= 0) {
        return tr("nobody gets it");
    }
    if (rollout >= 100) {
        return tr("every user gets it");
    }
    const int users = int(std::lround(rollout));
    if (users < 1) {
        return tr("fewer than 1 of 100 users");
    }
    return tr("about %1 of 100 users").arg(qMin(users, 99));
}

int StagedFlags::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant StagedFlags::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case NameColumn:
        return tr("Flag");
    case StateColumn:
        return tr("State");
    case RolloutColumn:
        return tr("Rollout");
    case StagedColumn:
        return tr("Staged");
    case ChangedColumn:
        return tr("Changed");
    default:
        return {};
    }
}

QVariant StagedFlags::cell(const StagedFlag &row, int column, int role) const
{
    if (role == StatusRole && column == StateColumn) {
        return int(row.flag.enabled ? Status::On : Status::Off);
    }
    if (role == Qt::ToolTipRole && column == NameColumn) {
        return row.flag.description;
    }
    if (role == Qt::ToolTipRole && column == ChangedColumn) {
        return exactTime(row.flag.changed);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (column) {
    case NameColumn:
        return row.flag.name;
    case StateColumn:
        return statusLook(row.flag.enabled ? Status::On : Status::Off).word;
    case RolloutColumn:
        return percentText(row.flag.rollout);
    case StagedColumn:
        return changeText(row);
    case ChangedColumn:
        return row.flag.changedBy.isEmpty() ? relativeTime(row.flag.changed) : tr("%1 by %2").arg(relativeTime(row.flag.changed), row.flag.changedBy);
    default:
        return {};
    }
}

} // namespace cutover
