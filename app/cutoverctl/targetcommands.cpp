// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"
#include "session.h"

#include "plan/sealing.h"
#include "run/words.h"
#include "system/files.h"

#include <QCoreApplication>
#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.bad_percent", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is no rollout: a percentage from 0 to 100, “on” or “off” was expected."), nullptr},
    {"cli.bad_limit", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is no number of rows."), QT_TRANSLATE_NOOP("catalogue", "For example --limit 100.")},
    {"cli.no_output", QT_TRANSLATE_NOOP("catalogue", "It is not known where to put the opened file."),
     QT_TRANSLATE_NOOP("catalogue", "Give --output FILE; it will be readable by you only.")},
    {"cli.no_flag", QT_TRANSLATE_NOOP("catalogue", "There is no feature flag “%{name}”; there are %{known:list}."), nullptr},
}};

Result<int> status(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const TargetView view, QCoro::waitFor(engine->status()));
    sayJson(view.toJson());
    say(u"%1 (%2)  %3  %4"_s.arg(view.name, view.environment, view.version, words::ofHealth(view.health)));
    if (!view.connHolder.isEmpty()) {
        say(Cli::tr("%1 has the conn since %2").arg(view.connHolder, localTime(view.connSince)));
    }
    if (!view.activeRun.isEmpty()) {
        TRY(const RunView run, QCoro::waitFor(engine->run(view.activeRun)));
        const bool held = run.run.state == RunState::Held;
        say(held ? Cli::tr("Run %1 is held: %2").arg(view.activeRun, run.run.reason.text()) : Cli::tr("Run %1 is under way").arg(view.activeRun));
        if (held && view.runnerGone) {
            say(Cli::tr("No runner works on it any more; the next one starts with your decision: “cutoverctl resume”, or “cutoverctl help resume” for the others."));
        }
    }
    if (!view.problem.code.isEmpty()) {
        say(view.problem.text());
    }
    if (!view.cutRestart.code.isEmpty()) {
        say(view.cutRestart.text());
    }
    QList<QStringList> rows{{Cli::tr("Instance"), Cli::tr("Version"), Cli::tr("State"), Cli::tr("Port"), Cli::tr("Sessions"), Cli::tr("Pid")}};
    for (const InstanceView &instance : view.instances) {
        const QString name = instance.spare ? Cli::tr("%1 (spare)").arg(instance.name) : instance.name;
        rows.append({name, instance.version, words::ofInstance(instance.state, instance.colour, instance.idle), instance.port ? QString::number(instance.port) : u"-"_s,
                     instance.sessions < 0 ? u"-"_s : QString::number(instance.sessions),
                     instance.pid ? QString::number(instance.pid) : u"-"_s});
    }
    sayTable(rows);
    say(Cli::tr("Free disk space: %1").arg(sizeText(view.freeBytes)));
    say(Cli::tr("Last proven backup: %1").arg(localTime(view.lastProvenBackup)));
    return view.health == u"healthy" ? ExitOk : ExitFailed;
}

Result<int> releases(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const auto views, QCoro::waitFor(engine->releases()));
    QJsonArray array;
    QList<QStringList> rows{{Cli::tr("Version"), Cli::tr("Type"), Cli::tr("Risk"), Cli::tr("Downtime"), Cli::tr("Download"), Cli::tr("Path")}};
    for (const ReleaseView &view : views) {
        array.append(view.toJson());
        rows.append({view.manifest.version.toString(), words::ofUpdateType(view.updateType), words::ofRisk(view.risk), durationText(view.expectedDowntimeMs), sizeText(view.size),
                     view.blocked.code.isEmpty() ? view.path.join(u" → "_s) : view.blocked.text()});
    }
    sayJson({{u"releases"_s, array}});
    sayTable(rows);
    return ExitOk;
}

