// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "feature/featureroom.h"

#include "common/ask.h"
#include "common/buttons.h"
#include "common/emptystate.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "feature/flagrow.h"
#include "shell/console.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QScrollArea>
#include <QStackedWidget>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Rooms::Registration registration{{50, u"features"_s, u"flag"_s, [] { return FeatureRoom::tr("Features"); },
                                        [](Console *console) -> Room * { return new FeatureRoom(console); }}};

/// A switch-off that meets somebody else's change looks again and tries once more.
constexpr int KillTries = 3;

} // namespace

FeatureRoom::FeatureRoom(Console *console, QWidget *parent)
    : Room(parent)
    , m_console(console)
    , m_page(new Page(tr("Features")))
    , m_stack(new QStackedWidget)
    , m_search(new QLineEdit)
    , m_unmatched(new EmptyState(u"edit-find"_s, {}, tr("Clear the search")))
    , m_rowList(new QVBoxLayout)
    , m_below(new QWidget)
    , m_bar(new Panel)
    , m_staged(new TextLabel)
    , m_blocked(new TextLabel({}, TextStyle::Caption))
    , m_reason(new QLineEdit)
    , m_revert(new QPushButton(tr("Revert")))
    , m_apply(new PrimaryButton(tr("Apply")))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_page);
    m_page->setCaption(tr("Moving a slider stages a change; nothing happens until it is applied. A user who has a feature keeps it when its share grows."));
    m_search->setPlaceholderText(tr("Search flags"));
    m_search->setAccessibleName(tr("Search flags"));
    m_search->setClearButtonEnabled(true);
    m_search->setFixedWidth(220);
    m_page->actions()->addWidget(m_search);

    auto *list = new QVBoxLayout;
    list->setSpacing(space::Inside);
    m_rowList->setSpacing(space::Inside);
    list->addLayout(m_rowList);
    list->addStretch(1);
    QScrollArea *area = pageScroll(list, tr("Flags"));
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    area->setFocusPolicy(Qt::NoFocus);
    m_page->body()->setContentsMargins(0, 0, 0, 0);

    auto *empty = new EmptyState(u"flag"_s, tr("This system has no feature flags. A release that brings one lists it in its manifest."),
                                 tr("See available updates"));
    connect(empty, &EmptyState::activated, this, [this] { m_console->openRoom(u"overview"_s); });
    connect(m_unmatched, &EmptyState::activated, m_search, &QLineEdit::clear);
    m_stack->addWidget(new QWidget);
    m_stack->addWidget(area);
    m_stack->addWidget(empty);
    m_stack->addWidget(m_unmatched);
    m_page->body()->addWidget(m_stack, 1);

    m_staged->wrapped();
    m_reason->setPlaceholderText(tr("Why? Kept with the change"));
    m_reason->setAccessibleName(tr("Reason for the change"));
    m_reason->setMinimumWidth(220);
    m_revert->setAutoDefault(false);
    m_revert->setAccessibleName(tr("Revert the staged changes"));
    auto *texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(m_staged);
    texts->addWidget(m_blocked);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::Inside);
    row->addLayout(texts, 1);
    row->addWidget(m_reason);
    row->addWidget(m_revert);
    row->addWidget(m_apply);
    static_cast<Panel *>(m_bar)->body()->addLayout(row);
    static_cast<Panel *>(m_bar)->body()->setContentsMargins(space::Group, space::Group, space::Group, space::Group);
    auto *below = new QVBoxLayout(m_below);
    below->setContentsMargins(0, 0, space::Page, space::Page);
    below->addWidget(m_bar);
    m_page->body()->addWidget(m_below);
    m_below->hide();

    connect(m_search, &QLineEdit::textChanged, this, &FeatureRoom::showRows);
    connect(m_reason, &QLineEdit::textChanged, this, &FeatureRoom::refreshBar);
    connect(m_reason, &QLineEdit::returnPressed, m_apply, &QPushButton::click);
    connect(m_revert, &QPushButton::clicked, this, [this] {
        m_page->message()->clear();
        m_model.unstage();
    });
    connect(m_apply, &QPushButton::clicked, this, &FeatureRoom::apply);
    connect(&m_model, &StagedFlags::stagedChanged, this, [this] {
        showRows();
        refreshBar();
    });
    connect(console, &Console::targetChanged, this, &FeatureRoom::refreshBar);
    connect(console, &Console::connectionChanged, this, [this] {
        refreshBar();
        if (m_console->isConnected()) {
            load();
        }
    });
    connect(console->engine(), &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"features"_s)) {
            load();
        }
    });
    m_page->setBusy(true);
    if (console->isConnected()) {
        load();
    }
}

FlagRow *FeatureRoom::row(const QString &flag) const
{
    return m_rows.value(flag);
}

InlineMessage *FeatureRoom::message() const
{
    return m_page->message();
}

void FeatureRoom::load()
{
    ask<QList<FeatureFlag>>(this, m_console->engine()->features(), [this](const Result<QList<FeatureFlag>> &flags) {
        m_page->setBusy(false);
        if (!flags) {
            m_page->message()->tell(flags.error());
            return;
        }
        m_model.setFlags(*flags);
        m_loaded = true;
        m_search->setVisible(!flags->isEmpty());
        showRows();
    });
}

