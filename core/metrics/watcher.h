// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "metrics/metricstore.h"
#include "target/target.h"

#include <QJsonObject>
#include <QObject>

#include <stop_token>

namespace cutover {

/** What the watcher thinks of a version under watch; written whole to STATE/watch/RUN.json with each scrape. */
struct Verdict {
    enum class Kind { Pending,
                      Good,
                      Bad,
                      NotEnoughData } kind = Kind::Pending;
    Message sentence; ///< Metric, value, limit, samples.
    double value = 0;
    double limit = 0;
    qint64 samples = 0;
    double baseline = -1; ///< The value before the update; -1: not known.
    QString token; ///< Of the request that it answers.
    qint64 watchedMs = 0; ///< Monotonic; time in which the watcher was not alive doesn't count.
    qint64 time = 0; ///< Of the last evaluation, ms since the epoch.
    qint64 bootTime = 0; ///< Clock::monotonic() of it: older than 3 scrapes means the watcher is not alive.
    [[nodiscard]] QJsonObject toJson() const;
    [[nodiscard]] static Verdict fromJson(const QJsonObject &json);
};

/** The only scraper and evaluator: 'cutoverctl watch'. One per target, guarded by flock on STATE/watcher.lock. */
class Watcher : public QObject
{
    Q_OBJECT
public:
    explicit Watcher(Target target, QObject *parent = nullptr);
    ~Watcher() override;
    /// Errors "watch.already_running", "file.*", "metrics.store". Scrapes from the event loop until destroyed.
    [[nodiscard]] Result<> start();

Q_SIGNALS:
    /// One scrape of all instances is evaluated and written.
    void scraped();
    /// The sign of life can't be written, and why; every few seconds, as others only see a silence.
    void silenced(const cutover::Error &error);

private:
    struct Private;
    std::shared_ptr<Private> d;
};

/// Starts 'cutoverctl watch' where none is alive; returns when it has scraped once.
[[nodiscard]] Async<> ensureWatcher(Target target, std::stop_token stop = {});
/// Ends the watcher and waits until it is gone; nothing happens where none is alive. For systems that are shut down as a whole.
[[nodiscard]] Async<> stopWatcher(Target target);
/// Milliseconds since its last sign of life; -1 when it isn't alive.
[[nodiscard]] qint64 watcherSilence(const Target &target);
/// Alive, and not silent for longer than three scrapes.
[[nodiscard]] bool watcherIsAlive(const Target &target);
/// Whether there is anything to watch: a service that says where its metrics are.
[[nodiscard]] bool hasMetrics(const Target &target);

} // namespace cutover
