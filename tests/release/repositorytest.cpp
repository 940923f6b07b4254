// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/repository.h"
#include "fileserver.h"
#include "system/files.h"

#include <QCoroTask>
#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

static QByteArray read(const QString &path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}

static void write(const QString &path, const QByteArray &content)
{
    QDir().mkpath(QFileInfo(path).path());
    QFile file(path);
    if (!file.open(QFile::WriteOnly) || file.write(content) != content.size()) {
        qFatal("write");
    }
}

class RepositoryTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void listsNewestFirst_data();
    void listsNewestFirst();
    void indexMustBeSigned();
    void indexEntriesAreChecked();
    void serverTrouble();
    void downloads_data();
    void downloads();
    void isNotFetchedAgain();
    void resumesAfterTruncation_data();
    void resumesAfterTruncation();
    void startsOverWhenRangesAreIgnored();
    void startsOverWhenTheFileWasReplaced();
    void recoversFromAPartOfAnotherFile();
    void partOfAnotherReleaseIsNotContinued();
    void completePartIsNotFetchedAgain();
    void refusesCorruption();
    void refusesMoreThanPromised();
    void refusesWithoutSpace();
    void stops();
    void pathNames();

private:
    QString path(const QString &name) const { return m_directory.filePath(name); }
    Repository http() { return Repository({m_server->url(), {path(u"key.pub"_s)}}, u"demo"_s); }
    Result<QString> download(const ReleaseInfo &release, std::stop_token stop = {}, package::ProgressFunction progress = {})
    {
        Repository repository = http();
        return QCoro::waitFor(repository.download(release, m_downloads->path(), stop, progress));
    }
    /// What lies in the folder beside the turns at its packages.
    static QStringList left(const QString &folder)
    {
        QStringList names = QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
        names.removeOne(u".locks"_s);
        return names;
    }
    QStringList left() const { return left(m_downloads->path()); }

    /// What was asked for of the package, each range once: Qt may repeat a request whose connection closed early.
    QStringList ranges() const
    {
        QStringList list;
        for (const QByteArray &request : m_server->requests) {
            if (request.contains(".cutover ")) {
                list << QString::fromLatin1(request.sliced(request.indexOf(' ') + 1));
            }
        }
        list.removeDuplicates();
        return list;
    }

    QTemporaryDir m_directory;
    std::unique_ptr<QTemporaryDir> m_downloads;
    std::unique_ptr<FileServer> m_server;
    ReleaseInfo m_release;
    QByteArray m_content;
};

void RepositoryTest::initTestCase()
{
    QVERIFY(package::generateKeys(path(u"key.sec"_s), path(u"key.pub"_s)));
    for (const auto &[product, version] : {std::pair("demo", "1.2.1"), std::pair("demo", "1.10.0"), std::pair("other", "3.0.0")}) {
        const QString folder = path(u"in-"_s + QString::fromLatin1(version));
        write(folder + u"/manifest.yaml"_s, QByteArray("schema: 1\nproduct: ") + product + "\nversion: " + version + "\nfrom: ^1.2\nupdate_type: minor\nrisk: low\n");
        QByteArray random(1 << 20, '\0');
        quint32 state = 7;
        for (char &c : random) {
            state = state * 1664525 + 1013904223;
            c = char(state >> 24);
        }
        write(folder + u"/data"_s, random);
        const auto built = package::build(folder, path(u"repository"_s));
        QVERIFY2(built, built ? "" : qPrintable(built.error().text()));
        QVERIFY(package::sign(*built, path(u"key.sec"_s)));
    }
    const auto written = Repository::writeIndex(path(u"repository"_s), path(u"key.sec"_s));
    QVERIFY2(written, written ? "" : qPrintable(written.error().text()));
}

void RepositoryTest::init()
{
    m_downloads = std::make_unique<QTemporaryDir>();
    m_server = std::make_unique<FileServer>(path(u"repository"_s));
    Repository repository = http();
    const auto releases = QCoro::waitFor(repository.releases());
    QVERIFY2(releases, releases ? "" : qPrintable(releases.error().text()));
    m_release = releases->first();
    m_content = read(path(u"repository/"_s + m_release.file));
    m_server->requests.clear();
}

void RepositoryTest::listsNewestFirst_data()
{
    QTest::addColumn<bool>("folder");
    QTest::newRow("http") << false;
    QTest::newRow("folder") << true;
}

void RepositoryTest::listsNewestFirst()
{
    QFETCH(const bool, folder);
    Repository repository = folder ? Repository({u"file://"_s + path(u"repository"_s), {path(u"key.pub"_s)}}, u"demo"_s) : http();
    const auto releases = QCoro::waitFor(repository.releases());
    QVERIFY(releases);
    QCOMPARE(releases->size(), 2);
    QCOMPARE(releases->at(0).manifest.version.toString(), u"1.10.0"_s);
    QCOMPARE(releases->at(1).manifest.version.toString(), u"1.2.1"_s);
    QCOMPARE(releases->at(0).file, u"demo-1.10.0.cutover"_s);
}

