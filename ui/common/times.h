// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/textlabel.h"

#include <QDateTime>

class QTimer;

namespace cutover {

/// "just now", "5 min ago", "3 h ago", "yesterday 21:14", "21 Nov 01:14". now: for tests.
[[nodiscard]] QString relativeTime(const QDateTime &time, const QDateTime &now = QDateTime::currentDateTimeUtc());
/// Date, time, seconds and zone in the locale, for hovering.
[[nodiscard]] QString exactTime(const QDateTime &time);
/// "alive now", "alive 2 s ago"; "unknown" for negative.
[[nodiscard]] QString aliveText(qint64 silenceMs);

/// While it still counts: whole seconds, "0 s" at first.
[[nodiscard]] QString elapsedText(qint64 milliseconds);
/// No finer than it can be known: "under 1 s", "about 4 s".
[[nodiscard]] QString estimateText(qint64 milliseconds);

/** Says how long ago something was, keeps saying it right, and the exact time on hover. */
class RelativeTimeLabel : public TextLabel
{
    Q_OBJECT
public:
    explicit RelativeTimeLabel(const QDateTime &time = {}, TextStyle style = TextStyle::Body, QWidget *parent = nullptr);
    /// null: shows whenNull.
    void setTime(const QDateTime &time, const QString &whenNull = {});

private:
    void refresh();
    QDateTime m_time;
    QString m_whenNull;
    QTimer *m_timer;
};

} // namespace cutover
