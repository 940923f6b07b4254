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

private:
    void refresh();

    PlanDraft *m_draft;
    QWidget *m_working;
    TextLabel *m_doing;
    QProgressBar *m_progress;
    QPushButton *m_stop;
    InlineMessage *m_message;
    QPushButton *m_again = nullptr;
};

} // namespace cutover
