// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/page.h"

#include "common/inlinemessage.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QPainter>
#include <QPixmapCache>
#include <QProgressBar>
#include <QScrollArea>
#include <QScrollBar>
#include <QStyle>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

void paintPanel(QWidget *widget)
{
    constexpr int radius = 6;
    constexpr int corner = radius + 1;
    const QColor border = Theme::color(Theme::Role::Border);
    const QColor raised = Theme::color(Theme::Role::Raised);
    const QRect rect = widget->rect();
    QPainter painter(widget);
    if (rect.width() < 2 * corner || rect.height() < 2 * corner) {
        painter.fillRect(rect, raised);
        return;
    }
    // Only the corners are round: a stroke around all of it takes longer than everything on a panel.
    const qreal ratio = widget->devicePixelRatioF();
    const QString key = u"cutover-panel "_s + border.name() + raised.name() + QString::number(ratio);
    QPixmap corners;
    if (!QPixmapCache::find(key, &corners)) {
        const QSize size(2 * corner, 2 * corner);
        corners = QPixmap(size * ratio);
        corners.setDevicePixelRatio(ratio);
        corners.fill(Qt::transparent);
        QPainter round(&corners);
        round.setRenderHint(QPainter::Antialiasing);
        round.setPen(border);
        round.setBrush(raised);
        round.drawRoundedRect(QRectF(QPointF(), size).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
        round.end();
        QPixmapCache::insert(key, corners);
    }
    const int right = rect.width() - corner;
    const int lower = rect.height() - corner;
    for (const int y : {0, rect.height() - 1}) {
        painter.fillRect(corner, y, right - corner, 1, border);
    }
    for (const int x : {0, rect.width() - 1}) {
        painter.fillRect(x, corner, 1, lower - corner, border);
    }
    painter.fillRect(corner, 1, right - corner, rect.height() - 2, raised);
    for (const int x : {1, right}) {
        painter.fillRect(x, corner, corner - 1, lower - corner, raised);
    }
    const qreal part = corner * ratio;
    for (const int x : {0, right}) {
        for (const int y : {0, lower}) {
            painter.drawPixmap(QRectF(x, y, corner, corner), corners, QRectF(x > 0 ? part : 0, y > 0 ? part : 0, part, part));
        }
    }
}

QScrollArea *pageScroll(QLayout *body, const QString &accessibleName)
{
    auto *area = new QScrollArea;
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->setAccessibleName(accessibleName);
    auto *content = new QWidget;
    content->setLayout(body);
    // A scroll area paints Base behind its widget; the page's own ground shall show.
    area->setWidget(content);
    area->viewport()->setAutoFillBackground(false);
    content->setAutoFillBackground(false);
    // The bar takes the place of the margin, so that nothing moves when it comes.
    const auto leaveRoom = [body, extent = area->style()->pixelMetric(QStyle::PM_ScrollBarExtent)](int least, int most) {
        body->setContentsMargins(0, 0, space::Page - (most > least ? extent : 0), space::Page);
    };
    leaveRoom(0, 0);
    QObject::connect(area->verticalScrollBar(), &QScrollBar::rangeChanged, body, leaveRoom);
    return area;
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
    m_busyTimer.setInterval(50);
    connect(&m_busyTimer, &QTimer::timeout, this, &Page::moveBar);

    auto *names = new QVBoxLayout;
    names->setSpacing(2);
    names->addWidget(m_title);
    names->addWidget(m_caption);
    auto *header = new QHBoxLayout;
    header->setSpacing(space::Inside);
    header->addLayout(names, 1);
    header->addLayout(m_actions);
    header->setAlignment(m_actions, Qt::AlignVCenter);

    m_body->setSpacing(space::Group);

    // What is scrolled reaches to the edges, and is cut off by them and not by a margin.
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Page, space::Page, 0, 0);
    column->setSpacing(space::Group);
    auto *above = new QVBoxLayout;
    above->setContentsMargins(0, 0, space::Page, 0);
    above->setSpacing(space::Group);
    above->addLayout(header);
    above->addWidget(m_message);
    column->addLayout(above);
    if (scroll == Scroll::None) {
        m_body->setContentsMargins(0, 0, space::Page, space::Page);
        column->addLayout(m_body, 1);
    } else {
        column->addWidget(pageScroll(m_body, title), 1);
    }
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
        m_busyTimer.stop();
        return;
    }
    QTimer::singleShot(300, this, [this] {
        if (m_busy) {
            m_bar->setGeometry(0, 0, width(), 3);
            m_bar->raise();
            m_bar->show();
            m_busyTimer.start();
        }
    });
}

void Page::moveBar()
{
    // There and back in two seconds; at rest where the system wants nothing to move.
    constexpr int period = 2000;
    const bool still = style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) == 0;
    const double phase = still ? 0.5 : double(QDateTime::currentMSecsSinceEpoch() % period) / period;
    m_bar->setProperty("cutoverPlace", 1 - std::abs(1 - 2 * phase));
    m_bar->update();
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
    const int side = flush ? 0 : space::Group;
    // What has corners of its own keeps out of the panel's.
    m_body->setContentsMargins(side, flush && m_heading->text().isEmpty() ? space::Tight : space::Inside, side, flush ? space::Tight : space::Group);
}

void Panel::paintEvent(QPaintEvent *)
{
    paintPanel(this);
}

} // namespace cutover
