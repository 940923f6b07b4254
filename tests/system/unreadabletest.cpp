// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include "target/target.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QTest>

using namespace Qt::StringLiterals;

namespace {

constexpr int Refused = 3;

} // namespace

/**
 * The database is lost while the system runs, and restored from the backup: what that loses nobody
 * can count, so that a person has to say so by name; what is left of the file is kept.
 */
class UnreadableTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void damagedAndDeleted();

private:
    void restore(const QString &reason);
    [[nodiscard]] QStringList kept() const;

    FaultDemo m_demo;
    QString m_name;
    QStringList m_journalMode;
    qint64 m_rowsThen = 0;
};

QStringList UnreadableTest::kept() const
{
    const QFileInfo database(m_demo.databaseFile());
    QStringList names;
    for (const QString &name : database.dir().entryList({database.fileName() + u".damaged-*"_s}, QDir::Files)) {
        names.append(database.dir().filePath(name));
    }
    return names;
}

void UnreadableTest::restore(const QString &reason)
{
    const QStringList way{u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"restore"_s, u"--yes"_s};
    const auto dry = m_demo.ctl(way + QStringList{u"--dry-run"_s});
    QVERIFY2(dry.exitCode == 0, dry.errors.left(2000));
    QVERIFY(!dry.json[u"plan"][u"policy"][u"lossUnknown"][u"trading"].toObject().isEmpty());
    // "--yes" alone is what a script would say.
    const auto refused = m_demo.ctl(way);
    QCOMPARE(FaultDemo::told(refused, Refused, u"serve.confirm_loss"_s, {u"unknown"_s, reason, u"--confirm"_s}), QString());
    const auto outcome = m_demo.ctl(way + QStringList{u"--confirm"_s, m_name});
    QVERIFY2(outcome.exitCode == 0, outcome.errors.left(2000));
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.servedVersion(), u"1.2.0"_s, 60000);
    QCOMPARE(m_demo.query(u"PRAGMA integrity_check"_s), QStringList{u"ok"_s});
    QCOMPARE(m_demo.query(u"PRAGMA journal_mode"_s), m_journalMode);
    QVERIFY(m_demo.query(u"SELECT count(*) FROM orders"_s).value(0).toLongLong() >= m_rowsThen);
    QCOMPARE(m_demo.strategyOverlap(), QString());
    const QString report = m_demo.ctl({u"report"_s, outcome.json[u"run"][u"id"].toString()}).json[u"html"].toString();
    QVERIFY2(report.contains(u"unknown"_s), qPrintable(report));
    // Orders come in again.
    const qint64 now = m_demo.query(u"SELECT count(*) FROM orders"_s).value(0).toLongLong();
    QTRY_VERIFY_WITH_TIMEOUT(m_demo.query(u"SELECT count(*) FROM orders"_s).value(0).toLongLong() > now, 60000);
}

void UnreadableTest::damagedAndDeleted()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
    const auto target = cutover::Target::load(m_demo.targetFile());
    QVERIFY(target);
    m_name = target->name;
    m_rowsThen = m_demo.query(u"SELECT count(*) FROM orders"_s).value(0).toLongLong();
    m_journalMode = m_demo.query(u"PRAGMA journal_mode"_s);
    const auto update = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY2(update.exitCode == 0, update.errors.left(2000));

    // As a disk does that loses what it holds: file and log, under running services.
    for (const QString &name : {m_demo.databaseFile(), QString(m_demo.databaseFile() + u"-wal"_s)}) {
        QFile file(name);
        QVERIFY(file.open(QIODevice::ReadWrite));
        file.write(QByteArray(int(file.size()), '\xa5'));
    }
    restore(u"damaged"_s);
    if (QTest::currentTestFailed()) {
        return;
    }
    const QStringList evidence = kept();
    QVERIFY(!evidence.isEmpty());
    QVERIFY(QFileInfo(evidence.first()).size() > 0);

    for (const auto ending : {""_L1, "-wal"_L1, "-shm"_L1}) {
        QVERIFY(QFile::remove(m_demo.databaseFile() + ending) || ending.size() > 0);
    }
    restore(u"does not exist"_s);
    QVERIFY(kept().contains(evidence.first()));

    const auto again = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY2(again.exitCode == 0, again.errors.left(2000));
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.servedVersion(), u"1.2.1"_s, 60000);
}

QTEST_GUILESS_MAIN(UnreadableTest)
#include "unreadabletest.moc"
