// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/step.h"
#include "release/repository.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoreApplication>
#include <QCoroFuture>
#include <QFileInfo>
#include <QPointer>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 ProgressEveryMs = 100;

/// Brings what a worker's thread tells to the event loop, not more often than anybody can read.
/// The context lives as long as the run, which waits for its workers.
package::ProgressFunction progressTo(StepContext &context, const QString &code, const QString &version)
{
    return [&context, code, version, last = qint64(-ProgressEveryMs)](qint64 done, qint64 total) mutable {
        const qint64 now = context.clock().monotonic();
        if (now - last < ProgressEveryMs && done < total) {
            return;
        }
        last = now;
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [&context, code, version, done, total] {
                context.progress({done, total, u"bytes"_s, {code, {{u"version"_s, version}}}});
            },
            Qt::QueuedConnection);
    };
}

class PackageStep : public Step
{
public:
    using Step::Step;

protected:
    QString version() const { return spec().params["version"_L1].toString(); }
    QString packageFile() const { return spec().params["package"_L1].toString(); }
    QString sha256() const { return spec().params["sha256"_L1].toString(); }

    /// The package that was previewed is the one that lies there now.
    Async<> checkDigest(QString file) const
    {
        Worker worker;
        CO_TRY(const QString found, co_await worker.run([file] { return files::sha256(file); }));
        if (found != sha256()) {
            co_return fail(u"acquire.digest"_s, {{u"expected"_s, sha256()}, {u"found"_s, found}}, file);
        }
        co_return {};
    }
};

/** "download": the package is on this host, as planned. {version, file, package, sha256, size} */
class DownloadStep : public PackageStep
{
public:
    using PackageStep::PackageStep;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        // The signature comes last: without it the package is there, and the download not done.
        if (QFileInfo(packageFile()).size() == spec().params["size"_L1].toInteger() && QFileInfo(packageFile() + u".minisig"_s).isFile()) {
            const Result<> intact = co_await checkDigest(packageFile());
            if (intact) {
                co_return {};
            }
        }
        Repository repository(context.target().repository, context.target().product);
        CO_TRY(const auto releases, co_await repository.releases(stop));
        for (const ReleaseInfo &release : releases) {
            if (release.sha256 == sha256()) {
                const QString folder = QFileInfo(packageFile()).absolutePath();
                const auto progress = progressTo(context, u"acquire.downloading"_s, version());
                CO_CHECK(co_await repository.download(release, folder, stop, progress));
                co_return {};
            }
        }
        co_return fail(u"acquire.gone"_s, {{u"version"_s, version()}, {u"digest"_s, sha256().first(12)}}, context.target().repository.url);
    }

    Async<> verify(StepContext &, std::stop_token) override { co_return co_await checkDigest(packageFile()); }
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::Partial; }
    // A whole package stays for the next attempt; a part takes up space that may be what was missing.
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return Repository::discardParts(packageFile()); }
    Async<> finalize(StepContext &, QJsonObject) override { co_return Repository::discardParts(packageFile()); }
};

/** "verify_package": signature and every member. {version, package, sha256, unpackedSize} */
class VerifyPackageStep : public PackageStep
{
public:
    using PackageStep::PackageStep;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const QString file = packageFile();
        const QStringList keys = context.target().repository.publicKeys;
        const auto progress = progressTo(context, u"acquire.verifying"_s, version());
        Worker worker;
        CO_TRY(const package::Verified verified, co_await worker.run([=] { return package::verify(file, keys, stop, progress); }));
        if (verified.sha256 != sha256()) {
            co_return fail(u"acquire.digest"_s, {{u"expected"_s, sha256()}, {u"found"_s, verified.sha256}}, file);
        }
        if (const QString product = context.target().product; verified.manifest.product != product) {
            co_return fail(u"acquire.product"_s, {{u"expected"_s, product}, {u"found"_s, verified.manifest.product}}, file);
        }
        if (const QString found = verified.manifest.version.toString(); found != version()) {
            co_return fail(u"acquire.version"_s, {{u"expected"_s, version()}, {u"found"_s, found}}, file);
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }
    Async<> revert(StepContext &, QJsonObject, std::stop_token) override { co_return {}; }
};

