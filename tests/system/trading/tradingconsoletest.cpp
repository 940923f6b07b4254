// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "guiconsole.h"
#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QTest>

using namespace Qt::StringLiterals;

#define DO(action) QVERIFY2(action, qPrintable(gui.problem()))

/**
 * An operator takes the trading system through its releases and back in the window, under traffic. Compiled for a backend
 * that rolls, and for one of two colours.
 */
class TradingConsoleTest : public QObject
{
    Q_OBJECT

    static constexpr int RunMs = 240000;

    std::unique_ptr<TradingSystem> m_system;
    QString m_troubles; ///< Of the balancer, when nothing had happened yet.

    void finish(GuiConsole &gui, const QString &sentence)
    {
        DO(gui.waitFor([&] { return gui.find<QWidget>(u"hold"_s) != nullptr; }, GuiConsole::PatienceMs, u"the run's page"_s));
        gui.shoot(u"trading-execute"_s);
        DO(gui.waitFor([&] { return gui.find<QWidget>(u"done"_s) != nullptr; }, RunMs, u"the run to end; it says: "_s + gui.text(u"heldReason"_s)));
        gui.shoot(u"trading-result"_s);
        QCOMPARE(gui.text(u"sentence"_s), sentence);
        DO(gui.click(u"done"_s));
    }
    void updateTo(GuiConsole &gui, const QString &version)
    {
        DO(gui.openRoom(u"Updates"_s));
        DO(gui.clickRow(u"releases"_s, version));
        for (const QString &page : {u"version"_s, u"checks"_s, u"backup"_s, u"migrations"_s, u"configuration"_s}) {
            DO(gui.waitFor([&] { return gui.find<QWidget>(u"next"_s) && gui.find<QWidget>(u"next"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"the page to be done: "_s + page));
            gui.shoot(u"trading-"_s + page);
            DO(gui.click(u"next"_s));
        }
        QCOMPARE(gui.text(u"next"_s), u"Update trading to "_s + version);
        DO(gui.waitFor([&] { return gui.find<QWidget>(u"next"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"the review"_s));
        gui.shoot(u"trading-review"_s);
        DO(gui.click(u"next"_s));
        finish(gui, u"trading is updated to %1."_s.arg(version));
    }
    void backTo(GuiConsole &gui, const QString &version, const QString &mode)
    {
        DO(gui.openRoom(u"Rollback"_s));
        DO(gui.clickRow(u"points"_s, version, 1));
        DO(gui.waitFor([&] { return gui.find<QWidget>(mode) && gui.find<QWidget>(mode)->isEnabled(); }, GuiConsole::PatienceMs, u"what going back costs"_s));
        DO(gui.click(mode));
        gui.shoot(u"trading-point"_s);
        DO(gui.click(u"next"_s));
        DO(gui.waitFor([&] { return gui.find<QWidget>(u"next"_s)->isEnabled(); }, GuiConsole::PatienceMs, u"the rollback's plan"_s));
        gui.shoot(u"trading-rollback"_s);
        DO(gui.click(u"next"_s));
        QCOMPARE(gui.text(u"next"_s), u"Roll back to "_s + version);
        DO(gui.click(u"next"_s));
        finish(gui, u"trading is back at %1."_s.arg(version));
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("the trading system under Compose, which needs root and its servers");
        }
        m_system = std::make_unique<TradingSystem>();
        TradingSystem::Options options;
        if (BLUE_GREEN) {
            options.blueGreen = true;
            // Long enough for the figures of a busy machine.
            options.watchWindowMs = 8000;
            options.watchDurationMs = 8000;
        }
        QVERIFY2(m_system->start(options), qPrintable(m_system->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_system->requestsSent() > 100, 60000);
        m_troubles = m_system->balancerTroubles();
    }
    void cleanupTestCase() { m_system.reset(); }

    void throughAllReleasesAndBack()
    {
        const auto before = m_system->tables();
        const QByteArray schema = m_system->schema();
        QVERIFY(schema.contains("CREATE TABLE public.orders"));
        GuiConsole gui(LiveSystem::program(u"cutoverctl"_s), m_system->targetFile());
        DO(gui.open(u"trading"_s));
        DO(gui.waitFor([&] { return gui.find<QWidget>(u"Update to 1.3.0…"_s) != nullptr; }, GuiConsole::PatienceMs, u"the releases in the overview"_s));
        gui.shoot(u"trading-overview"_s);
        const QList<std::pair<QString, QString>> stages{{u"1.2.0"_s, u"2b"_s}, {u"1.2.1"_s, u"2b"_s}, {u"1.3.0"_s, u"4d"_s}, {u"2.0.0"_s, u"6f"_s}};
        for (qsizetype i = 1; i < stages.size(); ++i) {
            updateTo(gui, stages[i].first);
            if (QTest::currentTestFailed()) {
                return;
            }
            QCOMPARE(m_system->harm(stages[i].first, stages[i].second, m_troubles), QString());
            QCOMPARE(m_system->missingOf(before), QString());
        }
        for (qsizetype i = stages.size() - 2; i >= 0; --i) {
            backTo(gui, stages[i].first, stages[i].second == stages[i + 1].second ? u"code"_s : u"downgrade"_s);
            if (QTest::currentTestFailed()) {
                return;
            }
            QCOMPARE(m_system->harm(stages[i].first, stages[i].second, m_troubles), QString());
            QCOMPARE(m_system->missingOf(before), QString());
        }
        QCOMPARE(m_system->schema(), schema);
        DO(gui.openRoom(u"History"_s));
        gui.shoot(u"trading-history"_s);
    }
};

QTEST_MAIN(TradingConsoleTest)
#include "tradingconsoletest.moc"
