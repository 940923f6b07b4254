// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/controlhost.h"
#include "serve/protocol.h"
#include "serve/serveclient.h"
#include "tests/support/skip.h"
#include "tests/support/sshserver.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;
using cutover::testing::SshServer;

namespace {

QString ourProgram()
{
    return qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/cutoverctl"_s;
}

} // namespace

/** A control host behind a real sshd, and what keeps a console from it. */
class ControlHostTest : public QObject
{
    Q_OBJECT

    SshServer m_server;
    QTemporaryDir m_folder;
    QString m_config;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    ControlHost host(const QString &program = ourProgram()) const
    {
        ControlHost host = ControlHost::parse(m_server.address()).value();
        host.program = program;
        return host;
    }
    QString target()
    {
        SshServer::write(path(u"release.pub"_s), "untrusted comment: minisign public key 0\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n");
        // A name that a shell would take apart.
        const QString file = path(u"it's a \"target\" $HOME.yaml"_s);
        SshServer::write(file, "schema: 1\nname: shelf\nproduct: trading\nenvironment: staging\nstate: state\nreleases: releases\n"
                               "repository: {url: repository, keys: [release.pub]}\nservices:\n  - name: backend\n"
                               "    instances: [{name: backend-1, port: 18080}]\n    command: [run, \"{port}\"]\n"
                               "    health: {http: \"http://127.0.0.1:{port}/\"}\n");
        return file;
    }
    /// A program over there, of a shell script.
    QString script(const QString &name, const QByteArray &text)
    {
        SshServer::write(path(name), "#!/bin/sh\n" + text + '\n');
        QFile::setPermissions(path(name), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return path(name);
    }
    /// The first failure that is told.
    Error failureOf(ServeClient &client)
    {
        Error told;
        const QMetaObject::Connection connection = connect(&client, &EngineClient::connectionChanged, &client, [&told](bool, const Error &error) {
            if (told.code.isEmpty()) {
                told = error;
            }
        });
        client.start();
        (void)QTest::qWaitFor([&told, &client] { return !told.code.isEmpty() || client.isConnected(); }, 20000);
        disconnect(connection);
        return told;
    }
    /// The same through cutoverctl: {"error": …}, and its exit code.
    QJsonObject ctl(const QStringList &words, int *exitCode = nullptr, QByteArray *output = nullptr)
    {
        QProcess process;
        process.setStandardInputFile(QProcess::nullDevice());
        process.start(ourProgram(), words);
        if (!process.waitForFinished(60000)) {
            QTest::qFail("cutoverctl did not end", __FILE__, __LINE__);
            process.kill();
            process.waitForFinished();
        }
        if (exitCode) {
            *exitCode = process.exitCode();
        }
        const QByteArray told = process.readAllStandardOutput();
        if (output) {
            *output = told + process.readAllStandardError();
        }
        return QJsonDocument::fromJson(told).object();
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_SSHD;
        qputenv("XDG_CONFIG_HOME", path(u"config"_s).toLocal8Bit());
        qunsetenv("CUTOVER_TARGET");
        QCoreApplication::setApplicationName(u"cutover"_s);
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        m_config = m_server.addPerson(path(u"home"_s));
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
    }

    void names_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("user");
        QTest::addColumn<QString>("host"); ///< Empty: refused.
        QTest::addColumn<int>("port");
        QTest::newRow("name") << u"control"_s << QString() << u"control"_s << 0;
        QTest::newRow("all") << u"deploy@control.example.org:2222"_s << u"deploy"_s << u"control.example.org"_s << 2222;
        QTest::newRow("spaces around") << u" control "_s << QString() << u"control"_s << 0;
        QTest::newRow("domain account") << u"kim@corp@control"_s << u"kim@corp"_s << u"control"_s << 0;
        QTest::newRow("IPv6") << u"fe80::1%eth0"_s << QString() << u"fe80::1%eth0"_s << 0;
        QTest::newRow("IPv6 and port") << u"deploy@[::1]:22"_s << u"deploy"_s << u"::1"_s << 22;
        QTest::newRow("nothing") << QString() << QString() << QString() << 0;
        QTest::newRow("option") << u"-oProxyCommand=id"_s << QString() << QString() << 0;
        QTest::newRow("option behind user") << u"kim@-oProxyCommand=id"_s << QString() << QString() << 0;
        QTest::newRow("option as user") << u"-oProxyCommand=id@control"_s << QString() << QString() << 0;
        QTest::newRow("command") << u"control;id"_s << QString() << QString() << 0;
        QTest::newRow("no user") << u"@control"_s << QString() << QString() << 0;
        QTest::newRow("no host") << u"kim@"_s << QString() << QString() << 0;
        QTest::newRow("no port") << u"control:"_s << QString() << QString() << 0;
        QTest::newRow("port 0") << u"control:0"_s << QString() << QString() << 0;
        QTest::newRow("port too large") << u"control:65536"_s << QString() << QString() << 0;
        QTest::newRow("port of words") << u"control:ssh"_s << QString() << QString() << 0;
        QTest::newRow("line end") << u"control\nx"_s << QString() << QString() << 0;
    }
    void names()
    {
        QFETCH(QString, text);
        QFETCH(QString, user);
        QFETCH(QString, host);
        QFETCH(int, port);
        const auto parsed = ControlHost::parse(text);
        if (host.isEmpty()) {
            QVERIFY(!parsed);
            QCOMPARE(parsed.error().code, u"ssh.bad_host"_s);
            return;
        }
        QVERIFY2(parsed, parsed ? "" : qPrintable(parsed.error().text()));
        QCOMPARE(parsed->user, user);
        QCOMPARE(parsed->host, host);
        QCOMPARE(parsed->port, port);
        QCOMPARE(parsed->text(), text.trimmed());
    }

