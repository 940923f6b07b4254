// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/restoretimeline.h"

#include "common/page.h"
#include "common/theme.h"
#include "common/times.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int Margin = 12;
constexpr int ErrorsTop = 8, ErrorsHeight = 36;
constexpr int BandsTop = ErrorsTop + ErrorsHeight + 8, BandsHeight = 24;
constexpr int PointsTop = BandsTop + BandsHeight + 10, DiamondSize = 14;
constexpr int LabelTop = PointsTop + DiamondSize + 4;
constexpr double LabelWidth = 160, LeastLabelWidth = 56; ///< With less room a point has none.

} // namespace

RestoreTimeline::RestoreTimeline(QWidget *parent)
    : QWidget(parent)
    , m_now(QDateTime::currentDateTimeUtc())
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Restore points in time"));
    setAccessibleDescription(tr("Arrow keys choose a restore point"));
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void RestoreTimeline::setPoints(const QList<RestorePointView> &points, const QDateTime &now)
{
    m_points = points;
    std::ranges::sort(m_points, {}, [](const RestorePointView &view) { return view.point.created; });
    m_now = now;
    update();
}

void RestoreTimeline::setBands(const QList<VersionBand> &bands)
{
    m_bands = bands;
    update();
}

void RestoreTimeline::setErrors(const QList<MetricPoint> &errors, double errorLimit)
{
    m_errors = errors;
    m_errorLimit = errorLimit;
    update();
}

void RestoreTimeline::select(const QString &id)
{
    if (m_selected == id) {
        return;
    }
    m_selected = id;
    if (const int index = selectedIndex(); index >= 0) {
        setAccessibleDescription(describe(m_points[index]));
        QAccessibleEvent event(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&event);
    }
    update();
}

QString RestoreTimeline::describe(const RestorePointView &view)
{
    QString text = tr("Restore point “%1”, version %2, taken %3")
                       .arg(view.point.reason.text(), view.point.version, exactTime(view.point.created));
    text += view.point.proven.isValid() ? tr(", restore proven %1").arg(exactTime(view.point.proven)) : tr(", restore not proven");
    if (!view.point.available) {
        text += tr(", removed by clean up");
    }
    return text;
}

QSize RestoreTimeline::sizeHint() const
{
    return {640, LabelTop + 2 * fontMetrics().height() + 10};
}

QSize RestoreTimeline::minimumSizeHint() const
{
    return {320, sizeHint().height()};
}

TimelineScale RestoreTimeline::scale() const
{
    QList<qint64> moments{m_now.toMSecsSinceEpoch()};
    for (const RestorePointView &view : m_points) {
        moments << view.point.created.toMSecsSinceEpoch();
    }
    for (const VersionBand &band : m_bands) {
        moments << band.from.toMSecsSinceEpoch();
    }
    // Half a diamond beyond the first and the last moment stays visible.
    return {moments, double(Margin + DiamondSize), double(width() - Margin - DiamondSize - 28)};
}

QRect RestoreTimeline::markRect(const QString &id) const
{
    const auto found = std::ranges::find_if(m_points, [&](const RestorePointView &view) { return view.point.id == id; });
    if (found == m_points.end()) {
        return {};
    }
    const int x = int(std::round(scale().x(found->point.created.toMSecsSinceEpoch())));
    return {x - DiamondSize / 2, PointsTop, DiamondSize, DiamondSize};
}

int RestoreTimeline::indexAt(const QPoint &position) const
{
    for (int i = 0; i < m_points.size(); ++i) {
        if (markRect(m_points[i].point.id).adjusted(-5, -5, 5, 5 + fontMetrics().height()).contains(position)) {
            return i;
        }
    }
    return -1;
}

int RestoreTimeline::selectedIndex() const
{
    const auto found = std::ranges::find_if(m_points, [this](const RestorePointView &view) { return view.point.id == m_selected; });
    return found == m_points.end() ? -1 : int(found - m_points.begin());
}

void RestoreTimeline::choose(int index)
{
    if (index >= 0 && index < m_points.size() && m_points[index].point.id != m_selected) {
        select(m_points[index].point.id);
        Q_EMIT selectionChanged(m_selected);
    }
}

