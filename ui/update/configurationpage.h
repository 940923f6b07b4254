// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/wizardpage.h"

class QTabWidget;

namespace cutover {

class EmptyState;
class Panel;
class PlanDraft;

/** What changes in the configuration files; secrets arrive masked. */
class ConfigurationPage : public WizardPage
{
    Q_OBJECT
public:
    explicit ConfigurationPage(PlanDraft *draft, QWidget *parent = nullptr);

    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;

protected:
    void refresh() override;

private:
    PlanDraft *m_draft;
    QString m_shown;
    EmptyState *m_empty;
    Panel *m_panel;
    QTabWidget *m_files;
};

} // namespace cutover
