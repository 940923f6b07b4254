// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/engineservice.h"

#include "config/targetmask.h"
#include "database/database.h"
#include "deploy/haproxy.h"
#include "metrics/thinner.h"
#include "metrics/watcher.h"
#include "plan/planners.h"
#include "run/activerun.h"
#include "run/decisions.h"
#include "run/report.h"
#include "run/runchannel.h"
#include "run/runlock.h"
#include "run/runnerkeeper.h"
#include "serve/protocol.h"
#include "serve/runview.h"
#include "serve/stagerelease.h"
#include "system/files.h"
#include "system/programs.h"
#include "system/random.h"
#include "system/sqlitevfs.h"
#include "target/claim.h"

#include <QCoreApplication>
#include <QFile>
#include <QHash>
#include <QJsonArray>
#include <QPointer>
#include <QSysInfo>
#include <QTimer>

#include <algorithm>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int PollMs = 250;
constexpr int MetricsEveryMs = 1000;
constexpr qint64 LogChunk = 256 * 1024;
constexpr qint64 ReleasesKeptMs = 30000;
constexpr qint64 LookMs = 200; ///< What a look at the target waits for one that hangs.
constexpr int WatcherEveryMs = 3000;

QString installedVersion(const Target &target)
{
    const auto link = files::readLink(target.currentLink());
    return link ? link->section(u'/', -1, -1, QString::SectionSkipEmpty) : QString();
}

/// What a list of runs needs of each: previews are most of a plan's size, and only run() shows them.
QJsonObject withoutPreviews(RunRecord record)
{
    for (StepSpec &step : record.plan.steps) {
        step.previews.clear();
    }
    return toJson(record);
}

QMap<QString, qint64> medians(QHash<QString, QList<qint64>> values)
{
    QMap<QString, qint64> result;
    for (auto it = values.begin(); it != values.end(); ++it) {
        std::sort(it->begin(), it->end());
        result.insert(it.key(), it->at(it->size() / 2));
    }
    return result;
}

Result<ReleaseInfo> findRelease(const QList<ReleaseInfo> &infos, const Version &wanted)
{
    QJsonArray versions;
    for (const ReleaseInfo &info : infos) {
        if (info.manifest.version == wanted) {
            return info;
        }
        versions.append(info.manifest.version.toString());
    }
    return fail(u"serve.no_release"_s, {{u"version"_s, wanted.toString()}, {u"known"_s, versions}});
}

/// Whether a command of the run waits to be taken.
Result<bool> isPending(Journal &journal, const QString &runId, const QString &commandId)
{
    TRY(const auto pending, journal.pendingCommands(runId));
    return !commandId.isEmpty() && std::ranges::any_of(pending, [&commandId](const CommandRecord &command) { return command.id == commandId; });
}

QJsonArray claimsToJson(const QList<DatabaseClaim> &claims)
{
    QJsonArray array;
    for (const DatabaseClaim &claim : claims) {
        array.append(QJsonObject{{u"database"_s, claim.database},
                                 {u"file"_s, claim.file},
                                 {u"owner"_s, claim.target},
                                 {u"ownerFile"_s, claim.path},
                                 {u"host"_s, claim.host},
                                 {u"since"_s, claim.since.toUTC().toString(Qt::ISODateWithMs)}});
    }
    return array;
}

QString instanceStateName(InstanceState::State state)
{
    switch (state) {
    case InstanceState::State::Stopped:
        return u"stopped"_s;
    case InstanceState::State::Starting:
        return u"starting"_s;
    case InstanceState::State::Ready:
        return u"ready"_s;
    case InstanceState::State::Unready:
        return u"unready"_s;
    case InstanceState::State::Stopping:
        return u"stopping"_s;
    case InstanceState::State::Failed:
        return u"failed"_s;
    }
    return u"unknown"_s;
}

} // namespace

struct EngineService::Private {
    EngineService *q;
    QString targetFile;
    QString who;
    QString session;
    Target target;
    std::optional<TargetMask> mask;
    QString maskOf; ///< Digest of the target that mask was made for.
    std::unique_ptr<Journal> journal;
    std::unique_ptr<MetricStore> metrics;
    std::unique_ptr<RunChannelClient> channel;
    QTimer poll;
    QTimer metricsTick;
    QTimer watcherTick;
    bool watcherBusy = false;
    qint64 dataVersion = -1;
    std::unique_ptr<RunnerKeeper> keeper;
    QMap<QString, QString> heads; ///< Database → migration head, as last read.
    bool headsBusy = false;
    QHash<QString, std::stop_source> jobs;
    QHash<QString, Plan> plans; ///< Built in this session, by digest.
    QList<ReleaseInfo> knownReleases;
    qint64 releasesAt = -ReleasesKeptMs;

    Async<QJsonObject> dispatch(QString method, QJsonObject params);
    TargetMask &secrets();
    /// All that a job tells goes out here, its secrets hidden; a plan, which holds none, as it is.
    void tellJob(const QString &job, const QString &state, const QJsonObject &what);