void RestoreTimeline::keyPressEvent(QKeyEvent *event)
{
    const int last = int(m_points.size()) - 1;
    const int current = selectedIndex();
    switch (event->key()) {
    case Qt::Key_Left:
        choose(current < 0 ? last : std::max(0, current - 1));
        return;
    case Qt::Key_Right:
        choose(current < 0 ? last : std::min(last, current + 1));
        return;
    case Qt::Key_Home:
        choose(0);
        return;
    case Qt::Key_End:
        choose(last);
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

void RestoreTimeline::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton) {
        choose(indexAt(event->position().toPoint()));
    }
}

bool RestoreTimeline::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        if (const int index = indexAt(help->pos()); index >= 0) {
            QToolTip::showText(help->globalPos(), describe(m_points[index]), this);
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    return QWidget::event(event);
}

void RestoreTimeline::paintEvent(QPaintEvent *)
{
    paintPanel(this);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_points.isEmpty() && m_bands.isEmpty()) {
        return;
    }
    const TimelineScale toPixels = scale();
    if (const int index = selectedIndex(); index >= 0) {
        const double x = toPixels.x(m_points[index].point.created.toMSecsSinceEpoch());
        painter.setPen(QPen(Theme::color(Theme::Role::Accent), 1, Qt::DotLine));
        painter.drawLine(QPointF(x, ErrorsTop), QPointF(x, PointsTop));
    }
    paintErrors(painter, toPixels);
    paintBands(painter, toPixels);
    paintPoints(painter, toPixels);
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(Theme::color(Theme::Role::Accent), 2));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
    }
}

void RestoreTimeline::paintErrors(QPainter &painter, const TimelineScale &scale) const
{
    const double bottom = ErrorsTop + ErrorsHeight;
    painter.setPen(QPen(Theme::color(Theme::Role::Border), 1));
    painter.drawLine(QPointF(Margin, bottom + 0.5), QPointF(width() - Margin, bottom + 0.5));
    painter.setFont(textFont(TextStyle::Caption, font()));
    painter.setPen(Theme::color(Theme::Role::Muted));
    painter.drawText(QRectF(Margin, ErrorsTop - 4, 120, 16), Qt::AlignLeft | Qt::AlignTop, tr("Errors %"));
    if (m_errors.isEmpty()) {
        return;
    }
    // The highest value of each pixel, so that a short peak is not lost.
    QMap<int, double> highest;
    double top = m_errorLimit * 2;
    for (const MetricPoint &point : m_errors) {
        double &value = highest[int(scale.x(point.time))];
        value = std::max(value, point.value);
        top = std::max(top, point.value);
    }
    const auto y = [&](double value) { return bottom - value / top * (ErrorsHeight - 4); };
    painter.setPen(QPen(Theme::color(Theme::Role::Danger), 1, Qt::DashLine));
    painter.drawLine(QPointF(Margin, y(m_errorLimit)), QPointF(width() - Margin, y(m_errorLimit)));
    QPainterPath line;
    bool begun = false;
    for (auto [x, value] : highest.asKeyValueRange()) {
        if (begun) {
            line.lineTo(x, y(value));
        } else {
            line.moveTo(x, y(value));
            begun = true;
        }
    }
    QPainterPath area = line;
    area.lineTo(highest.lastKey(), bottom);
    area.lineTo(highest.firstKey(), bottom);
    area.closeSubpath();
    QColor fill = Theme::color(Theme::Role::Series1);
    fill.setAlphaF(0.15F);
    painter.fillPath(area, fill);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(Theme::color(Theme::Role::Series1), 1.5));
    painter.drawPath(line);
}

