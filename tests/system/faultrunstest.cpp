// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"
#include "faultpackages.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTcpServer>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;

namespace {

constexpr int Done = 0;
constexpr int Failed = 1;
constexpr int Refused = 3;
constexpr int Held = 4;
constexpr int WentBack = 5;

const QStringList Update{u"update"_s, u"1.2.1"_s, u"--yes"_s};

/** Another program that keeps a database locked for writing. */
class Locker
{
public:
    explicit Locker(const QString &file)
    {
        m_database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"locker"_s);
        m_database.setDatabaseName(file);
        m_held = m_database.open() && QSqlQuery(m_database).exec(u"BEGIN IMMEDIATE"_s);
    }
    ~Locker()
    {
        m_database.close();
        m_database = {};
        QSqlDatabase::removeDatabase(u"locker"_s);
    }
    Q_DISABLE_COPY_MOVE(Locker)
    [[nodiscard]] bool isHeld() const { return m_held; }

private:
    QSqlDatabase m_database;
    bool m_held = false;
};

constexpr int PatienceMs = 60000; ///< For what takes a moment, on a machine that is slow and busy.

bool takePort(QTcpServer &server, int port)
{
    return QTest::qWaitFor([&] { return server.listen(QHostAddress::LocalHost, quint16(port)); }, PatienceMs);
}

/** Stops a process for a while: nothing that it does comes between. */
class Paused
{
public:
    explicit Paused(qint64 pid)
        : m_pid(pid_t(pid))
    {
        ::kill(m_pid, SIGSTOP);
    }
    ~Paused() { ::kill(m_pid, SIGCONT); }
    Q_DISABLE_COPY_MOVE(Paused)

private:
    pid_t m_pid;
};

/// A script that serves by the program beside it, and does something of its own when it is to stop
/// or meanwhile. $service is the program's pid.
QByteArray serving(const QByteArray &meanwhile, const QByteArray &atStop = {})
{
    return "#!/bin/sh\n./service \"$@\" &\nservice=$!\narguments=\"$*\"\n"
           "leave() {\n    kill $service; wait $service\n"
        + atStop + "    exit 0\n}\ntrap leave TERM\n" + meanwhile + "wait $service\nexit 9\n";
}

bool write(const QString &path, const QByteArray &content = {})
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size();
}

} // namespace

/** What happens around a run: each fault leaves the old version serving, and the next update succeeds. */
class FaultRunsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void diskFullBefore();
    void portTakenBefore();
    void portTakenDuringDeployment();
    void serviceNeverReady();
    void serviceDiesAtOnce();
    void serviceDiesSoon();
    void serviceHangsSoon();
    void balancerKilledDuringDeployment();
    void balancerSocketGone();
    void targetNotReadable_data();
    void targetNotReadable();
    void targetRenamed();
    void targetOfAnotherDatabase();
    void targetEditedAfterPlanning();
    void planEdited();
    void databaseHeldBefore();
    void databaseLockedDuringBackup();
    void databaseLockedForLongDuringMigration();
    void databaseLockedShortlyDuringMigration();
    void rightUpdateSucceedsAfterwards();

private:
    void back(const QString &mode);
    QString publishScript(const QString &version, const QByteArray &script);
    QSet<QString> provenPoints() const;

    FaultDemo m_demo;
};

void FaultRunsTest::initTestCase()
{
    QVERIFY2(m_demo.startBusy(), qPrintable(m_demo.problem()));
}

void FaultRunsTest::init()
{
    m_demo.restoreTarget();
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.ctl({u"status"_s}).json[u"health"].toString(), u"healthy"_s, PatienceMs);
}

