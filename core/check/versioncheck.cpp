// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Which version runs: by the release link, and by each instance's own word, which is held against the release (version,
// build, commit) and the target (environment). What an instance does not tell is not asked for, but its version is.

#include "check/checklist.h"
#include "check/httpclient.h"
#include "deploy/colours.h"
#include "release/commitversion.h"
#include "run/journal.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

Async<QJsonObject> askVersion(QString url, std::stop_token stop)
{
    HttpClient client;
    CO_TRY(const HttpReply reply, co_await client.get(url, 5000, 64 << 10, stop));
    if (reply.status != 200) {
        co_return fail(u"probe.status"_s, {{u"url"_s, url}, {u"status"_s, reply.status}, {u"expected"_s, 200}}, url);
    }
    const QJsonObject told = QJsonDocument::fromJson(reply.body).object();
    if (told["version"_L1].toString().isEmpty()) {
        co_return fail(u"check.no_version"_s, {{u"url"_s, url}}, url);
    }
    co_return told;
}

/// The first of the names that is told, as a text: builds are often numbers.
QString textOf(const QJsonObject &told, std::initializer_list<QLatin1StringView> names)
{
    for (const QLatin1StringView name : names) {
        const QJsonValue value = told[name];
        const QString text = value.isDouble() ? QString::number(value.toInteger()) : value.toString();
        if (!text.isEmpty()) {
            return text;
        }
    }
    return {};
}

/// Version → {build, commit}, as the plans of earlier runs say.
QJsonObject journaledIdentities(const QString &stateDirectory)
{
    QJsonObject identities;
    const auto journal = Journal::open(stateDirectory, Journal::Mode::ReadOnly);
    const auto runs = journal ? (*journal)->runs() : Result<QList<RunRecord>>(fail(journal.error()));
    for (const RunRecord &run : runs.value_or(QList<RunRecord>())) {
        for (const StepSpec &step : run.plan.steps) {
            const QString version = step.params["expected"_L1].toString();
            const QJsonObject identity = step.params["identity"_L1].toObject();
            // The newest one counts: a version that was built again replaced the one before.
            if (!identity.isEmpty() && !identities.contains(version)) {
                identities.insert(version, identity);
            }
        }
    }
    return identities;
}

/// What of an instance's answer is not as it should be.
QList<Error> differences(const Target &target, const QString &instance, const QJsonObject &told, const QString &version, const QJsonObject &identity)
{
    const QString environment = target.environment;
    QList<Error> found;
    const auto differs = [&](const QString &code, const QString &what, const QString &expected) {
        found.append(Error{code, {{u"instance"_s, instance}, {u"found"_s, what}, {u"expected"_s, expected}}, Error::Kind::Permanent, instance});
    };
    const QString runs = told["version"_L1].toString();
    if (!version.isEmpty() && !tellsRelease(target, version, told)) {
        differs(u"check.version_instance"_s, runs, version);
    }
    // Of another version its build is another one, too.
    const QString build = textOf(told, {"build"_L1, "build_date"_L1, "buildDate"_L1});
    const QString expectedBuild = identity["build"_L1].toString();
    if (found.isEmpty() && !build.isEmpty() && !expectedBuild.isEmpty() && build != expectedBuild) {
        differs(u"check.version_build"_s, build, expectedBuild);
    }
    const QString commit = commitToldBy(told);
    const QString expectedCommit = identity["commit"_L1].toString();
    const bool other = !found.isEmpty() && found.first().code == "check.version_instance"_L1;
    if (!other && !commit.isEmpty() && !expectedCommit.isEmpty() && !isSameCommit(commit, expectedCommit)) {
        differs(u"check.version_commit"_s, commit, expectedCommit);
    }
    const QString place = textOf(told, {"environment"_L1});
    if (!place.isEmpty() && !environment.isEmpty() && place.compare(environment, Qt::CaseInsensitive) != 0) {
        differs(u"check.version_environment"_s, place, environment);
    }
    return found;
}

/// All of them: whoever puts one right wants to know of the next.
Finding told(const QList<Error> &errors)
{
    if (errors.size() == 1) {
        return wrong(errors.first());
    }
    QJsonArray all;
    // Whole sentences, one after the other.
    QJsonObject sentences;
    for (const Error &error : errors) {
        all.append(error.toJson());
        sentences = sentences.isEmpty() ? error.toJson() : Message{u"check.sentences"_s, {{u"first"_s, sentences}, {u"second"_s, error.toJson()}}}.toJson();
    }
    return wrong(u"check.version_several"_s,
                 {{u"count"_s, errors.size()}, {u"sentences"_s, sentences}, {u"differences"_s, all}, {u"cause"_s, errors.first().toJson()}}, errors.first().where);
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
    Worker worker;
    QJsonObject identities = co_await worker.run([state = scope.target.stateDirectory] { return journaledIdentities(state); });
    for (auto it = scope.identities.constBegin(); it != scope.identities.constEnd(); ++it) {
        identities.insert(it.key(), it.value());
    }

    ServingColours colours;
    followColours(colours, *recorded);
    const QSet<QString> idle = idleInstances(scope.target, colours);
    int asked = 0;
    QStringList others;
    QList<Error> errors;
    QJsonObject first;
    for (const ServiceSpec &service : scope.target.services) {
        if (!service.managed || service.versionUrl.isEmpty()) {
            continue;
        }
        for (const InstanceSpec &instance : service.instances) {
            if (idle.contains(instance.name)) {
                continue;
            }
            // A release that restarts only some services leaves the others at what they run.
            const QString own = scope.expectedReleases.value(instance.name, started.value(instance.name, expected));
            const QString url = service.expand(service.versionUrl, instance, scope.target.releaseDirectory(service, own));
            const auto answer = co_await askVersion(url, stop);
            if (!answer) {
                if (answer.error().kind == Error::Kind::Cancelled) {
                    co_return wrong(answer.error());
                }
                errors.append(answer.error());
                continue;
            }
            const QString version = (*answer)["version"_L1].toString();
            errors += differences(scope.target, instance.name, *answer, own, identities[own].toObject());
            expected = expected.isEmpty() ? version : expected;
            if (!tellsRelease(scope.target, expected, *answer)) {
                others.append(instance.name + u' ' + version);
            } else if (first.isEmpty()) {
                first = *answer;
            }
            ++asked;
        }
    }
    if (!errors.isEmpty()) {
        co_return told(errors);
    }
    // As far as it is told: what is empty leaves no gap in the sentence.
    QJsonArray details;
    for (const auto &[code, text] : {std::pair{u"check.version_is_build"_s, textOf(first, {"build"_L1, "build_date"_L1, "buildDate"_L1})},
                                     {u"check.version_is_commit"_s, commitToldBy(first)},
                                     {u"check.version_is_environment"_s, textOf(first, {"environment"_L1})}}) {
        if (!text.isEmpty()) {
            details.append(Message{code, {{u"text"_s, text}}}.toJson());
        }
    }
    const QJsonObject args{{u"version"_s, expected}, {u"count"_s, asked}, {u"details"_s, details}, {u"others"_s, QJsonArray::fromStringList(others)}};
    co_return passed(!others.isEmpty()       ? u"check.version_ok_partly"_s
                         : details.isEmpty() ? u"check.version_ok"_s
                                             : u"check.version_ok_told"_s,
                     args);
}

const CheckKind kind(10, [](const CheckScope &) {
    return QList<CheckItem>{{u"version"_s, {u"check.version"_s, {}}, true, run}};
});

} // namespace

} // namespace cutover
