// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

#include <QJsonObject>

/** What a step sees of a run, remembered for looking at. */
class TestContext : public cutover::StepContext
{
public:
    explicit TestContext(cutover::Target target)
        : m_target(std::move(target))
    {
    }
    [[nodiscard]] const cutover::Target &target() const override { return m_target; }
    [[nodiscard]] const cutover::Plan &plan() const override { return run; }
    [[nodiscard]] QString runId() const override { return QStringLiteral("run-1"); }
    [[nodiscard]] QString runDirectory() const override { return m_target.stateDirectory + QStringLiteral("/runs/run-1"); }
    [[nodiscard]] cutover::Clock &clock() override { return cutover::Clock::system(); }
    [[nodiscard]] cutover::Processes &processes() override { return cutover::Processes::system(); }
    [[nodiscard]] int lockDescriptor() const override { return lock; }
    void progress(const cutover::Progress &progress) override { lastProgress = progress; }
    void log(const cutover::Message &message) override { logged.append(message.code); }
    void logLine(const QString &, const QString &) override { }
    void setResult(const QString &key, const QJsonValue &value) override { results.insert(key, value); }
    [[nodiscard]] QJsonValue result(const QString &stepId, const QString &key) const override
    {
        if (stepId == QStringLiteral("precheck")) {
            return key == QStringLiteral("baseline") ? QJsonValue(baseline) : key == QStringLiteral("checks") ? QJsonValue(checks)
                                                                                                              : QJsonValue();
        }
        return {};
    }

    int lock = -1;
    cutover::Progress lastProgress;
    QStringList logged;
    QJsonObject results;
    QJsonObject baseline; ///< What the step "precheck" left.
    QJsonArray checks;
    cutover::Plan run;

private:
    cutover::Target m_target;
};