void FeatureRoom::showRows()
{
    QSet<QString> wanted;
    int place = 0;
    int matching = 0;
    const QString filter = m_search->text();
    for (const StagedFlag &staged : m_model.rows()) {
        const QString &name = staged.flag.name;
        wanted.insert(name);
        FlagRow *row = m_rows.value(name);
        if (row == nullptr) {
            row = new FlagRow(name);
            m_rows.insert(name, row);
            connect(row, &FlagRow::enabledStaged, &m_model, &StagedFlags::stageEnabled);
            connect(row, &FlagRow::rolloutStaged, &m_model, &StagedFlags::stageRollout);
            connect(row, &FlagRow::killWanted, this, [this](const QString &flag) { kill(flag, KillTries); });
        }
        if (m_rowList->indexOf(row) != place) {
            m_rowList->removeWidget(row);
            m_rowList->insertWidget(place, row);
        }
        ++place;
        row->display(staged);
        const bool matches = filter.isEmpty() || name.contains(filter, Qt::CaseInsensitive) || staged.flag.description.contains(filter, Qt::CaseInsensitive);
        row->setVisible(matches);
        matching += matches ? 1 : 0;
    }
    for (const QString &name : m_rows.keys()) {
        if (!wanted.contains(name)) {
            delete m_rows.take(name);
        }
    }
    if (m_loaded) {
        m_unmatched->setSentence(tr("No flag matches “%1”.").arg(filter));
        m_stack->setCurrentIndex(wanted.isEmpty() ? 2 : matching > 0 ? 1
                                                                     : 3);
    }
}

void FeatureRoom::refreshBar()
{
    const QString blocked = m_console->whyNotChangeDuringRun();
    for (FlagRow *row : std::as_const(m_rows)) {
        row->setReason(blocked);
    }
    const auto changes = m_model.changes();
    m_below->setVisible(!changes.isEmpty());
    if (changes.isEmpty()) {
        return;
    }
    QStringList lines;
    bool meanwhile = false;
    for (const StagedFlag &row : m_model.rows()) {
        if (row.staged) {
            lines.append(tr("%1: %2, %3").arg(row.flag.name, StagedFlags::changeText(row), StagedFlags::audienceText(row.enabled, row.rollout)));
            meanwhile = meanwhile || row.changedMeanwhile();
        }
    }
    m_staged->setText(lines.join(u'\n'));
    m_apply->setText(changes.size() == 1 ? tr("Apply 1 change") : tr("Apply %1 changes").arg(changes.size()));
    QString reason = blocked;
    if (reason.isEmpty() && meanwhile) {
        reason = tr("A flag was changed meanwhile. Revert, look, and stage it again.");
    }
    if (reason.isEmpty() && m_reason->text().trimmed().isEmpty() && m_console->target() && m_console->target()->environment == "production"_L1) {
        reason = tr("In production, say why first.");
    }
    if (reason.isEmpty() && m_applying) {
        reason = tr("Being applied…");
    }
    m_blocked->setText(reason);
    m_blocked->setVisible(!reason.isEmpty());
    setDisabledReason(m_apply, reason);
}

void FeatureRoom::apply()
{
    m_applying = true;
    refreshBar();
    ask<Error>(this, m_console->engine()->applyFeatures(m_model.changes(), m_reason->text().trimmed()), [this](const Result<Error> &applied) {
        m_applying = false;
        if (!applied) {
            m_page->message()->tell(applied.error());
        } else {
            m_page->message()->clear();
            if (!applied->code.isEmpty()) {
                m_page->message()->tell(*applied, InlineMessage::Kind::Caution);
            }
            m_reason->clear();
            m_model.settle();
        }
        refreshBar();
        load();
    });
}

void FeatureRoom::kill(const QString &name, int tries)
{
    ask<QList<FeatureFlag>>(this, m_console->engine()->features(), [this, name, tries](const Result<QList<FeatureFlag>> &flags) {
        if (!flags) {
            m_page->message()->tell(flags.error());
            return;
        }
        const auto flag = std::ranges::find(*flags, name, &FeatureFlag::name);
        if (flag == flags->end() || !flag->enabled) {
            m_model.unstage(name);
            m_model.setFlags(*flags);
            m_page->message()->tell(InlineMessage::Kind::Info, tr("“%1” is off.").arg(name));
            m_page->message()->setClosable(true);
            return;
        }
        const FeatureChange change{name, true, false, flag->rollout, flag->rollout};
        ask<Error>(this, m_console->engine()->applyFeatures({change}, tr("Switched off by the kill switch")), [this, name, tries](const Result<Error> &applied) {
            if (!applied && applied.error().code == "feature.changed_meanwhile"_L1 && tries > 1) {
                kill(name, tries - 1);
                return;
            }
            if (!applied) {
                m_page->message()->tell(applied.error());
                return;
            }
            m_model.unstage(name);
            if (applied->code.isEmpty()) {
                m_page->message()->tell(InlineMessage::Kind::Ok, tr("“%1” is off. Nobody gets it any more.").arg(name));
            } else {
                m_page->message()->tell(*applied, InlineMessage::Kind::Caution);
            }
            m_page->message()->setClosable(true);
            load();
        });
    });
}

} // namespace cutover
