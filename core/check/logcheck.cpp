// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// How many errors the newest lines of the log tell.

#include "check/checklist.h"

#include <QFile>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 tailBytes = 256 << 10;
constexpr qsizetype tailLines = 500;

QCoro::Task<Finding> run(CheckScope scope, std::stop_token)
{
    QFile file(scope.target.check.logFile);
    if (!file.open(QIODevice::ReadOnly)) {
        co_return wrong(u"file.read"_s, {{u"path"_s, file.fileName()}, {u"reason"_s, file.errorString()}}, file.fileName());
    }
    file.seek(qMax(qint64(0), file.size() - tailBytes));
    QList<QByteArray> lines = file.read(tailBytes).split('\n');
    if (lines.last().isEmpty()) {
        lines.removeLast();
    }
    lines = lines.last(qMin(lines.size(), tailLines));
    static const QRegularExpression word(u"\\b(error|critical|fatal|panic)\\b"_s, QRegularExpression::CaseInsensitiveOption);
    int errors = 0;
    QString newest;
    for (const QByteArray &line : std::as_const(lines)) {
        if (const QString text = QString::fromUtf8(line); text.contains(word)) {
            ++errors;
            newest = text.left(200);
        }
    }
    const QJsonObject args{{u"errors"_s, errors},
                           {u"lines"_s, lines.size()},
                           {u"limit"_s, scope.target.check.maxLogErrors},
                           {u"file"_s, file.fileName()},
                           {u"newest"_s, newest}};
    co_return errors > scope.target.check.maxLogErrors ? wrong(u"check.log_errors"_s, args, file.fileName()) : passed(u"check.log_ok"_s, args);
}

const CheckKind kind(85, [](const CheckScope &scope) {
    return scope.target.check.logFile.isEmpty() ? QList<CheckItem>()
                                                : QList<CheckItem>{{u"log"_s, {u"check.log"_s, {}}, false, run}};
});

} // namespace

} // namespace cutover
