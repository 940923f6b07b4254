// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/updatewizard.h"

namespace cutover {

/** From "back to when?" to "this is what serves now". */
class RollbackWizard : public WizardFrame
{
    Q_OBJECT
public:
    explicit RollbackWizard(EngineClient *engine, QWidget *parent = nullptr);

    enum Step { Point,
                Preview,
                Confirm,
                Execute,
                Result };

Q_SIGNALS:
    /// Left, before or after the run.
    void finished();
    /// A run was started here.
    void openRun(const QString &runId);

private:
    RollbackWizard(PlanDraft *draft, QWidget *parent);
    WizardPage *makePointPage();
    WizardPage *makeCommitPage();
    WizardPage *makeRunStep();
    void retitle();

    PlanDraft *m_draft;
};

/// The rollback wizard as a page of the window.
[[nodiscard]] RollbackWizard *createRollbackPage(EngineClient *engine, QWidget *parent = nullptr);

} // namespace cutover
