// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/sqlite.h"

#include "database/lockholders.h"
#include "system/sqlitevfs.h"

#include <QElapsedTimer>
#include <QFileInfo>
#include <QJsonArray>

#include <sqlite3.h>

using namespace Qt::StringLiterals;

namespace cutover::sqlite {

struct Connection::Private {
    ~Private() { sqlite3_close(handle); }

    sqlite3 *handle = nullptr;
    QString file;
    std::stop_token stop;
    int waitMs = 0;
    QElapsedTimer waiting; ///< For the lock under way.

    static int busy(void *self, int tries)
    {
        auto *d = static_cast<Private *>(self);
        if (tries == 0) {
            d->waiting.start();
        }
        if (d->stop.stop_requested() || d->waiting.elapsed() >= d->waitMs) {
            return 0;
        }
        sqlite3_sleep(qMin(1 + tries * 2, 25));
        return 1;
    }
    static int mayGoOn(void *self) { return static_cast<Private *>(self)->stop.stop_requested() ? 1 : 0; }
};

Connection::Connection(std::unique_ptr<Private> d)
    : d(std::move(d))
{
}
Connection::Connection(Connection &&) noexcept = default;
Connection &Connection::operator=(Connection &&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const QString &file, Mode mode, std::stop_token stop, int waitMs)
{
    installSqliteVfs();
    if (mode == Mode::Existing && !QFileInfo(file).isFile()) {
        return fail(u"database.missing"_s, {{u"file"_s, file}}, file);
    }
    auto d = std::make_unique<Private>();
    d->file = file;
    d->stop = std::move(stop);
    d->waitMs = waitMs;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == Mode::Create ? SQLITE_OPEN_CREATE : 0);
    const int code = sqlite3_open_v2(file.toUtf8().constData(), &d->handle, flags, nullptr);
    if (code == SQLITE_OK) {
        sqlite3_extended_result_codes(d->handle, 1);
        sqlite3_busy_handler(d->handle, &Private::busy, d.get());
        if (d->stop.stop_possible()) {
            sqlite3_progress_handler(d->handle, 20000, &Private::mayGoOn, d.get());
        }
    }
    Connection connection(std::move(d));
    if (code != SQLITE_OK) {
        return fail(connection.error(code));
    }
    return connection;
}

sqlite3 *Connection::handle() const
{
    return d->handle;
}

QString Connection::file() const
{
    return d->file;
}

Error Connection::error(int resultCode) const
{
    const int code = resultCode ? resultCode : sqlite3_extended_errcode(d->handle);
    const QString reason = sqlite3_errcode(d->handle) == (code & 0xff) ? QString::fromUtf8(sqlite3_errmsg(d->handle))
                                                                       : QString::fromUtf8(sqlite3_errstr(code));
    const QJsonObject args{{u"file"_s, d->file}, {u"reason"_s, reason}, {u"sqlite"_s, code}};
    const auto made = [&](const QString &name, Error::Kind kind = Error::Kind::Permanent) { return Error{name, args, kind, d->file}; };
    if (d->stop.stop_requested() && (code == SQLITE_INTERRUPT || (code & 0xff) == SQLITE_BUSY)) {
        return {u"system.cancelled"_s, {}, Error::Kind::Cancelled, d->file};
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: {
        Error error = made(u"database.locked"_s, Error::Kind::Transient);
        const QStringList holders = lockHolders(d->file);
        error.args.insert(u"waited"_s, d->waiting.isValid() ? d->waiting.elapsed() : 0);
        error.args.insert(u"who"_s, holders.isEmpty() ? u"?"_s : holders.join(u", "_s));
        return error;
    }
    case SQLITE_FULL:
        return made(u"database.no_space"_s);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return made(u"database.corrupt"_s);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return made(u"database.open"_s);
    case SQLITE_READONLY:
        return made(u"database.read_only"_s);
    case SQLITE_IOERR:
        return made(u"database.io"_s);
    default:
        return made(u"database.sql"_s);
    }
}

Result<Statement> Connection::prepare(const QString &sql, const QVariantList &values)
{
    sqlite3_stmt *prepared = nullptr;
    const QByteArray text = sql.toUtf8();
    if (const int code = sqlite3_prepare_v2(d->handle, text.constData(), int(text.size()) + 1, &prepared, nullptr); code != SQLITE_OK) {
        return fail(error(code));
    }
    Statement statement(this, prepared);
    for (qsizetype i = 0; i < values.size(); ++i) {
        if (const int code = bind(prepared, int(i) + 1, values[i]); code != SQLITE_OK) {
            return fail(error(code));
        }
    }
    return statement;
}

