// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

class QProgressBar;
class QPushButton;

namespace cutover {

class InlineMessage;
class PlanDraft;
class TextLabel;

/** How far the engine is with the plan, with "Stop"; or why there is none, with "Try again". Takes no room otherwise. */
class PlanBar : public QWidget
{
    Q_OBJECT
public:
    explicit PlanBar(PlanDraft *draft, QWidget *parent = nullptr);
    /// The page at hand says itself why there is no plan.
    void setFailureToldElsewhere(bool elsewhere);

private:
    void refresh();

    PlanDraft *m_draft;
    bool m_elsewhere = false;
    QWidget *m_working;
    TextLabel *m_doing;
    QProgressBar *m_progress;
    QPushButton *m_stop;
    InlineMessage *m_message;
    QPushButton *m_again = nullptr;
};

} // namespace cutover
