// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/progressrelay.h"
#include "plan/step.h"
#include "release/package.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QDir>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Every member of the manifest lies in the folder with its digest.
Result<> compareFolder(const QString &folder, const QList<Manifest::Member> &members)
{
    for (const Manifest::Member &member : members) {
        const QString path = folder + u'/' + member.path;
        TRY(const QString digest, files::sha256(path));
        if (digest != member.sha256) {
            return fail(u"deploy.member_differs"_s, {{u"member"_s, member.path}, {u"expected"_s, member.sha256}, {u"found"_s, digest}}, path);
        }
    }
    return {};
}

/** "unpack": a release's files beside the installed ones. {version, package, sha256} */
class UnpackStep : public Step
{
public:
    using Step::Step;

    Async<> observe(StepContext &context, std::stop_token) override
    {
        CO_TRY(const qint64 free, files::freeBytes(context.target().releasesDirectory));
        // The package is compressed, so this is the least that is needed; unpacking tells the rest.
        if (const qint64 size = QFileInfo(package()).size(); free < size) {
            co_return fail(u"deploy.no_space"_s, {{u"folder"_s, context.target().releasesDirectory}, {u"free"_s, free}, {u"needed"_s, size}});
        }
        co_return {};
    }

    Async<QJsonObject> prepare(StepContext &context, std::stop_token) override
    {
        co_return QJsonObject{{u"existed"_s, QFileInfo::exists(folder(context))}};
    }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        // It appears whole or not at all; verify() looks into one that is there.
        if (QFileInfo::exists(folder(context))) {
            co_return {};
        }
        ProgressRelay relay([&context](qint64 done, qint64 total) {
            context.progress({done, total, u"bytes"_s, {u"deploy.unpacking"_s, {{u"done"_s, total > 0 ? double(done) / double(total) : 0}}}});
        });
        const package::ProgressFunction progress = [&relay](qint64 done, qint64 total) { relay.tell(done, total); };
        const QString from = package();
        const QString to = folder(context);
        const QStringList keys = context.target().repository.publicKeys;
        const auto unpacked = co_await m_worker.run([=] { return package::unpack(from, keys, to, stop, progress); });
        CO_CHECK(unpacked);
        co_return checkDigest(*unpacked);
    }

    Async<> verify(StepContext &context, std::stop_token stop) override
    {
        const QString from = package();
        const QString to = folder(context);
        const QStringList keys = context.target().repository.publicKeys;
        const auto verified = co_await m_worker.run([=]() -> Result<package::Verified> {
            TRY(package::Verified verified, package::verify(from, keys, stop));
            CHECK(compareFolder(to, verified.manifest.members));
            return verified;
        });
        CO_CHECK(verified);
        co_return checkDigest(*verified);
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override
    {
        co_return QFileInfo::exists(folder(context)) ? Inspection::Done : Inspection::NotStarted;
    }

    Async<> revert(StepContext &context, QJsonObject undo, std::stop_token) override
    {
        const QString to = folder(context);
        if (undo["existed"_L1].toBool() || !QFileInfo::exists(to)) {
            co_return {};
        }
        if (QFileInfo(context.target().currentLink()).canonicalFilePath() == QFileInfo(to).canonicalFilePath()) {
            co_return fail(u"deploy.release_in_use"_s, {{u"folder"_s, to}}, to);
        }
        co_return co_await m_worker.run([to] { return files::removeTree(to); });
    }

private:
    QString package() const { return spec().params["package"_L1].toString(); }
    QString folder(StepContext &context) const { return context.target().releaseDirectory(spec().params["version"_L1].toString()); }
    Result<> checkDigest(const package::Verified &verified) const
    {
        const QString expected = spec().params["sha256"_L1].toString();
        if (verified.sha256 != expected) {
            return fail(u"deploy.package_differs"_s, {{u"expected"_s, expected}, {u"found"_s, verified.sha256}}, package());
        }
        return {};
    }

    Worker m_worker;
};

const StepRegistry::Registration registration(u"unpack"_s, 1, [](StepSpec spec) {
    return std::make_unique<UnpackStep>(std::move(spec));
});

const Catalogue::Registration texts{
    {"deploy.unpacking", QT_TRANSLATE_NOOP("catalogue", "Unpacking, %{done:percent}"), nullptr},
    {"deploy.no_space",
     QT_TRANSLATE_NOOP("catalogue", "There are %{free:bytes} free in %{folder}; at least %{needed:bytes} are needed."),
     QT_TRANSLATE_NOOP("catalogue", "Free space, for example by removing old releases, then retry.")},
    {"deploy.member_differs",
     QT_TRANSLATE_NOOP("catalogue", "The unpacked file %{member} has the digest %{found}; the package says %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Somebody changed it. Remove the release's folder and retry.")},
    {"deploy.package_differs",
     QT_TRANSLATE_NOOP("catalogue", "The package has the digest %{found}; planned was %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "It was replaced after the plan was made. Make a new plan.")},
    {"deploy.release_in_use",
     QT_TRANSLATE_NOOP("catalogue", "The release in %{folder} is in use, so it is not removed."),
     QT_TRANSLATE_NOOP("catalogue", "Switch to another release first, then retry.")},
};

} // namespace

} // namespace cutover
