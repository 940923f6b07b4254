// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include "tests/support/skip.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QStorageInfo>
#include <QTest>

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <optional>

using namespace Qt::StringLiterals;

namespace {

constexpr int Done = 0;
constexpr int Refused = 3;
constexpr int Held = 4;
constexpr int WentBack = 5;

} // namespace

/** Disks that fill up in the midst of a run: small file systems of their own below the demo's folder. */
class FaultDiskTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init() { m_demo.restoreTarget(); }
    void cleanup();
    void cleanupTestCase();
    void fullBefore();
    void releasesFull();
    void backupsFull();
    void databaseFull();
    void stateFull();
    void rightUpdateSucceedsAfterwards();

private:
    bool mountAt(const QString &name, const char *options);
    /// "", or what is wrong with how a run ended whose disk was full: the sentence says so.
    static QString reasonOf(const SystemDemo::Outcome &outcome);
    bool fill(const QString &name, qint64 leave);
    /// How an update ends whose disk is filled, up to leave bytes, behind that step; null: it did not come to it.
    std::optional<SystemDemo::Outcome> updateWhileFull(const QString &version, const QString &step, const QString &disk, qint64 leave);

    FaultDemo m_demo;
    QStringList m_mounted;
};

bool FaultDiskTest::mountAt(const QString &name, const char *options)
{
    const QString path = m_demo.folder() + u'/' + name;
    if (::mount("none", QFile::encodeName(path).constData(), "tmpfs", 0, options) != 0) {
        return false;
    }
    m_mounted.append(path);
    return true;
}

void FaultDiskTest::initTestCase()
{
    QVERIFY2(m_demo.create(), qPrintable(m_demo.problem()));
    // The installed release and the database move onto small disks.
    const QString releases = m_demo.folder() + u"/releases"_s;
    QVERIFY(QDir().rename(releases, releases + u"-before"_s) && QDir().mkdir(releases));
    QVERIFY(QDir().mkdir(m_demo.folder() + u"/database"_s));
    const QString database = m_demo.databaseFile();
    if (!mountAt(u"releases"_s, "size=40m") || !mountAt(u"backups"_s, "size=12m") || !mountAt(u"state"_s, "size=64m")
        || !mountAt(u"database"_s, "size=24m")) {
        SKIP_WITHOUT_ROOT("full disks, as this user can't mount a tmpfs");
    }
    QCOMPARE(QProcess::execute(u"cp"_s, {u"-a"_s, releases + u"-before/."_s, releases}), 0);
    QVERIFY(m_demo.edit(u"data/trading.db"_s, u"database/trading.db"_s));
    QCOMPARE(QProcess::execute(u"mv"_s, {database, m_demo.databaseFile()}), 0);
    QVERIFY(m_demo.edit(u"minimum_free: 200 MB"_s, u"minimum_free: 1 MB"_s));
    QVERIFY2(m_demo.begin(), qPrintable(m_demo.problem()));
}

void FaultDiskTest::cleanupTestCase()
{
    (void)m_demo.ctl({u"demo"_s, u"stop"_s, u"--directory"_s, m_demo.folder()}, 60000);
    for (const QString &path : std::as_const(m_mounted)) {
        QCOMPARE(::umount2(QFile::encodeName(path).constData(), MNT_DETACH), 0);
    }
}

bool FaultDiskTest::fill(const QString &name, qint64 leave)
{
    const QString folder = m_demo.folder() + u'/' + name;
    QFile filler(folder + u"/filler"_s);
    if (!filler.open(QIODevice::WriteOnly | QIODevice::Unbuffered)) {
        return false;
    }
    const QByteArray block(4096, 'x');
    while (QStorageInfo(folder).bytesAvailable() > leave) {
        if (filler.write(block) != block.size()) {
            return leave == 0;
        }
    }
    return true;
}

std::optional<SystemDemo::Outcome> FaultDiskTest::updateWhileFull(const QString &version, const QString &step, const QString &disk, qint64 leave)
{
    if (!m_demo.putGate(step)) {
        return std::nullopt;
    }
    const auto update = m_demo.startCtl({u"update"_s, version, u"--yes"_s});
    if (!m_demo.waitAtGate(*update) || !fill(disk, leave)) {
        return std::nullopt;
    }
    m_demo.openGate();
    return SystemDemo::outcomeOf(*update);
}

