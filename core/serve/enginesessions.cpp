// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/enginesessions.h"

#include "database/postgresactivity.h"
#include "database/postgressession.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTimeZone>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"database.session_name",
     QT_TRANSLATE_NOOP("catalogue", "“%{session}” names no session; expected is what “cutoverctl database sessions” shows, such as 4711-1764117600123."),
     QT_TRANSLATE_NOOP("catalogue", "List the sessions and copy the name.")},
    {"database.no_postgres",
     QT_TRANSLATE_NOOP("catalogue", "The target has no PostgreSQL database “%{database}”."),
     QT_TRANSLATE_NOOP("catalogue", "Name one of the databases of target.yaml whose driver is postgresql.")},
    {"database.sessions_hidden",
     QT_TRANSLATE_NOOP("catalogue", "Of %{count} %{count|session|sessions} of other roles in “%{database}” the server does not tell %{role} whether a transaction is open."),
     QT_TRANSLATE_NOOP("catalogue", "Let a superuser run GRANT pg_read_all_stats TO %{role}.")},
    {"database.sessions_unnamed",
     QT_TRANSLATE_NOOP("catalogue", "%{count} %{count|session|sessions} in “%{database}” that others wait for can't be ended from here: since when %{count|it is|they are} there is hidden from %{role}."),
     QT_TRANSLATE_NOOP("catalogue", "Let a superuser run GRANT pg_read_all_stats TO %{role}.")},
    {"database.session_ended",
     QT_TRANSLATE_NOOP("catalogue", "The session with pid %{pid} in “%{database}”, there since %{started:time}, was ended.")},
}};

QJsonObject sessionFrom(const DatabaseSpec &spec, const postgres::Activity &activity, bool blocks)
{
    const auto text = [](const QDateTime &time) { return time.isValid() ? time.toUTC().toString(Qt::ISODateWithMs) : QString(); };
    return {{u"database"_s, spec.name},
            // A pid alone may be another session's by the time that somebody ends it.
            {u"session"_s, activity.started.isValid() ? QString(u"%1-%2"_s.arg(activity.pid).arg(activity.started.toMSecsSinceEpoch())) : QString()},
            {u"pid"_s, activity.pid},
            {u"started"_s, text(activity.started)},
            {u"application"_s, activity.application},
            {u"user"_s, activity.user},
            {u"client"_s, activity.client},
            {u"state"_s, activity.state},
            {u"since"_s, text(activity.transactionStart)},
            {u"blocks"_s, blocks}};
}

struct Sessions {
    QJsonArray listed;
    QJsonArray hidden; ///< A message for each database of which not all may be seen.
};

Result<Sessions> sessionsOf(const DatabaseSpec &spec)
{
    TRY(const auto session, postgres::Session::open(spec));
    TRY(const auto holders, postgres::lockHolders(*session));
    TRY(const auto open, postgres::longTransactions(*session, 0));
    TRY(const auto hidden, postgres::hiddenSessions(*session));
    QMap<qint64, QJsonObject> found;
    for (const postgres::Activity &activity : open) {
        found.insert(activity.pid, sessionFrom(spec, activity, false));
    }
    for (const postgres::Activity &activity : holders) {
        found.insert(activity.pid, sessionFrom(spec, activity, true));
    }
    Sessions all;
    for (const QJsonObject &each : std::as_const(found)) {
        all.listed.append(each);
    }
    // Those in others' way are listed whosever they are.
    const auto isHidden = [](const postgres::Activity &holder) { return !holder.started.isValid(); };
    const qint64 unnamed = std::ranges::count_if(holders, isHidden);
    if (unnamed > 0) {
        all.hidden.append(Message{u"database.sessions_unnamed"_s, {{u"count"_s, unnamed}, {u"database"_s, spec.name}, {u"role"_s, hidden.role}}}.toJson());
    }
    if (const qint64 count = hidden.count - unnamed; count > 0) {
        all.hidden.append(Message{u"database.sessions_hidden"_s, {{u"count"_s, count}, {u"database"_s, spec.name}, {u"role"_s, hidden.role}}}.toJson());
    }
    return all;
}

} // namespace

Async<QJsonObject> databaseSessions(Target target)
{
    QJsonArray all;
    QJsonArray hidden;
    for (const DatabaseSpec &spec : std::as_const(target.databases)) {
        if (spec.driver == "postgresql"_L1) {
            Worker worker;
            CO_TRY(const Sessions found, co_await worker.run([spec] { return sessionsOf(spec); }));
            for (const auto &session : found.listed) {
                all.append(session);
            }
            for (const auto &message : found.hidden) {
                hidden.append(message);
            }
        }
    }
    co_return QJsonObject{{u"sessions"_s, all}, {u"hidden"_s, hidden}};
}

Async<QJsonObject> endDatabaseSession(Target target, QString database, QString session)
{
    static const QRegularExpression name(u"\\A([0-9]{1,9})-([0-9]{1,15})\\z"_s);
    const auto match = name.match(session);
    if (!match.hasMatch()) {
        co_return fail(u"database.session_name"_s, {{u"session"_s, session.left(60)}});
    }
    const DatabaseSpec *spec = target.database(database);
    if (!spec || spec->driver != "postgresql"_L1) {
        co_return fail(u"database.no_postgres"_s, {{u"database"_s, database}}, target.path);
    }
    const qint64 pid = match.captured(1).toLongLong();
    const QDateTime started = QDateTime::fromMSecsSinceEpoch(match.captured(2).toLongLong(), QTimeZone::UTC);
    CO_CHECK(co_await postgres::terminateSession(*spec, pid, started));
    co_return QJsonObject{{u"database"_s, database}, {u"pid"_s, pid}, {u"started"_s, started.toString(Qt::ISODateWithMs)}};
}

} // namespace cutover
