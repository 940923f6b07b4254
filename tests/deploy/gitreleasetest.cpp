// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/supervisorclient.h"
#include "plan/releasesource.h"
#include "run/runlock.h"
#include "tests/support/steps.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <csignal>
#include <functional>

using namespace cutover;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using cutover::testing::await;
using cutover::testing::TestContext;

#define VERIFY_RESULT(expression)                                                       \
    do {                                                                                \
        const auto &verified = (expression);                                            \
        QVERIFY2(verified, qPrintable(verified ? QString() : verified.error().text())); \
    } while (false)

/** One of a run that has the lock. */
class LockedContext : public TestContext
{
public:
    LockedContext(const Target &target, int lock)
        : TestContext(target)
        , m_lock(lock)
    {
    }
    int lockDescriptor() const override { return m_lock; }

private:
    int m_lock;
};

/** Tags of a real repository as releases: offered, staged, planned, checked out and built. */
class GitReleaseTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    void git(const QStringList &arguments)
    {
        QProcess process;
        process.start(u"git"_s,
                      QStringList{u"-C"_s, path(u"source"_s), u"-c"_s, u"user.name=Kim"_s, u"-c"_s, u"user.email=kim@example.org"_s, u"-c"_s, u"tag.gpgSign=false"_s, u"-c"_s, u"commit.gpgSign=false"_s} + arguments);
        if (!process.waitForFinished(60000) || process.exitCode() != 0) {
            QTest::qFail(QByteArray(arguments.join(u' ').toUtf8() + ": " + process.readAllStandardError()).constData(), __FILE__, __LINE__);
        }
    }
    void write(const QString &file, const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(QFileInfo(file).path()));
        QFile out(file);
        QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate) && out.write(content) == content.size());
    }
    void release(const QString &version, const QByteArray &manifest, const QByteArray &build)
    {
        write(path(u"source/app.txt"_s), version.toUtf8() + '\n');
        if (manifest.isEmpty()) {
            QFile::remove(path(u"source/manifest.yaml"_s));
        } else {
            write(path(u"source/manifest.yaml"_s), manifest);
        }
        write(path(u"source/.gitignore"_s), "built*\n");
        write(path(u"source/build"_s), "#!/bin/sh\n" + build);
        QFile::setPermissions(path(u"source/build"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        git({u"add"_s, u"-A"_s});
        git({u"commit"_s, u"-q"_s, u"-m"_s, u"Release "_s + version});
        git({u"tag"_s, u"-a"_s, u"v"_s + version, u"-m"_s, u"Orders\n\n- Faster "_s + version});
    }
    static QString librariesMissing()
    {
        for (const auto *program : {"python3", "npm", "node"}) {
            if (QStandardPaths::findExecutable(QString::fromLatin1(program)).isEmpty()) {
                return QString::fromLatin1(program) + u" is not installed"_s;
            }
        }
        return {};
    }
    /// A tag whose libraries pip and npm install; its files can be changed before it is made.
    void releaseWithLibraries(const QString &version, const std::function<void(const QString &folder)> &change = {})
    {
        m_target.repository.git.build = {{u"python3"_s, u"-m"_s, u"venv"_s, u"venv"_s},
                                         {u"venv/bin/pip"_s, u"install"_s, u"--no-index"_s, u"--find-links"_s, u"vendor"_s, u"--require-hashes"_s, u"-r"_s, u"requirements.txt"_s},
                                         {u"npm"_s, u"ci"_s, u"--offline"_s, u"--no-audit"_s, u"--no-fund"_s}};
        const QByteArray made = said(u"python3"_s, {QStringLiteral(LIBRARIES), path(u"source"_s), version}, path(u"."_s));
        QVERIFY(made.isEmpty());
        if (change) {
            change(path(u"source"_s));
        }
        release(version, {}, "true\n");
    }
    /// What a program says, or why it says nothing.
    static QByteArray said(const QString &program, const QStringList &arguments, const QString &folder)
    {
        QProcess process;
        process.setWorkingDirectory(folder);
        process.start(program, arguments);
        if (!process.waitForFinished(60000) || process.exitCode() != 0) {
            return "failed: " + process.errorString().toUtf8() + process.readAllStandardError();
        }
        return process.readAllStandardOutput();
    }
    std::unique_ptr<Step> step(const StepSpec &spec) { return std::move(*StepRegistry::create(spec)); }
    QString head()
    {
        QProcess process;
        process.start(u"git"_s, {u"-C"_s, path(u"source"_s), u"rev-parse"_s, u"HEAD"_s});
        return process.waitForFinished(60000) ? QString::fromLatin1(process.readAllStandardOutput()).trimmed() : QString();
    }
    /// A commit behind what is checked out, with no tag.
    QString commit(const QByteArray &app)
    {
        write(path(u"source/app.txt"_s), app);
        git({u"commit"_s, u"-q"_s, u"-a"_s, u"-m"_s, u"Between"_s});
        return head();
    }
    Result<StagedRelease> stagedCommit(const QString &hash)
    {
        return await(ReleaseSource::of(m_target)->stageCommit(hash, {}, [](const Progress &) { }));
    }
    StagedRelease staged(const QString &version)
    {
        const auto source = ReleaseSource::of(m_target);
        const auto all = await(source->releases());
        for (const ReleaseInfo &info : all ? *all : QList<ReleaseInfo>()) {
            if (info.manifest.version.toString() == version) {
                auto made = await(source->stage(info, {}, [](const Progress &) { }));
                if (made) {
                    return *made;
                }
                QTest::qFail(qPrintable(made.error().text()), __FILE__, __LINE__);
                return {};
            }
        }
        QTest::qFail(all ? "not offered" : qPrintable(all.error().text()), __FILE__, __LINE__);
        return {};
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(QDir().mkpath(path(u"source"_s)));
        m_target = {};
        m_target.product = u"trading"_s;
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.repository.git.url = path(u"source"_s);
        m_target.repository.git.build = {{u"./build"_s, u"--for"_s, u"it's $HOME"_s}};
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s});
        release(u"1.0.0"_s, {}, "echo \"building $2\"; echo done > built.txt\n");
        release(u"1.1.0"_s, "schema: 1\nproduct: trading\nversion: 1.1.0\nfrom: ^1.0\nupdate_type: minor\nrisk: medium\nchanges:\n  added: [Limits]\n",
                "echo \"building $2\"; echo done > built.txt\n");
    }

    void tagsAreOffered()
    {
        // One with a wrong manifest does not stand in the way of the others, but is told.
        release(u"1.2.0"_s, "schema: 1\nproduct: trading\nversion: 9.9.9\nfrom: ^1.0\nupdate_type: minor\nrisk: low\n", "true\n");
        release(u"1.3.0"_s, "schema: 1\nproduct: [\n", "true\n");
        release(u"1.4.0"_s, "schema: 1\nproduct: other\nversion: 1.4.0\nfrom: ^1.0\nupdate_type: minor\nrisk: low\n", "true\n");
        const auto source = ReleaseSource::of(m_target);
        const auto all = await(source->releases());
        VERIFY_RESULT(all);
        QCOMPARE(all->size(), 2);
        const Manifest &minor = all->at(0).manifest;
        QCOMPARE(minor.version.toString(), u"1.1.0"_s);
        QCOMPARE(minor.changes.value(u"added"_s), QStringList{u"Limits"_s});
        QCOMPARE(minor.commit, all->at(0).sha256);
        // Of a tag without a manifest, what it says itself, and all are restarted.
        const Manifest &first = all->at(1).manifest;
        QCOMPARE(first.product, u"trading"_s);
        QCOMPARE(first.changes.value(u"changed"_s), (QStringList{u"Orders"_s, u"Faster 1.0.0"_s}));
        QCOMPARE(first.restart, QStringList{u"all"_s});
        const QList<Error> unusable = source->unusable();
        QCOMPARE(unusable.size(), 2);
        QCOMPARE(unusable[1].code, u"git.manifest_version"_s);
        QVERIFY2(unusable[0].where.startsWith(u"v1.3.0:manifest.yaml:"), qPrintable(unusable[0].text()));
    }

    void checksOutAndBuilds()
    {
        const StagedRelease release = staged(u"1.1.0"_s);
        QVERIFY(QFileInfo::exists(release.preview + u"/app.txt"_s));
        QVERIFY(!QFileInfo::exists(release.preview + u"/built.txt"_s));
        const auto source = ReleaseSource::of(m_target);
        TestContext context(m_target);
        const auto steps = source->acquireSteps(release);
        for (const StepSpec &spec : steps) {
            VERIFY_RESULT(await(step(spec)->apply(context, {}, {})));
        }
        const StepSpec place = source->place(release);
        QVERIFY2(place.intent.text().contains(u"./build --for it's $HOME"), qPrintable(place.intent.text()));
        const auto checkout = step(place);
        QCOMPARE(await(checkout->inspect(context, {})).value(), Inspection::NotStarted);
        const auto undo = await(checkout->prepare(context, {}));
        VERIFY_RESULT(await(checkout->apply(context, *undo, {})));
        VERIFY_RESULT(await(checkout->verify(context, {})));
        const QString folder = m_target.releaseDirectory(u"1.1.0"_s);
        QVERIFY(QFileInfo::exists(folder + u"/built.txt"_s));
        // Words stay words: no shell has had them.
        QVERIFY2(context.lines.contains(u"build: building it's $HOME"_s), qPrintable(context.lines.join(u'\n')));
        QCOMPARE(await(checkout->inspect(context, {})).value(), Inspection::Done);
        // Again nothing is built.
        context.lines.clear();
        VERIFY_RESULT(await(checkout->apply(context, *undo, {})));
        QVERIFY(context.lines.isEmpty());
        write(folder + u"/app.txt"_s, "edited\n");
        QCOMPARE(await(checkout->verify(context, {})).error().code, u"git.changed_files"_s);
        VERIFY_RESULT(await(checkout->revert(context, *undo, {})));
        QVERIFY(!QFileInfo::exists(folder));
        VERIFY_RESULT(await(checkout->revert(context, *undo, {})));
    }

    void aFailedOrKilledBuildIsNoRelease()
    {
        release(u"1.2.0"_s, {}, "echo partly > built.txt; echo 'no compiler' >&2; exit 3\n");
        const StagedRelease bad = staged(u"1.2.0"_s);
        const auto source = ReleaseSource::of(m_target);
        TestContext context(m_target);
        const auto checkout = step(source->place(bad));
        const auto undo = await(checkout->prepare(context, {}));
        const auto built = await(checkout->apply(context, *undo, {}));
        QCOMPARE(built.error().code, u"git.build_failed"_s);
        QVERIFY2(built.error().what().contains(u"no compiler") && built.error().what().contains(u"3"), qPrintable(built.error().what()));
        QCOMPARE(await(checkout->inspect(context, {})).value(), Inspection::Partial);
        QVERIFY(!await(checkout->verify(context, {})));
        VERIFY_RESULT(await(checkout->revert(context, *undo, {})));
        QVERIFY(!QFileInfo::exists(m_target.releaseDirectory(u"1.2.0"_s)));
        // A folder of that name without our mark is none of ours to trust.
        write(m_target.releaseDirectory(u"1.1.0"_s) + u"/app.txt"_s, "half\n");
        const auto good = step(source->place(staged(u"1.1.0"_s)));
        QCOMPARE(await(good->inspect(context, {})).value(), Inspection::Partial);
        VERIFY_RESULT(await(good->apply(context, *await(good->prepare(context, {})), {})));
        VERIFY_RESULT(await(good->verify(context, {})));
        // What serves is never replaced or removed.
        QVERIFY(QFile::link(u"1.1.0"_s, m_target.currentLink()));
        QCOMPARE(await(good->revert(context, QJsonObject{{u"existed"_s, false}}, {})).error().code, u"acquire.in_use"_s);
    }

    /// Of a service that a partial release has left where it was: "current" is another one.
    void whatRunsFromItIsNotMadeAnew()
    {
        m_target.name = m_target.product;
        m_target.path = path(u"target.yaml"_s);
        write(m_target.path, "schema: 1\nname: trading\nproduct: trading\nenvironment: staging\nstate: state\nreleases: releases\nrepository: {git: " + path(u"source"_s).toUtf8() + "}\nservices:\n  - name: worker\n    instances: [{name: worker-1}]\n    command: [/bin/sleep, \"1000\"]\n    health: {tcp: \"127.0.0.1:1\"}\n    stop_timeout: 1s\n");
        const auto loaded = Target::load(m_target.path);
        VERIFY_RESULT(loaded);
        m_target.services = loaded->services;
        const QString folder = m_target.releaseDirectory(u"1.1.0"_s);
        write(folder + u"/app.txt"_s, "of a package\n");
        write(m_target.releaseDirectory(u"1.0.0"_s) + u"/app.txt"_s, "one\n");
        QVERIFY(QFile::link(u"1.0.0"_s, m_target.currentLink()));
        qputenv("CUTOVERCTL", QByteArray(qgetenv("CUTOVER_BIN") + "/cutoverctl"));
        SupervisorClient supervisor(m_target);
        VERIFY_RESULT(await(supervisor.ensureRunning()));
        const auto started = await(supervisor.start(u"worker-1"_s, folder));
        const auto source = ReleaseSource::of(m_target);
        TestContext context(m_target);
        const auto again = step(source->place(staged(u"1.1.0"_s)));
        const auto placed = await(again->apply(context, *await(again->prepare(context, {})), {}));
        const auto removed = await(again->revert(context, QJsonObject{{u"existed"_s, false}}, {}));
        QFile file(folder + u"/app.txt"_s);
        const QByteArray left = file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        // Brought to another release, it is nobody's any more.
        const auto stopped = await(supervisor.stop(u"worker-1"_s));
        const auto moved = await(supervisor.start(u"worker-1"_s, m_target.releaseDirectory(u"1.0.0"_s)));
        const auto then = await(again->apply(context, *await(again->prepare(context, {})), {}));
        VERIFY_RESULT(await(supervisor.shutdown()));
        qunsetenv("CUTOVERCTL");
        VERIFY_RESULT(started);
        QVERIFY(!placed && !removed);
        QCOMPARE(placed.error().code, u"git.runs_from"_s);
        QVERIFY2(placed.error().what().contains(u"worker-1"), qPrintable(placed.error().what()));
        QCOMPARE(removed.error().code, u"git.runs_from"_s);
        QCOMPARE(left, QByteArray("of a package\n"));
        VERIFY_RESULT(stopped);
        VERIFY_RESULT(moved);
        VERIFY_RESULT(then);
    }

    void pipAndNpmBuild()
    {
        if (const QString why = librariesMissing(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: builds by pip and npm: "_s + why));
        }
        releaseWithLibraries(u"1.2.0"_s);
        TestContext context(m_target);
        const QString folder = m_target.releaseDirectory(u"1.2.0"_s);
        const auto source = ReleaseSource::of(m_target);
        const auto checkout = step(source->place(staged(u"1.2.0"_s)));
        const auto undo = await(checkout->prepare(context, {}));
        VERIFY_RESULT(await(checkout->apply(context, *undo, {})));
        // Untracked folders are no changed files.
        VERIFY_RESULT(await(checkout->verify(context, {})));
        QVERIFY2(context.lines.contains(u"pip: Successfully installed fees-1.2.0"_s), qPrintable(context.lines.join(u'\n')));
        QCOMPARE(said(folder + u"/venv/bin/python"_s, {u"-c"_s, u"import fees; print(fees.version, fees.fee(5000))"_s}, folder), "1.2.0 5.0\n");
        QCOMPARE(said(u"node"_s, {u"-e"_s, u"const l = require('limits'); console.log(l.version, l.allowed(5))"_s}, folder), "1.2.0 true\n");
        QCOMPARE(said(folder + u"/venv/bin/pip"_s, {u"check"_s}, folder), "No broken requirements found.\n");
        QVERIFY(context.logged.isEmpty());
        VERIFY_RESULT(await(checkout->revert(context, *undo, {})));
        QVERIFY(!QFileInfo::exists(folder));
    }

    /// What they stumble over is told by their own words, and is no release.
    void pipOrNpmFails_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QByteArray>("was");
        QTest::addColumn<QByteArray>("is");
        QTest::addColumn<int>("over"); // So many bytes more are replaced: a digest keeps its length.
        QTest::addColumn<QString>("program");
        QTest::addColumn<QString>("words");
        QTest::newRow("another wheel than pinned") << u"requirements.txt"_s << QByteArray("sha256:") << QByteArray("sha256:0000") << 4 << u"pip"_s << u"Expected sha256 0000"_s;
        QTest::newRow("no such wheel") << u"requirements.txt"_s << QByteArray("fees==1.2.0") << QByteArray("fees==9.9.9") << 0 << u"pip"_s << u"No matching distribution found for fees==9.9.9"_s;
        QTest::newRow("a package that is nowhere") << u"package.json"_s << QByteArray("\"limits\":") << QByteArray("\"others\": \"1.0.0\", \"limits\":") << 0 << u"npm"_s << u"/others failed"_s;
        QTest::newRow("another package than pinned") << u"package-lock.json"_s << QByteArray("sha512-") << QByteArray("sha512-AAAA") << 4 << u"npm"_s << u"integrity checksum failed"_s;
    }
    void pipOrNpmFails()
    {
        if (const QString why = librariesMissing(); !why.isEmpty()) {
            QSKIP(qPrintable(u"NOT TESTED: builds by pip and npm: "_s + why));
        }
        QFETCH(const QString, file);
        QFETCH(const QByteArray, was);
        QFETCH(const QByteArray, is);
        QFETCH(const int, over);
        QFETCH(const QString, program);
        QFETCH(const QString, words);
        releaseWithLibraries(u"1.2.0"_s, [&](const QString &folder) {
            QFile edited(folder + u'/' + file);
            QVERIFY(edited.open(QIODevice::ReadOnly));
            QByteArray content = edited.readAll();
            QVERIFY(content.contains(was));
            content.replace(content.indexOf(was), was.size() + over, is);
            write(edited.fileName(), content);
        });
        TestContext context(m_target);
        const auto checkout = step(ReleaseSource::of(m_target)->place(staged(u"1.2.0"_s)));
        const auto undo = await(checkout->prepare(context, {}));
        const auto built = await(checkout->apply(context, *undo, {}));
        QVERIFY(!built);
        QCOMPARE(built.error().code, u"git.build_failed"_s);
        QCOMPARE(built.error().args[u"program"_s].toString(), program);
        QVERIFY2(built.error().what().contains(words), qPrintable(built.error().what()));
        QCOMPARE(await(checkout->inspect(context, {})).value(), Inspection::Partial);
        VERIFY_RESULT(await(checkout->revert(context, *undo, {})));
        QVERIFY(!QFileInfo::exists(m_target.releaseDirectory(u"1.2.0"_s)));
    }

    /// As a compiler's server does: it would refuse the next run its lock.
    void whatABuildLeavesRunningIsTold()
    {
        release(u"1.2.0"_s, {}, "sleep 300 >/dev/null 2>&1 &\necho $! > built.pid\n");
        const auto lock = await(RunLock::acquire(m_target.stateDirectory, u"a-run"_s, {}));
        VERIFY_RESULT(lock);
        LockedContext context(m_target, (*lock)->descriptor());
        const auto checkout = step(ReleaseSource::of(m_target)->place(staged(u"1.2.0"_s)));
        const auto built = await(checkout->apply(context, *await(checkout->prepare(context, {})), {}));
        const QByteArray pid = said(u"cat"_s, {m_target.releaseDirectory(u"1.2.0"_s) + u"/built.pid"_s}, path(u"."_s)).trimmed();
        QVERIFY(pid.toInt() > 1);
        ::kill(pid.toInt(), SIGKILL);
        VERIFY_RESULT(built);
        QCOMPARE(context.logged.size(), 1);
        QCOMPARE(context.logged.first().code, u"command.left_running"_s);
        QVERIFY2(context.logged.first().text().contains(u"sleep ("_s + QString::fromLatin1(pid) + u')'), qPrintable(context.logged.first().text()));
        QCOMPARE(context.result({}, u"remarks"_s).toArray().size(), 1);
    }

    void anyCommitIsPlacedUnderANameOfItsOwn()
    {
        const QString between = commit("between\n");
        release(u"1.2.0"_s, {}, "true\n");
        git({u"checkout"_s, u"-q"_s, u"-b"_s, u"aside"_s, u"v1.0.0"_s});
        const QString aside = commit("aside\n");
        git({u"checkout"_s, u"-q"_s, u"--orphan"_s, u"other"_s});
        const QString root = commit("root\n");
        git({u"checkout"_s, u"-q"_s, u"main"_s});
        const auto release = stagedCommit(between.left(8));
        VERIFY_RESULT(release);
        const QString version = u"1.1.0+g"_s + between.left(12);
        QCOMPARE(release->info.manifest.version.toString(), version);
        QCOMPARE(release->info.manifest.commit, between);
        QCOMPARE(release->info.manifest.build, QString());
        // Whatever its manifest says of the release that it came from.
        QCOMPARE(release->info.manifest.restart, QStringList{u"all"_s});
        QFile app(release->preview + u"/app.txt"_s);
        QVERIFY(app.open(QIODevice::ReadOnly));
        QCOMPARE(app.readAll(), "between\n");
        // What is called by a branch, and what comes before everything.
        QCOMPARE(stagedCommit(aside)->info.manifest.version.toString(), QString(u"1.0.0+g"_s + aside.left(12)));
        QCOMPARE(stagedCommit(root)->info.manifest.version.toString(), QString(u"0.0.0+g"_s + root.left(12)));
        // The commit of a tag is its release.
        const StagedRelease tagged = staged(u"1.1.0"_s);
        const auto same = stagedCommit(tagged.info.sha256.left(10));
        VERIFY_RESULT(same);
        QCOMPARE(same->info.manifest.version.toString(), u"1.1.0"_s);
        QCOMPARE(same->info.file, u"v1.1.0"_s);

        const auto source = ReleaseSource::of(m_target);
        const QList<StepSpec> steps = source->acquireSteps(*release);
        QCOMPARE(steps.size(), 1);
        QCOMPARE(steps[0].intent.code, u"git.intent.verify_commit_unsigned"_s);
        TestContext context(m_target);
        VERIFY_RESULT(await(step(steps[0])->apply(context, {}, {})));
        StepSpec gone = steps[0];
        gone.params[u"commit"_s] = QString(40, u'a');
        QCOMPARE(await(step(gone)->apply(context, {}, {})).error().code, u"git.no_commit"_s);
        const auto place = step(source->place(*release));
        const auto undo = await(place->prepare(context, {}));
        VERIFY_RESULT(await(place->apply(context, *undo, {})));
        VERIFY_RESULT(await(place->verify(context, {})));
        const QString folder = m_target.releaseDirectory(version);
        QVERIFY(QFileInfo::exists(folder + u"/built.txt"_s));
        VERIFY_RESULT(await(place->revert(context, *undo, {})));
        QVERIFY(!QFileInfo::exists(folder));
        // Without the server what is here is enough.
        QVERIFY(QDir().rename(path(u"source"_s), path(u"away"_s)));
        VERIFY_RESULT(stagedCommit(between));
        QCOMPARE(stagedCommit(QString(40, u'a')).error().code, u"git.no_repository"_s);
        m_target.repository.git.url.clear();
        QCOMPARE(stagedCommit(between).error().code, u"git.no_commits"_s);
    }

    void aCommitIsAlsoNamedByItsTagOrABranch()
    {
        const auto code = [this](const QString &name) { return stagedCommit(name).error().code; };
        const auto commitOf = [this](const QString &name) { return stagedCommit(name).value_or(StagedRelease()).info.sha256; };
        release(u"1.2.0"_s, {}, "true\n");
        git({u"checkout"_s, u"-q"_s, u"-b"_s, u"fix/orders"_s, u"v1.1.0"_s});
        const QString fix = commit("fix\n");
        const auto byTag = stagedCommit(u"v1.2.0"_s);
        VERIFY_RESULT(byTag);
        QCOMPARE(byTag->info.manifest.version.toString(), u"1.2.0"_s);
        QCOMPARE(byTag->info.file, u"v1.2.0"_s);
        const auto byBranch = stagedCommit(u"fix/orders"_s);
        VERIFY_RESULT(byBranch);
        QCOMPARE(byBranch->info.sha256, fix);
        QCOMPARE(byBranch->info.manifest.version.toString(), QString(u"1.1.0+g"_s + fix.left(12)));
        // Its name means what the branch is now.
        const QString more = commit("more\n");
        QCOMPARE(commitOf(u"fix/orders"_s), more);
        // A name is a whole one, and nothing that git would read more into.
        for (const QString &none : {u"orders"_s, u"fix"_s, u"fix/*"_s, u"fix/orders~1"_s, u"v1.2.0^"_s, u"refs/heads/main"_s, u"--all"_s, u"HEAD"_s, u" "_s}) {
            QCOMPARE(code(none), u"git.no_commit"_s);
        }
        // A release's tag goes before a branch, and a hash before both.
        git({u"branch"_s, u"v1.2.0"_s});
        git({u"branch"_s, fix.left(8), u"v1.1.0"_s});
        QCOMPARE(commitOf(u"v1.2.0"_s), byTag->info.sha256);
        QCOMPARE(commitOf(fix.left(8)), fix);
        // A branch that is gone is none any more; its commits are still here.
        git({u"checkout"_s, u"-q"_s, u"main"_s});
        git({u"branch"_s, u"-q"_s, u"-D"_s, u"fix/orders"_s});
        QCOMPARE(code(u"fix/orders"_s), u"git.no_commit"_s);
        VERIFY_RESULT(stagedCommit(more));
        // A tag stays as it came; what a branch is by now only the server knows.
        QVERIFY(QDir().rename(path(u"source"_s), path(u"away"_s)));
        VERIFY_RESULT(stagedCommit(u"v1.2.0"_s));
        QCOMPARE(code(u"main"_s), u"git.no_repository"_s);
    }

    void aCommitOfAnotherProductOrWithABrokenManifestIsRefused()
    {
        write(path(u"source/manifest.yaml"_s), "schema: 1\nproduct: other\nversion: 1.2.0\nfrom: ^1.0\nupdate_type: minor\nrisk: low\n");
        const auto other = stagedCommit(commit("other\n"));
        QCOMPARE(other.error().code, u"git.commit_product"_s);
        write(path(u"source/manifest.yaml"_s), "schema: 1\nproduct: [\n");
        const QString broken = commit("broken\n");
        const auto unread = stagedCommit(broken);
        QVERIFY(!unread);
        QVERIFY2(unread.error().where.startsWith(broken.left(12) + u":manifest.yaml:"_s), qPrintable(unread.error().text()));
    }

    void whereTagsAreSignedACommitNeedsOneBehindIt()
    {
        const auto key = [this](const QString &name) {
            QProcess keygen;
            keygen.start(u"ssh-keygen"_s, {u"-q"_s, u"-t"_s, u"ed25519"_s, u"-N"_s, QString(), u"-f"_s, path(name)});
            QFile open(path(name + u".pub"_s));
            return keygen.waitForFinished(60000) && open.open(QIODevice::ReadOnly) ? open.readAll() : QByteArray();
        };
        const auto sign = [this](const QString &tag, const QString &by) {
            git({u"-c"_s, u"gpg.format=ssh"_s, u"-c"_s, QString(u"user.signingkey="_s + path(by)), u"tag"_s, u"-s"_s, tag, u"-m"_s, tag});
        };
        write(path(u"signers"_s), "kim@example.org " + key(u"kim"_s));
        QVERIFY(!key(u"stranger"_s).isEmpty());
        const QString between = commit("between\n");
        release(u"1.2.0"_s, {}, "true\n");
        const QString unsignedRelease = head();
        m_target.repository.git.signedTags = true;
        m_target.repository.git.allowedSigners = path(u"signers"_s);
        // Tags contain it, but none that counts; and a branch never does.
        QCOMPARE(stagedCommit(between).error().code, u"git.commit_unsigned"_s);
        QCOMPARE(stagedCommit(unsignedRelease).error().code, u"git.commit_unsigned"_s);
        commit("later\n");
        sign(u"v1.3.0"_s, u"stranger"_s);
        QCOMPARE(stagedCommit(between).error().code, u"git.commit_unsigned"_s);
        commit("latest\n");
        sign(u"v1.4.0"_s, u"kim"_s);
        git({u"checkout"_s, u"-q"_s, u"-b"_s, u"aside"_s});
        const QString behind = commit("behind\n");
        // The tag is looked for where it is not here yet, and vouches for all that came before it.
        const auto release = stagedCommit(between);
        VERIFY_RESULT(release);
        QCOMPARE(release->info.file, u"v1.4.0"_s);
        QVERIFY2(release->verified.keyId.startsWith(u"kim@example.org "_s), qPrintable(release->verified.keyId));
        // A release with no good signature of its own is a commit like any other.
        const auto unsignedOne = stagedCommit(unsignedRelease);
        VERIFY_RESULT(unsignedOne);
        QCOMPARE(unsignedOne->info.manifest.version.toString(), QString(u"1.2.0+g"_s + unsignedRelease.left(12)));
        QCOMPARE(stagedCommit(behind).error().code, u"git.commit_unsigned"_s);

        const QList<StepSpec> steps = ReleaseSource::of(m_target)->acquireSteps(*release);
        QVERIFY2(steps[0].intent.text().contains(u"v1.4.0"_s) && steps[0].intent.text().contains(u"kim@example.org"_s), qPrintable(steps[0].intent.text()));
        TestContext context(m_target);
        VERIFY_RESULT(await(step(steps[0])->apply(context, {}, {})));
        StepSpec other = steps[0];
        other.params[u"signer"_s] = u"lee@example.org SHA256:x"_s;
        QCOMPARE(await(step(other)->apply(context, {}, {})).error().code, u"git.signer_changed"_s);
        other.params[u"tag"_s] = u"v1.0.0"_s;
        QCOMPARE(await(step(other)->apply(context, {}, {})).error().code, u"git.commit_unsigned_now"_s);
        other.params[u"tag"_s] = u"v1.3.0"_s;
        QCOMPARE(await(step(other)->apply(context, {}, {})).error().code, u"git.signature_wrong"_s);
    }

    void gitOfTheNetworkKeepsNoRunLock()
    {
        QTcpServer silent; // Takes the question, and never answers.
        QVERIFY(silent.listen(QHostAddress::LocalHost));
        StepSpec fetch;
        fetch.kind = u"fetch_release"_s;
        fetch.params = {{u"tag"_s, u"v9.9.9"_s}, {u"commit"_s, QString(40, u'a')}, {u"version"_s, u"9.9.9"_s}};
        m_target.repository.git.url = u"git://127.0.0.1:%1/x.git"_s.arg(silent.serverPort());
        const auto lock = await(RunLock::acquire(m_target.stateDirectory, u"a-run"_s, {}));
        VERIFY_RESULT(lock);
        LockedContext context(m_target, (*lock)->descriptor());
        const auto git = step(fetch);
        std::stop_source stop;
        const auto task = git->apply(context, {}, stop.get_token());
        const auto held = [this] {
            const QList<LockKeeper> keepers = RunLock::keepers(m_target.stateDirectory);
            return std::ranges::any_of(keepers, [](const LockKeeper &keeper) { return keeper.program.startsWith(u"git"_s); });
        };
        // The one that makes the copy has it for a moment. The one that asks there stays for as long as it gets no answer, and may
        // start a daemon that keeps logins for much longer.
        QVERIFY(QTest::qWaitFor([&silent, &task] { return silent.hasPendingConnections() || task.isReady(); }, QDeadlineTimer(60s)));
        QVERIFY(!task.isReady());
        QVERIFY(!held());
        stop.request_stop();
        QVERIFY(QTest::qWaitFor([&task] { return task.isReady(); }, QDeadlineTimer(60s)));
    }

    void aTagThatMovedAtAnotherUrlIsTold()
    {
        (void)staged(u"1.1.0"_s);
        // Somebody made the repository anew elsewhere, with other commits under the same names.
        QVERIFY(QDir().rename(path(u"source"_s), path(u"old"_s)));
        QVERIFY(QDir().mkpath(path(u"source"_s)));
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s});
        release(u"1.1.0"_s, {}, "exit 0\n");
        release(u"2.0.0"_s, {}, "exit 0\n");
        QVERIFY(QDir().rename(path(u"source"_s), path(u"elsewhere"_s)));
        m_target.repository.git.url = path(u"elsewhere"_s);
        const auto source = ReleaseSource::of(m_target);
        const auto offered = await(source->releases());
        VERIFY_RESULT(offered);
        QCOMPARE(offered->size(), 1);
        QCOMPARE(offered->first().manifest.version.toString(), u"2.0.0"_s);
        QCOMPARE(source->unusable().size(), 1);
        QCOMPARE(source->unusable().first().code, u"git.tag_moved"_s);
        QVERIFY(source->unusable().first().what().contains(u"v1.1.0"_s));
    }

    void aTagThatMovedSinceThePlanIsRefused()
    {
        const StagedRelease release = staged(u"1.1.0"_s);
        const auto source = ReleaseSource::of(m_target);
        QList<StepSpec> steps = source->acquireSteps(release);
        steps[0].params[u"commit"_s] = QString(40, u'a');
        TestContext context(m_target);
        QCOMPARE(await(step(steps[0])->apply(context, {}, {})).error().code, u"git.tag_moved"_s);
        steps[1].params[u"commit"_s] = QString(40, u'a');
        QCOMPARE(await(step(steps[1])->apply(context, {}, {})).error().code, u"git.tag_moved"_s);
    }
};

QTEST_GUILESS_MAIN(GitReleaseTest)
#include "gitreleasetest.moc"
