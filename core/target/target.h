// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"
#include "system/ssh.h"

#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QStringList>

#include <optional>

namespace cutover {

/** A machine beyond the control host on which programs of the target run, by ssh. */
struct HostSpec {
    QString name; ///< Empty: the control host itself.
    SshHost address;
    QString stateDirectory; ///< Of the target: where the host's key is pinned and its connection lies.
    QString releasesDirectory = {}; ///< Absolute, over there: versioned release folders of the services that run on it.

    [[nodiscard]] bool isHere() const { return name.isEmpty(); }
    /// For people: "web-2 (deploy@10.0.0.2)".
    [[nodiscard]] QString text() const { return name + QStringLiteral(" (") + address.text() + u')'; }
};

/** How a probe asks whether something works. Exactly one of http, tcp, command is set. */
struct ProbeSpec {
    QString name;
    QString http; ///< URL; ok when the status is 2xx (or expectStatus) and the body contains expectBody.
    int expectStatus = 0;
    QString expectBody;
    QString tcp; ///< host:port
    QStringList command; ///< ok when it exits with 0.
    qint64 timeoutMs = 5000; ///< Of one try.
    qint64 intervalMs = 250; ///< Between tries while waiting for readiness.
    qint64 readyWithinMs = 30000; ///< Limit of waiting for readiness.
    bool critical = true; ///< A warning only, when false.
    QMap<QString, QString> headers = {}; ///< http: sent along. A value "file:/…", "env:NAME" or "credential:NAME" is a reference to what is sent.
    enum class WhileDown { Fail,
                           Wait,
                           Hold } whileDown = WhileDown::Fail; ///< Of an external system before an update: Wait waits for externalWaitMs first.
    bool webSocket = false; ///< http is a ws:// URL: ok when it opens, and when a message comes where expectBody is set.
    HostSpec host = {}; ///< command: where it runs.
    QStringList proves = {}; ///< Words of provenWords() whose checklist items it ticks, those of its kind among them.

    [[nodiscard]] bool asksAnything() const { return !http.isEmpty() || !tcp.isEmpty() || !command.isEmpty(); }
};

/** One running copy of a service. "{port}", "{name}" and "{release}" in the service's texts are replaced for it. */
struct InstanceSpec {
    QString name; ///< "backend-1"; unique in the target.
    int port = 0;
    QString composeService; ///< Runtime "compose": its service in the Compose file. Runtimes "systemd…": its unit; unitOf().
    QString colour = {}; ///< Strategy "blue_green": "blue" or "green"; else empty.
};

enum class Strategy { Rolling,
                      Recreate,
                      BlueGreen }; ///< A second set of instances is started beside the first, and requests are switched over.

/** Strategy "blue_green": shares of the requests that the new colour gets before it gets all. */
struct CanarySpec {
    QList<int> weights; ///< Per cent, rising, 1 … 99; empty: switched in one step.
    qint64 watchMs = 60000; ///< How long each share is watched.
};

struct ServiceSpec {
    QString name;
    QString runtime = QStringLiteral("process"); ///< A name that RuntimeRegistry knows.
    QList<InstanceSpec> instances;
    Strategy strategy = Strategy::Rolling;
    bool mayOverlap = true; ///< overlap: never → false; the old one is proven stopped before the new one starts.
    bool managed = true; ///< false: kept running by the supervisor but not part of a release (load balancer, repository).
    QStringList command; ///< First word relative to the release folder (managed) or the target's folder.
    QMap<QString, QString> environment;
    QString environmentFile; ///< Its NAME=value lines are added to the environment at each start.
    ProbeSpec health; ///< Readiness.
    QString versionUrl; ///< Answers JSON with "version".
    QString metricsUrl; ///< Prometheus exposition; empty when there is none.
    QString balancerBackend; ///< HAProxy backend that holds the instances as servers; empty when not balanced.
    qint64 drainLimitMs = 30000;
    enum class AtDrainLimit { Hold,
                              Close } atDrainLimit = AtDrainLimit::Hold; ///< Sessions that are left then: a person is asked, or they are closed.
    qint64 stopTimeoutMs = 10000; ///< TERM, then KILL.
    HostSpec host = {}; ///< Where it runs; runtimes "systemd…".
    // Strategy "blue_green"
    QList<ProbeSpec> smoke = {}; ///< Asked of each new instance before it gets requests.
    CanarySpec canary = {};
    bool keepOld = false; ///< The old colour goes on running behind the new one, for an immediate way back.
    // Strategy "rolling"
    std::optional<InstanceSpec> spare = {}; ///< One more, that serves only while the others are replaced one by one; never among instances.

