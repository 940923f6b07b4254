// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QWidget>

class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace cutover {

class TextLabel;

/** Lines as they come: follows the end until scrolled up, and again after "Jump to end"; a filter hides what doesn't match. */
class LogView : public QWidget
{
    Q_OBJECT
public:
    explicit LogView(const QString &accessibleName, QWidget *parent = nullptr);
    void clear();
    /// May hold several lines; an incomplete last one waits for its end.
    void append(const QString &text);
    void appendLine(const QString &line);
    [[nodiscard]] bool isFollowing() const { return m_following; }
    void setFilter(const QString &filter);
    [[nodiscard]] QPlainTextEdit *editor() const { return m_text; }

    /// Oldest lines are let go of beyond this.
    static constexpr int MaxLines = 20000;

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void add(const QStringList &lines);
    void refilter();
    void jumpToEnd();
    void placeJump();

    QStringList m_lines;
    QString m_partial;
    QLineEdit *m_filter;
    TextLabel *m_count;
    QPlainTextEdit *m_text;
    QPushButton *m_jump;
    bool m_following = true;
    bool m_inserting = false;
};

} // namespace cutover
