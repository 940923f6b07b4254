// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/nginx.h"

#include "check/probe.h"
#include "deploy/nginxconfiguration.h"
#include "deploy/nginxprocesses.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoroFuture>
#include <QFileInfo>
#include <QHostAddress>
#include <QHostInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QStandardPaths>

#include <algorithm>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 PollMs = 20;
constexpr qint64 TestLimitMs = 30000;
constexpr qint64 ReadingMs = 5000; ///< Of a configuration, at most, before workers start by it.
constexpr qint64 ReloadLimitMs = 20000; ///< Of a large configuration on a busy machine.

const BalancerRegistry::Registration registration(u"nginx"_s, [](const Target &target, const BalancerTools &tools) {
    QStringList backends;
    for (const ServiceSpec &service : target.services) {
        if (!service.balancerBackend.isEmpty() && !backends.contains(service.balancerBackend)) {
            backends.append(service.balancerBackend);
        }
    }
    return std::make_unique<Nginx>(target.balancer, backends, tools);
});

/// What may serve, where it isn't known which of several; empty: what the file says does.
Result<QList<QByteArray>> readPending(const QString &path)
{
    if (!QFileInfo::exists(path)) {
        return QList<QByteArray>();
    }
    TRY(const QByteArray content, files::read(path));
    QList<QByteArray> texts;
    const QJsonArray array = QJsonDocument::fromJson(content).array();
    for (const auto text : array) {
        texts.append(text.toString().toUtf8());
    }
    return texts;
}

Result<> writePending(const QString &path, const QList<QByteArray> &texts)
{
    QJsonArray array;
    for (const QByteArray &text : texts) {
        array.append(QString::fromUtf8(text));
    }
    return files::replace(path, QJsonDocument(array).toJson(QJsonDocument::Compact));
}

/// The file of a backend and what of it may serve.
struct Upstream {
    QByteArray content;
    QDateTime changed; ///< When the file was.
    NginxUpstream now;
    QList<QByteArray> pending;
};

Result<Upstream> readUpstream(const QString &backend, const QString &file, const QString &pendingFile)
{
    if (!QFileInfo::exists(file)) {
        return fail(u"nginx.no_backend"_s, {{u"file"_s, file}, {u"backend"_s, backend}}, file);
    }
    Upstream upstream;
    upstream.changed = QFileInfo(file).lastModified();
    TRY(upstream.content, files::read(file));
    TRY(upstream.now, NginxUpstream::parse(upstream.content, file));
    TRY(upstream.pending, readPending(pendingFile));
    return upstream;
}

/// isLoaded: nginx never worked by another, so that the file counts as old as it was.
Result<> putBack(const QString &file, const Upstream &upstream, bool isLoaded)
{
    if (files::read(file).value_or(QByteArray()) != upstream.content) {
        CHECK(files::replace(file, upstream.content));
    }
    QFile handle(file);
    if (isLoaded && handle.open(QIODevice::ReadWrite)) {
        (void)handle.setFileTime(upstream.changed, QFileDevice::FileModificationTime);
    }
    return {};
}

/// Whether all that serve have been started since the file was changed, and that long after it; somebody else may have changed it, too.
bool isLoaded(const QDateTime &fileChanged, const QList<NginxWorker> &workers, qint64 marginMs = 0)
{
    const qint64 changed = fileChanged.toMSecsSinceEpoch() + marginMs;
    const qint64 boot = Clock::system().now().toMSecsSinceEpoch() - Clock::system().monotonic();
    const auto ticks = qint64(::sysconf(_SC_CLK_TCK));
    return std::ranges::all_of(workers, [&](const NginxWorker &worker) {
        return worker.leaving || boot + qint64(worker.started) * 1000 / ticks > changed;
    });
}

