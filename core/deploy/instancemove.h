// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"
#include "deploy/restartrecord.h"
#include "deploy/runtime.h"
#include "plan/step.h"

namespace cutover {

/// What a step's context lends to a runtime; the context outlives it.
[[nodiscard]] RuntimeTools toolsOf(StepContext &context);
/// Of a load balancer, which may be restarting just now.
[[nodiscard]] BalancerTools balancerToolsOf(StepContext &context);

/// What the plan says about sessions that are left at the drain limit; of a service behind a balancer.
[[nodiscard]] Message sessionsLeftIntent(const Target &target, const ServiceSpec &service);
/// Writes down that sessions of an instance were closed at the drain limit, or end with it: in the run's log, and among the step's results.
void recordSessionsLeft(StepContext &context, const Balancer &balancer, const QString &instance, int count);

/**
 * What the deployment steps do with one instance, whatever runs it: take it out of the balancer,
 * replace it, put it back. Each member is safe to repeat. The context outlives the object. Event-loop thread.
 */
class InstanceMove
{
public:
    /// Errors "deploy.unknown_service", "deploy.unknown_runtime".
    [[nodiscard]] static Result<InstanceMove> create(StepContext &context, const QString &service, const QString &instance);

    [[nodiscard]] const QString &name() const { return m_instance.name; }
    [[nodiscard]] const InstanceSpec &instance() const { return m_instance; }
    [[nodiscard]] bool isBalanced() const { return m_balancer != nullptr; }
    [[nodiscard]] bool isSpare() const { return m_service.isSpare(m_instance.name); }
    /// Users get an answer while all of the service is out, as far as this can be seen.
    [[nodiscard]] Async<> checkMaintenance();
    [[nodiscard]] Async<InstanceState> state();
    /// Could be started from this version: nothing is changed. Errors "deploy.no_release" and the runtime's own.
    [[nodiscard]] Async<> check(QString version, std::stop_token stop);
    /// The same, and what can be brought for it is; what a "fetch" of this run has brought is taken.
    [[nodiscard]] Async<> fetch(QString version, std::stop_token stop);
    /// Id of the image that a "fetch" of this run has brought for it; empty: none has.
    [[nodiscard]] QString fetchedImage(const QString &version) const;
    /// The same for the way back, from this image again where it is still here (empty: not known). Of a spare, whose image bears
    /// mostly the same name as theirs, from what its service's other instances are known to have run.
    [[nodiscard]] Async<> restore(QString version, QString image, std::stop_token stop);
    /// Whether restore() can be expected to work: nothing is changed.
    [[nodiscard]] Async<> checkRestore(QString version, QString image, std::stop_token stop);
    /// It was made from this image again (empty: not known); error "deploy.other_image".
    [[nodiscard]] Async<> checkImage(QString image);
    /// Runs this version by its runtime's word, and its process is there.
    [[nodiscard]] Async<bool> runs(QString version);
    /// Is UP at the balancer; true without one. A spare that the balancer does not know is not.
    [[nodiscard]] Async<bool> isServing();
    /// Another server of the backend is UP. Error "deploy.capacity".
    [[nodiscard]] Async<> checkCapacity();
    /// No new requests, and those under way are waited for. Past the limit: with force, or where the service has them closed, it goes on;
    /// else "balancer.sessions_left" is returned, and as with any other error it serves on, if it runs. othersServe: asked where the
    /// balancer's restart has let it in again, see Balancer::waitDrained(); empty: it is drained again whoever serves.
    [[nodiscard]] Async<> drain(bool force, std::stop_token stop, Balancer::OthersServe othersServe = {});
    /// After a drain that came to nothing: it takes requests again where it runs. What an earlier attempt has stopped stays out.
    [[nodiscard]] Async<> serveOn();
    /// The same, where a person is asked about what is left: then the step "asks" with "deploy.sessions_stay", and forces once agreed to.
    [[nodiscard]] Async<> drainOrAsk(const StepSpec &step, bool force, std::stop_token stop, Balancer::OthersServe othersServe = {});
    /// Takes it out at the balancer at once, where nothing runs that requests could wait for.
    [[nodiscard]] Async<> keepOut();
    /// Proven gone.
    [[nodiscard]] Async<> stop();
    /// A restart of it that was cut is no concern any more.
    void forgetCutRestart() const;
    /// The same, to be started again: that is on disk before, until balance() is through, so that whoever is cut here can be followed.
    [[nodiscard]] Async<> stopForRestart(RestartRecord record);
    [[nodiscard]] Async<> start(QString version);
    /// Ready by its health probe, and of this version by its own word. Where it does not get ready, its last lines are told.
    [[nodiscard]] Async<> waitReady(QString version, std::stop_token stop);
    /// Ready by its health probe, whatever it runs.
    [[nodiscard]] Async<> waitAnswering(std::stop_token stop);
    /// Has the run's log say which image it was started from, where there is one, and notes it for a later way back:
    /// a name of an image can mean another tomorrow.
    [[nodiscard]] Result<> record(const InstanceState &now);
    /// The same for what it ran before a step, which may never have been noted.
    [[nodiscard]] Result<> recordBefore(const InstanceState &before);
    /// The new release is started while the old one still runs.
    [[nodiscard]] bool startsBeside() const;
    /// Ends what still runs of it from another release.
    [[nodiscard]] Async<> retireOthers(QString version);
    /// Whether any of that runs.
    [[nodiscard]] Async<bool> hasOthers(QString version);
    /// Takes requests again, UP by the balancer's own check. A spare is added at the balancer first.
    [[nodiscard]] Async<> balance(std::stop_token stop);
    /// Of a drained spare: the balancer forgets it.
    [[nodiscard]] Async<> leave();
    /// Of a spare: the balancer has a server of its name.
    [[nodiscard]] Async<bool> isKnown();
    /// Of a spare: the same, and it is not out.
    [[nodiscard]] Async<bool> isLetIn();

private:
    InstanceMove(StepContext &context, const ServiceSpec &service, const InstanceSpec &instance, std::shared_ptr<Runtime> runtime,
                 std::shared_ptr<Balancer> balancer);
    void tell(const QString &code, QJsonObject args = {}, qint64 done = 0);
    [[nodiscard]] Async<> drainOnce(bool force, std::stop_token stop, Balancer::OthersServe othersServe);

    StepContext *m_context;
    ServiceSpec m_service;
    InstanceSpec m_instance;
    std::shared_ptr<Balancer> m_balancer; ///< Null: not balanced.
    std::shared_ptr<Runtime> m_runtime;
};

} // namespace cutover
