// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/restartrecord.h"

#include "plan/instancefacts.h"
#include "run/runlock.h"
#include "system/files.h"
#include "system/json.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 LargestFile = 1 << 20;

QString recordFile(const Target &target)
{
    return target.stateDirectory + u"/restart.json"_s;
}

Result<QJsonObject> readRecords(const Target &target)
{
    if (!QFileInfo::exists(recordFile(target))) {
        return QJsonObject();
    }
    TRY(const QByteArray content, files::read(recordFile(target), LargestFile));
    return QJsonDocument::fromJson(content).object();
}

const Catalogue::Registration texts{{
    {"restart.cut", QT_TRANSLATE_NOOP("catalogue", "The restart of %{instances:list} was cut before it was done."),
     QT_TRANSLATE_NOOP("catalogue", "'cutoverctl service restart NAME', of %{services:list}, goes on with it.")},
}};

} // namespace

Result<QMap<QString, RestartRecord>> restartRecords(const Target &target)
{
    TRY(const QJsonObject json, readRecords(target));
    QMap<QString, RestartRecord> records;
    for (auto it = json.begin(); it != json.end(); ++it) {
        records.insert(it.key(), {.version = (*it)["version"_L1].toString(), .image = (*it)["image"_L1].toString()});
    }
    return records;
}

Result<> recordRestart(const Target &target, const QString &instance, const RestartRecord &record)
{
    TRY(QJsonObject json, readRecords(target));
    json.insert(instance, QJsonObject{{u"version"_s, record.version}, {u"image"_s, record.image}});
    CHECK(files::makePath(target.stateDirectory));
    return files::replace(recordFile(target), json::canonical(json));
}

Result<> forgetRestart(const Target &target, const QString &instance)
{
    TRY(QJsonObject json, readRecords(target));
    if (!json.contains(instance)) {
        return {};
    }
    json.remove(instance);
    // Without a file there is nothing to write where the disk is full.
    return json.isEmpty() ? files::remove(recordFile(target)) : files::replace(recordFile(target), json::canonical(json));
}

Result<> addCutRestarts(const Target &target, const QString &runtime, Facts *facts)
{
    TRY(const auto records, restartRecords(target));
    for (const auto &[instance, record] : records.asKeyValueRange()) {
        const ServiceSpec *service = target.serviceOfInstance(instance);
        if (service && service->managed && service->runtime == runtime && !facts->contains(instanceFact(instance))) {
            facts->insert(instanceFact(instance), record.version);
        }
    }
    return {};
}

Result<std::optional<Error>> cutRestart(const Target &target)
{
    TRY(const auto records, restartRecords(target));
    if (records.isEmpty()) {
        return std::nullopt;
    }
    TRY(const auto owner, RunLock::owner(target.stateDirectory));
    if (owner) {
        return std::nullopt;
    }
    QStringList instances;
    QStringList services;
    for (const auto &[instance, record] : records.asKeyValueRange()) {
        if (const ServiceSpec *service = target.serviceOfInstance(instance)) {
            instances.append(instance);
            services.append(service->name);
        }
    }
    if (instances.isEmpty()) {
        return std::nullopt;
    }
    services.removeDuplicates();
    return Error{.code = u"restart.cut"_s, .args = {{u"instances"_s, QJsonArray::fromStringList(instances)}, {u"services"_s, QJsonArray::fromStringList(services)}}};
}

} // namespace cutover