/// Whether it isn't sure that nginx works by what the file says of a server.
bool isUnsure(const Upstream &upstream, const NginxServer &server, const QList<NginxWorker> &workers)
{
    // Somebody's reload or restart since settles it. The configuration is read a moment before its workers start.
    if (upstream.pending.isEmpty() || (!workers.isEmpty() && isLoaded(upstream.changed, workers, ReadingMs))) {
        return false;
    }
    return std::ranges::any_of(upstream.pending, [&server](const QByteArray &text) {
        const auto other = NginxUpstream::parse(text, {});
        const NginxServer *there = other ? other->server(server.name) : nullptr;
        // One that stood not there at all got as little as one that is down.
        return there ? there->down != server.down || there->address != server.address : !server.down;
    });
}

std::unexpected<Error> noServer(const QString &file, const QString &backend, const QString &server)
{
    return fail(u"nginx.no_server"_s, {{u"file"_s, file}, {u"backend"_s, backend}, {u"server"_s, server}}, file);
}

/// "nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:3" → its parts; once nginx has read where its error log is,
/// the line begins with time and process.
std::unexpected<Error> invalid(const QByteArray &output, const QString &configuration)
{
    static const QRegularExpression pattern(uR"(\[(?:emerg|alert|crit|error)\] (?:[0-9]+#[0-9]+: )?(.*?)(?: in (\S+):([0-9]+))?\z)"_s);
    const QStringList lines = QString::fromUtf8(output).split(u'\n', Qt::SkipEmptyParts);
    QString reason;
    QString where = configuration;
    for (const QString &line : lines) {
        if (const auto match = pattern.match(line.trimmed()); match.hasMatch()) {
            reason = match.captured(1);
            if (match.hasCaptured(2)) {
                where = match.captured(2) + u':' + match.captured(3);
            }
            break;
        }
    }
    return fail(u"nginx.invalid"_s, {{u"reason"_s, reason.isEmpty() ? lines.join(u' ').left(500) : reason}, {u"place"_s, where}, {u"configuration"_s, configuration}}, where);
}

} // namespace

Nginx::Nginx(const BalancerSpec &spec, const QStringList &backends, const BalancerTools &tools)
    : m_spec(spec)
    , m_backends(backends)
    , m_tools(tools)
    , m_processes(tools.processes ? tools.processes : &Processes::system())
{
}

QString Nginx::fileOf(const QString &backend) const
{
    return m_spec.upstreamsDirectory + u'/' + backend + u".conf"_s;
}

QString Nginx::pendingOf(const QString &backend) const
{
    return m_spec.upstreamsDirectory + u"/."_s + backend + u".cutover-pending"_s;
}

ProcessSpec Nginx::program(const QStringList &arguments) const
{
    ProcessSpec spec;
    spec.program = m_spec.program;
    if (!spec.program.contains(u'/')) {
        spec.program = QStandardPaths::findExecutable(m_spec.program);
        if (spec.program.isEmpty()) { // sbin is not in everybody's PATH.
            spec.program = QStandardPaths::findExecutable(m_spec.program, {u"/usr/local/sbin"_s, u"/usr/sbin"_s, u"/sbin"_s});
        }
        if (spec.program.isEmpty()) {
            spec.program = m_spec.program;
        }
    }
    spec.arguments = arguments;
    spec.timeoutMs = TestLimitMs;
    spec.inherit = m_tools.inherit;
    return spec;
}

