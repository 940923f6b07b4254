// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "ui/keyboard.h"

#include "common/tableview.h"
#include "common/theme.h"
#include "feature/featureroom.h"
#include "shell/conndialog.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "ui/sampledata.h"

#include <QApplication>
#include <QFile>
#include <QFileDialog>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Each room is worked without a mouse, from where the window puts the focus. The wizards: tests/wizard. */
class KeyboardTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedEngine> m_engine;
    std::unique_ptr<MainWindow> m_window;

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    /// What is shown before it lies in the window is a window for a moment, and takes the keyboard away.
    void onlyTheWindowIsAWindow()
    {
        for (const RoomSpec &room : Rooms::all()) {
            m_window->openRoom(room.id);
            QTest::qWait(50);
            QVERIFY2(QGuiApplication::focusWindow() == m_window->windowHandle(), qPrintable(room.id));
        }
    }
    void init()
    {
        m_engine = std::make_unique<ScriptedEngine>();
        sample::fillFull(m_engine.get(), 5);
        m_window = std::make_unique<MainWindow>(m_engine.get());
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY(m_window->console()->target().has_value());
    }
    void cleanup()
    {
        m_window.reset();
        m_engine.reset();
    }

    void overviewOpensAnUpdate()
    {
        QCOMPARE(m_window->currentRoom(), u"overview"_s);
        TAB_TO(u"What changes in 1.3.0"_s);
        keyboard::press(Qt::Key_Space);
        TAB_TO(u"Update to 1.3.0…"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(m_window->currentRoom(), u"updates"_s);
        // And back, by the rail.
        TAB_TO(u"Rooms"_s);
        keyboard::press(Qt::Key_Home);
        QCOMPARE(m_window->currentRoom(), u"overview"_s);
    }

    void overviewOpensTheRunUnderWay()
    {
        sample::startRun(m_engine.get());
        m_engine->tell({u"runs"_s});
        QTRY_VERIFY(m_window->console()->activeRun().has_value());
        TAB_TO(u"Open the run"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(m_window->currentRoom(), u"updates"_s);
        // Before the run is known there is nothing to hold.
        QTRY_VERIFY(m_window->findChild<QPushButton *>(u"hold"_s)->isEnabled());
        TAB_TO(u"hold"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(m_engine->lastParams(u"command"_s)[u"verb"].toString(), u"hold"_s);
    }

    void featuresAreStagedAndApplied()
    {
        TAB_TO(u"Rooms"_s);
        while (m_window->currentRoom() != u"features") {
            const QString before = m_window->currentRoom();
            keyboard::press(Qt::Key_Down);
            QVERIFY(m_window->currentRoom() != before);
        }
        auto *room = static_cast<FeatureRoom *>(m_window->room(u"features"_s));
        QTRY_VERIFY(room->row(u"new_order_form"_s) != nullptr);
        TAB_TO(u"new_order_form on or off"_s);
        keyboard::press(Qt::Key_Space);
        TAB_TO(u"Rollout of new_order_form"_s);
        keyboard::press(Qt::Key_PageUp);
        TAB_TO(u"Rollout of new_order_form in per cent"_s);
        keyboard::press(Qt::Key_A, Qt::ControlModifier);
        keyboard::type(u"12.5"_s);
        TAB_TO(u"Reason for the change"_s);
        keyboard::type(u"first users"_s);
        TAB_TO(u"Apply 1 change"_s);
        QCOMPARE(m_engine->count(u"features.apply"_s), 0);
        keyboard::press(Qt::Key_Space);
        QTRY_VERIFY(m_engine->flags[2].enabled);
        QCOMPARE(m_engine->flags[2].rollout, 12.5);
        QCOMPARE(m_engine->lastParams(u"features.apply"_s)[u"reason"].toString(), u"first users"_s);
        // The kill switch is reached too, and needs nothing else.
        TAB_TO(u"Switch ai_predictions off now"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_VERIFY(!m_engine->flags[0].enabled);
    }

    /// What is saved is what the engine made, every byte.
    void historySavesTheReport()
    {
        const QString html = u"<!DOCTYPE html>\n<html><head><style>td { color: #123456 }</style></head>\n<body data-run='1'><p>Größe: 5 €  ·  \t“so”</p></body></html>\n"_s;
        const QString run = m_engine->runViews.at(2).run.id;
        m_engine->reports.insert(run, html);
        TAB_TO(u"Rooms"_s);
        keyboard::press(Qt::Key_End);
        QCOMPARE(m_window->currentRoom(), u"history"_s);
        TAB_TO(u"Runs"_s);
        keyboard::press(Qt::Key_Home);
        keyboard::press(Qt::Key_Down);
        keyboard::press(Qt::Key_Down);
        QTRY_COMPARE(m_engine->lastParams(u"report"_s)[u"run"].toString(), run);
        auto *tabs = m_window->room(u"history"_s)->findChild<QTabWidget *>();
        QVERIFY(tabs != nullptr);
        // The tabs themselves take the keys.
        for (int i = 0; i < 50 && QApplication::focusWidget() != tabs->tabBar(); ++i) {
            keyboard::press(Qt::Key_Tab);
        }
        keyboard::press(Qt::Key_Right);
        QCOMPARE(tabs->currentIndex(), 1);
        keyboard::press(Qt::Key_Left);
        QCOMPARE(tabs->currentIndex(), 0);
        TAB_TO(u"Save report…"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_VERIFY(qobject_cast<QFileDialog *>(QApplication::activeModalWidget()) != nullptr);
        QTRY_VERIFY(QGuiApplication::focusWindow() == QApplication::activeModalWidget()->windowHandle());
        QTemporaryDir folder;
        const QString file = folder.filePath(u"the report.html"_s);
        TAB_TO(u"fileNameEdit"_s);
        keyboard::press(Qt::Key_A, Qt::ControlModifier);
        keyboard::type(file);
        keyboard::press(Qt::Key_Return);
        QTRY_VERIFY(QFile::exists(file));
        QFile saved(file);
        QVERIFY(saved.open(QIODevice::ReadOnly));
        QCOMPARE(saved.readAll(), html.toUtf8());
    }

    /// A note for one is not left to another.
    void takingOverFollowsTheHolder()
    {
        sample::giveConnAway(m_engine.get());
        m_engine->tell({u"conn"_s});
        TAB_TO(u"Take over…"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_VERIFY(qobject_cast<ConnDialog *>(QApplication::activeModalWidget()));
        m_engine->target.connHolder = u"ana@desk"_s;
        m_engine->tell({u"conn"_s});
        QTRY_VERIFY(!QApplication::activeModalWidget());
        QCOMPARE(m_engine->count(u"conn.take"_s), 0);
    }

    void takingOverIsPossible()
    {
        sample::giveConnAway(m_engine.get());
        m_engine->tell({u"conn"_s});
        QTRY_VERIFY(!m_window->console()->whyNotChange().isEmpty());
        QTest::qWait(50);
        TAB_TO(u"Take over…"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_VERIFY(qobject_cast<ConnDialog *>(QApplication::activeModalWidget()));
        QTRY_VERIFY(QGuiApplication::focusWindow() == QApplication::activeModalWidget()->windowHandle());
        TAB_TO(u"Handover note"_s);
        keyboard::type(u"Lee is on a train"_s);
        TAB_TO(u"Take over the conn"_s);
        keyboard::press(Qt::Key_Space);
        QTRY_COMPARE(m_engine->count(u"conn.take"_s), 1);
        QCOMPARE(m_engine->lastParams(u"conn.take"_s)[u"note"].toString(), u"Lee is on a train"_s);
        QCOMPARE(m_engine->lastParams(u"conn.take"_s)[u"from"].toString(), u"lee@ops"_s);
    }
};

QTEST_MAIN(KeyboardTest)
#include "keyboardtest.moc"
