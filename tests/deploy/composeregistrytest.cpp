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
        writeFile(path(u"registry.yml"_s), "version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: " + path(u"registry"_s).toUtf8() + "}}\nhttp: {addr: '127.0.0.1:" + QByteArray::number(m_port) + "'}\n");
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
