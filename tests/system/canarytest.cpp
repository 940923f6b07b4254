// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "changeddemo.h"

using namespace Qt::StringLiterals;

/** A blue-green update whose new colour gets the users' requests share by share, by cutoverctl and under traffic. */
class CanaryTest : public QObject
{
    Q_OBJECT

    static constexpr int PatienceMs = 400000;
    std::unique_ptr<ChangedDemo> m_demo;
    QString m_troubles;

    [[nodiscard]] LiveSystem::Outcome ctl(const QStringList &words) const { return m_demo->ctl(words, PatienceMs); }

private Q_SLOTS:
    void initTestCase()
    {
        m_demo = std::make_unique<ChangedDemo>();
        // Enough for five per cent of them to tell something.
        QVERIFY2(m_demo->create(5000, 100, {u"--no-retries"_s, u"--window"_s, u"4s"_s}), qPrintable(m_demo->problem()));
        m_demo->change(u"target.yaml"_s, u"strategy: rolling\n(\\s+)instances:\n\\s+- \\{name: backend-1, port: (\\d+)\\}\n\\s+- \\{name: backend-2, port: (\\d+)\\}\n"_s,
                       u"strategy: blue_green\n\\1canary: {weights: [5, 25, 50], watch: 5s}\n\\1instances:\n\\1  - {name: backend-1, port: \\2, colour: blue}\n\\1  - {name: backend-2, port: \\3, colour: green}\n"_s);
        m_demo->change(u"target.yaml"_s, u"minimum_samples: 50"_s, u"minimum_samples: 5"_s);
        m_demo->change(u"haproxy.cfg"_s, u"(server backend-2 \\S+)"_s, u"\\1 disabled"_s);
        QVERIFY2(m_demo->startByRuntimes({u"backend-2"_s}), qPrintable(m_demo->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 100, 60000);
        m_troubles = m_demo->balancerTroubles();
    }
    void cleanupTestCase() { m_demo.reset(); }

    void sharesGrowAndItGoesBack()
    {
        const auto before = m_demo->tables();
        const auto update = ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"5s"_s});
        QVERIFY2(update.exitCode == 0, update.errors);
        m_demo->nobodyNoticed(u"1.2.1"_s, m_troubles);
        // Three shares, each watched.
        QCOMPARE(m_demo->doneSteps(u"shift_colour"_s).size(), 3);
        QVERIFY2(m_demo->doneSteps(u"watch"_s).size() >= 4, qPrintable(m_demo->doneSteps(u"watch"_s).join(u' ')));
        const auto back = ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
        QVERIFY2(back.exitCode == 0, back.errors);
        m_demo->nobodyNoticed(u"1.2.0"_s, m_troubles);
        QCOMPARE(m_demo->missingOf(before), QString());
    }
};

QTEST_GUILESS_MAIN(CanaryTest)
#include "canarytest.moc"
