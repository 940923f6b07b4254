// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/watchrequest.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const std::pair<WatchSpec::NoData, QLatin1StringView> noDataNames[]{
    {WatchSpec::NoData::Hold, "hold"_L1},
    {WatchSpec::NoData::Proceed, "proceed"_L1},
    {WatchSpec::NoData::Rollback, "rollback"_L1},
};

} // namespace

QJsonObject watchPolicyToJson(const WatchSpec &policy)
{
    QString noData;
    for (const auto &[value, name] : noDataNames) {
        if (value == policy.noData) {
            noData = name;
        }
    }
    return {
        {u"requestsCounter"_s, policy.requestsCounter},
        {u"errorsCounter"_s, policy.errorsCounter},
        {u"maxErrorProportion"_s, policy.maxErrorProportion},
        {u"windowMs"_s, policy.windowMs},
        {u"durationMs"_s, policy.durationMs},
        {u"scrapeIntervalMs"_s, policy.scrapeIntervalMs},
        {u"minimumSamples"_s, policy.minimumSamples},
        {u"consecutiveBreaches"_s, policy.consecutiveBreaches},
        {u"noData"_s, noData},
        {u"automaticRollback"_s, policy.automaticRollback},
    };
}

WatchSpec watchPolicyFromJson(const QJsonObject &json)
{
    WatchSpec policy;
    policy.requestsCounter = json[u"requestsCounter"_s].toString(policy.requestsCounter);
    policy.errorsCounter = json[u"errorsCounter"_s].toString(policy.errorsCounter);
    policy.maxErrorProportion = json[u"maxErrorProportion"_s].toDouble(policy.maxErrorProportion);
    policy.windowMs = json[u"windowMs"_s].toInteger(policy.windowMs);
    policy.durationMs = json[u"durationMs"_s].toInteger(policy.durationMs);
    policy.scrapeIntervalMs = json[u"scrapeIntervalMs"_s].toInteger(policy.scrapeIntervalMs);
    policy.minimumSamples = json[u"minimumSamples"_s].toInt(policy.minimumSamples);
    policy.consecutiveBreaches = json[u"consecutiveBreaches"_s].toInt(policy.consecutiveBreaches);
    const QString noData = json[u"noData"_s].toString();
    for (const auto &[value, name] : noDataNames) {
        if (name == noData) {
            policy.noData = value;
        }
    }
    policy.automaticRollback = json[u"automaticRollback"_s].toBool(policy.automaticRollback);
    return policy;
}

QJsonObject WatchRequest::toJson() const
{
    return {
        {u"run"_s, run},
        {u"token"_s, token},
        {u"since"_s, since},
        {u"bootId"_s, bootId},
        {u"sinceBoot"_s, sinceBoot},
        {u"baseline"_s, baseline},
        {u"policy"_s, watchPolicyToJson(policy)},
        {u"instances"_s, QJsonArray::fromStringList(instances)},
        {u"only"_s, QJsonArray::fromStringList(only)},
    };
}

WatchRequest WatchRequest::fromJson(const QJsonObject &json)
{
    return {json[u"run"_s].toString(),
            json[u"token"_s].toString(),
            json[u"since"_s].toInteger(),
            json[u"sinceBoot"_s].toInteger(),
            json[u"bootId"_s].toString(),
            json[u"baseline"_s].toDouble(-1),
            watchPolicyFromJson(json[u"policy"_s].toObject()),
            json[u"instances"_s].toVariant().toStringList(),
            json[u"only"_s].toVariant().toStringList()};
}

QString WatchRequest::path(const QString &stateDirectory, const QString &run)
{
    return folder(stateDirectory) + u'/' + run + u".request.json"_s;
}

QString WatchRequest::verdictPath(const QString &stateDirectory, const QString &run)
{
    return folder(stateDirectory) + u'/' + run + u".json"_s;
}

} // namespace cutover
