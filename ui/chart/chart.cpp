// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chart.h"

#include "chart/chartpointmodel.h"
#include "chart/chartview.h"
#include "common/buttons.h"
#include "common/tableview.h"
#include "common/textlabel.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QShowEvent>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

/// From here on there is room for title, value and buttons with words.
static constexpr int RoomyWidth = 360;

struct Chart::Private {
    Chart *q = nullptr;
    QString title;
    ChartState state;
    bool stale = false; ///< What is drawn is not what is known.
    QTimer soon; ///< It will be, in a turn of the event loop.

    TextLabel *heading = nullptr;
    TextLabel *current = nullptr;
    FlatButton *back = nullptr;
    FlatButton *asTable = nullptr;
    QStackedWidget *stack = nullptr;
    ChartView *view = nullptr;
    TableView *table = nullptr;
    ChartPointModel *model = nullptr;

    QLayout *makeHeader();
    /// The title goes before the words of the buttons.
    void fitHeader();
    void scale();
    void refresh();
    void describe();
    void zoomByHand(qint64 from, qint64 to);
    void backByHand();
};

QLayout *Chart::Private::makeHeader()
{
    heading = new TextLabel(title, TextStyle::Section);
    current = new TextLabel({}, TextStyle::Section);
    current->setFont(tabularFont(current->font()));
    back = new FlatButton(u"zoom-original"_s, Chart::tr("Zoom back"));
    back->setAccessibleName(Chart::tr("Zoom back in “%1”").arg(title));
    back->setToolTip(Chart::tr("Zoom back"));
    asTable = new FlatButton(u"view-list-details"_s, Chart::tr("Show as table"));
    asTable->setToolTip(Chart::tr("Show as table"));
    asTable->setCheckable(true);
    asTable->setAccessibleName(Chart::tr("Show “%1” as table").arg(title));

    auto *header = new QHBoxLayout;
    header->setContentsMargins(0, 0, 0, 0);
    header->setSpacing(space::Inside);
    header->addWidget(heading);
    header->addWidget(current);
    header->addStretch(1);
    header->addWidget(back);
    header->addWidget(asTable);
    return header;
}

void Chart::Private::fitHeader()
{
    const bool roomy = view->width() >= RoomyWidth;
    back->setText(roomy ? Chart::tr("Zoom back") : QString());
    asTable->setText(roomy ? Chart::tr("Show as table") : QString());
}

void Chart::Private::scale()
{
    state.scale(view->viewport()->size(), view->labelFont());
    view->take();
}

void Chart::Private::refresh()
{
    if (!std::exchange(stale, false)) {
        return;
    }
    state.choose(view->width());
    scale();
    if (stack->currentWidget() == table) {
        const auto [from, to] = state.range();
        QList<MetricPoint> rows = state.samples.range(from, to);
        if (rows.size() > ChartState::MaxDrawn) {
            rows.remove(0, rows.size() - ChartState::MaxDrawn);
        }
        model->setPoints(rows);
    }
    describe();
}

void Chart::Private::describe()
{
    const bool empty = state.samples.isEmpty();
    current->setText(empty ? Chart::tr("no data") : state.valueText(state.samples.last().value));
    current->setRole(empty                         ? Theme::Role::Muted
                         : state.isOverThreshold() ? Theme::Role::Danger
                                                   : Theme::Role::Text);
    const QString text = state.description();
    view->setAccessibleDescription(text);
    q->setAccessibleDescription(text);
    back->setVisible(!state.zooms.isEmpty());
}

void Chart::Private::zoomByHand(qint64 from, qint64 to)
{
    q->zoom(from, to);
    Q_EMIT q->zoomed(from, to);
}

void Chart::Private::backByHand()
{
    if (q->isZoomed()) {
        q->zoomBack();
        Q_EMIT q->zoomedBack();
    }
}

