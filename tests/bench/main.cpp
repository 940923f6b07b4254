// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// cutover-bench [--rounds N] [NAME…]: without names, all.

#include "bench.h"
#include "benchapplication.h"

#include "system/sqlitevfs.h"

#include <QDateTime>
#include <QFile>
#include <QSysInfo>
#include <QTextStream>
#include <QThread>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::bench;

namespace {

constexpr Bench all[] = {
    {"engine", "a run's own cost per step", benchEngine},
    {"package", "verification of a package", benchPackage},
    {"backup", "online backup of 200,000 orders", benchBackup},
    {"postgres", "dump and restore of 1,000,000 rows of PostgreSQL", benchPostgres},
    {"start", "start to first painted window", benchStart},
    {"memory", "peak memory of each process", benchMemory},
    {"window", "event handlers of the window while an update runs", benchWindow},
    {"update", "the demo's update against a script", benchUpdate},
    {"compose", "a rolling update under Docker Compose against docker compose up -d", benchCompose},
};

int part(const QStringList &arguments)
{
    const QString name = arguments.value(0);
    return name == "engine"_L1 ? enginePart(arguments.mid(1)) : name == "instance"_L1 ? instancePart(arguments.mid(1))
                                                                                      : 2;
}

int usage()
{
    QTextStream out(stderr);
    out << "cutover-bench [--rounds N] [NAME…]\n";
    for (const Bench &bench : all) {
        out << "  " << QString::fromLatin1(bench.name).leftJustified(10) << bench.what << '\n';
    }
    return 2;
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
    }
    BenchApplication application(argc, argv);
    installSqliteVfs();
    QStringList arguments = QCoreApplication::arguments().mid(1);
    if (arguments.value(0) == "--part"_L1) {
        return part(arguments.mid(1));
    }
    Options options;
    options.programs = QCoreApplication::applicationDirPath();
    if (arguments.value(0) == "--rounds"_L1) {
        options.rounds = arguments.value(1).toInt();
        if (options.rounds < 1) {
            return usage();
        }
        arguments = arguments.mid(2);
    }
    for (const QString &name : std::as_const(arguments)) {
        if (std::ranges::none_of(all, [&name](const Bench &bench) { return name == QLatin1StringView(bench.name); })) {
            return usage();
        }
    }
    QTextStream(stdout) << "cutover " CUTOVER_VERSION ", " << QSysInfo::prettyProductName() << ", " << QThread::idealThreadCount()
                        << " processors; median (least … most, times measured)\n";
    bool good = true;
    for (const Bench &bench : all) {
        if (!arguments.isEmpty() && !arguments.contains(QLatin1StringView(bench.name))) {
            continue;
        }
        QTextStream(stdout) << '\n'
                            << bench.name << ": ";
        const Result<bool> result = bench.run(options);
        if (!result) {
            QTextStream(stderr) << "\ncutover-bench: " << bench.name << ": " << result.error().text() << '\n';
        }
        good = good && result && *result;
    }
    return good ? 0 : 1;
}
