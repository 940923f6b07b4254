// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "overview/releasecard.h"

#include "common/buttons.h"
#include "common/icons.h"
#include "common/page.h"
#include "common/statuschip.h"
#include "common/textlabel.h"
#include "run/words.h"

#include <QCoreApplication>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

QString sectionText(const QString &section)
{
    static const QHash<QString, const char *> words{
        {u"added"_s, QT_TRANSLATE_NOOP("ReleaseCard", "Added")},
        {u"changed"_s, QT_TRANSLATE_NOOP("ReleaseCard", "Changed")},
        {u"fixed"_s, QT_TRANSLATE_NOOP("ReleaseCard", "Fixed")},
        {u"removed"_s, QT_TRANSLATE_NOOP("ReleaseCard", "Removed")},
        {u"security"_s, QT_TRANSLATE_NOOP("ReleaseCard", "Security")},
        {u"deprecated"_s, QT_TRANSLATE_NOOP("ReleaseCard", "Deprecated")},
    };
    if (const char *word = words.value(section)) {
        return QCoreApplication::translate("ReleaseCard", word);
    }
    return section.left(1).toUpper() + section.mid(1);
}

/// In the order of keepachangelog.com, unknown sections last.
QStringList orderedSections(const QMap<QString, QStringList> &changes)
{
    QStringList sections;
    for (const QString &section : {u"security"_s, u"added"_s, u"changed"_s, u"fixed"_s, u"deprecated"_s, u"removed"_s}) {
        if (changes.contains(section)) {
            sections.append(section);
        }
    }
    for (auto it = changes.keyBegin(); it != changes.keyEnd(); ++it) {
        if (!sections.contains(*it)) {
            sections.append(*it);
        }
    }
    return sections;
}

QWidget *changesWidget(const QMap<QString, QStringList> &changes)
{
    auto *widget = new QWidget;
    auto *grid = new QGridLayout(widget);
    grid->setContentsMargins(0, space::Tight, 0, 0);
    grid->setHorizontalSpacing(space::Page);
    grid->setVerticalSpacing(space::Tight);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const QString &section : orderedSections(changes)) {
        grid->addWidget(new TextLabel(sectionText(section), TextStyle::Body, Theme::Role::Muted), row, 0, Qt::AlignTop);
        for (const QString &line : changes.value(section)) {
            grid->addWidget((new TextLabel(line))->wrapped(), row++, 1);
        }
    }
    return widget;
}

} // namespace

ReleaseCard::ReleaseCard(const ReleaseView &release, bool primary, QWidget *parent)
    : QFrame(parent)
    , m_more(new FlatButton(u"go-down"_s, tr("What changes")))
    , m_reason(new TextLabel({}, TextStyle::Caption))
    , m_changes(changesWidget(release.manifest.changes))
    , m_blocked(!release.blocked.code.isEmpty())
{
    const QString version = release.manifest.version.toString();
    setAccessibleName(tr("Version %1").arg(version));
    const QString verb = tr("Update to %1…").arg(version);
    m_update = primary ? new PrimaryButton(verb) : new QPushButton(verb);
    m_update->setAutoDefault(false);
    m_more->setAccessibleName(tr("What changes in %1").arg(version));

    auto *title = new TextLabel(version, TextStyle::Section);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::Inside);
    head->addWidget(title);
    head->addWidget(new TextLabel(words::ofUpdateType(release.updateType), TextStyle::Body, Theme::Role::Muted));
    head->addWidget(new StatusChip(statusOfRisk(release.risk)));
    head->addStretch(1);

    QStringList facts;
    facts.append(release.expectedDowntimeMs > 0 ? tr("About %1 of downtime").arg(durationText(release.expectedDowntimeMs)) : tr("No downtime"));
    if (release.manifest.dataMigration) {
        facts.append(tr("moves data"));
    } else if (release.manifest.migration) {
        facts.append(tr("migrates the database"));
    }
    if (release.size > 0) {
        facts.append(tr("%1 to download").arg(sizeText(release.size)));
    }
    if (release.path.size() > 1) {
        facts.append(tr("by way of %1").arg(release.path.mid(0, release.path.size() - 1).join(u", "_s)));
    }
    auto *factsLabel = (new TextLabel(facts.join(u" · "_s), TextStyle::Body, Theme::Role::Muted))->wrapped();

    auto *left = new QVBoxLayout;
    left->setSpacing(space::Tight);
    left->addLayout(head);
    left->addWidget(factsLabel);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::Inside);
    buttons->addWidget(m_more);
    buttons->addWidget(m_update);
    auto *top = new QHBoxLayout;
    top->setSpacing(space::Group);
    top->addLayout(left, 1);
    top->addLayout(buttons);
    top->setAlignment(buttons, Qt::AlignTop);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Group, space::Group, space::Group, space::Group);
    column->setSpacing(space::Tight);
    column->addLayout(top);
    column->addWidget(m_reason->wrapped());
    column->addWidget(m_changes);

    if (m_blocked) {
        const QString hint = release.blocked.hint();
        m_reason->setText(hint.isEmpty() ? release.blocked.what() : QString(release.blocked.what() + u' ' + hint));
        m_reason->setRole(Theme::Role::Caution);
        setDisabledReason(m_update, m_reason->text());
    } else {
        m_reason->hide();
    }
    m_more->setVisible(!release.manifest.changes.isEmpty());
    setChangesVisible(primary);
    connect(m_more, &QPushButton::clicked, this, [this] { setChangesVisible(m_changes->isHidden()); });
    connect(m_update, &QPushButton::clicked, this, [this, version] { Q_EMIT updateWanted(version); });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ReleaseCard::setReason(const QString &reason)
{
    if (m_blocked) {
        return;
    }
    setDisabledReason(m_update, reason);
    m_reason->setText(reason);
    m_reason->setVisible(!reason.isEmpty());
}

void ReleaseCard::setChangesVisible(bool visible)
{
    m_changes->setVisible(visible);
    m_more->setIcon(themeIcon(visible ? u"go-up"_s : u"go-down"_s));
}

void ReleaseCard::paintEvent(QPaintEvent *)
{
    paintPanel(this);
}

} // namespace cutover
