// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/package.h"

#include "system/files.h"
#include "system/json.h"

#include <QDir>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <archive.h>
#include <archive_entry.h>

using namespace Qt::StringLiterals;
using namespace cutover;

/** A member as a forger would write it. */
struct Forged {
    QByteArray path;
    QByteArray content;
    int type = AE_IFREG;
    QByteArray link;
    bool isHardlink = false;
};

static void write(const QString &path, const QByteArray &content)
{
    QDir().mkpath(QFileInfo(path).path());
    QFile file(path);
    if (!file.open(QFile::WriteOnly) || file.write(content) != content.size()) {
        qFatal("write");
    }
}

static QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}

static const QByteArray manifestHead =
    "schema: 1\nproduct: demo\nversion: 1.2.3\nfrom: ^1.2\nupdate_type: hotfix\nrisk: low\n";

class PackageTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void roundTrip();
    void buildIsReproducible();
    void buildRefusesLinks();
    void everyFlippedByteIsFound();
    void everyFlippedByteOfTheSignatureIsFound();
    void truncated();
    void extended();
    void wrongKey();
    void secondKeyWorks();
    void swappedAfterSigning();
    void signatureMissing();
    void minisignVerifiesOurs();
    void weVerifyMinisigns();
    void legacySignatureIsRefused();
    void protectedKeyIsRefused();
    void keysAreNotOverwritten();
    void keyFromTheEnvironment();
    void forged_data();
    void forged();
    void decompressionBomb();
    void targetExists();
    void stops();
    void notAPackage();
    void fullDisk();
    void inspectReadsWithoutASignature();

private:
    QString path(const QString &name) const { return m_directory->filePath(name); }
    QStringList keys() const { return {path(u"key.pub"_s)}; }
    QString forge(const QList<Forged> &members);
    bool run(const QString &program, const QStringList &arguments, const QByteArray &input = {});
    bool nothingLeft() const;

    std::unique_ptr<QTemporaryDir> m_directory;
    QString m_package;
};

bool PackageTest::run(const QString &program, const QStringList &arguments, const QByteArray &input)
{
    QProcess process;
    process.start(program, arguments);
    process.write(input);
    process.closeWriteChannel();
    const bool ended = process.waitForFinished(60000);
    if (process.exitCode() != 0) {
        qInfo() << process.readAllStandardError() << process.readAllStandardOutput();
    }
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
}

bool PackageTest::nothingLeft() const
{
    QDirIterator names(m_directory->path(), QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    while (names.hasNext()) {
        names.next();
        if (names.fileName().contains(u"cutover-") || names.fileName() == u"out") {
            return false;
        }
    }
    return true;
}

void PackageTest::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    write(path(u"in/manifest.yaml"_s), manifestHead);
    write(path(u"in/bin/run"_s), "#!/bin/sh\nexit 0\n");
    QFile(path(u"in/bin/run"_s)).setPermissions(files::publicFile | QFile::ExeOwner);
    write(path(u"in/data/größe – 1.txt"_s), "text");
    write(path(u"in/empty"_s), {});
    QByteArray random(300000, '\0');
    quint32 state = 1;
    for (char &c : random) {
        state = state * 1664525 + 1013904223;
        c = char(state >> 24);
    }
    write(path(u"in/random"_s), random);
    QVERIFY(package::generateKeys(path(u"key.sec"_s), path(u"key.pub"_s)));
    const auto built = package::build(path(u"in"_s), m_directory->path());
    QVERIFY2(built, built ? "" : qPrintable(built.error().text()));
    m_package = *built;
    const auto signedFile = package::sign(m_package, path(u"key.sec"_s));
    QVERIFY2(signedFile, signedFile ? "" : qPrintable(signedFile.error().text()));
}

QString PackageTest::forge(const QList<Forged> &members)
{
    const QString file = path(u"forged.cutover"_s);
    archive *writer = archive_write_new();
    archive_write_set_format_pax_restricted(writer);
    archive_write_add_filter_zstd(writer);
    archive_write_open_filename(writer, QFile::encodeName(file).constData());
    for (const Forged &member : members) {
        archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, member.path.constData());
        archive_entry_set_filetype(entry, __LA_MODE_T(member.type));
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, member.content.size());
        if (!member.link.isEmpty() && member.isHardlink) {
            archive_entry_set_hardlink(entry, member.link.constData());
        } else if (!member.link.isEmpty()) {
            archive_entry_set_symlink(entry, member.link.constData());
        }
        if (archive_write_header(writer, entry) != ARCHIVE_OK) {
            qFatal("%s", archive_error_string(writer));
        }
        archive_write_data(writer, member.content.constData(), size_t(member.content.size()));
        archive_entry_free(entry);
    }
    archive_write_close(writer);
    archive_write_free(writer);
    if (!package::sign(file, path(u"key.sec"_s))) {
        qFatal("sign");
    }
    return file;
}

