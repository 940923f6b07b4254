// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/rowmodel.h"
#include "feature/featurestore.h"

namespace cutover {

/** A flag as the engine told it, and what the operator would make of it. */
struct StagedFlag {
    FeatureFlag flag; ///< As it is.
    bool staged = false;
    FeatureFlag seen; ///< As it was when the first change was staged: what the change is refused against.
    bool enabled = false; ///< Wanted.
    double rollout = 0; ///< Wanted, percent, two decimals.
    /// Somebody changed it since the operator staged something.
    [[nodiscard]] bool changedMeanwhile() const
    {
        return staged && (flag.enabled != seen.enabled || flag.rollout != seen.rollout);
    }
};

/** Flags and what is staged for them. Nothing happens to the system here. */
class StagedFlags : public RowModel<StagedFlag>
{
    Q_OBJECT
public:
    enum Column { NameColumn,
                  StateColumn,
                  RolloutColumn,
                  StagedColumn,
                  ChangedColumn,
                  ColumnCount };

    using RowModel::RowModel;
    /// Fresh from the engine; what is staged stays.
    void setFlags(const QList<FeatureFlag> &flags);
    void stageEnabled(const QString &name, bool enabled);
    /// Rounded to two decimals, kept within 0…100.
    void stageRollout(const QString &name, double percent);
    void unstage(const QString &name = {}); ///< Empty: all.
    /// What is staged has been applied: it is in force, until the engine tells anew.
    void settle();
    [[nodiscard]] QList<FeatureChange> changes() const;
    /// "25 % → 40 %", "Off → on at 25 %", …; empty: nothing is staged.
    [[nodiscard]] static QString changeText(const StagedFlag &row);
    /// "about 40 of 100 users"; "nobody", "every user".
    [[nodiscard]] static QString audienceText(bool enabled, double rollout);

    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

Q_SIGNALS:
    void stagedChanged();

protected:
    [[nodiscard]] QString keyOf(const StagedFlag &row) const override { return row.flag.name; }
    [[nodiscard]] QVariant cell(const StagedFlag &row, int column, int role) const override;

private:
    template<class F>
    void change(const QString &name, F edit);
};

/// "40", "12.5", "0.25": as few decimals as it takes, in the locale.
[[nodiscard]] QString percentText(double percent);

} // namespace cutover
