// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/processes.h"

#include "system/awaitable.h"
#include "system/clock.h"
#include "system/faultpoints.h"
#include "system/loginsession.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QTimer>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

using faultpoints::Kind;

struct Stat {
    char state = 0;
    qint64 group = 0;
    quint64 start = 0;
    [[nodiscard]] bool lives() const { return state != 0 && state != 'Z' && state != 'X'; }
};

/// Source: proc(5), /proc/PID/stat. The name in brackets may itself hold brackets and spaces.
Stat statOf(const QString &pid)
{
    QFile file(QString(u"/proc/"_s + pid + u"/stat"_s));
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray line = file.readAll();
    const QList<QByteArray> fields = line.sliced(line.lastIndexOf(')') + 1).simplified().split(' ');
    if (fields.size() < 20) {
        return {};
    }
    return {fields[0].isEmpty() ? '\0' : fields[0][0], fields[2].toLongLong(), fields[19].toULongLong()};
}

bool groupLives(qint64 group)
{
    if (::kill(pid_t(-group), 0) != 0) {
        return errno != ESRCH;
    }
    // Members that are only waiting for somebody else to collect their exit code do not count.
    const QStringList pids = QDir(u"/proc"_s).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    return std::ranges::any_of(pids, [group](const QString &pid) {
        if (!pid[0].isDigit()) {
            return false;
        }
        const Stat stat = statOf(pid);
        return stat.group == group && stat.lives();
    });
}

/// Only async-signal-safe calls: runs between fork and exec. Closing at exec instead of at once
/// keeps the pipes by which the parent learns whether exec worked.
void closeAllAtExec()
{
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return;
    }
    const long limit = ::sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < limit && fd < 65536; ++fd) {
        if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0) {
            ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
        }
    }
}

QString found(const QString &program, const QProcessEnvironment &environment)
{
    if (program.contains(u'/')) {
        const QFileInfo info(program);
        return info.isFile() && info.isExecutable() ? info.absoluteFilePath() : QString();
    }
    const QString path = environment.value(u"PATH"_s, u"/usr/local/bin:/usr/bin:/bin"_s);
    return QStandardPaths::findExecutable(program, path.split(u':', Qt::SkipEmptyParts));
}

/// What a child wrote to one stream: the first bytes, and its lines as they come.
class Stream
{
public:
    Stream(const ProcessSpec &spec, bool isError)
        : m_spec(spec)
        , m_isError(isError)
    {
    }

    void add(const QByteArray &data)
    {
        const qint64 room = qBound<qint64>(0, m_spec.maxOutput - kept.size(), data.size());
        kept.append(data.constData(), room);
        dropped += data.size() - room;
        if (!m_spec.onLine) {
            return;
        }
        m_line.append(data);
        qsizetype begin = 0;
        for (qsizetype end = m_line.indexOf('\n'); end >= 0; end = m_line.indexOf('\n', begin)) {
            m_spec.onLine(m_line.sliced(begin, end - begin), m_isError);
            begin = end + 1;
        }
        m_line.remove(0, begin);
        if (m_line.size() > longestLine) {
            flush();
        }
    }

    void flush()
    {
        if (m_spec.onLine && !m_line.isEmpty()) {
            m_spec.onLine(std::exchange(m_line, {}), m_isError);
        }
    }

    QByteArray kept;
    qint64 dropped = 0;

private:
    static constexpr qsizetype longestLine = 64 * 1024;
    const ProcessSpec &m_spec;
    bool m_isError;
    QByteArray m_line;
};

/// One child and the process group that it leads.
class Child : public QObject
{
public:
    enum class Reason { None,
                        Timeout,
                        Cancelled,
                        Fault };

