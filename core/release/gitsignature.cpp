// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "release/gitsignature.h"

#include <QFileInfo>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace cutover {

Async<std::unique_ptr<GitKeys>> GitKeys::create(GitSpec spec, std::stop_token stop)
{
    std::unique_ptr<GitKeys> keys(new GitKeys);
    if (!keys->m_ring.isValid()) {
        co_return fail(u"git.gpg_key"_s, {{u"file"_s, keys->m_ring.path()}, {u"reason"_s, keys->m_ring.errorString()}});
    }
    if (!spec.allowedSigners.isEmpty()) {
        if (!QFileInfo(spec.allowedSigners).isReadable()) {
            co_return fail(u"git.no_signers"_s, {{u"file"_s, spec.allowedSigners}}, spec.allowedSigners);
        }
        keys->m_allowedSigners = spec.allowedSigners;
    }
    for (const QString &file : std::as_const(spec.gpgKeys)) {
        ProcessSpec import;
        import.program = u"gpg"_s;
        import.arguments = {u"--batch"_s, u"--no-autostart"_s, u"--quiet"_s, u"--import"_s, u"--"_s, file};
        keys->prepare(import.environment);
        CO_TRY(const ProcessResult result, co_await Processes::system().run(std::move(import), stop));
        if (result.exitCode != 0) {
            co_return fail(u"git.gpg_key"_s, {{u"file"_s, file}, {u"reason"_s, QString::fromUtf8(result.errorOutput).simplified().left(500)}}, file);
        }
    }
    co_return std::move(keys);
}

QStringList GitKeys::arguments() const
{
    return {u"-c"_s, u"gpg.ssh.allowedSignersFile=%1"_s.arg(m_allowedSigners.isEmpty() ? u"/dev/null"_s : m_allowedSigners),
            u"-c"_s, u"gpg.ssh.revocationFile="_s, u"-c"_s, u"gpg.minTrustLevel=undefined"_s};
}

void GitKeys::prepare(QProcessEnvironment &environment) const
{
    environment.insert(u"GNUPGHOME"_s, m_ring.path());
    environment.insert(u"LC_ALL"_s, u"C.UTF-8"_s);
}

Result<QString> signerOf(const QString &tag, const ProcessResult &result)
{
    const QString said = QString::fromUtf8(result.output + '\n' + result.errorOutput);
    static const QRegularExpression ssh(u"^Good \"git\" signature for (.+) with \\S+ key (\\S+)$"_s, QRegularExpression::MultilineOption);
    static const QRegularExpression valid(u"^\\[GNUPG:\\] VALIDSIG ([0-9A-F]+)"_s, QRegularExpression::MultilineOption);
    static const QRegularExpression good(u"^\\[GNUPG:\\] GOODSIG \\S+ (.*)$"_s, QRegularExpression::MultilineOption);
    if (result.exitCode == 0) {
        if (const auto by = ssh.match(said); by.hasMatch()) {
            return QString(by.captured(1) + u' ' + by.captured(2));
        }
        const auto key = valid.match(said);
        if (const auto by = good.match(said); by.hasMatch() && key.hasMatch()) {
            return QString(by.captured(1) + u' ' + key.captured(1));
        }
    }
    if (said.contains("no signature found"_L1) || said.contains("cannot verify a non-tag object"_L1)) {
        return fail(u"git.tag_unsigned"_s, {{u"tag"_s, tag}});
    }
    return fail(u"git.signature_wrong"_s, {{u"tag"_s, tag}, {u"reason"_s, said.simplified().left(500)}});
}

} // namespace cutover
