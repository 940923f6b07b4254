// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "wholescenario.h"

#include "demo/demoreleases.h"
#include "demo/demosystem.h"
#include "deploy/haproxy.h"
#include "deploy/supervisorclient.h"
#include "metrics/watcher.h"
#include "migration/migrationchain.h"
#include "plan/facts.h"
#include "release/package.h"
#include "release/repository.h"
#include "run/decisions.h"
#include "run/runlock.h"
#include "serve/engineservice.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/programs.h"
#include "system/random.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDir>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QJsonArray>
#include <QJsonDocument>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QThread>

#include <csignal>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

const QString Old = u"1.2.0"_s;
const QString New = u"1.3.0"_s;
const QString Broken = u"1.3.1"_s;
constexpr int Orders = 2000;
constexpr qint64 RunLimitMs = 240000;
constexpr qint64 ServingLimitMs = 60000; ///< Also where much else goes on at the machine.

Result<> copyTree(const QString &from, const QString &to)
{
    QProcess process;
    process.start(u"cp"_s, {u"-a"_s, u"--reflink=auto"_s, from, to});
    if (!process.waitForFinished(60000) || process.exitCode() != 0) {
        return between(u"The system can't be copied: "_s + QString::fromUtf8(process.readAllStandardError()));
    }
    return {};
}

/// Processes that work for a system in that folder, this one left out.
QList<pid_t> processesOf(const QString &folder)
{
    const QByteArray wanted = folder.toLocal8Bit();
    QList<pid_t> found;
    const QStringList pids = QDir(u"/proc"_s).entryList({u"[0-9]*"_s}, QDir::Dirs);
    for (const QString &pid : pids) {
        if (pid.toInt() == ::getpid()) {
            continue;
        }
        for (const QString &name : {u"/cmdline"_s, u"/environ"_s}) {
            QFile file(u"/proc/"_s + pid + name);
            if (file.open(QIODevice::ReadOnly) && file.readAll().contains(wanted)) {
                found.append(pid.toInt());
                break;
            }
        }
    }
    return found;
}

QStringList linesOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\n', Qt::SkipEmptyParts) : QStringList();
}

Result<QStringList> query(const QString &databaseFile, const QString &sql)
{
    const QString name = u"crash-query"_s;
    QStringList values;
    QString problem;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, name);
        database.setDatabaseName(databaseFile);
        database.setConnectOptions(u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=10000"_s);
        QSqlQuery rows(database);
        if (!database.open() || !rows.exec(sql)) {
            problem = database.lastError().text() + rows.lastError().text();
        }
        while (problem.isEmpty() && rows.next()) {
            values.append(rows.value(0).toString());
        }
    }
    QSqlDatabase::removeDatabase(name);
    if (!problem.isEmpty()) {
        return between(u"%1: %2"_s.arg(sql, problem));
    }
    return values;
}

Result<QStringList> ordersUpTo(const QString &databaseFile, int count)
{
    return query(databaseFile,
                 u"SELECT id || '|' || symbol || side || quantity || price || user || client_id || created_at FROM orders WHERE id <= %1 ORDER BY id"_s
                     .arg(count));
}

/// Empty when no two strategy processes ever ran, or tried to run, at once.
QString strategyOverlap(const QString &log)
{
    QString running;
    for (const QString &line : linesOf(log)) {
        const QStringList words = line.split(u' ');
        if (words[0] == u"overlap") {
            return line;
        }
        if (words[0] == u"start") {
            if (!running.isEmpty()) {
                return u"process %1 started while %2 ran"_s.arg(words.value(1), running);
            }
            running = words.value(1);
        } else if (words[0] == u"stop") {
            running.clear();
        }
    }
    return {};
}

QString namesOf(const QString &folder, QDir::Filters filters)
{
    return QDir(folder).entryList(filters | QDir::NoDotAndDotDot, QDir::Name).join(u' ');
}

} // namespace

