// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/balancerkeeper.h"
#include "deploy/colours.h"
#include "deploy/runtime.h"
#include "metrics/instancewatch.h"
#include "metrics/watcher.h"
#include "metrics/watchrequest.h"
#include "plan/factkeeper.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "system/files.h"
#include "system/json.h"
#include "system/random.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/**
 * Waits for the watcher's verdict on the new version. Holds no opinion of its own: the policy is in
 * its parameters, the request goes to the watcher, the verdict comes back.
 */
class WatchStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        // One that died since the pre-checks is no reason to go back; that none can be had is.
        const auto started = co_await ensureWatcher(context.target(), stop);
        if (!started && started.error().kind == Error::Kind::Cancelled) {
            co_return fail(started.error());
        }
        if (!watcherIsAlive(context.target())) {
            co_return dead(context.target());
        }
        co_return {};
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        if (context.result(spec().id, died).isObject()) {
            // Retried by a person who knows of those deaths: only later ones count.
            CO_CHECK(co_await rememberDeaths(&context));
        }
        WatchRequest request;
        request.run = context.runId();
        request.token = Random::system().id();
        request.since = context.clock().now().toMSecsSinceEpoch();
        request.sinceBoot = Clock::system().monotonic();
        request.bootId = Clock::system().bootId();
        request.baseline = context.result(u"precheck"_s, u"baseline"_s)[u"errors"_s].toDouble(-1);
        request.policy = watchPolicyFromJson(spec().params);
        request.instances = measured(context.target(), deployed(context.plan(), context.target()));
        request.only = spec().params[u"only"_s].toVariant().toStringList();
        co_return request.toJson();
    }

    Async<> apply(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        const auto request = WatchRequest::fromJson(undo);
        const QString state = context.target().stateDirectory;
        CO_CHECK(ask(state, request));
        const qint64 interval = request.policy.scrapeIntervalMs;
        const qint64 patience = qMax(qint64(15000), 10 * interval);
        qint64 lastNews = Clock::system().monotonic();
        qint64 watched = -1;
        qint64 lastKept = -1;
        InstanceWatch instances(context.target(), deployed(context.plan(), context.target()), request.policy.windowMs, context.result(spec().id, died).toObject());
        for (int restarts = 0;;) {
            if (lastKept < 0 || Clock::system().monotonic() - lastKept >= KeepMs) {
                CO_CHECK(co_await keepBalancer(&context));
                lastKept = Clock::system().monotonic();
            }
            const Verdict verdict = answer(state, request);
            const auto allReady = co_await instances.look();
            if (!allReady) {
                CO_CHECK(co_await rememberDeaths(&context));
                co_return fail(allReady.error());
            }
            if (!*allReady && (verdict.kind == Verdict::Kind::Good || verdict.kind == Verdict::Kind::NotEnoughData)) {
                // So it is but for one that is ready again soon, or makes it bad.
                CO_CHECK(co_await Clock::system().sleep(200, stop));
                continue;
            }
            if (verdict.kind != Verdict::Kind::Pending) {
                co_return conclude(context, request, verdict);
            }
            const qint64 now = Clock::system().monotonic();
            if (verdict.watchedMs != watched) {
                watched = verdict.watchedMs;
                lastNews = now;
                context.progress({watched, request.policy.durationMs, u"ms"_s, verdict.sentence});
            }
            if (!watcherIsAlive(context.target())) {
                if (restarts++ == 3) {
                    co_return lost({u"watch.died_again"_s, {}});
                }
                context.log({u"watch.restarting"_s, {}});
                if (const auto started = co_await ensureWatcher(context.target(), stop); !started) {
                    if (started.error().kind == Error::Kind::Cancelled) {
                        co_return fail(started.error());
                    }
                    co_return lost({started.error().code, started.error().args});
                }
                lastNews = Clock::system().monotonic();
            } else if (now - lastNews > patience) {
                co_return lost({u"watch.no_verdict"_s, {{u"limit"_s, patience}}});
            }
            CO_CHECK(co_await Clock::system().sleep(qBound(qint64(50), interval / 2, qint64(500)), stop));
        }
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        const auto request = WatchRequest::fromJson(undo);
        if (request.token.isEmpty() || current(context.target().stateDirectory, request.run).token != request.token) {
            co_return Inspection::NotStarted;
        }
        switch (answer(context.target().stateDirectory, request).kind) {
        case Verdict::Kind::Good:
            co_return Inspection::Done;
        case Verdict::Kind::NotEnoughData:
            co_return request.policy.noData == WatchSpec::NoData::Proceed ? Inspection::Done : Inspection::Unknown;
        case Verdict::Kind::Bad:
        case Verdict::Kind::Pending:
            break;
        }
        co_return watcherIsAlive(context.target()) ? Inspection::Partial : Inspection::Unknown;
    }

    /// The verdict on an earlier request stays what it was.
    bool asksAnew() const override { return true; }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        // The verdict stays: it is why.
        co_return files::remove(WatchRequest::path(context.target().stateDirectory, context.runId()));
    }

    Async<> finalize(StepContext &context, QJsonObject) override
    {
        CO_CHECK(files::remove(WatchRequest::path(context.target().stateDirectory, context.runId())));
        co_return files::remove(WatchRequest::verdictPath(context.target().stateDirectory, context.runId()));
    }

