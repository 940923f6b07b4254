// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/flagtable.h"
#include "plan/planners.h"
#include "plan/step.h"
#include "system/worker.h"

#include <QCoroFuture>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QJsonValue toJson(const std::optional<FeatureFlag> &flag)
{
    if (!flag) {
        return QJsonValue::Null;
    }
    return QJsonObject{{u"description"_s, flag->description}, {u"enabled"_s, flag->enabled}, {u"rollout"_s, flag->rollout}};
}

std::optional<FeatureFlag> flagFrom(const QString &name, const QJsonValue &value)
{
    if (!value.isObject()) {
        return std::nullopt;
    }
    const QJsonObject json = value.toObject();
    return FeatureFlag{name, json["description"_L1].toString(), json["enabled"_L1].toBool(), json["rollout"_L1].toDouble(), {}, {}};
}

bool same(const std::optional<FeatureFlag> &a, const std::optional<FeatureFlag> &b)
{
    return a.has_value() == b.has_value() && (!a || (a->enabled == b->enabled && hundredths(a->rollout) == hundredths(b->rollout)));
}

/// One flag of the release: what it was when the plan was made and what it shall be.
struct Wanted {
    QString name;
    std::optional<FeatureFlag> from, to;
};

QList<Wanted> wantedBy(const StepSpec &spec)
{
    QList<Wanted> all;
    const QJsonArray flags = spec.params["flags"_L1].toArray();
    for (const auto &value : flags) {
        const QString name = value["name"_L1].toString();
        all.append({name, flagFrom(name, value["from"_L1]), flagFrom(name, value["to"_L1])});
    }
    return all;
}

enum class Direction { Forth,
                       Back };

/// Sets each flag that still is what the other side of the change says; a flag that a person has
/// changed since is left alone and named.
Result<QStringList> move(const DatabaseSpec &database, const FeatureStoreSpec &spec, const QList<Wanted> &wanted, Direction direction,
                         const QString &by, const QString &reason)
{
    TRY(const auto table, FlagTable::open(database, spec));
    QStringList left;
    CHECK(table->change([&]() -> Result<> {
        for (const Wanted &flag : wanted) {
            const auto &before = direction == Direction::Forth ? flag.from : flag.to;
            const auto &after = direction == Direction::Forth ? flag.to : flag.from;
            TRY(const std::optional<FeatureFlag> now, table->flag(flag.name));
            if (same(now, after)) {
                continue;
            }
            if (same(now, before)) {
                CHECK(table->set(flag.name, after, by, reason));
            } else if (direction == Direction::Forth) {
                return fail(u"feature.changed_meanwhile"_s,
                            {{u"flag"_s, flag.name},
                             {u"by"_s, now ? now->changedBy : QString()},
                             {u"rollout"_s, now ? now->rollout : 0},
                             {u"enabled"_s, now && now->enabled}});
            } else {
                left.append(flag.name);
            }
        }
        return {};
    }));
    return left;
}

Result<Inspection> compareFlags(const DatabaseSpec &database, const FeatureStoreSpec &spec, const QList<Wanted> &wanted)
{
    TRY(const auto table, FlagTable::open(database, spec));
    bool allBefore = true;
    bool allAfter = true;
    for (const Wanted &flag : wanted) {
        TRY(const std::optional<FeatureFlag> now, table->flag(flag.name));
        allBefore = allBefore && same(now, flag.from);
        allAfter = allAfter && same(now, flag.to);
    }
    return allAfter ? Inspection::Done : allBefore ? Inspection::NotStarted
                                                   : Inspection::Unknown;
}

class FeaturesStep : public Step
{
public:
    using Step::Step;

    // What the instances run counts here, those of every host.
    bool needsHost(const Target &, const QString &) const override { return true; }

    bool isCancellable() const override { return false; }

    Async<> apply(StepContext &context, QJsonObject, std::stop_token) override
    {
        CO_CHECK(co_await moved(context, Direction::Forth));
        co_return Result<>();
    }

