// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/releasesource.h"

#include "release/commitversion.h"
#include "release/gitrepository.h"
#include "system/filelock.h"
#include "system/files.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 CheckoutMs = 1000; ///< Before there are measured runs.
constexpr qint64 BuildMs = 60000;
constexpr qsizetype shortHash = 12;

QString riskOf(UpdateType type)
{
    return type == UpdateType::Major ? u"high"_s : type == UpdateType::Minor ? u"medium"_s
                                                                             : u"low"_s;
}

/// Of a tag that brings none: everything that a tag can tell, and nothing less careful than that.
Manifest manifestOf(const Target &target, const GitTag &tag, const QList<GitTag> &all)
{
    Manifest manifest;
    manifest.product = target.product;
    manifest.version = tag.version;
    manifest.from = VersionRange::parse(u"*"_s).value_or(VersionRange());
    // The list is newest first.
    const auto before = std::ranges::find_if(all, [&tag](const GitTag &other) { return other.version < tag.version && other.version.preRelease.isEmpty(); });
    manifest.type = before == all.end() ? UpdateType::Major : updateType(before->version, tag.version);
    manifest.risk = riskOf(manifest.type);
    manifest.restart = {u"all"_s};
    QStringList lines;
    const QStringList told = QString(tag.subject + u'\n' + tag.body).split(u'\n');
    for (const QString &line : told) {
        // What comes behind is a signature.
        if (line.startsWith("-----BEGIN "_L1)) {
            break;
        }
        const QString text = line.startsWith("- "_L1) || line.startsWith("* "_L1) ? line.sliced(2).trimmed() : line.trimmed();
        if (!text.isEmpty()) {
            lines.append(text);
        }
    }
    manifest.changes.insert(u"changed"_s, lines);
    return manifest;
}

Result<Manifest> readManifest(const Target &target, const GitTag &tag, const QByteArray &yaml)
{
    const QString name = tag.name + u':' + target.repository.git.manifest;
    TRY(Manifest manifest, Manifest::parse(yaml, name));
    if (manifest.version != tag.version || manifest.version.build != tag.version.build) {
        return fail(u"git.manifest_version"_s, {{u"tag"_s, tag.name}, {u"found"_s, manifest.version.toString()}}, name);
    }
    return manifest;
}

ReleaseInfo infoOf(Manifest manifest, const QString &tag, const QString &commit)
{
    manifest.commit = commit;
    return {std::move(manifest), tag, 0, commit};
}

/** Tags of a git repository. */
class GitSource : public ReleaseSource
{
public:
    explicit GitSource(const Target &target)
        : m_target(target)
        , m_git(target)
    {
    }

    Async<QList<ReleaseInfo>> releases(std::stop_token stop) override
    {
        CO_CHECK(co_await m_git.fetch(stop));
        CO_TRY(const QList<GitTag> tags, co_await m_git.tags(stop));
        QStringList commits;
        for (const GitTag &tag : tags) {
            commits.append(tag.commit);
        }
        CO_TRY(const auto manifests, co_await m_git.fileAt(m_target.repository.git.manifest, commits, stop));
        m_unusable.clear();
        CO_TRY(const QStringList moved, co_await m_git.movedTags(stop));
        for (const QString &name : moved) {
            m_unusable.append(Error{u"git.tag_moved"_s, {{u"tag"_s, name}, {u"url"_s, m_target.repository.git.url}}, Error::Kind::Permanent, m_target.repository.git.url});
        }
        QList<ReleaseInfo> found;
        for (const GitTag &tag : tags) {
            const auto yaml = manifests.constFind(tag.commit);
            auto manifest = yaml == manifests.constEnd() ? Result<Manifest>(manifestOf(m_target, tag, tags)) : readManifest(m_target, tag, *yaml);
            if (!manifest) {
                // Tags stay as they are, so one that is wrong must not stand in the way of all others for good.
                m_unusable.append(manifest.error());
            } else if (manifest->product == m_target.product) {
                manifest->build = manifest->build.isEmpty() ? tag.commit.left(shortHash) : manifest->build;
                found.append(infoOf(std::move(*manifest), tag.name, tag.commit));
            }
        }
        co_return found;
    }

    QList<Error> unusable() const override { return m_unusable; }

    Async<StagedRelease> stage(ReleaseInfo release, std::stop_token stop, ProgressFunction progress) override
    {
        CO_TRY(const GitTag tag, co_await m_git.tag(release.file, stop, release.sha256));
        QString signer;
        if (m_target.repository.git.signedTags) {
            CO_TRY(signer, co_await m_git.verifyTag(tag, stop));
        }
        co_return co_await lookAt(release, signer, stop, progress);
    }

