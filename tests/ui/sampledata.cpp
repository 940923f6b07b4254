// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ui/sampledata.h"

#include <QUuid>

#include <cmath>

using namespace Qt::StringLiterals;

namespace cutover::sample {

namespace {

const Catalogue::Registration texts{{
    {"sample.text", "%{text}", "%{hint}"},
    {"sample.health",
     "Step “Health checks” failed: backend-2 answered 503 for 30 s, expected 200.",
     "Look at the log of backend-2, then retry the step or roll back."},
    {"scripted.disconnected", "The connection to the control host db1 was lost: no answer for 10 s.", "It is tried again every few seconds."},
    {"scripted.unknown", "Nothing is known of “%{id}”."},
    {"scripted.unknown_method", "“%{method}” is not a request of the protocol."},
}};

Message text(const QString &words)
{
    return {u"sample.text"_s, {{u"text"_s, words}}};
}

StepSpec step(const QString &id, const QString &kind, const QString &title, const QString &intent, qint64 expectedMs)
{
    StepSpec spec;
    spec.id = id;
    spec.kind = kind;
    spec.title = text(title);
    spec.intent = text(intent);
    spec.expectedMs = expectedMs;
    return spec;
}

QList<MetricPoint> wave(qint64 now, double base, double amplitude, double peakAt, double peak)
{
    QList<MetricPoint> points;
    for (int i = 3600; i >= 0; --i) {
        const double x = i / 60.0;
        const double noise = std::sin(i * 12.9898) * 43758.5453;
        double value = base + amplitude * std::sin(x / 4) + amplitude * 0.6 * (noise - std::floor(noise) - 0.5);
        const double distance = (x - peakAt) / 1.2;
        value += peak * std::exp(-distance * distance);
        points.append({now - i * 1000LL, std::max(0.0, value)});
    }
    return points;
}

ReleaseView release(const QString &version, const QString &type, const QString &risk, qint64 downtimeMs, qint64 size, const QStringList &path,
                    const QMap<QString, QStringList> &changes)
{
    ReleaseView view;
    view.manifest.product = u"trading"_s;
    view.manifest.version = *Version::parse(version);
    view.manifest.from = *VersionRange::parse(u">=1.2.0 <2.0.0"_s);
    view.manifest.build = u"2025.11.21"_s;
    view.manifest.commit = u"8c1f0d2e4b"_s;
    view.manifest.changes = changes;
    view.manifest.risk = risk;
    view.manifest.migration = type != "hotfix"_L1;
    view.manifest.expectedDowntimeMs = downtimeMs;
    view.updateType = type;
    view.risk = risk;
    view.expectedDowntimeMs = downtimeMs;
    view.size = size;
    view.path = path;
    return view;
}

RunView finishedRun(int age, const QString &from, const QString &to, RunState state)
{
    RunView view;
    view.run.id = QUuid::createUuidV5(QUuid(), QString::number(age)).toString(QUuid::WithoutBraces);
    view.run.plan = updatePlan(from, to);
    if (state == RunState::RolledBack) {
        view.run.reason = text(u"Step “Watch” found 12.0 % errors at 1.3.1, limit 5 %: rolled back to 1.3.0 by itself."_s);
    }
    if (age % 7 == 3) {
        view.run.plan.kind = u"rollback"_s;
        view.run.plan.mode = u"code"_s;
    }
    view.run.planDigest = view.run.plan.digest();
    view.run.state = state;
    view.run.startedBy = age % 3 == 0 ? u"lee@ops"_s : u"kim@desk"_s;
    view.run.approvedBy = u"lee@ops"_s;
    view.run.started = QDateTime::currentDateTimeUtc().addSecs(-age * 40000LL - 1500);
    view.run.created = view.run.started.addSecs(-120);
    view.run.ended = view.run.started.addSecs(70 + age % 50);
    view.run.activeMs = (70 + age % 50) * 1000LL;
    view.serving = state == RunState::Succeeded ? to : from;
    for (int i = 0; i < view.run.plan.steps.size(); ++i) {
        StepView shown;
        shown.spec = view.run.plan.steps[i];
        shown.record.runId = view.run.id;
        shown.record.index = i;
        shown.record.id = shown.spec.id;
        shown.record.state = state == RunState::RolledBack && shown.spec.changesState ? StepState::Reverted : StepState::Done;
        shown.record.started = view.run.started.addSecs(i * 5);
        shown.record.ended = shown.record.started.addSecs(4);
        shown.record.durationMs = 4000 + i * 137;
        view.steps.append(shown);
    }
    return view;
}

} // namespace

Plan updatePlan(const QString &from, const QString &to)
{
    Plan plan;
    plan.kind = u"update"_s;
    plan.targetName = u"trading"_s;
    plan.environment = u"production"_s;
    plan.from = from;
    plan.to = to;
    plan.path = {to};
    plan.updateType = u"minor"_s;
    plan.risk = u"medium"_s;
    plan.steps = {
        step(u"check_version"_s, u"check_version"_s, u"Version check"_s, u"Make sure that 1.2.1 is installed"_s, 200),
        step(u"download"_s, u"download"_s, u"Download"_s, u"Download 1.3.0, 18.4 MB"_s, 2400),
        step(u"verify"_s, u"verify"_s, u"Package verification"_s, u"Verify signature and digests of 1.3.0"_s, 800),
        step(u"precheck"_s, u"precheck"_s, u"Pre-checks"_s, u"Run 9 checks; their results are the baseline"_s, 6000),
        step(u"backup:trading"_s, u"backup"_s, u"Database backup"_s, u"Back up trading, about 120 MB"_s, 9000),
        step(u"verify_backup"_s, u"verify_backup"_s, u"Backup verification"_s, u"Restore the backup aside and compare"_s, 7000),
        step(u"migrate:0007"_s, u"migrate"_s, u"Migration 0007_predictions"_s, u"Add the table predictions"_s, 3000),
        step(u"deploy:backend-1"_s, u"deploy_instance"_s, u"Deploy backend-1"_s, u"Drain, stop, start 1.3.0, wait until ready"_s, 8000),
        step(u"deploy:backend-2"_s, u"deploy_instance"_s, u"Deploy backend-2"_s, u"Drain, stop, start 1.3.0, wait until ready"_s, 8000),
        step(u"configure"_s, u"configure"_s, u"Configuration"_s, u"Set 2 values in .env"_s, 300),
        step(u"health"_s, u"health"_s, u"Health checks"_s, u"Ask every instance for health and version"_s, 4000),
        step(u"features"_s, u"features"_s, u"Enable features"_s, u"Start ai_predictions at 10 %"_s, 300),
        step(u"watch"_s, u"watch"_s, u"Watch"_s, u"Watch the error proportion for 5 min, limit 5 %"_s, 300000),
    };
    plan.steps[11].pointOfNoReturn = false;
    for (StepSpec &spec : plan.steps) {
        spec.changesState = spec.kind == "migrate"_L1 || spec.kind == "deploy_instance"_L1 || spec.kind == "configure"_L1;
    }
    plan.steps[6].previews = {{u"sql"_s, u"0007_predictions.up.sql"_s, u"CREATE TABLE predictions (\n    id INTEGER PRIMARY KEY\n);\n"_s}};
    plan.expectedMs = 90000;
    return plan;
}

void fillEmpty(ScriptedEngine *engine)
{
    engine->target.name = u"trading"_s;
    engine->target.product = u"trading"_s;
    engine->target.environment = u"demo"_s;
    engine->target.health = u"unknown"_s;
    engine->target.database = u"trading (SQLite)"_s;
    engine->target.host = u"desk"_s;
    engine->target.balancer = u"none"_s;
    engine->target.freeBytes = 23'400'000'000;
}

void fillFull(ScriptedEngine *engine, int runs)
{
    const QDateTime now = QDateTime::currentDateTimeUtc();
    TargetView &target = engine->target;
    target.name = u"trading"_s;
    target.product = u"trading"_s;
    target.environment = u"production"_s;
    target.version = u"1.2.1"_s;
    target.health = u"healthy"_s;
    target.database = u"trading (SQLite)"_s;
    target.host = u"db1"_s;
    target.connHolder = u"kim@desk"_s;
    target.connSession = u"s1"_s;
    target.connSince = now.addSecs(-2100);
    target.connOurs = true;
    target.watcherSilenceMs = 700;
    target.balancer = u"up"_s;
    target.freeBytes = 23'400'000'000;
    target.lastBackup = now.addSecs(-5 * 3600);
    target.lastProvenBackup = now.addSecs(-29 * 3600);
    target.revisions = {{u"trading"_s, u"0006_order_index"_s}};
    target.instances = {
        {.name = u"backend-1"_s, .service = u"backend"_s, .version = u"1.2.1"_s, .state = u"ready"_s, .port = 18001, .sessions = 4, .pid = 4711},
        {.name = u"backend-2"_s, .service = u"backend"_s, .version = u"1.2.1"_s, .state = u"ready"_s, .port = 18002, .sessions = 3, .pid = 4712},
        {.name = u"strategy"_s, .service = u"strategy"_s, .version = u"1.2.1"_s, .state = u"ready"_s, .port = 18010, .pid = 4713},
    };

    engine->releaseList = {
        release(u"1.3.0"_s, u"minor"_s, u"medium"_s, 0, 18'400'000, {u"1.3.0"_s},
                {{u"added"_s, {u"AI predictions for quotes, behind the flag ai_predictions"_s, u"Order history can be exported as CSV"_s}},
                 {u"changed"_s, {u"Orders are written in batches, 30 % faster"_s}},
                 {u"fixed"_s, {u"Quotes of suspended symbols no longer answer 500"_s}}}),
        release(u"1.3.1"_s, u"minor"_s, u"low"_s, 0, 37'000'000, {u"1.3.0"_s, u"1.3.1"_s},
                {{u"fixed"_s, {u"Predictions are cached for a second"_s}}}),
        release(u"2.0.0"_s, u"major"_s, u"high"_s, 90'000, 61'300'000, {},
                {{u"changed"_s, {u"Orders are kept by account; old rows are moved"_s, u"API v2"_s}}, {u"removed"_s, {u"API v1"_s}}}),
    };
    engine->releaseList[2].blocked = Error{u"sample.text"_s,
                                           {{u"text"_s, u"2.0.0 can only be installed over >=1.3.1 <2.0.0, and 1.2.1 is installed."_s},
                                            {u"hint"_s, u"Update to 1.3.1 first."_s}},
                                           Error::Kind::Permanent,
                                           {}};

    for (int i = 0; i < runs; ++i) {
        const int minor = (runs - i) / 10;
        const QString from = u"1.%1.%2"_s.arg(minor).arg((runs - i) % 10);
        const QString to = u"1.%1.%2"_s.arg((runs - i + 1) / 10).arg((runs - i + 1) % 10);
        const RunState state = i % 9 == 1 ? RunState::RolledBack : i % 31 == 17 ? RunState::Abandoned
                                                                                : RunState::Succeeded;
        engine->runViews.append(finishedRun(i, from, to, state));
    }
    for (const RunView &view : std::as_const(engine->runViews)) {
        QList<EventRecord> events;
        qint64 sequence = 0;
        for (const StepView &shown : view.steps) {
            events.append({++sequence, view.run.id, shown.spec.id, shown.record.started, text(u"Step “"_s + shown.spec.title.text() + u"” started."_s)});
            events.append({++sequence, view.run.id, shown.spec.id, shown.record.ended, text(u"Step “"_s + shown.spec.title.text() + u"” is done."_s)});
        }
        engine->eventLists.insert(view.run.id, events);
        engine->logs.insert(view.run.id, u"Backing up trading\nDone\n"_s);
    }

    engine->flags = {
        {u"ai_predictions"_s, u"Predictions beside each quote"_s, true, 25, now.addSecs(-3 * 3600), u"kim@desk"_s},
        {u"dark_mode"_s, u"Dark colours in the traders' client"_s, true, 100, now.addDays(-20), u"lee@ops"_s},
        {u"new_order_form"_s, u"One form for all kinds of orders"_s, false, 0, now.addDays(-2), u"kim@desk"_s},
        {u"batch_quotes"_s, u"Quotes are asked for in batches of 50"_s, true, 12.5, now.addSecs(-900), u"lee@ops"_s},
    };

    const qint64 end = now.toMSecsSinceEpoch();
    engine->series.insert(u"errors"_s, wave(end, 0.004, 0.003, 24, 0.062));
    engine->series.insert(u"requests"_s, wave(end, 50, 6, 24, -14));
    engine->series.insert(u"orders"_s, wave(end, 310, 40, 24, -120));

    for (int i = 0; i < 6; ++i) {
        RestorePointView view;
        view.point.id = u"rp-%1"_s.arg(i);
        view.point.created = now.addSecs(-i * 86000LL - 1300);
        view.point.version = i == 0 ? u"1.2.1"_s : u"1.2.0"_s;
        view.point.reason = i % 2 == 0 ? Message{u"backup.reason.update"_s, {{u"version"_s, u"1.2.1"_s}}} : Message{u"backup.reason.rollback"_s, {{u"version"_s, u"1.2.0"_s}}};
        view.point.size = 118'000'000 + i * 1'000'000;
        view.point.proven = i % 2 == 0 ? view.point.created.addSecs(60) : QDateTime();
        view.current = i == 0;
        view.versionNow = u"1.2.1"_s;
        view.revisionThen = u"0005_quotes"_s;
        view.revisionNow = u"0006_order_index"_s;
        view.rowsThen = {{u"orders"_s, 204'331 - i * 900}};
        view.rowsNow = {{u"orders"_s, 211'902}};
        view.configurationDifferences = i;
        view.options = {{u"code"_s, 12'000, 0, {}, {}},
                        {u"downgrade"_s, 40'000, 0, {}, {}},
                        {u"restore"_s, 240'000, 60'000, {{u"orders"_s, 7571}}, {}}};
        engine->points.append(view);
    }
}

void startRun(ScriptedEngine *engine)
{
    RunView view = finishedRun(0, u"1.2.1"_s, u"1.3.0"_s, RunState::Running);
    view.run.id = u"7d0f2f6e-run"_s;
    view.run.started = QDateTime::currentDateTimeUtc().addSecs(-42);
    view.run.ended = {};
    view.run.activeMs = 42'000;
    view.current = 8;
    for (int i = 0; i < view.steps.size(); ++i) {
        StepRecord &record = view.steps[i].record;
        record.runId = view.run.id;
        record.state = i < view.current ? StepState::Done : i == view.current ? StepState::Applying
                                                                              : StepState::Pending;
        record.started = i <= view.current ? view.run.started.addSecs(i * 5) : QDateTime();
        record.ended = i < view.current ? record.started.addSecs(4) : QDateTime();
        record.durationMs = i < view.current ? 4100 : 0;
    }
    view.leftMs = 90'000;
    view.turnBackBy = QDateTime::currentDateTimeUtc().addSecs(2400);
    view.ifAborted = text(u"If you abort now: back to 1.2.1 in about 40 s, no row lost."_s);
    view.serving = u"1.2.1"_s;
    view.offers = {u"hold"_s, u"abort"_s};
    engine->runViews.prepend(view);
    engine->target.activeRun = view.run.id;
    engine->target.runnerSilenceMs = 1000;
    engine->target.instances[1].state = u"draining"_s;
    engine->target.instances[0].version = u"1.3.0"_s;
    engine->eventLists.insert(view.run.id, engine->eventLists.value(engine->runViews.value(1).run.id).mid(0, 16));
    engine->logs.insert(view.run.id, u"backend-2: drain requested\nbackend-2: 3 sessions left\n"_s);
}

void holdRun(ScriptedEngine *engine)
{
    startRun(engine);
    RunView &view = engine->runViews.first();
    view.run.state = RunState::Held;
    view.run.reason = {u"sample.health"_s, {}};
    view.run.error = Error{u"sample.health"_s, {}, Error::Kind::Permanent, u"backend-2"_s};
    view.run.heldUntil = QDateTime::currentDateTimeUtc().addSecs(1500);
    view.steps[view.current].record.state = StepState::Failed;
    view.steps[view.current].record.error = view.run.error;
    view.offers = {u"retry"_s, u"rollback"_s, u"accept"_s};
    engine->target.health = u"degraded"_s;
    engine->target.instances[1].state = u"unready"_s;
}

void giveConnAway(ScriptedEngine *engine)
{
    engine->target.connHolder = u"lee@ops"_s;
    engine->target.connOurs = false;
    engine->target.connSince = QDateTime::currentDateTimeUtc().addSecs(-4000);
    engine->target.connNote = u"Watching 1.2.1 until lunch, call me before you touch it."_s;
}

} // namespace cutover::sample
