// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/planners.h"
#include "run/runlock.h"
#include "system/files.h"
#include "tests/support/steps.h"

#include <QElapsedTimer>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

class CommandStepTest : public QObject
{
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    Target m_target;

    /// A program that writes its arguments into a file and ends with a code.
    QStringList program(const QString &name, const QByteArray &script)
    {
        const QString path = m_folder.filePath(name);
        if (!files::replace(path, "#!/bin/sh\n" + script + '\n') || !QFile::setPermissions(path, QFile::ReadOwner | QFile::ExeOwner)) {
            qFatal("the program could not be made");
        }
        return {path, u"{from}"_s, u"{to}"_s, u"{run}"_s, u"{release}"_s};
    }
    static StepSpec named(const QString &id, const QString &kind = {})
    {
        StepSpec step;
        step.id = id;
        step.kind = kind.isEmpty() ? id : kind;
        return step;
    }
    Result<QList<StepSpec>> with(const QList<CommandStepSpec> &commands, const QList<StepSpec> &steps, const QList<Hop> &hops = {{u"1.0.0"_s, u"1.1.0"_s, {}}})
    {
        m_target.commands = commands;
        return await(withCommandSteps(m_target, steps, hops));
    }
    Result<StepSpec> planned(const CommandStepSpec &command)
    {
        TRY(const auto steps, with({command}, {named(u"switch_release"_s)}));
        return steps.last();
    }
    std::unique_ptr<Step> step(const CommandStepSpec &command)
    {
        const auto spec = planned(command);
        if (!spec) {
            qFatal("%s", qPrintable(spec.error().text()));
        }
        return StepRegistry::create(*spec).value();
    }
    static QStringList ids(const QList<StepSpec> &steps)
    {
        QStringList ids;
        for (const StepSpec &step : steps) {
            ids.append(step.id);
        }
        return ids;
    }
    CommandStepSpec previewing(const QByteArray &script)
    {
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.preview = program(u"preview"_s, script);
        command.apply = {u"true"_s};
        return command;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_target.path = m_folder.filePath(u"target.yaml"_s);
        m_target.stateDirectory = m_folder.path();
        m_target.releasesDirectory = m_folder.filePath(u"releases"_s);
    }

    void runsTheProgramsWithTheirPlaceholdersFilled()
    {
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.preview = program(u"preview"_s, "echo will warm the cache");
        command.apply = program(u"apply"_s, "echo \"$@\" > applied; echo done");
        command.revert = program(u"revert"_s, "rm applied");
        TestContext context(m_target);
        const auto made = step(command);
        QVERIFY(await(made->observe(context, {})));
        QVERIFY(await(made->apply(context, {}, {})));
        QCOMPARE(files::read(m_folder.filePath(u"applied"_s)).value().trimmed(),
                 QByteArray("1.0.0 1.1.0 RUN1 " + m_folder.filePath(u"releases/1.1.0"_s).toUtf8()));
        QVERIFY(context.lines.contains(u"cache: will warm the cache"_s));
        QVERIFY(context.lines.contains(u"cache: done"_s));
        QVERIFY(await(made->revert(context, {}, {})));
        QVERIFY(!QFile::exists(m_folder.filePath(u"applied"_s)));
    }

    void planWithoutAProgramIsAnError()
    {
        // As a plan file may have it that was written by hand, its digest too.
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        TestContext context(m_target);
        const auto made = step(command);
        const auto applied = await(made->apply(context, {}, {}));
        QVERIFY(!applied);
        QVERIFY2(Catalogue::contains(applied.error().code), qPrintable(applied.error().code));
    }

    void failsWithTheLastLine()
    {
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.apply = program(u"fails"_s, "echo first; echo 'no route' >&2; exit 3");
        TestContext context(m_target);
        const auto made = step(command);
        const auto applied = await(made->apply(context, {}, {}));
        QCOMPARE(applied.error().code, u"command.failed"_s);
        QCOMPARE(applied.error().args[u"exit"_s].toInt(), 3);
        QCOMPARE(applied.error().args[u"last"_s].toString(), u"no route"_s);
        QCOMPARE(await(made->revert(context, {}, {})).error().code, u"command.no_revert"_s);
        QCOMPARE(await(made->inspect(context, {})).value(), Inspection::Unknown);
    }

    /// The operator learns then, not when the next run can't begin, what was left in the background.
    void tellsWhatItLeavesRunning()
    {
        const auto lock = await(RunLock::acquire(m_target.stateDirectory, u"RUN1"_s, {}));
        QVERIFY(lock);
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.apply = program(u"tidy"_s, "sleep 0.3 >/dev/null 2>&1 &\nexit 0");
        TestContext context(m_target);
        context.lock = (*lock)->descriptor();
        QVERIFY(await(step(command)->apply(context, {}, {})));
        QVERIFY(context.logged.isEmpty()); // It ends by itself.
        command.apply = program(u"leaves"_s, "nohup sleep 300 >/dev/null 2>&1 </dev/null &\necho $! > worker");
        QVERIFY(await(step(command)->apply(context, {}, {})));
        const int worker = files::read(m_folder.filePath(u"worker"_s))->trimmed().toInt();
        const auto end = qScopeGuard([worker] { ::kill(worker, SIGKILL); });
        QVERIFY(worker > 1);
        QCOMPARE(context.logged.size(), 1);
        QVERIFY2(context.logged.first().text().contains(u"sleep (%1)"_s.arg(worker)), qPrintable(context.logged.first().text()));
        QCOMPARE(context.result({}, u"remarks"_s).toArray().size(), 1);
    }

