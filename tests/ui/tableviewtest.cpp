// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#include "common/tableview.h"
#include "common/theme.h"

#include <QApplication>
#include <QHeaderView>
#include <QScrollBar>
#include <QStandardItemModel>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace cutover;

class TableViewTest : public QObject
{
    Q_OBJECT

private:
    QStandardItemModel m_model;

    static int total(const TableView &table)
    {
        int width = 0;
        for (int c = 0; c < table.model()->columnCount(); ++c) {
            width += table.columnWidth(c);
        }
        return width;
    }
    void fill(const QString &what)
    {
        m_model.clear();
        m_model.setHorizontalHeaderLabels({u"Step"_s, u"What"_s, u"Took"_s, u"Expected"_s});
        for (int row = 0; row < 5; ++row) {
            m_model.appendRow({new QStandardItem(u"Deployment of backend-%1"_s.arg(row)), new QStandardItem(what), new QStandardItem(u"4.2 s"_s), new QStandardItem(u"12 s"_s)});
        }
    }

private Q_SLOTS:
    void initTestCase() { Theme::instance().install(qApp); }

    void aWideOneSharesItsRoom()
    {
        fill(u"Passed"_s);
        TableView table(u"Steps"_s);
        table.resize(1700, 400);
        table.setModel(&m_model);
        table.setStretchColumn(1);
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        QCOMPARE_LE(total(table), table.viewport()->width());
        QCOMPARE_GT(total(table), table.viewport()->width() - 4);
        // What belongs to one row stays near each other: no column takes it all.
        QCOMPARE_LT(table.columnWidth(1), table.viewport()->width() * 3 / 4);
        QCOMPARE_GT(table.columnWidth(3), 100);
        QVERIFY(!table.horizontalScrollBar()->isVisible());
    }

    void whatNeedsItsRoomGetsIt()
    {
        fill(u"Back up the whole database and every configuration file to a folder of a long name, and prove that by restoring it"_s);
        TableView table(u"Steps"_s);
        table.setModel(&m_model);
        table.setStretchColumn(1);
        for (const int width : {1700, 1000, 700}) {
            table.resize(width, 400);
            table.show();
            QVERIFY(QTest::qWaitForWindowExposed(&table));
            QCOMPARE_LE(total(table), table.viewport()->width());
            const int needed = table.fontMetrics().horizontalAdvance(m_model.item(0, 1)->text());
            if (width > 1200) {
                QCOMPARE_GE(table.columnWidth(1), needed);
            }
            // The others fit in any case.
            QCOMPARE_GE(table.columnWidth(0), table.fontMetrics().horizontalAdvance(m_model.item(0, 0)->text()));
        }
    }
};

QTEST_MAIN(TableViewTest)
#include "tableviewtest.moc"
