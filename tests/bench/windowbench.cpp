// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What the window costs its thread: every event handler, on the real window with a real engine behind
// it, while an operator walks through the wizards and the rooms by mouse, an update goes on, and a day
// of samples is looked at. The limit is a frame at 60 Hz.

#include "bench.h"
#include "benchapplication.h"
#include "demosystem.h"

#include "guiconsole.h"
#include "metrics/metricstore.h"
#include "target/target.h"

#include <QMetaEnum>
#include <QTest>

#include <algorithm>
#include <numeric>

using namespace Qt::StringLiterals;

namespace cutover::bench {

namespace {

constexpr double LimitMs = 16;
constexpr int RoomMs = 1500;

QString eventName(int type)
{
    const char *name = QMetaEnum::fromType<QEvent::Type>().valueToKey(type);
    return name ? QString::fromLatin1(name) : QString::number(type);
}

double percentile(const QList<double> &sorted, double part)
{
    return sorted.isEmpty() ? 0 : sorted[std::min(sorted.size() - 1, qsizetype(double(sorted.size()) * part))];
}

void printHandlers(const QString &what, QList<BenchApplication::Handler> handlers)
{
    std::ranges::sort(handlers, {}, &BenchApplication::Handler::cpuMs);
    QList<double> cpu;
    for (const BenchApplication::Handler &handler : handlers) {
        cpu.append(handler.cpuMs);
    }
    const auto stalls = std::ranges::count_if(handlers, [](const auto &handler) { return handler.wallMs > LimitMs; });
    const double longest = handlers.isEmpty() ? 0 : std::ranges::max(handlers, {}, &BenchApplication::Handler::wallMs).wallMs;
    note(u"%1: %2 handlers, CPU time each: median %3 ms, 99.9 %% %4 ms, most %5 ms: ratio %6 to the limit of %7 ms"_s.arg(what)
             .arg(cpu.size())
             .arg(percentile(cpu, 0.5), 0, 'f', 3)
             .arg(percentile(cpu, 0.999), 0, 'f', 2)
             .arg(cpu.isEmpty() ? 0 : cpu.last(), 0, 'f', 2)
             .arg(cpu.isEmpty() ? 0 : cpu.last() / LimitMs, 0, 'f', 2)
             .arg(LimitMs, 0, 'f', 0)
             .replace(u"%%"_s, u"%"_s));
    note(u"   by the clock: %1 took more than %2 ms, the longest %3 ms (whatever else the machine did counts)"_s.arg(stalls)
             .arg(LimitMs, 0, 'f', 0)
             .arg(longest, 0, 'f', 1));
    for (qsizetype i = 0; i < std::min<qsizetype>(5, handlers.size()); ++i) {
        const BenchApplication::Handler &handler = handlers[handlers.size() - 1 - i];
        note(u"   %1 ms CPU, %2 ms by the clock: %3 to %4"_s.arg(handler.cpuMs, 0, 'f', 2)
                 .arg(handler.wallMs, 0, 'f', 2)
                 .arg(eventName(handler.event), QString::fromLatin1(handler.receiver)));
        for (const QByteArray &line : handler.inside.split('\n')) {
            if (handler.cpuMs >= LimitMs / 2 && !line.isEmpty()) {
                note(u"      "_s + QString::fromUtf8(line));
            }
        }
    }
}

} // namespace

namespace {

/// A point a second of the past day, as the watcher would have left them.
Result<> leaveADay(const DemoSystem &demo)
{
    TRY(const Target target, Target::load(demo.target()));
    TRY(const auto store, MetricStore::open(target.stateDirectory, MetricStore::Mode::ReadWrite));
    constexpr int day = 24 * 3600;
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    QList<std::pair<QString, MetricPoint>> points;
    for (int i = day; i > 0; --i) {
        const qint64 time = now - i * 1000LL;
        points.append({u"errors"_s, {time, 0.001 * (i % 7)}});
        points.append({u"requests"_s, {time, 50.0 + i % 11}});
        points.append({u"orders"_s, {time, 300.0 + i % 31}});
        if (points.size() >= 30000 || i == 1) {
            CHECK(store->append(points));
            points.clear();
        }
    }
    return {};
}

/** The walk, in parts that are judged one by one. */
class Walk
{
public:
    Walk(BenchApplication *application, GuiConsole &gui)
        : m_application(application)
        , m_gui(gui)
    {
    }

    /// False: something did not come in time.
    bool part(const QString &name, const std::function<bool()> &work)
    {
        m_application->begin();
        const bool done = work();
        const QList<BenchApplication::Handler> handlers = m_application->end();
        printHandlers(name, handlers);
        const auto tooLong = std::ranges::count_if(handlers, [](const auto &handler) { return handler.cpuMs >= LimitMs; });
        if (tooLong > 0) {
            note(u"BROKEN: %1 handlers cost %2 ms or more"_s.arg(tooLong).arg(LimitMs, 0, 'f', 0));
            m_good = false;
        }
        return done;
    }
    [[nodiscard]] bool isGood() const { return m_good; }

