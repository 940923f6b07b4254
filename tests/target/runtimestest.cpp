// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// What target.yaml says of units of systemd and of replicas.

#include "target/systemdreader.h"
#include "target/target.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

namespace {

class RuntimesTest : public QObject
{
    Q_OBJECT

    static Result<Target> load(const QByteArray &services)
    {
        const QTemporaryDir folder;
        QFile file(folder.filePath(u"target.yaml"_s));
        if (!file.open(QIODevice::WriteOnly)) {
            qFatal("target.yaml");
        }
        file.write("schema: 1\nname: t\nproduct: t\nenvironment: staging\nstate: state\nreleases: releases\n"
                   "repository: {url: repository, keys: [key.pub]}\nbalancer: {kind: haproxy, socket: s.sock}\ncompose: {project: t}\nhosts: [{name: web-2, ssh: web-2, releases: /srv/t}, {name: web-3, ssh: web-3}]\nservices:\n"
                   + services);
        file.close();
        return Target::load(file.fileName());
    }

private Q_SLOTS:
    void unitsAreRead()
    {
        const auto target = load("  - name: app\n    runtime: systemd_user\n    health: {tcp: \"127.0.0.1:{port}\"}\n    instances:\n"
                                 "      - {name: app-1, port: 81, unit: app@1}\n      - {name: app-2, port: 82, unit: app@2.service}\n");
        QVERIFY2(target, qPrintable(target ? QString() : target.error().text()));
        QCOMPARE(unitOf(target->services[0].instances[0]), u"app@1.service"_s);
        QCOMPARE(unitOf(target->services[0].instances[1]), u"app@2.service"_s);
        QVERIFY(target->services[0].command.isEmpty());
    }

    /// Each machine has ports and units of its own.
    void servicesRunOnHosts()
    {
        const QByteArray unit = "runtime: systemd, health: {tcp: \"web:{port}\"}, instances: [{name: ";
        const auto target = load("  - {name: a, host: web-2, " + unit + "a-1, port: 81, unit: app}]}\n  - {name: b, host: web-3, " + unit
                                 + "b-1, port: 81, unit: app}]}\n  - {name: c, " + unit + "c-1, port: 81, unit: app}]}\n");
        QVERIFY2(target, qPrintable(target ? QString() : target.error().text()));
        QCOMPARE(target->services[0].host.name, u"web-2"_s);
        QCOMPARE(target->releaseDirectory(target->services[0], u"1.0.0"_s), u"/srv/t/1.0.0"_s);
        QCOMPARE(target->releaseDirectory(target->services[1], u"1.0.0"_s), target->releaseDirectory(u"1.0.0"_s));
        QVERIFY(target->services[2].host.isHere());
    }

    void replicasAreInstances()
    {
        const auto target = load("  - {name: web, runtime: compose, replicas: 3, port: 81, compose_service: front, health: {tcp: \"127.0.0.1:{port}\"}}\n"
                                 "  - {name: worker, runtime: compose, replicas: 2, health: {ready_within: 7s}}\n");
        QVERIFY2(target, qPrintable(target ? QString() : target.error().text()));
        const QList<InstanceSpec> web = target->services[0].instances;
        QCOMPARE(web.size(), 3);
        QCOMPARE(web[2].name, u"web-3"_s);
        QCOMPARE(web[2].port, 83);
        QCOMPARE(web[2].composeService, u"front"_s);
        const ServiceSpec worker = target->services[1];
        QCOMPARE(worker.instances[1].port, 0);
        QCOMPARE(worker.instances[1].composeService, u"worker"_s);
        QCOMPARE(worker.health.readyWithinMs, 7000);
    }

    /// A spare of replicas is one more of them, unless it has a service of its own.
    void sparesOfReplicas()
    {
        const QByteArray web = "  - {name: web, runtime: compose, replicas: 2, port: 81, compose_service: front, balancer_backend: b, health: {tcp: \"127.0.0.1:{port}\"}, spare: {name: web-spare, port: 90";
        for (const auto &[more, service] : {std::pair(QByteArray(), u"front"_s), {", service: front", u"front"_s}, {", service: other", u"other"_s}}) {
            const auto target = load(web + more + "}}\n");
            QVERIFY2(target, qPrintable(target ? QString() : target.error().text()));
            QCOMPARE(target->services[0].spare->composeService, service);
            QCOMPARE(target->services[0].instances.size(), 2);
        }
    }

