// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"
#include "help.h"
#include "remote.h"

#include "system/endprogram.h"
#include "system/sqlitevfs.h"
#include "system/translations.h"

#include <QCoreApplication>
#include <QFileInfo>

#include <algorithm>
#include <csignal>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

const Catalogue::Registration texts{{
    {"cli.unknown_command", QT_TRANSLATE_NOOP("catalogue", "There is no command “%{command}”."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help'.")},
    {"cli.no_target", QT_TRANSLATE_NOOP("catalogue", "No target was named, and there is no target.yaml in this folder."),
     QT_TRANSLATE_NOOP("catalogue", "Give --target FILE, or set CUTOVER_TARGET.")},
}};

QList<Command> allCommands()
{
    return targetCommands() + databaseCommands() + serviceCommands() + runCommands() + peopleCommands() + migrationCommands() + packageCommands() + versionCommands() + demoCommands() + roleCommands();
}

/// 'cutoverctl help …'
int help(const QList<Command> &commands, QStringList words)
{
    words.removeIf([](const QString &word) { return word.startsWith(u'-'); });
    const QString about = words.join(u' ');
    if (about == u"exit-codes") {
        sayExitCodes();
        return ExitOk;
    }
    QList<Command> group;
    for (const Command &command : commands) {
        if (command.syntax.name == about) {
            sayHelp(command);
            return ExitOk;
        }
        if (about.isEmpty() || command.syntax.name.startsWith(QString(about + u' '))) {
            group.append(command);
        }
    }
    if (group.isEmpty()) {
        return sayError({.code = u"cli.unknown_command"_s, .args = {{u"command"_s, about}}});
    }
    sayUsage(group);
    return ExitOk;
}

/// "cutoverctl --json status" is "cutoverctl status --json".
QStringList withOptionsLast(QStringList words)
{
    QStringList leading;
    while (!words.isEmpty() && words.first().startsWith(u"--")) {
        const QString word = words.first();
        const bool common = word == u"--json" || word.startsWith(u"--target=") || word == u"--target";
        if (!common) {
            break;
        }
        leading.append(words.takeFirst());
        if (word == u"--target" && !words.isEmpty()) {
            leading.append(words.takeFirst());
        }
    }
    // Before a "--", after which nothing is an option.
    const qsizetype end = words.indexOf(u"--"_s);
    return end < 0 ? QStringList(words + leading) : QStringList(words.first(end) + leading + words.sliced(end));
}

} // namespace

Result<QString> cutover::targetFile(const Arguments &arguments)
{
    QString named = arguments.value(u"target"_s, qEnvironmentVariable("CUTOVER_TARGET"));
    if (!named.isEmpty()) {
        return named;
    }
    if (QFileInfo::exists(u"target.yaml"_s)) {
        return u"target.yaml"_s;
    }
    return fail(u"cli.no_target"_s);
}

/// What the arguments say; its exit code.
static int runWords()
{
    const QList<Command> commands = allCommands();
    QStringList words = QCoreApplication::arguments().sliced(1);
    setJsonMode(words.contains(u"--json"));
    const auto host = takeHost(words);
    if (!host) {
        return sayError(host.error());
    }
    words = withOptionsLast(words);
    const QString command = words.value(0);
    if (command.isEmpty() || command == u"--json") {
        sayUsage(commands);
        return ExitUsage;
    }
    if (command == u"help" || command == u"--help" || command == u"-h") {
        return help(commands, words.sliced(1));
    }
    if (command == u"version" && words.size() == 1 && !host->isLocal()) {
        return runOnHost(*host, words);
    }
    if (command == u"--version" || (command == u"version" && (words.size() == 1 || words.value(1).startsWith(u"--")))) {
        say(u"cutoverctl "_s + QCoreApplication::applicationVersion());
        sayJson({{u"version"_s, QCoreApplication::applicationVersion()}});
        return ExitOk;
    }
    if (command == u"completion") {
        sayCompletion(commands);
        return ExitOk;
    }
    // The longest name that the line starts with.
    const Command *found = nullptr;
    for (const Command &each : commands) {
        const QStringList name = each.syntax.name.split(u' ');
        if (words.first(std::min(name.size(), words.size())) == name
            && (!found || name.size() > found->syntax.name.split(u' ').size())) {
            found = &each;
        }
    }
    if (!found) {
        return sayError({.code = u"cli.unknown_command"_s, .args = {{u"command"_s, command}}});
    }
    words = words.sliced(found->syntax.name.split(u' ').size());
    const auto arguments = Arguments::parse(found->syntax, words);
    if (!arguments) {
        return sayError(arguments.error());
    }
    if (arguments->has(u"help"_s)) {
        sayHelp(*found);
        return ExitOk;
    }
    if (!host->isLocal()) {
        return runOnHost(*host, found->syntax.name.split(u' ') + words);
    }
    return found->run(*arguments);
}

int main(int argc, char **argv)
{
    // A console that goes away must not end the server by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"cutoverctl"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(CUTOVER_VERSION));
    installTranslations();
    installSqliteVfs();
    endProgram(runWords());
}
