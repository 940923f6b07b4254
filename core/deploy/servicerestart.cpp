// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/servicerestart.h"

#include "config/targetmask.h"
#include "deploy/colours.h"
#include "deploy/deployplan.h"
#include "deploy/instancemove.h"
#include "plan/instancefacts.h"
#include "plan/silentfact.h"
#include "system/clock.h"
#include "target/hostfence.h"

#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/** What InstanceMove works with, where there is no run. */
class RestartContext : public StepContext
{
public:
    RestartContext(Target target, RestartTools tools)
        : m_target(std::move(target))
        , m_tools(std::move(tools))
        , m_mask(m_target)
    {
    }

    const Target &target() const override { return m_target; }
    const Plan &plan() const override { return m_plan; }
    QString runId() const override { return {}; }
    QString runDirectory() const override { return m_target.stateDirectory; }
    Clock &clock() override { return Clock::system(); }
    Processes &processes() override { return Processes::system(); }
    int lockDescriptor() const override { return m_tools.lock; }
    void progress(const Progress &progress) override
    {
        // Of what is counted only the beginning.
        if (progress.doing.code != m_doing.code || progress.doing.args["instance"_L1] != m_doing.args["instance"_L1]) {
            m_doing = progress.doing;
            log(progress.doing);
        }
    }
    void log(const Message &message) override
    {
        if (m_tools.told) {
            m_tools.told(m_mask.masked(message));
        }
    }
    void logLine(const QString &source, const QString &line) override
    {
        if (m_tools.line) {
            m_tools.line(source, m_mask.masked(line));
        }
    }
    void setResult(const QString &, const QJsonValue &) override { }
    QJsonValue result(const QString &, const QString &) const override { return QJsonValue::Undefined; }

private:
    Target m_target;
    RestartTools m_tools;
    TargetMask m_mask;
    Plan m_plan; ///< Without steps.
    Message m_doing;
};

constexpr qint64 AgainMs = 1000; ///< Before the first further try; twice as long before each next one.

/// Stopped, and back. isStopped: set once it is, and heeded where this is tried again: what is up by then is not ended again.
Async<> bringBack(InstanceMove *move, RestartRecord record, bool *isStopped)
{
    if (!*isStopped) {
        CO_CHECK(co_await move->stopForRestart(record));
        *isStopped = true;
    }
    CO_CHECK(co_await move->start(record.version));
    CO_CHECK(co_await move->waitReady(record.version, {}));
    CO_CHECK(co_await move->checkImage(record.image));
    co_return co_await move->balance({});
}

/// After a stop that came to nothing: what ran before takes requests again, and is meant to run. Whether it does.
Async<bool> runsOn(StepContext *context, InstanceMove *move, InstanceState before)
{
    CO_TRY(const InstanceState now, co_await move->state());
    if (now.pid <= 0 || now.pid != before.pid || now.state == InstanceState::State::Stopping || now.state == InstanceState::State::Unknown) {
        co_return false;
    }
    // Only noted, as it runs.
    CO_CHECK(co_await move->start(before.release));
    CO_CHECK(co_await move->serveOn());
    CO_CHECK(forgetRestart(context->target(), move->name()));
    co_return true;
}