Async<> Nginx::test(qint64 master, QStringList backends, std::stop_token stop) const
{
    const ProcessSpec version = program({u"-V"_s});
    CO_TRY(const ProcessResult built, co_await m_processes->run(version, stop));
    const NginxCall call = NginxCall::parse(nginxTitle(master), built.errorOutput + built.output, m_spec.configurationFile);
    const QString wanted = QFileInfo(m_spec.configurationFile).canonicalFilePath();
    if (wanted.isEmpty() || QFileInfo(call.configuration).canonicalFilePath() != wanted) {
        co_return fail(u"nginx.other_configuration"_s, {{u"pid"_s, master}, {u"found"_s, call.configuration}, {u"configuration"_s, m_spec.configurationFile}}, m_spec.configurationFile);
    }
    QStringList arguments{u"-T"_s, u"-c"_s, m_spec.configurationFile};
    if (!call.prefix.isEmpty()) {
        arguments << u"-p"_s << call.prefix;
    }
    // It tests the configuration, and tells what it consists of.
    const ProcessSpec spec = program(arguments);
    CO_TRY(const ProcessResult result, co_await m_processes->run(spec, stop));
    if (result.exitCode != 0) {
        co_return invalid(result.errorOutput, m_spec.configurationFile);
    }
    const NginxConfiguration configuration = NginxConfiguration::parse(result.output);
    for (const QString &backend : std::as_const(backends)) {
        if (!configuration.includes(fileOf(backend))) {
            co_return fail(u"nginx.not_included"_s, {{u"file"_s, fileOf(backend)}, {u"backend"_s, backend}, {u"configuration"_s, m_spec.configurationFile}}, m_spec.configurationFile);
        }
    }
    const QString pidFile = configuration.pidFile.isEmpty() ? call.pidFile : configuration.pidFile;
    if (!call.hasDirectives && !pidFile.isEmpty() && pidFile != m_spec.pidFile && QFileInfo(pidFile).canonicalFilePath() != QFileInfo(m_spec.pidFile).canonicalFilePath()) {
        co_return fail(u"nginx.other_pid_file"_s, {{u"found"_s, pidFile}, {u"pidFile"_s, m_spec.pidFile}, {u"configuration"_s, m_spec.configurationFile}}, m_spec.configurationFile);
    }
    co_return {};
}

Async<> Nginx::check(std::stop_token stop) const
{
    co_return co_await checkChange(m_backends, stop);
}

Async<> Nginx::checkChange(QStringList backends, std::stop_token stop) const
{
    CO_TRY(const auto found, co_await look(backends));
    Q_UNUSED(found)
    if (::access(QFile::encodeName(m_spec.upstreamsDirectory).constData(), W_OK | X_OK) != 0) {
        co_return failErrno(u"nginx.not_writable"_s, errno, m_spec.upstreamsDirectory, {{u"folder"_s, m_spec.upstreamsDirectory}});
    }
    CO_TRY(const qint64 master, nginxMaster(m_spec.pidFile));
    co_return co_await test(master, backends, stop);
}

Async<QList<BalancerServer>> Nginx::look(QStringList backends) const
{
    QList<std::pair<QString, QString>> places;
    for (const QString &backend : std::as_const(backends)) {
        places.append({fileOf(backend), pendingOf(backend)});
    }
    co_return co_await m_worker.run([backends, places, pidFile = m_spec.pidFile]() -> Result<QList<BalancerServer>> {
        TRY(const qint64 master, nginxMaster(pidFile));
        const QList<NginxWorker> workers = nginxWorkers(master);
        const int waiting = nginxWaitingClients(master, workers);
        QList<BalancerServer> all;
        for (qsizetype i = 0; i < backends.size(); ++i) {
            TRY(const Upstream upstream, readUpstream(backends[i], places[i].first, places[i].second));
            for (const NginxServer &server : upstream.now.servers()) {
                BalancerServer told;
                const bool unsure = isUnsure(upstream, server, workers);
                told.backend = backends[i];
                told.name = server.name;
                told.status = unsure ? u"NOT RELOADED"_s : server.down ? u"DOWN"_s
                                                                       : u"UP"_s;
                told.sessions = nginxConnections(master, workers, server.address) + (server.down ? waiting : 0);
                told.weight = server.weight;
                told.out = server.down && !unsure; // By what nginx may still serve by, it is let in.
                told.address = server.address;
                all.append(told);
            }
        }
        return all;
    });
}

Async<QList<BalancerServer>> Nginx::allServers() const
{
    co_return co_await look(m_backends);
}

