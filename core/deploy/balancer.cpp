// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/balancer.h"

#include "system/clock.h"

#include <QJsonArray>
#include <QMap>

#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 PollMs = 40;
constexpr qint64 AloneMs = 500; ///< Between questions whether others serve.
constexpr qint64 LateMs = 1000; ///< For a request that a sticky session began while its server was only draining.
constexpr qint64 ClosedMs = 5000; ///< What was ended is gone after some milliseconds.
constexpr qint64 AgainLimitMs = 10000; ///< Beyond the drain's own: that a server is let in all the time is somebody's will.
/// Readings without a session in a row: a request that was being assigned when the drain began
/// is counted a moment later.
constexpr int QuietReadings = 2;

// Made at first use: registrations are file-scope objects of any order.
QMap<QString, BalancerRegistry::Factory> &factories()
{
    static QMap<QString, BalancerRegistry::Factory> instance;
    return instance;
}

} // namespace

Async<> Balancer::waitDrained(QString backend, QString server, qint64 limitMs, std::function<void(int)> progress, std::stop_token stop,
                              OthersServe othersServe) const
{
    const qint64 called = Clock::system().monotonic();
    qint64 begin = called;
    bool isAlone = false;
    int quiet = 0;
    BalancerServer now;
    bool isKnown = false;
    while (true) {
        const auto told = co_await this->server(backend, server);
        if (told) {
            now = *told;
        } else if (!isKnown || !isForgotten(told.error())) {
            co_return fail(told.error());
        } else {
            // It had been added, and is gone with the balancer's restart. What a process of before a reload still answers counts.
            now.sessions = 0;
            now.out = true;
        }
        isKnown = true;
        if (forgets() && !now.out && now.isUp()) {
            // One that was restarted meanwhile has forgotten the drain, and sends requests there again.
            quiet = 0;
            const qint64 waited = Clock::system().monotonic() - called;
            if (waited > limitMs + AgainLimitMs) {
                co_return isAlone ? fail(u"balancer.alone"_s, {{u"balancer"_s, title()}, {u"server"_s, server}, {u"limit"_s, waited}}, place())
                                  : fail(u"balancer.not_out"_s, {{u"balancer"_s, title()}, {u"server"_s, server}, {u"status"_s, now.status}}, place());
            }
            if (othersServe) {
                CO_TRY(const bool othersDo, co_await othersServe());
                if (!othersDo) {
                    // It answers users as long as nobody else does.
                    isAlone = true;
                    if (progress) {
                        progress(now.sessions);
                    }
                    CO_CHECK(co_await Clock::system().sleep(AloneMs, stop));
                    continue;
                }
            }
            if (std::exchange(isAlone, false)) {
                begin = Clock::system().monotonic(); // Its drain begins only now.
            }
            if (const auto again = co_await setState(backend, server, State::Drain); !again && !isForgotten(again.error())) {
                co_return fail(again.error());
            }
            CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
            continue;
        }
        quiet = now.sessions == 0 ? quiet + 1 : 0;
        if (quiet >= QuietReadings) {
            CO_TRY(now.sessions, co_await connectionsLeft(now));
            if (now.sessions == 0) {
                co_return {};
            }
        }
        if (progress) {
            progress(now.sessions);
        }
        if (Clock::system().monotonic() - begin > limitMs && now.sessions != 0) {
            co_return fail(u"balancer.sessions_left"_s, {{u"server"_s, server}, {u"count"_s, now.sessions}, {u"limit"_s, limitMs}}, place());
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
}

Async<int> Balancer::closeLeft(QString backend, QString server, std::stop_token stop, OthersServe othersServe) const
{
    auto quiet = co_await setState(backend, server, State::Maintenance);
    if (quiet) {
        quiet = co_await waitDrained(backend, server, closesSessions() ? LateMs : 0, {}, stop, othersServe);
    }
    if (quiet || isForgotten(quiet.error())) {
        co_return 0;
    }
    if (quiet.error().code != u"balancer.sessions_left") {
        co_return fail(quiet.error());
    }
    const int count = quiet.error().args[u"count"_s].toInt();
    if (!closesSessions()) {
        co_return count;
    }
    Result<> gone = co_await shutSessions(backend, server);
    if (gone) {
        gone = co_await waitDrained(backend, server, ClosedMs, {}, stop, othersServe);
    }
    // What is left is of a process that a reload has replaced, which takes no commands: it ends when the server is stopped.
    if (gone || gone.error().code == u"balancer.sessions_left") {
        // One that was restarted meanwhile was only drained again.
        gone = co_await setState(backend, server, State::Maintenance);
    }
    co_return gone || isForgotten(gone.error()) ? Result<int>(count) : fail(gone.error());
}

bool Balancer::isForgotten(const Error &error) const
{
    return forgets() && isUnknownServer(error);
}

bool isUnknownServer(const Error &error)
{
    return error.code.endsWith(".no_server"_L1);
}

Async<> Balancer::shutSessions(QString, QString) const
{
    co_return {};
}

Async<> Balancer::waitUp(QString backend, QString server, qint64 limitMs, std::stop_token stop) const
{
    const qint64 begin = Clock::system().monotonic();
    while (true) {
        CO_TRY(const BalancerServer now, co_await this->server(backend, server));
        // "UP 1/2" is on its way down.
        const bool up = now.status == u"UP" || now.status == u"no check";
        if (up && co_await isReachable(now)) {
            co_return {};
        }
        if (Clock::system().monotonic() - begin > limitMs) {
            const QJsonObject args{{u"balancer"_s, title()}, {u"server"_s, server}, {u"status"_s, now.status}, {u"address"_s, now.address}, {u"limit"_s, limitMs}};
            co_return fail(up ? u"balancer.unreachable"_s : u"balancer.not_up"_s, args, place());
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs, stop));
    }
}

QCoro::Task<bool> Balancer::isReachable(BalancerServer) const
{
    co_return true;
}

Async<int> Balancer::connectionsLeft(BalancerServer) const
{
    co_return 0;
}

Async<> Balancer::weightRefused(QString server, int weight) const
{
    co_return fail(u"balancer.weight"_s, {{u"server"_s, server}, {u"weight"_s, weight}, {u"maximum"_s, MaximumWeight}}, place());
}

BalancerRegistry::Registration::Registration(const QString &kind, Factory factory)
{
    factories()[kind] = std::move(factory);
}

Result<std::shared_ptr<Balancer>> BalancerRegistry::create(const Target &target, const BalancerTools &tools)
{
    const QString kind = target.balancer.kind;
    if (kind.isEmpty()) {
        return std::shared_ptr<Balancer>();
    }
    const Factory factory = factories().value(kind);
    if (!factory) {
        return fail(u"balancer.unknown_kind"_s, {{u"kind"_s, kind}, {u"known"_s, QJsonArray::fromStringList(kinds())}}, target.path);
    }
    return std::shared_ptr<Balancer>(factory(target, tools));
}

QStringList BalancerRegistry::kinds()
{
    return factories().keys();
}

} // namespace cutover
