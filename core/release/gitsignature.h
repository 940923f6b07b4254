// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/processes.h"
#include "target/target.h"

#include <QTemporaryDir>

namespace cutover {

/**
 * The keys by which tags may be signed, for one call of git: the target's file of allowed signers (ssh),
 * and a key ring (gpg) that holds the target's key files and nothing else, whatever the
 * account's own configuration trusts. The ring lives as long as the object. Event-loop thread.
 */
class GitKeys
{
public:
    /// Errors "git.no_signers", "git.gpg_key".
    [[nodiscard]] static Async<std::unique_ptr<GitKeys>> create(GitSpec spec, std::stop_token stop);

    /// To stand before git's command.
    [[nodiscard]] QStringList arguments() const;
    void prepare(QProcessEnvironment &environment) const;

private:
    GitKeys() = default;

    QString m_allowedSigners;
    QTemporaryDir m_ring;
};

/// What "git verify-tag --raw" has said: who signed and by which key. Errors "git.tag_unsigned", "git.signature_wrong".
[[nodiscard]] Result<QString> signerOf(const QString &tag, const ProcessResult &result);

} // namespace cutover
