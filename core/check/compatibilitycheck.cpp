// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Whether the new version answers declared requests as clients of the old one expect: the checks before the update write
// down how the old one answers (status, kind of content, shape; values as digests), those after it ask again.

#include "check/checklist.h"
#include "check/httpclient.h"
#include "check/jsonshape.h"
#include "config/headervalue.h"
#include "plan/keyeddigest.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 answerMs = 10000;
constexpr qint64 maxBody = 256 << 10;

bool comparesValues(const CompatibilitySpec &spec)
{
    return !spec.ignore.contains(QString());
}

/// "application/json; charset=utf-8" → "application/json"
QString mediaType(const QByteArray &contentType)
{
    return QString::fromLatin1(contentType.split(';').first().trimmed()).toLower();
}

/// What of an answer is compared. Blocking.
Result<QJsonObject> recordOf(const QString &stateDirectory, const CompatibilitySpec &spec, const HttpReply &reply)
{
    QJsonObject record{{u"status"_s, reply.status}, {u"type"_s, mediaType(reply.contentType)}};
    if (reply.truncated) {
        return fail(u"check.compatibility_large"_s, {{u"url"_s, spec.url}, {u"limit"_s, maxBody}}, spec.url);
    }
    // A single value is a document, too, which QJsonDocument does not read by itself.
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson('[' + reply.body + ']', &error);
    const bool isJson = !reply.body.trimmed().isEmpty() && error.error == QJsonParseError::NoError && document.array().size() == 1;
    if (isJson) {
        TRY(const QJsonObject shape, jsonshape::of(stateDirectory, document.array().first(), comparesValues(spec)));
        record.insert(u"shape"_s, shape);
    } else if (comparesValues(spec)) {
        TRY(const QString digest, keyedDigest(stateDirectory, reply.body));
        record.insert(u"body"_s, digest);
    }
    return record;
}

Async<QJsonObject> ask(QString stateDirectory, CompatibilitySpec spec, std::stop_token stop)
{
    HttpRequest request;
    request.url = spec.url;
    request.method = spec.method.toLatin1();
    request.timeoutMs = answerMs;
    request.maxBody = maxBody;
    CO_TRY(request.headers, resolvedHeaders(spec.headers));
    HttpClient client;
    CO_TRY(const HttpReply reply, co_await client.send(request, stop));
    Worker worker;
    co_return co_await worker.run([&stateDirectory, &spec, &reply] { return recordOf(stateDirectory, spec, reply); });
}

qsizetype membersOf(const QJsonObject &record)
{
    return record["shape"_L1]["members"_L1].toObject().size();
}

QJsonArray differencesOf(const QJsonObject &before, const QJsonObject &now, const QStringList &ignore)
{
    QJsonArray found;
    const auto compare = [&](QLatin1StringView what, const QString &code) {
        if (before[what] != now[what]) {
            found.append(Message{code, {{u"before"_s, before[what]}, {u"after"_s, now[what]}}}.toJson());
        }
    };
    compare("status"_L1, u"check.compatibility_status"_s);
    compare("type"_L1, u"check.compatibility_type"_s);
    if (before.contains("shape"_L1) && !now.contains("shape"_L1)) {
        found.append(Message{u"check.compatibility_no_json"_s, {}}.toJson());
    } else if (before.contains("body"_L1) && before["body"_L1] != now["body"_L1]) {
        found.append(Message{u"check.compatibility_body"_s, {}}.toJson());
    }
    const QJsonArray inside = jsonshape::differences(before["shape"_L1].toObject(), now["shape"_L1].toObject(), ignore);
    if (now.contains("shape"_L1)) {
        for (const auto &one : inside) {
            found.append(QJsonValue(one));
        }
    }
    return found;
}

