// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/claim.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class IdentityTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void staysTheSame();
    void machineWithoutAnIdGetsOneOnce();
    void refusesAnother_data();
    void refusesAnother();
    void refusesAReplacedDatabase();
    void databaseMayComeLaterAndGo();
    void refusesADamagedPin();
    void refusesADatabaseOfAnotherTarget_data();
    void refusesADatabaseOfAnotherTarget();
    void claimStaysWithItsFile();
    void claimIsMovedByName();
    void damagedClaimIsRefused();

private:
    /// Another target file with its own state folder, on the same database.
    Target other() const
    {
        Target target = m_target;
        target.path = m_directory->filePath(u"other.yaml"_s);
        target.name = u"shadow"_s;
        target.stateDirectory = m_directory->filePath(u"otherstate"_s);
        return target;
    }
    std::unique_ptr<QTemporaryDir> m_directory;
    Target m_target;
};

static void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    if (!file.open(QFile::WriteOnly) || file.write(content) != content.size()) {
        qFatal("write");
    }
}

void IdentityTest::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_target = {};
    m_target.path = m_directory->filePath(u"target.yaml"_s);
    m_target.name = u"trading"_s;
    m_target.product = u"demo"_s;
    m_target.environment = u"staging"_s;
    m_target.stateDirectory = m_directory->filePath(u"state"_s);
    m_target.balancer = {u"haproxy"_s, m_directory->filePath(u"h.sock"_s), {}};
    m_target.databases = {{u"main"_s, u"sqlite"_s, m_directory->filePath(u"main.db"_s), {}, {}}};
    m_target.hosts = {{u"web-2"_s, {u"deploy"_s, u"web-2.example.org"_s, 0}, m_target.stateDirectory}};
    write(m_target.path, "x");
    write(m_target.databases[0].file, "staging");
    write(m_directory->filePath(u"production.db"_s), "production");
}

void IdentityTest::staysTheSame()
{
    const auto first = pinIdentity(m_target);
    QVERIFY2(first, first ? "" : qPrintable(first.error().text()));
    QVERIFY(first->contains(u"machine"_s));
    QVERIFY(first->contains(u"database.main.inode"_s));
    QVERIFY(QFileInfo::exists(m_directory->filePath(u"state/identity.json"_s)));
    write(m_target.databases[0].file, "other content, same file");
    QCOMPARE(*pinIdentity(m_target), *first);
}

void IdentityTest::machineWithoutAnIdGetsOneOnce()
{
    const QString none = m_directory->filePath(u"none"_s);
    const QString empty = m_directory->filePath(u"empty"_s);
    const QString real = m_directory->filePath(u"real"_s);
    write(empty, "uninitialized\n");
    write(real, "0123456789abcdef0123456789abcdef\n");
    const QString own = m_directory->filePath(u"kept/machine-id"_s);
    const auto found = machineDigest({none, empty, real}, own);
    QVERIFY(found);
    QVERIFY(!QFileInfo::exists(own));
    const auto made = machineDigest({none, empty}, own);
    QVERIFY2(made, made ? "" : qPrintable(made.error().text()));
    QVERIFY(*made != *found);
    QCOMPARE(*machineDigest({none, empty}, own), *made);
    QCOMPARE(QDir(m_directory->filePath(u"kept"_s)).entryList(QDir::Files | QDir::Hidden), QStringList{u"machine-id"_s});
    // Another machine makes another.
    QVERIFY(*machineDigest({}, m_directory->filePath(u"other"_s)) != *made);
}

void IdentityTest::refusesAnother_data()
{
    QTest::addColumn<QString>("member");
    for (const char *member : {"database.main.file", "name", "product", "environment", "balancer.socket", "host.web-2.address", "path"}) {
        QTest::newRow(member) << QString::fromLatin1(member);
    }
}

void IdentityTest::refusesAnother()
{
    QFETCH(const QString, member);
    QVERIFY(pinIdentity(m_target));
    if (member == u"database.main.file") {
        m_target.databases[0].file = m_directory->filePath(u"production.db"_s);
    } else if (member == u"name") {
        m_target.name = u"x"_s;
    } else if (member == u"product") {
        m_target.product = u"x"_s;
    } else if (member == u"environment") {
        m_target.environment = u"production"_s;
    } else if (member == u"balancer.socket") {
        m_target.balancer.socket = u"/x"_s;
    } else if (member == u"host.web-2.address") {
        m_target.hosts[0].address.host = u"web-3.example.org"_s;
    } else {
        m_target.path = m_directory->filePath(u"production.db"_s);
    }
    const auto result = pinIdentity(m_target);
    QVERIFY(!result);
    QCOMPARE(result.error().code, u"target.identity_changed"_s);
    QCOMPARE(result.error().args[u"member"_s].toString().section(u'.', 0, 1), member.section(u'.', 0, 1));
    QVERIFY(!result.error().args[u"pinned"_s].toString().isEmpty());
    QVERIFY(!result.error().args[u"found"_s].toString().isEmpty());
    QVERIFY(!result.error().hint().isEmpty());
}

void IdentityTest::refusesAReplacedDatabase()
{
    QVERIFY(pinIdentity(m_target));
    QVERIFY(QFile::rename(m_target.databases[0].file, m_directory->filePath(u"old.db"_s)));
    QVERIFY(QFile::rename(m_directory->filePath(u"production.db"_s), m_target.databases[0].file));
    const auto result = pinIdentity(m_target);
    QVERIFY(!result);
    QCOMPARE(result.error().args[u"member"_s].toString(), u"database.main.inode"_s);
}

