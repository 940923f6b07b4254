// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/sshprocesses.h"

#include "check/checklist.h"
#include "check/probe.h"
#include "run/runlock.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/shellword.h"
#include "target/hostconnection.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"
#include "tests/support/steps.h"

#include <QRandomGenerator>
#include <QRegularExpression>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <csignal>
#include <sys/stat.h>
#include <vector>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

bool lives(qint64 pid)
{
    return processStartTime(pid) != 0;
}

/** Gives what it has opened away late. */
class SlowProcesses : public Processes
{
public:
    Async<ProcessResult> run(ProcessSpec spec, std::stop_token stop) override
    {
        const auto result = co_await Processes::system().run(spec, stop);
        isOpen = true;
        (void)co_await Clock::system().sleep(3000);
        co_return result;
    }
    bool isOpen = false;
};

} // namespace

/** Programs on a further host: a real sshd, and a real shell behind it. */
class SshProcessesTest : public QObject
{
    Q_OBJECT

    SshServer m_server;
    QTemporaryDir m_folder;
    QString m_config;
    HostSpec m_host;
    int m_states = 0;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    /// Without a connection of before.
    HostSpec newHost()
    {
        return {.name = u"web-2"_s, .address = SshHost::parse(m_server.address()).value(), .stateDirectory = path(u"state-%1"_s.arg(++m_states))};
    }
    Result<ProcessResult> run(const ProcessSpec &spec, std::stop_token stop = {}) { return await(runOn(m_host, spec, stop)); }
    static ProcessSpec shell(const QString &script) { return {.program = u"sh"_s, .arguments = {u"-c"_s, script}}; }
    /// The pid that a program over there has written down.
    static qint64 pidIn(const QString &file)
    {
        return QTest::qWaitFor([&file] { return SshServer::read(file).endsWith('\n'); }, 20000) ? SshServer::read(file).trimmed().toLongLong() : 0;
    }
    /// With these further lines of configuration.
    void restartServer(const QByteArray &options)
    {
        m_server.stop();
        m_server.options = options;
        QVERIFY(m_server.start().isEmpty());
    }
    qsizetype logins() const { return m_server.log().count(u"Accepted publickey"_s); }
    /// Of the process that keeps the connection.
    qint64 keeperOf(const HostConnection &connection) const
    {
        QProcess ssh;
        ssh.setProcessChannelMode(QProcess::MergedChannels);
        ssh.start(u"ssh"_s, {u"-F"_s, m_config, u"-S"_s, connection.socket, u"-O"_s, u"check"_s, u"127.0.0.1"_s});
        ssh.waitForFinished();
        static const QRegularExpression pid(u"pid=([0-9]+)"_s);
        return pid.match(QString::fromUtf8(ssh.readAll())).captured(1).toLongLong();
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_SSHD;
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        m_config = m_server.addPerson(path(u"home"_s));
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
    }
    void init() { m_host = newHost(); }
    void cleanupTestCase()
    {
        m_server.fail();
    }

    void bothStreamsAndInput()
    {
        ProcessSpec spec = shell(u"cat; echo oops >&2; exit 3"_s);
        for (int i = 0; i < 3000; ++i) {
            spec.input.append(char(i % 256)).append(char(i / 7 % 256));
        }
        const auto result = run(spec);
        QVERIFY_RESULT(result);
        QCOMPARE(result->exitCode, 3);
        QCOMPARE(result->output, spec.input);
        QCOMPARE(result->errorOutput, "oops\n"_ba);
        QCOMPARE(result->droppedBytes, 0);
    }

    void exitCodes_data()
    {
        QTest::addColumn<QString>("script");
        QTest::addColumn<int>("code");
        QTest::newRow("well") << u"exit 0"_s << 0;
        QTest::newRow("what ssh itself ends with") << u"exit 255"_s << 255;
        QTest::newRow("a shell's not found") << u"exit 127"_s << 127;
        QTest::newRow("killed") << u"kill -9 $$"_s << 137;
        QTest::newRow("terminated") << u"kill $$"_s << 143;
    }
    void exitCodes()
    {
        QFETCH(QString, script);
        QFETCH(int, code);
        const auto result = run(shell(script));
        QVERIFY_RESULT(result);
        QCOMPARE(result->exitCode, code);
        QCOMPARE(result->errorOutput, QByteArray());
    }

