// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/composeproject.h"

#include "config/targetmask.h"
#include "deploy/composeimages.h"
#include "system/files.h"
#include "target/composereader.h"
#include "target/yamlreader.h"

#include <QDir>
#include <QFileInfo>
#include <QHostAddress>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QVersionNumber>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 RegistryMs = 60000;
constexpr qint64 PullMs = 30LL * 60000;
constexpr qint64 BuildMs = 1800000;
constexpr qint64 UpMs = 120000;
constexpr qsizetype LongestLine = 500;
constexpr int Lines = 10;

constexpr QLatin1StringView ServiceLabel("com.docker.compose.service");
constexpr QLatin1StringView FilesLabel("com.docker.compose.project.config_files");
constexpr QLatin1StringView NumberLabel("com.docker.compose.container-number");
constexpr QLatin1StringView InstanceLabel("cutover.instance");

/// Never what somebody's shell or Docker context says: two consoles would work on two systems.
QString hostOf(const ComposeSpec &spec)
{
    return spec.host.isEmpty() ? u"unix:///run/docker.sock"_s : spec.host;
}

/// What Docker's programs need of ours, and nothing that a Compose file could take a value from.
QProcessEnvironment environmentOf(const ComposeSpec &spec)
{
    const QProcessEnvironment ours = QProcessEnvironment::systemEnvironment();
    QProcessEnvironment environment;
    for (const QString &name : {u"PATH"_s, u"HOME"_s, u"TMPDIR"_s, u"XDG_RUNTIME_DIR"_s, u"XDG_CONFIG_HOME"_s, u"SSH_AUTH_SOCK"_s, u"DOCKER_CONFIG"_s,
                                u"DOCKER_CERT_PATH"_s, u"DOCKER_TLS_VERIFY"_s, u"HTTP_PROXY"_s, u"HTTPS_PROXY"_s, u"NO_PROXY"_s, u"http_proxy"_s,
                                u"https_proxy"_s, u"no_proxy"_s}) {
        if (ours.contains(name)) {
            environment.insert(name, ours.value(name));
        }
    }
    environment.insert(u"DOCKER_HOST"_s, hostOf(spec));
    environment.insert(u"LC_ALL"_s, u"C.UTF-8"_s);
    environment.insert(u"COMPOSE_ANSI"_s, u"never"_s);
    environment.insert(u"COMPOSE_PROGRESS"_s, u"plain"_s);
    environment.insert(u"COMPOSE_IGNORE_ORPHANS"_s, u"true"_s);
    environment.insert(u"COMPOSE_MENU"_s, u"false"_s);
    return environment;
}

/// The words of Docker's client where its daemon is not there, and not those about a registry.
bool isGone(const QString &said)
{
    const QStringList words{u"Cannot connect to the Docker daemon"_s, u"error during connect"_s, u"failed to connect to the docker API"_s /* since 29 */};
    return std::ranges::any_of(words, [&said](const QString &word) { return said.contains(word, Qt::CaseInsensitive); });
}

/// What a registry says that may be better in a minute.
bool isPassing(const QString &said)
{
    static const QRegularExpression words(u"timeout|timed out|TLS handshake|connection reset|unexpected EOF|toomanyrequests|\\b(?:429|50[0234])\\b"_s,
                                          QRegularExpression::CaseInsensitiveOption);
    return said.contains(words);
}

/// It wants to know who asks. Docker says the same of a repository that is nowhere where the registry does.
bool wantsLogin(const QString &said)
{
    static const QRegularExpression words(u"unauthorized|authentication required|no basic auth|credential|may require 'docker login'|access (?:denied|forbidden)|"
                                          "(?<!permission )\\bdenied\\b|403 forbidden|authorization (?:failed|token)"_s,
                                          QRegularExpression::CaseInsensitiveOption);
    return said.contains(words);
}

/// By which its name tells the registry; empty: Docker Hub.
QString registryOf(const QString &image)
{
    const QString registry = image.section(u'/', 0, 0);
    return image.contains(u'/') && (registry.contains(u'.') || registry.contains(u':') || registry == "localhost"_L1) ? registry : QString();
}