    /// What it has done only the operator may know: retry runs it again, accept is believed.
    void takesTheOperatorsWord()
    {
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.apply = {u"true"_s};
        const auto made = step(command);
        QVERIFY(made->takesAWord());
        TestContext context(m_target);
        QCOMPARE(await(made->inspect(context, {})).value(), Inspection::Unknown);
        const auto back = await(made->revert(context, {}, {}));
        QCOMPARE(back.error().code, u"command.no_revert"_s);
        QVERIFY2(back.error().hint().contains(u"accept"_s), qPrintable(back.error().hint()));
    }

    void inspectsByExitCode_data()
    {
        QTest::addColumn<int>("exit");
        QTest::addColumn<int>("inspection");
        QTest::newRow("0") << 0 << int(Inspection::Done);
        QTest::newRow("1") << 1 << int(Inspection::NotStarted);
        QTest::newRow("2") << 2 << int(Inspection::Partial);
        QTest::newRow("7") << 7 << int(Inspection::Unknown);
    }
    void inspectsByExitCode()
    {
        QFETCH(const int, exit);
        QFETCH(const int, inspection);
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.apply = program(u"apply"_s, "true");
        command.inspect = program(u"inspect"_s, "exit " + QByteArray::number(exit));
        TestContext context(m_target);
        QCOMPARE(int(await(step(command)->inspect(context, {})).value()), inspection);
    }

    void standsBehindTheLastStepOfItsKind()
    {
        CommandStepSpec first;
        first.name = u"first"_s;
        first.after = u"deploy_instance"_s;
        first.apply = {u"true"_s};
        CommandStepSpec second = first;
        second.name = u"second"_s;
        second.after = u"first"_s;
        const auto steps = with({first, second}, {named(u"deploy:a"_s, u"deploy_instance"_s), named(u"deploy:b"_s, u"deploy_instance"_s), named(u"health"_s)});
        QCOMPARE(ids(steps.value()), QStringList({u"deploy:a"_s, u"deploy:b"_s, u"command:first"_s, u"command:second"_s, u"health"_s}));
    }

    void eachReleaseOnTheWayHasItsOwn()
    {
        CommandStepSpec first = previewing("echo \"$1 to $2\"");
        CommandStepSpec second;
        second.name = u"second"_s;
        second.after = u"cache"_s;
        second.apply = {u"true"_s};
        CommandStepSpec once = second;
        once.name = u"once"_s;
        once.after = u"clean_up"_s;
        const QList<Hop> hops{{u"1.0.0"_s, u"1.1.0"_s, {}}, {u"1.1.0"_s, u"2.0.0"_s, u"2.0.0/"_s}};
        const auto steps = with({first, second, once},
                                {named(u"switch_release"_s), named(u"watch"_s), named(u"2.0.0/switch_release"_s, u"switch_release"_s),
                                 named(u"2.0.0/clean_up"_s, u"clean_up"_s)},
                                hops);
        QVERIFY2(steps, steps ? "" : qPrintable(steps.error().text()));
        QCOMPARE(ids(*steps),
                 QStringList({u"switch_release"_s, u"command:cache"_s, u"command:second"_s, u"watch"_s, u"2.0.0/switch_release"_s, u"2.0.0/command:cache"_s,
                              u"2.0.0/command:second"_s, u"2.0.0/clean_up"_s, u"2.0.0/command:once"_s}));
        QCOMPARE((*steps)[1].previews.first().text, u"1.0.0 to 1.1.0"_s);
        QCOMPARE((*steps)[5].previews.first().text, u"1.1.0 to 2.0.0"_s);
        QCOMPARE((*steps)[5].params[u"from"], u"1.1.0"_s);
    }

    void refusesAnUnknownAnchorOnly()
    {
        CommandStepSpec command;
        command.name = u"x"_s;
        command.apply = {u"true"_s};
        command.after = u"no_such_step"_s;
        QCOMPARE(with({command}, {}).error().code, u"command.no_anchor"_s);
        command.after = u"configure"_s;
        QVERIFY(with({command}, {}).value().isEmpty());
        // And what follows one that has nothing to follow.
        CommandStepSpec next = command;
        next.name = u"y"_s;
        next.after = u"x"_s;
        QVERIFY(with({command, next}, {}).value().isEmpty());
    }

