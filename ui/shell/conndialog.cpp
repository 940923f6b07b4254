// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/conndialog.h"

#include "common/buttons.h"
#include "common/textlabel.h"
#include "common/times.h"
#include "serve/views.h"

#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace cutover {

ConnDialog::ConnDialog(const TargetView &target, QWidget *parent)
    : QDialog(parent)
    , m_holder(target.connHolder)
    , m_note(new QPlainTextEdit)
{
    setWindowTitle(tr("Take over the conn"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    column->setSpacing(space::Group);
    column->addWidget(new TextLabel(tr("Take over “%1” from %2?").arg(target.name, target.connHolder), TextStyle::Section));
    column->addWidget((new TextLabel(tr("%1 took the conn %2 and will only be able to watch. The takeover is recorded by name.")
                                         .arg(target.connHolder, relativeTime(target.connSince))))
                          ->wrapped());
    if (!target.connNote.isEmpty()) {
        column->addWidget((new TextLabel(tr("Note left with it: “%1”").arg(target.connNote), TextStyle::Body, Theme::Role::Muted))->wrapped());
    }
    auto *label = new TextLabel(tr("Handover note for %1").arg(target.connHolder));
    label->setBuddy(m_note);
    column->addWidget(label);
    m_note->setAccessibleName(tr("Handover note"));
    m_note->setPlaceholderText(tr("Why you take over, and what you are going to do"));
    m_note->setTabChangesFocus(true);
    m_note->setFixedHeight(80);
    column->addWidget(m_note);
    auto *reason = new TextLabel(tr("Write a note first."), TextStyle::Caption);
    auto *take = new PrimaryButton(tr("Take over the conn"));
    auto *cancel = new QPushButton(tr("Cancel"));
    cancel->setAutoDefault(false);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(reason);
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(take);
    column->addLayout(buttons);
    auto check = [this, take, reason] {
        const bool empty = note().isEmpty();
        take->setEnabled(!empty);
        reason->setVisible(empty);
    };
    connect(m_note, &QPlainTextEdit::textChanged, this, check);
    connect(take, &QPushButton::clicked, this, &QDialog::accept);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    check();
    setMinimumWidth(460);
}

void ConnDialog::follow(const TargetView &target)
{
    if (target.foreignConn() != m_holder) {
        reject();
    }
}

QString ConnDialog::note() const
{
    return m_note->toPlainText().trimmed();
}

} // namespace cutover
