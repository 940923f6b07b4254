// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/runbar.h"

#include "common/iconlabel.h"
#include "common/status.h"
#include "common/textlabel.h"
#include "common/times.h"
#include "shell/console.h"
#include "shell/room.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// A runner tells that it lives each second; after this much silence it may not.
constexpr qint64 SilenceLimit = 5000;

} // namespace

RunBar::RunBar(Console *console, QWidget *parent)
    : QWidget(parent)
    , m_console(console)
    , m_icon(new IconLabel(u"media-playback-start"_s))
    , m_what(new TextLabel)
    , m_doing(new ElidedLabel)
    , m_alive(new TextLabel)
    , m_turnBack(new TextLabel)
    , m_open(new QPushButton(tr("Open")))
{
    QFont bold = m_what->font();
    bold.setWeight(QFont::DemiBold);
    m_what->setFont(bold);
    m_alive->setFont(tabularFont(m_alive->font()));
    m_turnBack->setFont(tabularFont(m_turnBack->font()));
    // Nothing moves when the seconds get more.
    m_alive->setMinimumWidth(m_alive->fontMetrics().horizontalAdvance(aliveText(59'000)) + 2);
    m_alive->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_open->setAutoDefault(false);
    m_open->setAccessibleName(tr("Open the run"));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::Page, space::Tight, space::Group, space::Tight);
    row->setSpacing(space::Group);
    row->addWidget(m_icon);
    row->addWidget(m_what);
    row->addWidget(m_doing, 1);
    row->addWidget(m_alive);
    row->addWidget(m_turnBack);
    row->addWidget(m_open);
    setFixedHeight(46);

    auto *timer = new QTimer(this);
    timer->setInterval(1000);
    connect(timer, &QTimer::timeout, this, &RunBar::tick);
    timer->start();
    connect(m_open, &QPushButton::clicked, this, [this] {
        if (m_console->activeRun()) {
            m_console->openRun(*m_console->activeRun());
        }
    });
    connect(console, &Console::activeRunChanged, this, &RunBar::refresh);
    connect(console, &Console::doingChanged, this, &RunBar::refresh);
    connect(console, &Console::connectionChanged, this, &RunBar::tick);
    connect(console, &Console::targetChanged, this, &RunBar::tick);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    refresh();
}

QString RunBar::text() const
{
    return m_what->text();
}

void RunBar::refresh()
{
    const auto &run = m_console->activeRun();
    setVisible(run.has_value());
    if (!run) {
        return;
    }
    const Plan &plan = run->run.plan;
    const bool back = plan.kind == "rollback"_L1;
    const RunState state = run->run.state;
    const StatusLook look = statusLook(statusOf(state));
    m_icon->setIcon(look.icon, look.ink);
    QString what;
    if (state == RunState::Held) {
        what = back ? tr("Rollback to %1 is held").arg(plan.to) : tr("Update to %1 is held").arg(plan.to);
    } else if (state == RunState::Reverting) {
        what = tr("Rolling back to %1").arg(plan.from);
    } else if (state == RunState::Abandoned) {
        what = back ? tr("Rollback to %1 is abandoned").arg(plan.to) : tr("Update to %1 is abandoned").arg(plan.to);
    } else if (isFinal(state)) {
        what = back || state == RunState::RolledBack ? tr("Rolled back to %1").arg(back && state == RunState::Succeeded ? plan.to : plan.from) : tr("Updated to %1").arg(plan.to);
    } else {
        what = back ? tr("Rolling back to %1").arg(plan.to) : tr("Updating to %1").arg(plan.to);
    }
    if (run->current >= 0 && run->current < run->steps.size()) {
        what += tr(" · step %1 of %2").arg(run->current + 1).arg(run->steps.size());
    }
    const BreakGlass &glass = run->run.breakGlass;
    if (!glass.isEmpty()) {
        what += tr(" · glass broken");
    }
    m_what->setToolTip(glass.isEmpty() ? QString() : tr("%1 broke the glass: %2").arg(glass.by, glass.reason));
    m_what->setText(what);
    Message doing = m_console->doing();
    if (state == RunState::Held || state == RunState::Reverting) {
        doing = run->run.reason;
    } else if (doing.isEmpty() && run->current >= 0 && run->current < run->steps.size()) {
        doing = run->steps.at(run->current).spec.intent;
    }
    m_doing->setText(doing.text());
    m_turnBack->setVisible(run->turnBackBy.isValid());
    if (run->turnBackBy.isValid()) {
        m_turnBack->setToolTip(exactTime(run->turnBackBy));
    }
    m_open->setVisible(Rooms::contains(back ? u"rollback"_s : u"updates"_s));
    setAccessibleName(what);
    tick();
    update();
}

void RunBar::tick()
{
    if (!m_console->activeRun()) {
        return;
    }
    // A lost connection tells nothing about the runner.
    const qint64 silence = m_console->isConnected() ? m_console->runnerSilence() : -1;
    const bool gone = m_console->runnerGone();
    m_alive->setVisible(!isFinal(m_console->activeRun()->run.state));
    m_alive->setText(gone ? tr("no runner; your decision starts one") : aliveText(silence));
    m_alive->setRole(gone || silence < 0 || silence > SilenceLimit ? Theme::Role::Caution : Theme::Role::Text);
    const auto &turnBack = m_console->activeRun()->turnBackBy;
    if (turnBack.isValid()) {
        const bool passed = turnBack < QDateTime::currentDateTimeUtc();
        const QString time = QLocale().toString(turnBack.toLocalTime().time(), u"HH:mm"_s);
        m_turnBack->setText(passed ? tr("the time to turn back was %1").arg(time) : tr("turn back by %1").arg(time));
        m_turnBack->setRole(passed ? Theme::Role::Danger : Theme::Role::Text);
    }
}

void RunBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    Theme::Role tint = Theme::Role::InfoTint;
    if (m_console->activeRun()) {
        tint = statusLook(statusOf(m_console->activeRun()->run.state)).tint;
    }
    painter.fillRect(rect(), Theme::color(tint));
    painter.fillRect(0, 0, width(), 1, Theme::color(Theme::Role::Border));
}

} // namespace cutover
