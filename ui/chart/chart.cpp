// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"

#include "common/buttons.h"
#include "common/tableview.h"
#include "common/textlabel.h"
#include "common/times.h"

#include <QAbstractTableModel>
#include <QApplication>
#include <QChart>
#include <QChartView>
#include <QDateTime>
#include <QGraphicsLayout>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QImage>
#include <QLineSeries>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QShowEvent>
#include <QStackedWidget>
#include <QToolTip>
#include <QValueAxis>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// From here on there is room for title, value and buttons with words.
constexpr int RoomyWidth = 360;
/// More points than this are drawn by us, as the area below them is.
constexpr qsizetype MaxInSeries = 250;

QString clockText(qint64 time, qint64 step)
{
    const QDateTime local = QDateTime::fromMSecsSinceEpoch(time).toLocalTime();
    if (step >= 24LL * 3600 * 1000) {
        return QLocale().toString(local, u"d MMM"_s);
    }
    return QLocale().toString(local, step < 60000 ? u"HH:mm:ss"_s : u"HH:mm"_s);
}

} // namespace

class Chart::PointModel : public QAbstractTableModel
{
public:
    PointModel(const Chart *chart, QObject *parent)
        : QAbstractTableModel(parent)
        , m_chart(chart)
    {
    }
    void setPoints(const QList<MetricPoint> &points)
    {
        beginResetModel();
        m_points = points;
        std::ranges::reverse(m_points);
        endResetModel();
    }
    int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : int(m_points.size()); }
    int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : 2; }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override
    {
        if (orientation == Qt::Horizontal && role == Qt::DisplayRole) {
            return section == 0 ? Chart::tr("Time") : m_chart->title();
        }
        if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole && section == 1) {
            return int(Qt::AlignRight | Qt::AlignVCenter);
        }
        return {};
    }
    QVariant data(const QModelIndex &index, int role) const override
    {
        if (!checkIndex(index, CheckIndexOption::IndexIsValid)) {
            return {};
        }
        const MetricPoint &point = m_points.at(index.row());
        if (role == Qt::DisplayRole) {
            return index.column() == 0
                ? QLocale().toString(QDateTime::fromMSecsSinceEpoch(point.time).toLocalTime(), u"d MMM HH:mm:ss"_s)
                : m_chart->valueText(point.value);
        }
        if (role == Qt::TextAlignmentRole && index.column() == 1) {
            return int(Qt::AlignRight | Qt::AlignVCenter);
        }
        return {};
    }

private:
    const Chart *m_chart;
    QList<MetricPoint> m_points;
};

struct Chart::Private {
    Chart *q;
    QString title;
    Format format;
    Theme::Role role;
    SampleRing samples;
    QList<QList<MetricPoint>> drawn;
    /// About a point for each pixel: a series of Qt Charts would take several frames to shape its line.
    bool dense = false;
    QImage image; ///< What is dense, until something changes.
    std::optional<double> threshold;
    QString thresholdLabel;
    QList<ChartMarker> markers;
    qint64 span = 15LL * 60 * 1000;
    qint64 end = 0;
    QList<std::pair<qint64, qint64>> zooms;
    qint64 crosshair = 0;
    ChartMapping mapping;
    double step = 1;
    bool stale = false; ///< What is drawn is not what is known.
    bool soon = false; ///< It will be, in a turn of the event loop.

    TextLabel *heading = nullptr;
    TextLabel *current = nullptr;
    FlatButton *back = nullptr;
    FlatButton *asTable = nullptr;
    QStackedWidget *stack = nullptr;
    View *view = nullptr;
    TableView *table = nullptr;
    PointModel *model = nullptr;
    QChart *chart = nullptr;
    QValueAxis *xAxis = nullptr;
    QValueAxis *yAxis = nullptr;
    QList<QLineSeries *> series;

