// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QSlider>

namespace cutover {

/**
 * 0…100 % in hundredths, with clickable marks. Shows what is staged (the handle) and what is in
 * force (a line across the groove). A click goes where it was made, near a mark onto the mark.
 * Arrow keys move by 1 %, Page keys by 10 %, Ctrl with arrow keys from mark to mark.
 */
class RolloutSlider : public QSlider
{
    Q_OBJECT
public:
    explicit RolloutSlider(QWidget *parent = nullptr);
    static constexpr int Marks[]{0, 10, 25, 50, 75, 100};

    void setPercent(double percent);
    [[nodiscard]] double percent() const { return value() / 100.0; }
    /// What is in force now.
    void setCommitted(double percent);
    /// The flag is off: the handle tells what it would be.
    void setMuted(bool muted);
    /// Where a share lies, in widget coordinates; and the label of a mark.
    [[nodiscard]] int positionOf(double percent) const;
    [[nodiscard]] QRect markRect(int mark) const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    bool event(QEvent *event) override;

private:
    [[nodiscard]] QRect groove() const;
    [[nodiscard]] int valueAt(int x) const;

    int m_committed = 0;
    bool m_muted = false;
    int m_hovered = -1;
};

} // namespace cutover
