// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "deploy/systemdmanager.h"

#include "config/targetmask.h"
#include "deploy/placed.h"
#include "deploy/polkitrule.h"
#include "system/files.h"
#include "target/sshprocesses.h"
#include "target/systemdreader.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTimeZone>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 LookMs = 20000;
constexpr qint64 ChangeMs = 60000;
constexpr qint64 AskMs = 10000; ///< For polkit's word.
constexpr int Lines = 10;
constexpr qsizetype LongestLine = 500;
constexpr qint64 LargestEnvironment = 1 << 20;
constexpr qint64 LargestDropIn = 1 << 20;

/// The last line of its own: behind the reason it may say where more stands.
QString saidBy(const ProcessResult &result)
{
    QStringList lines = QString::fromUtf8(result.errorOutput).split(u'\n', Qt::SkipEmptyParts);
    lines.removeIf([](const QString &line) { return line.startsWith("See "_L1) && line.trimmed().endsWith("for details."_L1); });
    return lines.isEmpty() ? result.lastWords() : lines.constLast().trimmed().left(LongestLine);
}

/// What systemctl says where it can't do something, as an error of ours. command: a unit's name stands behind its "--".
Error errorOf(const QString &said, const QStringList &command, int exitCode, bool isUsers)
{
    const auto has = [&said](QLatin1StringView words) { return said.contains(words, Qt::CaseInsensitive); };
    const bool namesUnit = command.contains("--"_L1);
    const QString unit = namesUnit ? command.constLast() : QString();
    if (has("not been booted with systemd"_L1)) {
        return {u"systemd.not_here"_s, {}, Error::Kind::Permanent, {}};
    }
    if (has("Interactive authentication required"_L1) || has("Access denied"_L1) || has("Permission denied"_L1)) {
        // "Failed to stop UNIT: REASON"
        const QString reason = said.contains(": "_L1) ? said.section(u": "_s, 1) : said;
        if (!namesUnit) {
            return {u"systemd.reload_denied"_s, {{u"reason"_s, reason}}, Error::Kind::Permanent, {}};
        }
        return {u"systemd.denied"_s, {{u"unit"_s, unit}, {u"reason"_s, reason}}, Error::Kind::Permanent, {}};
    }
    if (has("Failed to connect to"_L1) || has("Connection refused"_L1) || has("Transport endpoint is not connected"_L1)) {
        return {isUsers ? u"systemd.gone_user"_s : u"systemd.gone"_s, {{u"reason"_s, said}}, Error::Kind::Transient, {}};
    }
    if (namesUnit && has("is masked"_L1)) {
        return {u"systemd.masked"_s, {{u"unit"_s, unit}}, Error::Kind::Permanent, {}};
    }
    if (namesUnit && (has("not found"_L1) || has("not loaded"_L1))) {
        return {u"systemd.unknown_unit"_s, {{u"unit"_s, unit}}, Error::Kind::Permanent, {}};
    }
    return {u"systemd.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, exitCode}, {u"last"_s, said}}, Error::Kind::Permanent, {}};
}

bool isDenied(const Error &error)
{
    return error.code == "systemd.denied"_L1 || error.code == "systemd.reload_denied"_L1;
}

SystemdUnit unitOf(const QString &name, const QString &block)
{
    QMap<QString, QString> values;
    const QStringList lines = block.split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : lines) {
        values.insert(line.section(u'=', 0, 0), line.section(u'=', 1));
    }
    SystemdUnit unit;
    unit.name = name;
    unit.loadState = values[u"LoadState"_s];
    unit.activeState = values[u"ActiveState"_s];
    unit.subState = values[u"SubState"_s];
    unit.type = values[u"Type"_s];
    unit.pid = values[u"MainPID"_s].toLongLong();
    unit.controlPid = values[u"ControlPID"_s].toLongLong();
    unit.restarts = values[u"NRestarts"_s].toInt();
    unit.exitCode = values[u"ExecMainStatus"_s].toInt();
    unit.hasJob = values[u"Job"_s].toInt() != 0;
    // "@SECONDS"
    if (const QString since = values[u"ExecMainStartTimestamp"_s]; since.startsWith(u'@')) {
        unit.since = QDateTime::fromSecsSinceEpoch(since.sliced(1).toLongLong(), QTimeZone::UTC);
    }
    static const QRegularExpression version(uR"((?:\A|[ "])CUTOVER_VERSION=([^\s"]+))"_s);
    unit.version = version.match(values[u"Environment"_s]).captured(1);
    return unit;
}

} // namespace

