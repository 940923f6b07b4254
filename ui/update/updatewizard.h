// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/plandraft.h"
#include "update/wizardframe.h"

namespace cutover {

class CommitPage;
class RunPage;

/** A page of a wizard that shows the run which the commit page started; empty before. */
class RunStep : public WizardPage
{
    Q_OBJECT
public:
    explicit RunStep(EngineClient *engine, QWidget *parent = nullptr);
    void open(const QString &runId);
    void enter() override;
    [[nodiscard]] RunPage *runPage() const { return m_run; }
    [[nodiscard]] QString heading() const override { return {}; }
    [[nodiscard]] bool hasFooter() const override { return false; }

Q_SIGNALS:
    void finished();
    void resultShown();

private:
    EngineClient *m_engine;
    RunPage *m_run = nullptr;
};

/**
 * From "which version?" to "this is how it went". Everything before the commit page can be left
 * without a trace; after it the run belongs to the control host and the wizard only looks on.
 */
class UpdateWizard : public WizardFrame
{
    Q_OBJECT
public:
    /// version: chosen beforehand, as on the overview; empty: the newest that can be installed.
    explicit UpdateWizard(EngineClient *engine, const QString &version = {}, QWidget *parent = nullptr);

    enum Step { Version,
                Checks,
                Backup,
                Migrations,
                Configuration,
                Review,
                Execute,
                Result };

Q_SIGNALS:
    /// Left, before or after the run.
    void finished();
    /// A run was started here.
    void openRun(const QString &runId);

private:
    explicit UpdateWizard(PlanDraft *draft, const QString &version, QWidget *parent);
    WizardPage *makeVersionPage(const QString &version);
    WizardPage *makeCommitPage();
    WizardPage *makeRunStep();
    void retitle();

    PlanDraft *m_draft;
};

/// The update wizard as a page of the window.
[[nodiscard]] UpdateWizard *createUpdatePage(EngineClient *engine, const QString &version = {}, QWidget *parent = nullptr);

} // namespace cutover
