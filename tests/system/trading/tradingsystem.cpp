// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "tradingsystem.h"

#include "demo/demoreleases.h"
#include "deploy/colours.h"
#include "deploy/runtime.h"
#include "deploy/supervisorclient.h"
#include "metrics/watcher.h"
#include "migration/alembic.h"
#include "plan/releasesource.h"
#include "system/files.h"
#include "tests/support/dockerd.h"
#include "tests/support/freeport.h"
#include "tests/support/postgresserver.h"
#include "tests/support/steps.h"

#include <QCoroTask>
#include <QDirIterator>
#include <QJsonDocument>

using namespace Qt::StringLiterals;
using namespace cutover;
using cutover::testing::Dockerd;
using cutover::testing::PostgresServer;
using cutover::testing::TestContext;

namespace {

// Of these servers only; they go with their folder.
constexpr auto DatabasePassword = "trading-4711-secret";
constexpr auto RedisPassword = "cache-0815-secret";
constexpr auto ApiToken = "account-1972-secret";
constexpr auto Project = "cutover-trading";

/// How many of Alembic's revisions each release brings.
const QMap<QString, int> Revisions{{u"1.2.0"_s, 2}, {u"1.2.1"_s, 2}, {u"1.3.0"_s, 4}, {u"1.3.1"_s, 4}, {u"2.0.0"_s, 6}};

/// In order, where it can.
void end(QProcess &process)
{
    if (process.state() == QProcess::NotRunning) {
        return;
    }
    process.terminate();
    if (!process.waitForFinished(10000)) {
        process.kill();
        process.waitForFinished();
    }
}

QByteArray run(const QString &program, const QStringList &arguments, QString *problem, const QString &folder = {})
{
    QProcess process;
    process.setWorkingDirectory(folder);
    process.start(program, arguments);
    if (!process.waitForFinished(120000) || process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0) {
        *problem = program + u' ' + arguments.join(u' ') + u": "_s + process.errorString() + u' ' + QString::fromUtf8(process.readAllStandardError() + process.readAllStandardOutput());
        return {};
    }
    return process.readAllStandardOutput();
}

/// Below those that connections leave by, so that none takes one for its own end.
/// Processes that work in one of these folders, or were given a path in it; not this one.
QSet<pid_t> processesOf(const QStringList &places)
{
    QSet<pid_t> pids;
    const auto names = QDir(u"/proc"_s).entryList({u"[1-9]*"_s}, QDir::Dirs);
    for (const QString &name : names) {
        QFile command(u"/proc/"_s + name + u"/cmdline"_s);
        const QString words = QFile::symLinkTarget(u"/proc/"_s + name + u"/cwd"_s) + u'/'
            + (command.open(QIODevice::ReadOnly) ? QString::fromLocal8Bit(command.readAll().replace('\0', ' ')) : QString());
        if (std::ranges::any_of(places, [&words](const QString &place) { return !place.isEmpty() && words.contains(place); })) {
            pids.insert(name.toInt());
        }
    }
    pids.remove(::getpid());
    return pids;
}

} // namespace

TradingSystem::TradingSystem() = default;

TradingSystem::~TradingSystem()
{
    if (!m_folder.isEmpty()) {
        shutDown(targetFile());
    }
    m_docker.reset();
    end(m_broker);
    end(m_redis);
    m_postgres.reset();
}

QString TradingSystem::missing()
{
    for (const auto *program : {"redis-server", "haproxy", "alembic", "git", "openssl", "npm", "locust"}) {
        if (QStandardPaths::findExecutable(QString::fromLatin1(program)).isEmpty()) {
            return QString::fromLatin1(program) + u" is not installed"_s;
        }
    }
    const QString docker = Dockerd::missing();
    return docker.isEmpty() ? PostgresServer().missing() : docker;
}

QString TradingSystem::folder() const
{
    return m_folder;
}

bool TradingSystem::say(const QString &problem)
{
    m_problem = problem;
    return problem.isEmpty();
}

bool TradingSystem::start(const Options &options)
{
    m_folder = options.folder;
    if (m_folder.isEmpty()) {
        // Short, as the path of a Unix socket is.
        m_temporary = std::make_unique<QTemporaryDir>(u"/tmp/cutover-trading-XXXXXX"_s);
        m_folder = m_temporary->path();
    }
    if (!QDir().mkpath(m_folder)) {
        return say(u"cannot make "_s + m_folder);
    }
    m_blueGreen = options.blueGreen;
    m_workers = options.workers;
    m_libraries = options.libraries;
    for (const auto *port : {"front", "backend-1", "backend-2", "backend-spare", "green-1", "green-2", "frontend-1", "frontend-2", "traffic", "redis", "secure", "broker"}) {
        m_ports.insert(QString::fromLatin1(port), cutover::testing::freePort());
    }
    return startServers() && writeFiles(options) && publishReleases() && installFirst(targetFile()) && fillDatabase(u"trading"_s, options.orders) && startServices(targetFile());
}

bool TradingSystem::bringUp(const QString &targetFile, int orders)
{
    const auto target = Target::load(targetFile);
    if (!target) {
        return say(target.error().text());
    }
    return installFirst(targetFile) && fillDatabase(target->databases.first().postgres.database, orders) && startServices(targetFile);
}

