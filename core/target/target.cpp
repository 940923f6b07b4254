// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/target.h"

#include "config/argumentsecrets.h"
#include "deploy/runtime.h"
#include "migration/migrationtool.h"
#include "system/files.h"
#include "system/json.h"
#include "target/addressfields.h"
#include "target/balancerreader.h"
#include "target/bluegreenreader.h"
#include "target/checkreader.h"
#include "target/composereader.h"
#include "target/gitreader.h"
#include "target/hostreader.h"
#include "target/peoplereader.h"
#include "target/postgresreader.h"
#include "target/redisreader.h"
#include "target/sparereader.h"
#include "target/systemdreader.h"
#include "target/targetparse.h"
#include "target/yamlreader.h"

#include <QDir>
#include <QFileInfo>
#include <QHash>
#include <QJsonArray>
#include <QRegularExpression>
#include <QUrl>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 maxFileSize = 1 << 20;
constexpr qint64 maxInteger = 1'000'000'000;

/** Reads one target.yaml; remembers what must be unique or refers to something else. */
class Reader
{
public:
    Reader(const QString &path, yaml::Report &report)
        : m_folder(QFileInfo(path).absoluteDir())
        , m_report(report)
    {
        m_target.path = QFileInfo(path).absoluteFilePath();
    }

    Target read(const yaml::Node &root)
    {
        yaml::Map map(&root, {}, &m_report);
        const yaml::Value schema = map.required(u"schema"_s, u"integer"_s);
        if (const qint64 found = schema.integer(0, maxInteger, 1); found != 1) {
            schema.problem(u"schema"_s, {{u"found"_s, found}, {u"supported"_s, 1}});
        }
        m_target.name = map.required(u"name"_s, u"name"_s).name();
        m_target.product = map.required(u"product"_s, u"name"_s).name();
        m_target.environment = map.required(u"environment"_s, u"choice"_s)
                                   .choice({u"production"_s, u"staging"_s, u"development"_s, u"demo"_s});
        m_target.stateDirectory = path(map.required(u"state"_s, u"text"_s));
        m_target.releasesDirectory = path(map.required(u"releases"_s, u"text"_s));

        readRepository(map.requiredMap(u"repository"_s));
        for (yaml::Map &host : map.maps(u"hosts"_s)) {
            const auto names = [this](const yaml::Value &value, const QString &name) { unique(m_hosts, value, name); };
            m_target.hosts << readHost(host, m_target, names);
        }
        m_target.balancer = readBalancer(map.optionalMap(u"balancer"_s), m_folder);
        m_target.compose = readCompose(map.optionalMap(u"compose"_s), m_folder);
        for (yaml::Map &database : map.maps(u"databases"_s)) {
            readDatabase(database);
        }
        for (yaml::Map &server : map.maps(u"redis"_s)) {
            const auto names = [this](const yaml::Value &value, const QString &name) { unique(m_redis, value, name); };
            m_target.redis << readRedis(server, m_folder, names);
        }
        for (yaml::Map &service : map.maps(u"services"_s, true)) {
            readService(service);
        }
        for (yaml::Map &configuration : map.maps(u"configuration"_s)) {
            ConfigurationSpec spec;
            const yaml::Value file = configuration.required(u"file"_s, u"text"_s);
            spec.file = path(file);
            unique(m_files, file, spec.file);
            spec.secretPatterns = configuration.optional(u"secrets"_s).texts();
            configuration.close();
            m_target.configuration << spec;
        }
        readFeatures(map.optionalMap(u"features"_s));
        readWatch(map.optionalMap(u"watch"_s));

        yaml::Map backup = map.optionalMap(u"backup"_s);
        m_target.backup.directory = path(backup.optional(u"directory"_s), m_target.stateDirectory + u"/backups"_s);
        m_target.backup.keep = int(backup.optional(u"keep"_s).integer(1, 10000, m_target.backup.keep));
        backup.close();

        m_target.check = readChecks(map.optionalMap(u"checks"_s), m_folder, commands());
        readPolicy(map.optionalMap(u"policy"_s));
        readPeople(map, m_target, [this](const yaml::Value &value) { return path(value); });
        for (yaml::Map &command : map.maps(u"commands"_s)) {
            readCommand(command);
        }
        refuseSecretArguments();
        map.close();
        return std::move(m_target);
    }

private:
    using Seen = QHash<QString, QString>; ///< Value to the path of the field that had it first.
    struct ArgumentList {
        std::vector<yaml::Value> words;
        QStringList texts;
    };

