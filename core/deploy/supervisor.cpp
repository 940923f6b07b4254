// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/supervisor.h"

#include "check/probe.h"
#include "config/targetmask.h"
#include "deploy/localexchange.h"
#include "deploy/portholder.h"
#include "deploy/serviceprocess.h"
#include "deploy/supervisorclient.h"
#include "run/runnerkeeper.h"
#include "system/awaitable.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLocalServer>
#include <QLocalSocket>
#include <QPointer>
#include <QStandardPaths>
#include <QTextStream>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <optional>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 LogLimit = 4LL << 20; ///< At a start; the old log becomes ".1".
constexpr qint64 RunningLogLimit = 32LL << 20; ///< While it runs.
constexpr qint64 FirstBackOffMs = 250;
constexpr qint64 LongestBackOffMs = 30000;
constexpr qint64 StableMs = 60000; ///< Having run for so long, a death starts the back-off anew.
constexpr qint64 ReadyProbeMs = 2000; ///< Between probes of a ready instance.
constexpr qint64 TailBytes = 64 << 10; ///< Looked through for a service's last lines.
constexpr qsizetype LongestLine = 1000;
const QString Mark = u"CUTOVER_SUPERVISED"_s; ///< STATE|INSTANCE|FOLDER in a service's environment.

QString statePath(const QString &stateDirectory)
{
    return stateDirectory + u"/supervisor/state.json"_s;
}

Result<QJsonObject> readState(const QString &stateDirectory)
{
    const QString path = statePath(stateDirectory);
    if (!QFileInfo::exists(path)) {
        return QJsonObject();
    }
    TRY(const QByteArray bytes, files::read(path));
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(bytes, &error);
    if (!document.isObject()) {
        return fail(u"supervisor.bad_state"_s, {{u"file"_s, path}, {u"reason"_s, error.errorString()}}, path);
    }
    return document.object();
}

/// What a service gets of its environment file: the values as they are previewed and written by us.
Result<QMap<QString, QString>> environmentOf(const QString &file)
{
    TRY(const QByteArray content, files::read(file));
    TRY(const EnvFile parsed, EnvFile::parse(content, file));
    QMap<QString, QString> result;
    for (const EnvFile::Entry &entry : parsed.entries()) {
        if (!entry.key.isEmpty()) {
            result.insert(entry.key, entry.value);
        }
    }
    return result;
}

/// The last lines of a service's log, its secrets hidden.
QStringList lastLines(const QString &logFile, TargetMask &mask)
{
    QFile file(logFile);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const bool cut = file.size() > TailBytes;
    file.seek(qMax<qint64>(0, file.size() - TailBytes));
    QByteArray tail = file.readAll();
    if (cut) {
        // Of a line without its beginning nobody can tell what it assigns.
        tail = tail.sliced(tail.indexOf('\n') + 1);
    }
    const QStringList lines = QString::fromUtf8(tail).split(u'\n', Qt::SkipEmptyParts);
    QStringList result;
    for (const QString &line : lines.sliced(qMax<qsizetype>(0, lines.size() - 5))) {
        result.append(mask.masked(line).left(LongestLine));
    }
    return result;
}

/// Processes of this user with our mark, by instance. Found by their environment, for the moment
/// between a process's start and the writing of its pid.
QMap<QString, QPair<qint64, QString>> markedProcesses(const QString &stateDirectory)
{
    QMap<QString, QPair<qint64, QString>> result;
    const QByteArray wanted = QString(Mark + u'=' + stateDirectory + u'|').toLocal8Bit();
    const QStringList pids = QDir(u"/proc"_s).entryList({u"[0-9]*"_s}, QDir::Dirs);
    for (const QString &pid : pids) {
        QFile file(u"/proc/"_s + pid + u"/environ"_s);
        // Children of a service carry the mark too; the service leads its session.
        if (getsid(pid.toInt()) != pid.toInt() || !file.open(QIODevice::ReadOnly)) {
            continue;
        }
        const QList<QByteArray> entries = file.readAll().split('\0');
        for (const QByteArray &entry : entries) {
            if (entry.startsWith(wanted)) {
                const QStringList parts = QString::fromLocal8Bit(entry.sliced(wanted.size())).split(u'|');
                if (parts.size() == 2) {
                    result.insert(parts[0], {pid.toLongLong(), parts[1]});
                }
            }
        }
    }
    return result;
}

