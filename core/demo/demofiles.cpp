// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demofiles.h"

#include "database/sqlite.h"
#include "feature/flagtable.h"
#include "system/files.h"
#include "system/random.h"

#include <QFile>
#include <QRandomGenerator>
#include <QTcpServer>

using namespace Qt::StringLiterals;

namespace cutover {

Result<DemoPorts> pickDemoPorts()
{
    QFile range(u"/proc/sys/net/ipv4/ip_local_port_range"_s);
    const int low = range.open(QIODevice::ReadOnly) ? range.readAll().simplified().split(' ').value(0).toInt() : 32768;
    const int top = low > 12000 ? low : 65536;
    std::array<std::unique_ptr<QTcpServer>, 6> servers;
    std::array<int, 6> ports{};
    for (std::size_t i = 0; i < ports.size(); ++i) {
        servers[i] = std::make_unique<QTcpServer>();
        for (int tries = 0; tries < 200 && !servers[i]->isListening(); ++tries) {
            (void)servers[i]->listen(QHostAddress::LocalHost, quint16(QRandomGenerator::global()->bounded(top - 10000, top)));
        }
        if (!servers[i]->isListening()) {
            return fail(u"demo.no_port"_s, {{u"reason"_s, servers[i]->errorString()}});
        }
        ports[i] = servers[i]->serverPort();
    }
    return DemoPorts{ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]};
}

QByteArray demoHaproxyConfiguration(const DemoPorts &ports, const QString &socket, bool retries)
{
    // Retried are only requests that no server has begun to answer: reads, and orders, which are
    // the same order when they come twice.
    const QString policy = retries ? u"    option redispatch 1\n    retries 3\n    retry-on conn-failure empty-response"_s
                                   : u"    retries 0\n    retry-on none"_s;
    return uR"(# The demo's load balancer.
global
    stats socket %1 mode 600 level admin
    nbthread 1
    maxconn 1000

defaults
    mode http
    # A browser opens connections ahead of its requests: one that stays idle is no failed request.
    option http-ignore-probes
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 20s
    timeout check 2s
    timeout http-keep-alive 60s
%5

frontend front
    bind 127.0.0.1:%2
    use_backend maintenance if { nbsrv(trading) eq 0 }
    default_backend trading

backend trading
    balance roundrobin
    option httpchk
    http-check send meth GET uri /api/health ver HTTP/1.1 hdr Host localhost
    http-check expect status 200
    default-server check inter 500ms fastinter 100ms downinter 200ms fall 3 rise 1
    server backend-1 127.0.0.1:%3
    server backend-2 127.0.0.1:%4

backend maintenance
    http-request return status 503 content-type application/json string "{\"maintenance\": true}" hdr Retry-After 5
)"_s.arg(socket)
        .arg(ports.front)
        .arg(ports.backend1)
        .arg(ports.backend2)
        .arg(policy)
        .toUtf8();
}

