// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/serving.h"
#include "check/probe.h"
#include "demo/demosystem.h"
#include "deploy/deployplan.h"
#include "plan/step.h"
#include "release/package.h"
#include "serve/engineservice.h"
#include "tests/deploy/deploysystem.h"
#include "tests/deploy/stepbench.h"

using namespace cutover;
using namespace Qt::StringLiterals;

namespace {

using State = InstanceState::State;

InstanceState instance(const QString &name, const QString &release, State state)
{
    InstanceState known;
    known.name = name;
    known.service = name.section(u'-', 0, 0);
    known.release = release;
    known.state = state;
    return known;
}

BalancerServer server(const QString &name, const QString &status)
{
    BalancerServer known;
    known.backend = u"trading"_s;
    known.name = name;
    known.status = status;
    return known;
}

/// Two balanced backends, a strategy, and a balancer that is no part of the release.
Target exampleTarget(bool balanced)
{
    Target target;
    if (balanced) {
        target.balancer.kind = u"haproxy"_s;
    }
    ServiceSpec haproxy;
    haproxy.name = u"haproxy"_s;
    haproxy.managed = false;
    haproxy.instances = {{u"haproxy"_s, 1}};
    ServiceSpec backend;
    backend.name = u"backend"_s;
    backend.instances = {{u"backend-1"_s, 2}, {u"backend-2"_s, 3}};
    if (balanced) {
        backend.balancerBackend = u"trading"_s;
    }
    ServiceSpec strategy;
    strategy.name = u"strategy"_s;
    strategy.instances = {{u"strategy"_s, 4}};
    target.services = {haproxy, backend, strategy};
    return target;
}

/** Who is said to serve users: by what is so, whatever a plan meant to do. */
class ServingTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
    std::unique_ptr<StepBench> m_bench;
    std::unique_ptr<StepBench> m_hasty; ///< Waits for what does not come only for a short time.
    std::unique_ptr<EngineService> m_engine;

