// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/colours.h"

#include "deploy/runtime.h"
#include "system/files.h"
#include "system/json.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 AnswerMs = 15000;

QString fileOf(const Target &target)
{
    return target.stateDirectory + u"/colours.json"_s;
}

Result<QJsonObject> readAll(const Target &target)
{
    if (!QFileInfo::exists(fileOf(target))) {
        return QJsonObject();
    }
    TRY(const QByteArray content, files::read(fileOf(target), 1 << 20));
    QJsonParseError problem;
    const QJsonDocument json = QJsonDocument::fromJson(content, &problem);
    if (!json.isObject()) {
        // Guessed wrong it would send users to the wrong version.
        return fail(u"colour.unreadable"_s, {{u"reason"_s, problem.errorString()}}, fileOf(target));
    }
    return json.object();
}

} // namespace

QJsonObject colourWord(const QString &colour)
{
    return Message{u"colour."_s + colour, {}}.toJson();
}

QString otherColour(const QString &colour)
{
    return colour == u"blue" ? u"green"_s : u"blue"_s;
}

Result<ColourRecord> colourRecord(const Target &target, const QString &service)
{
    TRY(const QJsonObject all, readAll(target));
    const QJsonObject json = all[service].toObject();
    ColourRecord record{.colour = json[u"colour"].toString()};
    record.percent = json[u"percent"].toInt();
    record.draining = json[u"draining"].toBool();
    const QJsonObject weights = json[u"weights"].toObject();
    for (auto it = weights.begin(); it != weights.end(); ++it) {
        record.weights.insert(it.key(), it->toInt());
    }
    return record;
}

Result<> keepColourRecord(const Target &target, const QString &service, const ColourRecord &record)
{
    TRY(QJsonObject all, readAll(target));
    QJsonObject weights;
    for (const auto &[server, weight] : record.weights.asKeyValueRange()) {
        weights.insert(server, weight);
    }
    QJsonObject json{{u"colour"_s, record.colour}};
    if (!weights.isEmpty()) {
        json.insert(u"weights"_s, weights);
    }
    if (record.percent > 0) {
        json.insert(u"percent"_s, record.percent);
    }
    if (record.draining) {
        json.insert(u"draining"_s, true);
    }
    if (all[service] == json) {
        return {};
    }
    all.insert(service, json);
    return files::replace(fileOf(target), json::canonical(all));
}

Result<QString> servingColour(const Target &target, const ServiceSpec &service, const QList<InstanceState> &states, const QList<BalancerServer> *servers)
{
    TRY(const ColourRecord record, colourRecord(target, service.name));
    if (!record.colour.isEmpty()) {
        return record.colour;
    }
    QStringList found;
    QJsonArray told;
    for (const InstanceSpec &instance : service.instances) {
        const auto state = std::ranges::find(states, instance.name, &InstanceState::name);
        const bool runs = state != states.end() && state->pid > 0;
        const auto server = servers ? std::ranges::find_if(*servers, [&](const BalancerServer &one) { return one.backend == service.balancerBackend && one.name == instance.name; })
                                    : QList<BalancerServer>::const_iterator();
        const bool isLetIn = servers && server != servers->end() && !server->out;
        if (runs && isLetIn && !found.contains(instance.colour)) {
            found.append(instance.colour);
        }
        told.append(Message{u"colour.state"_s,
                            {{u"instance"_s, instance.name},
                             {u"colour"_s, colourWord(instance.colour)},
                             {u"runs"_s, Message{runs ? u"colour.runs"_s : u"colour.stands"_s, {}}.toJson()},
                             {u"letIn"_s, Message{isLetIn ? u"colour.let_in"_s : u"colour.out"_s, {}}.toJson()}}}
                        .toJson());
    }
    if (found.size() != 1) {
        return fail(u"colour.ambiguous"_s, {{u"service"_s, service.name}, {u"states"_s, told}}, service.name);
    }
    return found.first();
}

ServingColours recordedColours(const Target &target)
{
    ServingColours colours;
    for (const ServiceSpec &service : target.services) {
        if (!service.isBlueGreen()) {
            continue;
        }
        if (const auto record = colourRecord(target, service.name); record && !record->colour.isEmpty()) {
            colours.insert(service.name, record->colour);
        }
    }
    return colours;
}

Async<ServingColours> servingColours(Target target)
{
    ServingColours colours;
    bool known = true;
    for (const ServiceSpec &service : target.services) {
        if (service.isBlueGreen()) {
            CO_TRY(const ColourRecord record, colourRecord(target, service.name));
            known = known && !record.colour.isEmpty();
            colours.insert(service.name, record.colour);
        }
    }
    if (known) {
        co_return colours;
    }
    const InstanceLook look = co_await lookAtInstances(target, AnswerMs);
    if (!look.problem.code.isEmpty()) {
        co_return fail(look.problem);
    }
    CO_TRY(const auto balancer, BalancerRegistry::create(target));
    QList<BalancerServer> servers;
    if (balancer) {
        CO_TRY(servers, co_await balancer->allServers());
    }
    for (const ServiceSpec &service : target.services) {
        if (service.isBlueGreen()) {
            CO_TRY(const QString colour, servingColour(target, service, look.states, &servers));
            colours.insert(service.name, colour);
        }
    }
    co_return colours;
}

QSet<QString> idleInstances(const Target &target, const ServingColours &serving)
{
    QSet<QString> idle;
    for (const ServiceSpec &service : target.services) {
        const QString colour = service.isBlueGreen() ? serving.value(service.name) : QString();
        for (const InstanceSpec &instance : service.instances) {
            if (!colour.isEmpty() && instance.colour != colour) {
                idle.insert(instance.name);
            }
        }
    }
    return idle;
}

} // namespace cutover