Result<> Connection::execute(const QString &sql, const QVariantList &values)
{
    TRY(Statement statement, prepare(sql, values));
    bool row = true;
    while (row) {
        TRY(row, statement.step());
    }
    return {};
}

Result<QVariant> Connection::value(const QString &sql, const QVariantList &values)
{
    TRY(Statement statement, prepare(sql, values));
    TRY(const bool row, statement.step());
    return row ? statement.column(0) : QVariant();
}

Result<bool> Connection::hasTable(const QString &table)
{
    TRY(const QVariant found, value(u"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE"_s, {table}));
    return found.isValid();
}

Result<> Connection::transaction(const std::function<Result<>()> &work)
{
    CHECK(execute(u"BEGIN IMMEDIATE"_s));
    Result<> done = work();
    if (done) {
        done = execute(u"COMMIT"_s);
        // A failed sync leaves it open whether a reader after a crash would see the commit.
        if (!done && done.error().code == "database.io"_L1) {
            done.error().kind = Error::Kind::Unknown;
        }
    }
    if (!done && !sqlite3_get_autocommit(d->handle)) {
        // The stop that ended the work must not end its rollback too.
        sqlite3_progress_handler(d->handle, 0, nullptr, nullptr);
        sqlite3_exec(d->handle, "ROLLBACK", nullptr, nullptr, nullptr);
        if (d->stop.stop_possible()) {
            sqlite3_progress_handler(d->handle, 20000, &Private::mayGoOn, d.get());
        }
    }
    return done;
}

Statement::Statement(const Connection *connection, sqlite3_stmt *statement)
    : m_connection(connection)
    , m_statement(statement)
{
}

Statement::Statement(Statement &&other) noexcept
    : m_connection(other.m_connection)
    , m_statement(std::exchange(other.m_statement, nullptr))
{
}

Statement &Statement::operator=(Statement &&other) noexcept
{
    std::swap(m_connection, other.m_connection);
    std::swap(m_statement, other.m_statement);
    return *this;
}

Statement::~Statement()
{
    sqlite3_finalize(m_statement);
}

Result<bool> Statement::step()
{
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return code == SQLITE_ROW;
    }
    return fail(m_connection->error(code));
}

QVariant Statement::column(int index) const
{
    switch (sqlite3_column_type(m_statement, index)) {
    case SQLITE_INTEGER:
        return qint64(sqlite3_column_int64(m_statement, index));
    case SQLITE_FLOAT:
        return sqlite3_column_double(m_statement, index);
    case SQLITE_TEXT:
        return QString::fromUtf8(reinterpret_cast<const char *>(sqlite3_column_text(m_statement, index)),
                                 sqlite3_column_bytes(m_statement, index));
    case SQLITE_BLOB:
        return QByteArray(static_cast<const char *>(sqlite3_column_blob(m_statement, index)),
                          sqlite3_column_bytes(m_statement, index));
    default:
        return {};
    }
}

int bind(sqlite3_stmt *statement, int index, const QVariant &value)
{
    switch (value.typeId()) {
    case QMetaType::UnknownType:
        return sqlite3_bind_null(statement, index);
    case QMetaType::Bool:
    case QMetaType::Int:
    case QMetaType::UInt:
    case QMetaType::LongLong:
        return sqlite3_bind_int64(statement, index, value.toLongLong());
    case QMetaType::Double:
        return sqlite3_bind_double(statement, index, value.toDouble());
    case QMetaType::QByteArray: {
        const QByteArray bytes = value.toByteArray();
        return sqlite3_bind_blob(statement, index, bytes.constData(), int(bytes.size()), SQLITE_TRANSIENT);
    }
    default: {
        const QByteArray text = value.toString().toUtf8();
        return sqlite3_bind_text(statement, index, text.constData(), int(text.size()), SQLITE_TRANSIENT);
    }
    }
}

QString quoted(const QString &identifier)
{
    QString text = identifier;
    return u'"' + text.replace(u'"', u"\"\""_s) + u'"';
}

} // namespace cutover::sqlite