    /// One of instances, or the spare; nullptr: neither.
    [[nodiscard]] const InstanceSpec *instance(const QString &name) const;
    [[nodiscard]] bool isSpare(const QString &instance) const { return spare && spare->name == instance; }
    [[nodiscard]] QList<InstanceSpec> withSpare() const; ///< All of it that may run: instances, and the spare behind them.
    [[nodiscard]] bool isBlueGreen() const { return strategy == Strategy::BlueGreen; }
    /// Those of one colour, in the order of the file.
    [[nodiscard]] QList<InstanceSpec> instancesOf(const QString &colour) const;
    [[nodiscard]] QStringList namesOf(const QString &colour) const; ///< Theirs.

    /// text with {port}, {name}, {release} (absolute folder) replaced.
    [[nodiscard]] QString expand(const QString &text, const InstanceSpec &instance, const QString &releaseDirectory = {}) const;
    /// The same for all that a probe asks.
    [[nodiscard]] ProbeSpec expand(ProbeSpec probe, const InstanceSpec &instance, const QString &releaseDirectory) const;
};

/** Where the services of the runtime "compose" run. */
struct ComposeSpec {
    QString project; ///< Compose's own name of the whole; empty: no service runs in Compose.
    QStringList files{QStringLiteral("compose.yaml")}; ///< Inside a release, later ones over earlier ones.
    QString program = QStringLiteral("auto"); ///< "docker compose", "docker-compose", or "auto": the first that is there.
    QString environmentFile; ///< Absolute path; what the files' variables stand for. Empty: ".env" of the release.
    QString host; ///< DOCKER_HOST, such as "unix:///run/docker.sock"; empty: the socket of this host. What the environment says does not count.
    QMap<QString, QString> colours = {}; ///< Colour → absolute path of a further environment file of its own project.
    QStringList pruneVolumes = {}; ///< Names in the Compose files of volumes that hold nothing worth keeping; shell-style patterns. Only these are ever removed.