struct Managed {
    QString service;
    bool desired = false;
    QString directory;
    InstanceState::State state = InstanceState::State::Stopped;
    QDateTime since;
    int restarts = 0;
    int backOff = 0;
    int lastExit = 0;
    qint64 startedAt = 0; ///< Monotonic.
    Error problem; ///< Why the last start failed.
    std::unique_ptr<ServiceProcess> process;
    std::unique_ptr<QTimer> restart;
    std::shared_ptr<OneShot> gone; ///< Set when process has ended and its group is empty.
    quint64 generation = 0; ///< Of process; probes of an older one are dropped.
};

} // namespace

struct Supervisor::Private {
    Supervisor *q;
    QString targetFile;
    Target target;
    std::optional<TargetMask> mask; ///< Of target; made at first use.
    QLocalServer server;
    QTimer logTimer;
    QTimer runTimer;
    bool persistOwed = false; ///< The state was last written in vain.
    std::unique_ptr<Journal> journal; ///< Null until there is one.
    std::unique_ptr<RunnerKeeper> keeper;
    int lock = -1;
    std::map<QString, Managed> instances;

    Result<> takeLock();
    void adopt(const QJsonObject &state);
    Result<> reload();
    Result<> persist();
    /// Writes the state again when the last time failed: it may lie there all the same, ahead of what is so.
    Result<> persistIfOwed();
    Result<ServiceSpawn> spawnSpec(const ServiceSpec &service, const InstanceSpec &instance, const QString &directory) const;
    Result<> launch(const QString &name);
    void watch(const QString &name, std::unique_ptr<ServiceProcess> process);
    QCoro::Task<> onEnded(QString name, quint64 generation, int exitCode);
    void scheduleRestart(const QString &name);
    QCoro::Task<> probe(QString name, quint64 generation);
    void setState(Managed &managed, InstanceState::State state);
    QString logFile(const QString &name) const { return logFileOf(target, name); }
    void trimLogs();
    void keepRunner();

    QCoro::Task<> serve(QPointer<QLocalSocket> socket, QJsonObject request);
    Async<QJsonObject> answer(QJsonObject request);
    Async<QJsonObject> start(QString name, QString directory);
    Async<QJsonObject> stop(QString name);
    Async<QJsonObject> shutdown();
    QJsonObject states();
};

Supervisor::Supervisor(const QString &targetFile, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    d->q = this;
    d->targetFile = targetFile;
}

Supervisor::~Supervisor()
{
    if (d->lock >= 0) {
        close(d->lock);
    }
}

Result<> Supervisor::Private::takeLock()
{
    const QString folder = target.stateDirectory + u"/supervisor"_s;
    CHECK(files::makePath(folder));
    CHECK(files::makePath(target.stateDirectory + u"/logs"_s));
    const QString path = folder + u"/lock"_s;
    lock = open(path.toLocal8Bit().constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        return failErrno(u"supervisor.lock_failed"_s, errno, path, {{u"file"_s, path}});
    }
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        return fail(u"supervisor.already_running"_s, {{u"state"_s, target.stateDirectory}}, path);
    }
    return {};
}

Result<> Supervisor::start()
{
    TRY(d->target, Target::load(d->targetFile));
    CHECK(d->takeLock());
    auto state = readState(d->target.stateDirectory);
    if (!state) {
        // Without the file, what runs is still found by its mark.
        QTextStream(stderr) << state.error().text() << Qt::endl;
        state = QJsonObject();
    }
    d->adopt(*state);
    TRY(const QString path, localSocketPath(d->target.stateDirectory, u"supervisor.sock"_s));
    QLocalServer::removeServer(path); // Ours alone by the lock; left by a predecessor that was killed.
    d->server.setSocketOptions(QLocalServer::UserAccessOption);
    if (!d->server.listen(path)) {
        return fail(u"supervisor.listen_failed"_s, {{u"socket"_s, path}, {u"reason"_s, d->server.errorString()}}, path);
    }
    connect(&d->server, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket *socket = d->server.nextPendingConnection()) {
            connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
            auto read = [this, socket] {
                if (socket->canReadLine()) {
                    d->serve(socket, QJsonDocument::fromJson(socket->readLine()).object());
                }
            };
            connect(socket, &QLocalSocket::readyRead, this, read);
            read();
        }
    });
    connect(&d->logTimer, &QTimer::timeout, this, [this] { d->trimLogs(); });
    d->logTimer.start(std::chrono::minutes(1));
    connect(&d->runTimer, &QTimer::timeout, this, [this] {
        d->keepRunner();
        (void)d->persistIfOwed();
    });
    d->runTimer.start(std::chrono::seconds(1));
    return {};
}