Async<QList<BalancerServer>> Nginx::servers(QString backend) const
{
    const QStringList one{backend};
    co_return co_await look(one);
}

Async<BalancerServer> Nginx::server(QString backend, QString name) const
{
    CO_TRY(const QList<BalancerServer> all, co_await servers(backend));
    const auto found = std::ranges::find(all, name, &BalancerServer::name);
    if (found == all.end()) {
        co_return noServer(fileOf(backend), backend, name);
    }
    co_return *found;
}

Async<> Nginx::setState(QString backend, QString server, State state) const
{
    const std::function<void(NginxServer &)> edit = [down = state != State::Ready](NginxServer &line) { line.down = down; };
    co_return co_await changeServer(backend, server, edit);
}

Async<> Nginx::addServer(QString backend, QString server, QString address, int port) const
{
    const bool isV6 = QHostAddress(address).protocol() == QAbstractSocket::IPv6Protocol;
    const QString text = (isV6 ? QString(u'[' + address + u']') : address) + u':' + QString::number(port);
    const Edit edit = [server, text](NginxUpstream &upstream, const QString &file) -> Result<> {
        if (!upstream.server(server)) {
            CHECK(upstream.addLikeOthers(server, file));
        }
        upstream.server(server)->address = text;
        upstream.server(server)->down = true;
        return {};
    };
    co_return co_await change(backend, edit);
}

Async<> Nginx::checkAdd(QString backend, QString server, QString address, int) const
{
    CO_TRY(Upstream upstream, readUpstream(backend, fileOf(backend), pendingOf(backend)));
    if (!upstream.now.server(server)) {
        CO_CHECK(upstream.now.addLikeOthers(server, fileOf(backend)));
    }
    // nginx looks a name up when it reads its configuration, and refuses it all where there is no such name.
    const QHostInfo host = co_await m_worker.run([address] { return QHostAddress(address).isNull() ? QHostInfo::fromName(address) : QHostInfo(); });
    if (host.error() != QHostInfo::NoError) {
        co_return fail(u"nginx.no_address"_s, {{u"host"_s, address}, {u"reason"_s, host.errorString()}}, fileOf(backend), Error::Kind::Transient);
    }
    const QStringList one{backend};
    co_return co_await checkChange(one, {});
}

Async<> Nginx::removeServer(QString backend, QString server) const
{
    const Edit edit = [server](NginxUpstream &upstream, const QString &) -> Result<> {
        upstream.remove(server);
        return {};
    };
    co_return co_await change(backend, edit);
}

Async<> Nginx::setWeight(QString backend, QString server, int weight) const
{
    if (weight < 1 || weight > MaximumWeight) {
        co_return co_await weightRefused(server, weight);
    }
    const std::function<void(NginxServer &)> edit = [weight](NginxServer &line) { line.weight = weight; };
    co_return co_await changeServer(backend, server, edit);
}

Async<> Nginx::changeServer(QString backend, QString server, std::function<void(NginxServer &)> edit) const
{
    const Edit ofOne = [backend, server, edit](NginxUpstream &upstream, const QString &file) -> Result<> {
        NginxServer *line = upstream.server(server);
        if (!line) {
            return noServer(file, backend, server);
        }
        edit(*line);
        return {};
    };
    co_return co_await change(backend, ofOne);
}

