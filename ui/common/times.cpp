// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/times.h"

#include "system/message.h"

#include <QCoreApplication>
#include <QLocale>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

QString relativeTime(const QDateTime &time, const QDateTime &now)
{
    if (!time.isValid()) {
        return {};
    }
    auto tr = [](const char *text) { return QCoreApplication::translate("Time", text); };
    const qint64 seconds = time.secsTo(now);
    if (seconds < 0) {
        const qint64 ahead = -seconds;
        if (ahead < 3600) {
            return tr("in %1 min").arg((ahead + 59) / 60);
        }
    } else if (seconds < 10) {
        return tr("just now");
    } else if (seconds < 60) {
        return tr("%1 s ago").arg(seconds);
    } else if (seconds < 3600) {
        return tr("%1 min ago").arg(seconds / 60);
    } else if (seconds < 12 * 3600) {
        return tr("%1 h ago").arg(seconds / 3600);
    }
    const QDateTime local = time.toLocalTime();
    const QDate today = now.toLocalTime().date();
    const QString clock = QLocale().toString(local.time(), u"HH:mm"_s);
    if (local.date() == today) {
        return tr("today %1").arg(clock);
    }
    if (local.date() == today.addDays(-1)) {
        return tr("yesterday %1").arg(clock);
    }
    const QString day = QLocale().toString(local.date(), local.date().year() == today.year() ? u"d MMM"_s : u"d MMM yyyy"_s);
    return day + u' ' + clock;
}

QString exactTime(const QDateTime &time)
{
    return time.isValid() ? QLocale().toString(time.toLocalTime(), QLocale::LongFormat) : QString();
}

QString elapsedText(qint64 milliseconds)
{
    return milliseconds < 1000 ? QCoreApplication::translate("times", "0 s") : durationText(milliseconds / 1000 * 1000);
}

QString estimateText(qint64 milliseconds)
{
    return milliseconds < 1000 ? QCoreApplication::translate("times", "under 1 s")
                               : QCoreApplication::translate("times", "about %1").arg(durationText((milliseconds + 500) / 1000 * 1000));
}

QString aliveText(qint64 silenceMs)
{
    if (silenceMs < 0) {
        return QCoreApplication::translate("Time", "sign of life unknown");
    }
    if (silenceMs < 1000) {
        return QCoreApplication::translate("Time", "alive now");
    }
    return QCoreApplication::translate("Time", "alive %1 ago").arg(durationText(silenceMs / 1000 * 1000));
}

RelativeTimeLabel::RelativeTimeLabel(const QDateTime &time, TextStyle style, QWidget *parent)
    : TextLabel({}, style, parent)
    , m_timer(new QTimer(this))
{
    m_timer->setInterval(5000);
    connect(m_timer, &QTimer::timeout, this, &RelativeTimeLabel::refresh);
    setTime(time);
}

void RelativeTimeLabel::setTime(const QDateTime &time, const QString &whenNull)
{
    m_time = time;
    m_whenNull = whenNull;
    if (time.isValid()) {
        m_timer->start();
    } else {
        m_timer->stop();
    }
    refresh();
}

void RelativeTimeLabel::refresh()
{
    setText(m_time.isValid() ? relativeTime(m_time) : m_whenNull);
    setToolTip(exactTime(m_time));
}

} // namespace cutover
