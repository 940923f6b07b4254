// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "faultdemo.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QImage>
#include <QJsonArray>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;

namespace {

constexpr int Done = 0;
constexpr int PatienceMs = 120000; ///< For what takes a moment, on a machine that is slow and busy.

QStringList wordsOf(qint64 pid)
{
    QFile file(u"/proc/%1/cmdline"_s.arg(pid));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()).split(u'\0', Qt::SkipEmptyParts) : QStringList();
}

QList<qint64> allProcesses()
{
    QList<qint64> pids;
    const QStringList names = QDir(u"/proc"_s).entryList(QDir::Dirs);
    for (const QString &name : names) {
        if (const qint64 pid = name.toLongLong(); pid > 0) {
            pids.append(pid);
        }
    }
    return pids;
}

qint64 parentOf(qint64 pid)
{
    QFile file(u"/proc/%1/stat"_s.arg(pid));
    const QByteArray text = file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    return text.mid(text.lastIndexOf(')') + 2).split(' ').value(1).toLongLong();
}

} // namespace

/** The program that './dev run' starts, from outside: what its windows start, leave and end. */
class WindowTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup();
    void cleanupTestCase();
    void closedWindowEndsWhatItStarted();
    void runGoesOnWithoutTheWindow();
    void windowThatClosesAtOnceLeavesTheRun();
    void nextWindowEndsWhatTheRunKept();
    void lastOfTwoWindowsEndsIt();
    void whatWasStartedWithoutAWindowGoesOn();
    void screenshotIsWritten();
    void resetMakesItAfresh();

private:
    QProcess *open(const QStringList &more = {});
    bool isConnected(const QProcess &window) const;
    QString close(QProcess &window);
    QStringList processes() const;
    QString leftProcesses() const;
    bool waitForTraffic();
    QString endAndGoBack(QProcess &update);

    FaultDemo m_demo;
    std::vector<std::unique_ptr<QProcess>> m_windows;
};

void WindowTest::initTestCase()
{
    // A window makes one with 200,000 orders where there is none; that is tried by the reset.
    QVERIFY2(m_demo.create(), qPrintable(m_demo.problem()));
    QVERIFY(m_demo.shortenWatch());
    m_demo.keep();
}

void WindowTest::cleanup()
{
    for (const auto &window : m_windows) {
        if (window->state() != QProcess::NotRunning) {
            window->kill();
            window->waitForFinished();
        }
    }
    m_windows.clear();
}

void WindowTest::cleanupTestCase()
{
    (void)m_demo.ctl({u"demo"_s, u"stop"_s, u"--directory"_s, m_demo.folder()}, 60000);
}

/// Lets the update at the gate end at 1.2.1, and the demo go back to 1.2.0; empty: nothing was harmed.
QString WindowTest::endAndGoBack(QProcess &update)
{
    m_demo.openGate();
    const auto outcome = SystemDemo::outcomeOf(update);
    if (outcome.exitCode != Done) {
        return QString::fromUtf8(outcome.errors.left(2000));
    }
    if (const QString harm = m_demo.harm(u"1.2.1"_s); !harm.isEmpty()) {
        return harm;
    }
    m_demo.restoreTarget();
    const auto back = m_demo.ctl({u"rollback"_s, u"1.2.0"_s, u"--yes"_s});
    return back.exitCode == Done ? m_demo.harm(u"1.2.0"_s) : QString::fromUtf8(back.errors.left(2000));
}

QProcess *WindowTest::open(const QStringList &more)
{
    auto &window = m_windows.emplace_back(std::make_unique<QProcess>());
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
    // Where windows remember their size.
    environment.insert(u"XDG_CONFIG_HOME"_s, m_demo.folder() + u"/home"_s);
    window->setProcessEnvironment(environment);
    window->start(SystemDemo::program(u"cutover"_s), QStringList{u"--demo"_s, u"--state"_s, m_demo.folder()} + more);
    return window.get();
}

/// The engine that it talks to runs: the demo has been made ready for it.
bool WindowTest::isConnected(const QProcess &window) const
{
    return QTest::qWaitFor(
        [&] {
            return std::ranges::any_of(allProcesses(), [&](qint64 pid) { return parentOf(pid) == window.processId() && wordsOf(pid).contains(u"serve"); });
        },
        PatienceMs);
}

