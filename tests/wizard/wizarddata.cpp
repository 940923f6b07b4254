// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "wizard/wizarddata.h"

#include "ui/sampledata.h"

#include <QAbstractScrollArea>
#include <QAccessible>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover::wizarddata {

namespace {

Message text(const QString &words)
{
    return {u"sample.text"_s, {{u"text"_s, words}}};
}

Error error(const QString &words, const QString &hint)
{
    return {u"sample.text"_s, {{u"text"_s, words}, {u"hint"_s, hint}}, Error::Kind::Permanent, {}};
}

} // namespace

CheckResult check(const QString &id, const QString &title, CheckResult::Status status, const QString &finding)
{
    CheckResult result;
    result.id = id;
    result.title = text(title);
    result.status = status;
    result.finding = text(finding);
    result.durationMs = 120;
    return result;
}

Plan updatePlan()
{
    Plan plan = sample::updatePlan(u"1.2.1"_s, u"1.3.0"_s);
    for (StepSpec &step : plan.steps) {
        if (step.kind == u"migrate") {
            step.previews = {{u"sql"_s, u"0007_predictions.up.sql"_s,
                              u"-- cutover: phase=expand\n-- Predictions beside each quote.\nCREATE TABLE predictions (\n    id INTEGER PRIMARY KEY,\n    symbol TEXT NOT "
                              "NULL,\n    horizon INTEGER NOT NULL DEFAULT 60,\n    value REAL\n);\nCREATE INDEX predictions_symbol ON predictions (symbol);\n"_s},
                             {u"sql"_s, u"0007_predictions.down.sql"_s,
                              u"-- cutover: loses=predictions\nDROP INDEX predictions_symbol;\nDROP TABLE predictions;\n"_s}};
        }
        if (step.kind == u"configure") {
            step.previews = {{u"diff"_s, u"/srv/trading/.env"_s,
                              u"--- .env\n+++ .env\n@@ -3,4 +3,5 @@\n ORDERS_BATCH=1\n-QUOTE_TIMEOUT_MS=800\n+QUOTE_TIMEOUT_MS=400\n+PREDICTIONS_URL=http://127.0.0.1:18090\n "
                              "API_KEY=••••••\n"_s}};
        }
        if (step.kind == u"features") {
            step.pointOfNoReturn = true;
        }
    }
    plan.policy = {{u"automaticRollback"_s, true}, {u"holdDefault"_s, u"rollback"_s}};
    plan.owed = {u"0008_drop_old_quotes"_s};
    return plan;
}

void planOnlineMigration(ScriptedEngine *engine)
{
    Plan plan = updatePlan();
    const auto step = std::ranges::find(plan.steps, u"migrate"_s, &StepSpec::kind);
    step->title = text(u"Migration 6f, Fill the side of old orders"_s);
    step->params = {{u"tool"_s, u"alembic"_s}, {u"phase"_s, u"data"_s}, {u"wayBack"_s, u"counted"_s}, {u"loses"_s, QJsonArray{QJsonArray{u"public"_s, u"orders"_s, u"side"_s}}}};
    step->previews = {{u"sql"_s, u"6f_sides.down.sql"_s, u"ALTER TABLE orders DROP COLUMN side;\n"_s},
                      {u"text"_s, u"6f_sides.py"_s,
                       u"\"\"\"Fill the side of old orders\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n\nrevision = \"6f\"\ndown_revision = \"5e\"\n\n\ndef upgrade():\n"
                       "    connection = op.get_bind()\n    while True:\n        rows = connection.execute(sa.text(\n            \"UPDATE orders SET side = 'buy' WHERE id IN (\"\n"
                       "            \"SELECT id FROM orders WHERE side IS NULL LIMIT 1000)\"))\n        if rows.rowcount == 0:\n            break\n"_s}};
    engine->updatePlan.result = {{u"plan"_s, plan.toJson()}};
}

Plan rollbackPlan()
{
    Plan plan = updatePlan();
    plan.kind = u"rollback"_s;
    plan.from = u"1.2.1"_s;
    plan.to = u"1.2.0"_s;
    plan.path = {u"1.2.0"_s};
    plan.mode = u"code"_s;
    plan.restorePoint = u"rp-1"_s;
    plan.risk.clear();
    plan.owed.clear();
    plan.steps = plan.steps.mid(6, 5);
    plan.expectedMs = 12'000;
    return plan;
}

