// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ui/scriptedengine.h"

#include "metrics/thinner.h"
#include "run/report.h"
#include "serve/protocol.h"

#include <QCoroTimer>
#include <QPointer>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

template<class List, class F>
QJsonArray arrayOf(const List &list, F toJson)
{
    QJsonArray array;
    for (const auto &item : list) {
        array.append(toJson(item));
    }
    return array;
}

QJsonObject flagJson(const FeatureFlag &flag)
{
    return {{u"name"_s, flag.name},
            {u"description"_s, flag.description},
            {u"enabled"_s, flag.enabled},
            {u"rollout"_s, flag.rollout},
            {u"changed"_s, flag.changed.toString(Qt::ISODateWithMs)},
            {u"changedBy"_s, flag.changedBy}};
}

} // namespace

Async<QJsonObject> ScriptedEngine::call(QString method, QJsonObject params)
{
    calls.append({method, params});
    ++m_pending;
    const QPointer<ScriptedEngine> alive(this);
    co_await QCoro::sleepFor(std::chrono::milliseconds(0));
    if (!alive) {
        co_return fail(u"scripted.disconnected"_s);
    }
    --m_pending;
    if (!m_connected) {
        co_return fail(u"scripted.disconnected"_s);
    }
    if (failures.contains(method)) {
        co_return fail(failures.value(method));
    }
    co_return answer(method, params);
}

void ScriptedEngine::setConnected(bool connected, const Error &error)
{
    m_connected = connected;
    Q_EMIT connectionChanged(connected, error);
}

int ScriptedEngine::count(const QString &method) const
{
    return int(std::ranges::count(calls, method, &Call::method));
}

QJsonObject ScriptedEngine::lastParams(const QString &method) const
{
    for (auto it = calls.crbegin(); it != calls.crend(); ++it) {
        if (it->method == method) {
            return it->params;
        }
    }
    return {};
}

QString ScriptedEngine::report(const QString &run) const
{
    const auto view = std::ranges::find(runViews, run, [](const RunView &known) { return known.run.id; });
    if (reports.contains(run) || view == runViews.end()) {
        return reports.value(run);
    }
    QList<StepRecord> steps;
    for (const StepView &step : view->steps) {
        steps.append(step.record);
    }
    return reportHtml(view->run, steps, eventLists.value(run), {});
}

