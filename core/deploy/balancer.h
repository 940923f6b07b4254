// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace cutover {

class Processes;

/** A server of a balanced service, as its load balancer tells of it. */
struct BalancerServer {
    QString backend;
    QString name; ///< That of an instance.
    QString status; ///< "UP", "DOWN", "DRAIN", "MAINT", "UP 1/2", "no check", "NOT RELOADED", …
    int sessions = 0; ///< Current, with those queued for it; -1: not known.
    qint64 requests = 0; ///< Answered since the balancer's start.
    qint64 retries = 0; ///< Requests asked again since then, for want of an answer,
    qint64 redispatches = 0; ///< and at another server.
    qint64 failures = 0; ///< Connections that could not be made, and answers that broke off.
    qint64 unanswered = 0; ///< Of a frontend: requests whose client got no answer.
    QString check; ///< Result of the last health check: "L7OK", "L4CON", …
    QString address; ///< "HOST:PORT"; empty: not known.
    int weight = 0; ///< Its share of the requests, beside the others'; 0: not known.
    bool out = false; ///< Gets no new requests whatever its health is: it was drained, or is in maintenance.

    /// Takes requests now.
    [[nodiscard]] bool isUp() const { return status.startsWith(u"UP") || status == u"no check"; }
    /// Is out altogether: to drain it now would be a way in for sticky sessions.
    [[nodiscard]] bool isMaintained() const { return status.startsWith(u"MAINT"); }
};

/** What a balancer works with. */
struct BalancerTools {
    Processes *processes = nullptr; ///< Outlives the balancer; nullptr: those of the system.
    QList<int> inherit = {}; ///< Descriptors that its programs keep: the run lock.
    qint64 answerMs = 5000; ///< How long to wait for an answer.
    qint64 patienceMs = 0; ///< How long one that takes no question at all is asked again: as long as its restart takes.
};

/**
 * A load balancer: which servers take requests, and to have them take more, fewer or none. Each change
 * returns once it is in effect, and is safe to repeat. Where the balancer can't be asked for the moment the
 * error is transient. The object outlives its tasks. Event-loop thread.
 */
class Balancer
{
public:
    enum class State { Ready, ///< Takes requests.
                       Drain, ///< Gets no new ones; those under way are answered.
                       Maintenance }; ///< Out, and nothing but Ready brings it back.
    static constexpr int MaximumWeight = 256;
    /// Whether users have somebody else than a server that is being drained. Outlives the task that it is handed to.
    using OthersServe = std::function<Async<bool>()>;

    virtual ~Balancer() = default;

    /// What it was told is in its memory alone, and gone with its restart.
    [[nodiscard]] virtual bool forgets() const { return false; }
    /// That a server is not there any more, as one that was added is after a restart; nor are its sessions.
    [[nodiscard]] bool isForgotten(const Error &error) const;
    [[nodiscard]] virtual QString title() const = 0; ///< "HAProxy"
    [[nodiscard]] virtual QString place() const = 0; ///< Where it is found: a socket, a file.
    /// It is there, and would take a change. Changes nothing.
    [[nodiscard]] virtual Async<> check(std::stop_token stop) const = 0;
    /// Of all backends that it tells of; some tell lines that sum up, too.
    [[nodiscard]] virtual Async<QList<BalancerServer>> allServers() const = 0;
    /// Of one backend. An error "*.no_backend" when there is none of that name.
    [[nodiscard]] virtual Async<QList<BalancerServer>> servers(QString backend) const = 0;
    /// An error "*.no_server" when the backend has none of that name.
    [[nodiscard]] virtual Async<BalancerServer> server(QString backend, QString name) const = 0;
    /// An error "*.no_server" as with server(), as of setWeight(): isForgotten() where one that is being taken out is gone already.
    [[nodiscard]] virtual Async<> setState(QString backend, QString server, State state) const = 0;
    /// The server is there, at this address, in Maintenance until setState(Ready): one that the configuration lacks is added beside
    /// its others, as they are (weight, health checks, cookie …); one that stands there is given this address, and is taken out where it
    /// was let in. Safe to repeat. Where the balancer forgets(), one that was added is gone with its restart or reload, and server()
    /// has the error "*.no_server" from then on; where it does not, it stays until removeServer().
    [[nodiscard]] virtual Async<> addServer(QString backend, QString server, QString address, int port) const = 0;
    /// Whether addServer() would be refused, with what it would be: changes nothing, and is asked before anything depends on it.
    [[nodiscard]] virtual Async<> checkAdd(QString backend, QString server, QString address, int port) const = 0;
    /// Takes a drained server out of the backend altogether; it is gone from servers(). None of that name: nothing happens. One that was
    /// not added, but stands in the configuration, stays there, in Maintenance: somebody wrote it for addServer() to find. So does one of
    /// which that can't be told: error "*.stays", which is no reason to wait.
    [[nodiscard]] virtual Async<> removeServer(QString backend, QString server) const = 0;
    /// 1 … MaximumWeight: how many requests it gets, beside the weights of the others.
    [[nodiscard]] virtual Async<> setWeight(QString backend, QString server, int weight) const = 0;
    /// That users get an answer while a service has no server at all, as far as this can be seen beforehand.
    [[nodiscard]] virtual Async<> checkMaintenance() const { co_return {}; }

