// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demowindow.h"

#include <QCoroTask>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using cutover::DemoWindow;

/** Who ends a demo that several windows may look at. */
class DemoWindowTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void lastWindowEndsIt();
    void notWithoutAWindowsMark();
    void notAfterAResetByAnother();
    void nobodyJoinsWhatIsBeingEnded();

private:
    std::unique_ptr<DemoWindow> joined() const
    {
        auto window = std::make_unique<DemoWindow>(m_folder->path());
        const auto done = QCoro::waitFor(window->join());
        return done ? std::move(window) : nullptr;
    }
    static bool isToEnd(DemoWindow &window)
    {
        const auto answer = window.isToEnd();
        return answer && *answer;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void DemoWindowTest::lastWindowEndsIt()
{
    const auto first = joined();
    QVERIFY(first && first->markStarted());
    const auto second = joined();
    QVERIFY(second && !isToEnd(*first) && isToEnd(*second));
}

void DemoWindowTest::notWithoutAWindowsMark()
{
    DemoWindow apart(m_folder->path());
    QVERIFY(!isToEnd(apart));
    QVERIFY(joined() != nullptr);
    QVERIFY(!isToEnd(*joined()));
    // The machine has been started again since.
    QFile mark(m_folder->filePath(u"state/started-by-window"_s));
    QVERIFY(mark.open(QIODevice::WriteOnly) && mark.write("another start") > 0);
    mark.close();
    QVERIFY(!isToEnd(*joined()));
    QVERIFY(joined()->markStarted());
    QVERIFY(isToEnd(*joined()));
    QVERIFY(cutover::unmarkDemoWindow(m_folder->filePath(u"state"_s)));
    QVERIFY(!isToEnd(*joined()));
}

void DemoWindowTest::notAfterAResetByAnother()
{
    const auto first = joined();
    QVERIFY(first && QDir(m_folder->filePath(u"state"_s)).removeRecursively());
    const auto second = joined();
    QVERIFY(second && second->markStarted());
    QVERIFY(!isToEnd(*first) && isToEnd(*second));
}

void DemoWindowTest::nobodyJoinsWhatIsBeingEnded()
{
    auto first = joined();
    QVERIFY(first && first->markStarted() && isToEnd(*first));
    DemoWindow second(m_folder->path());
    bool ready = false;
    const auto waits = [](DemoWindow &window, bool &ready) -> QCoro::Task<> {
        ready = (co_await window.join()).has_value();
    };
    [[maybe_unused]] const auto waiting = waits(second, ready);
    QTest::qWait(300);
    QVERIFY(!ready);
    first.reset();
    QTRY_VERIFY(ready);
}

QTEST_GUILESS_MAIN(DemoWindowTest)
#include "demowindowtest.moc"
