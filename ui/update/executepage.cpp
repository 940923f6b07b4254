// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/executepage.h"

#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/logview.h"
#include "common/page.h"
#include "common/progress.h"
#include "common/statuschip.h"
#include "common/times.h"
#include "run/decisions.h"
#include "serve/runview.h"
#include "update/decisiondialog.h"
#include "update/digestlabel.h"
#include "update/heldpanel.h"
#include "update/incident.h"
#include "update/instancestrip.h"
#include "update/runfeed.h"
#include "update/runmetrics.h"
#include "update/steptimelineview.h"
#include "update/words.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLocale>
#include <QProgressBar>
#include <QRegularExpression>
#include <QSplitter>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr int BarSteps = 1000;

/// "TIME STEP SOURCE TEXT" as it is read best: the local time of day, and who speaks unless it is the run itself.
QString shownLog(const QString &text)
{
    static const QRegularExpression form(u"^(\\S+Z) \\S+ (\\S+) (.*)$"_s);
    QStringList lines = text.split(u'\n');
    for (QString &line : lines) {
        const QRegularExpressionMatch match = form.match(line);
        const QDateTime time = match.hasMatch() ? QDateTime::fromString(match.captured(1), Qt::ISODateWithMs) : QDateTime();
        if (time.isValid()) {
            const QString source = match.captured(2) == u"run" ? QString() : QString(match.captured(2) + u": ");
            line = time.toLocalTime().toString(u"HH:mm:ss  "_s) + source + match.captured(3);
        }
    }
    return lines.join(u'\n');
}

} // namespace

