// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QTextBrowser>

namespace cutover {

/**
 * A run's report to read. It is laid out part by part (see reportPart in run/report.h), each in an
 * event of its own and only while it can be seen: the whole of a long one takes more than a frame.
 */
class ReportView : public QTextBrowser
{
    Q_OBJECT
public:
    explicit ReportView(QWidget *parent = nullptr);
    /// As the engine made it. The same once more changes nothing; another keeps the place that is read.
    void setReport(const QString &html);
    [[nodiscard]] QString report() const { return m_html; }

protected:
    QMimeData *createMimeDataFromSelection() const override;
    void showEvent(QShowEvent *event) override;

private:
    void takeSoon();
    void takePart();

    QString m_html;
    QStringList m_parts; ///< Not shown yet.
    bool m_soon = false;
    int m_scrolledTo = 0;
};

} // namespace cutover
