// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "database/progressrelay.h"
#include "plan/step.h"
#include "release/repository.h"
#include "system/files.h"
#include "system/worker.h"

#include <QCoroFuture>
#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

package::ProgressFunction telling(ProgressRelay &relay)
{
    return [&relay](qint64 done, qint64 total) { relay.tell(done, total); };
}

Database::ProgressFunction showing(StepContext &context, const QString &code)
{
    return [&context, code](qint64 done, qint64 total) {
        context.progress({done, total, u"bytes"_s, {code, {{u"done"_s, total > 0 ? double(done) / double(total) : 0}}}});
    };
}

/** "download": the package is on this host. {version, file, package, sha256, size} */
class DownloadStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        CO_TRY(const Inspection found, co_await present());
        if (found == Inspection::Done) {
            co_return {};
        }
        ReleaseInfo release;
        release.file = spec().params["file"_L1].toString();
        release.size = spec().params["size"_L1].toInteger();
        release.sha256 = spec().params["sha256"_L1].toString();
        ProgressRelay relay(showing(context, u"deploy.downloading"_s));
        Repository repository(context.target().repository, context.target().product);
        CO_CHECK(co_await repository.download(release, QFileInfo(package()).absolutePath(), stop, telling(relay)));
        co_return {};
    }

    Async<> verify(StepContext &, std::stop_token) override
    {
        CO_TRY(const Inspection found, co_await present());
        if (found != Inspection::Done) {
            co_return fail(u"deploy.package_missing"_s, {{u"package"_s, package()}}, package(), Error::Kind::Transient);
        }
        co_return {};
    }

    // What is there in part is continued, so there is no difference between not begun and partial.
    Async<Inspection> inspect(StepContext &, QJsonObject) override { return present(); }

private:
    QString package() const { return spec().params["package"_L1].toString(); }
    Async<Inspection> present()
    {
        const QString path = package();
        if (!QFileInfo::exists(path) || !QFileInfo::exists(path + u".minisig"_s)) {
            co_return Inspection::NotStarted;
        }
        const auto digest = co_await m_worker.run([path] { return files::sha256(path); });
        CO_CHECK(digest);
        co_return *digest == spec().params["sha256"_L1].toString() ? Inspection::Done : Inspection::NotStarted;
    }

    Worker m_worker;
};

/** "verify_package": signature and every member. {version, package, sha256} */
class VerifyPackageStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        const QString path = spec().params["package"_L1].toString();
        const QStringList keys = context.target().repository.publicKeys;
        ProgressRelay relay(showing(context, u"deploy.verifying"_s));
        const package::ProgressFunction progress = telling(relay);
        const auto verified = co_await m_worker.run([=] { return package::verify(path, keys, stop, progress); });
        CO_CHECK(verified);
        const QString expected = spec().params["sha256"_L1].toString();
        if (verified->sha256 != expected) {
            co_return fail(u"deploy.package_differs"_s, {{u"expected"_s, expected}, {u"found"_s, verified->sha256}}, path);
        }
        if (verified->manifest.product != context.target().product) {
            co_return fail(u"deploy.other_product"_s, {{u"expected"_s, context.target().product}, {u"found"_s, verified->manifest.product}}, path);
        }
        if (const QString version = verified->manifest.version.toString(); version != spec().params["version"_L1].toString()) {
            co_return fail(u"deploy.other_version"_s, {{u"expected"_s, spec().params["version"_L1]}, {u"found"_s, version}}, path);
        }
        co_return {};
    }

    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::NotStarted; }

private:
    Worker m_worker;
};

const StepRegistry::Registration downloadRegistration(u"download"_s, 1, [](StepSpec spec) {
    return std::make_unique<DownloadStep>(std::move(spec));
});
const StepRegistry::Registration verifyRegistration(u"verify_package"_s, 1, [](StepSpec spec) {
    return std::make_unique<VerifyPackageStep>(std::move(spec));
});

const Catalogue::Registration texts{
    {"deploy.downloading", QT_TRANSLATE_NOOP("catalogue", "Downloading, %{done:percent}"), nullptr},
    {"deploy.verifying", QT_TRANSLATE_NOOP("catalogue", "Verifying, %{done:percent}"), nullptr},
    {"deploy.package_missing",
     QT_TRANSLATE_NOOP("catalogue", "The package %{package}, or its signature, is not whole after the download."),
     QT_TRANSLATE_NOOP("catalogue", "Check the disk and that nothing else writes there, then retry.")},
    {"deploy.other_product",
     QT_TRANSLATE_NOOP("catalogue", "The package is of the product “%{found}”; the target runs “%{expected}”."),
     QT_TRANSLATE_NOOP("catalogue", "Choose a release of the right product.")},
    {"deploy.other_version",
     QT_TRANSLATE_NOOP("catalogue", "The package holds the version %{found}; planned was %{expected}."),
     QT_TRANSLATE_NOOP("catalogue", "Make a new plan.")},
};

} // namespace

} // namespace cutover
