// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The commit page's gates: approval, staging, blackout, checklist; what is shut, how it opens, and how it is overridden.

#include "update/commitpage.h"

#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "people/approvaldialog.h"
#include "people/checklistpanel.h"
#include "people/gatewatch.h"
#include "update/plandraft.h"

#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

const GateFinding *gateOf(const GatesView &view, QLatin1StringView name)
{
    for (const GateFinding &gate : view.gates) {
        if (gate.gate == name) {
            return &gate;
        }
    }
    return nullptr;
}

/// Within a narrow column; the exact one is in the tool tip.
QString shortTime(const QDateTime &time)
{
    return QLocale().toString(time.toLocalTime(), u"ddd HH:mm"_s);
}

} // namespace

void CommitPage::makeGates()
{
    auto *column = new QVBoxLayout(m_glass);
    column->setContentsMargins({});
    column->setSpacing(space::Tight);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::Inside);
    m_glassWhat->setObjectName(u"glassWhat"_s);
    m_glassWhat->setBuddy(m_glassReason);
    m_glassReason->setObjectName(u"breakGlass"_s);
    m_glassReason->setPlaceholderText(tr("Why it can't wait; kept in the audit trail and the report"));
    m_glassReason->setAccessibleName(tr("Why it can't wait"));
    m_leaveGlass->setObjectName(u"leaveGlass"_s);
    m_leaveGlass->setAutoDefault(false);
    row->addWidget(m_glassReason, 1);
    row->addWidget(m_leaveGlass);
    column->addWidget(m_glassWhat->wrapped());
    column->addLayout(row);
    m_glass->hide();
    connect(m_leaveGlass, &QPushButton::clicked, this, [this] { breakGlass(false); });
    connect(m_glassReason, &QLineEdit::textChanged, this, &WizardPage::changed);
    connect(m_gates, &GateWatch::changed, this, &CommitPage::refreshWhenSeen);
    connect(m_checklist, &ChecklistPanel::changed, m_gates, &GateWatch::look);
}

void CommitPage::refreshGates()
{
    const GatesView &view = m_gates->view();
    // In a word; the whole sentence stands above where it is shut, and in the tool tip.
    const auto tell = [this, &view](TextLabel *label, QLatin1StringView name, const QString &open, const QString &closed) {
        const GateFinding *gate = gateOf(view, name);
        m_form->setRowVisible(label, gate != nullptr);
        if (gate != nullptr) {
            label->setText(gate->isOpen() ? open : closed);
            QStringList whole{gate->isOpen() ? gate->finding.text() : gate->error.text()};
            for (const Message &warning : gate->warnings) {
                whole.append(warning.text());
            }
            label->setToolTip(whole.join(u'\n'));
            label->setRole(gate->isOpen() ? Theme::Role::Text : Theme::Role::Danger);
        }
    };
    const auto timeIn = [&view](QLatin1StringView name, QLatin1StringView argument) {
        const GateFinding *gate = gateOf(view, name);
        return gate != nullptr ? QDateTime::fromString(gate->finding.args[argument].toString(), Qt::ISODate) : QDateTime();
    };
    const ApprovalView &approval = view.approval;
    const QString old = approval.approver.isEmpty() ? tr("none yet") : tr("void; %1's counts no more").arg(approval.approver);
    tell(m_approval, "approval"_L1, tr("%1, until %2").arg(approval.approver, shortTime(approval.expires)), old);
    tell(m_staging, "staging"_L1, tr("succeeded %1").arg(shortTime(timeIn("staging"_L1, "ended"_L1))), tr("not proven"));
    const QDateTime begin = timeIn("blackout"_L1, "begin"_L1);
    tell(m_blackout, "blackout"_L1, begin.isValid() ? tr("from %1").arg(shortTime(begin)) : tr("none within a week"), tr("now, until %1").arg(shortTime(timeIn("blackout"_L1, "until"_L1))));

    QStringList shut, hints;
    bool needsApproval = false;
    bool needsChecklist = false;
    for (const GateFinding &gate : view.gates) {
        if (!gate.isOpen()) {
            shut.append(gate.error.what());
            hints.append(gate.error.hint());
            for (const Message &warning : gate.warnings) {
                hints.append(warning.text());
            }
            needsApproval = needsApproval || gate.gate == "approval"_L1;
            needsChecklist = needsChecklist || gate.gate == "checklist"_L1;
        }
    }
    for (const Message &change : approval.changes) {
        hints.append(change.text());
    }
    if (shut.isEmpty() || !m_draft->plan()) {
        m_shut->clear();
        m_shutTold.clear();
        // What is known to fail was chosen at the checks; it still wants its reason.
        breakGlass(m_draft->plan() && !m_draft->knownFailures().isEmpty());
        return;
    }
    const QString told = shut.join(u' ') + hints.join(u' ');
    if (told == m_shutTold) {
        return;
    }
    m_shutTold = told;
    m_shut->clear();
    m_shut->tell(InlineMessage::Kind::Caution, shut.join(u' '), hints.join(u' '));
    if (needsApproval) {
        QPushButton *get = m_shut->addAction(tr("Approval…"));
        get->setObjectName(u"getApproval"_s);
        connect(get, &QPushButton::clicked, this, &CommitPage::openApproval);
    }
    if (needsChecklist) {
        QPushButton *open = m_shut->addAction(tr("Checklist"));
        open->setObjectName(u"openChecklist"_s);
        connect(open, &QPushButton::clicked, this, [this] { m_tabs->setCurrentWidget(m_checklist); });
    }
    QPushButton *glass = m_shut->addAction(tr("Break the glass…"));
    glass->setObjectName(u"wantGlass"_s);
    connect(glass, &QPushButton::clicked, this, [this] { breakGlass(true); });
}

