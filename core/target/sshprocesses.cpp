// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/sshprocesses.h"

#include "system/clock.h"
#include "system/random.h"
#include "system/shellword.h"
#include "system/sshfailure.h"
#include "target/hostconnection.h"
#include "target/hostfence.h"

#include <QHash>
#include <QRegularExpression>

#include <algorithm>
#include <optional>
#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 beatMs = 5000;
constexpr int silenceSeconds = 30; ///< Without a beat the link is taken for lost over there.
constexpr qint64 endMs = 10000; ///< What the way there and back may take beyond the grace time.
constexpr qint64 leftoverMs = 90000;
/// Programs on one host. sshd gives 10 sessions of a connection (MaxSessions), and other processes share it.
constexpr qsizetype mostAtOnce = 8;
constexpr qint64 turnPollMs = 20;
constexpr qint64 refusedMs = 15000; ///< How long a session that the host refuses is asked for again.
constexpr qint64 refusedPollMs = 200;
constexpr qint64 roomMost = 1 << 20; ///< For what is not the program's: lines of ours, and what the shell over there prints before it.

// What runs over there, in three parts side by side; all of it is handed to sh as it stands here.
//
// The feeder reads from the link: first what the program part is told and its input, then heartbeats. The program's input
// ends only with the first of these, so that a link that breaks never looks like the end of the input. What is read goes
// through a pipe that holds all of it: a program that takes its time is no silent link.
constexpr auto feeder = R"(echo "feeder $$" >&4
exec 6>&1
left=$1 silence=$2
take() {
told=$({ timeout "$silence" dd bs="$1" count=1 iflag=fullblock 2>&5 | cat >&6; } 5>&1)
case $told in "1+0 "*) ;; *) echo lost >&4; exec sleep 86400 ;; esac
}
while [ "$left" -gt 0 ]; do
size=65536
[ "$left" -ge "$size" ] || size=$left
take "$size"
left=$((left - size))
done
beat() { count=$(timeout "$silence" dd bs=65536 count=1 2>/dev/null | wc -c); [ "$count" -gt 0 ]; }
if beat; then
exec >/dev/null 6>&-
while beat; do :; done
fi
echo lost >&4
exec sleep 86400)"_L1;

// Becomes the program, in a session of its own. $1: how much it is told; $2: the mark that its own lines begin with. Both streams get
// one: what comes before is of the account's shell, whose startup files may print.
constexpr auto starter = R"(echo "program $$" >&4
read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id
printf '\n%s\n' "$2"
printf '\n%s program %s %s\n' "$2" "$$" "$boot" >&2
told=$(head -c "$1")
case $told in *"#$2") ;; *) echo unread >&4; exit 1 ;; esac
eval "$told"
case $1 in
*/*) [ -f "$1" ] && [ -x "$1" ] ;;
*) (IFS=:; set -f; for folder in $PATH; do [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && exit 0; done; exit 1) ;;
esac || { echo missing >&4; exit 127; }
unset told boot
exec "$@" 4>&-)"_L1;

// Whether a process of the group $1 lives; its dead that nobody has collected do not count.
#define ALIVE R"(alive() {
kill -s 0 -- "-$1" 2>/dev/null || return 1
[ -r /proc/self/stat ] || return 0
for file in /proc/[0-9]*/stat; do
read -r line <"$file" || continue
set -- "$1" ${line##*) }
[ "$4" = "$1" ] && case $2 in Z | X) ;; *) return 0 ;; esac
done 2>/dev/null
return 1
}
)"