void PackageTest::roundTrip()
{
    QCOMPARE(QFileInfo(m_package).fileName(), u"demo-1.2.3.cutover"_s);
    qint64 last = 0;
    qint64 total = 0;
    const auto verified = package::verify(m_package, keys(), {}, [&](qint64 done, qint64 all) {
        QVERIFY(done >= last);
        last = done;
        total = all;
    });
    QVERIFY2(verified, verified ? "" : qPrintable(verified.error().text()));
    QCOMPARE(last, total);
    QCOMPARE(verified->manifest.members.size(), 4);
    QCOMPARE(verified->manifest.version.toString(), u"1.2.3"_s);
    QCOMPARE(verified->size, QFileInfo(m_package).size());
    QCOMPARE(verified->sha256, json::sha256(read(m_package)));
    QCOMPARE(verified->unpackedSize, 300000 + 4 + 17);
    QCOMPARE(verified->trustedComment, u"file:demo-1.2.3.cutover"_s);
    QVERIFY(read(path(u"key.pub"_s)).contains(verified->keyId.toLatin1()));

    const auto unpacked = package::unpack(m_package, keys(), path(u"out"_s));
    QVERIFY2(unpacked, unpacked ? "" : qPrintable(unpacked.error().text()));
    for (const QString &name : {u"bin/run"_s, u"data/größe – 1.txt"_s, u"empty"_s, u"random"_s}) {
        QVERIFY(QFileInfo::exists(path(u"out/"_s + name)));
        QCOMPARE(read(path(u"out/"_s + name)), read(path(u"in/"_s + name)));
    }
    QVERIFY(QFileInfo(path(u"out/bin/run"_s)).isExecutable());
    QVERIFY(!QFileInfo(path(u"out/random"_s)).permissions().testFlag(QFile::ExeOwner));
    QVERIFY(QDir(path(u"out"_s)).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot).size() == 4);
    // Operators can open it without us.
    QVERIFY(run(u"tar"_s, {u"--zstd"_s, u"-tf"_s, m_package}));
}

void PackageTest::buildIsReproducible()
{
    const QByteArray first = read(m_package);
    QTest::qWait(20);
    write(path(u"in/empty"_s), {});
    QVERIFY(package::build(path(u"in"_s), path(u"again"_s)));
    QCOMPARE(read(path(u"again/demo-1.2.3.cutover"_s)), first);
}

void PackageTest::buildRefusesLinks()
{
    QVERIFY(QFile::link(u"/etc/passwd"_s, path(u"in/link"_s)));
    QCOMPARE(package::build(path(u"in"_s), m_directory->path()).error().code, u"package.source_type"_s);
}

void PackageTest::everyFlippedByteIsFound()
{
    // Small enough for every byte of it.
    write(path(u"in/random"_s), QByteArray(64, 'r'));
    QVERIFY(QFile::remove(m_package));
    m_package = *package::build(path(u"in"_s), m_directory->path());
    QVERIFY(package::sign(m_package, path(u"key.sec"_s)));
    const QByteArray good = read(m_package);
    QVERIFY2(good.size() < 4096, qPrintable(QString::number(good.size())));
    for (qsizetype offset = 0; offset < good.size(); ++offset) {
        QByteArray bad = good;
        bad[offset] = char(bad[offset] ^ (1 << (offset % 8)));
        write(m_package, bad);
        const auto result = package::unpack(m_package, keys(), path(u"out"_s));
        QVERIFY2(!result, qPrintable(QString::number(offset)));
        QCOMPARE(result.error().code, u"package.signature_wrong"_s);
    }
    QVERIFY(nothingLeft());
    write(m_package, good);
    QVERIFY(package::verify(m_package, keys()));
}

