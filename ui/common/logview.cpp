// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/logview.h"

#include "common/buttons.h"
#include "common/textlabel.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

LogView::LogView(const QString &accessibleName, QWidget *parent)
    : QWidget(parent)
    , m_filter(new QLineEdit)
    , m_count(new TextLabel({}, TextStyle::Caption))
    , m_text(new QPlainTextEdit)
    , m_jump(new QPushButton(tr("Jump to end"), m_text))
{
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setAccessibleName(tr("Filter lines"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMaximumWidth(240);
    m_text->setAccessibleName(accessibleName);
    m_text->setReadOnly(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setFont(monospaceFont());
    m_text->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    m_text->setMaximumBlockCount(MaxLines);
    m_text->setTabChangesFocus(true);
    m_text->setUndoRedoEnabled(false);
    m_text->setFrameShape(QFrame::NoFrame);
    m_jump->hide();
    m_jump->setAutoDefault(false);

    auto *bar = new QHBoxLayout;
    bar->setContentsMargins(space::Inside, 0, space::Inside, 0);
    bar->addWidget(m_filter);
    bar->addWidget(m_count);
    bar->addStretch();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::Tight);
    column->addLayout(bar);
    // In line with the filter.
    auto *lines = new QHBoxLayout;
    lines->setContentsMargins(space::Tight, 0, 0, 0);
    lines->addWidget(m_text);
    column->addLayout(lines, 1);

    connect(m_filter, &QLineEdit::textChanged, this, &LogView::refilter);
    connect(m_jump, &QPushButton::clicked, this, &LogView::jumpToEnd);
    connect(m_text->verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (!m_inserting) {
            m_following = value >= m_text->verticalScrollBar()->maximum();
            m_jump->setVisible(!m_following);
            placeJump();
        }
    });
}

void LogView::clear()
{
    m_lines.clear();
    m_partial.clear();
    m_text->clear();
    m_count->clear();
    m_following = true;
    m_jump->hide();
}

void LogView::append(const QString &text)
{
    m_partial += text;
    QStringList lines = m_partial.split(u'\n');
    m_partial = lines.takeLast();
    if (!lines.isEmpty()) {
        m_lines.append(lines);
        if (m_lines.size() > MaxLines) {
            m_lines.remove(0, m_lines.size() - MaxLines);
        }
        add(lines);
    }
}

void LogView::appendLine(const QString &line)
{
    append(line + u'\n');
}

void LogView::setFilter(const QString &filter)
{
    m_filter->setText(filter);
}

void LogView::add(const QStringList &lines)
{
    const QString wanted = m_filter->text();
    QStringList shown = lines;
    if (!wanted.isEmpty()) {
        shown.removeIf([&wanted](const QString &line) { return !line.contains(wanted, Qt::CaseInsensitive); });
    }
    if (!shown.isEmpty()) {
        m_inserting = true;
        const int position = m_text->verticalScrollBar()->value();
        m_text->appendPlainText(shown.join(u'\n'));
        m_text->verticalScrollBar()->setValue(m_following ? m_text->verticalScrollBar()->maximum() : position);
        m_inserting = false;
    }
    const QLocale locale;
    const QString all = m_lines.size() == 1 ? tr("1 line") : tr("%1 lines").arg(locale.toString(m_lines.size()));
    m_count->setText(wanted.isEmpty() ? all : tr("%1 of %2").arg(locale.toString(m_text->document()->isEmpty() ? 0 : m_text->blockCount()), all));
}

void LogView::refilter()
{
    m_inserting = true;
    m_text->clear();
    m_inserting = false;
    // Seen only where no line is.
    m_text->setPlaceholderText(m_filter->text().isEmpty() ? QString() : tr("No line holds “%1”.").arg(m_filter->text()));
    add(m_lines);
    jumpToEnd();
}

void LogView::jumpToEnd()
{
    m_following = true;
    m_text->verticalScrollBar()->setValue(m_text->verticalScrollBar()->maximum());
    m_jump->hide();
}

void LogView::placeJump()
{
    const QSize size = m_jump->sizeHint();
    m_jump->setGeometry(m_text->viewport()->width() - size.width() - space::Group, m_text->viewport()->height() - size.height() - space::Group,
                        size.width(), size.height());
}

void LogView::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    placeJump();
}

} // namespace cutover
