// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/target.h"
#include "system/json.h"

#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/// Every field that there is, one a line, so that each can be taken away or spoilt by its line.
static const QByteArray full = [] {
    QFile file(QStringLiteral(FULL_TARGET));
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}();

static const QStringList mandatory{
    u"schema"_s, u"name"_s, u"product"_s, u"environment"_s, u"state"_s, u"releases"_s, u"repository"_s, u"repository.url"_s,
    u"repository.keys"_s, u"services"_s, u"services[0].instances"_s, u"services[0].command"_s, u"services[0].health"_s,
    u"services[3].instances"_s, u"services[3].command"_s, u"services[3].health"_s, u"services[3].canary.weights"_s,
    u"services[1].instances"_s, u"services[1].command"_s, u"services[2].instances"_s, u"services[2].health"_s, u"services[2].spare.name"_s, u"services[2].spare.port"_s, u"compose.project"_s, u"balancer.kind"_s, u"balancer.socket"_s, u"databases[0].driver"_s,
    u"databases[0].file"_s, u"databases[1].driver"_s, u"databases[2].driver"_s, u"databases[3].driver"_s, u"features.database"_s, u"commands[0].after"_s, u"commands[0].apply"_s,
    u"checks.compatibility[0].url"_s, u"checks.compatibility[1].url"_s, u"checks.evidence[0].command"_s, u"checks.evidence[1].command"_s,
    u"blackout[0].from"_s, u"blackout[0].to"_s, u"blackout[1].from"_s, u"blackout[1].to"_s, u"approval.approvers"_s, u"approval.approvers[0].key"_s, u"checklists[0].text"_s, u"checklists[1].text"_s,
    u"staging.target"_s, u"hosts[0].ssh"_s, u"hosts[1].ssh"_s};

/** A line that holds a key, and where its block ends. Lines count from 0. */
struct Field {
    QString path;
    QString parent;
    int parentLine = 0; ///< Where an error about the map that holds it points.
    QByteArray key;
    int line = 0;
    int end = 0; ///< The line after its last.
    bool opensItem = false; ///< "- key: …": can't be cut alone.
    QByteArray value; ///< Empty when it opens a block.
    [[nodiscard]] bool isContainer() const { return value.isEmpty() || value.startsWith('['); }
    [[nodiscard]] bool hasFreeKey() const { return parent == u"services[0].environment" || parent.endsWith(u".headers"); }
    [[nodiscard]] bool isFree() const { return parent == u"services[0].environment" || key == "expect_body"; }
};

static const QList<QByteArray> &lines()
{
    static const QList<QByteArray> list = full.split('\n');
    return list;
}

static QList<Field> fields()
{
    struct Open {
        int indent;
        QString path;
        int line;
        int items = -1;
    };
    QList<Field> result;
    QList<Open> stack{{-1, {}, int(lines().indexOf("schema: 1"))}};
    for (int i = 0; i < lines().size(); ++i) {
        QByteArray text = lines().at(i).trimmed();
        int indent = int(lines().at(i).size() - text.size());
        if (text.isEmpty() || text.startsWith('#')) {
            continue;
        }
        while (stack.last().indent >= indent) {
            stack.removeLast();
        }
        const bool item = text.startsWith("- ");
        if (item) {
            const QString path = stack.last().path + u'[' + QString::number(++stack.last().items) + u']';
            stack << Open{indent, path, i};
            text = text.mid(2);
            indent += 2;
        }
        const qsizetype colon = text.indexOf(':');
        if (colon < 0 || text.startsWith('"')) {
            continue;
        }
        Field field;
        field.parent = stack.last().path;
        field.parentLine = stack.last().line;
        field.key = text.left(colon);
        field.value = text.mid(colon + 1).trimmed();
        field.path = (field.parent.isEmpty() ? QString() : QString(field.parent + u'.')) + QString::fromLatin1(field.key);
        field.line = i;
        field.end = i + 1;
        while (field.end < lines().size() && !lines().at(field.end).isEmpty()
               && lines().at(field.end).size() - lines().at(field.end).trimmed().size() > indent) {
            ++field.end;
        }
        field.opensItem = item;
        result << field;
        stack << Open{indent, field.path, i};
    }
    return result;
}

static QByteArray replaceLines(int from, int to, const QByteArrayList &replacement)
{
    return (lines().mid(0, from) + replacement + lines().mid(to)).join('\n');
}

class TargetTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsEveryField();
    void tableCoversTheFile();
    void missing_data();
    void missing();
    void mistyped_data();
    void mistyped();
    void misspelt_data() { missing_data(); }
    void misspelt();
    void twice_data() { missing_data(); }
    void twice();
    void wrong_data();
    void wrong();
    void wordsOfProofAreSpelt();
    void argumentsWithoutSecrets();
    void postgresUri_data();
    void postgresUri();
    void migrationTools();
    void nginxBalancer_data();
    void nginxBalancer();
    void relativePathsAreOfTheFilesFolder();
    void expand();
    void defaults();
    void unreadable();

private:
    Result<Target> load(const QByteArray &text);
    [[nodiscard]] QString where(int line, qsizetype column) const
    {
        return m_directory.filePath(u"target.yaml"_s) + u':' + QString::number(line + 1) + u':' + QString::number(column + 1);
    }
    QTemporaryDir m_directory;
};

Result<Target> TargetTest::load(const QByteArray &text)
{
    QFile file(m_directory.filePath(u"target.yaml"_s));
    if (!file.open(QFile::WriteOnly) || file.write(text) != text.size()) {
        qFatal("write");
    }
    file.close();
    return Target::load(file.fileName());
}

