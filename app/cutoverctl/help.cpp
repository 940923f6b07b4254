// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "help.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QMap>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

struct OptionHelp {
    const char *name; ///< "sign.key" goes before "key".
    const char *value; ///< Empty: a switch.
    const char *text;
};

const OptionHelp optionHelps[] = {
    {"target", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "the system's target.yaml; else CUTOVER_TARGET, else the one in this folder")},
    {"host", "[USER@]HOST[:PORT]", QT_TRANSLATE_NOOP("cutoverctl", "run it on that control host, through ssh; files are that host's, relative ones from the home folder there")},
    {"remote-program", "PATH", QT_TRANSLATE_NOOP("cutoverctl", "with --host: where cutoverctl lies there")},
    {"json", "", QT_TRANSLATE_NOOP("cutoverctl", "print one JSON object instead of text, errors as well")},
    {"help", "", QT_TRANSLATE_NOOP("cutoverctl", "show this help")},
    {"yes", "", QT_TRANSLATE_NOOP("cutoverctl", "don't ask; in production, and where a loss can't be counted, --confirm is needed as well")},
    {"confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "with --yes in production, or where a loss can't be counted: the target's name")},
    {"target adopt.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "this target's name")},
    {"accept.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "in production: the target's name; asked for at a terminal")},
    {"abort.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "in production: the target's name; asked for at a terminal")},
    {"revert.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "in production: the target's name; asked for at a terminal")},
    {"image prune.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "the target's name; asked for at a terminal")},
    {"volume prune.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "in production: the target's name; asked for at a terminal")},
    {"abandon.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "the target's name; asked for at a terminal")},
    {"service restart.confirm", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "in production: the target's name; asked for at a terminal")},
    {"instance", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "only this one of its instances")},
    {"dry-run", "", QT_TRANSLATE_NOOP("cutoverctl", "show what would be done and change nothing")},
    {"watch", "DURATION", QT_TRANSLATE_NOOP("cutoverctl", "how long the new version is watched: 90s, 5m, 1h; else as the target says")},
    {"mode", "MODE", QT_TRANSLATE_NOOP("cutoverctl", "code (the default), downgrade (the database as well) or restore (from the backup)")},
    {"plan.output", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "write the plan there, for 'cutoverctl apply FILE'")},
    {"report.output", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "write the report there")},
    {"backup unseal.output", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "write the opened file there, readable by you only")},
    {"package build.output", "FOLDER", QT_TRANSLATE_NOOP("cutoverctl", "where the package goes; else this folder")},
    {"package sign.key", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "the secret key")},
    {"package index.key", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "the secret key")},
    {"package verify.key", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "a public key; else those of the target")},
    {"approve.key", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "the secret key to sign with; its password is asked for at a terminal")},
    {"approve.output", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "with --key: write the signature there, and bring it to nobody")},
    {"password-file", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "a file whose first line is the key's password; - for standard input")},
    {"signature", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "bring a signature that was made elsewhere")},
    {"request", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "write what has to be signed there, for minisign -Sm FILE")},
    {"break-glass", "REASON", QT_TRANSLATE_NOOP("cutoverctl", "start, or go on, although the gates named by --gates are shut; this is audited")},
    {"gates", "LIST", QT_TRANSLATE_NOOP("cutoverctl", "with --break-glass: what the reason is for, of blackout,approval,staging,checklist, and check:ID for a pre-check known to fail; any other stays shut")},
    {"tick", "ITEM", QT_TRANSLATE_NOOP("cutoverctl", "sign an item, with --note")},
    {"untick", "ITEM", QT_TRANSLATE_NOOP("cutoverctl", "take a signature back, with --note")},
    {"checklist.note", "TEXT", QT_TRANSLATE_NOOP("cutoverctl", "what was done, or who was told; goes into journal and report")},
    {"staging", "FOLDER", QT_TRANSLATE_NOOP("cutoverctl", "where the staging target goes; its target.yaml must not be there yet")},
    {"name", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "of the staging target; else this one's with -staging")},
    {"port-offset", "NUMBER", QT_TRANSLATE_NOOP("cutoverctl", "added to each port; else 10000")},
    {"comment", "TEXT", QT_TRANSLATE_NOOP("cutoverctl", "goes into the signature, signed with it")},
    {"secret", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "where the secret key goes")},
    {"public", "FILE", QT_TRANSLATE_NOOP("cutoverctl", "where the public key goes")},
    {"database", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "the database, where Alembic migrates several")},
    {"folder", "FOLDER", QT_TRANSLATE_NOOP("cutoverctl", "a working tree, laid out as a release; else the installed release")},
    {"down", "", QT_TRANSLATE_NOOP("cutoverctl", "of its way back")},
    {"autogenerate", "", QT_TRANSLATE_NOOP("cutoverctl", "fill it with how the models differ from the database")},
    {"take-over", "", QT_TRANSLATE_NOOP("cutoverctl", "take the conn from whoever has it; this is audited")},
    {"note", "TEXT", QT_TRANSLATE_NOOP("cutoverctl", "with the conn: why, for whoever had it and for the audit trail")},
    {"no-wait", "", QT_TRANSLATE_NOOP("cutoverctl", "don't follow the run afterwards")},
    {"reason", "TEXT", QT_TRANSLATE_NOOP("cutoverctl", "for the audit trail")},
    {"database", "NAME", QT_TRANSLATE_NOOP("cutoverctl", "which database of the target; needed where several have a session of that name")},
    {"limit", "NUMBER", QT_TRANSLATE_NOOP("cutoverctl", "so many rows, the newest; else 50")},
    {"keep", "NUMBER", QT_TRANSLATE_NOOP("cutoverctl", "so many of each name stay, the newest; else 3")},
    {"lines", "NUMBER", QT_TRANSLATE_NOOP("cutoverctl", "so many lines, the last; all for all of them; else 100")},
    {"since", "DURATION", QT_TRANSLATE_NOOP("cutoverctl", "none older than this: 90s, 5m, 1h")},
    {"follow", "", QT_TRANSLATE_NOOP("cutoverctl", "go on with what comes, until Ctrl+C")},
    {"directory", "FOLDER", QT_TRANSLATE_NOOP("cutoverctl", "where the demo system lives")},
    {"orders", "NUMBER", QT_TRANSLATE_NOOP("cutoverctl", "orders in its database from the beginning")},
    {"rate", "NUMBER", QT_TRANSLATE_NOOP("cutoverctl", "requests a second of its traffic")},
    {"demo create.watch", "DURATION", QT_TRANSLATE_NOOP("cutoverctl", "how long its updates are watched; else 60s")},
    {"window", "DURATION", QT_TRANSLATE_NOOP("cutoverctl", "over how long its errors are counted; else 15s")},
    {"no-retries", "", QT_TRANSLATE_NOOP("cutoverctl", "its load balancer asks no server twice")},
    {"fault-ramp", "DURATION", QT_TRANSLATE_NOOP("cutoverctl", "how long the errors of its faulty release take to climb; else 20s")},
    {"run", "RUN", QT_TRANSLATE_NOOP("cutoverctl", "the run's id")},
    {"leave-when-held", "", QT_TRANSLATE_NOOP("cutoverctl", "end when the run is held, instead of waiting for the decision")},
    {"stdio", "", QT_TRANSLATE_NOOP("cutoverctl", "speak the protocol on standard input and output")},
};