    [[nodiscard]] std::pair<qint64, qint64> range() const
    {
        return zooms.isEmpty() ? std::pair{end - span, end} : zooms.last();
    }
    /// The title goes before the words of the buttons.
    void fitHeader();
    void refresh()
    {
        if (std::exchange(stale, false)) {
            updateRange();
        }
    }
    [[nodiscard]] QColor areaColor() const
    {
        QColor color = Theme::color(role);
        color.setAlphaF(0.12F);
        return color;
    }
    const QImage &denseImage();
    void updateRange();
    void updateScale();
    void drawSeries();
    void describe();
};

class Chart::View : public QChartView
{
public:
    View(QChart *chart, Private *d)
        : QChartView(chart)
        , d(d)
    {
        setFrameShape(QFrame::NoFrame);
        setRenderHint(QPainter::Antialiasing);
        setMouseTracking(true);
        setFocusPolicy(Qt::StrongFocus);
        setMinimumHeight(100);
        setBackgroundBrush(Qt::NoBrush);
        viewport()->setAutoFillBackground(false);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    }

protected:
    bool event(QEvent *event) override
    {
        // The scene would keep the Tab key for itself, and the keyboard with it.
        if (event->type() == QEvent::KeyPress) {
            const int key = static_cast<QKeyEvent *>(event)->key();
            if (key == Qt::Key_Tab || key == Qt::Key_Backtab) {
                return QWidget::event(event);
            }
        }
        return QChartView::event(event);
    }
    void resizeEvent(QResizeEvent *event) override
    {
        QChartView::resizeEvent(event);
        d->fitHeader();
        d->updateScale();
    }
    void leaveEvent(QEvent *event) override
    {
        QChartView::leaveEvent(event);
        moveCrosshair(0);
    }
    void mousePressEvent(QMouseEvent *event) override
    {
        if (event->button() == Qt::LeftButton && d->mapping.isValid()) {
            m_dragFrom = m_dragTo = std::clamp(event->position().x(), d->mapping.plot.left(), d->mapping.plot.right());
            m_dragging = true;
        }
    }
    void mouseMoveEvent(QMouseEvent *event) override
    {
        if (!d->mapping.isValid()) {
            return;
        }
        const double x = std::clamp(event->position().x(), d->mapping.plot.left(), d->mapping.plot.right());
        if (m_dragging) {
            m_dragTo = x;
            viewport()->update();
        }
        moveCrosshair(d->mapping.plot.adjusted(-1, -40, 1, 40).contains(event->position()) ? d->mapping.time(x) : 0);
    }
    void mouseReleaseEvent(QMouseEvent *event) override
    {
        if (event->button() != Qt::LeftButton || !std::exchange(m_dragging, false)) {
            return;
        }
        if (std::abs(m_dragTo - m_dragFrom) >= 8) {
            const auto [from, to] = std::minmax({d->mapping.time(m_dragFrom), d->mapping.time(m_dragTo)});
            d->q->zoom(from, to);
            Q_EMIT d->q->zoomed(from, to);
        }
        viewport()->update();
    }
    void mouseDoubleClickEvent(QMouseEvent *) override
    {
        m_dragging = false;
        goBack();
    }
    void keyPressEvent(QKeyEvent *event) override
    {
        const auto [from, to] = d->range();
        const qint64 step = qMax<qint64>(1, (to - from) / 60);
        const qint64 at = d->crosshair == 0 ? to : d->crosshair;
        switch (event->key()) {
        case Qt::Key_Left:
            moveCrosshair(qMax(from, at - step));
            return;
        case Qt::Key_Right:
            moveCrosshair(qMin(to, at + step));
            return;
        case Qt::Key_Home:
            moveCrosshair(from);
            return;
        case Qt::Key_End:
            moveCrosshair(to);
            return;
        case Qt::Key_Escape:
            moveCrosshair(0);
            return;
        case Qt::Key_Backspace:
            goBack();
            return;
        case Qt::Key_Plus: {
            const qint64 quarter = (to - from) / 4;
            const qint64 middle = std::clamp(at, from + quarter, to - quarter);
            d->q->zoom(middle - quarter, middle + quarter);
            Q_EMIT d->q->zoomed(middle - quarter, middle + quarter);
            return;
        }
        default:
            QChartView::keyPressEvent(event);
        }
    }
    bool viewportEvent(QEvent *event) override
    {
        if (event->type() == QEvent::ToolTip) {
            const auto *help = static_cast<QHelpEvent *>(event);
            for (const ChartMarker &marker : std::as_const(d->markers)) {
                if (d->mapping.isValid() && std::abs(d->mapping.x(marker.time) - help->pos().x()) < 6) {
                    QToolTip::showText(help->globalPos(), marker.description, this);
                    return true;
                }
            }
            QToolTip::hideText();
            return true;
        }
        return QChartView::viewportEvent(event);
    }

