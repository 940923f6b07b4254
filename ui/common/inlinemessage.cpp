// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/inlinemessage.h"

#include "common/buttons.h"
#include "common/iconlabel.h"
#include "common/textlabel.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QPainter>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct Look {
    QString icon;
    Theme::Role ink;
    Theme::Role tint;
};

Look lookOf(InlineMessage::Kind kind)
{
    using Role = Theme::Role;
    switch (kind) {
    case InlineMessage::Kind::Info:
        return {u"data-information"_s, Role::Info, Role::InfoTint};
    case InlineMessage::Kind::Ok:
        return {u"checkmark"_s, Role::Ok, Role::OkTint};
    case InlineMessage::Kind::Caution:
        return {u"data-warning"_s, Role::Caution, Role::CautionTint};
    case InlineMessage::Kind::Danger:
        return {u"data-error"_s, Role::Danger, Role::DangerTint};
    case InlineMessage::Kind::Held:
        return {u"media-playback-pause"_s, Role::Held, Role::HeldTint};
    }
    Q_UNREACHABLE_RETURN({});
}

} // namespace

InlineMessage::InlineMessage(QWidget *parent)
    : QFrame(parent)
    , m_icon(new IconLabel({}, 22, std::nullopt, this))
    , m_what(new TextLabel({}, TextStyle::Body, this))
    , m_hint(new TextLabel({}, TextStyle::Body, this))
    , m_actions(new QHBoxLayout)
    , m_copy(new FlatButton(u"edit-copy"_s, tr("Copy details"), this))
    , m_close(new FlatButton(u"window-close"_s, {}, this))
{
    setAccessibleName(tr("Message"));
    m_close->setAccessibleName(tr("Close this message"));
    m_close->setToolTip(tr("Close this message"));
    m_close->setFixedSize(28, 28);
    m_what->wrapped()->selectable();
    m_hint->wrapped()->selectable();
    QFont bold = m_what->font();
    bold.setWeight(QFont::DemiBold);
    m_what->setFont(bold);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addStretch();
    texts->addWidget(m_what);
    texts->addWidget(m_hint);
    texts->addStretch();
    m_actions->setSpacing(space::Tight);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::Group, space::Inside, space::Inside, space::Inside);
    row->setSpacing(space::Group);
    row->addWidget(m_icon);
    row->addLayout(texts, 1);
    row->addLayout(m_actions);
    m_actions->addWidget(m_copy);
    m_actions->addWidget(m_close);
    connect(m_copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(m_details); });
    connect(m_close, &QPushButton::clicked, this, &InlineMessage::clear);
    m_close->hide();
    connect(&Theme::instance(), &Theme::changed, this, &InlineMessage::restyle);
    hide();
}

void InlineMessage::tell(Kind kind, const QString &what, const QString &hint, const QString &details)
{
    if (!isHidden() && m_kind == kind && m_what->text() == what && m_hint->text() == hint && m_details == details) {
        return;
    }
    m_kind = kind;
    m_what->setText(what);
    m_hint->setText(hint);
    m_hint->setVisible(!hint.isEmpty());
    m_details = details;
    m_copy->setVisible(!details.isEmpty());
    setAccessibleDescription(text());
    restyle();
    show();
}

void InlineMessage::tell(const Error &error, Kind kind)
{
    QString details = error.text();
    if (!error.args.isEmpty()) {
        details += u"\n"_s + error.code + u' ' + QString::fromUtf8(QJsonDocument(error.args).toJson(QJsonDocument::Compact));
    }
    tell(kind, error.what(), error.hint(), details);
}

void InlineMessage::clear()
{
    // The one that was clicked may be what clears the message.
    for (QPushButton *button : std::exchange(m_extra, {})) {
        button->hide();
        button->deleteLater();
    }
    hide();
}

QPushButton *InlineMessage::addAction(const QString &text)
{
    auto *button = new QPushButton(text, this);
    button->setAutoDefault(false);
    m_extra.append(button);
    m_actions->insertWidget(m_extra.size() - 1, button);
    // Not a turn of the event loop later, as layouts do.
    button->show();
    return button;
}

void InlineMessage::setClosable(bool closable)
{
    m_close->setVisible(closable);
}

QString InlineMessage::text() const
{
    return m_hint->text().isEmpty() ? m_what->text() : QString(m_what->text() + u' ' + m_hint->text());
}

void InlineMessage::restyle()
{
    const Look look = lookOf(m_kind);
    static_cast<IconLabel *>(m_icon)->setIcon(look.icon, look.ink);
    m_what->setRole(Theme::Role::Text);
    m_hint->setRole(Theme::Role::Text);
    update();
}

void InlineMessage::paintEvent(QPaintEvent *)
{
    const Look look = lookOf(m_kind);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor line = Theme::color(look.ink);
    line.setAlphaF(0.45F);
    painter.setPen(line);
    painter.setBrush(Theme::color(look.tint));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

} // namespace cutover
