// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What consoles and commands are shown of the system, its releases, runs and restore points.

#include "serve/engineserviceprivate.h"

#include "database/database.h"
#include "deploy/balancer.h"
#include "deploy/colours.h"
#include "deploy/restartrecord.h"
#include "metrics/thinner.h"
#include "plan/releasesource.h"
#include "redis/redisclient.h"
#include "release/commitversion.h"
#include "run/activerun.h"
#include "run/decisions.h"
#include "run/runlock.h"
#include "serve/protocol.h"
#include "serve/runview.h"
#include "system/files.h"
#include "system/programs.h"
#include "system/worker.h"
#include "target/claim.h"

#include <QCoroFuture>
#include <QFile>
#include <QJsonArray>
#include <QSysInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 LogChunk = 256LL * 1024;

/// Nobody refused: the answer did not come in time.
template<class T>
bool isLate(const Result<T> &answer)
{
    return !answer && (answer.error().code == "deploy.socket_timeout"_L1 || answer.error().args[u"late"_s].toBool());
}

/// Blocking.
RedisView redisView(const RedisSpec &spec)
{
    RedisView view{.name = spec.name};
    const auto connection = redis::Connection::open(spec, SlowAgeMs);
    const Result<redis::Facts> facts = connection ? (*connection)->facts() : Result<redis::Facts>(fail(connection.error()));
    if (!facts) {
        view.problem = facts.error();
        return view;
    }
    view.version = facts->version;
    view.usedMemory = facts->usedMemory;
    view.maxMemory = facts->maxMemory;
    view.high = facts->memoryProportion() > spec.maxMemoryProportion;
    return view;
}

/// What a list of runs needs of each: previews are most of a plan's size, and only run() shows them.
QJsonObject withoutPreviews(RunRecord record)
{
    for (StepSpec &step : record.plan.steps) {
        step.previews.clear();
    }
    return toJson(record);
}

} // namespace