    void mistakesAreTold_data()
    {
        QTest::addColumn<QByteArray>("services");
        QTest::addColumn<QString>("said");
        const QByteArray unit = "  - {name: app, runtime: systemd, health: {tcp: \"127.0.0.1:81\"}, ";
        QTest::newRow("no unit") << unit + "instances: [{name: app}]}\n"
                                 << u"unit"_s;
        QTest::newRow("template") << unit + "instances: [{name: app, unit: app@.service}]}\n"
                                  << u"must be the name of a systemd service"_s;
        QTest::newRow("socket") << unit + "instances: [{name: app, unit: app.socket}]}\n"
                                << u"must be the name of a systemd service"_s;
        QTest::newRow("path") << unit + "instances: [{name: app, unit: ../app}]}\n"
                              << u"must be the name of a systemd service"_s;
        QTest::newRow("twice") << unit + "instances: [{name: a, unit: app}, {name: b, unit: app.service}]}\n"
                               << u"app.service"_s;
        QTest::newRow("unknown host") << unit + "host: web2, instances: [{name: app, unit: app}]}\n"
                                      << u"“web2”, which does not exist"_s;
        QTest::newRow("twice on a host") << unit + "host: web-2, instances: [{name: a, unit: app}, {name: b, unit: app.service}]}\n"
                                         << u"web-2:app.service"_s;
        QTest::newRow("host of a process") << QByteArray("  - {name: app, host: web-2, command: [x], health: {tcp: \"127.0.0.1:81\"}, instances: [{name: app}]}\n")
                                           << u"only services of systemd"_s;
        // They would stand in a file that everybody may read.
        QTest::newRow("environment") << unit + "environment: {A: b}, instances: [{name: app, unit: app}]}\n"
                                     << u"environment"_s;
        QTest::newRow("replicas of systemd") << unit + "replicas: 2}\n"
                                             << u"replicas"_s;
        const QByteArray replicas = "  - {name: web, runtime: compose, health: {ready_within: 7s}, ";
        QTest::newRow("one replica") << replicas + "replicas: 1}\n"
                                     << u"replicas"_s;
        QTest::newRow("replicas and instances") << replicas + "replicas: 2, instances: [{name: a}]}\n"
                                                << u"instances"_s;
        QTest::newRow("blue-green replicas") << replicas + "replicas: 2, strategy: blue_green, balancer_backend: b}\n"
                                             << u"strategy blue_green"_s;
        QTest::newRow("spare of replicas without a port") << replicas + "replicas: 2, balancer_backend: b, spare: {name: s, port: 90}}\n"
                                                          << u"needs no spare instance"_s;
        QTest::newRow("spare at a replica's port") << replicas + "replicas: 2, port: 81, balancer_backend: b, spare: {name: s, port: 82}}\n"
                                                   << u"82"_s;
        QTest::newRow("same Compose service") << replicas + "replicas: 2}\n  - {name: other, runtime: compose, health: {ready_within: 7s}, replicas: 2, compose_service: web}\n"
                                              << u"web"_s;
        QTest::newRow("same port") << replicas + "replicas: 2, port: 81}\n  - {name: other, runtime: compose, health: {ready_within: 7s}, replicas: 2, port: 82}\n"
                                   << u"82"_s;
    }
    void mistakesAreTold()
    {
        QFETCH(const QByteArray, services);
        QFETCH(const QString, said);
        const auto target = load(services);
        QVERIFY(!target);
        QVERIFY2(target.error().text().contains(said), qPrintable(target.error().text()));
        QVERIFY2(target.error().where.contains(u"target.yaml:1"_s), qPrintable(target.error().where));
    }
};

} // namespace

QTEST_GUILESS_MAIN(RuntimesTest)
#include "runtimestest.moc"
