// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/reportview.h"

#include "run/report.h"

#include <QMimeData>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTextBlockFormat>
#include <QTextCursor>
#include <QTextDocumentFragment>
#include <QTextOption>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int HeadingDistance = 12;
/// A break that is not seen.
constexpr QChar Break(0x200b);

/// A long word, as a digest or a path is, may be broken; all others stay whole, however narrow their column is.
QString withBreaks(const QString &html)
{
    static const QRegularExpression longWord(u"[^\\s<>&]{20,}(?![^<]*>)"_s);
    constexpr qsizetype piece = 10;
    QString result;
    qsizetype end = 0;
    for (QRegularExpressionMatchIterator words = longWord.globalMatch(html); words.hasNext();) {
        const QRegularExpressionMatch word = words.next();
        result += html.sliced(end, word.capturedStart() - end);
        for (qsizetype i = 0; i < word.capturedLength(); i += piece) {
            result += (i > 0 ? QString(Break) : QString()) + word.captured().sliced(i, std::min(piece, word.capturedLength() - i));
        }
        end = word.capturedEnd();
    }
    return result + html.sliced(end);
}

} // namespace

ReportView::ReportView(QWidget *parent)
    : QTextBrowser(parent)
{
    setAccessibleName(tr("Report of the run"));
    setUndoRedoEnabled(false);
    setWordWrapMode(QTextOption::WordWrap);
    // One that came with the first screenful would have all of it laid out once more.
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);
}

void ReportView::setReport(const QString &html)
{
    if (html == m_html) {
        return;
    }
    m_scrolledTo = m_html.isEmpty() ? 0 : verticalScrollBar()->value();
    m_html = html;
    m_parts = html.isEmpty() ? QStringList() : html.split(reportPart);
    clear();
    const qsizetype styleEnd = html.indexOf("</style>"_L1);
    const qsizetype styleBegin = html.indexOf("<style>"_L1);
    document()->setDefaultStyleSheet(styleBegin >= 0 && styleEnd > styleBegin ? html.sliced(styleBegin + 7, styleEnd - styleBegin - 7) : QString());
    takeSoon();
}

void ReportView::showEvent(QShowEvent *event)
{
    QTextBrowser::showEvent(event);
    takeSoon();
}

QMimeData *ReportView::createMimeDataFromSelection() const
{
    auto *copied = new QMimeData;
    copied->setText(textCursor().selection().toPlainText().remove(Break));
    return copied;
}

void ReportView::takeSoon()
{
    if (!m_parts.isEmpty() && isVisible() && !std::exchange(m_soon, true)) {
        QMetaObject::invokeMethod(this, &ReportView::takePart, Qt::QueuedConnection);
    }
}

void ReportView::takePart()
{
    m_soon = false;
    if (m_parts.isEmpty() || !isVisible()) {
        return;
    }
    QTextCursor cursor(document());
    cursor.movePosition(QTextCursor::End);
    cursor.insertHtml(withBreaks(m_parts.takeFirst()));
    cursor.movePosition(QTextCursor::End);
    // Between two tables there is a line, which is to be none where one goes on in the other.
    QTextBlockFormat line;
    line.setLineHeight(1, QTextBlockFormat::FixedHeight);
    cursor.setBlockFormat(line);
    if (!m_parts.isEmpty() && !m_parts.first().trimmed().startsWith("<table"_L1)) {
        // A heading would take the line for its own, and as high as that is. It comes after a distance:
        // an empty line that follows a table directly has no height at all.
        line.setLineHeight(HeadingDistance, QTextBlockFormat::FixedHeight);
        cursor.insertBlock(line);
        cursor.insertBlock(QTextBlockFormat());
    }
    if (!m_parts.isEmpty()) {
        takeSoon();
    } else if (m_scrolledTo > 0) {
        verticalScrollBar()->setValue(m_scrolledTo);
    }
}

} // namespace cutover