    bool start()
    {
        if (!m_gui.open()) {
            return false;
        }
        return eachRoom();
    }

    bool eachRoom()
    {
        for (const RoomSpec &room : Rooms::all()) {
            if (!m_gui.openRoom(room.title())) {
                return false;
            }
            QTest::qWait(RoomMs);
        }
        return true;
    }

    bool wizardPages()
    {
        if (!m_gui.openRoom(u"Updates"_s) || !m_gui.clickRow(u"releases"_s, u"1.3.0"_s)) {
            return false;
        }
        while (!m_gui.text(u"next"_s).startsWith(u"Update ")) {
            if (!m_gui.click(u"next"_s, PageMs)) {
                return false;
            }
            QTest::qWait(PageShownMs);
        }
        return m_gui.click(u"back"_s) && m_gui.click(u"next"_s, PageMs);
    }

    /// On its own page first, then from room to room and back.
    bool update()
    {
        const auto ended = [this] { return m_gui.find<QWidget>(u"done"_s) != nullptr; };
        if (!m_gui.click(u"next"_s, PageMs) || !m_gui.waitFor([this] { return m_gui.find<QWidget>(u"hold"_s) != nullptr; }, PageMs, u"the run's page"_s)) {
            return false;
        }
        QTest::qWait(RunPageMs);
        if (!eachRoom() || !m_gui.openRoom(u"Updates"_s)) {
            return false;
        }
        return m_gui.waitFor(ended, RunMs, u"the update to end"_s) && m_gui.text(u"sentence"_s).contains(u"1.3.0");
    }

    bool result()
    {
        if (!m_gui.click(u"report"_s) || !m_gui.waitFor([this] { return m_gui.find<QWidget>(u"Report of the run"_s) != nullptr; }, PageMs, u"the report"_s)) {
            return false;
        }
        QTest::qWait(PageShownMs);
        m_gui.key(Qt::Key_Escape);
        return m_gui.click(u"done"_s);
    }

    bool day()
    {
        if (!m_gui.openRoom(u"Monitoring"_s) || !m_gui.click(u"24 h"_s)) {
            return false;
        }
        // Live on top of it; the whole is asked for again in this time.
        QTest::qWait(DayMs);
        return m_gui.click(u"5 min"_s) && m_gui.click(u"24 h"_s);
    }

    bool rollbackPages()
    {
        if (!m_gui.openRoom(u"Rollback"_s) || !m_gui.click(u"downgrade"_s, PageMs)) {
            return false;
        }
        QTest::qWait(RoomMs * 4);
        while (!m_gui.text(u"next"_s).startsWith(u"Roll back")) {
            if (!m_gui.click(u"next"_s, PageMs)) {
                return false;
            }
            QTest::qWait(PageShownMs);
        }
        return m_gui.click(u"back"_s);
    }

private:
    static constexpr int PageMs = 30'000;
    static constexpr int PageShownMs = 700;
    static constexpr int RunPageMs = 4'000;
    static constexpr int RunMs = 180'000;
    static constexpr int DayMs = 70'000;

    BenchApplication *m_application;
    GuiConsole &m_gui;
    bool m_good = true;
};

} // namespace

Result<bool> benchWindow(const Options &options)
{
    TRY(const auto demo, DemoSystem::create(options, 20000, 50, false, {u"--watch"_s, u"20s"_s, u"--window"_s, u"5s"_s}));
    CHECK(leaveADay(*demo));
    CHECK(demo->start());
    BenchApplication *application = BenchApplication::self();
    GuiConsole gui(demo->control(), demo->target());
    Walk walk(application, gui);
    note(u"the window, by mouse, on a system under traffic"_s);
    const bool walked = walk.part(u"start, and each room for the first time"_s, [&] { return walk.start(); })
        && walk.part(u"the pages of the update wizard"_s, [&] { return walk.wizardPages(); })
        && walk.part(u"the update, on its page and from room to room"_s, [&] { return walk.update(); })
        && walk.part(u"its result and its report"_s, [&] { return walk.result(); })
        && walk.part(u"monitoring over 24 h: 259,200 samples"_s, [&] { return walk.day(); })
        && walk.part(u"the pages of the rollback wizard"_s, [&] { return walk.rollbackPages(); });
    if (!walked) {
        return fail(u"bench.gone"_s, {{u"what"_s, gui.problem()}});
    }
    return walk.isGood();
}

} // namespace cutover::bench
