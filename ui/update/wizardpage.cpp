// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/wizardpage.h"

#include <utility>

namespace cutover {

QString WizardPage::nextText() const
{
    return tr("Next");
}

void WizardPage::refreshWhenSeen()
{
    m_stale = !isVisible();
    if (!m_stale) {
        refresh();
    }
}

void WizardPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (std::exchange(m_stale, false)) {
        refresh();
    }
}

} // namespace cutover
