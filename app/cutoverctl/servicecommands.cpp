// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"
#include "interruptible.h"
#include "session.h"

#include "backup/backupplan.h"
#include "backup/restorepoints.h"
#include "deploy/composeimages.h"
#include "deploy/composevolumes.h"
#include "deploy/servicelogs.h"
#include "deploy/servicerestart.h"
#include "plan/instancefacts.h"
#include "release/semver.h"
#include "run/journal.h"
#include "run/runlock.h"
#include "run/states.h"
#include "system/programs.h"

#include <QCoroTask>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>

#include <csignal>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.prune_not_production", QT_TRANSLATE_NOOP("catalogue", "Only a production target's images are removed: “%{target}” is %{environment}, and another target of this Docker may need them for its restore points."),
     QT_TRANSLATE_NOOP("catalogue", "Look with --dry-run, and remove by Docker what nobody needs.")},
}};

Result<int> showLogs(const Arguments &arguments)
{
    LogRequest request;
    request.lines = -1;
    if (arguments.value(u"lines"_s) != u"all") {
        TRY(request.lines, arguments.number(u"lines"_s, 100, 0, 1000000000));
    }
    if (arguments.has(u"since"_s)) {
        TRY(const qint64 age, durationArgument(arguments.value(u"since"_s)));
        request.since = QDateTime::currentDateTimeUtc().addMSecs(-age);
    }
    request.follow = arguments.has(u"follow"_s);
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));

    QJsonArray told;
    std::stop_source stop;
    const Interruptible interruptible([&stop] { stop.request_stop(); });
    const auto read = QCoro::waitFor(serviceLogs(target, arguments.positional(0), request, [&told, &request](const QString &instance, const QString &line) {
        const QJsonObject json{{u"instance"_s, instance}, {u"line"_s, line}};
        if (!request.follow) {
            told.append(json);
        } else if (jsonMode()) {
            sayJson(json); // One object a line: nobody knows when it ends.
        }
        say(instance.isEmpty() ? line : QString(instance + u"  "_s + line)); }, stop.get_token()));
    if (!read && !stop.stop_requested()) {
        return fail(read.error());
    }
    if (!request.follow) {
        sayJson({{u"lines"_s, told}});
    }
    return ExitOk;
}

Result<> checkNoRun(Journal &journal)
{
    TRY(const auto active, journal.activeRun());
    return active ? fail(u"journal.run_active"_s, {{u"run"_s, active->id}, {u"state"_s, stateName(active->state)}}) : Result<>();
}

Result<int> restart(const Arguments &arguments)
{
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    const QString instance = arguments.value(u"instance"_s);
    TRY(RestartChoice choice, QCoro::waitFor(chooseRestart(target, arguments.positional(0), instance)));
    if (arguments.has(u"dry-run"_s)) {
        for (const QString &name : std::as_const(choice.instances)) {
            say(Cli::tr("%1 would be restarted from %2.").arg(name, choice.releases[name]));
        }
        sayJson({{u"service"_s, choice.service}, {u"instances"_s, QJsonArray::fromStringList(choice.instances)}, {u"restarted"_s, false}});
        return ExitOk;
    }
    CHECK(confirmInProduction(arguments, target, u"service restart"_s));
    // A copy of another system's file must not reach that system.
    CHECK(pinIdentity(target));
    TRY(const auto journal, Journal::open(target.stateDirectory));
    CHECK(checkNoRun(*journal));
    TRY(const auto lock, QCoro::waitFor(RunLock::acquire(target.stateDirectory, {}, {.endLeftovers = false})));
    // One may have begun, and ended, meanwhile.
    CHECK(checkNoRun(*journal));
    TRY(choice, QCoro::waitFor(chooseRestart(target, arguments.positional(0), instance)));
    const QJsonArray names = QJsonArray::fromStringList(choice.instances);
    CHECK(journal->audit(whoAmI(), u"restart.begun"_s, {{u"service"_s, choice.service}, {u"instances"_s, names}}));
    std::stop_source stop;
    // None of them may leave behind what is stopped: it is started again before this ends.
    const Interruptible interruptible([&stop] { stop.request_stop(); }, {SIGHUP, SIGTERM});
    const RestartTools tools{.lock = lock->descriptor(), .told = [](const Message &doing) { say(doing.text()); }, .line = [](const QString &source, const QString &line) { say(QString(source + u"  "_s + line)); }};
    const auto restarted = QCoro::waitFor(restartService(target, choice, tools, stop.get_token()));
    if (!restarted) {
        CHECK(journal->audit(whoAmI(), u"restart.failed"_s, {{u"service"_s, choice.service}, {u"error"_s, restarted.error().toJson()}}));
        return fail(restarted.error());
    }
    sayJson({{u"service"_s, choice.service}, {u"instances"_s, names}, {u"restarted"_s, true}});
    return ExitOk;
}

/// Releases that run, are installed, or belong to a restore point.
Async<QStringList> neededVersions(Target target)
{
    CO_TRY(const Facts facts, co_await FactSource::collect(target));
    CO_TRY(const QList<RestorePoint> points, co_await readRestorePoints(target.stateDirectory));
    QStringList versions = versionsOf(points) + runningReleases(facts).values();
    versions.append(facts[u"release.current"_s].toString());
    const InstanceLook look = co_await lookAtInstances(target);
    if (!look.problem.code.isEmpty()) {
        co_return fail(look.problem);
    }
    for (const InstanceState &state : look.states) {
        versions.append(state.release);
    }
    versions.removeDuplicates();
    versions.removeAll(QString());
    co_return versions;
}

