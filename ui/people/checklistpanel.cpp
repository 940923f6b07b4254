// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "people/checklistpanel.h"

#include "common/ask.h"
#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"

#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QLineEdit>
#include <QVBoxLayout>

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

ChecklistPanel::ChecklistPanel(EngineClient *engine, QWidget *parent)
    : QWidget(parent)
    , m_engine(engine)
    , m_message(new InlineMessage)
    , m_summary(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_table(new TableView(tr("Checklist")))
    , m_what(new TextLabel({}, TextStyle::Caption, Theme::Role::Muted))
    , m_note(new QLineEdit)
    , m_sign(new QPushButton(tr("Sign")))
    , m_takeBack(new QPushButton(tr("Take back")))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Inside);
    layout->addWidget(m_message);
    m_summary->setContentsMargins(space::Group, space::Inside, space::Group, 0);
    m_summary->setObjectName(u"checklistSummary"_s);
    layout->addWidget(m_summary->wrapped());
    m_table->setObjectName(u"checklist"_s);
    m_table->setModel(&m_model);
    m_table->setStretchColumn(ChecklistModel::EvidenceColumn);
    m_table->setRowsWrapped();
    layout->addWidget(m_table, 1);

    auto *foot = new QVBoxLayout;
    foot->setContentsMargins(space::Group, 0, space::Group, space::Inside);
    foot->setSpacing(space::Tight);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::Inside);
    m_note->setObjectName(u"checklistNote"_s);
    m_note->setPlaceholderText(tr("What was done, or who was told"));
    m_note->setAccessibleName(tr("Note of the signature"));
    m_sign->setObjectName(u"checklistSign"_s);
    m_takeBack->setObjectName(u"checklistTakeBack"_s);
    m_sign->setAutoDefault(false);
    m_takeBack->setAutoDefault(false);
    row->addWidget(m_note, 1);
    row->addWidget(m_takeBack);
    row->addWidget(m_sign);
    m_what->setObjectName(u"checklistWhy"_s);
    foot->addWidget(m_what->wrapped());
    foot->addLayout(row);
    layout->addLayout(foot);

    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ChecklistPanel::refresh);
    connect(m_note, &QLineEdit::textChanged, this, &ChecklistPanel::refresh);
    connect(m_note, &QLineEdit::returnPressed, m_sign, &QPushButton::click);
    connect(m_sign, &QPushButton::clicked, this, [this] { sign(true); });
    connect(m_takeBack, &QPushButton::clicked, this, [this] { sign(false); });
    connect(engine, &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"runs"_s) || topics.contains(u"status"_s)) {
            load();
        }
    });
    refresh();
}

void ChecklistPanel::setSubject(const QString &digest, const QString &run)
{
    if (m_digest == digest && m_run == run) {
        return;
    }
    m_digest = digest;
    m_run = run;
    m_view = {};
    m_model.setRows({});
    m_message->clear();
    load();
    refresh();
}

void ChecklistPanel::setNarrow()
{
    m_model.setNarrow(true);
    m_table->setColumnHidden(ChecklistModel::PhaseColumn, true);
    m_table->setColumnHidden(ChecklistModel::EvidenceColumn, true);
    m_table->setStretchColumn(ChecklistModel::ItemColumn);
}

void ChecklistPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_stale) {
        load();
    }
}

void ChecklistPanel::load()
{
    m_stale = !isVisible();
    if (m_stale || (m_digest.isEmpty() && m_run.isEmpty())) {
        return;
    }
    ask<ChecklistView>(this, m_engine->checklist(m_digest, m_run), [this, digest = m_digest, run = m_run](const Result<ChecklistView> &view) {
        if (digest != m_digest || run != m_run) {
            return;
        }
        if (!view) {
            m_message->tell(view.error(), InlineMessage::Kind::Caution);
            return;
        }
        m_message->clear();
        display(*view);
    });
}

void ChecklistPanel::display(const ChecklistView &view)
{
    m_view = view;
    const bool first = m_model.rowCount() == 0;
    m_model.setRows(view.items);
    m_table->fitColumnsSoon();
    if (first) {
        // Where somebody is waited for.
        const auto waits = std::ranges::find_if(view.items, [](const ChecklistItem &item) { return item.manual && item.required && item.state == ChecklistItem::State::Open; });
        if (waits != view.items.end()) {
            m_table->setCurrentIndex(m_model.index(int(waits - view.items.begin()), ChecklistModel::ItemColumn));
        }
    }
    refresh();
    Q_EMIT changed();
}

const ChecklistItem *ChecklistPanel::chosen() const
{
    const QModelIndex index = m_table->currentIndex();
    return index.isValid() && index.row() < m_model.rowCount() ? &m_model.rowAt(index.row()) : nullptr;
}

void ChecklistPanel::refresh()
{
    int ticked = 0;
    int needed = 0;
    int failed = 0;
    for (const ChecklistItem &item : m_model.rows()) {
        needed += item.state != ChecklistItem::State::NotNeeded;
        ticked += item.state == ChecklistItem::State::Ticked;
        failed += item.state == ChecklistItem::State::Failed;
    }
    QString summary = tr("%1 of %2 ticked").arg(ticked).arg(needed);
    if (failed > 0) {
        summary += tr(" · %1 failed").arg(failed);
    }
    if (const QStringList open = m_view.openTexts(); !open.isEmpty()) {
        summary += tr(" · not closed: %1").arg(open.join(u", "_s));
    }
    m_summary->setText(needed == 0 ? tr("The checklist is being read.") : summary);

    const ChecklistItem *item = chosen();
    const bool isEarly = item != nullptr && m_view.run.isEmpty() && item->phase != ChecklistItem::Phase::Before;
    QString why;
    if (item == nullptr) {
        why = tr("Choose an item that a person signs.");
    } else if (!item->manual) {
        why = tr("“%1” is ticked by evidence alone.").arg(item->text.text());
    } else if (isEarly) {
        why = tr("“%1” is signed once the run has begun.").arg(item->text.text());
    } else if (m_note->text().trimmed().isEmpty()) {
        why = tr("To sign “%1”, write a note.").arg(item->text.text());
    }
    const bool isTicked = item != nullptr && item->manual && item->state == ChecklistItem::State::Ticked;
    m_note->setEnabled(item != nullptr && item->manual && !isEarly);
    m_takeBack->setVisible(isTicked);
    setDisabledReason(m_sign, m_busy ? tr("The last signature is being kept.") : why);
    setDisabledReason(m_takeBack, m_busy ? tr("The last signature is being kept.") : why);
    m_what->setText(why.isEmpty() && item != nullptr ? tr("Signs “%1” in your name.").arg(item->text.text()) : why);
}

void ChecklistPanel::sign(bool done)
{
    const ChecklistItem *item = chosen();
    if (item == nullptr || m_busy) {
        return;
    }
    m_busy = true;
    m_message->clear();
    refresh();
    ask<ChecklistView>(this, m_engine->tick(m_digest, m_run, item->id, m_note->text().trimmed(), done), [this](const Result<ChecklistView> &view) {
        m_busy = false;
        if (!view) {
            m_message->tell(view.error());
            refresh();
            return;
        }
        m_note->clear();
        display(*view);
    });
}

} // namespace cutover
