// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The process that crash tests stop: does one thing through the seams and says what was acknowledged.
//   replace FILE CONTENT | link LINK TARGET | remove-tree FOLDER | copy FROM TO | make-path FOLDER
//   journal STATE COUNT          a run with COUNT steps; prints the index of each step once recorded
//   lock STATE RUN WAIT-MS [CHILD…]  takes the lock, prints its epoch, then runs CHILD with the
//                                lock inherited, or waits for its input to end
// Exit code 0, or 2 with the error's code on standard error.

#include "run/journal.h"
#include "run/runlock.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoreApplication>
#include <QCoroTask>

#include <cstdio>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

void say(const QByteArray &line)
{
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line.constData(), size_t(line.size()));
}

Result<> journal(const QString &state, int count)
{
    TRY(const auto journal, Journal::open(state));
    RunRecord run{.id = u"run"_s, .state = RunState::Running};
    for (int at = 0; at < count; ++at) {
        run.plan.steps.append({.id = QString::number(at), .kind = u"none"_s});
    }
    TRY(const auto active, journal->activeRun());
    if (!active) {
        CHECK(journal->addRun(run));
    }
    TRY(const QList<StepRecord> steps, journal->steps(run.id));
    for (StepRecord step : steps) {
        if (step.state == StepState::Done) {
            continue;
        }
        step.state = StepState::Done;
        step.results = {{u"filler"_s, QString(3000, u'x')}};
        CHECK(journal->updateStep(step, {u"test.done"_s, {{u"step"_s, step.index}}}));
        say(QByteArray::number(step.index) + "\n");
        CHECK(journal->audit(u"helper"_s, u"test.done"_s, {{u"step"_s, step.index}}));
    }
    return {};
}

Result<> lock(const QString &state, const QString &run, qint64 waitMs, const QStringList &child)
{
    TRY(const auto lock, QCoro::waitFor(RunLock::acquire(state, run, {.waitMs = waitMs, .graceMs = 200})));
    CHECK(lock->check());
    say(QByteArray::number(lock->epoch()) + "\n");
    if (child.isEmpty()) {
        char byte = 0;
        while (::read(STDIN_FILENO, &byte, 1) > 0) {
        }
        return {};
    }
    ProcessSpec spec{.program = child.first(), .arguments = child.mid(1)};
    spec.inherit = {lock->descriptor()};
    CHECK(QCoro::waitFor(Processes::system().run(spec)));
    return {};
}

Result<> work(const QStringList &args)
{
    const QString verb = args.value(1);
    if (verb == "replace"_L1) {
        return files::replace(args.value(2), args.value(3).toUtf8());
    }
    if (verb == "link"_L1) {
        return files::switchLink(args.value(2), args.value(3));
    }
    if (verb == "remove-tree"_L1) {
        return files::removeTree(args.value(2));
    }
    if (verb == "copy"_L1) {
        return files::copy(args.value(2), args.value(3));
    }
    if (verb == "make-path"_L1) {
        return files::makePath(args.value(2));
    }
    if (verb == "journal"_L1) {
        return journal(args.value(2), args.value(3).toInt());
    }
    if (verb == "lock"_L1) {
        return lock(args.value(2), args.value(3), args.value(4).toLongLong(), args.mid(5));
    }
    return fail(u"test.verb"_s);
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    const auto done = work(QCoreApplication::arguments());
    if (!done) {
        fprintf(stderr, "%s\n", qPrintable(done.error().code));
        return 2;
    }
    return 0;
}
