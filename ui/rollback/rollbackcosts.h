// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/page.h"
#include "serve/views.h"

class QButtonGroup;
class QGridLayout;
class QRadioButton;

namespace cutover {

class TextLabel;

/** The ways back to a restore point beside each other: time, downtime, rows lost; a closed one says why. */
class RollbackCosts : public Panel
{
    Q_OBJECT
public:
    explicit RollbackCosts(QWidget *parent = nullptr);

    /// Keeps the choice where it is still open, else takes the first that is.
    void setOptions(const QList<RollbackOption> &options);
    /// "code", "downgrade", "restore"; empty: none is open.
    [[nodiscard]] QString mode() const;
    [[nodiscard]] QRadioButton *button(const QString &mode) const;

Q_SIGNALS:
    void modeChanged();

private:
    struct Row {
        QString mode;
        QRadioButton *button;
        TextLabel *time;
        TextLabel *loss;
        TextLabel *why;
    };
    QButtonGroup *m_group;
    QGridLayout *m_grid;
    QList<Row> m_rows;
};

} // namespace cutover
