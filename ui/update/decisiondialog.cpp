// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/decisiondialog.h"

#include "common/buttons.h"
#include "common/page.h"
#include "serve/engineclient.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

} // namespace

DecisionDialog::DecisionDialog(const Texts &texts, QWidget *parent)
    : QDialog(parent)
    , m_expected(texts.name)
    , m_question(new TextLabel(texts.question, TextStyle::Section))
    , m_details(new TextLabel(texts.details))
    , m_name(new QLineEdit)
    , m_asksReason(!texts.reason.isEmpty())
    , m_why(new QLineEdit)
    , m_reason(new TextLabel({}, TextStyle::Caption, Theme::Role::Muted))
    , m_decide(new DestructiveButton(texts.decide))
    , m_keep(new QPushButton(texts.keep))
{
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(texts.title);
    setMinimumWidth(460);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    layout->setSpacing(space::Group);
    m_question->wrapped();
    m_details->wrapped();
    m_details->setVisible(!texts.details.isEmpty());
    layout->addWidget(m_question);
    layout->addWidget(m_details);

    auto *asked = new QWidget;
    auto *column = new QVBoxLayout(asked);
    column->setContentsMargins({});
    column->setSpacing(space::Tight);
    auto *prompt = new TextLabel(tr("Type the target's name, “%1”, to confirm:").arg(m_expected));
    prompt->setBuddy(m_name);
    m_name->setObjectName(u"confirmName"_s);
    m_name->setAccessibleName(tr("Name of the target"));
    auto *whyPrompt = new TextLabel(texts.reason);
    whyPrompt->setBuddy(m_why);
    m_why->setObjectName(u"decisionReason"_s);
    m_why->setAccessibleName(texts.reason.isEmpty() ? tr("Reason") : texts.reason);
    column->addWidget(whyPrompt->wrapped());
    column->addWidget(m_why);
    column->addWidget(prompt);
    column->addWidget(m_name);
    column->addWidget(m_reason);
    whyPrompt->setVisible(m_asksReason);
    m_why->setVisible(m_asksReason);
    prompt->setVisible(!m_expected.isEmpty());
    m_name->setVisible(!m_expected.isEmpty());
    asked->setVisible(!m_expected.isEmpty() || m_asksReason);
    layout->addWidget(asked);

    auto *row = new QHBoxLayout;
    row->setSpacing(space::Inside);
    row->addStretch();
    row->addWidget(m_keep);
    row->addWidget(m_decide);
    layout->addLayout(row);
    m_decide->setAutoDefault(false);
    m_keep->setDefault(true);
    connect(m_decide, &QPushButton::clicked, this, &QDialog::accept);
    connect(m_keep, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_name, &QLineEdit::textChanged, this, &DecisionDialog::refresh);
    connect(m_why, &QLineEdit::textChanged, this, &DecisionDialog::refresh);
    refresh();
    // As high as its texts are at this width, not as they would be at the one they would choose.
    resize(minimumWidth(), layout->totalHeightForWidth(minimumWidth()));
    (m_asksReason ? static_cast<QWidget *>(m_why) : m_expected.isEmpty() ? static_cast<QWidget *>(m_keep)
                                                                         : m_name)
        ->setFocus();
}

QString DecisionDialog::name() const
{
    return m_expected.isEmpty() ? QString() : m_name->text();
}

QString DecisionDialog::reason() const
{
    return m_asksReason ? m_why->text().trimmed() : QString();
}

QString DecisionDialog::question() const
{
    return m_question->text();
}

QString DecisionDialog::details() const
{
    return m_details->text();
}

void DecisionDialog::refresh()
{
    QString reason;
    if (m_asksReason && m_why->text().trimmed().size() < GlassWish::ShortestReason) {
        reason = tr("Say in at least %1 letters why it can't wait.").arg(GlassWish::ShortestReason);
    } else if (!m_expected.isEmpty() && m_name->text() != m_expected) {
        reason = m_name->text().isEmpty() ? tr("The target's name has to be typed.") : tr("“%1” is not the target's name.").arg(m_name->text());
    }
    setDisabledReason(m_decide, reason);
    m_reason->setText(reason);
}

} // namespace cutover
