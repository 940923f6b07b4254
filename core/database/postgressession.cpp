// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgressession.h"

#include "config/secrets.h"
#include "database/postgresactivity.h"
#include "database/postgresplaces.h"
#include "database/postgresrefusal.h"
#include "system/faultpoints.h"

#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlDriver>
#include <QSqlError>
#include <QSqlQuery>
#include <QSqlRecord>
#include <QThreadPool>

#include <atomic>
#include <libpq-fe.h>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

constexpr int connectSeconds = 10;

/// Keyword and value, quoted as in libpq's connection strings.
void add(QString &text, QLatin1StringView key, const QString &value)
{
    if (!value.isEmpty()) {
        QString inner = value;
        inner.replace(u'\\', u"\\\\"_s).replace(u'\'', u"\\'"_s);
        text += (text.isEmpty() ? QString() : u" "_s) + key + u"='"_s + inner + u'\'';
    }
}

/// The first line that tells something, without libpq's repetition of where.
QString reasonOf(const QString &text)
{
    const QStringList lines = text.split(u'\n', Qt::SkipEmptyParts);
    QString reason = lines.isEmpty() ? text : lines.first().trimmed();
    if (const qsizetype fatal = reason.indexOf("FATAL:"_L1); fatal >= 0) {
        reason = reason.mid(fatal + 6).trimmed();
    }
    while (reason.endsWith(u'.')) {
        reason.chop(1);
    }
    return reason;
}

QJsonObject about(const DatabaseSpec &spec, const QString &database, const QString &reason)
{
    return {{u"database"_s, spec.name}, {u"address"_s, addressOf(spec, database)}, {u"reason"_s, reason}};
}

/// Qt would take "?" and ":name" for its own, so "$1" is filled in here; in one pass, so that a value's
/// own text is never taken for a place.
QString filled(const QString &sql, const QVariantList &values)
{
    static const QRegularExpression place(u"\\$([1-9])"_s);
    QString text;
    qsizetype at = 0;
    for (const auto &match : place.globalMatch(sql)) {
        const QVariant value = values.value(match.captured(1).toInt() - 1);
        const bool number = value.typeId() == QMetaType::Int || value.typeId() == QMetaType::LongLong;
        text += QStringView(sql).sliced(at, match.capturedStart() - at);
        text += value.isNull() ? u"NULL"_s : number ? value.toString()
                                                    : literal(value.toString());
        at = match.capturedEnd();
    }
    return text + QStringView(sql).sliced(at);
}

std::unexpected<Error> cancelled()
{
    return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
}

} // namespace

struct Session::Private {
    DatabaseSpec spec;
    QString name; ///< Of the connection within Qt.
    QString database;
    int version = 0;
    QSqlDatabase connection;
    std::shared_ptr<PGcancel> cancel;
    std::stop_token stop;

    Error errorOf(const QSqlError &error);
};

Session::Session(std::unique_ptr<Private> d)
    : d(std::move(d))
{
}

Session::~Session()
{
    d->cancel.reset();
    d->connection.close();
    d->connection = QSqlDatabase();
    QSqlDatabase::removeDatabase(d->name);
}

QString addressOf(const DatabaseSpec &spec, const QString &database)
{
    const PostgresSpec &place = spec.postgres;
    const QString name = database.isEmpty() ? place.database : database;
    if (!place.service.isEmpty() && place.host.isEmpty()) {
        return u"service "_s + place.service + (name.isEmpty() ? QString() : QString(u'/' + name));
    }
    const QString host = place.host.isEmpty() ? u"localhost"_s : place.host.contains(u':') ? QString(u'[' + place.host + u']')
                                                                                           : place.host;
    return host + u':' + QString::number(place.port > 0 ? place.port : 5432) + u'/' + name;
}

