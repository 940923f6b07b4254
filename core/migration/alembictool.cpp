// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Alembic as a migration tool: what a release's revisions mean for a database, as steps.

#include "database/postgressession.h"
#include "migration/alembicfiles.h"
#include "migration/alembicsteps.h"
#include "migration/migrationtool.h"
#include "system/clock.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QRegularExpression>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

/// Of a revision that no run of ours has applied: Alembic does not record when it was.
constexpr qint64 unknownAgeMs = 24LL * 60 * 60 * 1000;

QString upgradeId(const DatabaseSpec &database, const QString &revision)
{
    return u"migrate:"_s + database.name + u':' + revision;
}

qint64 ageOf(const PlanningContext &context, const DatabaseSpec &database, const QString &revision)
{
    const QDateTime done = context.doneAt.value(upgradeId(database, revision));
    return done.isValid() ? qMax(qint64(0), done.msecsTo(Clock::system().now())) : unknownAgeMs;
}

/** A release's revisions beside those of the database. */
struct Standing {
    Project project;
    History history;
    QString head; ///< Of the release.
    QStringList present; ///< Heads of the database.
    bool isNewer = false; ///< The database is ahead of the release, by revisions of another one that builds on it.
};

bool knows(const History &history, const QStringList &revisions)
{
    return std::ranges::all_of(revisions, [&history](const QString &revision) { return history.find(revision); });
}

Async<QStringList> presentHeads(DatabaseSpec database)
{
    Worker worker;
    co_return co_await worker.run([database] { return recordedHeads(database); });
}

/// An installed release whose revisions include those, newest folder first; without a release: none does.
Async<Standing> releaseThatKnows(Target target, DatabaseSpec database, QStringList revisions, QString first)
{
    const QDir folder(target.releasesDirectory);
    QStringList releases = folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::NoSymLinks, QDir::Time);
    releases.removeAll(first);
    releases.prepend(first);
    for (const QString &release : std::as_const(releases)) {
        Standing standing;
        standing.project = {database, folder.filePath(release)};
        if (release.isEmpty() || !QFileInfo(standing.project.ini()).isFile()) {
            continue;
        }
        const auto read = co_await history(standing.project, {});
        if (read && knows(*read, revisions)) {
            standing.history = *read;
            standing.present = revisions;
            co_return standing;
        }
    }
    co_return Standing();
}

Error unknownRevision(const Project &project, const QStringList &present)
{
    return {u"alembic.unknown_revision"_s, {{u"unknown"_s, joined(present)}, {u"database"_s, project.database.name}}, Error::Kind::Permanent, project.folder()};
}

Async<Standing> standingOf(Target target, QString release, DatabaseSpec database)
{
    Standing standing;
    standing.project = {database, release};
    CO_TRY(standing.history, co_await history(standing.project, {}));
    CO_TRY(standing.head, onlyHead(standing.history, standing.project));
    CO_TRY(standing.present, co_await presentHeads(database));
    if (!knows(standing.history, standing.present)) {
        // Newer than the release knows: left from a newer release whose schema was kept.
        CO_TRY(const Standing other, co_await releaseThatKnows(target, database, standing.present, {}));
        if (other.project.release.isEmpty() || (!standing.head.isEmpty() && !other.history.withAncestors(standing.present).contains(standing.head))) {
            co_return fail(unknownRevision(standing.project, standing.present));
        }
        standing.isNewer = true;
    }
    co_return standing;
}

QList<Revision> pendingOf(const Standing &standing)
{
    return standing.isNewer || standing.head.isEmpty() ? QList<Revision>() : standing.history.pending(standing.present, {standing.head});
}

Async<RevisionFile> fileOf(Revision revision)
{
    Worker worker;
    co_return co_await worker.run([file = revision.file] { return readRevisionFile(file); });
}

/// Takes off the end what says that it contracts and that the installed release does not carry: a later release runs it.
/// What others follow has to run with them.
Async<QList<Revision>> takeOwed(PlanningContext context, Standing standing, QList<Revision> *pending)
{
    QList<Revision> owed;
    const QString origin = context.origin.isEmpty() ? context.installed : context.origin;
    std::optional<History> carried;
    while (!pending->isEmpty()) {
        CO_TRY(const RevisionFile file, co_await fileOf(pending->last()));
        if (file.phase != "contract"_L1) {
            break;
        }
        if (!carried) {
            const Project installed{standing.project.database, context.target.releaseDirectory(origin)};
            carried = History();
            if (!origin.isEmpty() && QFileInfo(installed.ini()).isFile()) {
                CO_TRY(carried, co_await history(installed, {}));
            }
        }
        if (carried->find(pending->last().revision)) {
            break;
        }
        owed.prepend(pending->takeLast());
    }
    co_return owed;
}