    /// Every byte that an argument can hold, through the shell over there; and every kind of word through the executor.
    void wordsArriveExactly()
    {
        QRandomGenerator random(11);
        QStringList words{QString(), u" "_s, u"'"_s, u"\\"_s, u"a\nb\n"_s, u"-n"_s, u"--"_s, u"$HOME"_s, u"`id`"_s, u"$(id)"_s, u"*"_s, u"~"_s, u"!!"_s, u"#"_s, u";id"_s, u"é🚀"_s, u"\u0081\u0088"_s};
        QString all;
        for (int c = 1; c < 0x250; ++c) {
            all.append(QChar(c));
        }
        words.append(all);
        for (int i = 0; i < 300; ++i) {
            QString word;
            for (int at = random.bounded(30); at > 0; --at) {
                word += random.bounded(3) ? QChar(1 + random.bounded(126)) : QChar(0x80 + random.bounded(0x500));
            }
            words.append(word);
        }
        words.append(QString(100000, u'\''));
        const auto told = run({.program = u"printf"_s, .arguments = QStringList{u"%s\\0"_s} + words});
        QVERIFY_RESULT(told);
        QStringList arrived = QString::fromUtf8(told->output).split(QChar(0));
        arrived.removeLast();
        QCOMPARE(arrived.size(), words.size());
        for (qsizetype i = 0; i < words.size(); ++i) {
            QCOMPARE(arrived[i], words[i]);
        }

        ProcessSpec bytes{.program = u"sh"_s};
        QByteArray expected;
        for (int i = 0; i < 300; ++i) {
            QByteArray word;
            for (int at = i == 0 ? 255 : random.bounded(40); at > 0; --at) {
                word += char(i == 0 ? at : 1 + random.bounded(255));
            }
            expected += word + '\n';
            bytes.input += "printf '%s\\n' " + shellWord(word).value() + '\n';
        }
        const auto printed = run(bytes);
        QVERIFY_RESULT(printed);
        QCOMPARE(printed->output, expected);
    }

    /// Only what differs goes along, and nobody reads it in a list of processes, here or there.
    void environmentIsSecret()
    {
        qputenv("ONLY_HERE", "here");
        ProcessSpec spec = shell(u"printf %s \"$TOKEN\"; echo; echo \"[$ONLY_HERE]\"; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"_s);
        const QString secret = u"s3cr3t-" + QString::number(QRandomGenerator::global()->generate64());
        spec.environment.insert(u"TOKEN"_s, secret + u"'\n$x\n"_s);
        const auto result = run(spec);
        qunsetenv("ONLY_HERE");
        QVERIFY_RESULT(result);
        const QByteArray begin = (secret + u"'\n$x\n\n[]\n"_s).toUtf8();
        QVERIFY2(result->output.startsWith(begin), result->output.left(200).constData());
        QVERIFY(result->output.contains("ONLY_HERE"));
        QVERIFY(!result->output.sliced(begin.size()).contains(secret.toUtf8()));

        spec.environment.insert(u"bad name"_s, u"x"_s);
        QCOMPARE(run(spec).error().code, u"host.bad_variable"_s);
    }

    void runsInItsFolder()
    {
        QVERIFY(QDir().mkpath(path(u"a 'folder'"_s)));
        ProcessSpec spec{.program = u"pwd"_s, .workingDirectory = path(u"a 'folder'"_s)};
        QCOMPARE(run(spec).value().output.trimmed(), path(u"a 'folder'"_s).toUtf8());
        spec.workingDirectory = u"/nowhere at all"_s;
        const auto result = run(spec);
        QCOMPARE(result.error().code, u"host.no_folder"_s);
        QVERIFY2(result.error().what().contains(u"web-2"_s) && result.error().what().contains(spec.workingDirectory), qPrintable(result.error().what()));
    }

    void missingProgramIsNamed()
    {
        for (const QString &program : {u"no-such-program"_s, u"/etc/passwd"_s, u"/"_s}) {
            const auto result = run({.program = program});
            QCOMPARE(result.error().code, u"host.no_program"_s);
            QCOMPARE(result.error().kind, Error::Kind::Permanent);
            QVERIFY2(result.error().what().contains(program) && result.error().what().contains(u"web-2"_s), qPrintable(result.error().what()));
        }
    }

    /// Many programs, one after the other and at once, of one login; its folder is nobody else's.
    void connectionIsShared()
    {
        const qsizetype before = logins();
        for (int i = 0; i < 4; ++i) {
            QVERIFY_RESULT(run(shell(u"exit 0"_s)));
        }
        std::vector<Async<ProcessResult>> tasks;
        for (int i = 0; i < 4; ++i) {
            tasks.push_back(runOn(m_host, shell(u"sleep 1; exit %1"_s.arg(i))));
        }
        for (int i = 0; i < 4; ++i) {
            const auto result = await(std::move(tasks[size_t(i)]));
            QVERIFY_RESULT(result);
            QCOMPARE(result->exitCode, i);
        }
        QCOMPARE(logins() - before, 1);
        struct stat found{};
        QCOMPARE(::stat(QFile::encodeName(m_host.stateDirectory + u"/ssh"_s).constData(), &found), 0);
        QCOMPARE(found.st_mode & 0777, mode_t(0700));

        // Two that find none at the same moment make one.
        m_host = newHost();
        std::vector<Async<ProcessResult>> first;
        first.push_back(runOn(m_host, shell(u"exit 0"_s)));
        first.push_back(runOn(m_host, shell(u"exit 0"_s)));
        QVERIFY_RESULT(await(std::move(first[0])));
        QVERIFY_RESULT(await(std::move(first[1])));
        QCOMPARE(logins() - before, 2);
    }

