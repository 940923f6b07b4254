// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/postgressession.h"
#include "freeport.h"

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QThread>

#include <csignal>
#include <unistd.h>

namespace cutover::testing {

/**
 * A real PostgreSQL server of its own: data in a temporary folder, a free port on 127.0.0.1 and a
 * socket in that folder. It refuses to run as root, so under root it runs as "nobody". It ends with
 * this object, and with this process should that be killed.
 */
class PostgresServer
{
public:
    /// templatePath: where its folder is made; empty: in the temporary folder.
    explicit PostgresServer(const QString &templatePath = {})
        : m_folder(templatePath.isEmpty() ? QDir::tempPath() + QStringLiteral("/cutover-pg-XXXXXX") : templatePath)
    {
        for (int version = 25; version > 12 && m_programs.isEmpty(); --version) {
            const QString folder = QStringLiteral("/usr/lib/postgresql/%1/bin").arg(version);
            m_programs = QFileInfo::exists(folder + QStringLiteral("/initdb")) ? folder : QString();
            m_version = QString::number(version);
        }
    }
    ~PostgresServer() { stop(SIGINT); }
    Q_DISABLE_COPY_MOVE(PostgresServer)

    /// Why there can be none here; empty when there can.
    [[nodiscard]] QString missing() const { return m_programs.isEmpty() ? QStringLiteral("PostgreSQL's server programs are not installed") : QString(); }

    [[nodiscard]] QString version() const { return m_version; }
    /// A copy of the server's programs, with its share folder beside, instead of the system's; before create().
    void usePrograms(const QString &folder) { m_programs = folder; }

    /// Makes the cluster with the roles "postgres" (superuser) and "owner" (may create databases), both
    /// with password(), and starts it. What went wrong; empty: it serves.
    [[nodiscard]] QString create()
    {
        write(passwordFile(), password() + '\n');
        write(path(QStringLiteral("pw")), password() + '\n');
        if (!QDir().mkpath(path(QStringLiteral("data"))) || !QDir().mkpath(path(QStringLiteral("run")))) {
            return QStringLiteral("mkdir");
        }
        if (::geteuid() == 0) {
            QFile::setPermissions(m_folder.path(), QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner | QFileDevice::ExeGroup | QFileDevice::ExeOther);
            for (const auto *name : {"data", "run", "pw"}) {
                if (::chown(QFile::encodeName(path(QString::fromLatin1(name))).constData(), nobody, nobody) != 0) {
                    return QStringLiteral("chown");
                }
            }
        }
        QProcess initdb;
        run(initdb, {m_programs + QStringLiteral("/initdb"), QStringLiteral("--pgdata"), path(QStringLiteral("data")), QStringLiteral("--username=postgres"), QStringLiteral("--auth=scram-sha-256"), QStringLiteral("--pwfile"), path(QStringLiteral("pw")), QStringLiteral("--encoding=UTF8"), QStringLiteral("--locale=C.UTF-8"), QStringLiteral("--no-sync"), QStringLiteral("--no-instructions")});
        if (!initdb.waitForFinished(120000) || initdb.exitCode() != 0) {
            return QString::fromUtf8(initdb.readAllStandardError() + initdb.readAllStandardOutput());
        }
        if (const QString why = start(); !why.isEmpty()) {
            return why;
        }
        const auto role = sql(QStringLiteral("postgres"), QStringLiteral("CREATE ROLE owner LOGIN CREATEDB PASSWORD ") + postgres::literal(QString::fromLatin1(password())));
        return role ? QString() : role.error().text();
    }

