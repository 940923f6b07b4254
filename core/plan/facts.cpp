// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/facts.h"

#include "plan/silentfact.h"

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

// By name, so that facts are always asked in the same order. Made at first use: registrations are
// file-scope objects of any order.
QMap<QString, FactSource::Function> &sources()
{
    static QMap<QString, FactSource::Function> instance;
    return instance;
}

constexpr auto silentHost = "_silentHost"_L1;

void sort(FactLook &look, const Facts &told)
{
    for (auto it = told.begin(); it != told.end(); ++it) {
        if (const QString host = (*it)[silentHost].toString(); !host.isEmpty()) {
            look.unknown.insert(it.key(), host);
            look.silent.insert(host, Error::fromJson((*it)["error"_L1].toObject()));
        } else {
            look.facts.insert(it.key(), *it);
        }
    }
}

Result<Facts> whole(const FactLook &look)
{
    return look.silent.isEmpty() ? Result<Facts>(look.facts) : Result<Facts>(fail(look.silent.first()));
}

// The target by value: the caller's may be gone before the last source has answered.
Async<FactLook> lookAtAll(Target target)
{
    FactLook look;
    const auto asked = sources().values();
    for (const FactSource::Function &source : asked) {
        CO_TRY(const Facts facts, co_await source(target));
        sort(look, facts);
    }
    co_return look;
}

Async<Facts> collectAll(Target target)
{
    CO_TRY(const FactLook look, co_await lookAtAll(target));
    co_return whole(look);
}

// A missing fact is told as such, not as an empty value.
Async<Facts> collectOne(QString name, Target target)
{
    const FactSource::Function source = sources().value(name);
    if (!source) {
        co_return Facts();
    }
    CO_TRY(const Facts facts, co_await source(target));
    FactLook look;
    sort(look, facts);
    co_return whole(look);
}

QJsonValue shown(const QJsonValue &value)
{
    return value.isUndefined() || value.isNull() ? QJsonValue(QJsonObject{{u"code"_s, u"plan.no_value"_s}}) : value;
}

} // namespace

Result<> compareFacts(const Facts &expected, const Facts &found)
{
    QStringList names = expected.keys() + found.keys();
    names.removeDuplicates();
    names.sort();
    for (const QString &name : std::as_const(names)) {
        if (expected.value(name) != found.value(name)) {
            return fail(u"plan.fact_changed"_s,
                        {{u"fact"_s, name}, {u"expected"_s, shown(expected.value(name))}, {u"found"_s, shown(found.value(name))}});
        }
    }
    return {};
}

FactSource::FactSource(const QString &name, Function function)
{
    sources().insert(name, function);
}

QJsonValue silentFact(const QString &host, const Error &why)
{
    return QJsonObject{{silentHost, host}, {u"error"_s, why.toJson()}};
}

std::optional<Error> silentError(const QJsonValue &fact)
{
    return fact[silentHost].toString().isEmpty() ? std::nullopt : std::optional(Error::fromJson(fact["error"_L1].toObject()));
}

Async<FactLook> FactSource::look(const Target &target)
{
    return lookAtAll(target);
}

Async<Facts> FactSource::collect(const Target &target)
{
    return collectAll(target);
}

Async<Facts> FactSource::collectFrom(const QString &name, const Target &target)
{
    return collectOne(name, target);
}

} // namespace cutover
