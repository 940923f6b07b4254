// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/commitpage.h"

#include "common/ask.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/statuschip.h"
#include "common/tableview.h"
#include "common/times.h"
#include "people/checklistpanel.h"
#include "people/gatewatch.h"
#include "plan/loss.h"
#include "shell/conndialog.h"
#include "update/digestlabel.h"
#include "update/plandraft.h"
#include "update/words.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

/// What the run does by itself when a step fails.
QString failureText(const Plan &plan)
{
    if (!plan.policy[u"automaticRollback"].toBool()) {
        return CommitPage::tr("The run holds and asks.");
    }
    if (plan.kind == u"rollback") {
        return CommitPage::tr("Up to the point of no return %1 is served again by itself; past it, the run holds and asks.").arg(plan.from);
    }
    const bool migrates = std::ranges::any_of(plan.steps, [](const StepSpec &step) { return step.kind == u"migrate"; });
    return migrates ? CommitPage::tr("Goes back to %1 by itself. What an added table or column has taken in stays and is named; where going back "
                                     "would lose anything else, the run holds and asks.")
                          .arg(plan.from)
                    : CommitPage::tr("Goes back to %1 by itself.").arg(plan.from);
}

} // namespace

CommitPage::CommitPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_content(new QWidget)
    , m_form(new QFormLayout)
    , m_target(new TextLabel)
    , m_way(new TextLabel)
    , m_time(new TextLabel)
    , m_downtime(new TextLabel)
    , m_risk(new StatusChip)
    , m_lost(new TextLabel)
    , m_failure(new TextLabel)
    , m_proven(new RelativeTimeLabel)
    , m_digest(new DigestLabel)
    , m_conn(new TextLabel)
    , m_table(new TableView(tr("Steps of the plan")))
    , m_changes(new InlineMessage)
    , m_connMessage(new InlineMessage)
    , m_error(new InlineMessage)
    , m_gates(new GateWatch(draft->engine(), this))
    , m_approval(new TextLabel)
    , m_blackout(new TextLabel)
    , m_staging(new TextLabel)
    , m_shut(new InlineMessage)
    , m_glass(new QWidget)
    , m_glassWhat(new TextLabel({}, TextStyle::Body, Theme::Role::Danger))
    , m_glassReason(new QLineEdit)
    , m_leaveGlass(new QPushButton(tr("Don't break it")))
    , m_tabs(new QTabWidget)
    , m_checklist(new ChecklistPanel(draft->engine()))
    , m_confirm(new QWidget)
    , m_confirmText(new TextLabel)
    , m_name(new QLineEdit)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Inside);
    layout->addWidget(m_error);
    layout->addWidget(m_changes);
    layout->addWidget(m_connMessage);
    layout->addWidget(m_shut);
    layout->addWidget(m_content, 1);
    auto *columns = new QHBoxLayout(m_content);
    columns->setContentsMargins({});
    columns->setSpacing(space::Group);

    auto *summary = new Panel(tr("In short"));
    summary->setFixedWidth(300);
    m_form->setHorizontalSpacing(space::Group);
    m_form->setVerticalSpacing(space::Inside);
    m_form->setRowWrapPolicy(QFormLayout::DontWrapRows);
    for (TextLabel *label : {m_target, m_way, m_time, m_downtime, m_lost, m_failure, m_conn, m_approval, m_blackout, m_staging}) {
        label->wrapped();
    }
    m_form->addRow(tr("Target"), m_target);
    m_form->addRow(tr("Way"), m_way);
    m_form->addRow(tr("Time"), m_time);
    m_form->addRow(tr("Downtime"), m_downtime);
    m_form->addRow(tr("Risk"), m_risk);
    m_form->addRow(tr("Approval"), m_approval);
    m_form->addRow(tr("Staging"), m_staging);
    m_form->addRow(tr("Blackout"), m_blackout);
    m_form->addRow(tr("Lost"), m_lost);
    m_form->addRow(tr("On failure"), m_failure);
    m_form->addRow(tr("Proven backup"), m_proven);
    m_form->addRow(tr("Conn"), m_conn);
    m_form->addRow(tr("Plan"), m_digest);
    for (TextLabel *label : {m_way, m_lost, m_failure, m_approval, m_blackout, m_staging}) {
        // Beside the first of several lines.
        static_cast<QLabel *>(m_form->labelForField(label))->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    }
    // In a low window the gates' rows make it higher than the page.
    auto *lines = new QWidget;
    auto *column = new QVBoxLayout(lines);
    column->setContentsMargins({});
    column->addLayout(m_form);
    column->addStretch();
    auto *scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setAccessibleName(tr("In short"));
    scroll->setWidget(lines);
    scroll->viewport()->setAutoFillBackground(false);
    lines->setAutoFillBackground(false);
    summary->body()->addWidget(scroll);
    columns->addWidget(summary);

    auto *plan = new Panel;
    plan->setFlush(true);
    m_table->setModel(&m_model);
    m_table->setStretchColumn(PlanModel::IntentColumn);
    m_table->setRowsWrapped();
    m_tabs->setDocumentMode(true);
    m_tabs->setObjectName(u"planTabs"_s);
    m_tabs->setAccessibleName(tr("Steps and checklist"));
    m_tabs->addTab(m_table, tr("What will be done"));
    m_tabs->addTab(m_checklist, tr("Checklist"));
    plan->body()->addWidget(m_tabs);
    columns->addWidget(plan, 1);
    makeGates();
    layout->addWidget(m_glass);

    auto *confirm = new QHBoxLayout(m_confirm);
    confirm->setContentsMargins({});
    confirm->setSpacing(space::Inside);
    m_name->setFixedWidth(220);
    m_name->setObjectName(u"confirmName"_s);
    confirm->addStretch();
    confirm->addWidget(m_confirmText);
    confirm->addWidget(m_name);
    m_confirmText->setBuddy(m_name);
    layout->addWidget(m_confirm);

    connect(m_name, &QLineEdit::textChanged, this, &WizardPage::changed);
    connect(draft, &PlanDraft::planChanged, this, &CommitPage::refreshWhenSeen);
    connect(draft, &PlanDraft::targetChanged, this, &CommitPage::refreshWhenSeen);
    connect(draft, &PlanDraft::connFailed, this, [this](const Error &error) { m_error->tell(error); });
    refreshWhenSeen();
}

