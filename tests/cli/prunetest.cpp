// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "program.h"

#include "deploy/runtime.h"
#include "plan/releasesource.h"
#include "tests/support/dockerd.h"
#include "tests/support/skip.h"
#include "tests/support/steps.h"

#include <QCoroTask>
#include <QJsonArray>

using namespace Qt::StringLiterals;
using namespace cutover;
using namespace cutover::testing;
using cli::Answer;

#define OK(result)                                                                                  \
    do {                                                                                            \
        const auto &okResult = (result);                                                            \
        QVERIFY2(okResult.has_value(), qPrintable(okResult ? QString() : okResult.error().text())); \
    } while (false)

namespace {

/**
 * What a production target leaves behind in a real Docker daemon: removed by hand and by its updates, with the program as it
 * is typed. The tests build on one another.
 */
class PruneTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<Dockerd> m_docker;
    QTemporaryDir m_folder;

    QString path(const QString &name) const { return m_folder.filePath(name); }
    void write(const QString &name, const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(QFileInfo(path(name)).path()));
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }
    void git(const QStringList &arguments)
    {
        QProcess process;
        process.start(u"git"_s, QStringList{u"-C"_s, path(u"source"_s), u"-c"_s, u"user.name=Kim"_s, u"-c"_s, u"user.email=kim@example.org"_s, u"-c"_s, u"tag.gpgSign=false"_s, u"-c"_s, u"commit.gpgSign=false"_s} + arguments);
        QVERIFY2(process.waitForFinished(60000) && process.exitCode() == 0, process.readAllStandardError().constData());
    }
    /// Its image by its whole name, which the daemon itself never uses. volumes: what its Compose file declares; the last one is of a
    /// service that is only there with a profile.
    void publish(const QString &version, const QStringList &volumes)
    {
        QByteArray compose = "services:\n  worker:\n    image: docker.io/prune-test/worker:" + version.toUtf8() + "\n    network_mode: host\n    command: [/bin/sh, -c, 'trap exit TERM; while :; do sleep 1; done']\n"
                                                                                                                  "    healthcheck: {test: [CMD, /bin/busybox, 'true'], interval: 300ms, start_interval: 200ms, start_period: 1s}\n"
                                                                                                                  "  tool:\n    image: prune-test/tool:1\n    profiles: [tools]\n    volumes: [\""
            + volumes.constLast().toUtf8() + ":/cache\"]\nvolumes:\n";
        for (const QString &volume : volumes) {
            compose += "  " + volume.toUtf8() + ":\n";
        }
        write(u"source/compose.yaml"_s, compose);
        write(u"source/manifest.yaml"_s, "schema: 1\nproduct: pruned\nversion: " + version.toUtf8() + "\nfrom: ^1.0\nupdate_type: minor\nrisk: low\nchanges:\n  added: [Something]\n");
        git({u"add"_s, u"-A"_s});
        git({u"commit"_s, u"-q"_s, u"-m"_s, u"Release "_s + version});
        git({u"tag"_s, u"-a"_s, u"v"_s + version, u"-m"_s, u"Release "_s + version});
    }
    void makeImage(const QString &name)
    {
        QTest::qWait(1100); // Docker knows their age in seconds.
        QVERIFY(!m_docker->makeImage(name, {{u"www/name"_s, name.toUtf8()}}).isEmpty());
    }
    /// As Compose does.
    void makeVolume(const QString &name, const QString &project = u"cutover-prune"_s)
    {
        QVERIFY(!m_docker->docker({u"volume"_s, u"create"_s, u"--label"_s, u"com.docker.compose.project="_s + project, u"--label"_s, u"com.docker.compose.volume="_s + name, project + u'_' + name}).isEmpty());
    }
    /// Tags of our image.
    [[nodiscard]] QStringList tags() const
    {
        QStringList found = m_docker->docker({u"image"_s, u"ls"_s, u"--format"_s, u"{{.Tag}}"_s, u"prune-test/worker"_s}).split(u'\n', Qt::SkipEmptyParts);
        found.sort();
        return found;
    }
    [[nodiscard]] QStringList volumes() const
    {
        QStringList found = m_docker->docker({u"volume"_s, u"ls"_s, u"--quiet"_s}).split(u'\n', Qt::SkipEmptyParts);
        found.sort();
        return found;
    }
    [[nodiscard]] Answer run(const QStringList &words) const { return cli::run(words + QStringList{u"--target"_s, path(u"target.yaml"_s)}, m_folder.path()); }
    [[nodiscard]] Answer json(const QStringList &words) const { return run(words + QStringList{u"--json"_s}); }
    static QStringList names(const QJsonValue &array) { return array.toVariant().toStringList(); }
    /// Of the last run.
    [[nodiscard]] QByteArray story() const { return run({u"report"_s}).output; }