QString installedVersion(const Target &target)
{
    const auto link = files::readLink(target.currentLink());
    return link ? link->section(u'/', -1, -1, QString::SectionSkipEmpty) : QString();
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
    view.commits = target.repository.isGit();
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
        if (owner) {
            const std::optional<LockOwner> &leader = *owner;
            view.runnerGone = !leader || !leader->lives();
        }
    }
    view.watcherSilenceMs = watcherSilence(target);
    // That it can't be told is no reason to tell nothing.
    const auto cut = cutRestart(target);
    view.cutRestart = cut ? cut->value_or(Error()) : cut.error();
    auto lookTask = lookAtServices(target);
    if (!headsBusy) {
        readHeads(q);
    }
    // In the background: one that hangs keeps no window waiting.
    if (!target.redis.isEmpty() && !redisBusy && Clock::system().monotonic() - redisAsked >= SlowAgeMs) {
        readRedis(q);
    }
    view.freeBytes = files::freeBytes(target.stateDirectory).value_or(-1);
    const auto points = journal->restorePoints();
    const QList<RestorePoint> known = points.value_or(QList<RestorePoint>());
    for (const RestorePoint &point : known) {
        if (point.available) {
            view.lastBackup = std::max(view.lastBackup, point.created);
            view.lastProvenBackup = std::max(view.lastProvenBackup, point.proven);
        }
    }
    if (!points) {
        view.problem = points.error();
    }

    const ServicesLook look = co_await lookTask;
    view.lookAgeMs = look.ageMs;
    QHash<QString, int> sessions;
    view.balancer = u"none"_s;
    if (look.servers) {
        const auto &servers = *look.servers;
        view.balancer = servers ? u"up"_s : u"down"_s;
        if (!servers) {
            view.problem = servers.error();
        }
        const QList<BalancerServer> known = servers.value_or(QList<BalancerServer>());
        for (const BalancerServer &server : known) {
            const bool ours = std::any_of(target.services.cbegin(), target.services.cend(), [&server](const ServiceSpec &service) {
                return !service.balancerBackend.isEmpty() && service.balancerBackend == server.backend;
            });
            if (ours) {
                sessions.insert(server.name, server.sessions);
            }
        }
    }
    const QSet<QString> idle = idleInstances(target, servingOfLook(target, look));
    int ready = 0;
    int wanted = 0;
    for (const InstanceState &state : look.states ? *look.states : look.partly) {
        const ServiceSpec *service = target.service(state.service);
        int port = 0;
        QString colour;
        if (const InstanceSpec *instance = service ? service->instance(state.name) : nullptr) {
            port = instance->port;
            colour = instance->colour;
        }
        const bool isSpare = service && service->isSpare(state.name);
        const bool isIdle = idle.contains(state.name);
        view.instances.append({.name = state.name,
                               .service = state.service,
                               .version = service && service->managed ? state.release : QString(),
                               .state = instanceStateName(state.state),
                               .port = port,
                               .sessions = sessions.value(state.name, -1),
                               .pid = state.pid,
                               .colour = colour,
                               .idle = isIdle,
                               .spare = isSpare});
        // Stopped is how it is meant to be, and what it does when it runs no user notices. A spare is one more than is needed.
        if (isIdle || isSpare) {
            continue;
        }
        ++wanted;
        ready += state.state == InstanceState::State::Ready ? 1 : 0;
    }
    if (!look.states) {
        view.problem = look.states.error();
        view.health = u"unknown"_s;
    } else {
        view.health = ready == wanted && wanted > 0 ? u"healthy"_s : ready > 0 ? u"degraded"_s
                                                                               : u"down"_s;
    }
    const qint64 begin = Clock::system().monotonic();
    while ((headsBusy || (once && redisBusy)) && Clock::system().monotonic() - begin < lookMs()) {
        CO_CHECK(co_await Clock::system().sleep(5));
    }
    view.revisions = heads;
    for (const RedisSpec &spec : target.redis) {
        const auto seen = std::ranges::find(redis, spec.name, &RedisView::name);
        view.redis.append(seen == redis.end() ? RedisView{.name = spec.name} : *seen);
    }
    co_return view.toJson();
}

QCoro::Task<ServicesLook> EngineService::Private::lookAtServices(Target target)
{
    ServicesLook look;
    auto statesTask = lookAtStates(target, &look.ageMs);
    BalancerTools tools;
    tools.answerMs = lookMs();
    const auto balancer = BalancerRegistry::create(target, tools);
    std::optional<Async<QList<BalancerServer>>> balancerTask;
    if (!balancer) {
        look.servers = fail(balancer.error());
    } else if (*balancer) {
        balancerTask = (*balancer)->allServers();
    }
    const qint64 asked = Clock::system().monotonic();
    InstanceLook found = co_await statesTask;
    Result<QList<InstanceState>> states = found.problem.code.isEmpty() ? Result<QList<InstanceState>>(found.states) : fail(found.problem);
    const bool statesLate = isLate(states);
    look.states = lastStates.take(std::move(states), statesLate, asked, &look.ageMs);
    look.partly = found.states;
    if (balancerTask) {
        auto servers = co_await *balancerTask;
        const bool serversLate = isLate(servers);
        look.servers = lastServers.take(std::move(servers), serversLate, asked, &look.ageMs);
    }
    co_return look;
}

