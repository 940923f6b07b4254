// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "gate/peoplesection.h"

#include "gate/gates.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("report", text);
}

QString localTime(const QDateTime &time)
{
    return time.isValid() ? time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s) : QString();
}

} // namespace

ReportSection peopleSection(const RunRecord &run, const QList<EventRecord> &events, const QList<ApprovalRecord> &approvals)
{
    ReportSection section{tr("People"), {{18, tr("What")}, {24, tr("Who")}, {20, tr("When")}, {38, tr("Said")}}, {}};
    section.rows.append({tr("Start"), run.startedBy, localTime(run.created), tr("Plan %1").arg(run.planDigest.left(12))});
    for (const ApprovalRecord &approval : approvals) {
        section.rows.append({tr("Approval"), approval.approver, localTime(approval.signedAt),
                             tr("Signed with key %1, brought by %2 %3").arg(approval.keyId, approval.importedBy, localTime(approval.imported)).trimmed()});
    }
    if (approvals.isEmpty()) {
        section.rows.append({tr("Approval"), run.approvedBy.isEmpty() ? tr("nobody") : run.approvedBy, localTime(run.created),
                             run.approvedBy.isEmpty() ? tr("The glass was broken.") : tr("By starting it; the target needs no second person.")});
    }
    if (!run.breakGlass.isEmpty()) {
        section.rows.append({tr("Broken glass"), run.breakGlass.by, localTime(run.breakGlass.time),
                             tr("%1 (for: %2)").arg(run.breakGlass.reason, gateTitles(run.breakGlass.gates).join(u", "_s))});
    }
    // What each of them said, at the start and where the run went on.
    for (const EventRecord &event : events) {
        if (event.message.code != "run.gate_overridden"_L1) {
            continue;
        }
        const QJsonObject &args = event.message.args;
        section.rows.append({tr("Overridden"), args[u"by"].toString(), localTime(event.time),
                             tr("%1: %2 (%3)").arg(gateTitle(args[u"gate"].toString()).text(), Error::fromJson(args[u"error"].toObject()).what(), args[u"reason"].toString())});
    }
    return section;
}

} // namespace cutover
