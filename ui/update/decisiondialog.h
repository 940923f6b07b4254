// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QDialog>

class QLineEdit;
class QPushButton;

namespace cutover {

class TextLabel;

/**
 * A decision about a run that can't be taken back. Where it takes the target's name to confirm, its
 * button is disabled, and says why, until the name is typed. Accepted: decided; the default is not to.
 */
class DecisionDialog : public QDialog
{
    Q_OBJECT
public:
    struct Texts {
        QString title;
        QString question;
        QString details;
        QString decide; ///< On the button: the verb and the object.
        QString keep; ///< On the other one.
        QString name = {}; ///< Of the target, when it has to be typed; else empty.
        QString reason = {}; ///< What has to be said, in at least eight letters, as a question; else empty.
    };
    explicit DecisionDialog(const Texts &texts, QWidget *parent = nullptr);

    /// What was typed; empty when nothing was asked for.
    [[nodiscard]] QString name() const;
    [[nodiscard]] QString reason() const; ///< What was said; empty when nothing was asked for.
    [[nodiscard]] QString question() const;
    [[nodiscard]] QString details() const;
    [[nodiscard]] QPushButton *decideButton() const { return m_decide; }
    [[nodiscard]] QPushButton *keepButton() const { return m_keep; }

private:
    void refresh();

    QString m_expected;
    TextLabel *m_question;
    TextLabel *m_details;
    QLineEdit *m_name;
    bool m_asksReason;
    QLineEdit *m_why;
    TextLabel *m_reason;
    QPushButton *m_decide;
    QPushButton *m_keep;
};

} // namespace cutover
