// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/processes.h"

#include <QByteArrayList>
#include <QLocalSocket>
#include <QThread>

#include <algorithm>
#include <atomic>
#include <memory>

namespace cutover::testing {

/** Looks all the time which servers of a backend HAProxy sends requests to, in a thread of its own. To be asked after end(). */
class Lookout
{
public:
    /// pid: of a process whose end is looked out for, too.
    Lookout(const QString &socket, const QByteArray &backend, qint64 pid = 0)
        : m_thread(QThread::create([this, socket, backend, pid] { lookAll(socket, backend + ',', pid); }))
    {
        m_thread->start();
    }
    ~Lookout() { end(); }
    Q_DISABLE_COPY_MOVE(Lookout)

    void end()
    {
        m_looking = false;
        m_thread->wait();
    }
    [[nodiscard]] qsizetype looks() const { return m_seen.size(); }
    /// Fewest and most that took requests at once; -1: it never got to look.
    [[nodiscard]] qsizetype fewest() const { return m_seen.isEmpty() ? -1 : std::ranges::min(m_seen, {}, &QByteArrayList::size).size(); }
    [[nodiscard]] qsizetype most() const { return m_seen.isEmpty() ? -1 : std::ranges::max(m_seen, {}, &QByteArrayList::size).size(); }
    /// The first look at which it took requests, or took none; looks() where there was none.
    [[nodiscard]] qsizetype firstUp(const QByteArray &server) const
    {
        return std::ranges::find_if(m_seen, [&](const QByteArrayList &up) { return up.contains(server); }) - m_seen.begin();
    }
    [[nodiscard]] qsizetype firstDown(const QByteArray &server) const
    {
        return std::ranges::find_if(m_seen, [&](const QByteArrayList &up) { return !up.contains(server); }) - m_seen.begin();
    }
    /// The first look at which the process was gone; looks() where it never was.
    [[nodiscard]] qsizetype firstGone() const { return m_gone < 0 ? looks() : m_gone; }

private:
    void lookAll(const QString &place, const QByteArray &begin, qint64 pid)
    {
        const quint64 started = pid > 0 ? processStartTime(pid) : 0;
        while (m_looking) {
            QLocalSocket socket;
            socket.connectToServer(place);
            QByteArray csv;
            if (socket.waitForConnected(1000)) {
                socket.write("show stat\n");
                while (socket.waitForReadyRead(1000)) {
                    csv += socket.readAll();
                }
            }
            QByteArrayList up;
            bool isKnown = false;
            const QByteArrayList lines = csv.split('\n');
            for (const QByteArray &line : lines) {
                const QByteArrayList fields = line.split(',');
                isKnown = isKnown || (line.startsWith(begin) && fields.value(1) == "BACKEND");
                if (line.startsWith(begin) && fields.value(1) != "BACKEND" && (fields.value(17).startsWith("UP") || fields.value(17) == "no check")) {
                    up.append(fields[1]);
                }
            }
            if (isKnown) {
                if (m_gone < 0 && started != 0 && processStartTime(pid) != started) {
                    m_gone = m_seen.size();
                }
                m_seen.append(up);
            }
            QThread::msleep(20);
        }
    }

    QList<QByteArrayList> m_seen;
    qsizetype m_gone = -1;
    std::atomic<bool> m_looking = true;
    std::unique_ptr<QThread> m_thread;
};

} // namespace cutover::testing
