// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "livesystem.h"

#include <QMap>
#include <QProcess>
#include <QTemporaryDir>

#include <csignal>
#include <functional>
#include <memory>

namespace cutover::testing {
class Dockerd;
class PostgresServer;
} // namespace cutover::testing

/**
 * A trading system, as it is run for real: two backends and two frontends as services of a
 * Compose project in a Docker daemon, PostgreSQL and Redis beside them, HAProxy in front, traffic.
 * Its releases are tags of a git repository, built in their worktrees, its migrations Alembic's.
 * Every server listens on loopback and ends with this object.
 */
class TradingSystem : public LiveSystem
{
public:
    struct Options {
        int orders = 3000;
        int rate = 50; ///< Requests a second.
        qint64 watchWindowMs = 3000;
        qint64 watchDurationMs = 4000;
        int workers = 0; ///< So many replicas of a service without a port; none: it is no part of the target.
        bool libraries = false; ///< Each release has some of its own, which pip and npm install when it is built.
        bool blueGreen = false; ///< The backend has two colours, each a Compose project of its own; else it rolls.
        QString environment = QStringLiteral("staging"); ///< Word of target.yaml, which its instances tell as well.
        QString folder; ///< Where it is made; empty: a temporary folder that goes with it.
    };

    TradingSystem();
    ~TradingSystem() override;
    Q_DISABLE_COPY_MOVE(TradingSystem)

    /// What is not installed, or not allowed, here; empty: it can be made.
    [[nodiscard]] static QString missing();
    /// Makes it at release 1.2.0 and starts it; false with a message in problem().
    [[nodiscard]] bool start(const Options &options);
    [[nodiscard]] QString problem() const { return m_problem; }

    [[nodiscard]] QString folder() const override;
    /// Of all that listens, but for the servers of PostgreSQL and Docker.
    [[nodiscard]] QList<int> ports() const { return m_ports.values(); }
    /// Brings up another target of the same repository, whose files, database and servers are there: installs 1.2.0, migrates, has some
    /// orders and starts its services. False with a message in problem().
    [[nodiscard]] bool bringUp(const QString &targetFile, int orders);
    /// Ends watcher, supervisor, services that it keeps, and runners of a target.
    static void shutDown(const QString &targetFile);
    [[nodiscard]] QString path(const QString &name) const { return folder() + u'/' + name; }
    [[nodiscard]] cutover::testing::Dockerd &docker() { return *m_docker; }
    [[nodiscard]] cutover::testing::PostgresServer &postgres() { return *m_postgres; }
    [[nodiscard]] QProcess &redis() { return m_redis; }
    /// Somebody else's system that the target asks: whether it is up.
    [[nodiscard]] bool startBroker();
    void stopBroker();
    [[nodiscard]] quint16 brokerPort() const { return quint16(m_ports[QStringLiteral("broker")]); }
    /// In the repository that the target fetches from.
    [[nodiscard]] bool git(const QStringList &arguments);
    /// What is in the working tree becomes a release: a commit and its tag.
    [[nodiscard]] bool tag(const QString &version);
    /// Another release, like 1.2.1 but for what change() does to its working tree; false with a message in problem().
    [[nodiscard]] bool publishVariant(const QString &version, const std::function<void(const QString &folder)> &change);
    /// A commit that no tag names, on a branch from a release: what change() does to its working tree. Its full hash; empty with
    /// a message in problem(). The repository stands at its main branch again afterwards.
    [[nodiscard]] QString commitBehind(const QString &version, const std::function<void(const QString &folder)> &change);
    /// What a person does by hand: the service's container anew, as a release describes it. False with a message in problem().
    [[nodiscard]] bool composeUp(const QString &version, const QString &service);
    /// A signal to those of its processes that run this program; how many.
    int kill(const QString &program, int signal = SIGKILL);
    /// As the power goes: every process is killed, in no order that anybody would choose.
    void powerOff();
    /// What starts by itself afterwards: the servers, the daemon with its containers, and the supervisor with its services.
    [[nodiscard]] bool powerOn();

    /// As the database's owner.
    [[nodiscard]] QStringList query(const QString &sql) const override;
    /// The schema as pg_dump writes it.
    [[nodiscard]] QByteArray schema() const;
    /// Revision that Alembic has recorded.
    [[nodiscard]] QString revision() const;
    /// Empty when all frontends and backends that users are sent to serve this version, are healthy and nothing else of the project runs; else what is not so.
    /// told: what their code tells, where that is not the version that they were started as.
    [[nodiscard]] QString otherThan(const QString &version, const QString &told = {}) const;
    /// Empty when users are served, each by one of these versions: API and page; else what they get.
    [[nodiscard]] QString servesOther(const QStringList &versions) const;
    /// Empty when it is whole at this version and revision, requests went on since the last call, none has ever failed, the balancer
    /// had no trouble since it told those, and every acknowledged order is stored; else what is not so.
    [[nodiscard]] QString harm(const QString &version, const QString &atRevision, const QString &troubles, const QString &told = {});

protected:
    [[nodiscard]] QStringList tableNames() const override;
    [[nodiscard]] QStringList columnsOf(const QString &table) const override;
    [[nodiscard]] QStringList rowsOf(const QString &table, const QStringList &columns) const override;

private:
    [[nodiscard]] bool say(const QString &problem);
    [[nodiscard]] bool startServers();
    [[nodiscard]] bool startRedis();
    [[nodiscard]] bool makeCertificate();
    [[nodiscard]] bool startSupervised(const QString &targetFile);
    [[nodiscard]] bool publishReleases();
    [[nodiscard]] bool layOut(const QString &version, int revisions, const QByteArray &manifest, const QJsonObject &behaviour);
    [[nodiscard]] bool writeFiles(const Options &options);
    [[nodiscard]] bool installFirst(const QString &targetFile);
    [[nodiscard]] bool fillDatabase(const QString &database, int orders);
    [[nodiscard]] bool startServices(const QString &targetFile);
    /// Instances of the backend that serve at the beginning.
    [[nodiscard]] QStringList firstBackends() const;
    [[nodiscard]] QStringList workers() const;

    std::unique_ptr<QTemporaryDir> m_temporary;
    QString m_folder;
    QString m_problem;
    bool m_blueGreen = false;
    int m_workers = 0;
    bool m_libraries = false;
    Traffic m_seen; ///< By harm().
    std::unique_ptr<cutover::testing::Dockerd> m_docker;
    std::unique_ptr<cutover::testing::PostgresServer> m_postgres;
    QProcess m_redis;
    QProcess m_broker;
    QMap<QString, int> m_ports;
};
