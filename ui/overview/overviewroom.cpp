// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "overview/overviewroom.h"

#include "common/ask.h"
#include "common/cardgrid.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/times.h"
#include "overview/componentcard.h"
#include "overview/releasecard.h"
#include "people/pendingapprovals.h"
#include "shell/console.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

const Rooms::Registration registration{{10, u"overview"_s, u"go-home"_s, [] { return OverviewRoom::tr("Overview"); },
                                        [](Console *console) -> Room * { return new OverviewRoom(console); }}};

/// Older than this, a backup is not what anybody wants to go back to.
constexpr qint64 StaleBackupSeconds = 48LL * 3600;
constexpr qint64 LowDiskBytes = 2LL << 30;
/// The watcher scrapes each second; after this it is not alive.
constexpr qint64 WatcherSilenceLimit = 10'000;

QString sessionsText(int count)
{
    return count == 1 ? OverviewRoom::tr("1 session") : OverviewRoom::tr("%1 sessions").arg(count);
}

void tellInstance(ComponentCard *card, const InstanceView &instance)
{
    card->setState(statusOfInstance(instance), wordOfInstance(instance));
    QStringList facts;
    if (!instance.version.isEmpty()) {
        facts.append(instance.version);
    }
    if (instance.sessions >= 0) {
        facts.append(sessionsText(instance.sessions));
    }
    QStringList more{instance.service};
    if (instance.port > 0) {
        more.append(OverviewRoom::tr("port %1").arg(instance.port));
    }
    if (instance.pid > 0) {
        more.append(OverviewRoom::tr("process %1").arg(instance.pid));
    }
    card->setLines(facts.join(u" · "_s), more.join(u" · "_s));
}

/// What is kept running beside the release, in one card: it is looked at when it isn't ready.
void tellBeside(ComponentCard *card, const QList<InstanceView> &instances)
{
    QStringList names;
    QStringList missing;
    for (const InstanceView &instance : instances) {
        names.append(instance.name);
        if (instance.state != "ready"_L1) {
            missing.append(instance.name);
        }
    }
    card->setState(missing.isEmpty() ? Status::Ready : Status::Warning, missing.isEmpty() ? QString() : OverviewRoom::tr("Not ready"));
    card->setLines(names.join(u", "_s), missing.isEmpty() ? OverviewRoom::tr("not updated with it") : OverviewRoom::tr("not ready: %1").arg(missing.join(u", "_s)));
}

void tellDatabase(ComponentCard *card, const TargetView &target)
{
    card->setState(target.problem.code.isEmpty() ? Status::Ready : Status::Unknown);
    QStringList revisions;
    for (auto it = target.revisions.cbegin(); it != target.revisions.cend(); ++it) {
        revisions.append(it.value().isEmpty() ? OverviewRoom::tr("no migration yet") : OverviewRoom::tr("revision %1").arg(it.value()));
    }
    card->setLines(target.database, revisions.join(u", "_s));
}

void tellRedis(ComponentCard *card, const RedisView &server)
{
    if (!server.problem.code.isEmpty()) {
        card->setState(Status::Down);
        card->setLines(OverviewRoom::tr("Redis"), server.problem.what());
        return;
    }
    if (server.version.isEmpty()) {
        card->setState(Status::Unknown);
        card->setLines(OverviewRoom::tr("Redis"), OverviewRoom::tr("not known"));
        return;
    }
    card->setState(server.high ? Status::Warning : Status::Ready, server.high ? OverviewRoom::tr("Memory high") : QString());
    const QString used = sizeText(server.usedMemory);
    card->setLines(OverviewRoom::tr("Redis %1").arg(server.version),
                   server.maxMemory > 0 ? OverviewRoom::tr("%1 of %2 memory used").arg(used, sizeText(server.maxMemory)) : OverviewRoom::tr("%1 memory used").arg(used));
}

