// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/sparemove.h"

#include "deploy/colourmove.h"
#include "deploy/imagerecord.h"
#include "deploy/spares.h"
#include "system/clock.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 PatienceMs = 30000; ///< With what does not answer for the moment, on a way back.
constexpr qint64 AgainMs = 1000;

Result<InstanceMove> moveOf(StepContext *context, const QString &service)
{
    const ServiceSpec *spec = context->target().service(service);
    if (!spec || !spec->spare) {
        return fail(u"spare.none"_s, {{u"service"_s, service}}, context->target().path);
    }
    return InstanceMove::create(*context, service, spec->spare->name);
}

} // namespace

Async<> serveSpare(StepContext *context, StepSpec step, SpareServing how, std::stop_token stop)
{
    const QString version = how.version;
    CO_TRY(InstanceMove move, moveOf(context, how.service));
    CO_TRY(const InstanceState now, co_await move.state());
    CO_TRY(const bool runs, co_await move.runs(version));
    // What an earlier run left behind has read its configuration long ago.
    const bool isLeft = !how.before.isEmpty() && processMark(now) == how.before;
    if (!runs || isLeft) {
        const QString image = recordedImage(context->target(), version, move.name());
        CO_CHECK(how.back ? co_await move.restore(version, image, stop) : co_await move.fetch(version, stop));
        const QString service = how.service;
        CO_CHECK(co_await endSpare(context, step, service, how.back, stop));
    }
    CO_CHECK(co_await move.start(version));
    CO_CHECK(co_await move.waitReady(version, stop));
    CO_CHECK(noteSpare(context->target(), *context->target().service(how.service), true));
    co_return co_await move.balance(stop);
}

Async<> endSpare(StepContext *context, StepSpec step, QString service, bool force, std::stop_token stop)
{
    CO_TRY(InstanceMove move, moveOf(context, service));
    const ServiceSpec &spec = *context->target().service(service);
    CO_TRY(const bool isKnown, co_await move.isKnown());
    CO_TRY(const bool serves, servesSpare(context->target(), spec));
    if (isKnown || serves) {
        CO_CHECK(co_await move.drainOrAsk(step, force, stop));
    }
    // From here on nobody lets it in again.
    CO_CHECK(noteSpare(context->target(), spec, false));
    CO_CHECK(co_await move.stop());
    co_return co_await move.leave();
}

QCoro::Task<> takeSpareBack(StepContext *context, StepSpec step, SpareServing how)
{
    const QString service = how.service;
    Result<> serves;
    // Docker or the balancer may be restarting just now.
    for (const qint64 begin = Clock::system().monotonic();;) {
        serves = co_await serveSpare(context, step, how, {});
        if (serves) {
            co_return;
        }
        if (serves.error().kind != Error::Kind::Transient || Clock::system().monotonic() - begin > PatienceMs) {
            break;
        }
        (void)co_await Clock::system().sleep(AgainMs);
    }
    const ServiceSpec *spec = context->target().service(service);
    const QString spare = spec && spec->spare ? spec->spare->name : service;
    context->log({u"spare.not_back"_s, {{u"spare"_s, spare}, {u"version"_s, how.version}, {u"error"_s, serves.error().toJson()}}});
    if (const auto ended = co_await endSpare(context, step, service, true, {}); !ended) {
        context->log({u"spare.not_ended"_s, {{u"spare"_s, spare}, {u"error"_s, ended.error().toJson()}}});
    }
}

} // namespace cutover
