// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/postgrestools.h"

#include "database/postgressession.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStandardPaths>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover::postgres {

namespace {

constexpr qsizetype lastWords = 4;

/** A password file in memory, for children that inherit its descriptor. */
class PasswordFile
{
public:
    PasswordFile() = default;
    ~PasswordFile()
    {
        if (m_fd >= 0) {
            ::close(m_fd);
        }
    }
    Q_DISABLE_COPY_MOVE(PasswordFile)

    Result<> write(const QString &password)
    {
        if (password.isEmpty()) {
            return {};
        }
        m_fd = ::memfd_create("cutover-pgpass", MFD_CLOEXEC);
        QByteArray line = password.toUtf8();
        line.replace('\\', "\\\\").replace(':', "\\:");
        line = "*:*:*:*:" + line + '\n';
        // libpq ignores a password file that others may read.
        if (m_fd < 0 || ::fchmod(m_fd, S_IRUSR | S_IWUSR) != 0 || ::write(m_fd, line.constData(), size_t(line.size())) != line.size()) {
            return failErrno(u"process.start_failed"_s, errno, {}, {{u"program"_s, u"memfd_create"_s}});
        }
        return {};
    }
    [[nodiscard]] int descriptor() const { return m_fd; }
    [[nodiscard]] QString path() const { return u"/proc/self/fd/%1"_s.arg(m_fd); }

private:
    int m_fd = -1;
};

/// Folders in which distributions keep one set of programs a version, newest first.
QStringList versionedFolders(int serverMajor)
{
    QMap<int, QString> found;
    const QStringList patterns{u"/usr/lib/postgresql/%1/bin"_s, u"/usr/pgsql-%1/bin"_s};
    for (int major = serverMajor; major < serverMajor + 20; ++major) {
        for (const QString &pattern : patterns) {
            if (const QString folder = pattern.arg(major); QFileInfo(folder).isDir()) {
                found.insert(major, folder);
            }
        }
    }
    // The server's own version first: what it writes, the same server reads.
    return found.values();
}

Error failure(const DatabaseSpec &spec, const ToolRun &run, const ProcessResult &result, const QString &where)
{
    QStringList lines;
    const QStringList all = QString::fromUtf8(result.errorOutput).split(u'\n', Qt::SkipEmptyParts);
    // With --verbose most lines tell what goes well.
    static const QRegularExpression bad(u"error|fatal|panic|could not|failed|abort|no space|refus|terminat"_s, QRegularExpression::CaseInsensitiveOption);
    for (const QString &line : all) {
        if (line.contains(bad)) {
            lines.append(line.trimmed());
        }
    }
    if (lines.isEmpty()) {
        lines = all;
    }
    const QString said = lines.first(qMin(lastWords, lines.size())).join(u" "_s).left(1000);
    QJsonObject args{{u"database"_s, spec.name},
                     {u"address"_s, addressOf(spec, run.database)},
                     {u"program"_s, run.program},
                     {u"code"_s, result.exitCode},
                     {u"reason"_s, said.isEmpty() ? u"?"_s : said},
                     {u"path"_s, where}};
    if (said.contains("No space left on device"_L1)) {
        const bool server = said.contains("ERROR:"_L1) && !said.contains("could not write to output"_L1);
        return {server ? u"database.server_disk_full"_s : u"database.dump_space"_s, args, Error::Kind::Permanent, where};
    }
    return {u"database.tool_failed"_s, args, Error::Kind::Permanent, where.isEmpty() ? addressOf(spec, run.database) : where};
}

} // namespace

Result<QString> toolPath(const DatabaseSpec &spec, const QString &program, int serverVersion)
{
    const int major = serverVersion / 10000;
    QStringList folders;
    if (spec.postgres.tools.isEmpty()) {
        folders = versionedFolders(major);
    } else {
        folders.append(spec.postgres.tools);
    }
    QString found = QStandardPaths::findExecutable(program, folders);
    if (found.isEmpty() && spec.postgres.tools.isEmpty()) {
        found = QStandardPaths::findExecutable(program);
    }
    if (found.isEmpty()) {
        return fail(u"database.no_tool"_s, {{u"program"_s, program}, {u"version"_s, major}, {u"database"_s, spec.name}}, spec.postgres.tools);
    }
    return found;
}

Async<QByteArray> runTool(DatabaseSpec spec, int serverVersion, ToolRun run, QString where, std::stop_token stop)
{
    CO_TRY(const QString program, toolPath(spec, run.program, serverVersion));
    CO_TRY(const QString password, passwordOf(spec));
    PasswordFile file;
    CO_CHECK(file.write(password));
    ProcessSpec process;
    process.program = program;
    process.arguments = run.arguments;
    process.inherit = run.inherit;
    process.maxOutput = run.maxOutput;
    // English, so that we can tell what went wrong; and nothing of ours that libpq would read.
    process.environment.insert(u"LC_ALL"_s, u"C.UTF-8"_s);
    process.environment.insert(u"LANGUAGE"_s, u"C"_s);
    process.environment.insert(u"PGAPPNAME"_s, u"cutover "_s + run.program);
    process.environment.remove(u"PGPASSWORD"_s);
    if (file.descriptor() >= 0) {
        process.inherit.append(file.descriptor());
        process.environment.insert(u"PGPASSFILE"_s, file.path());
    }
    if (run.connects) {
        // Never ask at a terminal: nobody is there.
        process.arguments += {u"--no-password"_s, u"--dbname=%1"_s.arg(connectionString(spec, run.database))};
    }
    const auto onLine = run.onLine;
    process.onLine = [onLine](const QByteArray &line, bool isError) {
        if (isError && onLine) {
            onLine(QString::fromUtf8(line));
        }
    };
    CO_TRY(ProcessResult result, co_await Processes::system().run(process, stop));
    if (result.exitCode == 0) {
        co_return result.output;
    }
    Error error = failure(spec, run, result, where);
    if (run.connects && error.code == "database.tool_failed"_L1) {
        Worker worker;
        const QString reason = error.args["reason"_L1].toString();
        CO_CHECK(co_await worker.run([spec, reason] { return isReachable(spec, reason); }));
        if (reason.contains("server version"_L1) && reason.contains("mismatch"_L1)) {
            error.code = u"database.tool_version"_s;
        } else if (reason.contains("connection"_L1) && (reason.contains("closed"_L1) || reason.contains("terminating"_L1) || reason.contains("lost"_L1))) {
            // The server is there again, or only the session was ended.
            error.code = u"database.connection_lost"_s;
            error.kind = Error::Kind::Transient;
        }
    }
    co_return fail(error);
}

} // namespace cutover::postgres
