// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/sqlite.h"
#include "plan/planners.h"
#include "plan/releasesource.h"
#include "system/files.h"
#include "tests/migration/alembicproject.h"
#include "tests/support/steps.h"

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;
using cutover::testing::AlembicProject;
using cutover::testing::await;
using cutover::testing::runSql;
using cutover::testing::TestContext;
using cutover::testing::valueOf;

#define VERIFY_RESULT(expression)                                                       \
    do {                                                                                \
        const auto &verified = (expression);                                            \
        QVERIFY2(verified, qPrintable(verified ? QString() : verified.error().text())); \
    } while (false)

/** Going back to a commit: what its plan does, and when its code does not go with the database. */
class CommitPlanTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    Target m_target;
    QMap<QString, QString> m_commits; ///< By the name that the test gives them.

    QString path(const QString &name) const { return m_folder->filePath(name); }
    QString git(const QStringList &arguments)
    {
        QProcess process;
        process.start(u"git"_s,
                      QStringList{u"-C"_s, path(u"source"_s), u"-c"_s, u"user.name=Kim"_s, u"-c"_s, u"user.email=kim@example.org"_s, u"-c"_s, u"tag.gpgSign=false"_s, u"-c"_s, u"commit.gpgSign=false"_s} + arguments);
        if (!process.waitForFinished(60000) || process.exitCode() != 0) {
            QTest::qFail(QByteArray(arguments.join(u' ').toUtf8() + ": " + process.readAllStandardError()).constData(), __FILE__, __LINE__);
        }
        return QString::fromUtf8(process.readAllStandardOutput()).trimmed();
    }
    void write(const QString &file, const QByteArray &content)
    {
        QVERIFY(QDir().mkpath(QFileInfo(file).path()));
        VERIFY_RESULT(files::replace(file, content));
    }
    void commit(const QString &name, const QString &tag = {})
    {
        write(path(u"source/app.txt"_s), name.toUtf8());
        git({u"add"_s, u"-A"_s});
        git({u"commit"_s, u"-q"_s, u"-m"_s, name});
        m_commits.insert(name, git({u"rev-parse"_s, u"HEAD"_s}));
        if (!tag.isEmpty()) {
            git({u"tag"_s, tag});
        }
    }
    void migration(const QString &stem, const QByteArray &up, const QByteArray &down)
    {
        write(path(u"source/db/"_s + stem + u".up.sql"_s), up);
        write(path(u"source/db/"_s + stem + u".down.sql"_s), down);
    }
    Result<Plan> plan(const QString &name)
    {
        auto release = await(ReleaseSource::of(m_target)->stageCommit(m_commits[name], {}, [](const Progress &) { }));
        if (!release) {
            return fail(release.error());
        }
        return await(planRollbackToCommit({m_target, {{u"switch_release"_s, 77}}, u"1.1.0"_s}, *release));
    }
    QString code(const QString &name)
    {
        const auto made = plan(name);
        return made ? u"planned"_s : made.error().code;
    }
    /// All that the release brings runs in the database.
    void migrateTo(const QString &name)
    {
        auto release = await(ReleaseSource::of(m_target)->stageCommit(m_commits[name], {}, [](const Progress &) { }));
        VERIFY_RESULT(release);
        VERIFY_RESULT(files::switchLink(m_target.currentLink(), u"1.1.0"_s));
        if (!QFileInfo::exists(m_target.releaseDirectory(u"1.1.0"_s))) {
            QProcess copy;
            copy.start(u"cp"_s, {u"-r"_s, release->preview, m_target.releaseDirectory(u"1.1.0"_s)});
            QVERIFY(copy.waitForFinished() && copy.exitCode() == 0);
        }
        const auto steps = await(planMigrations({m_target, {}, u"1.1.0"_s}, *release));
        VERIFY_RESULT(steps);
        for (const StepSpec &spec : *steps) {
            TestContext context(m_target);
            const auto step = *StepRegistry::create(spec);
            const auto undo = await(step->prepare(context, {}));
            VERIFY_RESULT(undo);
            VERIFY_RESULT(await(step->apply(context, *undo, {})));
        }
    }
    static QStringList kindsOf(const Plan &plan)
    {
        QStringList kinds;
        for (const StepSpec &step : plan.steps) {
            kinds.append(step.kind);
        }
        return kinds;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_commits.clear();
        m_target = {};
        m_target.name = m_target.product = u"test"_s;
        m_target.path = path(u"target.yaml"_s);
        m_target.stateDirectory = path(u"state"_s);
        m_target.releasesDirectory = path(u"releases"_s);
        m_target.backup = {path(u"backups"_s), 5};
        m_target.databases = {{u"main"_s, u"sqlite"_s, path(u"main.db"_s), u"db"_s, {}}};
        m_target.repository.git.url = path(u"source"_s);
        m_target.repository.git.build = {{u"true"_s}};
        ServiceSpec service;
        service.name = u"backend"_s;
        service.instances = {{u"backend-1"_s, 1}, {u"backend-2"_s, 2}};
        service.command = QStringList{u"bin/backend"_s};
        m_target.services = {service};
        write(m_target.path, "name: test\n");
        QVERIFY(QDir().mkpath(m_target.stateDirectory) && QDir().mkpath(m_target.releasesDirectory) && QDir().mkpath(path(u"source"_s)));
        git({u"init"_s, u"-q"_s, u"-b"_s, u"main"_s});
        runSql(path(u"main.db"_s), {u"CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)"_s, u"INSERT INTO orders (amount) VALUES (1), (2)"_s});
    }

    void oneThatFitsIsBuiltBackedUpAndDeployed()
    {
        migration(u"0001_note"_s, "ALTER TABLE orders ADD COLUMN note TEXT;\n", "-- cutover: loses=orders.note\nALTER TABLE orders DROP COLUMN note;\n");
        commit(u"first"_s, u"v1.0.0"_s);
        commit(u"between"_s);
        commit(u"installed"_s, u"v1.1.0"_s);
        migrateTo(u"installed"_s);
        const auto made = plan(u"between"_s);
        VERIFY_RESULT(made);
        const QString version = u"1.0.0+g"_s + m_commits[u"between"_s].left(12);
        QCOMPARE(made->kind, u"rollback"_s);
        QCOMPARE(made->mode, u"code"_s);
        QCOMPARE(made->from, u"1.1.0"_s);
        QCOMPARE(made->to, version);
        QCOMPARE(made->restorePoint, QString());
        QVERIFY(made->loss.isEmpty());
        QCOMPARE(made->policy["automaticRollback"_L1].toBool(true), false);
        const QStringList kinds = kindsOf(*made);
        // Nothing is switched before its code is built and what is there is backed up.
        QCOMPARE(kinds.first(5), (QStringList{u"verify_commit"_s, u"checkout_release"_s, u"backup"_s, u"verify_backup"_s, u"switch_release"_s}));
        QCOMPARE(kinds.last(), u"health"_s);
        QVERIFY(!kinds.contains(u"downgrade"_s) && !kinds.contains(u"migrate"_s));
        QCOMPARE(made->steps[4].expectedMs, 77);
        QCOMPARE(made->steps.last().params[u"expected"_s].toString(), version);
        QCOMPARE(made->steps.last().params[u"identity"_s][u"commit"_s].toString(), m_commits[u"between"_s]);
        QCOMPARE(made->factsBefore(made->steps.size())["release.current"_L1].toString(), version);
        for (const StepSpec &step : made->steps) {
            QVERIFY(!step.pointOfNoReturn);
        }
        QCOMPARE(kindsOf(Plan::fromJson(made->toJson()).value()), kinds);
        // Planning placed nothing.
        QCOMPARE(QDir(m_target.releasesDirectory).entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::NoSymLinks), QStringList{u"1.1.0"_s});
    }

    void codeThatDoesNotKnowTheSchemaIsRefused()
    {
        commit(u"bare"_s);
        migration(u"0001_note"_s, "ALTER TABLE orders ADD COLUMN note TEXT;\n", "-- cutover: loses=orders.note\nALTER TABLE orders DROP COLUMN note;\n");
        commit(u"first"_s, u"v1.0.0"_s);
        migration(u"0002_tag"_s, "ALTER TABLE orders ADD COLUMN tag TEXT;\n", "-- cutover: loses=orders.tag\nALTER TABLE orders DROP COLUMN tag;\n");
        commit(u"installed"_s, u"v1.1.0"_s);
        migration(u"0003_drop"_s, "-- cutover: phase=contract\n-- cutover: loses=orders.note\nALTER TABLE orders DROP COLUMN note;\n", "ALTER TABLE orders ADD COLUMN note TEXT;\n");
        commit(u"contracting"_s);
        migration(u"0004_more"_s, "ALTER TABLE orders ADD COLUMN more TEXT;\n", "-- cutover: loses=orders.more\nALTER TABLE orders DROP COLUMN more;\n");
        commit(u"ahead"_s);
        migrateTo(u"installed"_s);
        QVERIFY(valueOf(path(u"main.db"_s), u"SELECT count(tag) FROM orders"_s).isValid());
        const auto older = plan(u"first"_s);
        QCOMPARE(older.error().code, u"migration.unknown_to_code"_s);
        QVERIFY2(older.error().what().contains(u"0002"_s) && older.error().what().contains(u"1.0.0"_s), qPrintable(older.error().what()));
        QCOMPARE(code(u"bare"_s), u"migration.unknown_to_code"_s);
        const auto newer = plan(u"ahead"_s);
        QCOMPARE(newer.error().code, u"migration.code_needs"_s);
        QVERIFY2(newer.error().what().contains(u"0004"_s) && !newer.error().what().contains(u"0003"_s), qPrintable(newer.error().what()));
        // What only takes away can wait.
        QCOMPARE(code(u"contracting"_s), u"planned"_s);
    }

    void soIsAlembics()
    {
        if (!AlembicProject::isInstalled()) {
            QSKIP("NOT TESTED: Alembic is not installed");
        }
        runSql(path(u"main.db"_s), {u"DROP TABLE orders"_s});
        m_target.databases[0].migrationTool = {u"alembic"_s, {}};
        const AlembicProject project(path(u"source/db"_s));
        project.addFive();
        project.keepUpTo(1);
        commit(u"first"_s, u"v1.0.0"_s);
        project.addFive();
        project.keepUpTo(2);
        commit(u"between"_s);
        commit(u"installed"_s, u"v1.1.0"_s);
        project.addFive();
        project.keepUpTo(4);
        commit(u"ahead"_s);
        migrateTo(u"installed"_s);
        QCOMPARE(valueOf(path(u"main.db"_s), u"SELECT version_num FROM alembic_version"_s).toString(), u"2b"_s);
        QCOMPARE(code(u"between"_s), u"planned"_s);
        const auto older = plan(u"first"_s);
        QCOMPARE(older.error().code, u"migration.unknown_to_code"_s);
        QVERIFY2(older.error().what().contains(u"2b"_s), qPrintable(older.error().what()));
        const auto newer = plan(u"ahead"_s);
        QCOMPARE(newer.error().code, u"migration.code_needs"_s);
        QVERIFY2(newer.error().what().contains(u"3c (double what was bought)"_s), qPrintable(newer.error().what()));
    }
};

QTEST_GUILESS_MAIN(CommitPlanTest)
#include "commitplantest.moc"
