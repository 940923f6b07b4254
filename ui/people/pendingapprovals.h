// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"

#include <QWidget>

class QVBoxLayout;

namespace cutover {

/** Plans that somebody asks to approve, each with the way to look at it and to sign it. Hidden while there are none. */
class PendingApprovals : public QWidget
{
    Q_OBJECT
public:
    explicit PendingApprovals(EngineClient *engine, QWidget *parent = nullptr);
    void load();

private:
    void display(const QJsonArray &requests);
    void look(const QString &digest, const ApprovalView &view);

    EngineClient *m_engine;
    QJsonArray m_shown;
    QVBoxLayout *m_layout;
};

} // namespace cutover