/** What is known of a revision before it runs. */
struct Look {
    RevisionFile file;
    Script up, down;
    Effect upEffect, downEffect;
    QList<Lost> takes, loses;
    QLatin1StringView wayBack = wayback::counted;
    QString downTo;
    bool inOneTransaction = false;
};

/// Of a revision alone: going below a parent that others follow as well, or a merge, takes more than it.
QString belowIt(const History &history, const Revision &revision)
{
    const QList<Revision> &all = history.revisions();
    // Whoever depends on it goes, too.
    if (std::ranges::any_of(all, [](const Revision &other) { return !other.dependsOn.isEmpty(); })) {
        return {};
    }
    if (revision.downRevisions.isEmpty()) {
        // "base" is that of every tree.
        const auto roots = std::ranges::count_if(all, [](const Revision &other) { return other.downRevisions.isEmpty(); });
        return roots == 1 ? u"base"_s : QString();
    }
    const QString parent = revision.downRevisions.first();
    return revision.downRevisions.size() > 1 || history.branchPoints().contains(parent) ? QString() : parent;
}

Async<bool> commitsEach(Project project)
{
    Worker worker;
    co_return co_await worker.run([project] { return commitsEachStatement(project); });
}

Async<Look> lookAt(Project project, History history, Revision revision)
{
    Look look;
    CO_TRY(const bool autocommit, co_await commitsEach(project));
    CO_TRY(look.file, co_await fileOf(revision));
    CO_TRY(look.up, co_await script(project, revision, Direction::Up, {}));
    CO_TRY(look.down, co_await script(project, revision, Direction::Down, {}));
    look.upEffect = effectOf(look.up.sql, autocommit);
    look.downEffect = effectOf(look.down.sql, autocommit);
    look.file.leavesTransaction = look.file.leavesTransaction || autocommit;
    const bool seen = look.up.whyNot.code.isEmpty();
    const bool seenBack = look.down.whyNot.code.isEmpty();
    look.takes = look.file.upSaid ? look.file.upLoses : look.upEffect.loses;
    look.loses = look.file.downSaid ? look.file.downLoses : look.downEffect.loses;
    look.downTo = belowIt(history, revision);
    // An empty way back leaves everything there and only forgets that it is.
    const bool empty = seenBack && !look.downEffect.changes && (look.upEffect.changes || !seen);
    if (look.downTo.isEmpty() || empty || look.down.whyNot.args["exception"_L1].toString() == "NotImplementedError"_L1) {
        look.wayBack = wayback::none;
    } else if (!look.file.downSaid && (!seenBack || !look.downEffect.uncounted.isEmpty())) {
        look.wayBack = wayback::unknown;
    }
    // SQLite's Python driver commits definitions as they come.
    look.inOneTransaction = project.database.driver == "postgresql"_L1 && !look.file.leavesTransaction
        && (!seen || look.upEffect.inOneTransaction) && (!seenBack || look.downEffect.inOneTransaction);
    co_return look;
}

QString phaseOf(const Look &look)
{
    if (!look.file.phase.isEmpty()) {
        return look.file.phase;
    }
    return !look.takes.isEmpty() ? u"contract"_s : !look.up.whyNot.code.isEmpty() || !look.upEffect.uncounted.isEmpty() ? u"data"_s
                                                                                                                        : u"expand"_s;
}

/// Behind it nothing automatic goes back.
bool isPointOfNoReturn(const Look &look)
{
    if (look.wayBack == wayback::none || phaseOf(look) == "contract"_L1) {
        return true;
    }
    // An UPDATE most often fills what the same revision added; what it writes over the file has to say.
    const bool fills = look.upEffect.uncounted.startsWith("UPDATE"_L1, Qt::CaseInsensitive);
    const bool unknown = !look.up.whyNot.code.isEmpty() || (!look.upEffect.uncounted.isEmpty() && !fills);
    return unknown && !look.file.upSaid;
}

