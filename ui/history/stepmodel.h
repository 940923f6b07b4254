// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/rowmodel.h"
#include "serve/views.h"

namespace cutover {

/** What each step of a run did and how long it took. */
class StepModel : public RowModel<StepView>
{
    Q_OBJECT
public:
    enum Column { StepColumn,
                  StateColumn,
                  TookColumn,
                  ExpectedColumn,
                  ColumnCount };
    using RowModel::RowModel;
    /// Whether the run has ended, so that nothing of it waits any more.
    void setEnded(bool ended);
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

protected:
    [[nodiscard]] QString keyOf(const StepView &step) const override { return step.spec.id; }
    [[nodiscard]] QVariant cell(const StepView &step, int column, int role) const override;

private:
    [[nodiscard]] Status statusOfStep(const StepView &step) const;

    bool m_ended = false;
};

/** What was told of a run, in order. */
class EventModel : public RowModel<EventRecord>
{
    Q_OBJECT
public:
    enum Column { TimeColumn,
                  MessageColumn,
                  ColumnCount };
    using RowModel::RowModel;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

protected:
    [[nodiscard]] QString keyOf(const EventRecord &event) const override { return QString::number(event.sequence); }
    [[nodiscard]] QVariant cell(const EventRecord &event, int column, int role) const override;
};

} // namespace cutover
