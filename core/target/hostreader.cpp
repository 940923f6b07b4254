// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/hostreader.h"

#include <QDir>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"target.expected_ssh_host", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must say how ssh reaches the host; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in deploy@web-2.example.org:22, or as a Host of ssh's configuration; an IPv6 address with a port stands in brackets.")},
    {"target.expected_absolute_path", QT_TRANSLATE_NOOP("catalogue", "“%{field}” must be a path over there that begins with “/”; found %{found}."),
     QT_TRANSLATE_NOOP("catalogue", "Write it as in /srv/trading/releases.")},
    {"target.host_runtime", QT_TRANSLATE_NOOP("catalogue", "“%{field}” says where the service %{service} runs, which only services of systemd can."),
     QT_TRANSLATE_NOOP("catalogue", "Remove it, or set “runtime: systemd” or “runtime: systemd_user”.")},
    {"target.no_hosts", QT_TRANSLATE_NOOP("catalogue", "“%{field}” names the host “%{found}”, but the target has no hosts."),
     QT_TRANSLATE_NOOP("catalogue", "Add “hosts” with “- {name: %{found}, ssh: HOST}”, or leave it out to run on the control host.")},
    {"target.host_without_command", QT_TRANSLATE_NOOP("catalogue", "“%{field}” says where a program runs, but this probe asks from the control host."),
     QT_TRANSLATE_NOOP("catalogue", "Remove it, or ask by “command”.")},
    {"host.unknown", QT_TRANSLATE_NOOP("catalogue", "The target has no host “%{name}”."),
     QT_TRANSLATE_NOOP("catalogue", "The plan was made for another target.yaml; make a new one, or add the host again.")},
}};

} // namespace

HostSpec readHost(yaml::Map &map, const Target &target, const std::function<void(const yaml::Value &value, const QString &name)> &names)
{
    HostSpec spec;
    spec.stateDirectory = target.stateDirectory;
    const yaml::Value name = map.required(u"name"_s, u"name"_s);
    spec.name = name.name();
    names(name, spec.name);
    const yaml::Value ssh = map.required(u"ssh"_s, u"text"_s);
    if (const QString text = ssh.text(); !text.isEmpty()) {
        if (auto address = SshHost::parse(text)) {
            spec.address = std::move(*address);
        } else {
            ssh.expected(u"ssh_host"_s);
        }
    }
    const yaml::Value releases = map.optional(u"releases"_s);
    spec.releasesDirectory = QDir::cleanPath(releases.text(target.releasesDirectory));
    if (releases.exists() && !QDir::isAbsolutePath(spec.releasesDirectory)) {
        releases.expected(u"absolute_path"_s);
    }
    map.close();
    return spec;
}

HostSpec namedHost(yaml::Map &map, const QList<HostSpec> &hosts)
{
    const yaml::Value value = map.optional(u"host"_s);
    const QString name = value.name();
    if (name.isEmpty()) {
        return {};
    }
    const auto found = std::ranges::find(hosts, name, &HostSpec::name);
    if (found != hosts.end()) {
        return *found;
    }
    QStringList known;
    for (const HostSpec &host : hosts) {
        known.append(host.name);
    }
    if (known.isEmpty()) {
        value.problem(u"no_hosts"_s, {{u"found"_s, name}});
    } else {
        value.problem(u"unknown_name"_s, {{u"found"_s, name}, {u"known"_s, QJsonArray::fromStringList(known)}, {u"nearest"_s, yaml::nearest(name, known)}});
    }
    return {};
}

Result<HostSpec> Target::host(const QString &name) const
{
    if (name.isEmpty()) {
        return HostSpec();
    }
    const auto found = std::ranges::find(hosts, name, &HostSpec::name);
    return found == hosts.end() ? Result<HostSpec>(fail(u"host.unknown"_s, {{u"name"_s, name}}, path)) : Result<HostSpec>(*found);
}

} // namespace cutover
