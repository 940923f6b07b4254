// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/flagrow.h"

#include "common/buttons.h"
#include "common/icons.h"
#include "common/page.h"
#include "common/textlabel.h"
#include "common/times.h"
#include "common/toggleswitch.h"
#include "feature/rolloutslider.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

FlagRow::FlagRow(const QString &name, QWidget *parent)
    : QFrame(parent)
    , m_name(name)
    , m_description(new ElidedLabel)
    , m_toggle(new ToggleSwitch)
    , m_slider(new RolloutSlider)
    , m_field(new QDoubleSpinBox)
    , m_summary(new TextLabel)
    , m_changed(new TextLabel({}, TextStyle::Caption))
    , m_kill(new QPushButton(tr("Switch off now")))
{
    setAccessibleName(tr("Flag %1").arg(name));
    auto *title = new ElidedLabel(name, Qt::ElideMiddle);
    QFont bold = title->font();
    bold.setWeight(QFont::DemiBold);
    title->setFont(bold);
    m_description->setRole(Theme::Role::Muted);
    m_description->setFont(textFont(TextStyle::Caption, m_description->font()));
    m_toggle->setAccessibleName(tr("%1 on or off").arg(name));
    m_slider->setAccessibleName(tr("Rollout of %1").arg(name));
    m_field->setAccessibleName(tr("Rollout of %1 in per cent").arg(name));
    m_field->setRange(0, 100);
    m_field->setDecimals(2);
    m_field->setSingleStep(1);
    m_field->setSuffix(tr(" %"));
    m_field->setAlignment(Qt::AlignRight);
    m_field->setKeyboardTracking(false);
    m_field->setFixedWidth(104);
    m_field->setFont(tabularFont(m_field->font()));
    m_field->setFocusPolicy(Qt::StrongFocus);
    m_kill->setAutoDefault(false);
    m_kill->setIcon(themeIcon(u"process-stop"_s, Theme::Role::Danger));
    m_kill->setAccessibleName(tr("Switch %1 off now").arg(name));
    m_kill->setToolTip(tr("Takes the feature away from everybody at once, without staging."));
    m_summary->setFont(tabularFont(m_summary->font()));

    auto *names = new QVBoxLayout;
    names->setSpacing(2);
    names->addWidget(title);
    names->addWidget(m_description);
    auto *namesBox = new QWidget;
    namesBox->setLayout(names);
    names->setContentsMargins(0, 0, 0, 0);
    namesBox->setFixedWidth(220);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(m_summary);
    texts->addWidget(m_changed);
    auto *textsBox = new QWidget;
    textsBox->setLayout(texts);
    texts->setContentsMargins(0, 0, 0, 0);
    textsBox->setFixedWidth(230);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::Group, space::Group, space::Group, space::Group);
    row->setSpacing(space::Group);
    row->addWidget(namesBox, 0, Qt::AlignVCenter);
    row->addWidget(m_toggle, 0, Qt::AlignVCenter);
    row->addWidget(m_slider, 1, Qt::AlignVCenter);
    row->addWidget(m_field, 0, Qt::AlignVCenter);
    row->addWidget(textsBox, 0, Qt::AlignVCenter);
    row->addWidget(m_kill, 0, Qt::AlignVCenter);

    connect(m_toggle, &ToggleSwitch::toggled, this, [this](bool on) {
        if (!m_showing) {
            Q_EMIT enabledStaged(m_name, on);
        }
    });
    connect(m_slider, &QSlider::valueChanged, this, [this] {
        if (!m_showing) {
            Q_EMIT rolloutStaged(m_name, m_slider->percent());
        }
    });
    connect(m_field, &QDoubleSpinBox::valueChanged, this, [this](double percent) {
        if (!m_showing) {
            Q_EMIT rolloutStaged(m_name, percent);
        }
    });
    connect(m_kill, &QPushButton::clicked, this, [this] { Q_EMIT killWanted(m_name); });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void FlagRow::display(const StagedFlag &row)
{
    m_showing = true;
    m_description->setText(row.flag.description);
    m_toggle->setChecked(row.enabled);
    m_slider->setPercent(row.rollout);
    m_slider->setCommitted(row.flag.rollout);
    m_slider->setMuted(!row.enabled);
    if (!m_field->hasFocus() || std::abs(m_field->value() - row.rollout) > 1e-9) {
        m_field->setValue(row.rollout);
    }
    m_summary->setText(row.staged ? StagedFlags::changeText(row) : StagedFlags::audienceText(row.enabled, row.rollout));
    m_summary->setRole(row.staged ? Theme::Role::Accent : Theme::Role::Text);
    QString second;
    if (row.changedMeanwhile()) {
        second = tr("changed meanwhile by %1").arg(row.flag.changedBy);
    } else if (row.staged) {
        second = StagedFlags::audienceText(row.enabled, row.rollout);
    } else if (row.flag.changed.isValid()) {
        second = row.flag.changedBy.isEmpty() ? tr("changed %1").arg(relativeTime(row.flag.changed))
                                              : tr("%1, %2").arg(row.flag.changedBy, relativeTime(row.flag.changed));
    }
    m_changed->setText(second);
    m_changed->setRole(row.changedMeanwhile() ? Theme::Role::Caution : Theme::Role::Muted);
    m_changed->setToolTip(exactTime(row.flag.changed));
    m_slider->setAccessibleDescription(m_summary->text());
    m_showing = false;
}

void FlagRow::setReason(const QString &reason)
{
    for (QWidget *widget : std::initializer_list<QWidget *>{m_toggle, m_slider, m_field}) {
        setDisabledReason(widget, reason);
    }
}

QString FlagRow::summary() const
{
    return m_summary->text();
}

void FlagRow::paintEvent(QPaintEvent *)
{
    paintPanel(this);
}

} // namespace cutover
