// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "run/journal.h"
#include "tests/support/skip.h"
#include "tradingsystem.h"

#include <QFile>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;

/**
 * What tests of one trading system have in common: it is made once, and each test begins and ends at 1.2.0.
 */
class TradingCase : public QObject
{
protected:
    std::unique_ptr<TradingSystem> m_system;
    QList<TradingSystem::Table> m_before; ///< What was there when it began.
    QByteArray m_said; ///< What commands of holdBehind(), decide(), goBack() and backFrom() have printed.

    static constexpr int Held = 4;
    static constexpr int Refused = 3;
    static constexpr int RolledBack = 5;

    QString path(const QString &name) const { return m_system->path(name); }
    static void write(const QString &file, const QByteArray &content)
    {
        QFile out(file);
        QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate) && out.write(content) == content.size());
    }
    static QByteArray read(const QString &file)
    {
        QFile in(file);
        return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
    }
    /// A release like 1.2.1 with one revision more. Its code is Python, indented by four.
    bool publishRevision(const QString &version, const QByteArray &upgrade)
    {
        return m_system->publishVariant(version, [&](const QString &folder) {
            write(folder + u"/backend/alembic/versions/3x_variant.py"_s,
                  "\"\"\"Variant\n\nRevision ID: 3x\nRevises: 2b\n\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\n"
                  "revision = \"3x\"\ndown_revision = \"2b\"\nbranch_labels = None\ndepends_on = None\n\n\n"
                  "# cutover: phase=expand loses=nothing\ndef upgrade():\n"
                      + upgrade + "\n\n\ndef downgrade():\n    op.drop_table(\"variants\")\n");
        });
    }
    QString state() const
    {
        return m_system->ctl({u"history"_s}).json[u"runs"].toArray().first().toObject()[u"state"].toString();
    }
    /// While a run to that version is held users are served, by the old release or the new one, and nothing of theirs is gone.
    void servesWhileHeld(const QString &version)
    {
        QString other;
        const bool serves = QTest::qWaitFor([&] { return (other = m_system->servesOther({u"1.2.0"_s, version})).isEmpty(); }, 60000);
        QVERIFY2(serves, qPrintable(other));
        const qsizetype placed = m_system->acknowledgedOrders().size();
        QTRY_VERIFY_WITH_TIMEOUT(m_system->acknowledgedOrders().size() > placed + 5, 60000);
        const QString revision = m_system->revision();
        QVERIFY2(revision == u"2b" || revision == u"3x", qPrintable(revision));
        nothingLost();
    }
    /// Ends what is held on its way to that version: at the old release.
    void goBack(const QString &version)
    {
        servesWhileHeld(version);
        const auto back = decide(u"revert"_s);
        QVERIFY2(back.exitCode == RolledBack, told(back));
    }
    /// What is acknowledged, and what was there when it began.
    void nothingLost()
    {
        QCOMPARE(m_system->lostOrders(), QStringList());
        QCOMPARE(m_system->missingOf(m_before), QString());
    }
    /// In time that passes: QTRY counts its tries, of which each asks Docker.
    void becomes(const QString &version)
    {
        QString other;
        const bool whole = QTest::qWaitFor([&] {
            other = m_system->otherThan(version);
            return other.isEmpty();
        },
                                           60000);
        QVERIFY2(whole, qPrintable(other));
    }
    void isAsBefore()
    {
        becomes(u"1.2.0"_s);
        QCOMPARE(m_system->revision(), u"2b"_s);
        QCOMPARE(m_system->query(u"SELECT tablename FROM pg_tables WHERE tablename = 'variants'"_s), QStringList());
        nothingLost();
    }
    /// Whether the run under way is at that step, or past it.
    bool hasBegun(const QString &step) const
    {
        // Without a program: whoever holds the run then would come a step too late.
        const auto journal = cutover::Journal::open(m_system->stateFolder(), cutover::Journal::Mode::ReadOnly);
        const auto run = journal ? (*journal)->activeRun().value_or(std::nullopt) : std::nullopt;
        if (!run || run->state != cutover::RunState::Running) {
            return false;
        }
        const auto steps = (*journal)->steps(run->id);
        return steps && std::ranges::any_of(*steps, [&](const cutover::StepRecord &record) {
                   return run->plan.steps.value(record.index).id == step && record.state != cutover::StepState::Pending;
               });
    }
    /// Of an update that may also end before.
    bool waitUntilBegun(const QProcess &update, const QString &step) const
    {
        return QTest::qWaitFor([&] { return hasBegun(step) || update.state() == QProcess::NotRunning; }, 240000);
    }
    /// Starts an update that a person holds while that step is at work: it is held when the step is done.
    void holdBehind(const QString &version, const QString &step)
    {
        const auto update = m_system->startCtl({u"update"_s, version, u"--yes"_s});
        QVERIFY(waitUntilBegun(*update, step));
        const auto hold = m_system->ctl({u"hold"_s, u"--take-over"_s});
        const auto outcome = TradingSystem::outcomeOf(*update, 120000);
        QVERIFY2(hold.exitCode == 0, QByteArray(hold.errors.left(2000) + outcome.errors.left(3000)));
        QVERIFY2(outcome.exitCode == Held, QByteArray(QByteArray::number(outcome.exitCode) + ' ' + outcome.errors.left(3000)));
        hear(hold);
        hear(outcome);
    }
    void hear(const TradingSystem::Outcome &outcome) { m_said += outcome.output + outcome.errors; }
    /// A run's end after a person's decision.
    TradingSystem::Outcome decide(const QString &verb)
    {
        const auto outcome = m_system->ctl({verb, u"--take-over"_s}, 300000);
        hear(outcome);
        return outcome;
    }
    static QByteArray told(const TradingSystem::Outcome &outcome) { return QByteArray::number(outcome.exitCode) + ' ' + outcome.json[u"reason"].toString().toUtf8() + ' ' + outcome.errors.left(3000); }
    void backFrom(const QString &version, const QString &mode = u"code"_s)
    {
        becomes(version);
        const auto back = m_system->ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, mode, u"--yes"_s}, 300000);
        QVERIFY2(back.exitCode == 0, told(back));
        hear(back);
    }
    QStringList failures() const { return m_system->failures(); }
    qint64 waiting(const QString &what) const
    {
        return m_system->query(u"SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%%1%'"_s.arg(what)).value(0).toLongLong();
    }

    /// Whether it could be made; QTest has failed, or left it out, when not.
    void begin(const TradingSystem::Options &options = {})
    {
        if (const QString why = TradingSystem::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("the trading system under Compose, which needs root and its servers");
        }
        m_system = std::make_unique<TradingSystem>();
        QVERIFY2(m_system->start(options), qPrintable(m_system->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_system->requestsSent() > 50, 60000);
        m_before = m_system->tables();
        // What could not be read would have no rows to miss.
        for (const auto &[name, rows] : {std::pair(u"orders"_s, options.orders), std::pair(u"users"_s, 100), std::pair(u"feature_flags"_s, 1)}) {
            const auto table = std::ranges::find(m_before, name, &TradingSystem::Table::name);
            QVERIFY2(table != m_before.end() && table->rows.size() >= rows, qPrintable(name));
        }
        isAsBefore();
    }
};
