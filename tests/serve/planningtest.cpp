// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "demo/demosystem.h"
#include "plan/releasesource.h"
#include "plan/step.h"
#include "run/runlock.h"
#include "serve/engineservice.h"
#include "system/filelock.h"
#include "system/files.h"
#include "tests/support/otherprocess.h"

#include <QDir>
#include <QEventLoop>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <fcntl.h>

using namespace Qt::StringLiterals;
using namespace cutover;

/** Plans of the demo system from its real, signed releases; its services stay down. */
class PlanningTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    QProcess m_repository;
    Target m_target;
    QList<ReleaseInfo> m_releases;

    QString demo() const { return m_folder.filePath(u"demo"_s); }
    QList<StagedRelease> staged(const QString &to)
    {
        QList<StagedRelease> list;
        const auto path = updatePath(*Version::parse(u"1.2.0"_s), *Version::parse(to), m_releases);
        if (!path) {
            QTest::qFail(qPrintable(path.error().text()), __FILE__, __LINE__);
            return list;
        }
        for (const ReleaseInfo &info : *path) {
            auto release = QCoro::waitFor(ReleaseSource::of(m_target)->stage(info, {}, [](const Progress &) { }));
            if (!release) {
                QTest::qFail(qPrintable(release.error().text()), __FILE__, __LINE__);
                return list;
            }
            list.append(*release);
        }
        return list;
    }
    PlanningContext context() const { return {m_target, {}, u"1.2.0"_s}; }
    Plan planned(const QString &to) { return planned(context(), staged(to)); }
    static Plan planned(const PlanningContext &context, const QList<StagedRelease> &path)
    {
        const auto plan = QCoro::waitFor(planUpdate(context, path));
        if (!plan) {
            QTest::qFail(qPrintable(plan.error().text()), __FILE__, __LINE__);
            return {};
        }
        return *plan;
    }
    static QStringList kinds(const Plan &plan)
    {
        QStringList kinds;
        for (const StepSpec &step : plan.steps) {
            if (kinds.isEmpty() || kinds.last() != step.kind) {
                kinds.append(step.kind);
            }
        }
        return kinds;
    }
    static QStringList ids(const Plan &plan)
    {
        QStringList ids;
        for (const StepSpec &step : plan.steps) {
            ids.append(step.id);
        }
        return ids;
    }

