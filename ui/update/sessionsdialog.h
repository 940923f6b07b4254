// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/engineclient.h"
#include "update/sessionsmodel.h"

#include <QDialog>

class QPushButton;

namespace cutover {

class InlineMessage;
class TableView;
class TextLabel;

/**
 * The PostgreSQL sessions of others that an update would wait for, and the end of one of them. Only who has
 * the conn ends one; in production the target's name is asked for.
 */
class SessionsDialog : public QDialog
{
    Q_OBJECT
public:
    explicit SessionsDialog(EngineClient *engine, QWidget *parent = nullptr);

Q_SIGNALS:
    /// One was ended: what was looked at before may differ now.
    void ended();

private:
    void load();
    void refresh();
    void askToEnd();
    void end(const DatabaseSession &session, const QString &confirmedName);
    [[nodiscard]] const DatabaseSession *chosen() const;

    EngineClient *m_engine;
    TargetView m_target;
    SessionsModel m_model;
    bool m_busy = false;
    InlineMessage *m_message;
    InlineMessage *m_unseen; ///< What our role may not see; there while that is so.
    TextLabel *m_summary;
    TableView *m_table;
    QPushButton *m_again;
    QPushButton *m_end;
};

} // namespace cutover
