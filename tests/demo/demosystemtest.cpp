// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/deploysystem.h"
#include "deploy/stepbench.h"

#include "check/probe.h"
#include "database/sqlite.h"
#include "demo/demosystem.h"
#include "deploy/deployplan.h"
#include "feature/bucket.h"
#include "migration/migrationchain.h"
#include "release/repository.h"

#include <QElapsedTimer>
#include <QJsonDocument>

using namespace cutover;
using namespace Qt::StringLiterals;

namespace {

/** The demo itself: made, started, updated through all its releases under traffic, stopped, reset. */
class DemoSystemTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    Target m_target;

    QString demo() const { return QString(m_folder.path() + u"/demo"_s); }
    QString path(const QString &name) const { return QString(demo() + u'/' + name); }
    QString url(const QString &service, const QString &rest) const
    {
        return u"http://127.0.0.1:%1%2"_s.arg(m_target.service(service)->instances.first().port).arg(rest);
    }
    QByteArray fetch(const QString &url)
    {
        ProbeSpec probe;
        probe.http = url;
        return QCoro::waitFor(probeOnce(probe)).body;
    }
    QJsonObject get(const QString &url) { return QJsonDocument::fromJson(fetch(url)).object(); }
    QJsonObject traffic() { return get(url(u"traffic"_s, u"/api/traffic"_s)); }
    void update(const QString &from, const QString &to)
    {
        const QString folder = m_target.releaseDirectory(to);
        const auto unpacked = package::unpack(path(u"repository/trading-%1.cutover"_s.arg(to)), {path(u"keys/release.pub"_s)}, folder);
        QVERIFY2(unpacked, unpacked ? "" : qPrintable(unpacked.error().text()));
        const DatabaseSpec database = m_target.databases.first();
        const auto applied = VALUE(QCoro::waitFor(appliedMigrations(database)));
        const auto chain = VALUE(readMigrations(folder + u"/migrations"_s));
        for (const Migration &migration : chain.sliced(applied.size())) {
            OK(QCoro::waitFor(upgrade(database, migration, [](qint64, qint64) { }, {})));
        }
        StepBench bench(m_target);
        const auto steps = deploySteps({m_target, {}, from}, to, releasesAt(m_target, {u"all"_s}, to));
        for (const StepSpec &spec : steps) {
            if (spec.kind == u"switch_release") {
                continue;
            }
            auto step = VALUE(StepRegistry::create(spec));
            OK(QCoro::waitFor(step->observe(bench, {})));
            const QJsonObject undo = VALUE(QCoro::waitFor(step->prepare(bench, {})));
            OK(QCoro::waitFor(step->apply(bench, undo, {})));
            OK(QCoro::waitFor(step->verify(bench, {})));
        }
        QCOMPARE(get(url(u"haproxy"_s, u"/api/version"_s))[u"version"_s].toString(), to);
        QCOMPARE(get(url(u"strategy"_s, u"/api/version"_s))[u"version"_s].toString(), to);
    }
    QVariant value(const QString &sql)
    {
        auto database = VALUE(sqlite::Connection::open(path(u"data/trading.db"_s), sqlite::Connection::Mode::Existing));
        return VALUE(database.value(sql));
    }

private Q_SLOTS:
    void cleanupTestCase()
    {
        if (demoExists(demo())) {
            OK(QCoro::waitFor(stopDemo(demo())));
        }
    }

    void refusesForeignFolder()
    {
        writeFile(m_folder.path() + u"/mine/letter.txt"_s, "dear all");
        const auto made = QCoro::waitFor(createDemo(m_folder.path() + u"/mine"_s));
        QVERIFY(!made);
        QCOMPARE(made.error().code, u"demo.not_empty"_s);
        QCOMPARE(readFile(m_folder.path() + u"/mine/letter.txt"_s), "dear all");
    }

