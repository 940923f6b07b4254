// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "update/stepheader.h"
#include "update/wizardpage.h"

#include <functional>

class QLabel;
class QPushButton;
class QStackedWidget;
class QVBoxLayout;

namespace cutover {

class PlanBar;
class PlanDraft;

/**
 * The frame of a wizard inside the window: title, from → to, step header, page, and the buttons
 * Cancel, Back and Next with the reason why Next is disabled beside it. Progress or failure of the
 * plan shows between header and page.
 */
class WizardFrame : public QWidget
{
    Q_OBJECT
public:
    explicit WizardFrame(PlanDraft *draft, QWidget *parent = nullptr);

    using Maker = std::function<WizardPage *()>;
    /// The page is made when it is wanted or, before that, in a turn of the event loop of its own: all of
    /// a wizard's at once would take more than a frame.
    /// Returns its step.
    int addPage(Maker maker, const QString &step);
    /// Makes it if it isn't there yet.
    WizardPage *page(int step);
    /// A step that is shown in the header without a page of its own.
    void addStep(const QString &step);
    [[nodiscard]] int currentStep() const;
    [[nodiscard]] WizardPage *currentPage() const;
    void goTo(int step);
    /// Marks a step in the header while the page stays.
    void setHeaderStep(int step);
    void setTitle(const QString &title);
    /// "1.2.0 → 1.3.0"; empty while nothing is chosen.
    void setFromTo(const QString &fromTo);

Q_SIGNALS:
    void cancelled();

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    struct Entry {
        Maker maker;
        WizardPage *page = nullptr;
    };
    void makeNextPage();
    void next();
    void refresh();

    PlanDraft *m_draft;
    QStringList m_steps;
    QList<Entry> m_pages;
    int m_current = -1;
    QWidget *m_top;
    QLabel *m_title;
    QLabel *m_fromTo;
    StepHeader *m_header;
    QLabel *m_heading;
    PlanBar *m_plan;
    QStackedWidget *m_stack;
    QWidget *m_footer;
    QLabel *m_reason;
    QPushButton *m_cancel;
    QPushButton *m_back;
    QPushButton *m_next;
};

} // namespace cutover
