// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "shell/opentargetdialog.h"

#include "common/buttons.h"
#include "common/inlinemessage.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/textlabel.h"
#include "shell/environment.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QProgressBar>
#include <QShortcut>
#include <QStandardItemModel>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace cutover {

namespace {

constexpr int Width = 720;
constexpr int RecentHeight = 176; ///< At least: the header and four rows; more scroll.
constexpr int TickMs = 1000;

enum Column { NameColumn,
              EnvironmentColumn,
              HostColumn,
              FileColumn };

/// Whether it is the host, and not the file, that has to be looked at.
bool isOfHost(const Error &error)
{
    return error.code.startsWith(u"ssh.") && error.code != u"ssh.no_program" && error.code != u"ssh.not_executable";
}

} // namespace

OpenTargetDialog::OpenTargetDialog(const QString &program, QWidget *parent)
    : QDialog(parent)
    , m_program(program)
    , m_host(new QLineEdit)
    , m_file(new QLineEdit)
    , m_there(new QLineEdit)
    , m_thereLabel(new TextLabel(tr("Program there")))
    , m_thereHint(new TextLabel(tr("Where cutoverctl lies on the control host, if not in the account's path."), TextStyle::Caption))
    , m_fileHint(new TextLabel({}, TextStyle::Caption))
    , m_browse(new QPushButton(tr("Browse…")))
    , m_model(new QStandardItemModel(this))
    , m_table(new TableView(tr("Recently opened")))
    , m_none(new TextLabel(tr("Nothing has been opened yet."), TextStyle::Body, Theme::Role::Muted))
    , m_remove(new FlatButton({}, tr("Remove from the list")))
    , m_message(new InlineMessage)
    , m_working(new QWidget)
    , m_doing(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_reason(new TextLabel({}, TextStyle::Caption))
    , m_stop(new QPushButton(tr("Stop")))
    , m_cancel(new QPushButton(tr("Cancel")))
    , m_open(new PrimaryButton(tr("Open")))
{
    setWindowTitle(tr("Open target"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    column->setSpacing(space::Group);
    column->addWidget(new TextLabel(tr("Which system is to be looked after?"), TextStyle::Section));
    makeFields(column);
    makeRecent(column);
    column->addWidget(m_message);

    auto *row = new QHBoxLayout(m_working);
    row->setContentsMargins({});
    row->setSpacing(space::Group);
    auto *bar = new QProgressBar;
    bar->setRange(0, 0);
    bar->setTextVisible(false);
    bar->setFixedWidth(160);
    bar->setAccessibleName(tr("Progress of the connection"));
    row->addWidget(bar);
    row->addWidget(m_doing, 1);
    m_stop->setObjectName(u"stop"_s);
    m_stop->setAutoDefault(false);
    row->addWidget(m_stop);
    column->addWidget(m_working);

    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::Inside);
    buttons->addWidget(m_reason, 1);
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_open);
    m_reason->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_cancel->setAutoDefault(false);
    m_cancel->setObjectName(u"cancel"_s);
    m_open->setObjectName(u"open"_s);
    m_open->setDefault(true);
    column->addLayout(buttons);

    m_tick.setInterval(TickMs);
    connect(&m_tick, &QTimer::timeout, this, &OpenTargetDialog::tick);
    connect(m_open, &QPushButton::clicked, this, &OpenTargetDialog::begin);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        stop();
        reject();
    });
    connect(m_stop, &QPushButton::clicked, this, &OpenTargetDialog::stop);
    setFixedWidth(Width);
    loadRecent();
    refresh();
}

OpenTargetDialog::~OpenTargetDialog() = default;

void OpenTargetDialog::makeFields(QVBoxLayout *column)
{
    auto *form = new QGridLayout;
    form->setHorizontalSpacing(space::Group);
    form->setVerticalSpacing(space::Tight);
    form->setColumnStretch(1, 1);
    const auto named = [](TextLabel *label, QLineEdit *field, const QString &name) {
        label->setBuddy(field);
        field->setObjectName(name);
        field->setAccessibleName(label->text());
        return label;
    };
    m_host->setPlaceholderText(tr("This computer"));
    form->addWidget(named(new TextLabel(tr("Control host")), m_host, u"host"_s), 0, 0);
    form->addWidget(m_host, 0, 1);
    const QString host = tr("[user@]host[:port], reached by ssh with its own keys or agent; nothing is asked. Empty: this computer.");
    m_host->setAccessibleDescription(host);
    form->addWidget(new TextLabel(host, TextStyle::Caption), 1, 1);
    form->addWidget(named(m_thereLabel, m_there, u"program"_s), 2, 0);
    m_there->setPlaceholderText(ControlHost().program);
    form->addWidget(m_there, 2, 1);
    m_there->setAccessibleDescription(m_thereHint->text());
    form->addWidget(m_thereHint, 3, 1);
    form->addWidget(named(new TextLabel(tr("Target file")), m_file, u"file"_s), 4, 0);
    auto *file = new QHBoxLayout;
    file->setSpacing(space::Inside);
    file->addWidget(m_file, 1);
    m_browse->setObjectName(u"browse"_s);
    m_browse->setAutoDefault(false);
    file->addWidget(m_browse);
    form->addLayout(file, 4, 1);
    form->addWidget(m_fileHint, 5, 1);
    column->addLayout(form);
    for (QLineEdit *field : {m_host, m_file, m_there}) {
        connect(field, &QLineEdit::textChanged, this, [this] {
            m_message->clear();
            refresh();
        });
    }
    connect(m_browse, &QPushButton::clicked, this, &OpenTargetDialog::browse);
}