    /// Whatever a file is called, the other side gets the same words.
    void wordsArriveAsTheyWere()
    {
        QStringList words{u"printf"_s, u"%s\\0"_s};
        QStringList odd{QString(), u" "_s, u"a  b"_s, u"'"_s, u"it's"_s, u"\""_s, u"$HOME"_s, u"`id`"_s, u"$(id)"_s, u"\\"_s, u"a\nb"_s, u"*"_s, u"~"_s, u"!"_s, u"-x"_s, u"#"_s, u";id"_s, u"é🚀"_s};
        QRandomGenerator random(7);
        for (int i = 0; i < 200; ++i) {
            QString word;
            for (int at = random.bounded(20); at > 0; --at) {
                word += random.bounded(3) ? QChar(1 + random.bounded(126)) : QChar(0xa1 + random.bounded(0x500));
            }
            odd.append(word);
        }
        const auto command = sshCommand(host(), words + odd);
        QVERIFY(command);
        QProcess ssh;
        ssh.start(command->first(), command->sliced(1));
        QVERIFY(ssh.waitForFinished(30000));
        QVERIFY2(ssh.exitCode() == 0, QByteArray(ssh.readAllStandardError() + m_server.log().toUtf8()).constData());
        QStringList told = QString::fromUtf8(ssh.readAllStandardOutput()).split(QChar(0));
        told.removeLast();
        QCOMPARE(told, odd);
    }

    void connects()
    {
        ServeClient client(host(), ourProgram(), target());
        client.start();
        QTRY_VERIFY_WITH_TIMEOUT(client.isConnected(), 30000);
        QCOMPARE(client.link().host, m_server.address());
        QCOMPARE(client.link().version, QStringLiteral(CUTOVER_VERSION));
        QCOMPARE(client.link().attempts, 0);
        const auto view = QCoro::waitFor(client.status());
        QVERIFY(view);
        QCOMPARE(view->name, u"shelf"_s);
    }

