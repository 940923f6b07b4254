// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Two backends that are processes behind a real nginx: updated by real runs while somebody asks all the time.

#include "deploy/nginx.h"
#include "balancedsystem.h"
#include "deploy/nginxconfiguration.h"
#include "deploy/nginxprocesses.h"
#include "stepbench.h"

#include <QTimer>

#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class NginxTest : public BalancedSystem
{
    Q_OBJECT

    std::unique_ptr<QProcess> m_nginx;
    std::unique_ptr<WebSocketBackend> m_sockets;

    QString upstreamFile() const { return path(u"upstreams/app.conf"_s); }
    QString pendingFile() const { return path(u"upstreams/.app.cutover-pending"_s); }
    QString broken() const { return path(u"others/somebody.conf"_s); }

    void startNginx()
    {
        m_nginx = std::make_unique<QProcess>();
        m_nginx->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_nginx->start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"nginx"_s, {u"/usr/sbin"_s}), u"-c"_s, path(u"nginx.conf"_s)});
        QVERIFY(m_nginx->waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(nginxMaster(path(u"nginx.pid"_s)).has_value(), 10000);
        QTRY_VERIFY_WITH_TIMEOUT(ask(m_front, "/version").startsWith("HTTP/1.1 200"), 10000);
    }
    void stopNginx()
    {
        if (m_nginx) {
            m_nginx->terminate();
            QVERIFY(m_nginx->waitForFinished());
        }
    }
    void bothRun(const QString &version)
    {
        bothServe(version);
        QVERIFY(!QFile::exists(pendingFile()));
    }

public:
    /// "state TARGET drain|ready|add|remove": the change alone, in a process that can be killed.
    static int runAlone(const QStringList &arguments)
    {
        if (arguments.value(1) != u"state") {
            return BalancedSystem::runAlone(arguments);
        }
        const auto target = Target::load(arguments.value(2));
        const auto nginx = target ? BalancerRegistry::create(*target) : Result<std::shared_ptr<Balancer>>(std::unexpected(target.error()));
        const QString verb = arguments.value(3);
        const auto change = [&verb](const Balancer &balancer) {
            if (verb == u"add") {
                return balancer.addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, 9);
            }
            if (verb == u"remove") {
                return balancer.removeServer(u"app"_s, u"backend-3"_s);
            }
            return balancer.setState(u"app"_s, u"backend-1"_s, verb == u"drain" ? Balancer::State::Drain : Balancer::State::Ready);
        };
        const auto done = nginx ? QCoro::waitFor(change(**nginx)) : Result<>(std::unexpected(nginx.error()));
        QTextStream(stderr) << (done ? QString() : done.error().text() + u'\n');
        return done ? 0 : 1;
    }

private:
    /// Its exit code; -1: killed.
    int changeState(const QString &state, const QString &fault)
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        if (!fault.isEmpty()) {
            environment.insert(u"CUTOVER_FAULT"_s, fault);
        }
        process.setProcessEnvironment(environment);
        process.start(QCoreApplication::applicationFilePath(), {u"state"_s, m_target.path, state});
        process.waitForFinished();
        return process.exitStatus() == QProcess::CrashExit ? -1 : process.exitCode();
    }

