// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/alembic.h"

#include "config/secrets.h"
#include "database/lockholders.h"
#include "database/postgresschema.h"
#include "database/schema.h"
#include "migration/alembicerror.h"
#include "system/files.h"
#include "system/memoryfile.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QRegularExpression>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

constexpr int lastSignal = 64;

/** What one command may do, and who hears of it. */
struct Command {
    QStringList arguments;
    bool connects = true;
    bool tells = false; ///< Lines go to the project's onLine.
};

QString option(const DatabaseSpec &database, QLatin1StringView key, const QString &fallback = {})
{
    return database.migrationTool.options[key].toString(fallback);
}

/// Whoever waits for a lock has everybody else wait behind: shorter than health checks are patient.
constexpr int lockWaitMs = 3000;

qint64 number(const DatabaseSpec &database, QLatin1StringView key, qint64 fallback)
{
    return database.migrationTool.options[key].toInteger(fallback);
}

/// Settings of each session, for libpq. None has a blank.
QString sessionOptions(const DatabaseSpec &database, int serverVersion)
{
    QString options = u"-c lock_timeout=%1"_s.arg(number(database, "lockWaitMs"_L1, lockWaitMs));
    const QStringList limits = postgres::timeouts(serverVersion);
    for (const QString &limit : limits) {
        options += u" -c %1=0"_s.arg(limit);
    }
    if (serverVersion >= 140000) {
        // A killed Alembic's statement ends soon after it, and with it the transaction.
        options += u" -c client_connection_check_interval=1000"_s;
    }
    return options;
}

Result<QString> generatedIni(const Project &project)
{
    TRY(const QByteArray text, files::read(project.ini()));
    TRY(const QString url, urlOf(project.database));
    return iniWithUrl(QString::fromUtf8(text), url, project.ini());
}

Result<int> serverVersion(const DatabaseSpec &database)
{
    TRY(const auto session, postgres::Session::open(database));
    return session->version();
}

Async<ProcessResult> run(Project project, Command command, std::stop_token stop)
{
    const DatabaseSpec &database = project.database;
    if (!QFileInfo(project.ini()).isFile()) {
        co_return fail(u"alembic.no_ini"_s, {{u"file"_s, project.ini()}, {u"database"_s, database.name}}, project.ini());
    }
    ProcessSpec process;
    process.program = project.program();
    process.workingDirectory = project.folder();
    process.inherit = project.inherit;
    process.timeoutMs = number(database, "timeoutMs"_L1, 0);
    // English, so that we can tell what went wrong, and nothing written into the release.
    process.environment.insert(u"LC_ALL"_s, u"C.UTF-8"_s);
    process.environment.insert(u"LANGUAGE"_s, u"C"_s);
    process.environment.insert(u"PYTHONUNBUFFERED"_s, u"1"_s);
    process.environment.insert(u"PYTHONDONTWRITEBYTECODE"_s, u"1"_s);
    process.environment.insert(u"PYTHONIOENCODING"_s, u"utf-8"_s);
    process.environment.insert(u"COLUMNS"_s, u"200"_s);
    process.environment.remove(u"PGPASSWORD"_s);
    MemoryFile ini, password;
    SecretMask mask;
    if (const QString variable = option(database, "urlVariable"_L1); !variable.isEmpty()) {
        CO_TRY(const QString url, urlOf(database));
        process.environment.insert(variable, url);
        process.arguments << u"--config"_s << project.ini();
    } else {
        CO_TRY(const QString text, generatedIni(project));
        CO_CHECK(ini.write(text.toUtf8()));
        process.inherit.append(ini.descriptor());
        process.arguments << u"--config"_s << ini.path();
    }
    if (database.driver == "postgresql"_L1 && command.connects) {
        Worker worker;
        CO_TRY(const int version, co_await worker.run([database] { return serverVersion(database); }));
        CO_TRY(const QString secret, postgres::passwordOf(database));
        if (!secret.isEmpty()) {
            QByteArray line = secret.toUtf8();
            line.replace('\\', "\\\\").replace(':', "\\:");
            CO_CHECK(password.write("*:*:*:*:" + line + '\n'));
            mask.learn(u"password"_s, secret);
            process.inherit.append(password.descriptor());
            process.environment.insert(u"PGPASSFILE"_s, password.path());
        }
        process.environment.insert(u"PGAPPNAME"_s, QString(applicationName));
        process.environment.insert(u"PGOPTIONS"_s, sessionOptions(database, version));
    }
    process.arguments += command.arguments;
    if (command.tells && project.onLine) {
        process.onLine = [onLine = project.onLine, mask](const QByteArray &line, bool) { onLine(mask.masked(QString::fromUtf8(line))); };
    }
    const QString program = process.program;
    Result<ProcessResult> result = co_await Processes::system().run(std::move(process), stop);
    if (!result && result.error().code == "process.not_found"_L1) {
        co_return fail(u"alembic.no_program"_s, {{u"program"_s, program}, {u"database"_s, database.name}}, project.folder());
    }
    if (result && result->exitCode != 0) {
        // What an env.py tells in its last words.
        result->output = mask.masked(QString::fromUtf8(result->output)).toUtf8();
        result->errorOutput = mask.masked(QString::fromUtf8(result->errorOutput)).toUtf8();
    }
    co_return result;
}