    Result<QJsonObject> hello(const QJsonObject &params);
    Result<QJsonObject> bye();
    Async<QJsonObject> status();
    Result<QJsonObject> auditTrail(int limit);
    static QCoro::Task<> readHeads(QPointer<EngineService> service);
    static QCoro::Task<> tendWatcher(QPointer<EngineService> service);
    Async<QList<ReleaseInfo>> releaseInfos(std::stop_token stop = {});
    Async<QJsonObject> releases();
    Result<QJsonObject> runs();
    Result<QJsonObject> run(const QString &id);
    Result<QJsonObject> events(const QString &id, qint64 after);
    Result<QJsonObject> log(const QString &id, qint64 offset);
    Result<QJsonObject> report(const QString &id);
    Result<QJsonObject> restorePoints();
    Async<QJsonObject> restorePoint(QString id);
    Async<QJsonObject> features();
    Async<QJsonObject> applyFeatures(QJsonObject params);
    Result<QJsonObject> metricPoints(const QJsonObject &params);
    Result<QJsonObject> apply(const QJsonObject &params);
    Result<QJsonObject> command(const QJsonObject &params);
    Result<QJsonObject> claims();
    Result<QJsonObject> adopt(const QJsonObject &params);
    Result<> needConn();
    Result<PlanningContext> planningContext();
    void look();

    using Job = std::function<Async<QJsonObject>(QString job, std::stop_token stop)>;
    QJsonObject startJob(Job work);
    static QCoro::Task<> runJob(QPointer<EngineService> service, QString job, Job work, std::stop_token stop);
    void tellProgress(const QString &job, const Progress &progress);
    Async<QJsonObject> planUpdateJob(QString to, qint64 watchMs, QString job, std::stop_token stop);
    Async<QJsonObject> planRollbackJob(QString point, QString mode, std::stop_token stop);
    Async<QJsonObject> checkJob(QString to, QString job, std::stop_token stop);
    QJsonObject keepPlan(const Plan &plan);
    Result<QJsonObject> adoptPlan(const QJsonObject &params);
};

EngineService::EngineService(const QString &targetFile, const QString &who, QObject *parent)
    : EngineClient(parent)
    , d(std::make_unique<Private>())
{
    d->q = this;
    d->targetFile = targetFile;
    d->who = who;
    d->session = u"cli:"_s + who;
    d->poll.setInterval(PollMs);
    connect(&d->poll, &QTimer::timeout, this, [this] { d->look(); });
    d->metricsTick.setInterval(MetricsEveryMs);
    connect(&d->metricsTick, &QTimer::timeout, this, [this] { Q_EMIT changed({u"metrics"_s}); });
    d->watcherTick.setInterval(WatcherEveryMs);
    connect(&d->watcherTick, &QTimer::timeout, this, [this] { Private::tendWatcher(this); });
}

EngineService::~EngineService()
{
    for (std::stop_source &stop : d->jobs) {
        stop.request_stop();
    }
}

const Target &EngineService::target() const
{
    return d->target;
}

Result<> EngineService::open(Purpose purpose)
{
    installSqliteVfs();
    TRY(d->target, Target::load(d->targetFile));
    const bool looking = purpose == Purpose::Looking;
    TRY(d->journal, Journal::open(d->target.stateDirectory, looking ? Journal::Mode::Looking : Journal::Mode::ReadWrite));
    d->keeper = std::make_unique<RunnerKeeper>(d->target.path, d->target.stateDirectory, d->journal.get());
    connect(d->keeper.get(), &RunnerKeeper::changed, this, [this] { Q_EMIT changed({u"status"_s, u"runs"_s}); });
    d->channel = std::make_unique<RunChannelClient>(d->target.stateDirectory);
    connect(d->channel.get(), &RunChannelClient::received, this, &EngineClient::runTold);
    if (!looking) {
        d->poll.start();
        d->metricsTick.start();
    }
    return {};
}

void EngineService::keepWatcher()
{
    d->watcherTick.start();
    Private::tendWatcher(this);
}

Async<QJsonObject> EngineService::call(QString method, QJsonObject params)
{
    const auto answer = co_await d->dispatch(method, params);
    if (!answer) {
        co_return fail(d->secrets().masked(answer.error()));
    }
    // Asked just now; all else comes from the journal, where it was masked on the way in.
    static const QStringList live{u"status"_s, u"releases"_s, u"restorePoint"_s};
    co_return live.contains(method) ? d->secrets().masked(QJsonValue(*answer)).toObject() : *answer;
}

TargetMask &EngineService::Private::secrets()
{
    if (!mask || maskOf != target.digest) {
        mask.emplace(target);
        maskOf = target.digest;
    }
    return *mask;
}

void EngineService::Private::tellJob(const QString &job, const QString &state, const QJsonObject &what)
{
    Q_EMIT q->jobTold(job, state, state == u"done" ? what : secrets().masked(QJsonValue(what)).toObject());
}

