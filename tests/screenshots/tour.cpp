// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "screenshots/tour.h"

#include "feature/rolloutslider.h"
#include "guiconsole.h"

#include <QAbstractItemView>
#include <QTabBar>
#include <QTextBrowser>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int RunMs = 180'000;
constexpr int PageMs = 60'000;
/// Before the first picture: so that charts and counts have something to show.
constexpr int WarmUpMs = 25'000;

class Tour
{
public:
    Tour(Gallery &gallery, GuiConsole &gui)
        : m_gallery(gallery)
        , m_gui(gui)
    {
    }

    /// False as soon as something did not come; the console knows what.
    bool walk()
    {
        return m_gui.open() && rooms() && update() && reportAndHistory() && rollback() && faulty();
    }

private:
    void draw(const QString &name) { m_gallery.saveAll(m_gui.window(), u"real-"_s + name); }
    bool ready(const QString &name, int milliseconds = PageMs)
    {
        return m_gui.waitFor([&] { return m_gui.find<QWidget>(name) && m_gui.find<QWidget>(name)->isEnabled(); }, milliseconds, name);
    }

    bool rooms()
    {
        if (!ready(u"Update to 1.3.0…"_s)) {
            return false;
        }
        settle(WarmUpMs);
        draw(u"overview"_s);
        if (!m_gui.openRoom(u"Features"_s) || !ready(u"Rollout of fast_orders"_s)) {
            return false;
        }
        draw(u"features"_s);
        auto *slider = m_gui.find<RolloutSlider>(u"Rollout of fast_orders"_s);
        if (!m_gui.clickAt(slider, slider->markRect(25).center())) {
            return false;
        }
        draw(u"features-staged"_s);
        return m_gui.click(u"Apply 1 change"_s) && m_gui.openRoom(u"History"_s);
    }

    bool pages(const QString &version, bool drawn)
    {
        if (!m_gui.openRoom(u"Updates"_s) || !m_gui.clickRow(u"releases"_s, version)) {
            return false;
        }
        for (const QString &page : {u"update-1-version"_s, u"update-2-checks"_s, u"update-3-backup"_s, u"update-4-migrations"_s, u"update-5-configuration"_s, u"update-6-review"_s}) {
            if (!ready(u"next"_s)) {
                return false;
            }
            if (drawn) {
                draw(page);
            }
            if (!m_gui.click(u"next"_s, PageMs)) {
                return false;
            }
        }
        return ready(u"hold"_s);
    }

    bool update()
    {
        if (!pages(u"1.3.0"_s, true)) {
            return false;
        }
        draw(u"update-7-execute"_s);
        // While it is watched the charts have the most to show.
        const auto watching = [this] {
            return m_gui.text(u"doing"_s).contains(u"requests", Qt::CaseInsensitive) || m_gui.find<QWidget>(u"done"_s);
        };
        if (!m_gui.waitFor(watching, RunMs, u"the watch"_s)) {
            return false;
        }
        draw(u"update-7-watch"_s);
        if (!ready(u"done"_s, RunMs)) {
            return false;
        }
        draw(u"update-8-result"_s);
        return true;
    }

    bool reportAndHistory()
    {
        if (!m_gui.click(u"report"_s) || !m_gui.waitFor([this] { return m_gui.find<QTextBrowser>(u"Report of the run"_s) != nullptr; }, PageMs, u"the report"_s)) {
            return false;
        }
        draw(u"report"_s);
        m_gui.key(Qt::Key_Escape);
        if (!m_gui.click(u"done"_s) || !m_gui.openRoom(u"History"_s) || !m_gui.clickRow(u"Runs"_s, u"1.2.0 → 1.3.0"_s)) {
            return false;
        }
        settle(500);
        draw(u"history"_s);
        QWidget *details = m_gui.find<QWidget>(u"Details of the run"_s);
        auto *tabs = details ? details->findChild<QTabBar *>() : nullptr;
        if (!tabs) {
            return m_gui.waitFor([] { return false; }, 0, u"the details of the run"_s);
        }
        for (const auto &[index, name] : {std::pair{1, u"history-steps"_s}, std::pair{2, u"history-events"_s}}) {
            if (!m_gui.clickAt(tabs, tabs->tabRect(index).center())) {
                return false;
            }
            draw(name);
        }
        return true;
    }

    bool rollback()
    {
        if (!m_gui.openRoom(u"Rollback"_s) || !m_gui.click(u"downgrade"_s, PageMs) || !ready(u"next"_s)) {
            return false;
        }
        draw(u"rollback-1-point"_s);
        if (!m_gui.click(u"next"_s) || !ready(u"next"_s)) {
            return false;
        }
        draw(u"rollback-2-preview"_s);
        if (!m_gui.click(u"next"_s) || !ready(u"next"_s)) {
            return false;
        }
        draw(u"rollback-3-confirm"_s);
        if (!m_gui.click(u"next"_s) || !ready(u"hold"_s)) {
            return false;
        }
        draw(u"rollback-4-execute"_s);
        if (!ready(u"done"_s, RunMs)) {
            return false;
        }
        draw(u"rollback-5-result"_s);
        return m_gui.click(u"done"_s);
    }

    bool faulty()
    {
        if (!pages(u"1.3.1"_s, false) || !ready(u"done"_s, RunMs)) {
            return false;
        }
        draw(u"update-8-rolled-back"_s);
        if (!m_gui.click(u"done"_s) || !m_gui.openRoom(u"Monitoring"_s)) {
            return false;
        }
        settle(1500);
        draw(u"monitoring"_s);
        if (!m_gui.openRoom(u"Overview"_s)) {
            return false;
        }
        settle(500);
        draw(u"overview-after"_s);
        return true;
    }

    Gallery &m_gallery;
    GuiConsole &m_gui;
};

} // namespace

QString tour(Gallery &gallery)
{
    SystemDemo demo;
    if (!demo.start(200'000, 50, {u"--watch"_s, u"30s"_s, u"--window"_s, u"5s"_s, u"--fault-ramp"_s, u"12s"_s})) {
        return demo.problem();
    }
    GuiConsole gui(demo);
    Tour tour(gallery, gui);
    const bool whole = tour.walk();
    return whole ? gallery.problem() : QString(gui.problem() + u"\n"_s + gui.seen());
}

} // namespace cutover