void Supervisor::Private::adopt(const QJsonObject &state)
{
    const bool sameBoot = state[u"boot"_s].toString() == Clock::system().bootId();
    const QJsonObject saved = state[u"instances"_s].toObject();
    for (const QString &name : saved.keys()) {
        const QJsonObject json = saved[name].toObject();
        Managed &managed = instances[name];
        managed.service = json[u"service"_s].toString();
        managed.desired = json[u"desired"_s].toString() == u"running";
        managed.directory = json[u"directory"_s].toString();
        managed.restarts = json[u"restarts"_s].toInt();
        managed.lastExit = json[u"lastExit"_s].toInt();
        managed.since = QDateTime::fromString(json[u"since"_s].toString(), Qt::ISODateWithMs);
        if (sameBoot) {
            if (auto process = ServiceProcess::adopt(json[u"pid"_s].toInteger(), json[u"startTime"_s].toString().toULongLong())) {
                watch(name, std::move(process));
            }
        }
    }
    const auto marked = markedProcesses(target.stateDirectory);
    for (const auto &[name, found] : marked.asKeyValueRange()) {
        Managed &managed = instances[name];
        if (managed.process) {
            continue;
        }
        if (auto process = ServiceProcess::adopt(found.first, processStartTime(found.first))) {
            if (managed.directory.isEmpty()) {
                managed.directory = found.second;
                managed.desired = true;
            }
            watch(name, std::move(process));
        }
    }
    for (auto &[name, managed] : instances) {
        if (const ServiceSpec *service = target.serviceOfInstance(name)) {
            managed.service = service->name;
        }
        if (managed.process && !managed.desired) {
            // Its stop was asked for and not finished.
            setState(managed, InstanceState::State::Stopping);
            const ServiceSpec *service = target.serviceOfInstance(name);
            managed.process->terminate(service ? service->stopTimeoutMs : 10000);
        } else if (!managed.process && managed.desired) {
            if (auto started = launch(name); !started) {
                managed.problem = started.error();
                scheduleRestart(name);
            }
        }
    }
    (void)persist();
}

Result<> Supervisor::Private::reload()
{
    TRY(Target fresh, Target::load(targetFile));
    if (fresh.stateDirectory != target.stateDirectory) {
        return fail(u"supervisor.state_moved"_s, {{u"from"_s, target.stateDirectory}, {u"to"_s, fresh.stateDirectory}}, targetFile);
    }
    if (fresh.digest != target.digest) {
        mask.reset();
    }
    target = std::move(fresh);
    return {};
}

Result<> Supervisor::Private::persist()
{
    QJsonObject list;
    for (const auto &[name, managed] : instances) {
        list.insert(name, QJsonObject{
                              {u"service"_s, managed.service},
                              {u"desired"_s, managed.desired ? u"running"_s : u"stopped"_s},
                              {u"directory"_s, managed.directory},
                              {u"pid"_s, managed.process ? managed.process->pid() : 0},
                              // As text: a JSON number would lose bits.
                              {u"startTime"_s, QString::number(managed.process ? managed.process->startTime() : 0)},
                              {u"since"_s, managed.since.toString(Qt::ISODateWithMs)},
                              {u"restarts"_s, managed.restarts},
                              {u"lastExit"_s, managed.lastExit},
                          });
    }
    const QJsonObject state{{u"schema"_s, 1},
                            {u"boot"_s, Clock::system().bootId()},
                            {u"supervisor"_s, QCoreApplication::applicationPid()},
                            {u"instances"_s, list}};
    const auto written = files::replace(statePath(target.stateDirectory), QJsonDocument(state).toJson(QJsonDocument::Indented), files::privateFile);
    persistOwed = !written;
    return written;
}

Result<> Supervisor::Private::persistIfOwed()
{
    return persistOwed ? persist() : Result<>();
}

