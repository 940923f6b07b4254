// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/emptystate.h"

#include "common/iconlabel.h"
#include "common/textlabel.h"

#include <QPushButton>
#include <QVBoxLayout>

namespace cutover {

EmptyState::EmptyState(const QString &icon, const QString &sentence, const QString &action, QWidget *parent)
    : QWidget(parent)
    , m_sentence(new TextLabel(sentence, TextStyle::Body, Theme::Role::Muted))
    , m_button(new QPushButton(action))
{
    auto *column = new QVBoxLayout(this);
    column->setSpacing(space::Group);
    column->addStretch(2);
    column->addWidget(new IconLabel(icon, 48, Theme::Role::Muted), 0, Qt::AlignHCenter);
    m_sentence->wrapped();
    m_sentence->setAlignment(Qt::AlignHCenter);
    setSentence(sentence);
    column->addWidget(m_sentence, 0, Qt::AlignHCenter);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    m_button->setVisible(!action.isEmpty());
    column->addStretch(3);
    connect(m_button, &QPushButton::clicked, this, &EmptyState::activated);
}

void EmptyState::setSentence(const QString &sentence)
{
    m_sentence->setText(sentence);
    if (sentence.isEmpty()) {
        return; // It has no height yet.
    }
    // A centred label that wraps does not get the height it needs from a box layout.
    int width = qMin(480, m_sentence->fontMetrics().horizontalAdvance(sentence) + 8);
    const int height = m_sentence->heightForWidth(width);
    // Lines of about one length, and no single word in the last.
    constexpr int narrower = 8;
    while (width > 240 && m_sentence->heightForWidth(width - narrower) == height) {
        width -= narrower;
    }
    m_sentence->setFixedSize(width, height);
}

} // namespace cutover
