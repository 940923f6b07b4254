// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <QDialog>

class QPlainTextEdit;

namespace cutover {

struct TargetView;

/** Asks for a handover note before the conn is taken from somebody. */
class ConnDialog : public QDialog
{
    Q_OBJECT
public:
    explicit ConnDialog(const TargetView &target, QWidget *parent = nullptr);
    [[nodiscard]] QString note() const;
    [[nodiscard]] const QString &holder() const { return m_holder; }
    /// The target as it is by now: closes where it is no longer that holder's.
    void follow(const TargetView &target);

private:
    QString m_holder;
    QPlainTextEdit *m_note;
};

} // namespace cutover
