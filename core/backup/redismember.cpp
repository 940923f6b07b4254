// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "backup/redismember.h"

#include "database/progressrelay.h"
#include "redis/snapshot.h"
#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/** "redis_stays": says what a restore does not put back. {message} */
class RedisStaysStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        context.log(spec().intent);
        co_return Result<>();
    }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return Result<>(); }
};

const StepRegistry::Registration registration(u"redis_stays"_s, 1, [](StepSpec spec) { return std::make_unique<RedisStaysStep>(std::move(spec)); });

} // namespace

QString redisMember(const QString &name)
{
    return u"redis:"_s + name;
}

QList<RedisSpec> backedUpRedis(const Target &target)
{
    QList<RedisSpec> wanted = target.redis;
    wanted.removeIf([](const RedisSpec &spec) { return !spec.backup; });
    return wanted;
}

Async<QJsonObject> backUpRedis(RedisSpec spec, QString directory, std::function<void(qint64, qint64)> progress, std::stop_token stop)
{
    const QString file = directory + u'/' + spec.name + u".rdb"_s;
    ProgressRelay relay(std::move(progress));
    Worker worker;
    CO_TRY(const redis::SnapshotInfo info, co_await worker.run([spec, file, stop, &relay] {
        return redis::takeSnapshot(spec, file, [&relay](qint64 done, qint64 total) { relay.tell(done, total); }, stop);
    }));
    co_return redis::toJson(info);
}

QList<StepSpec> redisStays(const Target &target, const RestorePoint &point)
{
    QList<StepSpec> steps;
    for (const RedisSpec &spec : target.redis) {
        const QString file = point.members[redisMember(spec.name)].toObject()["file"_L1].toString();
        const QJsonObject args{{u"name"_s, spec.name},
                               {u"address"_s, redis::addressOf(spec)},
                               {u"created"_s, point.created.toString(Qt::ISODate)},
                               {u"file"_s, file}};
        StepSpec step;
        step.id = u"redis_stays:"_s + spec.name;
        step.kind = u"redis_stays"_s;
        step.title = {u"backup.redis_stays"_s, args};
        step.intent = {file.isEmpty() ? u"backup.redis_stays.intent_none"_s : u"backup.redis_stays.intent"_s, args};
        step.changesState = false;
        steps.append(step);
    }
    return steps;
}

} // namespace cutover
