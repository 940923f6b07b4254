// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What people sign: approvals and what was asked for, ticks of checklists, runs begun although something was shut.

#include "run/journalprivate.h"

#include <QJsonArray>

namespace cutover {

namespace {

constexpr int peopleSince = 2; ///< Of the schema.

QString textOf(const QDateTime &time)
{
    return time.toUTC().toString(Qt::ISODateWithMs);
}

} // namespace

QJsonObject BreakGlass::toJson() const
{
    return {{u"by"_s, by}, {u"reason"_s, reason}, {u"gates"_s, QJsonArray::fromStringList(gates)}, {u"time"_s, textOf(time)}};
}

BreakGlass BreakGlass::fromJson(const QJsonObject &json)
{
    BreakGlass glass;
    glass.by = json[u"by"].toString();
    glass.reason = json[u"reason"].toString();
    for (const auto &gate : json[u"gates"].toArray()) {
        glass.gates.append(gate.toString());
    }
    glass.time = QDateTime::fromString(json[u"time"].toString(), Qt::ISODateWithMs);
    return glass;
}

Result<bool> Journal::Private::knowsPeople() const
{
    TRY(const int version, userVersion());
    return version >= peopleSince;
}

Result<> Journal::Private::readBreakGlass(QList<RunRecord> &runs) const
{
    TRY(const bool known, knowsPeople());
    if (!known || runs.isEmpty()) {
        return {};
    }
    // Few runs have one, and those that have are few.
    TRY(QSqlQuery query, exec(u"SELECT run, given_by, reason, gates, time FROM break_glass"_s));
    while (query.next()) {
        for (RunRecord &run : runs) {
            if (run.id == query.value(0).toString()) {
                run.breakGlass = {query.value(1).toString(), query.value(2).toString(), query.value(3).toString().split(u',', Qt::SkipEmptyParts), timeFrom(query.value(4))};
            }
        }
    }
    return query.lastError().isValid() ? Result<>(failure(query.lastError())) : Result<>();
}

Result<> Journal::Private::adoptPeople(const RunRecord &run) const
{
    CHECK(exec(u"UPDATE ticks SET run = ? WHERE digest = ? AND run = ''"_s, {run.id, run.planDigest}));
    const BreakGlass &glass = run.breakGlass;
    if (glass.isEmpty()) {
        return {};
    }
    CHECK(exec(u"INSERT INTO break_glass(run, given_by, reason, gates, time) VALUES(?, ?, ?, ?, ?)"_s,
               {run.id, glass.by, glass.reason, glass.gates.join(u','), stored(glass.time)}));
    return insertAudit(glass.by, u"run.break_glass"_s,
                       {{u"run"_s, run.id}, {u"digest"_s, run.planDigest}, {u"reason"_s, glass.reason}, {u"gates"_s, QJsonArray::fromStringList(glass.gates)}});
}

Result<> Journal::addApprovalRequest(const ApprovalRequest &request)
{
    return d->write([this, &request]() -> Result<> {
        TRY(const int rows, d->change(u"INSERT INTO approval_requests(digest, plan, given_by, created) VALUES(?, ?, ?, ?) ON CONFLICT(digest) DO NOTHING"_s, {request.digest, stored(request.plan.toJson()), request.by, stored(request.created)}));
        return rows == 0 ? Result<>()
                         : d->insertAudit(request.by, u"approval.requested"_s, {{u"digest"_s, request.digest}, {u"from"_s, request.plan.from}, {u"to"_s, request.plan.to}});
    });
}

Result<QList<ApprovalRequest>> Journal::approvalRequests(int limit)
{
    TRY(const bool known, d->knowsPeople());
    if (!known) {
        return QList<ApprovalRequest>();
    }
    TRY(QSqlQuery query, d->exec(u"SELECT digest, plan, given_by, created FROM approval_requests ORDER BY number DESC LIMIT ?"_s, {limit}));
    QList<ApprovalRequest> requests;
    while (query.next()) {
        TRY(Plan plan, Plan::fromJson(objectFrom(query.value(1))));
        requests.append({query.value(0).toString(), std::move(plan), query.value(2).toString(), timeFrom(query.value(3))});
    }
    if (query.lastError().isValid()) {
        return d->failure(query.lastError());
    }
    return requests;
}

Result<> Journal::addApproval(const ApprovalRecord &approval)
{
    return d->write([this, &approval]() -> Result<> {
        TRY(const int rows,
            d->change(u"INSERT INTO approvals(digest, approver, key_id, signature, signed, imported, imported_by) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(signature) DO NOTHING"_s, {approval.digest, approval.approver, approval.keyId, QString::fromUtf8(approval.signature), stored(approval.signedAt), stored(approval.imported), approval.importedBy}));
        return rows == 0 ? Result<>()
                         : d->insertAudit(approval.importedBy, u"approval.given"_s,
                                          {{u"digest"_s, approval.digest}, {u"approver"_s, approval.approver}, {u"key"_s, approval.keyId}, {u"signed"_s, textOf(approval.signedAt)}});
    });
}

Result<QList<ApprovalRecord>> Journal::approvals(const QString &digest)
{
    TRY(const bool known, d->knowsPeople());
    if (!known) {
        return QList<ApprovalRecord>();
    }
    return d->list<ApprovalRecord>(u"SELECT digest, approver, key_id, signature, signed, imported, imported_by FROM approvals WHERE digest = ? OR ? = '' ORDER BY number DESC"_s,
                                   {digest, digest}, [](const QSqlQuery &row) {
                                       return ApprovalRecord{row.value(0).toString(), row.value(1).toString(), row.value(2).toString(), row.value(3).toString().toUtf8(),
                                                             timeFrom(row.value(4)), timeFrom(row.value(5)), row.value(6).toString()};
                                   });
}

Result<> Journal::addTick(const Tick &tick)
{
    return d->write([this, &tick]() -> Result<> {
        CHECK(d->exec(u"INSERT INTO ticks(digest, run, item, done, given_by, time, note) VALUES(?, ?, ?, ?, ?, ?, ?)"_s,
                      {tick.digest, tick.run, tick.item, tick.done, tick.by, stored(tick.time), tick.note}));
        return d->insertAudit(tick.by, tick.done ? u"checklist.ticked"_s : u"checklist.unticked"_s,
                              {{u"item"_s, tick.item}, {u"run"_s, tick.run}, {u"digest"_s, tick.digest}, {u"note"_s, tick.note}});
    });
}

Result<QList<Tick>> Journal::ticks(const QString &digest, const QString &run)
{
    TRY(const bool known, d->knowsPeople());
    if (!known) {
        return QList<Tick>();
    }
    return d->list<Tick>(u"SELECT digest, run, item, done, given_by, time, note FROM ticks WHERE digest = ? AND run = ? AND number IN "
                         "(SELECT max(number) FROM ticks WHERE digest = ? AND run = ? GROUP BY item) ORDER BY number"_s,
                         {digest, run, digest, run}, [](const QSqlQuery &row) {
                             return Tick{row.value(0).toString(), row.value(1).toString(), row.value(2).toString(), row.value(3).toBool(),
                                         row.value(4).toString(), timeFrom(row.value(5)), row.value(6).toString()};
                         });
}

} // namespace cutover
