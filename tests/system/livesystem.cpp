// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "livesystem.h"

#include "deploy/haproxy.h"
#include "target/target.h"

#include <QCoreApplication>
#include <QCoroTask>
#include <QDeadlineTimer>
#include <QEventLoop>
#include <QFile>
#include <QJsonDocument>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QThread>

using namespace Qt::StringLiterals;
using cutover::BalancerServer;
using cutover::Haproxy;
using cutover::Target;

namespace {

/// The generator gives an answer up after 25 s without a byte of it.
constexpr qint64 SettleMs = 60000;

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

} // namespace

LiveSystem::~LiveSystem() = default;

QList<QByteArray> LiveSystem::linesOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    QList<QByteArray> lines = file.readAll().split('\n');
    // What follows the last end of a line is being written.
    lines.removeLast();
    lines.removeAll({});
    return lines;
}

QString LiveSystem::program(const QString &name)
{
    return qEnvironmentVariable("CUTOVER_BIN", QCoreApplication::applicationDirPath()) + u'/' + name;
}

std::unique_ptr<QProcess> LiveSystem::startCtl(const QStringList &arguments, const QString &target) const
{
    auto process = std::make_unique<QProcess>();
    QStringList words = arguments + QStringList{u"--json"_s};
    if (arguments.value(0) != u"demo") {
        words += {u"--target"_s, target.isEmpty() ? targetFile() : target};
    }
    const QStringList command = m_account + QStringList{program(u"cutoverctl"_s)} + words;
    process->start(command.first(), command.sliced(1));
    return process;
}

LiveSystem::Outcome LiveSystem::outcomeOf(QProcess &process, int timeoutMs)
{
    Outcome outcome;
    if (process.state() != QProcess::NotRunning && !process.waitForFinished(timeoutMs)) {
        process.kill();
        process.waitForFinished();
        outcome.errors = "timed out: " + process.readAllStandardError();
        return outcome;
    }
    outcome.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
    outcome.output = process.readAllStandardOutput();
    const QList<QByteArray> lines = outcome.output.trimmed().split('\n');
    outcome.json = QJsonDocument::fromJson(lines.last()).object();
    outcome.errors = process.readAllStandardError();
    if (outcome.exitCode != 0) {
        outcome.errors += lines.last();
    }
    return outcome;
}

LiveSystem::Outcome LiveSystem::ctl(const QStringList &arguments, int timeoutMs) const
{
    return outcomeOf(*startCtl(arguments), timeoutMs);
}

QString LiveSystem::stateFolder() const
{
    const auto target = Target::load(targetFile());
    return target ? target->stateDirectory : QString();
}

QUrl LiveSystem::url(const QString &path) const
{
    const auto target = Target::load(targetFile());
    const QString balancer = target && target->balancer.kind == u"nginx" ? u"nginx"_s : u"haproxy"_s;
    const int port = target ? portOf(*target, balancer) : 0;
    return QUrl(u"http://127.0.0.1:%1%2"_s.arg(port).arg(path));
}

QByteArray LiveSystem::get(const QString &path) const
{
    return httpGet(url(path));
}

int LiveSystem::portOfInstance(const QString &instance) const
{
    const auto target = Target::load(targetFile());
    return target ? portOf(*target, instance) : 0;
}

QString LiveSystem::versionAt(const QUrl &url)
{
    return QJsonDocument::fromJson(httpGet(url)).object()[u"version"].toString();
}

QString LiveSystem::servedVersion() const
{
    return versionAt(url(u"/api/version"_s));
}

bool LiveSystem::servesOnly(const QString &version) const
{
    // More answers than there are instances, in turn.
    for (int i = 0; i < 6; ++i) {
        if (servedVersion() != version) {
            return false;
        }
    }
    return true;
}

QString LiveSystem::balancerTroubles() const
{
    const auto target = Target::load(targetFile());
    const auto rows = target ? QCoro::waitFor(Haproxy(target->balancer.socket).allServers())
                             : cutover::Result<QList<BalancerServer>>(cutover::fail(target.error()));
    if (!rows) {
        return rows.error().text();
    }
    QStringList told;
    for (const BalancerServer &row : *rows) {
        if (row.name == u"FRONTEND") {
            told.append(u"%1: %2 unanswered"_s.arg(row.backend).arg(row.unanswered));
        } else if (row.name != u"BACKEND") {
            told.append(u"%1: %2 again, %3 elsewhere, %4 failed"_s.arg(row.name).arg(row.retries).arg(row.redispatches).arg(row.failures));
        }
    }
    return told.join(u"; "_s);
}

LiveSystem::Traffic LiveSystem::traffic() const
{
    const QJsonObject told = QJsonDocument::fromJson(httpGet(QUrl(u"http://127.0.0.1:%1/api/traffic"_s.arg(portOfInstance(u"traffic"_s))))).object();
    return {told[u"run"].toString(), told[u"sent"].toInteger(), told[u"settled"].toInteger(), told[u"failed"].toInteger()};
}

QStringList LiveSystem::failures() const
{
    QString unanswered;
    const Traffic then = traffic();
    Traffic now = then;
    // One that has ended has waited for its answers.
    for (const QDeadlineTimer limit(SettleMs); !now.run.isEmpty() && now.run == then.run && now.settled < then.sent; now = traffic()) {
        if (limit.hasExpired()) {
            unanswered = u"requests have no answer: of %1 those from number %2 on"_s.arg(then.sent).arg(now.settled + 1);
            break;
        }
        QThread::msleep(50);
    }
    QStringList failed;
    const QString log = folder() + u"/data/failures.log"_s;
    const auto lines = linesOf(log);
    for (const QByteArray &line : lines) {
        failed.append(QString::fromUtf8(line));
    }
    if (!QFile::exists(log)) {
        failed.append(log + u" is missing"_s);
    }
    if (!unanswered.isEmpty()) {
        failed.append(unanswered);
    }
    return failed;
}

QSet<QString> LiveSystem::acknowledgedOrders() const
{
    QSet<QString> orders;
    const auto lines = linesOf(folder() + u"/data/acknowledged.log"_s);
    for (const QByteArray &line : lines) {
        orders.insert(QString::fromUtf8(line));
    }
    return orders;
}

QSet<QString> LiveSystem::storedOrders() const
{
    const QStringList rows = query(u"SELECT id || ' ' || client_id FROM orders"_s);
    return {rows.begin(), rows.end()};
}

QStringList LiveSystem::lostOrders() const
{
    // What is acknowledged is asked first: orders go on coming.
    const QSet<QString> acknowledged = acknowledgedOrders();
    return (acknowledged - storedOrders()).values();
}

QList<LiveSystem::Table> LiveSystem::tables() const
{
    QList<Table> all;
    const auto names = tableNames();
    for (const QString &name : names) {
        const QStringList columns = columnsOf(name);
        all.append({name, columns, rowsOf(name, columns)});
    }
    return all;
}

QString LiveSystem::missingOf(const QList<Table> &before) const
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
