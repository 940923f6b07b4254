// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QTableView>

namespace cutover {

/** A table as all of ours are: no grid, 32-px rows, whole rows selected, chips for StatusRole, widths from content. */
class TableView : public QTableView
{
    Q_OBJECT
public:
    explicit TableView(const QString &accessibleName, QWidget *parent = nullptr);
    void setModel(QAbstractItemModel *model) override;
    /// The column that takes what room is left; the others fit their contents, with some air in a wide table. -1: none.
    void setStretchColumn(int column);
    /// Rows grow with text that needs several lines, instead of hiding its middle.
    void setRowsWrapped();
    void fitColumns();
    /// Once for all changes of this turn of the event loop.
    void fitColumnsSoon();

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void spreadColumns();
    QList<int> m_wanted; ///< Widths of the columns by their contents; 0: hidden.
    bool m_fitSoon = false;
    int m_stretch = -1;
    bool m_fitted = false;
};

} // namespace cutover
