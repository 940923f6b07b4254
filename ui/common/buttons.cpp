// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/buttons.h"

#include "common/icons.h"

using namespace Qt::StringLiterals;

namespace cutover {

PrimaryButton::PrimaryButton(const QString &text, QWidget *parent)
    : QPushButton(text, parent)
{
    setProperty("cutoverButton", u"primary"_s);
    QFont f = font();
    f.setWeight(QFont::DemiBold);
    setFont(f);
}

DestructiveButton::DestructiveButton(const QString &text, QWidget *parent)
    : QPushButton(text, parent)
{
    setProperty("cutoverButton", u"destructive"_s);
    setAutoDefault(false);
}

FlatButton::FlatButton(const QString &icon, const QString &text, QWidget *parent)
    : QPushButton(text, parent)
{
    setProperty("cutoverButton", u"flat"_s);
    if (!icon.isEmpty()) {
        setIcon(themeIcon(icon));
    }
    setAutoDefault(false);
}

void setDisabledReason(QWidget *widget, const QString &reason)
{
    widget->setEnabled(reason.isEmpty());
    widget->setToolTip(reason);
    widget->setAccessibleDescription(reason);
}

} // namespace cutover