    /// More than sshd gives sessions of one connection; who waits may be stopped.
    void manyAtOnceWaitForTheirTurn()
    {
        std::vector<Async<ProcessResult>> tasks;
        for (int i = 0; i < 14; ++i) {
            tasks.push_back(runOn(m_host, shell(u"sleep 2; exit %1"_s.arg(i))));
        }
        std::stop_source stop;
        auto stopped = runOn(m_host, shell(u"touch '%1'"_s.arg(path(u"never"_s))), stop.get_token());
        stop.request_stop();
        ProcessSpec brief = shell(u"touch '%1'"_s.arg(path(u"never"_s)));
        brief.timeoutMs = 200;
        const auto late = run(brief);
        QCOMPARE(late.error().code, u"host.busy"_s);
        QCOMPARE(late.error().kind, Error::Kind::Transient);
        QVERIFY2(late.error().what().contains(u"web-2"_s), qPrintable(late.error().text()));
        QCOMPARE(await(std::move(stopped)).error().code, u"system.cancelled"_s);
        for (int i = 0; i < 14; ++i) {
            const auto result = await(std::move(tasks[size_t(i)]));
            QVERIFY_RESULT(result);
            QCOMPARE(result->exitCode, i);
        }
        QVERIFY(!QFile::exists(path(u"never"_s)));
    }

    /// Other processes have what the host gives at once.
    void refusedSessionIsAskedForAgain()
    {
        restartServer("MaxSessions 1\n");
        auto first = runOn(m_host, shell(u"echo $$ >'%1'; sleep 3"_s.arg(path(u"first"_s))));
        const bool isFirst = pidIn(path(u"first"_s)) > 0;
        const auto second = run(shell(u"exit 7"_s));
        const auto ended = await(std::move(first));
        restartServer("MaxSessions 0\n");
        m_host = newHost();
        const auto never = run(shell(u"touch '%1'"_s.arg(path(u"refused"_s))));
        restartServer({});
        QVERIFY(isFirst);
        QVERIFY_RESULT(second);
        QCOMPARE(second->exitCode, 7);
        QVERIFY_RESULT(ended);
        QCOMPARE(never.error().code, u"host.busy"_s);
        QCOMPARE(never.error().kind, Error::Kind::Transient);
        QVERIFY(!QFile::exists(path(u"refused"_s)));
    }

    void connectionOfADeepStateFolder()
    {
        m_host.stateDirectory = path(QString(120, u'd') + u"/state"_s);
        const auto connection = await(connectTo(m_host, Processes::system()));
        QVERIFY_RESULT(connection);
        QVERIFY2(connection->socket.size() <= 80, qPrintable(connection->socket));
        QVERIFY_RESULT(run(shell(u"exit 0"_s)));
    }

    void folderOfOthersIsRefused()
    {
        QVERIFY(QDir().mkpath(m_host.stateDirectory + u"/ssh"_s));
        QVERIFY(QFile::setPermissions(m_host.stateDirectory + u"/ssh"_s, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner | QFile::ExeOther));
        QCOMPARE(run(shell(u"exit 0"_s)).error().code, u"host.no_private_folder"_s);
    }

    /// What works over there keeps the run's lock; the connection that stays behind does not.
    void lockIsOfProgramsOnly()
    {
        QVERIFY(files::makePath(m_host.stateDirectory));
        auto lock = await(RunLock::acquire(m_host.stateDirectory, u"RUN1"_s, {})).value();
        ProcessSpec spec = shell(u"echo $$ >'%1'; sleep 2"_s.arg(path(u"locked"_s)));
        spec.inherit = {lock->descriptor()};
        auto task = runOn(m_host, spec);
        QVERIFY(pidIn(path(u"locked"_s)) > 0);
        lock.reset();
        QVERIFY(!RunLock::keepers(m_host.stateDirectory).isEmpty());
        QVERIFY_RESULT(await(std::move(task)));
        const auto connection = await(connectTo(m_host, Processes::system()));
        QVERIFY(lives(keeperOf(connection.value())));
        QVERIFY(RunLock::keepers(m_host.stateDirectory).isEmpty());
        QVERIFY_RESULT(await(RunLock::acquire(m_host.stateDirectory, u"RUN2"_s, {})));
    }

    /// The runner is killed: what it runs over there is ended, and the lock is held until it has.
    void deadRunnerLeavesNothing()
    {
        QVERIFY(files::makePath(m_host.stateDirectory));
        QVERIFY_RESULT(run(shell(u"exit 0"_s)));
        const QString file = path(u"orphan"_s);
        QProcess runner;
        runner.start(QCoreApplication::applicationFilePath(), {u"--runner"_s, m_server.address(), m_host.stateDirectory, u"exec >/dev/null 2>&1; trap 'sleep 2; exit 0' TERM; echo $$ >'%1'; while :; do sleep 0.1; done"_s.arg(file)});
        const qint64 pid = pidIn(file);
        QVERIFY(lives(pid));
        runner.kill();
        QVERIFY(runner.waitForFinished());
        const auto held = await(RunLock::acquire(m_host.stateDirectory, u"RUN2"_s, {.waitMs = 0, .endLeftovers = false}));
        QVERIFY(!held);
        QCOMPARE(held.error().code, u"lock.leftovers"_s);
        QVERIFY(lives(pid));
        QVERIFY_RESULT(await(RunLock::acquire(m_host.stateDirectory, u"RUN2"_s, {.waitMs = 20000, .endLeftovers = false})));
        QVERIFY(!lives(pid));
    }

