// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallserver.h"
#include "testcontext.h"

#include "check/checklist.h"
#include "check/jsonshape.h"
#include "plan/planners.h"
#include "run/journal.h"
#include "run/orchestrator.h"
#include "run/report.h"
#include "run/runlock.h"
#include "system/files.h"
#include "system/random.h"
#include "system/sqlitevfs.h"

#include <QCoroTask>
#include <QDir>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace cutover;
using namespace Qt::StringLiterals;

/** The checks before and after a release as a pair: what is compared, what is run as evidence, and what is not ours. */
class ReleaseCheckTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;

    static StepSpec precheck(const Target &target)
    {
        PlanningContext context;
        context.target = target;
        return QCoro::waitFor(planChecks(context, StagedRelease()))->value(0);
    }
    static StepSpec health(const Target &target, const QString &version = {}, const QString &build = {}, const QString &commit = {})
    {
        PlanningContext context;
        context.target = target;
        StagedRelease release;
        release.info.manifest.version = Version::parse(version).value_or(Version{});
        release.info.manifest.build = build;
        release.info.manifest.commit = commit;
        StepSpec step = QCoro::waitFor(planHealth(context, release))->value(0);
        if (version.isEmpty()) {
            step.params.remove(u"expected"_s);
        }
        return step;
    }
    static Result<> apply(TestContext &context, const StepSpec &spec)
    {
        TRY(const auto step, StepRegistry::create(spec));
        return QCoro::waitFor(step->apply(context, {}, {}));
    }
    static CheckResult resultOf(const TestContext &context, const QString &id)
    {
        const QJsonArray all = context.results[u"checks"_s].toArray();
        for (const auto &value : all) {
            if (const auto result = CheckResult::fromJson(value.toObject()); result.id == id) {
                return result;
            }
        }
        return {};
    }
    /// Before, the change, after; the result of the checks after.
    Result<> update(TestContext &context, const std::function<void()> &change)
    {
        const auto before = apply(context, precheck(m_target));
        context.checks = context.results[u"checks"_s].toArray();
        change();
        const auto after = apply(context, health(m_target));
        return !before && after ? before : after;
    }
    QString script(const QString &name, const QByteArray &text)
    {
        const QString file = m_folder->filePath(name);
        if (!files::replace(file, "#!/bin/sh\n" + text) || !QFile::setPermissions(file, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner)) {
            qWarning("script");
        }
        return file;
    }
    static QStringList pointers(const QByteArray &before, const QByteArray &after, const QStringList &ignore, bool values)
    {
        const QTemporaryDir folder;
        const auto shape = [&](const QByteArray &json) {
            return jsonshape::of(folder.path(), QJsonDocument::fromJson('[' + json + ']').array().first(), values).value_or(QJsonObject());
        };
        QStringList result;
        const QJsonArray found = jsonshape::differences(shape(before), shape(after), ignore);
        for (const auto &one : found) {
            result.append(Message::fromJson(one.toObject()).text());
        }
        return result;
    }

