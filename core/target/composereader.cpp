// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/composereader.h"

#include "target/bluegreenreader.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

bool isReplicated(const ServiceSpec &service, const InstanceSpec &instance)
{
    return std::ranges::any_of(service.instances, [&instance](const InstanceSpec &other) {
        return other.name != instance.name && other.composeService == instance.composeService && other.colour == instance.colour;
    });
}

bool readReplicas(yaml::Map &map, ServiceSpec &service)
{
    if (!map.has(u"replicas"_s)) {
        return false;
    }
    constexpr int most = 100;
    const int count = int(map.optional(u"replicas"_s).integer(2, most, 2));
    const yaml::Value composed = map.optional(u"compose_service"_s);
    const QString name = composed.exists() ? composed.name() : service.name;
    const int port = int(map.optional(u"port"_s).integer(1, 65535 - most, 0));
    for (int i = 0; i < count; ++i) {
        InstanceSpec instance;
        instance.name = service.name + u'-' + QString::number(i + 1);
        instance.port = port > 0 ? port + i : 0;
        instance.composeService = name;
        service.instances << instance;
    }
    return true;
}

QRegularExpression shellPattern(const QStringList &patterns)
{
    QStringList alternatives;
    for (const QString &pattern : patterns) {
        alternatives.append(QRegularExpression::wildcardToRegularExpression(pattern, QRegularExpression::NonPathWildcardConversion));
    }
    // None at all fits nothing, not even an empty name.
    return QRegularExpression(patterns.isEmpty() ? u"(?!)"_s : alternatives.join(u'|'));
}

ComposeSpec readCompose(yaml::Map map, const QDir &folder)
{
    ComposeSpec spec;
    if (map.exists()) {
        const yaml::Value project = map.required(u"project"_s, u"name"_s);
        spec.project = project.text();
        static const QRegularExpression projectName(uR"(\A[a-z0-9][a-z0-9_-]{0,62}\z)"_s);
        if (!spec.project.isEmpty() && !projectName.match(spec.project).hasMatch()) {
            project.expected(u"compose_project"_s);
        }
        if (const yaml::Value files = map.optional(u"files"_s); files.exists()) {
            spec.files.clear();
            for (const yaml::Value &file : files.filledList()) {
                if (const QString path = file.relativePath(); !path.isEmpty()) {
                    spec.files << path;
                }
            }
        }
        spec.program = map.optional(u"program"_s).choice({u"auto"_s, u"docker compose"_s, u"docker-compose"_s}, spec.program);
        if (const QString file = map.optional(u"environment_file"_s).text(); !file.isEmpty()) {
            spec.environmentFile = QDir::cleanPath(folder.absoluteFilePath(file));
        }
        spec.colours = readColourFiles(map.optionalMap(u"colours"_s), [&folder](const yaml::Value &file) { return QDir::cleanPath(folder.absoluteFilePath(file.text())); });
        if (const yaml::Value patterns = map.optional(u"prune_volumes"_s); patterns.exists()) {
            for (const yaml::Value &pattern : patterns.filledList()) {
                spec.pruneVolumes << pattern.text();
                // What Compose takes as a name, and what shells know beside it.
                static const QRegularExpression form(uR"(\A[A-Za-z0-9._*?!\[\]-]+\z)"_s);
                if (const QString text = spec.pruneVolumes.constLast(); !text.isEmpty() && (!form.match(text).hasMatch() || !shellPattern({text}).isValid())) {
                    pattern.expected(u"volume_pattern"_s);
                }
            }
        }
        const yaml::Value host = map.optional(u"host"_s);
        spec.host = host.text();
        static const QRegularExpression docker(uR"(\A(unix:///|tcp://|ssh://)[^\s:]*(:[0-9]{1,5})?\z)"_s);
        if (!spec.host.isEmpty() && !docker.match(spec.host).hasMatch()) {
            host.expected(u"docker_host"_s);
        }
    }
    map.close();
    return spec;
}

} // namespace cutover