void IdentityTest::databaseMayComeLaterAndGo()
{
    QVERIFY(QFile::remove(m_target.databases[0].file));
    const auto without = pinIdentity(m_target);
    QVERIFY(without);
    QVERIFY(!without->contains(u"database.main.inode"_s));
    write(m_target.databases[0].file, "new");
    const auto with = pinIdentity(m_target);
    QVERIFY(with);
    QVERIFY(with->contains(u"database.main.inode"_s));
    QVERIFY(QFile::rename(m_target.databases[0].file, m_directory->filePath(u"away"_s)));
    QVERIFY(pinIdentity(m_target));
    // Once pinned, it stays pinned.
    QVERIFY(QFile::rename(m_directory->filePath(u"production.db"_s), m_target.databases[0].file));
    QVERIFY(!pinIdentity(m_target));
}

void IdentityTest::refusesADamagedPin()
{
    QVERIFY(pinIdentity(m_target));
    write(m_directory->filePath(u"state/identity.json"_s), "{");
    QCOMPARE(pinIdentity(m_target).error().code, u"target.identity_unreadable"_s);
}

void IdentityTest::refusesADatabaseOfAnotherTarget_data()
{
    QTest::addColumn<QString>("way");
    for (const char *way : {"another file", "the same name", "through a link", "another state folder"}) {
        QTest::newRow(way) << QString::fromLatin1(way);
    }
}

void IdentityTest::refusesADatabaseOfAnotherTarget()
{
    QFETCH(const QString, way);
    QVERIFY(pinIdentity(m_target));
    Target target = other();
    write(target.path, "x");
    if (way == u"the same name") {
        target.name = m_target.name;
    } else if (way == u"through a link") {
        target.databases[0].file = m_directory->filePath(u"link.db"_s);
        QVERIFY(QFile::link(m_target.databases[0].file, target.databases[0].file));
    } else if (way == u"another state folder") {
        target.path = m_target.path;
        target.name = m_target.name;
    }
    const auto refused = pinIdentity(target);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, u"target.claimed"_s);
    const QString text = refused.error().what();
    QVERIFY2(text.contains(u"“trading”") && text.contains(m_target.path) && text.contains(target.name) && text.contains(target.path), qPrintable(text));
    QVERIFY2(refused.error().hint().contains(u"target adopt --confirm "_s + target.name), qPrintable(refused.error().hint()));
    // A file that is refused pins nothing of what isn't its own.
    QVERIFY(!QFileInfo::exists(target.stateDirectory + u"/identity.json"_s));
    QVERIFY(pinIdentity(m_target));
}

void IdentityTest::claimStaysWithItsFile()
{
    QVERIFY(pinIdentity(m_target));
    const QString file = m_target.databases[0].file;
    const QString mark = file + u".cutover-owner"_s;
    QVERIFY(QFileInfo::exists(mark));
    // A backup or a clone is another file, even where the whole folder was copied.
    Target clone = other();
    QVERIFY(QDir(m_directory->path()).mkpath(u"copy"_s));
    clone.databases[0].file = m_directory->filePath(u"copy/main.db"_s);
    QVERIFY(QFile::copy(file, clone.databases[0].file));
    QVERIFY(QFile::copy(mark, clone.databases[0].file + u".cutover-owner"_s));
    QVERIFY(pinIdentity(clone));
    QCOMPARE(foreignClaims(clone)->size(), 0);
    // The clone belongs to its own target now, the original still to the first one.
    Target third = clone;
    third.name = u"third"_s;
    third.stateDirectory = m_directory->filePath(u"thirdstate"_s);
    QCOMPARE(pinIdentity(third).error().args[u"owner"_s], u"shadow"_s);
    QVERIFY(pinIdentity(m_target));
    // What is written into the very file, as a restore does, changes nothing.
    write(file, "restored");
    QVERIFY(pinIdentity(m_target));
    Target fourth = other();
    fourth.stateDirectory = m_directory->filePath(u"fourthstate"_s);
    QCOMPARE(pinIdentity(fourth).error().code, u"target.claimed"_s);
}

void IdentityTest::claimIsMovedByName()
{
    QVERIFY(pinIdentity(m_target));
    const auto adopted = adoptDatabases(other());
    QVERIFY(adopted);
    QCOMPARE(adopted->size(), 1);
    QCOMPARE(adopted->first().target, u"trading"_s);
    QCOMPARE(adopted->first().path, QFileInfo(m_target.path).canonicalFilePath());
    QVERIFY(pinIdentity(other()));
    const auto refused = pinIdentity(m_target);
    QCOMPARE(refused.error().code, u"target.claimed"_s);
    QCOMPARE(refused.error().args[u"owner"_s], u"shadow"_s);
    QCOMPARE(adoptDatabases(other())->size(), 0);
}

void IdentityTest::damagedClaimIsRefused()
{
    QVERIFY(pinIdentity(m_target));
    write(m_target.databases[0].file + u".cutover-owner"_s, "{");
    QCOMPARE(pinIdentity(m_target).error().code, u"target.claim_unreadable"_s);
    QVERIFY(adoptDatabases(m_target));
    QVERIFY(pinIdentity(m_target));
}

QTEST_GUILESS_MAIN(IdentityTest)
#include "identitytest.moc"