/// The SQL, or where that can't be told beforehand the source, which is the same for both ways.
void addPreview(StepSpec &step, const Script &script, const Revision &revision, QLatin1StringView way, const QString &source)
{
    const QFileInfo file(revision.file);
    if (script.whyNot.code.isEmpty()) {
        step.previews.append({u"sql"_s, file.completeBaseName() + u'.' + way + u".sql"_s, script.sql});
    } else if (const Preview whole{u"text"_s, file.fileName(), source}; !step.previews.contains(whole)) {
        step.previews.append(whole);
    }
}

Async<Loss> countNow(Project project, QString file, QList<Lost> losses)
{
    Worker worker;
    co_return co_await worker.run([project, file, losses] { return countLosses(project, file, losses); });
}

/// What both kinds of steps have.
StepSpec stepSpec(const Standing &standing, const Revision &revision, const Look &look, const QString &environment, const QString &version)
{
    StepSpec step;
    step.params = {{u"tool"_s, u"alembic"_s},
                   {u"database"_s, standing.project.database.name},
                   {u"revision"_s, revision.revision},
                   {u"name"_s, revision.message},
                   {u"sha256"_s, look.file.sha256},
                   {u"environmentSha256"_s, environment},
                   {u"release"_s, version},
                   {u"file"_s, QDir(standing.project.release).relativeFilePath(revision.file)},
                   {u"downTo"_s, look.downTo},
                   {u"loses"_s, toJson(look.loses)},
                   {u"takes"_s, toJson(look.takes)},
                   {u"inOneTransaction"_s, look.inOneTransaction}};
    return step;
}

/// What a failure of this way would leave, and whether it could be told from nothing.
void addCommits(StepSpec &step, const DatabaseSpec &database, const Look &look, const Script &script, const Effect &effect, const Revision &revision)
{
    const bool isSeen = script.whyNot.code.isEmpty();
    // SQLite's driver commits definitions as they come; data is changed in a transaction there.
    const bool tells = database.driver != "postgresql"_L1 ? !look.file.leavesTransaction : isSeen ? effect.commitsTell
                                                                                                  : !look.file.leavesTransaction;
    step.params.insert(u"partsTell"_s, tells);
    if (look.inOneTransaction || effect.commits.isEmpty() || database.driver != "postgresql"_L1) {
        return;
    }
    step.previews.append({u"text"_s, QFileInfo(revision.file).completeBaseName() + u".commits"_s, effect.commits.join(u'\n')});
}

StepSpec upgradeSpec(const PlanningContext &context, const Standing &standing, const Revision &revision, const Look &look, const QString &environment,
                     const QString &version, const Loss &loss)
{
    const DatabaseSpec &database = standing.project.database;
    const QStringList after = standing.history.after(standing.present, revision);
    QJsonObject names{{u"database"_s, database.name}, {u"revision"_s, revision.revision}, {u"name"_s, revision.message}};
    StepSpec step = stepSpec(standing, revision, look, environment, version);
    step.id = upgradeId(database, revision.revision);
    step.kind = u"migrate"_s;
    step.params.insert(u"phase"_s, phaseOf(look));
    step.params.insert(u"from"_s, joined(standing.present));
    step.params.insert(u"to"_s, joined(after));
    step.params.insert(u"wayBack"_s, QString(look.wayBack));
    step.title = {u"migration.step"_s, names};
    const bool isSeen = look.up.whyNot.code.isEmpty();
    const bool commits = isSeen && !look.inOneTransaction && !look.upEffect.commits.isEmpty() && database.driver == "postgresql"_L1;
    if (commits) {
        names.insert(u"count"_s, look.upEffect.commits.size());
        names.insert(u"statements"_s, QJsonArray::fromStringList(look.upEffect.commits.first(qMin<qsizetype>(3, look.upEffect.commits.size()))));
    }
    step.intent = {look.up.whyNot.code == "alembic.long_script"_L1 ? u"alembic.step.intent_long"_s
                       : !isSeen                                   ? look.file.leavesTransaction ? u"alembic.step.intent_online_parts"_s : u"alembic.step.intent_online"_s
                       : look.inOneTransaction                     ? u"migration.step.intent"_s
                       : commits                                   ? u"alembic.step.intent_commits"_s
                                                                   : u"alembic.step.intent_parts"_s,
                   names};
    if (!loss.isEmpty()) {
        LossLimit limit;
        for (const auto &[name, rows] : loss.asKeyValueRange()) {
            limit.add(name, rows, unknownAgeMs, 2 * approvalMs);
        }
        limit.write(step.params);
        step.params.insert(u"takesAway"_s, lossToJson(loss));
        names.insert(u"loss"_s, lossStated(loss));
        names.insert(u"limit"_s, lossStated(limit.holdAbove()));
        step.intent = {commits ? u"alembic.step.intent_loss_commits"_s : u"alembic.step.intent_loss"_s, names};
    }
    addPreview(step, look.up, revision, "up"_L1, look.file.source);
    addPreview(step, look.down, revision, "down"_L1, look.file.source);
    addCommits(step, database, look, look.up, look.upEffect, revision);
    step.changes = {{u"migration.head:"_s + database.name, joined(after)}};
    step.expectedMs = context.measuredMs.value(step.kind, 2000);
    step.pointOfNoReturn = isPointOfNoReturn(look);
    step.automaticRollback = !step.pointOfNoReturn;
    return step;
}

