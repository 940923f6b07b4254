// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/heldpanel.h"

#include "common/buttons.h"
#include "common/times.h"
#include "update/incident.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

HeldPanel::HeldPanel(QWidget *parent)
    : Panel(tr("Held: a decision is needed"), parent)
    , m_reason(new TextLabel({}, TextStyle::Section))
    , m_hint(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_serving(new TextLabel)
    , m_silent(new TextLabel({}, TextStyle::Body, Theme::Role::Caution))
    , m_due(new TextLabel({}, TextStyle::Body, Theme::Role::Held))
    , m_gone(new TextLabel(tr("No runner works on this run any more; the next one starts with your decision."), TextStyle::Body, Theme::Role::Caution))
{
    for (TextLabel *label : {m_reason, m_hint}) {
        label->wrapped();
        body()->addWidget(label);
    }
    auto *facts = new QHBoxLayout;
    facts->setSpacing(space::Page);
    facts->addWidget(m_serving);
    facts->addWidget(m_due);
    facts->addStretch();
    body()->addLayout(facts);
    body()->addWidget(m_silent);
    m_gone->wrapped();
    m_gone->setObjectName(u"runnerGone"_s);
    m_gone->hide();
    body()->addWidget(m_gone);
    m_reason->selectable();
    m_reason->setObjectName(u"heldReason"_s);
    m_serving->setObjectName(u"heldServing"_s);
    m_silent->wrapped();
    m_silent->setObjectName(u"heldSilent"_s);
    auto *copy = new FlatButton(u"edit-copy"_s, tr("Copy incident summary"));
    connect(copy, &QPushButton::clicked, this, &HeldPanel::copyRequested);
    // No higher than the heading, which stands in line with that of the steps beside it.
    copy->setFixedHeight(22);
    actions()->addWidget(copy);

    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::Group);
    grid->setVerticalSpacing(space::Tight);
    grid->setColumnStretch(1, 1);
    const QList<std::pair<QString, QPushButton *>> buttons{
        {u"retry"_s, new QPushButton(tr("Retry the step"))},
        {u"resume"_s, new QPushButton(tr("Resume the run"))},
        {u"accept"_s, new QPushButton(tr("Accept as done"))},
        {u"rollback"_s, new DestructiveButton(tr("Roll back"))},
        {u"abandon"_s, new QPushButton(tr("Abandon the run…"))},
    };
    for (const auto &[verb, button] : buttons) {
        auto *cost = new TextLabel({}, TextStyle::Body, Theme::Role::Muted);
        cost->wrapped();
        button->setObjectName(verb);
        // Wrapped labels beside them would take their height where room is short.
        button->setMinimumHeight(button->sizeHint().height());
        grid->addWidget(button, int(m_choices.size()), 0);
        grid->addWidget(cost, int(m_choices.size()), 1);
        m_choices << Choice{verb, button, cost};
        connect(button, &QPushButton::clicked, this, [this, verb] { Q_EMIT chosen(verb); });
    }
    body()->addLayout(grid);
}

QPushButton *HeldPanel::button(const QString &verb) const
{
    for (const Choice &choice : m_choices) {
        if (choice.verb == verb) {
            return choice.button;
        }
    }
    return nullptr;
}

QString HeldPanel::costOf(const QString &verb) const
{
    if (verb == u"retry") {
        return tr("Does the step again from its beginning; safe to repeat.");
    }
    if (verb == u"resume") {
        const bool asks = m_view.run.reason.code == u"run.asks" || m_view.run.reason.code == u"run.asks_back";
        return asks ? tr("Agrees to what is asked above, and goes on.") : tr("Goes on where it paused.");
    }
    if (verb == u"accept") {
        const StepView *step = m_view.currentStep();
        const QString proof = step && step->spec.kind == u"command" ? tr("where the program can't tell, on your word.")
                                                                    : tr("only where looking at the system agrees.");
        return isTakingBack(m_view) ? tr("Goes on as if the step were taken back; %1").arg(proof) : tr("Goes on as if the step had worked; %1").arg(proof);
    }
    if (verb == u"rollback") {
        return m_view.ifAborted.isEmpty() ? tr("Takes back what was done.") : m_view.ifAborted.text();
    }
    return tr("Ends the run as it is. Nothing is taken back; the system stays between two versions.");
}

void HeldPanel::setRun(const RunView &view)
{
    m_view = view;
    m_reason->setText(reasonText(view));
    m_reason->setVisible(!m_reason->text().isEmpty());
    m_hint->setText(view.run.error.code.isEmpty() ? QString() : view.run.error.hint());
    m_hint->setVisible(!m_hint->text().isEmpty());
    m_serving->setText(servingSentence(view));
    m_silent->setText(silentSentence(view));
    m_silent->setVisible(!m_silent->text().isEmpty());
    button(u"accept"_s)->setText(isTakingBack(view) ? tr("Accept as taken back") : tr("Accept as done"));
    button(u"rollback"_s)->setText(tr("Roll back to %1").arg(view.run.plan.from));
    refreshChoices();
    tick();
}

void HeldPanel::setWhyNot(const QString &reason)
{
    if (m_whyNot != reason) {
        m_whyNot = reason;
        refreshChoices();
    }
}

void HeldPanel::refreshChoices()
{
    for (const Choice &choice : m_choices) {
        const bool offered = m_view.offers.contains(choice.verb);
        const Message refusal = m_view.refusals.value(choice.verb);
        const bool shown = offered || !refusal.isEmpty();
        choice.button->setVisible(shown);
        choice.cost->setVisible(shown);
        choice.cost->setText(offered ? costOf(choice.verb) : refusal.text());
        setDisabledReason(choice.button, !offered ? refusal.text() : m_whyNot);
    }
}

void HeldPanel::setRunnerGone(bool gone)
{
    m_gone->setVisible(gone);
}

void HeldPanel::tick()
{
    const QDateTime until = m_view.run.heldUntil;
    m_due->setVisible(until.isValid());
    if (!until.isValid()) {
        return;
    }
    const qint64 left = std::max<qint64>(0, QDateTime::currentDateTimeUtc().msecsTo(until)) / 1000 * 1000;
    const bool rollback = m_view.run.plan.policy[u"holdDefault"].toString() == u"rollback";
    m_due->setText(rollback ? tr("Without a decision it rolls back by itself in %1.").arg(durationText(left))
                            : tr("Without a decision it stays held; the time for one ends in %1.").arg(durationText(left)));
    m_due->setToolTip(exactTime(until));
}

} // namespace cutover
