// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/planmodel.h"
#include "update/wizardpage.h"

class QTabWidget;

namespace cutover {

class Panel;
class PlanDraft;
class TableView;

/** Everything that a rollback does: its steps, the SQL that goes back, what changes in the configuration. */
class RollbackPreviewPage : public WizardPage
{
    Q_OBJECT
public:
    explicit RollbackPreviewPage(PlanDraft *draft, QWidget *parent = nullptr);

    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;

protected:
    void refresh() override;

private:
    PlanDraft *m_draft;
    PlanModel m_model;
    QString m_shown;
    Panel *m_panel;
    QTabWidget *m_tabs;
    TableView *m_table;
};

} // namespace cutover
