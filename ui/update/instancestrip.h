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

private:
    struct Entry {
        TextLabel *name, *version;
        StatusChip *state;
    };
    QGridLayout *m_grid;
    QStringList m_names;
    QList<Entry> m_entries;
};

} // namespace cutover