    void hostKeyIsChecked()
    {
        const QString known = path(u"home/.ssh/known_hosts"_s);
        const QString ran = path(u"ran"_s);
        m_server.knowHost(known, {});
        const auto unknown = run(shell(u"touch '%1'"_s.arg(ran)));
        SshServer::makeKey(path(u"other_key"_s));
        m_server.knowHost(known, path(u"other_key.pub"_s));
        const auto changed = run(shell(u"touch '%1'"_s.arg(ran)));
        m_server.knowHost(known, m_server.path(u"host_key.pub"_s));
        QCOMPARE(unknown.error().code, u"ssh.host_key_unknown"_s);
        QCOMPARE(unknown.error().kind, Error::Kind::Permanent);
        QVERIFY2(unknown.error().what().contains(u"web-2"_s) && unknown.error().hint().contains(sshByHand(m_host.address)), qPrintable(unknown.error().text()));
        QCOMPARE(changed.error().code, u"ssh.host_key_changed"_s);
        QCOMPARE(changed.error().kind, Error::Kind::Permanent);
        QVERIFY2(changed.error().what().contains(u"SHA256:"_s) && changed.error().what().contains(known), qPrintable(changed.error().what()));
        QVERIFY(!QFile::exists(ran));
    }

    /// Also where known_hosts was changed meanwhile: another key is another system.
    void hostKeyIsPinned()
    {
        const auto connection = await(connectTo(m_host, Processes::system()));
        QVERIFY_RESULT(connection);
        QProcess keygen;
        keygen.start(u"ssh-keygen"_s, {u"-lf"_s, m_server.path(u"host_key.pub"_s)});
        QVERIFY(keygen.waitForFinished());
        QCOMPARE(connection->fingerprint, u"ssh-ed25519 "_s + QString::fromUtf8(keygen.readAllStandardOutput()).section(u' ', 1, 1));
        QVERIFY(SshServer::read(m_host.stateDirectory + u"/identity.json"_s).contains(connection->fingerprint.toUtf8()));

        m_host = newHost();
        QVERIFY_RESULT(pinHostKey(m_host, u"ssh-ed25519 SHA256:another"_s));
        const auto refused = run(shell(u"touch '%1'"_s.arg(path(u"pinned"_s))));
        QCOMPARE(refused.error().code, u"target.identity_changed"_s);
        QVERIFY2(refused.error().what().contains(u"host.web-2.key"_s) && refused.error().what().contains(connection->fingerprint), qPrintable(refused.error().what()));
        // Nor by the connection that was made to see it.
        QCOMPARE(run(shell(u"touch '%1'"_s.arg(path(u"pinned"_s)))).error().code, u"target.identity_changed"_s);
        QVERIFY(!QFile::exists(path(u"pinned"_s)));
    }

    /// Nor in the moment before its key was looked at, by what the connection of before has left.
    void connectionThatIsBeingOpenedIsNotUsed()
    {
        const auto first = await(connectTo(m_host, Processes::system()));
        QVERIFY_RESULT(first);
        const qint64 keeper = keeperOf(*first);
        QVERIFY(keeper > 0);
        ::kill(pid_t(keeper), SIGTERM);
        QTRY_VERIFY_WITH_TIMEOUT(!lives(keeper), 10000);
        QVERIFY(QFile::remove(m_host.stateDirectory + u"/identity.json"_s));
        QVERIFY_RESULT(pinHostKey(m_host, u"ssh-ed25519 SHA256:another"_s));

        SlowProcesses slow;
        auto opening = connectTo(m_host, slow);
        QTRY_VERIFY_WITH_TIMEOUT(slow.isOpen, 20000);
        const auto meanwhile = run(shell(u"touch '%1'"_s.arg(path(u"meanwhile"_s))));
        const auto opened = await(std::move(opening));
        QVERIFY(!QFile::exists(path(u"meanwhile"_s)));
        QVERIFY(!opened && !meanwhile);
        QCOMPARE(opened.error().code, u"target.identity_changed"_s);
        QCOMPARE(meanwhile.error().code, u"target.identity_changed"_s);
    }