const OptionHelp &helpOf(const QString &command, const QString &option)
{
    static const OptionHelp none{"", "VALUE", ""};
    const OptionHelp *found = &none;
    for (const OptionHelp &help : optionHelps) {
        const QString name = QString::fromLatin1(help.name);
        if (name == QString(command + u'.' + option)) {
            return help;
        }
        if (name == option) {
            found = &help;
        }
    }
    return *found;
}

QString withPositional(const CommandSyntax &syntax)
{
    return syntax.positional.isEmpty() ? syntax.name : QString(syntax.name + u' ' + syntax.positional);
}

const QList<std::pair<int, const char *>> exitCodes{
    {ExitOk, QT_TRANSLATE_NOOP("cutoverctl", "done")},
    {ExitFailed, QT_TRANSLATE_NOOP("cutoverctl", "failed; of status: not healthy; of audit: the trail was altered")},
    {ExitUsage, QT_TRANSLATE_NOOP("cutoverctl", "the command line is wrong")},
    {ExitRefused,
     QT_TRANSLATE_NOOP("cutoverctl", "refused, nothing was changed: a check failed, a signature is wrong, or somebody else has the conn")},
    {ExitHeld, QT_TRANSLATE_NOOP("cutoverctl", "the run is held and waits for a decision")},
    {ExitRolledBack, QT_TRANSLATE_NOOP("cutoverctl", "the run went back to the old version")},
    {ExitBlackout, QT_TRANSLATE_NOOP("cutoverctl", "not now: blackout hours, nothing was changed; the same command may be given again when they are over")},
    {ExitGate, QT_TRANSLATE_NOOP("cutoverctl", "nothing was changed: an approval, the proof from staging or a signature of the checklist is missing or does not count")},
};

} // namespace