// $1: mark, $2: length of what the starter is told, $3: of the input, $4: tenths of a second between TERM and KILL,
// $5: seconds of silence, $6: feeder, $7: starter; $8: files of the epoch, or nothing, $9: the epoch that must be the last
// one. That is checked under a lock that stays until the program has ended, and that nothing it leaves behind has. The last part, the keeper, ends the program when the link is lost, and
// says how it ended. Its ignored SIGPIPE is no program's. What a shell says about a program that a signal ended is left out.
constexpr auto keeper = ALIVE R"(mark=$1 grace=$4 word= now=
if [ -n "$8" ]; then
if [ -r "$8.lock" ] && [ -r "$8.epoch" ]; then
exec 7<"$8.lock"
if flock -s -w 60 7; then
read -r now <"$8.epoch"
[ "$now" = "$9" ] || word=fenced
else
word=busy
fi
else
word=gone
fi 2>/dev/null
[ -z "$word" ] || { printf '\n%s %s 255\n' "$mark" "$word" >&2; exit 0; }
fi
exec 3>&1 5<&0 6>&2
{ {
sh -c "$6" cutover $(($2 + $3)) "$5" <&5 3>&- 5<&- 6>&- 7<&- |
{ (exec setsid sh -c "$7" cutover "$2" "$1" >&3 2>&6 3>&- 5<&- 6>&- 7<&-); echo "ended $?" >&4; }
} 4>&1; } 2>/dev/null | {
exec 3>&- 5<&-
trap '' PIPE
code=255 word=ended lost= feeder= program=
end() {
kill -s TERM -- "-$program"
tenths=0
while alive "$program" && [ "$tenths" -lt "$grace" ]; do sleep 0.1; tenths=$((tenths + 1)); done
kill -s KILL -- "-$program"
}
while read -r what value; do
case $what in
feeder) feeder=$value ;;
program) program=$value; [ -z "$lost" ] || end 2>/dev/null ;;
lost) lost=1; [ -z "$program" ] || end 2>/dev/null ;;
ended) code=$value; break ;;
*) word=$what ;;
esac
done
kill "$feeder" 2>/dev/null
printf '\n%s %s %s\n' "$mark" "$word" "$code" >&2
})"_L1;

// Waits until no process of the group $1 lives, $2 seconds at most. $3: the boot that the group was of.
constexpr auto waiter = ALIVE R"(read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id
[ "$boot" = "$3" ] || exit 0
seconds=0
while alive "$1"; do
[ "$seconds" -lt "$2" ] || exit 1
sleep 1
seconds=$((seconds + 1))
done)"_L1;
#undef ALIVE

/** A process group over there. */
struct Group {
    qint64 id = 0;
    QString boot; ///< The kernel's id of the boot that it is of.
    bool operator==(const Group &) const = default;
};

/// Programs whose end was not seen, by host. One thread, as Processes.
QHash<QString, QList<Group>> &leftovers()
{
    static QHash<QString, QList<Group>> groups;
    return groups;
}

QString keyOf(const HostSpec &host)
{
    return host.stateDirectory + u'\n' + host.name + u'\n' + host.address.text();
}

/** A place among the programs on a host; who came first has its turn first. One thread, as Processes. */
class Turn
{
public:
    explicit Turn(const QString &host)
        : m_host(host)
        , m_ticket(next())
    {
        queues()[m_host].append(m_ticket);
    }
    ~Turn() { queues()[m_host].removeOne(m_ticket); }
    Q_DISABLE_COPY_MOVE(Turn)

    [[nodiscard]] bool hasCome() const { return queues().value(m_host).indexOf(m_ticket) < mostAtOnce; }

private:
    static quint64 next()
    {
        static quint64 last = 0;
        return ++last;
    }
    static QHash<QString, QList<quint64>> &queues()
    {
        static QHash<QString, QList<quint64>> tickets;
        return tickets;
    }

    QString m_host;
    quint64 m_ticket;
};

std::unexpected<Error> busy(const HostSpec &host, const ProcessSpec &spec)
{
    return fail(u"host.busy"_s, {{u"program"_s, spec.program}, {u"host"_s, host.text()}}, host.address.text(), Error::Kind::Transient);
}

