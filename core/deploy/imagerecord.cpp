// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/imagerecord.h"

#include "deploy/colours.h"
#include "system/files.h"
#include "system/json.h"

#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString fileOf(const Target &target)
{
    return target.stateDirectory + u"/images.json"_s;
}

/// What can't be read is as if nobody had noted it: then what the names mean is taken.
QJsonObject readAll(const Target &target)
{
    const auto content = files::read(fileOf(target), 1 << 20);
    return content ? QJsonDocument::fromJson(*content).object() : QJsonObject();
}

/// The service in the Compose file, with the colour whose environment may give it another image.
QString keyOf(const Target &target, const QString &instance, bool isOther = false)
{
    const ServiceSpec *service = target.serviceOfInstance(instance);
    if (!service) {
        return instance;
    }
    const InstanceSpec *own = service->instance(instance);
    const QString name = own->composeService.isEmpty() ? instance : own->composeService;
    return own->colour.isEmpty() ? name : QString((isOther ? otherColour(own->colour) : own->colour) + u'/' + name);
}

} // namespace

QString recordedImage(const Target &target, const QString &version, const QString &instance)
{
    const QJsonObject all = readAll(target).value(version).toObject();
    const QString own = keyOf(target, instance);
    // Mostly the same one by the same name, which is better than what that means by now.
    for (const QString &key : {own, own.section(u'/', -1), keyOf(target, instance, true)}) {
        if (const QString image = all[key].toString(); !image.isEmpty()) {
            return image;
        }
    }
    return {};
}

QStringList recordedImages(const Target &target, const QStringList &versions)
{
    const QJsonObject all = readAll(target);
    QStringList images;
    for (const QString &version : versions) {
        const QJsonObject own = all[version].toObject();
        for (const auto &image : own) {
            images.append(image.toString());
        }
    }
    return images;
}

QStringList recordedImages(const Target &target)
{
    return recordedImages(target, readAll(target).keys());
}

Result<> recordImage(const Target &target, const QString &version, const QString &instance, const QString &image)
{
    if (version.isEmpty() || image.isEmpty()) {
        return {};
    }
    QJsonObject all = readAll(target);
    QJsonObject own = all[version].toObject();
    const QString key = keyOf(target, instance);
    if (own[key].toString() == image) {
        return {};
    }
    own.insert(key, image);
    all.insert(version, own);
    const QStringList versions = all.keys();
    for (const QString &each : versions) {
        if (each != version && !QFileInfo(target.releaseDirectory(each)).isDir()) {
            all.remove(each);
        }
    }
    return files::replace(fileOf(target), json::canonical(all));
}

} // namespace cutover
