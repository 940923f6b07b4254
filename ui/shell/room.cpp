// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/room.h"

#include <algorithm>

namespace cutover {

namespace {

QList<RoomSpec> &registered()
{
    static QList<RoomSpec> specs;
    return specs;
}

} // namespace

Rooms::Registration::Registration(RoomSpec spec)
{
    registered().append(std::move(spec));
}

QList<RoomSpec> Rooms::all()
{
    QList<RoomSpec> specs = registered();
    std::ranges::sort(specs, {}, &RoomSpec::order);
    return specs;
}

bool Rooms::contains(const QString &id)
{
    return std::ranges::contains(registered(), id, &RoomSpec::id);
}

} // namespace cutover