void TargetTest::readsEveryField()
{
    const auto loaded = load(full);
    QVERIFY2(loaded, loaded ? "" : qPrintable(loaded.error().text()));
    const Target &t = *loaded;
    QCOMPARE(t.name, u"trading"_s);
    QCOMPARE(t.product, u"trading-demo"_s);
    QVERIFY(t.isProduction());
    QCOMPARE(t.stateDirectory, m_directory.filePath(u"state"_s));
    QCOMPARE(t.releasesDirectory, u"/srv/trading/releases"_s);
    QCOMPARE(t.currentLink(), u"/srv/trading/releases/current"_s);
    QCOMPARE(t.repository.url, u"http://127.0.0.1:8900/releases"_s);
    QCOMPARE(t.repository.publicKeys, QStringList{m_directory.filePath(u"keys/release.pub"_s)});
    QCOMPARE(t.services.size(), 4);
    const ServiceSpec &s = t.services[0];
    QCOMPARE(s.name, u"backend"_s);
    QCOMPARE(s.runtime, u"process"_s);
    QCOMPARE(s.strategy, Strategy::Recreate);
    QVERIFY(s.mayOverlap);
    QVERIFY(!t.services[1].mayOverlap);
    QVERIFY(s.managed);
    QCOMPARE(s.instances.size(), 2);
    QCOMPARE(s.instances[1].name, u"backend-2"_s);
    QCOMPARE(s.instances[1].port, 8102);
    QCOMPARE(s.command, (QStringList{u"bin/backend"_s, u"--port"_s, u"{port}"_s}));
    QCOMPARE(s.environment, (QMap<QString, QString>{{u"DATABASE"_s, u"data/trading.db"_s}, {u"EMPTY"_s, u""_s}}));
    QCOMPARE(s.environmentFile, m_directory.filePath(u"trading.env"_s));
    QCOMPARE(s.health.http, u"http://127.0.0.1:{port}/api/health"_s);
    QCOMPARE(s.health.expectStatus, 200);
    QCOMPARE(s.health.expectBody, u"ok"_s);
    QCOMPARE(s.health.timeoutMs, 2000);
    QCOMPARE(s.health.intervalMs, 100);
    QCOMPARE(s.health.readyWithinMs, 20000);
    QCOMPARE(s.versionUrl, u"http://127.0.0.1:{port}/api/version"_s);
    QCOMPARE(s.metricsUrl, u"http://127.0.0.1:{port}/metrics"_s);
    QCOMPARE(s.balancerBackend, u"app"_s);
    QCOMPARE(s.drainLimitMs, 15000);
    QVERIFY(s.atDrainLimit == ServiceSpec::AtDrainLimit::Close);
    QVERIFY(t.services[1].atDrainLimit == ServiceSpec::AtDrainLimit::Hold);
    QCOMPARE(s.stopTimeoutMs, 5000);
    QVERIFY(!t.services[1].managed);
    QCOMPARE(t.services[1].instances[0].port, 0);
    QCOMPARE(t.balancer.kind, u"haproxy"_s);
    QCOMPARE(t.balancer.socket, m_directory.filePath(u"haproxy.sock"_s));
    QCOMPARE(t.balancer.maintenanceBackend, u"maintenance"_s);
    QCOMPARE(t.databases.size(), 4);
    QCOMPARE(t.databases[0].driver, u"sqlite"_s);
    QCOMPARE(t.databases[0].file, m_directory.filePath(u"data/trading.db"_s));
    QCOMPARE(t.databases[0].migrations, u"migrations"_s);
    QCOMPARE(t.databases[0].countTables, (QStringList{u"orders"_s, u"fills"_s}));
    const PostgresSpec &p = t.databases[1].postgres;
    QCOMPARE(t.databases[1].driver, u"postgresql"_s);
    QCOMPARE(t.databases[1].countTables, (QStringList{u"entries"_s, u"audit.entry"_s}));
    QVERIFY(t.databases[1].file.isEmpty());
    QCOMPARE(p.host, u"db.example.org"_s);
    QCOMPARE(p.port, 5433);
    QCOMPARE(p.database, u"ledger"_s);
    QCOMPARE(p.user, u"cutover"_s);
    QCOMPARE(p.sslMode, u"verify-full"_s);
    QCOMPARE(p.sslRootCertificate, m_directory.filePath(u"keys/root.crt"_s));
    QCOMPARE(p.password, u"file:"_s + m_directory.filePath(u"keys/ledger.password"_s));
    QCOMPARE(p.maintenanceDatabase, u"template1"_s);
    QCOMPARE(p.tools, u"/usr/lib/postgresql/17/bin"_s);
    QCOMPARE(p.jobs, 4);
    QCOMPARE(p.minimumFreeBytes, 20000000000);
    QCOMPARE(p.longTransactionMs, 120000);
    QCOMPARE(p.dataFolder, u"/srv/volumes/ledger"_s);
    QCOMPARE(p.walFolder, m_directory.filePath(u"volumes/wal"_s));
    QCOMPARE(t.databases[2].postgres.service, u"trading-archive"_s);
    QCOMPARE(t.databases[3].postgres.host, u"db.example.org"_s);
    QCOMPARE(t.databases[3].postgres.port, 5434);
    QCOMPARE(t.databases[3].postgres.database, u"reports"_s);
    QCOMPARE(t.databases[3].postgres.user, u"reader"_s);
    QCOMPARE(t.databases[3].postgres.sslMode, u"require"_s);
    QCOMPARE(t.hosts.size(), 2);
    QCOMPARE(t.hosts[0].name, u"web-2"_s);
    QCOMPARE(t.hosts[0].address, (SshHost{u"deploy"_s, u"web-2.example.org"_s, 2222}));
    QCOMPARE(t.hosts[0].stateDirectory, t.stateDirectory);
    QCOMPARE(t.hosts[0].releasesDirectory, u"/srv/there"_s);
    QCOMPARE(t.hosts[1].releasesDirectory, t.releasesDirectory);
    QCOMPARE(t.hosts[1].address, (SshHost{{}, u"web-3"_s, 0}));
    QCOMPARE(t.check.probes[2].host.name, u"web-2"_s);
    QVERIFY(t.check.probes[1].host.isHere());
    QCOMPARE(t.check.evidence[1].host, u"web-3"_s);
    QCOMPARE(t.commands[0].host, u"web-2"_s);
    QCOMPARE(t.host(u"web-3"_s).value().name, u"web-3"_s);
    QVERIFY(t.host({}).value().isHere());
    QCOMPARE(t.host(u"web-4"_s).error().code, u"host.unknown"_s);
    QCOMPARE(t.redis.size(), 2);
    QCOMPARE(t.redis[0].name, u"cache"_s);
    QCOMPARE(t.redis[0].host, u"redis.example.org"_s);
    QCOMPARE(t.redis[0].port, 6380);
    QCOMPARE(t.redis[0].user, u"cutover"_s);
    QCOMPARE(t.redis[0].password, u"file:"_s + m_directory.filePath(u"keys/redis.password"_s));
    QCOMPARE(t.redis[0].maxMemoryProportion, 0.8);
    QVERIFY(t.redis[0].backup);
    QCOMPARE(t.redis[1].socket, m_directory.filePath(u"redis.sock"_s));
    QCOMPARE(t.redis[1].maxMemoryProportion, 0.9);
    QVERIFY(!t.redis[1].backup);
    QCOMPARE(t.configuration.size(), 1);
    QCOMPARE(t.configuration[0].file, m_directory.filePath(u"trading.env"_s));
    QCOMPARE(t.configuration[0].secretPatterns, (QStringList{u"*_KEY"_s, u"*_PASSWORD"_s}));
    QCOMPARE(t.features.database, u"trading"_s);
    QCOMPARE(t.features.table, u"flags"_s);
    QCOMPARE(t.features.auditTable, u"flag_audit"_s);
    QCOMPARE(t.watch.requestsCounter, u"requests_total"_s);
    QCOMPARE(t.watch.errorsCounter, u"errors_total"_s);
    QCOMPARE(t.watch.maxErrorProportion, 0.03);
    QCOMPARE(t.watch.windowMs, 30000);
    QCOMPARE(t.watch.durationMs, 300000);
    QCOMPARE(t.watch.scrapeIntervalMs, 500);
    QCOMPARE(t.watch.minimumSamples, 20);
    QCOMPARE(t.watch.consecutiveBreaches, 3);
    QCOMPARE(t.watch.noData, WatchSpec::NoData::Rollback);
    QVERIFY(!t.watch.automaticRollback);
    QCOMPARE(t.backup.directory, u"/var/backups/trading"_s);
    QCOMPARE(t.backup.keep, 7);
    QCOMPARE(t.check.minimumFreeBytes, 4000000000);
    QCOMPARE(t.check.probes.size(), 4);
    QVERIFY(!t.check.probes[0].critical);
    QCOMPARE(t.check.probes[1].tcp, u"[::1]:9000"_s);
    QCOMPARE(t.check.probes[2].command, (QStringList{u"/bin/true"_s, u""_s}));
    QVERIFY(t.check.probes[0].expectBody.isNull());
    // What a probe is by its kind, no program is.
    QCOMPARE(t.check.probes[0].proves, QStringList{u"endpoints"_s});
    QCOMPARE(t.check.probes[1].proves, QStringList{u"endpoints"_s});
    QCOMPARE(t.check.probes[2].proves, (QStringList{u"authentication"_s, u"orders"_s}));
    QCOMPARE(t.check.probes[3].proves, (QStringList{u"streaming"_s, u"endpoints"_s, u"websocket"_s}));
    const ProbeSpec &stream = t.check.probes[3];
    QCOMPARE(stream.http, u"ws://127.0.0.1:8080/stream"_s);
    QVERIFY(stream.webSocket && !t.check.probes[0].webSocket);
    QVERIFY(stream.expectBody.isEmpty() && !stream.expectBody.isNull());
    QCOMPARE(stream.headers, (QMap<QString, QString>{{u"Accept"_s, u"application/json"_s}, {u"Authorization"_s, u"Bearer file:"_s + m_directory.filePath(u"keys/api.token"_s)}}));
    QCOMPARE(t.check.external.size(), 2);
    QCOMPARE(t.check.external[0].name, u"kis"_s);
    QCOMPARE(t.check.external[0].whileDown, ProbeSpec::WhileDown::Hold);
    QCOMPARE(t.check.external[0].intervalMs, 3000);
    QVERIFY(t.check.external[0].critical && !t.check.external[1].critical);
    QCOMPARE(t.check.external[1].whileDown, ProbeSpec::WhileDown::Wait);
    QCOMPARE(t.check.external[1].intervalMs, 5000);
    QCOMPARE(t.check.externalWaitMs, 600000);
    QCOMPARE(t.check.logFile, m_directory.filePath(u"backend.log"_s));
    QCOMPARE(t.check.maxLogErrors, 9);
    QCOMPARE(t.check.latencyUrl, u"http://127.0.0.1:8080/api/version"_s);
    QCOMPARE(t.check.latencyP50Ms, 40);
    QCOMPARE(t.check.latencyP95Ms, 150);
    QCOMPARE(t.check.latencyP99Ms, 400);
    QCOMPARE(t.check.maxBackupAgeMs, 2LL * 24 * 3600 * 1000);
    QCOMPARE(t.check.maxConnections, 80);
    QCOMPARE(t.check.certificates.size(), 2);
    QCOMPARE(t.check.certificates[0].name, u"front"_s);
    QCOMPARE(t.check.certificates[0].server, u"trading.example.org:443"_s);
    QCOMPARE(t.check.certificates[0].minimumDays, 30);
    QVERIFY(t.check.certificates[0].critical && !t.check.certificates[1].critical);
    QCOMPARE(t.check.certificates[1].file, m_directory.filePath(u"keys/root.crt"_s));
    QCOMPARE(t.check.certificates[1].minimumDays, 14);
    QCOMPARE(t.check.compatibility.size(), 2);
    QCOMPARE(t.check.compatibility[0].name, u"quote"_s);
    QCOMPARE(t.check.compatibility[0].method, u"GET"_s);
    QCOMPARE(t.check.compatibility[0].url, u"http://127.0.0.1:8080/api/market/quote/1"_s);
    QCOMPARE(t.check.compatibility[0].ignore, (QStringList{u"/time"_s, u"/bids/*/age"_s}));
    QCOMPARE(t.check.compatibility[0].headers, (QMap<QString, QString>{{u"Accept"_s, u"application/json"_s}, {u"X-Api-Key"_s, u"env:API_KEY"_s}}));
    QCOMPARE(t.check.compatibility[1].ignore, QStringList{QString()}); // No value is compared.
    QCOMPARE(t.check.evidence.size(), 2);
    QCOMPARE(t.check.evidence[0].name, u"audit"_s);
    QCOMPARE(t.check.evidence[0].command, (QStringList{u"npm"_s, u"audit"_s, u"--prefix"_s, u"{release}"_s}));
    QVERIFY(!t.check.evidence[0].before && t.check.evidence[1].before);
    QVERIFY(!t.check.evidence[0].critical && t.check.evidence[1].critical);
    QCOMPARE(t.check.evidence[0].proves, QStringList{u"audit"_s});
    QCOMPARE(t.check.evidence[1].proves, QStringList());
    QCOMPARE(t.check.evidence[0].timeoutMs, 900000);
    QCOMPARE(t.check.evidence[1].timeoutMs, 600000);
    QCOMPARE(t.check.latencyRequests, 50);
    QCOMPARE(t.check.latencyConcurrency, 5);
    QCOMPARE(t.policy.holdMs, 600000);
    QCOMPARE(t.policy.holdDefault, PolicySpec::Default::Rollback);
    QCOMPARE(t.policy.transientRetries, 5);
    QCOMPARE(t.policy.latestStartMinuteOfDay, 22 * 60 + 30);
    QCOMPARE(t.policy.windowEndMinuteOfDay, 23 * 60 + 45);
    QCOMPARE(t.policy.turnBackMarginMs, 120000);
    QCOMPARE(t.commands.size(), 1);
    QCOMPARE(t.commands[0].name, u"warm-cache"_s);
    QCOMPARE(t.commands[0].after, u"deploy"_s);
    QCOMPARE(t.commands[0].preview, (QStringList{u"bin/warm"_s, u"--preview"_s}));
    QCOMPARE(t.commands[0].apply, QStringList{u"bin/warm"_s});
    QCOMPARE(t.commands[0].revert, QStringList{u"bin/cool"_s});
    QCOMPARE(t.commands[0].inspect, (QStringList{u"bin/warm"_s, u"--inspect"_s}));
    QVERIFY(t.commands[0].previewMayDiffer);
    QCOMPARE(t.commands[0].timeoutMs, 90000);
    QCOMPARE(t.digest, json::sha256(full));
    QCOMPARE(t.blackout.size(), 2);
    QCOMPARE(t.blackout[0].reason, u"Market hours"_s);
    QCOMPARE(t.blackout[0].days, (QList<int>{1, 5}));
    QCOMPARE(t.blackout[0].fromMinuteOfDay, 9 * 60);
    QCOMPARE(t.blackout[0].toMinuteOfDay, 15 * 60 + 30);
    QVERIFY(t.blackout[1].days.isEmpty());
    QCOMPARE(t.blackout[1].fromMinuteOfDay, 23 * 60 + 15);
    QCOMPARE(t.blackout[1].toMinuteOfDay, 60);
    QVERIFY(t.approval.required);
    QCOMPARE(t.approval.validMs, 8 * 3600 * 1000);
    QCOMPARE(t.approval.approvers.size(), 1);
    QCOMPARE(t.approval.approvers[0].name, u"Lee Park"_s);
    QCOMPARE(t.approval.approvers[0].key, m_directory.filePath(u"keys/lee.pub"_s));
    QCOMPARE(t.manualItems.size(), 2);
    QCOMPARE(t.manualItems[0].name, u"desk-told"_s);
    QCOMPARE(t.manualItems[0].text, u"The trading desk knows"_s);
    QCOMPARE(t.manualItems[0].when, u"after"_s);
    QVERIFY(t.manualItems[0].required);
    QCOMPARE(t.manualItems[1].when, u"before"_s);
    QVERIFY(!t.manualItems[1].required);
    QCOMPARE(t.staging.target, QFileInfo(m_directory.path()).absolutePath() + u"/staging/target.yaml"_s);
    QCOMPARE(t.staging.validMs, 3LL * 24 * 3600 * 1000);
    QCOMPARE(t.compose.project, u"trading"_s);
    QCOMPARE(t.compose.files, (QStringList{u"deploy/compose.yaml"_s, u"deploy/production.yaml"_s}));
    QCOMPARE(t.compose.program, u"docker compose"_s);
    QCOMPARE(t.compose.environmentFile, m_directory.filePath(u"compose.env"_s));
    QCOMPARE(t.compose.host, u"unix:///run/docker.sock"_s);
    QCOMPARE(t.services[2].runtime, u"compose"_s);
    QCOMPARE(t.services[2].instances[0].composeService, u"jobs"_s);
    QCOMPARE(t.services[2].spare->name, u"worker-spare"_s);
    QCOMPARE(t.services[2].spare->port, 8109);
    QCOMPARE(t.services[2].spare->composeService, u"jobs-spare"_s);
    // It is none of the instances, and found by its name all the same.
    QCOMPARE(t.services[2].instances.size(), 1);
    QCOMPARE(t.services[2].withSpare().size(), 2);
    QCOMPARE(t.serviceOfInstance(u"worker-spare"_s), &t.services[2]);
    QVERIFY(!t.services[0].spare);
    QCOMPARE(t.compose.colours, (QMap<QString, QString>{{u"blue"_s, m_directory.filePath(u"blue.env"_s)}, {u"green"_s, m_directory.filePath(u"green.env"_s)}}));
    QCOMPARE(t.compose.pruneVolumes, (QStringList{u"cache"_s, u"tmp-*"_s}));
    QCOMPARE(t.compose.projectOf(u"blue"_s), u"trading-blue"_s);
    QCOMPARE(t.compose.projectOf({}), u"trading"_s);
    const ServiceSpec &w = t.services[3];
    QVERIFY(w.isBlueGreen());
    QVERIFY(!t.services[2].isBlueGreen());
    QCOMPARE(w.instances[0].colour, u"blue"_s);
    QCOMPARE(w.instancesOf(u"green"_s).size(), 1);
    QCOMPARE(w.instancesOf(u"green"_s).at(0).name, u"web-green"_s);
    QCOMPARE(w.smoke.size(), 1);
    QCOMPARE(w.smoke[0].name, u"login"_s);
    QCOMPARE(w.smoke[0].http, u"http://127.0.0.1:{port}/login"_s);
    QVERIFY(!w.smoke[0].critical);
    QCOMPARE(w.canary.weights, (QList<int>{5, 25, 50}));
    QCOMPARE(w.canary.watchMs, 90000);
    QVERIFY(w.keepOld);
    QVERIFY(!t.services[0].keepOld);
    QCOMPARE(t.service(u"backend"_s), &t.services[0]);
    QCOMPARE(t.service(u"x"_s), nullptr);
    QCOMPARE(t.serviceOfInstance(u"balancer-1"_s), &t.services[1]);
    QCOMPARE(t.serviceOfInstance(u"backend"_s), nullptr);
    QCOMPARE(t.database(u"trading"_s), &t.databases[0]);
}

