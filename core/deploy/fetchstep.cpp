// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The step kind "fetch" 1: what a release's instances are started from and no package holds (images)
// is on this host, while the old release serves. Params: instances, toRelease (version); back: these have run before, from
// images {instance: id} as far as that is known.

#include "deploy/instancemove.h"

#include <QJsonArray>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

class FetchStep : public Step
{
public:
    using Step::Step;

    Async<> apply(StepContext &context, QJsonObject, std::stop_token stop) override
    {
        context.progress({0, 0, {}, {u"deploy.doing.fetch"_s, {{u"to"_s, to()}}}});
        QJsonObject fetched;
        const QStringList runtimes = runtimesOf(context.target());
        for (const QString &name : runtimes) {
            CO_TRY(const auto runtime, RuntimeRegistry::create(name, context.target(), toolsOf(context)));
            if (runtime->fetches()) {
                const QStringList own = instancesOf(context.target(), name);
                if (spec().params["back"_L1].toBool()) {
                    QMap<QString, QString> images;
                    for (const QString &instance : own) {
                        images.insert(instance, spec().params["images"_L1][instance].toString());
                    }
                    CO_CHECK(co_await runtime->restore(to(), images, stop));
                } else {
                    CO_CHECK(co_await runtime->prepare(to(), own, stop));
                }
                CO_TRY(const auto found, co_await runtime->images(to(), own, stop));
                for (const auto &[instance, image] : found.asKeyValueRange()) {
                    fetched.insert(instance, image);
                }
            }
        }
        context.setResult(u"images"_s, fetched);
        co_return {};
    }

    // What has been brought stays for the next attempt; who needs the space removes it.
    Async<Inspection> inspect(StepContext &, QJsonObject) override { co_return Inspection::Partial; }

private:
    QString to() const { return spec().params["toRelease"_L1].toString(); }

    QStringList instancesOf(const Target &target, const QString &runtime) const
    {
        QStringList names;
        for (const auto &name : spec().params["instances"_L1].toArray()) {
            const ServiceSpec *service = target.serviceOfInstance(name.toString());
            if (service && service->runtime == runtime) {
                names.append(name.toString());
            }
        }
        return names;
    }
};

const StepRegistry::Registration registration(u"fetch"_s, 1, [](StepSpec spec) { return std::make_unique<FetchStep>(std::move(spec)); });

} // namespace

} // namespace cutover