private Q_SLOTS:
    void initTestCase() { installSqliteVfs(); }
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_target = Target();
        m_target.name = u"trading"_s;
        m_target.environment = u"production"_s;
        m_target.path = m_folder->filePath(u"target.yaml"_s);
        m_target.stateDirectory = m_folder->filePath(u"state"_s);
        m_target.releasesDirectory = m_folder->filePath(u"releases"_s);
        m_target.check.minimumFreeBytes = 1 << 20;
        QVERIFY(files::makePath(m_target.stateDirectory));
        QVERIFY(files::replace(m_target.path, "test\n"));
    }

    void shapes_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QByteArray>("after");
        QTest::addColumn<bool>("values");
        QTest::addColumn<QStringList>("ignore");
        QTest::addColumn<QStringList>("found");
        const auto row = [](const char *name, const char *before, const char *after, const QStringList &found, bool values = false, const QStringList &ignore = {}) {
            QTest::newRow(name) << QByteArray(before) << QByteArray(after) << values << ignore << found;
        };
        row("same", R"({"a": 1})", R"({"a": 2})", {});
        row("more", R"({"a": 1})", R"({"b": [], "a": 2})", {});
        row("vanished", R"({"a": 1, "b": 2})", R"({"a": 1})", {u"/b vanished"_s});
        row("all below it, once", R"({"a": {"b": {"c": 1}}})", R"({})", {u"/a vanished"_s});
        row("deep", R"({"a": {"b": 1, "c": 2}})", R"({"a": {"c": 2}})", {u"/a/b vanished"_s});
        row("type", R"({"a": 1})", R"({"a": "1"})", {u"/a was number, is text"_s});
        row("object to list", R"({"a": {"b": 1}})", R"({"a": [1]})", {u"/a was object, is list"_s});
        row("root", R"({"a": 1})", R"([1])", {u"/ was object, is list"_s});
        row("number kinds are one", R"({"a": 1})", R"({"a": 1.5})", {});
        row("null goes with all", R"({"a": null, "b": 1})", R"({"a": 5, "b": null})", {});
        row("escaped", R"({"a/b": 1, "m~n": 2})", R"({})", {u"/a~1b vanished"_s, u"/m~0n vanished"_s});
        row("items", R"([{"id": 1, "price": 2}])", R"([{"id": 1}, {"id": 2}])", {u"/*/price vanished"_s});
        row("of some items", R"([{"id": 1, "price": 2}])", R"([{"id": 1, "price": 3}, {"id": 2}])", {u"/*/price is missing in 2 places but for 1"_s});
        row("never in all items", R"([{"id": 1, "note": "x"}, {"id": 2}])", R"([{"id": 1}])", {});
        row("type of items", R"([1, 2])", R"(["1"])", {u"/* was number, is text"_s});
        row("an empty list tells nothing", R"({"l": [{"id": 1}]})", R"({"l": []})", {});
        row("an empty list told nothing", R"({"l": []})", R"({"l": [{"id": 1}]})", {});
        row("value", R"({"a": 1, "b": "x"})", R"({"a": 2, "b": "x"})", {u"/a has another value"_s}, true);
        row("ignored value", R"({"a": 1, "t": 7})", R"({"a": 1, "t": 8})", {}, true, {u"/t"_s});
        row("ignored with all below", R"({"a": {"t": 7}})", R"({"a": {"t": 8}})", {}, true, {u"/a"_s});
        row("ignored of all items", R"([{"t": 7}, {"t": 1}])", R"([{"t": 8}, {"t": 2}])", {}, true, {u"/*/t"_s});
        row("not ignored", R"([{"t": 7, "u": 1}])", R"([{"t": 8, "u": 2}])", {u"/0/u has another value"_s}, true, {u"/*/t"_s});
        row("number of items", R"({"l": [1]})", R"({"l": [1, 1]})", {u"/l has another value"_s}, true);
        row("ignored, yet gone", R"({"t": 7})", R"({})", {u"/t vanished"_s}, true, {u"/t"_s});
        row("null is a value", R"({"t": 7})", R"({"t": null})", {u"/t has another value"_s}, true);
    }
    void shapes()
    {
        QFETCH(const QByteArray, before);
        QFETCH(const QByteArray, after);
        QFETCH(const bool, values);
        QFETCH(const QStringList, ignore);
        QFETCH(const QStringList, found);
        QCOMPARE(pointers(before, after, ignore, values), found);
    }

    void shapesAreBoundedAndTellNoValue()
    {
        QJsonObject wide;
        for (int i = 0; i < 1001; ++i) {
            wide.insert(u"member-%1"_s.arg(i), i);
        }
        QCOMPARE(jsonshape::of(m_target.stateDirectory, wide, false).error().code, u"check.shape_large"_s);
        QJsonArray longList;
        for (int i = 0; i < 2000; ++i) {
            longList.append(i);
        }
        QVERIFY(jsonshape::of(m_target.stateDirectory, longList, false));
        QCOMPARE(jsonshape::of(m_target.stateDirectory, longList, true).error().code, u"check.shape_large"_s);
        const auto shape = jsonshape::of(m_target.stateDirectory, QJsonObject{{u"account"_s, u"8012-3456"_s}, {u"other"_s, u"8012-3456"_s}}, true);
        QVERIFY(shape);
        const QByteArray kept = QJsonDocument(*shape).toJson();
        QVERIFY2(!kept.contains("8012"), kept.constData());
        QVERIFY((*shape)["values"_L1][u"/account"_s] != (*shape)["values"_L1][u"/other"_s]);
    }

    void compatibility()
    {
        QByteArray body = R"({"symbol": "005930", "price": 70100, "bids": [{"price": 1, "size": 2}]})";
        int status = 200;
        SmallServer server([&](const QByteArray &) { return SmallServer::Answer{status, body}; });
        CompatibilitySpec spec;
        spec.name = u"quote"_s;
        spec.url = server.url(u"/api/quote"_s);
        spec.ignore = {QString()};
        m_target.check.compatibility = {spec};

        TestContext same(m_target);
        QVERIFY(update(same, [&] { body = R"({"price": 70200, "symbol": "005930", "bids": [], "ask": 1})"; }));
        CheckResult result = resultOf(same, u"compatibility:quote"_s);
        QCOMPARE(result.status, CheckResult::Status::Passed);
        QCOMPARE(result.finding.code, u"check.compatibility_ok"_s);
        const CheckResult recorded = CheckResult::fromJson(same.checks.last().toObject());
        QCOMPARE(recorded.id, u"compatibility:quote"_s);
        QVERIFY2(recorded.finding.text().contains(u"status 200"_s) && recorded.finding.text().contains(u"7 members"_s), qPrintable(recorded.finding.text()));
        // Shape only, and no value of it.
        QVERIFY(!QJsonDocument(recorded.toJson()).toJson().contains("70100"));

        body = R"({"symbol": "005930", "price": 70100, "bids": [{"price": 1, "size": 2}]})";
        TestContext broken(m_target);
        const auto failed = update(broken, [&] {
            body = R"({"symbol": 5930, "bids": [{"price": 1}]})";
        });
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, u"check.failed_after"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Permanent);
        QVERIFY2(failed.error().what().contains(u"3 differences: /bids/*/size vanished, /price vanished, /symbol was text, is number."_s), qPrintable(failed.error().what()));

        // A status is a part of it, too.
        body = R"({"symbol": "005930"})";
        TestContext gone(m_target);
        const auto missing = update(gone, [&] {
            status = 404;
            body = "not found";
        });
        QVERIFY(!missing);
        QVERIFY2(missing.error().what().contains(u"2 differences: status 404, before 200, no JSON any more."_s), qPrintable(missing.error().what()));
    }

    /// An answer to HEAD tells a length and has no body.
    void compatibilityOfHeaders()
    {
        int status = 200;
        SmallServer server([&](const QByteArray &) { return SmallServer::Answer{.status = status, .body = {}, .claimedLength = 500}; });
        CompatibilitySpec spec;
        spec.name = u"file"_s;
        spec.method = u"HEAD"_s;
        spec.url = server.url(u"/file"_s);
        m_target.check.compatibility = {spec};
        TestContext same(m_target);
        QVERIFY(update(same, [] { }));
        QVERIFY2(resultOf(same, u"compatibility:file"_s).status == CheckResult::Status::Passed, qPrintable(resultOf(same, u"compatibility:file"_s).error.text()));
        TestContext other(m_target);
        const auto failed = update(other, [&] { status = 404; });
        QVERIFY(!failed);
        QVERIFY2(failed.error().what().contains(u"status 404, before 200"_s), qPrintable(failed.error().what()));
    }

    /// Half-way to the last of several releases nothing turns back for what happens in staging meanwhile.
    void stagingIsAskedOnceOnAWay()
    {
        m_target.staging.target = m_folder->filePath(u"nowhere.yaml"_s);
        StepSpec step = precheck(m_target);
        TestContext first(m_target);
        const auto shut = apply(first, step);
        QVERIFY(!shut);
        QCOMPARE(resultOf(first, u"staging"_s).error.code, u"staging.no_target"_s);
        step.id = u"2.0.0/precheck"_s;
        TestContext later(m_target);
        const auto open = apply(later, step);
        QVERIFY2(open, qPrintable(open ? QString() : open.error().text()));
        QVERIFY(resultOf(later, u"staging"_s).id.isEmpty());
    }

    /// What fails there is not told as if nothing had been changed yet.
    void failedBetweenTwoReleases()
    {
        ProbeSpec broker;
        broker.name = u"broker"_s;
        broker.http = u"http://127.0.0.1:1/"_s;
        m_target.check.external = {broker};
        StepSpec step = precheck(m_target);
        TestContext first(m_target);
        QCOMPARE(apply(first, step).error().code, u"check.failed_before_known"_s);
        step.id = u"2.0.0/precheck"_s;
        TestContext later(m_target);
        const auto failed = apply(later, step);
        QCOMPARE(failed.error().code, u"check.failed_between_known"_s);
        QVERIFY2(!failed.error().hint().contains(u"Nothing has been changed"), qPrintable(failed.error().hint()));
    }

    void compatibilityOfValues()
    {
        QByteArray body = R"({"limit": 5, "time": 1})";
        SmallServer server([&](const QByteArray &) { return SmallServer::Answer{200, body}; });
        CompatibilitySpec spec;
        spec.name = u"limits"_s;
        spec.url = server.url(u"/api/limits"_s);
        spec.ignore = {u"/time"_s};
        m_target.check.compatibility = {spec};
        TestContext same(m_target);
        QVERIFY(update(same, [&] { body = R"({"limit": 5, "time": 2})"; }));
        TestContext other(m_target);
        const auto failed = update(other, [&] { body = R"({"limit": 6, "time": 3})"; });
        QVERIFY(!failed);
        QVERIFY2(failed.error().what().contains(u"1 difference: /limit has another value."_s), qPrintable(failed.error().what()));
    }

    void whatWasNotRecordedIsNotCompared()
    {
        int status = 500;
        SmallServer server([&](const QByteArray &) { return SmallServer::Answer{status, "{}"}; });
        CompatibilitySpec spec;
        spec.name = u"new"_s;
        spec.url = server.url(u"/api/new"_s);
        spec.ignore = {QString()};
        m_target.check.compatibility = {spec};
        TestContext mended(m_target);
        const auto after = update(mended, [&] { status = 200; });
        QVERIFY2(after, qPrintable(after ? QString() : after.error().text()));
        QCOMPARE(CheckResult::fromJson(mended.checks.last().toObject()).status, CheckResult::Status::Warning);
        // Nothing to hold against the update, and nothing to be glad of.
        QCOMPARE(resultOf(mended, u"compatibility:new"_s).status, CheckResult::Status::Warning);
        QCOMPARE(resultOf(mended, u"compatibility:new"_s).error.code, u"check.not_ours"_s);

        // A rollback has no checks before it, and so none to compare with.
        TestContext back(m_target);
        QVERIFY(apply(back, health(m_target)));
        QVERIFY(resultOf(back, u"compatibility:new"_s).id.isEmpty());
    }

    void evidence()
    {
        QVERIFY(files::makePath(m_target.releaseDirectory(u"1.2.0"_s)));
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        m_target.configuration = {{m_folder->filePath(u".env"_s), {}}};
        QVERIFY(files::replace(m_target.configuration[0].file, "API_KEY=hunter2hunter2\n"));
        EvidenceSpec tests;
        tests.name = u"tests"_s;
        tests.command = {script(u"tests"_s, "pwd\necho \"of $1 in $2\"\necho key hunter2hunter2\ni=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); done\necho '31 passed'\n"), u"{version}"_s, u"{release}"_s};
        EvidenceSpec audit = tests;
        audit.name = u"audit"_s;
        audit.before = false;
        audit.command = {script(u"audit"_s, "echo ran >>'" + m_folder->filePath(u"audits"_s).toUtf8() + "'\necho 'found 2 vulnerabilities'\nexit 1\n")};
        m_target.check.evidence = {tests, audit};

        TestContext context(m_target);
        const auto before = apply(context, precheck(m_target));
        QVERIFY2(before, qPrintable(before ? QString() : before.error().text()));
        CheckResult result = resultOf(context, u"evidence:tests"_s);
        QCOMPARE(result.status, CheckResult::Status::Passed);
        QVERIFY2(result.finding.text().endsWith(u"Its end:\nline 27\nline 28\nline 29\n31 passed"_s), qPrintable(result.finding.text()));
        QVERIFY(resultOf(context, u"evidence:audit"_s).id.isEmpty());
        const QString log = context.runDirectory() + u"/evidence-tests.log"_s;
        const QByteArray whole = *files::read(log);
        QVERIFY2(result.finding.text().contains(log), qPrintable(result.finding.text()));
        const QByteArray folder = m_target.releaseDirectory(u"1.2.0"_s).toUtf8();
        QVERIFY2(whole.startsWith(QByteArray(folder + "\nof 1.2.0 in " + folder + '\n')), whole.constData());
        QVERIFY(whole.contains("line 0\n") && whole.endsWith("31 passed\n"));
        QVERIFY2(!whole.contains("hunter2"), whole.constData());

        context.checks = context.results[u"checks"_s].toArray();
        const auto after = apply(context, health(m_target));
        QVERIFY(!after);
        QCOMPARE(after.error().what(),
                 QString(u"The check “Evidence: audit” fails after the update: “"_s + audit.command.first() + u"” ended with exit code 1 after "_s
                         + durationText(resultOf(context, u"evidence:audit"_s).error.args[u"duration"_s].toInteger()) + u", expected 0. Its end:\nfound 2 vulnerabilities"_s));
        // What costs so much is not tried three times.
        QCOMPARE(*files::read(m_folder->filePath(u"audits"_s)), QByteArray("ran\n"));
        m_target.check.evidence[1].critical = false;
        TestContext tolerant(m_target);
        QVERIFY(apply(tolerant, health(m_target)));
        QCOMPARE(resultOf(tolerant, u"evidence:audit"_s).status, CheckResult::Status::Warning);
    }

    /// As pip and npm themselves judge what a release has installed: npm asks its registry, pip what is there.
    void auditsOfPipAndNpm()
    {
        if (QStandardPaths::findExecutable(u"npm"_s).isEmpty()) {
            QSKIP("NOT TESTED: audits by pip and npm, which are not installed");
        }
        const QString release = m_target.releaseDirectory(u"1.2.0"_s);
        QVERIFY(files::makePath(release));
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        const auto run = [&release](const QString &program, const QStringList &arguments) {
            QProcess process;
            process.setWorkingDirectory(release);
            process.start(program, arguments);
            return process.waitForFinished(60000) && process.exitCode() == 0 ? QByteArray() : QByteArray("failed: " + process.readAllStandardError());
        };
        QCOMPARE(run(u"python3"_s, {QStringLiteral(LIBRARIES), release, u"1.2.0"_s}), QByteArray());
        QCOMPARE(run(u"npm"_s, {u"ci"_s, u"--offline"_s, u"--no-audit"_s}), QByteArray());
        QCOMPARE(run(u"python3"_s, {u"-m"_s, u"venv"_s, u"venv"_s}), QByteArray());
        QCOMPARE(run(release + u"/venv/bin/pip"_s, {u"install"_s, u"--no-index"_s, u"--find-links"_s, u"vendor"_s, u"-r"_s, u"requirements.txt"_s}), QByteArray());
        QByteArray advisories = "{}";
        SmallServer registry([&advisories](const QByteArray &path) -> SmallServer::Answer {
            return path.endsWith("/advisories/bulk") ? SmallServer::Answer{.status = 200, .body = advisories} : SmallServer::Answer{.status = 404, .body = "{}"};
        });
        EvidenceSpec npm;
        npm.name = u"npm"_s;
        npm.command = {u"npm"_s, u"audit"_s, u"--registry"_s, registry.url(u"/"_s), u"--fetch-retries"_s, u"0"_s};
        npm.proves = {u"audit"_s};
        EvidenceSpec pip = npm;
        pip.name = u"pip"_s;
        pip.command = {u"venv/bin/pip"_s, u"check"_s};
        m_target.check.evidence = {npm, pip};
        TestContext clean(m_target);
        const auto before = apply(clean, precheck(m_target));
        QVERIFY2(before, qPrintable(before ? QString() : before.error().text()));
        QVERIFY(registry.requests > 0);
        QVERIFY2(resultOf(clean, u"evidence:npm"_s).finding.text().endsWith(u"found 0 vulnerabilities"_s), qPrintable(resultOf(clean, u"evidence:npm"_s).finding.text()));
        QVERIFY2(resultOf(clean, u"evidence:pip"_s).finding.text().endsWith(u"No broken requirements found."_s), qPrintable(resultOf(clean, u"evidence:pip"_s).finding.text()));

        advisories = R"({"limits":[{"id":1,"url":"https://example.org/1","title":"Lets anything pass","severity":"high","vulnerable_versions":"<2.0.0","cwe":[],"cvss":{"score":0,"vectorString":null}}]})";
        const QString metadata = release + u"/venv/lib/"_s + QDir(release + u"/venv/lib"_s).entryList({u"python3*"_s}).value(0) + u"/site-packages/fees-1.2.0.dist-info/METADATA"_s;
        QVERIFY(files::replace(metadata, *files::read(metadata) + "Requires-Dist: rounding>=2\n"));
        TestContext found(m_target);
        QVERIFY(!apply(found, precheck(m_target)));
        const CheckResult npmFound = resultOf(found, u"evidence:npm"_s);
        QCOMPARE(npmFound.status, CheckResult::Status::Failed);
        QVERIFY2(npmFound.error.text().contains(u"1 high severity vulnerability"_s), qPrintable(npmFound.error.text()));
        const CheckResult pipFound = resultOf(found, u"evidence:pip"_s);
        QCOMPARE(pipFound.status, CheckResult::Status::Failed);
        QVERIFY2(pipFound.error.text().contains(u"fees 1.2.0 requires rounding, which is not installed."_s), qPrintable(pipFound.error.text()));
        // Nobody to ask is no clean bill.
        registry.close();
        TestContext alone(m_target);
        QVERIFY(!apply(alone, precheck(m_target)));
        QVERIFY2(resultOf(alone, u"evidence:npm"_s).error.text().contains(u"audit endpoint returned an error"_s), qPrintable(resultOf(alone, u"evidence:npm"_s).error.text()));
    }

    /// So that no new runner begins while what a killed one has begun is at work.
    void evidenceKeepsTheRunsLock()
    {
        const auto lock = QCoro::waitFor(RunLock::acquire(m_target.stateDirectory, u"run-1"_s, {}));
        QVERIFY(lock);
        EvidenceSpec tests;
        tests.name = u"tests"_s;
        tests.command = {script(u"tests"_s, "for fd in /proc/$$/fd/*; do readlink \"$fd\"; done\n")};
        m_target.check.evidence = {tests};
        TestContext context(m_target);
        context.lock = (*lock)->descriptor();
        QVERIFY(apply(context, precheck(m_target)));
        const QByteArray open = *files::read(context.runDirectory() + u"/evidence-tests.log"_s);
        QVERIFY2(open.contains(QByteArray(QDir(m_target.stateDirectory).canonicalPath().toUtf8() + "/lock\n")), open.constData());
    }

    void evidenceThatTakesTooLong()
    {
        EvidenceSpec load;
        load.name = u"load"_s;
        load.command = {script(u"load"_s, "echo begun\nexec sleep 60\n")};
        load.timeoutMs = 3000;
        m_target.check.evidence = {load};
        TestContext context(m_target);
        const auto failed = apply(context, precheck(m_target));
        QVERIFY(!failed);
        QVERIFY2(failed.error().what().endsWith(u"was not done within 3 s and was ended. Its last lines:\nbegun"_s), qPrintable(failed.error().what()));

        // And somebody who does not want to wait.
        m_target.check.evidence[0].timeoutMs = 60000;
        CheckScope scope;
        scope.target = m_target;
        scope.only = {u"evidence:load"_s};
        std::stop_source stop;
        QElapsedTimer clock;
        clock.start();
        QStringList told;
        const auto hear = [&](const CheckResult &result) {
            told.append(result.finding.text());
            if (told.constLast() == u"load: begun"_s) {
                QTimer::singleShot(0, this, [&stop] { stop.request_stop(); });
            }
        };
        const auto list = QCoro::waitFor(runCheckList(scope, hear, stop.get_token()));
        QCOMPARE(list.error().kind, Error::Kind::Cancelled);
        QVERIFY(clock.elapsed() < 20000);
        QVERIFY2(told.contains(u"load: begun"_s), qPrintable(told.join(u'|')));
        QCOMPARE(*files::read(m_target.stateDirectory + u"/checks/evidence-load.log"_s), "begun\n");
        m_target.check.evidence[0].command = {u"/nowhere/pytest"_s};
        TestContext missing(m_target);
        QVERIFY(apply(missing, precheck(m_target)).error().what().contains(u"/nowhere/pytest"_s));
    }

    void notOurs_data()
    {
        QTest::addColumn<QString>("what");
        for (const char *what : {"external", "external:wait", "external:hold", "probe", "webSocket", "certificate", "latency", "compatibility"}) {
            QTest::newRow(what) << QString::fromLatin1(what);
        }
    }
    /// What failed before fails no update, rolls nothing back, and is not green; what was well before does.
    void notOurs()
    {
        QFETCH(const QString, what);
        int status = 200;
        SmallServer server([&](const QByteArray &) { return SmallServer::Answer{status, "{\"a\": 1}"}; });
        ProbeSpec probe;
        probe.name = u"x"_s;
        probe.http = server.url(u"/x"_s);
        QString id = u"external:x"_s;
        std::function<void()> spoil = [&] { status = 500; };
        std::function<void()> mend = [&] { status = 200; };
        const QString pem = m_folder->filePath(u"x.pem"_s);
        if (what.startsWith(u"external"_s)) {
            probe.whileDown = what.endsWith(u"wait"_s) ? ProbeSpec::WhileDown::Wait : what.endsWith(u"hold"_s) ? ProbeSpec::WhileDown::Hold
                                                                                                               : ProbeSpec::WhileDown::Fail;
            probe.intervalMs = 20;
            m_target.check.externalWaitMs = 100;
            m_target.check.external = {probe};
        } else if (what == u"probe"_s) {
            qputenv("NOT_OURS", "Bearer x");
            probe.headers = {{u"Authorization"_s, u"env:NOT_OURS"_s}};
            m_target.check.probes = {probe};
            id = u"probe:x"_s;
        } else if (what == u"webSocket"_s) {
            // Well is not to be had from this server: only that it is not ours.
            probe.http = u"ws://127.0.0.1:%1/"_s.arg(server.serverPort());
            probe.webSocket = true;
            m_target.check.probes = {probe};
            id = u"probe:x"_s;
            mend = {};
        } else if (what == u"certificate"_s) {
            CertificateSpec spec;
            spec.name = u"x"_s;
            spec.file = pem;
            spec.critical = true;
            m_target.check.certificates = {spec};
            id = u"certificate:x"_s;
            mend = {};
        } else if (what == u"latency"_s) {
            m_target.check.latencyUrl = server.url(u"/x"_s);
            m_target.check.latencyRequests = 5;
            m_target.check.latencyP95Ms = 5000;
            m_target.check.latencyP99Ms = 1000;
            spoil = [&] { server.delayMs = 1500; };
            mend = [&] { server.delayMs = 0; };
            id = u"latency"_s;
        } else {
            CompatibilitySpec spec;
            spec.name = u"x"_s;
            spec.url = server.url(u"/x"_s);
            spec.ignore = {QString()};
            m_target.check.compatibility = {spec};
            id = u"compatibility:x"_s;
        }
        spoil();
        TestContext context(m_target);
        (void)apply(context, precheck(m_target));
        QVERIFY(resultOf(context, id).status >= CheckResult::Status::Warning);
        context.checks = context.results[u"checks"_s].toArray();
        const auto excused = apply(context, health(m_target));
        QVERIFY2(excused, qPrintable(excused ? QString() : excused.error().text()));
        const CheckResult result = resultOf(context, id);
        QCOMPARE(result.status, CheckResult::Status::Warning);
        QCOMPARE(result.error.code, u"check.not_ours"_s);
        QVERIFY2(result.error.what().contains(u"failed before the update too, so it is not its fault: "_s), qPrintable(result.error.what()));
        QVERIFY(context.logged.contains(u"check.not_ours"_s));
        if (!mend) {
            return;
        }

        mend();
        TestContext well(m_target);
        const auto fine = apply(well, precheck(m_target));
        QVERIFY2(fine, qPrintable(fine ? QString() : fine.error().text()));
        QCOMPARE(resultOf(well, id).status, CheckResult::Status::Passed);
        well.checks = well.results[u"checks"_s].toArray();
        spoil();
        const auto ours = apply(well, health(m_target));
        QVERIFY(!ours);
        QCOMPARE(ours.error().kind, what.endsWith(u"hold"_s) ? Error::Kind::Unknown : Error::Kind::Permanent);
        QCOMPARE(ours.error().code, what.endsWith(u"hold"_s) ? u"check.held_after"_s : u"check.failed_after"_s);
        QCOMPARE(resultOf(well, id).status, CheckResult::Status::Failed);
    }

    void aRealFailureCountsMoreThanAHold()
    {
        ProbeSpec hold;
        hold.name = u"kis"_s;
        hold.tcp = u"127.0.0.1:%1"_s.arg(freePort());
        hold.whileDown = ProbeSpec::WhileDown::Hold;
        ProbeSpec own = hold;
        own.name = u"own"_s;
        own.whileDown = ProbeSpec::WhileDown::Fail;
        m_target.check.external = {hold};
        m_target.check.probes = {own};
        TestContext context(m_target);
        const auto failed = apply(context, health(m_target));
        QCOMPARE(failed.error().code, u"check.failed_back_known"_s);
        QCOMPARE(failed.error().kind, Error::Kind::Permanent);
    }

    /// A whole run: it waits at the step, nothing is rolled back, and it goes on once the system is back.
    void aRunIsHeldWhileAnExternalSystemIsDown()
    {
        const quint16 port = freePort();
        ProbeSpec probe;
        probe.name = u"kis"_s;
        probe.http = u"http://127.0.0.1:%1/status"_s.arg(port);
        probe.whileDown = ProbeSpec::WhileDown::Hold;
        m_target.check.external = {probe};
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        RunRecord record;
        record.id = Random::system().id();
        record.plan.targetName = m_target.name;
        record.plan.from = u"1.2.0"_s;
        record.plan.to = u"1.3.0"_s;
        record.plan.facts = QCoro::waitFor(FactSource::collect(m_target)).value();
        record.plan.steps = {health(m_target)};
        record.planDigest = record.plan.digest();
        record.startedBy = u"kim@desk"_s;
        record.created = QDateTime::currentDateTimeUtc();
        QVERIFY((*journal)->addRun(record));
        const auto go = [&] {
            Orchestrator orchestrator(m_target, journal->get(), record.id, -1);
            return QCoro::waitFor(orchestrator.run(true)).value_or(RunState::Abandoned);
        };
        QCOMPARE(go(), RunState::Held);
        RunRecord held = (*journal)->run(record.id).value();
        QCOMPARE(held.reason.code, u"run.step_failed_held"_s);
        QVERIFY2(held.reason.text().contains(u"The check “External system kis” waits for a system that is not ours: The external system “kis” is down: "_s + probe.http + u" refused the connection."_s),
                 qPrintable(held.reason.text()));
        // What it found is in the report already.
        const QString html = reportHtml(held, (*journal)->steps(record.id).value(), {}, {});
        QVERIFY2(html.contains(u"External system kis"_s) && html.contains(u"refused the connection"_s), qPrintable(html));

        SmallServer server([](const QByteArray &) { return SmallServer::Answer{200, "up"}; }, port);
        CommandRecord command;
        command.id = Random::system().id();
        command.runId = record.id;
        command.verb = u"retry"_s;
        command.by = u"kim@desk"_s;
        command.created = QDateTime::currentDateTimeUtc();
        QVERIFY((*journal)->addCommand(command));
        QCOMPARE(go(), RunState::Succeeded);
        const QString after = reportHtml((*journal)->run(record.id).value(), (*journal)->steps(record.id).value(), {}, {});
        QVERIFY2(after.contains(u"Answered in"_s), qPrintable(after));
    }

    void everyDifferenceOfVersionsIsNamed()
    {
        QVERIFY(files::makePath(m_target.releaseDirectory(u"1.3.0"_s)));
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.3.0"_s));
        QJsonObject first{{u"version"_s, u"1.3.0"_s}, {u"build_date"_s, u"20251214"_s}, {u"commit_hash"_s, u"a1b2c3d"_s}, {u"environment"_s, u"production"_s}};
        QJsonObject second{{u"version"_s, u"1.3.0"_s}, {u"build"_s, 20251214}, {u"commit"_s, u"a1b2c3d4e5f6"_s}};
        SmallServer server([&](const QByteArray &path) { return SmallServer::Answer{200, QJsonDocument(path == "/1" ? first : second).toJson()}; });
        ServiceSpec one;
        one.name = u"backend"_s;
        one.instances = {{u"backend-1"_s, 0}};
        one.versionUrl = server.url(u"/1"_s);
        ServiceSpec other = one;
        other.name = u"strategy"_s;
        other.instances = {{u"strategy-1"_s, 0}};
        other.versionUrl = server.url(u"/2"_s);
        m_target.services = {one, other};
        const StepSpec step = health(m_target, u"1.3.0"_s, u"20251214"_s, u"A1B2C3D4E5F60718"_s);
        TestContext context(m_target);
        const auto fine = apply(context, step);
        QVERIFY2(fine, qPrintable(fine ? QString() : fine.error().text()));
        QCOMPARE(resultOf(context, u"version"_s).finding.text(), u"1.3.0 everywhere (build 20251214, commit a1b2c3d, environment production), 2 instances asked"_s);

        first[u"build_date"_s] = u"20251213"_s;
        QVERIFY(!apply(context, step));
        QCOMPARE(resultOf(context, u"version"_s).error.what(), u"backend-1 tells build 20251213, the release is build 20251214."_s);
        first[u"environment"_s] = u"staging"_s;
        second[u"commit"_s] = u"ffffffffffff"_s;
        QVERIFY(!apply(context, step));
        QCOMPARE(resultOf(context, u"version"_s).error.what(),
                 u"3 differences: backend-1 tells build 20251213, the release is build 20251214. backend-1 tells the environment staging, this target is production. "
                 "strategy-1 tells commit ffffffffffff, the release is of commit A1B2C3D4E5F60718."_s);
        second[u"version"_s] = u"1.2.9"_s;
        first = {};
        QVERIFY(!apply(context, step));
        QCOMPARE(resultOf(context, u"version"_s).error.what(),
                 QString(u"2 differences: "_s + one.versionUrl + u" does not tell a version. strategy-1 runs version 1.2.9, expected 1.3.0."_s));

        // Before the next update the journal knows what was installed.
        first = {{u"version"_s, u"1.3.0"_s}, {u"build"_s, u"other"_s}};
        second = {{u"version"_s, u"1.3.0"_s}};
        QVERIFY(apply(context, precheck(m_target)));
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        RunRecord run;
        run.id = u"run-0"_s;
        run.plan.steps = {step};
        run.planDigest = run.plan.digest();
        run.created = QDateTime::currentDateTimeUtc();
        QVERIFY((*journal)->addRun(run));
        QVERIFY(!apply(context, precheck(m_target)));
        QCOMPARE(resultOf(context, u"version"_s).error.what(), u"backend-1 tells build other, the release is build 20251214."_s);
    }

    void driftNamesFilesAndKeys()
    {
        const QString env = m_folder->filePath(u"trading.env"_s);
        const QString other = m_folder->filePath(u"rules.yaml"_s);
        m_target.configuration = {{env, {}}, {other, {}}};
        QVERIFY(files::replace(env, "A=1\nSECRET_KEY=hunter2hunter2\nOLD=x\n# a note\n"));
        QVERIFY(files::replace(other, "rules:\n  - one\n"));
        // As a run leaves it.
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        RunRecord record;
        record.id = Random::system().id();
        record.plan.targetName = m_target.name;
        record.plan.facts = QCoro::waitFor(FactSource::collect(m_target)).value();
        record.plan.steps = {health(m_target)};
        record.planDigest = record.plan.digest();
        record.startedBy = u"kim@desk"_s;
        record.created = QDateTime::currentDateTimeUtc();
        QVERIFY((*journal)->addRun(record));
        {
            Orchestrator orchestrator(m_target, journal->get(), record.id, -1);
            QCOMPARE(QCoro::waitFor(orchestrator.run(true)).value_or(RunState::Abandoned), RunState::Succeeded);
        }
        QVERIFY(!QJsonDocument((*journal)->steps(record.id).value()[0].results).toJson().contains("hunter2"));
        TestContext context(m_target);
        QVERIFY(apply(context, precheck(m_target)));
        QCOMPARE(resultOf(context, u"configuration"_s).finding.code, u"check.configuration_ok"_s);

        QVERIFY(files::replace(env, "A=1\nSECRET_KEY=changed-to-this\nNEW=y\n# a note\n"));
        QVERIFY(files::replace(other, "rules:\n  - two\n"));
        QVERIFY(apply(context, precheck(m_target)));
        const CheckResult drift = resultOf(context, u"configuration"_s);
        QCOMPARE(drift.status, CheckResult::Status::Warning);
        QCOMPARE(drift.error.what(),
                 QString(u"2 configuration files are not as the last update left them: “"_s + env + u"” (changed: SECRET_KEY, added: NEW, removed: OLD), “"_s + other
                         + u"” (no key differs, or its keys are not known)."_s));
        const QByteArray whole = QJsonDocument(drift.toJson()).toJson();
        QVERIFY(!whole.contains("hunter2") && !whole.contains("changed-to-this"));
        QVERIFY(files::replace(other, "rules:\n  - one\n"));
        QVERIFY(files::replace(env, "A=1\nSECRET_KEY=hunter2hunter2\nOLD=x\n# another note\n"));
        QVERIFY(apply(context, precheck(m_target)));
        QCOMPARE(resultOf(context, u"configuration"_s).error.what(),
                 QString(u"1 configuration file is not as the last update left it: “"_s + env + u"” (no key differs, or its keys are not known)."_s));
    }
};

QTEST_GUILESS_MAIN(ReleaseCheckTest)
#include "releasechecktest.moc"
