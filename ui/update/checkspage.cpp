// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/checkspage.h"

#include "check/checklist.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/textlabel.h"
#include "update/plandraft.h"
#include "update/sessionsdialog.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

ChecksPage::ChecksPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_job(draft->engine())
    , m_summary(new TextLabel({}, TextStyle::Section))
    , m_sessions(new QPushButton(tr("Database sessions…")))
    , m_again(new QPushButton(tr("Run checks again")))
    , m_known(new QCheckBox(tr("Go on: what failed is known, and the update is to cure it")))
    , m_table(new TableView(tr("Pre-checks")))
    , m_message(new InlineMessage)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Group);
    auto *head = new QHBoxLayout;
    head->addWidget(m_summary, 1);
    head->addWidget(m_sessions);
    head->addWidget(m_again);
    layout->addLayout(head);
    layout->addWidget(m_message);
    layout->addWidget(m_known);
    m_known->setObjectName(u"knownFailures"_s);
    m_known->setToolTip(tr("Nothing is rolled back for it, and it stays on the list afterwards. You are asked for a reason before the start."));
    m_known->hide();
    m_again->setObjectName(u"again"_s);
    m_sessions->setObjectName(u"databaseSessions"_s);
    m_sessions->hide();
    m_table->setModel(&m_model);
    m_table->setStretchColumn(CheckModel::FindingColumn);
    // A failed check takes the lines that reason and remedy need.
    m_table->setRowsWrapped();
    auto *checks = new Panel;
    checks->setFlush(true);
    checks->body()->addWidget(m_table);
    layout->addWidget(checks, 1);

    connect(m_sessions, &QPushButton::clicked, this, &ChecksPage::showSessions);
    connect(m_again, &QPushButton::clicked, this, &ChecksPage::run);
    connect(m_known, &QCheckBox::toggled, this, [this](bool goOn) {
        m_draft->setKnownFailures(goOn ? passable() : QStringList());
        Q_EMIT changed();
    });
    connect(&m_job, &JobTracker::item, this, [this](const QJsonObject &item) {
        const CheckResult result = CheckResult::fromJson(item);
        if (result.id.startsWith(u"transactions:")) {
            m_sessions->show();
        }
        m_model.update(result);
        // Several come at once.
        m_table->fitColumnsSoon();
        summarize();
    });
    connect(&m_job, &JobTracker::done, this, [this](const QJsonObject &result) {
        m_ended = true;
        m_passed = result[u"passed"].toBool();
        summarize();
    });
    connect(&m_job, &JobTracker::failed, this, [this](const Error &error) {
        m_checked.clear();
        m_message->tell(error);
        summarize();
    });
}

void ChecksPage::enter()
{
    if (m_checked != m_draft->to()) {
        run();
    }
}

void ChecksPage::run()
{
    m_checked = m_draft->to();
    m_ended = m_passed = false;
    m_model.clear();
    m_known->setChecked(false);
    m_sessions->hide();
    m_message->clear();
    m_job.follow(m_draft->engine()->startChecks(m_checked));
    summarize();
}

void ChecksPage::showSessions()
{
    auto *sessions = new SessionsDialog(m_draft->engine(), this);
    connect(sessions, &SessionsDialog::ended, this, [this] {
        if (!m_job.isRunning()) {
            run();
        }
    });
    sessions->open();
}

void ChecksPage::summarize()
{
    using enum CheckResult::Status;
    const int failed = m_model.count(Failed);
    const int warnings = m_model.count(Warning);
    const int passed = m_model.count(Passed);
    if (m_job.isRunning()) {
        m_summary->setText(tr("Checking · %1 of %2 done").arg(passed + warnings + failed).arg(m_model.rowCount()));
    } else if (!m_ended) {
        m_summary->setText(tr("The checks did not run to their end"));
    } else if (failed > 0 || warnings > 0) {
        QStringList parts{tr("%1 passed").arg(passed)};
        if (warnings > 0) {
            parts << (warnings == 1 ? tr("1 warning") : tr("%1 warnings").arg(warnings));
        }
        if (failed > 0) {
            parts << tr("%1 failed").arg(failed);
        }
        m_summary->setText(parts.join(u" · "_s));
    } else {
        m_summary->setText(tr("All %n checks passed", nullptr, passed));
    }
    m_again->setEnabled(!m_job.isRunning());
    m_known->setVisible(!m_job.isRunning() && m_ended && !passable().isEmpty());
    Q_EMIT changed();
}

QStringList ChecksPage::passable() const
{
    QStringList gates;
    for (int row = 0; row < m_model.rowCount(); ++row) {
        const CheckResult &result = m_model.at(row);
        if (result.status == CheckResult::Status::Failed) {
            if (!result.mayBeKnown) {
                return {};
            }
            gates.append(gateOfCheck(result.id));
        }
    }
    return gates;
}

QString ChecksPage::heading() const
{
    return tr("The system is looked at before anything is planned against it. A failed check has to be put right first, unless it is what the update is to cure; a warning does not block.");
}

QString ChecksPage::blockedReason() const
{
    if (m_job.isRunning()) {
        return tr("The checks are still running.");
    }
    if (!m_ended) {
        return tr("The checks have not been run.");
    }
    if (m_passed || !m_draft->knownFailures().isEmpty()) {
        return {};
    }
    const QString failure = m_model.failureText();
    return failure.isEmpty() ? tr("The checks failed.") : failure;
}

} // namespace cutover
