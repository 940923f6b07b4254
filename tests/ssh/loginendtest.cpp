// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What becomes of a run when the login that has started it ends, and all of that login with it: a real sshd, a real
// systemd-logind with KillUserProcesses=yes, and consoles that come by "ssh HOST cutoverctl serve --stdio". Started by
// tests/support/undersystemd --logins.

#include "run/journal.h"
#include "run/runlock.h"
#include "system/processes.h"
#include "target/sshprocesses.h"
#include "tests/support/logins.h"
#include "tests/support/sshserver.h"
#include "tests/system/consoleprocess.h"
#include "tests/system/faultdemo.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>
#include <QTextStream>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace cutover::testing;

namespace {

constexpr int PatienceMs = 60000;

/// A demo system of the account's, whose services belong to no login.
class AccountDemo : public FaultDemo
{
public:
    explicit AccountDemo(const LoginAccount &account)
    {
        m_account = account.command();
        account.own(folder());
    }
};

/// The control group of version 2 of a process.
QString groupOf(qint64 pid)
{
    const QList<QByteArray> lines = SshServer::read(u"/proc/%1/cgroup"_s.arg(pid)).split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith("0::")) {
            return QString::fromUtf8(line.sliced(3));
        }
    }
    return {};
}

/// All processes of a group, and when they began: a pid alone may be another process by then.
QMap<qint64, quint64> membersOf(const QString &group)
{
    QMap<qint64, quint64> members;
    const QList<QByteArray> pids = SshServer::read(u"/sys/fs/cgroup"_s + group + u"/cgroup.procs"_s).split('\n');
    for (const QByteArray &pid : pids) {
        if (const quint64 start = cutover::processStartTime(pid.toLongLong())) {
            members.insert(pid.toLongLong(), start);
        }
    }
    return members;
}

bool anyLives(const QMap<qint64, quint64> &processes)
{
    return std::ranges::any_of(processes.asKeyValueRange(), [](const auto &process) { return cutover::processStartTime(process.first) == process.second; });
}

} // namespace

class LoginEndTest : public QObject
{
    Q_OBJECT

    SshServer m_server;
    QTemporaryDir m_homes;
    std::unique_ptr<LoginAccount> m_account;
    std::unique_ptr<AccountDemo> m_demo;