ExecutePage::ExecutePage(EngineClient *engine, const QString &runId, QWidget *parent)
    : QWidget(parent)
    , m_engine(engine)
    , m_feed(new RunFeed(engine, runId, this))
    , m_title(new TextLabel({}, TextStyle::Title))
    , m_fromTo(new TextLabel({}, TextStyle::Section, Theme::Role::Muted))
    , m_state(new StatusChip)
    , m_digest(new DigestLabel)
    , m_approved(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_message(new InlineMessage)
    , m_bar(new QProgressBar)
    , m_numbers(new TextLabel)
    , m_hold(new QPushButton(tr("Hold")))
    , m_abort(new DestructiveButton(tr("Abort…")))
    , m_timeline(new StepTimelineView)
    , m_held(new HeldPanel)
    , m_now(new Panel(tr("Now")))
    , m_doing(new TextLabel)
    , m_stepBar(new QProgressBar)
    , m_command(new ElidedLabel({}, Qt::ElideMiddle))
    , m_lastLine(new ElidedLabel)
    , m_instances(new InstanceStrip)
    , m_metrics(new RunMetrics(engine))
    , m_log(new LogView(tr("Log of the run")))
    , m_ifAborted(new TextLabel)
    , m_leave(new QPushButton(tr("Leave")))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::Page, space::Page, space::Page, space::Group);
    layout->setSpacing(space::Group);

    auto *head = new QHBoxLayout;
    head->setSpacing(space::Group);
    head->addWidget(m_title);
    head->addWidget(m_fromTo, 0, Qt::AlignBottom);
    head->addWidget(m_state, 0, Qt::AlignVCenter);
    head->addStretch();
    head->addWidget(m_approved);
    head->addWidget(m_digest);
    layout->addLayout(head);
    layout->addWidget(m_message);

    auto *progress = new QHBoxLayout;
    progress->setSpacing(space::Group);
    m_bar->setRange(0, BarSteps);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress of the run"));
    m_numbers->setFont(tabularFont(m_numbers->font()));
    // Until it is known which run this is.
    m_hold->setEnabled(false);
    m_abort->setEnabled(false);
    m_hold->setObjectName(u"hold"_s);
    m_abort->setObjectName(u"abort"_s);
    progress->addWidget(m_bar, 1);
    progress->addWidget(m_numbers);
    progress->addWidget(m_hold);
    progress->addWidget(m_abort);
    layout->addLayout(progress);

    auto *columns = new QSplitter;
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(space::Group);
    auto *steps = new Panel(tr("Steps"));
    steps->setFlush(true);
    m_timeline->setModel(&m_steps);
    m_timeline->setMinimumWidth(270);
    steps->body()->addWidget(m_timeline);
    columns->addWidget(steps);

    auto *right = new QWidget;
    auto *column = m_column = new QVBoxLayout(right);
    column->setContentsMargins({});
    column->setSpacing(space::Group);
    m_held->setObjectName(u"held"_s);
    column->addWidget(m_held);
    m_doing->wrapped();
    m_doing->setObjectName(u"doing"_s);
    m_stepBar->setRange(0, BarSteps);
    m_stepBar->setTextVisible(false);
    m_stepBar->setFixedHeight(6);
    m_stepBar->setAccessibleName(tr("Progress of the step"));
    // Room for it is always kept, so that the page does not jump.
    QSizePolicy keep = m_stepBar->sizePolicy();
    keep.setRetainSizeWhenHidden(true);
    m_stepBar->setSizePolicy(keep);
    m_command->setRole(Theme::Role::Muted);
    m_lastLine->setRole(Theme::Role::Muted);
    m_lastLine->setFont(monospaceFont());
    m_now->body()->setSpacing(space::Tight);
    m_now->body()->addWidget(m_doing);
    m_now->body()->addWidget(m_stepBar);
    m_now->body()->addWidget(m_command);
    m_now->body()->addWidget(m_lastLine);
    m_now->body()->addSpacing(space::Tight);
    m_now->body()->addWidget(m_instances);
    column->addWidget(m_now);
    column->addWidget(m_metrics, 3);
    auto *log = new Panel;
    log->setFlush(true);
    log->body()->addWidget(m_log);
    m_log->setMinimumHeight(64);
    column->addWidget(log, 2);
    right->installEventFilter(this);
    columns->addWidget(right);
    columns->setStretchFactor(0, 0);
    columns->setStretchFactor(1, 1);
    columns->setSizes({300, 880});
    layout->addWidget(columns, 1);

    auto *foot = new QHBoxLayout;
    foot->setSpacing(space::Group);
    m_ifAborted->wrapped();
    m_ifAborted->setObjectName(u"ifAborted"_s);
    foot->addWidget(m_ifAborted, 1);
    m_leave->setToolTip(tr("The run goes on without this page"));
    m_leave->setObjectName(u"leave"_s);
    foot->addWidget(m_leave, 0, Qt::AlignRight);
    layout->addLayout(foot);

    connect(m_feed, &RunFeed::viewChanged, this, [this] {
        // What could not be read before has been read now.
        if (std::exchange(m_unread, false)) {
            m_message->clear();
        }
        refresh();
    });
    connect(m_feed, &RunFeed::progressChanged, this, &ExecutePage::refreshNow);
    connect(m_feed, &RunFeed::targetChanged, this, [this] {
        m_instances->setInstances(m_feed->target().instances);
        m_metrics->setErrorLimit(m_feed->target().errorLimit);
        m_held->setRunnerGone(m_feed->target().runnerGone);
        m_held->setWhyNot(m_feed->target().connRefusal());
        refreshCommands();
        refreshNow();
    });
    connect(m_feed, &RunFeed::logAppended, this, [this](const QString &text) { m_log->append(shownLog(text)); });
    connect(m_feed, &RunFeed::loadFailed, this, [this](const Error &error) {
        m_unread = true;
        m_message->tell(error);
    });
    connect(m_feed, &RunFeed::commandFailed, this, [this](const QString &verb, const Error &error) {
        if (verb == u"hold") {
            m_pause = Pause::None;
        }
        m_message->tell(error);
        m_message->setClosable(true);
        if (error.code == u"gate.blackout_now") {
            QPushButton *glass = m_message->addAction(tr("Break the glass…"));
            glass->setObjectName(u"wantGlass"_s);
            connect(glass, &QPushButton::clicked, this, [this, verb] { askForGlass(verb); });
        }
    });
    connect(m_feed, &RunFeed::commandTaken, this, [this](const QString &verb, const QString &command) {
        if (verb == u"hold" && m_pause != Pause::None) {
            m_pauseCommand = command;
            if (std::exchange(m_pause, Pause::Given) == Pause::Resume) {
                keepRunning();
            }
        }
    });
    connect(m_hold, &QPushButton::clicked, this, &ExecutePage::hold);
    connect(m_abort, &QPushButton::clicked, this, &ExecutePage::askAbort);
    connect(m_held, &HeldPanel::chosen, this, &ExecutePage::choose);
    connect(m_held, &HeldPanel::copyRequested, this, &ExecutePage::copyIncident);
    connect(m_leave, &QPushButton::clicked, this, &ExecutePage::left);
    m_timer.setInterval(1s);
    connect(&m_timer, &QTimer::timeout, this, &ExecutePage::tick);
    m_timer.start();
    m_held->hide();
    m_stepBar->hide();
    m_timeline->setFocus();
    m_doing->setText(tr("Asking the control host about the run"));
}