WholeScenario::WholeScenario(Journey journey, const QString &role)
    : m_journey(journey)
    , m_role(role)
    , m_from(journey == Journey::Downgrade ? New : Old)
    , m_to(journey == Journey::Update ? New : journey == Journey::Faulty ? Broken
                                                                         : Old)
    , m_base(systemsTemplate())
    , m_folder(m_base.filePath(u"demo"_s))
    , m_pristine(m_base.filePath(u"pristine"_s))
    , m_network(std::make_unique<QNetworkAccessManager>())
{
}

WholeScenario::~WholeScenario()
{
    clear();
}

QString WholeScenario::name() const
{
    const QString journey = m_journey == Journey::Update ? u"update"_s : m_journey == Journey::Faulty ? u"faulty"_s
                                                                                                      : u"downgrade"_s;
    return m_role.isEmpty() ? journey : QString(journey + u'-' + m_role);
}

// --- the system that each try begins with

Result<> WholeScenario::make()
{
    DemoOptions options;
    options.orders = Orders;
    options.trafficRate = 10;
    // The faulty release must not get through before enough of its requests have failed.
    options.watchDurationMs = m_journey == Journey::Faulty ? 20000 : 400;
    options.watchWindowMs = 1000;
    CHECK(QCoro::waitFor(createDemo(m_folder, options)));
    // So little traffic and so short a watch must be enough to judge by.
    TRY(QByteArray yaml, files::read(demoTargetFile(m_folder)));
    yaml.replace("minimum_samples: 50", "minimum_samples: 2").replace("scrape_interval: 500ms", "scrape_interval: 200ms");
    yaml += "\ncommands:\n"
            "  - name: announce\n"
            "    after: switch_release\n"
            "    apply: [/bin/sh, -c, \"echo {to} > data/announced\"]\n"
            "    revert: [/bin/rm, -f, data/announced]\n"
            "    inspect: [/usr/bin/test, -s, data/announced]\n";
    CHECK(files::replace(demoTargetFile(m_folder), yaml));
    TRY(QByteArray balancer, files::read(QString(m_folder + u"/haproxy.cfg"_s)));
    balancer.replace("check inter 500ms fastinter 100ms downinter 200ms", "check inter 1s fastinter 50ms downinter 50ms");
    CHECK(files::replace(QString(m_folder + u"/haproxy.cfg"_s), balancer));
    TRY(m_target, Target::load(demoTargetFile(m_folder)));

    if (m_journey == Journey::Faulty) {
        CHECK(makeFaultyRelease());
    }
    CHECK(QCoro::waitFor(startDemo(m_folder)));
    CHECK(waitUntilServing(Old));
    TRY(m_oldEnvironment, files::read(m_target.configuration.first().file));
    if (m_journey == Journey::Downgrade) {
        CHECK(planRun(false, m_from));
        QProcess update;
        update.start(runner().first(), runner().sliced(1));
        if (!update.waitForFinished(int(RunLimitMs)) || update.exitCode() != 0) {
            return between(u"The update before the rollback failed: "_s + QString::fromUtf8(update.readAllStandardError()));
        }
        CHECK(waitUntilServing(m_from));
    }
    CHECK(planRun(m_journey == Journey::Downgrade, m_to));
    CHECK(QCoro::waitFor(stopDemo(m_folder)));

    TRY(m_ordersBefore, ordersUpTo(m_target.databases.first().file, Orders));
    // The planning fetched it; the run shall.
    CHECK(files::removeTree(QString(m_target.stateDirectory + u"/downloads"_s)));
    // A new supervisor then starts every service at once.
    const QString stateFile = m_target.stateDirectory + u"/supervisor/state.json"_s;
    TRY(QByteArray state, files::read(stateFile));
    state.replace("\"desired\": \"stopped\"", "\"desired\": \"running\"");
    CHECK(files::replace(stateFile, state, files::privateFile));
    for (const QString &log : {u"acknowledged.log"_s, u"failures.log"_s, u"strategy.log"_s}) {
        CHECK(files::remove(m_folder + u"/data/"_s + log));
    }
    return copyTree(m_folder, m_pristine);
}