Async<> Nginx::change(QString backend, Edit edit) const
{
    const QString file = fileOf(backend);
    const QString pendingFile = pendingOf(backend);
    // One that doesn't run takes no change, so that none lies in wait for its start.
    CO_TRY(const qint64 master, nginxMaster(m_spec.pidFile));
    CO_TRY(Upstream upstream, readUpstream(backend, file, pendingFile));
    const QList<NginxServer> before = upstream.now.servers();
    CO_CHECK(edit(upstream.now, file));
    const bool isSame = upstream.now.servers() == before;
    const QByteArray wanted = isSame ? upstream.content : upstream.now.text();
    const bool wasSure = upstream.pending.isEmpty();
    if (isSame && wasSure && isLoaded(upstream.changed, nginxWorkers(master))) {
        co_return {};
    }
    // From here on either may serve, until there is proof.
    QList<QByteArray> mayServe = wasSure ? QList<QByteArray>{upstream.content} : upstream.pending;
    if (!mayServe.contains(wanted)) {
        mayServe.append(wanted);
    }
    CO_CHECK(writePending(pendingFile, mayServe));
    Result<> done = isSame ? Result<>() : files::replace(file, wanted);
    bool mayHaveLoaded = false;
    if (done) {
        done = co_await test(master, {backend}, {});
    }
    if (done) {
        done = co_await reload();
        static const QStringList neverLoaded{u"nginx.not_running"_s, u"nginx.not_allowed"_s, u"nginx.reload_failed"_s};
        mayHaveLoaded = !done && !neverLoaded.contains(done.error().code);
    }
    if (done) {
        co_return files::remove(pendingFile);
    }
    // What is told is why it did not work, not that taking it back did not either: then what may serve is still written down.
    const bool isBack = isSame || putBack(file, upstream, wasSure && !mayHaveLoaded);
    if (isBack && wasSure && !mayHaveLoaded) {
        const auto removed = files::remove(pendingFile);
        Q_UNUSED(removed)
    }
    co_return done;
}

Async<> Nginx::reload() const
{
    CO_TRY(const qint64 master, nginxMaster(m_spec.pidFile));
    QList<NginxWorker> before = nginxWorkers(master);
    CO_TRY(const bool asked, askForReload(master, m_spec.pidFile));
    if (!asked) {
        // Whoever may is behind the program, then.
        const ProcessSpec spec = program({u"-c"_s, m_spec.configurationFile, u"-s"_s, u"reload"_s});
        CO_TRY(const ProcessResult result, co_await m_processes->run(spec));
        if (result.exitCode != 0) {
            co_return fail(u"nginx.not_allowed"_s, {{u"pid"_s, master}, {u"reason"_s, QString::fromUtf8(result.errorOutput).trimmed().left(300)}}, m_spec.pidFile);
        }
    }
    const qint64 begin = Clock::system().monotonic();
    while (true) {
        CO_TRY(const qint64 now, nginxMaster(m_spec.pidFile));
        const QList<NginxWorker> workers = co_await m_worker.run([now] { return nginxWorkers(now); });
        // Somebody else's reload is under way: its workers have read what was there before our change.
        if (isReloadPending(now)) {
            before = workers;
        }
        bool isNew = false;
        bool isOld = false;
        for (const NginxWorker &worker : workers) {
            const bool known = std::ranges::any_of(before, [&worker](const NginxWorker &each) { return each.isSame(worker); });
            isNew = isNew || (!known && !worker.leaving);
            isOld = isOld || (known && !worker.leaving);
        }
        if (isNew && !isOld) {
            co_return {};
        }
        if (Clock::system().monotonic() - begin > ReloadLimitMs) {
            co_return fail(u"nginx.not_reloaded"_s, {{u"pid"_s, master}, {u"limit"_s, ReloadLimitMs}}, m_spec.configurationFile);
        }
        CO_CHECK(co_await Clock::system().sleep(PollMs));
    }
}

QCoro::Task<bool> Nginx::isReachable(BalancerServer server) const
{
    if (server.address.startsWith(u"unix:")) {
        co_return true;
    }
    ProbeSpec probe;
    probe.name = server.name;
    // As nginx does without a port.
    probe.tcp = server.address.lastIndexOf(u':') > server.address.lastIndexOf(u']') ? server.address : QString(server.address + u":80"_s);
    const ProbeResult answer = co_await probeOnce(probe);
    co_return answer.ok;
}

} // namespace cutover
