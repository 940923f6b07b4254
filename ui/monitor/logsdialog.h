// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/jobtracker.h"

#include <QDialog>

class QComboBox;

namespace cutover {

class InlineMessage;
class LogView;
class TextLabel;

/** What a service or one of its instances writes, as it comes, secrets hidden. It only looks. */
class LogsDialog : public QDialog
{
    Q_OBJECT
public:
    LogsDialog(EngineClient *engine, const TargetView &target, QWidget *parent = nullptr);

    static constexpr int FirstLines = 200; ///< Of each log, from its end.

private:
    void fillChoice(const TargetView &target);
    void follow();
    void take(const QJsonObject &item);

    EngineClient *m_engine;
    JobTracker m_job;
    QComboBox *m_choice;
    TextLabel *m_state;
    InlineMessage *m_message;
    LogView *m_log;
    bool m_anew = false; ///< The next line is the first of another log.
};

} // namespace cutover
