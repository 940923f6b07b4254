// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/step.h"

#include <QCoroTask>

#include <map>

/// A result that must be no error, which is told where it is one.
#define QVERIFY_RESULT(expression)                                                      \
    do {                                                                                \
        const auto &verified = (expression);                                            \
        QVERIFY2(verified, qPrintable(verified ? QString() : verified.error().text())); \
    } while (false)

namespace cutover::testing {

/// Runs the event loop until the task is done.
template<class T>
Result<T> await(Async<T> &&task)
{
    return QCoro::waitFor(std::move(task));
}

/** What a step gets in a unit test: real clock and processes, everything told is kept. */
class TestContext : public StepContext
{
public:
    explicit TestContext(Target target, Plan plan = {})
        : m_target(std::move(target))
        , m_plan(std::move(plan))
    {
    }

    const Target &target() const override { return m_target; }
    const Plan &plan() const override { return m_plan; }
    QString runId() const override { return QStringLiteral("RUN1"); }
    QString runDirectory() const override { return m_target.stateDirectory + QStringLiteral("/runs/RUN1"); }
    Clock &clock() override { return Clock::system(); }
    Processes &processes() override { return Processes::system(); }
    int lockDescriptor() const override { return lock; }
    void progress(const Progress &progress) override { progressed.append(progress); }
    void log(const Message &message) override { logged.append(message); }
    void logLine(const QString &source, const QString &line) override { lines.append(source + u": " + line); }
    void setResult(const QString &key, const QJsonValue &value) override { results[{step, key}] = value; }
    QJsonValue result(const QString &stepId, const QString &key) const override
    {
        const auto it = results.find({stepId, key});
        return it == results.end() ? QJsonValue(QJsonValue::Undefined) : it->second;
    }

    int lock = -1;
    QString step; ///< Id of the step that works.
    QList<Progress> progressed;
    QList<Message> logged;
    QStringList lines;
    std::map<std::pair<QString, QString>, QJsonValue> results;

private:
    Target m_target;
    Plan m_plan;
};

} // namespace cutover::testing
