// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/pointpage.h"

#include "common/ask.h"
#include "common/emptystate.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/times.h"
#include "rollback/commitpicker.h"
#include "rollback/restoretimeline.h"
#include "rollback/rollbackcosts.h"
#include "update/plandraft.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QRadioButton>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// News come in bursts, and the timeline spans days.
constexpr auto LoadDelay = 250ms;
constexpr auto TimelineDelay = 2s;

QString stateLines(const QString &version, const QString &revision, const QMap<QString, qint64> &rows)
{
    QStringList lines{version.isEmpty() ? u"–"_s : PointPage::tr("Version %1").arg(version)};
    if (!revision.isEmpty()) {
        lines << PointPage::tr("Schema revision %1").arg(revision);
    }
    for (auto [table, count] : rows.asKeyValueRange()) {
        lines << PointPage::tr("%1: %2 rows").arg(table, QLocale().toString(count));
        if (lines.size() == 6) {
            break;
        }
    }
    return lines.join(u'\n');
}

} // namespace

PointPage::PointPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_ways(makeWays())
    , m_points(new QWidget)
    , m_commit(new CommitPicker(draft))
    , m_empty(new EmptyState(u"edit-undo"_s, tr("There is no restore point yet; each update makes one before it changes anything."), tr("See available updates")))
    , m_message(new InlineMessage)
    , m_content(new QWidget)
    , m_timeline(new RestoreTimeline)
    , m_table(new TableView(tr("Restore points")))
    , m_then(new Panel(tr("Then")))
    , m_thenText(new TextLabel)
    , m_now(new Panel(tr("Now")))
    , m_nowText(new TextLabel)
    , m_costs(new RollbackCosts)
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(space::Group);
    layout->addWidget(m_ways);
    layout->addWidget(m_points, 1);
    layout->addWidget(m_commit, 1);
    m_ways->hide();
    m_commit->hide();
    auto *whole = new QVBoxLayout(m_points);
    whole->setContentsMargins({});
    whole->setSpacing(space::Group);
    whole->addWidget(m_message);
    whole->addWidget(m_empty, 1);
    whole->addWidget(m_content, 1);
    auto *content = new QVBoxLayout(m_content);
    content->setContentsMargins({});
    content->setSpacing(space::Group);
    content->addWidget(m_timeline);
    auto *points = new Panel;
    points->setFlush(true);
    m_table->setObjectName(u"points"_s);
    m_table->setModel(&m_model);
    m_table->setStretchColumn(RestorePointModel::ReasonColumn);
    points->body()->addWidget(m_table);
    content->addWidget(points, 1);
    auto *boxes = new QHBoxLayout;
    boxes->setSpacing(space::Group);
    for (TextLabel *text : {m_thenText, m_nowText}) {
        // Names of revisions may be long.
        text->wrapped();
        text->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    }
    m_thenText->setObjectName(u"then"_s);
    m_nowText->setObjectName(u"now"_s);
    m_then->body()->addWidget(m_thenText, 1);
    m_now->body()->addWidget(m_nowText, 1);
    boxes->addWidget(m_then, 5);
    boxes->addWidget(m_now, 4);
    boxes->addWidget(m_costs, 10);
    content->addLayout(boxes);
    m_content->hide();
    m_empty->hide();
    connect(m_empty, &EmptyState::activated, this, &PointPage::updatesWanted);

    connect(m_timeline, &RestoreTimeline::selectionChanged, this, [this](const QString &id) {
        if (const int row = m_model.rowOf(id); row >= 0) {
            m_table->setCurrentIndex(m_model.index(row, 0));
        }
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &current) {
        if (current.isValid()) {
            choose(current.data(RestorePointModel::IdRole).toString());
        }
    });
    connect(m_costs, &RollbackCosts::modeChanged, this, &WizardPage::changed);
    connect(draft->engine(), &EngineClient::changed, this, [this](const QStringList &topics) {
        if (topics.contains(u"restorePoints") || topics.contains(u"runs")) {
            loadSoon();
        }
    });
    connect(draft, &PlanDraft::targetChanged, this, &PointPage::loadTimelineSoon);
    connect(draft, &PlanDraft::targetChanged, this, [this] { m_ways->setVisible(m_draft->target().commits); });
    connect(draft, &PlanDraft::planChanged, this, &PointPage::followCommit);
    connect(m_commit, &CommitPicker::changed, this, &WizardPage::changed);
    m_loadSoon.setSingleShot(true);
    m_loadSoon.setInterval(LoadDelay);
    connect(&m_loadSoon, &QTimer::timeout, this, &PointPage::load);
    m_timelineSoon.setSingleShot(true);
    m_timelineSoon.setInterval(TimelineDelay);
    connect(&m_timelineSoon, &QTimer::timeout, this, &PointPage::loadTimeline);
    load();
}

