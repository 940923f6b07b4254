// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Verification of a large package against the tools that an operator would use by hand, and the online
// backup against sqlite3's own.

#include "bench.h"
#include "demosystem.h"

#include "database/database.h"
#include "release/package.h"
#include "system/files.h"

#include <QCoroTask>
#include <QFileInfo>
#include <QRandomGenerator>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr int PackageMegabytes = 192;

Result<QString> makePackage(const QTemporaryDir &folder)
{
    CHECK(files::makePath(folder.filePath(u"source/bin"_s)));
    CHECK(files::replace(folder.filePath(u"source/manifest.yaml"_s),
                         "schema: 1\nproduct: bench\nversion: 1.0.0\nfrom: \"*\"\nupdate_type: minor\nrisk: low\n"));
    QRandomGenerator random(1);
    for (int i = 0; i < 3; ++i) {
        // Half of it can't be packed, as in a usual release of programs.
        QByteArray content(PackageMegabytes / 3 << 20, 'x');
        random.fillRange(reinterpret_cast<quint32 *>(content.data()), content.size() / 8);
        CHECK(files::replace(folder.filePath(u"source/bin/part-%1"_s.arg(i)), content));
    }
    CHECK(package::generateKeys(folder.filePath(u"key.sec"_s), folder.filePath(u"key.pub"_s)));
    TRY(const QString file, package::build(folder.filePath(u"source"_s), folder.path()));
    CHECK(package::sign(file, folder.filePath(u"key.sec"_s)));
    return file;
}

} // namespace

Result<bool> benchPackage(const Options &options)
{
    QTemporaryDir folder(scratchTemplate(options));
    TRY(const QString file, makePackage(folder));
    const double megabytes = double(QFileInfo(file).size()) / 1e6;
    const QString key = folder.filePath(u"key.pub"_s);
    Samples ours{u"package verify"_s, {}};
    Samples peer{u"minisign -V, then sha256sum"_s, {}};
    CHECK(alternate(
        options.rounds ? options.rounds : 5, ours,
        [&]() -> Result<double> {
            Result<package::Verified> verified = fail(u"bench.gone"_s, {{u"what"_s, u"verify"_s}});
            const double seconds = secondsOf([&] { verified = package::verify(file, {key}); });
            CHECK(verified);
            return megabytes / seconds;
        },
        peer,
        [&]() -> Result<double> {
            Result<QByteArray> signature, digest;
            const double seconds = secondsOf([&] {
                signature = runProgram(u"minisign"_s, {u"-V"_s, u"-q"_s, u"-p"_s, key, u"-m"_s, file});
                digest = runProgram(u"sha256sum"_s, {file});
            });
            CHECK(signature);
            CHECK(digest);
            return megabytes / seconds;
        }));
    print(u"verification of a package of %1 MB (%2 MB unpacked), more is better"_s.arg(megabytes, 0, 'f', 0).arg(PackageMegabytes), u"MB/s"_s, ours,
          peer);
    note(u"ours also unpacks it and checks each member's digest; the peer stops at the file"_s);
    return true;
}

Result<bool> benchBackup(const Options &options)
{
    constexpr int orders = 200000;
    TRY(const auto demo, DemoSystem::create(options, orders, 1, false));
    DatabaseSpec spec;
    spec.name = u"trading"_s;
    spec.driver = u"sqlite"_s;
    spec.file = demo->path(u"data/trading.db"_s);
    TRY(const auto database, Database::create(spec));
    const QString copy = demo->path(u"copy.db"_s);
    Samples ours{u"Database::backup"_s, {}};
    Samples peer{u"sqlite3 .backup"_s, {}};
    CHECK(alternate(
        options.rounds ? options.rounds : 5, ours,
        [&]() -> Result<double> {
            CHECK(files::remove(copy));
            Result<BackupInfo> info = fail(u"bench.gone"_s, {{u"what"_s, u"backup"_s}});
            const double seconds = secondsOf([&] { info = QCoro::waitFor(database->backup(copy, [](qint64, qint64) { }, {})); });
            CHECK(info);
            return seconds * 1000;
        },
        peer,
        [&]() -> Result<double> {
            CHECK(files::remove(copy));
            Result<QByteArray> done;
            const double seconds = secondsOf([&] { done = runProgram(u"sqlite3"_s, {spec.file, u".backup '%1'"_s.arg(copy)}); });
            CHECK(done);
            return seconds * 1000;
        }));
    print(u"online backup of %L1 orders (%2 MB)"_s.arg(orders).arg(double(QFileInfo(spec.file).size()) / 1e6, 0, 'f', 1), u"ms"_s, ours, peer);
    note(u"ours also syncs the copy, counts its rows and takes its digest"_s);
    return true;
}

} // namespace cutover::bench