Result<> WholeScenario::makeFaultyRelease() const
{
    TRY(const QList<DemoRelease> releases, demoReleases(0));
    const auto found = std::ranges::find(releases, Broken, [](const DemoRelease &release) { return release.manifest.version.toString(); });
    if (found == releases.end()) {
        return between(u"The demo has no release "_s + Broken);
    }
    DemoRelease faulty = *found;
    faulty.behaviour[u"errorProportion"_s] = 0.9;
    faulty.behaviour[u"quietSeconds"_s] = 0;
    TRY(const QString program, programPath(u"cutover-demo-service"_s));
    const QString folder = m_base.filePath(u"build"_s);
    const QString key = m_folder + u"/keys/release.key"_s;
    const QString repository = m_folder + u"/repository"_s;
    CHECK(writeDemoRelease(faulty, program, folder));
    TRY(const QString file, package::build(folder, repository));
    CHECK(package::sign(file, key, u"trading "_s + Broken));
    CHECK(Repository::writeIndex(repository, key));
    return files::removeTree(folder);
}

Result<> WholeScenario::planRun(bool rollback, const QString &version)
{
    Plan plan;
    {
        EngineService engine(m_target.path, u"crash test"_s);
        CHECK(engine.open());
        QEventLoop loop;
        Result<QJsonObject> result;
        QString job;
        QObject::connect(&engine, &EngineClient::jobTold, &loop, [&](const QString &id, const QString &state, const QJsonObject &what) {
            if (id == job && state == u"done") {
                result = what;
                loop.quit();
            } else if (id == job && state == u"failed") {
                result = fail(Error::fromJson(what));
                loop.quit();
            }
        });
        if (rollback) {
            TRY(const auto points, QCoro::waitFor(engine.restorePoints()));
            const auto point = std::ranges::find(points, version, [](const RestorePointView &view) { return view.point.version; });
            if (point == points.end()) {
                return between(u"There is no restore point of "_s + version);
            }
            TRY(job, QCoro::waitFor(engine.startRollbackPlan(point->point.id, u"downgrade"_s)));
        } else {
            TRY(job, QCoro::waitFor(engine.startUpdatePlan(version)));
        }
        loop.exec();
        TRY(const QJsonObject told, result);
        TRY(plan, Plan::fromJson(told[u"plan"_s].toObject()));
    }
    // Approved, and started by nobody yet: the runner is this test's own.
    RunRecord run;
    run.id = m_run = Random::system().id();
    run.plan = plan;
    run.planDigest = plan.digest();
    run.approvedBy = run.startedBy = u"crash test"_s;
    run.created = Clock::system().now();
    TRY(const auto journal, Journal::open(m_target.stateDirectory));
    CHECK(journal->addRun(run));
    return journal->audit(run.startedBy, u"run.approved"_s, {{u"run"_s, run.id}, {u"digest"_s, run.planDigest}});
}

Result<> WholeScenario::reset()
{
    clear();
    if (m_run.isEmpty()) {
        // Ports are chosen before they are used; of several that make a system at once, another may be quicker.
        Result<> made = make();
        for (int i = 0; i < 5 && !made && made.error().code == u"supervisor.port_taken"; ++i) {
            clear();
            CHECK(files::removeTree(m_folder));
            made = make();
        }
        CHECK(made);
    }
    // The database stays the same file, as the system's identity names it, and gets its old content.
    const QString database = m_target.databases.first().file;
    for (const QFileInfo &entry : QDir(m_folder).entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot)) {
        if (entry.isDir() && !entry.isSymLink() && entry.filePath() != QFileInfo(database).path()) {
            QDir(entry.filePath()).removeRecursively();
        } else if (!entry.isDir() || entry.isSymLink()) {
            QFile::remove(entry.filePath());
        }
    }
    for (const QFileInfo &entry : QFileInfo(database).dir().entryInfoList(QDir::Files | QDir::Hidden | QDir::System)) {
        if (entry.filePath() != database) {
            QFile::remove(entry.filePath());
        }
    }
    CHECK(copyTree(m_pristine + u"/."_s, m_folder));
    CHECK(startServices());
    return waitUntilServing(m_from);
}

