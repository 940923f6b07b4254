// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Dump and restore of a PostgreSQL database against what a runbook has: pg_dump into one file of SQL,
// packed by tar -czf; and back by tar -xzf and psql.

#include "bench.h"

#include "database/postgresdatabase.h"
#include "system/files.h"
#include "tests/support/formerdatabases.h"
#include "tests/support/postgresserver.h"

#include <QCoroTask>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr int rows = 1000000;

double megabytes(qint64 bytes)
{
    return double(bytes) / 1e6;
}

Result<double> seconds(const std::function<Result<>()> &work)
{
    Result<> done;
    const double taken = secondsOf([&] { done = work(); });
    CHECK(done);
    return taken;
}

Result<> ran(const Result<QByteArray> &output)
{
    CHECK(output);
    return {};
}

} // namespace

Result<bool> benchPostgres(const Options &options)
{
    const testing::PostgresServer missing;
    if (!missing.missing().isEmpty()) {
        note(u"not run: "_s + missing.missing());
        return true;
    }
    // On a disk, and where the server's own user can get to when the checkout is only for root.
    const QString scratch = u"/var/tmp/cutover-bench-XXXXXX"_s;
    testing::PostgresServer server(scratch);
    server.settings = {u"fsync=on"_s, u"shared_buffers=128MB"_s, u"max_wal_size=2GB"_s};
    if (const QString why = server.create(); !why.isEmpty()) {
        return fail(u"bench.gone"_s, {{u"what"_s, why}});
    }
    const QTemporaryDir folder(scratch);
    CHECK(server.sql(u"postgres"_s, u"CREATE DATABASE trading OWNER owner"_s));
    CHECK(server.sql(u"trading"_s, u"GRANT ALL ON SCHEMA public TO owner; SET ROLE owner; "
                                   "CREATE TABLE orders (id bigserial PRIMARY KEY, symbol text NOT NULL, side text, quantity integer, price numeric(18, 4), "
                                   "placed timestamptz, client uuid); "
                                   "INSERT INTO orders (symbol, side, quantity, price, placed, client) SELECT 'S' || i % 500, CASE i % 2 WHEN 0 THEN 'buy' ELSE 'sell' END, "
                                   "i % 1000, (i::bigint * 7919 % 1000003) / 100.0, timestamptz '2025-01-01' + i * interval '1 second', md5(i::text)::uuid FROM generate_series(1, %1) i; "
                                   "CREATE INDEX orders_placed ON orders (placed); CREATE INDEX orders_symbol ON orders (symbol); ANALYZE orders; RESET ROLE; CHECKPOINT"_s.arg(rows)));
    const DatabaseSpec spec = server.spec(u"trading"_s);
    TRY(const auto database, Database::create(spec));
    // The programs of the peer log in by the usual file.
    QByteArray password = testing::PostgresServer::password();
    password.replace('\\', "\\\\").replace(':', "\\:");
    const QString passwords = folder.filePath(u"pgpass"_s);
    CHECK(files::replace(passwords, "*:*:*:*:" + password + '\n', files::privateFile));
    const QStringList environment{u"PGPASSFILE="_s + passwords};
    const auto peerTool = [&](const QString &program, const QString &name, const QStringList &arguments) {
        return ran(runProgram(server.programs() + u'/' + program, QStringList{u"-h"_s, u"127.0.0.1"_s, u"-p"_s, QString::number(server.port()), u"-U"_s, u"owner"_s} + arguments + QStringList{name},
                              600000, environment));
    };
    const QString plain = folder.filePath(u"peer/database.sql"_s);
    CHECK(files::makePath(folder.filePath(u"peer"_s)));
    const QString packed = folder.filePath(u"peer.tar.gz"_s);
    BackupInfo info;

    Samples dumpOurs{u"Database::backup (pg_dump -Fd -j 2)"_s, {}};
    Samples dumpPeer{u"pg_dump, then tar -czf"_s, {}};
    const int rounds = options.rounds ? options.rounds : 3;
    CHECK(alternate(
        rounds, dumpOurs,
        [&]() -> Result<double> {
            return seconds([&]() -> Result<> {
                TRY(info, QCoro::waitFor(database->backup(folder.filePath(u"main.pgdump"_s), [](qint64, qint64) { }, {})));
                return {};
            });
        },
        dumpPeer,
        [&]() -> Result<double> {
            return seconds([&]() -> Result<> {
                CHECK(peerTool(u"pg_dump"_s, u"trading"_s, {u"-f"_s, plain}));
                return ran(runProgram(u"tar"_s, {u"-czf"_s, packed, u"-C"_s, folder.path(), u"peer"_s}));
            });
        }));
    print(u"backup of %L1 rows (%2 MB; %3 MB with us, %4 MB packed by tar)"_s.arg(rows)
              .arg(megabytes(server.value(u"trading"_s, u"SELECT pg_database_size('trading')"_s).toLongLong()), 0, 'f', 0)
              .arg(megabytes(info.size), 0, 'f', 1)
              .arg(megabytes(QFileInfo(packed).size()), 0, 'f', 1),
          u"s"_s, dumpOurs, dumpPeer);
    note(u"ours also counts rows, takes the schema's digest, the roles and a digest over all files"_s);

    Samples restoreOurs{u"Database::restore"_s, {}};
    Samples restorePeer{u"tar -xzf, createdb, psql -f"_s, {}};
    CHECK(alternate(
        rounds, restoreOurs,
        [&]() -> Result<double> {
            TRY(const double taken, seconds([&] { return QCoro::waitFor(database->restore(info, [](qint64, qint64) { }, {})); }));
            CHECK(cutover::testing::dropFormer(spec));
            return taken;
        },
        restorePeer,
        [&]() -> Result<double> {
            TRY(const double taken, seconds([&]() -> Result<> {
                    CHECK(ran(runProgram(u"tar"_s, {u"-xzf"_s, packed, u"-C"_s, folder.path()})));
                    CHECK(peerTool(u"createdb"_s, u"peer"_s, {}));
                    return peerTool(u"psql"_s, u"peer"_s, {u"-q"_s, u"-v"_s, u"ON_ERROR_STOP=1"_s, u"-o"_s, u"/dev/null"_s, u"-f"_s, plain});
                }));
            CHECK(server.sql(u"postgres"_s, u"DROP DATABASE peer"_s));
            return taken;
        }));
    print(u"restore of %L1 rows"_s.arg(rows), u"s"_s, restoreOurs, restorePeer);
    note(u"ours also checks the backup's digest, compares schema and rows, analyses, and swaps beside a live database"_s);
    return true;
}

} // namespace cutover::bench
