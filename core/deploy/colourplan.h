// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/planners.h"

namespace cutover {

/** How a service with the strategy blue_green goes from one release to another. */
struct ColourChange {
    QString colour; ///< That is started, and serves afterwards.
    QString from; ///< Release.
    QString to;
    bool forth = false; ///< With the shares that target.yaml gives, each watched; the way back is gone at once.
};

/// The colour that is idle before the hop that is planned: by the context, else by what is recorded.
[[nodiscard]] QString freshColour(const PlanningContext &context, const ServiceSpec &service);

/// "start_colour", a "shift_colour" and a "watch" for each share, "switch_colour". Their instances take no part in each other's downtime: there is none.
[[nodiscard]] QList<StepSpec> colourSteps(const PlanningContext &context, const ServiceSpec &service, const ColourChange &change);

/** Which of the old colours are stopped. */
enum class Retire { All,
                    ButKept }; ///< Not those that target.yaml keeps for an immediate way back.

/// A "retire_colour" for each colour that these steps switch away from.
[[nodiscard]] QList<StepSpec> retireSteps(const PlanningContext &context, const QList<StepSpec> &steps, Retire which);

} // namespace cutover