    QString configurationOf(const QString &person)
    {
        const QString file = m_homes.filePath(person) + u"/.ssh/config"_s;
        return QFile::exists(file) ? file : m_server.addPerson(m_homes.filePath(person));
    }
    [[nodiscard]] QString host(const QString &user) const { return user + u'@' + m_server.address(); }
    std::unique_ptr<ConsoleProcess> console(const QString &person)
    {
        const QString configuration = configurationOf(person);
        return std::make_unique<ConsoleProcess>(host(QString::fromLatin1(LoginAccount::Name)), m_demo->targetFile(), person, m_homes.filePath(person), configuration);
    }
    /// A login that leaves a program behind which heeds no polite signal; its pid.
    qint64 leaveStubborn(const QString &user)
    {
        QProcess ssh;
        const QStringList address = m_server.address().split(u':');
        ssh.start(u"ssh"_s, {u"-F"_s, configurationOf(u"kim"_s), u"-p"_s, address[1], user + u'@' + address[0], u"setsid sh -c 'trap \"\" TERM HUP INT; sleep 3; exec sleep 600' </dev/null >/dev/null 2>&1 & echo $!; sleep 1"_s});
        return ssh.waitForFinished(PatienceMs) ? ssh.readAllStandardOutput().trimmed().toLongLong() : 0;
    }
    QString begin(ConsoleProcess &console, const QString &version)
    {
        const QJsonObject started = console.result(u"plan.update.start"_s, {{u"to"_s, version}, {u"watchMs"_s, 3000}});
        const QJsonObject end = console.endOf(started[u"job"].toString());
        const QJsonObject applied = console.call(u"apply"_s, {{u"digest"_s, end[u"what"][u"digest"]}, {u"confirm"_s, QString()}});
        const QString run = applied[u"result"][u"run"].toString();
        if (run.isEmpty()) {
            QTest::qFail(QJsonDocument(QJsonObject{{u"plan"_s, end}, {u"applied"_s, applied}}).toJson().constData(), __FILE__, __LINE__);
        }
        return run;
    }
    [[nodiscard]] qint64 runner() const
    {
        const auto owner = cutover::RunLock::owner(m_demo->stateFolder());
        return owner && *owner && (*owner)->lives() ? (*owner)->pid : 0;
    }
    [[nodiscard]] bool isAtGate() const { return QFile::exists(m_demo->folder() + u"/at-gate"_s); }
    [[nodiscard]] QString stateOf(const QString &run) const
    {
        const auto journal = cutover::Journal::open(m_demo->stateFolder(), cutover::Journal::Mode::ReadOnly);
        const auto record = journal ? (*journal)->run(run) : cutover::Result<cutover::RunRecord>(std::unexpected(journal.error()));
        return record ? cutover::stateName(record->state) : record.error().text();
    }
    [[nodiscard]] qsizetype timesRestarted(const QString &run) const
    {
        const auto journal = cutover::Journal::open(m_demo->stateFolder(), cutover::Journal::Mode::ReadOnly);
        const auto events = (*journal)->events(run, 0, 100000);
        return std::ranges::count_if(*events, [](const cutover::EventRecord &event) { return event.message.code == u"run.runner_restarted"; });
    }
    /// The login that a console came by: the group of its server.
    [[nodiscard]] QString loginGroup() const
    {
        const QList<qint64> all = m_server.descendants();
        for (const qint64 pid : all) {
            if (SshServer::read(u"/proc/%1/comm"_s.arg(pid)).trimmed() == "cutoverctl" && groupOf(pid).contains(u"/session-"_s)) {
                return groupOf(pid);
            }
        }
        return {};
    }

private Q_SLOTS:
    void initTestCase()
    {
        NEEDS_LOGINS;
        NEEDS_SSHD;
        m_account = std::make_unique<LoginAccount>();
        m_server.logins = true;
        const QString problem = m_server.start();
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        m_demo = std::make_unique<AccountDemo>(*m_account);
        QVERIFY2(m_demo->startBusy(), qPrintable(m_demo->problem()));
    }
    void cleanupTestCase()
    {
        m_server.fail();
        m_demo.reset();
    }
    void cleanup()
    {
        if (m_demo) {
            asRoot(u"loginctl"_s, {u"disable-linger"_s, QString::fromLatin1(LoginAccount::Name)});
        }
    }

    /// What all else here relies on: logind ends what heeds no polite signal, too; of root nothing.
    void loginEndsWhatItHasStarted()
    {
        const qint64 left = leaveStubborn(QString::fromLatin1(LoginAccount::Name));
        QVERIFY2(left > 0, qPrintable(m_server.log()));
        QVERIFY2(groupOf(left).isEmpty() || groupOf(left).contains(u"/session-"_s), qPrintable(groupOf(left)));
        QTRY_COMPARE_WITH_TIMEOUT(cutover::processStartTime(left), 0ULL, PatienceMs);

        const qint64 roots = leaveStubborn(u"root"_s);
        QVERIFY2(roots > 0, qPrintable(m_server.log()));
        QVERIFY2(groupOf(roots).contains(u"/session-"_s), qPrintable(groupOf(roots)));
        QTest::qWait(5000);
        QVERIFY(cutover::processStartTime(roots) != 0);
        ::kill(pid_t(roots), SIGKILL);
    }

