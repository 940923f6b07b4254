// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/textlabel.h"

#include <QFrame>
#include <QTimer>
#include <QWidget>

class QBoxLayout;
class QHBoxLayout;
class QLayout;
class QProgressBar;
class QScrollArea;
class QVBoxLayout;

namespace cutover {

class InlineMessage;

/**
 * What every page is built of: title, one line under it, actions at the right, a place for what
 * went wrong, then the body. Margins and gaps come from here.
 */
class Page : public QWidget
{
    Q_OBJECT
public:
    enum class Scroll { None,
                        Vertical };
    explicit Page(const QString &title, Scroll scroll = Scroll::None, QWidget *parent = nullptr);

    void setTitle(const QString &title);
    [[nodiscard]] QString title() const;
    void setCaption(const QString &caption);
    /// Right of the title.
    [[nodiscard]] QHBoxLayout *actions() const { return m_actions; }
    [[nodiscard]] QVBoxLayout *body() const { return m_body; }
    [[nodiscard]] InlineMessage *message() const { return m_message; }
    /// Shows that the page waits for something, once it has for 300 ms.
    void setBusy(bool busy);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void moveBar();

    TextLabel *m_title;
    TextLabel *m_caption;
    QHBoxLayout *m_actions;
    InlineMessage *m_message;
    QProgressBar *m_bar;
    QTimer m_busyTimer; ///< Moves the bar.
    QVBoxLayout *m_body;
    bool m_busy = false;
};

/// Fills a widget with what panels and cards lie on: raised, rounded, a thin border.
void paintPanel(QWidget *widget);

/// Scrolls body down to the right and lower edge of a page; it gets the page's margins there.
[[nodiscard]] QScrollArea *pageScroll(QLayout *body, const QString &accessibleName);

/** A group: a heading (may be empty) over a raised panel with a thin border. */
class Panel : public QFrame
{
    Q_OBJECT
public:
    explicit Panel(const QString &heading = {}, QWidget *parent = nullptr);
    void setHeading(const QString &heading);
    /// Right of the heading.
    [[nodiscard]] QHBoxLayout *actions() const { return m_actions; }
    [[nodiscard]] QVBoxLayout *body() const { return m_body; }
    /// No margins beside the body: for tables that fill the panel up to its rounded corners.
    void setFlush(bool flush);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    TextLabel *m_heading;
    QHBoxLayout *m_head;
    QHBoxLayout *m_actions;
    QVBoxLayout *m_body;
};

} // namespace cutover