QByteArray demoTarget(const DemoPorts &ports, const QString &socket, const QString &directory, const DemoOptions &options)
{
    QString yaml = uR"(# The demo trading system. Everything that Cutover knows about a system stands in a file like this.
schema: 1
name: demo
product: trading
environment: demo
state: state
releases: releases

repository:
  url: http://127.0.0.1:@REPOSITORY@/
  keys: [keys/release.pub]

balancer:
  kind: haproxy
  socket: "@SOCKET@"
  maintenance_backend: maintenance

databases:
  - name: trading
    driver: sqlite
    file: data/trading.db
    migrations: migrations

services:
  - name: repository
    managed: false
    instances: [{name: repository, port: @REPOSITORY@}]
    command: [bin/cutover-demo-service, repository, --port, "{port}", --folder, "@DIRECTORY@/repository"]
    health: {http: "http://127.0.0.1:{port}/index.json", interval: 50ms}

  - name: backend
    strategy: rolling
    instances:
      - {name: backend-1, port: @BACKEND1@}
      - {name: backend-2, port: @BACKEND2@}
    command: [cutover-demo-service, backend, --port, "{port}", --name, "{name}", --release, "{release}",
              --database, "@DIRECTORY@/data/trading.db"]
    environment_file: .env
    health: {http: "http://127.0.0.1:{port}/api/health", interval: 50ms, ready_within: 30s}
    version: http://127.0.0.1:{port}/api/version
    metrics: http://127.0.0.1:{port}/metrics
    balancer_backend: trading
    drain_limit: 30s
    stop_timeout: 25s

  - name: strategy
    strategy: recreate
    overlap: never
    instances: [{name: strategy, port: @STRATEGY@}]
    command: [cutover-demo-service, strategy, --port, "{port}", --name, "{name}", --release, "{release}",
              --database, "@DIRECTORY@/data/trading.db", --data, "@DIRECTORY@/data"]
    environment_file: .env
    health: {http: "http://127.0.0.1:{port}/api/health", interval: 50ms, ready_within: 30s}
    version: http://127.0.0.1:{port}/api/version
    stop_timeout: 25s

  - name: haproxy
    managed: false
    instances: [{name: haproxy, port: @FRONT@}]
    command: [haproxy, -db, -f, haproxy.cfg]
    health: {http: "http://127.0.0.1:{port}/api/health", interval: 50ms}

  - name: traffic
    managed: false
    instances: [{name: traffic, port: @TRAFFIC@}]
    command: [bin/cutover-demo-service, traffic, --port, "{port}", --frontend, "http://127.0.0.1:@FRONT@",
              --data, "@DIRECTORY@/data", --rate, "@RATE@"@PAUSED@]
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
  minimum_samples: 50
  consecutive_breaches: 2
  no_data: hold
  automatic_rollback: true

backup:
  directory: backups
  keep: 5

checks:
  minimum_free: 200 MB
  probes:
    - {name: front, http: "http://127.0.0.1:@FRONT@/api/health"}
  latency_url: http://127.0.0.1:@FRONT@/api/market/quote/KIS
  latency_p95: 500ms

policy:
  hold: 30m
  hold_default: rollback
  transient_retries: 3
)"_s;
    const QMap<QString, QString> values{
        {u"@REPOSITORY@"_s, QString::number(ports.repository)}, {u"@BACKEND1@"_s, QString::number(ports.backend1)}, {u"@BACKEND2@"_s, QString::number(ports.backend2)}, {u"@STRATEGY@"_s, QString::number(ports.strategy)}, {u"@FRONT@"_s, QString::number(ports.front)}, {u"@TRAFFIC@"_s, QString::number(ports.traffic)}, {u"@SOCKET@"_s, socket}, {u"@DIRECTORY@"_s, directory}, {u"@RATE@"_s, QString::number(options.trafficRate)}, {u"@PAUSED@"_s, options.trafficPaused ? u", --paused"_s : QString()}, {u"@WINDOW@"_s, QString::number(options.watchWindowMs)}, {u"@DURATION@"_s, QString::number(options.watchDurationMs)}};
    for (const auto &[mark, value] : values.asKeyValueRange()) {
        yaml.replace(mark, value);
    }
    return yaml.toUtf8();
}

QByteArray demoEnvironment()
{
    return "# Settings of the demo trading system.\n"
           "TRADING_ENVIRONMENT=demo\n"
           "LOG_LEVEL=warning\n"
           "LEGACY_QUOTES=1\n"
           "BROKER_API_SECRET="
        + Random::system().bytes(16).toHex() + '\n';
}

Result<> fillDemoDatabase(const QString &file, int orders)
{
    TRY(sqlite::Connection connection, sqlite::Connection::open(file, sqlite::Connection::Mode::Existing));
    CHECK(connection.execute(u"INSERT INTO orders (symbol, side, quantity, price, user, client_id, created_at) "
                             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
                             "SELECT CASE i % 5 WHEN 0 THEN 'KIS' WHEN 1 THEN 'ORB' WHEN 2 THEN 'NOVA' WHEN 3 THEN 'TERN' ELSE 'LUX' END, "
                             "CASE i * 7 % 3 WHEN 0 THEN 'sell' ELSE 'buy' END, 1 + i * 31 % 100, 20 + (i * 17 % 40000) / 100.0, "
                             "'user-' || (i * 7919 % 10000), 'history-' || i, "
                             "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || ((?1 - i) * 30 + 60) || ' seconds') FROM n LIMIT ?1"_s,
                             {orders}));
    DatabaseSpec database;
    database.file = file;
    TRY(const auto flags, openSqliteFlags(database, FeatureStoreSpec()));
    return flags->change([&]() -> Result<> {
        CHECK(flags->set(u"dark_charts"_s, FeatureFlag{u"dark_charts"_s, u"Charts on a dark ground"_s, true, 100, {}, {}}, u"demo"_s, u"first set-up"_s));
        CHECK(flags->set(u"fast_orders"_s, FeatureFlag{u"fast_orders"_s, u"Orders without a confirmation page"_s, true, 10, {}, {}}, u"demo"_s,
                         u"first set-up"_s));
        return flags->set(u"paper_trading"_s, FeatureFlag{u"paper_trading"_s, u"Trading with play money"_s, false, 0, {}, {}}, u"demo"_s,
                          u"first set-up"_s);
    });
}

} // namespace cutover