QCoro::Task<Finding> run(CheckScope scope, CompatibilitySpec spec, QString id, std::stop_token stop)
{
    const auto now = co_await ask(scope.target.stateDirectory, spec, stop);
    if (!now) {
        co_return wrong(now.error());
    }
    QJsonObject args{{u"name"_s, spec.name},
                     {u"url"_s, spec.url},
                     {u"status"_s, (*now)["status"_L1]},
                     {u"type"_s, (*now)["type"_L1]},
                     {u"members"_s, membersOf(*now)}};
    if (const int status = (*now)["status"_L1].toInt(); !scope.afterUpdate && status >= 400) {
        // What does not work may well be what the update is to mend.
        co_return wrong(u"probe.status"_s, {{u"url"_s, spec.url}, {u"status"_s, status}, {u"expected"_s, u"2xx"_s}}, spec.url);
    }
    if (!scope.afterUpdate) {
        Finding finding = passed(u"check.compatibility_recorded"_s, args);
        finding.record = *now;
        co_return finding;
    }
    const QJsonObject before = scope.recorded[id].toObject();
    if (before.isEmpty()) {
        // Asked in vain before, too; so this is not held against the update.
        co_return wrong(u"check.compatibility_unknown"_s, args, spec.url);
    }
    constexpr qsizetype shown = 20;
    const QJsonArray all = differencesOf(before, *now, spec.ignore);
    if (all.isEmpty()) {
        args.insert(u"before"_s, membersOf(before));
        co_return passed(u"check.compatibility_ok"_s, args);
    }
    QJsonArray first;
    for (qsizetype i = 0; i < qMin(shown, all.size()); ++i) {
        first.append(all[i]);
    }
    if (all.size() > shown) {
        first.append(u"…"_s);
    }
    args.insert(u"count"_s, all.size());
    args.insert(u"differences"_s, first);
    co_return wrong(u"check.compatibility_differs"_s, args, spec.url);
}

const CheckKind kind(82, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const CompatibilitySpec &spec : scope.target.check.compatibility) {
        // After a rollback there is nothing to compare with.
        if (!scope.afterUpdate || scope.hasBaseline) {
            const QString id = u"compatibility:"_s + spec.name;
            items.append({id, {u"check.compatibility"_s, {{u"name"_s, spec.name}}}, scope.afterUpdate, [spec, id](CheckScope asked, std::stop_token stop) { return run(std::move(asked), spec, id, stop); }});
        }
    }
    return items;
});

const Catalogue::Registration texts{
    {"check.compatibility", QT_TRANSLATE_NOOP("catalogue", "Compatibility of %{name}")},
    {"check.compatibility_recorded",
     QT_TRANSLATE_NOOP("catalogue", "Answered with status %{status}, %{type}, %{members} %{members|member|members}; to be compared after the update")},
    {"check.compatibility_ok",
     QT_TRANSLATE_NOOP("catalogue", "As before the update: status %{status}, %{type}, all of %{before} %{before|member|members}")},
    {"check.compatibility_differs",
     QT_TRANSLATE_NOOP("catalogue", "%{url} is not answered as before the update, %{count} %{count|difference|differences}: %{differences:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Clients of the old version will trip over it. Bring back what is missing, or release it as a new version of the API.")},
    {"check.compatibility_status", QT_TRANSLATE_NOOP("catalogue", "status %{after}, before %{before}")},
    {"check.compatibility_type", QT_TRANSLATE_NOOP("catalogue", "content type “%{after}”, before “%{before}”")},
    {"check.compatibility_no_json", QT_TRANSLATE_NOOP("catalogue", "no JSON any more")},
    {"check.compatibility_body", QT_TRANSLATE_NOOP("catalogue", "other content")},
    {"check.compatibility_unknown",
     QT_TRANSLATE_NOOP("catalogue", "How the old version answered %{url} could not be written down, so nothing can be compared."),
     QT_TRANSLATE_NOOP("catalogue", "Compare by hand what clients rely on.")},
    {"check.compatibility_large",
     QT_TRANSLATE_NOOP("catalogue", "The answer of %{url} is larger than %{limit:bytes}, so it is not compared."),
     QT_TRANSLATE_NOOP("catalogue", "Declare a request with a smaller answer.")},
};

} // namespace

} // namespace cutover