/// The output of a command that only looks.
Async<QString> outputOf(Project project, Command command, std::stop_token stop)
{
    CO_TRY(const ProcessResult result, co_await run(project, command, stop));
    if (result.exitCode != 0) {
        co_return fail(failure(project, result, {}, {}));
    }
    co_return QString::fromUtf8(result.output);
}

bool isLockTimeout(const Failure &failed)
{
    return failed.reason.contains("psycopg2.errors.LockNotAvailable"_L1) || failed.reason.contains("LockNotAvailable"_L1)
        || failed.reason.contains("due to lock timeout"_L1) || failed.reason.contains("deadlock detected"_L1) || failed.reason.contains("database is locked"_L1);
}

bool isConnection(const Failure &failed)
{
    // "connection to server at … failed: FATAL:  password authentication failed": it answered.
    static const QRegularExpression refused(u"FATAL: +(?!.*(?:shutting down|starting up|too many|terminating|recovery))"_s);
    if (failed.reason.contains(refused)) {
        return false;
    }
    for (const auto words : {"server closed the connection"_L1, "terminating connection"_L1, "connection to server"_L1, "could not connect"_L1,
                             "connection already closed"_L1, "SSL connection has been closed"_L1}) {
        if (failed.reason.contains(words)) {
            return true;
        }
    }
    return false;
}

} // namespace

QString Project::folder() const
{
    return QDir::cleanPath(release + u'/' + database.migrations);
}

QString Project::ini() const
{
    return QDir::cleanPath(folder() + u'/' + option(database, "ini"_L1, u"alembic.ini"_s));
}

QString Project::program() const
{
    const QString named = option(database, "program"_L1, u"alembic"_s);
    // With a slash it is a file of the release, as in a service's command.
    return named.contains(u'/') && !named.startsWith(u'/') ? QDir::cleanPath(release + u'/' + named) : named;
}

Async<History> history(Project project, std::stop_token stop)
{
    CO_TRY(const QString output, co_await outputOf(project, {{u"history"_s, u"--verbose"_s}, false}, stop));
    co_return History::parse(output);
}

Async<QStringList> current(Project project, std::stop_token stop)
{
    CO_TRY(const QString output, co_await outputOf(project, {{u"current"_s}}, stop));
    QStringList words;
    // "1a2b (head)", one a line.
    static const QRegularExpression line(uR"(^([\w.+-]+)(?: \((?:head|effective head|branchpoint|mergepoint|, )+\))*$)"_s, QRegularExpression::MultilineOption);
    for (const auto &match : line.globalMatch(output)) {
        words.append(match.captured(1));
    }
    words.sort();
    Worker worker;
    CO_TRY(const QStringList recorded, co_await worker.run([database = project.database] { return recordedHeads(database); }));
    if (words == recorded) {
        co_return words;
    }
    // What env.py prints ("Loading...") may look like a revision. Alembic names none that its project does not know.
    CO_TRY(const History known, co_await history(project, stop));
    words.removeIf([&known](const QString &word) { return !known.find(word); });
    co_return words;
}

Result<QString> onlyHead(const History &history, const Project &project)
{
    const QStringList heads = history.heads();
    if (heads.size() > 1) {
        return fail(u"alembic.several_heads"_s,
                    {{u"heads"_s, QJsonArray::fromStringList(history.described(heads))}, {u"branches"_s, QJsonArray::fromStringList(history.described(history.branchPoints()))}, {u"database"_s, project.database.name}},
                    project.folder());
    }
    return heads.isEmpty() ? QString() : heads.first();
}

