// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/mainwindow.h"

#include "common/ask.h"
#include "common/buttons.h"
#include "common/codeview.h"
#include "common/icons.h"
#include "common/inlinemessage.h"
#include "common/textlabel.h"
#include "common/times.h"
#include "shell/conndialog.h"
#include "shell/console.h"
#include "shell/environment.h"
#include "shell/framebar.h"
#include "shell/rail.h"
#include "shell/runbar.h"

#include <QActionGroup>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QMessageBox>
#include <QPainter>
#include <QShortcut>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

/// The rail's ground reaches below its list.
class RailGround : public QWidget
{
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), Theme::color(Theme::Role::Sunken));
        painter.fillRect(width() - 1, 0, 1, height(), Theme::color(Theme::Role::Border));
    }
};

} // namespace

MainWindow::MainWindow(EngineClient *engine, QWidget *parent)
    : QMainWindow(parent)
    , m_console(new Console(engine, this))
    , m_rail(new Rail(Rooms::all()))
    , m_stack(new QStackedWidget)
    , m_banners(new QVBoxLayout)
    , m_connection(new InlineMessage)
    , m_conn(new InlineMessage)
    , m_problem(new InlineMessage)
    , m_failure(new InlineMessage)
    , m_host(new InlineMessage)
{
    setWindowTitle(tr("Cutover"));
    auto *frame = new FrameBar(m_console);
    auto *run = new RunBar(m_console);

    auto *ground = new RailGround;
    auto *left = new QVBoxLayout(ground);
    left->setContentsMargins(0, space::Inside, 1, space::Inside);
    left->setSpacing(0);
    left->addWidget(m_rail, 1);
    auto *openRow = new QHBoxLayout;
    openRow->setContentsMargins(space::Inside, 0, space::Inside, 0);
    openRow->addWidget(makeOpenButton());
    openRow->addStretch();
    left->addLayout(openRow);
    auto *themeRow = new QHBoxLayout;
    themeRow->setContentsMargins(space::Inside, 0, space::Inside, 0);
    addThemeButton(themeRow);
    left->addLayout(themeRow);
    ground->setFixedWidth(m_rail->sizeHint().width());

    m_banners->setContentsMargins(space::Page, 0, space::Page, 0);
    m_banners->setSpacing(space::Inside);
    for (InlineMessage *banner : {m_connection, m_host, m_conn, m_problem, m_failure}) {
        m_banners->addWidget(banner);
    }
    auto *right = new QVBoxLayout;
    right->setContentsMargins(0, 0, 0, 0);
    right->setSpacing(0);
    right->addLayout(m_banners);
    right->addWidget(m_stack, 1);
    auto *middle = new QHBoxLayout;
    middle->setSpacing(0);
    middle->addWidget(ground);
    middle->addLayout(right, 1);

    auto *central = new QWidget;
    auto *column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(frame);
    column->addLayout(middle, 1);
    column->addWidget(run);
    setCentralWidget(central);
    setMinimumSize(960, 600);
    resize(1280, 800);

    connect(m_rail, &Rail::roomChosen, this, [this](const QString &id) { openRoom(id); });
    connect(frame, &FrameBar::connWanted, this, &MainWindow::takeConn);
    connect(m_console, &Console::roomWanted, this, &MainWindow::openRoom);
    connect(m_console, &Console::connectionChanged, this, &MainWindow::refreshBanners);
    connect(m_console, &Console::targetChanged, this, &MainWindow::refreshBanners);
    // Until the next answer: what could not be read then can be read again.
    connect(m_console, &Console::failed, this, [this](const Error &error) {
        m_problem->tell(error);
        placeBanners();
    });

    // Counts down to the next attempt.
    m_attempt.setInterval(1000);
    connect(&m_attempt, &QTimer::timeout, this, &MainWindow::refreshBanners);

    const QList<RoomSpec> rooms = Rooms::all();
    for (int i = 0; i < rooms.size() && i < 9; ++i) {
        auto *jump = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_1 + i)), this);
        connect(jump, &QShortcut::activated, this, [this, id = rooms.at(i).id] { openRoom(id); });
    }
    auto *reload = new QShortcut(QKeySequence::Refresh, this);
    connect(reload, &QShortcut::activated, this, [this, engine] {
        m_console->refresh();
        Q_EMIT engine->changed({u"runs"_s, u"releases"_s, u"features"_s, u"restorePoints"_s, u"metrics"_s});
    });
    auto *change = new QShortcut(QKeySequence(Qt::Key_F6), this);
    connect(change, &QShortcut::activated, this, [this] {
        if (m_rail->hasFocus() && m_stack->currentWidget() != nullptr) {
            m_stack->currentWidget()->setFocus(Qt::TabFocusReason);
            focusNextChild();
        } else {
            m_rail->setFocus(Qt::TabFocusReason);
        }
    });
    if (!rooms.isEmpty()) {
        openRoom(rooms.first().id);
        // The first room is painted before the others are made; their badges come a moment later.
        QTimer::singleShot(0, this, &MainWindow::makeNextRoom);
    }
    m_rail->setFocus();
    refreshBanners();
}

