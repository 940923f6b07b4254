// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether Docker answers, and whether the release that is to be installed can be started in it:
// its Compose file is valid, knows the services, and their images are here or can be had.

#include "check/checklist.h"
#include "deploy/composeproject.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QStringList managedInstances(const Target &target)
{
    QStringList names;
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.runtime == "compose"_L1 && service.managed) {
                names.append(instance.name);
            }
        }
    }
    return names;
}

/// As the files of the release to install have them, or of the installed one.
Async<QMap<QString, ComposeService>> servicesOf(CheckScope scope, std::stop_token stop)
{
    ComposeProject project(scope.target, {});
    const QStringList instances = managedInstances(scope.target);
    const QString folder = scope.releaseFolder.isEmpty() ? scope.target.currentLink() : scope.releaseFolder;
    co_return co_await project.servicesOf(folder, instances, stop);
}

QCoro::Task<Finding> docker(CheckScope scope, std::stop_token stop)
{
    ComposeProject project(scope.target, {});
    const auto version = co_await project.serverVersion(stop);
    if (!version) {
        co_return wrong(version.error());
    }
    co_return passed(u"compose.docker_ok"_s, {{u"version"_s, *version}});
}

QCoro::Task<Finding> release(CheckScope scope, std::stop_token stop)
{
    const auto services = co_await servicesOf(scope, stop);
    if (!services) {
        co_return wrong(services.error());
    }
    ComposeProject project(scope.target, {});
    int pull = 0;
    for (const auto &[name, service] : services->asKeyValueRange()) {
        const auto there = co_await project.hasImage(service.image, stop);
        if (!there) {
            co_return wrong(there.error());
        }
        if (*there) {
            continue;
        }
        if (service.isBuilt) {
            co_return wrong(u"compose.not_built"_s, {{u"service"_s, name}, {u"image"_s, service.image}});
        }
        if (const auto offered = co_await project.canBePulled(name, service.image, stop); !offered) {
            co_return wrong(offered.error());
        }
        ++pull;
    }
    co_return passed(u"compose.release_ok"_s, {{u"count"_s, services->size()}, {u"pull"_s, pull}});
}

QCoro::Task<Finding> pinned(CheckScope scope, std::stop_token stop)
{
    const auto services = co_await servicesOf(scope, stop);
    if (!services) {
        co_return wrong(services.error());
    }
    QStringList floating;
    for (const ComposeService &service : *services) {
        if (!service.isPinned()) {
            floating.append(service.image);
        }
    }
    floating.removeDuplicates();
    if (!floating.isEmpty()) {
        co_return wrong(u"compose.floating"_s, {{u"images"_s, QJsonArray::fromStringList(floating)}});
    }
    co_return passed(u"compose.pinned_ok"_s);
}

// Before what asks at the containers' ports.
const CheckKind kind(4, [](const CheckScope &scope) {
    QList<CheckItem> items;
    if (managedInstances(scope.target).isEmpty()) {
        return items;
    }
    items.append({u"docker"_s, {u"compose.check_docker"_s, {}}, true, docker});
    if (!scope.afterUpdate) {
        items.append({u"compose"_s, {u"compose.check_release"_s, {}}, true, release});
        items.append({u"compose:pinned"_s, {u"compose.check_pinned"_s, {}}, false, pinned});
    }
    return items;
});

} // namespace

} // namespace cutover
