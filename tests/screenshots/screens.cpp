// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "screenshots/screens.h"

namespace cutover {

namespace {

QList<Screen> &registered()
{
    static QList<Screen> screens;
    return screens;
}

} // namespace

Screens::Registration::Registration(QList<Screen> screens)
{
    registered().append(std::move(screens));
}

const QList<Screen> &Screens::all()
{
    return registered();
}

} // namespace cutover
