// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultpackages.h"
#include "faultdemo.h"

#include "release/package.h"
#include "release/repository.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QTest>

#include <functional>

using namespace Qt::StringLiterals;

namespace {

constexpr int Failed = 1;
constexpr int Refused = 3;
constexpr qint64 Mega = 1 << 20;

bool flip(const QString &path, double at)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadWrite)) {
        return false;
    }
    const qint64 position = qint64(double(file.size() - 1) * at);
    char byte = 0;
    return file.seek(position) && file.getChar(&byte) && file.seek(position) && file.putChar(char(byte ^ 1));
}

} // namespace

/** Packages that must not be installed, offered by the demo's own repository under traffic. */
class FaultPackagesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void isRefused_data();
    void isRefused();
    void isRefusedWhenSwappedAfterPlanning();
    void rightPackageIsInstalledAfterwards();

private:
    QString repository() const { return m_demo.folder() + u"/repository"_s; }
    QString package(const QString &version) const { return u"%1/trading-%2.cutover"_s.arg(repository(), version); }
    QString key() const { return m_demo.folder() + u"/keys/release.key"_s; }
    void restoreRepository();

    FaultDemo m_demo;
    QMap<QString, QByteArray> m_repository; ///< As it was made.
};

void FaultPackagesTest::initTestCase()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
    const auto files = QDir(repository()).entryInfoList(QDir::Files);
    for (const QFileInfo &each : files) {
        QFile file(each.filePath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        m_repository.insert(each.fileName(), file.readAll());
    }
}

void FaultPackagesTest::restoreRepository()
{
    const auto files = QDir(repository()).entryInfoList(QDir::Files);
    for (const QFileInfo &each : files) {
        QVERIFY(QFile::remove(each.filePath()));
    }
    for (const auto &[name, content] : std::as_const(m_repository).asKeyValueRange()) {
        QFile file(repository() + u'/' + name);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }
    // Nothing of the last fault helps or harms the next one.
    QDir(m_demo.stateFolder() + u"/downloads"_s).removeRecursively();
    QDir(m_demo.stateFolder() + u"/cache"_s).removeRecursively();
}

