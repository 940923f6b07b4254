// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QStringList>

namespace cutover {

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
};

/** One running copy of a service. "{port}", "{name}" and "{release}" in the service's texts are replaced for it. */
struct InstanceSpec {
    QString name; ///< "backend-1"; unique in the target.
    int port = 0;
    QString composeService; ///< Runtime "compose": its service in the Compose file.
};

enum class Strategy { Rolling,
                      Recreate };

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
    qint64 stopTimeoutMs = 10000; ///< TERM, then KILL.

    /// text with {port}, {name}, {release} (absolute folder) replaced.
    [[nodiscard]] QString expand(const QString &text, const InstanceSpec &instance, const QString &releaseDirectory = {}) const;
};

/** Where the services of the runtime "compose" run. */
struct ComposeSpec {
    QString project; ///< Compose's own name of the whole; empty: no service runs in Compose.
    QStringList files{QStringLiteral("compose.yaml")}; ///< Inside a release, later ones over earlier ones.
    QString program = QStringLiteral("auto"); ///< "docker compose", "docker-compose", or "auto": the first that is there.
    QString environmentFile; ///< Absolute path; what the files' variables stand for. Empty: ".env" of the release.
    QString host; ///< DOCKER_HOST, such as "unix:///run/docker.sock"; empty: the socket of this host. What the environment says does not count.
};

struct BalancerSpec {
    QString kind; ///< "haproxy"; empty when there is none.
    QString socket; ///< Runtime API: absolute path of its Unix socket.
    QString maintenanceBackend; ///< Backend that answers during "recreate"; empty when none.
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

struct CheckSpec {
    qint64 minimumFreeBytes = 1LL << 30;
    QList<ProbeSpec> probes; ///< Critical endpoints and external services.
    QString logFile;
    int maxLogErrors = 5;
    QString latencyUrl;
    double latencyP95Ms = 200;
    int latencyRequests = 100;
    int latencyConcurrency = 10;
};

/** A step that the operator brings: the four programs of the step contract. */
struct CommandStepSpec {
    QString name;
    QString after; ///< Kind or id of the step that it follows.
    QStringList preview, apply, revert, inspect; ///< inspect: 0 done, 1 not started, 2 partial, else unknown.
    bool previewMayDiffer = false; ///< What preview says may be another thing at run time than when the plan was made.
    qint64 timeoutMs = 600000;
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
    QList<ServiceSpec> services; ///< In update order.
    BalancerSpec balancer;
    ComposeSpec compose;
    QList<DatabaseSpec> databases;
    QList<ConfigurationSpec> configuration;
    FeatureStoreSpec features;
    WatchSpec watch;
    BackupSpec backup;
    CheckSpec check;
    PolicySpec policy;
    QList<CommandStepSpec> commands;
    QString digest; ///< SHA-256 of the file's bytes.

    [[nodiscard]] bool isProduction() const { return environment == u"production"; }
    [[nodiscard]] const ServiceSpec *service(const QString &name) const;
    [[nodiscard]] const ServiceSpec *serviceOfInstance(const QString &instance) const;
    [[nodiscard]] const DatabaseSpec *database(const QString &name) const;
    [[nodiscard]] QString currentLink() const { return releasesDirectory + QStringLiteral("/current"); }
    [[nodiscard]] QString releaseDirectory(const QString &version) const { return releasesDirectory + u'/' + version; }

    /// Reads and validates. Every error carries file:line:column as where, and as arguments the
    /// field's path, what was expected and, for an unknown key, the nearest known one. Codes "target.*".
    [[nodiscard]] static Result<Target> load(const QString &path);
};

/// Pins the target's identity (machine id, target path and name, SQLite files' device and inode,
/// PostgreSQL servers' system identifier and database, HAProxy socket) at first use in STATE/identity.json and afterwards compares:
/// "target.identity_changed" names the member, what was pinned and what was found. Asks servers: blocking.
[[nodiscard]] Result<QJsonObject> pinIdentity(const Target &target);

} // namespace cutover
