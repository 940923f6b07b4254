// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/rollbackcosts.h"

#include "common/buttons.h"
#include "common/textlabel.h"
#include "common/times.h"
#include "update/words.h"

#include <QButtonGroup>
#include <QGridLayout>
#include <QRadioButton>
#include <QVBoxLayout>

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

RollbackCosts::RollbackCosts(QWidget *parent)
    : Panel(tr("What it costs"), parent)
    , m_group(new QButtonGroup(this))
    , m_grid(new QGridLayout)
{
    m_grid->setHorizontalSpacing(space::Page);
    m_grid->setVerticalSpacing(space::Tight);
    m_grid->setColumnStretch(2, 1);
    int row = 0;
    for (const QString &mode : {u"code"_s, u"downgrade"_s, u"restore"_s}) {
        const Row entry{mode, new QRadioButton(modeText(mode)), new TextLabel, new TextLabel, new TextLabel({}, TextStyle::Caption)};
        entry.button->setObjectName(mode);
        entry.time->setFont(tabularFont(entry.time->font()));
        entry.why->wrapped();
        entry.loss->wrapped();
        // In line with the button's own text.
        const int above = std::max(0, (entry.button->sizeHint().height() - entry.time->fontMetrics().height()) / 2);
        entry.time->setContentsMargins(0, above, 0, 0);
        entry.loss->setContentsMargins(0, above, 0, 0);
        m_grid->addWidget(entry.button, row, 0, Qt::AlignTop);
        m_grid->addWidget(entry.time, row, 1, Qt::AlignTop);
        m_grid->addWidget(entry.loss, row, 2, Qt::AlignTop);
        m_grid->addWidget(entry.why, row + 1, 0, 1, 3);
        m_group->addButton(entry.button);
        m_rows << entry;
        row += 2;
    }
    body()->addLayout(m_grid);
    body()->addStretch();
    connect(m_group, &QButtonGroup::buttonToggled, this, [this](QAbstractButton *, bool checked) {
        if (checked) {
            Q_EMIT modeChanged();
        }
    });
}

void RollbackCosts::setOptions(const QList<RollbackOption> &options)
{
    QRadioButton *first = nullptr;
    bool kept = false;
    for (const Row &row : m_rows) {
        const auto option = std::ranges::find(options, row.mode, &RollbackOption::mode);
        const bool known = option != options.end();
        const bool open = known && option->unavailable.code.isEmpty();
        setDisabledReason(row.button, open ? QString() : known ? option->unavailable.what()
                                                               : tr("Being counted"));
        row.time->setText(open ? (option->expectedMs > 0 ? estimateText(option->expectedMs) : tr("not measured")) : QString());
        // The limits of many names would hide the ways themselves; the commit page tells them all.
        const bool brief = open && option->holdAbove.size() > 1;
        const QString whole = open ? lossText(option->loss, option->holdAbove, option->unknownLoss) : QString();
        QString loss = brief ? lossText(option->loss, {}, option->unknownLoss) : whole;
        if (open && option->expectedDowntimeMs > 0) {
            // A number stays with its unit.
            const QString down = estimateText(option->expectedDowntimeMs).replace(u' ', QChar::Nbsp);
            loss += option->unknownLoss.isEmpty() ? tr(", down for %1").arg(down) : QString(u' ' + tr("Down for %1.").arg(down));
        }
        row.loss->setText(loss);
        row.loss->setToolTip(brief ? whole : QString());
        const bool loses = open && (!option->unknownLoss.isEmpty() || std::ranges::any_of(option->loss, [](qint64 rows) { return rows > 0; }));
        row.loss->setRole(loses ? Theme::Role::Danger : Theme::Role::Muted);
        row.why->setText(known && !open ? option->unavailable.what() : QString());
        row.why->setVisible(known && !open);
        row.button->setAccessibleDescription(open ? QString(row.time->text() + u", "_s + loss) : row.why->text());
        if (open && first == nullptr) {
            first = row.button;
        }
        kept = kept || (open && row.button->isChecked());
    }
    if (!kept) {
        m_group->setExclusive(false);
        for (const Row &row : m_rows) {
            row.button->setChecked(false);
        }
        m_group->setExclusive(true);
        if (first != nullptr) {
            first->setChecked(true);
        }
    }
    Q_EMIT modeChanged();
}

QString RollbackCosts::mode() const
{
    for (const Row &row : m_rows) {
        if (row.button->isChecked() && row.button->isEnabled()) {
            return row.mode;
        }
    }
    return {};
}

QRadioButton *RollbackCosts::button(const QString &mode) const
{
    for (const Row &row : m_rows) {
        if (row.mode == mode) {
            return row.button;
        }
    }
    return nullptr;
}

} // namespace cutover