void RepositoryTest::indexMustBeSigned()
{
    const QString index = path(u"repository/index.json"_s);
    const QByteArray good = read(index);
    write(index, QByteArray(good).replace("1.10.0", "1.11.0"));
    Repository repository = http();
    const auto changed = QCoro::waitFor(repository.releases());
    write(index, good);
    QVERIFY(!changed);
    QCOMPARE(changed.error().code, u"package.signature_wrong"_s);
    Repository untrusting({m_server->url(), {}}, u"demo"_s);
    QCOMPARE(QCoro::waitFor(untrusting.releases()).error().code, u"package.no_keys"_s);
}

void RepositoryTest::indexEntriesAreChecked()
{
    const QString index = path(u"repository/index.json"_s);
    const QByteArray good = read(index);
    const QByteArray goodSignature = read(index + u".minisig"_s);
    const QList<std::tuple<QByteArray, QByteArray, QString>> cases{
        {"\"file\":\"demo-1.2.1.cutover\"", "\"file\":\"../x\"", u"repository.index_entry"_s},
        {"\"file\":\"demo-1.2.1.cutover\"", "\"file\":\".x\"", u"repository.index_entry"_s},
        {"\"size\":", "\"size\":-", u"repository.index_entry"_s},
        {"\"sha256\":\"", "\"sha256\":\"Z", u"repository.index_entry"_s},
        {"\"version\":\"1.2.1\"", "\"version\":\"1.2\"", u"repository.index_entry"_s},
        {"\"schema\":1", "\"schema\":2", u"repository.index_format"_s},
        {"{", "[", u"repository.index_format"_s}};
    for (const auto &[from, to, code] : cases) {
        QVERIFY2(good.contains(from), from.constData());
        write(index, QByteArray(good).replace(from, to));
        QVERIFY(package::sign(index, path(u"key.sec"_s)));
        Repository repository = http();
        const auto result = QCoro::waitFor(repository.releases());
        QVERIFY(!result);
        QCOMPARE(result.error().code, code);
        QVERIFY(Catalogue::contains(code));
    }
    write(index, good);
    write(index + u".minisig"_s, goodSignature);
}

void RepositoryTest::serverTrouble()
{
    for (const auto &[status, code, kind] : {std::tuple(503, u"repository.http_status"_s, Error::Kind::Transient),
                                             std::tuple(403, u"repository.http_status"_s, Error::Kind::Permanent),
                                             std::tuple(404, u"repository.not_found"_s, Error::Kind::Permanent)}) {
        m_server->status = status;
        const auto result = download(m_release);
        QVERIFY(!result);
        QCOMPARE(result.error().code, code);
        QCOMPARE(result.error().kind, kind);
    }
    Repository nobody({u"http://127.0.0.1:1"_s, {path(u"key.pub"_s)}}, u"demo"_s);
    const auto result = QCoro::waitFor(nobody.releases());
    QCOMPARE(result.error().code, u"repository.unreachable"_s);
    QCOMPARE(result.error().kind, Error::Kind::Transient);
}

void RepositoryTest::downloads_data()
{
    listsNewestFirst_data();
}

void RepositoryTest::downloads()
{
    QFETCH(const bool, folder);
    Repository repository = folder ? Repository({u"file://"_s + path(u"repository"_s), {path(u"key.pub"_s)}}, u"demo"_s) : http();
    qint64 last = 0;
    const auto file = QCoro::waitFor(repository.download(m_release, m_downloads->filePath(u"new/folder"_s), {}, [&last](qint64 done, qint64) {
        last = done;
    }));
    QVERIFY2(file, file ? "" : qPrintable(file.error().text()));
    QCOMPARE(read(*file), m_content);
    QCOMPARE(last, m_release.size);
    QVERIFY(package::verify(*file, {path(u"key.pub"_s)}));
    QCOMPARE(left(m_downloads->filePath(u"new/folder"_s)).size(), 2);
}

void RepositoryTest::isNotFetchedAgain()
{
    QVERIFY(download(m_release));
    const qint64 sent = m_server->bytesSent;
    QVERIFY(download(m_release));
    QCOMPARE(m_server->bytesSent, sent);
    // Unless it isn't what it should be.
    write(m_downloads->filePath(m_release.file), QByteArray(m_content.size(), 'x'));
    const auto again = download(m_release);
    QVERIFY(again);
    QCOMPARE(read(*again), m_content);
}

void RepositoryTest::resumesAfterTruncation_data()
{
    QTest::addColumn<bool>("lengthKnown");
    QTest::addColumn<QByteArray>("etag");
    QTest::newRow("plain") << true << QByteArray("\"one\"");
    QTest::newRow("no length") << false << QByteArray("\"one\"");
    QTest::newRow("no tag") << true << QByteArray();
    QTest::newRow("weak tag") << true << QByteArray("W/\"one\"");
}

