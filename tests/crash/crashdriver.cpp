// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashdriver.h"

#include <QCommandLineParser>
#include <QDir>
#include <QDirIterator>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>
#include <numeric>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

const Catalogue::Registration texts{
    {"crash.between", "%{what}", nullptr},
    {"crash.runner_hangs", "The runner %{program} did not end within %{limit:duration}.", nullptr},
    {"crash.runner_crashed", "The runner ended badly: %{output}", nullptr},
    {"crash.no_points", "The runner told no points: %{output}", nullptr},
    {"crash.resume_file", "The file of points done can't be used: %{reason}.", nullptr},
};

struct Ended {
    bool killed = false;
    int exitCode = 0;
    QString output;
};

Result<Ended> runOnce(const QStringList &command, const QString &fault, const QString &faultLog, qint64 limitMs)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    if (!fault.isEmpty()) {
        environment.insert(u"CUTOVER_FAULT"_s, fault);
    }
    if (!faultLog.isEmpty()) {
        environment.insert(u"CUTOVER_FAULT_LOG"_s, faultLog);
    }
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(command.first(), command.sliced(1));
    if (!process.waitForFinished(int(limitMs))) {
        process.kill();
        process.waitForFinished();
        return fail(u"crash.runner_hangs"_s, {{u"program"_s, command.first()}, {u"limit"_s, limitMs}});
    }
    return Ended{process.exitStatus() == QProcess::CrashExit, process.exitCode(), QString::fromUtf8(process.readAll())};
}

Result<QString> disturb(CrashScenario &scenario, const CrashOptions &options, int point, CrashReport &report)
{
    CHECK(scenario.reset());
    const QString fault = options.kind + u'@' + QString::number(point);
    TRY(Ended ended, runOnce(scenario.runner(), fault, {}, options.limitMs));
    if (ended.killed && options.kind != "kill"_L1) {
        return fail(u"crash.runner_crashed"_s, {{u"output"_s, ended.output}});
    }
    const auto goOn = [&]() -> Result<> {
        TRY(ended, runOnce(scenario.runner(), {}, {}, options.limitMs));
        if (ended.killed || !scenario.hasEnded(ended.exitCode)) {
            return fail(u"crash.runner_crashed"_s, {{u"output"_s, ended.output}});
        }
        return {};
    };
    // A runner that can't write its journal gives up; the next one, left in peace, goes on.
    if (ended.killed || !scenario.hasEnded(ended.exitCode)) {
        CHECK(goOn());
    }
    TRY(QString verdict, scenario.judge());
    if (verdict == "held"_L1) {
        ++report.reasons[scenario.reason()];
        TRY(const bool decided, scenario.decide());
        if (decided) {
            CHECK(goOn());
            TRY(const QString after, scenario.judge());
            verdict += u", then "_s + after;
        }
    }
    return verdict;
}

Result<QString> tryPoint(CrashScenario &scenario, const CrashOptions &options, int point, CrashReport &report)
{
    auto verdict = disturb(scenario, options, point, report);
    if (!verdict && !options.keep.isEmpty()) {
        scenario.keep(QDir(options.keep).absoluteFilePath(scenario.name() + u'-' + options.kind + u'-' + QString::number(point)));
    }
    scenario.clear();
    return verdict;
}