void CommitPage::breakGlass(bool wanted)
{
    QStringList shut = wanted ? m_draft->knownFailures() : QStringList();
    m_leaveGlass->setVisible(shut.isEmpty());
    for (const GateFinding &gate : m_gates->view().gates) {
        if (wanted && !gate.isOpen()) {
            shut.append(gate.gate);
        }
    }
    if (m_glass->isHidden() != wanted && m_glassFor == shut) {
        return;
    }
    // A reason that was typed for some of them is none for the others.
    m_glassFor = shut;
    m_glass->setVisible(wanted);
    m_glassReason->clear();
    m_glassWhat->setText(tr("Break the glass for %1, since:").arg(QLocale().createSeparatedList(gateTitles(shut))));
    if (wanted) {
        m_glassReason->setFocus();
    }
    Q_EMIT changed();
}

void CommitPage::openApproval()
{
    const std::optional<Plan> &plan = m_draft->plan();
    if (!plan) {
        return;
    }
    auto *dialog = new ApprovalDialog(m_draft->engine(), *plan, m_draft->digest(), m_gates->view().approval, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ApprovalDialog::approvalChanged, m_gates, &GateWatch::look);
    connect(m_gates, &GateWatch::changed, dialog, [this, dialog] { dialog->setView(m_gates->view().approval); });
    dialog->open();
}

QString CommitPage::gateReason() const
{
    const Error shut = m_gates->view().firstShut();
    if (shut.code.isEmpty() && m_draft->knownFailures().isEmpty()) {
        return {};
    }
    if (m_glass->isHidden() && !shut.code.isEmpty()) {
        return shut.what();
    }
    for (const GateFinding &gate : m_gates->view().gates) {
        if (!gate.isOpen() && !m_glassFor.contains(gate.gate)) {
            return tr("The reason is not for this: %1").arg(gate.error.what());
        }
    }
    return m_glassReason->text().trimmed().size() < GlassWish::ShortestReason ? tr("Say in at least %1 letters why it can't wait.").arg(GlassWish::ShortestReason) : QString();
}

} // namespace cutover
