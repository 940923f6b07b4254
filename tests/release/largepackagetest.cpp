// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/package.h"

#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Sizes and offsets beyond 31 and 32 bits, where the tail is easily forgotten. */
class LargePackageTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tailBeyond2GiB();
};

void LargePackageTest::tailBeyond2GiB()
{
    QTemporaryDir directory;
    QVERIFY(QDir(directory.path()).mkdir(u"in"_s));
    QFile manifest(directory.filePath(u"in/manifest.yaml"_s));
    QVERIFY(manifest.open(QFile::WriteOnly));
    manifest.write("schema: 1\nproduct: demo\nversion: 1.2.3\nfrom: ^1.2\nupdate_type: hotfix\nrisk: low\n");
    manifest.close();
    QVERIFY(package::generateKeys(directory.filePath(u"k.sec"_s), directory.filePath(u"k.pub"_s)));
    const auto built = package::build(directory.filePath(u"in"_s), directory.path());
    QVERIFY(built);

    // A skippable frame of holes makes the file large without disk space; zstd passes over it.
    constexpr qint64 frame = (2LL << 30) + (64 << 20);
    QFile file(*built);
    QVERIFY(file.open(QFile::ReadWrite));
    QVERIFY(file.seek(file.size()));
    QByteArray header("\x50\x2a\x4d\x18", 4);
    for (int shift = 0; shift < 32; shift += 8) {
        header += char((frame >> shift) & 0xff);
    }
    file.write(header);
    QVERIFY(file.resize(file.pos() + frame));
    const qint64 size = file.size();
    QVERIFY(size > 2LL << 30);
    QVERIFY(package::sign(*built, directory.filePath(u"k.sec"_s)));

    const auto verified = package::verify(*built, {directory.filePath(u"k.pub"_s)});
    QVERIFY2(verified, verified ? "" : qPrintable(verified.error().text()));
    QCOMPARE(verified->size, size);

    QVERIFY(file.seek(size - 1));
    file.write("x");
    file.close();
    const auto changed = package::verify(*built, {directory.filePath(u"k.pub"_s)});
    QVERIFY(!changed);
    QCOMPARE(changed.error().code, u"package.signature_wrong"_s);
}

QTEST_GUILESS_MAIN(LargePackageTest)
#include "largepackagetest.moc"
