// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/framebar.h"

#include "common/buttons.h"
#include "common/iconlabel.h"
#include "common/statuschip.h"
#include "common/textlabel.h"
#include "common/times.h"
#include "shell/console.h"
#include "shell/environment.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>
#include <QTimer>

using namespace Qt::StringLiterals;

namespace cutover {

FrameBar::FrameBar(Console *console, QWidget *parent)
    : QWidget(parent)
    , m_console(console)
    , m_name(new TextLabel({}, TextStyle::Section))
    , m_environment(new TextLabel({}, TextStyle::Caption))
    , m_databaseIcon(new IconLabel(u"server-database"_s, 16, Theme::Role::Muted))
    , m_database(new ElidedLabel)
    , m_health(new StatusChip)
    , m_connIcon(new IconLabel(u"user"_s, 16, Theme::Role::Muted))
    , m_conn(new TextLabel)
    , m_take(new QPushButton(tr("Take the conn")))
    , m_clock(new TextLabel)
{
    QFont bold = m_environment->font();
    bold.setWeight(QFont::Bold);
    bold.setLetterSpacing(QFont::AbsoluteSpacing, 0.6);
    m_environment->setFont(bold);
    m_environment->setContentsMargins(8, 3, 8, 3);
    m_environment->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    m_clock->setFont(tabularFont(m_clock->font()));
    m_clock->setToolTip(tr("Time of this machine"));
    m_take->setAutoDefault(false);
    m_database->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::Page, 7, space::Page, 5);
    row->setSpacing(space::Inside);
    row->addWidget(m_name);
    row->addWidget(m_environment);
    row->addSpacing(space::Inside);
    row->addWidget(m_databaseIcon);
    row->addWidget(m_database);
    row->addSpacing(space::Inside);
    row->addWidget(m_health);
    row->addStretch(1);
    row->addWidget(m_connIcon);
    row->addWidget(m_conn);
    row->addWidget(m_take);
    row->addSpacing(space::Group);
    row->addWidget(m_clock);
    setFixedHeight(46);

    auto *timer = new QTimer(this);
    timer->setInterval(1000);
    connect(timer, &QTimer::timeout, this, &FrameBar::tick);
    timer->start();
    connect(m_take, &QPushButton::clicked, this, &FrameBar::connWanted);
    connect(console, &Console::targetChanged, this, &FrameBar::refresh);
    connect(console, &Console::connectionChanged, this, &FrameBar::refresh);
    connect(&Theme::instance(), &Theme::changed, this, &FrameBar::refresh);
    refresh();
    tick();
}

void FrameBar::refresh()
{
    const bool known = m_console->target().has_value();
    for (QWidget *widget : std::initializer_list<QWidget *>{m_environment, m_databaseIcon, m_database, m_health, m_connIcon, m_conn}) {
        widget->setVisible(known);
    }
    if (!known) {
        m_take->hide();
        m_name->setText(m_console->startFailure().code.isEmpty() ? tr("Connecting…") : tr("Not started"));
        return;
    }
    const TargetView &target = *m_console->target();
    m_name->setText(target.name);
    m_environment->setText(environmentText(target.environment).toUpper());
    m_environment->setAccessibleName(tr("Environment: %1").arg(environmentText(target.environment)));
    m_environment->setRole(environmentLook(target.environment).ink);
    m_database->setText(target.host.isEmpty() ? target.database : tr("%1 on %2").arg(target.database, target.host));
    const bool visible = m_console->isConnected();
    const Status status = visible ? statusOfHealth(target.health) : Status::Unknown;
    QString word = statusLook(status).word;
    if (visible && target.lookAgeMs > 0) {
        // The services did not answer in time just now; what is shown is said to be older.
        word = tr("%1, as of %2 ago").arg(word, durationText(std::max<qint64>(1, (target.lookAgeMs + 500) / 1000) * 1000));
    }
    m_health->setStatus(status, target.version.isEmpty() ? tr("No version · %1").arg(word) : tr("v%1 · %2").arg(target.version, word));
    if (target.connHolder.isEmpty()) {
        m_conn->setText(tr("Nobody has the conn"));
    } else {
        const QString since = QLocale().toString(target.connSince.toLocalTime().time(), u"HH:mm"_s);
        m_conn->setText(target.connOurs ? tr("You have the conn since %1").arg(since) : tr("%1 has the conn since %2").arg(target.connHolder, since));
    }
    m_conn->setToolTip(target.connNote.isEmpty() ? exactTime(target.connSince) : target.connNote);
    m_take->setVisible(target.connHolder.isEmpty());
    m_take->setEnabled(visible);
    update();
}

void FrameBar::tick()
{
    m_clock->setText(QLocale().toString(QTime::currentTime(), u"HH:mm:ss"_s));
}

void FrameBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.fillRect(rect(), Theme::color(Theme::Role::Raised));
    painter.fillRect(0, height() - 1, width(), 1, Theme::color(Theme::Role::Border));
    if (!m_console->target()) {
        return;
    }
    const EnvironmentLook look = environmentLook(m_console->target()->environment);
    painter.fillRect(0, 0, width(), 3, Theme::color(look.line));
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::color(look.tint));
    painter.drawRoundedRect(m_environment->geometry(), 4, 4);
}

} // namespace cutover
