// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "history/historyroom.h"

#include "common/ask.h"
#include "common/buttons.h"
#include "common/emptystate.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/reportview.h"
#include "common/savereport.h"
#include "common/statuschip.h"
#include "common/tableview.h"
#include "common/times.h"
#include "people/checklistpanel.h"
#include "shell/console.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Rooms::Registration registration{{80, u"history"_s, u"view-history"_s, [] { return HistoryRoom::tr("History"); },
                                        [](Console *console) -> Room * { return new HistoryRoom(console); }}};

} // namespace

HistoryRoom::HistoryRoom(Console *console, QWidget *parent)
    : Room(parent)
    , m_console(console)
    , m_proxy(new QSortFilterProxyModel(this))
    , m_page(new Page(tr("History")))
    , m_search(new QLineEdit)
    , m_stack(new QStackedWidget)
    , m_rows(new QStackedWidget)
    , m_unmatched(new EmptyState(u"edit-find"_s, {}, tr("Clear the search")))
    , m_table(new TableView(tr("Runs")))
    , m_heading(new TextLabel({}, TextStyle::Section))
    , m_state(new StatusChip)
    , m_facts(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_reason(new InlineMessage)
    , m_tabs(new QTabWidget)
    , m_report(new ReportView)
    , m_stepTable(new TableView(tr("Steps of the run")))
    , m_eventTable(new TableView(tr("Events of the run")))
    , m_checklist(new ChecklistPanel(console->engine()))
    , m_save(new FlatButton(u"document-save"_s, tr("Save report…")))
    , m_openRun(new QPushButton(tr("Open the run")))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_page);
    m_search->setPlaceholderText(tr("Search runs"));
    m_search->setAccessibleName(tr("Search runs"));
    m_search->setClearButtonEnabled(true);
    m_search->setFixedWidth(220);
    m_page->actions()->addWidget(m_search);

    m_proxy->setSourceModel(&m_model);
    m_proxy->setSortRole(SortRole);
    m_proxy->setFilterKeyColumn(-1);
    m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_table->setModel(m_proxy);
    m_table->horizontalHeader()->setSortIndicatorClearable(true);
    m_table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    m_table->setSortingEnabled(true);
    m_table->setStretchColumn(RunModel::ByColumn);
    auto *left = new Panel;
    left->setFlush(true);
    m_rows->addWidget(m_table);
    m_rows->addWidget(m_unmatched);
    connect(m_unmatched, &EmptyState::activated, m_search, &QLineEdit::clear);
    left->body()->addWidget(m_rows);

    m_report->setOpenExternalLinks(true);
    m_report->setFrameShape(QFrame::NoFrame);
    m_report->document()->setDocumentMargin(space::Group);
    m_stepTable->setModel(&m_steps);
    m_stepTable->setStretchColumn(StepModel::StepColumn);
    m_stepTable->setRowsWrapped();
    m_eventTable->setModel(&m_events);
    m_eventTable->setStretchColumn(EventModel::MessageColumn);
    m_tabs->setDocumentMode(true);
    m_tabs->setAccessibleName(tr("Details of the run"));
    m_tabs->setCornerWidget(m_save);
    m_tabs->addTab(m_report, tr("Report"));
    m_tabs->addTab(m_stepTable, tr("Steps"));
    m_checklist->setNarrow();
    m_tabs->addTab(m_checklist, tr("Checklist"));
    m_tabs->addTab(m_eventTable, tr("Events"));
    m_save->setAutoDefault(false);
    m_save->setEnabled(false);
    m_openRun->setAutoDefault(false);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::Inside);
    head->addWidget(m_heading);
    head->addWidget(m_state);
    head->addStretch(1);
    head->addWidget(m_openRun);
    auto *right = new Panel;
    right->body()->setContentsMargins(0, space::Group, 0, space::Tight);
    auto *top = new QVBoxLayout;
    top->setContentsMargins(space::Group, 0, space::Group, 0);
    top->setSpacing(space::Inside);
    top->addLayout(head);
    top->addWidget(m_facts->wrapped());
    top->addWidget(m_reason);
    right->body()->addLayout(top);
    right->body()->addWidget(m_tabs, 1);
    auto *splitter = new QSplitter;
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(space::Group);
    splitter->addWidget(left);
    splitter->addWidget(right);
    // What the list needs; more room is the report's.
    splitter->setSizes({650, 406});
    splitter->setStretchFactor(0, 0);
    splitter->setStretchFactor(1, 1);

    auto *empty = new EmptyState(u"view-history"_s, tr("Nothing has been installed or rolled back yet. Every run is kept here with its report."),
                                 Rooms::contains(u"updates"_s) ? tr("See available updates") : QString());
    connect(empty, &EmptyState::activated, this, [this] { m_console->openRoom(u"overview"_s); });
    m_stack->addWidget(new QWidget);
    m_stack->addWidget(splitter);
    m_stack->addWidget(empty);
    m_page->body()->addWidget(m_stack, 1);

    connect(m_search, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_proxy->setFilterFixedString(text);
        showMatches();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &HistoryRoom::choose);
    connect(m_save, &QPushButton::clicked, this, &HistoryRoom::saveReport);
    connect(m_openRun, &QPushButton::clicked, this, [this] {
        if (m_console->activeRun()) {
            m_console->openRun(*m_console->activeRun());
        }
    });
    connect(console, &Console::connectionChanged, this, [this] {
        if (m_console->isConnected()) {
            load();
        }
    });
    connect(console->engine(), &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"runs"_s)) {
            load();
        }
    });
    m_page->setBusy(true);
    if (console->isConnected()) {
        load();
    }
}