Async<QJsonObject> EngineService::Private::dispatch(QString method, QJsonObject params)
{
    if (method == u"hello") {
        co_return hello(params);
    }
    if (method == u"bye") {
        co_return bye();
    }
    if (method == u"audit") {
        co_return auditTrail(params[u"limit"].toInt(1000));
    }
    if (method == u"status") {
        co_return co_await status();
    }
    if (method == u"releases") {
        co_return co_await releases();
    }
    if (method == u"runs") {
        co_return runs();
    }
    if (method == u"run") {
        co_return run(params[u"id"].toString());
    }
    if (method == u"events") {
        co_return events(params[u"run"].toString(), params[u"after"].toInteger());
    }
    if (method == u"log") {
        co_return log(params[u"run"].toString(), params[u"offset"].toInteger());
    }
    if (method == u"report") {
        co_return report(params[u"run"].toString());
    }
    if (method == u"restorePoints") {
        co_return restorePoints();
    }
    if (method == u"restorePoint") {
        co_return co_await restorePoint(params[u"id"].toString());
    }
    if (method == u"features") {
        co_return co_await features();
    }
    if (method == u"features.apply") {
        co_return co_await applyFeatures(params);
    }
    if (method == u"metrics") {
        co_return metricPoints(params);
    }
    if (method == u"apply") {
        co_return apply(params);
    }
    if (method == u"command") {
        co_return command(params);
    }
    if (method == u"target.claims") {
        co_return claims();
    }
    if (method == u"target.adopt") {
        co_return adopt(params);
    }
    if (method == u"conn") {
        CO_TRY(const auto conn, journal->conn());
        const ConnRecord record = conn.value_or(ConnRecord());
        co_return QJsonObject{{u"holder"_s, record.holder},
                              {u"since"_s, record.since.toUTC().toString(Qt::ISODateWithMs)},
                              {u"note"_s, record.note},
                              {u"ours"_s, conn && record.session == session}};
    }
    if (method == u"conn.take") {
        CO_CHECK(journal->takeConn({who, session, Clock::system().now(), params[u"note"].toString()}, params[u"force"].toBool()));
        co_return QJsonObject{};
    }
    if (method == u"conn.release") {
        CO_CHECK(journal->releaseConn(session));
        co_return QJsonObject{};
    }
    if (method == u"check.start") {
        const QString to = params[u"to"].toString();
        co_return startJob([this, to](QString job, std::stop_token stop) { return checkJob(to, job, stop); });
    }
    if (method == u"plan.update.start") {
        const QString to = params[u"to"].toString();
        const qint64 watchMs = params[u"watchMs"].toInteger(-1);
        co_return startJob([this, to, watchMs](QString job, std::stop_token stop) { return planUpdateJob(to, watchMs, job, stop); });
    }
    if (method == u"plan.adopt") {
        co_return adoptPlan(params);
    }
    if (method == u"plan.rollback.start") {
        const QString point = params[u"point"].toString();
        const QString mode = params[u"mode"].toString();
        co_return startJob([this, point, mode](QString, std::stop_token stop) { return planRollbackJob(point, mode, stop); });
    }
    if (method == u"job.cancel") {
        const QString job = params[u"job"].toString();
        const auto it = jobs.find(job);
        if (it == jobs.end()) {
            co_return fail(u"serve.unknown_job"_s, {{u"job"_s, job}});
        }
        it->request_stop();
        co_return QJsonObject{};
    }
    co_return fail(u"serve.unknown_method"_s, {{u"method"_s, method}});
}

Result<QJsonObject> EngineService::Private::hello(const QJsonObject &params)
{
    if (const QString given = params[u"session"].toString(); !given.isEmpty()) {
        session = given;
    }
    // Through a shared account the console's own operator is told too; the account stays in it.
    if (const QString person = params[u"who"].toString().simplified().left(100); !person.isEmpty() && person != whoAmI()) {
        who = person + u" as "_s + whoAmI();
    }
    return QJsonObject{{u"protocol"_s, protocol::Version},
                       {u"version"_s, QStringLiteral(CUTOVER_VERSION)},
                       {u"who"_s, who},
                       {u"host"_s, QSysInfo::machineHostName()}};
}

Result<QJsonObject> EngineService::Private::bye()
{
    TRY(const auto active, journal->activeRun());
    if (!active) {
        CHECK(journal->releaseConn(session));
    }
    return QJsonObject{};
}

Result<QJsonObject> EngineService::Private::auditTrail(int limit)
{
    TRY(const auto records, journal->auditTrail(limit));
    QJsonArray rows;
    for (const AuditRecord &record : records) {
        rows.append(QJsonObject{{u"sequence"_s, record.sequence},
                                {u"time"_s, record.time.toUTC().toString(Qt::ISODateWithMs)},
                                {u"who"_s, record.who},
                                {u"what"_s, record.what},
                                {u"args"_s, record.args},
                                {u"hash"_s, record.hash}});
    }
    QJsonObject answer{{u"rows"_s, rows}};
    const auto verified = journal->verifyAudit();
    answer.insert(u"intact"_s, verified.has_value());
    if (!verified) {
        answer.insert(u"error"_s, verified.error().toJson());
    }
    return answer;
}

QCoro::Task<> EngineService::Private::readHeads(QPointer<EngineService> service)
{
    service->d->headsBusy = true;
    const auto facts = co_await FactSource::collectFrom(u"migration.head"_s, service->d->target);
    if (!service) {
        co_return;
    }
    service->d->headsBusy = false;
    if (facts) {
        service->d->heads.clear();
        for (auto it = facts->begin(); it != facts->end(); ++it) {
            service->d->heads.insert(it.key().section(u':', 1), it.value().toString());
        }
    }
}

