// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "codeof.h"

#include "system/faultpoints.h"
#include "system/files.h"
#include "system/json.h"
#include "tests/support/skip.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cerrno>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

class FilesTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_dir;
    [[nodiscard]] QString at(const QString &name) const { return m_dir.filePath(name); }
    [[nodiscard]] QStringList hiddenLeft() const
    {
        return QDir(m_dir.path()).entryList({u".*"_s}, QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot);
    }

private Q_SLOTS:
    void cleanup()
    {
        faultpoints::arm({});
        QCOMPARE(hiddenLeft(), QStringList());
    }

    void replaceKeepsModeAndLink()
    {
        QVERIFY(files::replace(at(u"a"_s), "1", files::privateFile));
        QCOMPARE(QFile::permissions(at(u"a"_s)) & 0x777, (files::privateFile | QFile::ReadUser | QFile::WriteUser) & 0x777);
        QVERIFY(::chmod(QFile::encodeName(at(u"a"_s)).constData(), 0640) == 0);
        QVERIFY(QFile::link(u"a"_s, at(u"to-a"_s)));
        QVERIFY(files::replace(at(u"to-a"_s), "22"));
        QCOMPARE(files::read(at(u"a"_s)).value(), "22"_ba);
        struct stat info{};
        QVERIFY(::lstat(QFile::encodeName(at(u"to-a"_s)).constData(), &info) == 0 && S_ISLNK(info.st_mode));
        QVERIFY(::stat(QFile::encodeName(at(u"a"_s)).constData(), &info) == 0);
        QCOMPARE(info.st_mode & 0777u, 0640u);
        QVERIFY(QFile::exists(at(u"to-a"_s)));
    }

    void readLimits()
    {
        QVERIFY(files::replace(at(u"long"_s), QByteArray(1000, 'x')));
        QCOMPARE(files::read(at(u"long"_s), 1000).value().size(), 1000);
        QCOMPARE(codeOf(files::read(at(u"long"_s), 999)), u"file.too_big"_s);
        QCOMPARE(codeOf(files::read(at(u"none"_s))), u"file.not_found"_s);
        QCOMPARE(codeOf(files::read(m_dir.path())), u"file.read"_s);
        QVERIFY(files::read(u"/proc/self/stat"_s).value().size() > 10);
    }

    void pathsTreesAndLinks()
    {
        QVERIFY(files::makePath(at(u"r/1/deep"_s)));
        QVERIFY(files::makePath(at(u"r/1/deep"_s)));
        QVERIFY(files::replace(at(u"r/1/deep/f"_s), "x"));
        QVERIFY(files::makePath(at(u"outside"_s)));
        QVERIFY(files::replace(at(u"outside/kept"_s), "x"));
        QVERIFY(files::switchLink(at(u"r/1/way-out"_s), at(u"outside"_s)));
        QVERIFY(files::switchLink(at(u"current"_s), u"r/1"_s));
        QVERIFY(files::switchLink(at(u"current"_s), u"r/2"_s));
        QCOMPARE(files::readLink(at(u"current"_s)).value(), u"r/2"_s);
        QVERIFY(!files::switchLink(at(u"outside"_s), u"r/2"_s));
        QVERIFY(QFile(at(u"r/1/deep"_s)).setPermissions(QFile::ReadOwner));
        QVERIFY(files::removeTree(at(u"r/1"_s)));
        QVERIFY(!QFile::exists(at(u"r/1"_s)));
        QVERIFY(QFile::exists(at(u"outside/kept"_s)));
        QVERIFY(files::removeTree(at(u"r/1"_s)));
        QVERIFY(files::remove(at(u"none"_s)));
        QVERIFY(files::copy(at(u"outside/kept"_s), at(u"r/copy"_s)));
        QVERIFY(files::rename(at(u"r/copy"_s), at(u"moved"_s)));
        QCOMPARE(files::sha256(at(u"moved"_s)).value(), json::sha256("x"));
        QCOMPARE(codeOf(files::copy(at(u"none"_s), at(u"r/copy"_s))), u"file.not_found"_s);
        QCOMPARE_GT(files::freeBytes(at(u"not/yet/there"_s)).value(), 0);
    }

    void writerResumes()
    {
        const QString part = at(u"big.part"_s);
        {
            auto writer = files::Writer::open(at(u"big"_s), part).value();
            QVERIFY(writer.write("abcdef", 6));
            writer.keep();
        }
        QVERIFY(QFile::exists(part));
        QCOMPARE(codeOf(files::Writer::open(at(u"big"_s), part, 7)), u"file.shorter"_s);
        auto writer = files::Writer::open(at(u"big"_s), part, 3).value();
        QVERIFY(writer.write("XY", 2));
        QVERIFY(!QFile::exists(at(u"big"_s)));
        QVERIFY(writer.commit());
        QCOMPARE(files::read(at(u"big"_s)).value(), "abcXY"_ba);
        QVERIFY(!QFile::exists(part));
    }

    void abandonedWriterLeavesNothing()
    {
        auto writer = files::Writer::open(at(u"never"_s)).value();
        QVERIFY(writer.write("x", 1));
        writer = {};
    }

    /// Each point of replace() fails in turn: old or new content, and an error unless nothing failed.
    void everyFailureLeavesOldOrNew_data()
    {
        QTest::addColumn<QByteArray>("action");
        QTest::newRow("full") << "enospc"_ba;
        QTest::newRow("full from there on") << "enospc+"_ba;
        QTest::newRow("failing") << "eio"_ba;
    }
    void everyFailureLeavesOldOrNew()
    {
        QFETCH(QByteArray, action);
        const QString path = at(u"config"_s);
        const bool onwards = action.endsWith('+');
        int failures = 0;
        for (int n = 1;; ++n) {
            QVERIFY(files::replace(path, "old"));
            faultpoints::arm(action.chopped(onwards) + '@' + QByteArray::number(n) + (onwards ? "+" : ""));
            const auto result = files::replace(path, "new");
            const bool reached = faultpoints::count() >= quint64(n);
            faultpoints::arm({});
            const QByteArray content = files::read(path).value();
            QVERIFY2(content == "old" || content == "new", content);
            QVERIFY(result.has_value() == false || content == "new");
            QCOMPARE(hiddenLeft(), QStringList());
            failures += !result;
            if (!result && action.startsWith("enospc")) {
                QCOMPARE(codeOf(result), u"file.no_space"_s);
            }
            if (!reached) {
                QVERIFY(result);
                break;
            }
        }
        QCOMPARE_GE(failures, 4); // Create, write, sync, rename.
    }

    void realFullDisk()
    {
        const QString mount = at(u"small"_s);
        QVERIFY(files::makePath(mount));
        if (::mount("tmpfs", QFile::encodeName(mount).constData(), "tmpfs", 0, "size=256k") != 0) {
            SKIP_WITHOUT_ROOT("a small file system cannot be mounted here (needs CAP_SYS_ADMIN).");
        }
        const auto unmount = qScopeGuard([&mount] { ::umount2(QFile::encodeName(mount).constData(), MNT_DETACH); });
        const QString path = mount + u"/config"_s;
        QVERIFY(files::replace(path, "old"));
        const auto result = files::replace(path, QByteArray(512 * 1024, 'x'));
        QVERIFY(!result);
        QCOMPARE(codeOf(result), u"file.no_space"_s);
        QCOMPARE(files::read(path).value(), "old"_ba);
        QCOMPARE(QDir(mount).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList(u"config"_s));
    }
};

QTEST_GUILESS_MAIN(FilesTest)
#include "filestest.moc"
