// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// How instances of a blue-green service are told of.

#include "common/status.h"
#include "common/statuschip.h"
#include "common/theme.h"
#include "update/instancestrip.h"

#include <QApplication>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

InstanceView instance(const QString &name, const QString &version, const QString &state, bool idle, int sessions = 0)
{
    return {.name = name, .service = u"backend"_s, .version = version, .state = state, .port = 8101, .sessions = sessions, .colour = name.section(u'-', 0, 0), .idle = idle};
}

class ColourStripTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void wordsAndLook_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<bool>("idle");
        QTest::addColumn<QString>("word");
        QTest::addColumn<int>("status");
        QTest::newRow("serves") << u"ready"_s << false << u"Ready (green)"_s << int(Status::Ready);
        QTest::newRow("serves not") << u"stopped"_s << false << u"Stopped (green)"_s << int(Status::Stopped);
        QTest::newRow("idle, stopped") << u"stopped"_s << true << u"Idle (green)"_s << int(Status::Stopped);
        QTest::newRow("idle, kept") << u"ready"_s << true << u"Idle (green)"_s << int(Status::Stopped);
        QTest::newRow("being started") << u"starting"_s << true << u"Starting (green)"_s << int(Status::Starting);
        QTest::newRow("fails to start") << u"failed"_s << true << u"Failed (green)"_s << int(Status::Failed);
    }
    void wordsAndLook()
    {
        QFETCH(const QString, state);
        QFETCH(const bool, idle);
        const InstanceView view = instance(u"green-1"_s, u"1.1.0"_s, state, idle);
        QTEST(wordOfInstance(view), "word");
        QTEST(int(statusOfInstance(view)), "status");
        const InstanceView plain{.name = u"backend-1"_s, .service = u"backend"_s, .version = u"1.1.0"_s, .state = u"ready"_s};
        QCOMPARE(wordOfInstance(plain), u"Ready"_s);
        const InstanceView spare{.name = u"backend-spare"_s, .service = u"backend"_s, .version = u"1.1.0"_s, .state = u"ready"_s, .spare = true};
        QCOMPARE(wordOfInstance(spare), u"Ready (spare)"_s);
    }

    void bothColoursInTheStrip()
    {
        InstanceStrip strip;
        strip.setInstances({instance(u"blue-1"_s, u"1.0.0"_s, u"ready"_s, false, 3), instance(u"blue-2"_s, u"1.0.0"_s, u"ready"_s, false, 1), instance(u"green-1"_s, u"1.1.0"_s, u"starting"_s, true), instance(u"green-2"_s, {}, u"stopped"_s, true), {.name = u"haproxy"_s, .service = u"haproxy"_s, .state = u"ready"_s}});
        strip.resize(900, 100);
        strip.show();
        QVERIFY(QTest::qWaitForWindowExposed(&strip));
        QStringList words;
        const auto chips = strip.findChildren<StatusChip *>();
        for (const StatusChip *chip : chips) {
            words.append(chip->word());
        }
        QCOMPARE(words, QStringList({u"Ready (blue) · 3 sessions"_s, u"Ready (blue) · 1 session"_s, u"Starting (green)"_s, u"Idle (green)"_s}));
        if (const QString file = qEnvironmentVariable("CUTOVER_STRIP_PICTURE"); !file.isEmpty()) {
            QVERIFY(strip.grab().save(file));
        }
    }

    void crossesTheWire()
    {
        TargetView target;
        target.instances = {instance(u"blue-1"_s, u"1.0.0"_s, u"ready"_s, true)};
        const TargetView read = TargetView::fromJson(target.toJson());
        QCOMPARE(read.instances[0].colour, u"blue"_s);
        QVERIFY(read.instances[0].idle);
        QVERIFY(read.instances[0].isReleased());
    }
};

} // namespace

QTEST_MAIN(ColourStripTest)
#include "colourstriptest.moc"