QCoro::Task<> EngineService::Private::tendWatcher(QPointer<EngineService> service)
{
    const Target target = service->d->target;
    if (service->d->watcherBusy || !hasMetrics(target) || watcherIsAlive(target)) {
        co_return;
    }
    service->d->watcherBusy = true;
    // A system that is down on purpose has nothing to be watched, and its watcher was ended with it.
    SupervisorClient supervisor(target);
    const auto states = co_await supervisor.states(LookMs);
    const bool up = states && std::any_of(states->cbegin(), states->cend(), [](const InstanceState &state) {
                        return state.state == InstanceState::State::Ready;
                    });
    if (up) {
        if (const auto started = co_await ensureWatcher(target); !started) {
            qWarning("cutoverctl: %s", qPrintable(started.error().text()));
        }
    }
    if (service) {
        service->d->watcherBusy = false;
    }
}

Async<QJsonObject> EngineService::Private::status()
{
    // A copy: planning reads the file anew while this waits.
    const Target target = this->target;
    TargetView view;
    view.name = target.name;
    view.product = target.product;
    view.environment = target.environment;
    view.version = installedVersion(target);
    view.host = QSysInfo::machineHostName();
    view.errorLimit = target.watch.maxErrorProportion;
    QStringList databases;
    for (const DatabaseSpec &database : std::as_const(target.databases)) {
        databases.append(database.name + u" ("_s + (database.driver == u"sqlite" ? u"SQLite"_s : u"PostgreSQL"_s) + u')');
    }
    view.database = databases.join(u", "_s);
    CO_TRY(const auto conn, journal->conn());
    if (conn) {
        view.connHolder = conn->holder;
        view.connSession = conn->session;
        view.connSince = conn->since;
        view.connNote = conn->note;
        view.connOurs = conn->session == session;
    }
    CO_TRY(const auto active, journal->activeRun());
    if (active) {
        view.activeRun = active->id;
        view.runnerSilenceMs = channel->silence();
        // Children of a dead runner keep the lock held, but nobody leads them any more.
        const auto owner = RunLock::owner(target.stateDirectory);
        view.runnerGone = owner && !(*owner && (*owner)->lives());
    }
    view.watcherSilenceMs = watcherSilence(target);
    // Everybody is asked at once, and nobody is waited for long.
    SupervisorClient supervisor(target);
    auto statesTask = supervisor.states(LookMs);
    const bool balanced = !target.balancer.kind.isEmpty();
    const Haproxy haproxy(target.balancer.socket, LookMs);
    std::optional<Async<QList<HaproxyServer>>> balancerTask;
    if (balanced) {
        balancerTask = haproxy.statistics();
    }
    if (!headsBusy) {
        readHeads(q);
    }
    view.freeBytes = files::freeBytes(target.stateDirectory).value_or(-1);
    const auto points = journal->restorePoints();
    for (const RestorePoint &point : points.value_or(QList<RestorePoint>())) {
        if (point.available) {
            view.lastBackup = std::max(view.lastBackup, point.created);
            view.lastProvenBackup = std::max(view.lastProvenBackup, point.proven);
        }
    }
    if (!points) {
        view.problem = points.error();
    }

    const auto states = co_await statesTask;
    QHash<QString, int> sessions;
    view.balancer = u"none"_s;
    if (balancerTask) {
        const auto servers = co_await *balancerTask;
        view.balancer = servers ? u"up"_s : u"down"_s;
        if (!servers) {
            view.problem = servers.error();
        }
        for (const HaproxyServer &server : servers.value_or(QList<HaproxyServer>())) {
            const bool ours = std::any_of(target.services.cbegin(), target.services.cend(), [&server](const ServiceSpec &service) {
                return !service.balancerBackend.isEmpty() && service.balancerBackend == server.backend;
            });
            if (ours) {
                sessions.insert(server.name, server.sessions);
            }
        }
    }
    int ready = 0;
    int wanted = 0;
    if (!states) {
        view.problem = states.error();
        view.health = u"unknown"_s;
    } else {
        for (const InstanceState &state : *states) {
            const ServiceSpec *service = target.service(state.service);
            int port = 0;
            if (service) {
                for (const InstanceSpec &instance : service->instances) {
                    port = instance.name == state.name ? instance.port : port;
                }
            }
            view.instances.append({.name = state.name,
                                   .service = state.service,
                                   .version = service && service->managed ? state.release : QString(),
                                   .state = instanceStateName(state.state),
                                   .port = port,
                                   .sessions = sessions.value(state.name, -1),
                                   .pid = state.pid});
            ++wanted;
            ready += state.state == InstanceState::State::Ready ? 1 : 0;
        }
        view.health = ready == wanted && wanted > 0 ? u"healthy"_s : ready > 0 ? u"degraded"_s
                                                                               : u"down"_s;
    }
    const qint64 begin = Clock::system().monotonic();
    while (headsBusy && Clock::system().monotonic() - begin < LookMs) {
        CO_CHECK(co_await Clock::system().sleep(5));
    }
    view.revisions = heads;
    co_return view.toJson();
}

