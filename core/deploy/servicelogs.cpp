// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/servicelogs.h"

#include "config/targetmask.h"
#include "target/yamlreader.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"logs.unknown", QT_TRANSLATE_NOOP("catalogue", "The target has no service or instance “%{name}”."),
     QT_TRANSLATE_NOOP("catalogue", "It has: %{known:list}.")},
    {"logs.no_times", QT_TRANSLATE_NOOP("catalogue", "The log of “%{name}” is a file whose lines carry no time that is known here."),
     QT_TRANSLATE_NOOP("catalogue", "Ask for a number of lines instead.")},
}};

} // namespace

Async<> serviceLogs(Target target, QString name, LogRequest request, LogSink told, std::stop_token stop)
{
    QStringList known;
    const ServiceSpec *found = nullptr;
    for (const ServiceSpec &service : std::as_const(target.services)) {
        known.append(service.name);
        const QList<InstanceSpec> all = service.withSpare();
        for (const InstanceSpec &instance : all) {
            known.append(instance.name);
            if (service.name == name || instance.name == name) {
                found = &service;
                request.instances.append(instance.name);
            }
        }
    }
    if (!found) {
        known.removeDuplicates();
        co_return fail(u"logs.unknown"_s, {{u"name"_s, name}, {u"known"_s, QJsonArray::fromStringList(known)}}, target.path);
    }
    CO_TRY(const auto runtime, RuntimeRegistry::create(found->runtime, target));
    TargetMask mask(target);
    const LogSink masked = [&mask, &told](const QString &instance, const QString &line) { told(instance, mask.masked(line)); };
    co_return co_await runtime->logs(request, masked, stop);
}

} // namespace cutover