    /// Instances with a colour live in a project of their own, "PROJECT-blue" or "PROJECT-green".
    [[nodiscard]] QString projectOf(const QString &colour) const { return colour.isEmpty() ? project : project + u'-' + colour; }
};

struct BalancerSpec {
    QString kind; ///< "haproxy", "nginx"; empty when there is none.
    QString socket; ///< haproxy: absolute path of the Unix socket of its runtime API.
    QString maintenanceBackend; ///< haproxy: backend that answers during "recreate"; empty when none.
    // nginx
    QString configurationFile = {}; ///< Absolute path of nginx.conf, which includes the files of upstreamsDirectory.
    QString upstreamsDirectory = {}; ///< Absolute; holds a file BACKEND.conf, written by Cutover, for each balanced service.
    QString pidFile = {}; ///< Absolute path of the master's.
    QString program = QStringLiteral("nginx");
};

/** A Redis server beside the database: asked by checks, and a member of restore points where that is wanted. */
struct RedisSpec {
    QString name;
    QString host = QStringLiteral("127.0.0.1");
    int port = 6379;
    QString socket; ///< Absolute path of its Unix socket; instead of host and port.
    QString user;
    QString password; ///< A reference, as a database's.
    double maxMemoryProportion = 0.9; ///< Of its maxmemory; more is a warning.
    bool backup = false; ///< An RDB snapshot is part of every restore point.
};

/** How to reach a PostgreSQL database. What is empty or 0 is left to libpq: service, environment, defaults. */
struct PostgresSpec {
    QString service; ///< Section of pg_service.conf.
    QString host; ///< Name, address, or absolute folder of the server's socket.
    int port = 0;
    QString database;
    QString user;
    QString sslMode;
    QString sslRootCertificate; ///< Absolute path.
    QString password; ///< A reference: "file:/…", "env:NAME" or "credential:NAME"; never the password.
    QString maintenanceDatabase = QStringLiteral("postgres"); ///< Where databases are created and renamed from.
    QString tools; ///< Folder of pg_dump and pg_restore; empty: found by the server's version.
    int jobs = 2; ///< Tables dumped or restored at once.
    qint64 minimumFreeBytes = -1; ///< What must stay free for data and WAL; -1: that of the checks.
    qint64 longTransactionMs = 300000; ///< A transaction older than this stands in the way of an update.
    QString dataFolder = {}; ///< Absolute path by which this host sees the server's data; empty: asked of the server.
    QString walFolder = {}; ///< The same of its WAL, where that lies apart from them.
};

/** Which tool a database's migrations are written for; what that tool wants to know it reads itself. */
struct MigrationSpec {
    QString tool = QStringLiteral("sql"); ///< As registered with MigrationTool.
    QJsonObject options; ///< The tool's own keys, checked by it.
};

struct DatabaseSpec {
    QString name;
    QString driver; ///< "sqlite", "postgresql"
    QString file; ///< sqlite: absolute path.
    QString migrations; ///< Folder inside a release that the tool works in (for "sql" with NNNN_name.up.sql / .down.sql); empty: none.
    QStringList countTables; ///< Tables whose rows are counted and compared; empty: all. postgresql: "TABLE" of "public", or "SCHEMA.TABLE".
    PostgresSpec postgres;
    MigrationSpec migrationTool = {};
};

struct ConfigurationSpec {
    QString file; ///< Absolute path of a .env file.
    QStringList secretPatterns; ///< Shell-style patterns of keys whose values are never shown, logged or digested unkeyed.
};

struct FeatureStoreSpec {
    QString database; ///< Name in databases; empty: no flags.
    QString table = QStringLiteral("feature_flags");
    QString auditTable = QStringLiteral("feature_flag_audit");
};

/** What the watch looks at, and what it does. */
struct WatchSpec {
    QString requestsCounter = QStringLiteral("http_requests_total");
    QString errorsCounter = QStringLiteral("http_errors_total");
    double maxErrorProportion = 0.05;
    qint64 windowMs = 60000; ///< The proportion is taken over this much of the past.
    qint64 durationMs = 300000; ///< How long a new version is watched.
    qint64 scrapeIntervalMs = 1000;
    int minimumSamples = 50; ///< Requests in the window below which there is "not enough data".
    int consecutiveBreaches = 2;
    enum class NoData { Hold,
                        Proceed,
                        Rollback } noData = NoData::Hold;
    bool automaticRollback = true;
};

struct BackupSpec {
    QString directory; ///< Absolute.
    int keep = 5; ///< Restore points kept by clean up; never one that is needed.
};

/** A certificate that must be valid for some time yet: of a file, or of a server. Exactly one of file, server is set. */
struct CertificateSpec {
    QString name;
    QString file; ///< Absolute path, PEM.
    QString server; ///< host:port
    int minimumDays = 14;
    bool critical = false;
};

/** A request that old and new versions must answer alike. */
struct CompatibilitySpec {
    QString name;
    QString method = QStringLiteral("GET"); ///< One that changes nothing: GET, HEAD or OPTIONS.
    QString url;
    QMap<QString, QString> headers; ///< As a probe's.
    QStringList ignore; ///< JSON pointers of members whose values may differ.
};

/** A program whose success is evidence for a checklist: tests, load, audits. */
struct EvidenceSpec {
    QString name;
    QStringList command; ///< {release} is the folder of the release, {version} its version.
    bool before = true; ///< Run by the pre-checks; otherwise after the deployment.
    bool critical = true;
    qint64 timeoutMs = 600000;
    QString host = {}; ///< Where it runs; empty: the control host.
    QStringList proves = {}; ///< As a probe's; empty: an item of its own.
};

/** Hours in which no update starts. Local time; to before from: past midnight. */
struct BlackoutSpec {
    QString reason; ///< "Market hours"
    QList<int> days; ///< 1 Monday … 7 Sunday, of the beginning; empty: all.
    int fromMinuteOfDay = 0;
    int toMinuteOfDay = 0;
};

struct CheckSpec {
    qint64 minimumFreeBytes = 1LL << 30;
    QList<ProbeSpec> probes; ///< Critical endpoints.
    QList<ProbeSpec> external = {}; ///< Systems that are not ours, and that we need.
    qint64 externalWaitMs = 300000; ///< How long a pre-check waits for those of which that is wanted.
    QString logFile;
    int maxLogErrors = 5;
    QString latencyUrl;
    double latencyP95Ms = 200;
    double latencyP50Ms = 0; ///< 0: no limit.
    double latencyP99Ms = 0; ///< 0: no limit.
    int latencyRequests = 100;
    int latencyConcurrency = 10;
    qint64 maxBackupAgeMs = 0; ///< A verified restore point younger than this is expected; 0: any.
    int maxConnections = 0; ///< Of a database in use; 0: by the server's own limit.
    QList<CertificateSpec> certificates = {};
    QList<CompatibilitySpec> compatibility = {};
    QList<EvidenceSpec> evidence = {};
};

/** Somebody who may approve an update, known by a key. */
struct ApproverSpec {
    QString name;
    QString key; ///< Absolute path of a minisign public key.
};

/** Whether a second person must agree to a plan, and who may. */
struct ApprovalSpec {
    bool required = false;
    qint64 validMs = 24LL * 3600 * 1000; ///< Of a signature, from its making.
    QList<ApproverSpec> approvers;
};

/** What a person confirms, as no program can see it. */
struct ManualItemSpec {
    QString name;
    QString text;
    QString when = QStringLiteral("before"); ///< "before", "during", "after", "rollback"
    bool required = false; ///< Without it no run begins (before) or is closed (after).
};

/** What must have been done with the same package elsewhere. */
struct StagingSpec {
    QString target; ///< Absolute path of the target.yaml of the staging system; empty: no gate.
    qint64 validMs = 7LL * 24 * 3600 * 1000; ///< How old its success may be.
};

/** A step that the operator brings: the four programs of the step contract. */
struct CommandStepSpec {
    QString name;
    QString after; ///< Kind or id of the step that it follows.
    QStringList preview, apply, revert, inspect; ///< inspect: 0 done, 1 not started, 2 partial, else unknown.
    bool previewMayDiffer = false; ///< What preview says may be another thing at run time than when the plan was made.
    qint64 timeoutMs = 600000;
    QString host = {}; ///< Where its programs run; empty: the control host.
};

struct PolicySpec {
    qint64 holdMs = 1800000; ///< How long a held run waits for a decision.
    enum class Default { Hold,
                         Rollback } holdDefault = Default::Hold; ///< What happens then.
    int transientRetries = 3;
    qint64 latestStartMinuteOfDay = -1; ///< Local time; -1: none.
    qint64 windowEndMinuteOfDay = -1; ///< Turn-back time is this minus the measured rollback minus turnBackMarginMs.
    qint64 turnBackMarginMs = 300000;
};

/** Releases that are tags of a git repository, each checked out into a folder of its own. */
struct GitSpec {
    QString url; ///< https://, ssh://, HOST:PATH or absolute folder; empty: releases are packages.
    QString tagPrefix = QStringLiteral("v"); ///< A tag is this and a version.
    QString manifest = QStringLiteral("manifest.yaml"); ///< Path in the repository; a tag without it gets one made of its message.
    bool signedTags = false; ///< Only tags signed by a key of these files are installed.
    QString allowedSigners; ///< ssh: absolute path of a file in the form of ssh-keygen's ALLOWED SIGNERS.
    QStringList gpgKeys; ///< Absolute paths of exported public keys.
    QList<QStringList> build; ///< Programs with their arguments, run in the new folder one after the other before anything is switched.
    qint64 buildTimeoutMs = 1800000; ///< Of one of them.
};

struct RepositorySpec {
    QString url; ///< http(s):// or file:// folder with index.json and packages.
    QStringList publicKeys; ///< Absolute paths of minisign public keys; a package must be signed by one of them.
    GitSpec git;

