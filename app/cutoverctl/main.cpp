// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "commands.h"

#include "system/sqlitevfs.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QMap>
#include <QRegularExpression>

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

QString tr(const char *text)
{
    return QCoreApplication::translate("cutoverctl", text);
}

QList<Command> allCommands()
{
    return targetCommands() + runCommands() + packageCommands() + versionCommands() + demoCommands() + roleCommands();
}

void sayUsage(const QList<Command> &commands)
{
    say(tr("Usage: cutoverctl COMMAND [OPTIONS]") + u'\n');
    QList<QStringList> rows;
    for (const Command &command : commands) {
        if (!command.hidden) {
            rows.append({u"  "_s + command.syntax.name + (command.syntax.positional.isEmpty() ? QString() : u' ' + command.syntax.positional),
                         tr(command.syntax.summary)});
        }
    }
    sayTable(rows);
    say(u'\n' + tr("Every command takes --target FILE and --json. 'cutoverctl help COMMAND' tells its options, 'help exit-codes' the codes."));
}

void sayHelp(const Command &command)
{
    const CommandSyntax &syntax = command.syntax;
    say(u"cutoverctl "_s + syntax.name + (syntax.positional.isEmpty() ? QString() : u' ' + syntax.positional));
    say(u"  "_s + tr(syntax.summary));
    for (const QString &option : QStringList(syntax.options + commonOptions())) {
        say(u"  --"_s + option + u" VALUE"_s);
    }
    for (const QString &option : QStringList(syntax.switches + commonSwitches())) {
        say(u"  --"_s + option);
    }
}

void sayExitCodes()
{
    sayTable({{u"0"_s, tr("done")},
              {u"1"_s, tr("failed")},
              {u"2"_s, tr("the command line is wrong")},
              {u"3"_s, tr("refused, nothing was changed: a check failed, a signature is wrong, or somebody else has the conn")},
              {u"4"_s, tr("the run is held and waits for a decision")},
              {u"5"_s, tr("the run went back to the old version")}});
}

/// Completion for bash: words of the commands, then options.
void sayCompletion(const QList<Command> &commands)
{
    QStringList first;
    QString cases;
    QMap<QString, QStringList> second;
    for (const Command &command : commands) {
        if (command.hidden) {
            continue;
        }
        const QStringList words = command.syntax.name.split(u' ');
        if (!first.contains(words[0])) {
            first.append(words[0]);
        }
        if (words.size() > 1) {
            second[words[0]].append(words[1]);
        }
        QStringList options = command.syntax.options + command.syntax.switches + commonOptions() + commonSwitches();
        options.replaceInStrings(QRegularExpression(u"^"_s), u"--"_s);
        cases += u"    \"%1\"*) words=\"%2\" ;;\n"_s.arg(command.syntax.name, options.join(u' '));
    }
    QString seconds;
    for (auto it = second.cbegin(); it != second.cend(); ++it) {
        seconds += u"        %1) words=\"%2\" ;;\n"_s.arg(it.key(), it.value().join(u' '));
    }
    say(u"_cutoverctl() {\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} words=\n"
        "    if [ \"$COMP_CWORD\" = 1 ]; then words=\"%1 help\"\n"
        "    elif [ \"$COMP_CWORD\" = 2 ] && [[ $current != -* ]]; then\n"
        "        case ${COMP_WORDS[1]} in\n%2        esac\n"
        "    fi\n"
        "    if [[ $current == -* ]]; then\n"
        "        case \"${COMP_WORDS[*]:1:2} \" in\n%3        esac\n"
        "    fi\n"
        "    if [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
        "    else COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
        "}\n"
        "complete -F _cutoverctl cutoverctl"_s.arg(first.join(u' '), seconds, cases));
}

} // namespace

Result<QString> cutover::targetFile(const Arguments &arguments)
{
    const QString named = arguments.value(u"target"_s, qEnvironmentVariable("CUTOVER_TARGET"));
    if (!named.isEmpty()) {
        return named;
    }
    if (QFileInfo::exists(u"target.yaml"_s)) {
        return u"target.yaml"_s;
    }
    return fail(u"cli.no_target"_s);
}

int main(int argc, char **argv)
{
    // A console that goes away must not end the server by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName(u"cutoverctl"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(CUTOVER_VERSION));
    installSqliteVfs();

    const QList<Command> commands = allCommands();
    QStringList words = application.arguments().sliced(1);
    setJsonMode(words.contains(u"--json"));
    if (words.isEmpty() || words.first() == u"help" || words.first() == u"--help" || words.first() == u"-h") {
        const QString about = words.sliced(std::min<qsizetype>(1, words.size())).join(u' ');
        if (about == u"exit-codes") {
            sayExitCodes();
            return ExitOk;
        }
        const auto it = std::find_if(commands.cbegin(), commands.cend(), [&about](const Command &command) {
            return command.syntax.name == about;
        });
        if (it != commands.cend()) {
            sayHelp(*it);
        } else {
            sayUsage(commands);
        }
        return words.isEmpty() ? ExitUsage : ExitOk;
    }
    if (words.first() == u"--version") {
        say(u"cutoverctl "_s + QCoreApplication::applicationVersion());
        return ExitOk;
    }
    if (words.first() == u"completion") {
        sayCompletion(commands);
        return ExitOk;
    }
    // The longest name that the line starts with.
    const Command *found = nullptr;
    for (const Command &command : commands) {
        const QStringList name = command.syntax.name.split(u' ');
        if (words.first(std::min(name.size(), words.size())) == name
            && (!found || name.size() > found->syntax.name.split(u' ').size())) {
            found = &command;
        }
    }
    if (!found) {
        return sayError({.code = u"cli.unknown_command"_s, .args = {{u"command"_s, words.first(std::min<qsizetype>(2, words.size())).join(u' ')}}});
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
    return found->run(*arguments);
}
