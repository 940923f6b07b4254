// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/updatewizard.h"

#include "migration/migrationpage.h"
#include "update/backuppage.h"
#include "update/checkspage.h"
#include "update/commitpage.h"
#include "update/configurationpage.h"
#include "update/runpage.h"
#include "update/steptimelineview.h"
#include "update/versionpage.h"
#include "update/words.h"

#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

RunStep::RunStep(EngineClient *engine, QWidget *parent)
    : WizardPage(parent)
    , m_engine(engine)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
}

void RunStep::open(const QString &runId)
{
    if (m_run != nullptr) {
        m_run->deleteLater();
    }
    m_run = new RunPage(m_engine, runId);
    m_run->setBelowHeader();
    layout()->addWidget(m_run);
    connect(m_run, &RunPage::left, this, &RunStep::finished);
    connect(m_run, &RunPage::finished, this, &RunStep::finished);
    connect(m_run, &RunPage::resultShown, this, &RunStep::resultShown);
}

void RunStep::enter()
{
    // At the steps, and not at the first thing that can be pressed.
    if (auto *steps = findChild<StepTimelineView *>()) {
        steps->setFocus();
    }
}

UpdateWizard::UpdateWizard(EngineClient *engine, const QString &version, QWidget *parent)
    : UpdateWizard(new PlanDraft(engine), version, parent)
{
}

UpdateWizard::UpdateWizard(PlanDraft *draft, const QString &version, QWidget *parent)
    : WizardFrame(draft, parent)
    , m_draft(draft)
{
    draft->setParent(this);
    addPage([this, version] { return makeVersionPage(version); }, tr("Version"));
    addPage([draft] { return new ChecksPage(draft); }, tr("Pre-checks"));
    addPage([draft] { return new BackupPage(draft); }, tr("Backup"));
    addPage([draft] { return new MigrationPage(draft); }, tr("Migrations"));
    addPage([draft] { return new ConfigurationPage(draft); }, tr("Configuration"));
    addPage([this] { return makeCommitPage(); }, tr("Review"));
    addPage([this] { return makeRunStep(); }, tr("Execute"));
    addStep(tr("Result"));

    connect(this, &WizardFrame::cancelled, this, [this] {
        m_draft->clear();
        Q_EMIT finished();
    });
    connect(draft, &PlanDraft::targetChanged, this, &UpdateWizard::retitle);
    retitle();
    setFromTo({});
    goTo(Version);
}

WizardPage *UpdateWizard::makeVersionPage(const QString &version)
{
    auto *versions = new VersionPage(m_draft, version);
    connect(versions, &WizardPage::changed, this, &UpdateWizard::retitle);
    connect(versions, &WizardPage::changed, this, [this, versions] {
        const QStringList path = versions->chosenPath();
        setFromTo(path.isEmpty() ? QString() : pathText(m_draft->target().version, path));
    });
    return versions;
}

WizardPage *UpdateWizard::makeCommitPage()
{
    auto *commit = new CommitPage(m_draft);
    connect(commit, &CommitPage::started, this, [this](const QString &runId) {
        static_cast<RunStep *>(page(Execute))->open(runId);
        // To make the run's page is one event's work, to show it another's.
        QMetaObject::invokeMethod(this, [this] { goTo(Execute); }, Qt::QueuedConnection);
        Q_EMIT openRun(runId);
    });
    return commit;
}

WizardPage *UpdateWizard::makeRunStep()
{
    auto *run = new RunStep(m_draft->engine());
    connect(run, &RunStep::resultShown, this, [this] { setHeaderStep(Result); });
    connect(run, &RunStep::finished, this, &UpdateWizard::finished);
    return run;
}

void UpdateWizard::retitle()
{
    setTitle(m_draft->hasTarget() ? tr("Update %1").arg(m_draft->target().name) : tr("Update"));
}

UpdateWizard *createUpdatePage(EngineClient *engine, const QString &version, QWidget *parent)
{
    return new UpdateWizard(engine, version, parent);
}

} // namespace cutover
