// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/dockerd.h"
#include "tradingcase.h"

/** Replicas of a Compose service, updated one by one and taken back by cutoverctl, under traffic. */
class ReplicasTest : public TradingCase
{
    Q_OBJECT

    static constexpr int Workers = 3;
    QString m_troubles;

    [[nodiscard]] qsizetype running() const
    {
        return m_system->docker().docker({u"ps"_s, u"-q"_s, u"--filter"_s, u"label=com.docker.compose.service=worker"_s}).split(u'\n', Qt::SkipEmptyParts).size();
    }
    /// Fewest workers at once while a command is at work.
    std::pair<TradingSystem::Outcome, qsizetype> watched(const QStringList &words) const
    {
        const auto command = m_system->startCtl(words);
        qsizetype fewest = running();
        while (!command->waitForFinished(100) && command->state() != QProcess::NotRunning) {
            fewest = std::min(fewest, running());
        }
        return {TradingSystem::outcomeOf(*command), fewest};
    }

private Q_SLOTS:
    void initTestCase()
    {
        begin({.workers = Workers});
        if (m_system) {
            m_troubles = m_system->balancerTroubles();
        }
    }
    void cleanupTestCase() { m_system.reset(); }

    void forthAndBack()
    {
        for (const auto &[words, version] : {std::pair(QStringList{u"update"_s, u"1.2.1"_s, u"--yes"_s}, u"1.2.1"_s), std::pair(QStringList{u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s}, u"1.2.0"_s)}) {
            const auto [outcome, fewest] = watched(words);
            QVERIFY2(outcome.exitCode == 0, told(outcome));
            // A successor comes before the old one goes.
            QCOMPARE(fewest, Workers);
            // All of them, and no other container.
            QCOMPARE(m_system->harm(version, u"2b"_s, m_troubles), QString());
        }
    }
};

QTEST_GUILESS_MAIN(ReplicasTest)
#include "replicastest.moc"
