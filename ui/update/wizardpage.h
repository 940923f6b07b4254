// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

namespace cutover {

/** One page of a wizard. It collects and shows; it changes nothing except through the draft. */
class WizardPage : public QWidget
{
    Q_OBJECT
public:
    using QWidget::QWidget;

    /// The page is shown, from either side.
    virtual void enter() { }
    /// Next has been pressed and nothing blocks it. A page that does the work itself returns false
    /// and asks for the step with advance().
    [[nodiscard]] virtual bool leave() { return true; }
    /// One sentence: what this page asks for.
    [[nodiscard]] virtual QString heading() const = 0;
    /// Why Next can't be pressed, as a sentence; empty when it can.
    [[nodiscard]] virtual QString blockedReason() const { return {}; }
    [[nodiscard]] virtual QString nextText() const;
    /// The next button does something that can't be undone by pressing Back.
    [[nodiscard]] virtual bool isDestructive() const { return false; }
    /// The page says itself why there is no plan, where it asks for what was wrong.
    [[nodiscard]] virtual bool tellsFailure() const { return false; }
    /// Pages of a run have their own buttons.
    [[nodiscard]] virtual bool hasFooter() const { return true; }

Q_SIGNALS:
    void changed(); ///< Heading, reason or button text.
    void advance();

protected:
    /// Shows what the draft says.
    virtual void refresh() { }
    /// Does that now or, while nobody sees the page, once it is seen: all pages of a wizard at once would
    /// take more than a frame.
    void refreshWhenSeen();
    void showEvent(QShowEvent *event) override;

private:
    bool m_stale = false;
};

} // namespace cutover
