// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QApplication>
#include <QByteArray>
#include <QList>

namespace cutover::bench {

/**
 * Measures each event handler of the GUI thread, the outermost only: what it cost the thread, and how
 * long the window could not answer. Counts between begin() and end().
 */
class BenchApplication : public QApplication
{
    Q_OBJECT
public:
    struct Handler {
        double cpuMs = 0; ///< CLOCK_THREAD_CPUTIME_ID
        double wallMs = 0;
        QByteArray receiver; ///< Class.
        int event = 0; ///< QEvent::Type
        QByteArray inside; ///< Where most of it went: the events that it sent, the long ones, outermost first.
    };

    using QApplication::QApplication;
    [[nodiscard]] static BenchApplication *self() { return static_cast<BenchApplication *>(instance()); }

    bool notify(QObject *receiver, QEvent *event) override;
    void begin();
    [[nodiscard]] QList<Handler> end();

private:
    bool notifyInside(QObject *receiver, QEvent *event);

    QList<Handler> m_handlers;
    QByteArray m_inside;
    bool m_counting = false;
    int m_depth = 0;
};

} // namespace cutover::bench
