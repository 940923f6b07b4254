// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/composeimages.h"

#include "deploy/composeproject.h"
#include "deploy/imagerecord.h"
#include "deploy/placed.h"

#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Images of our own services in a release.
Async<QStringList> imagesOf(ComposeProject *project, Target target, QString version, std::stop_token stop)
{
    QStringList images;
    if (version.isEmpty()) {
        co_return images;
    }
    CO_TRY(const QString folder, releaseFolder(target, version));
    CO_TRY(const auto services, co_await project->services(folder, stop));
    for (const ServiceSpec &service : std::as_const(target.services)) {
        const QList<InstanceSpec> all = service.withSpare();
        for (const InstanceSpec &instance : all) {
            if (service.managed && service.runtime == "compose"_L1 && services.contains(instance.composeService)) {
                images.append(listedImageName(services[instance.composeService].image));
            }
        }
    }
    images.removeDuplicates();
    co_return images;
}

} // namespace

QString imageRepository(const QString &image)
{
    const QString name = image.section(u'@', 0, 0);
    const qsizetype colon = name.lastIndexOf(u':');
    return colon > name.lastIndexOf(u'/') ? name.first(colon) : name;
}

QString listedImageName(const QString &image)
{
    QString name = image;
    for (const auto *const own : {"docker.io/", "index.docker.io/"}) {
        if (name.startsWith(QLatin1StringView(own))) {
            name = name.sliced(qstrlen(own));
            name = name.startsWith(u"library/") ? name.sliced(8) : name;
        }
    }
    return name.contains(u'@') || imageRepository(name) != name ? name : QString(name + u":latest"_s);
}

QStringList imagesToRemove(const QList<std::pair<QString, QString>> &named, const QStringList &needed, const QStringList &usedIds, int keep)
{
    QStringList repositories;
    for (const QString &image : needed) {
        repositories.append(imageRepository(image));
    }
    QHash<QString, int> seen;
    QStringList remove;
    for (const auto &[image, id] : named) {
        const QString repository = imageRepository(image);
        if (repositories.contains(repository) && seen[repository]++ >= keep && !needed.contains(image) && !usedIds.contains(id)) {
            remove.append(image);
        }
    }
    return remove;
}

Async<QStringList> leftoverImages(Target target, QStringList versions, int keep, std::stop_token stop)
{
    const QStringList colours = composeColours(target, true);
    ComposeProject docker(target, {});
    if (colours.isEmpty()) {
        co_return QStringList();
    }
    CO_TRY(const auto named, co_await docker.images());
    // What the releases name is only asked for where there is something to remove.
    QHash<QString, int> count;
    for (const auto &[image, id] : named) {
        ++count[imageRepository(image)];
    }
    if (std::ranges::none_of(count, [keep](int tags) { return tags > keep; })) {
        co_return QStringList();
    }
    QStringList needed;
    for (const QString &colour : colours) {
        ComposeProject project(target, {}, colour);
        for (const QString &version : std::as_const(versions)) {
            CO_TRY(const QStringList images, co_await imagesOf(&project, target, version, stop));
            needed += images;
        }
    }
    // A way back takes what a release ran from, whatever its name means by now.
    CO_TRY(QStringList ids, co_await docker.usedImages());
    ids += recordedImages(target, versions);
    if (!target.staging.target.isEmpty()) {
        // The staging system has images of the same names, often in the same daemon, and restore points of its own. Where
        // nothing can be learned of it nothing is removed.
        CO_TRY(const Target staging, Target::load(target.staging.target));
        ids += recordedImages(staging);
    }
    // One that is pinned by digest is needed under whatever tag.
    for (const QString &image : std::as_const(needed)) {
        if (image.contains(u'@')) {
            CO_TRY(const QString id, co_await docker.imageId(image, stop));
            ids.append(id);
        }
    }
    co_return imagesToRemove(named, needed, ids, keep);
}

Async<QStringList> removeComposeImages(Target target, QStringList images, RuntimeTools tools)
{
    QStringList removed;
    ComposeProject docker(target, tools);
    for (const QString &image : std::as_const(images)) {
        CO_TRY(const bool gone, co_await docker.removeImage(image));
        if (gone) {
            removed.append(image);
        }
    }
    co_return removed;
}

Async<QList<std::pair<QString, QString>>> ComposeProject::images()
{
    const QStringList command{u"docker"_s, u"image"_s, u"ls"_s, u"--no-trunc"_s, u"--digests"_s, u"--format"_s, u"{{json .}}"_s};
    CO_TRY(const ProcessResult result, co_await done(command, Work::Look, LookMs, {}));
    QList<std::pair<QString, QString>> found;
    const QByteArrayList lines = result.output.split('\n');
    for (const QByteArray &line : lines) {
        const QJsonObject json = QJsonDocument::fromJson(line).object();
        const auto told = [&json](const QString &key) {
            const QString value = json[key].toString();
            return value == "<none>"_L1 ? QString() : value;
        };
        const QString repository = told(u"Repository"_s);
        const QString tag = told(u"Tag"_s);
        const QString digest = told(u"Digest"_s);
        // What was pulled by its digest has no tag. What has neither any more can't be told from others by its name.
        if (repository.isEmpty() || (tag.isEmpty() && digest.isEmpty())) {
            continue;
        }
        const std::pair image{tag.isEmpty() ? QString(repository + u'@' + digest) : QString(repository + u':' + tag), json["ID"_L1].toString()};
        // A tag is told once for each digest that its repository has of the image.
        if (!found.contains(image)) {
            found.append(image);
        }
    }
    co_return found;
}

Async<QStringList> ComposeProject::usedImages()
{
    CO_TRY(const QJsonArray all, co_await inspected({}, LookMs));
    QStringList found;
    for (const auto &container : all) {
        found.append(container["Image"_L1].toString());
    }
    co_return found;
}

Async<bool> ComposeProject::removeImage(QString image)
{
    co_return co_await wasRemoved(u"image"_s, image);
}

} // namespace cutover
