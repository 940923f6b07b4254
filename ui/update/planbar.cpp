// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/planbar.h"

#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/progress.h"
#include "common/textlabel.h"
#include "update/plandraft.h"

#include <QHBoxLayout>
#include <QProgressBar>
#include <QVBoxLayout>

#include <utility>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

QString amountText(const Progress &progress)
{
    if (progress.total <= 0) {
        return {};
    }
    if (progress.unit == u"bytes") {
        return PlanBar::tr("%1 of %2").arg(sizeText(progress.done), sizeText(progress.total));
    }
    return PlanBar::tr("%1 of %2").arg(progress.done).arg(progress.total);
}

} // namespace

PlanBar::PlanBar(PlanDraft *draft, QWidget *parent)
    : QWidget(parent)
    , m_draft(draft)
    , m_working(new QWidget)
    , m_doing(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_progress(new QProgressBar)
    , m_stop(new QPushButton(tr("Stop planning")))
    , m_message(new InlineMessage)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    auto *row = new QHBoxLayout(m_working);
    row->setContentsMargins({});
    row->setSpacing(space::Group);
    m_progress->setTextVisible(false);
    m_progress->setFixedWidth(200);
    m_progress->setAccessibleName(tr("Progress of the plan"));
    row->addWidget(m_progress);
    row->addWidget(m_doing, 1);
    row->addWidget(m_stop);
    layout->addWidget(m_working);
    layout->addWidget(m_message);
    connect(m_stop, &QPushButton::clicked, draft, &PlanDraft::cancel);
    connect(draft, &PlanDraft::planChanged, this, &PlanBar::refresh);
    refresh();
}

void PlanBar::setFailureToldElsewhere(bool elsewhere)
{
    if (std::exchange(m_elsewhere, elsewhere) != elsewhere) {
        refresh();
    }
}

void PlanBar::refresh()
{
    const bool working = m_draft->isPlanning();
    m_working->setVisible(working);
    if (working) {
        const Progress &progress = m_draft->progress();
        m_progress->setRange(0, progress.total > 0 ? 1000 : 0);
        setProgress(m_progress, progress.total > 0 ? int(1000 * progress.done / progress.total) : 0);
        const QString doing = progress.doing.isEmpty() ? tr("Making the plan for %1").arg(m_draft->to()) : progress.doing.text();
        const QString amount = amountText(progress);
        m_doing->setText(amount.isEmpty() ? doing : tr("%1 · %2").arg(doing, amount));
    }
    const bool stopped = !m_elsewhere && !working && !m_draft->plan() && !m_draft->to().isEmpty();
    if (!stopped) {
        m_message->clear();
        m_again = nullptr;
    } else {
        m_message->clear();
        if (m_draft->error().code.isEmpty()) {
            m_message->tell(InlineMessage::Kind::Info, tr("There is no plan for %1: making it was stopped.").arg(m_draft->to()));
        } else {
            m_message->tell(m_draft->error());
        }
        m_again = m_message->addAction(tr("Plan again"));
        connect(m_again, &QPushButton::clicked, m_draft, &PlanDraft::requestAgain);
    }
    setVisible(working || stopped);
}

} // namespace cutover
