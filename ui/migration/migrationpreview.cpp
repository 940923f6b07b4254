// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "migration/migrationpreview.h"

#include "common/codeview.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/textlabel.h"
#include "migration/alembicsql.h"
#include "migration/alembicsteps.h"
#include "plan/loss.h"
#include "update/words.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QRegularExpression>
#include <QSplitter>
#include <QVBoxLayout>

#include <algorithm>

namespace cutover {

using namespace Qt::StringLiterals;

MigrationDescription describeMigration(const StepSpec &step)
{
    MigrationDescription description;
    description.title = step.title.text();
    description.pointOfNoReturn = step.pointOfNoReturn;
    QStringList unnamed;
    QString source;
    for (const Preview &preview : step.previews) {
        const QString name = preview.title.toLower();
        if (preview.type == u"text") {
            (name.endsWith(u".commits") ? description.commits : source) = preview.text;
        } else if (preview.type != u"sql") {
            continue;
        } else if (name.endsWith(u".down.sql")) {
            description.down.text = preview.text;
        } else if (name.endsWith(u".up.sql")) {
            description.up.text = preview.text;
        } else {
            unnamed << preview.text;
        }
    }
    const QString wayBack = step.params[u"wayBack"].toString();
    description.uncountedLoss = wayBack == alembic::wayback::unknown;
    for (MigrationDescription::Way *way : {&description.up, &description.down}) {
        if (way->text.isEmpty() && !unnamed.isEmpty()) {
            way->text = unnamed.takeFirst();
        }
        // The source has both ways in it; a downgrade has no way up.
        const bool exists = way == &description.up ? step.kind == u"migrate" : wayBack != alembic::wayback::none;
        if (way->text.isEmpty() && !source.isEmpty() && exists) {
            *way = {source, true};
        }
    }
    description.takesAway = lossFromJson(step.params[u"takesAway"]);
    // The step's parameters, or else the header lines of the files themselves.
    description.phase = step.params[u"phase"].toString();
    if (description.phase.isEmpty()) {
        static const QRegularExpression phase(uR"(^--\s*cutover:.*\bphase=(\w+))"_s, QRegularExpression::MultilineOption);
        description.phase = phase.match(description.up.text).captured(1);
    }
    const QJsonValue loses = step.params[u"loses"];
    // Tables, or what Alembic's revisions lose in more detail.
    for (const auto &table : loses.toArray()) {
        if (table.isString()) {
            description.loses << table.toString();
        }
    }
    for (const alembic::Lost &lost : alembic::lostFromJson(loses)) {
        if (!lost.name().isEmpty()) {
            description.loses << lost.name();
        }
    }
    if (loses.isString() && !loses.toString().isEmpty()) {
        description.loses << loses.toString();
    }
    if (loses.isUndefined()) {
        static const QRegularExpression lost(uR"(^--\s*cutover:.*\bloses=([\w.]+))"_s, QRegularExpression::MultilineOption);
        for (auto matches = lost.globalMatch(description.down.text); matches.hasNext();) {
            description.loses << matches.next().captured(1);
        }
    }
    return description;
}

bool isMigration(const StepSpec &step)
{
    // A rollback's plan has migrations too, run the other way; command steps may preview SQL.
    return step.kind == u"migrate" || step.params[u"tool"].toString() == u"alembic" || std::ranges::any_of(step.previews, [](const Preview &preview) { return preview.type == u"sql"; });
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
    , m_up{new TextLabel({}, TextStyle::Body, Theme::Role::Muted), new CodeView(tr("What the migration runs"))}
    , m_down{new TextLabel({}, TextStyle::Body, Theme::Role::Muted), new CodeView(tr("What the way back runs"))}
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
    up->body()->addWidget(m_up.note);
    up->body()->addWidget(m_up.code);
    auto *down = new Panel(tr("What takes it back"));
    down->setFlush(true);
    down->body()->addWidget(m_down.note);
    down->body()->addWidget(m_down.code);
    m_irreversible->wrapped();
    m_irreversible->setMargin(space::Group);
    down->body()->addWidget(m_irreversible);
    down->body()->addStretch();
    down->body()->setStretchFactor(m_down.code, 1);
    for (const Side &side : {m_up, m_down}) {
        side.code->setFrameShape(QFrame::NoFrame);
        side.note->wrapped();
        side.note->setContentsMargins(space::Group, space::Inside, space::Group, space::Inside);
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
    } else if (description.uncountedLoss) {
        m_warning->tell(InlineMessage::Kind::Caution, tr("What the way back loses can't be counted beforehand."));
    }
    // Beside whatever the warning tells.
    m_up.display(description.up, description.commits.isEmpty() ? QString() : tr("Committed by themselves, so that a failure leaves what came before:") + u'\n' + description.commits);
    m_down.display(description.down, {});
    m_irreversible->setVisible(description.down.text.isEmpty());
}

void MigrationPreview::Side::display(const MigrationDescription::Way &way, const QString &remark) const
{
    QStringList told{remark};
    if (way.isSource) {
        told.append(MigrationPreview::tr("Its SQL can't be shown beforehand. This is the source that runs:"));
    }
    told.removeAll(QString());
    note->setText(told.join(u'\n'));
    note->setVisible(!told.isEmpty());
    code->setCode(way.text, CodeView::definitionForPreview(way.isSource ? u"python"_s : u"sql"_s));
    code->setVisible(!way.text.isEmpty());
}

} // namespace cutover
