// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgresrefusal.h"

#include "database/postgressession.h"

#include <QDeadlineTimer>
#include <QRegularExpression>

#include <libpq-fe.h>
#include <memory>
#include <poll.h>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

constexpr int longestMs = 10000;

struct Finish {
    void operator()(PGconn *connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finish>;

} // namespace

QString refusalOf(const DatabaseSpec &spec, const QString &database, const QString &password)
{
    const QByteArray place = connectionString(spec, database).toUtf8();
    const QByteArray secret = password.toUtf8();
    const char *const keys[]{"dbname", secret.isEmpty() ? nullptr : "password", nullptr};
    const char *const values[]{place.constData(), secret.constData(), nullptr};
    const Connection connection(PQconnectStartParams(keys, values, 1));
    if (!connection) {
        return {};
    }
    // What was refused has no result to ask; the code comes with the text, in front of it.
    PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
    const QDeadlineTimer deadline(longestMs);
    for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED; next = PQconnectPoll(connection.get())) {
        pollfd waiting{PQsocket(connection.get()), short(next == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
        if (waiting.fd < 0 || ::poll(&waiting, 1, int(deadline.remainingTime())) <= 0) {
            return {};
        }
    }
    // Behind the severity, which may be five letters as well; a code has a digit.
    static const QRegularExpression code(u":\\s+(?=[A-Z]*[0-9])([0-9A-Z]{5}): "_s);
    const QString said = QString::fromUtf8(PQerrorMessage(connection.get()));
    const QString state = code.match(said).captured(1);
    // A library that is to be loaded at connecting is missed by the same code; only a file of the database's own is damage.
    static const QRegularExpression ownFile(u"(?<![\\w./-])(?:base|global|pg_tblspc|pg_[a-z]?xact|pg_multixact)/|PG_VERSION"_s);
    return state == "58P01"_L1 && !said.contains(ownFile) ? QString() : state;
}

bool meansDamage(const QString &state)
{
    // Source: PostgreSQL, Appendix A: internal error, corrupted data and index; system error, I/O error,
    // undefined file; and the one for a folder without its version file.
    return state.startsWith("XX"_L1) || state.startsWith("58"_L1) || state == "22023"_L1;
}

QString databaseName(const DatabaseSpec &spec)
{
    if (!spec.postgres.database.isEmpty()) {
        return spec.postgres.database;
    }
    const Connection connection(PQconnectStart(connectionString(spec).toUtf8().constData()));
    return connection ? QString::fromUtf8(PQdb(connection.get())) : QString();
}

} // namespace cutover::postgres
