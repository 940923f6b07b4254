// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QHash>
#include <QSet>
#include <QStringList>

namespace cutover {

/** What a command takes. Names without dashes. */
struct CommandSyntax {
    QString name; ///< "package verify"
    QString positional; ///< "VERSION", for the usage line.
    int minimum = 0;
    int maximum = 0;
    QStringList options; ///< Options with a value.
    QStringList switches; ///< Options without.
    const char *summary = "";
};

/** A command line, taken apart against its syntax. Errors "cli.*" name the word and what is known. */
class Arguments
{
public:
    [[nodiscard]] static Result<Arguments> parse(const CommandSyntax &syntax, const QStringList &words);

    [[nodiscard]] QString positional(int index) const { return m_positional.value(index); }
    [[nodiscard]] const QStringList &positionals() const { return m_positional; }
    [[nodiscard]] bool has(const QString &name) const { return m_switches.contains(name) || m_values.contains(name); }
    /// Of an option; "cli.bad_number" where it is none from from to to.
    [[nodiscard]] Result<int> number(const QString &name, int fallback, int from, int to) const;
    [[nodiscard]] QString value(const QString &name, const QString &fallback = {}) const { return m_values.value(name, fallback); }

private:
    QStringList m_positional;
    QHash<QString, QString> m_values;
    QSet<QString> m_switches;
};

/// Every command knows these.
[[nodiscard]] QStringList commonOptions(); ///< "target"; "host" and "remote-program", which are taken out before a command sees its words.
[[nodiscard]] QStringList commonSwitches(); ///< "json", "help"

/// "500ms", "30s", "5m", "1h" in milliseconds.
[[nodiscard]] Result<qint64> durationArgument(const QString &text);

} // namespace cutover