    void isMadeWhole()
    {
        // What an interrupted creation has left is no obstacle.
        writeFile(path(u".cutover-demo"_s), "");
        writeFile(path(u"data/trading.db"_s), "half");
        DemoOptions options;
        options.orders = 30000;
        options.faultRampSeconds = 1;
        OK(QCoro::waitFor(createDemo(demo(), options)));
        m_target = VALUE(Target::load(demoTargetFile(demo())));
        QCOMPARE(m_target.environment, u"demo"_s);
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 30000);
        QCOMPARE(value(u"SELECT count(*) FROM feature_flags"_s).toInt(), 3);
        QCOMPARE(QFile::permissions(path(u".env"_s)) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        QVERIFY(!QFile::exists(path(u"build"_s)));

        RepositorySpec spec = m_target.repository;
        spec.url = QUrl::fromLocalFile(path(u"repository"_s)).toString();
        Repository repository(spec, m_target.product);
        const auto releases = VALUE(QCoro::waitFor(repository.releases()));
        QCOMPARE(releases.size(), 5);
        const auto way = VALUE(updatePath(VALUE(Version::parse(u"1.2.0"_s)), VALUE(Version::parse(u"2.0.0"_s)), releases));
        QCOMPARE(way.size(), 2);
        for (const ReleaseInfo &release : releases) {
            const auto verified = package::verify(path(u"repository/"_s + release.file), m_target.repository.publicKeys);
            QVERIFY2(verified, verified ? "" : qPrintable(verified.error().text()));
        }
        const auto again = QCoro::waitFor(createDemo(demo(), options));
        QVERIFY(!again);
        QCOMPARE(again.error().code, u"demo.exists"_s);
    }

