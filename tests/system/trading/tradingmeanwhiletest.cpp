// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tests/support/postgresserver.h"
#include "tradingcase.h"

#include <QDirIterator>

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

    /// Files of a folder that have one of these in them.
    static QStringList filesWith(const QList<QByteArray> &words, const QString &folder)
    {
        QStringList found;
        QDirIterator it(folder, QDir::Files | QDir::Hidden | QDir::NoSymLinks, QDirIterator::Subdirectories);
        while (it.hasNext()) {
            const QString file = it.next();
            const QByteArray content = read(file);
            if (std::ranges::any_of(words, [&content](const QByteArray &word) { return content.contains(word); })) {
                found.append(file);
            }
        }
        return found;
    }
    /// Neither by a command, nor in the journal, a log, a report or a backup. The new one has the former in it.
    void noPasswordIsTold(const QList<QByteArray> &passwords)
    {
        const QString run = m_system->ctl({u"history"_s}).json[u"runs"].toArray().first()[u"id"].toString();
        QVERIFY(!run.isEmpty());
        for (const QStringList &words : {QStringList{u"history"_s, run}, QStringList{u"report"_s, run}, QStringList{u"audit"_s}}) {
            const auto outcome = m_system->ctl(words);
            QVERIFY2(outcome.exitCode == 0, told(outcome));
            hear(outcome);
        }
        // Where Docker takes its time this is an error, which is to tell none either.
        hear(m_system->ctl({u"status"_s}));
        QVERIFY(m_said.contains("1.2.23") && m_said.contains("<html"));
        for (const QByteArray &password : passwords) {
            QVERIFY(password.size() > 10);
            QVERIFY2(!m_said.contains(password), m_said.sliced(qMax(0, m_said.indexOf(password) - 300), 300));
        }
        // It finds them where they belong, and finds the journal.
        QCOMPARE(filesWith(passwords, path(u"secrets"_s)).size(), 3);
        QVERIFY(!filesWith({"1.2.23"}, path(u"state"_s)).isEmpty() && !filesWith({"1.2.0"}, path(u"backups"_s)).isEmpty());
        for (const QString &folder : {u"state"_s, u"backups"_s, u"releases"_s, u"data"_s}) {
            QCOMPARE(filesWith(passwords, path(folder)), QStringList());
        }
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
        goBack(u"1.2.21"_s);
        isAsBefore();
    }

    void whatIsToComeIsDoneByHand()
    {
        publish(u"1.2.22"_s);
        holdBehind(u"1.2.22"_s, u"deploy:backend-1"_s);
        putByHand(u"1.2.22"_s, u"backend-2"_s);
        isHeldFor(u"resume"_s, u"backend-2"_s);
        servesWhileHeld(u"1.2.22"_s);
        putByHand(u"1.2.0"_s, u"backend-2"_s);
        const auto ended = decide(u"retry"_s);
        QVERIFY2(ended.exitCode == 0, told(ended));
        backFrom(u"1.2.22"_s);
        isAsBefore();
    }

    void secretsAreRotated()
    {
        m_said.clear();
        publish(u"1.2.23"_s);
        holdBehind(u"1.2.23"_s, u"deploy:backend-1"_s);
        // As an operator does it: in the database, in both files, and for what runs.
        const QByteArray former = read(path(u"secrets/database"_s)).trimmed();
        const QList<QByteArray> passwords{former, read(path(u"secrets/redis"_s)).trimmed(), read(path(u"secrets/api.token"_s)).trimmed()};
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
        if (resumed.exitCode == Held) {
            QVERIFY2(resumed.json[u"reason"].toString().contains(u".env"_s), told(resumed));
            goBack(u"1.2.23"_s);
        } else {
            QVERIFY2(resumed.exitCode == 0, told(resumed));
            backFrom(u"1.2.23"_s);
        }
        // Going back keeps the new password, or nothing would reach the database.
        QVERIFY(read(path(u".env"_s)).contains(QByteArray("DATABASE_PASSWORD=" + rotated + "\n")));
        isAsBefore();
        const auto next = m_system->ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s}, 300000);
        QVERIFY2(next.exitCode == 0, told(next));
        hear(next);
        backFrom(u"1.2.1"_s);
        isAsBefore();
        noPasswordIsTold(passwords);
    }
};

QTEST_GUILESS_MAIN(TradingMeanwhileTest)
#include "tradingmeanwhiletest.moc"