void PackageTest::everyFlippedByteOfTheSignatureIsFound()
{
    const QString file = m_package + u".minisig"_s;
    const QByteArray good = read(file);
    // The text of the untrusted comment is vouched for by nobody; that is its name.
    const qsizetype begin = qsizetype(strlen("untrusted comment: "));
    const qsizetype end = good.indexOf('\n');
    for (qsizetype offset = 0; offset < good.size(); ++offset) {
        for (int bit = 0; bit < 8; bit += 3) {
            QByteArray bad = good;
            bad[offset] = char(bad[offset] ^ (1 << bit));
            if (offset >= begin && offset < end && bad[offset] != '\n') {
                continue;
            }
            write(file, bad);
            const auto result = package::verify(m_package, keys());
            QVERIFY2(!result, qPrintable(QString::number(offset)));
            QVERIFY(Catalogue::contains(result.error().code));
        }
    }
    for (const QByteArray &bad : QByteArrayList{good.chopped(1), good + '\n', good + "x", QByteArray(), QByteArray(good).replace("\n", "\r\n")}) {
        write(file, bad);
        QVERIFY(!package::verify(m_package, keys()));
    }
}

void PackageTest::truncated()
{
    const QByteArray good = read(m_package);
    for (const qsizetype size : {qsizetype(0), qsizetype(1), good.size() / 2, good.size() - 1}) {
        write(m_package, good.first(size));
        QCOMPARE(package::verify(m_package, keys()).error().code, u"package.signature_wrong"_s);
    }
}

void PackageTest::extended()
{
    write(m_package, read(m_package) + '\0');
    QCOMPARE(package::verify(m_package, keys()).error().code, u"package.signature_wrong"_s);
}

void PackageTest::wrongKey()
{
    QVERIFY(package::generateKeys(path(u"other.sec"_s), path(u"other.pub"_s)));
    QCOMPARE(package::verify(m_package, {path(u"other.pub"_s)}).error().code, u"package.key_unknown"_s);
    QCOMPARE(package::verify(m_package, {}).error().code, u"package.no_keys"_s);
    // A key that claims the trusted one's id is still another key.
    const QByteArray mine = QByteArray::fromBase64(read(path(u"key.pub"_s)).split('\n').at(1));
    const QByteArray other = QByteArray::fromBase64(read(path(u"other.pub"_s)).split('\n').at(1));
    write(path(u"claims.pub"_s), "untrusted comment: x\n" + QByteArray(mine.first(10) + other.sliced(10)).toBase64() + '\n');
    QCOMPARE(package::verify(m_package, {path(u"claims.pub"_s)}).error().code, u"package.signature_wrong"_s);
    write(path(u"broken.pub"_s), "untrusted comment: x\nAAAA\n");
    QCOMPARE(package::verify(m_package, {path(u"broken.pub"_s)}).error().code, u"package.key_format"_s);
}

void PackageTest::secondKeyWorks()
{
    QVERIFY(package::generateKeys(path(u"other.sec"_s), path(u"other.pub"_s)));
    QVERIFY(package::verify(m_package, {path(u"other.pub"_s), path(u"key.pub"_s)}));
}

void PackageTest::swappedAfterSigning()
{
    write(path(u"in/random"_s), "swapped");
    QVERIFY(package::build(path(u"in"_s), m_directory->path()));
    QCOMPARE(package::unpack(m_package, keys(), path(u"out"_s)).error().code, u"package.signature_wrong"_s);
    QVERIFY(nothingLeft());
}

void PackageTest::signatureMissing()
{
    QVERIFY(QFile::remove(m_package + u".minisig"_s));
    QCOMPARE(package::verify(m_package, keys()).error().code, u"package.signature_missing"_s);
}

void PackageTest::minisignVerifiesOurs()
{
    QVERIFY(package::sign(m_package, path(u"key.sec"_s), u"ours – größer"_s));
    QVERIFY(run(u"minisign"_s, {u"-V"_s, u"-p"_s, path(u"key.pub"_s), u"-m"_s, m_package}));
    // It can use our secret key, too.
    QVERIFY(run(u"minisign"_s, {u"-S"_s, u"-s"_s, path(u"key.sec"_s), u"-m"_s, m_package}));
    QVERIFY(package::verify(m_package, keys()));
    write(m_package, read(m_package) + 'x');
    QVERIFY(!run(u"minisign"_s, {u"-V"_s, u"-p"_s, path(u"key.pub"_s), u"-m"_s, m_package}));
}

