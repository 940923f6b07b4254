// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/step.h"

#include <QHash>

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

Async<> Step::finalize(StepContext &, QJsonObject)
{
    co_return Result<>();
}

StepRegistry::Registration::Registration(const QString &kind, int version, Factory factory)
{
    factories().insert({kind, version}, std::move(factory));
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
