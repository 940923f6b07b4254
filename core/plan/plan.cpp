// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/plan.h"

#include "system/json.h"
#include "system/jsonvalues.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QJsonObject previewJson(const Preview &preview)
{
    return {{u"type"_s, preview.type}, {u"title"_s, preview.title}, {u"text"_s, preview.text}};
}

} // namespace

QJsonObject StepSpec::toJson() const
{
    QJsonArray previewArray;
    for (const Preview &preview : previews) {
        previewArray.append(previewJson(preview));
    }
    return {
        {u"id"_s, id},
        {u"kind"_s, kind},
        {u"version"_s, version},
        {u"params"_s, params},
        {u"title"_s, title.toJson()},
        {u"intent"_s, intent.toJson()},
        {u"previews"_s, previewArray},
        {u"changes"_s, changes},
        {u"expectedMs"_s, expectedMs},
        {u"expectedDowntimeMs"_s, expectedDowntimeMs},
        {u"pointOfNoReturn"_s, pointOfNoReturn},
        {u"irreversible"_s, irreversible},
        {u"changesState"_s, changesState},
        {u"automaticRollback"_s, automaticRollback},
    };
}

StepSpec StepSpec::fromJson(const QJsonObject &json)
{
    StepSpec spec;
    spec.id = json["id"_L1].toString();
    spec.kind = json["kind"_L1].toString();
    spec.version = json["version"_L1].toInt(1);
    spec.params = json["params"_L1].toObject();
    spec.title = Message::fromJson(json["title"_L1].toObject());
    spec.intent = Message::fromJson(json["intent"_L1].toObject());
    const QJsonArray previewArray = json["previews"_L1].toArray();
    for (const auto &preview : previewArray) {
        spec.previews.append({preview["type"_L1].toString(), preview["title"_L1].toString(), preview["text"_L1].toString()});
    }
    spec.changes = json["changes"_L1].toObject();
    spec.expectedMs = json["expectedMs"_L1].toInteger();
    spec.expectedDowntimeMs = json["expectedDowntimeMs"_L1].toInteger();
    spec.pointOfNoReturn = json["pointOfNoReturn"_L1].toBool();
    spec.irreversible = json["irreversible"_L1].toBool();
    spec.changesState = json["changesState"_L1].toBool(true);
    spec.automaticRollback = json["automaticRollback"_L1].toBool(true);
    return spec;
}

QString Plan::digest() const
{
    return json::digest(toJson());
}

QJsonObject Plan::toJson() const
{
    QJsonArray stepArray;
    for (const StepSpec &step : steps) {
        stepArray.append(step.toJson());
    }
    return {
        {u"schema"_s, Schema},
        {u"kind"_s, kind},
        {u"targetName"_s, targetName},
        {u"environment"_s, environment},
        {u"from"_s, from},
        {u"to"_s, to},
        {u"path"_s, QJsonArray::fromStringList(path)},
        {u"updateType"_s, updateType},
        {u"risk"_s, risk},
        {u"restorePoint"_s, restorePoint},
        {u"mode"_s, mode},
        {u"facts"_s, facts},
        {u"steps"_s, stepArray},
        {u"policy"_s, policy},
        {u"expectedMs"_s, expectedMs},
        {u"expectedDowntimeMs"_s, expectedDowntimeMs},
        {u"loss"_s, loss},
        {u"owed"_s, QJsonArray::fromStringList(owed)},
        {u"engineVersion"_s, engineVersion},
    };
}

Result<Plan> Plan::fromJson(const QJsonObject &json)
{
    if (const int schema = json["schema"_L1].toInt(); schema != Schema) {
        return fail(u"plan.schema"_s, {{u"schema"_s, json["schema"_L1]}, {u"expected"_s, Schema}});
    }
    Plan plan;
    plan.kind = json["kind"_L1].toString();
    plan.targetName = json["targetName"_L1].toString();
    plan.environment = json["environment"_L1].toString();
    plan.from = json["from"_L1].toString();
    plan.to = json["to"_L1].toString();
    plan.path = json::toStrings(json["path"_L1]);
    plan.updateType = json["updateType"_L1].toString();
    plan.risk = json["risk"_L1].toString();
    plan.restorePoint = json["restorePoint"_L1].toString();
    plan.mode = json["mode"_L1].toString();
    plan.facts = json["facts"_L1].toObject();
    QStringList ids;
    const QJsonArray stepArray = json["steps"_L1].toArray();
    for (const auto &value : stepArray) {
        plan.steps.append(StepSpec::fromJson(value.toObject()));
        const StepSpec &step = plan.steps.constLast();
        if (step.id.isEmpty() || ids.contains(step.id)) {
            return fail(u"plan.step_id"_s, {{u"id"_s, step.id}, {u"number"_s, plan.steps.size()}});
        }
        ids.append(step.id);
    }
    plan.policy = json["policy"_L1].toObject();
    plan.expectedMs = json["expectedMs"_L1].toInteger();
    plan.expectedDowntimeMs = json["expectedDowntimeMs"_L1].toInteger();
    plan.loss = json["loss"_L1].toObject();
    plan.owed = json::toStrings(json["owed"_L1]);
    plan.engineVersion = json["engineVersion"_L1].toString();
    return plan;
}

Facts Plan::factsBefore(qsizetype index) const
{
    Facts result = facts;
    for (qsizetype i = 0; i < qMin(index, steps.size()); ++i) {
        const Facts &changes = steps[i].changes;
        for (auto it = changes.begin(); it != changes.end(); ++it) {
            if (it->isNull()) {
                result.remove(it.key());
            } else {
                result.insert(it.key(), *it);
            }
        }
    }
    return result;
}

} // namespace cutover