QWidget *PointPage::makeWays()
{
    auto *ways = new QWidget;
    auto *row = new QHBoxLayout(ways);
    row->setContentsMargins({});
    row->setSpacing(space::Page);
    row->addWidget(new TextLabel(tr("Go back to")));
    auto *point = new QRadioButton(tr("A restore point"));
    auto *commit = new QRadioButton(tr("A commit of the release repository"));
    point->setObjectName(u"byPoint"_s);
    commit->setObjectName(u"byCommit"_s);
    point->setChecked(true);
    row->addWidget(point);
    row->addWidget(commit);
    row->addStretch();
    connect(commit, &QRadioButton::toggled, this, &PointPage::setByCommit);
    return ways;
}

void PointPage::setByCommit(bool byCommit)
{
    m_byCommit = byCommit;
    m_wanted = false;
    m_draft->clear();
    m_points->setVisible(!byCommit);
    m_commit->setVisible(byCommit);
    Q_EMIT changed();
}

/// The plan of a commit is there, or there is none.
void PointPage::followCommit()
{
    if (m_wanted && !m_draft->isPlanning()) {
        m_wanted = false;
        if (m_commit->isPlanned()) {
            Q_EMIT advance();
        } else if (!m_draft->error().code.isEmpty() && isVisible()) {
            m_commit->focusField();
        }
    }
}

void PointPage::showEvent(QShowEvent *event)
{
    WizardPage::showEvent(event);
    if (std::exchange(m_stale, false)) {
        loadSoon();
    }
}

void PointPage::loadSoon()
{
    m_stale = !isVisible();
    if (!m_stale && !m_loadSoon.isActive()) {
        m_loadSoon.start();
    }
}

void PointPage::loadTimelineSoon()
{
    if (isVisible() && !m_timelineSoon.isActive()) {
        m_timelineSoon.start();
    }
}

void PointPage::enter()
{
    if (m_byCommit) {
        m_commit->focusField();
        return;
    }
    if (m_content->isVisible()) {
        m_timeline->setFocus();
    }
}

bool PointPage::leave()
{
    if (m_byCommit) {
        if (m_commit->isPlanned()) {
            return true;
        }
        m_wanted = true;
        m_draft->requestCommit(m_commit->commit());
        return false;
    }
    if (!m_view) {
        return false; // blockedReason() says why.
    }
    m_draft->requestRollback(m_view->point.id, m_costs->mode(), m_view->point.version);
    return true;
}

QString PointPage::heading() const
{
    if (m_byCommit) {
        return tr("Name the commit whose code is to serve again. Nothing is changed before the last page.");
    }
    return m_model.rowCount() == 0 ? QString() : tr("Choose a restore point and how far to go back. Nothing is changed before the last page.");
}

QString PointPage::blockedReason() const
{
    if (m_byCommit) {
        return m_commit->blockedReason();
    }
    if (!m_loaded) {
        return tr("The restore points are being read.");
    }
    if (m_id.isEmpty()) {
        return m_model.rowCount() == 0 ? tr("There is nothing to go back to.") : tr("Choose a restore point.");
    }
    if (!m_error.code.isEmpty()) {
        return tr("What going back costs could not be counted.");
    }
    if (!m_view) {
        return tr("What going back costs is being counted.");
    }
    if (!m_draft->target().activeRun.isEmpty()) {
        return tr("A run is under way; open it from the bar below, or wait for its end.");
    }
    return m_costs->mode().isEmpty() ? tr("No way leads back to this restore point.") : QString();
}