void TargetTest::tableCoversTheFile()
{
    // The tables below are made from the file: a reader of it that finds nothing would test nothing.
    QStringList paths;
    const auto all = fields();
    for (const Field &field : all) {
        paths << field.path;
    }
    QVERIFY2(paths.size() > 90, qPrintable(QString::number(paths.size())));
    for (const QString &path : mandatory) {
        QVERIFY2(paths.contains(path), qPrintable(path));
    }
    QVERIFY(paths.contains(u"services[0].instances[1].port"_s));
    QVERIFY(paths.contains(u"services[0].health.http"_s));
    QVERIFY(paths.contains(u"checks.probes[2].command"_s));
}

void TargetTest::missing_data()
{
    QTest::addColumn<int>("index");
    const auto all = fields();
    for (int i = 0; i < all.size(); ++i) {
        QTest::newRow(qPrintable(all[i].path)) << i;
    }
}

void TargetTest::missing()
{
    QFETCH(const int, index);
    const Field field = fields().at(index);
    QByteArrayList rest;
    if (field.opensItem) {
        // The item's next key takes its place; an item of one key is left empty.
        const QByteArray dash = lines().at(field.line).left(lines().at(field.line).indexOf("- ") + 2);
        const bool more = field.end < lines().size() && lines().at(field.end).startsWith(QByteArray(dash.size(), ' '));
        rest << dash + (more ? lines().at(field.end).trimmed() : QByteArray("{}"));
        const auto result = load(replaceLines(field.line, field.end + (more ? 1 : 0), rest));
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"target.missing"_s);
        QCOMPARE(result.error().args[u"field"_s].toString(), field.path);
        QVERIFY2(result.error().where.startsWith(where(field.line, 0).chopped(1)), qPrintable(result.error().where));
        return;
    }
    const auto result = load(replaceLines(field.line, field.end, {}));

    const bool isPort = (field.parent.startsWith(u"services[0].instances") || field.parent.startsWith(u"services[3].instances")) && field.key == "port";
    const bool isKind = ((field.parent == u"services[0].health" || field.parent == u"services[3].health" || field.parent == u"services[3].smoke[0]") && field.key == "http")
        || (field.parent == u"services[2].health" && field.key == "tcp")
        || ((field.parent.startsWith(u"checks.probes[") || field.parent.startsWith(u"checks.external["))
            && QByteArrayList{"http", "tcp", "command", "web_socket"}.contains(field.key));
    if (field.parent.startsWith(u"checks.certificates[") && (field.key == "file" || field.key == "server")) {
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"target.certificate_kind"_s);
        QCOMPARE(result.error().args[u"field"_s].toString(), field.parent);
        return;
    }
    if (field.path == u"checks.compatibility[0].compare") {
        // No value is compared, so that none can be ignored.
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"target.ignore_without_values"_s);
        QCOMPARE(result.error().args[u"field"_s].toString(), u"checks.compatibility[0].ignore"_s);
        return;
    }
    const bool isReferred = field.path == u"balancer" || field.path == u"databases" || field.path == u"compose";
    if (field.path == u"services[2].runtime") {
        // A process by default, which knows no Compose service.
        QVERIFY(!result);
        QCOMPARE(result.error().args[u"field"_s].toString(), u"services[2].instances[0].service"_s);
        return;
    }
    static const QHash<QString, QString> blueGreen{{u"services[3].strategy"_s, u"target.only_blue_green"_s},
                                                   {u"services[3].instances[0].colour"_s, u"target.no_colour"_s},
                                                   {u"services[3].instances[1].colour"_s, u"target.no_colour"_s},
                                                   {u"services[3].balancer_backend"_s, u"target.blue_green_unbalanced"_s},
                                                   {u"services[3].metrics"_s, u"target.canary_metrics"_s},
                                                   {u"services[2].balancer_backend"_s, u"target.spare_unbalanced"_s}};
    if (const QString code = blueGreen.value(field.path); !code.isEmpty()) {
        QVERIFY(!result);
        QCOMPARE(result.error().code, code);
        QVERIFY(!result.error().hint().isEmpty());
        QVERIFY2(!result.error().text().contains(u"%{"), qPrintable(result.error().text()));
        return;
    }
    if (field.path == u"services[1].managed") {
        // Managed by default, and what a release replaces needs a health probe.
        QVERIFY(!result);
        QCOMPARE(result.error().args[u"field"_s].toString(), u"services[1].health"_s);
        return;
    }
    if (field.path == u"databases[1].database" || field.path == u"databases[2].service" || field.path == u"databases[3].uri") {
        // Nothing else says where it is.
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"target.database_place"_s);
        return;
    }
    if (field.path == u"hosts") {
        // Named where something is to run there.
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"target.no_hosts"_s);
        return;
    }
    if (field.path == u"redis[0].password") {
        // A user is named, who would be nobody without it.
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"target.redis_user"_s);
        return;
    }
    if (!isPort && !isKind && !isReferred && !mandatory.contains(field.path)) {
        QVERIFY2(result, result ? "" : qPrintable(result.error().text()));
        return;
    }
    QVERIFY(!result);
    const Error &error = result.error();
    QVERIFY(Catalogue::contains(error.code));
    QVERIFY(!error.hint().isEmpty());
    if (isReferred) {
        QCOMPARE(error.code, field.path == u"balancer" ? u"target.no_balancer"_s : field.path == u"compose" ? u"target.no_compose"_s
                                                                                                            : u"target.unknown_name"_s);
        return;
    }
    QCOMPARE(error.code, isPort ? u"target.no_port"_s : isKind ? u"target.probe_kind"_s
                                                               : u"target.missing"_s);
    QCOMPARE(error.args[u"field"_s].toString(), isKind ? field.parent : field.path);
    if (!isPort) {
        QVERIFY2(error.where.startsWith(where(field.parentLine, 0).chopped(1)), qPrintable(error.where));
    }
}

