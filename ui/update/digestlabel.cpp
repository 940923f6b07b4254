// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/digestlabel.h"

#include "common/icons.h"
#include "common/textlabel.h"
#include "update/words.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QToolButton>

namespace cutover {

using namespace Qt::StringLiterals;

DigestLabel::DigestLabel(QWidget *parent)
    : QWidget(parent)
    , m_text(new TextLabel)
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Tight);
    m_text->setFont(monospaceFont());
    auto *copy = new QToolButton;
    copy->setIcon(themeIcon(u"edit-copy"_s));
    copy->setAutoRaise(true);
    copy->setToolTip(tr("Copy the whole digest"));
    copy->setAccessibleName(tr("Copy the whole digest"));
    layout->addWidget(m_text);
    layout->addWidget(copy);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_digest); });
}

void DigestLabel::setDigest(const QString &digest)
{
    m_digest = digest;
    m_text->setText(shortDigest(digest));
    m_text->setToolTip(digest);
}

} // namespace cutover
