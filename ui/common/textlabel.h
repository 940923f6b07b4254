// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/theme.h"

#include <QHash>
#include <QLabel>

namespace cutover {

/** A label in one of the four sizes and a text role; both follow the theme. Text is plain unless told otherwise. */
class TextLabel : public QLabel
{
    Q_OBJECT
public:
    explicit TextLabel(const QString &text = {}, TextStyle style = TextStyle::Body, QWidget *parent = nullptr);
    TextLabel(const QString &text, TextStyle style, Theme::Role role, QWidget *parent = nullptr);
    void setRole(Theme::Role role);
    /// Wraps, and asks for the height that its width needs.
    TextLabel *wrapped();
    /// Can be selected by mouse and keyboard, as errors and digests are.
    TextLabel *selectable();
    /// Known once for each width: a layout asks many times over, and each answer shapes the whole text.
    [[nodiscard]] int heightForWidth(int width) const override;

protected:
    void changeEvent(QEvent *event) override;

private:
    void restyle();
    Theme::Role m_role = Theme::Role::Text;
    mutable QString m_measured; ///< The text that m_heights are of.
    mutable QHash<int, int> m_heights;
};

/** One line that gives way where room is short: elided in the middle, whole on hover. */
class ElidedLabel : public QWidget
{
    Q_OBJECT
public:
    explicit ElidedLabel(const QString &text = {}, Qt::TextElideMode mode = Qt::ElideRight, QWidget *parent = nullptr);
    void setText(const QString &text);
    [[nodiscard]] QString text() const { return m_text; }
    void setRole(Theme::Role role);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_text;
    Qt::TextElideMode m_mode;
    Theme::Role m_role = Theme::Role::Text;
};

} // namespace cutover