    void drawBackground(QPainter *painter, const QRectF &) override
    {
        const ChartMapping &m = d->mapping;
        if (!m.isValid()) {
            return;
        }
        painter->save();
        painter->resetTransform();
        painter->setRenderHint(QPainter::Antialiasing, false);
        QFont font = tabularFont(textFont(TextStyle::Caption, this->font()));
        painter->setFont(font);
        const QFontMetricsF metrics(font);
        QColor grid = Theme::color(Theme::Role::Border);
        grid.setAlphaF(0.7F);
        // Where nothing was measured and nothing is limited there is no scale to tell.
        const bool scaled = !d->drawn.isEmpty() || d->threshold;
        for (double value = m.low; value <= m.high + d->step / 1000 && (scaled || value <= m.low); value += d->step) {
            const double y = std::round(m.y(value));
            painter->setPen(grid);
            painter->drawLine(QPointF(m.plot.left(), y), QPointF(m.plot.right(), y));
            painter->setPen(Theme::color(Theme::Role::Muted));
            painter->drawText(QRectF(0, y - 10, m.plot.left() - 6, 20), Qt::AlignRight | Qt::AlignVCenter, d->q->valueText(value));
        }
        const auto stepFor = [&](const QString &widest) {
            return niceTimeStep(m.to - m.from, qMax(1, int(m.plot.width() / (metrics.horizontalAdvance(widest) + 20))));
        };
        qint64 step = stepFor(u"00:00"_s);
        if (step < 60000) {
            step = stepFor(u"00:00:00"_s); // Seconds are told there, too.
        }
        // Steps begin at local midnight, so that labels are round in the operator's zone.
        const QDateTime midnight = QDateTime::fromMSecsSinceEpoch(m.from).toLocalTime().date().startOfDay();
        qint64 tick = midnight.toMSecsSinceEpoch();
        tick += (m.from - tick + step - 1) / step * step;
        for (; tick <= m.to; tick += step) {
            const double x = std::round(m.x(tick));
            painter->setPen(grid);
            painter->drawLine(QPointF(x, m.plot.bottom()), QPointF(x, m.plot.bottom() + 4));
            const QString text = clockText(tick, step);
            const double width = metrics.horizontalAdvance(text);
            const double left = std::clamp(x - width / 2, 0.0, viewport()->width() - width);
            painter->setPen(Theme::color(Theme::Role::Muted));
            painter->drawText(QRectF(left, m.plot.bottom() + 5, width + 2, metrics.height()), Qt::AlignLeft | Qt::AlignTop, text);
        }
        painter->setClipRect(m.plot);
        painter->setRenderHint(QPainter::Antialiasing);
        if (d->dense) {
            painter->drawImage(m.plot.topLeft().toPoint(), d->denseImage());
        } else {
            for (const auto &segment : std::as_const(d->drawn)) {
                if (segment.size() >= 2) {
                    drawArea(painter, segment);
                }
            }
        }
        painter->restore();
    }