    void unique(Seen &seen, const yaml::Value &value, const QString &text)
    {
        if (!value.exists() || text.isEmpty()) {
            return;
        }
        if (const auto first = seen.constFind(text); first != seen.constEnd()) {
            value.problem(u"duplicate"_s, {{u"value"_s, text}, {u"first"_s, *first}});
            return;
        }
        seen.insert(text, value.path());
    }

    void knownName(const yaml::Value &value, const QString &name, const QStringList &known)
    {
        if (!value.exists() || name.isEmpty() || known.contains(name)) {
            return;
        }
        value.problem(u"unknown_name"_s, {{u"found"_s, name}, {u"known"_s, QJsonArray::fromStringList(known)}, {u"nearest"_s, yaml::nearest(name, known)}});
    }

    [[nodiscard]] QString path(const yaml::Value &value, const QString &fallback = {}) const
    {
        const QString text = value.text();
        return text.isEmpty() ? fallback : QDir::cleanPath(m_folder.absoluteFilePath(text));
    }

    [[nodiscard]] static QString identifier(const yaml::Value &value, const QString &fallback = {})
    {
        QString text = value.text(fallback);
        static const QRegularExpression pattern(uR"(\A[A-Za-z_][A-Za-z0-9_]{0,62}\z)"_s);
        if (value.exists() && !text.isEmpty() && !pattern.match(text).hasMatch()) {
            value.expected(u"identifier"_s);
            return fallback;
        }
        return text;
    }

    [[nodiscard]] static QString url(const yaml::Value &value, bool perInstance)
    {
        return urlField(value, perInstance ? servicePlaceholders() : QStringList());
    }

    [[nodiscard]] CommandReader commands()
    {
        return {[this](const yaml::Value &value) { return command(value); }, m_target.hosts};
    }

    [[nodiscard]] QStringList command(const yaml::Value &value)
    {
        QStringList result;
        std::vector<yaml::Value> words = value.filledList();
        for (const yaml::Value &word : words) {
            result << (result.isEmpty() ? word.text() : word.anyText());
        }
        m_argumentLists.append({std::move(words), result});
        return result;
    }

    /// Whoever may list processes reads their arguments, so that no secret may be written out in one.
    void refuseSecretArguments() const
    {
        QStringList patterns;
        for (const ConfigurationSpec &configuration : m_target.configuration) {
            patterns += configuration.secretPatterns;
        }
        SecretMask mask(patterns);
        for (const ServiceSpec &service : m_target.services) {
            for (const auto &[key, value] : service.environment.asKeyValueRange()) {
                mask.learn(key, value);
            }
        }
        for (const ArgumentList &list : m_argumentLists) {
            for (qsizetype i = 0; i < list.texts.size(); ++i) {
                if (const QString what = secretInArgument(list.texts, i, mask); !what.isEmpty()) {
                    list.words[size_t(i)].problem(u"secret_in_argument"_s, {{u"what"_s, what}});
                }
            }
        }
    }

    void readRepository(yaml::Map map)
    {
        // Asked for, so that a misspelt one is told from it.
        if (map.optional(u"git"_s).exists()) {
            const auto pathOf = [this](const yaml::Value &value) { return path(value); };
            const auto commandOf = [this](const yaml::Value &value) { return command(value); };
            m_target.repository.git = readGit(map, pathOf, commandOf);
            map.close();
            return;
        }
        const yaml::Value value = map.required(u"url"_s, u"url"_s);
        const QString text = value.text();
        if (!text.isEmpty()) {
            const QUrl plain(text);
            if (plain.scheme() == u"http" || plain.scheme() == u"https") {
                m_target.repository.url = url(value, false);
            } else if (plain.scheme() == u"file" && plain.isLocalFile() && plain.host().isEmpty()) {
                m_target.repository.url = text;
            } else if (!text.contains(u"://"_s)) {
                m_target.repository.url = QUrl::fromLocalFile(path(value)).toString();
            } else {
                value.expected(u"url"_s);
            }
        }
        const yaml::Value keys = map.required(u"keys"_s, u"list"_s);
        for (const yaml::Value &key : keys.filledList()) {
            m_target.repository.publicKeys << path(key);
        }
        map.close();
    }

