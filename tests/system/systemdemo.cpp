// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "systemdemo.h"

#include "deploy/haproxy.h"
#include "target/target.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QCryptographicHash>
#include <QEventLoop>
#include <QFile>
#include <QJsonDocument>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>

using namespace Qt::StringLiterals;
using cutover::Haproxy;
using cutover::HaproxyServer;
using cutover::Target;

namespace {

int portOf(const Target &target, const QString &instance)
{
    const auto *service = target.serviceOfInstance(instance);
    if (service) {
        for (const auto &each : service->instances) {
            if (each.name == instance) {
                return each.port;
            }
        }
    }
    return 0;
}

QByteArray httpGet(const QUrl &url)
{
    QNetworkAccessManager network;
    QNetworkRequest request(url);
    request.setTransferTimeout(20000);
    std::unique_ptr<QNetworkReply> reply(network.get(request));
    QEventLoop loop;
    QObject::connect(reply.get(), &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    return reply->error() == QNetworkReply::NoError ? reply->readAll() : QByteArray();
}

QList<QByteArray> linesOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    QList<QByteArray> lines = file.readAll().split('\n');
    lines.removeAll({});
    return lines;
}

} // namespace

SystemDemo::~SystemDemo()
{
    if (m_started) {
        ctl({u"demo"_s, u"stop"_s, u"--directory"_s, folder()}, 60000);
    }
}

QString SystemDemo::program(const QString &name)
{
    return qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u'/' + name;
}

std::unique_ptr<QProcess> SystemDemo::startCtl(const QStringList &arguments, const QString &target) const
{
    auto process = std::make_unique<QProcess>();
    QStringList words = arguments + QStringList{u"--json"_s};
    if (arguments.value(0) != u"demo") {
        words += {u"--target"_s, target.isEmpty() ? targetFile() : target};
    }
    process->start(program(u"cutoverctl"_s), words);
    return process;
}

SystemDemo::Outcome SystemDemo::outcomeOf(QProcess &process, int timeoutMs)
{
    Outcome outcome;
    if (process.state() != QProcess::NotRunning && !process.waitForFinished(timeoutMs)) {
        process.kill();
        process.waitForFinished();
        outcome.errors = "timed out: " + process.readAllStandardError();
        return outcome;
    }
    outcome.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
    const QList<QByteArray> lines = process.readAllStandardOutput().trimmed().split('\n');
    outcome.json = QJsonDocument::fromJson(lines.last()).object();
    outcome.errors = process.readAllStandardError();
    if (outcome.exitCode != 0) {
        outcome.errors += lines.last();
    }
    return outcome;
}

