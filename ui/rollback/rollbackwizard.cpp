// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/rollbackwizard.h"

#include "common/times.h"
#include "rollback/pointpage.h"
#include "rollback/rollbackpreviewpage.h"
#include "update/commitpage.h"
#include "update/runpage.h"
#include "update/words.h"

namespace cutover {

using namespace Qt::StringLiterals;

RollbackWizard::RollbackWizard(EngineClient *engine, QWidget *parent)
    : RollbackWizard(new PlanDraft(engine), parent)
{
}

RollbackWizard::RollbackWizard(PlanDraft *draft, QWidget *parent)
    : WizardFrame(draft, parent)
    , m_draft(draft)
{
    draft->setParent(this);
    addPage([this] { return makePointPage(); }, tr("Restore point"));
    addPage([draft] { return new RollbackPreviewPage(draft); }, tr("Preview"));
    addPage([this] { return makeCommitPage(); }, tr("Confirm"));
    addPage([this] { return makeRunStep(); }, tr("Execute"));
    addStep(tr("Result"));

    connect(this, &WizardFrame::cancelled, this, [this] {
        m_draft->clear();
        Q_EMIT finished();
    });
    connect(draft, &PlanDraft::targetChanged, this, &RollbackWizard::retitle);
    retitle();
    setFromTo({});
    goTo(Point);
}

WizardPage *RollbackWizard::makePointPage()
{
    auto *points = new PointPage(m_draft);
    connect(points, &WizardPage::changed, this, [this, points] {
        if (const std::optional<RestorePointView> &view = points->chosen()) {
            setFromTo(tr("%1 → %2, as of %3").arg(m_draft->target().version, view->point.version, relativeTime(view->point.created)));
        } else {
            setFromTo({});
        }
    });
    connect(points, &PointPage::updatesWanted, this, &RollbackWizard::finished);
    return points;
}

WizardPage *RollbackWizard::makeCommitPage()
{
    auto *commit = new CommitPage(m_draft);
    connect(commit, &CommitPage::started, this, [this](const QString &runId) {
        static_cast<RunStep *>(page(Execute))->open(runId);
        // To make the run's page is one event's work, to show it another's.
        QMetaObject::invokeMethod(this, [this] { goTo(Execute); }, Qt::QueuedConnection);
        Q_EMIT openRun(runId);
    });
    return commit;
}

WizardPage *RollbackWizard::makeRunStep()
{
    auto *run = new RunStep(m_draft->engine());
    connect(run, &RunStep::resultShown, this, [this] { setHeaderStep(Result); });
    connect(run, &RunStep::finished, this, &RollbackWizard::finished);
    return run;
}

void RollbackWizard::retitle()
{
    setTitle(m_draft->hasTarget() ? tr("Roll back %1").arg(m_draft->target().name) : tr("Roll back"));
}

RollbackWizard *createRollbackPage(EngineClient *engine, QWidget *parent)
{
    return new RollbackWizard(engine, parent);
}

} // namespace cutover
