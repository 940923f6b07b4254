// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "plan/facts.h"

#include <QMap>

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

// The target by value: the caller's may be gone before the last source has answered.
Async<Facts> collectAll(Target target)
{
    Facts all;
    const auto asked = sources().values();
    for (const FactSource::Function &source : asked) {
        CO_TRY(const Facts facts, co_await source(target));
        for (auto it = facts.begin(); it != facts.end(); ++it) {
            all.insert(it.key(), *it);
        }
    }
    co_return all;
}

// A missing fact is told as such, not as an empty value.
Async<Facts> collectOne(QString name, Target target)
{
    const FactSource::Function source = sources().value(name);
    if (!source) {
        co_return Facts();
    }
    co_return co_await source(target);
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
    sources().insert(name, std::move(function));
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
