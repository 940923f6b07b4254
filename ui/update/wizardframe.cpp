// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/wizardframe.h"

#include "common/buttons.h"
#include "common/textlabel.h"
#include "update/planbar.h"
#include "update/plandraft.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPushButton>
#include <QStackedWidget>
#include <QStyle>
#include <QTimer>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

WizardFrame::WizardFrame(PlanDraft *draft, QWidget *parent)
    : QWidget(parent)
    , m_draft(draft)
    , m_top(new QWidget)
    , m_title(new TextLabel({}, TextStyle::Title))
    , m_fromTo(new TextLabel({}, TextStyle::Section, Theme::Role::Muted))
    , m_header(new StepHeader)
    , m_heading(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_plan(new PlanBar(draft))
    , m_stack(new QStackedWidget)
    , m_footer(new QWidget)
    , m_reason(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_cancel(new QPushButton(tr("Cancel")))
    , m_back(new QPushButton(tr("Back")))
    , m_next(new PrimaryButton(tr("Next")))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, space::Page, 0, 0);
    layout->setSpacing(space::Group);
    auto *top = new QHBoxLayout(m_top);
    top->setContentsMargins({});
    top->setSpacing(space::Group);
    top->addWidget(m_title);
    top->addWidget(m_fromTo, 0, Qt::AlignBottom);
    top->addStretch();
    // The page of a run brings margins of its own, being a page by itself elsewhere.
    auto *head = new QVBoxLayout;
    head->setContentsMargins(space::Page, 0, space::Page, 0);
    head->setSpacing(space::Group);
    head->addWidget(m_top);
    head->addWidget(m_header);
    m_heading->setWordWrap(true);
    head->addWidget(m_heading);
    head->addWidget(m_plan);
    layout->addLayout(head);
    layout->addWidget(m_stack, 1);

    auto *buttons = new QHBoxLayout(m_footer);
    buttons->setContentsMargins(space::Page, 0, space::Page, space::Group);
    buttons->setSpacing(space::Inside);
    m_reason->setWordWrap(true);
    m_reason->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_reason, 1);
    buttons->addWidget(m_back);
    buttons->addWidget(m_next);
    layout->addWidget(m_footer);
    m_next->setObjectName(u"next"_s);
    m_back->setObjectName(u"back"_s);
    m_cancel->setObjectName(u"cancel"_s);
    m_reason->setObjectName(u"reason"_s);

    connect(m_cancel, &QPushButton::clicked, this, &WizardFrame::cancelled);
    connect(m_back, &QPushButton::clicked, this, [this] { goTo(currentStep() - 1); });
    connect(m_next, &QPushButton::clicked, this, &WizardFrame::next);
    connect(draft, &PlanDraft::planChanged, this, &WizardFrame::refresh);
    connect(draft, &PlanDraft::targetChanged, this, &WizardFrame::refresh);
}

int WizardFrame::addPage(Maker maker, const QString &step)
{
    m_pages.append({std::move(maker)});
    addStep(step);
    if (m_pages.size() == 1) {
        QTimer::singleShot(0, this, &WizardFrame::makeNextPage);
    }
    return int(m_pages.size()) - 1;
}

WizardPage *WizardFrame::page(int step)
{
    Entry &entry = m_pages[step];
    if (entry.page == nullptr) {
        entry.page = entry.maker();
        WizardPage *page = entry.page;
        if (page->hasFooter()) {
            page->layout()->setContentsMargins(space::Page, 0, space::Page, 0);
        }
        m_stack->addWidget(page);
        connect(page, &WizardPage::changed, this, &WizardFrame::refresh);
        connect(page, &WizardPage::advance, this, [this, page] {
            if (page == currentPage()) {
                goTo(currentStep() + 1);
            }
        });
    }
    return entry.page;
}

void WizardFrame::makeNextPage()
{
    for (int step = 0; step < m_pages.size(); ++step) {
        if (m_pages[step].page == nullptr) {
            page(step);
            QTimer::singleShot(0, this, &WizardFrame::makeNextPage);
            return;
        }
    }
}

void WizardFrame::addStep(const QString &step)
{
    m_steps << step;
    m_header->setSteps(m_steps);
}

void WizardFrame::setHeaderStep(int step)
{
    m_header->setCurrent(step);
}

int WizardFrame::currentStep() const
{
    return m_current;
}

WizardPage *WizardFrame::currentPage() const
{
    return m_current >= 0 ? m_pages[m_current].page : nullptr;
}

void WizardFrame::goTo(int step)
{
    if (step < 0 || step >= m_pages.size()) {
        return;
    }
    WizardPage *wanted = page(step);
    m_current = step;
    m_stack->setCurrentWidget(wanted);
    m_header->setCurrent(step);
    currentPage()->enter();
    refresh();
    // Who walks through the rooms by keyboard is not drawn into the wizard.
    if (const QWidget *focus = QApplication::focusWidget(); focus != nullptr && !isAncestorOf(focus)) {
        return;
    }
    // The keyboard goes on where the page begins, not where the last one ended.
    if (QWidget *first = currentPage()->nextInFocusChain(); first != nullptr && !currentPage()->isAncestorOf(focusWidget())) {
        while (first != currentPage() && currentPage()->isAncestorOf(first)) {
            if (first->isVisibleTo(this) && first->isEnabled() && (first->focusPolicy() & Qt::TabFocus) != 0) {
                first->setFocus(Qt::OtherFocusReason);
                break;
            }
            first = first->nextInFocusChain();
        }
    }
}

void WizardFrame::setTitle(const QString &title)
{
    m_title->setText(title);
}

void WizardFrame::setFromTo(const QString &fromTo)
{
    m_fromTo->setText(fromTo);
    m_fromTo->setVisible(!fromTo.isEmpty());
}

void WizardFrame::next()
{
    WizardPage *page = currentPage();
    if (page != nullptr && page->blockedReason().isEmpty() && page->leave()) {
        goTo(currentStep() + 1);
    }
}

void WizardFrame::refresh()
{
    const WizardPage *page = currentPage();
    if (page == nullptr) {
        return;
    }
    m_heading->setText(page->heading());
    m_heading->setVisible(!page->heading().isEmpty());
    m_plan->setFailureToldElsewhere(page->tellsFailure());
    m_footer->setVisible(page->hasFooter());
    m_top->setVisible(page->hasFooter());
    const QString reason = page->blockedReason();
    m_reason->setText(reason);
    m_next->setText(page->nextText());
    m_next->setEnabled(reason.isEmpty());
    m_next->setAccessibleDescription(reason);
    m_next->setToolTip(reason);
    m_back->setVisible(currentStep() > 0);
    const QString kind = page->isDestructive() ? u"destructive"_s : u"primary"_s;
    if (m_next->property("cutoverButton").toString() != kind) {
        m_next->setProperty("cutoverButton", kind);
        QFont font = m_next->font();
        font.setWeight(page->isDestructive() ? QFont::Normal : QFont::DemiBold);
        m_next->setFont(font);
        style()->polish(m_next);
        m_next->update();
    }
}

void WizardFrame::keyPressEvent(QKeyEvent *event)
{
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    // What can't be undone is not the default of any key.
    if (enter && m_footer->isVisible() && m_next->isEnabled() && !currentPage()->isDestructive()) {
        m_next->click();
        return;
    }
    if (event->key() == Qt::Key_Back || (event->key() == Qt::Key_Left && event->modifiers() == Qt::AltModifier)) {
        if (m_footer->isVisible() && currentStep() > 0) {
            m_back->click();
            return;
        }
    }
    QWidget::keyPressEvent(event);
}

} // namespace cutover