    /// The area below a line that Qt Charts draws.
    void drawArea(QPainter *painter, const QList<MetricPoint> &segment) const
    {
        const ChartMapping &m = d->mapping;
        QPolygonF area;
        area.reserve(segment.size() + 2);
        area.append({m.x(segment.first().time), m.plot.bottom()});
        for (const MetricPoint &point : segment) {
            area.append({m.x(point.time), m.y(point.value)});
        }
        area.append({m.x(segment.last().time), m.plot.bottom()});
        painter->setPen(Qt::NoPen);
        painter->setBrush(d->areaColor());
        painter->drawPolygon(area);
    }

    void drawForeground(QPainter *painter, const QRectF &) override
    {
        const ChartMapping &m = d->mapping;
        if (!m.isValid()) {
            return;
        }
        painter->save();
        painter->resetTransform();
        QFont font = tabularFont(textFont(TextStyle::Caption, this->font()));
        painter->setFont(font);
        const QFontMetricsF metrics(font);

        if (d->threshold) {
            const double y = std::round(m.y(*d->threshold)) + 0.5;
            painter->setPen(QPen(Theme::color(Theme::Role::Danger), 1.25, Qt::DashLine));
            painter->drawLine(QPointF(m.plot.left(), y), QPointF(m.plot.right(), y));
            painter->setPen(Theme::color(Theme::Role::Danger));
            painter->drawText(QRectF(m.plot.left() + 6, y - metrics.height() - 2, m.plot.width() - 12, metrics.height()),
                              Qt::AlignLeft | Qt::AlignVCenter, d->thresholdLabel);
        }
        drawMarkers(painter, metrics);
        if (d->drawn.isEmpty()) {
            const QString text = tr("No samples in this range");
            QRectF place(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 8);
            place.moveCenter(m.plot.center());
            painter->fillRect(place, Theme::color(Theme::Role::Raised));
            painter->setPen(Theme::color(Theme::Role::Muted));
            painter->drawText(place, Qt::AlignCenter, text);
        }
        if (m_dragging && std::abs(m_dragTo - m_dragFrom) > 2) {
            QColor band = Theme::color(Theme::Role::Accent);
            band.setAlphaF(0.18F);
            painter->fillRect(QRectF(QPointF(std::min(m_dragFrom, m_dragTo), m.plot.top()), QPointF(std::max(m_dragFrom, m_dragTo), m.plot.bottom())),
                              band);
        }
        drawCrosshair(painter, metrics);
        if (hasFocus()) {
            painter->setRenderHint(QPainter::Antialiasing, false);
            painter->setPen(Theme::color(Theme::Role::Accent));
            painter->drawRect(QRectF(viewport()->rect()).adjusted(0, 0, -1, -1));
        }
        painter->restore();
    }

private:
    void drawMarkers(QPainter *painter, const QFontMetricsF &metrics)
    {
        const ChartMapping &m = d->mapping;
        double free = 0;
        for (const ChartMarker &marker : std::as_const(d->markers)) {
            if (marker.time < m.from || marker.time > m.to) {
                continue;
            }
            const bool update = marker.kind == ChartMarker::Kind::Update;
            const QColor ink = Theme::color(update ? Theme::Role::Info : Theme::Role::Caution);
            const double x = std::round(m.x(marker.time)) + 0.5;
            painter->setPen(QPen(ink, 1));
            painter->drawLine(QPointF(x, m.plot.top() - 4), QPointF(x, m.plot.bottom()));
            const QString text = (update ? u"▲ "_s : u"◀ "_s) + marker.label;
            const double width = metrics.horizontalAdvance(text) + 10;
            const double left = std::clamp(x - width / 2, m.plot.left(), std::max(m.plot.left(), m.plot.right() - width));
            // Where labels would lie on each other, the line alone stays; its text is in the tool tip.
            if (left < free) {
                continue;
            }
            const QRectF pill(left, 1, width, metrics.height() + 2);
            painter->setPen(Qt::NoPen);
            painter->setBrush(Theme::color(update ? Theme::Role::InfoTint : Theme::Role::CautionTint));
            painter->drawRoundedRect(pill, 3, 3);
            painter->setPen(ink);
            painter->drawText(pill, Qt::AlignCenter, text);
            free = pill.right() + 4;
        }
    }