    Child(const ProcessSpec &spec, const QString &program)
        : m_spec(spec)
        , m_output(spec, false)
        , m_errorOutput(spec, true)
    {
        m_process.setProgram(program);
        m_process.setArguments(spec.arguments);
        m_process.setProcessEnvironment(spec.environment);
        if (!spec.workingDirectory.isEmpty()) {
            m_process.setWorkingDirectory(spec.workingDirectory);
        }
        if (spec.input.isEmpty() && spec.heartbeat.isEmpty()) {
            m_process.setStandardInputFile(QProcess::nullDevice());
        }
        m_process.setUnixProcessParameters(QProcess::UnixProcessFlag::ResetSignalHandlers);
        m_process.setChildProcessModifier([inherit = spec.inherit] {
            ::setpgid(0, 0);
            closeAllAtExec();
            for (const int fd : inherit) {
                if (const int flags = ::fcntl(fd, F_GETFD); flags >= 0) {
                    ::fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
                }
            }
        });
        m_grace.setSingleShot(true);
        m_timeout.setSingleShot(true);
        m_poll.setInterval(10);
        connect(&m_process, &QProcess::started, this, [this] { m_started.set(); });
        connect(&m_process, &QProcess::readyReadStandardOutput, this, [this] { m_output.add(m_process.readAllStandardOutput()); });
        connect(&m_process, &QProcess::readyReadStandardError, this,
                [this] { m_errorOutput.add(m_process.readAllStandardError()); });
        connect(&m_process, &QProcess::finished, this, [this] { leaderEnded(); });
        connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
            if (error == QProcess::FailedToStart) {
                m_failedToStart = true;
                m_started.set();
                m_ended.set();
            }
        });
        connect(&m_timeout, &QTimer::timeout, this, [this] { stop(Reason::Timeout); });
        connect(&m_grace, &QTimer::timeout, this, [this] { ::kill(pid_t(-m_group), SIGKILL); });
        connect(&m_poll, &QTimer::timeout, this, [this] { endWhenGone(); });
        connect(&m_beat, &QTimer::timeout, this, [this] {
            // Who doesn't read any more needs no more of them.
            if (m_process.bytesToWrite() < longestQueue) {
                m_process.write(m_spec.heartbeat);
            }
        });
    }

    ~Child() override
    {
        m_process.disconnect(this); // Its own end is told to nobody any more.
        // Only when the event loop goes away under a waiting coroutine: leave no child unwatched.
        if (m_group > 0 && !m_ended.isSet()) {
            ::kill(pid_t(-m_group), SIGKILL);
        }
    }

    void start()
    {
        m_begin = Clock::system().monotonic();
        m_process.start();
        m_group = m_process.processId();
        if (m_spec.timeoutMs > 0) {
            m_timeout.start(std::chrono::milliseconds(m_spec.timeoutMs));
        }
        if (!m_spec.input.isEmpty()) {
            m_process.write(m_spec.input);
        }
        if (!m_spec.heartbeat.isEmpty()) {
            m_process.write(m_spec.heartbeat);
            m_beat.start(std::chrono::milliseconds(m_spec.heartbeatMs));
        } else if (!m_spec.input.isEmpty()) {
            m_process.closeWriteChannel();
        }
    }

    /// TERM to the group, or the end of its heartbeat; KILL after the grace time. It has ended once no member of it lives.
    void stop(Reason reason)
    {
        if (m_reason != Reason::None || m_ended.isSet()) {
            return;
        }
        m_reason = reason;
        if (!m_group || m_failedToStart) {
            return;
        }
        if (m_spec.heartbeat.isEmpty()) {
            ::kill(pid_t(-m_group), SIGTERM);
        } else {
            m_beat.stop();
            m_process.closeWriteChannel();
        }
        m_grace.start(std::chrono::milliseconds(m_spec.graceMs));
        if (m_process.state() == QProcess::NotRunning) {
            m_poll.start();
        }
    }

    [[nodiscard]] QFuture<void> started() const { return m_started.future(); }
    [[nodiscard]] QFuture<void> ended() const { return m_ended.future(); }
    [[nodiscard]] Reason reason() const { return m_reason; }
    [[nodiscard]] bool failedToStart() const { return m_failedToStart; }
    [[nodiscard]] QString errorText() const { return m_process.errorString(); }

    [[nodiscard]] ProcessResult result()
    {
        ProcessResult result;
        result.exitCode = m_process.exitStatus() == QProcess::CrashExit ? 128 + m_process.exitCode() : m_process.exitCode();
        result.output = std::move(m_output.kept);
        result.errorOutput = std::move(m_errorOutput.kept);
        result.droppedBytes = m_output.dropped + m_errorOutput.dropped;
        result.durationMs = Clock::system().monotonic() - m_begin;
        return result;
    }

