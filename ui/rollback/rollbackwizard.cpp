// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/rollbackwizard.h"

#include "common/times.h"
#include "rollback/pointpage.h"
#include "rollback/rollbackpreviewpage.h"
#include "update/words.h"

namespace cutover {

using namespace Qt::StringLiterals;

RollbackWizard::RollbackWizard(EngineClient *engine, QWidget *parent)
    : PlanWizard(engine, parent)
{
    addPage([this] { return makePointPage(); }, tr("Choose"));
    addPage([this] { return new RollbackPreviewPage(draft()); }, tr("Preview"));
    addRunPages(tr("Confirm"));
    connect(draft(), &PlanDraft::targetChanged, this, &RollbackWizard::retitle);
    retitle();
    setFromTo({});
    goTo(Point);
}

WizardPage *RollbackWizard::makePointPage()
{
    auto *points = new PointPage(draft());
    connect(points, &WizardPage::changed, this, [this, points] {
        if (points->isByCommit()) {
            const std::optional<Plan> &plan = draft()->plan();
            const QString commit = plan ? shortCommit(*plan) : QString();
            // The version of a commit without a tag ends with it.
            setFromTo(commit.isEmpty()                ? QString()
                          : plan->to.contains(commit) ? tr("%1 → %2").arg(plan->from, plan->to)
                                                      : tr("%1 → %2, commit %3").arg(plan->from, plan->to, commit));
        } else if (const std::optional<RestorePointView> &view = points->chosen()) {
            setFromTo(tr("%1 → %2, as of %3").arg(draft()->target().version, view->point.version, relativeTime(view->point.created)));
        } else {
            setFromTo({});
        }
    });
    connect(points, &PointPage::updatesWanted, this, &RollbackWizard::finished);
    return points;
}

void RollbackWizard::retitle()
{
    setTitle(draft()->hasTarget() ? tr("Roll back %1").arg(draft()->target().name) : tr("Roll back"));
}

RollbackWizard *createRollbackPage(EngineClient *engine, QWidget *parent)
{
    return new RollbackWizard(engine, parent);
}

} // namespace cutover
