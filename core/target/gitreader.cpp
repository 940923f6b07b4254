// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/gitreader.h"

#include <QRegularExpression>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// https:// or ssh:// without a password, HOST:PATH as ssh knows it, or a folder.
QString urlOf(const yaml::Value &value, const std::function<QString(const yaml::Value &)> &pathOf)
{
    const QString text = value.text();
    static const QRegularExpression scp(u"^([A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:[^:].*$"_s);
    if (text.contains(u"://"_s)) {
        const QUrl plain(text, QUrl::StrictMode);
        const bool known = plain.scheme() == u"https" || plain.scheme() == u"http" || plain.scheme() == u"ssh";
        // Another program would take a name that begins with "-" for an option.
        if (!plain.isValid() || !known || plain.host().isEmpty() || plain.host().startsWith(u'-')) {
            value.expected(u"git_url"_s);
        } else if (!plain.password().isEmpty() || (plain.scheme() != u"ssh" && !plain.userInfo().isEmpty())) {
            // A token is written where a user stands.
            value.problem(u"secret_in_url"_s, {});
        }
        return text;
    }
    if (text.startsWith(u'-')) {
        value.expected(u"git_url"_s);
        return {};
    }
    return text.isEmpty() || scp.match(text).hasMatch() ? text : pathOf(value);
}

QString tagPrefixOf(const yaml::Value &value)
{
    static const QRegularExpression pattern(u"^([A-Za-z0-9][A-Za-z0-9._/-]*)?\\*$"_s);
    const QString text = value.text(u"v*"_s);
    if (!pattern.match(text).hasMatch() || text.contains(u".."_s) || text.contains(u"//"_s)) {
        value.expected(u"tag_pattern"_s);
    }
    return text.chopped(1);
}

} // namespace

GitSpec readGit(yaml::Map &map, const std::function<QString(const yaml::Value &)> &pathOf,
                const std::function<QStringList(const yaml::Value &)> &commandOf)
{
    GitSpec git;
    git.url = urlOf(map.optional(u"git"_s), pathOf);
    git.tagPrefix = tagPrefixOf(map.optional(u"tags"_s));
    const yaml::Value manifest = map.optional(u"manifest"_s);
    git.manifest = manifest.text(git.manifest);
    if (git.manifest.startsWith(u'/') || git.manifest.split(u'/').contains(u".."_s)) {
        manifest.expected(u"relative_path"_s);
    }
    if (const yaml::Value signers = map.optional(u"allowed_signers"_s); signers.exists()) {
        git.allowedSigners = pathOf(signers);
    }
    for (const yaml::Value &key : map.optional(u"gpg_keys"_s).list()) {
        git.gpgKeys << pathOf(key);
    }
    const bool keys = !git.allowedSigners.isEmpty() || !git.gpgKeys.isEmpty();
    const yaml::Value demanded = map.optional(u"signed_tags"_s);
    // Whoever names keys means them.
    git.signedTags = demanded.boolean(keys);
    if (git.signedTags && !keys) {
        demanded.problem(u"no_signers"_s, {});
    }
    for (const yaml::Value &words : map.optional(u"build"_s).list()) {
        git.build << commandOf(words);
    }
    git.buildTimeoutMs = map.optional(u"build_timeout"_s).duration(1, git.buildTimeoutMs);
    return git;
}

} // namespace cutover