/// "", or how its end was not an orderly one.
QString WindowTest::close(QProcess &window)
{
    window.terminate();
    if (!window.waitForFinished(PatienceMs)) {
        return u"it has not ended"_s;
    }
    const QString said = QString::fromUtf8(window.readAllStandardError());
    return window.exitStatus() == QProcess::NormalExit && window.exitCode() == 0 ? QString() : u"exit code %1: %2"_s.arg(window.exitCode()).arg(said);
}

/// All that belong to the demo, by their arguments or the folder that they work in.
QStringList WindowTest::processes() const
{
    QStringList found;
    for (const qint64 pid : allProcesses()) {
        const QString words = wordsOf(pid).join(u' ');
        const QString works = QFileInfo(u"/proc/%1/cwd"_s.arg(pid)).symLinkTarget();
        if (words.contains(m_demo.folder()) || works.startsWith(m_demo.folder())) {
            found.append(u"%1 %2"_s.arg(pid).arg(words));
        }
    }
    return found;
}

/// "", or what doesn't go: a window does not wait for the engine that it talked to.
QString WindowTest::leftProcesses() const
{
    (void)QTest::qWaitFor([this] { return processes().isEmpty(); }, 20000);
    return processes().join(u'\n');
}

bool WindowTest::waitForTraffic()
{
    return QTest::qWaitFor([this] { return QFile::exists(m_demo.targetFile()) && m_demo.requestsSent() > 30; }, PatienceMs);
}

void WindowTest::closedWindowEndsWhatItStarted()
{
    QProcess *window = open();
    QVERIFY(waitForTraffic());
    QVERIFY(isConnected(*window));
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    // So that it is known what none is.
    const QStringList running = processes();
    for (const QString &part : {u"cutover --demo"_s, u"supervise"_s, u"watch"_s, u"haproxy"_s, u"backend-1"_s, u"strategy"_s, u"traffic"_s}) {
        QVERIFY2(!running.filter(part).isEmpty(), qPrintable(part + u" in\n"_s + running.join(u'\n')));
    }
    QCOMPARE(close(*window), QString());
    QCOMPARE(leftProcesses(), QString());
    QCOMPARE(m_demo.query(u"PRAGMA integrity_check"_s), QStringList{u"ok"_s});
    QCOMPARE(m_demo.lostOrders(), QStringList());
    QCOMPARE(m_demo.failures(), QStringList());
}

void WindowTest::runGoesOnWithoutTheWindow()
{
    QProcess *window = open();
    QVERIFY(isConnected(*window));
    QVERIFY(waitForTraffic());
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY(m_demo.waitAtGate(*update));
    const qint64 backend = m_demo.pidOf(u"backend-1"_s);
    QVERIFY(backend > 0);
    QCOMPARE(close(*window), QString());
    QVERIFY(window->readAllStandardOutput().contains("A run is under way"));
    QCOMPARE(m_demo.pidOf(u"backend-1"_s), backend);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(endAndGoBack(*update), QString());
}

/// It is closed before it knows that a run is under way, and it would be the one to end the demo.
void WindowTest::windowThatClosesAtOnceLeavesTheRun()
{
    QVERIFY(m_demo.putGate(u"switch_release"_s));
    auto update = m_demo.startCtl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY(m_demo.waitAtGate(*update));
    QProcess *window = open({u"--startup-time"_s});
    QVERIFY(window->waitForFinished(PatienceMs));
    QVERIFY2(window->exitCode() == 0, window->readAllStandardError());
    const QByteArray said = window->readAllStandardOutput();
    QVERIFY2(said.contains("A run is under way"), said);
    QCOMPARE(endAndGoBack(*update), QString());
}

void WindowTest::nextWindowEndsWhatTheRunKept()
{
    QVERIFY(!processes().isEmpty());
    QProcess *window = open();
    QVERIFY(isConnected(*window));
    QCOMPARE(close(*window), QString());
    QCOMPARE(leftProcesses(), QString());
}