    QString demo() const { return m_folder->filePath(u"demo"_s); }
    QString release() const { return m_target.releaseDirectory(u"1.2.1"_s); }
    RunView view() { return VALUE(QCoro::waitFor(m_engine->run(u"r"_s))); }
    bool answers(int status)
    {
        ProbeSpec probe;
        probe.http = u"http://127.0.0.1:%1/api/version"_s.arg(m_target.service(u"haproxy"_s)->instances.first().port);
        probe.expectStatus = status;
        return QCoro::waitFor(probeOnce(probe)).ok;
    }
    /// As the runner does it; the step's state is what a failed run leaves.
    static Result<> begin(const StepSpec &spec, StepBench &bench)
    {
        TRY(const auto step, StepRegistry::create(spec));
        TRY(const QJsonObject undo, QCoro::waitFor(step->prepare(bench, {})));
        return QCoro::waitFor(step->apply(bench, undo, {}));
    }
    Result<> goBack(const StepSpec &spec)
    {
        TRY(const auto step, StepRegistry::create(spec));
        return QCoro::waitFor(step->revert(*m_bench, {{u"from"_s, u"1.2.0"_s}}, {}));
    }

private Q_SLOTS:
    void says_data()
    {
        QTest::addColumn<bool>("balanced");
        QTest::addColumn<State>("one");
        QTest::addColumn<State>("two");
        QTest::addColumn<State>("strategy");
        QTest::addColumn<QString>("release"); ///< Of backend-2.
        QTest::addColumn<QStringList>("balancer"); ///< Of the two; empty: it does not answer.
        QTest::addColumn<QString>("serving");
        QTest::addColumn<QStringList>("silent");

        const QStringList up{u"UP"_s, u"UP"_s};
        const QString old = u"1.2.0"_s;
        QTest::newRow("all") << true << State::Ready << State::Ready << State::Ready << old << up << old << QStringList();
        QTest::newRow("two versions") << true << State::Ready << State::Ready << State::Ready << u"1.3.0"_s << up << u"1.2.0, 1.3.0"_s << QStringList();
        QTest::newRow("one never got ready") << true << State::Ready << State::Starting << State::Ready << u"1.3.0"_s << QStringList{u"UP"_s, u"MAINT"_s} << old
                                             << QStringList{u"backend-2"_s};
        QTest::newRow("one died") << true << State::Ready << State::Failed << State::Ready << u"1.3.0"_s << QStringList{u"UP"_s, u"DOWN"_s} << old
                                  << QStringList{u"backend-2"_s};
        QTest::newRow("ready and drained") << true << State::Ready << State::Ready << State::Ready << u"1.3.0"_s << QStringList{u"UP"_s, u"DRAIN"_s} << old
                                           << QStringList{u"backend-2"_s};
        QTest::newRow("dead, and the balancer does not know yet") << true << State::Ready << State::Stopped << State::Ready << u"1.3.0"_s << up << old
                                                                  << QStringList{u"backend-2"_s};
        QTest::newRow("none") << true << State::Starting << State::Starting << State::Ready << u"1.3.0"_s << QStringList{u"MAINT"_s, u"MAINT"_s}
                              << QString(servedByNobody) << QStringList{u"backend-1"_s, u"backend-2"_s};
        QTest::newRow("what users do not reach") << true << State::Ready << State::Ready << State::Stopped << old << up << old << QStringList{u"strategy"_s};
        QTest::newRow("balancer silent") << true << State::Ready << State::Ready << State::Ready << old << QStringList() << QString() << QStringList();
        QTest::newRow("balancer silent, none ready") << true << State::Stopped << State::Failed << State::Ready << old << QStringList()
                                                     << QString(servedByNobody) << QStringList{u"backend-1"_s, u"backend-2"_s};
        QTest::newRow("no balancer") << false << State::Ready << State::Unready << State::Ready << u"1.3.0"_s << QStringList() << old
                                     << QStringList{u"backend-2"_s};
        QTest::newRow("no balancer, none") << false << State::Stopped << State::Stopped << State::Stopped << old << QStringList() << QString(servedByNobody)
                                           << QStringList{u"backend-1"_s, u"backend-2"_s, u"strategy"_s};
    }
    void says()
    {
        QFETCH(bool, balanced);
        QFETCH(State, one);
        QFETCH(State, two);
        QFETCH(State, strategy);
        QFETCH(QString, release);
        QFETCH(QStringList, balancer);
        ServicesLook look;
        look.states = QList<InstanceState>{instance(u"haproxy"_s, {}, State::Ready), instance(u"backend-1"_s, u"1.2.0"_s, one),
                                           instance(u"backend-2"_s, release, two), instance(u"strategy"_s, u"1.2.0"_s, strategy)};
        if (balanced && balancer.isEmpty()) {
            look.servers = std::unexpected(Error{u"haproxy.gone"_s});
        } else if (balanced) {
            look.servers = QList<BalancerServer>{server(u"backend-1"_s, balancer[0]), server(u"backend-2"_s, balancer[1])};
        }
        const Serving serving = servingOf(exampleTarget(balanced), u"1.4.0"_s, look);
        QTEST(serving.versions, "serving");
        QTEST(serving.silent, "silent");
    }

    void saysWhenItIsNotKnown()
    {
        ServicesLook look;
        look.states = std::unexpected(Error{u"supervisor.gone"_s});
        QCOMPARE(servingOf(exampleTarget(true), u"1.2.0"_s, look).versions, QString());
        // A target without services of its own has only what is installed.
        QCOMPARE(servingOf({}, u"1.2.0"_s, look).versions, u"1.2.0"_s);
    }