void HistoryRoom::open(const QString &argument)
{
    if (!argument.isEmpty()) {
        m_wanted = argument;
        m_search->clear();
        load();
    }
}

void HistoryRoom::showEvent(QShowEvent *event)
{
    Room::showEvent(event);
    if (m_stale && m_console->isConnected()) {
        load();
    }
}

void HistoryRoom::load()
{
    // Nobody looks: a run under way would have it read all anew at each of its events.
    m_stale = !isVisible();
    if (m_stale) {
        return;
    }
    ask<QList<RunRecord>>(this, m_console->engine()->runs(), [this](const Result<QList<RunRecord>> &runs) {
        m_page->setBusy(false);
        if (!runs) {
            m_page->message()->tell(runs.error(), InlineMessage::Kind::Caution);
            return;
        }
        m_page->message()->clear();
        m_model.setRows(*runs);
        showMatches();
        m_stack->setCurrentIndex(runs->isEmpty() ? 2 : 1);
        m_search->setVisible(!runs->isEmpty());
        m_page->setCaption(runs->isEmpty() ? QString() : runs->size() == 1 ? tr("1 run.")
                                                                           : tr("%1 runs, the newest first.").arg(runs->size()));
        const QString wanted = std::exchange(m_wanted, {});
        const int row = m_model.rowOf(wanted.isEmpty() ? m_shown : wanted);
        if (row >= 0) {
            m_table->setCurrentIndex(m_proxy->mapFromSource(m_model.index(row, 0)));
            showRun(m_model.rowAt(row).id);
        } else if (!runs->isEmpty()) {
            m_table->setCurrentIndex(m_proxy->index(0, 0));
        }
    });
}

void HistoryRoom::showMatches()
{
    const bool none = m_proxy->rowCount() == 0 && m_model.rowCount() > 0;
    if (none) {
        m_unmatched->setSentence(tr("No run matches “%1”.").arg(m_search->text()));
    }
    m_rows->setCurrentIndex(none ? 1 : 0);
}

void HistoryRoom::choose()
{
    const QString id = m_table->currentIndex().data(KeyRole).toString();
    if (!id.isEmpty() && id != m_shown) {
        m_report->setReport({});
        m_save->setEnabled(false);
        m_events.setRows({});
        showRun(id);
    }
}

void HistoryRoom::showRun(const QString &id)
{
    const int row = m_model.rowOf(id);
    if (row < 0) {
        return;
    }
    m_shown = id;
    const RunRecord &run = m_model.rowAt(row);
    const bool back = run.plan.kind == "rollback"_L1;
    m_heading->setText(back ? tr("Rollback %1").arg(fromToText(run.plan)) : tr("Update %1").arg(fromToText(run.plan)));
    m_state->setStatus(statusOf(run.state));
    QStringList facts;
    facts.append(tr("Started %1 by %2").arg(relativeTime(run.started.isValid() ? run.started : run.created), run.startedBy));
    if (!run.approvedBy.isEmpty() && run.approvedBy != run.startedBy) {
        facts.append(tr("approved by %1").arg(run.approvedBy));
    }
    facts.append(tr("plan\u00a0%1").arg(run.planDigest.left(12)));
    m_facts->setText(facts.join(u" · "_s));
    m_facts->setToolTip(exactTime(run.started) + u'\n' + run.planDigest);
    m_openRun->setVisible(!isFinal(run.state) && m_console->activeRun() && m_console->activeRun()->run.id == id);
    if (run.reason.isEmpty()) {
        m_reason->clear();
    } else {
        const auto kind = run.state == RunState::Held ? InlineMessage::Kind::Held : run.state == RunState::Succeeded ? InlineMessage::Kind::Info
                                                                                                                     : InlineMessage::Kind::Caution;
        m_reason->tell(kind, run.reason.text(), run.error.hint(), run.error.code.isEmpty() ? run.reason.text() : run.error.text());
    }
    m_checklist->setSubject({}, id);
    ask<RunView>(this, m_console->engine()->run(id), [this, id](const Result<RunView> &view) {
        if (view && id == m_shown) {
            m_steps.setEnded(isFinal(view->run.state));
            m_steps.setRows(view->steps);
            m_stepTable->fitColumns();
        }
    });
    ask<QList<EventRecord>>(this, m_console->engine()->events(id, 0), [this, id](const Result<QList<EventRecord>> &events) {
        if (events && id == m_shown) {
            m_events.setRows(*events);
        }
    });
    ask<QString>(this, m_console->engine()->report(id), [this, id](const Result<QString> &html) {
        if (id != m_shown) {
            return;
        }
        m_save->setEnabled(html && !html->isEmpty());
        m_report->setReport(html ? *html : html.error().what().toHtmlEscaped());
    });
}

void HistoryRoom::saveReport()
{
    const int row = m_model.rowOf(m_shown);
    const QString name = row < 0 ? u"report.html"_s : u"%1-%2.html"_s.arg(m_model.rowAt(row).plan.targetName, m_model.rowAt(row).plan.to);
    cutover::saveReport(this, m_report->report(), name, [this](const Result<QString> &saved) {
        if (saved) {
            m_page->message()->tell(InlineMessage::Kind::Ok, tr("The report was saved to “%1”.").arg(*saved));
        } else {
            m_page->message()->tell(saved.error());
        }
        m_page->message()->setClosable(true);
    });
}

} // namespace cutover