void RestoreTimeline::paintBands(QPainter &painter, const TimelineScale &scale) const
{
    painter.setFont(font());
    for (const VersionBand &band : m_bands) {
        const double left = scale.x(band.from.toMSecsSinceEpoch());
        const double right = scale.x(band.to.toMSecsSinceEpoch());
        const QRectF box(left + 1, BandsTop, std::max(2.0, right - left - 2), BandsHeight);
        const bool serves = &band == &m_bands.last();
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::color(band.withdrawn ? Theme::Role::CautionTint : serves ? Theme::Role::OkTint
                                                                                         : Theme::Role::NeutralTint));
        painter.drawRoundedRect(box, 4, 4);
        painter.setPen(Theme::color(band.withdrawn ? Theme::Role::Caution : serves ? Theme::Role::Ok
                                                                                   : Theme::Role::Text));
        // Part of a version says less than none.
        if (fontMetrics().horizontalAdvance(band.version) <= int(box.width()) - 4) {
            painter.drawText(box, Qt::AlignCenter, band.version);
        }
    }
    const double end = scale.x(m_now.toMSecsSinceEpoch());
    painter.setPen(Theme::color(Theme::Role::Muted));
    painter.drawText(QRectF(end + 4, BandsTop, width() - end - 4, BandsHeight), Qt::AlignLeft | Qt::AlignVCenter, tr("now"));
}

void RestoreTimeline::paintPoints(QPainter &painter, const TimelineScale &scale) const
{
    const QFont caption = textFont(TextStyle::Caption, font());
    const QFontMetrics metrics(caption);
    // The chosen one tells what it is in any case, the others where there is room to read it.
    const auto labelBox = [&](int i) {
        const double x = scale.x(m_points[i].point.created.toMSecsSinceEpoch());
        const double before = i > 0 ? scale.x(m_points[i - 1].point.created.toMSecsSinceEpoch()) : x - LabelWidth;
        const double after = i + 1 < m_points.size() ? scale.x(m_points[i + 1].point.created.toMSecsSinceEpoch()) : x + LabelWidth;
        double room = std::min({std::abs(x - before), std::abs(after - x), LabelWidth}) - 8;
        if (room < LeastLabelWidth) {
            if (m_points[i].point.id != m_selected) {
                return QRectF();
            }
            room = LabelWidth;
        }
        const double left = std::min(std::max(double(Margin), x - room / 2), width() - Margin - room);
        return QRectF(left, LabelTop, room, metrics.height());
    };
    QRectF chosenBox;
    for (int i = 0; i < m_points.size(); ++i) {
        if (m_points[i].point.id == m_selected) {
            chosenBox = labelBox(i);
        }
    }
    for (int i = 0; i < m_points.size(); ++i) {
        const RestorePointView &view = m_points[i];
        const bool chosen = view.point.id == m_selected;
        const double x = scale.x(view.point.created.toMSecsSinceEpoch());
        const double middle = PointsTop + DiamondSize / 2.0;
        const double half = DiamondSize / 2.0;
        QPolygonF diamond{{x, middle - half}, {x + half, middle}, {x, middle + half}, {x - half, middle}};
        const Theme::Role role = !view.point.available ? Theme::Role::Muted : Theme::Role::Accent;
        painter.setPen(QPen(Theme::color(role), 1.5));
        painter.setBrush(chosen ? Theme::color(role) : Theme::color(Theme::Role::Raised));
        painter.drawPolygon(diamond);
        if (view.point.proven.isValid()) {
            // A tick beside the diamond: a restore of it has been proven.
            const double tick = x + half + 4;
            painter.setPen(QPen(Theme::color(Theme::Role::Ok), 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
            painter.drawPolyline(QPolygonF{{tick, middle}, {tick + 3, middle + 3}, {tick + 8, middle - 4}});
        }
        const QRectF box = labelBox(i);
        if (box.isNull() || (!chosen && box.intersects(chosenBox))) {
            continue;
        }
        const double room = box.width();
        painter.setFont(caption);
        painter.setPen(Theme::color(chosen ? Theme::Role::Text : Theme::Role::Muted));
        painter.drawText(box, Qt::AlignHCenter, metrics.elidedText(view.point.reason.text(), Qt::ElideRight, int(room)));
        const QDateTime local = view.point.created.toLocalTime();
        const QString when = local.date() == m_now.toLocalTime().date() ? local.toString(u"HH:mm"_s) : local.toString(u"d MMM HH:mm"_s);
        painter.drawText(box.translated(0, metrics.height()), Qt::AlignHCenter, metrics.elidedText(when, Qt::ElideRight, int(room)));
    }
}

} // namespace cutover
