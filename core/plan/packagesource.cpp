// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/releasesource.h"

#include "system/filelock.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr qint64 UnpackMs = 1500; ///< Before there are measured runs.

const Catalogue::Registration texts{{
    {"stage.downloading", QT_TRANSLATE_NOOP("catalogue", "Downloading %{version}")},
    {"stage.verifying", QT_TRANSLATE_NOOP("catalogue", "Verifying %{version}")},
    {"plan.download", QT_TRANSLATE_NOOP("catalogue", "Download")},
    {"plan.download.intent", QT_TRANSLATE_NOOP("catalogue", "Have the package of %{version} on this host (%{size:bytes})")},
    {"plan.verify_package", QT_TRANSLATE_NOOP("catalogue", "Package verification")},
    {"plan.verify_package.intent",
     QT_TRANSLATE_NOOP("catalogue", "Check the signature of %{version} by key %{key} and the digest of every file in it")},
}};

/** Packages of a signed index. */
class PackageSource : public ReleaseSource
{
public:
    explicit PackageSource(const Target &target)
        : m_target(target)
    {
    }

    Async<QList<ReleaseInfo>> releases(std::stop_token stop) override
    {
        Repository repository(m_target.repository, m_target.product);
        co_return co_await repository.releases(stop);
    }

    Async<StagedRelease> stage(ReleaseInfo release, std::stop_token stop, ProgressFunction progress) override
    {
        const QString version = release.manifest.version.toString();
        const QString downloads = m_target.stateDirectory + u"/downloads"_s;
        CO_CHECK(files::makePath(downloads));
        Repository repository(m_target.repository, m_target.product);
        CO_TRY(const QString package, co_await repository.download(release, downloads, stop, [progress, version](qint64 done, qint64 total) {
            progress({done, total, u"bytes"_s, {u"stage.downloading"_s, {{u"version"_s, version}}}});
        }));

        progress({0, release.size, u"bytes"_s, {u"stage.verifying"_s, {{u"version"_s, version}}}});
        const QStringList keys = m_target.repository.publicKeys;
        const QString preview = m_target.stateDirectory + u"/cache/"_s + version + u'-' + release.sha256.first(12);
        Worker worker;
        // Two consoles that plan at once unpack it once.
        CO_TRY(const auto lock, co_await FileLock::acquire(QString(m_target.stateDirectory + u"/cache/.locks/"_s + QFileInfo(preview).fileName()), stop));
        const bool unpacked = QDir(preview).exists();
        CO_TRY(const package::Verified verified, co_await worker.run([=] {
            return unpacked ? package::verify(package, keys, stop) : package::unpack(package, keys, preview, stop);
        }));
        co_return StagedRelease{release, package, verified, preview};
    }

    QList<StepSpec> acquireSteps(const StagedRelease &release) const override
    {
        const QString version = release.info.manifest.version.toString();
        const auto step = [](const QString &kind, const QJsonObject &params, const QJsonObject &args) {
            StepSpec step;
            step.id = kind;
            step.kind = kind;
            step.params = params;
            step.title = {u"plan."_s + kind, args};
            step.intent = {u"plan."_s + kind + u".intent"_s, args};
            step.changesState = false;
            return step;
        };
        return {step(u"download"_s,
                     {{u"version"_s, version},
                      {u"file"_s, release.info.file},
                      {u"package"_s, release.package},
                      {u"sha256"_s, release.info.sha256},
                      {u"size"_s, release.info.size}},
                     {{u"version"_s, version}, {u"size"_s, release.info.size}}),
                step(u"verify_package"_s,
                     {{u"version"_s, version},
                      {u"package"_s, release.package},
                      {u"sha256"_s, release.info.sha256},
                      {u"unpackedSize"_s, release.verified.unpackedSize}},
                     {{u"version"_s, version}, {u"key"_s, release.verified.keyId}})};
    }

    StepSpec place(const StagedRelease &release) const override
    {
        const QString version = release.info.manifest.version.toString();
        StepSpec unpack;
        unpack.id = placeStep();
        unpack.kind = u"unpack"_s;
        unpack.params = {{u"version"_s, version}, {u"package"_s, release.package}, {u"sha256"_s, release.verified.sha256}};
        unpack.title = {u"deploy.title.unpack"_s, {{u"version"_s, version}}};
        unpack.intent = {u"deploy.intent.unpack"_s, {{u"version"_s, version}, {u"size"_s, release.verified.unpackedSize}}};
        unpack.expectedMs = UnpackMs;
        return unpack;
    }

private:
    Target m_target;
};

} // namespace

std::unique_ptr<ReleaseSource> makePackageSource(const Target &target)
{
    return std::make_unique<PackageSource>(target);
}

} // namespace cutover