void FaultPackagesTest::isRefused_data()
{
    QTest::addColumn<QString>("version");
    QTest::addColumn<std::function<QString()>>("spoil");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QStringList>("words");

    const auto row = [](const char *name, const QString &version, std::function<QString()> spoil, int exitCode, const QString &code,
                        const QStringList &words) { QTest::newRow(name) << version << spoil << exitCode << code << words; };
    const auto flipped = [](const QString &path, double at) { return [=] { return flip(path, at) ? QString() : u"not flipped"_s; }; };
    const auto members = [this](const QString &version, qint64 listed, const QList<faultpackages::Member> &list) {
        return [=, this] {
            const QString problem = faultpackages::write(repository(), version, listed, list);
            return problem.isEmpty() ? faultpackages::publish(repository(), version, key()) : problem;
        };
    };
    const QString bad = u"1.2.9"_s;

    row("repository of another key", u"1.2.1"_s,
        [this] {
            const QString other = m_demo.folder() + u"/keys/other"_s;
            const auto made = cutover::package::generateKeys(other + u".key"_s, other + u".pub"_s);
            return made ? faultpackages::publish(repository(), u"1.2.1"_s, other + u".key"_s) : made.error().text();
        },
        Refused, u"package.key_unknown"_s, {u"not trusted"_s, u"repository.keys"_s});
    row("package of another key", u"1.2.1"_s,
        [this] {
            const auto done = cutover::package::sign(package(u"1.2.1"_s), m_demo.folder() + u"/keys/other.key"_s);
            return done ? QString() : done.error().text();
        },
        Refused, u"package.key_unknown"_s, {u"not trusted"_s});
    row("flipped byte in the manifest", u"1.2.1"_s, flipped(package(u"1.2.1"_s), 0.001), Refused, u"repository.digest"_s,
        {u"trading-1.2.1.cutover"_s, u"SHA-256"_s});
    row("flipped byte in the payload", u"1.2.1"_s, flipped(package(u"1.2.1"_s), 0.6), Refused, u"repository.digest"_s,
        {u"trading-1.2.1.cutover"_s, u"SHA-256"_s});
    row("flipped byte in the signature", u"1.2.1"_s,
        [this] {
            QFile file(package(u"1.2.1"_s) + u".minisig"_s);
            if (!file.open(QIODevice::ReadWrite)) {
                return file.errorString();
            }
            QByteArray content = file.readAll();
            // Within the second line; a letter of base64 for another, as any other byte would already be no signature.
            char &letter = content[content.indexOf('\n') + 40];
            letter = letter == 'A' ? 'B' : 'A';
            return file.seek(0) && file.write(content) == content.size() ? QString() : u"not flipped"_s;
        },
        Refused, u"package.signature_wrong"_s, {u"signature"_s});
    row("flipped byte in the index", u"1.2.1"_s, flipped(repository() + u"/index.json"_s, 0.5), Refused, u"package.signature_wrong"_s,
        {u"signature"_s});
    row("payload swapped after signing", u"1.2.1"_s,
        [this] {
            const QString signature = package(u"1.2.1"_s) + u".minisig"_s;
            const QByteArray before = m_repository.value(u"trading-1.2.1.cutover.minisig"_s);
            const QString problem = faultpackages::write(repository(), u"1.2.1"_s, 4, {{u"data"_s, "evil", {}, 0}});
            if (!problem.isEmpty()) {
                return problem;
            }
            // The index knows the new file; the signature is of the old one.
            const QString published = faultpackages::publish(repository(), u"1.2.1"_s, key());
            QFile file(signature);
            return published.isEmpty() && file.open(QIODevice::WriteOnly) && file.write(before) == before.size() ? QString() : u"not swapped"_s;
        },
        Refused, u"package.signature_wrong"_s, {u"does not belong to this file"_s});
    row("payload unlike its manifest", bad, members(bad, 4, {{u"data"_s, "evil", {}, 0}}), Refused, u"package.member_digest"_s, {u"“data”"_s, u"SHA-256"_s});
    row("truncated file", u"1.2.1"_s,
        [this] { return QFile::resize(package(u"1.2.1"_s), m_repository.value(u"trading-1.2.1.cutover"_s).size() / 2) ? QString() : u"not cut"_s; }, Failed,
        u"repository.truncated"_s, {u"trading-1.2.1.cutover"_s, u"ended after"_s});
    row("tail beyond 2 GiB", u"1.2.1"_s,
        [this] {
            QString problem = faultpackages::enlarge(package(u"1.2.1"_s));
            if (problem.isEmpty()) {
                problem = faultpackages::publish(repository(), u"1.2.1"_s, key());
            }
            return !problem.isEmpty() || flip(package(u"1.2.1"_s), 1) ? problem : u"not flipped"_s;
        },
        Refused, u"repository.digest"_s, {u"trading-1.2.1.cutover"_s, u"SHA-256"_s});
    row("package is gone", u"1.2.1"_s, [this] { return QFile::remove(package(u"1.2.1"_s)) ? QString() : u"not removed"_s; }, Failed,
        u"repository.not_found"_s, {u"trading-1.2.1.cutover"_s});
    row("member leads out", bad, members(bad, 4, {{u"../../evil"_s, "xxxx", {}, 0}}), Refused, u"package.member_path"_s, {u"../../evil"_s});
    row("member at an absolute path", bad, members(bad, 4, {{u"/tmp/cutover-evil"_s, "xxxx", {}, 0}}), Refused, u"package.member_path"_s,
        {u"/tmp/cutover-evil"_s});
    row("symbolic link", bad, members(bad, 4, {{u"data"_s, {}, u"/etc/passwd"_s, 0}}), Refused, u"package.member_type"_s, {u"“data”"_s, u"symbolic link"_s});
    row("member that nobody listed", bad, members(bad, 4, {{u"data"_s, "xxxx", {}, 0}, {u"more"_s, "x", {}, 0}}), Refused, u"package.member_unlisted"_s,
        {u"“more”"_s});
    row("bomb that says its size", bad, members(bad, 20480 * Mega, {{u"data"_s, {}, {}, 256 * Mega}}), Refused, u"package.too_large"_s, {u"at most"_s});
    row("bomb that lies", bad, members(bad, 4, {{u"data"_s, {}, {}, 256 * Mega}}), Refused, u"package.member_size"_s, {u"“data”"_s, u"268435456"_s});
}

void FaultPackagesTest::isRefused()
{
    QFETCH(QString, version);
    QFETCH(std::function<QString()>, spoil);
    QFETCH(int, exitCode);
    QFETCH(QString, code);
    QFETCH(QStringList, words);
    QCOMPARE(spoil(), QString());
    // Two gigabytes are read and written.
    const auto outcome = m_demo.ctl({u"update"_s, version, u"--yes"_s}, 280000);
    QCOMPARE(FaultDemo::told(outcome, exitCode, code, words), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
    QVERIFY(!QFile::exists(u"/tmp/cutover-evil"_s) && !QFile::exists(m_demo.folder() + u"/evil"_s) && !QFile::exists(m_demo.stateFolder() + u"/evil"_s));
    QCOMPARE(m_demo.ctl({u"history"_s}).json[u"runs"].toArray().size(), 0);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    restoreRepository();
}

void FaultPackagesTest::isRefusedWhenSwappedAfterPlanning()
{
    const QString plan = m_demo.folder() + u"/plan.json"_s;
    const auto planned = m_demo.ctl({u"plan"_s, u"1.2.1"_s, u"--output"_s, plan});
    QVERIFY2(planned.exitCode == 0, planned.errors);
    // Signed by the right key, but not what was previewed.
    QCOMPARE(faultpackages::writeScripted(m_demo.folder(), u"1.2.1"_s, "#!/bin/sh\nexit 1\n"), QString());
    QCOMPARE(faultpackages::publish(repository(), u"1.2.1"_s, key()), QString());
    QVERIFY(QDir(m_demo.stateFolder() + u"/downloads"_s).removeRecursively());
    const auto outcome = m_demo.ctl({u"apply"_s, plan, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, Refused, u"acquire.gone"_s, {u"1.2.1"_s}), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    restoreRepository();
}

void FaultPackagesTest::rightPackageIsInstalledAfterwards()
{
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"1s"_s});
    QVERIFY2(outcome.exitCode == 0, outcome.errors);
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
}

QTEST_GUILESS_MAIN(FaultPackagesTest)
#include "faultpackagestest.moc"