Async<QString> environmentOf(Project project)
{
    Worker worker;
    co_return co_await worker.run([project] { return environmentDigest(project); });
}

Async<PlannedMigrations> planUp(PlanningContext context, StagedRelease release, DatabaseSpec database)
{
    CO_TRY(Standing standing, co_await standingOf(context.target, release.preview, database));
    QList<Revision> pending = pendingOf(standing);
    CO_TRY(const QList<Revision> owed, co_await takeOwed(context, standing, &pending));
    PlannedMigrations planned;
    for (const Revision &revision : owed) {
        planned.owed.append(revision.revision);
    }
    if (pending.isEmpty()) {
        co_return planned;
    }
    // That env.py finds the same database.
    CO_TRY(const QStringList told, co_await current(standing.project, {}));
    if (told != standing.present) {
        co_return fail(u"alembic.elsewhere"_s, {{u"database"_s, database.name}, {u"expected"_s, joined(standing.present)}, {u"found"_s, joined(told)}}, standing.project.folder());
    }
    CO_TRY(const QString environment, co_await environmentOf(standing.project));
    for (const Revision &revision : std::as_const(pending)) {
        CO_TRY(const Look look, co_await lookAt(standing.project, standing.history, revision));
        CO_TRY(const Loss loss, co_await countNow(standing.project, revision.file, look.takes));
        planned.steps.append(upgradeSpec(context, standing, revision, look, environment, release.info.manifest.version.toString(), loss));
        standing.present = standing.history.after(standing.present, revision);
    }
    co_return planned;
}

/// The installed releases' revisions for what the database has.
Async<Standing> appliedStanding(PlanningContext context, DatabaseSpec database)
{
    CO_TRY(const QStringList present, co_await presentHeads(database));
    CO_TRY(Standing standing, co_await releaseThatKnows(context.target, database, present, context.installed));
    if (standing.project.release.isEmpty()) {
        co_return fail(unknownRevision({database, context.target.releasesDirectory}, present));
    }
    co_return standing;
}

/// Applied since the database had other heads, newest first.
Result<QList<Revision>> appliedSince(const Standing &standing, const QString &revision)
{
    const QStringList then = revision.split(u',', Qt::SkipEmptyParts);
    if (!knows(standing.history, then)) {
        return fail(unknownRevision(standing.project, then));
    }
    QList<Revision> applied = standing.history.pending(then, standing.present);
    std::ranges::reverse(applied);
    return applied;
}