SystemdManager::SystemdManager(const Target &target, const RuntimeTools &tools, Whose whose, const HostSpec &host)
    : m_target(target)
    , m_tools(tools)
    , m_whose(whose)
    , m_host(host)
{
    if (!m_tools.processes) {
        m_tools.processes = &Processes::system();
    }
}

QProcessEnvironment SystemdManager::environment()
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"LC_ALL"_s, u"C.UTF-8"_s);
    environment.insert(u"SYSTEMD_COLORS"_s, u"0"_s);
    environment.insert(u"SYSTEMD_PAGER"_s, QString());
    // A runner that was started over ssh or by a timer may lack it; the user's manager is there all the same.
    const QString folder = u"/run/user/"_s + QString::number(::getuid());
    if (environment.value(u"XDG_RUNTIME_DIR"_s).isEmpty() && QFileInfo(folder).isDir()) {
        environment.insert(u"XDG_RUNTIME_DIR"_s, folder);
    }
    return environment;
}

QString SystemdManager::dropInFolder(const QString &unit) const
{
    if (isUsers() && !m_host.isHere()) {
        return u".config/systemd/user/"_s + unit + u".d"_s;
    }
    const QString units = isUsers() ? QString(QStandardPaths::writableLocation(QStandardPaths::GenericConfigLocation) + u"/systemd/user"_s)
                                    : u"/etc/systemd/system"_s;
    return units + u'/' + unit + u".d"_s;
}

Async<> SystemdManager::checkDropIn(QString unit, std::stop_token stop)
{
    const QString folder = dropInFolder(unit);
    if (m_host.isHere()) {
        QFileInfo nearest(folder);
        while (!nearest.exists() && !nearest.isRoot()) {
            nearest.setFile(nearest.path());
        }
        if (::access(QFile::encodeName(nearest.filePath()).constData(), W_OK) != 0) {
            co_return fail(u"systemd.no_drop_in"_s, {{u"unit"_s, unit}, {u"folder"_s, folder}, {u"reason"_s, qt_error_string()}}, folder);
        }
        co_return {};
    }
    const QString script = u"folder=$1; while [ ! -e \"$folder\" ]; do case $folder in */*) folder=${folder%/*} ;; *) folder=. ;; esac; [ -n \"$folder\" ] || folder=/; done; [ -w \"$folder\" ]"_s;
    ProcessSpec spec;
    spec.timeoutMs = LookMs;
    CO_TRY(const ProcessResult result, co_await runScript(m_host, script, {folder}, spec, stop, *m_tools.processes));
    if (result.exitCode != 0) {
        co_return fail(u"systemd.no_drop_in"_s, {{u"unit"_s, unit}, {u"folder"_s, folder}, {u"reason"_s, m_host.text()}}, m_host.address.text());
    }
    co_return {};
}