QString ExecutePage::whyNot(const QString &verb, const QString &otherwise) const
{
    const RunView &view = m_feed->view();
    if (view.offers.contains(verb)) {
        return m_feed->target().connRefusal();
    }
    const Message refusal = view.refusals.value(verb);
    return refusal.isEmpty() ? otherwise : refusal.text();
}

bool ExecutePage::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Resize && watched == m_column->parentWidget()) {
        fitMetrics();
    }
    return QWidget::eventFilter(watched, event);
}

/// In a low window the charts give way to the choices of a held run, which would lie on each other.
void ExecutePage::fitMetrics()
{
    const QWidget *column = m_column->parentWidget();
    const int needed = m_held->heightForWidth(column->width()) + m_metrics->minimumSizeHint().height()
        + m_log->parentWidget()->minimumSizeHint().height() + 2 * m_column->spacing();
    m_metrics->setVisible(m_held->isHidden() || needed <= column->height());
}

void ExecutePage::refreshCommands()
{
    if (m_feed->isLoaded()) {
        setDisabledReason(m_hold, whyNot(u"hold"_s, tr("There is nothing to hold.")));
        setDisabledReason(m_abort, whyNot(u"abort"_s, tr("The run can't be aborted now.")));
    }
}

void ExecutePage::refresh()
{
    const RunView &view = m_feed->view();
    const Plan &plan = view.run.plan;
    const bool rollback = plan.kind == u"rollback";
    m_title->setText(rollback ? tr("Roll back %1").arg(plan.targetName) : tr("Update %1").arg(plan.targetName));
    m_fromTo->setText(rollback ? pathText(plan.from, {plan.to}) : pathText(plan.from, plan.path.isEmpty() ? QStringList{plan.to} : plan.path));
    m_state->setStatus(statusOf(view.run.state));
    m_digest->setDigest(view.run.planDigest);
    m_approved->setText(view.run.approvedBy.isEmpty() ? tr("Plan")
                                                      : tr("Approved by %1 %2 · plan").arg(view.run.approvedBy, relativeTime(view.run.created)));
    m_approved->setToolTip(exactTime(view.run.created));
    m_metrics->setRun(view.run);

    m_steps.setRun(view);
    if (const int row = m_steps.currentRow(); row >= 0 && row != m_followed) {
        m_followed = row;
        m_timeline->scrollTo(m_steps.index(row), QAbstractItemView::PositionAtCenter);
    }

    const bool held = view.run.state == RunState::Held;
    m_held->setVisible(held);
    m_now->setVisible(!held);
    // Who has to decide reads the log.
    m_column->setStretchFactor(m_metrics, held ? 1 : 3);
    m_bar->setProperty("cutoverHeld", held);
    m_bar->update();
    if (held) {
        m_held->setRun(view);
    }
    fitMetrics();
    refreshCommands();
    m_hold->setVisible(!held);
    // A held run is left through the choices beside their costs.
    m_abort->setVisible(!held);

    // While it is held the same stands beside the choice.
    m_ifAborted->setVisible(!view.ifAborted.isEmpty() && !held);
    m_ifAborted->setText(view.ifAborted.isEmpty() ? QString() : view.ifAborted.text());
    refreshNow();
    tick();
    if (isFinal(view.run.state) && !m_told) {
        m_told = true;
        if (m_question) {
            m_question->close();
        }
        Q_EMIT ended();
    }
}