/// What the starter is told: a script that sets its environment, folder and words. Nobody else sees it.
Result<QByteArray> tellingOf(const ProcessSpec &spec, const QByteArray &mark)
{
    QByteArray told;
    static const QRegularExpression variable(u"\\A[A-Za-z_][A-Za-z0-9_]*\\z"_s);
    const QProcessEnvironment own = QProcessEnvironment::systemEnvironment();
    const QStringList names = spec.environment.keys();
    for (const QString &name : names) {
        const QString value = spec.environment.value(name);
        if (own.contains(name) && own.value(name) == value) {
            continue;
        }
        if (!variable.match(name).hasMatch()) {
            return fail(u"host.bad_variable"_s, {{u"name"_s, name}});
        }
        TRY(const QByteArray quoted, shellWord(value.toLocal8Bit()));
        told += name.toLatin1() + '=' + quoted + "; export " + name.toLatin1() + '\n';
    }
    if (!spec.workingDirectory.isEmpty()) {
        TRY(const QByteArray folder, shellWord(spec.workingDirectory.toLocal8Bit()));
        told += "cd -- " + folder + " 2>/dev/null || { echo folder >&4; exit 1; }\n";
    }
    TRY(const QByteArray words, shellLine(QStringList{spec.program} + spec.arguments));
    return told + "set -- " + words + "\n#" + mark;
}

/** Takes the lines about the program out of what came from over there. */
class Report
{
public:
    Report(QByteArray mark, ProcessLine onLine)
        : m_mark(std::move(mark))
        , m_onLine(std::move(onLine))
    {
    }

    void take(const QByteArray &line, bool isError)
    {
        if (!isError) {
            if (m_isOutput) {
                tell(line, false);
            }
            m_isOutput = m_isOutput || line == m_mark;
            return;
        }
        if (line.startsWith(QByteArray(m_mark + ' '))) {
            // The line end before it is ours, too.
            m_empty = false;
            const QByteArrayList words = line.split(' ');
            if (words.value(1) == "program") {
                m_program = {words.value(2).toLongLong(), QString::fromLatin1(words.value(3))};
            } else {
                m_end = words.value(1);
                m_code = words.value(2).toInt();
            }
            m_records.append(QByteArray('\n' + line + '\n'));
            return;
        }
        if (!hasBegun()) {
            return;
        }
        flush();
        if (line.isEmpty()) {
            m_empty = true;
        } else {
            tell(line, true);
        }
    }
    /// An empty line that was none of ours after all.
    void flush()
    {
        if (std::exchange(m_empty, false)) {
            tell({}, true);
        }
    }

    [[nodiscard]] const Group &program() const { return m_program; }
    [[nodiscard]] bool hasBegun() const { return m_program.id > 0; }
    [[nodiscard]] const QByteArray &end() const { return m_end; } ///< Empty: nobody has seen it.
    [[nodiscard]] int code() const { return m_code; }

    /// Leaves what the program itself has written, as far as it may be kept.
    void clean(ProcessResult &result, qint64 maxOutput) const
    {
        qint64 written = result.output.size() + result.errorOutput.size() + result.droppedBytes;
        if (hasBegun()) {
            written -= cutUpTo(QByteArray('\n' + m_mark + '\n'), result.output);
            written -= cutUpTo(m_records.first(), result.errorOutput);
        }
        for (const QByteArray &record : m_records.sliced(hasBegun() ? 1 : 0)) {
            written -= record.size();
            if (const qsizetype at = result.errorOutput.indexOf(record); at >= 0) {
                result.errorOutput.remove(at, record.size());
            }
        }
        result.output.truncate(qMin(qint64(result.output.size()), maxOutput));
        result.errorOutput.truncate(qMin(qint64(result.errorOutput.size()), maxOutput));
        result.droppedBytes = qMax(qint64(0), written - result.output.size() - result.errorOutput.size());
    }

private:
    /// Returns how many bytes were not the program's.
    static qint64 cutUpTo(const QByteArray &record, QByteArray &output)
    {
        const qsizetype at = output.indexOf(record);
        const qint64 others = (at < 0 ? output.size() : at) + record.size();
        output.remove(0, others);
        return others;
    }
    void tell(const QByteArray &line, bool isError) const
    {
        if (m_onLine) {
            m_onLine(line, isError);
        }
    }