void TargetTest::mistyped_data()
{
    QTest::addColumn<int>("index");
    QTest::addColumn<QByteArray>("value");
    const auto all = fields();
    for (int i = 0; i < all.size(); ++i) {
        QByteArrayList values = all[i].isContainer() ? QByteArrayList{"sometext", "5", "true"} : QByteArrayList{"{wrong: 1}", "[wrong]"};
        if (!all[i].isFree()) {
            values << "~" << "";
        }
        if (all[i].path == u"databases[0].migrations"_s) {
            values.removeOne("{wrong: 1}"); // A map is one of its forms.
        }
        for (const QByteArray &value : std::as_const(values)) {
            QTest::addRow("%s: %s", qPrintable(all[i].path), value.constData()) << i << value;
        }
    }
}

void TargetTest::mistyped()
{
    QFETCH(const int, index);
    QFETCH(const QByteArray, value);
    const Field field = fields().at(index);
    const QByteArray line = lines().at(field.line);
    const qsizetype column = line.indexOf(field.key);
    const auto result = load(replaceLines(field.line, field.end, {line.left(column) + field.key + ": " + value}));
    QVERIFY(!result);
    const Error &error = result.error();
    QVERIFY2(error.code.startsWith(u"target.expected_"), qPrintable(error.code));
    QVERIFY2(Catalogue::contains(error.code), qPrintable(error.code));
    QVERIFY(!error.hint().isEmpty());
    QVERIFY2(!error.what().contains(u"%{"), qPrintable(error.what()));
    QCOMPARE(error.args[u"field"_s].toString(), field.path);
    QCOMPARE(error.code, QString(u"target.expected_"_s + error.args[u"expected"_s].toString()));
    QVERIFY(!error.args[u"found"_s].toString().isEmpty());
    QCOMPARE(error.where, where(field.line, value.isEmpty() ? column : column + field.key.size() + 2));
}

void TargetTest::misspelt()
{
    QFETCH(const int, index);
    const Field field = fields().at(index);
    if (field.hasFreeKey()) {
        return;
    }
    QByteArray line = lines().at(field.line);
    const qsizetype column = line.indexOf(field.key);
    line.insert(column + 1, 'q');
    const auto result = load(replaceLines(field.line, field.line + 1, {line}));
    QVERIFY(!result);
    const Error &error = result.error();
    QCOMPARE(error.code, u"target.unknown_key"_s);
    QCOMPARE(error.args[u"nearest"_s].toString(), QString::fromLatin1(field.key));
    QCOMPARE(error.where, where(field.line, column));
    QVERIFY(error.hint().contains(QString::fromLatin1(field.key)));
}

