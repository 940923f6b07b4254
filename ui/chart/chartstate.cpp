// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "chart/chartstate.h"

#include <QDateTime>
#include <QFontMetricsF>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace cutover {

/// More points than this are drawn by us, as the area below them is.
static constexpr qsizetype MaxInSeries = 250;

std::pair<qint64, qint64> ChartState::range() const
{
    return zooms.isEmpty() ? std::pair{end - span, end} : zooms.last();
}

void ChartState::choose(int width)
{
    const auto [from, to] = range();
    mapping.from = from;
    mapping.to = to;
    // A smallest and a largest value for each two pixels tell it all; the limit holds on the widest screens.
    const auto limit = qMin<qsizetype>(MaxDrawn, qMax(200, width));
    // A gap narrower than this can't be seen, and each piece is a series of its own.
    constexpr int visibleGap = 3;
    const qint64 least = (to - from) * visibleGap / qMax(100, width);
    const QList<MetricPoint> points = decimated(samples.range(from, to), limit);
    dense = points.size() > MaxInSeries;
    drawn = segments(points, least);
}

void ChartState::scale(const QSizeF &view, const QFont &font)
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
    const QFontMetricsF metrics(font);
    const double upper = metrics.height() + 8;
    const double lower = metrics.height() + 8;
    const double height = view.height() - upper - lower;
    step = niceStep(top * 1.05, std::clamp(int(height / 40), 2, 6));
    mapping.low = 0;
    mapping.high = std::ceil(top * 1.05 / step - 1e-9) * step;
    double widest = 0;
    for (const double value : ticks()) {
        widest = std::max(widest, metrics.horizontalAdvance(valueText(value)));
    }
    mapping.plot = QRectF(std::ceil(widest) + 10, upper, view.width() - widest - 10 - 8, std::max(10.0, height));
}

QList<double> ChartState::ticks() const
{
    QList<double> values;
    const auto steps = std::lround((mapping.high - mapping.low) / step);
    for (long i = 0; i <= steps; ++i) {
        values.append(mapping.low + double(i) * step);
    }
    return values;
}

QString ChartState::valueText(double value) const
{
    const QLocale locale;
    auto number = [&locale](double v) { return locale.toString(v, 'f', v != 0 && std::abs(v) < 10 && std::abs(v - std::round(v)) > 1e-9 ? 1 : 0); };
    switch (format) {
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

QString ChartState::clockText(qint64 time, qint64 step)
{
    const QDateTime local = QDateTime::fromMSecsSinceEpoch(time).toLocalTime();
    if (step >= 24LL * 3600 * 1000) {
        return QLocale().toString(local, u"d MMM"_s);
    }
    return QLocale().toString(local, step < 60000 ? u"HH:mm:ss"_s : u"HH:mm"_s);
}

bool ChartState::isOverThreshold() const
{
    return threshold && !samples.isEmpty() && samples.last().value > *threshold;
}

QString ChartState::description() const
{
    QString text = samples.isEmpty() ? tr("No samples yet.") : tr("Now %1.").arg(valueText(samples.last().value));
    if (threshold) {
        text += u' ' + tr("Limit %1.").arg(valueText(*threshold));
    }
    if (crosshair != 0 && !samples.isEmpty()) {
        const MetricPoint point = samples.nearest(crosshair);
        text += u' ' + tr("At %1: %2.").arg(clockText(point.time), valueText(point.value));
    }
    return text;
}

} // namespace cutover
