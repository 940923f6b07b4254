// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/jobtracker.h"
#include "update/checkmodel.h"
#include "update/wizardpage.h"

class QCheckBox;
class QPushButton;

namespace cutover {

class InlineMessage;
class PlanDraft;
class TableView;
class TextLabel;

/** Is the system fit to be updated? Looked at live; failures block. */
class ChecksPage : public WizardPage
{
    Q_OBJECT
public:
    explicit ChecksPage(PlanDraft *draft, QWidget *parent = nullptr);

    void enter() override;
    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;
    [[nodiscard]] const CheckModel &model() const { return m_model; }

private:
    void run();
    void summarize();
    void showSessions();
    /// Gates of those that failed, where each may be known; empty otherwise.
    [[nodiscard]] QStringList passable() const;

    PlanDraft *m_draft;
    JobTracker m_job;
    CheckModel m_model;
    QString m_checked; ///< Version that the results are for; empty: none yet.
    bool m_ended = false;
    bool m_passed = false;
    TextLabel *m_summary;
    QPushButton *m_sessions; ///< Where a database has sessions.
    QPushButton *m_again;
    QCheckBox *m_known; ///< Where all that failed may be known.
    TableView *m_table;
    InlineMessage *m_message;
};

} // namespace cutover
