// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What people agree to: approvals of plans, checklists, and the staging target that a release is tried on first.

#include "commands.h"
#include "inputfiles.h"
#include "session.h"

#include "approval/approval.h"
#include "release/minisign.h"
#include "run/words.h"
#include "serve/peopleviews.h"
#include "system/clock.h"
#include "system/files.h"
#include "target/derive.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

#include <cstdio>
#include <termios.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.one_of", QT_TRANSLATE_NOOP("catalogue", "--%{one} and --%{other} are given at once; one of them was expected."),
     QT_TRANSLATE_NOOP("catalogue", "See 'cutoverctl help %{command}'.")},
    {"cli.bad_offset", QT_TRANSLATE_NOOP("catalogue", "“%{text}” is no offset of ports: a whole number from 1 to 60000 was expected."),
     QT_TRANSLATE_NOOP("catalogue", "For example --port-offset 10000.")},
    {"cli.no_staging", QT_TRANSLATE_NOOP("catalogue", "The option --staging is missing: the folder of the new target."),
     QT_TRANSLATE_NOOP("catalogue", "For example 'cutoverctl target derive --staging ../staging'.")},
}};

constexpr qint64 LargestSignature = 16 << 10;

/// Without showing what is typed.
QByteArray typedSecret(const QString &prompt)
{
    std::fputs(qPrintable(prompt), stderr);
    termios before{};
    const bool quiet = ::tcgetattr(STDIN_FILENO, &before) == 0;
    if (quiet) {
        termios silent = before;
        silent.c_lflag &= ~tcflag_t(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    QFile input;
    QByteArray line;
    if (input.open(stdin, QIODevice::ReadOnly)) {
        line = input.readLine(longestPassword);
    }
    if (quiet) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fputs("\n", stderr);
    }
    return line;
}

/// Never from the command line itself: everybody on the machine can read that.
Result<QByteArray> password(const Arguments &arguments, const QString &key)
{
    const QString file = arguments.value(u"password-file"_s);
    QByteArray text;
    if (!file.isEmpty()) {
        TRY(text, passwordFrom(file));
    } else {
        TRY(const bool needed, minisign::needsPassword(key));
        if (needed && ::isatty(STDIN_FILENO)) {
            text = typedSecret(Cli::tr("Password of %1: ").arg(key));
        }
    }
    return text.trimmed();
}

/** What a command is about: a plan, by its file, its digest or a run of it. */
struct Subject {
    QJsonObject params; ///< For the engine.
    Plan plan;
    QString digest;
};

Result<Subject> subjectFrom(const QJsonObject &json, const QJsonObject &params)
{
    Subject subject;
    TRY(subject.plan, Plan::fromJson(json[u"plan"].toObject()));
    subject.digest = json[u"digest"].toString();
    if (subject.plan.digest() != subject.digest) {
        return fail(u"serve.plan_edited"_s, {{u"given"_s, subject.digest}, {u"found"_s, subject.plan.digest()}});
    }
    subject.params = params;
    if (params.isEmpty()) {
        subject.params = {{u"digest"_s, subject.digest}, {u"plan"_s, json[u"plan"]}};
    }
    return subject;
}

Result<Subject> subjectOf(EngineService &engine, const QString &word)
{
    if (QFileInfo(word).isFile()) {
        TRY(const QJsonObject json, readPlanFile(word));
        TRY(const Subject subject, subjectFrom(json, {}));
        // Known to this session from now on.
        CHECK(QCoro::waitFor(engine.call(u"plan.adopt"_s, json)));
        return subject;
    }
    QJsonObject params{{u"run"_s, word}};
    auto json = QCoro::waitFor(engine.call(u"approval.plan"_s, params));
    if (!json && json.error().code == "journal.no_run"_L1) {
        params = {{u"digest"_s, word}};
        json = QCoro::waitFor(engine.call(u"approval.plan"_s, params));
    }
    if (!json) {
        return fail(json.error());
    }
    if (params.contains(u"digest"_s)) {
        params.insert(u"digest"_s, (*json)[u"digest"]);
    }
    return subjectFrom(*json, params);
}

void sayApproval(const ApprovalView &view)
{
    if (!view.required) {
        say(Cli::tr("The target needs no approval."));
        return;
    }
    if (view.valid) {
        say(Cli::tr("Approved by %1 at %2, until %3.").arg(view.approver, localTime(view.signedAt), localTime(view.expires)));
        return;
    }
    say(view.error.text());
    for (const Message &change : view.changes) {
        say(u"  "_s + change.text());
    }
}

/// Signing needs the plan alone: an approver's machine may know nothing of the target.
Result<int> approveOffline(const Arguments &arguments, const Subject &subject)
{
    const QString key = arguments.value(u"key"_s);
    if (const QString file = arguments.value(u"request"_s); !file.isEmpty()) {
        CHECK(files::replace(file, approvalRequest(subject.plan, subject.digest)));
        say(Cli::tr("%1 is what has to be signed; minisign itself can do it, too: minisign -Sm %1").arg(file));
        sayJson({{u"request"_s, file}, {u"digest"_s, subject.digest}});
        return ExitOk;
    }
    TRY(const QByteArray secret, password(arguments, key));
    TRY(const QByteArray signature, signApproval(subject.plan, subject.digest, key, secret, Clock::system().now()));
    const QString output = arguments.value(u"output"_s);
    if (arguments.has(u"dry-run"_s)) {
        say(Cli::tr("Plan %1 would be signed; nothing was written.").arg(subject.digest.first(12)));
        sayJson({{u"digest"_s, subject.digest}, {u"signed"_s, false}});
        return ExitOk;
    }
    CHECK(files::replace(output, signature));
    say(output);
    sayJson({{u"signature"_s, output}, {u"digest"_s, subject.digest}});
    return ExitOk;
}

Result<int> approve(const Arguments &arguments)
{
    const QString key = arguments.value(u"key"_s);
    const QString brought = arguments.value(u"signature"_s);
    if (!key.isEmpty() && !brought.isEmpty()) {
        return fail(u"cli.one_of"_s, {{u"one"_s, u"key"_s}, {u"other"_s, u"signature"_s}, {u"command"_s, u"approve"_s}});
    }
    const QString word = arguments.positional(0);
    const bool writes = !arguments.value(u"request"_s).isEmpty() || (!key.isEmpty() && !arguments.value(u"output"_s).isEmpty());
    if (writes && QFileInfo(word).isFile()) {
        TRY(const QJsonObject json, readPlanFile(word));
        TRY(const Subject subject, subjectFrom(json, {}));
        return approveOffline(arguments, subject);
    }
    const bool looks = (key.isEmpty() && brought.isEmpty()) || arguments.has(u"dry-run"_s);
    TRY(const auto engine, openEngine(arguments, looks ? EngineService::Purpose::Looking : EngineService::Purpose::Working));
    TRY(const Subject subject, subjectOf(*engine, word));
    if (writes || (arguments.has(u"dry-run"_s) && !key.isEmpty())) {
        return approveOffline(arguments, subject);
    }
    const Plan &plan = subject.plan;
    say(Cli::tr("%1 %2 → %3, plan %4").arg(plan.targetName, plan.from, plan.to, subject.digest.first(12)));
    if (looks) {
        TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"gates"_s, subject.params)));
        sayApproval(GatesView::fromJson(json).approval);
        sayJson({{u"digest"_s, subject.digest}, {u"approval"_s, json[u"approval"]}});
        return ExitOk;
    }
    QJsonObject params = subject.params;
    params.insert(u"digest"_s, subject.digest);
    if (!brought.isEmpty()) {
        TRY(const QByteArray signature, files::read(brought, LargestSignature));
        params.insert(u"signature"_s, QString::fromUtf8(signature));
    } else {
        TRY(const QByteArray secret, password(arguments, key));
        TRY(const QByteArray signature, signApproval(plan, subject.digest, key, secret, Clock::system().now()));
        params.insert(u"signature"_s, QString::fromUtf8(signature));
    }
    TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"approval.add"_s, params)));
    say(Cli::tr("Approved by %1 until %2; somebody else may start it now.")
            .arg(json[u"approver"].toString(), localTime(QDateTime::fromString(json[u"expires"].toString(), Qt::ISODateWithMs))));
    sayJson({{u"digest"_s, subject.digest}, {u"approver"_s, json[u"approver"]}, {u"expires"_s, json[u"expires"]}, {u"approval"_s, json[u"approval"]}});
    return ExitOk;
}