QString connectionString(const DatabaseSpec &spec, const QString &database)
{
    const PostgresSpec &place = spec.postgres;
    QString text;
    add(text, "service"_L1, place.service);
    add(text, "host"_L1, place.host);
    add(text, "port"_L1, place.port > 0 ? QString::number(place.port) : QString());
    add(text, "dbname"_L1, database.isEmpty() ? place.database : database);
    add(text, "user"_L1, place.user);
    add(text, "sslmode"_L1, place.sslMode);
    add(text, "sslrootcert"_L1, place.sslRootCertificate);
    add(text, "connect_timeout"_L1, QString::number(connectSeconds));
    const auto liveness = livenessOptions();
    for (const auto &[key, value] : liveness) {
        add(text, key, value);
    }
    return text;
}

QList<std::pair<QLatin1StringView, QString>> livenessOptions()
{
    // Asked for life after 15 s of silence, given up after four answers that did not come; what was sent and is not acknowledged
    // ends it after a minute.
    return {{"keepalives_idle"_L1, u"15"_s}, {"keepalives_interval"_L1, u"10"_s}, {"keepalives_count"_L1, u"4"_s}, {"tcp_user_timeout"_L1, u"60000"_s}};
}

QStringList timeouts(int serverVersion)
{
    QStringList names{u"statement_timeout"_s, u"idle_in_transaction_session_timeout"_s};
    if (serverVersion >= 140000) {
        names.append(u"idle_session_timeout"_s);
    }
    if (serverVersion >= 170000) {
        names.append(u"transaction_timeout"_s);
    }
    return names;
}

Result<QString> passwordOf(const DatabaseSpec &spec)
{
    return spec.postgres.password.isEmpty() ? Result<QString>(QString()) : resolveSecret(spec.postgres.password);
}

Result<> isReachable(const DatabaseSpec &spec, const QString &reason)
{
    switch (PQping(connectionString(spec).toUtf8().constData())) {
    case PQPING_OK:
        return {};
    case PQPING_NO_ATTEMPT:
        return fail(u"database.connection_settings"_s, about(spec, {}, reason), addressOf(spec));
    case PQPING_REJECT:
    case PQPING_NO_RESPONSE:
        break;
    }
    return fail(u"database.unreachable"_s, about(spec, {}, reason), addressOf(spec), Error::Kind::Transient);
}

QString quoted(const QString &identifier)
{
    QString inner = identifier;
    return u'"' + inner.replace(u'"', u"\"\""_s) + u'"';
}

QString literal(const QString &text)
{
    QString inner = text;
    const bool escapes = inner.contains(u'\\');
    inner.replace(u'\\', u"\\\\"_s).replace(u'\'', u"''"_s);
    return (escapes ? u" E'"_s : u"'"_s) + inner + u'\'';
}