std::unexpected<Error> notPulled(const QString &code, const QString &service, const QString &image, const QString &said)
{
    const QString registry = registryOf(image);
    const QString login = registry.isEmpty() ? u"docker login"_s : u"docker login "_s + registry;
    return fail(wantsLogin(said) ? u"compose.no_login"_s : code, {{u"service"_s, service}, {u"image"_s, image}, {u"login"_s, login}, {u"reason"_s, said}}, {},
                isPassing(said) ? Error::Kind::Transient : Error::Kind::Permanent);
}

ComposeContainer containerOf(const QJsonObject &json)
{
    ComposeContainer container;
    const QJsonObject state = json["State"_L1].toObject();
    container.id = json["Id"_L1].toString();
    container.image = json["Image"_L1].toString();
    container.service = json["Config"_L1]["Labels"_L1][ServiceLabel].toString();
    container.number = json["Config"_L1]["Labels"_L1][NumberLabel].toString().toInt();
    container.instance = json["Config"_L1]["Labels"_L1][InstanceLabel].toString();
    container.status = state["Status"_L1].toString();
    container.health = state["Health"_L1]["Status"_L1].toString();
    if (container.health == "none"_L1) {
        container.health.clear();
    }
    // With nanoseconds, of which Qt reads three digits.
    const QString started = state["StartedAt"_L1].toString();
    container.since = QDateTime::fromString(started.section(u'.', 0, 0) + u'.' + started.section(u'.', 1).left(3) + u'Z', Qt::ISODateWithMs);
    container.pid = state["Pid"_L1].toInteger();
    container.exitCode = state["ExitCode"_L1].toInt();
    container.restarts = json["RestartCount"_L1].toInt();
    return container;
}

} // namespace

/// What several containers of one service need to be updated one by one. isBack: how many there are is up to us, and who is not asked is
/// ready once it runs.
static Result<> checkReplicas(const ServiceSpec &service, const QString &name, const ComposeService &composed, const QString &file, bool isBack)
{
    const qsizetype wanted = std::ranges::count(service.instances, name, &InstanceSpec::composeService);
    if (composed.replicas != 1 && composed.replicas != wanted && !isBack) {
        return fail(u"compose.replica_count"_s, {{u"service"_s, name}, {u"count"_s, composed.replicas}, {u"wanted"_s, wanted}}, file);
    }
    if (!composed.containerName.isEmpty()) {
        return fail(u"compose.replica_name"_s, {{u"service"_s, name}, {u"name"_s, composed.containerName}}, file);
    }
    if (!composed.hasHealthCheck && !service.health.asksAnything() && !isBack) {
        return fail(u"compose.replica_health"_s, {{u"service"_s, name}}, file);
    }
    return {};
}

ComposeProject::ComposeProject(const Target &target, const RuntimeTools &tools, const QString &colour)
    : m_target(target)
    , m_tools(tools)
    , m_colour(colour)
{
    if (!m_tools.processes) {
        m_tools.processes = &Processes::system();
    }
}