void tellBalancer(ComponentCard *card, const TargetView &target)
{
    card->setState(target.balancer == "up"_L1 ? Status::Ready : target.balancer == "down"_L1 ? Status::Down
                                                                                             : Status::Unknown);
    int sessions = 0;
    int balanced = 0;
    for (const InstanceView &instance : target.instances) {
        if (instance.sessions >= 0) {
            sessions += instance.sessions;
            balanced += instance.idle || instance.spare ? 0 : 1;
        }
    }
    card->setLines(sessionsText(sessions), balanced == 1 ? OverviewRoom::tr("in front of 1 instance") : OverviewRoom::tr("in front of %1 instances").arg(balanced));
}

void tellDisk(ComponentCard *card, const TargetView &target)
{
    const bool known = target.freeBytes >= 0;
    const bool low = known && target.freeBytes < LowDiskBytes;
    card->setState(!known ? Status::Unknown : low ? Status::Warning
                                                  : Status::Ready,
                   low ? OverviewRoom::tr("Low") : known ? OverviewRoom::tr("Enough")
                                                         : QString());
    card->setLines(known ? OverviewRoom::tr("%1 free").arg(sizeText(target.freeBytes)) : OverviewRoom::tr("not known"), OverviewRoom::tr("on %1").arg(target.host));
}

void tellBackup(ComponentCard *card, const TargetView &target)
{
    if (!target.lastBackup.isValid()) {
        card->setState(Status::Unknown, OverviewRoom::tr("None yet"));
        card->setLines(OverviewRoom::tr("Each update makes one first"));
        return;
    }
    const bool stale = target.lastBackup.secsTo(QDateTime::currentDateTimeUtc()) > StaleBackupSeconds;
    const bool proven = target.lastProvenBackup.isValid();
    card->setState(stale ? Status::Warning : proven ? Status::Passed
                                                    : Status::Unknown,
                   stale ? OverviewRoom::tr("Old") : proven ? OverviewRoom::tr("Proven")
                                                            : OverviewRoom::tr("Unproven"));
    card->setLines(OverviewRoom::tr("Last: %1").arg(relativeTime(target.lastBackup)),
                   proven ? OverviewRoom::tr("last proven: %1").arg(relativeTime(target.lastProvenBackup)) : OverviewRoom::tr("no restore of it was tried"));
    card->setSecondToolTip(exactTime(proven ? target.lastProvenBackup : target.lastBackup));
}

void tellWatcher(ComponentCard *card, const TargetView &target, bool connected)
{
    const bool alive = target.watcherSilenceMs >= 0 && target.watcherSilenceMs < WatcherSilenceLimit;
    card->setState(alive ? Status::Running : Status::Stopped);
    card->setLines(alive ? OverviewRoom::tr("Scraping metrics") : OverviewRoom::tr("Nothing is measured"),
                   alive ? aliveText(connected ? target.watcherSilenceMs : -1) : OverviewRoom::tr("starts with the next run"));
}

} // namespace

