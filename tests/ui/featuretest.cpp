// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/inlinemessage.h"
#include "common/theme.h"
#include "common/toggleswitch.h"
#include "feature/featureroom.h"
#include "feature/flagrow.h"
#include "feature/rolloutslider.h"
#include "shell/console.h"
#include "ui/sampledata.h"

#include <QApplication>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QPushButton>
#include <QTest>
#include <QWheelEvent>

using namespace Qt::StringLiterals;
using namespace cutover;

class FeatureTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedEngine> m_engine;
    std::unique_ptr<Console> m_console;
    std::unique_ptr<FeatureRoom> m_room;
    FlagRow *m_row = nullptr;

    void clickAt(double percent)
    {
        RolloutSlider *slider = m_row->slider();
        QTest::mouseClick(slider, Qt::LeftButton, {}, QPoint(slider->positionOf(percent), 12));
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void init()
    {
        m_engine = std::make_unique<ScriptedEngine>();
        sample::fillFull(m_engine.get(), 2);
        m_console = std::make_unique<Console>(m_engine.get());
        m_room = std::make_unique<FeatureRoom>(m_console.get());
        m_room->resize(1200, 700);
        m_room->show();
        QVERIFY(QTest::qWaitForWindowActive(m_room.get()));
        QTRY_VERIFY(m_room->row(u"ai_predictions"_s) != nullptr);
        QTRY_VERIFY(m_console->target().has_value());
        QTRY_VERIFY(m_room->row(u"ai_predictions"_s)->slider()->isEnabled());
        m_row = m_room->row(u"ai_predictions"_s);
        QTRY_VERIFY(m_row->slider()->width() > 150);
    }

    void cleanup()
    {
        m_room.reset();
        m_console.reset();
        m_engine.reset();
    }

    void mouseStagesAndNothingIsApplied()
    {
        clickAt(60);
        QCOMPARE(m_room->model()->rowAt(0).rollout, 60.0);
        QCOMPARE(m_row->field()->value(), 60.0);
        QCOMPARE(m_row->summary(), u"25 % → 60 %"_s);
        QCOMPARE(m_engine->count(u"features.apply"_s), 0);
        QCOMPARE(m_engine->flags.first().rollout, 25.0);
    }

    void dragFollowsTheMouse()
    {
        RolloutSlider *slider = m_row->slider();
        QTest::mousePress(slider, Qt::LeftButton, {}, QPoint(slider->positionOf(25), 12));
        QTest::mouseMove(slider, QPoint(slider->positionOf(33), 12));
        QTest::mouseMove(slider, QPoint(slider->positionOf(37), 12));
        QCOMPARE(slider->percent(), 37.0);
        QTest::mouseRelease(slider, Qt::LeftButton, {}, QPoint(slider->positionOf(37), 12));
        QCOMPARE(m_room->model()->rowAt(0).rollout, 37.0);
    }

    void marksAreClickable()
    {
        for (const int mark : RolloutSlider::Marks) {
            QTest::mouseClick(m_row->slider(), Qt::LeftButton, {}, m_row->slider()->markRect(mark).center());
            QCOMPARE(m_row->slider()->percent(), double(mark));
        }
        // Near a mark, the mark is meant.
        QTest::mouseClick(m_row->slider(), Qt::LeftButton, {}, QPoint(m_row->slider()->positionOf(50) + 3, 12));
        QCOMPARE(m_row->slider()->percent(), 50.0);
    }

    void keysMoveTheSlider()
    {
        RolloutSlider *slider = m_row->slider();
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Right);
        QCOMPARE(m_room->model()->rowAt(0).rollout, 26.0);
        QTest::keyClick(slider, Qt::Key_Left);
        QVERIFY(m_room->model()->changes().isEmpty());
        QTest::keyClick(slider, Qt::Key_PageUp);
        QCOMPARE(slider->percent(), 35.0);
        QTest::keyClick(slider, Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(slider->percent(), 50.0);
        QTest::keyClick(slider, Qt::Key_Left, Qt::ControlModifier);
        QCOMPARE(slider->percent(), 25.0);
        QTest::keyClick(slider, Qt::Key_End);
        QCOMPARE(slider->percent(), 100.0);
        QTest::keyClick(slider, Qt::Key_Home);
        QCOMPARE(slider->percent(), 0.0);
    }

    void exactEntryTakesTwoDecimals()
    {
        QDoubleSpinBox *field = m_row->field();
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, u"12.34"_s);
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(m_room->model()->rowAt(0).rollout, 12.34);
        QCOMPARE(m_row->slider()->percent(), 12.34);
    }

    void theWheelChangesNothing()
    {
        const double before = m_row->slider()->percent();
        QWheelEvent wheel(QPointF(20, 12), m_row->slider()->mapToGlobal(QPointF(20, 12)), {}, {0, 120}, {}, {}, Qt::NoScrollPhase, false);
        QApplication::sendEvent(m_row->slider(), &wheel);
        QCOMPARE(m_row->slider()->percent(), before);
    }

    void applyNeedsAReasonInProduction()
    {
        clickAt(75);
        QVERIFY(!m_room->applyButton()->isEnabled());
        m_room->reasonField()->setFocus();
        QTest::keyClicks(m_room->reasonField(), u"more"_s);
        QVERIFY(m_room->applyButton()->isEnabled());
        m_room->applyButton()->click();
        QTRY_COMPARE(m_engine->flags.first().rollout, 75.0);
        QCOMPARE(m_engine->lastParams(u"features.apply"_s)[u"reason"].toString(), u"more"_s);
        QTRY_VERIFY(m_room->model()->changes().isEmpty());
    }

    void aRefusedChangeIsShownAndStaysStaged()
    {
        clickAt(75);
        QTest::keyClicks(m_room->reasonField(), u"more"_s);
        m_engine->failures.insert(u"features.apply"_s, Error{u"scripted.unknown"_s, {{u"id"_s, u"ai_predictions"_s}}, Error::Kind::Permanent, {}});
        m_room->applyButton()->click();
        QTRY_VERIFY(m_room->message()->isVisible());
        QVERIFY(m_room->message()->text().contains(u"ai_predictions"_s));
        QCOMPARE(m_room->model()->changes().size(), 1);
        QCOMPARE(m_engine->flags.first().rollout, 25.0);
    }

    void revertForgets()
    {
        clickAt(75);
        m_room->revertButton()->click();
        QVERIFY(m_room->model()->changes().isEmpty());
        QCOMPARE(m_row->slider()->percent(), 25.0);
        QCOMPARE(m_row->summary(), u"about 25 of 100 users"_s);
    }

    void killSwitchWorksAtOnceAndAlways()
    {
        sample::giveConnAway(m_engine.get());
        m_engine->tell({u"conn"_s});
        QTRY_VERIFY(!m_row->slider()->isEnabled());
        QVERIFY(m_row->killButton()->isEnabled());
        m_row->killButton()->click();
        QTRY_VERIFY(!m_engine->flags.first().enabled);
        QTRY_VERIFY(!m_row->toggle()->isChecked());
        QCOMPARE(m_engine->flags.first().rollout, 25.0);
        // Off already: it can be pressed again, and says so.
        m_row->killButton()->click();
        QTRY_VERIFY(m_room->message()->text().contains(u"is off"_s));
    }

    void killSwitchTakesOnWhatOthersChanged()
    {
        clickAt(75);
        m_engine->flags.first().rollout = 50;
        m_row->killButton()->click();
        QTRY_VERIFY(!m_engine->flags.first().enabled);
        QCOMPARE(m_engine->flags.first().rollout, 50.0);
    }
};

QTEST_MAIN(FeatureTest)
#include "featuretest.moc"