void FaultDiskTest::cleanup()
{
    for (const QString &path : std::as_const(m_mounted)) {
        QFile::remove(path + u"/filler"_s);
    }
}

void FaultDiskTest::fullBefore()
{
    QVERIFY(fill(u"backups"_s, 100000));
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, Refused, u"check.disk_full"_s, {u"free at"_s, u"must stay free"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
}

void FaultDiskTest::releasesFull()
{
    auto ended = updateWhileFull(u"1.2.1"_s, u"precheck"_s, u"releases"_s, 100000);
    QVERIFY(ended);
    const SystemDemo::Outcome &outcome = *ended;
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"package.no_space"_s, {u"Unpacking needs"_s, u"are free"_s, u"Free space"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
}

void FaultDiskTest::backupsFull()
{
    auto ended = updateWhileFull(u"1.2.1"_s, u"unpack"_s, u"backups"_s, 100000);
    QVERIFY(ended);
    const SystemDemo::Outcome &outcome = *ended;
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"database.backup_space"_s, {u"backups"_s, u"are free"_s, u"Free space"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
}

QString FaultDiskTest::reasonOf(const SystemDemo::Outcome &outcome)
{
    const QString reason = outcome.json[u"reason"].toString();
    const QString all = u"exit code %1, reason “%2”: %3"_s.arg(outcome.exitCode).arg(reason, QString::fromUtf8(outcome.errors.left(3000)));
    if (outcome.exitCode == Done) {
        // It went without the disk, so nothing is to be told.
        return reason.isEmpty() && outcome.json[u"run"][u"state"].toString() == u"succeeded" ? QString() : all;
    }
    if (outcome.exitCode != WentBack && outcome.exitCode != Held) {
        return all;
    }
    static const QRegularExpression full(u"disk is full|[Nn]o space|[Ff]ree space|space left"_s);
    return reason.contains(full) && reason.contains(u' ') && !reason.contains(u"%{") && !reason.contains(u"(?)") ? QString() : all;
}

/// The database's own disk, under the traffic's orders, when the migration begins.
void FaultDiskTest::databaseFull()
{
    const QString schema = m_demo.schema();
    auto ended = updateWhileFull(u"1.3.0"_s, u"verify_backup"_s, u"database"_s, 0);
    QVERIFY(ended);
    SystemDemo::Outcome &outcome = *ended;
    qInfo("%d %s", outcome.exitCode, qPrintable(outcome.json[u"reason"].toString()));
    QCOMPARE(reasonOf(outcome), QString());
    // There is no room for the new index, so it can't have gone.
    QVERIFY2(outcome.exitCode != Done, outcome.errors.left(2000));
    QVERIFY(m_demo.servesOnly(u"1.2.0"_s));
    cleanup();
    if (outcome.exitCode == Held) {
        outcome = m_demo.ctl({u"revert"_s});
        QVERIFY2(outcome.exitCode == WentBack, outcome.errors.left(2000));
    }
    // Orders that could not be kept were refused, and none that was acknowledged is gone.
    QCOMPARE(m_demo.harm(u"1.2.0"_s, true), QString());
    QCOMPARE(m_demo.schema(), schema);
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
}

void FaultDiskTest::stateFull()
{
    auto ended = updateWhileFull(u"1.2.1"_s, u"switch_release"_s, u"state"_s, 0);
    QVERIFY(ended);
    SystemDemo::Outcome &outcome = *ended;
    // The space kept back is enough for the journal; what serves is one version or the other, and known.
    QCOMPARE(reasonOf(outcome), QString());
    cleanup();
    if (outcome.exitCode == Held) {
        outcome = m_demo.ctl({u"revert"_s});
        QVERIFY2(outcome.exitCode == WentBack, outcome.errors.left(2000));
    }
    QCOMPARE(m_demo.harm(outcome.exitCode == Done ? u"1.2.1"_s : u"1.2.0"_s), QString());
    if (outcome.exitCode == Done) {
        m_demo.restoreTarget();
        outcome = m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--yes"_s});
        QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    }
}

void FaultDiskTest::rightUpdateSucceedsAfterwards()
{
    const auto outcome = m_demo.ctl({u"update"_s, u"1.3.0"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.3.0"_s), QString());
}

QTEST_GUILESS_MAIN(FaultDiskTest)
#include "faultdisktest.moc"