    void unknownHostKey()
    {
        m_server.knowHost(path(u"home/.ssh/known_hosts"_s), {});
        ServeClient client(host(), ourProgram(), target());
        const Error error = failureOf(client);
        QCOMPARE(error.code, u"ssh.host_key_unknown"_s);
        QCOMPARE(error.kind, Error::Kind::Permanent);
        QVERIFY2(error.what().contains(m_server.address()), qPrintable(error.what()));
        QVERIFY2(error.hint().contains(u"ssh-keygen -lf"_s) && error.hint().contains(sshByHand(host())), qPrintable(error.hint()));
        // Nobody asks again before a person has looked.
        const int attempts = client.link().attempts;
        QTest::qWait(1000);
        QCOMPARE(client.link().attempts, attempts);
        QCOMPARE(client.link().nextMs, -1);
        QCOMPARE(ctl({u"--host"_s, m_server.address(), u"status"_s, u"--json"_s, u"--target"_s, target()})[u"error"][u"code"], u"ssh.host_key_unknown"_s);
        QVERIFY(SshServer::read(path(u"home/.ssh/known_hosts"_s)).isEmpty());

        // Who has looked goes on in the same window.
        m_server.knowHost(path(u"home/.ssh/known_hosts"_s), m_server.path(u"host_key.pub"_s));
        client.tryAgain();
        QTRY_VERIFY_WITH_TIMEOUT(client.isConnected(), 30000);
    }

    void changedHostKey()
    {
        SshServer::makeKey(path(u"other_key"_s));
        m_server.knowHost(path(u"home/.ssh/known_hosts"_s), path(u"other_key.pub"_s));
        ServeClient client(host(), ourProgram(), target());
        const Error error = failureOf(client);
        QCOMPARE(error.code, u"ssh.host_key_changed"_s);
        QCOMPARE(error.kind, Error::Kind::Permanent);
        QProcess keygen;
        keygen.start(u"ssh-keygen"_s, {u"-lf"_s, m_server.path(u"host_key.pub"_s)});
        QVERIFY(keygen.waitForFinished());
        const QString fingerprint = QString::fromUtf8(keygen.readAllStandardOutput()).section(u' ', 1, 1);
        QVERIFY(fingerprint.startsWith(u"SHA256:"));
        QVERIFY2(error.what().contains(fingerprint) && error.what().contains(path(u"home/.ssh/known_hosts"_s)), qPrintable(error.what()));
        QVERIFY2(error.hint().contains(u"ssh-keygen -R [127.0.0.1]:"_s), qPrintable(error.hint()));
        QCOMPARE(client.link().nextMs, -1);
        m_server.knowHost(path(u"home/.ssh/known_hosts"_s), m_server.path(u"host_key.pub"_s));
    }

    void keyThatNobodyKnows()
    {
        qputenv("CUTOVER_SSH_CONFIG", m_server.addPerson(path(u"stranger"_s), false).toLocal8Bit());
        ServeClient client(host(), ourProgram(), target());
        const Error error = failureOf(client);
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        QCOMPARE(error.code, u"ssh.denied"_s);
        QCOMPARE(error.kind, Error::Kind::Permanent);
        QVERIFY2(error.what().contains(u"publickey"_s) && error.hint().contains(u"ssh-add"_s), qPrintable(error.text()));
        QCOMPARE(client.link().nextMs, -1);
    }

    void missingProgram()
    {
        ServeClient client(host(u"/nowhere/cutoverctl"_s), ourProgram(), target());
        const Error error = failureOf(client);
        QCOMPARE(error.code, u"ssh.no_program"_s);
        QCOMPARE(error.kind, Error::Kind::Permanent);
        QVERIFY2(error.what().contains(u"/nowhere/cutoverctl"_s) && error.what().contains(m_server.address()), qPrintable(error.what()));
        QVERIFY2(error.hint().contains(u"cutover-cli"_s) && error.hint().contains(u"--remote-program"_s), qPrintable(error.hint()));

        SshServer::write(path(u"no-program"_s), "text\n");
        ServeClient other(host(path(u"no-program"_s)), ourProgram(), target());
        QCOMPARE(failureOf(other).code, u"ssh.not_executable"_s);
    }