private Q_SLOTS:
    void initTestCase()
    {
        if (const QString why = Dockerd::missing(); !why.isEmpty()) {
            SKIP_WITHOUT_ROOT("what is pruned in a real Docker daemon, which needs root and Docker's programs");
        }
        m_docker = std::make_unique<Dockerd>();
        if (const QString why = m_docker->start(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: what is pruned in a real Docker daemon, which does not start here: "_s + why));
        }
        QVERIFY(QDir().mkpath(path(u"source"_s)));
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s});
        publish(u"1.0.0"_s, {u"data"_s, u"cache-one"_s});
        publish(u"1.1.0"_s, {u"data"_s, u"cache-two"_s});
        publish(u"1.2.0"_s, {u"data"_s, u"cache-three"_s});
        write(u"target.yaml"_s, "schema: 1\nname: pruned\nproduct: pruned\nenvironment: production\nstate: state\nreleases: releases\n"
                                "repository: {git: "
                  + path(u"source"_s).toUtf8() + "}\n"
                                                 "compose: {project: cutover-prune, prune_volumes: [\"cache-*\"], host: \""
                  + m_docker->host().toUtf8() + "\"}\n"
                                                "services:\n  - {name: worker, runtime: compose, replicas: 2, health: {ready_within: 30s}, stop_timeout: 2s}\n"
                                                "backup: {directory: backups, keep: 1}\nchecks: {minimum_free: 1 MB}\n");
        for (const QString &tag : {u"0.8.0"_s, u"0.9.0"_s, u"1.0.0"_s}) {
            makeImage(u"prune-test/worker:"_s + tag);
        }
        makeImage(u"somebody/else:1"_s);
        for (const QString &volume : {u"data"_s, u"data-old"_s, u"cache-one"_s, u"cache-two"_s, u"cache-old"_s, u"cache-held"_s}) {
            makeVolume(volume);
        }
        makeVolume(u"cache-old"_s, u"somebody"_s);
        // Never started.
        QVERIFY(!m_docker->docker({u"create"_s, u"--volume"_s, u"cutover-prune_cache-held:/cache"_s, u"somebody/else:1"_s, u"/bin/true"_s}).isEmpty());

        // By the engine's own steps, as a release that came by an update stands there.
        const auto target = Target::load(path(u"target.yaml"_s));
        OK(target);
        const auto source = ReleaseSource::of(*target);
        const auto releases = QCoro::waitFor(source->releases());
        OK(releases);
        const auto first = std::ranges::find(*releases, u"1.0.0"_s, [](const ReleaseInfo &info) { return info.manifest.version.toString(); });
        QVERIFY(first != releases->end());
        const auto staged = QCoro::waitFor(source->stage(*first, {}, [](const Progress &) { }));
        OK(staged);
        TestContext context(*target);
        const QList<StepSpec> steps = source->acquireSteps(*staged) + QList{source->place(*staged)};
        for (const StepSpec &spec : steps) {
            const auto step = StepRegistry::create(spec);
            OK(step);
            OK(QCoro::waitFor((*step)->apply(context, {}, {})));
        }
        QVERIFY(QFile::link(u"1.0.0"_s, target->currentLink()));
        const auto runtime = RuntimeRegistry::create(u"compose"_s, *target);
        OK(runtime);
        for (const QString &worker : {u"worker-1"_s, u"worker-2"_s}) {
            OK(QCoro::waitFor((*runtime)->start(worker, u"1.0.0"_s)));
            OK(QCoro::waitFor((*runtime)->waitReady(worker, u"1.0.0"_s, {})));
        }
    }
    void cleanupTestCase() { m_docker.reset(); }

    void nothingGoesWithoutTheName()
    {
        const QStringList tagsBefore = tags();
        const QStringList volumesBefore = volumes();
        for (const QStringList &words : {QStringList{u"image"_s, u"prune"_s, u"--keep"_s, u"0"_s}, QStringList{u"volume"_s, u"prune"_s}}) {
            const Answer dry = json(words + QStringList{u"--dry-run"_s});
            EXIT_IS(dry, 0);
            QVERIFY2(names(dry.json[u"removed"]).isEmpty(), dry.told());
            for (const QStringList &name : {QStringList(), QStringList{u"--confirm"_s, u"prune"_s}}) {
                const Answer refused = json(words + name);
                EXIT_IS(refused, 3);
                QCOMPARE(refused.code(), u"serve.confirm_decision"_s);
            }
        }
        QCOMPARE(tags(), tagsBefore);
        QCOMPARE(volumes(), volumesBefore);
    }

    void imagesByHand()
    {
        QCOMPARE(tags(), (QStringList{u"0.8.0"_s, u"0.9.0"_s, u"1.0.0"_s}));
        const Answer pruned = json({u"image"_s, u"prune"_s, u"--keep"_s, u"2"_s, u"--confirm"_s, u"pruned"_s});
        EXIT_IS(pruned, 0);
        QCOMPARE(names(pruned.json[u"removed"]), QStringList{u"prune-test/worker:0.8.0"_s});
        QCOMPARE(tags(), (QStringList{u"0.9.0"_s, u"1.0.0"_s}));
        QVERIFY(m_docker->docker({u"image"_s, u"ls"_s, u"--format"_s, u"{{.Repository}}"_s}).contains(u"somebody/else"_s));
        QVERIFY(run({u"audit"_s}).output.contains("prune-test/worker:0.8.0"));
        // Volumes are told, and stay.
        QVERIFY(names(pruned.json[u"volumes"]).contains(u"cutover-prune_cache-old"_s));
        QVERIFY(volumes().contains(u"cutover-prune_cache-old"_s));
    }

    void volumesByHand()
    {
        QStringList left = volumes();
        const QStringList gone{u"cutover-prune_cache-old"_s, u"cutover-prune_cache-two"_s};
        const Answer pruned = run({u"volume"_s, u"prune"_s, u"--confirm"_s, u"pruned"_s});
        EXIT_IS(pruned, 0);
        for (const QString &volume : gone) {
            QVERIFY2(pruned.output.contains(QByteArray(volume.toUtf8() + " was removed")), pruned.told());
            left.removeAll(volume);
        }
        // One that no pattern names, and one that the installed release declares, though for no service that runs.
        for (const char *stays : {"cutover-prune_data-old stays", "cutover-prune_cache-one stays"}) {
            QVERIFY2(pruned.output.contains(stays), pruned.told());
        }
        QCOMPARE(volumes(), left);
        QVERIFY(left.contains(u"somebody_cache-old"_s) && left.contains(u"cutover-prune_cache-held"_s));
        QVERIFY(run({u"audit"_s}).output.contains("cutover-prune_cache-two"));
        const Answer again = json({u"volume"_s, u"prune"_s, u"--confirm"_s, u"pruned"_s});
        EXIT_IS(again, 0);
        QVERIFY2(names(again.json[u"volumes"]).isEmpty(), again.told());
    }

    /// Its plan says what goes, and its restore point keeps what it needs.
    void anUpdateCleansUp()
    {
        makeImage(u"prune-test/worker:0.7.0"_s);
        makeImage(u"prune-test/worker:1.1.0"_s);
        makeVolume(u"cache-stray"_s);
        makeVolume(u"cache-two"_s); // What is to be installed declares it.
        const Answer plan = run({u"plan"_s, u"1.1.0"_s});
        EXIT_IS(plan, 0);
        for (const char *told : {"prune-test/worker:0.9.0", "prune-test/worker:0.7.0", "cutover-prune_cache-stray"}) {
            QVERIFY2(plan.output.contains(told), plan.told());
        }
        for (const char *stays : {"prune-test/worker:1.0.0", "cutover-prune_cache-one", "cutover-prune_cache-two", "cutover-prune_data"}) {
            QVERIFY2(!plan.output.contains(stays), plan.told());
        }
        const Answer refused = json({u"update"_s, u"1.1.0"_s, u"--yes"_s});
        EXIT_IS(refused, 3);
        QCOMPARE(refused.code(), u"serve.confirm_name"_s);
        const QStringList before = volumes();
        EXIT_IS(run({u"update"_s, u"1.1.0"_s, u"--yes"_s, u"--confirm"_s, u"pruned"_s}), 0);
        QCOMPARE(tags(), (QStringList{u"1.0.0"_s, u"1.1.0"_s}));
        QStringList left = before;
        left.removeAll(u"cutover-prune_cache-stray"_s);
        QCOMPARE(volumes(), left);
    }

    /// By hand nothing goes that a restore point needs; once it is gone, what only it needed.
    void whatARestorePointNeedsStays()
    {
        EXIT_IS(run({u"image"_s, u"prune"_s, u"--keep"_s, u"0"_s, u"--confirm"_s, u"pruned"_s}), 0);
        QCOMPARE(tags(), (QStringList{u"1.0.0"_s, u"1.1.0"_s}));
        Answer pruned = json({u"volume"_s, u"prune"_s, u"--confirm"_s, u"pruned"_s});
        EXIT_IS(pruned, 0);
        QVERIFY2(names(pruned.json[u"removed"]).isEmpty(), pruned.told());
        QVERIFY2(names(pruned.json[u"others"]).contains(u"cutover-prune_cache-one"_s), pruned.told());

        makeImage(u"prune-test/worker:1.2.0"_s);
        EXIT_IS(run({u"update"_s, u"1.2.0"_s, u"--yes"_s, u"--confirm"_s, u"pruned"_s}), 0);
        QVERIFY(!QFile::exists(path(u"releases/1.0.0"_s)));
        // Its plan was made while there was the restore point of 1.0.0.
        QCOMPARE(tags(), (QStringList{u"1.0.0"_s, u"1.1.0"_s, u"1.2.0"_s}));
        QVERIFY(volumes().contains(u"cutover-prune_cache-one"_s));
        EXIT_IS(run({u"image"_s, u"prune"_s, u"--keep"_s, u"0"_s, u"--confirm"_s, u"pruned"_s}), 0);
        QCOMPARE(tags(), (QStringList{u"1.1.0"_s, u"1.2.0"_s}));
        pruned = json({u"volume"_s, u"prune"_s, u"--confirm"_s, u"pruned"_s});
        EXIT_IS(pruned, 0);
        QCOMPARE(names(pruned.json[u"removed"]), QStringList{u"cutover-prune_cache-one"_s});
        // The way back there still works.
        EXIT_IS(run({u"rollback"_s, u"1.1.0"_s, u"--yes"_s, u"--confirm"_s, u"pruned"_s}), 0);
        QCOMPARE(QFile::symLinkTarget(path(u"releases/current"_s)), path(u"releases/1.1.0"_s));
    }
};

} // namespace

QTEST_GUILESS_MAIN(PruneTest)
#include "prunetest.moc"
