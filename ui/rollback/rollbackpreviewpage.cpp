// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "rollback/rollbackpreviewpage.h"

#include "common/codeview.h"
#include "common/page.h"
#include "common/tableview.h"
#include "common/theme.h"
#include "migration/migrationpreview.h"
#include "plan/loss.h"
#include "run/words.h"
#include "update/plandraft.h"
#include "update/words.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QLocale>
#include <QStandardItemModel>
#include <QTabWidget>
#include <QVBoxLayout>

namespace cutover {

using namespace Qt::StringLiterals;

namespace {

/// Of tab-separated text whose first line has the headers; numbers to the right.
QAbstractItemModel *tableModel(const QString &text, QObject *parent)
{
    const QStringList lines = words::ofTable(text).split(u'\n');
    auto *model = new QStandardItemModel(parent);
    model->setHorizontalHeaderLabels(lines.first().split(u'\t'));
    for (const QString &line : lines.sliced(1)) {
        QList<QStandardItem *> row;
        for (const QString &cell : line.split(u'\t')) {
            bool isNumber = false;
            const qint64 number = cell.toLongLong(&isNumber);
            auto *item = new QStandardItem(isNumber ? QLocale().toString(number) : cell);
            item->setTextAlignment((isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
            item->setEditable(false);
            row.append(item);
        }
        model->appendRow(row);
    }
    return model;
}

} // namespace

RollbackPreviewPage::RollbackPreviewPage(PlanDraft *draft, QWidget *parent)
    : WizardPage(parent)
    , m_draft(draft)
    , m_panel(new Panel)
    , m_tabs(new QTabWidget)
    , m_table(new TableView(tr("Steps of the rollback")))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_panel, 1);
    m_panel->setFlush(true);
    m_panel->body()->addWidget(m_tabs);
    m_tabs->setDocumentMode(true);
    m_tabs->setAccessibleName(tr("Preview of the rollback"));
    m_table->setModel(&m_model);
    m_table->setStretchColumn(PlanModel::IntentColumn);
    m_table->setRowsWrapped();
    m_tabs->addTab(m_table, tr("Steps"));
    connect(draft, &PlanDraft::planChanged, this, &RollbackPreviewPage::refreshWhenSeen);
    refreshWhenSeen();
}

void RollbackPreviewPage::refresh()
{
    m_panel->setVisible(m_draft->plan().has_value());
    if (!m_draft->plan()) {
        m_shown.clear();
    } else if (m_shown != m_draft->digest()) {
        m_shown = m_draft->digest();
        const Plan &plan = *m_draft->plan();
        m_model.setPlan(plan);
        m_table->clearSpans();
        if (m_model.separatorRow() >= 0) {
            m_table->setSpan(m_model.separatorRow(), PlanModel::StepColumn, 1, PlanModel::ColumnCount - PlanModel::StepColumn);
        }
        m_table->fitColumns();
        while (m_tabs->count() > 1) {
            delete m_tabs->widget(1);
        }
        for (const StepSpec &step : plan.steps) {
            for (const Preview &preview : step.previews) {
                if (preview.text.trimmed().isEmpty()) {
                    continue;
                }
                if (preview.type == u"table") {
                    auto *table = new TableView(tr("What %1 loses").arg(preview.title));
                    table->setModel(tableModel(preview.text, table));
                    table->setStretchColumn(0);
                    table->fitColumns();
                    m_tabs->addTab(table, tr("Loss: %1").arg(preview.title));
                    continue;
                }
                // Where SQL shows only while it runs the source is told in its place.
                const bool isSource = preview.type == u"text" && isMigration(step) && preview.title.endsWith(u".py");
                if (preview.type != u"sql" && preview.type != u"diff" && !isSource) {
                    continue;
                }
                auto *view = new CodeView(preview.title);
                view->setFrameShape(QFrame::NoFrame);
                view->setCode(preview.text, CodeView::definitionForPreview(isSource ? u"python"_s : preview.type));
                const int tab = m_tabs->addTab(view, QFileInfo(preview.title).fileName());
                m_tabs->setTabToolTip(tab, preview.title);
            }
        }
    }
    Q_EMIT changed();
}

QString RollbackPreviewPage::heading() const
{
    const QJsonArray unknown = m_draft->plan() ? unknownLossMessages(unknownLoss(*m_draft->plan())) : QJsonArray();
    if (!unknown.isEmpty()) {
        return lossText({}, {}, unknown);
    }
    return tr("These are the steps of the rollback, with the SQL and the configuration changes that they make.");
}

QString RollbackPreviewPage::blockedReason() const
{
    return m_draft->incompleteReason();
}

} // namespace cutover