OverviewRoom::OverviewRoom(Console *console, QWidget *parent)
    : Room(parent)
    , m_console(console)
    , m_page(new Page(tr("Overview"), Page::Scroll::Vertical))
    , m_cards(new CardGrid(236))
    , m_releasesTitle(new TextLabel(tr("Available updates"), TextStyle::Section))
    , m_releaseList(new QVBoxLayout)
    , m_none(new QWidget)
    , m_upToDate(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_held(new InlineMessage)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_page);
    m_releaseList->setSpacing(space::Group);
    m_page->body()->addWidget(m_held);
    m_page->body()->addWidget(new PendingApprovals(console->engine()));
    m_page->body()->addWidget(m_cards);
    m_page->body()->addSpacing(space::Tight);
    m_page->body()->addWidget(m_releasesTitle);
    auto *none = new QHBoxLayout(m_none);
    none->setContentsMargins({});
    none->setSpacing(space::Group);
    auto *again = new QPushButton(tr("Look again"));
    again->setAutoDefault(false);
    none->addWidget(m_upToDate);
    none->addWidget(again);
    none->addStretch();
    connect(again, &QPushButton::clicked, this, &OverviewRoom::loadReleases);
    m_page->body()->addWidget(m_none);
    m_page->body()->addLayout(m_releaseList);
    m_page->body()->addStretch(1);
    m_releasesTitle->hide();
    m_none->hide();
    m_page->setBusy(true);

    connect(console, &Console::targetChanged, this, &OverviewRoom::showTarget);
    connect(console, &Console::activeRunChanged, this, &OverviewRoom::showHeld);
    connect(console, &Console::connectionChanged, this, [this] {
        showTarget();
        refreshReasons();
        if (!m_console->startFailure().code.isEmpty()) {
            m_page->setBusy(false);
            m_releasesTitle->hide();
        }
        if (m_console->isConnected()) {
            loadReleases();
        }
    });
    connect(console->engine(), &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"releases"_s) || topics.contains(u"runs"_s)) {
            loadReleases();
        }
    });
    if (console->isConnected()) {
        loadReleases();
    }
    showTarget();
    showHeld();
}

/// The same one each time: to make all of them anew at each answer would cost more than a frame.
ComponentCard *OverviewRoom::card(const QString &icon, const QString &name)
{
    QPointer<ComponentCard> &known = m_known[icon + u'/' + name];
    if (!known) {
        known = new ComponentCard(icon, name);
    }
    return known;
}

void OverviewRoom::showTarget()
{
    if (!m_console->target()) {
        return;
    }
    const TargetView &target = *m_console->target();
    m_page->setBusy(!m_loaded);
    int ready = 0;
    int released = 0;
    QList<QWidget *> cards;
    QList<InstanceView> beside;
    for (const InstanceView &instance : target.instances) {
        if (!instance.isReleased()) {
            beside.append(instance);
            continue;
        }
        ComponentCard *known = card(u"network-server"_s, instance.name);
        tellInstance(known, instance);
        cards.append(known);
        // What is idle need not be ready, and a spare is one more than is needed.
        const bool counts = !instance.idle && !instance.spare;
        ready += counts && instance.state == "ready"_L1 ? 1 : 0;
        released += counts ? 1 : 0;
    }
    const auto add = [&](const QString &icon, const QString &name, const auto &tell, const auto &what) {
        ComponentCard *known = card(icon, name);
        tell(known, what);
        cards.append(known);
    };
    add(u"server-database"_s, tr("Database"), tellDatabase, target);
    for (const RedisView &server : target.redis) {
        add(u"server-database"_s, server.name, tellRedis, server);
    }
    if (target.balancer != "none"_L1 && !target.balancer.isEmpty()) {
        add(u"distribute-graph"_s, tr("Load balancer"), tellBalancer, target);
    }
    add(u"backup"_s, tr("Backup"), tellBackup, target);
    add(u"drive-harddisk"_s, tr("Disk"), tellDisk, target);
    ComponentCard *watcher = card(u"view-visible"_s, tr("Watcher"));
    tellWatcher(watcher, target, m_console->isConnected());
    cards.append(watcher);
    if (!beside.isEmpty()) {
        add(u"network-server"_s, tr("Beside the release"), tellBeside, beside);
    }
    if (!m_console->isConnected()) {
        // What was seen last is no sign of how it is.
        for (QWidget *card : std::as_const(cards)) {
            static_cast<ComponentCard *>(card)->setState(Status::Unknown, {});
        }
    }
    m_cards->setCards(cards);
    if (target.version.isEmpty()) {
        m_page->setCaption(tr("Nothing is installed yet."));
    } else if (released == 0) {
        m_page->setCaption(tr("%1 is installed.").arg(target.version));
    } else {
        m_page->setCaption(released == 1 ? (ready == 1 ? tr("%1 is installed. Its instance is ready.") : tr("%1 is installed. Its instance is not ready.")).arg(target.version)
                                         : tr("%1 is installed. %2 of %3 instances are ready.").arg(target.version).arg(ready).arg(released));
    }
    refreshReasons();
}

