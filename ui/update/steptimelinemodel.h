// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"

#include <QAbstractListModel>

namespace cutover {

/**
 * The steps of a run in order, for the execute page's timeline and the report of times. A row of
 * its own stands where the point of no return is crossed.
 *
 * A new view of the same run changes rows in place, so that selection and scroll position stay.
 */
class StepTimelineModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role {
        IdRole = Qt::UserRole + 100, ///< QString; above the roles shared by all models (common/rowmodel.h).
        StateRole, ///< int(StepState); absent for the separator.
        StateTextRole,
        DurationRole, ///< ms worked so far, qint64; -1: not started.
        DurationTextRole,
        ExpectedRole, ///< ms, qint64.
        SeparatorRole, ///< bool: the point of no return.
        CurrentRole, ///< bool
        DetailRole, ///< Error sentence of a failed step, else its intent.
        StepRole, ///< Index of the step in the plan; -1 for the separator.
    };

    using QAbstractListModel::QAbstractListModel;

    void setRun(const RunView &view);
    /// Seconds have passed: the time of the step under way changes.
    void tick();
    /// Row that shows a step of the plan; -1: there is none.
    [[nodiscard]] int rowOfStep(int step) const;
    [[nodiscard]] int currentRow() const;
    [[nodiscard]] int doneCount() const; ///< Steps that are behind us.
    [[nodiscard]] int stepCount() const { return int(m_view.steps.size()); }

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;
    [[nodiscard]] QHash<int, QByteArray> roleNames() const override;

private:
    [[nodiscard]] int stepAt(int row) const; ///< -1: the separator.
    [[nodiscard]] qint64 durationOf(int step) const;

    RunView m_view;
    int m_separator = -1; ///< Row of the separator; -1: none.
};

} // namespace cutover
