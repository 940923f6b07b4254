// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTest>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace {

constexpr int Done = 0;
constexpr int Refused = 3;
constexpr int Held = 4;
constexpr int WentBack = 5;

const QStringList Update{u"update"_s, u"1.2.1"_s, u"--yes"_s};

bool write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/** The demo system behind nginx, whose configuration somebody breaks before a run and in the midst of one. */
class FaultNginxTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void updatesForthAndBackWithoutAFailedRequest();
    void invalidBefore();
    void invalidBeforeTheFirstInstance();
    void invalidBetweenInstances();
    void mendedWhileHeld();
    void invalidBehindTheDeployment();

private:
    QString path(const QString &name) const { return m_demo.folder() + u'/' + name; }
    QString broken() const { return path(u"others/somebody.conf"_s); }
    bool breakIt() const { return write(broken(), "# somebody's\nmap_hash_nonsense 3;\n"); }
    bool putBehindNginx();
    /// What nginx serves by is what stands there: nothing waits for a reload, and both servers are let in.
    QString leftBehind() const;
    void back();

    FaultDemo m_demo;
    QByteArray m_servers;
};

bool FaultNginxTest::putBehindNginx()
{
    const QString program = QStandardPaths::findExecutable(u"nginx"_s, {u"/usr/sbin"_s});
    QString target = QString::fromUtf8(contentOf(m_demo.targetFile()));
    static const QRegularExpression balancer(u"balancer:\n  kind: haproxy\n  socket: .*\n  maintenance_backend: maintenance\n"_s);
    static const QRegularExpression service(u"  - name: haproxy\n    managed: false\n    instances: \\[\\{name: haproxy, port: ([0-9]+)\\}\\]\n    command: .*\n"_s);
    const QString front = service.match(target).captured(1);
    if (program.isEmpty() || front.isEmpty() || !balancer.match(target).hasMatch()) {
        return false;
    }
    m_servers.clear();
    for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
        m_servers += "server 127.0.0.1:" + QByteArray::number(m_demo.portOfInstance(name)) + " max_fails=0; # " + name.toUtf8() + '\n';
    }
    target.replace(balancer, u"balancer: {kind: nginx, configuration: nginx.conf, upstreams: upstreams, pid_file: nginx.pid, program: %1}\n"_s.arg(program));
    target.replace(service, u"  - name: nginx\n    managed: false\n    instances: [{name: nginx, port: %1}]\n    command: [%2, -c, \"%3\"]\n"_s.arg(front, program, path(u"nginx.conf"_s)));
    QByteArray configuration = "daemon off;\nworker_processes 2;\npid " + path(u"nginx.pid"_s).toUtf8() + ";\nerror_log " + path(u"error.log"_s).toUtf8() + " notice;\nevents {}\nhttp {\n    access_log off;\n";
    if (::geteuid() == 0) {
        configuration.prepend("user root;\n"); // The folder is the tester's own.
    }
    for (const auto *temporary : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        configuration += QByteArray("    ") + temporary + "_temp_path " + path(QLatin1StringView(temporary) + u"-temp"_s).toUtf8() + ";\n";
    }
    configuration += "    include " + path(u"others/*.conf"_s).toUtf8() + ";\n    upstream trading {\n        include " + path(u"upstreams/trading.conf"_s).toUtf8() + ";\n    }\n    server {\n        listen 127.0.0.1:"
        + front.toUtf8() + ";\n        proxy_next_upstream off;\n        location / { proxy_pass http://trading; proxy_http_version 1.1; proxy_set_header Connection \"\"; }\n    }\n}\n";
    return QDir().mkpath(path(u"others"_s)) && QDir().mkpath(path(u"upstreams"_s)) && write(path(u"upstreams/trading.conf"_s), m_servers)
        && write(path(u"nginx.conf"_s), configuration) && write(m_demo.targetFile(), target.toUtf8());
}

QString FaultNginxTest::leftBehind() const
{
    if (contentOf(path(u"upstreams/trading.conf"_s)) != m_servers) {
        return QString::fromUtf8(contentOf(path(u"upstreams/trading.conf"_s)));
    }
    const QStringList files = QDir(path(u"upstreams"_s)).entryList(QDir::Files | QDir::Hidden);
    return files == QStringList{u"trading.conf"_s} ? QString() : files.join(u' ');
}

