// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/resultpage.h"

#include "common/ask.h"
#include "common/buttons.h"
#include "common/iconlabel.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/statuschip.h"
#include "common/tableview.h"
#include "people/checklistpanel.h"
#include "serve/runview.h"
#include "update/incident.h"
#include "update/reportdialog.h"
#include "update/words.h"

#include <QHBoxLayout>
#include <QTabWidget>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

QVariant StepTimesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue(Qt::Alignment((section >= TimeColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (section) {
    case StepColumn:
        return tr("Step");
    case StateColumn:
        return tr("Result");
    case TimeColumn:
        return tr("Took");
    case ExpectedColumn:
        return tr("Expected");
    case DifferenceColumn:
        return tr("Difference");
    default:
        return {};
    }
}

QVariant StepTimesModel::cell(const StepView &row, int column, int role) const
{
    const qint64 took = row.record.durationMs;
    const qint64 expected = row.spec.expectedMs;
    const bool measured = took > 0;
    if (role == Qt::TextAlignmentRole && column >= TimeColumn) {
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    }
    if (role == StatusRole) {
        return column == StateColumn ? QVariant(int(statusAtTheEnd(row.record.state))) : QVariant();
    }
    if (role == Qt::ToolTipRole) {
        return row.record.error.code.isEmpty() ? row.spec.intent.text() : row.record.error.text();
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    switch (column) {
    case StepColumn:
        return row.spec.title.text();
    case StateColumn:
        return statusLook(statusAtTheEnd(row.record.state)).word;
    case TimeColumn:
        return measured ? durationText(took) : u"–"_s;
    case ExpectedColumn:
        return expected > 0 ? durationText(expected) : u"–"_s;
    case DifferenceColumn:
        if (!measured || expected <= 0) {
            return u"–"_s;
        }
        return took >= expected ? QString(u"+ "_s + durationText(took - expected)) : QString(u"− "_s + durationText(expected - took));
    default:
        return {};
    }
}

ResultPage::ResultPage(EngineClient *engine, const QString &runId, QWidget *parent)
    : QWidget(parent)
    , m_engine(engine)
    , m_runId(runId)
    , m_icon(new IconLabel(u"question"_s, 32))
    , m_title(new TextLabel({}, TextStyle::Title))
    , m_fromTo(new TextLabel({}, TextStyle::Section, Theme::Role::Muted))
    , m_state(new StatusChip)
    , m_sentence(new TextLabel({}, TextStyle::Section))
    , m_totals(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_message(new InlineMessage)
    , m_owed(new InlineMessage)
    , m_table(new TableView(tr("Times of the steps")))
    , m_open(new InlineMessage)
    , m_checklist(new ChecklistPanel(engine))
    , m_report(new QPushButton(tr("Open report…")))
    , m_done(new PrimaryButton(tr("Done")))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::Page, space::Page, space::Page, space::Group);
    layout->setSpacing(space::Group);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::Group);
    head->addWidget(m_icon);
    // On one line of their own: the icon beside them is higher.
    auto *names = new QHBoxLayout;
    names->setSpacing(space::Group);
    names->addWidget(m_title);
    names->addWidget(m_fromTo, 0, Qt::AlignBottom);
    head->addLayout(names);
    head->setAlignment(names, Qt::AlignVCenter);
    head->addWidget(m_state, 0, Qt::AlignVCenter);
    head->addStretch();
    layout->addLayout(head);
    m_sentence->wrapped()->selectable();
    m_sentence->setObjectName(u"sentence"_s);
    layout->addWidget(m_sentence);
    layout->addWidget(m_totals);
    layout->addWidget(m_message);
    layout->addWidget(m_owed);
    layout->addWidget(m_open);
    auto *times = new Panel;
    times->setFlush(true);
    m_table->setModel(&m_times);
    m_table->setStretchColumn(StepTimesModel::StepColumn);
    auto *tabs = new QTabWidget;
    tabs->setDocumentMode(true);
    tabs->setObjectName(u"resultTabs"_s);
    tabs->setAccessibleName(tr("Times and checklist"));
    tabs->addTab(m_table, tr("What each step took"));
    tabs->addTab(m_checklist, tr("Checklist"));
    times->body()->addWidget(tabs);
    connect(m_checklist, &ChecklistPanel::changed, this, [this] { showOpen(m_checklist->view()); });
    layout->addWidget(times, 1);
    auto *foot = new QHBoxLayout;
    foot->setSpacing(space::Inside);
    m_report->setObjectName(u"report"_s);
    m_done->setObjectName(u"done"_s);
    foot->addWidget(m_report);
    foot->addStretch();
    foot->addWidget(m_done);
    layout->addLayout(foot);
    connect(m_report, &QPushButton::clicked, this, &ResultPage::openReport);
    connect(m_done, &QPushButton::clicked, this, &ResultPage::finished);
}

void ResultPage::setRun(const RunView &view)
{
    const Plan &plan = view.run.plan;
    const bool rollback = plan.kind == u"rollback";
    const StatusLook look = statusLook(statusOf(view.run.state));
    m_icon->setIcon(look.icon, look.ink);
    m_title->setText(rollback ? tr("Roll back %1").arg(plan.targetName) : tr("Update %1").arg(plan.targetName));
    m_fromTo->setText(pathText(plan.from, {plan.to}));
    m_state->setStatus(statusOf(view.run.state));

    const QString serving = u"%1 %2"_s.arg(servingSentence(view), silentSentence(view)).trimmed();
    const QString reason = reasonText(view);
    // What there is to read is not shouted.
    m_sentence->setFont(textFont(view.run.state == RunState::Succeeded ? TextStyle::Section : TextStyle::Body, font()));
    switch (view.run.state) {
    case RunState::Succeeded:
        m_sentence->setText(rollback ? tr("%1 is back at %2.").arg(plan.targetName, plan.to) : tr("%1 is updated to %2.").arg(plan.targetName, plan.to));
        break;
    default:
        m_sentence->setText(reason.isEmpty() ? serving : tr("%1 %2").arg(serving, reason));
        break;
    }
    m_totals->setText(plan.expectedMs > 0 ? tr("Took %1, expected %2.").arg(durationText(view.run.activeMs), durationText(plan.expectedMs))
                                          : tr("Took %1.").arg(durationText(view.run.activeMs)));
    if (const QString lost = countsText(lostBy(view)); !lost.isEmpty()) {
        m_totals->setText(tr("%1 Lost: %2.").arg(m_totals->text(), lost));
    }
    m_owed->clear();
    if (view.run.state == RunState::Succeeded && !plan.owed.isEmpty()) {
        m_owed->tell(InlineMessage::Kind::Info, plan.owed.size() == 1 ? tr("Still owed: 1 contract migration, which a later release runs.") : tr("Still owed: %1 contract migrations, which a later release runs.").arg(plan.owed.size()),
                     plan.owed.join(u", "_s));
    }
    m_times.setRows(view.steps);
    m_table->fitColumns();
    m_checklist->setSubject({}, m_runId);
    // Told before anybody opens the checklist.
    ask<ChecklistView>(this, m_engine->checklist({}, m_runId), [this](const Result<ChecklistView> &checklist) {
        if (checklist) {
            showOpen(*checklist);
        }
    });
}

void ResultPage::showOpen(const ChecklistView &checklist)
{
    m_open->clear();
    if (const QStringList items = checklist.openTexts(); !items.isEmpty()) {
        m_open->tell(InlineMessage::Kind::Caution, tr("The run is not closed: %1.").arg(items.join(u", "_s)), tr("Sign that in the checklist below; the next update waits for it."));
    }
}

void ResultPage::openReport()
{
    m_report->setEnabled(false);
    ask<QString>(this, m_engine->report(m_runId), [this](Result<QString> html) {
        m_report->setEnabled(true);
        if (!html) {
            m_message->tell(html.error());
            return;
        }
        m_message->clear();
        auto *dialog = new ReportDialog(m_runId, *html, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
    });
}

} // namespace cutover