Result<std::unique_ptr<Session>> Session::open(const DatabaseSpec &spec, const QString &database, std::stop_token stop)
{
    if (stop.stop_requested()) {
        return cancelled();
    }
    TRY(const QString password, passwordOf(spec));
    static std::atomic<int> count = 0;
    auto d = std::make_unique<Private>();
    d->spec = spec;
    d->stop = std::move(stop);
    d->name = u"cutover-postgres-%1"_s.arg(++count);
    d->connection = QSqlDatabase::addDatabase(u"QPSQL"_s, d->name);
    std::unique_ptr<Session> session(new Session(std::move(d)));
    Private &own = *session->d;
    if (!own.connection.isValid()) {
        return fail(u"database.no_driver"_s, {{u"database"_s, spec.name}, {u"driver"_s, u"QPSQL"_s}});
    }
    const PostgresSpec &place = spec.postgres;
    own.connection.setHostName(place.host);
    if (place.port > 0) {
        own.connection.setPort(place.port);
    }
    own.connection.setDatabaseName(database.isEmpty() ? place.database : database);
    own.connection.setUserName(place.user);
    own.connection.setPassword(password);
    QString options;
    add(options, "service"_L1, place.service);
    add(options, "sslmode"_L1, place.sslMode);
    add(options, "sslrootcert"_L1, place.sslRootCertificate);
    add(options, "connect_timeout"_L1, QString::number(connectSeconds));
    add(options, "application_name"_L1, u"cutover"_s);
    const auto liveness = livenessOptions();
    for (const auto &[key, value] : liveness) {
        add(options, key, value);
    }
    own.connection.setConnectOptions(options);
    if (!own.connection.open()) {
        const QString reason = reasonOf(own.connection.lastError().databaseText());
        CHECK(isReachable(spec, reason));
        // The texts are the server's and may be in any language; what isn't known is a refusal.
        if (reason.contains("too many"_L1) || reason.contains("connection slots"_L1)) {
            return fail(u"database.too_many_connections"_s, about(spec, database, reason), addressOf(spec, database), Error::Kind::Transient);
        }
        const QString wanted = database.isEmpty() ? databaseName(spec) : database;
        if (!wanted.isEmpty() && wanted != place.maintenanceDatabase) {
            if (const auto server = open(spec, place.maintenanceDatabase)) {
                const auto found = (*server)->rows(u"SELECT datallowconn FROM pg_database WHERE datname = $1"_s, {wanted});
                // Closed by a restore on its way: we are the ones who still get in.
                if (found && found->isEmpty() && wanted == databaseName(spec)) {
                    const QString closed = closedName(wanted);
                    if (const auto there = exists(**server, closed); there && *there) {
                        return open(spec, closed, std::move(own.stop));
                    }
                }
                if (found && found->isEmpty()) {
                    return fail(u"database.absent"_s, about(spec, wanted, reason), addressOf(spec, wanted));
                }
                if (found && !found->first().value(0).toBool()) {
                    return fail(u"database.fenced"_s, about(spec, wanted, reason), addressOf(spec, wanted));
                }
                // 3D000: the server knows it by name and has no folder of it.
                if (const QString state = refusalOf(spec, wanted, password); found && (state == "3D000"_L1 || meansDamage(state))) {
                    QJsonObject args = about(spec, wanted, reason);
                    args.insert(u"file"_s, addressOf(spec, wanted));
                    return fail(u"database.corrupt"_s, args, addressOf(spec, wanted));
                }
            }
        }
        return fail(u"database.refused"_s, about(spec, database, reason), addressOf(spec, database));
    }
    const QVariant handle = own.connection.driver()->handle();
    // PGconn is a name for pg_conn; Qt's versions differ in which of them they tell.
    if (qstrcmp(handle.typeName(), "PGconn*") != 0 && qstrcmp(handle.typeName(), "pg_conn*") != 0) {
        return fail(u"database.no_driver"_s, {{u"database"_s, spec.name}, {u"driver"_s, u"QPSQL"_s}});
    }
    PGconn *connection = *static_cast<PGconn *const *>(handle.constData());
    own.cancel = std::shared_ptr<PGcancel>(PQgetCancel(connection), PQfreeCancel);
    own.version = PQserverVersion(connection);
    own.database = QString::fromUtf8(PQdb(connection));
    CHECK(session->execute(u"SET lock_timeout = %1"_s.arg(lockWaitMs)));
    CHECK(session->execute(u"SET standard_conforming_strings = on"_s));
    // Notices would land on our standard error.
    CHECK(session->execute(u"SET client_min_messages = error"_s));
    // Neither a long count nor the wait for pg_dump may end us.
    const QStringList limits = timeouts(own.version);
    for (const QString &limit : limits) {
        CHECK(session->execute(u"SET %1 = 0"_s.arg(limit)));
    }
    // Names in definitions are always written out with their schema.
    CHECK(session->execute(u"SET search_path = pg_catalog"_s));
    return session;
}

