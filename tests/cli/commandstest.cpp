// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "program.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QSqlDatabase>
#include <QSqlQuery>

using namespace Qt::StringLiterals;
using cli::Answer;

/** Every command that needs a system, against one demo system; the tests build on one another. */
class CommandsTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<SystemDemo> m_demo;
    std::unique_ptr<QProcess> m_update; ///< A run that goes on in the background.

    Answer run(const QStringList &words, const QString &person = {}) const
    {
        return cli::run(words + QStringList{u"--target"_s, m_demo->targetFile()}, m_demo->folder(), person);
    }
    Answer json(const QStringList &words, const QString &person = {}) const { return run(words + QStringList{u"--json"_s}, person); }
    QString path(const QString &name) const { return QString(m_demo->folder() + u'/' + name); }
    static QByteArray read(const QString &path)
    {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    /// All that a command may change: the journal, the installed release, the configuration, the flags.
    QStringList state() const
    {
        QStringList rows;
        {
            QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"state"_s);
            database.setDatabaseName(m_demo->stateFolder() + u"/journal.db"_s);
            database.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=10000"_s);
            if (!database.open()) {
                rows.append(u"no journal"_s);
            }
            for (const QString &table : {u"runs"_s, u"steps"_s, u"events"_s, u"commands"_s, u"restore_points"_s, u"conn"_s, u"audit"_s}) {
                QSqlQuery query(database);
                query.exec(u"SELECT count(*) FROM "_s + table);
                rows.append(QString(table + u' ' + (query.next() ? query.value(0).toString() : u"?"_s)));
            }
        }
        QSqlDatabase::removeDatabase(u"state"_s);
        rows.append(QFile::symLinkTarget(path(u"releases/current"_s)));
        rows.append(QDir(path(u"releases"_s)).entryList(QDir::AllEntries | QDir::NoDotAndDotDot));
        rows.append(QDir(path(u"backups"_s)).entryList(QDir::AllEntries | QDir::NoDotAndDotDot));
        rows.append(QString::fromUtf8(read(path(u".env"_s))));
        rows.append(m_demo->query(u"SELECT name || enabled || rollout FROM feature_flags ORDER BY name"_s));
        rows.append(m_demo->schema());
        return rows;
    }
    QString runState() const
    {
        const QJsonArray runs = json({u"history"_s}).json[u"runs"].toArray();
        return runs.isEmpty() ? QString() : runs.first()[u"state"].toString();
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_demo = std::make_unique<SystemDemo>();
        QVERIFY2(m_demo->start(500, 30), qPrintable(m_demo->problem()));
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->requestsSent() > 30, 20000);
        // Only looking makes no journal, so that state() has something to compare.
        EXIT_IS(run({u"conn"_s, u"take"_s}), 0);
        EXIT_IS(run({u"conn"_s, u"release"_s}), 0);
    }
    void cleanupTestCase()
    {
        if (m_update) {
            m_update->kill();
            m_update->waitForFinished();
        }
        m_demo.reset();
    }

    void looks_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QString>("key"); ///< In the JSON object.
        QTest::addColumn<QString>("text"); ///< In the text.
        QTest::newRow("status") << QStringList{u"status"_s} << u"instances"_s << u"backend-1"_s;
        QTest::newRow("releases") << QStringList{u"releases"_s} << u"releases"_s << u"1.3.0"_s;
        QTest::newRow("check") << QStringList{u"check"_s} << u"checks"_s << u"passed"_s;
        QTest::newRow("check of a release") << QStringList{u"check"_s, u"1.2.1"_s} << u"checks"_s << u"passed"_s;
        QTest::newRow("backup list") << QStringList{u"backup"_s, u"list"_s} << u"points"_s << u"Restore point"_s;
        QTest::newRow("features list") << QStringList{u"features"_s, u"list"_s} << u"features"_s << u"Rollout"_s;
        QTest::newRow("history") << QStringList{u"history"_s} << u"runs"_s << u"State"_s;
        QTest::newRow("audit") << QStringList{u"audit"_s} << u"rows"_s << u"as it was written"_s;
        QTest::newRow("service logs") << QStringList{u"service"_s, u"logs"_s, u"backend"_s, u"--lines"_s, u"5"_s} << u"lines"_s << u"backend-1"_s;
        QTest::newRow("service restart") << QStringList{u"service"_s, u"restart"_s, u"backend"_s, u"--dry-run"_s} << u"instances"_s << u"backend-2 would be restarted from 1.2.0"_s;
        QTest::newRow("image prune") << QStringList{u"image"_s, u"prune"_s, u"--dry-run"_s} << u"images"_s << u"No image is left over"_s;
        QTest::newRow("volume prune") << QStringList{u"volume"_s, u"prune"_s, u"--dry-run"_s} << u"others"_s << u"No volume may be removed"_s;
        QTest::newRow("version path") << QStringList{u"version"_s, u"path"_s, u"1.2.0"_s, u"2.0.0"_s} << u"path"_s << u"2.0.0"_s;
        QTest::newRow("plan") << QStringList{u"plan"_s, u"1.2.1"_s} << u"plan"_s << u"1.2.1"_s;
    }
    void looks()
    {
        QFETCH(QStringList, words);
        QFETCH(QString, key);
        QFETCH(QString, text);
        const QStringList before = state();
        const Answer plain = run(words);
        EXIT_IS(plain, 0);
        QVERIFY2(plain.output.contains(text.toUtf8()), plain.told());
        const Answer object = json(words);
        EXIT_IS(object, 0);
        QVERIFY2(object.json.contains(key), object.told());
        QCOMPARE(state(), before);
    }

    void refusals_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QString>("code");
        QTest::newRow("no such release") << QStringList{u"update"_s, u"9.9.9"_s, u"--yes"_s} << 3 << u"serve.no_release"_s;
        QTest::newRow("installed already") << QStringList{u"update"_s, u"1.2.0"_s, u"--yes"_s} << 3 << u"plan.nothing_to_do"_s;
        QTest::newRow("no way there") << QStringList{u"version"_s, u"path"_s, u"0.9.0"_s, u"2.0.0"_s} << 3 << u"path.none"_s;
        QTest::newRow("not confirmed") << QStringList{u"update"_s, u"1.2.1"_s} << 3 << u"cli.not_confirmed"_s;
        QTest::newRow("no run") << QStringList{u"hold"_s} << 3 << u"cli.no_run"_s;
        QTest::newRow("no run to follow") << QStringList{u"follow"_s} << 3 << u"cli.no_run"_s;
        QTest::newRow("restart of nobody") << QStringList{u"service"_s, u"restart"_s, u"bakend"_s} << 1 << u"restart.unknown_service"_s;
        QTest::newRow("restart of no instance") << QStringList{u"service"_s, u"restart"_s, u"backend"_s, u"--instance"_s, u"backend-9"_s} << 1 << u"restart.unknown_instance"_s;
        QTest::newRow("restart of what no release has") << QStringList{u"service"_s, u"restart"_s, u"haproxy"_s} << 1 << u"restart.unmanaged"_s;
        QTest::newRow("logs of nobody") << QStringList{u"service"_s, u"logs"_s, u"bakend"_s} << 1 << u"logs.unknown"_s;
        QTest::newRow("logs without times") << QStringList{u"service"_s, u"logs"_s, u"backend"_s, u"--since"_s, u"5m"_s} << 1 << u"logs.no_times"_s;
        QTest::newRow("unknown run") << QStringList{u"history"_s, u"nonsense"_s} << 1 << u"journal.no_run"_s;
        QTest::newRow("unknown report") << QStringList{u"report"_s, u"nonsense"_s} << 1 << u"journal.no_run"_s;
        QTest::newRow("no restore point") << QStringList{u"rollback"_s, u"1.1.0"_s, u"--yes"_s} << 2 << u"cli.no_restore_point"_s;
        QTest::newRow("no flag") << QStringList{u"features"_s, u"set"_s, u"nonsense"_s, u"10"_s} << 2 << u"cli.no_flag"_s;
        QTest::newRow("no plan") << QStringList{u"apply"_s, u"target.yaml"_s} << 2 << u"cli.bad_plan"_s;
        QTest::newRow("no file") << QStringList{u"apply"_s, u"nowhere.json"_s} << 1 << QString();
        for (const QString &bad : {u"5"_s, u"5 minutes"_s, u"-1s"_s, u"1e3s"_s, u"5d"_s, u"9999999999s"_s, u"s"_s, u"٣s"_s}) {
            QTest::newRow(qPrintable(u"watch "_s + bad))
                << QStringList{u"update"_s, u"1.2.1"_s, u"--yes"_s, QString(u"--watch="_s + bad)} << 2 << u"cli.bad_duration"_s;
        }
        QTest::newRow("watch nothing") << QStringList{u"plan"_s, u"1.2.1"_s, u"--watch="_s} << 2 << u"cli.bad_duration"_s;
    }
    void refusals()
    {
        QFETCH(QStringList, words);
        QFETCH(int, exitCode);
        QFETCH(QString, code);
        const QStringList before = state();
        const Answer plain = run(words);
        EXIT_IS(plain, exitCode);
        QVERIFY2(plain.errors.startsWith("cutoverctl: "), plain.told());
        const Answer object = json(words);
        EXIT_IS(object, exitCode);
        QVERIFY2(code.isEmpty() || object.code() == code, object.told());
        QVERIFY2(!object.json[u"error"][u"what"].toString().isEmpty(), object.told());
        QCOMPARE(state(), before);
    }

    void planFileIsApplied()
    {
        const QStringList before = state();
        const Answer plan = json({u"plan"_s, u"1.2.1"_s, u"--watch"_s, u"2s"_s, u"--output"_s, path(u"plan.json"_s)});
        EXIT_IS(plan, 0);
        QCOMPARE(QJsonDocument::fromJson(read(path(u"plan.json"_s))).object()[u"digest"], plan.json[u"digest"]);
        // It tells much about the system, so it is for its maker only, whatever was there before.
        const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
        QCOMPARE(QFile::permissions(path(u"plan.json"_s)) & others, QFile::Permissions());
        QVERIFY(QFile::setPermissions(path(u"plan.json"_s), QFile::ReadOwner | QFile::WriteOwner | others));
        EXIT_IS(run({u"plan"_s, u"1.2.1"_s, u"--watch"_s, u"2s"_s, u"--output"_s, path(u"plan.json"_s)}), 0);
        QCOMPARE(QFile::permissions(path(u"plan.json"_s)) & others, QFile::Permissions());

        for (const QStringList &words : {QStringList{u"apply"_s, u"plan.json"_s, u"--dry-run"_s}, QStringList{u"update"_s, u"1.2.1"_s, u"--dry-run"_s, u"--yes"_s}}) {
            const Answer dry = json(words);
            EXIT_IS(dry, 0);
            QCOMPARE(dry.json[u"applied"], false);
            EXIT_IS(run(words), 0);
        }
        EXIT_IS(json({u"apply"_s, u"plan.json"_s}), 3);

        // Changed after it was looked at.
        QByteArray edited = read(path(u"plan.json"_s));
        QVERIFY(edited.contains("\"holdMs\": 1800000"));
        edited.replace("\"holdMs\": 1800000", "\"holdMs\": 1");
        QFile file(path(u"edited.json"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(edited);
        file.close();
        const Answer refused = json({u"apply"_s, u"edited.json"_s, u"--yes"_s});
        EXIT_IS(refused, 3);
        QCOMPARE(refused.code(), u"serve.plan_edited"_s);
        QCOMPARE(state(), before);

        const Answer applied = json({u"apply"_s, u"plan.json"_s, u"--yes"_s});
        EXIT_IS(applied, 0);
        QCOMPARE(applied.json[u"run"][u"state"], u"succeeded"_s);
        QCOMPARE(applied.json[u"run"][u"planDigest"], plan.json[u"digest"]);
        QCOMPARE(m_demo->servedVersion(), u"1.2.1"_s);
        // The conn is free again.
        QCOMPARE(json({u"status"_s}).json[u"connHolder"], QString());

        const QString id = applied.json[u"run"][u"id"].toString();
        EXIT_IS(run({u"history"_s, id}), 0);
        const Answer whole = json({u"history"_s, id});
        EXIT_IS(whole, 0);
        QVERIFY(!whole.json[u"steps"].toArray().isEmpty());
        EXIT_IS(run({u"report"_s, id, u"--output"_s, path(u"report.html"_s)}), 0);
        QVERIFY(read(path(u"report.html"_s)).contains("1.2.1"));
        QVERIFY(json({u"report"_s, id}).json[u"html"].toString().contains(u"1.2.1"));
        const Answer followed = json({u"follow"_s, id});
        EXIT_IS(followed, 0);
        const Answer told = run({u"follow"_s, id});
        EXIT_IS(told, 0);
        QVERIFY2(told.output.contains("1.2.1 is installed."), told.told());
        // A decision on a run that has ended.
        const Answer late = json({u"abort"_s, id});
        EXIT_IS(late, 3);
        QCOMPARE(late.code(), u"serve.command_refused"_s);
        EXIT_IS(json({u"abort"_s, id, u"--dry-run"_s}), 3);
        // The plan is of a world that is gone.
        QVERIFY(json({u"apply"_s, u"plan.json"_s, u"--yes"_s}).exitCode != 0);
    }

    void rollsBack()
    {
        const QStringList before = state();
        const Answer dry = json({u"rollback"_s, u"1.2.0"_s, u"--dry-run"_s});
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"plan"][u"kind"], u"rollback"_s);
        EXIT_IS(json({u"rollback"_s, u"1.2.0"_s}), 3);
        QCOMPARE(state(), before);
        const Answer back = run({u"rollback"_s, u"1.2.0"_s, u"--yes"_s});
        EXIT_IS(back, 0);
        QCOMPARE(m_demo->servedVersion(), u"1.2.0"_s);
    }

    void restartsAService()
    {
        const auto pids = [this] {
            QMap<QString, qint64> found;
            const QJsonArray instances = json({u"status"_s}).json[u"instances"].toArray();
            for (const auto &instance : instances) {
                found.insert(instance[u"name"].toString(), instance[u"pid"].toInteger());
            }
            return found;
        };
        const QStringList failures = m_demo->failures();
        const QMap<QString, qint64> before = pids();
        QVERIFY(before.value(u"backend-1"_s) > 0);
        const Answer both = run({u"service"_s, u"restart"_s, u"backend"_s});
        EXIT_IS(both, 0);
        QVERIFY2(both.output.contains("backend-1 is back") && both.output.indexOf("backend-2") > both.output.indexOf("backend-1 is back"), both.told());
        const QMap<QString, qint64> after = pids();
        for (const QString &name : {u"backend-1"_s, u"backend-2"_s}) {
            QVERIFY2(after.value(name) > 0 && after[name] != before[name], qPrintable(name));
        }
        QCOMPARE(after[u"strategy"_s], before[u"strategy"_s]);
        const Answer one = json({u"service"_s, u"restart"_s, u"backend"_s, u"--instance"_s, u"backend-2"_s});
        EXIT_IS(one, 0);
        QCOMPARE(one.json[u"instances"].toArray(), QJsonArray{u"backend-2"_s});
        QCOMPARE(pids().value(u"backend-1"_s), after[u"backend-1"_s]);
        // The one of which two must never run at once.
        EXIT_IS(run({u"service"_s, u"restart"_s, u"strategy"_s}), 0);
        QVERIFY(pids().value(u"strategy"_s) != before[u"strategy"_s]);
        QCOMPARE(m_demo->servedVersion(), u"1.2.0"_s);
        QCOMPARE(m_demo->failures(), failures);
        const QJsonArray rows = json({u"audit"_s}).json[u"rows"].toArray();
        QVERIFY(std::any_of(rows.begin(), rows.end(), [](const QJsonValue &row) { return row[u"what"] == u"restart.begun"_s && row[u"args"][u"service"] == u"backend"_s; }));
    }

    void restartInProductionTakesTheName()
    {
        QFile file(path(u"production.yaml"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(read(m_demo->targetFile()).replace("\nenvironment: demo\n", "\nenvironment: production\n"));
        file.close();
        const auto restart = [this](const QStringList &more) {
            return cli::run(QStringList{u"service"_s, u"restart"_s, u"backend"_s, u"--json"_s, u"--target"_s, path(u"production.yaml"_s)} + more, m_demo->folder());
        };
        for (const QStringList &more : {QStringList(), QStringList{u"--confirm"_s, u"Demo"_s}}) {
            const Answer nameless = restart(more);
            EXIT_IS(nameless, 3);
            QCOMPARE(nameless.code(), u"serve.confirm_decision"_s);
        }
        EXIT_IS(restart({u"--dry-run"_s}), 0);
        // With it the next question is whether this is that system, which it only claims to be.
        const Answer named = restart({u"--confirm"_s, u"demo"_s});
        EXIT_IS(named, 3);
        QCOMPARE(named.code(), u"target.identity_changed"_s);
    }

    void connIsTakenAndGivenBack()
    {
        EXIT_IS(json({u"conn"_s, u"take"_s, u"--dry-run"_s}, u"kim"_s), 0);
        QCOMPARE(json({u"status"_s}).json[u"connHolder"], QString());
        EXIT_IS(json({u"conn"_s, u"take"_s, u"--note"_s, u"looking into it"_s}, u"kim"_s), 0);
        const Answer status = json({u"status"_s}, u"lee"_s);
        QVERIFY(status.json[u"connHolder"].toString().startsWith(u"kim ("));
        QCOMPARE(status.json[u"connNote"], u"looking into it"_s);
        QCOMPARE(status.json[u"connOurs"], false);
        const Answer refused = json({u"update"_s, u"1.2.1"_s, u"--yes"_s}, u"lee"_s);
        EXIT_IS(refused, 3);
        QCOMPARE(refused.code(), u"serve.conn_elsewhere"_s);
        QVERIFY(refused.json[u"error"][u"what"].toString().contains(u"kim"));
        EXIT_IS(json({u"conn"_s, u"take"_s}, u"lee"_s), 3);
        EXIT_IS(json({u"conn"_s, u"take"_s, u"--dry-run"_s}, u"lee"_s), 3);
        QVERIFY(run({u"conn"_s, u"take"_s, u"--take-over"_s, u"--dry-run"_s}, u"lee"_s).output.contains("from kim"));
        EXIT_IS(json({u"conn"_s, u"release"_s, u"--dry-run"_s}, u"kim"_s), 0);
        QVERIFY(json({u"status"_s}).json[u"connHolder"].toString().startsWith(u"kim ("));
        EXIT_IS(run({u"conn"_s, u"take"_s, u"--take-over"_s, u"--note"_s, u"kim is away"_s}, u"lee"_s), 0);
        // What is not ours is not given back.
        EXIT_IS(json({u"conn"_s, u"release"_s}, u"kim"_s), 0);
        QVERIFY(json({u"status"_s}).json[u"connHolder"].toString().startsWith(u"lee ("));
        EXIT_IS(json({u"conn"_s, u"release"_s}, u"lee"_s), 0);
        QCOMPARE(json({u"status"_s}).json[u"connHolder"], QString());
    }

    void decisionsOnARun()
    {
        // Somebody's update, watched for long enough to decide on it; a hold waits for the watch.
        m_update = std::make_unique<QProcess>();
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"CUTOVER_OPERATOR"_s, u"kim"_s);
        m_update->setProcessEnvironment(environment);
        m_update->start(SystemDemo::program(u"cutoverctl"_s),
                        {u"update"_s, u"1.3.0"_s, u"--yes"_s, u"--watch"_s, u"40s"_s, u"--json"_s, u"--target"_s, m_demo->targetFile()});
        QTRY_COMPARE_WITH_TIMEOUT(runState(), u"running"_s, 60000);
        QTRY_VERIFY_WITH_TIMEOUT(m_demo->servesOnly(u"1.3.0"_s), 90000);

        const Answer second = json({u"update"_s, u"2.0.0"_s, u"--yes"_s}, u"kim"_s);
        QVERIFY2(second.exitCode == 3 || second.exitCode == 1, second.told());
        const Answer restart = json({u"service"_s, u"restart"_s, u"backend"_s}, u"kim"_s);
        EXIT_IS(restart, 3);
        QCOMPARE(restart.code(), u"journal.run_active"_s);
        const Answer foreign = json({u"hold"_s}, u"lee"_s);
        EXIT_IS(foreign, 3);
        QCOMPARE(foreign.code(), u"serve.conn_elsewhere"_s);
        const QStringList before = state();
        for (const auto &[verb, code] : {std::pair{u"hold"_s, 0}, std::pair{u"abort"_s, 0}, std::pair{u"resume"_s, 3}, std::pair{u"retry"_s, 3},
                                         std::pair{u"accept"_s, 3}, std::pair{u"abandon"_s, 3}}) {
            const Answer dry = json({verb, u"--dry-run"_s}, u"kim"_s);
            EXIT_IS(dry, code);
            QCOMPARE(dry.json[u"offered"].toBool(), code == 0);
            QCOMPARE(dry.json[u"reason"].toString().isEmpty(), code == 0);
        }
        // The run itself goes on, so only what is decided about it is compared.
        QVERIFY(before[3].startsWith(u"commands "));
        QCOMPARE(state().at(3), before[3]);

        EXIT_IS(json({u"hold"_s, u"--no-wait"_s}, u"kim"_s), 0);
        // Who follows is told, and ends.
        QVERIFY(m_update->waitForFinished(120000));
        QCOMPARE(m_update->exitCode(), 4);
        const QByteArray output = m_update->readAllStandardOutput();
        QCOMPARE(output.count('\n'), 1);
        QCOMPARE(QJsonDocument::fromJson(output).object()[u"run"][u"state"], u"held"_s);
        m_update.reset();

        // Leaving a run as it is takes the target's name, in production or not.
        for (const QStringList &words : {QStringList{u"abandon"_s}, QStringList{u"abandon"_s, u"--confirm"_s, u"Demo"_s}}) {
            const Answer nameless = json(words, u"kim"_s);
            EXIT_IS(nameless, 3);
            QCOMPARE(nameless.code(), u"serve.confirm_decision"_s);
            QVERIFY(nameless.json[u"error"][u"hint"].toString().contains(u"--confirm"));
        }
        QCOMPARE(runState(), u"held"_s);

        // Another operator takes over and goes back.
        const Answer back = json({u"revert"_s, u"--take-over"_s, u"--note"_s, u"kim has gone home"_s}, u"lee"_s);
        EXIT_IS(back, 5);
        QCOMPARE(back.json[u"run"][u"state"], u"rolledBack"_s);
        QCOMPARE(m_demo->servedVersion(), u"1.2.0"_s);
        const Answer trail = json({u"audit"_s});
        EXIT_IS(trail, 0);
        QCOMPARE(trail.json[u"intact"], true);
        const QJsonArray rows = trail.json[u"rows"].toArray();
        QVERIFY(std::any_of(rows.begin(), rows.end(), [](const QJsonValue &row) {
            return row[u"what"] == u"conn.taken_over"_s && row[u"args"][u"note"] == u"kim has gone home"_s;
        }));
        QCOMPARE(json({u"status"_s}).json[u"connHolder"], QString());
    }

    /// A second target file on the same database, with a state folder of its own.
    void databaseOfAnotherTarget()
    {
        const QString yaml = QString::fromUtf8(read(m_demo->targetFile()));
        const QString file = m_demo->folder() + u"/shadow.yaml"_s;
        QFile shadow(file);
        QVERIFY(shadow.open(QIODevice::WriteOnly));
        shadow.write(QString(yaml)
                         .replace(QRegularExpression(u"^name: .*$"_s, QRegularExpression::MultilineOption), u"name: shadow"_s)
                         .replace(QRegularExpression(u"^state: .*$"_s, QRegularExpression::MultilineOption), u"state: shadowstate"_s)
                         .toUtf8());
        shadow.close();
        const auto asShadow = [&file](const QStringList &words) { return cli::run(words + QStringList{u"--json"_s, u"--target"_s, file}); };
        const Answer refused = asShadow({u"plan"_s, u"1.2.1"_s});
        EXIT_IS(refused, 3);
        QCOMPARE(refused.code(), u"target.claimed"_s);
        const QString what = refused.json[u"error"][u"what"].toString();
        QVERIFY2(what.contains(u"“demo”") && what.contains(u"“shadow”"), qPrintable(what));
        const Answer dry = asShadow({u"target"_s, u"adopt"_s, u"--dry-run"_s});
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"claims"].toArray().first()[u"owner"], u"demo"_s);
        const Answer nameless = asShadow({u"target"_s, u"adopt"_s});
        EXIT_IS(nameless, 3);
        QCOMPARE(nameless.code(), u"serve.confirm_decision"_s);
        EXIT_IS(asShadow({u"target"_s, u"adopt"_s, u"--confirm"_s, u"shadow"_s}), 0);
        EXIT_IS(asShadow({u"plan"_s, u"1.2.1"_s}), 0);
        EXIT_IS(json({u"plan"_s, u"1.2.1"_s}), 3);
        EXIT_IS(run({u"target"_s, u"adopt"_s, u"--confirm"_s, u"demo"_s}), 0);
        EXIT_IS(json({u"plan"_s, u"1.2.1"_s}), 0);
    }

    void flagsAreSet()
    {
        const QJsonArray flags = json({u"features"_s, u"list"_s}).json[u"features"].toArray();
        QVERIFY(!flags.isEmpty());
        const QString name = flags.first()[u"name"].toString();
        const QStringList before = state();
        const Answer dry = json({u"features"_s, u"set"_s, name, u"25%"_s, u"--dry-run"_s});
        EXIT_IS(dry, 0);
        QCOMPARE(dry.json[u"applied"], false);
        QCOMPARE(state(), before);
        EXIT_IS(json({u"features"_s, u"set"_s, name, u"101"_s}), 2);
        EXIT_IS(json({u"features"_s, u"set"_s, name, u"often"_s}), 2);
        EXIT_IS(json({u"features"_s, u"set"_s, name, u"25"_s, u"--reason"_s, u"first users"_s}), 0);
        QCOMPARE(json({u"features"_s, u"list"_s}).json[u"features"].toArray().first()[u"rollout"].toDouble(), 25.0);
        EXIT_IS(run({u"features"_s, u"set"_s, name, u"off"_s}), 0);
    }

    /// The trail tells when somebody has been at it.
    void auditFindsTampering()
    {
        {
            QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"tamper"_s);
            database.setDatabaseName(m_demo->stateFolder() + u"/journal.db"_s);
            QVERIFY(database.open());
            QSqlQuery query(database);
            // Who may write the file may take its guards away.
            QVERIFY(query.exec(u"DROP TRIGGER audit_no_update"_s));
            QVERIFY(query.exec(u"UPDATE audit SET who = 'nobody' WHERE sequence = 2"_s));
        }
        QSqlDatabase::removeDatabase(u"tamper"_s);
        const Answer plain = run({u"audit"_s, u"--limit"_s, u"1"_s});
        EXIT_IS(plain, 1);
        const Answer object = json({u"audit"_s});
        EXIT_IS(object, 1);
        QCOMPARE(object.json[u"intact"], false);
        QCOMPARE(object.json[u"error"][u"code"], u"audit.chain_broken"_s);
    }

    void statusOfASystemThatIsDown()
    {
        EXIT_IS(cli::run({u"demo"_s, u"stop"_s, u"--directory"_s, m_demo->folder(), u"--json"_s}), 0);
        const Answer status = json({u"status"_s});
        EXIT_IS(status, 1);
        QCOMPARE(status.json[u"balancer"], u"down"_s);
        QVERIFY(status.json[u"health"] != u"healthy"_s);
        QCOMPARE(status.json[u"watcherSilenceMs"].toInt(), -1); // Ended with its system.
        EXIT_IS(run({u"status"_s}), 1);
    }
};

QTEST_GUILESS_MAIN(CommandsTest)
#include "commandstest.moc"