Plan commitPlan()
{
    const QString commit = u"9f31c07be2a4d85613c0aa91f7d24e6b8805c3d1"_s;
    Plan plan = rollbackPlan();
    plan.restorePoint.clear();
    plan.to = u"1.2.0+g"_s + commit.left(12);
    plan.path = {plan.to};
    plan.risk = u"medium"_s;
    StepSpec checkout = plan.steps.first();
    checkout.id = u"unpack"_s;
    checkout.kind = u"checkout_release"_s;
    checkout.params = {{u"version"_s, plan.to}, {u"commit"_s, commit}};
    checkout.title = text(u"Checkout and build of "_s + plan.to);
    checkout.intent = text(u"Check the commit %1 out, 12 MB, beside the installed releases, and run there: make dist"_s.arg(commit.left(12)));
    checkout.previews = {};
    plan.steps.removeIf([](const StepSpec &step) { return step.kind == u"migrate" || step.title.text() == u"Configuration"; });
    for (StepSpec &step : plan.steps) {
        step.intent = text(step.intent.text().replace(u"1.3.0"_s, plan.to));
    }
    plan.steps.prepend(checkout);
    return plan;
}

void offerCommits(ScriptedEngine *engine)
{
    engine->target.commits = true;
    engine->commitPlan.result = {{u"plan"_s, commitPlan().toJson()}};
}

void fill(ScriptedEngine *engine)
{
    sample::fillFull(engine, 12);
    using enum CheckResult::Status;
    const QList<CheckResult> checks{check(u"version"_s, u"Installed version"_s, Passed, u"1.2.1 is installed"_s),
                                    check(u"disk"_s, u"Free disk space"_s, Passed, u"23 GB free, 4 GB needed"_s),
                                    check(u"database:trading"_s, u"Database “trading”"_s, Passed, u"Intact, 204,331 orders"_s),
                                    check(u"backup"_s, u"Last backup"_s, Passed, u"5 h old, proven yesterday"_s),
                                    check(u"health:backend-1"_s, u"Health of backend-1"_s, Passed, u"Answered in 12 ms"_s),
                                    check(u"health:backend-2"_s, u"Health of backend-2"_s, Passed, u"Answered in 9 ms"_s),
                                    check(u"balancer"_s, u"Load balancer"_s, Passed, u"2 of 2 servers up"_s),
                                    check(u"log"_s, u"Errors in the log"_s, Passed, u"None in the last hour"_s)};
    engine->checks = {};
    for (const CheckResult &result : checks) {
        engine->checks.items << result.toJson();
    }
    engine->checks.result = {{u"passed"_s, true}};
    engine->updatePlan.result = {{u"plan"_s, updatePlan().toJson()}};
    engine->rollbackPlan.result = {{u"plan"_s, rollbackPlan().toJson()}};
}

void failCheck(ScriptedEngine *engine)
{
    CheckResult failed = check(u"disk"_s, u"Free disk space"_s, CheckResult::Status::Failed, {});
    failed.finding = {};
    failed.error = error(u"2.1 GB are free on “/srv”, 4 GB are needed."_s, u"Remove old releases or enlarge the disk, then run the checks again."_s);
    CheckResult warning = check(u"log"_s, u"Errors in the log"_s, CheckResult::Status::Warning, {});
    warning.finding = {};
    warning.error = error(u"7 errors in the last hour, usual are 2."_s, u"Look at the log before you go on."_s);
    engine->checks.items[1] = failed.toJson();
    engine->checks.items[7] = warning.toJson();
    engine->checks.result = {{u"passed"_s, false}};
}

void failKnown(ScriptedEngine *engine)
{
    CheckResult failed = check(u"probe:quotes"_s, u"Endpoint quotes"_s, CheckResult::Status::Failed, {});
    failed.finding = {};
    failed.error = error(u"http://127.0.0.1:8000/api/quotes answered with status 500, expected 2xx."_s, u"Look at the log of the service."_s);
    failed.mayBeKnown = true;
    engine->checks.items[1] = failed.toJson();
    engine->checks.result = {{u"passed"_s, false}};
}

ScriptedEngine::Job serviceLog()
{
    ScriptedEngine::Job job;
    job.finish = false;
    QJsonArray lines;
    const auto add = [&lines](const QString &instance, const QString &line) { lines.append(QJsonObject{{u"instance"_s, instance}, {u"line"_s, line}}); };
    add(u"backend-1"_s, u"2026-11-25 01:31:02 INFO  1.2.1 serves on port 8001"_s);
    add(u"backend-2"_s, u"2026-11-25 01:31:04 INFO  1.2.1 serves on port 8002"_s);
    for (int i = 0; i < 14; ++i) {
        add(i % 3 == 0 ? u"backend-2"_s : u"backend-1"_s, u"2026-11-25 01:31:%1 INFO  POST /orders 201 in %2 ms"_s.arg(10 + i).arg(7 + i * 5 % 11));
    }
    add(u"backend-2"_s, u"2026-11-25 01:31:26 WARN  quote service answered after 812 ms (limit 500 ms), token ••••"_s);
    job.items = {QJsonObject{{u"lines"_s, lines}}};
    return job;
}

