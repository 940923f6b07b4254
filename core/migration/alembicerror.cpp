// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/alembicerror.h"

#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover::alembic {

namespace {

constexpr qsizetype longest = 600;

QString inOneLine(const QString &text)
{
    const QString line = text.simplified();
    return line.size() > longest ? QString(line.first(longest) + u'…') : line;
}

/// Without what quotes the statement again, and without values: "DETAIL:  Key (mail)=(kim@…) already exists."
QString withoutDetails(const QString &text)
{
    QStringList kept;
    for (const QString &line : text.split(u'\n')) {
        static const QRegularExpression quote(uR"(\A(LINE \d+:|DETAIL:|CONTEXT:|\s*\^))"_s);
        if (quote.match(line).hasMatch()) {
            break;
        }
        kept.append(line);
    }
    return kept.join(u' ');
}

} // namespace

Failure parseFailure(const QString &output, const QString &errorOutput, const QString &root)
{
    Failure failure;
    // "INFO  [alembic.runtime.migration] Running upgrade 1a2b -> 3c4d, add notes"
    static const QRegularExpression running(uR"(Running (upgrade|downgrade) ([^\n]*?) ?-> ?([^\s,]*))"_s);
    for (const auto &match : running.globalMatch(errorOutput + u'\n' + output)) {
        failure.revision = match.captured(1) == "upgrade"_L1 ? match.captured(3) : match.captured(2).trimmed();
    }
    const qsizetype begin = errorOutput.lastIndexOf("Traceback (most recent call last):"_L1);
    static const QRegularExpression refused(uR"(^(?:FAILED: |ERROR \[alembic[^\]]*\] )(.*)$)"_s, QRegularExpression::MultilineOption);
    const auto told = refused.match(output).hasMatch() ? refused.match(output) : refused.match(errorOutput);
    if (begin < 0 || (told.hasMatch() && output.contains("FAILED: "_L1))) {
        failure.reason = told.hasMatch() ? inOneLine(told.captured(1)) : inOneLine(errorOutput.trimmed().section(u'\n', -1));
        static const QRegularExpression unknown(uR"(locate revision identified by '([^']*)')"_s);
        failure.unknownRevision = unknown.match(failure.reason).captured(1);
        return failure;
    }
    QString message;
    static const QRegularExpression frame(uR"x(\A  File "(.+)", line (\d+), in )x"_s);
    for (const QString &line : errorOutput.sliced(begin).split(u'\n').sliced(1)) {
        if (!message.isEmpty()) {
            message += line + u'\n';
        } else if (line.startsWith(u' ')) {
            const auto match = frame.match(line);
            const QString file = match.captured(1);
            if (match.hasMatch() && file.startsWith(QString(root + u'/')) && !file.contains("/site-packages/"_L1) && !file.endsWith("/env.py"_L1)) {
                failure.file = file;
                failure.line = match.captured(2).toInt();
            }
        } else if (!line.isEmpty()) {
            message = line + u'\n';
        }
    }
    static const QRegularExpression statement(uR"(\n\[SQL: (.*?)\]\s*(?:\n\[parameters: |\n\[generated |\n\(Background |\z))"_s,
                                              QRegularExpression::DotMatchesEverythingOption);
    if (const auto match = statement.match(message); match.hasMatch()) {
        failure.statement = inOneLine(match.captured(1));
        message.truncate(match.capturedStart());
    }
    static const QRegularExpression named(uR"(\A([A-Za-z_][\w.]*)(?:: |\s*\z|:\s))"_s);
    if (const auto match = named.match(message); match.hasMatch()) {
        failure.exception = match.captured(1);
        const QString text = message.mid(match.capturedEnd());
        failure.reason = inOneLine(withoutDetails(text.trimmed().isEmpty() ? failure.exception : text));
    } else {
        failure.reason = inOneLine(withoutDetails(message));
    }
    while (failure.reason.endsWith(u'.')) {
        failure.reason.chop(1);
    }
    return failure;
}

} // namespace cutover::alembic
