// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "scriptedstep.h"

#include "plan/factkeeper.h"
#include "plan/loss.h"

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

class ScriptedStep : public Step
{
public:
    using Step::Step;

    bool isCancellable() const override { return spec().params["cancellable"_L1].toBool(true); }
    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_CHECK(ask(context, u"observe"_s));
        co_return call(u"observe"_s, [] { });
    }
    Async<QJsonObject> prepare(StepContext &, std::stop_token) override
    {
        const QString old = world().values[spec().id];
        CO_CHECK(call(u"prepare"_s, [] { }));
        co_return QJsonObject{{u"old"_s, old}};
    }
    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        if (const qint64 wait = spec().params["waitMs"_L1].toInteger()) {
            if (!isCancellable()) {
                stop = {};
            }
            CO_CHECK(co_await Clock::system().sleep(wait, stop));
        }
        CO_CHECK(ask(context, u"apply"_s));
        context.setResult(u"applied"_s, true);
        co_return call(u"apply"_s, [this] { world().values[spec().id] = spec().params["to"_L1].toString(); });
    }
    bool takesAWord() const override { return world().takesAWord; }
    bool asksAnew() const override { return world().asksAnew; }
    Async<> verify(StepContext &, std::stop_token) override
    {
        co_return call(u"verify"_s, [] { });
    }
    Async<Inspection> inspect(StepContext &, QJsonObject undo) override
    {
        CO_CHECK(call(u"inspect"_s, [] { }));
        if (const auto it = world().inspections.find(spec().id); it != world().inspections.end()) {
            co_return it->second;
        }
        const QString value = world().values[spec().id];
        co_return value == spec().params["to"_L1].toString() ? Inspection::Done
            : value == undo["old"_L1].toString()             ? Inspection::NotStarted
                                                             : Inspection::Unknown;
    }
    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        CO_CHECK(ask(context, u"revert"_s));
        if (const auto it = world().keeps.find(spec().id); it != world().keeps.end()) {
            context.setResult(stepresult::kept, it->second.toJson());
        }
        co_return call(u"revert"_s, [this, undo] { world().values[spec().id] = undo["old"_L1].toString(); });
    }
    Async<> finalize(StepContext &, QJsonObject) override
    {
        co_return call(u"finalize"_s, [] { });
    }

private:
    static World &world() { return World::instance(); }
    Result<> ask(StepContext &context, const QString &part)
    {
        const auto it = world().asks.find(spec().id + u':' + part);
        const QJsonValue asked = context.result(spec().id, stepresult::asked);
        if (it == world().asks.end() || (asked.isObject() && lossFromJson(asked) == lossFromJson(it->second))) {
            return {};
        }
        world().calls.append(spec().id + u":ask"_s);
        context.setResult(stepresult::asks, it->second);
        return fail(u"file.write"_s, {{u"path"_s, u"/x"_s}, {u"reason"_s, u"more is lost"_s}});
    }
    Result<> call(const QString &part, const std::function<void()> &work)
    {
        const QString name = spec().id + u':' + part;
        world().calls.append(name);
        if (const auto it = world().before.find(name); it != world().before.end()) {
            if (auto error = it->second()) {
                return fail(*error);
            }
        }
        work();
        if (const auto it = world().after.find(name); it != world().after.end()) {
            if (auto error = it->second()) {
                return fail(*error);
            }
        }
        return {};
    }
};

const StepRegistry::Registration registration(u"scripted"_s, 1, [](StepSpec spec) {
    return std::make_unique<ScriptedStep>(std::move(spec));
});

Async<Facts> worldFacts(const Target &)
{
    Facts facts;
    const auto &values = World::instance().values;
    for (auto it = values.begin(); it != values.end(); ++it) {
        facts.insert(u"world:"_s + it.key(), it.value());
    }
    const auto &silent = World::instance().silent;
    for (auto it = silent.begin(); it != silent.end(); ++it) {
        facts.insert(u"world:"_s + it.key(), silentFact(it.value(), Error{u"ssh.unreachable"_s, {{u"host"_s, it.value()}}, Error::Kind::Transient, {}}));
    }
    co_return facts;
}
const FactSource source(u"world"_s, worldFacts);

Async<> keepWorld(Target, QStringList, KeeperTools)
{
    ++World::instance().kept;
    co_return {};
}
const FactKeeper keeper(u"world"_s, keepWorld);

} // namespace

World &World::instance()
{
    static World world;
    return world;
}

StepSpec scriptedStep(const QString &id, const QString &from, const QString &to, qint64 waitMs)
{
    World::instance().values[id] = from;
    StepSpec spec;
    spec.id = id;
    spec.kind = u"scripted"_s;
    spec.params = {{u"to"_s, to}, {u"waitMs"_s, waitMs}};
    spec.changes = {{QString(u"world:"_s + id), to}};
    return spec;
}

} // namespace cutover::testing