void TargetTest::twice()
{
    QFETCH(const int, index);
    const Field field = fields().at(index);
    const qsizetype column = lines().at(field.line).indexOf(field.key);
    const auto result = load(replaceLines(field.end, field.end, {QByteArray(column, ' ') + field.key + ": 1"}));
    QVERIFY(!result);
    QCOMPARE(result.error().code, u"target.duplicate_key"_s);
    QCOMPARE(result.error().args[u"first"_s].toInt(), field.line + 1);
    QCOMPARE(result.error().where, where(field.end, column));
}

void TargetTest::wrong_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("field");
    const auto row = [](const char *from, const char *to, const char *code, const char *field) {
        QTest::addRow("%s -> %s", from, to) << QByteArray(from) << QByteArray(to) << QString::fromLatin1(code) << QString::fromLatin1(field);
    };
    row("schema: 1", "schema: 2", "target.schema", "schema");
    row("name: trading\n", "name: ../x\n", "target.expected_name", "name");
    row("name: trading\n", "name: \"trad\\ning\"\n", "target.expected_name", "name");
    row("environment: production", "environment: Production", "target.expected_choice", "environment");
    row("url: http://127.0.0.1:8900/releases", "url: ftp://x/y", "target.expected_url", "repository.url");
    row("url: http://127.0.0.1:8900/releases", "url: http://u:p@x/y", "target.secret_in_url", "repository.url");
    row("url: http://127.0.0.1:8900/releases", "url: http://", "target.expected_url", "repository.url");
    row("apply: [bin/warm]", "apply: [bin/warm, \"--db\", \"postgresql://app:hunter2@db/trading\"]", "target.secret_in_argument", "commands[0].apply[2]");
    row("apply: [bin/warm]", "apply: [bin/warm, \"--api-token=hunter2\"]", "target.secret_in_argument", "commands[0].apply[1]");
    row("apply: [bin/warm]", "apply: [bin/warm, --password, hunter2]", "target.secret_in_argument", "commands[0].apply[2]");
    row("apply: [bin/warm]", "apply: [env, DB_PASSWORD=hunter2, bin/warm]", "target.secret_in_argument", "commands[0].apply[1]");
    row("command: [haproxy]", "command: [haproxy, --secret, hunter2]", "target.secret_in_argument", "services[1].command[2]");
    row("command: [/bin/true, \"\"]", "command: [/bin/true, TOKEN=hunter2]", "target.secret_in_argument", "checks.probes[2].command[1]");
    row("web_socket: ws://127.0.0.1:8080/stream", "web_socket: http://127.0.0.1:8080/stream", "target.expected_web_socket_url", "checks.probes[3].web_socket");
    row("web_socket: ws://127.0.0.1:8080/stream", "web_socket: ws://u:p@127.0.0.1/stream", "target.secret_in_url", "checks.probes[3].web_socket");
    row("http: https://api.example.org/status", "http: wss://api.example.org/status", "target.expected_url", "checks.external[0].http");
    row("Bearer file:keys/api.token", "Bearer hunter2", "target.expected_secret_reference", "checks.probes[3].headers.Authorization");
    row("X-Api-Key: env:API_KEY", "X-Api-Key: hunter2", "target.expected_secret_reference", "checks.compatibility[0].headers.X-Api-Key");
    row("X-Api-Key: env:API_KEY", "\"X Api\": x", "target.expected_header", "checks.compatibility[0].headers.X Api");
    row("while_down: hold", "while_down: waiting", "target.expected_choice", "checks.external[0].while_down");
    row("name: feed", "name: kis", "target.duplicate", "checks.external[1].name");
    row("external_wait: 10m", "external_wait: 10", "target.expected_duration", "checks.external_wait");
    row("latency_p99: 400ms", "latency_p99: 0s", "target.expected_duration", "checks.latency_p99");
    row("max_connections: 80", "max_connections: 0", "target.expected_integer", "checks.max_connections");
    row("minimum_days: 30", "minimum_days: -1", "target.expected_integer", "checks.certificates[0].minimum_days");
    row("server: trading.example.org:443", "server: trading.example.org", "target.expected_host_port", "checks.certificates[0].server");
    row("server: trading.example.org:443", "server: x:1\n      file: x.pem", "target.certificate_kind", "checks.certificates[0]");
    row("name: ca\n", "name: front\n", "target.duplicate", "checks.certificates[1].name");
    row("method: GET", "method: POST", "target.expected_choice", "checks.compatibility[0].method");
    row("compare: values", "compare: shape", "target.ignore_without_values", "checks.compatibility[0].ignore");
    row("[/time,", "[time,", "target.expected_json_pointer", "checks.compatibility[0].ignore[0]");
    row("when: after", "when: during", "target.expected_choice", "checks.evidence[0].when");
    row("name: tests", "name: audit", "target.duplicate", "checks.evidence[1].name");
    row("command: [bin/tests, \"{version}\"]", "command: []", "target.expected_list", "checks.evidence[1].command");
    row("command: [bin/tests, \"{version}\"]", "command: [bin/tests, \"--token=hunter2\"]", "target.secret_in_argument", "checks.evidence[1].command[1]");
    row("    - keys/release.pub", "    - \"\"", "target.expected_text", "repository.keys[0]");
    row("name: backend-2", "name: backend-1", "target.duplicate", "services[0].instances[1].name");
    row("name: balancer-1", "name: backend-1", "target.duplicate", "services[1].instances[0].name");
    row("port: 8102", "port: 8101", "target.duplicate", "services[0].instances[1].port");
    row("port: 8102", "port: 0", "target.expected_integer", "services[0].instances[1].port");
    row("port: 8102", "port: 65536", "target.expected_integer", "services[0].instances[1].port");
    row("port: 8102", "port: \"8102\"", "target.expected_integer", "services[0].instances[1].port");
    row("name: balancer\n", "name: backend\n", "target.duplicate", "services[1].name");
    row("name: broker", "name: quotes", "target.duplicate", "checks.probes[1].name");
    row("strategy: recreate", "strategy: roling", "target.expected_choice", "services[0].strategy");
    row("overlap: never", "overlap: no", "target.expected_choice", "services[1].overlap");
    row("strategy: recreate", "overlap: never", "target.overlap_instances", "services[0].overlap");
    row("managed: true", "managed: yes", "target.expected_boolean", "services[0].managed");
    row("      DATABASE: ", "      DATA-BASE: ", "target.expected_variable", "services[0].environment.DATA-BASE");
    row("{port}/api/health", "{prot}/api/health", "target.placeholder", "services[0].health.http");
    row("expect_status: 200", "tcp: x:1", "target.probe_kind", "services[0].health");
    row("expect_status: 200", "expect_status: 99", "target.expected_integer", "services[0].health.expect_status");
    row("timeout: 2s", "timeout: 2", "target.expected_duration", "services[0].health.timeout");
    row("timeout: 2s", "timeout: 0s", "target.expected_duration", "services[0].health.timeout");
    row("kind: haproxy", "kind: apache", "target.expected_choice", "balancer.kind");
    row("kind: haproxy", "kind: nginx", "target.other_balancer", "balancer.socket");
    row("maintenance_backend: maintenance", "pid_file: /run/nginx.pid", "target.other_balancer", "balancer.pid_file");
    row("maintenance_backend: maintenance", "upstreams: u", "target.other_balancer", "balancer.upstreams");
    row("name: jobs", "name: cache", "target.duplicate", "redis[1].name");
    row("name: web-3", "name: web-2", "target.duplicate", "hosts[1].name");
    row("ssh: web-3", "ssh: web-3:0", "target.expected_ssh_host", "hosts[1].ssh");
    row("releases: /srv/there", "releases: there", "target.expected_absolute_path", "hosts[0].releases");
    row("ssh: web-3", "ssh: -oProxyCommand=id", "target.expected_ssh_host", "hosts[1].ssh");
    row("ssh: web-3", "address: web-3", "target.unexpected_key", "hosts[1].address");
    row("    host: web-2\n    timeout", "    host: web2\n    timeout", "target.unknown_name", "commands[0].host");
    row("      host: web-2", "      host: web-9", "target.unknown_name", "checks.probes[2].host");
    row("      host: web-3", "      host: wep-3", "target.unknown_name", "checks.evidence[1].host");
    row("expect_status: 200", "host: web-2", "target.host_without_command", "services[0].health.host");
    row("host: redis.example.org", "host: redis.example.org:6380", "target.expected_host", "redis[0].host");
    row("host: redis.example.org", "host: redis://x", "target.expected_host", "redis[0].host");
    row("port: 6380", "port: 65536", "target.expected_integer", "redis[0].port");
    row("port: 6380", "socket: redis.sock", "target.redis_place", "redis[0].socket");
    row("password: file:keys/redis.password", "password: hunter2", "target.expected_secret_reference", "redis[0].password");
    row("max_memory: 80 %", "max_memory: 80", "target.expected_proportion", "redis[0].max_memory");
    row("max_memory: 80 %", "max_memory: 120 %", "target.expected_proportion", "redis[0].max_memory");
    row("backup: true", "backup: yes", "target.expected_boolean", "redis[0].backup");
    row("socket: haproxy.sock",
        "socket: /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "target.socket_path", "balancer.socket");
    row("project: trading", "project: Trading", "target.expected_compose_project", "compose.project");
    row("deploy/production.yaml]", "../x.yaml]", "target.expected_relative_path", "compose.files[1]");
    row("deploy/production.yaml]", "/x.yaml]", "target.expected_relative_path", "compose.files[1]");
    row("program: docker compose", "program: podman", "target.expected_choice", "compose.program");
    row("host: unix:///run/docker.sock", "host: /run/docker.sock", "target.expected_docker_host", "compose.host");
    row("host: unix:///run/docker.sock", "host: tcp://u:p@h:2375", "target.expected_docker_host", "compose.host");
    row("prune_volumes: [cache", "prune_volumes: [trading_cache/x", "target.expected_volume_pattern", "compose.prune_volumes[0]");
    row("tmp-*", "tmp-[a", "target.expected_volume_pattern", "compose.prune_volumes[1]");
    row("tmp-*", "tmp-{a,b}", "target.expected_volume_pattern", "compose.prune_volumes[1]");
    row("runtime: compose", "runtime: compost", "target.expected_choice", "services[2].runtime");
    row("runtime: process", "runtime: compose", "target.unexpected_key", "services[0].command");
    row("port: 8109", "port: 8101", "target.duplicate", "services[2].spare.port");
    row("name: worker-spare", "name: worker-1", "target.duplicate", "services[2].spare.name");
    row("name: worker-spare", "name: worker-spare\n      colour: blue", "target.unexpected_key", "services[2].spare.colour");
    row("service: jobs-spare", "service: jobs", "target.duplicate", "services[2].spare.service");
    row("    balancer_backend: jobs\n", "    balancer_backend: jobs\n    strategy: recreate\n", "target.spare_strategy", "services[2].spare");
    row("    balancer_backend: jobs\n", "    balancer_backend: jobs\n    overlap: never\n", "target.spare_overlap", "services[2].spare");
    row("    balancer_backend: jobs\n", "    balancer_backend: jobs\n    managed: false\n", "target.spare_unmanaged", "services[2].spare");
    row("strategy: recreate", "spare: {name: a, port: 1}", "target.spare_runtime", "services[0].spare");
    row("colour: green", "colour: red", "target.expected_choice", "services[3].instances[1].colour");
    row("colour: green", "colour: blue", "target.blue_green_colour", "services[3]");
    row("keep_old: true", "managed: false", "target.blue_green_unmanaged", "services[3]");
    row("keep_old: true", "overlap: never", "target.blue_green_overlap", "services[3]");
    row("[5, 25, 50, 100]", "[5, 50, 25]", "target.canary_order", "services[3].canary.weights[2]");
    row("[5, 25, 50, 100]", "[5, 25, 25]", "target.canary_order", "services[3].canary.weights[2]");
    row("[5, 25, 50, 100]", "[0]", "target.expected_integer", "services[3].canary.weights[0]");
    row("[5, 25, 50, 100]", "[5, 101]", "target.expected_integer", "services[3].canary.weights[1]");
    row("[5, 25, 50, 100]", "[]", "target.expected_list", "services[3].canary.weights");
    row("watch: 90s", "watch: 10ms", "target.expected_duration", "services[3].canary.watch");
    row("critical: false\n    canary", "tcp: x:1\n    canary", "target.probe_kind", "services[3].smoke[0]");
    row("strategy: recreate", "keep_old: true", "target.only_blue_green", "services[0].keep_old");
    row("  colours:\n    blue: blue.env", "  colours:\n    red: red.env", "target.unexpected_key", "compose.colours.red");
    row("migrations: migrations", "migrations: ../x", "target.expected_relative_path", "databases[0].migrations");
    row("migrations: migrations", "migrations: /x", "target.expected_relative_path", "databases[0].migrations");
    row("migrations: migrations", "migrations: {folder: db}", "target.missing", "databases[0].migrations.tool");
    row("migrations: migrations", "migrations: {tool: alembik}", "target.expected_choice", "databases[0].migrations.tool");
    row("migrations: migrations", "migrations: {tool: alembic, folder: ../x}", "target.expected_relative_path", "databases[0].migrations.folder");
    row("migrations: migrations", "migrations: {tool: alembic, ini: /etc/x}", "target.expected_relative_path", "databases[0].migrations.ini");
    row("migrations: migrations", "migrations: {tool: alembic, url_variable: A-B}", "target.expected_variable", "databases[0].migrations.url_variable");
    row("migrations: migrations", "migrations: {tool: alembic, dialect: postgresql}", "target.expected_dialect", "databases[0].migrations.dialect");
    row("migrations: migrations", "migrations: {tool: alembic, lock_wait: 5}", "target.expected_duration", "databases[0].migrations.lock_wait");
    row("migrations: migrations", "migrations: {tool: alembic, folders: x}", "target.unknown_key", "databases[0].migrations.folders");
    row("migrations: migrations", "migrations: {tool: sql}", "target.missing", "databases[0].migrations.folder");
    row("[orders, fills]", "[orders, a;b]", "target.expected_identifier", "databases[0].count_tables[1]");
    row("password: file:keys/ledger.password", "password: hunter2", "target.expected_secret_reference", "databases[1].password");
    row("password: file:keys/ledger.password", "password: \"env:\"", "target.expected_secret_reference", "databases[1].password");
    row("sslmode: verify-full", "sslmode: yes-please", "target.expected_choice", "databases[1].sslmode");
    row("port: 5433", "port: 0", "target.expected_integer", "databases[1].port");
    row("jobs: 4", "jobs: 0", "target.expected_integer", "databases[1].jobs");
    row("audit.entry]", "a.b.c]", "target.expected_qualified_table", "databases[1].count_tables[1]");
    row("jobs: 4", "uri: postgresql://h/d", "target.database_place", "databases[1]");
    row("maintenance_database: template1", "maintenance_database: ledger", "target.maintenance_database", "databases[1].maintenance_database");
    row("\"*_KEY\", \"*_PASSWORD\"", "[a], b", "target.expected_text", "configuration[0].secrets[0]");
    row("database: trading", "database: tradng", "target.unknown_name", "features.database");
    row("table: flags", "table: fla gs", "target.expected_identifier", "features.table");
    row("requests_counter: requests_total", "requests_counter: a-b", "target.expected_metric", "watch.requests_counter");
    row("3 %", "3", "target.expected_proportion", "watch.max_error_proportion");
    row("scrape_interval: 500ms", "scrape_interval: 20s", "target.scrape_interval", "watch.scrape_interval");
    row("no_data: rollback", "no_data: ignore", "target.expected_choice", "watch.no_data");
    row("keep: 7", "keep: 0", "target.expected_integer", "backup.keep");
    row("4 GB", "4 gigs", "target.expected_size", "checks.minimum_free");
    row("\"[::1]:9000\"", "localhost", "target.expected_host_port", "checks.probes[1].tcp");
    row("\"[::1]:9000\"", "localhost:70000", "target.expected_host_port", "checks.probes[1].tcp");
    row("\"[::1]:9000\"", "\"localhost:{port}\"", "target.placeholder", "checks.probes[1].tcp");
    row("proves: [audit]", "proves: [audits]", "target.expected_choice", "checks.evidence[0].proves[0]");
    row("proves: [audit]", "proves: audit", "target.expected_list", "checks.evidence[0].proves");
    row("proves: [audit]", "proves: []", "target.expected_list", "checks.evidence[0].proves");
    row("proves: [streaming]", "proves: [streaming, streaming]", "target.duplicate", "checks.probes[3].proves[1]");
    row("while_down: hold", "proves: [features]", "target.unexpected_key", "checks.external[0].proves");
    row("latest_start: 22:30", "latest_start: 25:00", "target.expected_time", "policy.latest_start");
    row("days: [mon, fri]", "days: [mon, friday]", "target.expected_choice", "blackout[0].days[1]");
    row("to: \"15:30\"", "to: 24:30", "target.expected_time", "blackout[0].to");
    row("to: \"15:30\"", "to: 09:00", "target.blackout_empty", "blackout[0].to");
    row("valid: 8h", "valid: 8", "target.expected_duration", "approval.valid");
    row("key: keys/lee.pub", "key: keys/lee.pub\n    - name: lee park\n      key: keys/l.pub", "target.duplicate", "approval.approvers[1].name");
    row("    - name: Lee Park\n      key: keys/lee.pub", "    []", "target.expected_list", "approval.approvers");
    row("when: after\n    required", "when: afterwards\n    required", "target.expected_choice", "checklists[0].when");
    row("name: rota", "name: desk-told", "target.duplicate", "checklists[1].name");
    row("valid: 3d", "valid: 0s", "target.expected_duration", "staging.valid");
    row("command: [haproxy]", "command: []", "target.expected_list", "services[1].command");
    row("apply: [bin/warm]", "apply: [\"\"]", "target.expected_text", "commands[0].apply[0]");
    row("state: state", "state: \"a\\0b\"", "target.expected_text", "state");
}

