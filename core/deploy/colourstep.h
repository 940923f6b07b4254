// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/colourmove.h"
#include "deploy/colours.h"

namespace cutover {

/// What the blue-green steps have in common: their parameters {service, colour: the new one, fromRelease, toRelease}.
class ColourStep : public Step
{
public:
    using Step::Step;

protected:
    [[nodiscard]] QString service() const { return text(QStringLiteral("service")); }
    [[nodiscard]] QString colour() const { return text(QStringLiteral("colour")); }
    [[nodiscard]] QString from() const { return text(QStringLiteral("fromRelease")); }
    [[nodiscard]] QString to() const { return text(QStringLiteral("toRelease")); }
    [[nodiscard]] Result<ColourMove> fresh(StepContext &context) const { return ColourMove::create(context, service(), colour()); }
    [[nodiscard]] Result<ColourMove> old(StepContext &context) const { return ColourMove::create(context, service(), otherColour(colour())); }
    [[nodiscard]] Result<ColourRecord> record(StepContext &context) const { return colourRecord(context.target(), service()); }
    [[nodiscard]] Result<> keep(StepContext &context, const ColourRecord &record) const { return keepColourRecord(context.target(), service(), record); }
    /// Weights are as before a canary, and none is noted any more.
    [[nodiscard]] Async<> restoreWeights(StepContext &context) const;
    /// What the old colour's instances run, for the undo record: {INSTANCE: {process, release, image}}; nothing of one that does not run.
    [[nodiscard]] Async<QJsonObject> beforeOf(StepContext &context) const;
    /// The old colour's instances run what they ran by that record (where it says nothing: fromRelease), and are ready. One that still
    /// is that very process is left alone, whatever it is of; nothing else is stopped where users are sent to it.
    [[nodiscard]] Async<> bringBack(StepContext &context, QJsonObject before, std::stop_token stop) const;
    /// Stops one of a colour that was taken out: once more where the balancer's restart has let it in since. All outlive the task.
    [[nodiscard]] static Async<> stopOut(ColourMove *colour, ColourMove *successor, InstanceMove *move, std::stop_token stop);
    /// They do, are ready, and UP at the balancer.
    [[nodiscard]] Async<bool> oldServes(StepContext &context, QJsonObject before) const;

private:
    [[nodiscard]] QString text(const QString &key) const { return spec().params[key].toString(); }
};

} // namespace cutover
