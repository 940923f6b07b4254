// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/page.h"
#include "serve/views.h"

class QGridLayout;
class QPushButton;

namespace cutover {

class TextLabel;

/** A run that waits for a person: why, what serves meanwhile, and each way on with what it costs or why it is closed. */
class HeldPanel : public Panel
{
    Q_OBJECT
public:
    explicit HeldPanel(QWidget *parent = nullptr);

    void setRun(const RunView &view);
    /// Why nothing can be decided from here; empty: it can.
    void setWhyNot(const QString &reason);
    /// No process works on the run any more.
    void setRunnerGone(bool gone);
    /// Changes the countdown to the policy's default.
    void tick();
    /// The button of "retry", "accept", "resume", "rollback" or "abandon".
    [[nodiscard]] QPushButton *button(const QString &verb) const;

Q_SIGNALS:
    void chosen(const QString &verb);
    void copyRequested();

private:
    struct Choice {
        QString verb;
        QPushButton *button;
        TextLabel *cost;
    };
    [[nodiscard]] QString costOf(const QString &verb) const;

    void refreshChoices();

    RunView m_view;
    QString m_whyNot;
    TextLabel *m_reason;
    TextLabel *m_hint;
    TextLabel *m_serving;
    TextLabel *m_silent;
    TextLabel *m_due;
    TextLabel *m_gone;
    QList<Choice> m_choices;
};

} // namespace cutover
