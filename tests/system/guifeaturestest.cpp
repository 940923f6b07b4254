// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/rolloutslider.h"
#include "guiconsole.h"

#include <QEventLoop>
#include <QJsonDocument>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QTest>

using namespace Qt::StringLiterals;
using cutover::RolloutSlider;

/** Sliders moved in the window are felt by the users of the demo system, and only so. */
class GuiFeaturesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void byMouse();
    void byKeyboard();

private:
    void apply(GuiConsole &gui, const QString &flag, const QString &staged);
    [[nodiscard]] QSet<int> whoGets(const QString &flag, const QSet<int> &users) const;
    void expectQuarterThatStays(GuiConsole &gui, const QString &flag, const std::function<void()> &moveToHalf);

    SystemDemo m_demo;
    QSet<int> m_users;
};

namespace {

#define DO(action) QVERIFY2(action, qPrintable(gui.problem()))

constexpr int Users = 10000;
/// Requests under way at once.
constexpr int Together = 24;
/// Where the line of a slider lies.
constexpr int GrooveTop = 12;

} // namespace

void GuiFeaturesTest::initTestCase()
{
    QVERIFY2(m_demo.start(1000, 10), qPrintable(m_demo.problem()));
    for (int user = 1; user <= Users; ++user) {
        m_users.insert(user);
    }
}

QSet<int> GuiFeaturesTest::whoGets(const QString &flag, const QSet<int> &users) const
{
    QNetworkAccessManager network;
    QEventLoop loop;
    QList<int> waiting = users.values();
    QSet<int> enabled;
    int running = 0;
    int failed = 0;
    std::function<void()> askNext = [&] {
        while (running < Together && !waiting.isEmpty()) {
            const int user = waiting.takeLast();
            QNetworkReply *reply = network.get(QNetworkRequest(m_demo.url(u"/api/features/check?feature=%1&user=%2"_s.arg(flag).arg(user))));
            ++running;
            connect(reply, &QNetworkReply::finished, &loop, [&, reply, user] {
                const QJsonObject answer = QJsonDocument::fromJson(reply->readAll()).object();
                failed += reply->error() != QNetworkReply::NoError || !answer[u"enabled"].isBool();
                if (answer[u"enabled"].toBool()) {
                    enabled.insert(user);
                }
                reply->deleteLater();
                --running;
                askNext();
            });
        }
        if (running == 0) {
            loop.quit();
        }
    };
    askNext();
    if (running > 0) {
        loop.exec();
    }
    // An answer that did not come must not count as "no".
    return failed == 0 ? enabled : QSet<int>{-failed};
}

void GuiFeaturesTest::apply(GuiConsole &gui, const QString &flag, const QString &staged)
{
    // Staged is not applied.
    DO(gui.waitFor([&] { return !gui.text(staged).isEmpty(); }, GuiConsole::PatienceMs, staged));
    gui.shoot(u"staged"_s);
    const auto slider = [&] { return gui.find<RolloutSlider>(u"Rollout of "_s + flag); };
    const QString before = m_demo.query(u"SELECT rollout FROM feature_flags WHERE name = '%1'"_s.arg(flag)).value(0);
    QVERIFY(before.toDouble() != slider()->percent());
    DO(gui.click(u"Apply 1 change"_s));
    DO(gui.waitFor([&] { return gui.text(u"Apply 1 change"_s).isEmpty(); }, GuiConsole::PatienceMs, u"the change to be applied"_s));
    const QString after = m_demo.query(u"SELECT rollout FROM feature_flags WHERE name = '%1'"_s.arg(flag)).value(0);
    QCOMPARE(after.toDouble(), slider()->percent());
}

void GuiFeaturesTest::expectQuarterThatStays(GuiConsole &gui, const QString &flag, const std::function<void()> &moveToHalf)
{
    const QSet<int> quarter = whoGets(flag, m_users);
    QVERIFY2(quarter.size() >= Users * 24 / 100 && quarter.size() <= Users * 26 / 100, qPrintable(QString::number(quarter.size())));
    gui.shoot(u"quarter"_s);
    moveToHalf();
    if (!QTest::currentTestFailed()) {
        apply(gui, flag, u"25 % → 50 %"_s);
        QCOMPARE(whoGets(flag, quarter), quarter);
        const QSet<int> half = whoGets(flag, m_users);
        QVERIFY2(half.size() >= Users * 49 / 100 && half.size() <= Users * 51 / 100, qPrintable(QString::number(half.size())));
    }
}

void GuiFeaturesTest::byMouse()
{
    const QString flag = u"fast_orders"_s;
    GuiConsole gui(m_demo);
    DO(gui.open());
    DO(gui.openRoom(u"Features"_s));
    const QString name = u"Rollout of "_s + flag;
    DO(gui.waitFor([&] { return gui.find<RolloutSlider>(name) != nullptr; }, GuiConsole::PatienceMs, name));
    gui.shoot(u"features"_s);
    auto *slider = gui.find<RolloutSlider>(name);
    QCOMPARE(slider->percent(), 10.0);
    DO(gui.drag(slider, {slider->positionOf(10), GrooveTop}, {slider->positionOf(25), GrooveTop}));
    apply(gui, flag, u"10 % → 25 %"_s);
    expectQuarterThatStays(gui, flag, [&] { DO(gui.clickAt(slider, slider->markRect(50).center())); });
}

void GuiFeaturesTest::byKeyboard()
{
    // Off at first: it is switched on with the same change.
    const QString flag = u"paper_trading"_s;
    GuiConsole gui(m_demo);
    DO(gui.open());
    DO(gui.openRoom(u"Features"_s));
    DO(gui.waitFor([&] { return gui.find<QWidget>(flag + u" on or off"_s) != nullptr; }, GuiConsole::PatienceMs, flag));
    DO(gui.tabTo(flag + u" on or off"_s));
    gui.key(Qt::Key_Space);
    DO(gui.tabTo(u"Rollout of "_s + flag));
    gui.key(Qt::Key_PageUp);
    gui.key(Qt::Key_PageUp);
    for (int i = 0; i < 5; ++i) {
        gui.key(Qt::Key_Right);
    }
    apply(gui, flag, u"off → on at 25 %"_s);
    expectQuarterThatStays(gui, flag, [&] {
        DO(gui.tabTo(u"Rollout of "_s + flag));
        gui.key(Qt::Key_Right, Qt::ControlModifier);
    });
}

QTEST_MAIN(GuiFeaturesTest)
#include "guifeaturestest.moc"
