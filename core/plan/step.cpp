// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/step.h"

#include <QHash>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QHash<std::pair<QString, int>, StepRegistry::Factory> &factories()
{
    static QHash<std::pair<QString, int>, StepRegistry::Factory> instance;
    return instance;
}

} // namespace

Async<> Step::observe(StepContext &, std::stop_token)
{
    co_return Result<>();
}

Async<QJsonObject> Step::prepare(StepContext &, std::stop_token)
{
    co_return QJsonObject();
}

Async<> Step::verify(StepContext &, std::stop_token)
{
    co_return Result<>();
}

Async<> Step::revert(StepContext &, QJsonObject, std::stop_token)
{
    if (m_spec.changesState) {
        co_return fail(u"step.not_revertible"_s, {{u"step"_s, m_spec.title.toJson()}});
    }
    co_return Result<>();
}

bool Step::needsHost(const Target &target, const QString &host) const
{
    if (m_spec.pointOfNoReturn || m_spec.irreversible || !m_spec.params["takesAway"_L1].toObject().isEmpty() || m_spec.params["host"_L1] == host) {
        return true;
    }
    const ServiceSpec *service = target.service(m_spec.params["service"_L1].toString());
    if (service && service->host.name == host) {
        return true;
    }
    QJsonArray instances = m_spec.params["instances"_L1].toArray();
    instances.append(m_spec.params["instance"_L1]);
    return std::ranges::any_of(std::as_const(instances), [&](const QJsonValue &instance) {
        const ServiceSpec *own = target.serviceOfInstance(instance.toString());
        return own && own->host.name == host;
    });
}

Async<> Step::finalize(StepContext &, QJsonObject)
{
    co_return Result<>();
}

StepRegistry::Registration::Registration(const QString &kind, int version, Factory factory)
{
    factories().insert({kind, version}, factory);
}

Result<std::unique_ptr<Step>> StepRegistry::create(const StepSpec &spec)
{
    const auto it = factories().constFind({spec.kind, spec.version});
    if (it == factories().cend()) {
        return fail(u"step.unknown_kind"_s, {{u"kind"_s, spec.kind}, {u"version"_s, spec.version}});
    }
    return (*it)(spec);
}

} // namespace cutover
