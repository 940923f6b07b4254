// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "crashdriver.h"

#include "run/journal.h"
#include "target/target.h"

#include <QTemporaryDir>

#include <memory>

class QNetworkAccessManager;

namespace cutover::testing {

/**
 * A whole run of a demo system of its own under traffic: everything real, from the download to the
 * clean-up, an operator's own program as a step among it. The system is made and planned once; each
 * try begins with a copy of it, with the approved run in its journal.
 */
class WholeScenario : public CrashScenario
{
public:
    enum class Journey {
        Update, ///< 1.2.0 to 1.3.0.
        Faulty, ///< 1.2.0 to a 1.3.1 whose requests fail from the beginning: the watch takes it back.
        Downgrade, ///< From 1.3.0 back to 1.2.0, its migrations taken back.
    };
    /// role: of the process that is interrupted, as CrashScenario::role() has it.
    explicit WholeScenario(Journey journey, const QString &role = {});
    ~WholeScenario() override;

    QString name() const override;
    QString role() const override { return m_role; }
    Result<> reset() override;
    QStringList runner() const override;
    bool hasEnded(int exitCode) const override;
    Result<QString> judge() override;
    Result<Reason> reason() override;
    Result<bool> decide() override;
    Result<QStringList> stepBoundaries(const QStringList &announced) override;
    void clear() override;
    void keep(const QString &folder) override;

private:
    Result<> make(); ///< The copy that each try begins with.
    Result<> makeFaultyRelease() const;
    /// Plans and writes the run to the journal, approved.
    Result<> planRun(bool rollback, const QString &version);
    Result<> startServices();
    [[nodiscard]] Result<> waitUntilServing(const QString &version) const;
    [[nodiscard]] QByteArray get(const QString &path) const;
    [[nodiscard]] QString servedVersion() const;

    [[nodiscard]] Result<> judgeOrders() const;
    [[nodiscard]] Result<> judgeSystem(const RunRecord &run, const QList<StepRecord> &steps) const;
    [[nodiscard]] Result<> judgeConfiguration(const QString &version) const;
    [[nodiscard]] Result<> judgeNothingLeft(bool isNew) const;
    [[nodiscard]] Result<> judgeHold(const RunRecord &run) const;

    Journey m_journey;
    QString m_role;
    QString m_from;
    QString m_to;
    QTemporaryDir m_base;
    QString m_folder;
    QString m_pristine;
    std::unique_ptr<QNetworkAccessManager> m_network;
    Target m_target;
    QString m_run;
    QByteArray m_oldEnvironment;
    QStringList m_ordersBefore;
};

} // namespace cutover::testing