SystemDemo::Outcome SystemDemo::ctl(const QStringList &arguments, int timeoutMs) const
{
    return outcomeOf(*startCtl(arguments), timeoutMs);
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

bool SystemDemo::start(int orders, int rate, const QStringList &more)
{
    return create(orders, rate, more) && startServices();
}

QString SystemDemo::databaseFile() const
{
    const auto target = Target::load(targetFile());
    return target && !target->databases.isEmpty() ? target->databases.first().file : QString();
}

QString SystemDemo::stateFolder() const
{
    const auto target = Target::load(targetFile());
    return target ? target->stateDirectory : QString();
}

QUrl SystemDemo::url(const QString &path) const
{
    const auto target = Target::load(targetFile());
    const int port = target ? portOf(*target, u"haproxy"_s) : 0;
    return QUrl(u"http://127.0.0.1:%1%2"_s.arg(port).arg(path));
}

QByteArray SystemDemo::get(const QString &path) const
{
    return httpGet(url(path));
}

QString SystemDemo::servedVersion() const
{
    return QJsonDocument::fromJson(get(u"/api/version"_s)).object()[u"version"].toString();
}

bool SystemDemo::servesOnly(const QString &version) const
{
    // More answers than there are instances, in turn.
    for (int i = 0; i < 6; ++i) {
        if (servedVersion() != version) {
            return false;
        }
    }
    return true;
}

QString SystemDemo::balancerTroubles() const
{
    const auto target = Target::load(targetFile());
    const auto rows = target ? QCoro::waitFor(Haproxy(target->balancer.socket).statistics())
                             : cutover::Result<QList<HaproxyServer>>(cutover::fail(target.error()));
    if (!rows) {
        return rows.error().text();
    }
    QStringList told;
    for (const HaproxyServer &row : *rows) {
        if (row.name == u"FRONTEND") {
            told.append(u"%1: %2 unanswered"_s.arg(row.backend).arg(row.unanswered));
        } else if (row.name != u"BACKEND") {
            told.append(u"%1: %2 again, %3 elsewhere, %4 failed"_s.arg(row.name).arg(row.retries).arg(row.redispatches).arg(row.failures));
        }
    }
    return told.join(u"; "_s);
}

QStringList SystemDemo::failures() const
{
    QStringList failed;
    for (const QByteArray &line : linesOf(folder() + u"/data/failures.log"_s)) {
        failed.append(QString::fromUtf8(line));
    }
    return failed;
}

QSet<qint64> SystemDemo::acknowledgedOrders() const
{
    QSet<qint64> ids;
    for (const QByteArray &line : linesOf(folder() + u"/data/acknowledged.log"_s)) {
        ids.insert(line.split(' ').first().toLongLong());
    }
    return ids;
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

QSet<qint64> SystemDemo::storedOrders() const
{
    QSet<qint64> ids;
    for (const QString &id : query(u"SELECT id FROM orders"_s)) {
        ids.insert(id.toLongLong());
    }
    return ids;
}

QString SystemDemo::schema() const
{
    const QStringList lines = query(u"SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master "
                                    "WHERE name NOT LIKE 'cutover_%' AND name NOT LIKE 'sqlite_%' ORDER BY type, name"_s);
    QString text = lines.join(u'\n').simplified();
    text.remove(u' ');
    return QString::fromLatin1(QCryptographicHash::hash(text.toUtf8(), QCryptographicHash::Sha256).toHex());
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

QList<SystemDemo::Table> SystemDemo::tables() const
{
    QList<Table> all;
    const QStringList names = query(u"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"_s);
    for (const QString &name : names) {
        const QStringList columns = query(u"SELECT name FROM pragma_table_info('%1')"_s.arg(name));
        all.append({name, columns, rowsOf(name, columns)});
    }
    return all;
}

QString SystemDemo::missingOf(const QList<Table> &before) const
{
    QStringList missing;
    for (const Table &table : before) {
        QHash<QString, int> now;
        const QStringList rows = rowsOf(table.name, table.columns);
        for (const QString &row : rows) {
            ++now[row];
        }
        QStringList gone;
        for (const QString &row : table.rows) {
            if (--now[row] < 0) {
                gone.append(row);
            }
        }
        if (!gone.isEmpty()) {
            missing.append(u"%1 of %2 rows of %3 are gone or differ, the first: %4"_s.arg(gone.size()).arg(table.rows.size()).arg(table.name, gone.first()));
        }
    }
    return missing.join(u"; "_s);
}

QMap<qint64, QString> SystemDemo::orders(qint64 upToId, const QString &columns) const
{
    QMap<qint64, QString> rows;
    for (const QString &row : query(u"SELECT id || '|' || %1 FROM orders WHERE id <= %2"_s.arg(columns).arg(upToId))) {
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
    for (const QByteArray &line : linesOf(folder() + u"/data/strategy.log"_s)) {
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

qint64 SystemDemo::requestsSent() const
{
    const auto target = Target::load(targetFile());
    const int port = target ? portOf(*target, u"traffic"_s) : 0;
    return QJsonDocument::fromJson(httpGet(QUrl(u"http://127.0.0.1:%1/api/traffic"_s.arg(port)))).object()[u"sent"].toInteger();
}
