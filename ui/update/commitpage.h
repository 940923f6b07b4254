// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/planmodel.h"
#include "update/wizardpage.h"

class QFormLayout;
class QLineEdit;
class QPushButton;
class QTabWidget;

namespace cutover {

class ChecklistPanel;
class DigestLabel;
class GateWatch;
class InlineMessage;
class PlanDraft;
class RelativeTimeLabel;
class StatusChip;
class TableView;
class TextLabel;

/**
 * The last page before work, of update and rollback alike: the whole plan, what it costs, who has
 * the conn, what changed since it was made. In production the target's name is typed. Its button
 * is the only thing in the wizards that changes the system.
 */
class CommitPage : public WizardPage
{
    Q_OBJECT
public:
    explicit CommitPage(PlanDraft *draft, QWidget *parent = nullptr);

    void enter() override;
    [[nodiscard]] bool leave() override;
    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;
    [[nodiscard]] QString nextText() const override;
    [[nodiscard]] bool isDestructive() const override;

Q_SIGNALS:
    void started(const QString &runId);

protected:
    void refresh() override;

private:
    void takeOver();
    // Of commitgates.cpp: what stands in the way of a run, and how it is opened or overridden.
    void makeGates();
    void refreshGates();
    void openApproval();
    void breakGlass(bool wanted);
    [[nodiscard]] QString gateReason() const; ///< Why the run can't be started for a gate; empty: it can.
    [[nodiscard]] bool isRollback() const;
    [[nodiscard]] bool isNameNeeded() const;

    PlanDraft *m_draft;
    PlanModel m_model;
    QString m_shown; ///< Digest of the plan in the table.
    bool m_starting = false;
    QWidget *m_content;
    QFormLayout *m_form;
    TextLabel *m_target;
    TextLabel *m_way;
    TextLabel *m_time;
    TextLabel *m_downtime;
    StatusChip *m_risk;
    TextLabel *m_lost;
    TextLabel *m_failure;
    RelativeTimeLabel *m_proven;
    DigestLabel *m_digest;
    TextLabel *m_conn;
    TableView *m_table;
    InlineMessage *m_changes;
    InlineMessage *m_connMessage;
    InlineMessage *m_error;
    QString m_changesTold, m_connTold; ///< What the messages say, so that they are made anew only for something new.
    GateWatch *m_gates;
    TextLabel *m_approval;
    TextLabel *m_blackout;
    TextLabel *m_staging;
    InlineMessage *m_shut;
    QString m_shutTold;
    QWidget *m_glass; ///< Shown once somebody wants to break it.
    TextLabel *m_glassWhat;
    QLineEdit *m_glassReason;
    QPushButton *m_leaveGlass;
    QStringList m_glassFor; ///< Gates that were shut when it was to be broken; the reason is for those alone.
    QTabWidget *m_tabs;
    ChecklistPanel *m_checklist;
    QWidget *m_confirm;
    TextLabel *m_confirmText;
    QLineEdit *m_name;
};

} // namespace cutover
