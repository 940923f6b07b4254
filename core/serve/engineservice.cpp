// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/engineserviceprivate.h"

#include "check/checklist.h"
#include "plan/loss.h"
#include "run/activerun.h"
#include "run/decisions.h"
#include "serve/enginesessions.h"
#include "serve/protocol.h"
#include "system/files.h"
#include "system/jsonvalues.h"
#include "system/loginsession.h"
#include "system/programs.h"
#include "system/random.h"
#include "system/sqlitevfs.h"
#include "target/claim.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int PollMs = 250;
constexpr int MetricsEveryMs = 1000;
constexpr int WatcherEveryMs = 3000;

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

} // namespace

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
    d->once = looking;
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
        co_return co_await run(params[u"id"].toString());
    }
    if (method == u"events") {
        co_return events(params[u"run"].toString(), params[u"after"].toInteger());
    }
    if (method == u"log") {
        co_return log(params[u"run"].toString(), params[u"offset"].toInteger());
    }
    if (method == u"report") {
        co_return co_await report(params[u"run"].toString());
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
        co_return co_await apply(params);
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
    if (method == u"database.sessions") {
        co_return co_await databaseSessions(target);
    }
    if (method == u"database.endSession") {
        CO_CHECK(needConn());
        const QString confirmed = params[u"confirm"].toString();
        if (target.isProduction() && confirmed != target.name) {
            co_return fail(u"serve.confirm_decision"_s, {{u"verb"_s, u"end-session"_s}, {u"target"_s, target.name}, {u"given"_s, confirmed}});
        }
        CO_TRY(const QJsonObject ended, co_await endDatabaseSession(target, params[u"database"].toString(), params[u"session"].toString()));
        CO_CHECK(journal->audit(who, u"database.session_ended"_s, ended));
        co_return QJsonObject(ended);
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
        CO_CHECK(journal->takeConn({who, session, Clock::system().now(), params[u"note"].toString()}, params[u"force"].toBool(), params[u"from"].toString()));
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
        if (const QString commit = params[u"commit"].toString(); !commit.isEmpty()) {
            co_return startJob([this, commit, mode](QString job, std::stop_token stop) { return planCommitJob(commit, mode, job, stop); });
        }
        co_return startJob([this, point, mode](QString, std::stop_token stop) { return planRollbackJob(point, mode, stop); });
    }
    if (method == u"service.logs") {
        const QString name = params[u"service"].toString();
        const int lines = qBound(0, params[u"lines"].toInt(200), 10000);
        const bool follow = params[u"follow"].toBool();
        co_return startJob([this, name, lines, follow](QString job, std::stop_token stop) { return logJob(name, lines, follow, job, stop); });
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
    if (method == u"gates") {
        co_return co_await gates(params);
    }
    if (method == u"approval.plan") {
        co_return co_await approvalPlan(params);
    }
    if (method == u"approval.request") {
        co_return co_await requestApproval(params);
    }
    if (method == u"approval.add") {
        co_return co_await addApproval(params);
    }
    if (method == u"approval.list") {
        co_return co_await approvalList();
    }
    if (method == u"checklist") {
        co_return co_await checklist(params);
    }
    if (method == u"checklist.tick") {
        co_return co_await tick(params);
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
    QJsonObject answer{{u"protocol"_s, protocol::Version}, {u"version"_s, QStringLiteral(CUTOVER_VERSION)}, {u"who"_s, who}, {u"host"_s, QSysInfo::machineHostName()}};
    if (const auto warning = sessionWarning(loginSession())) {
        answer.insert(u"warnings"_s, QJsonArray{warning->toJson()});
    }
    return answer;
}

Result<QJsonObject> EngineService::Private::bye()
{
    TRY(const auto active, journal->activeRun());
    if (!active) {
        CHECK(journal->releaseConn(session));
    }
    return QJsonObject{};
}

QCoro::Task<> EngineService::Private::tendWatcher(QPointer<EngineService> service)
{
    const Target target = service->d->target;
    if (service->d->watcherBusy || !hasMetrics(target) || watcherIsAlive(target)) {
        co_return;
    }
    service->d->watcherBusy = true;
    // A system that is down on purpose has nothing to be watched, and its watcher was ended with it.
    const InstanceLook look = co_await lookAtInstances(target, SlowLookMs);
    const bool up = std::any_of(look.states.cbegin(), look.states.cend(), [](const InstanceState &state) {
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

Async<QJsonObject> EngineService::Private::applyFeatures(QJsonObject params)
{
    CO_CHECK(needConn());
    QList<FeatureChange> changes;
    const QJsonArray array = params[u"changes"].toArray();
    for (const auto &value : array) {
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

Async<QJsonObject> EngineService::Private::apply(QJsonObject params)
{
    const QString digest = params[u"digest"].toString();
    if (!plans.contains(digest)) {
        co_return fail(u"serve.unknown_plan"_s, {{u"digest"_s, digest.first(std::min<qsizetype>(12, digest.size()))}});
    }
    // Of its own: others may be planned while it waits.
    const Plan plan = plans.value(digest);
    if (target.isProduction() && params[u"confirm"].toString() != target.name) {
        co_return fail(u"serve.confirm_name"_s, {{u"target"_s, target.name}, {u"given"_s, params[u"confirm"]}});
    }
    if (!unknownLoss(plan).isEmpty() && params[u"confirm"].toString() != target.name) {
        co_return fail(u"serve.confirm_loss"_s, {{u"target"_s, target.name}, {u"loss"_s, unknownLossMessages(unknownLoss(plan))}, {u"given"_s, params[u"confirm"]}});
    }
    CO_TRY(const GatesView view, co_await gatesOf({{u"digest"_s, digest}}));
    CO_TRY(const BreakGlass glass, glassFrom(params, view.gates));
    CO_CHECK(needConn());
    RunRecord record;
    record.id = Random::system().id();
    record.plan = plan;
    record.planDigest = digest;
    record.startedBy = who;
    record.breakGlass = glass;
    // Where a second person has to agree, or something was overridden, whoever starts it has approved nothing.
    record.approvedBy = view.approval.valid ? view.approval.approver : view.approval.required || !glass.isEmpty() ? QString()
                                                                                                                  : who;
    record.created = Clock::system().now();
    CO_CHECK(journal->addRun(record));
    const QJsonObject told{{u"by"_s, who}, {u"approver"_s, record.approvedBy}, {u"digest"_s, digest.first(12)}};
    const QJsonObject audited{{u"run"_s, record.id}, {u"approver"_s, record.approvedBy}, {u"digest"_s, digest}};
    if (record.approvedBy.isEmpty()) {
        CO_CHECK(journal->addEvent(record.id, {}, {u"serve.event.unapproved"_s, told}));
        CO_CHECK(journal->audit(who, u"run.unapproved"_s, audited));
    } else if (record.approvedBy != who) {
        CO_CHECK(journal->addEvent(record.id, {}, {u"serve.event.approved_by_other"_s, told}));
        CO_CHECK(journal->audit(who, u"run.approved_by_other"_s, audited));
    } else {
        CO_CHECK(journal->addEvent(record.id, {}, {u"serve.event.approved"_s, told}));
        CO_CHECK(journal->audit(who, u"run.approved"_s, audited));
    }
    CO_CHECK(keeper->begin(record.id));
    co_return QJsonObject{{u"run"_s, record.id}};
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
    BreakGlass glass;
    TRY(const bool pending, isPending(*journal, record.id, hold));
    if (verb != u"resume" || !pending) {
        auto decision = decide(verb, record, steps);
        if (decision && verb == u"resume" && !hold.isEmpty() && !isHeldByCommand(record, hold)) {
            decision = std::unexpected(Message{u"run.refused_other_hold"_s, {{u"reason"_s, record.reason.toJson()}}});
        }
        if (!decision) {
            return fail(u"serve.command_refused"_s, {{u"verb"_s, verb}, {u"reason"_s, decision.error().toJson()}});
        }
        TRY(const auto shut, shutOnTheWay(*journal, target, record, steps, *decision, verb == u"resume" ? hold : QString(), Clock::system().now()));
        // A check that holds it may be passed over as well as one that kept it from beginning.
        const bool again = *decision == Outcome::RetryPrepared || *decision == Outcome::RetryUnprepared;
        // What was well before the update is what it has broken, which nobody's reason mends.
        if (const QString failed = record.error.args[u"gate"].toString(); again && record.error.code == "check.failed_after"_L1 && json::toStrings(params[u"gates"]).contains(failed)) {
            return fail(u"gate.check_ours"_s, {{u"gate"_s, failed}, {u"cause"_s, record.error.toJson()}});
        }
        if (!shut.isEmpty() || (again && !checksIn(json::toStrings(params[u"gates"])).isEmpty())) {
            TRY(glass, glassFrom(params, shut));
        }
    }
    if (!params[u"breakGlass"].toString().isEmpty() && glass.isEmpty()) {
        return fail(u"gate.nothing_shut"_s, {{u"verb"_s, verb}, {u"gates"_s, params[u"gates"]}});
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
    if (!glass.isEmpty()) {
        command.args.insert(u"glass"_s, glass.toJson());
        CHECK(journal->audit(who, u"run.break_glass"_s, {{u"run"_s, record.id}, {u"digest"_s, record.planDigest}, {u"reason"_s, glass.reason}, {u"gates"_s, QJsonArray::fromStringList(glass.gates)}}));
    }
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
    const QList<DatabaseClaim> claims = foreign.value_or(QList<DatabaseClaim>());
    for (const DatabaseClaim &claim : claims) {
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

void EngineService::Private::look()
{
    if (const qint64 version = journal->dataVersion(); version != dataVersion) {
        dataVersion = version;
        Q_EMIT q->changed({u"runs"_s, u"restorePoints"_s, u"conn"_s, u"status"_s});
    }
    keeper->look();
}

} // namespace cutover