    void readDatabase(yaml::Map &map)
    {
        DatabaseSpec database;
        const yaml::Value name = map.required(u"name"_s, u"name"_s);
        database.name = name.name();
        unique(m_databases, name, database.name);
        database.driver = map.required(u"driver"_s, u"choice"_s).choice({u"sqlite"_s, u"postgresql"_s});
        // Where the driver isn't said, its own keys tell; so that not they are found wrong.
        const bool isPostgres = database.driver == "postgresql"_L1 || (database.driver.isEmpty() && !map.has(u"file"_s));
        if (isPostgres) {
            database.postgres = readPostgres(map, m_folder);
        } else {
            const yaml::Value file = map.required(u"file"_s, u"text"_s);
            database.file = path(file);
            unique(m_files, file, database.file);
        }
        readMigrationSpec(map, database);
        for (const yaml::Value &table : map.optional(u"count_tables"_s).list()) {
            database.countTables << (isPostgres ? qualifiedTable(table) : identifier(table));
        }
        map.close();
        m_target.databases << database;
    }

    void readProcess(yaml::Map &map, ServiceSpec &service)
    {
        service.command = command(map.required(u"command"_s, u"list"_s));
        for (const auto &[key, value] : map.free(u"environment"_s)) {
            static const QRegularExpression pattern(uR"(\A[A-Za-z_][A-Za-z0-9_]*\z)"_s);
            if (!pattern.match(key).hasMatch()) {
                value.problem(u"expected_variable"_s, {{u"expected"_s, u"variable"_s}, {u"found"_s, key.left(60)}});
                continue;
            }
            service.environment.insert(key, value.anyText());
        }
        service.environmentFile = path(map.optional(u"environment_file"_s));
    }

