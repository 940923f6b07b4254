// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/rowmodel.h"
#include "serve/engineclient.h"

#include <QWidget>

class QPushButton;

namespace cutover {

class ChecklistPanel;
class InlineMessage;
class IconLabel;
class StatusChip;
class TableView;
class TextLabel;
class Panel;

/** What each step took beside what was expected of it. */
class StepTimesModel : public RowModel<StepView>
{
    Q_OBJECT
public:
    enum Column { StepColumn,
                  StateColumn,
                  TimeColumn,
                  ExpectedColumn,
                  DifferenceColumn,
                  ColumnCount };
    using RowModel::RowModel;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : ColumnCount; }
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

protected:
    [[nodiscard]] QString keyOf(const StepView &row) const override { return row.spec.id; }
    [[nodiscard]] QVariant cell(const StepView &row, int column, int role) const override;
};

/** How a run ended, why, what it took, what is still owed. */
class ResultPage : public QWidget
{
    Q_OBJECT
public:
    ResultPage(EngineClient *engine, const QString &runId, QWidget *parent = nullptr);
    void setRun(const RunView &view);

Q_SIGNALS:
    void finished();

private:
    void openReport();
    /// Required items that keep the run from being closed.
    void showOpen(const ChecklistView &checklist);

    EngineClient *m_engine;
    QString m_runId;
    StepTimesModel m_times;
    IconLabel *m_icon;
    TextLabel *m_title;
    TextLabel *m_fromTo;
    StatusChip *m_state;
    TextLabel *m_sentence;
    TextLabel *m_totals;
    InlineMessage *m_message;
    InlineMessage *m_owed;
    TableView *m_table;
    InlineMessage *m_open;
    ChecklistPanel *m_checklist;
    QPushButton *m_report;
    QPushButton *m_done;
};

} // namespace cutover