/** "unpack": the release's folder stands beside the installed ones. {version, package, sha256} */
class UnpackStep : public PackageStep
{
public:
    using PackageStep::PackageStep;

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        co_return QJsonObject{{u"existed"_s, QFileInfo(folder(context)).isDir()}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const QString directory = folder(context);
        // It appears whole or not at all, so a folder that is there is complete.
        if (QFileInfo(directory).isDir()) {
            co_return {};
        }
        const QString file = packageFile();
        const QStringList keys = context.target().repository.publicKeys;
        const auto progress = progressTo(context, u"acquire.unpacking"_s, version());
        Worker worker;
        CO_CHECK(co_await worker.run([=] { return package::unpack(file, keys, directory, stop, progress); }));
        co_return {};
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        const QString file = packageFile();
        const QString directory = folder(context);
        Worker worker;
        CO_TRY(const Manifest manifest, co_await worker.run([file] { return package::inspect(file); }));
        for (const Manifest::Member &member : manifest.members) {
            const QString path = directory + u'/' + member.path;
            CO_TRY(const QString found, co_await worker.run([path] { return files::sha256(path); }));
            if (found != member.sha256) {
                co_return fail(u"acquire.member"_s, {{u"member"_s, member.path}, {u"expected"_s, member.sha256}, {u"found"_s, found}}, path);
            }
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        co_return QFileInfo(folder(context)).isDir() ? Inspection::Done : Inspection::NotStarted;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        if (undo["existed"_L1].toBool()) {
            co_return {};
        }
        const QString directory = folder(context);
        const QFileInfo current(context.target().currentLink());
        if (current.exists() && current.canonicalFilePath() == QFileInfo(directory).canonicalFilePath()) {
            co_return fail(u"acquire.in_use"_s, {{u"folder"_s, directory}}, directory);
        }
        Worker worker;
        co_return co_await worker.run([directory] { return files::removeTree(directory); });
    }

private:
    QString folder(StepContext &context) const { return context.target().releaseDirectory(version()); }
};

const StepRegistry::Registration download(u"download"_s, 1, [](StepSpec spec) { return std::make_unique<DownloadStep>(std::move(spec)); });
const StepRegistry::Registration verifyPackage(u"verify_package"_s, 1, [](StepSpec spec) {
    return std::make_unique<VerifyPackageStep>(std::move(spec));
});
const StepRegistry::Registration unpack(u"unpack"_s, 1, [](StepSpec spec) { return std::make_unique<UnpackStep>(std::move(spec)); });

const Catalogue::Registration texts{
    {"acquire.downloading", QT_TRANSLATE_NOOP("catalogue", "Downloading %{version}")},
    {"acquire.verifying", QT_TRANSLATE_NOOP("catalogue", "Verifying the package of %{version}")},
    {"acquire.unpacking", QT_TRANSLATE_NOOP("catalogue", "Unpacking %{version}")},
    {"acquire.digest", QT_TRANSLATE_NOOP("catalogue", "The package is not the one that was previewed: its SHA-256 is %{found}, planned was %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan and look at it again.")},
    {"acquire.product",
     QT_TRANSLATE_NOOP("catalogue", "The package is of the product “%{found}”; the target runs “%{expected}”."),
     QT_TRANSLATE_NOOP("catalogue", "Choose a release of the right product.")},
    {"acquire.version",
     QT_TRANSLATE_NOOP("catalogue", "The package holds the version %{found}; planned was %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan.")},
    {"acquire.in_use",
     QT_TRANSLATE_NOOP("catalogue", "The release in %{folder} is in use, so it is not removed."),
     QT_TRANSLATE_NOOP("catalogue", "Switch to another release first, then retry.")},
    {"acquire.gone", QT_TRANSLATE_NOOP("catalogue", "The repository no longer offers the planned package of %{version} (SHA-256 %{digest}…)."),
     QT_TRANSLATE_NOOP("catalogue", "Publish it again, or make a new plan.")},
    {"acquire.member", QT_TRANSLATE_NOOP("catalogue", "The unpacked file “%{member}” has changed: its SHA-256 is %{found}, expected %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Remove the release's folder if it is not in use, and retry the step.")},
};

} // namespace

} // namespace cutover
