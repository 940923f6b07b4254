// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/redisreader.h"

#include "target/balancerreader.h"
#include "target/postgresreader.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

RedisSpec readRedis(yaml::Map &map, const QDir &folder, const std::function<void(const yaml::Value &, const QString &)> &names)
{
    RedisSpec spec;
    const yaml::Value name = map.required(u"name"_s, u"name"_s);
    spec.name = name.name();
    names(name, spec.name);
    const yaml::Value socket = map.optional(u"socket"_s);
    spec.socket = socketPath(socket, folder);
    const yaml::Value host = map.optional(u"host"_s);
    static const QRegularExpression pattern(uR"(\A([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\z)"_s);
    spec.host = host.text(spec.host);
    if (!pattern.match(spec.host).hasMatch()) {
        host.expected(u"host"_s);
    }
    const yaml::Value port = map.optional(u"port"_s);
    spec.port = int(port.integer(1, 65535, spec.port));
    if (socket.exists() && (host.exists() || port.exists())) {
        socket.problem(u"redis_place"_s, {{u"found"_s, host.exists() ? u"host"_s : u"port"_s}});
    }
    const yaml::Value user = map.optional(u"user"_s);
    spec.user = user.text();
    const yaml::Value password = map.optional(u"password"_s);
    spec.password = secretReference(password, folder);
    if (user.exists() && !password.exists()) {
        user.problem(u"redis_user"_s, {});
    }
    spec.maxMemoryProportion = map.optional(u"max_memory"_s).proportion(spec.maxMemoryProportion);
    spec.backup = map.optional(u"backup"_s).boolean(spec.backup);
    map.close();
    return spec;
}

} // namespace cutover
