// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "codeof.h"

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

    /// Standard input stays open behind the input, and its end is what a stop tells.
    void heartbeatEndsWithAStop()
    {
        QByteArrayList lines;
        ProcessSpec spec = shell(u"trap '' TERM; while read -r line; do echo $line; done; echo over"_s);
        spec.input = "in\n";
        spec.heartbeat = "beat\n";
        spec.heartbeatMs = 20;
        spec.onLine = [&lines](const QByteArray &line, bool) { lines.append(line); };
        std::stop_source stop;
        QTimer::singleShot(500, [&stop] { stop.request_stop(); });
        QCOMPARE(codeOf(run(spec, stop.get_token())), u"system.cancelled"_s);
        QCOMPARE(lines.value(0), "in"_ba);
        QVERIFY(lines.count("beat"_ba) >= 5);
        QCOMPARE(lines.last(), "over"_ba);
    }
    void deafToItsHeartbeatIsKilled()
    {
        ProcessSpec spec = shell(u"trap '' TERM; while :; do sleep 1; done"_s);
        spec.heartbeat = ".";
        spec.timeoutMs = 200;
        spec.graceMs = 200;
        QElapsedTimer taken;
        taken.start();
        QCOMPARE(codeOf(run(spec)), u"process.timeout"_s);
        QVERIFY2(taken.elapsed() >= 350 && taken.elapsed() < 5000, QByteArray::number(taken.elapsed()).constData()); // Timers are coarse.
    }

    void signalsAreToldFromExitCodes() { QCOMPARE(run(shell(u"kill -9 $$"_s)).value().exitCode, 137); }

    void missingProgram()
    {
        QCOMPARE(codeOf(run({.program = u"no-such-program"_s})), u"process.not_found"_s);
        QCOMPARE(codeOf(run({.program = u"/etc/passwd"_s})), u"process.not_found"_s);
        QVERIFY(files::replace(m_dir.filePath(u"broken"_s), "#!/no/such/interpreter\n"));
        QFile(m_dir.filePath(u"broken"_s)).setPermissions(files::privateFile | QFile::ExeOwner);
        QCOMPARE(codeOf(run({.program = m_dir.filePath(u"broken"_s)})), u"process.start_failed"_s);
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
        spec.timeoutMs = 1000; // Enough for the shells to start on a busy machine.
        spec.graceMs = 100;
        const auto result = run(spec);
        QVERIFY(!result);
        QCOMPARE(codeOf(result), u"process.timeout"_s);
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
        QCOMPARE(codeOf(result), u"system.cancelled"_s);
        QCOMPARE_LT(timer.elapsed(), 10'000);
        QCOMPARE(codeOf(run(shell(u"true"_s), stop.get_token())), u"system.cancelled"_s);
    }

    void threeFaultPoints()
    {
        faultpoints::arm("eio@1");
        QCOMPARE(codeOf(run(shell(u"true"_s))), u"process.start_failed"_s);
        faultpoints::arm("eio@2");
        QCOMPARE(codeOf(run(shell(u"sleep 60"_s))), u"process.lost"_s);
        faultpoints::arm("eio@3");
        const auto after = run(shell(u"true"_s));
        QCOMPARE(codeOf(after), u"process.lost"_s);
        QVERIFY(after.error().kind == Error::Kind::Unknown);
        faultpoints::arm("enospc@1+");
        QVERIFY(run(shell(u"true"_s)));
        QCOMPARE(faultpoints::count(), 3);
    }

    void detachedOutlivesAndIsNotOurs()
    {
        const QString log = m_dir.filePath(u"log"_s);
        const int leak = ::open("/dev/null", O_RDONLY);
        const auto pid = startDetached(u"sh"_s, {u"-c"_s, u"echo hello >&2; pwd; exec sleep 60"_s}, log);
        ::close(leak);
        QVERIFY(pid);
        const quint64 start = processStartTime(*pid);
        QCOMPARE_GT(start, 0u);
        QCOMPARE(::getsid(pid_t(*pid)) == ::getsid(0), false);
        // Looked at from outside once the shell is gone: a pipe of its own is no leak of ours.
        const QString process = QString(u"/proc/"_s + QString::number(*pid));
        QTRY_COMPARE(files::read(QString(process + u"/comm"_s)).value_or(QByteArray()).trimmed(), "sleep"_ba);
        // Its libraries it closes soon.
        const auto descriptors = [&process] { return QDir(QString(process + u"/fd"_s)).entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot); };
        const QStringList own{u"0"_s, u"1"_s, u"2"_s};
        QVERIFY2(QTest::qWaitFor([&] { return descriptors() == own; }, 5000), qPrintable(descriptors().join(u' ')));
        const QList<QByteArray> lines = files::read(log).value().split('\n');
        QCOMPARE(lines[0], "hello"_ba);
        QCOMPARE(lines[1], "/"_ba);
        QCOMPARE(::kill(pid_t(*pid), SIGKILL), 0);
        QTRY_COMPARE(processStartTime(*pid), 0u);
        QVERIFY(files::replace(m_dir.filePath(u"noprogram"_s), "\x7f"));
        QFile(m_dir.filePath(u"noprogram"_s)).setPermissions(files::privateFile | QFile::ExeOwner);
        QCOMPARE(codeOf(startDetached(m_dir.filePath(u"noprogram"_s), {}, log)), u"process.start_failed"_s);
    }
};

QTEST_GUILESS_MAIN(ProcessesTest)
#include "processestest.moc"
