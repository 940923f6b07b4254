// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/reportview.h"

#include "run/report.h"

#include <QScrollBar>
#include <QTextBlockFormat>
#include <QTextCursor>

using namespace Qt::StringLiterals;

namespace cutover {

ReportView::ReportView(QWidget *parent)
    : QTextBrowser(parent)
{
    setAccessibleName(tr("Report of the run"));
    setUndoRedoEnabled(false);
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
    cursor.insertHtml(m_parts.takeFirst());
    // Between two tables there is a line, which is to be none where one goes on in the other.
    cursor.movePosition(QTextCursor::End);
    QTextBlockFormat thin;
    thin.setLineHeight(1, QTextBlockFormat::FixedHeight);
    cursor.setBlockFormat(thin);
    if (!m_parts.isEmpty()) {
        takeSoon();
    } else if (m_scrolledTo > 0) {
        verticalScrollBar()->setValue(m_scrolledTo);
    }
}

} // namespace cutover