    void planShowsAllOfIt()
    {
        CommandStepSpec command = previewing("echo would warm 7 entries; echo API_TOKEN=abc; echo to the log >&2");
        command.apply = {u"/bin/echo"_s, u"{to}"_s, u"--api-token-file=/run/token"_s};
        command.revert = {u"/bin/echo"_s, u"back to {from}"_s};
        command.inspect = {u"/bin/true"_s};
        const auto spec = planned(command);
        QVERIFY2(spec, spec ? "" : qPrintable(spec.error().text()));
        QStringList shown;
        for (const Preview &preview : spec->previews) {
            shown.append(preview.type + u'|' + preview.title + u'|' + preview.text);
        }
        QCOMPARE(shown,
                 QStringList({u"text|cache|would warm 7 entries\nAPI_TOKEN=••••"_s,
                              QString(u"command|cache: preview|"_s + m_folder.filePath(u"preview"_s) + u"\n1.0.0\n1.1.0\n{run}\n"_s + m_folder.filePath(u"releases/1.1.0"_s)),
                              u"command|cache: apply|/bin/echo\n1.1.0\n--api-token-file=••••"_s, u"command|cache: revert|/bin/echo\nback to 1.0.0"_s,
                              u"command|cache: inspect|/bin/true"_s}));
    }

    void refusesASecretInItsArguments()
    {
        CommandStepSpec command = previewing("true");
        command.apply = {u"/bin/echo"_s, u"{to}"_s, u"--api-token=hunter2"_s};
        const auto named = planned(command);
        QCOMPARE(named.error().code, u"command.secret_argument"_s);
        QVERIFY2(named.error().text().contains(u"Argument 2 of “apply” of the step “cache”"_s) && !named.error().text().contains(u"hunter2"), qPrintable(named.error().text()));

        // What only a configuration file tells to be secret, whatever the argument is called.
        QVERIFY(files::replace(m_folder.filePath(u"app.env"_s), "DB_PASSWORD=correct-horse-battery\nMODE=fast\n"));
        m_target.configuration = {{m_folder.filePath(u"app.env"_s), {}}};
        const auto clean = qScopeGuard([this] { m_target.configuration.clear(); });
        command.apply = {u"/bin/echo"_s, u"--with"_s, u"user:correct-horse-battery"_s};
        QCOMPARE(planned(command).error().code, u"command.secret_argument"_s);
        command.apply = {u"/bin/echo"_s, u"--mode=fast"_s, u"--password"_s, u"env:DB_PASSWORD"_s, u"--password-file"_s, u"secret.txt"_s};
        const auto fine = planned(command);
        QVERIFY2(fine, fine ? "" : qPrintable(fine.error().text()));
    }

    void previewIsAskedAgainBeforeItRuns()
    {
        QVERIFY(files::replace(m_folder.filePath(u"entries"_s), "7\n"));
        CommandStepSpec command = previewing("echo would warm $(cat entries) entries");
        const auto spec = planned(command).value();
        QCOMPARE(spec.previews.first().text, u"would warm 7 entries"_s);
        TestContext context(m_target);
        QVERIFY(await(StepRegistry::create(spec).value()->observe(context, {})));

        QVERIFY(files::replace(m_folder.filePath(u"entries"_s), "8\n"));
        const auto differs = await(StepRegistry::create(spec).value()->observe(context, {}));
        QCOMPARE(differs.error().code, u"command.preview_differs"_s);
        QCOMPARE(differs.error().kind, Error::Kind::Unknown); // A person decides.
        QVERIFY(context.lines.contains(u"cache: would warm 8 entries"_s));
        // Another plan, with another digest.
        QVERIFY(planned(command).value().toJson() != spec.toJson());

        command.previewMayDiffer = true;
        const auto free = planned(command).value();
        QVERIFY(files::replace(m_folder.filePath(u"entries"_s), "9\n"));
        QVERIFY(await(StepRegistry::create(free).value()->observe(context, {})));
    }

    void aPreviewThatFailsIsNoPlan()
    {
        CommandStepSpec command = previewing("echo 'PASSWORD=hunter2 is wrong' >&2; exit 4");
        const auto refused = planned(command);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"command.failed"_s);
        QVERIFY2(!refused.error().text().contains(u"hunter2"), qPrintable(refused.error().text()));
        // Where it needs what earlier steps bring about, the plan says so.
        command.previewMayDiffer = true;
        const auto spec = planned(command);
        QVERIFY(spec);
        QCOMPARE(spec->intent.code, u"command.intent_unpreviewed"_s);
        QVERIFY2(spec->intent.text().contains(u"ended with 4") && !spec->intent.text().contains(u"hunter2"), qPrintable(spec->intent.text()));
        TestContext context(m_target);
        QCOMPARE(await(StepRegistry::create(*spec).value()->observe(context, {})).error().code, u"command.failed"_s);
    }

    void aPreviewThatHangsEndsThePlanning()
    {
        CommandStepSpec command = previewing("exec sleep 1000");
        command.timeoutMs = 200;
        QElapsedTimer timer;
        timer.start();
        const auto refused = planned(command);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"process.timeout"_s);
        QVERIFY(timer.elapsed() < 8000);
    }
};

QTEST_GUILESS_MAIN(CommandStepTest)
#include "commandsteptest.moc"
