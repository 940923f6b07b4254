// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

#include <QDialog>

class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace cutover {

class InlineMessage;
class TextLabel;

/**
 * How a plan gets its approval: ask for it, take what has to be signed along, bring a signature, or sign here. The secret key
 * is read by this window alone; only the signature goes to the engine.
 */
class ApprovalDialog : public QDialog
{
    Q_OBJECT
public:
    ApprovalDialog(EngineClient *engine, const Plan &plan, const QString &digest, const ApprovalView &view, QWidget *parent = nullptr);
    /// The state as it is by now.
    void setView(const ApprovalView &view);
    /// For who doesn't come from the plan: its steps above all else.
    void showPlan();

Q_SIGNALS:
    void approvalChanged(const cutover::ApprovalView &view);

private:
    void refresh();
    void requestIt();
    void saveRequest();
    void bring();
    void sign();
    void chooseKey();
    void send(const QByteArray &signature);
    void take(const Result<ApprovalView> &view, const QString &done);

    EngineClient *m_engine;
    Plan m_plan;
    QString m_digest;
    ApprovalView m_view;
    bool m_busy = false;
    QVBoxLayout *m_column;
    TextLabel *m_state;
    TextLabel *m_changes;
    InlineMessage *m_message;
    QPushButton *m_ask;
    QPushButton *m_save;
    QPushButton *m_bring;
    QLineEdit *m_key;
    QLineEdit *m_password;
    QPushButton *m_sign;
    TextLabel *m_reason;
};

} // namespace cutover
