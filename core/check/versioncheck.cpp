// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Which version runs: by the release link, by each instance's own word, and as expected.

#include "check/checklist.h"
#include "check/httpclient.h"
#include "system/files.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Async<QString> versionOf(QString url, std::stop_token stop)
{
    HttpClient client;
    CO_TRY(const HttpReply reply, co_await client.get(url, 5000, 64 << 10, stop));
    const QString version = QJsonDocument::fromJson(reply.body).object()[u"version"_s].toString();
    if (reply.status != 200) {
        co_return fail(u"probe.status"_s, {{u"url"_s, url}, {u"status"_s, reply.status}, {u"expected"_s, 200}}, url);
    }
    if (version.isEmpty()) {
        co_return fail(u"check.no_version"_s, {{u"url"_s, url}}, url);
    }
    co_return version;
}

QCoro::Task<Finding> run(CheckScope scope, std::stop_token stop)
{
    QString expected = scope.expectedVersion;
    if (const QString link = scope.target.currentLink(); QFileInfo(link).isSymLink()) {
        const auto to = files::readLink(link);
        if (!to) {
            co_return wrong(to.error());
        }
        const QString linked = QFileInfo(*to).fileName();
        if (!expected.isEmpty() && linked != expected) {
            co_return wrong(u"check.version_link"_s, {{u"link"_s, link}, {u"expected"_s, expected}, {u"found"_s, linked}}, link);
        }
        expected = linked;
    } else if (!expected.isEmpty()) {
        co_return wrong(u"check.no_release_link"_s, {{u"link"_s, link}}, link);
    }
    const auto recorded = co_await FactSource::collectFrom(instanceFactSource(), scope.target);
    if (!recorded) {
        co_return wrong(recorded.error());
    }
    const InstanceReleases started = runningReleases(*recorded);
    int asked = 0;
    QStringList others;
    for (const ServiceSpec &service : scope.target.services) {
        if (!service.managed || service.versionUrl.isEmpty()) {
            continue;
        }
        for (const InstanceSpec &instance : service.instances) {
            // A release that restarts only some services leaves the others at what they run.
            const QString own = scope.expectedReleases.value(instance.name, started.value(instance.name, expected));
            const auto found = co_await versionOf(service.expand(service.versionUrl, instance, scope.target.releaseDirectory(own)), stop);
            if (!found) {
                co_return wrong(found.error());
            }
            if (!own.isEmpty() && *found != own) {
                co_return wrong(u"check.version_instance"_s,
                                {{u"instance"_s, instance.name}, {u"expected"_s, own}, {u"found"_s, *found}}, instance.name);
            }
            expected = expected.isEmpty() ? *found : expected;
            if (*found != expected) {
                others.append(instance.name + u' ' + *found);
            }
            ++asked;
        }
    }
    const QJsonObject args{{u"version"_s, expected}, {u"count"_s, asked}, {u"others"_s, QJsonArray::fromStringList(others)}};
    co_return passed(others.isEmpty() ? u"check.version_ok"_s : u"check.version_ok_partly"_s, args);
}

const CheckKind kind(10, [](const CheckScope &) {
    return QList<CheckItem>{{u"version"_s, {u"check.version"_s, {}}, true, run}};
});

} // namespace

} // namespace cutover
