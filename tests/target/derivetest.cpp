// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/derive.h"
#include "system/files.h"
#include "target/sharing.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

/** A staging target from another one's file: what becomes another, what stays, and that nothing is shared. */
class DeriveTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    QString path(const QString &name) const { return m_folder->filePath(name); }
    Target load(const QByteArray &text)
    {
        if (!files::makePath(path(u"live"_s)) || !files::replace(path(u"live/target.yaml"_s), text)) {
            qFatal("write");
        }
        const auto target = Target::load(path(u"live/target.yaml"_s));
        if (!target) {
            QTest::qFail(qPrintable(target.error().text()), __FILE__, __LINE__);
            return {};
        }
        return *target;
    }
    static QByteArray full()
    {
        QFile file(QStringLiteral(FULL_TARGET));
        // A remote server is asked for nothing here.
        return file.open(QFile::ReadOnly) ? file.readAll().replace("db.example.org", "127.0.0.1").replace("port: 5433", "port: 1").replace(":5434/", ":1/") : QByteArray();
    }
    DeriveOptions to(const QString &folder = u"staging"_s) const { return {path(folder), {}, 10000}; }
    static QString small(const QString &more = {})
    {
        return u"schema: 1\nname: shop # the shop\nproduct: p\nenvironment: production\nstate: state\nreleases: releases\nrepository: {url: ../packages, keys: [keys/a.pub]}\n"
               "services:\n  - name: a\n    instances: [{name: a-1, port: 8000}]\n    command: [a, --port, \"{port}\"]\n    health: {http: \"http://127.0.0.1:{port}/\"}\n"_s
            + more;
    }
    static QString texts(const QList<Message> &messages)
    {
        QStringList lines;
        for (const Message &message : messages) {
            lines.append(message.text());
        }
        return lines.join(u'\n');
    }
    static QByteArray onHost()
    {
        return "schema: 1\nname: shop\nproduct: p\nenvironment: production\nstate: state\nreleases: releases\nrepository: {url: ../packages, keys: [keys/a.pub]}\n"
               "hosts:\n  - {name: web, ssh: deploy@web-1.example.org, releases: /srv/shop}\n"
               "services:\n  - name: a\n    runtime: systemd\n    host: web\n    instances: [{name: a-1, port: 8000, unit: a@1}]\n    command: [a]\n    health: {http: \"http://web-1.example.org:{port}/\"}\n";
    }
    static void moveTo(Target *target, const QString &address, const QString &releases)
    {
        target->hosts[0].address = SshHost::parse(address).value();
        target->hosts[0].releasesDirectory = releases;
        target->services[0].host = target->hosts[0];
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    /// Passwords may stand in it.
    void asPrivateAsTheOther()
    {
        const Target live = load(small().toUtf8());
        QVERIFY(QFile::setPermissions(path(u"live/target.yaml"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup));
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QVERIFY(writeDerived(*derived));
        QVERIFY(!(QFile::permissions(derived->file) & (QFile::ReadGroup | QFile::ReadOther)));
        QVERIFY(QFile::setPermissions(path(u"live/target.yaml"_s), QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther));
        const auto open = deriveStaging(live, to(u"open"_s));
        QVERIFY(open && writeDerived(*open));
        QVERIFY(QFile::permissions(open->file) & QFile::ReadOther);
    }

    void foldersOfOneNameStayTwo()
    {
        const Target live = load(small().replace(u"state: state"_s, u"state: /var/lib/shop"_s).replace(u"releases: releases"_s, u"releases: /srv/shop"_s).toUtf8());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QVERIFY(derived->target.stateDirectory != derived->target.releasesDirectory);
        QVERIFY(derived->target.stateDirectory.startsWith(path(u"staging/shop"_s)));
        QVERIFY(derived->target.releasesDirectory.startsWith(path(u"staging/shop"_s)));
    }

    void everythingOfItsOwn()
    {
        const Target live = load(full());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        const Target &t = derived->target;
        QCOMPARE(t.name, u"trading-staging"_s);
        // Secrets are read from where they are.
        bool hasHeaders = false;
        for (qsizetype i = 0; i < live.check.probes.size(); ++i) {
            QCOMPARE(t.check.probes[i].headers, live.check.probes[i].headers);
            hasHeaders = hasHeaders || !t.check.probes[i].headers.isEmpty();
        }
        QVERIFY(hasHeaders);
        QCOMPARE(t.environment, u"staging"_s);
        QCOMPARE(t.stateDirectory, path(u"staging/state"_s));
        QCOMPARE(t.releasesDirectory, path(u"staging/releases"_s));
        QCOMPARE(t.hosts[0].releasesDirectory, u"/srv/there-staging"_s);
        QCOMPARE(t.hosts[1].releasesDirectory, path(u"staging/releases"_s));
        QCOMPARE(t.backup.directory, path(u"staging/trading"_s));
        QCOMPARE(t.services[0].instances[0].port, 18101);
        QCOMPARE(t.services[0].instances[1].port, 18102);
        QCOMPARE(t.services[0].environmentFile, path(u"staging/trading.env"_s));
        QCOMPARE(t.services[0].health.http, u"http://127.0.0.1:{port}/api/health"_s);
        QCOMPARE(t.services[2].health.tcp, u"127.0.0.1:19100"_s);
        QCOMPARE(t.services[2].spare->port, 18109);
        QCOMPARE(t.services[2].spare->name, u"worker-spare"_s);
        QCOMPARE(t.balancer.socket, path(u"staging/haproxy.sock"_s));
        QCOMPARE(t.compose.project, u"trading-staging"_s);
        QCOMPARE(t.databases[0].file, path(u"staging/data/trading.db"_s));
        QCOMPARE(t.databases[1].postgres.database, u"ledger_staging"_s);
        QCOMPARE(t.databases[1].postgres.port, 1);
        QCOMPARE(t.databases[2].postgres.service, u"trading-archive-staging"_s);
        QCOMPARE(t.databases[3].postgres.database, u"reports_staging"_s);
        QCOMPARE(t.databases[3].postgres.sslMode, u"require"_s);
        QCOMPARE(t.configuration[0].file, path(u"staging/trading.env"_s));
        QCOMPARE(t.check.latencyUrl, u"http://127.0.0.1:18080/api/version"_s);
        QCOMPARE(t.check.probes[1].tcp, u"[::1]:19000"_s);
        // Read, never written.
        QCOMPARE(t.repository.url, live.repository.url);
        QCOMPARE(t.repository.publicKeys, live.repository.publicKeys);
        QCOMPARE(t.databases[1].postgres.password, live.databases[1].postgres.password);
        QCOMPARE(t.databases[1].postgres.sslRootCertificate, live.databases[1].postgres.sslRootCertificate);
        // Production's alone.
        QVERIFY(t.blackout.isEmpty());
        QVERIFY(!t.approval.required);
        QVERIFY(t.staging.target.isEmpty());
        QVERIFY(t.manualItems.isEmpty());
        QVERIFY(!sharedBetween(live, t));
        // All else is word for word the same, comments and order too.
        QVERIFY(derived->text.startsWith("# SPDX-FileCopyrightText"));
        QVERIFY(derived->text.contains("  latency_requests: 50\n"));
        QVERIFY(!QFile::exists(path(u"staging"_s)));
        QVERIFY(writeDerived(*derived));
        const auto read = Target::load(path(u"staging/target.yaml"_s));
        QVERIFY2(read, read ? "" : qPrintable(read.error().text()));
        QCOMPARE(read->databases[0].file, t.databases[0].file);
        QStringList left;
        for (const Message &message : derived->left) {
            QVERIFY2(Catalogue::contains(message.code), qPrintable(message.code));
            left.append(message.text());
        }
        QVERIFY2(left.join(u'\n').contains(u"deploy@web-2.example.org:2222"), qPrintable(left.join(u'\n')));
        QVERIFY2(left.join(u'\n').contains(u"ledger_staging") && left.join(u'\n').contains(u"trading.env"), qPrintable(left.join(u'\n')));
    }

    void externalSystemsStayWhereTheyAre()
    {
        const Target live = load(small(u"checks:\n  probes:\n    - {name: own, http: \"http://127.0.0.1:8000/\"}\n  external:\n    - {name: broker, http: \"http://127.0.0.1:8200/status\"}\n    - {name: bank, tcp: \"127.0.0.1:8300\"}\n"_s).toUtf8());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QCOMPARE(derived->target.check.probes[0].http, u"http://127.0.0.1:18000/"_s);
        QCOMPARE(derived->target.check.external[0].http, u"http://127.0.0.1:8200/status"_s);
        QCOMPARE(derived->target.check.external[1].tcp, u"127.0.0.1:8300"_s);
        // That it is asked from there as well is for a person to judge.
        const QString left = texts(derived->left);
        QVERIFY2(left.contains(u"checks.external[0].http") && left.contains(u"127.0.0.1:8300") && !left.contains(u"%{"), qPrintable(left));
    }

    static QString shopWithDatabase(const QString &environment, const QString &more = {})
    {
        return u"schema: 1\nname: shop\nproduct: p\nenvironment: production\nstate: state\nreleases: releases\nrepository: {url: ../packages, keys: [keys/a.pub]}\n"
               "databases:\n  - {name: orders, driver: postgresql, host: 127.0.0.1, port: 1, database: orders}\n"
               "redis:\n  - {name: cache, host: 127.0.0.1, port: 6390}\n"
               "services:\n  - name: a\n    instances: [{name: a-1, port: 8000}]\n    command: [a, --database, \"postgresql://127.0.0.1:1/orders\"]\n    health: {http: \"http://127.0.0.1:{port}/\"}\n"
               "    environment:\n"_s
            + environment + more;
    }

    /// Copied as they are, they would be production's.
    void addressesOfTheOwnDatabases_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::newRow("PostgreSQL") << u"DATABASE_URL"_s << u"postgresql+asyncpg://app:hunter2@127.0.0.1:1/orders?ssl=off"_s << u"postgresql+asyncpg://app:hunter2@127.0.0.1:1/orders_staging?ssl=off"_s;
        QTest::newRow("another name of the machine") << u"DATABASE_URL"_s << u"postgres://localhost:1/orders"_s << u"postgres://localhost:1/orders_staging"_s;
        QTest::newRow("JDBC") << u"DATABASE_URL"_s << u"jdbc:postgresql://127.0.0.1:1/orders"_s << u"jdbc:postgresql://127.0.0.1:1/orders_staging"_s;
        QTest::newRow("libpq") << u"DSN"_s << u"host=127.0.0.1 port=1 dbname=orders user=app"_s << u"host=127.0.0.1 port=1 dbname=orders_staging user=app"_s;
        QTest::newRow("by name") << u"PGDATABASE"_s << u"orders"_s << u"orders_staging"_s;
        QTest::newRow("by another name") << u"APP_DB_NAME"_s << u"orders"_s << u"orders_staging"_s;
        QTest::newRow("no database") << u"TITLE"_s << u"orders"_s << u"orders"_s;
        QTest::newRow("Redis by host and port") << u"CACHE"_s << u"127.0.0.1:6390"_s << u"127.0.0.1:16390"_s;
        QTest::newRow("Redis") << u"REDIS_URL"_s << u"redis://:hunter2@127.0.0.1:6390/2"_s << u"redis://:hunter2@127.0.0.1:16390/2"_s;
        QTest::newRow("the database's port alone") << u"PEERS"_s << u"127.0.0.1:1,127.0.0.1:8000"_s << u"127.0.0.1:1,127.0.0.1:18000"_s;
    }
    void addressesOfTheOwnDatabases()
    {
        QFETCH(QString, key);
        QFETCH(QString, before);
        QFETCH(QString, after);
        const Target live = load(shopWithDatabase(QString(u"      "_s + key + u": \""_s + before + u"\"\n"_s)).toUtf8());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QCOMPARE(derived->target.services[0].environment[key], after);
        QCOMPARE(derived->target.services[0].command.last(), u"postgresql://127.0.0.1:1/orders_staging"_s);
        const QString left = texts(derived->left);
        QVERIFY2(!left.contains(key), qPrintable(left));
        QVERIFY2(left.contains(u"“cache”") && left.contains(u"127.0.0.1:16390"), qPrintable(left));
        // What is shown of it shows no password.
        for (const DerivedTarget::Change &change : derived->changes) {
            QVERIFY2(!change.before.contains(u"hunter2") && !change.after.contains(u"hunter2"), qPrintable(change.after));
        }
    }

    void addressesThatAreNotKnownAreTold_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("told");
        QTest::newRow("another server") << u"DATABASE_URL"_s << u"postgresql://app:hunter2@db.example.org/orders"_s << u"postgresql://db.example.org/orders"_s;
        QTest::newRow("another database") << u"DATABASE_URL"_s << u"postgresql://app:hunter2@127.0.0.1:1/ledger"_s << u"postgresql://127.0.0.1:1/ledger"_s;
        QTest::newRow("another kind, and its port stays") << u"QUEUE"_s << u"amqp://app:hunter2@127.0.0.1:5672/"_s << u"amqp://127.0.0.1:5672/"_s;
        QTest::newRow("a place alone") << u"DB_HOST"_s << u"db.example.org"_s << u"db.example.org"_s;
    }
    void addressesThatAreNotKnownAreTold()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, told);
        const Target live = load(shopWithDatabase(QString(u"      "_s + key + u": \""_s + value + u"\"\n"_s)).toUtf8());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QCOMPARE(derived->target.services[0].environment[key], value);
        const QString left = texts(derived->left);
        QVERIFY2(left.contains(QString(u"services[0].environment."_s + key)) && left.contains(told) && left.contains(path(u"staging/target.yaml"_s)), qPrintable(left));
        QVERIFY2(!left.contains(u"hunter2") && !left.contains(u"%{"), qPrintable(left));
    }

    /// Environment files are not copied; whoever writes them anew learns what in them is production's.
    void environmentFilesAreLookedThrough()
    {
        const Target live = load(shopWithDatabase(u"      PORT: \"{port}\"\n    environment_file: a.env\n"_s, u"configuration:\n  - file: shop.env\n"_s).toUtf8());
        QVERIFY(files::replace(path(u"live/a.env"_s), "DATABASE_URL=postgresql://app:hunter2@127.0.0.1:1/orders\nTITLE=orders\nREDIS_HOST=cache.example.org\n"));
        QVERIFY(files::replace(path(u"live/shop.env"_s), "a line that is none\n"));
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        const QString left = texts(derived->left);
        for (const QString &words : {QString(u"Give DATABASE_URL in "_s + path(u"staging/a.env"_s)), QString(u"Look at REDIS_HOST in "_s + path(u"staging/a.env"_s)), QString(u"Look through "_s + path(u"staging/shop.env"_s)),
                                     QString(u"Write "_s + path(u"staging/a.env"_s))}) {
            QVERIFY2(left.contains(words), qPrintable(left));
        }
        QVERIFY2(!left.contains(u"hunter2") && !left.contains(u"TITLE") && !left.contains(u"%{"), qPrintable(left));
    }

    void commentsStayAndRelativePathsAreOfTheOldFolder()
    {
        const Target live = load(small(u"checks:\n  probes:\n    - {name: x, http: 'http://localhost:8000/it''s'}\n"_s).toUtf8());
        const auto derived = deriveStaging(live, {path(u"deeper/staging"_s), u"trial"_s, 500});
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QVERIFY2(derived->text.contains("name: \"trial\" # the shop\n"), derived->text.constData());
        QCOMPARE(derived->target.repository.url, live.repository.url);
        QCOMPARE(derived->target.services[0].instances[0].port, 8500);
        QCOMPARE(derived->target.check.probes[0].http, u"http://localhost:8500/it's"_s);
    }

    void pathsBelowTheOldFolderMove()
    {
        const Target live = load(small(u"commands:\n  - name: w\n    after: deploy\n    apply: [bin/w, --port, \"8000\", \"%1/data\", /usr/share/x]\n"_s.arg(path(u"live"_s))).toUtf8());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        QCOMPARE(derived->target.commands[0].apply, (QStringList{u"bin/w"_s, u"--port"_s, u"18000"_s, path(u"staging/data"_s), u"/usr/share/x"_s}));
    }

    void isRefused_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("word");
        QTest::newRow("target there") << u"there"_s << u"derive.exists"_s << u"target.yaml"_s;
        QTest::newRow("port too high") << u"port"_s << u"derive.port"_s << u"65535"_s;
        QTest::newRow("written over lines") << u"form"_s << u"derive.form"_s << u"state"_s;
        QTest::newRow("its own folder") << u"own"_s << u"derive.exists"_s << u"live"_s;
        QTest::newRow("a link to the old state") << u"link"_s << u"derive.shared"_s << u"both keep their state"_s;
        QTest::newRow("a hard link of the database") << u"database"_s << u"derive.shared"_s << u"both use the database"_s;
    }
    void isRefused()
    {
        QFETCH(QString, what);
        QFETCH(QString, code);
        QFETCH(QString, word);
        QString text = small();
        DeriveOptions options = to();
        QVERIFY(files::makePath(path(u"staging"_s)));
        if (what == u"form") {
            text.replace(u"state: state"_s, u"state: >-\n  /srv/shop\n  x"_s);
        }
        if (what == u"database") {
            text += u"databases:\n  - {name: d, driver: sqlite, file: data/x.db}\n"_s;
        }
        const Target live = load(text.toUtf8());
        if (what == u"there") {
            QVERIFY(files::replace(path(u"staging/target.yaml"_s), "mine"));
        } else if (what == u"port") {
            options.portOffset = 60000;
        } else if (what == u"own") {
            options.folder = path(u"live"_s);
        } else if (what == u"link") {
            QVERIFY(files::makePath(path(u"live/state"_s)));
            QVERIFY(QFile::link(path(u"live/state"_s), path(u"staging/state"_s)));
        } else if (what == u"database") {
            QVERIFY(files::makePath(path(u"live/data"_s)));
            QVERIFY(files::makePath(path(u"staging/data"_s)));
            QVERIFY(files::replace(path(u"live/data/x.db"_s), "x"));
            QCOMPARE(::link(QFile::encodeName(path(u"live/data/x.db"_s)).constData(), QFile::encodeName(path(u"staging/data/x.db"_s)).constData()), 0);
        }
        const auto derived = deriveStaging(live, options);
        QVERIFY(!derived);
        QCOMPARE(derived.error().code, code);
        QVERIFY2(derived.error().text().contains(word), qPrintable(derived.error().text()));
        QVERIFY(!derived.error().hint().isEmpty());
        QVERIFY(!derived.error().text().contains(u"%{"));
    }

    void eachThingThatIsShared_data()
    {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QString>("code");
        QTest::newRow("releases") << QByteArray("releases: \"releases\"") << u"derive.same_releases"_s;
        QTest::newRow("backups") << QByteArray("directory: \"trading\"") << u"derive.same_backups"_s;
        QTest::newRow("port") << QByteArray("port: 18101") << u"derive.same_port"_s;
        QTest::newRow("project") << QByteArray("project: \"trading-staging\"") << u"derive.same_project"_s;
        QTest::newRow("balancer") << QByteArray("socket: \"haproxy.sock\"") << u"derive.same_balancer"_s;
        QTest::newRow("postgres") << QByteArray("database: \"ledger_staging\"") << u"derive.same_database"_s;
        QTest::newRow("postgres by service") << QByteArray("service: \"trading-archive-staging\"") << u"derive.same_database"_s;
        QTest::newRow("sqlite") << QByteArray("file: \"data/trading.db\"") << u"derive.same_database"_s;
    }
    /// One field put back: it is found.
    void eachThingThatIsShared()
    {
        QFETCH(QByteArray, from);
        QFETCH(QString, code);
        const Target live = load(full());
        const auto derived = deriveStaging(live, to());
        QVERIFY(derived);
        Target other = derived->target;
        if (code == u"derive.same_releases") {
            other.releasesDirectory = live.releasesDirectory;
        } else if (code == u"derive.same_backups") {
            other.backup.directory = live.backup.directory;
        } else if (code == u"derive.same_port") {
            other.services[0].instances[0].port = live.services[0].instances[0].port;
        } else if (code == u"derive.same_project") {
            other.compose.project = live.compose.project;
        } else if (code == u"derive.same_balancer") {
            other.balancer.socket = live.balancer.socket;
        } else if (from.startsWith("database:")) {
            other.databases[1].postgres.database = live.databases[1].postgres.database;
            other.databases[1].postgres.host = u"localhost"_s; // Another name of the same.
        } else if (from.startsWith("service:")) {
            other.databases[2].postgres.service = live.databases[2].postgres.service;
        } else {
            other.databases[0].file = live.databases[0].file;
        }
        const auto shared = sharedBetween(live, other);
        QVERIFY(shared);
        const Message told = shared.value_or(Message());
        QCOMPARE(told.code, code);
        QVERIFY(Catalogue::contains(code));
        QVERIFY(!told.text().contains(u"%{"));
    }

    /// What runs on a further host shares only with what runs on the same machine, whatever either calls it.
    void hostsAreToldApartByTheirAddresses_data()
    {
        QTest::addColumn<QString>("address");
        QTest::addColumn<QString>("releases");
        QTest::addColumn<QString>("unit");
        QTest::addColumn<int>("port");
        QTest::addColumn<QString>("code");
        const QString same = u"web-1.example.org:22"_s;
        const QString another = u"deploy@web-9.example.org"_s;
        QTest::newRow("another machine, all else the same") << another << u"/srv/shop"_s << u"a@1"_s << 8000 << QString();
        QTest::newRow("another machine behind that address") << u"web-1.example.org:2222"_s << u"/srv/shop"_s << u"a@1"_s << 8000 << QString();
        QTest::newRow("unit") << same << u"/srv/other"_s << u"a@1"_s << 9000 << u"derive.same_unit"_s;
        QTest::newRow("port") << same << u"/srv/other"_s << u"b@1"_s << 8000 << u"derive.same_port"_s;
        QTest::newRow("releases") << same << u"/srv/shop/"_s << u"b@1"_s << 9000 << u"derive.same_releases"_s;
        QTest::newRow("nothing on the same machine") << same << u"/srv/other"_s << u"b@1"_s << 9000 << QString();
    }
    void hostsAreToldApartByTheirAddresses()
    {
        QFETCH(QString, address);
        QFETCH(QString, releases);
        QFETCH(QString, unit);
        QFETCH(int, port);
        QFETCH(QString, code);
        const Target live = load(onHost());
        const auto derived = deriveStaging(live, to());
        QVERIFY2(derived, derived ? "" : qPrintable(derived.error().text()));
        Target other = derived->target;
        QVERIFY(!sharedBetween(live, other));
        moveTo(&other, address, releases);
        other.services[0].instances[0].composeService = unit + u".service"_s; // As it is read.
        other.services[0].instances[0].port = port;
        const auto shared = sharedBetween(live, other);
        QCOMPARE(shared ? shared->code : QString(), code);
        QVERIFY(!shared || !shared->text().contains(u"%{"));
    }

    /// A host may be this very machine, by its address.
    void releasesOfThisMachineByItsAddress()
    {
        const Target live = load(onHost());
        Target other = deriveStaging(live, to()).value().target;
        moveTo(&other, u"127.0.0.1:2222"_s, live.releasesDirectory);
        const auto shared = sharedBetween(live, other);
        QVERIFY(shared);
        const Message told = shared.value_or(Message());
        QCOMPARE(told.code, u"derive.same_releases"_s);
        QVERIFY2(told.text().contains(live.releasesDirectory), qPrintable(told.text()));
    }
};

QTEST_GUILESS_MAIN(DeriveTest)
#include "derivetest.moc"