Async<> SystemdManager::writeDropIn(QString unit, QString name, QByteArray text)
{
    const QString folder = dropInFolder(unit);
    const QString file = folder + u'/' + name;
    if (m_host.isHere()) {
        CO_CHECK(files::makePath(folder));
        if (const auto there = QFileInfo::exists(file) ? files::read(file, LargestDropIn) : Result<QByteArray>(); there && *there == text) {
            co_return {};
        }
        co_return files::replace(file, text);
    }
    const QString script = u"mkdir -p -- \"$1\" && cat >\"$1/.$2.part\" && sync -- \"$1/.$2.part\" && mv -fT -- \"$1/.$2.part\" \"$1/$2\" && sync -- \"$1\""_s;
    ProcessSpec spec;
    spec.input = text;
    spec.timeoutMs = ChangeMs;
    spec.inherit = m_tools.inherit;
    CO_TRY(const ProcessResult result, co_await runScript(m_host, script, {folder, name}, spec, {}, *m_tools.processes));
    if (result.exitCode != 0) {
        co_return fail(u"systemd.no_drop_in"_s, {{u"unit"_s, unit}, {u"folder"_s, folder}, {u"reason"_s, result.lastWords()}}, m_host.address.text());
    }
    co_return {};
}

Async<ProcessResult> SystemdManager::run(QStringList command, bool isChange, qint64 limitMs, std::stop_token stop, ProcessLine onLine)
{
    const QString program = command.first();
    ProcessSpec spec;
    spec.workingDirectory = u"/"_s;
    if (m_host.isHere()) {
        spec.environment = environment();
    }
    spec.timeoutMs = limitMs;
    if (onLine) {
        spec.onLine = std::move(onLine);
        spec.maxOutput = LongestLine;
    } else if (isChange) {
        spec.inherit = m_tools.inherit;
        if (const auto told = m_tools.told) {
            spec.onLine = [told](const QByteArray &line, bool) { told(u"systemd"_s, QString::fromUtf8(line)); };
        }
    }
    Result<ProcessResult> result;
    if (m_host.isHere()) {
        spec.program = command.takeFirst();
        spec.arguments = command;
        result = co_await m_tools.processes->run(spec, stop);
    } else {
        // What environment() is here. An account without a login of its own may lack the place of its manager.
        const QString script = u"XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; exec env LC_ALL=C.UTF-8 SYSTEMD_COLORS=0 SYSTEMD_PAGER= \"$@\""_s;
        result = co_await runScript(m_host, script, command, spec, stop, *m_tools.processes);
    }
    constexpr int NotFound = 127; // Of env.
    if ((!result && result.error().code == "process.not_found"_L1) || (result && !m_host.isHere() && result->exitCode == NotFound)) {
        co_return fail(u"systemd.no_program"_s, {{u"program"_s, program}});
    }
    if (!result && result.error().code == "process.timeout"_L1) {
        co_return fail(u"systemd.silent"_s, {{u"limit"_s, limitMs}}, {}, isChange ? Error::Kind::Unknown : Error::Kind::Transient);
    }
    co_return result;
}

Async<QByteArray> SystemdManager::control(QStringList arguments, bool isChange, qint64 limitMs, std::stop_token stop)
{
    const QStringList command = QStringList{u"systemctl"_s, isUsers() ? u"--user"_s : u"--system"_s, u"--no-ask-password"_s, u"--no-pager"_s} + arguments;
    CO_TRY(const ProcessResult result, co_await run(command, isChange, limitMs, stop));
    if (result.exitCode != 0) {
        const QString said = saidBy(result);
        Error error = errorOf(said, command, result.exitCode, isUsers());
        if (isDenied(error)) {
            CO_TRY(const QString who, co_await account(stop));
            // No rule of polkit's would help them.
            error = isUsers() || who.isEmpty() ? Error{u"systemd.failed"_s, {{u"command"_s, command.join(u' ')}, {u"exit"_s, result.exitCode}, {u"last"_s, said}}, Error::Kind::Permanent, {}}
                                               : denied(error, who);
        }
        error.where = m_host.isHere() ? error.where : m_host.text();
        co_return fail(error);
    }
    co_return result.output;
}