    void anotherVersion()
    {
        const QString newer = script(u"newer"_s, R"(read -r hello
echo '{"id":1,"error":{"code":"serve.protocol","args":{"console":1,"server":9,"serverVersion":"9.9.9"}}}'; cat > /dev/null)");
        ServeClient client(host(newer), ourProgram(), target());
        const Error error = failureOf(client);
        QCOMPARE(error.code, u"serve.protocol"_s);
        for (const QString &part : {u"9.9.9"_s, QStringLiteral(CUTOVER_VERSION), u"protocol 9"_s, u"protocol %1"_s.arg(protocol::Version), m_server.address()}) {
            QVERIFY2(error.what().contains(part), qPrintable(error.what()));
        }
        QVERIFY2(error.hint().contains(u"cutover-cli "_s + QStringLiteral(CUTOVER_VERSION)), qPrintable(error.hint()));
        QCOMPARE(client.link().nextMs, -1);
        // And the other way round, by the real server.
        QProcess ssh;
        const auto command = sshCommand(host(), {ourProgram(), u"serve"_s, u"--stdio"_s, u"--target"_s, target()});
        ssh.start(command->first(), command->sliced(1));
        ssh.write("{\"id\":1,\"method\":\"hello\",\"params\":{\"protocol\":999}}\n");
        ssh.closeWriteChannel();
        QVERIFY(ssh.waitForFinished(30000));
        const QJsonObject answer = QJsonDocument::fromJson(ssh.readAllStandardOutput()).object();
        QCOMPARE(answer[u"error"][u"code"], u"serve.protocol"_s);
        QCOMPARE(answer[u"error"][u"args"][u"serverVersion"], QStringLiteral(CUTOVER_VERSION));
    }

    void hostThatCantBeReached()
    {
        QTcpServer port;
        QVERIFY(port.listen(QHostAddress::LocalHost));
        ControlHost gone = ControlHost::parse(u"127.0.0.1:%1"_s.arg(port.serverPort())).value();
        port.close();
        ServeClient client(gone, ourProgram(), target());
        const Error error = failureOf(client);
        QCOMPARE(error.code, u"ssh.unreachable"_s);
        QCOMPARE(error.kind, Error::Kind::Transient);
        QVERIFY2(error.what().contains(u"Connection refused"_s), qPrintable(error.what()));
        // It goes on trying.
        QTRY_VERIFY_WITH_TIMEOUT(client.link().attempts >= 3, 20000);
        int exitCode = 0;
        QCOMPARE(ctl({u"status"_s, u"--json"_s, u"--host"_s, gone.text(), u"--target"_s, target()}, &exitCode)[u"error"][u"code"], u"ssh.unreachable"_s);
        QCOMPARE(exitCode, 1);
    }

    void badConfiguration()
    {
        SshServer::write(path(u"bad-config"_s), "Host *\n  NoSuchThing yes\n");
        qputenv("CUTOVER_SSH_CONFIG", path(u"bad-config"_s).toLocal8Bit());
        ServeClient client(host(), ourProgram(), target());
        const Error error = failureOf(client);
        qputenv("CUTOVER_SSH_CONFIG", m_config.toLocal8Bit());
        QCOMPARE(error.code, u"ssh.configuration"_s);
        QVERIFY2(error.what().contains(path(u"bad-config"_s)), qPrintable(error.what()));
    }

    /// A link that is cut: what was asked fails as transient, and the console comes back by itself.
    void comesBackAfterALostLink()
    {
        ServeClient client(host(), ourProgram(), target());
        client.start();
        QTRY_VERIFY_WITH_TIMEOUT(client.isConnected(), 30000);
        QList<Error> losses;
        connect(&client, &EngineClient::connectionChanged, &client, [&losses](bool connected, const Error &error) {
            if (!connected) {
                losses.append(error);
            }
        });
        QVERIFY(m_server.dropLinks() > 0);
        QTRY_VERIFY_WITH_TIMEOUT(!losses.isEmpty(), 20000);
        QCOMPARE(losses.first().code, u"ssh.link_lost"_s);
        QCOMPARE(losses.first().kind, Error::Kind::Transient);
        QVERIFY(client.link().nextMs >= 0 || client.link().attempts > 0 || client.isConnected());
        QTRY_VERIFY_WITH_TIMEOUT(client.isConnected(), 30000);
        QVERIFY(QCoro::waitFor(client.status()));

        // The host does not answer for a while: attempts are counted, until one gets through.
        losses.clear();
        m_server.fail();
        QTRY_VERIFY_WITH_TIMEOUT(client.link().attempts >= 3, 30000);
        QCOMPARE(losses.last().code, u"ssh.unreachable"_s);
        QVERIFY(m_server.start().isEmpty());
        client.tryAgain();
        QTRY_VERIFY_WITH_TIMEOUT(client.isConnected(), 60000);
        QCOMPARE(client.link().attempts, 0);
    }