bool TradingSystem::startServers()
{
    m_postgres = std::make_unique<PostgresServer>();
    // Several backends, Cutover and pg_dump's jobs.
    m_postgres->settings = {u"max_connections=60"_s};
    if (const QString why = m_postgres->create(); !why.isEmpty()) {
        return say(u"PostgreSQL: "_s + why);
    }
    const auto made = m_postgres->sql(u"postgres"_s, u"CREATE ROLE trading LOGIN CREATEDB PASSWORD '%1'; GRANT pg_monitor, pg_signal_backend TO trading; CREATE DATABASE trading OWNER trading"_s.arg(QLatin1StringView(DatabasePassword)));
    if (!made) {
        return say(made.error().text());
    }
    m_docker = std::make_unique<Dockerd>();
    if (const QString why = m_docker->start(); !why.isEmpty()) {
        return say(u"dockerd: "_s + why);
    }
    if (!QDir().mkpath(path(u"redis"_s))) {
        return say(u"mkdir"_s);
    }
    const QByteArray configuration = "bind 127.0.0.1\nport " + QByteArray::number(m_ports[u"redis"_s]) + "\ndir " + path(u"redis"_s).toUtf8()
        + "\nrequirepass " + RedisPassword + "\nmaxmemory 64mb\nsave \"\"\n";
    if (!files::replace(path(u"redis/redis.conf"_s), configuration)) {
        return say(u"redis.conf"_s);
    }
    return makeCertificate() && startRedis() && startBroker();
}

bool TradingSystem::makeCertificate()
{
    const QString file = path(u"tls/front.pem"_s);
    if (!QDir().mkpath(path(u"tls"_s))) {
        return say(u"mkdir"_s);
    }
    QString problem;
    // HAProxy looks for the key beside it, by this name.
    run(u"openssl"_s, {u"req"_s, u"-x509"_s, u"-newkey"_s, u"rsa:2048"_s, u"-nodes"_s, u"-days"_s, u"90"_s, u"-subj"_s, u"/CN=Trading"_s, u"-addext"_s, u"subjectAltName=IP:127.0.0.1"_s, u"-keyout"_s, QString(file + u".key"_s), u"-out"_s, file}, &problem);
    return say(problem);
}

bool TradingSystem::startBroker()
{
    m_broker.setProcessChannelMode(QProcess::MergedChannels);
    m_broker.setStandardOutputFile(path(u"broker.log"_s));
    m_broker.setUnixProcessParameters(QProcess::UnixProcessFlag::CreateNewSession);
    m_broker.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, program(u"cutover-demo-service"_s), u"broker"_s, u"--port"_s, QString::number(m_ports[u"broker"_s])});
    return m_broker.waitForStarted() || say(u"broker: "_s + m_broker.errorString());
}

void TradingSystem::stopBroker()
{
    end(m_broker);
}

bool TradingSystem::startRedis()
{
    m_redis.setProcessChannelMode(QProcess::MergedChannels);
    m_redis.setStandardOutputFile(path(u"redis/log"_s));
    // A terminal's Ctrl+C is for this program, which ends it in order.
    m_redis.setUnixProcessParameters(QProcess::UnixProcessFlag::CreateNewSession);
    m_redis.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, u"redis-server"_s, path(u"redis/redis.conf"_s)});
    return m_redis.waitForStarted() || say(u"redis-server: "_s + m_redis.errorString());
}

bool TradingSystem::git(const QStringList &arguments)
{
    const QStringList before{u"-C"_s, path(u"source"_s), u"-c"_s, u"user.name=Kim"_s, u"-c"_s, u"user.email=kim@example.org"_s, u"-c"_s, u"tag.gpgSign=false"_s, u"-c"_s, u"commit.gpgSign=false"_s, u"-c"_s, u"init.defaultBranch=main"_s};
    m_problem.clear();
    run(u"git"_s, before + arguments, &m_problem);
    return m_problem.isEmpty();
}

bool TradingSystem::publishReleases()
{
    if (!QDir().mkpath(path(u"source"_s)) || !git({u"init"_s, u"-q"_s})) {
        return false;
    }
    const auto releases = demoReleases(5);
    if (!releases) {
        return say(releases.error().text());
    }
    for (const DemoRelease &release : *releases) {
        Manifest manifest = release.manifest;
        const QString version = manifest.version.toString();
        // A commit can't name itself: git does, when it is built.
        manifest.commit.clear();
        manifest.migrationsDirectory = u"backend"_s;
        QJsonObject behaviour = release.behaviour;
        behaviour[u"commit"_s] = u"COMMIT"_s;
        if (!layOut(version, Revisions[version], manifest.toYaml(), behaviour) || !tag(version)) {
            return false;
        }
    }
    return true;
}

bool TradingSystem::tag(const QString &version)
{
    return git({u"add"_s, u"-A"_s}) && git({u"commit"_s, u"-q"_s, u"-m"_s, u"Release "_s + version})
        && git({u"tag"_s, u"-a"_s, u"v"_s + version, u"-m"_s, u"Release "_s + version});
}

