// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/planwizard.h"

namespace cutover {

/**
 * From "which version?" to "this is how it went". Everything before the commit page can be left
 * without a trace; after it the run belongs to the control host and the wizard only looks on.
 */
class UpdateWizard : public PlanWizard
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

private:
    WizardPage *makeVersionPage(const QString &version);
    void retitle();
};

/// The update wizard as a page of the window.
[[nodiscard]] UpdateWizard *createUpdatePage(EngineClient *engine, const QString &version = {}, QWidget *parent = nullptr);

} // namespace cutover
