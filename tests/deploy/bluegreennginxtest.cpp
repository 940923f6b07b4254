// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The same service of two colours behind a real nginx, whose changes are reloads.

#include "bluegreensystem.h"

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class BlueGreenNginxTest : public BlueGreenSystem
{
    Q_OBJECT

    std::unique_ptr<QProcess> m_nginx;

    static QString program() { return QStandardPaths::findExecutable(u"nginx"_s, {u"/usr/sbin"_s}); }
    static QByteArray section() { return "{kind: nginx, configuration: nginx.conf, upstreams: upstreams, pid_file: nginx.pid, program: " + program().toUtf8() + "}\n"; }

private Q_SLOTS:
    void initTestCase()
    {
        makeColours();
        makeRelease(u"1.1.2"_s, u"smokes"_s);
        QByteArray servers;
        for (const auto &[name, port] : m_own.asKeyValueRange()) {
            servers += "server 127.0.0.1:" + QByteArray::number(port) + " max_fails=0" + (name.startsWith(u"green") ? " down" : "") + "; # " + name.toUtf8() + "\n";
        }
        writeFile(path(u"upstreams/app.conf"_s), servers);
        QByteArray configuration = "daemon off;\nworker_processes 2;\npid " + path(u"nginx.pid"_s).toUtf8() + ";\nerror_log " + path(u"error.log"_s).toUtf8()
            + " notice;\nevents {}\nhttp {\n    access_log off;\n";
        if (::geteuid() == 0) {
            configuration.prepend("user root;\n"); // The folder is the tester's own.
        }
        for (const auto *temporary : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            configuration += QByteArray("    ") + temporary + "_temp_path " + path(QLatin1StringView(temporary) + u"-temp"_s).toUtf8() + ";\n";
        }
        configuration += "    upstream app {\n        include " + path(u"upstreams/app.conf"_s).toUtf8() + ";\n    }\n    server {\n        listen 127.0.0.1:"
            + QByteArray::number(m_front) + ";\n        proxy_next_upstream off;\n        location / { proxy_pass http://app; proxy_buffering off; }\n    }\n}\n";
        writeFile(path(u"nginx.conf"_s), configuration);
        writeTarget(section());
        startBlue();
        m_nginx = std::make_unique<QProcess>();
        m_nginx->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_nginx->start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, program(), u"-c"_s, path(u"nginx.conf"_s)});
        QVERIFY(m_nginx->waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(ask(m_front, "/version").startsWith("HTTP/1.1 200"), 10000);
    }

    void cleanupTestCase()
    {
        if (m_nginx) {
            m_nginx->terminate();
            QVERIFY(m_nginx->waitForFinished());
        }
        stopColours();
    }

    void switchesForthAndBack()
    {
        User user(m_front);
        QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        run = newRun(u"1.0.0"_s, false);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"blue"_s, u"1.0.0"_s);
        noneFailed(user);
    }

    void staysWhereTheSmokeTestFails()
    {
        User user(m_front);
        const QString run = newRun(u"1.1.2"_s);
        const RunState state = runNow(run);
        servesAsBefore(u"blue"_s, u"1.0.0"_s, run, state);
        noneFailed(user);
    }

    /// Nobody is asked, and the session goes on until what serves it is stopped, after the watch: nginx can't end it.
    void sessionEndsWithTheOldOne()
    {
        writeTarget(section(), "    at_drain_limit: close\n");
        LongSession session(m_front, "/long");
        QVERIFY(session.hasBegun());
        User user(m_front);
        QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        for (const QString &step : {u"switch:backend"_s, u"retire:backend"_s}) {
            const QJsonObject results = resultsOf(run, step);
            QVERIFY2(results.contains(u"sessions:blue-1"_s) != results.contains(u"sessions:blue-2"_s), qPrintable(step));
        }
        QVERIFY(!session.isOpen());
        QVERIFY(session.wasClosed());
        noneFailed(user);
        writeTarget(section());
        run = newRun(u"1.0.0"_s, false);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
    }

    void sharesOfACanary()
    {
        writeTarget(section(), "    canary: {weights: [5, 25, 50], watch: 2s}\n");
        keepsItsShares();
    }

    /// A whole run.
    void canaryAtItsShare()
    {
        writeTarget(section(), "    canary: {weights: [25], watch: 4s}\n");
        User user(m_front);
        const QString run = newRun(u"1.1.0"_s);
        QVERIFY2(runNow(run) == RunState::Succeeded, qPrintable(story(run)));
        QVERIFY2(story(run).contains(u"“25 % of backend to green” is done"_s), qPrintable(story(run)));
        serves(u"green"_s, u"1.1.0"_s);
        noneFailed(user);
    }
};

} // namespace

DEPLOY_RUNS_TEST_MAIN(BlueGreenNginxTest)
#include "bluegreennginxtest.moc"