    void readService(yaml::Map &map)
    {
        ServiceSpec service;
        const yaml::Value name = map.required(u"name"_s, u"name"_s);
        service.name = name.name();
        unique(m_services, name, service.name);
        const yaml::Value runtime = map.optional(u"runtime"_s);
        service.runtime = runtime.choice(RuntimeRegistry::names(), runtime.exists() ? QString() : service.runtime);
        // Where it isn't known, the service's own keys tell; so that not they are found wrong.
        const bool isSystemd = service.runtime.startsWith("systemd"_L1);
        const bool isCompose = service.runtime == "compose"_L1 || (service.runtime.isEmpty() && !map.has(u"command"_s));
        if (service.runtime == "compose"_L1 && m_target.compose.project.isEmpty()) {
            runtime.problem(u"no_compose"_s, {});
        }
        service.host = namedHost(map, m_target.hosts);
        if (!service.host.isHere() && !isSystemd) {
            map.optional(u"host"_s).problem(u"host_runtime"_s, {{u"service"_s, service.name}});
        }
        // Each machine has ports and units of its own.
        const QString machine = service.host.isHere() ? QString() : QString(service.host.name + u':');
        service.managed = map.optional(u"managed"_s).boolean(service.managed);
        const QString strategy = map.optional(u"strategy"_s).choice({u"rolling"_s, u"recreate"_s, u"blue_green"_s}, u"rolling"_s);
        service.strategy = strategy == u"recreate" ? Strategy::Recreate
            : strategy == u"blue_green"            ? Strategy::BlueGreen
                                                   : Strategy::Rolling;
        const yaml::Value overlap = map.optional(u"overlap"_s);
        service.mayOverlap = overlap.choice({u"never"_s, u"allowed"_s}, u"allowed"_s) == u"allowed";
        std::vector<yaml::Value> colours;
        const bool areReplicas = isCompose && readReplicas(map, service);
        if (areReplicas) {
            const yaml::Value replicas = map.optional(u"replicas"_s);
            for (const InstanceSpec &instance : std::as_const(service.instances)) {
                unique(m_instances, replicas, instance.name);
                if (instance.port > 0) {
                    unique(m_ports, replicas, QString::number(instance.port));
                }
            }
            unique(m_composeServices[QString()], replicas, service.instances.first().composeService);
            if (service.isBlueGreen()) {
                replicas.problem(u"replicas_blue_green"_s, {{u"service"_s, service.name}});
            }
        }
        for (yaml::Map &entry : areReplicas ? std::vector<yaml::Map>() : map.maps(u"instances"_s, true)) {
            InstanceSpec instance;
            const yaml::Value instanceName = entry.required(u"name"_s, u"name"_s);
            instance.name = instanceName.name();
            unique(m_instances, instanceName, instance.name);
            const yaml::Value port = entry.optional(u"port"_s);
            instance.port = int(port.integer(1, 65535, 0));
            if (instance.port > 0) {
                unique(m_ports, port, QString(machine + QString::number(instance.port)));
            }
            colours.push_back(readColour(entry, instance));
            if (isCompose) {
                const yaml::Value composed = entry.optional(u"service"_s);
                instance.composeService = composed.exists() ? composed.name() : instance.name;
                // Each colour has a project of its own, of the same files.
                unique(m_composeServices[instance.colour], composed.exists() ? composed : instanceName, instance.composeService);
            }
            if (isSystemd) {
                const yaml::Value unit = readUnit(entry, instance);
                unique(m_units, unit, unitOf(instance).isEmpty() ? QString() : QString(machine + unitOf(instance)));
            }
            entry.close();
            service.instances << instance;
        }
        if (!service.mayOverlap && service.instances.size() > 1) {
            overlap.problem(u"overlap_instances"_s, {{u"count"_s, service.instances.size()}});
        }
        // What a container is started with stands in the Compose file.
        if (isSystemd) {
            service.command = command(map.optional(u"command"_s));
            service.environmentFile = path(map.optional(u"environment_file"_s));
        } else if (!isCompose) {
            readProcess(map, service);
        }
        // What a release replaces has to prove that it is ready; nothing here waits for a fixed time.
        yaml::Map health = service.managed ? map.requiredMap(u"health"_s) : map.optionalMap(u"health"_s);
        const bool asksDocker = areReplicas && !health.has(u"http"_s) && !health.has(u"tcp"_s) && !health.has(u"command"_s) && !health.has(u"web_socket"_s);
        if (health.exists() && asksDocker) {
            // Docker's own check tells, which the Compose file has then.
            service.health.readyWithinMs = health.optional(u"ready_within"_s).duration(1, service.health.readyWithinMs);
        } else if (health.exists()) {
            service.health = readProbe(health, service.name, servicePlaceholders(), m_folder, commands());
        }
        health.close();
        service.versionUrl = url(map.optional(u"version"_s), true);
        service.metricsUrl = url(map.optional(u"metrics"_s), true);
        const yaml::Value backend = map.optional(u"balancer_backend"_s);
        service.balancerBackend = backend.name();
        if (backend.exists() && m_target.balancer.kind.isEmpty()) {
            backend.problem(u"no_balancer"_s, {{u"backend"_s, service.balancerBackend}});
        }
        service.drainLimitMs = map.optional(u"drain_limit"_s).duration(0, service.drainLimitMs);
        const QString atLimit = map.optional(u"at_drain_limit"_s).choice({u"hold"_s, u"close"_s}, u"hold"_s);
        service.atDrainLimit = atLimit == u"close" ? ServiceSpec::AtDrainLimit::Close : ServiceSpec::AtDrainLimit::Hold;
        service.stopTimeoutMs = map.optional(u"stop_timeout"_s).duration(1, service.stopTimeoutMs);
        readSpare(map.optionalMap(u"spare"_s), service, backend.exists());
        readBlueGreen(map, service, colours, [this](yaml::Map &probe, const QString &probeName) { return readProbe(probe, probeName, servicePlaceholders(), m_folder, commands()); });
        map.close();

        QStringList texts = service.command + service.health.command + service.environment.values();
        texts << service.health.http << service.health.tcp << service.versionUrl << service.metricsUrl;
        for (const ProbeSpec &probe : std::as_const(service.smoke)) {
            texts << probe.http << probe.tcp << probe.command;
        }
        const bool asksForPort = std::ranges::any_of(texts, [](const QString &text) {
            return text.contains(u"{port}"_s);
        });
        for (qsizetype i = 0; asksForPort && i < service.instances.size(); ++i) {
            if (service.instances.at(i).port == 0) {
                map.problem(u"no_port"_s, {{u"field"_s, QString(map.path() + u".instances["_s + QString::number(i) + u"].port"_s)}, {u"instance"_s, service.instances.at(i).name}});
            }
        }
        m_target.services << service;
    }

    void readSpare(yaml::Map map, ServiceSpec &service, bool isBalanced)
    {
        if (map.exists()) {
            InstanceSpec spare;
            const yaml::Value name = map.required(u"name"_s, u"name"_s);
            spare.name = name.name();
            unique(m_instances, name, spare.name);
            // Beside what serves it can listen on no port of theirs.
            const yaml::Value port = map.required(u"port"_s, u"integer"_s);
            spare.port = int(port.integer(1, 65535, 0));
            unique(m_ports, port, spare.port > 0 ? QString::number(spare.port) : QString());
            // One more container of the replicas' service, or a service of its own.
            const QString replicated = !service.instances.isEmpty() && isReplicated(service, service.instances.first()) ? service.instances.first().composeService : QString();
            const yaml::Value composed = map.optional(u"service"_s);
            spare.composeService = composed.exists() ? composed.name() : replicated.isEmpty() ? spare.name
                                                                                              : replicated;
            if (replicated.isEmpty() || spare.composeService != replicated) {
                unique(m_composeServices[QString()], composed.exists() ? composed : name, spare.composeService);
            }
            checkSpare(map, service, isBalanced);
            service.spare = spare;
        }
        map.close();
    }

