// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/wizardpage.h"

class QHBoxLayout;
class QListWidget;

namespace cutover {

class EmptyState;
class MigrationPreview;
class PlanDraft;

/** Every migration of the plan, to be read before it runs. */
class MigrationPage : public WizardPage
{
    Q_OBJECT
public:
    explicit MigrationPage(PlanDraft *draft, QWidget *parent = nullptr);

    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;

protected:
    void refresh() override;

private:
    PlanDraft *m_draft;
    QString m_shown; ///< Digest of the plan on screen.
    QWidget *m_content;
    EmptyState *m_empty;
    QListWidget *m_list;
    QHBoxLayout *m_columns;
    MigrationPreview *m_preview = nullptr; ///< Made when there is something to show.
    QList<int> m_steps; ///< Row → index in the plan.
};

} // namespace cutover