void PointPage::load()
{
    ask<QList<RestorePointView>>(this, m_draft->engine()->restorePoints(), [this](Result<QList<RestorePointView>> points) {
        if (!points) {
            m_message->tell(points.error());
            return;
        }
        m_message->clear();
        m_loaded = true;
        m_model.setPoints(*points);
        m_table->fitColumns();
        m_empty->setVisible(points->isEmpty());
        m_content->setVisible(!points->isEmpty());
        loadTimeline();
        if (!m_table->currentIndex().isValid() && !points->isEmpty()) {
            // The newest that leads somewhere else.
            int row = 0;
            for (int i = 0; i < m_model.rowCount(); ++i) {
                if (m_model.at(i).point.available && !m_model.at(i).current) {
                    row = i;
                    break;
                }
            }
            m_table->setCurrentIndex(m_model.index(row, 0));
        }
        Q_EMIT changed();
    });
}

void PointPage::loadTimeline()
{
    m_timelineSoon.stop();
    if (!m_loaded || m_model.points().isEmpty()) {
        return;
    }
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const QDateTime oldest = m_model.points().last().point.created;
    // Some room before the oldest point, so that its version is seen.
    const QDateTime begin = oldest.addMSecs(-std::max<qint64>(60000, oldest.msecsTo(now) / 10));
    m_timeline->setPoints(m_model.points(), now);
    m_timeline->select(m_id);
    ask<QList<RunRecord>>(this, m_draft->engine()->runs(), [this, begin, now](Result<QList<RunRecord>> runs) {
        m_timeline->setBands(versionBands(runs.value_or(QList<RunRecord>()), begin, now, m_draft->target().version));
    });
    ask<QList<MetricPoint>>(this, m_draft->engine()->metrics(u"errors"_s, begin.toMSecsSinceEpoch(), now.toMSecsSinceEpoch()),
                            [this](Result<QList<MetricPoint>> errors) {
                                m_timeline->setErrors(errors.value_or(QList<MetricPoint>()), m_draft->target().errorLimit);
                            });
}

void PointPage::choose(const QString &id)
{
    if (id == m_id && m_view) {
        return;
    }
    m_id = id;
    m_view.reset();
    m_error = {};
    m_timeline->select(id);
    show();
    ask<RestorePointView>(this, m_draft->engine()->restorePoint(id), [this, id](Result<RestorePointView> view) {
        if (id != m_id) {
            return;
        }
        if (view) {
            m_view = std::move(*view);
        } else {
            m_error = view.error();
        }
        show();
    });
}

void PointPage::show()
{
    if (!m_error.code.isEmpty()) {
        m_message->tell(m_error);
    } else {
        m_message->clear();
    }
    const int row = m_model.rowOf(m_id);
    if (row < 0) {
        return;
    }
    const RestorePointView &known = m_view ? *m_view : m_model.at(row);
    m_then->setHeading(tr("Then: %1").arg(known.point.reason.text()));
    m_then->setToolTip(exactTime(known.point.created));
    QString then = stateLines(known.point.version, known.revisionThen, known.rowsThen);
    then = tr("Taken %1").arg(relativeTime(known.point.created)) + u'\n' + then;
    if (m_view) {
        then += u'\n' + (known.configurationDifferences == 0 ? tr("Configuration as now") : known.configurationDifferences == 1 ? tr("1 difference in the configuration")
                                                                                                                                : tr("%1 differences in the configuration").arg(known.configurationDifferences));
    }
    m_thenText->setText(then);
    m_nowText->setText(stateLines(known.versionNow.isEmpty() ? m_draft->target().version : known.versionNow, known.revisionNow, known.rowsNow));
    m_costs->setOptions(m_view ? m_view->options : QList<RollbackOption>());
    Q_EMIT changed();
}

} // namespace cutover
