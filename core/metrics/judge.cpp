// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "metrics/judge.h"

#include <QDateTime>
#include <QTimeZone>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const std::pair<Verdict::Kind, QLatin1StringView> kindNames[]{
    {Verdict::Kind::Pending, "pending"_L1},
    {Verdict::Kind::Good, "good"_L1},
    {Verdict::Kind::Bad, "bad"_L1},
    {Verdict::Kind::NotEnoughData, "notEnoughData"_L1},
};

/// Between two scrapes, when an instance lets us wait (as the watcher does).
qint64 longestScrape(const WatchSpec &policy)
{
    return qMax(qint64(500), policy.scrapeIntervalMs);
}

} // namespace

QJsonObject Verdict::toJson() const
{
    QString name;
    for (const auto &[value, text] : kindNames) {
        if (value == kind) {
            name = text;
        }
    }
    return {
        {u"kind"_s, name},
        {u"sentence"_s, sentence.toJson()},
        {u"value"_s, value},
        {u"limit"_s, limit},
        {u"samples"_s, samples},
        {u"baseline"_s, baseline},
        {u"token"_s, token},
        {u"watchedMs"_s, watchedMs},
        {u"time"_s, time},
        {u"bootTime"_s, bootTime},
    };
}

Verdict Verdict::fromJson(const QJsonObject &json)
{
    Verdict verdict;
    const QString kind = json[u"kind"_s].toString();
    for (const auto &[value, text] : kindNames) {
        if (text == kind) {
            verdict.kind = value;
        }
    }
    verdict.sentence = Message::fromJson(json[u"sentence"_s].toObject());
    verdict.value = json[u"value"_s].toDouble();
    verdict.limit = json[u"limit"_s].toDouble();
    verdict.samples = json[u"samples"_s].toInteger();
    verdict.baseline = json[u"baseline"_s].toDouble(-1);
    verdict.token = json[u"token"_s].toString();
    verdict.watchedMs = json[u"watchedMs"_s].toInteger();
    verdict.time = json[u"time"_s].toInteger();
    verdict.bootTime = json[u"bootTime"_s].toInteger();
    return verdict;
}

Judge::Judge(const WatchRequest &request, const Verdict &earlier)
    : m_request(request)
    , m_from(request.sinceBoot)
{
    if (earlier.token == request.token) {
        m_verdict = earlier;
    }
    m_verdict.token = request.token;
    m_verdict.limit = request.policy.maxErrorProportion;
    m_verdict.baseline = request.baseline;
}

/// A slow machine may miss a few scrapes, whatever the window.
qint64 Judge::silenceLimit() const
{
    const WatchSpec &policy = m_request.policy;
    return qMax(qMin(policy.windowMs, policy.durationMs), 5 * longestScrape(policy));
}

/// Time in which nobody asked is no silence.
void Judge::listen(const MetricWindow &window, qint64 now)
{
    const qint64 pause = m_last < 0 ? 0 : qBound(qint64(0), now - m_last, 3 * longestScrape(m_request.policy));
    for (const QString &instance : std::as_const(m_request.instances)) {
        if (window.lastScrape(instance) > m_last) {
            m_silence.remove(instance);
        } else {
            m_silence[instance] += pause;
        }
    }
}

const Verdict &Judge::evaluate(const MetricWindow &window, qint64 now, qint64 time)
{
    const WatchSpec &policy = m_request.policy;
    m_verdict.time = time;
    m_verdict.bootTime = now;
    if (m_verdict.kind != Verdict::Kind::Pending) {
        return m_verdict;
    }
    listen(window, now);
    // A long pause between two looks is no watching, and neither is what was before the first.
    m_verdict.watchedMs += m_last < 0 ? 0 : qBound(qint64(0), now - m_last, policy.scrapeIntervalMs * 3);
    m_last = now;

    const auto counts = window.counts(qMax(m_from, now - policy.windowMs), now, m_request.only);
    const auto proportion = counts.errorProportion();
    m_verdict.samples = std::llround(counts.requests);
    m_verdict.value = proportion.value_or(0);
    const bool enough = proportion && m_verdict.samples >= policy.minimumSamples;
    if (enough) {
        m_breaches = *proportion > policy.maxErrorProportion ? m_breaches + 1 : 0;
    }
    QJsonObject args{
        {u"metric"_s, policy.errorsCounter},
        {u"value"_s, m_verdict.value},
        {u"limit"_s, m_verdict.limit},
        {u"samples"_s, m_verdict.samples},
        {u"window"_s, policy.windowMs},
        {u"watched"_s, m_verdict.watchedMs},
        {u"minimum"_s, policy.minimumSamples},
        {u"breaches"_s, m_breaches},
    };
    const auto quietest = std::ranges::max_element(m_silence);
    const qint64 silence = quietest == m_silence.end() ? 0 : *quietest;
    const bool silent = silence >= silenceLimit();
    if (silence > 0) {
        args.insert(u"instance"_s, quietest.key());
        args.insert(u"silence"_s, silence);
        args.insert(u"silentSince"_s, QDateTime::fromMSecsSinceEpoch(time - silence, QTimeZone::UTC).toString(Qt::ISODate));
    }
    const bool over = m_verdict.watchedMs >= policy.durationMs;
    if (m_verdict.baseline >= 0) {
        args.insert(u"baseline"_s, m_verdict.baseline);
    }
    if (m_breaches > 0 && m_breaches >= policy.consecutiveBreaches) {
        m_verdict.kind = Verdict::Kind::Bad;
        m_verdict.sentence = {m_verdict.baseline >= 0 ? u"watch.errors_too_high_since"_s : u"watch.errors_too_high"_s, args};
    } else if (silent && (over || policy.noData != WatchSpec::NoData::Proceed)) {
        m_verdict.kind = Verdict::Kind::NotEnoughData;
        m_verdict.sentence = {u"watch.instance_silent"_s, args};
    } else if (!over || (silence > 0 && (silence > 2 * longestScrape(policy) || m_verdict.watchedMs < policy.durationMs + silenceLimit())) || (m_breaches > 0 && (enough || m_verdict.watchedMs < policy.durationMs + policy.windowMs))) {
        // A breach or a silence not yet confirmed keeps the watch open past its end, but not without traffic.
        const QString soFar = enough ? u"watch.so_far"_s : u"watch.little_so_far"_s;
        m_verdict.sentence = {silence > 2 * longestScrape(policy) ? u"watch.silent_so_far"_s : soFar, args};
    } else if (enough) {
        m_verdict.kind = Verdict::Kind::Good;
        m_verdict.sentence = {u"watch.good"_s, args};
    } else {
        m_verdict.kind = Verdict::Kind::NotEnoughData;
        m_verdict.sentence = {u"watch.not_enough_data"_s, args};
    }
    return m_verdict;
}

} // namespace cutover