Result<> WholeScenario::startServices()
{
    SupervisorClient supervisor(m_target);
    CHECK(QCoro::waitFor(supervisor.ensureRunning()));
    for (const ServiceSpec &service : std::as_const(m_target.services)) {
        for (const InstanceSpec &instance : service.instances) {
            QElapsedTimer timer;
            timer.start();
            // It may die once while what it needs is being started.
            auto ready = QCoro::waitFor(supervisor.waitReady(instance.name));
            while (!ready && timer.elapsed() < ServingLimitMs) {
                QThread::msleep(50);
                ready = QCoro::waitFor(supervisor.waitReady(instance.name));
            }
            CHECK(ready);
        }
    }
    return {};
}

Result<> WholeScenario::waitUntilServing(const QString &version) const
{
    QElapsedTimer timer;
    timer.start();
    const Haproxy haproxy(m_target.balancer.socket);
    QString found;
    while (timer.elapsed() < ServingLimitMs) {
        const auto servers = QCoro::waitFor(haproxy.servers(u"trading"_s));
        const bool up = servers && std::ranges::all_of(*servers, &BalancerServer::isUp);
        if (up && !linesOf(QString(m_folder + u"/data/acknowledged.log"_s)).isEmpty()) {
            found = servedVersion();
            if (found == version) {
                return {};
            }
        }
        QThread::msleep(50);
    }
    return between(u"The balancer serves “%1”, not %2."_s.arg(found, version));
}

void WholeScenario::clear()
{
    // The supervisor among them starts again what dies, so several looks are needed.
    for (int i = 0; i < 200; ++i) {
        const QList<pid_t> left = processesOf(m_folder);
        if (left.isEmpty()) {
            return;
        }
        for (const pid_t pid : left) {
            ::kill(pid, SIGKILL);
        }
        QThread::msleep(10);
    }
}

void WholeScenario::keep(const QString &folder)
{
    QDir().mkpath(QFileInfo(folder).absolutePath());
    QDir(folder).removeRecursively();
    (void)copyTree(m_folder, folder);
}

// --- the run

QStringList WholeScenario::runner() const
{
    return {programPath(u"cutoverctl"_s).value_or(u"cutoverctl"_s), u"runner"_s, u"--leave-when-held"_s, u"--target"_s, m_target.path, u"--run"_s, m_run};
}

bool WholeScenario::hasEnded(int exitCode) const
{
    constexpr int succeeded = 0;
    constexpr int held = 4;
    constexpr int rolledBack = 5;
    return exitCode == succeeded || exitCode == held || exitCode == rolledBack;
}

Result<CrashScenario::Reason> WholeScenario::reason()
{
    TRY(const auto journal, Journal::open(m_target.stateDirectory, Journal::Mode::ReadOnly));
    return reasonOf(*journal, m_run, m_folder);
}

Result<bool> WholeScenario::decide()
{
    TRY(const auto journal, Journal::open(m_target.stateDirectory));
    CHECK(decideAbout(*journal, m_run));
    return true;
}

Result<QStringList> WholeScenario::stepBoundaries(const QStringList &announced)
{
    TRY(const auto journal, Journal::open(m_target.stateDirectory, Journal::Mode::ReadOnly));
    TRY(const auto steps, journal->steps(m_run));
    QStringList ends;
    for (const StepRecord &step : steps) {
        // What went back had ended before.
        const QList<StepState> states = step.state == StepState::Reverted ? QList{StepState::Done, StepState::Reverted} : QList{step.state};
        for (const StepState state : states) {
            const QString name = u"step-%1-%2"_s.arg(step.index).arg(stateName(state));
            if (announced.contains(name)) {
                ends.append(name);
            } else if (state == step.state && state != StepState::Pending) {
                return between(u"The end of step %1 was not announced."_s.arg(name));
            }
        }
    }
    return ends;
}

// --- the judgement

QByteArray WholeScenario::get(const QString &path) const
{
    int port = 0;
    for (const InstanceSpec &instance : m_target.service(u"haproxy"_s)->instances) {
        port = instance.port;
    }
    QNetworkRequest request(QUrl(u"http://127.0.0.1:%1%2"_s.arg(port).arg(path)));
    request.setTransferTimeout(5000);
    // The balancer of the next try is another one.
    request.setRawHeader("Connection", "close");
    const std::unique_ptr<QNetworkReply> reply(m_network->get(request));
    QEventLoop loop;
    QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    return reply->error() == QNetworkReply::NoError ? reply->readAll() : QByteArray();
}