    Async<> verify(StepContext &context, std::stop_token) override
    {
        CO_TRY(const Inspection found, co_await look(context));
        if (found != Inspection::Done) {
            co_return fail(u"feature.not_set"_s, {{u"release"_s, spec().params["release"_L1]}});
        }
        co_return Result<>();
    }

    Async<Inspection> inspect(StepContext &context, QJsonObject) override { return look(context); }

    Async<> revert(StepContext &context, QJsonObject, std::stop_token) override
    {
        CO_TRY(const QStringList left, co_await moved(context, Direction::Back));
        for (const QString &flag : left) {
            context.log({u"feature.left"_s, {{u"flag"_s, flag}}});
        }
        co_return Result<>();
    }

private:
    Async<QStringList> moved(StepContext &context, Direction direction)
    {
        const FeatureStoreSpec store = context.target().features;
        const QString by = u"run "_s + context.runId();
        const QString release = spec().params["release"_L1].toString();
        const QString reason = direction == Direction::Forth ? QString(u"update to "_s + release) : QString(u"rollback of "_s + release);
        const QList<Wanted> wanted = wantedBy(spec());
        CO_TRY(const DatabaseSpec database, featureDatabase(context.target()));
        Worker worker;
        co_return co_await worker.run(
            [database, store, wanted, direction, by, reason] { return move(database, store, wanted, direction, by, reason); });
    }

    Async<Inspection> look(StepContext &context)
    {
        const FeatureStoreSpec store = context.target().features;
        const QList<Wanted> wanted = wantedBy(spec());
        CO_TRY(const DatabaseSpec database, featureDatabase(context.target()));
        Worker worker;
        co_return co_await worker.run([database, store, wanted] { return compareFlags(database, store, wanted); });
    }
};

const StepRegistry::Registration registration(u"features"_s, 1,
                                              [](StepSpec spec) { return std::make_unique<FeaturesStep>(std::move(spec)); });

QString shown(const std::optional<FeatureFlag> &flag)
{
    if (!flag) {
        return u"–"_s;
    }
    return flag->enabled ? QString(QString::number(flag->rollout) + u" %"_s) : u"0 %"_s;
}

} // namespace

Async<QList<StepSpec>> planFeatures(PlanningContext context, StagedRelease release)
{
    const Manifest &manifest = release.info.manifest;
    if (manifest.flags.isEmpty()) {
        co_return QList<StepSpec>();
    }
    CO_TRY(const QList<FeatureFlag> present, co_await readFlags(context.target));
    QJsonArray flags;
    QStringList names;
    QString table = u"@flag\t@from\t@to"_s;
    for (const Manifest::Flag &wanted : manifest.flags) {
        std::optional<FeatureFlag> from;
        for (const FeatureFlag &flag : present) {
            if (flag.name == wanted.name) {
                from = flag;
            }
        }
        // Switched on already: how far is the operator's business.
        if (from && from->enabled) {
            continue;
        }
        const std::optional<FeatureFlag> to = FeatureFlag{wanted.name, wanted.description, true, wanted.rollout, {}, {}};
        flags.append(QJsonObject{{u"name"_s, wanted.name}, {u"from"_s, toJson(from)}, {u"to"_s, toJson(to)}});
        names.append(wanted.name);
        table += u'\n' + wanted.name + u'\t' + shown(from) + u'\t' + shown(to);
    }
    if (names.isEmpty()) {
        co_return QList<StepSpec>();
    }
    const QString version = manifest.version.toString();
    StepSpec step;
    step.id = u"features"_s;
    step.kind = u"features"_s;
    step.params = {{u"release"_s, version}, {u"flags"_s, flags}};
    step.title = {u"feature.step"_s, {}};
    step.intent = {u"feature.step.intent"_s, {{u"flags"_s, QJsonArray::fromStringList(names)}}};
    step.previews = {{u"table"_s, context.target.features.table, table}};
    step.expectedMs = context.measuredMs.value(step.kind, 200);
    co_return QList<StepSpec>{step};
}

} // namespace cutover
