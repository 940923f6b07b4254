// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

#include <functional>

namespace cutover {

class Console;

/** A place of the window that the rail leads to. */
class Room : public QWidget
{
    Q_OBJECT
public:
    using QWidget::QWidget;
    /// The room is shown; argument says what in it: a version, a restore point, "run:ID"; empty: nothing in particular.
    virtual void open(const QString &argument) { Q_UNUSED(argument) }

Q_SIGNALS:
    /// Shown in the rail beside the room's name; 0 hides it.
    void badgeChanged(int count, const QString &description);
};

/** One line of the rail. */
struct RoomSpec {
    int order; ///< Overview 10, Updates 20, Rollback 30, Features 50, Monitoring 60, History 80.
    QString id; ///< "overview", "updates", "rollback", "features", "monitoring", "history"
    QString icon; ///< For themeIcon().
    std::function<QString()> title; ///< Translated when asked.
    std::function<Room *(Console *console)> create;
};

/** The rooms that exist. Each registers itself at file scope, so the window knows none by name. */
class Rooms
{
public:
    struct Registration {
        explicit Registration(RoomSpec spec);
    };
    /// In order of the rail.
    [[nodiscard]] static QList<RoomSpec> all();
    [[nodiscard]] static bool contains(const QString &id);
};

} // namespace cutover
