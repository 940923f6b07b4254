// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/status.h"

#include <QWidget>

namespace cutover {

/** Icon, word and tint: how a state is told, everywhere. */
class StatusChip : public QWidget
{
    Q_OBJECT
public:
    explicit StatusChip(QWidget *parent = nullptr);
    explicit StatusChip(Status status, QWidget *parent = nullptr);

    void setStatus(Status status);
    /// Same look with another word ("v1.2.1").
    void setStatus(Status status, const QString &word);
    [[nodiscard]] Status status() const { return m_status; }
    [[nodiscard]] QString word() const { return m_look.word; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

    /// Draws a chip into rect, left aligned and vertically centred; for item delegates.
    static void paint(QPainter *painter, const QRect &rect, const StatusLook &look, const QFont &font);
    [[nodiscard]] static QSize sizeFor(const StatusLook &look, const QFont &font);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    Status m_status = Status::Unknown;
    StatusLook m_look;
};

} // namespace cutover
