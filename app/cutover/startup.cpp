// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "startup.h"

#include "common/ask.h"
#include "common/theme.h"
#include "demo/demosystem.h"
#include "deploy/supervisorclient.h"
#include "metrics/watcher.h"
#include "run/activerun.h"
#include "shell/console.h"
#include "shell/windowgeometry.h"
#include "system/processes.h"
#include "system/worker.h"

#include <QCoreApplication>
#include <QCoroFuture>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QTextStream>
#include <QTimer>

#include <ctime>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// After the first answers, charts and pages need a moment to have asked for theirs.
constexpr int ScreenshotSettleMs = 1500;
constexpr int ScreenshotLimitMs = 120'000;

/// Since the kernel made this process, in its clock ticks (10 ms as a rule).
qint64 processAgeMs()
{
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    const qint64 sinceBoot = qint64(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
    return sinceBoot - qint64(processStartTime(getpid())) * 1000 / sysconf(_SC_CLK_TCK);
}

/// Whether its services are looked after by somebody already.
Async<bool> demoRuns(QString directory)
{
    if (!demoExists(directory)) {
        co_return false;
    }
    SupervisorClient supervisor(demoTarget(directory));
    co_return co_await supervisor.isRunning();
}

Async<> prepareDemo(std::shared_ptr<DemoWindow> window, QString directory, bool reset, DemoProgress progress)
{
    if (demoExists(directory)) {
        CO_CHECK(co_await window->join());
    }
    CO_TRY(const bool ran, co_await demoRuns(directory));
    if (reset) {
        window->leave();
        CO_CHECK(co_await resetDemo(directory, {}, progress));
        CO_CHECK(co_await window->join());
    } else if (!demoExists(directory)) {
        CO_CHECK(co_await createDemo(directory, {}, progress));
        CO_CHECK(co_await window->join());
    }
    if (!ran || reset) {
        CO_CHECK(window->markStarted());
    }
    CO_CHECK(co_await startDemo(directory, progress));
    CO_TRY(const Target target, Target::load(demoTargetFile(directory)));
    co_return co_await ensureWatcher(target);
}

enum class DemoEnd { Ended,
                     OfOthers, ///< Another window looks at it, or no window started it.
                     RunGoesOn };

Async<DemoEnd> endDemo(std::shared_ptr<DemoWindow> window, QString directory)
{
    CO_TRY(const bool ours, window->isToEnd());
    if (!ours) {
        co_return DemoEnd::OfOthers;
    }
    const Target target = demoTarget(directory);
    Worker worker;
    const QString state = target.stateDirectory;
    CO_TRY(const bool busy, co_await worker.run([state] { return hasRun(state); }));
    if (busy) { // What can't be found out is an error, and ends nothing either.
        co_return DemoEnd::RunGoesOn;
    }
    CO_CHECK(co_await stopWatcher(target));
    CO_CHECK(co_await stopDemo(directory));
    co_return DemoEnd::Ended;
}

} // namespace

QString controlProgram()
{
    const QString beside = QCoreApplication::applicationDirPath() + u"/cutoverctl"_s;
    return QFileInfo(beside).isExecutable() ? beside : QStandardPaths::findExecutable(u"cutoverctl"_s);
}

