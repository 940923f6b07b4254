// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "release/semver.h"
#include "system/processes.h"
#include "target/target.h"

namespace cutover {

/** A tag that names a version. */
struct GitTag {
    QString name; ///< "v1.2.1"
    QString ownName; ///< What the tag's own object calls it; empty for a tag without one.
    QString commit; ///< Full hash.
    Version version;
    QString subject; ///< First line of its message, or of the commit's.
    QString body;
};

/**
 * A git repository of releases: a bare copy of it on the control host (STATE/git/releases.git), which
 * is fetched into and from which worktrees are made, by git's own program with argument lists.
 * Tags are kept as they first came: one that has moved at the remote is an error, and never followed. When the
 * repository's URL changes, those of the new one alone are offered, and of these none that names another commit than
 * it did at any URL before.
 * No hook of the repository runs, no terminal is asked, ssh asks for the host's known key. What an operator's
 * own git configuration says (credential helpers, proxies) holds. Of GIT_… in the environment only what says which
 * configuration, which certificates and which proxy count (gitVariables()) gets through: nothing that leads to another
 * repository, runs a program, or lets a server pass unproven. Event-loop thread. Codes "git.*"; "git.unreachable" is transient.
 */
class GitRepository
{
public:
    /// inherit: descriptors that each git keeps (the run lock); for work of a run.
    explicit GitRepository(const Target &target, const QList<int> &inherit = {});

    /// The variables GIT_… of the environment that git is given as they are.
    [[nodiscard]] static QStringList gitVariables();

    /// Makes the copy where there is none, and brings the tags of releases. One process at a time; others wait.
    [[nodiscard]] Async<> fetch(std::stop_token stop = {});
    /// Brings the branches as well, so that commits are there that no tag contains.
    [[nodiscard]] Async<> fetchBranches(std::stop_token stop = {});
    /// Those of the target's prefix that name a version, newest first; of the copy as it is.
    [[nodiscard]] Async<QList<GitTag>> tags(std::stop_token stop = {});
    /// Tags of the prefix at this URL that once named something else, here or at another URL, and so are not offered; of the copy as it is.
    [[nodiscard]] Async<QStringList> movedTags(std::stop_token stop = {});
    /// Of those the ones whose history contains a commit, and those that a commit's own history contains.
    [[nodiscard]] Async<QList<GitTag>> tagsContaining(QString commit, std::stop_token stop = {});
    [[nodiscard]] Async<QList<GitTag>> tagsBefore(QString commit, std::stop_token stop = {});
    /// The one tag; error "git.no_tag". With a commit, what was offered or planned is still what it names: "git.tag_moved".
    [[nodiscard]] Async<GitTag> tag(QString name, std::stop_token stop = {}, QString commit = {});
    [[nodiscard]] Async<bool> hasCommit(QString commit, std::stop_token stop = {});
    /// The full hash of a commit of the copy, by its hash or the beginning of it (seven digits or more); never by the name of a
    /// branch or tag. Errors "git.no_commit", "git.commit_ambiguous", which names them.
    [[nodiscard]] Async<QString> findCommit(QString hash, std::stop_token stop = {});
    /// The commit that a branch named when it was fetched last. Error "git.no_commit".
    [[nodiscard]] Async<QString> branchHead(QString name, std::stop_token stop = {});
    /// The file's content by commit; commits without it are left out.
    [[nodiscard]] Async<QMap<QString, QByteArray>> fileAt(QString path, QStringList commits, std::stop_token stop = {});
    /// Bytes of all files of a commit, unpacked.
    [[nodiscard]] Async<qint64> sizeOf(QString commit, std::stop_token stop = {});
    /// Who signed the tag, and by which key: "kim@example.org SHA256:…". Only keys of the target's own files
    /// count, and only for a tag whose object bears the same name. Errors "git.tag_unsigned", "git.signature_wrong", "git.tag_name".
    [[nodiscard]] Async<QString> verifyTag(GitTag tag, std::stop_token stop = {});
    /// Checks a commit out into a new folder that is linked with the copy. What a killed attempt left is replaced.
    [[nodiscard]] Async<> addWorktree(QString folder, QString commit, std::stop_token stop = {});
    /// The same without a link to the copy, to look at; the folder appears whole or not at all.
    [[nodiscard]] Async<> exportTo(QString folder, QString commit, std::stop_token stop = {});
    /// Removes the folder and what the copy knows of it; nothing happens when it is not there.
    [[nodiscard]] Async<> removeWorktree(QString folder);
    /// The commit that a worktree stands at; error "git.no_worktree".
    [[nodiscard]] Async<QString> headOf(QString folder, std::stop_token stop = {});
    /// Files of a worktree that are not as committed; files that git does not know are not looked at.
    [[nodiscard]] Async<QStringList> changedFiles(QString folder, std::stop_token stop = {});

private:
    [[nodiscard]] ProcessSpec command(QStringList arguments) const;
    [[nodiscard]] Async<QByteArray> git(QStringList arguments, std::stop_token stop, QByteArray input = {});
    [[nodiscard]] Async<> fetchReleases(std::stop_token stop);
    /// Puts aside what came from another URL; afterwards the tags are those of this one.
    [[nodiscard]] Async<> changeSource(std::stop_token stop);
    [[nodiscard]] QString sourceFile() const { return m_copy + QStringLiteral("/cutover-source"); }
    /// The URL that the copy's tags came from; empty: not known.
    [[nodiscard]] QString source() const;
    /// Name → object of the references below a folder.
    [[nodiscard]] Async<QMap<QString, QString>> references(QString folder, std::stop_token stop);
    [[nodiscard]] Async<QList<GitTag>> tagsThat(QStringList condition, std::stop_token stop);
    [[nodiscard]] Error failure(const QStringList &arguments, const ProcessResult &result) const;

    GitSpec m_spec;
    QString m_copy;
    QList<int> m_inherit;
};

} // namespace cutover