void Supervisor::Private::setState(Managed &managed, InstanceState::State state)
{
    if (managed.state != state) {
        managed.state = state;
        managed.since = Clock::system().now();
    }
}

Result<ServiceSpawn> Supervisor::Private::spawnSpec(const ServiceSpec &service, const InstanceSpec &instance,
                                                    const QString &directory) const
{
    ServiceSpawn spawn;
    const QString folder = QFileInfo(target.path).absolutePath();
    spawn.workingDirectory = service.managed ? directory : folder;
    if (service.command.isEmpty()) {
        return fail(u"supervisor.no_command"_s, {{u"service"_s, service.name}}, target.path);
    }
    for (const QString &word : service.command) {
        spawn.arguments.append(service.expand(word, instance, directory));
    }
    const QString program = spawn.arguments.takeFirst();
    if (service.managed || program.contains(u'/')) {
        spawn.program = QDir(spawn.workingDirectory).absoluteFilePath(program);
    } else {
        // Load balancers live in sbin, which is not in everybody's PATH.
        spawn.program = QStandardPaths::findExecutable(program);
        if (spawn.program.isEmpty()) {
            spawn.program = QStandardPaths::findExecutable(program, {u"/usr/local/sbin"_s, u"/usr/sbin"_s, u"/sbin"_s});
        }
    }
    if (!QFileInfo(spawn.program).isExecutable()) {
        return fail(u"supervisor.program_missing"_s,
                    {{u"instance"_s, instance.name}, {u"program"_s, spawn.program.isEmpty() ? program : spawn.program}}, target.path);
    }
    // Only what a program needs to run at all: nothing of the operator's shell leaks into a service.
    for (const QString &name : {u"PATH"_s, u"HOME"_s, u"USER"_s, u"LOGNAME"_s, u"LANG"_s, u"LC_ALL"_s, u"TZ"_s, u"TMPDIR"_s,
                                u"LD_LIBRARY_PATH"_s}) {
        if (qEnvironmentVariableIsSet(name.toLatin1().constData())) {
            spawn.environment.insert(name, qEnvironmentVariable(name.toLatin1().constData()));
        }
    }
    if (!service.environmentFile.isEmpty()) {
        const QString file = QDir(folder).absoluteFilePath(service.expand(service.environmentFile, instance, directory));
        TRY(const auto values, environmentOf(file));
        spawn.environment.insert(values);
    }
    for (const auto &[name, value] : service.environment.asKeyValueRange()) {
        spawn.environment.insert(name, service.expand(value, instance, directory));
    }
    spawn.environment.insert(Mark, target.stateDirectory + u'|' + instance.name + u'|' + directory);
    spawn.logFile = logFile(instance.name);
    return spawn;
}

Result<> Supervisor::Private::launch(const QString &name)
{
    const ServiceSpec *service = target.serviceOfInstance(name);
    if (!service) {
        return fail(u"supervisor.unknown_instance"_s, {{u"instance"_s, name}}, target.path);
    }
    const auto instance = std::ranges::find(service->instances, name, &InstanceSpec::name);
    Managed &managed = instances[name];
    if (instance->port > 0) {
        if (const auto holder = portHolder(instance->port)) {
            const Message who = holder->pid > 0 ? Message{u"deploy.holder.process"_s, {{u"program"_s, holder->program}, {u"pid"_s, holder->pid}}}
                                                : Message{u"deploy.holder.other_user"_s, {}};
            return fail(u"supervisor.port_taken"_s, {{u"instance"_s, name}, {u"port"_s, instance->port}, {u"holder"_s, who.toJson()}});
        }
    }
    TRY(const ServiceSpawn spawn, spawnSpec(*service, *instance, managed.directory));
    if (QFileInfo(spawn.logFile).size() > LogLimit) {
        CHECK(files::rename(spawn.logFile, spawn.logFile + u".1"_s));
    }
    TRY(auto process, ServiceProcess::spawn(spawn));
    managed.problem = {};
    watch(name, std::move(process));
    // A failure to write is survivable: the mark in its environment finds it again.
    (void)persist();
    return {};
}

