// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "serve/controlhost.h"

#include "system/sshfailure.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Catalogue::Registration texts{{
    {"ssh.no_program", QT_TRANSLATE_NOOP("catalogue", "“%{program}” is not found on %{host}: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "Install the package cutover-cli there (%{version}, as here), or say where it lies: --remote-program PATH, in the console “Program there”.")},
    {"ssh.not_executable", QT_TRANSLATE_NOOP("catalogue", "“%{program}” can't be executed on %{host}: %{output}"),
     QT_TRANSLATE_NOOP("catalogue", "Check the path and its mode over there, and that it is built for that machine.")},
}};

} // namespace

Result<ControlHost> ControlHost::parse(const QString &text)
{
    TRY(SshHost address, SshHost::parse(text));
    ControlHost host;
    static_cast<SshHost &>(host) = std::move(address);
    return host;
}

Error sshFailure(const ControlHost &host, int exitCode, const QByteArray &output)
{
    constexpr int NotFound = 127; // The shell's own codes.
    constexpr int NotExecutable = 126;
    if (exitCode == SshFailed) {
        return sshLinkFailure(host, output);
    }
    if (exitCode != NotFound && exitCode != NotExecutable) {
        return {};
    }
    const QString last = QString::fromUtf8(output).remove(u'\r').trimmed().section(u'\n', -1).trimmed();
    return {.code = exitCode == NotFound ? u"ssh.no_program"_s : u"ssh.not_executable"_s,
            .args = {{u"host"_s, host.text()},
                     {u"program"_s, host.program},
                     {u"version"_s, QStringLiteral(CUTOVER_VERSION)},
                     {u"output"_s, last.isEmpty() ? u"ssh %1"_s.arg(exitCode) : last}},
            .kind = Error::Kind::Permanent,
            .where = {}};
}

} // namespace cutover
