// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "arguments.h"

#include <QJsonArray>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.unknown_option", QT_TRANSLATE_NOOP("catalogue", "“%{command}” has no option “%{option}”; it knows %{known:list}."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help %{command}'.")},
    {"cli.option_value", QT_TRANSLATE_NOOP("catalogue", "The option “%{option}” needs a value."),
     QT_TRANSLATE_NOOP("catalogue", "A value that begins with two dashes goes after “=”. See 'cutoverctl help %{command}'.")},
    {"cli.switch_value", QT_TRANSLATE_NOOP("catalogue", "The option “%{option}” takes no value, found “%{value}”."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help %{command}'.")},
    {"cli.too_few", QT_TRANSLATE_NOOP("catalogue", "“%{command}” needs %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help %{command}'.")},
    {"cli.too_many", QT_TRANSLATE_NOOP("catalogue", "“%{command}” does not take “%{word}”."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help %{command}'.")},
    {"cli.bad_duration", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is no duration: a number with ms, s, m or h was expected."),
     QT_TRANSLATE_NOOP("catalogue", "For example --watch 5m.")},
    {"cli.bad_number", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is no number from %{from} to %{to}; --%{option} needs one."), nullptr},
}};

} // namespace

QStringList commonOptions()
{
    return {u"target"_s, u"host"_s, u"remote-program"_s};
}

QStringList commonSwitches()
{
    return {u"json"_s, u"help"_s};
}

Result<int> Arguments::number(const QString &name, int fallback, int from, int to) const
{
    const QString text = value(name);
    if (text.isEmpty()) {
        return fallback;
    }
    bool ok = false;
    const int number = text.toInt(&ok);
    if (!ok || number < from || number > to) {
        return fail(u"cli.bad_number"_s, {{u"text"_s, text}, {u"option"_s, name}, {u"from"_s, from}, {u"to"_s, to}});
    }
    return number;
}

Result<Arguments> Arguments::parse(const CommandSyntax &syntax, const QStringList &words)
{
    Arguments arguments;
    const QStringList options = syntax.options + commonOptions();
    const QStringList switches = syntax.switches + commonSwitches();
    bool optionsEnded = false;
    for (qsizetype i = 0; i < words.size(); ++i) {
        const QString &word = words[i];
        if (optionsEnded || !word.startsWith(u"--") || word == u"-") {
            arguments.m_positional.append(word);
            continue;
        }
        if (word == u"--") {
            optionsEnded = true;
            continue;
        }
        const QString name = word.sliced(2).section(u'=', 0, 0);
        const bool hasValue = word.contains(u'=');
        if (switches.contains(name)) {
            if (hasValue) {
                return fail(u"cli.switch_value"_s,
                            {{u"option"_s, QString(u"--"_s + name)}, {u"value"_s, word.section(u'=', 1)}, {u"command"_s, syntax.name}});
            }
            arguments.m_switches.insert(name);
        } else if (options.contains(name)) {
            if (hasValue) {
                arguments.m_values.insert(name, word.section(u'=', 1));
            } else if (i + 1 < words.size() && !words[i + 1].startsWith(u"--")) {
                arguments.m_values.insert(name, words[++i]);
            } else {
                return fail(u"cli.option_value"_s, {{u"option"_s, word}, {u"command"_s, syntax.name}});
            }
        } else {
            QStringList known = options + switches;
            known.sort();
            known.replaceInStrings(QRegularExpression(u"^"_s), u"--"_s);
            return fail(u"cli.unknown_option"_s,
                        {{u"option"_s, word}, {u"command"_s, syntax.name}, {u"known"_s, QJsonArray::fromStringList(known)}});
        }
    }
    if (arguments.has(u"help"_s)) {
        return arguments;
    }
    if (arguments.m_positional.size() < syntax.minimum) {
        return fail(u"cli.too_few"_s, {{u"command"_s, syntax.name}, {u"expected"_s, syntax.positional}});
    }
    if (arguments.m_positional.size() > syntax.maximum) {
        return fail(u"cli.too_many"_s, {{u"command"_s, syntax.name}, {u"word"_s, arguments.m_positional[syntax.maximum]}});
    }
    return arguments;
}

Result<qint64> durationArgument(const QString &text)
{
    static const QRegularExpression form(u"^(\\d{1,9})\\s*(ms|s|m|h)$"_s);
    const auto match = form.match(text);
    if (!match.hasMatch()) {
        return fail(u"cli.bad_duration"_s, {{u"text"_s, text}});
    }
    const QString unit = match.captured(2);
    const qint64 factor = unit == u"ms" ? 1 : unit == u"s" ? 1000
        : unit == u"m"                                     ? 60000
                                                           : 3600000;
    return match.captured(1).toLongLong() * factor;
}

} // namespace cutover