void Supervisor::Private::watch(const QString &name, std::unique_ptr<ServiceProcess> process)
{
    Managed &managed = instances[name];
    managed.process = std::move(process);
    managed.gone = std::make_shared<OneShot>();
    managed.startedAt = Clock::system().monotonic();
    const quint64 generation = ++managed.generation;
    setState(managed, InstanceState::State::Starting);
    QObject::connect(managed.process.get(), &ServiceProcess::ended, q, [this, name, generation](int exitCode) { onEnded(name, generation, exitCode); }, Qt::QueuedConnection);
    probe(name, generation);
}

QCoro::Task<> Supervisor::Private::onEnded(QString name, quint64 generation, int exitCode)
{
    Managed &managed = instances[name];
    if (managed.generation != generation || !managed.process) {
        co_return;
    }
    // Whatever it has left behind would hold its port and its files, or be a second one that runs. What the
    // kernel does not let go (a disk that does not answer) is not gone: whoever waits for that has a limit.
    for (qint64 pause = 10; managed.process->groupAlive(); pause = qMin<qint64>(pause + pause / 4, 500)) {
        managed.process->killGroup();
        (void)co_await Clock::system().sleep(pause);
    }
    managed.process.reset();
    ++managed.generation;
    managed.lastExit = exitCode;
    const qint64 ran = Clock::system().monotonic() - managed.startedAt;
    if (managed.desired) {
        ++managed.restarts;
        managed.backOff = ran > StableMs ? 0 : managed.backOff;
        scheduleRestart(name);
    } else {
        setState(managed, InstanceState::State::Stopped);
    }
    (void)persist();
    managed.gone->set();
}

void Supervisor::Private::scheduleRestart(const QString &name)
{
    Managed &managed = instances[name];
    setState(managed, InstanceState::State::Failed);
    const qint64 delay = qMin(LongestBackOffMs, FirstBackOffMs << qMin(managed.backOff, 10));
    ++managed.backOff;
    managed.restart = std::make_unique<QTimer>();
    managed.restart->setSingleShot(true);
    QObject::connect(managed.restart.get(), &QTimer::timeout, q, [this, name] {
        Managed &due = instances[name];
        if (!due.desired || due.process) {
            return;
        }
        if (auto started = launch(name); !started) {
            due.problem = started.error();
            QTextStream(stderr) << started.error().text() << Qt::endl;
            // Not from inside its own timer.
            QMetaObject::invokeMethod(q, [this, name] { scheduleRestart(name); }, Qt::QueuedConnection);
        }
    });
    managed.restart->start(static_cast<int>(delay));
}

QCoro::Task<> Supervisor::Private::probe(QString name, quint64 generation)
{
    const ServiceSpec *service = target.serviceOfInstance(name);
    if (!service) {
        co_return;
    }
    const auto instance = std::ranges::find(service->instances, name, &InstanceSpec::name);
    const ProbeSpec spec = service->expand(service->health, *instance, instances[name].directory);
    service = nullptr; // A reload may replace it while this waits.
    const bool probed = spec.asksAnything();
    while (true) {
        bool ok = true;
        if (probed) {
            ok = (co_await probeOnce(spec)).ok;
        }
        Managed &managed = instances[name];
        if (managed.generation != generation || !managed.process) {
            co_return;
        }
        if (managed.state == InstanceState::State::Stopping) {
            co_return;
        }
        if (ok) {
            setState(managed, InstanceState::State::Ready);
        } else if (managed.state == InstanceState::State::Ready) {
            setState(managed, InstanceState::State::Unready);
        }
        if (!probed) {
            co_return;
        }
        (void)co_await Clock::system().sleep(ok ? ReadyProbeMs : qMax<qint64>(20, spec.intervalMs));
    }
}

void Supervisor::Private::trimLogs()
{
    for (const auto &[name, managed] : instances) {
        const QString path = logFile(name);
        // The service appends to this very file, so it is emptied in place; what that gives up stands in the header.
        if (QFileInfo(path).size() > RunningLogLimit && files::copy(path, path + u".1"_s)) {
            (void)::truncate(path.toLocal8Bit().constData(), 0);
        }
    }
}

