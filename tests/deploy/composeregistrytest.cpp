// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Images that a real registry has: named by digest, by version, and by a name that moves.

#include "check/checklist.h"
#include "deploy/composeproject.h"
#include "deploy/runtime.h"
#include "deploysystem.h"
#include "tests/support/dockerd.h"
#include "tests/support/freeport.h"
#include "tests/support/skip.h"

#include <QTcpSocket>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;

namespace {

class ComposeRegistryTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Dockerd> m_docker;
    QProcess m_registry;
    quint16 m_port = 0;
    Target m_target;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    QString image(const QString &tag) const { return u"127.0.0.1:%1/app%2"_s.arg(m_port).arg(tag); }
    /// The account's logins, as 'docker login' keeps them.
    void logIn(const QByteArray &password) const
    {
        writeFile(path(u"docker/config.json"_s), "{\"auths\": {\"127.0.0.1:" + QByteArray::number(m_port) + "\": {\"auth\": \"" + QByteArray("kim:" + password).toBase64() + "\"}}}");
    }
    QString idOf(const QString &name) const { return m_docker->docker({u"image"_s, u"inspect"_s, u"--format"_s, u"{{.Id}}"_s, name}).trimmed(); }
    /// Of a new image under that name, which the registry has afterwards and this host has not. Its digest there.
    QString publish(const QString &tag, const QByteArray &content)
    {
        if (m_docker->makeImage(image(tag), {{u"www/version"_s, content}}).isEmpty()) {
            return {};
        }
        m_docker->docker({u"push"_s, u"-q"_s, image(tag)});
        const QString digests = m_docker->docker({u"image"_s, u"inspect"_s, u"--format"_s, u"{{index .RepoDigests 0}}"_s, image(tag)}).trimmed();
        m_docker->docker({u"image"_s, u"rm"_s, u"-f"_s, image(tag)});
        return digests.section(u'@', 1);
    }
    void release(const QString &version, const QString &image) const
    {
        writeFile(path(u"releases/"_s + version + u"/compose.yaml"_s),
                  "services:\n  backend-1:\n    image: " + image.toUtf8() + "\n    network_mode: host\n    command: [/bin/busybox, sleep, '1000']\n");
    }
    Result<> prepare(const QString &version) const
    {
        TRY(const auto runtime, RuntimeRegistry::create(u"compose"_s, m_target));
        return QCoro::waitFor(runtime->prepare(version, {u"backend-1"_s}, {}));
    }
    CheckResult check(const QString &version, const QString &id) const
    {
        CheckScope scope;
        scope.target = m_target;
        scope.releaseFolder = path(u"releases/"_s + version);
        scope.only = {id};
        return VALUE(QCoro::waitFor(runCheckList(scope, {}, {}))).value(0);
    }
    /// more: a section of its configuration.
    void configureRegistry(const QByteArray &more = {}) const
    {
        writeFile(path(u"registry.yml"_s), "version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: " + path(u"registry"_s).toUtf8() + "}}\nhttp: {addr: '127.0.0.1:" + QByteArray::number(m_port) + "'}\n" + more);
    }
    bool startRegistry()
    {
        m_registry.setProcessChannelMode(QProcess::MergedChannels);
        m_registry.setStandardOutputFile(path(u"registry.log"_s));
        m_registry.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, u"docker-registry"_s, u"serve"_s, path(u"registry.yml"_s)});
        return QTest::qWaitFor([this] {
            QTcpSocket socket;
            socket.connectToHost(u"127.0.0.1"_s, m_port);
            return socket.waitForConnected(500);
        },
                               20000);
    }
    void stopRegistry()
    {
        m_registry.terminate();
        QVERIFY(m_registry.waitForFinished(10000));
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (!Dockerd::missing().isEmpty() || QStandardPaths::findExecutable(u"docker-registry"_s).isEmpty()) {
            SKIP_WITHOUT_ROOT("images of a registry in a real Docker daemon, which need root, Docker's programs and docker-registry");
        }
        m_docker = std::make_unique<Dockerd>();
        if (const QString why = m_docker->start(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: images of a registry in a real Docker daemon, which does not start here: "_s + why));
        }
        m_folder = std::make_unique<QTemporaryDir>();
        m_port = freePort();
        configureRegistry();
        QVERIFY(startRegistry());
        writeFile(path(u"target.yaml"_s), "schema: 1\nname: composed\nproduct: composed\nenvironment: staging\nstate: state\nreleases: releases\n"
                                          "repository: {url: repository, keys: [key.pub]}\n"
                                          "compose: {project: cutover-registry, host: \""
                      + m_docker->host().toUtf8() + "\"}\nservices:\n  - name: backend\n    runtime: compose\n    instances: [{name: backend-1}]\n    health: {command: [/bin/true]}\n");
        m_target = VALUE(Target::load(path(u"target.yaml"_s)));
    }
    void cleanupTestCase()
    {
        if (m_registry.state() != QProcess::NotRunning) {
            stopRegistry();
        }
        m_docker.reset();
        m_folder.reset();
    }

    void byDigest()
    {
        const QString digest = publish(u":1.0"_s, "1.0");
        QVERIFY2(digest.startsWith(u"sha256:"), qPrintable(digest));
        const QString name = image(u'@' + digest);
        release(u"1.0.0"_s, name);
        QVERIFY(idOf(name).isEmpty());
        const CheckResult there = check(u"1.0.0"_s, u"compose"_s);
        QVERIFY2(there.status == CheckResult::Status::Passed && there.finding.args[u"pull"].toInt() == 1, qPrintable(there.error.text()));
        QCOMPARE(check(u"1.0.0"_s, u"compose:pinned"_s).finding.code, u"compose.pinned_ok"_s);
        OK(prepare(u"1.0.0"_s));
        QVERIFY(idOf(name).startsWith(u"sha256:"));
        // And is started from it.
        const auto runtime = VALUE(RuntimeRegistry::create(u"compose"_s, m_target));
        OK(QCoro::waitFor(runtime->start(u"backend-1"_s, u"1.0.0"_s)));
        const auto states = VALUE(QCoro::waitFor(runtime->states(20000)));
        QCOMPARE(states.value(0).image, idOf(name));
        OK(QCoro::waitFor(runtime->stop(u"backend-1"_s)));
    }

    void whatNoRegistryHas()
    {
        release(u"1.1.0"_s, image(u":9.9"_s));
        const CheckResult result = check(u"1.1.0"_s, u"compose"_s);
        QCOMPARE(result.status, CheckResult::Status::Failed);
        QCOMPARE(result.error.code, u"compose.no_image"_s);
        QCOMPARE(prepare(u"1.1.0"_s).error().code, u"compose.no_image"_s);
    }

    /// "latest" of yesterday is here, and the release means that of today.
    void aNameThatMoves()
    {
        release(u"1.2.0"_s, image(u":latest"_s));
        QVERIFY(!publish(u":latest"_s, "first").isEmpty());
        OK(prepare(u"1.2.0"_s));
        const QString first = idOf(image(u":latest"_s));
        QVERIFY(first.startsWith(u"sha256:"));
        m_docker->docker({u"tag"_s, first, u"kept:1"_s});
        QVERIFY(!publish(u":latest"_s, "second").isEmpty());
        m_docker->docker({u"tag"_s, first, image(u":latest"_s)});
        OK(prepare(u"1.2.0"_s));
        const QString second = idOf(image(u":latest"_s));
        QVERIFY(second.startsWith(u"sha256:"));
        QVERIFY(second != first);

        // By a version it is taken as it is.
        release(u"1.3.0"_s, image(u":2"_s));
        m_docker->docker({u"tag"_s, first, image(u":2"_s)});
        OK(prepare(u"1.3.0"_s));
        QCOMPARE(idOf(image(u":2"_s)), first);

        // One that no registry has was made here.
        release(u"1.4.0"_s, image(u"-own:latest"_s));
        m_docker->docker({u"tag"_s, first, image(u"-own:latest"_s)});
        OK(prepare(u"1.4.0"_s));

        stopRegistry();
        const auto unknown = prepare(u"1.2.0"_s);
        QVERIFY(!unknown);
        QCOMPARE(unknown.error().code, u"compose.not_refreshed"_s);
        QVERIFY2(unknown.error().text().contains(image(u":latest"_s)), qPrintable(unknown.error().text()));
        QCOMPARE(idOf(image(u":latest"_s)), second);
        OK(prepare(u"1.3.0"_s));
        QVERIFY(startRegistry());
        OK(prepare(u"1.2.0"_s));
    }

    /// What it says to whoever it does not know is neither that it can't be reached nor that it has no such image.
    void aRegistryThatWantsALogin()
    {
        QVERIFY(!publish(u":latest"_s, "third").isEmpty());
        release(u"1.2.0"_s, image(u":latest"_s));
        OK(prepare(u"1.2.0"_s));
        const QString here = idOf(image(u":latest"_s));
        QVERIFY(!publish(u":5"_s, "fifth").isEmpty());
        release(u"1.5.0"_s, image(u":5"_s));
        stopRegistry();
        // htpasswd -nbB kim open-sesame
        writeFile(path(u"htpasswd"_s), "kim:$2b$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n");
        configureRegistry("auth: {htpasswd: {realm: here, path: " + path(u"htpasswd"_s).toUtf8() + "}}\n");
        QVERIFY(startRegistry());
        qputenv("DOCKER_CONFIG", path(u"docker"_s).toLocal8Bit());
        writeFile(path(u"docker/config.json"_s), "{}");
        const auto isTold = [this](const Error &error, const QString &image) {
            QVERIFY2(error.code == u"compose.no_login"_s, qPrintable(error.text()));
            QCOMPARE(error.kind, Error::Kind::Permanent);
            QVERIFY2(error.text().contains(image), qPrintable(error.text()));
            QVERIFY2(error.text().contains(u"docker login 127.0.0.1:%1'"_s.arg(m_port)), qPrintable(error.text()));
        };
        for (const QByteArray password : {"", "guessed"}) {
            if (!password.isEmpty()) {
                logIn(password);
            }
            const auto moved = prepare(u"1.2.0"_s);
            QVERIFY(!moved);
            isTold(moved.error(), image(u":latest"_s));
            const auto missing = prepare(u"1.5.0"_s);
            QVERIFY(!missing);
            isTold(missing.error(), image(u":5"_s));
            const CheckResult result = check(u"1.5.0"_s, u"compose"_s);
            // Docker's client makes "no such manifest" of the refusal, so that the check can only name both.
            QCOMPARE(result.status, CheckResult::Status::Failed);
            QVERIFY2(result.error.text().contains(image(u":5"_s)) && result.error.text().contains(u"docker login"), qPrintable(result.error.text()));
        }
        QCOMPARE(idOf(image(u":latest"_s)), here);
        logIn("open-sesame");
        QCOMPARE(check(u"1.5.0"_s, u"compose"_s).status, CheckResult::Status::Passed);
        OK(prepare(u"1.5.0"_s));
        OK(prepare(u"1.2.0"_s));

        qunsetenv("DOCKER_CONFIG");
        stopRegistry();
        configureRegistry();
        QVERIFY(startRegistry());
    }

    /// "denied" is said of what is nowhere, and to whoever may not have it: what came from there shall be asked for with a login.
    void aRegistryThatDenies()
    {
        const quint16 own = std::exchange(m_port, freePort());
        QProcess gate;
        const auto begin = [&](const QByteArray &rule) {
            gate.kill();
            gate.waitForFinished();
            writeFile(path(u"gate.cfg"_s), "defaults\n    mode http\n    timeout connect 5s\n    timeout client 30s\n    timeout server 30s\nfrontend gate\n    bind 127.0.0.1:" + QByteArray::number(m_port) + '\n' + rule + "    default_backend registry\nbackend registry\n    server registry 127.0.0.1:" + QByteArray::number(own) + '\n');
            gate.start(u"setpriv"_s, {u"--pdeathsig=TERM"_s, QStandardPaths::findExecutable(u"haproxy"_s, {u"/usr/sbin"_s}), u"-db"_s, u"-f"_s, path(u"gate.cfg"_s)});
            QVERIFY(QTest::qWaitFor([this] {
                QTcpSocket socket;
                socket.connectToHost(u"127.0.0.1"_s, m_port);
                return socket.waitForConnected(500);
            },
                                    20000));
        };
        begin({});
        QVERIFY(!publish(u":latest"_s, "sixth").isEmpty());
        release(u"1.6.0"_s, image(u":latest"_s));
        OK(prepare(u"1.6.0"_s));
        const QString here = idOf(image(u":latest"_s));
        begin("    http-request return status 403 content-type application/json string '{\"errors\": [{\"code\": \"DENIED\", \"message\": \"requested access to the resource is denied\"}]}' if { path_beg /v2/app }\n");
        const auto denied = prepare(u"1.6.0"_s);
        QVERIFY(!denied);
        QCOMPARE(denied.error().code, u"compose.no_login"_s);
        QVERIFY2(denied.error().text().contains(u"denied"), qPrintable(denied.error().text()));
        QCOMPARE(idOf(image(u":latest"_s)), here);
        // Made here under a name of that registry.
        release(u"1.7.0"_s, image(u"-own:latest"_s));
        m_docker->docker({u"tag"_s, here, image(u"-own:latest"_s)});
        OK(prepare(u"1.7.0"_s));
        gate.kill();
        gate.waitForFinished();
        m_port = own;
    }

    void whichNamesMove_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("moves");
        QTest::newRow("no tag") << u"app"_s << true;
        QTest::newRow("no tag, a port") << u"127.0.0.1:5000/app"_s << true;
        QTest::newRow("latest") << u"registry.example.org:5000/team/app:latest"_s << true;
        QTest::newRow("version") << u"app:1.2.0"_s << false;
        QTest::newRow("version and base") << u"postgres:17-alpine"_s << false;
        QTest::newRow("digest") << QString(u"app@sha256:"_s + QString(64, u'a')) << false;
        QTest::newRow("tag and digest") << QString(u"app:latest@sha256:"_s + QString(64, u'a')) << false;
        QTest::newRow("id") << QString(u"sha256:"_s + QString(64, u'a')) << false;
    }
    void whichNamesMove()
    {
        QFETCH(const QString, name);
        QFETCH(const bool, moves);
        ComposeService service;
        service.image = name;
        QCOMPARE(service.isMoving(), moves);
    }
};

} // namespace

DEPLOY_TEST_MAIN(ComposeRegistryTest)
#include "composeregistrytest.moc"