QString WholeScenario::servedVersion() const
{
    return QJsonDocument::fromJson(get(u"/api/version"_s)).object()[u"version"_s].toString();
}

Result<> WholeScenario::judgeOrders() const
{
    const QString database = m_target.databases.first().file;
    if (const QString found = integrity(database); found != u"ok") {
        return between(u"The database is damaged: "_s + found);
    }
    // In this order: what is acknowledged now was stored before.
    const QStringList acknowledged = linesOf(QString(m_folder + u"/data/acknowledged.log"_s));
    TRY(const QStringList before, ordersUpTo(database, Orders));
    if (before != m_ordersBefore) {
        return between(u"Orders from before the run have changed: %1 of %2 are left."_s.arg(before.size()).arg(m_ordersBefore.size()));
    }
    TRY(const QStringList stored, query(database, u"SELECT id || ' ' || client_id FROM orders WHERE id > %1"_s.arg(Orders)));
    const QSet<QString> known(stored.begin(), stored.end());
    for (const QString &line : acknowledged) {
        if (!known.contains(line)) {
            return between(u"The acknowledged order %1 is lost."_s.arg(line));
        }
    }
    if (acknowledged.isEmpty()) {
        return between(u"No order was acknowledged: there was no traffic."_s);
    }
    if (const QString overlap = strategyOverlap(QString(m_folder + u"/data/strategy.log"_s)); !overlap.isEmpty()) {
        return between(u"Two strategies ran: "_s + overlap);
    }
    return {};
}

/// Final: what serves, what is installed, what is configured and the schema all agree with the run.
Result<> WholeScenario::judgeSystem(const RunRecord &run, const QList<StepRecord> &steps) const
{
    const bool isNew = run.state == RunState::Succeeded;
    const QString version = isNew ? m_to : m_from;
    // Each server of the balancer in turn.
    for (int i = 0; i < 4; ++i) {
        if (const QString served = servedVersion(); served != version) {
            return between(u"The run is %1, but “%2” is served."_s.arg(stateName(run.state), served));
        }
    }
    Facts expected = isNew ? run.plan.factsBefore(run.plan.steps.size()) : run.plan.facts;
    if (!isNew) {
        // An expanded schema may stay, where taking it back would have lost something.
        for (const StepRecord &step : steps) {
            const QJsonObject left = step.results[stepresult::factsLeft].toObject();
            for (auto it = left.begin(); it != left.end(); ++it) {
                expected.insert(it.key(), it.value());
            }
        }
    }
    TRY(const Facts found, QCoro::waitFor(FactSource::collect(m_target)));
    CHECK(compareFacts(expected, found));
    SupervisorClient supervisor(m_target);
    if (m_role == u"supervise") {
        // Killed behind the last that the run asked of it; whoever asks next starts another.
        CHECK(QCoro::waitFor(supervisor.ensureRunning()));
    } else if (m_role == u"watch") {
        CHECK(QCoro::waitFor(ensureWatcher(m_target)));
    }
    TRY(const auto states, QCoro::waitFor(supervisor.states()));
    for (const InstanceState &state : states) {
        if (state.state != InstanceState::State::Ready || state.restarts > 0) {
            return between(u"%1 is not ready, or died %2 times."_s.arg(state.name).arg(state.restarts));
        }
    }
    CHECK(judgeConfiguration(version));
    return judgeNothingLeft(isNew);
}

/// What a release sets beside its code, and what the operator's own step has done.
Result<> WholeScenario::judgeConfiguration(const QString &version) const
{
    TRY(const QByteArray environment, files::read(m_target.configuration.first().file));
    QByteArray changed = m_oldEnvironment;
    changed.replace("LOG_LEVEL=warning", "LOG_LEVEL=info");
    if (environment != (version == New ? QByteArray(changed + "PREDICTION_MODEL=baseline-7\n") : m_oldEnvironment)) {
        return between(u"The configuration is not that of %1: %2"_s.arg(version, QString::fromUtf8(environment)));
    }
    // A flag that was there before a rollback stays: people may have set it since.
    const bool flagged = version == New || m_journey == Journey::Downgrade;
    TRY(const QStringList flags, query(m_target.databases.first().file, u"SELECT name FROM feature_flags ORDER BY name"_s));
    if (flags.contains(u"ai_predictions"_s) != flagged) {
        return between(u"The flags are %1."_s.arg(flags.join(u' ')));
    }
    const QString announced = linesOf(QString(m_folder + u"/data/announced"_s)).join(u' ');
    if (m_journey != Journey::Downgrade && announced != (version == New ? New : QString())) {
        return between(u"The target's own step has left “%1”."_s.arg(announced));
    }
    return {};
}

