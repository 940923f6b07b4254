// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QPushButton>
#include <QToolButton>

namespace cutover {

/// The one primary button of a page.
class PrimaryButton : public QPushButton
{
    Q_OBJECT
public:
    explicit PrimaryButton(const QString &text, QWidget *parent = nullptr);
};

/// For what can't be undone or takes service away. Never the default button.
class DestructiveButton : public QPushButton
{
    Q_OBJECT
public:
    explicit DestructiveButton(const QString &text, QWidget *parent = nullptr);
};

/// Without a frame until hovered; for actions inside lines of text and bars.
class FlatButton : public QPushButton
{
    Q_OBJECT
public:
    FlatButton(const QString &icon, const QString &text, QWidget *parent = nullptr);
};

/// A disabled button says why: text is shown as its tool tip and told to assistive technology.
void setDisabledReason(QWidget *widget, const QString &reason);

} // namespace cutover
