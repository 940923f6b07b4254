// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/colours.h"
#include "target/target.h"
#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** The trading system with a backend of two colours, each a Compose project, by cutoverctl and under traffic. */
class TradingBlueGreenTest : public QObject
{
    Q_OBJECT

    static constexpr int PatienceMs = 400000; ///< Of a machine that has much else to do; an idle one takes a tenth of it.
    std::unique_ptr<TradingSystem> m_system;

    QString serving() const
    {
        const auto record = colourRecord(*Target::load(m_system->targetFile()), u"backend"_s);
        return record ? record->colour : record.error().text();
    }

    /// The end of what the last run told, where it is not as wanted.
    QByteArray lastRun() const
    {
        const QStringList runs = QDir(m_system->stateFolder() + u"/runs"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name);
        QFile log(m_system->stateFolder() + u"/runs/"_s + (runs.isEmpty() ? QString() : runs.last()) + u"/log.txt"_s);
        return log.open(QIODevice::ReadOnly) ? '\n' + log.readAll().right(3000) : QByteArray();
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("the trading system's blue-green updates under Compose, which need root and its servers");
        }
    }
    void cleanup() { m_system.reset(); }

    void forthAndBack()
    {
        m_system = std::make_unique<TradingSystem>();
        TradingSystem::Options options;
        options.blueGreen = true;
        // Long enough for the figures of a busy machine.
        options.watchWindowMs = 8000;
        options.watchDurationMs = 8000;
        QVERIFY2(m_system->start(options), qPrintable(m_system->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_system->requestsSent() > 100 && m_system->acknowledgedOrders().size() > 20, 60000);
        const QString troubles = m_system->balancerTroubles();
        QCOMPARE(m_system->harm(u"1.2.0"_s, u"2b"_s, troubles), QString());
        const auto before = m_system->tables();

        // Each release in the colour that is idle then.
        struct Stage {
            QString version;
            QString revision;
            QString colour;
            QByteArray schema = {};
        };
        QList<Stage> stages{{u"1.2.0"_s, u"2b"_s, u"blue"_s, m_system->schema()}, {u"1.2.1"_s, u"2b"_s, u"green"_s}, {u"1.3.0"_s, u"4d"_s, u"blue"_s}, {u"2.0.0"_s, u"6f"_s, u"green"_s}};
        for (Stage &stage : stages) {
            if (stage.version == u"1.2.0") {
                continue;
            }
            const auto update = m_system->ctl({u"update"_s, stage.version, u"--yes"_s}, PatienceMs);
            QVERIFY2(update.exitCode == 0, QByteArray(update.errors + lastRun()).constData());
            QCOMPARE(serving(), stage.colour);
            QCOMPARE(m_system->harm(stage.version, stage.revision, troubles), QString());
            QCOMPARE(m_system->missingOf(before), QString());
            stage.schema = m_system->schema();
        }
        // Back over one release, and over two at once.
        for (const Stage &stage : {Stage{u"1.3.0"_s, u"4d"_s, u"blue"_s, stages[2].schema}, Stage{u"1.2.0"_s, u"2b"_s, u"green"_s, stages[0].schema}}) {
            const auto back = m_system->ctl({u"rollback"_s, stage.version, u"--mode"_s, u"downgrade"_s, u"--yes"_s}, PatienceMs);
            QVERIFY2(back.exitCode == 0, QByteArray(back.errors + lastRun()).constData());
            QCOMPARE(serving(), stage.colour);
            QCOMPARE(m_system->harm(stage.version, stage.revision, troubles), QString());
            QCOMPARE(m_system->schema(), stage.schema);
            QCOMPARE(m_system->missingOf(before), QString());
        }
        QVERIFY2(m_system->acknowledgedOrders().size() > 100, "hardly any order came meanwhile");
    }
};

QTEST_GUILESS_MAIN(TradingBlueGreenTest)
#include "tradingbluegreentest.moc"