    QByteArray m_mark;
    ProcessLine m_onLine;
    QByteArrayList m_records;
    QByteArray m_end;
    Group m_program;
    int m_code = 0;
    bool m_empty = false;
    bool m_isOutput = false; ///< The program's own has begun.
};

/// ssh found no connection to share, and made none: nothing has run.
bool wasShut(const ProcessResult &result)
{
    return result.exitCode == SshFailed && result.errorOutput.contains("UNKNOWN port 65535");
}

/// The connection is there, and the host gives no further session of it just now.
bool wasRefused(const ProcessResult &result)
{
    return result.errorOutput.contains("Session open refused by peer");
}

Async<ProcessResult> runThere(HostSpec host, ProcessSpec spec, std::optional<HostEpoch> epoch, Processes *local, std::stop_token stop)
{
    const HostEpoch fence = epoch.value_or(HostEpoch());
    const QByteArray mark = Random::system().id().toLatin1();
    CO_TRY(const QByteArray told, tellingOf(spec, mark));
    CO_TRY(const QByteArray line,
           shellLine({u"exec"_s, u"sh"_s, u"-c"_s, keeper, u"cutover"_s, QString::fromLatin1(mark), QString::number(told.size()), QString::number(spec.input.size()),
                      QString::number(qMax(qint64(1), spec.graceMs / 100)), QString::number(silenceSeconds), feeder, starter, fence.file, fence.line}));
    const QJsonObject args{{u"program"_s, spec.program}, {u"host"_s, host.text()}, {u"folder"_s, spec.workingDirectory}, {u"limit"_s, spec.timeoutMs}};

    ProcessSpec ssh;
    ssh.input = told + spec.input;
    ssh.heartbeat = ".";
    ssh.heartbeatMs = beatMs;
    ssh.timeoutMs = spec.timeoutMs;
    ssh.graceMs = spec.graceMs + endMs;
    ssh.inherit = spec.inherit;
    ssh.maxOutput = spec.maxOutput + roomMost;

    const qint64 begin = Clock::system().monotonic();
    for (bool isReopened = false;;) {
        CO_TRY(const HostConnection connection, co_await connectTo(host, *local, stop));
        QStringList words = connection.command(host, line);
        if (!spec.inherit.isEmpty()) {
            // ssh closes whatever it inherits. This keeps it until ssh has ended, and with it the program over there.
            words = QStringList{u"timeout"_s, u"--foreground"_s, u"0"_s} + words;
        }
        ssh.program = words.takeFirst();
        ssh.arguments = words;
        Report report(mark, spec.onLine);
        ssh.onLine = [&report](const QByteArray &text, bool isError) { report.take(text, isError); };
        auto ran = co_await local->run(ssh, stop);
        report.flush();
        const bool isEndSeen = !report.end().isEmpty();
        if (!isEndSeen && report.hasBegun()) {
            leftovers()[keyOf(host)].append(report.program());
        }
        if (!ran) {
            const QString code = ran.error().code;
            if (!isEndSeen && report.hasBegun() && (code == "process.timeout"_L1 || code == "system.cancelled"_L1)) {
                co_return fail(u"host.end_unknown"_s, args, host.address.text(), Error::Kind::Unknown);
            }
            if (code == "process.timeout"_L1) {
                co_return fail(code, args, host.address.text(), Error::Kind::Unknown);
            }
            co_return ran;
        }
        if (!isEndSeen && !report.hasBegun() && wasShut(*ran)) {
            if (wasRefused(*ran) && Clock::system().monotonic() - begin < refusedMs) {
                CO_CHECK(co_await Clock::system().sleep(refusedPollMs, stop));
                continue;
            }
            // It has gone since it was looked for.
            if (!wasRefused(*ran) && !std::exchange(isReopened, true)) {
                continue;
            }
            co_return busy(host, spec);
        }
        report.clean(*ran, spec.maxOutput);
        if (!isEndSeen && !report.hasBegun() && ran->exitCode != SshFailed) {
            co_return fail(u"host.unsuitable"_s, {{u"host"_s, host.text()}, {u"exit"_s, ran->exitCode}, {u"last"_s, ran->lastWords()}}, host.address.text());
        }
        if (!isEndSeen || report.end() == "unread") {
            const Error link = hostFailure(host, ran->errorOutput);
            if (!report.hasBegun() && link.kind == Error::Kind::Permanent) {
                co_return fail(link);
            }
            co_return fail(u"host.gone"_s, args, host.address.text(), Error::Kind::Transient);
        }
        if (report.end() == "fenced") {
            co_return fail(co_await HostFence::fencedBy(host, fence, local));
        }
        if (report.end() == "gone") {
            co_return fail(u"host.epoch_gone"_s, {{u"host"_s, host.text()}, {u"file"_s, QString(fence.file + u".epoch"_s)}}, host.address.text());
        }
        if (report.end() == "busy") {
            co_return fail(u"host.epoch_busy"_s, args, host.address.text(), Error::Kind::Transient);
        }
        if (report.end() == "missing") {
            co_return fail(u"host.no_program"_s, args, host.address.text());
        }
        if (report.end() == "folder") {
            co_return fail(u"host.no_folder"_s, args, host.address.text());
        }
        if (!report.hasBegun()) {
            co_return fail(u"host.unsuitable"_s, {{u"host"_s, host.text()}, {u"exit"_s, report.code()}, {u"last"_s, ran->lastWords()}}, host.address.text());
        }
        ran->exitCode = report.code();
        co_return ran;
    }
}