StepSpec downgradeSpec(const PlanningContext &context, const Standing &standing, const Revision &revision, const Look &look, const QString &environment,
                       const Loss &loss, qint64 aheadMs)
{
    const DatabaseSpec &database = standing.project.database;
    const QStringList before = standing.history.before(standing.present, revision);
    LossLimit limit;
    for (const auto &[name, rows] : loss.asKeyValueRange()) {
        limit.add(name, rows, ageOf(context, database, revision.revision), approvalMs + aheadMs);
    }
    const Loss holdAbove = limit.holdAbove();
    const bool loses = !lossMessages(loss).isEmpty();
    const QJsonObject names{{u"database"_s, database.name}, {u"revision"_s, revision.revision}, {u"name"_s, revision.message}, {u"loss"_s, lossMessages(loss)}, {u"limit"_s, lossMessages(holdAbove)}};
    StepSpec step = stepSpec(standing, revision, look, environment, QFileInfo(standing.project.release).fileName());
    step.id = u"downgrade:"_s + database.name + u':' + revision.revision;
    step.kind = u"downgrade"_s;
    step.params.insert(u"from"_s, joined(standing.present));
    step.params.insert(u"to"_s, joined(before));
    limit.write(step.params);
    step.title = {u"migration.downgrade"_s, names};
    step.intent = {loses ? u"migration.downgrade.intent_loss"_s : u"migration.downgrade.intent"_s, names};
    addPreview(step, look.down, revision, "down"_L1, look.file.source);
    addCommits(step, database, look, look.down, look.downEffect, revision);
    if (!loss.isEmpty()) {
        step.previews.append(limit.table(database.name));
    }
    step.changes = {{u"migration.head:"_s + database.name, joined(before)}};
    step.expectedMs = context.measuredMs.value(step.kind, 2000);
    // Its way back is the upgrade, which must take nothing of what has come since.
    step.irreversible = loses || !look.takes.isEmpty() || isPointOfNoReturn(look);
    step.pointOfNoReturn = step.irreversible;
    step.automaticRollback = false;
    return step;
}

Async<QList<StepSpec>> planDown(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs)
{
    QList<StepSpec> steps;
    CO_TRY(const QStringList present, co_await presentHeads(database));
    if (joined(present) == revision) {
        co_return steps;
    }
    CO_TRY(Standing standing, co_await appliedStanding(context, database));
    CO_TRY(const QList<Revision> applied, appliedSince(standing, revision));
    CO_TRY(const QString environment, co_await environmentOf(standing.project));
    for (const Revision &each : applied) {
        CO_TRY(const Look look, co_await lookAt(standing.project, standing.history, each));
        if (look.downTo.isEmpty()) {
            co_return fail(u"alembic.branched"_s, {{u"revision"_s, each.revision}, {u"parents"_s, QJsonArray::fromStringList(standing.history.described(each.downRevisions))}}, each.file);
        }
        if (look.wayBack == wayback::none) {
            co_return fail(u"migration.irreversible"_s, {{u"revision"_s, each.revision}}, each.file);
        }
        if (look.wayBack == wayback::unknown) {
            const QString statement = look.down.whyNot.code.isEmpty() ? look.downEffect.uncounted : look.down.whyNot.args["reason"_L1].toString();
            co_return fail(u"alembic.loss_unknown"_s, {{u"revision"_s, each.revision}, {u"statement"_s, statement}}, each.file);
        }
        CO_TRY(const Loss loss, co_await countNow(standing.project, each.file, look.loses));
        steps.append(downgradeSpec(context, standing, each, look, environment, loss, aheadMs));
        standing.present = standing.history.before(standing.present, each);
    }
    co_return steps;
}

/// Whether it took away what earlier code may need.
Async<bool> contracts(Standing standing, Revision revision)
{
    CO_TRY(const RevisionFile file, co_await fileOf(revision));
    if (!file.phase.isEmpty()) {
        co_return file.phase == "contract"_L1;
    }
    if (file.upSaid) {
        co_return !file.upLoses.isEmpty();
    }
    CO_TRY(const Script up, co_await script(standing.project, revision, Direction::Up, {}));
    co_return !effectOf(up.sql).loses.isEmpty();
}

class AlembicTool : public MigrationTool
{
public:
    QStringList drivers() const override { return {u"postgresql"_s, u"sqlite"_s}; }

    void read(yaml::Map &map, DatabaseSpec &database) const override
    {
        QJsonObject options;
        database.migrations = map.optional(u"folder"_s).relativePath(u"."_s);
        const yaml::Value ini = map.optional(u"ini"_s);
        options.insert(u"ini"_s, ini.relativePath(u"alembic.ini"_s));
        if (const yaml::Value program = map.optional(u"program"_s); program.exists()) {
            options.insert(u"program"_s, program.text(u"alembic"_s));
        }
        if (const yaml::Value variable = map.optional(u"url_variable"_s); variable.exists()) {
            static const QRegularExpression pattern(uR"(\A[A-Za-z_][A-Za-z0-9_]*\z)"_s);
            if (const QString name = variable.text(); pattern.match(name).hasMatch()) {
                options.insert(u"urlVariable"_s, name);
            } else if (!name.isEmpty()) {
                variable.problem(u"expected_variable"_s, {{u"expected"_s, u"variable"_s}, {u"found"_s, name.left(60)}});
            }
        }
        if (const yaml::Value dialect = map.optional(u"dialect"_s); dialect.exists()) {
            // "postgresql", "postgresql+psycopg", "sqlite+pysqlite"
            const QRegularExpression pattern(u"\\A%1(\\+[a-z0-9_]+)?\\z"_s.arg(database.driver));
            if (const QString name = dialect.text(); pattern.match(name).hasMatch()) {
                options.insert(u"dialect"_s, name);
            } else if (!name.isEmpty()) {
                dialect.expected(u"dialect"_s, {{u"driver"_s, database.driver}});
            }
        }
        if (const yaml::Value wait = map.optional(u"lock_wait"_s); wait.exists()) {
            options.insert(u"lockWaitMs"_s, wait.duration(1, postgres::lockWaitMs));
        }
        if (const yaml::Value timeout = map.optional(u"timeout"_s); timeout.exists()) {
            options.insert(u"timeoutMs"_s, timeout.duration(1000, 0));
        }
        database.migrationTool.options = options;
    }