Chart::Chart(const QString &title, Format format, Theme::Role series, QWidget *parent)
    : QWidget(parent)
    , d(new Private)
{
    d->q = this;
    d->title = title;
    d->state.format = format;
    d->state.role = series;
    d->soon.setSingleShot(true);
    d->soon.setInterval(0);
    connect(&d->soon, &QTimer::timeout, this, [this] { d->refresh(); });
    setAccessibleName(title);
    d->state.end = QDateTime::currentMSecsSinceEpoch();
    auto *header = d->makeHeader();
    d->view = new ChartView(d->state);
    d->view->setAccessibleName(title);
    d->table = new TableView(tr("“%1” as table").arg(title));
    d->model = new ChartPointModel(title, [this](double value) { return valueText(value); }, this);
    d->table->setModel(d->model);
    d->stack = new QStackedWidget;
    d->stack->addWidget(d->view);
    d->stack->addWidget(d->table);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::Tight);
    column->addLayout(header);
    column->addWidget(d->stack, 1);

    connect(d->view, &ChartView::crosshairWanted, this, [this](qint64 time) {
        setCrosshair(time);
        Q_EMIT crosshairMoved(time);
    });
    connect(d->view, &ChartView::zoomWanted, this, [this](qint64 from, qint64 to) { d->zoomByHand(from, to); });
    connect(d->view, &ChartView::backWanted, this, [this] { d->backByHand(); });
    connect(d->view, &ChartView::resized, this, [this] {
        d->fitHeader();
        d->scale();
    });
    connect(d->back, &QPushButton::clicked, this, [this] { d->backByHand(); });
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
    d->state.samples.clear();
    append(points, now);
}

void Chart::append(const QList<MetricPoint> &points, qint64 now)
{
    d->state.samples.append(points);
    if (now != 0) {
        d->state.end = now;
    }
    redraw();
}

qint64 Chart::newest() const
{
    return d->state.samples.isEmpty() ? 0 : d->state.samples.last().time;
}

void Chart::setThreshold(double value, const QString &label)
{
    d->state.threshold = value;
    d->state.thresholdLabel = label;
    redraw();
}

void Chart::setMarkers(const QList<ChartMarker> &markers)
{
    QList<ChartMarker> sorted = markers;
    std::ranges::sort(sorted, {}, &ChartMarker::time);
    if (sorted == d->state.markers) {
        return;
    }
    d->state.markers = std::move(sorted);
    d->view->repaintPicture();
}

const QList<ChartMarker> &Chart::markers() const
{
    return d->state.markers;
}

void Chart::setSpan(qint64 milliseconds)
{
    d->state.span = milliseconds;
    d->state.zooms.clear();
    redraw();
}

qint64 Chart::span() const
{
    return d->state.span;
}

void Chart::setEnd(qint64 now)
{
    d->state.end = now;
    redraw();
}

void Chart::zoom(qint64 from, qint64 to)
{
    // Closer than a few scrapes there is nothing to see.
    if (to - from >= 2000) {
        d->state.zooms.append({from, to});
        redraw();
        Q_EMIT rangeChosen();
    }
}

void Chart::zoomBack()
{
    if (!d->state.zooms.isEmpty()) {
        d->state.zooms.removeLast();
        redraw();
        Q_EMIT rangeChosen();
    }
}

bool Chart::isZoomed() const
{
    return !d->state.zooms.isEmpty();
}

void Chart::setCrosshair(qint64 time)
{
    d->state.crosshair = time;
    d->describe();
    d->view->showCrosshair();
}

qint64 Chart::crosshair() const
{
    return d->state.crosshair;
}

ChartMapping Chart::mapping() const
{
    d->refresh();
    return d->state.mapping;
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
    return d->state.valueText(value);
}

void Chart::redraw()
{
    d->stale = true;
    d->describe();
    // Several changes in a row are drawn once, each chart in an event of its own, and none while it is hidden.
    if (isVisible()) {
        d->soon.start();
    }
}

void Chart::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    // Drawn in an event of its own, as the charts beside it are.
    redraw();
}

} // namespace cutover