    Async<StagedRelease> stageCommit(QString text, std::stop_token stop, ProgressFunction progress) override
    {
        // Going back must not wait for a server that is down: what is here is enough, where it is here.
        auto commit = co_await fixedCommit(text, stop);
        bool isFetched = false;
        if (!commit && commit.error().code == "git.no_commit"_L1) {
            CO_CHECK(co_await m_git.fetchBranches(stop));
            isFetched = true;
            commit = co_await fixedCommit(text, stop);
            if (!commit && commit.error().code == "git.no_commit"_L1) {
                // What a branch names moves, so that only what it has just been counts.
                commit = co_await m_git.branchHead(text, stop);
            }
        }
        CO_TRY(const QString hash, commit);
        CO_TRY(const QList<GitTag> before, co_await m_git.tagsBefore(hash, stop));
        CO_TRY(std::optional<ReleaseInfo> tagged, co_await releaseAt(before, hash, stop));
        if (tagged) {
            co_return co_await stage(*tagged, stop, progress);
        }
        QString tag;
        QString signer;
        if (m_target.repository.git.signedTags) {
            // A tag's signature covers all of its history, by the hashes in it; a branch has none. There is no way around it for
            // the hurry of a rollback: that would be the way for whoever may only push. A release manager can sign a tag just as fast.
            auto vouched = co_await vouchedBy(hash, stop);
            if (!vouched && !isFetched) {
                CO_CHECK(co_await m_git.fetch(stop));
                vouched = co_await vouchedBy(hash, stop);
            }
            CO_CHECK(vouched);
            std::tie(tag, signer) = *vouched;
        }
        CO_TRY(const Manifest manifest, co_await manifestOfCommit(hash, before, stop));
        co_return co_await lookAt(infoOf(manifest, tag, hash), signer, stop, progress);
    }

    QList<StepSpec> acquireSteps(const StagedRelease &release) const override
    {
        const QString version = release.info.manifest.version.toString();
        const QJsonObject names{{u"version"_s, version}, {u"tag"_s, release.info.file}, {u"commit"_s, release.info.sha256.left(shortHash)}, {u"key"_s, release.verified.keyId}};
        const QJsonObject params{{u"version"_s, version}, {u"tag"_s, release.info.file}, {u"commit"_s, release.info.sha256}};
        StepSpec fetch;
        fetch.id = u"fetch_release"_s;
        fetch.kind = fetch.id;
        fetch.params = params;
        fetch.title = {u"git.title.fetch"_s, names};
        fetch.intent = {u"git.intent.fetch"_s, names};
        fetch.changesState = false;
        StepSpec verify = fetch;
        verify.params.insert(u"signer"_s, release.verified.keyId);
        if (isCommitVersion(release.info.manifest.version)) {
            // It was brought when it was looked for.
            verify.id = u"verify_commit"_s;
            verify.kind = verify.id;
            verify.title = {u"git.title.verify_commit"_s, names};
            verify.intent = {release.verified.keyId.isEmpty() ? u"git.intent.verify_commit_unsigned"_s : u"git.intent.verify_commit"_s, names};
            return {verify};
        }
        verify.id = u"verify_tag"_s;
        verify.kind = verify.id;
        verify.title = {u"git.title.verify"_s, names};
        verify.intent = {release.verified.keyId.isEmpty() ? u"git.intent.verify_unsigned"_s : u"git.intent.verify"_s, names};
        return {fetch, verify};
    }

    StepSpec place(const StagedRelease &release) const override
    {
        const QString version = release.info.manifest.version.toString();
        QJsonArray build;
        QStringList lines;
        for (const QStringList &words : m_target.repository.git.build) {
            build.append(QJsonArray::fromStringList(words));
            lines.append(words.join(u' '));
        }
        const QJsonObject names{{u"version"_s, version}, {u"commit"_s, release.info.sha256.left(shortHash)}, {u"size"_s, release.verified.unpackedSize}, {u"build"_s, QJsonArray::fromStringList(lines)}};
        StepSpec step;
        step.id = placeStep();
        step.kind = u"checkout_release"_s;
        step.params = {{u"version"_s, version}, {u"commit"_s, release.info.sha256}, {u"build"_s, build}, {u"timeoutMs"_s, m_target.repository.git.buildTimeoutMs}};
        step.title = {lines.isEmpty() ? u"git.title.checkout"_s : u"git.title.build"_s, names};
        step.intent = {lines.isEmpty() ? u"git.intent.checkout"_s : u"git.intent.build"_s, names};
        step.expectedMs = CheckoutMs + BuildMs * lines.size();
        return step;
    }

private:
    /// What stage() and stageCommit() have in common: a copy of the commit to look at.
    Async<StagedRelease> lookAt(ReleaseInfo release, QString signer, std::stop_token stop, ProgressFunction progress)
    {
        const QString version = release.manifest.version.toString();
        const QString commit = release.sha256;
        progress({0, 0, {}, {u"stage.checking_out"_s, {{u"version"_s, version}}}});
        StagedRelease staged;
        staged.info = release;
        staged.verified.manifest = release.manifest;
        staged.verified.sha256 = commit;
        staged.verified.keyId = signer;
        CO_TRY(staged.verified.unpackedSize, co_await m_git.sizeOf(commit, stop));
        staged.preview = m_target.stateDirectory + u"/cache/"_s + version + u'-' + commit.left(shortHash);
        // Two consoles that plan at once check it out once.
        CO_TRY(const auto lock, co_await FileLock::acquire(QString(m_target.stateDirectory + u"/cache/.locks/"_s + QFileInfo(staged.preview).fileName()), stop));
        if (!QDir(staged.preview).exists()) {
            CO_CHECK(co_await m_git.exportTo(staged.preview, commit, stop));
        }
        co_return staged;
    }