Result<QJsonObject> checklistSubject(EngineService &engine, const Arguments &arguments)
{
    if (const QString word = arguments.positional(0); !word.isEmpty()) {
        TRY(const Subject subject, subjectOf(engine, word));
        return subject.params;
    }
    TRY(const auto runs, QCoro::waitFor(engine.runs()));
    if (runs.isEmpty()) {
        return fail(u"cli.no_run"_s);
    }
    return QJsonObject{{u"run"_s, runs.first().id}};
}

void sayChecklist(const ChecklistView &view)
{
    QList<QStringList> rows;
    QString phase;
    for (const ChecklistItem &item : view.items) {
        if (phase != phaseText(item.phase)) {
            phase = phaseText(item.phase);
            rows.append({phase});
        }
        const QString mark = item.state == ChecklistItem::State::Ticked ? u"[x]"_s : u"[ ]"_s;
        rows.append({u"  "_s + mark, item.id, stateText(item.state), item.text.text() + (item.required ? Cli::tr(" (required)") : QString()) + u": "_s + item.evidence.text()});
    }
    // The headings of phases are no column of their own.
    for (const QStringList &row : rows) {
        if (row.size() == 1) {
            say(row.first());
        } else {
            say(row[0] + u' ' + row[1].leftJustified(15) + u' ' + row[2].leftJustified(11) + u' ' + row[3]);
        }
    }
    QStringList open;
    for (const ChecklistItem &item : view.items) {
        if (view.open.contains(item.id)) {
            open.append(Cli::tr("“%1” (%2)").arg(item.text.text(), item.id));
        }
    }
    if (!open.isEmpty()) {
        say(Cli::tr("Not closed: %1.").arg(open.join(u", "_s)));
    }
}