void RepositoryTest::resumesAfterTruncation()
{
    QFETCH(const bool, lengthKnown);
    QFETCH(const QByteArray, etag);
    m_server->lengthKnown = lengthKnown;
    m_server->etag = etag;
    m_server->truncateAt = 400000;
    for (int attempt = 1; attempt <= 2; ++attempt) {
        const auto cut = download(m_release);
        QVERIFY(!cut);
        QCOMPARE(cut.error().code, u"repository.truncated"_s);
        QCOMPARE(cut.error().kind, Error::Kind::Transient);
        QCOMPARE(cut.error().args[u"received"_s].toInt(), attempt * 400000);
        QVERIFY(!QFileInfo::exists(m_downloads->filePath(m_release.file)));
    }
    m_server->truncateAt = -1;
    const auto file = download(m_release);
    QVERIFY2(file, file ? "" : qPrintable(file.error().text()));
    QCOMPARE(read(*file), m_content);
    QCOMPARE(ranges(), (QStringList{u""_s, u"400000-"_s, u"800000-"_s}));
    QCOMPARE(left().size(), 2);
}

void RepositoryTest::startsOverWhenRangesAreIgnored()
{
    m_server->truncateAt = 400000;
    QVERIFY(!download(m_release));
    m_server->truncateAt = -1;
    m_server->knowsRanges = false;
    const auto file = download(m_release);
    QVERIFY2(file, file ? "" : qPrintable(file.error().text()));
    QCOMPARE(read(*file), m_content);
}

void RepositoryTest::startsOverWhenTheFileWasReplaced()
{
    m_server->truncateAt = 400000;
    m_server->corruptAt = 5;
    QVERIFY(!download(m_release));
    m_server->truncateAt = -1;
    m_server->corruptAt = -1;
    m_server->etag = "\"two\"";
    const auto file = download(m_release);
    QVERIFY2(file, file ? "" : qPrintable(file.error().text()));
    QCOMPARE(read(*file), m_content);
    // Seen by the tag alone, so in one request.
    QCOMPARE(ranges(), (QStringList{u""_s, u"400000-"_s}));
}

void RepositoryTest::recoversFromAPartOfAnotherFile()
{
    // A server without tags: only the digest tells that the part was another file's.
    m_server->etag.clear();
    m_server->truncateAt = 400000;
    m_server->corruptAt = 5;
    QVERIFY(!download(m_release));
    m_server->truncateAt = -1;
    m_server->corruptAt = -1;
    const auto file = download(m_release);
    QVERIFY2(file, file ? "" : qPrintable(file.error().text()));
    QCOMPARE(read(*file), m_content);
}

void RepositoryTest::partOfAnotherReleaseIsNotContinued()
{
    m_server->truncateAt = 400000;
    ReleaseInfo republished = m_release;
    republished.sha256 = QString(64, u'0');
    QVERIFY(!download(republished));
    m_server->truncateAt = -1;
    QVERIFY(download(m_release));
    QCOMPARE(ranges(), QStringList{u""_s});
}

void RepositoryTest::completePartIsNotFetchedAgain()
{
    // As after a crash between the last byte and the rename.
    m_server->truncateAt = 400000;
    QVERIFY(!download(m_release));
    m_server->truncateAt = -1;
    write(m_downloads->filePath(u"."_s + m_release.file + u".cutover-part"_s), m_content);
    m_server->bytesSent = 0;
    QVERIFY(download(m_release));
    QCOMPARE(m_server->bytesSent, 0);
    QCOMPARE(left().size(), 2);
}

void RepositoryTest::refusesCorruption()
{
    m_server->corruptAt = m_content.size() - 1;
    const auto result = download(m_release);
    QVERIFY(!result);
    QCOMPARE(result.error().code, u"repository.digest"_s);
    QVERIFY(left().isEmpty());
}

void RepositoryTest::refusesMoreThanPromised()
{
    ReleaseInfo smaller = m_release;
    smaller.size -= 1;
    m_server->lengthKnown = false;
    const auto result = download(smaller);
    QVERIFY(!result);
    QCOMPARE(result.error().code, u"repository.size"_s);
    QVERIFY(left().isEmpty());
}

void RepositoryTest::refusesWithoutSpace()
{
    ReleaseInfo huge = m_release;
    huge.size = 1LL << 60;
    const auto result = download(huge);
    QVERIFY(!result);
    QCOMPARE(result.error().code, u"repository.no_space"_s);
    QVERIFY(m_server->requests.isEmpty());
    QVERIFY(left().isEmpty());
}

void RepositoryTest::stops()
{
    std::stop_source stop;
    const auto result = download(m_release, stop.get_token(), [&stop](qint64, qint64) {
        stop.request_stop();
    });
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Cancelled);
    QVERIFY(!QFileInfo::exists(m_downloads->filePath(m_release.file)));
    // What came so far is used later.
    QVERIFY(download(m_release));
}

void RepositoryTest::pathNames()
{
    ReleaseInfo bad = m_release;
    bad.file = u"../../x"_s;
    QCOMPARE(download(bad).error().code, u"repository.index_entry"_s);
}

QTEST_GUILESS_MAIN(RepositoryTest)
#include "repositorytest.moc"
