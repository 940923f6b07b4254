// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include "system/error.h"

#include <QFrame>

class QHBoxLayout;
class QPushButton;

namespace cutover {

class TextLabel;

/** What happened, why, and what to do, where it belongs; with "Copy details" for errors. Hidden until told something. */
class InlineMessage : public QFrame
{
    Q_OBJECT
public:
    enum class Kind { Info,
                      Ok,
                      Caution,
                      Danger,
                      Held };
    explicit InlineMessage(QWidget *parent = nullptr);

    void tell(Kind kind, const QString &what, const QString &hint = {}, const QString &details = {});
    void tell(const Error &error, Kind kind = Kind::Danger);
    void clear();
    /// A button at the right; stays until clear().
    QPushButton *addAction(const QString &text);
    [[nodiscard]] bool hasActions() const { return !m_extra.isEmpty(); }
    void setClosable(bool closable);
    [[nodiscard]] QString text() const;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void restyle();
    Kind m_kind = Kind::Info;
    QString m_details;
    QWidget *m_icon;
    TextLabel *m_what;
    TextLabel *m_hint;
    QHBoxLayout *m_actions;
    QPushButton *m_copy;
    QPushButton *m_close;
    QList<QPushButton *> m_extra;
};

} // namespace cutover
