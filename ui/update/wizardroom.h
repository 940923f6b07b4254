// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "shell/room.h"

class QStackedWidget;

namespace cutover {

class RunPage;

/**
 * The room of a wizard: a fresh wizard while nothing is under way there, or the page of a run that
 * was opened from elsewhere. A wizard half way through stays as it is when the room is left.
 */
class WizardRoom : public Room
{
    Q_OBJECT
public:
    /// A wizard as Room's contents; argument: what to begin with, see Room::open().
    using Maker = std::function<QWidget *(const QString &argument, WizardRoom *room)>;
    WizardRoom(Console *console, Maker maker);

    void open(const QString &argument) override;
    /// The wizard is over: what comes next is a new one.
    void startOver();
    /// The wizard shows this run itself.
    void setShownRun(const QString &runId) { m_shownRun = runId; }

private:
    void showWizard(const QString &argument);
    void showRun(const QString &runId);

    Console *m_console;
    Maker m_maker;
    QStackedWidget *m_stack;
    QWidget *m_wizard = nullptr;
    RunPage *m_run = nullptr;
    QString m_shownRun; ///< By the wizard.
};

} // namespace cutover
