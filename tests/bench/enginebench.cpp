// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What the engine itself costs: journal, facts, transitions, between steps that do nothing. The peer
// is the least that any engine with a durable journal would pay: as many commits as it makes.

#include "bench.h"
#include "demosystem.h"

#include "plan/step.h"
#include "run/orchestrator.h"
#include "system/files.h"
#include "system/random.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QTextStream>

#include <sqlite3.h>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr int Steps = 100;

/// Does nothing, and says that it is done.
class NothingStep : public Step
{
public:
    using Step::Step;
    Async<> apply(StepContext &, QJsonObject, std::stop_token) override { co_return Result<>(); }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::Done; }
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return Result<>(); }
};

const StepRegistry::Registration nothing(u"bench_nothing"_s, 1, [](StepSpec spec) -> std::unique_ptr<Step> {
    return std::make_unique<NothingStep>(std::move(spec));
});

const Catalogue::Registration texts{{
    {"bench.nothing", QT_TRANSLATE_NOOP("catalogue", "Nothing"), nullptr},
    {"bench.run_failed", QT_TRANSLATE_NOOP("catalogue", "The run of the bench ended as %{state}."), nullptr},
    {"bench.sqlite", QT_TRANSLATE_NOOP("catalogue", "SQLite: %{reason}"), nullptr},
}};

/// Milliseconds per step.
Result<double> runPlan(const QString &folder, int steps)
{
    Target target;
    target.name = u"bench"_s;
    target.path = folder + u"/target.yaml"_s;
    target.stateDirectory = folder + u"/state"_s;
    target.releasesDirectory = folder + u"/releases"_s;
    CHECK(files::makePath(target.stateDirectory));
    CHECK(files::replace(target.path, "name: bench\n"));
    TRY(const auto journal, Journal::open(target.stateDirectory));

    Plan plan;
    plan.kind = u"update"_s;
    plan.targetName = target.name;
    plan.from = u"1.0.0"_s;
    plan.to = u"1.1.0"_s;
    for (int i = 0; i < steps; ++i) {
        StepSpec spec;
        spec.id = u"nothing:%1"_s.arg(i);
        spec.kind = u"bench_nothing"_s;
        spec.title = spec.intent = {u"bench.nothing"_s, {}};
        plan.steps.append(spec);
    }
    TRY(plan.facts, QCoro::waitFor(FactSource::collect(target)));
    RunRecord run;
    run.id = Random::system().id();
    run.plan = plan;
    run.planDigest = plan.digest();
    run.startedBy = u"bench"_s;
    run.created = Clock::system().now();
    CHECK(journal->addRun(run));

    Orchestrator orchestrator(target, journal.get(), run.id, -1);
    Result<RunState> state = RunState::Planned;
    const double seconds = secondsOf([&] { state = QCoro::waitFor(orchestrator.run(true)); });
    if (!state) {
        return fail(state.error());
    }
    if (*state != RunState::Succeeded) {
        return fail(u"bench.run_failed"_s, {{u"state"_s, stateName(*state)}});
    }
    return seconds * 1000 / steps;
}

/// Commits that a plan of so many steps makes, from the log of a process's own writes.
Result<int> commitsOf(const QString &folder, int steps)
{
    const QString log = folder + u"/points"_s;
    CHECK(files::makePath(folder));
    CHECK(runProgram(QCoreApplication::applicationFilePath(), {u"--part"_s, u"engine"_s, folder, QString::number(steps)}, 300000,
                     {u"CUTOVER_FAULT_LOG="_s + log}));
    TRY(const QByteArray points, files::read(log));
    int commits = 0;
    for (const QByteArray &line : points.split('\n')) {
        const QList<QByteArray> words = line.split(' ');
        commits += words.size() > 2 && words[1].toLower().contains("database") && words[1].toLower().contains("sync")
            && words[2].contains("journal.db");
    }
    return commits;
}

/// Milliseconds for so many commits, a row of the journal's usual size in each.
Result<double> bareCommits(const QString &file, int commits)
{
    sqlite3 *db = nullptr;
    QString error;
    const auto execute = [&](const char *sql) {
        if (error.isEmpty() && sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
            error = QString::fromUtf8(sqlite3_errmsg(db));
        }
    };
    if (sqlite3_open(file.toUtf8().constData(), &db) != SQLITE_OK) {
        error = QString::fromUtf8(sqlite3_errmsg(db));
    }
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("CREATE TABLE event (sequence INTEGER PRIMARY KEY, text TEXT)");
    const double seconds = secondsOf([&] {
        for (int i = 0; i < commits; ++i) {
            execute("INSERT INTO event (text) VALUES (hex(randomblob(150)))");
        }
    });
    sqlite3_close(db);
    if (!error.isEmpty()) {
        return fail(u"bench.sqlite"_s, {{u"reason"_s, error}});
    }
    return seconds * 1000;
}

} // namespace

int enginePart(const QStringList &arguments)
{
    const auto result = runPlan(arguments.value(0), arguments.value(1).toInt());
    if (!result) {
        QTextStream(stderr) << result.error().text() << '\n';
    }
    return result ? 0 : 1;
}

Result<bool> benchEngine(const Options &options)
{
    QTemporaryDir folder(scratchTemplate(options));
    // What a run costs once (lock, start, end) is left out: the difference of two plans.
    TRY(const int few, commitsOf(folder.filePath(u"few"_s), 1));
    TRY(const int many, commitsOf(folder.filePath(u"many"_s), Steps + 1));
    const double perStep = double(many - few) / Steps;
    Samples ours{u"Orchestrator, a step of nothing"_s, {}};
    Samples peer{u"bare SQLite, as many FULL commits"_s, {}};
    int round = 0;
    CHECK(alternate(
        options.rounds ? options.rounds : 5, ours, [&] { return runPlan(folder.filePath(u"ours-%1"_s.arg(round)), Steps); }, peer,
        [&]() -> Result<double> {
            TRY(const double ms, bareCommits(folder.filePath(u"bare-%1.db"_s.arg(round++)), many));
            return ms / Steps;
        }));
    print(u"a run's own cost per step"_s, u"ms"_s, ours, peer);
    note(u"%1 commits per step (%2 in a run of %3 steps)"_s.arg(perStep, 0, 'f', 2).arg(many).arg(Steps + 1));
    return true;
}

} // namespace cutover::bench
