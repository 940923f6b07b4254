// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/serveclient.h"
#include "serve/jsonlines.h"
#include "serve/protocol.h"
#include "serve/session.h"
#include "tests/support/otherprocess.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <csignal>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

struct Connection {
    bool connected = false;
    QString code;
};

/// What a client says of its link.
class Watch : public QObject
{
public:
    explicit Watch(EngineClient &client)
    {
        connect(&client, &EngineClient::connectionChanged, this, [this](bool connected, const Error &error) {
            history.append({connected, error.code});
            last = error;
        });
        connect(&client, &EngineClient::jobTold, this, [this](const QString &job, const QString &state, const QJsonObject &what) {
            jobs.append(QString(job + u' ' + state + u' ' + what[u"code"].toString()));
        });
    }
    int connects() const
    {
        return int(std::count_if(history.cbegin(), history.cend(), [](const Connection &entry) { return entry.connected; }));
    }
    QList<Connection> history;
    Error last;
    QStringList jobs;
};

} // namespace

/** The console's end against servers of a shell script that say what a test wants, and both ends against the real one. */
class ServeClientTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    void write(const QString &name, const QByteArray &content)
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write(content);
    }
    QByteArray read(const QString &name) const
    {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static QString program() { return qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/cutoverctl"_s; }
    /// A target that nothing runs of; enough to be served.
    QString target()
    {
        if (!QFile::exists(path(u"target.yaml"_s))) {
            write(u"release.pub"_s, "untrusted comment: minisign public key 0\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n");
            write(u"target.yaml"_s,
                  "schema: 1\n"
                  "name: shelf\n"
                  "product: trading\n"
                  "environment: staging\n"
                  "state: state\n"
                  "releases: releases\n"
                  "repository: {url: repository, keys: [release.pub]}\n"
                  "services:\n"
                  "  - name: backend\n"
                  "    instances: [{name: backend-1, port: 18080}]\n"
                  "    command: [run, \"{port}\"]\n"
                  "    health: {http: \"http://127.0.0.1:{port}/\"}\n");
        }
        return path(u"target.yaml"_s);
    }
    QStringList script(const QString &text) const { return {u"/bin/sh"_s, u"-c"_s, text, u"sh"_s, m_folder.path()}; }
    /// Greets, then does what text says.
    QStringList greeting(const QString &text) const
    {
        return script(uR"(echo $$ >> "$1/pids"; read -r hello; echo "$hello" >> "$1/said"
id=${hello%%,*}; id=${id##*:}; printf '{"id":%s,"result":{"protocol":1}}\n' "$id"
)"_s + text);
    }

private Q_SLOTS:
    void initTestCase()
    {
        // A home folder of its own, so that no session of ours stays in the developer's.
        qputenv("XDG_CONFIG_HOME", m_folder.filePath(u"config"_s).toLocal8Bit());
        qputenv("HOME", m_folder.path().toLocal8Bit());
        QCoreApplication::setApplicationName(u"cutover"_s);
    }
    void init()
    {
        QFile::remove(path(u"pids"_s));
        QFile::remove(path(u"said"_s));
    }

    void sessionIsOfTheHomeFolder()
    {
        const QString session = consoleSession();
        QVERIFY(session.size() >= 16);
        QCOMPARE(consoleSession(), session);
        const QString file = QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) + u"/session"_s;
        QVERIFY(QFile::exists(file));
        QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());

        const QByteArray before = qgetenv("XDG_CONFIG_HOME");
        qputenv("XDG_CONFIG_HOME", m_folder.filePath(u"other"_s).toLocal8Bit());
        QVERIFY(consoleSession() != session);
        // Where nothing can be written there is one all the same.
        qputenv("XDG_CONFIG_HOME", "/proc/nowhere");
        QVERIFY(consoleSession().size() >= 16);
        qputenv("XDG_CONFIG_HOME", before);
        QCOMPARE(consoleSession(), session);
    }

    void greetsWithProtocolAndSession()
    {
        ServeClient client(greeting(u"cat > /dev/null"_s));
        Watch watch(client);
        QCOMPARE(QCoro::waitFor(client.status()).error().code, u"serve.not_connected"_s);
        client.start();
        QTRY_VERIFY(client.isConnected());
        const QJsonObject hello = QJsonDocument::fromJson(read(u"said"_s)).object();
        QCOMPARE(hello[u"method"], u"hello"_s);
        QCOMPARE(hello[u"params"][u"protocol"], protocol::Version);
        QCOMPARE(hello[u"params"][u"session"], consoleSession());
        QCOMPARE(watch.history.size(), 1);
    }

    /// Another protocol: the reason is told once, and nothing is tried again.
    void staysAwayFromAnotherProtocol()
    {
        ServeClient client(script(uR"(echo x >> "$1/pids"; read -r hello; id=${hello%%,*}; id=${id##*:}
printf '{"id":%s,"error":{"code":"serve.protocol","args":{"console":1,"server":9,"serverVersion":"9.9.9"}}}\n' "$id"; cat > /dev/null)"_s));
        Watch watch(client);
        client.start();
        QTRY_COMPARE(watch.history.size(), 1);
        QCOMPARE(watch.history[0].connected, false);
        QCOMPARE(watch.history[0].code, u"serve.protocol"_s);
        for (const QString &part : {u"9.9.9"_s, QStringLiteral(CUTOVER_VERSION), u"protocol 9"_s, u"protocol %1"_s.arg(protocol::Version)}) {
            QVERIFY2(watch.last.what().contains(part), qPrintable(watch.last.what()));
        }
        QVERIFY2(watch.last.hint().contains(u"cutover-cli "_s + QStringLiteral(CUTOVER_VERSION)), qPrintable(watch.last.hint()));
        QCOMPARE(client.link().nextMs, -1);
        QTest::qWait(600);
        QCOMPARE(read(u"pids"_s), "x\n");
        QVERIFY(!client.isConnected());
        // Once somebody has installed the right one.
        client.tryAgain();
        QTRY_COMPARE(watch.history.size(), 2);
        QCOMPARE(read(u"pids"_s), "x\nx\n");
    }

    void reconnectsWithBackOffWhenTheServerIsKilled()
    {
        ServeClient client(greeting(u"exec sleep 60"_s));
        Watch watch(client);
        client.start();
        QTRY_VERIFY(client.isConnected());
        for (int round = 1; round <= 2; ++round) {
            const qint64 pid = read(u"pids"_s).trimmed().split('\n').last().toLongLong();
            QVERIFY(pid > 1);
            // A call that nobody answers fails at once when the link goes, and does not hang.
            auto pending = client.call(u"status"_s);
            QVERIFY(!pending.isReady());
            QCOMPARE(::kill(pid_t(pid), SIGKILL), 0);
            const auto answer = QCoro::waitFor(std::move(pending));
            QVERIFY(!answer);
            QVERIFY2(answer.error().code.startsWith(u"serve.ended"_s), qPrintable(answer.error().code));
            QCOMPARE(answer.error().kind, Error::Kind::Transient);
            QCOMPARE(QCoro::waitFor(client.call(u"status"_s)).error().code, u"serve.not_connected"_s);
            QTRY_COMPARE(watch.connects(), round + 1);
            QVERIFY(client.isConnected());
        }
        // The same console each time.
        for (const QByteArray &line : read(u"said"_s).trimmed().split('\n')) {
            QCOMPARE(QJsonDocument::fromJson(line).object()[u"params"][u"session"], consoleSession());
        }
    }

    void waitsLongerEachTime()
    {
        ServeClient client(script(uR"(date +%s%3N >> "$1/pids"; echo "no such host" >&2; exit 255)"_s));
        Watch watch(client);
        client.start();
        QTRY_VERIFY_WITH_TIMEOUT(read(u"pids"_s).count('\n') >= 4, 15000);
        QList<qint64> times;
        for (const QByteArray &line : read(u"pids"_s).trimmed().split('\n')) {
            times.append(line.toLongLong());
        }
        // 250, 500 and 1000 ms, as exact as the event loop's timers and a process's start are.
        QVERIFY2(times[1] - times[0] >= 200, qPrintable(QString::number(times[1] - times[0])));
        QVERIFY2(times[2] - times[1] >= 400, qPrintable(QString::number(times[2] - times[1])));
        QVERIFY2(times[3] - times[2] >= 800, qPrintable(QString::number(times[3] - times[2])));
        QCOMPARE(watch.history.last().connected, false);
        QCOMPARE(watch.history.last().code, u"serve.ended_saying"_s);
    }

    void saysWhyNothingStarts()
    {
        ServeClient client({u"/nowhere/cutoverctl"_s});
        Watch watch(client);
        client.start();
        QTRY_VERIFY(!watch.history.isEmpty());
        QCOMPARE(watch.history[0].code, u"serve.start_failed"_s);
    }

    void endsAServerThatTalksNonsense()
    {
        ServeClient client(greeting(u"echo 'Have a nice day'; echo '{\"notify\":\"changed\",\"topics\":[\"runs\"]}'; exec sleep 60"_s));
        Watch watch(client);
        client.start();
        QTRY_VERIFY(std::any_of(watch.history.cbegin(), watch.history.cend(), [](const Connection &entry) {
            return entry.code == u"serve.bad_line";
        }));
        const qint64 first = read(u"pids"_s).split('\n').first().toLongLong();
        QVERIFY(::kill(pid_t(first), 0) != 0);
    }

    /// What a dead server worked on for us has failed; what another server answers to an old question is nobody's.
    void dropsWhatIsStale()
    {
        ServeClient client(greeting(uR"(read -r start; id=${start%%,*}; id=${id##*:}
printf '{"id":%s,"result":{"job":"j1"}}\n' "$id"
echo '{"notify":"job","job":"j1","state":"progress","what":{"done":1}}'
echo '{"id":4711,"result":{"stale":true}}'
exec sleep 60)"_s));
        Watch watch(client);
        client.start();
        QTRY_VERIFY(client.isConnected());
        const auto job = QCoro::waitFor(client.startChecks(u"1.2.1"_s));
        QVERIFY(job);
        QCOMPARE(*job, u"j1"_s);
        QTRY_COMPARE(watch.jobs, QStringList{u"j1 progress "_s});
        QVERIFY(client.isConnected());
        ::kill(pid_t(read(u"pids"_s).trimmed().toLongLong()), SIGKILL);
        QTRY_COMPARE(watch.jobs.size(), 2);
        QVERIFY2(watch.jobs[1].startsWith(u"j1 failed serve.ended"_s), qPrintable(watch.jobs[1]));
        QTRY_COMPARE(watch.connects(), 2);
    }

    void saysGoodbyeWhenItIsClosed()
    {
        {
            ServeClient client(greeting(uR"(read -r bye; echo "$bye" >> "$1/said")"_s));
            client.start();
            QTRY_VERIFY(client.isConnected());
        }
        QTRY_VERIFY2(read(u"said"_s).contains("\"bye\""), read(u"said"_s));
    }

    /// A server that doesn't end, and one that is still being greeted: closing waits for neither, and the first is ended later.
    void closingNeverWaits()
    {
        // The shortest of three: others may be at work on the machine.
        QMap<bool, qint64> shortest{{true, 10000}, {false, 10000}};
        for (const bool greeted : {true, true, true, false, false, false}) {
            QFile::remove(path(u"pids"_s));
            auto client = std::make_unique<ServeClient>(greeted ? greeting(u"trap '' TERM; while true; do sleep 1; done"_s)
                                                                : script(uR"(echo $$ >> "$1/pids"; while true; do sleep 1; done)"_s));
            client->start();
            QTRY_VERIFY(greeted ? client->isConnected() : !read(u"pids"_s).isEmpty());
            QElapsedTimer timer;
            timer.start();
            client.reset();
            shortest[greeted] = std::min(shortest[greeted], timer.elapsed());
            const pid_t pid = pid_t(read(u"pids"_s).trimmed().toLongLong());
            QVERIFY(pid > 0);
            QTRY_VERIFY_WITH_TIMEOUT(::kill(pid, 0) != 0, 10000);
        }
        QVERIFY2(shortest[true] < 16 && shortest[false] < 16, qPrintable(u"%1 ms, %2 ms"_s.arg(shortest[true]).arg(shortest[false])));
    }

    /// Consoles that are started at once, the first of their home, agree on one session without waiting for each other.
    void sessionsMadeAtOnceAreOne()
    {
        const QByteArray before = qgetenv("XDG_CONFIG_HOME");
        qputenv("XDG_CONFIG_HOME", m_folder.filePath(u"atonce"_s).toLocal8Bit());
        const QString file = QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) + u"/session"_s;
        for (int round = 0; round < 20; ++round) {
            QFile::remove(file);
            std::vector<std::unique_ptr<testing::OtherProcess>> others;
            for (int i = 0; i < 4; ++i) {
                others.push_back(std::make_unique<testing::OtherProcess>([this, i] {
                    QFile told(path(u"session%1"_s.arg(i)));
                    (void)(told.open(QIODevice::WriteOnly | QIODevice::Truncate) && told.write(consoleSession().toLatin1()));
                }));
            }
            for (const auto &other : others) {
                QCOMPARE(other->wait(), 0);
            }
            const QByteArray kept = read(u"session0"_s);
            QVERIFY(kept.size() >= 16);
            for (int i = 1; i < 4; ++i) {
                QCOMPARE(read(u"session%1"_s.arg(i)), kept);
            }
        }
        QCOMPARE(QFileInfo(file).dir().entryList(QDir::Files), QStringList{u"session"_s});
        // One that was damaged is made anew.
        QVERIFY(QFile::resize(file, 0));
        QVERIFY(consoleSession().size() >= 16);
        QCOMPARE(consoleSession(), consoleSession());
        qputenv("XDG_CONFIG_HOME", before);
    }

    // The real server, spoken to byte by byte.

    void serverRefusesAnotherProtocolAndServesNothing()
    {
        QProcess server;
        server.start(program(), {u"serve"_s, u"--stdio"_s, u"--target"_s, target()});
        const auto ask = [&server](const QByteArray &line) {
            server.write(line + '\n');
            QElapsedTimer timer;
            timer.start();
            QByteArray answer;
            while (answer.trimmed().isEmpty() && timer.elapsed() < 20000 && server.state() != QProcess::NotRunning) {
                if (!server.canReadLine()) {
                    server.waitForReadyRead(500);
                }
                answer = server.canReadLine() ? server.readLine() : QByteArray();
            }
            return QJsonDocument::fromJson(answer).object();
        };
        QCOMPARE(ask(R"({"id":1,"method":"status"})")[u"error"][u"code"], u"serve.not_greeted"_s);
        const QJsonObject other = ask(R"({"id":2,"method":"hello","params":{"protocol":999,"session":"s"}})");
        QCOMPARE(other[u"id"], 2);
        QCOMPARE(other[u"error"][u"code"], u"serve.protocol"_s);
        QCOMPARE(other[u"error"][u"args"][u"console"], 999);
        QCOMPARE(other[u"error"][u"args"][u"server"], protocol::Version);
        QCOMPARE(ask(R"({"id":3,"method":"runs"})")[u"error"][u"code"], u"serve.not_greeted"_s);
        QCOMPARE(ask("not JSON at all")[u"error"][u"code"], u"serve.bad_line"_s);
        QCOMPARE(ask(R"({"id":4,"method":"hello","params":{}})")[u"error"][u"code"], u"serve.protocol"_s);
        const QJsonObject hello = ask(R"({"id":5,"method":"hello","params":{"protocol":1,"session":"s"}})");
        QCOMPARE(hello[u"id"], 5);
        QCOMPARE(hello[u"result"][u"protocol"], protocol::Version);
        server.closeWriteChannel();
        QVERIFY(server.waitForFinished(10000));
        QCOMPARE(server.exitCode(), 0);
    }

    /// Two consoles of two homes on one control host, and what becomes of the conn when one is closed.
    void connBelongsToASession()
    {
        const QStringList command{program(), u"serve"_s, u"--stdio"_s, u"--target"_s, target()};
        auto first = std::make_unique<ServeClient>(command);
        const QByteArray home = qgetenv("XDG_CONFIG_HOME");
        qputenv("XDG_CONFIG_HOME", m_folder.filePath(u"second"_s).toLocal8Bit());
        ServeClient second(command);
        qputenv("XDG_CONFIG_HOME", home);
        first->start();
        second.start();
        QTRY_VERIFY_WITH_TIMEOUT(first->isConnected() && second.isConnected(), 20000);

        QVERIFY(QCoro::waitFor(first->takeConn(false, {})));
        QVERIFY(QCoro::waitFor(first->status())->connOurs);
        QVERIFY(!QCoro::waitFor(second.status())->connOurs);
        QCOMPARE(QCoro::waitFor(second.takeConn(false, {})).error().code, u"journal.conn_held"_s);

        // Closed, without a run: it is free again.
        first.reset();
        QTRY_COMPARE(QCoro::waitFor(second.status())->connHolder, QString());
        QVERIFY(QCoro::waitFor(second.takeConn(false, {})));

        // Killed, it keeps the conn, and finds it again when it comes back.
        first = std::make_unique<ServeClient>(command);
        first->start();
        QTRY_VERIFY_WITH_TIMEOUT(first->isConnected(), 20000);
        QVERIFY(QCoro::waitFor(first->takeConn(true, u"yours for a minute"_s)));
        QCOMPARE(QCoro::waitFor(second.status())->connNote, u"yours for a minute"_s);
        const auto audit = QCoro::waitFor(second.call(u"audit"_s));
        QVERIFY(audit);
        QCOMPARE((*audit)[u"intact"], true);
        const QJsonObject newest = (*audit)[u"rows"].toArray().first().toObject();
        QCOMPARE(newest[u"what"], u"conn.taken_over"_s);
        QCOMPARE(newest[u"args"][u"note"], u"yours for a minute"_s);
    }

    void statusIsQuickWhenNothingRuns()
    {
        ServeClient client({program(), u"serve"_s, u"--stdio"_s, u"--target"_s, target()});
        client.start();
        QTRY_VERIFY_WITH_TIMEOUT(client.isConnected(), 20000);
        qint64 best = 100000;
        for (int i = 0; i < 5; ++i) {
            QElapsedTimer timer;
            timer.start();
            const auto view = QCoro::waitFor(client.status());
            best = std::min(best, timer.elapsed());
            QVERIFY(view);
            QCOMPARE(view->name, u"shelf"_s);
            QCOMPARE(view->health, u"unknown"_s);
            QVERIFY(!view->problem.code.isEmpty());
        }
        QVERIFY2(best < 300, qPrintable(QString::number(best)));
    }
};

QTEST_GUILESS_MAIN(ServeClientTest)
#include "serveclienttest.moc"