Async<QList<SystemdUnit>> SystemdManager::look(QStringList names, qint64 limitMs, std::stop_token stop)
{
    QList<SystemdUnit> units;
    if (names.isEmpty()) {
        co_return units;
    }
    const QStringList arguments = QStringList{u"show"_s, u"--timestamp=unix"_s,
                                              u"--property=LoadState,ActiveState,SubState,Type,MainPID,ControlPID,NRestarts,ExecMainStatus,ExecMainStartTimestamp,Job,Environment"_s,
                                              u"--"_s}
        + names;
    CO_TRY(const QByteArray said, co_await control(arguments, false, limitMs, stop));
    // A block for each, in their order, with an empty line between two.
    const QStringList blocks = QString::fromUtf8(said).trimmed().split(u"\n\n"_s);
    if (blocks.size() != names.size()) {
        co_return fail(u"systemd.failed"_s, {{u"command"_s, u"systemctl show"_s}, {u"exit"_s, 0}, {u"last"_s, QString::fromUtf8(said.left(LongestLine))}});
    }
    for (qsizetype i = 0; i < names.size(); ++i) {
        units.append(unitOf(names[i], blocks[i]));
    }
    CO_CHECK(co_await lookInto(&units, limitMs, stop));
    co_return units;
}

Async<> SystemdManager::lookInto(QList<SystemdUnit> *units, qint64 limitMs, std::stop_token stop)
{
    constexpr QByteArrayView key("CUTOVER_RELEASE=");
    const auto folderIn = [key](const QByteArrayList &entries) -> std::optional<QString> {
        for (const QByteArray &entry : entries) {
            if (entry.startsWith(key)) {
                return QFile::decodeName(entry.sliced(key.size()));
            }
        }
        return std::nullopt;
    };
    QStringList pids;
    for (SystemdUnit &unit : *units) {
        if (unit.pid > 0 && m_host.isHere()) {
            QFile file(u"/proc/%1/environ"_s.arg(unit.pid));
            if (file.open(QIODevice::ReadOnly)) {
                unit.folder = folderIn(file.read(LargestEnvironment).split('\0'));
            }
        } else if (unit.pid > 0) {
            pids.append(QString::number(unit.pid));
        }
    }
    if (pids.isEmpty()) {
        co_return {};
    }
    // Of each an entry with its pid before its own; what may not be read has none.
    const QString script = u"for pid; do printf '%s\\0' \"pid $pid\"; grep -z '^CUTOVER_RELEASE=' \"/proc/$pid/environ\" 2>/dev/null; done; exit 0"_s;
    ProcessSpec spec;
    spec.timeoutMs = limitMs;
    CO_TRY(const ProcessResult told, co_await runScript(m_host, script, pids, spec, stop, *m_tools.processes));
    QMap<qint64, QByteArrayList> entries;
    qint64 pid = 0;
    const QByteArrayList parts = told.output.split('\0');
    for (const QByteArray &part : parts) {
        if (part.startsWith("pid ")) {
            pid = part.sliced(4).toLongLong();
        } else {
            entries[pid].append(part);
        }
    }
    for (SystemdUnit &unit : *units) {
        unit.folder = folderIn(entries.value(unit.pid));
    }
    co_return {};
}

Error SystemdManager::denied(Error error, const QString &account) const
{
    // Once for all: an update needs the others as well.
    QStringList units;
    const QList<Placed> placed = placedOf(m_target, u"systemd"_s);
    for (const Placed &one : placed) {
        if (one.service->managed && one.service->host.name == m_host.name) {
            units.append(cutover::unitOf(*one.instance));
        }
    }
    error.args.insert(u"account"_s, account);
    error.args.insert(u"rule"_s, polkitRule(account, units));
    return error;
}

