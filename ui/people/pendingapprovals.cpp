// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "people/pendingapprovals.h"

#include "common/ask.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/times.h"
#include "people/approvaldialog.h"

#include <QJsonArray>
#include <QPushButton>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int mostShown = 3; ///< The newest; older ones are looked at once those are dealt with.

} // namespace

PendingApprovals::PendingApprovals(EngineClient *engine, QWidget *parent)
    : QWidget(parent)
    , m_engine(engine)
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins({});
    m_layout->setSpacing(space::Inside);
    hide();
    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"runs"_s) || topics.contains(u"conn"_s)) {
            load();
        }
    });
    connect(engine, &EngineClient::connectionChanged, this, [this](bool connected) {
        if (connected) {
            load();
        }
    });
    load();
}

void PendingApprovals::load()
{
    if (!m_engine->isConnected()) {
        return;
    }
    ask<QJsonObject>(this, m_engine->call(u"approval.list"_s), [this](const Result<QJsonObject> &answer) {
        // A console's engine may not know of it; then there is nothing to approve.
        QJsonArray waiting;
        const QJsonArray requests = answer ? (*answer)[u"requests"].toArray() : QJsonArray();
        for (const auto &request : requests) {
            if (!request[u"approval"][u"valid"].toBool() && waiting.size() < mostShown) {
                waiting.append(request);
            }
        }
        if (waiting != m_shown) {
            display(waiting);
        }
    });
}

void PendingApprovals::display(const QJsonArray &requests)
{
    m_shown = requests;
    while (QLayoutItem *item = m_layout->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    for (const auto &request : requests) {
        const QString digest = request[u"digest"].toString();
        const ApprovalView view = ApprovalView::fromJson(request[u"approval"].toObject());
        auto *message = new InlineMessage;
        message->tell(InlineMessage::Kind::Info,
                      tr("%1 asks for approval of %2 → %3.").arg(request[u"by"].toString(), request[u"from"].toString(), request[u"to"].toString()),
                      tr("Asked %1, plan %2; %3 may give it.")
                          .arg(relativeTime(QDateTime::fromString(request[u"created"].toString(), Qt::ISODateWithMs)), digest.left(12), view.approvers.join(u", "_s)));
        QPushButton *look = message->addAction(tr("Look at the plan…"));
        look->setObjectName(u"lookAtPlan"_s);
        connect(look, &QPushButton::clicked, this, [this, digest, view] { this->look(digest, view); });
        m_layout->addWidget(message);
    }
    setVisible(!requests.isEmpty());
}

void PendingApprovals::look(const QString &digest, const ApprovalView &view)
{
    ask<QJsonObject>(this, m_engine->call(u"approval.plan"_s, {{u"digest"_s, digest}}), [this, digest, view](const Result<QJsonObject> &answer) {
        const auto plan = answer ? Plan::fromJson((*answer)[u"plan"].toObject()) : Result<Plan>(fail(answer.error()));
        if (!plan) {
            load();
            return;
        }
        auto *dialog = new ApprovalDialog(m_engine, *plan, digest, view, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->showPlan();
        connect(dialog, &ApprovalDialog::approvalChanged, this, &PendingApprovals::load);
        dialog->open();
    });
}

} // namespace cutover