    void commandsRunOverThere()
    {
        int exitCode = -1;
        QByteArray output;
        const QStringList here{u"--host"_s, m_server.address(), u"--remote-program"_s, ourProgram()};
        ctl(here + QStringList{u"version"_s}, &exitCode, &output);
        QCOMPARE(exitCode, 0);
        QCOMPARE(output, "cutoverctl " CUTOVER_VERSION "\n");
        const QJsonObject status = ctl(here + QStringList{u"status"_s, u"--json"_s, u"--target="_s + target()}, &exitCode);
        QCOMPARE(status[u"name"].toString(status[u"target"][u"name"].toString()), u"shelf"_s);
        // Nothing of it runs, and its exit code says so here as it does over there.
        const QJsonObject local = ctl({u"status"_s, u"--json"_s, u"--target="_s + target()}, nullptr);
        QCOMPARE(status.keys(), local.keys());
        QCOMPARE(exitCode, 1);
        QCOMPARE(ctl(here + QStringList{u"status"_s, u"--json"_s, u"--target=nowhere.yaml"_s}, &exitCode)[u"error"][u"code"].toString().isEmpty(), false);
        QVERIFY(exitCode != 0);
        // What is wrong with the line is said here.
        QCOMPARE(ctl(here + QStringList{u"nonsense"_s, u"--json"_s}, &exitCode)[u"error"][u"code"], u"cli.unknown_command"_s);
        QCOMPARE(ctl({u"status"_s, u"--json"_s, u"--host=-oProxyCommand=id"_s}, &exitCode)[u"error"][u"code"], u"ssh.bad_host"_s);
        QCOMPARE(ctl({u"status"_s, u"--json"_s, u"--remote-program"_s, u"/x"_s}, &exitCode)[u"error"][u"code"], u"cli.remote_program"_s);
        // Who asks is told.
        qputenv("CUTOVER_OPERATOR", "kim");
        const QString asks = script(u"asks"_s, "printf '%s' \"$CUTOVER_OPERATOR\"");
        ctl({u"--host"_s, m_server.address(), u"--remote-program"_s, asks, u"status"_s}, &exitCode, &output);
        qunsetenv("CUTOVER_OPERATOR");
        QCOMPARE(output, "kim");
    }

    void shellMayPrint()
    {
        SshServer::write(path(u"greet"_s), "echo hello; printf '{'; exec sh -c \"$SSH_ORIGINAL_COMMAND\"\n");
        m_server.stop();
        m_server.options = "ForceCommand sh '" + path(u"greet"_s).toLocal8Bit() + "'\n";
        QVERIFY(m_server.start().isEmpty());
        ServeClient greeted(host(), ourProgram(), target());
        const Error well = failureOf(greeted);
        const bool isConnected = greeted.isConnected();
        // One that ends later without a word is no reason to give up.
        ServeClient ending(host(script(u"ends"_s, "read -r line; id=${line#*:}; printf '\\n{\"id\":%s,\"result\":{}}\\n' \"${id%%,*}\"; sleep 1; exit 0")), ourProgram(), target());
        const Error early = failureOf(ending);
        const bool wasConnected = ending.isConnected();
        Error later;
        connect(&ending, &EngineClient::connectionChanged, &ending, [&later](bool, const Error &lost) { later = later.code.isEmpty() ? lost : later; });
        const bool isTold = QTest::qWaitFor([&later] { return !later.code.isEmpty(); }, 20000);
        // What only prints is no console's other side.
        ServeClient alone(host(script(u"prints"_s, "exit 0")), ourProgram(), target());
        const Error error = failureOf(alone);
        m_server.stop();
        m_server.options.clear();
        QVERIFY(m_server.start().isEmpty());
        QVERIFY2(isConnected, qPrintable(well.text()));
        QCOMPARE(error.code, u"serve.bad_line"_s);
        QCOMPARE(error.kind, Error::Kind::Transient);
        QVERIFY2(wasConnected, qPrintable(early.text()));
        QVERIFY(isTold);
        QCOMPARE(later.code, u"serve.ended"_s);
        QCOMPARE(later.kind, Error::Kind::Transient);
    }