    void drawCrosshair(QPainter *painter, const QFontMetricsF &metrics)
    {
        const ChartMapping &m = d->mapping;
        if (d->crosshair < m.from || d->crosshair > m.to) {
            return;
        }
        const double x = std::round(m.x(d->crosshair)) + 0.5;
        painter->setPen(Theme::color(Theme::Role::Muted));
        painter->drawLine(QPointF(x, m.plot.top()), QPointF(x, m.plot.bottom()));
        const MetricPoint point = d->samples.nearest(d->crosshair);
        QString text = clockText(d->crosshair, 1000);
        if (point.time != 0 && std::abs(point.time - d->crosshair) <= (m.to - m.from) / 40 + 5000) {
            painter->setPen(QPen(Theme::color(Theme::Role::Raised), 1.5));
            painter->setBrush(Theme::color(d->role));
            painter->drawEllipse(QPointF(x, m.y(point.value)), 4, 4);
            text = d->q->valueText(point.value) + u"  "_s + clockText(point.time, 1000);
        }
        const double width = metrics.horizontalAdvance(text) + 12;
        double left = x + 8;
        if (left + width > m.plot.right()) {
            left = x - 8 - width;
        }
        const QRectF pill(left, m.plot.top() + 4, width, metrics.height() + 6);
        painter->setPen(Theme::color(Theme::Role::Border));
        painter->setBrush(Theme::color(Theme::Role::Raised));
        painter->drawRoundedRect(pill, 4, 4);
        painter->setPen(Theme::color(Theme::Role::Text));
        painter->drawText(pill, Qt::AlignCenter, text);
    }

    void moveCrosshair(qint64 time)
    {
        if (d->crosshair != time) {
            d->q->setCrosshair(time);
            Q_EMIT d->q->crosshairMoved(time);
        }
    }

    void goBack()
    {
        if (d->q->isZoomed()) {
            d->q->zoomBack();
            Q_EMIT d->q->zoomedBack();
        }
    }

    Private *d;
    double m_dragFrom = 0;
    double m_dragTo = 0;
    bool m_dragging = false;
};

void Chart::Private::fitHeader()
{
    const bool roomy = view->width() >= RoomyWidth;
    back->setText(roomy ? q->tr("Zoom back") : QString());
    asTable->setText(roomy ? q->tr("Show as table") : QString());
}

