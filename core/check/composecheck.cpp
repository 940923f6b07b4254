// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether Docker answers, and whether the release that is to be installed can be started in it:
// its Compose file is valid, knows the services, and their images are here or can be had.

#include "check/checklist.h"
#include "deploy/composeproject.h"

#include <QFileInfo>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// withSpares: those too which only an update starts.
QStringList managedInstances(const Target &target, bool withSpares)
{
    QStringList names;
    for (const ServiceSpec &service : target.services) {
        const QList<InstanceSpec> all = withSpares ? service.withSpare() : service.instances;
        for (const InstanceSpec &instance : all) {
            if (service.runtime == "compose"_L1 && service.managed) {
                names.append(instance.name);
            }
        }
    }
    return names;
}

/// As the files of the release to install have them, or of the installed one, by service; where colours have projects of
/// their own by "COLOUR/SERVICE", as their environments may give them other images.
Async<QMap<QString, ComposeService>> servicesOf(CheckScope scope, std::stop_token stop)
{
    // What is installed may be of before there was a spare.
    const QStringList instances = managedInstances(scope.target, !scope.releaseFolder.isEmpty());
    const QString folder = scope.releaseFolder.isEmpty() ? scope.target.currentLink() : scope.releaseFolder;
    QMap<QString, ComposeService> all;
    const QStringList colours = composeColours(scope.target, true);
    for (const QString &colour : colours) {
        ComposeProject project(scope.target, {}, colour);
        CO_TRY(const auto services, co_await project.servicesOf(folder, instances, stop));
        for (const auto &[name, service] : services.asKeyValueRange()) {
            all.insert(colour.isEmpty() ? name : QString(colour + u'/' + name), service);
        }
    }
    co_return all;
}

/// Names of the images that the installed release runs from.
Async<QStringList> installedImages(CheckScope scope, std::stop_token stop)
{
    QStringList names;
    if (QFileInfo::exists(scope.target.currentLink())) {
        const QString folder = scope.target.currentLink();
        const QStringList colours = composeColours(scope.target, true);
        for (const QString &colour : colours) {
            ComposeProject project(scope.target, {}, colour);
            CO_TRY(const auto services, co_await project.services(folder, stop));
            for (const ComposeService &service : services) {
                names.append(service.image);
            }
        }
    }
    co_return names;
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
    Error notAsked;
    QStringList build;
    for (const auto &[name, service] : services->asKeyValueRange()) {
        if (service.isBuilt && !scope.releaseFolder.isEmpty()) {
            build.append(service.image);
            continue;
        }
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
            if (offered.error().code != "compose.not_asked"_L1) {
                co_return wrong(offered.error());
            }
            notAsked = offered.error();
        }
        ++pull;
    }
    build.removeDuplicates();
    if (!build.isEmpty()) {
        // What it would go back to must not be made anew under the same name.
        const auto installed = co_await installedImages(scope, stop);
        if (!installed) {
            co_return wrong(installed.error());
        }
        for (const QString &image : std::as_const(build)) {
            if (installed->contains(image)) {
                co_return wrong(u"compose.same_image"_s, {{u"image"_s, image}});
            }
        }
        if (notAsked.code.isEmpty()) {
            co_return passed(u"compose.release_built"_s, {{u"count"_s, services->size()}, {u"pull"_s, pull}, {u"build"_s, build.size()}});
        }
    }
    if (!notAsked.code.isEmpty()) {
        co_return doubtful(notAsked);
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
        // What is made here, nobody else can make mean another thing.
        if (!service.isPinned() && !service.isBuilt) {
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
    if (managedInstances(scope.target, false).isEmpty()) {
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
