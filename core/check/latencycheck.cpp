// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// How fast the system answers: a number of requests, several at once, and the limits that half, 95 % and 99 % of them keep.

#include "check/checklist.h"
#include "check/httpclient.h"

#include <QJsonArray>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Load {
    QString url;
    int left = 0;
    QList<qint64> times;
    int failed = 0;
    Error firstError;
};

/// One of the clients that share the requests.
QCoro::Task<> client(HttpClient *http, std::shared_ptr<Load> load, std::stop_token stop)
{
    while (load->left > 0 && !stop.stop_requested()) {
        --load->left;
        const auto reply = co_await http->get(load->url, 10000, 64 << 10, stop);
        if (reply && reply->status < 400) {
            load->times.append(reply->durationMs);
            continue;
        }
        ++load->failed;
        if (load->firstError.code.isEmpty()) {
            load->firstError = reply ? Error{u"probe.status"_s,
                                             {{u"url"_s, load->url}, {u"status"_s, reply->status}, {u"expected"_s, u"2xx"_s}},
                                             Error::Kind::Permanent,
                                             load->url}
                                     : reply.error();
        }
    }
}

/// Nearest rank.
qint64 percentile(const QList<qint64> &sorted, double part)
{
    return sorted[qBound(qsizetype(0), qsizetype(std::ceil(part * double(sorted.size()))) - 1, sorted.size() - 1)];
}

QCoro::Task<Finding> run(CheckScope scope, std::stop_token stop)
{
    const CheckSpec &spec = scope.target.check;
    const int atOnce = qBound(1, spec.latencyConcurrency, 200);
    HttpClient http(atOnce, true);
    auto load = std::make_shared<Load>();
    load->url = spec.latencyUrl;
    load->left = qMax(1, spec.latencyRequests);
    std::vector<QCoro::Task<>> clients;
    for (int i = 0; i < atOnce; ++i) {
        clients.push_back(client(&http, load, stop));
    }
    for (auto &one : clients) {
        co_await one;
    }
    if (stop.stop_requested()) {
        co_return wrong(Error{u"system.cancelled"_s, {}, Error::Kind::Cancelled, {}});
    }
    QJsonObject args{{u"url"_s, spec.latencyUrl}, {u"count"_s, qMax(1, spec.latencyRequests)}, {u"atOnce"_s, atOnce}};
    if (load->failed > 0) {
        args.insert(u"failed"_s, load->failed);
        args.insert(u"cause"_s, load->firstError.toJson());
        co_return wrong(u"check.latency_failed"_s, args, spec.latencyUrl);
    }
    std::ranges::sort(load->times);
    const struct {
        int percent;
        QString name;
        double limit; ///< 0: none.
    } parts[]{{50, u"p50"_s, spec.latencyP50Ms}, {95, u"p95"_s, spec.latencyP95Ms}, {99, u"p99"_s, spec.latencyP99Ms}};
    QJsonArray limits, exceeded;
    for (const auto &part : parts) {
        const qint64 found = percentile(load->times, part.percent / 100.0);
        args.insert(part.name, found);
        const QJsonObject figures{{u"percent"_s, part.percent}, {u"found"_s, found}, {u"limit"_s, part.limit}};
        if (part.limit > 0) {
            limits.append(Message{u"check.latency_limit"_s, figures}.toJson());
        }
        if (part.limit > 0 && double(found) > part.limit) {
            exceeded.append(Message{u"check.latency_part"_s, figures}.toJson());
        }
    }
    args.insert(u"limits"_s, limits);
    args.insert(u"exceeded"_s, exceeded);
    co_return exceeded.isEmpty() ? passed(u"check.latency_ok"_s, args) : wrong(u"check.latency_high"_s, args, spec.latencyUrl);
}

// Before an update slowness is worth knowing, but may be what the update is to cure.
const CheckKind kind(90, [](const CheckScope &scope) {
    return scope.target.check.latencyUrl.isEmpty()
        ? QList<CheckItem>()
        : QList<CheckItem>{{u"latency"_s, {u"check.latency"_s, {}}, scope.afterUpdate, run}};
});

} // namespace

} // namespace cutover
