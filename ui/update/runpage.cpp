// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/runpage.h"

#include "update/executepage.h"
#include "update/resultpage.h"
#include "update/runfeed.h"

#include <QLayout>

namespace cutover {

namespace {

void dropTopMargin(const QWidget *page)
{
    QMargins margins = page->layout()->contentsMargins();
    margins.setTop(0);
    page->layout()->setContentsMargins(margins);
}

} // namespace

RunPage::RunPage(EngineClient *engine, const QString &runId, QWidget *parent)
    : QStackedWidget(parent)
    , m_engine(engine)
    , m_runId(runId)
    , m_execute(new ExecutePage(engine, runId))
{
    addWidget(m_execute);
    // In an event of its own, behind the last that the run's page has to show.
    connect(m_execute, &ExecutePage::ended, this, &RunPage::showResult, Qt::QueuedConnection);
    connect(m_execute->feed(), &RunFeed::viewChanged, this, [this] {
        if (showsResult()) {
            m_result->setRun(m_execute->feed()->view());
        }
    });
    connect(m_execute, &ExecutePage::left, this, &RunPage::left);
}

void RunPage::setBelowHeader()
{
    m_belowHeader = true;
    dropTopMargin(m_execute);
}

void RunPage::showResult()
{
    if (m_result == nullptr) {
        m_result = new ResultPage(m_engine, m_runId);
        if (m_belowHeader) {
            dropTopMargin(m_result);
        }
        addWidget(m_result);
        connect(m_result, &ResultPage::finished, this, &RunPage::finished);
    }
    m_result->setRun(m_execute->feed()->view());
    setCurrentWidget(m_result);
    Q_EMIT resultShown();
}

} // namespace cutover