void PackageTest::weVerifyMinisigns()
{
    QVERIFY(run(u"minisign"_s, {u"-G"_s, u"-W"_s, u"-p"_s, path(u"m.pub"_s), u"-s"_s, path(u"m.sec"_s)}));
    QVERIFY(run(u"minisign"_s, {u"-S"_s, u"-s"_s, path(u"m.sec"_s), u"-m"_s, m_package, u"-t"_s, u"its comment"_s}));
    const auto verified = package::verify(m_package, {path(u"m.pub"_s)});
    QVERIFY2(verified, verified ? "" : qPrintable(verified.error().text()));
    QCOMPARE(verified->trustedComment, u"its comment"_s);
    QVERIFY(read(path(u"m.pub"_s)).contains(verified->keyId.toLatin1()));
    const auto resigned = package::sign(m_package, path(u"m.sec"_s));
    QVERIFY2(resigned, resigned ? "" : qPrintable(resigned.error().text()));
    QVERIFY(run(u"minisign"_s, {u"-V"_s, u"-p"_s, path(u"m.pub"_s), u"-m"_s, m_package}));
}

void PackageTest::legacySignatureIsRefused()
{
    QVERIFY(run(u"minisign"_s, {u"-S"_s, u"-l"_s, u"-s"_s, path(u"key.sec"_s), u"-m"_s, m_package}));
    QCOMPARE(package::verify(m_package, keys()).error().code, u"package.signature_format"_s);
}

void PackageTest::protectedKeyIsRefused()
{
    QByteArray key = QByteArray::fromBase64(read(path(u"key.sec"_s)).split('\n').at(1));
    key.replace(2, 2, "Sc");
    write(path(u"p.sec"_s), "untrusted comment: x\n" + key.toBase64() + '\n');
    QCOMPARE(package::sign(m_package, path(u"p.sec"_s)).error().code, u"package.key_encrypted"_s);
    key.replace(2, 2, QByteArray(2, '\0'));
    key[100] = char(key[100] ^ 1);
    write(path(u"p.sec"_s), "untrusted comment: x\n" + key.toBase64() + '\n');
    QCOMPARE(package::sign(m_package, path(u"p.sec"_s)).error().code, u"package.key_format"_s);
}

void PackageTest::keysAreNotOverwritten()
{
    const QByteArray before = read(path(u"key.sec"_s));
    QCOMPARE(package::generateKeys(path(u"key.sec"_s), path(u"new.pub"_s)).error().code, u"package.key_exists"_s);
    QCOMPARE(read(path(u"key.sec"_s)), before);
    QCOMPARE(QFileInfo(path(u"key.sec"_s)).permissions() & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther), 0);
}

void PackageTest::keyFromTheEnvironment()
{
    QCOMPARE(package::sign(m_package, u"env:CUTOVER_TEST_KEY"_s).error().code, u"package.key_variable"_s);
    qputenv("CUTOVER_TEST_KEY", QFile::encodeName(path(u"key.sec"_s)));
    QVERIFY(package::sign(m_package, u"env:CUTOVER_TEST_KEY"_s));
    qunsetenv("CUTOVER_TEST_KEY");
    QCOMPARE(package::sign(m_package, path(u"key.sec"_s), u"two\nlines"_s).error().code, u"package.trusted_comment"_s);
}

static QByteArray manifestOf(const QList<Forged> &members)
{
    QByteArray yaml = manifestHead + "members:\n";
    for (const Forged &member : members) {
        yaml += "  - {path: \"" + member.path + "\", size: " + QByteArray::number(member.content.size())
            + ", sha256: " + json::sha256(member.content).toLatin1() + "}\n";
    }
    return yaml;
}

