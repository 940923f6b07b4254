// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "monitor/logsdialog.h"

#include "common/inlinemessage.h"
#include "common/logview.h"
#include "common/page.h"
#include "common/textlabel.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <limits>

namespace cutover {

using namespace Qt::StringLiterals;

LogsDialog::LogsDialog(EngineClient *engine, const TargetView &target, QWidget *parent)
    : QDialog(parent)
    , m_engine(engine)
    , m_job(engine)
    , m_choice(new QComboBox)
    , m_state(new TextLabel({}, TextStyle::Body, Theme::Role::Muted))
    , m_message(new InlineMessage)
    , m_log(new LogView(tr("Log of the service")))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Service logs"));
    resize(920, 560);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    layout->setSpacing(space::Group);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::Inside);
    auto *label = new QLabel(tr("&Log of"));
    label->setBuddy(m_choice);
    m_choice->setObjectName(u"logChoice"_s);
    m_choice->setAccessibleName(tr("Service or instance"));
    m_choice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    row->addWidget(label);
    row->addWidget(m_choice);
    row->addWidget(m_state, 1);
    layout->addLayout(row);
    layout->addWidget(m_message);
    m_log->setObjectName(u"serviceLog"_s);
    auto *panel = new Panel;
    panel->setFlush(true);
    panel->body()->addWidget(m_log);
    layout->addWidget(panel, 1);
    auto *buttons = new QDialogButtonBox;
    auto *close = buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole);
    close->setObjectName(u"logsClose"_s);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);

    fillChoice(target);
    connect(m_choice, &QComboBox::currentIndexChanged, this, &LogsDialog::follow);
    connect(&m_job, &JobTracker::item, this, &LogsDialog::take);
    connect(&m_job, &JobTracker::done, this, [this] { m_state->setText(tr("The log has ended.")); });
    connect(&m_job, &JobTracker::failed, this, [this](const Error &error) {
        m_state->setText({});
        m_message->tell(error);
        auto *again = m_message->hasActions() ? nullptr : m_message->addAction(tr("Follow again"));
        if (again) {
            again->setObjectName(u"logsAgain"_s);
            connect(again, &QPushButton::clicked, this, &LogsDialog::follow);
        }
    });
    connect(engine, &EngineClient::connectionChanged, this, [this](bool connected) {
        if (connected && !m_job.isRunning()) {
            follow();
        }
    });
    follow();
}

void LogsDialog::fillChoice(const TargetView &target)
{
    QStringList services;
    QHash<QString, QStringList> instances;
    QHash<QString, int> spares;
    for (const InstanceView &instance : target.instances) {
        spares[instance.service] += instance.spare ? 1 : 0;
        if (!services.contains(instance.service)) {
            services.append(instance.service);
        }
        instances[instance.service].append(instance.name);
    }
    for (const QString &service : std::as_const(services)) {
        const QStringList own = instances[service];
        const qsizetype count = own.size() - spares[service];
        m_choice->addItem(count == 1 ? service : tr("%1, all %2 instances").arg(service).arg(count), service);
        for (const QString &instance : own) {
            if (own.size() > 1) {
                m_choice->addItem(instance, instance);
            }
        }
    }
}

void LogsDialog::follow()
{
    const QString name = m_choice->currentData().toString();
    m_message->clear();
    if (name.isEmpty()) {
        m_state->setText(tr("The target has no services."));
        return;
    }
    m_log->clear();
    m_state->setText(tr("Nothing was written yet."));
    m_anew = true;
    m_job.follow(m_engine->startLogs(name, FirstLines));
}

void LogsDialog::take(const QJsonObject &item)
{
    const QString chosen = m_choice->currentData().toString();
    const QJsonArray lines = item["lines"_L1].toArray();
    QString text;
    if (const qint64 left = item["leftOut"_L1].toInteger(); left > 0) {
        text = u"… "_s + tr("%n lines were left out, as this console did not read them in time", nullptr, int(qMin<qint64>(left, std::numeric_limits<int>::max()))) + u" …\n"_s;
    }
    for (const auto &each : lines) {
        const QString instance = each["instance"_L1].toString();
        // Whose line it is matters only where several write.
        text += (instance.isEmpty() || instance == chosen ? QString() : QString(instance + u"  "_s)) + each["line"_L1].toString() + u'\n';
    }
    if (std::exchange(m_anew, false)) {
        m_state->setText(tr("New lines are added as they come."));
    }
    m_log->append(text);
}

} // namespace cutover