bool TradingSystem::publishVariant(const QString &version, const std::function<void(const QString &folder)> &change)
{
    const auto releases = demoReleases(5);
    if (!releases) {
        return say(releases.error().text());
    }
    Manifest manifest = releases->at(1).manifest;
    manifest.version = *Version::parse(version);
    manifest.migration = true;
    manifest.commit.clear();
    manifest.migrationsDirectory = u"backend"_s;
    QJsonObject behaviour = releases->at(1).behaviour;
    behaviour[u"version"_s] = version;
    behaviour[u"commit"_s] = u"COMMIT"_s;
    // Revisions of later releases, and of other variants, are not part of it.
    QDir revisions(path(u"source/backend/alembic/versions"_s));
    const auto files = revisions.entryList({u"*.py"_s}, QDir::Files);
    for (const QString &file : files) {
        revisions.remove(file);
    }
    if (!layOut(version, Revisions[u"1.2.1"_s], manifest.toYaml(), behaviour)) {
        return false;
    }
    change(path(u"source"_s));
    return tag(version);
}

QString TradingSystem::commitBehind(const QString &version, const std::function<void(const QString &folder)> &change)
{
    if (!git({u"checkout"_s, u"-q"_s, u"-B"_s, u"behind-"_s + version, u"v"_s + version})) {
        return {};
    }
    change(path(u"source"_s));
    if (!git({u"add"_s, u"-A"_s}) || !git({u"commit"_s, u"-q"_s, u"-m"_s, u"A commit of nobody's release"_s})) {
        return {};
    }
    QProcess process;
    process.start(u"git"_s, {u"-C"_s, path(u"source"_s), u"rev-parse"_s, u"HEAD"_s});
    const QString hash = process.waitForFinished(60000) ? QString::fromLatin1(process.readAllStandardOutput()).trimmed() : QString();
    return git({u"checkout"_s, u"-q"_s, u"main"_s}) ? hash : QString();
}

bool TradingSystem::layOut(const QString &version, int revisions, const QByteArray &manifest, const QJsonObject &behaviour)
{
    const QDir from(QStringLiteral(TRADING_APPLICATION));
    const QDir to(path(u"source"_s));
    QDirIterator files(from.path(), QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext()) {
        const QString name = from.relativeFilePath(files.next());
        // "1a_orders.py" is the first revision, "2b_…" the second.
        if (name.contains(u"/versions/"_s) && QFileInfo(name).fileName().section(u'_', 0, 0).chopped(1).toInt() > revisions) {
            continue;
        }
        QFile file(from.filePath(name));
        if (name.contains(u"__pycache__"_s) || !file.open(QIODevice::ReadOnly)) {
            continue;
        }
        const QByteArray content = file.readAll().replace("@VERSION@", version.toUtf8());
        const auto permissions = name == u"build" ? QFileDevice::Permissions(0x7755) : QFileDevice::Permissions(0x6644);
        if (!QDir().mkpath(QFileInfo(to.filePath(name)).path()) || !files::replace(to.filePath(name), content, permissions)) {
            return say(u"cannot write "_s + to.filePath(name));
        }
    }
    if (!files::replace(to.filePath(u"manifest.yaml"_s), manifest) || !files::replace(to.filePath(u"release.in.json"_s), QJsonDocument(behaviour).toJson())
        || !files::replace(to.filePath(u".gitignore"_s), "__pycache__/\nimage/\nvenv/\nnode_modules/\n")) {
        return say(u"cannot write release "_s + version);
    }
    if (m_libraries) {
        m_problem.clear();
        run(u"python3"_s, {QStringLiteral(TRADING_LIBRARIES), to.path(), version}, &m_problem);
        return m_problem.isEmpty();
    }
    return true;
}

bool TradingSystem::writeFiles(const Options &options)
{
    const auto port = [this](const QString &name) { return QString::number(m_ports[name]); };
    QString haproxy = uR"(global
    stats socket %1/haproxy.sock mode 600 level admin
    nbthread 1
    maxconn 1000

defaults
    mode http
    # A browser opens connections ahead of its requests: one that stays idle is no failed request.
    option http-ignore-probes
    retries 0
    retry-on none
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 20s
    timeout check 2s
    timeout http-keep-alive 60s

frontend front
    bind 127.0.0.1:%2
    bind 127.0.0.1:%7 ssl crt %1/tls/front.pem
    use_backend backend if { path_beg /api }
    default_backend frontend

backend backend
    balance roundrobin
    option httpchk GET /api/health
    default-server check inter 500ms fastinter 100ms downinter 200ms fall 3 rise 1
    server backend-1 127.0.0.1:%3
    server backend-2 127.0.0.1:%4

backend frontend
    balance roundrobin
    option httpchk GET /version.json
    default-server check inter 500ms fastinter 100ms downinter 200ms fall 3 rise 1
    server frontend-1 127.0.0.1:%5
    server frontend-2 127.0.0.1:%6
)"_s.arg(m_folder, port(u"front"_s), port(u"backend-1"_s), port(u"backend-2"_s), port(u"frontend-1"_s), port(u"frontend-2"_s), port(u"secure"_s));
    if (m_blueGreen) {
        // Which of them serve, a run says; after a restart of its own HAProxy knows only this.
        haproxy.replace(u"server backend-"_s, u"server blue-"_s)
            .replace(u"\nbackend frontend\n"_s, u"    server green-1 127.0.0.1:%1 disabled\n    server green-2 127.0.0.1:%2 disabled\n\nbackend frontend\n"_s.arg(port(u"green-1"_s), port(u"green-2"_s)));
    }
    const QString environment = uR"(# Settings of the trading system, for Compose.