private Q_SLOTS:
    void initTestCase()
    {
        makeReleases();
        QByteArray servers = "# The backends of the test.\n";
        for (int i = 0; i < 2; ++i) {
            servers += "server 127.0.0.1:" + QByteArray::number(m_ports[i]) + " max_fails=0; # backend-" + QByteArray::number(i + 1) + "\n";
        }
        writeFile(upstreamFile(), servers);
        m_sockets = std::make_unique<WebSocketBackend>();
        writeFile(path(u"upstreams/sockets.conf"_s), "server 127.0.0.1:" + QByteArray::number(m_sockets->port()) + "; # ws-1\n");
        QVERIFY(QDir().mkpath(path(u"others"_s)));
        QVERIFY(QDir().mkpath(path(u"late"_s)));
        QByteArray configuration = "daemon off;\nworker_processes 2;\npid " + path(u"nginx.pid"_s).toUtf8() + ";\nerror_log " + path(u"error.log"_s).toUtf8()
            + " notice;\nevents {}\nhttp {\n    access_log off;\n";
        if (::geteuid() == 0) {
            configuration.prepend("user root;\n"); // The folder is the tester's own.
        }
        for (const auto *temporary : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            configuration += QByteArray("    ") + temporary + "_temp_path " + path(QLatin1StringView(temporary) + u"-temp"_s).toUtf8() + ";\n";
        }
        configuration += "    include " + path(u"others/*.conf"_s).toUtf8() + ";\n    upstream app {\n        include " + upstreamFile().toUtf8()
            + ";\n    }\n    upstream sockets {\n        include " + path(u"upstreams/sockets.conf"_s).toUtf8()
            + ";\n    }\n    include " + path(u"late/*.conf"_s).toUtf8() + ";\n    server {\n        listen 127.0.0.1:" + QByteArray::number(m_front)
            + ";\n        add_header X-Upstream $upstream_addr;\n        error_page 502 503 =503 @maintenance;\n"
              "        location / { proxy_pass http://app; proxy_buffering off; }\n"
              "        location /static/ { root "
            + m_folder->path().toUtf8() + "; }\n"
                                          "        location /socket { proxy_pass http://sockets; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection Upgrade; }\n"
                                          "        location @maintenance { return 503 \"back soon\"; }\n    }\n}\n";
        writeFile(path(u"nginx.conf"_s), configuration);
        // Tests the configuration only once the file "wait" is gone.
        writeFile(path(u"nginx"_s), "#!/bin/sh\nwhile [ \"$1\" = -T ] && [ -e " + path(u"wait"_s).toUtf8() + " ]; do sleep 0.05; done\nPATH=$PATH:/usr/sbin exec nginx \"$@\"\n");
        QVERIFY(QFile::setPermissions(path(u"nginx"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
        startBackends("{kind: nginx, configuration: nginx.conf, upstreams: upstreams, pid_file: nginx.pid, program: ./nginx}");
        startNginx();
    }

    void cleanupTestCase()
    {
        stopNginx();
        m_nginx.reset();
        m_sockets.reset();
        stopBackends();
    }

    void knowsWhatNginxSays()
    {
        const auto configuration = NginxConfiguration::parse("# configuration file /etc/nginx/nginx.conf:\nuser x;\npid  '/run/a b.pid' ;\n\n# configuration file /srv/app.conf:\nserver x;\n");
        QCOMPARE(configuration.files, QStringList({u"/etc/nginx/nginx.conf"_s, u"/srv/app.conf"_s}));
        QCOMPARE(configuration.pidFile, u"/run/a b.pid"_s);
        QVERIFY(configuration.includes(u"/srv/app.conf"_s) && !configuration.includes(u"/srv/ap.conf"_s));
        const QByteArray built = "configure arguments: --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --pid-path=/run/nginx.pid";
        const QString likely = u"/srv/my site/nginx.conf"_s;
        QCOMPARE(NginxCall::parse("nginx: master process /usr/sbin/nginx -g daemon on; master_process on;", built, likely).configuration, u"/etc/nginx/nginx.conf"_s);
        QVERIFY(NginxCall::parse("nginx: master process nginx -g daemon on;", built, likely).hasDirectives);
        QCOMPARE(NginxCall::parse("nginx: master process nginx -c /srv/my site/nginx.conf", built, likely).configuration, likely);
        QCOMPARE(NginxCall::parse("nginx: master process nginx -c/srv/x.conf", built, likely).configuration, u"/srv/x.conf"_s);
        const NginxCall moved = NginxCall::parse("nginx: master process nginx -p /srv/web/ -c conf/x.conf", built, likely);
        QCOMPARE(moved.configuration, u"/srv/web/conf/x.conf"_s);
        QCOMPARE(moved.prefix, u"/srv/web/"_s);
        QCOMPARE(moved.pidFile, u"/run/nginx.pid"_s);
    }

    void configurationWithoutOurFile()
    {
        QVERIFY2(check().status == CheckResult::Status::Passed, qPrintable(check().finding.text()));
        const QByteArray content = readFile(path(u"nginx.conf"_s));
        const QByteArray servers = readFile(upstreamFile());
        QByteArray own = content;
        own.replace(QByteArray("include " + upstreamFile().toUtf8()), QByteArray("server 127.0.0.1:" + QByteArray::number(m_ports[0])));
        QVERIFY(own != content);
        writeFile(path(u"nginx.conf"_s), own);
        QCOMPARE(check().error.code, u"nginx.not_included"_s);
        QVERIFY2(check().error.text().contains(u"upstream app { include "_s + upstreamFile()), qPrintable(check().error.text()));
        // Nor is anything changed that would change nothing.
        const auto changed = QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain));
        QVERIFY(!changed);
        QCOMPARE(changed.error().code, u"nginx.not_included"_s);
        QCOMPARE(readFile(upstreamFile()), servers);
        own = content;
        own.replace("nginx.pid;", "another.pid;");
        writeFile(path(u"nginx.conf"_s), own);
        QCOMPARE(check().error.code, u"nginx.other_pid_file"_s);
        writeFile(path(u"nginx.conf"_s), content);
        QVERIFY2(check().status == CheckResult::Status::Passed, qPrintable(check().finding.text()));
    }

    void runsByAnotherConfiguration()
    {
        BalancerSpec spec = m_target.balancer;
        spec.configurationFile = path(u"other.conf"_s);
        writeFile(spec.configurationFile, readFile(path(u"nginx.conf"_s)));
        const auto checked = QCoro::waitFor(Nginx(spec, {u"app"_s}, {}).check({}));
        QVERIFY(!checked);
        QCOMPARE(checked.error().code, u"nginx.other_configuration"_s);
        QVERIFY2(checked.error().text().contains(path(u"nginx.conf"_s)), qPrintable(checked.error().text()));
    }

    /// A body that is still coming has no server yet; the worker that takes it knows only those of before.
    void uploadIsWaitedFor()
    {
        QTcpSocket upload;
        upload.connectToHost(u"127.0.0.1"_s, m_front);
        upload.write("POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        // From here on it is a request that nginx works on.
        QVERIFY(upload.waitForReadyRead(5000));
        QVERIFY(upload.readAll().startsWith("HTTP/1.1 100"));
        upload.write("01234");
        QVERIFY(upload.waitForBytesWritten(5000));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain)));
        QTRY_COMPARE_WITH_TIMEOUT(server(u"backend-1"_s).sessions, 1, 5000);
        const auto left = QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-1"_s, 500, {}));
        QVERIFY(!left);
        QCOMPARE(left.error().code, u"balancer.sessions_left"_s);
        upload.write("56789");
        QByteArray answer;
        while (upload.waitForReadyRead(10000)) {
            answer += upload.readAll();
        }
        QVERIFY2(answer.startsWith("HTTP/1.1 ") && !answer.startsWith("HTTP/1.1 503"), answer.left(200).constData());
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-1"_s, 10000, {})));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));
    }

    /// Who takes a file of nginx's own, and slowly, keeps a worker from its end and needs no server: he is no session of one that is drained.
    void slowDownloadIsNotWaitedFor()
    {
        writeFile(path(u"static/big"_s), QByteArray(64 << 20, 'x'));
        const auto begun = [](QTcpSocket *socket, quint16 port, const QByteArray &request) {
            socket->setReadBufferSize(64);
            socket->connectToHost(u"127.0.0.1"_s, port);
            socket->write(request);
            return socket->waitForReadyRead(5000);
        };
        QTcpSocket download;
        QVERIFY(begun(&download, m_front, "GET /static/big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        QVERIFY(download.readAll().startsWith("HTTP/1.1 200"));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain)));
        const qint64 master = VALUE(nginxMaster(path(u"nginx.pid"_s)));
        QTRY_VERIFY_WITH_TIMEOUT(std::ranges::any_of(nginxWorkers(master), &NginxWorker::leaving), 5000);
        QTRY_COMPARE_WITH_TIMEOUT(server(u"backend-1"_s).sessions, 0, 5000);
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-1"_s, 1000, {})));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));

        // Beside him another one's upload is waited for.
        QTcpSocket second;
        QVERIFY(begun(&second, m_front, "GET /static/big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        QTcpSocket upload;
        QVERIFY(begun(&upload, m_front, "POST /version HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain)));
        const auto left = QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-1"_s, 500, {}));
        QVERIFY(!left);
        QCOMPARE(left.error().code, u"balancer.sessions_left"_s);
        QCOMPARE(left.error().args[u"count"].toInt(), 1);
        for (QTcpSocket *socket : {&upload, &download, &second}) {
            socket->abort();
        }
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-1"_s, 10000, {})));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));
        QVERIFY(QFile::remove(path(u"static/big"_s)));
    }

    /// Whose workers have read the file before it was changed.
    void reloadOfSomebodyElse()
    {
        const qint64 master = VALUE(nginxMaster(path(u"nginx.pid"_s)));
        // nginx waits where it opens this, with the upstream read already.
        const QByteArray fifo = QFile::encodeName(path(u"late/slow.conf"_s));
        QCOMPARE(::mkfifo(fifo.constData(), 0600), 0);
        QCOMPARE(::kill(pid_t(master), SIGHUP), 0);
        QTest::qWait(500);
        QCOMPARE(::kill(pid_t(master), SIGSTOP), 0);
        int opened = ::open(fifo.constData(), O_RDWR | O_CLOEXEC);
        // However this ends, nginx goes on.
        const auto goesOn = [&] {
            if (const int fd = std::exchange(opened, -1); fd >= 0) {
                ::close(fd);
            }
            QFile::remove(path(u"late/slow.conf"_s));
            ::kill(pid_t(master), SIGCONT);
        };
        const auto atEnd = qScopeGuard(goesOn);
        QVERIFY(opened >= 0);
        QTimer look;
        bool continued = false;
        connect(&look, &QTimer::timeout, this, [&] {
            if (!continued && isReloadPending(master)) {
                continued = true;
                ::kill(pid_t(master), SIGCONT);
            }
        });
        look.start(50);
        const auto done = QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain));
        look.stop();
        const auto serving = [&] {
            QSet<qint64> pids;
            const auto workers = nginxWorkers(master);
            for (const NginxWorker &worker : workers) {
                if (!worker.leaving) {
                    pids.insert(worker.pid);
                }
            }
            return pids;
        };
        const QSet<qint64> proven = serving();
        QTest::qWait(1000);
        const QSet<qint64> later = serving();
        goesOn();
        QVERIFY(continued);
        OK(done);
        QCOMPARE(later, proven);
        QVERIFY(!isServedBy(ask(m_front, "/version"), m_ports[0]));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));
    }

    void cleanup()
    {
        QFile::remove(broken());
        QFile::remove(path(u"wait"_s));
    }

    void readsAndWritesServers()
    {
        const QByteArray text = "# ours\n\n    server 127.0.0.1:1 weight=3 max_fails=2 down; # one\nserver [::1]:2;\n";
        NginxUpstream upstream = VALUE(NginxUpstream::parse(text, u"f"_s));
        QCOMPARE(upstream.servers().size(), 2);
        QCOMPARE(upstream.servers()[0], (NginxServer{u"one"_s, u"127.0.0.1:1"_s, 3, true, {u"max_fails=2"_s}}));
        QCOMPARE(upstream.servers()[1].name, u"[::1]:2"_s);
        upstream.server(u"one"_s)->down = false;
        QCOMPARE(upstream.text(), "# ours\n\nserver 127.0.0.1:1 weight=3 max_fails=2; # one\nserver [::1]:2;\n");
        for (const char *wrong : {"server 127.0.0.1:1", "least_conn;", "server a:1; server b:1;", "server \"a\";", "server a:1 # one;"}) {
            const auto parsed = NginxUpstream::parse("# x\n" + QByteArray(wrong) + "\n", u"f"_s);
            QVERIFY2(!parsed, wrong);
            QCOMPARE(parsed.error().code, u"nginx.unreadable"_s);
            QCOMPARE(parsed.error().where, u"f:2"_s);
        }
        QCOMPARE(NginxUpstream::parse("server a:1; # one\nserver a:2; # one\n", u"f"_s).error().code, u"nginx.twice"_s);
    }

    void addsAndRemovesLines()
    {
        const QByteArray text = "# ours\nserver a:1 weight=2 max_fails=2 fail_timeout=3s; # one\nserver a:2 weight=5 fail_timeout=3s max_fails=2 down; # two\nserver a:9 backup; # late\n# more\n";
        NginxUpstream upstream = VALUE(NginxUpstream::parse(text, u"f"_s));
        OK(upstream.addLikeOthers(u"three"_s, u"f"_s));
        upstream.server(u"three"_s)->address = u"a:3"_s;
        QCOMPARE(upstream.text(), QByteArray(text).replace("# late\n", "# late\nserver a:3 weight=4 max_fails=2 fail_timeout=3s down; # three added\n"));
        QCOMPARE(VALUE(NginxUpstream::parse(upstream.text(), u"f"_s)).servers(), upstream.servers());
        OK(upstream.addLikeOthers(u"four"_s, u"f"_s));
        upstream.server(u"four"_s)->address = u"a:4"_s;
        upstream.remove(u"three"_s);
        upstream.remove(u"none"_s);
        // Somebody has written it.
        upstream.remove(u"one"_s);
        QCOMPARE(upstream.servers().size(), 4);
        upstream.server(u"four"_s)->down = false;
        QCOMPARE(upstream.text(), "# ours\nserver a:1 weight=2 max_fails=2 fail_timeout=3s down; # one\nserver a:2 weight=5 fail_timeout=3s max_fails=2 down; # two\nserver a:9 backup; # late\nserver a:4 weight=4 max_fails=2 fail_timeout=3s; # four added\n# more\n");
        upstream = VALUE(NginxUpstream::parse("# none yet\n", u"f"_s));
        OK(upstream.addLikeOthers(u"one"_s, u"f"_s));
        upstream.server(u"one"_s)->address = u"a:1"_s;
        QCOMPARE(upstream.text(), "# none yet\nserver a:1 down; # one added\n");
        upstream = VALUE(NginxUpstream::parse("server a:1 max_fails=1; # one\nserver a:2; # two\n", u"f"_s));
        const auto unlike = upstream.addLikeOthers(u"three"_s, u"f"_s);
        QVERIFY(!unlike);
        QCOMPARE(unlike.error().code, u"nginx.unlike"_s);
        QVERIFY2(unlike.error().text().contains(u"“server a:1 max_fails=1; # one” and “server a:2; # two”"_s), qPrintable(unlike.error().text()));
    }

    void addsAndRemoves()
    {
        const QByteArray before = readFile(upstreamFile());
        furtherServerComesAndGoes();
        QCOMPARE(readFile(upstreamFile()), before);
        QVERIFY(!QFile::exists(pendingFile()));
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"::1"_s, 9)));
        QCOMPARE(readFile(upstreamFile()), before + "server [::1]:9 max_fails=0 down; # backend-3 added\n");
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
    }
    void movesOneThatWasAdded() { furtherServerMoves(); }

    /// As where the others differ: it can be added any time again.
    void findsTheLineThatSomebodyWrote()
    {
        const QByteArray before = readFile(upstreamFile());
        const QByteArray unlike = QByteArray(before).replace("max_fails=0; # backend-2", "max_fails=1; # backend-2");
        writeFile(upstreamFile(), unlike);
        QCOMPARE(QCoro::waitFor(balancer()->checkAdd(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, 9)).error().code, u"nginx.unlike"_s);
        QCOMPARE(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, 9)).error().code, u"nginx.unlike"_s);
        writeFile(upstreamFile(), unlike + "server 127.0.0.1:7 down; # backend-3 by hand\n");
        OK(QCoro::waitFor(balancer()->checkAdd(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, m_ports[0])));
        for (int i = 0; i < 2; ++i) {
            OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, m_ports[0])));
            QVERIFY(server(u"backend-3"_s).out);
            letIn(u"backend-3"_s);
            OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
            QVERIFY(server(u"backend-3"_s).out);
        }
        writeFile(upstreamFile(), before);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));
    }

    /// A restart in the middle of its drain leaves it where it is: out, with nothing left to wait for.
    void remembersWhatWasAdded()
    {
        const quint16 port = freePort();
        QProcess further;
        startFurther(further, path(u"releases"_s), port);
        const QByteArray before = readFile(upstreamFile());
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, port)));
        letIn(u"backend-3"_s);
        const auto sessions = sessionsUpTo(port);
        QCOMPARE(sessions.back()->backend(), port);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-3"_s, Balancer::State::Drain)));
        QCOMPARE(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-3"_s, 300, {})).error().code, u"balancer.sessions_left"_s);
        stopNginx();
        startNginx();
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, u"backend-3"_s, 10000, {})));
        QVERIFY(server(u"backend-3"_s).out);
        QCOMPARE(answersOf(port, 12), 0);
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        QCOMPARE(readFile(upstreamFile()), before);
        stopFurther(further);
        endAll(sessions);
    }

    void addsNothingWhileRefused()
    {
        const QByteArray before = readFile(upstreamFile());
        User user(m_front);
        const auto asked = [this](const QString &backend, const QString &host) { return QCoro::waitFor(balancer()->checkAdd(backend, u"backend-3"_s, host, 9)); };
        // Asking is no reload, either.
        const auto reloads = [this] { return readFile(path(u"error.log"_s)).count("reconfiguring"); };
        const auto reloadsBefore = reloads();
        OK(asked(u"app"_s, u"127.0.0.1"_s));
        OK(asked(u"app"_s, u"localhost"_s));
        QCOMPARE(asked(u"app"_s, u"no-such-host.invalid"_s).error().code, u"nginx.no_address"_s);
        QCOMPARE(asked(u"nowhere"_s, u"127.0.0.1"_s).error().code, u"nginx.no_backend"_s);
        writeFile(broken(), "nonsense;\n");
        QCOMPARE(asked(u"app"_s, u"127.0.0.1"_s).error().code, u"nginx.invalid"_s);
        QCOMPARE(readFile(upstreamFile()), before);
        QVERIFY(!QFile::exists(pendingFile()));
        QCOMPARE(reloads(), reloadsBefore);
        const auto added = QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, 9));
        QVERIFY(!added);
        QCOMPARE(added.error().code, u"nginx.invalid"_s);
        QCOMPARE(readFile(upstreamFile()), before);
        QVERIFY(!QFile::exists(pendingFile()));
        QFile::remove(broken());
        QCOMPARE(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"no-such-host.invalid"_s, 9)).error().code, u"nginx.invalid"_s);
        QCOMPARE(readFile(upstreamFile()), before);
        OK(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, 9)));
        const QByteArray with = readFile(upstreamFile());
        writeFile(broken(), "nonsense;\n");
        QCOMPARE(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)).error().code, u"nginx.invalid"_s);
        QCOMPARE(readFile(upstreamFile()), with);
        QFile::remove(broken());
        OK(QCoro::waitFor(balancer()->removeServer(u"app"_s, u"backend-3"_s)));
        QCOMPARE(readFile(upstreamFile()), before);
        noneFailed(user);
        stopNginx();
        QCOMPARE(asked(u"app"_s, u"127.0.0.1"_s).error().code, u"nginx.not_running"_s);
        QCOMPARE(QCoro::waitFor(balancer()->addServer(u"app"_s, u"backend-3"_s, u"127.0.0.1"_s, 9)).error().code, u"nginx.not_running"_s);
        QCOMPARE(readFile(upstreamFile()), before);
        startNginx();
    }

    /// One that is not there is as one that is down: nothing goes to it whichever holds.
    void killedWhileItAddsOrRemoves()
    {
        User user(m_front);
        const QByteArray before = readFile(upstreamFile());
        for (const QString &verb : {u"add"_s, u"remove"_s}) {
            int points = 0;
            for (int point = 1; points == 0; ++point) {
                QVERIFY(point < 100);
                QCOMPARE(changeState(verb == u"add" ? u"remove"_s : u"add"_s, {}), 0);
                const int ended = changeState(verb, u"kill@%1"_s.arg(point));
                QVERIFY2(ended <= 0, qPrintable(QString::number(point)));
                points = ended == 0 ? point - 1 : 0;
                const auto all = VALUE(QCoro::waitFor(balancer()->servers(u"app"_s)));
                for (const BalancerServer &each : all) {
                    QVERIFY2(each.isUp() == (each.name != u"backend-3") && each.out == (each.name == u"backend-3"), qPrintable(u"%1 is %2 at point %3 of %4"_s.arg(each.name, each.status).arg(point).arg(verb)));
                }
                QCOMPARE(changeState(verb, {}), 0);
                QVERIFY(!QFile::exists(pendingFile()));
                QCOMPARE(readFile(upstreamFile()), verb == u"add" ? before + "server 127.0.0.1:9 max_fails=0 down; # backend-3 added\n" : before);
            }
            QVERIFY2(points > 8, qPrintable(QString::number(points)));
        }
        QCOMPARE(readFile(upstreamFile()), before);
        noneFailed(user);
    }

    void tellsWhatServes()
    {
        const auto all = VALUE(QCoro::waitFor(balancer()->servers(u"app"_s)));
        QCOMPARE(all.size(), 2);
        QVERIFY(all[0].isUp());
        QCOMPARE(all[0].address, u"127.0.0.1:%1"_s.arg(m_ports[0]));
        QCOMPARE(VALUE(QCoro::waitFor(balancer()->allServers())).size(), 2);
        QCOMPARE(QCoro::waitFor(balancer()->servers(u"nowhere"_s)).error().code, u"nginx.no_backend"_s);
        QCOMPARE(QCoro::waitFor(balancer()->server(u"app"_s, u"backend-9"_s)).error().code, u"nginx.no_server"_s);
        QCOMPARE(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-9"_s, Balancer::State::Drain)).error().code, u"nginx.no_server"_s);
        QCOMPARE(QCoro::waitFor(balancer()->setWeight(u"app"_s, u"backend-1"_s, 0)).error().code, u"balancer.weight"_s);
        QCOMPARE(check().status, CheckResult::Status::Passed);
    }

    void sharesByWeight()
    {
        requestsFollowTheWeights();
        QVERIFY(!readFile(upstreamFile()).contains("weight"));
    }

    void waitsForWebSockets() { webSocketIsWaitedFor(); }

    void waitsForLongSessions()
    {
        LongSession session(m_front);
        QVERIFY(session.hasBegun());
        const QString name = session.backend() == m_ports[0] ? u"backend-1"_s : u"backend-2"_s;
        QVERIFY(session.backend() == m_ports[0] || session.backend() == m_ports[1]);
        QCOMPARE(server(name).sessions, 1);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, name, Balancer::State::Drain)));
        QVERIFY(!server(name).isUp());
        for (int i = 0; i < 20; ++i) {
            QVERIFY(!isServedBy(ask(m_front, "/version"), session.backend()));
        }
        int most = 0;
        const auto left = QCoro::waitFor(balancer()->waitDrained(u"app"_s, name, 300, [&most](int sessions) { most = qMax(most, sessions); }));
        QVERIFY(!left);
        QCOMPARE(left.error().code, u"balancer.sessions_left"_s);
        QCOMPARE(most, 1);
        // The other's long sessions are none of it.
        LongSession other(m_front);
        QVERIFY(other.hasBegun());
        QVERIFY(other.backend() != session.backend());
        session.end();
        OK(QCoro::waitFor(balancer()->waitDrained(u"app"_s, name, 5000, {})));
        other.end();
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, name, Balancer::State::Ready)));
        OK(QCoro::waitFor(balancer()->waitUp(u"app"_s, name, 5000)));
    }

    void longSessionIsAskedAbout() { longSessionHoldsTheRun(false); }
    void longSessionIsGivenUp() { longSessionHoldsTheRun(true); }
    /// nginx can't end those of one server: they end with it.
    void longSessionEndsWithItsServer()
    {
        longSessionIsClosed(u"are not waited for, and end when what serves them is stopped"_s, u"backend-1: 1 session was left at the drain limit, and ends when it is stopped"_s);
    }

    void rollsForthAndBack() { updatesForthAndBack(); }

    void refusesBelowTheFloor()
    {
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-2"_s, Balancer::State::Maintenance)));
        StepBench bench(m_target);
        auto step = VALUE(StepRegistry::create(deploySteps({m_target, {}, u"1.0.0"_s}, u"1.1.0"_s, releasesAt(m_target, {}, u"1.1.0"_s)).at(1)));
        const auto observed = QCoro::waitFor(step->observe(bench, {}));
        QVERIFY(!observed);
        QCOMPARE(observed.error().code, u"deploy.capacity"_s);
        QCOMPARE(check().error.code, u"check.server_down"_s);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-2"_s, Balancer::State::Ready)));
    }

    void somebodysBrokenLineGoesBack()
    {
        const QByteArray before = readFile(upstreamFile());
        writeFile(broken(), "# somebody's\nmap_hash_nonsense 3;\n");
        const CheckResult found = check();
        QCOMPARE(found.status, CheckResult::Status::Failed);
        QCOMPARE(found.error.code, u"nginx.invalid"_s);
        QCOMPARE(found.error.where, QString(broken() + u":2"_s));
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"unknown directive \"map_hash_nonsense\" ("_s + broken() + u":2)"_s), qPrintable(story(run)));
        QCOMPARE(readFile(upstreamFile()), before);
        bothRun(u"1.0.0"_s);
        noneFailed(user);
    }

    void brokenMeanwhileIsHeld()
    {
        // The first instance is done when the configuration breaks: there is no way back through nginx either.
        User user(m_front);
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        std::atomic<bool> over = false;
        std::unique_ptr<QThread> somebody(QThread::create([this, &over] {
            while (!over && (!readFile(m_target.stateDirectory + u"/supervisor/state.json"_s).contains("releases/1.1.0") || readFile(upstreamFile()).contains("down") || QFile::exists(pendingFile()))) {
                QThread::msleep(1);
            }
            if (!over) {
                writeFile(broken(), "nonsense;\n");
            }
        }));
        somebody->start();
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        over = true;
        somebody->wait();
        QVERIFY2(state == RunState::Held, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"unexpected end of file"_s) || story(run).contains(u"unknown directive \"nonsense\""_s), qPrintable(story(run)));
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            QVERIFY(server(name).isUp());
        }
        QFile::remove(broken());
        decide(run, u"rollback"_s);
        QCOMPARE(VALUE(QCoro::waitFor(runToEnd(m_target, run))), RunState::RolledBack);
        bothRun(u"1.0.0"_s);
        noneFailed(user);
    }

    void runnerKilledBetweenFileAndReload()
    {
        User user(m_front);
        writeFile(path(u"wait"_s), {});
        const QString run = newRun(u"1.0.0"_s, u"1.1.0"_s);
        QProcess first;
        startRunner(first, run);
        QElapsedTimer timer;
        timer.start();
        while (!readFile(upstreamFile()).contains("down")) {
            QVERIFY2(first.state() == QProcess::Running && timer.elapsed() < 60000, qPrintable(story(run)));
            QThread::msleep(5);
        }
        ::kill(pid_t(first.processId()), SIGKILL);
        QVERIFY(first.waitForFinished());
        QCOMPARE(first.exitStatus(), QProcess::CrashExit);
        // The file says that it is out, and nginx still sends it requests: neither is believed.
        QVERIFY(QFile::exists(pendingFile()));
        QCOMPARE(server(u"backend-1"_s).status, u"NOT RELOADED"_s);
        QVERIFY(!server(u"backend-1"_s).out);
        QVERIFY(server(u"backend-2"_s).isUp());
        QFile::remove(path(u"wait"_s));
        QProcess second;
        startRunner(second, run);
        QVERIFY(second.waitForFinished(120000));
        // On a busy machine the keeper of runs may have been faster than we.
        const auto ended = [&] { return stateName(VALUE(VALUE(Journal::open(m_target.stateDirectory))->run(run)).state); };
        QTRY_VERIFY2_WITH_TIMEOUT(ended() == u"succeeded", qPrintable(story(run)), 120000);
        bothRun(u"1.1.0"_s);
        noneFailed(user);
    }

    void killedAtEachWriteNothingIsTakenForGranted()
    {
        User user(m_front);
        int points = 0;
        for (int point = 1; points == 0; ++point) {
            QVERIFY(point < 100);
            const int ended = changeState(u"drain"_s, u"kill@%1"_s.arg(point));
            QVERIFY2(ended <= 0, qPrintable(QString::number(point)));
            points = ended == 0 ? point - 1 : 0;
            // Whatever it is: where it is told to be out nothing goes there, and where it isn't sure it is said.
            const QString status = server(u"backend-1"_s).status;
            const bool sent = [this] {
                for (int i = 0; i < 8; ++i) {
                    if (isServedBy(ask(m_front, "/version"), m_ports[0])) {
                        return true;
                    }
                }
                return false;
            }();
            QVERIFY2(status == u"NOT RELOADED" || (status == u"UP") == sent, qPrintable(u"%1 at point %2"_s.arg(status).arg(point)));
            QVERIFY(server(u"backend-2"_s).isUp());
            QCOMPARE(changeState(u"drain"_s, {}), 0);
            QCOMPARE(server(u"backend-1"_s).status, u"DOWN"_s);
            QVERIFY(!isServedBy(ask(m_front, "/version"), m_ports[0]));
            QCOMPARE(changeState(u"ready"_s, {}), 0);
            QCOMPARE(server(u"backend-1"_s).status, u"UP"_s);
            QVERIFY(!QFile::exists(pendingFile()));
        }
        QVERIFY2(points > 8, qPrintable(QString::number(points)));
        noneFailed(user);
    }

    void somebodysRestartSettlesIt()
    {
        // Killed between file and reload; who starts nginx anew later has it read the file.
        writeFile(path(u"wait"_s), {});
        QProcess process;
        process.start(QCoreApplication::applicationFilePath(), {u"state"_s, m_target.path, u"drain"_s});
        QTRY_VERIFY_WITH_TIMEOUT(readFile(upstreamFile()).contains("down"), 10000);
        ::kill(pid_t(process.processId()), SIGKILL);
        QVERIFY(process.waitForFinished());
        QFile::remove(path(u"wait"_s));
        QCOMPARE(server(u"backend-1"_s).status, u"NOT RELOADED"_s);
        stopNginx();
        QTest::qWait(6000);
        startNginx();
        QCOMPARE(server(u"backend-1"_s).status, u"DOWN"_s);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));
        QVERIFY(!QFile::exists(pendingFile()));
        QCOMPARE(server(u"backend-1"_s).status, u"UP"_s);
    }

    void fullDiskLeavesItAsItWas()
    {
        for (int point = 1;; ++point) {
            QVERIFY(point < 100);
            const int ended = changeState(u"drain"_s, u"enospc@%1"_s.arg(point));
            if (ended == 0) {
                break;
            }
            QCOMPARE(ended, 1);
            // It serves on, and that is known: only where nginx was already asked to reload it isn't.
            QVERIFY(ask(m_front, "/version").contains("\"version\""));
            QVERIFY2(server(u"backend-1"_s).status != u"DOWN"_s, qPrintable(QString::number(point)));
            QCOMPARE(changeState(u"ready"_s, {}), 0);
            QCOMPARE(server(u"backend-1"_s).status, u"UP"_s);
        }
        QCOMPARE(changeState(u"ready"_s, {}), 0);
    }

    void noticesWhatSomebodyChanged()
    {
        // A hand at the file without a reload: the change that is wanted is made all the same.
        QByteArray text = readFile(upstreamFile());
        QTest::qWait(1100);
        writeFile(upstreamFile(), text.replace("; # backend-1", " down; # backend-1"));
        const auto workers = nginxWorkers(VALUE(nginxMaster(path(u"nginx.pid"_s))));
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain)));
        for (int i = 0; i < 20; ++i) {
            QVERIFY(!isServedBy(ask(m_front, "/version"), m_ports[0]));
        }
        const auto after = nginxWorkers(VALUE(nginxMaster(path(u"nginx.pid"_s))));
        QVERIFY(!after.isEmpty() && !workers.isEmpty());
        QVERIFY(after.last().pid != workers.last().pid);
        OK(QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Ready)));
    }

    void answersDuringMaintenance()
    {
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(balancer()->setState(u"app"_s, name, Balancer::State::Maintenance)));
        }
        const QByteArray answer = ask(m_front, "/version");
        QVERIFY2(answer.startsWith("HTTP/1.1 503") && answer.contains("back soon"), answer.constData());
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            OK(QCoro::waitFor(balancer()->setState(u"app"_s, name, Balancer::State::Ready)));
        }
    }

    void withoutNginxNothingHappens()
    {
        const QByteArray before = readFile(upstreamFile());
        stopNginx();
        const auto gone = QCoro::waitFor(balancer()->setState(u"app"_s, u"backend-1"_s, Balancer::State::Drain));
        QVERIFY(!gone);
        QCOMPARE(gone.error().code, u"nginx.not_running"_s);
        QCOMPARE(gone.error().kind, Error::Kind::Transient);
        // A pid that another program has by now is none.
        writeFile(path(u"nginx.pid"_s), QByteArray::number(QCoreApplication::applicationPid()));
        QCOMPARE(QCoro::waitFor(balancer()->servers(u"app"_s)).error().code, u"nginx.not_running"_s);
        QFile::remove(path(u"nginx.pid"_s));
        QCOMPARE(check().error.code, u"nginx.not_running"_s);
        const QString run = newRun(u"1.1.0"_s, u"1.0.0"_s);
        const RunState state = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
        QVERIFY2(state == RunState::Held || state == RunState::RolledBack, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"nginx does not run"_s), qPrintable(story(run)));
        QCOMPARE(running(u"backend-1"_s), u"1.1.0"_s);
        QCOMPARE(running(u"backend-2"_s), u"1.1.0"_s);
        QCOMPARE(readFile(upstreamFile()), before);
        startNginx();
        if (state == RunState::Held) {
            decide(run, u"retry"_s);
            const RunState after = VALUE(QCoro::waitFor(runToEnd(m_target, run)));
            QVERIFY2(after == RunState::Succeeded || after == RunState::RolledBack, qPrintable(story(run)));
        }
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(NginxTest)
#include "nginxtest.moc"