Async<QList<ReleaseInfo>> EngineService::Private::releaseInfos(std::stop_token stop)
{
    const qint64 now = Clock::system().monotonic();
    if (now - releasesAt > ReleasesKeptMs) {
        Repository repository(target.repository, target.product);
        CO_TRY(knownReleases, co_await repository.releases(stop));
        std::sort(knownReleases.begin(), knownReleases.end(), [](const ReleaseInfo &a, const ReleaseInfo &b) {
            return a.manifest.version > b.manifest.version;
        });
        releasesAt = now;
    }
    // A copy: QCoro moves even from a member that is returned, and the next answer would be empty.
    co_return QList<ReleaseInfo>(knownReleases);
}

Async<QJsonObject> EngineService::Private::releases()
{
    CO_TRY(const QList<ReleaseInfo> infos, co_await releaseInfos());
    const QString current = installedVersion(target);
    CO_TRY(const Version installed, Version::parse(current));
    QJsonArray array;
    for (const ReleaseInfo &info : infos) {
        ReleaseView view;
        view.manifest = info.manifest;
        for (QString &value : view.manifest.configurationSet) {
            value = secrets().masked(value);
        }
        view.updateType = updateTypeName(updateType(installed, info.manifest.version));
        view.risk = info.manifest.risk;
        view.size = info.size;
        view.expectedDowntimeMs = info.manifest.expectedDowntimeMs;
        if (info.manifest.version > installed) {
            if (const auto path = updatePath(installed, info.manifest.version, infos)) {
                view.size = 0;
                view.expectedDowntimeMs = 0;
                for (const ReleaseInfo &hop : *path) {
                    view.path.append(hop.manifest.version.toString());
                    view.size += hop.size;
                    view.expectedDowntimeMs += hop.manifest.expectedDowntimeMs;
                }
            } else {
                view.blocked = path.error();
            }
        }
        array.append(view.toJson());
    }
    co_return QJsonObject{{u"releases"_s, array}};
}

Result<QJsonObject> EngineService::Private::runs()
{
    TRY(const auto records, journal->runs());
    QJsonArray array;
    for (const RunRecord &record : records) {
        array.append(withoutPreviews(record));
    }
    return QJsonObject{{u"runs"_s, array}};
}

Result<QJsonObject> EngineService::Private::run(const QString &id)
{
    TRY(const RunRecord record, journal->run(id));
    TRY(const auto steps, journal->steps(id));
    return makeRunView(record, steps, Clock::system().now()).toJson();
}

Result<QJsonObject> EngineService::Private::events(const QString &id, qint64 after)
{
    TRY(const auto records, journal->events(id, after));
    QJsonArray array;
    for (const EventRecord &record : records) {
        array.append(toJson(record));
    }
    return QJsonObject{{u"events"_s, array}};
}

Result<QJsonObject> EngineService::Private::log(const QString &id, qint64 offset)
{
    TRY(const RunRecord record, journal->run(id));
    QFile file(target.stateDirectory + u"/runs/"_s + record.id + u"/log.txt"_s);
    if (!file.open(QIODevice::ReadOnly) || !file.seek(offset)) {
        return QJsonObject{{u"text"_s, QString()}, {u"next"_s, offset}};
    }
    QByteArray text = file.read(LogChunk);
    text.truncate(text.lastIndexOf('\n') + 1);
    return QJsonObject{{u"text"_s, QString::fromUtf8(text)}, {u"next"_s, offset + text.size()}};
}

Result<QJsonObject> EngineService::Private::report(const QString &id)
{
    TRY(const RunRecord record, journal->run(id));
    TRY(const auto steps, journal->steps(id));
    TRY(const auto events, journal->events(id, 0, 100000));
    TRY(const auto commands, journal->commands(id));
    return QJsonObject{{u"html"_s, reportHtml(record, steps, events, commands)}};
}

Result<QJsonObject> EngineService::Private::restorePoints()
{
    TRY(const auto points, journal->restorePoints());
    const QString version = installedVersion(target);
    QJsonArray array;
    for (const RestorePoint &point : points) {
        RestorePointView view;
        view.point = point;
        view.versionNow = version;
        view.current = point.version == version;
        array.append(view.toJson());
    }
    return QJsonObject{{u"points"_s, array}};
}

Async<QJsonObject> EngineService::Private::restorePoint(QString id)
{
    CO_TRY(const RestorePoint point, journal->restorePoint(id));
    CO_TRY(const PlanningContext context, planningContext());
    const Target target = context.target;
    CO_TRY(const Facts now, co_await FactSource::collect(target));
    RestorePointView view;
    view.point = point;
    view.versionNow = context.installed;
    view.current = point.version == context.installed;
    for (auto it = point.members.begin(); it != point.members.end(); ++it) {
        const QJsonObject member = it.value().toObject();
        const QJsonObject rows = member[u"rows"].toObject();
        for (auto row = rows.begin(); row != rows.end(); ++row) {
            view.rowsThen[row.key()] += row.value().toInteger();
        }
        if (it.key().startsWith(u"database:")) {
            view.revisionThen = member[u"revision"].toString();
        }
    }
    for (const DatabaseSpec &spec : target.databases) {
        CO_TRY(const auto database, Database::create(spec));
        CO_TRY(const auto rows, co_await database->countRows());
        for (auto it = rows.cbegin(); it != rows.cend(); ++it) {
            view.rowsNow[it.key()] += it.value();
        }
        view.revisionNow = now[u"migration.head:"_s + spec.name].toString();
    }
    for (auto it = now.begin(); it != now.end(); ++it) {
        if (it.key().startsWith(u"configuration:") && point.facts[it.key()] != it.value()) {
            ++view.configurationDifferences;
        }
    }
    CO_TRY(const auto costs, co_await rollbackCosts(context, point));
    for (const RollbackCost &cost : costs) {
        view.options.append({cost.mode, cost.expectedMs, cost.expectedDowntimeMs, cost.loss, cost.unavailable, cost.holdAbove});
    }
    co_return view.toJson();
}

