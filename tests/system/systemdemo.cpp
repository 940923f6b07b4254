// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "systemdemo.h"

#include "deploy/runtime.h"
#include "deploy/supervisorclient.h"
#include "target/target.h"

#include <QCoroTask>
#include <QCryptographicHash>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>

using namespace Qt::StringLiterals;
using namespace cutover;

SystemDemo::~SystemDemo()
{
    if (m_started) {
        ctl({u"demo"_s, u"stop"_s, u"--directory"_s, m_folder.path()}, 60000); // Not folder(), which is virtual.
    }
}

bool SystemDemo::create(int orders, int rate, const QStringList &more)
{
    const QStringList options{u"--directory"_s, folder(), u"--orders"_s, QString::number(orders), u"--rate"_s, QString::number(rate)};
    const Outcome created = ctl(QStringList{u"demo"_s, u"create"_s} + options + more);
    if (created.exitCode != 0) {
        m_problem = u"create: "_s + QString::fromUtf8(created.errors);
        return false;
    }
    return true;
}

bool SystemDemo::startServices()
{
    m_started = true;
    const Outcome started = ctl({u"demo"_s, u"start"_s, u"--directory"_s, folder()});
    if (started.exitCode != 0) {
        m_problem = u"start: "_s + QString::fromUtf8(started.errors);
        return false;
    }
    return true;
}

Result<> SystemDemo::startInstances(const QString &targetFile, const QStringList &but)
{
    TRY(const Target target, Target::load(targetFile));
    const QString version = u"1.2.0"_s;
    SupervisorClient supervisor(target);
    CHECK(QCoro::waitFor(supervisor.ensureRunning()));
    for (const ServiceSpec &service : target.services) {
        for (const InstanceSpec &instance : service.instances) {
            if (but.contains(instance.name)) {
                continue;
            }
            if (service.runtime == "process"_L1) {
                CHECK(QCoro::waitFor(supervisor.start(instance.name, service.managed ? target.releaseDirectory(version) : QString())));
                CHECK(QCoro::waitFor(supervisor.waitReady(instance.name, {})));
                continue;
            }
            TRY(const auto runtime, RuntimeRegistry::create(service.runtime, target));
            CHECK(QCoro::waitFor(runtime->check(version, {instance.name}, {})));
            CHECK(QCoro::waitFor(runtime->start(instance.name, version)));
            CHECK(QCoro::waitFor(runtime->waitReady(instance.name, version, {})));
        }
    }
    return {};
}

bool SystemDemo::startByRuntimes(const QStringList &but)
{
    m_started = true;
    const auto started = startInstances(targetFile(), but);
    m_problem = started ? QString() : started.error().text();
    return started.has_value();
}

bool SystemDemo::start(int orders, int rate, const QStringList &more)
{
    return create(orders, rate, more) && startServices();
}

QString SystemDemo::databaseFile() const
{
    const auto target = Target::load(targetFile());
    return target && !target->databases.isEmpty() ? target->databases.first().file : QString();
}

QStringList SystemDemo::query(const QString &sql) const
{
    QStringList values;
    const QString name = u"systemdemo"_s;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, name);
        database.setDatabaseName(databaseFile());
        database.setConnectOptions(u"QSQLITE_BUSY_TIMEOUT=10000"_s);
        if (database.open()) {
            QSqlQuery query(database);
            if (!query.exec(sql)) {
                values.append(u"error: "_s + query.lastError().text());
            }
            while (query.next()) {
                values.append(query.value(0).toString());
            }
        }
    }
    QSqlDatabase::removeDatabase(name);
    return values;
}

QString SystemDemo::schema() const
{
    const QStringList lines = query(u"SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master "
                                    "WHERE name NOT LIKE 'cutover_%' AND name NOT LIKE 'sqlite_%' ORDER BY type, name"_s);
    QString text = lines.join(u'\n').simplified();
    text.remove(u' ');
    return QString::fromLatin1(QCryptographicHash::hash(text.toUtf8(), QCryptographicHash::Sha256).toHex());
}

QStringList SystemDemo::tableNames() const
{
    return query(u"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"_s);
}

QStringList SystemDemo::columnsOf(const QString &table) const
{
    return query(u"SELECT name FROM pragma_table_info('%1')"_s.arg(table));
}

QStringList SystemDemo::rowsOf(const QString &table, const QStringList &columns) const
{
    // As SQL writes it: text is not taken for a number, nor nothing for an empty text.
    QStringList quoted;
    for (const QString &column : columns) {
        quoted.append(u"quote(\"%1\")"_s.arg(column));
    }
    return query(u"SELECT %1 FROM \"%2\""_s.arg(quoted.join(u" || '|' || "), table));
}

QMap<qint64, QString> SystemDemo::orders(qint64 upToId, const QString &columns) const
{
    QMap<qint64, QString> rows;
    const auto found = query(u"SELECT id || '|' || %1 FROM orders WHERE id <= %2"_s.arg(columns).arg(upToId));
    for (const QString &row : found) {
        rows.insert(row.section(u'|', 0, 0).toLongLong(), row);
    }
    return rows;
}

QString SystemDemo::strategyOverlap() const
{
    // "start PID …" and "stop PID …" lines; a process that was killed has no stop line, but the next
    // start then says that it found the lock free.
    QByteArray running;
    int starts = 0;
    const auto lines = linesOf(folder() + u"/data/strategy.log"_s);
    for (const QByteArray &line : lines) {
        const QList<QByteArray> words = line.split(' ');
        if (words.size() < 2) {
            continue;
        }
        if (words[0] == "start") {
            if (!running.isEmpty()) {
                return QString::fromUtf8("process " + words[1] + " started while " + running + " ran");
            }
            running = words[1];
            ++starts;
        } else if (words[0] == "stop") {
            running.clear();
        } else if (words[0] != "beat") {
            return QString::fromUtf8(line);
        }
    }
    // No log would be no proof.
    return starts > 0 ? QString() : u"no strategy has ever started"_s;
}