/// A run goes on when its runner has died, whether or not a console looks on.
void Supervisor::Private::keepRunner()
{
    if (!journal) {
        if (!QFileInfo::exists(target.stateDirectory + u"/journal.db"_s)) {
            return; // Nothing was ever run here.
        }
        auto opened = Journal::open(target.stateDirectory);
        if (!opened) {
            return; // A disk that is full now, say; looked at again in a moment.
        }
        journal = std::move(*opened);
        keeper = std::make_unique<RunnerKeeper>(target.path, target.stateDirectory, journal.get());
    }
    keeper->look();
}

QCoro::Task<> Supervisor::Private::serve(QPointer<QLocalSocket> socket, QJsonObject request)
{
    const auto result = co_await answer(request);
    const QJsonObject reply = result ? QJsonObject{{u"result"_s, *result}} : QJsonObject{{u"error"_s, result.error().toJson()}};
    if (socket) {
        socket->write(QJsonDocument(reply).toJson(QJsonDocument::Compact) + '\n');
        socket->flush();
        socket->disconnectFromServer();
    }
    if (request[u"method"_s] == u"shutdown"_s && result) {
        Q_EMIT q->finished();
    }
}

Async<QJsonObject> Supervisor::Private::answer(QJsonObject request)
{
    const QString method = request[u"method"_s].toString();
    const QString instance = request[u"instance"_s].toString();
    if (method == u"ping") {
        co_return QJsonObject{{u"pid"_s, QCoreApplication::applicationPid()}};
    }
    if (method == u"states") {
        co_return states();
    }
    if (method == u"start") {
        co_return co_await start(instance, request[u"directory"_s].toString());
    }
    if (method == u"stop") {
        co_return co_await stop(instance);
    }
    if (method == u"reload") {
        CO_CHECK(reload());
        co_return QJsonObject();
    }
    if (method == u"shutdown") {
        co_return co_await shutdown();
    }
    co_return fail(u"supervisor.unknown_method"_s, {{u"method"_s, method}});
}

QJsonObject Supervisor::Private::states()
{
    if (!mask) {
        mask.emplace(target);
    }
    QJsonArray list;
    const auto add = [&](const QString &name, const QString &service, const Managed *managed) {
        QJsonObject json{{u"name"_s, name}, {u"service"_s, service}, {u"state"_s, u"stopped"_s}};
        if (managed) {
            json[u"state"_s] = instanceStateName(managed->state);
            json[u"pid"_s] = managed->process ? managed->process->pid() : 0;
            json[u"directory"_s] = managed->directory;
            json[u"since"_s] = managed->since.toString(Qt::ISODateWithMs);
            json[u"restarts"_s] = managed->restarts;
            json[u"lastExit"_s] = managed->lastExit;
            if (managed->restarts > 0 || managed->state == InstanceState::State::Failed) {
                json[u"lastLines"_s] = QJsonArray::fromStringList(lastLines(logFile(name), *mask));
            }
            if (!managed->problem.code.isEmpty()) {
                json[u"problem"_s] = managed->problem.toJson();
            }
        }
        list.append(json);
    };
    QSet<QString> told;
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            const auto found = instances.find(instance.name);
            add(instance.name, service.name, found == instances.end() ? nullptr : &found->second);
            told.insert(instance.name);
        }
    }
    for (const auto &[name, managed] : instances) {
        if (!told.contains(name)) { // No longer in target.yaml, but still here.
            add(name, managed.service, &managed);
        }
    }
    return {{u"instances"_s, list}};
}

