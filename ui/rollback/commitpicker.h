// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "common/textlabel.h"

class QLineEdit;

namespace cutover {

class InlineMessage;
class PlanDraft;

/** The commit to go back to, by hash, tag or branch: what the engine says of it, and what going back there does. */
class CommitPicker : public QWidget
{
    Q_OBJECT
public:
    explicit CommitPicker(PlanDraft *draft, QWidget *parent = nullptr);

    /// As it was typed; empty: nothing yet.
    [[nodiscard]] QString commit() const;
    /// Its plan is there.
    [[nodiscard]] bool isPlanned() const;
    [[nodiscard]] QString blockedReason() const;
    void focusField();

Q_SIGNALS:
    void changed();

private:
    void refresh();

    PlanDraft *m_draft;
    QLineEdit *m_field;
    InlineMessage *m_message;
    TextLabel *m_now;
};

} // namespace cutover
