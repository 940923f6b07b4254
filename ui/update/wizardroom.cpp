// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/wizardroom.h"

#include "rollback/rollbackwizard.h"
#include "shell/console.h"
#include "update/runpage.h"
#include "update/updatewizard.h"

#include <QStackedWidget>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

QWidget *joined(PlanWizard *wizard, Console *console, WizardRoom *room)
{
    QObject::connect(wizard, &PlanWizard::openRun, room, &WizardRoom::setShownRun);
    QObject::connect(wizard, &PlanWizard::finished, room, [console, room] {
        room->startOver();
        console->openRoom(u"overview"_s);
    });
    return wizard;
}

const Rooms::Registration updates({20, u"updates"_s, u"system-software-update"_s, [] { return WizardRoom::tr("Updates"); },
                                   [](Console *console) -> Room * {
                                       return new WizardRoom(console, [console](const QString &argument, WizardRoom *room) {
                                           return joined(createUpdatePage(console->engine(), argument), console, room);
                                       });
                                   }});
const Rooms::Registration rollback({30, u"rollback"_s, u"edit-undo"_s, [] { return WizardRoom::tr("Rollback"); },
                                    [](Console *console) -> Room * {
                                        return new WizardRoom(console, [console](const QString &, WizardRoom *room) {
                                            return joined(createRollbackPage(console->engine()), console, room);
                                        });
                                    }});

} // namespace

WizardRoom::WizardRoom(Console *console, Maker maker)
    : m_console(console)
    , m_maker(std::move(maker))
    , m_stack(new QStackedWidget)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_stack);
}

void WizardRoom::open(const QString &argument)
{
    if (argument.startsWith(u"run:")) {
        showRun(argument.mid(4));
    } else if (m_run != nullptr && argument.isEmpty()) {
        m_stack->setCurrentWidget(m_run);
    } else {
        showWizard(argument);
    }
}

void WizardRoom::showWizard(const QString &argument)
{
    // A choice made elsewhere begins anew, unless the wizard already looks on at its run.
    if (m_wizard != nullptr && !argument.isEmpty() && m_shownRun.isEmpty()) {
        m_wizard->deleteLater();
        m_wizard = nullptr;
    }
    if (m_wizard == nullptr) {
        m_wizard = m_maker(argument, this);
        m_stack->addWidget(m_wizard);
    }
    m_stack->setCurrentWidget(m_wizard);
}

void WizardRoom::showRun(const QString &runId)
{
    if (m_wizard != nullptr && runId == m_shownRun) {
        m_stack->setCurrentWidget(m_wizard);
        return;
    }
    if (m_run == nullptr || m_run->runId() != runId) {
        if (m_run != nullptr) {
            m_run->deleteLater();
        }
        m_run = new RunPage(m_console->engine(), runId);
        m_stack->addWidget(m_run);
        const auto over = [this] {
            startOver();
            m_console->openRoom(u"overview"_s);
        };
        connect(m_run, &RunPage::left, this, over);
        connect(m_run, &RunPage::finished, this, over);
    }
    m_stack->setCurrentWidget(m_run);
}

void WizardRoom::startOver()
{
    m_shownRun.clear();
    for (QWidget *widget : {static_cast<QWidget *>(std::exchange(m_run, nullptr)), std::exchange(m_wizard, nullptr)}) {
        if (widget != nullptr) {
            m_stack->removeWidget(widget);
            widget->deleteLater();
        }
    }
}

} // namespace cutover
