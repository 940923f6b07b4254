// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/instancestate.h"
#include "system/error.h"
#include "target/target.h"

#include <QMap>

#include <functional>
#include <memory>
#include <stop_token>

namespace cutover {

class Processes;

/** What a runtime works with. */
struct RuntimeTools {
    Processes *processes = nullptr; ///< Outlives the runtime; nullptr: those of the system.
    QList<int> inherit = {}; ///< Descriptors that children which change the system keep: the run lock.
    std::function<void(const QString &source, const QString &line)> told = {}; ///< What its programs say; may be empty.
};

/** Which lines of which instances are asked for. */
struct LogRequest {
    QStringList instances; ///< Of one runtime.
    int lines = 100; ///< The last ones, of each instance where it has a log of its own; -1: all.
    QDateTime since = {}; ///< None older; invalid: of any age.
    bool follow = false; ///< Goes on until it is stopped.
};
/// instance: may be empty where it is not known whose line it is. The line has its secrets in it.
using LogSink = std::function<void(const QString &instance, const QString &line)>;

/**
 * Where services run: knows what runs, from which release, and replaces it. One object serves all
 * services of a target that name this runtime. A runtime that can't be asked for the moment fails with a transient error,
 * and nothing is said about its instances. Each member is safe to repeat. The object outlives its
 * tasks. Event-loop thread.
 */
class Runtime
{
public:
    virtual ~Runtime() = default;

    /// Has what must be running itself before the rest can be asked for, as the supervisor.
    [[nodiscard]] virtual Async<> ensure(std::stop_token) { co_return {}; }
    /// Every instance of its services. Starts nothing. limitMs: how long to wait for the answer. Where one of several hosts is
    /// silent its instances are unknown; where all are, that is the error.
    [[nodiscard]] virtual Async<QList<InstanceState>> states(qint64 limitMs) = 0;
    /// Those of these instances at least; asks nobody who need not be asked for them.
    [[nodiscard]] virtual Async<QList<InstanceState>> statesOf(QStringList, qint64 limitMs) { return states(limitMs); }
    /// Facts about them: "instance:NAME" is the release that it is meant to run; missing where it is meant to be stopped.
    /// Of a further host that does not answer silentFact() stands there.
    [[nodiscard]] virtual Async<QJsonObject> facts() = 0;
    /// Whether these can be started from a release: nothing is changed. Errors "deploy.no_release" and the runtime's own.
    [[nodiscard]] virtual Async<> check(QString version, QStringList instances, std::stop_token stop) = 0;
    /// Whether this account may end and start these: nothing is changed. Nobody is asked where nobody could refuse, and what
    /// can't be told is no refusal.
    [[nodiscard]] virtual Async<> checkRights(QStringList, std::stop_token) { co_return {}; }
    /// Whether prepare() may have to bring something.
    [[nodiscard]] virtual bool fetches() const { return false; }
    /// Brings what check() looks for and what no package holds, as images, while the old release serves.
    [[nodiscard]] virtual Async<> prepare(QString version, QStringList instances, std::stop_token stop) { return check(version, instances, stop); }
    /// The same for the way back: what they are made from is again these images, by instance and id, where they are still
    /// here (empty: whatever bears the name). Builds or pulls only what is gone.
    [[nodiscard]] virtual Async<> restore(QString version, QMap<QString, QString> images, std::stop_token stop) { return prepare(version, images.keys(), stop); }
    /// Whether restore() can be expected to work; changes nothing.
    [[nodiscard]] virtual Async<> checkRestore(QString version, QMap<QString, QString> images, std::stop_token stop) { return check(version, images.keys(), stop); }
    /// Ids of the images that these would be made from now, by instance; nothing where there are none.
    [[nodiscard]] virtual Async<QMap<QString, QString>> images(QString, QStringList, std::stop_token) { co_return QMap<QString, QString>(); }
    /// Returns when it runs, not when it is ready. Already running from that release: nothing happens.
    [[nodiscard]] virtual Async<> start(QString instance, QString version) = 0;
    /// Returns when it is proven gone. It stays stopped.
    [[nodiscard]] virtual Async<> stop(QString instance) = 0;
    /// Waits until it is ready; fails at once when it dies.
    [[nodiscard]] virtual Async<> waitReady(QString instance, QString version, std::stop_token stop) = 0;
    /// Whether a new release of it is started while the old one still runs, and the old one ended once the new one is ready.
    [[nodiscard]] virtual bool startsBeside(const QString &) const { return false; }
    /// Where startsBeside(): ends what runs of the instance from another release.
    [[nodiscard]] virtual Async<> retireOthers(QString, QString) { co_return {}; }
    /// Where startsBeside(): whether anything of the instance runs from another release.
    [[nodiscard]] virtual Async<bool> hasOthers(QString, QString) { co_return false; }
    /// What instances wrote, to sink, which outlives the task. A followed log ends with "system.cancelled".
    [[nodiscard]] virtual Async<> logs(LogRequest request, LogSink sink, std::stop_token stop) = 0;
    /// The last lines that it wrote, secrets hidden; empty where nothing is known.
    [[nodiscard]] virtual Async<QStringList> lastLines(QString instance) = 0;
};

/** Runtimes by the name that a service's "runtime" gives; each registers itself at file scope. */
class RuntimeRegistry
{
public:
    using Factory = std::function<std::unique_ptr<Runtime>(const Target &target, const RuntimeTools &tools)>;
    struct Registration {
        Registration(const QString &name, Factory factory);
    };
    /// Error "deploy.unknown_runtime" {runtime, known}.
    [[nodiscard]] static Result<std::shared_ptr<Runtime>> create(const QString &name, const Target &target, const RuntimeTools &tools = {});
    [[nodiscard]] static QStringList names();
};

/// Names of the runtimes that the target's services use, each once.
[[nodiscard]] QStringList runtimesOf(const Target &target);

/// Runtime::checkRights() for managed instances of whatever runtime.
[[nodiscard]] Async<> checkRights(Target target, QStringList instances, RuntimeTools tools, std::stop_token stop = {});

/** The instances of all runtimes, as far as they could be asked. */
struct InstanceLook {
    QList<InstanceState> states;
    Error problem; ///< Of the first runtime that could not, or of the first instance that is unknown; empty code: none.
};
/// Asks all runtimes at once, or only those named; starts nothing.
[[nodiscard]] QCoro::Task<InstanceLook> lookAtInstances(Target target, qint64 limitMs = 15000, QStringList runtimes = {});

} // namespace cutover