Result<QJsonObject> ScriptedEngine::answer(const QString &method, const QJsonObject &params)
{
    if (method == "status"_L1) {
        return target.toJson();
    }
    if (method == "releases"_L1) {
        return QJsonObject{{u"releases"_s, arrayOf(releaseList, [](const ReleaseView &r) { return r.toJson(); })}};
    }
    if (method == "runs"_L1) {
        return QJsonObject{{u"runs"_s, arrayOf(runViews, [](const RunView &r) { return toJson(r.run); })}};
    }
    if (method == "run"_L1) {
        for (const RunView &view : std::as_const(runViews)) {
            if (view.run.id == params["id"_L1].toString()) {
                return view.toJson();
            }
        }
        return fail(u"scripted.unknown"_s, {{u"id"_s, params["id"_L1]}});
    }
    if (method == "events"_L1) {
        QJsonArray events;
        const auto all = eventLists.value(params["run"_L1].toString());
        for (const EventRecord &event : all) {
            if (event.sequence > params["after"_L1].toInteger()) {
                events.append(toJson(event));
            }
        }
        return QJsonObject{{u"events"_s, events}};
    }
    if (method == "log"_L1) {
        const QByteArray log = logs.value(params["run"_L1].toString()).toUtf8();
        return QJsonObject{{u"text"_s, QString::fromUtf8(log.mid(params["offset"_L1].toInteger()))}, {u"next"_s, log.size()}};
    }
    if (method == "report"_L1) {
        return QJsonObject{{u"html"_s, report(params["run"_L1].toString())}};
    }
    if (method == "restorePoints"_L1) {
        return QJsonObject{{u"points"_s, arrayOf(points, [](const RestorePointView &p) { return p.toJson(); })}};
    }
    if (method == "restorePoint"_L1) {
        for (const RestorePointView &point : std::as_const(points)) {
            if (point.point.id == params["id"_L1].toString()) {
                return point.toJson();
            }
        }
        return fail(u"scripted.unknown"_s, {{u"id"_s, params["id"_L1]}});
    }
    if (method == "features"_L1) {
        return QJsonObject{{u"flags"_s, arrayOf(flags, flagJson)}};
    }
    if (method == "features.apply"_L1) {
        return applyFlags(params["changes"_L1].toArray());
    }
    if (method == "metrics"_L1) {
        const qint64 from = params["from"_L1].toInteger();
        const qint64 to = params["to"_L1].toInteger();
        QList<MetricPoint> points;
        for (const MetricPoint &point : std::as_const(series[params["series"_L1].toString()])) {
            if (point.time >= from && point.time <= to) {
                points.append(point);
            }
        }
        return QJsonObject{{u"points"_s, arrayOf(thinned(points, from, to, protocol::MetricPoints), [](const MetricPoint &p) { return QJsonArray{p.time, p.value}; })}};
    }
    if (method == "check.start"_L1) {
        return start(checks);
    }
    if (method == "database.sessions"_L1) {
        return QJsonObject{{u"sessions"_s, sessions}, {u"hidden"_s, hiddenSessions}};
    }
    if (method == "database.endSession"_L1) {
        const auto gone = std::ranges::find(sessions, params["session"_L1].toString(), [](const QJsonValue &each) { return each[u"session"].toString(); });
        if (gone == sessions.end()) {
            return fail(u"scripted.unknown"_s, {{u"id"_s, params["session"_L1]}});
        }
        sessions.erase(gone);
        return QJsonObject{{u"database"_s, params["database"_L1]}};
    }
    if (method == "plan.update.start"_L1) {
        return start(updatePlan);
    }
    if (method == "plan.rollback.start"_L1) {
        return start(params.contains("commit"_L1) ? commitPlan : rollbackPlan);
    }
    if (method == "service.logs"_L1) {
        return start(serviceLog);
    }
    if (method == "apply"_L1) {
        return QJsonObject{{u"run"_s, runViews.isEmpty() ? QString() : runViews.first().run.id}};
    }
    if (method == "conn.take"_L1) {
        target.connOurs = true;
        target.connHolder = u"kim@desk"_s;
        target.connNote = params["note"_L1].toString();
        Q_EMIT changed({u"conn"_s});
        return QJsonObject{};
    }
    if (method == "command"_L1) {
        return QJsonObject{{u"command"_s, QString(u"command-"_s + QString::number(count(method)))}};
    }
    if (method == "gates"_L1) {
        return gatesView.toJson();
    }
    if (method == "approval.request"_L1) {
        gatesView.approval.requestedBy = u"kim@desk"_s;
        gatesView.approval.requestedAt = QDateTime::currentDateTimeUtc();
        return QJsonObject{{u"approval"_s, gatesView.approval.toJson()}};
    }
    if (method == "approval.add"_L1) {
        return QJsonObject{{u"approval"_s, gatesView.approval.toJson()}};
    }
    if (method == "checklist"_L1) {
        return checklistView.toJson();
    }
    if (method == "checklist.tick"_L1) {
        for (ChecklistItem &item : checklistView.items) {
            if (item.id == params["item"_L1].toString()) {
                const bool done = params["done"_L1].toBool(true);
                item.state = done ? ChecklistItem::State::Ticked : ChecklistItem::State::Open;
                item.by = u"kim@desk"_s;
                item.note = params["note"_L1].toString();
                item.time = QDateTime::currentDateTimeUtc();
                item.evidence = done ? Message{u"checklist.signed_note"_s, {{u"by"_s, item.by}, {u"time"_s, item.time.toString(Qt::ISODate)}, {u"note"_s, item.note}}}
                                     : Message{u"checklist.unsigned"_s, {}};
                checklistView.open.removeOne(item.id);
            }
        }
        return checklistView.toJson();
    }
    if (method == "approval.list"_L1) {
        return QJsonObject{{u"requests"_s, approvalRequests}};
    }
    if (method == "approval.plan"_L1) {
        return approvalPlan;
    }
    if (method == "job.cancel"_L1 || method == "conn.release"_L1) {
        return QJsonObject{};
    }
    return fail(u"scripted.unknown_method"_s, {{u"method"_s, method}});
}

QJsonObject ScriptedEngine::start(const Job &job)
{
    const QString id = u"job-"_s + QString::number(++m_jobs);
    // Told in a later turn, but maybe before the answer with the id has been looked at.
    QTimer::singleShot(0, this, [this, id, job] {
        for (const QJsonObject &item : job.items) {
            Q_EMIT jobTold(id, u"item"_s, {{u"item"_s, item}});
        }
        if (!job.error.code.isEmpty()) {
            Q_EMIT jobTold(id, u"failed"_s, job.error.toJson());
        } else if (job.finish) {
            Q_EMIT jobTold(id, u"done"_s, job.result);
        }
    });
    return {{u"job"_s, id}};
}

Result<QJsonObject> ScriptedEngine::applyFlags(const QJsonArray &changes)
{
    QList<FeatureFlag> next = flags;
    for (const auto &value : changes) {
        const auto flag = std::ranges::find(next, value["name"_L1].toString(), &FeatureFlag::name);
        if (flag == next.end() || flag->enabled != value["fromEnabled"_L1].toBool()
            || std::abs(flag->rollout - value["fromRollout"_L1].toDouble()) > 1e-9) {
            return fail(u"feature.changed_meanwhile"_s, {{u"name"_s, value["name"_L1]}, {u"flag"_s, value["name"_L1]}});
        }
        flag->enabled = value["toEnabled"_L1].toBool();
        flag->rollout = value["toRollout"_L1].toDouble();
        flag->changed = QDateTime::currentDateTimeUtc();
        flag->changedBy = u"kim@desk"_s;
    }
    flags = next;
    Q_EMIT changed({u"features"_s});
    return QJsonObject{};
}

} // namespace cutover
