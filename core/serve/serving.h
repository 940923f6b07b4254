// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "deploy/balancer.h"
#include "deploy/colours.h"
#include "deploy/runtime.h"
#include "target/target.h"

#include <optional>

namespace cutover {

/// What supervisor and balancer said of a target's services.
struct ServicesLook {
    Result<QList<InstanceState>> states;
    QList<InstanceState> partly; ///< What could be learned all the same where states is an error.
    std::optional<Result<QList<BalancerServer>>> servers; ///< Absent: there is no balancer.
    qint64 ageMs = 0; ///< How old the older answer is, where one of before stands in; 0: both are of now.
};

/// Who serves users at a moment.
struct Serving {
    QString versions; ///< As RunView::serving.
    QStringList silent; ///< As RunView::silent.
};

/// Which colour of each blue-green service serves: as recorded, else as seen; one of which that can't be told is not named.
[[nodiscard]] ServingColours servingOfLook(const Target &target, const ServicesLook &look);

/**
 * Who serves users, by what was seen and never by what a plan meant to do. Users are served by the
 * instances behind the balancer, or, where no service is balanced, by all of the release; an instance
 * serves while it is ready and the balancer sends it requests. installed: what "current" names; it
 * stands for a target that has no service of its own. Pure.
 */
[[nodiscard]] Serving servingOf(const Target &target, const QString &installed, const ServicesLook &look);

} // namespace cutover