void openSessions(ScriptedEngine *engine)
{
    CheckResult open = check(u"transactions:trading"_s, u"Open transactions of trading"_s, CheckResult::Status::Failed, {});
    open.finding = {};
    open.error = error(u"The transaction of psql by kim from 10.0.4.17 is open for 47 min (idle in transaction), the limit is 5 min."_s, u"Let it finish, or end the session."_s);
    engine->checks.items.insert(3, open.toJson());
    engine->checks.result = {{u"passed"_s, false}};
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const auto session = [&](int pid, const QString &application, const QString &user, const QString &client, const QString &state, int age, bool blocks) {
        return QJsonObject{{u"database"_s, u"trading"_s}, {u"session"_s, u"%1-1764117600123"_s.arg(pid)}, {u"pid"_s, pid}, {u"application"_s, application}, {u"user"_s, user}, {u"client"_s, client}, {u"state"_s, state}, {u"since"_s, now.addSecs(-age).toString(Qt::ISODateWithMs)}, {u"blocks"_s, blocks}};
    };
    engine->sessions = {session(4711, u"psql"_s, u"kim"_s, u"10.0.4.17"_s, u"idle in transaction"_s, 47 * 60, true),
                        session(4980, u"nightly-report"_s, u"reports"_s, u"10.0.4.30"_s, u"active"_s, 95, false)};
}

void hideSessions(ScriptedEngine *engine, int count)
{
    engine->hiddenSessions = {Message{u"database.sessions_hidden"_s, {{u"count"_s, count}, {u"database"_s, u"trading"_s}, {u"role"_s, u"deploy"_s}}}.toJson()};
}

void shutGates(ScriptedEngine *engine)
{
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const QString begin = now.addSecs(3LL * 3600).toString(Qt::ISODate);
    const QString until = now.addSecs(9LL * 3600).toString(Qt::ISODate);
    const QJsonArray approvers{u"Lee Park"_s, u"Ann Bo"_s};
    const Error none{u"approval.none"_s, {{u"approvers"_s, approvers}, {u"plan"_s, updatePlan().digest().first(12)}}};
    const Error open{u"checklist.open_before"_s, {{u"items"_s, QJsonArray{u"“The trading desk knows”"_s}}, {u"names"_s, QJsonArray{u"desk-told"_s}}, {u"count"_s, 1}}};
    engine->gatesView = {};
    engine->gatesView.gates = {{u"blackout"_s, {u"gate.blackout"_s, {}}, {u"gate.blackout_next"_s, {{u"reason"_s, u"Market hours"_s}, {u"begin"_s, begin}, {u"until"_s, until}}}, {}},
                               {u"approval"_s, {u"gate.approval"_s, {}}, {none.code, none.args}, none},
                               {u"staging"_s, {u"gate.staging"_s, {}}, {u"staging.proven"_s, {{u"target"_s, u"trading-staging"_s}, {u"run"_s, u"k3f9x2"_s}, {u"ended"_s, now.addDays(-1).toString(Qt::ISODate)}, {u"by"_s, u"ann@desk"_s}}}, {}},
                               {u"checklist"_s, {u"gate.checklist"_s, {}}, {open.code, open.args}, open}};
    ApprovalView &approval = engine->gatesView.approval;
    approval.required = true;
    approval.error = none;
    approval.approvers = {u"Lee Park"_s, u"Ann Bo"_s};
    approval.validMs = 24LL * 3600 * 1000;
    approval.request = "{}\n";
    approval.fileName = u"approval-1.json"_s;
    engine->checklistView = checklist(false);
}

void openGates(ScriptedEngine *engine)
{
    for (GateFinding &gate : engine->gatesView.gates) {
        gate.error = {};
    }
    ApprovalView &approval = engine->gatesView.approval;
    approval.valid = true;
    approval.error = {};
    approval.approver = u"Lee Park"_s;
    approval.signedAt = QDateTime::currentDateTimeUtc().addSecs(-300);
    approval.expires = approval.signedAt.addDays(1);
}

