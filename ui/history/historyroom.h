// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "history/runmodel.h"
#include "history/stepmodel.h"
#include "shell/room.h"

class QLineEdit;
class QPushButton;
class QSortFilterProxyModel;
class QStackedWidget;
class QTabWidget;

namespace cutover {

class ChecklistPanel;
class EmptyState;
class InlineMessage;
class Page;
class ReportView;
class StatusChip;
class TableView;
class TextLabel;

/** Every run with its report, steps and events. open() takes a run's id. */
class HistoryRoom : public Room
{
    Q_OBJECT
public:
    explicit HistoryRoom(Console *console, QWidget *parent = nullptr);
    void open(const QString &argument) override;
    [[nodiscard]] RunModel *model() { return &m_model; }
    [[nodiscard]] TableView *table() const { return m_table; }

protected:
    void showEvent(QShowEvent *event) override;

private:
    void load();
    void choose();
    void showMatches();
    void showRun(const QString &id);
    void saveReport();

    Console *m_console;
    RunModel m_model;
    StepModel m_steps;
    EventModel m_events;
    QSortFilterProxyModel *m_proxy;
    Page *m_page;
    QLineEdit *m_search;
    QStackedWidget *m_stack;
    QStackedWidget *m_rows;
    EmptyState *m_unmatched;
    TableView *m_table;
    TextLabel *m_heading;
    StatusChip *m_state;
    TextLabel *m_facts;
    InlineMessage *m_reason;
    QTabWidget *m_tabs;
    ReportView *m_report;
    TableView *m_stepTable;
    TableView *m_eventTable;
    ChecklistPanel *m_checklist;
    QPushButton *m_save;
    QPushButton *m_openRun;
    QString m_shown;
    QString m_wanted;
    bool m_stale = false; ///< What is shown is not the newest.
};

} // namespace cutover
