// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "smallserver.h"
#include "testcontext.h"

#include "check/check.h"
#include "deploy/haproxy.h"
#include "plan/keyeddigest.h"
#include "plan/planners.h"
#include "run/journal.h"
#include "system/files.h"
#include "system/sqlitevfs.h"

#include <QCoroTask>
#include <QJsonDocument>
#include <QProcess>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>

using namespace cutover;
using namespace Qt::StringLiterals;

/** A small system of real files, a real database and a real server, which each test breaks in one place. */
class CheckTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<SmallServer> m_server;
    QByteArray m_version;
    int m_health = 200;
    Target m_target;

    using Results = QMap<QString, CheckResult>;

    Results run(const QString &expected = {}, const CheckSink &sink = {}) const
    {
        const auto list = QCoro::waitFor(runChecks(m_target, std::nullopt, expected, sink));
        Results results;
        if (!list) {
            qWarning("%s", qPrintable(list.error().text()));
            return results;
        }
        for (const CheckResult &result : *list) {
            results.insert(result.id, result);
            // Every sentence is written.
            if (!Catalogue::contains(result.title.code) || !Catalogue::contains(result.finding.code)) {
                qWarning("no text: %s %s", qPrintable(result.title.code), qPrintable(result.finding.code));
                return {};
            }
        }
        return results;
    }
    /// What the supervisor was told to run.
    void record(const InstanceReleases &releases) const
    {
        QJsonObject instances;
        for (const auto &[instance, version] : releases.asKeyValueRange()) {
            instances.insert(instance, QJsonObject{{u"desired"_s, u"running"_s}, {u"directory"_s, m_target.releaseDirectory(version)}});
        }
        const QString file = m_target.stateDirectory + u"/supervisor/state.json"_s;
        QVERIFY(files::makePath(QFileInfo(file).path()));
        QVERIFY(files::replace(file, QJsonDocument(QJsonObject{{u"instances"_s, instances}}).toJson()));
    }
    static bool passed(const CheckResult &result) { return result.status == CheckResult::Status::Passed; }
    void sql(const QString &statement) const
    {
        {
            auto database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"test"_s);
            database.setDatabaseName(m_target.databases[0].file);
            QVERIFY(database.open());
            QSqlQuery query(database);
            QVERIFY2(query.exec(statement), qPrintable(query.lastError().text()));
        }
        QSqlDatabase::removeDatabase(u"test"_s);
    }
    static Result<> apply(TestContext &context, const StepSpec &spec)
    {
        TRY(const auto step, StepRegistry::create(spec));
        CHECK(QCoro::waitFor(step->observe(context, {})));
        return QCoro::waitFor(step->apply(context, {}, {}));
    }
    StepSpec precheck(const QString &installed) const
    {
        PlanningContext context;
        context.target = m_target;
        context.installed = installed;
        return QCoro::waitFor(planChecks(context, StagedRelease()))->value(0);
    }
    StepSpec health(const QString &version) const
    {
        PlanningContext context;
        context.target = m_target;
        StagedRelease release;
        release.info.manifest.version = *Version::parse(version);
        return QCoro::waitFor(planHealth(context, release))->value(0);
    }