    /// Without the manager the console is told beforehand; the run is cut, and goes on with the next console.
    void runIsCutWithTheLoginAndGoesOnWithTheNext()
    {
        QVERIFY(m_demo->putGate(u"backup"_s));
        auto kim = console(u"kim"_s);
        QVERIFY2(kim->waitConnected(), qPrintable(m_server.log()));
        QCOMPARE(kim->warnings, QStringList{u"session.ends_runs"_s});
        const QString run = begin(*kim, u"1.2.1"_s);
        QTRY_VERIFY_WITH_TIMEOUT(isAtGate(), 2 * PatienceMs);
        const QString login = loginGroup();
        QVERIFY2(login.contains(u"/session-"_s), qPrintable(m_server.log()));
        const QMap<qint64, quint64> members = membersOf(login);
        QVERIFY(members.contains(runner()));
        kim->kill();
        kim.reset();
        QTRY_VERIFY_WITH_TIMEOUT(!anyLives(members), PatienceMs);

        // Nobody leads it any more: it stands where it was, and the old version serves.
        m_demo->openGate();
        QTest::qWait(3000);
        QCOMPARE(runner(), 0);
        QCOMPARE(stateOf(run), u"running"_s);
        QVERIFY(m_demo->servesOnly(u"1.2.0"_s));

        auto lee = console(u"lee"_s);
        QVERIFY2(lee->waitConnected(), qPrintable(m_server.log()));
        QCOMPARE(lee->result(u"status"_s)[u"activeRun"], run);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(run), u"succeeded"_s, 3 * PatienceMs);
        QCOMPARE(timesRestarted(run), 1);
        QVERIFY(lee->result(u"report"_s, {{u"run"_s, run}})[u"html"].toString().contains(u"1.2.1"_s));
        QVERIFY(lee->close());
        m_demo->restoreTarget();
        QCOMPARE(m_demo->harm(u"1.2.1"_s), QString());
    }

    /// The connection to a further host that the login has opened first is shared: what others do over it goes on without that login.
    void sharedConnectionOutlivesTheLogin()
    {
        asRoot(u"loginctl"_s, {u"enable-linger"_s, QString::fromLatin1(LoginAccount::Name)});
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(u"/run/user/%1/systemd/private"_s.arg(m_account->uid())), PatienceMs);
        const QString configuration = configurationOf(u"host"_s);
        const QString state = m_homes.filePath(u"state"_s);
        QVERIFY(QDir().mkpath(state));
        asRoot(u"chown"_s, {u"-R"_s, QString::fromLatin1(LoginAccount::Name), state, m_homes.filePath(u"host"_s)});
        asRoot(u"chmod"_s, {u"go+x"_s, m_homes.path()});
        const QString us = QCoreApplication::applicationFilePath();
        const QStringList words{u"env"_s, u"CUTOVER_SSH_CONFIG="_s + configuration, us, u"on-host"_s, state, m_server.address()};

        // A console's login looks at the host, and stays.
        QProcess login;
        const QStringList address = m_server.address().split(u':');
        login.start(u"ssh"_s, QStringList{u"-F"_s, configuration, u"-p"_s, address[1], QString::fromLatin1(LoginAccount::Name) + u'@' + address[0]} + words + QStringList{u"true"_s});
        QTRY_VERIFY2_WITH_TIMEOUT(login.canReadLine() || login.state() == QProcess::NotRunning, qPrintable(m_server.log()), PatienceMs);
        const QByteArray told = login.readLine();
        QVERIFY2(told.contains("session-"), QByteArray(told + login.readAllStandardError()).constData());
        // What belongs to no login works over the same connection.
        QProcess work;
        work.setProcessChannelMode(QProcess::MergedChannels);
        work.setStandardInputFile(QProcess::nullDevice());
        const QStringList command = m_account->command() + words + QStringList{u"sleep 12; echo done"_s};
        const qsizetype logins = m_server.log().count(u"Accepted publickey"_s);
        work.start(command.first(), command.sliced(1));
        QTest::qWait(4000);
        QCOMPARE(m_server.log().count(u"Accepted publickey"_s), logins);
        QCOMPARE(work.state(), QProcess::Running);
        login.closeWriteChannel();
        QVERIFY(login.waitForFinished(PatienceMs));
        QVERIFY(work.waitForFinished(PatienceMs));
        const QByteArray done = work.readAll();
        QVERIFY2(done.contains("done"), done.constData());
    }

    void runOutlivesTheLogin_data()
    {
        QTest::addColumn<bool>("kills");
        QTest::addColumn<QString>("to");
        QTest::newRow("the link is lost") << false << u"1.3.0"_s;
        QTest::newRow("all of the login is killed") << true << u"2.0.0"_s;
    }
    void runOutlivesTheLogin()
    {
        QFETCH(const bool, kills);
        QFETCH(const QString, to);
        asRoot(u"loginctl"_s, {u"enable-linger"_s, QString::fromLatin1(LoginAccount::Name)});
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(u"/run/user/%1/systemd/private"_s.arg(m_account->uid())), PatienceMs);
        QVERIFY(m_demo->putGate(u"backup"_s));
        auto kim = console(u"kim"_s);
        QVERIFY2(kim->waitConnected(), qPrintable(m_server.log()));
        QCOMPARE(kim->warnings, QStringList());
        const QString run = begin(*kim, to);
        QTRY_VERIFY_WITH_TIMEOUT(isAtGate(), 2 * PatienceMs);

        // The console's server is of the login; the runner and all that it starts are of the manager.
        const QString login = loginGroup();
        QVERIFY2(login.contains(u"/session-"_s), qPrintable(m_server.log()));
        const QMap<qint64, quint64> members = membersOf(login);
        QVERIFY(members.size() >= 3); // sshd twice, the server
        const qint64 leader = runner();
        const QString own = groupOf(leader);
        QVERIFY2(own.contains(u"/user@%1.service/"_s.arg(m_account->uid())) && own.endsWith(u".scope"_s), qPrintable(own));
        QVERIFY(membersOf(own).size() >= 2); // and the step's program

        if (kills) {
            asRoot(u"loginctl"_s, {u"kill-session"_s, u"--kill-whom=all"_s, u"--signal=KILL"_s, login.section(u"/session-"_s, 1).section(u'.', 0, 0)});
            QTRY_VERIFY_WITH_TIMEOUT(!kim->losses.isEmpty(), PatienceMs);
        }
        kim->kill();
        kim.reset();
        QTRY_VERIFY_WITH_TIMEOUT(!anyLives(members), PatienceMs);
        QTRY_VERIFY_WITH_TIMEOUT(!QFileInfo::exists(u"/sys/fs/cgroup"_s + login), PatienceMs);
        QCOMPARE(runner(), leader);
        QCOMPARE(stateOf(run), u"running"_s);

        auto lee = console(u"lee"_s);
        QVERIFY2(lee->waitConnected(), qPrintable(m_server.log()));
        QVERIFY(loginGroup() != login);
        const QJsonObject status = lee->result(u"status"_s);
        QCOMPARE(status[u"activeRun"], run);
        QVERIFY2(status[u"connHolder"].toString().startsWith(u"kim ("), qPrintable(status[u"connHolder"].toString()));
        m_demo->openGate();
        // It ends while nobody is logged in.
        QVERIFY(lee->close());
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(run), u"succeeded"_s, 3 * PatienceMs);
        auto max = console(u"max"_s);
        QVERIFY2(max->waitConnected(), qPrintable(m_server.log()));
        QCOMPARE(max->result(u"run"_s, {{u"id"_s, run}})[u"run"][u"state"], u"succeeded"_s);
        QVERIFY(max->result(u"report"_s, {{u"run"_s, run}})[u"html"].toString().contains(to));
        QCOMPARE(timesRestarted(run), 0);
        QVERIFY(max->close());
        m_demo->restoreTarget();
        QCOMPARE(m_demo->harm(to), QString());
    }
};

/// This program as an account that runs something on a further host: tells what that says and where it runs itself, and stays until
/// its input ends.
static int runOnHost(const QStringList &words)
{
    const cutover::HostSpec host{.name = u"web-2"_s, .address = cutover::SshHost::parse(words[1]).value(), .stateDirectory = words[0]};
    const auto result = QCoro::waitFor(cutover::runOn(host, {.program = u"sh"_s, .arguments = {u"-c"_s, words[2]}}));
    QTextStream(stdout) << (result ? QString::fromUtf8(result->output) : result.error().text() + u'\n') << groupOf(QCoreApplication::applicationPid()) << Qt::endl;
    QFile input;
    if (input.open(stdin, QIODevice::ReadOnly)) {
        input.readAll();
    }
    return result ? 0 : 1;
}

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = application.arguments();
    if (arguments.value(1) == u"on-host") {
        return runOnHost(arguments.sliced(2));
    }
    LoginEndTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "loginendtest.moc"
