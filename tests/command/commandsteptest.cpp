// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/planners.h"
#include "system/files.h"
#include "tests/support/steps.h"

#include <QTemporaryDir>
#include <QTest>

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
    std::unique_ptr<Step> step(const CommandStepSpec &command)
    {
        m_target.commands = {command};
        StepSpec change;
        change.id = change.kind = u"switch_release"_s;
        change.params = {{u"from"_s, u"1.0.0"_s}, {u"to"_s, u"1.1.0"_s}};
        const auto steps = withCommandSteps(m_target, {change});
        return StepRegistry::create(steps.value().last()).value();
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
        command.apply = program(u"apply"_s, "echo \"$@\" > applied; echo API_TOKEN=abc; echo done");
        command.revert = program(u"revert"_s, "rm applied");
        TestContext context(m_target);
        const auto made = step(command);
        QVERIFY(await(made->observe(context, {})));
        QVERIFY(await(made->apply(context, {}, {})));
        QCOMPARE(files::read(m_folder.filePath(u"applied"_s)).value().trimmed(),
                 QByteArray("1.0.0 1.1.0 RUN1 " + m_folder.filePath(u"releases/1.1.0"_s).toUtf8()));
        QVERIFY(context.lines.contains(u"cache: will warm the cache"_s));
        QVERIFY(context.lines.contains(u"cache: API_TOKEN=********"_s));
        QVERIFY(await(made->revert(context, {}, {})));
        QVERIFY(!QFile::exists(m_folder.filePath(u"applied"_s)));
    }

    void failsWithTheLastLineMasked()
    {
        CommandStepSpec command;
        command.name = u"cache"_s;
        command.after = u"switch_release"_s;
        command.apply = program(u"fails"_s, "echo first; echo 'no route, PASSWORD=x1' >&2; exit 3");
        TestContext context(m_target);
        const auto made = step(command);
        const auto applied = await(made->apply(context, {}, {}));
        QCOMPARE(applied.error().code, u"command.failed"_s);
        QCOMPARE(applied.error().args[u"exit"_s].toInt(), 3);
        QCOMPARE(applied.error().args[u"last"_s].toString(), u"no route, PASSWORD=********"_s);
        QCOMPARE(await(made->revert(context, {}, {})).error().code, u"command.no_revert"_s);
        QCOMPARE(await(made->inspect(context, {})).value(), Inspection::Unknown);
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
        m_target.commands = {first, second};
        StepSpec a, b, c;
        a.id = u"deploy:a"_s;
        b.id = u"deploy:b"_s;
        a.kind = b.kind = u"deploy_instance"_s;
        c.id = c.kind = u"health"_s;
        const auto steps = withCommandSteps(m_target, {a, b, c}).value();
        QCOMPARE(steps.size(), 5);
        QCOMPARE(steps[2].id, u"command:first"_s);
        QCOMPARE(steps[3].id, u"command:second"_s);
    }

    void refusesAnUnknownAnchorOnly()
    {
        CommandStepSpec command;
        command.name = u"x"_s;
        command.apply = {u"true"_s};
        command.after = u"no_such_step"_s;
        m_target.commands = {command};
        QCOMPARE(withCommandSteps(m_target, {}).error().code, u"command.no_anchor"_s);
        m_target.commands[0].after = u"configure"_s;
        QVERIFY(withCommandSteps(m_target, {}).value().isEmpty());
    }
};

QTEST_GUILESS_MAIN(CommandStepTest)
#include "commandsteptest.moc"