    void startsAndServes()
    {
        OK(QCoro::waitFor(startDemo(demo())));
        SupervisorClient client(m_target);
        const auto states = VALUE(QCoro::waitFor(client.states()));
        QCOMPARE(states.size(), 6);
        for (const InstanceState &state : states) {
            QCOMPARE(state.state, InstanceState::State::Ready);
        }
        const QJsonObject version = get(url(u"haproxy"_s, u"/api/version"_s));
        QCOMPARE(version[u"version"_s].toString(), u"1.2.0"_s);
        QCOMPARE(version[u"environment"_s].toString(), u"demo"_s);
        QVERIFY(!version[u"commit"_s].toString().isEmpty());
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"acknowledged"_s].toInt() > 5, 15000);
        const QByteArray metrics = fetch(url(u"backend"_s, u"/metrics"_s));
        QVERIFY(metrics.contains("http_requests_total{path=\"/api/orders\",code=\"201\"}"));
        QVERIFY(metrics.contains("http_errors_total 0"));
        QVERIFY(metrics.contains("http_request_duration_seconds_bucket{le=\"+Inf\"}"));
        // Starting what runs changes nothing.
        OK(QCoro::waitFor(startDemo(demo())));
        const auto after = VALUE(QCoro::waitFor(client.states()));
        for (qsizetype i = 0; i < states.size(); ++i) {
            QCOMPARE(after[i].pid, states[i].pid);
        }
    }

    void featuresAreSticky()
    {
        for (int user = 0; user < 300; ++user) {
            const QString name = u"user-%1"_s.arg(user);
            const QJsonObject answer = get(url(u"haproxy"_s, u"/api/features/check?feature=fast_orders&user=%1"_s.arg(name)));
            QCOMPARE(answer[u"enabled"_s].toBool(), featureBucket("fast_orders", name.toStdString()) < 1000);
        }
        QVERIFY(!get(url(u"haproxy"_s, u"/api/features/check?feature=unheard_of&user=x"_s))[u"enabled"_s].toBool());
    }

    void servesRanges()
    {
        RepositorySpec spec = m_target.repository;
        Repository repository(spec, m_target.product);
        const auto releases = VALUE(QCoro::waitFor(repository.releases()));
        QCOMPARE(releases.size(), 5);
        const QString downloads = m_folder.path() + u"/downloads"_s;
        QVERIFY(QDir().mkpath(downloads));
        const QString file = VALUE(QCoro::waitFor(repository.download(releases.first(), downloads)));
        QCOMPARE(readFile(file), readFile(path(u"repository/"_s + releases.first().file)));
    }

    void updatesUnderTraffic()
    {
        update(u"1.2.0"_s, u"1.3.0"_s);
        QCOMPARE(traffic()[u"failed"_s].toInt(), 0);
        QTRY_VERIFY_WITH_TIMEOUT(value(u"SELECT count(*) FROM order_events"_s).toInt() > 0, 10000);
        update(u"1.3.0"_s, u"2.0.0"_s);
        QTRY_VERIFY_WITH_TIMEOUT(value(u"SELECT count(*) FROM orders WHERE client_tag = 'traffic' AND notional = quantity * price"_s).toInt() > 0, 10000);
        QCOMPARE(value(u"SELECT count(*) FROM orders WHERE client_id LIKE 'history-%' AND notional IS NULL"_s).toInt(), 0);
        const QByteArray failures = readFile(path(u"data/failures.log"_s));
        QVERIFY2(failures.isEmpty(), failures.left(1000).constData());
        QVERIFY(!readFile(path(u"data/strategy.log"_s)).contains("overlap"));
    }

    void isRestartedAsItWas()
    {
        SupervisorClient client(m_target);
        const auto before = VALUE(QCoro::waitFor(client.states()));
        OK(QCoro::waitFor(stopDemo(demo())));
        for (const InstanceState &state : before) {
            QVERIFY2(!alive(state.pid), qPrintable(state.name));
        }
        QVERIFY(!VALUE(QCoro::waitFor(client.isRunning())));
        OK(QCoro::waitFor(stopDemo(demo()))); // Twice is fine.
        OK(QCoro::waitFor(startDemo(demo())));
        QCOMPARE(get(url(u"haproxy"_s, u"/api/version"_s))[u"version"_s].toString(), u"2.0.0"_s);
        QVERIFY(readFile(path(u"data/failures.log"_s)).isEmpty());
    }

    void aSecondStrategyIsSeen()
    {
        // What proves elsewhere that there was none must show it when there is one.
        const ServiceSpec *strategy = m_target.service(u"strategy"_s);
        const InstanceSpec second{u"strategy-2"_s, 0};
        const QString release = m_target.releaseDirectory(u"2.0.0"_s);
        QStringList words;
        for (const QString &word : strategy->command) {
            words.append(strategy->expand(word, second, release));
        }
        QProcess process;
        process.start(release + u'/' + words.takeFirst(), words);
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 3);
        QVERIFY(readFile(path(u"data/strategy.log"_s)).contains("overlap "));
    }

    void stopsWithATargetFileThatCantBeRead()
    {
        SupervisorClient client(m_target);
        QVERIFY(VALUE(QCoro::waitFor(client.isRunning())));
        const QByteArray good = readFile(demoTargetFile(demo()));
        writeFile(demoTargetFile(demo()), QByteArray(good).replace("services:", "servicez:"));
        QVERIFY(!Target::load(demoTargetFile(demo())));
        OK(QCoro::waitFor(stopDemo(demo())));
        QVERIFY(!VALUE(QCoro::waitFor(client.isRunning())));
        QVERIFY(!QCoro::waitFor(startDemo(demo())));
    }

    // Also of one whose target file can't be read.
    void isReset()
    {
        QVERIFY(!Target::load(demoTargetFile(demo())));
        DemoOptions options;
        options.orders = 1000;
        options.faultRampSeconds = 1;
        OK(QCoro::waitFor(resetDemo(demo(), options)));
        m_target = VALUE(Target::load(demoTargetFile(demo())));
        QCOMPARE(value(u"SELECT count(*) FROM orders"_s).toInt(), 1000);
        OK(QCoro::waitFor(startDemo(demo())));
        QCOMPARE(get(url(u"haproxy"_s, u"/api/version"_s))[u"version"_s].toString(), u"1.2.0"_s);
    }

    void faultyReleaseFails()
    {
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"acknowledged"_s].toInt() > 2, 10000);
        update(u"1.2.0"_s, u"1.3.1"_s);
        QTRY_VERIFY_WITH_TIMEOUT(traffic()[u"failed"_s].toInt() > 5, 20000);
        QVERIFY(readFile(path(u"data/failures.log"_s)).contains("status 500"));
        QVERIFY(fetch(url(u"backend"_s, u"/metrics"_s)).contains("http_errors_total{path="));
        // Once they have climbed, 12 % of them: within four standard deviations.
        QTest::qWait(1500);
        constexpr int asked = 2000;
        int failed = 0;
        for (int i = 0; i < asked; ++i) {
            failed += fetch(url(u"backend"_s, u"/api/market/quote/ACME"_s)).isEmpty() ? 1 : 0; // Of an error there is none.
        }
        QVERIFY2(failed > 0.09 * asked && failed < 0.15 * asked, qPrintable(QString::number(failed)));
    }
};

} // namespace

DEPLOY_TEST_MAIN(DemoSystemTest)
#include "demosystemtest.moc"
