// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/configurationpage.h"

#include "common/codeview.h"
#include "common/emptystate.h"
#include "common/page.h"
#include "update/plandraft.h"

#include <QFileInfo>
#include <QTabWidget>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

ConfigurationPage::ConfigurationPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_empty(new EmptyState(u"dialog-ok"_s, tr("Nothing changes in the configuration.")))
    , m_panel(new Panel)
    , m_files(new QTabWidget)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_empty, 1);
    layout->addWidget(m_panel, 1);
    m_panel->setFlush(true);
    m_panel->body()->addWidget(m_files);
    m_files->setAccessibleName(tr("Configuration files"));
    m_files->setDocumentMode(true);
    connect(draft, &PlanDraft::planChanged, this, &ConfigurationPage::refreshWhenSeen);
    refreshWhenSeen();
}

void ConfigurationPage::refresh()
{
    if (!m_draft->plan()) {
        m_empty->hide();
        m_panel->hide();
        m_shown.clear();
    } else if (m_shown != m_draft->digest()) {
        m_shown = m_draft->digest();
        while (m_files->count() > 0) {
            delete m_files->widget(0);
        }
        for (const StepSpec &step : m_draft->plan()->steps) {
            for (const Preview &preview : step.previews) {
                if (preview.type != u"diff" || preview.text.trimmed().isEmpty()) {
                    continue;
                }
                auto *view = new CodeView(tr("Changes in %1").arg(preview.title));
                view->setFrameShape(QFrame::NoFrame);
                view->setCode(preview.text, CodeView::definitionForPreview(u"diff"_s));
                const int tab = m_files->addTab(view, QFileInfo(preview.title).fileName());
                m_files->setTabToolTip(tab, preview.title);
            }
        }
        m_panel->setVisible(m_files->count() > 0);
        m_empty->setVisible(m_files->count() == 0);
    }
    Q_EMIT changed();
}

QString ConfigurationPage::heading() const
{
    return m_files->count() == 0 ? QString() : tr("Lines that start with + are new, lines that start with − go away. Values of secrets are not shown.");
}

QString ConfigurationPage::blockedReason() const
{
    return m_draft->incompleteReason();
}

} // namespace cutover