    [[nodiscard]] bool isGit() const { return !git.url.isEmpty(); }
};

/**
 * What system this is: target.yaml, typed and complete. Paths are absolute (relative ones in the
 * file are taken from its folder). Value type.
 */
struct Target {
    QString path; ///< Of target.yaml.
    QString name;
    QString product; ///< Packages must be of this product.
    QString environment; ///< "production", "staging", "development", "demo"
    QString stateDirectory;
    QString releasesDirectory; ///< Versioned release folders and the link "current".
    RepositorySpec repository;
    QList<HostSpec> hosts;
    QList<ServiceSpec> services; ///< In update order.
    BalancerSpec balancer;
    ComposeSpec compose;
    QList<RedisSpec> redis;
    QList<DatabaseSpec> databases;
    QList<ConfigurationSpec> configuration;
    FeatureStoreSpec features;
    WatchSpec watch;
    BackupSpec backup;
    CheckSpec check;
    PolicySpec policy;
    QList<BlackoutSpec> blackout;
    ApprovalSpec approval;
    StagingSpec staging;
    QList<ManualItemSpec> manualItems;
    QList<CommandStepSpec> commands;
    QString digest; ///< SHA-256 of the file's bytes.

    [[nodiscard]] bool isProduction() const { return environment == u"production"; }
    [[nodiscard]] const ServiceSpec *service(const QString &name) const;
    /// Of a spare, too.
    [[nodiscard]] const ServiceSpec *serviceOfInstance(const QString &instance) const;
    [[nodiscard]] const DatabaseSpec *database(const QString &name) const;
    /// The control host where the name is empty; error "host.unknown" where there is none of it.
    [[nodiscard]] Result<HostSpec> host(const QString &name) const;
    [[nodiscard]] QString currentLink() const { return releasesDirectory + QStringLiteral("/current"); }
    [[nodiscard]] QString releaseDirectory(const QString &version) const { return releasesDirectory + u'/' + version; }
    /// Where the release of a service lies, on the machine that it runs on.
    [[nodiscard]] QString releaseDirectory(const ServiceSpec &service, const QString &version) const { return service.host.isHere() ? releaseDirectory(version) : service.host.releasesDirectory + u'/' + version; }

    /// Reads and validates. Every error carries file:line:column as where, and as arguments the
    /// field's path, what was expected and, for an unknown key, the nearest known one. Codes "target.*".
    [[nodiscard]] static Result<Target> load(const QString &path);
};

/// Pins the target's identity (machine id, target path and name, SQLite files' device and inode,
/// PostgreSQL servers' system identifier and database, HAProxy socket) at first use in STATE/identity.json and afterwards compares:
/// "target.identity_changed" names the member, what was pinned and what was found. Asks servers: blocking.
[[nodiscard]] Result<QJsonObject> pinIdentity(const Target &target);

} // namespace cutover