void TargetTest::wrong()
{
    QFETCH(const QByteArray, from);
    QFETCH(const QByteArray, to);
    QByteArray text = full;
    const qsizetype at = text.indexOf(from);
    QVERIFY(at >= 0);
    text.replace(at, from.size(), to);
    const auto result = load(text);
    QVERIFY(!result);
    QTEST(result.error().code, "code");
    QTEST(result.error().args[u"field"_s].toString(), "field");
    QVERIFY2(!result.error().what().contains(u"%{"), qPrintable(result.error().what()));
    QVERIFY2(!result.error().hint().contains(u"%{"), qPrintable(result.error().hint()));
    QVERIFY(!result.error().where.isEmpty());
    QVERIFY2(!result.error().text().contains(u"hunter2"), qPrintable(result.error().text()));
}

void TargetTest::wordsOfProofAreSpelt()
{
    QByteArray text = full;
    text.replace("proves: [authentication, orders]", "proves: [authentication, order]");
    const auto result = load(text);
    QVERIFY(!result);
    QCOMPARE(result.error().args[u"nearest"_s].toString(), u"orders"_s);
    const qsizetype line = lines().indexOf("      proves: [authentication, orders]");
    QCOMPARE(result.error().where, where(int(line), lines().at(line).indexOf("orders")));
    QVERIFY2(result.error().text().contains(u"websocket"), qPrintable(result.error().text()));
}