/// While it lives no run begins, and so none brings or starts anything.
struct Between {
    std::unique_ptr<RunLock> lock;
    std::unique_ptr<Journal> journal;
    RuntimeTools tools;
};

Result<Between> betweenRuns(const Target &target)
{
    Between between;
    TRY(between.lock, QCoro::waitFor(RunLock::acquire(target.stateDirectory, {}, {.endLeftovers = false})));
    TRY(between.journal, Journal::open(target.stateDirectory));
    // One that is held needs both its releases.
    CHECK(checkNoRun(*between.journal));
    between.tools.inherit.append(between.lock->descriptor());
    return between;
}

/// What became of each, or would.
void sayPruned(const QStringList &names, const QStringList &removed, bool dry)
{
    for (const QString &name : names) {
        say(dry ? Cli::tr("%1 would be removed.").arg(name) : removed.contains(name) ? Cli::tr("%1 was removed.").arg(name)
                                                                                     : Cli::tr("%1 is in use after all.").arg(name));
    }
}

Result<int> pruneImages(const Arguments &arguments)
{
    TRY(const int keep, arguments.number(u"keep"_s, 3, 0, 1000000));
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    const bool dry = arguments.has(u"dry-run"_s);
    Between between;
    if (!dry) {
        if (!target.isProduction()) {
            return fail(u"cli.prune_not_production"_s, {{u"target"_s, target.name}, {u"environment"_s, target.environment}}, target.path);
        }
        CHECK(confirmInProduction(arguments, target, u"image prune"_s));
        TRY(between, betweenRuns(target));
    }
    TRY(const QStringList versions, QCoro::waitFor(neededVersions(target)));
    TRY(const QStringList images, QCoro::waitFor(leftoverImages(target, versions, keep)));
    TRY(const UnusedVolumes volumes, QCoro::waitFor(unusedVolumes(target, versions)));
    QStringList removed;
    if (!dry && !images.isEmpty()) {
        CHECK(between.journal->audit(whoAmI(), u"images.pruned"_s, {{u"images"_s, QJsonArray::fromStringList(images)}}));
        TRY(removed, QCoro::waitFor(removeComposeImages(target, images, between.tools)));
    }
    sayPruned(images, removed, dry);
    if (images.isEmpty()) {
        say(Cli::tr("No image is left over."));
    }
    const QStringList unused = volumes.leftover + volumes.others;
    for (const QString &volume : unused) {
        say(volumes.leftover.contains(volume) ? Cli::tr("The volume %1 is in no container; 'cutoverctl volume prune' removes it.").arg(volume)
                                              : Cli::tr("The volume %1 is in no container. It may hold data: Cutover does not remove it.").arg(volume));
    }
    sayJson({{u"images"_s, QJsonArray::fromStringList(images)},
             {u"removed"_s, QJsonArray::fromStringList(removed)},
             {u"volumes"_s, QJsonArray::fromStringList(unused)}});
    return ExitOk;
}

/// Of every release that lies in the folder of releases, whoever needs it.
QStringList placedVersions(const Target &target)
{
    QStringList versions = QDir(target.releasesDirectory).entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::NoSymLinks);
    versions.removeIf([&target](const QString &name) {
        return !Version::parse(name) || !QFileInfo::exists(target.releaseDirectory(name) + u'/' + target.compose.files.value(0));
    });
    return versions;
}

Result<int> pruneVolumes(const Arguments &arguments)
{
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    const bool dry = arguments.has(u"dry-run"_s);
    Between between;
    if (!dry) {
        CHECK(confirmInProduction(arguments, target, u"volume prune"_s));
        TRY(between, betweenRuns(target));
    }
    TRY(const QStringList needed, QCoro::waitFor(neededVersions(target)));
    TRY(const UnusedVolumes volumes, QCoro::waitFor(unusedVolumes(target, needed + placedVersions(target))));
    QStringList removed;
    if (!dry && !volumes.leftover.isEmpty()) {
        CHECK(between.journal->audit(whoAmI(), u"volumes.pruned"_s, {{u"volumes"_s, QJsonArray::fromStringList(volumes.leftover)}}));
        TRY(removed, QCoro::waitFor(removeVolumes(target, volumes.leftover, between.tools)));
    }
    sayPruned(volumes.leftover, removed, dry);
    if (volumes.leftover.isEmpty()) {
        say(Cli::tr("No volume may be removed."));
    }
    for (const QString &volume : volumes.others) {
        say(Cli::tr("%1 stays: “compose.prune_volumes” does not name it, or a release declares it.").arg(volume));
    }
    sayJson({{u"volumes"_s, QJsonArray::fromStringList(volumes.leftover)},
             {u"removed"_s, QJsonArray::fromStringList(removed)},
             {u"others"_s, QJsonArray::fromStringList(volumes.others)}});
    return ExitOk;
}

} // namespace

QList<Command> serviceCommands()
{
    return {
        {{u"service logs"_s, u"SERVICE"_s, 1, 1, {u"lines"_s, u"since"_s}, {u"follow"_s}, QT_TRANSLATE_NOOP("cutoverctl", "what a service or an instance wrote, secrets hidden")},
         run<showLogs>},
        {{u"service restart"_s, u"SERVICE"_s, 1, 1, {u"instance"_s, u"confirm"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "restart its instances outside of an update, one after the other while the others serve")},
         run<restart>},
        {{u"image prune"_s, {}, 0, 0, {u"keep"_s, u"confirm"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "remove Docker images that no release needs; unused volumes are only listed")},
         run<pruneImages>},
        {{u"volume prune"_s, {}, 0, 0, {u"confirm"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "remove Docker volumes that prune_volumes names and no release declares, with what is in them")},
         run<pruneVolumes>},
    };
}

} // namespace cutover
