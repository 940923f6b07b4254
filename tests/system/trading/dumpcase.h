// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "tradingcase.h"

#include <QDirIterator>

/** Catches pg_dump, as updates run it, in the middle of its work, and looks for what it may have left. */
class DumpCase : public TradingCase
{
protected:
    /// A table of bytes that can't be packed: the dump of it takes long enough to be caught in the middle.
    void addBallast()
    {
        const QStringList made = m_system->query(u"CREATE TABLE ballast AS SELECT decode(string_agg(md5(random()::text), ''), 'hex') AS bytes FROM generate_series(1, 4000000) i GROUP BY i / 50"_s);
        QVERIFY2(made.isEmpty(), qPrintable(made.join(u' ')));
    }
    void dropBallast()
    {
        const QStringList dropped = m_system->query(u"DROP TABLE ballast"_s);
        QVERIFY2(dropped.isEmpty(), qPrintable(dropped.join(u' ')));
    }
    bool isCopying() const
    {
        return m_system->query(u"SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %ballast% TO stdout%' AND state = 'active' AND pid <> pg_backend_pid()"_s) == QStringList{u"1"_s};
    }
    /// Has pg_dump, which an update runs, stand still in the middle of that table: it has written some of it, and the server sends the rest.
    void stopTheDump(QProcess &update)
    {
        QVERIFY(QTest::qWaitFor([&] { return update.state() == QProcess::NotRunning || (isCopying() && writtenOfDumps() > 0); }, QDeadlineTimer(std::chrono::minutes(4))));
        if (update.state() == QProcess::NotRunning) {
            QFAIL(told(TradingSystem::outcomeOf(update, 1000)).constData());
        }
        QVERIFY(m_system->kill(u"pg_dump"_s, SIGSTOP) > 0);
        QTest::qWait(300);
        QVERIFY2(isCopying() && writtenOfDumps() > 0, "pg_dump has read all of it already");
    }
    void letTheDumpGoOn() { m_system->kill(u"pg_dump"_s, SIGCONT); }
    /// Folders of dumps that are not whole.
    QStringList partialDumps() const
    {
        QStringList found;
        QDirIterator it(path(u"backups"_s), {u"*.cutover-tmp"_s}, QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
        while (it.hasNext()) {
            found.append(it.next());
        }
        return found;
    }
    /// Bytes in their data files.
    qint64 writtenOfDumps() const
    {
        qint64 size = 0;
        const QStringList dumps = partialDumps();
        for (const QString &dump : dumps) {
            const auto files = QDir(dump + u"/dump"_s).entryInfoList({u"*.dat*"_s}, QDir::Files);
            for (const QFileInfo &file : files) {
                size += file.size();
            }
        }
        return size;
    }
    /// Ids of restore points, those too of which nothing is kept any more.
    QStringList points(bool onlyKept = false) const
    {
        QStringList ids;
        const QJsonArray points = m_system->ctl({u"backup"_s, u"list"_s}).json[u"points"].toArray();
        for (const auto &each : points) {
            if (!onlyKept || each.toObject()[u"point"][u"available"].toBool()) {
                ids.append(each.toObject()[u"point"][u"id"].toString());
            }
        }
        ids.sort();
        return ids;
    }
    /// Nothing of a dump is left, neither a part nor who writes it, and each folder of the backups is a restore point's.
    void isTidy()
    {
        QCOMPARE(partialDumps(), QStringList());
        QCOMPARE(m_system->kill(u"pg_dump"_s, 0), 0);
        QCOMPARE(QDir(path(u"backups"_s)).entryList(QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name), points(true));
    }
};