private:
    static constexpr qint64 KeepMs = 2000; ///< Between looks at the balancer.
    static constexpr QLatin1StringView died{"died"}; ///< Result: restarts of each instance that were told of already.

    static QJsonObject readObject(const QString &path)
    {
        const auto content = files::read(path, 1 << 20);
        return content ? QJsonDocument::fromJson(*content).object() : QJsonObject();
    }

    static WatchRequest current(const QString &state, const QString &run)
    {
        return WatchRequest::fromJson(readObject(WatchRequest::path(state, run)));
    }

    /// Instances that the run has started anew before this step.
    QStringList deployed(const Plan &plan, const Target &target) const
    {
        QStringList names;
        for (const StepSpec &step : plan.steps) {
            if (step.id == spec().id) {
                break;
            }
            if (step.kind == u"deploy_instance") {
                names.append(step.params[u"instance"_s].toString());
            } else if (step.kind == u"recreate_service") {
                const QJsonArray instances = step.params[u"instances"_s].toArray();
                for (const auto &name : instances) {
                    names.append(name.toString());
                }
            } else if (step.kind == u"start_colour") {
                names += ofColour(target, step, false);
            } else if (step.kind == u"switch_colour") {
                // From here on the other one is idle.
                const QStringList idle = ofColour(target, step, true);
                names.removeIf([&idle](const QString &name) { return idle.contains(name); });
            }
        }
        names.removeDuplicates();
        return names;
    }

    static QStringList ofColour(const Target &target, const StepSpec &step, bool other)
    {
        QStringList names;
        if (const ServiceSpec *service = target.service(step.params[u"service"_s].toString())) {
            const QString colour = step.params[u"colour"_s].toString();
            const QList<InstanceSpec> instances = service->instancesOf(other ? otherColour(colour) : colour);
            for (const InstanceSpec &instance : instances) {
                names.append(instance.name);
            }
        }
        return names;
    }

    /// Those of them that tell their metrics.
    static QStringList measured(const Target &target, QStringList names)
    {
        names.removeIf([&target](const QString &name) {
            const ServiceSpec *service = target.serviceOfInstance(name);
            return !service || service->metricsUrl.isEmpty();
        });
        return names;
    }

    /// What users are sent to is what the run has set; a balancer that has forgotten it is told again.
    /// By pointer: it outlives the task, and says so.
    Async<> keepBalancer(StepContext *context) const
    {
        const auto steps = context->plan().steps;
        const auto own = std::ranges::find(steps, spec().id, &StepSpec::id);
        Facts expected = own == steps.end() ? Facts() : context->plan().factsBefore(own - steps.begin());
        const QStringList names = expected.keys();
        for (const QString &name : names) {
            if (!name.startsWith(balancerFact({}))) {
                expected.remove(name);
            }
        }
        if (expected.isEmpty()) {
            co_return {};
        }
        const int lock = context->lockDescriptor();
        const KeeperTools tools{&context->processes(), lock >= 0 ? QList<int>{lock} : QList<int>(), [context](const Message &done) { context->log(done); }};
        const auto kept = co_await FactKeeper::keep(context->target(), {}, tools);
        Result<> same;
        if (!kept) {
            same = fail(kept.error());
        } else {
            const auto found = co_await FactSource::collectFrom(balancerFactSource(), context->target());
            same = found ? compareFacts(expected, *found) : Result<>(fail(found.error()));
        }
        // One that is being restarted just now can't be asked, and nothing is known.
        if (!same && same.error().kind != Error::Kind::Transient) {
            Error why = same.error();
            why.kind = Error::Kind::Unknown;
            co_return fail(why);
        }
        co_return {};
    }

    static Async<> rememberDeaths(StepContext *context)
    {
        QJsonObject restarts;
        const InstanceLook look = co_await lookAtInstances(context->target());
        for (const InstanceState &state : look.states) {
            if (state.state != InstanceState::State::Unknown) {
                restarts.insert(state.name, state.restarts);
            }
        }
        context->setResult(died, restarts);
        co_return {};
    }

    /// Pending until there is an answer to this very request.
    static Verdict answer(const QString &state, const WatchRequest &request)
    {
        const auto verdict = Verdict::fromJson(readObject(WatchRequest::verdictPath(state, request.run)));
        return verdict.token == request.token ? verdict : Verdict();
    }

    static Result<> ask(const QString &state, const WatchRequest &request)
    {
        if (current(state, request.run).token == request.token) {
            return {}; // Asked before we were interrupted.
        }
        CHECK(files::makePath(WatchRequest::folder(state)));
        return files::replace(WatchRequest::path(state, request.run), json::canonical(request.toJson()));
    }

    static std::unexpected<Error> dead(const Target &target)
    {
        const qint64 silence = watcherSilence(target);
        return silence < 0 ? fail(u"watch.watcher_dead"_s) : fail(u"watch.watcher_silent"_s, {{u"silence"_s, silence}});
    }

    static std::unexpected<Error> lost(const Message &reason)
    {
        return fail(u"watch.watcher_lost"_s, {{u"reason"_s, reason.toJson()}}, {}, Error::Kind::Unknown);
    }

    static Result<> conclude(StepContext &context, const WatchRequest &request, const Verdict &verdict)
    {
        context.setResult(u"verdict"_s, verdict.toJson());
        const QString metric = request.policy.errorsCounter;
        switch (verdict.kind) {
        case Verdict::Kind::Bad:
            return fail(verdict.sentence.code, verdict.sentence.args, metric);
        case Verdict::Kind::NotEnoughData:
            if (request.policy.noData == WatchSpec::NoData::Proceed) {
                const bool silent = verdict.sentence.code == u"watch.instance_silent";
                context.log({silent ? u"watch.proceeding_silent"_s : u"watch.proceeding"_s, verdict.sentence.args});
                return {};
            }
            // What is unknown holds; only the policy makes it a failure.
            return fail(verdict.sentence.code, verdict.sentence.args, metric,
                        request.policy.noData == WatchSpec::NoData::Rollback ? Error::Kind::Permanent : Error::Kind::Unknown);
        case Verdict::Kind::Good:
        case Verdict::Kind::Pending:
            break;
        }
        context.log(verdict.sentence);
        context.progress({request.policy.durationMs, request.policy.durationMs, u"ms"_s, verdict.sentence});
        return {};
    }
};

const StepRegistry::Registration registration(u"watch"_s, 1, [](StepSpec spec) { return std::make_unique<WatchStep>(std::move(spec)); });

} // namespace

Async<QList<StepSpec>> planWatch(PlanningContext context, StagedRelease release)
{
    const WatchSpec &policy = context.target.watch;
    if (!hasMetrics(context.target) || policy.durationMs <= 0) {
        co_return QList<StepSpec>();
    }
    StepSpec step;
    step.id = u"watch"_s;
    step.kind = u"watch"_s;
    step.params = watchPolicyToJson(policy);
    step.title = {u"watch.title"_s, {}};
    const QString noData = step.params[u"noData"_s].toString();
    step.intent = {u"watch.intent_"_s + noData,
                   {{u"version"_s, release.info.manifest.version.toString()},
                    {u"duration"_s, policy.durationMs},
                    {u"limit"_s, policy.maxErrorProportion},
                    {u"window"_s, policy.windowMs},
                    {u"minimum"_s, policy.minimumSamples}}};
    step.expectedMs = policy.durationMs;
    step.changesState = false;
    step.automaticRollback = policy.automaticRollback;
    co_return QList<StepSpec>{step};
}

} // namespace cutover
