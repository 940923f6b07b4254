// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "database/database.h"
#include "plan/step.h"

namespace cutover {

/// Logs what people should know beside the result of what a database has just done, also where that failed.
inline void tellRemarks(StepContext &context, const Database &database)
{
    const QList<Message> remarks = database.remarks();
    for (const Message &remark : remarks) {
        context.log(remark);
    }
}

} // namespace cutover
