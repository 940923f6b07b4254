// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "system/faultpoints.h"
#include "system/files.h"
#include "system/processes.h"

#include <QCoroTask>
#include <QDir>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace cutover;

class ProcessesTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_dir;

    // Only tests may use a shell: it is the quickest way to a child that behaves badly.
    static ProcessSpec shell(const QString &script) { return {.program = u"sh"_s, .arguments = {u"-c"_s, script}}; }

    static Result<ProcessResult> run(const ProcessSpec &spec, std::stop_token stop = {})
    {
        return QCoro::waitFor(Processes::system().run(spec, stop));
    }

private Q_SLOTS:
    void cleanup() { faultpoints::arm({}); }

    void resultHasBothStreams()
    {
        ProcessSpec spec = shell(u"cat; echo oops >&2; exit 3"_s);
        spec.input = "in";
        const auto result = run(spec);
        QVERIFY(result);
        QCOMPARE(result->exitCode, 3);
        QCOMPARE(result->output, "in"_ba);
        QCOMPARE(result->errorOutput, "oops\n"_ba);
    }

    void signalsAreToldFromExitCodes() { QCOMPARE(run(shell(u"kill -9 $$"_s)).value().exitCode, 137); }

    void missingProgram()
    {
        QCOMPARE(run({.program = u"no-such-program"_s}).error().code, u"process.not_found"_s);
        QCOMPARE(run({.program = u"/etc/passwd"_s}).error().code, u"process.not_found"_s);
        QVERIFY(files::replace(m_dir.filePath(u"broken"_s), "#!/no/such/interpreter\n"));
        QFile(m_dir.filePath(u"broken"_s)).setPermissions(files::privateFile | QFile::ExeOwner);
        QCOMPARE(run({.program = m_dir.filePath(u"broken"_s)}).error().code, u"process.start_failed"_s);
    }

    void linesComeWholeAndOutputIsBounded()
    {
        QList<QByteArray> lines;
        ProcessSpec spec = shell(u"printf 'a\nb'; sleep 0.05; printf 'c\nd'"_s);
        spec.maxOutput = 3;
        spec.onLine = [&lines](const QByteArray &line, bool) { lines.append(line); };
        const auto result = run(spec);
        QCOMPARE(lines, (QList<QByteArray>{"a", "bc", "d"}));
        QCOMPARE(result->output, "a\nb"_ba);
        QCOMPARE(result->droppedBytes, 3);
    }

    void onlyChosenDescriptorsSurvive()
    {
        const int leak = ::open("/dev/null", O_RDONLY);
        const int kept = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ProcessSpec spec{.program = u"ls"_s, .arguments = {u"/proc/self/fd"_s}};
        spec.inherit = {kept};
        QList<QByteArray> found = run(spec).value().output.split('\n');
        ::close(leak);
        ::close(kept);
        QVERIFY(found.contains(QByteArray::number(kept)));
        QVERIFY(!found.contains(QByteArray::number(leak)) || leak == 3); // ls itself opens the folder.
        QCOMPARE(found.size(), 6); // 0 1 2, the kept one, the folder, "".
    }

    void timeoutEndsTheWholeGroup()
    {
        // The grandchild ignores TERM and keeps nothing of ours open.
        const QString pidFile = m_dir.filePath(u"pid"_s);
        ProcessSpec spec = shell(u"(trap '' TERM; sh -c 'echo $$ > $0' "_s + pidFile + u"; while :; do sleep 0.05; done) & wait"_s);
        spec.timeoutMs = 300;
        spec.graceMs = 100;
        const auto result = run(spec);
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"process.timeout"_s);
        QVERIFY(QFile::exists(pidFile));
        const QStringList pids = QDir(u"/proc"_s).entryList(QDir::Dirs);
        for (const QString &pid : pids) {
            if (pid[0].isDigit() && processStartTime(pid.toLongLong())) {
                const auto command = files::read(QString(u"/proc/"_s + pid + u"/cmdline"_s));
                QVERIFY2(!command || !command->contains(pidFile.toUtf8()), qPrintable(pid));
            }
        }
    }

    void stopEndsIt()
    {
        std::stop_source stop;
        QTimer::singleShot(50, this, [&stop] { stop.request_stop(); });
        QElapsedTimer timer;
        timer.start();
        const auto result = run(shell(u"sleep 60"_s), stop.get_token());
        QVERIFY(!result);
        QCOMPARE(result.error().code, u"system.cancelled"_s);
        QCOMPARE_LT(timer.elapsed(), 10'000);
        QCOMPARE(run(shell(u"true"_s), stop.get_token()).error().code, u"system.cancelled"_s);
    }

    void threeFaultPoints()
    {
        faultpoints::arm("eio@1");
        QCOMPARE(run(shell(u"true"_s)).error().code, u"process.start_failed"_s);
        faultpoints::arm("eio@2");
        QCOMPARE(run(shell(u"sleep 60"_s)).error().code, u"process.lost"_s);
        faultpoints::arm("eio@3");
        const auto after = run(shell(u"true"_s));
        QCOMPARE(after.error().code, u"process.lost"_s);
        QVERIFY(after.error().kind == Error::Kind::Unknown);
        faultpoints::arm("enospc@1+");
        QVERIFY(run(shell(u"true"_s)));
        QCOMPARE(faultpoints::count(), 3);
    }

    void detachedOutlivesAndIsNotOurs()
    {
        const QString log = m_dir.filePath(u"log"_s);
        const int leak = ::open("/dev/null", O_RDONLY);
        const auto pid = startDetached(u"sh"_s, {u"-c"_s, u"echo hello >&2; pwd; ls /proc/$$/fd | wc -l; exec sleep 60"_s}, log);
        ::close(leak);
        QVERIFY(pid);
        const quint64 start = processStartTime(*pid);
        QCOMPARE_GT(start, 0u);
        QCOMPARE(::getsid(pid_t(*pid)) == ::getsid(0), false);
        QTRY_COMPARE(files::read(log).value().count('\n'), 3);
        const QList<QByteArray> lines = files::read(log).value().split('\n');
        QCOMPARE(lines[0], "hello"_ba);
        QCOMPARE(lines[1], "/"_ba);
        QCOMPARE(lines[2].trimmed(), "3"_ba);
        QCOMPARE(::kill(pid_t(*pid), SIGKILL), 0);
        QTRY_COMPARE(processStartTime(*pid), 0u);
        QVERIFY(files::replace(m_dir.filePath(u"noprogram"_s), "\x7f"));
        QFile(m_dir.filePath(u"noprogram"_s)).setPermissions(files::privateFile | QFile::ExeOwner);
        QCOMPARE(startDetached(m_dir.filePath(u"noprogram"_s), {}, log).error().code, u"process.start_failed"_s);
    }
};

QTEST_GUILESS_MAIN(ProcessesTest)
#include "processestest.moc"
