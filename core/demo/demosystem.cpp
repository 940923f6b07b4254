// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demosystem.h"

#include "database/sqlite.h"
#include "demo/demofiles.h"
#include "demo/demoreleases.h"
#include "demo/demowindow.h"
#include "deploy/localexchange.h"
#include "deploy/supervisorclient.h"
#include "metrics/watcher.h"
#include "migration/migrationchain.h"
#include "release/repository.h"
#include "run/runlock.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/processes.h"
#include "system/programs.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>

#include <csignal>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const QString Marker = u".cutover-demo"_s;
const QString Installed = u"1.2.0"_s;

struct Plot {
    QString directory;
    DemoOptions options;
    QString program;
    [[nodiscard]] QString path(const QString &name) const { return QString(directory + u'/' + name); }
};

/// An empty folder with our mark, whatever an interrupted creation has left in it.
Result<> clear(const Plot &plot)
{
    CHECK(checkDemoFolder(plot.directory));
    if (QFileInfo::exists(plot.path(Marker))) {
        CHECK(files::removeTree(plot.directory));
    }
    CHECK(files::makePath(plot.directory));
    return files::replace(plot.path(Marker), "This folder holds a Cutover demo and may be removed.\n");
}

/// Keys, packages, index, and the installed release unpacked from its own package.
Result<> makeReleases(const Plot &plot)
{
    const QString secretKey = plot.path(u"keys/release.key"_s);
    const QString publicKey = plot.path(u"keys/release.pub"_s);
    CHECK(files::makePath(plot.path(u"keys"_s)));
    CHECK(package::generateKeys(secretKey, publicKey));
    const QString repository = plot.path(u"repository"_s);
    CHECK(files::makePath(repository));
    TRY(const QList<DemoRelease> releases, demoReleases(plot.options.faultRampSeconds));
    for (const DemoRelease &release : releases) {
        const QString version = release.manifest.version.toString();
        const QString folder = plot.path(u"build/"_s + version);
        CHECK(writeDemoRelease(release, plot.program, folder));
        TRY(const QString file, package::build(folder, repository));
        CHECK(package::sign(file, secretKey, u"trading "_s + version));
        if (version == Installed) {
            CHECK(files::makePath(plot.path(u"releases"_s)));
            CHECK(package::unpack(file, {publicKey}, plot.path(u"releases/"_s + version)));
            CHECK(files::switchLink(plot.path(u"releases/current"_s), version));
        }
    }
    CHECK(Repository::writeIndex(repository, secretKey));
    return files::removeTree(plot.path(u"build"_s));
}

Result<> makeFiles(const Plot &plot)
{
    for (const QString &folder : {u"bin"_s, u"data"_s, u"state"_s, u"backups"_s}) {
        CHECK(files::makePath(plot.path(folder)));
    }
    CHECK(files::copy(plot.program, plot.path(u"bin/cutover-demo-service"_s)));
    return files::replace(plot.path(u".env"_s), demoEnvironment(), files::privateFile);
}

Result<> makeEmptyDatabase(const QString &file)
{
    TRY(sqlite::Connection connection, sqlite::Connection::open(file, sqlite::Connection::Mode::Create));
    TRY(const QVariant mode, connection.value(u"PRAGMA journal_mode=WAL"_s));
    if (mode.toString() != u"wal") {
        return fail(u"demo.no_wal"_s, {{u"file"_s, file}, {u"mode"_s, mode.toString()}}, file);
    }
    return {};
}

/// Last of all: from here on the demo is whole.
Result<> makeTarget(const Plot &plot)
{
    TRY(const DemoPorts ports, pickDemoPorts());
    TRY(const QString socket, localSocketPath(plot.directory, u"haproxy.sock"_s));
    CHECK(files::replace(plot.path(u"haproxy.cfg"_s), demoHaproxyConfiguration(ports, socket, plot.options.balancerRetries)));
    return files::replace(demoTargetFile(plot.directory), demoTarget(ports, socket, plot.directory, plot.options));
}

void tell(const DemoProgress &progress, const QString &code, const QJsonObject &args = {})
{
    if (progress) {
        progress({code, args});
    }
}

/// What an instance shall run: what it ran last, else what "current" names.
Async<QMap<QString, QString>> releaseFolders(Target target)
{
    QMap<QString, QString> folders;
    SupervisorClient client(target);
    CO_TRY(const QList<InstanceState> states, co_await client.states());
    for (const InstanceState &state : states) {
        const QString last = target.releaseDirectory(state.release);
        folders.insert(state.name, !state.release.isEmpty() && QFileInfo(last).isDir() ? last : target.currentLink());
    }
    co_return folders;
}

} // namespace

QString demoTargetFile(const QString &directory)
{
    return QString(directory + u"/target.yaml"_s);
}

bool demoExists(const QString &directory)
{
    return QFileInfo::exists(demoTargetFile(directory));
}