void TargetTest::argumentsWithoutSecrets()
{
    const QByteArray text =
        "schema: 1\n"
        "name: small\n"
        "product: p\n"
        "environment: demo\n"
        "state: /s\n"
        "releases: /r\n"
        "repository: {url: \"file:///x\", keys: [k]}\n"
        "services:\n"
        "  - name: a\n"
        "    instances: [{name: a-1, port: 1}]\n"
        "    environment: {API_TOKEN: \"a-token-of-some-length\", MODE: fast}\n"
        "    command: [a, ARGUMENTS]\n"
        "    health: {command: [/bin/true]}\n";
    const auto with = [&](const QByteArray &arguments) { return load(QByteArray(text).replace("ARGUMENTS", arguments)); };
    // What names a secret and tells none, and what only looks like one.
    for (const char *arguments : {"--token-file, secret.txt", "\"--password=file:/run/secret\"", "--password, \"env:PASSWORD\"", "\"--password=$PASSWORD\"",
                                  "--token=/run/token", "--secret, --verbose", "--mode, fast", "\"http://127.0.0.1:{port}/@x\"", "\"postgresql://app:$PASSWORD@db/x\"",
                                  "--password", "\"--password=\"", "--no-password=true"}) {
        const auto loaded = with(arguments);
        QVERIFY2(loaded, loaded ? "" : qPrintable(QString::fromUtf8(arguments) + u": "_s + loaded.error().text()));
    }
    // The value of a secret that the file has elsewhere, under a name that says nothing.
    const auto refused = with("\"--with=user:a-token-of-some-length\"");
    QCOMPARE(refused.error().code, u"target.secret_in_argument"_s);
    QVERIFY2(refused.error().where.contains(u":12:"_s), qPrintable(refused.error().where));
    QVERIFY2(!refused.error().text().contains(u"a-token"_s), qPrintable(refused.error().text()));
}

void TargetTest::postgresUri_data()
{
    QTest::addColumn<QByteArray>("place");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("found");
    QTest::newRow("all") << QByteArray("uri: postgresql://me@db:5433/a%20b?sslmode=require") << QString() << u"db|5433|a b|me|require|"_s;
    QTest::newRow("socket") << QByteArray("uri: \"postgres:///a?host=/run/postgresql&user=me\"") << QString() << u"/run/postgresql|0|a|me||"_s;
    QTest::newRow("address") << QByteArray("uri: \"postgresql://[::1]/a\"") << QString() << u"::1|0|a|||"_s;
    QTest::newRow("service") << QByteArray("service: trading") << QString() << u"|0||||trading"_s;
    QTest::newRow("password") << QByteArray("uri: postgresql://me:hunter2@db/a") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password, odd port") << QByteArray("uri: postgresql://me:hunter2@db:x/a") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password as an option") << QByteArray("uri: postgresql://db/a?password=hunter2") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password with a slash") << QByteArray("uri: postgresql://me:xx/hunter2@db/a") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password with a slash behind figures") << QByteArray("uri: postgresql://me:12/hunter2@db/a") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password with a hash") << QByteArray("uri: \"postgresql://me:12#hunter2@db/a\"") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password with a question mark") << QByteArray("uri: \"postgresql://me:12?hunter2@db/a\"") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password with an at") << QByteArray("uri: \"postgresql://me:x@y/hunter2@db/a\"") << u"target.password_in_uri"_s << QString();
    QTest::newRow("password without a scheme") << QByteArray("uri: \"me:hunter2@db/a\"") << u"target.password_in_uri"_s << QString();
    QTest::newRow("user of a tenant") << QByteArray("uri: \"postgresql://db:5433/a?user=me@tenant&sslmode=require\"") << QString() << u"db|5433|a|me@tenant|require|"_s;
    QTest::newRow("other scheme") << QByteArray("uri: mysql://db/a") << u"target.expected_postgres_uri"_s << QString();
    QTest::newRow("no database") << QByteArray("uri: postgresql://db") << u"target.expected_postgres_uri"_s << QString();
    QTest::newRow("two hosts") << QByteArray("uri: \"postgresql://a:1,b:2/x\"") << u"target.expected_postgres_uri"_s << QString();
    QTest::newRow("unknown option") << QByteArray("uri: postgresql://db/a?fallback=1") << u"target.uri_option"_s << QString();
    QTest::newRow("itself") << QByteArray("uri: postgresql://h/postgres") << u"target.maintenance_database"_s << QString();
    QTest::newRow("nowhere") << QByteArray("jobs: 3") << u"target.database_place"_s << QString();
    QTest::newRow("migrations are not ours there") << QByteArray("service: a\n    migrations: m") << u"target.migration_driver"_s << QString();
}

void TargetTest::postgresUri()
{
    QFETCH(const QByteArray, place);
    QFETCH(const QString, code);
    QFETCH(const QString, found);
    QByteArray text = full;
    const qsizetype from = text.indexOf("    host: db.example.org");
    const qsizetype to = text.indexOf("    count_tables: [entries");
    QVERIFY(from > 0 && to > from);
    text.replace(from, to - from, QByteArray("    " + place + "\n"));
    const auto result = load(text);
    if (code.isEmpty()) {
        QVERIFY2(result, result ? "" : qPrintable(result.error().text()));
        const PostgresSpec &p = result->databases[1].postgres;
        QCOMPARE(QStringList({p.host, QString::number(p.port), p.database, p.user, p.sslMode, p.service}).join(u'|'), found);
        return;
    }
    QVERIFY(!result);
    QCOMPARE(result.error().code, code);
    QVERIFY(!result.error().hint().isEmpty());
    QVERIFY2(!result.error().text().contains(u"hunter2"), qPrintable(result.error().text()));
    QVERIFY(!QString::fromUtf8(QJsonDocument(result.error().toJson()).toJson()).contains(u"hunter2"));
}

