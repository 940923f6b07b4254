// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "consoleprocess.h"

#include "systemdemo.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <csignal>

using namespace Qt::StringLiterals;

namespace {

/// Processes that a process has started.
QList<qint64> childrenOf(qint64 parent)
{
    QList<qint64> children;
    const QStringList names = QDir(u"/proc"_s).entryList(QDir::Dirs);
    for (const QString &name : names) {
        QFile file(u"/proc/%1/stat"_s.arg(name));
        if (name.toLongLong() <= 0 || !file.open(QIODevice::ReadOnly)) {
            continue;
        }
        const QByteArray stat = file.readAll();
        const QList<QByteArray> fields = stat.sliced(stat.lastIndexOf(')') + 1).simplified().split(' ');
        if (fields.value(1).toLongLong() == parent) {
            children.append(name.toLongLong());
        }
    }
    return children;
}

} // namespace

ConsoleProcess::ConsoleProcess(const QString &targetFile, const QString &person, const QString &home)
{
    start(environmentOf(person, home), {SystemDemo::program(u"cutoverctl"_s), u"serve"_s, u"--stdio"_s, u"--target"_s, targetFile});
}

ConsoleProcess::ConsoleProcess(const QString &host, const QString &targetFile, const QString &person, const QString &home, const QString &sshConfiguration)
{
    QProcessEnvironment environment = environmentOf(person, home);
    environment.insert(u"CUTOVER_SSH_CONFIG"_s, sshConfiguration);
    start(environment, {u"--host"_s, host, SystemDemo::program(u"cutoverctl"_s), targetFile});
}

void ConsoleProcess::start(const QProcessEnvironment &environment, const QStringList &words)
{
    m_process.setProcessEnvironment(environment);
    m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &ConsoleProcess::read);
    m_process.start(QString::fromLocal8Bit(CUTOVER_TEST_CONSOLE), words);
}

ConsoleProcess::~ConsoleProcess()
{
    if (m_process.state() != QProcess::NotRunning && !close()) {
        kill();
    }
}

void ConsoleProcess::read()
{
    while (m_process.canReadLine()) {
        const QJsonObject line = QJsonDocument::fromJson(m_process.readLine()).object();
        if (line.contains(u"id")) {
            m_answers.insert(line[u"id"].toInt(), line);
        } else if (line.contains(u"connected")) {
            m_connected = line[u"connected"].toBool();
            warnings = line[u"warnings"].toVariant().toStringList();
            connects += m_connected ? 1 : 0;
            if (!m_connected) {
                losses.append(line[u"code"].toString());
            }
        } else if (line.contains(u"changed")) {
            const QStringList names = line[u"changed"].toVariant().toStringList();
            topics.unite(QSet<QString>(names.cbegin(), names.cend()));
        } else if (line.contains(u"run")) {
            told.append(line[u"run"].toObject());
        } else if (line.contains(u"job") && (line[u"state"] == u"done"_s || line[u"state"] == u"failed"_s)) {
            m_jobs.insert(line[u"job"].toString(), line);
        }
    }
}

bool ConsoleProcess::waitConnected(int timeoutMs)
{
    return QTest::qWaitFor([this] { return m_connected; }, timeoutMs);
}

QJsonObject ConsoleProcess::call(const QString &method, const QJsonObject &params, int timeoutMs)
{
    const int id = m_next++;
    m_process.write(QJsonDocument(QJsonObject{{u"id"_s, id}, {u"method"_s, method}, {u"params"_s, params}}).toJson(QJsonDocument::Compact) + '\n');
    return QTest::qWaitFor([this, id] { return m_answers.contains(id); }, timeoutMs) ? m_answers.take(id) : QJsonObject();
}

QJsonObject ConsoleProcess::endOf(const QString &job, int timeoutMs)
{
    return QTest::qWaitFor([this, job] { return m_jobs.contains(job); }, timeoutMs) ? m_jobs.take(job) : QJsonObject();
}

void ConsoleProcess::kill()
{
    killWithServer(m_process);
}

void ConsoleProcess::killWithServer(QProcess &console)
{
    const qint64 pid = console.processId();
    if (pid <= 0) {
        return;
    }
    const QList<qint64> servers = childrenOf(pid);
    console.kill();
    for (const qint64 server : servers) {
        ::kill(pid_t(server), SIGKILL);
    }
    console.waitForFinished();
    // Its memory goes a moment after it, and its command line with that.
    for (const qint64 server : servers) {
        (void)QTest::qWaitFor(
            [server] {
                QFile file(u"/proc/%1/cmdline"_s.arg(server));
                return !file.open(QIODevice::ReadOnly) || file.readAll().isEmpty();
            },
            20000);
    }
}

QProcessEnvironment ConsoleProcess::environmentOf(const QString &person, const QString &home)
{
    QDir().mkpath(home);
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"HOME"_s, home);
    environment.remove(u"XDG_CONFIG_HOME"_s);
    environment.insert(u"CUTOVER_OPERATOR"_s, person);
    return environment;
}

bool ConsoleProcess::close()
{
    m_process.closeWriteChannel();
    return m_process.waitForFinished(30000) && m_process.exitStatus() == QProcess::NormalExit;
}
