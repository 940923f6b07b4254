// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/instancestrip.h"

#include "common/statuschip.h"
#include "common/textlabel.h"

#include <QGridLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int Columns = 3;

} // namespace

InstanceStrip::InstanceStrip(QWidget *parent)
    : QWidget(parent)
    , m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins({});
    m_grid->setHorizontalSpacing(space::Inside);
    m_grid->setVerticalSpacing(space::Tight);
    for (int column = 0; column < Columns; ++column) {
        m_grid->setColumnMinimumWidth(column * 4 + 3, space::Page);
    }
    m_grid->setColumnStretch(Columns * 4, 1);
    setAccessibleName(tr("Instances"));
}

void InstanceStrip::setInstances(const QList<InstanceView> &instances)
{
    // What keeps running beside the release has no part in the run.
    QList<InstanceView> released;
    QStringList names;
    for (const InstanceView &instance : instances) {
        if (!instance.version.isEmpty()) {
            names << instance.name;
            released << instance;
        }
    }
    if (names != m_names) {
        m_names = names;
        for (const Entry &entry : std::exchange(m_entries, {})) {
            delete entry.name;
            delete entry.version;
            delete entry.state;
        }
        for (int i = 0; i < names.size(); ++i) {
            const Entry entry{new TextLabel(names[i]), new TextLabel({}, TextStyle::Body, Theme::Role::Muted), new StatusChip};
            const int row = i / Columns;
            const int column = i % Columns * 4;
            m_grid->addWidget(entry.name, row, column);
            m_grid->addWidget(entry.version, row, column + 1);
            m_grid->addWidget(entry.state, row, column + 2, Qt::AlignLeft);
            m_entries << entry;
        }
    }
    for (int i = 0; i < released.size(); ++i) {
        const InstanceView &instance = released[i];
        m_entries[i].version->setText(instance.version);
        const Status status = statusOfInstance(instance.state);
        if (instance.sessions > 0) {
            const QString word = statusLook(status).word;
            m_entries[i].state->setStatus(status, instance.sessions == 1 ? tr("%1 · 1 session").arg(word) : tr("%1 · %2 sessions").arg(word).arg(instance.sessions));
        } else {
            m_entries[i].state->setStatus(status);
        }
    }
}

} // namespace cutover
