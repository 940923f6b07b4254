// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// How many errors the newest lines of the log tell: of the file that the target names, else of what the instances wrote.

#include "check/checklist.h"
#include "deploy/colours.h"
#include "deploy/servicelogs.h"

#include <QFile>
#include <QRegularExpression>

#include <algorithm>

#include <sys/stat.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 tailBytes = 256 << 10;
constexpr int tailLines = 500;
constexpr qsizetype shownLength = 200;

/// A word for it, or the name of an exception, as tracebacks end with. Not that there were none: "0 errors", "error=null".
bool tellsAnError(QString line)
{
    static const QRegularExpression none(uR"(\b(?:no|0|zero|without) errors?\b|\berrors?:\s*0\b(?!\.)|\berrors?=["']?(?:0|null|none|nil|false|)["']?(?=[\s,;]|$)|)"
                                         uR"(["']errors?["']\s*:\s*(?:0|null|false|""|''|\{\}|\[\])(?=\s*[,}\]]))"_s,
                                         QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression word(u"\\b(?:errors?|critical|fatal|panic)\\b"_s, QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression exception(u"\\b[A-Z]\\w*(?:Error|Exception)\\b"_s);
    if (line.contains(exception)) {
        return true;
    }
    return line.remove(none).contains(word);
}

/** Lines of one log. */
struct Count {
    qint64 lines = 0;
    qint64 errors = 0;
    QString newest; ///< Error.

    void take(const QString &line)
    {
        ++lines;
        if (tellsAnError(line)) {
            ++errors;
            newest = line.left(shownLength);
        }
    }
};

bool isUnit(const ServiceSpec &service)
{
    return service.managed && service.runtime.startsWith(u"systemd");
}

QCoro::Task<Finding> ofFile(CheckScope scope, std::stop_token)
{
    QFile file(scope.target.check.logFile);
    if (!file.open(QIODevice::ReadOnly)) {
        co_return wrong(u"file.read"_s, {{u"path"_s, file.fileName()}, {u"reason"_s, file.errorString()}}, file.fileName());
    }
    struct stat info{};
    if (::fstat(file.handle(), &info) != 0) {
        co_return wrong(u"file.read"_s, {{u"path"_s, file.fileName()}, {u"reason"_s, qt_error_string(errno)}}, file.fileName());
    }
    // Of a file that is still the one of before only what came since counts.
    const QJsonObject then = scope.afterUpdate ? scope.recorded[u"log"].toObject() : QJsonObject();
    const QJsonObject now{{u"inode"_s, qint64(info.st_ino)}, {u"size"_s, file.size()}};
    const bool since = !then.isEmpty() && then[u"inode"] == now[u"inode"] && then[u"size"].toInteger() <= file.size();
    const qint64 begin = since ? then[u"size"].toInteger() : 0;
    const qint64 from = qMax(begin, file.size() - tailBytes);
    file.seek(from);
    QList<QByteArray> lines = file.read(file.size() - from).split('\n');
    if (lines.last().isEmpty()) {
        lines.removeLast();
    }
    lines = lines.last(qMin<qsizetype>(lines.size(), tailLines));
    Count count;
    for (const QByteArray &line : std::as_const(lines)) {
        count.take(QString::fromUtf8(line));
    }
    const QJsonObject args{{u"errors"_s, count.errors},
                           {u"lines"_s, count.lines},
                           {u"limit"_s, scope.target.check.maxLogErrors},
                           {u"file"_s, file.fileName()},
                           {u"newest"_s, count.newest}};
    Finding finding = count.errors > scope.target.check.maxLogErrors ? wrong(since ? u"check.log_errors_since"_s : u"check.log_errors"_s, args, file.fileName())
                                                                     : passed(since ? u"check.log_ok_since"_s : u"check.log_ok"_s, args);
    finding.record = now;
    co_return finding;
}