    /// It shows its key, too, and the account's own configuration takes any.
    void jumpHostIsProvenToo()
    {
        SshServer jump;
        const QString problem = jump.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        SshServer::write(jump.path(u"authorized_keys"_s), SshServer::read(path(u"home/.ssh/id_ed25519.pub"_s)));
        const QString known = path(u"home/.ssh/known_hosts"_s);
        const QByteArray before = SshServer::read(known);
        const auto port = [](const SshServer &server) { return server.address().section(u':', 1).toLatin1(); };
        SshServer::write(path(u"jumping"_s), SshServer::read(m_config) + "Host behind\n  HostName 127.0.0.1\n  Port " + port(m_server) + "\n  ProxyJump between\nHost between\n  HostName 127.0.0.1\n  Port " + port(jump) + "\n");
        qputenv("CUTOVER_SSH_CONFIG", path(u"jumping"_s).toLocal8Bit());
        m_host.address = SshHost::parse(u"behind"_s).value();
        const auto refused = run(shell(u"exit 0"_s));
        const QByteArray after = SshServer::read(known);
        const bool wasIn = jump.log().contains(u"Accepted publickey"_s);
        // Known, it is passed through.
        jump.knowHost(known, jump.path(u"host_key.pub"_s));
        SshServer::write(known, SshServer::read(known) + before);
        m_host = newHost();
        m_host.address = SshHost::parse(u"behind"_s).value();
        const auto ran = run(shell(u"echo through"_s));
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        SshServer::write(known, before);
        QVERIFY(!refused);
        QVERIFY2(refused.error().code.startsWith(u"ssh.host_key"_s), qPrintable(refused.error().text()));
        QCOMPARE(refused.error().kind, Error::Kind::Permanent);
        QCOMPARE(after, before);
        QVERIFY(!wasIn);
        QVERIFY_RESULT(ran);
        QCOMPARE(ran->output, QByteArray("through\n"));
        QVERIFY(jump.log().contains(u"Accepted publickey"_s));
    }

    /// It stays the one that was pinned where ssh comes to know another key of the same host.
    void hostKeyOfAnotherTypeIsNotAskedFor()
    {
        const QString known = path(u"home/.ssh/known_hosts"_s);
        if (!QFile::exists(path(u"rsa_key"_s))) {
            SshServer::makeKey(path(u"rsa_key"_s), u"rsa"_s);
        }
        restartServer("HostKey " + path(u"rsa_key"_s).toLocal8Bit() + "\n");
        m_server.knowHost(known, path(u"rsa_key.pub"_s));
        const QByteArray before = SshServer::read(known);
        SshServer::write(path(u"updating"_s), SshServer::read(m_config) + "  UpdateHostKeys yes\n");
        qputenv("CUTOVER_SSH_CONFIG", path(u"updating"_s).toLocal8Bit());
        const auto first = await(connectTo(m_host, Processes::system()));
        const auto ran = run(shell(u"exit 0"_s));
        const QByteArray after = SshServer::read(known);
        const qint64 keeper = first ? keeperOf(*first) : 0;
        if (keeper > 0) {
            ::kill(pid_t(keeper), SIGTERM);
            QTRY_VERIFY_WITH_TIMEOUT(!lives(keeper), 10000);
        }
        // As whoever logs in by hand has it written.
        m_server.knowHost(known, m_server.path(u"host_key.pub"_s));
        SshServer::write(known, SshServer::read(known) + before);
        const auto second = await(connectTo(m_host, Processes::system()));
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        m_server.knowHost(known, m_server.path(u"host_key.pub"_s));
        restartServer({});
        QVERIFY_RESULT(first);
        QVERIFY_RESULT(ran);
        QVERIFY2(first->fingerprint.startsWith(u"ssh-rsa SHA256:"_s), qPrintable(first->fingerprint));
        QCOMPARE(after, before);
        QVERIFY_RESULT(second);
        QCOMPARE(second->fingerprint, first->fingerprint);

        // A host that has none of that type any more is another one; that can't be cured by trying again.
        m_host = newHost();
        QVERIFY_RESULT(pinHostKey(m_host, first->fingerprint));
        const auto refused = run(shell(u"exit 0"_s));
        QCOMPARE(refused.error().code, u"target.identity_changed"_s);
        QCOMPARE(refused.error().kind, Error::Kind::Permanent);
        QVERIFY2(refused.error().what().contains(u"host.web-2.key"_s) && refused.error().what().contains(u"ssh-ed25519"_s), qPrintable(refused.error().what()));
    }

    /// Nothing is pinned that would fit any host.
    void certificateIsNoKeyToPin()
    {
        const QString known = path(u"home/.ssh/known_hosts"_s);
        SshServer::makeKey(path(u"authority"_s));
        QCOMPARE(QProcess::execute(u"ssh-keygen"_s, {u"-q"_s, u"-s"_s, path(u"authority"_s), u"-I"_s, u"web"_s, u"-h"_s, u"-n"_s, u"127.0.0.1"_s, m_server.path(u"host_key.pub"_s)}), 0);
        restartServer("HostCertificate " + m_server.path(u"host_key-cert.pub"_s).toLocal8Bit() + "\n");
        m_server.knowHost(known, path(u"authority.pub"_s));
        SshServer::write(known, "@cert-authority " + SshServer::read(known));
        const auto refused = run(shell(u"exit 0"_s));
        m_server.knowHost(known, m_server.path(u"host_key.pub"_s));
        restartServer({});
        QCOMPARE(refused.error().code, u"host.no_key"_s);
        QCOMPARE(refused.error().kind, Error::Kind::Permanent);
        QVERIFY(!SshServer::read(m_host.stateDirectory + u"/identity.json"_s).contains("host.web-2.key"));
        QVERIFY_RESULT(run(shell(u"exit 0"_s)));
    }

