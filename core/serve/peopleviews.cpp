// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/peopleviews.h"

#include "system/jsonvalues.h"

using namespace Qt::StringLiterals;

namespace cutover {

QJsonObject ApprovalView::toJson() const
{
    return {{u"required"_s, required},
            {u"valid"_s, valid},
            {u"approver"_s, approver},
            {u"signed"_s, json::fromTime(signedAt)},
            {u"expires"_s, json::fromTime(expires)},
            {u"error"_s, error.code.isEmpty() ? QJsonValue() : QJsonValue(error.toJson())},
            {u"approvers"_s, QJsonArray::fromStringList(approvers)},
            {u"validMs"_s, validMs},
            {u"requestedBy"_s, requestedBy},
            {u"requestedAt"_s, json::fromTime(requestedAt)},
            {u"warnings"_s, json::fromList(warnings)},
            {u"changes"_s, json::fromList(changes)},
            {u"request"_s, QString::fromUtf8(request)},
            {u"fileName"_s, fileName}};
}

ApprovalView ApprovalView::fromJson(const QJsonObject &json)
{
    ApprovalView view;
    view.required = json[u"required"].toBool();
    view.valid = json[u"valid"].toBool();
    view.approver = json[u"approver"].toString();
    view.signedAt = json::toTime(json[u"signed"]);
    view.expires = json::toTime(json[u"expires"]);
    view.error = Error::fromJson(json[u"error"].toObject());
    view.approvers = json::toStrings(json[u"approvers"]);
    view.validMs = json[u"validMs"].toInteger();
    view.requestedBy = json[u"requestedBy"].toString();
    view.requestedAt = json::toTime(json[u"requestedAt"]);
    view.warnings = json::toList<Message>(json[u"warnings"]);
    view.changes = json::toList<Message>(json[u"changes"]);
    view.request = json[u"request"].toString().toUtf8();
    view.fileName = json[u"fileName"].toString();
    return view;
}

QJsonObject GatesView::toJson() const
{
    return {{u"gates"_s, json::fromList(gates)}, {u"approval"_s, approval.toJson()}};
}

GatesView GatesView::fromJson(const QJsonObject &json)
{
    GatesView view;
    view.gates = json::toList<GateFinding>(json[u"gates"]);
    view.approval = ApprovalView::fromJson(json[u"approval"].toObject());
    return view;
}

QStringList ChecklistView::openTexts() const
{
    QStringList texts;
    for (const ChecklistItem &item : items) {
        if (open.contains(item.id)) {
            texts.append(u'“' + item.text.text() + u'”');
        }
    }
    return texts;
}

QJsonObject ChecklistView::toJson() const
{
    return {{u"items"_s, json::fromList(items)}, {u"run"_s, run}, {u"open"_s, QJsonArray::fromStringList(open)}};
}

ChecklistView ChecklistView::fromJson(const QJsonObject &json)
{
    ChecklistView view;
    view.items = json::toList<ChecklistItem>(json[u"items"]);
    view.run = json[u"run"].toString();
    view.open = json::toStrings(json[u"open"]);
    return view;
}

} // namespace cutover
