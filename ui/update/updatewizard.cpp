// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/updatewizard.h"

#include "migration/migrationpage.h"
#include "update/backuppage.h"
#include "update/checkspage.h"
#include "update/configurationpage.h"
#include "update/versionpage.h"
#include "update/words.h"

namespace cutover {

using namespace Qt::StringLiterals;

UpdateWizard::UpdateWizard(EngineClient *engine, const QString &version, QWidget *parent)
    : PlanWizard(engine, parent)
{
    addPage([this, version] { return makeVersionPage(version); }, tr("Version"));
    addPage([this] { return new ChecksPage(draft()); }, tr("Pre-checks"));
    addPage([this] { return new BackupPage(draft()); }, tr("Backup"));
    addPage([this] { return new MigrationPage(draft()); }, tr("Migrations"));
    addPage([this] { return new ConfigurationPage(draft()); }, tr("Configuration"));
    addRunPages(tr("Review"));
    connect(draft(), &PlanDraft::targetChanged, this, &UpdateWizard::retitle);
    retitle();
    setFromTo({});
    goTo(Version);
}

WizardPage *UpdateWizard::makeVersionPage(const QString &version)
{
    auto *versions = new VersionPage(draft(), version);
    connect(versions, &WizardPage::changed, this, &UpdateWizard::retitle);
    connect(versions, &WizardPage::changed, this, [this, versions] {
        const QStringList path = versions->chosenPath();
        setFromTo(path.isEmpty() ? QString() : pathText(draft()->target().version, path));
    });
    return versions;
}

void UpdateWizard::retitle()
{
    setTitle(draft()->hasTarget() ? tr("Update %1").arg(draft()->target().name) : tr("Update"));
}

UpdateWizard *createUpdatePage(EngineClient *engine, const QString &version, QWidget *parent)
{
    return new UpdateWizard(engine, version, parent);
}

} // namespace cutover
