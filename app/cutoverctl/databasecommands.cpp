// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"
#include "interruptible.h"
#include "session.h"

#include "backup/restorepoints.h"
#include "check/copyroom.h"
#include "database/postgresdatabase.h"
#include "run/journal.h"
#include "run/runlock.h"
#include "system/programs.h"

#include <QCoroTask>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.no_session", QT_TRANSLATE_NOOP("catalogue", "“%{session}” names %{count} of the sessions that stand in the way; exactly one was expected."),
     QT_TRANSLATE_NOOP("catalogue", "List them with “cutoverctl database sessions”; name the database by --database where there are several.")},
    {"cli.clone_database", QT_TRANSLATE_NOOP("catalogue", "“%{name}” names no PostgreSQL database of the target; it has %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "Name one by --database. An SQLite database's backup is a file that can be copied.")},
    {"cli.clone_member", QT_TRANSLATE_NOOP("catalogue", "The restore point %{point} holds no backup of “%{name}”."),
     QT_TRANSLATE_NOOP("catalogue", "Choose another one of “cutoverctl backup list”.")},
}};

QList<QStringList> sessionRows(const QJsonArray &sessions)
{
    QList<QStringList> rows{{Cli::tr("Session"), Cli::tr("Database"), Cli::tr("Program"), Cli::tr("User"), Cli::tr("From"), Cli::tr("State"),
                             Cli::tr("Transaction since"), Cli::tr("Others wait")}};
    for (const auto &each : sessions) {
        const QString session = each[u"session"].toString();
        rows.append({session.isEmpty() ? Cli::tr("hidden (pid %1)").arg(each[u"pid"].toInteger()) : session, each[u"database"].toString(), each[u"application"].toString(), each[u"user"].toString(),
                     each[u"client"].toString(), each[u"state"].toString(),
                     localTime(QDateTime::fromString(each[u"since"].toString(), Qt::ISODateWithMs)), each[u"blocks"].toBool() ? Cli::tr("yes") : Cli::tr("no")});
    }
    return rows;
}

Result<int> databaseSessions(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"database.sessions"_s)));
    const QJsonArray sessions = json[u"sessions"].toArray();
    const QJsonArray hidden = json[u"hidden"].toArray();
    if (!sessions.isEmpty()) {
        sayTable(sessionRows(sessions));
    } else if (hidden.isEmpty()) {
        say(Cli::tr("No PostgreSQL session has a transaction open or stands in others' way."));
    } else {
        say(Cli::tr("No PostgreSQL session that may be seen has a transaction open or stands in others' way."));
    }
    for (const auto &each : hidden) {
        const Message message = Message::fromJson(each.toObject());
        say(message.text());
        say(Catalogue::hint(message.code, message.args));
    }
    sayJson(json);
    return ExitOk;
}

Result<int> endSession(const Arguments &arguments)
{
    const QString name = arguments.positional(0);
    const bool dry = arguments.has(u"dry-run"_s);
    TRY(const auto engine, openEngine(arguments, dry ? EngineService::Purpose::Looking : EngineService::Purpose::Working));
    TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"database.sessions"_s)));
    QJsonArray meant;
    const QJsonArray sessions = json[u"sessions"].toArray();
    for (const auto &each : sessions) {
        if (each[u"session"].toString() == name) {
            meant.append(each);
        }
    }
    // One server's numbers are no other's.
    const QString database = arguments.value(u"database"_s, meant.size() == 1 ? meant[0][u"database"].toString() : QString());
    if (database.isEmpty()) {
        return fail(u"cli.no_session"_s, {{u"session"_s, name}, {u"count"_s, meant.size()}});
    }
    if (dry) {
        say(Cli::tr("Would be ended; what its transaction did is undone:"));
        sayTable(sessionRows(meant));
        sayJson({{u"sessions"_s, meant}, {u"ended"_s, false}});
        return ExitOk;
    }
    const ConnGuard conn(*engine);
    TRY(QJsonObject ended, QCoro::waitFor(engine->call(u"database.endSession"_s, {{u"database"_s, database}, {u"session"_s, name}, {u"confirm"_s, arguments.value(u"confirm"_s)}})));
    say(Cli::tr("The session with pid %1 in “%2” was ended.").arg(ended[u"pid"].toInteger()).arg(database));
    ended.insert(u"ended"_s, true);
    sayJson(ended);
    return ExitOk;
}