Async<QJsonObject> EngineService::Private::features()
{
    CO_TRY(const auto flags, co_await readFlags(target));
    QJsonArray array;
    for (const FeatureFlag &flag : flags) {
        array.append(QJsonObject{{u"name"_s, flag.name},
                                 {u"description"_s, flag.description},
                                 {u"enabled"_s, flag.enabled},
                                 {u"rollout"_s, flag.rollout},
                                 {u"changed"_s, flag.changed.toUTC().toString(Qt::ISODateWithMs)},
                                 {u"changedBy"_s, flag.changedBy}});
    }
    co_return QJsonObject{{u"flags"_s, array}};
}

Async<QJsonObject> EngineService::Private::applyFeatures(QJsonObject params)
{
    CO_CHECK(needConn());
    QList<FeatureChange> changes;
    const QJsonArray array = params[u"changes"].toArray();
    for (const QJsonValue &value : array) {
        changes.append({.name = value[u"name"].toString(),
                        .fromEnabled = value[u"fromEnabled"].toBool(),
                        .toEnabled = value[u"toEnabled"].toBool(),
                        .fromRollout = value[u"fromRollout"].toDouble(),
                        .toRollout = value[u"toRollout"].toDouble()});
    }
    // Who changes what stands in the trail before anything is changed, so that no change is without its row.
    QJsonObject args{{u"id"_s, Random::system().id()}, {u"changes"_s, array}, {u"reason"_s, params[u"reason"]}};
    CO_CHECK(journal->audit(who, u"features.intended"_s, args));
    const auto applied = co_await applyFlags(target, changes, who, params[u"reason"].toString());
    if (!applied) {
        args.insert(u"error"_s, secrets().masked(applied.error()).toJson());
        const bool unknown = applied.error().kind == Error::Kind::Unknown;
        if (const auto told = journal->audit(who, unknown ? u"features.unknown"_s : u"features.refused"_s, args); !told) {
            qWarning("cutoverctl: %s", qPrintable(told.error().text()));
        }
        co_return fail(applied.error());
    }
    Q_EMIT q->changed({u"features"_s});
    QJsonObject answer{{u"applied"_s, true}};
    if (const auto told = journal->audit(who, u"features.applied"_s, args); !told) {
        // The change is made all the same, and saying anything else would be untrue.
        answer.insert(u"unrecorded"_s, Error{u"serve.outcome_unrecorded"_s, {{u"cause"_s, told.error().toJson()}}}.toJson());
    }
    co_return answer;
}

Result<QJsonObject> EngineService::Private::metricPoints(const QJsonObject &params)
{
    if (!metrics) {
        auto store = MetricStore::open(target.stateDirectory, MetricStore::Mode::ReadOnly);
        if (!store) {
            // Nothing has been scraped yet.
            return QJsonObject{{u"points"_s, QJsonArray()}};
        }
        metrics = std::move(*store);
    }
    const auto limit = std::clamp<qint64>(params[u"limit"].toInteger(protocol::MetricPoints), 4, protocol::MetricPoints);
    const qint64 from = params[u"from"].toInteger();
    const qint64 to = params[u"to"].toInteger();
    TRY(const auto points, metrics->series(params[u"series"].toString(), from, to));
    QJsonArray array;
    for (const MetricPoint &point : thinned(points, from, to, limit)) {
        array.append(QJsonArray{point.time, point.value});
    }
    return QJsonObject{{u"points"_s, array}};
}

Result<> EngineService::Private::needConn()
{
    TRY(const auto conn, journal->conn());
    if (conn && conn->session == session) {
        return {};
    }
    if (conn) {
        return fail(u"serve.conn_elsewhere"_s, {{u"holder"_s, conn->holder}});
    }
    return journal->takeConn({who, session, Clock::system().now(), {}}, false);
}

Result<QJsonObject> EngineService::Private::apply(const QJsonObject &params)
{
    const QString digest = params[u"digest"].toString();
    const auto plan = plans.constFind(digest);
    if (plan == plans.cend()) {
        return fail(u"serve.unknown_plan"_s, {{u"digest"_s, digest.first(std::min<qsizetype>(12, digest.size()))}});
    }
    if (target.isProduction() && params[u"confirm"].toString() != target.name) {
        return fail(u"serve.confirm_name"_s, {{u"target"_s, target.name}, {u"given"_s, params[u"confirm"]}});
    }
    CHECK(needConn());
    RunRecord record;
    record.id = Random::system().id();
    record.plan = *plan;
    record.planDigest = digest;
    record.approvedBy = who;
    record.startedBy = who;
    record.created = Clock::system().now();
    CHECK(journal->addRun(record));
    CHECK(journal->addEvent(record.id, {}, {u"serve.event.approved"_s, {{u"by"_s, who}, {u"digest"_s, digest.first(12)}}}));
    CHECK(journal->audit(who, u"run.approved"_s, {{u"run"_s, record.id}, {u"digest"_s, digest}}));
    CHECK(keeper->begin(record.id));
    return QJsonObject{{u"run"_s, record.id}};
}

