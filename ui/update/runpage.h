// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QStackedWidget>

namespace cutover {

class EngineClient;
class ExecutePage;
class ResultPage;

/** A run from the moment it is opened to its result; also for a run that was started elsewhere or has ended. */
class RunPage : public QStackedWidget
{
    Q_OBJECT
public:
    RunPage(EngineClient *engine, const QString &runId, QWidget *parent = nullptr);
    [[nodiscard]] const QString &runId() const { return m_runId; }
    /// A wizard's header lies above, and brings the margin.
    void setBelowHeader();
    [[nodiscard]] bool showsResult() const { return currentIndex() == 1; }

Q_SIGNALS:
    /// The result has been read.
    void finished();
    /// The page is left while the run goes on.
    void left();
    void resultShown();

private:
    void showResult();

    EngineClient *m_engine;
    QString m_runId;
    ExecutePage *m_execute;
    bool m_belowHeader = false;
    ResultPage *m_result = nullptr; ///< Once there is one.
};

} // namespace cutover