    /// What a long command says on the way is read on the way.
    void errorsComeAsTheyAreTold()
    {
        const QString slow = script(u"slow"_s, "echo 'on the way' >&2; sleep 20");
        QProcess process;
        process.setStandardInputFile(QProcess::nullDevice());
        process.setReadChannel(QProcess::StandardError);
        process.start(ourProgram(), {u"--host"_s, m_server.address(), u"--remote-program"_s, slow, u"status"_s});
        QByteArray told;
        const auto hears = [&] {
            told += process.readAllStandardError();
            return told.contains("on the way\n");
        };
        QTRY_VERIFY_WITH_TIMEOUT(hears(), 30000);
        QCOMPARE(process.state(), QProcess::Running);
        process.kill();
        QVERIFY(process.waitForFinished());
    }

    /// Nobody tries it again, and nothing says so.
    void commandWhoseLinkIsCut()
    {
        const QString slow = script(u"cut"_s, "echo begun; sleep 20");
        QProcess process;
        process.setStandardInputFile(QProcess::nullDevice());
        process.start(ourProgram(), {u"--host"_s, m_server.address(), u"--remote-program"_s, slow, u"service"_s, u"restart"_s, u"backend"_s});
        QTRY_VERIFY_WITH_TIMEOUT(process.bytesAvailable() > 0, 30000);
        QVERIFY(m_server.dropLinks() > 0);
        QVERIFY(process.waitForFinished(30000));
        const QByteArray told = process.readAllStandardError();
        QCOMPARE(process.exitCode(), 1);
        QVERIFY2(told.contains("was lost before the command had ended") && told.contains(QByteArray("cutoverctl --host " + m_server.address().toUtf8() + " status")) && !told.contains("tried again by itself"), told.constData());
    }