private:
    void leaderEnded()
    {
        m_beat.stop();
        m_output.add(m_process.readAllStandardOutput());
        m_errorOutput.add(m_process.readAllStandardError());
        m_output.flush();
        m_errorOutput.flush();
        m_timeout.stop();
        if (m_reason == Reason::None) {
            m_ended.set();
        } else {
            m_poll.start();
            endWhenGone();
        }
    }

    // The rest of the group are not our children, so nobody tells us when they end.
    void endWhenGone()
    {
        if (!groupLives(m_group)) {
            m_poll.stop();
            m_grace.stop();
            m_ended.set();
        }
    }

    static constexpr qint64 longestQueue = 64 << 10;
    const ProcessSpec &m_spec;
    QProcess m_process;
    Stream m_output;
    Stream m_errorOutput;
    QTimer m_timeout;
    QTimer m_grace;
    QTimer m_poll;
    QTimer m_beat;
    OneShot m_started;
    OneShot m_ended;
    qint64 m_group = 0;
    qint64 m_begin = 0;
    Reason m_reason = Reason::None;
    bool m_failedToStart = false;
};

class SystemProcesses : public Processes
{
public:
    Async<ProcessResult> run(ProcessSpec spec, std::stop_token stop) override
    {
        if (stop.stop_requested()) {
            co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        }
        const QString program = found(spec.program, spec.environment);
        if (program.isEmpty()) {
            co_return fail(u"process.not_found"_s, {{u"program"_s, spec.program}});
        }
        const QJsonObject args{{u"program"_s, spec.program}};
        const QByteArray name = QFile::encodeName(program);
        if (const int fault = faultpoints::hit(Kind::ProcessBefore, name)) {
            co_return failErrno(u"process.start_failed"_s, fault, {}, args);
        }
        Child child(spec, program);
        child.start();
        const std::stop_callback onStop(stop, [&child] {
            QMetaObject::invokeMethod(&child, [&child] { child.stop(Child::Reason::Cancelled); }, Qt::QueuedConnection);
        });
        co_await child.started();
        if (child.failedToStart()) {
            co_return fail(u"process.start_failed"_s, {{u"program"_s, spec.program}, {u"reason"_s, child.errorText()}});
        }
        int fault = faultpoints::hit(Kind::ProcessDuring, name);
        if (fault) {
            child.stop(Child::Reason::Fault);
        }
        co_await child.ended();
        const int faultAfter = faultpoints::hit(Kind::ProcessAfter, name);
        fault = fault ? fault : faultAfter;
        if (fault) {
            auto failure = failErrno(u"process.lost"_s, fault, {}, args);
            failure.error().kind = Error::Kind::Unknown;
            co_return failure;
        }
        switch (child.reason()) {
        case Child::Reason::Timeout:
            co_return fail(u"process.timeout"_s, {{u"program"_s, spec.program}, {u"limit"_s, spec.timeoutMs}}, {}, Error::Kind::Unknown);
        case Child::Reason::Cancelled:
            co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
        case Child::Reason::Fault:
        case Child::Reason::None:
            break;
        }
        co_return child.result();
    }
};

/// argv or envp; strings must outlive it.
std::vector<char *> pointers(std::vector<QByteArray> &strings)
{
    std::vector<char *> list;
    for (QByteArray &string : strings) {
        list.push_back(string.data());
    }
    list.push_back(nullptr);
    return list;
}

} // namespace

Processes &Processes::system()
{
    static SystemProcesses processes;
    return processes;
}