    /// Becomes a replica of another one, and follows it. What went wrong; empty: it serves.
    [[nodiscard]] QString follow(const PostgresServer &primary)
    {
        write(path(QStringLiteral("pgpass")), "127.0.0.1:" + QByteArray::number(primary.port()) + ":*:postgres:" + QByteArray(password()).replace('\\', "\\\\").replace(':', "\\:") + '\n');
        QFile::setPermissions(path(QStringLiteral("pgpass")), QFileDevice::ReadOwner | QFileDevice::WriteOwner);
        if (!QDir().mkpath(path(QStringLiteral("data"))) || !QDir().mkpath(path(QStringLiteral("run")))) {
            return QStringLiteral("mkdir");
        }
        write(passwordFile(), password() + '\n');
        if (::geteuid() == 0) {
            QFile::setPermissions(m_folder.path(), QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner | QFileDevice::ExeGroup | QFileDevice::ExeOther);
            for (const auto *name : {"data", "run", "pgpass"}) {
                if (::chown(QFile::encodeName(path(QString::fromLatin1(name))).constData(), nobody, nobody) != 0) {
                    return QStringLiteral("chown");
                }
            }
        }
        QProcess copy;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PGPASSFILE"), path(QStringLiteral("pgpass")));
        copy.setProcessEnvironment(environment);
        run(copy, {m_programs + QStringLiteral("/pg_basebackup"), QStringLiteral("-D"), path(QStringLiteral("data")), QStringLiteral("-h"), QStringLiteral("127.0.0.1"), QStringLiteral("-p"), QString::number(primary.port()), QStringLiteral("-U"), QStringLiteral("postgres"), QStringLiteral("-w"), QStringLiteral("-R"), QStringLiteral("-c"), QStringLiteral("fast"), QStringLiteral("--no-sync")});
        if (!copy.waitForFinished(120000) || copy.exitCode() != 0) {
            return QString::fromUtf8(copy.readAllStandardError() + copy.readAllStandardOutput());
        }
        QFile::setPermissions(path(QStringLiteral("data")), QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
        return start();
    }

    /// More settings: "NAME=VALUE".
    QStringList settings;

    [[nodiscard]] QString start()
    {
        if (m_port == 0) {
            m_port = cutover::testing::freePort();
        }
        QStringList arguments{m_programs + QStringLiteral("/postgres"), QStringLiteral("-D"), path(QStringLiteral("data")), QStringLiteral("-p"), QString::number(m_port),
                              QStringLiteral("-k"), path(QStringLiteral("run"))};
        const QStringList all = QStringList{QStringLiteral("listen_addresses=127.0.0.1"), QStringLiteral("fsync=off"), QStringLiteral("max_connections=40"),
                                            QStringLiteral("shared_buffers=64MB"), QStringLiteral("log_destination=stderr")}
            + settings;
        for (const QString &setting : all) {
            arguments << QStringLiteral("-c") << setting;
        }
        m_server.setStandardErrorFile(path(QStringLiteral("log")), QIODevice::Append);
        run(m_server, arguments);
        QElapsedTimer waited;
        waited.start();
        while (waited.elapsed() < 30000 && m_server.state() != QProcess::NotRunning) {
            if (postgres::isReachable(spec(QStringLiteral("postgres")))) {
                return {};
            }
            QThread::msleep(50);
        }
        QFile log(path(QStringLiteral("log")));
        return log.open(QIODevice::ReadOnly) ? QString::fromUtf8(log.readAll()) : QStringLiteral("no log");
    }

    /// SIGINT: sessions are ended; SIGQUIT: at once, as in a crash.
    void stop(int signal)
    {
        if (m_server.state() == QProcess::NotRunning) {
            return;
        }
        ::kill(pid_t(m_server.processId()), signal);
        if (!m_server.waitForFinished(20000)) {
            m_server.kill();
            m_server.waitForFinished();
        }
    }

    [[nodiscard]] static QByteArray password() { return "s3cret:with\\odd'signs"; }
    [[nodiscard]] QString passwordFile() const { return path(QStringLiteral("password")); }
    [[nodiscard]] QString path(const QString &name) const { return m_folder.filePath(name); }
    [[nodiscard]] bool isRunning() const { return m_server.state() != QProcess::NotRunning; }
    [[nodiscard]] int port() const { return m_port; }
    [[nodiscard]] QString programs() const { return m_programs; }

    [[nodiscard]] DatabaseSpec spec(const QString &database, const QString &user = QStringLiteral("owner")) const
    {
        DatabaseSpec spec;
        spec.name = QStringLiteral("main");
        spec.driver = QStringLiteral("postgresql");
        spec.postgres.host = QStringLiteral("127.0.0.1");
        spec.postgres.port = m_port;
        spec.postgres.database = database;
        spec.postgres.user = user;
        spec.postgres.password = QStringLiteral("file:") + passwordFile();
        return spec;
    }

    /// As the superuser, by a connection of its own: statements apart by "; ", the rows of the last one.
    [[nodiscard]] Result<QList<postgres::Row>> sql(const QString &database, const QString &statement) const
    {
        TRY(const auto session, postgres::Session::open(spec(database, QStringLiteral("postgres"))));
        CHECK(session->execute(QStringLiteral("SET search_path = public")));
        // One by one: of several at once Qt tells no error but the first one's.
        Result<QList<postgres::Row>> rows;
        const QStringList statements = statement.split(QStringLiteral("; "), Qt::SkipEmptyParts);
        for (const QString &each : statements) {
            rows = session->rows(each);
            CHECK(rows);
        }
        return rows;
    }
    /// First column of the first row, as text; the error's text when it fails.
    [[nodiscard]] QString value(const QString &database, const QString &statement) const
    {
        const auto rows = sql(database, statement);
        return !rows ? rows.error().text() : rows->isEmpty() ? QString()
                                                             : rows->first().value(0).toString();
    }

private:
    static constexpr uid_t nobody = 65534;

    static void write(const QString &path, const QByteArray &content)
    {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) {
            qFatal("write");
        }
        file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    }

    static void run(QProcess &process, QStringList arguments)
    {
        QStringList before{QStringLiteral("setpriv"), QStringLiteral("--pdeathsig=INT")};
        if (::geteuid() == 0) {
            before << QStringLiteral("--reuid=%1").arg(nobody) << QStringLiteral("--regid=%1").arg(nobody) << QStringLiteral("--clear-groups");
        }
        arguments = before + arguments;
        process.setWorkingDirectory(QStringLiteral("/"));
        // A terminal's Ctrl+C is for this program, which ends it in order.
        process.setUnixProcessParameters(QProcess::UnixProcessFlag::CreateNewSession);
        process.start(arguments.takeFirst(), arguments);
        process.waitForStarted();
    }

    QTemporaryDir m_folder;
    QString m_programs;
    QString m_version;
    QProcess m_server;
    int m_port = 0;
};

} // namespace cutover::testing