Result<> WholeScenario::judgeNothingLeft(bool isNew) const
{
    // The watcher is at work and has a temporary of its own for a moment, each time another one.
    QStringList left = leftovers(m_folder);
    for (int look = 0; look < 20 && !left.isEmpty(); ++look) {
        QThread::msleep(50);
        const QStringList now = leftovers(m_folder);
        left.removeIf([&now](const QString &path) { return !now.contains(path); });
    }
    if (!left.isEmpty()) {
        return between(u"Left behind: "_s + left.join(u", "_s));
    }
    for (const QFileInfo &file : QDir(m_target.stateDirectory + u"/runs/"_s + m_run).entryInfoList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot)) {
        if (file.suffix() != u"txt" && file.suffix() != u"log") {
            return between(u"The run left %1."_s.arg(file.filePath()));
        }
    }
    if (const QString answers = namesOf(m_target.stateDirectory + u"/watch"_s, QDir::Files); isNew && !answers.isEmpty()) {
        return between(u"The watch left %1."_s.arg(answers));
    }
    const QString releases = namesOf(m_target.releasesDirectory, QDir::Dirs | QDir::NoSymLinks);
    const bool both = m_journey == Journey::Downgrade || isNew;
    if (releases != (both ? QString(Old + u' ' + New) : Old)) {
        return between(u"Releases on disk: "_s + releases);
    }
    TRY(const auto journal, Journal::open(m_target.stateDirectory, Journal::Mode::ReadOnly));
    TRY(const auto points, journal->restorePoints());
    QStringList known;
    for (const RestorePoint &point : points) {
        if (point.available) {
            known.append(QFileInfo(point.directory).fileName());
        }
    }
    known.sort();
    if (const QString backups = namesOf(m_target.backup.directory, QDir::Dirs); backups != known.join(u' ')) {
        return between(u"Backups on disk are %1, in the journal %2."_s.arg(backups, known.join(u' ')));
    }
    TRY(const auto owner, RunLock::owner(m_target.stateDirectory));
    if (owner) {
        return between(u"The lock is still held by process %1."_s.arg(owner->pid));
    }
    return {};
}

/// Held: users are served. Whether the reason is right, the driver asks.
Result<> WholeScenario::judgeHold(const RunRecord &run) const
{
    if (const QString served = servedVersion(); served != m_from && served != m_to) {
        return between(u"The run is held, and “%1” is served. %2"_s.arg(served, run.reason.text()));
    }
    return {};
}

Result<QString> WholeScenario::judge()
{
    TRY(const auto journal, Journal::open(m_target.stateDirectory));
    CHECK(journal->verifyAudit());
    if (const QString found = integrity(QString(m_target.stateDirectory + u"/journal.db"_s)); found != u"ok") {
        return between(u"The journal is damaged: "_s + found);
    }
    TRY(const RunRecord run, journal->run(m_run));
    TRY(const auto steps, journal->steps(m_run));
    CHECK(judgeOrders());
    if (run.state == RunState::Succeeded && m_journey == Journey::Faulty) {
        return between(u"The faulty release got through."_s);
    }
    if (run.state == RunState::Succeeded || run.state == RunState::RolledBack) {
        CHECK(judgeSystem(run, steps));
        return run.state == RunState::Succeeded ? u"new"_s : u"old"_s;
    }
    if (run.state == RunState::Held) {
        CHECK(judgeHold(run));
        return u"held"_s;
    }
    return between(u"The run is "_s + stateName(run.state));
}

} // namespace cutover::testing