void CommitPage::enter()
{
    m_error->clear();
    if (m_confirm->isVisible()) {
        m_name->setFocus();
    } else {
        m_table->setFocus();
    }
}

bool CommitPage::isRollback() const
{
    const std::optional<Plan> &plan = m_draft->plan();
    return plan && plan->kind == u"rollback";
}

/// Where it is production, or nobody can tell what is lost, a click is not enough.
bool CommitPage::isNameNeeded() const
{
    const std::optional<Plan> &plan = m_draft->plan();
    return m_draft->target().environment == u"production" || (plan && !unknownLoss(*plan).isEmpty());
}

void CommitPage::refresh()
{
    const std::optional<Plan> &plan = m_draft->plan();
    const TargetView &target = m_draft->target();
    m_content->setVisible(plan.has_value());
    m_confirm->setVisible(plan.has_value() && isNameNeeded());
    m_gates->setDigest(m_draft->digest());
    m_checklist->setSubject(m_draft->digest(), {});
    refreshGates();
    if (!plan) {
        m_changes->clear();
        m_connMessage->clear();
        m_changesTold.clear();
        m_connTold.clear();
        Q_EMIT changed();
        return;
    }
    m_target->setText(tr("%1 (%2)").arg(plan->targetName, plan->environment));
    m_way->setText(isRollback() ? tr("%1 → %2 · %3").arg(plan->from, plan->to, modeText(plan->mode)) : pathText(plan->from, plan->path));
    m_time->setText(plan->expectedMs > 0 ? estimateText(plan->expectedMs) : tr("not measured yet"));
    m_downtime->setText(plan->expectedDowntimeMs > 0 ? estimateText(plan->expectedDowntimeMs) : tr("none expected"));
    m_risk->setStatus(statusOfRisk(plan->risk));
    const QJsonArray unknown = unknownLossMessages(unknownLoss(*plan));
    m_lost->setText(lossText(lossFromJson(plan->loss), lossFromJson(plan->policy[u"holdAbove"]), unknown));
    m_lost->setRole(plan->loss.isEmpty() && unknown.isEmpty() ? Theme::Role::Text : Theme::Role::Danger);
    m_form->setRowVisible(m_lost, isRollback() || !plan->loss.isEmpty());
    m_form->setRowVisible(m_risk, !plan->risk.isEmpty());
    m_failure->setText(failureText(*plan));
    m_proven->setTime(target.lastProvenBackup, tr("none yet"));
    m_digest->setDigest(m_draft->digest());
    const QString foreign = target.foreignConn();
    m_conn->setText(!foreign.isEmpty()    ? foreign
                        : target.connOurs ? tr("yours")
                                          : tr("free; you take it by starting"));
    // The same plan is laid out once: its rows are as high as their texts.
    if (m_shown != m_draft->digest()) {
        m_shown = m_draft->digest();
        m_model.setPlan(*plan);
        m_table->clearSpans();
        if (m_model.separatorRow() >= 0) {
            m_table->setSpan(m_model.separatorRow(), PlanModel::StepColumn, 1, PlanModel::ColumnCount - PlanModel::StepColumn);
        }
        m_table->fitColumns();
    }

    const QString changes = m_starting ? QString() : m_draft->changedSince().join(u' ');
    if (changes.isEmpty()) {
        m_changes->clear();
    } else if (changes != m_changesTold) {
        m_changes->clear();
        m_changes->tell(InlineMessage::Kind::Caution, tr("Changed since this plan was made: %1").arg(changes));
        connect(m_changes->addAction(tr("Plan again")), &QPushButton::clicked, m_draft, &PlanDraft::requestAgain);
    }
    m_changesTold = changes;
    const QString conn = foreign.isEmpty() ? QString() : QString(foreign + u' ' + target.connNote);
    if (conn.isEmpty()) {
        m_connMessage->clear();
    } else if (conn != m_connTold) {
        m_connMessage->clear();
        // Who took it, when and why stands above every page.
        m_connMessage->tell(InlineMessage::Kind::Info, tr("%1 has the conn: take it over to start this run.").arg(foreign));
        QPushButton *take = m_connMessage->addAction(tr("Take over…"));
        take->setObjectName(u"takeConn"_s);
        connect(take, &QPushButton::clicked, this, &CommitPage::takeOver);
    }
    m_connTold = conn;
    const bool production = target.environment == u"production";
    m_confirmText->setText(!production        ? tr("Nobody can count what is lost. To agree, type the target's name, “%1”:").arg(target.name)
                               : isRollback() ? tr("Type the target's name, “%1”, to roll back production:").arg(target.name)
                                              : tr("Type the target's name, “%1”, to update production:").arg(target.name));
    m_name->setAccessibleName(tr("Name of the target"));
    Q_EMIT changed();
}

