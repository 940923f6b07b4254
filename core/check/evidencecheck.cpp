// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Programs whose success is evidence: tests, load, audits. Before an update they run in the installed release, afterwards
// in the new one. All that they print goes to a file, the end of it into the finding.

#include "check/checklist.h"
#include "config/targetmask.h"
#include "run/leftrunning.h"
#include "system/clock.h"
#include "system/files.h"
#include "target/sshprocesses.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 largestLog = 64 << 20;
constexpr qsizetype shownLines = 4;
constexpr qsizetype shownLength = 200;
constexpr qint64 tellMs = 500;

/** Takes a program's lines: the whole into a file, the last ones for people. Nothing of it holds a secret. */
class Output
{
public:
    Output(const Target &target, const QString &path)
        : m_mask(target)
        , m_file(path)
    {
    }

    Result<> open()
    {
        CHECK(files::makePath(QFileInfo(m_file.fileName()).path()));
        if (!m_file.open(QIODevice::WriteOnly | QIODevice::Truncate | QIODevice::Unbuffered, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup)) {
            return fail(u"file.write"_s, {{u"path"_s, m_file.fileName()}, {u"reason"_s, m_file.errorString()}}, m_file.fileName());
        }
        return {};
    }

    void take(const QByteArray &line)
    {
        QString text = m_mask.masked(QString::fromUtf8(line));
        // The disk is also that of the journal.
        if (const QByteArray bytes = text.toUtf8() + '\n'; m_file.size() + bytes.size() <= largestLog) {
            m_file.write(bytes);
        }
        for (QChar &character : text) {
            character = character.category() == QChar::Other_Control ? u' ' : character;
        }
        if (!text.trimmed().isEmpty()) {
            m_last.append(text.trimmed().left(shownLength));
        }
        if (m_last.size() > shownLines) {
            m_last.removeFirst();
        }
    }

    [[nodiscard]] QString last() const { return m_last.join(u'\n'); }
    [[nodiscard]] QString lastLine() const { return m_last.value(m_last.size() - 1); }

private:
    TargetMask m_mask;
    QFile m_file;
    QStringList m_last;
};

QCoro::Task<Finding> run(CheckScope scope, EvidenceSpec spec, std::stop_token stop)
{
    const QFileInfo link(scope.target.currentLink());
    const QString folder = link.exists() ? link.canonicalFilePath() : QFileInfo(scope.target.path).absolutePath();
    const QString version = link.exists() ? QFileInfo(folder).fileName() : scope.expectedVersion;
    QStringList words = spec.command;
    for (QString &word : words) {
        word.replace(u"{release}"_s, folder).replace(u"{version}"_s, version);
    }
    ProcessSpec process;
    process.program = words.takeFirst();
    const auto host = scope.target.host(spec.host);
    if (!host) {
        co_return wrong(host.error());
    }
    // A program of the release itself, which lies here.
    if (host->isHere() && process.program.contains(u'/') && QDir::isRelativePath(process.program)) {
        process.program = folder + u'/' + process.program;
    }
    process.arguments = words;
    process.workingDirectory = host->isHere() ? folder : QString();
    process.timeoutMs = spec.timeoutMs;
    process.maxOutput = 0; // Kept in the file.
    process.inherit = scope.inherit;

    const QString directory = scope.logDirectory.isEmpty() ? QString(scope.target.stateDirectory + u"/checks"_s) : scope.logDirectory;
    const QString log = directory + u"/evidence-"_s + spec.name + u".log"_s;
    Output output(scope.target, log);
    if (const auto opened = output.open(); !opened) {
        co_return wrong(opened.error());
    }
    const QString command = QString(process.program + u' ' + words.join(u' ')).trimmed() + (host->isHere() ? QString() : QString(u" @ "_s + host->text()));
    qint64 told = 0;
    process.onLine = [&](const QByteArray &line, bool) {
        output.take(line);
        const qint64 now = Clock::system().monotonic();
        if (scope.tell && now - told >= tellMs) {
            told = now;
            scope.tell({u"check.evidence_runs"_s, {{u"name"_s, spec.name}, {u"line"_s, output.lastLine()}}});
        }
    };
    const int lock = scope.inherit.value(0, -1);
    const auto before = co_await keepersNow(scope.target.stateDirectory, lock);
    const auto ran = co_await runOn(*host, process, stop);
    const auto left = co_await leftRunning(scope.target.stateDirectory, lock, before.value_or(QList<LockKeeper>()), stop);
    QJsonObject args{{u"name"_s, spec.name}, {u"command"_s, command}, {u"version"_s, version}, {u"limit"_s, spec.timeoutMs}, {u"file"_s, log}};
    args.insert(u"last"_s, output.last());
    if (!ran && ran.error().code == "process.timeout"_L1) {
        co_return wrong(u"check.evidence_slow"_s, args, log);
    }
    if (!ran) {
        co_return wrong(ran.error());
    }
    args.insert(u"exit"_s, ran->exitCode);
    args.insert(u"duration"_s, ran->durationMs);
    if (ran->exitCode == 0 && left && !left->isEmpty()) {
        args.insert(u"programs"_s, QJsonArray::fromStringList(*left));
        co_return doubtful({u"check.evidence_left_running"_s, args, Error::Kind::Permanent, log});
    }
    co_return ran->exitCode == 0 ? passed(u"check.evidence_ok"_s, args) : wrong(u"check.evidence_failed"_s, args, log);
}

// Last of all: what a load test meets should be otherwise well.
const CheckKind kind(95, [](const CheckScope &scope) {
    QList<CheckItem> items;
    for (const EvidenceSpec &spec : scope.target.check.evidence) {
        if (spec.before != scope.afterUpdate) {
            items.append({u"evidence:"_s + spec.name, {u"check.evidence"_s, {{u"name"_s, spec.name}}}, spec.critical, [spec](CheckScope asked, std::stop_token stop) { return run(std::move(asked), spec, stop); }, true, spec.proves});
        }
    }
    return items;
});

const Catalogue::Registration texts{
    {"check.evidence", QT_TRANSLATE_NOOP("catalogue", "Evidence: %{name}")},
    {"check.evidence_runs", QT_TRANSLATE_NOOP("catalogue", "%{name}: %{line}")},
    {"check.evidence_ok",
     QT_TRANSLATE_NOOP("catalogue", "Ended with exit code %{exit} after %{duration:duration}, run on %{version}; all of its output is in %{file}. Its end:\n%{last}")},
    {"check.evidence_left_running",
     QT_TRANSLATE_NOOP("catalogue", "“%{command}” ended well, but %{programs:list}, which it started, goes on and holds this run's lock: no other run can begin before it ends."),
     QT_TRANSLATE_NOOP("catalogue", "Let it end what it starts; it may be ended by its number now.")},
    {"check.evidence_failed",
     QT_TRANSLATE_NOOP("catalogue", "“%{command}” ended with exit code %{exit} after %{duration:duration}, expected 0. Its end:\n%{last}"),
     QT_TRANSLATE_NOOP("catalogue", "All of its output is in %{file}.")},
    {"check.evidence_slow",
     QT_TRANSLATE_NOOP("catalogue", "“%{command}” was not done within %{limit:duration} and was ended. Its last lines:\n%{last}"),
     QT_TRANSLATE_NOOP("catalogue", "All of its output is in %{file}; give it more time by timeout if it is only slow.")},
};

} // namespace

} // namespace cutover
