// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/watcher.h"

#include "check/httpclient.h"
#include "config/targetmask.h"
#include "deploy/colours.h"
#include "metrics/heartbeat.h"
#include "metrics/judge.h"
#include "system/clock.h"
#include "system/files.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QPointer>

#include <cerrno>
#include <cmath>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 keepMs = 48LL * 3600 * 1000; ///< Of samples.
constexpr qint64 pruneEveryMs = 600'000;
constexpr qint64 excuseEveryMs = 5000; ///< Within the time that somebody waits for a sign of life.
constexpr qint64 largestPage = 8 << 20;

QByteArray bytes(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

QJsonObject readObject(const QString &path)
{
    const auto content = files::read(path, 1 << 20);
    return content ? QJsonDocument::fromJson(*content).object() : QJsonObject();
}

} // namespace

// Shared with the loop, so that the loop may end after the Watcher is gone.
struct Watcher::Private {
    QPointer<Watcher> q;
    Target target;
    std::pair<QDateTime, qint64> targetStamp;
    std::unique_ptr<MetricStore> store;
    int lock = -1;
    HttpClient client{64};
    MetricWindow window;
    QMap<QString, Judge> judges; ///< By run.
    Heartbeat heartbeat;
    qint64 nextExcuse = 0; ///< When it may be said again why there is no sign of life.
    std::optional<TargetMask> mask; ///< Of target; made at first use.
    qint64 nextPrune = 0;
    std::stop_source stop;

    ~Private()
    {
        if (lock >= 0) {
            ::close(lock);
        }
    }

    [[nodiscard]] Result<> takeLock()
    {
        const QString path = target.stateDirectory + u"/watcher.lock"_s;
        lock = ::open(QFile::encodeName(path).constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (lock < 0) {
            return failErrno(u"file.write"_s, errno, path);
        }
        if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
            return fail(u"watch.already_running"_s, {{u"target"_s, target.name}}, path);
        }
        return {};
    }

    [[nodiscard]] static std::pair<QDateTime, qint64> stampOf(const QString &path)
    {
        const QFileInfo info(path);
        return {info.lastModified(), info.size()};
    }

    /// The file may be edited while we run; a broken one leaves us with what we have.
    void reread()
    {
        if (target.path.isEmpty()) {
            return;
        }
        if (const auto stamp = stampOf(target.path); stamp != targetStamp) {
            targetStamp = stamp;
            auto loaded = Target::load(target.path);
            heartbeat.targetError = loaded ? Error() : loaded.error();
            if (loaded && loaded->stateDirectory == target.stateDirectory) {
                target = std::move(*loaded);
                mask.reset();
            }
        }
    }

    struct Place {
        QString instance;
        QString url;
    };
    [[nodiscard]] QList<Place> places() const
    {
        QList<Place> all;
        for (const ServiceSpec &service : target.services) {
            for (const InstanceSpec &instance : service.instances) {
                if (!service.metricsUrl.isEmpty()) {
                    all.append({instance.name, service.expand(service.metricsUrl, instance)});
                }
            }
        }
        return all;
    }

    static Async<Scrape> scrapeOne(std::shared_ptr<Private> d, QString url)
    {
        const qint64 limit = qMax(qint64(500), d->target.watch.scrapeIntervalMs);
        CO_TRY(const HttpReply reply, co_await d->client.get(url, limit, largestPage, d->stop.get_token()));
        const qint64 time = Clock::system().monotonic();
        if (reply.status != 200) {
            co_return fail(u"probe.status"_s, {{u"url"_s, url}, {u"status"_s, reply.status}, {u"expected"_s, 200}}, url);
        }
        if (reply.truncated) {
            co_return fail(u"watch.page_too_big"_s, {{u"url"_s, url}, {u"limit"_s, largestPage}}, url);
        }
        CO_TRY(const Exposition page, parseExposition(reply.body, url));
        co_return Scrape::from(page, d->target.watch, time);
    }

    static QCoro::Task<> scrapeAll(std::shared_ptr<Private> d)
    {
        const QList<Place> places = d->places();
        std::vector<Async<Scrape>> tasks;
        for (const Place &place : places) {
            tasks.push_back(scrapeOne(d, place.url));
        }
        QStringList names;
        QList<std::pair<QString, MetricPoint>> points;
        int up = 0;
        const qint64 wall = Clock::system().now().toMSecsSinceEpoch();
        d->heartbeat.down.clear();
        const QSet<QString> idle = idleInstances(d->target, recordedColours(d->target));
        for (qsizetype i = 0; i < places.size(); ++i) {
            const QString &name = places[i].instance;
            names.append(name);
            // Down is nothing unusual while versions change: it is counted, not reported.
            const auto scrape = co_await tasks[size_t(i)];
            if (!scrape && idle.contains(name)) {
                continue; // Stopped, as it is meant to be.
            }
            if (!scrape) {
                // A URL may have a password in it, and a page a line that it should not.
                if (!d->mask) {
                    d->mask.emplace(d->target);
                }
                d->heartbeat.down.insert(name, d->mask->masked(scrape.error()));
                continue;
            }
            ++up;
            d->window.add(name, *scrape);
            const QString raw = u"raw:"_s + name + u':';
            points.append({raw + d->target.watch.requestsCounter, {wall, scrape->requests}});
            points.append({raw + d->target.watch.errorsCounter, {wall, scrape->errors}});
            if (scrape->hasOrders) {
                points.append({raw + u"orders_total"_s, {wall, scrape->orders}});
            }
        }
        points.append({u"up"_s, {wall, double(up)}});
        d->derive(points, wall);
        d->record(points, wall);

        qint64 longest = d->target.watch.windowMs;
        for (const Judge &judge : std::as_const(d->judges)) {
            longest = qMax(longest, judge.request().policy.windowMs);
        }
        d->window.prune(Clock::system().monotonic() - qMax(longest, qint64(60000)) - 5000, names);
    }

