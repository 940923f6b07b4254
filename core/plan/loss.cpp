// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/loss.h"

#include "run/journal.h"

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"loss.rows", QT_TRANSLATE_NOOP("catalogue", "%{count:number} %{count|row|rows} of %{name}")},
    {"loss.none", QT_TRANSLATE_NOOP("catalogue", "nothing")},
    {"loss.unknown",
     QT_TRANSLATE_NOOP("catalogue", "Rows of %{database}: unknown, and possibly all since the restore point, as it can't be read. %{why}")},
    {"loss.values", QT_TRANSLATE_NOOP("catalogue", "%{count:number} %{count|value|values} of %{name}")},
}};

bool isInEffect(StepState state)
{
    return state == StepState::Applied || state == StepState::Verified || state == StepState::Done || state == StepState::Accepted;
}

} // namespace

QString lossName(const Target &target, const QString &database, const QString &table)
{
    return target.databases.size() > 1 ? QString(database + u':' + table) : table;
}

QJsonObject lossToJson(const Loss &loss)
{
    QJsonObject json;
    for (const auto &[name, count] : loss.asKeyValueRange()) {
        json.insert(name, count);
    }
    return json;
}

Loss lossFromJson(const QJsonValue &json)
{
    Loss loss;
    const QJsonObject object = json.toObject();
    for (auto it = object.begin(); it != object.end(); ++it) {
        loss.insert(it.key(), it->toInteger());
    }
    return loss;
}

QJsonArray lossMessages(const Loss &loss)
{
    QJsonArray messages;
    for (const auto &[name, count] : loss.asKeyValueRange()) {
        if (count > 0) {
            const Message message{name.contains(u'.') ? u"loss.values"_s : u"loss.rows"_s, {{u"name"_s, name}, {u"count"_s, count}}};
            messages.append(message.toJson());
        }
    }
    return messages;
}

QJsonArray lossStated(const Loss &loss)
{
    const QJsonArray messages = lossMessages(loss);
    return messages.isEmpty() ? QJsonArray{Message{u"loss.none"_s, {}}.toJson()} : messages;
}

void LossLimit::add(const QString &name, qint64 count, qint64 sinceMs, qint64 aheadMs)
{
    counted.insert(name, count);
    allowance.insert(name, qint64(std::ceil(double(count) * double(aheadMs) / double(qMax<qint64>(sinceMs, 1000)))));
}

Loss LossLimit::holdAbove() const
{
    Loss limit = counted;
    cutover::add(limit, allowance);
    return limit;
}

void LossLimit::write(QJsonObject &params) const
{
    params.insert(u"accepted"_s, lossToJson(counted));
    params.insert(u"allowance"_s, lossToJson(allowance));
}

LossLimit LossLimit::read(const QJsonObject &params)
{
    return {lossFromJson(params["accepted"_L1]), lossFromJson(params["allowance"_L1])};
}

Preview LossLimit::table(const QString &title) const
{
    const Loss limit = holdAbove();
    QString text = u"@lost\t@counted\t@holds_above"_s;
    for (const auto &[name, count] : counted.asKeyValueRange()) {
        text += u"\n%1\t%2\t%3"_s.arg(name).arg(count).arg(limit.value(name));
    }
    return {u"table"_s, title, text};
}

void add(Loss &sum, const Loss &more)
{
    for (const auto &[name, count] : more.asKeyValueRange()) {
        sum[name] += count;
    }
}

Loss above(const Loss &loss, const Loss &limit)
{
    Loss more;
    for (const auto &[name, count] : loss.asKeyValueRange()) {
        if (count > limit.value(name)) {
            more.insert(name, count);
        }
    }
    return more;
}

QJsonObject unknownLossToJson(const UnknownLoss &unknown)
{
    QJsonObject json;
    for (const auto &[database, why] : unknown.asKeyValueRange()) {
        json.insert(database, why.toJson());
    }
    return json;
}

UnknownLoss unknownLossFromJson(const QJsonValue &json)
{
    UnknownLoss unknown;
    const QJsonObject object = json.toObject();
    for (auto it = object.begin(); it != object.end(); ++it) {
        unknown.insert(it.key(), Error::fromJson(it->toObject()));
    }
    return unknown;
}

UnknownLoss unknownLoss(const Plan &plan)
{
    return unknownLossFromJson(plan.policy["lossUnknown"_L1]);
}

void setUnknownLoss(Plan &plan, const UnknownLoss &unknown)
{
    if (!unknown.isEmpty()) {
        plan.policy.insert(u"lossUnknown"_s, unknownLossToJson(unknown));
    }
}

QJsonArray unknownLossMessages(const UnknownLoss &unknown)
{
    QJsonArray messages;
    for (const auto &[database, why] : unknown.asKeyValueRange()) {
        messages.append(Message{u"loss.unknown"_s, {{u"database"_s, database}, {u"why"_s, why.toJson()}}}.toJson());
    }
    return messages;
}

Loss lostBy(const Plan &plan, const QList<StepRecord> &steps)
{
    Loss all;
    for (qsizetype i = 0; i < qMin(plan.steps.size(), steps.size()); ++i) {
        // A step that only counts gives up nothing itself.
        if (!plan.steps[i].changesState || !isInEffect(steps[i].state)) {
            continue;
        }
        const Loss lost = lossFromJson(steps[i].results[stepresult::lost]);
        for (const auto &[name, count] : lost.asKeyValueRange()) {
            if (count > 0) {
                all[name] += count;
            }
        }
    }
    return all;
}

} // namespace cutover