TRADING_ENVIRONMENT=@ENVIRONMENT@
PROGRAMS=%1
DATABASE_URL=postgresql://trading@127.0.0.1:%2/trading
DATABASE_PASSWORD=%3
REDIS=127.0.0.1:%4
REDIS_PASSWORD=%5
API_TOKEN=@TOKEN@
BACKEND_1_PORT=%6
BACKEND_2_PORT=%7
BACKEND_SPARE_PORT=@SPARE@
FRONTEND_1_PORT=%8
FRONTEND_2_PORT=%9
LEGACY_QUOTES=1
)"_s.arg(QFileInfo(program(u"cutover-demo-service"_s)).absolutePath(), QString::number(m_postgres->port()), QLatin1StringView(DatabasePassword), port(u"redis"_s), QLatin1StringView(RedisPassword), port(u"backend-1"_s), port(u"backend-2"_s), port(u"frontend-1"_s), port(u"frontend-2"_s))
                                    .replace(u"@SPARE@"_s, port(u"backend-spare"_s))
                                    .replace(u"@TOKEN@"_s, QLatin1StringView(ApiToken))
                                    .replace(u"@ENVIRONMENT@"_s, options.environment);
    QString target = uR"(# The trading system: everything that Cutover knows about it.
schema: 1
name: trading
product: trading
environment: @ENVIRONMENT@
state: state
releases: releases

repository:
  git: @FOLDER@/source
  build:
    - [./build]

compose:
  project: @PROJECT@
  environment_file: .env
  host: "@DOCKER@"

balancer:
  kind: haproxy
  socket: haproxy.sock

databases:
  - name: trading
    driver: postgresql
    host: 127.0.0.1
    port: @DATABASE@
    database: trading
    user: trading
    password: file:secrets/database
    minimum_free: 200 MB
    migrations: {tool: alembic, folder: backend}

redis:
  - name: quotes
    host: 127.0.0.1
    port: @REDIS@
    password: file:secrets/redis
    backup: true

services:
  - name: backend
    runtime: compose
    instances:
      - {name: backend-1, port: @BACKEND1@}
      - {name: backend-2, port: @BACKEND2@}
    spare: {name: backend-spare, port: @SPARE@}
    health: {http: "http://127.0.0.1:{port}/api/health", interval: 100ms, ready_within: 60s}
    version: http://127.0.0.1:{port}/api/version
    metrics: http://127.0.0.1:{port}/metrics
    balancer_backend: backend
    drain_limit: 30s
    stop_timeout: 25s

  - name: frontend
    runtime: compose
    instances:
      - {name: frontend-1, port: @FRONTEND1@}
      - {name: frontend-2, port: @FRONTEND2@}
    health: {http: "http://127.0.0.1:{port}/version.json", interval: 100ms, ready_within: 60s}
    version: http://127.0.0.1:{port}/version.json
    balancer_backend: frontend
    drain_limit: 30s
    stop_timeout: 25s

  - name: haproxy
    managed: false
    instances: [{name: haproxy, port: @FRONT@}]
    command: [haproxy, -db, -f, haproxy.cfg]
    health: {http: "http://127.0.0.1:{port}/api/health", interval: 50ms}

  - name: traffic
    managed: false
    instances: [{name: traffic, port: @TRAFFIC@}]
    command: ["@PROGRAMS@/cutover-demo-service", traffic, --port, "{port}", --frontend, "http://127.0.0.1:@FRONT@",
              --data, "@FOLDER@/data", --rate, "@RATE@", --pages]
    health: {http: "http://127.0.0.1:{port}/api/health", interval: 50ms}
    stop_timeout: 30s

configuration:
  - file: .env
    secrets: ["*SECRET*", "*TOKEN*", "*PASSWORD*"]

features:
  database: trading

watch:
  max_error_proportion: "5 %"
  window: @WINDOW@ms
  duration: @DURATION@ms
  scrape_interval: 500ms
  minimum_samples: 30
  consecutive_breaches: 2

backup:
  directory: backups
  keep: 10

