// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/composereader.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

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