void WindowTest::lastOfTwoWindowsEndsIt()
{
    QProcess *first = open();
    QVERIFY(isConnected(*first));
    QProcess *second = open();
    QVERIFY(isConnected(*second));
    QVERIFY(waitForTraffic());
    const qint64 backend = m_demo.pidOf(u"backend-1"_s);
    QVERIFY(backend > 0);
    QCOMPARE(close(*first), QString());
    QCOMPARE(second->state(), QProcess::Running);
    QCOMPARE(m_demo.pidOf(u"backend-1"_s), backend);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(close(*second), QString());
    QCOMPARE(leftProcesses(), QString());
}

void WindowTest::whatWasStartedWithoutAWindowGoesOn()
{
    QVERIFY2(m_demo.startServices(), qPrintable(m_demo.problem()));
    QProcess *window = open();
    QVERIFY(isConnected(*window));
    const qint64 backend = m_demo.pidOf(u"backend-1"_s);
    QCOMPARE(close(*window), QString());
    QCOMPARE(m_demo.pidOf(u"backend-1"_s), backend);
    QCOMPARE(m_demo.harm(u"1.2.0"_s), QString());
    QCOMPARE(m_demo.ctl({u"demo"_s, u"stop"_s, u"--directory"_s, m_demo.folder()}).exitCode, Done);
    QCOMPARE(leftProcesses(), QString());
}

void WindowTest::screenshotIsWritten()
{
    const QString file = m_demo.folder() + u"/picture.png"_s;
    QProcess *window = open({u"--screenshot"_s, file, u"--size"_s, u"1280x800"_s, u"--theme"_s, u"light"_s});
    QVERIFY(window->waitForFinished(PatienceMs));
    QVERIFY2(window->exitCode() == 0, window->readAllStandardError());
    const QImage picture(file);
    QCOMPARE(picture.size(), QSize(1280, 800));
    // Something is drawn on it.
    QSet<QRgb> colours;
    for (int y = 0; y < picture.height(); y += 4) {
        for (int x = 0; x < picture.width(); x += 4) {
            colours.insert(picture.pixel(x, y));
        }
    }
    QVERIFY2(colours.size() > 20, qPrintable(QString::number(colours.size())));
    QCOMPARE(leftProcesses(), QString());

    window = open({u"--screenshot"_s, m_demo.folder() + u"/nowhere/picture.png"_s});
    QVERIFY(window->waitForFinished(PatienceMs));
    QCOMPARE(window->exitCode(), 1);
    QVERIFY(window->readAllStandardError().contains("nowhere/picture.png"));
    QCOMPARE(leftProcesses(), QString());
}

void WindowTest::resetMakesItAfresh()
{
    QProcess *window = open();
    QVERIFY(isConnected(*window));
    QVERIFY(waitForTraffic());
    const auto update = m_demo.ctl({u"update"_s, u"1.2.1"_s, u"--yes"_s});
    QVERIFY2(update.exitCode == Done, update.errors.left(2000));
    QCOMPARE(m_demo.harm(u"1.2.1"_s), QString());
    QCOMPARE(close(*window), QString());
    QVERIFY(!m_demo.acknowledgedOrders().isEmpty());
    QFile mark(m_demo.folder() + u"/data/mark"_s);
    QVERIFY(mark.open(QIODevice::WriteOnly));
    mark.close();

    window = open({u"--reset"_s});
    QVERIFY(QTest::qWaitFor([&] { return !mark.exists() || window->state() == QProcess::NotRunning; }, PatienceMs) && !mark.exists());
    QVERIFY(waitForTraffic());
    QVERIFY(isConnected(*window));
    QVERIFY(m_demo.servesOnly(u"1.2.0"_s));
    QCOMPARE(m_demo.failures(), QStringList());
    QCOMPARE(m_demo.releases(), QStringList{u"1.2.0"_s});
    QCOMPARE(m_demo.ctl({u"history"_s}).json[u"runs"].toArray().size(), 0);
    // The orders of the beginning, and those of the traffic since.
    QCOMPARE(m_demo.query(u"SELECT count(*) FROM orders WHERE client_id LIKE 'history-%'"_s), QStringList{u"200000"_s});
    QCOMPARE(m_demo.query(u"SELECT max(id) FROM orders WHERE client_id LIKE 'history-%'"_s), QStringList{u"200000"_s});
    QCOMPARE(close(*window), QString());
    QCOMPARE(leftProcesses(), QString());
}

QTEST_GUILESS_MAIN(WindowTest)
#include "windowtest.moc"
