// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/planwizard.h"

namespace cutover {

/** From "back to when?" to "this is what serves now". */
class RollbackWizard : public PlanWizard
{
    Q_OBJECT
public:
    explicit RollbackWizard(EngineClient *engine, QWidget *parent = nullptr);

    enum Step { Point,
                Preview,
                Confirm,
                Execute,
                Result };

private:
    WizardPage *makePointPage();
    void retitle();
};

/// The rollback wizard as a page of the window.
[[nodiscard]] RollbackWizard *createRollbackPage(EngineClient *engine, QWidget *parent = nullptr);

} // namespace cutover