void sayUsage(const QList<Command> &commands)
{
    say(Cli::tr("Usage: cutoverctl COMMAND [OPTIONS]") + u'\n');
    QList<QStringList> rows;
    QJsonArray array;
    for (const Command &command : commands) {
        if (!command.hidden) {
            rows.append({u"  "_s + withPositional(command.syntax), Cli::tr(command.syntax.summary)});
            array.append(QJsonObject{{u"name"_s, command.syntax.name},
                                     {u"arguments"_s, command.syntax.positional},
                                     {u"summary"_s, Cli::tr(command.syntax.summary)}});
        }
    }
    sayTable(rows);
    say(u'\n' + Cli::tr("Every command takes --target FILE, --host HOST and --json. 'cutoverctl help COMMAND' tells its options, 'help exit-codes' the codes."));
    sayJson({{u"commands"_s, array}});
}

void sayHelp(const Command &command)
{
    const CommandSyntax &syntax = command.syntax;
    say(Cli::tr("Usage: cutoverctl %1 [OPTIONS]").arg(withPositional(syntax)));
    say(u"  "_s + Cli::tr(syntax.summary) + u'\n');
    QList<QStringList> rows;
    QJsonArray array;
    const QStringList options = syntax.options + syntax.switches + commonOptions() + commonSwitches();
    for (const QString &option : options) {
        const OptionHelp &help = helpOf(syntax.name, option);
        const QString value = QString::fromLatin1(help.value);
        const QString text = *help.text ? Cli::tr(help.text) : QString();
        rows.append({u"  --"_s + option + (value.isEmpty() ? QString() : QString(u' ' + value)), text});
        array.append(QJsonObject{{u"name"_s, QString(u"--"_s + option)}, {u"value"_s, value}, {u"text"_s, text}});
    }
    sayTable(rows);
    sayJson({{u"name"_s, syntax.name}, {u"arguments"_s, syntax.positional}, {u"summary"_s, Cli::tr(syntax.summary)}, {u"options"_s, array}});
}

void sayExitCodes()
{
    QList<QStringList> rows;
    QJsonObject json;
    for (const auto &[code, text] : exitCodes) {
        rows.append({QString::number(code), Cli::tr(text)});
        json.insert(QString::number(code), Cli::tr(text));
    }
    sayTable(rows);
    sayJson({{u"exitCodes"_s, json}});
}

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
        cases += u"        \"%1 \"*) words=\"%2\" ;;\n"_s.arg(command.syntax.name, options.join(u' '));
    }
    QString seconds = u"        help) words=\"%1 exit-codes\" ;;\n"_s.arg(first.join(u' '));
    for (auto it = second.cbegin(); it != second.cend(); ++it) {
        seconds += u"        %1) words=\"%2\" ;;\n"_s.arg(it.key(), it.value().join(u' '));
    }
    const QString script = u"_cutoverctl() {\n"
                           "    local IFS=$' \\t\\n' current=${COMP_WORDS[COMP_CWORD]} words=\n"
                           "    if [ \"$COMP_CWORD\" = 1 ]; then words=\"%1 help completion\"\n"
                           "    elif [[ $current == -* ]]; then\n"
                           "        case \"${COMP_WORDS[*]:1:2} \" in\n%3        esac\n"
                           "    elif [ \"$COMP_CWORD\" = 2 ]; then\n"
                           "        case ${COMP_WORDS[1]} in\n%2        esac\n"
                           "    elif [ \"${COMP_WORDS[COMP_CWORD-1]}\" = --mode ]; then words=\"code downgrade restore\"\n"
                           "    fi\n"
                           "    if [ -n \"$words\" ]; then mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                           "    else mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); fi\n"
                           "}\n"
                           "complete -F _cutoverctl cutoverctl"_s.arg(first.join(u' '), seconds, cases);
    say(script);
    sayJson({{u"bash"_s, script}});
}

} // namespace cutover