void MainWindow::addThemeButton(QHBoxLayout *row)
{
    auto *button = new FlatButton(u"contrast"_s, tr("Appearance"));
    auto *menu = new QMenu(button);
    auto *group = new QActionGroup(menu);
    const std::pair<Theme::Mode, QString> modes[]{
        {Theme::Mode::System, tr("As the system")}, {Theme::Mode::Light, tr("Light")}, {Theme::Mode::Dark, tr("Dark")}};
    for (const auto &[mode, name] : modes) {
        QAction *action = menu->addAction(name);
        action->setCheckable(true);
        action->setChecked(Theme::instance().mode() == mode);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [mode] { Theme::instance().setMode(mode); });
        connect(&Theme::instance(), &Theme::changed, action, [action, mode] { action->setChecked(Theme::instance().mode() == mode); });
    }
    button->setMenu(menu);
    row->addWidget(button);
    row->addStretch();
}

QWidget *MainWindow::makeOpenButton()
{
    auto *button = new FlatButton(u"document-open"_s, tr("Open target…"));
    button->setObjectName(u"openTarget"_s);
    const QKeySequence key(QKeySequence::Open);
    button->setToolTip(tr("Open another target in a window of its own (%1)").arg(key.toString(QKeySequence::NativeText)));
    connect(button, &QPushButton::clicked, this, &MainWindow::openTargetWanted);
    auto *open = new QShortcut(key, this);
    connect(open, &QShortcut::activated, this, &MainWindow::openTargetWanted);
    return button;
}

void MainWindow::setPlace(const TargetPlace &place)
{
    m_place = place;
    const auto remember = [this] {
        const auto &target = m_console->target();
        if (target && !m_place.file.isEmpty() && !std::exchange(m_remembered, true)) {
            m_place.name = target->name;
            m_place.environment = target->environment;
            RecentTargets::add(m_place);
        }
    };
    connect(m_console, &Console::targetChanged, this, remember);
    remember();
}

Room *MainWindow::room(const QString &id)
{
    if (Room *known = m_rooms.value(id)) {
        return known;
    }
    const QList<RoomSpec> rooms = Rooms::all();
    for (const RoomSpec &spec : rooms) {
        if (spec.id == id) {
            Room *made = spec.create(m_console);
            connect(made, &Room::badgeChanged, this,
                    [this, id](int count, const QString &description) { m_rail->setBadge(id, count, description); });
            m_rooms.insert(id, made);
            m_stack->addWidget(made);
            return made;
        }
    }
    return nullptr;
}

/// One in each turn of the event loop, so that none waits for all.
void MainWindow::makeNextRoom()
{
    const QList<RoomSpec> rooms = Rooms::all();
    for (const RoomSpec &spec : rooms) {
        if (!m_rooms.contains(spec.id)) {
            [[maybe_unused]] const Room *made = room(spec.id);
            QTimer::singleShot(0, this, &MainWindow::makeNextRoom);
            return;
        }
    }
    CodeView::prepare();
}

void MainWindow::openRoom(const QString &id, const QString &argument)
{
    Room *wanted = room(id);
    if (wanted == nullptr) {
        return;
    }
    const bool moved = m_stack->currentWidget() != wanted || !argument.isEmpty();
    m_stack->setCurrentWidget(wanted);
    {
        // Choosing the line in the rail would open the room a second time, without its argument.
        const QSignalBlocker blocker(m_rail);
        m_rail->setCurrentRoom(id);
    }
    m_rail->viewport()->update();
    if (moved) {
        wanted->open(argument);
    }
}

void MainWindow::showStarting(const QString &doing)
{
    m_starting = doing;
    m_console->setStartFailure({});
    refreshBanners();
}

void MainWindow::showStartFailure(const Error &error)
{
    m_console->setStartFailure(error);
    refreshBanners();
}

QString MainWindow::currentRoom() const
{
    return m_rooms.key(static_cast<Room *>(m_stack->currentWidget()));
}

void MainWindow::refreshBanners()
{
    const auto &target = m_console->target();
    const LinkState link = m_console->engine()->link();
    if (target && link.host.isEmpty()) {
        setWindowTitle(tr("%1 (%2) – Cutover").arg(target->name, environmentText(target->environment)));
    } else if (target) {
        setWindowTitle(tr("%1 (%2) on %3 – Cutover").arg(target->name, environmentText(target->environment), link.host));
    }
    if (!m_console->isConnected()) {
        const Error &error = m_console->connectionError();
        if (const Error &failure = m_console->startFailure(); !failure.code.isEmpty()) {
            m_connection->tell(failure);
        } else if (error.code.isEmpty()) {
            const QString connecting = link.host.isEmpty() ? tr("Connecting to the control host…") : tr("Connecting to %1…").arg(link.host);
            m_connection->tell(InlineMessage::Kind::Info, m_starting.isEmpty() ? connecting : m_starting);
        } else {
            tellConnection(error, link);
        }
    } else {
        m_attempt.stop();
        m_connection->clear();
    }
    // Once for what it is: whoever has read it needs it no more.
    const Error warning = m_console->isConnected() ? link.warnings.value(0) : Error();
    if (warning.code.isEmpty()) {
        m_host->clear();
    } else if (warning.text() != m_warned) {
        m_host->tell(warning, InlineMessage::Kind::Caution);
        m_host->setClosable(true);
    }
    m_warned = warning.text();
    if (m_console->isConnected() && target && !target->foreignConn().isEmpty()) {
        const QString what = tr("%1 took the conn %2. You can watch.").arg(target->connHolder, relativeTime(target->connSince));
        m_conn->tell(InlineMessage::Kind::Info, what, target->connNote.isEmpty() ? QString() : tr("Note: “%1”").arg(target->connNote));
        if (!m_conn->hasActions()) {
            connect(m_conn->addAction(tr("Take over…")), &QPushButton::clicked, this, &MainWindow::takeConn);
        }
    } else {
        m_conn->clear();
    }
    const Error problem = !m_console->isConnected() || !target ? Error() : target->problem.code.isEmpty() ? target->cutRestart
                                                                                                          : target->problem;
    if (!problem.code.isEmpty()) {
        m_problem->tell(problem, InlineMessage::Kind::Caution);
    } else {
        m_problem->clear();
    }
    placeBanners();
}

