// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"
#include "system/translations.h"
#include "screenshots/screens.h"
#include "shell/mainwindow.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDialog>
#include <QDir>
#include <QElapsedTimer>
#include <QPainter>
#include <QRegularExpression>
#include <QTextStream>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

/// Long enough for answers of the scripted engine and the questions that follow from them.
void settle(int milliseconds)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < milliseconds) {
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    }
}

bool draw(const Screen &screen, const QString &file, QSize size)
{
    ScriptedEngine engine;
    screen.prepare(&engine);
    MainWindow window(&engine);
    window.resize(size);
    window.show();
    settle(250);
    screen.arrange(&window);
    settle(350);
    QPixmap picture = window.grab();
    for (QDialog *dialog : window.findChildren<QDialog *>()) {
        if (dialog->isVisible()) {
            const QPixmap front = dialog->grab();
            QPainter painter(&picture);
            painter.fillRect(picture.rect(), QColor(0, 0, 0, 90));
            painter.drawPixmap((picture.width() - front.width()) / 2, (picture.height() - front.height()) / 2, front);
        }
    }
    return picture.save(file);
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
    }
    QApplication application(argc, argv);
    installTranslations();
    application.setFont(QFont(u"Noto Sans"_s, 10));
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Draws every page of the console, light and dark, empty and full."_s);
    parser.addHelpOption();
    parser.addPositionalArgument(u"folder"_s, u"Where the pictures go."_s);
    parser.addOption({u"only"_s, u"Only screens whose name matches."_s, u"regex"_s});
    parser.addOption({u"size"_s, u"One size instead of 1280x800 and 1920x1080."_s, u"WxH"_s});
    parser.addOption({u"theme"_s, u"One theme instead of both: light or dark."_s, u"theme"_s});
    parser.process(application);
    if (parser.positionalArguments().size() != 1) {
        parser.showHelp(2);
    }
    const QDir folder(parser.positionalArguments().first());
    if (!folder.mkpath(u"."_s)) {
        QTextStream(stderr) << "cannot make the folder " << folder.path() << '\n';
        return 1;
    }
    Theme::instance().install(&application);
    QList<QSize> sizes{{1280, 800}, {1920, 1080}};
    if (parser.isSet(u"size"_s)) {
        const QStringList numbers = parser.value(u"size"_s).split(u'x');
        sizes = {QSize(numbers.value(0).toInt(), numbers.value(1).toInt())};
    }
    const QRegularExpression only(parser.value(u"only"_s));
    int drawn = 0;
    for (const auto &[mode, theme] : {std::pair{Theme::Mode::Light, u"light"_s}, std::pair{Theme::Mode::Dark, u"dark"_s}}) {
        if (parser.isSet(u"theme"_s) && parser.value(u"theme"_s) != theme) {
            continue;
        }
        Theme::instance().setMode(mode);
        for (const Screen &screen : Screens::all()) {
            if (!only.match(screen.name).hasMatch()) {
                continue;
            }
            for (const QSize size : std::as_const(sizes)) {
                const QString file = folder.filePath(u"%1-%2-%3x%4.png"_s.arg(screen.name, theme).arg(size.width()).arg(size.height()));
                if (!draw(screen, file, size)) {
                    QTextStream(stderr) << "cannot write " << file << '\n';
                    return 1;
                }
                ++drawn;
            }
        }
    }
    QTextStream(stdout) << drawn << " pictures in " << folder.absolutePath() << '\n';
    return drawn > 0 ? 0 : 1;
}
