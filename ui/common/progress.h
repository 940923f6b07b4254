// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

class QProgressBar;

namespace cutover {

/// Shows a value with the next frame: QProgressBar::setValue() paints at once, and with the bar all else
/// that is due in the window. GUI thread.
void setProgress(QProgressBar *bar, int value);

} // namespace cutover
