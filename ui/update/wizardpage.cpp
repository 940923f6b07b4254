// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/wizardpage.h"

namespace cutover {

QString WizardPage::nextText() const
{
    return tr("Next");
}

} // namespace cutover