void PackageTest::forged_data()
{
    QTest::addColumn<QList<Forged>>("members");
    QTest::addColumn<QString>("code");
    const Forged good{"a", "content", AE_IFREG, {}, false};
    const Forged manifest{"manifest.yaml", manifestOf({good}), AE_IFREG, {}, false};
    const auto row = [](const char *name, const QList<Forged> &members, const char *code) {
        QTest::newRow(name) << members << QString::fromLatin1(code);
    };
    row("good", {manifest, good}, "");
    row("empty", {}, "package.no_manifest");
    row("manifest not first", {good, manifest}, "package.no_manifest");
    row("manifest is a link", {{"manifest.yaml", {}, AE_IFLNK, "/etc/passwd", false}}, "package.member_type");
    row("manifest is not YAML", {{"manifest.yaml", "a: [", AE_IFREG, {}, false}}, "manifest.syntax");
    row("manifest is too large", {{"manifest.yaml", manifestHead + QByteArray(5 << 20, '#'), AE_IFREG, {}, false}}, "package.manifest_size");
    row("..", {manifest, {"../a", "content", AE_IFREG, {}, false}}, "package.member_path");
    row(".. inside", {manifest, {"x/../../a", "content", AE_IFREG, {}, false}}, "package.member_path");
    row("absolute", {manifest, {"/tmp/a", "content", AE_IFREG, {}, false}}, "package.member_path");
    row("other spelling", {manifest, {"./a", "content", AE_IFREG, {}, false}}, "package.member_unlisted");
    row("symbolic link", {manifest, {"a", {}, AE_IFLNK, "/etc/passwd", false}}, "package.member_type");
    row("link then through it", {manifest, {"d", {}, AE_IFLNK, "/tmp", false}, {"d/a", "content", AE_IFREG, {}, false}}, "package.member_type");
    row("hard link", {manifest, {"a", {}, AE_IFREG, "/etc/passwd", true}}, "package.member_type");
    row("character device", {manifest, {"a", {}, AE_IFCHR, {}, false}}, "package.member_type");
    row("block device", {manifest, {"a", {}, AE_IFBLK, {}, false}}, "package.member_type");
    row("pipe", {manifest, {"a", {}, AE_IFIFO, {}, false}}, "package.member_type");
    row("folder", {manifest, {"d", {}, AE_IFDIR, {}, false}}, "package.member_type");
    row("twice", {manifest, good, good}, "package.member_duplicate");
    row("manifest twice", {manifest, good, manifest}, "package.member_duplicate");
    row("unlisted", {manifest, good, {"b", "x", AE_IFREG, {}, false}}, "package.member_unlisted");
    row("missing", {manifest}, "package.member_missing");
    row("longer", {manifest, {"a", "contents", AE_IFREG, {}, false}}, "package.member_size");
    row("other content", {manifest, {"a", "Content", AE_IFREG, {}, false}}, "package.member_digest");
    row("listed twice", {{"manifest.yaml", manifestOf({good, good}), AE_IFREG, {}, false}, good}, "manifest.duplicate");
    row("listed outside", {{"manifest.yaml", manifestOf({{"../x", "c", AE_IFREG, {}, false}}), AE_IFREG, {}, false}}, "manifest.expected_relative_path");
    row("file and folder", {{"manifest.yaml", manifestOf({good, {"a/b", "c", AE_IFREG, {}, false}}), AE_IFREG, {}, false}, good, {"a/b", "c", AE_IFREG, {}, false}}, "file.make_path");
}

void PackageTest::forged()
{
    QFETCH(const QList<Forged>, members);
    QFETCH(const QString, code);
    const QString package = forge(members);
    const auto unpacked = package::unpack(package, keys(), path(u"out"_s));
    if (code.isEmpty()) {
        QVERIFY2(unpacked, unpacked ? "" : qPrintable(unpacked.error().text()));
        return;
    }
    QVERIFY(!unpacked);
    QCOMPARE(unpacked.error().code, code);
    QVERIFY(Catalogue::contains(code));
    QVERIFY2(!unpacked.error().what().contains(u"%{"), qPrintable(unpacked.error().what()));
    QVERIFY(nothingLeft());
    if (!code.startsWith(u"file.")) {
        const auto verified = package::verify(package, keys());
        QVERIFY(!verified);
        QCOMPARE(verified.error().code, code);
    }
}

void PackageTest::decompressionBomb()
{
    // Compresses to a few kilobytes; refused from what the manifest says, and where the manifest lies, from the member's header.
    const Forged large{"a", QByteArray(64 << 20, '\0'), AE_IFREG, {}, false};
    const QString honest = forge({{"manifest.yaml", manifestOf({large}), AE_IFREG, {}, false}, large});
    QVERIFY(QFileInfo(honest).size() < 100000);
    package::Limits limits;
    limits.maxUnpacked = 32 << 20;
    QCOMPARE(package::unpack(honest, keys(), path(u"out"_s), {}, {}, limits).error().code, u"package.too_large"_s);
    QVERIFY(nothingLeft());
    const Forged small{"a", "x", AE_IFREG, {}, false};
    const QString lying = forge({{"manifest.yaml", manifestOf({small}), AE_IFREG, {}, false}, large});
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(package::unpack(lying, keys(), path(u"out"_s), {}, {}, limits).error().code, u"package.member_size"_s);
    QVERIFY(nothingLeft());
    limits.maxMembers = 0;
    QCOMPARE(package::verify(lying, keys(), {}, {}, limits).error().code, u"package.too_many"_s);
}

