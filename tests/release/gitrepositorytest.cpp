// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/gitrepository.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;

#define VERIFY_RESULT(expression)                                                       \
    do {                                                                                \
        const auto &verified = (expression);                                            \
        QVERIFY2(verified, qPrintable(verified ? QString() : verified.error().text())); \
    } while (false)

/** Against real repositories, made with git itself. */
class GitRepositoryTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    QString source() const { return path(u"source"_s); }

    QString git(const QStringList &arguments, const QStringList &settings = {})
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const QString &who : {u"AUTHOR"_s, u"COMMITTER"_s}) {
            environment.insert(u"GIT_%1_NAME"_s.arg(who), u"Kim"_s);
            environment.insert(u"GIT_%1_EMAIL"_s.arg(who), u"kim@example.org"_s);
        }
        environment.insert(u"GIT_CONFIG_GLOBAL"_s, u"/dev/null"_s);
        process.setProcessEnvironment(environment);
        process.start(u"git"_s, QStringList{u"-C"_s, source()} + settings + arguments);
        if (!process.waitForFinished(60000) || process.exitCode() != 0) {
            QTest::qFail(QByteArray(arguments.join(u' ').toUtf8() + ": " + process.readAllStandardError()).constData(), __FILE__, __LINE__);
        }
        return QString::fromUtf8(process.readAllStandardOutput()).trimmed();
    }
    void write(const QString &file, const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(QFileInfo(file).path()));
        QFile out(file);
        QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate) && out.write(content) == content.size());
    }
    QString commit(const QString &name, const QByteArray &content)
    {
        write(source() + u'/' + name, content);
        git({u"add"_s, u"-A"_s});
        git({u"commit"_s, u"-q"_s, u"-m"_s, u"Change "_s + name});
        return git({u"rev-parse"_s, u"HEAD"_s});
    }
    bool program(const QString &name, const QStringList &arguments, const QString &gnupg = {})
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"GNUPGHOME"_s, gnupg);
        process.setProcessEnvironment(environment);
        process.start(name, arguments);
        return process.waitForFinished(60000) && process.exitCode() == 0;
    }
    /// A pair of ssh keys; the line of an allowed signer is appended where it shall be one.
    QString sshKey(const QString &name, bool allowed)
    {
        const QString file = path(name);
        if (!program(u"ssh-keygen"_s, {u"-q"_s, u"-t"_s, u"ed25519"_s, u"-N"_s, QString(), u"-f"_s, file})) {
            QTest::qFail("ssh-keygen", __FILE__, __LINE__);
        }
        QFile key(file + u".pub"_s);
        QFile signers(path(u"signers"_s));
        if (allowed && key.open(QIODevice::ReadOnly) && signers.open(QIODevice::Append)) {
            signers.write("kim@example.org " + key.readAll());
        }
        return file;
    }
    static QStringList names(const QList<GitTag> &tags)
    {
        QStringList found;
        for (const GitTag &tag : tags) {
            found.append(tag.name);
        }
        return found;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(QDir().mkpath(source()));
        m_target = {};
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.repository.git.url = source();
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s});
        commit(u"app.txt"_s, "one\n");
    }

    void listsVersionsNewestFirst()
    {
        const QString first = git({u"rev-parse"_s, u"HEAD"_s});
        git({u"tag"_s, u"v1.0.0"_s});
        git({u"tag"_s, u"-a"_s, u"v1.2.0"_s, u"-m"_s, u"Orders by day\n\n- Faster\n- Safer"_s});
        git({u"tag"_s, u"nightly"_s});
        git({u"tag"_s, u"v2"_s});
        git({u"tag"_s, u"v1.9.0"_s, u"HEAD^{tree}"_s});
        commit(u"app.txt"_s, "two\n");
        git({u"tag"_s, u"-a"_s, u"v1.10.0-rc.1"_s, u"-m"_s, u"Candidate"_s});
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        const auto tags = await(repository.tags());
        VERIFY_RESULT(tags);
        QCOMPARE(names(*tags), (QStringList{u"v1.10.0-rc.1"_s, u"v1.2.0"_s, u"v1.0.0"_s}));
        QCOMPARE(tags->at(1).commit, first);
        QCOMPARE(tags->at(2).commit, first);
        QCOMPARE(tags->at(1).ownName, u"v1.2.0"_s);
        QCOMPARE(tags->at(2).ownName, QString());
        QCOMPARE(tags->at(1).subject, u"Orders by day"_s);
        QCOMPARE(tags->at(1).body, u"- Faster\n- Safer"_s);
        const auto files = await(repository.fileAt(u"app.txt"_s, {tags->at(0).commit, tags->at(1).commit}));
        QCOMPARE(files->value(tags->at(0).commit), "two\n");
        QCOMPARE(files->value(tags->at(1).commit), "one\n");
        QVERIFY(await(repository.fileAt(u"no/such file"_s, {first}))->isEmpty());
        QCOMPARE(await(repository.sizeOf(first)).value(), 4);
        QCOMPARE(await(repository.tag(u"v3.0.0"_s)).error().code, u"git.no_tag"_s);
        // Another prefix.
        git({u"tag"_s, u"backend/3.0.0"_s});
        m_target.repository.git.tagPrefix = u"backend/"_s;
        GitRepository backend(m_target);
        VERIFY_RESULT(await(backend.fetch()));
        QCOMPARE(names(*await(backend.tags())), QStringList{u"backend/3.0.0"_s});
    }

    void aTagThatMovedIsNotFollowed()
    {
        const QString first = git({u"rev-parse"_s, u"HEAD"_s});
        git({u"tag"_s, u"v1.0.0"_s});
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        commit(u"app.txt"_s, "other\n");
        git({u"tag"_s, u"-f"_s, u"v1.0.0"_s});
        const auto again = await(repository.fetch());
        QVERIFY(!again);
        QCOMPARE(again.error().code, u"git.tag_moved"_s);
        QVERIFY2(again.error().what().contains(u"v1.0.0"), qPrintable(again.error().what()));
        QCOMPARE(await(repository.tag(u"v1.0.0"_s))->commit, first);
        // One that is gone is remembered, and can't come back as another; of a rolling one nothing is asked.
        git({u"tag"_s, u"-d"_s, u"v1.0.0"_s});
        git({u"tag"_s, u"-f"_s, u"nightly"_s});
        VERIFY_RESULT(await(repository.fetch()));
        commit(u"app.txt"_s, "third\n");
        git({u"tag"_s, u"-f"_s, u"nightly"_s});
        VERIFY_RESULT(await(repository.fetch()));
        git({u"tag"_s, u"v1.0.0"_s});
        QCOMPARE(await(repository.fetch()).error().code, u"git.tag_moved"_s);
    }

    void anotherUrlBringsItsOwnTagsAlone()
    {
        const QString first = git({u"rev-parse"_s, u"HEAD"_s});
        git({u"tag"_s, u"v1.0.0"_s});
        commit(u"app.txt"_s, "of the first alone\n");
        git({u"tag"_s, u"v1.1.0"_s});
        const QString onlyThere = commit(u"app.txt"_s, "more of the first\n");
        git({u"tag"_s, u"v1.2.0"_s});
        GitRepository old(m_target);
        VERIFY_RESULT(await(old.fetchBranches()));
        QCOMPARE(names(*await(old.tags())), (QStringList{u"v1.2.0"_s, u"v1.1.0"_s, u"v1.0.0"_s}));
        VERIFY_RESULT(await(old.addWorktree(path(u"releases/1.2.0"_s), onlyThere)));

        // A fork of v1.0.0: without v1.2.0, and with a v1.1.0 of its own.
        const QString before = source();
        const QString fork = path(u"fork"_s);
        QVERIFY(program(u"git"_s, {u"clone"_s, u"-q"_s, u"--no-tags"_s, before, fork}));
        QVERIFY(QDir().rename(before, path(u"first"_s)) && QDir().rename(fork, before));
        git({u"reset"_s, u"-q"_s, u"--hard"_s, first});
        git({u"tag"_s, u"v1.0.0"_s});
        const QString forked = commit(u"app.txt"_s, "of the fork\n");
        git({u"tag"_s, u"v1.1.0"_s});
        commit(u"app.txt"_s, "newer\n");
        git({u"tag"_s, u"v1.3.0"_s});
        QVERIFY(QDir().rename(before, fork) && QDir().rename(path(u"first"_s), before));

        m_target.repository.git.url = path(u"nowhere"_s);
        GitRepository nowhere(m_target);
        QCOMPARE(await(nowhere.fetch()).error().code, u"git.no_repository"_s);
        QVERIFY(await(nowhere.tags())->isEmpty());
        // That changed nothing for the one before.
        QCOMPARE(await(old.tags())->size(), 3);

        m_target.repository.git.url = fork;
        GitRepository repository(m_target);
        QVERIFY(await(repository.tags())->isEmpty());
        VERIFY_RESULT(await(repository.fetch()));
        QCOMPARE(names(*await(repository.tags())), (QStringList{u"v1.3.0"_s, u"v1.0.0"_s}));
        QCOMPARE(await(repository.movedTags()).value(), QStringList{u"v1.1.0"_s});
        QCOMPARE(await(repository.tag(u"v1.1.0"_s)).error().code, u"git.tag_moved"_s);
        QCOMPARE(await(repository.tag(u"v1.1.0"_s, {}, forked)).error().code, u"git.tag_moved"_s);
        QCOMPARE(await(repository.tag(u"v1.2.0"_s)).error().code, u"git.no_tag"_s);
        QCOMPARE(await(repository.findCommit(onlyThere)).error().code, u"git.no_commit"_s);
        QCOMPARE(await(repository.findCommit(first)).value(), first);
        // What is installed stays whole.
        QCOMPARE(await(repository.headOf(path(u"releases/1.2.0"_s))).value(), onlyThere);
        // Once more, and it is as it was: a fetch of the same repository brings only what is new.
        VERIFY_RESULT(await(repository.fetch()));
        QCOMPARE(names(*await(repository.tags())), (QStringList{u"v1.3.0"_s, u"v1.0.0"_s}));

        // Back again: all of the first are what they were, and those of the fork are gone.
        VERIFY_RESULT(await(old.fetch()));
        QCOMPARE(names(*await(old.tags())), (QStringList{u"v1.2.0"_s, u"v1.1.0"_s, u"v1.0.0"_s}));
        QVERIFY(await(old.movedTags())->isEmpty());
    }

    /// A copy of an earlier version says nothing of its URL: what it has is that URL's, and stays.
    void aCopyThatDoesNotSayItsSource()
    {
        git({u"tag"_s, u"v1.0.0"_s});
        git({u"checkout"_s, u"-q"_s, u"-b"_s, u"side"_s});
        const QString onBranch = commit(u"side.txt"_s, "of a branch\n");
        git({u"checkout"_s, u"-q"_s, u"-"_s});
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        VERIFY_RESULT(await(repository.fetchBranches()));
        QCOMPARE(await(repository.findCommit(onBranch)).value(), onBranch);
        QDirIterator files(m_target.stateDirectory, {u"cutover-source"_s}, QDir::Files, QDirIterator::Subdirectories);
        QVERIFY(files.hasNext());
        QVERIFY(QFile::remove(files.next()));
        commit(u"app.txt"_s, "next\n");
        git({u"tag"_s, u"v1.1.0"_s});
        VERIFY_RESULT(await(repository.fetch()));
        QCOMPARE(names(*await(repository.tags())), (QStringList{u"v1.1.0"_s, u"v1.0.0"_s}));
        QVERIFY(await(repository.movedTags())->isEmpty());
        // Its branches are still known without asking the server.
        QCOMPARE(await(repository.branchHead(u"side"_s)).value(), onBranch);
        QCOMPARE(await(repository.findCommit(onBranch)).value(), onBranch);
    }

    void onlyWhatIsHarmlessOfTheEnvironmentCounts()
    {
        git({u"tag"_s, u"v1.0.0"_s});
        write(path(u"ssh"_s), "#!/bin/sh\ntouch \"" + path(u"asked"_s).toUtf8() + "\"\nexit 1\n");
        QVERIFY(QFile::setPermissions(path(u"ssh"_s), QFile::ReadOwner | QFile::ExeOwner));
        write(path(u"gitconfig"_s), "[url \"" + source().toUtf8() + "\"]\n    insteadOf = known:\n");
        const QList<std::pair<const char *, QByteArray>> set{{"GIT_SSH_COMMAND", path(u"ssh"_s).toUtf8()}, {"GIT_SSH", path(u"ssh"_s).toUtf8()}, {"GIT_DIR", "/nonexistent"}, {"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", "core.sshCommand"}, {"GIT_CONFIG_VALUE_0", path(u"ssh"_s).toUtf8()}, {"GIT_CONFIG_GLOBAL", path(u"gitconfig"_s).toUtf8()}};
        for (const auto &[name, value] : set) {
            qputenv(name, value);
        }
        const auto unset = qScopeGuard([&set] {
            for (const auto &[name, value] : set) {
                qunsetenv(name);
            }
        });
        // The operator's configuration counts …
        m_target.repository.git.url = u"known:"_s;
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        QCOMPARE(names(*await(repository.tags())), QStringList{u"v1.0.0"_s});
        // … and no ssh but the one that asks for the host's key.
        QTcpServer closed;
        QVERIFY(closed.listen(QHostAddress::LocalHost));
        const int port = closed.serverPort();
        closed.close();
        m_target.repository.git.url = u"ssh://git@127.0.0.1:%1/x.git"_s.arg(port);
        const auto refused = await(GitRepository(m_target).fetch());
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"git.unreachable"_s);
        QVERIFY(!QFile::exists(path(u"asked"_s)));
    }

    void onlyTheTargetsSshKeysSign()
    {
        const QString kim = sshKey(u"kim"_s, true);
        const QString stranger = sshKey(u"stranger"_s, false);
        const auto sign = [this](const QString &tag, const QString &key) {
            git({u"tag"_s, u"-s"_s, tag, u"-m"_s, tag}, {u"-c"_s, u"gpg.format=ssh"_s, u"-c"_s, u"user.signingkey="_s + key});
        };
        sign(u"v1.0.0"_s, kim);
        sign(u"v1.1.0"_s, stranger);
        git({u"tag"_s, u"-a"_s, u"v1.2.0"_s, u"-m"_s, u"unsigned"_s});
        git({u"tag"_s, u"v1.3.0"_s});
        // The signed object of an old release under the name of a new one.
        git({u"update-ref"_s, u"refs/tags/v1.4.0"_s, u"refs/tags/v1.0.0"_s});
        m_target.repository.git.signedTags = true;
        m_target.repository.git.allowedSigners = path(u"signers"_s);
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        const auto verify = [&](const QString &name) { return await(repository.verifyTag(*await(repository.tag(name)))); };
        const auto by = verify(u"v1.0.0"_s);
        VERIFY_RESULT(by);
        QVERIFY2(by->startsWith(u"kim@example.org SHA256:"), qPrintable(*by));
        QCOMPARE(verify(u"v1.1.0"_s).error().code, u"git.signature_wrong"_s);
        QCOMPARE(verify(u"v1.2.0"_s).error().code, u"git.tag_unsigned"_s);
        QCOMPARE(verify(u"v1.3.0"_s).error().code, u"git.tag_unsigned"_s);
        QCOMPARE(verify(u"v1.4.0"_s).error().code, u"git.tag_name"_s);
        m_target.repository.git.allowedSigners = path(u"nowhere"_s);
        GitRepository none(m_target);
        QCOMPARE(await(none.verifyTag(*await(none.tag(u"v1.0.0"_s)))).error().code, u"git.no_signers"_s);
    }

    void onlyTheTargetsGpgKeysSign()
    {
        QTemporaryDir ring(u"/tmp/cutover-gpg-XXXXXX"_s); // Its agent's socket needs a short path.
        const auto end = qScopeGuard([&] { program(u"gpgconf"_s, {u"--kill"_s, u"all"_s}, ring.path()); });
        for (const QString &who : {u"kim@example.org"_s, u"stranger@example.org"_s}) {
            QVERIFY(program(u"gpg"_s, {u"--batch"_s, u"--quiet"_s, u"--passphrase"_s, QString(), u"--quick-generate-key"_s, who, u"ed25519"_s, u"sign"_s}, ring.path()));
        }
        QVERIFY(program(u"gpg"_s, {u"--batch"_s, u"--armor"_s, u"--output"_s, path(u"kim.asc"_s), u"--export"_s, u"kim@example.org"_s}, ring.path()));
        qputenv("GNUPGHOME", ring.path().toLocal8Bit());
        git({u"tag"_s, u"-s"_s, u"v1.0.0"_s, u"-m"_s, u"one"_s}, {u"-c"_s, u"user.signingkey=kim@example.org"_s});
        git({u"tag"_s, u"-s"_s, u"v1.1.0"_s, u"-m"_s, u"two"_s}, {u"-c"_s, u"user.signingkey=stranger@example.org"_s});
        m_target.repository.git.signedTags = true;
        m_target.repository.git.gpgKeys = {path(u"kim.asc"_s)};
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        const auto by = await(repository.verifyTag(*await(repository.tag(u"v1.0.0"_s))));
        // The account's own ring, which holds both keys, decides nothing.
        const auto other = await(repository.verifyTag(*await(repository.tag(u"v1.1.0"_s))));
        qunsetenv("GNUPGHOME");
        VERIFY_RESULT(by);
        QVERIFY2(by->startsWith(u"kim@example.org "), qPrintable(*by));
        QCOMPARE(other.error().code, u"git.signature_wrong"_s);
        write(path(u"broken.asc"_s), "no key\n");
        m_target.repository.git.gpgKeys = {path(u"broken.asc"_s)};
        GitRepository broken(m_target);
        QCOMPARE(await(broken.verifyTag(*await(broken.tag(u"v1.0.0"_s)))).error().code, u"git.gpg_key"_s);
    }

    /// Of this machine's, which is no matter of the repository's keys.
    void folderThatMayNotBeWrittenTo()
    {
        const QString head = git({u"rev-parse"_s, u"HEAD"_s});
        git({u"tag"_s, u"v1.0.0"_s});
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        QVERIFY(QDir().mkpath(path(u"releases"_s)));
        QVERIFY(QFile::setPermissions(path(u"releases"_s), QFile::ReadOwner | QFile::ExeOwner));
        const QByteArray programs = qgetenv("PATH");
        if (::geteuid() == 0) {
            // As an account that is bound by permissions.
            write(path(u"bin/git"_s), "#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search " + QStandardPaths::findExecutable(u"git"_s).toUtf8() + " \"$@\"\n");
            QVERIFY(QFile::setPermissions(path(u"bin/git"_s), QFile::ReadOwner | QFile::ExeOwner));
            qputenv("PATH", QByteArray(path(u"bin"_s).toLocal8Bit() + ':' + programs));
        }
        const auto added = await(repository.addWorktree(path(u"releases/1.0.0"_s), head));
        qputenv("PATH", programs);
        QFile::setPermissions(path(u"releases"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        QVERIFY(!added);
        QCOMPARE(added.error().code, u"git.no_right"_s);
        QVERIFY2(added.error().what().contains(path(u"releases/1.0.0"_s)), qPrintable(added.error().what()));
    }

    void worktreesAreWholeAndKnowWhatChanged()
    {
        const QString first = git({u"rev-parse"_s, u"HEAD"_s});
        git({u"tag"_s, u"v1.0.0"_s});
        const QString second = commit(u"app.txt"_s, "two\n");
        git({u"tag"_s, u"v1.1.0"_s});
        write(source() + u"/.git/hooks/post-checkout"_s, "#!/bin/sh\ntouch hooked\n");
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetch()));
        QVERIFY(await(repository.hasCommit(first)).value());
        QVERIFY(!await(repository.hasCommit(QString(40, u'a'))).value());
        const QString folder = path(u"releases/1.0.0"_s);
        // What a killed attempt has left.
        write(folder + u"/half"_s, "x");
        VERIFY_RESULT(await(repository.addWorktree(folder, first)));
        QCOMPARE(QDir(folder).entryList(QDir::Files), QStringList{u"app.txt"_s});
        QCOMPARE(await(repository.headOf(folder)).value(), first);
        QCOMPARE(await(repository.changedFiles(folder)).value(), QStringList());
        write(folder + u"/built"_s, "by the build");
        QCOMPARE(await(repository.changedFiles(folder)).value(), QStringList());
        write(folder + u"/app.txt"_s, "edited\n");
        QCOMPARE(await(repository.changedFiles(folder)).value(), QStringList{u"app.txt"_s});
        VERIFY_RESULT(await(repository.addWorktree(folder, second)));
        QCOMPARE(await(repository.headOf(folder)).value(), second);
        VERIFY_RESULT(await(repository.removeWorktree(folder)));
        VERIFY_RESULT(await(repository.removeWorktree(folder)));
        QVERIFY(!QFileInfo::exists(folder));
        QCOMPARE(await(repository.headOf(folder)).error().code, u"git.no_worktree"_s);
        const QString look = path(u"look/1.0.0"_s);
        VERIFY_RESULT(await(repository.exportTo(look, first)));
        QCOMPARE(QDir(path(u"look"_s)).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{u"1.0.0"_s});
        QCOMPARE(QDir(look).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{u"app.txt"_s});
        QCOMPARE(await(repository.exportTo(path(u"look/2.0.0"_s), QString(40, u'a'))).error().code, u"git.failed"_s);
        QCOMPARE(QDir(path(u"look"_s)).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), QStringList{u"1.0.0"_s});
    }

    void findsCommitsByTheirHash()
    {
        const QString first = git({u"rev-parse"_s, u"HEAD"_s});
        git({u"tag"_s, u"v1.0.0"_s});
        const QString second = commit(u"app.txt"_s, "two\n");
        const QString third = commit(u"app.txt"_s, "three\n");
        git({u"tag"_s, u"-a"_s, u"v1.2.0"_s, u"-m"_s, u"three"_s});
        git({u"checkout"_s, u"-q"_s, u"-b"_s, u"aside"_s, second});
        const QString aside = commit(u"app.txt"_s, "aside\n");
        GitRepository repository(m_target);
        const auto code = [&](const QString &hash) { return await(repository.findCommit(hash)).error().code; };
        QCOMPARE(code(first), u"git.no_commit"_s); // There is no copy yet.
        VERIFY_RESULT(await(repository.fetch()));
        QCOMPARE(await(repository.findCommit(second)).value(), second);
        QCOMPARE(await(repository.findCommit(second.left(7).toUpper())).value(), second);
        // Names are none, whatever they look like, nor are other objects, and six digits are too few.
        git({u"tag"_s, u"abcdef0"_s, first});
        for (const QString &none : {u"v1.2.0"_s, u"HEAD"_s, u"HEAD~1"_s, u"abcdef0"_s, u"--all"_s, QString(), second.left(6), git({u"rev-parse"_s, u"v1.2.0"_s}), git({u"rev-parse"_s, second + u"^{tree}"_s}), QString(40, u'a')}) {
            QCOMPARE(code(none), u"git.no_commit"_s);
        }
        // Of branches only what a tag contains is there, until it is asked for.
        QCOMPARE(code(aside), u"git.no_commit"_s);
        VERIFY_RESULT(await(repository.fetchBranches()));
        QCOMPARE(await(repository.findCommit(aside)).value(), aside);
        // A branch that goes another way is followed.
        git({u"reset"_s, u"-q"_s, u"--hard"_s, first});
        const QString other = commit(u"app.txt"_s, "other\n");
        VERIFY_RESULT(await(repository.fetchBranches()));
        QCOMPARE(await(repository.findCommit(other)).value(), other);
        QCOMPARE(names(*await(repository.tags())), (QStringList{u"v1.2.0"_s, u"v1.0.0"_s}));
        QCOMPARE(names(*await(repository.tagsContaining(second))), QStringList{u"v1.2.0"_s});
        QCOMPARE(names(*await(repository.tagsContaining(third))), QStringList{u"v1.2.0"_s});
        QCOMPARE(names(*await(repository.tagsContaining(aside))), QStringList());
        QCOMPARE(names(*await(repository.tagsBefore(aside))), QStringList{u"v1.0.0"_s});
        QCOMPARE(names(*await(repository.tagsBefore(third))), (QStringList{u"v1.2.0"_s, u"v1.0.0"_s}));
    }

    void anAmbiguousHashNamesAllThatBeginSo()
    {
        // Commits that differ by their message alone, until two begin alike: among so many there are some.
        QByteArray stream;
        constexpr int count = 40000;
        for (int i = 0; i < count; ++i) {
            const QByteArray message = QByteArray::number(i);
            stream += "commit refs/heads/many\nmark :" + QByteArray::number(i + 1) + "\ncommitter Kim <kim@example.org> 1767225600 +0000\ndata "
                + QByteArray::number(message.size()) + '\n' + message + "\n\n";
        }
        QProcess import;
        import.start(u"git"_s, {u"-C"_s, source(), u"fast-import"_s, u"--quiet"_s});
        import.write(stream);
        import.closeWriteChannel();
        QVERIFY(import.waitForFinished(120000) && import.exitCode() == 0);
        QStringList hashes = git({u"rev-list"_s, u"many"_s}).split(u'\n');
        hashes.sort();
        qsizetype at = -1;
        for (qsizetype i = 1; i < hashes.size() && at < 0; ++i) {
            at = hashes[i].left(7) == hashes[i - 1].left(7) ? i : -1;
        }
        QVERIFY2(at > 0, "no two of them begin alike");
        GitRepository repository(m_target);
        VERIFY_RESULT(await(repository.fetchBranches()));
        const auto found = await(repository.findCommit(hashes[at].left(7)));
        QCOMPARE(found.error().code, u"git.commit_ambiguous"_s);
        QVERIFY2(found.error().what().contains(hashes[at]) && found.error().what().contains(hashes[at - 1]), qPrintable(found.error().what()));
        QCOMPARE(await(repository.findCommit(hashes[at])).value(), hashes[at]);
    }

    void failuresSayWhatAndWhere()
    {
        m_target.repository.git.url = path(u"nowhere"_s);
        GitRepository nowhere(m_target);
        const auto missing = await(nowhere.fetch());
        QCOMPARE(missing.error().code, u"git.no_repository"_s);
        QVERIFY(missing.error().what().contains(path(u"nowhere"_s)));
        QCOMPARE(missing.error().kind, Error::Kind::Permanent);
        QTcpServer closed;
        QVERIFY(closed.listen(QHostAddress::LocalHost));
        const int port = closed.serverPort();
        closed.close();
        m_target.repository.git.url = u"http://127.0.0.1:%1/trading.git"_s.arg(port);
        GitRepository unreachable(m_target);
        const auto away = await(unreachable.fetch());
        QVERIFY2(away.error().code == u"git.unreachable"_s, qPrintable(away.error().text()));
        QCOMPARE(away.error().kind, Error::Kind::Transient);
        // A copy that was begun and never filled is made whole.
        m_target.repository.git.url = source();
        GitRepository back(m_target);
        VERIFY_RESULT(await(back.fetch()));
    }
};

QTEST_GUILESS_MAIN(GitRepositoryTest)
#include "gitrepositorytest.moc"
