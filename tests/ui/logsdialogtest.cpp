// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "monitor/logsdialog.h"
#include "common/inlinemessage.h"
#include "common/logview.h"
#include "common/theme.h"
#include "monitor/monitorroom.h"
#include "shell/console.h"
#include "ui/sampledata.h"

#include <QApplication>
#include <QComboBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class LogsDialogTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedEngine> m_engine;
    std::unique_ptr<Console> m_console;
    std::unique_ptr<MonitorRoom> m_room;

    static QJsonObject item(const QString &instance, const QString &line)
    {
        return {{u"lines"_s, QJsonArray{QJsonObject{{u"instance"_s, instance}, {u"line"_s, line}}}}};
    }
    LogsDialog *dialog() const { return m_room->window()->findChild<LogsDialog *>(); }
    QString shown() const { return dialog()->findChild<LogView *>(u"serviceLog"_s)->editor()->toPlainText(); }
    void openDialog()
    {
        auto *button = m_room->findChild<QPushButton *>(u"serviceLogs"_s);
        QVERIFY(button && button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY(dialog() != nullptr);
        QVERIFY(QTest::qWaitForWindowExposed(dialog()));
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void init()
    {
        m_engine = std::make_unique<ScriptedEngine>();
        sample::fillFull(m_engine.get(), 2);
        m_engine->serviceLog.finish = false;
        m_engine->serviceLog.items = {item(u"backend-1"_s, u"serves"_s), item(u"backend-2"_s, u"serves, too"_s)};
        m_console = std::make_unique<Console>(m_engine.get());
        m_room = std::make_unique<MonitorRoom>(m_console.get());
        m_room->resize(1100, 700);
        m_room->show();
        QVERIFY(QTest::qWaitForWindowActive(m_room.get()));
        QTRY_VERIFY(m_console->target().has_value());
    }
    void cleanup()
    {
        m_room.reset();
        m_console.reset();
        m_engine.reset();
    }

    void linesSayWhoseTheyAre()
    {
        openDialog();
        QTRY_COMPARE(shown(), u"backend-1  serves\nbackend-2  serves, too"_s);
        QCOMPARE(m_engine->lastParams(u"service.logs"_s)[u"service"].toString(), u"backend"_s);
        QVERIFY(m_engine->lastParams(u"service.logs"_s)[u"follow"].toBool());
    }

    /// By keyboard: one instance alone, whose lines need no name before them.
    void oneInstanceIsChosen()
    {
        openDialog();
        QTRY_VERIFY(!shown().isEmpty());
        auto *choice = dialog()->findChild<QComboBox *>(u"logChoice"_s);
        QTest::keyClick(dialog(), Qt::Key_L, Qt::AltModifier);
        QTRY_VERIFY(choice->hasFocus());
        m_engine->serviceLog.items = {item(u"backend-1"_s, u"alone"_s)};
        QTest::keyClick(choice, Qt::Key_Down);
        QCOMPARE(choice->currentData().toString(), u"backend-1"_s);
        QTRY_COMPARE(shown(), u"alone"_s);
        QCOMPARE(m_engine->lastParams(u"service.logs"_s)[u"service"].toString(), u"backend-1"_s);
        // The other one is no longer followed.
        QCOMPARE(m_engine->count(u"job.cancel"_s), 1);
    }

    void failureIsToldAndFollowedAgain()
    {
        m_engine->serviceLog.error = Error{u"sample.text"_s, {{u"text"_s, u"Docker does not answer."_s}}, Error::Kind::Transient, {}};
        openDialog();
        const auto again = [this] { return dialog()->findChild<QPushButton *>(u"logsAgain"_s); };
        QTRY_VERIFY(again() != nullptr && again()->isVisible());
        QVERIFY(dialog()->findChild<InlineMessage *>()->text().contains(u"Docker does not answer"));
        m_engine->serviceLog.error = {};
        QTest::mouseClick(again(), Qt::LeftButton);
        QTRY_COMPARE(shown(), u"backend-1  serves\nbackend-2  serves, too"_s);
        QCOMPARE(m_engine->count(u"service.logs"_s), 2);
    }

    void aLostLinkIsFollowedByItself()
    {
        openDialog();
        QTRY_VERIFY(!shown().isEmpty());
        m_engine->setConnected(false, Error{u"sample.text"_s, {{u"text"_s, u"The link was lost."_s}}, Error::Kind::Transient, {}});
        QTRY_VERIFY(dialog()->findChild<InlineMessage *>()->text().contains(u"The link was lost"));
        m_engine->setConnected(true);
        QTRY_COMPARE(m_engine->count(u"service.logs"_s), 2);
        QTRY_COMPARE(shown(), u"backend-1  serves\nbackend-2  serves, too"_s);
    }

    /// Before it is known which job follows: the engine must not go on with it for nobody.
    void closedAtOnceItAsksForNothing()
    {
        QTest::mouseClick(m_room->findChild<QPushButton *>(u"serviceLogs"_s), Qt::LeftButton);
        delete dialog();
        QTRY_COMPARE(m_engine->count(u"job.cancel"_s), 1);
    }

    void closedItAsksForNothing()
    {
        openDialog();
        QTRY_VERIFY(!shown().isEmpty());
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
        QTRY_COMPARE(m_engine->count(u"job.cancel"_s), 1);
    }
};

QTEST_MAIN(LogsDialogTest)
#include "logsdialogtest.moc"