void FaultRunsTest::back(const QString &mode)
{
    m_demo.restoreTarget();
    const auto outcome = m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--mode"_s, mode, u"--yes"_s});
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

QString FaultRunsTest::publishScript(const QString &version, const QByteArray &script)
{
    const QString problem = faultpackages::writeScripted(m_demo.folder(), version, script);
    return problem.isEmpty() ? faultpackages::publish(m_demo.folder() + u"/repository"_s, version, m_demo.folder() + u"/keys/release.key"_s) : problem;
}

QSet<QString> FaultRunsTest::provenPoints() const
{
    QSet<QString> ids;
    const QJsonArray points = m_demo.ctl({u"backup"_s, u"list"_s}).json[u"points"].toArray();
    for (const auto &view : points) {
        if (!view[u"point"][u"proven"].toString().isEmpty()) {
            ids.insert(view[u"point"][u"id"].toString());
        }
    }
    return ids;
}

void FaultRunsTest::diskFullBefore()
{
    QVERIFY(m_demo.edit(u"minimum_free: 200 MB"_s, u"minimum_free: 900 TB"_s));
    const auto outcome = m_demo.ctl(Update);
    QCOMPARE(FaultDemo::told(outcome, Refused, u"check.disk_full"_s, {u"free at"_s, u"900.0 TB needed"_s, u"must stay free"_s}), QString());
    QCOMPARE(m_demo.ctl({u"check"_s, u"1.2.1"_s}).exitCode, Refused);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::portTakenBefore()
{
    QTcpServer stranger;
    const int port = m_demo.portOfInstance(u"backend-2"_s);
    const qint64 backend = m_demo.pidOf(u"backend-2"_s);
    QVERIFY(backend > 0 && m_demo.supervisorPid() > 0);
    {
        // It would start it again at once.
        const Paused supervisor(m_demo.supervisorPid());
        QCOMPARE(kill(pid_t(backend), SIGTERM), 0);
        QVERIFY(takePort(stranger, port));
    }
    const auto outcome = m_demo.ctl(Update);
    QCOMPARE(FaultDemo::told(outcome, Refused, u"check.port_taken"_s,
                             {QString::number(port), u"backend-2"_s, u"system_faults"_s, QString::number(QCoreApplication::applicationPid())}),
             QString());
    stranger.close();
    init();
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::portTakenDuringDeployment()
{
    QTcpServer stranger;
    const int port = m_demo.portOfInstance(u"backend-1"_s);
    // The old process is one that gives its port up and leaves only when somebody else has taken it.
    const QString program = m_demo.folder() + u"/releases/1.2.0/cutover-demo-service"_s;
    const QString real = m_demo.folder() + u"/releases/1.2.0/service"_s;
    const QByteArray folder = m_demo.folder().toUtf8();
    QVERIFY(QFile::rename(program, real));
    QVERIFY(write(program, serving({}, "    case \"$arguments\" in *backend-1*)\n        touch " + folder + "/port-free\n        while [ ! -e " + folder + "/port-taken ]; do sleep 0.02; done;;\n    esac\n")));
    QVERIFY(QFile::setPermissions(program, QFile::permissions(real)));
    const qint64 before = m_demo.pidOf(u"backend-1"_s);
    QCOMPARE(kill(pid_t(before), SIGTERM), 0);
    // One look each time: of two, one may be from before its death and the other from after it.
    QVERIFY(QTest::qWaitFor(
        [&] {
            const qint64 now = m_demo.pidOf(u"backend-1"_s);
            return now > 0 && now != before;
        },
        PatienceMs));
    init();

    auto update = m_demo.startCtl(Update);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(m_demo.folder() + u"/port-free"_s) || update->state() == QProcess::NotRunning, PatienceMs);
    QVERIFY(takePort(stranger, port));
    QVERIFY(write(m_demo.folder() + u"/port-taken"_s));
    auto outcome = SystemDemo::outcomeOf(*update);
    // The old one cannot come back either, so a person has to decide.
    QCOMPARE(FaultDemo::told(outcome, Held, u"supervisor.port_taken"_s, {QString::number(port), u"backend-1"_s, u"system_faults"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    // Who looks is told who serves meanwhile, and who does not.
    const QJsonObject held = m_demo.ctl({u"history"_s, m_demo.ctl({u"status"_s}).json[u"activeRun"].toString()}).json;
    QCOMPARE(held[u"serving"].toString(), u"1.2.0"_s);
    QCOMPARE(held[u"silent"].toArray(), QJsonArray{u"backend-1"_s});
    stranger.close();
    outcome = m_demo.ctl({u"retry"_s});
    QVERIFY2(outcome.exitCode == WentBack, outcome.errors);
    QVERIFY(QFile::remove(program) && QFile::rename(real, program));
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.ctl({u"status"_s}).json[u"health"].toString(), u"healthy"_s);
}

void FaultRunsTest::serviceNeverReady()
{
    QCOMPARE(publishScript(u"1.2.7"_s, "#!/bin/sh\nexec sleep 600\n"), QString());
    QVERIFY(m_demo.edit(u"ready_within: 30s"_s, u"ready_within: 8s"_s));
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.7"_s, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"supervisor.not_ready"_s, {u"backend-1"_s, u"not ready within 8 s"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
}

void FaultRunsTest::serviceDiesAtOnce()
{
    QCOMPARE(publishScript(u"1.2.8"_s, "#!/bin/sh\necho 'no such table: quotes'\nexit 7\n"), QString());
    const auto outcome = m_demo.ctl({u"update"_s, u"1.2.8"_s, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"supervisor.died"_s, {u"backend-1"_s, u"exit code 7"_s, u"no such table: quotes"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::serviceDiesSoon()
{
    // Healthy at first. While the watch is at work the second backend dies, once, between two
    // requests; the first one serves all the time.
    const QString die = m_demo.folder() + u"/die"_s;
    QCOMPARE(publishScript(u"1.2.9"_s, serving("case \"$arguments\" in *backend-2*)\n    ( while [ ! -e " + die.toUtf8() + " ]; do sleep 0.1; done; rm " + die.toUtf8() + "; kill $service ) & ;;\nesac\n")),
             QString());
    auto update = m_demo.startCtl({u"update"_s, u"1.2.9"_s, u"--yes"_s, u"--watch"_s, u"90s"_s});
    QVERIFY(m_demo.waitAtStep(*update, u"watch"_s));
    QVERIFY(write(die));
    const auto outcome = SystemDemo::outcomeOf(*update);
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"watch.instance_died"_s, {u"1.2.9 was started"_s, u"0 were expected"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::serviceHangsSoon()
{
    // While the watch is at work the second backend stops answering. It does not die, and once the
    // balancer has noticed, the first one answers every request without an error.
    QVERIFY(m_demo.edit(u"stop_timeout: 25s"_s, u"stop_timeout: 3s"_s));
    QVERIFY(m_demo.edit(u"drain_limit: 30s"_s, u"drain_limit: 3s"_s));
    auto update = m_demo.startCtl({u"update"_s, u"1.2.1"_s, u"--yes"_s, u"--watch"_s, u"120s"_s});
    QVERIFY(m_demo.waitAtStep(*update, u"watch"_s));
    const qint64 backend = m_demo.pidOf(u"backend-2"_s);
    QVERIFY(backend > 0);
    QCOMPARE(kill(pid_t(backend), SIGSTOP), 0);
    const auto outcome = SystemDemo::outcomeOf(*update);
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"watch.instance_not_ready"_s, {u"backend-2 of 1.2.1"_s, u"not been ready since"_s, u"10 s"_s}), QString());
    // What hung in it when it was stopped is lost to its users.
    QCOMPARE(m_demo.harm(u"1.2.0"_s, true), QString());
}

void FaultRunsTest::balancerKilledDuringDeployment()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    const qint64 haproxy = m_demo.pidOf(u"haproxy"_s);
    QVERIFY(haproxy > 0);
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QCOMPARE(kill(pid_t(haproxy), SIGKILL), 0);
    m_demo.openGate();
    const auto outcome = SystemDemo::outcomeOf(*update);
    // The supervisor starts it again, and the update goes on.
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s, true), QString());
    QVERIFY(m_demo.pidOf(u"haproxy"_s) != haproxy);
    back(u"code"_s);
}

void FaultRunsTest::balancerSocketGone()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    const qint64 haproxy = m_demo.pidOf(u"haproxy"_s);
    const QString socket = m_demo.folder() + u"/haproxy.sock"_s;
    QVERIFY(QFile::exists(socket));
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    QVERIFY(QFile::remove(socket));
    m_demo.openGate();
    const auto outcome = SystemDemo::outcomeOf(*update);
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"haproxy.gone"_s, {socket, u"show stat"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    // And it isn't begun without.
    m_demo.restoreTarget();
    QCOMPARE(FaultDemo::told(m_demo.ctl(Update), Refused, u"haproxy.gone"_s, {socket, u"balancer.socket"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(kill(pid_t(haproxy), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_demo.ctl({u"status"_s}).json[u"health"].toString(), u"healthy"_s, PatienceMs);
    QCOMPARE(m_demo.harm(u"1.2.0"_s, true), QString());
}

void FaultRunsTest::targetNotReadable_data()
{
    QTest::addColumn<QString>("from");
    QTest::addColumn<QString>("to");
    QTest::addColumn<QString>("code");
    QTest::addColumn<int>("line"); // Of what is changed, from there on; columns count from 1.
    QTest::addColumn<int>("column");
    QTest::addColumn<QStringList>("words");
    QTest::newRow("missing") << u"    driver: sqlite\n"_s << QString() << u"target.missing"_s << -1 << 5 << QStringList{u"“databases[0].driver” is missing"_s, u"Add it"_s};
    QTest::newRow("mistyped") << u"  keep: 5\n"_s << u"  keep: many\n"_s << u"target.expected_integer"_s << 0 << 9
                              << QStringList{u"“backup.keep” must be a whole number from 1 to"_s, u"found many"_s, u"without quotes"_s};
    QTest::newRow("unknown") << u"  keep: 5\n"_s << u"  kepe: 5\n"_s << u"target.unknown_key"_s << 0 << 3 << QStringList{u"kepe"_s, u"keep"_s};
}

/// Of each field it is tried apart; here, that a running system is told and left alone.
void FaultRunsTest::targetNotReadable()
{
    QFETCH(QString, from);
    QFETCH(QString, to);
    QFETCH(QString, code);
    QFETCH(int, line);
    QFETCH(int, column);
    QFETCH(QStringList, words);
    QFile file(m_demo.targetFile());
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString before = QString::fromUtf8(file.readAll());
    file.close();
    const qsizetype at = before.indexOf(from);
    QVERIFY(at > 0);
    const QString place = u"%1:%2:%3"_s.arg(m_demo.targetFile()).arg(before.first(at).count(u'\n') + 1 + line).arg(column);
    const qint64 backend = m_demo.pidOf(u"backend-1"_s);
    const auto runs = m_demo.ctl({u"history"_s}).json[u"runs"].toArray();

    QVERIFY(m_demo.edit(from, to));
    for (const QStringList &command : {QStringList{u"status"_s}, Update}) {
        const auto outcome = m_demo.ctl(command);
        QCOMPARE(FaultDemo::told(outcome, Failed, code, words), QString());
        QCOMPARE(outcome.json[u"error"][u"where"].toString(), place);
        // And so for a person.
        QProcess plain;
        plain.start(SystemDemo::program(u"cutoverctl"_s), command + QStringList{u"--target"_s, m_demo.targetFile()});
        QVERIFY(plain.waitForFinished(PatienceMs));
        QCOMPARE(plain.exitCode(), Failed);
        const QString said = QString::fromUtf8(plain.readAllStandardError());
        QVERIFY2(said.contains(place) && said.contains(words.first()) && !said.contains(u"%{"), qPrintable(said));
        QCOMPARE(plain.readAllStandardOutput(), QByteArray());
    }
    // Where the balancer and the database are stands in the file too; nothing of them has changed.
    m_demo.restoreTarget();
    QCOMPARE(m_demo.pidOf(u"backend-1"_s), backend);
    QCOMPARE(m_demo.ctl({u"history"_s}).json[u"runs"].toArray(), runs);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::targetRenamed()
{
    QVERIFY(m_demo.edit(u"\nname: demo\n"_s, u"\nname: production\n"_s));
    QCOMPARE(FaultDemo::told(m_demo.ctl(Update), Refused, u"target.identity_changed"_s, {u"demo"_s, u"production"_s, u"identity.json"_s}), QString());
    m_demo.restoreTarget();
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::targetOfAnotherDatabase()
{
    QVERIFY(QFile::copy(m_demo.databaseFile(), m_demo.folder() + u"/data/staging.db"_s));
    QVERIFY(m_demo.edit(u"file: data/trading.db"_s, u"file: data/staging.db"_s));
    const auto outcome = m_demo.ctl(Update);
    QCOMPARE(FaultDemo::told(outcome, Refused, u"target.identity_changed"_s, {u"trading.db"_s, u"staging.db"_s}), QString());
    m_demo.restoreTarget();
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::targetEditedAfterPlanning()
{
    const QString plan = m_demo.folder() + u"/plan.json"_s;
    QCOMPARE(m_demo.ctl({u"plan"_s, u"1.2.1"_s, u"--output"_s, plan}).exitCode, Done);
    QVERIFY(m_demo.edit(u"keep: 5"_s, u"keep: 4"_s));
    const auto outcome = m_demo.ctl({u"apply"_s, plan, u"--yes"_s});
    QCOMPARE(FaultDemo::told(outcome, Refused, u"run.refused_to_start"_s, {u"target"_s, u"Make a new plan"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::planEdited()
{
    const QString file = m_demo.folder() + u"/plan.json"_s;
    QCOMPARE(m_demo.ctl({u"plan"_s, u"1.2.1"_s, u"--output"_s, file}).exitCode, Done);
    QFile plan(file);
    QVERIFY(plan.open(QIODevice::ReadWrite));
    QByteArray content = plan.readAll();
    QVERIFY(content.contains("\"1.2.1\""));
    content.replace("\"1.2.1\"", "\"1.3.1\"");
    QVERIFY(plan.resize(0) && plan.seek(0) && plan.write(content) == content.size());
    plan.close();
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"apply"_s, file, u"--yes"_s}), Refused, u"serve.plan_edited"_s, {u"digest"_s}), QString());
    QVERIFY(plan.open(QIODevice::WriteOnly) && plan.write("no plan") == 7);
    plan.close();
    QCOMPARE(FaultDemo::told(m_demo.ctl({u"apply"_s, file, u"--yes"_s}), 2, u"cli.bad_plan"_s, {u"no plan"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::databaseHeldBefore()
{
    {
        const Locker locker(m_demo.databaseFile());
        QVERIFY(locker.isHeld());
        const auto outcome = m_demo.ctl(Update);
        QCOMPARE(FaultDemo::told(outcome, Refused, u"check.database_held"_s, {u"system_faults"_s, u"“trading”"_s}), QString());
    }
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
}

void FaultRunsTest::databaseLockedDuringBackup()
{
    QVERIFY(m_demo.putGate(u"precheck"_s));
    const QSet<QString> before = provenPoints();
    auto update = m_demo.startCtl(Update);
    QVERIFY(m_demo.waitAtGate(*update));
    {
        const Locker locker(m_demo.databaseFile());
        QVERIFY(locker.isHeld());
        m_demo.openGate();
        // A writer does not keep the backup from reading; it is made and proven meanwhile.
        // The orders that wait for the lock meanwhile have 20 s.
        QTRY_VERIFY_WITH_TIMEOUT(!provenPoints().subtract(before).isEmpty(), 18000);
    }
    const auto outcome = SystemDemo::outcomeOf(*update);
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    back(u"code"_s);
}

void FaultRunsTest::databaseLockedForLongDuringMigration()
{
    const QString schema = m_demo.schema();
    QVERIFY(m_demo.putGate(u"verify_backup"_s));
    QVERIFY(m_demo.edit(u"transient_retries: 3"_s, u"transient_retries: 0"_s));
    auto update = m_demo.startCtl({u"update"_s, u"1.3.0"_s, u"--yes"_s});
    QVERIFY(m_demo.waitAtGate(*update));
    SystemDemo::Outcome outcome;
    {
        const Locker locker(m_demo.databaseFile());
        QVERIFY(locker.isHeld());
        m_demo.openGate();
        outcome = SystemDemo::outcomeOf(*update);
    }
    QCOMPARE(FaultDemo::told(outcome, WentBack, u"database.locked"_s, {u"trading.db"_s, u"system_faults"_s, u"waited 10 s"_s}), QString());
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.schema(), schema);
}

void FaultRunsTest::databaseLockedShortlyDuringMigration()
{
    QVERIFY(m_demo.putGate(u"verify_backup"_s));
    auto update = m_demo.startCtl({u"update"_s, u"1.3.0"_s, u"--yes"_s});
    QVERIFY(m_demo.waitAtGate(*update));
    {
        const Locker locker(m_demo.databaseFile());
        QVERIFY(locker.isHeld());
        m_demo.openGate();
        // Held for a moment while the migration waits for it.
        QVERIFY(m_demo.waitAtStep(*update, u"migrate"_s));
        QTest::qWait(1000);
        QCOMPARE(update->state(), QProcess::Running);
    }
    const auto outcome = SystemDemo::outcomeOf(*update);
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.3.0"_s), QString());
    back(u"downgrade"_s);
}

void FaultRunsTest::rightUpdateSucceedsAfterwards()
{
    const auto outcome = m_demo.ctl({u"update"_s, u"1.3.0"_s, u"--yes"_s});
    QVERIFY2(outcome.exitCode == Done, outcome.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.3.0"_s), QString());
}

QTEST_GUILESS_MAIN(FaultRunsTest)
#include "faultrunstest.moc"
