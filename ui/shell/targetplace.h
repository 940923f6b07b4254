// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/controlhost.h"

#include <QList>

namespace cutover {

/** Where a target is: its control host, and its file there. Value type. */
struct TargetPlace {
    ControlHost host;
    QString file; ///< Of this computer: absolute. Over there as it was given; a relative one is meant from the home folder.
    QString name, environment; ///< As they were seen last; empty: not seen yet.

    /// As it was typed: user's home and working folder count on this computer. Errors "ssh.bad_host", "target.no_file_named".
    [[nodiscard]] static Result<TargetPlace> parse(const QString &host, const QString &program, const QString &file);
    [[nodiscard]] bool isSame(const TargetPlace &other) const;
    /// With these the program 'cutover' opens it.
    [[nodiscard]] QStringList arguments() const;
};

/** Targets that were opened, newest first; kept in the console's settings (QSettings), without any secret. GUI thread. */
class RecentTargets
{
public:
    static constexpr qsizetype Most = 12;

    [[nodiscard]] static QList<TargetPlace> all();
    /// Goes to the front, where it stands once.
    static void add(const TargetPlace &place);
    static void remove(const TargetPlace &place);
};

} // namespace cutover