/// isDown: set while it does not run as before.
Async<> restartOne(StepContext *context, RestartChoice choice, QString instance, bool *isDown, std::stop_token stop)
{
    const QString version = choice.releases[instance];
    CO_TRY(InstanceMove move, InstanceMove::create(*context, choice.service, instance));
    CO_TRY(const auto cut, restartRecords(context->target()));
    *isDown = cut.contains(instance);
    CO_TRY(const InstanceState before, co_await move.state());
    *isDown = before.pid <= 0;
    // Of one that a cut restart has stopped nothing may be left that tells.
    const RestartRecord record{.version = version, .image = before.image.isEmpty() && cut[instance].version == version ? cut[instance].image : before.image};
    // What it is started from is there before anything stops.
    CO_CHECK(co_await move.restore(version, record.image, stop));
    CO_TRY(const bool isServing, co_await move.isServing());
    if (isServing && choice.rolls) {
        CO_CHECK(co_await move.checkCapacity());
    } else if (isServing) {
        CO_CHECK(co_await move.checkMaintenance());
    }
    CO_CHECK(co_await move.drain(false, stop));
    *isDown = true;
    const int limit = context->target().policy.transientRetries;
    bool isStopped = false;
    for (int attempt = 1;; ++attempt) {
        const Result<> back = co_await bringBack(&move, record, &isStopped);
        if (back) {
            co_return {};
        }
        if (back.error().kind != Error::Kind::Transient || attempt > limit) {
            // Where it can't be told, it has to be taken for down.
            const auto isOn = co_await runsOn(context, &move, before);
            *isDown = !isOn.value_or(false);
            co_return back;
        }
        const qint64 wait = AgainMs << qMin(attempt - 1, 5);
        context->log({u"restart.again"_s, {{u"instance"_s, instance}, {u"error"_s, back.error().toJson()}, {u"try"_s, attempt}, {u"limit"_s, limit}, {u"wait"_s, wait}}});
        CO_CHECK(co_await Clock::system().sleep(wait));
    }
}

const Catalogue::Registration texts{{
    {"restart.unknown_service", QT_TRANSLATE_NOOP("catalogue", "The target has no service “%{name}”."), QT_TRANSLATE_NOOP("catalogue", "It has: %{known:list}.")},
    {"restart.unknown_instance", QT_TRANSLATE_NOOP("catalogue", "The service %{service} has no instance “%{name}”."), QT_TRANSLATE_NOOP("catalogue", "It has: %{known:list}.")},
    {"restart.unmanaged", QT_TRANSLATE_NOOP("catalogue", "The service %{service} belongs to no release (“managed: false”), so that Cutover does not restart it."),
     QT_TRANSLATE_NOOP("catalogue", "Restart it by what it comes from; of a load balancer, in a way that keeps its connections.")},
    {"restart.not_meant_to_run", QT_TRANSLATE_NOOP("catalogue", "%{instance} is not meant to run, so that it is not restarted."),
     QT_TRANSLATE_NOOP("catalogue", "An update or a rollback starts it from its release.")},
    {"restart.idle", QT_TRANSLATE_NOOP("catalogue", "%{instance} is of the colour that does not serve just now, and is not restarted."),
     QT_TRANSLATE_NOOP("catalogue", "Leave --instance out to restart those that serve.")},
    {"restart.not_back", QT_TRANSLATE_NOOP("catalogue", "%{instance} was to be restarted and is not back: %{error} %{error:hint} It gets no requests until it is."),
     QT_TRANSLATE_NOOP("catalogue", "Mend the cause and restart it again: that goes on from here. Nothing else was restarted after it.")},
    {"restart.again", QT_TRANSLATE_NOOP("catalogue", "%{instance} is not back for the moment: %{error} Try %{try} of %{limit} in %{wait:duration}."), nullptr},
    {"restart.refused", QT_TRANSLATE_NOOP("catalogue", "%{instance} was not restarted, and runs as before: %{error}"), QT_TRANSLATE_NOOP("catalogue", "%{error:hint}")},
    {"restart.doing", QT_TRANSLATE_NOOP("catalogue", "Restarting %{instance} from %{version}")},
    {"restart.done", QT_TRANSLATE_NOOP("catalogue", "%{instance} is back")},
}};

} // namespace