void TargetTest::migrationTools()
{
    const QByteArray plain = "migrations: migrations";
    const auto sql = load(QByteArray(full).replace(plain, "migrations: {tool: sql, folder: db/sql}"));
    QVERIFY2(sql, sql ? "" : qPrintable(sql.error().text()));
    QCOMPARE(sql->databases[0].migrations, u"db/sql"_s);
    QCOMPARE(sql->databases[0].migrationTool.tool, u"sql"_s);
    const auto bare = load(QByteArray(full).replace(plain, "migrations: {tool: alembic}"));
    QVERIFY2(bare, bare ? "" : qPrintable(bare.error().text()));
    QCOMPARE(bare->databases[0].migrations, u"."_s);
    QCOMPARE(bare->databases[0].migrationTool.options, (QJsonObject{{u"ini"_s, u"alembic.ini"_s}}));
    // Of PostgreSQL too.
    const auto whole = load(QByteArray(full).replace("jobs: 4", "jobs: 4\n    migrations:\n      tool: alembic\n      folder: backend\n      ini: conf/alembic.ini\n"
                                                                "      program: venv/bin/alembic\n      url_variable: DATABASE_URL\n      dialect: postgresql+psycopg\n"
                                                                "      lock_wait: 5s\n      timeout: 10m"));
    QVERIFY2(whole, whole ? "" : qPrintable(whole.error().text()));
    QCOMPARE(whole->databases[1].migrations, u"backend"_s);
    QCOMPARE(whole->databases[1].migrationTool.tool, u"alembic"_s);
    QCOMPARE(whole->databases[1].migrationTool.options,
             (QJsonObject{{u"ini"_s, u"conf/alembic.ini"_s}, {u"program"_s, u"venv/bin/alembic"_s}, {u"urlVariable"_s, u"DATABASE_URL"_s}, {u"dialect"_s, u"postgresql+psycopg"_s}, {u"lockWaitMs"_s, 5000}, {u"timeoutMs"_s, 600000}}));
}

void TargetTest::nginxBalancer_data()
{
    QTest::addColumn<QByteArray>("section");
    QTest::addColumn<QString>("code"); ///< Empty: it can be read.
    QTest::addColumn<QString>("field");
    const auto row = [](const char *section, const char *code, const char *field) {
        QTest::newRow(section) << QByteArray(section) << QString::fromLatin1(code) << QString::fromLatin1(field);
    };
    row("kind: nginx, configuration: nginx.conf, upstreams: up, pid_file: /run/nginx.pid", "", "");
    row("kind: nginx, configuration: nginx.conf, upstreams: up, pid_file: /run/nginx.pid, program: bin/nginx", "", "");
    row("kind: nginx, upstreams: up, pid_file: /run/nginx.pid", "target.missing", "balancer.configuration");
    row("kind: nginx, configuration: nginx.conf, pid_file: /run/nginx.pid", "target.missing", "balancer.upstreams");
    row("kind: nginx, configuration: nginx.conf, upstreams: up", "target.missing", "balancer.pid_file");
    row("configuration: nginx.conf, upstreams: up, pid_file: /run/nginx.pid", "target.missing", "balancer.kind");
    row("kind: nginx, configuration: [a], upstreams: up, pid_file: /run/nginx.pid", "target.expected_text", "balancer.configuration");
    row("kind: nginx, configuration: nginx.conf, upstreams: {a: b}, pid_file: /run/nginx.pid", "target.expected_text", "balancer.upstreams");
    row("kind: nginx, configuration: nginx.conf, upstreams: up, pid_file: ~", "target.expected_text", "balancer.pid_file");
    row("kind: nginx, configuration: nginx.conf, upstreams: up, pid_file: p, program: [nginx]", "target.expected_text", "balancer.program");
    row("kind: nginx, configuration: nginx.conf, upstreams: up, pid_file: p, maintenance_backend: m", "target.other_balancer", "balancer.maintenance_backend");
    row("kind: nginx, configuratoin: nginx.conf, upstreams: up, pid_file: p", "target.unknown_key", "balancer.configuratoin");
    row("kind: haproxy, configuration: nginx.conf, socket: s", "target.other_balancer", "balancer.configuration");
}

void TargetTest::nginxBalancer()
{
    QFETCH(const QByteArray, section);
    QFETCH(const QString, code);
    QFETCH(const QString, field);
    const QByteArray haproxy = "balancer:\n  kind: haproxy\n  socket: haproxy.sock\n  maintenance_backend: maintenance\n";
    QVERIFY(full.contains(haproxy));
    const auto result = load(QByteArray(full).replace(haproxy, QByteArray("balancer: {" + section + "}\n")));
    if (code.isEmpty()) {
        QVERIFY2(result, result ? "" : qPrintable(result.error().text()));
        const BalancerSpec &balancer = result->balancer;
        QCOMPARE(balancer.kind, u"nginx"_s);
        QCOMPARE(balancer.configurationFile, m_directory.filePath(u"nginx.conf"_s));
        QCOMPARE(balancer.upstreamsDirectory, m_directory.filePath(u"up"_s));
        QCOMPARE(balancer.pidFile, u"/run/nginx.pid"_s);
        QCOMPARE(balancer.program, section.contains("program") ? m_directory.filePath(u"bin/nginx"_s) : u"nginx"_s);
        QVERIFY(balancer.socket.isEmpty());
        return;
    }
    QVERIFY(!result);
    QCOMPARE(result.error().code, code);
    QCOMPARE(result.error().args[u"field"_s].toString(), field);
    QVERIFY(!result.error().hint().isEmpty());
    QVERIFY2(!result.error().text().contains(u"%{"), qPrintable(result.error().text()));
    QVERIFY(result.error().where.contains(u"target.yaml:"));
}

void TargetTest::relativePathsAreOfTheFilesFolder()
{
    QByteArray text = full;
    text.replace("url: http://127.0.0.1:8900/releases", "url: ../repository");
    const auto loaded = load(text);
    QVERIFY(loaded);
    QVERIFY(loaded->repository.url.startsWith(u"file:///"));
    QVERIFY(!loaded->repository.url.contains(u".."));
}

void TargetTest::expand()
{
    const ServiceSpec service;
    const InstanceSpec instance{u"{port}"_s, 81};
    QCOMPARE(service.expand(u"a{port}b{name}c{release}d{x}e{"_s, instance, u"/r"_s), u"a81b{port}c/rd{x}e{"_s);
    QCOMPARE(service.expand({}, instance), QString());
}

void TargetTest::defaults()
{
    const auto loaded = load(
        "schema: 1\n"
        "name: small\n"
        "product: p\n"
        "environment: demo\n"
        "state: /s\n"
        "releases: /r\n"
        "repository: {url: \"file:///x\", keys: [k]}\n"
        "services:\n"
        "  - name: a\n"
        "    instances: [{name: a-1}]\n"
        "    command: [a]\n"
        "    health: {command: [/bin/true]}\n");

    QVERIFY2(loaded, loaded ? "" : qPrintable(loaded.error().text()));
    QCOMPARE(loaded->backup.directory, u"/s/backups"_s);
    QCOMPARE(loaded->watch.minimumSamples, WatchSpec().minimumSamples);
    QCOMPARE(loaded->policy.latestStartMinuteOfDay, -1);
    QCOMPARE(loaded->services[0].strategy, Strategy::Rolling);
    QVERIFY(loaded->services[0].mayOverlap);
    QVERIFY(loaded->features.database.isEmpty());
}

void TargetTest::unreadable()
{
    QCOMPARE(Target::load(u"/nonexistent/target.yaml"_s).error().code, u"file.not_found"_s);
    QVERIFY(!Target::load(m_directory.path()));
    QCOMPARE(load(QByteArray(2 << 20, ' ')).error().code, u"file.too_big"_s);
}

QTEST_GUILESS_MAIN(TargetTest)
#include "targettest.moc"
