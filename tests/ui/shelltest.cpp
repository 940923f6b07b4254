// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/inlinemessage.h"
#include "common/jobtracker.h"
#include "common/logview.h"
#include "common/statuschip.h"
#include "common/textlabel.h"
#include "common/theme.h"
#include "overview/componentcard.h"
#include "shell/conndialog.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "shell/rail.h"
#include "shell/runbar.h"
#include "ui/sampledata.h"

#include <QAbstractScrollArea>
#include <QAccessible>
#include <QApplication>
#include <QLineEdit>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace cutover;

class ShellTest : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<ScriptedEngine> m_engine;
    std::unique_ptr<MainWindow> m_window;

    void open(const std::function<void(ScriptedEngine *)> &prepare)
    {
        m_engine = std::make_unique<ScriptedEngine>();
        prepare(m_engine.get());
        m_window = std::make_unique<MainWindow>(m_engine.get());
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY(m_window->console()->target().has_value());
    }
    static void full(ScriptedEngine *engine) { sample::fillFull(engine, 5); }
    static void expectNames(const QWidget *root)
    {
        int checked = 0;
        const auto widgets = root->findChildren<QWidget *>();
        for (QWidget *widget : widgets) {
            // Parts of compound widgets answer through the whole.
            if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus || widget->focusProxy() != nullptr
                || widget->objectName().startsWith(u"qt_"_s)) {
                continue;
            }
            QAccessibleInterface *accessible = QAccessible::queryAccessibleInterface(widget);
            const QString name = accessible != nullptr ? accessible->text(QAccessible::Name) : widget->accessibleName();
            QVERIFY2(!name.isEmpty(), qPrintable(u"%1 %2 has no accessible name"_s.arg(QString::fromLatin1(widget->metaObject()->className()), widget->objectName())));
            ++checked;
        }
        QVERIFY(checked > 0);
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }
    void cleanup()
    {
        m_window.reset();
        m_engine.reset();
    }

    void anotherTargetIsAskedFor()
    {
        open(full);
        QSignalSpy wanted(m_window.get(), &MainWindow::openTargetWanted);
        auto *button = m_window->findChild<QPushButton *>(u"openTarget"_s);
        QVERIFY(button != nullptr && button->isVisible());
        QVERIFY(button->toolTip().contains(u"Ctrl+O"));
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(wanted.size(), 1);
        QTest::keyClick(m_window.get(), Qt::Key_O, Qt::ControlModifier);
        QCOMPARE(wanted.size(), 2);
    }

    void railByKeyboard()
    {
        open(full);
        const QList<RoomSpec> rooms = Rooms::all();
        QVERIFY(rooms.size() >= 4);
        m_window->rail()->setFocus();
        QTest::keyClick(m_window->rail(), Qt::Key_Home);
        for (const RoomSpec &room : rooms) {
            QCOMPARE(m_window->currentRoom(), room.id);
            QTest::keyClick(m_window->rail(), Qt::Key_Down);
        }
        QTest::keyClick(m_window->rail(), Qt::Key_Home);
        QCOMPARE(m_window->currentRoom(), rooms.first().id);
        QTest::keyClick(m_window.get(), Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(m_window->currentRoom(), rooms.at(1).id);
        QCOMPARE(m_window->rail()->currentRoom(), rooms.at(1).id);
    }

    void everythingFocusableHasAName_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("empty") << 0;
        QTest::newRow("full") << 1;
        QTest::newRow("held") << 2;
        QTest::newRow("watching") << 3;
    }
    void everythingFocusableHasAName()
    {
        QFETCH(int, kind);
        open([kind](ScriptedEngine *engine) {
            if (kind == 0) {
                sample::fillEmpty(engine);
                return;
            }
            sample::fillFull(engine, 5);
            if (kind == 2) {
                sample::holdRun(engine);
            } else if (kind == 3) {
                sample::giveConnAway(engine);
            }
        });
        const auto rooms = Rooms::all();
        for (const RoomSpec &room : rooms) {
            m_window->openRoom(room.id);
            QTest::qWait(100);
            expectNames(m_window.get());
        }
    }

    void runBarIsThereWhileARunExists()
    {
        open(full);
        auto *bar = m_window->findChild<RunBar *>();
        QVERIFY(!bar->isVisible());
        sample::startRun(m_engine.get());
        m_engine->tell({u"runs"_s});
        QTRY_VERIFY(bar->isVisible());
        QCOMPARE(bar->text(), u"Updating to 1.3.0 · step 9 of 13"_s);
        m_engine->target.activeRun.clear();
        m_engine->tell({u"runs"_s});
        QTRY_VERIFY(!bar->isVisible());
    }

    /// What is said about another step than the current one is not what is done now.
    void runBarTellsWhatTheCurrentStepDoes()
    {
        open([](ScriptedEngine *engine) {
            sample::fillFull(engine, 5);
            sample::startRun(engine);
        });
        QTRY_VERIFY(m_window->console()->activeRun().has_value());
        const auto tell = [this](int step, const QString &doing) {
            const RunView &view = m_engine->runViews.first();
            Q_EMIT m_engine->runTold({{u"run"_s, view.run.id},
                                      {u"type"_s, u"progress"_s},
                                      {u"step"_s, view.steps.at(step).spec.id},
                                      {u"doing"_s, Message{u"sample.text"_s, {{u"text"_s, doing}}}.toJson()}});
        };
        tell(8, u"Draining"_s);
        QCOMPARE(m_window->console()->doing().text(), u"Draining"_s);
        m_engine->runViews.first().current = 9;
        m_engine->tell({u"runs"_s});
        QTRY_COMPARE(m_window->console()->activeRun().value_or(RunView()).current, 9);
        QVERIFY(m_window->console()->doing().isEmpty());
        // Nor is it when the step tells only how far it is.
        tell(8, u"Draining"_s);
        Q_EMIT m_engine->runTold({{u"run"_s, m_engine->runViews.first().run.id}, {u"type"_s, u"progress"_s}, {u"step"_s, m_engine->runViews.first().steps.at(9).spec.id}});
        QVERIFY(m_window->console()->doing().isEmpty());
        // News of the next step are asked for, should nobody tell them.
        m_engine->runViews.first().current = 10;
        tell(10, u"Asking"_s);
        QTRY_COMPARE(m_window->console()->activeRun().value_or(RunView()).current, 10);
        QCOMPARE(m_window->console()->doing().text(), u"Asking"_s);
    }

    void aHeldRunIsTheFirstThingSeen()
    {
        open([](ScriptedEngine *engine) {
            sample::fillFull(engine, 5);
            sample::holdRun(engine);
        });
        const auto told = [this](const QString &text) {
            const auto messages = m_window->room(u"overview"_s)->findChildren<InlineMessage *>();
            return std::ranges::any_of(messages, [&](const InlineMessage *message) { return message->isVisible() && message->text().contains(text); });
        };
        const auto alive = [this](const QString &text) {
            const auto labels = m_window->findChild<RunBar *>()->findChildren<TextLabel *>();
            return std::ranges::any_of(labels, [&](const TextLabel *label) { return label->text() == text; });
        };
        QTRY_VERIFY(told(u"The update to 1.3.0 is held: a decision is needed."_s));
        QVERIFY(!alive(u"no runner; your decision starts one"_s));
        m_engine->target.runnerGone = true;
        m_engine->tell({u"status"_s});
        QTRY_VERIFY(alive(u"no runner; your decision starts one"_s));
        m_engine->target.activeRun.clear();
        m_engine->tell({u"runs"_s});
        QTRY_VERIFY(!told(u"a decision is needed"_s));
    }

    void takingOverAsksForANote()
    {
        open([](ScriptedEngine *engine) {
            sample::fillFull(engine, 5);
            sample::giveConnAway(engine);
        });
        QPushButton *take = nullptr;
        const auto find = [&] {
            const auto buttons = m_window->findChildren<QPushButton *>();
            for (QPushButton *button : buttons) {
                if (button->isVisible() && button->text() == u"Take over…"_s) {
                    take = button;
                }
            }
            return take != nullptr;
        };
        QTRY_VERIFY(find());
        QTimer::singleShot(0, this, [] {
            auto *dialog = qobject_cast<ConnDialog *>(QApplication::activeModalWidget());
            QVERIFY(dialog != nullptr);
            expectNames(dialog);
            QPushButton *accept = nullptr;
            const auto buttons = dialog->findChildren<QPushButton *>();
            for (QPushButton *button : buttons) {
                if (button->text().startsWith(u"Take over"_s)) {
                    accept = button;
                }
            }
            if (accept == nullptr) {
                QFAIL("nothing takes over");
            }
            QVERIFY(!accept->isEnabled());
            QTest::keyClicks(dialog->findChild<QPlainTextEdit *>(), u"Lee is on a train"_s);
            QVERIFY(accept->isEnabled());
            accept->click();
        });
        take->click();
        QTRY_COMPARE(m_engine->count(u"conn.take"_s), 1);
        QCOMPARE(m_engine->lastParams(u"conn.take"_s)[u"note"].toString(), u"Lee is on a train"_s);
        QCOMPARE(m_engine->lastParams(u"conn.take"_s)[u"force"].toBool(), true);
        QTRY_COMPARE(m_window->console()->whyNotChange(), QString());
    }

    void aLostConnectionIsSaid()
    {
        open(full);
        m_engine->setConnected(false, Error{u"scripted.disconnected"_s, {}, Error::Kind::Transient, {}});
        bool said = false;
        const auto messages = m_window->findChildren<InlineMessage *>();
        for (InlineMessage *message : messages) {
            said = said || (message->isVisible() && message->text().contains(u"db1"_s));
        }
        QVERIFY(said);
        QVERIFY(!m_window->console()->whyNotChange().isEmpty());
        // Nothing that was seen last is shown as if it still held.
        const auto chips = m_window->room(u"overview"_s)->findChildren<StatusChip *>();
        QVERIFY(std::ranges::none_of(chips, [](const StatusChip *chip) { return chip->isVisible() && (chip->word() == u"Ready" || chip->word() == u"Running"); }));
        QVERIFY(std::ranges::any_of(chips, [](const StatusChip *chip) { return chip->isVisible() && chip->word() == u"Unknown"; }));
        m_engine->setConnected(true);
        QTRY_COMPARE(m_window->console()->whyNotChange(), QString());
    }

    void aLostControlHostIsNamed()
    {
        open(full);
        const auto shown = [this](const QString &text) {
            const auto messages = m_window->findChildren<InlineMessage *>();
            const auto found = std::ranges::find_if(messages, [&](const InlineMessage *message) { return message->isVisible() && message->text().contains(text); });
            return found == messages.end() ? nullptr : *found;
        };
        m_engine->linkState.host = u"deploy@control"_s;
        m_engine->linkState.attempts = 3;
        m_engine->linkState.nextMs = 3500;
        m_engine->setConnected(false, Error{u"ssh.link_lost"_s, {{u"host"_s, u"deploy@control"_s}, {u"output"_s, u"Broken pipe"_s}}, Error::Kind::Transient, {}});
        QTRY_VERIFY(shown(u"Connection to deploy@control lost, trying again…"_s));
        QVERIFY(shown(u"Attempt 3 failed, the next one comes in 4 s."_s));
        QVERIFY(shown(u"Broken pipe"_s) && shown(u"A run under way goes on."_s));
        // It counts down by itself.
        m_engine->linkState.nextMs = 900;
        QTRY_VERIFY_WITH_TIMEOUT(shown(u"comes in 1 s."_s), 3000);
        m_engine->linkState.attempts = 4;
        m_engine->linkState.nextMs = -1;
        QTRY_VERIFY_WITH_TIMEOUT(shown(u"Attempt 4 is under way."_s), 3000);

        // What a person has to mend is not tried again before they say so.
        m_engine->triedAgain = 0;
        m_engine->setConnected(false, Error{u"ssh.host_key_unknown"_s, {{u"host"_s, u"deploy@control"_s}, {u"command"_s, u"ssh deploy@control"_s}}, Error::Kind::Permanent, {}});
        QTRY_VERIFY(shown(u"The host key of deploy@control is not known"_s));
        QVERIFY(shown(u"ssh-keygen -lf"_s));
        QVERIFY(!shown(u"trying again"_s) && !shown(u"Attempt"_s));
        const auto buttons = shown(u"host key"_s)->findChildren<QPushButton *>();
        const auto again = std::ranges::find_if(buttons, [](const QPushButton *button) { return button->text() == u"Try again"; });
        QVERIFY(again != buttons.end());
        QTest::mouseClick(*again, Qt::LeftButton);
        QCOMPARE(m_engine->triedAgain, 1);

        // What the host has to say about itself is said until it is read.
        m_engine->linkState.warnings = {Error{u"session.ends_runs"_s, {{u"user"_s, u"deploy"_s}}, Error::Kind::Permanent, {}}};
        m_engine->setConnected(true);
        QTRY_VERIFY(shown(u"loginctl enable-linger deploy"_s));
        QVERIFY(!shown(u"host key"_s));
        QTRY_VERIFY2(m_window->windowTitle().contains(u"on deploy@control"_s), qPrintable(m_window->windowTitle()));
        shown(u"loginctl"_s)->clear();
        m_engine->tell({u"status"_s});
        QTest::qWait(300);
        QVERIFY(!shown(u"loginctl"_s));
    }

    void redisHasCardsOfItsOwn()
    {
        open([](ScriptedEngine *engine) {
            full(engine);
            engine->target.redis = {{.name = u"cache"_s, .version = u"8.0.2"_s, .usedMemory = 950'000'000, .maxMemory = 1'000'000'000, .high = true, .problem = {}},
                                    {.name = u"jobs"_s, .version = {}, .problem = {u"sample.text"_s, {{u"text"_s, u"nobody answers at 127.0.0.1:6379"_s}}}}};
        });
        const auto card = [this](const QString &name) {
            const auto all = m_window->room(u"overview"_s)->findChildren<ComponentCard *>();
            const auto found = std::ranges::find_if(all, [&name](const ComponentCard *each) { return each->accessibleName().startsWith(QString(name + u": ")); });
            return found == all.end() ? nullptr : *found;
        };
        QTRY_VERIFY(card(u"cache"_s) && card(u"jobs"_s));
        QVERIFY2(card(u"cache"_s)->accessibleName().contains(u"Memory high"_s), qPrintable(card(u"cache"_s)->accessibleName()));
        QVERIFY2(card(u"cache"_s)->accessibleDescription().contains(u"8.0.2"_s), qPrintable(card(u"cache"_s)->accessibleDescription()));
        QVERIFY2(card(u"jobs"_s)->accessibleDescription().contains(u"nobody answers"_s), qPrintable(card(u"jobs"_s)->accessibleDescription()));
    }

    void aFailedStartWaitsForNothing()
    {
        m_engine = std::make_unique<ScriptedEngine>();
        m_engine->setConnected(false, {});
        m_window = std::make_unique<MainWindow>(m_engine.get());
        m_window->show();
        const auto shown = [this](const QString &text) {
            const auto labels = m_window->findChildren<TextLabel *>();
            return std::ranges::any_of(labels, [&](const TextLabel *label) { return label->isVisible() && label->text().contains(text); });
        };
        QTRY_VERIFY(shown(u"Connecting"_s));
        m_window->showStartFailure(Error{u"demo.not_empty"_s, {{u"folder"_s, u"/srv/trading"_s}}, Error::Kind::Permanent, u"/srv/trading"_s});
        QVERIFY(!shown(u"Connecting"_s));
        QVERIFY(!shown(u"Available updates"_s));
        // A bar shows itself after 300 ms.
        QTest::qWait(400);
        const auto bars = m_window->findChildren<QProgressBar *>();
        for (const QProgressBar *bar : bars) {
            QVERIFY(!bar->isVisible());
        }
        QVERIFY(shown(u"/srv/trading"_s));
    }

    void closingAsksWhileARunIsActive()
    {
        open([](ScriptedEngine *engine) {
            sample::fillFull(engine, 5);
            sample::startRun(engine);
        });
        QTRY_VERIFY(m_window->console()->activeRun().has_value());
        QSignalSpy closing(m_window.get(), &MainWindow::closing);
        auto answer = [this](const QString &text) {
            QTimer::singleShot(0, this, [text] {
                auto *box = qobject_cast<QMessageBox *>(QApplication::activeModalWidget());
                if (box == nullptr) {
                    QFAIL("nothing is asked");
                }
                expectNames(box);
                QVERIFY(box->text().contains(u"goes on without the window"_s));
                const auto buttons = box->buttons();
                for (QAbstractButton *button : buttons) {
                    if (button->text() == text) {
                        button->click();
                    }
                }
            });
        };
        answer(u"Stay"_s);
        QVERIFY(!m_window->close());
        QCOMPARE(closing.count(), 0);
        answer(u"Close the window"_s);
        QVERIFY(m_window->close());
        QCOMPARE(closing.count(), 1);
    }

    void lateAnswersForAClosedWindowAreDropped()
    {
        open(full);
        const auto rooms = Rooms::all();
        for (const RoomSpec &room : rooms) {
            m_window->openRoom(room.id);
        }
        m_engine->tell({u"status"_s, u"runs"_s, u"features"_s, u"metrics"_s});
        m_window.reset();
        QTest::qWait(50);
    }

    void jobsAnswerOnlyTheLastQuestion()
    {
        ScriptedEngine engine;
        engine.checks.items = {{{u"id"_s, u"disk"_s}}};
        engine.checks.result = {{u"passed"_s, true}};
        JobTracker tracker(&engine);
        QSignalSpy items(&tracker, &JobTracker::item);
        QSignalSpy done(&tracker, &JobTracker::done);
        tracker.follow(engine.startChecks(u"1.3.0"_s));
        tracker.follow(engine.startChecks(u"1.3.1"_s));
        QTRY_COMPARE(done.count(), 1);
        QTest::qWait(20);
        QCOMPARE(done.count(), 1);
        QCOMPARE(items.count(), 1);
        engine.checks.error = Error{u"scripted.unknown"_s, {{u"id"_s, u"x"_s}}, Error::Kind::Permanent, {}};
        QSignalSpy failed(&tracker, &JobTracker::failed);
        tracker.follow(engine.startChecks(u"1.3.0"_s));
        QTRY_COMPARE(failed.count(), 1);
        QVERIFY(!tracker.isRunning());
    }

    void theLogFollowsUntilScrolledUp()
    {
        LogView log(u"Log"_s);
        log.resize(400, 200);
        log.show();
        QVERIFY(QTest::qWaitForWindowExposed(&log));
        for (int i = 0; i < 200; ++i) {
            log.appendLine(u"line %1"_s.arg(i));
        }
        QScrollBar *bar = log.editor()->verticalScrollBar();
        QTRY_COMPARE(bar->value(), bar->maximum());
        bar->setValue(10);
        QVERIFY(!log.isFollowing());
        log.appendLine(u"another"_s);
        QCOMPARE(bar->value(), 10);
        QPushButton *jump = nullptr;
        const auto buttons = log.findChildren<QPushButton *>();
        for (QPushButton *button : buttons) {
            if (button->text() == u"Jump to end"_s) {
                jump = button;
            }
        }
        QVERIFY(jump != nullptr && jump->isVisible());
        jump->click();
        QVERIFY(log.isFollowing());
        QCOMPARE(bar->value(), bar->maximum());
        log.setFilter(u"line 19"_s);
        QCOMPARE(log.editor()->toPlainText().split(u'\n').size(), 11);
        log.setFilter(u"no such thing"_s);
        QVERIFY(log.editor()->toPlainText().isEmpty());
        QVERIFY(log.editor()->placeholderText().contains(u"no such thing"_s));
        log.setFilter({});
        QVERIFY(log.editor()->placeholderText().isEmpty());
        // A long line goes on in the next one.
        log.appendLine(QString(500, u'x'));
        QTest::qWait(20);
        QVERIFY(!log.editor()->horizontalScrollBar()->isVisible());
    }

    void aSearchWithoutAMatchSaysSo()
    {
        open(full);
        for (const QString &room : {u"history"_s, u"features"_s}) {
            m_window->openRoom(room);
            auto *search = m_window->room(room)->findChild<QLineEdit *>(QString(), Qt::FindChildrenRecursively);
            const auto fields = m_window->room(room)->findChildren<QLineEdit *>();
            for (QLineEdit *field : fields) {
                search = field->placeholderText().startsWith(u"Search"_s) ? field : search;
            }
            QTRY_VERIFY(search->isVisible());
            const auto clear = [&]() -> QPushButton * {
                const auto buttons = m_window->room(room)->findChildren<QPushButton *>();
                for (QPushButton *known : buttons) {
                    if (known->isVisible() && known->text() == u"Clear the search") {
                        return known;
                    }
                }
                return nullptr;
            };
            QVERIFY(clear() == nullptr);
            search->setText(u"no such thing"_s);
            QTRY_VERIFY(clear() != nullptr);
            const auto labels = m_window->room(room)->findChildren<TextLabel *>();
            QVERIFY(std::ranges::any_of(labels, [](const TextLabel *label) { return label->isVisible() && label->text().contains(u"“no such thing”"); }));
            clear()->click();
            QVERIFY(search->text().isEmpty());
            QTRY_VERIFY(clear() == nullptr);
        }
    }

    void whereThereIsNothingSomethingCanBeDone()
    {
        open(sample::fillEmpty);
        for (const QString &room : {u"overview"_s, u"rollback"_s, u"features"_s, u"history"_s, u"updates"_s}) {
            m_window->openRoom(room);
            const QString wanted = room == u"overview" || room == u"updates" ? u"Look again"_s : u"See available updates"_s;
            QPushButton *action = nullptr;
            const auto offered = [&] {
                const auto buttons = m_window->room(room)->findChildren<QPushButton *>();
                for (QPushButton *button : buttons) {
                    if (button->isVisible() && button->text() == wanted) {
                        action = button;
                    }
                }
                return action != nullptr;
            };
            QTRY_VERIFY2(offered(), qPrintable(room));
            const int asked = m_engine->count(u"releases"_s);
            action->click();
            if (wanted == u"Look again") {
                QTRY_VERIFY2(m_engine->count(u"releases"_s) > asked, qPrintable(room));
            } else {
                QTRY_COMPARE(m_window->currentRoom(), u"overview"_s);
            }
        }
    }

    void aLateLookIsSaidToBeOld()
    {
        open([](ScriptedEngine *engine) {
            full(engine);
            engine->target.lookAgeMs = 2400;
        });
        const auto chips = m_window->findChildren<StatusChip *>();
        QVERIFY(std::ranges::any_of(chips, [](const StatusChip *chip) { return chip->isVisible() && chip->word().contains(u"as of 2 s ago"); }));
        const auto messages = m_window->findChildren<InlineMessage *>();
        for (const InlineMessage *message : messages) {
            QVERIFY2(!message->isVisible(), qPrintable(message->text()));
        }
        QCOMPARE(m_window->console()->whyNotChange(), QString());
    }
};

QTEST_MAIN(ShellTest)
#include "shelltest.moc"