Result<QJsonObject> EngineService::Private::command(const QJsonObject &params)
{
    const QString verb = params[u"verb"].toString();
    const QString expected = params[u"expected"].toString();
    CHECK(needConn());
    TRY(const RunRecord record, journal->run(params[u"run"].toString()));
    TRY(const auto steps, journal->steps(record.id));
    const QString state = stateName(record.state);
    if (!expected.isEmpty() && expected != state) {
        return fail(u"serve.command_state"_s, {{u"state"_s, state}, {u"expected"_s, expected}, {u"verb"_s, verb}});
    }
    const QString hold = params[u"hold"].toString();
    TRY(const bool pending, isPending(*journal, record.id, hold));
    if (verb != u"resume" || !pending) {
        auto decision = decide(verb, record, steps);
        if (decision && verb == u"resume" && !hold.isEmpty() && !isHeldByCommand(record, hold)) {
            decision = std::unexpected(Message{u"run.refused_other_hold"_s, {{u"reason"_s, record.reason.toJson()}}});
        }
        if (!decision) {
            return fail(u"serve.command_refused"_s, {{u"verb"_s, verb}, {u"reason"_s, decision.error().toJson()}});
        }
    }
    const QString name = params[u"confirm"].toString();
    if (needsName(verb, target.isProduction()) && name != target.name) {
        return fail(u"serve.confirm_decision"_s, {{u"verb"_s, verb}, {u"target"_s, target.name}, {u"given"_s, name}});
    }
    CommandRecord command;
    command.id = Random::system().id();
    command.runId = record.id;
    command.verb = verb;
    command.expectedState = expected;
    if (!name.isEmpty()) {
        command.args.insert(u"name"_s, name);
    }
    if (!hold.isEmpty()) {
        command.args.insert(u"hold"_s, hold);
    }
    command.by = who;
    command.created = Clock::system().now();
    CHECK(journal->addCommand(command));
    CHECK(journal->audit(who, u"run.command"_s, {{u"run"_s, record.id}, {u"verb"_s, verb}}));
    channel->wake();
    return QJsonObject{{u"command"_s, command.id}};
}

Result<QJsonObject> EngineService::Private::claims()
{
    TRY(const auto foreign, foreignClaims(target));
    return QJsonObject{{u"claims"_s, claimsToJson(foreign)}};
}

Result<QJsonObject> EngineService::Private::adopt(const QJsonObject &params)
{
    const QString name = params[u"confirm"].toString();
    if (name != target.name) {
        return fail(u"serve.confirm_decision"_s, {{u"verb"_s, u"target adopt"_s}, {u"target"_s, target.name}, {u"given"_s, name}});
    }
    CHECK(needConn());
    const auto foreign = foreignClaims(target);
    for (const DatabaseClaim &claim : foreign.value_or(QList<DatabaseClaim>())) {
        // Of another machine it can't be known; the operator who types the name vouches for it.
        TRY(const bool busy, hasRun(claim.state));
        if (busy) {
            return fail(u"target.claim_busy"_s, {{u"owner"_s, claim.target}, {u"ownerFile"_s, claim.path}, {u"database"_s, claim.database}});
        }
    }
    TRY(const auto adopted, adoptDatabases(target));
    for (const DatabaseClaim &claim : adopted) {
        CHECK(journal->audit(who, u"target.adopted"_s,
                             {{u"database"_s, claim.database},
                              {u"file"_s, claim.file},
                              {u"owner"_s, claim.target},
                              {u"ownerFile"_s, claim.path},
                              {u"host"_s, claim.host},
                              {u"state"_s, claim.state}}));
    }
    return QJsonObject{{u"adopted"_s, claimsToJson(adopted)}};
}

Result<PlanningContext> EngineService::Private::planningContext()
{
    PlanningContext context;
    // The file is read anew: a plan is of the target as it is now.
    TRY(target, Target::load(targetFile));
    context.target = target;
    context.installed = installedVersion(target);
    if (context.installed.isEmpty()) {
        return fail(u"serve.not_installed"_s, {{u"link"_s, target.currentLink()}});
    }
    TRY(const auto records, journal->runs(50));
    QHash<QString, QList<qint64>> durations;
    QHash<QString, QList<qint64>> reverts;
    for (const RunRecord &record : records) {
        if (record.state != RunState::Succeeded && record.state != RunState::RolledBack) {
            continue;
        }
        TRY(const auto steps, journal->steps(record.id));
        for (const StepRecord &step : steps) {
            if (step.index >= record.plan.steps.size()) {
                continue;
            }
            const QString kind = record.plan.steps[step.index].kind;
            if (step.state == StepState::Done) {
                durations[kind].append(step.durationMs);
            } else if (step.state == StepState::Reverted && step.results.contains(stepresult::revertMs)) {
                reverts[kind].append(step.results[stepresult::revertMs].toInteger());
            }
        }
    }
    context.measuredMs = medians(durations);
    context.measuredRevertMs = medians(reverts);
    return context;
}

