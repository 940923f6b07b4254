// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"

#include "migration/alembic.h"
#include "migration/historygraph.h"
#include "migration/migrationlock.h"
#include "run/runlock.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDir>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.which_database", QT_TRANSLATE_NOOP("catalogue", "It is not known which database is meant; Alembic migrates %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Give --database NAME. A database is migrated by Alembic where target.yaml says “migrations: {tool: alembic}”.")},
    {"cli.no_revision", QT_TRANSLATE_NOOP("catalogue", "There is no revision “%{revision}” in %{folder}."),
     QT_TRANSLATE_NOOP("catalogue", "'cutoverctl migration history' tells them.")},
    {"cli.new_folder", QT_TRANSLATE_NOOP("catalogue", "A new revision goes into a working tree, never into an installed release."),
     QT_TRANSLATE_NOOP("catalogue", "Give --folder FOLDER: the working tree's, laid out as a release.")},
    {"cli.migrate_by_plan", QT_TRANSLATE_NOOP("catalogue", "The target's environment is %{environment}; there migrations run by a plan only."),
     QT_TRANSLATE_NOOP("catalogue", "Use 'cutoverctl update' or 'cutoverctl rollback'. This command is for targets of the environments development and demo.")},
}};

/// The database that is meant, with the revisions of a working tree or of the installed release.
struct Chosen {
    Target target;
    alembic::Project project;
};

Result<Chosen> choose(const Arguments &arguments)
{
    TRY(const QString file, targetFile(arguments));
    Chosen chosen;
    TRY(chosen.target, Target::load(file));
    const QString wanted = arguments.value(u"database"_s);
    QStringList known;
    for (const DatabaseSpec &database : std::as_const(chosen.target.databases)) {
        if (database.migrationTool.tool != "alembic"_L1) {
            continue;
        }
        known.append(database.name);
        if (wanted.isEmpty() || database.name == wanted) {
            chosen.project.database = database;
        }
    }
    if (chosen.project.database.name.isEmpty() || (wanted.isEmpty() && known.size() > 1)) {
        return fail(u"cli.which_database"_s, {{u"known"_s, QJsonArray::fromStringList(known)}}, file);
    }
    const QString folder = arguments.value(u"folder"_s);
    chosen.project.release = folder.isEmpty() ? QDir(chosen.target.currentLink()).canonicalPath() : QDir(folder).absolutePath();
    if (chosen.project.release.isEmpty()) {
        chosen.project.release = chosen.target.currentLink();
    }
    chosen.project.onLine = [](const QString &line) { say(line); };
    return chosen;
}

Result<int> status(const Arguments &arguments)
{
    TRY(const Chosen chosen, choose(arguments));
    TRY(const alembic::History history, QCoro::waitFor(alembic::history(chosen.project, {})));
    TRY(const QString head, alembic::onlyHead(history, chosen.project));
    TRY(const QStringList present, QCoro::waitFor(alembic::current(chosen.project, {})));
    QStringList pending;
    for (const alembic::Revision &revision : history.pending(present, head.isEmpty() ? QStringList() : QStringList{head})) {
        pending.append(revision.revision);
    }
    sayTable({{Cli::tr("Database"), Cli::tr("Current"), Cli::tr("Head"), Cli::tr("Pending")},
              {chosen.project.database.name, present.isEmpty() ? u"-"_s : history.described(present).join(u", "_s), head.isEmpty() ? u"-"_s : head,
               QString::number(pending.size())}});
    for (const QString &each : history.described(pending)) {
        say(u"  "_s + each);
    }
    sayJson({{u"database"_s, chosen.project.database.name}, {u"current"_s, QJsonArray::fromStringList(present)}, {u"head"_s, head}, {u"pending"_s, QJsonArray::fromStringList(pending)}});
    return ExitOk;
}

