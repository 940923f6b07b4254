// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QDialog>

namespace cutover {

class InlineMessage;

/** The report of a run, to be read here or saved as a file for a ticket. */
class ReportDialog : public QDialog
{
    Q_OBJECT
public:
    ReportDialog(const QString &runId, const QString &html, QWidget *parent = nullptr);

private:
    void save();

    QString m_runId;
    QString m_html;
    InlineMessage *m_message;
};

} // namespace cutover