Result<int> check(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    TRY(const QString job, QCoro::waitFor(engine->startChecks(arguments.positional(0))));
    QJsonArray array;
    QStringList waiting;
    const auto told = [&array, &waiting](const QJsonObject &item) {
        const CheckResult result = CheckResult::fromJson(item);
        if (result.status == CheckResult::Status::Waiting || result.status == CheckResult::Status::Running) {
            // What takes long says so, once.
            if (!result.finding.isEmpty() && !waiting.contains(result.id)) {
                waiting.append(result.id);
                say(u"%1  %2  %3"_s.arg(Cli::tr("running").leftJustified(8), result.title.text(), result.finding.text()));
            }
            return;
        }
        array.append(item);
        const QString word = result.status == CheckResult::Status::Passed ? Cli::tr("passed")
            : result.status == CheckResult::Status::Warning               ? Cli::tr("warning")
                                                                          : Cli::tr("failed");
        say(u"%1  %2  %3"_s.arg(word.leftJustified(8), result.title.text(), result.finding.text()));
        if (!result.error.code.isEmpty()) {
            say(u"          "_s + result.error.text());
        }
    };
    TRY(const QJsonObject result, waitForJob(*engine, job, told));
    sayJson({{u"passed"_s, result[u"passed"]}, {u"checks"_s, array}});
    return result[u"passed"].toBool() ? ExitOk : ExitRefused;
}

Result<int> backups(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const auto views, QCoro::waitFor(engine->restorePoints()));
    QJsonArray array;
    QList<QStringList> rows{{Cli::tr("Restore point"), Cli::tr("Made"), Cli::tr("Version"), Cli::tr("Size"), Cli::tr("Proven"), Cli::tr("Reason")}};
    for (const RestorePointView &view : views) {
        array.append(view.toJson());
        rows.append({view.point.id, localTime(view.point.created), view.point.version, sizeText(view.point.size), localTime(view.point.proven),
                     view.point.available ? view.point.reason.text() : Cli::tr("removed by clean up")});
    }
    sayJson({{u"points"_s, array}});
    sayTable(rows);
    return ExitOk;
}

/// Opens a file that was sealed on this control host: a backup's configuration, or what an abandoned run had replaced.
Result<int> unsealFile(const Arguments &arguments)
{
    const QString copy = arguments.value(u"output"_s);
    if (copy.isEmpty()) {
        return fail(u"cli.no_output"_s);
    }
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    TRY(const QByteArray sealed, files::read(arguments.positional(0)));
    TRY(const QByteArray content, unseal(target.stateDirectory, sealed, arguments.positional(0)));
    if (arguments.has(u"dry-run"_s)) {
        say(Cli::tr("%1 would be written, with %2 bytes.").arg(copy).arg(content.size()));
        sayJson({{u"file"_s, copy}, {u"size"_s, content.size()}, {u"written"_s, false}});
        return ExitOk;
    }
    CHECK(writePrivately(copy, content));
    say(Cli::tr("%1 holds secrets in the clear: put it in its place, then remove it.").arg(copy));
    sayJson({{u"file"_s, copy}});
    return ExitOk;
}

Result<int> features(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const auto flags, QCoro::waitFor(engine->features()));
    QJsonArray array;
    QList<QStringList> rows{{Cli::tr("Feature"), Cli::tr("State"), Cli::tr("Rollout"), Cli::tr("Changed"), Cli::tr("By")}};
    for (const FeatureFlag &flag : flags) {
        array.append(QJsonObject{{u"name"_s, flag.name}, {u"enabled"_s, flag.enabled}, {u"rollout"_s, flag.rollout}});
        rows.append({flag.name, flag.enabled ? Cli::tr("on") : Cli::tr("off"), QString::number(flag.rollout, 'f', 2) + u" %"_s, localTime(flag.changed),
                     flag.changedBy});
    }
    sayJson({{u"features"_s, array}});
    sayTable(rows);
    return ExitOk;
}

