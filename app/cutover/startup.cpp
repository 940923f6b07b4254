// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "startup.h"

#include "common/ask.h"
#include "deploy/supervisorclient.h"
#include "metrics/watcher.h"
#include "run/activerun.h"
#include "shell/console.h"
#include "system/processes.h"
#include "system/worker.h"

#include <QCoreApplication>
#include <QCoroFuture>
#include <QFileInfo>
#include <QSettings>
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
    CO_TRY(const Target target, Target::load(demoTargetFile(directory)));
    SupervisorClient supervisor(target);
    co_return co_await supervisor.isRunning();
}

/// True: it ran already.
Async<bool> prepareDemo(QString directory, bool reset, DemoProgress progress)
{
    CO_TRY(const bool ran, co_await demoRuns(directory));
    if (reset) {
        CO_CHECK(co_await resetDemo(directory, {}, progress));
    } else if (!demoExists(directory)) {
        CO_CHECK(co_await createDemo(directory, {}, progress));
    }
    CO_CHECK(co_await startDemo(directory, progress));
    CO_TRY(const Target target, Target::load(demoTargetFile(directory)));
    CO_CHECK(co_await ensureWatcher(target));
    co_return ran && !reset;
}

/// False: everything was left as it is, for a run that goes on.
Async<bool> endDemo(QString directory)
{
    CO_TRY(const Target target, Target::load(demoTargetFile(directory)));
    Worker worker;
    const QString state = target.stateDirectory;
    CO_TRY(const bool busy, co_await worker.run([state] { return hasRun(state); }));
    if (busy) { // What can't be found out is an error, and ends nothing either.
        co_return false;
    }
    CO_CHECK(co_await stopWatcher(target));
    CO_CHECK(co_await stopDemo(directory));
    co_return true;
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
    const QString target = m_options.demo ? demoTargetFile(m_options.demoDirectory) : m_options.targetFile;
    m_engine = std::make_unique<ServeClient>(QStringList{controlProgram(), u"serve"_s, u"--stdio"_s, u"--target"_s, target});
    m_window = std::make_unique<MainWindow>(m_engine.get());
    connect(m_window.get(), &MainWindow::closing, this, &Startup::leave);
    const bool picture = !m_options.screenshot.isEmpty();
    if (!picture) {
        m_window->restoreGeometry(QSettings().value(u"window/geometry"_s).toByteArray());
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
    m_demoStarted = true;
    m_preparing = true;
    QPointer<MainWindow> window(m_window.get());
    const DemoProgress progress = [window](const Message &doing) {
        if (window) {
            window->showStarting(doing.text());
        }
    };
    ask<bool>(this, prepareDemo(m_options.demoDirectory, m_options.reset, progress), [this](const Result<bool> &ready) {
        m_preparing = false;
        // A picture, or a measurement, of a demo that somebody else works with leaves it as it was.
        m_demoStarted = (m_options.screenshot.isEmpty() && !m_options.startupTime) || !ready || !*ready;
        if (m_leaving) {
            finishLeaving();
            return;
        }
        if (!ready) {
            m_window->showStartFailure(ready.error());
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
            leave(false);
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
    leave(m_window->console()->activeRun().has_value());
}

void Startup::leave(bool runActive)
{
    if (std::exchange(m_leaving, true)) {
        return;
    }
    if (m_options.screenshot.isEmpty()) {
        QSettings().setValue(u"window/geometry"_s, m_window->saveGeometry());
    }
    m_window->hide();
    if (runActive) {
        m_demoStarted = false;
    }
    // What is half made ready can't be ended; it is as soon as it is whole.
    if (!m_preparing) {
        finishLeaving();
    }
}

void Startup::finishLeaving()
{
    if (!m_demoStarted) {
        QCoreApplication::exit(m_failed ? 1 : 0);
        return;
    }
    // The window may have been closed before it knew of a run.
    ask<bool>(this, endDemo(m_options.demoDirectory), [this](const Result<bool> &ended) {
        if (!ended) {
            QTextStream(stderr) << ended.error().text() << '\n';
            m_failed = true;
        } else if (!*ended) {
            QTextStream(stdout) << tr("A run is under way, so the demo system goes on.") << '\n';
        }
        QCoreApplication::exit(m_failed ? 1 : 0);
    });
}

} // namespace cutover