private Q_SLOTS:
    void initTestCase() { installSqliteVfs(); }

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_version = "1.2.0";
        m_health = 200;
        m_server = std::make_unique<SmallServer>([this](const QByteArray &path) {
            if (path == "/version") {
                return SmallServer::Answer{200, "{\"version\": \"" + m_version + "\"}"};
            }
            return SmallServer::Answer{m_health, "ok"};
        });
        m_target = Target();
        m_target.name = u"trading"_s;
        m_target.path = m_folder->filePath(u"target.yaml"_s);
        m_target.stateDirectory = m_folder->filePath(u"state"_s);
        m_target.releasesDirectory = m_folder->filePath(u"releases"_s);
        m_target.backup.directory = m_folder->filePath(u"backups"_s);
        m_target.check.minimumFreeBytes = 1 << 20;
        QVERIFY(files::makePath(m_target.stateDirectory));
        QVERIFY(files::makePath(m_target.releaseDirectory(u"1.2.0"_s)));
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.0"_s));
        ServiceSpec service;
        service.name = u"backend"_s;
        service.instances = {{u"backend-1"_s, 0}, {u"backend-2"_s, 0}};
        service.health.http = m_server->url(u"/health"_s);
        service.versionUrl = m_server->url(u"/version"_s);
        m_target.services = {service};
        DatabaseSpec database;
        database.name = u"trading"_s;
        database.driver = u"sqlite"_s;
        database.file = m_folder->filePath(u"trading.db"_s);
        m_target.databases = {database};
        sql(u"CREATE TABLE orders (id INTEGER PRIMARY KEY)"_s);
        m_target.configuration = {{m_folder->filePath(u".env"_s), {}}};
        QVERIFY(files::replace(m_target.configuration[0].file, "A=1\n"));
    }

    void allWell()
    {
        QStringList told;
        const Results results = run(u"1.2.0"_s, [&told](const CheckResult &result) {
            told.append(result.id + u' ' + QString::number(int(result.status)));
        });
        QCOMPARE(results.keys(), QStringList({u"backup"_s, u"configuration"_s, u"database:trading"_s, u"disk"_s, u"health:backend-1"_s, u"health:backend-2"_s, u"log"_s, u"ports"_s, u"version"_s}));
        for (const CheckResult &result : results) {
            QVERIFY2(passed(result) || result.id == u"backup", qPrintable(result.id + u": "_s + result.error.text()));
            QCOMPARE(CheckResult::fromJson(result.toJson()).toJson(), result.toJson());
        }
        QCOMPARE(results[u"backup"_s].status, CheckResult::Status::Warning);
        QVERIFY(results[u"disk"_s].finding.args[u"free"_s].toInteger() > results[u"disk"_s].finding.args[u"needed"_s].toInteger());
        QCOMPARE(results[u"version"_s].finding.args[u"count"_s].toInt(), 2);
        QCOMPARE(told.size(), 3 * results.size());
        QCOMPARE(told[0], u"ports 0"_s);
        QCOMPARE(told[results.size()], u"ports 1"_s);
        QCOMPARE(told[results.size() + 1], u"ports 2"_s);
    }

    void versions()
    {
        QCOMPARE(run(u"1.3.0"_s)[u"version"_s].error.code, u"check.version_link"_s);
        m_version = "1.1.9";
        const CheckResult mixed = run(u"1.2.0"_s)[u"version"_s];
        QCOMPARE(mixed.status, CheckResult::Status::Failed);
        // Of every instance.
        QCOMPARE(mixed.error.what(), u"2 differences: backend-1 runs version 1.1.9, expected 1.2.0. backend-2 runs version 1.1.9, expected 1.2.0."_s);
        m_target.services[0].instances.removeLast();
        QCOMPARE(run(u"1.2.0"_s)[u"version"_s].error.code, u"check.version_instance"_s);
        m_version = "";
        QCOMPARE(run()[u"version"_s].error.code, u"check.no_version"_s);
        QVERIFY(files::remove(m_target.currentLink()));
        QCOMPARE(run(u"1.2.0"_s)[u"version"_s].error.code, u"check.no_release_link"_s);
    }

    /// 1.2.2 restarted the backend only; that the strategy still runs 1.2.0 is as it should be.
    void servicesThatWereNotRestarted()
    {
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.2.2"_s));
        m_version = "1.2.2";
        QByteArray strategy = "1.2.0";
        SmallServer server([&strategy](const QByteArray &) { return SmallServer::Answer{200, "{\"version\": \"" + strategy + "\"}"}; });
        ServiceSpec service;
        service.name = u"strategy"_s;
        service.instances = {{u"strategy"_s, 0}};
        service.versionUrl = server.url(u"/version"_s);
        m_target.services.append(service);
        QCOMPARE(run(u"1.2.2"_s)[u"version"_s].error.code, u"check.version_instance"_s); // Nothing says so yet of the strategy.

        record({{u"backend-1"_s, u"1.2.2"_s}, {u"backend-2"_s, u"1.2.2"_s}, {u"strategy"_s, u"1.2.0"_s}});
        const CheckResult found = run(u"1.2.2"_s)[u"version"_s];
        QVERIFY2(passed(found), qPrintable(found.error.text()));
        QVERIFY2(found.finding.text().contains(u"strategy 1.2.0"_s), qPrintable(found.finding.text()));
        QVERIFY(passed(run()[u"version"_s]));

        // In a run, what its plan says, before and after its deployment.
        StepSpec deploy;
        deploy.id = u"recreate:strategy"_s;
        deploy.changes = {{instanceFact(u"strategy"_s), u"1.2.2"_s}};
        TestContext context(m_target);
        context.run.facts = {{instanceFact(u"backend-1"_s), u"1.2.2"_s}, {instanceFact(u"strategy"_s), u"1.2.0"_s}};
        context.run.steps = {precheck(u"1.2.2"_s), deploy, health(u"1.2.2"_s)};
        const auto before = apply(context, context.run.steps.first());
        QVERIFY2(before, qPrintable(before ? QString() : before.error().text()));
        const auto after = apply(context, context.run.steps.last());
        QVERIFY(!after);
        QVERIFY2(after.error().what().contains(u"strategy runs version 1.2.0, expected 1.2.2"_s), qPrintable(after.error().what()));
        strategy = "1.2.2";
        QVERIFY(apply(context, context.run.steps.last()));
        QCOMPARE(run(u"1.2.2"_s)[u"version"_s].error.args[u"expected"_s].toString(), u"1.2.0"_s);
    }

    void healthAndProbes()
    {
        ProbeSpec external;
        external.name = u"broker"_s;
        external.tcp = u"127.0.0.1:%1"_s.arg(freePort());
        external.critical = false;
        m_target.check.probes = {external};
        m_health = 503;
        const Results results = run();
        QCOMPARE(results[u"health:backend-2"_s].status, CheckResult::Status::Failed);
        QCOMPARE(results[u"health:backend-2"_s].error.code, u"probe.status"_s);
        QCOMPARE(results[u"probe:broker"_s].status, CheckResult::Status::Warning);
        QCOMPARE(results[u"probe:broker"_s].error.code, u"probe.refused"_s);
    }

    void disk()
    {
        m_target.check.minimumFreeBytes = 1LL << 60;
        const CheckResult result = run()[u"disk"_s];
        QCOMPARE(result.status, CheckResult::Status::Failed);
        QCOMPARE(result.error.code, u"check.disk_full"_s);
        QVERIFY(result.error.args[u"free"_s].toInteger() > 0);
        QVERIFY(result.error.args[u"needed"_s].toInteger() >= 1LL << 60);
    }

    void databases()
    {
        QProcess holder;
        holder.start(u"sqlite3"_s, {m_target.databases[0].file});
        QVERIFY(holder.waitForStarted());
        holder.write("BEGIN EXCLUSIVE;\nSELECT 'held';\n");
        QVERIFY(holder.waitForReadyRead(10000));
        const CheckResult held = run()[u"database:trading"_s];
        QCOMPARE(held.error.code, u"check.database_held"_s);
        QVERIFY2(held.error.what().contains(QString::number(holder.processId())), qPrintable(held.error.what()));
        holder.closeWriteChannel();
        QVERIFY(holder.waitForFinished());
        QVERIFY(passed(run()[u"database:trading"_s]));

        QFile file(m_target.databases[0].file);
        QVERIFY(file.open(QIODevice::ReadWrite));
        file.seek(100);
        file.write(QByteArray(3000, '\x5a'));
        file.close();
        const CheckResult damaged = run()[u"database:trading"_s];
        QCOMPARE(damaged.status, CheckResult::Status::Failed);
        QVERIFY(!damaged.error.what().isEmpty());
        QVERIFY(file.remove());
        QCOMPARE(run()[u"database:trading"_s].error.code, u"check.no_database"_s);
        QVERIFY(!file.exists());
    }

    void ports()
    {
        m_target.services[0].instances[1].port = m_server->serverPort();
        const CheckResult result = run()[u"ports"_s];
        QCOMPARE(result.error.code, u"check.port_taken"_s);
        QCOMPARE(result.error.args[u"pid"_s].toInteger(), QCoreApplication::applicationPid());
        m_target.services[0].instances[1].port = freePort();
        QVERIFY(passed(run()[u"ports"_s]));
    }

    void balancer()
    {
        m_target.balancer.kind = u"haproxy"_s;
        m_target.balancer.socket = m_folder->filePath(u"haproxy.sock"_s);
        m_target.services[0].balancerBackend = u"app"_s;
        QCOMPARE(run()[u"balancer"_s].status, CheckResult::Status::Failed); // Nobody there.

        const QString config = u"global\n  stats socket %1 level admin\ndefaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n"
                               "  timeout server 1s\nbackend app\n  server backend-1 127.0.0.1:%2\n"_s.arg(m_target.balancer.socket)
                                   .arg(m_server->serverPort());
        const QString file = m_folder->filePath(u"haproxy.cfg"_s);
        const auto start = [&](QProcess &haproxy, const QString &text) {
            return files::replace(file, text.toUtf8()) && (haproxy.start(u"haproxy"_s, {u"-db"_s, u"-f"_s, file}), haproxy.waitForStarted());
        };
        QProcess haproxy;
        QVERIFY(start(haproxy, config));
        QTRY_COMPARE_WITH_TIMEOUT(run()[u"balancer"_s].error.code, u"check.no_server"_s, 10000);
        haproxy.kill();
        QVERIFY(haproxy.waitForFinished());

        QVERIFY(start(haproxy, QString(config + u"  server backend-2 127.0.0.1:%1 disabled\n"_s.arg(m_server->serverPort()))));
        QTRY_COMPARE_WITH_TIMEOUT(run()[u"balancer"_s].error.code, u"check.server_down"_s, 10000);
        QCOMPARE(run()[u"balancer"_s].error.args[u"instance"_s].toString(), u"backend-2"_s);
        const Haproxy api(m_target.balancer.socket);
        QVERIFY(QCoro::waitFor(api.setState(u"app"_s, u"backend-2"_s, Haproxy::State::Ready)));
        QVERIFY(passed(run()[u"balancer"_s]));
        haproxy.kill();
        QVERIFY(haproxy.waitForFinished());

        // A further server is nobody's concern but that of a target with a spare.
        const QByteArray fixed = QString(config + u"  balance static-rr\n  server backend-2 127.0.0.1:%1\n"_s.arg(m_server->serverPort())).toUtf8();
        QVERIFY(start(haproxy, QString::fromUtf8(fixed)));
        QTRY_VERIFY_WITH_TIMEOUT(passed(run()[u"balancer"_s]), 10000);
        for (InstanceSpec &instance : m_target.services[0].instances) {
            instance.port = m_server->serverPort();
        }
        m_target.services[0].spare = InstanceSpec{u"backend-spare"_s, freePort()};
        const CheckResult refused = run()[u"balancer"_s];
        QCOMPARE(refused.status, CheckResult::Status::Failed);
        QCOMPARE(refused.error.code, u"haproxy.fixed_servers"_s);
        QCOMPARE(refused.error.args[u"server"_s].toString(), u"backend-spare"_s);
        haproxy.kill();
        QVERIFY(haproxy.waitForFinished());

        QVERIFY(start(haproxy, QString::fromUtf8(QByteArray(fixed).replace("static-rr", "roundrobin"))));
        QTRY_VERIFY_WITH_TIMEOUT(passed(run()[u"balancer"_s]), 10000);
        m_target.services[0].instances[0].port = 1;
        m_target.services[0].instances[1].port = 1;
        QCOMPARE(run()[u"balancer"_s].error.code, u"spare.elsewhere"_s);
        QCOMPARE(QCoro::waitFor(api.servers(u"app"_s)).value_or(QList<BalancerServer>()).size(), 2);
        haproxy.kill();
        QVERIFY(haproxy.waitForFinished());
    }

    void log()
    {
        m_target.check.logFile = m_folder->filePath(u"app.log"_s);
        QCOMPARE(run()[u"log"_s].status, CheckResult::Status::Warning);
        QByteArray text = QByteArray("2026 ERROR too old to count\n").repeated(50) + QByteArray("2026 info all terrorless\n").repeated(600);
        QVERIFY(files::replace(m_target.check.logFile, text));
        QVERIFY(passed(run()[u"log"_s]));
        text += QByteArray("2026 Error: no connection\n").repeated(6);
        QVERIFY(files::replace(m_target.check.logFile, text));
        const CheckResult result = run()[u"log"_s];
        QCOMPARE(result.error.code, u"check.log_errors"_s);
        QCOMPARE(result.error.args[u"errors"_s].toInt(), 6);
    }

    void whatTellsAnError_data()
    {
        QTest::addColumn<QByteArray>("line");
        QTest::addColumn<bool>("tells");
        const std::pair<const char *, bool> lines[]{
            {"ValueError: no such symbol", true},
            {"sqlalchemy.exc.OperationalError: connection refused", true},
            {"java.lang.IllegalStateException: closed", true},
            {"3 errors while placing orders", true},
            {"error: disk failure", true},
            {"level=error msg=\"no quote\"", true},
            {"{\"level\": \"error\", \"msg\": \"x\"}", true},
            {"{\"error\": \"timeout\"}", true},
            {"error=timeout", true},
            {"FATAL: the database is gone", true},
            {"kernel panic", true},
            {"0 errors, 0 warnings", false},
            {"done without errors", false},
            {"no error was found", false},
            {"errors: 0", false},
            {"error=null level=info", false},
            {"error= level=info", false},
            {"{\"error\":null,\"price\":3}", false},
            {"{\"errors\": []}", false},
            {"mirror terrors errorless", false},
        };
        for (const auto &[line, tells] : lines) {
            QTest::newRow(line) << QByteArray(line) << tells;
        }
    }
    void whatTellsAnError()
    {
        QFETCH(const QByteArray, line);
        QFETCH(const bool, tells);
        m_target.check.logFile = m_folder->filePath(u"app.log"_s);
        m_target.check.maxLogErrors = 0;
        QVERIFY(files::replace(m_target.check.logFile, line + '\n'));
        QCOMPARE(passed(run()[u"log"_s]), !tells);
    }

    /// What the file held before an update is not told of it; what came since is.
    void logSinceTheUpdate()
    {
        m_target.check.logFile = m_folder->filePath(u"app.log"_s);
        const QByteArray old = QByteArray("Error: old\n").repeated(20);
        QVERIFY(files::replace(m_target.check.logFile, old));
        TestContext context(m_target);
        QVERIFY(apply(context, precheck(u"1.2.0"_s)));
        context.checks = context.results[u"checks"_s].toArray();
        const auto after = [&] {
            (void)apply(context, health(u"1.2.0"_s));
            const QJsonArray told = context.results[u"checks"_s].toArray();
            for (const auto &each : told) {
                if (const auto result = CheckResult::fromJson(each.toObject()); result.id == "log"_L1) {
                    return result;
                }
            }
            return CheckResult();
        };
        const auto append = [&](const QByteArray &text) {
            QFile file(m_target.check.logFile);
            return file.open(QIODevice::Append) && file.write(text) == text.size();
        };
        QCOMPARE(after().finding.code, u"check.log_ok_since"_s);
        QVERIFY(append("Error: new\nfine\n"));
        QCOMPARE(after().finding.args[u"errors"].toInt(), 1);
        QVERIFY(append(QByteArray("Error: new\n").repeated(5)));
        const CheckResult many = after();
        QCOMPARE(many.error.code, u"check.log_errors_since"_s);
        QVERIFY2(many.error.what().startsWith(u"6 errors"), qPrintable(many.error.what()));
        // Begun anew meanwhile it is another file.
        QVERIFY(QFile::remove(m_target.check.logFile));
        QVERIFY(files::replace(m_target.check.logFile, "Error: first of a new file\n"));
        QCOMPARE(after().finding.args[u"errors"].toInt(), 1);
    }

    /// A release of git has no package: what its backup takes is planned for all the same.
    void diskOfARelease()
    {
        const auto needed = [this](const std::optional<ReleaseInfo> &release) {
            const auto list = QCoro::waitFor(runChecks(m_target, release, {}, {}));
            const auto disk = std::ranges::find(*list, u"disk"_s, &CheckResult::id);
            return disk->finding.args[u"update"].toInteger();
        };
        QCOMPARE(needed(std::nullopt), 0);
        ReleaseInfo release;
        release.manifest.version = *Version::parse(u"1.3.0"_s);
        release.sha256 = u"0123456789abcdef0123456789abcdef01234567"_s;
        const qint64 database = QFileInfo(m_target.databases[0].file).size();
        QVERIFY(database > 0);
        QVERIFY2(needed(release) >= 2 * database, qPrintable(QString::number(needed(release))));
    }

    void whatWasSoBefore_data()
    {
        QTest::addColumn<QString>("before");
        QTest::addColumn<double>("then");
        QTest::addColumn<QString>("after");
        QTest::addColumn<double>("now");
        QTest::addColumn<bool>("so");
        QTest::newRow("slow before, slow after") << u"check.latency_high"_s << 250.0 << u"check.latency_high"_s << 300.0 << true;
        QTest::newRow("slow before, far slower after") << u"check.latency_high"_s << 210.0 << u"check.latency_high"_s << 5000.0 << false;
        QTest::newRow("slow before, failing after") << u"check.latency_high"_s << 210.0 << u"check.latency_failed"_s << 0.0 << false;
        QTest::newRow("failing before, failing after") << u"check.latency_failed"_s << 2.0 << u"check.latency_failed"_s << 3.0 << true;
        QTest::newRow("failing once before, always after") << u"check.latency_failed"_s << 1.0 << u"check.latency_failed"_s << 100.0 << false;
        QTest::newRow("well before") << QString() << 0.0 << u"check.latency_high"_s << 300.0 << false;
        QTest::newRow("not measured before") << u"check.replication_unread"_s << 0.0 << u"check.replication_behind"_s << 0.0 << false;
        QTest::newRow("another answer") << u"probe.status"_s << 0.0 << u"probe.connect"_s << 0.0 << true;
        QTest::newRow("known") << u"check.known_before"_s << 0.0 << u"check.latency_failed"_s << 0.0 << true;
    }
    void whatWasSoBefore()
    {
        QFETCH(const QString, before);
        QFETCH(const double, then);
        QFETCH(const QString, after);
        QFETCH(const double, now);
        QFETCH(const bool, so);
        const auto result = [](const QString &code, double found) {
            CheckResult result;
            result.status = code.isEmpty() ? CheckResult::Status::Passed : CheckResult::Status::Warning;
            const Message part{u"check.latency_part"_s, {{u"percent"_s, 95}, {u"found"_s, found}, {u"limit"_s, 200}}};
            const QJsonObject args = code == "check.latency_failed"_L1 ? QJsonObject{{u"failed"_s, found}} : QJsonObject{{u"exceeded"_s, QJsonArray{part.toJson()}}};
            result.error = {code, found > 0 ? args : QJsonObject()};
            return result;
        };
        QCOMPARE(wasSoBefore(result(before, then), result(after, now)), so);
    }

    void latency()
    {
        m_target.check.latencyUrl = m_server->url(u"/quote"_s);
        m_target.check.latencyRequests = 60;
        m_target.check.latencyConcurrency = 12;
        m_target.check.latencyP95Ms = 5000;
        m_server->delayMs = 100;
        m_server->requests = 0;
        m_target.services.clear();
        CheckResult result = run()[u"latency"_s];
        QVERIFY2(passed(result), qPrintable(result.error.text()));
        QCOMPARE(m_server->requests, 60);
        QCOMPARE(m_server->mostAtOnce, 12);
        QVERIFY(result.finding.args[u"p50"_s].toInt() >= 90);
        QVERIFY(result.finding.args[u"p99"_s].toInt() >= result.finding.args[u"p95"_s].toInt());
        QVERIFY2(result.finding.text().endsWith(u"limits: 95 % 5000 ms"_s), qPrintable(result.finding.text()));
        const auto figure = [&result](const char *name) { return QString::number(result.error.args[QLatin1StringView(name)].toInteger()); };
        m_target.check.latencyP50Ms = 5;
        m_target.check.latencyP99Ms = 10;
        result = run()[u"latency"_s];
        QCOMPARE(result.status, CheckResult::Status::Warning);
        QCOMPARE(result.error.code, u"check.latency_high"_s);
        QCOMPARE(result.error.what(),
                 QString(u"60 requests to "_s + m_target.check.latencyUrl + u", 12 at once, took too long: 50 % within "_s + figure("p50") + u" ms, the limit is 5 ms, 99 % within "_s
                         + figure("p99") + u" ms, the limit is 10 ms (median "_s + figure("p50") + u" ms, 95 % "_s + figure("p95") + u" ms, 99 % "_s + figure("p99") + u" ms)."_s));
        m_health = 500;
        result = run()[u"latency"_s];
        QCOMPARE(result.error.code, u"check.latency_failed"_s);
        QCOMPARE(result.error.args[u"failed"_s].toInt(), 60);
    }

    void journal()
    {
        auto opened = Journal::open(m_target.stateDirectory);
        QVERIFY2(opened, qPrintable(opened ? QString() : opened.error().text()));
        Journal &journal = **opened;
        RestorePoint point;
        point.id = u"a"_s;
        point.version = u"1.1.0"_s;
        point.created = QDateTime::currentDateTimeUtc().addDays(-1);
        point.directory = m_target.stateDirectory + u"/backup-a"_s;
        QVERIFY(files::makePath(point.directory));
        QVERIFY(files::replace(point.directory + u"/manifest.json"_s, "{}"));
        QVERIFY(journal.addRestorePoint(point));
        QCOMPARE(run()[u"backup"_s].error.what(), u"There is no backup that was proven by restoring it; 1 was made and never proven."_s);
        point.proven = point.created.addSecs(60);
        point.size = 5'000'000;
        QVERIFY(journal.addRestorePoint(point));
        const auto localTime = [](const QDateTime &time) { return time.toLocalTime().toString(u"yyyy-MM-dd HH:mm:ss"_s); };
        const CheckResult proven = run()[u"backup"_s];
        QVERIFY(passed(proven));
        QCOMPARE(proven.finding.text(),
                 QString(u"The newest proven backup is of "_s + localTime(point.created) + u", 1 d old; "_s + sizeText(5'000'000) + u", proven by restoring it "_s + localTime(point.proven)));
        m_target.check.maxBackupAgeMs = 2LL * 24 * 3600 * 1000;
        QVERIFY2(run()[u"backup"_s].finding.text().contains(u"1 d old, at most 2 d expected"_s), qPrintable(run()[u"backup"_s].finding.text()));
        m_target.check.maxBackupAgeMs = 3600LL * 1000;
        const CheckResult old = run()[u"backup"_s];
        QCOMPARE(old.error.code, u"check.old_backup"_s);
        QVERIFY2(old.error.what().contains(u", 1 d old, expected at most 1 h ("_s + sizeText(5'000'000)), qPrintable(old.error.what()));
        // One whose folder is gone, as when its disk is not mounted.
        QVERIFY(files::remove(point.directory + u"/manifest.json"_s));
        const CheckResult gone = run()[u"backup"_s];
        QCOMPARE(gone.error.code, u"check.backup_gone"_s);
        QVERIFY2(gone.error.what().contains(point.directory), qPrintable(gone.error.what()));
        // One that was taken away is none.
        point.available = false;
        QVERIFY(journal.addRestorePoint(point));
        QCOMPARE(run()[u"backup"_s].error.code, u"check.no_proven_backup"_s);

        const QString file = m_target.configuration[0].file;
        QCOMPARE(run()[u"configuration"_s].finding.code, u"check.configuration_first"_s);
        RunRecord done;
        done.id = u"run-0"_s;
        done.plan.facts = {{configurationFact(file), *keyedDigest(m_target.stateDirectory, "A=1\n")}};
        done.planDigest = done.plan.digest();
        done.created = QDateTime::currentDateTimeUtc();
        QVERIFY(journal.addRun(done));
        done.state = RunState::Succeeded;
        QVERIFY(journal.updateRun(done));
        QCOMPARE(run()[u"configuration"_s].finding.code, u"check.configuration_ok"_s);
        QVERIFY(files::replace(file, "A=2\n"));
        const CheckResult drift = run()[u"configuration"_s];
        QCOMPARE(drift.status, CheckResult::Status::Warning);
        QCOMPARE(drift.error.code, u"check.configuration_drift"_s);
        QVERIFY(files::remove(file));
        QCOMPARE(run()[u"configuration"_s].error.code, u"file.not_found"_s);
    }

    void precheckStep()
    {
        const StepSpec spec = precheck(u"1.2.0"_s);
        QVERIFY(!spec.changesState);
        QVERIFY(Catalogue::contains(spec.title.code) && Catalogue::contains(spec.intent.code));
        TestContext context(m_target);
        const auto fine = apply(context, spec); // The missing backup is only a warning.
        QVERIFY2(fine, qPrintable(fine ? QString() : fine.error().text()));
        QCOMPARE(context.results[u"checks"_s].toArray().size(), 9);
        QVERIFY(context.results[u"baseline"_s][u"time"_s].toInteger() > 0);
        QCOMPARE(context.lastProgress.done, context.lastProgress.total);

        m_health = 500;
        const auto failed = apply(context, spec);
        QVERIFY(!failed);
        QCOMPARE(failed.error().kind, Error::Kind::Permanent);
        QCOMPARE(failed.error().code, u"check.failed_before_known"_s);
        QCOMPARE(failed.error().what(),
                 QString(u"The check “Health of backend-1” failed before the update: "_s + m_server->url(u"/health"_s)
                         + u" answered with status 500, expected 2xx. Where the update is what cures it, it can be passed over with a reason, as check:health:backend-1."_s));
        QVERIFY(!context.results[u"checks"_s].toArray().isEmpty());
    }

    void healthStep()
    {
        QVERIFY(files::switchLink(m_target.currentLink(), u"1.3.0"_s));
        m_version = "1.3.0";
        TestContext context(m_target);
        const auto fine = apply(context, health(u"1.3.0"_s));
        QVERIFY2(fine, qPrintable(fine ? QString() : fine.error().text()));

        ProbeSpec probe;
        probe.name = u"quotes"_s;
        probe.tcp = u"127.0.0.1:%1"_s.arg(freePort());
        m_target.check.probes = {probe};
        TestContext broken(m_target);
        const auto failed = apply(broken, health(u"1.3.0"_s));
        QVERIFY(!failed);
        QCOMPARE(failed.error().code, u"check.failed_back_known"_s);

        // It failed before, so the update did not do it.
        CheckResult before;
        before.id = u"probe:quotes"_s;
        before.status = CheckResult::Status::Warning;
        before.error = {u"probe.status"_s, {}};
        broken.checks = {before.toJson()};
        const auto excused = apply(broken, health(u"1.3.0"_s));
        QVERIFY2(excused, qPrintable(excused ? QString() : excused.error().text()));
        QVERIFY(broken.logged.contains(u"check.not_ours"_s));

        m_version = "1.2.0";
        QCOMPARE(apply(context, health(u"1.3.0"_s)).error().code, u"check.failed_after"_s);
    }

    void stopped()
    {
        std::stop_source stop;
        stop.request_stop();
        const auto list = QCoro::waitFor(runChecks(m_target, std::nullopt, {}, {}, stop.get_token()));
        QVERIFY(!list);
        QCOMPARE(list.error().kind, Error::Kind::Cancelled);
    }
};

QTEST_GUILESS_MAIN(CheckTest)
#include "checktest.moc"
