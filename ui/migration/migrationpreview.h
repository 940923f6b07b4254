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
    /** What runs in one direction. */
    struct Way {
        QString text; ///< SQL, or the migration's source where its SQL can't be told before it runs; empty: there is no such way.
        bool isSource = false;
        bool operator==(const Way &) const = default;
    };
    Way up, down;
    QString commits; ///< Statements that are committed by themselves, so that a failure leaves what is before them.
    bool uncountedLoss = false; ///< What the way back loses can't be counted.
    bool pointOfNoReturn = false;
    bool operator==(const MigrationDescription &) const = default;
};
[[nodiscard]] MigrationDescription describeMigration(const StepSpec &step);
[[nodiscard]] QString phaseText(const QString &phase); ///< "Expand: the running version keeps working"

/// It is a migration, or shows its SQL.
[[nodiscard]] bool isMigration(const StepSpec &step);

/** One migration: what runs, what goes back, and what the way back costs. */
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
    struct Side {
        TextLabel *note;
        CodeView *code;
        /// remark: what to know beside it; may be empty.
        void display(const MigrationDescription::Way &way, const QString &remark) const;
    };
    Side m_up;
    Side m_down;
    TextLabel *m_irreversible;
};

} // namespace cutover