    /// Of a log that is followed a console that reads nothing loses lines, and the server does not keep them all.
    void consoleThatDoesNotRead()
    {
        const QString file = target();
        const QString log = path(u"state/logs/backend-1.log"_s);
        QVERIFY(QDir().mkpath(QFileInfo(log).path()));
        SshServer::write(log, "first\n");
        const QByteArray pipe = QFile::encodeName(path(u"unread"_s));
        QCOMPARE(::mkfifo(pipe.constData(), 0600), 0);
        QFile unread;
        const int fd = ::open(pipe.constData(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        QVERIFY(fd >= 0 && unread.open(fd, QIODevice::ReadWrite | QIODevice::Unbuffered, QFileDevice::AutoCloseHandle));
        QProcess server;
        server.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        server.setStandardOutputFile(path(u"unread"_s));
        server.start(ourProgram(), {u"serve"_s, u"--stdio"_s, u"--target"_s, file});
        QVERIFY(server.waitForStarted());
        server.write("{\"id\":1,\"method\":\"hello\",\"params\":{\"protocol\":" + QByteArray::number(protocol::Version) + "}}\n");
        server.write(R"({"id":2,"method":"service.logs","params":{"service":"backend","lines":100,"follow":true}})"
                     "\n");
        QByteArray output;
        const auto hears = [&](const QByteArray &words) {
            QByteArray piece(1 << 20, Qt::Uninitialized);
            for (ssize_t got = 0; (got = ::read(fd, piece.data(), size_t(piece.size()))) > 0;) {
                output += piece.first(got);
            }
            return output.contains(words);
        };
        QTRY_VERIFY_WITH_TIMEOUT(hears("first"), 30000);
        const auto memory = [&server]() -> qint64 {
            const QByteArray status = SshServer::read(u"/proc/%1/status"_s.arg(server.processId()));
            return status.sliced(status.indexOf("VmRSS:") + 6).trimmed().split(' ').first().toLongLong() << 10;
        };
        const qint64 before = memory();
        constexpr qint64 much = 200 << 20;
        constexpr int longLine = 8000;
        {
            QFile more(log);
            QVERIFY(more.open(QIODevice::Append));
            const QByteArray line = QByteArray(longLine, 'x') + '\n';
            for (qint64 written = 0; written < much; written += line.size()) {
                more.write(line);
            }
            more.write("the last of many\n");
        }
        // It goes through all of it, and on.
        const auto readTo = [&server] { return SshServer::read(u"/proc/%1/io"_s.arg(server.processId())).split('\n').value(0).split(' ').value(1).toLongLong(); };
        QTRY_VERIFY_WITH_TIMEOUT(readTo() > much, 60000);
        QTest::qWait(1000);
        const qint64 grown = memory() - before;
        QVERIFY2(grown < 100 << 20, QByteArray::number(grown));
        // Once it reads again it is told, with what comes then.
        QTRY_VERIFY_WITH_TIMEOUT(!hears("nothing of the kind") && server.state() == QProcess::Running && output.size() > 8 << 20, 30000);
        QFile more(log);
        QVERIFY(more.open(QIODevice::Append) && more.write("after it\n") > 0 && more.flush());
        QTRY_VERIFY_WITH_TIMEOUT(hears("after it"), 30000);
        QVERIFY(output.contains("\"leftOut\":"));
        server.closeWriteChannel();
        QVERIFY(server.waitForFinished(30000));
    }

    /// Sentences of ssh that no sshd here says.
    void otherWords_data()
    {
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QByteArray>("output");
        QTest::addColumn<QString>("code");
        QTest::newRow("name") << 255 << QByteArray("ssh: Could not resolve hostname nowhere.invalid: Name or service not known\r\n") << u"ssh.unknown_name"_s;
        QTest::newRow("time-out") << 255 << QByteArray("ssh: connect to host 192.0.2.1 port 22: Connection timed out\r\n") << u"ssh.unreachable"_s;
        QTest::newRow("keepalive") << 255 << QByteArray("Timeout, server control not responding.\r\n") << u"ssh.link_lost"_s;
        QTest::newRow("reset") << 255 << QByteArray("client_loop: send disconnect: Broken pipe\r\n") << u"ssh.link_lost"_s;
        QTest::newRow("penalty") << 255 << QByteArray("kex_exchange_identification: Connection closed by remote host\r\nConnection closed by 192.0.2.1 port 22\r\n") << u"ssh.unreachable"_s;
        QTest::newRow("too many keys") << 255 << QByteArray("Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\r\nDisconnected from 192.0.2.1 port 22\r\n")
                                       << u"ssh.denied"_s;
        QTest::newRow("revoked") << 255 << QByteArray("@ WARNING: REVOKED HOST KEY DETECTED! @\r\nThe ED25519 host key for control is marked as revoked in /etc/ssh/revoked\r\nHost key verification failed.\r\n")
                                 << u"ssh.host_key_revoked"_s;
        QTest::newRow("no words") << 255 << QByteArray() << u"ssh.link_lost"_s;
        QTest::newRow("banner that speaks of permission") << 255 << QByteArray("Permission denied (to all who should not be here)\r\nConnection to control closed by remote host.\r\n")
                                                          << u"ssh.link_lost"_s;
        QTest::newRow("the program's own") << 3 << QByteArray("Permission denied (publickey).\n") << QString();
        QTest::newRow("success") << 0 << QByteArray() << QString();
    }
    void otherWords()
    {
        QFETCH(int, exitCode);
        QFETCH(QByteArray, output);
        QFETCH(QString, code);
        const Error error = sshFailure(ControlHost::parse(u"control"_s).value(), exitCode, output);
        QCOMPARE(error.code, code);
        if (!code.isEmpty()) {
            QVERIFY2(!error.what().contains(u"%{"_s) && !error.hint().contains(u"%{"_s), qPrintable(error.text()));
        }
    }
};

QTEST_GUILESS_MAIN(ControlHostTest)
#include "controlhosttest.moc"
