// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

class QWidget;

namespace cutover {

struct TargetPlace;

/**
 * Where the window of a target stood and how large it was, kept in the console's settings (QSettings): staging may lie on
 * one screen and production on another. A target that was never open gets the size that a window had last, and the place
 * that the desktop chooses, so that no window opens exactly over another. GUI thread.
 */
namespace windowgeometry {

void restore(QWidget &window, const TargetPlace &place);
void remember(const QWidget &window, const TargetPlace &place);

} // namespace windowgeometry

} // namespace cutover