QCoro::Task<InstanceLook> EngineService::Private::lookAtStates(Target target, qint64 *age)
{
    QStringList slow = runtimesOf(target);
    const bool hasProcesses = slow.removeAll(u"process"_s) > 0;
    // Of containers programs tell, which takes longer than anybody is waited for here.
    if (!slow.isEmpty() && !statesBusy) {
        readStates(q, slow);
    }
    InstanceLook look;
    if (hasProcesses) {
        look = co_await lookAtInstances(target, lookMs(), {u"process"_s});
    }
    if (slow.isEmpty()) {
        co_return look;
    }
    const qint64 begin = Clock::system().monotonic();
    while (statesBusy && Clock::system().monotonic() - begin < lookMs()) {
        (void)co_await Clock::system().sleep(5);
    }
    const qint64 now = Clock::system().monotonic();
    if (now - statesRead <= LookKeptMs) {
        look.states += readLook.states;
        look.problem = look.problem.code.isEmpty() ? readLook.problem : look.problem;
        // Between two looks it is always a little old.
        *age = std::max(*age, now - statesAsked > SlowAgeMs ? now - statesAsked : 0);
    } else if (look.problem.code.isEmpty()) {
        look.problem = {u"deploy.late"_s, {{u"limit"_s, LookKeptMs}}};
    }
    co_return look;
}

QCoro::Task<> EngineService::Private::readStates(QPointer<EngineService> service, QStringList runtimes)
{
    service->d->statesBusy = true;
    const qint64 asked = Clock::system().monotonic();
    InstanceLook found = co_await lookAtInstances(service->d->target, SlowLookMs, runtimes);
    if (!service) {
        co_return;
    }
    service->d->statesBusy = false;
    service->d->readLook = std::move(found);
    service->d->statesAsked = asked;
    service->d->statesRead = Clock::system().monotonic();
}

QCoro::Task<> EngineService::Private::readRedis(QPointer<EngineService> service)
{
    service->d->redisBusy = true;
    service->d->redisAsked = Clock::system().monotonic();
    const QList<RedisSpec> specs = service->d->target.redis;
    Worker worker;
    const QList<RedisView> views = co_await worker.run([specs] {
        QList<RedisView> views;
        for (const RedisSpec &spec : specs) {
            views.append(redisView(spec));
        }
        return views;
    });
    if (!service) {
        co_return;
    }
    service->d->redisBusy = false;
    service->d->redis = views;
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
            if (it.key().startsWith(u"migration.head:")) {
                service->d->heads.insert(it.key().section(u':', 1), it.value().toString());
            }
        }
    }
}

Async<QList<ReleaseInfo>> EngineService::Private::releaseInfos(std::stop_token stop)
{
    const qint64 now = Clock::system().monotonic();
    if (now - releasesAt > ReleasesKeptMs) {
        const auto source = ReleaseSource::of(target);
        CO_TRY(knownReleases, co_await source->releases(stop));
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
        view.updateType = updateTypeName(typeOfUpdate(installed, info.manifest.version));
        view.risk = info.manifest.risk;
        view.size = info.size;
        view.expectedDowntimeMs = info.manifest.expectedDowntimeMs;
        if (isAhead(info.manifest.version, installed)) {
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

Async<QJsonObject> EngineService::Private::run(QString id)
{
    const Target target = this->target;
    const ServicesLook look = co_await lookAtServices(target);
    // Read behind it, so that of two answers under way none is older than the one before.
    CO_TRY(const RunRecord record, journal->run(id));
    CO_TRY(const auto steps, journal->steps(id));
    co_return makeRunView(record, steps, servingOf(target, installedVersion(target), look), Clock::system().now()).toJson();
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
        const auto rows = co_await database->countRows();
        if (!rows && isUnreadable(rows.error())) {
            // The restore option says why its loss is unknown.
            continue;
        }
        CO_CHECK(rows);
        for (auto it = rows->cbegin(); it != rows->cend(); ++it) {
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
        view.options.append({cost.mode, cost.expectedMs, cost.expectedDowntimeMs, cost.loss, cost.unavailable, cost.holdAbove, cost.unknownLoss});
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
    const QList<MetricPoint> fewer = thinned(points, from, to, limit);
    for (const MetricPoint &point : fewer) {
        array.append(QJsonArray{point.time, point.value});
    }
    return QJsonObject{{u"points"_s, array}};
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

} // namespace cutover