Async<QJsonObject> Supervisor::Private::start(QString name, QString directory)
{
    CO_CHECK(reload());
    const ServiceSpec *service = target.serviceOfInstance(name);
    if (!service) {
        co_return fail(u"supervisor.unknown_instance"_s, {{u"instance"_s, name}}, target.path);
    }
    if (!service->managed) {
        directory = QFileInfo(target.path).absolutePath();
    }
    // "current" would change its meaning under a running service.
    directory = QFileInfo(directory).canonicalFilePath();
    if (directory.isEmpty() || !QFileInfo(directory).isDir()) {
        co_return fail(u"supervisor.no_release"_s, {{u"instance"_s, name}, {u"folder"_s, directory}});
    }
    Managed &managed = instances[name];
    managed.service = service->name;
    while (managed.process && !managed.desired) { // Being stopped.
        const auto gone = managed.gone;
        co_await gone->future();
    }
    if (managed.process) {
        if (managed.directory == directory) {
            // Whoever waits for it now is told of deaths from here on: a supervisor that was killed, too, may have left some.
            managed.restarts = 0;
            managed.backOff = 0;
            managed.lastExit = 0;
            CO_CHECK(persist());
            co_return QJsonObject();
        }
        co_return fail(u"supervisor.runs_other"_s,
                       {{u"instance"_s, name}, {u"running"_s, QFileInfo(managed.directory).fileName()}, {u"wanted"_s, QFileInfo(directory).fileName()}});
    }
    managed.restart.reset();
    const bool desiredBefore = std::exchange(managed.desired, true);
    const QString directoryBefore = std::exchange(managed.directory, directory);
    managed.restarts = 0;
    managed.backOff = 0;
    managed.lastExit = 0;
    if (auto written = persist(); !written) {
        managed.desired = desiredBefore;
        managed.directory = directoryBefore;
        (void)persistIfOwed();
        co_return fail(written.error());
    }
    if (auto started = launch(name); !started) {
        // Not desired after all: whoever asked is told now and decides.
        managed.desired = false;
        setState(managed, InstanceState::State::Failed);
        managed.problem = started.error();
        (void)persist();
        co_return fail(started.error());
    }
    co_return QJsonObject{{u"pid"_s, managed.process->pid()}};
}

Async<QJsonObject> Supervisor::Private::stop(QString name)
{
    const auto found = instances.find(name);
    if (found == instances.end()) {
        if (!target.serviceOfInstance(name)) {
            co_return fail(u"supervisor.unknown_instance"_s, {{u"instance"_s, name}}, target.path);
        }
        co_return QJsonObject();
    }
    Managed &managed = found->second;
    const bool desiredBefore = std::exchange(managed.desired, false);
    if (auto written = persist(); !written) {
        managed.desired = desiredBefore;
        (void)persistIfOwed();
        co_return fail(written.error());
    }
    managed.restart.reset();
    if (!managed.process) {
        setState(managed, InstanceState::State::Stopped);
        co_return QJsonObject();
    }
    const ServiceSpec *service = target.serviceOfInstance(name);
    setState(managed, InstanceState::State::Stopping);
    managed.process->terminate(service ? service->stopTimeoutMs : 10000);
    const auto gone = managed.gone;
    co_await gone->future();
    co_return QJsonObject();
}

Async<QJsonObject> Supervisor::Private::shutdown()
{
    runTimer.stop();
    // In reverse: who asks stops before who answers.
    for (const ServiceSpec &service : QList<ServiceSpec>(target.services.rbegin(), target.services.rend())) {
        std::vector<Async<QJsonObject>> stops;
        for (const InstanceSpec &instance : service.instances) {
            stops.push_back(stop(instance.name));
        }
        for (auto &task : stops) {
            CO_CHECK(co_await task);
        }
    }
    QStringList rest;
    for (const auto &[name, managed] : instances) {
        rest.append(name);
    }
    for (const QString &name : rest) {
        CO_CHECK(co_await stop(name));
    }
    co_return QJsonObject();
}

int superviseMain(const QString &targetFile)
{
    Supervisor supervisor(targetFile);
    // After the answer has gone out.
    QObject::connect(&supervisor, &Supervisor::finished, qApp, [] { QTimer::singleShot(50, qApp, &QCoreApplication::quit); });
    if (auto started = supervisor.start(); !started) {
        QTextStream(stderr) << started.error().text() << Qt::endl;
        return 1;
    }
    return QCoreApplication::exec();
}

Result<QMap<QString, QString>> recordedReleases(const Target &target)
{
    TRY(const QJsonObject state, readState(target.stateDirectory));
    const QJsonObject saved = state[u"instances"_s].toObject();
    QMap<QString, QString> result;
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            const QJsonObject json = saved[instance.name].toObject();
            if (service.managed && service.runtime == "process"_L1 && json[u"desired"_s] == u"running"_s) {
                result.insert(instance.name, QFileInfo(json[u"directory"_s].toString()).fileName());
            }
        }
    }
    return result;
}

QString logFileOf(const Target &target, const QString &instance)
{
    return target.stateDirectory + u"/logs/"_s + instance + u".log"_s;
}

QStringList recordedLines(const Target &target, const QString &instance)
{
    TargetMask mask(target);
    return lastLines(logFileOf(target, instance), mask);
}

} // namespace cutover
