// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QStringList>
#include <QWidget>

namespace cutover {

/** Where a wizard is: numbered steps, those behind ticked, the current one set off. Only shown; Back and Next move. */
class StepHeader : public QWidget
{
    Q_OBJECT
public:
    explicit StepHeader(QWidget *parent = nullptr);

    void setSteps(const QStringList &steps);
    void setCurrent(int step);
    [[nodiscard]] int current() const { return m_current; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void describe();
    [[nodiscard]] int naturalWidth() const;

    QStringList m_steps;
    int m_current = 0;
};

} // namespace cutover
