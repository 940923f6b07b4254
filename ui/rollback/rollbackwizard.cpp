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
    auto *points = new PointPage(draft);
    auto *commit = new CommitPage(draft);
    auto *run = new RunStep(draft->engine());
    addPage(points, tr("Restore point"));
    addPage(new RollbackPreviewPage(draft), tr("Preview"));
    addPage(commit, tr("Confirm"));
    addPage(run, tr("Execute"));
    addStep(tr("Result"));

    connect(this, &WizardFrame::cancelled, this, [this] {
        m_draft->clear();
        Q_EMIT finished();
    });
    connect(commit, &CommitPage::started, this, [this, run](const QString &runId) {
        run->open(runId);
        // To make the run's page is one event's work, to show it another's.
        QMetaObject::invokeMethod(this, [this] { goTo(Execute); }, Qt::QueuedConnection);
        Q_EMIT openRun(runId);
    });
    connect(run, &RunStep::resultShown, this, [this] { setHeaderStep(Result); });
    connect(run, &RunStep::finished, this, &RollbackWizard::finished);
    connect(points, &WizardPage::changed, this, [this, points] {
        if (const std::optional<RestorePointView> &view = points->chosen()) {
            setFromTo(tr("%1 → %2, as of %3").arg(m_draft->target().version, view->point.version, relativeTime(view->point.created)));
        } else {
            setFromTo({});
        }
    });
    connect(draft, &PlanDraft::targetChanged, this, &RollbackWizard::retitle);
    retitle();
    setFromTo({});
    goTo(Point);
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