void FaultNginxTest::back()
{
    m_demo.restoreTarget();
    const auto outcome = m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, u"code"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultNginxTest::initTestCase()
{
    QVERIFY2(m_demo.create(), qPrintable(m_demo.problem()));
    QVERIFY(putBehindNginx());
    QVERIFY2(m_demo.begin(), qPrintable(m_demo.problem()));
}

void FaultNginxTest::init()
{
    QFile::remove(broken());
    m_demo.restoreTarget();
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.ctl({u"status"_s}).json[u"health"].toString(), u"healthy"_s, 60000);
}

void FaultNginxTest::updatesForthAndBackWithoutAFailedRequest()
{
    const qint64 nginx = m_demo.pidOf(u"nginx"_s);
    QVERIFY(nginx > 0);
    const auto outcome = m_demo.ctl(Update);
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    QCOMPARE(leftBehind(), QString());
    back();
    QCOMPARE(leftBehind(), QString());
    // Its reloads are no restarts.
    QCOMPARE(m_demo.pidOf(u"nginx"_s), nginx);
}

void FaultNginxTest::invalidBefore()
{
    QVERIFY(breakIt());
    QCOMPARE(FaultDemo::told(m_demo.ctl(Update), Refused, u"nginx.invalid"_s, {u"map_hash_nonsense"_s, QString(broken() + u":2"_s)}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(leftBehind(), QString());
}

void FaultNginxTest::invalidBeforeTheFirstInstance()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QVERIFY(breakIt());
    m_demo.openGate();
    const auto outcome = SystemDemo::outcomeOf(*update);
    // Nothing had gone through nginx yet, so that the way back needs none either.
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"nginx.invalid"_s, {u"map_hash_nonsense"_s, QString(broken() + u":2"_s)}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(leftBehind(), QString());
}

void FaultNginxTest::invalidBetweenInstances()
{
    QVERIFY(m_demo.putGate(u"deploy:backend-1"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QVERIFY(breakIt());
    m_demo.openGate();
    auto outcome = SystemDemo::outcomeOf(*update);
    // The first instance is of the new version, and nginx lets nobody take it out: a person has to mend that.
    QCOMPARE(FaultDemo::told(outcome, Held, u"nginx.invalid"_s, {u"map_hash_nonsense"_s}), QString());
    QCOMPARE(leftBehind(), QString());
    // Both serve meanwhile, and nobody is refused.
    const qint64 sent = m_demo.requestsSent();
    QTRY_VERIFY_WITH_TIMEOUT(m_demo.requestsSent() > sent + 30, 60000);
    QSet<QString> served;
    for (int i = 0; i < 8; ++i) {
        served.insert(m_demo.servedVersion());
    }
    QCOMPARE(served, (QSet<QString>{u"1.2.0"_s, u"1.2.1"_s}));
    // Still broken, it is held again.
    outcome = m_demo.ctl({u"retry"_s});
    QVERIFY2(outcome.exitCode == Held, outcome.errors);
    QVERIFY(QFile::remove(broken()));
    outcome = m_demo.ctl({u"retry"_s});
    QVERIFY2(outcome.exitCode == WentBack, outcome.errors);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(leftBehind(), QString());
}

void FaultNginxTest::mendedWhileHeld()
{
    // Where the plan does not go back by itself the run waits, and goes on to the new version.
    QVERIFY(m_demo.edit(u"automatic_rollback: true"_s, u"automatic_rollback: false"_s));
    QVERIFY(m_demo.putGate(u"deploy:backend-1"_s));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QVERIFY(breakIt());
    m_demo.openGate();
    auto outcome = SystemDemo::outcomeOf(*update);
    QCOMPARE(FaultDemo::told(outcome, Held, u"nginx.invalid"_s, {u"map_hash_nonsense"_s}), QString());
    QVERIFY(QFile::remove(broken()));
    outcome = m_demo.ctl({u"retry"_s});
    QVERIFY2(outcome.exitCode == Done, outcome.errors);
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    QCOMPARE(leftBehind(), QString());
    back();
}

void FaultNginxTest::invalidBehindTheDeployment()
{
    // What needs no nginx any more goes on; the next run is refused.
    auto update = m_demo.startCtl({u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"20s"_s});
    QVERIFY(m_demo.waitAtStep(*update, u"watch"_s));
    QVERIFY(breakIt());
    auto outcome = SystemDemo::outcomeOf(*update);
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    outcome = m_demo.ctl({u"update"_s, u"1.3.0"_s, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, Refused, u"nginx.invalid"_s, {u"map_hash_nonsense"_s}), QString());
    QVERIFY(QFile::remove(broken()));
    back();
}

QTEST_GUILESS_MAIN(FaultNginxTest)
#include "faultnginxtest.moc"