/// Pixel by pixel: a painter takes several frames for a line that goes up and down in each of them.
const QImage &Chart::Private::denseImage()
{
    const double ratio = view->devicePixelRatioF();
    if (!image.isNull() && image.devicePixelRatio() == ratio) {
        return image;
    }
    ChartMapping scaled = mapping;
    scaled.plot = QRectF(QPointF(), mapping.plot.size() * ratio);
    image = QImage(scaled.plot.size().toSize().expandedTo({1, 1}), QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    const QRgb line = qPremultiply(Theme::color(role).rgba());
    const QRgb area = qPremultiply(areaColor().rgba());
    const int lineWidth = std::max(1, int(std::lround(ratio)));
    for (const auto &segment : std::as_const(drawn)) {
        for (const PixelColumn &column : pixelColumns(segment, scaled)) {
            if (column.x < 0 || column.x >= image.width()) {
                continue;
            }
            const int top = std::clamp(int(std::floor(column.top)), 0, image.height() - 1);
            const int bottom = std::clamp(int(std::ceil(column.bottom)), top + lineWidth, std::max(top + lineWidth, image.height()));
            auto *pixel = reinterpret_cast<QRgb *>(image.scanLine(top)) + column.x;
            const qsizetype next = image.bytesPerLine() / qsizetype(sizeof(QRgb));
            for (int y = top; y < image.height(); ++y, pixel += next) {
                *pixel = y < bottom ? line : area;
            }
        }
    }
    image.setDevicePixelRatio(ratio);
    return image;
}

void Chart::Private::updateRange()
{
    const auto [from, to] = range();
    mapping.from = from;
    mapping.to = to;
    // A smallest and a largest value for each two pixels tell it all; the limit holds on the widest screens.
    const auto limit = qMin<qsizetype>(MaxDrawn, qMax(200, view->width()));
    // A gap narrower than this can't be seen, and each piece is a series of its own.
    constexpr int visibleGap = 3;
    const qint64 least = (to - from) * visibleGap / qMax(100, view->width());
    const QList<MetricPoint> points = decimated(samples.range(from, to), limit);
    dense = points.size() > MaxInSeries;
    drawn = segments(points, least);
    updateScale();
    drawSeries();
    if (stack->currentWidget() == table) {
        QList<MetricPoint> rows = samples.range(from, to);
        if (rows.size() > MaxDrawn) {
            rows.remove(0, rows.size() - MaxDrawn);
        }
        model->setPoints(rows);
    }
    describe();
}

void Chart::Private::updateScale()
{
    double top = threshold ? *threshold * 1.15 : 0;
    for (const auto &segment : std::as_const(drawn)) {
        for (const MetricPoint &point : segment) {
            top = std::max(top, point.value);
        }
    }
    if (top <= 0) {
        top = format == Format::Percent ? 0.01 : 1;
    }
    const QFontMetricsF metrics(tabularFont(textFont(TextStyle::Caption, view->font())));
    const double upper = metrics.height() + 8;
    const double lower = metrics.height() + 8;
    const double height = view->viewport()->height() - upper - lower;
    step = niceStep(top * 1.05, std::clamp(int(height / 40), 2, 6));
    mapping.low = 0;
    mapping.high = std::ceil(top * 1.05 / step - 1e-9) * step;
    double widest = 0;
    for (double value = 0; value <= mapping.high + step / 1000; value += step) {
        widest = std::max(widest, metrics.horizontalAdvance(q->valueText(value)));
    }
    mapping.plot = QRectF(std::ceil(widest) + 10, upper, view->viewport()->width() - widest - 10 - 8, std::max(10.0, height));
    chart->setPlotArea(mapping.plot);
    image = {};
    if (mapping.to > mapping.from) {
        xAxis->setRange(double(mapping.from), double(mapping.to));
    }
    yAxis->setRange(mapping.low, mapping.high);
    view->viewport()->update();
}

void Chart::Private::drawSeries()
{
    while (!dense && series.size() < drawn.size()) {
        auto *line = new QLineSeries(chart);
        chart->addSeries(line);
        line->attachAxis(xAxis);
        line->attachAxis(yAxis);
        series.append(line);
    }
    for (qsizetype i = 0; i < series.size(); ++i) {
        QList<QPointF> points;
        if (i < drawn.size() && !dense) {
            points.reserve(drawn[i].size());
            for (const MetricPoint &point : std::as_const(drawn[i])) {
                points.append({double(point.time), point.value});
            }
        }
        if (!points.isEmpty() || series[i]->count() > 0) {
            series[i]->setPen(QPen(Theme::color(role), 1.75));
            series[i]->replace(points);
        }
    }
}

void Chart::Private::describe()
{
    QString text;
    if (samples.isEmpty()) {
        current->setText(q->tr("no data"));
        text = q->tr("No samples yet.");
    } else {
        const MetricPoint &last = samples.last();
        current->setText(q->valueText(last.value));
        text = q->tr("Now %1.").arg(q->valueText(last.value));
    }
    const bool over = threshold && !samples.isEmpty() && samples.last().value > *threshold;
    current->setRole(samples.isEmpty() ? Theme::Role::Muted : over ? Theme::Role::Danger
                                                                   : Theme::Role::Text);
    if (threshold) {
        text += u' ' + q->tr("Limit %1.").arg(q->valueText(*threshold));
    }
    if (crosshair != 0 && !samples.isEmpty()) {
        const MetricPoint point = samples.nearest(crosshair);
        text += u' ' + q->tr("At %1: %2.").arg(clockText(point.time, 1000), q->valueText(point.value));
    }
    view->setAccessibleDescription(text);
    q->setAccessibleDescription(text);
    back->setVisible(!zooms.isEmpty());
}

Chart::Chart(const QString &title, Format format, Theme::Role series, QWidget *parent)
    : QWidget(parent)
    , d(new Private{.q = this, .title = title, .format = format, .role = series})
{
    setAccessibleName(title);
    d->end = QDateTime::currentMSecsSinceEpoch();
    d->heading = new TextLabel(title, TextStyle::Section);
    d->current = new TextLabel({}, TextStyle::Section);
    d->current->setFont(tabularFont(d->current->font()));
    d->back = new FlatButton(u"zoom-original"_s, tr("Zoom back"));
    d->back->setAccessibleName(tr("Zoom back in “%1”").arg(title));
    d->asTable = new FlatButton(u"view-list-details"_s, tr("Show as table"));
    d->back->setToolTip(tr("Zoom back"));
    d->asTable->setToolTip(tr("Show as table"));
    d->asTable->setCheckable(true);
    d->asTable->setAccessibleName(tr("Show “%1” as table").arg(title));

    d->chart = new QChart;
    d->chart->legend()->hide();
    d->chart->setAnimationOptions(QChart::NoAnimation);
    d->chart->setBackgroundVisible(false);
    d->chart->setPlotAreaBackgroundVisible(false);
    d->chart->setMargins({0, 0, 0, 0});
    d->chart->layout()->setContentsMargins(0, 0, 0, 0);
    d->xAxis = new QValueAxis(d->chart);
    d->yAxis = new QValueAxis(d->chart);
    for (QValueAxis *axis : {d->xAxis, d->yAxis}) {
        // Grid and labels are drawn by us: round times, and what Qt Charts can't label.
        axis->setVisible(false);
    }
    d->chart->addAxis(d->xAxis, Qt::AlignBottom);
    d->chart->addAxis(d->yAxis, Qt::AlignLeft);
    d->view = new View(d->chart, d.get());
    d->view->setAccessibleName(title);
    d->table = new TableView(tr("“%1” as table").arg(title));
    d->model = new PointModel(this, this);
    d->table->setModel(d->model);
    d->stack = new QStackedWidget;
    d->stack->addWidget(d->view);
    d->stack->addWidget(d->table);

    auto *header = new QHBoxLayout;
    header->setContentsMargins(0, 0, 0, 0);
    header->setSpacing(space::Inside);
    header->addWidget(d->heading);
    header->addWidget(d->current);
    header->addStretch(1);
    header->addWidget(d->back);
    header->addWidget(d->asTable);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::Tight);
    column->addLayout(header);
    column->addWidget(d->stack, 1);

    connect(d->back, &QPushButton::clicked, this, [this] {
        zoomBack();
        Q_EMIT zoomedBack();
    });
    connect(d->asTable, &QPushButton::toggled, this, &Chart::setTableVisible);
    connect(&Theme::instance(), &Theme::changed, this, &Chart::redraw);
    redraw();
}

