// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/steptimelinemodel.h"

#include <QPointer>
#include <QTimer>
#include <QWidget>

class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace cutover {

class DecisionDialog;
class DigestLabel;
class ElidedLabel;
class EngineClient;
class HeldPanel;
class InlineMessage;
class InstanceStrip;
class LogView;
class Panel;
class RunFeed;
class RunMetrics;
class StatusChip;
class StepTimelineView;
class TextLabel;

/**
 * A run while it works: how far it is, what it does, what serves, what the users feel, and the
 * ways out of it. Shows any run by its id, whoever started it.
 */
class ExecutePage : public QWidget
{
    Q_OBJECT
public:
    ExecutePage(EngineClient *engine, const QString &runId, QWidget *parent = nullptr);

    [[nodiscard]] RunFeed *feed() const { return m_feed; }

Q_SIGNALS:
    /// The run has reached an end.
    void ended();
    /// The page is left; the run goes on.
    void left();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void refresh();
    void refreshCommands();
    void fitMetrics();
    /// Why a command can't be given now; empty when it can.
    [[nodiscard]] QString whyNot(const QString &verb, const QString &otherwise) const;
    void refreshNow();
    void tick();
    void hold();
    void askAbort();
    void choose(const QString &verb);
    void decideByName(const QString &verb);
    /// Asks why a held run may go on although blackout hours have begun.
    void askForGlass(const QString &verb);
    /// Opens it, and closes it where the run is held for something else by then.
    void openQuestion(DecisionDialog *question);
    [[nodiscard]] QString nameFor(const QString &verb) const;
    void keepRunning();
    void copyIncident();

    EngineClient *m_engine;
    RunFeed *m_feed;
    StepTimelineModel m_steps;
    QTimer m_timer;
    bool m_told = false; ///< ended() has been emitted.
    bool m_unread = false; ///< The message tells why the run could not be read.
    int m_followed = -1; ///< Row that the timeline was scrolled to.

    TextLabel *m_title;
    TextLabel *m_fromTo;
    StatusChip *m_state;
    DigestLabel *m_digest;
    TextLabel *m_approved;
    InlineMessage *m_message;
    QProgressBar *m_bar;
    TextLabel *m_numbers;
    QPushButton *m_hold;
    QPushButton *m_abort;
    StepTimelineView *m_timeline;
    QVBoxLayout *m_column = nullptr;
    HeldPanel *m_held;
    Panel *m_now;
    TextLabel *m_doing;
    QProgressBar *m_stepBar;
    ElidedLabel *m_command;
    ElidedLabel *m_lastLine;
    InstanceStrip *m_instances;
    RunMetrics *m_metrics;
    LogView *m_log;
    TextLabel *m_ifAborted;
    QPushButton *m_leave;
    QPointer<DecisionDialog> m_question;
    /// The hold that this page gave while it asked, from the question until its answer.
    enum class Pause { None,
                       Asked,
                       Given,
                       Resume } m_pause = Pause::None;
    QString m_pauseCommand;
};

} // namespace cutover
