// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"

#include <QFrame>

class QPushButton;

namespace cutover {

class InlineMessage;
class TextLabel;

/** A release that could be installed: what it brings, what it costs, and the way to it. */
class ReleaseCard : public QFrame
{
    Q_OBJECT
public:
    /// primary: the one that an operator would take next.
    ReleaseCard(const ReleaseView &release, bool primary, QWidget *parent = nullptr);
    /// Why it can't be started now; empty: it can.
    void setReason(const QString &reason);
    [[nodiscard]] QPushButton *updateButton() const { return m_update; }

Q_SIGNALS:
    void updateWanted(const QString &version);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void setChangesVisible(bool visible);

    QPushButton *m_update;
    QPushButton *m_more;
    TextLabel *m_reason;
    QWidget *m_changes;
    bool m_blocked;
};

} // namespace cutover
