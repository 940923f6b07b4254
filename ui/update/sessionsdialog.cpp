// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/sessionsdialog.h"

#include "common/ask.h"
#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/textlabel.h"
#include "update/decisiondialog.h"

#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QJsonArray>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

SessionsDialog::SessionsDialog(EngineClient *engine, QWidget *parent)
    : QDialog(parent)
    , m_engine(engine)
    , m_message(new InlineMessage)
    , m_unseen(new InlineMessage)
    , m_summary(new TextLabel({}, TextStyle::Section))
    , m_table(new TableView(tr("Database sessions")))
    , m_again(new QPushButton(tr("Look again")))
    , m_end(new DestructiveButton(tr("End session…")))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Database sessions"));
    resize(820, 420);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    layout->setSpacing(space::Group);
    layout->addWidget(m_summary);
    auto *what = new TextLabel(tr("Sessions of others with a transaction open, and those that others wait for: a migration would wait for them, too."),
                               TextStyle::Body, Theme::Role::Muted);
    layout->addWidget(what->wrapped());
    layout->addWidget(m_message);
    m_message->setObjectName(u"sessionsMessage"_s);
    m_unseen->setObjectName(u"sessionsUnseen"_s);
    layout->addWidget(m_unseen);
    m_table->setObjectName(u"sessions"_s);
    m_table->setModel(&m_model);
    m_table->setStretchColumn(SessionsModel::StateColumn);
    auto *panel = new Panel;
    panel->setFlush(true);
    panel->body()->addWidget(m_table);
    layout->addWidget(panel, 1);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::Inside);
    auto *close = new QPushButton(tr("Close"));
    m_again->setObjectName(u"sessionsAgain"_s);
    m_end->setObjectName(u"endSession"_s);
    close->setObjectName(u"sessionsClose"_s);
    row->addWidget(m_again);
    row->addStretch();
    row->addWidget(close);
    row->addWidget(m_end);
    layout->addLayout(row);
    m_again->setAutoDefault(false);
    m_end->setAutoDefault(false);
    close->setDefault(true);

    connect(m_again, &QPushButton::clicked, this, &SessionsDialog::load);
    connect(m_end, &QPushButton::clicked, this, &SessionsDialog::askToEnd);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &SessionsDialog::refresh);
    ask<TargetView>(this, engine->status(), [this](const Result<TargetView> &target) {
        m_target = target.value_or(TargetView());
        refresh();
    });
    load();
}

void SessionsDialog::load()
{
    m_busy = true;
    m_message->clear();
    refresh();
    ask<QJsonObject>(this, m_engine->call(u"database.sessions"_s), [this](const Result<QJsonObject> &found) {
        m_busy = false;
        if (!found) {
            m_message->tell(found.error());
        } else {
            QList<DatabaseSession> sessions;
            const QJsonArray all = (*found)[u"sessions"].toArray();
            for (const auto &each : all) {
                sessions.append(DatabaseSession::fromJson(each.toObject()));
            }
            m_model.setRows(sessions);
            const QJsonArray hidden = (*found)[u"hidden"].toArray();
            if (hidden.isEmpty()) {
                m_unseen->clear();
            } else {
                QStringList what, hints;
                for (const auto &each : hidden) {
                    const Message message = Message::fromJson(each.toObject());
                    what.append(message.text());
                    hints.append(Catalogue::hint(message.code, message.args));
                }
                hints.removeDuplicates(); // Databases of one server mostly have one role.
                m_unseen->tell(InlineMessage::Kind::Caution, what.join(u' '), hints.join(u' '));
            }
            m_table->fitColumnsSoon();
            if (!m_table->currentIndex().isValid() && !sessions.isEmpty()) {
                m_table->setCurrentIndex(m_model.index(0, 0));
            }
        }
        refresh();
    });
}

const DatabaseSession *SessionsDialog::chosen() const
{
    const QModelIndex index = m_table->currentIndex();
    return index.isValid() && index.row() < m_model.rowCount() ? &m_model.rowAt(index.row()) : nullptr;
}

void SessionsDialog::refresh()
{
    const int count = m_model.rowCount();
    m_summary->setText(m_busy && count == 0                      ? tr("The databases are being asked")
                           : count == 0 && !m_unseen->isHidden() ? tr("No session that may be seen is in the way")
                           : count == 0                          ? tr("No session is in the way")
                           : count == 1                          ? tr("1 session is in the way")
                                                                 : tr("%1 sessions are in the way").arg(count));
    m_again->setEnabled(!m_busy);
    const QString conn = m_target.name.isEmpty() ? tr("The target is not known yet.") : m_target.connRefusal();
    setDisabledReason(m_end, m_busy ? tr("The databases are being asked.") : chosen() == nullptr ? tr("Choose a session.")
                          : chosen()->session.isEmpty()                                          ? tr("Since when it is there is hidden from Cutover's role, so that it can't be told from another one.")
                                                                                                 : conn);
}

void SessionsDialog::askToEnd()
{
    const DatabaseSession *session = chosen();
    if (session == nullptr) {
        return;
    }
    auto *question = new DecisionDialog({.title = tr("End a session"),
                                         .question = tr("End the session of %1?").arg(session->name()),
                                         .details = tr("What it has not committed is undone, and its program loses the connection. Your name is recorded with it."),
                                         .decide = tr("End session of %1").arg(session->name()),
                                         .keep = tr("Let it be"),
                                         .name = m_target.environment == u"production" ? m_target.name : QString()},
                                        this);
    question->decideButton()->setObjectName(u"decide"_s);
    connect(question, &QDialog::accepted, this, [this, question, session = *session] { end(session, question->name()); });
    question->open();
}

void SessionsDialog::end(const DatabaseSession &session, const QString &confirmedName)
{
    m_busy = true;
    m_message->clear();
    refresh();
    ask<QJsonObject>(this, m_engine->call(u"database.endSession"_s, {{u"database"_s, session.database}, {u"session"_s, session.session}, {u"confirm"_s, confirmedName}}),
                     [this, session](const Result<QJsonObject> &done) {
                         m_busy = false;
                         load();
                         if (done) {
                             m_message->tell(InlineMessage::Kind::Ok, tr("The session of %1 was ended.").arg(session.name()));
                             Q_EMIT ended();
                         } else {
                             m_message->tell(done.error());
                         }
                     });
}

} // namespace cutover
