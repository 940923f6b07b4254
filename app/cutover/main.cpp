// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/theme.h"
#include "demo/demosystem.h"
#include "startup.h"
#include "system/translations.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QIcon>
#include <QStandardPaths>
#include <QTextStream>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

class Main
{
    Q_DECLARE_TR_FUNCTIONS(Main)
};

/// XDG_STATE_HOME/cutover/demo
QString defaultDemoDirectory()
{
    QString state = qEnvironmentVariable("XDG_STATE_HOME");
    if (!QDir::isAbsolutePath(state)) {
        state = QDir::homePath() + u"/.local/state"_s;
    }
    return state + u"/cutover/demo"_s;
}

int refuse(const QString &why)
{
    QTextStream(stderr) << "cutover: " << why << '\n';
    return 2;
}

/// What --demo would do, without doing it.
int tellDemo(const QString &directory, bool reset)
{
    const bool isThere = demoExists(directory);
    const Result<> may = checkDemoFolder(directory);
    if (!may && may.error().code != "demo.exists"_L1) {
        return refuse(may.error().text());
    }
    const QString what = !isThere ? Main::tr("A demo system would be made in %1.")
        : reset                   ? Main::tr("The demo system in %1 would be ended, and all that it holds replaced by a new one.")
                                  : Main::tr("The demo system in %1 would be started where it doesn't run.");
    QTextStream(stdout) << what.arg(directory) << '\n';
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    QApplication::setApplicationName(u"cutover"_s);
    QApplication::setOrganizationName(u"cutover"_s);
    QApplication::setApplicationDisplayName(u"Cutover"_s);
    QApplication::setApplicationVersion(QStringLiteral(CUTOVER_VERSION));
    QApplication::setDesktopFileName(u"io.github.cutover.Cutover"_s);
    installTranslations();
    // The demo's processes are ended after the window has gone.
    QApplication::setQuitOnLastWindowClosed(false);

    QCommandLineParser parser;
    parser.setApplicationDescription(Main::tr("Updates self-hosted systems and rolls them back."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOptions({
        {u"target"_s, Main::tr("The system to look after: its target.yaml. Without it the console asks."), u"file"_s},
        {u"host"_s, Main::tr("The control host, reached by ssh; --target is a path over there, a relative one from the home folder."), u"[user@]host[:port]"_s},
        {u"remote-program"_s, Main::tr("With --host: where cutoverctl lies over there."), u"path"_s, u"cutoverctl"_s},
        {u"demo"_s, Main::tr("Look after a demo system of its own, made when it isn't there.")},
        {u"reset"_s, Main::tr("With --demo: start it afresh.")},
        {u"dry-run"_s, Main::tr("With --demo: say what would be made, ended or replaced, and end.")},
        {u"state"_s, Main::tr("With --demo: the folder it lives in."), u"folder"_s, defaultDemoDirectory()},
        {u"page"_s, Main::tr("The room to open: overview, updates, rollback, features, monitoring or history."), u"name"_s},
        {u"theme"_s, Main::tr("light or dark; without it, as the system."), u"theme"_s},
        {u"size"_s, Main::tr("Size of the window, as 1280x800."), u"WxH"_s},
        {u"screenshot"_s, Main::tr("Write a picture of the window and end."), u"file"_s},
        {u"startup-time"_s, Main::tr("Print the milliseconds to the first painted window and end.")},
    });
    parser.addPositionalArgument(u"file"_s, Main::tr("The same as --target."), u"[file]"_s);
    parser.process(application);

    StartupOptions options;
    options.demo = parser.isSet(u"demo"_s);
    options.reset = parser.isSet(u"reset"_s);
    const QStringList files = parser.values(u"target"_s) + parser.positionalArguments();
    options.demoDirectory = QDir(parser.value(u"state"_s)).absolutePath();
    options.page = parser.value(u"page"_s);
    options.screenshot = parser.value(u"screenshot"_s);
    options.startupTime = parser.isSet(u"startup-time"_s);
    if (files.size() > 1 || (options.demo && !files.isEmpty())) {
        return refuse(Main::tr("give one target FILE, or --demo"));
    }
    if (!options.demo && files.isEmpty() && (options.startupTime || !options.screenshot.isEmpty())) {
        return refuse(Main::tr("--screenshot and --startup-time go with --target FILE or --demo"));
    }
    if (!options.demo && (options.reset || parser.isSet(u"state"_s) || parser.isSet(u"dry-run"_s))) {
        return refuse(Main::tr("--reset, --state and --dry-run go with --demo"));
    }
    if (parser.isSet(u"host"_s)) {
        if (options.demo) {
            return refuse(Main::tr("--host goes with --target, not with --demo"));
        }
        auto host = ControlHost::parse(parser.value(u"host"_s));
        if (!host) {
            return refuse(host.error().text());
        }
        options.place.host = std::move(*host);
        options.place.host.program = parser.value(u"remote-program"_s);
    } else if (parser.isSet(u"remote-program"_s)) {
        return refuse(Main::tr("--remote-program goes with --host"));
    }
    if (!files.isEmpty()) {
        auto place = TargetPlace::parse(options.place.host.text(), options.place.host.program, files.first());
        if (!place) {
            return refuse(place.error().text());
        }
        options.place = std::move(*place);
    }
    if (parser.isSet(u"dry-run"_s)) {
        return tellDemo(options.demoDirectory, options.reset);
    }
    if (!options.page.isEmpty() && !Rooms::contains(options.page)) {
        QStringList names;
        const QList<RoomSpec> rooms = Rooms::all();
        for (const RoomSpec &room : rooms) {
            names.append(room.id);
        }
        return refuse(Main::tr("--page “%1” is none of %2").arg(options.page, names.join(u", "_s)));
    }
    if (parser.isSet(u"size"_s)) {
        const QStringList numbers = parser.value(u"size"_s).split(u'x');
        options.size = QSize(numbers.value(0).toInt(), numbers.value(1).toInt());
        if (numbers.size() != 2 || options.size.isEmpty()) {
            return refuse(Main::tr("--size “%1” is not of the form 1280x800").arg(parser.value(u"size"_s)));
        }
    }
    Theme::instance().install(&application);
    const QString theme = parser.value(u"theme"_s);
    if (theme == "light"_L1) {
        Theme::instance().setMode(Theme::Mode::Light);
    } else if (theme == "dark"_L1) {
        Theme::instance().setMode(Theme::Mode::Dark);
    } else if (!theme.isEmpty()) {
        return refuse(Main::tr("--theme “%1” is neither light nor dark").arg(theme));
    }
    const bool asks = !options.demo && options.place.file.isEmpty();
    if (!asks && options.place.host.isLocal() && controlProgram().isEmpty()) {
        return refuse(Main::tr("cutoverctl is neither beside this program nor in the search path; install it with the console"));
    }
    Startup startup(options);
    startup.start();
    return QApplication::exec();
}