void ExecutePage::refreshNow()
{
    if (!m_feed->isLoaded()) {
        return;
    }
    const RunView &view = m_feed->view();
    const QJsonObject &progress = m_feed->progress();
    const Message doing = Message::fromJson(progress[u"doing"].toObject());
    const StepView *step = view.currentStep();
    if (!doing.isEmpty()) {
        m_doing->setText(doing.text());
    } else if (step != nullptr) {
        m_doing->setText(step->spec.intent.text());
    } else if (isFinal(view.run.state)) {
        m_doing->setText(stateText(view.run.state));
    } else {
        m_doing->setText(tr("Between two steps"));
    }
    const qint64 total = progress[u"total"].toInteger();
    m_stepBar->setVisible(total > 0);
    if (total > 0) {
        setProgress(m_stepBar, int(BarSteps * progress[u"done"].toInteger() / total));
    }
    const QString host = m_feed->target().host;
    const QString source = m_feed->lastSource();
    m_command->setText(host.isEmpty() ? source : source.isEmpty() ? tr("host %1").arg(host)
                                                                  : tr("host %1 · %2").arg(host, source));
    m_lastLine->setText(m_feed->lastLine());

    // Whole steps, and the part of the current one that is known.
    const int steps = std::max(1, m_steps.stepCount());
    const double part = total > 0 ? double(progress[u"done"].toInteger()) / double(total) : 0;
    setProgress(m_bar, int(BarSteps * (m_steps.doneCount() + (step != nullptr ? part : 0)) / steps));
}

void ExecutePage::tick()
{
    if (!m_feed->isLoaded()) {
        return;
    }
    const RunView &view = m_feed->view();
    m_steps.tick();
    if (m_held->isVisible()) {
        m_held->tick();
    }
    const int number = view.current >= 0 ? view.current + 1 : m_steps.doneCount();
    QStringList parts{tr("%1 of %2").arg(number).arg(m_steps.stepCount()), elapsedText(m_feed->elapsedMs())};
    if (const qint64 left = m_feed->leftMs(); left >= 0) {
        parts << tr("%1 left").arg(estimateText(left));
    }
    if (view.turnBackBy.isValid() && !isFinal(view.run.state)) {
        parts << tr("turn back by %1").arg(QLocale().toString(view.turnBackBy.toLocalTime().time(), u"HH:mm"_s));
    }
    m_numbers->setText(parts.join(u" · "_s));
}

void ExecutePage::hold()
{
    m_feed->command(u"hold"_s);
}

void ExecutePage::askAbort()
{
    if (m_question) {
        m_question->raise();
        return;
    }
    const RunView &view = m_feed->view();
    // The run pauses while a person thinks.
    const bool paused = view.offers.contains(u"hold");
    m_pauseCommand.clear();
    m_pause = paused ? Pause::Asked : Pause::None;
    if (paused) {
        m_feed->command(u"hold"_s);
    }
    QString details = view.ifAborted.isEmpty() ? QString() : view.ifAborted.text();
    if (paused) {
        details += (details.isEmpty() ? QString() : u"\n"_s) + tr("The run pauses while you decide.");
    }
    const Plan &plan = view.run.plan;
    m_question = new DecisionDialog({.title = tr("Abort the run"),
                                     .question = plan.kind == u"rollback" ? tr("Stop the rollback of %1 to %2?").arg(plan.targetName, plan.to)
                                                                          : tr("Stop the update of %1 to %2?").arg(plan.targetName, plan.to),
                                     .details = details,
                                     .decide = tr("Stop anyway"),
                                     .keep = tr("Keep running"),
                                     .name = nameFor(u"abort"_s)},
                                    this);
    m_question->decideButton()->setObjectName(u"stopAnyway"_s);
    m_question->keepButton()->setObjectName(u"keepRunning"_s);
    // By then the pause may or may not have been taken, so neither answer expects a state.
    connect(m_question, &QDialog::accepted, this, [this, question = m_question.data()] {
        m_pause = Pause::None;
        if (!isFinal(m_feed->view().run.state)) {
            m_feed->commandInAnyState(u"abort"_s, question->name());
        }
    });
    connect(m_question, &QDialog::rejected, this, &ExecutePage::keepRunning);
    m_question->open();
}