Chart::~Chart()
{
    // They draw from d, and are told of their hiding while they go.
    delete d->stack;
}

QString Chart::title() const
{
    return d->title;
}

void Chart::setPoints(const QList<MetricPoint> &points, qint64 now)
{
    d->samples.clear();
    append(points, now);
}

void Chart::append(const QList<MetricPoint> &points, qint64 now)
{
    d->samples.append(points);
    if (now != 0) {
        d->end = now;
    }
    redraw();
}

qint64 Chart::newest() const
{
    return d->samples.isEmpty() ? 0 : d->samples.last().time;
}

void Chart::setThreshold(double value, const QString &label)
{
    d->threshold = value;
    d->thresholdLabel = label;
    redraw();
}

void Chart::setMarkers(const QList<ChartMarker> &markers)
{
    QList<ChartMarker> sorted = markers;
    std::ranges::sort(sorted, {}, &ChartMarker::time);
    if (sorted == d->markers) {
        return;
    }
    d->markers = std::move(sorted);
    d->view->viewport()->update();
}

const QList<ChartMarker> &Chart::markers() const
{
    return d->markers;
}

void Chart::setSpan(qint64 milliseconds)
{
    d->span = milliseconds;
    d->zooms.clear();
    redraw();
}

qint64 Chart::span() const
{
    return d->span;
}

