// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashcommand.h"

#include "crashworkers.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QThread>

#include <algorithm>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

void tell(const QString &line)
{
    std::printf("%s\n", qPrintable(line));
    std::fflush(stdout);
}

/// One process of several: it tests its share, and tells each report as one line of JSON.
int work(const QList<CrashScenario *> &scenarios, const QStringList &kinds, CrashOptions options, qint64 budgetMs)
{
    bool well = true;
    const auto report = [](const CrashScenario &scenario, const QString &kind, const QString &member, const QJsonValue &value) {
        tell(QString::fromUtf8(QJsonDocument(QJsonObject{{u"scenario"_s, scenario.name()}, {u"kind"_s, kind}, {member, value}}).toJson(QJsonDocument::Compact)));
    };
    for (CrashScenario *scenario : scenarios) {
        QElapsedTimer sinceBegin;
        sinceBegin.start();
        const auto points = countPoints(*scenario, options);
        for (qsizetype i = 0; i < kinds.size(); ++i) {
            options.kind = kinds[i];
            if (budgetMs >= 0) {
                options.sampleUntil.setRemainingTime(qMax<qint64>(0, budgetMs * (i + 1) / kinds.size() - sinceBegin.elapsed()));
            }
            const auto explored = points ? explore(*scenario, *points, options, tell) : std::unexpected(points.error());
            if (explored) {
                report(*scenario, kinds[i], u"report"_s, explored->toJson());
            } else {
                report(*scenario, kinds[i], u"error"_s, explored.error().text());
            }
            well = well && explored && explored->failures.isEmpty();
        }
    }
    return well ? 0 : 1;
}

} // namespace

int crashMain(const QStringList &arguments, const QList<CrashScenario *> &scenarios)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Interrupts a run at every persisted write, lets it go on, and judges how it ends."_s);
    parser.addHelpOption();
    const QCommandLineOption kind(u"kind"_s, u"What happens: kill; enospc or eio to one write; full: enospc to all that follow, too. Several times for several, none for all."_s, u"kind"_s);
    const QCommandLineOption jobs(u"jobs"_s, u"So many systems at a time; a test mostly waits. Without it twice as many as this machine has cores."_s, u"count"_s,
                                  QString::number(2 * QThread::idealThreadCount()));
    const QCommandLineOption shard(u"shard"_s, u"Test every n-th point from the i-th on, as other machines test the others."_s, u"i/n"_s, u"1/1"_s);
    const QCommandLineOption resume(u"resume"_s, u"Keep the points judged well in this file, and don't test them again."_s, u"file"_s);
    const QCommandLineOption sample(u"sample"_s, u"Test only so many points."_s, u"count"_s, u"-1"_s);
    const QCommandLineOption seed(u"seed"_s, u"Chooses the sample."_s, u"number"_s, u"1"_s);
    const QCommandLineOption boundaries(u"boundaries"_s, u"Test the end of every step, besides the sample."_s);
    const QCommandLineOption budget(u"budget"_s, u"Leave out what is left of the samples after so many seconds; each kind has its share of them."_s, u"seconds"_s);
    const QCommandLineOption keep(u"keep"_s, u"Copy systems that were judged badly to this folder."_s, u"folder"_s);
    QCommandLineOption worker(u"worker"_s);
    worker.setFlags(QCommandLineOption::HiddenFromHelp);
    QStringList names;
    for (const CrashScenario *scenario : scenarios) {
        names.append(scenario->name());
    }
    const QCommandLineOption only(u"scenario"_s, u"Test only this one: %1; several times for several."_s.arg(names.join(u", "_s)), u"name"_s);
    parser.addOptions({kind, only, jobs, shard, resume, sample, seed, boundaries, budget, keep, worker});
    const auto refuse = [](const QString &why) {
        std::fprintf(stderr, "%s\n", qPrintable(why));
        return 2;
    };
    if (!parser.parse(arguments)) {
        return refuse(parser.errorText());
    }
    if (parser.isSet(u"help"_s)) {
        std::printf("%s", qPrintable(parser.helpText()));
        return 0;
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
    const int together = parser.value(jobs).toInt();
    const QStringList all{u"kill"_s, u"enospc"_s, u"eio"_s, u"full"_s};
    const QStringList kinds = parser.isSet(kind) ? parser.values(kind) : all;
    const bool known = std::ranges::all_of(kinds, [&](const QString &one) { return all.contains(one); });
    if (options.shard < 1 || options.shard > options.shards || together < 1 || !known) {
        return refuse(u"Expected --shard i/n with 1 <= i <= n, --jobs of at least 1, and --kind kill, enospc, eio or full."_s);
    }
    for (const QString &name : parser.values(only)) {
        if (!names.contains(name)) {
            return refuse(u"There is no scenario %1; there are %2."_s.arg(name, names.join(u", "_s)));
        }
    }
    QList<CrashScenario *> chosen;
    QStringList chosenNames;
    for (CrashScenario *scenario : scenarios) {
        if (!parser.isSet(only) || parser.values(only).contains(scenario->name())) {
            chosen.append(scenario);
            chosenNames.append(scenario->name());
        }
    }
    if (parser.isSet(worker)) {
        return work(chosen, kinds, options, parser.isSet(budget) ? parser.value(budget).toLongLong() * 1000 : -1);
    }
    CrashWorkers workers(chosenNames, kinds, tell);
    QList<QStringList> commands;
    for (int i = 0; i < together; ++i) {
        // The last of an option's values counts.
        const int first = options.shard + options.shards * i;
        commands.append(arguments.sliced(1) + QStringList{u"--shard"_s, u"%1/%2"_s.arg(first).arg(options.shards * together), u"--worker"_s});
    }
    return workers.run(commands);
}

} // namespace cutover::testing