void ExecutePage::keepRunning()
{
    if (m_pause == Pause::None || isFinal(m_feed->view().run.state)) {
        return;
    }
    if (m_pause == Pause::Asked) {
        m_pause = Pause::Resume; // As soon as the engine has told which hold it is.
        return;
    }
    m_pause = Pause::None;
    // Whatever else holds the run by now is not this page's to pass over.
    m_feed->resumeHold(m_pauseCommand);
}

QString ExecutePage::nameFor(const QString &verb) const
{
    const Plan &plan = m_feed->view().run.plan;
    return needsName(verb, plan.environment == u"production") ? plan.targetName : QString();
}

void ExecutePage::choose(const QString &verb)
{
    if (nameFor(verb).isEmpty()) {
        m_feed->command(verb);
    } else {
        decideByName(verb);
    }
}

void ExecutePage::decideByName(const QString &verb)
{
    const RunView &view = m_feed->view();
    const QString target = view.run.plan.targetName;
    DecisionDialog::Texts texts{.keep = tr("Keep it held"), .name = nameFor(verb)};
    if (verb == u"abandon") {
        texts.title = tr("Abandon the run");
        texts.question = tr("Leave %1 as it is?").arg(target);
        texts.details = tr("Nothing is taken back and nothing goes on by itself. Your name is recorded with it.");
        if (const Message closed = leftClosed(view); !closed.isEmpty()) {
            texts.details = closed.text() + u'\n' + texts.details;
        }
        texts.decide = tr("Abandon the run");
    } else if (verb == u"accept") {
        const bool back = isTakingBack(view);
        texts.title = back ? tr("Accept as taken back") : tr("Accept as done");
        texts.question = back ? tr("Go on with the way back of %1 as if the step were taken back?").arg(target) : tr("Go on with %1 as if the step had worked?").arg(target);
        texts.details = tr("Only where looking at the system agrees, or where nothing but your word can tell. Your name is recorded with it.");
        texts.decide = texts.title;
    } else {
        texts.title = tr("Roll back");
        texts.question = tr("Roll %1 back to %2?").arg(target, view.run.plan.from);
        texts.details = view.ifAborted.isEmpty() ? QString() : view.ifAborted.text();
        texts.decide = tr("Roll back to %1").arg(view.run.plan.from);
    }
    auto *question = new DecisionDialog(texts, this);
    question->decideButton()->setObjectName(u"decide"_s);
    connect(question, &QDialog::accepted, this, [this, question, verb] { m_feed->command(verb, question->name()); });
    openQuestion(question);
}

void ExecutePage::askForGlass(const QString &verb)
{
    const Plan &plan = m_feed->view().run.plan;
    auto *question = new DecisionDialog({.title = tr("Break the glass"),
                                         .question = tr("Let %1 go on in blackout hours?").arg(plan.targetName),
                                         .details = tr("The reason and your name go into the audit trail and the report. Rolling back needs none."),
                                         .decide = tr("Go on to %1").arg(plan.to),
                                         .keep = tr("Keep it held"),
                                         .name = nameFor(verb),
                                         .reason = tr("Why it can't wait:")},
                                        this);
    question->decideButton()->setObjectName(u"decide"_s);
    connect(question, &QDialog::accepted, this, [this, question, verb] {
        m_message->clear();
        m_feed->command(verb, question->name(), {question->reason(), {u"blackout"_s}});
    });
    openQuestion(question);
}

void ExecutePage::openQuestion(DecisionDialog *question)
{
    const RunView &view = m_feed->view();
    // What was asked about one hold is no answer to the next.
    connect(m_feed, &RunFeed::viewChanged, question, [this, question, asked = view.run.reason.text(), at = view.current] {
        const RunView &now = m_feed->view();
        if (now.run.state != RunState::Held || now.current != at || now.run.reason.text() != asked) {
            question->reject();
        }
    });
    question->open();
}

void ExecutePage::copyIncident()
{
    QGuiApplication::clipboard()->setText(incidentSummary(m_feed->view(), m_feed->target(), m_feed->lastLine()));
}

} // namespace cutover