ProcessSpec scriptSpec(const QString &script, const QStringList &words, ProcessSpec how)
{
    how.program = u"sh"_s;
    how.arguments = QStringList{u"-c"_s, script, u"cutover"_s} + words;
    return how;
}

/// What a lost link has left over there ends by itself; until it has, nothing else is begun.
Async<> awaitLeftovers(HostSpec host, Processes *local, std::stop_token stop)
{
    while (true) {
        const QList<Group> groups = leftovers().value(keyOf(host));
        if (groups.isEmpty()) {
            co_return {};
        }
        ProcessSpec spec = scriptSpec(waiter, {QString::number(groups.first().id), QString::number(leftoverMs / 1000), groups.first().boot}, {});
        spec.timeoutMs = leftoverMs + endMs;
        CO_TRY(const ProcessResult waited, co_await runThere(host, spec, {}, local, stop));
        if (waited.exitCode != 0) {
            co_return fail(u"host.still_runs"_s, {{u"host"_s, host.text()}, {u"pid"_s, groups.first().id}}, host.address.text(), Error::Kind::Transient);
        }
        leftovers()[keyOf(host)].removeAll(groups.first());
    }
}

const Catalogue::Registration texts{{
    {"host.gone", QT_TRANSLATE_NOOP("catalogue", "The link to %{host} was lost while “%{program}” ran there."),
     QT_TRANSLATE_NOOP("catalogue", "What ran there ends with the link, and is waited for before anything else is begun. Check the host and the network between, then try again.")},
    {"host.busy", QT_TRANSLATE_NOOP("catalogue", "%{host} had no place for “%{program}”, which has not run there."),
     QT_TRANSLATE_NOOP("catalogue", "Too many programs run there at once (sshd's MaxSessions), or its connection was closed. Let some of them end, or raise MaxSessions over "
                                    "there; then try again.")},
    {"host.still_runs", QT_TRANSLATE_NOOP("catalogue", "On %{host} a program still runs that lost its link (process group %{pid})."),
     QT_TRANSLATE_NOOP("catalogue", "Look over there what it does ('ps -g %{pid}') and end it, or let it end; then try again.")},
    {"host.end_unknown", QT_TRANSLATE_NOOP("catalogue", "“%{program}” was to be ended on %{host}, which does not tell whether it has."),
     QT_TRANSLATE_NOOP("catalogue", "Look over there whether it still runs and what it has done, before you decide.")},
    {"host.no_program", QT_TRANSLATE_NOOP("catalogue", "The program “%{program}” was not found on %{host}, or may not be executed there."),
     QT_TRANSLATE_NOOP("catalogue", "Install it there, or correct its path; without a “/” it is looked for in the PATH that a login without a terminal has.")},
    {"host.no_folder", QT_TRANSLATE_NOOP("catalogue", "The folder “%{folder}” that “%{program}” is to run in does not exist on %{host}."),
     QT_TRANSLATE_NOOP("catalogue", "Make it there, or correct the path.")},
    {"host.unsuitable", QT_TRANSLATE_NOOP("catalogue", "%{host} can't run programs for Cutover; its shell ended with %{exit}: %{last}"),
     QT_TRANSLATE_NOOP("catalogue", "The account needs a POSIX login shell, and sh, coreutils and setsid (util-linux) in its path.")},
    {"host.bad_variable", QT_TRANSLATE_NOOP("catalogue", "“%{name}” is not the name of an environment variable that a shell takes."),
     QT_TRANSLATE_NOOP("catalogue", "Use letters, digits and “_”, not beginning with a digit.")},
}};

} // namespace

