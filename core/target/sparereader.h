// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "target/target.h"
#include "target/yamlreader.h"

namespace cutover {

/// Whether a service that is read but for its spare can have one: it rolls, behind a load balancer, as containers of Compose that
/// can't start beside their successors anyway. What is in the way goes to the spare's report. isBalanced: a load balancer is named, rightly or not.
void checkSpare(const yaml::Map &spare, const ServiceSpec &service, bool isBalanced);

} // namespace cutover
