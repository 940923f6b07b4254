// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/loss.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "target/yamlreader.h"

namespace cutover {

/** What a release brings to a database: migrations that run with it, and those left to a later one. */
struct PlannedMigrations {
    QList<StepSpec> steps; ///< Kind "migrate", in order.
    QStringList owed; ///< Revisions.
};

/**
 * A tool that a database's migrations are written for: our own chain of SQL files, Alembic. target.yaml
 * names it by "migrations: {tool: NAME}"; a plain folder there is our own chain. A new tool is one file
 * pair with a MigrationTool::Registration at file scope. Stateless; event-loop thread.
 *
 * Its steps have the kinds "migrate" and "downgrade", and name it in their parameter "tool"; they
 * change the fact "migration.head:DATABASE".
 */
class MigrationTool
{
public:
    MigrationTool() = default;
    virtual ~MigrationTool() = default;
    Q_DISABLE_COPY_MOVE(MigrationTool)

    [[nodiscard]] virtual QStringList drivers() const = 0; ///< Of databases that it works with.
    /// Reads its own keys beside "tool": into the database's folder and options. Problems go to the map's report.
    virtual void read(yaml::Map &map, DatabaseSpec &database) const = 0;

    [[nodiscard]] virtual Async<PlannedMigrations> plan(PlanningContext context, StagedRelease release, DatabaseSpec database) const = 0;
    /// Only what is owed, without the work of planning the rest.
    [[nodiscard]] virtual Async<QStringList> owed(PlanningContext context, StagedRelease release, DatabaseSpec database) const = 0;
    /// As planDowngrades() of migrationplan.h.
    [[nodiscard]] virtual Async<QList<StepSpec>> planDowngrades(PlanningContext context, DatabaseSpec database, QString revision, qint64 aheadMs) const = 0;
    /// The first migration applied since a revision that took away what earlier code needs; empty: none.
    [[nodiscard]] virtual Async<QString> contractSince(PlanningContext context, DatabaseSpec database, QString revision) const = 0;
    /// Whether a release's code alone can go with the database as it is: its revisions include what the database has, and
    /// what they would add can wait. Errors "migration.unknown_to_code", "migration.code_needs".
    [[nodiscard]] virtual Async<> checkCode(PlanningContext context, StagedRelease release, DatabaseSpec database) const = 0;
    /// The database's head, or what is not as the installed release needs it. Changes nothing.
    [[nodiscard]] virtual Async<QString> check(Target target, DatabaseSpec database, std::stop_token stop) const = 0;

    [[nodiscard]] virtual std::unique_ptr<Step> migrateStep(StepSpec spec) const = 0;
    [[nodiscard]] virtual std::unique_ptr<Step> downgradeStep(StepSpec spec) const = 0;

    /// Error "migration.unknown_tool".
    [[nodiscard]] static Result<const MigrationTool *> named(const QString &name);
    [[nodiscard]] static QStringList names();
    struct Registration {
        Registration(const QString &name, std::unique_ptr<MigrationTool> tool);
    };
};

/// The key "migrations" of a database of target.yaml: a folder, or a map that names the tool.
void readMigrationSpec(yaml::Map &map, DatabaseSpec &database);

/// For MigrationTool::checkCode().
[[nodiscard]] Error notInRelease(const DatabaseSpec &database, const StagedRelease &release, const QStringList &revisions);
[[nodiscard]] Error neededByRelease(const DatabaseSpec &database, const StagedRelease &release, const QStringList &revisions);

/// The database that a step of either kind is about. Error "migration.no_database".
[[nodiscard]] Result<DatabaseSpec> migratedDatabase(const StepSpec &spec, const Target &target);

/** A migration that a way back leaves in place, and why. */
struct KeptMigration {
    Message why; ///< Empty: it is gone.
    QString phase; ///< "expand", "contract", "data".
    QString head = {}; ///< The database's, as it stays.
};
/// Tells so, and asks first unless the phase is one that earlier code is known to work with.
[[nodiscard]] Result<> keepMigration(StepContext &context, const StepSpec &spec, const KeptMigration &kept);
/// A step found that more goes than its plan counted. Nothing has gone; a person has to agree to as much
/// as taken, and what writers may add meanwhile. The error has the code, with revision and figures.
[[nodiscard]] Error askForLoss(StepContext &context, const StepSpec &spec, const QString &code, const LossLimit &planned, const Loss &limit, const Loss &taken);
/// For a downgrade that is found done behind an interruption before it told what it took: it may be as much as was
/// agreed to, by the plan or by a person, and does not come back.
void tellWhatWasAgreedTo(StepContext &context, const StepSpec &spec);

} // namespace cutover