Result<int> setFeature(const Arguments &arguments)
{
    const QString name = arguments.positional(0);
    const QString text = arguments.positional(1);
    TRY(const auto engine, openEngine(arguments));
    TRY(const auto flags, QCoro::waitFor(engine->features()));
    const auto flag = std::find_if(flags.cbegin(), flags.cend(), [&name](const FeatureFlag &known) {
        return known.name == name;
    });
    if (flag == flags.cend()) {
        QJsonArray known;
        for (const FeatureFlag &each : flags) {
            known.append(each.name);
        }
        return fail(u"cli.no_flag"_s, {{u"name"_s, name}, {u"known"_s, known}});
    }
    FeatureChange change{name, flag->enabled, flag->enabled, flag->rollout, flag->rollout};
    bool isNumber = false;
    const double percent = QString(text).remove(u'%').trimmed().toDouble(&isNumber);
    if (text == u"on" || text == u"off") {
        change.toEnabled = text == u"on";
    } else if (isNumber && percent >= 0 && percent <= 100) {
        change.toEnabled = true;
        change.toRollout = percent;
    } else {
        return fail(u"cli.bad_percent"_s, {{u"text"_s, text}});
    }
    say(u"%1: %2 %3 % → %4 %5 %"_s.arg(name, change.fromEnabled ? Cli::tr("on") : Cli::tr("off"), QString::number(change.fromRollout),
                                       change.toEnabled ? Cli::tr("on") : Cli::tr("off"), QString::number(change.toRollout)));
    QJsonObject answer{
        {u"name"_s, name}, {u"enabled"_s, change.toEnabled}, {u"rollout"_s, change.toRollout}, {u"applied"_s, !arguments.has(u"dry-run"_s)}};
    if (!arguments.has(u"dry-run"_s)) {
        const ConnGuard conn(*engine);
        TRY(const Error unrecorded, QCoro::waitFor(engine->applyFeatures({change}, arguments.value(u"reason"_s))));
        if (!unrecorded.code.isEmpty()) {
            say(unrecorded.text());
            answer.insert(u"unrecorded"_s, unrecorded.toJson());
        }
    }
    sayJson(answer);
    return ExitOk;
}

/// Who has the conn, and what would become of it; nothing is changed.
Result<int> wouldHandOver(EngineService &engine, bool take, bool force)
{
    TRY(const QJsonObject conn, QCoro::waitFor(engine.call(u"conn"_s)));
    const QString holder = conn[u"holder"].toString();
    const bool ours = conn[u"ours"].toBool();
    if (take && !holder.isEmpty() && !ours && !force) {
        return fail(u"journal.conn_held"_s, {{u"holder"_s, holder}, {u"since"_s, conn[u"since"]}, {u"note"_s, conn[u"note"]}});
    }
    const QString sentence = take && ours ? Cli::tr("You have the conn already; the note would be changed.")
        : take && holder.isEmpty()        ? Cli::tr("The conn is free; you would take it.")
        : take                            ? Cli::tr("You would take the conn over from %1.").arg(holder)
        : ours                            ? Cli::tr("You would give the conn back.")
        : holder.isEmpty()                ? Cli::tr("Nobody has the conn; nothing would change.")
                                          : Cli::tr("%1 has the conn, not you; nothing would change.").arg(holder);
    say(sentence);
    sayJson({{u"holder"_s, holder}, {u"ours"_s, ours}, {take ? u"taken"_s : u"released"_s, false}});
    return ExitOk;
}

Result<int> takeConn(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    if (arguments.has(u"dry-run"_s)) {
        return wouldHandOver(*engine, true, arguments.has(u"take-over"_s));
    }
    CHECK(QCoro::waitFor(engine->takeConn(arguments.has(u"take-over"_s), arguments.value(u"note"_s))));
    sayJson({{u"taken"_s, true}});
    return ExitOk;
}

Result<int> releaseConn(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    if (arguments.has(u"dry-run"_s)) {
        return wouldHandOver(*engine, false, false);
    }
    CHECK(QCoro::waitFor(engine->call(u"conn.release"_s)));
    sayJson({{u"released"_s, true}});
    return ExitOk;
}

