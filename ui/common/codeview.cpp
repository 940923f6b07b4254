// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/codeview.h"

#include "common/theme.h"

#include <KSyntaxHighlighting/Definition>
#include <KSyntaxHighlighting/Format>
#include <KSyntaxHighlighting/Repository>
#include <KSyntaxHighlighting/SyntaxHighlighter>
#include <KSyntaxHighlighting/Theme>

#include <QApplication>
#include <QPainter>
#include <QTextBlock>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// Reading all definitions takes a moment; all views share them.
KSyntaxHighlighting::Repository &repository()
{
    static KSyntaxHighlighting::Repository shared;
    return shared;
}

constexpr double LeastContrast = 4.5;

/// Some colours of the highlighting themes are too faint on our ground: those come nearer to the text's.
QColor readable(QColor ink)
{
    const QColor ground = Theme::color(Theme::Role::Raised);
    const QColor text = Theme::color(Theme::Role::Text);
    constexpr float share = 0.15F;
    while (Theme::contrast(ink, ground) < LeastContrast) {
        ink = QColor::fromRgbF(ink.redF() * (1 - share) + text.redF() * share, ink.greenF() * (1 - share) + text.greenF() * share,
                               ink.blueF() * (1 - share) + text.blueF() * share);
    }
    return ink;
}

class Highlighter : public KSyntaxHighlighting::SyntaxHighlighter
{
public:
    using SyntaxHighlighter::SyntaxHighlighter;

protected:
    void applyFormat(int offset, int length, const KSyntaxHighlighting::Format &format) override
    {
        SyntaxHighlighter::applyFormat(offset, length, format);
        if (length == 0) {
            return;
        }
        QTextCharFormat shown = QSyntaxHighlighter::format(offset);
        if (shown.hasProperty(QTextFormat::ForegroundBrush)) {
            shown.setForeground(readable(shown.foreground().color()));
            setFormat(offset, length, shown);
        }
    }
};

} // namespace

class CodeView::Margin : public QWidget
{
public:
    explicit Margin(CodeView *view)
        : QWidget(view)
        , m_view(view)
    {
    }

protected:
    void paintEvent(QPaintEvent *event) override { m_view->paintMargin(event); }

private:
    CodeView *m_view;
};

CodeView::CodeView(const QString &accessibleName, QWidget *parent)
    : QPlainTextEdit(parent)
    , m_margin(new Margin(this))
    , m_highlighter(new Highlighter(document()))
{
    setAccessibleName(accessibleName);
    setReadOnly(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setLineWrapMode(NoWrap);
    setTabChangesFocus(true);
    setFont(monospaceFont());
    setFrameShape(QFrame::NoFrame);
    document()->setDocumentMargin(6);
    connect(this, &QPlainTextEdit::blockCountChanged, this, &CodeView::placeMargin);
    connect(this, &QPlainTextEdit::updateRequest, m_margin, [this](const QRect &, int dy) {
        if (dy != 0) {
            m_margin->scroll(0, dy);
        } else {
            m_margin->update();
        }
    });
    connect(&Theme::instance(), &Theme::changed, this, &CodeView::restyle);
    restyle();
    placeMargin();
}

CodeView::~CodeView() = default;

void CodeView::prepare()
{
    [[maybe_unused]] const auto theme = repository().defaultTheme();
    // Each language in an event of its own.
    for (const QString &language : {u"SQL"_s, u"Diff"_s, u"Bash"_s}) {
        QMetaObject::invokeMethod(qApp, [language] { [[maybe_unused]] const auto formats = repository().definitionForName(language).formats(); }, Qt::QueuedConnection);
    }
}

QString CodeView::definitionForPreview(const QString &type)
{
    if (type == "sql"_L1) {
        return u"SQL"_s;
    }
    if (type == "diff"_L1) {
        return u"Diff"_s;
    }
    if (type == "python"_L1) {
        return u"Python"_s;
    }
    return type == "command"_L1 ? u"Bash"_s : QString();
}

void CodeView::setCode(const QString &text, const QString &definition)
{
    m_highlighter->setDefinition(definition.isEmpty() ? KSyntaxHighlighting::Definition() : repository().definitionForName(definition));
    // The end of the last line begins no line of its own.
    setPlainText(text.endsWith(u'\n') ? text.chopped(1) : text);
}

void CodeView::restyle()
{
    const auto theme = repository().theme(Theme::isDark() ? u"Breeze Dark"_s : u"Breeze Light"_s);
    m_highlighter->setTheme(theme);
    m_highlighter->rehighlight();
    m_margin->update();
}

int CodeView::marginWidth() const
{
    const int digits = qMax(2, int(QString::number(blockCount()).size()));
    return fontMetrics().horizontalAdvance(u'9') * digits + 16;
}

void CodeView::placeMargin()
{
    const int width = marginWidth();
    setViewportMargins(width, 0, 0, 0);
    const QRect inner = contentsRect();
    m_margin->setGeometry(inner.left(), inner.top(), width, inner.height());
}

void CodeView::resizeEvent(QResizeEvent *event)
{
    QPlainTextEdit::resizeEvent(event);
    placeMargin();
}

void CodeView::paintMargin(QPaintEvent *event)
{
    QPainter painter(m_margin);
    painter.fillRect(event->rect(), Theme::color(Theme::Role::Sunken));
    painter.setPen(Theme::color(Theme::Role::Muted));
    painter.setFont(font());
    for (QTextBlock block = firstVisibleBlock(); block.isValid(); block = block.next()) {
        const QRectF place = blockBoundingGeometry(block).translated(contentOffset());
        if (place.top() > event->rect().bottom()) {
            break;
        }
        painter.drawText(QRectF(0, place.top(), m_margin->width() - 8, fontMetrics().height()), Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(block.blockNumber() + 1));
    }
}

} // namespace cutover