Result<int> history(const Arguments &arguments)
{
    TRY(const Chosen chosen, choose(arguments));
    TRY(const alembic::History history, QCoro::waitFor(alembic::history(chosen.project, {})));
    const QStringList heads = history.heads();
    const auto fileOf = [&chosen](const alembic::Revision &each) { return QDir(chosen.project.release).relativeFilePath(each.file); };
    QList<QStringList> rows{{QString(), Cli::tr("Revision"), Cli::tr("Follows"), Cli::tr("Message"), Cli::tr("Branch"), Cli::tr("File")}};
    for (const alembic::GraphLine &line : alembic::graphOf(history.revisions())) {
        const alembic::Revision *each = history.find(line.revision);
        if (!each) {
            rows.append({line.lanes});
            continue;
        }
        const QString name = heads.contains(each->revision) ? Cli::tr("%1 (head)").arg(each->revision) : each->revision;
        rows.append({line.lanes, name, each->downRevisions.isEmpty() ? u"-"_s : each->downRevisions.join(u", "_s), each->message, each->branchLabels.join(u", "_s), fileOf(*each)});
    }
    QJsonArray array;
    for (const alembic::Revision &each : history.revisions()) {
        array.append(QJsonObject{{u"revision"_s, each.revision},
                                 {u"downRevisions"_s, QJsonArray::fromStringList(each.downRevisions)},
                                 {u"dependsOn"_s, QJsonArray::fromStringList(each.dependsOn)},
                                 {u"branchLabels"_s, QJsonArray::fromStringList(each.branchLabels)},
                                 {u"message"_s, each.message},
                                 {u"file"_s, fileOf(each)}});
    }
    sayTable(rows);
    sayJson({{u"revisions"_s, array}, {u"heads"_s, QJsonArray::fromStringList(heads)}, {u"branchPoints"_s, QJsonArray::fromStringList(history.branchPoints())}});
    return ExitOk;
}

Result<int> sql(const Arguments &arguments)
{
    TRY(const Chosen chosen, choose(arguments));
    TRY(const alembic::History history, QCoro::waitFor(alembic::history(chosen.project, {})));
    const alembic::Revision *revision = history.find(arguments.positional(0));
    if (!revision) {
        return fail(u"cli.no_revision"_s, {{u"revision"_s, arguments.positional(0)}, {u"folder"_s, chosen.project.folder()}});
    }
    const auto direction = arguments.has(u"down"_s) ? alembic::Direction::Down : alembic::Direction::Up;
    TRY(const alembic::Script script, QCoro::waitFor(alembic::script(chosen.project, *revision, direction, {})));
    if (!script.whyNot.code.isEmpty()) {
        say(Cli::tr("Its SQL can't be shown beforehand, it runs online only: %1").arg(script.whyNot.what()));
    } else {
        say(script.sql);
    }
    sayJson({{u"revision"_s, revision->revision}, {u"sql"_s, script.sql}, {u"whyNot"_s, script.whyNot.code.isEmpty() ? QJsonValue() : QJsonValue(script.whyNot.toJson())}});
    return ExitOk;
}

Result<int> create(const Arguments &arguments)
{
    if (arguments.value(u"folder"_s).isEmpty()) {
        return fail(u"cli.new_folder"_s);
    }
    TRY(const Chosen chosen, choose(arguments));
    TRY(const alembic::History history, QCoro::waitFor(alembic::history(chosen.project, {})));
    TRY(const QString head, alembic::onlyHead(history, chosen.project));
    if (arguments.has(u"dry-run"_s)) {
        say(head.isEmpty() ? Cli::tr("A first revision would be made in %1.").arg(chosen.project.folder())
                           : Cli::tr("A revision behind %1 would be made in %2.").arg(head, chosen.project.folder()));
        sayJson({{u"follows"_s, head}, {u"folder"_s, chosen.project.folder()}, {u"written"_s, false}});
        return ExitOk;
    }
    TRY(const QString file, QCoro::waitFor(alembic::create(chosen.project, arguments.positional(0), arguments.has(u"autogenerate"_s), {})));
    say(file);
    sayJson({{u"follows"_s, head}, {u"file"_s, file}});
    return ExitOk;
}

