// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "people/approvaldialog.h"

#include "approval/approval.h"
#include "common/ask.h"
#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/times.h"
#include "system/clock.h"
#include "system/files.h"
#include "system/worker.h"
#include "update/planmodel.h"

#include <QCoroFuture>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 LargestSignature = 16 << 10;

/// A protected key takes seconds on purpose; the window goes on meanwhile.
Async<QByteArray> signature(Plan plan, QString digest, QString key, QByteArray password)
{
    Worker worker;
    co_return co_await worker.run([plan, digest, key, password] { return signApproval(plan, digest, key, password, Clock::system().now()); });
}

} // namespace

ApprovalDialog::ApprovalDialog(EngineClient *engine, const Plan &plan, const QString &digest, const ApprovalView &view, QWidget *parent)
    : QDialog(parent)
    , m_engine(engine)
    , m_plan(plan)
    , m_digest(digest)
    , m_view(view)
    , m_column(new QVBoxLayout(this))
    , m_state(new TextLabel)
    , m_changes(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_message(new InlineMessage)
    , m_ask(new QPushButton(tr("Ask for approval")))
    , m_save(new QPushButton(tr("Save what is signed…")))
    , m_bring(new QPushButton(tr("Bring a signature…")))
    , m_key(new QLineEdit)
    , m_password(new QLineEdit)
    , m_sign(new PrimaryButton(tr("Approve this plan")))
    , m_reason(new TextLabel({}, TextStyle::Caption, Theme::Role::Muted))
{
    setWindowTitle(tr("Approval of plan %1").arg(digest.left(12)));
    setMinimumWidth(560);
    auto *column = m_column;
    column->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    column->setSpacing(space::Group);
    column->addWidget((new TextLabel(tr("%1: %2 → %3").arg(plan.targetName, plan.from, plan.to), TextStyle::Section))->wrapped());
    m_state->setObjectName(u"approvalState"_s);
    column->addWidget(m_state->wrapped()->selectable());
    column->addWidget(m_changes->wrapped());
    column->addWidget(m_message);

    column->addWidget(new TextLabel(tr("Somebody else signs"), TextStyle::Section));
    column->addWidget((new TextLabel(tr("They see that they are asked, or sign with “cutoverctl approve”, or with minisign what is saved here.")))->wrapped());
    auto *elsewhere = new QHBoxLayout;
    elsewhere->setSpacing(space::Inside);
    for (QPushButton *button : {m_ask, m_save, m_bring}) {
        button->setAutoDefault(false);
        elsewhere->addWidget(button);
    }
    elsewhere->addStretch();
    column->addLayout(elsewhere);

    column->addWidget(new TextLabel(tr("Sign here, as an approver"), TextStyle::Section));
    auto *key = new QHBoxLayout;
    key->setSpacing(space::Inside);
    m_key->setPlaceholderText(tr("File of the secret key"));
    m_key->setAccessibleName(tr("File of the secret key"));
    auto *choose = new QPushButton(tr("Choose…"));
    choose->setAutoDefault(false);
    choose->setAccessibleName(tr("Choose the secret key's file"));
    key->addWidget(m_key, 1);
    key->addWidget(choose);
    column->addLayout(key);
    m_password->setEchoMode(QLineEdit::Password);
    m_password->setPlaceholderText(tr("Its password; empty where it has none"));
    m_password->setAccessibleName(tr("Password of the secret key"));
    column->addWidget(m_password);

    auto *close = new QPushButton(tr("Close"));
    close->setAutoDefault(false);
    auto *foot = new QHBoxLayout;
    foot->setSpacing(space::Inside);
    foot->addWidget(m_reason->wrapped(), 1);
    foot->addWidget(close);
    foot->addWidget(m_sign);
    column->addLayout(foot);

    m_ask->setObjectName(u"askApproval"_s);
    m_save->setObjectName(u"saveRequest"_s);
    m_bring->setObjectName(u"bringSignature"_s);
    m_key->setObjectName(u"approvalKey"_s);
    m_password->setObjectName(u"approvalPassword"_s);
    m_sign->setObjectName(u"approve"_s);
    connect(m_ask, &QPushButton::clicked, this, &ApprovalDialog::requestIt);
    connect(m_save, &QPushButton::clicked, this, &ApprovalDialog::saveRequest);
    connect(m_bring, &QPushButton::clicked, this, &ApprovalDialog::bring);
    connect(choose, &QPushButton::clicked, this, &ApprovalDialog::chooseKey);
    connect(m_sign, &QPushButton::clicked, this, &ApprovalDialog::sign);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_key, &QLineEdit::textChanged, this, &ApprovalDialog::refresh);
    refresh();
}