void Chart::setEnd(qint64 now)
{
    d->end = now;
    redraw();
}

void Chart::zoom(qint64 from, qint64 to)
{
    // Closer than a few scrapes there is nothing to see.
    if (to - from >= 2000) {
        d->zooms.append({from, to});
        redraw();
        Q_EMIT rangeChosen();
    }
}

void Chart::zoomBack()
{
    if (!d->zooms.isEmpty()) {
        d->zooms.removeLast();
        redraw();
        Q_EMIT rangeChosen();
    }
}

bool Chart::isZoomed() const
{
    return !d->zooms.isEmpty();
}

void Chart::setCrosshair(qint64 time)
{
    d->crosshair = time;
    d->describe();
    d->view->viewport()->update();
}

qint64 Chart::crosshair() const
{
    return d->crosshair;
}

ChartMapping Chart::mapping() const
{
    d->refresh();
    return d->mapping;
}

void Chart::setTableVisible(bool visible)
{
    d->asTable->setChecked(visible);
    d->stack->setCurrentWidget(visible ? static_cast<QWidget *>(d->table) : d->view);
    redraw();
}

TableView *Chart::table() const
{
    d->refresh();
    return d->table;
}

QString Chart::valueText(double value) const
{
    const QLocale locale;
    auto number = [&locale](double v) { return locale.toString(v, 'f', v != 0 && std::abs(v) < 10 && std::abs(v - std::round(v)) > 1e-9 ? 1 : 0); };
    switch (d->format) {
    case Format::Percent:
        return tr("%1 %").arg(number(value * 100));
    case Format::PerSecond:
        return tr("%1 /s").arg(number(value));
    case Format::PerMinute:
        return tr("%1 /min").arg(number(value));
    case Format::Milliseconds:
        return tr("%1 ms").arg(number(value));
    case Format::Number:
        return number(value);
    }
    Q_UNREACHABLE_RETURN({});
}

void Chart::redraw()
{
    d->stale = true;
    d->describe();
    // Several changes in a row are drawn once, each chart in an event of its own, and none while it is hidden.
    if (isVisible() && !std::exchange(d->soon, true)) {
        QMetaObject::invokeMethod(
            this,
            [this] {
                d->soon = false;
                d->refresh();
            },
            Qt::QueuedConnection);
    }
}

void Chart::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    // Drawn in an event of its own, as the charts beside it are.
    redraw();
}

ChartGroup::ChartGroup(QObject *parent)
    : QObject(parent)
{
}

void ChartGroup::add(Chart *chart)
{
    m_charts.append(chart);
    connect(chart, &Chart::crosshairMoved, this, [this, chart](qint64 time) {
        for (Chart *other : charts()) {
            if (other != chart) {
                other->setCrosshair(time);
            }
        }
    });
    connect(chart, &Chart::zoomed, this, [this, chart](qint64 from, qint64 to) {
        for (Chart *other : charts()) {
            if (other != chart) {
                other->zoom(from, to);
            }
        }
    });
    connect(chart, &Chart::zoomedBack, this, [this, chart] {
        for (Chart *other : charts()) {
            if (other != chart) {
                other->zoomBack();
            }
        }
    });
}

QList<Chart *> ChartGroup::charts() const
{
    QList<Chart *> result;
    for (const auto &chart : m_charts) {
        if (chart) {
            result.append(chart);
        }
    }
    return result;
}

} // namespace cutover
