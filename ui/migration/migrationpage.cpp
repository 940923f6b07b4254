// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationpage.h"

#include "common/emptystate.h"
#include "common/theme.h"
#include "migration/migrationpreview.h"
#include "update/plandraft.h"

#include <QHBoxLayout>
#include <QListWidget>

namespace cutover {

using namespace Qt::StringLiterals;

MigrationPage::MigrationPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_content(new QWidget)
    , m_empty(new EmptyState(u"server-database"_s, tr("This plan migrates no database.")))
    , m_list(new QListWidget)
    , m_columns(new QHBoxLayout(m_content))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_empty, 1);
    layout->addWidget(m_content, 1);
    m_columns->setContentsMargins({});
    m_columns->setSpacing(space::Group);
    m_list->setAccessibleName(tr("Migrations in the order they run"));
    m_list->setFixedWidth(240);
    m_list->setTextElideMode(Qt::ElideMiddle);
    m_columns->addWidget(m_list);
    connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
        if (row >= 0 && row < m_steps.size() && m_draft->plan()) {
            if (m_preview == nullptr) {
                m_preview = new MigrationPreview;
                m_columns->addWidget(m_preview, 1);
            }
            m_preview->setStep(m_draft->plan()->steps.at(m_steps[row]));
        }
    });
    connect(draft, &PlanDraft::planChanged, this, &MigrationPage::refreshWhenSeen);
    refreshWhenSeen();
}

void MigrationPage::refresh()
{
    if (!m_draft->plan()) {
        m_content->hide();
        m_empty->hide();
        m_shown.clear();
    } else if (m_shown != m_draft->digest()) {
        m_shown = m_draft->digest();
        m_list->clear();
        m_steps.clear();
        const QList<StepSpec> &steps = m_draft->plan()->steps;
        for (int i = 0; i < steps.size(); ++i) {
            if (isMigration(steps[i])) {
                m_steps << i;
                auto *item = new QListWidgetItem(steps[i].title.text(), m_list);
                item->setToolTip(steps[i].intent.text());
                item->setSizeHint({0, space::Row});
            }
        }
        m_content->setVisible(!m_steps.isEmpty());
        m_list->setVisible(m_steps.size() > 1);
        m_empty->setVisible(m_steps.isEmpty());
        if (!m_steps.isEmpty()) {
            m_list->setCurrentRow(0);
        }
    }
    Q_EMIT changed();
}

QString MigrationPage::heading() const
{
    return m_steps.isEmpty() && m_draft->plan() ? QString() : tr("This is what will run, in this order, and what takes it back.");
}

QString MigrationPage::blockedReason() const
{
    return m_draft->incompleteReason();
}

} // namespace cutover
