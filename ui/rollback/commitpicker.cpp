// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/commitpicker.h"

#include "common/inlinemessage.h"
#include "common/page.h"
#include "update/plandraft.h"

#include <QFontDatabase>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

constexpr int FieldWidth = 420; ///< A full hash in the monospace font.

} // namespace

CommitPicker::CommitPicker(PlanDraft *draft, QWidget *parent)
    : QWidget(parent)
    , m_draft(draft)
    , m_field(new QLineEdit)
    , m_message(new InlineMessage)
    , m_now(new TextLabel)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Group);

    auto *commit = new Panel;
    auto *form = new QGridLayout;
    form->setHorizontalSpacing(space::Group);
    form->setVerticalSpacing(space::Tight);
    auto *label = new TextLabel(tr("Commit"));
    label->setBuddy(m_field);
    m_field->setObjectName(u"commit"_s);
    m_field->setAccessibleName(tr("Commit"));
    m_field->setPlaceholderText(tr("Hash, tag or branch"));
    m_field->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_field->setMinimumWidth(FieldWidth);
    m_field->setMaximumWidth(FieldWidth);
    m_field->setClearButtonEnabled(true);
    const QString kinds = tr("Seven digits of a hash or more, the tag of a release, or a branch that has been pushed.");
    m_field->setAccessibleDescription(kinds);
    form->addWidget(label, 0, 0);
    form->addWidget(m_field, 0, 1);
    form->addWidget(new TextLabel(kinds, TextStyle::Caption), 1, 1);
    form->setColumnStretch(2, 1);
    commit->body()->addLayout(form);
    commit->body()->addWidget(m_message);
    layout->addWidget(commit);

    auto *boxes = new QHBoxLayout;
    boxes->setSpacing(space::Group);
    auto *now = new Panel(tr("Now"));
    m_now->wrapped();
    m_now->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    now->body()->addWidget(m_now, 1);
    auto *what = new Panel(tr("What it does"));
    const QStringList lines{tr("Only the code goes back: the commit is checked out and built beside the installed releases, behind a backup."),
                            tr("Databases, configuration and feature flags stay as they are; no row is lost."),
                            tr("A commit whose code does not fit the database's migrations is refused.")};
    for (const QString &line : lines) {
        what->body()->addWidget((new TextLabel(line))->wrapped());
    }
    boxes->addWidget(now, 1);
    boxes->addWidget(what, 2);
    layout->addLayout(boxes);
    layout->addStretch(1);

    connect(m_field, &QLineEdit::textChanged, this, [this] {
        // What is being planned is not wanted any more.
        if (m_draft->isPlanning() && m_draft->commit() != this->commit()) {
            m_draft->cancel();
        }
        refresh();
    });
    connect(draft, &PlanDraft::planChanged, this, &CommitPicker::refresh);
    connect(draft, &PlanDraft::targetChanged, this, &CommitPicker::refresh);
    refresh();
}

QString CommitPicker::commit() const
{
    return m_field->text().trimmed();
}

bool CommitPicker::isPlanned() const
{
    return m_draft->plan() && !commit().isEmpty() && m_draft->commit() == commit();
}

QString CommitPicker::blockedReason() const
{
    if (!m_draft->target().activeRun.isEmpty()) {
        return tr("A run is under way; open it from the bar below, or wait for its end.");
    }
    if (commit().isEmpty()) {
        return tr("Name a commit.");
    }
    return m_draft->isPlanning() ? tr("The commit is being looked for, and its plan made.") : QString();
}

void CommitPicker::focusField()
{
    m_field->setFocus(Qt::OtherFocusReason);
    m_field->selectAll();
}

void CommitPicker::refresh()
{
    const Error &error = m_draft->error();
    // Of what stands in the field, not of what stood there before.
    if (!error.code.isEmpty() && !m_draft->isPlanning() && !commit().isEmpty() && m_draft->commit() == commit()) {
        m_message->tell(error);
    } else {
        m_message->clear();
    }
    const TargetView &target = m_draft->target();
    QStringList now{target.version.isEmpty() ? u"–"_s : tr("Version %1").arg(target.version)};
    for (auto [database, revision] : target.revisions.asKeyValueRange()) {
        now << tr("Database “%1” at revision %2").arg(database, revision);
    }
    m_now->setText(now.join(u'\n'));
    Q_EMIT changed();
}

} // namespace cutover