Error Session::Private::errorOf(const QSqlError &error)
{
    const QString state = error.nativeErrorCode();
    QString reason = reasonOf(error.databaseText());
    reason.remove("ERROR:"_L1);
    reason = reason.trimmed();
    QJsonObject args = about(spec, database, reason);
    args.insert(u"state"_s, state);
    const QString where = addressOf(spec, database);
    // Source: PostgreSQL, Appendix A, error codes.
    if (state == "57014"_L1 && stop.stop_requested()) {
        return {u"system.cancelled"_s, {}, Error::Kind::Cancelled, {}};
    }
    if (state == "55P03"_L1 || state == "40P01"_L1) {
        args.insert(u"file"_s, where);
        args.insert(u"waited"_s, lockWaitMs);
        args.insert(u"who"_s, lockHoldersText(spec));
        return {u"database.locked"_s, args, Error::Kind::Transient, where};
    }
    if (state == "53100"_L1) {
        return {u"database.server_disk_full"_s, args, Error::Kind::Permanent, where};
    }
    if (state == "42501"_L1) {
        return {u"database.no_right"_s, args, Error::Kind::Permanent, where};
    }
    if (state == "55006"_L1) {
        return {u"database.in_use"_s, args, Error::Kind::Transient, where};
    }
    // A file of a table that is not there. Of a library that is not there the code is the same.
    const bool noFile = (state == "58P01"_L1 || state == "58030"_L1) && (reason.contains("\"base/"_L1) || reason.contains("\"global/"_L1) || reason.contains("\"pg_tblspc/"_L1));
    if (state == "XX001"_L1 || state == "XX002"_L1 || noFile) {
        args.insert(u"file"_s, where);
        return {u"database.corrupt"_s, args, Error::Kind::Permanent, where};
    }
    // 08…: connection; 57P…: the server is going down or the session was ended; 53…: out of something.
    if (state.isEmpty() || state.startsWith("08"_L1) || state.startsWith("57P"_L1)) {
        return {u"database.connection_lost"_s, args, Error::Kind::Transient, where};
    }
    if (state.startsWith("53"_L1) || state == "40001"_L1) {
        return {u"database.busy"_s, args, Error::Kind::Transient, where};
    }
    args.insert(u"file"_s, where);
    return {u"database.sql"_s, args, Error::Kind::Permanent, where};
}

Result<QList<Row>> Session::rows(const QString &sql, const QVariantList &values)
{
    if (d->stop.stop_requested()) {
        return cancelled();
    }
    // libpq's cancel request is the one thing that may be done from another thread; it waits for the
    // server's answer, so not on the one that asks to stop.
    const std::stop_callback onStop(d->stop, [cancel = d->cancel] {
        QThreadPool::globalInstance()->start([cancel] {
            char why[256];
            PQcancel(cancel.get(), why, sizeof why);
        });
    });
    QSqlQuery query(d->connection);
    // The whole result at once, with an error that comes in its middle.
    if (!query.exec(values.isEmpty() ? sql : filled(sql, values))) {
        return fail(d->errorOf(query.lastError()));
    }
    QList<Row> found;
    const int columns = query.record().count();
    while (query.next()) {
        Row row;
        for (int i = 0; i < columns; ++i) {
            row.append(query.value(i));
        }
        found.append(row);
    }
    return found;
}

Result<> Session::execute(const QString &sql, const QVariantList &values)
{
    CHECK(rows(sql, values));
    return {};
}

Result<> Session::change(const QString &sql, const QVariantList &values)
{
    if (const int fault = faultpoints::hit(faultpoints::Kind::DatabaseSync, "postgres")) {
        return failErrno(u"database.io"_s, fault, addressOf(d->spec, d->database), {{u"file"_s, addressOf(d->spec, d->database)}});
    }
    return execute(sql, values);
}

Result<QVariant> Session::value(const QString &sql, const QVariantList &values)
{
    TRY(const QList<Row> found, rows(sql, values));
    return found.isEmpty() ? QVariant() : found.first().value(0);
}

Result<> Session::transaction(const std::function<Result<>()> &work)
{
    CHECK(execute(u"BEGIN"_s));
    if (const Result<> done = work(); !done) {
        // A stop may have been asked for meanwhile; the server undoes it with the connection at the latest.
        QSqlQuery(d->connection).exec(u"ROLLBACK"_s);
        return done;
    }
    Result<> committed = change(u"COMMIT"_s);
    if (!committed && (committed.error().code == "database.connection_lost"_L1 || committed.error().kind == Error::Kind::Cancelled)) {
        committed.error().kind = Error::Kind::Unknown;
    }
    if (!committed) {
        QSqlQuery(d->connection).exec(u"ROLLBACK"_s);
    }
    return committed;
}

void Session::setStop(std::stop_token stop)
{
    d->stop = std::move(stop);
}

QString Session::database() const
{
    return d->database;
}

int Session::version() const
{
    return d->version;
}

} // namespace cutover::postgres
