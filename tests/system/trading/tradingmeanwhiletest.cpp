// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/postgresserver.h"
#include "tradingcase.h"

/**
 * What people do to the trading system while an update of it is held half-way.
 */
class TradingMeanwhileTest : public TradingCase
{
    Q_OBJECT

    void publish(const QString &version)
    {
        QVERIFY2(m_system->publishVariant(version, [](const QString &) { }), qPrintable(m_system->problem()));
    }
    void putByHand(const QString &version, const QString &service)
    {
        QVERIFY2(m_system->composeUp(version, service), qPrintable(m_system->problem()));
    }
    /// A run that goes on finds something other than planned, and names it.
    void isHeldFor(const QString &verb, const QString &what)
    {
        const auto outcome = decide(verb);
        QVERIFY2(outcome.exitCode == Held, told(outcome));
        QVERIFY2(outcome.json[u"reason"].toString().contains(what), told(outcome));
    }

private Q_SLOTS:
    void initTestCase() { begin(); }
    void cleanupTestCase() { m_system.reset(); }

    void whatWasUpdatedIsPutBackByHand()
    {
        publish(u"1.2.21"_s);
        holdBehind(u"1.2.21"_s, u"deploy:backend-1"_s);
        putByHand(u"1.2.0"_s, u"backend-1"_s);
        isHeldFor(u"resume"_s, u"backend-1"_s);
        isHeldFor(u"retry"_s, u"backend-1"_s);
        goBack();
        isAsBefore();
    }

    void whatIsToComeIsDoneByHand()
    {
        publish(u"1.2.22"_s);
        holdBehind(u"1.2.22"_s, u"deploy:backend-1"_s);
        putByHand(u"1.2.22"_s, u"backend-2"_s);
        isHeldFor(u"resume"_s, u"backend-2"_s);
        putByHand(u"1.2.0"_s, u"backend-2"_s);
        const auto ended = decide(u"retry"_s);
        QVERIFY2(ended.exitCode == 0, told(ended));
        backFrom(u"1.2.22"_s);
        isAsBefore();
    }

    void secretsAreRotated()
    {
        publish(u"1.2.23"_s);
        holdBehind(u"1.2.23"_s, u"deploy:backend-1"_s);
        // As an operator does it: in the database, in both files, and for what runs.
        const QByteArray former = read(path(u"secrets/database"_s)).trimmed();
        const QByteArray rotated = "rotated-" + former;
        const auto altered = m_system->postgres().sql(u"postgres"_s, QString(u"ALTER ROLE trading PASSWORD "_s + cutover::postgres::literal(QString::fromUtf8(rotated))));
        QVERIFY2(altered, qPrintable(altered ? QString() : altered.error().text()));
        const QByteArray environment = read(path(u".env"_s));
        QVERIFY(environment.contains(QByteArray("DATABASE_PASSWORD=" + former)));
        write(path(u".env"_s), QByteArray(environment).replace(QByteArray("DATABASE_PASSWORD=" + former), QByteArray("DATABASE_PASSWORD=" + rotated)));
        write(path(u"secrets/database"_s), rotated + '\n');
        putByHand(u"1.2.23"_s, u"backend-1"_s);
        putByHand(u"1.2.0"_s, u"backend-2"_s);
        const auto resumed = decide(u"resume"_s);
        QVERIFY2(!resumed.errors.contains(rotated) && !resumed.errors.contains(former), "a password is told");
        if (resumed.exitCode == Held) {
            QVERIFY2(resumed.json[u"reason"].toString().contains(u".env"_s), told(resumed));
            goBack();
        } else {
            QVERIFY2(resumed.exitCode == 0, told(resumed));
            backFrom(u"1.2.23"_s);
        }
        // Going back keeps the new password, or nothing would reach the database.
        QVERIFY(read(path(u".env"_s)).contains(QByteArray("DATABASE_PASSWORD=" + rotated + "\n")));
        isAsBefore();
        const auto next = m_system->ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s}, 300000);
        QVERIFY2(next.exitCode == 0, told(next));
        backFrom(u"1.2.1"_s);
        isAsBefore();
    }
};

QTEST_GUILESS_MAIN(TradingMeanwhileTest)
#include "tradingmeanwhiletest.moc"