Async<QString> SystemdManager::account(std::stop_token stop)
{
    if (!m_account) {
        ProcessSpec spec;
        spec.timeoutMs = LookMs;
        const QString script = u"id -u; id -un"_s;
        CO_TRY(const ProcessResult told, co_await runScript(m_host, script, {}, spec, stop, *m_tools.processes));
        const QStringList lines = QString::fromUtf8(told.output).split(u'\n', Qt::SkipEmptyParts);
        // An account without a name has its number.
        if (lines.isEmpty()) {
            co_return fail(u"systemd.failed"_s, {{u"command"_s, u"id -un"_s}, {u"exit"_s, told.exitCode}, {u"last"_s, told.lastWords()}}, m_host.isHere() ? QString() : m_host.text());
        }
        m_account = lines.first() == u"0" ? QString() : lines.last();
    }
    // A copy: QCoro would move it away.
    co_return QString(*m_account);
}

Async<> SystemdManager::mayChange(QString unit, std::stop_token stop)
{
    if (isUsers()) {
        co_return {};
    }
    CO_TRY(const QString who, co_await account(stop));
    if (who.isEmpty()) {
        co_return {};
    }
    CO_CHECK(co_await mayQueue(u"stop"_s, u"isolate"_s, unit, who, stop));
    CO_CHECK(co_await mayQueue(u"start"_s, u"triggering"_s, unit, who, stop));
    co_return co_await mayReload(unit, who, stop);
}

Async<> SystemdManager::mayQueue(QString verb, QString mode, QString unit, QString account, std::stop_token stop)
{
    const QStringList arguments{verb, u"--job-mode="_s + mode, u"--no-block"_s, u"--"_s, unit};
    const auto asked = co_await control(arguments, false, AskMs, stop);
    if (asked || asked.error().args["last"_L1].toString().contains("only valid for"_L1)) {
        co_return {};
    }
    if (isDenied(asked.error()) || asked.error().kind == Error::Kind::Cancelled) {
        co_return fail(asked.error());
    }
    co_return fail(u"systemd.rights_unknown"_s, {{u"account"_s, account}, {u"unit"_s, unit}, {u"cause"_s, asked.error().toJson()}}, asked.error().where, Error::Kind::Transient);
}

Async<> SystemdManager::mayReload(QString unit, QString account, std::stop_token stop)
{
    // Of what has no details polkit tells everybody what they themselves may.
    const QString script = u"exec pkcheck --action-id \"$1\" --process $$"_s;
    ProcessSpec spec;
    spec.timeoutMs = AskMs;
    const QStringList words{reloadAction()};
    const auto asked = co_await runScript(m_host, script, words, spec, stop, *m_tools.processes);
    const QString where = m_host.isHere() ? QString() : m_host.text();
    constexpr int No = 1;
    constexpr int WithPassword = 2;
    constexpr int Dismissed = 3;
    if (asked && asked->exitCode == 0) {
        co_return {};
    }
    if (asked && (asked->exitCode == No || asked->exitCode == WithPassword || asked->exitCode == Dismissed)) {
        // As systemd says it: pkcheck speaks of its own options.
        const QString reason = asked->exitCode == WithPassword ? u"Interactive authentication required."_s : asked->lastWords();
        const Error error{u"systemd.reload_denied"_s, {{u"reason"_s, reason}}, Error::Kind::Permanent, where};
        co_return fail(denied(error, account));
    }
    const Error cause = asked ? Error{u"systemd.failed"_s, {{u"command"_s, u"pkcheck"_s}, {u"exit"_s, asked->exitCode}, {u"last"_s, asked->lastWords()}}, Error::Kind::Permanent, where}
                              : asked.error();
    if (cause.kind == Error::Kind::Cancelled) {
        co_return fail(cause);
    }
    co_return fail(u"systemd.rights_unknown"_s, {{u"account"_s, account}, {u"unit"_s, unit}, {u"cause"_s, cause.toJson()}}, where, Error::Kind::Transient);
}

Async<> SystemdManager::reload()
{
    CO_CHECK(co_await control({u"daemon-reload"_s}, true, ChangeMs));
    co_return {};
}