Result<int> audit(const Arguments &arguments)
{
    const QString text = arguments.value(u"limit"_s, u"50"_s);
    bool isNumber = false;
    const int limit = text.toInt(&isNumber);
    if (!isNumber || limit < 1) {
        return fail(u"cli.bad_limit"_s, {{u"text"_s, text}});
    }
    TRY(const auto engine, openEngine(arguments, EngineService::Purpose::Looking));
    TRY(const QJsonObject trail, QCoro::waitFor(engine->call(u"audit"_s, {{u"limit"_s, limit}})));
    QList<QStringList> rows{{Cli::tr("No."), Cli::tr("Time"), Cli::tr("Who"), Cli::tr("What")}};
    const QJsonArray array = trail[u"rows"].toArray();
    for (const auto &row : array) {
        const QString what = row[u"what"].toString();
        rows.append({QString::number(row[u"sequence"].toInteger()), localTime(QDateTime::fromString(row[u"time"].toString(), Qt::ISODateWithMs)),
                     row[u"who"].toString(), Catalogue::contains(what) ? Catalogue::text(what, row[u"args"].toObject()) : what});
    }
    sayTable(rows);
    const bool intact = trail[u"intact"].toBool();
    say(intact ? Cli::tr("Every row of the trail is as it was written.") : Error::fromJson(trail[u"error"].toObject()).text());
    sayJson(trail);
    return intact ? ExitOk : ExitFailed;
}

Result<int> adopt(const Arguments &arguments)
{
    TRY(const auto engine, openEngine(arguments));
    const auto line = [](const QJsonValue &claim) {
        return Cli::tr("%1 (%2), of “%3” (%4 on %5)")
            .arg(claim[u"database"].toString(), claim[u"file"].toString(), claim[u"owner"].toString(), claim[u"ownerFile"].toString(), claim[u"host"].toString());
    };
    if (arguments.has(u"dry-run"_s)) {
        TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"target.claims"_s)));
        const QJsonArray claims = json[u"claims"].toArray();
        for (const auto &claim : claims) {
            say(Cli::tr("Would be taken over: %1").arg(line(claim)));
        }
        if (claims.isEmpty()) {
            say(Cli::tr("No database belongs to another target."));
        }
        sayJson(json);
        return ExitOk;
    }
    const ConnGuard conn(*engine);
    TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"target.adopt"_s, {{u"confirm"_s, arguments.value(u"confirm"_s)}})));
    const QJsonArray adopted = json[u"adopted"].toArray();
    for (const auto &claim : adopted) {
        say(Cli::tr("Taken over: %1").arg(line(claim)));
    }
    if (adopted.isEmpty()) {
        say(Cli::tr("No database belongs to another target; nothing was changed."));
    }
    sayJson(json);
    return ExitOk;
}

} // namespace

QList<Command> targetCommands()
{
    return {
        {{u"status"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "what runs, in which version, and who has the conn")}, run<status>},
        {{u"releases"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "releases of the repository and the way to each")}, run<releases>},
        {{u"check"_s, u"[VERSION]"_s, 0, 1, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "run the pre-checks")}, run<check>},
        {{u"backup list"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "restore points")}, run<backups>},
        {{u"backup unseal"_s, u"FILE"_s, 1, 1, {u"output"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "open a sealed configuration file, for restoring by hand")},
         run<unsealFile>},
        {{u"features list"_s, {}, 0, 0, {}, {}, QT_TRANSLATE_NOOP("cutoverctl", "feature flags")}, run<features>},
        {{u"features set"_s, u"NAME PERCENT|on|off"_s, 2, 2, {u"reason"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "change a feature flag")},
         run<setFeature>},
        {{u"audit"_s, {}, 0, 0, {u"limit"_s}, {}, QT_TRANSLATE_NOOP("cutoverctl", "who did what, and whether the trail was altered")}, run<audit>},
        {{u"target adopt"_s, {}, 0, 0, {u"confirm"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "take over databases that belong to another target file; needs --confirm")},
         run<adopt>},
        {{u"conn take"_s, {}, 0, 0, {u"note"_s}, {u"take-over"_s, u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "take the conn; --take-over when somebody has it")},
         run<takeConn>},
        {{u"conn release"_s, {}, 0, 0, {}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "give the conn back")}, run<releaseConn>},
    };
}

} // namespace cutover