    /// By what names one commit for good: its hash, or the tag of a release. Error "git.no_commit" where neither does.
    Async<QString> fixedCommit(QString text, std::stop_token stop)
    {
        auto commit = co_await m_git.findCommit(text, stop);
        if (!commit && commit.error().code == "git.no_commit"_L1) {
            if (const auto tag = co_await m_git.tag(text, stop)) {
                co_return tag->commit;
            }
        }
        co_return commit;
    }

    /// The newest release that names this very commit; with signatures asked for, one that has a good one.
    Async<std::optional<ReleaseInfo>> releaseAt(QList<GitTag> before, QString commit, std::stop_token stop)
    {
        before.removeIf([&commit](const GitTag &tag) { return tag.commit != commit; });
        if (before.isEmpty()) {
            co_return std::optional<ReleaseInfo>();
        }
        CO_TRY(const QList<GitTag> all, co_await m_git.tags(stop));
        for (const GitTag &tag : std::as_const(before)) {
            if (m_target.repository.git.signedTags) {
                const auto signer = co_await m_git.verifyTag(tag, stop);
                if (!signer) {
                    continue;
                }
            }
            CO_TRY(const auto yaml, co_await m_git.fileAt(m_target.repository.git.manifest, {tag.commit}, stop));
            CO_TRY(Manifest manifest, yaml.isEmpty() ? Result<Manifest>(manifestOf(m_target, tag, all)) : readManifest(m_target, tag, yaml.first()));
            CO_CHECK(checkProduct(manifest, commit));
            manifest.build = manifest.build.isEmpty() ? commit.left(shortHash) : manifest.build;
            co_return std::optional<ReleaseInfo>(infoOf(std::move(manifest), tag.name, commit));
        }
        co_return std::optional<ReleaseInfo>();
    }

    /// A tag with a good signature that has the commit in its history, and who signed it.
    Async<std::pair<QString, QString>> vouchedBy(QString commit, std::stop_token stop)
    {
        CO_TRY(const QList<GitTag> containing, co_await m_git.tagsContaining(commit, stop));
        for (const GitTag &tag : containing) {
            if (const auto signer = co_await m_git.verifyTag(tag, stop)) {
                co_return std::pair(tag.name, *signer);
            }
        }
        co_return fail(u"git.commit_unsigned"_s, {{u"commit"_s, commit.left(shortHash)}}, m_target.repository.git.url);
    }

    /// before: the tags in its history, newest first.
    Async<Manifest> manifestOfCommit(QString commit, QList<GitTag> before, std::stop_token stop)
    {
        const QString file = m_target.repository.git.manifest;
        CO_TRY(const auto yaml, co_await m_git.fileAt(file, {commit}, stop));
        Manifest manifest;
        manifest.product = m_target.product;
        if (!yaml.isEmpty()) {
            CO_TRY(manifest, Manifest::parse(yaml.first(), QString(commit.left(shortHash) + u':' + file)));
            CO_CHECK(checkProduct(manifest, commit));
        }
        manifest.version = commitVersion(before.isEmpty() ? Version() : before.first().version, commit);
        // That of the release it came from, if any.
        manifest.build.clear();
        // What changed since whatever runs now, no manifest knows.
        manifest.restart = {u"all"_s};
        co_return manifest;
    }

    Result<> checkProduct(const Manifest &manifest, const QString &commit) const
    {
        return manifest.product == m_target.product
            ? Result<>()
            : Result<>(fail(u"git.commit_product"_s, {{u"commit"_s, commit.left(shortHash)}, {u"found"_s, manifest.product}, {u"expected"_s, m_target.product}}));
    }

    Target m_target;
    GitRepository m_git;
    QList<Error> m_unusable;
};

} // namespace

std::unique_ptr<ReleaseSource> makeGitSource(const Target &target)
{
    return std::make_unique<GitSource>(target);
}

} // namespace cutover
