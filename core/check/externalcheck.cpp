// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Systems that are not ours and that we need: whether they answer, and, where that is wanted, waiting until they do.

#include "check/checklist.h"
#include "check/probe.h"
#include "system/clock.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QCoro::Task<Finding> run(CheckScope scope, ProbeSpec probe, std::stop_token stop)
{
    const qint64 limit = probe.whileDown == ProbeSpec::WhileDown::Wait ? scope.target.check.externalWaitMs : 0;
    const qint64 begin = Clock::system().monotonic();
    for (int attempt = 1;; ++attempt) {
        const ProbeResult result = co_await probeOnce(probe, stop);
        const qint64 waited = Clock::system().monotonic() - begin;
        if (result.ok) {
            co_return attempt > 1 ? passed(u"check.external_back"_s, {{u"duration"_s, result.durationMs}, {u"waited"_s, waited}})
                                  : passed(u"check.answered"_s, {{u"duration"_s, result.durationMs}});
        }
        if (result.error.kind == Error::Kind::Cancelled) {
            co_return wrong(result.error);
        }
        const QJsonObject args{{u"name"_s, probe.name}, {u"waited"_s, waited}, {u"limit"_s, limit}, {u"cause"_s, result.error.toJson()}};
        if (probe.whileDown == ProbeSpec::WhileDown::Hold) {
            co_return wrong(probe.critical ? u"check.external_hold"_s : u"check.external_down"_s, args, result.error.where);
        }
        if (probe.whileDown == ProbeSpec::WhileDown::Fail) {
            co_return wrong(u"check.external_down"_s, args, result.error.where);
        }
        if (waited >= limit) {
            co_return wrong(u"check.external_waited"_s, args, result.error.where);
        }
        if (scope.tell) {
            scope.tell({u"check.external_waiting"_s, args});
        }
        if (const auto slept = co_await Clock::system().sleep(qBound(qint64(1), limit - waited, probe.intervalMs), stop); !slept) {
            co_return wrong(slept.error());
        }
    }
}

const CheckKind kind(75, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const ProbeSpec &probe : scope.target.check.external) {
        items.append({u"external:"_s + probe.name, {u"check.external"_s, {{u"name"_s, probe.name}}}, probe.critical, [probe](CheckScope asked, std::stop_token stop) { return run(std::move(asked), probe, stop); }, probe.whileDown == ProbeSpec::WhileDown::Wait, {}, true});
    }
    return items;
});

const Catalogue::Registration texts{
    {"check.external", QT_TRANSLATE_NOOP("catalogue", "External system %{name}")},
    {"check.external_back", QT_TRANSLATE_NOOP("catalogue", "Answered in %{duration:duration}, after %{waited:duration} of waiting for it")},
    {"check.external_waiting", QT_TRANSLATE_NOOP("catalogue", "Waiting for “%{name}”, %{waited:duration} of at most %{limit:duration}: %{cause}")},
    {"check.external_down",
     QT_TRANSLATE_NOOP("catalogue", "The external system “%{name}” is down: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Wait until it is back; “while_down: wait” or “hold” in target.yaml lets a run do so.")},
    {"check.external_waited",
     QT_TRANSLATE_NOOP("catalogue", "The external system “%{name}” is still down after %{waited:duration}, the limit is %{limit:duration}: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Start again when it is back, or let “external_wait” be longer.")},
    {"check.external_hold",
     QT_TRANSLATE_NOOP("catalogue", "The external system “%{name}” is down: %{cause}"),
     QT_TRANSLATE_NOOP("catalogue", "Retry once it is back.")},
};

} // namespace

} // namespace cutover