    void refusedLogin()
    {
        qputenv("CUTOVER_SSH_CONFIG", m_server.addPerson(path(u"stranger"_s), false).toLocal8Bit());
        const auto result = run(shell(u"exit 0"_s));
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        QCOMPARE(result.error().code, u"ssh.denied"_s);
        QCOMPARE(result.error().kind, Error::Kind::Permanent);
        QVERIFY2(result.error().what().contains(u"web-2"_s), qPrintable(result.error().what()));
    }

    void hostThatCantBeReached()
    {
        QTcpServer port;
        QVERIFY(port.listen(QHostAddress::LocalHost));
        m_host.address = SshHost::parse(u"127.0.0.1:%1"_s.arg(port.serverPort())).value();
        port.close();
        const auto result = run(shell(u"exit 0"_s));
        QCOMPARE(result.error().code, u"ssh.unreachable"_s);
        QCOMPARE(result.error().kind, Error::Kind::Transient);
    }

    /// A link that is cut is a transient error; what ran over there has ended before anything else runs there.
    void cutLinkEndsTheProgram()
    {
        const QString file = path(u"cut"_s);
        // Takes its time to end; and writes nothing, which would end it by itself.
        ProcessSpec spec = shell(u"exec >/dev/null 2>&1; trap 'sleep 2; exit 0' TERM; echo $$ >'%1'; while :; do sleep 0.1; done"_s.arg(file));
        auto task = runOn(m_host, spec);
        const qint64 pid = pidIn(file);
        QVERIFY(lives(pid));
        QVERIFY(m_server.dropLinks() > 0);
        const auto result = await(std::move(task));
        QCOMPARE(result.error().code, u"host.gone"_s);
        QCOMPARE(result.error().kind, Error::Kind::Transient);
        QVERIFY2(result.error().what().contains(u"web-2"_s) && !result.error().hint().isEmpty(), qPrintable(result.error().text()));
        const auto next = run(shell(u"kill -0 %1 2>/dev/null && echo lives; exit 0"_s.arg(pid)));
        QVERIFY_RESULT(next);
        QCOMPARE(next->output, QByteArray());
        QVERIFY(!lives(pid));
    }

    /// A program never takes what has come so far for all of its input.
    void cutLinkIsNoEndOfInput()
    {
        ProcessSpec spec = shell(u"head -c 1000 >/dev/null; echo $$ >'%1'; sleep 1; cat >/dev/null; touch '%2'"_s.arg(path(u"begun"_s), path(u"complete"_s)));
        spec.input = QByteArray(40 << 20, 'x');
        auto task = runOn(m_host, spec);
        const qint64 pid = pidIn(path(u"begun"_s));
        QVERIFY(m_server.dropLinks() > 0);
        QCOMPARE(await(std::move(task)).error().code, u"host.gone"_s);
        QTRY_VERIFY_WITH_TIMEOUT(!lives(pid), 20000);
        QVERIFY(!QFile::exists(path(u"complete"_s)));
    }

    void inputThatNobodyReads()
    {
        ProcessSpec spec{.program = u"true"_s};
        spec.input = QByteArray(8 << 20, 'x');
        const auto result = run(spec);
        QVERIFY_RESULT(result);
        QCOMPARE(result->exitCode, 0);
    }

    void cancelEndsTheProgram_data()
    {
        QTest::addColumn<QString>("trap");
        QTest::newRow("ends by TERM") << u"true"_s;
        QTest::newRow("ends by KILL") << u"trap '' TERM"_s;
    }
    void cancelEndsTheProgram()
    {
        QFETCH(QString, trap);
        const QString file = path(u"cancel"_s);
        QFile::remove(file);
        ProcessSpec spec = shell(trap + u"; sleep 1000 & echo $! >'%1'; wait; sleep 1000"_s.arg(file));
        spec.graceMs = 1000;
        std::stop_source stop;
        auto task = runOn(m_host, spec, stop.get_token());
        const qint64 pid = pidIn(file);
        QVERIFY(lives(pid));
        stop.request_stop();
        const auto result = await(std::move(task));
        QCOMPARE(result.error().code, u"system.cancelled"_s);
        QCOMPARE(result.error().kind, Error::Kind::Cancelled);
        QVERIFY(!lives(pid));
        // The others of the connection are none of its business.
        QCOMPARE(run(shell(u"exit 5"_s)).value().exitCode, 5);
    }

    void timeLimitEndsTheProgram()
    {
        const QString file = path(u"slow"_s);
        ProcessSpec spec = shell(u"echo $$ >'%1'; sleep 1000"_s.arg(file));
        spec.timeoutMs = 6000;
        const auto result = run(spec);
        QCOMPARE(result.error().code, u"process.timeout"_s);
        QCOMPARE(result.error().kind, Error::Kind::Unknown);
        QCOMPARE(result.error().args[u"program"_s].toString(), u"sh"_s);
        QVERIFY(pidIn(file) > 0);
        QVERIFY(!lives(pidIn(file)));
    }

