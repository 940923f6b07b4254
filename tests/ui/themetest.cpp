// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"
#include "common/icons.h"
#include "common/programicon.h"
#include "common/status.h"
#include "shell/room.h"

#include <QApplication>
#include <QDirIterator>
#include <QRegularExpression>
#include <QStyle>
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

    /// The console looks the same where Breeze is not installed.
    void everyIconIsShipped()
    {
        static const QRegularExpression use(u"(?:themeIcon|IconLabel|FlatButton|EmptyState|ComponentCard|setIcon)\\((?:[a-z]+ \\? )?u\"([a-z0-9-]+)\"_s"_s);
        QSet<QString> names;
        QDirIterator files(QStringLiteral(CUTOVER_SOURCES) + u"/ui"_s, {u"*.cpp"_s}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            for (const auto &match : use.globalMatch(QString::fromUtf8(file.readAll()))) {
                names.insert(match.captured(1));
            }
        }
        QVERIFY2(names.size() > 15, qPrintable(QString::number(names.size())));
        for (int i = 0; i <= int(Status::HighRisk); ++i) {
            names.insert(statusLook(Status(i)).icon);
        }
        for (const RoomSpec &room : Rooms::all()) {
            names.insert(room.icon);
        }
        for (const QString &name : std::as_const(names)) {
            QVERIFY2(QFile::exists(u":/icons/cutover/22/%1.svg"_s.arg(name)), qPrintable(name));
            const QImage drawn = themeIcon(name).pixmap(22).toImage();
            QVERIFY2(drawn != QImage(drawn.size(), drawn.format()) && !drawn.isNull(), qPrintable(name));
        }
    }

    void theProgramHasAnIconOfItsOwn()
    {
        for (const int size : {16, 32, 256}) {
            QCOMPARE(programIcon().pixmap(QSize(size, size), 1.0).width(), size);
        }
        QVERIFY(!QApplication::windowIcon().isNull());
        QVERIFY(QFile::exists(u":/icons/hicolor/scalable/apps/io.github.cutover.Cutover.svg"_s));
    }

    void dialogsHaveIconsInTheThemesColours()
    {
        for (const QStyle::StandardPixmap which : {QStyle::SP_MessageBoxWarning, QStyle::SP_LineEditClearButton, QStyle::SP_FileDialogNewFolder, QStyle::SP_DirIcon}) {
            const QIcon icon = QApplication::style()->standardIcon(which);
            Theme::instance().setMode(Theme::Mode::Light);
            const QImage light = icon.pixmap(22).toImage();
            Theme::instance().setMode(Theme::Mode::Dark);
            QVERIFY2(light != icon.pixmap(22).toImage(), qPrintable(QString::number(which)));
        }
        Theme::instance().setMode(Theme::Mode::System);
    }

    void iconsFollowTheTheme()
    {
        const QIcon icon = themeIcon(u"edit-undo"_s);
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
