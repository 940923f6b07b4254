// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "target/sparereader.h"

#include "target/composereader.h"

using namespace Qt::StringLiterals;

namespace cutover {

void checkSpare(const yaml::Map &spare, const ServiceSpec &service, bool isBalanced)
{
    const QJsonObject args{{u"service"_s, service.name}, {u"runtime"_s, service.runtime}};
    // A runtime that isn't known was reported already.
    if (!service.runtime.isEmpty() && service.runtime != "compose"_L1) {
        spare.problem(u"spare_runtime"_s, args);
    }
    if (!service.managed) {
        spare.problem(u"spare_unmanaged"_s, args);
    }
    if (service.strategy != Strategy::Rolling) {
        spare.problem(u"spare_strategy"_s, args);
    }
    if (!service.mayOverlap) {
        spare.problem(u"spare_overlap"_s, args);
    }
    if (!isBalanced) {
        spare.problem(u"spare_unbalanced"_s, args);
    }
    if (!service.instances.isEmpty() && service.instances.first().port == 0 && isReplicated(service, service.instances.first())) {
        spare.problem(u"spare_unneeded"_s, args);
    }
}

} // namespace cutover
