// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "plan/plan.h"

#include <QWidget>

class QLabel;

namespace cutover {

class CodeView;
class InlineMessage;
class StatusChip;
class TextLabel;

/** What a migration step tells about itself, from its parameters and previews. Value type. */
struct MigrationDescription {
    QString title;
    QString phase; ///< "expand", "contract", "data"; empty: unknown.
    QStringList loses; ///< Tables that its way back loses rows or values of.
    QMap<QString, qint64> takesAway; ///< What it announces to take away itself, counted at planning.
    QString up, down; ///< SQL; down empty: irreversible.
    bool pointOfNoReturn = false;
    bool operator==(const MigrationDescription &) const = default;
};
[[nodiscard]] MigrationDescription describeMigration(const StepSpec &step);
[[nodiscard]] QString phaseText(const QString &phase); ///< "Expand: the running version keeps working"

/** One migration: the SQL that runs, the SQL that goes back, and what the way back costs. */
class MigrationPreview : public QWidget
{
    Q_OBJECT
public:
    explicit MigrationPreview(QWidget *parent = nullptr);
    void setStep(const StepSpec &step);

private:
    TextLabel *m_title;
    TextLabel *m_phase;
    InlineMessage *m_warning;
    CodeView *m_up;
    CodeView *m_down;
    TextLabel *m_irreversible;
};

} // namespace cutover
