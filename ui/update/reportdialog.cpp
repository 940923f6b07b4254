// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "update/reportdialog.h"

#include "common/inlinemessage.h"
#include "common/reportview.h"
#include "common/savereport.h"
#include "common/theme.h"

#include <QDialogButtonBox>
#include <QPushButton>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

ReportDialog::ReportDialog(const QString &runId, const QString &html, QWidget *parent)
    : QDialog(parent)
    , m_runId(runId)
    , m_html(html)
    , m_message(new InlineMessage)
{
    setWindowTitle(tr("Report of the run"));
    resize(800, 640);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(space::Page, space::Page, space::Page, space::Page);
    layout->setSpacing(space::Group);
    auto *text = new ReportView;
    text->setOpenLinks(false);
    text->setReport(html);
    text->document()->setDocumentMargin(space::Group);
    layout->addWidget(m_message);
    layout->addWidget(text, 1);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QPushButton *save = buttons->addButton(tr("Save report…"), QDialogButtonBox::ActionRole);
    layout->addWidget(buttons);
    connect(save, &QPushButton::clicked, this, &ReportDialog::save);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

void ReportDialog::save()
{
    saveReport(this, m_html, u"cutover-%1.html"_s.arg(m_runId), [this](const Result<QString> &saved) {
        if (saved) {
            m_message->tell(InlineMessage::Kind::Ok, tr("Saved as “%1”.").arg(*saved));
        } else {
            m_message->tell(saved.error());
        }
    });
}

} // namespace cutover