checks:
  minimum_free: 200 MB
  probes:
    - {name: front, http: "http://127.0.0.1:@FRONT@/api/health"}
    - {name: page, http: "http://127.0.0.1:@FRONT@/", expect_body: Trading}
    - {name: quote, http: "http://127.0.0.1:@FRONT@/api/market/quote/KIS", critical: false, proves: [features]}
    - {name: account, http: "http://127.0.0.1:@FRONT@/api/me", headers: {Authorization: "Bearer file:secrets/api.token"}, proves: [authentication]}
    - {name: stranger, http: "http://127.0.0.1:@FRONT@/api/me", expect_status: 401, proves: [authentication]}
    - {name: market-stream, http: "http://127.0.0.1:@FRONT@/api/market/stream", expect_body: "event: quote", proves: [streaming]}
    - {name: market-socket, web_socket: "ws://127.0.0.1:@FRONT@/api/market/socket", expect_body: price}
  external:
    - {name: broker, http: "http://127.0.0.1:@BROKER@/status", expect_body: open, while_down: wait, interval: 500ms}
  external_wait: 60s
  certificates:
    - {name: file, file: tls/front.pem, critical: true}
    - {name: served, server: "127.0.0.1:@SECURE@", critical: true}
  compatibility:
    - {name: quote, url: "http://127.0.0.1:@FRONT@/api/market/quote/KIS"}
    - {name: account, url: "http://127.0.0.1:@FRONT@/api/me", headers: {Authorization: "Bearer file:secrets/api.token"}, compare: values}
  evidence:
    # Of what is installed, and of what was installed then.
    - {name: installed-tests, command: [python3, -B, -m, pytest, -q, -p, no:cacheprovider, backend/tests], when: before}
    - {name: unit-tests, command: [python3, -B, -m, pytest, -q, -p, no:cacheprovider, backend/tests], when: after, proves: [unit]}
    - {name: order, command: [python3, -B, checks/place_order.py, "http://127.0.0.1:@FRONT@"], when: after, proves: [integration, orders]}
  # Errors are counted in what the backends' and frontends' containers write.
  max_log_errors: 5
  latency_url: http://127.0.0.1:@FRONT@/api/market/quote/KIS
  latency_p95: 200ms
)"_s;
    if (m_libraries) {
        target.replace(u"    - [./build]\n"_s,
                       u"    - [./build]\n    - [python3, -m, venv, venv]\n    - [venv/bin/pip, install, --no-index, --find-links, vendor, --require-hashes, -r, requirements.txt]\n"
                       "    - [npm, ci, --offline, --no-audit, --no-fund]\n"_s)
            .replace(u"    - {name: order, command: "_s,
                     u"    - {name: pip-check, command: [venv/bin/pip, check], when: after, proves: [audit]}\n"
                     "    - {name: libraries, command: [venv/bin/python, -B, checks/libraries.py, \"{version}\"], when: after, proves: [frontend]}\n"
                     "    - {name: load, command: [locust, --headless, --only-summary, --users, \"5\", --spawn-rate, \"5\", --run-time, 3s, --locustfile, checks/load.py,\n"
                     "                             --host, \"http://127.0.0.1:@FRONT@\"], when: after, proves: [load]}\n"
                     "    - {name: order, command: "_s);
    }
    if (m_workers > 0) {
        target.replace(u"  - name: haproxy\n"_s, u"  - {name: worker, runtime: compose, replicas: %1, health: {ready_within: 60s}, stop_timeout: 5s}\n\n  - name: haproxy\n"_s.arg(m_workers));
    }
    if (m_blueGreen) {
        target.replace(u"  environment_file: .env\n"_s, u"  environment_file: .env\n  colours: {blue: blue.env, green: green.env}\n"_s)
            .replace(u"  - name: backend\n    runtime: compose\n"_s, u"  - name: backend\n    runtime: compose\n    strategy: blue_green\n"_s)
            .replace(u"      - {name: backend-1, port: @BACKEND1@}\n      - {name: backend-2, port: @BACKEND2@}\n    spare: {name: backend-spare, port: @SPARE@}\n"_s,
                     u"      - {name: blue-1, port: @BACKEND1@, colour: blue, service: backend-1}\n      - {name: blue-2, port: @BACKEND2@, colour: blue, service: backend-2}\n"
                     "      - {name: green-1, port: @GREEN1@, colour: green, service: backend-1}\n      - {name: green-2, port: @GREEN2@, colour: green, service: backend-2}\n"_s)
            .replace(u"    balancer_backend: backend\n"_s, u"    smoke: [{name: quote, http: \"http://127.0.0.1:{port}/api/market/quote/KIS\"}]\n    balancer_backend: backend\n"_s);
        for (const auto &[colour, first, second] : {std::tuple(u"blue"_s, u"backend-1"_s, u"backend-2"_s), std::tuple(u"green"_s, u"green-1"_s, u"green-2"_s)}) {
            const QString ports = u"BACKEND_1_PORT=%1\nBACKEND_2_PORT=%2\n"_s.arg(port(first), port(second));
            if (!files::replace(path(colour + u".env"_s), ports.toUtf8())) {
                return say(u"cannot write into "_s + m_folder);
            }
        }
    }
    const QMap<QString, QString> values{
        {u"@ENVIRONMENT@"_s, options.environment}, {u"@FOLDER@"_s, m_folder}, {u"@DOCKER@"_s, m_docker->host()}, {u"@PROJECT@"_s, QString::fromLatin1(Project)}, {u"@DATABASE@"_s, QString::number(m_postgres->port())}, {u"@BACKEND1@"_s, port(u"backend-1"_s)}, {u"@BACKEND2@"_s, port(u"backend-2"_s)}, {u"@SPARE@"_s, port(u"backend-spare"_s)}, {u"@GREEN1@"_s, port(u"green-1"_s)}, {u"@GREEN2@"_s, port(u"green-2"_s)}, {u"@FRONTEND1@"_s, port(u"frontend-1"_s)}, {u"@FRONTEND2@"_s, port(u"frontend-2"_s)}, {u"@FRONT@"_s, port(u"front"_s)}, {u"@SECURE@"_s, port(u"secure"_s)}, {u"@REDIS@"_s, port(u"redis"_s)}, {u"@BROKER@"_s, port(u"broker"_s)}, {u"@TRAFFIC@"_s, port(u"traffic"_s)}, {u"@PROGRAMS@"_s, QFileInfo(program(u"cutover-demo-service"_s)).absolutePath()}, {u"@RATE@"_s, QString::number(options.rate)}, {u"@WINDOW@"_s, QString::number(options.watchWindowMs)}, {u"@DURATION@"_s, QString::number(options.watchDurationMs)}};
    for (const auto &[mark, value] : values.asKeyValueRange()) {
        target.replace(mark, value);
    }
    if (!QDir().mkpath(path(u"data"_s)) || !QDir().mkpath(path(u"secrets"_s)) || !files::replace(path(u"haproxy.cfg"_s), haproxy.toUtf8())
        || !files::replace(path(u".env"_s), environment.toUtf8(), QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || !files::replace(path(u"secrets/database"_s), QByteArray(DatabasePassword) + '\n', QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || !files::replace(path(u"secrets/redis"_s), QByteArray(RedisPassword) + '\n', QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || !files::replace(path(u"secrets/api.token"_s), QByteArray(ApiToken) + '\n', QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || !files::replace(targetFile(), target.toUtf8())) {
        return say(u"cannot write into "_s + m_folder);
    }
    return true;
}

bool TradingSystem::installFirst(const QString &targetFile)
{
    const auto target = Target::load(targetFile);
    if (!target) {
        return say(target.error().text());
    }
    // The engine's own steps, as a release that came by an update stands there.
    const auto source = ReleaseSource::of(*target);
    const auto releases = QCoro::waitFor(source->releases());
    if (!releases) {
        return say(releases.error().text());
    }
    const auto first = std::ranges::find(*releases, u"1.2.0"_s, [](const ReleaseInfo &info) { return info.manifest.version.toString(); });
    if (first == releases->end()) {
        return say(u"1.2.0 is not offered"_s);
    }
    const auto staged = QCoro::waitFor(source->stage(*first, {}, [](const Progress &) { }));
    if (!staged) {
        return say(staged.error().text());
    }
    TestContext context(*target);
    const QList<StepSpec> steps = source->acquireSteps(*staged) + QList{source->place(*staged)};
    for (const StepSpec &spec : steps) {
        const auto step = StepRegistry::create(spec);
        if (const auto applied = QCoro::waitFor((*step)->apply(context, {}, {})); !applied) {
            return say(applied.error().text() + u'\n' + context.lines.join(u'\n'));
        }
    }
    if (!QFile::link(u"1.2.0"_s, target->currentLink())) {
        return say(u"link"_s);
    }
    const alembic::Project project{target->databases.first(), target->releaseDirectory(u"1.2.0"_s)};
    const auto migrated = QCoro::waitFor(alembic::move(project, alembic::Direction::Up, u"head"_s, {}));
    if (!migrated) {
        return say(migrated.error().text());
    }
    return migrated->exitCode == 0 || say(alembic::failure(project, *migrated, {}, {}).text());
}

bool TradingSystem::fillDatabase(const QString &database, int orders)
{
    const auto filled = m_postgres->sql(database, u"INSERT INTO users (name) SELECT 'user-' || i FROM generate_series(0, 99) i; "
                                                  "INSERT INTO orders (symbol, side, quantity, price, \"user\", client_id, created_at) "
                                                  "SELECT (ARRAY['KIS','ORB','NOVA','TERN','LUX'])[1 + i %% 5], CASE i %% 3 WHEN 0 THEN 'sell' ELSE 'buy' END, 1 + i * 31 %% 100, "
                                                  "20 + (i * 17 %% 40000) / 100.0, 'user-' || (i %% 100), 'history-' || i, now() - make_interval(secs => i * 30) FROM generate_series(1, %1) i; "
                                                  "INSERT INTO feature_flags (name, description, enabled, rollout, changed_by) VALUES ('dark_charts', 'Charts on a dark ground', true, 100, 'set-up')"_s.arg(orders)
                                                      .replace(u"%%"_s, u"%"_s));
    return filled || say(filled.error().text());
}

QStringList TradingSystem::firstBackends() const
{
    return m_blueGreen ? QStringList{u"blue-1"_s, u"blue-2"_s} : QStringList{u"backend-1"_s, u"backend-2"_s};
}

QStringList TradingSystem::workers() const
{
    QStringList names;
    for (int i = 1; i <= m_workers; ++i) {
        names.append(u"worker-%1"_s.arg(i));
    }
    return names;
}

bool TradingSystem::startServices(const QString &targetFile)
{
    const auto target = Target::load(targetFile);
    if (!target) {
        return say(target.error().text());
    }
    const auto runtime = RuntimeRegistry::create(u"compose"_s, *target);
    if (!runtime) {
        return say(runtime.error().text());
    }
    const QStringList composed = firstBackends() + QStringList{u"frontend-1"_s, u"frontend-2"_s} + workers();
    if (const auto prepared = QCoro::waitFor((*runtime)->prepare(u"1.2.0"_s, composed, {})); !prepared) {
        return say(prepared.error().text());
    }
    for (const QString &name : composed) {
        if (const auto started = QCoro::waitFor((*runtime)->start(name, u"1.2.0"_s)); !started) {
            return say(started.error().text());
        }
    }
    for (const QString &name : composed) {
        if (const auto ready = QCoro::waitFor((*runtime)->waitReady(name, u"1.2.0"_s, {})); !ready) {
            return say(ready.error().text());
        }
    }
    return startSupervised(targetFile);
}

bool TradingSystem::startSupervised(const QString &targetFile)
{
    const auto target = Target::load(targetFile);
    if (!target) {
        return say(target.error().text());
    }
    SupervisorClient supervisor(*target);
    auto done = QCoro::waitFor(supervisor.ensureRunning());
    for (const QString &name : {u"haproxy"_s, u"traffic"_s}) {
        if (done) {
            done = QCoro::waitFor(supervisor.start(name, {}));
        }
        if (done) {
            done = QCoro::waitFor(supervisor.waitReady(name, {}));
        }
    }
    return done || say(done.error().text());
}

void TradingSystem::shutDown(const QString &targetFile)
{
    if (const auto target = Target::load(targetFile)) {
        (void)QCoro::waitFor(stopWatcher(*target));
        (void)QCoro::waitFor(SupervisorClient(*target).shutdown());
        // A run that is held has a runner that waits.
        const auto left = processesOf({targetFile});
        for (const pid_t pid : left) {
            ::kill(pid, SIGTERM);
        }
    }
}

bool TradingSystem::composeUp(const QString &version, const QString &service)
{
    QProcess compose;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"DOCKER_HOST"_s, m_docker->host());
    compose.setProcessEnvironment(environment);
    const QString release = path(u"releases/"_s + version);
    compose.start(u"docker-compose"_s, {u"--project-name"_s, QString::fromLatin1(Project), u"--project-directory"_s, release, u"--file"_s, release + u"/compose.yaml"_s, u"--env-file"_s, path(u".env"_s), u"up"_s, u"--detach"_s, u"--no-deps"_s, u"--no-build"_s, u"--force-recreate"_s, service});
    return (compose.waitForFinished(120000) && compose.exitCode() == 0) || say(QString::fromUtf8(compose.readAllStandardError()));
}

int TradingSystem::kill(const QString &program, int signal)
{
    int killed = 0;
    const QSet<pid_t> own = processesOf({m_folder});
    for (const pid_t pid : own) {
        QFile name(u"/proc/%1/comm"_s.arg(pid));
        if (name.open(QIODevice::ReadOnly) && name.readAll().trimmed() == program.toUtf8() && ::kill(pid, signal) == 0) {
            ++killed;
        }
    }
    return killed;
}

void TradingSystem::powerOff()
{
    QSet<pid_t> pids;
    const QStringList running = m_docker->docker({u"ps"_s, u"-q"_s}).split(u'\n', Qt::SkipEmptyParts);
    for (const QString &container : running) {
        pids.insert(m_docker->docker({u"inspect"_s, u"--format"_s, u"{{.State.Pid}}"_s, container}).toInt());
    }
    pids.insert(pid_t(m_redis.processId()));
    pids.insert(pid_t(m_broker.processId()));
    // Again for what one of them has just started: with the power nothing is left that could.
    for (int round = 0; round < 50; ++round) {
        const QSet<pid_t> found = processesOf({m_folder, m_docker->path({}), m_postgres->path({})});
        if (round > 0 && found.isEmpty()) {
            break;
        }
        pids += found;
        pids.remove(0);
        for (const pid_t pid : std::as_const(pids)) {
            ::kill(pid, SIGKILL);
        }
        pids.clear();
        QThread::msleep(20);
    }
    m_redis.waitForFinished(10000);
    m_broker.waitForFinished(10000);
    m_docker->stop(SIGKILL);
    m_postgres->stop(SIGKILL);
}

bool TradingSystem::powerOn()
{
    // Its children of before notice within moments that their parent has gone, and hold its memory until then.
    QString why;
    for (int tries = 0; tries < 20 && !(why = m_postgres->start()).isEmpty(); ++tries) {
        QThread::msleep(500);
    }
    if (!why.isEmpty()) {
        return say(u"PostgreSQL: "_s + why);
    }
    if (why = m_docker->start(); !why.isEmpty()) {
        return say(u"dockerd: "_s + why);
    }
    if (startRedis() && startBroker() && startSupervised(targetFile())) {
        return true;
    }
    const QString log = u"/state/logs/supervisor.log"_s;
    return say(m_problem + u'\n' + m_docker->docker({u"ps"_s, u"-a"_s, u"--format"_s, u"{{.Names}} {{.Status}}"_s}) + u'\n' + QString::fromUtf8(files::read(m_folder + log).value_or(QByteArray()).right(2000)));
}

QStringList TradingSystem::query(const QString &sql) const
{
    const auto session = postgres::Session::open(Target::load(targetFile())->databases.first());
    const auto found = session ? (*session)->execute(u"SET search_path = public"_s) : Result<>(fail(session.error()));
    const auto rows = found ? (*session)->rows(sql) : Result<QList<postgres::Row>>(fail(found.error()));
    if (!rows) {
        return {u"error: "_s + rows.error().text()};
    }
    QStringList values;
    for (const postgres::Row &row : *rows) {
        values.append(row.value(0).toString());
    }
    return values;
}

QString TradingSystem::revision() const
{
    return query(u"SELECT version_num FROM alembic_version"_s).join(u", "_s);
}

QByteArray TradingSystem::schema() const
{
    QProcess dump;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"PGPASSWORD"_s, QString::fromLatin1(DatabasePassword));
    dump.setProcessEnvironment(environment);
    dump.start(m_postgres->programs() + u"/pg_dump"_s, {u"--schema-only"_s, u"--no-owner"_s, u"-h"_s, u"127.0.0.1"_s, u"-p"_s, QString::number(m_postgres->port()), u"-U"_s, u"trading"_s, u"trading"_s});
    if (!dump.waitForFinished(60000) || dump.exitCode() != 0) {
        return "error: " + dump.readAllStandardError();
    }
    // Each dump has a key of its own, against what could be smuggled in.
    QByteArray text;
    const auto lines = dump.readAllStandardOutput().split('\n');
    for (const QByteArray &line : lines) {
        if (!line.startsWith("\\restrict") && !line.startsWith("\\unrestrict")) {
            text += line + '\n';
        }
    }
    return text;
}

QStringList TradingSystem::tableNames() const
{
    // But for Alembic's own, which says where the schema stands.
    return query(u"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY tablename"_s);
}

QStringList TradingSystem::columnsOf(const QString &table) const
{
    return query(u"SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '%1' ORDER BY ordinal_position"_s.arg(table));
}

QStringList TradingSystem::rowsOf(const QString &table, const QStringList &columns) const
{
    QStringList quoted;
    for (const QString &column : columns) {
        quoted.append(u'"' + column + u'"');
    }
    return query(u"SELECT ROW(%1)::text FROM \"%2\""_s.arg(quoted.join(u", "_s), table));
}

QString TradingSystem::otherThan(const QString &version, const QString &told) const
{
    const QString answer = told.isEmpty() ? version : told;
    QStringList wrong;
    const auto target = Target::load(targetFile());
    const auto runtime = RuntimeRegistry::create(u"compose"_s, *target);
    const auto states = QCoro::waitFor((*runtime)->states(20000));
    if (!states) {
        return states.error().text();
    }
    const auto colours = QCoro::waitFor(servingColours(*target));
    if (!colours) {
        return colours.error().text();
    }
    const QSet<QString> idle = idleInstances(*target, *colours);
    for (const InstanceState &state : *states) {
        if (idle.contains(state.name)) {
            continue;
        }
        if (state.release != version || state.state != InstanceState::State::Ready) {
            wrong.append(u"%1 of %2 is %3"_s.arg(state.name, state.release, instanceStateName(state.state)));
        }
    }
    QStringList running = m_docker->docker({u"ps"_s, u"--format"_s, u"{{.Label \"com.docker.compose.project\"}}"_s}).split(u'\n', Qt::SkipEmptyParts);
    // Each colour is a project of its own, and so is a staging system.
    const QString project = QString::fromLatin1(Project);
    running.removeIf([&project](const QString &name) { return name != project && name != project + u"-blue" && name != project + u"-green"; });
    if (running.size() != 4 + m_workers) {
        wrong.append(u"%1 containers run"_s.arg(running.size()));
    }
    if (!servesOnly(answer)) {
        wrong.append(u"the balancer's backends answer otherwise"_s);
    }
    for (int i = 0; i < 4; ++i) {
        if (const QByteArray page = get(u"/"_s); !page.contains(QByteArray("Version " + answer.toUtf8()))) {
            wrong.append(u"the page is "_s + QString::fromUtf8(page.left(200)));
        }
    }
    return wrong.join(u"; "_s);
}

QString TradingSystem::servesOther(const QStringList &versions) const
{
    // More answers than there are instances, in turn.
    for (int i = 0; i < 6; ++i) {
        if (const QString version = servedVersion(); !versions.contains(version)) {
            return u"“%1” is served"_s.arg(version);
        }
        const QByteArray page = get(u"/"_s);
        if (std::ranges::none_of(versions, [&page](const QString &version) { return page.contains(QByteArray("<p>Version " + version.toUtf8() + "</p>")); })) {
            return u"the page is “%1”"_s.arg(QString::fromUtf8(page.left(200)));
        }
    }
    return {};
}

QString TradingSystem::harm(const QString &version, const QString &atRevision, const QString &troubles, const QString &told)
{
    QStringList wrong = failures();
    const Traffic now = traffic();
    const Traffic since = std::exchange(m_seen, now);
    // Who was started again may have left requests behind.
    if (now.run.isEmpty() || (!since.run.isEmpty() && now.run != since.run)) {
        wrong.append(u"the traffic is not the one that was begun"_s);
    } else if (now.sent <= since.sent + 20) {
        wrong.append(u"hardly any request was sent since the last look: %1, %2 then"_s.arg(now.sent).arg(since.sent));
    }
    if (now.failed != 0) {
        wrong.append(u"the traffic has counted %1 failures"_s.arg(now.failed));
    }
    if (const QString other = otherThan(version, told); !other.isEmpty()) {
        wrong.append(other);
    }
    if (const QString found = revision(); found != atRevision) {
        wrong.append(u"the revision is "_s + found);
    }
    if (const QString balancer = balancerTroubles(); balancer != troubles) {
        wrong.append(balancer);
    }
    if (acknowledgedOrders().size() <= 20) {
        wrong.append(u"hardly any order was acknowledged"_s);
    }
    if (const QStringList lost = lostOrders(); !lost.isEmpty()) {
        wrong.append(u"%1 acknowledged orders are gone, one of them: %2"_s.arg(lost.size()).arg(lost.first()));
    }
    return wrong.join(u'\n');
}
