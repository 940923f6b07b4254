// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "recreate_service" 1: every instance is stopped and proven gone before one of the
// new release starts, for services of which two versions (or two copies) must not run at once.
// Users of a balanced service get the balancer's maintenance answer meanwhile.
// Params: service, instances, fromRelease, toRelease (versions).

#include "deploy/instancemove.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class RecreateServiceStep : public Step
{
public:
    using Step::Step;

    Async<> observe(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.check(to(), stop));
            // What the plan does not know of runs beside it: only where the way back to that is there, too.
            CO_TRY(const InstanceState now, co_await move.state());
            if (!now.release.isEmpty() && now.release != to() && now.release != planned()) {
                CO_CHECK(co_await move.checkRestore(now.release, now.image, stop));
            }
        }
        if (!moves.empty()) {
            CO_CHECK(co_await moves.front().checkMaintenance());
        }
        co_return {};
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        QJsonObject releases;
        QJsonObject images;
        for (InstanceMove &move : moves) {
            CO_TRY(const InstanceState now, co_await move.state());
            CO_CHECK(move.recordBefore(now));
            // An earlier attempt may have replaced some already.
            if (!now.release.isEmpty() && now.release != to()) {
                releases.insert(now.name, now.release);
                images.insert(now.name, now.image);
            }
        }
        const QString from = releases.isEmpty() ? planned() : releases.begin()->toString();
        co_return QJsonObject{{u"from"_s, from}, {u"releases"_s, releases}, {u"images"_s, images}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override { return bring(context, {}, false, stop); }

    Async<> verify(StepContext &context, std::stop_token stop) override
    {
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.waitReady(to(), stop));
            CO_TRY(const bool running, co_await move.runs(to()));
            CO_TRY(const bool serving, co_await move.isServing());
            CO_TRY(const InstanceState now, co_await move.state());
            if (!running || !serving) {
                co_return fail(u"deploy.not_running"_s, {{u"instance"_s, move.name()}, {u"expected"_s, to()}, {u"found"_s, now.release}, {u"state"_s, Message{serving ? u"deploy.state.running"_s : u"deploy.state.unbalanced"_s, {}}.toJson()}});
            }
            CO_CHECK(move.record(now));
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject undo) override
    {
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        bool allNew = true;
        bool allOld = true;
        for (InstanceMove &move : moves) {
            const auto now = co_await move.state();
            const auto serving = co_await move.isServing();
            if (!now || !serving) {
                co_return Inspection::Unknown;
            }
            const bool serves = now->pid > 0 && *serving && now->state == InstanceState::State::Ready;
            allNew = allNew && serves && now->release == to();
            allOld = allOld && serves && now->release == before(undo, move.name());
        }
        co_return allNew ? Inspection::Done : allOld ? Inspection::NotStarted
                                                     : Inspection::Partial;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token stop) override
    {
        CO_CHECK(co_await bring(context, undo, true, stop));
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        for (InstanceMove &move : moves) {
            const QString image = undo[u"images"_s][move.name()].toString();
            CO_CHECK(co_await move.checkImage(image));
        }
        co_return {};
    }

private:
    QString to() const { return spec().params[u"toRelease"_s].toString(); }
    QString planned() const { return spec().params[u"fromRelease"_s].toString(); }
    /// What that instance ran: each its own, and what the others ran where nothing is noted of it.
    QString before(const QJsonObject &undo, const QString &instance) const
    {
        return undo[u"releases"_s][instance].toString(undo[u"from"_s].toString(planned()));
    }
    Result<std::vector<InstanceMove>> create(StepContext &context) const
    {
        std::vector<InstanceMove> moves;
        const QJsonArray names = spec().params[u"instances"_s].toArray();
        for (const auto &name : names) {
            TRY(InstanceMove move, InstanceMove::create(context, spec().params[u"service"_s].toString(), name.toString()));
            moves.push_back(std::move(move));
        }
        return moves;
    }

    /// back: to what they ran before, from the images that they ran from then; else to the new release.
    Async<> bring(StepContext &context, QJsonObject undo, bool back, std::stop_token stop)
    {
        const auto versionOf = [&](const InstanceMove &move) { return back ? before(undo, move.name()) : to(); };
        CO_TRY(std::vector<InstanceMove> moves, create(context));
        std::vector<InstanceMove *> old;
        for (InstanceMove &move : moves) {
            CO_TRY(const bool running, co_await move.runs(versionOf(move)));
            if (!running) {
                old.push_back(&move);
            }
        }
        // What they are to be started from is there before anything stops; on the way back it may have been cleared away since.
        for (InstanceMove *move : old) {
            const QString image = undo[u"images"_s][move->name()].toString();
            const QString version = versionOf(*move);
            CO_CHECK(back ? co_await move->restore(version, image, stop) : co_await move->fetch(version, stop));
        }
        for (InstanceMove *move : old) {
            if (auto drained = co_await move->drainOrAsk(spec(), back, stop); !drained) {
                for (InstanceMove *before : old) {
                    (void)co_await before->serveOn();
                }
                co_return fail(drained.error());
            }
        }
        for (InstanceMove *move : old) {
            CO_CHECK(co_await move->stop());
        }
        // One that runs already is only noted as meant to.
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.start(versionOf(move)));
        }
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.waitReady(versionOf(move), stop));
        }
        for (InstanceMove &move : moves) {
            CO_CHECK(co_await move.balance(stop));
        }
        co_return {};
    }
};

const StepRegistry::Registration registration(u"recreate_service"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<RecreateServiceStep>(std::move(spec)); });

} // namespace

} // namespace cutover
