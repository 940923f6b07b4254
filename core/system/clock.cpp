// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/clock.h"

#include "system/awaitable.h"

#include <QFile>
#include <QTimer>

#include <ctime>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class SystemClock : public Clock
{
public:
    QDateTime now() const override { return QDateTime::currentDateTimeUtc(); }

    qint64 monotonic() const override
    {
        timespec time{};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return qint64(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
    }

    QString bootId() const override
    {
        static const QString id = [] {
            QFile file(u"/proc/sys/kernel/random/boot_id"_s);
            return file.open(QIODevice::ReadOnly) ? QString::fromLatin1(file.readAll().trimmed()) : QString();
        }();
        return id;
    }

    Async<> sleep(qint64 milliseconds, std::stop_token stop) override
    {
        if (stop.stop_requested()) {
            co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        OneShot ended;
        QTimer timer;
        QObject::connect(&timer, &QTimer::timeout, &timer, [this, &ended, &timer, until = monotonic() + milliseconds] {
            // Timers hold at most 24 days, and end early by up to 5 %; the machine may have slept.
            if (const qint64 left = until - monotonic(); left > 0) {
                timer.start(std::chrono::milliseconds(qMin(left, longest)));
            } else {
                ended.set();
            }
        });
        timer.setSingleShot(true);
        timer.setTimerType(milliseconds < 1000 ? Qt::PreciseTimer : Qt::CoarseTimer);
        timer.start(std::chrono::milliseconds(qBound(qint64(0), milliseconds, longest)));
        const std::stop_callback onStop(stop, [&timer, &ended] { QMetaObject::invokeMethod(&timer, [&ended] { ended.set(); }); });
        co_await ended.future();
        if (stop.stop_requested()) {
            co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        co_return {};
    }

private:
    static constexpr qint64 longest = 24 * 3600 * 1000;
};

} // namespace

Clock &Clock::system()
{
    static SystemClock clock;
    return clock;
}

ManualClock::ManualClock(const QDateTime &start)
    : m_now(start.toUTC())
{
}

QDateTime ManualClock::now() const
{
    return m_now;
}

qint64 ManualClock::monotonic() const
{
    return m_monotonic;
}

QString ManualClock::bootId() const
{
    return u"simulated"_s;
}

Async<> ManualClock::sleep(qint64 milliseconds, std::stop_token stop)
{
    if (stop.stop_requested()) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    advance(qMax(qint64(0), milliseconds));
    co_return {};
}

void ManualClock::advance(qint64 milliseconds)
{
    m_now = m_now.addMSecs(milliseconds);
    m_monotonic += milliseconds;
}

void ManualClock::stepWall(qint64 milliseconds)
{
    m_now = m_now.addMSecs(milliseconds);
}

} // namespace cutover
