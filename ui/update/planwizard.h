// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/plandraft.h"
#include "update/wizardframe.h"

namespace cutover {

class RunPage;

/** A page of a wizard that shows the run which the commit page started; empty before. */
class RunStep : public WizardPage
{
    Q_OBJECT
public:
    explicit RunStep(EngineClient *engine, QWidget *parent = nullptr);
    void open(const QString &runId);
    void enter() override;
    [[nodiscard]] QString heading() const override { return {}; }
    [[nodiscard]] bool hasFooter() const override { return false; }

Q_SIGNALS:
    void finished();
    void resultShown();

private:
    EngineClient *m_engine;
    RunPage *m_run = nullptr;
};

/** A wizard whose last pages approve a plan and look on at its run: what updates and rollbacks have in common. */
class PlanWizard : public WizardFrame
{
    Q_OBJECT
public:
    explicit PlanWizard(EngineClient *engine, QWidget *parent = nullptr);

Q_SIGNALS:
    /// Left, before or after the run.
    void finished();
    /// A run was started here.
    void openRun(const QString &runId);

protected:
    [[nodiscard]] PlanDraft *draft() const { return m_draft; }
    /// The commit page under that name, the run's page behind it, and the result in the header.
    void addRunPages(const QString &commit);

private:
    PlanWizard(PlanDraft *draft, QWidget *parent);
    WizardPage *makeCommitPage();
    WizardPage *makeRunStep();

    PlanDraft *m_draft;
    int m_execute = -1; ///< Step of the run's page.
};

} // namespace cutover