QJsonObject EngineService::Private::startJob(Job work)
{
    const QString job = Random::system().id();
    std::stop_source stop;
    jobs.insert(job, stop);
    // The answer with the id must be on its way before the first thing that the job tells.
    QTimer::singleShot(0, q, [service = QPointer(q), job, work = std::move(work), stop] {
        runJob(service, job, work, stop.get_token());
    });
    return {{u"job"_s, job}};
}

QCoro::Task<> EngineService::Private::runJob(QPointer<EngineService> service, QString job, Job work, std::stop_token stop)
{
    const Result<QJsonObject> result = co_await work(job, stop);
    if (!service) {
        co_return;
    }
    service->d->jobs.remove(job);
    if (result) {
        service->d->tellJob(job, u"done"_s, *result);
    } else {
        service->d->tellJob(job, u"failed"_s, result.error().toJson());
    }
}

void EngineService::Private::tellProgress(const QString &job, const Progress &progress)
{
    tellJob(job, u"progress"_s,
            {{u"done"_s, progress.done},
             {u"total"_s, progress.total},
             {u"unit"_s, progress.unit},
             {u"doing"_s, progress.doing.toJson()}});
}

QJsonObject EngineService::Private::keepPlan(const Plan &plan)
{
    plans.insert(plan.digest(), plan);
    return {{u"plan"_s, plan.toJson()}, {u"digest"_s, plan.digest()}};
}

Result<QJsonObject> EngineService::Private::adoptPlan(const QJsonObject &params)
{
    TRY(const Plan plan, Plan::fromJson(params[u"plan"].toObject()));
    const QString given = params[u"digest"].toString();
    if (plan.digest() != given) {
        return fail(u"serve.plan_edited"_s, {{u"given"_s, given}, {u"found"_s, plan.digest()}});
    }
    if (plan.targetName != target.name) {
        return fail(u"serve.plan_target"_s, {{u"plan"_s, plan.targetName}, {u"target"_s, target.name}});
    }
    return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::planUpdateJob(QString to, qint64 watchMs, QString job, std::stop_token stop)
{
    CO_TRY(PlanningContext context, planningContext());
    if (watchMs >= 0) {
        context.target.watch.durationMs = watchMs;
    }
    CO_TRY(const Version installed, Version::parse(context.installed));
    CO_TRY(const Version wanted, Version::parse(to));
    CO_TRY(const QList<ReleaseInfo> infos, co_await releaseInfos(stop));
    CO_CHECK(findRelease(infos, wanted));
    CO_TRY(const QList<ReleaseInfo> path, updatePath(installed, wanted, infos));
    // A worker's thread reports from outside the event loop.
    const QPointer<EngineService> service(q);
    const auto progress = [service, job](const Progress &what) {
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [service, job, what] {
                if (service) {
                    service->d->tellProgress(job, what);
                }
            },
            Qt::QueuedConnection);
    };
    QList<StagedRelease> staged;
    for (const ReleaseInfo &info : path) {
        CO_TRY(const StagedRelease release, co_await stageRelease(context.target, info, stop, progress));
        staged.append(release);
    }
    CO_TRY(const Plan plan, co_await planUpdate(context, staged));
    co_return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::planRollbackJob(QString point, QString mode, std::stop_token)
{
    CO_TRY(const RestorePoint restorePoint, journal->restorePoint(point));
    CO_TRY(const PlanningContext context, planningContext());
    CO_TRY(const Plan plan, co_await planRollback(context, restorePoint, mode));
    co_return keepPlan(plan);
}

Async<QJsonObject> EngineService::Private::checkJob(QString to, QString job, std::stop_token stop)
{
    std::optional<ReleaseInfo> release;
    if (!to.isEmpty()) {
        CO_TRY(const Version wanted, Version::parse(to));
        CO_TRY(const QList<ReleaseInfo> infos, co_await releaseInfos(stop));
        CO_TRY(release, findRelease(infos, wanted));
    }
    const QPointer<EngineService> service(q);
    const auto sink = [service, job](const CheckResult &result) {
        if (service) {
            service->d->tellJob(job, u"item"_s, {{u"item"_s, result.toJson()}});
        }
    };
    CO_TRY(const auto results, co_await runChecks(target, release, installedVersion(target), sink, stop));
    const bool passed = std::none_of(results.cbegin(), results.cend(), [](const CheckResult &result) {
        return result.status == CheckResult::Status::Failed;
    });
    co_return QJsonObject{{u"passed"_s, passed}};
}

void EngineService::Private::look()
{
    if (const qint64 version = journal->dataVersion(); version != dataVersion) {
        dataVersion = version;
        Q_EMIT q->changed({u"runs"_s, u"restorePoints"_s, u"conn"_s, u"status"_s});
    }
    keeper->look();
}

} // namespace cutover
