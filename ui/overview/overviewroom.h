// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"
#include "shell/room.h"

#include <QHash>
#include <QPointer>

class QVBoxLayout;

namespace cutover {

class CardGrid;
class ComponentCard;
class InlineMessage;
class Page;
class ReleaseCard;
class TextLabel;

/** The first room: is everything well, and is there something to install? */
class OverviewRoom : public Room
{
    Q_OBJECT
public:
    explicit OverviewRoom(Console *console, QWidget *parent = nullptr);

private:
    ComponentCard *card(const QString &icon, const QString &name);
    void showTarget();
    void loadReleases();
    void showReleases();
    void refreshReasons();
    void showHeld();

    Console *m_console;
    Page *m_page;
    CardGrid *m_cards;
    QHash<QString, QPointer<ComponentCard>> m_known;
    TextLabel *m_releasesTitle;
    QVBoxLayout *m_releaseList;
    QWidget *m_none; ///< Where there is no update: that, and what can be done.
    TextLabel *m_upToDate;
    InlineMessage *m_held;
    QString m_heldReason; ///< As m_held tells it.
    QList<ReleaseView> m_releases;
    bool m_loaded = false;
    QList<ReleaseCard *> m_releaseCards;
};

} // namespace cutover