    void readFeatures(yaml::Map map)
    {
        FeatureStoreSpec &features = m_target.features;
        if (map.exists()) {
            const yaml::Value database = map.required(u"database"_s, u"name"_s);
            features.database = database.name();
            knownName(database, features.database, m_databases.keys());
            features.table = identifier(map.optional(u"table"_s), features.table);
            features.auditTable = identifier(map.optional(u"audit_table"_s), features.auditTable);
        }
        map.close();
    }

    void readWatch(yaml::Map map)
    {
        WatchSpec &watch = m_target.watch;
        watch.requestsCounter = metric(map.optional(u"requests_counter"_s), watch.requestsCounter);
        watch.errorsCounter = metric(map.optional(u"errors_counter"_s), watch.errorsCounter);
        watch.maxErrorProportion = map.optional(u"max_error_proportion"_s).proportion(watch.maxErrorProportion);
        watch.windowMs = map.optional(u"window"_s).duration(1, watch.windowMs);
        watch.durationMs = map.optional(u"duration"_s).duration(0, watch.durationMs);
        const yaml::Value interval = map.optional(u"scrape_interval"_s);
        watch.scrapeIntervalMs = interval.duration(50, watch.scrapeIntervalMs);
        // A rate needs two scrapes.
        if (interval.exists() && watch.scrapeIntervalMs * 2 > watch.windowMs) {
            interval.problem(u"scrape_interval"_s, {{u"interval"_s, watch.scrapeIntervalMs}, {u"window"_s, watch.windowMs}});
        }
        watch.minimumSamples = int(map.optional(u"minimum_samples"_s).integer(1, maxInteger, watch.minimumSamples));
        watch.consecutiveBreaches = int(map.optional(u"consecutive_breaches"_s).integer(1, 1000, watch.consecutiveBreaches));
        const QString noData = map.optional(u"no_data"_s).choice({u"hold"_s, u"proceed"_s, u"rollback"_s}, u"hold"_s);
        watch.noData = noData == u"proceed" ? WatchSpec::NoData::Proceed
            : noData == u"rollback"         ? WatchSpec::NoData::Rollback
                                            : WatchSpec::NoData::Hold;
        watch.automaticRollback = map.optional(u"automatic_rollback"_s).boolean(watch.automaticRollback);
        map.close();
    }

    [[nodiscard]] static QString metric(const yaml::Value &value, const QString &fallback)
    {
        QString text = value.text(fallback);
        static const QRegularExpression pattern(uR"(\A[a-zA-Z_:][a-zA-Z0-9_:]*\z)"_s);
        if (value.exists() && !pattern.match(text).hasMatch()) {
            value.expected(u"metric"_s);
            return fallback;
        }
        return text;
    }

    void readPolicy(yaml::Map map)
    {
        PolicySpec &policy = m_target.policy;
        policy.holdMs = map.optional(u"hold"_s).duration(0, policy.holdMs);
        policy.holdDefault = map.optional(u"hold_default"_s).choice({u"hold"_s, u"rollback"_s}, u"hold"_s) == u"rollback"
            ? PolicySpec::Default::Rollback
            : PolicySpec::Default::Hold;
        policy.transientRetries = int(map.optional(u"transient_retries"_s).integer(0, 100, policy.transientRetries));
        policy.latestStartMinuteOfDay = map.optional(u"latest_start"_s).timeOfDay(policy.latestStartMinuteOfDay);
        policy.windowEndMinuteOfDay = map.optional(u"window_end"_s).timeOfDay(policy.windowEndMinuteOfDay);
        policy.turnBackMarginMs = map.optional(u"turn_back_margin"_s).duration(0, policy.turnBackMarginMs);
        map.close();
    }