void OpenTargetDialog::makeRecent(QVBoxLayout *column)
{
    auto *panel = new Panel(tr("Recently opened"));
    panel->setFlush(true);
    m_table->setObjectName(u"recent"_s);
    m_table->setMinimumHeight(RecentHeight);
    m_model->setHorizontalHeaderLabels({tr("Target"), tr("Environment"), tr("Control host"), tr("Target file")});
    m_table->setModel(m_model);
    m_table->setStretchColumn(FileColumn);
    m_table->setTextElideMode(Qt::ElideMiddle);
    m_none->setContentsMargins(space::Group, 0, space::Group, space::Group);
    panel->body()->addWidget(m_table, 1);
    panel->body()->addWidget(m_none, 0, Qt::AlignTop);
    m_remove->setObjectName(u"remove"_s);
    panel->actions()->addWidget(m_remove);
    column->addWidget(panel, 1);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &OpenTargetDialog::fillFromRecent);
    connect(m_table, &QTableView::clicked, this, &OpenTargetDialog::fillFromRecent);
    connect(m_table, &QTableView::activated, this, &OpenTargetDialog::begin);
    connect(m_remove, &QPushButton::clicked, this, &OpenTargetDialog::removeRecent);
    auto *remove = new QShortcut(QKeySequence(QKeySequence::Delete), m_table);
    remove->setContext(Qt::WidgetShortcut);
    connect(remove, &QShortcut::activated, this, &OpenTargetDialog::removeRecent);
}

void OpenTargetDialog::loadRecent()
{
    m_recent = RecentTargets::all();
    m_model->removeRows(0, m_model->rowCount());
    for (const TargetPlace &place : std::as_const(m_recent)) {
        QList<QStandardItem *> row{new QStandardItem(place.name.isEmpty() ? u"–"_s : place.name), new QStandardItem(environmentText(place.environment)),
                                   new QStandardItem(place.host.isLocal() ? tr("This computer") : place.host.text()), new QStandardItem(place.file)};
        for (QStandardItem *item : std::as_const(row)) {
            item->setEditable(false);
        }
        row[FileColumn]->setToolTip(place.file);
        if (!place.environment.isEmpty()) {
            row[EnvironmentColumn]->setForeground(Theme::color(environmentLook(place.environment).ink));
        }
        m_model->appendRow(row);
    }
    m_table->fitColumns();
    m_table->setVisible(!m_recent.isEmpty());
    m_none->setVisible(m_recent.isEmpty());
    m_remove->setVisible(!m_recent.isEmpty());
}

void OpenTargetDialog::fill(const TargetPlace &place)
{
    m_host->setText(place.host.text());
    m_there->setText(place.host.program == ControlHost().program ? QString() : place.host.program);
    m_file->setText(place.file);
}

void OpenTargetDialog::fillFromRecent()
{
    if (const int row = m_table->currentIndex().row(); row >= 0 && row < m_recent.size()) {
        fill(m_recent[row]);
    }
    refresh();
}

void OpenTargetDialog::removeRecent()
{
    const int row = m_table->currentIndex().row();
    if (row < 0 || row >= m_recent.size() || isConnecting()) {
        return;
    }
    RecentTargets::remove(m_recent[row]);
    // What stands in the fields stays: only the list forgets it.
    const QSignalBlocker blocker(m_table->selectionModel());
    loadRecent();
    if (m_recent.isEmpty()) {
        m_host->setFocus(Qt::OtherFocusReason);
    } else {
        m_table->setCurrentIndex(m_model->index(std::min(row, int(m_recent.size()) - 1), 0));
    }
    refresh();
}

void OpenTargetDialog::setShown(const TargetPlace &place)
{
    m_shown = place;
    refresh();
}

void OpenTargetDialog::chooseNewest()
{
    if (!m_recent.isEmpty()) {
        m_table->setCurrentIndex(m_model->index(0, 0));
        m_table->setFocus(Qt::OtherFocusReason);
    }
}

void OpenTargetDialog::browse()
{
    auto *chooser = new QFileDialog(this, tr("Target file"), m_file->text());
    chooser->setAttribute(Qt::WA_DeleteOnClose);
    chooser->setFileMode(QFileDialog::ExistingFile);
    chooser->setNameFilters({tr("Target files (*.yaml *.yml)"), tr("All files (*)")});
    connect(chooser, &QFileDialog::fileSelected, m_file, &QLineEdit::setText);
    chooser->open();
}

