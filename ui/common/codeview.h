// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QPlainTextEdit>

#include <memory>

namespace KSyntaxHighlighting {
class SyntaxHighlighter;
}

namespace cutover {

/** Read-only text with line numbers, highlighted by KDE's syntax definitions in the palette's own theme. */
class CodeView : public QPlainTextEdit
{
    Q_OBJECT
public:
    explicit CodeView(const QString &accessibleName, QWidget *parent = nullptr);
    ~CodeView() override;

    /// definition: a name of KSyntaxHighlighting ("SQL (PostgreSQL)", "SQL", "Diff", "INI Files", "Bash"); empty: plain.
    void setCode(const QString &text, const QString &definition);
    /// Reads the languages that previews are in, which takes a moment, before the first view asks for them. GUI thread.
    static void prepare();
    /// For Preview::type: "sql", "diff", "command", "text".
    [[nodiscard]] static QString definitionForPreview(const QString &type);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    class Margin;
    void placeMargin();
    void paintMargin(QPaintEvent *event);
    [[nodiscard]] int marginWidth() const;
    void restyle();

    Margin *m_margin;
    KSyntaxHighlighting::SyntaxHighlighter *m_highlighter;
};

} // namespace cutover
