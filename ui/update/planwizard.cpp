// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/planwizard.h"

#include "update/commitpage.h"
#include "update/runpage.h"
#include "update/steptimelineview.h"

#include <QVBoxLayout>

namespace cutover {

RunStep::RunStep(EngineClient *engine, QWidget *parent)
    : WizardPage(parent)
    , m_engine(engine)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
}

void RunStep::open(const QString &runId)
{
    if (m_run != nullptr) {
        m_run->deleteLater();
    }
    m_run = new RunPage(m_engine, runId);
    m_run->setBelowHeader();
    layout()->addWidget(m_run);
    connect(m_run, &RunPage::left, this, &RunStep::finished);
    connect(m_run, &RunPage::finished, this, &RunStep::finished);
    connect(m_run, &RunPage::resultShown, this, &RunStep::resultShown);
}

void RunStep::enter()
{
    // At the steps, and not at the first thing that can be pressed.
    if (auto *steps = findChild<StepTimelineView *>()) {
        steps->setFocus();
    }
}

PlanWizard::PlanWizard(EngineClient *engine, QWidget *parent)
    : PlanWizard(new PlanDraft(engine), parent)
{
}

PlanWizard::PlanWizard(PlanDraft *draft, QWidget *parent)
    : WizardFrame(draft, parent)
    , m_draft(draft)
{
    draft->setParent(this);
    connect(this, &WizardFrame::cancelled, this, [this] {
        m_draft->clear();
        Q_EMIT finished();
    });
}

void PlanWizard::addRunPages(const QString &commit)
{
    addPage([this] { return makeCommitPage(); }, commit);
    m_execute = addPage([this] { return makeRunStep(); }, tr("Execute"));
    addStep(tr("Result"));
}

WizardPage *PlanWizard::makeCommitPage()
{
    auto *commit = new CommitPage(m_draft);
    connect(commit, &CommitPage::started, this, [this](const QString &runId) {
        static_cast<RunStep *>(page(m_execute))->open(runId);
        // To make the run's page is one event's work, to show it another's.
        QMetaObject::invokeMethod(this, [this] { goTo(m_execute); }, Qt::QueuedConnection);
        Q_EMIT openRun(runId);
    });
    return commit;
}

WizardPage *PlanWizard::makeRunStep()
{
    auto *run = new RunStep(m_draft->engine());
    connect(run, &RunStep::resultShown, this, [this] { setHeaderStep(m_execute + 1); });
    connect(run, &RunStep::finished, this, &PlanWizard::finished);
    return run;
}

} // namespace cutover
