// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "crashdriver.h"

#include "run/journal.h"
#include "target/target.h"

#include <QTemporaryDir>

namespace cutover::testing {

/**
 * A whole update of a demo system of its own, 1.2.0 to 1.3.0 under traffic: everything real, from
 * the download to the clean-up. The system is made and planned once; each try begins with a copy of
 * it, with the approved run in its journal.
 */
class WholeScenario : public CrashScenario
{
public:
    WholeScenario();
    ~WholeScenario() override;

    QString name() const override { return QStringLiteral("update"); }
    Result<> reset() override;
    QStringList runner() const override;
    bool hasEnded(int exitCode) const override;
    Result<QString> judge() override;
    QString reason() override;
    Result<bool> decide() override;
    Result<QList<int>> stepBoundaries(const QStringList &points) override;
    void clear() override;
    void keep(const QString &folder) override;

private:
    Result<> make(); ///< The copy that each try begins with.
    Result<> planRun();
    Result<> startServices();
    [[nodiscard]] Result<> waitUntilServing(const QString &version) const;
    [[nodiscard]] QByteArray get(const QString &path) const;
    [[nodiscard]] QString servedVersion() const;

    [[nodiscard]] Result<> judgeOrders() const;
    [[nodiscard]] Result<> judgeSystem(const RunRecord &run, const QList<StepRecord> &steps) const;
    [[nodiscard]] Result<> judgeNothingLeft(bool isNew) const;
    [[nodiscard]] Result<> judgeHold(const RunRecord &run) const;

    QTemporaryDir m_base;
    QString m_folder;
    QString m_pristine;
    Target m_target;
    QString m_run;
    QByteArray m_oldEnvironment;
    QStringList m_ordersBefore;
};

} // namespace cutover::testing