    /// Without a sign of life from here it ends over there, also where no link is ever closed.
    void silentLinkEndsTheProgram()
    {
        const QString file = path(u"silent"_s);
        const auto connection = await(connectTo(m_host, Processes::system()));
        QVERIFY_RESULT(connection);
        const qint64 keeper = keeperOf(*connection);
        QVERIFY(lives(keeper));
        std::stop_source stop;
        auto task = runOn(m_host, shell(u"echo $$ >'%1'; sleep 1000"_s.arg(file)), stop.get_token());
        const qint64 pid = pidIn(file);
        QVERIFY(lives(pid));
        ::kill(pid_t(keeper), SIGSTOP);
        QTest::qWait(15000);
        QVERIFY(lives(pid));
        QTRY_VERIFY_WITH_TIMEOUT(!lives(pid), 40000);
        ::kill(pid_t(keeper), SIGKILL);
        QCOMPARE(await(std::move(task)).error().code, u"host.gone"_s);
    }

    /// The same while its input is still under way, which it reads late.
    void silentLinkWithinTheInput()
    {
        const QString file = path(u"half"_s);
        const auto connection = await(connectTo(m_host, Processes::system()));
        QVERIFY_RESULT(connection);
        const qint64 keeper = keeperOf(*connection);
        QVERIFY(lives(keeper));
        ProcessSpec spec = shell(u"head -c 1000 >/dev/null; echo $$ >'%1'; sleep 3; cat >/dev/null; touch '%2'"_s.arg(file, path(u"whole"_s)));
        spec.input = QByteArray(40 << 20, 'x');
        auto task = runOn(m_host, spec);
        const qint64 pid = pidIn(file);
        QVERIFY(lives(pid));
        ::kill(pid_t(keeper), SIGSTOP);
        QTRY_VERIFY_WITH_TIMEOUT(!lives(pid), 60000);
        ::kill(pid_t(keeper), SIGKILL);
        QCOMPARE(await(std::move(task)).error().code, u"host.gone"_s);
        QVERIFY(!QFile::exists(path(u"whole"_s)));
    }

    /// A program may take longer to read its input than a link may be silent.
    void inputMayBeReadLate()
    {
        ProcessSpec spec = shell(u"sleep 35; wc -c"_s);
        spec.input = QByteArray(8 << 20, 'x');
        const auto result = run(spec);
        QVERIFY_RESULT(result);
        QCOMPARE(result->output.trimmed(), QByteArray::number(8 << 20));
    }

    void linesComeAsTheyAre()
    {
        QList<QByteArray> output;
        QList<QByteArray> errors;
        ProcessSpec spec = shell(u"printf 'a\\n\\nb'; printf '\\n\\nx\\n\\n' >&2; sleep 0.3; printf 'y\\n' >&2; printf z >&2"_s);
        spec.onLine = [&](const QByteArray &line, bool isError) { (isError ? errors : output).append(line); };
        const auto result = run(spec);
        QVERIFY_RESULT(result);
        QCOMPARE(output, (QList<QByteArray>{"a", "", "b"}));
        QCOMPARE(errors, (QList<QByteArray>{"", "", "x", "", "y", "z"}));
        QCOMPARE(result->output, "a\n\nb"_ba);
        QCOMPARE(result->errorOutput, "\n\nx\n\ny\nz"_ba);
        QCOMPARE(result->droppedBytes, 0);
    }

    void outputIsLimited()
    {
        ProcessSpec spec = shell(u"head -c 100000 /dev/zero; head -c 50000 /dev/zero >&2; exit 4"_s);
        spec.maxOutput = 1000;
        const auto result = run(spec);
        QVERIFY_RESULT(result);
        QCOMPARE(result->exitCode, 4);
        QCOMPARE(result->output, QByteArray(1000, '\0'));
        QCOMPARE(result->errorOutput, QByteArray(1000, '\0'));
        QCOMPARE(result->droppedBytes, 148000);
    }

    /// As the startup files of many an account do, also without a line end.
    void shellMayPrint()
    {
        SshServer::write(path(u"greet"_s), "echo hello; echo hello >&2; head -c 5000 /dev/zero; head -c 5000 /dev/zero >&2; exec sh -c \"$SSH_ORIGINAL_COMMAND\"\n");
        m_server.stop();
        m_server.options = "ForceCommand sh '" + path(u"greet"_s).toLocal8Bit() + "'\n";
        QVERIFY(m_server.start().isEmpty());
        m_host = newHost();
        QList<QByteArray> lines;
        ProcessSpec spec = shell(u"echo one; echo two >&2; printf end; exit 3"_s);
        spec.onLine = [&lines](const QByteArray &line, bool isError) { lines.append(QByteArray(isError ? "error " + line : line)); };
        const auto result = run(spec);
        spec.maxOutput = 6;
        const auto limited = run(spec);
        const auto missing = run({.program = u"/nowhere"_s});
        restartServer({});
        QVERIFY_RESULT(result);
        QCOMPARE(result->exitCode, 3);
        QCOMPARE(result->output, "one\nend"_ba);
        QCOMPARE(result->errorOutput, "two\n"_ba);
        QCOMPARE(result->droppedBytes, 0);
        QVERIFY_RESULT(limited);
        QCOMPARE(limited->output, "one\nen"_ba);
        QCOMPARE(limited->errorOutput, "two\n"_ba);
        QCOMPARE(limited->droppedBytes, 1);
        std::ranges::sort(lines);
        QCOMPARE(lines, (QList<QByteArray>{"end", "end", "error two", "error two", "one", "one"}));
        QCOMPARE(missing.error().code, u"host.no_program"_s);
    }

