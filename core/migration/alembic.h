// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "migration/alembichistory.h"
#include "system/processes.h"
#include "target/target.h"

#include <stop_token>

/**
 * Alembic by its own command line. The contract with a project's env.py:
 *
 * - Alembic runs in the folder that target.yaml names, of the release, with the ini file there.
 * - Without "url_variable": env.py reads the URL as Alembic's own templates do, by
 *   config.get_main_option("sqlalchemy.url") or engine_from_config(config.get_section(…)). It gets the
 *   project's ini file with that one option set, from memory; "%(here)s" is still the project's folder.
 * - With "url_variable: NAME": env.py reads the URL from that environment variable; the ini file is the project's own.
 * - The URL never holds the password, so it stands in no argument list, environment or log: libpq
 *   (psycopg, psycopg2, and asyncpg likewise) takes it from a password file that exists in memory only,
 *   named by PGPASSFILE. A driver that does not read password files (pg8000) can't be used with a password.
 * - Sessions are named by PGAPPNAME ("cutover alembic") and get lock_timeout, no statement_timeout, and a
 *   check that the client still lives by PGOPTIONS. An env.py that sets application_name itself takes
 *   away how a session left over from a killed Alembic is found.
 * - One command runs one revision, so on PostgreSQL each is a transaction of its own, whether
 *   env.py sets transaction_per_migration or not; except for what an autocommit_block or a COMMIT of its own
 *   parts, and where env.py or the ini file sets the isolation level AUTOCOMMIT. Such revisions are named in the plan with what
 *   commits by itself; a failure tells a part that was done.
 * - env.py must connect to that database, and keep the table alembic_version under this name.
 *
 * Release code runs here: revision files and env.py are Python. Nothing is written into the release's
 * folder. Event-loop thread. Codes "alembic.*".
 */
namespace cutover::alembic {

struct Project {
    DatabaseSpec database;
    QString release; ///< Folder of the release, or of a working tree.
    QList<int> inherit = {}; ///< Descriptors that Alembic keeps: the run lock.
    std::function<void(const QString &line)> onLine = {}; ///< Each line that it writes while it changes something.

    [[nodiscard]] QString folder() const;
    [[nodiscard]] QString ini() const;
    [[nodiscard]] QString program() const;
};

/// The project's revisions. Needs no database.
[[nodiscard]] Async<History> history(Project project, std::stop_token stop);
/// The revisions that Alembic finds in the database: "alembic current".
[[nodiscard]] Async<QStringList> current(Project project, std::stop_token stop);
/// The only head, empty where there is no revision. Error "alembic.several_heads" names them.
[[nodiscard]] Result<QString> onlyHead(const History &history, const Project &project);

enum class Direction { Up,
                       Down };
/** What "--sql" prints, or why it can't. */
struct Script {
    QString sql;
    Error whyNot; ///< Empty code: it could. Else the revision has to ask the database, and runs online only.
};
/// Of one revision, without connecting: it is not said yet that the database is there.
[[nodiscard]] Async<Script> script(Project project, Revision revision, Direction direction, std::stop_token stop);

/// "alembic upgrade" and "downgrade" to a revision, "head", "base" or by steps ("+1", "-1"). What it says when it
/// ends with another code than 0 tells failure().
[[nodiscard]] Async<ProcessResult> move(Project project, Direction direction, QString to, std::stop_token stop);
/// Why it ended with another code than 0: names revision, statement and file. A lock held by others is Transient
/// ("alembic.locked"), as is a lost connection. revision: the one that was meant to run; empty: as its log tells.
[[nodiscard]] Error failure(const Project &project, const ProcessResult &result, const QString &revision, const QStringList &lockHolders);

/// A new revision file behind the head: empty, or from how the models differ from the database. Its path.
[[nodiscard]] Async<QString> create(Project project, QString message, bool autogenerate, std::stop_token stop);

/// Heads that the database itself tells, sorted; no Alembic runs. Blocking: from a Worker.
[[nodiscard]] Result<QStringList> recordedHeads(const DatabaseSpec &database);

/// Indexes that are there and not valid, "SCHEMA.INDEX", sorted: one that CREATE INDEX CONCURRENTLY has begun. Blocking: from a Worker.
[[nodiscard]] Result<QStringList> invalidIndexes(const DatabaseSpec &database);

/// The database's URL as SQLAlchemy writes it, without a password. Error "alembic.url".
[[nodiscard]] Result<QString> urlOf(const DatabaseSpec &database);
/// An ini file's text with sqlalchemy.url set in its section [alembic], and %(here)s filled in.
/// Error "alembic.ini_section".
[[nodiscard]] Result<QString> iniWithUrl(const QString &text, const QString &url, const QString &file);

/// How sessions of Alembic are named on the server.
constexpr QLatin1StringView applicationName("cutover alembic");

} // namespace cutover::alembic
