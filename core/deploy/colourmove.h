// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/instancemove.h"

#include <QSet>

#include <optional>
#include <vector>

namespace cutover {

/**
 * What the blue-green steps do with all instances of one colour of a service, together. Each member is safe to
 * repeat. The context outlives the object. Event-loop thread.
 */
class ColourMove
{
public:
    /// Errors "deploy.unknown_service", "deploy.unknown_runtime"; "colour.none" where the service has no instance of that colour (any more).
    [[nodiscard]] static Result<ColourMove> create(StepContext &context, const QString &service, const QString &colour);

    [[nodiscard]] const QString &colour() const { return m_colour; }
    [[nodiscard]] std::vector<InstanceMove> &instances() { return m_instances; }
    [[nodiscard]] QStringList names() const;
    /// Their servers, in the order of the instances. Errors "*.no_server".
    [[nodiscard]] Async<QList<BalancerServer>> servers() const;
    /// How many of them get requests, whatever their health is.
    [[nodiscard]] Async<int> letInCount() const;
    [[nodiscard]] Async<bool> anyUp() const;
    /// All run this version, are ready by their runtime's word, and UP at the balancer.
    [[nodiscard]] Async<bool> allServe(QString version);
    /// All of them are ready, and of this version by their own word.
    [[nodiscard]] Async<> waitReady(QString version, std::stop_token stop);
    /// Each smoke test of the service, at each instance; one that is not critical is only told of. Error "colour.smoke_failed".
    [[nodiscard]] Async<> smoke(QString version, std::stop_token stop);
    /// Restarts of its instances that were cut are no concern any more.
    void forgetRestarts() const;
    /// All take requests, UP by the balancer's own check; returns then.
    [[nodiscard]] Async<> letIn(std::stop_token stop);
    /// Whether any of them takes requests. Where the balancer's own restart has taken all of them out, those that are ready are let in
    /// again first, and the log says so.
    [[nodiscard]] Async<bool> keepServing();
    /// All at once get no new requests, and those under way are waited for, within the service's drain limit for all of them.
    /// Past it: with force, or where the service has them closed, it goes on, else "balancer.sessions_left" is returned and they stay drained. Then in maintenance.
    /// successor: who serves instead, and outlives the task. Where it does not, nor can be let in again, those that took requests go on
    /// doing so: errors "colour.not_serving", "balancer.alone".
    [[nodiscard]] Async<> takeOut(ColourMove *successor, bool force, std::stop_token stop, std::optional<qint64> limitMs = {});
    /// By server; those not named stay as they are.
    [[nodiscard]] Async<> setWeights(QMap<QString, int> weights);

private:
    ColourMove(StepContext &context, const ServiceSpec &service, const QString &colour, std::vector<InstanceMove> instances, std::shared_ptr<Balancer> balancer);
    void tell(const QString &code, qint64 done, QJsonObject args = {}) const;
    struct Drain {
        ColourMove *successor;
        bool force;
        qint64 limitMs;
        qint64 begin; ///< Monotonic.
        std::stop_token stop;
        QSet<QString> served = {}; ///< Those that were let in at any moment.
        bool isForgotten = false; ///< The balancer has let them in again meanwhile.
        bool takesRequests = false; ///< One of them was up: somebody has to take over. Whoever is out already is only waited for.
    };
    [[nodiscard]] Async<> takeOutThese(Drain *how);
    [[nodiscard]] Async<> drainAll() const;
    /// All at once, where the balancer's restart has let one in again: as soon as the successor serves.
    [[nodiscard]] Async<bool> drainAgain(Drain *how);
    /// Returns how many sessions are left at the limit, by server.
    [[nodiscard]] Async<QMap<QString, int>> drain(Drain *how);
    [[nodiscard]] Async<> checkServed(ColourMove *successor) const;

    StepContext *m_context;
    ServiceSpec m_service;
    QString m_colour;
    std::vector<InstanceMove> m_instances;
    std::shared_ptr<Balancer> m_balancer;
};

/// A process of an instance, so that it is known again: empty where none runs.
[[nodiscard]] QString processMark(const InstanceState &state);

} // namespace cutover
