// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/instancestrip.h"

#include "common/statuschip.h"
#include "common/textlabel.h"

#include <QGridLayout>

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int MostColumns = 3;
/// Name, version and state of one, and the gap to the next.
constexpr int Parts = 4;

} // namespace

InstanceStrip::InstanceStrip(QWidget *parent)
    : QWidget(parent)
    , m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins({});
    m_grid->setHorizontalSpacing(space::Inside);
    m_grid->setVerticalSpacing(space::Tight);
    for (int column = 0; column + 1 < MostColumns; ++column) {
        m_grid->setColumnMinimumWidth(column * Parts + Parts - 1, space::Page);
    }
    m_grid->setColumnStretch(MostColumns * Parts, 1);
    setAccessibleName(tr("Instances"));
}

void InstanceStrip::setInstances(const QList<InstanceView> &instances)
{
    // What keeps running beside the release has no part in the run.
    QList<InstanceView> released;
    QStringList names;
    for (const InstanceView &instance : instances) {
        if (instance.isReleased()) {
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
        for (const QString &name : std::as_const(names)) {
            m_entries << Entry{new TextLabel(name, TextStyle::Body, this), new TextLabel({}, TextStyle::Body, Theme::Role::Muted, this), new StatusChip(this)};
        }
        m_columns = 0;
    }
    for (int i = 0; i < released.size(); ++i) {
        const InstanceView &instance = released[i];
        m_entries[i].version->setText(instance.version);
        const Status status = statusOfInstance(instance);
        const QString word = wordOfInstance(instance);
        if (instance.sessions > 0) {
            m_entries[i].state->setStatus(status, instance.sessions == 1 ? tr("%1 · 1 session").arg(word) : tr("%1 · %2 sessions").arg(word).arg(instance.sessions));
        } else {
            m_entries[i].state->setStatus(status, word);
        }
    }
    arrange();
}

QSize InstanceStrip::minimumSizeHint() const
{
    // As narrow as one below the other are.
    return {widthOf(1), m_grid->totalMinimumSize().height()};
}

void InstanceStrip::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

int InstanceStrip::widthOf(int columns) const
{
    int width = 0;
    for (int column = 0; column < columns; ++column) {
        int name = 0;
        int version = 0;
        int state = 0;
        for (qsizetype i = column; i < m_entries.size(); i += columns) {
            name = std::max(name, m_entries[i].name->sizeHint().width());
            version = std::max(version, m_entries[i].version->sizeHint().width());
            state = std::max(state, m_entries[i].state->sizeHint().width());
        }
        width += name + version + state + (Parts - 1) * space::Inside + (column > 0 ? space::Page + space::Inside : 0);
    }
    return width;
}

void InstanceStrip::arrange()
{
    int columns = MostColumns;
    while (columns > 1 && widthOf(columns) > width()) {
        --columns;
    }
    if (columns == m_columns) {
        return;
    }
    m_columns = columns;
    for (int i = 0; i < m_entries.size(); ++i) {
        const Entry &entry = m_entries[i];
        for (QWidget *widget : {static_cast<QWidget *>(entry.name), static_cast<QWidget *>(entry.version), static_cast<QWidget *>(entry.state)}) {
            m_grid->removeWidget(widget);
        }
        const int row = i / columns;
        const int column = i % columns * Parts;
        m_grid->addWidget(entry.name, row, column);
        m_grid->addWidget(entry.version, row, column + 1);
        m_grid->addWidget(entry.state, row, column + 2, Qt::AlignLeft);
    }
    updateGeometry();
}

} // namespace cutover