Async<ProcessResult> ComposeProject::run(QStringList command, Work work, qint64 limitMs, std::stop_token stop, ProcessLine onLine)
{
    ProcessSpec spec;
    spec.program = command.takeFirst();
    spec.arguments = command;
    spec.workingDirectory = u"/"_s;
    spec.environment = environmentOf(m_target.compose);
    spec.timeoutMs = limitMs;
    if (onLine) {
        spec.onLine = std::move(onLine);
        spec.maxOutput = LongestLine;
    } else if (work == Work::Change) {
        spec.inherit = m_tools.inherit;
        if (const auto told = m_tools.told) {
            spec.onLine = [told](const QByteArray &line, bool) { told(u"docker"_s, QString::fromUtf8(line)); };
        }
    }
    const QString host = hostOf(m_target.compose);
    const QString called = QFileInfo(spec.program).fileName();
    const auto result = co_await m_tools.processes->run(spec, stop);
    if (!result) {
        if (result.error().code == "process.not_found"_L1) {
            co_return fail(u"compose.no_program"_s, {{u"program"_s, called}});
        }
        if (result.error().code == "process.timeout"_L1) {
            // Whether the daemon goes on with it, nobody knows.
            co_return fail(u"compose.silent"_s, {{u"host"_s, host}, {u"limit"_s, limitMs}}, host,
                           work == Work::Change ? Error::Kind::Unknown : Error::Kind::Transient);
        }
        co_return fail(result.error());
    }
    if (result->exitCode != 0) {
        const QString said = QString::fromUtf8(result->errorOutput);
        if (said.contains("permission denied"_L1, Qt::CaseInsensitive) && said.contains("docker"_L1, Qt::CaseInsensitive) && said.contains("sock"_L1)) {
            co_return fail(u"compose.denied"_s, {{u"host"_s, host}}, host);
        }
        if (isGone(said)) {
            co_return fail(u"compose.gone"_s, {{u"host"_s, host}, {u"reason"_s, result->lastWords()}}, host, Error::Kind::Transient);
        }
        if (work == Work::Change) {
            // A daemon that ends in the middle has many words for it; afterwards it is clear.
            if (const auto there = co_await serverVersion(stop); !there && there.error().kind == Error::Kind::Transient) {
                co_return fail(there.error());
            }
        }
    }
    co_return *result;
}

