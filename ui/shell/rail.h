// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "shell/room.h"

#include <QListView>

class QStandardItemModel;

namespace cutover {

/** The list of rooms at the left. Arrow keys move, Home and End too; letters search. */
class Rail : public QListView
{
    Q_OBJECT
public:
    explicit Rail(const QList<RoomSpec> &rooms, QWidget *parent = nullptr);
    void setCurrentRoom(const QString &id);
    [[nodiscard]] QString currentRoom() const;
    void setBadge(const QString &id, int count, const QString &description);
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void roomChosen(const QString &id);

protected:
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;

private:
    [[nodiscard]] QModelIndex indexOf(const QString &id) const;
    QStandardItemModel *m_model;
};

} // namespace cutover
