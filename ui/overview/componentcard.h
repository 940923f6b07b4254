// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/status.h"

#include <QFrame>

namespace cutover {

class ElidedLabel;
class IconLabel;
class StatusChip;

/** One part of the system: what it is, how it is, one or two lines about it. */
class ComponentCard : public QFrame
{
    Q_OBJECT
public:
    ComponentCard(const QString &icon, const QString &name, QWidget *parent = nullptr);
    void setState(Status status, const QString &word = {});
    void setLines(const QString &first, const QString &second = {});
    void setSecondToolTip(const QString &text);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_name;
    StatusChip *m_chip;
    ElidedLabel *m_first;
    ElidedLabel *m_second;
};

} // namespace cutover
