// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationpreview.h"

#include "common/codeview.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/textlabel.h"
#include "plan/loss.h"
#include "update/words.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QRegularExpression>
#include <QSplitter>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

MigrationDescription describeMigration(const StepSpec &step)
{
    MigrationDescription description;
    description.title = step.title.text();
    description.pointOfNoReturn = step.pointOfNoReturn;
    QStringList unnamed;
    for (const Preview &preview : step.previews) {
        if (preview.type != u"sql") {
            continue;
        }
        const QString name = preview.title.toLower();
        if (name.endsWith(u".down.sql")) {
            description.down = preview.text;
        } else if (name.endsWith(u".up.sql")) {
            description.up = preview.text;
        } else {
            unnamed << preview.text;
        }
    }
    if (description.up.isEmpty() && !unnamed.isEmpty()) {
        description.up = unnamed.takeFirst();
    }
    if (description.down.isEmpty() && !unnamed.isEmpty()) {
        description.down = unnamed.takeFirst();
    }
    description.takesAway = lossFromJson(step.params[u"takesAway"]);
    // The step's parameters, or else the header lines of the files themselves.
    description.phase = step.params[u"phase"].toString();
    if (description.phase.isEmpty()) {
        static const QRegularExpression phase(uR"(^--\s*cutover:.*\bphase=(\w+))"_s, QRegularExpression::MultilineOption);
        description.phase = phase.match(description.up).captured(1);
    }
    const QJsonValue loses = step.params[u"loses"];
    for (const QJsonValue &table : loses.toArray()) {
        description.loses << table.toString();
    }
    if (loses.isString() && !loses.toString().isEmpty()) {
        description.loses << loses.toString();
    }
    if (loses.isUndefined()) {
        static const QRegularExpression lost(uR"(^--\s*cutover:.*\bloses=([\w.]+))"_s, QRegularExpression::MultilineOption);
        for (auto matches = lost.globalMatch(description.down); matches.hasNext();) {
            description.loses << matches.next().captured(1);
        }
    }
    return description;
}

QString phaseText(const QString &phase)
{
    if (phase == u"expand") {
        return QCoreApplication::translate("migration", "Expand: only adds, so the version that runs now keeps working");
    }
    if (phase == u"contract") {
        return QCoreApplication::translate("migration", "Contract: takes away what no version in use needs any more");
    }
    if (phase == u"data") {
        return QCoreApplication::translate("migration", "Data: rows are changed, in batches");
    }
    return {};
}

MigrationPreview::MigrationPreview(QWidget *parent)
    : QWidget(parent)
    , m_title(new TextLabel({}, TextStyle::Section))
    , m_phase(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_warning(new InlineMessage)
    , m_up(new CodeView(tr("SQL of the migration")))
    , m_down(new CodeView(tr("SQL of the way back")))
    , m_irreversible(new TextLabel(tr("There is no way back by SQL; only a restore of a backup undoes this migration."), TextStyle::Body,
                                   Theme::Role::Caution))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Inside);
    auto *head = new QVBoxLayout;
    head->setSpacing(2);
    head->addWidget(m_title);
    head->addWidget(m_phase);
    layout->addLayout(head);
    layout->addWidget(m_warning);
    auto *sides = new QSplitter;
    sides->setChildrenCollapsible(false);
    auto *up = new Panel(tr("What runs"));
    up->setFlush(true);
    up->body()->addWidget(m_up);
    auto *down = new Panel(tr("What takes it back"));
    down->setFlush(true);
    down->body()->addWidget(m_down);
    m_irreversible->wrapped();
    m_irreversible->setMargin(space::Group);
    down->body()->addWidget(m_irreversible);
    down->body()->addStretch();
    down->body()->setStretchFactor(m_down, 1);
    for (CodeView *view : {m_up, m_down}) {
        view->setFrameShape(QFrame::NoFrame);
    }
    sides->addWidget(up);
    sides->addWidget(down);
    sides->setHandleWidth(space::Group);
    // The way there is the longer one.
    sides->setSizes({620, 380});
    sides->setStretchFactor(0, 3);
    sides->setStretchFactor(1, 2);
    layout->addWidget(sides, 1);
}

void MigrationPreview::setStep(const StepSpec &step)
{
    const MigrationDescription description = describeMigration(step);
    m_title->setText(description.title);
    m_phase->setText(phaseText(description.phase));
    m_phase->setVisible(!m_phase->text().isEmpty());
    m_warning->clear();
    if (!description.takesAway.isEmpty()) {
        const QString counts = countsText(description.takesAway);
        m_warning->tell(InlineMessage::Kind::Caution, tr("Point of no return: past this step nothing goes back by itself."),
                        counts.isEmpty() ? tr("It is announced to take away %1; nothing is there now.").arg(description.takesAway.keys().join(u", "_s))
                                         : tr("It takes away up to %1, as counted when the plan was made.").arg(counts));
    } else if (description.pointOfNoReturn) {
        m_warning->tell(InlineMessage::Kind::Caution, tr("Point of no return: after this step going back loses data or needs a person."),
                        description.loses.isEmpty() ? QString() : tr("Concerned: %1.").arg(description.loses.join(u", "_s)));
    } else if (!description.loses.isEmpty()) {
        m_warning->tell(InlineMessage::Kind::Info, tr("Going back by SQL loses values in %1.").arg(description.loses.join(u", "_s)),
                        tr("How many is counted when a rollback is planned."));
    }
    m_up->setCode(description.up, CodeView::definitionForPreview(u"sql"_s));
    m_down->setCode(description.down, CodeView::definitionForPreview(u"sql"_s));
    m_down->setVisible(!description.down.isEmpty());
    m_irreversible->setVisible(description.down.isEmpty());
}

} // namespace cutover