Result<int> checklist(const Arguments &arguments)
{
    const QString ticked = arguments.value(u"tick"_s);
    const QString unticked = arguments.value(u"untick"_s);
    if (!ticked.isEmpty() && !unticked.isEmpty()) {
        return fail(u"cli.one_of"_s, {{u"one"_s, u"tick"_s}, {u"other"_s, u"untick"_s}, {u"command"_s, u"checklist"_s}});
    }
    const QString item = ticked.isEmpty() ? unticked : ticked;
    const bool writes = !item.isEmpty() && !arguments.has(u"dry-run"_s);
    TRY(const auto engine, openEngine(arguments, writes ? EngineService::Purpose::Working : EngineService::Purpose::Looking));
    TRY(QJsonObject params, checklistSubject(*engine, arguments));
    if (item.isEmpty() || arguments.has(u"dry-run"_s)) {
        TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"checklist"_s, params)));
        const ChecklistView view = ChecklistView::fromJson(json);
        if (!item.isEmpty()) {
            CHECK(mayTick(view.items, item, arguments.value(u"note"_s), !view.run.isEmpty()));
            say(ticked.isEmpty() ? Cli::tr("The signature on “%1” would be taken back.").arg(item) : Cli::tr("“%1” would be signed.").arg(item));
        } else {
            sayChecklist(view);
        }
        sayJson(json);
        return ExitOk;
    }
    params.insert(u"item"_s, item);
    params.insert(u"note"_s, arguments.value(u"note"_s));
    params.insert(u"done"_s, !ticked.isEmpty());
    TRY(const QJsonObject json, QCoro::waitFor(engine->call(u"checklist.tick"_s, params)));
    sayChecklist(ChecklistView::fromJson(json));
    sayJson(json);
    return ExitOk;
}

Result<int> derive(const Arguments &arguments)
{
    DeriveOptions options;
    options.folder = arguments.value(u"staging"_s);
    if (options.folder.isEmpty()) {
        return fail(u"cli.no_staging"_s);
    }
    options.name = arguments.value(u"name"_s);
    if (const QString text = arguments.value(u"port-offset"_s); !text.isEmpty()) {
        bool isNumber = false;
        options.portOffset = text.toInt(&isNumber);
        if (!isNumber || options.portOffset < 1 || options.portOffset > 60000) {
            return fail(u"cli.bad_offset"_s, {{u"text"_s, text}});
        }
    }
    TRY(const QString file, targetFile(arguments));
    TRY(const Target target, Target::load(file));
    TRY(const DerivedTarget derived, deriveStaging(target, options));
    const bool dry = arguments.has(u"dry-run"_s);
    if (!dry) {
        CHECK(writeDerived(derived));
    }
    say(dry ? Cli::tr("%1 would be written:").arg(derived.file) : Cli::tr("%1 is written:").arg(derived.file));
    QList<QStringList> rows;
    QJsonArray changes;
    for (const DerivedTarget::Change &change : derived.changes) {
        rows.append({u"  "_s + change.field, change.before, u"→"_s, change.after.isEmpty() ? Cli::tr("left out") : change.after});
        changes.append(QJsonObject{{u"field"_s, change.field}, {u"before"_s, change.before}, {u"after"_s, change.after}});
    }
    sayTable(rows);
    say(Cli::tr("Left to do by hand:"));
    QJsonArray left;
    for (const Message &message : derived.left) {
        say(u"  "_s + message.text());
        left.append(message.toJson());
    }
    say(Cli::tr("Then name it in %1:").arg(target.path));
    say(u"  staging: {target: %1}"_s.arg(derived.file));
    sayJson({{u"file"_s, derived.file}, {u"written"_s, !dry}, {u"changes"_s, changes}, {u"left"_s, left}});
    return ExitOk;
}

} // namespace

QList<Command> peopleCommands()
{
    return {
        {{u"approve"_s, u"PLAN|RUN"_s, 1, 1, {u"key"_s, u"password-file"_s, u"signature"_s, u"output"_s, u"request"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "approve a plan as the second person, or show whether it is approved")},
         run<approve>},
        {{u"checklist"_s, u"[PLAN|RUN]"_s, 0, 1, {u"tick"_s, u"untick"_s, u"note"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "the checklist of a run or a plan, with its evidence; sign an item")},
         run<checklist>},
        {{u"target derive"_s, {}, 0, 0, {u"staging"_s, u"name"_s, u"port-offset"_s}, {u"dry-run"_s}, QT_TRANSLATE_NOOP("cutoverctl", "make a staging target from this one, with nothing in common")},
         run<derive>},
    };
}

} // namespace cutover