/// Numbers of the points to test, ascending.
Result<QList<int>> choose(CrashScenario &scenario, const CrashOptions &options, const QStringList &names)
{
    QList<int> all(names.size());
    std::iota(all.begin(), all.end(), 1);
    if (options.sample <= 0 && !options.boundaries) {
        return all;
    }
    QSet<int> chosen;
    if (options.boundaries) {
        TRY(const QList<int> between, scenario.stepBoundaries(names));
        chosen = QSet(between.begin(), between.end());
    }
    QRandomGenerator random(options.seed);
    std::shuffle(all.begin(), all.end(), random);
    for (const int point : all.first(qMin<qsizetype>(options.sample, all.size()))) {
        chosen.insert(point);
    }
    QList<int> sorted(chosen.begin(), chosen.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

} // namespace

QString CrashReport::text() const
{
    QStringList parts;
    for (const auto &[ending, count] : endings.asKeyValueRange()) {
        parts.append(u"%1 ended %2"_s.arg(count).arg(ending));
    }
    return u"%1 points, %2 tested: %3, %4 failed; %5 s each"_s.arg(points)
        .arg(tested)
        .arg(parts.join(u"; "_s))
        .arg(failures.size())
        .arg(double(milliseconds) / 1000 / qMax(tested, 1), 0, 'f', 2);
}

Result<CrashReport> explore(CrashScenario &scenario, const CrashOptions &options, const std::function<void(const QString &)> &tell)
{
    CrashReport report;
    QTemporaryDir folder;
    const QString log = folder.filePath(u"points"_s);
    CHECK(scenario.reset());
    TRY(const Ended undisturbed, runOnce(scenario.runner(), {}, log, options.limitMs));
    if (undisturbed.killed || !scenario.hasEnded(undisturbed.exitCode)) {
        return fail(u"crash.runner_crashed"_s, {{u"output"_s, undisturbed.output}});
    }
    TRY(const QString ending, scenario.judge());
    scenario.clear();
    QFile points(log);
    if (!points.open(QIODevice::ReadOnly)) {
        return fail(u"crash.no_points"_s, {{u"output"_s, undisturbed.output}});
    }
    const QStringList names = QString::fromUtf8(points.readAll()).split(u'\n', Qt::SkipEmptyParts);
    report.points = int(names.size());
    if (tell) {
        tell(u"%1, %2: %3 points; undisturbed it ends %4"_s.arg(scenario.name(), options.kind).arg(report.points).arg(ending));
    }

    TRY(const QList<int> chosen, choose(scenario, options, names));
    QSet<QString> done;
    QFile resume(options.resumeFile);
    if (!options.resumeFile.isEmpty()) {
        if (!resume.open(QIODevice::ReadWrite | QIODevice::Append)) {
            return fail(u"crash.resume_file"_s, {{u"reason"_s, resume.errorString()}}, options.resumeFile);
        }
        resume.seek(0);
        const QStringList lines = QString::fromUtf8(resume.readAll()).split(u'\n', Qt::SkipEmptyParts);
        done = QSet(lines.begin(), lines.end());
    }
    for (qsizetype i = options.shard - 1; i < chosen.size(); i += options.shards) {
        const int point = chosen[i];
        const QString id = scenario.name() + u' ' + options.kind + u'@' + QString::number(point);
        if (done.contains(id)) {
            continue;
        }
        QElapsedTimer timer;
        timer.start();
        auto verdict = tryPoint(scenario, options, point, report);
        // A kill is no failure: the run goes on to where it was going.
        if (verdict && options.kind == "kill"_L1 && *verdict != ending) {
            verdict = between(u"It ended %1 instead of %2."_s.arg(*verdict, ending));
        }
        report.milliseconds += timer.elapsed();
        ++report.tested;
        if (verdict) {
            ++report.endings[*verdict];
            if (resume.isOpen()) {
                resume.write(id.toUtf8() + '\n');
                resume.flush();
            }
        } else {
            report.failures.append(u"%1 (%2): %3"_s.arg(id, names.value(point - 1), verdict.error().text()));
            if (tell) {
                tell(report.failures.constLast());
            }
        }
        if (tell && report.tested % 50 == 0) {
            tell(report.text());
        }
    }
    return report;
}

int crashMain(const QStringList &arguments, const QList<CrashScenario *> &scenarios)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Interrupts a run at every persisted write, lets it go on, and judges how it ends."_s);
    parser.addHelpOption();
    const QCommandLineOption kind(u"kind"_s, u"What happens: kill, enospc or eio; several times for several, none for all."_s, u"kind"_s);
    const QCommandLineOption shard(u"shard"_s, u"Test every n-th point from the i-th on."_s, u"i/n"_s, u"1/1"_s);
    const QCommandLineOption resume(u"resume"_s, u"Keep the points done in this file, and go on behind them."_s, u"file"_s);
    const QCommandLineOption sample(u"sample"_s, u"Test only so many points."_s, u"count"_s, u"0"_s);
    const QCommandLineOption seed(u"seed"_s, u"Chooses the sample."_s, u"number"_s, u"1"_s);
    const QCommandLineOption boundaries(u"boundaries"_s, u"Test the points between steps, besides the sample."_s);
    const QCommandLineOption keep(u"keep"_s, u"Copy systems that were judged badly to this folder."_s, u"folder"_s);
    const QCommandLineOption only(u"scenario"_s, u"Test only this one."_s, u"name"_s);
    parser.addOptions({kind, shard, resume, sample, seed, boundaries, keep, only});
    if (!parser.parse(arguments)) {
        std::fprintf(stderr, "%s\n", qPrintable(parser.errorText()));
        return 2;
    }
    if (parser.isSet(u"help"_s)) {
        parser.showHelp(0);
    }
    CrashOptions options;
    const QStringList parts = parser.value(shard).split(u'/');
    options.shard = parts.value(0).toInt();
    options.shards = parts.value(1).toInt();
    options.sample = parser.value(sample).toInt();
    options.seed = parser.value(seed).toUInt();
    options.boundaries = parser.isSet(boundaries);
    options.keep = parser.value(keep);
    options.resumeFile = parser.value(resume);
    const QStringList kinds = parser.isSet(kind) ? parser.values(kind) : QStringList{u"kill"_s, u"enospc"_s, u"eio"_s};
    const bool known = std::all_of(kinds.begin(), kinds.end(), [](const QString &k) { return k == u"kill" || k == u"enospc" || k == u"eio"; });
    if (options.shard < 1 || options.shard > options.shards || !known) {
        std::fprintf(stderr, "Expected --shard i/n with 1 <= i <= n, and --kind kill, enospc or eio.\n");
        return 2;
    }
    const auto tell = [](const QString &line) {
        std::printf("%s\n", qPrintable(line));
        std::fflush(stdout);
    };
    int failures = 0;
    for (CrashScenario *scenario : scenarios) {
        if (parser.isSet(only) && scenario->name() != parser.value(only)) {
            continue;
        }
        for (const QString &k : kinds) {
            options.kind = k;
            const auto report = explore(*scenario, options, tell);
            if (!report) {
                tell(scenario->name() + u": "_s + report.error().text());
                ++failures;
                continue;
            }
            tell(scenario->name() + u", "_s + k + u": "_s + report->text());
            for (const auto &[reason, count] : report->reasons.asKeyValueRange()) {
                tell(u"  held %1 times: %2"_s.arg(count).arg(reason));
            }
            failures += int(report->failures.size());
        }
    }
    return failures == 0 ? 0 : 1;
}

QStringList leftovers(const QString &folder)
{
    static const QRegularExpression temporary(u"^\\..+\\.cutover-[a-z]+$|^before-"_s);
    QStringList found;
    QDirIterator it(folder, QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot, QDirIterator::Subdirectories);
    while (it.hasNext()) {
        const QFileInfo info = it.nextFileInfo();
        if (temporary.match(info.fileName()).hasMatch()) {
            found.append(info.filePath());
        }
    }
    return found;
}

QString integrity(const QString &databaseFile)
{
    const QString name = u"crash-integrity"_s;
    QString found;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, name);
        database.setDatabaseName(databaseFile);
        database.setConnectOptions(u"QSQLITE_OPEN_READONLY;QSQLITE_BUSY_TIMEOUT=10000"_s);
        QSqlQuery query(database);
        if (!database.open() || !query.exec(u"PRAGMA integrity_check"_s) || !query.next()) {
            found = database.lastError().text() + query.lastError().text();
        } else {
            found = query.value(0).toString();
        }
    }
    QSqlDatabase::removeDatabase(name);
    return found;
}

std::unexpected<Error> between(const QString &what)
{
    return fail(u"crash.between"_s, {{u"what"_s, what}});
}

} // namespace cutover::testing