void PackageTest::targetExists()
{
    QVERIFY(package::unpack(m_package, keys(), path(u"out"_s)));
    write(path(u"out/mine"_s), "x");
    QCOMPARE(package::unpack(m_package, keys(), path(u"out"_s)).error().code, u"package.directory_exists"_s);
    QCOMPARE(read(path(u"out/mine"_s)), "x");
    // What a crash left behind is in nobody's way.
    write(path(u".next.cutover-unpack/half"_s), "x");
    QVERIFY(package::unpack(m_package, keys(), path(u"next"_s)));
    QVERIFY(!QFileInfo::exists(path(u".next.cutover-unpack"_s)));
    QVERIFY(!QFileInfo::exists(path(u"next/half"_s)));
}

void PackageTest::stops()
{
    std::stop_source stop;
    const auto result = package::unpack(m_package, keys(), path(u"out"_s), stop.get_token(), [&stop](qint64 done, qint64 total) {
        if (done > total / 2) {
            stop.request_stop();
        }
    });
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Cancelled);
    QVERIFY(nothingLeft());
}

void PackageTest::notAPackage()
{
    for (const QByteArray &content : {QByteArray(), QByteArray("text"), QByteArray(100000, '\0'), QByteArray("\x28\xb5\x2f\xfd garbage")}) {
        const QString file = path(u"x.cutover"_s);
        write(file, content);
        QVERIFY(package::sign(file, path(u"key.sec"_s)));
        const auto result = package::verify(file, keys());
        QVERIFY(!result);
        QVERIFY2(result.error().code == u"package.damaged" || result.error().code == u"package.no_manifest", qPrintable(result.error().code));
    }
    QCOMPARE(package::verify(u"/nonexistent"_s, keys()).error().code, u"file.not_found"_s);
}

void PackageTest::fullDisk()
{
    // Each write of an unpacking fails once, in a process of its own; none leaves anything half behind.
    const auto unpackIn = [this](const QString &variable, const QString &value) {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(variable, value);
        environment.insert(u"PACKAGE_TEST_UNPACK"_s, m_package);
        environment.insert(u"PACKAGE_TEST_KEY"_s, path(u"key.pub"_s));
        environment.insert(u"PACKAGE_TEST_OUT"_s, path(u"out"_s));
        process.setProcessEnvironment(environment);
        process.start(QCoreApplication::applicationFilePath(), {});
        return process.waitForFinished(60000) && process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    };
    QCOMPARE(unpackIn(u"CUTOVER_FAULT_LOG"_s, path(u"points"_s)), 0);
    const qsizetype points = read(path(u"points"_s)).count('\n');
    QVERIFY2(points > 20, qPrintable(QString::number(points)));
    QVERIFY(files::removeTree(path(u"out"_s)));
    int refused = 0;
    for (const QString &fault : {u"enospc@%1"_s, u"eio@%1"_s}) {
        for (int point = 1; point <= points; ++point) {
            const int code = unpackIn(u"CUTOVER_FAULT"_s, fault.arg(point));
            QVERIFY2(code == 0 || code == (fault.startsWith(u"enospc") ? 3 : 4), qPrintable(QString(fault.arg(point) + u' ' + QString::number(code))));
            refused += code != 0;
            // A failure after the last rename leaves the whole folder, whose durability alone is in doubt.
            if (code == 0 || QFileInfo::exists(path(u"out"_s))) {
                QCOMPARE(read(path(u"out/random"_s)), read(path(u"in/random"_s)));
                QCOMPARE(read(path(u"out/bin/run"_s)), read(path(u"in/bin/run"_s)));
                QVERIFY(files::removeTree(path(u"out"_s)));
            }
            QVERIFY2(nothingLeft(), qPrintable(fault.arg(point)));
        }
    }
    QVERIFY2(refused > points, qPrintable(QString::number(refused)));
}

void PackageTest::inspectReadsWithoutASignature()
{
    QVERIFY(QFile::remove(m_package + u".minisig"_s));
    const auto manifest = package::inspect(m_package);
    QVERIFY(manifest);
    QCOMPARE(manifest->version.toString(), u"1.2.3"_s);
    QVERIFY(!package::inspect(u"/nonexistent"_s));
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    if (qEnvironmentVariableIsSet("PACKAGE_TEST_UNPACK")) {
        const auto result = package::unpack(qEnvironmentVariable("PACKAGE_TEST_UNPACK"), {qEnvironmentVariable("PACKAGE_TEST_KEY")},
                                            qEnvironmentVariable("PACKAGE_TEST_OUT"));
        return result ? 0 : result.error().code == u"file.no_space" ? 3
            : result.error().code.startsWith(u"file.")              ? 4
                                                                    : 5;
    }
    PackageTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "packagetest.moc"
