// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// How a run gets a release that is a tag: "fetch_release" 1 {version, tag, commit}, "verify_tag" 1 {…, signer}; or a
// commit: "verify_commit" 1 {version, tag: that vouches for it or empty, commit, signer}; and both:
// "checkout_release" 1 {version, commit, build: argument lists, timeoutMs}.

#include "deploy/restartrecord.h"
#include "deploy/runtime.h"
#include "plan/instancefacts.h"
#include "plan/step.h"
#include "release/gitrepository.h"
#include "run/leftrunning.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class GitStep : public Step
{
public:
    using Step::Step;

protected:
    QString version() const { return spec().params["version"_L1].toString(); }
    QString commit() const { return spec().params["commit"_L1].toString(); }
    QString tagName() const { return spec().params["tag"_L1].toString(); }
    /// A runner that comes after this one waits for git, or ends it.
    static QList<int> inheritedBy(StepContext &context) { return context.lockDescriptor() >= 0 ? QList<int>{context.lockDescriptor()} : QList<int>(); }
};

class FetchReleaseStep : public GitStep
{
public:
    using GitStep::GitStep;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const Target target = context.target();
        GitRepository git(target, inheritedBy(context));
        CO_TRY(const bool there, co_await git.hasCommit(commit(), stop));
        if (!there) {
            CO_CHECK(co_await git.fetch(stop));
        }
        CO_CHECK(co_await git.tag(tagName(), stop, commit()));
        co_return {};
    }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
    // What has been fetched takes nothing from anybody.
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return {}; }
};

class VerifyTagStep : public GitStep
{
public:
    using GitStep::GitStep;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const Target target = context.target();
        GitRepository git(target, inheritedBy(context));
        CO_TRY(const GitTag tag, co_await git.tag(tagName(), stop, commit()));
        if (!target.repository.git.signedTags) {
            co_return {};
        }
        CO_TRY(const QString signer, co_await git.verifyTag(tag, stop));
        if (const QString planned = spec().params["signer"_L1].toString(); signer != planned) {
            co_return fail(u"git.signer_changed"_s, {{u"tag"_s, tag.name}, {u"found"_s, signer}, {u"expected"_s, planned}});
        }
        co_return {};
    }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return {}; }
};

class VerifyCommitStep : public GitStep
{
public:
    using GitStep::GitStep;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const Target target = context.target();
        GitRepository git(target, inheritedBy(context));
        CO_CHECK(co_await git.findCommit(commit(), stop));
        if (!target.repository.git.signedTags) {
            co_return {};
        }
        CO_TRY(const QList<GitTag> containing, co_await git.tagsContaining(commit(), stop));
        const auto tag = std::ranges::find(containing, tagName(), &GitTag::name);
        if (tag == containing.end()) {
            co_return fail(u"git.commit_unsigned_now"_s, {{u"tag"_s, tagName()}, {u"commit"_s, commit()}});
        }
        CO_TRY(const QString signer, co_await git.verifyTag(*tag, stop));
        if (const QString planned = spec().params["signer"_L1].toString(); signer != planned) {
            co_return fail(u"git.signer_changed"_s, {{u"tag"_s, tag->name}, {u"found"_s, signer}, {u"expected"_s, planned}});
        }
        co_return {};
    }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return {}; }
};

class CheckoutReleaseStep : public GitStep
{
public:
    using GitStep::GitStep;

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        co_return QJsonObject{{u"existed"_s, isReady(folder(context))}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const QString directory = folder(context);
        if (isReady(directory)) {
            co_return {};
        }
        CO_CHECK(co_await refuseInUse(context.target(), directory, version()));
        GitRepository git(context.target(), inheritedBy(context));
        context.progress({0, 0, {}, {u"git.doing.checkout"_s, {{u"version"_s, version()}}}});
        CO_CHECK(co_await git.addWorktree(directory, commit(), stop));
        const QJsonArray build = spec().params["build"_L1].toArray();
        const QString state = context.target().stateDirectory;
        const int lock = context.lockDescriptor();
        CO_TRY(const QList<LockKeeper> before, co_await keepersNow(state, lock));
        for (qsizetype i = 0; i < build.size(); ++i) {
            QStringList words;
            const QJsonArray command = build.at(i).toArray();
            for (const auto &word : command) {
                words.append(word.toString());
            }
            context.progress({i, build.size(), u"programs"_s, {u"git.doing.build"_s, {{u"command"_s, words.join(u' ')}, {u"version"_s, version()}}}});
            CO_CHECK(co_await run(context, directory, words, spec().params["timeoutMs"_L1].toInteger(), stop));
        }
        // A compiler's or a package manager's server goes on with what it inherited.
        if (!build.isEmpty()) {
            tellLeftRunning(context, spec().title.text(), (co_await leftRunning(state, lock, before, stop)).value_or(QStringList()));
        }
        Worker worker;
        CO_CHECK(co_await worker.run([directory] { return syncAll(directory); }));
        // Last, and durably: without it the folder is taken for a part.
        co_return files::replace(marker(directory), commit().toLatin1() + '\n');
    }

