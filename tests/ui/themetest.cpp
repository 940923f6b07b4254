// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"
#include "common/icons.h"
#include "common/status.h"

#include <QApplication>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class ThemeTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void contrastOfBlackAndWhite()
    {
        QCOMPARE(qRound(Theme::contrast(Qt::black, Qt::white)), 21);
        QCOMPARE(qRound(Theme::contrast(Qt::white, Qt::white)), 1);
    }

    void textIsReadable()
    {
        for (const bool dark : {false, true}) {
            for (const auto &[ink, ground] : Theme::readablePairs()) {
                const double ratio = Theme::contrast(Theme::color(ink, dark), Theme::color(ground, dark));
                QVERIFY2(ratio >= 4.5, qPrintable(u"%1 on %2, %3: %4"_s.arg(QVariant::fromValue(ink).toString(), QVariant::fromValue(ground).toString(), dark ? u"dark"_s : u"light"_s).arg(ratio)));
            }
        }
    }

    void everyStatusIsReadableAndHasWordAndIcon()
    {
        for (int i = 0; i <= int(Status::HighRisk); ++i) {
            const StatusLook look = statusLook(Status(i));
            QVERIFY(!look.word.isEmpty());
            for (const bool dark : {false, true}) {
                QVERIFY2(Theme::contrast(Theme::color(look.ink, dark), Theme::color(look.tint, dark)) >= 4.5, qPrintable(look.word));
            }
            QVERIFY2(!themeIcon(look.icon).pixmap(16).isNull(), qPrintable(look.icon));
        }
    }

    void seriesStandOutFromTheirGround()
    {
        // Graphics need 3:1 (WCAG 1.4.11).
        for (const bool dark : {false, true}) {
            for (const Theme::Role series : {Theme::Role::Series1, Theme::Role::Series2, Theme::Role::Series3}) {
                QVERIFY(Theme::contrast(Theme::color(series, dark), Theme::color(Theme::Role::Raised, dark)) >= 3);
            }
        }
    }

    void iconsFollowTheTheme()
    {
        const QIcon icon = themeIcon(u"view-refresh"_s);
        Theme::instance().setMode(Theme::Mode::Light);
        const QImage light = icon.pixmap(22).toImage();
        Theme::instance().setMode(Theme::Mode::Dark);
        const QImage dark = icon.pixmap(22).toImage();
        QVERIFY(light != dark);
        QCOMPARE(QApplication::palette().color(QPalette::Window), Theme::color(Theme::Role::Surface));
        Theme::instance().setMode(Theme::Mode::System);
    }
};

QTEST_MAIN(ThemeTest)
#include "themetest.moc"
