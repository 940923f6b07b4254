// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "consoleprocess.h"
#include "guiconsole.h"

#include <QApplication>
#include <QPlainTextEdit>
#include <QTest>

using namespace Qt::StringLiterals;

/** Two windows of two people, each with a home folder of its own, on one control host. */
class GuiConsolesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneRunTwoWindows();

private:
    QTemporaryDir m_homes;
};

namespace {

#define DO(action) QVERIFY2(action, qPrintable(gui.problem()))

constexpr auto FirstWindow = "--first-window";
constexpr int RunMs = 180000;

/// The first of the two windows, in a process of its own: begins the update and waits for what comes.
int beginUpdate(const QString &targetFile)
{
    GuiConsole gui(SystemDemo::program(u"cutoverctl"_s), targetFile);
    bool good = gui.open() && gui.openRoom(u"Updates"_s) && gui.clickRow(u"releases"_s, u"1.2.1"_s);
    while (good && !gui.text(u"next"_s).startsWith(u"Update ")) {
        good = gui.click(u"next"_s);
    }
    good = good && gui.click(u"next"_s) && gui.waitFor([&] { return gui.find<QWidget>(u"hold"_s) != nullptr; }, GuiConsole::PatienceMs, u"the run's page"_s);
    if (!good) {
        qCritical("%s\n%s", qPrintable(gui.problem()), qPrintable(gui.seen()));
        return 1;
    }
    return QApplication::exec();
}

} // namespace

void GuiConsolesTest::oneRunTwoWindows()
{
    SystemDemo demo;
    QVERIFY2(demo.start(2000, 50, {u"--watch"_s, u"15s"_s, u"--window"_s, u"5s"_s}), qPrintable(demo.problem()));
    QTRY_VERIFY_WITH_TIMEOUT(demo.requestsSent() > 50, GuiConsole::PatienceMs);

    // Lee's, in this process.
    const QProcessEnvironment lee = ConsoleProcess::environmentOf(u"lee"_s, m_homes.filePath(u"lee"_s));
    for (const char *name : {"HOME", "CUTOVER_OPERATOR"}) {
        qputenv(name, lee.value(QString::fromLatin1(name)).toLocal8Bit());
    }
    qunsetenv("XDG_CONFIG_HOME");
    GuiConsole gui(demo);
    DO(gui.open());

    QProcess kim;
    kim.setProcessEnvironment(ConsoleProcess::environmentOf(u"kim"_s, m_homes.filePath(u"kim"_s)));
    kim.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    kim.start(QCoreApplication::applicationFilePath(), {QString::fromLatin1(FirstWindow), demo.targetFile()});

    // Lee sees it live, and who it is: step after step, and can't hold it.
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"Open the run"_s) != nullptr || kim.state() == QProcess::NotRunning; }, RunMs, u"kim's run"_s));
    QCOMPARE(kim.state(), QProcess::Running);
    DO(gui.click(u"Open the run"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"hold"_s) != nullptr; }, GuiConsole::PatienceMs, u"the run's page"_s));
    QSet<QString> said;
    DO(gui.waitFor([&] { said.insert(gui.text(u"doing"_s)); return said.size() > 3; }, RunMs, u"the run's steps"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"Take over…"_s) != nullptr; }, GuiConsole::PatienceMs, u"the way to take over"_s));
    gui.shoot(u"looking-on"_s);
    DO(gui.waitFor([&] { const auto *hold = gui.find<QWidget>(u"hold"_s); return hold && !hold->isEnabled(); }, GuiConsole::PatienceMs, u"Hold to be disabled"_s));
    QVERIFY2(gui.find<QWidget>(u"hold"_s)->toolTip().startsWith(u"kim ("), qPrintable(gui.find<QWidget>(u"hold"_s)->toolTip()));

    // The one who began it is gone from one moment to the next, before the run has ended.
    QVERIFY(!gui.find<QWidget>(u"done"_s));
    ConsoleProcess::killWithServer(kim);
    QVERIFY(gui.find<QWidget>(u"hold"_s));

    // Lee takes over by name, with a note, and holds the run.
    DO(gui.click(u"Take over…"_s));
    DO(gui.waitFor([&] { return gui.find<QPlainTextEdit>(u"Handover note"_s) != nullptr; }, GuiConsole::PatienceMs, u"the question"_s));
    QVERIFY2(gui.seen().contains(u"from kim ("), qPrintable(gui.seen()));
    QVERIFY(!gui.find<QWidget>(u"Take over the conn"_s)->isEnabled());
    DO(gui.tabTo(u"Handover note"_s));
    QTest::keyClicks(QApplication::focusWidget(), u"your window is gone"_s);
    gui.shoot(u"taking-over"_s);
    DO(gui.click(u"Take over the conn"_s));
    DO(gui.click(u"hold"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"resume"_s) != nullptr; }, RunMs, u"the run to be held"_s));
    gui.shoot(u"held"_s);
    DO(gui.click(u"resume"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(u"done"_s) != nullptr; }, RunMs, u"the update to end"_s));
    gui.shoot(u"result"_s);
    QCOMPARE(gui.text(u"sentence"_s), u"demo is updated to 1.2.1."_s);

    QVERIFY(demo.servesOnly(u"1.2.1"_s));
    QCOMPARE(demo.failures(), QStringList());
    QCOMPARE(demo.strategyOverlap(), QString());
    QVERIFY(demo.acknowledgedOrders().size() > 20);
    QCOMPARE(demo.lostOrders(), QStringList());
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"cutover"_s);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == QLatin1StringView(FirstWindow)) {
        return beginUpdate(arguments.value(2));
    }
    GuiConsolesTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "guiconsolestest.moc"
