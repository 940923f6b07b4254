// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/peoplereader.h"

#include <QHash>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using PathOf = std::function<QString(const yaml::Value &)>;

constexpr qint64 shortestMs = 1000;

/// Monday first, as Qt counts.
const QStringList &weekdays()
{
    static const QStringList names{u"mon"_s, u"tue"_s, u"wed"_s, u"thu"_s, u"fri"_s, u"sat"_s, u"sun"_s};
    return names;
}

void unique(QHash<QString, QString> &seen, const yaml::Value &value, const QString &text)
{
    if (!value.exists() || text.isEmpty()) {
        return;
    }
    if (const auto first = seen.constFind(text.toCaseFolded()); first != seen.constEnd()) {
        value.problem(u"duplicate"_s, {{u"value"_s, text}, {u"first"_s, *first}});
        return;
    }
    seen.insert(text.toCaseFolded(), value.path());
}

BlackoutSpec readBlackout(yaml::Map &map)
{
    BlackoutSpec spec;
    spec.reason = map.required(u"reason"_s, u"text"_s).text();
    for (const yaml::Value &day : map.optional(u"days"_s).list()) {
        if (const qsizetype index = weekdays().indexOf(day.choice(weekdays())); index >= 0) {
            spec.days << int(index) + 1;
        }
    }
    const yaml::Value from = map.required(u"from"_s, u"time"_s);
    const yaml::Value to = map.required(u"to"_s, u"time"_s);
    spec.fromMinuteOfDay = int(from.timeOfDay(-1));
    spec.toMinuteOfDay = int(to.timeOfDay(-1));
    if (spec.fromMinuteOfDay >= 0 && spec.fromMinuteOfDay == spec.toMinuteOfDay) {
        to.problem(u"blackout_empty"_s, {});
    }
    map.close();
    return spec;
}

ApprovalSpec readApproval(yaml::Map map, const PathOf &pathOf)
{
    ApprovalSpec spec;
    if (map.exists()) {
        const yaml::Value required = map.optional(u"required"_s);
        // Whoever names approvers means them; and without any nobody could give it.
        spec.required = required.boolean(true);
        spec.validMs = map.optional(u"valid"_s).duration(shortestMs, spec.validMs);
        QHash<QString, QString> names;
        for (yaml::Map &entry : map.maps(u"approvers"_s, spec.required)) {
            ApproverSpec approver;
            const yaml::Value name = entry.required(u"name"_s, u"text"_s);
            approver.name = name.text();
            unique(names, name, approver.name);
            approver.key = pathOf(entry.required(u"key"_s, u"text"_s));
            entry.close();
            spec.approvers << approver;
        }
    }
    map.close();
    return spec;
}

ManualItemSpec readItem(yaml::Map &map, QHash<QString, QString> &names)
{
    ManualItemSpec item;
    const yaml::Value name = map.required(u"name"_s, u"name"_s);
    item.name = name.name();
    unique(names, name, item.name);
    item.text = map.required(u"text"_s, u"text"_s).text();
    item.when = map.optional(u"when"_s).choice({u"before"_s, u"during"_s, u"after"_s, u"rollback"_s}, item.when);
    item.required = map.optional(u"required"_s).boolean(item.required);
    map.close();
    return item;
}

StagingSpec readStaging(yaml::Map map, const PathOf &pathOf)
{
    StagingSpec spec;
    if (map.exists()) {
        spec.target = pathOf(map.required(u"target"_s, u"text"_s));
        spec.validMs = map.optional(u"valid"_s).duration(shortestMs, spec.validMs);
    }
    map.close();
    return spec;
}

} // namespace

void readPeople(yaml::Map &map, Target &target, const PathOf &pathOf)
{
    for (yaml::Map &entry : map.maps(u"blackout"_s)) {
        target.blackout << readBlackout(entry);
    }
    target.approval = readApproval(map.optionalMap(u"approval"_s), pathOf);
    QHash<QString, QString> names;
    for (yaml::Map &entry : map.maps(u"checklists"_s)) {
        target.manualItems << readItem(entry, names);
    }
    target.staging = readStaging(map.optionalMap(u"staging"_s), pathOf);
}

} // namespace cutover