Result<int> move(const Arguments &arguments, alembic::Direction direction, const QString &to)
{
    TRY(Chosen chosen, choose(arguments));
    const QString environment = chosen.target.environment;
    if (environment != "development"_L1 && environment != "demo"_L1) {
        return fail(u"cli.migrate_by_plan"_s, {{u"environment"_s, environment}}, chosen.target.path);
    }
    if (arguments.has(u"dry-run"_s)) {
        TRY(const QStringList present, QCoro::waitFor(alembic::current(chosen.project, {})));
        const QString now = present.isEmpty() ? u"-"_s : present.join(u", "_s);
        say(Cli::tr("%1 is at %2 and would be moved to %3.").arg(chosen.project.database.name, now, to));
        sayJson({{u"current"_s, QJsonArray::fromStringList(present)}, {u"to"_s, to}, {u"applied"_s, false}});
        return ExitOk;
    }
    // A copy of another system's file that calls it "development" must not reach that system.
    CHECK(pinIdentity(chosen.target));
    // Not beside a run, nor beside anybody else's migration.
    TRY(const auto runLock, QCoro::waitFor(RunLock::acquire(chosen.target.stateDirectory, u"migration"_s, {})));
    TRY(const auto lock, QCoro::waitFor(MigrationLock::acquire(chosen.project.database, QString(alembic::applicationName), {})));
    chosen.project.inherit = {runLock->descriptor()};
    std::stop_source done;
    auto watching = lock->watch(done.get_token());
    const auto result = QCoro::waitFor(alembic::move(chosen.project, direction, to, {}));
    done.request_stop();
    const auto holders = QCoro::waitFor(std::move(watching));
    CHECK(result);
    if (result->exitCode != 0) {
        return fail(alembic::failure(chosen.project, *result, {}, holders.value_or(QStringList())));
    }
    TRY(const QStringList present, QCoro::waitFor(alembic::current(chosen.project, {})));
    say(Cli::tr("%1 is at %2.").arg(chosen.project.database.name, present.isEmpty() ? u"-"_s : present.join(u", "_s)));
    sayJson({{u"current"_s, QJsonArray::fromStringList(present)}, {u"applied"_s, true}});
    return ExitOk;
}

Result<int> upgrade(const Arguments &arguments)
{
    return move(arguments, alembic::Direction::Up, arguments.positionals().isEmpty() ? u"head"_s : arguments.positional(0));
}

Result<int> downgrade(const Arguments &arguments)
{
    return move(arguments, alembic::Direction::Down, arguments.positional(0));
}

} // namespace

QList<Command> migrationCommands()
{
    const QStringList where{u"database"_s, u"folder"_s};
    return {
        {{u"migration status"_s, {}, 0, 0, where, {}, QT_TRANSLATE_NOOP("cutoverctl", "where a database that Alembic migrates stands, and what is pending")}, run<status>},
        {{u"migration history"_s, {}, 0, 0, where, {}, QT_TRANSLATE_NOOP("cutoverctl", "the revisions as a graph, newest first, with what each follows")}, run<history>},
        {{u"migration sql"_s, u"REVISION"_s, 1, 1, where, {u"down"_s}, QT_TRANSLATE_NOOP("cutoverctl", "the SQL of a revision, or why it can't be told beforehand")}, run<sql>},
        {{u"migration new"_s, u"MESSAGE"_s, 1, 1, where, {u"autogenerate"_s, u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "make a revision in a working tree")}, run<create>},
        {{u"migration upgrade"_s, u"[REVISION|+STEPS]"_s, 0, 1, where, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "migrate a development database; else to the head")}, run<upgrade>},
        {{u"migration downgrade"_s, u"REVISION|-STEPS|base"_s, 1, 1, where, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "take migrations of a development database back, with what they hold")}, run<downgrade>},
    };
}

} // namespace cutover