Async<Script> script(Project project, Revision revision, Direction direction, std::stop_token stop)
{
    const QString before = revision.downRevisions.isEmpty() ? u"base"_s : revision.downRevisions.first();
    Script script;
    if (revision.downRevisions.size() > 1) {
        script.whyNot = {u"alembic.merge"_s, {{u"revision"_s, revision.revision}}, Error::Kind::Permanent, revision.file};
        co_return script;
    }
    QStringList arguments;
    if (direction == Direction::Up) {
        arguments = {u"upgrade"_s, before == "base"_L1 ? revision.revision : QString(before + u':' + revision.revision), u"--sql"_s};
    } else {
        arguments = {u"downgrade"_s, QString(revision.revision + u':' + before), u"--sql"_s};
    }
    CO_TRY(const ProcessResult result, co_await run(project, {arguments, false}, stop));
    if (result.exitCode == 0 && result.droppedBytes > 0) {
        // What is behind the cut may take away what the plan would know nothing of.
        script.whyNot = {u"alembic.long_script"_s, {{u"revision"_s, revision.revision}, {u"size"_s, result.output.size() + result.droppedBytes}, {u"read"_s, result.output.size()}}, Error::Kind::Permanent, revision.file};
    } else if (result.exitCode == 0) {
        script.sql = QString::fromUtf8(result.output).trimmed() + u'\n';
    } else {
        script.whyNot = failure(project, result, revision.revision, {});
    }
    co_return script;
}

Async<ProcessResult> move(Project project, Direction direction, QString to, std::stop_token stop)
{
    // "--" so that "-1" is no option.
    return run(std::move(project), {{direction == Direction::Up ? u"upgrade"_s : u"downgrade"_s, u"--"_s, std::move(to)}, true, true}, std::move(stop));
}

Error failure(const Project &project, const ProcessResult &result, const QString &revision, const QStringList &lockHolders)
{
    const Failure failed = parseFailure(QString::fromUtf8(result.output), QString::fromUtf8(result.errorOutput), project.release);
    const QString where = failed.file.isEmpty() ? project.folder() : QString(failed.file + u':' + QString::number(failed.line));
    QJsonObject args{{u"database"_s, project.database.name},
                     {u"revision"_s, !revision.isEmpty() ? revision : failed.revision},
                     {u"reason"_s, failed.reason.isEmpty() ? u"?"_s : failed.reason},
                     {u"statement"_s, failed.statement},
                     {u"code"_s, result.exitCode}};
    if (!failed.unknownRevision.isEmpty()) {
        args.insert(u"unknown"_s, failed.unknownRevision);
        return {u"alembic.unknown_revision"_s, args, Error::Kind::Permanent, where};
    }
    if (isLockTimeout(failed)) {
        QStringList holders = lockHolders;
        if (holders.isEmpty() && project.database.driver == "sqlite"_L1) {
            holders = cutover::lockHolders(project.database.file);
        }
        args.insert(u"holders"_s, QJsonArray::fromStringList(holders));
        args.insert(u"waited"_s, number(project.database, "lockWaitMs"_L1, lockWaitMs));
        return {holders.isEmpty() ? u"alembic.locked_unknown"_s : u"alembic.locked"_s, args, Error::Kind::Transient, where};
    }
    if (isConnection(failed)) {
        return {u"alembic.connection"_s, args, Error::Kind::Transient, where};
    }
    if (result.exitCode > 128 && result.exitCode <= 128 + lastSignal) {
        args.insert(u"signal"_s, result.exitCode - 128);
        return {u"alembic.killed"_s, args, Error::Kind::Transient, where};
    }
    if (failed.exception.isEmpty()) {
        return {u"alembic.refused"_s, args, Error::Kind::Permanent, where};
    }
    if (failed.statement.isEmpty()) {
        args.insert(u"exception"_s, failed.exception);
        return {args["revision"_L1].toString().isEmpty() ? u"alembic.raised_before"_s : u"alembic.raised"_s, args, Error::Kind::Permanent, where};
    }
    return {u"alembic.failed"_s, args, Error::Kind::Permanent, where};
}

Async<QString> create(Project project, QString message, bool autogenerate, std::stop_token stop)
{
    CO_TRY(const History before, co_await history(project, stop));
    CO_CHECK(onlyHead(before, project));
    QStringList arguments{u"revision"_s, u"--message"_s, message};
    if (autogenerate) {
        arguments << u"--autogenerate"_s;
    }
    CO_CHECK(co_await outputOf(project, {arguments, autogenerate}, stop));
    CO_TRY(const History after, co_await history(project, stop));
    for (const Revision &revision : after.revisions()) {
        if (!before.find(revision.revision)) {
            co_return revision.file;
        }
    }
    co_return fail(u"alembic.output"_s, {{u"command"_s, u"alembic revision"_s}, {u"revision"_s, QString()}}, project.folder());
}

