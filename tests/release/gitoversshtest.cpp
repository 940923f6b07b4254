// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/gitrepository.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"
#include "tests/support/steps.h"

#include <QDirIterator>
#include <QRandomGenerator>
#include <QScopeGuard>
#include <QTest>
#include <QTimer>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::await;
using cutover::testing::SshServer;

/** A repository of releases behind a real sshd, and what keeps a control host from it. */
class GitOverSshTest : public QObject
{
    Q_OBJECT

    static constexpr qint64 partOfPack = 1'000'000; ///< Of about 4 MB.

    SshServer m_server;
    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_user;
    QString m_config;
    QString m_commit;
    Target m_target;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    QString repositoryPath() const { return m_server.path(u"trading's.git"_s); }
    QString knownHosts() const { return path(u"home/.ssh/known_hosts"_s); }
    QString url() const { return u"ssh://%1@%2%3"_s.arg(m_user, m_server.address(), repositoryPath()); }

    static QByteArray git(const QStringList &arguments)
    {
        QProcess process;
        process.start(u"git"_s, arguments);
        if (!process.waitForFinished(60000) || process.exitCode() != 0) {
            QTest::qFail(QByteArray(arguments.join(u' ').toUtf8() + ": " + process.readAllStandardError()).constData(), __FILE__, __LINE__);
        }
        return process.readAllStandardOutput().trimmed();
    }
    void makeRepository()
    {
        const QString work = m_server.path(u"work"_s);
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s, work});
        // More objects than git would unpack one by one, and nothing that can be packed smaller.
        QByteArray content(20000, Qt::Uninitialized);
        for (int i = 0; i < 200; ++i) {
            QRandomGenerator::global()->fillRange(reinterpret_cast<quint32 *>(content.data()), content.size() / qsizetype(sizeof(quint32)));
            SshServer::write(work + u"/file-%1"_s.arg(i), content);
        }
        const QStringList kim{u"-C"_s, work, u"-c"_s, u"user.name=Kim"_s, u"-c"_s, u"user.email=kim@example.org"_s};
        git(kim + QStringList{u"add"_s, u"-A"_s});
        git(kim + QStringList{u"commit"_s, u"-q"_s, u"-m"_s, u"First"_s});
        git(kim + QStringList{u"tag"_s, u"-a"_s, u"v1.0.0"_s, u"-m"_s, u"First release"_s});
        m_commit = QString::fromLatin1(git(kim + QStringList{u"rev-parse"_s, u"HEAD"_s}));
        git({u"clone"_s, u"-q"_s, u"--bare"_s, work, repositoryPath()});
    }
    /// The server sends a part of the pack, and nothing more for as long as the returned file is there.
    QString holdPack()
    {
        const QString held = path(u"held"_s);
        SshServer::write(held, {});
        const QString hook = path(u"hook"_s);
        SshServer::write(hook, "#!/bin/sh\n\"$@\" | { head -c " + QByteArray::number(partOfPack) + "; while [ -e '" + held.toLocal8Bit() + "' ]; do sleep 0.1; done; }\n");
        QFile::setPermissions(hook, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        SshServer::write(m_server.path(u"gitconfig"_s), "[uploadpack]\n    packObjectsHook = " + hook.toLocal8Bit() + '\n');
        return held;
    }
    void releasePack()
    {
        QFile::remove(path(u"held"_s));
        SshServer::write(m_server.path(u"gitconfig"_s), {});
    }
    QString copy() const { return m_target.stateDirectory + u"/git/releases.git"_s; }
    /// Of packs and objects that have arrived, also in part.
    qint64 bytesHere() const
    {
        qint64 bytes = 0;
        QDirIterator files(copy() + u"/objects"_s, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            bytes += files.nextFileInfo().size();
        }
        return bytes;
    }
    /// Does something once a part of the pack is here; gives back how the fetch ended.
    Result<> fetchAndThen(const std::function<void()> &happens, bool *happened)
    {
        QTimer look;
        connect(&look, &QTimer::timeout, &look, [&] {
            // The last block may still be on its way.
            if (!*happened && bytesHere() > partOfPack / 2) {
                *happened = true;
                happens();
            }
        });
        look.start(20);
        GitRepository repository(m_target);
        return await(repository.fetch());
    }
    /// Of a fetch that failed there is a copy that git finds whole, and without any release.
    void nothingIsHere(const QString &why)
    {
        GitRepository repository(m_target);
        const auto tags = await(repository.tags());
        QVERIFY2(tags && tags->isEmpty(), qPrintable(why));
        QVERIFY2(!*await(repository.hasCommit(m_commit)), qPrintable(why));
        QCOMPARE(git({u"--git-dir"_s, copy(), u"fsck"_s, u"--full"_s}), QByteArray());
    }
    void allIsHere()
    {
        GitRepository repository(m_target);
        QVERIFY_RESULT(await(repository.fetch()));
        const auto tag = await(repository.tag(u"v1.0.0"_s));
        QVERIFY_RESULT(tag);
        QCOMPARE(tag->commit, m_commit);
        QVERIFY_RESULT(await(repository.addWorktree(path(u"releases/1.0.0"_s), m_commit)));
        QCOMPARE(await(repository.headOf(path(u"releases/1.0.0"_s))).value(), m_commit);
        QCOMPARE(SshServer::read(path(u"releases/1.0.0/file-199"_s)), SshServer::read(m_server.path(u"work/file-199"_s)));
        git({u"--git-dir"_s, copy(), u"fsck"_s, u"--full"_s});
    }
    void configure(const QByteArray &first)
    {
        // ssh takes the first value of an option.
        SshServer::write(m_config, first + SshServer::read(m_config));
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_SSHD;
        // Only what the test says, on both sides.
        qputenv("GIT_CONFIG_GLOBAL", "/dev/null");
        qputenv("GIT_CONFIG_NOSYSTEM", "1");
        m_user = QString::fromLocal8Bit(::getpwuid(::getuid())->pw_name);
        makeRepository();
        SshServer::makeKey(m_server.path(u"second_host_key"_s), u"ecdsa"_s);
        SshServer::write(m_server.path(u"gitconfig"_s), {});
        m_server.environment = " GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=" + m_server.path(u"gitconfig"_s).toLocal8Bit();
        m_server.options = "HostKey " + m_server.path(u"second_host_key"_s).toLocal8Bit() + '\n';
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
    }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        // A name that a shell would take apart.
        m_config = m_server.addPerson(path(u"home"_s));
        const QString odd = path(u"it's $HOME.conf"_s);
        QVERIFY(QFile::rename(m_config, odd));
        m_config = odd;
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        m_target = {};
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.repository.git.url = url();
    }
    void cleanup()
    {
        if (m_folder) {
            releasePack();
        }
    }

    void bringsReleases()
    {
        allIsHere();
    }

    /// Its port and its account are ssh's to know.
    void bringsReleasesOfAHostThatSshKnows()
    {
        configure("Host trading-git\n  HostName 127.0.0.1\n  Port " + m_server.address().section(u':', 1).toLatin1() + "\n  User " + m_user.toLocal8Bit() + "\n");
        m_target.repository.git.url = u"trading-git:"_s + repositoryPath();
        allIsHere();
    }

    void noRepositoryThere()
    {
        m_target.repository.git.url = url() + u".not"_s;
        const auto fetched = await(GitRepository(m_target).fetch());
        QCOMPARE(fetched.error().code, u"git.no_repository"_s);
    }

    void unprovenHost_data()
    {
        QTest::addColumn<bool>("changed");
        QTest::addColumn<QByteArray>("configured");
        const QByteArray everybody = "Host *\n";
        QTest::newRow("unknown") << false << QByteArray();
        QTest::newRow("changed") << true << QByteArray();
        QTest::newRow("unknown, and this machine's need no proof") << false << everybody + "  NoHostAuthenticationForLocalhost yes\n";
        QTest::newRow("changed, and this machine's need no proof") << true << everybody + "  NoHostAuthenticationForLocalhost yes\n";
        QTest::newRow("unknown, and ssh is to be quiet") << false << everybody + "  LogLevel QUIET\n";
    }
    void unprovenHost()
    {
        QFETCH(bool, changed);
        QFETCH(QByteArray, configured);
        configure(configured);
        const QByteArray good = SshServer::read(knownHosts());
        SshServer::makeKey(path(u"other_key"_s));
        m_server.knowHost(knownHosts(), changed ? path(u"other_key.pub"_s) : QString());
        const QByteArray before = SshServer::read(knownHosts());
        const auto fetched = await(GitRepository(m_target).fetch());
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().code == "git.host_key"_L1, qPrintable(fetched.error().text()));
        QCOMPARE(fetched.error().kind, Error::Kind::Permanent);
        QVERIFY2(fetched.error().what().contains(url()), qPrintable(fetched.error().what()));
        // Not learned.
        QCOMPARE(SshServer::read(knownHosts()), before);
        nothingIsHere(fetched.error().text());
        QCOMPARE(bytesHere(), 0);
        SshServer::write(knownHosts(), good);
        allIsHere();
    }

    /// A connection that somebody has opened without asking for the host's key is not used.
    void noProofByAnothersConnection()
    {
        const QString socket = u"/tmp/cutover-git-%1"_s.arg(::getpid()); // Sockets need short paths.
        configure("Host *\n  ControlPath " + socket.toLocal8Bit() + '\n');
        m_server.knowHost(knownHosts(), {});
        const QStringList words{u"-F"_s, m_config, u"-o"_s, u"StrictHostKeyChecking=no"_s, u"-o"_s, u"UserKnownHostsFile=/dev/null"_s, u"-p"_s, m_server.address().section(u':', 1)};
        QCOMPARE(QProcess::execute(u"ssh"_s, words + QStringList{u"-q"_s, u"-M"_s, u"-N"_s, u"-f"_s, u"127.0.0.1"_s}), 0);
        const auto close = qScopeGuard([&] { QProcess::execute(u"ssh"_s, words + QStringList{u"-q"_s, u"-O"_s, u"exit"_s, u"127.0.0.1"_s}); });
        QVERIFY(QFile::exists(socket));
        const auto fetched = await(GitRepository(m_target).fetch());
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().code == "git.host_key"_L1, qPrintable(fetched.error().text()));
        nothingIsHere(fetched.error().text());
        QCOMPARE(bytesHere(), 0);
    }

    /// What an account has configured for a person at a terminal stands in no fetch's way, and does nothing beside it.
    void whatIsForAPersonDoesNotHold()
    {
        SshServer::write(path(u"gitconfig"_s), "[ssh]\n    variant = simple\n[core]\n    sshCommand = false\n");
        qputenv("GIT_CONFIG_GLOBAL", path(u"gitconfig"_s).toLocal8Bit());
        const auto reset = qScopeGuard([] { qputenv("GIT_CONFIG_GLOBAL", "/dev/null"); });
        configure("Host *\n  UpdateHostKeys yes\n  RemoteCommand false\n  RequestTTY force\n  PermitLocalCommand yes\n  LocalCommand touch " + path(u"touched"_s).toLocal8Bit()
                  + "\n  ExitOnForwardFailure yes\n  LocalForward 127.0.0.1:" + m_server.address().section(u':', 1).toLatin1() + " 127.0.0.1:1\n");
        const QByteArray before = SshServer::read(knownHosts());
        allIsHere();
        QVERIFY(!QFile::exists(path(u"touched"_s)));
        // The host has told of its second key as well.
        QCOMPARE(SshServer::read(knownHosts()), before);
    }

    void refusedKey()
    {
        const QString stranger = m_server.addPerson(path(u"stranger"_s), false);
        qputenv("CUTOVER_SSH_CONFIG", stranger.toLocal8Bit());
        const auto fetched = await(GitRepository(m_target).fetch());
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().code == "git.refused"_L1, qPrintable(fetched.error().text()));
        QCOMPARE(fetched.error().kind, Error::Kind::Permanent);
        nothingIsHere(fetched.error().text());
        QCOMPARE(bytesHere(), 0);
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        allIsHere();
    }

    void hostThatIsGone()
    {
        m_server.stop();
        const auto fetched = await(GitRepository(m_target).fetch());
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().code == "git.unreachable"_L1, qPrintable(fetched.error().text()));
        QCOMPARE(fetched.error().kind, Error::Kind::Transient);
        allIsHere();
    }

    void lostLink_data()
    {
        QTest::addColumn<bool>("silent"); ///< The host answers no more, instead of closing the link.
        QTest::newRow("cut") << false;
        QTest::newRow("silent") << true;
    }
    void lostLink()
    {
        QFETCH(bool, silent);
        holdPack();
        bool happened = false;
        QList<qint64> stopped;
        int ended = 0;
        QElapsedTimer waited;
        const auto fetched = fetchAndThen(
            [&] {
                waited.start();
                if (!silent) {
                    ended = m_server.dropLinks();
                    return;
                }
                stopped = m_server.descendants();
                for (const qint64 pid : std::as_const(stopped)) {
                    ended += ::kill(pid_t(pid), SIGSTOP) == 0 ? 1 : 0;
                }
            },
            &happened);
        // Told by itself: nothing else has ended it.
        const qint64 lasted = waited.isValid() ? waited.elapsed() : -1;
        SshServer::endSessions(stopped);
        for (const qint64 pid : std::as_const(stopped)) {
            ::kill(pid_t(pid), SIGCONT);
        }
        QVERIFY2(happened && ended > 0, qPrintable(m_server.log()));
        QVERIFY(!fetched);
        QVERIFY2(fetched.error().code == "git.unreachable"_L1, qPrintable(fetched.error().text()));
        QCOMPARE(fetched.error().kind, Error::Kind::Transient);
        // 15 s of silence, and some for a busy machine.
        QVERIFY2(lasted >= 0 && lasted < 60000, qPrintable(QString::number(lasted)));
        nothingIsHere(fetched.error().text());
        QCOMPARE(bytesHere(), 0);
        releasePack();
        allIsHere();
    }
};

QTEST_GUILESS_MAIN(GitOverSshTest)
#include "gitoversshtest.moc"
