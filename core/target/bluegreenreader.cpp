// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/bluegreenreader.h"

#include <QHash>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const QStringList &colourNames()
{
    static const QStringList names{u"blue"_s, u"green"_s};
    return names;
}

CanarySpec readCanary(yaml::Map map)
{
    CanarySpec canary;
    if (map.exists()) {
        int last = 0;
        for (const yaml::Value &value : map.required(u"weights"_s, u"list"_s).filledList()) {
            const int weight = int(value.integer(1, 100));
            // One that is no number was reported already.
            if (weight != 0 && weight <= last) {
                value.problem(u"canary_order"_s, {{u"found"_s, weight}, {u"before"_s, last}});
            }
            last = qMax(last, weight);
            // All of them is the switch itself, which follows anyway.
            if (weight != 100) {
                canary.weights << weight;
            }
        }
        canary.watchMs = map.optional(u"watch"_s).duration(1000, canary.watchMs);
    }
    map.close();
    return canary;
}

/// Two versions serve at once, behind a balancer that tells them apart.
void checkService(yaml::Map &map, const ServiceSpec &service)
{
    const QJsonObject args{{u"service"_s, service.name}};
    if (!service.managed) {
        map.problem(u"blue_green_unmanaged"_s, args);
    }
    // What is there and wrong was reported already.
    if (!map.has(u"balancer_backend"_s)) {
        map.problem(u"blue_green_unbalanced"_s, args);
    }
    if (!service.mayOverlap) {
        map.problem(u"blue_green_overlap"_s, args);
    }
    for (const QString &colour : colourNames()) {
        if (!service.instances.isEmpty() && service.instancesOf({}).isEmpty() && service.instancesOf(colour).isEmpty()) {
            map.problem(u"blue_green_colour"_s, {{u"service"_s, service.name}, {u"colour"_s, colour}});
        }
    }
    if (!service.canary.weights.isEmpty() && !map.has(u"metrics"_s)) {
        map.problem(u"canary_metrics"_s, args);
    }
}

} // namespace

yaml::Value readColour(yaml::Map &entry, InstanceSpec &instance)
{
    const yaml::Value colour = entry.optional(u"colour"_s);
    instance.colour = colour.choice(colourNames());
    return colour;
}

void readBlueGreen(yaml::Map &map, ServiceSpec &service, const std::vector<yaml::Value> &colours,
                   const std::function<ProbeSpec(yaml::Map &map, const QString &name)> &readProbe)
{
    const bool asked = service.isBlueGreen();
    QHash<QString, QString> names;
    const yaml::Value smoke = map.optional(u"smoke"_s);
    for (yaml::Map &entry : map.maps(u"smoke"_s)) {
        const yaml::Value name = entry.required(u"name"_s, u"name"_s);
        const ProbeSpec probe = readProbe(entry, name.name());
        if (const auto first = names.constFind(probe.name); first != names.constEnd() && !probe.name.isEmpty()) {
            name.problem(u"duplicate"_s, {{u"value"_s, probe.name}, {u"first"_s, *first}});
        }
        names.insert(probe.name, name.path());
        service.smoke << probe;
        entry.close();
    }
    const yaml::Value canary = map.optional(u"canary"_s);
    service.canary = readCanary(map.optionalMap(u"canary"_s));
    const yaml::Value keepOld = map.optional(u"keep_old"_s);
    service.keepOld = keepOld.boolean(service.keepOld);
    if (asked) {
        checkService(map, service);
        for (size_t i = 0; i < colours.size(); ++i) {
            if (!colours[i].exists()) {
                map.problem(u"no_colour"_s, {{u"field"_s, QString(map.path() + u".instances["_s + QString::number(i) + u"].colour"_s)}, {u"instance"_s, service.instances[qsizetype(i)].name}});
            }
        }
        return;
    }
    std::vector<yaml::Value> unused = colours;
    unused.insert(unused.end(), {smoke, canary, keepOld});
    for (const yaml::Value &value : unused) {
        if (value.exists()) {
            value.problem(u"only_blue_green"_s, {{u"service"_s, service.name}});
        }
    }
}

QMap<QString, QString> readColourFiles(yaml::Map map, const std::function<QString(const yaml::Value &)> &pathOf)
{
    QMap<QString, QString> files;
    for (const QString &colour : colourNames()) {
        if (const yaml::Value file = map.optional(colour); file.exists()) {
            files.insert(colour, pathOf(file));
        }
    }
    map.close();
    return files;
}

} // namespace cutover