    void readCommand(yaml::Map &map)
    {
        CommandStepSpec spec;
        const yaml::Value name = map.required(u"name"_s, u"name"_s);
        spec.name = name.name();
        unique(m_commands, name, spec.name);
        spec.after = map.required(u"after"_s, u"text"_s).text();
        spec.preview = command(map.optional(u"preview"_s));
        spec.previewMayDiffer = map.optional(u"preview_may_differ"_s).boolean(spec.previewMayDiffer);
        spec.apply = command(map.required(u"apply"_s, u"list"_s));
        spec.revert = command(map.optional(u"revert"_s));
        spec.inspect = command(map.optional(u"inspect"_s));
        spec.timeoutMs = map.optional(u"timeout"_s).duration(1, spec.timeoutMs);
        spec.host = namedHost(map, m_target.hosts).name;
        map.close();
        m_target.commands << spec;
    }

    QDir m_folder;
    yaml::Report &m_report;
    Target m_target;
    Seen m_services;
    Seen m_instances;
    QHash<QString, Seen> m_composeServices; ///< By colour.
    Seen m_units;
    Seen m_ports;
    Seen m_databases;
    Seen m_redis;
    Seen m_hosts;
    Seen m_files;
    Seen m_commands;
    QList<ArgumentList> m_argumentLists;
};

} // namespace

QStringList ServiceSpec::namesOf(const QString &colour) const
{
    QStringList names;
    const QList<InstanceSpec> own = instancesOf(colour);
    for (const InstanceSpec &instance : own) {
        names.append(instance.name);
    }
    return names;
}

ProbeSpec ServiceSpec::expand(ProbeSpec probe, const InstanceSpec &instance, const QString &releaseDirectory) const
{
    probe.http = expand(probe.http, instance, releaseDirectory);
    probe.tcp = expand(probe.tcp, instance, releaseDirectory);
    for (QString &word : probe.command) {
        word = expand(word, instance, releaseDirectory);
    }
    return probe;
}

QString ServiceSpec::expand(const QString &text, const InstanceSpec &instance, const QString &releaseDirectory) const
{
    // In one pass, so that a value that looks like a placeholder stays as it is.
    QString result;
    qsizetype at = 0;
    while (at < text.size()) {
        const qsizetype open = text.indexOf(u'{', at);
        if (open < 0) {
            break;
        }
        result += QStringView(text).mid(at, open - at);
        const QStringView rest = QStringView(text).mid(open);
        if (rest.startsWith(u"{port}")) {
            result += QString::number(instance.port);
            at = open + 6;
        } else if (rest.startsWith(u"{name}")) {
            result += instance.name;
            at = open + 6;
        } else if (rest.startsWith(u"{release}")) {
            result += releaseDirectory;
            at = open + 9;
        } else {
            result += u'{';
            at = open + 1;
        }
    }
    result += QStringView(text).mid(at);
    return result;
}

const ServiceSpec *Target::service(const QString &name) const
{
    const auto found = std::ranges::find(services, name, &ServiceSpec::name);
    return found == services.end() ? nullptr : &*found;
}

QList<InstanceSpec> ServiceSpec::instancesOf(const QString &colour) const
{
    QList<InstanceSpec> found = instances;
    found.removeIf([&colour](const InstanceSpec &instance) { return instance.colour != colour; });
    return found;
}

const InstanceSpec *ServiceSpec::instance(const QString &name) const
{
    const auto found = std::ranges::find(instances, name, &InstanceSpec::name);
    return found != instances.end() ? &*found : isSpare(name) ? &*spare
                                                              : nullptr;
}

QList<InstanceSpec> ServiceSpec::withSpare() const
{
    QList<InstanceSpec> all = instances;
    if (spare) {
        all.append(*spare);
    }
    return all;
}

const ServiceSpec *Target::serviceOfInstance(const QString &instance) const
{
    const auto found = std::ranges::find_if(services, [&instance](const ServiceSpec &service) { return service.instance(instance) != nullptr; });
    return found == services.end() ? nullptr : &*found;
}

const DatabaseSpec *Target::database(const QString &name) const
{
    const auto found = std::ranges::find(databases, name, &DatabaseSpec::name);
    return found == databases.end() ? nullptr : &*found;
}

Result<Target> Target::load(const QString &path)
{
    TRY(const QByteArray bytes, files::read(path, maxFileSize));
    return parseTarget(bytes, path);
}

Result<Target> parseTarget(const QByteArray &bytes, const QString &path)
{
    TRY(const yaml::Node root, yaml::parse(bytes, path, u"target"_s));
    yaml::Report report(path, u"target"_s);
    Target target = Reader(path, report).read(root);
    if (!report.isEmpty()) {
        return fail(report.error());
    }
    target.digest = json::sha256(bytes);
    return target;
}

} // namespace cutover