Async<ProcessResult> ComposeProject::done(QStringList command, Work work, qint64 limitMs, std::stop_token stop)
{
    CO_TRY(ProcessResult result, co_await run(command, work, limitMs, stop));
    if (result.exitCode != 0) {
        co_return fail(u"compose.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return result;
}

Async<QStringList> ComposeProject::program()
{
    if (!m_program.isEmpty()) {
        const QStringList known = m_program;
        co_return known;
    }
    const QString named = m_target.compose.program;
    const QList<QStringList> ways = named == "auto"_L1 ? QList<QStringList>{{u"docker"_s, u"compose"_s}, {u"docker-compose"_s}}
                                                       : QList<QStringList>{named.split(u' ')};
    for (const QStringList &way : ways) {
        const QStringList command = way + QStringList{u"version"_s, u"--short"_s};
        const auto result = co_await run(command, Work::Look, LookMs, {});
        if (!result || result->exitCode != 0) {
            continue;
        }
        const QString version = QString::fromUtf8(result->output).trimmed();
        // The first generation knows neither "--pull" nor "config --format".
        if (version.startsWith("1."_L1)) {
            co_return fail(u"compose.too_old"_s, {{u"program"_s, way.join(u' ')}, {u"found"_s, version}});
        }
        m_program = way;
        m_version = version;
        co_return way;
    }
    co_return fail(u"compose.no_program"_s, {{u"program"_s, named == "auto"_L1 ? u"docker compose"_s : named}});
}

Async<QStringList> ComposeProject::composeCommand(QString folder, QStringList arguments, QString lastFile)
{
    CO_TRY(QStringList command, co_await program());
    command << u"--project-name"_s << project() << u"--project-directory"_s << folder;
    const QStringList files = m_target.compose.files;
    for (const QString &file : files) {
        const QString path = folder + u'/' + file;
        if (!QFileInfo(path).isFile()) {
            co_return fail(u"compose.no_file"_s, {{u"file"_s, file}, {u"folder"_s, folder}}, path);
        }
        command << u"--file"_s << path;
    }
    if (!lastFile.isEmpty()) {
        command << u"--file"_s << lastFile;
    }
    CO_TRY(const QStringList environment, environmentFiles(folder));
    // Earlier ones take the last alone, and say nothing.
    if (environment.size() > 1 && QVersionNumber::fromString(m_version.startsWith(u'v') ? m_version.sliced(1) : m_version) < QVersionNumber(2, 17)) {
        co_return fail(u"compose.one_environment"_s, {{u"program"_s, command.join(u' ')}, {u"found"_s, m_version}, {u"needed"_s, u"2.17"_s}, {u"files"_s, QJsonArray::fromStringList(environment)}});
    }
    for (const QString &file : environment) {
        command << u"--env-file"_s << file;
    }
    command += arguments;
    co_return command;
}

Result<QStringList> ComposeProject::environmentFiles(const QString &folder) const
{
    QStringList files;
    if (const QString own = m_target.compose.environmentFile; !own.isEmpty()) {
        files.append(own);
    }
    if (const QString ofColour = m_target.compose.colours.value(m_colour); !ofColour.isEmpty()) {
        // Compose reads it by itself only where no other is named.
        if (const QString ofRelease = folder + u"/.env"_s; files.isEmpty() && QFileInfo(ofRelease).isFile()) {
            files.append(ofRelease);
        }
        files.append(ofColour);
    }
    for (const QString &file : std::as_const(files)) {
        if (!QFileInfo(file).isFile()) {
            return fail(u"compose.no_environment"_s, {{u"file"_s, file}}, file);
        }
    }
    return files;
}

QString ComposeProject::releaseOf(const QString &composeFile) const
{
    for (const QString &releases : {m_target.releasesDirectory, QFileInfo(m_target.releasesDirectory).canonicalFilePath()}) {
        if (!releases.isEmpty() && composeFile.startsWith(releases + u'/')) {
            const QString version = composeFile.mid(releases.size() + 1).section(u'/', 0, 0);
            // Started by hand through the link: which release it named then, nobody knows.
            return version == QFileInfo(m_target.currentLink()).fileName() ? QString() : version;
        }
    }
    return {};
}

Async<QString> ComposeProject::serverVersion(std::stop_token stop)
{
    const QStringList command{u"docker"_s, u"version"_s, u"--format"_s, u"{{.Server.Version}}"_s};
    CO_TRY(const ProcessResult result, co_await done(command, Work::Look, LookMs, stop));
    co_return QString::fromUtf8(result.output).trimmed();
}

Async<QList<ComposeContainer>> ComposeProject::containers(qint64 limitMs)
{
    const QStringList ours{u"label=com.docker.compose.project="_s + project(), u"label=com.docker.compose.oneoff=False"_s};
    CO_TRY(const QJsonArray all, co_await inspected(ours, limitMs));
    QList<ComposeContainer> containers;
    for (const auto &value : all) {
        ComposeContainer container = containerOf(value.toObject());
        container.release = releaseOf(value["Config"_L1]["Labels"_L1][FilesLabel].toString().section(u',', 0, 0));
        containers.append(container);
    }
    co_return containers;
}

Async<QJsonArray> ComposeProject::inspected(QStringList filters, qint64 limitMs)
{
    QStringList list{u"docker"_s, u"ps"_s, u"--all"_s, u"--quiet"_s, u"--no-trunc"_s};
    for (const QString &filter : std::as_const(filters)) {
        list << u"--filter"_s << filter;
    }
    constexpr int tries = 5;
    for (int attempt = 1;; ++attempt) {
        CO_TRY(const ProcessResult listed, co_await done(list, Work::Look, limitMs, {}));
        const QStringList ids = QString::fromUtf8(listed.output).split(u'\n', Qt::SkipEmptyParts);
        if (ids.isEmpty()) {
            co_return QJsonArray();
        }
        const QStringList command = QStringList{u"docker"_s, u"inspect"_s, u"--type"_s, u"container"_s} + ids;
        CO_TRY(const ProcessResult result, co_await run(command, Work::Look, limitMs, {}));
        if (result.exitCode != 0 && attempt < tries) {
            continue; // One of them was removed in between.
        }
        if (result.exitCode != 0) {
            co_return fail(u"compose.failed"_s, {{u"command"_s, u"docker inspect"_s}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
        }
        co_return QJsonDocument::fromJson(result.output).array();
    }
}

Async<QJsonObject> ComposeProject::configuration(QString folder, QStringList profiles, QStringList options, std::stop_token stop)
{
    CO_TRY(const QStringList command, co_await composeCommand(folder, profiles + QStringList{u"config"_s, u"--format"_s, u"json"_s} + options));
    CO_TRY(const ProcessResult result, co_await run(command, Work::Look, LookMs, stop));
    QJsonObject json = QJsonDocument::fromJson(result.output).object();
    if (result.exitCode != 0 || !json.contains("services"_L1)) {
        const QString file = folder + u'/' + m_target.compose.files.constFirst();
        co_return fail(u"compose.invalid"_s, {{u"file"_s, m_target.compose.files.join(u", "_s)}, {u"reason"_s, result.lastWords()}}, file);
    }
    co_return json;
}

Async<QMap<QString, ComposeService>> ComposeProject::services(QString folder, std::stop_token stop)
{
    QStringList spares;
    for (const ServiceSpec &service : std::as_const(m_target.services)) {
        if (service.spare && service.spare->colour == m_colour) {
            spares.append(service.spare->composeService);
        }
    }
    co_return co_await servicesWith(folder, spares, stop);
}

Async<QMap<QString, ComposeService>> ComposeProject::servicesWith(QString folder, QStringList spares, std::stop_token stop)
{
    CO_TRY(const QJsonObject json, co_await configuration(folder, {}, {}, stop));
    QJsonObject all = json["services"_L1].toObject();
    // A spare's service is mostly in a profile, so that nobody starts it with the others. Asked for by its name alone, as what other
    // profiles need may well not be on this host.
    for (const QString &spare : std::as_const(spares)) {
        if (all.contains(spare)) {
            continue;
        }
        const QStringList named{spare};
        const auto own = co_await configuration(folder, {}, named, stop);
        if (own) {
            all.insert(spare, own->value("services"_L1)[spare]);
        } else if (!own.error().args[u"reason"].toString().endsWith(u"no such service: "_s + spare)) {
            co_return fail(own.error());
        }
    }
    QMap<QString, ComposeService> services;
    for (auto it = all.begin(); it != all.end(); ++it) {
        const QJsonValue value = *it;
        ComposeService service;
        service.isBuilt = value["build"_L1].isObject();
        service.image = value["image"_L1].toString();
        service.isNamed = !service.image.isEmpty();
        if (!service.isNamed) {
            service.image = project() + u'-' + it.key(); // Compose's own rule.
        }
        service.replicas = value["scale"_L1].toInt(value["deploy"_L1]["replicas"_L1].toInt(1));
        service.hasHealthCheck = value["healthcheck"_L1].isObject() && !value["healthcheck"_L1]["disable"_L1].toBool();
        service.containerName = value["container_name"_L1].toString();
        const QString policy = value["pull_policy"_L1].toString();
        service.pulls = policy != "never"_L1 && policy != "missing"_L1 && policy != "if_not_present"_L1;
        services.insert(it.key(), service);
    }
    co_return services;
}

Async<QMap<QString, ComposeService>> ComposeProject::servicesOf(QString folder, QStringList instances, std::stop_token stop, bool isBack)
{
    QStringList spares;
    for (const ServiceSpec &service : std::as_const(m_target.services)) {
        if (service.spare && service.spare->colour == m_colour && instances.contains(service.spare->name)) {
            spares.append(service.spare->composeService);
        }
    }
    CO_TRY(const auto known, co_await servicesWith(folder, spares, stop));
    const QString file = folder + u'/' + m_target.compose.files.constFirst();
    QMap<QString, ComposeService> found;
    for (const ServiceSpec &service : std::as_const(m_target.services)) {
        const QList<InstanceSpec> all = service.withSpare();
        for (const InstanceSpec &instance : all) {
            if (!instances.contains(instance.name) || instance.colour != m_colour) {
                continue;
            }
            const QString name = instance.composeService;
            if (!known.contains(name)) {
                co_return fail(u"compose.unknown_service"_s,
                               {{u"service"_s, name}, {u"instance"_s, instance.name}, {u"known"_s, QJsonArray::fromStringList(known.keys())}, {u"nearest"_s, yaml::nearest(name, known.keys())}},
                               file);
            }
            if (!known[name].isNamed && !isBack) {
                co_return fail(u"compose.unnamed_image"_s, {{u"service"_s, name}, {u"image"_s, known[name].image}}, file);
            }
            if (isReplicated(service, instance)) {
                CO_CHECK(checkReplicas(service, name, known[name], file, isBack));
            } else if (const int replicas = known[name].replicas; replicas != 1 && !isBack) {
                co_return fail(u"compose.replicas"_s, {{u"service"_s, name}, {u"count"_s, replicas}}, file);
            }
            found.insert(name, known[name]);
        }
    }
    co_return found;
}

bool ComposeService::isMoving() const
{
    // A port is no tag.
    const QString name = image.section(u'/', -1);
    const QString tag = name.section(u':', 1);
    return !isPinned() && std::ranges::none_of(tag, [](QChar letter) { return letter.isDigit(); });
}

Async<bool> ComposeProject::hasImage(QString image, std::stop_token stop)
{
    CO_TRY(const QString id, co_await imageId(image, stop));
    co_return !id.isEmpty();
}

Async<> ComposeProject::nameImage(QString id, QString name)
{
    const QStringList command{u"docker"_s, u"tag"_s, id, name};
    CO_CHECK(co_await done(command, Work::Change, LookMs, {}));
    co_return {};
}

Async<QString> ComposeProject::imageId(QString image, std::stop_token stop)
{
    const QStringList command{u"docker"_s, u"image"_s, u"inspect"_s, u"--format"_s, u"{{.Id}}"_s, image};
    CO_TRY(const ProcessResult result, co_await run(command, Work::Look, LookMs, stop));
    if (result.exitCode != 0 && !result.errorOutput.contains("No such image")) {
        co_return fail(u"compose.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return result.exitCode == 0 ? QString::fromUtf8(result.output).trimmed() : QString();
}

Async<bool> ComposeProject::cameFromRegistry(QString image, std::stop_token stop)
{
    const QStringList command{u"docker"_s, u"image"_s, u"inspect"_s, u"--format"_s, u"{{json .RepoDigests}}"_s, image};
    CO_TRY(const ProcessResult result, co_await done(command, Work::Look, LookMs, stop));
    // An image may have digests of others besides: of what it was made from by another name.
    const QString repository = imageRepository(listedImageName(image));
    const QJsonArray digests = QJsonDocument::fromJson(result.output).array();
    co_return std::ranges::any_of(digests, [&repository](const QJsonValue &digest) { return imageRepository(digest.toString()) == repository; });
}

Async<bool> ComposeProject::isTrustedAsItIs(QString image, std::stop_token stop)
{
    const QString registry = registryOf(image);
    if (registry.isEmpty()) {
        co_return false;
    }
    const QStringList command{u"docker"_s, u"info"_s, u"--format"_s, u"{{json .RegistryConfig}}"_s};
    CO_TRY(const ProcessResult result, co_await run(command, Work::Look, LookMs, stop));
    const QJsonObject configuration = QJsonDocument::fromJson(result.output).object();
    const QJsonValue index = configuration["IndexConfigs"_L1][registry];
    if (index.isObject()) {
        co_return !index["Secure"_L1].toBool(true);
    }
    const QString host = registry.section(u':', 0, 0);
    const QHostAddress address(host == "localhost"_L1 ? u"127.0.0.1"_s : host);
    const QJsonArray subnets = configuration["InsecureRegistryCIDRs"_L1].toArray();
    co_return !address.isNull() && std::ranges::any_of(subnets, [&address](const QJsonValue &subnet) { return address.isInSubnet(QHostAddress::parseSubnet(subnet.toString())); });
}

Async<> ComposeProject::canBePulled(QString service, QString image, std::stop_token stop)
{
    QStringList command{u"docker"_s, u"manifest"_s, u"inspect"_s};
    CO_TRY(const bool isTrusted, co_await isTrustedAsItIs(image, stop));
    if (isTrusted) {
        command.append(u"--insecure"_s);
    }
    command.append(image);
    CO_TRY(const ProcessResult result, co_await run(command, Work::Look, RegistryMs, stop));
    if (result.exitCode != 0) {
        // The client asks by itself, without the daemon's proxy and what the daemon is told to trust.
        const QString said = result.lastWords();
        static const QRegularExpression unlikeTheDaemon(u"HTTP response to HTTPS client|x509:|proxyconnect|no such host|network is unreachable|timeout|timed out"_s, QRegularExpression::CaseInsensitiveOption);
        const bool isAsked = !said.contains(unlikeTheDaemon);
        co_return isAsked ? notPulled(u"compose.no_image"_s, service, image, said)
                          : fail(u"compose.not_asked"_s, {{u"service"_s, service}, {u"image"_s, image}, {u"reason"_s, said}});
    }
    co_return {};
}

Async<> ComposeProject::pull(QString service, QString image, std::stop_token stop)
{
    const QStringList command{u"docker"_s, u"pull"_s, image};
    CO_TRY(const ProcessResult result, co_await run(command, Work::Change, PullMs, stop));
    if (result.exitCode != 0) {
        co_return notPulled(u"compose.no_image"_s, service, image, result.lastWords());
    }
    co_return {};
}

Async<bool> ComposeProject::wasRemoved(QString kind, QString name)
{
    // Several GB on a slow disk, or millions of files, take their time.
    constexpr qint64 RemoveMs = 10LL * 60 * 1000;
    const QStringList command{u"docker"_s, kind, u"rm"_s, name};
    CO_TRY(const ProcessResult result, co_await run(command, Work::Change, RemoveMs, {}));
    co_return result.exitCode == 0;
}

Async<> ComposeProject::build(QString folder, QString service, QString image, std::stop_token stop)
{
    CO_TRY(const QStringList command, co_await composeCommand(folder, {u"build"_s, service}));
    CO_TRY(const ProcessResult result, co_await run(command, Work::Change, BuildMs, stop));
    if (result.exitCode != 0) {
        co_return fail(u"compose.build_failed"_s, {{u"service"_s, service}, {u"image"_s, image}, {u"exit"_s, result.exitCode}, {u"reason"_s, result.lastWords()}}, folder);
    }
    co_return {};
}

Async<> ComposeProject::up(QString folder, QString service)
{
    // Anew even where nothing but the release's folder differs: the container says which one it is of.
    CO_TRY(const QStringList command, co_await composeCommand(folder, {u"up"_s, u"--detach"_s, u"--no-deps"_s, u"--no-build"_s, u"--pull"_s, u"never"_s, u"--force-recreate"_s, service}));
    CO_CHECK(co_await done(command, Work::Change, UpMs, {}));
    co_return {};
}

Async<> ComposeProject::upReplica(QString folder, QString service, QString instance, int port, qsizetype count)
{
    // Over the release's files: who this one is. YAML reads JSON.
    QJsonObject environment{{u"CUTOVER_INSTANCE"_s, instance}};
    if (port > 0) {
        environment.insert(u"CUTOVER_PORT"_s, QString::number(port));
    }
    const QJsonObject own{{u"labels"_s, QJsonObject{{InstanceLabel, instance}}}, {u"environment"_s, environment}};
    const QString path = m_target.stateDirectory + u"/compose"_s;
    CO_CHECK(files::makePath(path));
    const QString file = path + u'/' + instance + u".json"_s;
    CO_CHECK(files::replace(file, QJsonDocument(QJsonObject{{u"services"_s, QJsonObject{{service, own}}}}).toJson()));
    const QString scale = service + u'=' + QString::number(count + 1);
    CO_TRY(const QStringList command, co_await composeCommand(folder, {u"up"_s, u"--detach"_s, u"--no-deps"_s, u"--no-build"_s, u"--pull"_s, u"never"_s, u"--no-recreate"_s, u"--scale"_s, scale, service}, file));
    CO_CHECK(co_await done(command, Work::Change, UpMs, {}));
    co_return {};
}

Async<> ComposeProject::remove(QStringList containers)
{
    const QStringList command = QStringList{u"docker"_s, u"rm"_s} + containers;
    CO_TRY(const ProcessResult result, co_await run(command, Work::Change, LookMs, {}));
    if (result.exitCode != 0 && !result.errorOutput.contains("No such container") && !result.errorOutput.contains("already in progress")) {
        co_return fail(u"compose.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return {};
}

Async<> ComposeProject::stop(QStringList containers, qint64 graceMs)
{
    const QStringList command = QStringList{u"docker"_s, u"stop"_s, u"-t"_s, QString::number((graceMs + 999) / 1000)} + containers;
    CO_TRY(const ProcessResult result, co_await run(command, Work::Change, graceMs + LookMs, {}));
    // One that is gone already is what was asked for.
    if (result.exitCode != 0 && !result.errorOutput.contains("No such container")) {
        co_return fail(u"compose.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return {};
}

Async<> ComposeProject::neverStart(QStringList containers)
{
    const QStringList command = QStringList{u"docker"_s, u"update"_s, u"--restart=no"_s} + containers;
    CO_TRY(const ProcessResult result, co_await run(command, Work::Change, LookMs, {}));
    if (result.exitCode != 0 && !result.errorOutput.contains("No such container") && !result.errorOutput.contains("marked for removal")) {
        co_return fail(u"compose.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return {};
}

Async<> ComposeProject::logs(QStringList services, LogRequest request, LogSink sink, std::stop_token stop)
{
    CO_TRY(QStringList command, co_await program());
    // The containers themselves tell what the project has: no file is needed.
    command << u"--project-name"_s << project() << u"logs"_s << u"--no-color"_s << u"--tail"_s
            << (request.lines < 0 ? u"all"_s : QString::number(request.lines));
    if (request.since.isValid()) {
        command << u"--since"_s << request.since.toUTC().toString(Qt::ISODate);
    }
    if (request.follow) {
        command << u"--follow"_s;
    }
    const auto tell = [sink](const QByteArray &line, bool isError) {
        // "backend-1-1  | what it wrote"; some clear the terminal's line before it, though nobody asked for colours.
        static const QRegularExpression form(uR"(\A(?:\x1b\[[0-9;]*[A-Za-z])*(\S+)\s+\| ?(.*)\z)"_s);
        const QString text = QString::fromUtf8(line);
        const auto match = form.match(text);
        if (match.hasMatch() || !isError) {
            sink(match.captured(1), match.hasMatch() ? match.captured(2) : text);
        }
    };
    CO_TRY(const ProcessResult result, co_await run(command + services, Work::Look, request.follow ? 0 : PullMs, stop, tell));
    if (result.exitCode != 0) {
        co_return fail(u"compose.failed"_s, {{u"command"_s, u"docker compose logs"_s}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return {};
}

QStringList composeColours(const Target &target, bool managed)
{
    QStringList colours;
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (service.runtime == "compose"_L1 && (service.managed || !managed) && !colours.contains(instance.colour)) {
                colours.append(instance.colour);
            }
        }
    }
    return colours;
}

Async<QStringList> ComposeProject::lastLines(QString container)
{
    const QStringList command{u"docker"_s, u"logs"_s, u"--tail"_s, QString::number(Lines), container};
    CO_TRY(const ProcessResult result, co_await run(command, Work::Look, LookMs, {}));
    TargetMask mask(m_target);
    QStringList lines;
    const QStringList said = QString::fromUtf8(result.output + result.errorOutput).split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : said) {
        lines.append(mask.masked(line).left(LongestLine));
    }
    co_return lines.last(qMin<qsizetype>(lines.size(), Lines));
}

} // namespace cutover