void CommitPage::takeOver()
{
    auto *dialog = new ConnDialog(m_draft->target(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, m_draft, [this, dialog] { m_draft->takeConn(dialog->note(), dialog->holder()); });
    connect(m_draft, &PlanDraft::targetChanged, dialog, [this, dialog] { dialog->follow(m_draft->target()); });
    dialog->open();
}

bool CommitPage::leave()
{
    m_starting = true;
    m_error->clear();
    Q_EMIT changed();
    ask<QString>(this, m_draft->engine()->apply(m_draft->digest(), m_name->text(), {m_glassReason->text().trimmed(), m_glassFor}), [this](Result<QString> run) {
        m_starting = false;
        if (!run) {
            m_error->tell(run.error());
            m_gates->look();
            if (run.error().code.startsWith(u"plan.")) {
                connect(m_error->addAction(tr("Plan again")), &QPushButton::clicked, m_draft, &PlanDraft::requestAgain);
            }
            Q_EMIT changed();
            return;
        }
        Q_EMIT started(*run);
    });
    return false;
}

QString CommitPage::heading() const
{
    return isRollback() ? tr("Look at the whole plan once more. The button at the lower right starts it.")
                        : tr("This is everything that will be done. The button at the lower right starts it; up to the point of no return the system can go back by itself.");
}

QString CommitPage::blockedReason() const
{
    if (const QString reason = m_draft->incompleteReason(); !reason.isEmpty()) {
        return reason;
    }
    if (m_starting) {
        return tr("The run is being started.");
    }
    if (const QString refusal = m_draft->target().connRefusal(); !refusal.isEmpty()) {
        return refusal;
    }
    if (!m_draft->changedSince().isEmpty()) {
        return tr("The system has changed since; plan again.");
    }
    if (const QString shut = gateReason(); !shut.isEmpty()) {
        return shut;
    }
    if (isNameNeeded() && m_name->text() != m_draft->target().name) {
        return m_name->text().isEmpty() ? tr("The target's name has to be typed.") : tr("“%1” is not the target's name.").arg(m_name->text());
    }
    return {};
}

QString CommitPage::nextText() const
{
    const std::optional<Plan> &plan = m_draft->plan();
    const QString commit = plan ? shortCommit(*plan) : QString();
    const QString to = commit.isEmpty() ? m_draft->to() : commit;
    return isRollback() ? tr("Roll back to %1").arg(to) : tr("Update %1 to %2").arg(m_draft->target().name, to);
}

bool CommitPage::isDestructive() const
{
    return isRollback() || !m_glassReason->text().isEmpty();
}

} // namespace cutover