void ApprovalDialog::showPlan()
{
    auto *model = new PlanModel(this);
    model->setPlan(m_plan);
    auto *table = new TableView(tr("Steps of the plan"));
    table->setObjectName(u"approvalPlan"_s);
    table->setModel(model);
    table->setStretchColumn(PlanModel::IntentColumn);
    table->setMinimumHeight(200);
    if (model->separatorRow() >= 0) {
        table->setSpan(model->separatorRow(), PlanModel::StepColumn, 1, PlanModel::ColumnCount - PlanModel::StepColumn);
    }
    auto *panel = new Panel(tr("What will be done"));
    panel->setFlush(true);
    panel->body()->addWidget(table);
    m_column->insertWidget(1, panel, 1);
    resize(760, 640);
    table->fitColumns();
}

void ApprovalDialog::setView(const ApprovalView &view)
{
    m_view = view;
    refresh();
}

void ApprovalDialog::refresh()
{
    if (m_view.valid) {
        m_state->setText(tr("Approved by %1 %2, until %3.").arg(m_view.approver, relativeTime(m_view.signedAt), exactTime(m_view.expires)));
    } else {
        const QString who = tr("May be given by %1; a signature counts for %2.").arg(m_view.approvers.join(u", "_s), durationText(m_view.validMs));
        m_state->setText(m_view.error.what() + u' ' + who);
    }
    m_state->setRole(m_view.valid ? Theme::Role::Ok : Theme::Role::Text);
    QStringList changes;
    for (const Message &change : std::as_const(m_view.changes)) {
        changes.append(change.text());
    }
    QStringList told;
    if (!changes.isEmpty()) {
        told.append(tr("Changed since it was approved: %1").arg(changes.join(u' ')));
    }
    for (const Message &warning : std::as_const(m_view.warnings)) {
        told.append(warning.text());
    }
    m_changes->setText(told.join(u'\n'));
    m_changes->setVisible(!told.isEmpty());
    const QString busy = m_busy ? tr("One moment: the last thing is still being done.") : QString();
    setDisabledReason(m_ask, !busy.isEmpty() ? busy : m_view.requestedBy.isEmpty() ? QString()
                                                                                   : tr("%1 has asked for it %2.").arg(m_view.requestedBy, relativeTime(m_view.requestedAt)));
    setDisabledReason(m_bring, busy);
    const QString reason = !busy.isEmpty() ? busy : m_key->text().isEmpty() ? tr("The secret key's file has to be named.")
                                                                            : QString();
    setDisabledReason(m_sign, reason);
    m_reason->setText(!m_view.requestedBy.isEmpty() && reason.isEmpty() ? tr("%1 has asked for it %2.").arg(m_view.requestedBy, relativeTime(m_view.requestedAt)) : reason);
}

void ApprovalDialog::take(const Result<ApprovalView> &view, const QString &done)
{
    m_busy = false;
    m_password->clear();
    if (!view) {
        m_message->tell(view.error());
        refresh();
        return;
    }
    m_message->tell(InlineMessage::Kind::Ok, done);
    setView(*view);
    Q_EMIT approvalChanged(m_view);
}

void ApprovalDialog::requestIt()
{
    m_busy = true;
    refresh();
    ask<ApprovalView>(this, m_engine->requestApproval(m_digest), [this](const Result<ApprovalView> &view) {
        take(view, tr("The approvers see it in their windows; “cutoverctl approve %1” signs it.").arg(m_digest.left(12)));
    });
}

void ApprovalDialog::saveRequest()
{
    const QString file = QFileDialog::getSaveFileName(this, tr("Save what is signed"), m_view.fileName);
    if (file.isEmpty()) {
        return;
    }
    if (const auto saved = files::replace(file, m_view.request); !saved) {
        m_message->tell(saved.error());
        return;
    }
    m_message->tell(InlineMessage::Kind::Ok, tr("Saved. “minisign -Sm %1” makes %1.minisig of it, which is brought here.").arg(file));
}

void ApprovalDialog::bring()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Bring a signature"), QString(), tr("Signatures (*.minisig);;All files (*)"));
    if (file.isEmpty()) {
        return;
    }
    const auto content = files::read(file, LargestSignature);
    if (!content) {
        m_message->tell(content.error());
        return;
    }
    send(*content);
}

void ApprovalDialog::chooseKey()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Secret key"), m_key->text(), tr("Keys (*.key);;All files (*)"));
    if (!file.isEmpty()) {
        m_key->setText(file);
    }
}

void ApprovalDialog::sign()
{
    m_busy = true;
    m_message->clear();
    refresh();
    ask<QByteArray>(this, signature(m_plan, m_digest, m_key->text(), m_password->text().toUtf8()), [this](const Result<QByteArray> &made) {
        if (!made) {
            take(fail(made.error()), {});
            return;
        }
        send(*made);
    });
}

void ApprovalDialog::send(const QByteArray &signature)
{
    m_busy = true;
    m_message->clear();
    refresh();
    ask<ApprovalView>(this, m_engine->addApproval(m_digest, signature), [this](const Result<ApprovalView> &view) {
        take(view, view && view->valid ? tr("The approval is kept: the plan may be started.") : tr("The signature is kept."));
    });
}

} // namespace cutover