    void accountWithoutAShell()
    {
        m_server.stop();
        m_server.environment = " PATH=/nowhere";
        QVERIFY(m_server.start().isEmpty());
        const auto result = run(shell(u"exit 0"_s));
        m_server.stop();
        m_server.environment.clear();
        QVERIFY(m_server.start().isEmpty());
        QCOMPARE(result.error().code, u"host.unsuitable"_s);
        QCOMPARE(result.error().kind, Error::Kind::Permanent);
    }

    void probeRunsThere()
    {
        ProbeSpec probe;
        probe.name = u"disk"_s;
        probe.host = m_host;
        probe.command = {u"sh"_s, u"-c"_s, u"echo $SSH_CONNECTION"_s};
        const auto there = QCoro::waitFor(probeOnce(probe));
        QVERIFY(there.ok);
        QVERIFY2(there.body.startsWith("127.0.0.1 "), there.body.constData());
        probe.command = {u"sh"_s, u"-c"_s, u"echo 'no disk' >&2; exit 9"_s};
        const auto failed = QCoro::waitFor(probeOnce(probe));
        QCOMPARE(failed.error.code, u"probe.exit"_s);
        QVERIFY2(failed.error.what().contains(u"web-2"_s) && failed.error.what().contains(u"no disk"_s), qPrintable(failed.error.what()));
    }

    void hostsAreChecked()
    {
        CheckScope scope;
        scope.target.stateDirectory = m_host.stateDirectory;
        scope.target.hosts = {m_host};
        scope.only = {u"host:web-2"_s, u"host_clock:web-2"_s};
        const auto check = [&scope] { return await(runCheckList(scope, {}, {})); };
        const auto well = check();
        QVERIFY_RESULT(well);
        QCOMPARE(well->size(), 2);
        for (const CheckResult &result : *well) {
            QVERIFY2(result.status == CheckResult::Status::Passed, qPrintable(result.error.text()));
            QVERIFY2(!result.finding.text().contains(u"%{"_s), qPrintable(result.finding.text()));
        }
        QVERIFY2(well->at(0).finding.text().contains(u"SHA256:"_s) && well->at(0).finding.text().contains(m_server.address()), qPrintable(well->at(0).finding.text()));

        // A clock that is ten seconds ahead.
        QVERIFY(QDir().mkpath(path(u"late"_s)));
        SshServer::write(path(u"late/date"_s), "#!/bin/sh\necho $(($(/bin/date +%s) + 10)).5\n");
        QFile::setPermissions(path(u"late/date"_s), QFile::ReadOwner | QFile::ExeOwner);
        m_server.fail();
        m_server.environment = " PATH=" + path(u"late"_s).toLocal8Bit() + ":/usr/bin:/bin";
        QVERIFY(m_server.start().isEmpty());
        const auto ahead = check();
        m_server.fail();
        QVERIFY_RESULT(ahead);
        QCOMPARE(ahead->at(0).status, CheckResult::Status::Passed);
        QCOMPARE(ahead->at(1).status, CheckResult::Status::Warning);
        QCOMPARE(ahead->at(1).error.code, u"check.host_clock_ahead"_s);
        const double difference = ahead->at(1).error.args[u"difference"_s].toDouble();
        QVERIFY2(difference > 9000 && difference < 11600, qPrintable(QString::number(difference)));

        const auto down = check();
        m_server.environment.clear();
        QVERIFY(m_server.start().isEmpty());
        QVERIFY_RESULT(down);
        QCOMPARE(down->at(0).status, CheckResult::Status::Failed);
        QCOMPARE(down->at(0).error.code, u"ssh.unreachable"_s);
        QCOMPARE(down->at(1).status, CheckResult::Status::Warning);
    }
};

namespace {

/// A runner for the test to kill: takes the lock, and runs a script over there. ADDRESS STATE SCRIPT.
int runnerMain(const QStringList &words)
{
    const auto lock = await(RunLock::acquire(words[1], u"RUN1"_s, {}));
    ProcessSpec spec{.program = u"sh"_s, .arguments = {u"-c"_s, words[2]}};
    spec.inherit = {lock.value()->descriptor()};
    return await(runOn({.name = u"web-2"_s, .address = SshHost::parse(words[0]).value(), .stateDirectory = words[1]}, spec)) ? 0 : 1;
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    if (argc == 5 && qstrcmp(argv[1], "--runner") == 0) {
        return runnerMain(QCoreApplication::arguments().sliced(2));
    }
    SshProcessesTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "sshprocessestest.moc"
