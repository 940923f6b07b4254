// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The runtime "process": programs of a release, kept running by the supervisor.

#include "deploy/logfile.h"
#include "deploy/placed.h"
#include "deploy/runtime.h"
#include "deploy/supervisor.h"
#include "deploy/supervisorclient.h"
#include "plan/instancefacts.h"

#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class ProcessRuntime : public Runtime
{
public:
    explicit ProcessRuntime(const Target &target)
        : m_target(target)
        , m_supervisor(target)
    {
    }

    Async<> ensure(std::stop_token stop) override { return m_supervisor.ensureRunning(stop); }

    Async<QList<InstanceState>> states(qint64 limitMs) override
    {
        CO_TRY(QList<InstanceState> states, co_await m_supervisor.states(limitMs));
        // The supervisor knows all of target.yaml; one that it no longer names still runs here.
        states.removeIf([this](const InstanceState &state) {
            const ServiceSpec *service = m_target.service(state.service);
            return service && service->runtime != "process"_L1;
        });
        co_return states;
    }

    Async<QJsonObject> facts() override
    {
        // What shall run, so that a process that is started again just now counts.
        CO_TRY(const auto releases, recordedReleases(m_target));
        QJsonObject facts;
        for (const auto &[instance, version] : releases.asKeyValueRange()) {
            facts.insert(instanceFact(instance), version);
        }
        co_return facts;
    }

    Async<> check(QString version, QStringList, std::stop_token) override
    {
        CO_CHECK(releaseFolder(m_target, version));
        co_return {};
    }

    Async<> start(QString instance, QString version) override
    {
        CO_CHECK(co_await check(version, {}, {}));
        CO_CHECK(co_await m_supervisor.ensureRunning());
        const QString folder = m_target.releaseDirectory(version);
        co_return co_await m_supervisor.start(instance, folder);
    }

    Async<> stop(QString instance) override
    {
        CO_CHECK(co_await m_supervisor.ensureRunning());
        co_return co_await m_supervisor.stop(instance);
    }

    Async<> waitReady(QString instance, QString, std::stop_token stop) override { return m_supervisor.waitReady(instance, stop); }

    Async<> logs(LogRequest request, LogSink sink, std::stop_token stop) override
    {
        if (request.since.isValid()) {
            co_return fail(u"logs.no_times"_s, {{u"name"_s, request.instances.join(u", "_s)}});
        }
        std::vector<Async<>> files;
        for (const QString &instance : std::as_const(request.instances)) {
            files.push_back(readLogFile(logFileOf(m_target, instance), request.lines, request.follow, [instance, sink](const QString &line) { sink(instance, line); }, stop));
        }
        Result<> all;
        for (Async<> &file : files) {
            if (const Result<> read = co_await file; !read && all) {
                all = read;
            }
        }
        co_return all;
    }

    Async<QStringList> lastLines(QString instance) override { co_return recordedLines(m_target, instance); }

private:
    Target m_target;
    SupervisorClient m_supervisor;
};

const RuntimeRegistry::Registration registration(u"process"_s, [](const Target &target, const RuntimeTools &) {
    return std::make_unique<ProcessRuntime>(target);
});

} // namespace

} // namespace cutover