    /// It can end the sessions of one server alone; else these end when the server's process does.
    [[nodiscard]] virtual bool closesSessions() const { return false; }
    /// What is left at the drain limit is closed: the server is in maintenance, what began a moment ago (a sticky session's request) is
    /// answered, and all else is ended where closesSessions(). Returns how many sessions there were to end; 0: none was left, or the
    /// server is gone with the balancer's restart. othersServe: see waitDrained().
    [[nodiscard]] Async<int> closeLeft(QString backend, QString server, std::stop_token stop = {}, OthersServe othersServe = {}) const;

    /// Waits for a drained server's last session; tells the number while it waits. One that a restart has forgotten meanwhile has none.
    /// One that a restart has let in again is drained again, once othersServe where that is given: asked every half second until it says
    /// so, and its errors are passed on. Where the balancer itself forgot who else served, that is to let them in again.
    /// Errors "balancer.sessions_left" {server, count, limit}, "balancer.alone" {balancer, server, limit}.
    [[nodiscard]] Async<> waitDrained(QString backend, QString server, qint64 limitMs, std::function<void(int sessions)> progress,
                                      std::stop_token stop = {}, OthersServe othersServe = {}) const;
    /// Waits until the server takes requests, by the balancer's own check where it has one.
    /// Errors "balancer.not_up" {balancer, server, status, limit}, "balancer.unreachable" {…, address}.
    [[nodiscard]] Async<> waitUp(QString backend, QString server, qint64 limitMs, std::stop_token stop = {}) const;

protected:
    /// Whether a server that is let in can be reached; asked by waitUp() where the balancer does not look itself.
    [[nodiscard]] virtual QCoro::Task<bool> isReachable(BalancerServer server) const;
    /// Connections to a server that server() does not count: those of the balancer's own processes that a reload has
    /// replaced, and that still answer what they have begun. Asked by waitDrained() before it takes a server for drained.
    [[nodiscard]] virtual Async<int> connectionsLeft(BalancerServer server) const;
    /// Ends all sessions of a server that takes none any more; clients see the end, and may come again. Where closesSessions().
    [[nodiscard]] virtual Async<> shutSessions(QString backend, QString server) const;
    [[nodiscard]] Async<> weightRefused(QString server, int weight) const;
};

/// Of a balancer: there is no server of that name.
[[nodiscard]] bool isUnknownServer(const Error &error);

/** Balancers by the name that target.yaml's balancer.kind gives; each registers itself at file scope. */
class BalancerRegistry
{
public:
    using Factory = std::function<std::unique_ptr<Balancer>(const Target &target, const BalancerTools &tools)>;
    struct Registration {
        Registration(const QString &kind, Factory factory);
    };
    /// Null where the target has none. Error "balancer.unknown_kind" {kind, known}.
    [[nodiscard]] static Result<std::shared_ptr<Balancer>> create(const Target &target, const BalancerTools &tools = {});
    [[nodiscard]] static QStringList kinds();
};

} // namespace cutover
