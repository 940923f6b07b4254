// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"
#include "screenshots/gallery.h"
#include "screenshots/screens.h"
#include "screenshots/tour.h"
#include "shell/console.h"
#include "shell/mainwindow.h"
#include "system/translations.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDialog>
#include <QElapsedTimer>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTextStream>
#include <QTimer>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

/// Long enough for answers of the scripted engine and the questions that follow from them.
constexpr int LoadMs = 250;
constexpr int ArrangeMs = 350;
/// Of a busy machine.
constexpr int AnswerMs = 10'000;

void draw(Gallery &gallery, const Screen &screen, const Gallery::Look &look)
{
    ScriptedEngine engine;
    screen.prepare(&engine);
    MainWindow window(&engine);
    window.resize(look.size);
    window.show();
    (void)QTest::qWaitFor([&] { return window.console()->target().has_value() || !engine.isConnected(); }, AnswerMs);
    settle(LoadMs);
    // Arranging is done, or goes on in the event loop of a question that the window asks.
    bool arranged = false, drawn = false;
    QElapsedTimer since;
    QTimer poll;
    QObject::connect(&poll, &QTimer::timeout, &window, [&] {
        if (drawn || (!arranged && QApplication::activeModalWidget() == nullptr)) {
            return;
        }
        // A busy machine answers late; a page without its answers is not what was to be seen.
        if (!since.isValid() || engine.isAnswering()) {
            since.start();
        }
        if (since.elapsed() >= ArrangeMs) {
            drawn = true;
            gallery.save(&window, screen.name, look);
            const auto dialogs = window.findChildren<QDialog *>();
            for (QDialog *dialog : dialogs) {
                dialog->reject();
            }
        }
    });
    poll.start(20);
    screen.arrange(&window);
    arranged = true;
    while (!drawn) {
        settle(20);
    }
}

} // namespace

int main(int argc, char **argv)
{
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
    }
    QApplication application(argc, argv);
    // What the console remembers is not what the pictures remember.
    QTemporaryDir settings;
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
    QApplication::setApplicationName(u"cutover-screenshots"_s);
    QApplication::setOrganizationName(u"cutover"_s);
    installTranslations();
    application.setFont(QFont(u"Noto Sans"_s, 10));
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Draws every page of the console, light and dark: the way of an update and a rollback on a real demo system, "
                                     "and what such a system does not show in a hurry (nothing at all, 200 rows, failures) from a script."_s);
    parser.addHelpOption();
    parser.addPositionalArgument(u"folder"_s, u"Where the pictures go."_s);
    parser.addOption({u"only"_s, u"Only screens whose name matches; those of the demo are named real-…"_s, u"regex"_s});
    parser.addOption({u"size"_s, u"One size instead of 1280x800 and 1920x1080."_s, u"WxH"_s});
    parser.addOption({u"theme"_s, u"One theme instead of both: light or dark."_s, u"theme"_s});
    parser.addOption({u"scripted"_s, u"Leave the demo system out: a minute instead of several."_s});
    parser.process(application);
    if (parser.positionalArguments().size() != 1) {
        parser.showHelp(2);
    }
    const QDir folder(parser.positionalArguments().constFirst());
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
    Gallery gallery(folder, QRegularExpression(parser.value(u"only"_s)), sizes, parser.value(u"theme"_s));
    for (const Gallery::Look &look : gallery.looks()) {
        Theme::instance().setMode(look.mode);
        for (const Screen &screen : Screens::all()) {
            if (gallery.wants(screen.name)) {
                draw(gallery, screen, look);
            }
        }
    }
    QString problem = gallery.problem();
    if (problem.isEmpty() && !parser.isSet(u"scripted"_s)) {
        problem = tour(gallery);
    }
    if (!problem.isEmpty()) {
        QTextStream(stderr) << "cutover-screenshots: " << problem << '\n';
        return 1;
    }
    QTextStream(stdout) << gallery.drawn() << " pictures in " << folder.absolutePath() << '\n';
    return gallery.drawn() > 0 ? 0 : 1;
}