Result<QStringList> recordedHeads(const DatabaseSpec &database)
{
    QString heads;
    if (database.driver == "postgresql"_L1) {
        TRY(const auto session, postgres::Session::open(database));
        TRY(heads, postgres::revisionOf(*session));
    } else {
        TRY(sqlite::Connection connection, sqlite::Connection::open(database.file, sqlite::Connection::Mode::Existing));
        TRY(heads, migrationHeadOf(connection));
    }
    QStringList list = heads.split(u',', Qt::SkipEmptyParts);
    list.sort();
    return list;
}

Result<QStringList> invalidIndexes(const DatabaseSpec &database)
{
    QStringList names;
    if (database.driver == "postgresql"_L1) {
        TRY(const auto session, postgres::Session::open(database));
        TRY(const auto rows, session->rows(u"SELECT n.nspname, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                                           "WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1, 2"_s));
        for (const postgres::Row &row : rows) {
            names.append(postgres::tableKey(row[0].toString(), row[1].toString()));
        }
    }
    return names;
}

Result<QString> urlOf(const DatabaseSpec &database)
{
    const auto encoded = [](const QString &text) { return QString::fromLatin1(QUrl::toPercentEncoding(text)); };
    // SQLAlchemy takes it as it stands, up to a question mark.
    const QString &name = database.driver == "sqlite"_L1 ? database.file : database.postgres.database;
    if (name.contains(u'?')) {
        return fail(u"alembic.url"_s, {{u"name"_s, name}, {u"database"_s, database.name}});
    }
    if (database.driver == "sqlite"_L1) {
        return option(database, "dialect"_L1, u"sqlite"_s) + u":///"_s + name;
    }
    const PostgresSpec &place = database.postgres;
    QString url = option(database, "dialect"_L1, u"postgresql"_s) + u"://"_s;
    if (!place.user.isEmpty()) {
        url += encoded(place.user) + u'@';
    }
    QStringList query;
    const auto add = [&](QLatin1StringView key, const QString &value) {
        if (!value.isEmpty()) {
            query.append(key + u'=' + encoded(value));
        }
    };
    if (place.host.startsWith(u'/')) {
        // The folder of a socket has no place between the slashes.
        add("host"_L1, place.host);
        add("port"_L1, place.port > 0 ? QString::number(place.port) : QString());
    } else if (!place.host.isEmpty()) {
        url += (place.host.contains(u':') ? QString(u'[' + place.host + u']') : place.host) + (place.port > 0 ? QString(u':' + QString::number(place.port)) : QString());
    } else {
        add("port"_L1, place.port > 0 ? QString::number(place.port) : QString());
    }
    url += u'/' + name;
    add("service"_L1, place.service);
    add("sslmode"_L1, place.sslMode);
    add("sslrootcert"_L1, place.sslRootCertificate);
    // Drivers that are not libpq know other names.
    if (const QString dialect = url.section(u"://"_s, 0, 0); dialect == "postgresql"_L1 || dialect.startsWith("postgresql+psycopg"_L1)) {
        const auto liveness = postgres::livenessOptions();
        for (const auto &[key, value] : liveness) {
            add(key, value);
        }
    }
    return query.isEmpty() ? url : QString(url + u'?' + query.join(u'&'));
}

Result<QString> iniWithUrl(const QString &text, const QString &url, const QString &file)
{
    const auto escaped = [](QString value) { return value.replace(u'%', u"%%"_s); };
    static const QRegularExpression header(uR"(\A\[([^\]]+)\])"_s);
    static const QRegularExpression own(uR"(\Asqlalchemy\.url\s*[=:])"_s, QRegularExpression::CaseInsensitiveOption);
    QStringList lines;
    bool inSection = false, found = false, dropping = false;
    const QStringList before = text.split(u'\n');
    for (const QString &line : before) {
        const auto match = header.match(line);
        if (match.hasMatch()) {
            inSection = match.captured(1) == "alembic"_L1;
        }
        // A value goes on in lines that are indented.
        dropping = inSection && (own.match(line).hasMatch() || (dropping && !line.trimmed().isEmpty() && line.front().isSpace()));
        if (!dropping) {
            lines.append(QString(line).replace(u"%(here)s"_s, escaped(QFileInfo(file).absolutePath())));
        }
        if (match.hasMatch() && inSection) {
            found = true;
            lines.append(u"sqlalchemy.url = "_s + escaped(url));
        }
    }
    if (!found) {
        return fail(u"alembic.ini_section"_s, {{u"file"_s, file}}, file);
    }
    return lines.join(u'\n');
}

} // namespace cutover::alembic