/// What waits for a person comes before everything else.
void OverviewRoom::showHeld()
{
    const auto &run = m_console->activeRun();
    const QString reason = run && run->run.state == RunState::Held ? run->run.reason.text() : QString();
    if (!run || run->run.state != RunState::Held) {
        m_held->clear();
    } else if (m_held->isHidden() || reason != m_heldReason) {
        const Plan &plan = run->run.plan;
        m_held->clear();
        m_held->tell(InlineMessage::Kind::Held,
                     plan.kind == "rollback"_L1 ? tr("The rollback to %1 is held: a decision is needed.").arg(plan.to) : tr("The update to %1 is held: a decision is needed.").arg(plan.to),
                     reason);
        QPushButton *open = m_held->addAction(tr("Open the run"));
        connect(open, &QPushButton::clicked, this, [this] {
            if (m_console->activeRun()) {
                m_console->openRun(*m_console->activeRun());
            }
        });
    }
    m_heldReason = reason;
}

void OverviewRoom::loadReleases()
{
    ask<QList<ReleaseView>>(this, m_console->engine()->releases(), [this](const Result<QList<ReleaseView>> &releases) {
        m_page->setBusy(false);
        if (!releases) {
            m_page->message()->tell(releases.error(), InlineMessage::Kind::Caution);
            return;
        }
        m_page->message()->clear();
        QList<ReleaseView> offered;
        for (const ReleaseView &release : *releases) {
            if (release.updateType != "none"_L1 && release.updateType != "downgrade"_L1) {
                offered.append(release);
            }
        }
        std::ranges::sort(offered, [](const ReleaseView &a, const ReleaseView &b) { return a.manifest.version < b.manifest.version; });
        const bool alike = m_loaded && std::ranges::equal(offered, m_releases, {}, &ReleaseView::toJson, &ReleaseView::toJson);
        m_releases = offered;
        m_loaded = true;
        // What changes may be open in one of them.
        if (!alike || m_releases.isEmpty()) {
            showReleases();
        }
    });
}

void OverviewRoom::showReleases()
{
    const bool none = m_releases.isEmpty();
    m_releasesTitle->show();
    m_none->setVisible(none);
    const QString version = m_console->target() ? m_console->target()->version : QString();
    m_upToDate->setText(version.isEmpty() ? tr("The repository offers no release.") : tr("%1 is the newest release that the repository offers.").arg(version));
    qDeleteAll(std::exchange(m_releaseCards, {}));
    bool primary = true;
    for (const ReleaseView &release : std::as_const(m_releases)) {
        const bool possible = release.blocked.code.isEmpty();
        auto *card = new ReleaseCard(release, possible && std::exchange(primary, false));
        card->updateButton()->setVisible(Rooms::contains(u"updates"_s));
        connect(card, &ReleaseCard::updateWanted, this, [this](const QString &wanted) { m_console->openRoom(u"updates"_s, wanted); });
        m_releaseList->addWidget(card);
        m_releaseCards.append(card);
    }
    // In one line below each other, whatever the number of a version is.
    int width = 0;
    for (const ReleaseCard *card : std::as_const(m_releaseCards)) {
        width = std::max(width, card->updateButton()->sizeHint().width());
    }
    for (const ReleaseCard *card : std::as_const(m_releaseCards)) {
        card->updateButton()->setMinimumWidth(width);
    }
    refreshReasons();
}

void OverviewRoom::refreshReasons()
{
    const QString reason = m_console->whyNotChange();
    for (ReleaseCard *card : std::as_const(m_releaseCards)) {
        card->setReason(reason);
    }
}

} // namespace cutover
