// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

#include <QJsonObject>
#include <QStringList>

/** Runs single steps as the orchestrator does, and keeps what they tell. */
class StepBench : public cutover::StepContext
{
public:
    explicit StepBench(const cutover::Target &target)
        : m_target(target)
    {
    }
    const cutover::Target &target() const override { return m_target; }
    const cutover::Plan &plan() const override { return m_plan; }
    QString runId() const override { return QStringLiteral("bench"); }
    QString runDirectory() const override { return m_target.stateDirectory; }
    cutover::Clock &clock() override { return cutover::Clock::system(); }
    cutover::Processes &processes() override { return cutover::Processes::system(); }
    int lockDescriptor() const override { return -1; }
    void progress(const cutover::Progress &progress) override { m_told.append(progress.doing.text()); }
    void log(const cutover::Message &message) override { m_told.append(message.text()); }
    void logLine(const QString &, const QString &line) override { m_told.append(line); }
    void setResult(const QString &key, const QJsonValue &value) override { m_results.insert(key, value); }
    QJsonValue result(const QString &, const QString &key) const override { return m_results[key]; }

    [[nodiscard]] const QStringList &told() const { return m_told; }

private:
    cutover::Target m_target;
    cutover::Plan m_plan;
    QStringList m_told;
    QJsonObject m_results; ///< Of the one step.
};
