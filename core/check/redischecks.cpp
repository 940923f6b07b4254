// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether a Redis server answers and keeps what it is given, and how much of its memory is used.

#include "check/checklist.h"
#include "redis/redisclient.h"
#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using Judge = Finding (*)(const RedisSpec &spec, const redis::Facts &facts);

Finding serves(const RedisSpec &spec, const redis::Facts &facts)
{
    const QString address = redis::addressOf(spec);
    if (facts.loading) {
        return wrong({u"redis.loading"_s, {{u"name"_s, spec.name}}, Error::Kind::Transient, address});
    }
    if (facts.saveFails || facts.appendFails) {
        return wrong(facts.saveFails ? u"check.redis_save_fails"_s : u"check.redis_append_fails"_s, {{u"name"_s, spec.name}}, address);
    }
    return passed(u"check.redis_ok"_s, {{u"version"_s, facts.version}, {u"role"_s, facts.role}, {u"keys"_s, facts.keys}});
}

Finding memory(const RedisSpec &spec, const redis::Facts &facts)
{
    const QJsonObject args{{u"name"_s, spec.name},
                           {u"used"_s, facts.usedMemory},
                           {u"maximum"_s, facts.maxMemory},
                           {u"proportion"_s, facts.memoryProportion()},
                           {u"limit"_s, spec.maxMemoryProportion},
                           {u"policy"_s, facts.policy}};
    if (facts.maxMemory <= 0) {
        return passed(u"check.redis_memory_unlimited"_s, args);
    }
    return facts.memoryProportion() > spec.maxMemoryProportion ? wrong(u"check.redis_memory_high"_s, args, redis::addressOf(spec)) : passed(u"check.redis_memory_ok"_s, args);
}

QCoro::Task<Finding> look(RedisSpec spec, Judge judge)
{
    Worker worker;
    const Result<redis::Facts> facts = co_await worker.run([spec]() -> Result<redis::Facts> {
        TRY(const auto connection, redis::Connection::open(spec));
        CHECK(connection->ping());
        return connection->facts();
    });
    if (!facts) {
        co_return wrong(facts.error());
    }
    co_return judge(spec, *facts);
}

const CheckKind kind(35, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const RedisSpec &spec : scope.target.redis) {
        items.append({u"redis:"_s + spec.name, {u"check.redis"_s, {{u"name"_s, spec.name}}}, true, [spec](CheckScope, std::stop_token) { return look(spec, serves); }});
        items.append({u"redis_memory:"_s + spec.name, {u"check.redis_memory"_s, {{u"name"_s, spec.name}}}, false, [spec](CheckScope, std::stop_token) { return look(spec, memory); }});
    }
    return items;
});

} // namespace

} // namespace cutover
