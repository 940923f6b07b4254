// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "rollback/restorepointmodel.h"
#include "update/wizardpage.h"

#include <QTimer>

#include <optional>

namespace cutover {

class CommitPicker;
class EmptyState;
class InlineMessage;
class Panel;
class PlanDraft;
class RestoreTimeline;
class RollbackCosts;
class TableView;
class TextLabel;

/**
 * Which restore point to go back to, and how: seen before it is chosen. Where releases are of a git repository, a
 * commit of it can be named instead: its plan is made while the page stays, so that what is wrong with it is told there.
 */
class PointPage : public WizardPage
{
    Q_OBJECT
public:
    explicit PointPage(PlanDraft *draft, QWidget *parent = nullptr);

    void enter() override;
    [[nodiscard]] bool leave() override;
    [[nodiscard]] QString heading() const override;
    [[nodiscard]] QString blockedReason() const override;
    [[nodiscard]] bool tellsFailure() const override { return m_byCommit; }
    /// A commit is named instead of a restore point.
    [[nodiscard]] bool isByCommit() const { return m_byCommit; }
    /// The point with its options counted; none while it is being looked at.
    [[nodiscard]] const std::optional<RestorePointView> &chosen() const { return m_view; }

Q_SIGNALS:
    /// There is nothing to go back to: only an update makes something.
    void updatesWanted();

protected:
    void showEvent(QShowEvent *event) override;

private:
    void load();
    void loadTimeline();
    /// Later, once for all that has happened by then; when the page is hidden, as soon as it is seen again.
    void loadSoon();
    void loadTimelineSoon();
    void choose(const QString &id);
    void show();
    QWidget *makeWays();
    void setByCommit(bool byCommit);
    void followCommit();

    PlanDraft *m_draft;
    RestorePointModel m_model;
    bool m_loaded = false;
    bool m_stale = false; ///< Something changed while the page was hidden.
    QTimer m_loadSoon, m_timelineSoon;
    QString m_id;
    std::optional<RestorePointView> m_view;
    Error m_error;
    bool m_byCommit = false;
    bool m_wanted = false; ///< Next was pressed for a commit, and goes on with its plan.
    QWidget *m_ways;
    QWidget *m_points;
    CommitPicker *m_commit;
    EmptyState *m_empty;
    InlineMessage *m_message;
    QWidget *m_content;
    RestoreTimeline *m_timeline;
    TableView *m_table;
    Panel *m_then;
    TextLabel *m_thenText;
    Panel *m_now;
    TextLabel *m_nowText;
    RollbackCosts *m_costs;
};

} // namespace cutover