    void startsASystem()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        DemoOptions options;
        options.orders = 300;
        options.trafficPaused = true;
        OK(QCoro::waitFor(createDemo(demo(), options)));
        const QString file = demoTargetFile(demo());
        m_target = VALUE(Target::load(file));
        QVERIFY(package::unpack(demo() + u"/repository/trading-1.2.1.cutover"_s, {demo() + u"/keys/release.pub"_s}, release()));
        // A release that serves, or only its first backend does, or none, as files in it say.
        const QString program = release() + u"/cutover-demo-service"_s;
        const auto permissions = QFile::permissions(program);
        QVERIFY(QFile::rename(program, release() + u"/service"_s));
        writeFile(program, "#!/bin/sh\n[ -e none ] && exec sleep 600\n"
                           "case \"$*\" in *\"--name backend-2\"*) [ -e one ] && exec sleep 600;; esac\nexec ./service \"$@\"\n");
        QVERIFY(QFile::setPermissions(program, permissions));
        OK(QCoro::waitFor(startDemo(demo())));
        m_bench = std::make_unique<StepBench>(m_target);
        Target hasty = m_target;
        for (ServiceSpec &service : hasty.services) {
            service.health.readyWithinMs = 2000;
        }
        m_hasty = std::make_unique<StepBench>(hasty);

        RunRecord run;
        run.id = u"r"_s;
        run.plan.kind = u"update"_s;
        run.plan.from = u"1.2.0"_s;
        run.plan.to = u"1.2.1"_s;
        run.plan.facts = VALUE(QCoro::waitFor(FactSource::collect(m_target)));
        run.plan.steps = deploySteps({m_target, {}, u"1.2.0"_s}, u"1.2.1"_s, releasesAt(m_target, {u"backend"_s}, u"1.2.1"_s));
        run.state = RunState::Held;
        auto journal = VALUE(Journal::open(m_target.stateDirectory));
        OK(journal->addRun(run));
        m_engine = std::make_unique<EngineService>(file, u"tester"_s);
        OK(m_engine->open(EngineService::Purpose::Looking));
        QTRY_COMPARE(view().serving, u"1.2.0"_s);
        QCOMPARE(view().silent, QStringList());
    }

    void oneOfTwoFails()
    {
        writeFile(release() + u"/one"_s, {});
        QList<StepSpec> steps = deploySteps({m_target, {}, u"1.2.0"_s}, u"1.2.1"_s, releasesAt(m_target, {u"backend"_s}, u"1.2.1"_s));
        steps.removeIf([](const StepSpec &step) { return step.kind != u"deploy_instance"; });
        QCOMPARE(steps.size(), 2);
        OK(begin(steps[0], *m_bench));
        QTRY_COMPARE(view().serving, u"1.2.0, 1.2.1"_s);
        const auto failed = begin(steps[1], *m_hasty);
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, u"supervisor.not_ready"_s);
        QTRY_COMPARE(view().serving, u"1.2.1"_s);
        QCOMPARE(view().silent, QStringList{u"backend-2"_s});
        QVERIFY(answers(200));
        OK(goBack(steps[1]));
        OK(goBack(steps[0]));
        QTRY_COMPARE(view().serving, u"1.2.0"_s);
        QCOMPARE(view().silent, QStringList());
    }

    void allFailAtOnce()
    {
        writeFile(release() + u"/none"_s, {});
        Target recreated = m_target;
        for (ServiceSpec &service : recreated.services) {
            service.strategy = Strategy::Recreate;
        }
        QList<StepSpec> steps = deploySteps({recreated, {}, u"1.2.0"_s}, u"1.2.1"_s, releasesAt(recreated, {u"backend"_s}, u"1.2.1"_s));
        steps.removeIf([](const StepSpec &step) { return step.kind != u"recreate_service"; });
        QCOMPARE(steps.size(), 1);
        const auto failed = begin(steps[0], *m_hasty);
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, u"supervisor.not_ready"_s);
        QVERIFY(answers(503));
        QCOMPARE(view().serving, QString(servedByNobody));
        QCOMPARE(view().silent, (QStringList{u"backend-1"_s, u"backend-2"_s}));
        OK(goBack(steps[0]));
        QVERIFY(answers(200));
        QTRY_COMPARE(view().serving, u"1.2.0"_s);
        QCOMPARE(view().silent, QStringList());
    }

    void cleanupTestCase()
    {
        m_engine.reset();
        if (m_folder && demoExists(demo())) {
            OK(QCoro::waitFor(stopDemo(demo())));
        }
        m_folder.reset();
    }
};

} // namespace

DEPLOY_TEST_MAIN(ServingTest)

#include "servingtest.moc"
