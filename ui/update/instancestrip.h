// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "serve/views.h"

#include <QWidget>

class QGridLayout;

namespace cutover {

class StatusChip;
class TextLabel;

/** The instances of the target: name, version, state, sessions at the balancer. */
class InstanceStrip : public QWidget
{
    Q_OBJECT
public:
    explicit InstanceStrip(QWidget *parent = nullptr);
    void setInstances(const QList<InstanceView> &instances);
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    struct Entry {
        TextLabel *name, *version;
        StatusChip *state;
    };
    /// What so many beside each other need, none of them cut off.
    [[nodiscard]] int widthOf(int columns) const;
    void arrange();

    QGridLayout *m_grid;
    int m_columns = 0;
    QStringList m_names;
    QList<Entry> m_entries;
};

} // namespace cutover
