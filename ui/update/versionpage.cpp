// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/versionpage.h"

#include "common/ask.h"
#include "common/emptystate.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/statuschip.h"
#include "common/tableview.h"
#include "common/textlabel.h"
#include "run/words.h"
#include "update/plandraft.h"
#include "update/words.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

VersionPage::VersionPage(PlanDraft *draft, const QString &preferred, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_preferred(preferred)
    , m_table(new TableView(tr("Releases")))
    , m_empty(new EmptyState(u"update-none"_s, tr("The repository offers no release."), tr("Look again")))
    , m_message(new InlineMessage)
    , m_content(new QWidget)
    , m_version(new TextLabel({}, TextStyle::Section))
    , m_risk(new StatusChip)
    , m_facts(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_path(new TextLabel)
    , m_blocked(new TextLabel({}, TextStyle::Body, Theme::Role::Caution))
    , m_changes(new QTextBrowser)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Group);
    layout->addWidget(m_message);
    layout->addWidget(m_empty, 1);
    layout->addWidget(m_content, 1);

    auto *columns = new QHBoxLayout(m_content);
    columns->setContentsMargins({});
    columns->setSpacing(space::Group);
    m_table->setObjectName(u"releases"_s);
    m_table->setModel(&m_model);
    m_table->setStretchColumn(ReleaseModel::PathColumn);
    auto *releases = new Panel;
    releases->setFlush(true);
    releases->body()->addWidget(m_table);
    columns->addWidget(releases, 3);

    auto *details = new Panel;
    auto *head = new QHBoxLayout;
    head->setSpacing(space::Inside);
    head->addWidget(m_version);
    head->addWidget(m_risk);
    head->addStretch();
    details->body()->addLayout(head);
    m_facts->wrapped();
    m_path->wrapped();
    m_blocked->wrapped();
    details->body()->addWidget(m_facts);
    details->body()->addWidget(m_path);
    details->body()->addWidget(m_blocked);
    m_changes->setFrameShape(QFrame::NoFrame);
    m_changes->setAccessibleName(tr("Changes in this release"));
    m_changes->setOpenLinks(false);
    m_changes->document()->setDocumentMargin(0);
    m_changes->viewport()->setAutoFillBackground(false);
    details->body()->addWidget(m_changes, 1);
    columns->addWidget(details, 2);

    m_content->hide();
    m_empty->hide();
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        showRelease();
        Q_EMIT changed();
    });
    connect(m_table, &QTableView::activated, this, [this] {
        if (blockedReason().isEmpty() && leave()) {
            Q_EMIT advance();
        }
    });
    connect(m_empty, &EmptyState::activated, this, &VersionPage::load);
    connect(draft, &PlanDraft::targetChanged, this, [this] {
        if (m_loaded && m_model.installed() != m_draft->target().version) {
            load();
        }
    });
    connect(draft->engine(), &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"releases")) {
            load();
        }
    });
    load();
}

void VersionPage::enter()
{
    if (m_content->isVisible()) {
        m_table->setFocus();
    }
}

bool VersionPage::leave()
{
    m_draft->requestUpdate(chosen());
    return true;
}

QString VersionPage::heading() const
{
    return tr("Choose the version to install. Nothing is changed before the last page.");
}

QString VersionPage::blockedReason() const
{
    if (!m_loaded) {
        return tr("The repository is being asked.");
    }
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid()) {
        return m_model.rowCount() == 0 ? tr("There is nothing to install.") : tr("Choose a version.");
    }
    if (!m_draft->target().activeRun.isEmpty()) {
        return tr("A run is under way; open it from the bar below, or wait for its end.");
    }
    return current.data(ReleaseModel::InstallableRole).toBool() ? QString() : tr("%1 can't be installed from here.").arg(current.data(ReleaseModel::VersionRole).toString());
}

QString VersionPage::chosen() const
{
    const QModelIndex current = m_table->currentIndex();
    return current.data(ReleaseModel::InstallableRole).toBool() ? current.data(ReleaseModel::VersionRole).toString() : QString();
}

QStringList VersionPage::chosenPath() const
{
    return m_table->currentIndex().data(ReleaseModel::PathRole).toStringList();
}

void VersionPage::load()
{
    ask<QList<ReleaseView>>(this, m_draft->engine()->releases(), [this](Result<QList<ReleaseView>> releases) { show(releases); });
}

void VersionPage::show(const Result<QList<ReleaseView>> &releases)
{
    if (!releases) {
        m_message->clear();
        m_message->tell(releases.error());
        connect(m_message->addAction(tr("Ask again")), &QPushButton::clicked, this, &VersionPage::load);
        return;
    }
    m_message->clear();
    const QString kept = m_table->currentIndex().isValid() ? m_table->currentIndex().data(ReleaseModel::VersionRole).toString() : m_preferred;
    m_loaded = true;
    m_model.setReleases(*releases, m_draft->target().version);
    m_content->setVisible(!releases->isEmpty());
    m_empty->setVisible(releases->isEmpty());
    m_table->fitColumns();
    int row = m_model.rowOf(kept);
    if (row < 0) {
        row = m_model.firstInstallable();
    }
    if (row < 0 && m_model.rowCount() > 0) {
        row = 0;
    }
    if (row >= 0) {
        m_table->setCurrentIndex(m_model.index(row, 0));
    }
    showRelease();
    Q_EMIT changed();
}

void VersionPage::showRelease()
{
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid()) {
        return;
    }
    const ReleaseView &release = m_model.at(current.row());
    m_version->setText(tr("Version %1").arg(release.manifest.version.toString()));
    m_risk->setStatus(statusOfRisk(release.risk));
    QStringList facts{words::ofUpdateType(release.updateType),
                      release.expectedDowntimeMs > 0 ? tr("downtime about %1").arg(durationText(release.expectedDowntimeMs)) : tr("no downtime expected")};
    if (release.size > 0) {
        facts << tr("%1 to download").arg(sizeText(release.size));
    }
    if (release.manifest.migration || release.manifest.dataMigration) {
        facts << (release.manifest.dataMigration ? tr("migrates the database and moves data") : tr("migrates the database"));
    }
    m_facts->setText(facts.join(u" · "_s));
    m_path->setText(release.path.size() > 1
                        ? tr("%1: %n releases are installed one after the other.", nullptr, int(release.path.size()))
                              .arg(pathText(m_model.installed(), release.path))
                        : pathText(m_model.installed(), release.path));
    m_path->setVisible(!release.path.isEmpty());
    const QString blocked = current.data(ReleaseModel::BlockedRole).toString();
    const QString hint = release.blocked.code.isEmpty() ? QString() : release.blocked.hint();
    m_blocked->setText(hint.isEmpty() ? blocked : tr("%1 %2").arg(blocked, hint));
    m_blocked->setVisible(!blocked.isEmpty());
    m_changes->setHtml(changelogHtml(release.manifest));
}

} // namespace cutover
