// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/balancerreader.h"

#include "deploy/balancer.h"

#include <QFile>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString pathOf(const yaml::Value &value, const QDir &folder)
{
    const QString text = value.text();
    return text.isEmpty() ? text : QDir::cleanPath(folder.absoluteFilePath(text));
}

void readHaproxy(yaml::Map &map, BalancerSpec &spec, const QDir &folder)
{
    spec.socket = socketPath(map.required(u"socket"_s, u"text"_s), folder);
    spec.maintenanceBackend = map.optional(u"maintenance_backend"_s).name();
}

void readNginx(yaml::Map &map, BalancerSpec &spec, const QDir &folder)
{
    spec.configurationFile = pathOf(map.required(u"configuration"_s, u"text"_s), folder);
    spec.upstreamsDirectory = pathOf(map.required(u"upstreams"_s, u"text"_s), folder);
    spec.pidFile = pathOf(map.required(u"pid_file"_s, u"text"_s), folder);
    const QString program = map.optional(u"program"_s).text(spec.program);
    // A bare name is looked for where programs are.
    spec.program = program.contains(u'/') ? QDir::cleanPath(folder.absoluteFilePath(program)) : program;
}

} // namespace

QString socketPath(const yaml::Value &value, const QDir &folder)
{
    /// What fits into sockaddr_un.
    constexpr qsizetype maximum = 107;
    const QString path = pathOf(value, folder);
    if (const auto length = QFile::encodeName(path).size(); length > maximum) {
        value.problem(u"socket_path"_s, {{u"length"_s, length}, {u"maximum"_s, maximum}});
    }
    return path;
}

BalancerSpec readBalancer(yaml::Map map, const QDir &folder)
{
    BalancerSpec spec;
    if (map.exists()) {
        spec.kind = map.required(u"kind"_s, u"choice"_s).choice(BalancerRegistry::kinds());
        const QStringList ofHaproxy{u"socket"_s, u"maintenance_backend"_s};
        const QStringList ofNginx{u"configuration"_s, u"upstreams"_s, u"pid_file"_s, u"program"_s};
        // Where the kind isn't said, its own keys tell; so that not they are found wrong.
        const bool isNginx = spec.kind == "nginx"_L1 || (spec.kind.isEmpty() && !map.has(u"socket"_s) && map.has(u"configuration"_s));
        for (const QString &key : isNginx ? ofHaproxy : ofNginx) {
            const yaml::Value value = map.optional(key);
            if (value.exists()) {
                value.problem(u"other_balancer"_s, {{u"kind"_s, isNginx ? u"nginx"_s : u"haproxy"_s}, {u"other"_s, isNginx ? u"haproxy"_s : u"nginx"_s}});
            }
        }
        isNginx ? readNginx(map, spec, folder) : readHaproxy(map, spec, folder);
    }
    map.close();
    return spec;
}

} // namespace cutover