SshProcesses::SshProcesses(HostSpec host, Processes &local)
    : m_host(std::move(host))
    , m_local(local)
{
}

Async<ProcessResult> SshProcesses::run(ProcessSpec spec, std::stop_token stop)
{
    if (stop.stop_requested()) {
        co_return fail(u"system.cancelled"_s, {}, {}, Error::Kind::Cancelled);
    }
    // Before its turn, as this may run a program of its own there.
    std::optional<HostEpoch> epoch;
    if (!spec.inherit.isEmpty()) {
        auto own = co_await HostFence::epochOn(m_host, &m_local, stop);
        CO_CHECK(own);
        epoch = *own;
    }
    const Turn turn(keyOf(m_host));
    for (const qint64 begin = Clock::system().monotonic(); !turn.hasCome();) {
        if (spec.timeoutMs > 0 && Clock::system().monotonic() - begin > spec.timeoutMs) {
            co_return busy(m_host, spec);
        }
        CO_CHECK(co_await Clock::system().sleep(turnPollMs, stop));
    }
    CO_CHECK(co_await awaitLeftovers(m_host, &m_local, stop));
    auto ran = co_await runThere(m_host, spec, epoch, &m_local, stop);
    if (!ran && ran.error().code == "host.epoch_gone"_L1) {
        // Somebody has removed it, so that this may go on.
        HostFence::lose(m_host);
        CO_TRY(const auto next, co_await HostFence::epochOn(m_host, &m_local, stop));
        co_return co_await runThere(m_host, std::move(spec), next, &m_local, stop);
    }
    co_return ran;
}

Async<ProcessResult> runOn(HostSpec host, ProcessSpec spec, std::stop_token stop, Processes &local)
{
    if (host.isHere()) {
        co_return co_await local.run(std::move(spec), stop);
    }
    SshProcesses there(std::move(host), local);
    co_return co_await there.run(std::move(spec), stop);
}

Async<ProcessResult> runScript(HostSpec host, QString script, QStringList words, ProcessSpec how, std::stop_token stop, Processes &local)
{
    return runOn(std::move(host), scriptSpec(script, words, std::move(how)), stop, local);
}

} // namespace cutover