ChecklistView checklist(bool after)
{
    using enum ChecklistItem::State;
    using enum ChecklistItem::Phase;
    const auto item = [](const QString &id, ChecklistItem::Phase phase, const QString &words, bool manual, ChecklistItem::State state, const QString &evidence) {
        ChecklistItem item;
        item.id = id;
        item.phase = phase;
        item.text = {u"checklist.own"_s, {{u"text"_s, words}}};
        item.manual = manual;
        item.state = state;
        item.evidence = {u"checklist.own"_s, {{u"text"_s, evidence}}};
        return item;
    };
    ChecklistView view;
    view.run = after ? u"run-1"_s : QString();
    view.items = {item(u"unit-tests"_s, Before, u"Unit tests pass"_s, false, Ticked, u"Passed on “trading-staging” in run k3f9x2, yesterday, with the same package: evidence:unit."_s),
                  item(u"staging"_s, Before, u"The same package was installed in staging"_s, false, Ticked, u"Installed on “trading-staging” by run k3f9x2, which ended yesterday (ann@desk)."_s),
                  item(u"approval"_s, Before, u"A second person approved the plan"_s, false, after ? Ticked : Open, after ? u"Approved by Lee Park, until tomorrow."_s : u"Nobody has approved plan 1a2b3c yet."_s),
                  item(u"desk-told"_s, Before, u"The trading desk knows"_s, true, after ? Ticked : Open, after ? u"Signed by ann@desk: by phone"_s : u"Nobody has signed it."_s),
                  item(u"backup-proven"_s, During, u"The backup is proven by restoring it"_s, false, after ? Ticked : Open, after ? u"1 step done: verify_backup."_s : u"Ticks itself when the run has done it."_s),
                  item(u"redis"_s, During, u"Redis answers"_s, false, NotNeeded, u"The target has no Redis server."_s),
                  item(u"log"_s, After, u"The log has no more errors than usual"_s, false, after ? NotOurs : Open, after ? u"Errors in the log: 7 in the last hour, usual are 2. It was so before the update."_s : u"The checks after the change tell."_s),
                  item(u"performance"_s, After, u"Answers are as fast as they should be"_s, false, after ? Failed : Open, after ? u"Latency: 230 ms for 95 of 100 requests; 200 ms is the limit."_s : u"The checks after the change tell."_s),
                  item(u"rota"_s, After, u"Somebody is on call"_s, true, Open, u"Nobody has signed it."_s),
                  item(u"cause"_s, Rollback, u"Somebody looks for the cause"_s, true, NotNeeded, u"The run has not gone back."_s)};
    view.items[3].required = view.items[8].required = true;
    view.open = after ? QStringList{u"rota"_s} : QStringList();
    return view;
}

RunView runOf(const Plan &plan, int current, RunState state)
{
    RunView view;
    view.run.id = u"run-1"_s;
    view.run.plan = plan;
    view.run.planDigest = plan.digest();
    view.run.state = state;
    view.run.approvedBy = u"lee@ops"_s;
    view.run.startedBy = u"kim@desk"_s;
    view.run.created = view.run.started = QDateTime::currentDateTimeUtc().addSecs(-70);
    view.run.activeMs = 70'000;
    view.current = isFinal(state) ? -1 : current;
    for (int i = 0; i < plan.steps.size(); ++i) {
        StepView step;
        step.spec = plan.steps[i];
        step.record.id = step.spec.id;
        step.record.index = i;
        if (i < current || state == RunState::Succeeded) {
            step.record.state = StepState::Done;
            step.record.started = view.run.started.addSecs(5LL * i);
            step.record.ended = step.record.started.addSecs(4);
            step.record.durationMs = 4000 + 200 * i;
        } else if (i == current) {
            step.record.state = StepState::Applying;
            step.record.started = QDateTime::currentDateTimeUtc().addSecs(-8);
        }
        view.steps << step;
    }
    if (isFinal(state)) {
        view.run.ended = QDateTime::currentDateTimeUtc();
        view.serving = state == RunState::Succeeded ? plan.to : plan.from;
    } else {
        view.leftMs = 90'000;
        view.serving = plan.from;
        view.ifAborted = text(u"If you abort now: back to %1 in about 40 s, no row lost."_s.arg(plan.from));
        view.offers = {u"hold"_s, u"abort"_s};
    }
    return view;
}

QStringList namelessWidgets(QWidget *root)
{
    QStringList nameless;
    const auto widgets = root->findChildren<QWidget *>();
    for (QWidget *widget : widgets) {
        if (!widget->isVisible() || (widget->focusPolicy() & Qt::TabFocus) == 0) {
            continue;
        }
        // Of a viewport assistive technology sees the area, which is looked at by itself.
        if (const auto *area = qobject_cast<QAbstractScrollArea *>(widget->parentWidget()); area != nullptr && area->viewport() == widget) {
            continue;
        }
        QAccessibleInterface *accessible = QAccessible::queryAccessibleInterface(widget);
        if (accessible == nullptr || accessible->text(QAccessible::Name).isEmpty()) {
            nameless << u"%1 “%2” in %3"_s.arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName(),
                                               widget->parentWidget() != nullptr ? QString::fromLatin1(widget->parentWidget()->metaObject()->className()) : QString());
        }
    }
    return nameless;
}

} // namespace cutover::wizarddata
