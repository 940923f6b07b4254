// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/backuppage.h"

#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/times.h"
#include "update/plandraft.h"

#include <QFormLayout>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

BackupPage::BackupPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_content(new QWidget)
    , m_last(new RelativeTimeLabel)
    , m_proven(new RelativeTimeLabel)
    , m_free(new TextLabel)
    , m_note(new InlineMessage)
    , m_table(new TableView(tr("Backup steps of the plan")))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_content);
    auto *content = new QVBoxLayout(m_content);
    content->setContentsMargins({});
    content->setSpacing(space::Group);

    auto *now = new Panel(tr("Backups so far"));
    auto *form = new QFormLayout;
    form->setHorizontalSpacing(space::Page);
    form->setVerticalSpacing(space::Tight);
    form->addRow(tr("Last backup"), m_last);
    form->addRow(tr("Last proven backup"), m_proven);
    form->addRow(tr("Free space"), m_free);
    now->body()->addLayout(form);
    content->addWidget(now);
    content->addWidget(m_note);

    auto *planned = new Panel(tr("What this update backs up"));
    planned->setFlush(true);
    m_table->setModel(&m_model);
    m_table->setStretchColumn(PlanModel::IntentColumn);
    m_table->setRowsWrapped();
    m_table->setColumnHidden(PlanModel::NumberColumn, true);
    planned->body()->addWidget(m_table);
    content->addWidget(planned, 1);

    connect(draft, &PlanDraft::planChanged, this, &BackupPage::refreshWhenSeen);
    connect(draft, &PlanDraft::targetChanged, this, &BackupPage::refreshWhenSeen);
    refreshWhenSeen();
}

void BackupPage::refresh()
{
    const TargetView &target = m_draft->target();
    m_last->setTime(target.lastBackup, tr("none yet"));
    m_proven->setTime(target.lastProvenBackup, tr("none yet: no restore has been tried"));
    m_free->setText(target.freeBytes >= 0 ? sizeText(target.freeBytes) : tr("unknown"));
    m_content->setVisible(m_draft->plan().has_value());
    if (m_draft->plan()) {
        Plan backups = *m_draft->plan();
        backups.steps.removeIf([](const StepSpec &step) { return !step.kind.contains(u"backup"); });
        m_model.setPlan(backups);
        m_table->fitColumns();
        m_note->clear();
        if (backups.steps.isEmpty()) {
            m_note->tell(InlineMessage::Kind::Caution, tr("This plan makes no backup."),
                         tr("Going back will only be possible to restore points that exist already."));
        }
    }
    Q_EMIT changed();
}

QString BackupPage::heading() const
{
    return tr("The backup is made and proven before anything is changed; a backup that can't be proven stops the update.");
}

QString BackupPage::blockedReason() const
{
    return m_draft->incompleteReason();
}

} // namespace cutover