    Async<> verify(StepContext &context, std::stop_token stop) override
    {
        const QString directory = folder(context);
        GitRepository git(context.target(), inheritedBy(context));
        CO_TRY(const QString head, co_await git.headOf(directory, stop));
        if (head != commit() || !isReady(directory)) {
            co_return fail(u"git.wrong_commit"_s, {{u"folder"_s, directory}, {u"found"_s, head}, {u"expected"_s, commit()}}, directory);
        }
        CO_TRY(const QStringList changed, co_await git.changedFiles(directory, stop));
        if (!changed.isEmpty()) {
            co_return fail(u"git.changed_files"_s, {{u"folder"_s, directory}, {u"count"_s, changed.size()}, {u"files"_s, QJsonArray::fromStringList(changed.first(qMin<qsizetype>(5, changed.size())))}}, directory);
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        const QString directory = folder(context);
        co_return isReady(directory) ? Inspection::Done : QFileInfo::exists(directory) ? Inspection::Partial
                                                                                       : Inspection::NotStarted;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        if (undo["existed"_L1].toBool()) {
            co_return {};
        }
        const QString directory = folder(context);
        CO_CHECK(co_await refuseInUse(context.target(), directory, version()));
        GitRepository git(context.target(), inheritedBy(context));
        co_return co_await git.removeWorktree(directory);
    }

private:
    QString folder(StepContext &context) const { return context.target().releaseDirectory(version()); }

    /// In what git keeps about the worktree, so that it goes with it and is no file of the release.
    static QString marker(const QString &directory)
    {
        QFile link(directory + u"/.git"_s);
        if (!link.open(QIODevice::ReadOnly)) {
            return {};
        }
        const QByteArray line = link.read(4096).trimmed();
        return line.startsWith("gitdir: ") ? QString(QFile::decodeName(line.mid(8)) + u"/cutover-ready"_s) : QString();
    }

    bool isReady(const QString &directory) const
    {
        const QString name = marker(directory);
        QFile file(name);
        return !name.isEmpty() && file.open(QIODevice::ReadOnly) && file.read(128).trimmed() == commit().toLatin1();
    }

    /// What git and the build programs wrote is on the disk before anything says that it is whole.
    static Result<> syncAll(const QString &directory)
    {
        const int fd = ::open(QFile::encodeName(directory).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const bool synced = fd >= 0 && ::syncfs(fd) == 0;
        const int error = errno;
        if (fd >= 0) {
            ::close(fd);
        }
        return synced ? Result<>() : Result<>(failErrno(u"file.sync"_s, error, directory));
    }

    /// What "current" names, and what runs here from another release than that: a partial one leaves services where they were.
    static Async<> refuseInUse(Target target, QString directory, QString version)
    {
        const QFileInfo current(target.currentLink());
        if (current.exists() && current.canonicalFilePath() == QFileInfo(directory).canonicalFilePath()) {
            co_return fail(u"acquire.in_use"_s, {{u"folder"_s, directory}}, directory);
        }
        if (!QFileInfo::exists(directory)) {
            co_return {};
        }
        const QStringList runtimes = runtimesOf(target);
        for (const QString &name : runtimes) {
            CO_TRY(const auto runtime, RuntimeRegistry::create(name, target));
            CO_TRY(Facts facts, co_await runtime->facts());
            CO_CHECK(addCutRestarts(target, name, &facts));
            for (const ServiceSpec &service : std::as_const(target.services)) {
                for (const InstanceSpec &instance : service.instances) {
                    // Another host has a copy of its own.
                    if (service.runtime == name && service.host.isHere() && facts[instanceFact(instance.name)].toString() == version) {
                        co_return fail(u"git.runs_from"_s, {{u"folder"_s, directory}, {u"instance"_s, instance.name}}, directory);
                    }
                }
            }
        }
        co_return {};
    }

    /// What it said at last: npm's very last line only names its own log, pip's is the last of a table.
    static QString endOf(const ProcessResult &result)
    {
        constexpr qsizetype lines = 6;
        constexpr qsizetype length = 300;
        const QByteArray said = result.errorOutput.trimmed().isEmpty() ? result.output : result.errorOutput;
        QStringList all = QString::fromUtf8(said).split(u'\n', Qt::SkipEmptyParts);
        all.removeIf([](const QString &line) { return line.trimmed().isEmpty(); });
        QStringList last = all.mid(qMax<qsizetype>(0, all.size() - lines));
        for (QString &line : last) {
            line = line.trimmed().left(length);
        }
        return last.join(u'\n');
    }

    static Async<> run(StepContext &context, QString directory, QStringList words, qint64 timeoutMs, std::stop_token stop)
    {
        ProcessSpec process;
        process.program = words.isEmpty() ? QString() : words.takeFirst();
        // A program of the release itself.
        if (process.program.contains(u'/') && QDir::isRelativePath(process.program)) {
            process.program = directory + u'/' + process.program;
        }
        process.arguments = words;
        process.workingDirectory = directory;
        process.timeoutMs = timeoutMs;
        process.inherit = inheritedBy(context);
        const QString name = QFileInfo(process.program).fileName();
        process.onLine = [&context, name](const QByteArray &line, bool) { context.logLine(name, QString::fromUtf8(line)); };
        CO_TRY(const ProcessResult result, co_await context.processes().run(std::move(process), stop));
        if (result.exitCode != 0) {
            co_return fail(u"git.build_failed"_s, {{u"program"_s, name}, {u"exit"_s, result.exitCode}, {u"last"_s, endOf(result)}}, directory);
        }
        co_return {};
    }
};

const StepRegistry::Registration fetchRelease(u"fetch_release"_s, 1, [](StepSpec spec) { return std::make_unique<FetchReleaseStep>(std::move(spec)); });
const StepRegistry::Registration verifyTag(u"verify_tag"_s, 1, [](StepSpec spec) { return std::make_unique<VerifyTagStep>(std::move(spec)); });
const StepRegistry::Registration verifyCommit(u"verify_commit"_s, 1, [](StepSpec spec) { return std::make_unique<VerifyCommitStep>(std::move(spec)); });
const StepRegistry::Registration checkoutRelease(u"checkout_release"_s, 1, [](StepSpec spec) {
    return std::make_unique<CheckoutReleaseStep>(std::move(spec));
});

} // namespace

} // namespace cutover
