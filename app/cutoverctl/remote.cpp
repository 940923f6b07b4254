// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "remote.h"

#include "output.h"

#include "system/programs.h"

#include <QElapsedTimer>
#include <QProcess>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <unistd.h>
#include <utility>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"cli.remote_program", QT_TRANSLATE_NOOP("catalogue", "--remote-program was given without --host."),
     QT_TRANSLATE_NOOP("catalogue", "It says where cutoverctl lies on the control host: give --host [USER@]HOST[:PORT] with it.")},
}};

constexpr int lookMs = 200;
constexpr qint64 ownWordsMs = 2000; ///< Between ssh's first word and its end, where it could not connect.
constexpr qsizetype longestTail = 64 << 10;

void pass(const QByteArray &text)
{
    std::fwrite(text.constData(), 1, size_t(text.size()), stderr);
}

/// The value of an option, taken out with it; nullopt: it isn't there.
Result<std::optional<QString>> take(QStringList &words, const QString &option)
{
    std::optional<QString> value;
    for (qsizetype i = 0; i < words.size() && words[i] != u"--";) {
        if (words[i].startsWith(QString(option + u'='))) {
            value = words.takeAt(i).section(u'=', 1);
        } else if (words[i] != option) {
            ++i;
            continue;
        } else if (i + 1 < words.size() && !words[i + 1].startsWith(u"--")) {
            words.removeAt(i);
            value = words.takeAt(i);
        } else {
            value = QString();
        }
        if (value->isEmpty()) {
            return fail(u"cli.option_value"_s, {{u"option"_s, option}, {u"command"_s, u"help"_s}});
        }
    }
    return value;
}

bool namesTarget(const QStringList &words)
{
    const qsizetype end = words.indexOf(u"--"_s);
    return std::ranges::any_of(words.first(end < 0 ? words.size() : end),
                               [](const QString &word) { return word == u"--target" || word.startsWith(u"--target="); });
}

} // namespace

Result<ControlHost> takeHost(QStringList &words)
{
    TRY(const auto named, take(words, u"--host"_s));
    TRY(const auto program, take(words, u"--remote-program"_s));
    if (!named) {
        return program ? Result<ControlHost>(fail(u"cli.remote_program"_s)) : ControlHost();
    }
    TRY(ControlHost host, ControlHost::parse(*named));
    host.program = program.value_or(host.program);
    return host;
}

int runOnHost(const ControlHost &host, QStringList words)
{
    if (const QString target = qEnvironmentVariable("CUTOVER_TARGET"); !target.isEmpty() && !namesTarget(words)) {
        const qsizetype end = words.indexOf(u"--"_s);
        words.insert(end < 0 ? words.size() : end, u"--target="_s + target);
    }
    const QString person = qEnvironmentVariable("CUTOVER_OPERATOR");
    const QStringList command{u"env"_s, u"CUTOVER_OPERATOR="_s + (person.isEmpty() ? whoAmI() : person), host.program};
    const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
    const auto line = sshCommand(host, command + words, terminal ? Terminal::Passed : Terminal::None);
    if (!line) {
        return sayError(line.error());
    }
    QProcess ssh;
    ssh.setInputChannelMode(QProcess::ForwardedInputChannel);
    ssh.setProcessChannelMode(QProcess::ForwardedOutputChannel);
    ssh.start(line->first(), line->sliced(1));
    if (!ssh.waitForStarted(-1)) {
        return sayError({.code = u"ssh.no_client"_s, .args = {{u"reason"_s, ssh.errorString()}}, .where = {}});
    }
    // What ssh itself has to say comes right before its end and is told in other words; all else as it comes.
    QByteArray held;
    QByteArray errors;
    QElapsedTimer first;
    ssh.setReadChannel(QProcess::StandardError);
    const auto read = [&] {
        const QByteArray more = ssh.readAllStandardError();
        held += more;
        errors = QByteArray(errors + more).right(longestTail);
        if (!held.isEmpty() && !first.isValid()) {
            first.start();
        }
    };
    while (ssh.state() != QProcess::NotRunning) {
        ssh.waitForReadyRead(lookMs);
        read();
        if (first.isValid() && first.elapsed() > ownWordsMs && !held.isEmpty()) {
            pass(std::exchange(held, {}));
        }
    }
    read();
    if (ssh.exitStatus() != QProcess::NormalExit) {
        return ExitFailed;
    }
    if (Error failure = sshFailure(host, ssh.exitCode(), errors); !failure.code.isEmpty()) {
        // Nobody tries this again, unlike a step of a run or a console's link.
        if (failure.code == "ssh.link_lost"_L1) {
            failure.code = u"ssh.command_cut"_s;
        }
        return sayError(failure);
    }
    pass(held);
    return ssh.exitCode();
}

} // namespace cutover
