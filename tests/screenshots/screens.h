// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "ui/scriptedengine.h"

#include <functional>

namespace cutover {

class MainWindow;

/** One picture: what the engine answers, and what is done in the window before it is taken. */
struct Screen {
    QString name; ///< Of the file: "overview-full".
    std::function<void(ScriptedEngine *engine)> prepare;
    /// The window is shown and has loaded. What it starts has time to finish before the picture.
    std::function<void(MainWindow *window)> arrange;
};

/** Every file in this folder registers its own. */
class Screens
{
public:
    struct Registration {
        explicit Registration(QList<Screen> screens);
    };
    [[nodiscard]] static const QList<Screen> &all();
};

} // namespace cutover