Async<> SystemdManager::start(QString unit)
{
    // What counts against its start limit was another release. One that is not loaded has nothing to reset.
    (void)co_await control({u"reset-failed"_s, u"--"_s, unit}, true, LookMs);
    CO_CHECK(co_await control({u"start"_s, u"--no-block"_s, u"--"_s, unit}, true, LookMs));
    co_return {};
}

Async<> SystemdManager::stop(QString unit)
{
    CO_CHECK(co_await control({u"stop"_s, u"--no-block"_s, u"--"_s, unit}, true, LookMs));
    co_return {};
}

Async<> SystemdManager::kill(QString unit)
{
    CO_CHECK(co_await control({u"kill"_s, u"--signal=KILL"_s, u"--"_s, unit}, true, LookMs));
    co_return {};
}

QStringList SystemdManager::journalCommand(const QStringList &units) const
{
    QStringList command{u"journalctl"_s, u"--no-pager"_s, u"--quiet"_s};
    for (const QString &unit : units) {
        command.append(QString((isUsers() ? u"--user-unit="_s : u"--unit="_s) + unit));
    }
    return command;
}

Async<QStringList> SystemdManager::lastLines(QString unit)
{
    // What a process said at its end may not be in the journal yet. Only root may ask for it.
    if (::geteuid() == 0 || !m_host.isHere()) {
        const QStringList sync{u"journalctl"_s, u"--sync"_s};
        (void)co_await run(sync, false, LookMs, {});
    }
    const QStringList command = journalCommand({unit}) + QStringList{u"--output=cat"_s, u"--lines="_s + QString::number(Lines)};
    CO_TRY(const ProcessResult result, co_await run(command, false, LookMs, {}));
    TargetMask mask(m_target);
    QStringList lines;
    const QStringList said = QString::fromUtf8(result.output).split(u'\n', Qt::SkipEmptyParts);
    for (const QString &line : said) {
        lines.append(mask.masked(line).left(LongestLine));
    }
    co_return lines;
}

Async<> SystemdManager::logs(QMap<QString, QString> instances, LogRequest request, LogSink sink, std::stop_token stop)
{
    QStringList command = journalCommand(instances.keys()) + QStringList{u"--output=json"_s, u"--all"_s, u"--output-fields=MESSAGE,_SYSTEMD_UNIT,UNIT,_SYSTEMD_USER_UNIT,USER_UNIT"_s, u"--lines="_s + (request.lines < 0 ? u"all"_s : QString::number(request.lines))};
    if (request.since.isValid()) {
        command << u"--since=@"_s + QString::number(request.since.toSecsSinceEpoch());
    }
    if (request.follow) {
        command << u"--follow"_s;
    }
    const auto tell = [sink, instances](const QByteArray &line, bool isError) {
        const QJsonObject entry = QJsonDocument::fromJson(line).object();
        if (isError || entry.isEmpty()) {
            return;
        }
        QString instance;
        for (const QLatin1StringView field : {"_SYSTEMD_UNIT"_L1, "UNIT"_L1, "_SYSTEMD_USER_UNIT"_L1, "USER_UNIT"_L1}) {
            if (const QString found = instances.value(entry[field].toString()); !found.isEmpty()) {
                instance = found;
            }
        }
        // What is no UTF-8 comes as a list of bytes.
        QByteArray bytes;
        const QJsonArray raw = entry["MESSAGE"_L1].toArray();
        for (const auto &byte : raw) {
            bytes.append(char(byte.toInt()));
        }
        sink(instance, raw.isEmpty() ? entry["MESSAGE"_L1].toString() : QString::fromUtf8(bytes));
    };
    CO_TRY(const ProcessResult result, co_await run(command, false, 0, stop, tell));
    // 1: no entry.
    if (result.exitCode != 0 && !result.errorOutput.isEmpty()) {
        co_return fail(u"systemd.failed"_s, {{u"command"_s, u"journalctl"_s}, {u"exit"_s, result.exitCode}, {u"last"_s, result.lastWords()}});
    }
    co_return {};
}

} // namespace cutover