/// Why there is no connection, how it goes on, and what a person can do.
void MainWindow::tellConnection(const Error &error, const LinkState &link)
{
    const bool again = error.kind != Error::Kind::Permanent;
    QString what = tr("The connection to the control host is lost. What is shown may be out of date.");
    QString hint = tr("%1 It is tried again by itself; a run under way goes on.").arg(error.what());
    if (!again) {
        what = error.what();
        hint = error.hint();
    } else if (!link.host.isEmpty()) {
        what = m_console->target() ? tr("Connection to %1 lost, trying again… What is shown may be out of date.").arg(link.host)
                                   : tr("No connection to %1 yet, trying again…").arg(link.host);
        const qint64 seconds = std::max<qint64>(1, (link.nextMs + 999) / 1000);
        const QString attempts = link.nextMs < 0 ? tr("Attempt %1 is under way.").arg(link.attempts)
                                                 : tr("Attempt %1 failed, the next one comes in %2.").arg(QString::number(link.attempts), durationText(seconds * 1000));
        hint = tr("%1 %2 A run under way goes on.").arg(error.what(), attempts);
    }
    m_connection->tell(InlineMessage::Kind::Danger, what, hint, error.text());
    if (!m_connection->hasActions()) {
        connect(m_connection->addAction(tr("Try again")), &QPushButton::clicked, this, [this] {
            m_console->engine()->tryAgain();
            refreshBanners();
        });
    }
    if (again && !link.host.isEmpty() && !m_attempt.isActive()) {
        m_attempt.start();
    } else if (!again) {
        m_attempt.stop();
    }
}

/// Stays until it is closed or something else fails.
void MainWindow::tellFailure(const Error &error)
{
    m_failure->tell(error);
    m_failure->setClosable(true);
    placeBanners();
}

void MainWindow::placeBanners()
{
    const bool any = !m_connection->isHidden() || !m_host->isHidden() || !m_conn->isHidden() || !m_problem->isHidden() || !m_failure->isHidden();
    m_banners->setContentsMargins(space::Page, any ? space::Group : 0, space::Page, any ? space::Inside : 0);
}

void MainWindow::takeConn()
{
    const auto &target = m_console->target();
    if (!target) {
        return;
    }
    if (target->connHolder.isEmpty()) {
        takeConnFrom({}, {});
        return;
    }
    auto *dialog = new ConnDialog(*target, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { takeConnFrom(dialog->holder(), dialog->note()); });
    connect(m_console, &Console::targetChanged, dialog, [this, dialog] {
        if (m_console->target()) {
            dialog->follow(*m_console->target());
        }
    });
    dialog->open();
}

void MainWindow::takeConnFrom(const QString &holder, const QString &note)
{
    ask<void>(this, m_console->engine()->takeConn(!holder.isEmpty(), note, holder), [this](const Result<> &taken) {
        if (!taken) {
            tellFailure(taken.error());
        }
        m_console->refresh();
    });
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    const auto &run = m_console->activeRun();
    if (run) {
        QMessageBox question(this);
        question.setIcon(QMessageBox::Question);
        question.setWindowTitle(tr("Close the window"));
        const QString what = run->run.plan.kind == "rollback"_L1 ? tr("The rollback to %1 goes on without the window.").arg(run->run.plan.to)
                                                                 : tr("The update to %1 goes on without the window.").arg(run->run.plan.to);
        question.setText(what);
        question.setInformativeText(tr("Open the console again at any time to see it. If it fails, it follows the plan's policy: it holds, or rolls back."));
        QPushButton *stay = question.addButton(tr("Stay"), QMessageBox::RejectRole);
        QPushButton *leave = question.addButton(tr("Close the window"), QMessageBox::AcceptRole);
        question.setDefaultButton(stay);
        question.setEscapeButton(stay);
        question.exec();
        if (question.clickedButton() != leave) {
            event->ignore();
            return;
        }
    }
    Q_EMIT closing();
    event->accept();
}

} // namespace cutover