    void derive(QList<std::pair<QString, MetricPoint>> &points, qint64 wall) const
    {
        const qint64 now = Clock::system().monotonic();
        const WatchSpec &policy = target.watch;
        const auto judged = window.counts(now - policy.windowMs, now);
        if (const auto proportion = judged.errorProportion()) {
            points.append({u"errors"_s, {wall, *proportion}});
        }
        const double p95 = counters::histogramQuantile(0.95, judged.latency);
        if (std::isfinite(p95)) {
            points.append({u"latency_p95"_s, {wall, p95 * 1000}});
        }
        const auto recent = window.counts(now - qMax(qint64(5000), 5 * policy.scrapeIntervalMs), now);
        if (recent.coveredMs > 0) {
            points.append({u"requests"_s, {wall, recent.requests * 1000 / double(recent.coveredMs)}});
        }
        const auto minute = window.counts(now - 60000, now);
        if (minute.coveredMs > 0 && minute.hasOrders) {
            points.append({u"orders"_s, {wall, minute.orders * 60000 / double(minute.coveredMs)}});
        }
    }

    void record(const QList<std::pair<QString, MetricPoint>> &points, qint64 wall)
    {
        auto stored = store->append(points);
        if (stored && Clock::system().monotonic() >= nextPrune) {
            nextPrune = Clock::system().monotonic() + pruneEveryMs;
            stored = store->prune(wall - keepMs);
        }
        heartbeat.storeError = stored ? Error() : stored.error();
    }

    void judge()
    {
        const QDir folder(WatchRequest::folder(target.stateDirectory));
        const QStringList names = folder.entryList({u"*.request.json"_s}, QDir::Files);
        QStringList runs;
        const qint64 now = Clock::system().monotonic();
        for (const QString &name : names) {
            const auto request = WatchRequest::fromJson(readObject(folder.filePath(name)));
            // The name is ours to trust, the content only as far as it agrees with it.
            if (request.token.isEmpty() || name != QString(request.run + u".request.json"_s)) {
                continue;
            }
            runs.append(request.run);
            const QString path = WatchRequest::verdictPath(target.stateDirectory, request.run);
            auto judge = judges.find(request.run);
            if (judge == judges.end() || judge->request().token != request.token) {
                judge = judges.insert(request.run, Judge(request, Verdict::fromJson(readObject(path))));
                if (request.bootId != Clock::system().bootId()) {
                    judge->restartAt(now);
                }
                if (judge->verdict().kind != Verdict::Kind::Pending) {
                    continue;
                }
            } else if (judge->verdict().kind != Verdict::Kind::Pending) {
                continue;
            }
            const Verdict &verdict = judge->evaluate(window, now, Clock::system().now().toMSecsSinceEpoch());
            // A verdict is a decision; what is still open is only news.
            const auto written = verdict.kind == Verdict::Kind::Pending ? files::publish(path, bytes(verdict.toJson()))
                                                                        : files::replace(path, bytes(verdict.toJson()));
            if (!written) {
                heartbeat.storeError = written.error();
                judges.erase(judge);
            }
        }
        judges.removeIf([&runs](const auto &entry) { return !runs.contains(entry.key()); });
    }

    void giveSign()
    {
        const auto written = heartbeat.write(target.stateDirectory);
        const qint64 now = Clock::system().monotonic();
        if (!written && now >= nextExcuse && q) {
            nextExcuse = now + excuseEveryMs;
            Q_EMIT q->silenced(written.error());
        }
    }

    static QCoro::Task<> loop(std::shared_ptr<Private> d)
    {
        const std::stop_token stop = d->stop.get_token();
        while (!stop.stop_requested()) {
            const qint64 begin = Clock::system().monotonic();
            d->reread();
            co_await scrapeAll(d);
            if (stop.stop_requested()) {
                break;
            }
            d->judge();
            ++d->heartbeat.scrapes;
            d->heartbeat.intervalMs = d->target.watch.scrapeIntervalMs;
            d->giveSign();
            if (d->q) {
                Q_EMIT d->q->scraped();
            }
            const qint64 left = begin + d->target.watch.scrapeIntervalMs - Clock::system().monotonic();
            if (!co_await Clock::system().sleep(qMax(qint64(1), left), stop)) {
                break;
            }
        }
    }
};

Watcher::Watcher(Target target, QObject *parent)
    : QObject(parent)
    , d(std::make_shared<Private>())
{
    d->q = this;
    d->target = std::move(target);
    d->targetStamp = Private::stampOf(d->target.path);
}

Watcher::~Watcher()
{
    d->q = nullptr;
    d->stop.request_stop();
    // The lock goes now, not when the loop has noticed.
    if (d->lock >= 0) {
        ::close(std::exchange(d->lock, -1));
    }
}

Result<> Watcher::start()
{
    CHECK(files::makePath(d->target.stateDirectory));
    CHECK(d->takeLock());
    TRY(d->store, MetricStore::open(d->target.stateDirectory, MetricStore::Mode::ReadWrite));
    Private::loop(d);
    return {};
}

} // namespace cutover
