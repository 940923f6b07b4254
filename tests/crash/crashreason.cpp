// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "crashdriver.h"

#include "run/decisions.h"
#include "system/clock.h"
#include "system/random.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>

#include <algorithm>
#include <cerrno>

using namespace Qt::StringLiterals;

namespace cutover::testing {

namespace {

/// The error and, deepest last, all that it tells as its causes: objects with a code, wherever they lie.
QList<Error> causesIn(const QJsonValue &value)
{
    QList<Error> causes;
    if (value.isArray()) {
        const QJsonArray array = value.toArray();
        for (const auto &item : array) {
            causes += causesIn(item);
        }
    }
    const QJsonObject object = value.toObject();
    if (object[u"code"].isString()) {
        causes.append(Error::fromJson(object));
    }
    for (const auto &member : object) {
        causes += causesIn(member);
    }
    return causes;
}

/// What a file is called by those who know nothing of its temporary or its write-ahead log.
QString plainName(const QString &path)
{
    static const QRegularExpression temporary(u"^\\.(.+)\\.cutover-[a-z]+$"_s);
    static const QRegularExpression log(u"-(wal|journal|shm)$"_s);
    QString name = QFileInfo(path).fileName();
    if (const auto match = temporary.match(name); match.hasMatch()) {
        name = match.captured(1);
    }
    return name.remove(log);
}

bool hasErrno(const Error &cause, int value)
{
    return cause.args[u"errno"].toInt() == value || cause.args[u"reason"].toString() == qt_error_string(value);
}

/// What another process of ours said before it was given up.
bool quotes(const Error &cause, int value)
{
    const QJsonArray lines = cause.args[u"lastLines"].toArray();
    return std::ranges::any_of(lines, [value](const auto &line) { return line.toString().contains(qt_error_string(value)); });
}

bool isNoSpace(const Error &cause)
{
    return cause.code.endsWith(u".no_space") || hasErrno(cause, ENOSPC) || quotes(cause, ENOSPC);
}

bool tells(const Error &cause, const CrashFault &fault)
{
    // An exchange with the balancer or the supervisor that broke off, or a program that was lost.
    if (fault.operation.startsWith(u"process-")) {
        static const QStringList lost{u"process.start_failed"_s, u"process.lost"_s, u"haproxy.gone"_s, u"supervisor.not_running"_s, u"deploy.socket_refused"_s};
        return lost.contains(cause.code);
    }
    if (fault.kind == u"enospc") {
        return isNoSpace(cause);
    }
    return hasErrno(cause, EIO) || quotes(cause, EIO) || cause.code == u"database.io" || cause.code == u"journal.io";
}

bool names(const Error &cause, const CrashFault &fault)
{
    // What an exchange was about is said as "method:instance" or as the command itself.
    if (fault.operation.startsWith(u"process-") && !fault.subject.startsWith(u'/')) {
        return true;
    }
    const QString said = cause.where + QString::fromUtf8(QJsonDocument(cause.args).toJson());
    return said.contains(plainName(fault.subject)) || (fault.operation == u"directory-sync" && said.contains(fault.subject));
}

} // namespace

Result<> fits(const CrashFault &fault, const Error &error)
{
    const QString what = u"%1 at %2 of %3"_s.arg(fault.kind, fault.operation, fault.subject);
    if (fault.kind == u"kill") {
        return between(u"Held after a mere interruption (%1): %2"_s.arg(what, error.text()));
    }
    QStringList codes;
    for (const Error &cause : causesIn(error.toJson())) {
        // Of a disk that stays full any of the writes may be told.
        if (fault.kind == u"full" ? isNoSpace(cause) : tells(cause, fault) && names(cause, fault)) {
            return {};
        }
        codes.append(cause.code);
    }
    return between(u"Held for another reason (%1) than what happened: %2. %3"_s.arg(codes.join(u' '), what, error.text()));
}

Result<CrashScenario::Reason> reasonOf(Journal &journal, const QString &runId, const QString &folder)
{
    TRY(const RunRecord run, journal.run(runId));
    TRY(const auto steps, journal.steps(runId));
    const int index = currentStep(run, steps);
    // The sentence names the step that the decision is about, where there is one.
    const QJsonValue title = index >= 0 && index < run.plan.steps.size() ? QJsonValue(run.plan.steps[index].title.toJson()) : QJsonValue();
    const QJsonValue named = run.reason.args[u"step"];
    const bool ofStep = title.isNull() || named == title || named == run.plan.steps[index].id;
    if (!Catalogue::contains(run.reason.code) || named.isUndefined() || !ofStep || run.error.code.isEmpty() || !Catalogue::contains(run.error.code)) {
        return between(u"The run is held without a full reason: %1"_s.arg(run.reason.text()));
    }
    if (const QString sentence = run.reason.text(); sentence.contains(u"%{") || sentence.contains(run.error.code)) {
        return between(u"The reason is not for people: "_s + sentence);
    }
    return CrashScenario::Reason{run.reason.text().replace(folder, u"DEMO"_s), run.error};
}

Result<> decideAbout(Journal &journal, const QString &runId)
{
    TRY(const RunRecord run, journal.run(runId));
    TRY(const auto steps, journal.steps(runId));
    const QStringList offered = offeredCommands(run, steps);
    CommandRecord command;
    for (const QString &verb : {u"retry"_s, u"resume"_s, u"rollback"_s}) {
        if (offered.contains(verb)) {
            command.verb = verb;
            break;
        }
    }
    if (command.verb.isEmpty()) {
        return between(u"The run is held, and nothing but %1 is offered."_s.arg(offered.join(u", "_s)));
    }
    command.id = Random::system().id();
    command.runId = runId;
    command.expectedState = stateName(run.state);
    command.by = u"crash test"_s;
    command.created = Clock::system().now();
    return journal.addCommand(command);
}

} // namespace cutover::testing