Result<> checkDemoFolder(const QString &directory)
{
    if (demoExists(directory)) {
        return fail(u"demo.exists"_s, {{u"folder"_s, directory}}, directory);
    }
    const bool empty = !QFileInfo::exists(directory) || QDir(directory).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    if (!empty && !QFileInfo::exists(directory + u'/' + Marker)) {
        return fail(u"demo.not_empty"_s, {{u"folder"_s, directory}}, directory);
    }
    return {};
}

Async<> createDemo(QString directory, DemoOptions options, DemoProgress progress)
{
    CO_CHECK(checkDemoFolder(directory));
    Plot plot{QDir(directory).absolutePath(), options, options.program};
    if (plot.program.isEmpty()) {
        CO_TRY(plot.program, programPath(u"cutover-demo-service"_s));
    }
    Worker worker;
    tell(progress, u"demo.making_releases"_s);
    const Result<> made = co_await worker.run([plot]() -> Result<> {
        CHECK(clear(plot));
        CHECK(makeFiles(plot));
        return makeReleases(plot);
    });
    CO_CHECK(made);
    tell(progress, u"demo.making_database"_s, {{u"count"_s, options.orders}});
    DatabaseSpec database;
    database.name = u"trading"_s;
    database.driver = u"sqlite"_s;
    database.file = plot.path(u"data/trading.db"_s);
    const Result<> empty = co_await worker.run([database] { return makeEmptyDatabase(database.file); });
    CO_CHECK(empty);
    CO_TRY(const QList<Migration> migrations, readMigrations(plot.path(u"releases/"_s + Installed + u"/migrations"_s)));
    for (const Migration &migration : migrations) {
        CO_CHECK(co_await upgrade(database, migration, [](qint64, qint64) { }, {}));
    }
    const Result<> filled = co_await worker.run([plot, database]() -> Result<> {
        CHECK(fillDemoDatabase(database.file, plot.options.orders));
        return makeTarget(plot);
    });
    co_return filled;
}

Async<> startDemo(QString directory, DemoProgress progress)
{
    CO_TRY(const Target target, Target::load(demoTargetFile(directory)));
    SupervisorClient client(target);
    CO_CHECK(co_await client.ensureRunning());
    CO_TRY(const auto folders, co_await releaseFolders(target));
    CO_TRY(const QList<InstanceState> states, co_await client.states());
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            const auto state = std::ranges::find(states, instance.name, &InstanceState::name);
            if (state != states.end() && state->pid > 0) {
                continue;
            }
            tell(progress, u"demo.starting"_s, {{u"instance"_s, instance.name}});
            CO_CHECK(co_await client.start(instance.name, folders.value(instance.name)));
        }
        for (const InstanceSpec &instance : service.instances) {
            CO_CHECK(co_await client.waitReady(instance.name));
        }
    }
    co_return Result<>();
}

namespace {

/// TERM, then KILL; done when it is gone. A runner is made to be killed.
Async<> endProcess(qint64 pid, quint64 startTime)
{
    constexpr int patience = 50;
    for (int i = 0; processStartTime(pid) == startTime && i < 2 * patience; ++i) {
        ::kill(pid_t(pid), i < patience ? SIGTERM : SIGKILL);
        CO_CHECK(co_await Clock::system().sleep(100));
    }
    co_return {};
}

} // namespace

Target demoTarget(const QString &directory)
{
    const QString file = demoTargetFile(directory);
    if (auto target = Target::load(file)) {
        return std::move(*target);
    }
    Target target;
    target.path = file;
    target.stateDirectory = directory + u"/state"_s;
    return target;
}

Async<> stopDemo(QString directory)
{
    const Target target = demoTarget(directory);
    // A run first: it would hold for want of services. It is resumed when the demo is started again.
    if (const auto owner = RunLock::owner(target.stateDirectory); owner && *owner && (*owner)->lives()) {
        CO_CHECK(co_await endProcess((*owner)->pid, (*owner)->startTime));
    }
    SupervisorClient client(target);
    CO_CHECK(co_await client.shutdown());
    CO_CHECK(unmarkDemoWindow(target.stateDirectory));
    // Last, as a console that looks on starts another one while there is anything to watch.
    co_return co_await stopWatcher(target);
}

Async<> resetDemo(QString directory, DemoOptions options, DemoProgress progress)
{
    if (demoExists(directory)) {
        if (!QFileInfo::exists(QString(directory + u'/' + Marker))) {
            co_return fail(u"demo.not_empty"_s, {{u"folder"_s, directory}}, directory);
        }
        CO_CHECK(co_await stopDemo(directory));
        // First of all, so that an interrupted reset is not taken for a whole demo.
        CO_CHECK(files::remove(demoTargetFile(directory)));
    }
    co_return co_await createDemo(directory, options, progress);
}

} // namespace cutover