void OpenTargetDialog::begin()
{
    if (isConnecting() || !m_open->isEnabled()) {
        return;
    }
    m_message->clear();
    auto place = TargetPlace::parse(m_host->text(), m_there->text(), m_file->text());
    if (!place) {
        tell(place.error());
        return;
    }
    m_place = std::move(*place);
    if (m_place.host.isLocal() && m_program.isEmpty()) {
        tell({.code = u"serve.no_program"_s, .args = {}, .where = {}});
        return;
    }
    m_client = std::make_unique<ServeClient>(m_place.host, m_program, m_place.file);
    connect(m_client.get(), &EngineClient::connectionChanged, this, &OpenTargetDialog::onConnection);
    m_client->start();
    // An attempt that fails at once has told so.
    if (m_client) {
        m_tick.start();
        tick();
        refresh();
        m_stop->setFocus(Qt::OtherFocusReason);
    }
}

void OpenTargetDialog::onConnection(bool connected, const Error &error)
{
    if (connected) {
        disconnect(m_client.get(), nullptr, this, nullptr);
        m_tick.stop();
        accept();
        return;
    }
    stop();
    tell(error);
}

void OpenTargetDialog::stop()
{
    if (!m_client) {
        return;
    }
    m_tick.stop();
    disconnect(m_client.get(), nullptr, this, nullptr);
    // It may be telling just now.
    m_client.release()->deleteLater();
    refresh();
    m_open->setFocus(Qt::OtherFocusReason);
}

void OpenTargetDialog::reject()
{
    if (isConnecting()) {
        stop();
        return;
    }
    QDialog::reject();
}

void OpenTargetDialog::tell(const Error &error)
{
    // Nothing goes on by itself here, as it does once there is a window.
    static const QStringList links{u"serve.ended"_s, u"serve.ended_saying"_s, u"serve.no_hello"_s, u"ssh.link_lost"_s};
    if (links.contains(error.code)) {
        m_message->tell(InlineMessage::Kind::Danger, error.what(), tr("Nothing has been changed. Look at the cause, then press “Open” again."), error.text());
    } else {
        m_message->tell(error);
    }
    QLineEdit *field = isOfHost(error) ? m_host : error.code.startsWith(u"ssh.") ? m_there
                                                                                 : m_file;
    field->setFocus(Qt::OtherFocusReason);
    field->selectAll();
    makeRoom();
}

/// The dialog grows for what is said, and does not shrink under who types.
void OpenTargetDialog::makeRoom()
{
    layout()->activate();
    const int wanted = layout()->hasHeightForWidth() ? layout()->totalHeightForWidth(width()) : layout()->totalSizeHint().height();
    if (wanted > height()) {
        resize(width(), wanted);
    }
}

void OpenTargetDialog::refresh()
{
    const bool connecting = isConnecting();
    const bool local = m_host->text().trimmed().isEmpty();
    for (QWidget *widget : std::initializer_list<QWidget *>{m_host, m_file, m_there, m_browse}) {
        widget->setEnabled(!connecting);
    }
    // Greyed out it would be an island of another colour in its panel.
    m_table->setAttribute(Qt::WA_TransparentForMouseEvents, connecting);
    m_table->setFocusPolicy(connecting ? Qt::NoFocus : Qt::StrongFocus);
    m_remove->setEnabled(!connecting && m_table->currentIndex().isValid());
    m_thereLabel->setVisible(!local);
    m_there->setVisible(!local);
    m_thereHint->setVisible(!local);
    m_browse->setVisible(local);
    m_fileHint->setText(local ? tr("The target.yaml of the system.") : tr("A path on the control host; a relative one is meant from the home folder there."));
    m_file->setAccessibleDescription(m_fileHint->text());
    m_working->setVisible(connecting);
    const auto place = TargetPlace::parse(m_host->text(), m_there->text(), m_file->text());
    const bool shown = place && !m_shown.file.isEmpty() && place->isSame(m_shown);
    const QString reason = connecting        ? QString()
        : m_file->text().trimmed().isEmpty() ? tr("Name the target file.")
        : shown                              ? tr("This window shows that target already.")
                                             : QString();
    m_reason->setText(reason);
    setDisabledReason(m_open, connecting ? tr("It is being connected.") : reason);
    if (isVisible()) {
        makeRoom();
    }
}

/// How far the attempt is.
void OpenTargetDialog::tick()
{
    const LinkState link = m_client->link();
    const QString host = link.host.isEmpty() ? tr("this computer") : link.host;
    m_doing->setText(link.attempts > 1 ? tr("Connecting to %1, attempt %2…").arg(host).arg(link.attempts) : tr("Connecting to %1…").arg(host));
}

} // namespace cutover