Startup::Startup(StartupOptions options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
{
}

Startup::~Startup()
{
    // The window's rooms ask the engine until they are gone.
    m_window.reset();
    m_engine.reset();
}

void Startup::start()
{
    // Whoever sends a signal can't be asked anything. A run goes on.
    connect(&m_signals, &EndSignals::asked, this, &Startup::leave);
    if (!m_options.demo && m_options.place.file.isEmpty()) {
        chooseTarget();
        return;
    }
    const QString file = m_options.demo ? demoTargetFile(m_options.demoDirectory) : m_options.place.file;
    openWindow(std::make_unique<ServeClient>(m_options.place.host, controlProgram(), file));
}

void Startup::chooseTarget()
{
    m_chooser = std::make_unique<OpenTargetDialog>(controlProgram());
    if (m_options.place.host.isLocal()) {
        m_chooser->chooseNewest();
    } else {
        m_chooser->fill(m_options.place);
    }
    connect(m_chooser.get(), &QDialog::rejected, this, &Startup::leave);
    connect(m_chooser.get(), &QDialog::accepted, this, [this] {
        m_options.place = m_chooser->place();
        openWindow(m_chooser->takeClient());
        m_chooser.release()->deleteLater();
    });
    m_chooser->show();
}

void Startup::openFurther()
{
    auto *chooser = new OpenTargetDialog(controlProgram(), m_window.get());
    chooser->setAttribute(Qt::WA_DeleteOnClose);
    chooser->setShown(m_window->place());
    connect(chooser, &QDialog::accepted, this, [this, chooser] {
        QStringList words = chooser->place().arguments();
        if (const Theme::Mode mode = Theme::instance().mode(); mode != Theme::Mode::System) {
            words << (mode == Theme::Mode::Dark ? u"--theme=dark"_s : u"--theme=light"_s);
        }
        const QString program = m_options.program.isEmpty() ? QCoreApplication::applicationFilePath() : m_options.program;
        if (!QProcess::startDetached(program, words)) {
            m_window->tellFailure({.code = u"process.not_found"_s, .args = {{u"program"_s, program}}, .where = {}});
        }
    });
    chooser->open();
}

void Startup::openWindow(std::unique_ptr<ServeClient> engine)
{
    m_engine = std::move(engine);
    m_window = std::make_unique<MainWindow>(m_engine.get());
    connect(m_window.get(), &MainWindow::closing, this, &Startup::leave);
    connect(m_window.get(), &MainWindow::openTargetWanted, this, &Startup::openFurther);
    if (!m_options.demo && m_options.screenshot.isEmpty() && !m_options.startupTime) {
        m_window->setPlace(m_options.place);
    }
    const bool picture = !m_options.screenshot.isEmpty();
    if (!picture) {
        windowgeometry::restore(*m_window, m_options.place);
    }
    if (m_options.size.isValid()) {
        m_window->resize(m_options.size);
    }
    if (!m_options.page.isEmpty()) {
        m_window->openRoom(m_options.page);
    }
    if (m_options.startupTime) {
        m_window->installEventFilter(this);
    }
    m_window->show();
    if (picture) {
        connect(m_window->console(), &Console::targetChanged, this, [this] { QTimer::singleShot(ScreenshotSettleMs, this, &Startup::takeScreenshot); }, Qt::SingleShotConnection);
        // A system that does not answer is worth a picture too.
        QTimer::singleShot(ScreenshotLimitMs, this, &Startup::takeScreenshot);
    }
    if (!m_options.demo) {
        connectEngine();
        return;
    }
    m_window->showStarting(tr("Making the demo system ready…"));
    m_demo = std::make_shared<DemoWindow>(m_options.demoDirectory);
    m_preparing = true;
    QPointer<MainWindow> window(m_window.get());
    const DemoProgress progress = [window](const Message &doing) {
        if (window) {
            window->showStarting(doing.text());
        }
    };
    ask<void>(this, prepareDemo(m_demo, m_options.demoDirectory, m_options.reset, progress), [this](const Result<> &ready) {
        m_preparing = false;
        if (m_leaving) {
            finishLeaving();
            return;
        }
        if (!ready) {
            m_window->showStartFailure(ready.error());
            m_failed = true;
            QTextStream(stderr) << ready.error().text() << '\n';
            return;
        }
        connectEngine();
    });
}

bool Startup::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Paint) {
        watched->removeEventFilter(this);
        // Behind the painting, which goes on with the window's children.
        QTimer::singleShot(0, this, [this] {
            QTextStream(stdout) << processAgeMs() << Qt::endl;
            leave();
        });
    }
    return QObject::eventFilter(watched, event);
}

void Startup::connectEngine()
{
    m_window->showStarting({});
    m_engine->start();
}

void Startup::takeScreenshot()
{
    if (m_leaving) {
        return;
    }
    if (!m_window->grab().save(m_options.screenshot)) {
        QTextStream(stderr) << tr("cannot write “%1”").arg(m_options.screenshot) << '\n';
        m_failed = true;
    }
    leave();
}

void Startup::leave()
{
    if (std::exchange(m_leaving, true)) {
        return;
    }
    if (!m_window) {
        m_chooser->hide();
        QCoreApplication::exit(0);
        return;
    }
    if (m_options.screenshot.isEmpty()) {
        windowgeometry::remember(*m_window, m_options.place);
    }
    m_window->hide();
    // What is half made ready can't be ended; it is as soon as it is whole.
    if (!m_preparing) {
        finishLeaving();
    }
}

void Startup::finishLeaving()
{
    if (!m_demo) {
        QCoreApplication::exit(m_failed ? 1 : 0);
        return;
    }
    ask<DemoEnd>(this, endDemo(m_demo, m_options.demoDirectory), [this](const Result<DemoEnd> &ended) {
        if (!ended) {
            QTextStream(stderr) << ended.error().text() << '\n';
            m_failed = true;
        } else if (*ended == DemoEnd::RunGoesOn) {
            QTextStream(stdout) << tr("A run is under way, so the demo system goes on.") << '\n';
        } else if (*ended == DemoEnd::OfOthers && !m_failed) {
            QTextStream(stdout) << tr("Another window uses the demo system, or it was not started by one, so it goes on.") << '\n';
        }
        QCoreApplication::exit(m_failed ? 1 : 0);
    });
}

} // namespace cutover