Result<qint64> startDetached(const QString &program, const QStringList &arguments, const QString &logFile,
                             const QProcessEnvironment &environment)
{
    QString path = found(program, environment);
    if (path.isEmpty()) {
        return fail(u"process.not_found"_s, {{u"program"_s, program}});
    }
    QProcessEnvironment variables = environment;
    // A session of its own is not enough where a login's end takes all that it has started.
    QStringList words = outlivingLogin(QStringList{path} + arguments, &variables);
    const QString starter = words.takeFirst();
    path = found(starter, environment);
    if (path.isEmpty()) {
        return fail(u"process.not_found"_s, {{u"program"_s, starter}});
    }
    const QByteArray file = QFile::encodeName(path);
    const QJsonObject args{{u"program"_s, program}};
    if (const int fault = faultpoints::hit(Kind::ProcessBefore, file)) {
        return failErrno(u"process.start_failed"_s, fault, {}, args);
    }
    // Everything that allocates happens before fork().
    std::vector<QByteArray> argumentBytes{file};
    for (const QString &argument : std::as_const(words)) {
        argumentBytes.push_back(argument.toLocal8Bit());
    }
    std::vector<QByteArray> environmentBytes;
    const QStringList environmentList = variables.toStringList();
    for (const QString &variable : environmentList) {
        environmentBytes.push_back(variable.toLocal8Bit());
    }
    const std::vector<char *> argv = pointers(argumentBytes);
    const std::vector<char *> envp = pointers(environmentBytes);

    const int log = ::open(QFile::encodeName(logFile).constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log < 0) {
        return failErrno(u"file.write"_s, errno, logFile);
    }
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) {
        const int error = errno;
        ::close(log);
        return failErrno(u"process.start_failed"_s, error, {}, args);
    }
    // Twice, so that it is no child of ours: it never becomes a zombie waiting for us.
    struct Report {
        pid_t pid;
        int error;
    };
    const pid_t between = ::fork();
    if (between == 0) {
        ::setsid();
        const pid_t pid = ::fork();
        if (pid != 0) {
            const Report report{pid, pid < 0 ? errno : 0};
            [[maybe_unused]] const auto written = ::write(pipe[1], &report, sizeof report);
            ::_exit(0);
        }
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        for (int signal = 1; signal < NSIG; ++signal) {
            ::signal(signal, SIG_DFL);
        }
        const int null = ::open("/dev/null", O_RDWR);
        int error = null < 0 || ::dup2(null, 0) < 0 || ::dup2(log, 1) < 0 || ::dup2(log, 2) < 0 || ::chdir("/") != 0 ? errno : 0;
        if (!error) {
            closeAllAtExec();
            ::execve(file.constData(), argv.data(), envp.data());
            error = errno;
        }
        const Report report{0, error};
        [[maybe_unused]] const auto written = ::write(pipe[1], &report, sizeof report);
        ::_exit(127);
    }
    const int forkError = between < 0 ? errno : 0;
    ::close(log);
    ::close(pipe[1]);
    // The pipe ends when the program has been loaded; until then it may bring its pid and an error.
    qint64 pid = 0;
    int error = forkError;
    for (Report report{};;) {
        const ssize_t got = ::read(pipe[0], &report, sizeof report);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got != sizeof report) {
            break;
        }
        pid = report.pid > 0 ? report.pid : pid;
        error = report.error ? report.error : error;
    }
    ::close(pipe[0]);
    while (between > 0 && ::waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (error || pid <= 0) {
        return failErrno(u"process.start_failed"_s, error ? error : ECHILD, {}, args);
    }
    return pid;
}

quint64 processStartTime(qint64 pid)
{
    const Stat stat = statOf(QString::number(pid));
    return stat.lives() ? stat.start : 0;
}

QString ProcessResult::lastWords() const
{
    constexpr qsizetype longest = 500;
    const QByteArray said = errorOutput.trimmed().isEmpty() ? output : errorOutput;
    return QString::fromUtf8(said.trimmed()).section(u'\n', -1).trimmed().left(longest);
}

} // namespace cutover
