// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/page.h"

#include "common/inlinemessage.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QProgressBar>
#include <QScrollArea>
#include <QTimer>
#include <QVBoxLayout>

namespace cutover {

namespace {

class Line : public QWidget
{
public:
    explicit Line(QWidget *parent)
        : QWidget(parent)
    {
        setFixedHeight(1);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), Theme::color(Theme::Role::Border));
    }
};

} // namespace

QWidget *separatorLine(QWidget *parent)
{
    return new Line(parent);
}

Page::Page(const QString &title, Scroll scroll, QWidget *parent)
    : QWidget(parent)
    , m_title(new TextLabel(title, TextStyle::Title))
    , m_caption(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_actions(new QHBoxLayout)
    , m_message(new InlineMessage)
    , m_bar(new QProgressBar(this))
    , m_body(new QVBoxLayout)
{
    setAccessibleName(title);
    m_caption->setVisible(false);
    m_bar->setRange(0, 0);
    m_bar->setTextVisible(false);
    m_bar->setFixedHeight(3);
    m_bar->setAccessibleName(tr("Loading"));
    m_bar->hide();

    auto *names = new QVBoxLayout;
    names->setSpacing(2);
    names->addWidget(m_title);
    names->addWidget(m_caption);
    auto *header = new QHBoxLayout;
    header->setSpacing(space::Inside);
    header->addLayout(names, 1);
    header->addLayout(m_actions);
    header->setAlignment(m_actions, Qt::AlignVCenter);

    m_body->setContentsMargins(0, 0, 0, 0);
    m_body->setSpacing(space::Group);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    column->setSpacing(space::Group);
    column->addLayout(header);
    column->addWidget(m_message);
    if (scroll == Scroll::None) {
        column->addLayout(m_body, 1);
        return;
    }
    auto *area = new QScrollArea;
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setAccessibleName(title);
    auto *content = new QWidget;
    content->setLayout(m_body);
    // A scroll area paints Base behind its widget; the page's own ground shall show.
    area->setWidget(content);
    area->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    column->addWidget(area, 1);
}

void Page::setTitle(const QString &title)
{
    m_title->setText(title);
    setAccessibleName(title);
}

QString Page::title() const
{
    return m_title->text();
}

void Page::setCaption(const QString &caption)
{
    m_caption->setText(caption);
    m_caption->setVisible(!caption.isEmpty());
}

void Page::setBusy(bool busy)
{
    m_busy = busy;
    if (!busy) {
        m_bar->hide();
        return;
    }
    QTimer::singleShot(300, this, [this] {
        if (m_busy) {
            m_bar->setGeometry(0, 0, width(), 3);
            m_bar->raise();
            m_bar->show();
        }
    });
}

void Page::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_bar->setGeometry(0, 0, width(), 3);
}

Panel::Panel(const QString &heading, QWidget *parent)
    : QFrame(parent)
    , m_heading(new TextLabel(heading, TextStyle::Section))
    , m_head(new QHBoxLayout)
    , m_actions(new QHBoxLayout)
    , m_body(new QVBoxLayout)
{
    QHBoxLayout *row = m_head;
    row->setSpacing(space::Inside);
    row->addWidget(m_heading, 1);
    row->addLayout(m_actions);
    m_body->setContentsMargins(space::Group, space::Inside, space::Group, space::Group);
    m_body->setSpacing(space::Inside);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(1, 1, 1, 1);
    column->setSpacing(0);
    column->addLayout(row);
    column->addLayout(m_body, 1);
    // Not before it lies in the panel: shown without a parent it is a window for a moment, and takes the keyboard.
    setHeading(heading);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Panel::setHeading(const QString &heading)
{
    m_heading->setText(heading);
    m_heading->setVisible(!heading.isEmpty());
    if (heading.isEmpty()) {
        m_head->setContentsMargins(0, 0, 0, 0);
    } else {
        m_head->setContentsMargins(space::Group, space::Inside, space::Inside, 0);
    }
}

void Panel::setFlush(bool flush)
{
    m_body->setContentsMargins(flush ? 0 : space::Group, space::Inside, flush ? 0 : space::Group, flush ? 0 : space::Group);
}

void Panel::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Theme::color(Theme::Role::Border));
    painter.setBrush(Theme::color(Theme::Role::Raised));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
}

} // namespace cutover
