// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/planmodel.h"
#include "update/wizardpage.h"

namespace cutover {

class EmptyState;
class InlineMessage;
class PlanDraft;
class RelativeTimeLabel;
class TableView;
class TextLabel;

/** What the plan backs up before it changes anything, and what the last backups are worth. */
class BackupPage : public WizardPage
{
    Q_OBJECT
public:
    explicit BackupPage(PlanDraft *draft, QWidget *parent = nullptr);

    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;

protected:
    void refresh() override;

private:
    PlanDraft *m_draft;
    PlanModel m_model;
    QWidget *m_content;
    RelativeTimeLabel *m_last;
    RelativeTimeLabel *m_proven;
    TextLabel *m_free;
    InlineMessage *m_note;
    TableView *m_table;
};

} // namespace cutover
