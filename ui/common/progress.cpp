// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/progress.h"

#include <QProgressBar>

namespace cutover {

void setProgress(QProgressBar *bar, int value)
{
    if (bar->value() == value) {
        return;
    }
    const bool enabled = bar->updatesEnabled();
    bar->setUpdatesEnabled(false);
    bar->setValue(value);
    bar->setUpdatesEnabled(enabled);
}

} // namespace cutover