private Q_SLOTS:
    void initTestCase()
    {
        DemoOptions options;
        options.orders = 300;
        const auto made = QCoro::waitFor(createDemo(demo(), options));
        QVERIFY2(made, made ? "" : qPrintable(made.error().text()));
        const auto target = Target::load(demoTargetFile(demo()));
        QVERIFY2(target, target ? "" : qPrintable(target.error().text()));
        m_target = *target;
        const ServiceSpec *repository = m_target.service(u"repository"_s);
        QVERIFY(repository);
        m_repository.start(demo() + u"/bin/cutover-demo-service"_s,
                           {u"repository"_s, u"--port"_s, QString::number(repository->instances.first().port), u"--folder"_s,
                            QString(demo() + u"/repository"_s)});
        QVERIFY(m_repository.waitForStarted());
        const auto listed = [this] {
            Repository source(m_target.repository, m_target.product);
            if (auto releases = QCoro::waitFor(source.releases())) {
                m_releases = *releases;
            }
            return m_releases.size();
        };
        QTRY_COMPARE_WITH_TIMEOUT(listed(), 5, 15000);
    }
    void cleanupTestCase()
    {
        m_repository.kill();
        m_repository.waitForFinished();
    }

    void stepsOfAMinorUpdateAreInOrder()
    {
        const Plan plan = planned(u"1.3.0"_s);
        QCOMPARE(kinds(plan),
                 QStringList({u"check_version"_s, u"download"_s, u"verify_package"_s, u"precheck"_s, u"unpack"_s, u"backup"_s, u"verify_backup"_s,
                              u"migrate"_s, u"configure"_s, u"switch_release"_s, u"deploy_instance"_s, u"recreate_service"_s, u"health"_s,
                              u"features"_s, u"watch"_s, u"clean_up"_s}));
        QCOMPARE(plan.kind, u"update"_s);
        QCOMPARE(plan.from, u"1.2.0"_s);
        QCOMPARE(plan.to, u"1.3.0"_s);
        QCOMPARE(plan.path, QStringList{u"1.3.0"_s});
        QCOMPARE(plan.updateType, u"minor"_s);
        QCOMPARE(plan.risk, u"medium"_s);
        QCOMPARE(plan.targetName, u"demo"_s);
        QCOMPARE(plan.owed, QStringList());
        QCOMPARE(plan.facts[u"release.current"], u"1.2.0"_s);
        QCOMPARE(plan.facts[u"migration.head:trading"], u"0001"_s);
        const Facts after = plan.factsBefore(plan.steps.size());
        QCOMPARE(after[u"release.current"], u"1.3.0"_s);
        QCOMPARE(after[u"migration.head:trading"], u"0002"_s);
        QCOMPARE(after[u"instance:backend-1"], u"1.3.0"_s);
        QVERIFY(after[configurationOf(after)] != plan.facts[configurationOf(after)]);

        // What a person looks at before it runs.
        for (const StepSpec &step : plan.steps) {
            QVERIFY2(Catalogue::contains(step.title.code), qPrintable(step.id));
            QVERIFY2(Catalogue::contains(step.intent.code), qPrintable(step.id));
            if (step.kind == u"migrate") {
                QCOMPARE(step.previews.first().type, u"sql"_s);
                QVERIFY(step.previews.first().text.contains(u"ALTER TABLE orders"));
            }
            if (step.kind == u"configure") {
                QCOMPARE(step.previews.first().type, u"diff"_s);
            }
            // And every step can be made again by the process that runs it.
            const auto made = StepRegistry::create(StepSpec::fromJson(step.toJson()));
            QVERIFY2(made, made ? "" : qPrintable(made.error().text()));
        }
    }

    void hotfixLeavesOutWhatItDoesNotNeed()
    {
        const Plan plan = planned(u"1.2.1"_s);
        QCOMPARE(plan.updateType, u"hotfix"_s);
        QVERIFY(!kinds(plan).contains(u"migrate"_s));
        QVERIFY(!kinds(plan).contains(u"configure"_s));
        QVERIFY(!kinds(plan).contains(u"features"_s));
        QVERIFY(kinds(plan).contains(u"deploy_instance"_s));
    }

    void planningChangesNothingAndIsRepeatable()
    {
        const auto current = files::readLink(m_target.currentLink());
        const auto environment = files::read(demo() + u"/.env"_s);
        const auto database = files::sha256(demo() + u"/data/trading.db"_s);
        const Plan one = planned(u"1.3.0"_s);
        const Plan two = planned(u"1.3.0"_s);
        QCOMPARE(one.digest(), two.digest());
        QCOMPARE(files::readLink(m_target.currentLink()).value(), current.value());
        QCOMPARE(files::read(demo() + u"/.env"_s).value(), environment.value());
        QCOMPARE(files::sha256(demo() + u"/data/trading.db"_s).value(), database.value());
        QVERIFY(!QFile::exists(demo() + u"/releases/1.3.0"_s));
        // Through a file and back it is the same plan.
        const auto back = Plan::fromJson(one.toJson());
        QVERIFY(back);
        QCOMPARE(back->digest(), one.digest());
    }

    void hopsHaveStepsOfTheirOwn()
    {
        const QList<StagedRelease> path = staged(u"2.0.0"_s);
        QCOMPARE(path.size(), 2);
        const QString middle = path.first().info.manifest.version.toString();
        const Plan plan = planned(context(), path);
        QCOMPARE(plan.path, QStringList({middle, u"2.0.0"_s}));
        QCOMPARE(plan.updateType, u"major"_s);
        QCOMPARE(plan.risk, u"high"_s);

        QStringList all = ids(plan);
        QCOMPARE(all.removeDuplicates(), 0);
        // The first hop's ids are plain, the second's carry its version; nothing is mixed.
        const qsizetype second = all.indexOf(u"2.0.0/check_version"_s);
        QVERIFY(second > 0);
        for (qsizetype i = 0; i < all.size(); ++i) {
            QCOMPARE(all[i].startsWith(u"2.0.0/"), i >= second);
        }
        // A reference from step to step stays within its hop.
        for (const StepSpec &step : plan.steps) {
            for (auto it = step.params.begin(); it != step.params.end(); ++it) {
                const QString value = it.value().toString();
                if (all.contains(value) && value.contains(u'/')) {
                    QVERIFY2(step.id.startsWith(u"2.0.0/"), qPrintable(step.id));
                }
                if (step.id.startsWith(u"2.0.0/") && all.contains(u"2.0.0/"_s + value)) {
                    QFAIL(qPrintable(QString(step.id + u" refers to “"_s + value + u"” of another hop"_s)));
                }
            }
        }
        // Cleaning up is for the end, and nothing is migrated twice.
        QCOMPARE(kinds(plan).count(u"clean_up"_s), 1);
        QCOMPARE(plan.steps.last().kind, u"clean_up"_s);
        QStringList revisions;
        for (const StepSpec &step : plan.steps) {
            if (step.kind == u"migrate") {
                revisions.append(step.params[u"revision"].toString());
            }
        }
        QCOMPARE(revisions, QStringList({u"0002"_s, u"0003"_s, u"0004"_s}));
        // Each hop starts from where the one before has led.
        QCOMPARE(plan.factsBefore(second)[u"release.current"], middle);
        QCOMPARE(plan.steps[second].params[u"from"], middle);
        const Facts after = plan.factsBefore(plan.steps.size());
        QCOMPARE(after[u"release.current"], u"2.0.0"_s);
        QCOMPARE(after[u"migration.head:trading"], u"0004"_s);
    }

    /// A name that happens to be a step's is still the name.
    void namesLikeThoseOfSteps()
    {
        PlanningContext own = context();
        for (const QString &name : {u"watch"_s, u"health"_s, u"features"_s}) {
            ServiceSpec service = *m_target.service(u"strategy"_s);
            service.name = name;
            service.instances = {{name, 1}};
            own.target.services.append(service);
        }
        own.target.databases.first().name = u"backup"_s;
        own.target.features.database = u"backup"_s;
        const Plan plan = planned(own, staged(u"2.0.0"_s));
        QStringList services, databases, references;
        for (const StepSpec &step : plan.steps) {
            if (!step.id.startsWith(u"2.0.0/")) {
                continue;
            }
            if (step.kind == u"recreate_service") {
                services.append(step.params[u"service"].toString());
                for (const auto &instance : step.params[u"instances"].toArray()) {
                    QVERIFY2(step.changes.contains(instanceFact(instance.toString())), qPrintable(instance.toString()));
                }
            } else if (step.kind == u"migrate") {
                databases.append(step.params[u"database"].toString());
            } else if (step.kind == u"verify_backup") {
                references.append(step.params[u"backup"].toString());
            }
        }
        QCOMPARE(services, QStringList({u"strategy"_s, u"watch"_s, u"health"_s, u"features"_s}));
        databases.removeDuplicates();
        QCOMPARE(databases, QStringList{u"backup"_s});
        QCOMPARE(references, QStringList{u"2.0.0/backup"_s});
    }

    /// What runs is where a hop starts from, be it older than what is installed.
    void servicesThatAReleaseDoesNotRestart()
    {
        QList<StagedRelease> path = staged(u"2.0.0"_s);
        path.first().info.manifest.restart = {u"backend"_s};
        const QString middle = path.first().info.manifest.version.toString();
        const Plan plan = planned(context(), path);
        const qsizetype second = ids(plan).indexOf(u"2.0.0/check_version"_s);
        QStringList deployed;
        for (const StepSpec &step : plan.steps.first(second)) {
            if (step.kind == u"deploy_instance" || step.kind == u"recreate_service") {
                deployed.append(step.params[u"service"].toString());
            }
        }
        QCOMPARE(deployed, QStringList({u"backend"_s, u"backend"_s}));
        QVERIFY(!plan.factsBefore(second).contains(u"instance:strategy"));
        for (const StepSpec &step : plan.steps.sliced(second)) {
            if (step.kind == u"deploy_instance") {
                QCOMPARE(step.params[u"fromRelease"].toString(), middle);
            }
        }

        // The supervisor's book says what runs.
        const QString book = m_target.stateDirectory + u"/supervisor/state.json"_s;
        QVERIFY(QDir().mkpath(QFileInfo(book).path()));
        const QJsonObject running{{u"desired"_s, u"running"_s}, {u"directory"_s, m_target.releaseDirectory(u"1.1.0"_s)}};
        QVERIFY(files::replace(book, QJsonDocument(QJsonObject{{u"instances"_s, QJsonObject{{u"strategy"_s, running}}}}).toJson()));
        const auto remove = qScopeGuard([&book] { QFile::remove(book); });
        const Plan older = planned(context(), path);
        QCOMPARE(older.factsBefore(second)[u"instance:strategy"].toString(), u"1.1.0"_s);
        for (const StepSpec &step : older.steps) {
            if (step.kind == u"recreate_service") {
                QCOMPARE(step.params[u"fromRelease"].toString(), u"1.1.0"_s);
            }
        }
    }

    void aServiceToRestartMustBeKnown_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("hint");
        QTest::newRow("misspelt") << u"bakend"_s << u"deploy.restart_misspelt"_s << u"“backend”"_s;
        QTest::newRow("unlike any") << u"zzzzzzzzzz"_s << u"deploy.restart_unknown"_s << u"target.yaml"_s;
        QTest::newRow("not ours") << u"haproxy"_s << u"deploy.restart_unmanaged"_s << u"managed: false"_s;
    }
    /// Else it would go on running the old release, unsaid.
    void aServiceToRestartMustBeKnown()
    {
        QFETCH(QString, name);
        QFETCH(QString, code);
        QFETCH(QString, hint);
        QList<StagedRelease> path = staged(u"1.2.1"_s);
        path.first().info.manifest.restart = {u"backend"_s, name};
        const auto plan = QCoro::waitFor(planUpdate(context(), path));
        QVERIFY(!plan);
        QCOMPARE(plan.error().code, code);
        QCOMPARE(plan.error().where, path.first().package);
        for (const QString &part : {u"required_actions.restart"_s, u"1.2.1"_s, name, u"expected backend, strategy or all"_s}) {
            QVERIFY2(plan.error().what().contains(part), qPrintable(plan.error().what()));
        }
        QVERIFY2(plan.error().hint().contains(hint), qPrintable(plan.error().hint()));
    }

    /// What a hop installs on its way has not proven that it stays: its contracts wait for the next run.
    void contractsOfAHopWaitForTheNextRun()
    {
        QList<StagedRelease> path = staged(u"2.0.0"_s);
        QCOMPARE(path.size(), 2);
        const QString middle = path.first().info.manifest.version.toString();
        const QString migrations = path.last().preview + u'/' + path.last().info.manifest.migrationsDirectory;
        const QTemporaryDir folder;
        const auto carry = [&migrations](const QString &release) {
            const QString into = release + u"/migrations"_s;
            QVERIFY(QDir().mkpath(into));
            for (const QString &name : QDir(migrations).entryList(QDir::Files)) {
                QVERIFY(QFile::copy(migrations + u'/' + name, into + u'/' + name));
            }
            QFile contract(into + u"/0005_drop_tag.up.sql"_s);
            QVERIFY(contract.open(QIODevice::WriteOnly));
            contract.write("-- cutover: phase=contract loses=orders.client_tag\nALTER TABLE orders DROP COLUMN client_tag;\n");
        };
        for (StagedRelease &release : path) {
            release.preview = folder.filePath(release.info.manifest.version.toString());
            carry(release.preview);
        }
        // Left there by an earlier try.
        const QString left = m_target.releaseDirectory(middle);
        const auto remove = qScopeGuard([&left] { QDir(left).removeRecursively(); });
        carry(left);

        const auto revisions = [](const Plan &plan) {
            QStringList found;
            for (const StepSpec &step : plan.steps) {
                if (step.kind == u"migrate") {
                    found.append(step.params[u"revision"].toString());
                }
            }
            return found;
        };
        const Plan both = planned(context(), path);
        QCOMPARE(revisions(both), QStringList({u"0002"_s, u"0003"_s, u"0004"_s}));
        QCOMPARE(both.owed, QStringList{u"trading:0005"_s});
        PlanningContext later = context();
        later.installed = middle;
        QCOMPARE(revisions(planned(later, {path.last()})), QStringList({u"0002"_s, u"0003"_s, u"0004"_s, u"0005"_s}));
    }

    void ownStepsStandInEachHopWithTheirPreview()
    {
        PlanningContext own = context();
        own.target.commands = {{.name = u"warm"_s, .after = u"switch_release"_s, .preview = {u"/bin/echo"_s, u"warm {from} to {to}"_s}, .apply = {u"/bin/true"_s}, .revert = {u"/bin/true"_s}, .inspect = {}}};
        const QList<StagedRelease> path = staged(u"2.0.0"_s);
        const QString middle = path.first().info.manifest.version.toString();
        const Plan plan = planned(own, path);
        const QStringList all = ids(plan);
        const qsizetype first = all.indexOf(u"command:warm"_s);
        const qsizetype second = all.indexOf(u"2.0.0/command:warm"_s);
        QVERIFY(first > 0 && second > first);
        QCOMPARE(plan.steps[first - 1].kind, u"switch_release"_s);
        QCOMPARE(plan.steps[second - 1].kind, u"switch_release"_s);
        QCOMPARE(plan.steps[first].previews.first().text, QString(u"warm 1.2.0 to "_s + middle));
        QCOMPARE(plan.steps[second].previews.first().text, QString(u"warm "_s + middle + u" to 2.0.0"_s));
        QCOMPARE(planned(own, path).digest(), plan.digest());
        own.target.commands.first().preview[1] = u"cool {from} to {to}"_s;
        QVERIFY(planned(own, path).digest() != plan.digest());
    }

    /// What must not change unseen is covered by what was approved.
    void policyIsPartOfTheDigest_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QJsonValue>("value");
        QTest::newRow("hold") << u"holdMs"_s << QJsonValue(5000);
        QTest::newRow("default") << u"holdDefault"_s << QJsonValue(u"hold"_s);
        QTest::newRow("retries") << u"transientRetries"_s << QJsonValue(9);
        QTest::newRow("latest start") << u"latestStartMinute"_s << QJsonValue(1380);
        QTest::newRow("window") << u"windowEndMinute"_s << QJsonValue(150);
        QTest::newRow("margin") << u"turnBackMarginMs"_s << QJsonValue(120000);
        QTest::newRow("automatic") << u"automaticRollback"_s << QJsonValue(false);
    }
    void policyIsPartOfTheDigest()
    {
        QFETCH(QString, key);
        QFETCH(QJsonValue, value);
        const QList<StagedRelease> path = staged(u"1.2.1"_s);
        const Plan usual = planned(context(), path);
        PlanningContext changed = context();
        PolicySpec &policy = changed.target.policy;
        if (key == u"holdMs") {
            policy.holdMs = value.toInteger();
        } else if (key == u"holdDefault") {
            policy.holdDefault = PolicySpec::Default::Hold;
        } else if (key == u"transientRetries") {
            policy.transientRetries = value.toInt();
        } else if (key == u"latestStartMinute") {
            policy.latestStartMinuteOfDay = value.toInt();
        } else if (key == u"windowEndMinute") {
            policy.windowEndMinuteOfDay = value.toInt();
        } else if (key == u"turnBackMarginMs") {
            policy.turnBackMarginMs = value.toInteger();
        } else {
            changed.target.watch.automaticRollback = value.toBool();
        }
        const Plan plan = planned(changed, path);
        QVERIFY(usual.policy.contains(key));
        QVERIFY(usual.policy[key] != value);
        QCOMPARE(plan.policy[key], value);
        QVERIFY(plan.digest() != usual.digest());
    }

    void measuredTimesReplaceGuesses()
    {
        const QList<StagedRelease> path = staged(u"1.3.0"_s);
        PlanningContext measured = context();
        measured.measuredMs = {{u"backup"_s, 123456}, {u"watch"_s, 1}};
        const Plan plan = planned(measured, path);
        qint64 sum = 0;
        for (const StepSpec &step : plan.steps) {
            sum += step.expectedMs;
            if (step.kind == u"backup") {
                QCOMPARE(step.expectedMs, 123456);
            } else if (step.kind == u"watch") {
                QVERIFY(step.expectedMs > 1); // As long as the target says, whatever past watches took.
            }
        }
        QCOMPARE(plan.expectedMs, sum);
    }

    void theWayBackIsMeasured()
    {
        const QList<StagedRelease> path = staged(u"1.3.0"_s);
        const Plan guessed = planned(context(), path);
        qint64 forward = 0;
        qint64 deploys = 0;
        for (const StepSpec &step : guessed.steps) {
            forward += step.changesState ? step.expectedMs : 0;
            deploys += step.kind == u"deploy_instance" ? 1 : 0;
        }
        QVERIFY(deploys > 1);
        QVERIFY(forward > 0);
        QCOMPARE(guessed.policy[u"rollbackMs"].toInteger(), forward);
        PlanningContext measured = context();
        measured.measuredRevertMs = {{u"deploy_instance"_s, 90000}};
        const Plan plan = planned(measured, path);
        qint64 others = 0;
        for (const StepSpec &step : plan.steps) {
            others += step.changesState && step.kind != u"deploy_instance" ? step.expectedMs : 0;
        }
        QCOMPARE(plan.policy[u"rollbackMs"].toInteger(), others + deploys * 90000);
        QCOMPARE(plan.policy[u"revertMs"][u"deploy_instance"].toInteger(), 90000);
        QVERIFY(plan.digest() != guessed.digest());
    }

    /// Each waits for the other's work and finds it done.
    void consolesThatPlanAtOnceShareTheirWork()
    {
        QVERIFY(files::removeTree(m_target.stateDirectory + u"/downloads"_s));
        QVERIFY(files::removeTree(m_target.stateDirectory + u"/cache"_s));
        const QString program = qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u"/cutoverctl"_s;
        std::vector<std::unique_ptr<QProcess>> consoles;
        for (int i = 0; i < 4; ++i) {
            consoles.push_back(std::make_unique<QProcess>());
            consoles.back()->start(program, {u"plan"_s, u"2.0.0"_s, u"--json"_s, u"--target"_s, m_target.path});
        }
        QSet<QString> digests;
        for (const auto &console : consoles) {
            QVERIFY(console->waitForFinished(60000));
            const QByteArray output = console->readAllStandardOutput();
            QVERIFY2(console->exitCode() == 0, QByteArray(output.right(2000) + console->readAllStandardError()));
            digests.insert(QJsonDocument::fromJson(output).object()[u"digest"].toString());
        }
        QCOMPARE(digests.size(), 1);
        for (const QString &folder : {u"/downloads"_s, u"/cache"_s}) {
            const QStringList names = QDir(m_target.stateDirectory + folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
            QVERIFY2(std::ranges::none_of(names, [](const QString &name) { return name.contains(u".cutover-"); }), qPrintable(names.join(u' ')));
        }

        // Somebody is at the package: it is waited for, and not touched meanwhile.
        const ReleaseInfo release = *std::ranges::find(m_releases, *Version::parse(u"1.2.1"_s), [](const ReleaseInfo &info) { return info.manifest.version; });
        const QString folder = m_target.stateDirectory + u"/downloads"_s;
        QVERIFY(files::remove(folder + u'/' + release.file));
        const QString held = m_folder.filePath(u"held"_s);
        const QString letGo = m_folder.filePath(u"let-go"_s);
        testing::OtherProcess other([&folder, &release, &held, &letGo] {
            const auto lock = FileLock::attempt(folder + u"/.locks/"_s + release.file);
            if (lock && *lock) {
                ::close(::creat(QFile::encodeName(held).constData(), 0600));
                while (::access(QFile::encodeName(letGo).constData(), F_OK) != 0) {
                    ::usleep(10'000);
                }
            }
        });
        QVERIFY(QTest::qWaitFor([&held] { return QFile::exists(held); }, 20000));
        const auto source = ReleaseSource::of(m_target);
        auto staging = source->stage(release, {}, [](const Progress &) { });
        QTest::qWait(300);
        QVERIFY(!staging.isReady());
        QVERIFY(!QFile::exists(folder + u'/' + release.file));
        QVERIFY(files::replace(letGo, {}));
        QVERIFY(QCoro::waitFor(std::move(staging)));
        QCOMPARE(other.wait(), 0);
    }

    void contractMigrationsStayOwed()
    {
        QList<StagedRelease> path = staged(u"1.3.0"_s);
        // The same release with one more migration, which takes away what 1.2.0 reads.
        const QString copy = m_folder.filePath(u"contracting"_s);
        QVERIFY(QDir().mkpath(copy + u"/migrations"_s));
        const QDir original(path.first().preview + u"/migrations"_s);
        for (const QString &name : original.entryList(QDir::Files)) {
            QVERIFY(QFile::copy(original.filePath(name), QString(copy + u"/migrations/"_s + name)));
        }
        QVERIFY(files::replace(copy + u"/migrations/0003_drop_user.up.sql"_s,
                               "-- cutover: phase=contract\nALTER TABLE orders DROP COLUMN user;\n"));
        path.first().preview = copy;
        const Plan plan = planned(context(), path);
        QCOMPARE(plan.owed, QStringList{u"trading:0003"_s});
        for (const StepSpec &step : plan.steps) {
            QVERIFY(step.kind != u"migrate" || step.params[u"revision"] == u"0002"_s);
        }
        QVERIFY(plan.digest() != planned(u"1.3.0"_s).digest());
    }

    void nothingToDo()
    {
        const auto plan = QCoro::waitFor(planUpdate(context(), {}));
        QVERIFY(!plan);
        QCOMPARE(plan.error().code, u"plan.nothing_to_do"_s);
        QVERIFY(plan.error().what().contains(u"1.2.0"));
    }

    // The same through the engine, as consoles do it.

    void engineServesThePlanAndListsRunsWithoutPreviews()
    {
        EngineService engine(m_target.path, u"kim@desk"_s);
        QVERIFY(engine.open());
        QVERIFY(QCoro::waitFor(engine.call(u"hello"_s, {{u"session"_s, u"one"_s}})));
        const auto unknown = jobResult(engine, QCoro::waitFor(engine.startUpdatePlan(u"9.9.9"_s)));
        QCOMPARE(unknown.error().code, u"serve.no_release"_s);
        const auto check = jobResult(engine, QCoro::waitFor(engine.startChecks(u"9.9.9"_s)));
        QCOMPARE(check.error().code, u"serve.no_release"_s);

        const auto made = jobResult(engine, QCoro::waitFor(engine.startUpdatePlan(u"1.3.0"_s)));
        QVERIFY2(made, made ? "" : qPrintable(made.error().text()));
        const auto plan = Plan::fromJson((*made)[u"plan"].toObject());
        QVERIFY(plan);
        QCOMPARE((*made)[u"digest"].toString(), plan->digest());

        QCOMPARE(QCoro::waitFor(engine.apply(u"0000"_s, {})).error().code, u"serve.unknown_plan"_s);
        QJsonObject edited = (*made)[u"plan"].toObject();
        edited[u"to"] = u"1.3.1"_s;
        QCOMPARE(QCoro::waitFor(engine.call(u"plan.adopt"_s, {{u"plan"_s, edited}, {u"digest"_s, plan->digest()}})).error().code,
                 u"serve.plan_edited"_s);

        // A run of the past, put into the journal as the engine does.
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        RunRecord record;
        record.id = u"past"_s;
        record.plan = *plan;
        record.planDigest = plan->digest();
        record.state = RunState::Abandoned;
        QVERIFY((*journal)->addRun(record));
        const auto runs = QCoro::waitFor(engine.runs());
        QVERIFY(runs);
        QCOMPARE(runs->size(), 1);
        QCOMPARE(runs->first().planDigest, plan->digest());
        QCOMPARE(runs->first().plan.steps.size(), plan->steps.size());
        for (const StepSpec &step : runs->first().plan.steps) {
            QVERIFY(step.previews.isEmpty());
        }
        const auto view = QCoro::waitFor(engine.run(u"past"_s));
        QVERIFY(view);
        QCOMPARE(view->run.plan.digest(), plan->digest());
        QCOMPARE(QCoro::waitFor(engine.call(u"no.such"_s)).error().code, u"serve.unknown_method"_s);
        QCOMPARE(QCoro::waitFor(engine.cancelJob(u"gone"_s)).error().code, u"serve.unknown_job"_s);
        QCOMPARE(QCoro::waitFor(engine.command(u"past"_s, u"abort"_s, {})).error().code, u"serve.command_refused"_s);
        QCOMPARE(QCoro::waitFor(engine.command(u"past"_s, u"abort"_s, u"running"_s)).error().code, u"serve.command_state"_s);
    }

    /// Intent, change and outcome: whichever fails, the answer says what is true.
    void featureChangesAreRecordedBeforeTheyAreMade()
    {
        EngineService engine(m_target.path, u"kim@desk"_s);
        QVERIFY(engine.open());
        QVERIFY(QCoro::waitFor(engine.takeConn(true, {})));
        const auto flags = QCoro::waitFor(engine.features());
        QVERIFY2(flags && !flags->isEmpty(), flags ? "no flags" : qPrintable(flags.error().text()));
        const FeatureFlag flag = flags->first();
        const auto rollout = [&] { return QCoro::waitFor(engine.features())->first().rollout; };
        const auto rows = [&] {
            QStringList whats;
            const QJsonArray trail = (*QCoro::waitFor(engine.call(u"audit"_s, {{u"limit"_s, 100}})))[u"rows"].toArray();
            for (const auto &row : trail) {
                if (row[u"what"].toString().startsWith(u"features.")) {
                    whats.prepend(row[u"what"].toString());
                }
            }
            return whats;
        };
        const auto block = [&](const QString &what) {
            auto database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"block"_s);
            database.setDatabaseName(m_target.stateDirectory + u"/journal.db"_s);
            const bool done = database.open()
                && QSqlQuery(database).exec(what.isEmpty() ? u"DROP TRIGGER blocked"_s
                                                           : u"CREATE TRIGGER blocked BEFORE INSERT ON audit WHEN NEW.what = '"_s + what
                                                    + u"' BEGIN SELECT RAISE(ABORT, 'blocked'); END"_s);
            database = {};
            QSqlDatabase::removeDatabase(u"block"_s);
            return done;
        };
        FeatureChange change{flag.name, flag.enabled, true, flag.rollout, 31};
        QStringList expected = rows();

        // The trail can't take the intent: nothing is changed.
        QVERIFY(block(u"features.intended"_s));
        QVERIFY(!QCoro::waitFor(engine.applyFeatures({change}, u"first"_s)));
        QCOMPARE(rollout(), flag.rollout);
        QCOMPARE(rows(), expected);
        QVERIFY(block({}));

        // It can take the intent, but not the outcome: the change is made, and the answer says both.
        QVERIFY(block(u"features.applied"_s));
        const auto unrecorded = QCoro::waitFor(engine.applyFeatures({change}, u"second"_s));
        QVERIFY2(unrecorded, unrecorded ? "" : qPrintable(unrecorded.error().text()));
        QCOMPARE(unrecorded->code, u"serve.outcome_unrecorded"_s);
        QVERIFY2(unrecorded->text().contains(u"blocked"), qPrintable(unrecorded->text()));
        QCOMPARE(rollout(), 31.0);
        expected.append(u"features.intended"_s);
        QCOMPARE(rows(), expected);
        QVERIFY(block({}));

        // Refused by the flags themselves: that is the outcome.
        const auto refused = QCoro::waitFor(engine.applyFeatures({change}, u"third"_s));
        QCOMPARE(refused.error().code, u"feature.changed_meanwhile"_s);
        expected += QStringList{u"features.intended"_s, u"features.refused"_s};
        QCOMPARE(rows(), expected);

        change = {flag.name, true, flag.enabled, 31, flag.rollout};
        const auto applied = QCoro::waitFor(engine.applyFeatures({change}, u"fourth"_s));
        QVERIFY(applied && applied->code.isEmpty());
        QCOMPARE(rollout(), flag.rollout);
        expected += QStringList{u"features.intended"_s, u"features.applied"_s};
        QCOMPARE(rows(), expected);
        QVERIFY(QCoro::waitFor(engine.call(u"conn.release"_s)));
    }

    void runWhoseRunnerCantBeStartedIsRefused()
    {
        EngineService engine(m_target.path, u"kim@desk"_s);
        QVERIFY(engine.open());
        QVERIFY(QCoro::waitFor(engine.call(u"conn.take"_s, {{u"force"_s, true}})));
        const auto made = jobResult(engine, QCoro::waitFor(engine.startUpdatePlan(u"1.2.1"_s)));
        QVERIFY(made);
        const QByteArray programs = qgetenv("CUTOVER_BIN");
        const QByteArray path = qgetenv("PATH");
        qputenv("CUTOVER_BIN", m_folder.path().toLocal8Bit());
        qputenv("PATH", m_folder.path().toLocal8Bit());
        const auto applied = QCoro::waitFor(engine.apply((*made)[u"digest"].toString(), {}));
        qputenv("CUTOVER_BIN", programs);
        qputenv("PATH", path);
        QVERIFY(!applied);
        QCOMPARE(applied.error().code, u"system.no_program"_s);
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        const RunRecord run = (*journal)->runs(1)->first();
        QCOMPARE(run.state, RunState::RolledBack);
        QCOMPARE(run.reason.code, u"run.refused_to_start"_s);
        // Another console that looks, with the program there again, starts nothing.
        EngineService other(m_target.path, u"lee@desk"_s);
        QVERIFY(other.open());
        QTest::qWait(1000);
        QVERIFY(!QFile::exists(m_target.stateDirectory + u"/runs/"_s + run.id + u"/runner.log"_s));
        QVERIFY(QCoro::waitFor(engine.call(u"bye"_s)));
    }

    /// Journals, keys and other systems' journals take their time; nobody who looks on is held up by it.
    void whatPeopleAgreeToIsReadOffTheLoop()
    {
        EngineService engine(m_target.path, u"kim@desk"_s);
        QVERIFY(engine.open());
        const QString run = QCoro::waitFor(engine.runs())->first().id;
        const QJsonObject of{{u"run"_s, run}};
        for (const auto &[method, params] : {std::pair{u"gates"_s, of}, {u"approval.plan"_s, of}, {u"approval.list"_s, QJsonObject()}, {u"checklist"_s, of}, {u"report"_s, of}}) {
            auto asked = engine.call(method, params);
            QVERIFY2(!asked.isReady(), qPrintable(method));
            const auto answer = QCoro::waitFor(std::move(asked));
            QVERIFY2(answer, answer ? "" : qPrintable(answer.error().text()));
        }
    }

    void decisionsTakeTheNameAndTheirOwnHold()
    {
        EngineService engine(m_target.path, u"kim@desk"_s);
        QVERIFY(engine.open());
        QVERIFY(QCoro::waitFor(engine.call(u"conn.take"_s, {{u"force"_s, true}})));
        const auto journal = Journal::open(m_target.stateDirectory);
        QVERIFY(journal);
        RunRecord run = (*journal)->runs(1)->first();
        run.id = u"held"_s;
        run.state = RunState::Held;
        run.reason = {u"run.held_by"_s, {{u"by"_s, u"lee"_s}, {u"step"_s, u"x"_s}, {u"command"_s, u"c-lee"_s}}};
        QVERIFY((*journal)->addRun(run));
        // Nobody leads it; that is told, as nobody will before the next decision.
        QVERIFY(QCoro::waitFor(engine.status())->runnerGone);
        {
            const auto lock = QCoro::waitFor(RunLock::acquire(m_target.stateDirectory, u"held"_s, {}));
            QVERIFY(lock);
            QVERIFY(!QCoro::waitFor(engine.status())->runnerGone);
        }
        const auto command = [&engine](const QString &verb, const QString &name = {}, const QString &hold = {}) {
            const auto given = QCoro::waitFor(engine.command(u"held"_s, verb, {}, name, hold));
            return given ? QString() : given.error().code + u' ' + Error::fromJson(given.error().toJson()).text();
        };
        QVERIFY(command(u"abandon"_s).startsWith(u"serve.confirm_decision"));
        const QString wrong = command(u"abandon"_s, u"Demo"_s);
        QVERIFY2(wrong.startsWith(u"serve.confirm_decision") && wrong.contains(u"“Demo”") && wrong.contains(u"exactly: demo"), qPrintable(wrong));
        const QString other = command(u"resume"_s, {}, u"c-kim"_s);
        QVERIFY2(other.startsWith(u"serve.command_refused") && other.contains(u"lee held the run"), qPrintable(other));
        QVERIFY((*journal)->commands(u"held"_s)->isEmpty());
        QCOMPARE(command(u"abandon"_s, u"demo"_s), QString());
        QCOMPARE((*journal)->commands(u"held"_s)->first().args[u"name"], u"demo"_s);
        run.state = RunState::Abandoned;
        QVERIFY((*journal)->updateRun(run));
        QVERIFY(QCoro::waitFor(engine.call(u"bye"_s)));
    }

    /// A second target file, with a state folder of its own, on the same database.
    void databaseOfAnotherTargetIsRefusedUntilAdopted()
    {
        auto yaml = files::read(m_target.path);
        QVERIFY(yaml);
        const QString file = QFileInfo(m_target.path).absolutePath() + u"/shadow.yaml"_s;
        const QString text = QString::fromUtf8(*yaml)
                                 .replace(QRegularExpression(u"^name: .*$"_s, QRegularExpression::MultilineOption), u"name: shadow"_s)
                                 .replace(QRegularExpression(u"^state: .*$"_s, QRegularExpression::MultilineOption), u"state: shadowstate"_s);
        QVERIFY(files::replace(file, text.toUtf8()));
        EngineService engine(file, u"lee@desk"_s);
        QVERIFY2(engine.open(), "open");
        QVERIFY(engine.target().stateDirectory != m_target.stateDirectory);
        const auto refused = jobResult(engine, QCoro::waitFor(engine.startUpdatePlan(u"1.2.1"_s)));
        QCOMPARE(refused.error().code, u"target.claimed"_s);
        QVERIFY2(refused.error().what().contains(u"“demo”") && refused.error().what().contains(u"“shadow”"), qPrintable(refused.error().what()));

        QCOMPARE(QCoro::waitFor(engine.call(u"target.claims"_s))->value(u"claims").toArray().first()[u"owner"], u"demo"_s);
        QCOMPARE(QCoro::waitFor(engine.call(u"target.adopt"_s)).error().code, u"serve.confirm_decision"_s);
        {
            // Not from under a run.
            const auto lock = QCoro::waitFor(RunLock::acquire(m_target.stateDirectory, u"r"_s, {}));
            QVERIFY(lock);
            QCOMPARE(QCoro::waitFor(engine.call(u"target.adopt"_s, {{u"confirm"_s, u"shadow"_s}})).error().code, u"target.claim_busy"_s);
        }
        const auto adopted = QCoro::waitFor(engine.call(u"target.adopt"_s, {{u"confirm"_s, u"shadow"_s}}));
        QVERIFY2(adopted, adopted ? "" : qPrintable(adopted.error().text()));
        const QJsonArray trail = QCoro::waitFor(engine.call(u"audit"_s))->value(u"rows").toArray();
        QCOMPARE(trail.first()[u"what"], u"target.adopted"_s);
        QCOMPARE(trail.first()[u"args"][u"owner"], u"demo"_s);
        QVERIFY(jobResult(engine, QCoro::waitFor(engine.startUpdatePlan(u"1.2.1"_s))));

        // The first one is told so, and takes it back the same way.
        EngineService first(m_target.path, u"kim@desk"_s);
        QVERIFY(first.open());
        QVERIFY(QCoro::waitFor(first.call(u"conn.take"_s, {{u"force"_s, true}})));
        QCOMPARE(jobResult(first, QCoro::waitFor(first.startUpdatePlan(u"1.2.1"_s))).error().code, u"target.claimed"_s);
        QVERIFY(QCoro::waitFor(first.call(u"target.adopt"_s, {{u"confirm"_s, u"demo"_s}})));
        QVERIFY(jobResult(first, QCoro::waitFor(first.startUpdatePlan(u"1.2.1"_s))));
        QVERIFY(QCoro::waitFor(first.call(u"bye"_s)));
    }

    void consoleOfAnotherUserIsNamed()
    {
        EngineService engine(m_target.path, u"deploy@control"_s);
        QVERIFY(engine.open());
        const auto hello = QCoro::waitFor(engine.call(u"hello"_s, {{u"session"_s, u"far"_s}, {u"who"_s, u"kim@desk"_s}}));
        QVERIFY(hello);
        const QString who = (*hello)[u"who"].toString();
        QVERIFY2(who.startsWith(u"kim@desk as "), qPrintable(who));
        QVERIFY(QCoro::waitFor(engine.call(u"conn.take"_s, {{u"force"_s, true}, {u"note"_s, u"x"_s}})));
        QCOMPARE(QCoro::waitFor(engine.status())->connHolder, who);

        EngineService other(m_target.path, u"deploy@control"_s);
        QVERIFY(other.open());
        const auto refused = QCoro::waitFor(other.applyFeatures({}, u"why"_s));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, u"serve.conn_elsewhere"_s);
        QVERIFY2(refused.error().what().contains(who), qPrintable(refused.error().what()));
        // Without a run under way, a goodbye gives it back.
        QVERIFY(QCoro::waitFor(engine.call(u"bye"_s)));
        QCOMPARE(QCoro::waitFor(engine.status())->connHolder, QString());
    }

private:
    static QString configurationOf(const Facts &facts)
    {
        for (auto it = facts.begin(); it != facts.end(); ++it) {
            if (it.key().startsWith(u"configuration:")) {
                return it.key();
            }
        }
        return {};
    }
    static Result<QJsonObject> jobResult(EngineService &engine, const Result<QString> &job)
    {
        Result<QJsonObject> result = fail(u"test.no_end"_s);
        QEventLoop loop;
        connect(&engine, &EngineClient::jobTold, &loop, [&](const QString &id, const QString &state, const QJsonObject &what) {
            if (job && id == *job && (state == u"done" || state == u"failed")) {
                result = state == u"done" ? Result<QJsonObject>(what) : fail(Error::fromJson(what));
                loop.quit();
            }
        });
        QTimer::singleShot(60000, &loop, &QEventLoop::quit);
        loop.exec();
        return result;
    }
};

QTEST_GUILESS_MAIN(PlanningTest)
#include "planningtest.moc"