Result<int> cloneDatabase(const Arguments &arguments)
{
    const QString wanted = arguments.positional(0);
    const QString name = arguments.positional(1);
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    QStringList known;
    for (const DatabaseSpec &each : target.databases) {
        if (each.driver == u"postgresql") {
            known.append(each.name);
        }
    }
    const QString database = arguments.value(u"database"_s, known.size() == 1 ? known.first() : QString());
    const auto spec = std::ranges::find(target.databases, database, &DatabaseSpec::name);
    if (!known.contains(database)) {
        return fail(u"cli.clone_database"_s, {{u"name"_s, database}, {u"known"_s, QJsonArray::fromStringList(known)}}, target.path);
    }
    TRY(const QList<RestorePoint> points, QCoro::waitFor(readRestorePoints(target.stateDirectory)));
    const auto point = std::ranges::find_if(points, [&wanted](const RestorePoint &each) { return each.available && (each.id == wanted || each.version == wanted); });
    if (point == points.end()) {
        return fail(u"cli.no_restore_point"_s, {{u"text"_s, wanted}});
    }
    const QJsonObject member = point->members[databaseMember(database)].toObject();
    if (member.isEmpty()) {
        return fail(u"cli.clone_member"_s, {{u"point"_s, point->id}, {u"name"_s, database}});
    }
    // As before an update, whose proof of the backup needs the same.
    TRY(const QList<Error> unmeasured, QCoro::waitFor(lookForCopies(target, {{database, backupInfoFromJson(member).content}})));
    for (const Error &cause : unmeasured) {
        say(cause.text());
    }
    const QJsonObject told{{u"point"_s, point->id}, {u"database"_s, database}, {u"clone"_s, name}};
    if (arguments.has(u"dry-run"_s)) {
        say(Cli::tr("The restore point %1 of “%2” would be restored as the database “%3”.").arg(point->id, database, name));
        sayJson(told);
        return ExitOk;
    }
    // A copy of another system's file must not reach that system; and no run makes or removes what is read here.
    CHECK(pinIdentity(target));
    TRY(const auto lock, QCoro::waitFor(RunLock::acquire(target.stateDirectory, u"clone"_s, {.endLeftovers = false})));
    TRY(const auto journal, Journal::open(target.stateDirectory));
    CHECK(journal->audit(whoAmI(), u"database.cloned"_s, told));
    std::stop_source stop;
    const Interruptible interruptible([&stop] { stop.request_stop(); });
    say(Cli::tr("The restore point %1 of “%2” is being restored as “%3”. Ctrl+C ends that, and removes what is there of it.").arg(point->id, database, name));
    int tenths = 0;
    const auto progress = [&tenths](qint64 done, qint64 total) {
        if (const int now = total > 0 ? int(done * 10 / total) : 0; now > tenths && now < 10) {
            tenths = now;
            say(Cli::tr("%1 %").arg(now * 10));
        }
    };
    CHECK(QCoro::waitFor(clonePostgres(*spec, backupInfoFromJson(member), name, progress, stop.get_token(), {lock->descriptor()})));
    say(Cli::tr("The database “%1” is ready. Cutover does not remove it.").arg(name));
    sayJson(told);
    return ExitOk;
}

} // namespace

QList<Command> databaseCommands()
{
    return {
        {{u"database sessions"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "PostgreSQL sessions that stand in an update's way: transactions open, locks held")},
         run<databaseSessions>},
        {{u"database end-session"_s, u"SESSION"_s, 1, 1, {u"database"_s, u"confirm"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "end one of these sessions; its transaction is undone")},
         run<endSession>},
        {{u"database clone"_s, u"RESTORE-POINT NAME"_s, 2, 2, {u"database"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "restore a backup as another PostgreSQL database of the same server, to rehearse in")},
         run<cloneDatabase>},
    };
}

} // namespace cutover
