// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/heartbeat.h"

#include "system/clock.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoreApplication>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString pathIn(const QString &stateDirectory)
{
    return stateDirectory + u"/watcher.json"_s;
}

QJsonValue errorOrNull(const Error &error)
{
    return error.code.isEmpty() ? QJsonValue() : QJsonValue(error.toJson());
}

} // namespace

Result<> Heartbeat::write(const QString &stateDirectory)
{
    const Clock &clock = Clock::system();
    pid = QCoreApplication::applicationPid();
    startTime = processStartTime(pid);
    bootId = clock.bootId();
    bootTime = clock.monotonic();
    time = clock.now().toMSecsSinceEpoch();
    QJsonObject missing;
    for (const auto &[name, error] : down.asKeyValueRange()) {
        missing.insert(name, error.toJson());
    }
    const QJsonObject json{
        {u"pid"_s, pid},
        {u"startTime"_s, qint64(startTime)},
        {u"bootId"_s, bootId},
        {u"bootTime"_s, bootTime},
        {u"time"_s, time},
        {u"scrapes"_s, scrapes},
        {u"down"_s, missing},
        {u"intervalMs"_s, intervalMs},
        {u"storeError"_s, errorOrNull(storeError)},
        {u"targetError"_s, errorOrNull(targetError)},
    };
    return files::publish(pathIn(stateDirectory), QJsonDocument(json).toJson(QJsonDocument::Compact));
}

Heartbeat Heartbeat::read(const QString &stateDirectory)
{
    Heartbeat beat;
    const auto content = files::read(pathIn(stateDirectory), 1 << 20);
    const QJsonObject json = content ? QJsonDocument::fromJson(*content).object() : QJsonObject();
    beat.pid = json[u"pid"_s].toInteger();
    beat.startTime = quint64(json[u"startTime"_s].toInteger());
    beat.bootId = json[u"bootId"_s].toString();
    beat.bootTime = json[u"bootTime"_s].toInteger();
    beat.time = json[u"time"_s].toInteger();
    beat.scrapes = json[u"scrapes"_s].toInteger();
    beat.intervalMs = json[u"intervalMs"_s].toInteger();
    beat.storeError = Error::fromJson(json[u"storeError"_s].toObject());
    beat.targetError = Error::fromJson(json[u"targetError"_s].toObject());
    const QJsonObject missing = json[u"down"_s].toObject();
    for (auto it = missing.begin(); it != missing.end(); ++it) {
        beat.down.insert(it.key(), Error::fromJson(it->toObject()));
    }
    return beat;
}

qint64 Heartbeat::silence() const
{
    if (pid <= 0 || bootId != Clock::system().bootId() || processStartTime(pid) != startTime) {
        return -1;
    }
    return qMax(qint64(0), Clock::system().monotonic() - bootTime);
}

} // namespace cutover
