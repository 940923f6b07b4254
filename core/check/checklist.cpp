// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "check/checklist.h"

#include "system/clock.h"

#include <QJsonArray>
#include <QMap>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

// Made at first use: registrations are file-scope objects of any order.
QMultiMap<int, CheckKind::Items> &kinds()
{
    static QMultiMap<int, CheckKind::Items> instance;
    return instance;
}

const std::pair<CheckResult::Status, QLatin1StringView> statusNames[]{
    {CheckResult::Status::Waiting, "waiting"_L1},
    {CheckResult::Status::Running, "running"_L1},
    {CheckResult::Status::Passed, "passed"_L1},
    {CheckResult::Status::Warning, "warning"_L1},
    {CheckResult::Status::Failed, "failed"_L1},
};

} // namespace

QJsonObject CheckResult::toJson() const
{
    QString name;
    for (const auto &[value, text] : statusNames) {
        if (value == status) {
            name = text;
        }
    }
    QJsonObject json{
        {u"id"_s, id},
        {u"status"_s, name},
        {u"title"_s, title.toJson()},
        {u"finding"_s, finding.toJson()},
        {u"durationMs"_s, durationMs},
    };
    if (!error.code.isEmpty()) {
        json.insert(u"error"_s, error.toJson());
    }
    if (!record.isEmpty()) {
        json.insert(u"record"_s, record);
    }
    if (!proves.isEmpty()) {
        json.insert(u"proves"_s, QJsonArray::fromStringList(proves));
    }
    if (mayBeKnown) {
        json.insert(u"mayBeKnown"_s, true);
    }
    return json;
}

CheckResult CheckResult::fromJson(const QJsonObject &json)
{
    CheckResult result;
    result.id = json[u"id"_s].toString();
    const QString name = json[u"status"_s].toString();
    for (const auto &[value, text] : statusNames) {
        if (text == name) {
            result.status = value;
        }
    }
    result.title = Message::fromJson(json[u"title"_s].toObject());
    result.finding = Message::fromJson(json[u"finding"_s].toObject());
    result.error = Error::fromJson(json[u"error"_s].toObject());
    result.durationMs = json[u"durationMs"_s].toInteger();
    result.record = json[u"record"_s].toObject();
    const QJsonArray proves = json[u"proves"_s].toArray();
    for (const auto &word : proves) {
        result.proves.append(word.toString());
    }
    result.mayBeKnown = json[u"mayBeKnown"_s].toBool();
    return result;
}

CheckKind::CheckKind(int order, Items items)
{
    kinds().insert(order, items);
}

QList<CheckItem> CheckKind::all(const CheckScope &scope)
{
    QList<CheckItem> items;
    for (const Items kind : std::as_const(kinds())) {
        items.append(kind(scope));
    }
    return items;
}

Async<QList<CheckResult>> runCheckList(CheckScope scope, CheckSink sink, std::stop_token stop)
{
    QList<CheckItem> items = CheckKind::all(scope);
    if (!scope.only.isEmpty()) {
        items.removeIf([&scope](const CheckItem &item) { return !scope.only.contains(item.id); });
    }
    QList<CheckResult> results;
    for (const CheckItem &item : std::as_const(items)) {
        CheckResult result;
        result.id = item.id;
        result.title = item.title;
        result.proves = item.proves;
        result.mayBeKnown = item.mayBeKnown;
        results.append(result);
        if (sink) {
            sink(result);
        }
    }
    for (qsizetype i = 0; i < items.size(); ++i) {
        if (stop.stop_requested()) {
            co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        CheckResult &result = results[i];
        result.status = CheckResult::Status::Running;
        if (sink) {
            sink(result);
            scope.tell = [&sink, &result](const Message &waiting) {
                result.finding = waiting;
                sink(result);
            };
        }
        const qint64 begin = Clock::system().monotonic();
        const Finding finding = co_await items[i].run(scope, stop);
        if (finding.error.kind == Error::Kind::Cancelled) {
            co_return fail(finding.error);
        }
        result.durationMs = Clock::system().monotonic() - begin;
        result.finding = finding.text;
        result.error = finding.error;
        result.record = finding.record;
        result.status = finding.error.code.isEmpty() ? CheckResult::Status::Passed
            : items[i].required && !finding.mild     ? CheckResult::Status::Failed
                                                     : CheckResult::Status::Warning;
        // Of what was well before the update only a system that is not ours can be known to be away.
        if (result.status == CheckResult::Status::Failed && result.mayBeKnown && (!scope.hasBaseline || wantsHold(finding.error)) && scope.breakGlass.gates.contains(gateOfCheck(result.id))) {
            result.status = CheckResult::Status::Warning;
            result.error = {u"check.known_before"_s, {{u"cause"_s, finding.error.toJson()}, {u"reason"_s, scope.breakGlass.reason}}, Error::Kind::Permanent, finding.error.where};
            result.finding = {result.error.code, result.error.args};
        }
        if (sink) {
            sink(result);
        }
    }
    co_return results;
}

Async<QList<CheckResult>> runChecks(Target target, std::optional<ReleaseInfo> to, QString expectedVersion, CheckSink sink, std::stop_token stop)
{
    CheckScope scope;
    scope.target = std::move(target);
    scope.expectedVersion = std::move(expectedVersion);
    if (to) {
        // The index doesn't say how large it gets; executables rarely compress better than this.
        scope.releaseDigests = {to->sha256 + u' ' + to->manifest.version.toString()};
        scope.packageSize = to->size;
        scope.unpackedSize = 4 * to->size;
    }
    co_return co_await runCheckList(std::move(scope), std::move(sink), stop);
}

} // namespace cutover