QCoro::Task<Finding> ofInstances(CheckScope scope, std::stop_token stop)
{
    QSet<QString> idle;
    if (std::ranges::any_of(scope.target.services, &ServiceSpec::isBlueGreen)) {
        const auto colours = co_await servingColours(scope.target);
        if (!colours) {
            co_return wrong(colours.error());
        }
        idle = idleInstances(scope.target, *colours);
    }
    QMap<QString, Count> counts;
    const LogSink sink = [&counts, &idle](const QString &instance, const QString &line) {
        // What the other colour wrote is not of the one that serves.
        if (!idle.contains(instance)) {
            counts[instance].take(line);
        }
    };
    for (const ServiceSpec &service : std::as_const(scope.target.services)) {
        if (!service.managed) {
            continue;
        }
        LogRequest request;
        request.lines = tailLines;
        request.since = scope.afterUpdate ? scope.since : QDateTime();
        auto read = co_await serviceLogs(scope.target, service.name, request, sink, stop);
        if (!read && read.error().code == "logs.no_times"_L1) {
            request.since = {};
            read = co_await serviceLogs(scope.target, service.name, request, sink, stop);
        }
        if (!read) {
            co_return wrong(read.error());
        }
    }
    QJsonObject args{{u"count"_s, counts.size()}, {u"limit"_s, scope.target.check.maxLogErrors}, {u"each"_s, tailLines}};
    if (counts.isEmpty() && std::ranges::any_of(scope.target.services, isUnit)) {
        // Who may not read the journal is told nothing, not even that; and a unit that was started has lines there.
        co_return doubtful({u"check.log_unread"_s, args});
    }
    if (counts.isEmpty()) {
        co_return passed(u"check.log_silent"_s, args);
    }
    qint64 lines = 0;
    qint64 errors = 0;
    auto most = counts.cbegin();
    for (auto each = counts.cbegin(); each != counts.cend(); ++each) {
        lines += each->lines;
        errors += each->errors;
        most = each->errors > most->errors ? each : most;
    }
    args.insert(u"lines"_s, lines);
    args.insert(u"errors"_s, errors);
    args.insert(u"instance"_s, most.key());
    args.insert(u"own"_s, most->errors);
    args.insert(u"newest"_s, most->newest);
    co_return errors > scope.target.check.maxLogErrors ? wrong(u"check.log_errors_instances"_s, args, most.key()) : passed(u"check.log_ok_instances"_s, args);
}

const CheckKind kind(85, [](const CheckScope &scope) {
    QList<CheckItem> items;
    const bool hasFile = !scope.target.check.logFile.isEmpty();
    if (hasFile || std::ranges::any_of(scope.target.services, &ServiceSpec::managed)) {
        items.append({u"log"_s, {u"check.log"_s, {}}, false, hasFile ? ofFile : ofInstances});
    }
    return items;
});

const Catalogue::Registration texts{
    {"check.log_ok_since", QT_TRANSLATE_NOOP("catalogue", "%{errors} %{errors|error|errors} in %{lines} %{lines|line|lines} since the update began, at most %{limit} expected")},
    {"check.log_errors_since",
     QT_TRANSLATE_NOOP("catalogue", "%{errors} errors in the newest %{lines} lines of “%{file}” since the update began, at most %{limit} expected. The newest: %{newest}"),
     QT_TRANSLATE_NOOP("catalogue", "Read the log: these came with the update.")},
    {"check.log_silent", QT_TRANSLATE_NOOP("catalogue", "The instances wrote nothing")},
    {"check.log_unread", QT_TRANSLATE_NOOP("catalogue", "No line of any unit's journal could be read"),
     QT_TRANSLATE_NOOP("catalogue", "Add this account to the group systemd-journal, or set “checks: log_file” in target.yaml.")},
    {"check.log_ok_instances",
     QT_TRANSLATE_NOOP("catalogue", "%{errors} %{errors|error|errors} in %{lines} %{lines|line|lines} of %{count} %{count|instance|instances} (the newest %{each} of each), at most "
                                    "%{limit} expected")},
    {"check.log_errors_instances",
     QT_TRANSLATE_NOOP("catalogue", "%{errors} errors in %{lines} lines of %{count} %{count|instance|instances} (the newest %{each} of each), at most %{limit} expected. %{own} of them wrote "
                                    "“%{instance}”, the newest: %{newest}"),
     QT_TRANSLATE_NOOP("catalogue", "Read on by 'cutoverctl service logs %{instance}'; errors that were there before make it hard to see new ones.")},
};

} // namespace

} // namespace cutover