Async<RestartChoice> chooseRestart(Target target, QString service, QString instance)
{
    const ServiceSpec *spec = target.service(service);
    if (!spec) {
        QJsonArray known;
        for (const ServiceSpec &one : std::as_const(target.services)) {
            known.append(one.name);
        }
        co_return fail(u"restart.unknown_service"_s, {{u"name"_s, service}, {u"known"_s, known}}, target.path);
    }
    if (!spec->managed) {
        co_return fail(u"restart.unmanaged"_s, {{u"service"_s, service}}, target.path);
    }
    if (!instance.isEmpty() && !std::ranges::contains(spec->instances, instance, &InstanceSpec::name)) {
        QJsonArray known;
        for (const InstanceSpec &one : spec->instances) {
            known.append(one.name);
        }
        co_return fail(u"restart.unknown_instance"_s, {{u"service"_s, service}, {u"name"_s, instance}, {u"known"_s, known}}, target.path);
    }
    QSet<QString> idle;
    if (spec->isBlueGreen()) {
        CO_TRY(const ServingColours colours, co_await servingColours(target));
        idle = idleInstances(target, colours);
    }
    // What it is meant to run, also where it has died.
    CO_TRY(const auto runtime, RuntimeRegistry::create(spec->runtime, target));
    CO_TRY(Facts facts, co_await runtime->facts());
    CO_CHECK(addCutRestarts(target, spec->runtime, &facts));
    RestartChoice choice;
    choice.service = service;
    for (const InstanceSpec &one : spec->instances) {
        if ((!instance.isEmpty() && one.name != instance) || (instance.isEmpty() && idle.contains(one.name))) {
            continue;
        }
        if (idle.contains(one.name)) {
            co_return fail(u"restart.idle"_s, {{u"instance"_s, one.name}});
        }
        const QJsonValue fact = facts[instanceFact(one.name)];
        if (const auto silent = silentError(fact)) {
            co_return fail(*silent);
        }
        if (fact.toString().isEmpty() && !instance.isEmpty()) {
            co_return fail(u"restart.not_meant_to_run"_s, {{u"instance"_s, one.name}});
        }
        if (!fact.toString().isEmpty()) {
            choice.instances.append(one.name);
            choice.releases.insert(one.name, fact.toString());
        }
    }
    if (choice.instances.isEmpty()) {
        co_return fail(u"restart.not_meant_to_run"_s, {{u"instance"_s, service}});
    }
    CO_TRY(const auto cut, restartRecords(target));
    std::ranges::stable_partition(choice.instances, [&cut](const QString &one) { return cut.contains(one); });
    const qsizetype together = spec->instances.size() - std::ranges::count_if(spec->instances, [&idle](const InstanceSpec &one) { return idle.contains(one.name); });
    choice.rolls = together > 1 && (spec->isBlueGreen() || rolls(*spec));
    co_return choice;
}

Async<> restartService(Target target, RestartChoice choice, RestartTools tools, std::stop_token stop)
{
    RestartContext context(target, std::move(tools));
    std::unique_ptr<HostFence> fence;
    if (context.lockDescriptor() >= 0) {
        fence = std::make_unique<HostFence>(target, u"service restart"_s, HostFence::Take::Anyway);
        CO_CHECK(co_await fence->raise(context.processes(), stop));
    }
    for (qsizetype i = 0; i < choice.instances.size(); ++i) {
        const QString instance = choice.instances[i];
        if (stop.stop_requested()) {
            co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        context.log({u"restart.doing"_s, {{u"instance"_s, instance}, {u"version"_s, choice.releases[instance]}}});
        bool isDown = false;
        const Result<> restarted = co_await restartOne(&context, choice, instance, &isDown, stop);
        if (!restarted && restarted.error().kind == Error::Kind::Cancelled) {
            co_return restarted;
        }
        if (!restarted) {
            const QJsonObject args{{u"instance"_s, instance}, {u"error"_s, restarted.error().toJson()}, {u"left"_s, QJsonArray::fromStringList(choice.instances.sliced(i + 1))}};
            co_return fail(isDown ? u"restart.not_back"_s : u"restart.refused"_s, args, restarted.error().where, restarted.error().kind);
        }
        context.log({u"restart.done"_s, {{u"instance"_s, instance}}});
    }
    co_return {};
}

} // namespace cutover