    Async<PlannedMigrations> plan(PlanningContext context, StagedRelease release, DatabaseSpec database) const override
    {
        return planUp(std::move(context), std::move(release), std::move(database));
    }

    Async<QStringList> owed(PlanningContext context, StagedRelease release, DatabaseSpec database) const override
    {
        CO_TRY(const Standing standing, co_await standingOf(context.target, release.preview, database));
        QList<Revision> pending = pendingOf(standing);
        CO_TRY(const QList<Revision> owed, co_await takeOwed(context, standing, &pending));
        QStringList names;
        for (const Revision &revision : owed) {
            names.append(revision.revision);
        }
        co_return names;
    }

    Async<QList<StepSpec>> planDowngrades(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs) const override
    {
        return planDown(std::move(context), std::move(database), std::move(revision), aheadMs);
    }

    Async<QString> contractSince(PlanningContext context, DatabaseSpec database, QString revision) const override
    {
        CO_TRY(const QStringList present, co_await presentHeads(database));
        if (joined(present) == revision) {
            co_return QString();
        }
        CO_TRY(const Standing standing, co_await appliedStanding(context, database));
        CO_TRY(const QList<Revision> applied, appliedSince(standing, revision));
        for (const Revision &each : applied) {
            CO_TRY(const bool contract, co_await contracts(standing, each));
            if (contract) {
                co_return each.revision;
            }
        }
        co_return QString();
    }

    Async<> checkCode(PlanningContext, StagedRelease release, DatabaseSpec database) const override
    {
        const Project project{database, release.preview};
        CO_TRY(const History history, co_await alembic::history(project, {}));
        CO_TRY(const QString head, onlyHead(history, project));
        CO_TRY(const QStringList present, co_await presentHeads(database));
        if (!knows(history, present)) {
            co_return fail(notInRelease(database, release, present));
        }
        QStringList needed;
        const QList<Revision> pending = history.pending(present, head.isEmpty() ? QStringList() : QStringList{head});
        for (const Revision &revision : pending) {
            CO_TRY(const RevisionFile file, co_await fileOf(revision));
            if (file.phase != "contract"_L1) {
                needed.append(revision.revision);
            }
        }
        co_return needed.isEmpty() ? Result<>() : Result<>(fail(neededByRelease(database, release, history.described(needed))));
    }

    Async<QString> check(Target target, DatabaseSpec database, std::stop_token) const override
    {
        CO_TRY(const Standing standing, co_await standingOf(target, target.currentLink(), database));
        const QList<Revision> pending = pendingOf(standing);
        for (const Revision &revision : pending) {
            CO_TRY(const RevisionFile file, co_await fileOf(revision));
            // Contracting belongs to a later update; until then it is owed, not missing.
            if (file.phase != "contract"_L1) {
                co_return fail(u"check.migration_pending"_s, {{u"database"_s, database.name}, {u"revision"_s, revision.revision}}, database.name);
            }
        }
        co_return standing.present.isEmpty() ? u"0"_s : joined(standing.present);
    }

    std::unique_ptr<Step> migrateStep(StepSpec spec) const override { return makeUpgradeStep(std::move(spec)); }
    std::unique_ptr<Step> downgradeStep(StepSpec spec) const override { return makeDowngradeStep(std::move(spec)); }
};

const MigrationTool::Registration registration(u"alembic"_s, std::make_unique<AlembicTool>());

} // namespace

} // namespace cutover::alembic
